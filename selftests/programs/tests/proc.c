// SPDX-License-Identifier: GPL-2.0
/*
 * proc: calls that act on the process itself.
 *
 *	proc			the tests of what a process survives
 *	proc exit CODE		proc_exit(CODE)
 *	proc return CODE	the result of program_main()
 *	proc raise SIGNAL	proc_raise(SIGNAL); if that returns, one line tells
 *				how it went and a second one that the program
 *				goes on, and the exit code is 0
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "args.h"
#include "ask.h"
#include "raw.h"

static void raise_of_ignored_signals_is_success(void)
{
	CHECK_REFUSED(cloudabi_sys_proc_raise(CLOUDABI_SIGCHLD), 0);
	CHECK_REFUSED(cloudabi_sys_proc_raise(CLOUDABI_SIGCONT), 0);
	CHECK_REFUSED(cloudabi_sys_proc_raise(CLOUDABI_SIGPIPE), 0);
	CHECK_REFUSED(cloudabi_sys_proc_raise(CLOUDABI_SIGURG), 0);
}

static void raise_of_no_signal_is_success(void)
{
	CHECK_REFUSED(cloudabi_sys_proc_raise(0), 0);
}

static void raise_of_unknown_signals_is_einval(void)
{
	for (unsigned int sig = 27; sig < 256; sig++) {
		if (!CHECK_ERRNO(cloudabi_sys_proc_raise(sig),
				 CLOUDABI_EINVAL))
			ktap_diag("signal %u", sig);
	}
}

static void raise_looks_at_the_low_byte_only(void)
{
	uint64_t args[6] = { 0xdeadc0dedeadc000ull | CLOUDABI_SIGPIPE };
	struct raw_result r;

	raw_call(CLOUDABI_NR_proc_raise, args, &r);
	CHECK(!r.carry);
	CHECK_EQ(r.rax, 0);
	CHECK_EQ(r.changed, 0);
	args[0] = 0xff;
	raw_call(CLOUDABI_NR_proc_raise, args, &r);
	CHECK(r.carry);
	CHECK_EQ(r.rax, CLOUDABI_EINVAL);
}

static void yield_is_success(void)
{
	for (unsigned int i = 0; i < 1000; i++) {
		if (!CHECK_OK(cloudabi_sys_thread_yield()))
			return;
	}
	CHECK_REFUSED(cloudabi_sys_thread_yield(), 0);
}

static void yield_ignores_what_is_in_its_registers(void)
{
	uint64_t args[6] = { ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull };
	struct raw_result r;

	raw_call(CLOUDABI_NR_thread_yield, args, &r);
	CHECK(!r.carry);
	CHECK_EQ(r.rax, 0);
	CHECK_EQ(r.changed, 0);
}

static const struct test tests[] = {
	TEST(raise_of_ignored_signals_is_success),
	TEST(raise_of_no_signal_is_success),
	TEST(raise_of_unknown_signals_is_einval),
	TEST(raise_looks_at_the_low_byte_only),
	TEST(yield_is_success),
	TEST(yield_ignores_what_is_in_its_registers),
};

static bool is(const struct word *word, const char *string)
{
	return word->len == strlen(string) &&
	       !memcmp(word->chars, string, word->len);
}

static int raise_and_tell(cloudabi_signal_t sig)
{
	cloudabi_errno_t error = cloudabi_sys_proc_raise(sig);

	crt_printf(1, "%s\n", crt_strerror(error));
	crt_printf(1, "goes on\n");
	return 0;
}

int program_main(const struct argdata *ad)
{
	struct word what, number;
	struct args args;
	uint64_t value;

	args_open(&args, ad);
	if (!args_next(&args, &what))
		return check_run(tests, ARRAY_SIZE(tests));
	if (!args_next(&args, &number))
		return 2;
	value = parse_number(&number.chars, number.chars + number.len);
	if (is(&what, "exit"))
		cloudabi_sys_proc_exit(value);
	if (is(&what, "return"))
		return value;
	if (is(&what, "raise"))
		return raise_and_tell(value);
	return 2;
}
