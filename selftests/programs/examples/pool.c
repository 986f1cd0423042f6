// SPDX-License-Identifier: GPL-2.0
/*
 * A pool of threads that do pieces of work.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "pool.h"

/* The next piece, or false when the pool is closed. Called with the lock. */
static bool take_piece(struct pool *pool, size_t *piece)
{
	while (pool->next == pool->count) {
		if (pool->closed)
			return false;
		crt_wait(&pool->work, &pool->lock);
	}
	*piece = pool->next++;
	pool->busy++;
	return true;
}

static void work(void *argument)
{
	struct pool *pool = argument;
	size_t piece;

	crt_lock_write(&pool->lock);
	while (take_piece(pool, &piece)) {
		crt_unlock(&pool->lock);
		pool->run(piece);
		crt_lock_write(&pool->lock);
		if (!--pool->busy && pool->next == pool->count)
			crt_signal(&pool->idle);
	}
	crt_unlock(&pool->lock);
}

bool pool_open(struct pool *pool, unsigned int nthreads)
{
	pool->lock = (struct crt_lock)CRT_LOCK_INIT;
	pool->work = (struct crt_condvar)CRT_CONDVAR_INIT;
	pool->idle = (struct crt_condvar)CRT_CONDVAR_INIT;
	pool->next = 0;
	pool->count = 0;
	pool->busy = 0;
	pool->closed = false;
	for (pool->nthreads = 0; pool->nthreads < nthreads; pool->nthreads++) {
		if (crt_thread_start(&pool->threads[pool->nthreads], work,
				     pool))
			break;
	}
	return pool->nthreads;
}

void pool_do(struct pool *pool, void (*run)(size_t piece), size_t count)
{
	crt_lock_write(&pool->lock);
	pool->run = run;
	pool->next = 0;
	pool->count = count;
	crt_broadcast(&pool->work);
	while (pool->next != pool->count || pool->busy)
		crt_wait(&pool->idle, &pool->lock);
	crt_unlock(&pool->lock);
}

void pool_close(struct pool *pool)
{
	crt_lock_write(&pool->lock);
	pool->closed = true;
	crt_broadcast(&pool->work);
	crt_unlock(&pool->lock);
	for (unsigned int i = 0; i < pool->nthreads; i++)
		crt_thread_join(&pool->threads[i]);
}
