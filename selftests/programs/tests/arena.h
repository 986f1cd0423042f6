/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory that the threads of sync_stress fight over, and in which they write
 * down who owns what.
 *
 * Whoever has taken a lock says so in it, and must not find anybody else who has
 * said so; whoever is about to release it takes that back. Each thread counts
 * what it does: one that does not get on any more has been forgotten.
 *
 * This file is also for native programs.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _TESTS_ARENA_H
#define _TESTS_ARENA_H

#include <stdint.h>

#define ARENA_FD 3

#define ARENA_LOCKS 16
#define ARENA_PROCESSES 4
#define ARENA_THREADS 64

/**
 * struct arena_lock - a lock, a condition variable, and who has it
 * @lock: the word of the lock
 * @condvar: the word of the condition variable
 * @owner: the thread that has it for writing
 * @readers: how many have it for reading
 * @tokens: what is waited for on the condition variable
 * @guarded: changed by writers, in two steps; readers see it unchanged
 */
struct arena_lock {
	uint32_t lock;
	uint32_t condvar;
	uint32_t owner;
	uint32_t readers;
	uint32_t tokens;
	uint32_t unused;
	uint64_t guarded[2];
};

/**
 * struct arena_thread - a thread
 * @tid: its id
 * @doing: what, as a letter
 * @with: which lock
 * @steps: how often it has done something
 */
struct arena_thread {
	uint32_t tid;
	uint32_t doing;
	uint32_t with;
	uint32_t unused;
	uint64_t steps;
};

/**
 * struct arena - all of it
 * @stop: everybody is to end
 * @violations: what should not have happened
 * @line: where the first of these was noticed
 * @value: what was found there
 * @buried: how often a lock was taken from a dead thread
 * @dead: process to be buried, its number plus 1; 0 once that is done
 * @locks: the locks
 * @threads: the threads of each process
 */
struct arena {
	uint32_t stop;
	uint32_t violations;
	uint32_t line;
	uint32_t value;
	uint32_t buried;
	uint32_t dead;
	struct arena_lock locks[ARENA_LOCKS];
	struct arena_thread threads[ARENA_PROCESSES][ARENA_THREADS];
};

#endif /* _TESTS_ARENA_H */
