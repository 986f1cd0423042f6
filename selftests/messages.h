/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages with descriptors, natively.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SELFTESTS_MESSAGES_H
#define _SELFTESTS_MESSAGES_H

#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_FDS 253

/**
 * struct message - data and descriptors
 * @data: the data
 * @len: how much
 * @fds: the descriptors
 * @count: how many
 * @flags: what recvmsg() told
 */
struct message {
	uint8_t data[65536];
	size_t len;
	int fds[MESSAGE_FDS];
	unsigned int count;
	int flags;
};

#define MESSAGE_CONTROL CMSG_SPACE(MESSAGE_FDS * sizeof(int))

static inline int64_t message_send(int sock, const struct message *m)
{
	char control[MESSAGE_CONTROL] = "";
	struct iovec iov = { (void *)m->data, m->len };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = m->count ? control : NULL,
		.msg_controllen = m->count ?
				  CMSG_SPACE(m->count * sizeof(int)) : 0,
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	ssize_t n;

	if (cmsg) {
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(m->count * sizeof(int));
		memcpy(CMSG_DATA(cmsg), m->fds, m->count * sizeof(int));
	}
	n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	return n < 0 ? -errno : n;
}

static inline int64_t message_recv(int sock, struct message *m)
{
	char control[MESSAGE_CONTROL];
	struct iovec iov = { m->data, sizeof(m->data) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	ssize_t n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	m->count = 0;
	if (n < 0)
		return -errno;
	m->len = n;
	m->flags = msg.msg_flags;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg && cmsg->cmsg_type == SCM_RIGHTS) {
		m->count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(m->fds, CMSG_DATA(cmsg), m->count * sizeof(int));
	}
	return n;
}

/* All but the first @keep of its descriptors. */
static inline void message_close(struct message *m, unsigned int keep)
{
	for (unsigned int i = keep; i < m->count; i++)
		close(m->fds[i]);
}

/* What it received goes back to where it came from. */
static inline int64_t message_relay(int sock, struct message *m)
{
	int64_t n = message_recv(sock, m);

	if (n >= 0)
		n = message_send(sock, m);
	message_close(m, 0);
	return n < 0 ? n : m->count;
}

static inline int64_t count_sockets(void)
{
	FILE *file = fopen("/proc/net/unix", "re");
	char line[512];
	int64_t n = -1;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		n++;
	fclose(file);
	return n;
}

/* Each process and each capability is one. */
static inline int64_t module_users(void)
{
	FILE *file = fopen("/proc/modules", "re");
	int64_t users = -ENOENT;
	char line[512];
	long n;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "cloudabi %*u %ld", &n) == 1)
			users = n;
	}
	fclose(file);
	return users;
}

#endif /* _SELFTESTS_MESSAGES_H */
