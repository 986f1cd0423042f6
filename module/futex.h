/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Locks and condition variables in user memory.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_FUTEX_H
#define _CLOUDABI_FUTEX_H

#include <linux/ktime.h>
#include <linux/timekeeping.h>

#include "module.h"

/**
 * struct cloudabi_timeout - When to give up waiting.
 * @expires: the time, on @clock; KTIME_MAX means never.
 * @slack: nanoseconds by which that may be late.
 * @clock: CLOCK_MONOTONIC or CLOCK_REALTIME.
 */
struct cloudabi_timeout {
	ktime_t expires;
	u64 slack;
	clockid_t clock;
};

/**
 * cloudabi_timeout_is_over() - Ask the clock whether a timeout is over.
 * @timeout: the timeout.
 *
 * The clock decides, also if it was set back when a timer had fired already. On
 * Linux 7.2 a timer for a realtime to come fires at once if the clock was set back
 * and its processor does not know yet, which may take until the next tick.
 *
 * Context: any.
 * Return: whether it is; 0 is always over, KTIME_MAX never.
 */
static inline bool
cloudabi_timeout_is_over(const struct cloudabi_timeout *timeout)
{
	ktime_t expires = timeout->expires;

	if (!expires || expires == KTIME_MAX)
		return !expires;
	return expires <= (timeout->clock == CLOCK_REALTIME ? ktime_get_real() :
							      ktime_get());
}

int cloudabi_futex_lock(cloudabi_lock_t __user *lock, cloudabi_scope_t scope,
			bool write, const struct cloudabi_timeout *timeout);
int cloudabi_futex_unlock(cloudabi_lock_t __user *lock, cloudabi_scope_t scope);
int cloudabi_futex_wait(cloudabi_condvar_t __user *condvar,
			cloudabi_scope_t condvar_scope,
			cloudabi_lock_t __user *lock,
			cloudabi_scope_t lock_scope,
			const struct cloudabi_timeout *timeout, bool *released);

int cloudabi_futex_init(void);
void cloudabi_futex_exit(void);

#endif /* _CLOUDABI_FUTEX_H */
