// SPDX-License-Identifier: GPL-2.0
/*
 * The one place where a refusal is recorded.
 *
 * Counters and a tracepoint, nothing else: nothing that a program does may make
 * the kernel's log grow.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "deny.h"

#include <linux/percpu.h>
#include <linux/sched/task_stack.h>

#include "arch/arch.h"
#include "filetype.h"
#include "trace.h"

static DEFINE_PER_CPU(u64[CLOUDABI_CTL_NR_DENY], denied);

/**
 * cloudabi_deny() - Record that something was refused.
 * @reason: CLOUDABI_CTL_DENY_*.
 * @fd: descriptor that the call was made with.
 * @file: the native file behind it, or NULL if there is none.
 * @needed: rights that the call needed.
 * @had: rights of the same set that the descriptor has.
 *
 * Context: Process context of the caller.
 * Return: -ENOTCAPABLE, for the caller to return.
 */
int cloudabi_deny(u32 reason, cloudabi_fd_t fd, const struct file *file,
		  cloudabi_rights_t needed, cloudabi_rights_t had)
{
	this_cpu_inc(denied[reason]);
	if (trace_cloudabi_deny_enabled())
		trace_cloudabi_deny(arch_call_number(task_pt_regs(current)),
				    reason, fd,
				    file ? cloudabi_filetype(file) : 0, needed,
				    had, NULL, 0);
	return -ENOTCAPABLE;
}

/**
 * cloudabi_deny_is_traced() - Tell whether anybody looks at refusals.
 *
 * Return: whether the tracepoint is on.
 */
bool cloudabi_deny_is_traced(void)
{
	return trace_cloudabi_deny_enabled();
}

/**
 * cloudabi_deny_path() - Record that a path led out of its directory.
 * @fd: descriptor that the path starts at.
 * @dir: the native file behind it.
 * @component: the part of the path that leads out; not NUL terminated.
 * @length: its length; 0 if nobody looked for it.
 *
 * Context: Process context of the caller.
 * Return: -ENOTCAPABLE, for the caller to return.
 */
int cloudabi_deny_path(cloudabi_fd_t fd, const struct file *dir,
		       const char *component, size_t length)
{
	this_cpu_inc(denied[CLOUDABI_CTL_DENY_PATH]);
	trace_cloudabi_deny(arch_call_number(task_pt_regs(current)),
			    CLOUDABI_CTL_DENY_PATH, fd, cloudabi_filetype(dir),
			    0, 0, component, length);
	return -ENOTCAPABLE;
}

/**
 * cloudabi_deny_count() - Tell how often something was refused.
 * @reason: CLOUDABI_CTL_DENY_*.
 *
 * Return: the number, on all CPUs, since the module was loaded.
 */
u64 cloudabi_deny_count(u32 reason)
{
	u64 count = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		count += per_cpu(denied[reason], cpu);
	return count;
}
