/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bytes and strings: what compilers call on their own, and little more.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CRT_STRING_H
#define _CRT_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int value, size_t len);
int memcmp(const void *a, const void *b, size_t len);
void *memchr(const void *from, int value, size_t len);
size_t strlen(const char *string);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t len);

#endif /* _CRT_STRING_H */
