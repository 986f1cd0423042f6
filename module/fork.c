// SPDX-License-Identifier: GPL-2.0
/*
 * Making processes.
 *
 * CloudABI: proc_fork. The child is a native one, made as fork() makes it, with a
 * copy of memory, descriptors and the calling thread; see clone.c for how it gets
 * what is its own, and process.c for what its parent gets.
 *
 * Mappings that are being made are waited for, since they are copied; see mem.h.
 * That ends in the probe, when all is copied: behind it a tracer can stop the
 * caller, and must not stop what its siblings do with memory for as long.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/signal.h>

#include "arch/arch.h"
#include "clone.h"
#include "mem.h"
#include "process.h"

/**
 * struct fork - A process that is being made.
 * @clone: its making.
 * @file: its descriptor.
 * @settling: whether mappings are kept from being made.
 */
struct fork {
	struct cloudabi_clone clone;
	struct file *file;
	bool settling;
};

static void settled(struct fork *fork)
{
	if (fork->settling)
		cloudabi_mem_settled();
	fork->settling = false;
}

static void prepare(struct cloudabi_clone *clone, struct task_struct *task)
{
	struct fork *fork = container_of(clone, struct fork, clone);

	arch_result2(task_pt_regs(task), CLOUDABI_PROCESS_CHILD,
		     task_pid_nr(task));
	cloudabi_process_attach(fork->file, task);
	settled(fork);
}

/* SIGCHLD is what the parent ignores, and thereby has the child reaped. */
static int make_process(struct file *file)
{
	struct kernel_clone_args args = { .exit_signal = SIGCHLD };
	struct fork fork = { .clone.prepare = prepare, .file = file };
	int error;

	error = cloudabi_mem_settle();
	if (error)
		return error;
	fork.settling = true;
	error = cloudabi_clone(&fork.clone, &args);
	settled(&fork);
	return error;
}

static int fork_into(int fd)
{
	struct file *file = cloudabi_process_new();
	int error;

	if (IS_ERR(file))
		return PTR_ERR(file);
	error = make_process(file);
	if (error) {
		fput(file);
		return error;
	}
	fd_install(fd, file);
	return 0;
}

/**
 * cloudabi_call_proc_fork() - Make a copy of the calling process.
 * @fd: set to a descriptor of the child. The child itself sees
 *	CLOUDABI_PROCESS_CHILD.
 * @tid: set to 0. The child sees the id of its thread.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EMFILE if the table is full; -ENFILE; -EAGAIN at a limit on
 * processes; -ENOMEM; -ERESTARTNOINTR. No child is left of a failure.
 */
int cloudabi_call_proc_fork(cloudabi_fd_t *fd, cloudabi_tid_t *tid)
{
	int number = get_unused_fd_flags(O_CLOEXEC);
	int error;

	if (number < 0)
		return number;
	error = fork_into(number);
	if (error) {
		put_unused_fd(number);
		return error;
	}
	*fd = number;
	*tid = 0;
	return 0;
}
