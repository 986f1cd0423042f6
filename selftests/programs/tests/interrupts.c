// SPDX-License-Identifier: GPL-2.0
/*
 * interrupts: waits that are interrupted all the time, and do not know it.
 *
 * The helper stops the program, traces it, freezes it and sends it signals while
 * it waits. Each wait has to end as it would have ended without, and no later:
 * one that began anew each time would not end as long as that goes on, which is
 * longer than the helper has patience with a program that says nothing.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "actor.h"

#define READ CLOUDABI_EVENTTYPE_FD_READ
#define ABSTIME CLOUDABI_SUBSCRIPTION_CLOCK_ABSTIME

/* That often would take an hour. */
#define FOR_EVER 100000

#define TIMEOUT 700000000ull

static cloudabi_tid_t self;

static uint64_t now(void)
{
	cloudabi_timestamp_t time = 0;

	CHECK_OK(cloudabi_sys_clock_time_get(CLOUDABI_CLOCK_MONOTONIC, 0,
					     &time));
	return time;
}

static void wait_for_two(cloudabi_subscription_t first, uint64_t timeout,
			 bool absolute, cloudabi_event_t *event)
{
	cloudabi_subscription_t in[2] = { first, for_clock(timeout) };
	size_t n = 0;

	in[1].clock.flags = absolute ? ABSTIME : 0;
	memset(event, 0, sizeof(*event));
	CHECK_OK(cloudabi_sys_poll(in, event, 2, &n));
	CHECK_EQ(n, 1);
	CHECK_OK(event->error);
}

/* The waits */

static void wait_for_clock(void)
{
	cloudabi_event_t event;

	wait_for_two(for_clock(HOUR), TIMEOUT, false, &event);
	CHECK_EQ(event.type, CLOCK);
}

static void wait_for_descriptor(void)
{
	cloudabi_subscription_t in = {
		.type = READ, .fd_readwrite.fd = PIPE_IN,
	};
	cloudabi_event_t event;

	wait_for_two(in, TIMEOUT, false, &event);
	CHECK_EQ(event.type, CLOCK);
}

static void wait_for_lock(void)
{
	static const cloudabi_eventtype_t types[] = { RDLOCK, WRLOCK };
	cloudabi_event_t event;

	for (size_t i = 0; i < 2; i++) {
		set_word(LOCK, W(NOBODY));
		wait_for_two(for_lock(types[i], &words[LOCK]), TIMEOUT, false,
			     &event);
		CHECK_EQ(event.type, CLOCK);
		CHECK_EQ(word(LOCK), W(NOBODY));
	}
}

/* Until a time, as a program does that knows that it may wake up for nothing. */
static void wait_for_condvar(void)
{
	uint64_t end = now() + TIMEOUT;
	cloudabi_event_t event;

	set_word(LOCK, W(self));
	do {
		wait_for_two(for_condvar(&words[CONDVAR_WORD], &words[LOCK]),
			     end, true, &event);
		CHECK_EQ(word(LOCK), W(self));
		CHECK_EQ(word(CONDVAR_WORD), 0);
	} while (event.type != CLOCK && !check_failed);
	CHECK(now() >= end);
}

static void release_later(void *argument)
{
	(void)argument;
	set_word(LOCK, W(crt_tid()));
	set_word(OTHER_LOCK, 1);
	crt_sleep_ms(300);
	release_write(&words[LOCK], crt_tid());
}

static void wait_for_owner(void)
{
	struct crt_thread thread;

	set_word(OTHER_LOCK, 0);
	CHECK_OK(crt_thread_start(&thread, release_later, NULL));
	while (!word(OTHER_LOCK))
		crt_sleep_ms(1);
	CHECK_OK(take(WRLOCK, &words[LOCK]));
	CHECK_EQ(word(LOCK), W(self));
	crt_thread_join(&thread);
	CHECK_OK(cloudabi_sys_lock_unlock(&words[LOCK], scope));
	CHECK_EQ(word(LOCK), 0);
}

static struct crt_lock lock;
static struct crt_condvar condvar;
static bool flag;

static void signal_later(void *argument)
{
	(void)argument;
	crt_sleep_ms(300);
	crt_lock_write(&lock);
	flag = true;
	crt_signal(&condvar);
	crt_unlock(&lock);
}

static void wait_for_signal(void)
{
	struct crt_thread thread;

	lock.scope = scope;
	condvar.scope = scope;
	flag = false;
	CHECK_OK(crt_thread_start(&thread, signal_later, NULL));
	crt_lock_write(&lock);
	while (!flag)
		crt_wait(&condvar, &lock);
	crt_unlock(&lock);
	crt_thread_join(&thread);
	CHECK_EQ(lock.word, 0);
	CHECK_EQ(condvar.word, 0);
}

static void all_waits(uint64_t how)
{
	static void (*const waits[])(void) = {
		wait_for_clock, wait_for_descriptor, wait_for_lock,
		wait_for_condvar, wait_for_owner, wait_for_signal,
	};

	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		int64_t times;

		CHECK_EQ(ask(HELPER_PESTER, 0, how, FOR_EVER), 0);
		waits[i]();
		times = ask(HELPER_PESTERED, 0, 0, 0);
		CHECK(times < FOR_EVER);
		ktap_diag("wait %u was disturbed %d times", (unsigned int)i,
			  (int)times);
	}
}

static void stopped(void)
{
	all_waits(HELPER_STOP);
}

static void traced(void)
{
	all_waits(HELPER_TRACE);
}

static void ignored_signals(void)
{
	all_waits(HELPER_WINCH | HELPER_IGNORED);
}

static void frozen(void)
{
	CHECK_EQ(ask(HELPER_DISTURB, 0, HELPER_FREEZE | HELPER_AWAKE, 0), 0);
	if (ask(HELPER_DISTURBED, 0, 0, 0))
		SKIP(return, "no control groups here");
	all_waits(HELPER_FREEZE);
}

static void all_at_once(void)
{
	all_waits(HELPER_STOP | HELPER_TRACE | HELPER_WINCH);
}

static const struct test tests[] = {
	TEST(stopped),
	TEST(traced),
	TEST(ignored_signals),
	TEST(frozen),
	TEST(all_at_once),
};

int program_main(const struct argdata *ad)
{
	struct args args;
	struct word kind;

	self = crt_tid();
	args_open(&args, ad);
	if (!args_next(&args, &kind))
		crt_die(97, "# which kind of memory?");
	make_words(&kind);
	return check_run(tests, ARRAY_SIZE(tests));
}
