// SPDX-License-Identifier: GPL-2.0
/*
 * shortage: makes a child or replaces itself, when it is told to, while somebody
 * sees to it that the kernel runs out of memory in the midst of it.
 *
 * That can hit any other call, too, which is then made again.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "shortage.h"

#include "io.h"
#include "sync.h"

static void answer(uint32_t what, cloudabi_errno_t error)
{
	struct shortage_answer a = { what, error };

	while (crt_write_all(SHORTAGE_CONTROL, &a, sizeof(a)))
		continue;
}

/* 0 if there will be no more of them. */
static char next_order(void)
{
	char order = 0;
	size_t n = 0;

	while (crt_read(SHORTAGE_CONTROL, &order, 1, &n))
		continue;
	return n ? order : 0;
}

static cloudabi_fd_t child;

static cloudabi_errno_t make_child(void)
{
	cloudabi_errno_t error = crt_fork(&child);

	if (!error && child == CLOUDABI_PROCESS_CHILD)
		crt_exit(SHORTAGE_CODE);
	return error;
}

static cloudabi_errno_t end_child(void)
{
	cloudabi_subscription_t in = {
		.type = CLOUDABI_EVENTTYPE_PROC_TERMINATE,
		.proc_terminate.fd = child,
	};
	cloudabi_event_t out;
	cloudabi_errno_t error;
	size_t n;

	error = cloudabi_sys_poll(&in, &out, 1, &n);
	if (!error)
		error = out.error;
	if (!error && (out.proc_terminate.signal ||
		       out.proc_terminate.exitcode != SHORTAGE_CODE))
		error = CLOUDABI_ECANCELED;
	return cloudabi_sys_fd_close(child) ?: error;
}

static cloudabi_errno_t replace(void)
{
	static const cloudabi_fd_t fds[SHORTAGE_FDS] = { 0, 1, 2, 3 };

	return cloudabi_sys_proc_exec(SHORTAGE_PROGRAM, "shortage", 8, fds,
				      SHORTAGE_FDS);
}

int program_main(const struct argdata *ad)
{
	char order;

	(void)ad;
	answer('s', 0);
	while ((order = next_order())) {
		if (order == SHORTAGE_FORK)
			answer(order, make_child());
		else if (order == SHORTAGE_END)
			answer(order, end_child());
		else
			answer(order, replace());
	}
	return 0;
}
