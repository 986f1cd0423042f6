/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading the monotonic and the realtime clock without the kernel, as long as
 * the kernel itself reads them from the time stamp counter. The result is the
 * one that the call would have at that moment: the same numbers by the same
 * formula,
 *
 *	base + ((TSC - cycle_last) * mult + nsec >> shift)
 *
 * with a product of 128 bits, so that nothing overflows however long ago the
 * kernel wrote. All other clocks, and all clocks where the counter does not
 * serve, go to the stubs that make the call. These get the arguments as they
 * came.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "clock_data.h"

	.macro FUNCTION name
	.balign 16
	.globl \name
	.type \name, @function
\name:
	.cfi_startproc
	endbr64
	.endm

	.macro END name
	.cfi_endproc
	.size \name, . - \name
	.endm

	.hidden cloudabi_clock_data
	.hidden trap_clock_res_get
	.hidden trap_clock_time_get

	.text

/*
 * error = clock_res_get(edi clock, rsi *resolution)
 *
 * One aligned word is read, which needs no sequence.
 */
	FUNCTION cloudabi_sys_clock_res_get
	cmp $CLOCK_DATA_LAST, %edi
	ja trap_clock_res_get
	mov $CLOCK_DATA_TIMED, %eax
	bt %edi, %eax
	jnc trap_clock_res_get
	mov cloudabi_clock_data + CLOCK_DATA_RESOLUTION(%rip), %eax
	test %eax, %eax
	jz trap_clock_res_get
	mov %rax, (%rsi)
	xor %eax, %eax
	ret
	END cloudabi_sys_clock_res_get

/*
 * error = clock_time_get(edi clock, rsi precision, rdx *time)
 *
 * LFENCE keeps the counter from being read before the sequence is; after it the
 * counter is read in order, as memory would be. It may lag on this processor
 * behind cycle_last, which another one has read: no time has passed then. A
 * time before 1970 is left to the call, which has an error for it.
 */
	FUNCTION cloudabi_sys_clock_time_get
	cmp $CLOCK_DATA_LAST, %edi
	ja trap_clock_time_get
	mov %edi, %edi
	mov %rdx, %r10
	lea cloudabi_clock_data(%rip), %r8
1:	mov CLOCK_DATA_SEQUENCE(%r8), %r9d
	test $1, %r9b
	jnz 2f
	mov CLOCK_DATA_CLOCKS(%r8), %eax
	bt %edi, %eax
	jnc 3f
	lfence
	rdtsc
	shl $32, %rdx
	or %rdx, %rax
	xor %ecx, %ecx
	sub CLOCK_DATA_CYCLE_LAST(%r8), %rax
	cmovb %rcx, %rax
	mulq CLOCK_DATA_MULT(%r8)
	add CLOCK_DATA_NSEC(%r8), %rax
	adc $0, %rdx
	mov CLOCK_DATA_SHIFT(%r8), %ecx
	shrd %cl, %rdx, %rax
	add CLOCK_DATA_BASE - 8(%r8, %rdi, 8), %rax
	cmp CLOCK_DATA_SEQUENCE(%r8), %r9d
	jne 1b
	test %rax, %rax
	js 3f
	mov %rax, (%r10)
	xor %eax, %eax
	ret
2:	pause
	jmp 1b
3:	mov %r10, %rdx
	jmp trap_clock_time_get
	END cloudabi_sys_clock_time_get

	.section .note.GNU-stack, "", @progbits
