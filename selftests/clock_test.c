// SPDX-License-Identifier: GPL-2.0
/*
 * Clocks that are told without the kernel: where they are, and where they must
 * not be. The machine must keep time by the time stamp counter; its group sees
 * to that. The tests themselves are in programs/tests/vdso_clock.c.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "helped.h"

#include "kselftest_harness.h"

#define LIMIT 400

FIXTURE(clocks) {
	struct helped helped;
	char source[32];
};

FIXTURE_SETUP(clocks)
{
	ASSERT_TRUE(read_clock_source("current_clocksource", self->source));
	ASSERT_TRUE(helped_open(&self->helped));
}

FIXTURE_TEARDOWN(clocks)
{
	write_file(PM_TEST, "none");
	set_clock_source(self->source);
}

static bool run(struct helped *h, const char *what)
{
	const char *words[] = { what, NULL };

	if (helped_start(h, "vdso_clock", words))
		return false;
	helped_serve(h);
	return helped_passed(h);
}

TEST_F_TIMEOUT(clocks, by_the_counter, LIMIT)
{
	ASSERT_STREQ("tsc", self->source);
	EXPECT_TRUE(run(&self->helped, "counter"));
}

TEST_F_TIMEOUT(clocks, by_another_source, LIMIT)
{
	ASSERT_TRUE(set_clock_source(OTHER_SOURCE));
	EXPECT_TRUE(run(&self->helped, "resolution"));
}

TEST_F_TIMEOUT(clocks, while_the_source_changes, LIMIT)
{
	ASSERT_STREQ("tsc", self->source);
	EXPECT_TRUE(run(&self->helped, "both"));
}

static bool can_be_suspended(void)
{
	char states[64] = "";
	int fd = open("/sys/power/state", O_RDONLY | O_CLOEXEC);
	bool disk = read(fd, states, sizeof(states) - 1) > 0 &&
		    strstr(states, "disk");

	close(fd);
	return disk && !access(PM_TEST, W_OK);
}

TEST_F_TIMEOUT(clocks, while_the_machine_is_suspended, LIMIT)
{
	if (!can_be_suspended())
		SKIP(return, "this kernel cannot be suspended for a test");
	ASSERT_STREQ("tsc", self->source);
	EXPECT_TRUE(run(&self->helped, "suspended"));
}

/* It would die of its first look at the counter. */
static bool forbid_the_counter(void)
{
	return !prctl(PR_SET_TSC, PR_TSC_SIGSEGV);
}

TEST_F_TIMEOUT(clocks, where_the_counter_is_forbidden, LIMIT)
{
	self->helped.prepare = forbid_the_counter;
	EXPECT_TRUE(run(&self->helped, "nothing"));
}

/* Before 6.2 exec leaves the process outside; its children will be inside. */
static bool leave_for_a_time_namespace(void)
{
	return !unshare(CLONE_NEWTIME);
}

TEST_F_TIMEOUT(clocks, in_a_time_namespace, LIMIT)
{
	if (access("/proc/self/ns/time", F_OK))
		SKIP(return, "no time namespaces here");
	self->helped.prepare = leave_for_a_time_namespace;
	EXPECT_TRUE(run(&self->helped, "nothing"));
}

TEST_HARNESS_MAIN
