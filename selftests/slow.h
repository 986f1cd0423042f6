/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How patient a test has to be, and how much it can do.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SELFTESTS_SLOW_H
#define _SELFTESTS_SLOW_H

#include <stdlib.h>

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

#endif /* _SELFTESTS_SLOW_H */
