// SPDX-License-Identifier: GPL-2.0
/*
 * Threads.
 *
 * A thread is a native one, made by kernel_clone() in the address space of the
 * process. Its registers are set while it cannot run yet, by a probe of the
 * sched_process_fork tracepoint, which kernel_clone() passes with both threads
 * at hand. What the probe is to do stands in the restart block of the thread
 * that makes the call, which has no other use meanwhile; for any other parent
 * the probe does one compare.
 *
 * Threads share everything but the fs_struct, whose directories serve a thread
 * as registers; see lookup.c.
 *
 * Nothing is copied of the address space, so mappings that are being made are
 * not waited for; see mem.h. They must not be: a tracer can stop the thread
 * within kernel_clone(), for as long as it likes.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "thread.h"

#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>

#include "arch/arch.h"
#include "compat/ksym.h"
#include "futex.h"
#include "module.h"

/**
 * struct clone_request - What a thread is to start with.
 * @entry: its first instruction.
 * @argument: its second argument; the first one is its id.
 * @tid: set to its id.
 * @saved: what was in its maker's restart block.
 */
struct clone_request {
	unsigned long entry;
	unsigned long argument;
	cloudabi_tid_t tid;
	struct restart_block saved;
};

static struct tracepoint *fork_tracepoint;

/* Marks a restart block that holds a request; see restart.h. */
static long holds_request(struct restart_block *block)
{
	return -ENOSYS;
}

static void probe_fork(void *data, struct task_struct *parent,
		       struct task_struct *child)
{
	struct clone_request *request;

	if (likely(parent->restart_block.fn != holds_request))
		return;
	request = (void __force *)parent->restart_block.futex.uaddr;
	child->restart_block = request->saved;
	request->tid = task_pid_nr(child);
	arch_thread_start(task_pt_regs(child), request->entry, request->tid,
			  request->argument);
}

static int clone_thread(struct clone_request *request, unsigned long stack,
			unsigned long tls)
{
	struct restart_block *block = &current->restart_block;
	struct kernel_clone_args args = {
		.flags = CLONE_VM | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			 CLONE_SYSVSEM | CLONE_SETTLS,
		.stack = stack,
		.tls = tls,
	};
	pid_t pid;

	request->saved = *block;
	block->fn = holds_request;
	block->futex.uaddr = (u32 __force __user *)request;
	pid = ksym_kernel_clone(&args);
	*block = request->saved;
	return pid < 0 ? pid : 0;
}

/*
 * Puts the system's part of a thread at the top of its stack: the TCB and, below
 * it, the word that holds its address, where the TLS register points.
 */
static int make_tcb(const cloudabi64_threadattr_t *attr, unsigned long *tls)
{
	cloudabi64_tcb_t tcb = {};
	unsigned long tcb_address, word;

	tcb_address = round_down(attr->stack + attr->stack_len - sizeof(tcb),
				 __alignof__(tcb));
	*tls = tcb_address - sizeof(u64);
	word = tcb_address;
	if (copy_to_user((void __user *)tcb_address, &tcb, sizeof(tcb)) ||
	    copy_to_user((void __user *)*tls, &word, sizeof(word)))
		return -EFAULT;
	return 0;
}

/**
 * cloudabi_call_thread_create() - Make a thread.
 * @attr: where it starts, its stack and its argument.
 * @tid: set to its id.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EFAULT if @attr cannot be read or the stack not be written to;
 * -EAGAIN at a limit on threads; -ENOMEM.
 */
int cloudabi_call_thread_create(const cloudabi64_threadattr_t __user *attr,
				cloudabi_tid_t *tid)
{
	struct clone_request request;
	cloudabi64_threadattr_t copy;
	unsigned long tls;
	int error;

	if (copy_from_user(&copy, attr, sizeof(copy)))
		return -EFAULT;
	error = make_tcb(&copy, &tls);
	if (error)
		return error;
	request.entry = copy.entry_point;
	request.argument = copy.argument;
	error = clone_thread(&request, arch_thread_stack(tls), tls);
	if (error)
		return error;
	*tid = request.tid;
	return 0;
}

/**
 * cloudabi_call_thread_exit() - Release a lock and end the calling thread.
 * @lock: the lock. That it cannot be released does not matter.
 * @scope: who shares it.
 *
 * Once the lock is released the thread's stack may be gone, and so nothing of
 * user memory is touched any more. The last thread ends the process.
 *
 * Return: not at all.
 */
int cloudabi_call_thread_exit(cloudabi_lock_t __user *lock,
			      cloudabi_scope_t scope)
{
	cloudabi_futex_unlock(lock, scope);
	ksym_do_exit(0);
	return 0;
}

/**
 * cloudabi_call_thread_yield() - Let other threads run.
 *
 * Return: 0.
 */
int cloudabi_call_thread_yield(void)
{
	/* What the kernel itself must not rely on is what the program asks. */
	yield();
	return 0;
}

static void find_tracepoint(struct tracepoint *tracepoint, void *unused)
{
	if (!strcmp(tracepoint->name, "sched_process_fork"))
		fork_tracepoint = tracepoint;
}

/**
 * cloudabi_threads_init() - Place the probe.
 *
 * Context: Process context, may sleep.
 * Return: 0, -ENOENT if the kernel has no such tracepoint, -ENOMEM.
 */
int cloudabi_threads_init(void)
{
	for_each_kernel_tracepoint(find_tracepoint, NULL);
	if (!fork_tracepoint) {
		pr_err("this kernel has no tracepoint sched_process_fork\n");
		return -ENOENT;
	}
	return tracepoint_probe_register(fork_tracepoint, probe_fork, NULL);
}

/**
 * cloudabi_threads_exit() - Take the probe away, and wait until nobody is in it.
 */
void cloudabi_threads_exit(void)
{
	tracepoint_probe_unregister(fork_tracepoint, probe_fork, NULL);
	tracepoint_synchronize_unregister();
}
