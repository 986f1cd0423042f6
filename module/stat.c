// SPDX-License-Identifier: GPL-2.0
/*
 * Calls about the attributes of files: type, size, times.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/fs.h>
#include <linux/namei.h>
#include <linux/stat.h>
#include <linux/time64.h>
#include <linux/uaccess.h>

#include "capability.h"
#include "compat/ksym.h"
#include "compat/open.h"
#include "filetype.h"
#include "lookup.h"
#include "timestamp.h"

#define TIMES_MASK                                             \
	(CLOUDABI_FILESTAT_ATIM | CLOUDABI_FILESTAT_ATIM_NOW | \
	 CLOUDABI_FILESTAT_MTIM | CLOUDABI_FILESTAT_MTIM_NOW)

static int put_stat(cloudabi_filestat_t __user *buf, const struct kstat *native,
		    cloudabi_filetype_t type)
{
	cloudabi_filestat_t stat;

	memset(&stat, 0, sizeof(stat));
	stat.st_dev = new_encode_dev(native->dev);
	stat.st_ino = native->ino;
	stat.st_filetype = type;
	stat.st_nlink = native->nlink;
	stat.st_size = native->size;
	stat.st_atim = cloudabi_timestamp(&native->atime);
	stat.st_mtim = cloudabi_timestamp(&native->mtime);
	stat.st_ctim = cloudabi_timestamp(&native->ctime);
	return copy_to_user(buf, &stat, sizeof(stat)) ? -EFAULT : 0;
}

/**
 * cloudabi_call_file_stat_fget() - Learn the attributes of an open file.
 * @fd: descriptor. It needs FILE_STAT_FGET.
 * @buf: where to.
 *
 * The type is what fd_stat_get says, also of files that have no mode for it.
 *
 * Context: Process context, may sleep.
 * Return: 0, -EBADF, -ENOTCAPABLE, -EFAULT, or an error of the file system.
 */
int cloudabi_call_file_stat_fget(cloudabi_fd_t fd,
				 cloudabi_filestat_t __user *buf)
{
	struct cloudabi_handle handle;
	cloudabi_filetype_t type;
	struct kstat native;
	int error;

	error = cloudabi_fget(fd, CLOUDABI_NEED_file_stat_fget, &handle);
	if (error)
		return error;
	error = vfs_getattr(&handle.file->f_path, &native, STATX_BASIC_STATS,
			    0);
	type = cloudabi_filetype(handle.file);
	cloudabi_fput(&handle);
	return error ?: put_stat(buf, &native, type);
}

static unsigned int follow(cloudabi_lookup_t lookup)
{
	return lookup.flags & CLOUDABI_LOOKUP_SYMLINK_FOLLOW ? LOOKUP_FOLLOW :
							       0;
}

/* Looks the path of a call up, whose descriptor needs the right @need. */
static int find(cloudabi_lookup_t lookup, cloudabi_rights_t need,
		const char __user *path, size_t path_len, struct path *found)
{
	struct cloudabi_handle dir;
	struct cloudabi_name name;
	int error;

	error = cloudabi_name_get(&name, lookup.fd, path, path_len);
	if (error)
		return error;
	error = cloudabi_fget(lookup.fd, need, &dir);
	if (!error) {
		error = cloudabi_lookup(&dir, &name, follow(lookup), found);
		cloudabi_fput(&dir);
	}
	cloudabi_name_put(&name);
	return error;
}

/**
 * cloudabi_call_file_stat_get() - Learn the attributes of a file by its path.
 * @fd: directory, which needs FILE_STAT_GET, and whether to follow a symbolic
 *	link at the end of the path.
 * @path: path of the file.
 * @path_len: its length.
 * @buf: where to.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EFAULT; -EBADF; -ENOTCAPABLE if the right is missing or the path
 * leads out; an error of the path (see cloudabi_name_get(), cloudabi_lookup()).
 */
int cloudabi_call_file_stat_get(cloudabi_lookup_t fd, const char __user *path,
				size_t path_len,
				cloudabi_filestat_t __user *buf)
{
	struct kstat native;
	struct path found;
	int error;

	error = find(fd, CLOUDABI_NEED_file_stat_get, path, path_len, &found);
	if (error)
		return error;
	error = vfs_getattr(&found, &native, STATX_BASIC_STATS, 0);
	path_put(&found);
	if (error)
		return error;
	return put_stat(buf, &native, cloudabi_filetype_of_mode(native.mode));
}

static struct timespec64 native_time(cloudabi_timestamp_t time, bool set,
				     bool now)
{
	if (now)
		return (struct timespec64){ .tv_nsec = UTIME_NOW };
	if (!set)
		return (struct timespec64){ .tv_nsec = UTIME_OMIT };
	return cloudabi_timespec(time);
}

static int set_times(const struct path *path, const cloudabi_filestat_t *stat,
		     cloudabi_fsflags_t flags)
{
	struct timespec64 times[2];

	times[0] = native_time(stat->st_atim, flags & CLOUDABI_FILESTAT_ATIM,
			       flags & CLOUDABI_FILESTAT_ATIM_NOW);
	times[1] = native_time(stat->st_mtim, flags & CLOUDABI_FILESTAT_MTIM,
			       flags & CLOUDABI_FILESTAT_MTIM_NOW);
	return ksym_vfs_utimes(path, times);
}

static int put_size(cloudabi_fd_t fd, cloudabi_filesize_t size)
{
	struct cloudabi_handle handle;
	int error;

	error = cloudabi_fget(fd, CLOUDABI_NEED_file_stat_fput_size, &handle);
	if (error)
		return error;
	error = size > S64_MAX ? -EINVAL : compat_ftruncate(handle.file, size);
	cloudabi_fput(&handle);
	return error;
}

static int put_times(cloudabi_fd_t fd, const cloudabi_filestat_t *stat,
		     cloudabi_fsflags_t flags)
{
	struct cloudabi_handle handle;
	int error;

	error = cloudabi_fget(fd, CLOUDABI_NEED_file_stat_fput_times, &handle);
	if (error)
		return error;
	error = set_times(&handle.file->f_path, stat, flags);
	cloudabi_fput(&handle);
	return error;
}

/**
 * cloudabi_call_file_stat_fput() - Change the size or the times of an open file.
 * @fd: descriptor. It needs FILE_STAT_FPUT_SIZE or FILE_STAT_FPUT_TIMES.
 * @buf: what to.
 * @flags: CLOUDABI_FILESTAT_SIZE alone, or any of the others.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EINVAL if @flags is none of that, if the size is beyond what
 * files can have, or if the file is not open for writing; -EFAULT; -EBADF;
 * -ENOTCAPABLE; -EPERM or -EACCES if the file's owner alone may do it; or an
 * error of the file system.
 */
int cloudabi_call_file_stat_fput(cloudabi_fd_t fd,
				 const cloudabi_filestat_t __user *buf,
				 cloudabi_fsflags_t flags)
{
	cloudabi_filestat_t stat;

	if (flags != CLOUDABI_FILESTAT_SIZE && (!flags || flags & ~TIMES_MASK))
		return -EINVAL;
	if (copy_from_user(&stat, buf, sizeof(stat)))
		return -EFAULT;
	if (flags == CLOUDABI_FILESTAT_SIZE)
		return put_size(fd, stat.st_size);
	return put_times(fd, &stat, flags);
}

/**
 * cloudabi_call_file_stat_put() - Change the times of a file by its path.
 * @fd: directory, which needs FILE_STAT_PUT_TIMES, and whether to follow a
 *	symbolic link at the end of the path.
 * @path: path of the file.
 * @path_len: its length.
 * @buf: what to.
 * @flags: which of the times. None is allowed, and changes nothing.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EINVAL for other flags; -EFAULT; and as
 * cloudabi_call_file_stat_get() and cloudabi_call_file_stat_fput().
 */
int cloudabi_call_file_stat_put(cloudabi_lookup_t fd, const char __user *path,
				size_t path_len,
				const cloudabi_filestat_t __user *buf,
				cloudabi_fsflags_t flags)
{
	cloudabi_filestat_t stat;
	struct path found;
	int error;

	if (flags & ~TIMES_MASK)
		return -EINVAL;
	if (copy_from_user(&stat, buf, sizeof(stat)))
		return -EFAULT;
	error = find(fd, CLOUDABI_NEED_file_stat_put, path, path_len, &found);
	if (error)
		return error;
	if (flags)
		error = set_times(&found, &stat, flags);
	path_put(&found);
	return error;
}
