/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Named tests, each of many checks.
 *
 * A program lists its tests in a table and gives it to check_run(). A test is
 * one result of the KTAP output; each check in it that does not hold is told
 * in a line before, and makes the test fail.
 *
 * CHECK_REFUSED() is the check for a call that fails: it also looks whether
 * the call has changed any descriptor that the program has.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _TESTS_CHECK_H
#define _TESTS_CHECK_H

#include "abi_names.h"
#include "ktap.h"

/* How many descriptors a snapshot looks at, from 0. */
#define SNAPSHOT_FDS 64

/**
 * struct test - a named test
 * @name: its name
 * @run: the test; tells through the checks what it finds
 * @file: where it is
 */
struct test {
	const char *name;
	void (*run)(void);
	const char *file;
};

#define TEST(function) { #function, function, __FILE__ }

/* Of the test that runs. */
static bool check_failed;
static int check_line;
static const char *check_skipped;

static inline void check_fail(int line)
{
	if (!check_failed)
		check_line = line;
	check_failed = true;
}

static inline bool check_true(bool ok, const char *what, int line)
{
	if (!ok) {
		ktap_diag("line %d: %s does not hold", line, what);
		check_fail(line);
	}
	return ok;
}

static inline bool check_equal(uint64_t got, uint64_t want, const char *what,
			       int line)
{
	if (got == want)
		return true;
	ktap_diag("line %d: %s is 0x%lx, not 0x%lx", line, what, got, want);
	check_fail(line);
	return false;
}

static inline bool check_errno(cloudabi_errno_t got, cloudabi_errno_t want,
			       const char *what, int line)
{
	if (got == want)
		return true;
	ktap_diag("line %d: %s is %s, not %s", line, what, crt_strerror(got),
		  crt_strerror(want));
	check_fail(line);
	return false;
}

#define CHECK(expr) check_true(!!(expr), #expr, __LINE__)
#define CHECK_EQ(got, want) \
	check_equal((uint64_t)(got), (uint64_t)(want), #got, __LINE__)
#define CHECK_OK(call) check_errno((call), 0, #call, __LINE__)
#define CHECK_ERRNO(call, want) check_errno((call), (want), #call, __LINE__)

/**
 * struct snapshot - what can be seen of the descriptors
 * @fd: for each, how asking for its attributes went, these, how asking for
 *	its offset went, and that
 */
struct snapshot {
	struct {
		cloudabi_errno_t stat_error;
		cloudabi_errno_t tell_error;
		cloudabi_fdstat_t stat;
		cloudabi_filesize_t offset;
	} fd[SNAPSHOT_FDS];
};

static inline void snapshot_take(struct snapshot *s)
{
	memset(s, 0, sizeof(*s));
	for (cloudabi_fd_t fd = 0; fd < SNAPSHOT_FDS; fd++) {
		s->fd[fd].stat_error =
			cloudabi_sys_fd_stat_get(fd, &s->fd[fd].stat);
		s->fd[fd].tell_error =
			cloudabi_sys_fd_seek(fd, 0, CLOUDABI_WHENCE_CUR,
					     &s->fd[fd].offset);
	}
}

static inline bool snapshot_same(const struct snapshot *a,
				 const struct snapshot *b, int line)
{
	bool same = true;

	for (cloudabi_fd_t fd = 0; fd < SNAPSHOT_FDS; fd++) {
		if (!memcmp(&a->fd[fd], &b->fd[fd], sizeof(a->fd[fd])))
			continue;
		ktap_diag("line %d: descriptor %u has changed", line, fd);
		check_fail(line);
		same = false;
	}
	return same;
}

static struct snapshot check_before, check_after;

static inline void check_begin(void)
{
	snapshot_take(&check_before);
}

static inline bool check_refused(cloudabi_errno_t got, cloudabi_errno_t want,
				 const char *what, int line)
{
	bool ok = check_errno(got, want, what, line);

	snapshot_take(&check_after);
	return snapshot_same(&check_before, &check_after, line) && ok;
}

#define CHECK_REFUSED(call, want) \
	(check_begin(), check_refused((call), (want), #call, __LINE__))

/* The test that runs could not be made; @statement ends it. */
#define SKIP(statement, reason)		\
	do {				\
		check_skipped = reason;	\
		statement;		\
	} while (0)

static inline void check_run_one(const struct test *test)
{
	check_failed = false;
	check_skipped = NULL;
	test->run();
	if (check_skipped && !check_failed)
		ktap_skip(1, test->name, check_skipped);
	else
		ktap_true(!check_failed, test->name, test->file, check_line);
}

static inline int check_run(const struct test *tests, size_t n)
{
	ktap_start();
	ktap_plan(n);
	for (size_t i = 0; i < n; i++)
		check_run_one(&tests[i]);
	return ktap_finish();
}

/* --- What many tests need ------------------------------------------------- */

#define SHARED_MEMORY CLOUDABI_FILETYPE_SHARED_MEMORY
#define STREAM CLOUDABI_FILETYPE_SOCKET_STREAM
#define DGRAM CLOUDABI_FILETYPE_SOCKET_DGRAM

/* No descriptor has this number, nor do the tests make one that has. */
#define CLOSED_FD 63

/* In the half of the address space that no program ever has. */
#define BAD_ADDRESS ((void *)0xffff800000001000ull)

static inline cloudabi_fdstat_t fdstat(cloudabi_fd_t fd)
{
	cloudabi_fdstat_t stat;

	memset(&stat, 0, sizeof(stat));
	CHECK_OK(cloudabi_sys_fd_stat_get(fd, &stat));
	return stat;
}

static inline cloudabi_rights_t base_of(cloudabi_fd_t fd)
{
	return fdstat(fd).fs_rights_base;
}

static inline cloudabi_errno_t put_rights(cloudabi_fd_t fd,
					  cloudabi_rights_t base,
					  cloudabi_rights_t inheriting)
{
	cloudabi_fdstat_t stat = {
		.fs_rights_base = base,
		.fs_rights_inheriting = inheriting,
	};

	return cloudabi_sys_fd_stat_put(fd, &stat, CLOUDABI_FDSTAT_RIGHTS);
}

static inline cloudabi_errno_t put_flags(cloudabi_fd_t fd,
					 cloudabi_fdflags_t flags)
{
	cloudabi_fdstat_t stat = { .fs_flags = flags };

	return cloudabi_sys_fd_stat_put(fd, &stat, CLOUDABI_FDSTAT_FLAGS);
}

/* A duplicate, less some rights. */
static inline cloudabi_fd_t dup_without(cloudabi_fd_t from,
					cloudabi_rights_t rights)
{
	cloudabi_fdstat_t stat = fdstat(from);
	cloudabi_fd_t fd = CLOSED_FD;

	CHECK_OK(cloudabi_sys_fd_dup(from, &fd));
	CHECK_OK(put_rights(fd, stat.fs_rights_base & ~rights,
			    stat.fs_rights_inheriting));
	return fd;
}

static inline bool is_open(cloudabi_fd_t fd)
{
	cloudabi_fdstat_t stat;

	return cloudabi_sys_fd_stat_get(fd, &stat) != CLOUDABI_EBADF;
}

static inline cloudabi_errno_t seek_to(cloudabi_fd_t fd, uint64_t offset)
{
	cloudabi_filesize_t unused_offset;

	return cloudabi_sys_fd_seek(fd, offset, CLOUDABI_WHENCE_SET,
				    &unused_offset);
}

static inline uint64_t tell(cloudabi_fd_t fd)
{
	cloudabi_filesize_t offset = ~0ull;

	CHECK_OK(cloudabi_sys_fd_seek(fd, 0, CLOUDABI_WHENCE_CUR, &offset));
	return offset;
}

/* One buffer, no vectors to write down. */
static inline cloudabi_errno_t read1(cloudabi_fd_t fd, void *buf, size_t len,
				     size_t *n)
{
	cloudabi_iovec_t iov = { .buf = buf, .buf_len = len };

	return cloudabi_sys_fd_read(fd, &iov, 1, n);
}

static inline cloudabi_errno_t write1(cloudabi_fd_t fd, const void *buf,
				      size_t len, size_t *n)
{
	cloudabi_ciovec_t iov = { .buf = buf, .buf_len = len };

	return cloudabi_sys_fd_write(fd, &iov, 1, n);
}

static inline cloudabi_errno_t pread1(cloudabi_fd_t fd, void *buf, size_t len,
				      uint64_t offset, size_t *n)
{
	cloudabi_iovec_t iov = { .buf = buf, .buf_len = len };

	return cloudabi_sys_fd_pread(fd, &iov, 1, offset, n);
}

static inline cloudabi_errno_t pwrite1(cloudabi_fd_t fd, const void *buf,
				       size_t len, uint64_t offset, size_t *n)
{
	cloudabi_ciovec_t iov = { .buf = buf, .buf_len = len };

	return cloudabi_sys_fd_pwrite(fd, &iov, 1, offset, n);
}

/* A number from @text, whose end is moved behind it. */
static inline uint64_t parse_number(const char **text, const char *end)
{
	uint64_t value = 0;

	for (; *text < end && **text >= '0' && **text <= '9'; (*text)++)
		value = value * 10 + (**text - '0');
	return value;
}

#endif /* _TESTS_CHECK_H */
