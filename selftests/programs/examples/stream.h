/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A stream socket with somebody at its other end who may be slow, or silent.
 *
 * Nothing here waits longer than until the deadline that was set last.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _EXAMPLES_STREAM_H
#define _EXAMPLES_STREAM_H

#include "crt.h"

enum stream_state {
	STREAM_READY,
	STREAM_ENDED,	/* nothing more will come */
	STREAM_LATE,	/* the deadline is over */
	STREAM_BROKEN,
};

/**
 * struct stream - a stream socket
 * @fd: the socket, in non-blocking mode
 * @deadline: when to give up, by the monotonic clock
 */
struct stream {
	cloudabi_fd_t fd;
	cloudabi_timestamp_t deadline;
};

/* Sets the deadline. */
void stream_give(struct stream *stream, uint64_t ms);

/* Reads what there is, at least one byte unless it is not STREAM_READY. */
enum stream_state stream_read(const struct stream *stream, void *buf,
			      size_t len, size_t *nread);

/* Writes two buffers, all of them. */
enum stream_state stream_write(const struct stream *stream, const void *first,
			       size_t first_len, const void *second,
			       size_t second_len);

/*
 * Closes it such that what was written gets to the other end: closing a socket
 * that has something unread makes the kernel tell the other end to forget what
 * it has not read either. What still comes is dropped, until the deadline.
 */
void stream_close(struct stream *stream);

#endif /* _EXAMPLES_STREAM_H */
