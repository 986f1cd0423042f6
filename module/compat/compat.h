/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The range of kernels that the module is written for.
 *
 * Core files are written against the newest of them. What differs in an older
 * one is levelled in this directory, in a header named after the kernel header
 * that it levels; nothing outside this directory looks at the version.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_COMPAT_H
#define _CLOUDABI_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "cloudabi needs Linux 6.1 or newer"
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(8, 0, 0)
#error "cloudabi has not been tried with a kernel as new as this one"
#endif

#endif /* _CLOUDABI_COMPAT_H */
