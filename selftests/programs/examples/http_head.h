/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The head of an HTTP/1.1 request: the line with method and target, and the
 * fields, up to the empty line (RFC 9112).
 *
 * It comes from somebody else in any number of pieces, and is taken literally:
 * what is not allowed is not guessed at.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _EXAMPLES_HTTP_HEAD_H
#define _EXAMPLES_HTTP_HEAD_H

#include "args.h"
#include "crt.h"

/* Longest head, and longest target in it. */
#define HTTP_HEAD_MAX 8192
#define HTTP_TARGET_MAX 4096

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_OTHER,
};

/**
 * struct http_range - the part of a file that is asked for
 * @given: one is
 * @has_first: it tells where to start; else it is the last @last bytes
 * @has_last: it tells where to end
 * @first: the first byte
 * @last: the last byte
 */
struct http_range {
	bool given;
	bool has_first;
	bool has_last;
	uint64_t first;
	uint64_t last;
};

/**
 * struct http_request - a request
 * @method: what to do
 * @path: with what: the path of the target without the slash at its beginning,
 *	and with what was percent-encoded decoded; any bytes
 * @path_len: length of @path, at least 1
 * @keep: the connection may go on after the answer
 * @body: a body follows
 * @range: the part that is wanted; of no meaning but for HTTP_GET
 */
struct http_request {
	enum http_method method;
	char path[HTTP_TARGET_MAX];
	size_t path_len;
	bool keep;
	bool body;
	struct http_range range;
};

/**
 * http_head_end() - look for the end of a head
 * @text: what has come so far
 * @len: how much
 * @seen: how much of it the last call has seen, 0 at first; updated
 * @end: set to the length of the head, if its end has come
 *
 * Return: 0, or the status that there is no hope of any other answer than.
 */
unsigned int http_head_end(const char *text, size_t len, size_t *seen,
			   size_t *end);

/**
 * http_head_parse() - read a head
 * @text: the head
 * @len: its length; ends with the empty line
 * @request: filled in
 *
 * Return: 0, or the status to answer; @request->method is right in any case.
 */
unsigned int http_head_parse(const char *text, size_t len,
			     struct http_request *request);

/**
 * http_range_of() - the part of a file of some size that is asked for
 * @range: what is asked for
 * @size: the size
 * @first: set to the first byte
 * @len: set to how many
 *
 * Return: the status: 200 for all of it, 206 for a part, 416 for none.
 */
unsigned int http_range_of(const struct http_range *range, uint64_t size,
			   uint64_t *first, uint64_t *len);

#endif /* _EXAMPLES_HTTP_HEAD_H */
