// SPDX-License-Identifier: GPL-2.0
/*
 * clock: the four clocks.
 *
 * A number of seconds as argument is what the monotonic clock is ahead of the
 * helper's: clock 86400
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "args.h"
#include "ask.h"
#include "raw.h"

#define MONOTONIC CLOUDABI_CLOCK_MONOTONIC
#define PROCESS_CPU CLOUDABI_CLOCK_PROCESS_CPUTIME_ID
#define REALTIME CLOUDABI_CLOCK_REALTIME
#define THREAD_CPU CLOUDABI_CLOCK_THREAD_CPUTIME_ID

#define SECOND 1000000000ull

/* The numbers that Linux has for them. */
static const unsigned int linux_clock[] = {
	[MONOTONIC] = 1, [PROCESS_CPU] = 2, [REALTIME] = 0, [THREAD_CPU] = 3,
};

/* How far ahead of the helper's our monotonic clock is. */
static uint64_t ahead;

static uint64_t now(cloudabi_clockid_t clock)
{
	cloudabi_timestamp_t time = 0;

	CHECK_OK(cloudabi_sys_clock_time_get(clock, 0, &time));
	return time;
}

/* Work that no compiler leaves out. */
static void work(uint64_t nanoseconds)
{
	uint64_t end = now(MONOTONIC) + nanoseconds;

	while (now(MONOTONIC) < end) {
		for (volatile unsigned int i = 0; i < 10000; i++)
			continue;
	}
}

static void there_are_four_clocks(void)
{
	static const cloudabi_clockid_t bad[] = {
		0, 5, 6, 7, 8, 9, 10, 11, 12, 0x7fffffff, 0x80000000,
		0xfffffffe, 0xffffffff,
	};

	for (cloudabi_clockid_t clock = 1; clock <= 4; clock++) {
		cloudabi_timestamp_t time = 0, resolution = 0;

		CHECK_OK(cloudabi_sys_clock_time_get(clock, 0, &time));
		if (!CHECK(time != 0))
			ktap_diag("clock %u", clock);
		CHECK_OK(cloudabi_sys_clock_res_get(clock, &resolution));
		CHECK(resolution >= 1 && resolution <= SECOND);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		cloudabi_timestamp_t time;

		CHECK_ERRNO(cloudabi_sys_clock_time_get(bad[i], 0, &time),
			    CLOUDABI_EINVAL);
		CHECK_ERRNO(cloudabi_sys_clock_res_get(bad[i], &time),
			    CLOUDABI_EINVAL);
	}
}

static void the_number_of_a_clock_has_32_bits(void)
{
	uint64_t args[6] = { 0xdeadc0de00000000ull | REALTIME, 0 };
	uint64_t before = now(REALTIME);
	struct raw_result r;

	raw_call(CLOUDABI_NR_clock_time_get, args, &r);
	CHECK(!r.carry);
	CHECK(r.rax >= before);
	CHECK_EQ(r.changed, 0);
	raw_call(CLOUDABI_NR_clock_res_get, args, &r);
	CHECK(!r.carry);
	CHECK(r.rax >= 1 && r.rax <= SECOND);
	CHECK_EQ(r.changed, 0);
	args[0] = 0xdeadc0de00000000ull;
	raw_call(CLOUDABI_NR_clock_time_get, args, &r);
	CHECK(r.carry);
	CHECK_EQ(r.rax, CLOUDABI_EINVAL);
}

static void precision_is_free(void)
{
	static const cloudabi_timestamp_t precision[] = {
		0, 1, SECOND, 1ull << 63, ~0ull,
	};

	for (size_t i = 0; i < ARRAY_SIZE(precision); i++) {
		uint64_t before = now(MONOTONIC);
		cloudabi_timestamp_t time = 0;

		CHECK_OK(cloudabi_sys_clock_time_get(MONOTONIC, precision[i],
						     &time));
		CHECK(time >= before && time <= now(MONOTONIC));
	}
}

static void clocks_do_not_go_back(void)
{
	static const cloudabi_clockid_t clocks[] = {
		MONOTONIC, PROCESS_CPU, THREAD_CPU,
	};

	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		uint64_t first = now(clocks[i]), last = first;
		uint64_t end = now(MONOTONIC) + SECOND;
		bool went_back = false;

		/* Some only advance with the timer's tick. */
		for (unsigned int j = 0; j < 5000 ||
		     (last == first && now(MONOTONIC) < end); j++) {
			uint64_t time = now(clocks[i]);

			went_back |= time < last;
			last = time;
		}
		if (!CHECK(!went_back) || !CHECK(last > first))
			ktap_diag("clock %u, from %lu to %lu", clocks[i],
				  first, last);
	}
}

/* The helper's time before, ours, the helper's time after. */
static void check_between(cloudabi_clockid_t clock, uint64_t offset)
{
	uint64_t before = ask(HELPER_CLOCK, 0, linux_clock[clock], 0);
	uint64_t time = now(clock) - offset;
	uint64_t after = ask(HELPER_CLOCK, 0, linux_clock[clock], 0);

	if (!CHECK(time >= before && time <= after))
		ktap_diag("%lu, %lu, %lu", before, time, after);
}

static void the_monotonic_clock_is_the_systems(void)
{
	check_between(MONOTONIC, ahead);
}

static void the_realtime_clock_is_the_systems(void)
{
	check_between(REALTIME, 0);
	/* The year 2020. */
	CHECK(now(REALTIME) > 1577836800 * SECOND);
}

static void resolutions_are_the_systems(void)
{
	for (cloudabi_clockid_t clock = 1; clock <= 4; clock++) {
		cloudabi_timestamp_t resolution = 0;

		CHECK_OK(cloudabi_sys_clock_res_get(clock, &resolution));
		CHECK_EQ(resolution, ask(HELPER_CLOCK_RES, 0,
					 linux_clock[clock], 0));
	}
}

static void cpu_clocks_advance_with_work(void)
{
	uint64_t process = now(PROCESS_CPU), thread = now(THREAD_CPU);
	uint64_t start = now(MONOTONIC), passed;

	work(SECOND / 5);
	process = now(PROCESS_CPU) - process;
	thread = now(THREAD_CPU) - thread;
	passed = now(MONOTONIC) - start;
	/* Others use the processor, too: a tenth is little enough. */
	CHECK(process > SECOND / 50);
	CHECK(thread > SECOND / 50);
	CHECK(process <= passed + SECOND / 20);
	CHECK(thread <= process + SECOND / 20);
}

/* It is this process's time, and not the time since the system started. */
static void cpu_clocks_are_those_of_this_process(void)
{
	uint64_t before = ask(HELPER_CPU_CLOCK, 0, 0, 0);
	uint64_t time = now(PROCESS_CPU);
	uint64_t after = ask(HELPER_CPU_CLOCK, 0, 0, 0);

	if (!CHECK(time >= before && time <= after))
		ktap_diag("%lu, %lu, %lu", before, time, after);
	/* There is but one thread. */
	CHECK(now(THREAD_CPU) <= now(PROCESS_CPU));
}

/* The helper lets us wait for what it writes after 200 ms. */
static void cpu_clocks_stand_still_in_a_wait(void)
{
	uint64_t cpu, start;
	char buf[8];
	size_t n;

	CHECK_EQ(ask_with(HELPER_DISTURB, PIPE_IN, HELPER_LATER, "x", 1), 0);
	start = now(MONOTONIC);
	cpu = now(PROCESS_CPU);
	CHECK_OK(read1(PIPE_IN, buf, sizeof(buf), &n));
	cpu = now(PROCESS_CPU) - cpu;
	CHECK(now(MONOTONIC) - start >= SECOND / 10);
	CHECK(cpu < SECOND / 10);
}

static const struct test tests[] = {
	TEST(there_are_four_clocks),
	TEST(the_number_of_a_clock_has_32_bits),
	TEST(precision_is_free),
	TEST(clocks_do_not_go_back),
	TEST(the_monotonic_clock_is_the_systems),
	TEST(the_realtime_clock_is_the_systems),
	TEST(resolutions_are_the_systems),
	TEST(cpu_clocks_advance_with_work),
	TEST(cpu_clocks_are_those_of_this_process),
	TEST(cpu_clocks_stand_still_in_a_wait),
};

int program_main(const struct argdata *ad)
{
	struct args args;
	struct word word;

	args_open(&args, ad);
	if (args_next(&args, &word))
		ahead = SECOND * parse_number(&word.chars,
					      word.chars + word.len);
	return check_run(tests, ARRAY_SIZE(tests));
}
