/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Levels fs/internal.h as far as opening and truncating files goes.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_COMPAT_OPEN_H
#define _CLOUDABI_COMPAT_OPEN_H

#include <linux/fs.h>
#include <linux/fsnotify.h>

#include "compat.h"
#include "ksym.h"

/**
 * struct open_flags - What do_file_open_root() is told, as fs/internal.h has it
 * on all supported kernels.
 * @open_flag: O_* flags.
 * @mode: mode of a file that is created, with its type.
 * @acc_mode: MAY_* flags to check the file's permissions for.
 * @intent: LOOKUP_OPEN, LOOKUP_CREATE and LOOKUP_EXCL.
 * @lookup_flags: other LOOKUP_* flags.
 */
struct open_flags {
	int open_flag;
	umode_t mode;
	int acc_mode;
	int intent;
	int lookup_flags;
};

/* Since 6.8 opening a file tells so by itself. */
static inline void compat_fsnotify_open(struct file *file)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	fsnotify_open(file);
#endif
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
/* Until 6.9 the function below the system call takes a descriptor. */
static inline int compat_truncate_inode(struct file *file, loff_t length)
{
	struct dentry *dentry = file->f_path.dentry;
	int error;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	error = ksym_security_file_truncate(file);
	if (error)
		return error;
	return ksym_do_truncate(file_mnt_idmap(file), dentry, length,
				ATTR_MTIME | ATTR_CTIME, file);
#else
	error = ksym_security_path_truncate(&file->f_path);
	if (error)
		return error;
	return ksym_do_truncate(file_mnt_user_ns(file), dentry, length,
				ATTR_MTIME | ATTR_CTIME, file);
#endif
}

static inline int compat_do_ftruncate(struct file *file, loff_t length)
{
	struct inode *inode = file->f_path.dentry->d_inode;
	int error;

	if (!S_ISREG(inode->i_mode) || !(file->f_mode & FMODE_WRITE))
		return -EINVAL;
	if (IS_APPEND(file_inode(file)))
		return -EPERM;
	sb_start_write(inode->i_sb);
	error = compat_truncate_inode(file, length);
	sb_end_write(inode->i_sb);
	return error;
}
#endif

/**
 * compat_ftruncate() - ftruncate() of an open file.
 * @file: the file.
 * @length: its new size; not negative.
 *
 * Where there is a third argument it says whether the size is bounded for files
 * that were not opened for large ones: since 7.0 it is a flag to lift that, and
 * one to impose it before.
 *
 * Return: 0, -EINVAL if it is not a regular file open for writing, or another
 * error of the native call.
 */
static inline int compat_ftruncate(struct file *file, loff_t length)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	return ksym_do_ftruncate(file, length, 1);
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	return ksym_do_ftruncate(file, length, 0);
#else
	return compat_do_ftruncate(file, length);
#endif
}

#endif /* _CLOUDABI_COMPAT_OPEN_H */
