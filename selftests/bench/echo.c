// SPDX-License-Identifier: GPL-2.0
/*
 * The other end of the twins: sends back each byte that comes by descriptor 0, a
 * stream socket, until nothing more comes. Built twice, as twin.c is.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "sys.h"

int bench_main(void);

int bench_main(void)
{
	char byte;

	if (!sys_init())
		return 100;
	while (sys_recv(0, &byte, 1)) {
		if (!sys_send(0, &byte, 1))
			return 1;
	}
	return 0;
}

#ifdef __CloudABI__
int program_main(const struct argdata *ad)
{
	(void)ad;
	return bench_main();
}
#endif
