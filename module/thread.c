// SPDX-License-Identifier: GPL-2.0
/*
 * Calls about threads.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/sched.h>

/**
 * cloudabi_call_thread_yield() - Let other threads run.
 *
 * Return: 0.
 */
int cloudabi_call_thread_yield(void)
{
	/* What the kernel itself must not rely on is what the program asks. */
	yield();
	return 0;
}
