/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the benchmark of threads can do on either side: with the threads, locks
 * and condition variables of the native C library, and with those that
 * crt/sync.c makes of CloudABI's calls.
 *
 * Each header defines the types and these, where what fails ends the program:
 *
 *	void th_start(struct th_thread *thread, void (*run)(void *), void *arg);
 *	void th_join(struct th_thread *thread);
 *	void th_yield(void);
 *	void th_lock(th_lock_t *lock);
 *	void th_unlock(th_lock_t *lock);
 *	void th_wait(th_condvar_t *condvar, th_lock_t *lock);
 *	void th_signal(th_condvar_t *condvar);
 *	void th_broadcast(th_condvar_t *condvar);
 *	uint64_t th_time(void);
 *	size_t th_read(int fd, void *buf, size_t len);
 *	void th_write(int fd, const void *buf, size_t len);
 *
 * TH_LOCK_INIT and TH_CONDVAR_INIT are their first states.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _THREADS_H
#define _THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __CloudABI__
#include "threads_cloudabi.h"
#else
#include "threads_native.h"
#endif

#endif /* _THREADS_H */
