// SPDX-License-Identifier: GPL-2.0
/*
 * rights_matrix: every call with every set of rights, on one descriptor.
 *
 *	rights_matrix MAXIMUM MODE
 *
 * Descriptor 3 is looked at. MAXIMUM is the name of its row in the table of
 * maxima, MODE is how it is open: r, w, rw or none. Descriptor 4, if there is
 * one, is the other end of 3.
 *
 * What calls need, and what descriptors can have, is made from the ABI table.
 * Each call that it has for descriptors is made here with a duplicate of the
 * descriptor that lacks one right, for each of the rights there are; with those
 * alone that it needs; with all but these; and with none. Where the table
 * refuses, the call must say ENOTCAPABLE and change nothing, in all other cases
 * it must do what it does with full rights.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "../../rights_gen.h"
#include "args.h"
#include "check.h"
#include "sock.h"

#define SUBJECT 3
#define PEER 4

#define PAGE 4096ul

/* Where the offset is before each call. */
#define OFFSET 5

static const struct rights_maximum *maximum;

/* What it can have at most, open as it is. */
static cloudabi_rights_t full_base, full_inheriting;

static bool has_peer;

/* What is written: if it is found somewhere, so was the call that wrote it. */
static char mark;
#define ALLOWED 'A'
#define REFUSED 'R'

/* --- The calls ----------------------------------------------------------- */

/**
 * struct outcome - what a call has done
 * @error: its result
 * @value: whatever else can be told of it, the same if it did the same
 */
struct outcome {
	cloudabi_errno_t error;
	uint64_t value;
};

static struct outcome done(cloudabi_errno_t error, uint64_t value)
{
	return (struct outcome){ error, error ? 0 : value };
}

static cloudabi_fd_t spare(void)
{
	cloudabi_fd_t fd = CLOSED_FD;

	CHECK_OK(cloudabi_sys_fd_create1(SHARED_MEMORY, &fd));
	return fd;
}

static struct outcome do_close(cloudabi_fd_t fd)
{
	cloudabi_errno_t error = cloudabi_sys_fd_close(fd);

	return done(error, is_open(fd));
}

static struct outcome do_dup(cloudabi_fd_t fd)
{
	cloudabi_fd_t copy;
	cloudabi_errno_t error = cloudabi_sys_fd_dup(fd, &copy);
	cloudabi_rights_t rights = 0;

	if (!error) {
		rights = base_of(copy) ^ base_of(fd);
		CHECK_OK(cloudabi_sys_fd_close(copy));
	}
	return done(error, rights);
}

static struct outcome do_replace_from(cloudabi_fd_t fd)
{
	cloudabi_fd_t to = spare();
	cloudabi_errno_t error = cloudabi_sys_fd_replace(fd, to);
	uint64_t value = 0;

	if (!error)
		value = base_of(to) ^ base_of(fd);
	CHECK_OK(cloudabi_sys_fd_close(to));
	return done(error, value);
}

static struct outcome do_replace_to(cloudabi_fd_t fd)
{
	cloudabi_fd_t from = spare();
	cloudabi_errno_t error = cloudabi_sys_fd_replace(from, fd);
	uint64_t value = 0;

	if (!error)
		value = base_of(from) ^ base_of(fd);
	CHECK_OK(cloudabi_sys_fd_close(from));
	return done(error, value);
}

static struct outcome do_stat_get(cloudabi_fd_t fd)
{
	cloudabi_fdstat_t stat = { 0 };
	cloudabi_errno_t error = cloudabi_sys_fd_stat_get(fd, &stat);

	return done(error, stat.fs_filetype << 16 | stat.fs_flags);
}

/* Turns one flag over, and back again by the descriptor with all rights. */
static struct outcome do_stat_put_flags(cloudabi_fd_t fd)
{
	cloudabi_fdflags_t flags = fdstat(SUBJECT).fs_flags;
	cloudabi_errno_t error = put_flags(fd, flags ^ CLOUDABI_FDFLAG_APPEND);
	uint64_t value = 0;

	if (!error) {
		value = fdstat(SUBJECT).fs_flags;
		CHECK_OK(put_flags(SUBJECT, flags));
	}
	return done(error, value);
}

static struct outcome do_datasync(cloudabi_fd_t fd)
{
	return done(cloudabi_sys_fd_datasync(fd), 0);
}

static struct outcome do_sync(cloudabi_fd_t fd)
{
	return done(cloudabi_sys_fd_sync(fd), 0);
}

static struct outcome do_read(cloudabi_fd_t fd)
{
	char byte;
	size_t n = 0;

	return done(read1(fd, &byte, 1, &n), n);
}

static struct outcome do_write(cloudabi_fd_t fd)
{
	size_t n = 0;

	return done(write1(fd, &mark, 1, &n), n);
}

static struct outcome do_pread(cloudabi_fd_t fd)
{
	char byte = 0;
	size_t n = 0;
	cloudabi_errno_t error = pread1(fd, &byte, 1, OFFSET, &n);

	return done(error, n);
}

static struct outcome do_pwrite(cloudabi_fd_t fd)
{
	size_t n = 0;

	return done(pwrite1(fd, &mark, 1, OFFSET, &n), n);
}

static struct outcome do_seek(cloudabi_fd_t fd)
{
	cloudabi_filesize_t offset = 0;

	return done(cloudabi_sys_fd_seek(fd, OFFSET + 2, CLOUDABI_WHENCE_SET,
					 &offset), offset);
}

static struct outcome do_tell(cloudabi_fd_t fd)
{
	cloudabi_filesize_t offset = 0;

	return done(cloudabi_sys_fd_seek(fd, 0, CLOUDABI_WHENCE_CUR, &offset),
		    offset);
}

static struct outcome map(cloudabi_fd_t fd, cloudabi_mprot_t prot,
			  cloudabi_mflags_t flags)
{
	cloudabi_errno_t error;
	void *mem;

	error = cloudabi_sys_mem_map(NULL, PAGE, prot, flags, fd, 0, &mem);
	if (!error)
		CHECK_OK(cloudabi_sys_mem_unmap(mem, PAGE));
	return done(error, 0);
}

static struct outcome do_map(cloudabi_fd_t fd)
{
	return map(fd, 0, CLOUDABI_MAP_PRIVATE);
}

static struct outcome do_map_read(cloudabi_fd_t fd)
{
	return map(fd, CLOUDABI_PROT_READ, CLOUDABI_MAP_PRIVATE);
}

static struct outcome do_map_write(cloudabi_fd_t fd)
{
	return map(fd, CLOUDABI_PROT_WRITE, CLOUDABI_MAP_SHARED);
}

static struct outcome do_map_exec(cloudabi_fd_t fd)
{
	return map(fd, CLOUDABI_PROT_EXEC, CLOUDABI_MAP_PRIVATE);
}

static struct outcome do_recv(cloudabi_fd_t fd)
{
	cloudabi_recv_out_t out;
	char byte;
	cloudabi_errno_t error = sock_recv(fd, &byte, 1, NULL, 0, 0, &out);

	return done(error, out.ro_datalen);
}

static struct outcome do_send(cloudabi_fd_t fd)
{
	size_t n = 0;

	return done(sock_send(fd, &mark, 1, NULL, 0, &n), n);
}

/*
 * Its row is the last one: the socket is of little use from then on. A listening
 * one would not be one any more if its receiving side were shut down.
 */
static struct outcome do_shutdown(cloudabi_fd_t fd)
{
	return done(cloudabi_sys_sock_shutdown(fd, CLOUDABI_SHUT_WR), 0);
}

/* Whether it is ready is no matter: the time is over in any case. */
static struct outcome do_poll(cloudabi_eventtype_t type, cloudabi_fd_t fd)
{
	cloudabi_subscription_t in[2] = {
		{ .type = type, .fd_readwrite.fd = fd },
		{
			.type = CLOUDABI_EVENTTYPE_CLOCK,
			.clock.clock_id = CLOUDABI_CLOCK_MONOTONIC,
		},
	};
	cloudabi_event_t events[2];
	cloudabi_errno_t error;
	size_t n = 0;

	error = cloudabi_sys_poll(in, events, 2, &n);
	if (!error && n && events[0].type == type)
		error = events[0].error;
	return done(error, 0);
}

static struct outcome do_poll_read(cloudabi_fd_t fd)
{
	return do_poll(CLOUDABI_EVENTTYPE_FD_READ, fd);
}

static struct outcome do_poll_write(cloudabi_fd_t fd)
{
	return do_poll(CLOUDABI_EVENTTYPE_FD_WRITE, fd);
}

static struct outcome do_poll_process(cloudabi_fd_t fd)
{
	return do_poll(CLOUDABI_EVENTTYPE_PROC_TERMINATE, fd);
}

/* Argument data that are nowhere: it never comes to it. */
static struct outcome do_exec(cloudabi_fd_t fd)
{
	return done(cloudabi_sys_proc_exec(fd, BAD_ADDRESS, 1, NULL, 0), 0);
}

/**
 * struct call - how a call is made
 * @name: name of the call
 * @variant: the case of it
 * @argument: the argument that the descriptor is in, if it may be in several
 * @make: makes it
 * @also: a right without which it may say EACCES, as no processor can do what
 *	is asked for: memory that is written or executed can be read
 */
struct call {
	const char *name;
	const char *variant;
	const char *argument;
	struct outcome (*make)(cloudabi_fd_t fd);
	cloudabi_rights_t also;
};

static const struct call calls[] = {
	{ "fd_close", "", NULL, do_close },
	{ "fd_dup", "", NULL, do_dup },
	{ "fd_replace", "", "from", do_replace_from },
	{ "fd_replace", "", "to", do_replace_to },
	{ "fd_stat_get", "", NULL, do_stat_get },
	{ "fd_datasync", "", NULL, do_datasync },
	{ "fd_sync", "", NULL, do_sync },
	{ "fd_read", "", NULL, do_read },
	{ "fd_write", "", NULL, do_write },
	{ "fd_pread", "", NULL, do_pread },
	{ "fd_pwrite", "", NULL, do_pwrite },
	{ "fd_seek", "", NULL, do_seek },
	{ "fd_seek", "tell", NULL, do_tell },
	{ "fd_stat_put", "flags", NULL, do_stat_put_flags },
	{ "sock_recv", "", NULL, do_recv },
	{ "sock_send", "", NULL, do_send },
	{ "sock_shutdown", "", NULL, do_shutdown },
	{ "mem_map", "", NULL, do_map },
	{ "mem_map", "read", NULL, do_map_read },
	{ "mem_map", "write", NULL, do_map_write, CLOUDABI_RIGHT_FD_READ },
	{ "mem_map", "exec", NULL, do_map_exec, CLOUDABI_RIGHT_FD_READ },
	{ "poll", "fd_read", NULL, do_poll_read },
	{ "poll", "fd_write", NULL, do_poll_write },
	{ "poll", "proc_terminate", NULL, do_poll_process },
	{ "proc_exec", "", NULL, do_exec },
};

static const struct call *find_call(const struct rights_need *need)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct call *call = &calls[i];

		if (!strcmp(call->name, need->call) &&
		    !strcmp(call->variant, need->variant) &&
		    (!call->argument || !strcmp(call->argument,
						need->argument)))
			return call;
	}
	return NULL;
}

/* The rows that this program is about. */
static bool is_ours(const struct rights_need *need)
{
	return (!strncmp(need->call, "fd_", 3) ||
		!strncmp(need->call, "mem_", 4) ||
		!strncmp(need->call, "sock_", 5) ||
		!strcmp(need->call, "poll") ||
		!strcmp(need->call, "proc_exec")) && !need->as_requested;
}

/* --- What can be seen of the descriptor ---------------------------------- */

/**
 * struct state - what a call that is refused leaves as it is
 * @subject: attributes of the descriptor with all rights
 * @narrow: attributes of the one that the call is made with
 * @tell_error: whether there is an offset
 * @offset: the offset
 * @byte: what is there, in a file that can be read
 */
struct state {
	cloudabi_fdstat_t subject;
	cloudabi_fdstat_t narrow;
	cloudabi_errno_t tell_error;
	cloudabi_filesize_t offset;
	char byte;
};

static void take_state(struct state *s, cloudabi_fd_t narrow)
{
	size_t n;

	memset(s, 0, sizeof(*s));
	s->subject = fdstat(SUBJECT);
	s->narrow = fdstat(narrow);
	s->tell_error = cloudabi_sys_fd_seek(SUBJECT, 0, CLOUDABI_WHENCE_CUR,
					     &s->offset);
	if (maximum->filetype == CLOUDABI_FILETYPE_REGULAR_FILE)
		pread1(SUBJECT, &s->byte, 1, OFFSET, &n);
}

static bool reads(const struct call *call)
{
	return call->make == do_read || call->make == do_recv;
}

static bool writes(const struct call *call)
{
	return call->make == do_write || call->make == do_send;
}

/* Something to read for who reads, and the offset to where it is expected. */
static void prepare(const struct call *call)
{
	size_t n;

	seek_to(SUBJECT, OFFSET);
	if (reads(call) && has_peer &&
	    full_base & CLOUDABI_RIGHT_FD_READ)
		CHECK_OK(write1(PEER, "x", 1, &n));
}

/* Takes out again what was put in, and what the call has put in. */
static void clean_up(const struct call *call, const struct outcome *outcome)
{
	char byte = 0;
	size_t n = 0;

	if (!has_peer)
		return;
	if (reads(call) && outcome->error &&
	    full_base & CLOUDABI_RIGHT_FD_READ) {
		CHECK_OK(read1(SUBJECT, &byte, 1, &n));
		CHECK_EQ(byte, 'x');
	}
	if (writes(call) && !outcome->error) {
		CHECK_OK(read1(PEER, &byte, 1, &n));
		CHECK_EQ(byte, ALLOWED);
	}
}

/* --- The matrix ---------------------------------------------------------- */

static bool covers(cloudabi_rights_t have, cloudabi_rights_t need)
{
	return !(need & ~have);
}

static bool is_allowed(const struct rights_need *need, cloudabi_rights_t base,
		       cloudabi_rights_t inheriting)
{
	return (covers(base, need->base) || covers(base, need->other_base)) &&
	       covers(inheriting, need->inheriting);
}

static cloudabi_fd_t narrowed(cloudabi_rights_t base,
			      cloudabi_rights_t inheriting)
{
	cloudabi_fd_t fd = CLOSED_FD;
	cloudabi_fdstat_t stat;

	CHECK_OK(cloudabi_sys_fd_dup(SUBJECT, &fd));
	CHECK_OK(put_rights(fd, base, inheriting));
	stat = fdstat(fd);
	CHECK_EQ(stat.fs_rights_base, base);
	CHECK_EQ(stat.fs_rights_inheriting, inheriting);
	return fd;
}

static struct outcome try_with(const struct call *call, cloudabi_fd_t fd)
{
	struct outcome outcome;

	prepare(call);
	outcome = call->make(fd);
	clean_up(call, &outcome);
	return outcome;
}

static void try_refused(const struct call *call, cloudabi_fd_t fd)
{
	struct state before, after;
	struct outcome outcome;

	mark = REFUSED;
	prepare(call);
	take_state(&before, fd);
	outcome = call->make(fd);
	take_state(&after, fd);
	CHECK_ERRNO(outcome.error, CLOUDABI_ENOTCAPABLE);
	CHECK(!memcmp(&before, &after, sizeof(before)));
	clean_up(call, &outcome);
}

static void try_allowed(const struct call *call, cloudabi_fd_t fd,
			cloudabi_rights_t base, const struct outcome *expected)
{
	struct outcome outcome;

	mark = ALLOWED;
	outcome = try_with(call, fd);
	if (outcome.error == CLOUDABI_EACCES && !covers(base, call->also))
		return;
	CHECK_ERRNO(outcome.error, expected->error);
	CHECK_EQ(outcome.value, expected->value);
}

/* One field of the matrix. */
static void try_rights(const struct rights_need *need, const struct call *call,
		       cloudabi_rights_t base, cloudabi_rights_t inheriting,
		       const struct outcome *expected)
{
	cloudabi_fd_t fd = narrowed(base, inheriting);
	bool failed = check_failed;

	if (is_allowed(need, base, inheriting))
		try_allowed(call, fd, base, expected);
	else
		try_refused(call, fd);
	if (check_failed && !failed)
		ktap_diag("with rights 0x%lx, 0x%lx", base, inheriting);
	if (is_open(fd))
		CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* What happens with all the rights that there can be. */
static struct outcome baseline(const struct rights_need *need,
			       const struct call *call)
{
	struct outcome outcome = { 0, 0 };
	cloudabi_fd_t fd = CLOSED_FD;

	if (!is_allowed(need, full_base, full_inheriting))
		return outcome;
	CHECK_OK(cloudabi_sys_fd_dup(SUBJECT, &fd));
	mark = ALLOWED;
	outcome = try_with(call, fd);
	CHECK(outcome.error != CLOUDABI_ENOTCAPABLE);
	if (is_open(fd))
		CHECK_OK(cloudabi_sys_fd_close(fd));
	return outcome;
}

static void try_all(const struct rights_need *need, const struct call *call)
{
	struct outcome expected = baseline(need, call);
	cloudabi_rights_t all = full_base, inh = full_inheriting;

	for (unsigned int bit = 0; bit < 64; bit++) {
		if (!cloudabi_right_name(bit))
			continue;
		try_rights(need, call, all & ~(1ull << bit), inh, &expected);
		try_rights(need, call, all, inh & ~(1ull << bit), &expected);
	}
	try_rights(need, call, all & need->base, 0, &expected);
	try_rights(need, call, all & need->other_base, 0, &expected);
	try_rights(need, call, all & need->base, inh, &expected);
	try_rights(need, call, all & ~need->base, inh, &expected);
	try_rights(need, call, all & ~(need->base | need->other_base), inh,
		   &expected);
	try_rights(need, call, 0, inh, &expected);
	try_rights(need, call, all, 0, &expected);
	try_rights(need, call, 0, 0, &expected);
}

/* The number of the row that the test is about; tests take no arguments. */
static const struct rights_need *row;

static void matrix(void)
{
	const struct call *call = find_call(row);

	if (!CHECK(call))
		return;
	try_all(row, call);
}

/* --- What is not a row of calls ------------------------------------------ */

/* Exactly what the table says, for that type and that mode. */
static void maximum_rights(void)
{
	cloudabi_fdstat_t stat = fdstat(SUBJECT);

	CHECK_EQ(stat.fs_filetype, maximum->filetype);
	CHECK_EQ(stat.fs_rights_base, full_base);
	CHECK_EQ(stat.fs_rights_inheriting, full_inheriting);
}

/* Each right, in each set, goes and does not come back. */
static void narrowing(void)
{
	for (unsigned int bit = 0; bit < 64; bit++) {
		cloudabi_rights_t base = full_base & ~(1ull << bit);
		cloudabi_rights_t inheriting = full_inheriting & ~(1ull << bit);
		cloudabi_fd_t fd = narrowed(base, inheriting);

		CHECK_OK(put_rights(fd, base, inheriting));
		CHECK_ERRNO(put_rights(fd, base | 1ull << bit, inheriting),
			    CLOUDABI_ENOTCAPABLE);
		CHECK_ERRNO(put_rights(fd, base, inheriting | 1ull << bit),
			    CLOUDABI_ENOTCAPABLE);
		CHECK_ERRNO(put_rights(fd, 1ull << bit, 0),
			    CLOUDABI_ENOTCAPABLE);
		CHECK_EQ(base_of(fd), base);
		CHECK_EQ(fdstat(fd).fs_rights_inheriting, inheriting);
		CHECK_EQ(base_of(SUBJECT), full_base);
		CHECK_OK(cloudabi_sys_fd_close(fd));
	}
}

/* Numbers that are not open are EBADF, whatever rights are missing there. */
static void not_open(void)
{
	static const cloudabi_fd_t fds[] = {
		CLOSED_FD, 100000, 0x7fffffff, 0x80000000 | SUBJECT,
		0xffffffff,
	};

	mark = REFUSED;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(fds); j++) {
			if (!CHECK_ERRNO(calls[i].make(fds[j]).error,
					 CLOUDABI_EBADF))
				ktap_diag("%s", calls[i].name);
		}
	}
}

/* Of what must not be there at all, a mapping would be the worst. */
static void nothing_can_be_mapped_without_the_right(void)
{
	if (full_base & CLOUDABI_RIGHT_MEM_MAP)
		SKIP(return, "it can be mapped");
	for (cloudabi_mprot_t prot = 0; prot < 8; prot++) {
		cloudabi_errno_t want = CLOUDABI_ENOTCAPABLE;

		if ((prot & 3) == 3)
			want = CLOUDABI_ENOTSUP;
		CHECK_ERRNO(map(SUBJECT, prot, CLOUDABI_MAP_PRIVATE).error,
			    want);
		CHECK_ERRNO(map(SUBJECT, prot, CLOUDABI_MAP_SHARED).error,
			    want);
	}
}

static const struct test other_tests[] = {
	TEST(maximum_rights),
	TEST(narrowing),
	TEST(not_open),
	TEST(nothing_can_be_mapped_without_the_right),
};

/* --- */

static bool is(const struct word *word, const char *string)
{
	return word->len == strlen(string) &&
	       !memcmp(word->chars, string, word->len);
}

/*
 * What a file lacks that was opened by others: the rights for which a program
 * would have had it opened in the mode that it is not open in.
 */
static cloudabi_rights_t lost(const struct word *mode)
{
	const cloudabi_rights_t reading = CLOUDABI_RIGHT_FD_READ |
					  CLOUDABI_RIGHT_FILE_READDIR |
					  CLOUDABI_RIGHT_MEM_MAP_EXEC;
	const cloudabi_rights_t writing = CLOUDABI_RIGHT_FD_DATASYNC |
					  CLOUDABI_RIGHT_FD_WRITE |
					  CLOUDABI_RIGHT_FILE_ALLOCATE |
					  CLOUDABI_RIGHT_FILE_STAT_FPUT_SIZE;

	if (is(mode, "rw"))
		return 0;
	if (is(mode, "r"))
		return writing;
	if (is(mode, "w"))
		return reading;
	return ~0ull;
}

static bool parse(const struct argdata *ad)
{
	struct word name, mode;
	struct args args;

	args_open(&args, ad);
	if (!args_next(&args, &name) || !args_next(&args, &mode))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(rights_maxima); i++) {
		if (is(&name, rights_maxima[i].name))
			maximum = &rights_maxima[i];
	}
	if (!maximum)
		return false;
	full_base = maximum->base & ~lost(&mode);
	full_inheriting = maximum->inheriting;
	if (is(&mode, "none"))
		full_inheriting = 0;
	has_peer = is_open(PEER);
	return true;
}

static void run_row(const struct rights_need *need)
{
	char name[64];
	struct crt_output out = { .fd = 1, .buf = name, .size = sizeof(name) };
	struct test test = { name, matrix, __FILE__ };

	crt_output_printf(&out, "%s%s%s %s", need->call,
			  *need->variant ? "/" : "", need->variant,
			  need->argument);
	name[out.used] = 0;
	row = need;
	check_run_one(&test);
}

int program_main(const struct argdata *ad)
{
	unsigned int rows = 0;

	if (!parse(ad))
		crt_die(2, "usage: rights_matrix MAXIMUM MODE 3<>...");
	for (size_t i = 0; i < ARRAY_SIZE(rights_needs); i++)
		rows += is_ours(&rights_needs[i]);
	ktap_start();
	ktap_plan(ARRAY_SIZE(other_tests) + rows);
	for (size_t i = 0; i < ARRAY_SIZE(other_tests); i++)
		check_run_one(&other_tests[i]);
	for (size_t i = 0; i < ARRAY_SIZE(rights_needs); i++) {
		if (is_ours(&rights_needs[i]))
			run_row(&rights_needs[i]);
	}
	return ktap_finish();
}
