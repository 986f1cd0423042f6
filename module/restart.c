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

/**
 * cloudabi_restart_never() - Mark a restart block as ours.
 * @block: the block.
 *
 * Only restart_syscall() would call it, which no CloudABI task can make.
 *
 * Return: -ENOSYS.
 */
long cloudabi_restart_never(struct restart_block *block)
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

	block->fn = cloudabi_restart_never;
	block->futex.uaddr = trap();
	block->futex.uaddr2 = stack();
	block->futex.time = restart->start;
	block->futex.flags = restart->phase;
	block->futex.bitset = restart->object;
	block->futex.val = LATER;
	return -ERESTARTNOINTR;
}

/* Whatever there was is not there any more. */
static void take(struct cloudabi_restart *restart)
{
	struct restart_block *block = &current->restart_block;

	if (likely(!cloudabi_restart_pending()))
		return;
	if (block->futex.uaddr == trap() && block->futex.uaddr2 == stack()) {
		restart->start = block->futex.time;
		restart->phase = block->futex.flags;
		restart->object = block->futex.bitset;
	}
	block->futex.val = NOTHING;
}

/**
 * cloudabi_restart_get() - Learn how far the call got that is being made.
 * @restart: filled in; all 0 for a call that is made for the first time.
 */
void cloudabi_restart_get(struct cloudabi_restart *restart)
{
	*restart = (struct cloudabi_restart){};
	take(restart);
}
