// SPDX-License-Identifier: GPL-2.0
/*
 * Takes away the hook of cloudabi.ko behind its back, as a bug of the kernel
 * might. Only a reboot makes that good again.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/module.h>

typedef unsigned long lookup_fn(const char *name);

/* A kprobe tells the address of any function. */
static lookup_fn *find_lookup(void)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	lookup_fn *lookup;

	if (register_kprobe(&probe))
		return NULL;
	lookup = (lookup_fn *)probe.addr;
	unregister_kprobe(&probe);
	return lookup;
}

static int __init unhook_init(void)
{
	lookup_fn *lookup = find_lookup();
	struct ftrace_ops *hook;

	if (!lookup)
		return -ENOENT;
	hook = (struct ftrace_ops *)lookup("cloudabi:hook");
	if (!hook)
		return -ESRCH;
	return unregister_ftrace_function(hook);
}

module_init(unhook_init);

MODULE_DESCRIPTION("Takes away the hook of cloudabi.ko, for a test");
MODULE_AUTHOR("The cloudabi.ko authors");
MODULE_LICENSE("GPL");
