/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the processes of a storm have in common, and write down for the native one
 * that started it.
 *
 * This file is also for native programs.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _TESTS_STORM_H
#define _TESTS_STORM_H

#include <stdint.h>

/* Descriptors that each process has; the first one makes the hub. */
enum storm_fd {
	STORM_ARENA,
	STORM_NULL,
	STORM_MESSAGES,
	STORM_PROGRAM,
	STORM_FILE,
	STORM_GIVEN,
	STORM_HUB = STORM_GIVEN,
	STORM_HUB_END,
	STORM_FREE,
};

/* What can be met; X(name). All but the last one must be. */
#define STORM_FOR_EACH_COUNT(X)                                         \
	X(forks) X(ends) X(exit_codes) X(kills_seen) X(kills_by_close)  \
	X(programs) X(programs_among_threads) X(sent) X(received)       \
	X(received_processes) X(received_sockets) X(lost_exec_races)

enum storm_count {
#define STORM_COUNT(name) STORM_##name,
	STORM_FOR_EACH_COUNT(STORM_COUNT)
#undef STORM_COUNT
	STORM_COUNTS,
};

/* Processes are known by their ids modulo this. */
#define STORM_PROCESSES 32768

/* So many that were killed are remembered. */
#define STORM_KILLS 1024

/**
 * struct storm_arena - the memory that all of them share
 * @stop: everybody is to end
 * @violations: what should not have happened
 * @line: where in storm.c the first of these was noticed
 * @value: what was found there
 * @rights: base rights of STORM_FILE when the storm began
 * @counts: how often things happened
 * @codes: the code that each process is to exit with, 0 if it has not said so
 * @killed: the codes of those that were killed from outside, in a ring
 */
struct storm_arena {
	uint32_t stop;
	uint32_t violations;
	uint32_t line;
	uint32_t unused;
	uint64_t value;
	uint64_t rights;
	uint64_t counts[STORM_COUNTS];
	uint32_t codes[STORM_PROCESSES];
	uint32_t killed[STORM_KILLS];
};

#endif /* _TESTS_STORM_H */
