// SPDX-License-Identifier: GPL-2.0
/*
 * What a call that is interrupted leaves for when it is made again.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "restart.h"

#include <linux/ptrace.h>
#include <linux/restart_block.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>

#include "module.h"

/*
 * Marks a restart block as ours. Only restart_syscall() would call it, which no
 * CloudABI task can make.
 */
static long never_called(struct restart_block *block)
{
	return -ENOSYS;
}

/* Whether there is something in the block. */
enum { NOTHING, LATER };

static u32 __user *trap(void)
{
	return (u32 __user *)instruction_pointer(current_pt_regs());
}

static u32 __user *stack(void)
{
	return (u32 __user *)user_stack_pointer(current_pt_regs());
}

/**
 * cloudabi_restart_later() - Have the calling task's call made again, later.
 * @restart: what it is to find then.
 *
 * Return: -ERESTARTNOINTR, for the handler to return.
 */
int cloudabi_restart_later(const struct cloudabi_restart *restart)
{
	struct restart_block *block = &current->restart_block;

	block->fn = never_called;
	block->futex.uaddr = trap();
	block->futex.uaddr2 = stack();
	block->futex.time = restart->start;
	block->futex.flags = restart->phase;
	block->futex.val = LATER;
	return -ERESTARTNOINTR;
}

/**
 * cloudabi_restart_get() - Learn how far the call got that is being made.
 * @restart: filled in; all 0 for a call that is made for the first time.
 */
void cloudabi_restart_get(struct cloudabi_restart *restart)
{
	struct restart_block *block = &current->restart_block;

	*restart = (struct cloudabi_restart){};
	if (likely(block->fn != never_called))
		return;
	if (block->futex.val == LATER && block->futex.uaddr == trap() &&
	    block->futex.uaddr2 == stack()) {
		restart->start = block->futex.time;
		restart->phase = block->futex.flags;
	}
	block->futex.val = NOTHING;
}
