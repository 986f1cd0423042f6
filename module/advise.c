// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that prepare an open file for what will be done with it.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/fadvise.h>
#include <linux/fs.h>

#include "capability.h"

static int native_advice(cloudabi_advice_t advice)
{
	switch (advice) {
	case CLOUDABI_ADVICE_DONTNEED:
		return POSIX_FADV_DONTNEED;
	case CLOUDABI_ADVICE_NOREUSE:
		return POSIX_FADV_NOREUSE;
	case CLOUDABI_ADVICE_NORMAL:
		return POSIX_FADV_NORMAL;
	case CLOUDABI_ADVICE_RANDOM:
		return POSIX_FADV_RANDOM;
	case CLOUDABI_ADVICE_SEQUENTIAL:
		return POSIX_FADV_SEQUENTIAL;
	case CLOUDABI_ADVICE_WILLNEED:
		return POSIX_FADV_WILLNEED;
	default:
		return -EINVAL;
	}
}

/**
 * cloudabi_call_file_advise() - Tell how a part of a file will be used.
 * @fd: descriptor. It needs FILE_ADVISE.
 * @offset: where the part begins.
 * @len: its length; 0 means up to the end.
 * @advice: CLOUDABI_ADVICE_*.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EINVAL for an unknown advice, before anything else, or an offset
 * or length that no file has; -EBADF; -ENOTCAPABLE; or an error of
 * posix_fadvise().
 */
int cloudabi_call_file_advise(cloudabi_fd_t fd, cloudabi_filesize_t offset,
			      cloudabi_filesize_t len, cloudabi_advice_t advice)
{
	struct cloudabi_handle handle;
	int native = native_advice(advice);
	int error;

	if (native < 0)
		return native;
	error = cloudabi_fget(fd, CLOUDABI_NEED_file_advise, &handle);
	if (error)
		return error;
	if (offset > S64_MAX || len > S64_MAX)
		error = -EINVAL;
	else
		error = vfs_fadvise(handle.file, offset, len, native);
	cloudabi_fput(&handle);
	return error;
}

/**
 * cloudabi_call_file_allocate() - Make sure that a part of a file has space.
 * @fd: descriptor. It needs FILE_ALLOCATE.
 * @offset: where the part begins.
 * @len: its length.
 *
 * The file grows to the end of the part where it is shorter.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EINVAL for an empty part or an offset or length that no file has;
 * -EFBIG if its end is beyond what files can have; -EBADF; -ENOTCAPABLE;
 * -EOPNOTSUPP if the file system cannot; or another error of fallocate().
 */
int cloudabi_call_file_allocate(cloudabi_fd_t fd, cloudabi_filesize_t offset,
				cloudabi_filesize_t len)
{
	struct cloudabi_handle handle;
	int error;

	error = cloudabi_fget(fd, CLOUDABI_NEED_file_allocate, &handle);
	if (error)
		return error;
	if (offset > S64_MAX || len > S64_MAX)
		error = -EINVAL;
	else
		error = vfs_fallocate(handle.file, 0, offset, len);
	cloudabi_fput(&handle);
	return error;
}
