// SPDX-License-Identifier: GPL-2.0
/*
 * Processes: fork, exec, and descriptors of processes.
 *
 * Most of it is in programs/tests/{process,replace}.c.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "helped.h"

#include "kselftest_harness.h"

#define LIMIT 900

FIXTURE(process) {
	struct helped helped;
};

FIXTURE_SETUP(process)
{
}

FIXTURE_TEARDOWN(process)
{
}

TEST_F_TIMEOUT(process, process, LIMIT)
{
	EXPECT_TRUE(helped_run("process", NULL));
}

TEST_F_TIMEOUT(process, replace, LIMIT)
{
	EXPECT_TRUE(helped_run("replace", NULL));
}

/* Root would not be bound by the limit. */
TEST_F_TIMEOUT(process, limit_of_a_user, LIMIT)
{
	const char *words[] = { "nproc", NULL };
	struct helped *h = &self->helped;

	ASSERT_TRUE(helped_open(h));
	h->user = 12346;
	ASSERT_EQ(0, helped_start(h, "process", words));
	helped_serve(h);
	EXPECT_TRUE(helped_passed(h));
}

#define FEW CGROUPS "/few"

static bool make_group(void)
{
	mkdir(CGROUPS, 0700);
	if (mount("none", CGROUPS, "cgroup2", 0, NULL) && errno != EBUSY)
		return false;
	return !write_file(CGROUPS "/cgroup.subtree_control", "+pids") &&
	       (!mkdir(FEW, 0700) || errno == EEXIST) &&
	       !write_file(FEW "/pids.max", "5");
}

static bool join_group(void)
{
	return !write_file(FEW "/cgroup.procs", "0");
}

TEST_F_TIMEOUT(process, limit_of_a_control_group, LIMIT)
{
	const char *words[] = { "pids", NULL };
	struct helped *h = &self->helped;

	if (!make_group())
		SKIP(return, "no control groups with limits on processes");
	ASSERT_TRUE(helped_open(h));
	h->prepare = join_group;
	ASSERT_EQ(0, helped_start(h, "process", words));
	helped_serve(h);
	EXPECT_TRUE(helped_passed(h));
	EXPECT_EQ(0, rmdir(FEW));
	umount2(CGROUPS, MNT_DETACH);
}

TEST_HARNESS_MAIN
