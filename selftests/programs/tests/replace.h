/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the program `replaced` tells of itself, between it and `replace`.
 *
 * It writes a struct report to its descriptor 0, or to the one that the first
 * byte of its argument data tells if that is a digit and an `=` follows.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _TESTS_REPLACE_H
#define _TESTS_REPLACE_H

#include "crt.h"

#define REPORT_FDS 64

/**
 * struct report - what a program finds when it starts
 * @size: length of its argument data
 * @hash: report_hash() of them
 * @terminated: whether a NUL follows them
 * @tid: id of its thread
 * @uuid: of the process
 * @fds: all that fd_stat_get tells of each descriptor; zeros if it is not open
 * @offsets: where they stand, of those that can tell
 */
struct report {
	uint64_t size;
	uint64_t hash;
	uint32_t terminated;
	uint32_t tid;
	uint8_t uuid[16];
	cloudabi_fdstat_t fds[REPORT_FDS];
	uint64_t offsets[REPORT_FDS];
};

/* Of anything, empty data too. */
static inline uint64_t report_hash(const uint8_t *bytes, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ull;
	return hash;
}

#endif /* _TESTS_REPLACE_H */
