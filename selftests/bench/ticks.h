/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Time by the time stamp counter. Under QEMU's -icount it counts instructions.
 * Elsewhere it counts time, finer than the clock of many a virtual machine, and
 * the clock tells how fast.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _TICKS_H
#define _TICKS_H

#include <stdint.h>

static inline uint64_t ticks_now(void)
{
	return __builtin_ia32_rdtsc();
}

/* Ticks in a millisecond, by a clock in nanoseconds, however coarse. */
static inline uint64_t ticks_per_ms(uint64_t (*clock)(void))
{
	uint64_t before = clock(), start, end, ticks;

	do
		start = clock();
	while (start == before);
	ticks = ticks_now();
	do
		end = clock();
	while (end < start + 250000000);
	return (ticks_now() - ticks) * 1000 / ((end - start) / 1000);
}

#endif /* _TICKS_H */
