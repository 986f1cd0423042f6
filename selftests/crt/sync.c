// SPDX-License-Identifier: GPL-2.0
/*
 * Locks and condition variables.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "sync.h"

#include "io.h"

#define KM CLOUDABI_LOCK_KERNEL_MANAGED
#define WRLOCKED CLOUDABI_LOCK_WRLOCKED

/* 0: not asked for yet. */
static _Thread_local cloudabi_tid_t tid;

/* How many locks this thread has for reading: it may then take more. */
static _Thread_local unsigned int read_locks;

void crt_tid_set(cloudabi_tid_t id);

void crt_tid_set(cloudabi_tid_t id)
{
	tid = id;
}

cloudabi_tid_t crt_tid(void)
{
	if (!tid)
		tid = crt_auxv.tid;
	return tid;
}

static bool change(uint32_t *word, uint32_t *old, uint32_t new)
{
	return __atomic_compare_exchange_n(word, old, new, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static void must(cloudabi_errno_t error, const char *what)
{
	if (error)
		crt_die(98, "# %s: %s", what, crt_strerror(error));
}

/* Waits for a lock or a condition variable; false if it got too late. */
static bool wait(cloudabi_subscription_t *in, const struct crt_time *until)
{
	cloudabi_event_t event;
	size_t n;

	if (until) {
		in[1].type = CLOUDABI_EVENTTYPE_CLOCK;
		in[1].clock.clock_id = until->clock;
		in[1].clock.timeout = until->time;
		in[1].clock.flags = until->absolute ?
			CLOUDABI_SUBSCRIPTION_CLOCK_ABSTIME : 0;
	}
	must(cloudabi_sys_poll(in, &event, until ? 2 : 1, &n), "poll");
	must(event.error, "event");
	if (n != 1)
		crt_die(98, "# poll: %zu events", n);
	return event.type != CLOUDABI_EVENTTYPE_CLOCK;
}

static bool wait_for_lock(struct crt_lock *lock, cloudabi_eventtype_t type,
			  const struct crt_time *until)
{
	cloudabi_subscription_t in[2] = {
		{
			.type = type,
			.lock.lock = &lock->word,
			.lock.lock_scope = lock->scope,
		},
	};

	return wait(in, until);
}

bool crt_lock_try_write(struct crt_lock *lock)
{
	uint32_t old = CLOUDABI_LOCK_UNLOCKED;

	return change(&lock->word, &old, crt_tid() | WRLOCKED);
}

bool crt_lock_write_until(struct crt_lock *lock, const struct crt_time *until)
{
	return crt_lock_try_write(lock) ||
	       wait_for_lock(lock, CLOUDABI_EVENTTYPE_LOCK_WRLOCK, until);
}

void crt_lock_write(struct crt_lock *lock)
{
	crt_lock_write_until(lock, NULL);
}

bool crt_lock_read_until(struct crt_lock *lock, const struct crt_time *until)
{
	uint32_t old = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);

	/* Who waits goes first, unless it waits for us. */
	while (!(old & WRLOCKED) && (!(old & KM) || read_locks)) {
		if (change(&lock->word, &old, old + 1)) {
			read_locks++;
			return true;
		}
	}
	if (!wait_for_lock(lock, CLOUDABI_EVENTTYPE_LOCK_RDLOCK, until))
		return false;
	read_locks++;
	return true;
}

void crt_lock_read(struct crt_lock *lock)
{
	crt_lock_read_until(lock, NULL);
}

static void unlock_managed(struct crt_lock *lock)
{
	must(cloudabi_sys_lock_unlock(&lock->word, lock->scope), "lock_unlock");
}

/* The last reader makes itself the writer, for the kernel to know it. */
static void unlock_read(struct crt_lock *lock, uint32_t old)
{
	uint32_t new;

	read_locks--;
	do {
		new = old == (KM | 1) ? KM | WRLOCKED | crt_tid() : old - 1;
	} while (!change(&lock->word, &old, new));
	if (old == (KM | 1))
		unlock_managed(lock);
}

void crt_unlock(struct crt_lock *lock)
{
	uint32_t old = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);

	if (!(old & WRLOCKED)) {
		unlock_read(lock, old);
		return;
	}
	old = crt_tid() | WRLOCKED;
	if (!change(&lock->word, &old, CLOUDABI_LOCK_UNLOCKED))
		unlock_managed(lock);
}

bool crt_wait_until(struct crt_condvar *condvar, struct crt_lock *lock,
		    const struct crt_time *until)
{
	cloudabi_subscription_t in[2] = {
		{
			.type = CLOUDABI_EVENTTYPE_CONDVAR,
			.condvar.condvar = &condvar->word,
			.condvar.condvar_scope = condvar->scope,
			.condvar.lock = &lock->word,
			.condvar.lock_scope = lock->scope,
		},
	};

	return wait(in, until);
}

void crt_wait(struct crt_condvar *condvar, struct crt_lock *lock)
{
	crt_wait_until(condvar, lock, NULL);
}

static void signal(struct crt_condvar *condvar, cloudabi_nthreads_t n)
{
	if (__atomic_load_n(&condvar->word, __ATOMIC_RELAXED))
		must(cloudabi_sys_condvar_signal(&condvar->word,
						 condvar->scope, n),
		     "condvar_signal");
}

void crt_signal(struct crt_condvar *condvar)
{
	signal(condvar, 1);
}

void crt_broadcast(struct crt_condvar *condvar)
{
	signal(condvar, ~0u);
}

void crt_sleep_ms(uint64_t ms)
{
	cloudabi_subscription_t in = {
		.type = CLOUDABI_EVENTTYPE_CLOCK,
		.clock.clock_id = CLOUDABI_CLOCK_MONOTONIC,
		.clock.timeout = ms * 1000000,
	};
	cloudabi_event_t event;
	size_t n;

	must(cloudabi_sys_poll(&in, &event, 1, &n), "poll");
	must(event.error, "clock");
}
