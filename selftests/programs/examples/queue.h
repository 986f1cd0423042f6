/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A queue of descriptors between threads.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _EXAMPLES_QUEUE_H
#define _EXAMPLES_QUEUE_H

#include "sync.h"

#define QUEUE_SIZE 128

/**
 * struct queue - a queue
 * @lock: protects the rest
 * @filled: told when there is something to take, or nothing will come any more
 * @emptied: told when there is room
 * @fds: the descriptors, in a ring
 * @first: the one that waits longest
 * @count: how many there are
 * @idle: how many threads have nothing to do
 * @closed: nothing will come any more
 */
struct queue {
	struct crt_lock lock;
	struct crt_condvar filled;
	struct crt_condvar emptied;
	cloudabi_fd_t fds[QUEUE_SIZE];
	size_t first;
	size_t count;
	size_t idle;
	bool closed;
};

/* An empty one, for so many threads that take from it. */
void queue_open(struct queue *queue, size_t takers);
/* Waits for room. */
void queue_put(struct queue *queue, cloudabi_fd_t fd);
/* Waits for something; false if nothing will come any more. */
bool queue_take(struct queue *queue, cloudabi_fd_t *fd);
/* To be called when what was taken is done with. */
void queue_done(struct queue *queue);
/* Whether something waits for which no thread is idle; that may change. */
bool queue_waits(struct queue *queue);
void queue_close(struct queue *queue);

#endif /* _EXAMPLES_QUEUE_H */
