// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptor tables of our own.
 *
 * Some functions of the kernel take files by their numbers only, from the table
 * of the task that calls them. They are shown a table of ours instead of the
 * task's while they run: no sibling thread can exchange what is in it, no child
 * gets it by forking meanwhile, and nothing in it takes a number of the process.
 *
 * Other tasks look at the table of a task (/proc, pidfd_getfd) with its
 * alloc_lock held, and keep references to files, not to the table. Changing
 * task->files under that lock is thus enough, and a table can be freed as soon
 * as it is out of sight. Nothing that the task itself does in between may add to
 * the table or take from it.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "table.h"

#include <linux/bitmap.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

static_assert(BITS_TO_LONGS(CLOUDABI_TABLE_MAX) <= BITS_PER_LONG);

/**
 * cloudabi_table_make() - Make a table that is complete for all who may look.
 * @table: filled in.
 * @slots: what is in it, from number 0 on; stays the caller's, like the
 *	references.
 * @count: how many, not more than CLOUDABI_TABLE_MAX.
 */
void cloudabi_table_make(struct cloudabi_table *table, struct file **slots,
			 unsigned int count)
{
	struct files_struct *files = &table->files;
	struct fdtable *fdt = &files->fdtab;

	bitmap_zero(table->open, CLOUDABI_TABLE_MAX);
	bitmap_set(table->open, 0, count);
	bitmap_copy(table->cloexec, table->open, CLOUDABI_TABLE_MAX);
	table->full[0] = 0;
	fdt->max_fds = count;
	fdt->fd = (struct file __force __rcu **)slots;
	fdt->open_fds = table->open;
	fdt->close_on_exec = table->cloexec;
	fdt->full_fds_bits = table->full;
	/* Never freed as a table, not even by a task that dies of an oops. */
	atomic_set(&files->count, 2);
	files->resize_in_progress = false;
	init_waitqueue_head(&files->resize_wait);
	spin_lock_init(&files->file_lock);
	files->next_fd = count;
	RCU_INIT_POINTER(files->fdt, fdt);
}

/**
 * cloudabi_table_show() - Change the table that the kernel sees.
 * @files: what it is to see as the calling task's.
 *
 * Return: what it saw before.
 */
struct files_struct *cloudabi_table_show(struct files_struct *files)
{
	struct files_struct *old = current->files;

	task_lock(current);
	current->files = files;
	task_unlock(current);
	return old;
}
