// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets that are sent into themselves and into each other, together with files
 * and capabilities, by processes that end, are stopped and are killed at random:
 * nothing of it is left.
 *
 *	SOCK_SECONDS=120 sock_storm_test
 *
 * What is counted: sockets as the protocol counts its objects, capabilities by
 * the references to the module, files by whether the file system can be unmounted
 * that they are on, and the pipe by its end.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "helped.h"
#include "programs/tests/sock_storm.h"

#include "kselftest_harness.h"

#define LIMIT 900

#define WORKERS 4
#define PLACE "/tmp/sock_storm"

#define EXIT_DONE 0

/**
 * struct storm - what goes on
 * @fds: what the programs start with, by number
 * @pids: the programs
 * @stopped: these are
 * @reader: the other end of the pipe
 * @exited: how many programs came to their end
 * @killed: how many did not
 * @wrong: how many ended otherwise
 */
struct storm {
	int fds[STORM_END];
	pid_t pids[WORKERS];
	bool stopped[WORKERS];
	int reader;
	unsigned int exited;
	unsigned int killed;
	unsigned int wrong;
};

static bool open_all(struct storm *s)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), ends[2];

	s->fds[0] = null;
	s->fds[1] = 2;
	s->fds[2] = 2;
	for (int i = 0; i < STORM_NR_SOCKETS; i += 2) {
		int type = i & 2 ? SOCK_DGRAM : SOCK_STREAM;

		if (socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
			       &s->fds[STORM_SOCKETS + i]))
			return false;
	}
	mkdir(PLACE, 0700);
	if (mount("storm", PLACE, "tmpfs", 0, NULL) ||
	    pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return false;
	s->reader = ends[0];
	s->fds[STORM_FILES] = open(PLACE "/file", O_RDWR | O_CREAT | O_CLOEXEC,
				   0600);
	s->fds[STORM_FILES + 1] = open(PLACE, O_RDONLY | O_CLOEXEC);
	s->fds[STORM_FILES + 2] = ends[1];
	return s->fds[STORM_FILES] >= 0 && s->fds[STORM_FILES + 1] >= 0;
}

static void close_all(struct storm *s)
{
	for (int fd = STORM_SOCKETS; fd < STORM_END; fd++)
		close(s->fds[fd]);
	close(s->fds[0]);
}

static void start_one(struct storm *s, int i)
{
	s->stopped[i] = false;
	s->pids[i] = fork();
	if (!s->pids[i])
		run_with("sock_storm", s->fds, STORM_END, NULL);
}

static void note_end(struct storm *s, int status)
{
	if (status == EXIT_DONE)
		s->exited++;
	else if (status == SIGKILL)
		s->killed++;
	else
		s->wrong++;
}

/* Each that has ended is followed by another one. */
static void replace_ended(struct storm *s)
{
	for (int i = 0; i < WORKERS; i++) {
		int status;

		if (waitpid(s->pids[i], &status, WNOHANG) != s->pids[i])
			continue;
		note_end(s, status);
		start_one(s, i);
	}
}

static void disturb_one(struct storm *s)
{
	int i = rand() % WORKERS;

	switch (rand() % 12) {
	case 0:
		kill(s->pids[i], SIGKILL);
		break;
	case 1 ... 3:
		kill(s->pids[i], SIGSTOP);
		s->stopped[i] = true;
		break;
	default:
		kill(s->pids[i], SIGCONT);
		s->stopped[i] = false;
		break;
	}
}

static void end_all(struct storm *s)
{
	int status;

	for (int i = 0; i < WORKERS; i++) {
		kill(s->pids[i], SIGKILL);
		if (waitpid(s->pids[i], &status, 0) == s->pids[i])
			note_end(s, status);
	}
}

/* Objects of AF_UNIX, also those that no table knows any more. */
static long count_unix(void)
{
	FILE *file = fopen("/proc/net/protocols", "re");
	char line[512], name[64];
	long n, total = -1;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %*d %ld", name, &n) != 2 ||
		    strncmp(name, "UNIX", 4))
			continue;
		total = (total < 0 ? 0 : total) + n;
	}
	if (file)
		fclose(file);
	return total;
}

/* Reads what is left; whether that was all, and nobody can write any more. */
static bool pipe_ended(const struct storm *s)
{
	char bytes[4096];
	ssize_t n;

	do {
		n = read(s->reader, bytes, sizeof(bytes));
	} while (n > 0);
	return n == 0;
}

static int seconds(void)
{
	const char *text = getenv("SOCK_SECONDS");

	return text ? atoi(text) : 10;
}

FIXTURE(storm) {
	struct storm storm;
};

FIXTURE_SETUP(storm)
{
	srand(getpid());
	ASSERT_TRUE(open_all(&self->storm));
}

FIXTURE_TEARDOWN(storm)
{
	umount2(PLACE, MNT_DETACH);
}

TEST_F_TIMEOUT(storm, nothing_is_left, LIMIT)
{
	/* These are ours until close_all(). */
	long sockets = count_unix() - STORM_NR_SOCKETS;
	int64_t users = module_users();
	struct storm *s = &self->storm;
	time_t end = time(NULL) + seconds();
	bool unmounted = false;

	ASSERT_LE(0, sockets);
	ASSERT_LE(0, users);
	for (int i = 0; i < WORKERS; i++)
		start_one(s, i);
	while (time(NULL) < end) {
		disturb_one(s);
		nap_ms(rand() % 40);
		replace_ended(s);
	}
	end_all(s);
	close_all(s);
	for (int i = 0; i < 1000; i++) {
		collect_sockets();
		unmounted = unmounted || !umount(PLACE);
		if (unmounted && count_unix() <= sockets &&
		    module_users() <= users)
			break;
	}
	EXPECT_TRUE(unmounted);
	EXPECT_TRUE(pipe_ended(s));
	EXPECT_EQ(sockets, count_unix());
	EXPECT_EQ(users, module_users());
	TH_LOG("%u ended by themselves, %u were killed", s->exited, s->killed);
	EXPECT_LT(0, s->exited);
	EXPECT_LT(0, s->killed);
	EXPECT_EQ(0, s->wrong);
}

TEST_HARNESS_MAIN
