/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Start and system calls of the native twin. The functions are those of a C
 * library which was linked in: the number, the trap, a look whether it failed.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include <asm/unistd_64.h>

	.macro FUNCTION name
	.balign 16
	.globl \name
	.type \name, @function
\name:
	.endm

	.macro TRAP name, number
	FUNCTION native_\name
	mov $\number, %eax
	syscall
	cmp $-4095, %rax
	jae fail
	ret
	.endm

	.text

	FUNCTION _start
	xor %ebp, %ebp
	mov %rsp, native_stack(%rip)
	call bench_main
	mov %eax, %edi
	call native_exit_group

	/* The one which cannot fail. */
	FUNCTION native_getppid
	mov $__NR_getppid, %eax
	syscall
	ret

	FUNCTION native_mmap
	mov %rcx, %r10
	mov $__NR_mmap, %eax
	syscall
	cmp $-4095, %rax
	jae fail
	ret

	TRAP read, __NR_read
	TRAP write, __NR_write
	TRAP lseek, __NR_lseek
	TRAP dup, __NR_dup
	TRAP close, __NR_close
	TRAP munmap, __NR_munmap
	TRAP clock_gettime, __NR_clock_gettime
	TRAP exit_group, __NR_exit_group

fail:
	neg %eax
	mov %eax, native_errno(%rip)
	or $-1, %rax
	ret

	.bss
	.balign 8
	.globl native_stack
native_stack:
	.zero 8
native_errno:
	.zero 4

	.section .note.GNU-stack, "", @progbits
