// SPDX-License-Identifier: GPL-2.0
/*
 * The way of a call: registers to typed arguments to a handler and back.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/sched.h>

#include "arch/arch.h"
#include "entry.h"
#include "optable.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* Looks the registers up anew: nobody has to keep them over a call for this. */
static noinline void finish_failed(int error)
{
	struct pt_regs *regs = task_pt_regs(current);

	/* CloudABI: no call is ever interrupted, as far as a program can see. */
	if (error == -EINTR)
		error = signal_pending(current) ? -ERESTARTNOINTR : -EIO;
	if (cloudabi_must_restart(error))
		arch_restart(regs, error);
	else
		arch_result_error(regs, cloudabi_errno_from_linux(error));
}

/*
 * The mask, which the compiler must not find superfluous, is what keeps
 * speculation within the table.
 */
static __always_inline void carry_out(struct pt_regs *regs, u32 number)
{
	int error = -ENOSYS;

	if (likely(number < CLOUDABI_OPS)) {
		OPTIMIZER_HIDE_VAR(number);
		number &= CLOUDABI_OPS - 1;
		error = cloudabi_ops[number].call(regs);
	}
	if (unlikely(error))
		finish_failed(error);
}

static noinline void carry_out_traced(struct pt_regs *regs, u32 number)
{
	trace_cloudabi_enter(regs, number);
	carry_out(regs, number);
	trace_cloudabi_exit(regs, number);
}

/**
 * cloudabi_entry() - Carry out a call of a CloudABI process.
 *
 * Runs in place of __secure_computing() for tasks of ours, on every way into
 * the kernel that could start a native system call; see personality.c. The
 * answer makes the kernel's entry code skip the native call, whatever the
 * number was.
 *
 * A completed call sets orig_ax to -1: a result in the range of the restart
 * codes would otherwise be taken for one when a signal is pending.
 *
 * Context: Process context of the caller, may sleep, interrupts on.
 * Return: -1, always.
 */
int cloudabi_entry(void)
{
	struct pt_regs *regs = task_pt_regs(current);
	u32 number = arch_call_number(regs);

	if (trace_cloudabi_enter_enabled() || trace_cloudabi_exit_enabled())
		carry_out_traced(regs, number);
	else
		carry_out(regs, number);
	return -1;
}
