// SPDX-License-Identifier: GPL-2.0
/*
 * Threads.
 *
 * A thread is a native one in the address space of the process; see clone.c.
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
#include "module.h"

#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/uaccess.h>

#include "arch/arch.h"
#include "clone.h"
#include "compat/ksym.h"
#include "futex.h"

/**
 * struct thread - What a thread is to start with.
 * @clone: its making.
 * @entry: its first instruction.
 * @argument: its second argument; the first one is its id.
 * @tid: set to its id.
 */
struct thread {
	struct cloudabi_clone clone;
	unsigned long entry;
	unsigned long argument;
	cloudabi_tid_t tid;
};

static void prepare(struct cloudabi_clone *clone, struct task_struct *task)
{
	struct thread *thread = container_of(clone, struct thread, clone);

	thread->tid = task_pid_nr(task);
	arch_thread_start(task_pt_regs(task), thread->entry, thread->tid,
			  thread->argument);
}

static int make_thread(struct thread *thread, unsigned long stack,
		       unsigned long tls)
{
	struct kernel_clone_args args = {
		.flags = CLONE_VM | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			 CLONE_SYSVSEM | CLONE_SETTLS,
		.stack = stack,
		.tls = tls,
	};

	return cloudabi_clone(&thread->clone, &args);
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
	struct thread thread = { .clone.prepare = prepare };
	cloudabi64_threadattr_t copy;
	unsigned long tls;
	int error;

	if (copy_from_user(&copy, attr, sizeof(copy)))
		return -EFAULT;
	error = make_tcb(&copy, &tls);
	if (error)
		return error;
	thread.entry = copy.entry_point;
	thread.argument = copy.argument;
	error = make_thread(&thread, arch_thread_stack(tls), tls);
	if (error)
		return error;
	*tid = thread.tid;
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
