// SPDX-License-Identifier: GPL-2.0
/*
 * A queue of descriptors between threads.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "queue.h"

void queue_open(struct queue *queue, size_t takers)
{
	queue->lock = (struct crt_lock)CRT_LOCK_INIT;
	queue->filled = (struct crt_condvar)CRT_CONDVAR_INIT;
	queue->emptied = (struct crt_condvar)CRT_CONDVAR_INIT;
	queue->first = 0;
	queue->count = 0;
	queue->idle = takers;
	queue->closed = false;
}

void queue_put(struct queue *queue, cloudabi_fd_t fd)
{
	crt_lock_write(&queue->lock);
	while (queue->count == QUEUE_SIZE)
		crt_wait(&queue->emptied, &queue->lock);
	queue->fds[(queue->first + queue->count++) % QUEUE_SIZE] = fd;
	crt_signal(&queue->filled);
	crt_unlock(&queue->lock);
}

bool queue_take(struct queue *queue, cloudabi_fd_t *fd)
{
	bool taken;

	crt_lock_write(&queue->lock);
	while (!queue->count && !queue->closed)
		crt_wait(&queue->filled, &queue->lock);
	taken = queue->count;
	if (taken) {
		*fd = queue->fds[queue->first];
		queue->first = (queue->first + 1) % QUEUE_SIZE;
		queue->count--;
		queue->idle--;
		crt_signal(&queue->emptied);
	}
	crt_unlock(&queue->lock);
	return taken;
}

void queue_done(struct queue *queue)
{
	crt_lock_write(&queue->lock);
	queue->idle++;
	crt_unlock(&queue->lock);
}

bool queue_waits(struct queue *queue)
{
	bool waits;

	crt_lock_read(&queue->lock);
	waits = queue->count > queue->idle;
	crt_unlock(&queue->lock);
	return waits;
}

void queue_close(struct queue *queue)
{
	crt_lock_write(&queue->lock);
	queue->closed = true;
	crt_broadcast(&queue->filled);
	crt_unlock(&queue->lock);
}
