/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Code for executables of the corpus: from NAME to NAME_end, works at any
 * address.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "probe.h"

	.macro	CODE name
	.balign	16
	.globl	\name
\name:
	.endm

	.macro	END name
	.globl	\name\()_end
\name\()_end:
	.endm

	.section .rodata, "a"

/* See probe.c. */
	CODE corpus_probe
	.incbin	"probe.bin"
	END corpus_probe

/*
 * The least program. Natively, 231 is exit_group(), and CloudABI has no call of
 * this number; 39 is proc_exit().
 */
	CODE corpus_exit
	mov	$EXIT_NATIVE, %edi
	mov	$231, %eax
	syscall
	mov	$EXIT_GOOD, %edi
	mov	$39, %eax
	syscall
	ud2
	END corpus_exit

/*
 * A native 32-bit program: execve(argv[1], argv + 1, envp), else exits with the
 * error.
 */
	.code32
	CODE corpus_exec32
	mov	(%esp), %edx
	mov	8(%esp), %ebx
	lea	8(%esp), %ecx
	lea	8(%esp, %edx, 4), %edx
	mov	$11, %eax
	int	$0x80
	mov	%eax, %ebx
	neg	%ebx
	mov	$1, %eax
	int	$0x80
	END corpus_exec32
	.code64

	.section .note.GNU-stack, "", @progbits
