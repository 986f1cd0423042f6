// SPDX-License-Identifier: GPL-2.0
/*
 * The page that the vDSO tells the time by, see vdso/clock_data.h.
 *
 * The timekeeper tells us of every change: at each tick, when the clock is set
 * or steered, when another clock source takes over, at suspend and resume. It
 * does so while it keeps all readers of its own out, so that no call returns
 * a time of after a change before the page shows the change as well.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/hrtimer.h>
#include <linux/nsproxy.h>
#include <linux/pvclock_gtod.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/timekeeper_internal.h>

#include "arch/arch.h"
#include "vdso.h"
#include "vdso/clock_data.h"

static_assert(offsetof(struct cloudabi_clock_data, sequence) ==
	      CLOCK_DATA_SEQUENCE);
static_assert(offsetof(struct cloudabi_clock_data, clocks) ==
	      CLOCK_DATA_CLOCKS);
static_assert(offsetof(struct cloudabi_clock_data, cycle_last) ==
	      CLOCK_DATA_CYCLE_LAST);
static_assert(offsetof(struct cloudabi_clock_data, mult) == CLOCK_DATA_MULT);
static_assert(offsetof(struct cloudabi_clock_data, nsec) == CLOCK_DATA_NSEC);
static_assert(offsetof(struct cloudabi_clock_data, shift) == CLOCK_DATA_SHIFT);
static_assert(offsetof(struct cloudabi_clock_data, resolution) ==
	      CLOCK_DATA_RESOLUTION);
static_assert(offsetof(struct cloudabi_clock_data, base) == CLOCK_DATA_BASE);
static_assert(sizeof(struct cloudabi_clock_data) == 64);
static_assert((BIT(CLOUDABI_CLOCK_MONOTONIC) | BIT(CLOUDABI_CLOCK_REALTIME)) ==
	      CLOCK_DATA_TIMED);
static_assert(!(CLOCK_DATA_TIMED >> (CLOCK_DATA_LAST + 1)));

/* What programs see; written by update() alone. */
static struct cloudabi_clock_data *shown;

/* No two at once: the timekeeper's lock is held, and interrupts are off. */
static int update(struct notifier_block *block, unsigned long was_set,
		  void *timekeeper)
{
	const struct timekeeper *tk = timekeeper;
	const struct tk_read_base *tkr = &tk->tkr_mono;
	u32 sequence = shown->sequence + 1;

	WRITE_ONCE(shown->sequence, sequence);
	smp_wmb(); /* pairs with the order of the vDSO's reads */
	WRITE_ONCE(shown->clocks,
		   arch_counter_serves(tkr) ? CLOCK_DATA_TIMED : 0);
	WRITE_ONCE(shown->cycle_last, tkr->cycle_last);
	WRITE_ONCE(shown->mult, tkr->mult);
	WRITE_ONCE(shown->nsec, tkr->xtime_nsec);
	WRITE_ONCE(shown->shift, tkr->shift);
	WRITE_ONCE(shown->resolution, hrtimer_resolution);
	WRITE_ONCE(shown->base[CLOUDABI_CLOCK_MONOTONIC - 1],
		   ktime_to_ns(tkr->base));
	WRITE_ONCE(shown->base[CLOUDABI_CLOCK_REALTIME - 1],
		   ktime_to_ns(ktime_add(tkr->base, tk->offs_real)));
	smp_wmb(); /* the same */
	WRITE_ONCE(shown->sequence, sequence + 1);
	return NOTIFY_OK;
}

static struct notifier_block listener = { .notifier_call = update };

/**
 * cloudabi_vdso_clock_init() - Keep a page up to date from now on.
 * @data: the page, zeroed. It must stay in memory, where it is.
 *
 * Context: Process context.
 */
void cloudabi_vdso_clock_init(struct cloudabi_clock_data *data)
{
	shown = data;
	/* Calls update() as well. It only ever returns 0. */
	pvclock_gtod_register_notifier(&listener);
}

/**
 * cloudabi_vdso_clock_exit() - Write to the page no more.
 *
 * Context: Process context.
 */
void cloudabi_vdso_clock_exit(void)
{
	pvclock_gtod_unregister_notifier(&listener);
}

/**
 * cloudabi_vdso_clock_serves() - Tell whether a program may look at the page.
 *
 * Not if reading the counter would kill it, nor where the monotonic clock has
 * an offset, or will have for children: namespaces other than the first are
 * left to the call. Neither can change while a CloudABI program runs, and both
 * are handed on to its threads and children.
 *
 * Context: The calling task is the program that starts.
 * Return: true if it may.
 */
bool cloudabi_vdso_clock_serves(void)
{
	const struct nsproxy *ns = current->nsproxy;
	const struct nsproxy *first = init_task.nsproxy;

	return arch_counter_readable() && ns->time_ns == first->time_ns &&
	       ns->time_ns_for_children == first->time_ns;
}
