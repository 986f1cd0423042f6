/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one place where a refusal is recorded.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_DENY_H
#define _CLOUDABI_DENY_H

#include <linux/cloudabi_ctl.h>

#include "module.h"

struct file;

int cloudabi_deny(u32 reason, cloudabi_fd_t fd, const struct file *file,
		  cloudabi_rights_t needed, cloudabi_rights_t had);
bool cloudabi_deny_is_traced(void);
int cloudabi_deny_path(cloudabi_fd_t fd, const struct file *dir,
		       const char *component, size_t length);
u64 cloudabi_deny_count(u32 reason);

#endif /* _CLOUDABI_DENY_H */
