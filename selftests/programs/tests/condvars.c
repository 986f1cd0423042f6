// SPDX-License-Identifier: GPL-2.0
/*
 * condvars: what the kernel does with the words of a condition variable and of
 * its lock, step by step.
 *
 *	condvars KIND forever|timed THREADS	(see actor.h)
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "actor.h"

static cloudabi_tid_t self;

static cloudabi_errno_t wait_now(uint32_t *condvar, uint32_t *lock)
{
	cloudabi_event_t event;

	return poll_now(for_condvar(condvar, lock), &event);
}

/* As a program does it: alone if it can. */
static void lock_it(void)
{
	if (!word_change(&words[LOCK], 0, W(self)))
		CHECK_OK(take(WRLOCK, &words[LOCK]));
}

static void unlock_it(void)
{
	if (!word_change(&words[LOCK], W(self), 0))
		CHECK_OK(unlock(LOCK));
}

static void clear_words(void)
{
	for (unsigned int i = 0; i < NR_WORDS; i++)
		set_word(i, 0);
}

static void check_handed_to(struct actor *actor, uint32_t km)
{
	if (!wait_done(actor))
		return;
	check_success(actor);
	CHECK_EQ(actor->seen, W(actor->thread.tid) | km);
}

/*
 * Waiters have been moved to a lock that this thread holds. Where the kernel
 * cannot know that the signaller has the word, the first one has to see to it.
 */
static void check_becomes_managed(void)
{
	if (scope == CLOUDABI_SCOPE_SHARED) {
		for (int i = 0; i < 30000 && !(word(LOCK) & KM); i++)
			crt_sleep_ms(1);
	}
	CHECK_EQ(word(LOCK), W(self) | KM);
}

/* --- Calls that fail ------------------------------------------------------ */

static void lock_must_be_held(void)
{
	static const uint32_t values[] = {
		0, 1, 5, W(NOBODY), KM, KM | 1, KM | W(NOBODY),
	};

	clear_words();
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		set_word(LOCK, values[i]);
		CHECK_ERRNO(wait_now(&words[CONDVAR_WORD], &words[LOCK]),
			    CLOUDABI_EPERM);
		CHECK_EQ(word(LOCK), values[i]);
		CHECK_EQ(word(CONDVAR_WORD), 0);
	}
}

static void bad_addresses(void)
{
	uint32_t *page = map_words(CLOUDABI_MAP_ANON | CLOUDABI_MAP_PRIVATE,
				   CLOUDABI_MAP_ANON_FD);
	void *odd = (char *)words + 2;

	clear_words();
	set_word(LOCK, W(self));
	CHECK_ERRNO(wait_now(NULL, &words[LOCK]), CLOUDABI_EFAULT);
	CHECK_ERRNO(wait_now(BAD_ADDRESS, &words[LOCK]), CLOUDABI_EFAULT);
	CHECK_ERRNO(wait_now(odd, &words[LOCK]), CLOUDABI_EINVAL);
	CHECK_ERRNO(wait_now(&words[CONDVAR_WORD], NULL), CLOUDABI_EFAULT);
	CHECK_ERRNO(wait_now(&words[CONDVAR_WORD], odd), CLOUDABI_EINVAL);
	page[0] = 0;
	page[1] = W(self);
	CHECK_OK(cloudabi_sys_mem_protect(page, WORDS_SIZE,
					  CLOUDABI_PROT_READ));
	CHECK_ERRNO(wait_now(page, &words[LOCK]), CLOUDABI_EFAULT);
	CHECK_ERRNO(wait_now(&words[CONDVAR_WORD], page + 1), CLOUDABI_EFAULT);
	CHECK_EQ(page[1], W(self));
	CHECK_EQ(word(LOCK), W(self));
	CHECK_EQ(word(CONDVAR_WORD), 0);
	CHECK_OK(cloudabi_sys_mem_unmap(page, WORDS_SIZE));
	CHECK_ERRNO(cloudabi_sys_condvar_signal(odd, scope, 1),
		    CLOUDABI_EINVAL);
	CHECK_ERRNO(cloudabi_sys_condvar_signal(BAD_ADDRESS, scope, 1),
		    CLOUDABI_EFAULT);
}

static void unknown_scopes(void)
{
	cloudabi_subscription_t in;
	cloudabi_event_t event;

	clear_words();
	set_word(LOCK, W(self));
	for (unsigned int bad = 0; bad < 256; bad++) {
		if (bad == CLOUDABI_SCOPE_PRIVATE ||
		    bad == CLOUDABI_SCOPE_SHARED)
			continue;
		in = for_condvar(&words[CONDVAR_WORD], &words[LOCK]);
		in.condvar.condvar_scope = bad;
		CHECK_ERRNO(poll_now(in, &event), CLOUDABI_EINVAL);
		in.condvar.condvar_scope = scope;
		in.condvar.lock_scope = bad;
		CHECK_ERRNO(poll_now(in, &event), CLOUDABI_EINVAL);
		CHECK_ERRNO(cloudabi_sys_condvar_signal(&words[CONDVAR_WORD],
							bad, 1),
			    CLOUDABI_EINVAL);
	}
	CHECK_EQ(word(LOCK), W(self));
	CHECK_EQ(word(CONDVAR_WORD), 0);
}

/* The lock is still held: the clock is looked at before. */
static void bad_clocks(void)
{
	static const struct {
		cloudabi_clockid_t id;
		cloudabi_errno_t error;
	} rows[] = {
		{ 0, CLOUDABI_EINVAL },
		{ 5, CLOUDABI_EINVAL },
		{ 0xffffffff, CLOUDABI_EINVAL },
		{ CLOUDABI_CLOCK_PROCESS_CPUTIME_ID, CLOUDABI_ENOTSUP },
		{ CLOUDABI_CLOCK_THREAD_CPUTIME_ID, CLOUDABI_ENOTSUP },
	};
	cloudabi_subscription_t in[2] = {
		for_condvar(&words[CONDVAR_WORD], &words[LOCK]), for_clock(1),
	};
	cloudabi_event_t event;
	size_t n;

	clear_words();
	set_word(LOCK, W(self));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		in[1].clock.clock_id = rows[i].id;
		CHECK_OK(cloudabi_sys_poll(in, &event, 2, &n));
		CHECK_EQ(n, 1);
		CHECK_EQ(event.type, CLOCK);
		CHECK_ERRNO(event.error, rows[i].error);
		CHECK_EQ(event.userdata, in[1].userdata);
		CHECK_EQ(word(LOCK), W(self));
		CHECK_EQ(word(CONDVAR_WORD), 0);
	}
}

static void all_waiters_have_one_lock(void)
{
	clear_words();
	start_waiter(&actors[0], false);
	set_word(OTHER_LOCK, W(self));
	CHECK_ERRNO(wait_now(&words[CONDVAR_WORD], &words[OTHER_LOCK]),
		    CLOUDABI_EINVAL);
	CHECK_EQ(word(OTHER_LOCK), W(self));
	CHECK(word(CONDVAR_WORD));
	CHECK_OK(signal(1));
	let_go(&actors[0]);
	check_success(&actors[0]);
	/* Afterwards it may be another one. */
	start_actor(&actors[0], for_condvar(&words_there[CONDVAR_WORD],
					    &words_there[OTHER_LOCK]),
		    1000000, false);
	set_word(OTHER_LOCK, 0);
	let_go(&actors[0]);
	check_timeout(&actors[0]);
}

/* --- Signals -------------------------------------------------------------- */

static void nobody_waits(void)
{
	clear_words();
	CHECK_OK(signal(0));
	CHECK_OK(signal(1));
	CHECK_OK(signal(~0u));
	CHECK_EQ(word(CONDVAR_WORD), 0);
	/* Nor is the word touched then: it may be something else by now. */
	set_word(CONDVAR_WORD, 0x55);
	CHECK_OK(signal(1));
	CHECK_EQ(word(CONDVAR_WORD), 0x55);
	set_word(CONDVAR_WORD, 0);
}

static void waiting_releases_the_lock(void)
{
	clear_words();
	start_waiter(&actors[0], true);
	CHECK(word(CONDVAR_WORD));
	CHECK_EQ(word(LOCK), 0);
	CHECK_OK(signal(1));
	check_handed_to(&actors[0], 0);
	CHECK_EQ(word(CONDVAR_WORD), 0);
	let_go(&actors[0]);
	CHECK_EQ(word(LOCK), 0);
}

/* The lock goes to who waits for it, in the same step. */
static void waiting_hands_the_lock_over(void)
{
	cloudabi_subscription_t in[2] = {
		for_condvar(&words[CONDVAR_WORD], &words[LOCK]),
		for_clock(20000000),
	};
	cloudabi_event_t event;
	size_t n;

	clear_words();
	set_word(LOCK, W(self));
	start_actor(&actors[0], for_lock(WRLOCK, &words_there[LOCK]), 0, false);
	CHECK_EQ(word(LOCK), W(self) | KM);
	CHECK_OK(cloudabi_sys_poll(in, &event, 2, &n));
	CHECK_EQ(n, 1);
	CHECK_EQ(event.type, CLOCK);
	CHECK_OK(event.error);
	let_go(&actors[0]);
	check_success(&actors[0]);
	CHECK_EQ(actors[0].seen, W(actors[0].thread.tid));
	CHECK_EQ(word(LOCK), W(self));
	CHECK_EQ(word(CONDVAR_WORD), 0);
}

static void signal_under_the_lock(void)
{
	clear_words();
	start_waiter(&actors[0], true);
	lock_it();
	CHECK_OK(signal(0));
	CHECK(word(CONDVAR_WORD));
	CHECK_OK(signal(1));
	CHECK_EQ(word(CONDVAR_WORD), 0);
	check_becomes_managed();
	CHECK(!is_done(&actors[0]));
	/* All of them are on their way: nothing to do. */
	CHECK_OK(signal(1));
	CHECK_OK(unlock(LOCK));
	check_handed_to(&actors[0], 0);
	let_go(&actors[0]);
	CHECK_EQ(word(LOCK), 0);
}

/* One for each, in the order in which they came. */
static void one_by_one(void)
{
	unsigned int n = actors_wanted;

	clear_words();
	for (unsigned int i = 0; i < n; i++)
		start_waiter(&actors[i], true);
	ranks = 0;
	for (unsigned int i = 0; i < n; i++) {
		CHECK_OK(signal(1));
		check_handed_to(&actors[i], 0);
		CHECK_EQ(actors[i].rank, i);
		CHECK_EQ(ranks, i + 1);
		CHECK_EQ(!!word(CONDVAR_WORD), i + 1 < n);
		let_go(&actors[i]);
		CHECK_EQ(word(LOCK), 0);
	}
}

/* Everybody at once, but one after the other has the lock. */
static void broadcast_to_a_free_lock(void)
{
	unsigned int n = actors_wanted;

	clear_words();
	for (unsigned int i = 0; i < n; i++)
		start_waiter(&actors[i], true);
	ranks = 0;
	CHECK_OK(signal(~0u));
	CHECK_EQ(word(CONDVAR_WORD), 0);
	for (unsigned int i = 0; i < n; i++) {
		check_handed_to(&actors[i], i + 1 < n ? KM : 0);
		CHECK_EQ(actors[i].rank, i);
		CHECK_EQ(ranks, i + 1);
		let_go(&actors[i]);
	}
	CHECK_EQ(word(LOCK), 0);
}

static void broadcast_under_the_lock(void)
{
	unsigned int n = actors_wanted;

	clear_words();
	for (unsigned int i = 0; i < n; i++)
		start_waiter(&actors[i], false);
	lock_it();
	ranks = 0;
	CHECK_OK(signal(n));
	CHECK_EQ(word(CONDVAR_WORD), 0);
	check_becomes_managed();
	CHECK_EQ(ranks, 0);
	unlock_it();
	for (unsigned int i = 0; i < n; i++) {
		let_go(&actors[i]);
		check_success(&actors[i]);
		CHECK_EQ(actors[i].rank, i);
	}
	CHECK_EQ(word(LOCK), 0);
}

static void some_of_many(void)
{
	clear_words();
	for (int i = 0; i < 5; i++)
		start_waiter(&actors[i], true);
	CHECK_OK(signal(2));
	CHECK(word(CONDVAR_WORD));
	check_handed_to(&actors[0], KM);
	let_go(&actors[0]);
	check_handed_to(&actors[1], 0);
	let_go(&actors[1]);
	CHECK(!is_done(&actors[2]));
	CHECK_EQ(word(LOCK), 0);
	CHECK_OK(signal(3));
	CHECK_EQ(word(CONDVAR_WORD), 0);
	for (int i = 2; i < 5; i++) {
		check_handed_to(&actors[i], i < 4 ? KM : 0);
		let_go(&actors[i]);
	}
}

/* Behind the writers that wait for it already, before readers. */
static void moved_behind_the_writers(void)
{
	clear_words();
	start_waiter(&actors[0], true);
	start_waiter(&actors[1], true);
	lock_it();
	start_actor(&actors[2], for_lock(RDLOCK, &words_there[LOCK]), 0, true);
	start_actor(&actors[3], for_lock(WRLOCK, &words_there[LOCK]), 0, true);
	CHECK_EQ(word(LOCK), W(self) | KM);
	CHECK_OK(signal(~0u));
	CHECK_EQ(word(LOCK), W(self) | KM);
	CHECK_OK(unlock(LOCK));
	check_handed_to(&actors[3], KM);
	let_go(&actors[3]);
	check_handed_to(&actors[0], KM);
	let_go(&actors[0]);
	check_handed_to(&actors[1], KM);
	let_go(&actors[1]);
	if (wait_done(&actors[2]))
		check_success(&actors[2]);
	CHECK_EQ(word(LOCK), 1);
	let_go(&actors[2]);
	CHECK_EQ(word(LOCK), 0);
}

/* To a lock that readers hold: the last one of them has to call. */
static void signal_while_readers_hold(void)
{
	clear_words();
	start_waiter(&actors[0], true);
	set_word(LOCK, 2);
	CHECK_OK(signal(1));
	for (int i = 0; i < 30000 && !(word(LOCK) & KM); i++)
		crt_sleep_ms(1);
	CHECK_EQ(word(LOCK), 2 | KM);
	release_read(&words[LOCK], self);
	CHECK_EQ(word(LOCK), 1 | KM);
	CHECK(!is_done(&actors[0]));
	release_read(&words[LOCK], self);
	check_handed_to(&actors[0], 0);
	let_go(&actors[0]);
}

/* --- Timeouts ------------------------------------------------------------- */

static void start_late(struct actor *actor, uint64_t timeout)
{
	start_actor(actor, for_condvar(&words_there[CONDVAR_WORD],
				       &words_there[LOCK]), timeout, true);
}

static void timeout_takes_the_lock_again(void)
{
	clear_words();
	start_late(&actors[0], 20000000);
	if (wait_done(&actors[0]))
		check_timeout(&actors[0]);
	CHECK_EQ(actors[0].seen, W(actors[0].thread.tid));
	CHECK_EQ(word(CONDVAR_WORD), 0);
	let_go(&actors[0]);
	CHECK_EQ(word(LOCK), 0);
}

static void timeout_waits_for_the_lock(void)
{
	clear_words();
	start_late(&actors[0], 50000000);
	while (!word(CONDVAR_WORD))
		crt_sleep_ms(1);
	lock_it();
	for (int i = 0; i < 30000 && !(word(LOCK) & KM); i++)
		crt_sleep_ms(1);
	CHECK_EQ(word(LOCK), W(self) | KM);
	CHECK_EQ(word(CONDVAR_WORD), 0);
	CHECK_EQ(ask(HELPER_ASLEEP, 0, actors[0].thread.tid, 0), 0);
	CHECK(!is_done(&actors[0]));
	/* A signal does not find it any more. */
	CHECK_OK(signal(1));
	CHECK_OK(unlock(LOCK));
	if (wait_done(&actors[0]))
		check_timeout(&actors[0]);
	CHECK_EQ(actors[0].seen, W(actors[0].thread.tid));
	let_go(&actors[0]);
}

/* Signalled in time: how long the lock takes does not matter any more. */
static void timeout_after_the_signal(void)
{
	clear_words();
	start_late(&actors[0], 400000000);
	while (!word(CONDVAR_WORD))
		crt_sleep_ms(1);
	lock_it();
	if (word(CONDVAR_WORD)) {
		CHECK_OK(signal(1));
		check_becomes_managed();
		crt_sleep_ms(800);
		CHECK(!is_done(&actors[0]));
		CHECK_EQ(word(LOCK), W(self) | KM);
		unlock_it();
		if (wait_done(&actors[0]))
			check_success(&actors[0]);
	} else {
		unlock_it();
	}
	let_go(&actors[0]);
	CHECK_EQ(word(LOCK), 0);
}

static void some_time_out(void)
{
	clear_words();
	start_waiter(&actors[0], true);
	start_late(&actors[1], 50000000);
	CHECK(wait_done(&actors[1]));
	check_timeout(&actors[1]);
	CHECK(word(CONDVAR_WORD));
	let_go(&actors[1]);
	CHECK(!is_done(&actors[0]));
	CHECK_OK(signal(~0u));
	check_handed_to(&actors[0], 0);
	let_go(&actors[0]);
	CHECK_EQ(word(LOCK), 0);
	CHECK_EQ(word(CONDVAR_WORD), 0);
}

/* Over before it begins: the lock is released and taken again all the same. */
static void past_time(void)
{
	cloudabi_subscription_t in[2] = {
		for_condvar(&words[CONDVAR_WORD], &words[LOCK]), for_clock(0),
	};
	cloudabi_event_t event;
	size_t n;

	clear_words();
	set_word(LOCK, W(self));
	for (int absolute = 0; absolute < 2; absolute++) {
		in[1].clock.flags = absolute;
		CHECK_OK(cloudabi_sys_poll(in, &event, 2, &n));
		CHECK_EQ(n, 1);
		CHECK_EQ(event.type, CLOCK);
		CHECK_OK(event.error);
		CHECK_EQ(word(LOCK), W(self));
		CHECK_EQ(word(CONDVAR_WORD), 0);
	}
}

/* --- Two hands ------------------------------------------------------------ */

#define THROWS 500

struct ball {
	struct crt_lock lock;
	struct crt_condvar condvar;
	unsigned int turn;
	unsigned int players;
	unsigned int throws;
};

static struct ball *ball;
static unsigned int next_player;

static void play(void *argument)
{
	unsigned int me = __atomic_fetch_add(&next_player, 1, __ATOMIC_SEQ_CST);

	(void)argument;
	crt_lock_write(&ball->lock);
	while (ball->throws < THROWS) {
		if (ball->turn != me) {
			crt_wait(&ball->condvar, &ball->lock);
			continue;
		}
		ball->throws++;
		ball->turn = (me + 1) % ball->players;
		crt_broadcast(&ball->condvar);
	}
	crt_unlock(&ball->lock);
}

static void no_throw_is_lost(void)
{
	unsigned int n = actors_wanted < 8 ? actors_wanted : 8;

	ball = (void *)(words + 16);
	*ball = (struct ball){
		.lock.scope = scope, .condvar.scope = scope, .players = n,
	};
	next_player = 0;
	for (unsigned int i = 0; i < n; i++)
		CHECK_OK(crt_thread_start(&actors[i].thread, play, NULL));
	for (unsigned int i = 0; i < n; i++)
		crt_thread_join(&actors[i].thread);
	CHECK_EQ(ball->throws, THROWS);
	CHECK_EQ(ball->lock.word, 0);
	CHECK_EQ(ball->condvar.word, 0);
}

static const struct test tests[] = {
	TEST(lock_must_be_held),
	TEST(bad_addresses),
	TEST(unknown_scopes),
	TEST(bad_clocks),
	TEST(all_waiters_have_one_lock),
	TEST(nobody_waits),
	TEST(waiting_releases_the_lock),
	TEST(waiting_hands_the_lock_over),
	TEST(signal_under_the_lock),
	TEST(one_by_one),
	TEST(broadcast_to_a_free_lock),
	TEST(broadcast_under_the_lock),
	TEST(some_of_many),
	TEST(moved_behind_the_writers),
	TEST(signal_while_readers_hold),
	TEST(timeout_takes_the_lock_again),
	TEST(timeout_waits_for_the_lock),
	TEST(timeout_after_the_signal),
	TEST(some_time_out),
	TEST(past_time),
	TEST(no_throw_is_lost),
};

int program_main(const struct argdata *ad)
{
	self = crt_tid();
	actors_setup(ad);
	return check_run(tests, ARRAY_SIZE(tests));
}
