/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Has a CloudABI process make calls, one by one:
 *
 *	struct puppet puppet;
 *	struct answer answer;
 *
 *	puppet_start(&puppet, (int[]){ dir }, 1, NULL, NULL);
 *	answer = call_file_unlink(&puppet, 3, "name", 0);
 *	EXPECT_ERRNO(CLOUDABI_ENOENT, answer);
 *	puppet_stop(&puppet);
 *
 * The descriptors that it is given have the numbers from 3 on. Paths and what
 * else is handed over have unreadable memory behind them.
 *
 * Where there are many calls they can be made at one go, which is faster:
 *
 *	puppet_record(&puppet);
 *	call_file_unlink(&puppet, 3, "one", 0);
 *	call_file_unlink(&puppet, 3, "two", 0);
 *	puppet_play(&puppet, answers);
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SELFTESTS_PUPPET_H
#define _SELFTESTS_PUPPET_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/cloudabi.h>

#include "../tools/lib/abi_names.h"
#include "programs/tests/puppet.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif

/* How long a call may take that is not expected to wait, in ms. */
#define PUPPET_PATIENCE 30000

/* Numbers above all that a puppet is given. */
#define PUPPET_AWAY 500

/* No puppet has this descriptor. */
#define CLOSED_FD 400

enum {
#define PUPPET_NUMBER(name, nr) NR_##name = nr
	PUPPET_NUMBER(fd_close, 3),
	PUPPET_NUMBER(fd_dup, 7),
	PUPPET_NUMBER(fd_read, 10),
	PUPPET_NUMBER(fd_seek, 12),
	PUPPET_NUMBER(fd_stat_get, 13),
	PUPPET_NUMBER(fd_stat_put, 14),
	PUPPET_NUMBER(fd_write, 16),
	PUPPET_NUMBER(file_advise, 17),
	PUPPET_NUMBER(file_allocate, 18),
	PUPPET_NUMBER(file_create, 19),
	PUPPET_NUMBER(file_link, 20),
	PUPPET_NUMBER(file_open, 21),
	PUPPET_NUMBER(file_readdir, 22),
	PUPPET_NUMBER(file_readlink, 23),
	PUPPET_NUMBER(file_rename, 24),
	PUPPET_NUMBER(file_stat_fget, 25),
	PUPPET_NUMBER(file_stat_fput, 26),
	PUPPET_NUMBER(file_stat_get, 27),
	PUPPET_NUMBER(file_stat_put, 28),
	PUPPET_NUMBER(file_symlink, 29),
	PUPPET_NUMBER(file_unlink, 30),
	PUPPET_NUMBER(poll, 37),
	PUPPET_NUMBER(proc_exec, 38),
	PUPPET_NUMBER(proc_exit, 39),
	PUPPET_NUMBER(proc_fork, 40),
	PUPPET_NUMBER(proc_raise, 41),
	PUPPET_NUMBER(sock_send, 44),
#undef PUPPET_NUMBER
};

#define FOLLOW CLOUDABI_LOOKUP_SYMLINK_FOLLOW
#define REMOVEDIR CLOUDABI_UNLINK_REMOVEDIR

/**
 * struct puppet - a CloudABI process that does as it is told
 * @pid: its process
 * @control: its socket
 * @memory: what it shares with us
 * @recording: calls are noted, not made
 * @used: how much is in use of each cage, when recording
 */
struct puppet {
	pid_t pid;
	int control;
	uint8_t *memory;
	bool recording;
	size_t used[PUPPET_CAGES];
};

/**
 * struct answer - what became of a call
 * @error: CLOUDABI_E*, 0 if it succeeded, -1 if it has not returned yet
 * @value: its first result
 * @second: its second result
 */
struct answer {
	int error;
	uint64_t value;
	uint64_t second;
};

static inline const char *answer_name(int error)
{
	const char *name;

	if (!error)
		return "success";
	if (error == -1)
		return "(has not returned)";
	name = cloudabi_errno_name(error);
	return name ? name : "(no error of the ABI)";
}

/* For tests of the harness, which tells where. */
#define EXPECT_ERRNO(expected, answer)					\
	EXPECT_STREQ(answer_name(expected), answer_name((answer).error))

#define EXPECT_OK(answer) EXPECT_ERRNO(0, answer)

#define ASSERT_OK(answer)						\
	ASSERT_STREQ("success", answer_name((answer).error))

/* --- Start and end -------------------------------------------------------- */

static inline struct puppet_script *puppet_script(const struct puppet *p)
{
	return (struct puppet_script *)p->memory;
}

/* In the new process: what it is given gets the numbers from 0 on. */
static inline void puppet_arrange(const int *fds, unsigned int n)
{
	int high[PUPPET_AWAY];

	for (unsigned int i = 0; i < n; i++)
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, PUPPET_AWAY);
	for (unsigned int i = 0; i < n; i++) {
		close(i);
		if (high[i] >= 0)
			dup2(high[i], i);
	}
}

/* Where the program is, whatever is mounted where since. */
static inline int puppet_program(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("programs/puppet", O_PATH | O_CLOEXEC);
	return fd;
}

static inline void puppet_exec(const int *fds, unsigned int n,
			       int (*prepare)(void *), void *data)
{
	char *argv[] = { "puppet", NULL }, *envp[] = { NULL };
	int program = fcntl(puppet_program(), F_DUPFD_CLOEXEC, PUPPET_AWAY);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	puppet_arrange(fds, n);
	if (prepare && prepare(data)) {
		dprintf(2, "# puppet: not prepared: %s\n", strerror(errno));
		_exit(126);
	}
	syscall(SYS_close_range, n, PUPPET_AWAY - 1, 0);
	syscall(SYS_close_range, n, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
	syscall(SYS_execveat, program, "", argv, envp, AT_EMPTY_PATH);
	dprintf(2, "# puppet: exec: %s\n", strerror(errno));
	_exit(127);
}

/* Whether a byte came: the call has returned. */
static inline bool puppet_returned(const struct puppet *p, int timeout)
{
	struct pollfd pollfd = { .fd = p->control, .events = POLLIN };
	char byte;

	return poll(&pollfd, 1, timeout) == 1 &&
	       read(p->control, &byte, 1) == 1;
}

/**
 * puppet_make() - make all that a puppet needs but its process
 * @p: filled in
 * @fds: what the process has to have as PUPPET_SOCKET and PUPPET_MEMORY
 *
 * Return: 0 or -1 with errno.
 */
static inline int puppet_make(struct puppet *p, int fds[2])
{
	int control[2];

	*p = (struct puppet){ .pid = -1, .control = -1 };
	fds[1] = memfd_create("puppet", MFD_CLOEXEC);
	if (fds[1] < 0 || ftruncate(fds[1], PUPPET_SIZE) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control))
		return -1;
	p->memory = mmap(NULL, PUPPET_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 fds[1], 0);
	p->control = control[0];
	fds[0] = control[1];
	return 0;
}

/**
 * puppet_start() - start a puppet
 * @p: filled in
 * @fds: what it is given, from number 3 on
 * @n: how many
 * @prepare: called in the new process before exec, when it has its descriptors;
 *	returns 0, or not, with errno; may be NULL
 * @data: for @prepare
 *
 * Return: 0, or -1 if it could not be started.
 */
static inline int puppet_start(struct puppet *p, const int *fds, unsigned int n,
			       int (*prepare)(void *), void *data)
{
	int all[64];

	if (n > 60 || puppet_program() < 0 || puppet_make(p, all))
		return -1;
	all[PUPPET_MESSAGES] = 2;
	for (unsigned int i = 0; i < n; i++)
		all[PUPPET_GIVEN + i] = fds[i];
	p->pid = fork();
	if (!p->pid)
		puppet_exec(all, PUPPET_GIVEN + n, prepare, data);
	close(all[PUPPET_SOCKET]);
	close(all[PUPPET_MEMORY]);
	return puppet_returned(p, PUPPET_PATIENCE) ? 0 : -1;
}

/* Ends it, whatever it does. */
static inline void puppet_stop(struct puppet *p)
{
	if (p->pid > 0) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
	if (p->memory)
		munmap(p->memory, PUPPET_SIZE);
	if (p->control >= 0)
		close(p->control);
	*p = (struct puppet){ .pid = -1, .control = -1 };
}

/* --- Memory --------------------------------------------------------------- */

/* Which cage is for what. */
enum { FIRST, SECOND, BUFFER };

/* @size bytes at the end of a cage: seen from here, and from there. */
static inline void *puppet_seen(const struct puppet *p, unsigned int cage,
				size_t size)
{
	return p->memory + puppet_cage(cage) + puppet_cage_size(cage) - size;
}

static inline uint64_t puppet_there(const struct puppet *p, unsigned int cage,
				    size_t size)
{
	return puppet_script(p)->base + puppet_cage(cage) +
	       puppet_cage_size(cage) - size;
}

/*
 * Of what is noted together, the first has nothing behind it, and so have those
 * that are the same; the others are put before it.
 */
static inline uint64_t puppet_put(struct puppet *p, unsigned int cage,
				  const void *data, size_t size)
{
	size_t end = 0;

	if (p->recording && p->used[cage] &&
	    memcmp(puppet_seen(p, cage, size), data, size))
		end = p->used[cage];
	end += size;
	if (end > puppet_cage_size(cage))
		return 0;
	if (end > p->used[cage])
		p->used[cage] = (end + 7) & ~7ul;
	memcpy(puppet_seen(p, cage, end), data, size);
	return puppet_there(p, cage, end);
}

/* Where nobody may read or write. */
static inline uint64_t puppet_nowhere(const struct puppet *p)
{
	return puppet_there(p, FIRST, 0);
}

/* --- Calls ---------------------------------------------------------------- */

static inline void puppet_go(const struct puppet *p)
{
	char byte = 0;

	if (write(p->control, &byte, 1) != 1)
		perror("# puppet");
}

static inline struct answer puppet_answer(const struct puppet *p,
					  unsigned int n)
{
	const struct puppet_call *call = &puppet_script(p)->calls[n];

	if (call->failed)
		return (struct answer){ .error = (int)call->first };
	return (struct answer){ 0, call->first, call->second };
}

/* Starts a call; puppet_end() tells what became of it. */
static inline void puppet_begin(const struct puppet *p, uint64_t nr,
				const uint64_t args[6])
{
	struct puppet_script *script = puppet_script(p);
	struct puppet_call *call;

	if (!p->recording)
		script->n = 0;
	call = &script->calls[script->n++];
	*call = (struct puppet_call){ .nr = nr };
	memcpy(call->args, args, sizeof(call->args));
	if (!p->recording)
		puppet_go(p);
}

static inline struct answer puppet_end(const struct puppet *p, int timeout)
{
	if (p->recording || !puppet_returned(p, timeout))
		return (struct answer){ .error = -1 };
	return puppet_answer(p, 0);
}

/* From now on calls are noted, PUPPET_CALLS of them at most. */
static inline void puppet_record(struct puppet *p)
{
	p->recording = true;
	memset(p->used, 0, sizeof(p->used));
	puppet_script(p)->n = 0;
}

/* Makes the calls that were noted, and tells what became of each. */
static inline void puppet_play(struct puppet *p, struct answer *answers)
{
	unsigned int n = puppet_script(p)->n;
	bool returned;

	p->recording = false;
	puppet_go(p);
	returned = puppet_returned(p, PUPPET_PATIENCE);
	for (unsigned int i = 0; i < n; i++)
		answers[i] = returned ? puppet_answer(p, i) :
					(struct answer){ .error = -1 };
}

#define PUPPET_ARGS(...) ((const uint64_t[6]) { __VA_ARGS__ })

#define puppet_call(p, name, ...)					\
	({								\
		puppet_begin(p, NR_##name, PUPPET_ARGS(__VA_ARGS__));	\
		puppet_end(p, PUPPET_PATIENCE);				\
	})

static inline uint64_t lookup_arg(uint32_t fd, uint32_t flags)
{
	return (uint64_t)flags << 32 | fd;
}

/* A path, whose length may not be that of the string. */
struct path_arg {
	const char *text;
	size_t length;
};

static inline struct path_arg
P(const char *string)
{
	struct path_arg path = { string, strlen(string) };

	return path;
}

static inline uint64_t put_path(struct puppet *p, unsigned int cage,
				struct path_arg path)
{
	return puppet_put(p, cage, path.text, path.length);
}

static inline struct answer call_fd_close(struct puppet *p, uint32_t fd)
{
	return puppet_call(p, fd_close, fd);
}

static inline struct answer call_fd_dup(struct puppet *p, uint32_t fd)
{
	return puppet_call(p, fd_dup, fd);
}

static inline struct answer call_fd_stat_get(struct puppet *p,
					     uint32_t fd,
					     cloudabi_fdstat_t *stat)
{
	struct answer a = puppet_call(p, fd_stat_get, fd,
				      puppet_there(p, FIRST, sizeof(*stat)));

	memcpy(stat, puppet_seen(p, FIRST, sizeof(*stat)), sizeof(*stat));
	return a;
}

static inline struct answer call_fd_stat_put(struct puppet *p,
					     uint32_t fd,
					     const cloudabi_fdstat_t *stat,
					     uint16_t flags)
{
	return puppet_call(p, fd_stat_put, fd,
			   puppet_put(p, FIRST, stat, sizeof(*stat)), flags);
}

static inline struct answer put_rights(struct puppet *p, uint32_t fd,
				       uint64_t base, uint64_t inheriting)
{
	cloudabi_fdstat_t stat = {
		.fs_rights_base = base,
		.fs_rights_inheriting = inheriting,
	};

	return call_fd_stat_put(p, fd, &stat, CLOUDABI_FDSTAT_RIGHTS);
}

/* At most as much as fits the large cage; see puppet_seen() for the bytes. */
static inline struct answer call_fd_read(struct puppet *p, uint32_t fd,
					 size_t size)
{
	cloudabi64_iovec_t iov = { puppet_there(p, BUFFER, size), size };

	return puppet_call(p, fd_read, fd,
			   puppet_put(p, FIRST, &iov, sizeof(iov)), 1);
}

static inline struct answer call_fd_write(struct puppet *p, uint32_t fd,
					  const void *data, size_t size)
{
	cloudabi64_ciovec_t iov = { puppet_put(p, BUFFER, data, size), size };

	return puppet_call(p, fd_write, fd,
			   puppet_put(p, FIRST, &iov, sizeof(iov)), 1);
}

static inline struct answer call_file_advise(struct puppet *p,
					     uint32_t fd, uint64_t offset,
					     uint64_t len, uint64_t advice)
{
	return puppet_call(p, file_advise, fd, offset, len, advice);
}

static inline struct answer call_file_allocate(struct puppet *p,
					       uint32_t fd, uint64_t offset,
					       uint64_t len)
{
	return puppet_call(p, file_allocate, fd, offset, len);
}

static inline struct answer call_file_create(struct puppet *p,
					     uint32_t fd, struct path_arg path,
					     uint64_t type)
{
	return puppet_call(p, file_create, fd, put_path(p, FIRST, path),
			   path.length, type);
}

static inline struct answer call_file_link(struct puppet *p, uint32_t fd1,
					   uint32_t flags,
					   struct path_arg path1, uint32_t fd2,
					   struct path_arg path2)
{
	return puppet_call(p, file_link, lookup_arg(fd1, flags),
			   put_path(p, FIRST, path1), path1.length, fd2,
			   put_path(p, SECOND, path2), path2.length);
}

/**
 * struct opening - how a file is opened
 * @flags: how to look it up
 * @oflags: how to open it
 * @base: base rights to ask for
 * @inheriting: inheriting rights to ask for
 * @fdflags: flags of the descriptor
 */
struct opening {
	uint32_t flags;
	uint16_t oflags;
	uint64_t base;
	uint64_t inheriting;
	uint16_t fdflags;
};

static inline void begin_file_open(struct puppet *p, uint32_t fd,
				   struct path_arg path,
				   const struct opening *how)
{
	cloudabi_fdstat_t stat = {
		.fs_flags = how->fdflags,
		.fs_rights_base = how->base,
		.fs_rights_inheriting = how->inheriting,
	};

	puppet_begin(p, NR_file_open,
		     PUPPET_ARGS(lookup_arg(fd, how->flags),
				 put_path(p, FIRST, path), path.length,
				 how->oflags,
				 puppet_put(p, SECOND, &stat, sizeof(stat))));
}

static inline struct answer call_file_open(struct puppet *p, uint32_t fd,
					   struct path_arg path,
					   const struct opening *how)
{
	begin_file_open(p, fd, path, how);
	return puppet_end(p, PUPPET_PATIENCE);
}

static inline struct answer call_file_readdir(struct puppet *p,
					      uint32_t fd, size_t size,
					      uint64_t cookie)
{
	return puppet_call(p, file_readdir, fd, puppet_there(p, BUFFER, size),
			   size, cookie);
}

static inline struct answer call_file_readlink(struct puppet *p,
					       uint32_t fd,
					       struct path_arg path,
					       size_t size)
{
	return puppet_call(p, file_readlink, fd, put_path(p, FIRST, path),
			   path.length, puppet_there(p, BUFFER, size), size);
}

static inline struct answer call_file_rename(struct puppet *p,
					     uint32_t fd1,
					     struct path_arg path1,
					     uint32_t fd2,
					     struct path_arg path2)
{
	return puppet_call(p, file_rename, fd1, put_path(p, FIRST, path1),
			   path1.length, fd2, put_path(p, SECOND, path2),
			   path2.length);
}

static inline struct answer call_file_stat_fget(struct puppet *p,
						uint32_t fd,
						cloudabi_filestat_t *stat)
{
	struct answer a = puppet_call(p, file_stat_fget, fd,
				      puppet_there(p, SECOND, sizeof(*stat)));

	memcpy(stat, puppet_seen(p, SECOND, sizeof(*stat)), sizeof(*stat));
	return a;
}

static inline struct answer call_file_stat_fput(struct puppet *p,
						uint32_t fd,
						const cloudabi_filestat_t *stat,
						uint16_t flags)
{
	return puppet_call(p, file_stat_fput, fd,
			   puppet_put(p, SECOND, stat, sizeof(*stat)), flags);
}

static inline struct answer call_file_stat_get(struct puppet *p,
					       uint32_t fd, uint32_t flags,
					       struct path_arg path,
					       cloudabi_filestat_t *stat)
{
	struct answer a = puppet_call(p, file_stat_get, lookup_arg(fd, flags),
				      put_path(p, FIRST, path), path.length,
				      puppet_there(p, SECOND, sizeof(*stat)));

	memcpy(stat, puppet_seen(p, SECOND, sizeof(*stat)), sizeof(*stat));
	return a;
}

static inline struct answer call_file_stat_put(struct puppet *p,
					       uint32_t fd, uint32_t flags,
					       struct path_arg path,
					       const cloudabi_filestat_t *stat,
					       uint16_t fsflags)
{
	return puppet_call(p, file_stat_put, lookup_arg(fd, flags),
			   put_path(p, FIRST, path), path.length,
			   puppet_put(p, SECOND, stat, sizeof(*stat)), fsflags);
}

static inline struct answer call_file_symlink(struct puppet *p,
					      struct path_arg contents,
					      uint32_t fd, struct path_arg path)
{
	return puppet_call(p, file_symlink, put_path(p, FIRST, contents),
			   contents.length, fd, put_path(p, SECOND, path),
			   path.length);
}

static inline struct answer call_file_unlink(struct puppet *p,
					     uint32_t fd, struct path_arg path,
					     uint64_t flags)
{
	return puppet_call(p, file_unlink, fd, put_path(p, FIRST, path),
			   path.length, flags);
}

/* @socket and @memory are the numbers of what puppet_make() made for the child. */
static inline struct answer call_proc_fork(struct puppet *p, uint32_t socket,
					   uint32_t memory)
{
	return puppet_call(p, proc_fork, socket, memory);
}

/* Waits until what call_proc_fork() made can be told what to do. */
static inline bool puppet_is_born(struct puppet *child)
{
	if (!puppet_returned(child, PUPPET_PATIENCE))
		return false;
	child->pid = puppet_script(child)->tid;
	return true;
}

static inline void begin_proc_exec(struct puppet *p, uint32_t fd,
				   const void *data, size_t size,
				   const uint32_t *fds, size_t n)
{
	puppet_begin(p, NR_proc_exec,
		     PUPPET_ARGS(fd, puppet_put(p, BUFFER, data, size), size,
				 puppet_put(p, SECOND, fds, n * sizeof(*fds)),
				 n));
}

/* If it succeeds, so does the first thing that the new program does. */
static inline struct answer call_proc_exec(struct puppet *p, uint32_t fd,
					   const void *data, size_t size,
					   const uint32_t *fds, size_t n)
{
	begin_proc_exec(p, fd, data, size, fds, n);
	return puppet_end(p, PUPPET_PATIENCE);
}

/* One byte, and a descriptor with it. */
static inline struct answer call_sock_send(struct puppet *p, uint32_t fd,
					   uint32_t sent)
{
	cloudabi64_ciovec_t iov = { puppet_put(p, BUFFER, "x", 1), 1 };
	struct {
		cloudabi64_send_in_t in;
		cloudabi64_ciovec_t iov;
		uint64_t sent;
	} all = { .iov = iov, .sent = sent };
	uint64_t at = puppet_there(p, FIRST, sizeof(all));

	all.in.si_data = at + offsetof(typeof(all), iov);
	all.in.si_data_len = 1;
	all.in.si_fds = at + offsetof(typeof(all), sent);
	all.in.si_fds_len = 1;
	return puppet_call(p, sock_send, fd,
			   puppet_put(p, FIRST, &all, sizeof(all)),
			   puppet_there(p, SECOND,
					sizeof(cloudabi64_send_out_t)));
}

#endif /* _SELFTESTS_PUPPET_H */
