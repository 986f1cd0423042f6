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

	/* One with a fourth argument, which the trap wants elsewhere. */
	.macro TRAP4 name, number
	FUNCTION native_\name
	mov %rcx, %r10
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

	TRAP4 mmap, __NR_mmap
	TRAP4 newfstatat, __NR_newfstatat
	TRAP4 openat2, __NR_openat2
	TRAP4 readlinkat, __NR_readlinkat
	TRAP4 renameat, __NR_renameat
	TRAP4 ppoll, __NR_ppoll
	TRAP4 wait4, __NR_wait4
	TRAP4 execveat, __NR_execveat
	TRAP fork, __NR_fork
	TRAP getdents64, __NR_getdents64
	TRAP4 recvfrom, __NR_recvfrom
	TRAP4 sendto, __NR_sendto
	TRAP recvmsg, __NR_recvmsg
	TRAP sendmsg, __NR_sendmsg
	TRAP unlinkat, __NR_unlinkat
	TRAP read, __NR_read
	TRAP write, __NR_write
	TRAP lseek, __NR_lseek
	TRAP dup, __NR_dup
	TRAP close, __NR_close
	TRAP munmap, __NR_munmap
	TRAP ioctl, __NR_ioctl
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
