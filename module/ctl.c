// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/cloudabi: what the module is, what it can do and what it refused.
 *
 * See uapi/linux/cloudabi_ctl.h, which is what programs go by.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "ctl.h"

#include <linux/bits.h>
#include <linux/cloudabi_ctl.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "deny.h"
#include "module.h"
#include "optable.h"

/* The version as in MODULE_VERSION(). */
#define MODULE_NUMBER (0 << 16 | 1 << 8 | 0)

/* Sizes of the structures when they were first published. */
#define VERSION_SIZE_1 16
#define CALLS_SIZE_1 24
#define COUNTERS_SIZE_1 48

static_assert(sizeof(struct cloudabi_ctl_version) >= VERSION_SIZE_1);
static_assert(sizeof(struct cloudabi_ctl_calls) >= CALLS_SIZE_1);
static_assert(sizeof(struct cloudabi_ctl_counters) >= COUNTERS_SIZE_1);
static_assert(CLOUDABI_CTL_CALL_WORDS * 64 >= CLOUDABI_NR_CALLS);

/* The part that both know; the rest of what the program brought is cleared. */
static long answer(void __user *user, size_t user_size, const void *kernel,
		   size_t size, size_t least)
{
	size_t both = min(user_size, size);

	if (user_size < least)
		return -EINVAL;
	if (copy_to_user(user, kernel, both) ||
	    clear_user(user + both, user_size - both))
		return -EFAULT;
	return 0;
}

static long get_version(void __user *user, size_t size)
{
	const struct cloudabi_ctl_version version = {
		.abi = CLOUDABI_CTL_ABI_VERSION,
		.module = MODULE_NUMBER,
	};

	return answer(user, size, &version, sizeof(version), VERSION_SIZE_1);
}

static long get_calls(void __user *user, size_t size)
{
	struct cloudabi_ctl_calls calls = { .count = CLOUDABI_NR_CALLS };
	unsigned int number;

	for (number = 0; number < CLOUDABI_NR_CALLS; number++) {
		if (!cloudabi_call_is_supported(number))
			continue;
		calls.supported[number / 64] |= BIT_ULL(number % 64);
		calls.supported_count++;
	}
	return answer(user, size, &calls, sizeof(calls), CALLS_SIZE_1);
}

static long get_counters(void __user *user, size_t size)
{
	struct cloudabi_ctl_counters counters;
	u32 reason;

	for (reason = 0; reason < CLOUDABI_CTL_NR_DENY; reason++)
		counters.denied[reason] = cloudabi_deny_count(reason);
	return answer(user, size, &counters, sizeof(counters), COUNTERS_SIZE_1);
}

static long ctl_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	size_t size = _IOC_SIZE(cmd);

	if (_IOC_TYPE(cmd) != CLOUDABI_CTL_MAGIC || _IOC_DIR(cmd) != _IOC_READ)
		return -ENOTTY;
	switch (_IOC_NR(cmd)) {
	case _IOC_NR(CLOUDABI_CTL_VERSION):
		return get_version(user, size);
	case _IOC_NR(CLOUDABI_CTL_CALLS):
		return get_calls(user, size);
	case _IOC_NR(CLOUDABI_CTL_COUNTERS):
		return get_counters(user, size);
	default:
		return -ENOTTY;
	}
}

/* Whether programs can start. Set once. */
static bool ready;

static int ctl_open(struct inode *inode, struct file *file)
{
	return READ_ONCE(ready) ? 0 : -ENODEV;
}

static const struct file_operations ctl_fops = {
	.owner = THIS_MODULE,
	.open = ctl_open,
	.unlocked_ioctl = ctl_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice ctl_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "cloudabi",
	.fops = &ctl_fops,
	.mode = 0444,
};

/**
 * cloudabi_ctl_init() - Make /dev/cloudabi appear.
 *
 * It cannot be opened before cloudabi_ctl_ready().
 *
 * Return: 0, or the error of registering a device.
 */
int cloudabi_ctl_init(void)
{
	return misc_register(&ctl_device);
}

/**
 * cloudabi_ctl_ready() - Let /dev/cloudabi be opened: programs can start.
 */
void cloudabi_ctl_ready(void)
{
	WRITE_ONCE(ready, true);
}

/**
 * cloudabi_ctl_exit() - Make /dev/cloudabi disappear.
 */
void cloudabi_ctl_exit(void)
{
	misc_deregister(&ctl_device);
}
