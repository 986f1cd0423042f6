// SPDX-License-Identifier: GPL-2.0
/*
 * garbage: sockets that only their own messages refer to.
 *
 *	garbage [churn]
 *
 * All of them must go, and none that a process still has. With "churn" it makes
 * such garbage and passes descriptors around until it is killed.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "args.h"
#include "ask.h"
#include "sock.h"

#define ROUNDS 60

static const cloudabi_filetype_t types[] = { STREAM, DGRAM };

/* --- Rings --------------------------------------------------------------- */

static cloudabi_fd_t narrowed(cloudabi_fd_t fd)
{
	cloudabi_fd_t narrow = dup_without(fd, CLOUDABI_RIGHT_FD_STAT_PUT_FLAGS);

	CHECK_OK(cloudabi_sys_fd_close(fd));
	return narrow;
}

/* @narrow: bit N says that descriptor N of those that are made has less. */
static void narrow_some(cloudabi_fd_t *fds, size_t count, unsigned int narrow)
{
	for (size_t i = 0; i < count; i++) {
		if (narrow & 1u << i)
			fds[i] = narrowed(fds[i]);
	}
}

/* A socket in a message that only it could receive. */
static void in_itself(cloudabi_filetype_t type, unsigned int narrow)
{
	cloudabi_fd_t pair[2];

	make_pair(type, pair);
	narrow_some(pair, 2, narrow);
	send_text(pair[0], "x", &pair[1], 1);
	close_all(pair, 2);
}

/* The same socket, more than once in one message and in many. */
static void in_itself_often(cloudabi_filetype_t type, unsigned int narrow)
{
	cloudabi_fd_t pair[2];

	make_pair(type, pair);
	narrow_some(pair, 2, narrow);
	for (unsigned int i = 0; i < 3; i++)
		send_text(pair[0], "x",
			  (cloudabi_fd_t[]){ pair[1], pair[0], pair[1] }, 3);
	close_all(pair, 2);
}

/* Two sockets, each in a message to the other. */
static void in_each_other(cloudabi_filetype_t type, unsigned int narrow)
{
	cloudabi_fd_t fds[4];

	make_pair(type, fds);
	make_pair(type, fds + 2);
	narrow_some(fds, 4, narrow);
	send_text(fds[0], "x", &fds[3], 1);
	send_text(fds[2], "x", &fds[1], 1);
	close_all(fds, 4);
}

/* It has been received before, and is what came in the message. */
static void in_itself_after_a_trip(cloudabi_filetype_t type,
				   unsigned int narrow)
{
	cloudabi_fd_t pair[2], way[2], got = CLOSED_FD;

	make_pair(type, pair);
	make_pair(type, way);
	narrow_some(pair, 2, narrow);
	send_text(way[0], "x", &pair[1], 1);
	CHECK_RECV(way[1], 4, &got, 1, 0, "x", 1, 0);
	send_text(pair[0], "x", &got, 1);
	close_all(pair, 2);
	close_all(way, 2);
	CHECK_OK(cloudabi_sys_fd_close(got));
}

/* Looked at, and left there. */
static void in_itself_after_a_look(cloudabi_filetype_t type,
				   unsigned int narrow)
{
	cloudabi_fd_t pair[2], got = CLOSED_FD;

	make_pair(type, pair);
	narrow_some(pair, 2, narrow);
	send_text(pair[0], "x", &pair[1], 1);
	CHECK_RECV(pair[1], 4, &got, 1, PEEK, "x", 0, 0);
	close_all(pair, 2);
}

static void (*const rings[])(cloudabi_filetype_t type, unsigned int narrow) = {
	in_itself, in_itself_often, in_each_other, in_itself_after_a_trip,
	in_itself_after_a_look,
};

/* --- Tests --------------------------------------------------------------- */

/* The collector starts when a socket is closed, and takes its time. */
static void collect(void)
{
	cloudabi_fd_t pair[2];

	make_pair(STREAM, pair);
	close_all(pair, 2);
	ask(HELPER_NAP, 0, 20, 0);
}

static void check_gone(int64_t sockets, int64_t users, int64_t fds)
{
	for (unsigned int i = 0; i < 200; i++) {
		collect();
		if (ask(HELPER_COUNT_SOCKETS, 0, 0, 0) <= sockets &&
		    ask(HELPER_MODULE_USERS, 0, 0, 0) <= users)
			break;
	}
	CHECK_EQ(ask(HELPER_COUNT_SOCKETS, 0, 0, 0), sockets);
	CHECK_EQ(ask(HELPER_MODULE_USERS, 0, 0, 0), users);
	CHECK_EQ(ask(HELPER_COUNT_FDS, 0, 0, 0), fds);
}

static void rings_are_collected(void)
{
	int64_t sockets = ask(HELPER_COUNT_SOCKETS, 0, 0, 0);
	int64_t users = ask(HELPER_MODULE_USERS, 0, 0, 0);
	int64_t fds = ask(HELPER_COUNT_FDS, 0, 0, 0);

	CHECK(sockets > 0 && users > 0);
	for (unsigned int i = 0; i < ROUNDS && !check_failed; i++) {
		for (size_t r = 0; r < ARRAY_SIZE(rings); r++)
			rings[r](types[i % 2], i / 2);
	}
	check_gone(sockets, users, fds);
}

/* A socket that is in its own queue, of which a process has a descriptor. */
static void check_kept(cloudabi_filetype_t type, unsigned int narrow)
{
	cloudabi_fd_t pair[2], got = CLOSED_FD;

	make_pair(type, pair);
	narrow_some(pair, 2, narrow);
	send_text(pair[0], "kept", &pair[1], 1);
	CHECK_OK(cloudabi_sys_fd_close(pair[0]));
	for (unsigned int i = 0; i < 3; i++)
		collect();
	CHECK_RECV(pair[1], 8, &got, 1, 0, "kept", 1, 0);
	CHECK_OK(cloudabi_sys_fd_close(got));
	CHECK_OK(cloudabi_sys_fd_close(pair[1]));
}

static void what_a_process_has_is_kept(void)
{
	for (unsigned int i = 0; i < 8; i++)
		check_kept(types[i % 2], i / 2);
}

static void messages_in_dropped_sockets_are_gone(void)
{
	int64_t sockets = ask(HELPER_COUNT_SOCKETS, 0, 0, 0);
	int64_t users = ask(HELPER_MODULE_USERS, 0, 0, 0);
	int64_t fds = ask(HELPER_COUNT_FDS, 0, 0, 0);
	cloudabi_fd_t pair[2], narrow, sent[MAX_FDS];

	narrow = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_SYNC);
	for (unsigned int i = 0; i < MAX_FDS; i++)
		sent[i] = narrow;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		make_pair(types[i % 2], pair);
		send_text(pair[0], "x", sent, MAX_FDS);
		close_all(pair, 2);
	}
	CHECK_OK(cloudabi_sys_fd_close(narrow));
	check_gone(sockets, users, fds);
}

static const struct test tests[] = {
	TEST(rings_are_collected),
	TEST(what_a_process_has_is_kept),
	TEST(messages_in_dropped_sockets_are_gone),
};

/* --- Until it is killed -------------------------------------------------- */

static void churn(void)
{
	static cloudabi_fd_t got[MAX_FDS], sent[64];
	cloudabi_fd_t pair[2];

	for (unsigned int i = 0;; i++) {
		for (size_t r = 0; r < ARRAY_SIZE(rings); r++)
			rings[r](types[i % 2], i / 2);
		make_pair(types[i % 2], pair);
		narrow_some(pair, 2, i);
		for (unsigned int j = 0; j < ARRAY_SIZE(sent); j++)
			sent[j] = pair[j % 2];
		send_text(pair[0], "x", sent, 1 + i % ARRAY_SIZE(sent));
		CHECK_RECV(pair[1], 4, got, MAX_FDS, 0, "x",
			   1 + i % ARRAY_SIZE(sent), 0);
		close_all(got, 1 + i % ARRAY_SIZE(sent));
		send_text(pair[0], "x", sent, ARRAY_SIZE(sent));
		close_all(pair, 2);
		if (check_failed)
			crt_die(1, "not as it should be");
	}
}

int program_main(const struct argdata *ad)
{
	struct word word;
	struct args args;

	args_open(&args, ad);
	if (args_next(&args, &word))
		churn();
	return check_run(tests, ARRAY_SIZE(tests));
}
