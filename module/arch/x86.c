// SPDX-License-Identifier: GPL-2.0
/*
 * x86-64: what exec and the clocks need to know of the processor.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "../module.h"

#include <linux/clocksource.h>
#include <linux/elf.h>
#include <linux/sched/task_stack.h>
#include <linux/thread_info.h>
#include <linux/timekeeper_internal.h>
#include <asm/cpufeature.h>
#include <asm/fsgsbase.h>
#include <asm/processor.h>
#include <asm/unistd.h>

#include "arch.h"

/**
 * arch_exec_may_enter() - Tell whether the processor's state allows CloudABI.
 *
 * Access to I/O ports (ioperm, iopl) outlives exec, and would be authority that
 * is in no descriptor.
 *
 * Return: 0, or -EPERM if the task may access I/O ports.
 */
int arch_exec_may_enter(void)
{
	return test_thread_flag(TIF_IO_BITMAP) ? -EPERM : 0;
}

/**
 * arch_exec_enter() - Leave the modes that a native program may have been in.
 *
 * The old program may have been a 32-bit one, or have made the call of another
 * ABI (x32): the kernel looks at both to find out what addresses may be given
 * out. The new address space does not show the vsyscall page: nothing marks it
 * as one that has it.
 *
 * Context: The calling task has a new address space.
 */
void arch_exec_enter(void)
{
	clear_thread_flag(TIF_ADDR32);
	current_thread_info()->status &= ~TS_COMPAT;
	current_pt_regs()->orig_ax = __NR_execve;
}

static void set_tls(unsigned long tls)
{
	preempt_disable();
	current->thread.fsindex = 0;
	current->thread.fsbase = tls;
	x86_fsbase_write_cpu(tls);
	preempt_enable();
}

/**
 * arch_exec_start() - Set the registers that a program starts with.
 * @entry: address of its first instruction.
 * @stack: stack pointer.
 * @tls: address of the word that holds the address of the TCB.
 * @argument: its one argument, the auxiliary vector.
 *
 * All other registers are zero.
 */
void arch_exec_start(unsigned long entry, unsigned long stack,
		     unsigned long tls, unsigned long argument)
{
	struct pt_regs *regs = current_pt_regs();

	regs->ax = 0;
	regs->bx = 0;
	regs->cx = 0;
	regs->dx = 0;
	regs->si = 0;
	regs->di = argument;
	regs->bp = 0;
	regs->r8 = 0;
	regs->r9 = 0;
	regs->r10 = 0;
	regs->r11 = 0;
	regs->r12 = 0;
	regs->r13 = 0;
	regs->r14 = 0;
	regs->r15 = 0;

	start_thread(regs, entry, stack);
	set_tls(tls);
}

/**
 * arch_counter_serves() - Tell whether time is kept by what programs can read.
 * @tkr: what the timekeeper reads.
 *
 * Sources such as that of KVM or Hyper-V have pages of their own to be read
 * along with the time stamp counter; these do not count. Nor does a processor
 * on which LFENCE does not keep RDTSC in order.
 *
 * Context: Any.
 * Return: true if the source's value is what RDTSC yields.
 */
bool arch_counter_serves(const struct tk_read_base *tkr)
{
	return tkr->clock->vdso_clock_mode == VDSO_CLOCKMODE_TSC &&
	       tkr->mask == CLOCKSOURCE_MASK(64) &&
	       boot_cpu_has(X86_FEATURE_LFENCE_RDTSC);
}

/**
 * arch_counter_readable() - Tell whether the calling task can read the counter.
 *
 * What a native program has forbidden itself with PR_SET_TSC stays forbidden
 * after exec, and for all that come of the task.
 *
 * Return: false if RDTSC would raise SIGSEGV.
 */
bool arch_counter_readable(void)
{
	return !test_thread_flag(TIF_NOTSC);
}
