/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the program `shortage` is told and tells.
 *
 * This file is also for native programs.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _TESTS_SHORTAGE_H
#define _TESTS_SHORTAGE_H

#include <stdint.h>

/* Descriptors that it starts with, and starts itself with. */
enum shortage_fd {
	SHORTAGE_CONTROL,
	SHORTAGE_NULL,
	SHORTAGE_MESSAGES,
	SHORTAGE_PROGRAM,
	SHORTAGE_FDS,
};

/* What it is told, one byte each. */
#define SHORTAGE_FORK 'f'	/* make a child, which ends at once */
#define SHORTAGE_END 'e'	/* wait for its end, close its descriptor */
#define SHORTAGE_EXEC 'x'	/* replace itself by itself */

#define SHORTAGE_CODE 0x12345

/**
 * struct shortage_answer - what it tells at its start, and of each order
 * @what: the order, 's' at the start
 * @error: CLOUDABI_E* of the call; for SHORTAGE_END 0 if the child ended well
 */
struct shortage_answer {
	uint32_t what;
	uint32_t error;
};

#endif /* _TESTS_SHORTAGE_H */
