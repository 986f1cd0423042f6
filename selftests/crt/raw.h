/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The trap itself, with every register in view: for tests of the entry into
 * the kernel. Programs use the functions of the vDSO.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CRT_RAW_H
#define _CRT_RAW_H

#include <stdbool.h>
#include <stdint.h>

#include "calls_gen.h"

/* CLOUDABI_NR_fd_close and so on. */
enum {
#define RAW_NUMBER(name, nr, inputs, results) CLOUDABI_NR_##name = (nr),
	CLOUDABI_FOR_EACH_CALL(RAW_NUMBER)
#undef RAW_NUMBER
};

/**
 * struct raw_regs - the registers around a trap
 *
 * raw_trap() loads all of them but the stack pointer, and stores all of them.
 * The order is known to raw_trap.S.
 */
struct raw_regs {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rflags;
	uint64_t xmm[16][2];
};

/**
 * struct raw_result - what became of a call
 * @rax: first result, or the error if @carry is set
 * @rdx: second result
 * @carry: the carry flag
 * @changed: registers that the call must preserve and did not, as a mask of
 *	RAW_CHANGED_*
 */
struct raw_result {
	uint64_t rax;
	uint64_t rdx;
	bool carry;
	uint64_t changed;
};

/* The bit of a register is its place in the structure, counted in words. */
#define RAW_CHANGED_RBX		(1ull << 1)
#define RAW_CHANGED_RDX		(1ull << 3)
#define RAW_CHANGED_RSI		(1ull << 4)
#define RAW_CHANGED_RDI		(1ull << 5)
#define RAW_CHANGED_RBP		(1ull << 6)
#define RAW_CHANGED_RSP		(1ull << 7)
#define RAW_CHANGED_R8		(1ull << 8)
#define RAW_CHANGED_R9		(1ull << 9)
#define RAW_CHANGED_R10		(1ull << 10)
#define RAW_CHANGED_R12		(1ull << 12)
#define RAW_CHANGED_R13		(1ull << 13)
#define RAW_CHANGED_R14		(1ull << 14)
#define RAW_CHANGED_R15		(1ull << 15)
#define RAW_CHANGED_RFLAGS	(1ull << 16)
#define RAW_CHANGED_XMM(n)	(3ull << (17 + 2 * (n)))

#define RAW_CARRY		0x001ull
#define RAW_DIRECTION		0x400ull

/**
 * raw_trap - execute `syscall`
 * @in: registers before; rsp is ignored. A set direction flag is taken back
 *	afterwards, as the compiler's code relies on it.
 * @out: registers after. rsp is relative: 0 if the trap left it alone.
 */
void raw_trap(const struct raw_regs *in, struct raw_regs *out);

/**
 * raw_call - make a call by its number
 * @nr: number; all 64 bits of it go into rax
 * @args: the six argument registers
 * @result: what came back
 *
 * The other registers hold patterns of their own at the trap. rcx and r11 are
 * the instruction's to change, rax and rdx the call's. Whether rdx changed is
 * told all the same: a call without a second result leaves it alone.
 */
void raw_call(uint64_t nr, const uint64_t args[6], struct raw_result *result);

#endif /* _CRT_RAW_H */
