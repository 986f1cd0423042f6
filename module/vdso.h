/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_VDSO_H
#define _CLOUDABI_VDSO_H

int cloudabi_vdso_init(void);
void cloudabi_vdso_exit(void);
unsigned long cloudabi_vdso_map(void);

#endif /* _CLOUDABI_VDSO_H */
