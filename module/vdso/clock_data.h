/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the vDSO knows of time: one page right before its image, which the
 * kernel writes and all programs read. Also for the assembler, and for tests.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_CLOCK_DATA_H
#define _CLOUDABI_CLOCK_DATA_H

#define CLOCK_DATA_SEQUENCE 0
#define CLOCK_DATA_CLOCKS 4
#define CLOCK_DATA_CYCLE_LAST 8
#define CLOCK_DATA_MULT 16
#define CLOCK_DATA_NSEC 24
#define CLOCK_DATA_SHIFT 32
#define CLOCK_DATA_RESOLUTION 36
#define CLOCK_DATA_BASE 40

/* Clocks are numbered from 1. Those up to this one have a base. */
#define CLOCK_DATA_LAST 3

/* Those which may be read without the kernel, as bits: monotonic and realtime. */
#define CLOCK_DATA_TIMED 0xa

#ifndef __ASSEMBLER__

/**
 * struct cloudabi_clock_data - How to make a time of a counter's value.
 * @sequence: odd while the kernel writes; another value afterwards.
 * @clocks: bit N is set if clock N can be read from the counter. All zeroes
 *	where none can: programs then make the call.
 * @cycle_last: the counter's value at the bases.
 * @mult: nanoseconds for a cycle, times 2 ^ @shift. 32 bits are used.
 * @nsec: fraction to be added to the bases, times 2 ^ @shift.
 * @shift: the number of bits after the binary point.
 * @resolution: in nanoseconds, of the clocks in CLOCK_DATA_TIMED, by whatever
 *	means they are read; 0 if not known.
 * @base: time of clock 1 + index at @cycle_last, in nanoseconds.
 *
 * In one cache line.
 */
struct cloudabi_clock_data {
	__u32 sequence;
	__u32 clocks;
	__u64 cycle_last;
	__u64 mult;
	__u64 nsec;
	__u32 shift;
	__u32 resolution;
	__u64 base[CLOCK_DATA_LAST];
};

#endif /* __ASSEMBLER__ */

#endif /* _CLOUDABI_CLOCK_DATA_H */
