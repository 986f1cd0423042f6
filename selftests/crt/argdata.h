/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Decoder of argument data, the one structured value that a CloudABI program
 * gets in place of argv.
 *
 * Nothing is trusted and nothing is copied: a value is a view of bytes that
 * somebody else owns, and what it holds is checked when it is asked for.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CRT_ARGDATA_H
#define _CRT_ARGDATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How deep maps and sequences may nest for argdata_valid(). */
#define ARGDATA_DEPTH 64

/* The first byte of a value; no byte at all is null. */
enum argdata_type {
	ARGDATA_NULL = 0,
	ARGDATA_BINARY = 1,
	ARGDATA_BOOL = 2,
	ARGDATA_FD = 3,
	ARGDATA_FLOAT = 4,
	ARGDATA_INT = 5,
	ARGDATA_MAP = 6,
	ARGDATA_SEQ = 7,
	ARGDATA_STRING = 8,
	ARGDATA_TIMESTAMP = 9,
	ARGDATA_INVALID = 256,
};

/**
 * struct argdata - an encoded value
 * @data: its bytes
 * @len: the number of them
 */
struct argdata {
	const uint8_t *data;
	size_t len;
};

/**
 * struct argdata_iter - a place between two entries of a map or sequence
 * @rest: what has not been read yet
 * @error: the bytes at this place are no entry
 */
struct argdata_iter {
	struct argdata rest;
	bool error;
};

/* The type that the first byte tells; says nothing of what follows. */
enum argdata_type argdata_type(const struct argdata *ad);

/* Whether all of a value can be decoded, with everything inside of it. */
bool argdata_valid(const struct argdata *ad);

/*
 * Take a value of one type. All return false, and leave the result alone,
 * if the value is of another type, malformed or does not fit.
 */
bool argdata_get_binary(const struct argdata *ad, const void **bytes,
			size_t *len);
bool argdata_get_bool(const struct argdata *ad, bool *value);
bool argdata_get_fd(const struct argdata *ad, uint32_t *fd);
bool argdata_get_int(const struct argdata *ad, int64_t *value);
bool argdata_get_uint(const struct argdata *ad, uint64_t *value);
/* @len does not count the final NUL; others may be inside. */
bool argdata_get_string(const struct argdata *ad, const char **string,
			size_t *len);

/*
 * Go through a sequence or a map. argdata_seq() and argdata_map() start (a
 * value of another type has no entries and sets @error); the functions for
 * the next entry return false at the end, or at an error.
 */
void argdata_seq(const struct argdata *ad, struct argdata_iter *it);
void argdata_map(const struct argdata *ad, struct argdata_iter *it);
bool argdata_seq_next(struct argdata_iter *it, struct argdata *value);
bool argdata_map_next(struct argdata_iter *it, struct argdata *key,
		      struct argdata *value);

/* The first value of a map whose key is the string @key. */
bool argdata_map_find(const struct argdata *ad, const char *key,
		      struct argdata *value);

#endif /* _CRT_ARGDATA_H */
