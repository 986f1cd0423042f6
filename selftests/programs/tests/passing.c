// SPDX-License-Identifier: GPL-2.0
/*
 * passing: descriptors in messages, and their rights.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "ask.h"
#include "sock.h"

static const cloudabi_filetype_t types[] = { STREAM, DGRAM };

static uint64_t count_fds(void)
{
	return ask(HELPER_COUNT_FDS, 0, 0, 0);
}

static bool same_stat(cloudabi_fd_t a, cloudabi_fd_t b)
{
	cloudabi_fdstat_t x = fdstat(a), y = fdstat(b);

	return !memcmp(&x, &y, sizeof(x));
}

/* One descriptor, through a socket. */
static cloudabi_fd_t pass(const cloudabi_fd_t pair[2], cloudabi_fd_t fd)
{
	cloudabi_fd_t got = CLOSED_FD;

	send_text(pair[0], "pass", &fd, 1);
	CHECK_RECV(pair[1], 8, &got, 1, 0, "pass", 1, 0);
	return got;
}

/* One descriptor, through a native process and back. */
static cloudabi_fd_t relay(cloudabi_fd_t sock, cloudabi_fd_t fd)
{
	cloudabi_fd_t got = CLOSED_FD;

	send_text(sock, "relay", &fd, 1);
	CHECK_EQ(ask(HELPER_PEER_RELAY, sock, 0, 0), 1);
	CHECK_RECV(sock, 8, &got, 1, 0, "relay", 1, 0);
	return got;
}

/* --- Rights -------------------------------------------------------------- */

static void each_kind_keeps_its_rights(void)
{
	cloudabi_fd_t pair[2], got;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		make_pair(types[i], pair);
		for (cloudabi_fd_t fd = 0; fd < GIVEN_END; fd++) {
			if (!is_open(fd))
				continue;
			got = pass(pair, fd);
			CHECK(got != fd && same_stat(fd, got));
			CHECK_OK(cloudabi_sys_fd_close(got));
		}
		close_all(pair, 2);
	}
}

/* Less one right, less all rights of one set, and without any. */
static void check_narrowed(cloudabi_fd_t fd,
			   cloudabi_fd_t (*way)(cloudabi_fd_t fd))
{
	cloudabi_fdstat_t full = fdstat(fd);
	cloudabi_fd_t narrow = CLOSED_FD, got;

	CHECK_OK(cloudabi_sys_fd_dup(fd, &narrow));
	for (unsigned int bit = 0; bit < 64; bit += 3) {
		cloudabi_rights_t base = full.fs_rights_base & ~(7ull << bit);

		CHECK_OK(put_rights(narrow, base & base_of(narrow),
				    full.fs_rights_inheriting &
				    ((1ull << (63 - bit)) - 1)));
		got = way(narrow);
		CHECK(same_stat(narrow, got));
		CHECK_ERRNO(put_rights(got, full.fs_rights_base | 1ull << 50,
				       full.fs_rights_inheriting),
			    CLOUDABI_ENOTCAPABLE);
		CHECK_OK(cloudabi_sys_fd_close(got));
	}
	CHECK_EQ(base_of(narrow), 0);
	CHECK_OK(cloudabi_sys_fd_close(narrow));
	CHECK_EQ(base_of(fd), full.fs_rights_base);
}

static cloudabi_fd_t here[2];

static cloudabi_fd_t pass_here(cloudabi_fd_t fd)
{
	return pass(here, fd);
}

static cloudabi_fd_t pass_stream(cloudabi_fd_t fd)
{
	return relay(UNIX_STREAM, fd);
}

static cloudabi_fd_t pass_dgram(cloudabi_fd_t fd)
{
	return relay(UNIX_DGRAM, fd);
}

static const cloudabi_fd_t kinds[] = {
	FILE_RW, DIRECTORY, UNIX_STREAM, UNIX_DGRAM, TCP, PIPE_IN, TERMINAL,
	DEV_NULL, MEMORY,
};

static void narrowed_ones_keep_their_rights(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		make_pair(types[i], here);
		for (size_t j = 0; j < ARRAY_SIZE(kinds); j++)
			check_narrowed(kinds[j], pass_here);
		close_all(here, 2);
	}
}

static void a_native_relay_keeps_the_rights(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		check_narrowed(kinds[i], pass_stream);
		check_narrowed(kinds[i], pass_dgram);
	}
}

/* The maximum of kind and mode, which is what the program was started with. */
static void what_natives_send_has_the_maximum(void)
{
	for (cloudabi_fd_t fd = HELPER_FD + 1; fd < GIVEN_END; fd++) {
		cloudabi_fd_t got = CLOSED_FD;

		if (fd == FIFO_READ || fd == FIFO_WRITE)
			continue;
		ask_request = (struct helper_request){
			.op = HELPER_PEER_SENDFDS, .fd = UNIX_STREAM, .a = fd,
			.b = 1, .len = 1, .data = "n",
		};
		CHECK_EQ(ask_now(), 1);
		CHECK_RECV(UNIX_STREAM, 4, &got, 1, 0, "n", 1, 0);
		if (!CHECK(same_stat(fd, got)))
			ktap_diag("descriptor %u", fd);
		CHECK_OK(cloudabi_sys_fd_close(got));
	}
}

/* What is under way has the rights that it was sent with, whatever follows. */
static void descriptors_are_independent(void)
{
	cloudabi_fd_t pair[2], fd = CLOSED_FD, got = CLOSED_FD;
	cloudabi_rights_t base;
	size_t n;

	make_pair(STREAM, pair);
	fd = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_SYNC);
	base = base_of(fd);
	send_text(pair[0], "fd", &fd, 1);
	CHECK_OK(put_rights(fd, 0, 0));
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK_RECV(pair[1], 4, &got, 1, 0, "fd", 1, 0);
	CHECK_EQ(base_of(got), base);
	file_set("");
	CHECK_OK(write1(got, "hello", 5, &n));
	CHECK(file_holds(FILE_RO, 0, "hello", 5));
	fd = pass(pair, got);
	CHECK_OK(put_rights(fd, 0, 0));
	CHECK_EQ(base_of(got), base);
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK_OK(cloudabi_sys_fd_close(got));
	close_all(pair, 2);
}

/* No right is needed for being sent. */
static void a_descriptor_without_rights_can_be_sent(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, ~0ull), pair[2], got;

	make_pair(DGRAM, pair);
	got = pass(pair, fd);
	CHECK_EQ(base_of(got), 0);
	CHECK_OK(cloudabi_sys_fd_close(got));
	CHECK_OK(cloudabi_sys_fd_close(fd));
	close_all(pair, 2);
}

/* What a native gets hold of by a message it can use within the rights. */
static void a_native_can_do_what_the_rights_allow(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_WRITE);

	file_set("content");
	send_text(UNIX_STREAM, "take", &fd, 1);
	CHECK_EQ(ask(HELPER_PEER_RECVFDS, UNIX_STREAM, 0, 0), 4);
	CHECK_EQ(ask_answer.value[0], 1);
	CHECK_EQ(ask(HELPER_TAKEN_READ, 0, 7, 0), 7);
	CHECK(!memcmp(ask_answer.data, "content", 7));
	CHECK_EQ(ask_with(HELPER_TAKEN_WRITE, 0, 0, "x", 1), -LINUX_EBADF);
	CHECK_EQ(ask(HELPER_TAKEN_MMAP, 0, 1, 0), -LINUX_ENODEV);
	CHECK_EQ(ask(HELPER_TAKEN_CLOSE, 0, 0, 0), 0);
	CHECK_OK(cloudabi_sys_fd_close(fd));
	fd = dup_without(UNIX_DGRAM, CLOUDABI_RIGHT_FD_WRITE);
	send_text(UNIX_STREAM, "take", &fd, 1);
	CHECK_EQ(ask(HELPER_PEER_RECVFDS, UNIX_STREAM, 0, 0), 4);
	CHECK_EQ(ask(HELPER_TAKEN_RECV, 0, 7, 0), -LINUX_ENOTSOCK);
	CHECK_EQ(ask_with(HELPER_TAKEN_WRITE, 0, 0, "x", 1), -LINUX_EBADF);
	CHECK_EQ(ask_with(HELPER_PEER_WRITE, UNIX_DGRAM, 0, "hey", 3), 3);
	CHECK_EQ(ask(HELPER_TAKEN_READ, 0, 7, 0), 3);
	CHECK_EQ(ask(HELPER_TAKEN_CLOSE, 0, 0, 0), 0);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* --- Numbers ------------------------------------------------------------- */

/* What is in a slot that nothing was written to. */
#define UNTOUCHED 0xabcdef

static void check_room(const cloudabi_fd_t pair[2], const cloudabi_fd_t *sent,
		       unsigned int count, unsigned int room)
{
	cloudabi_roflags_t flags = room && count > room ? FDS_TRUNCATED : 0;
	unsigned int arrive = count < room ? count : room;
	cloudabi_fd_t got[300];
	uint64_t before = count_fds();

	for (unsigned int i = 0; i < ARRAY_SIZE(got); i++)
		got[i] = UNTOUCHED;
	send_text(pair[0], "room", sent, count);
	CHECK_RECV(pair[1], 8, room ? got : BAD_ADDRESS, room, 0, "room",
		   arrive, flags);
	for (unsigned int i = 0; i < arrive; i++)
		CHECK(same_stat(got[i], sent[i]));
	for (unsigned int i = arrive; i < ARRAY_SIZE(got); i++)
		CHECK_EQ(got[i], UNTOUCHED);
	CHECK_EQ(count_fds(), before + arrive);
	close_all(got, arrive);
}

/* Every boundary of: none, those that fit the answer, all of a message. */
static void as_many_arrive_as_there_is_room_for(void)
{
	static const unsigned int numbers[] = {
		0, 1, 2, 11, 12, 13, 64, 252, 253,
	};
	cloudabi_fd_t pair[2], sent[MAX_FDS];
	cloudabi_fd_t narrow = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_SYNC);

	for (unsigned int i = 0; i < MAX_FDS; i++)
		sent[i] = i % 3 ? i % 2 ? FILE_RO : DIRECTORY : narrow;
	for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
		make_pair(types[t], pair);
		for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
			for (size_t j = 0; j < ARRAY_SIZE(numbers); j++)
				check_room(pair, sent, numbers[i], numbers[j]);
			check_room(pair, sent, numbers[i], 300);
		}
		close_all(pair, 2);
	}
	CHECK_OK(cloudabi_sys_fd_close(narrow));
}

static void more_than_253_are_einval(void)
{
	static cloudabi_fd_t fds[1000];
	cloudabi_fd_t pair[2];
	cloudabi_recv_out_t got;
	char byte;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = FILE_RW;
	make_pair(STREAM, pair);
	CHECK_REFUSED(sock_send(pair[0], "x", 1, fds, 254, &n),
		      CLOUDABI_EINVAL);
	CHECK_REFUSED(sock_send(pair[0], "x", 1, fds, 1000, &n),
		      CLOUDABI_EINVAL);
	CHECK_REFUSED(sock_send(pair[0], "x", 1, fds, ~0ull, &n),
		      CLOUDABI_EINVAL);
	CHECK_OK(put_flags(pair[1], CLOUDABI_FDFLAG_NONBLOCK));
	CHECK_ERRNO(sock_recv(pair[1], &byte, 1, NULL, 0, 0, &got),
		    CLOUDABI_EAGAIN);
	close_all(pair, 2);
}

static void what_is_not_open_is_ebadf(void)
{
	static const cloudabi_fd_t bad[] = {
		CLOSED_FD, 100000, 0x7fffffff, 0x80000000, 0xffffffff,
	};
	uint64_t before = count_fds();
	cloudabi_fd_t pair[2];
	size_t n;

	make_pair(STREAM, pair);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		cloudabi_fd_t fds[] = { FILE_RW, bad[i], FILE_RW };

		CHECK_REFUSED(sock_send(pair[0], "x", 1, fds, 3, &n),
			      CLOUDABI_EBADF);
	}
	close_all(pair, 2);
	CHECK_EQ(count_fds(), before);
}

/* Descriptors go with the first byte; others of the stream stay for later. */
static void a_stream_stops_behind_descriptors(void)
{
	cloudabi_fd_t pair[2], got[2] = { CLOSED_FD, CLOSED_FD };

	make_pair(STREAM, pair);
	send_text(pair[0], "one", NULL, 0);
	send_text(pair[0], "two", (cloudabi_fd_t[]){ FILE_RW }, 1);
	send_text(pair[0], "three", (cloudabi_fd_t[]){ FILE_RO }, 1);
	CHECK_RECV(pair[1], 64, got, 2, 0, "onetwo", 1, 0);
	CHECK_RECV(pair[1], 64, got + 1, 1, 0, "three", 1, 0);
	CHECK(same_stat(got[0], FILE_RW) && same_stat(got[1], FILE_RO));
	close_all(got, 2);
	close_all(pair, 2);
}

/* A datagram needs no data; a stream drops what comes without any. */
static void descriptors_without_data(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_SYNC);
	cloudabi_fd_t pair[2], got = UNTOUCHED;
	uint64_t before;

	make_pair(DGRAM, pair);
	send_text(pair[0], "", &fd, 1);
	CHECK_RECV(pair[1], 8, &got, 1, 0, "", 1, 0);
	CHECK(same_stat(got, fd));
	CHECK_OK(cloudabi_sys_fd_close(got));
	close_all(pair, 2);
	make_pair(STREAM, pair);
	before = count_fds();
	send_text(pair[0], "", &fd, 1);
	send_text(pair[0], "x", NULL, 0);
	CHECK_RECV(pair[1], 8, &got, 1, 0, "x", 0, 0);
	CHECK_EQ(count_fds(), before);
	close_all(pair, 2);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void peek_leaves_descriptors_in_the_message(void)
{
	cloudabi_fd_t narrow = dup_without(UNIX_DGRAM, CLOUDABI_RIGHT_FD_READ);
	cloudabi_fd_t pair[2], got = UNTOUCHED;
	uint64_t before;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		make_pair(types[i], pair);
		before = count_fds();
		send_text(pair[0], "peek", &narrow, 1);
		CHECK_RECV(pair[1], 8, &got, 1, PEEK, "peek", 0, 0);
		CHECK_RECV(pair[1], 8, &got, 1, PEEK, "peek", 0, 0);
		CHECK_EQ(got, UNTOUCHED);
		CHECK_EQ(count_fds(), before);
		CHECK_RECV(pair[1], 8, &got, 1, 0, "peek", 1, 0);
		CHECK(same_stat(got, narrow));
		CHECK_OK(cloudabi_sys_fd_close(got));
		got = UNTOUCHED;
		close_all(pair, 2);
	}
	CHECK_OK(cloudabi_sys_fd_close(narrow));
}

static void fd_read_lets_go_of_descriptors(void)
{
	cloudabi_fd_t pair[2], ends[2], narrow;
	char buf[8];
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		make_pair(types[i], pair);
		make_pair(STREAM, ends);
		narrow = dup_without(ends[0], CLOUDABI_RIGHT_FD_READ);
		send_text(pair[0], "drop", &narrow, 1);
		CHECK_OK(cloudabi_sys_fd_close(narrow));
		CHECK_OK(cloudabi_sys_fd_close(ends[0]));
		CHECK_OK(write1(ends[1], "still there", 11, &n));
		CHECK_OK(read1(pair[1], buf, sizeof(buf), &n));
		CHECK_EQ(n, 4);
		CHECK_ERRNO(write1(ends[1], "gone", 4, &n), CLOUDABI_EPIPE);
		CHECK_OK(cloudabi_sys_fd_close(ends[1]));
		close_all(pair, 2);
	}
}

/* Only local sockets take descriptors, and only they have some. */
static void other_families_take_none(void)
{
	static const cloudabi_fd_t fds[] = { TCP, UDP };
	cloudabi_fd_t fd = FILE_RW, got[64] = { UNTOUCHED };
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		CHECK_REFUSED(sock_send(fds[i], "x", 1, &fd, 1, &n),
			      CLOUDABI_EINVAL);
		CHECK_EQ(ask_with(HELPER_PEER_WRITE, fds[i], 0, "data", 4), 4);
		CHECK_RECV(fds[i], 8, got, 64, 0, "data", 0, 0);
		CHECK_EQ(got[0], UNTOUCHED);
	}
}

/* What a native asked a socket for takes no descriptor's room, and is gone. */
static void options_of_natives_do_no_harm(void)
{
	static const unsigned int options[] = {
		HELPER_SO_PASSCRED, HELPER_SO_TIMESTAMP, HELPER_SO_PASSPIDFD,
	};
	static const cloudabi_fd_t fds[] = { UNIX_STREAM, UNIX_DGRAM };
	cloudabi_fd_t got[16];
	uint64_t before = count_fds();

	for (size_t i = 0; i < ARRAY_SIZE(options) * 2; i++) {
		cloudabi_fd_t fd = fds[i & 1];

		/* Old kernels do not know all of them. */
		ask(HELPER_SETSOCKOPT, fd, options[i / 2], 1);
		for (unsigned int count = 0; count <= 13; count++) {
			ask_request = (struct helper_request){
				.op = HELPER_PEER_SENDFDS, .fd = fd,
				.a = FILE_RO, .b = count, .len = 1, .data = "o",
			};
			CHECK_EQ(ask_now(), 1);
			CHECK_RECV(fd, 8, got, count, 0, "o", count, 0);
			close_all(got, count);
		}
		CHECK_EQ(count_fds(), before);
		CHECK_EQ(ask_with(HELPER_PEER_WRITE, fd, 0, "p", 1), 1);
		CHECK_RECV(fd, 8, got, 16, 0, "p", 0, 0);
		CHECK_EQ(count_fds(), before);
	}
	for (size_t i = 0; i < ARRAY_SIZE(options) * 2; i++)
		ask(HELPER_SETSOCKOPT, fds[i & 1], options[i / 2], 0);
}

/* The memory that many descriptors need for arriving is given back. */
static void no_memory_is_left_mapped(void)
{
	cloudabi_fd_t pair[2], got[64];
	uint64_t pages;

	make_pair(STREAM, pair);
	pages = ask(HELPER_VM_PAGES, 0, 0, 0);
	for (unsigned int i = 0; i < 50; i++) {
		send_text(pair[0], "x", pair, 2);
		CHECK_RECV(pair[1], 8, got, 64, 0, "x", 2, 0);
		close_all(got, 2);
	}
	CHECK_EQ(ask(HELPER_VM_PAGES, 0, 0, 0), pages);
	close_all(pair, 2);
}

/* --- A full table -------------------------------------------------------- */

/* Lets the process have @room more descriptors; returns the limit before. */
static uint64_t leave_room(unsigned int room)
{
	cloudabi_fd_t limit = lowest_closed();

	for (unsigned int found = 0; found < room; limit++)
		found += !is_open(limit);
	return set_limit(HELPER_RLIMIT_NOFILE, limit);
}

static void a_full_table_loses_nothing(cloudabi_filetype_t type,
				       unsigned int count, unsigned int left)
{
	cloudabi_fd_t pair[2], sent[MAX_FDS], got[MAX_FDS];
	cloudabi_recv_out_t out;
	uint64_t limit, before;
	char buf[8];

	for (unsigned int i = 0; i < count; i++)
		sent[i] = i & 1 ? FILE_RO : FILE_WO;
	make_pair(type, pair);
	before = count_fds();
	limit = leave_room(left);
	send_text(pair[0], "full", sent, count);
	CHECK_ERRNO(sock_recv(pair[1], buf, 8, got, count, 0, &out),
		    CLOUDABI_EMFILE);
	CHECK_ERRNO(sock_recv(pair[1], buf, 8, got, MAX_FDS, 0, &out),
		    CLOUDABI_EMFILE);
	CHECK_EQ(count_fds(), before);
	CHECK_RECV(pair[1], 8, NULL, 0, PEEK, "full", 0, 0);
	/* With no more room than there is, as many as fit arrive. */
	set_limit(HELPER_RLIMIT_NOFILE, limit);
	leave_room(count);
	CHECK_RECV(pair[1], 8, got, MAX_FDS, 0, "full", count, 0);
	for (unsigned int i = 0; i < count; i++)
		CHECK(same_stat(got[i], sent[i]));
	set_limit(HELPER_RLIMIT_NOFILE, limit);
	close_all(got, count);
	close_all(pair, 2);
}

static void without_room_it_is_emfile_and_nothing_is_lost(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		a_full_table_loses_nothing(types[i], 1, 0);
		a_full_table_loses_nothing(types[i], 3, 2);
		a_full_table_loses_nothing(types[i], 13, 12);
		a_full_table_loses_nothing(types[i], MAX_FDS, 7);
	}
}

/* A full table hinders nobody who wants no descriptors, or gets none. */
static void without_room_data_is_received(void)
{
	cloudabi_fd_t pair[2], got = UNTOUCHED;
	cloudabi_recv_out_t out;
	uint64_t limit;
	char buf[8];

	make_pair(DGRAM, pair);
	limit = leave_room(0);
	send_text(pair[0], "drop", pair, 2);
	CHECK_RECV(pair[1], 8, NULL, 0, 0, "drop", 0, 0);
	send_text(pair[0], "data", NULL, 0);
	CHECK_RECV(pair[1], 8, &got, 1, 0, "data", 0, 0);
	CHECK_EQ(ask_with(HELPER_DISTURB, UNIX_STREAM, HELPER_STOP, "wait", 4),
		 0);
	CHECK_RECV(UNIX_STREAM, 8, &got, 1, 0, "wait", 0, 0);
	CHECK_EQ(ask_with(HELPER_DISTURB, UNIX_STREAM, HELPER_WITH_FD, "more",
			  4), 0);
	CHECK_ERRNO(sock_recv(UNIX_STREAM, buf, 8, &got, 1, 0, &out),
		    CLOUDABI_EMFILE);
	CHECK_RECV(UNIX_STREAM, 8, NULL, 0, 0, "more", 0, 0);
	CHECK_OK(put_flags(pair[1], CLOUDABI_FDFLAG_NONBLOCK));
	CHECK_ERRNO(sock_recv(pair[1], buf, 8, &got, 1, 0, &out),
		    CLOUDABI_EAGAIN);
	CHECK_EQ(got, UNTOUCHED);
	set_limit(HELPER_RLIMIT_NOFILE, limit);
	close_all(pair, 2);
}

/* Sending needs no number, also for what has fewer rights. */
static void sending_needs_no_room(void)
{
	cloudabi_fd_t narrow = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_SYNC);
	cloudabi_fd_t pair[2], sent[MAX_FDS], got[2];
	uint64_t limit;

	for (unsigned int i = 0; i < MAX_FDS; i++)
		sent[i] = narrow;
	make_pair(STREAM, pair);
	limit = leave_room(0);
	send_text(pair[0], "none", sent, MAX_FDS);
	set_limit(HELPER_RLIMIT_NOFILE, limit);
	CHECK_RECV(pair[1], 8, got, 2, 0, "none", 2, FDS_TRUNCATED);
	CHECK(same_stat(got[0], narrow) && same_stat(got[1], narrow));
	close_all(got, 2);
	close_all(pair, 2);
	CHECK_OK(cloudabi_sys_fd_close(narrow));
}

/* --- Waiting with descriptors -------------------------------------------- */

#define MUCH (4ul << 20)

/* They go with the first byte, the rest of the data follows. */
static void send_much(uint64_t disturbance)
{
	uint8_t *much = crt_pages_alloc(MUCH);
	cloudabi_fd_t narrow = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_SYNC);
	size_t n;

	for (size_t i = 0; i < MUCH; i++)
		much[i] = PATTERN_BYTE(i);
	ask(HELPER_DISTURB, UNIX_STREAM, HELPER_DRAIN | disturbance, MUCH);
	CHECK_OK(sock_send(UNIX_STREAM, much, MUCH, &narrow, 1, &n));
	CHECK_EQ(n, MUCH);
	CHECK_EQ(ask(HELPER_DRAINED, 0, 0, 0), 0);
	CHECK_EQ(ask_answer.value[0], MUCH);
	CHECK_EQ(ask_answer.value[1], 0);
	crt_pages_free(much, MUCH);
	CHECK_OK(cloudabi_sys_fd_close(narrow));
}

static void a_large_send_takes_them_along(void)
{
	send_much(0);
	send_much(HELPER_STOP);
}

/* Fills a socket; how much that took. */
static size_t fill(cloudabi_fd_t sock, size_t size)
{
	static uint8_t bytes[1024];
	size_t total = 0, n;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = PATTERN_BYTE(i);
	CHECK_OK(put_flags(sock, CLOUDABI_FDFLAG_NONBLOCK));
	while (!sock_send(sock, bytes, size, NULL, 0, &n))
		total += n;
	CHECK_OK(put_flags(sock, 0));
	return total;
}

/* A send that finds no room waits for it, whatever disturbs it. */
static void a_send_with_descriptors_waits_for_room(void)
{
	static const cloudabi_fd_t fds[] = { UNIX_STREAM, UNIX_DGRAM };
	cloudabi_fd_t narrow = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_SYNC);

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		/* 251 bytes are the period of the pattern. */
		size_t total = fill(fds[i], 251);

		CHECK(total);
		ask(HELPER_DISTURB, fds[i],
		    HELPER_STOP | HELPER_IGNORED | HELPER_DRAIN, total);
		send_text(fds[i], "last", &narrow, 1);
		CHECK_EQ(ask(HELPER_DRAINED, 0, 0, 0), 0);
		CHECK_EQ(ask_answer.value[0], total);
		CHECK_EQ(ask_answer.value[1], 0);
		CHECK_EQ(ask(HELPER_PEER_RECVFDS, fds[i], 0, 0), 4);
		CHECK_EQ(ask_answer.value[0], 1);
		CHECK_EQ(ask(HELPER_TAKEN_CLOSE, 0, 0, 0), 0);
	}
	CHECK_OK(cloudabi_sys_fd_close(narrow));
}

static void a_wait_for_descriptors_survives_stop_and_signals(void)
{
	static const unsigned int rooms[] = { 1, 64 };
	cloudabi_fd_t got[64];

	for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {
		CHECK_EQ(ask_with(HELPER_DISTURB, UNIX_STREAM, HELPER_STOP |
				  HELPER_IGNORED | HELPER_WITH_FD, "fd", 2), 0);
		CHECK_RECV(UNIX_STREAM, 8, got, rooms[i], 0, "fd", 1, 0);
		CHECK_EQ(ask(HELPER_SENT_IS_OPEN, 0, 0, 0), 1);
		CHECK_OK(cloudabi_sys_fd_close(got[0]));
		CHECK_EQ(ask(HELPER_SENT_IS_OPEN, 0, 0, 0), 0);
	}
}

/* --- Faults -------------------------------------------------------------- */

/* Memory that can be read and not written. */
static const char read_only[4096] __attribute__((aligned(4096))) = "r";

static void check_fault(cloudabi_filetype_t type, cloudabi_recv_in_t *in,
			cloudabi_recv_out_t *out)
{
	uint64_t before, pages = ask(HELPER_VM_PAGES, 0, 0, 0);
	cloudabi_fd_t pair[2], ends[2];
	size_t n;

	make_pair(type, pair);
	make_pair(STREAM, ends);
	send_text(pair[0], "fault", (cloudabi_fd_t[]){ ends[0], ends[0] }, 2);
	CHECK_OK(cloudabi_sys_fd_close(ends[0]));
	before = count_fds();
	CHECK_ERRNO(cloudabi_sys_sock_recv(pair[1], in, out),
		    CLOUDABI_EFAULT);
	CHECK_EQ(count_fds(), before);
	CHECK_EQ(ask(HELPER_VM_PAGES, 0, 0, 0), pages);
	close_all(pair, 2);
	/* Whether the message was received or not, nobody has it now. */
	CHECK_ERRNO(write1(ends[1], "x", 1, &n), CLOUDABI_EPIPE);
	CHECK_OK(cloudabi_sys_fd_close(ends[1]));
}

static void bad_addresses_leave_no_descriptors(void)
{
	static void *const bad[] = { NULL, BAD_ADDRESS, (void *)read_only };
	static const size_t rooms[] = { 1, 2, 13, 64 };
	cloudabi_iovec_t iov = { .buf_len = 8 };
	cloudabi_recv_out_t out;
	cloudabi_fd_t fds[64];
	char buf[8];

	for (size_t i = 0; i < ARRAY_SIZE(bad) * ARRAY_SIZE(rooms) * 2; i++) {
		void *nowhere = bad[i % ARRAY_SIZE(bad)];
		cloudabi_filetype_t type = types[i / ARRAY_SIZE(bad) % 2];
		cloudabi_recv_in_t in = {
			.ri_data = &iov, .ri_data_len = 1, .ri_fds = fds,
			.ri_fds_len = rooms[i / ARRAY_SIZE(bad) / 2],
		};

		iov.buf = buf;
		check_fault(type, &in, nowhere);
		in.ri_fds = nowhere;
		check_fault(type, &in, &out);
		in.ri_fds = fds;
		iov.buf = nowhere;
		check_fault(type, &in, &out);
		iov.buf = buf;
		check_fault(type, BAD_ADDRESS, &out);
		in.ri_data = BAD_ADDRESS;
		check_fault(type, &in, &out);
	}
}

static void bad_addresses_send_nothing(void)
{
	cloudabi_ciovec_t iov = { .buf = "x", .buf_len = 1 };
	cloudabi_fd_t fds[2] = { FILE_RW, FILE_RO };
	cloudabi_send_in_t in = {
		.si_data = &iov, .si_data_len = 1, .si_fds = fds,
		.si_fds_len = 2,
	};
	cloudabi_send_out_t out;
	cloudabi_recv_out_t got;
	cloudabi_fd_t pair[2];
	char byte;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		make_pair(types[i], pair);
		CHECK_OK(put_flags(pair[1], CLOUDABI_FDFLAG_NONBLOCK));
		CHECK_REFUSED(cloudabi_sys_sock_send(pair[0], BAD_ADDRESS,
						     &out), CLOUDABI_EFAULT);
		in.si_data = BAD_ADDRESS;
		CHECK_REFUSED(cloudabi_sys_sock_send(pair[0], &in, &out),
			      CLOUDABI_EFAULT);
		in.si_data = &iov;
		iov.buf = BAD_ADDRESS;
		CHECK_REFUSED(cloudabi_sys_sock_send(pair[0], &in, &out),
			      CLOUDABI_EFAULT);
		iov.buf = "x";
		in.si_fds = BAD_ADDRESS;
		CHECK_REFUSED(cloudabi_sys_sock_send(pair[0], &in, &out),
			      CLOUDABI_EFAULT);
		in.si_fds = fds;
		CHECK_ERRNO(sock_recv(pair[1], &byte, 1, NULL, 0, 0, &got),
			    CLOUDABI_EAGAIN);
		/* This is noticed when it has been done. */
		CHECK_REFUSED(cloudabi_sys_sock_send(pair[0], &in,
						     (void *)read_only),
			      CLOUDABI_EFAULT);
		CHECK_RECV(pair[1], 4, NULL, 0, 0, "x", 0, 0);
		close_all(pair, 2);
	}
}

static void a_shutdown_ends_a_wait_for_descriptors(void)
{
	cloudabi_fd_t got[64];

	CHECK_EQ(ask(HELPER_DISTURB, UNIX_STREAM, HELPER_SHUT_OWN, 0), 0);
	CHECK_RECV(UNIX_STREAM, 8, got, 64, 0, "", 0, 0);
}

/* --- */

static const struct test tests[] = {
	TEST(each_kind_keeps_its_rights),
	TEST(narrowed_ones_keep_their_rights),
	TEST(a_native_relay_keeps_the_rights),
	TEST(what_natives_send_has_the_maximum),
	TEST(descriptors_are_independent),
	TEST(a_descriptor_without_rights_can_be_sent),
	TEST(a_native_can_do_what_the_rights_allow),
	TEST(as_many_arrive_as_there_is_room_for),
	TEST(more_than_253_are_einval),
	TEST(what_is_not_open_is_ebadf),
	TEST(a_stream_stops_behind_descriptors),
	TEST(descriptors_without_data),
	TEST(peek_leaves_descriptors_in_the_message),
	TEST(fd_read_lets_go_of_descriptors),
	TEST(other_families_take_none),
	TEST(options_of_natives_do_no_harm),
	TEST(no_memory_is_left_mapped),
	TEST(without_room_it_is_emfile_and_nothing_is_lost),
	TEST(without_room_data_is_received),
	TEST(sending_needs_no_room),
	TEST(a_large_send_takes_them_along),
	TEST(a_send_with_descriptors_waits_for_room),
	TEST(a_wait_for_descriptors_survives_stop_and_signals),
	TEST(bad_addresses_leave_no_descriptors),
	TEST(bad_addresses_send_nothing),
	/* This ends what it is made with. */
	TEST(a_shutdown_ends_a_wait_for_descriptors),
};

int program_main(const struct argdata *ad)
{
	(void)ad;
	return check_run(tests, ARRAY_SIZE(tests));
}
