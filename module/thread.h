/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads: the probe that sets them up.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_THREAD_H
#define _CLOUDABI_THREAD_H

int cloudabi_threads_init(void);
void cloudabi_threads_exit(void);

#endif /* _CLOUDABI_THREAD_H */
