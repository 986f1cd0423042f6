/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_CTL_H
#define _CLOUDABI_CTL_H

int cloudabi_ctl_init(void);
void cloudabi_ctl_ready(void);
void cloudabi_ctl_exit(void);

#endif /* _CLOUDABI_CTL_H */
