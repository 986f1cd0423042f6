/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_FDSTAT_H
#define _CLOUDABI_FDSTAT_H

#include "module.h"

unsigned int cloudabi_fdflags_to_native(cloudabi_fdflags_t flags);

#endif /* _CLOUDABI_FDSTAT_H */
