/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Levels <linux/ftrace.h>.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_COMPAT_FTRACE_H
#define _CLOUDABI_COMPAT_FTRACE_H

#include <linux/ftrace.h>

#include "compat.h"

/* ftrace_regs_ was put before the name in 6.2; 6.1.y has only the old one. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define compat_ftrace_regs_set_ip(fregs, ip) \
	ftrace_regs_set_instruction_pointer(fregs, ip)
#else
#define compat_ftrace_regs_set_ip(fregs, ip) \
	ftrace_instruction_pointer_set(fregs, ip)
#endif

#endif /* _CLOUDABI_COMPAT_FTRACE_H */
