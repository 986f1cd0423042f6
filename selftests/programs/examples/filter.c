// SPDX-License-Identifier: GPL-2.0
/*
 * What the examples share.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "filter.h"

_Noreturn void filter_fail(const struct filter *f, const char *what,
			   cloudabi_errno_t error)
{
	crt_die(f->failure, "%s: %s: %s", f->name, what, crt_strerror(error));
}

_Noreturn void filter_usage(const struct filter *f, const char *usage)
{
	crt_die(f->failure, "usage: %s %s", f->name, usage);
}

void filter_open(struct filter *f, const struct argdata *ad)
{
	f->input = 0;
	f->output = 1;
	args_open(&f->args, ad);
	if (!args_fd(&f->args, "messages", &crt_messages) ||
	    !args_fd(&f->args, "input", &f->input) ||
	    !args_fd(&f->args, "output", &f->output))
		filter_usage(f, "{input: FD, output: FD, messages: FD, ...}");
}

char *filter_buffer(const struct filter *f, size_t len)
{
	char *buf = crt_pages_alloc(len);

	if (!buf)
		crt_die(f->failure, "%s: no memory for %zu bytes", f->name,
			len);
	return buf;
}

size_t filter_read(const struct filter *f, void *buf, size_t len)
{
	cloudabi_errno_t error;
	size_t n;

	error = crt_read(f->input, buf, len, &n);
	if (error)
		filter_fail(f, "read", error);
	return n;
}

void filter_write(const struct filter *f, const void *buf, size_t len)
{
	cloudabi_errno_t error = crt_write_all(f->output, buf, len);

	if (error)
		filter_fail(f, "write", error);
}
