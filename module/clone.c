// SPDX-License-Identifier: GPL-2.0
/*
 * Making threads and processes.
 *
 * Both are native ones, made by kernel_clone(). What is ours about them is set
 * while they cannot run yet, by a probe of the sched_process_fork tracepoint,
 * which kernel_clone() passes with both tasks at hand. What the probe is to do
 * stands in the restart block of the task that makes the call, which has no
 * other use meanwhile; for any other parent the probe does one compare.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "clone.h"

#include <linux/sched.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "compat/ksym.h"
#include "module.h"

static struct tracepoint *fork_tracepoint;

/* Marks a restart block that holds a request; see restart.h. */
static long holds_request(struct restart_block *block)
{
	return -ENOSYS;
}

static void probe_fork(void *data, struct task_struct *parent,
		       struct task_struct *child)
{
	struct cloudabi_clone *clone;

	if (likely(parent->restart_block.fn != holds_request))
		return;
	clone = (void __force *)parent->restart_block.futex.uaddr;
	child->restart_block = clone->saved;
	clone->prepare(clone, child);
}

/**
 * cloudabi_clone() - Make a task.
 * @clone: what is to be done with it before it runs.
 * @args: what kernel_clone() is to make.
 *
 * Context: Process context of a CloudABI task, may sleep. A tracer can stop the
 * caller in it, for as long as it likes, once the new task runs.
 * Return: 0; -EAGAIN at a limit on tasks; -ENOMEM; -ERESTARTNOINTR, and nothing
 * was made, because of a signal.
 */
int cloudabi_clone(struct cloudabi_clone *clone, struct kernel_clone_args *args)
{
	struct restart_block *block = &current->restart_block;
	pid_t pid;

	clone->saved = *block;
	block->fn = holds_request;
	block->futex.uaddr = (u32 __force __user *)clone;
	pid = ksym_kernel_clone(args);
	*block = clone->saved;
	return pid < 0 ? pid : 0;
}

static void find_tracepoint(struct tracepoint *tracepoint, void *unused)
{
	if (!strcmp(tracepoint->name, "sched_process_fork"))
		fork_tracepoint = tracepoint;
}

/**
 * cloudabi_clone_init() - Place the probe.
 *
 * Context: Process context, may sleep.
 * Return: 0, -ENOENT if the kernel has no such tracepoint, -ENOMEM.
 */
int cloudabi_clone_init(void)
{
	for_each_kernel_tracepoint(find_tracepoint, NULL);
	if (!fork_tracepoint) {
		pr_err("this kernel has no tracepoint sched_process_fork\n");
		return -ENOENT;
	}
	return tracepoint_probe_register(fork_tracepoint, probe_fork, NULL);
}

/**
 * cloudabi_clone_exit() - Take the probe away, and wait until nobody is in it.
 */
void cloudabi_clone_exit(void)
{
	tracepoint_probe_unregister(fork_tracepoint, probe_fork, NULL);
	tracepoint_synchronize_unregister();
}
