/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loads and unloads modules, which lie next to the test, and reads what the
 * kernel says.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SELFTESTS_MODULES_H
#define _SELFTESTS_MODULES_H

#include "launch.h"

#define FTRACE_ENABLED "/proc/sys/kernel/ftrace_enabled"

/* The path of a file next to the test's own. */
static inline const char *beside(const char *name)
{
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 64);

	while (n > 0 && path[n - 1] != '/')
		n--;
	snprintf(path + (n < 0 ? 0 : n), 64, "%s", name);
	return path;
}

/* Returns 0 or an error. */
static inline int load_module(const char *name, const char *parameters)
{
	char file[64];
	int fd, error = 0;

	snprintf(file, sizeof(file), "%s.ko", name);
	fd = open(beside(file), O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_finit_module, fd, parameters, 0))
		error = errno;
	if (fd >= 0)
		close(fd);
	return error;
}

/* Returns 0 or an error; does not wait. */
static inline int unload_module(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0;
}

/* The users of a module, -1 if it is not there. */
static inline int module_users(const char *name)
{
	char path[128];
	FILE *file;
	int users;

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", name);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%d", &users) != 1)
		users = -1;
	fclose(file);
	return users;
}

/* Writes to a file of the kernel's in one go. Returns 0 or an error. */
static inline int tell_kernel(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		error = errno;
	close(fd);
	return error;
}

/* Empties a file of the kernel's, such as a filter. */
static inline void clear(const char *path)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
}

/* The log from now on. */
static inline int log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* Whether a line that has both texts in it came since log_open(). */
static inline bool log_has(int log, const char *first, const char *second)
{
	char record[8192];
	bool found = false;
	ssize_t n;

	while ((n = read(log, record, sizeof(record) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		record[n > 0 ? n : 0] = 0;
		found |= strstr(record, first) && strstr(record, second);
	}
	return found;
}

#endif /* _SELFTESTS_MODULES_H */
