// SPDX-License-Identifier: GPL-2.0
/*
 * Trees of processes that do everything at random (programs/tests/storm.c), while
 * processes of them are killed, stopped and traced from here. Nobody sees
 * anything that must not be, and nothing is left in the end.
 *
 * PROCESS_SECONDS is how long that takes, 10 if not set. PROCESS_SEED is the
 * seed; the one that is taken is told.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "helped.h"

#include "programs/tests/storm.h"

#include "kselftest_harness.h"

#define LIMIT 3600

#define ROOTS 2
#define GENERATIONS "4"

/* Seconds in which whatever ends must have ended. */
#define PATIENCE 60

/* So many processes are looked at when one is picked. */
#define CROWD 512

/**
 * struct storm - trees of processes
 * @arena: what they tell
 * @fd: what that is in
 * @pid: the first process of each tree, 0 for none
 * @code: what it is to exit with
 * @seed: state of random numbers
 * @roots: how many trees there were
 * @killed: processes that were killed
 * @stopped: processes that were stopped, and continued
 * @traced: processes that were traced for a moment
 * @vanished: processes that ended while they were traced
 * @orphans: processes that had nobody left but us
 */
struct storm {
	struct storm_arena *arena;
	int fd;
	pid_t pid[ROOTS];
	uint32_t code[ROOTS];
	uint64_t seed;
	unsigned int roots;
	unsigned int killed;
	unsigned int stopped;
	unsigned int traced;
	unsigned int vanished;
	unsigned int orphans;
};

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

static unsigned int random_below(struct storm *s, unsigned int limit)
{
	s->seed ^= s->seed << 13;
	s->seed ^= s->seed >> 7;
	s->seed ^= s->seed << 17;
	return (s->seed >> 20) % limit;
}

/* --- Who there is --------------------------------------------------------- */

static bool is_of_storm(pid_t pid)
{
	static const char name[] = "/storm";
	char path[64], target[256];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, target, sizeof(target));
	return n >= (ssize_t)sizeof(name) &&
	       !memcmp(target + n - sizeof(name) + 1, name, sizeof(name) - 1);
}

static bool is_zombie(pid_t pid)
{
	struct helped any = { .pid = pid };

	return task_state(&any, "stat") == 'Z';
}

/* Those for which @is holds. */
static unsigned int list(bool (*is)(pid_t pid), pid_t pids[CROWD])
{
	unsigned int n = 0;
	glob_t found;

	if (glob("/proc/[0-9]*", 0, NULL, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc && n < CROWD; i++) {
		pids[n] = atoi(found.gl_pathv[i] + strlen("/proc/"));
		n += is(pids[n]);
	}
	globfree(&found);
	return n;
}

static pid_t pick(struct storm *s)
{
	pid_t pids[CROWD];
	unsigned int n = list(is_of_storm, pids);

	return n ? pids[random_below(s, n)] : 0;
}

/* --- Trees ---------------------------------------------------------------- */

static void start_tree(struct storm *s, unsigned int root, int file)
{
	char code[16], seed[24];
	const char *words[] = { code, GENERATIONS, seed, "0", "5", NULL };
	int fds[STORM_GIVEN] = {
		[STORM_ARENA] = s->fd,
		[STORM_NULL] = open("/dev/null", O_RDWR | O_CLOEXEC),
		[STORM_MESSAGES] = 2,
		[STORM_PROGRAM] = open("programs/storm", O_RDONLY | O_CLOEXEC),
		[STORM_FILE] = file,
	};

	s->code[root] = random_below(s, 256) | 1;
	snprintf(code, sizeof(code), "%u", s->code[root]);
	snprintf(seed, sizeof(seed), "%u", random_below(s, 1u << 30));
	s->pid[root] = fork();
	if (!s->pid[root])
		run_with("storm", fds, STORM_GIVEN, words);
	close(fds[STORM_NULL]);
	close(fds[STORM_PROGRAM]);
	s->roots++;
}

/* The first of a tree is as told or killed; others may be anything but hurt. */
static bool is_good_end(struct storm *s, pid_t pid, int status)
{
	for (unsigned int i = 0; i < ROOTS; i++) {
		if (s->pid[i] != pid)
			continue;
		s->pid[i] = 0;
		return status == SIGKILL || status == s->code[i] << 8;
	}
	s->orphans++;
	return status == SIGKILL || WIFEXITED(status);
}

/* Whether all that have ended since did so well. */
static bool reap(struct storm *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (is_good_end(s, pid, status))
			continue;
		printf("# process %d: status %#x\n", pid, status);
		return false;
	}
	return true;
}

/* --- From outside --------------------------------------------------------- */

/* Its parent has to know that it was us. */
static void kill_one(struct storm *s, pid_t pid)
{
	uint32_t code = s->arena->codes[pid % STORM_PROCESSES];

	if (!code)
		return;
	/* A whole tree not too often. */
	for (unsigned int i = 0; i < ROOTS; i++) {
		if (s->pid[i] == pid && random_below(s, 3))
			return;
	}
	__atomic_store_n(&s->arena->killed[s->killed % STORM_KILLS], code,
			 __ATOMIC_SEQ_CST);
	s->killed += !kill(pid, SIGKILL);
}

static void stop_one(struct storm *s, pid_t pid)
{
	s->stopped += !kill(pid, SIGSTOP);
	nap_ms(random_below(s, 20));
	kill(pid, SIGCONT);
}

/* It stops, has ended, or is another thread now that we do not trace. */
static void let_go(struct storm *s, pid_t pid)
{
	int status;
	pid_t got;

	for (int i = 0; i < 3000; i++) {
		got = waitpid(pid, &status, __WALL | WNOHANG);
		if (got < 0 || (got && !WIFSTOPPED(status))) {
			s->vanished++;
			return;
		}
		if (got)
			break;
		nap_ms(1);
	}
	nap_ms(random_below(s, 4));
	s->traced += !ptrace(PTRACE_DETACH, pid, 0, 0);
}

static void trace_one(struct storm *s, pid_t pid)
{
	for (unsigned int i = 0; i < ROOTS; i++) {
		/* Its end is for reap(). */
		if (s->pid[i] == pid)
			return;
	}
	if (ptrace(PTRACE_SEIZE, pid, 0, 0))
		return;
	if (random_below(s, 2))
		nap_ms(random_below(s, 10));
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	let_go(s, pid);
}

static void disturb_some(struct storm *s)
{
	static void (*const all[])(struct storm *s, pid_t pid) = {
		kill_one, stop_one, stop_one, trace_one, trace_one,
	};
	pid_t pid = pick(s);

	if (pid)
		all[random_below(s, ARRAY_SIZE(all))](s, pid);
	nap_ms(random_below(s, 30));
}

/* --- One storm ------------------------------------------------------------ */

/* Whether all there is to meet has been met. */
static bool is_complete(const struct storm *s)
{
	for (unsigned int i = 0; i < STORM_lost_exec_races; i++) {
		if (!s->arena->counts[i])
			return false;
	}
	return s->killed && s->stopped && s->traced;
}

/* Longer than said only if luck has been bad. */
static bool goes_on(const struct storm *s, time_t end)
{
	time_t now = time(NULL);

	return !s->arena->violations &&
	       (now < end || (!is_complete(s) && now < end + PATIENCE * slow()));
}

static bool rage(struct storm *s, int file)
{
	time_t end = time(NULL) + setting("PROCESS_SECONDS", 10);

	while (goes_on(s, end)) {
		for (unsigned int i = 0; i < ROOTS; i++) {
			if (!s->pid[i])
				start_tree(s, i, file);
		}
		disturb_some(s);
		if (!reap(s))
			return false;
	}
	return true;
}

/* Everybody ends without being told again. */
static bool calm_down(struct storm *s)
{
	time_t end = time(NULL) + PATIENCE * slow();
	pid_t pids[CROWD];
	unsigned int n;

	__atomic_store_n(&s->arena->stop, 1, __ATOMIC_SEQ_CST);
	while ((n = list(is_of_storm, pids)) && time(NULL) < end) {
		if (!reap(s))
			return false;
		nap_ms(20);
	}
	for (unsigned int i = 0; i < n; i++)
		printf("# process %d is left\n", pids[i]);
	return reap(s) && !n;
}

static void tell(struct storm *s)
{
	static const char *const names[] = {
#define STORM_NAME(name) #name,
		STORM_FOR_EACH_COUNT(STORM_NAME)
	};

	printf("# %u trees, %u killed, %u stopped, %u traced, %u vanished, %u orphans\n",
	       s->roots, s->killed, s->stopped, s->traced, s->vanished,
	       s->orphans);
	for (unsigned int i = 0; i < STORM_COUNTS; i++)
		printf("#   %llu %s\n", (unsigned long long)s->arena->counts[i],
		       names[i]);
	fflush(stdout);
}

FIXTURE(storm) {
	struct storm storm;
};

FIXTURE_SETUP(storm)
{
	struct storm *s = &self->storm;

	s->fd = memfd_create("arena", MFD_CLOEXEC);
	ASSERT_EQ(0, ftruncate(s->fd, sizeof(*s->arena)));
	s->arena = mmap(NULL, sizeof(*s->arena), PROT_READ | PROT_WRITE,
			MAP_SHARED, s->fd, 0);
	ASSERT_NE(MAP_FAILED, s->arena);
	s->seed = setting("PROCESS_SEED", time(NULL) ^ getpid());
	TH_LOG("PROCESS_SEED=%llu", (unsigned long long)s->seed);
	s->seed = s->seed * 2 + 1;
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
}

FIXTURE_TEARDOWN(storm)
{
}

TEST_F_TIMEOUT(storm, leaves_nothing, LIMIT)
{
	struct storm *s = &self->storm;
	int64_t sockets = count_sockets(), users = module_users();
	pid_t pids[CROWD];
	unsigned int zombies = list(is_zombie, pids);
	int file = open_empty_file();

	ASSERT_LE(0, sockets);
	ASSERT_LE(0, users);
	EXPECT_TRUE(rage(s, file));
	EXPECT_TRUE(calm_down(s));
	EXPECT_EQ(0, s->arena->violations) {
		TH_LOG("line %u of storm.c, found %#llx", s->arena->line,
		       (unsigned long long)s->arena->value);
	}
	for (int i = 0; i < 200 && (count_sockets() > sockets ||
				    module_users() > users); i++)
		collect_sockets();
	EXPECT_EQ(sockets, count_sockets());
	EXPECT_EQ(users, module_users());
	EXPECT_EQ(zombies, list(is_zombie, pids));
	EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG | __WALL));
	tell(s);
	EXPECT_TRUE(is_complete(s));
}

TEST_HARNESS_MAIN
