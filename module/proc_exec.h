/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Replacing the program of a process.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_PROC_EXEC_H
#define _CLOUDABI_PROC_EXEC_H

#include <linux/path.h>
#include <linux/restart_block.h>

#include "table.h"

struct linux_binprm;

/**
 * struct cloudabi_handover - What a program leaves to the one that replaces it.
 * @file: the new program; counted.
 * @data: its argument data, a copy; owned.
 * @size: size of @data in bytes.
 * @files: its descriptors, from number 0 on; owned, and each is counted.
 * @count: how many.
 * @table: shown to the kernel while it opens the program: number 0 is @file.
 * @own: the task's own table meanwhile; NULL before and after.
 * @pwd: what is in the task's path registers meanwhile.
 * @root: likewise.
 * @saved: what was in the task's restart block.
 */
struct cloudabi_handover {
	struct file *file;
	void *data;
	size_t size;
	struct file **files;
	unsigned int count;
	struct cloudabi_table table;
	struct files_struct *own;
	struct path pwd;
	struct path root;
	struct restart_block saved;
};

struct cloudabi_handover *cloudabi_handover_claim(struct linux_binprm *bprm);
int cloudabi_handover_descriptors(struct cloudabi_handover *handover);

#endif /* _CLOUDABI_PROC_EXEC_H */
