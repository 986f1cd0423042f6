/* SPDX-License-Identifier: GPL-2.0 */
/*
 * void raw_trap(const struct raw_regs *in, struct raw_regs *out);
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */

/* Offsets in struct raw_regs. */
#define RAX	0
#define RBX	8
#define RCX	16
#define RDX	24
#define RSI	32
#define RDI	40
#define RBP	48
#define RSP	56
#define R8	64
#define R9	72
#define R10	80
#define R11	88
#define R12	96
#define R13	104
#define R14	112
#define R15	120
#define RFLAGS	128
#define XMM	136

	.macro each_xmm what
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	\what \n
	.endr
	.endm

	.macro load_xmm n
	movups	XMM + 16 * \n(%rdi), %xmm\n
	.endm

	.macro store_xmm n
	movups	%xmm\n, XMM + 16 * \n(%rcx)
	.endm

	.text
	.globl	raw_trap
	.hidden	raw_trap
	.type	raw_trap, @function
raw_trap:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rsi
	each_xmm load_xmm
	mov	%rsp, RSP(%rsi)
	pushq	RFLAGS(%rdi)
	mov	RAX(%rdi), %rax
	mov	RBX(%rdi), %rbx
	mov	RCX(%rdi), %rcx
	mov	RDX(%rdi), %rdx
	mov	RSI(%rdi), %rsi
	mov	RBP(%rdi), %rbp
	mov	R8(%rdi), %r8
	mov	R9(%rdi), %r9
	mov	R10(%rdi), %r10
	mov	R11(%rdi), %r11
	mov	R12(%rdi), %r12
	mov	R13(%rdi), %r13
	mov	R14(%rdi), %r14
	mov	R15(%rdi), %r15
	mov	RDI(%rdi), %rdi
	popfq
	syscall
	/* Only moves and pushes until the flags are saved. */
	xchg	%rcx, (%rsp)
	mov	%rax, RAX(%rcx)
	pushfq
	pop	%rax
	mov	%rax, RFLAGS(%rcx)
	cld
	pop	%rax
	mov	%rax, RCX(%rcx)
	lea	-8(%rsp), %rax
	sub	%rax, RSP(%rcx)
	mov	%rbx, RBX(%rcx)
	mov	%rdx, RDX(%rcx)
	mov	%rsi, RSI(%rcx)
	mov	%rdi, RDI(%rcx)
	mov	%rbp, RBP(%rcx)
	mov	%r8, R8(%rcx)
	mov	%r9, R9(%rcx)
	mov	%r10, R10(%rcx)
	mov	%r11, R11(%rcx)
	mov	%r12, R12(%rcx)
	mov	%r13, R13(%rcx)
	mov	%r14, R14(%rcx)
	mov	%r15, R15(%rcx)
	each_xmm store_xmm
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	.size	raw_trap, . - raw_trap

	.section .note.GNU-stack, "", @progbits
