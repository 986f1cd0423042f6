// SPDX-License-Identifier: GPL-2.0
/*
 * Threads, locks, condition variables and poll: starts the programs that test
 * them, see programs/tests/{locks,condvars,threads,poll}.c.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "helped.h"

#include <sys/mount.h>

#include "kselftest_harness.h"

/* No test takes that long; those that hang are ended by helped_serve(). */
#define LIMIT 900

FIXTURE(sync) {
};

FIXTURE_VARIANT(sync) {
	const char *words[4];
};

#define VARIANT(kind, time, threads)					\
	FIXTURE_VARIANT_ADD(sync, kind##_##time##_##threads) {		\
		.words = { #kind, #time, #threads, NULL },		\
	}

VARIANT(private, forever, 1);
VARIANT(private, forever, 2);
VARIANT(private, timed, 7);
VARIANT(private, forever, 64);
VARIANT(shared, forever, 2);
VARIANT(shared, timed, 64);
VARIANT(anonymous, forever, 16);
VARIANT(fallback, timed, 3);

FIXTURE_SETUP(sync)
{
}

FIXTURE_TEARDOWN(sync)
{
}

TEST_F_TIMEOUT(sync, locks, LIMIT)
{
	EXPECT_TRUE(helped_run("locks", variant->words));
}

TEST_F_TIMEOUT(sync, condvars, LIMIT)
{
	EXPECT_TRUE(helped_run("condvars", variant->words));
}

/* --- Threads --------------------------------------------------------------- */

FIXTURE(threads) {
	struct helped helped;
};

FIXTURE_SETUP(threads)
{
}

FIXTURE_TEARDOWN(threads)
{
}

TEST_F_TIMEOUT(threads, start_and_end, LIMIT)
{
	EXPECT_TRUE(helped_run("threads", NULL));
}

/* Root would not be bound by the limit. */
TEST_F_TIMEOUT(threads, limit, LIMIT)
{
	const char *words[] = { "limit", NULL };
	struct helped *h = &self->helped;

	ASSERT_TRUE(helped_open(h));
	h->user = 12345;
	ASSERT_EQ(0, helped_start(h, "threads", words));
	helped_serve(h);
	EXPECT_TRUE(helped_passed(h));
}

/* Starts `threads_end`; what it writes comes through h->output. */
static void start_ending(struct helped *h, const char *way)
{
	const char *words[] = { way, NULL };
	int fds[2];

	helped_init(h);
	if (pipe2(fds, O_CLOEXEC))
		return;
	h->output = fds[0];
	h->given[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
	h->given[1] = fds[1];
	h->given[2] = 2;
	h->pid = fork();
	if (!h->pid)
		run_with("threads_end", h->given, HELPER_FD, words);
	close(fds[1]);
}

static int end_of(struct helped *h)
{
	if (waitpid(h->pid, &h->status, 0) != h->pid)
		return -1;
	return h->status;
}

TEST_F_TIMEOUT(threads, ends_of_processes, LIMIT)
{
	static const struct {
		const char *way;
		int status;
	} rows[] = {
		{ "last", 0 },
		{ "leader", 7 << 8 },
		{ "exit", 9 << 8 },
		{ "fault", SIGSEGV },
		{ "entry", SIGSEGV },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		start_ending(&self->helped, rows[i].way);
		EXPECT_EQ(rows[i].status, end_of(&self->helped)) {
			TH_LOG("%s", rows[i].way);
		}
	}
}

/* A process that makes threads all the time ends all the same. */
TEST_F_TIMEOUT(threads, storms_end, LIMIT)
{
	struct helped *h = &self->helped;
	int status;

	for (int i = 0; i < 20; i++) {
		start_ending(h, "storm");
		EXPECT_EQ(11 << 8, end_of(h));
		start_ending(h, "storm");
		nap_ms(i);
		kill(h->pid, SIGKILL);
		/* It may have come to its end already. */
		status = end_of(h);
		if (status != 11 << 8)
			EXPECT_EQ(SIGKILL, status);
	}
}

/* Threads that wait for all there is to wait for die at once. */
TEST_F_TIMEOUT(threads, waiting_ones_die, LIMIT)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGHUP, SIGSEGV };
	struct helped *h = &self->helped;
	char text[8];

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		start_ending(h, "wait");
		EXPECT_EQ(6, read(h->output, text, 6));
		EXPECT_EQ(0, kill(h->pid, signals[i]));
		EXPECT_EQ(signals[i], end_of(h));
	}
}

TEST_F_TIMEOUT(threads, poll, LIMIT)
{
	EXPECT_TRUE(helped_run("poll", NULL));
}

/* Absolute times are those of the clock that the program reads. */
TEST_F_TIMEOUT(threads, poll_in_a_time_namespace, LIMIT)
{
	struct helped *h = &self->helped;

	ASSERT_TRUE(helped_open(h));
	h->time_namespace = open_time_namespace(86400);
	if (h->time_namespace < 0)
		SKIP(return, "no time namespaces here");
	ASSERT_EQ(0, helped_start(h, "poll", NULL));
	helped_serve(h);
	EXPECT_TRUE(helped_passed(h));
}

TEST_F_TIMEOUT(threads, interrupts, LIMIT)
{
	const char *words[] = { "private", NULL };

	EXPECT_TRUE(helped_run("interrupts", words));
}

TEST_F_TIMEOUT(threads, interrupts_shared, LIMIT)
{
	const char *words[] = { "shared", NULL };

	EXPECT_TRUE(helped_run("interrupts", words));
}

/* --- Waiting can be watched ------------------------------------------------ */

#define TRACING "/sys/kernel/tracing/"

static bool write_to(const char *path, const char *text, int flags)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags);
	bool done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return done;
}

static bool trace(const char *on)
{
	return write_to(TRACING "events/cloudabi/cloudabi_wait/enable", on, 0) &&
	       write_to(TRACING "events/cloudabi/cloudabi_wake/enable", on, 0);
}

/* Whether a line of the trace has both texts. */
static bool traced(const char *event, const char *text)
{
	FILE *trace = fopen(TRACING "trace", "re");
	char line[512];
	bool found = false;

	while (trace && !found && fgets(line, sizeof(line), trace))
		found = strstr(line, event) && strstr(line, text);
	if (trace)
		fclose(trace);
	return found;
}

TEST_F_TIMEOUT(threads, waits_are_traced, LIMIT)
{
	const char *words[] = { "private", "timed", "2", NULL };

	if (access(TRACING "events/cloudabi", F_OK)) {
		mount("tracefs", TRACING, "tracefs", 0, NULL);
		ASSERT_EQ(0, access(TRACING "events/cloudabi", F_OK));
	}
	write_to(TRACING "trace", "", O_TRUNC);
	ASSERT_TRUE(trace("1"));
	EXPECT_TRUE(helped_run("condvars", words));
	EXPECT_TRUE(trace("0"));
	EXPECT_TRUE(traced("cloudabi_wait: CONDVAR", " expires "));
	EXPECT_TRUE(traced("cloudabi_wake: CONDVAR", "has it (0)"));
	EXPECT_TRUE(traced("cloudabi_wake: CONDVAR", "too late (-110)"));
	EXPECT_TRUE(traced("cloudabi_wait: LOCK_", "expires 9223372036854775807"));
	EXPECT_TRUE(traced("cloudabi_wake: LOCK_", "has it (0)"));
	write_to(TRACING "trace", "", O_TRUNC);
}

TEST_HARNESS_MAIN
