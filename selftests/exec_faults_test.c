// SPDX-License-Identifier: GPL-2.0
/*
 * An exec in which memory runs out or cannot be accessed, at each place where
 * that can happen. The program starts, or exec fails, or the process dies;
 * whichever it is, what exec took along the way is given back. Locks that are
 * not are reported by lockdep when the process ends, memory by kmemleak: only
 * kernels with fault injection can run this, and those have both.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"

#include "kselftest_harness.h"

/* What the program exits with, and the launcher after a failed exec. */
#define STARTED 7
#define FAILED 8

/* So many execs in a row without a fault: there is no other place for one. */
#define QUIET 20

/* Where the n-th place is can differ from one process to the next. */
#define ROUNDS 2

/* In the new process, which does not come back: the @nth attempt fails. */
static void exec_with_fault(unsigned int nth)
{
	char *argv[] = { "proc", "exit", "7", NULL }, *envp[] = { NULL };
	int fault = open(FAULTS_NTH, O_RDWR | O_CLOEXEC);

	if (fault < 0 || dprintf(fault, "%u", nth) < 0)
		_exit(99);
	execve("programs/proc", argv, envp);
	_exit(errno == ENOMEM || errno == EFAULT ? FAILED : errno);
}

static int status_with_fault(unsigned int nth)
{
	int status = -1;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		exec_with_fault(nth);
	waitpid(pid, &status, 0);
	return status;
}

FIXTURE(faults) {
};

FIXTURE_SETUP(faults)
{
	if (!faults_open())
		SKIP(return, "the kernel cannot inject faults");
}

FIXTURE_TEARDOWN(faults)
{
	faults_close();
}

static unsigned int failed, died;

/* Memory that a process cannot get makes the kernel kill it. */
static bool is_expected(int status)
{
	bool dead = status == SIGSEGV || status == SIGKILL;

	died += dead;
	failed += status == FAILED << 8;
	return dead || status == FAILED << 8;
}

TEST_F_TIMEOUT(faults, of_exec, 600)
{
	for (int round = 0; round < ROUNDS; round++) {
		unsigned int quiet = 0;

		for (unsigned int nth = 1; quiet < QUIET; nth++) {
			int status = status_with_fault(nth);

			quiet = status == STARTED << 8 ? quiet + 1 : 0;
			EXPECT_TRUE(quiet || is_expected(status)) {
				TH_LOG("place %u: status %#x", nth, status);
			}
		}
	}
	TH_LOG("%u execs failed, %u processes died", failed, died);
	EXPECT_LT(0, failed);
	EXPECT_LT(0, died);
}

TEST_HARNESS_MAIN
