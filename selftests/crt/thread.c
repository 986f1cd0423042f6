// SPDX-License-Identifier: GPL-2.0
/*
 * Threads.
 *
 * A thread holds the lock `joined` for writing as long as it lives, and the
 * kernel releases it when it makes no use of the stack any more. Whoever is
 * first of the thread and its maker to know the id says so in the word.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "io.h"
#include "sync.h"

/* What the word is before: a value that no lock has. */
#define NOT_STARTED CLOUDABI_LOCK_KERNEL_MANAGED

/* Without what thread-local variables need. */
#define STACK_SIZE (64ul * 1024)

void crt_tid_set(cloudabi_tid_t id);

static void hold(struct crt_thread *thread, cloudabi_tid_t tid)
{
	cloudabi_lock_t old = NOT_STARTED;

	__atomic_compare_exchange_n(&thread->joined, &old,
				    tid | CLOUDABI_LOCK_WRLOCKED, false,
				    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static noinline void live(cloudabi_tid_t tid, struct crt_thread *thread)
{
	crt_tid_set(tid);
	__atomic_store_n(&thread->tid, tid, __ATOMIC_RELAXED);
	hold(thread, tid);
	thread->run(thread->argument);
}

static _Noreturn void enter(cloudabi_tid_t tid, void *argument)
{
	struct crt_thread *thread = argument;

	crt_tls_install(__builtin_alloca(crt_tls_size()));
	live(tid, thread);
	cloudabi_sys_thread_exit(&thread->joined, CLOUDABI_SCOPE_PRIVATE);
}

cloudabi_errno_t crt_thread_start(struct crt_thread *thread,
				  void (*run)(void *argument), void *argument)
{
	cloudabi_threadattr_t attr;
	cloudabi_errno_t error;
	cloudabi_tid_t tid;

	thread->joined = NOT_STARTED;
	thread->run = run;
	thread->argument = argument;
	thread->stack_len = STACK_SIZE + crt_tls_size();
	thread->stack = crt_pages_alloc(thread->stack_len);
	if (!thread->stack)
		return CLOUDABI_ENOMEM;
	attr = (cloudabi_threadattr_t){
		.entry_point = enter,
		.stack = thread->stack,
		.stack_len = thread->stack_len,
		.argument = thread,
	};
	error = cloudabi_sys_thread_create(&attr, &tid);
	if (error) {
		crt_pages_free(thread->stack, thread->stack_len);
		return error;
	}
	__atomic_store_n(&thread->tid, tid, __ATOMIC_RELAXED);
	hold(thread, tid);
	return 0;
}

void crt_thread_join(struct crt_thread *thread)
{
	cloudabi_subscription_t in = {
		.type = CLOUDABI_EVENTTYPE_LOCK_RDLOCK,
		.lock.lock = &thread->joined,
		.lock.lock_scope = CLOUDABI_SCOPE_PRIVATE,
	};
	cloudabi_event_t event = { 0 };
	cloudabi_errno_t error;
	size_t n;

	if (__atomic_load_n(&thread->joined, __ATOMIC_ACQUIRE)) {
		error = cloudabi_sys_poll(&in, &event, 1, &n);
		if (error || event.error)
			crt_die(98, "# join: %s",
				crt_strerror(error ?: event.error));
	}
	crt_pages_free(thread->stack, thread->stack_len);
}

cloudabi_errno_t crt_fork(cloudabi_fd_t *child)
{
	cloudabi_tid_t tid;
	cloudabi_errno_t error = cloudabi_sys_proc_fork(child, &tid);

	if (!error && *child == CLOUDABI_PROCESS_CHILD)
		crt_tid_set(tid);
	return error;
}
