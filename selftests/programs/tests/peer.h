/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A process that takes and releases locks as it is told: what it and the native
 * process that tells it have in common.
 *
 * Descriptor 0 is where orders come from, 1 where answers go to: one byte for
 * each order, the error, or PEER_TIMEOUT. Descriptor 3 is the memory.
 *
 * This file is also for native programs.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _TESTS_PEER_H
#define _TESTS_PEER_H

#include <stdint.h>

#define PEER_MEMORY 3
#define PEER_SIZE 8192
#define PEER_WORDS (PEER_SIZE / 4)

/* No error of the ABI has this number. */
#define PEER_TIMEOUT 250

/**
 * struct peer_order - what to do
 * @what: 'w' or 'r': take a lock, 'u': release it, 'c': wait on a condition
 *	variable, 's': signal it, 't': tell the thread's id, in 4 bytes
 * @word: index of the lock or the condition variable
 * @lock: index of the lock of a condition variable
 * @n: how many to signal
 * @timeout: how long to wait, in ms; 0 for ever
 */
struct peer_order {
	uint32_t what;
	uint32_t word;
	uint32_t lock;
	uint32_t n;
	uint64_t timeout;
};

#endif /* _TESTS_PEER_H */
