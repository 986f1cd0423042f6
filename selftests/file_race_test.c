// SPDX-License-Identifier: GPL-2.0
/*
 * Paths that are walked while what they lead through is moved: never outside,
 * never a wrong error.
 *
 *	RACE_SECONDS=60 file_race_test
 *
 * Two CloudABI programs of two threads each walk (programs/tests/race.c) while
 * native processes move directories within the tree and out of it, and exchange
 * directories for links that lead out.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "paths.h"

#include "kselftest_harness.h"

#define LIMIT 900

#define WORLD "/tmp/world"
#define IN WORLD "/inside/"
#define OUT WORLD "/outside/"

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

#define WALKERS 2

static void make_tree(void)
{
	make_directory(WORLD "/inside");
	make_directory(WORLD "/outside");
	make_file(IN "top", "inside");
	make_directory(IN "a");
	make_directory(IN "a/b");
	make_directory(IN "a/b/c");
	make_file(IN "a/b/c/file", "inside");
	make_link("../..", IN "a/b/c/up");
	make_link("a/..", IN "up");
	make_directory(IN "swap");
	make_directory(IN "swap/deep");
	make_file(IN "swap/file", "inside");
	make_file(IN "swap/deep/file", "inside");
	make_link("../outside", IN "other");
	/* The same names outside, with something else in them. */
	make_file(WORLD "/top", "outside!");
	make_file(WORLD "/prey", "outside!");
	make_file(WORLD "/file", "outside!");
	make_file(OUT "top", "outside!");
	make_file(OUT "file", "outside!");
	make_file(OUT "prey", "outside!");
	make_directory(OUT "deep");
	make_file(OUT "deep/file", "outside!");
	make_file(OUT "deep/prey", "outside!");
	make_directory(OUT "c");
	make_file(OUT "c/file", "outside!");
	make_file(OUT "c/prey", "outside!");
}

static void exchange(const char *a, const char *b)
{
	syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
}

/* A directory leaves the tree and comes back. */
static void move_out(void)
{
	rename(IN "a/b/c", OUT "moved");
	rename(OUT "moved", IN "a/b/c");
}

static void move_within(void)
{
	rename(IN "a/b", IN "b");
	rename(IN "b", IN "a/b");
}

static void swap_link(void)
{
	exchange(IN "swap", IN "other");
}

static void (*const movers[])(void) = { move_out, move_within, swap_link };

static pid_t start_mover(void (*move)(void))
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		move();
}

/* What it tells goes into a file. */
static pid_t start_walker(int program, int dir, const char *seconds, int seed,
			  int told)
{
	char *argv[] = { "race", (char *)seconds, (char *)form("%d", seed),
			 NULL }, *envp[] = { NULL };
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(told, 1);
	dup2(dir, 3);
	syscall(SYS_close_range, 4, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
	syscall(SYS_execveat, program, "", argv, envp, AT_EMPTY_PATH);
	_exit(127);
}

static void show(int told)
{
	char line[256];
	FILE *file;

	lseek(told, 0, SEEK_SET);
	file = fdopen(told, "r");
	while (file && fgets(line, sizeof(line), file))
		printf("# %s", line);
	if (file)
		fclose(file);
	fflush(stdout);
}

FIXTURE(race) {
};

FIXTURE_SETUP(race)
{
}

FIXTURE_TEARDOWN(race)
{
}

TEST_F_TIMEOUT(race, walkers_and_movers, LIMIT)
{
	const char *seconds = getenv("RACE_SECONDS");
	pid_t walker[WALKERS], mover[ARRAY_SIZE(movers)];
	int told[WALKERS];
	int program, dir, status;
	struct stat before, after;

	/* Out of the way of what the programs are given. */
	program = fcntl(open("programs/race", O_PATH | O_CLOEXEC),
			F_DUPFD_CLOEXEC, PUPPET_AWAY);
	ASSERT_LE(0, program);
	new_world(WORLD);
	make_tree();
	dir = open_directory(WORLD "/inside");
	ASSERT_EQ(0, stat(OUT "prey", &before));
	for (size_t i = 0; i < ARRAY_SIZE(movers); i++)
		mover[i] = start_mover(movers[i]);
	for (int i = 0; i < WALKERS; i++) {
		told[i] = memfd_create("race", MFD_CLOEXEC);
		walker[i] = start_walker(program, dir,
					 seconds ? seconds : "60", i + 1,
					 told[i]);
	}
	for (int i = 0; i < WALKERS; i++) {
		ASSERT_EQ(walker[i], waitpid(walker[i], &status, 0));
		EXPECT_EQ(0, status);
		show(told[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(movers); i++) {
		kill(mover[i], SIGKILL);
		waitpid(mover[i], NULL, 0);
	}
	ASSERT_EQ(0, stat(OUT "prey", &after));
	EXPECT_EQ(before.st_nlink, after.st_nlink);
	EXPECT_EQ(0, access(WORLD "/prey", F_OK));
	EXPECT_EQ(0, access(OUT "deep/prey", F_OK));
	EXPECT_EQ(0, access(OUT "c/prey", F_OK));
}

TEST_HARNESS_MAIN
