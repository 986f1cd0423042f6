/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_PERSONALITY_H
#define _CLOUDABI_PERSONALITY_H

#include <linux/sched.h>
#include <linux/mm_types.h>

struct linux_binfmt;
struct linux_binprm;

extern struct linux_binfmt cloudabi_format;

/**
 * cloudabi_current() - Tell whether the calling task runs a CloudABI program.
 *
 * The address space remembers the format that it was made by: fork copies it,
 * exec drops it, and every address space made by ours pins the module.
 *
 * Context: A task that has a user mode: in a system call or an exec.
 * Return: true if it does.
 */
static __always_inline bool cloudabi_current(void)
{
	return current->mm->binfmt == &cloudabi_format;
}

int cloudabi_personality_may_enter(void);
int cloudabi_personality_begin(struct linux_binprm *bprm);
void cloudabi_personality_enter(void);

int cloudabi_hook_init(void);
void cloudabi_hook_exit(void);

#endif /* _CLOUDABI_PERSONALITY_H */
