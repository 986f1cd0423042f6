// SPDX-License-Identifier: GPL-2.0
/*
 * Replacing the program of a process.
 *
 * CloudABI: proc_exec. The kernel has no function that executes an open file but
 * the system call execveat(), so that is what gets called, and the binary format
 * (exec.c) takes over when the kernel comes to it. What the two have to tell each
 * other is a handover:
 *
 *   made      proc_exec has copied the argument data and holds the program and
 *	       the descriptors to be. Nothing that the process has was changed.
 *   pending   execveat() runs. The handover is found by the restart block of the
 *	       task, which has no other use meanwhile.
 *   claimed   by the binary format: it is the program that was asked for.
 *   done      the new program has all of it, or there was an error. Behind the
 *	       point of no return an error ends the process; see exec.c.
 *
 * While the kernel opens the program it must not get at anything else, though it
 * takes a number and a path for it, and the path from user memory, which sibling
 * threads can write to. The number is one of a table of our own that has nothing
 * else in it (table.c), and the path registers, which any path but an empty one
 * would start at, are directed to an empty directory; see lookup.c. Both are put
 * back before the format looks at the program.
 *
 * Of a CloudABI process no format gets to see a file but ours, unless it has put
 * itself before it. Then it finds the task marked so that whatever native program
 * it starts dies by its first system call; see personality.c.
 *
 * The descriptors: the kernel closes those that are marked for it, which are all
 * that a CloudABI process has made, and we the others. Then the new ones fill the
 * table, which nobody else has by then, from its beginning.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "proc_exec.h"

#include <linux/binfmts.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "capability.h"
#include "compat/ksym.h"
#include "lookup.h"
#include "module.h"
#include "personality.h"

/* Documented in Documentation/limitations.rst; those of native arguments. */
#define MAX_DATA (_STK_LIM / 4 * 3)
#define DATA_SHARE_OF_STACK 4

/* What a program finds on its stack below the data, and needs to start. */
#define START_STACK SZ_32K

/* Marks a restart block that holds a handover; see restart.h. */
static long holds_handover(struct restart_block *block)
{
	return -ENOSYS;
}

static struct cloudabi_handover *pending(void)
{
	struct restart_block *block = &current->restart_block;

	if (block->fn != holds_handover)
		return NULL;
	return (void __force *)block->futex.uaddr;
}

/* Shows the kernel the program, and nothing else. */
static void set_aside(struct cloudabi_handover *handover)
{
	cloudabi_table_make(&handover->table, &handover->file, 1);
	cloudabi_registers_nowhere(&handover->pwd, &handover->root);
	handover->own = cloudabi_table_show(&handover->table.files);
}

static void put_back(struct cloudabi_handover *handover)
{
	if (!handover->own)
		return;
	cloudabi_table_show(handover->own);
	handover->own = NULL;
	cloudabi_registers_swap(&handover->pwd, &handover->root);
	path_put(&handover->pwd);
	path_put(&handover->root);
}

/**
 * cloudabi_handover_claim() - Learn what an exec in progress is to hand over.
 * @bprm: the exec.
 *
 * Context: Process context, before the point of no return.
 * Return: NULL for an exec of a native task; the handover of a CloudABI task; or
 * an error pointer: -ENOEXEC if what the kernel is about to start is not what
 * the task wants to be started, but say an interpreter of it, -EACCES if the
 * task wants nothing.
 */
struct cloudabi_handover *cloudabi_handover_claim(struct linux_binprm *bprm)
{
	struct cloudabi_handover *handover;

	/* The kernel starts programs from tasks without an address space. */
	if (!current->mm || !cloudabi_current())
		return NULL;
	handover = pending();
	if (!handover)
		return ERR_PTR(-EACCES);
	put_back(handover);
	if (!path_equal(&bprm->file->f_path, &handover->file->f_path))
		return ERR_PTR(-ENOEXEC);
	return handover;
}

/* The table is the task's alone, so nothing moves meanwhile. */
static void close_all(void)
{
	struct fdtable *fdt;
	unsigned int fd;

	rcu_read_lock();
	fdt = files_fdtable(current->files);
	rcu_read_unlock();
	for_each_set_bit(fd, fdt->open_fds, fdt->max_fds) {
		close_fd(fd);
		cond_resched();
	}
}

/**
 * cloudabi_handover_descriptors() - Give the new program its descriptors.
 * @handover: the handover.
 *
 * Context: Process context, may sleep, past the point of no return.
 * Return: 0; -ENOMEM; -EMFILE if somebody has lowered the limit meanwhile.
 */
int cloudabi_handover_descriptors(struct cloudabi_handover *handover)
{
	unsigned int i;
	int fd;

	close_all();
	for (i = 0; i < handover->count; i++) {
		fd = get_unused_fd_flags(O_CLOEXEC);
		if (fd < 0)
			return fd;
		fd_install(fd, get_file(handover->files[i]));
	}
	return 0;
}

/*
 * CloudABI: a file that is open for writing is none that could be executed,
 * although the right is there.
 */
static int take_program(struct cloudabi_handover *handover, cloudabi_fd_t fd)
{
	struct cloudabi_handle handle;
	int error;

	error = cloudabi_fget(fd, CLOUDABI_NEED_proc_exec, &handle);
	if (error)
		return error;
	if (handle.file->f_mode & FMODE_WRITE)
		error = -EBADF;
	else
		handover->file = get_file(handle.file);
	cloudabi_fput(&handle);
	return error;
}

static size_t data_limit(void)
{
	unsigned long share = rlimit(RLIMIT_STACK) / DATA_SHARE_OF_STACK;

	return clamp_t(unsigned long, share, ARG_MAX, MAX_DATA);
}

static int take_data(struct cloudabi_handover *handover,
		     const void __user *data, size_t size)
{
	if (!size)
		return 0;
	if (size > data_limit() || size + START_STACK > rlimit(RLIMIT_STACK))
		return -E2BIG;
	handover->data = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!handover->data)
		return -ENOMEM;
	handover->size = size;
	return copy_from_user(handover->data, data, size) ? -EFAULT : 0;
}

/* CloudABI: no more than the size of the table, whatever is open in it. */
static size_t table_size(void)
{
	size_t size;

	rcu_read_lock();
	size = files_fdtable(current->files)->max_fds;
	rcu_read_unlock();
	return size;
}

static int take_descriptors(struct cloudabi_handover *handover,
			    const cloudabi_fd_t __user *fds, size_t count)
{
	struct file *file;
	cloudabi_fd_t fd;

	if (count > table_size())
		return -E2BIG;
	if (count > rlimit(RLIMIT_NOFILE))
		return -EMFILE;
	handover->files = kvmalloc_array(count, sizeof(*handover->files),
					 GFP_KERNEL_ACCOUNT);
	if (!handover->files)
		return -ENOMEM;
	for (; handover->count < count; handover->count++) {
		if (get_user(fd, &fds[handover->count]))
			return -EFAULT;
		file = fget_raw(fd);
		if (!file)
			return -EBADF;
		handover->files[handover->count] = file;
		cond_resched();
	}
	return 0;
}

static void release(struct cloudabi_handover *handover)
{
	while (handover->count)
		fput(handover->files[--handover->count]);
	kvfree(handover->files);
	kvfree(handover->data);
	if (handover->file)
		fput(handover->file);
	kfree(handover);
}

static int call_execveat(struct cloudabi_handover *handover, unsigned long argv,
			 unsigned long path)
{
	struct restart_block *block = &current->restart_block;
	struct pt_regs regs = {
		.di = 0,
		.si = path,
		.dx = argv,
		.r8 = AT_EMPTY_PATH,
	};
	int error;

	handover->saved = *block;
	block->fn = holds_handover;
	block->futex.uaddr = (u32 __force __user *)handover;
	set_aside(handover);
	error = ksym___x64_sys_execveat(&regs);
	put_back(handover);
	*block = handover->saved;
	/*
	 * A format that is asked before ours has an interpreter for the program,
	 * which could not open it.
	 */
	return error == -ENOENT ? -ENOEXEC : error;
}

/**
 * struct strings - What execveat() must find in user memory.
 * @argv: one argument, so that the kernel does not complain of none.
 * @empty: the argument, and the path.
 */
struct strings {
	u64 argv[2];
	u64 empty;
};

/* In memory of its own, for the program may have left nothing else. */
static int execute_with_strings(struct cloudabi_handover *handover)
{
	struct mm_struct *mm = current->mm;
	unsigned long address, argv, empty;
	int error;

	address = vm_mmap(NULL, 0, sizeof(struct strings),
			  PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  0);
	if (IS_ERR_VALUE(address))
		return address;
	argv = address + offsetof(struct strings, argv);
	empty = address + offsetof(struct strings, empty);
	error = put_user((u64)empty, (u64 __user *)argv);
	if (!error)
		error = call_execveat(handover, argv, empty);
	if (current->mm == mm)
		vm_munmap(address, sizeof(struct strings));
	return error;
}

/*
 * Not all kernels keep a program from being written to while it is being read.
 * The module is held because the old address space, which holds it, goes away
 * before the new one does.
 */
static int execute(struct cloudabi_handover *handover)
{
	int error;

	/* The kernel looks at this, too, but only now is it what counts first. */
	error = file_permission(handover->file, MAY_EXEC);
	if (!error)
		error = deny_write_access(handover->file);
	if (error)
		return error;
	__module_get(THIS_MODULE);
	error = execute_with_strings(handover);
	module_put(THIS_MODULE);
	allow_write_access(handover->file);
	return error;
}

/**
 * cloudabi_call_proc_exec() - Replace the program of the calling process.
 * @fd: the new program. It needs PROC_EXEC.
 * @data: its argument data.
 * @data_len: size of that in bytes.
 * @fds: the descriptors that it gets, in this order, from 0 on.
 * @fds_len: how many.
 *
 * Context: Process context, may sleep. Ends all other threads.
 * Return: 0, to the new program. Behind the point of no return an error ends the
 * process; see exec.c. Any other has changed nothing: -EBADF if @fd or
 * one of @fds is not open, or @fd is open for writing; -ENOTCAPABLE; -EACCES if
 * the file's mode or its mount does not allow it; -ETXTBSY if it is open for
 * writing elsewhere; -ENOEXEC if it is no CloudABI program; -E2BIG if there are
 * too many data or descriptors; -EMFILE if the process may no longer have so
 * many; -EFAULT; -EPERM; -EAGAIN; -ENOMEM; -EIO; -ERESTARTNOINTR.
 */
int cloudabi_call_proc_exec(cloudabi_fd_t fd, const void __user *data,
			    size_t data_len, const cloudabi_fd_t __user *fds,
			    size_t fds_len)
{
	struct cloudabi_handover *handover;
	int error;

	handover = kzalloc(sizeof(*handover), GFP_KERNEL_ACCOUNT);
	if (!handover)
		return -ENOMEM;
	error = take_program(handover, fd);
	if (!error)
		error = take_data(handover, data, data_len);
	if (!error)
		error = take_descriptors(handover, fds, fds_len);
	if (!error)
		error = execute(handover);
	release(handover);
	return error;
}
