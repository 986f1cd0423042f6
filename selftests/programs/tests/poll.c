// SPDX-License-Identifier: GPL-2.0
/*
 * poll: waiting for descriptors and clocks.
 *
 * What locks and condition variables do is in locks.c and condvars.c; here is
 * only where they are not allowed.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "actor.h"

#define READ CLOUDABI_EVENTTYPE_FD_READ
#define WRITE CLOUDABI_EVENTTYPE_FD_WRITE
#define TERMINATE CLOUDABI_EVENTTYPE_PROC_TERMINATE
#define HANGUP CLOUDABI_EVENT_FD_READWRITE_HANGUP
#define ABSTIME CLOUDABI_SUBSCRIPTION_CLOCK_ABSTIME
#define MONOTONIC CLOUDABI_CLOCK_MONOTONIC
#define REALTIME CLOUDABI_CLOCK_REALTIME

#define MAX 8

/* What is waited for, and what came of it. */
static cloudabi_subscription_t in[MAX];
static cloudabi_event_t out[MAX];
static size_t nin, nout;

static void begin(void)
{
	memset(in, 0xff, sizeof(in));
	nin = 0;
}

static cloudabi_subscription_t *add(cloudabi_eventtype_t type)
{
	cloudabi_subscription_t *s = &in[nin++];

	memset(s, 0, sizeof(*s));
	s->userdata = 0x1000 + nin - 1;
	s->type = type;
	return s;
}

static void add_fd(cloudabi_eventtype_t type, cloudabi_fd_t fd)
{
	add(type)->fd_readwrite.fd = fd;
}

static void add_clock(cloudabi_clockid_t id, uint64_t timeout,
		      cloudabi_subclockflags_t flags)
{
	cloudabi_subscription_t *s = add(CLOCK);

	s->clock.clock_id = id;
	s->clock.timeout = timeout;
	s->clock.flags = flags;
	s->clock.identifier = 7;
}

static cloudabi_errno_t wait(void)
{
	memset(out, 0xa5, sizeof(out));
	nout = 99;
	return cloudabi_sys_poll(in, out, nin, &nout);
}

static const uint8_t *bytes_of(const cloudabi_event_t *event)
{
	return (const uint8_t *)event;
}

static void check_zero(const cloudabi_event_t *event, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		CHECK_EQ(bytes_of(event)[i], 0);
}

/* Event @i is the one of subscription @from, and has no more to tell. */
static void check_event(size_t i, size_t from, cloudabi_errno_t error)
{
	const cloudabi_event_t *e = &out[i];

	if (!CHECK(i < nout))
		return;
	CHECK_EQ(e->userdata, 0x1000 + from);
	CHECK_EQ(e->type, in[from].type);
	CHECK_ERRNO(e->error, error);
	check_zero(e, 11, 16);
	if (error || e->type == CLOCK)
		check_zero(e, 16, sizeof(*e));
}

static void check_ready(size_t i, size_t from, uint64_t nbytes,
			cloudabi_eventrwflags_t flags)
{
	check_event(i, from, 0);
	CHECK_EQ(out[i].fd_readwrite.nbytes, nbytes);
	CHECK_EQ(out[i].fd_readwrite.flags, flags);
	check_zero(&out[i], 24, 28);
	check_zero(&out[i], 30, 32);
}

/* One descriptor, and that it is ready. */
static void check_fd(cloudabi_eventtype_t type, cloudabi_fd_t fd,
		     uint64_t nbytes, cloudabi_eventrwflags_t flags)
{
	begin();
	add_fd(type, fd);
	CHECK_OK(wait());
	CHECK_EQ(nout, 1);
	check_ready(0, 0, nbytes, flags);
}

/* And that it is not: only the clock comes. */
static void check_idle(cloudabi_eventtype_t type, cloudabi_fd_t fd)
{
	begin();
	add_fd(type, fd);
	add_clock(MONOTONIC, 0, 0);
	CHECK_OK(wait());
	CHECK_EQ(nout, 1);
	check_event(0, 1, 0);
}

static void check_fails(cloudabi_eventtype_t type, cloudabi_fd_t fd,
			cloudabi_errno_t error)
{
	begin();
	add_fd(type, fd);
	CHECK_OK(wait());
	CHECK_EQ(nout, 1);
	check_event(0, 0, error);
}

static uint64_t now(cloudabi_clockid_t id)
{
	cloudabi_timestamp_t time = 0;

	CHECK_OK(cloudabi_sys_clock_time_get(id, 0, &time));
	return time;
}

/* --- The call ------------------------------------------------------------- */

static void nothing_at_all(void)
{
	begin();
	CHECK_OK(wait());
	CHECK_EQ(nout, 0);
	CHECK_OK(cloudabi_sys_poll(NULL, NULL, 0, &nout));
	CHECK_EQ(nout, 0);
	CHECK_OK(cloudabi_sys_poll(BAD_ADDRESS, BAD_ADDRESS, 0, &nout));
	CHECK_EQ(nout, 0);
}

static void bad_pointers(void)
{
	begin();
	add_clock(MONOTONIC, 0, 0);
	CHECK_ERRNO(cloudabi_sys_poll(NULL, out, 1, &nout), CLOUDABI_EFAULT);
	CHECK_ERRNO(cloudabi_sys_poll(BAD_ADDRESS, out, 1, &nout),
		    CLOUDABI_EFAULT);
	CHECK_ERRNO(cloudabi_sys_poll(in, NULL, 1, &nout), CLOUDABI_EFAULT);
	CHECK_ERRNO(cloudabi_sys_poll(in, BAD_ADDRESS, 1, &nout),
		    CLOUDABI_EFAULT);
	begin();
	add_fd(READ, PATTERN);
	CHECK_ERRNO(cloudabi_sys_poll(in, BAD_ADDRESS, 1, &nout),
		    CLOUDABI_EFAULT);
	in[0] = for_lock(RDLOCK, &words[LOCK]);
	CHECK_ERRNO(cloudabi_sys_poll(in, BAD_ADDRESS, 1, &nout),
		    CLOUDABI_EFAULT);
	set_word(LOCK, 0);
}

/* As the documentation says; the memory is that of the program and the call. */
#define LIMIT 32768ul

static void many_subscriptions(void)
{
	size_t in_size = (LIMIT + 1) * sizeof(*in);
	size_t out_size = (LIMIT + 1) * sizeof(*out);
	cloudabi_subscription_t *many = crt_pages_alloc(in_size);
	cloudabi_event_t *events = crt_pages_alloc(out_size);
	size_t n = 0, wrong = 0;

	if (!CHECK(many && events))
		return;
	for (size_t i = 0; i < LIMIT + 1; i++) {
		many[i].userdata = i * 3;
		many[i].type = i & 1 ? READ : WRITE;
		many[i].fd_readwrite.fd = DEV_ZERO;
	}
	CHECK_ERRNO(cloudabi_sys_poll(many, events, LIMIT + 1, &n),
		    CLOUDABI_EINVAL);
	CHECK_ERRNO(cloudabi_sys_poll(many, events, ~0ul, &n),
		    CLOUDABI_EINVAL);
	CHECK_ERRNO(cloudabi_sys_poll(many, events, ~0ul / sizeof(*in) + 2, &n),
		    CLOUDABI_EINVAL);
	CHECK_OK(cloudabi_sys_poll(many, events, LIMIT, &n));
	CHECK_EQ(n, LIMIT);
	for (size_t i = 0; i < n; i++)
		wrong += events[i].userdata != i * 3 || events[i].error;
	CHECK_EQ(wrong, 0);
	crt_pages_free(many, in_size);
	crt_pages_free(events, out_size);
}

static void unknown_types(void)
{
	for (unsigned int type = 0; type < 256; type++) {
		if (type >= CLOCK && type <= TERMINATE)
			continue;
		begin();
		add_fd(type, PATTERN);
		CHECK_OK(wait());
		CHECK_EQ(nout, 1);
		check_event(0, 0, CLOUDABI_EINVAL);
	}
}

/* Locks and condition variables are waited for alone, or with a clock. */
static void locks_elsewhere(void)
{
	static const cloudabi_eventtype_t types[] = { RDLOCK, WRLOCK, CONDVAR };

	set_word(LOCK, 0);
	set_word(CONDVAR_WORD, 0);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		cloudabi_subscription_t lock =
			types[i] == CONDVAR ?
				for_condvar(&words[CONDVAR_WORD],
					    &words[LOCK]) :
				for_lock(types[i], &words[LOCK]);

		for (size_t place = 0; place < 4; place++) {
			begin();
			for (size_t j = 0; j < 4; j++) {
				if (j == place) {
					in[nin] = lock;
					in[nin].userdata = 0x1000 + nin;
					nin++;
				} else {
					add_clock(MONOTONIC, HOUR, 0);
				}
			}
			CHECK_OK(wait());
			CHECK_EQ(nout, 1);
			check_event(0, place, CLOUDABI_EINVAL);
		}
		begin();
		in[0] = lock;
		in[0].userdata = 0x1000;
		in[1] = lock;
		in[1].userdata = 0x1001;
		nin = 2;
		CHECK_OK(wait());
		CHECK_EQ(nout, 2);
		check_event(0, 0, CLOUDABI_EINVAL);
		check_event(1, 1, CLOUDABI_EINVAL);
		nin = 1;
		add_fd(READ, PATTERN);
		CHECK_OK(wait());
		CHECK_EQ(nout, 2);
		check_event(0, 0, CLOUDABI_EINVAL);
		check_ready(1, 1, PATTERN_SIZE, 0);
	}
	CHECK_EQ(word(LOCK), 0);
	CHECK_EQ(word(CONDVAR_WORD), 0);
}

/* --- Descriptors that cannot be waited for ------------------------------- */

static void closed_descriptors(void)
{
	check_fails(READ, CLOSED_FD, CLOUDABI_EBADF);
	check_fails(WRITE, CLOSED_FD, CLOUDABI_EBADF);
	check_fails(TERMINATE, CLOSED_FD, CLOUDABI_EBADF);
	check_fails(READ, 0xffffffff, CLOUDABI_EBADF);
	check_fails(READ, 0x80000000 + PATTERN, CLOUDABI_EBADF);
}

static void missing_rights(void)
{
	static const struct {
		cloudabi_eventtype_t type;
		cloudabi_rights_t without;
		bool fails;
	} rows[] = {
		{ READ, CLOUDABI_RIGHT_POLL_FD_READWRITE, true },
		{ WRITE, CLOUDABI_RIGHT_POLL_FD_READWRITE, true },
		{ READ, CLOUDABI_RIGHT_FD_READ, true },
		{ READ, CLOUDABI_RIGHT_FD_WRITE, false },
		{ WRITE, CLOUDABI_RIGHT_FD_WRITE, true },
		{ WRITE, CLOUDABI_RIGHT_FD_READ, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cloudabi_fd_t fd = dup_without(UNIX_STREAM, rows[i].without);

		if (rows[i].fails)
			check_fails(rows[i].type, fd, CLOUDABI_ENOTCAPABLE);
		else if (rows[i].type == READ)
			check_idle(READ, fd);
		else
			check_fd(WRITE, fd, 0, 0);
		CHECK_OK(cloudabi_sys_fd_close(fd));
	}
}

static void wrong_kinds(void)
{
	check_fails(READ, DIRECTORY, CLOUDABI_ENOTCAPABLE);
	check_fails(WRITE, DIRECTORY, CLOUDABI_ENOTCAPABLE);
	check_fails(READ, EVENT, CLOUDABI_ENOTCAPABLE);
	check_fails(READ, PATH_ONLY, CLOUDABI_ENOTCAPABLE);
	check_fails(READ, FILE_WO, CLOUDABI_ENOTCAPABLE);
	check_fails(WRITE, FILE_RO, CLOUDABI_ENOTCAPABLE);
	check_fails(READ, PIPE_OUT, CLOUDABI_ENOTCAPABLE);
	check_fails(WRITE, PIPE_IN, CLOUDABI_ENOTCAPABLE);
	for (cloudabi_fd_t fd = HELPER_FD; fd < GIVEN_END; fd++)
		check_fails(TERMINATE, fd, CLOUDABI_ENOTCAPABLE);
}

/* Errors come with what is ready, in order, and do not wait. */
static void errors_among_events(void)
{
	begin();
	add_fd(READ, PIPE_IN);
	add_fd(READ, CLOSED_FD);
	add_clock(MONOTONIC, HOUR, 0);
	add_fd(WRITE, DEV_NULL);
	add_fd(WRITE, FILE_RO);
	add_fd(200, FILE_RO);
	add_fd(READ, PATTERN);
	CHECK_OK(wait());
	CHECK_EQ(nout, 5);
	check_event(0, 1, CLOUDABI_EBADF);
	check_ready(1, 3, 0, 0);
	check_event(2, 4, CLOUDABI_ENOTCAPABLE);
	check_event(3, 5, CLOUDABI_EINVAL);
	check_ready(4, 6, PATTERN_SIZE, 0);
}

/* --- What is ready --------------------------------------------------------- */

static void regular_files(void)
{
	file_set("0123456789");
	check_fd(READ, FILE_RW, 10, 0);
	check_fd(WRITE, FILE_RW, 0, 0);
	check_fd(READ, FILE_RO, 10, 0);
	check_fd(WRITE, FILE_WO, 0, 0);
	CHECK_OK(seek_to(FILE_RW, 4));
	check_fd(READ, FILE_RW, 6, 0);
	CHECK_OK(seek_to(FILE_RW, 10));
	check_fd(READ, FILE_RW, 0, 0);
	CHECK_OK(seek_to(FILE_RW, 1000));
	check_fd(READ, FILE_RW, 0, 0);
	CHECK_OK(seek_to(FILE_RW, INT64_MAX));
	check_fd(READ, FILE_RW, 0, 0);
	CHECK_OK(seek_to(FILE_RW, 0));
}

static void devices(void)
{
	check_fd(READ, DEV_NULL, 0, 0);
	check_fd(WRITE, DEV_NULL, 0, 0);
	check_fd(READ, DEV_ZERO, 0, 0);
	check_fd(WRITE, DEV_FULL, 0, 0);
}

static void put(cloudabi_fd_t fd, const char *text)
{
	CHECK_EQ(ask_with(HELPER_PEER_WRITE, fd, 0, text, strlen(text)),
		 strlen(text));
}

static void get(cloudabi_fd_t fd, size_t want)
{
	char buf[256];
	size_t n = 0;

	CHECK_OK(read1(fd, buf, sizeof(buf), &n));
	CHECK_EQ(n, want);
}

/* A terminal has what was written to its other end a little later. */
static void await(cloudabi_fd_t fd, uint64_t nbytes)
{
	for (unsigned int ms = 0; ms < 20000; ms++) {
		begin();
		add_fd(READ, fd);
		add_clock(MONOTONIC, 0, 0);
		CHECK_OK(wait());
		if (out[0].type == READ && out[0].fd_readwrite.nbytes >= nbytes)
			return;
		crt_sleep_ms(1);
	}
}

/* Whatever comes by bytes. */
static void check_stream(cloudabi_fd_t fd)
{
	check_idle(READ, fd);
	put(fd, "hello");
	await(fd, 5);
	check_fd(READ, fd, 5, 0);
	put(fd, "abc");
	await(fd, 8);
	check_fd(READ, fd, 8, 0);
	get(fd, 8);
	check_idle(READ, fd);
}

static void streams(void)
{
	check_stream(PIPE_IN);
	check_stream(UNIX_STREAM);
	check_stream(TCP);
	check_stream(TERMINAL);
	check_fd(WRITE, PIPE_OUT, 0, 0);
	check_fd(WRITE, UNIX_STREAM, 0, 0);
	check_fd(WRITE, TCP, 0, 0);
	check_fd(WRITE, TERMINAL, 0, 0);
}

/* A datagram at a time, or all of them. */
static void datagrams(void)
{
	static const cloudabi_fd_t fds[] = { UNIX_DGRAM, UDP };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		check_idle(READ, fds[i]);
		put(fds[i], "hello");
		check_fd(READ, fds[i], 5, 0);
		put(fds[i], "abc");
		begin();
		add_fd(READ, fds[i]);
		CHECK_OK(wait());
		CHECK_EQ(nout, 1);
		check_event(0, 0, 0);
		CHECK(out[0].fd_readwrite.nbytes == 5 ||
		      out[0].fd_readwrite.nbytes == 8);
		get(fds[i], 5);
		check_fd(READ, fds[i], 3, 0);
		get(fds[i], 3);
		check_fd(WRITE, fds[i], 0, 0);
	}
}

/* A pipe that is full is not ready, and is as soon as there is room. */
static void full_pipe(void)
{
	static uint8_t bytes[65536];
	cloudabi_errno_t error;
	size_t n;

	CHECK_OK(put_flags(FIFO_WRITE, CLOUDABI_FDFLAG_NONBLOCK));
	do {
		error = write1(FIFO_WRITE, bytes, sizeof(bytes), &n);
	} while (!error);
	CHECK_ERRNO(error, CLOUDABI_EAGAIN);
	check_idle(WRITE, FIFO_WRITE);
	check_fd(READ, FIFO_READ, 65536, 0);
	CHECK_OK(read1(FIFO_READ, bytes, sizeof(bytes), &n));
	check_fd(WRITE, FIFO_WRITE, 0, 0);
	check_idle(READ, FIFO_READ);
}

/* The same descriptor as often as one likes. */
static void same_descriptor(void)
{
	put(UNIX_STREAM, "xyz");
	begin();
	for (int i = 0; i < 3; i++) {
		add_fd(READ, UNIX_STREAM);
		add_fd(WRITE, UNIX_STREAM);
	}
	CHECK_OK(wait());
	CHECK_EQ(nout, 6);
	for (size_t i = 0; i < 6; i++)
		check_ready(i, i, i & 1 ? 0 : 3, 0);
	get(UNIX_STREAM, 3);
}

/* What is said about the flag of subscriptions and what is unused is ignored. */
static void ignored_fields(void)
{
	begin();
	memset(&in[0], 0xff, sizeof(in[0]));
	in[0].userdata = 0x1000;
	in[0].type = READ;
	in[0].fd_readwrite.fd = PATTERN;
	nin = 1;
	CHECK_OK(wait());
	CHECK_EQ(nout, 1);
	check_ready(0, 0, PATTERN_SIZE, 0);
}

/* --- Hang-up -------------------------------------------------------------- */

/* The last tests that have these descriptors: what is closed stays closed. */
static void half_closed_streams(void)
{
	static const cloudabi_fd_t fds[] = { UNIX_STREAM, TCP };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		put(fds[i], "last");
		CHECK_EQ(ask(HELPER_PEER_SHUTDOWN, fds[i], 0, 0), 0);
		/* It may take its time through the network. */
		for (int j = 0; j < 1000; j++) {
			begin();
			add_fd(READ, fds[i]);
			CHECK_OK(wait());
			if (out[0].fd_readwrite.flags)
				break;
			crt_sleep_ms(1);
		}
		check_fd(READ, fds[i], 4, HANGUP);
		get(fds[i], 4);
		check_fd(READ, fds[i], 0, HANGUP);
		check_fd(WRITE, fds[i], 0, 0);
		get(fds[i], 0);
	}
}

static void closed_streams(void)
{
	CHECK_EQ(ask(HELPER_PEER_CLOSE, UNIX_STREAM, 0, 0), 0);
	check_fd(READ, UNIX_STREAM, 0, HANGUP);
	check_fd(WRITE, UNIX_STREAM, 0, HANGUP);
	CHECK_EQ(ask(HELPER_PEER_CLOSE, TERMINAL, 0, 0), 0);
	check_fd(READ, TERMINAL, 0, HANGUP);
}

static void closed_pipes(void)
{
	put(PIPE_IN, "last");
	check_fd(READ, PIPE_IN, 4, 0);
	CHECK_EQ(ask(HELPER_PEER_CLOSE, PIPE_IN, 0, 0), 0);
	check_fd(READ, PIPE_IN, 4, HANGUP);
	get(PIPE_IN, 4);
	check_fd(READ, PIPE_IN, 0, HANGUP);
	CHECK_EQ(ask(HELPER_PEER_CLOSE, PIPE_OUT, 0, 0), 0);
	check_fd(WRITE, PIPE_OUT, 0, HANGUP);
	CHECK_OK(cloudabi_sys_fd_close(FIFO_READ));
	check_fd(WRITE, FIFO_WRITE, 0, HANGUP);
}

/* --- Clocks --------------------------------------------------------------- */

static void due_at_once(void)
{
	static const struct {
		cloudabi_clockid_t id;
		uint64_t timeout;
		cloudabi_subclockflags_t flags;
	} rows[] = {
		{ MONOTONIC, 0, 0 },
		{ REALTIME, 0, 0 },
		{ MONOTONIC, 0, ABSTIME },
		{ MONOTONIC, 1, ABSTIME },
		{ REALTIME, 0, ABSTIME },
		{ REALTIME, 1, ABSTIME },
		{ REALTIME, 1000000000, ABSTIME },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		begin();
		add_clock(rows[i].id, rows[i].timeout, rows[i].flags);
		CHECK_OK(wait());
		CHECK_EQ(nout, 1);
		check_event(0, 0, 0);
	}
}

static void bad_clocks(void)
{
	static const struct {
		cloudabi_clockid_t id;
		cloudabi_errno_t error;
	} rows[] = {
		{ 0, CLOUDABI_EINVAL },
		{ 5, CLOUDABI_EINVAL },
		{ 0x80000000, CLOUDABI_EINVAL },
		{ 0xffffffff, CLOUDABI_EINVAL },
		{ CLOUDABI_CLOCK_PROCESS_CPUTIME_ID, CLOUDABI_ENOTSUP },
		{ CLOUDABI_CLOCK_THREAD_CPUTIME_ID, CLOUDABI_ENOTSUP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (int flags = 0; flags < 2; flags++) {
			begin();
			add_clock(MONOTONIC, HOUR, 0);
			add_clock(rows[i].id, HOUR, flags);
			CHECK_OK(wait());
			CHECK_EQ(nout, 1);
			check_event(0, 1, rows[i].error);
		}
	}
}

/* It sleeps that long at the least. */
static void sleeping(void)
{
	static const cloudabi_clockid_t ids[] = { MONOTONIC, REALTIME };

	for (size_t i = 0; i < 2; i++) {
		uint64_t start = now(MONOTONIC);

		begin();
		add_clock(ids[i], 20000000, 0);
		in[0].clock.precision = i * 1000000;
		CHECK_OK(wait());
		CHECK_EQ(nout, 1);
		check_event(0, 0, 0);
		CHECK(now(MONOTONIC) - start >= 20000000);

		start = now(ids[i]);
		begin();
		add_clock(ids[i], start + 20000000, ABSTIME);
		CHECK_OK(wait());
		CHECK_EQ(nout, 1);
		check_event(0, 0, 0);
		CHECK(now(ids[i]) >= start + 20000000);
	}
}

/* All that are due, in order, and no other. */
static void several_clocks(void)
{
	uint64_t real = now(REALTIME), monotonic = now(MONOTONIC);

	begin();
	add_clock(MONOTONIC, HOUR, 0);
	add_clock(MONOTONIC, monotonic + 10000000, ABSTIME);
	add_clock(REALTIME, real + HOUR, ABSTIME);
	add_clock(MONOTONIC, 2 * HOUR, 0);
	CHECK_OK(wait());
	CHECK_EQ(nout, 1);
	check_event(0, 1, 0);

	begin();
	add_clock(MONOTONIC, HOUR, 0);
	add_clock(REALTIME, real + 50000000, ABSTIME);
	add_clock(REALTIME, real + HOUR, ABSTIME);
	CHECK_OK(wait());
	CHECK_EQ(nout, 1);
	check_event(0, 1, 0);

	begin();
	add_clock(REALTIME, 1, ABSTIME);
	add_clock(MONOTONIC, HOUR, 0);
	add_clock(MONOTONIC, 0, 0);
	add_clock(MONOTONIC, monotonic, ABSTIME);
	CHECK_OK(wait());
	CHECK_EQ(nout, 3);
	check_event(0, 0, 0);
	check_event(1, 2, 0);
	check_event(2, 3, 0);
}

static const uint64_t huge[] = {
	INT64_MAX - 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX - 1,
	UINT64_MAX, 9223372036000000000ull, 4611686018427387904ull,
};

/* Times that never come are no times in the past. */
static void huge_timeouts(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(huge); i++) {
		begin();
		add_clock(MONOTONIC, huge[i], 0);
		add_clock(MONOTONIC, huge[i], ABSTIME);
		add_clock(REALTIME, huge[i], 0);
		add_clock(REALTIME, huge[i], ABSTIME);
		add_clock(MONOTONIC, 2000000, 0);
		for (size_t j = 0; j < nin; j++)
			in[j].clock.precision = huge[i];
		CHECK_OK(wait());
		CHECK_EQ(nout, 1);
		check_event(0, 4, 0);
	}
}

/* The same for a lock, which has a way of its own. */
static void huge_timeouts_of_locks(void)
{
	struct actor *a = &actors[0];

	for (size_t i = 0; i < ARRAY_SIZE(huge); i++) {
		set_word(LOCK, W(crt_tid()));
		start_actor(a, for_lock(WRLOCK, &words[LOCK]), huge[i], false);
		CHECK_EQ(ask(HELPER_ASLEEP, 0, a->thread.tid, 0), 0);
		CHECK(!is_done(a));
		CHECK_EQ(word(LOCK), W(crt_tid()) | KM);
		CHECK_OK(cloudabi_sys_lock_unlock(&words[LOCK], scope));
		let_go(a);
		check_success(a);
	}
}

/* What is ready is told although the time is over, before or behind. */
static void ready_and_due(void)
{
	for (int first = 0; first < 2; first++) {
		begin();
		if (first)
			add_clock(MONOTONIC, 0, 0);
		add_fd(READ, PATTERN);
		add_fd(WRITE, DEV_NULL);
		if (!first)
			add_clock(MONOTONIC, 0, 0);
		CHECK_OK(wait());
		CHECK_EQ(nout, 3);
		check_ready(first, first, PATTERN_SIZE, 0);
		check_ready(first + 1, first + 1, 0, 0);
		check_event(first ? 0 : 2, first ? 0 : 2, 0);
	}
}

/* --- Sleeping for descriptors --------------------------------------------- */

/* The helper sees this thread asleep, and then writes. */
static void wakes_up_for(cloudabi_fd_t fd)
{
	CHECK_EQ(ask_with(HELPER_DISTURB, fd, 0, "wake", 4), 0);
	begin();
	add_clock(MONOTONIC, HOUR, 0);
	add_fd(READ, fd);
	add_fd(READ, UDP);
	CHECK_OK(wait());
	CHECK_EQ(nout, 1);
	check_event(0, 1, 0);
	CHECK(out[0].fd_readwrite.nbytes);
	CHECK_EQ(ask(HELPER_DISTURBED, 0, 0, 0), 0);
	get(fd, 4);
}

static void descriptors_wake(void)
{
	static const cloudabi_fd_t fds[] = {
		PIPE_IN, UNIX_STREAM, UNIX_DGRAM, TCP, TERMINAL,
	};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		wakes_up_for(fds[i]);
}

static void room_wakes(void)
{
	static uint8_t bytes[65536];
	size_t n;

	CHECK_OK(put_flags(PIPE_OUT, CLOUDABI_FDFLAG_NONBLOCK));
	while (!write1(PIPE_OUT, bytes, sizeof(bytes), &n))
		continue;
	CHECK_EQ(ask(HELPER_DISTURB, PIPE_OUT, HELPER_DRAIN, 65536), 0);
	begin();
	add_fd(WRITE, PIPE_OUT);
	add_clock(MONOTONIC, HOUR, 0);
	CHECK_OK(wait());
	CHECK_EQ(nout, 1);
	check_ready(0, 0, 0, 0);
	CHECK_EQ(ask(HELPER_DRAINED, 0, 0, 0), 0);
	CHECK_OK(put_flags(PIPE_OUT, 0));
}

static void close_it(void *argument)
{
	crt_sleep_ms(30);
	cloudabi_sys_fd_close((uintptr_t)argument);
}

/* Nobody is hurt if another thread closes what is waited for. */
static void closed_meanwhile(void)
{
	struct crt_thread thread;
	cloudabi_fd_t fd;

	for (int i = 0; i < 5; i++) {
		CHECK_OK(cloudabi_sys_fd_dup(UNIX_STREAM, &fd));
		CHECK_OK(crt_thread_start(&thread, close_it,
					  (void *)(uintptr_t)fd));
		begin();
		add_fd(READ, fd);
		add_clock(MONOTONIC, 60000000, 0);
		CHECK_OK(wait());
		/* Either that it is gone, or that the time is over. */
		CHECK(nout >= 1 && nout <= 2);
		crt_thread_join(&thread);
	}
}

/* --- Clock steps ---------------------------------------------------------- */

/* As often in a wait for descriptors, for a lock and for a condition variable. */
static void check_step(cloudabi_subscription_t first, bool alone)
{
	uint64_t real = now(REALTIME);

	CHECK_EQ(ask(HELPER_DISTURB, 0, HELPER_STEP, 2 * HOUR), 0);
	begin();
	if (!alone) {
		in[0] = first;
		in[0].userdata = 0x1000;
		nin = 1;
	}
	add_clock(REALTIME, real + HOUR, ABSTIME);
	CHECK_OK(wait());
	CHECK_EQ(nout, 1);
	check_event(0, nin - 1, 0);
	CHECK(now(REALTIME) >= real + HOUR);
	CHECK_EQ(ask(HELPER_DISTURBED, 0, 0, 0), 0);
	CHECK_EQ(ask(HELPER_STEP_CLOCK, 0, -2 * HOUR, 0), 0);
}

static void steps_of_the_clock(void)
{
	cloudabi_subscription_t none = { 0 };

	check_step(none, true);
	set_word(LOCK, W(NOBODY));
	check_step(for_lock(WRLOCK, &words[LOCK]), false);
	CHECK_EQ(word(LOCK), W(NOBODY));
	set_word(LOCK, W(crt_tid()));
	check_step(for_condvar(&words[CONDVAR_WORD], &words[LOCK]), false);
	CHECK_EQ(word(LOCK), W(crt_tid()));
	set_word(LOCK, 0);
	none = (cloudabi_subscription_t){ .type = READ,
					  .fd_readwrite.fd = PIPE_IN };
	check_step(none, false);
}

/* Relative ones go by no clock that is set. */
static void steps_do_not_hasten(void)
{
	begin();
	add_clock(REALTIME, 300000000, 0);
	add_clock(REALTIME, 2 * HOUR, 0);
	CHECK_EQ(ask(HELPER_DISTURB, 0, HELPER_STEP, 4 * HOUR), 0);
	CHECK_OK(wait());
	CHECK_EQ(nout, 1);
	check_event(0, 0, 0);
	CHECK_EQ(ask(HELPER_DISTURBED, 0, 0, 0), 0);
	CHECK_EQ(ask(HELPER_STEP_CLOCK, 0, -4 * HOUR, 0), 0);
}

static const struct test tests[] = {
	TEST(nothing_at_all),
	TEST(bad_pointers),
	TEST(many_subscriptions),
	TEST(unknown_types),
	TEST(locks_elsewhere),
	TEST(closed_descriptors),
	TEST(missing_rights),
	TEST(wrong_kinds),
	TEST(errors_among_events),
	TEST(regular_files),
	TEST(devices),
	TEST(streams),
	TEST(datagrams),
	TEST(full_pipe),
	TEST(same_descriptor),
	TEST(ignored_fields),
	TEST(due_at_once),
	TEST(bad_clocks),
	TEST(sleeping),
	TEST(several_clocks),
	TEST(huge_timeouts),
	TEST(huge_timeouts_of_locks),
	TEST(ready_and_due),
	TEST(descriptors_wake),
	TEST(room_wakes),
	TEST(closed_meanwhile),
	TEST(steps_of_the_clock),
	TEST(steps_do_not_hasten),
	TEST(half_closed_streams),
	TEST(closed_streams),
	TEST(closed_pipes),
};

int program_main(const struct argdata *ad)
{
	(void)ad;
	make_words(&(struct word){ "private", 7 });
	return check_run(tests, ARRAY_SIZE(tests));
}
