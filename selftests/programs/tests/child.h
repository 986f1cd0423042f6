/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Children of a test program: what they do, and how they end.
 *
 * A child has all that its parent has, the helper and the output of the results
 * too, and must not use either.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _TESTS_CHILD_H
#define _TESTS_CHILD_H

#include "check.h"
#include "sync.h"

/**
 * child_start - make a child
 * @run: what it does. It ends with exit code 0 if that returns.
 * @argument: for @run
 *
 * Return: its descriptor; CLOSED_FD, and a failed check, if there is none.
 */
static inline cloudabi_fd_t child_start(void (*run)(void *argument),
					void *argument)
{
	cloudabi_fd_t fd = CLOSED_FD;

	if (!CHECK_OK(crt_fork(&fd)))
		return CLOSED_FD;
	if (fd != CLOUDABI_PROCESS_CHILD)
		return fd;
	run(argument);
	crt_exit(0);
}

/* Whether it ended within that time; only then the event tells something. */
static inline bool child_ends_in_ms(cloudabi_fd_t fd, uint64_t ms,
				    cloudabi_event_t *event)
{
	cloudabi_subscription_t in[] = {
		{
			.type = CLOUDABI_EVENTTYPE_PROC_TERMINATE,
			.proc_terminate.fd = fd,
		},
		{
			.type = CLOUDABI_EVENTTYPE_CLOCK,
			.clock.clock_id = CLOUDABI_CLOCK_MONOTONIC,
			.clock.timeout = ms * 1000000,
		},
	};
	cloudabi_event_t out[ARRAY_SIZE(in)];
	size_t n = 0;

	memset(event, 0, sizeof(*event));
	if (!CHECK_OK(cloudabi_sys_poll(in, out, ARRAY_SIZE(in), &n)) || !n)
		return false;
	*event = out[0];
	return event->type == CLOUDABI_EVENTTYPE_PROC_TERMINATE &&
	       CHECK_OK(event->error);
}

/* No test waits as long as that. */
#define CHILD_PATIENCE 50000

static inline void child_check_end(cloudabi_fd_t fd, cloudabi_signal_t signal,
				   cloudabi_exitcode_t code, int line)
{
	cloudabi_event_t event;

	if (!check_true(child_ends_in_ms(fd, CHILD_PATIENCE, &event),
			"the end of a child", line))
		return;
	check_equal(event.proc_terminate.signal, signal, "signal", line);
	check_equal(event.proc_terminate.exitcode, code, "exit code", line);
}

/* It ends that way; it has to be closed all the same. */
#define CHECK_EXITED(fd, code) child_check_end((fd), 0, (code), __LINE__)
#define CHECK_KILLED(fd, signal) child_check_end((fd), (signal), 0, __LINE__)

static inline bool child_has_ended(cloudabi_fd_t fd)
{
	cloudabi_event_t event;

	return child_ends_in_ms(fd, 0, &event);
}

static inline void child_pause(void *unused)
{
	(void)unused;
	for (;;)
		crt_sleep_ms(3600000);
}

/* Waits until the other end of a stream is closed by all that had it. */
static inline bool hangs_up(cloudabi_fd_t fd)
{
	char byte;
	size_t n = 1;

	return !crt_read(fd, &byte, 1, &n) && !n;
}

/* Reads one byte that somebody writes when it has come that far. */
static inline bool hears(cloudabi_fd_t fd)
{
	char byte;
	size_t n = 0;

	return !crt_read(fd, &byte, 1, &n) && n == 1;
}

#endif /* _TESTS_CHILD_H */
