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

TEST_HARNESS_MAIN
