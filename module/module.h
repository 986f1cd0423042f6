/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every file of the module shares.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_MODULE_H
#define _CLOUDABI_MODULE_H

#ifdef pr_fmt
#undef pr_fmt
#endif
#define pr_fmt(fmt) "cloudabi: " fmt

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/types.h>

#include "compat/compat.h"
#include "errno.h"

#include <linux/cloudabi.h>

#include "abi_gen.h"

#endif /* _CLOUDABI_MODULE_H */
