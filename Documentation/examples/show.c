// SPDX-License-Identifier: GPL-2.0
/*
 * show: copies a file beneath directory 3 to descriptor 1.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "args.h"
#include "crt.h"
#include "io.h"

/* A descriptor that can be read, and nothing else. */
static cloudabi_fd_t open_beneath(cloudabi_fd_t dir, const struct word *path)
{
	const cloudabi_lookup_t lookup = { .fd = dir };
	const cloudabi_fdstat_t want = {
		.fs_rights_base = CLOUDABI_RIGHT_FD_READ,
	};
	cloudabi_errno_t error;
	cloudabi_fd_t fd;

	error = cloudabi_sys_file_open(lookup, path->chars, path->len, 0, &want,
				       &fd);
	if (error)
		crt_die(1, "open %.*s: %s", (int)path->len, path->chars,
			crt_strerror(error));
	return fd;
}

static void copy(cloudabi_fd_t from, cloudabi_fd_t to)
{
	cloudabi_errno_t error;
	char buf[4096];
	size_t n;

	do {
		error = crt_read(from, buf, sizeof(buf), &n);
		if (error)
			crt_die(1, "read: %s", crt_strerror(error));
		error = crt_write_all(to, buf, n);
		if (error)
			crt_die(1, "write: %s", crt_strerror(error));
	} while (n);
}

int program_main(const struct argdata *ad)
{
	struct word path;
	struct args args;

	args_open(&args, ad);
	if (!args_next(&args, &path))
		crt_die(1, "usage: show PATH 3<DIRECTORY");
	copy(open_beneath(3, &path), 1);
	return 0;
}
