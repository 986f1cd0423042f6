// SPDX-License-Identifier: GPL-2.0
/*
 * Sending and receiving with memory that runs out or cannot be accessed: the
 * other side of programs/tests/sock_faults.c. What is left behind after it is
 * counted here, and what is not counted is found by kmemleak.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "helped.h"
#include "faults.h"
#include "programs/tests/sock_faults.h"

#include "kselftest_harness.h"

static struct helped helped;

/* In the process that becomes the program: the file is its own. */
static bool give_faults(void)
{
	helped.given[FAULTS] = open(FAULTS_NTH, O_RDWR | O_CLOEXEC);
	return helped.given[FAULTS] >= 0;
}

FIXTURE(faults) {
};

FIXTURE_SETUP(faults)
{
	if (!faults_open() || !faults_open_pages())
		SKIP(return, "the kernel cannot inject faults");
}

FIXTURE_TEARDOWN(faults)
{
	faults_close_pages();
	faults_close();
}

TEST_F_TIMEOUT(faults, of_sockets, 1200)
{
	int64_t users = module_users();

	ASSERT_TRUE(helped_open(&helped));
	helped.prepare = give_faults;
	ASSERT_EQ(0, helped_start(&helped, "sock_faults", NULL));
	helped_serve(&helped);
	EXPECT_TRUE(helped_passed(&helped));
	for (int i = 0; i < 200 && module_users() > users; i++)
		nap_ms(20);
	EXPECT_EQ(users, module_users());
}

TEST_HARNESS_MAIN
