/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hash function SHA-256 (FIPS 180-4).
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _EXAMPLES_SHA256_H
#define _EXAMPLES_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BLOCK 64
#define SHA256_DIGEST 32

/**
 * struct sha256 - a hash in the making
 * @state: hash of the blocks so far
 * @length: number of bytes so far
 * @block: the bytes of the block that is not full yet
 */
struct sha256 {
	uint32_t state[8];
	uint64_t length;
	uint8_t block[SHA256_BLOCK];
};

void sha256_start(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *bytes, size_t len);
void sha256_finish(struct sha256 *s, uint8_t digest[SHA256_DIGEST]);

#endif /* _EXAMPLES_SHA256_H */
