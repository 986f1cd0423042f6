/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Descriptors of processes.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_PROCESS_H
#define _CLOUDABI_PROCESS_H

#include <linux/fs.h>
#include <linux/poll.h>

#include "module.h"

extern const struct file_operations cloudabi_process_fops;

/**
 * cloudabi_is_process() - Tell descriptors of processes from other files.
 * @file: a native file, not a capability.
 *
 * Return: true for the descriptor of a process.
 */
static inline bool cloudabi_is_process(const struct file *file)
{
	return file->f_op == &cloudabi_process_fops;
}

/**
 * struct cloudabi_end - How a process ended.
 * @signal: CLOUDABI_SIG* of the signal that killed it, or 0.
 * @code: its exit code if none did, or 0.
 */
struct cloudabi_end {
	cloudabi_signal_t signal;
	cloudabi_exitcode_t code;
};

struct file *cloudabi_process_new(void);
void cloudabi_process_attach(struct file *file, struct task_struct *child);
bool cloudabi_process_poll(struct file *file, poll_table *wait);
void cloudabi_process_get_end(struct file *file, struct cloudabi_end *end);

void cloudabi_process_keep_code(cloudabi_exitcode_t code);
void cloudabi_process_drop_code(void);

cloudabi_signal_t cloudabi_signal_from_linux(int number);

#endif /* _CLOUDABI_PROCESS_H */
