/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Levels <linux/fs_struct.h>.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_COMPAT_FS_STRUCT_H
#define _CLOUDABI_COMPAT_FS_STRUCT_H

#include <linux/fs_struct.h>

#include "compat.h"

/* The lock and its sequence counter became one in 7.0. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
static inline void compat_fs_write_lock(struct fs_struct *fs)
{
	write_seqlock(&fs->seq);
}

static inline void compat_fs_write_unlock(struct fs_struct *fs)
{
	write_sequnlock(&fs->seq);
}
#else
static inline void compat_fs_write_lock(struct fs_struct *fs)
{
	spin_lock(&fs->lock);
	write_seqcount_begin(&fs->seq);
}

static inline void compat_fs_write_unlock(struct fs_struct *fs)
{
	write_seqcount_end(&fs->seq);
	spin_unlock(&fs->lock);
}
#endif

#endif /* _CLOUDABI_COMPAT_FS_STRUCT_H */
