/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program's side of helper.h.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _TESTS_ASK_H
#define _TESTS_ASK_H

#include "check.h"
#include "helper.h"

/* The errors of Linux that tests see. */
#define LINUX_EPERM 1
#define LINUX_EBADF 9
#define LINUX_EAGAIN 11
#define LINUX_EACCES 13
#define LINUX_EBUSY 16
#define LINUX_ENODEV 19
#define LINUX_EINVAL 22
#define LINUX_ENOTTY 25
#define LINUX_ESPIPE 29
#define LINUX_EPIPE 32
#define LINUX_ENOTSOCK 88

static struct helper_request ask_request;
static struct helper_answer ask_answer;

static void ask_die(const char *what)
{
	crt_die(99, "# helper: %s", what);
}

/* What is in ask_request; the answer is in ask_answer. */
static int64_t ask_now(void)
{
	uint8_t *at = (uint8_t *)&ask_answer;
	size_t left = sizeof(ask_answer), n;

	if (crt_write_all(HELPER_FD, &ask_request, sizeof(ask_request)))
		ask_die("cannot be asked");
	for (; left; left -= n, at += n) {
		if (crt_read(HELPER_FD, at, left, &n) || !n)
			ask_die("does not answer");
	}
	return ask_answer.result;
}

static inline int64_t ask(enum helper_op op, cloudabi_fd_t fd, uint64_t a,
			  uint64_t b)
{
	ask_request = (struct helper_request){
		.op = op, .fd = fd, .a = a, .b = b,
	};
	return ask_now();
}

static inline int64_t ask_with(enum helper_op op, cloudabi_fd_t fd, uint64_t a,
			       const void *data, size_t len)
{
	ask_request = (struct helper_request){
		.op = op, .fd = fd, .a = a, .len = len,
	};
	memcpy(ask_request.data, data, len);
	return ask_now();
}

/* Bytes of a file, from outside; whether they are as expected. */
static inline bool file_holds(cloudabi_fd_t fd, uint64_t offset,
			      const void *want, size_t len)
{
	ask_request = (struct helper_request){
		.op = HELPER_PREAD, .fd = fd, .a = offset, .len = len,
	};
	return ask_now() == (int64_t)len && !memcmp(ask_answer.data, want, len);
}

/* Makes @text the contents of the file of FILE_RW, and all offsets 0. */
static inline void file_set(const char *text)
{
	static const cloudabi_fd_t fds[] = {
		FILE_RW, FILE_RO, FILE_WO, FILE_APPEND, FILE_DSYNC, FILE_SYNC,
		FILE_NONBLOCK,
	};
	size_t len = strlen(text);

	CHECK_EQ(ask(HELPER_TRUNCATE, FILE_RW, 0, 0), 0);
	CHECK_EQ(ask_with(HELPER_PWRITE, FILE_RW, 0, text, len), len);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		CHECK_OK(seek_to(fds[i], 0));
}

static inline uint64_t file_size(cloudabi_fd_t fd)
{
	return ask(HELPER_STAT_SIZE, fd, 0, 0);
}

/* Sets a limit of this process; the answer is the one before. */
static inline uint64_t set_limit(unsigned int limit, uint64_t value)
{
	CHECK_EQ(ask(HELPER_RLIMIT, 0, limit, value), 0);
	return ask_answer.value[0];
}

/* The lowest number that is not in use, and that an open would take. */
static inline cloudabi_fd_t lowest_closed(void)
{
	cloudabi_fd_t fd = 0;

	while (is_open(fd))
		fd++;
	return fd;
}

/* Whether the mapping at an address has a flag of VmFlags, e.g. "mw". */
static inline bool has_vmflag(const void *address, const char *flag)
{
	const char *line;

	if (ask(HELPER_MAPS, 0, (uintptr_t)address, 0) < 0)
		return false;
	line = (const char *)ask_answer.data;
	line += strlen(line) + 1;
	for (; *line; line++) {
		if (line[0] == flag[0] && line[1] == flag[1] &&
		    line[-1] == ' ')
			return true;
	}
	return false;
}

/* Whether the mapping at an address has these permissions, e.g. "rw-p". */
static inline bool has_perms(const void *address, const char *perms)
{
	const char *line = (const char *)ask_answer.data;

	if (ask(HELPER_MAPS, 0, (uintptr_t)address, 0) < 0)
		return false;
	while (*line && *line != ' ')
		line++;
	return !strncmp(line + 1, perms, 4);
}

#endif /* _TESTS_ASK_H */
