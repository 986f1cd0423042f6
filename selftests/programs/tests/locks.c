// SPDX-License-Identifier: GPL-2.0
/*
 * locks: what the kernel does with the word of a lock, step by step.
 *
 *	locks KIND forever|timed THREADS	(see actor.h)
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "actor.h"

static cloudabi_tid_t self;

/* Who is next gets the lock, word and all, before it runs. */
static void check_handed_to(struct actor *actor, uint32_t km)
{
	if (!wait_done(actor))
		return;
	check_success(actor);
	CHECK_EQ(actor->seen, W(actor->thread.tid) | km);
}

/* --- Locks that nobody waits for ------------------------------------------ */

static void free_lock_is_taken(void)
{
	set_word(LOCK, 0);
	CHECK_OK(take(WRLOCK, &words[LOCK]));
	CHECK_EQ(word(LOCK), W(self));
	CHECK_OK(unlock(LOCK));
	CHECK_EQ(word(LOCK), 0);
	CHECK_OK(take(RDLOCK, &words[LOCK]));
	CHECK_EQ(word(LOCK), 1);
	CHECK_OK(take(RDLOCK, &words[LOCK]));
	CHECK_EQ(word(LOCK), 2);
	set_word(LOCK, 0x12345);
	CHECK_OK(take(RDLOCK, &words[LOCK]));
	CHECK_EQ(word(LOCK), 0x12346);
	CHECK_EQ(word(OTHER_LOCK), 0);
}

static void owner_gets_edeadlk(void)
{
	set_word(LOCK, W(self));
	CHECK_ERRNO(take(WRLOCK, &words[LOCK]), CLOUDABI_EDEADLK);
	CHECK_EQ(word(LOCK), W(self));
}

static void stray_km_is_mended(void)
{
	static const uint32_t values[] = {
		0, 1, 2, 0x1234, W(NOBODY), W(1), W(0),
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		set_word(LOCK, values[i] | KM);
		CHECK_ERRNO(take(WRLOCK, &words[LOCK]), CLOUDABI_EINVAL);
		CHECK_EQ(word(LOCK), values[i]);
		set_word(LOCK, values[i] | KM);
		CHECK_ERRNO(take(RDLOCK, &words[LOCK]), CLOUDABI_EINVAL);
		CHECK_EQ(word(LOCK), values[i]);
	}
	set_word(LOCK, W(self) | KM);
	CHECK_ERRNO(take(WRLOCK, &words[LOCK]), CLOUDABI_EINVAL);
	CHECK_EQ(word(LOCK), W(self));
}

static void unlock_without_waiters(void)
{
	set_word(LOCK, W(self));
	CHECK_OK(unlock(LOCK));
	CHECK_EQ(word(LOCK), 0);
	/* The last waiter may have gone between user space's look and the call. */
	set_word(LOCK, W(self) | KM);
	CHECK_OK(unlock(LOCK));
	CHECK_EQ(word(LOCK), 0);
}

static void only_the_owner_unlocks(void)
{
	static const uint32_t values[] = {
		0, 1, 2, W(NOBODY), KM, KM | 1, KM | W(NOBODY),
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		set_word(LOCK, values[i]);
		CHECK_ERRNO(unlock(LOCK), CLOUDABI_EPERM);
		CHECK_EQ(word(LOCK), values[i]);
	}
	set_word(LOCK, 0);
}

/* --- Bad addresses -------------------------------------------------------- */

static void check_address(uint32_t *lock, cloudabi_errno_t want)
{
	CHECK_ERRNO(take(WRLOCK, lock), want);
	CHECK_ERRNO(take(RDLOCK, lock), want);
	CHECK_ERRNO(cloudabi_sys_lock_unlock(lock, scope), want);
}

static void bad_addresses(void)
{
	uint32_t *page = map_words(CLOUDABI_MAP_ANON | CLOUDABI_MAP_PRIVATE,
				   CLOUDABI_MAP_ANON_FD);

	check_address(NULL, CLOUDABI_EFAULT);
	check_address(BAD_ADDRESS, CLOUDABI_EFAULT);
	check_address((void *)((char *)words + 1), CLOUDABI_EINVAL);
	check_address((void *)((char *)words + 2), CLOUDABI_EINVAL);
	page[0] = 0;
	page[1] = W(self);
	CHECK_OK(cloudabi_sys_mem_protect(page, WORDS_SIZE,
					  CLOUDABI_PROT_READ));
	CHECK_ERRNO(take(WRLOCK, page), CLOUDABI_EFAULT);
	CHECK_ERRNO(take(RDLOCK, page), CLOUDABI_EFAULT);
	CHECK_ERRNO(cloudabi_sys_lock_unlock(page + 1, scope),
		    CLOUDABI_EFAULT);
	CHECK_EQ(page[0], 0);
	CHECK_EQ(page[1], W(self));
	CHECK_OK(cloudabi_sys_mem_protect(page, WORDS_SIZE, 0));
	check_address(page, CLOUDABI_EFAULT);
	CHECK_OK(cloudabi_sys_mem_unmap(page, WORDS_SIZE));
	check_address(page, CLOUDABI_EFAULT);
}

static void unknown_scopes(void)
{
	static const cloudabi_scope_t scopes[] = { 0, 1, 2, 3, 5, 12, 255 };
	cloudabi_subscription_t in = for_lock(WRLOCK, &words[LOCK]);
	cloudabi_event_t event;

	set_word(LOCK, 0);
	for (size_t i = 0; i < ARRAY_SIZE(scopes); i++) {
		in.lock.lock_scope = scopes[i];
		CHECK_ERRNO(poll_now(in, &event), CLOUDABI_EINVAL);
		CHECK_ERRNO(cloudabi_sys_lock_unlock(&words[LOCK], scopes[i]),
			    CLOUDABI_EINVAL);
	}
	CHECK_EQ(word(LOCK), 0);
}

/* A word in a page that is not there yet, nor its file's. */
static void pages_are_brought_in(void)
{
	uint32_t *page = map_words(CLOUDABI_MAP_ANON | CLOUDABI_MAP_PRIVATE,
				   CLOUDABI_MAP_ANON_FD);

	CHECK_OK(take(WRLOCK, page));
	CHECK_EQ(*page, W(self));
	CHECK_OK(cloudabi_sys_lock_unlock(page, scope));
	CHECK_OK(cloudabi_sys_mem_unmap(page, WORDS_SIZE));
	page = map_words(CLOUDABI_MAP_SHARED, memory_object());
	CHECK_OK(take(RDLOCK, page));
	CHECK_EQ(*page, 1);
	CHECK_OK(cloudabi_sys_mem_unmap(page, WORDS_SIZE));
}

/* --- Waiting -------------------------------------------------------------- */

static void one_writer_waits_for_a_writer(void)
{
	struct actor *a = &actors[0];

	set_word(LOCK, W(self));
	start_locker(a, WRLOCK);
	CHECK_EQ(word(LOCK), W(self) | KM);
	CHECK_ERRNO(take(WRLOCK, &words[LOCK]), CLOUDABI_EDEADLK);
	CHECK_OK(unlock(LOCK));
	check_handed_to(a, 0);
	let_go(a);
	CHECK_EQ(word(LOCK), 0);
}

static void one_reader_waits_for_a_writer(void)
{
	struct actor *a = &actors[0];

	set_word(LOCK, W(self));
	start_locker(a, RDLOCK);
	CHECK_EQ(word(LOCK), W(self) | KM);
	CHECK_OK(unlock(LOCK));
	if (wait_done(a))
		check_success(a);
	CHECK_EQ(a->seen, 1);
	let_go(a);
	CHECK_EQ(word(LOCK), 0);
}

/* The readers come and go by themselves, until the last one has to call. */
static void writer_waits_for_readers(void)
{
	struct actor *a = &actors[0];

	set_word(LOCK, 2);
	start_locker(a, WRLOCK);
	CHECK_EQ(word(LOCK), 2 | KM);
	CHECK(word_change(&words[LOCK], 2 | KM, 3 | KM));
	CHECK(word_change(&words[LOCK], 3 | KM, 2 | KM));
	CHECK(word_change(&words[LOCK], 2 | KM, 1 | KM));
	CHECK(!is_done(a));
	CHECK_ERRNO(unlock(LOCK), CLOUDABI_EPERM);
	CHECK_EQ(word(LOCK), 1 | KM);
	release_read(&words[LOCK], self);
	check_handed_to(a, 0);
	let_go(a);
	CHECK_EQ(word(LOCK), 0);
}

/* A reader that comes when a writer waits for readers waits, too. */
static void readers_wait_for_waiting_writers(void)
{
	set_word(LOCK, 1);
	start_locker(&actors[0], WRLOCK);
	start_locker(&actors[1], RDLOCK);
	start_locker(&actors[2], RDLOCK);
	CHECK_EQ(word(LOCK), 1 | KM);
	release_read(&words[LOCK], self);
	check_handed_to(&actors[0], KM);
	CHECK(!is_done(&actors[1]));
	CHECK(!is_done(&actors[2]));
	let_go(&actors[0]);
	for (int i = 1; i < 3; i++) {
		if (wait_done(&actors[i]))
			check_success(&actors[i]);
	}
	CHECK_EQ(word(LOCK), 2);
	let_go(&actors[1]);
	CHECK_EQ(word(LOCK), 1);
	let_go(&actors[2]);
	CHECK_EQ(word(LOCK), 0);
}

static void others_are_told_eperm(void)
{
	set_word(LOCK, W(NOBODY));
	start_locker(&actors[0], WRLOCK);
	start_locker(&actors[1], RDLOCK);
	CHECK_EQ(word(LOCK), W(NOBODY) | KM);
	CHECK_ERRNO(unlock(LOCK), CLOUDABI_EPERM);
	CHECK_EQ(word(LOCK), W(NOBODY) | KM);
	CHECK(!is_done(&actors[0]));
	CHECK(!is_done(&actors[1]));
	set_word(LOCK, W(self) | KM);
	CHECK_OK(unlock(LOCK));
	check_handed_to(&actors[0], KM);
	let_go(&actors[0]);
	let_go(&actors[1]);
	CHECK_EQ(word(LOCK), 0);
}

/* Two locks next to each other have nothing to do with each other. */
static void locks_are_told_apart(void)
{
	set_word(LOCK, W(self));
	set_word(OTHER_LOCK, W(self));
	start_locker(&actors[0], WRLOCK);
	start_actor(&actors[1], for_lock(WRLOCK, &words_there[OTHER_LOCK]), 0,
		    true);
	CHECK_EQ(word(OTHER_LOCK), W(self) | KM);
	CHECK_OK(unlock(OTHER_LOCK));
	check_handed_to(&actors[1], 0);
	CHECK_EQ(word(LOCK), W(self) | KM);
	CHECK(!is_done(&actors[0]));
	CHECK_OK(unlock(LOCK));
	check_handed_to(&actors[0], 0);
	let_go(&actors[0]);
	let_go(&actors[1]);
}

/* --- Order ---------------------------------------------------------------- */

/* Writers go first, in the order in which they came, then readers together. */
static void order_is_kept(void)
{
	unsigned int n = actors_wanted, writers = 0, w = 0;

	set_word(LOCK, W(self));
	for (unsigned int i = 0; i < n; i++) {
		start_locker(&actors[i], i % 3 ? WRLOCK : RDLOCK);
		CHECK_EQ(word(LOCK), W(self) | KM);
		writers += !!(i % 3);
	}
	ranks = 0;
	CHECK_OK(unlock(LOCK));
	for (unsigned int i = 0; i < n; i++) {
		if (!(i % 3))
			continue;
		check_handed_to(&actors[i], ++w < n ? KM : 0);
		CHECK_EQ(actors[i].rank, w - 1);
		CHECK_EQ(ranks, w);
		let_go(&actors[i]);
	}
	for (unsigned int i = 0; i < n; i += 3) {
		if (wait_done(&actors[i]))
			check_success(&actors[i]);
		CHECK(actors[i].rank >= writers);
	}
	CHECK_EQ(word(LOCK), n - writers);
	for (unsigned int i = 0; i < n; i += 3) {
		let_go(&actors[i]);
		CHECK_EQ(word(LOCK), n - writers - i / 3 - 1);
	}
}

/* Nobody takes a lock past those who wait, whatever the word says. */
static void nobody_barges(void)
{
	set_word(LOCK, W(self));
	start_locker(&actors[0], WRLOCK);
	start_locker(&actors[1], WRLOCK);
	CHECK_OK(unlock(LOCK));
	check_handed_to(&actors[0], KM);
	start_locker(&actors[2], WRLOCK);
	let_go(&actors[0]);
	check_handed_to(&actors[1], KM);
	let_go(&actors[1]);
	check_handed_to(&actors[2], 0);
	let_go(&actors[2]);
}

/* Many at once, each of which says that it alone has the lock. */
static uint32_t crowd_inside, crowd_most, crowd_entries;

static void crowd(void *argument)
{
	struct crt_lock *lock = argument;

	for (int i = 0; i < 200; i++) {
		crt_lock_write(lock);
		if (__atomic_add_fetch(&crowd_inside, 1, __ATOMIC_SEQ_CST) > 1)
			crowd_most++;
		crowd_entries++;
		if (!(i & 7))
			cloudabi_sys_thread_yield();
		__atomic_sub_fetch(&crowd_inside, 1, __ATOMIC_SEQ_CST);
		crt_unlock(lock);
	}
}

static void one_owner_at_a_time(void)
{
	struct crt_lock *lock = (void *)(words + 16);

	*lock = (struct crt_lock){ .scope = scope };
	crowd_inside = 0;
	crowd_most = 0;
	crowd_entries = 0;
	for (unsigned int i = 0; i < actors_wanted; i++)
		CHECK_OK(crt_thread_start(&actors[i].thread, crowd, lock));
	for (unsigned int i = 0; i < actors_wanted; i++)
		crt_thread_join(&actors[i].thread);
	CHECK_EQ(crowd_most, 0);
	CHECK_EQ(crowd_entries, 200 * actors_wanted);
	CHECK_EQ(lock->word, 0);
}

/* A thread that has the lock, and runs all the time until it is told to go. */
static struct {
	struct crt_thread thread;
	bool there;
	bool go;
} holder;

static void hold(void *argument)
{
	(void)argument;
	if (!word_change(&words_there[LOCK], 0, W(crt_tid())))
		crt_die(97, "# the lock is not free");
	__atomic_store_n(&holder.there, true, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&holder.go, __ATOMIC_SEQ_CST))
		;
	release_write(&words_there[LOCK], crt_tid());
}

/* Who waits for it sleeps, however soon it may be done. */
static void holders_may_run(void)
{
	cloudabi_subscription_t in[2] = {
		for_lock(RDLOCK, &words[LOCK]), for_clock(1000000),
	};
	cloudabi_event_t event;
	size_t n;

	set_word(LOCK, 0);
	holder.there = false;
	holder.go = false;
	CHECK_OK(crt_thread_start(&holder.thread, hold, NULL));
	while (!__atomic_load_n(&holder.there, __ATOMIC_SEQ_CST))
		cloudabi_sys_thread_yield();
	CHECK_OK(cloudabi_sys_poll(in, &event, 2, &n));
	CHECK_EQ(event.type, CLOCK);
	CHECK_EQ(word(LOCK), W(holder.thread.tid));
	start_locker(&actors[0], WRLOCK);
	CHECK_EQ(word(LOCK), W(holder.thread.tid) | KM);
	__atomic_store_n(&holder.go, true, __ATOMIC_SEQ_CST);
	check_handed_to(&actors[0], 0);
	crt_thread_join(&holder.thread);
	let_go(&actors[0]);
	CHECK_EQ(word(LOCK), 0);
}

/* --- Leaving -------------------------------------------------------------- */

static void start_late(struct actor *actor, cloudabi_eventtype_t type,
		       uint64_t timeout)
{
	start_actor(actor, for_lock(type, &words_there[LOCK]), timeout, true);
}

static void last_one_to_leave_clears_km(void)
{
	static const cloudabi_eventtype_t types[] = { WRLOCK, RDLOCK };

	for (size_t i = 0; i < 2; i++) {
		set_word(LOCK, W(self));
		start_late(&actors[0], types[i], 20000000);
		if (wait_done(&actors[0]))
			check_timeout(&actors[0]);
		CHECK_EQ(word(LOCK), W(self));
		CHECK_EQ(actors[0].seen, W(self));
		let_go(&actors[0]);
		CHECK_OK(unlock(LOCK));
		CHECK_EQ(word(LOCK), 0);
	}
	set_word(LOCK, 3);
	start_late(&actors[0], WRLOCK, 20000000);
	if (wait_done(&actors[0]))
		check_timeout(&actors[0]);
	CHECK_EQ(word(LOCK), 3);
	let_go(&actors[0]);
}

static void others_stay(void)
{
	set_word(LOCK, W(self));
	start_locker(&actors[0], WRLOCK);
	start_locker(&actors[1], RDLOCK);
	start_late(&actors[2], WRLOCK, 20000000);
	start_late(&actors[3], RDLOCK, 20000000);
	for (int i = 2; i < 4; i++) {
		if (wait_done(&actors[i]))
			check_timeout(&actors[i]);
		CHECK_EQ(word(LOCK), W(self) | KM);
		let_go(&actors[i]);
	}
	CHECK_OK(unlock(LOCK));
	check_handed_to(&actors[0], KM);
	let_go(&actors[0]);
	if (wait_done(&actors[1]))
		check_success(&actors[1]);
	CHECK_EQ(word(LOCK), 1);
	let_go(&actors[1]);
	CHECK_EQ(word(LOCK), 0);
}

/* A time that is over makes one attempt all the same. */
static void past_time_makes_one_attempt(void)
{
	cloudabi_subscription_t in[2] = {
		for_lock(WRLOCK, &words[LOCK]), for_clock(0),
	};
	cloudabi_event_t event;
	size_t n;

	for (int absolute = 0; absolute < 2; absolute++) {
		in[1].clock.flags = absolute;
		set_word(LOCK, 0);
		CHECK_OK(cloudabi_sys_poll(in, &event, 2, &n));
		CHECK_EQ(n, 1);
		CHECK_EQ(event.type, WRLOCK);
		CHECK_OK(event.error);
		CHECK_EQ(word(LOCK), W(self));
		set_word(LOCK, W(NOBODY));
		CHECK_OK(cloudabi_sys_poll(in, &event, 2, &n));
		CHECK_EQ(n, 1);
		CHECK_EQ(event.type, CLOCK);
		CHECK_OK(event.error);
		CHECK_EQ(word(LOCK), W(NOBODY));
	}
}

/* --- Words that change under the kernel's hands ---------------------------- */

/* A plain store takes KM away; the next one to come has it put back. */
static void plain_store_is_survived(void)
{
	set_word(LOCK, 1);
	start_locker(&actors[0], WRLOCK);
	CHECK_EQ(word(LOCK), 1 | KM);
	set_word(LOCK, 0);
	start_late(&actors[1], WRLOCK, 0);
	check_handed_to(&actors[0], KM);
	CHECK(!is_done(&actors[1]));
	let_go(&actors[0]);
	check_handed_to(&actors[1], 0);
	let_go(&actors[1]);
	CHECK_EQ(word(LOCK), 0);
}

/* As after pthread_once(): the ones who waited store 0 over their own count. */
static void readers_may_store_zero(void)
{
	set_word(LOCK, W(self));
	start_locker(&actors[0], RDLOCK);
	start_locker(&actors[1], RDLOCK);
	CHECK_OK(unlock(LOCK));
	for (int i = 0; i < 2; i++) {
		if (wait_done(&actors[i]))
			check_success(&actors[i]);
		actors[i].event.error = CLOUDABI_EIO;
	}
	set_word(LOCK, 0);
	CHECK_OK(take(RDLOCK, &words[LOCK]));
	CHECK_EQ(word(LOCK), 1);
	set_word(LOCK, 0);
	let_go(&actors[0]);
	let_go(&actors[1]);
}

static bool flip_on;

static void flip(void *argument)
{
	uint32_t *at = argument;

	while (__atomic_load_n(&flip_on, __ATOMIC_SEQ_CST)) {
		uint32_t old = __atomic_load_n(at, __ATOMIC_SEQ_CST);

		word_change(at, old, old ^ 2);
	}
}

/* Readers that come and go all the time do not keep anybody from waiting. */
static void counts_change_all_the_time(void)
{
	struct crt_thread flipper;

	set_word(LOCK, 1);
	flip_on = true;
	CHECK_OK(crt_thread_start(&flipper, flip, &words[LOCK]));
	for (int i = 0; i < 20; i++) {
		start_late(&actors[0], WRLOCK, 1000000);
		if (wait_done(&actors[0]))
			check_timeout(&actors[0]);
		let_go(&actors[0]);
		CHECK_EQ(word(LOCK) & ~2u, 1);
	}
	start_late(&actors[0], WRLOCK, HOUR);
	while (!(word(LOCK) & KM))
		crt_sleep_ms(1);
	__atomic_store_n(&flip_on, false, __ATOMIC_SEQ_CST);
	crt_thread_join(&flipper);
	CHECK_EQ(word(LOCK) & ~2u, 1 | KM);
	set_word(LOCK, W(self) | KM);
	CHECK_OK(unlock(LOCK));
	check_handed_to(&actors[0], 0);
	let_go(&actors[0]);
}

/* The word goes away while threads wait: nobody is hurt, the rest goes on. */
static void word_is_unmapped(void)
{
	uint32_t *page = map_words(CLOUDABI_MAP_ANON | CLOUDABI_MAP_PRIVATE,
				   CLOUDABI_MAP_ANON_FD);

	*page = W(self);
	start_actor(&actors[0], for_lock(WRLOCK, page), 0, true);
	start_actor(&actors[1], for_lock(RDLOCK, page), 200000000, true);
	CHECK_EQ(ask(HELPER_ASLEEP, 0, actors[1].thread.tid, 0), 0);
	CHECK_OK(cloudabi_sys_mem_protect(page, WORDS_SIZE, 0));
	CHECK_ERRNO(cloudabi_sys_lock_unlock(page, scope), CLOUDABI_EFAULT);
	/* It was not the last one, and so did not have to touch the word. */
	if (wait_done(&actors[1])) {
		CHECK_OK(actors[1].error);
		CHECK_OK(actors[1].event.error);
	}
	CHECK(!is_done(&actors[0]));
	CHECK_OK(cloudabi_sys_mem_protect(page, WORDS_SIZE,
					  CLOUDABI_PROT_READ |
						  CLOUDABI_PROT_WRITE));
	CHECK_EQ(*page, W(self) | KM);
	CHECK_OK(cloudabi_sys_lock_unlock(page, scope));
	if (wait_done(&actors[0]))
		check_success(&actors[0]);
	let_go(&actors[0]);
	let_go(&actors[1]);
	CHECK_OK(cloudabi_sys_mem_unmap(page, WORDS_SIZE));
}

static const struct test tests[] = {
	TEST(free_lock_is_taken),
	TEST(owner_gets_edeadlk),
	TEST(stray_km_is_mended),
	TEST(unlock_without_waiters),
	TEST(only_the_owner_unlocks),
	TEST(bad_addresses),
	TEST(unknown_scopes),
	TEST(pages_are_brought_in),
	TEST(one_writer_waits_for_a_writer),
	TEST(one_reader_waits_for_a_writer),
	TEST(writer_waits_for_readers),
	TEST(readers_wait_for_waiting_writers),
	TEST(others_are_told_eperm),
	TEST(locks_are_told_apart),
	TEST(order_is_kept),
	TEST(nobody_barges),
	TEST(one_owner_at_a_time),
	TEST(holders_may_run),
	TEST(last_one_to_leave_clears_km),
	TEST(others_stay),
	TEST(past_time_makes_one_attempt),
	TEST(plain_store_is_survived),
	TEST(readers_may_store_zero),
	TEST(counts_change_all_the_time),
	TEST(word_is_unmapped),
};

int program_main(const struct argdata *ad)
{
	self = crt_tid();
	actors_setup(ad);
	return check_run(tests, ARRAY_SIZE(tests));
}
