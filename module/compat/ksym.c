// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the kernel functions that ksym.h declares.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "../module.h"

#include <linux/kprobes.h>

#include "ksym.h"

#define CLOUDABI_KSYM_DEFINE(ret, name, proto, args) \
	DEFINE_STATIC_CALL_NULL(ksym_key_##name, ksym_proto_##name);

CLOUDABI_KSYMS(CLOUDABI_KSYM_DEFINE)

unsigned long ksym_proto_lookup(const char *name);
DEFINE_STATIC_CALL_NULL(ksym_key_lookup, ksym_proto_lookup);

/*
 * kallsyms_lookup_name() is not exported either, but a kprobe may be placed on
 * any function by name and then tells its address.
 */
static int find_lookup(void)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	void *address;
	int error;

	error = register_kprobe(&probe);
	if (error) {
		pr_err("no kprobe on kallsyms_lookup_name (%d): the kernel needs CONFIG_KPROBES and CONFIG_KALLSYMS\n",
		       error);
		return error;
	}
	address = probe.addr;
	unregister_kprobe(&probe);
	static_call_update(ksym_key_lookup,
			   (typeof(ksym_proto_lookup) *)address);
	return 0;
}

static void *find(const char *name, unsigned int *missing)
{
	unsigned long address = static_call(ksym_key_lookup)(name);

	if (!address) {
		pr_err("this kernel has no function %s\n", name);
		++*missing;
	}
	return (void *)address;
}

/*
 * Whether the collector of AF_UNIX sockets in flight is the one that looks at the
 * sockets that wait for one another (6.10, and stable kernels since). Its
 * predecessor takes a file that is in flight more often than it has references
 * for a bug of the kernel, and stops the machine.
 */
bool cloudabi_unix_gc_counts_edges __ro_after_init;

/* clang-format off */
#define CLOUDABI_KSYM_FIND(ret, name, proto, args)			\
	do {								\
		void *address = find(#name, &missing);			\
									\
		if (address)						\
			static_call_update(ksym_key_##name,		\
				(typeof(ksym_proto_##name) *)address);	\
	} while (0);
/* clang-format on */

/**
 * cloudabi_ksym_init() - Resolve every function of the declared list.
 *
 * Logs the name of each one that is missing, so that one attempt to load the
 * module tells all of them. There is nothing to undo.
 *
 * The ftrace hook must be registered before: placing a kprobe while
 * kernel.ftrace_enabled is 0 damages ftrace's records, and registering the hook
 * fails in that case.
 *
 * Context: Process context, may sleep.
 * Return: 0, -ENOENT if a function is missing, or the error of the kprobe that
 * finds kallsyms_lookup_name().
 */
int cloudabi_ksym_init(void)
{
	unsigned int missing = 0;
	int error;

	error = find_lookup();
	if (error)
		return error;
	CLOUDABI_KSYMS(CLOUDABI_KSYM_FIND)
	cloudabi_unix_gc_counts_edges =
		static_call(ksym_key_lookup)("unix_add_edges");
	return missing ? -ENOENT : 0;
}
