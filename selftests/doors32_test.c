// SPDX-License-Identifier: GPL-2.0
/*
 * No door of 32-bit calls, from whichever code it is used, leads a CloudABI
 * process to a native system call.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#define _GNU_SOURCE
#include "effect.h"
#include "sweep.h"

EFFECT_TEST(int80, &entry_int80)
EFFECT_TEST(int80_from_compat, &entry_int80_32)
EFFECT_TEST(sysenter, &entry_sysenter)
EFFECT_TEST(sysenter_from_compat, &entry_sysenter_32)
EFFECT_TEST(syscall_from_compat, &entry_syscall_32)

SCENE_FIXTURE(number)

TEST_F_TIMEOUT(number, int80, 120)
{
	try_numbers(_metadata, &self->scene, &entry_int80, 0);
}

TEST_F_TIMEOUT(number, int80_from_compat, 120)
{
	try_numbers(_metadata, &self->scene, &entry_int80_32, 0);
}

TEST_F_TIMEOUT(number, sysenter, 120)
{
	try_numbers(_metadata, &self->scene, &entry_sysenter, 0);
}

TEST_F_TIMEOUT(number, sysenter_from_compat, 120)
{
	try_numbers(_metadata, &self->scene, &entry_sysenter_32, 0);
}

TEST_F_TIMEOUT(number, syscall_from_compat, 120)
{
	if (shut_of(&entry_syscall_32).nosys)
		SKIP(return, "answers without looking at the number");
	try_numbers(_metadata, &self->scene, &entry_syscall_32, 0);
}

TEST_HARNESS_MAIN
