/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CloudABI calls, by the addresses that the vDSO has them at.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SYS_CLOUDABI_H
#define _SYS_CLOUDABI_H

#include "crt.h"

#define FOR_EACH_USED(X) \
	X(clock_res_get) \
	X(clock_time_get) \
	X(fd_close) \
	X(fd_dup) \
	X(fd_read) \
	X(fd_seek) \
	X(fd_write) \
	X(mem_map) \
	X(mem_unmap)

#define POINTER(name) __typeof__(cloudabi_sys_##name) *name;
static struct {
	FOR_EACH_USED(POINTER)
} vdso;

static inline void *find(const char *symbol, bool *all)
{
	void *address = crt_vdso_symbol(symbol);

	*all &= !!address;
	return address;
}

static inline bool sys_init(void)
{
	bool all = true;

#define FIND(name) vdso.name = find("cloudabi_sys_" #name, &all);
	FOR_EACH_USED(FIND)
	return all;
}

/* That of a clock which no vDSO knows. */
static inline bool sys_null(void)
{
	cloudabi_timestamp_t resolution;

	return !vdso.clock_res_get(CLOUDABI_CLOCK_THREAD_CPUTIME_ID,
				   &resolution);
}

static inline bool sys_read(int fd, void *buf, size_t len)
{
	cloudabi_iovec_t iov = { .buf = buf, .buf_len = len };
	size_t done;

	return !vdso.fd_read(fd, &iov, 1, &done) && done == len;
}

static inline bool sys_write(int fd, const void *buf, size_t len)
{
	cloudabi_ciovec_t iov = { .buf = buf, .buf_len = len };
	size_t done;

	return !vdso.fd_write(fd, &iov, 1, &done) && done == len;
}

static inline bool sys_seek(int fd, uint64_t offset)
{
	cloudabi_filesize_t now;

	return !vdso.fd_seek(fd, offset, CLOUDABI_WHENCE_SET, &now) &&
	       now == offset;
}

static inline bool sys_dup_close(int fd)
{
	cloudabi_fd_t copy;

	return !vdso.fd_dup(fd, &copy) && !vdso.fd_close(copy);
}

static inline void *sys_map(bool writable)
{
	void *page;

	if (vdso.mem_map(NULL, SYS_PAGE,
			 CLOUDABI_PROT_READ |
				 (writable ? CLOUDABI_PROT_WRITE : 0),
			 CLOUDABI_MAP_ANON | CLOUDABI_MAP_PRIVATE,
			 CLOUDABI_MAP_ANON_FD, 0, &page))
		return NULL;
	return page;
}

static inline bool sys_unmap(void *page)
{
	return !vdso.mem_unmap(page, SYS_PAGE);
}

static inline uint64_t sys_time(void)
{
	cloudabi_timestamp_t time = 0;

	vdso.clock_time_get(CLOUDABI_CLOCK_MONOTONIC, 0, &time);
	return time;
}

static inline bool sys_clock(void)
{
	cloudabi_timestamp_t time;

	return !vdso.clock_time_get(CLOUDABI_CLOCK_MONOTONIC, 1, &time);
}

static inline bool sys_resolution(void)
{
	cloudabi_timestamp_t resolution;

	return !vdso.clock_res_get(CLOUDABI_CLOCK_MONOTONIC, &resolution);
}

static inline _Noreturn void sys_exit(int code)
{
	crt_exit(code);
}

#endif /* _SYS_CLOUDABI_H */
