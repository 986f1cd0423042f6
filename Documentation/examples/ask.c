// SPDX-License-Identifier: GPL-2.0
/*
 * ask: a native program that asks the module what it is and what it refused.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <linux/cloudabi_ctl.h>

#define NAME(reason) #reason,

static const char *const reasons[] = { CLOUDABI_CTL_FOR_EACH_DENY(NAME) };

int main(void)
{
	struct cloudabi_ctl_counters counters;
	struct cloudabi_ctl_version version;
	struct cloudabi_ctl_calls calls;
	int fd = open("/dev/cloudabi", O_RDONLY);

	if (fd < 0 || ioctl(fd, CLOUDABI_CTL_VERSION, &version) ||
	    ioctl(fd, CLOUDABI_CTL_CALLS, &calls) ||
	    ioctl(fd, CLOUDABI_CTL_COUNTERS, &counters)) {
		perror("/dev/cloudabi");
		return 1;
	}
	printf("version %u, errata %#llx, %u of %u calls\n", version.abi,
	       version.errata, calls.supported_count, calls.count);
	for (int i = 0; i < CLOUDABI_CTL_NR_DENY; i++)
		printf("refused by %s: %llu\n", reasons[i], counters.denied[i]);
	return 0;
}
