/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All ways in which a path gets into a call, and a small world with an inside
 * and an outside to try them in.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SELFTESTS_PATHS_H
#define _SELFTESTS_PATHS_H

#include "puppet.h"

#include <dirent.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/mount.h>

/* --- Ways ----------------------------------------------------------------- */

/* The flags tell what a way does with a path. */
enum {
	FOLLOWS = 1,		/* a symbolic link at its end */
	OPENS = 2,		/* the answer is a descriptor */
	MAKES = 4,		/* there must be nothing yet */
};

#define FOR_EACH_WAY(X)							\
	X(CREATE, MAKES)						\
	X(LINK_FROM, 0)							\
	X(LINK_FROM_FOLLOW, FOLLOWS)					\
	X(LINK_TO, MAKES)						\
	X(OPEN, OPENS)							\
	X(OPEN_FOLLOW, OPENS | FOLLOWS)					\
	X(OPEN_WRITE, OPENS | FOLLOWS)					\
	X(OPEN_DIRECTORY, OPENS)					\
	X(OPEN_TRUNCATE, OPENS | FOLLOWS)				\
	X(OPEN_CREATE, OPENS)						\
	X(OPEN_CREATE_FOLLOW, OPENS | FOLLOWS)				\
	X(OPEN_EXCLUSIVE, OPENS | MAKES)				\
	X(READLINK, 0)							\
	X(RENAME_FROM, 0)						\
	X(RENAME_TO, 0)							\
	X(STAT, 0)							\
	X(STAT_FOLLOW, FOLLOWS)						\
	X(TIMES, 0)							\
	X(TIMES_FOLLOW, FOLLOWS)					\
	X(SYMLINK, MAKES)						\
	X(UNLINK, 0)							\
	X(RMDIR, 0)

enum way {
#define WAY_ENUM(way, flags) way,
	FOR_EACH_WAY(WAY_ENUM)
#undef WAY_ENUM
	NR_WAYS
};

static const struct {
	const char *name;
	unsigned int flags;
} ways[] = {
#define WAY_ROW(way, flags) { #way, flags },
	FOR_EACH_WAY(WAY_ROW)
#undef WAY_ROW
};

#define RIGHTS_READ (CLOUDABI_RIGHT_FD_READ | CLOUDABI_RIGHT_FILE_STAT_FGET)
#define RIGHTS_WRITE (RIGHTS_READ | CLOUDABI_RIGHT_FD_WRITE)
#define RIGHTS_LIST (CLOUDABI_RIGHT_FILE_READDIR | \
		     CLOUDABI_RIGHT_FILE_STAT_FGET)

/* All that a directory can have. */
#define RIGHTS_DIRECTORY 0x13eff698ull
#define RIGHTS_BELOW 0x11ffff7ffull

static inline struct answer try_open(struct puppet *p, enum way way,
				     uint32_t fd, struct path_arg path)
{
	struct opening how = { .base = RIGHTS_READ };

	if (ways[way].flags & FOLLOWS)
		how.flags = FOLLOW;
	if (way == OPEN_WRITE)
		how.base = RIGHTS_WRITE;
	if (way == OPEN_DIRECTORY) {
		how.base = RIGHTS_LIST;
		how.oflags = CLOUDABI_O_DIRECTORY;
	}
	if (way == OPEN_TRUNCATE) {
		how.base = RIGHTS_WRITE;
		how.oflags = CLOUDABI_O_TRUNC;
	}
	if (way == OPEN_CREATE || way == OPEN_CREATE_FOLLOW)
		how.oflags = CLOUDABI_O_CREAT;
	if (way == OPEN_EXCLUSIVE)
		how.oflags = CLOUDABI_O_CREAT | CLOUDABI_O_EXCL;
	/* Whoever opens a FIFO must not wait for somebody else. */
	how.fdflags = CLOUDABI_FDFLAG_NONBLOCK;
	return call_file_open(p, fd, path, &how);
}

/* What goes to or comes from elsewhere does so in this directory. */
#define WORK_SOURCE "source"
#define WORK_MADE "made"

/**
 * try_way() - make a call with a path
 * @p: who makes it
 * @way: which call, and in which of its paths
 * @fd: directory that the path starts at
 * @path: the path
 * @work: another directory, for a path that the call needs besides
 *
 * Return: what became of it. What was opened is still open.
 */
static inline struct answer try_way(struct puppet *p, enum way way,
				    uint32_t fd, struct path_arg path,
				    uint32_t work)
{
	uint32_t flags = ways[way].flags & FOLLOWS ? FOLLOW : 0;
	cloudabi_filestat_t stat = { .st_atim = 1, .st_mtim = 1 };

	switch (way) {
	case CREATE:
		return call_file_create(p, fd, path,
					CLOUDABI_FILETYPE_DIRECTORY);
	case LINK_FROM:
	case LINK_FROM_FOLLOW:
		return call_file_link(p, fd, flags, path, work, P(WORK_MADE));
	case LINK_TO:
		return call_file_link(p, work, 0, P(WORK_SOURCE), fd, path);
	case READLINK:
		return call_file_readlink(p, fd, path, 64);
	case RENAME_FROM:
		return call_file_rename(p, fd, path, work, P(WORK_MADE));
	case RENAME_TO:
		return call_file_rename(p, work, P(WORK_SOURCE), fd, path);
	case STAT:
	case STAT_FOLLOW:
		return call_file_stat_get(p, fd, flags, path, &stat);
	case TIMES:
	case TIMES_FOLLOW:
		return call_file_stat_put(p, fd, flags, path, &stat,
					  CLOUDABI_FILESTAT_ATIM |
						  CLOUDABI_FILESTAT_MTIM);
	case SYMLINK:
		return call_file_symlink(p, P("contents"), fd, path);
	case UNLINK:
		return call_file_unlink(p, fd, path, 0);
	case RMDIR:
		return call_file_unlink(p, fd, path, REMOVEDIR);
	default:
		return try_open(p, way, fd, path);
	}
}

/* --- Files ---------------------------------------------------------------- */

/* All of these end the test if they cannot do what they are for. */

static inline void must(bool done, const char *what, const char *path)
{
	if (done)
		return;
	printf("# %s %s: %s\n", what, path, strerror(errno));
	fflush(stdout);
	_exit(1);
}

__attribute__((format(printf, 1, 2)))
static inline const char *form(const char *format, ...)
{
	static char buffers[8][512];
	static unsigned int next;
	char *buffer = buffers[next++ % 8];
	va_list ap;

	va_start(ap, format);
	vsnprintf(buffer, sizeof(buffers[0]), format, ap);
	va_end(ap);
	return buffer;
}

static inline void make_directory(const char *path)
{
	must(!mkdir(path, 0777), "mkdir", path);
}

static inline void make_file(const char *path, const char *contents)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	ssize_t len = strlen(contents);

	must(fd >= 0 && write(fd, contents, len) == len, "create", path);
	close(fd);
}

static inline void make_link(const char *contents, const char *path)
{
	must(!symlink(contents, path), "symlink", path);
}

static inline int open_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	must(fd >= 0, "open", path);
	return fd;
}

static inline void mount_on(const char *path, const char *type,
			    const char *options)
{
	must(!mount(type, path, type, MS_STRICTATIME, options), "mount", path);
}

/* Removes all that is in a directory, in the same file system. */
static inline void empty_directory(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fdopendir(copy);
	struct dirent *entry;
	int child;

	while (stream && (entry = readdir(stream))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (!unlinkat(dir, entry->d_name, 0))
			continue;
		child = openat(dir, entry->d_name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child < 0)
			continue;
		empty_directory(child);
		close(child);
		unlinkat(dir, entry->d_name, AT_REMOVEDIR);
	}
	if (stream)
		closedir(stream);
}

/* Mounts that nobody else sees, and a fresh file system at @path. */
static inline void new_world(const char *path)
{
	must(!unshare(CLONE_NEWNS) &&
	     !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "unshare", "");
	mkdir(path, 0777);
	mount_on(path, "tmpfs", "mode=755,size=256m");
	umask(0);
}

/* --- What can be seen of a tree ------------------------------------------- */

static inline uint64_t mix(uint64_t hash, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	while (size--)
		hash = (hash ^ *bytes++) * 0x100000001b3ull;
	return hash;
}

static inline uint64_t mix_attributes(uint64_t hash, const struct stat *stat)
{
	hash = mix(hash, &stat->st_ino, sizeof(stat->st_ino));
	hash = mix(hash, &stat->st_mode, sizeof(stat->st_mode));
	hash = mix(hash, &stat->st_nlink, sizeof(stat->st_nlink));
	hash = mix(hash, &stat->st_size, sizeof(stat->st_size));
	hash = mix(hash, &stat->st_atim, sizeof(stat->st_atim));
	hash = mix(hash, &stat->st_mtim, sizeof(stat->st_mtim));
	return mix(hash, &stat->st_ctim, sizeof(stat->st_ctim));
}

/*
 * Everything about a tree, reading included: it must be on a file system that
 * notes every access. Looking does not count as one.
 */
static inline uint64_t fingerprint(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_NOATIME |
					    O_CLOEXEC);
	DIR *stream = fdopendir(copy);
	uint64_t hash = 0, one;
	struct dirent *entry;
	struct stat stat;
	int child;

	must(stream, "look at", "a directory");
	while ((entry = readdir(stream))) {
		if (!strcmp(entry->d_name, "..") ||
		    fstatat(dir, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW))
			continue;
		one = mix(0xcbf29ce484222325ull, entry->d_name,
			  strlen(entry->d_name));
		one = mix_attributes(one, &stat);
		if (S_ISDIR(stat.st_mode) && strcmp(entry->d_name, ".")) {
			child = openat(dir, entry->d_name,
				       O_RDONLY | O_DIRECTORY | O_NOATIME |
					       O_CLOEXEC);
			one ^= fingerprint(child);
			close(child);
		}
		/* In any order. */
		hash += one;
	}
	closedir(stream);
	return hash;
}

#endif /* _SELFTESTS_PATHS_H */
