/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The program of door.h. It is data of the test, which makes a file of it.
 *
 * Addresses are constants, so it needs no relocation. After the kernel came
 * back nothing is relied on, not even the stack: a native clone() may just have
 * given it to two.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "door.h"

/* The address of a label at run time. */
#define AT(label) (DOOR_TEXT + (label) - door_text)

#define ARG(n) DOOR_REQUEST_ARG(n)

/* Where 32-bit entries keep their sixth argument. */
#define STACK_32 (DOOR_STACK - 512)

	.section .rodata
	.balign	16
	.globl	door_text, door_text_end, door_answered_offset
door_text:
	.code64
	mov	$(DOOR_STACK - 256), %esp
	movl	$1, DOOR_READY
wait:
	pause
	mov	DOOR_GO, %eax
	cmp	DOOR_DONE, %eax
	je	wait
	movq	$DOOR_REQUESTS, DOOR_CURRENT
next:
	mov	DOOR_CURRENT, %rbx
	cmp	DOOR_END, %rbx
	jae	finished
	mov	DOOR_REQUEST_DOOR(%rbx), %ecx
	cmp	$DOOR_COUNT, %ecx
	jae	answered
	lea	doors(%rip), %rdx
	movslq	(%rdx, %rcx, 4), %rax
	add	%rdx, %rax
	jmp	*%rax

	.balign	4
doors:
	.long	syscall64 - doors
	.long	int80 - doors
	.long	sysenter64 - doors
	.long	vsyscall - doors
	.long	to_int80_32 - doors
	.long	to_sysenter_32 - doors
	.long	to_sysenter_32_nostack - doors
	.long	to_syscall_32 - doors
	.long	int81 - doors
	.long	breakpoint - doors
	.long	int4 - doors
	.long	halt - doors
	.long	output - doors
	.long	disable - doors
	.long	invalid - doors
	.long	to_lcall - doors
	.long	touch - doors

finished:
	mov	DOOR_GO, %eax
	mov	%eax, DOOR_DONE
	jmp	wait

/* Comes back here with an answer in rax, rdx and the carry flag. */
answered:
	mov	%rax, DOOR_RAX
	mov	%rdx, DOOR_RDX
	setc	DOOR_CARRY
	mov	$(DOOR_STACK - 256), %esp
	mov	DOOR_CURRENT, %rbx
	mov	DOOR_RAX, %rax
	mov	%rax, DOOR_REQUEST_RAX(%rbx)
	mov	DOOR_RDX, %rax
	mov	%rax, DOOR_REQUEST_RDX(%rbx)
	movzbl	DOOR_CARRY, %eax
	mov	%rax, DOOR_REQUEST_CARRY(%rbx)
	movl	$1, DOOR_REQUEST_ANSWERED(%rbx)
	addq	$DOOR_REQUEST_SIZE, DOOR_CURRENT
	jmp	next

/* --- 64-bit code ----------------------------------------------------------- */

syscall64:
	mov	DOOR_REQUEST_NUMBER(%rbx), %rax
	mov	ARG(0)(%rbx), %rdi
	mov	ARG(1)(%rbx), %rsi
	mov	ARG(2)(%rbx), %rdx
	mov	ARG(3)(%rbx), %r10
	mov	ARG(4)(%rbx), %r8
	mov	ARG(5)(%rbx), %r9
	clc
	syscall
	jmp	answered

	/* The registers of i386, as wide as they come. */
	.macro	load_int80 pointer, a, b, c, d, s, t, p
	mov	DOOR_REQUEST_NUMBER(\pointer), \a
	mov	ARG(1)(\pointer), \c
	mov	ARG(2)(\pointer), \d
	mov	ARG(3)(\pointer), \s
	mov	ARG(4)(\pointer), \t
	mov	ARG(5)(\pointer), \p
	mov	ARG(0)(\pointer), \b
	.endm

	.macro	load_int80_64
	load_int80 %rbx, %rax, %rbx, %rcx, %rdx, %rsi, %rdi, %rbp
	.endm

	.macro	load_int80_32
	load_int80 %ebx, %eax, %ebx, %ecx, %edx, %esi, %edi, %ebp
	.endm

int80:
	load_int80_64
	clc
	int	$0x80
	jmp	answered

/* The kernel goes back to the vDSO's 32-bit code, which is not there. */
sysenter64:
	load_int80_64
	mov	%ebp, STACK_32
	mov	$STACK_32, %ebp
	clc
	sysenter
	jmp	answered

vsyscall:
	mov	DOOR_REQUEST_NUMBER(%rbx), %rax
	mov	ARG(0)(%rbx), %rdi
	mov	ARG(1)(%rbx), %rsi
	mov	ARG(2)(%rbx), %rdx
	clc
	call	*%rax
	jmp	answered

int81:
	load_int80_64
	int	$0x81
	jmp	answered

breakpoint:
	int3
	jmp	answered

int4:
	int	$4
	jmp	answered

halt:
	hlt
	jmp	answered

output:
	mov	$0x80, %edx
	out	%al, (%dx)
	jmp	answered

disable:
	cli
	jmp	answered

invalid:
	ud2

touch:
	mov	DOOR_REQUEST_NUMBER(%rbx), %rax
	movl	$1, (%rax)
	clc
	jmp	answered

/* --- Compatibility mode ---------------------------------------------------- */

/* Jumps, not returns: QEMU's far return of user space trips over SMAP. */
#define USER_CS 0x33
#define USER32_CS 0x23

	.macro	far_jump name, target
\name:
	ljmp	*\name\()_pointer(%rip)
\name\()_pointer:
	.long	AT(\target)
	.word	USER32_CS
	.endm

	far_jump to_int80_32, int80_32
	far_jump to_sysenter_32, sysenter_32
	far_jump to_sysenter_32_nostack, sysenter_32_nostack
	far_jump to_syscall_32, syscall_32
	far_jump to_lcall, lcall_32

	.code32
int80_32:
	load_int80_32
	clc
	int	$0x80
	ljmp	$USER_CS, $AT(answered)

sysenter_32:
	load_int80_32
	mov	%ebp, STACK_32
	mov	$STACK_32, %ebp
	clc
	sysenter
	ljmp	$USER_CS, $AT(answered)

sysenter_32_nostack:
	load_int80_32
	mov	$16, %ebp
	clc
	sysenter
	ljmp	$USER_CS, $AT(answered)

/* The second argument is in ebp, the sixth at esp. */
syscall_32:
	load_int80_32
	mov	%ebp, STACK_32
	mov	$STACK_32, %esp
	mov	%ecx, %ebp
	clc
	syscall
	ljmp	$USER_CS, $AT(answered)

lcall_32:
	load_int80_32
	lcall	$7, $0
	ljmp	$USER_CS, $AT(answered)

	.code64
door_text_end:

	.balign	4
door_answered_offset:
	.long	answered - door_text

	.section .note.GNU-stack, "", @progbits
