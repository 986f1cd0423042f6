/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Starts the program of door.h, native or CloudABI, and asks it to try entries
 * into the kernel.
 *
 *	struct door door;
 *
 *	door_install("door", OSABI_CLOUDABI);
 *	door_start(&door, "door", NULL, NULL);
 *	switch (door_ask(&door, requests, 3)) ...
 *	door_stop(&door);
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SELFTESTS_LAUNCH_H
#define _SELFTESTS_LAUNCH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crt/calls_gen.h"
#include "door.h"
#include "slow.h"

/* CLOUDABI_NR_*. */
enum {
#define X(name, number, inputs, results) CLOUDABI_NR_##name = number,
	CLOUDABI_FOR_EACH_CALL(X)
#undef X
};

#define OSABI_NATIVE	0
#define OSABI_CLOUDABI	17

/* How long a program may take that does nothing but spin, in ms. */
#define DOOR_PATIENCE 20000

/* How long it must have slept to be called asleep. */
#define DOOR_NAP 50

/**
 * struct door - a running program
 * @pid: its process, a child of the caller
 * @input: the writing end of its standard input
 * @output: the reading end of its standard output and error
 * @round: number of the last batch
 * @signal: the signal that it stopped at (DOOR_FAULTED)
 * @status: what waitpid() told of its end (DOOR_ENDED)
 * @ended: it has been waited for
 * @seized: the caller traces it
 */
struct door {
	pid_t pid;
	int input;
	int output;
	uint32_t round;
	int signal;
	int status;
	bool ended;
	bool seized;
};

/* What became of a batch. */
enum door_outcome {
	DOOR_ANSWERED,		/* the program went on after every request */
	DOOR_ENDED,		/* the process ended */
	DOOR_FAULTED,		/* it got a signal, and is seized */
	DOOR_ASLEEP,		/* it sleeps in the kernel */
	DOOR_RESTARTED,		/* it became another program by exec */
	DOOR_LOST,		/* nothing of that; the test is at fault */
};

static inline const char *door_outcome_name(enum door_outcome outcome)
{
	static const char *const names[] = {
		"answered", "ended", "faulted", "asleep", "restarted", "lost",
	};

	return names[outcome];
}

static inline void nap_us(long us)
{
	struct timespec t = { .tv_nsec = us * 1000 };

	nanosleep(&t, NULL);
}

/* --- The file ------------------------------------------------------------- */

struct door_file {
	Elf64_Ehdr header;
	Elf64_Phdr segment[3];
};

/* The requests that a file may have in it. */
#define DOOR_FILE_REQUESTS (0x1000 / DOOR_REQUEST_SIZE)

static inline void door_headers(struct door_file *file, unsigned char osabi)
{
	*file = (struct door_file){
		.header = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
				     ELFCLASS64, ELFDATA2LSB, EV_CURRENT,
				     osabi },
			.e_type = ET_EXEC,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_entry = DOOR_TEXT,
			.e_phoff = offsetof(struct door_file, segment),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 3,
		},
		.segment = {
			{
				.p_type = PT_LOAD,
				.p_flags = PF_R | PF_X,
				.p_offset = 0x1000,
				.p_vaddr = DOOR_TEXT,
				.p_filesz = door_text_end - door_text,
				.p_memsz = door_text_end - door_text,
				.p_align = 0x1000,
			},
			{
				/* What it is told, and the first requests. */
				.p_type = PT_LOAD,
				.p_flags = PF_R | PF_W,
				.p_offset = 0x2000,
				.p_vaddr = DOOR_DATA,
				.p_filesz = 0x2000,
				.p_memsz = DOOR_DATA_SIZE,
				.p_align = 0x1000,
			},
			{
				.p_type = PT_GNU_STACK,
				.p_flags = PF_R | PF_W,
			},
		},
	};
}

static inline bool put_at(int fd, off_t at, const void *bytes, size_t size)
{
	return pwrite(fd, bytes, size, at) == (ssize_t)size;
}

/**
 * door_install_batch() - make an executable file of the program, that does a
 * batch of requests without being asked
 * @path: of the file, which is replaced
 * @osabi: OSABI_*
 * @mode: of the file
 * @requests: the batch
 * @count: how many, DOOR_FILE_REQUESTS at most
 *
 * Return: 0 or -1 with errno.
 */
static inline int door_install_batch(const char *path, unsigned char osabi,
				     mode_t mode,
				     const struct door_request *requests,
				     unsigned int count)
{
	struct door_control control = {
		.go = !!count,
		.end = DOOR_REQUESTS + count * DOOR_REQUEST_SIZE,
	};
	struct door_file file;
	int fd, error = -1;

	door_headers(&file, osabi);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	if (fd < 0)
		return -1;
	if (put_at(fd, 0, &file, sizeof(file)) &&
	    put_at(fd, 0x1000, door_text, door_text_end - door_text) &&
	    put_at(fd, 0x2000, &control, sizeof(control)) &&
	    put_at(fd, 0x3000, requests, count * sizeof(*requests)) &&
	    !ftruncate(fd, 0x4000) && !fchmod(fd, mode))
		error = 0;
	close(fd);
	return error;
}

/* The same without a batch: it waits for requests. */
static inline int door_install(const char *path, unsigned char osabi,
			       mode_t mode)
{
	return door_install_batch(path, osabi, mode, NULL, 0);
}

/* --- Start and end -------------------------------------------------------- */

static inline bool door_read(const struct door *door, unsigned long address,
			     void *to, size_t size)
{
	struct iovec local = { to, size }, remote = { (void *)address, size };

	return process_vm_readv(door->pid, &local, 1, &remote, 1, 0) ==
	       (ssize_t)size;
}

static inline bool door_write(const struct door *door, unsigned long address,
			      const void *from, size_t size)
{
	struct iovec local = { (void *)from, size };
	struct iovec remote = { (void *)address, size };

	return process_vm_writev(door->pid, &local, 1, &remote, 1, 0) ==
	       (ssize_t)size;
}

/* Notes the end of the process, or that it stopped, without waiting for it. */
static inline bool door_waited(struct door *door)
{
	int status;

	if (door->ended)
		return true;
	if (waitpid(door->pid, &status, WNOHANG | __WALL) != door->pid)
		return false;
	door->signal = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
	door->ended = !door->signal;
	if (door->ended)
		door->status = status;
	return true;
}

/* In the new process: does not come back. */
static inline void door_exec(const char *path, int input, int output, int told,
			     int (*prepare)(void *), void *data)
{
	char *argv[] = { (char *)path, NULL }, *envp[] = { NULL };
	int error;

	/* Out of the way of 0, 1 and 2. */
	input = fcntl(input, F_DUPFD, 10);
	output = fcntl(output, F_DUPFD, 10);
	told = fcntl(told, F_DUPFD_CLOEXEC, 10);
	dup2(input, 0);
	dup2(output, 1);
	dup2(output, 2);
	dup2(told, 3);
	fcntl(3, F_SETFD, FD_CLOEXEC);
	syscall(SYS_close_range, 4, ~0U, 0);
	error = prepare ? prepare(data) : 0;
	if (!error) {
		execve(path, argv, envp);
		error = errno;
	}
	if (write(3, &error, sizeof(error)) < 0)
		abort();
	_exit(127);
}

static inline int door_wait_ready(struct door *door)
{
	long long limit = now_ms() + DOOR_PATIENCE;
	uint32_t ready = 0;

	do {
		if (door_read(door, DOOR_READY, &ready, sizeof(ready)) && ready)
			return 0;
		if (door_waited(door))
			return ECHILD;
		nap_us(200);
	} while (now_ms() < limit);
	return ETIMEDOUT;
}

/**
 * door_start() - start the program
 * @door: filled in
 * @path: the file
 * @prepare: called in the new process before exec, with descriptor 3 to be left
 *	alone; may be NULL. Returns 0, or an error to give up with.
 * @data: for @prepare
 *
 * Its standard input and output are pipes. When this returns 0 it runs, and has
 * not made any call.
 *
 * Return: 0; the error of exec or of @prepare; ECHILD if the process ended
 * without a word (its status is in @door); ETIMEDOUT.
 */
static inline int door_start(struct door *door, const char *path,
			     int (*prepare)(void *), void *data)
{
	int input[2], output[2], told[2];
	int error = 0;

	*door = (struct door){ .pid = -1 };
	if (pipe2(input, O_CLOEXEC) || pipe2(output, O_CLOEXEC) ||
	    pipe2(told, O_CLOEXEC))
		return errno;
	door->pid = fork();
	if (!door->pid)
		door_exec(path, input[0], output[1], told[1], prepare, data);
	close(input[0]);
	close(output[1]);
	close(told[1]);
	door->input = input[1];
	door->output = output[0];
	fcntl(door->output, F_SETFL, O_NONBLOCK);
	if (door->pid < 0)
		return errno;
	if (read(told[0], &error, sizeof(error)) == sizeof(error))
		waitpid(door->pid, &door->status, 0), door->ended = true;
	else
		error = door_wait_ready(door);
	close(told[0]);
	return error;
}

/* Kills the children of the caller, those which it got from others too. */
static inline void kill_children(void)
{
	char path[64];
	FILE *file;
	int child;

	snprintf(path, sizeof(path), "/proc/self/task/%ld/children",
		 syscall(SYS_gettid));
	do {
		file = fopen(path, "r");
		while (file && fscanf(file, "%d", &child) == 1)
			kill(child, SIGKILL);
		if (file)
			fclose(file);
	} while (waitpid(-1, NULL, __WALL) > 0);
}

/**
 * door_stop() - kill the program and give back what it took
 * @door: the program; its status may be looked at afterwards
 */
static inline void door_stop(struct door *door)
{
	int status;
	pid_t pid;

	if (door->pid > 0 && !door->ended)
		kill(door->pid, SIGKILL);
	/* Of its threads, too, if they are traced. */
	while (door->pid > 0 && !door->ended) {
		pid = waitpid(-1, &status, __WALL);
		if (pid == door->pid) {
			door->status = status;
			door->ended = !WIFSTOPPED(status);
		}
		if (pid < 0)
			break;
		if (WIFSTOPPED(status))
			ptrace(PTRACE_CONT, pid, 0, SIGKILL);
	}
	close(door->input);
	close(door->output);
}

/**
 * door_seize() - trace the program from now on, so that it stops before a
 * signal kills it, and at a new thread
 * @door: the program
 *
 * Its system calls stay unseen.
 *
 * Return: 0 or -1 with errno.
 */
static inline int door_seize(struct door *door)
{
	if (ptrace(PTRACE_SEIZE, door->pid, 0, PTRACE_O_TRACECLONE))
		return -1;
	door->seized = true;
	return 0;
}

/* --- Requests ------------------------------------------------------------- */

static inline char door_state(const struct door *door)
{
	char path[64], text[512] = "", *end;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", door->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	end = strrchr(text, ')');
	return end ? end[2] : 0;
}

/* Tells the program to do the batch that is in its memory. */
static inline bool door_go(struct door *door, unsigned int count)
{
	uint64_t end = DOOR_REQUESTS + count * DOOR_REQUEST_SIZE;

	door->round++;
	return door_write(door, DOOR_END, &end, sizeof(end)) &&
	       door_write(door, DOOR_GO, &door->round, sizeof(door->round));
}

static inline enum door_outcome door_wait(struct door *door)
{
	long long now = now_ms(), limit = now + DOOR_PATIENCE, asleep = 0;
	struct door_control control;

	for (; now < limit; now = now_ms()) {
		if (door_waited(door))
			return door->ended ? DOOR_ENDED : DOOR_FAULTED;
		if (door_read(door, DOOR_DATA, &control, sizeof(control))) {
			if (control.ready && control.go != door->round)
				return DOOR_RESTARTED;
			if (control.done == door->round)
				return DOOR_ANSWERED;
		}
		if (door_state(door) != 'S')
			asleep = 0;
		else if (!asleep)
			asleep = now;
		else if (now - asleep > DOOR_NAP)
			return DOOR_ASLEEP;
		nap_us(100);
	}
	return DOOR_LOST;
}

/* It could not be told anything: it must be about to end. */
static inline enum door_outcome door_wait_end(struct door *door)
{
	long long limit = now_ms() + DOOR_PATIENCE;

	while (now_ms() < limit) {
		if (door_waited(door))
			return door->ended ? DOOR_ENDED : DOOR_FAULTED;
		nap_us(200);
	}
	return DOOR_LOST;
}

static inline bool door_fetch(struct door *door, struct door_request *requests,
			      unsigned int count)
{
	return door_read(door, DOOR_REQUESTS, requests,
			 count * sizeof(*requests));
}

/**
 * door_ask() - have a batch of requests done
 * @door: the program
 * @requests: what to do; the answers come back here, as far as the program's
 *	memory is still there
 * @count: how many, DOOR_MAX_REQUESTS at most
 *
 * Return: what became of it; after DOOR_ANSWERED all requests have answers.
 */
static inline enum door_outcome door_ask(struct door *door,
					 struct door_request *requests,
					 unsigned int count)
{
	enum door_outcome outcome;

	if (!door_write(door, DOOR_REQUESTS, requests,
			count * sizeof(*requests)) || !door_go(door, count))
		return door_wait_end(door);
	outcome = door_wait(door);
	if (outcome != DOOR_ENDED)
		door_fetch(door, requests, count);
	return outcome;
}

#endif /* _SELFTESTS_LAUNCH_H */
