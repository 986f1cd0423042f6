/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KTAP output of test programs, on descriptor 1.
 *
 * Every EXPECT_*() is one result, with the expression itself for a name:
 *
 *	ktap_start();
 *	ktap_plan(2);
 *	EXPECT_OK(cloudabi_sys_thread_yield());
 *	EXPECT_ERRNO(cloudabi_sys_fd_close(99), CLOUDABI_EBADF);
 *	return ktap_finish();
 *
 * A plan that does not fit the number of results fails the program. Without
 * ktap_plan() the plan is written at the end.
 *
 * The macros return whether the expectation held, so that a test can stop
 * where going on makes no sense.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CRT_KTAP_H
#define _CRT_KTAP_H

#include "crt.h"
#include "io.h"

void ktap_start(void);
void ktap_plan(unsigned int tests);

/* 0 if all went well, 1 if not: the result of program_main(). */
int ktap_finish(void);

/* A line that is no result. */
__printf(1, 2)
void ktap_diag(const char *format, ...);

/* @count results that were not tried. */
void ktap_skip(unsigned int count, const char *name, const char *reason);

/* The functions behind the macros. */
bool ktap_true(bool ok, const char *name, const char *file, int line);
bool ktap_equal(uint64_t got, uint64_t want, const char *name,
		const char *file, int line);
bool ktap_errno(cloudabi_errno_t got, cloudabi_errno_t want, const char *name,
		const char *file, int line);

#define EXPECT_TRUE(expr) \
	ktap_true(!!(expr), #expr, __FILE__, __LINE__)

#define EXPECT_FALSE(expr) \
	ktap_true(!(expr), "!(" #expr ")", __FILE__, __LINE__)

#define EXPECT_EQ(got, want) \
	ktap_equal((uint64_t)(got), (uint64_t)(want), #got " == " #want, \
		   __FILE__, __LINE__)

#define EXPECT_NE(got, other) \
	ktap_true((uint64_t)(got) != (uint64_t)(other), #got " != " #other, \
		  __FILE__, __LINE__)

#define EXPECT_ERRNO(call, want) \
	ktap_errno((call), (want), #call " is " #want, __FILE__, __LINE__)

#define EXPECT_OK(call) \
	ktap_errno((call), 0, #call, __FILE__, __LINE__)

/* The same with a name that tells rows of a table apart. */
#define EXPECT_TRUE_NAMED(name, expr) \
	ktap_true(!!(expr), name, __FILE__, __LINE__)

#define EXPECT_EQ_NAMED(name, got, want) \
	ktap_equal((uint64_t)(got), (uint64_t)(want), name, __FILE__, __LINE__)

#define EXPECT_ERRNO_NAMED(name, call, want) \
	ktap_errno((call), (want), name, __FILE__, __LINE__)

#endif /* _CRT_KTAP_H */
