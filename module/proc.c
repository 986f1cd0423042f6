// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that end a process.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/nospec.h>
#include <linux/sched/signal.h>

#include "compat/ksym.h"
#include "process.h"

/**
 * cloudabi_call_proc_exit() - End the process.
 * @rval: exit code. A native parent sees the lower 8 bits; whoever has a
 *	descriptor of the process, all of it.
 *
 * Return: not at all.
 */
int cloudabi_call_proc_exit(cloudabi_exitcode_t rval)
{
	cloudabi_process_keep_code(rval);
	ksym_do_group_exit((rval & 0xff) << 8);
	return 0;
}

enum action { ACTION_TERMINATE, ACTION_STOP, ACTION_IGNORE, ACTION_CONTINUE };

#define SIGNAL(name, effect) \
	[CLOUDABI_SIG##name] = { SIG##name, ACTION_##effect },

/* clang-format off */
static const struct {
	u8 number;
	u8 action;
} signals[] = {
	CLOUDABI_FOR_EACH_SIGNAL(SIGNAL)
};

/* clang-format on */

/**
 * cloudabi_signal_from_linux() - The CloudABI number of a signal.
 * @number: its native one.
 *
 * CloudABI: a signal that it does not know is told as ABRT.
 *
 * Return: CLOUDABI_SIG*.
 */
cloudabi_signal_t cloudabi_signal_from_linux(int number)
{
	size_t i;

	for (i = 1; i < ARRAY_SIZE(signals); i++) {
		if (signals[i].number == number)
			return i;
	}
	return CLOUDABI_SIGABRT;
}

/*
 * The signal goes to the calling thread, so that it is taken on the way out of
 * the call. It is not if it is ignored, as SIGXFSZ is, or if the process is the
 * init of a container, which default actions do not kill; but the program asked
 * for it.
 */
static void terminate(int number)
{
	send_sig(number, current, 1);
	if (!sigismember(&current->pending.signal, number))
		ksym_do_group_exit(number);
}

/**
 * cloudabi_call_proc_raise() - Do to the process what a signal does.
 * @sig: CLOUDABI_SIG*, or 0 for nothing at all.
 *
 * There are no handlers, so this is the signal's default action: death, after
 * which the call does not return; a stop, after which it does; or nothing.
 *
 * Return: 0, -EINVAL if there is no such signal.
 */
int cloudabi_call_proc_raise(cloudabi_signal_t sig)
{
	if (sig >= ARRAY_SIZE(signals))
		return -EINVAL;
	if (!sig)
		return 0;
	sig = array_index_nospec(sig, ARRAY_SIZE(signals));
	switch (signals[sig].action) {
	case ACTION_TERMINATE:
		terminate(signals[sig].number);
		break;
	case ACTION_STOP:
		send_sig(signals[sig].number, current, 1);
		break;
	}
	return 0;
}

#ifdef CONFIG_CLOUDABI_KUNIT_TEST

#include <kunit/test.h>

static void signals_are_those_of_the_abi(struct kunit *test)
{
	static const struct {
		u8 number;
		u8 action;
	} expected[] = {
		[1] = { SIGABRT, ACTION_TERMINATE },
		[2] = { SIGALRM, ACTION_TERMINATE },
		[3] = { SIGBUS, ACTION_TERMINATE },
		[4] = { SIGCHLD, ACTION_IGNORE },
		[5] = { SIGCONT, ACTION_CONTINUE },
		[6] = { SIGFPE, ACTION_TERMINATE },
		[7] = { SIGHUP, ACTION_TERMINATE },
		[8] = { SIGILL, ACTION_TERMINATE },
		[9] = { SIGINT, ACTION_TERMINATE },
		[10] = { SIGKILL, ACTION_TERMINATE },
		[11] = { SIGPIPE, ACTION_IGNORE },
		[12] = { SIGQUIT, ACTION_TERMINATE },
		[13] = { SIGSEGV, ACTION_TERMINATE },
		[14] = { SIGSTOP, ACTION_STOP },
		[15] = { SIGSYS, ACTION_TERMINATE },
		[16] = { SIGTERM, ACTION_TERMINATE },
		[17] = { SIGTRAP, ACTION_TERMINATE },
		[18] = { SIGTSTP, ACTION_STOP },
		[19] = { SIGTTIN, ACTION_STOP },
		[20] = { SIGTTOU, ACTION_STOP },
		[21] = { SIGURG, ACTION_IGNORE },
		[22] = { SIGUSR1, ACTION_TERMINATE },
		[23] = { SIGUSR2, ACTION_TERMINATE },
		[24] = { SIGVTALRM, ACTION_TERMINATE },
		[25] = { SIGXCPU, ACTION_TERMINATE },
		[26] = { SIGXFSZ, ACTION_TERMINATE },
	};
	size_t i;

	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(signals), ARRAY_SIZE(expected));
	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		KUNIT_EXPECT_EQ(test, signals[i].number, expected[i].number);
		KUNIT_EXPECT_EQ(test, signals[i].action, expected[i].action);
	}
}

static void harmless_signals_do_nothing(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, cloudabi_call_proc_raise(0), 0);
	KUNIT_EXPECT_EQ(test, cloudabi_call_proc_raise(CLOUDABI_SIGPIPE), 0);
	KUNIT_EXPECT_EQ(test, cloudabi_call_proc_raise(CLOUDABI_SIGCONT), 0);
	KUNIT_EXPECT_EQ(test, cloudabi_call_proc_raise(27), -EINVAL);
	KUNIT_EXPECT_EQ(test, cloudabi_call_proc_raise(255), -EINVAL);
}

static void unknown_signals_are_told_as_abort(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, cloudabi_signal_from_linux(SIGABRT), 1);
	KUNIT_EXPECT_EQ(test, cloudabi_signal_from_linux(SIGKILL), 10);
	KUNIT_EXPECT_EQ(test, cloudabi_signal_from_linux(SIGSEGV), 13);
	KUNIT_EXPECT_EQ(test, cloudabi_signal_from_linux(SIGXFSZ), 26);
	KUNIT_EXPECT_EQ(test, cloudabi_signal_from_linux(SIGIO), 1);
	KUNIT_EXPECT_EQ(test, cloudabi_signal_from_linux(SIGRTMIN), 1);
	KUNIT_EXPECT_EQ(test, cloudabi_signal_from_linux(0), 1);
}

static struct kunit_case proc_cases[] = {
	KUNIT_CASE(signals_are_those_of_the_abi),
	KUNIT_CASE(harmless_signals_do_nothing),
	KUNIT_CASE(unknown_signals_are_told_as_abort),
	{},
};

static struct kunit_suite proc_suite = {
	.name = "cloudabi_proc",
	.test_cases = proc_cases,
};

kunit_test_suite(proc_suite);

#endif /* CONFIG_CLOUDABI_KUNIT_TEST */
