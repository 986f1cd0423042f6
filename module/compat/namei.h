/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Levels fs/internal.h as far as changing directories goes: the functions below
 * the native calls, for names that the kernel has copied. They were renamed in
 * 7.0, and no longer eat the names they are given.
 *
 * Each returns what the native call returns. Relative names start at the
 * working directory, absolute ones at the root directory, of the thread.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_COMPAT_NAMEI_H
#define _CLOUDABI_COMPAT_NAMEI_H

#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "compat.h"
#include "ksym.h"

/* Exported, but until 6.3 declared in fs/internal.h alone. */
int vfs_path_lookup(struct dentry *dentry, struct vfsmount *mnt,
		    const char *name, unsigned int flags, struct path *path);

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)

/* clang-format off */
#define COMPAT_NAMEI_ONE(name, function, ...)				\
	({								\
		struct filename *compat_name = getname_kernel(name);	\
		int compat_error = PTR_ERR_OR_ZERO(compat_name);	\
									\
		if (!compat_error) {					\
			compat_error = ksym_filename_##function(	\
				AT_FDCWD, compat_name, ##__VA_ARGS__);	\
			putname(compat_name);				\
		}							\
		compat_error;						\
	})
/* clang-format on */

static inline int compat_mkdir(const char *name, umode_t mode)
{
	return COMPAT_NAMEI_ONE(name, mkdirat, mode);
}

static inline int compat_unlink(const char *name)
{
	return COMPAT_NAMEI_ONE(name, unlinkat);
}

static inline int compat_rmdir(const char *name)
{
	return COMPAT_NAMEI_ONE(name, rmdir);
}

static inline int compat_two_names(const char *from, const char *to,
				   int (*act)(struct filename *from,
					      struct filename *to))
{
	struct filename *name = getname_kernel(from);
	struct filename *other;
	int error;

	if (IS_ERR(name))
		return PTR_ERR(name);
	other = getname_kernel(to);
	error = PTR_ERR_OR_ZERO(other);
	if (!error) {
		error = act(name, other);
		putname(other);
	}
	putname(name);
	return error;
}

static inline int compat_act_rename(struct filename *from, struct filename *to)
{
	return ksym_filename_renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

static inline int compat_act_link(struct filename *from, struct filename *to)
{
	return ksym_filename_linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

static inline int compat_act_symlink(struct filename *from, struct filename *to)
{
	return ksym_filename_symlinkat(from, AT_FDCWD, to);
}

static inline int compat_rename(const char *from, const char *to)
{
	return compat_two_names(from, to, compat_act_rename);
}

static inline int compat_link(const char *from, const char *to)
{
	return compat_two_names(from, to, compat_act_link);
}

static inline int compat_symlink(const char *contents, const char *name)
{
	return compat_two_names(contents, name, compat_act_symlink);
}

#else /* before 7.0 */

/* These take an error in place of a name, and return it. */

static inline int compat_mkdir(const char *name, umode_t mode)
{
	return ksym_do_mkdirat(AT_FDCWD, getname_kernel(name), mode);
}

static inline int compat_unlink(const char *name)
{
	return ksym_do_unlinkat(AT_FDCWD, getname_kernel(name));
}

static inline int compat_rmdir(const char *name)
{
	return ksym_do_rmdir(AT_FDCWD, getname_kernel(name));
}

static inline int compat_rename(const char *from, const char *to)
{
	return ksym_do_renameat2(AT_FDCWD, getname_kernel(from), AT_FDCWD,
				 getname_kernel(to), 0);
}

static inline int compat_link(const char *from, const char *to)
{
	return ksym_do_linkat(AT_FDCWD, getname_kernel(from), AT_FDCWD,
			      getname_kernel(to), 0);
}

static inline int compat_symlink(const char *contents, const char *name)
{
	return ksym_do_symlinkat(getname_kernel(contents), AT_FDCWD,
				 getname_kernel(name));
}

#endif

#endif /* _CLOUDABI_COMPAT_NAMEI_H */
