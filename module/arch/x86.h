/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The calling convention on x86-64 (CloudABI: behaviour of the trap): number in
 * eax, arguments in rdi, rsi, rdx, r10, r8 and r9; carry clear and results in
 * rax and rdx, or carry set and the error in rax.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_ARCH_X86_H
#define _CLOUDABI_ARCH_X86_H

#include <linux/errno.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <asm/processor-flags.h>
#include <asm/syscall.h>

#define ARCH_ELF_MACHINE EM_X86_64

/* End of what mmap gives out unasked: 47 bits, with five-level paging too. */
#define ARCH_USER_END DEFAULT_MAP_WINDOW

/**
 * arch_call_number() - The number of the call that a task makes.
 * @regs: its registers.
 *
 * A call by a 32-bit entry (int $0x80, SYSENTER, SYSCALL in compatibility mode)
 * is none of ours, whatever number it carries. Calls with the x32 bit and those
 * of the vsyscall page bring numbers that we do not have.
 *
 * Return: the number, or U32_MAX for a call by a 32-bit entry.
 */
static __always_inline u32 arch_call_number(const struct pt_regs *regs)
{
	if (unlikely(in_ia32_syscall()))
		return U32_MAX;
	return regs->orig_ax;
}

/**
 * arch_arg() - An argument of the call, as wide as a register.
 * @regs: registers of the caller.
 * @index: which one, 0 to 5; a constant.
 *
 * Narrower types are cut by their reader: what is in the upper bits is
 * undefined.
 *
 * Return: the register's value.
 */
static __always_inline u64 arch_arg(const struct pt_regs *regs,
				    unsigned int index)
{
	switch (index) {
	case 0:
		return regs->di;
	case 1:
		return regs->si;
	case 2:
		return regs->dx;
	case 3:
		return regs->r10;
	case 4:
		return regs->r8;
	default:
		return regs->r9;
	}
}

/**
 * arch_result() - A result register, for those who look on.
 * @regs: registers of the caller.
 * @index: which one, 0 or 1.
 *
 * Return: the register's value.
 */
static __always_inline u64 arch_result(const struct pt_regs *regs,
				       unsigned int index)
{
	return index ? regs->dx : regs->ax;
}

/**
 * arch_has_failed() - Tell how a finished call ended, for those who look on.
 * @regs: registers of the caller.
 *
 * Return: true if the first result register holds an error.
 */
static __always_inline bool arch_has_failed(const struct pt_regs *regs)
{
	return regs->flags & X86_EFLAGS_CF;
}

/*
 * The flags are changed together with r11, which SYSCALL put them in and SYSRET
 * takes them from: as long as the two are equal the return is a fast one.
 */
/**
 * arch_result0() - Finish a call that succeeded and has no result.
 * @regs: registers of the caller. rax is what the stub returns: 0, no error.
 */
static __always_inline void arch_result0(struct pt_regs *regs)
{
	regs->flags &= ~X86_EFLAGS_CF;
	regs->r11 &= ~X86_EFLAGS_CF;
	regs->ax = 0;
	regs->orig_ax = -1;
}

/**
 * arch_result1() - Finish a call that succeeded with one result.
 * @regs: registers of the caller. rdx keeps its value.
 * @first: the result.
 */
static __always_inline void arch_result1(struct pt_regs *regs, u64 first)
{
	arch_result0(regs);
	regs->ax = first;
}

/**
 * arch_result2() - Finish a call that succeeded with two results.
 * @regs: registers of the caller.
 * @first: first result.
 * @second: second result.
 */
static __always_inline void arch_result2(struct pt_regs *regs, u64 first,
					 u64 second)
{
	arch_result1(regs, first);
	regs->dx = second;
}

/**
 * arch_result_error() - Finish a call that failed.
 * @regs: registers of the caller.
 * @error: CloudABI error.
 */
static __always_inline void arch_result_error(struct pt_regs *regs, u16 error)
{
	regs->flags |= X86_EFLAGS_CF;
	regs->r11 |= X86_EFLAGS_CF;
	regs->ax = error;
	regs->orig_ax = -1;
}

/**
 * arch_restart() - Have an interrupted call made again.
 * @regs: registers of the caller.
 * @error: the kernel's restart code that the handler returned.
 *
 * With a signal pending the kernel does it on the way out: no handler exists,
 * so it winds the program back to the trap. Without one nobody would, so it is
 * done here. The code that asks for restart_syscall() in place of the call is
 * for calls that left something to go on with, and none of ours does.
 */
static __always_inline void arch_restart(struct pt_regs *regs, int error)
{
	if (signal_pending(current)) {
		regs->ax = error == -ERESTART_RESTARTBLOCK ? -ERESTARTNOINTR :
							     error;
		return;
	}
	regs->ax = regs->orig_ax;
	regs->ip -= 2; /* the length of SYSCALL */
	regs->orig_ax = -1;
}

/**
 * arch_thread_stack() - The stack pointer that a thread starts with.
 * @tls: address of the word that its TLS register points to, the lowest thing
 *	on its stack.
 *
 * Return: an address below, aligned as after a call.
 */
static inline unsigned long arch_thread_stack(unsigned long tls)
{
	return round_down(tls, 16) - sizeof(u64);
}

/**
 * arch_thread_start() - Set the registers that a thread starts with.
 * @regs: its registers, a copy of its maker's but for the stack pointer.
 * @entry: its first instruction.
 * @first: its first argument.
 * @second: its second argument.
 */
static inline void arch_thread_start(struct pt_regs *regs, unsigned long entry,
				     unsigned long first, unsigned long second)
{
	arch_result0(regs);
	regs->ip = entry;
	regs->di = first;
	regs->si = second;
}

#endif /* _CLOUDABI_ARCH_X86_H */
