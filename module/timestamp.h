/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CloudABI: a time is a number of nanoseconds, without a sign.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_TIMESTAMP_H
#define _CLOUDABI_TIMESTAMP_H

#include <linux/math64.h>
#include <linux/time64.h>

#include "module.h"

/**
 * cloudabi_timestamp() - Turn the time of a file into a number.
 * @time: the time.
 *
 * Return: nanoseconds since 1970; 0 for times before, the largest number for
 * times that do not fit.
 */
static inline cloudabi_timestamp_t
cloudabi_timestamp(const struct timespec64 *time)
{
	if (time->tv_sec < 0)
		return 0;
	if (time->tv_sec >= U64_MAX / NSEC_PER_SEC)
		return U64_MAX;
	return time->tv_sec * (u64)NSEC_PER_SEC + time->tv_nsec;
}

/**
 * cloudabi_timespec() - Turn a number into a time.
 * @timestamp: nanoseconds since 1970.
 *
 * Return: the time.
 */
static inline struct timespec64
cloudabi_timespec(cloudabi_timestamp_t timestamp)
{
	struct timespec64 time;
	u32 nanoseconds;

	time.tv_sec = div_u64_rem(timestamp, NSEC_PER_SEC, &nanoseconds);
	time.tv_nsec = nanoseconds;
	return time;
}

#endif /* _CLOUDABI_TIMESTAMP_H */
