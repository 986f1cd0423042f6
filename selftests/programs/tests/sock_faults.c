// SPDX-License-Identifier: GPL-2.0
/*
 * sock_faults: memory that runs out, or cannot be accessed, at each place of a
 * call that sends or receives where that can happen.
 *
 * What was not sent cannot be received; what was not received is still there, or
 * gone with all that belonged to it. No descriptor is left that the program does
 * not know of, and none in messages that are gone.
 *
 * The helper has put this process's own fail-nth at FAULTS.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "ask.h"
#include "sock.h"
#include "sock_faults.h"

/* So many calls in a row without an error: there is no other place for one. */
#define QUIET 12

#define LARGE 100000

static uint8_t sent_bytes[LARGE], received_bytes[LARGE];

/* The @nth attempt of this thread to get or to access memory is to fail. */
static void arm(unsigned int nth)
{
	char text[16];
	size_t n = 0;

	for (unsigned int digits = nth; digits; digits /= 10)
		n++;
	for (size_t i = n; i; nth /= 10)
		text[--i] = '0' + nth % 10;
	if (write1(FAULTS, text, n, &n))
		crt_die(98, "# no faults can be injected");
}

/* The one that was asked for may happen just here. */
static void disarm(void)
{
	size_t n;

	while (write1(FAULTS, "0", 1, &n))
		continue;
}

static unsigned int count_open(void)
{
	unsigned int count = 0;

	for (cloudabi_fd_t fd = 0; fd < 4 * GIVEN_END; fd++)
		count += is_open(fd);
	return count;
}

static void check_fault(cloudabi_errno_t error, const char *call)
{
	if (error == CLOUDABI_ENOMEM || error == CLOUDABI_ENOBUFS ||
	    error == CLOUDABI_EFAULT || error == CLOUDABI_ENFILE)
		return;
	check_errno(error, 0, call, __LINE__);
}

/**
 * struct message - what is sent, and how it is received
 * @type: of the socket
 * @len: bytes of data
 * @count: descriptors that go with them
 * @room: for how many of them there is room
 */
struct message {
	cloudabi_filetype_t type;
	size_t len;
	unsigned int count;
	unsigned int room;
};

static const struct message messages[] = {
	{ STREAM, 1, 0, 0 },	  { DGRAM, 1, 0, 0 },
	{ STREAM, LARGE, 0, 0 },  { DGRAM, LARGE, 0, 0 },
	{ STREAM, 4, 1, 1 },	  { DGRAM, 4, 1, 1 },
	{ STREAM, 4, 2, 0 },	  { DGRAM, 4, 2, 0 },
	{ STREAM, 4, 3, 2 },	  { DGRAM, 4, 3, 2 },
	{ STREAM, LARGE, 13, 13 }, { DGRAM, LARGE, 13, 64 },
	{ STREAM, 4, 20, 253 },	  { DGRAM, 4, 20, 20 },
};

/**
 * struct scene - what a call is made with
 * @pair: the second one receives, and does not wait
 * @ends: the first one is sent
 * @fds: what is sent: every other one has fewer rights
 * @narrow: that one
 * @open: how many descriptors were open before anything was sent
 */
struct scene {
	cloudabi_fd_t pair[2];
	cloudabi_fd_t ends[2];
	cloudabi_fd_t fds[MAX_FDS];
	cloudabi_fd_t narrow;
	unsigned int open;
};

static void set_up(struct scene *s, const struct message *m)
{
	make_pair(m->type, s->pair);
	make_pair(STREAM, s->ends);
	CHECK_OK(put_flags(s->pair[1], CLOUDABI_FDFLAG_NONBLOCK));
	s->narrow = dup_without(s->ends[0], CLOUDABI_RIGHT_FD_READ);
	for (unsigned int i = 0; i < MAX_FDS; i++)
		s->fds[i] = i & 1 ? s->ends[0] : s->narrow;
	s->open = count_open();
}

/* What was sent is referred to by messages only from here on. */
static void forget_sent(const struct scene *s)
{
	CHECK_OK(cloudabi_sys_fd_close(s->narrow));
	CHECK_OK(cloudabi_sys_fd_close(s->ends[0]));
}

static void tear_down(const struct scene *s)
{
	size_t n;

	CHECK_EQ(count_open(), s->open - 2);
	CHECK_ERRNO(write1(s->ends[1], "x", 1, &n), CLOUDABI_EPIPE);
	CHECK_OK(cloudabi_sys_fd_close(s->ends[1]));
	close_all(s->pair, 2);
}

static void check_fds(const cloudabi_fd_t *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool reads = base_of(fds[i]) & CLOUDABI_RIGHT_FD_READ;

		CHECK_EQ(reads, i & 1);
		CHECK_OK(cloudabi_sys_fd_close(fds[i]));
	}
}

/* All that is there: how much data, how many descriptors. */
static void receive_rest(const struct scene *s, size_t *len, size_t *count)
{
	cloudabi_fd_t fds[MAX_FDS];
	cloudabi_recv_out_t out;
	cloudabi_errno_t error;

	for (*len = *count = 0;; *len += out.ro_datalen) {
		error = sock_recv(s->pair[1], received_bytes + *len,
				  LARGE - *len + 1, fds, MAX_FDS, 0, &out);
		if (error)
			break;
		check_fds(fds, out.ro_fdslen);
		*count += out.ro_fdslen;
		if (!out.ro_datalen)
			break;
	}
	CHECK_ERRNO(error, CLOUDABI_EAGAIN);
}

static bool send_once(const struct message *m, unsigned int nth)
{
	size_t n = 0, len, count;
	cloudabi_errno_t error;
	struct scene s;

	set_up(&s, m);
	arm(nth);
	error = sock_send(s.pair[0], sent_bytes, m->len, s.fds, m->count, &n);
	disarm();
	forget_sent(&s);
	receive_rest(&s, &len, &count);
	if (error) {
		check_fault(error, "sock_send");
		CHECK_EQ(len, 0);
		CHECK_EQ(count, 0);
	} else {
		CHECK_EQ(len, n);
		CHECK_EQ(count, m->count);
		CHECK(n == m->len || m->type == STREAM);
		CHECK(!memcmp(sent_bytes, received_bytes, n));
	}
	tear_down(&s);
	return !error && n == m->len;
}

/* The part of a stream that descriptors are with ends what is received. */
static bool in_parts(const struct message *m)
{
	return m->type == STREAM && m->count && m->len == LARGE;
}

static bool receive_once(const struct message *m, unsigned int nth)
{
	size_t expected = m->count < m->room ? m->count : m->room;
	size_t n, len, count;
	cloudabi_fd_t fds[MAX_FDS];
	cloudabi_recv_out_t out;
	cloudabi_errno_t error;
	struct scene s;
	bool all;

	set_up(&s, m);
	CHECK_OK(sock_send(s.pair[0], sent_bytes, m->len, s.fds, m->count, &n));
	forget_sent(&s);
	arm(nth);
	error = sock_recv(s.pair[1], received_bytes, LARGE, fds, m->room, 0,
			  &out);
	disarm();
	all = !error && out.ro_fdslen == expected &&
	      (out.ro_datalen == m->len || in_parts(m));
	if (!error) {
		CHECK(out.ro_fdslen <= expected);
		CHECK_EQ(!!(out.ro_flags & FDS_TRUNCATED),
			 m->room && out.ro_fdslen < m->count);
		check_fds(fds, out.ro_fdslen);
	}
	receive_rest(&s, &len, &count);
	if (error) {
		check_fault(error, "sock_recv");
		CHECK((len == m->len && count == m->count) ||
		      (!count && (in_parts(m) ? len < m->len : !len)));
	} else {
		CHECK_EQ(out.ro_datalen + len, m->len);
		CHECK_EQ(count, 0);
	}
	tear_down(&s);
	return all;
}

/* The table is full: whatever fails, the message stays. */
static bool receive_full_once(const struct message *m, unsigned int nth)
{
	size_t n, len, count;
	cloudabi_fd_t fds[MAX_FDS];
	cloudabi_recv_out_t out;
	cloudabi_errno_t error;
	struct scene s;
	uint64_t limit;

	set_up(&s, m);
	CHECK_OK(sock_send(s.pair[0], sent_bytes, m->len, s.fds, m->count, &n));
	forget_sent(&s);
	limit = set_limit(HELPER_RLIMIT_NOFILE, lowest_closed());
	arm(nth);
	error = sock_recv(s.pair[1], received_bytes, LARGE, fds, m->room, 0,
			  &out);
	disarm();
	set_limit(HELPER_RLIMIT_NOFILE, limit);
	if (error != CLOUDABI_EMFILE)
		check_fault(error, "sock_recv");
	receive_rest(&s, &len, &count);
	CHECK_EQ(len, m->len);
	CHECK_EQ(count, m->count);
	tear_down(&s);
	return error == CLOUDABI_EMFILE;
}

/* How often the call failed at one of its places. */
static unsigned int each_place(bool (*once)(const struct message *m,
					    unsigned int nth),
			       const struct message *m)
{
	unsigned int failed = 0, quiet = 0;

	for (unsigned int nth = 1; quiet < QUIET && !check_failed; nth++) {
		bool all = once(m, nth);

		quiet = all ? quiet + 1 : 0;
		failed += !all;
	}
	if (check_failed)
		ktap_diag("type %u, %zu bytes, %u descriptors, room for %u",
			  m->type, m->len, m->count, m->room);
	return failed;
}

static void of_sending(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++)
		CHECK(each_place(send_once, &messages[i]));
}

static void of_receiving(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++)
		CHECK(each_place(receive_once, &messages[i]));
}

static void of_receiving_into_a_full_table(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		if (messages[i].room)
			CHECK(each_place(receive_full_once, &messages[i]));
	}
}

/* A descriptor has the rights that it had, or those that it was to have. */
static bool narrow_once(const struct message *m, unsigned int nth)
{
	cloudabi_rights_t before, wanted;
	cloudabi_errno_t error;
	struct scene s;

	set_up(&s, m);
	before = base_of(s.narrow);
	wanted = before & ~CLOUDABI_RIGHT_FD_WRITE;
	arm(nth);
	error = put_rights(s.narrow, wanted, 0);
	disarm();
	if (error)
		check_fault(error, "fd_stat_put");
	CHECK_EQ(base_of(s.narrow), error ? before : wanted);
	forget_sent(&s);
	tear_down(&s);
	return !error;
}

static void of_narrowing(void)
{
	CHECK(each_place(narrow_once, &messages[0]));
}

static const struct test tests[] = {
	TEST(of_sending),
	TEST(of_receiving),
	TEST(of_receiving_into_a_full_table),
	TEST(of_narrowing),
};

int program_main(const struct argdata *ad)
{
	(void)ad;
	for (size_t i = 0; i < LARGE; i++)
		sent_bytes[i] = PATTERN_BYTE(i);
	return check_run(tests, ARRAY_SIZE(tests));
}
