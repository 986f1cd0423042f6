/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Native system calls, by functions like those of a static C library.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SYS_NATIVE_H
#define _SYS_NATIVE_H

#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/time.h>

/* native.S; what fails returns -1. */
long native_getppid(void);
long native_read(int fd, void *buf, size_t len);
long native_write(int fd, const void *buf, size_t len);
long native_lseek(int fd, long offset, int whence);
long native_dup(int fd);
long native_close(int fd);
long native_ppoll(struct pollfd *fds, unsigned int n,
		  const struct timespec *timeout, const void *mask, size_t size);
void *native_mmap(void *addr, size_t len, int prot, int flags, int fd,
		  long offset);
long native_munmap(void *addr, size_t len);
long native_clock_gettime(int clock, struct timespec *time);
_Noreturn void native_exit_group(int code);

static struct pollfd pollfds[SYS_POLL_MAX];

static inline bool sys_init(void)
{
	for (unsigned int i = 0; i < SYS_POLL_MAX; i++)
		pollfds[i] = (struct pollfd){ SYS_POLL_FD, POLLIN, 0 };
	return true;
}

static inline bool sys_poll(unsigned int n)
{
	const struct timespec now = { 0, 0 };

	return !native_ppoll(pollfds, n, &now, NULL, 8);
}

static inline bool sys_null(void)
{
	return native_getppid() > 0;
}

static inline bool sys_read(int fd, void *buf, size_t len)
{
	return native_read(fd, buf, len) == (long)len;
}

static inline bool sys_write(int fd, const void *buf, size_t len)
{
	return native_write(fd, buf, len) == (long)len;
}

static inline bool sys_seek(int fd, uint64_t offset)
{
	return native_lseek(fd, offset, SEEK_SET) == (long)offset;
}

static inline bool sys_dup_close(int fd)
{
	long copy = native_dup(fd);

	return copy >= 0 && !native_close(copy);
}

static inline void *sys_map(bool writable)
{
	void *page = native_mmap(NULL, SYS_PAGE,
				 PROT_READ | (writable ? PROT_WRITE : 0),
				 MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);

	return page == (void *)-1 ? NULL : page;
}

static inline bool sys_unmap(void *page)
{
	return !native_munmap(page, SYS_PAGE);
}

static inline uint64_t sys_time(void)
{
	struct timespec time = { 0 };

	native_clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static inline _Noreturn void sys_exit(int code)
{
	native_exit_group(code);
}

#endif /* _SYS_NATIVE_H */
