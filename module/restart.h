/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a call that is interrupted leaves for when it is made again.
 *
 * No program has a signal handler, so an interrupted call is always made again,
 * by the same trap with the same registers. Most calls simply start anew. One
 * that waits must not wait longer for that, and may have done something already:
 * it returns what cloudabi_restart_later() returns, and finds its state by
 * cloudabi_restart_get() when it is made again.
 *
 * The state lies in the task's restart block, which the kernel keeps for this;
 * it is not asked to make the call by restart_syscall(), whose number means
 * nothing here. A transfer that is to be complete leaves how much it has moved,
 * and through what: the descriptor may lead elsewhere by then. The state belongs
 * to the trap and the stack that it was left with. Only a tracer can keep a call
 * from being made again at once, and the worst that it gets from that is a call
 * that starts anew, or one that does not.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_RESTART_H
#define _CLOUDABI_RESTART_H

#include <linux/restart_block.h>
#include <linux/sched.h>
#include <linux/types.h>

/**
 * struct cloudabi_restart - State of a call that was interrupted.
 * @start: when it was made first, on CLOCK_MONOTONIC in nanoseconds; 0 as long
 *	as the call does not care.
 * @phase: how far it got; the call's own business, 0 at first.
 * @object: what it was about, likewise.
 */
struct cloudabi_restart {
	u64 start;
	u32 phase;
	u32 object;
};

long cloudabi_restart_never(struct restart_block *block);

/**
 * cloudabi_restart_pending() - Tell whether an interrupted call has left anything.
 *
 * Return: true if the calling task's block has something that nobody has got yet,
 * of whatever call.
 */
static __always_inline bool cloudabi_restart_pending(void)
{
	const struct restart_block *block = &current->restart_block;

	return block->fn == cloudabi_restart_never && block->futex.val;
}

int cloudabi_restart_later(const struct cloudabi_restart *restart);
void cloudabi_restart_get(struct cloudabi_restart *restart);

#endif /* _CLOUDABI_RESTART_H */
