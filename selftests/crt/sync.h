/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads, locks and condition variables, as a C library makes them of the
 * calls: user space does alone what needs nobody else, and asks the kernel for
 * the rest.
 *
 * What a lock or a condition variable is may lie in memory that processes share,
 * and then has CLOUDABI_SCOPE_SHARED. All zero but for the scope is its first
 * state.
 *
 * A result of the calls that the protocol does not provide for ends the program.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CRT_SYNC_H
#define _CRT_SYNC_H

#include "crt.h"

/**
 * struct crt_lock - a lock for many readers or one writer
 * @word: its state, in the form of the ABI
 * @scope: who shares it, CLOUDABI_SCOPE_*
 */
struct crt_lock {
	cloudabi_lock_t word;
	cloudabi_scope_t scope;
};

/**
 * struct crt_condvar - a condition variable
 * @word: 0 if nobody waits
 * @scope: who shares it, CLOUDABI_SCOPE_*
 */
struct crt_condvar {
	cloudabi_condvar_t word;
	cloudabi_scope_t scope;
};

#define CRT_LOCK_INIT { CLOUDABI_LOCK_UNLOCKED, CLOUDABI_SCOPE_PRIVATE }
#define CRT_CONDVAR_INIT \
	{ CLOUDABI_CONDVAR_HAS_NO_WAITERS, CLOUDABI_SCOPE_PRIVATE }

/**
 * struct crt_time - when to give up
 * @clock: the clock
 * @time: nanoseconds
 * @absolute: @time is what the clock shows then; else it counts from the call on
 */
struct crt_time {
	cloudabi_clockid_t clock;
	cloudabi_timestamp_t time;
	bool absolute;
};

static inline struct crt_time crt_in_ms(uint64_t ms)
{
	return (struct crt_time){
		.clock = CLOUDABI_CLOCK_MONOTONIC, .time = ms * 1000000,
	};
}

/* The calling thread. */
cloudabi_tid_t crt_tid(void);

/* @until may be NULL. Those return false if it was over before. */
void crt_lock_write(struct crt_lock *lock);
bool crt_lock_write_until(struct crt_lock *lock, const struct crt_time *until);
bool crt_lock_try_write(struct crt_lock *lock);
void crt_lock_read(struct crt_lock *lock);
bool crt_lock_read_until(struct crt_lock *lock, const struct crt_time *until);
/* Whichever way it is held. */
void crt_unlock(struct crt_lock *lock);

/* With a lock that is held for writing, and is so again afterwards. */
void crt_wait(struct crt_condvar *condvar, struct crt_lock *lock);
bool crt_wait_until(struct crt_condvar *condvar, struct crt_lock *lock,
		    const struct crt_time *until);
void crt_signal(struct crt_condvar *condvar);
void crt_broadcast(struct crt_condvar *condvar);

void crt_sleep_ms(uint64_t ms);

/**
 * struct crt_thread - a thread
 * @joined: held for writing by the thread as long as it lives
 * @stack: its stack
 * @stack_len: length of @stack
 * @run: what it does
 * @argument: the argument of @run
 * @tid: its id, once it runs
 */
struct crt_thread {
	cloudabi_lock_t joined;
	void *stack;
	size_t stack_len;
	void (*run)(void *argument);
	void *argument;
	cloudabi_tid_t tid;
};

/**
 * crt_thread_start - make a thread
 * @thread: must live until crt_thread_join()
 * @run: what it does
 * @argument: for @run
 *
 * Return: 0 or why there is none.
 */
cloudabi_errno_t crt_thread_start(struct crt_thread *thread,
				  void (*run)(void *argument), void *argument);
/* Waits for its end, and gives its stack back. */
void crt_thread_join(struct crt_thread *thread);

/**
 * crt_fork - make a copy of the process
 * @child: set to its descriptor; to CLOUDABI_PROCESS_CHILD in the copy, which
 *	has the calling thread alone, by another id
 *
 * What other threads hold of private locks is not released in the copy.
 *
 * Return: 0 or why there is none.
 */
cloudabi_errno_t crt_fork(cloudabi_fd_t *child);

#endif /* _CRT_SYNC_H */
