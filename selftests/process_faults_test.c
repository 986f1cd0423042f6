// SPDX-License-Identifier: GPL-2.0
/*
 * proc_fork and proc_exec in which memory runs out or cannot be accessed, at each
 * place where that can happen. They do what they should, or fail and have changed
 * nothing, or, behind the point of no return, end the process. What they took
 * along the way is given back; kmemleak and lockdep see to that.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "helped.h"

#include "programs/tests/shortage.h"

#include <linux/cloudabi.h>

#include "kselftest_harness.h"

#define LIMIT 1500

#define DEBUGFS "/sys/kernel/debug/"

/* What is told when no call was made that could be. */
#define DIED 0xdead
#define STARTED 0xbeef

/**
 * struct victim - a CloudABI process that runs out of memory
 * @pid: its process
 * @control: its socket
 * @status: how it ended
 * @left: how many more times it could have been given memory until it would not
 */
struct victim {
	pid_t pid;
	int control;
	int status;
	unsigned int left;
};

FIXTURE(shortage) {
	struct victim victim;
};

/* --- Faults --------------------------------------------------------------- */

static const struct {
	const char *path;
	const char *during;
	const char *after;
} settings[] = {
	{ DEBUGFS "failslab/ignore-gfp-wait", "N", "Y" },
	{ DEBUGFS "failslab/verbose", "0", "2" },
	{ DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N", "Y" },
	{ DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N", "Y" },
	{ DEBUGFS "fail_page_alloc/min-order", "0", "1" },
	{ DEBUGFS "fail_page_alloc/verbose", "0", "2" },
	{ DEBUGFS "fail_usercopy/verbose", "0", "2" },
	/*
	 * The kernel warns, with a trace, when it does not get a stack for a
	 * task. What is worse is still told: it is an error or leaves a taint.
	 */
	{ "/proc/sys/kernel/printk", "4", "7" },
};

#define SETTINGS (sizeof(settings) / sizeof(*settings))

static int open_nth(const struct victim *v, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/fail-nth", v->pid,
		 v->pid);
	return open(path, flags | O_CLOEXEC);
}

/* The @nth attempt to get memory or at memory of the user fails; 0 for none. */
static bool put_nth(const struct victim *v, unsigned int nth)
{
	int fd = open_nth(v, O_WRONLY);
	bool ok = fd >= 0 && dprintf(fd, "%u", nth) > 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* What is left of it: 0 if it has failed. */
static unsigned int get_nth(const struct victim *v)
{
	int fd = open_nth(v, O_RDONLY);
	char text[16] = "";

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	return strtoul(text, NULL, 10);
}

/* --- The process ---------------------------------------------------------- */

static bool hear(struct victim *v, struct shortage_answer *a)
{
	return recv(v->control, a, sizeof(*a), MSG_WAITALL) == sizeof(*a);
}

static bool start_victim(struct victim *v)
{
	struct shortage_answer a;
	int fds[SHORTAGE_FDS] = { [SHORTAGE_MESSAGES] = 2 };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return false;
	fds[SHORTAGE_CONTROL] = pair[1];
	fds[SHORTAGE_NULL] = open("/dev/null", O_RDWR | O_CLOEXEC);
	fds[SHORTAGE_PROGRAM] = open("programs/shortage", O_RDONLY | O_CLOEXEC);
	v->control = pair[0];
	v->pid = fork();
	if (!v->pid)
		run_with("shortage", fds, SHORTAGE_FDS, NULL);
	close(pair[1]);
	close(fds[SHORTAGE_NULL]);
	close(fds[SHORTAGE_PROGRAM]);
	return hear(v, &a) && a.what == 's';
}

static void stop_victim(struct victim *v)
{
	close(v->control);
	kill(v->pid, SIGKILL);
	waitpid(v->pid, &v->status, 0);
}

/* What comes of an order: CLOUDABI_E*, STARTED or DIED. */
static unsigned int tell(struct victim *v, char order, unsigned int nth)
{
	struct helped asleep = { .pid = v->pid };
	struct shortage_answer a;
	unsigned int result = DIED;

	wait_for_state(&asleep, 'S');
	put_nth(v, nth);
	if (write(v->control, &order, 1) == 1 && hear(v, &a))
		result = a.what == 's' ? STARTED : a.error;
	v->left = get_nth(v);
	if (result == DIED)
		waitpid(v->pid, &v->status, 0);
	else
		put_nth(v, 0);
	return result;
}

/* --- What must not change ------------------------------------------------- */

/**
 * struct state - what a process has
 * @maps: its memory
 * @fds: its descriptors
 * @children: its children
 * @users: how often the module is in use
 */
struct state {
	char maps[16384];
	char fds[4096];
	int64_t children;
	int64_t users;
};

static void list_descriptors(struct victim *v, char *text, size_t size)
{
	char pattern[64], target[128];
	glob_t found;
	size_t used = 0;
	ssize_t n;

	snprintf(pattern, sizeof(pattern), "/proc/%d/fd/*", v->pid);
	if (glob(pattern, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc && used + 256 < size; i++) {
		n = readlink(found.gl_pathv[i], target, sizeof(target));
		used += snprintf(text + used, size - used, "%s %.*s\n",
				 found.gl_pathv[i], (int)(n < 0 ? 0 : n),
				 target);
	}
	globfree(&found);
}

static void look(struct victim *v, struct state *state)
{
	struct helped h = { .pid = v->pid };
	FILE *file = open_proc(&h, "maps");

	memset(state, 0, sizeof(*state));
	if (file && !fread(state->maps, 1, sizeof(state->maps) - 1, file))
		perror("# maps");
	if (file)
		fclose(file);
	list_descriptors(v, state->fds, sizeof(state->fds));
	/* A child that did not come to be is one for a moment at most. */
	for (int i = 0; i < 1000 && (state->children = count_children(&h)); i++)
		nap_ms(3);
	state->users = module_users();
}

static struct state before, after;

#define EXPECT_UNCHANGED(v, nth)					\
	do {								\
		look(v, &after);					\
		EXPECT_STREQ(before.maps, after.maps);			\
		EXPECT_STREQ(before.fds, after.fds);			\
		EXPECT_EQ(0, after.children);				\
		EXPECT_EQ(before.users, after.users) {			\
			TH_LOG("place %u", nth);			\
		}							\
	} while (0)

/* --- Tests ---------------------------------------------------------------- */

FIXTURE_SETUP(shortage)
{
	mount("none", "/sys/kernel/debug", "debugfs", 0, NULL);
	if (access("/proc/thread-self/fail-nth", W_OK))
		SKIP(return, "the kernel cannot inject faults");
	for (size_t i = 0; i < SETTINGS; i++) {
		ASSERT_EQ(0, write_file(settings[i].path, settings[i].during)) {
			TH_LOG("%s", settings[i].path);
		}
	}
	ASSERT_TRUE(start_victim(&self->victim));
}

FIXTURE_TEARDOWN(shortage)
{
	stop_victim(&self->victim);
	for (size_t i = 0; i < SETTINGS; i++)
		write_file(settings[i].path, settings[i].after);
}

static bool is_shortage(unsigned int error)
{
	return error == CLOUDABI_ENOMEM || error == CLOUDABI_EFAULT ||
	       error == CLOUDABI_EAGAIN || error == CLOUDABI_E2BIG;
}

TEST_F_TIMEOUT(shortage, fork, LIMIT)
{
	struct victim *v = &self->victim;
	unsigned int failed = 0, made = 0;

	ASSERT_EQ(0, tell(v, SHORTAGE_FORK, 0));
	ASSERT_EQ(0, tell(v, SHORTAGE_END, 0));
	look(v, &before);
	v->left = 0;
	for (unsigned int nth = 1; !v->left; nth++) {
		unsigned int error = tell(v, SHORTAGE_FORK, nth);

		ASSERT_NE(DIED, error);
		if (error) {
			failed++;
			EXPECT_TRUE(is_shortage(error)) {
				TH_LOG("place %u: error %u", nth, error);
			}
		} else {
			unsigned int left = v->left;

			made++;
			ASSERT_EQ(0, tell(v, SHORTAGE_END, 0));
			v->left = left;
		}
		EXPECT_UNCHANGED(v, nth);
	}
	TH_LOG("%u forks failed, %u did not", failed, made);
	EXPECT_LT(20, failed);
	EXPECT_LT(0, made);
}

/* The same program again; one that has died needs a new process. */
TEST_F_TIMEOUT(shortage, exec, LIMIT)
{
	struct victim *v = &self->victim;
	unsigned int failed = 0, died = 0, started = 0;

	ASSERT_EQ(STARTED, tell(v, SHORTAGE_EXEC, 0));
	v->left = 0;
	for (unsigned int nth = 1; !v->left; nth++) {
		unsigned int error;

		look(v, &before);
		error = tell(v, SHORTAGE_EXEC, nth);
		if (error == STARTED) {
			started++;
		} else if (error == DIED) {
			died++;
			EXPECT_EQ(SIGSEGV, v->status) {
				TH_LOG("place %u", nth);
			}
			close(v->control);
			ASSERT_TRUE(start_victim(v));
			v->left = 0;
		} else {
			failed++;
			EXPECT_TRUE(is_shortage(error)) {
				TH_LOG("place %u: error %u", nth, error);
			}
			EXPECT_UNCHANGED(v, nth);
		}
	}
	TH_LOG("%u execs failed, %u processes died, %u programs started",
	       failed, died, started);
	EXPECT_LT(20, failed);
	EXPECT_LT(20, died);
	EXPECT_LT(0, started);
}

TEST_HARNESS_MAIN
