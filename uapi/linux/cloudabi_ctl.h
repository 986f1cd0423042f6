/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause) */
/*
 * /dev/cloudabi: what the module is, what it can do and what it refused.
 *
 * Anybody may open the device and ask; nothing that can be asked changes
 * anything. A launcher asks before it starts a program: without the module the
 * kernel would take a CloudABI executable for a native one, and the device is
 * missing. It keeps the device open, with O_CLOEXEC, until exec closes it: the
 * module cannot go meanwhile.
 *
 * Each request has a structure of its own, whose size is part of the number of
 * the request. Structures only ever grow at their end. A program that knows
 * less than the module gets the part that it knows; one that knows more finds
 * what the module does not know cleared. One that brings less than the first
 * version of a structure gets EINVAL.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _UAPI_LINUX_CLOUDABI_CTL_H
#define _UAPI_LINUX_CLOUDABI_CTL_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct cloudabi_ctl_version - what the module is
 * @abi: version of the behaviour that programs see. Grows when a call is added
 *	or does more than it did.
 * @module: version of the module, major << 16 | minor << 8 | patch.
 * @errata: bit N is set if erratum N of Documentation/errata is corrected.
 */
struct cloudabi_ctl_version {
	__u32 abi;
	__u32 module;
	__u64 errata;
};

#define CLOUDABI_CTL_ABI_VERSION	3

#define CLOUDABI_CTL_CALL_WORDS		2

/**
 * struct cloudabi_ctl_calls - which calls can be made
 * @count: how many calls the ABI has.
 * @supported_count: how many of them do not answer ENOSYS.
 * @supported: bit N % 64 of word N / 64 is set if call N does not.
 */
struct cloudabi_ctl_calls {
	__u32 count;
	__u32 supported_count;
	__u64 supported[CLOUDABI_CTL_CALL_WORDS];
};

/*
 * Why something was refused:
 *
 * RIGHT: the descriptor lacks a base right that the call needs.
 * INHERITING: the descriptor lacks an inheriting right that the new descriptor
 *	was to have.
 * GROW: a descriptor was to get rights that it has not.
 * TYPE: the descriptor stands for something that has no rights at all.
 * PATH: a path led out of the directory.
 * EXEC: the file is no CloudABI executable.
 *
 * X(reason)
 */
#define CLOUDABI_CTL_FOR_EACH_DENY(X)					\
	X(RIGHT)							\
	X(INHERITING)							\
	X(GROW)								\
	X(TYPE)								\
	X(PATH)								\
	X(EXEC)

enum {
#define __CLOUDABI_CTL_DENY(reason) CLOUDABI_CTL_DENY_##reason,
	CLOUDABI_CTL_FOR_EACH_DENY(__CLOUDABI_CTL_DENY)
#undef __CLOUDABI_CTL_DENY
	CLOUDABI_CTL_NR_DENY
};

/**
 * struct cloudabi_ctl_counters - what was refused since the module was loaded
 * @denied: how often, by CLOUDABI_CTL_DENY_*.
 */
struct cloudabi_ctl_counters {
	__u64 denied[CLOUDABI_CTL_NR_DENY];
};

#define CLOUDABI_CTL_MAGIC	0xC1

#define CLOUDABI_CTL_VERSION \
	_IOR(CLOUDABI_CTL_MAGIC, 0, struct cloudabi_ctl_version)
#define CLOUDABI_CTL_CALLS \
	_IOR(CLOUDABI_CTL_MAGIC, 1, struct cloudabi_ctl_calls)
#define CLOUDABI_CTL_COUNTERS \
	_IOR(CLOUDABI_CTL_MAGIC, 2, struct cloudabi_ctl_counters)

#endif /* _UAPI_LINUX_CLOUDABI_CTL_H */
