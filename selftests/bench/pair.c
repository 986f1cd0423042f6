// SPDX-License-Identifier: GPL-2.0
/*
 * pair ECHO PROGRAM ARG...: starts two programs with sockets between them. The
 * first has one end as descriptor 0 and nothing else. The second keeps what it
 * is given, but 8 and 9 as 11 and 12, for which shells have no numbers, and has the
 * other end as 8, and both ends of another pair as 9 and 10. What the second is
 * given it shares with nobody by the time it starts.
 *
 * Returns the exit status of the second, or 100 if not all was well, when both
 * have ended.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST_SHARED = 3, ECHO_FD = 8, HERE_FD, THERE_FD, GIVEN_FD, OWN = 13 };

static int outer[2], inner[2], go[2];

/* Out of the way of the numbers that the programs want. */
static bool make(int fds[2], bool sockets)
{
	int low[2];

	if (sockets ? socketpair(AF_UNIX, SOCK_STREAM, 0, low) : pipe(low))
		return false;
	for (int i = 0; i < 2; i++) {
		fds[i] = fcntl(low[i], F_DUPFD_CLOEXEC, OWN);
		close(low[i]);
	}
	return fds[0] >= 0 && fds[1] >= 0;
}

static void be_echo(char *program)
{
	char * const argv[] = { program, NULL };

	dup2(outer[0], 0);
	close_range(FIRST_SHARED, ~0u, 0);
	execve(program, argv, argv + 1);
	_exit(100);
}

/* Nobody can write the pipe any more when all have closed what they share. */
static void be_program(char **argv)
{
	char byte;

	close(go[1]);
	if (read(go[0], &byte, 1))
		_exit(100);
	dup2(ECHO_FD, GIVEN_FD);
	dup2(HERE_FD, GIVEN_FD + 1);
	dup2(outer[1], ECHO_FD);
	dup2(inner[0], HERE_FD);
	dup2(inner[1], THERE_FD);
	execv(argv[0], argv);
	_exit(100);
}

static int status_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 100;
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	pid_t echo, program;
	int status;

	if (argc < 3)
		return 2;
	if (!make(outer, true) || !make(inner, true) || !make(go, false)) {
		perror("pair");
		return 100;
	}
	echo = fork();
	if (!echo)
		be_echo(argv[1]);
	program = fork();
	if (!program)
		be_program(argv + 2);
	close_range(FIRST_SHARED, ~0u, 0);
	status = status_of(program);
	return status_of(echo) ? 100 : status;
}
