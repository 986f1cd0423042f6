/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the program sock_storm starts with. This file is also for native programs.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _TESTS_SOCK_STORM_H
#define _TESTS_SOCK_STORM_H

/* Both ends of pairs of AF_UNIX sockets that do not block. */
#define STORM_SOCKETS 3
#define STORM_NR_SOCKETS 8
/* A file, a directory, and the end of a pipe for writing. */
#define STORM_FILES (STORM_SOCKETS + STORM_NR_SOCKETS)
#define STORM_NR_FILES 3
#define STORM_END (STORM_FILES + STORM_NR_FILES)

#endif /* _TESTS_SOCK_STORM_H */
