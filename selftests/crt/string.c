// SPDX-License-Identifier: GPL-2.0
/*
 * Bytes and strings. Must be built so that the compiler does not turn the
 * loops into calls of the functions that they are the body of.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include <stdint.h>
#include <string.h>

/* A word at any address, of whatever type the bytes are. */
typedef uint64_t __attribute__((may_alias, aligned(1))) word_t;

#define ONES (~(uint64_t)0 / 0xff)

/* Upwards, so that the ranges may overlap if @d is the lower one. */
static void copy_up(unsigned char *d, const unsigned char *s, size_t len)
{
	for (; len >= sizeof(word_t); len -= sizeof(word_t)) {
		*(word_t *)d = *(const word_t *)s;
		d += sizeof(word_t);
		s += sizeof(word_t);
	}
	while (len--)
		*d++ = *s++;
}

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	copy_up(to, from, len);
	return to;
}

void *memmove(void *to, const void *from, size_t len)
{
	const unsigned char *s = from;
	unsigned char *d = to;

	if ((uintptr_t)to - (uintptr_t)from >= len) {
		copy_up(d, s, len);
		return to;
	}
	while (len--)
		d[len] = s[len];
	return to;
}

void *memset(void *to, int value, size_t len)
{
	uint64_t word = ONES * (unsigned char)value;
	unsigned char *d = to;

	for (; len >= sizeof(word_t); len -= sizeof(word_t)) {
		*(word_t *)d = word;
		d += sizeof(word_t);
	}
	while (len--)
		*d++ = value;
	return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const unsigned char *l = a, *r = b;

	for (; len; len--, l++, r++) {
		if (*l != *r)
			return *l - *r;
	}
	return 0;
}

/* A word holds a zero byte if and only if this is not zero. */
static uint64_t zero_bytes(uint64_t word)
{
	return (word - ONES) & ~word & (ONES << 7);
}

void *memchr(const void *from, int value, size_t len)
{
	uint64_t wanted = ONES * (unsigned char)value;
	const unsigned char *s = from;

	while (len >= sizeof(word_t) &&
	       !zero_bytes(*(const word_t *)s ^ wanted)) {
		s += sizeof(word_t);
		len -= sizeof(word_t);
	}
	for (; len; len--, s++) {
		if (*s == (unsigned char)value)
			return (void *)s;
	}
	return NULL;
}

size_t strlen(const char *string)
{
	size_t len = 0;

	while (string[len])
		len++;
	return len;
}

int strncmp(const char *a, const char *b, size_t len)
{
	for (; len; len--, a++, b++) {
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}
