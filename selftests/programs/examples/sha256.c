// SPDX-License-Identifier: GPL-2.0
/*
 * The hash function SHA-256 (FIPS 180-4).
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include <string.h>

#include "sha256.h"

#define ROUNDS 64

/* Fractions of the cube roots of the first 64 primes. */
static const uint32_t constants[ROUNDS] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5,
	0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
	0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
	0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
	0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static uint32_t load(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void store(uint8_t *p, uint32_t x)
{
	p[0] = x >> 24;
	p[1] = x >> 16;
	p[2] = x >> 8;
	p[3] = x;
}

/* The message schedule: 16 words of the block, stretched to 64. */
static void expand(uint32_t w[ROUNDS], const uint8_t *block)
{
	for (size_t i = 0; i < 16; i++)
		w[i] = load(block + 4 * i);
	for (size_t i = 16; i < ROUNDS; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];

		a = rotate(a, 7) ^ rotate(a, 18) ^ a >> 3;
		b = rotate(b, 17) ^ rotate(b, 19) ^ b >> 10;
		w[i] = w[i - 16] + a + w[i - 7] + b;
	}
}

/*
 * A round writes two of the eight words. Instead of moving the others along,
 * the next round is given them under shifted names, so that eight in a row
 * put everything back into place.
 */
#define ROUND(a, b, c, d, e, f, g, h, i) do {				\
	uint32_t t = h + constants[i] + w[i] +				\
		(rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +	\
		(g ^ (e & (f ^ g)));					\
	d += t;								\
	h = t + (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +	\
		((a & b) | (c & (a | b)));				\
} while (0)

static void add_block(uint32_t state[8], const uint8_t *block)
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
	uint32_t w[ROUNDS];

	expand(w, block);
	for (size_t i = 0; i < ROUNDS; i += 8) {
		ROUND(a, b, c, d, e, f, g, h, i);
		ROUND(h, a, b, c, d, e, f, g, i + 1);
		ROUND(g, h, a, b, c, d, e, f, i + 2);
		ROUND(f, g, h, a, b, c, d, e, i + 3);
		ROUND(e, f, g, h, a, b, c, d, i + 4);
		ROUND(d, e, f, g, h, a, b, c, i + 5);
		ROUND(c, d, e, f, g, h, a, b, i + 6);
		ROUND(b, c, d, e, f, g, h, a, i + 7);
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

void sha256_start(struct sha256 *s)
{
	/* Fractions of the square roots of the first 8 primes. */
	static const uint32_t state[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};

	memcpy(s->state, state, sizeof(state));
	s->length = 0;
}

void sha256_add(struct sha256 *s, const void *bytes, size_t len)
{
	size_t used = s->length % SHA256_BLOCK;
	const uint8_t *p = bytes;

	s->length += len;
	if (used) {
		size_t n = SHA256_BLOCK - used;

		if (n > len)
			n = len;
		memcpy(s->block + used, p, n);
		if (used + n < SHA256_BLOCK)
			return;
		add_block(s->state, s->block);
		p += n;
		len -= n;
	}
	for (; len >= SHA256_BLOCK; len -= SHA256_BLOCK) {
		add_block(s->state, p);
		p += SHA256_BLOCK;
	}
	memcpy(s->block, p, len);
}

/* The message ends with a 1 bit, zeros, and its length in bits. */
void sha256_finish(struct sha256 *s, uint8_t digest[SHA256_DIGEST])
{
	static const uint8_t padding[SHA256_BLOCK] = { 0x80 };
	uint64_t bits = s->length * 8;
	size_t used = s->length % SHA256_BLOCK;
	size_t end = SHA256_BLOCK - 8;
	uint8_t length[8];

	store(length, bits >> 32);
	store(length + 4, bits);
	sha256_add(s, padding, used < end ? end - used :
					    SHA256_BLOCK + end - used);
	sha256_add(s, length, sizeof(length));
	for (size_t i = 0; i < 8; i++)
		store(digest + 4 * i, s->state[i]);
}
