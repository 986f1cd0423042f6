/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Terminals, for tests.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _TERMINAL_H
#define _TERMINAL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>

/*
 * A terminal that does nothing to what goes through it, and its other end.
 * 0, or -1 with errno.
 */
static inline int open_terminal(int fds[2])
{
	struct termios termios;
	int unlock = 0, number = -1;
	char path[64];

	fds[1] = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	ioctl(fds[1], TIOCSPTLCK, &unlock);
	ioctl(fds[1], TIOCGPTN, &number);
	snprintf(path, sizeof(path), "/dev/pts/%d", number);
	fds[0] = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tcgetattr(fds[0], &termios))
		return -1;
	cfmakeraw(&termios);
	return tcsetattr(fds[0], TCSANOW, &termios);
}

#endif /* _TERMINAL_H */
