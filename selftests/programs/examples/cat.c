// SPDX-License-Identifier: GPL-2.0
/*
 * cat: copies its input to its output.
 *
 *	cat <FILE
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "filter.h"

int program_main(const struct argdata *ad)
{
	struct filter f = { .name = "cat", .failure = 1 };
	struct word word;
	char *buf;
	size_t n;

	filter_open(&f, ad);
	if (args_next(&f.args, &word) || f.args.bad)
		filter_usage(&f, "<FILE");
	buf = filter_buffer(&f, FILTER_BUFFER);
	while ((n = filter_read(&f, buf, FILTER_BUFFER)))
		filter_write(&f, buf, n);
	return 0;
}
