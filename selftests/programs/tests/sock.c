// SPDX-License-Identifier: GPL-2.0
/*
 * sock: sock_recv, sock_send and sock_shutdown, data and errors. Descriptors in
 * messages have programs of their own, passing and garbage.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "ask.h"
#include "sock.h"

static const cloudabi_fd_t sockets[] = { UNIX_STREAM, UNIX_DGRAM, TCP, UDP };

static int64_t peer_writes(cloudabi_fd_t fd, const char *text)
{
	return ask_with(HELPER_PEER_WRITE, fd, 0, text, strlen(text));
}

static bool peer_reads(cloudabi_fd_t fd, const char *text)
{
	int64_t n = ask(HELPER_PEER_READ, fd, 0, 0);

	return n == (int64_t)strlen(text) &&
	       !memcmp(ask_answer.data, text, n);
}

static cloudabi_errno_t recv_vectors(cloudabi_fd_t sock,
				     const cloudabi_iovec_t *iovs, size_t count,
				     cloudabi_recv_out_t *out)
{
	cloudabi_recv_in_t in = { .ri_data = iovs, .ri_data_len = count };

	return cloudabi_sys_sock_recv(sock, &in, out);
}

static cloudabi_errno_t send_vectors(cloudabi_fd_t sock,
				     const cloudabi_iovec_t *iovs, size_t count,
				     cloudabi_send_out_t *out)
{
	cloudabi_send_in_t in = {
		.si_data = (const void *)iovs, .si_data_len = count,
	};

	return cloudabi_sys_sock_send(sock, &in, out);
}

/* --- Data ---------------------------------------------------------------- */

static void data_from_and_to_a_native(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++) {
		send_text(sockets[i], "to a native", NULL, 0);
		CHECK(peer_reads(sockets[i], "to a native"));
		CHECK_EQ(peer_writes(sockets[i], "from a native"), 13);
		CHECK_RECV(sockets[i], 64, NULL, 0, 0, "from a native", 0, 0);
	}
}

static void vectors_are_gathered_and_scattered(void)
{
	char a[2], b[3], c[16];
	cloudabi_iovec_t from[] = {
		{ .buf = "abc", .buf_len = 3 }, { .buf = "", .buf_len = 0 },
		{ .buf = "defgh", .buf_len = 5 },
	};
	cloudabi_iovec_t to[] = {
		{ .buf = a, .buf_len = 2 }, { .buf = BAD_ADDRESS },
		{ .buf = b, .buf_len = 3 }, { .buf = c, .buf_len = 16 },
	};
	cloudabi_send_out_t sent;
	cloudabi_recv_out_t got;
	cloudabi_fd_t pair[2];

	make_pair(STREAM, pair);
	CHECK_OK(send_vectors(pair[0], from, 3, &sent));
	CHECK_EQ(sent.so_datalen, 8);
	CHECK_OK(recv_vectors(pair[1], to, 4, &got));
	CHECK_EQ(got.ro_datalen, 8);
	CHECK(!memcmp(a, "ab", 2) && !memcmp(b, "cde", 3) &&
	      !memcmp(c, "fgh", 3));
	close_all(pair, 2);
}

static void no_data_at_all(void)
{
	cloudabi_send_out_t sent;
	cloudabi_recv_out_t got;
	cloudabi_fd_t pair[2];

	make_pair(DGRAM, pair);
	CHECK_OK(send_vectors(pair[0], BAD_ADDRESS, 0, &sent));
	CHECK_EQ(sent.so_datalen, 0);
	CHECK_RECV(pair[1], 8, NULL, 0, 0, "", 0, 0);
	send_text(pair[0], "lost", NULL, 0);
	CHECK_OK(recv_vectors(pair[1], BAD_ADDRESS, 0, &got));
	CHECK_EQ(got.ro_datalen, 0);
	CHECK_EQ(got.ro_flags, DATA_TRUNCATED);
	close_all(pair, 2);
	make_pair(STREAM, pair);
	CHECK_OK(send_vectors(pair[0], BAD_ADDRESS, 0, &sent));
	CHECK_EQ(sent.so_datalen, 0);
	send_text(pair[0], "kept", NULL, 0);
	CHECK_OK(recv_vectors(pair[1], BAD_ADDRESS, 0, &got));
	CHECK_EQ(got.ro_datalen, 0);
	CHECK_RECV(pair[1], 8, NULL, 0, 0, "kept", 0, 0);
	close_all(pair, 2);
}

static void vectors_up_to_1024_are_taken(void)
{
	static cloudabi_iovec_t iovs[1025];
	static char bytes[1025];
	cloudabi_send_out_t sent;
	cloudabi_recv_out_t got;
	cloudabi_fd_t pair[2];

	make_pair(STREAM, pair);
	for (size_t i = 0; i < ARRAY_SIZE(iovs); i++) {
		bytes[i] = PATTERN_BYTE(i);
		iovs[i] = (cloudabi_iovec_t){ .buf = &bytes[i], .buf_len = 1 };
	}
	CHECK_REFUSED(send_vectors(pair[0], iovs, 1025, &sent),
		      CLOUDABI_EINVAL);
	CHECK_OK(send_vectors(pair[0], iovs, 1024, &sent));
	CHECK_EQ(sent.so_datalen, 1024);
	memset(bytes, 0, sizeof(bytes));
	CHECK_REFUSED(recv_vectors(pair[1], iovs, 1025, &got),
		      CLOUDABI_EINVAL);
	CHECK_OK(recv_vectors(pair[1], iovs, 1024, &got));
	CHECK_EQ(got.ro_datalen, 1024);
	for (size_t i = 0; i < 1024; i++)
		CHECK((uint8_t)bytes[i] == PATTERN_BYTE(i));
	close_all(pair, 2);
}

static void lengths_beyond_ssize_are_einval(void)
{
	static const size_t lengths[][2] = {
		{ 1ull << 63, 0 }, { ~0ull, 0 }, { INT64_MAX, 1 },
		{ 1ull << 62, 1ull << 62 }, { 1, ~0ull },
	};
	char byte = 'x';

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		cloudabi_iovec_t iovs[] = {
			{ .buf = &byte, .buf_len = lengths[i][0] },
			{ .buf = BAD_ADDRESS, .buf_len = lengths[i][1] },
		};
		cloudabi_send_out_t sent;
		cloudabi_recv_out_t got;

		CHECK_REFUSED(send_vectors(UNIX_STREAM, iovs, 2, &sent),
			      CLOUDABI_EINVAL);
		CHECK_REFUSED(recv_vectors(UNIX_STREAM, iovs, 2, &got),
			      CLOUDABI_EINVAL);
	}
}

static void a_datagram_is_received_at_once_or_lost(void)
{
	static const cloudabi_fd_t fds[] = { UNIX_DGRAM, UDP };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		CHECK_EQ(peer_writes(fds[i], "0123456789"), 10);
		CHECK_EQ(peer_writes(fds[i], "next"), 4);
		CHECK_RECV(fds[i], 4, NULL, 0, 0, "0123", 0, DATA_TRUNCATED);
		CHECK_RECV(fds[i], 4, NULL, 0, 0, "next", 0, 0);
		CHECK_EQ(ask_with(HELPER_PEER_WRITE, fds[i], 0, "", 0), 0);
		CHECK_RECV(fds[i], 4, NULL, 0, 0, "", 0, 0);
	}
}

static void a_stream_is_received_bit_by_bit(void)
{
	static const cloudabi_fd_t fds[] = { UNIX_STREAM, TCP };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		CHECK_EQ(peer_writes(fds[i], "0123456789"), 10);
		CHECK_RECV(fds[i], 4, NULL, 0, 0, "0123", 0, 0);
		CHECK_RECV(fds[i], 64, NULL, 0, 0, "456789", 0, 0);
	}
}

static void peek_leaves_the_message(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++) {
		bool stream = fdstat(sockets[i]).fs_filetype == STREAM;
		cloudabi_roflags_t truncated = stream ? 0 : DATA_TRUNCATED;

		CHECK_EQ(peer_writes(sockets[i], "peeked"), 6);
		CHECK_RECV(sockets[i], 4, NULL, 0, PEEK, "peek", 0, truncated);
		CHECK_RECV(sockets[i], 4, NULL, 0, PEEK, "peek", 0, truncated);
		CHECK_RECV(sockets[i], 16, NULL, 0, PEEK, "peeked", 0, 0);
		CHECK_RECV(sockets[i], 16, NULL, 0, 0, "peeked", 0, 0);
	}
}

/* The rest comes when the program waits for it. */
static void waitall_waits_for_all(void)
{
	static const cloudabi_fd_t fds[] = { UNIX_STREAM, TCP };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		CHECK_EQ(peer_writes(fds[i], "fir"), 3);
		ask_with(HELPER_DISTURB, fds[i], HELPER_LATER, "st and", 6);
		CHECK_RECV(fds[i], 9, NULL, 0, WAITALL, "first and", 0, 0);
		CHECK_EQ(peer_writes(fds[i], "fir"), 3);
		CHECK_RECV(fds[i], 9, NULL, 0, 0, "fir", 0, 0);
	}
}

/* What has come is kept, and more is waited for. */
static void waitall_goes_on_whatever_disturbs_it(void)
{
	static const cloudabi_fd_t fds[] = { UNIX_STREAM, TCP };
	static const unsigned int what[] = {
		HELPER_STOP, HELPER_STOP | HELPER_IGNORED, HELPER_TRACE,
	};

	for (size_t i = 0; i < ARRAY_SIZE(fds) * ARRAY_SIZE(what); i++) {
		cloudabi_fd_t fd = fds[i % 2];

		CHECK_EQ(peer_writes(fd, "fir"), 3);
		ask_with(HELPER_DISTURB, fd, what[i / 2], "st and", 6);
		CHECK_RECV(fd, 9, NULL, 0, WAITALL, "first and", 0, 0);
		CHECK_EQ(ask(HELPER_DISTURBED, 0, 0, 0), 0);
	}
}

static void waitall_ends_with_the_stream(void)
{
	cloudabi_fd_t pair[2];

	make_pair(STREAM, pair);
	send_text(pair[0], "all", NULL, 0);
	CHECK_OK(cloudabi_sys_sock_shutdown(pair[0], CLOUDABI_SHUT_WR));
	CHECK_RECV(pair[1], 9, NULL, 0, WAITALL, "all", 0, 0);
	CHECK_RECV(pair[1], 9, NULL, 0, WAITALL, "", 0, 0);
	close_all(pair, 2);
}

static void unknown_flags_are_ignored(void)
{
	cloudabi_ciovec_t iov = { .buf = "flags", .buf_len = 5 };
	cloudabi_send_in_t in = {
		.si_data = &iov, .si_data_len = 1, .si_flags = 0xffff,
	};
	cloudabi_send_out_t out;
	cloudabi_fd_t pair[2];

	make_pair(STREAM, pair);
	CHECK_OK(cloudabi_sys_sock_send(pair[0], &in, &out));
	CHECK_EQ(out.so_datalen, 5);
	CHECK_RECV(pair[1], 8, NULL, 0, 0xffff & ~(PEEK | WAITALL), "flags", 0,
		   0);
	close_all(pair, 2);
}

static bool is_filled(const uint8_t *bytes, size_t from, size_t to,
		      uint8_t value)
{
	for (; from < to; from++) {
		if (bytes[from] != value)
			return false;
	}
	return true;
}

static void all_of_the_answer_is_written(void)
{
	union {
		cloudabi_recv_out_t out;
		uint8_t bytes[sizeof(cloudabi_recv_out_t)];
	} got;
	cloudabi_fd_t fd = 12345;
	char byte;

	CHECK_EQ(peer_writes(UNIX_DGRAM, "xy"), 2);
	CHECK_OK(sock_recv(UNIX_DGRAM, &byte, 1, &fd, 1, 0, &got.out));
	CHECK_EQ(got.out.ro_datalen, 1);
	CHECK_EQ(got.out.ro_fdslen, 0);
	CHECK_EQ(got.out.ro_flags, DATA_TRUNCATED);
	CHECK(is_filled(got.bytes, 16, 56, 0));
	CHECK(is_filled(got.bytes, 58, 64, 0));
	CHECK_EQ(fd, 12345);
}

static void a_failure_leaves_the_answer_alone(void)
{
	union {
		cloudabi_recv_out_t out;
		uint8_t bytes[sizeof(cloudabi_recv_out_t)];
	} got;
	cloudabi_fd_t fd = 12345;
	char byte = 'x';

	CHECK_OK(put_flags(UNIX_DGRAM, CLOUDABI_FDFLAG_NONBLOCK));
	CHECK_ERRNO(sock_recv(UNIX_DGRAM, &byte, 1, &fd, 1, 0, &got.out),
		    CLOUDABI_EAGAIN);
	CHECK(is_filled(got.bytes, 0, 64, 0xff));
	CHECK_EQ(fd, 12345);
	CHECK_EQ(byte, 'x');
	CHECK_OK(put_flags(UNIX_DGRAM, 0));
}

/* --- Waiting ------------------------------------------------------------- */

static void nonblocking_calls_are_eagain(void)
{
	cloudabi_recv_out_t got;
	char byte;

	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++) {
		CHECK_OK(put_flags(sockets[i], CLOUDABI_FDFLAG_NONBLOCK));
		CHECK_REFUSED(sock_recv(sockets[i], &byte, 1, NULL, 0, 0,
					&got), CLOUDABI_EAGAIN);
		CHECK_REFUSED(sock_recv(sockets[i], &byte, 1, NULL, 0, WAITALL,
					&got), CLOUDABI_EAGAIN);
		CHECK_OK(put_flags(sockets[i], 0));
	}
}

/* So much that it fits no buffer of a socket. */
#define MUCH (4ul << 20)

static uint8_t *much(void)
{
	static uint8_t *bytes;

	if (bytes)
		return bytes;
	bytes = crt_pages_alloc(MUCH);
	for (size_t i = 0; bytes && i < MUCH; i++)
		bytes[i] = PATTERN_BYTE(i);
	return bytes;
}

static void nonblocking_sends_fill_up_to_eagain(void)
{
	size_t n, total = 0;
	cloudabi_fd_t pair[2];
	char byte;
	cloudabi_recv_out_t got;

	make_pair(STREAM, pair);
	CHECK_OK(put_flags(pair[0], CLOUDABI_FDFLAG_NONBLOCK));
	CHECK_OK(put_flags(pair[1], CLOUDABI_FDFLAG_NONBLOCK));
	while (!sock_send(pair[0], much(), MUCH, NULL, 0, &n))
		total += n;
	CHECK(total && total < MUCH);
	CHECK_ERRNO(sock_send(pair[0], "x", 1, NULL, 0, &n), CLOUDABI_EAGAIN);
	CHECK_ERRNO(sock_send(pair[0], "x", 1, pair, 2, &n), CLOUDABI_EAGAIN);
	for (; total && !check_failed; total--)
		CHECK_OK(sock_recv(pair[1], &byte, 1, NULL, 0, 0, &got));
	CHECK_ERRNO(sock_recv(pair[1], &byte, 1, NULL, 0, 0, &got),
		    CLOUDABI_EAGAIN);
	close_all(pair, 2);
}

static void a_large_send_is_complete_if_it_may_wait(void)
{
	static const cloudabi_fd_t fds[] = { UNIX_STREAM, TCP };
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(fds) * 2; i++) {
		ask(HELPER_DISTURB, fds[i % 2],
		    HELPER_DRAIN | (i / 2 ? HELPER_STOP : 0), MUCH);
		CHECK_OK(sock_send(fds[i % 2], much(), MUCH, NULL, 0, &n));
		CHECK_EQ(n, MUCH);
		CHECK_EQ(ask(HELPER_DRAINED, 0, 0, 0), 0);
		CHECK_EQ(ask_answer.value[0], MUCH);
		CHECK_EQ(ask_answer.value[1], 0);
	}
}

/* A wait that something disturbs goes on as if nothing had been. */
static void wait_disturbed(uint64_t what)
{
	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++) {
		if (CHECK_EQ(ask_with(HELPER_DISTURB, sockets[i], what, "data",
				      4), 0))
			CHECK_RECV(sockets[i], 16, NULL, 0, 0, "data", 0, 0);
		if (ask(HELPER_DISTURBED, 0, 0, 0))
			SKIP(return, "could not be disturbed");
	}
}

static void a_wait_survives_stop_and_signals(void)
{
	wait_disturbed(HELPER_STOP | HELPER_WINCH | HELPER_IGNORED);
}

static void a_wait_survives_a_tracer(void)
{
	wait_disturbed(HELPER_TRACE);
}

static void a_wait_survives_the_freezer(void)
{
	wait_disturbed(HELPER_FREEZE);
}

/* --- Ends ---------------------------------------------------------------- */

static void shutdown_of_this_end(void)
{
	cloudabi_fd_t pair[2];
	size_t n;

	make_pair(STREAM, pair);
	CHECK_OK(cloudabi_sys_sock_shutdown(pair[0], CLOUDABI_SHUT_WR));
	CHECK_ERRNO(sock_send(pair[0], "x", 1, NULL, 0, &n), CLOUDABI_EPIPE);
	CHECK_RECV(pair[1], 4, NULL, 0, 0, "", 0, 0);
	send_text(pair[1], "back", NULL, 0);
	CHECK_RECV(pair[0], 4, NULL, 0, 0, "back", 0, 0);
	CHECK_OK(cloudabi_sys_sock_shutdown(pair[0], CLOUDABI_SHUT_RD));
	CHECK_RECV(pair[0], 4, NULL, 0, 0, "", 0, 0);
	CHECK_ERRNO(sock_send(pair[1], "x", 1, NULL, 0, &n), CLOUDABI_EPIPE);
	for (cloudabi_sdflags_t how = 1; how <= 3; how++)
		CHECK_OK(cloudabi_sys_sock_shutdown(pair[0], how));
	close_all(pair, 2);
	make_pair(DGRAM, pair);
	CHECK_OK(cloudabi_sys_sock_shutdown(pair[0], 3));
	CHECK_ERRNO(sock_send(pair[0], "x", 1, NULL, 0, &n), CLOUDABI_EPIPE);
	CHECK_RECV(pair[0], 4, NULL, 0, 0, "", 0, 0);
	close_all(pair, 2);
}

static void a_shutdown_ends_a_wait(void)
{
	static const cloudabi_fd_t fds[] = { TCP, UNIX_DGRAM };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		CHECK_EQ(ask(HELPER_DISTURB, fds[i], HELPER_SHUT_OWN, 0), 0);
		CHECK_RECV(fds[i], 4, NULL, 0, 0, "", 0, 0);
	}
}

static void the_end_of_the_other_side_ends_a_wait(void)
{
	CHECK_EQ(ask(HELPER_DISTURB, UNIX_STREAM, HELPER_SHUTDOWN, 0), 0);
	CHECK_RECV(UNIX_STREAM, 4, NULL, 0, 0, "", 0, 0);
	CHECK_EQ(ask(HELPER_PEER_CLOSE, UNIX_STREAM, 0, 0), 0);
	CHECK_RECV(UNIX_STREAM, 4, NULL, 0, 0, "", 0, 0);
}

static void nobody_there_is_epipe_without_a_signal(void)
{
	cloudabi_fd_t pair[2];
	cloudabi_errno_t error = 0;
	size_t n;

	make_pair(STREAM, pair);
	CHECK_OK(cloudabi_sys_fd_close(pair[1]));
	CHECK_ERRNO(sock_send(pair[0], "x", 1, NULL, 0, &n), CLOUDABI_EPIPE);
	CHECK_ERRNO(sock_send(pair[0], "x", 1, pair, 1, &n), CLOUDABI_EPIPE);
	CHECK_OK(cloudabi_sys_fd_close(pair[0]));
	make_pair(DGRAM, pair);
	CHECK_OK(cloudabi_sys_fd_close(pair[1]));
	error = sock_send(pair[0], "x", 1, NULL, 0, &n);
	CHECK(error == CLOUDABI_EPIPE || error == CLOUDABI_ECONNREFUSED ||
	      error == CLOUDABI_ENOTCONN);
	CHECK_OK(cloudabi_sys_fd_close(pair[0]));
	CHECK_EQ(ask(HELPER_PEER_CLOSE, TCP, 0, 0), 0);
	error = 0;
	for (unsigned int i = 0; i < 100 && !error; i++) {
		error = sock_send(TCP, "x", 1, NULL, 0, &n);
		ask(HELPER_NAP, 0, 5, 0);
	}
	CHECK(error == CLOUDABI_EPIPE || error == CLOUDABI_ECONNRESET);
	CHECK_ERRNO(sock_send(TCP, "x", 1, NULL, 0, &n), CLOUDABI_EPIPE);
}

static void a_datagram_that_is_too_large_is_emsgsize(void)
{
	size_t n;

	CHECK_REFUSED(sock_send(UDP, much(), 65536, NULL, 0, &n),
		      CLOUDABI_EMSGSIZE);
	CHECK_REFUSED(sock_send(UNIX_DGRAM, much(), MUCH, NULL, 0, &n),
		      CLOUDABI_EMSGSIZE);
}

/* --- What is no socket, or none of this kind ----------------------------- */

/* Has a native process send a socket that it makes; returns it. */
static cloudabi_fd_t receive_from_native(unsigned int kind)
{
	cloudabi_fd_t fd = CLOSED_FD;

	ask_request = (struct helper_request){
		.op = HELPER_PEER_SENDFDS, .fd = UNIX_STREAM, .a = kind,
		.b = 1, .len = 1, .data = "s",
	};
	CHECK_EQ(ask_now(), 1);
	CHECK_RECV(UNIX_STREAM, 4, &fd, 1, 0, "s", 1, 0);
	return fd;
}

static void what_is_not_connected_is_enotconn(void)
{
	static const unsigned int kinds[] = {
		HELPER_GIVE_UNCONNECTED, HELPER_GIVE_LISTENER, HELPER_GIVE_TCP,
	};
	cloudabi_recv_out_t got;
	char byte;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		cloudabi_fd_t fd = receive_from_native(kinds[i]);
		cloudabi_errno_t error;

		CHECK_EQ(fdstat(fd).fs_filetype, STREAM);
		error = sock_send(fd, "x", 1, NULL, 0, &n);
		CHECK(error == CLOUDABI_ENOTCONN || error == CLOUDABI_EPIPE);
		error = sock_recv(fd, &byte, 1, NULL, 0, 0, &got);
		CHECK(error == CLOUDABI_ENOTCONN || error == CLOUDABI_EINVAL);
		if (kinds[i] == HELPER_GIVE_TCP)
			CHECK_ERRNO(cloudabi_sys_sock_shutdown(fd, 2),
				    CLOUDABI_ENOTCONN);
		CHECK_OK(cloudabi_sys_fd_close(fd));
	}
}

static void other_types_of_sockets_have_no_rights(void)
{
	cloudabi_fd_t fd = receive_from_native(HELPER_GIVE_SEQPACKET);
	cloudabi_recv_out_t got;
	char byte;
	size_t n;

	CHECK_EQ(fdstat(fd).fs_filetype, CLOUDABI_FILETYPE_UNKNOWN);
	CHECK_ERRNO(sock_send(fd, "x", 1, NULL, 0, &n), CLOUDABI_ENOTCAPABLE);
	CHECK_ERRNO(sock_recv(fd, &byte, 1, NULL, 0, 0, &got),
		    CLOUDABI_ENOTCAPABLE);
	CHECK_ERRNO(cloudabi_sys_sock_shutdown(fd, 3), CLOUDABI_ENOTCAPABLE);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* The right is asked for first, and pipes, files and devices may have it. */
static void what_is_no_socket(void)
{
	static const struct {
		cloudabi_fd_t fd;
		cloudabi_errno_t recv, send, shutdown;
	} rows[] = {
#define CAPABLE CLOUDABI_ENOTSOCK
#define NOT CLOUDABI_ENOTCAPABLE
		{ PIPE_IN, CAPABLE, NOT, CAPABLE },
		{ PIPE_OUT, NOT, CAPABLE, CAPABLE },
		{ FILE_RW, CAPABLE, CAPABLE, NOT },
		{ FILE_RO, CAPABLE, NOT, NOT },
		{ FILE_WO, NOT, CAPABLE, NOT },
		{ DIRECTORY, NOT, NOT, NOT },
		{ TERMINAL, CAPABLE, CAPABLE, NOT },
		{ DEV_NULL, CAPABLE, CAPABLE, NOT },
		{ MEMORY, CAPABLE, CAPABLE, NOT },
		{ EVENT, NOT, NOT, NOT },
		{ PATH_ONLY, NOT, NOT, NOT },
#undef CAPABLE
#undef NOT
	};
	cloudabi_recv_out_t got;
	char byte;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool failed = check_failed;

		CHECK_REFUSED(sock_recv(rows[i].fd, &byte, 1, NULL, 0, 0,
					&got), rows[i].recv);
		CHECK_REFUSED(sock_send(rows[i].fd, "x", 1, NULL, 0, &n),
			      rows[i].send);
		CHECK_REFUSED(cloudabi_sys_sock_shutdown(rows[i].fd, 3),
			      rows[i].shutdown);
		if (check_failed && !failed)
			ktap_diag("descriptor %u", rows[i].fd);
	}
}

/* --- Order of checks ----------------------------------------------------- */

static void how_is_looked_at_first(void)
{
	static const cloudabi_sdflags_t bad[] = { 0, 4, 5, 7, 8, 0x80, 0xff };
	cloudabi_fd_t narrow = dup_without(UNIX_DGRAM,
					   CLOUDABI_RIGHT_SOCK_SHUTDOWN);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_REFUSED(cloudabi_sys_sock_shutdown(UDP, bad[i]),
			      CLOUDABI_EINVAL);
		CHECK_REFUSED(cloudabi_sys_sock_shutdown(CLOSED_FD, bad[i]),
			      CLOUDABI_EINVAL);
		CHECK_REFUSED(cloudabi_sys_sock_shutdown(narrow, bad[i]),
			      CLOUDABI_EINVAL);
	}
	CHECK_REFUSED(cloudabi_sys_sock_shutdown(CLOSED_FD, 3),
		      CLOUDABI_EBADF);
	CHECK_REFUSED(cloudabi_sys_sock_shutdown(narrow, 3),
		      CLOUDABI_ENOTCAPABLE);
	CHECK_OK(cloudabi_sys_fd_close(narrow));
}

/* Each row has what is wrong with the rows below it, and one thing more. */
static void sending_is_checked_in_this_order(void)
{
	static cloudabi_iovec_t iovs[1025];
	cloudabi_fd_t narrow = dup_without(UDP, CLOUDABI_RIGHT_FD_WRITE);
	cloudabi_fd_t fds[2] = { CLOSED_FD, CLOSED_FD };
	cloudabi_send_out_t *out = BAD_ADDRESS;
	cloudabi_send_in_t in = {
		.si_data = (const void *)iovs, .si_data_len = 1025,
		.si_fds = fds, .si_fds_len = 254,
	};

	CHECK_REFUSED(cloudabi_sys_sock_send(CLOSED_FD, BAD_ADDRESS, out),
		      CLOUDABI_EFAULT);
	CHECK_REFUSED(cloudabi_sys_sock_send(CLOSED_FD, &in, out),
		      CLOUDABI_EBADF);
	CHECK_REFUSED(cloudabi_sys_sock_send(narrow, &in, out),
		      CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(cloudabi_sys_sock_send(FILE_RW, &in, out),
		      CLOUDABI_ENOTSOCK);
	CHECK_REFUSED(cloudabi_sys_sock_send(UDP, &in, out), CLOUDABI_EINVAL);
	in.si_data_len = 1;
	in.si_data = BAD_ADDRESS;
	CHECK_REFUSED(cloudabi_sys_sock_send(UDP, &in, out), CLOUDABI_EFAULT);
	in.si_data = (const void *)iovs;
	CHECK_REFUSED(cloudabi_sys_sock_send(UDP, &in, out), CLOUDABI_EINVAL);
	in.si_fds_len = 2;
	in.si_fds = BAD_ADDRESS;
	CHECK_REFUSED(cloudabi_sys_sock_send(UDP, &in, out), CLOUDABI_EFAULT);
	in.si_fds = fds;
	CHECK_REFUSED(cloudabi_sys_sock_send(UDP, &in, out), CLOUDABI_EBADF);
	fds[0] = UDP;
	CHECK_REFUSED(cloudabi_sys_sock_send(UDP, &in, out), CLOUDABI_EBADF);
	fds[1] = UDP;
	CHECK_REFUSED(cloudabi_sys_sock_send(UDP, &in, out), CLOUDABI_EINVAL);
	CHECK_OK(cloudabi_sys_fd_close(narrow));
}

static void receiving_is_checked_in_this_order(void)
{
	static cloudabi_iovec_t iovs[1025];
	cloudabi_fd_t narrow = dup_without(UDP, CLOUDABI_RIGHT_FD_READ);
	cloudabi_recv_out_t *out = BAD_ADDRESS;
	cloudabi_recv_in_t in = {
		.ri_data = iovs, .ri_data_len = 1025,
		.ri_fds = BAD_ADDRESS, .ri_fds_len = 1,
	};

	CHECK_REFUSED(cloudabi_sys_sock_recv(CLOSED_FD, BAD_ADDRESS, out),
		      CLOUDABI_EFAULT);
	CHECK_REFUSED(cloudabi_sys_sock_recv(CLOSED_FD, &in, out),
		      CLOUDABI_EBADF);
	CHECK_REFUSED(cloudabi_sys_sock_recv(narrow, &in, out),
		      CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(cloudabi_sys_sock_recv(FILE_RW, &in, out),
		      CLOUDABI_ENOTSOCK);
	CHECK_REFUSED(cloudabi_sys_sock_recv(UDP, &in, out), CLOUDABI_EINVAL);
	in.ri_data_len = 1;
	in.ri_data = BAD_ADDRESS;
	CHECK_REFUSED(cloudabi_sys_sock_recv(UDP, &in, out), CLOUDABI_EFAULT);
	in.ri_data = iovs;
	CHECK_OK(put_flags(UDP, CLOUDABI_FDFLAG_NONBLOCK));
	CHECK_REFUSED(cloudabi_sys_sock_recv(UDP, &in, out), CLOUDABI_EAGAIN);
	CHECK_OK(put_flags(UDP, 0));
	CHECK_OK(cloudabi_sys_fd_close(narrow));
}

/* --- */

static const struct test tests[] = {
	TEST(data_from_and_to_a_native),
	TEST(vectors_are_gathered_and_scattered),
	TEST(no_data_at_all),
	TEST(vectors_up_to_1024_are_taken),
	TEST(lengths_beyond_ssize_are_einval),
	TEST(a_datagram_is_received_at_once_or_lost),
	TEST(a_stream_is_received_bit_by_bit),
	TEST(peek_leaves_the_message),
	TEST(waitall_waits_for_all),
	TEST(waitall_goes_on_whatever_disturbs_it),
	TEST(waitall_ends_with_the_stream),
	TEST(unknown_flags_are_ignored),
	TEST(all_of_the_answer_is_written),
	TEST(a_failure_leaves_the_answer_alone),
	TEST(nonblocking_calls_are_eagain),
	TEST(nonblocking_sends_fill_up_to_eagain),
	TEST(a_large_send_is_complete_if_it_may_wait),
	TEST(a_wait_survives_stop_and_signals),
	TEST(a_wait_survives_a_tracer),
	TEST(a_wait_survives_the_freezer),
	TEST(shutdown_of_this_end),
	TEST(a_datagram_that_is_too_large_is_emsgsize),
	TEST(what_is_not_connected_is_enotconn),
	TEST(other_types_of_sockets_have_no_rights),
	TEST(what_is_no_socket),
	TEST(how_is_looked_at_first),
	TEST(sending_is_checked_in_this_order),
	TEST(receiving_is_checked_in_this_order),
	/* These end what they are made with. */
	TEST(a_shutdown_ends_a_wait),
	TEST(the_end_of_the_other_side_ends_a_wait),
	TEST(nobody_there_is_epipe_without_a_signal),
};

int program_main(const struct argdata *ad)
{
	(void)ad;
	return check_run(tests, ARRAY_SIZE(tests));
}
