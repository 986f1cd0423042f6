/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_VDSO_H
#define _CLOUDABI_VDSO_H

#include <linux/types.h>

struct cloudabi_clock_data;

int cloudabi_vdso_init(void);
void cloudabi_vdso_exit(void);
unsigned long cloudabi_vdso_map(unsigned long stack);

void cloudabi_vdso_clock_init(struct cloudabi_clock_data *data);
void cloudabi_vdso_clock_exit(void);
bool cloudabi_vdso_clock_serves(void);

#endif /* _CLOUDABI_VDSO_H */
