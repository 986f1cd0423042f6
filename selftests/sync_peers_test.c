// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that share locks and condition variables, and die of it; see
 * programs/tests/peer.c. The words are looked at from here after each step.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "helped.h"

#include "programs/tests/peer.h"

#include <linux/cloudabi.h>
#include <linux/mount.h>

#include "kselftest_harness.h"

#define LIMIT 300

#define KM CLOUDABI_LOCK_KERNEL_MANAGED
#define W(peer) (CLOUDABI_LOCK_WRLOCKED | (peer)->tid)

/* Index of a word; the last one is in another page than the first. */
#define LOCK 0
#define CONDVAR 1
#define FAR (PEER_WORDS - 1)

struct peer {
	struct helped process;
	int orders;
	int answers;
	uint32_t tid;
};

FIXTURE(peers) {
	volatile uint32_t *words;
	int fd;
	struct peer peer[3];
};

/* What the words are in: all that processes can map together. */
FIXTURE_VARIANT(peers) {
	int (*make)(void);
};

static int make_memory(void)
{
	return memfd_create("peers", MFD_CLOEXEC);
}

static int make_file(void)
{
	return open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
}

/* Of a file system that is not mounted anywhere. */
static int make_unmounted(void)
{
	int fs = syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	int mount, fd = -1;

	if (!syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0)) {
		mount = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
		fd = openat(mount, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
		close(mount);
	}
	close(fs);
	return fd;
}

FIXTURE_VARIANT_ADD(peers, memory) {
	.make = make_memory,
};

FIXTURE_VARIANT_ADD(peers, file) {
	.make = make_file,
};

FIXTURE_VARIANT_ADD(peers, unmounted) {
	.make = make_unmounted,
};

static void start_peer(struct peer *peer, int memory)
{
	int orders[2], answers[2];
	int fds[4];

	helped_init(&peer->process);
	if (pipe2(orders, O_CLOEXEC) || pipe2(answers, O_CLOEXEC))
		return;
	fds[0] = orders[0];
	fds[1] = answers[1];
	fds[2] = 2;
	fds[3] = memory;
	peer->process.pid = fork();
	if (!peer->process.pid)
		run_with("peer", fds, 4, NULL);
	close(orders[0]);
	close(answers[1]);
	peer->orders = orders[1];
	peer->answers = answers[0];
}

static void order(struct peer *peer, struct peer_order order)
{
	if (write(peer->orders, &order, sizeof(order)) != sizeof(order))
		perror("# peer");
}

static int answer(struct peer *peer)
{
	struct pollfd poll_fd = { .fd = peer->answers, .events = POLLIN };
	uint8_t byte;

	if (poll(&poll_fd, 1, 30000) <= 0 || read(peer->answers, &byte, 1) != 1)
		return -1;
	return byte;
}

/* It does so at once. */
static int now(struct peer *peer, struct peer_order what)
{
	order(peer, what);
	return answer(peer);
}

/* It does so, and sleeps. */
static bool sleeps(struct peer *peer, struct peer_order what)
{
	struct pollfd poll_fd = { .fd = peer->answers, .events = POLLIN };

	order(peer, what);
	wait_for_state(&peer->process, 'S');
	return poll(&poll_fd, 1, 0) == 0;
}

static void kill_peer(struct peer *peer)
{
	if (peer->process.pid <= 0)
		return;
	kill(peer->process.pid, SIGKILL);
	waitpid(peer->process.pid, NULL, 0);
	peer->process.pid = 0;
}

FIXTURE_SETUP(peers)
{
	struct peer_order who = { .what = 't' };

	self->fd = variant->make();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ftruncate(self->fd, PEER_SIZE));
	self->words = mmap(NULL, PEER_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			   self->fd, 0);
	ASSERT_NE(MAP_FAILED, self->words);
	for (int i = 0; i < 3; i++) {
		struct peer *peer = &self->peer[i];

		start_peer(peer, self->fd);
		order(peer, who);
		ASSERT_EQ(4, read(peer->answers, &peer->tid, 4));
		ASSERT_EQ(peer->process.pid, peer->tid);
	}
}

FIXTURE_TEARDOWN(peers)
{
	for (int i = 0; i < 3; i++)
		kill_peer(&self->peer[i]);
}

#define TAKE(...) ((struct peer_order){ .what = 'w', __VA_ARGS__ })
#define READ(...) ((struct peer_order){ .what = 'r', __VA_ARGS__ })
#define UNLOCK(...) ((struct peer_order){ .what = 'u', __VA_ARGS__ })
#define WAIT(...) ((struct peer_order){ .what = 'c', .word = CONDVAR, \
					__VA_ARGS__ })
#define SIGNAL(...) ((struct peer_order){ .what = 's', .word = CONDVAR, \
					  __VA_ARGS__ })

TEST_F_TIMEOUT(peers, hand_over, LIMIT)
{
	struct peer *a = &self->peer[0], *b = &self->peer[1];
	const uint32_t places[] = { LOCK, FAR };

	for (int i = 0; i < 2; i++) {
		uint32_t at = places[i];

		EXPECT_EQ(0, now(a, TAKE(.word = at)));
		EXPECT_EQ(W(a), self->words[at]);
		EXPECT_TRUE(sleeps(b, TAKE(.word = at)));
		EXPECT_EQ(W(a) | KM, self->words[at]);
		EXPECT_EQ(CLOUDABI_EDEADLK, now(a, TAKE(.word = at)));
		EXPECT_EQ(0, now(a, UNLOCK(.word = at)));
		EXPECT_EQ(0, answer(b));
		EXPECT_EQ(W(b), self->words[at]);
		EXPECT_EQ(CLOUDABI_EPERM, now(a, UNLOCK(.word = at)));
		EXPECT_EQ(0, now(b, UNLOCK(.word = at)));
		EXPECT_EQ(0, self->words[at]);
	}
}

TEST_F_TIMEOUT(peers, signal, LIMIT)
{
	struct peer *a = &self->peer[0], *b = &self->peer[1];
	struct peer *c = &self->peer[2];

	EXPECT_EQ(0, now(a, TAKE()));
	EXPECT_TRUE(sleeps(a, WAIT()));
	EXPECT_EQ(0, now(b, TAKE()));
	EXPECT_TRUE(sleeps(b, WAIT()));
	EXPECT_EQ(0, self->words[LOCK]);
	EXPECT_NE(0, self->words[CONDVAR]);
	EXPECT_EQ(0, now(c, SIGNAL(.n = 2)));
	EXPECT_EQ(0, answer(a));
	EXPECT_EQ(W(a) | KM, self->words[LOCK]);
	EXPECT_EQ(0, self->words[CONDVAR]);
	EXPECT_EQ(0, now(a, UNLOCK()));
	EXPECT_EQ(0, answer(b));
	EXPECT_EQ(W(b), self->words[LOCK]);
}

/* The last one that dies takes the bit along. */
TEST_F_TIMEOUT(peers, death_of_waiters, LIMIT)
{
	struct peer *a = &self->peer[0], *b = &self->peer[1];
	struct peer *c = &self->peer[2];

	EXPECT_EQ(0, now(a, TAKE()));
	EXPECT_TRUE(sleeps(b, TAKE()));
	EXPECT_TRUE(sleeps(c, READ()));
	EXPECT_EQ(W(a) | KM, self->words[LOCK]);
	kill_peer(b);
	EXPECT_EQ(W(a) | KM, self->words[LOCK]);
	kill_peer(c);
	EXPECT_EQ(W(a), self->words[LOCK]);
	EXPECT_EQ(0, now(a, UNLOCK()));
	EXPECT_EQ(0, self->words[LOCK]);
}

TEST_F_TIMEOUT(peers, death_of_the_first_in_line, LIMIT)
{
	struct peer *a = &self->peer[0], *b = &self->peer[1];
	struct peer *c = &self->peer[2];

	EXPECT_EQ(0, now(a, TAKE()));
	EXPECT_TRUE(sleeps(b, TAKE()));
	EXPECT_TRUE(sleeps(c, TAKE()));
	kill_peer(b);
	EXPECT_EQ(0, now(a, UNLOCK()));
	EXPECT_EQ(0, answer(c));
	EXPECT_EQ(W(c), self->words[LOCK]);
}

TEST_F_TIMEOUT(peers, death_on_a_condvar, LIMIT)
{
	struct peer *a = &self->peer[0], *b = &self->peer[1];
	struct peer *c = &self->peer[2];

	EXPECT_EQ(0, now(a, TAKE()));
	EXPECT_TRUE(sleeps(a, WAIT()));
	EXPECT_EQ(0, now(b, TAKE()));
	EXPECT_TRUE(sleeps(b, WAIT()));
	kill_peer(a);
	EXPECT_NE(0, self->words[CONDVAR]);
	EXPECT_EQ(0, self->words[LOCK]);
	EXPECT_EQ(0, now(c, SIGNAL(.n = 1)));
	EXPECT_EQ(0, answer(b));
	EXPECT_EQ(W(b), self->words[LOCK]);
	EXPECT_TRUE(sleeps(b, WAIT()));
	kill_peer(b);
	EXPECT_EQ(0, self->words[CONDVAR]);
	EXPECT_EQ(0, self->words[LOCK]);
}

/* Who is stopped in a wait does not have the lock, and gets it afterwards. */
TEST_F_TIMEOUT(peers, stop_on_a_condvar, LIMIT)
{
	struct peer *a = &self->peer[0], *b = &self->peer[1];

	EXPECT_EQ(0, now(a, TAKE()));
	EXPECT_TRUE(sleeps(a, WAIT()));
	kill(a->process.pid, SIGSTOP);
	wait_for_state(&a->process, 'T');
	EXPECT_EQ(0, self->words[LOCK]);
	EXPECT_EQ(0, now(b, TAKE()));
	EXPECT_EQ(0, now(b, UNLOCK()));
	EXPECT_EQ(0, self->words[LOCK]);
	kill(a->process.pid, SIGCONT);
	EXPECT_EQ(0, answer(a));
	EXPECT_EQ(W(a), self->words[LOCK]);
	EXPECT_EQ(0, self->words[CONDVAR]);
}

/* Moved to a lock that is held, by a thread that has died since. */
TEST_F_TIMEOUT(peers, death_after_the_signal, LIMIT)
{
	struct peer *a = &self->peer[0], *b = &self->peer[1];
	struct peer *c = &self->peer[2];

	EXPECT_EQ(0, now(a, TAKE()));
	EXPECT_TRUE(sleeps(a, WAIT()));
	EXPECT_EQ(0, now(b, TAKE()));
	EXPECT_TRUE(sleeps(b, WAIT()));
	EXPECT_EQ(0, now(c, TAKE()));
	EXPECT_EQ(0, now(c, SIGNAL(.n = 2)));
	for (int i = 0; i < 10000 && !(self->words[LOCK] & KM); i++)
		nap_ms(1);
	EXPECT_EQ(W(c) | KM, self->words[LOCK]);
	kill_peer(a);
	EXPECT_EQ(W(c) | KM, self->words[LOCK]);
	EXPECT_EQ(0, now(c, UNLOCK()));
	EXPECT_EQ(0, answer(b));
	EXPECT_EQ(W(b), self->words[LOCK]);
}

/* Who is signalled first cannot get at the lock, nor can who is next. */
TEST_F_TIMEOUT(peers, signal_for_a_lock_that_is_gone, LIMIT)
{
	struct peer *a = &self->peer[0], *b = &self->peer[1];
	struct peer *c = &self->peer[2];

	EXPECT_EQ(0, now(a, TAKE(.word = FAR)));
	EXPECT_TRUE(sleeps(a, WAIT(.lock = FAR)));
	EXPECT_EQ(0, now(b, TAKE(.word = FAR)));
	EXPECT_TRUE(sleeps(b, WAIT(.lock = FAR)));
	ASSERT_EQ(0, ftruncate(self->fd, PEER_SIZE / 2));
	EXPECT_EQ(0, now(c, SIGNAL(.n = 2)));
	EXPECT_EQ(CLOUDABI_EFAULT, answer(a));
	EXPECT_EQ(CLOUDABI_EFAULT, answer(b));
	EXPECT_EQ(0, self->words[CONDVAR]);
}

/* This process keeps a processor for itself, or does not any more. */
static bool keep_processor(bool keep)
{
	struct sched_param priority = { .sched_priority = keep };

	return !sched_setscheduler(0, keep ? SCHED_FIFO : SCHED_OTHER,
				   &priority);
}

/*
 * It is not to run any more. The state alone would not tell: who has been woken
 * sets it once more before it sees that it need not sleep.
 */
static bool is_asleep(const struct peer *peer)
{
	FILE *file = open_proc(&peer->process, "wchan");
	int first = file ? fgetc(file) : EOF;

	if (file)
		fclose(file);
	return first != EOF && first != '0' &&
	       task_state(&peer->process, "stat") == 'S';
}

/* The same as sleeps(), but nobody else gets to run here meanwhile. */
static bool sleeps_elsewhere(struct peer *peer, struct peer_order what)
{
	struct pollfd poll_fd = { .fd = peer->answers, .events = POLLIN };

	order(peer, what);
	for (int i = 0; i < 100000; i++) {
		if (is_asleep(peer))
			return poll(&poll_fd, 1, 0) == 0;
	}
	return false;
}

/*
 * A reader is to see about a lock whose word has lost its bit, and does not get
 * to run before a writer comes, which goes first. The kernel lets it run after
 * nearly a second all the same.
 */
TEST_F_TIMEOUT(peers, writer_before_a_reader_that_contends, LIMIT)
{
	struct peer *a = &self->peer[0], *b = &self->peer[1];
	struct peer *c = &self->peer[2];
	bool b_sleeps, c_sleeps;
	long long start;
	uint32_t word;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "this takes two processors");
	EXPECT_EQ(0, now(c, TAKE()));
	EXPECT_TRUE(sleeps(a, READ()));
	EXPECT_EQ(W(c) | KM, self->words[LOCK]);
	self->words[LOCK] = W(c);
	move_to(a->process.pid, 1);
	move_to(b->process.pid, 0);
	move_to(c->process.pid, 0);
	move_to(0, 1);
	ASSERT_TRUE(keep_processor(true));
	start = now_ms();
	b_sleeps = sleeps_elsewhere(b, READ());
	self->words[LOCK] = 0;
	c_sleeps = sleeps_elsewhere(c, TAKE());
	word = self->words[LOCK];
	EXPECT_TRUE(keep_processor(false));
	if (now_ms() - start > 500)
		SKIP(return, "this machine is too slow for it");
	EXPECT_TRUE(b_sleeps);
	EXPECT_TRUE(c_sleeps);
	EXPECT_EQ(0, word);
	EXPECT_EQ(0, answer(c));
	EXPECT_EQ(W(c) | KM, self->words[LOCK]);
	EXPECT_EQ(0, now(c, UNLOCK()));
	EXPECT_EQ(0, answer(a));
	EXPECT_EQ(0, answer(b));
	EXPECT_EQ(2, self->words[LOCK]);
}

/* The file gets shorter under them: they get on, and so does everybody else. */
TEST_F_TIMEOUT(peers, words_that_are_gone, LIMIT)
{
	struct peer *a = &self->peer[0], *b = &self->peer[1];
	struct peer *c = &self->peer[2];

	EXPECT_EQ(0, now(a, TAKE()));
	EXPECT_TRUE(sleeps(b, TAKE(.timeout = 500)));
	EXPECT_TRUE(sleeps(c, TAKE()));
	ASSERT_EQ(0, ftruncate(self->fd, 0));
	EXPECT_EQ(CLOUDABI_EFAULT, now(a, UNLOCK()));
	EXPECT_EQ(PEER_TIMEOUT, answer(b));
	EXPECT_EQ(CLOUDABI_EFAULT, now(b, TAKE()));
	kill_peer(c);
	ASSERT_EQ(0, ftruncate(self->fd, PEER_SIZE));
	EXPECT_EQ(0, now(b, TAKE()));
	EXPECT_EQ(W(b), self->words[LOCK]);
	/*
	 * What the killed one could not take back is not held against who comes
	 * next.
	 */
	self->words[LOCK] = W(a) | KM;
	EXPECT_TRUE(sleeps(b, TAKE()));
	EXPECT_EQ(W(a) | KM, self->words[LOCK]);
	EXPECT_EQ(0, now(a, UNLOCK()));
	EXPECT_EQ(0, answer(b));
	self->words[LOCK] = W(a) | KM;
	EXPECT_EQ(CLOUDABI_EINVAL, now(b, TAKE()));
	EXPECT_EQ(W(a), self->words[LOCK]);
}

TEST_HARNESS_MAIN
