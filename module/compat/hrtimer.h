/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Levels <linux/hrtimer.h>.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_COMPAT_HRTIMER_H
#define _CLOUDABI_COMPAT_HRTIMER_H

#include <linux/hrtimer.h>

#include "compat.h"

/* Renamed in 6.13. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define compat_hrtimer_setup_sleeper_on_stack(sleeper, clock, mode) \
	hrtimer_setup_sleeper_on_stack(sleeper, clock, mode)
#else
#define compat_hrtimer_setup_sleeper_on_stack(sleeper, clock, mode) \
	hrtimer_init_sleeper_on_stack(sleeper, clock, mode)
#endif

#endif /* _CLOUDABI_COMPAT_HRTIMER_H */
