// SPDX-License-Identifier: GPL-2.0
/*
 * The one table of calls. A call that is not there yet has a row all the same:
 * MISSING(name) answers ENOSYS, /dev/cloudabi reports it, and the list in
 * Documentation/limitations-calls.rst is made from these rows.
 *
 * Which right a call needs of which descriptor stands in the ABI table, from
 * where it reaches the handlers as CLOUDABI_NEED_name, and the tests and the
 * documentation by the same generator.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/ptrace.h>
#include <linux/uaccess.h>

#include "arch/arch.h"
#include "optable.h"
#include "unpack_gen.h"

#define CALL(name) [CLOUDABI_NR_##name] = { .call = unpack_##name }
#define MISSING(name) [CLOUDABI_NR_##name] = { .call = answer_nosys }

static int answer_nosys(struct pt_regs *regs)
{
	return -ENOSYS;
}

/* clang-format off */
const struct cloudabi_op cloudabi_ops[CLOUDABI_OPS] = {
	CALL(clock_res_get),
	CALL(clock_time_get),
	CALL(condvar_signal),
	CALL(fd_close),
	CALL(fd_create1),
	CALL(fd_create2),
	CALL(fd_datasync),
	CALL(fd_dup),
	CALL(fd_pread),
	CALL(fd_pwrite),
	CALL(fd_read),
	CALL(fd_replace),
	CALL(fd_seek),
	CALL(fd_stat_get),
	CALL(fd_stat_put),
	CALL(fd_sync),
	CALL(fd_write),
	CALL(file_advise),
	CALL(file_allocate),
	CALL(file_create),
	CALL(file_link),
	CALL(file_open),
	CALL(file_readdir),
	CALL(file_readlink),
	CALL(file_rename),
	CALL(file_stat_fget),
	CALL(file_stat_fput),
	CALL(file_stat_get),
	CALL(file_stat_put),
	CALL(file_symlink),
	CALL(file_unlink),
	CALL(lock_unlock),
	CALL(mem_advise),
	CALL(mem_map),
	CALL(mem_protect),
	CALL(mem_sync),
	CALL(mem_unmap),
	CALL(poll),
	CALL(proc_exec),
	CALL(proc_exit),
	CALL(proc_fork),
	CALL(proc_raise),
	CALL(random_get),
	CALL(sock_recv),
	CALL(sock_send),
	CALL(sock_shutdown),
	CALL(thread_create),
	CALL(thread_exit),
	CALL(thread_yield),
	/* No call has such a number, but the processor may guess that one has. */
	[CLOUDABI_NR_CALLS ... CLOUDABI_OPS - 1] = { .call = answer_nosys },
};

/* clang-format on */

static_assert(!(CLOUDABI_OPS & (CLOUDABI_OPS - 1)));
static_assert(CLOUDABI_NR_CALLS < CLOUDABI_OPS);

/**
 * cloudabi_call_is_supported() - Tell whether a call is there.
 * @number: number of the call.
 *
 * Return: false for a call that answers ENOSYS.
 */
bool cloudabi_call_is_supported(unsigned int number)
{
	return number < CLOUDABI_NR_CALLS &&
	       cloudabi_ops[number].call != answer_nosys;
}

#ifdef CONFIG_CLOUDABI_KUNIT_TEST

#include <kunit/test.h>

static void every_number_has_a_row(struct kunit *test)
{
	unsigned int number;

	for (number = 0; number < CLOUDABI_OPS; number++)
		KUNIT_EXPECT_NOT_NULL_MSG(test, cloudabi_ops[number].call, "%u",
					  number);
	KUNIT_EXPECT_FALSE(test, cloudabi_call_is_supported(CLOUDABI_NR_CALLS));
}

static struct kunit_case optable_cases[] = {
	KUNIT_CASE(every_number_has_a_row),
	{},
};

static struct kunit_suite optable_suite = {
	.name = "cloudabi_optable",
	.test_cases = optable_cases,
};

kunit_test_suite(optable_suite);

#endif /* CONFIG_CLOUDABI_KUNIT_TEST */
