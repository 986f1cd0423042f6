/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The native process that started a test, and what can be asked of it.
 *
 * It has the same open files at the same numbers, and what is at the other end
 * of pipes, sockets and terminals. Requests and answers are of one size; they
 * go through the stream socket HELPER_FD, one after the other.
 *
 * This file is also for native programs.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _TESTS_HELPER_H
#define _TESTS_HELPER_H

#include <stdint.h>

/* Descriptors that the program starts with. */
enum given_fd {
	HELPER_FD = 3,
	/* Open files of their own for one regular file. */
	FILE_RW,
	FILE_RO,
	FILE_WO,
	FILE_APPEND,
	FILE_DSYNC,
	FILE_SYNC,
	FILE_NONBLOCK,
	DIRECTORY,
	/* The helper has the other end of these. */
	PIPE_IN,
	PIPE_OUT,
	UNIX_STREAM,
	UNIX_DGRAM,
	TCP,
	UDP,
	TERMINAL,
	/* Both ends of a pipe. */
	FIFO_READ,
	FIFO_WRITE,
	DEV_NULL,
	DEV_ZERO,
	DEV_FULL,
	MEMORY,
	EVENT,
	PATH_ONLY,
	/* A regular file of 64 KiB that no test changes; byte n is n % 251. */
	PATTERN,
	/* The directory of the tests, native ones and programs/. */
	EXECUTABLES,
	GIVEN_END,
};

#define PATTERN_SIZE 65536
#define PATTERN_BYTE(offset) ((uint8_t)((offset) % 251))

/*
 * What can be asked for. The result is the one of the system call that is
 * named, or the number described; -errno where it fails.
 */
enum helper_op {
	HELPER_STAT_SIZE,	/* st_size of @fd */
	HELPER_TRUNCATE,	/* ftruncate() @fd to @a */
	HELPER_PREAD,		/* @len bytes of @fd from @a */
	HELPER_PWRITE,		/* @data to @fd at @a */
	HELPER_OFFSET,		/* offset of @fd */
	HELPER_GETFL,		/* F_GETFL of @fd */
	HELPER_SETFL,		/* F_SETFL of @fd to @a */
	HELPER_PEER_READ,	/* read() of the other end of @fd */
	HELPER_PEER_WRITE,	/* write() @data to the other end of @fd */
	HELPER_PEER_CLOSE,	/* close the other end of @fd */
	HELPER_PEER_SHUTDOWN,	/* shutdown(SHUT_WR) the other end of @fd */
	/* Send @data with the end of a pipe that only the receiver has then. */
	HELPER_PEER_SENDFD,
	/* Send @data with @b times the program's number @a, or HELPER_GIVE_* */
	HELPER_PEER_SENDFDS,
	/*
	 * Receive; the first descriptor counts as taken.  Result: bytes, in
	 * @data; values: how many descriptors, flags of Linux.
	 */
	HELPER_PEER_RECVFDS,
	HELPER_PEER_RELAY,	/* receive, send back; how many descriptors */
	HELPER_SENT_IS_OPEN,	/* whether anybody has that end open */
	/*
	 * Answered at once; when the program sleeps, does what the bits of @a
	 * say, then writes @data to the other end of @fd, if any.
	 */
	HELPER_DISTURB,
	/* Result: 0 or what hindered it, -errno. */
	HELPER_DISTURBED,
	/* Values: how many bytes were drained, how many were not the pattern */
	HELPER_DRAINED,
	HELPER_COUNT_FDS,	/* descriptors of the program */
	HELPER_COUNT_SOCKETS,	/* AF_UNIX sockets of the system */
	HELPER_MODULE_USERS,	/* how often the module is in use */
	HELPER_VM_PAGES,	/* size of the program */
	HELPER_NAP,		/* nothing, for @a ms */
	HELPER_SETSOCKOPT,	/* SOL_SOCKET option @a of @fd to @b */
	HELPER_RLIMIT,		/* set limit @a to @b; value: the old one */
	/* @data is the line of /proc/PID/smaps for address @a, then VmFlags. */
	HELPER_MAPS,
	HELPER_CLOCK,		/* clock_gettime(@a) in nanoseconds */
	HELPER_CLOCK_RES,	/* clock_getres(@a) in nanoseconds */
	HELPER_CPU_CLOCK,	/* CPU clock of the program */
	HELPER_TAKE,		/* get the program's @fd by pidfd_getfd() */
	HELPER_TAKEN_CLOSE,	/* the rest is about what was taken */
	HELPER_TAKEN_READ,	/* read() @a bytes */
	HELPER_TAKEN_WRITE,	/* write() @data */
	HELPER_TAKEN_SEEK,	/* lseek() to @a, whence @b */
	HELPER_TAKEN_POLL,	/* poll(): revents */
	HELPER_TAKEN_MMAP,	/* mmap() with prot @a, shared */
	HELPER_TAKEN_FSYNC,	/* fsync() */
	HELPER_TAKEN_TRUNCATE,	/* ftruncate() to @a */
	HELPER_TAKEN_GETFL,	/* F_GETFL */
	HELPER_TAKEN_REOPEN,	/* open() of its place in /proc/self/fd */
	HELPER_TAKEN_RECV,	/* recv() @a bytes without waiting */
	HELPER_TAKEN_IOCTL,	/* ioctl(FIONREAD) */
	HELPER_FDINFO,		/* fdinfo of the program's @fd in @data */
	HELPER_WATCH,		/* look what @fd refers to, again and again */
	/* How often; values: how often nothing was there, how often another */
	HELPER_UNWATCH,
	/* Result: 0 as soon as the program's thread @a sleeps, -ETIMEDOUT */
	HELPER_ASLEEP,
	/* As soon as the program sleeps, do HELPER_DISTURB's @a, @b times */
	HELPER_PESTER,
	/* Stop that; result: how often it was done */
	HELPER_PESTERED,
	HELPER_STEP_CLOCK,	/* set the realtime clock @a nanoseconds on */
	HELPER_SUSPEND,		/* all processors and clocks, five seconds */
	HELPER_COUNT_TASKS,	/* threads of the program */
	HELPER_COUNT_CHILDREN,	/* its children, dead ones too */
	HELPER_COUNT_FILES,	/* open files of the system */
	HELPER_CHMOD,		/* /tmp/replace.file to mode @a */
	/* Do what the bits of @a say, again and again */
	HELPER_UNSETTLE,
	/* How often; whatever was changed is as before. */
	HELPER_SETTLE,
};

#define HELPER_STOP	1	/* SIGSTOP, then SIGCONT */
#define HELPER_WINCH	2	/* SIGWINCH */
#define HELPER_DRAIN	4	/* read @b bytes from the other end of @fd */
#define HELPER_SHUTDOWN	8	/* shutdown(SHUT_WR) the other end */
#define HELPER_LATER	16	/* wait 200 ms first */
#define HELPER_AWAKE	32	/* do not wait until the program sleeps */
#define HELPER_TRACE	64	/* attach to it, and let it go again */
#define HELPER_FREEZE	128	/* freeze its control group, and thaw it */
#define HELPER_IGNORED	256	/* send signals that are ignored */
#define HELPER_STEP	2048	/* set the realtime clock @b nanoseconds on */

#define HELPER_SHUT_OWN	512	/* shutdown(SHUT_RD) of @fd itself */
#define HELPER_WITH_FD	1024	/* send @data as HELPER_PEER_SENDFD does */

/* Sockets that are made for being sent. */
#define HELPER_GIVE_UNCONNECTED	1000	/* AF_UNIX stream */
#define HELPER_GIVE_LISTENER	1001	/* TCP */
#define HELPER_GIVE_SEQPACKET	1002	/* AF_UNIX */
#define HELPER_GIVE_TCP		1003	/* not connected */

/* Options and flags of Linux. */
#define HELPER_SO_TIMESTAMP 29
#define HELPER_SO_PASSCRED 16
#define HELPER_SO_PASSPIDFD 76

#define HELPER_MOVE	1	/* the program to the next processor */
#define HELPER_STEP_HOUR	2	/* the realtime clock by an hour, and back */
#define HELPER_SOURCE	4	/* the clock source, and back */

#define HELPER_RLIMIT_FSIZE 1
#define HELPER_RLIMIT_STACK 3
#define HELPER_RLIMIT_NPROC 6
#define HELPER_RLIMIT_NOFILE 7
#define HELPER_RLIMIT_AS 9

#define HELPER_DATA 960

struct helper_request {
	uint32_t op;
	uint32_t fd;
	uint64_t a;
	uint64_t b;
	uint64_t len;
	uint8_t data[HELPER_DATA];
};

struct helper_answer {
	int64_t result;
	uint64_t value[3];
	uint8_t data[HELPER_DATA];
};

#endif /* _TESTS_HELPER_H */
