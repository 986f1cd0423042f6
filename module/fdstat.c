// SPDX-License-Identifier: GPL-2.0
/*
 * Calls about the attributes of descriptors: type, flags and rights.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/fcntl.h>
#include <linux/uaccess.h>

#include "capability.h"
#include "compat/ksym.h"
#include "fdstat.h"

/* The open flags that the flags of a descriptor speak of. */
#define FLAGS_MASK (O_APPEND | O_NONBLOCK | O_SYNC)

/*
 * O_SYNC contains O_DSYNC. Reading synchronously is not something that Linux
 * remembers, so RSYNC is never reported.
 */
static cloudabi_fdflags_t flags_from_native(unsigned int native)
{
	cloudabi_fdflags_t flags = 0;

	if (native & O_APPEND)
		flags |= CLOUDABI_FDFLAG_APPEND;
	if (native & O_NONBLOCK)
		flags |= CLOUDABI_FDFLAG_NONBLOCK;
	if (native & __O_SYNC)
		flags |= CLOUDABI_FDFLAG_SYNC;
	else if (native & O_DSYNC)
		flags |= CLOUDABI_FDFLAG_DSYNC;
	return flags;
}

/**
 * cloudabi_fdflags_to_native() - Turn the flags of a descriptor into open flags.
 * @flags: CLOUDABI_FDFLAG_*. Others are ignored.
 *
 * Reading synchronously needs what was written to be there, so RSYNC asks for
 * what SYNC asks for.
 *
 * Return: the O_* flags that mean the same.
 */
unsigned int cloudabi_fdflags_to_native(cloudabi_fdflags_t flags)
{
	unsigned int native = 0;

	if (flags & CLOUDABI_FDFLAG_APPEND)
		native |= O_APPEND;
	if (flags & CLOUDABI_FDFLAG_NONBLOCK)
		native |= O_NONBLOCK;
	if (flags & (CLOUDABI_FDFLAG_SYNC | CLOUDABI_FDFLAG_RSYNC))
		native |= O_SYNC;
	else if (flags & CLOUDABI_FDFLAG_DSYNC)
		native |= O_DSYNC;
	return native;
}

/**
 * cloudabi_call_fd_stat_get() - Learn type, flags and rights of a descriptor.
 * @fd: descriptor.
 * @buf: where to.
 *
 * Return: 0, -EBADF if the descriptor is not open, -EFAULT.
 */
int cloudabi_call_fd_stat_get(cloudabi_fd_t fd, cloudabi_fdstat_t __user *buf)
{
	struct cloudabi_handle handle;
	cloudabi_fdstat_t stat;
	int error;

	error = cloudabi_fget(fd, CLOUDABI_NEED_fd_stat_get, &handle);
	if (error)
		return error;
	memset(&stat, 0, sizeof(stat));
	stat.fs_filetype = cloudabi_filetype(handle.file);
	stat.fs_flags = flags_from_native(READ_ONCE(handle.file->f_flags));
	stat.fs_rights_base = handle.rights.base;
	stat.fs_rights_inheriting = handle.rights.inheriting;
	cloudabi_fput(&handle);
	return copy_to_user(buf, &stat, sizeof(stat)) ? -EFAULT : 0;
}

/*
 * What fcntl(F_SETFL) does, which is not available to modules, together with
 * the synchronous flags, which it leaves alone. Nothing but ->f_iocb_flags is
 * derived from the flags, and every operation starts from that.
 */
static int set_native_flags(struct file *file, unsigned int native)
{
	unsigned int old = READ_ONCE(file->f_flags);
	int error;

	if ((native ^ old) & O_APPEND && IS_APPEND(file_inode(file)))
		return -EPERM;
	error = ksym_security_file_fcntl(file, F_SETFL,
					 native | (old & ~FLAGS_MASK));
	if (error)
		return error;
	if (file->f_op->check_flags) {
		error = file->f_op->check_flags(native | (old & ~FLAGS_MASK));
		if (error)
			return error;
	}
	spin_lock(&file->f_lock);
	file->f_flags = native | (file->f_flags & ~FLAGS_MASK);
	file->f_iocb_flags = iocb_flags(file);
	spin_unlock(&file->f_lock);
	return 0;
}

static int put_flags(cloudabi_fd_t fd, cloudabi_fdflags_t flags)
{
	struct cloudabi_handle handle;
	int error;

	error = cloudabi_fget(fd, CLOUDABI_NEED_fd_stat_put_flags, &handle);
	if (error)
		return error;
	error = set_native_flags(handle.file,
				 cloudabi_fdflags_to_native(flags));
	cloudabi_fput(&handle);
	return error;
}

/**
 * cloudabi_call_fd_stat_put() - Change the flags or the rights of a descriptor.
 * @fd: descriptor. It needs FD_STAT_PUT_FLAGS if its flags are to change.
 * @buf: what to.
 * @flags: CLOUDABI_FDSTAT_FLAGS or CLOUDABI_FDSTAT_RIGHTS: which of the two.
 *
 * Flags belong to the open file, so all descriptors that were duplicated from
 * one another see them change; unlike fcntl(), the call changes the synchronous
 * ones too. Rights belong to the descriptor, and can only be taken away.
 *
 * Return: 0; -EINVAL if @flags is neither of the two; -EFAULT; -EBADF;
 * -ENOTCAPABLE if a right is missing or would be gained; -EPERM if the file may
 * only ever be appended to; -ENOMEM or -ENFILE if there is no room to keep the
 * rights.
 */
int cloudabi_call_fd_stat_put(cloudabi_fd_t fd,
			      const cloudabi_fdstat_t __user *buf,
			      cloudabi_fdsflags_t flags)
{
	struct cloudabi_rights rights;
	cloudabi_fdstat_t stat;

	if (flags != CLOUDABI_FDSTAT_FLAGS && flags != CLOUDABI_FDSTAT_RIGHTS)
		return -EINVAL;
	if (copy_from_user(&stat, buf, sizeof(stat)))
		return -EFAULT;
	if (flags == CLOUDABI_FDSTAT_FLAGS)
		return put_flags(fd, stat.fs_flags);
	rights.base = stat.fs_rights_base;
	rights.inheriting = stat.fs_rights_inheriting;
	return cloudabi_capability_narrow(fd, rights);
}

#ifdef CONFIG_CLOUDABI_KUNIT_TEST

#include <kunit/test.h>

static void flags_survive_the_round_trip(struct kunit *test)
{
	const cloudabi_fdflags_t some = CLOUDABI_FDFLAG_APPEND |
					CLOUDABI_FDFLAG_NONBLOCK;
	cloudabi_fdflags_t flags;

	for (flags = 0; flags <= 7; flags++)
		KUNIT_EXPECT_EQ(
			test,
			flags_from_native(cloudabi_fdflags_to_native(flags)),
			flags);
	flags = some | CLOUDABI_FDFLAG_SYNC;
	KUNIT_EXPECT_EQ(test,
			flags_from_native(cloudabi_fdflags_to_native(flags)),
			flags);
	flags = CLOUDABI_FDFLAG_RSYNC | CLOUDABI_FDFLAG_DSYNC;
	KUNIT_EXPECT_EQ(test,
			flags_from_native(cloudabi_fdflags_to_native(flags)),
			CLOUDABI_FDFLAG_SYNC);
}

static void flags_stay_in_their_mask(struct kunit *test)
{
	unsigned int flags;

	for (flags = 0; flags <= U16_MAX; flags++)
		KUNIT_EXPECT_EQ(test,
				cloudabi_fdflags_to_native(flags) & ~FLAGS_MASK,
				0);
	KUNIT_EXPECT_EQ(test, flags_from_native(O_DSYNC),
			CLOUDABI_FDFLAG_DSYNC);
	KUNIT_EXPECT_EQ(test, flags_from_native(O_LARGEFILE | O_RDWR | O_TRUNC),
			0);
}

static struct kunit_case fdstat_cases[] = {
	KUNIT_CASE(flags_survive_the_round_trip),
	KUNIT_CASE(flags_stay_in_their_mask),
	{},
};

static struct kunit_suite fdstat_suite = {
	.name = "cloudabi_fdstat",
	.test_cases = fdstat_cases,
};

kunit_test_suite(fdstat_suite);

#endif /* CONFIG_CLOUDABI_KUNIT_TEST */
