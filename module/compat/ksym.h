/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel functions that are global but not exported: the declared list.
 *
 * Each row names the function, its prototype, which is the same on every
 * supported kernel unless a version says otherwise, and why no exported
 * function serves. cloudabi_ksym_init() finds all of them or names those that
 * are missing; from then on ksym_NAME() is a direct call, patched in by
 * static_call(), so it costs what an exported function costs and needs neither
 * a retpoline nor a landing pad.
 *
 * Only global functions may be listed: the compiler is free to change the
 * calling convention of a static one.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_COMPAT_KSYM_H
#define _CLOUDABI_COMPAT_KSYM_H

#include <linux/fs.h>
#include <linux/mm_types.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/static_call.h>

#include "compat.h"

struct filename;
struct kernel_clone_args;
struct open_flags;
struct socket;
struct task_cputime;

/* clang-format off */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
#define CLOUDABI_KSYMS_TRUNCATE(X)					\
	X(int, do_ftruncate,						\
	  (struct file *file, loff_t length, unsigned int flags),	\
	  (file, length, flags))
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define CLOUDABI_KSYMS_TRUNCATE(X)					\
	X(long, do_ftruncate,						\
	  (struct file *file, loff_t length, int small),		\
	  (file, length, small))
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define CLOUDABI_KSYMS_TRUNCATE(X)					\
	X(int, security_file_truncate, (struct file *file), (file))	\
	X(int, do_truncate,						\
	  (struct mnt_idmap *idmap, struct dentry *dentry,		\
	   loff_t length, unsigned int time_attrs, struct file *file),	\
	  (idmap, dentry, length, time_attrs, file))
#else
#define CLOUDABI_KSYMS_TRUNCATE(X)					\
	X(int, security_path_truncate, (const struct path *path), (path)) \
	X(int, do_truncate,						\
	  (struct user_namespace *mnt_userns, struct dentry *dentry,	\
	   loff_t length, unsigned int time_attrs, struct file *file),	\
	  (mnt_userns, dentry, length, time_attrs, file))
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
#define CLOUDABI_KSYMS_NAMEI(X)						\
	X(int, filename_mkdirat,					\
	  (int dir, struct filename *name, umode_t mode),		\
	  (dir, name, mode))						\
	X(int, filename_unlinkat, (int dir, struct filename *name),	\
	  (dir, name))							\
	X(int, filename_rmdir, (int dir, struct filename *name),	\
	  (dir, name))							\
	X(int, filename_renameat2,					\
	  (int old_dir, struct filename *old, int new_dir,		\
	   struct filename *new, unsigned int flags),			\
	  (old_dir, old, new_dir, new, flags))				\
	X(int, filename_linkat,						\
	  (int old_dir, struct filename *old, int new_dir,		\
	   struct filename *new, int flags),				\
	  (old_dir, old, new_dir, new, flags))				\
	X(int, filename_symlinkat,					\
	  (struct filename *contents, int dir, struct filename *name),	\
	  (contents, dir, name))
#else
#define CLOUDABI_KSYMS_NAMEI(X)						\
	X(int, do_mkdirat,						\
	  (int dir, struct filename *name, umode_t mode),		\
	  (dir, name, mode))						\
	X(int, do_unlinkat, (int dir, struct filename *name), (dir, name)) \
	X(int, do_rmdir, (int dir, struct filename *name), (dir, name))	\
	X(int, do_renameat2,						\
	  (int old_dir, struct filename *old, int new_dir,		\
	   struct filename *new, unsigned int flags),			\
	  (old_dir, old, new_dir, new, flags))				\
	X(int, do_linkat,						\
	  (int old_dir, struct filename *old, int new_dir,		\
	   struct filename *new, int flags),				\
	  (old_dir, old, new_dir, new, flags))				\
	X(int, do_symlinkat,						\
	  (struct filename *contents, int dir, struct filename *name),	\
	  (contents, dir, name))
#endif

/*
 * X(return type, name, (prototype), (arguments))
 *
 * do_group_exit: no exported function ends a process with a chosen status.
 * do_exit: nor one that ends a thread, before 7.0.
 * kernel_clone: no exported function makes a task that runs a program.
 * vfs_read, vfs_write: vfs_iter_read() refuses files without ->read_iter.
 * alloc_file_clone: alloc_file_pseudo() makes a second dentry for the inode.
 * __x64_sys_execveat: kernel_execve() takes a path where an open file has been
 *	given, and all between the two is static.
 * __x64_sys_mprotect, __x64_sys_msync: mprotect and msync have no function
 *	below their system call; the wrapper's prototype never changes.
 * do_madvise: no exported function takes an advice for a range.
 * tty_default_fops: nothing exported tells whether a character device is a
 *	terminal; terminals share the ->read_iter that this one hands out.
 * do_file_open_root: file_open_root() cannot be told to stay beneath.
 * do_mkdirat and so on, filename_mkdirat and so on: vfs_mkdir() and its like
 *	have changed four times, and the hooks of security modules for paths
 *	that go with them are not exported.
 * do_ftruncate, do_truncate: vfs_truncate() asks for the permissions of a path
 *	where an open file has been given already.
 * vfs_utimes: notify_change() leaves the rules of utimensat() to its caller.
 * security_inode_readlink: vfs_readlink() leaves the hook to its caller.
 * security_file_fcntl: fcntl(F_SETFL) has no function below its system call.
 * __sys_shutdown_sock: kernel_sock_shutdown() leaves the hook of security
 *	modules to its caller.
 * thread_group_cputime, task_sched_runtime: the exported cputime functions
 *	return scaled values, not the ones that CPU clocks show.
 */
#define CLOUDABI_KSYMS(X)						\
	X(void, do_group_exit, (int code), (code))			\
	X(void, do_exit, (long code), (code))				\
	X(pid_t, kernel_clone, (struct kernel_clone_args *args), (args)) \
	X(ssize_t, vfs_read,						\
	  (struct file *file, char __user *buf, size_t len, loff_t *pos), \
	  (file, buf, len, pos))					\
	X(ssize_t, vfs_write,						\
	  (struct file *file, const char __user *buf, size_t len,	\
	   loff_t *pos),						\
	  (file, buf, len, pos))					\
	X(struct file *, alloc_file_clone,				\
	  (struct file *base, int flags,				\
	   const struct file_operations *fops),				\
	  (base, flags, fops))						\
	X(long, __x64_sys_execveat, (const struct pt_regs *regs), (regs)) \
	X(long, __x64_sys_mprotect, (const struct pt_regs *regs), (regs)) \
	X(long, __x64_sys_msync, (const struct pt_regs *regs), (regs))	\
	X(int, do_madvise,						\
	  (struct mm_struct *mm, unsigned long start, size_t len,	\
	   int behavior),						\
	  (mm, start, len, behavior))					\
	X(void, tty_default_fops, (struct file_operations *fops), (fops)) \
	X(void, thread_group_cputime,					\
	  (struct task_struct *task, struct task_cputime *times),	\
	  (task, times))						\
	X(unsigned long long, task_sched_runtime,			\
	  (struct task_struct *task), (task))				\
	X(struct file *, do_file_open_root,				\
	  (const struct path *root, const char *name,			\
	   const struct open_flags *flags),				\
	  (root, name, flags))						\
	X(int, vfs_utimes,						\
	  (const struct path *path, struct timespec64 *times),		\
	  (path, times))						\
	X(int, security_inode_readlink, (struct dentry *dentry), (dentry)) \
	X(int, security_file_fcntl,					\
	  (struct file *file, unsigned int cmd, unsigned long arg),	\
	  (file, cmd, arg))						\
	X(int, __sys_shutdown_sock, (struct socket *sock, int how),	\
	  (sock, how))							\
	CLOUDABI_KSYMS_TRUNCATE(X)					\
	CLOUDABI_KSYMS_NAMEI(X)

#define CLOUDABI_KSYM_DECLARE(ret, name, proto, args)			\
	ret ksym_proto_##name proto;					\
	DECLARE_STATIC_CALL(ksym_key_##name, ksym_proto_##name);	\
	static __always_inline ret ksym_##name proto			\
	{								\
		return static_call(ksym_key_##name) args;		\
	}

/* clang-format on */
CLOUDABI_KSYMS(CLOUDABI_KSYM_DECLARE)

extern bool cloudabi_unix_gc_counts_edges;

int cloudabi_ksym_init(void);

#endif /* _CLOUDABI_COMPAT_KSYM_H */
