/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the examples share: they read one descriptor and write another.
 *
 * Started by a shell they are 0, 1, and 2 for messages. In a map they can be
 * named: {input: FD, output: FD, messages: FD}.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _EXAMPLES_FILTER_H
#define _EXAMPLES_FILTER_H

#include "args.h"
#include "crt.h"
#include "io.h"

/* Large enough that the cost of a call does not show. */
#define FILTER_BUFFER ((size_t)256 << 10)

/**
 * struct filter - a program between two descriptors
 * @name: for messages
 * @failure: its exit code when something goes wrong
 * @args: its options
 * @input: to read from
 * @output: to write to
 */
struct filter {
	const char *name;
	cloudabi_exitcode_t failure;
	struct args args;
	cloudabi_fd_t input;
	cloudabi_fd_t output;
};

/* Reads the argument data; the caller has set @name and @failure. */
void filter_open(struct filter *f, const struct argdata *ad);

/* Do not return if they fail. */
char *filter_buffer(const struct filter *f, size_t len);
size_t filter_read(const struct filter *f, void *buf, size_t len);
void filter_write(const struct filter *f, const void *buf, size_t len);
_Noreturn void filter_usage(const struct filter *f, const char *usage);
_Noreturn void filter_fail(const struct filter *f, const char *what,
			   cloudabi_errno_t error);

#endif /* _EXAMPLES_FILTER_H */
