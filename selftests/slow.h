/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How patient a test has to be, and how much it can do.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SELFTESTS_SLOW_H
#define _SELFTESTS_SLOW_H

#include <stdlib.h>
#include <time.h>

/**
 * slow() - how many times as slow as others the kernel is; see groups
 *
 * Return: 1 or more.
 */
static inline unsigned int slow(void)
{
	const char *text = getenv("SLOW");
	int factor = text ? atoi(text) : 1;

	return factor > 1 ? factor : 1;
}

/* Milliseconds, of a clock that nobody sets. */
static inline long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

#endif /* _SELFTESTS_SLOW_H */
