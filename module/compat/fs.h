/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Levels <linux/fs.h>.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_COMPAT_FS_H
#define _CLOUDABI_COMPAT_FS_H

#include <linux/fs.h>

#include "compat.h"

/* Since 6.8 the callee keeps the file system from being frozen meanwhile. */
static inline ssize_t compat_vfs_iocb_iter_write(struct file *file,
						 struct kiocb *iocb,
						 struct iov_iter *iter)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	return vfs_iocb_iter_write(file, iocb, iter);
#else
	ssize_t done;

	file_start_write(file);
	done = vfs_iocb_iter_write(file, iocb, iter);
	file_end_write(file);
	return done;
#endif
}

/* Since 6.14 two bits say together which events a file does not generate. */
static inline void compat_file_set_nonotify(struct file *file)
{
#ifdef FMODE_FSNOTIFY_MASK
	file->f_mode &= ~FMODE_FSNOTIFY_MASK;
#endif
	file->f_mode |= FMODE_NONOTIFY;
}

#endif /* _CLOUDABI_COMPAT_FS_H */
