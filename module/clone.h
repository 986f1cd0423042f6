/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Making threads and processes.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_CLONE_H
#define _CLOUDABI_CLONE_H

#include <linux/restart_block.h>
#include <linux/sched/task.h>

/**
 * struct cloudabi_clone - A task that is being made.
 * @prepare: called with the new task before it can run. Context: that of a
 *	tracepoint's probe in the calling task, must not sleep.
 * @saved: what was in the caller's restart block.
 *
 * Part of a structure of the caller that holds what @prepare needs.
 */
struct cloudabi_clone {
	void (*prepare)(struct cloudabi_clone *clone, struct task_struct *task);
	struct restart_block saved;
};

int cloudabi_clone(struct cloudabi_clone *clone,
		   struct kernel_clone_args *args);

int cloudabi_clone_init(void);
void cloudabi_clone_exit(void);

#endif /* _CLOUDABI_CLONE_H */
