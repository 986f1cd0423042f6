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
	X(file_open) \
	X(file_readdir) \
	X(file_readlink) \
	X(file_rename) \
	X(file_stat_get) \
	X(file_unlink) \
	X(mem_map) \
	X(mem_unmap) \
	X(poll) \
	X(proc_exec) \
	X(proc_exit) \
	X(proc_fork) \
	X(sock_recv) \
	X(sock_send)

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

/* The first one is the clock that keeps the call from waiting. */
static cloudabi_subscription_t subscriptions[SYS_POLL_MAX + 1] = {
	{
		.type = CLOUDABI_EVENTTYPE_CLOCK,
		.clock.clock_id = CLOUDABI_CLOCK_MONOTONIC,
	},
};

static cloudabi_subscription_t ready_subscriptions[SYS_READY_MAX];

static cloudabi_event_t events[SYS_POLL_MAX + 1];

static inline bool sys_init(void)
{
	bool all = true;

#define FIND(name) vdso.name = find("cloudabi_sys_" #name, &all);
	FOR_EACH_USED(FIND)
	return all;
}

static inline bool sys_poll_init(void)
{
	for (unsigned int i = 1; i <= SYS_POLL_MAX; i++) {
		subscriptions[i].type = CLOUDABI_EVENTTYPE_FD_READ;
		subscriptions[i].fd_readwrite.fd = SYS_POLL_FD;
	}
	for (unsigned int i = 0; i < SYS_READY_MAX; i++) {
		ready_subscriptions[i].type = CLOUDABI_EVENTTYPE_FD_READ;
		ready_subscriptions[i].fd_readwrite.fd = SYS_READY_FD;
	}
	return true;
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

static inline bool sys_poll(unsigned int n)
{
	size_t ready;

	return !vdso.poll(subscriptions, events, n + 1, &ready) && ready == 1;
}

static inline bool sys_poll_ready(unsigned int n, bool bytes)
{
	size_t ready;

	(void)bytes;
	return !vdso.poll(ready_subscriptions, events, n, &ready) &&
	       ready == n && events[n - 1].fd_readwrite.nbytes == 1;
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

static inline cloudabi_lookup_t sys_at(int dir)
{
	return (cloudabi_lookup_t){ .fd = dir };
}

static inline bool sys_open_as(int dir, const char *name,
			       cloudabi_oflags_t flags,
			       cloudabi_rights_t rights)
{
	cloudabi_fdstat_t stat = { .fs_rights_base = rights };
	cloudabi_fd_t fd;

	return !vdso.file_open(sys_at(dir), name, SYS_LENGTH(name), flags,
			       &stat, &fd) &&
	       !vdso.fd_close(fd);
}

/* All that a regular file can have. */
#define SYS_RIGHTS 0x11c3801ffull

static inline bool sys_open_close(int dir, const char *name)
{
	return sys_open_as(dir, name, 0, SYS_RIGHTS);
}

static inline bool sys_open_close_few(int dir, const char *name)
{
	return sys_open_as(dir, name, 0,
			   CLOUDABI_RIGHT_FD_READ | CLOUDABI_RIGHT_FD_WRITE |
				   CLOUDABI_RIGHT_FD_SEEK);
}

static inline bool sys_create_unlink(int dir, const char *name)
{
	return sys_open_as(dir, name, CLOUDABI_O_CREAT | CLOUDABI_O_EXCL,
			   SYS_RIGHTS) &
	       !vdso.file_unlink(dir, name, SYS_LENGTH(name), 0);
}

static inline bool sys_stat(int dir, const char *name)
{
	cloudabi_filestat_t stat;

	return !vdso.file_stat_get(sys_at(dir), name, SYS_LENGTH(name), &stat);
}

static inline bool sys_readlink(int dir, const char *name, void *buf,
				size_t len)
{
	size_t used;

	return !vdso.file_readlink(dir, name, SYS_LENGTH(name), buf, len,
				   &used) &&
	       used;
}

static inline bool sys_rename(int dir, const char *from, const char *to)
{
	return !vdso.file_rename(dir, from, SYS_LENGTH(from), dir, to,
				 SYS_LENGTH(to));
}

static inline bool sys_list(int dir, void *buf, size_t len)
{
	size_t used;

	return !vdso.file_readdir(dir, buf, len, 0, &used) && used &&
	       used < len;
}

static inline bool sys_send_as(int sock, const void *buf, size_t len,
			       const cloudabi_fd_t *fds, size_t count)
{
	cloudabi_ciovec_t iov = { .buf = buf, .buf_len = len };
	cloudabi_send_in_t in = {
		.si_data = &iov,
		.si_data_len = 1,
		.si_fds = fds,
		.si_fds_len = count,
	};
	cloudabi_send_out_t out;

	return !vdso.sock_send(sock, &in, &out) && out.so_datalen == len;
}

static inline bool sys_recv_as(int sock, void *buf, size_t len,
			       cloudabi_fd_t *fds, size_t count)
{
	cloudabi_iovec_t iov = { .buf = buf, .buf_len = len };
	cloudabi_recv_in_t in = {
		.ri_data = &iov,
		.ri_data_len = 1,
		.ri_fds = fds,
		.ri_fds_len = count,
	};
	cloudabi_recv_out_t out;

	return !vdso.sock_recv(sock, &in, &out) && out.ro_datalen == len &&
	       out.ro_fdslen == count;
}

static inline bool sys_send(int sock, const void *buf, size_t len)
{
	return sys_send_as(sock, buf, len, NULL, 0);
}

static inline bool sys_recv(int sock, void *buf, size_t len)
{
	return sys_recv_as(sock, buf, len, NULL, 0);
}

static inline bool sys_pass_close(int from, int to, int fd)
{
	cloudabi_fd_t number = fd;
	char byte = 0;

	return sys_send_as(from, &byte, 1, &number, 1) &&
	       sys_recv_as(to, &byte, 1, &number, 1) && !vdso.fd_close(number);
}

static inline bool sys_wait(cloudabi_fd_t child)
{
	cloudabi_subscription_t in = {
		.type = CLOUDABI_EVENTTYPE_PROC_TERMINATE,
		.proc_terminate.fd = child,
	};
	cloudabi_event_t out;
	size_t n;

	return !vdso.poll(&in, &out, 1, &n) && !out.error &&
	       !out.proc_terminate.exitcode && !out.proc_terminate.signal;
}

static inline bool sys_fork(int program)
{
	cloudabi_fd_t child;
	cloudabi_tid_t tid;

	if (vdso.proc_fork(&child, &tid))
		return false;
	if (child == CLOUDABI_PROCESS_CHILD) {
		if (program >= 0)
			vdso.proc_exec(program, "exit", 4, NULL, 0);
		vdso.proc_exit(program >= 0);
	}
	return sys_wait(child) & !vdso.fd_close(child);
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
