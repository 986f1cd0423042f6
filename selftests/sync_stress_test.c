// SPDX-License-Identifier: GPL-2.0
/*
 * Many threads fight over few locks and condition variables; see
 * programs/tests/sync_stress.c. In one process, in four that share memory, and in
 * four of which three are killed again and again.
 *
 * SYNC_SECONDS is how long each of these takes, 5 if not set. SYNC_SEED is the
 * seed; the one that is taken is told.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "helped.h"

#include "programs/tests/arena.h"

#include <linux/cloudabi.h>

#include "kselftest_harness.h"

#define LIMIT 3600

/* A thread that does nothing for so many seconds has been forgotten. */
#define PATIENCE 30

/**
 * struct fight - processes that fight
 * @arena: where
 * @fd: what that is
 * @pid: the processes
 * @threads: how many threads each of them has
 * @seed: for their random numbers
 * @mortal: some of them are killed
 * @how: what the programs are told
 * @kills: how often that was done
 */
struct fight {
	struct arena *arena;
	int fd;
	pid_t pid[ARENA_PROCESSES];
	unsigned int threads;
	unsigned long seed;
	bool mortal;
	const char *how;
	unsigned int kills;
};

FIXTURE(stress) {
	struct fight fight;
};

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

FIXTURE_SETUP(stress)
{
	struct fight *f = &self->fight;

	f->fd = memfd_create("arena", MFD_CLOEXEC);
	ASSERT_EQ(0, ftruncate(f->fd, sizeof(*f->arena)));
	f->arena = mmap(NULL, sizeof(*f->arena), PROT_READ | PROT_WRITE,
			MAP_SHARED, f->fd, 0);
	ASSERT_NE(MAP_FAILED, f->arena);
	f->seed = setting("SYNC_SEED", time(NULL) ^ getpid());
	TH_LOG("SYNC_SEED=%lu", f->seed);
}

FIXTURE_TEARDOWN(stress)
{
}

static void start(struct fight *f, unsigned int process)
{
	char number[16], threads[16], seed[32];
	const char *words[] = { number, threads, seed, f->how, NULL };
	int fds[] = { open("/dev/null", O_RDWR | O_CLOEXEC), 2, 2, f->fd };

	snprintf(number, sizeof(number), "%u", process);
	snprintf(threads, sizeof(threads), "%u", f->threads);
	snprintf(seed, sizeof(seed), "%lu",
		 f->seed + process + 16 * f->kills);
	f->pid[process] = fork();
	if (!f->pid[process])
		run_with("sync_stress", fds, 4, words);
	close(fds[0]);
}

static uint64_t steps_seen[ARENA_PROCESSES][ARENA_THREADS];

static void tell_stuck(struct fight *f, const struct arena_thread *t)
{
	const struct arena_lock *l = &f->arena->locks[t->with];

	printf("# thread %u does %c with lock %u: %#x, %#x, tokens %u\n",
	       t->tid, t->doing, t->with, l->lock, l->condvar, l->tokens);
}

/* Whom nobody has woken up. */
static unsigned int count_stuck(struct fight *f, unsigned int n,
				uint64_t (*before)[ARENA_THREADS])
{
	unsigned int stuck = 0;

	for (unsigned int p = 0; p < n; p++) {
		for (unsigned int i = 0; i < f->threads; i++) {
			struct arena_thread *t = &f->arena->threads[p][i];

			if (t->tid && t->steps == before[p][i] &&
			    t->doing != 'e') {
				tell_stuck(f, t);
				stuck++;
			}
			before[p][i] = t->steps;
		}
	}
	return stuck;
}

/* Kills one, and has its locks taken from it. */
static bool kill_one(struct fight *f)
{
	unsigned int victim = 1 + f->kills++ % (ARENA_PROCESSES - 1);
	int status;

	kill(f->pid[victim], SIGKILL);
	waitpid(f->pid[victim], &status, 0);
	__atomic_store_n(&f->arena->dead, victim + 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < 10000 && f->arena->dead; i++)
		nap_ms(3);
	if (f->arena->dead)
		return false;
	start(f, victim);
	return true;
}

static unsigned int run(struct fight *f, unsigned int processes)
{
	time_t now = time(NULL), next = now + PATIENCE * slow();
	time_t end = now + setting("SYNC_SECONDS", 5);
	unsigned int stuck = 0;

	memset(steps_seen, 0xff, sizeof(steps_seen));
	for (unsigned int p = 0; p < processes; p++)
		start(f, p);
	while (time(NULL) < end && !stuck && !f->arena->violations) {
		nap_ms(50 + f->kills % 7);
		if (f->mortal && !kill_one(f))
			return 1;
		if (time(NULL) < next)
			continue;
		next = time(NULL) + PATIENCE * slow();
		stuck = count_stuck(f, processes, steps_seen);
	}
	return stuck;
}

/* Everybody ends, and is not waited for longer than that may take. */
static bool end_one(struct fight *f, unsigned int process)
{
	int status;

	for (int i = 0; i < 30000; i++) {
		if (waitpid(f->pid[process], &status, WNOHANG)) {
			if (status)
				printf("# process %u: status %#x\n", process,
				       status);
			return !status;
		}
		nap_ms(3);
	}
	kill(f->pid[process], SIGKILL);
	printf("# process %u does not end\n", process);
	return false;
}

static void check(struct __test_metadata *_metadata,
		  struct fight *f, unsigned int processes)
{
	uint64_t steps = 0;
	bool ended = true;

	EXPECT_EQ(0, run(f, processes));
	__atomic_store_n(&f->arena->stop, 1, __ATOMIC_SEQ_CST);
	for (unsigned int p = 0; p < processes; p++)
		ended = end_one(f, p) && ended;
	EXPECT_TRUE(ended) {
		count_stuck(f, processes, steps_seen);
		count_stuck(f, processes, steps_seen);
	}
	EXPECT_EQ(0, f->arena->violations) {
		TH_LOG("line %u of sync_stress.c, found %#x",
		       f->arena->line, f->arena->value);
	}
	for (unsigned int i = 0; i < ARENA_LOCKS; i++) {
		EXPECT_EQ(0, f->arena->locks[i].lock);
		EXPECT_EQ(0, f->arena->locks[i].condvar);
		EXPECT_EQ(0, f->arena->locks[i].owner);
		EXPECT_EQ(0, f->arena->locks[i].readers);
	}
	for (unsigned int p = 0; p < processes; p++) {
		for (unsigned int i = 0; i < f->threads; i++)
			steps += f->arena->threads[p][i].steps;
	}
	TH_LOG("%llu steps, %u kills, %u locks of the dead",
	       (unsigned long long)steps, f->kills, f->arena->buried);
	EXPECT_NE(0, steps);
}

TEST_F_TIMEOUT(stress, one_process, LIMIT)
{
	self->fight.threads = 64;
	self->fight.how = "private";
	check(_metadata, &self->fight, 1);
}

TEST_F_TIMEOUT(stress, one_process_shared, LIMIT)
{
	self->fight.threads = 64;
	check(_metadata, &self->fight, 1);
}

TEST_F_TIMEOUT(stress, four_processes, LIMIT)
{
	self->fight.threads = 16;
	check(_metadata, &self->fight, 4);
}

TEST_F_TIMEOUT(stress, four_mortal_processes, LIMIT)
{
	self->fight.threads = 16;
	self->fight.mortal = true;
	self->fight.how = "mortal";
	check(_metadata, &self->fight, 4);
	EXPECT_NE(0, self->fight.kills);
}

TEST_HARNESS_MAIN
