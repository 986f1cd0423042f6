// SPDX-License-Identifier: GPL-2.0
/*
 * The one place where a Linux error becomes a CloudABI error.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#define ROW(linux_error, abi_error) [linux_error] = CLOUDABI_##abi_error,

static const u8 from_linux[] = { CLOUDABI_FOR_EACH_ERRNO(ROW) };

/**
 * cloudabi_errno_from_linux() - Translate an error for a CloudABI program.
 * @error: negative Linux error, or -ENOTCAPABLE.
 *
 * Names map one to one. Errors that exist on Linux alone become EIO when they
 * speak of a medium or a peer that failed, ENOBUFS when of descriptors that are
 * under way in messages, EACCES when of keys, and ENOSYS, as on the other
 * implementations, otherwise.
 *
 * Return: the CloudABI error, never CLOUDABI_ESUCCESS.
 */
cloudabi_errno_t cloudabi_errno_from_linux(int error)
{
	unsigned int number = -error;

	if (number == ENOTCAPABLE)
		return CLOUDABI_ENOTCAPABLE;
	if (number < ARRAY_SIZE(from_linux) && from_linux[number])
		return from_linux[number];

	switch (error) {
	case -EREMOTEIO:
	case -EUCLEAN:
	case -ENODATA:
	case -EHWPOISON:
	case -ENOMEDIUM:
	case -EMEDIUMTYPE:
	case -ESHUTDOWN:
	case -EHOSTDOWN:
		return CLOUDABI_EIO;
	case -ETOOMANYREFS:
		return CLOUDABI_ENOBUFS;
	case -ENOKEY:
	case -EKEYEXPIRED:
	case -EKEYREVOKED:
	case -EKEYREJECTED:
		return CLOUDABI_EACCES;
	default:
		return CLOUDABI_ENOSYS;
	}
}

#ifdef CONFIG_CLOUDABI_KUNIT_TEST

#include <kunit/test.h>

static void names_map_to_names(struct kunit *test)
{
#define CHECK(linux_error, abi_error)                                        \
	KUNIT_EXPECT_EQ_MSG(test, cloudabi_errno_from_linux(-(linux_error)), \
			    CLOUDABI_##abi_error, "%s", #linux_error);
	CLOUDABI_FOR_EACH_ERRNO(CHECK)
#undef CHECK
	KUNIT_EXPECT_EQ(test, cloudabi_errno_from_linux(-ENOTCAPABLE),
			CLOUDABI_ENOTCAPABLE);
	KUNIT_EXPECT_EQ(test, cloudabi_errno_from_linux(-EOPNOTSUPP),
			CLOUDABI_ENOTSUP);
}

static void no_error_becomes_success(struct kunit *test)
{
	int number;

	for (number = 1; number <= MAX_ERRNO; number++) {
		cloudabi_errno_t error = cloudabi_errno_from_linux(-number);

		KUNIT_EXPECT_NE_MSG(test, error, CLOUDABI_ESUCCESS, "%d",
				    number);
		KUNIT_EXPECT_LE_MSG(test, error, CLOUDABI_ENOTCAPABLE, "%d",
				    number);
	}
	KUNIT_EXPECT_NE(test, cloudabi_errno_from_linux(INT_MIN),
			CLOUDABI_ESUCCESS);
}

static void restart_codes_are_told_apart(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, cloudabi_must_restart(-ERESTARTSYS));
	KUNIT_EXPECT_TRUE(test, cloudabi_must_restart(-ERESTARTNOINTR));
	KUNIT_EXPECT_TRUE(test, cloudabi_must_restart(-ERESTARTNOHAND));
	KUNIT_EXPECT_TRUE(test, cloudabi_must_restart(-ERESTART_RESTARTBLOCK));
	KUNIT_EXPECT_FALSE(test, cloudabi_must_restart(0));
	KUNIT_EXPECT_FALSE(test, cloudabi_must_restart(-EINTR));
	KUNIT_EXPECT_FALSE(test, cloudabi_must_restart(-ENOIOCTLCMD));
	KUNIT_EXPECT_FALSE(test, cloudabi_must_restart(-ENOTCAPABLE));
}

static struct kunit_case errno_cases[] = {
	KUNIT_CASE(names_map_to_names),
	KUNIT_CASE(no_error_becomes_success),
	KUNIT_CASE(restart_codes_are_told_apart),
	{},
};

static struct kunit_suite errno_suite = {
	.name = "cloudabi_errno",
	.test_cases = errno_cases,
};

kunit_test_suite(errno_suite);

#endif /* CONFIG_CLOUDABI_KUNIT_TEST */
