// SPDX-License-Identifier: GPL-2.0
/*
 * sum: prints the SHA-256 of its input, in the way sha256sum does.
 *
 *	sum <FILE
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "filter.h"
#include "sha256.h"

static void print(const struct filter *f, const uint8_t *digest)
{
	char line[2 * SHA256_DIGEST + 4];
	char *p = line;

	for (size_t i = 0; i < SHA256_DIGEST; i++) {
		*p++ = "0123456789abcdef"[digest[i] >> 4];
		*p++ = "0123456789abcdef"[digest[i] & 15];
	}
	memcpy(p, "  -\n", 4);
	filter_write(f, line, sizeof(line));
}

int program_main(const struct argdata *ad)
{
	struct filter f = { .name = "sum", .failure = 1 };
	uint8_t digest[SHA256_DIGEST];
	struct sha256 hash;
	struct word word;
	char *buf;
	size_t n;

	filter_open(&f, ad);
	if (args_next(&f.args, &word) || f.args.bad)
		filter_usage(&f, "<FILE");
	buf = filter_buffer(&f, FILTER_BUFFER);
	sha256_start(&hash);
	while ((n = filter_read(&f, buf, FILTER_BUFFER)))
		sha256_add(&hash, buf, n);
	sha256_finish(&hash, digest);
	print(&f, digest);
	return 0;
}
