/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Levels <linux/shmem_fs.h>.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_COMPAT_SHMEM_FS_H
#define _CLOUDABI_COMPAT_SHMEM_FS_H

#include <linux/mm.h>
#include <linux/shmem_fs.h>

#include "compat.h"

/**
 * compat_shmem_file_setup() - Make a memory file whose pages are charged as
 * they are touched.
 * @name: shown in /proc/PID/maps.
 * @size: its size in bytes.
 *
 * The flags became a type of their own in 7.0.
 *
 * Return: the file or an ERR_PTR.
 */
static inline struct file *compat_shmem_file_setup(const char *name,
						   loff_t size)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	return shmem_file_setup(name, size, mk_vma_flags(VMA_NORESERVE_BIT));
#else
	return shmem_file_setup(name, size, VM_NORESERVE);
#endif
}

#endif /* _CLOUDABI_COMPAT_SHMEM_FS_H */
