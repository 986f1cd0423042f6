/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Descriptor tables of our own.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_TABLE_H
#define _CLOUDABI_TABLE_H

#include <linux/fdtable.h>

/* How many descriptors such a table has room for. */
#define CLOUDABI_TABLE_MAX 253

/**
 * struct cloudabi_table - A descriptor table that the kernel is shown.
 * @files: what the kernel is shown.
 * @open: bits of what is open.
 * @cloexec: bits of what would be closed by an exec; for those who look.
 * @full: bits of words of @open without a 0.
 */
struct cloudabi_table {
	struct files_struct files;
	unsigned long open[BITS_TO_LONGS(CLOUDABI_TABLE_MAX)];
	unsigned long cloexec[BITS_TO_LONGS(CLOUDABI_TABLE_MAX)];
	unsigned long full[1];
};

void cloudabi_table_make(struct cloudabi_table *table, struct file **slots,
			 unsigned int count);
struct files_struct *cloudabi_table_show(struct files_struct *files);

#endif /* _CLOUDABI_TABLE_H */
