// SPDX-License-Identifier: GPL-2.0
/*
 * Decoder of argument data.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include <string.h>

#include "argdata.h"

enum argdata_type argdata_type(const struct argdata *ad)
{
	if (!ad->len)
		return ARGDATA_NULL;
	if (ad->data[0] < ARGDATA_BINARY || ad->data[0] > ARGDATA_TIMESTAMP)
		return ARGDATA_INVALID;
	return ad->data[0];
}

/* The bytes behind the tag, if that is @type (which is not ARGDATA_NULL). */
static bool payload(const struct argdata *ad, enum argdata_type type,
		    struct argdata *bytes)
{
	if (argdata_type(ad) != type)
		return false;
	bytes->data = ad->data + 1;
	bytes->len = ad->len - 1;
	return true;
}

bool argdata_get_binary(const struct argdata *ad, const void **bytes,
			size_t *len)
{
	struct argdata p;

	if (!payload(ad, ARGDATA_BINARY, &p))
		return false;
	*bytes = p.data;
	*len = p.len;
	return true;
}

bool argdata_get_bool(const struct argdata *ad, bool *value)
{
	struct argdata p;

	if (!payload(ad, ARGDATA_BOOL, &p))
		return false;
	if (p.len > 1 || (p.len && p.data[0] != 1))
		return false;
	*value = p.len;
	return true;
}

/* A big-endian number of at most 8 bytes. */
static uint64_t big_endian(const struct argdata *bytes, uint64_t value)
{
	for (size_t i = 0; i < bytes->len; i++)
		value = value << 8 | bytes->data[i];
	return value;
}

bool argdata_get_fd(const struct argdata *ad, uint32_t *fd)
{
	struct argdata p;

	if (!payload(ad, ARGDATA_FD, &p) || p.len != sizeof(*fd))
		return false;
	*fd = big_endian(&p, 0);
	return true;
}

static bool is_negative(const struct argdata *bytes)
{
	return bytes->len && bytes->data[0] & 0x80;
}

/* Whether a first byte is there that only repeats the sign. */
static bool is_overlong(const struct argdata *bytes)
{
	if (!bytes->len)
		return false;
	if (bytes->len == 1)
		return bytes->data[0] == 0;
	return bytes->data[0] == (bytes->data[1] & 0x80 ? 0xff : 0);
}

/* The bytes of an integer that is encoded as it has to be. */
static bool shortest(const struct argdata *ad, enum argdata_type type,
		     struct argdata *bytes)
{
	return payload(ad, type, bytes) && !is_overlong(bytes);
}

bool argdata_get_int(const struct argdata *ad, int64_t *value)
{
	struct argdata p;

	if (!shortest(ad, ARGDATA_INT, &p) || p.len > sizeof(*value))
		return false;
	*value = big_endian(&p, is_negative(&p) ? -1 : 0);
	return true;
}

bool argdata_get_uint(const struct argdata *ad, uint64_t *value)
{
	struct argdata p;

	if (!shortest(ad, ARGDATA_INT, &p) || is_negative(&p))
		return false;
	/* A number with the top bit set has a 0 in front of it. */
	if (p.len == sizeof(*value) + 1 && !p.data[0]) {
		p.data++;
		p.len--;
	}
	if (p.len > sizeof(*value))
		return false;
	*value = big_endian(&p, 0);
	return true;
}

/* The length of the sequence that a byte starts, 0 if it cannot start one. */
static size_t utf8_len(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0)
		return 2;
	if (first >= 0xe0 && first < 0xf0)
		return 3;
	if (first >= 0xf0 && first < 0xf5)
		return 4;
	return 0;
}

/* Overlong forms, surrogates and numbers beyond U+10FFFF show here. */
static bool utf8_second(uint8_t first, uint8_t second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0;
	case 0xed:
		return second < 0xa0;
	case 0xf0:
		return second >= 0x90;
	case 0xf4:
		return second < 0x90;
	}
	return true;
}

static bool is_utf8(const uint8_t *s, size_t len)
{
	while (len) {
		size_t n = utf8_len(*s);

		if (!n || n > len)
			return false;
		if (n > 1 && !utf8_second(s[0], s[1]))
			return false;
		for (size_t i = 1; i < n; i++) {
			if ((s[i] & 0xc0) != 0x80)
				return false;
		}
		s += n;
		len -= n;
	}
	return true;
}

bool argdata_get_string(const struct argdata *ad, const char **string,
			size_t *len)
{
	struct argdata p;

	if (!payload(ad, ARGDATA_STRING, &p))
		return false;
	if (!p.len || p.data[p.len - 1] || !is_utf8(p.data, p.len - 1))
		return false;
	*string = (const char *)p.data;
	*len = p.len - 1;
	return true;
}

static void start(const struct argdata *ad, enum argdata_type type,
		  struct argdata_iter *it)
{
	it->rest = (struct argdata){ 0 };
	it->error = !payload(ad, type, &it->rest);
}

void argdata_seq(const struct argdata *ad, struct argdata_iter *it)
{
	start(ad, ARGDATA_SEQ, it);
}

void argdata_map(const struct argdata *ad, struct argdata_iter *it)
{
	start(ad, ARGDATA_MAP, it);
}

/* Takes the length of a subfield off the front. */
static bool take_length(struct argdata *rest, size_t *len)
{
	*len = 0;
	if (rest->len && rest->data[0] == 0)
		return false;
	while (rest->len) {
		uint8_t byte = *rest->data++;

		rest->len--;
		if (*len > SIZE_MAX >> 7)
			return false;
		*len = *len << 7 | (byte & 0x7f);
		if (byte & 0x80)
			return *len <= rest->len;
	}
	return false;
}

static bool take_field(struct argdata *rest, struct argdata *field)
{
	size_t len;

	if (!take_length(rest, &len))
		return false;
	*field = (struct argdata){ .data = rest->data, .len = len };
	rest->data += len;
	rest->len -= len;
	return true;
}

bool argdata_seq_next(struct argdata_iter *it, struct argdata *value)
{
	if (it->error || !it->rest.len)
		return false;
	it->error = !take_field(&it->rest, value);
	return !it->error;
}

bool argdata_map_next(struct argdata_iter *it, struct argdata *key,
		      struct argdata *value)
{
	if (it->error || !it->rest.len)
		return false;
	it->error = !take_field(&it->rest, key) ||
		    !take_field(&it->rest, value);
	return !it->error;
}

bool argdata_map_find(const struct argdata *ad, const char *key,
		      struct argdata *value)
{
	struct argdata_iter it;
	struct argdata k, v;
	const char *string;
	size_t len;

	argdata_map(ad, &it);
	while (argdata_map_next(&it, &k, &v)) {
		if (argdata_get_string(&k, &string, &len) &&
		    len == strlen(key) && !memcmp(string, key, len)) {
			*value = v;
			return true;
		}
	}
	return false;
}

static bool is_scalar(const struct argdata *ad)
{
	struct argdata p;
	const char *string;
	const void *bytes;
	uint64_t number;
	int64_t integer;
	bool truth;
	size_t len;
	uint32_t fd;

	switch (argdata_type(ad)) {
	case ARGDATA_NULL:
		return true;
	case ARGDATA_BINARY:
		return argdata_get_binary(ad, &bytes, &len);
	case ARGDATA_BOOL:
		return argdata_get_bool(ad, &truth);
	case ARGDATA_FD:
		return argdata_get_fd(ad, &fd);
	case ARGDATA_FLOAT:
		return ad->len == 9;
	case ARGDATA_INT:
		return argdata_get_int(ad, &integer) ||
		       argdata_get_uint(ad, &number);
	case ARGDATA_STRING:
		return argdata_get_string(ad, &string, &len);
	case ARGDATA_TIMESTAMP:
		return shortest(ad, ARGDATA_TIMESTAMP, &p) &&
		       p.len <= 12;
	default:
		return false;
	}
}

/*
 * Goes through nested values with a stack of its own, of the same bounded
 * size whatever the data says. A map is a sequence of an even number of
 * values here, so that one loop serves both.
 */
bool argdata_valid(const struct argdata *ad)
{
	struct {
		struct argdata rest;
		bool map, odd;
	} stack[ARGDATA_DEPTH];
	struct argdata value = *ad;
	size_t depth = 0;

	for (;;) {
		enum argdata_type type = argdata_type(&value);

		if (type == ARGDATA_MAP || type == ARGDATA_SEQ) {
			if (depth == ARGDATA_DEPTH)
				return false;
			payload(&value, type, &stack[depth].rest);
			stack[depth].map = type == ARGDATA_MAP;
			stack[depth++].odd = false;
		} else if (!is_scalar(&value)) {
			return false;
		}
		while (depth && !stack[depth - 1].rest.len) {
			if (stack[depth - 1].map && stack[depth - 1].odd)
				return false;
			depth--;
		}
		if (!depth)
			return true;
		if (!take_field(&stack[depth - 1].rest, &value))
			return false;
		stack[depth - 1].odd = !stack[depth - 1].odd;
	}
}
