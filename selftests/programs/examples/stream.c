// SPDX-License-Identifier: GPL-2.0
/*
 * A stream socket with somebody at its other end.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "stream.h"

void stream_give(struct stream *stream, uint64_t ms)
{
	cloudabi_timestamp_t now = 0;

	cloudabi_sys_clock_time_get(CLOUDABI_CLOCK_MONOTONIC, 1000000, &now);
	stream->deadline = now + ms * 1000000;
}

static enum stream_state wait_for(const struct stream *stream,
				  cloudabi_eventtype_t type)
{
	cloudabi_subscription_t in[2] = {
		{
			.type = type,
			.fd_readwrite.fd = stream->fd,
		},
		{
			.type = CLOUDABI_EVENTTYPE_CLOCK,
			.clock.clock_id = CLOUDABI_CLOCK_MONOTONIC,
			.clock.timeout = stream->deadline,
			.clock.flags = CLOUDABI_SUBSCRIPTION_CLOCK_ABSTIME,
		},
	};
	cloudabi_event_t out[2];
	size_t n;

	if (cloudabi_sys_poll(in, out, 2, &n) || !n)
		return STREAM_BROKEN;
	for (size_t i = 0; i < n; i++) {
		if (out[i].error)
			return STREAM_BROKEN;
		if (out[i].type == type)
			return STREAM_READY;
	}
	return STREAM_LATE;
}

enum stream_state stream_read(const struct stream *stream, void *buf,
			      size_t len, size_t *nread)
{
	cloudabi_iovec_t iov = { .buf = buf, .buf_len = len };
	enum stream_state state = STREAM_READY;
	cloudabi_errno_t error;

	while (state == STREAM_READY) {
		error = cloudabi_sys_fd_read(stream->fd, &iov, 1, nread);
		if (!error)
			return *nread ? STREAM_READY : STREAM_ENDED;
		if (error != CLOUDABI_EAGAIN)
			return STREAM_BROKEN;
		state = wait_for(stream, CLOUDABI_EVENTTYPE_FD_READ);
	}
	return state;
}

static void advance(cloudabi_ciovec_t *iov, size_t n)
{
	iov->buf = (const char *)iov->buf + n;
	iov->buf_len -= n;
}

enum stream_state stream_write(const struct stream *stream, const void *first,
			       size_t first_len, const void *second,
			       size_t second_len)
{
	cloudabi_ciovec_t iov[2] = {
		{ .buf = first, .buf_len = first_len },
		{ .buf = second, .buf_len = second_len },
	};
	enum stream_state state = STREAM_READY;
	cloudabi_errno_t error;
	size_t n, part;

	while (state == STREAM_READY && iov[0].buf_len + iov[1].buf_len) {
		error = cloudabi_sys_fd_write(stream->fd, iov, 2, &n);
		if (!error) {
			part = n < iov[0].buf_len ? n : iov[0].buf_len;
			advance(&iov[0], part);
			advance(&iov[1], n - part);
			continue;
		}
		if (error != CLOUDABI_EAGAIN)
			return STREAM_BROKEN;
		state = wait_for(stream, CLOUDABI_EVENTTYPE_FD_WRITE);
	}
	return state;
}

void stream_close(struct stream *stream)
{
	char dropped[1024];
	size_t n;

	if (!cloudabi_sys_sock_shutdown(stream->fd, CLOUDABI_SHUT_WR)) {
		while (stream_read(stream, dropped, sizeof(dropped), &n) ==
		       STREAM_READY)
			continue;
	}
	cloudabi_sys_fd_close(stream->fd);
}
