/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A pool of threads that do pieces of work.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _EXAMPLES_POOL_H
#define _EXAMPLES_POOL_H

#include "sync.h"

#define POOL_THREADS 64

/**
 * struct pool - the threads and their work
 * @lock: protects the rest
 * @work: told when there is a piece, or nothing will come any more
 * @idle: told when the last piece is done
 * @run: does piece number @next of the work at hand
 * @next: the first piece that nobody does yet
 * @count: how many there are
 * @busy: how many are being done
 * @closed: nothing will come any more
 * @threads: the threads
 * @nthreads: how many
 */
struct pool {
	struct crt_lock lock;
	struct crt_condvar work;
	struct crt_condvar idle;
	void (*run)(size_t piece);
	size_t next;
	size_t count;
	size_t busy;
	bool closed;
	struct crt_thread threads[POOL_THREADS];
	unsigned int nthreads;
};

/* Makes up to so many threads; whether there is one at least. */
bool pool_open(struct pool *pool, unsigned int nthreads);
/* Has pieces 0 to @count - 1 done, in any order, and waits for that. */
void pool_do(struct pool *pool, void (*run)(size_t piece), size_t count);
void pool_close(struct pool *pool);

#endif /* _EXAMPLES_POOL_H */
