/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module needs of an architecture: the registers of a call, the
 * registers of a new program, what an old program may leave behind, and the
 * counter that programs can read.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_ARCH_H
#define _CLOUDABI_ARCH_H

#ifdef CONFIG_X86_64
#include "x86.h"
#else
#error "cloudabi supports x86-64 only; another architecture is one more file here"
#endif

struct linux_binprm;
struct tk_read_base;

int arch_exec_may_enter(void);
void arch_exec_enter(void);
void arch_exec_start(unsigned long entry, unsigned long stack,
		     unsigned long tls, unsigned long argument);
bool arch_counter_serves(const struct tk_read_base *tkr);
bool arch_counter_readable(void);

#endif /* _CLOUDABI_ARCH_H */
