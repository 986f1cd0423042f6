/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory: keeping mappings within the rights that they were made with.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_MEM_H
#define _CLOUDABI_MEM_H

#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

/**
 * cloudabi_mem_settle() - Wait for mappings that are being made.
 *
 * A file is mapped in two steps if the descriptor has fewer rights than the
 * open file: it is mapped, and then what must never be possible is ruled out;
 * see mem.c. Whoever could make use of the first step alone, because it changes
 * the protection of mappings or copies them, must not see it.
 *
 * Context: Process context of a CloudABI process. Takes exec_update_lock, in
 * which mmap_lock nests, until cloudabi_mem_settled().
 * Return: 0, -ERESTARTNOINTR if the process is being killed.
 */
static inline int cloudabi_mem_settle(void)
{
	if (down_read_killable(&current->signal->exec_update_lock))
		return -ERESTARTNOINTR;
	return 0;
}

/**
 * cloudabi_mem_settled() - Undo cloudabi_mem_settle().
 */
static inline void cloudabi_mem_settled(void)
{
	up_read(&current->signal->exec_update_lock);
}

#endif /* _CLOUDABI_MEM_H */
