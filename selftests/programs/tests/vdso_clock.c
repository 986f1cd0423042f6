// SPDX-License-Identifier: GPL-2.0
/*
 * vdso_clock: clocks that the vDSO tells without the kernel, against the call.
 *
 * The argument says what is to be told without the kernel:
 *
 *	counter		times and resolutions
 *	resolution	resolutions, as time is not kept by the counter
 *	nothing		nothing, as this process shall not look
 *	both		times now and then, as the helper changes the source
 *	suspended	times and resolutions, as the helper suspends the machine
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "args.h"
#include "ask.h"
#include "raw.h"

#define MONOTONIC CLOUDABI_CLOCK_MONOTONIC
#define REALTIME CLOUDABI_CLOCK_REALTIME

#define SECOND 1000000000ull
#define ROUNDS 5000

static const cloudabi_clockid_t clocks[] = { MONOTONIC, REALTIME };

static enum { COUNTER, RESOLUTION, NOTHING, BOTH, SUSPENDED } mode;

/* How often what a function of the vDSO told came from the kernel, or not. */
static unsigned int trapped, told;

/*
 * SYSCALL leaves the flags in r11. No function of the vDSO uses that register
 * as long as it makes no call, so that its value tells whether one was made.
 */
#define UNTOUCHED 0x123456789abcdef0

static cloudabi_errno_t watched_call(const void *function, uint64_t a,
				     uint64_t b, uint64_t c)
{
	uint64_t result = (uintptr_t)function, r11 = UNTOUCHED;

	/* Below the stack pointer may be variables of ours. */
	__asm__ volatile ("mov %%rbx, %%r11\n\t"
			  "sub $128, %%rsp\n\t"
			  "call *%%rax\n\t"
			  "add $128, %%rsp\n\t"
			  "mov %%r11, %%rbx"
			  : "+a" (result), "+D" (a), "+S" (b), "+d" (c),
			    "+b" (r11)
			  :
			  : "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
	if (r11 == UNTOUCHED)
		told++;
	else
		trapped++;
	return result;
}

static uint64_t vdso_time(cloudabi_clockid_t clock)
{
	static const void *function;
	cloudabi_timestamp_t time = 0;

	if (!function)
		function = crt_vdso_symbol("cloudabi_sys_clock_time_get");
	CHECK_OK(watched_call(function, clock, 0, (uintptr_t)&time));
	return time;
}

static uint64_t vdso_resolution(cloudabi_clockid_t clock)
{
	static const void *function;
	cloudabi_timestamp_t resolution = 0;

	if (!function)
		function = crt_vdso_symbol("cloudabi_sys_clock_res_get");
	CHECK_OK(watched_call(function, clock, (uintptr_t)&resolution, 0));
	return resolution;
}

static uint64_t raw_one(unsigned int nr, cloudabi_clockid_t clock)
{
	uint64_t args[6] = { clock };
	struct raw_result r;

	raw_call(nr, args, &r);
	CHECK(!r.carry);
	return r.rax;
}

static uint64_t raw_time(cloudabi_clockid_t clock)
{
	return raw_one(CLOUDABI_NR_clock_time_get, clock);
}

/* In turn from the vDSO and by the call; true if it never went back. */
static bool goes_forward(cloudabi_clockid_t clock, unsigned int rounds)
{
	uint64_t last = 0;

	for (unsigned int i = 0; i < rounds; i++) {
		/* Not in step with anything: also twice in a row. */
		bool raw = i % 2 ^ i % 7 / 6;
		uint64_t time = raw ? raw_time(clock) : vdso_time(clock);

		if (!CHECK(time >= last)) {
			ktap_diag("clock %u, round %u, %s: %lu after %lu",
				  clock, i, raw ? "call" : "vDSO", time, last);
			return false;
		}
		last = time;
	}
	return true;
}

static void calls_are_made_only_where_they_must_be(void)
{
	bool by_counter = mode == COUNTER || mode == SUSPENDED;

	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		trapped = 0;
		told = 0;
		for (unsigned int j = 0; j < ROUNDS; j++)
			vdso_time(clocks[i]);
		CHECK_EQ(told, by_counter ? ROUNDS : 0);
		CHECK_EQ(trapped, by_counter ? 0 : ROUNDS);

		trapped = 0;
		told = 0;
		vdso_resolution(clocks[i]);
		CHECK_EQ(told, mode != NOTHING);
		CHECK_EQ(trapped, mode == NOTHING);
	}
}

static void other_clocks_are_the_kernels(void)
{
	static const cloudabi_clockid_t cpu[] = {
		CLOUDABI_CLOCK_PROCESS_CPUTIME_ID,
		CLOUDABI_CLOCK_THREAD_CPUTIME_ID,
	};

	trapped = 0;
	told = 0;
	for (size_t i = 0; i < ARRAY_SIZE(cpu); i++) {
		CHECK(vdso_time(cpu[i]) != 0);
		CHECK_EQ(vdso_resolution(cpu[i]), 1);
	}
	CHECK_EQ(told, 0);
	CHECK_EQ(trapped, 2 * ARRAY_SIZE(cpu));
}

static void resolutions_are_those_of_the_call(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++)
		CHECK_EQ(vdso_resolution(clocks[i]),
			 raw_one(CLOUDABI_NR_clock_res_get, clocks[i]));
}

static void times_are_those_of_the_call(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++)
		goes_forward(clocks[i], ROUNDS);
}

/* The same time, whatever it is set to: the call's before, ours, the call's. */
static void check_step(int64_t seconds)
{
	uint64_t monotonic = vdso_time(MONOTONIC), old = vdso_time(REALTIME);
	uint64_t before, time, after;

	CHECK_EQ(ask(HELPER_STEP_CLOCK, 0, seconds * (int64_t)SECOND, 0), 0);
	time = vdso_time(REALTIME);
	before = raw_time(REALTIME);
	CHECK(time <= before);
	time = vdso_time(REALTIME);
	after = raw_time(REALTIME);
	if (!CHECK(time >= before && time <= after))
		ktap_diag("%lu, %lu, %lu", before, time, after);
	/* A step of an hour is seen as one, and by this clock alone. */
	if (seconds > 0)
		CHECK(time >= old + seconds * SECOND);
	else
		CHECK(time < old - (-seconds - 1800) * SECOND);
	CHECK(vdso_time(MONOTONIC) >= monotonic);
	CHECK(vdso_time(MONOTONIC) < monotonic + 1800 * SECOND);
}

static void steps_of_the_clock_are_seen_at_once(void)
{
	for (unsigned int i = 0; i < 20; i++) {
		check_step(3600);
		check_step(-3600);
	}
}

/* The monotonic clock goes on whatever happens around it. */
static void check_unsettled(unsigned int what)
{
	unsigned int rounds = 0;
	int64_t times;

	trapped = 0;
	told = 0;
	CHECK_EQ(ask(HELPER_UNSETTLE, 0, what, 0), 0);
	do {
		rounds++;
	} while (goes_forward(MONOTONIC, ROUNDS) &&
		 (rounds < 10 || (mode == BOTH && rounds < 1000 &&
				  (!trapped || !told))));
	times = ask(HELPER_SETTLE, 0, 0, 0);
	if (!CHECK(times >= 2))
		ktap_diag("%lu times", times);
}

static void it_goes_forward_on_all_processors(void)
{
	check_unsettled(HELPER_MOVE);
}

static void it_goes_forward_while_the_other_is_set(void)
{
	check_unsettled(HELPER_MOVE | HELPER_STEP_HOUR);
}

static void it_goes_forward_from_source_to_source(void)
{
	check_unsettled(HELPER_MOVE | HELPER_SOURCE);
	CHECK(told != 0);
	CHECK(trapped != 0);
}

/* The time of the day went on meanwhile, and the other clock did not. */
static void suspension_is_seen(void)
{
	uint64_t monotonic = vdso_time(MONOTONIC), real = vdso_time(REALTIME);
	uint64_t awake, passed;
	int64_t error = ask(HELPER_SUSPEND, 0, 0, 0);

	if (error == -LINUX_EPERM || error == -LINUX_EBUSY)
		SKIP(return, "something forbids it");
	CHECK_EQ(error, 0);
	CHECK(vdso_time(REALTIME) > real);
	CHECK(vdso_time(MONOTONIC) > monotonic);
	passed = vdso_time(REALTIME) - real;
	awake = vdso_time(MONOTONIC) - monotonic;
	/*
	 * Five seconds as the counter of an emulated machine has it, which may go
	 * faster than it says, by a clock that counts in seconds.
	 */
	if (!CHECK(passed > awake + SECOND) ||
	    !CHECK(passed < awake + 60 * SECOND))
		ktap_diag("%lu, %lu", awake, passed);
}

static const struct test tests[] = {
	TEST(calls_are_made_only_where_they_must_be),
	TEST(other_clocks_are_the_kernels),
	TEST(resolutions_are_those_of_the_call),
	TEST(times_are_those_of_the_call),
	TEST(steps_of_the_clock_are_seen_at_once),
	TEST(it_goes_forward_on_all_processors),
	TEST(it_goes_forward_while_the_other_is_set),
};

static const struct test tests_of_both[] = {
	TEST(it_goes_forward_from_source_to_source),
};

static const struct test tests_of_suspension[] = {
	TEST(calls_are_made_only_where_they_must_be),
	TEST(suspension_is_seen),
	TEST(times_are_those_of_the_call),
	TEST(calls_are_made_only_where_they_must_be),
	TEST(steps_of_the_clock_are_seen_at_once),
};

static int mode_of(const struct word *word)
{
	switch (word->chars[0]) {
	case 'c':
		return COUNTER;
	case 'r':
		return RESOLUTION;
	case 'b':
		return BOTH;
	case 's':
		return SUSPENDED;
	default:
		return NOTHING;
	}
}

int program_main(const struct argdata *ad)
{
	struct args args;
	struct word word;

	args_open(&args, ad);
	if (!args_next(&args, &word))
		return 2;
	mode = mode_of(&word);
	if (mode == BOTH)
		return check_run(tests_of_both, ARRAY_SIZE(tests_of_both));
	if (mode == SUSPENDED)
		return check_run(tests_of_suspension,
				 ARRAY_SIZE(tests_of_suspension));
	return check_run(tests, ARRAY_SIZE(tests));
}
