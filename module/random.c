// SPDX-License-Identifier: GPL-2.0
/*
 * The call for random numbers.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

/* Large enough for what starting a piece costs not to matter. */
enum { PIECE = 512 };

/**
 * cloudabi_call_random_get() - Fill memory with random numbers.
 * @buf: where to.
 * @buf_len: how many bytes; there is no limit.
 *
 * Waits until the kernel's generator has been seeded, once after booting.
 *
 * Return: 0, -EFAULT, in which case some of @buf may have been filled.
 */
int cloudabi_call_random_get(void __user *buf, size_t buf_len)
{
	u8 piece[PIECE];
	size_t len;
	int error;

	error = wait_for_random_bytes();
	while (!error && buf_len) {
		len = min_t(size_t, buf_len, PIECE);
		get_random_bytes(piece, len);
		if (copy_to_user(buf, piece, len))
			error = -EFAULT;
		buf += len;
		buf_len -= len;
		if (buf_len && fatal_signal_pending(current))
			error = -ERESTARTNOINTR;
		cond_resched();
	}
	memzero_explicit(piece, sizeof(piece));
	return error;
}
