/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads, locks and condition variables of crt/sync.c.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _THREADS_CLOUDABI_H
#define _THREADS_CLOUDABI_H

#include "io.h"
#include "sync.h"

#define th_thread crt_thread
#define th_lock crt_lock_write
#define th_unlock crt_unlock
#define th_wait crt_wait
#define th_signal crt_signal
#define th_broadcast crt_broadcast
#define th_join crt_thread_join

typedef struct crt_lock th_lock_t;
typedef struct crt_condvar th_condvar_t;

#define TH_LOCK_INIT CRT_LOCK_INIT
#define TH_CONDVAR_INIT CRT_CONDVAR_INIT

static inline void th_check(cloudabi_errno_t error, const char *what)
{
	if (error)
		crt_die(1, "# %s: %s", what, crt_strerror(error));
}

static inline void th_start(struct th_thread *thread, void (*run)(void *),
			    void *argument)
{
	th_check(crt_thread_start(thread, run, argument), "thread_create");
}

static inline void th_yield(void)
{
	cloudabi_sys_thread_yield();
}

static inline uint64_t th_time(void)
{
	cloudabi_timestamp_t time = 0;

	cloudabi_sys_clock_time_get(CLOUDABI_CLOCK_MONOTONIC, 0, &time);
	return time;
}

static inline size_t th_read(int fd, void *buf, size_t len)
{
	size_t done = 0;

	th_check(crt_read(fd, buf, len, &done), "read");
	return done;
}

static inline void th_write(int fd, const void *buf, size_t len)
{
	th_check(crt_write_all(fd, buf, len), "write");
}

#endif /* _THREADS_CLOUDABI_H */
