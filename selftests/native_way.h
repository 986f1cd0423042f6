/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The native call that does the same, for each way in which a path gets into a
 * call.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SELFTESTS_NATIVE_WAY_H
#define _SELFTESTS_NATIVE_WAY_H

#include "paths.h"

#include <linux/openat2.h>

static inline uint64_t native_flags(enum way way)
{
	uint64_t flags = O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

	if (!(ways[way].flags & FOLLOWS))
		flags |= O_NOFOLLOW;
	switch (way) {
	case OPEN_WRITE:
		return flags | O_RDWR;
	case OPEN_TRUNCATE:
		return flags | O_RDWR | O_TRUNC;
	case OPEN_DIRECTORY:
		return flags | O_DIRECTORY;
	case OPEN_CREATE:
	case OPEN_CREATE_FOLLOW:
		return flags | O_CREAT;
	case OPEN_EXCLUSIVE:
		return flags | O_CREAT | O_EXCL;
	default:
		return flags;
	}
}

static inline int native_open(enum way way, int dir, const char *path)
{
	struct open_how how = {
		.flags = native_flags(way),
		.resolve = RESOLVE_BENEATH,
	};

	if (how.flags & O_CREAT)
		how.mode = 0777;
	return syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

/* Makes the native call that does the same; see try_way(). */
static inline int native_way(enum way way, int dir, const char *path, int work)
{
	const struct timespec times[2] = { { 0, 1 }, { 0, 1 } };
	bool follow = ways[way].flags & FOLLOWS;
	int no_follow = follow ? 0 : AT_SYMLINK_NOFOLLOW;
	struct stat stat;
	char text[64];

	switch (way) {
	case CREATE:
		return mkdirat(dir, path, 0777);
	case LINK_FROM:
	case LINK_FROM_FOLLOW:
		return linkat(dir, path, work, WORK_MADE,
			      follow ? AT_SYMLINK_FOLLOW : 0);
	case LINK_TO:
		return linkat(work, WORK_SOURCE, dir, path, 0);
	case READLINK:
		return readlinkat(dir, path, text, sizeof(text));
	case RENAME_FROM:
		return renameat(dir, path, work, WORK_MADE);
	case RENAME_TO:
		return renameat(work, WORK_SOURCE, dir, path);
	case STAT:
	case STAT_FOLLOW:
		return fstatat(dir, path, &stat, no_follow);
	case TIMES:
	case TIMES_FOLLOW:
		return utimensat(dir, path, times, no_follow);
	case SYMLINK:
		return symlinkat("contents", dir, path);
	case UNLINK:
		return unlinkat(dir, path, 0);
	case RMDIR:
		return unlinkat(dir, path, AT_REMOVEDIR);
	default:
		return native_open(way, dir, path);
	}
}

/* The name of an error, where CloudABI has the same for the same. */
static inline const char *native_name(enum way way, const char *path, int error)
{
	bool link = strstr(path, "link");

	if (!error)
		return "success";
	if (way == UNLINK && error == EISDIR)
		error = EPERM;
	if (way == OPEN_DIRECTORY && link && error == ENOTDIR)
		error = ELOOP;
	if (error == EOPNOTSUPP)
		return "ENOTSUP";
	return strerrorname_np(error);
}

#endif /* _SELFTESTS_NATIVE_WAY_H */
