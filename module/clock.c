// SPDX-License-Identifier: GPL-2.0
/*
 * Calls about clocks. Most of those about the monotonic and the realtime clock
 * are answered in the program already, see vdso_clock.c: what is told there and
 * here must agree.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/hrtimer.h>
#include <linux/sched.h>
#include <linux/time64.h>
#include <linux/time_namespace.h>
#include <linux/timekeeping.h>

#include "compat/ksym.h"

/**
 * cloudabi_call_clock_res_get() - Learn the resolution of a clock.
 * @clock_id: CLOUDABI_CLOCK_*.
 * @resolution: set to nanoseconds.
 *
 * Return: 0, -EINVAL if there is no such clock.
 */
int cloudabi_call_clock_res_get(cloudabi_clockid_t clock_id,
				cloudabi_timestamp_t *resolution)
{
	switch (clock_id) {
	case CLOUDABI_CLOCK_MONOTONIC:
	case CLOUDABI_CLOCK_REALTIME:
		*resolution = hrtimer_resolution;
		return 0;
	case CLOUDABI_CLOCK_PROCESS_CPUTIME_ID:
	case CLOUDABI_CLOCK_THREAD_CPUTIME_ID:
		*resolution = 1;
		return 0;
	default:
		return -EINVAL;
	}
}

static int from_timespec(const struct timespec64 *ts,
			 cloudabi_timestamp_t *time)
{
	if (ts->tv_sec < 0 || ts->tv_sec >= KTIME_SEC_MAX)
		return -EOVERFLOW;
	*time = timespec64_to_ns(ts);
	return 0;
}

static u64 process_cputime(void)
{
	struct task_cputime times;

	ksym_thread_group_cputime(current, &times);
	return times.sum_exec_runtime;
}

/**
 * cloudabi_call_clock_time_get() - Learn what time it is.
 * @clock_id: CLOUDABI_CLOCK_*.
 * @precision: how old the answer may be. It is never older than the call.
 * @time: set to nanoseconds. The monotonic clock is that of the time namespace,
 *	the clocks of CPU time count all threads of the process or the caller.
 *
 * Return: 0; -EINVAL if there is no such clock; -EOVERFLOW if the time cannot
 * be expressed, because it is before 1970.
 */
int cloudabi_call_clock_time_get(cloudabi_clockid_t clock_id,
				 cloudabi_timestamp_t precision,
				 cloudabi_timestamp_t *time)
{
	struct timespec64 ts;

	switch (clock_id) {
	case CLOUDABI_CLOCK_MONOTONIC:
		ktime_get_ts64(&ts);
		timens_add_monotonic(&ts);
		return from_timespec(&ts, time);
	case CLOUDABI_CLOCK_REALTIME:
		ktime_get_real_ts64(&ts);
		return from_timespec(&ts, time);
	case CLOUDABI_CLOCK_PROCESS_CPUTIME_ID:
		*time = process_cputime();
		return 0;
	case CLOUDABI_CLOCK_THREAD_CPUTIME_ID:
		*time = ksym_task_sched_runtime(current);
		return 0;
	default:
		return -EINVAL;
	}
}

#ifdef CONFIG_CLOUDABI_KUNIT_TEST

#include <kunit/test.h>

#include "filetype.h"

static void times_are_converted(struct kunit *test)
{
	struct timespec64 ts = { .tv_sec = 1, .tv_nsec = 2 };
	cloudabi_timestamp_t time;

	KUNIT_EXPECT_EQ(test, from_timespec(&ts, &time), 0);
	KUNIT_EXPECT_EQ(test, time, 1000000002ULL);
	ts.tv_sec = -1;
	KUNIT_EXPECT_EQ(test, from_timespec(&ts, &time), -EOVERFLOW);
	ts.tv_sec = KTIME_SEC_MAX;
	KUNIT_EXPECT_EQ(test, from_timespec(&ts, &time), -EOVERFLOW);
}

static void clocks_are_known(struct kunit *test)
{
	cloudabi_timestamp_t first, second, resolution;
	cloudabi_clockid_t id;

	for (id = CLOUDABI_CLOCK_MONOTONIC;
	     id <= CLOUDABI_CLOCK_THREAD_CPUTIME_ID; id++) {
		KUNIT_EXPECT_EQ(
			test, cloudabi_call_clock_res_get(id, &resolution), 0);
		KUNIT_EXPECT_GT(test, resolution, 0ULL);
		KUNIT_EXPECT_EQ(test,
				cloudabi_call_clock_time_get(id, 0, &first), 0);
		KUNIT_EXPECT_EQ(
			test, cloudabi_call_clock_time_get(id, 0, &second), 0);
		KUNIT_EXPECT_GE(test, second, first);
	}
	KUNIT_EXPECT_EQ(test, cloudabi_call_clock_res_get(0, &first), -EINVAL);
	KUNIT_EXPECT_EQ(test, cloudabi_call_clock_res_get(5, &first), -EINVAL);
	KUNIT_EXPECT_EQ(test, cloudabi_call_clock_time_get(5, 0, &first),
			-EINVAL);
}

static struct kunit_case clock_cases[] = {
	KUNIT_CASE(times_are_converted),
	KUNIT_CASE(clocks_are_known),
	{},
};

static struct kunit_suite clock_suite = {
	.name = "cloudabi_clock",
	.suite_init = cloudabi_suite_init,
	.test_cases = clock_cases,
};

kunit_test_suite(clock_suite);

#endif /* CONFIG_CLOUDABI_KUNIT_TEST */
