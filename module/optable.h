/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_OPTABLE_H
#define _CLOUDABI_OPTABLE_H

#include "module.h"

struct pt_regs;

/**
 * struct cloudabi_op - How a call is carried out.
 * @call: takes the arguments out of the registers, runs the handler and, where
 *	it succeeds, puts the results back. Returns 0 or what the handler
 *	returned. Never NULL.
 */
struct cloudabi_op {
	int (*call)(struct pt_regs *regs);
};

/* Rows of the table: a power of two, so that a mask bounds an index. */
#define CLOUDABI_OPS 64

extern const struct cloudabi_op cloudabi_ops[CLOUDABI_OPS];

bool cloudabi_call_is_supported(unsigned int number);

#endif /* _CLOUDABI_OPTABLE_H */
