// SPDX-License-Identifier: GPL-2.0
/*
 * brood: makes children all the time and closes the oldest, until it is killed.
 *
 * They do nothing but live, and have the descriptors of those that are older.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "child.h"

#define CHILDREN 6

int program_main(const struct argdata *ad)
{
	cloudabi_fd_t fds[CHILDREN];

	(void)ad;
	for (size_t i = 0;; i++) {
		if (i >= CHILDREN)
			cloudabi_sys_fd_close(fds[i % CHILDREN]);
		if (crt_fork(&fds[i % CHILDREN]))
			return 1;
		if (fds[i % CHILDREN] == CLOUDABI_PROCESS_CHILD)
			child_pause(NULL);
	}
}
