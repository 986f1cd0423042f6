/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages, written down in one line.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _TESTS_SOCK_H
#define _TESTS_SOCK_H

#include "check.h"

#define PEEK CLOUDABI_SOCK_RECV_PEEK
#define WAITALL CLOUDABI_SOCK_RECV_WAITALL
#define FDS_TRUNCATED CLOUDABI_SOCK_RECV_FDS_TRUNCATED
#define DATA_TRUNCATED CLOUDABI_SOCK_RECV_DATA_TRUNCATED

/* As many as a message can have. */
#define MAX_FDS 253

static inline cloudabi_errno_t sock_send(cloudabi_fd_t sock, const void *data,
					 size_t len, const cloudabi_fd_t *fds,
					 size_t count, size_t *n)
{
	cloudabi_ciovec_t iov = { .buf = data, .buf_len = len };
	cloudabi_send_in_t in = {
		.si_data = &iov, .si_data_len = 1,
		.si_fds = fds, .si_fds_len = count,
	};
	cloudabi_send_out_t out = { 0 };
	cloudabi_errno_t error = cloudabi_sys_sock_send(sock, &in, &out);

	*n = out.so_datalen;
	return error;
}

static inline cloudabi_errno_t sock_recv(cloudabi_fd_t sock, void *buf,
					 size_t len, cloudabi_fd_t *fds,
					 size_t room, cloudabi_riflags_t flags,
					 cloudabi_recv_out_t *out)
{
	cloudabi_iovec_t iov = { .buf = buf, .buf_len = len };
	cloudabi_recv_in_t in = {
		.ri_data = &iov, .ri_data_len = 1,
		.ri_fds = fds, .ri_fds_len = room, .ri_flags = flags,
	};

	memset(out, 0xff, sizeof(*out));
	return cloudabi_sys_sock_recv(sock, &in, out);
}

/* All of a short text, and descriptors with it. */
static inline void send_text(cloudabi_fd_t sock, const char *text,
			     const cloudabi_fd_t *fds, size_t count)
{
	size_t n = 0;

	CHECK_OK(sock_send(sock, text, strlen(text), fds, count, &n));
	CHECK_EQ(n, strlen(text));
}

/* That text, so many descriptors, those flags. */
static inline void check_received(cloudabi_errno_t error, const char *text,
				  const char *buf, size_t count,
				  cloudabi_roflags_t flags,
				  const cloudabi_recv_out_t *out, int line)
{
	bool ok = check_errno(error, 0, "sock_recv", line);

	if (!ok)
		return;
	ok &= check_equal(out->ro_datalen, strlen(text), "ro_datalen", line);
	ok &= check_equal(out->ro_fdslen, count, "ro_fdslen", line);
	ok &= check_equal(out->ro_flags, flags, "ro_flags", line);
	if (ok)
		check_true(!memcmp(buf, text, strlen(text)), "data", line);
}

#define CHECK_RECV(sock, size, fds, room, riflags, text, count, roflags)     \
	do {                                                                 \
		cloudabi_recv_out_t out_;                                    \
		char buf_[size];                                             \
		cloudabi_errno_t error_ = sock_recv(sock, buf_, size, fds,   \
						    room, riflags, &out_);   \
		check_received(error_, text, buf_, count, roflags, &out_,    \
			       __LINE__);                                    \
	} while (0)

static inline void make_pair(cloudabi_filetype_t type, cloudabi_fd_t pair[2])
{
	pair[0] = CLOSED_FD;
	pair[1] = CLOSED_FD;
	CHECK_OK(cloudabi_sys_fd_create2(type, &pair[0], &pair[1]));
}

static inline void close_all(const cloudabi_fd_t *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		CHECK_OK(cloudabi_sys_fd_close(fds[i]));
}

#endif /* _TESTS_SOCK_H */
