/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The head of an answer by HTTP/1.1, and answers that are not files.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _EXAMPLES_HTTP_REPLY_H
#define _EXAMPLES_HTTP_REPLY_H

#include "crt.h"

/* Longest head of an answer. */
#define HTTP_REPLY_MAX 512

/**
 * struct http_reply - what is to be said of an answer
 * @status: the status
 * @keep: the connection goes on
 * @type: the type of the content
 * @len: the length of the content
 * @first: for 206, the place of the content in the file
 * @size: for 206 and 416, the size of the file
 */
struct http_reply {
	unsigned int status;
	bool keep;
	const char *type;
	uint64_t len;
	uint64_t first;
	uint64_t size;
};

/* Writes the head to @text, of HTTP_REPLY_MAX bytes; returns its length. */
size_t http_reply_head(const struct http_reply *reply, char *text);

/* What a status is called. */
const char *http_reason(unsigned int status);

/* The type of a file, by the end of its name. */
const char *http_type_of(const char *path, size_t len);

/* What to answer if a file could not be opened. */
unsigned int http_status_of(cloudabi_errno_t error);

#endif /* _EXAMPLES_HTTP_REPLY_H */
