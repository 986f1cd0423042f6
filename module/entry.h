/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_ENTRY_H
#define _CLOUDABI_ENTRY_H

int cloudabi_entry(void);

#endif /* _CLOUDABI_ENTRY_H */
