/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads, locks and condition variables of the native C library.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _THREADS_NATIVE_H
#define _THREADS_NATIVE_H

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define th_lock pthread_mutex_lock
#define th_unlock pthread_mutex_unlock
#define th_wait pthread_cond_wait
#define th_signal pthread_cond_signal
#define th_broadcast pthread_cond_broadcast
#define th_yield sched_yield

typedef pthread_mutex_t th_lock_t;
typedef pthread_cond_t th_condvar_t;

#define TH_LOCK_INIT PTHREAD_MUTEX_INITIALIZER
#define TH_CONDVAR_INIT PTHREAD_COND_INITIALIZER

/**
 * struct th_thread - a thread
 * @id: of the C library
 * @run: what it does
 * @argument: the argument of @run
 */
struct th_thread {
	pthread_t id;
	void (*run)(void *argument);
	void *argument;
};

static inline void *th_main(void *thread)
{
	struct th_thread *self = thread;

	self->run(self->argument);
	return NULL;
}

static inline void th_start(struct th_thread *thread, void (*run)(void *),
			    void *argument)
{
	thread->run = run;
	thread->argument = argument;
	if (pthread_create(&thread->id, NULL, th_main, thread))
		exit(1);
}

static inline void th_join(struct th_thread *thread)
{
	if (pthread_join(thread->id, NULL))
		exit(1);
}

static inline uint64_t th_time(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * UINT64_C(1000000000) + time.tv_nsec;
}

static inline size_t th_read(int fd, void *buf, size_t len)
{
	ssize_t done = read(fd, buf, len);

	return done < 0 ? 0 : done;
}

static inline void th_write(int fd, const void *buf, size_t len)
{
	if (write(fd, buf, len) != (ssize_t)len)
		exit(1);
}

#endif /* _THREADS_NATIVE_H */
