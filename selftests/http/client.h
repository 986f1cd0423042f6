/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A client of HTTP/1.1 that can be as rude as it likes.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SELFTESTS_HTTP_CLIENT_H
#define _SELFTESTS_HTTP_CLIENT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* Seconds without a byte after which the server is taken for dead. */
#define CLIENT_PATIENCE 60

/**
 * struct client - a connection
 * @fd: its socket
 * @in: what was read and belongs to the next answer
 * @used: how much that is
 */
struct client {
	int fd;
	char in[65536];
	size_t used;
};

/**
 * struct response - an answer
 * @status: its status, 0 if there was none
 * @keep: the connection goes on
 * @length: what it says of the length of the content
 * @head: all lines of the head
 * @body: the content
 * @body_len: length of @body
 */
struct response {
	unsigned int status;
	bool keep;
	uint64_t length;
	char head[4096];
	char body[400000];
	size_t body_len;
};

static inline bool client_open(struct client *c, unsigned int port)
{
	struct timeval patience = { .tv_sec = CLIENT_PATIENCE };
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	c->used = 0;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return !connect(c->fd, (struct sockaddr *)&address, sizeof(address));
}

static inline void client_close(struct client *c)
{
	close(c->fd);
	c->fd = -1;
}

/* What cannot be sent any more shows in the answer. */
static inline void client_send(struct client *c, const void *data, size_t len)
{
	const char *at = data;
	ssize_t n;

	for (; len; at += n, len -= n) {
		n = send(c->fd, at, len, MSG_NOSIGNAL);
		if (n < 0)
			return;
	}
}

__attribute__((__format__(printf, 2, 3)))
static inline void client_say(struct client *c, const char *format, ...)
{
	char text[20000];
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	client_send(c, text, len);
}

static inline bool client_fill(struct client *c)
{
	ssize_t n = recv(c->fd, c->in + c->used, sizeof(c->in) - c->used, 0);

	if (n <= 0)
		return false;
	c->used += n;
	return true;
}

static inline void client_take(struct client *c, void *to, size_t len)
{
	memcpy(to, c->in, len);
	memmove(c->in, c->in + len, c->used - len);
	c->used -= len;
}

/* Whether the head of an answer has such a line. */
static inline bool response_has(const struct response *r, const char *line)
{
	char text[256];

	snprintf(text, sizeof(text), "\r\n%s\r\n", line);
	return strcasestr(r->head, text);
}

static inline bool read_head(struct client *c, struct response *r)
{
	const char *end, *length;

	while (!(end = memmem(c->in, c->used, "\r\n\r\n", 4))) {
		if (c->used >= sizeof(r->head) || !client_fill(c))
			return false;
	}
	end += 4;
	if (end - c->in >= sizeof(r->head))
		return false;
	r->head[end - c->in] = 0;
	client_take(c, r->head, end - c->in);
	length = strcasestr(r->head, "\r\nContent-Length: ");
	if (!length || sscanf(r->head, "HTTP/1.1 %u ", &r->status) != 1)
		return false;
	r->length = strtoull(length + strlen("\r\nContent-Length: "), NULL, 10);
	r->keep = response_has(r, "Connection: keep-alive");
	return r->keep != response_has(r, "Connection: close");
}

/* Reads an answer, of which only the head comes if @bare; false if it is none. */
static inline bool client_hear(struct client *c, bool bare, struct response *r)
{
	size_t len, n;

	r->status = 0;
	r->body_len = 0;
	if (!read_head(c, r))
		return false;
	len = bare ? 0 : r->length;
	if (len > sizeof(r->body))
		return false;
	while (r->body_len < len) {
		if (!c->used && !client_fill(c))
			return false;
		n = len - r->body_len < c->used ? len - r->body_len : c->used;
		client_take(c, r->body + r->body_len, n);
		r->body_len += n;
	}
	return true;
}

/* Whether the server closes the connection and says nothing before. */
static inline bool client_ended(struct client *c)
{
	return !c->used && !recv(c->fd, c->in, 1, 0);
}

/* One request on a connection of its own; returns the status, 0 for none. */
static inline unsigned int client_ask(unsigned int port, const void *request,
				      size_t len, bool bare,
				      struct response *r)
{
	struct client *c = malloc(sizeof(*c));

	r->status = 0;
	if (client_open(c, port)) {
		client_send(c, request, len);
		if (!client_hear(c, bare, r))
			r->status = 0;
	}
	client_close(c);
	free(c);
	return r->status;
}

#endif /* _SELFTESTS_HTTP_CLIENT_H */
