// SPDX-License-Identifier: GPL-2.0
/*
 * The calls on sockets, and descriptors in messages.
 *
 * Most of it is in programs/tests/{sock,passing,garbage}.c. Here is what is left
 * of programs that are killed in the midst of it: nothing.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "helped.h"

#include "kselftest_harness.h"

#define LIMIT 900

FIXTURE(sock) {
	struct helped helped;
};

FIXTURE_SETUP(sock)
{
}

FIXTURE_TEARDOWN(sock)
{
}

TEST_F_TIMEOUT(sock, sock, LIMIT)
{
	EXPECT_TRUE(helped_run("sock", NULL));
}

TEST_F_TIMEOUT(sock, passing, LIMIT)
{
	EXPECT_TRUE(helped_run("passing", NULL));
}

TEST_F_TIMEOUT(sock, garbage, LIMIT)
{
	EXPECT_TRUE(helped_run("garbage", NULL));
}

/* --- Death ---------------------------------------------------------------- */

#define VICTIMS 40

static pid_t start_churn(void)
{
	static const char *const words[] = { "churn", NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid = fork();

	if (!pid)
		run_with("garbage", (int[]){ null, null, 2 }, 3, words);
	close(null);
	return pid;
}

TEST_F_TIMEOUT(sock, death_leaves_nothing, LIMIT)
{
	int64_t sockets = count_sockets(), users = module_users();
	int status;

	ASSERT_LE(0, sockets);
	ASSERT_LE(0, users);
	for (int i = 0; i < VICTIMS; i++) {
		pid_t pid = start_churn();

		ASSERT_LT(0, pid);
		nap_ms(40 + i * 7 % 50);
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(SIGKILL, status);
	}
	for (int i = 0; i < 200 && (count_sockets() > sockets ||
				    module_users() > users); i++)
		collect_sockets();
	EXPECT_EQ(sockets, count_sockets());
	EXPECT_EQ(users, module_users());
}

TEST_HARNESS_MAIN
