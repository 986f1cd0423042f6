// SPDX-License-Identifier: GPL-2.0
/*
 * threads_end: ways in which a process with threads ends.
 *
 *	threads_end last	all threads end, one after the other
 *	threads_end leader	the first thread ends, another one exits with 7
 *	threads_end exit	a thread exits with 9 while others wait
 *	threads_end fault	a thread touches what is not there
 *	threads_end entry	a thread starts where there is no code
 *	threads_end storm	threads make threads while one exits with 11
 *	threads_end wait	threads wait for all there is; ends by a signal
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "args.h"
#include "io.h"
#include "sync.h"

static struct crt_thread threads[64];
static struct crt_lock held;
static struct crt_condvar never;

static _Noreturn void leave(void)
{
	static cloudabi_lock_t nothing;

	cloudabi_sys_thread_exit(&nothing, CLOUDABI_SCOPE_PRIVATE);
}

static void start(unsigned int i, void (*run)(void *argument), void *argument)
{
	if (crt_thread_start(&threads[i], run, argument))
		crt_die(96, "# no thread");
}

static void nap(void *argument)
{
	crt_sleep_ms((uintptr_t)argument);
}

static void nap_and_exit(void *argument)
{
	crt_sleep_ms(100);
	crt_exit((uintptr_t)argument);
}

static void fault(void *argument)
{
	*(volatile char *)argument = 1;
}

/* The ways of waiting, by turns. */
static void wait_for_ever(void *argument)
{
	struct crt_lock own = CRT_LOCK_INIT;
	struct crt_time hour = crt_in_ms(3600000);

	switch ((uintptr_t)argument % 5) {
	case 0:
		crt_lock_write(&held);
		break;
	case 1:
		crt_lock_read_until(&held, &hour);
		break;
	case 2:
		crt_sleep_ms(3600000);
		break;
	case 3:
		crt_lock_write(&own);
		crt_wait_until(&(struct crt_condvar)CRT_CONDVAR_INIT, &own,
			       &hour);
		break;
	default:
		crt_lock_write(&own);
		crt_wait(&(struct crt_condvar)CRT_CONDVAR_INIT, &own);
	}
}

static void start_waiters(unsigned int n)
{
	held.word = CLOUDABI_LOCK_WRLOCKED | crt_tid();
	for (unsigned int i = 0; i < n; i++)
		start(i, wait_for_ever, (void *)(uintptr_t)i);
}

static void storm(void *argument)
{
	struct crt_thread thread;

	(void)argument;
	for (;;) {
		if (!crt_thread_start(&thread, nap, NULL))
			crt_thread_join(&thread);
	}
}

static bool is(const struct word *word, const char *text)
{
	return word->len == strlen(text) &&
	       !memcmp(word->chars, text, word->len);
}

static void write_text(const char *text)
{
	crt_write_all(1, text, strlen(text));
}

static cloudabi_exitcode_t end(const struct word *way)
{
	if (is(way, "last")) {
		for (uintptr_t i = 1; i < 8; i++)
			start(i, nap, (void *)(i * 20));
		leave();
	} else if (is(way, "leader")) {
		start(0, nap_and_exit, (void *)7);
		leave();
	} else if (is(way, "exit")) {
		start_waiters(20);
		start(20, nap_and_exit, (void *)9);
		crt_lock_read(&held);
	} else if (is(way, "fault")) {
		start_waiters(5);
		start(5, fault, NULL);
		crt_sleep_ms(3600000);
	} else if (is(way, "entry")) {
		cloudabi_threadattr_t attr = {
			.entry_point = (void *)0xdead000000000000,
			.stack = crt_pages_alloc(16384),
			.stack_len = 16384,
		};
		cloudabi_tid_t tid;

		if (cloudabi_sys_thread_create(&attr, &tid))
			return 95;
		crt_sleep_ms(3600000);
	} else if (is(way, "storm")) {
		for (unsigned int i = 0; i < 4; i++)
			start(i, storm, NULL);
		crt_sleep_ms(30);
		return 11;
	} else if (is(way, "wait")) {
		start_waiters(20);
		write_text("ready\n");
		crt_wait(&never, &held);
	}
	return 94;
}

int program_main(const struct argdata *ad)
{
	struct args args;
	struct word word;

	held.scope = CLOUDABI_SCOPE_PRIVATE;
	never.scope = CLOUDABI_SCOPE_PRIVATE;
	args_open(&args, ad);
	if (!args_next(&args, &word))
		crt_die(93, "# which way?");
	return end(&word);
}
