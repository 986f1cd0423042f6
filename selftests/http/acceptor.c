// SPDX-License-Identifier: GPL-2.0
/*
 * acceptor [-p PORT] DIRECTORY PROGRAM [ARG...]: listens on the loopback address
 * and hands all connections to a CloudABI program, which could not make any.
 *
 * The program has 2, for messages, DIRECTORY as descriptor 3 and a local stream
 * socket as descriptor 4, through which it is sent one connection with each byte
 * of data. It has nothing else.
 *
 * Without -p, or with 0, the kernel chooses a port. A line tells which it is. By
 * SIGTERM or SIGINT the acceptor stops; so it does when the program has ended. It
 * returns the program's exit status, or 125 if something goes wrong before.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/cloudabi_ctl.h>

enum { MESSAGES = 2, DIRECTORY, CONNECTIONS, FIRST_OTHER };

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	stopped = 1;
}

static void fail(const char *what)
{
	fprintf(stderr, "acceptor: %s: %s\n", what, strerror(errno));
	exit(125);
}

/* Signals come only while it waits for connections: none can be missed. */
static void catch_signals(sigset_t *before)
{
	const int signals[] = { SIGTERM, SIGINT, SIGCHLD };
	struct sigaction action = { .sa_handler = stop };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		sigaction(signals[i], &action, NULL);
		sigaddset(&set, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &set, before);
	signal(SIGPIPE, SIG_IGN);
}

static int listen_on(unsigned int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(address);
	int fd, on = 1;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(fd, SOMAXCONN) ||
	    getsockname(fd, (struct sockaddr *)&address, &len))
		fail("listen");
	printf("listening on port %u\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

/*
 * Without the module the kernel would take the program for a native one. It
 * stays open up to exec, so that the module cannot go before.
 */
static void ask_module(void)
{
	int fd = open("/dev/cloudabi", O_RDONLY | O_CLOEXEC);
	struct cloudabi_ctl_version version;

	if (fd < 0 || ioctl(fd, CLOUDABI_CTL_VERSION, &version))
		fail("/dev/cloudabi");
}

static void be_program(int directory, int connections, const sigset_t *mask,
		       char **argv)
{
	/* First out of the way of each other. */
	directory = fcntl(directory, F_DUPFD_CLOEXEC, FIRST_OTHER);
	connections = fcntl(connections, F_DUPFD_CLOEXEC, FIRST_OTHER);
	if (dup2(directory, DIRECTORY) < 0 ||
	    dup2(connections, CONNECTIONS) < 0 ||
	    close_range(FIRST_OTHER, ~0u, CLOSE_RANGE_CLOEXEC))
		fail("dup2");
	ask_module();
	close(0);
	close(1);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execv(argv[0], argv);
	fail(argv[0]);
}

static pid_t start(const char *path, char **argv, const sigset_t *mask,
		   int *connections)
{
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int pair[2];
	pid_t pid;

	if (directory < 0)
		fail(path);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		fail("socketpair");
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (!pid)
		be_program(directory, pair[0], mask, argv);
	close(directory);
	close(pair[0]);
	*connections = pair[1];
	return pid;
}

/* False if there is nobody any more to send it to. */
static bool send_fd(int to, int fd)
{
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {
		.header = {
			.cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		},
	};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(to, &msg, MSG_NOSIGNAL) == 1;
}

/* Whatever becomes of one connection, the others go on. */
static bool hand_over(int listener, int to)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC), on = 1;
	bool sent;

	if (fd < 0)
		return true;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	sent = send_fd(to, fd);
	close(fd);
	return sent;
}

static void accept_all(int listener, int to, const sigset_t *mask)
{
	struct pollfd poll_fd = { .fd = listener, .events = POLLIN };

	while (!stopped) {
		if (ppoll(&poll_fd, 1, NULL, mask) > 0 &&
		    !hand_over(listener, to))
			return;
	}
}

static int explain(void)
{
	fprintf(stderr,
		"usage: acceptor [-p PORT] DIRECTORY PROGRAM [ARG...]\n");
	return 125;
}

int main(int argc, char **argv)
{
	int listener, connections, status, option;
	unsigned int port = 0;
	sigset_t mask;
	pid_t pid;

	while ((option = getopt(argc, argv, "+p:")) != -1) {
		if (option != 'p')
			return explain();
		port = atoi(optarg);
	}
	if (argc - optind < 2)
		return explain();
	catch_signals(&mask);
	pid = start(argv[optind], argv + optind + 1, &mask, &connections);
	listener = listen_on(port);
	accept_all(listener, connections, &mask);
	close(listener);
	close(connections);
	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}
