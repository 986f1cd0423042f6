/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program that makes the calls that a native process tells it to make, and
 * nothing else: what the two of them share.
 *
 * The memory is a file that both map. At its beginning are the calls; then there
 * are cages, where what a call points to is put. Behind each cage is a page that
 * the program has not mapped readable, so what is put at the end of one has
 * nothing behind it that a call may touch.
 *
 * A byte through the socket starts the calls, a byte back tells that the last
 * one returned, or that the program has been started anew by one.
 *
 * A child that a call makes is told what to do through a socket and a memory of its
 * own: their numbers are the arguments of proc_fork, which has none.
 *
 * This file is also for native programs.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _TESTS_PUPPET_H
#define _TESTS_PUPPET_H

#include <stdint.h>

/* Descriptors that the program starts with; others may follow. */
#define PUPPET_SOCKET 0
#define PUPPET_MEMORY 1
#define PUPPET_MESSAGES 2
#define PUPPET_GIVEN 3

#define PUPPET_PAGE 4096ul

/* Two small cages for paths and structures, a large one for buffers. */
#define PUPPET_CAGES 3
#define PUPPET_SMALL (4 * PUPPET_PAGE)
#define PUPPET_LARGE (256 * PUPPET_PAGE)

static inline uint64_t puppet_cage(unsigned int cage)
{
	return PUPPET_PAGE + cage * (PUPPET_SMALL + PUPPET_PAGE);
}

static inline uint64_t puppet_cage_size(unsigned int cage)
{
	return cage + 1 < PUPPET_CAGES ? PUPPET_SMALL : PUPPET_LARGE;
}

#define PUPPET_SIZE \
	(puppet_cage(PUPPET_CAGES - 1) + PUPPET_LARGE + PUPPET_PAGE)

/**
 * struct puppet_call - a call
 * @nr: its number
 * @args: what goes into the registers
 * @first: first result, or the error
 * @second: second result
 * @failed: whether it failed
 * @changed: registers that are not as before; see raw.h
 */
struct puppet_call {
	uint64_t nr;
	uint64_t args[6];
	uint64_t first;
	uint64_t second;
	uint64_t failed;
	uint64_t changed;
};

#define PUPPET_CALLS 32

/**
 * struct puppet_script - what is at the beginning of the memory
 * @base: where the program has the memory
 * @n: how many calls to make; 0 to end the process
 * @tid: id of the program's thread
 * @calls: the calls
 */
struct puppet_script {
	uint64_t base;
	uint64_t n;
	uint64_t tid;
	struct puppet_call calls[PUPPET_CALLS];
};

#endif /* _TESTS_PUPPET_H */
