/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the benchmark can do on either side: the same operations by native
 * system calls and by CloudABI calls.
 *
 * Each header defines these, as inline functions around one function call per
 * system call, such as a C library makes: to a stub in the executable, or to
 * one of the vDSO.
 *
 *	bool sys_init(void);
 *	bool sys_null(void);
 *	bool sys_read(int fd, void *buf, size_t len);
 *	bool sys_write(int fd, const void *buf, size_t len);
 *	bool sys_seek(int fd, uint64_t offset);
 *	bool sys_dup_close(int fd);
 *	bool sys_poll_init(void);
 *	bool sys_poll(unsigned int n);
 *	bool sys_poll_ready(unsigned int n, bool bytes);
 *	void *sys_map(bool writable);
 *	bool sys_unmap(void *page);
 *	bool sys_open_close(int dir, const char *name);
 *	bool sys_open_close_few(int dir, const char *name);
 *	bool sys_create_unlink(int dir, const char *name);
 *	bool sys_stat(int dir, const char *name);
 *	bool sys_readlink(int dir, const char *name, void *buf, size_t len);
 *	bool sys_rename(int dir, const char *from, const char *to);
 *	bool sys_list(int dir, void *buf, size_t len);
 *	bool sys_send(int sock, const void *buf, size_t len);
 *	bool sys_recv(int sock, void *buf, size_t len);
 *	bool sys_pass_close(int from, int to, int fd);
 *	bool sys_fork(int program);
 *	uint64_t sys_time(void);
 *	bool sys_clock(void);
 *	bool sys_resolution(void);
 *	_Noreturn void sys_exit(int code);
 *
 * A bool is whether all went as it should, and for transfers in full; where
 * nobody looks at it the compiler leaves the comparison out. sys_null() is the
 * call that does least; sys_poll(), after sys_poll_init(), asks SYS_POLL_FD, which
 * has nothing to read, so many times in one call, and sys_poll_ready()
 * SYS_READY_FD, which has one byte, and with @bytes also how many there are, which
 * CloudABI's call tells anyway; sys_map() makes one anonymous page, or NULL;
 * sys_time() is in nanoseconds. The last two do not need the kernel, if all is
 * well: they ask for the monotonic clock and for its resolution.
 *
 * Names start at a directory and stay beneath it, as far as native calls can
 * promise that: openat2() does. A file is opened for reading and writing, with
 * all rights that it then can have, or with few, of which native processes know
 * nothing. sys_list() reads a directory that fits the buffer, from its beginning.
 *
 * sys_send() and sys_recv() move bytes through sockets; sys_pass_close() sends one
 * byte and a descriptor, receives them at the other end, and closes the copy.
 *
 * sys_fork() makes a child, which ends at once or executes the program with one word
 * for an argument if there is one (not -1), waits for its end, and looks whether it
 * is the right one.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SYS_H
#define _SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYS_PAGE 4096
#define SYS_POLL_FD 5
#define SYS_READY_FD 12
#define SYS_READY_MAX 10
#define SYS_POLL_MAX 1000

/* The length of a name that the compiler knows. */
#define SYS_LENGTH(name) __builtin_strlen(name)

#ifdef __CloudABI__
#include "sys_cloudabi.h"
#else
#include "sys_native.h"
#endif

#endif /* _SYS_H */
