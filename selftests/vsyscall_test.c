// SPDX-License-Identifier: GPL-2.0
/*
 * The vsyscall page leads a CloudABI process to no native system call. What the
 * page does for native ones depends on vsyscall= of the kernel's command line.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#define _GNU_SOURCE
#include "probe.h"

FIXTURE_VARIANT(vsyscall)
{
	uint64_t address;
	bool none;
};

SCENE_FIXTURE(vsyscall)

FIXTURE_VARIANT_ADD(vsyscall, gettimeofday)
{
	.address = 0xffffffffff600000,
};

FIXTURE_VARIANT_ADD(vsyscall, time)
{
	.address = 0xffffffffff600400,
};

FIXTURE_VARIANT_ADD(vsyscall, getcpu)
{
	.address = 0xffffffffff600800,
};

FIXTURE_VARIANT_ADD(vsyscall, fourth)
{
	.address = 0xffffffffff600c00,
	.none = true,
};

FIXTURE_VARIANT_ADD(vsyscall, misaligned)
{
	.address = 0xffffffffff600010,
	.none = true,
};

FIXTURE_VARIANT_ADD(vsyscall, next_page)
{
	.address = 0xffffffffff601000,
	.none = true,
};

static void call_page(struct __test_metadata *_metadata, struct scene *scene,
		      const char *program, uint64_t address,
		      struct tried *tried)
{
	*tried = (struct tried){
		.request = {
			.door = DOOR_VSYSCALL,
			.number = address,
			.args = { BUFFER },
		},
	};
	scene_renew(scene);
	run_request(_metadata, scene, program, false, false, tried);
}

TEST_F(vsyscall, call)
{
	bool open = (booted_with("vsyscall=emulate") ||
		     booted_with("vsyscall=xonly")) && !variant->none;
	struct tried tried;

	call_page(_metadata, &self->scene, "./native", variant->address,
		  &tried);
	if (open) {
		EXPECT_EQ(DOOR_ANSWERED, tried.outcome);
		EXPECT_EQ(SPACE, tried.changes);
	} else {
		EXPECT_EQ(SIGSEGV, tried.signal);
	}
	call_page(_metadata, &self->scene, "./cloudabi", variant->address,
		  &tried);
	EXPECT_EQ(0, tried.changes) {
		tell_changes(_metadata, tried.changes);
	}
	if (open) {
		EXPECT_EQ(DOOR_ANSWERED, tried.outcome);
		EXPECT_EQ(CLOUDABI_ENOSYS, tried.request.rax);
		EXPECT_EQ(1, tried.request.carry);
	} else {
		EXPECT_EQ(SIGSEGV, tried.signal);
	}
}

TEST_HARNESS_MAIN
