// SPDX-License-Identifier: GPL-2.0
/*
 * rw: fd_read, fd_write, fd_pread and fd_pwrite on everything that has them.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "ask.h"
#include "raw.h"

/* Names for the four calls, so that what they share is tested once. */
enum { READ, WRITE, PREAD, PWRITE };

static const char *const call_names[] = {
	"fd_read", "fd_write", "fd_pread", "fd_pwrite",
};

/* A ciovec has the same layout as an iovec; only const differs. */
static cloudabi_errno_t transfer(unsigned int call, cloudabi_fd_t fd,
				 const cloudabi_iovec_t *iovs, size_t len,
				 uint64_t offset, size_t *n)
{
	const cloudabi_ciovec_t *ciovs = (const void *)iovs;

	switch (call) {
	case READ:
		return cloudabi_sys_fd_read(fd, iovs, len, n);
	case WRITE:
		return cloudabi_sys_fd_write(fd, ciovs, len, n);
	case PREAD:
		return cloudabi_sys_fd_pread(fd, iovs, len, offset, n);
	default:
		return cloudabi_sys_fd_pwrite(fd, ciovs, len, offset, n);
	}
}

#define FOR_EACH_CALL(call)				\
	for (unsigned int call = READ; call <= PWRITE;	\
	     tell_call(call++))

/* Which of the calls it was that failed. */
static void tell_call(unsigned int call)
{
	static bool told;

	if (check_failed && !told)
		ktap_diag("failed with %s", call_names[call]);
	told = check_failed;
}

static void discard(void)
{
	cloudabi_fd_t fds[] = { UNIX_STREAM, UNIX_DGRAM };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		char buf[256];
		size_t n;

		CHECK_OK(put_flags(fds[i], CLOUDABI_FDFLAG_NONBLOCK));
		while (!read1(fds[i], buf, sizeof(buf), &n) && n)
			continue;
		CHECK_OK(put_flags(fds[i], 0));
	}
}

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

/* --- Regular files ------------------------------------------------------- */

static void read_moves_the_offset(void)
{
	char buf[8] = "........";
	size_t n;

	file_set("0123456789");
	CHECK_OK(read1(FILE_RW, buf, 4, &n));
	CHECK(n == 4 && !memcmp(buf, "0123....", 8));
	CHECK_OK(read1(FILE_RW, buf, 3, &n));
	CHECK(n == 3 && !memcmp(buf, "4563....", 8));
	CHECK_EQ(ask(HELPER_OFFSET, FILE_RW, 0, 0), 7);
}

static void read_at_the_end_is_short_then_zero(void)
{
	char buf[8] = "........";
	size_t n;

	file_set("0123456789");
	CHECK_OK(seek_to(FILE_RW, 7));
	CHECK_OK(read1(FILE_RW, buf, sizeof(buf), &n));
	CHECK(n == 3 && !memcmp(buf, "789.....", 8));
	CHECK_OK(read1(FILE_RW, buf, sizeof(buf), &n));
	CHECK_EQ(n, 0);
	CHECK_OK(seek_to(FILE_RW, 1000));
	CHECK_OK(read1(FILE_RW, buf, sizeof(buf), &n));
	CHECK_EQ(n, 0);
	CHECK_EQ(tell(FILE_RW), 1000);
}

static void write_moves_the_offset_and_is_seen_outside(void)
{
	size_t n;

	file_set("0123456789");
	CHECK_OK(write1(FILE_RW, "abc", 3, &n));
	CHECK_EQ(n, 3);
	CHECK(file_holds(FILE_RO, 0, "abc3456789", 10));
	CHECK_OK(seek_to(FILE_RW, 9));
	CHECK_OK(write1(FILE_RW, "xyz", 3, &n));
	CHECK_EQ(file_size(FILE_RO), 12);
	CHECK(file_holds(FILE_RO, 0, "abc345678xyz", 12));
	CHECK_EQ(ask(HELPER_OFFSET, FILE_RW, 0, 0), 12);
}

static void pread_and_pwrite_leave_the_offset_alone(void)
{
	char buf[8] = "........";
	size_t n;

	file_set("0123456789");
	CHECK_OK(seek_to(FILE_RW, 2));
	CHECK_OK(pread1(FILE_RW, buf, 3, 6, &n));
	CHECK(n == 3 && !memcmp(buf, "678.....", 8));
	CHECK_OK(pwrite1(FILE_RW, "ab", 2, 4, &n));
	CHECK_EQ(n, 2);
	CHECK_EQ(tell(FILE_RW), 2);
	CHECK(file_holds(FILE_RO, 0, "0123ab6789", 10));
}

static void pread_at_the_end_is_zero(void)
{
	char buf[4] = "....";
	size_t n;

	file_set("0123456789");
	CHECK_OK(pread1(FILE_RW, buf, 4, 8, &n));
	CHECK(n == 2 && !memcmp(buf, "89..", 4));
	CHECK_OK(pread1(FILE_RW, buf, 4, 10, &n));
	CHECK_EQ(n, 0);
	CHECK_OK(pread1(FILE_RW, buf, 4, 1ull << 40, &n));
	CHECK_EQ(n, 0);
}

/* What was never written is zeros, however it came to be inside the file. */
static void pwrite_beyond_the_end_leaves_a_hole_of_zeros(void)
{
	char buf[16];
	size_t n;

	file_set("ab");
	CHECK_OK(pwrite1(FILE_RW, "cd", 2, 10, &n));
	CHECK_EQ(file_size(FILE_RW), 12);
	CHECK_OK(pread1(FILE_RW, buf, sizeof(buf), 0, &n));
	CHECK(n == 12 && !memcmp(buf, "ab\0\0\0\0\0\0\0\0cd", 12));
	CHECK_OK(seek_to(FILE_RW, 1 << 20));
	CHECK_OK(write1(FILE_RW, "e", 1, &n));
	CHECK_EQ(file_size(FILE_RW), (1 << 20) + 1);
	CHECK_OK(pread1(FILE_RW, buf, 4, 12345, &n));
	CHECK(n == 4 && !memcmp(buf, "\0\0\0\0", 4));
}

static void positions_beyond_int64_are_einval(void)
{
	static const uint64_t offsets[] = {
		1ull << 63, (1ull << 63) + 1, ~0ull - 1, ~0ull,
	};
	char byte;
	size_t n;

	file_set("0123456789");
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		CHECK_REFUSED(pread1(FILE_RW, &byte, 1, offsets[i], &n),
			      CLOUDABI_EINVAL);
		CHECK_REFUSED(pwrite1(FILE_RW, "x", 1, offsets[i], &n),
			      CLOUDABI_EINVAL);
	}
	CHECK_OK(pread1(FILE_RW, &byte, 1, INT64_MAX - 1, &n));
	CHECK_EQ(n, 0);
	CHECK(file_holds(FILE_RO, 0, "0123456789", 10));
	CHECK_EQ(file_size(FILE_RO), 10);
}

static void append_writes_at_the_end(void)
{
	size_t n;

	file_set("0123456789");
	CHECK_OK(seek_to(FILE_APPEND, 2));
	CHECK_OK(write1(FILE_APPEND, "ab", 2, &n));
	CHECK(file_holds(FILE_RO, 0, "0123456789ab", 12));
	CHECK_EQ(tell(FILE_APPEND), 12);
	/* Also where a position is told. */
	CHECK_OK(pwrite1(FILE_APPEND, "cd", 2, 0, &n));
	CHECK(file_holds(FILE_RO, 0, "0123456789abcd", 14));
	CHECK_EQ(tell(FILE_APPEND), 12);
}

static void append_as_a_flag_that_is_put(void)
{
	size_t n;

	file_set("0123456789");
	CHECK_OK(put_flags(FILE_RW, CLOUDABI_FDFLAG_APPEND));
	CHECK_OK(write1(FILE_RW, "ab", 2, &n));
	CHECK(file_holds(FILE_RO, 0, "0123456789ab", 12));
	CHECK_OK(put_flags(FILE_RW, 0));
	CHECK_OK(seek_to(FILE_RW, 0));
	CHECK_OK(write1(FILE_RW, "x", 1, &n));
	CHECK(file_holds(FILE_RO, 0, "x123456789ab", 12));
}

static void sync_flags_do_not_hinder(void)
{
	size_t n;

	file_set("0123456789");
	CHECK_OK(write1(FILE_DSYNC, "ab", 2, &n));
	CHECK_OK(seek_to(FILE_SYNC, 2));
	CHECK_OK(write1(FILE_SYNC, "cd", 2, &n));
	CHECK(file_holds(FILE_RO, 0, "abcd456789", 10));
}

static void the_open_mode_is_a_matter_of_rights(void)
{
	char byte;
	size_t n;

	file_set("0123456789");
	CHECK_REFUSED(write1(FILE_RO, "x", 1, &n), CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(pwrite1(FILE_RO, "x", 1, 0, &n), CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(read1(FILE_WO, &byte, 1, &n), CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(pread1(FILE_WO, &byte, 1, 0, &n), CLOUDABI_ENOTCAPABLE);
	CHECK_OK(read1(FILE_RO, &byte, 1, &n));
	CHECK_OK(write1(FILE_WO, "x", 1, &n));
	CHECK(file_holds(FILE_RO, 0, "x123456789", 10));
}

/* A large transfer arrives in one piece, at the right places. */
static void large_transfers_are_complete(void)
{
	size_t len = PATTERN_SIZE, done = 0, n;
	uint8_t *buf = crt_pages_alloc(len);
	bool same = true;

	if (!CHECK(buf))
		return;
	CHECK_OK(pread1(PATTERN, buf, len, 0, &n));
	CHECK_EQ(n, len);
	for (size_t i = 0; i < len; i++)
		same &= buf[i] == PATTERN_BYTE(i);
	CHECK(same);
	file_set("");
	for (unsigned int i = 0; i < 16; i++) {
		CHECK_OK(write1(FILE_RW, buf, len, &n));
		done += n;
	}
	CHECK_EQ(done, 16 * len);
	CHECK_EQ(file_size(FILE_RW), 16 * len);
	CHECK(file_holds(FILE_RO, 15 * len + 4097, buf + 4097, 200));
	crt_pages_free(buf, len);
}

/* --- Vectors ------------------------------------------------------------- */

static void vectors_are_gathered_and_scattered(void)
{
	char a[3] = "...", b[1] = ".", c[6] = "......";
	cloudabi_iovec_t in[] = {
		{ a, 3 }, { b, 0 }, { b, 1 }, { NULL, 0 }, { c, 6 },
	};
	cloudabi_ciovec_t out[] = {
		{ "ab", 2 }, { NULL, 0 }, { "c", 1 }, { "defg", 4 },
	};
	size_t n;

	file_set("0123456789");
	CHECK_OK(cloudabi_sys_fd_write(FILE_RW, out, 4, &n));
	CHECK_EQ(n, 7);
	CHECK(file_holds(FILE_RO, 0, "abcdefg789", 10));
	CHECK_OK(seek_to(FILE_RW, 0));
	CHECK_OK(cloudabi_sys_fd_read(FILE_RW, in, 5, &n));
	CHECK_EQ(n, 10);
	CHECK(!memcmp(a, "abc", 3) && *b == 'd' && !memcmp(c, "efg789", 6));
	CHECK_OK(cloudabi_sys_fd_pwrite(FILE_RW, out, 4, 3, &n));
	CHECK_EQ(n, 7);
	CHECK(file_holds(FILE_RO, 0, "abcabcdefg", 10));
	CHECK_OK(cloudabi_sys_fd_pread(FILE_RW, in, 5, 3, &n));
	CHECK_EQ(n, 7);
	CHECK(!memcmp(a, "abc", 3) && *b == 'd' && !memcmp(c, "efg", 3));
}

static void no_vectors_transfer_nothing(void)
{
	file_set("0123456789");
	FOR_EACH_CALL(call) {
		size_t n = 99;

		CHECK_OK(transfer(call, FILE_RW, NULL, 0, 0, &n));
		CHECK_EQ(n, 0);
		n = 99;
		CHECK_OK(transfer(call, FILE_RW, BAD_ADDRESS, 0, 0, &n));
		CHECK_EQ(n, 0);
		CHECK_EQ(tell(FILE_RW), 0);
	}
	CHECK(file_holds(FILE_RO, 0, "0123456789", 10));
}

/* That there is nothing to do excuses neither descriptor nor rights. */
static void no_vectors_still_need_descriptor_and_right(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, ~0ull);

	FOR_EACH_CALL(call) {
		size_t n;

		CHECK_REFUSED(transfer(call, CLOSED_FD, NULL, 0, 0, &n),
			      CLOUDABI_EBADF);
		CHECK_REFUSED(transfer(call, fd, NULL, 0, 0, &n),
			      CLOUDABI_ENOTCAPABLE);
	}
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void vectors_up_to_1024_are_taken(void)
{
	cloudabi_iovec_t *iovs = crt_pages_alloc(1025 * sizeof(*iovs));
	static char buf[1025];

	if (!CHECK(iovs))
		return;
	for (unsigned int i = 0; i < 1025; i++)
		iovs[i] = (cloudabi_iovec_t){ &buf[i], 1 };
	FOR_EACH_CALL(call) {
		size_t n;

		file_set("");
		CHECK_EQ(ask(HELPER_TRUNCATE, FILE_RW, 2000, 0), 0);
		CHECK_OK(transfer(call, FILE_RW, iovs, 1024, 0, &n));
		CHECK_EQ(n, 1024);
		CHECK_REFUSED(transfer(call, FILE_RW, iovs, 1025, 0, &n),
			      CLOUDABI_EINVAL);
	}
	crt_pages_free(iovs, 1025 * sizeof(*iovs));
}

static void vectors_beyond_1024_are_einval(void)
{
	static const size_t counts[] = {
		1025, 65536, 0x7fffffff, 0x80000000, 0x100000000ull,
		0x100000001ull, 1ull << 60, (1ull << 60) + 1, 1ull << 63, ~0ull,
	};
	char byte;
	cloudabi_iovec_t iov = { &byte, 1 };

	file_set("0123456789");
	FOR_EACH_CALL(call) {
		for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
			size_t n;

			CHECK_REFUSED(transfer(call, FILE_RW, &iov, counts[i],
					       0, &n), CLOUDABI_EINVAL);
		}
	}
	CHECK(file_holds(FILE_RO, 0, "0123456789", 10));
}

static void lengths_that_add_up_beyond_ssize_are_einval(void)
{
	static char buf[64];
	const cloudabi_iovec_t too_long[] = { { buf, 1ull << 63 } };
	const cloudabi_iovec_t longest[] = { { buf, ~0ull } };
	const cloudabi_iovec_t sum[] = {
		{ buf, INT64_MAX }, { buf, INT64_MAX },
	};
	const cloudabi_iovec_t one_more[] = {
		{ buf, 1 }, { buf, INT64_MAX },
	};

	file_set("0123456789");
	FOR_EACH_CALL(call) {
		size_t n;

		CHECK_REFUSED(transfer(call, FILE_RW, too_long, 1, 0, &n),
			      CLOUDABI_EINVAL);
		CHECK_REFUSED(transfer(call, FILE_RW, longest, 1, 0, &n),
			      CLOUDABI_EINVAL);
		CHECK_REFUSED(transfer(call, FILE_RW, sum, 2, 0, &n),
			      CLOUDABI_EINVAL);
		CHECK_REFUSED(transfer(call, FILE_RW, one_more, 2, 0, &n),
			      CLOUDABI_EINVAL);
	}
	CHECK(file_holds(FILE_RO, 0, "0123456789", 10));
	CHECK_EQ(file_size(FILE_RO), 10);
}

/* A pointer with a length of 0 is not looked at. */
static void empty_buffers_may_be_anywhere(void)
{
	static char buf[2];
	const cloudabi_iovec_t iovs[] = {
		{ NULL, 0 }, { BAD_ADDRESS, 0 }, { buf, 2 },
		{ (void *)~0ull, 0 }, { (void *)1, 0 },
	};

	FOR_EACH_CALL(call) {
		size_t n = 99;

		file_set("0123456789");
		CHECK_OK(transfer(call, FILE_RW, iovs, 5, 0, &n));
		CHECK_EQ(n, 2);
		CHECK_OK(transfer(call, FILE_RW, &iovs[1], 1, 0, &n));
		CHECK_EQ(n, 0);
	}
}

static void vectors_at_a_bad_address_are_efault(void)
{
	file_set("0123456789");
	FOR_EACH_CALL(call) {
		size_t n;

		CHECK_REFUSED(transfer(call, FILE_RW, NULL, 1, 0, &n),
			      CLOUDABI_EFAULT);
		CHECK_REFUSED(transfer(call, FILE_RW, BAD_ADDRESS, 1, 0, &n),
			      CLOUDABI_EFAULT);
		CHECK_REFUSED(transfer(call, FILE_RW, (void *)4096, 1024, 0,
				       &n), CLOUDABI_EFAULT);
	}
	CHECK(file_holds(FILE_RO, 0, "0123456789", 10));
}

/* The table of vectors may end where the memory ends. */
static void vectors_are_read_as_far_as_needed(void)
{
	char *pages = crt_pages_alloc(8192);
	cloudabi_iovec_t *iov;
	static char buf[1];

	if (!CHECK(pages))
		return;
	CHECK_OK(cloudabi_sys_mem_unmap(pages + 4096, 4096));
	iov = (cloudabi_iovec_t *)(pages + 4096 - sizeof(*iov));
	*iov = (cloudabi_iovec_t){ buf, 1 };
	file_set("0123456789");
	FOR_EACH_CALL(call) {
		size_t n;

		CHECK_OK(transfer(call, FILE_RW, iov, 1, 0, &n));
		CHECK_EQ(n, 1);
		CHECK_REFUSED(transfer(call, FILE_RW, iov, 2, 0, &n),
			      CLOUDABI_EFAULT);
		CHECK_REFUSED(transfer(call, FILE_RW, iov + 1, 1, 0, &n),
			      CLOUDABI_EFAULT);
	}
	crt_pages_free(pages, 4096);
}

static void buffers_at_a_bad_address_are_efault(void)
{
	const cloudabi_iovec_t null = { NULL, 4 }, bad = { BAD_ADDRESS, 4 };

	file_set("0123456789");
	FOR_EACH_CALL(call) {
		size_t n;

		CHECK_REFUSED(transfer(call, FILE_RW, &null, 1, 0, &n),
			      CLOUDABI_EFAULT);
		CHECK_REFUSED(transfer(call, FILE_RW, &bad, 1, 0, &n),
			      CLOUDABI_EFAULT);
	}
	CHECK(file_holds(FILE_RO, 0, "0123456789", 10));
	CHECK_EQ(file_size(FILE_RO), 10);
}

/* Reads do not go where a program may not write. */
static void reads_into_read_only_memory_are_efault(void)
{
	const cloudabi_iovec_t text = { (void *)program_main, 4 };
	size_t n;

	file_set("0123456789");
	CHECK_REFUSED(cloudabi_sys_fd_read(FILE_RW, &text, 1, &n),
		      CLOUDABI_EFAULT);
	CHECK_REFUSED(cloudabi_sys_fd_pread(FILE_RW, &text, 1, 0, &n),
		      CLOUDABI_EFAULT);
	CHECK_OK(pwrite1(FILE_RW, (void *)program_main, 4, 0, &n));
	CHECK_EQ(n, 4);
}

/* What was transferred before a bad address counts. */
static void a_bad_address_after_good_ones_makes_it_short(void)
{
	static char buf[4];
	const cloudabi_iovec_t iovs[] = { { buf, 4 }, { BAD_ADDRESS, 4 } };

	FOR_EACH_CALL(call) {
		size_t n;

		file_set("0123456789");
		memcpy(buf, "abcd", 4);
		/* An address that no program can have may be refused first. */
		if (transfer(call, FILE_RW, iovs, 2, 2, &n) ==
		    CLOUDABI_EFAULT) {
			CHECK_EQ(tell(FILE_RW), 0);
			CHECK(file_holds(FILE_RO, 0, "0123456789", 10));
			continue;
		}
		CHECK_EQ(n, 4);
	}
}

static void an_unmapped_page_after_good_ones_makes_it_short(void)
{
	char *pages = crt_pages_alloc(8192);
	size_t n;

	if (!CHECK(pages))
		return;
	CHECK_OK(cloudabi_sys_mem_unmap(pages + 4096, 4096));
	FOR_EACH_CALL(call) {
		const cloudabi_iovec_t iovs[] = {
			{ pages + 4092, 4 }, { pages + 4096, 4 },
		};

		file_set("0123456789");
		memcpy(pages + 4092, "abcd", 4);
		CHECK_OK(transfer(call, FILE_RW, iovs, 2, 2, &n));
		CHECK_EQ(n, 4);
		CHECK_EQ(tell(FILE_RW), call == READ || call == WRITE ? 4 : 0);
		if (call == READ)
			CHECK(!memcmp(pages + 4092, "0123", 4));
		if (call == PREAD)
			CHECK(!memcmp(pages + 4092, "2345", 4));
		if (call == WRITE)
			CHECK(file_holds(FILE_RO, 0, "abcd456789", 10));
		if (call == PWRITE)
			CHECK(file_holds(FILE_RO, 0, "01abcd6789", 10));
	}
	/* One buffer that reaches over the edge. */
	file_set("0123456789");
	CHECK_OK(read1(FILE_RW, pages + 4094, 6, &n));
	CHECK_EQ(n, 2);
	CHECK_EQ(tell(FILE_RW), 2);
	crt_pages_free(pages, 4096);
}

static void arguments_beyond_their_width_are_ignored(void)
{
	char byte;
	cloudabi_iovec_t iov = { &byte, 1 };
	uint64_t args[6] = { 0xdeadc0de00000000ull | FILE_RW,
			     (uintptr_t)&iov, 1, 5 };
	struct raw_result r;

	file_set("0123456789");
	raw_call(CLOUDABI_NR_fd_pread, args, &r);
	CHECK(!r.carry);
	CHECK_EQ(r.rax, 1);
	CHECK_EQ(byte, '5');
	CHECK_EQ(r.changed, 0);
}

/* --- Descriptors that are not open, not allowed, not of the kind --------- */

static void what_is_not_open_is_ebadf(void)
{
	static const cloudabi_fd_t fds[] = {
		CLOSED_FD, 0x7fffffff, 0x80000000 | FILE_RW, 0xffffffff,
	};
	char byte;
	const cloudabi_iovec_t iov = { &byte, 1 };

	FOR_EACH_CALL(call) {
		for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
			size_t n;

			CHECK_REFUSED(transfer(call, fds[i], &iov, 1, 0, &n),
				      CLOUDABI_EBADF);
		}
	}
}

static void what_has_no_data_is_enotcapable(void)
{
	static const cloudabi_fd_t fds[] = { DIRECTORY, EVENT, PATH_ONLY };
	char byte;
	const cloudabi_iovec_t iov = { &byte, 1 };

	FOR_EACH_CALL(call) {
		for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
			size_t n;

			CHECK_REFUSED(transfer(call, fds[i], &iov, 1, 0, &n),
				      CLOUDABI_ENOTCAPABLE);
		}
	}
}

static void what_has_no_positions_is_enotcapable(void)
{
	static const cloudabi_fd_t fds[] = {
		PIPE_IN, PIPE_OUT, UNIX_STREAM, UNIX_DGRAM, TCP, UDP, TERMINAL,
		FIFO_READ, FIFO_WRITE, MEMORY,
	};
	char byte;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		CHECK_REFUSED(pread1(fds[i], &byte, 1, 0, &n),
			      CLOUDABI_ENOTCAPABLE);
		CHECK_REFUSED(pwrite1(fds[i], "x", 1, 0, &n),
			      CLOUDABI_ENOTCAPABLE);
	}
}

static void a_right_that_is_gone_is_enotcapable(void)
{
	cloudabi_fd_t r = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_WRITE);
	cloudabi_fd_t w = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_READ);
	cloudabi_fd_t s = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_SEEK);
	char byte;
	size_t n;

	file_set("0123456789");
	CHECK_REFUSED(write1(r, "x", 1, &n), CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(pwrite1(r, "x", 1, 0, &n), CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(read1(w, &byte, 1, &n), CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(pread1(w, &byte, 1, 0, &n), CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(pread1(s, &byte, 1, 0, &n), CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(pwrite1(s, "x", 1, 0, &n), CLOUDABI_ENOTCAPABLE);
	CHECK(file_holds(FILE_RO, 0, "0123456789", 10));
	CHECK_OK(read1(r, &byte, 1, &n));
	CHECK_EQ(byte, '0');
	CHECK_OK(pread1(r, &byte, 1, 7, &n));
	CHECK_EQ(byte, '7');
	CHECK_OK(write1(w, "b", 1, &n));
	CHECK_OK(pwrite1(w, "g", 1, 6, &n));
	CHECK_OK(read1(s, &byte, 1, &n));
	CHECK_EQ(byte, '2');
	CHECK_OK(write1(s, "d", 1, &n));
	CHECK(file_holds(FILE_RO, 0, "0b2d45g789", 10));
	CHECK_OK(cloudabi_sys_fd_close(r));
	CHECK_OK(cloudabi_sys_fd_close(w));
	CHECK_OK(cloudabi_sys_fd_close(s));
}

/* --- Pipes, sockets, devices --------------------------------------------- */

static void data_from_and_to_a_native(void)
{
	static const cloudabi_fd_t in[] = {
		PIPE_IN, UNIX_STREAM, UNIX_DGRAM, TCP, UDP, TERMINAL,
	};
	static const cloudabi_fd_t out[] = {
		PIPE_OUT, UNIX_STREAM, UNIX_DGRAM, TCP, UDP, TERMINAL,
	};
	char buf[16];
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(in); i++) {
		CHECK_EQ(peer_writes(in[i], "from native"), 11);
		CHECK_OK(read1(in[i], buf, sizeof(buf), &n));
		if (!CHECK(n == 11 && !memcmp(buf, "from native", 11)))
			ktap_diag("descriptor %u", in[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(out); i++) {
		CHECK_OK(write1(out[i], "to native", 9, &n));
		CHECK_EQ(n, 9);
		if (!CHECK(peer_reads(out[i], "to native")))
			ktap_diag("descriptor %u", out[i]);
	}
}

static void a_narrowed_socket_works_as_before(void)
{
	cloudabi_fd_t r = dup_without(UNIX_STREAM, ~CLOUDABI_RIGHT_FD_READ);
	cloudabi_fd_t w = dup_without(UNIX_STREAM, ~CLOUDABI_RIGHT_FD_WRITE);
	char buf[16];
	size_t n;

	discard();
	CHECK_EQ(peer_writes(UNIX_STREAM, "abc"), 3);
	CHECK_REFUSED(read1(w, buf, sizeof(buf), &n), CLOUDABI_ENOTCAPABLE);
	CHECK_OK(read1(r, buf, sizeof(buf), &n));
	CHECK(n == 3 && !memcmp(buf, "abc", 3));
	CHECK_REFUSED(write1(r, "x", 1, &n), CLOUDABI_ENOTCAPABLE);
	CHECK_OK(write1(w, "def", 3, &n));
	CHECK(peer_reads(UNIX_STREAM, "def"));
	CHECK_OK(cloudabi_sys_fd_close(r));
	CHECK_OK(cloudabi_sys_fd_close(w));
}

static void a_datagram_is_read_at_once_or_lost(void)
{
	char buf[16];
	size_t n;

	discard();
	CHECK_EQ(peer_writes(UNIX_DGRAM, "abcdef"), 6);
	CHECK_EQ(peer_writes(UNIX_DGRAM, "gh"), 2);
	CHECK_OK(read1(UNIX_DGRAM, buf, 3, &n));
	CHECK(n == 3 && !memcmp(buf, "abc", 3));
	CHECK_OK(read1(UNIX_DGRAM, buf, sizeof(buf), &n));
	CHECK(n == 2 && !memcmp(buf, "gh", 2));
}

static void a_datagram_that_is_too_large_is_emsgsize(void)
{
	size_t len = 4 << 20, n;
	char *buf = crt_pages_alloc(len);
	cloudabi_fd_t a, b;

	if (!CHECK(buf))
		return;
	CHECK_REFUSED(write1(UDP, buf, 65536, &n), CLOUDABI_EMSGSIZE);
	CHECK_OK(cloudabi_sys_fd_create2(DGRAM, &a, &b));
	CHECK_REFUSED(write1(a, buf, len, &n), CLOUDABI_EMSGSIZE);
	CHECK_OK(write1(a, "x", 1, &n));
	CHECK_OK(cloudabi_sys_fd_close(a));
	CHECK_OK(cloudabi_sys_fd_close(b));
	crt_pages_free(buf, len);
}

static void a_bad_address_takes_nothing_out_of_a_pipe(void)
{
	char buf[8];
	size_t n;

	CHECK_EQ(peer_writes(PIPE_IN, "abc"), 3);
	CHECK_REFUSED(read1(PIPE_IN, BAD_ADDRESS, 3, &n), CLOUDABI_EFAULT);
	CHECK_REFUSED(read1(PIPE_IN, NULL, 3, &n), CLOUDABI_EFAULT);
	CHECK_OK(read1(PIPE_IN, buf, sizeof(buf), &n));
	CHECK(n == 3 && !memcmp(buf, "abc", 3));
	CHECK_REFUSED(write1(PIPE_OUT, NULL, 3, &n), CLOUDABI_EFAULT);
	CHECK_OK(write1(PIPE_OUT, "d", 1, &n));
	CHECK(peer_reads(PIPE_OUT, "d"));
}

static void nonblocking_reads_of_nothing_are_eagain(void)
{
	static const cloudabi_fd_t fds[] = {
		PIPE_IN, UNIX_STREAM, UNIX_DGRAM, TCP, UDP, TERMINAL,
		FIFO_READ,
	};
	char byte;
	size_t n;

	discard();
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		cloudabi_fd_t fd = dup_without(fds[i],
					       ~CLOUDABI_RIGHT_FD_READ);

		CHECK_OK(put_flags(fds[i], CLOUDABI_FDFLAG_NONBLOCK));
		CHECK_REFUSED(read1(fds[i], &byte, 1, &n), CLOUDABI_EAGAIN);
		/* The flag is the file's, whoever looks at it. */
		CHECK_REFUSED(read1(fd, &byte, 1, &n), CLOUDABI_EAGAIN);
		CHECK_OK(put_flags(fds[i], 0));
		CHECK_OK(cloudabi_sys_fd_close(fd));
	}
}

static void nonblocking_writes_fill_up_to_eagain(void)
{
	static const cloudabi_fd_t fds[] = { FIFO_WRITE, PIPE_OUT };
	static const cloudabi_filetype_t types[] = { STREAM, DGRAM };
	static char buf[4096];
	cloudabi_fd_t a, b;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		unsigned int writes = 0;

		CHECK_OK(cloudabi_sys_fd_create2(types[i], &a, &b));
		CHECK_OK(put_flags(a, CLOUDABI_FDFLAG_NONBLOCK));
		while (!write1(a, buf, sizeof(buf), &n) && writes < 10000)
			writes++;
		CHECK(writes > 0);
		CHECK_REFUSED(write1(a, buf, sizeof(buf), &n),
			      CLOUDABI_EAGAIN);
		CHECK_OK(read1(b, buf, sizeof(buf), &n));
		CHECK_OK(cloudabi_sys_fd_close(a));
		CHECK_OK(cloudabi_sys_fd_close(b));
	}
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		CHECK_OK(put_flags(fds[i], CLOUDABI_FDFLAG_NONBLOCK));
		while (!write1(fds[i], buf, sizeof(buf), &n))
			continue;
		CHECK_REFUSED(write1(fds[i], buf, sizeof(buf), &n),
			      CLOUDABI_EAGAIN);
		CHECK_OK(put_flags(fds[i], 0));
	}
	/* And empty them for the tests that follow. */
	CHECK_OK(put_flags(FIFO_READ, CLOUDABI_FDFLAG_NONBLOCK));
	while (!read1(FIFO_READ, buf, sizeof(buf), &n))
		continue;
	CHECK_OK(put_flags(FIFO_READ, 0));
	for (n = 0; n < 65536 && ask(HELPER_PEER_READ, PIPE_OUT, 0, 0) > 0;)
		n += ask_answer.result;
	CHECK_EQ(n, 65536);
}

static void a_large_write_is_complete_if_it_may_wait(void)
{
	size_t len = 500000, n;
	char *buf = crt_pages_alloc(len);

	if (!CHECK(buf))
		return;
	ask(HELPER_DISTURB, PIPE_OUT, HELPER_DRAIN, len);
	CHECK_OK(write1(PIPE_OUT, buf, len, &n));
	CHECK_EQ(n, len);
	ask(HELPER_DISTURB, UNIX_STREAM, HELPER_DRAIN, len);
	CHECK_OK(write1(UNIX_STREAM, buf, len, &n));
	CHECK_EQ(n, len);
	crt_pages_free(buf, len);
}

static void read_waits_for_data(void)
{
	static const cloudabi_fd_t fds[] = {
		PIPE_IN, UNIX_STREAM, UNIX_DGRAM, TCP, UDP, TERMINAL,
	};
	char buf[16];
	size_t n;

	discard();
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		CHECK_EQ(ask_with(HELPER_DISTURB, fds[i], 0, "later", 5), 0);
		CHECK_OK(read1(fds[i], buf, sizeof(buf), &n));
		if (!CHECK(n == 5 && !memcmp(buf, "later", 5)))
			ktap_diag("descriptor %u", fds[i]);
	}
}

/* One read that begins to wait, is disturbed, and gets its data after that. */
static void wait_disturbed(cloudabi_fd_t fd, cloudabi_fd_t from, uint64_t what)
{
	char buf[16];
	size_t n = 0;

	CHECK_EQ(ask_with(HELPER_DISTURB, from, what, "woken", 5), 0);
	CHECK_OK(read1(fd, buf, sizeof(buf), &n));
	if (!CHECK(n == 5 && !memcmp(buf, "woken", 5)))
		ktap_diag("descriptor %u", from);
}

static void waits_disturbed(uint64_t what)
{
	static const cloudabi_fd_t fds[] = {
		PIPE_IN, UNIX_STREAM, UNIX_DGRAM, TCP, UDP, TERMINAL,
	};

	discard();
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		cloudabi_fd_t fd = dup_without(fds[i],
					       ~CLOUDABI_RIGHT_FD_READ);

		wait_disturbed(fds[i], fds[i], what);
		wait_disturbed(fd, fds[i], what);
		CHECK_OK(cloudabi_sys_fd_close(fd));
	}
}

/* A program cannot tell that it was stopped, or that the window changed. */
static void a_wait_survives_stop_and_signals(void)
{
	waits_disturbed(HELPER_STOP | HELPER_WINCH);
}

static void a_wait_survives_ignored_signals(void)
{
	waits_disturbed(HELPER_IGNORED);
}

static void a_wait_survives_a_tracer(void)
{
	waits_disturbed(HELPER_TRACE);
	CHECK_EQ(ask(HELPER_DISTURBED, 0, 0, 0), 0);
}

static void a_wait_survives_the_freezer(void)
{
	wait_disturbed(PIPE_IN, PIPE_IN, HELPER_FREEZE);
	if (ask(HELPER_DISTURBED, 0, 0, 0))
		SKIP(return, "the helper cannot freeze");
	waits_disturbed(HELPER_FREEZE);
}

/* Not a byte is written twice, none is left out. */
static void a_write_survives_stop_and_signals(void)
{
	static const cloudabi_fd_t fds[] = { PIPE_OUT, UNIX_STREAM };
	size_t len = 500000;
	uint8_t *buf = crt_pages_alloc(len);

	if (!CHECK(buf))
		return;
	for (size_t i = 0; i < len; i++)
		buf[i] = PATTERN_BYTE(i);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		size_t done = 0, n;

		CHECK_EQ(ask(HELPER_DISTURB, fds[i], HELPER_DRAIN |
			     HELPER_STOP | HELPER_WINCH, len), 0);
		/* A short count is not an error. */
		while (done < len) {
			if (!CHECK_OK(write1(fds[i], buf + done, len - done,
					     &n)))
				break;
			done += n;
		}
		CHECK_EQ(done, len);
		/* What the helper read, and how much of it was wrong. */
		ask(HELPER_DRAINED, 0, 0, 0);
		CHECK_EQ(ask_answer.value[0], len);
		CHECK_EQ(ask_answer.value[1], 0);
	}
	crt_pages_free(buf, len);
}

static void the_end_of_a_pipe_is_the_end_of_the_file(void)
{
	char buf[8];
	size_t n;

	CHECK_EQ(peer_writes(PIPE_IN, "last"), 4);
	CHECK_EQ(ask(HELPER_PEER_CLOSE, PIPE_IN, 0, 0), 0);
	CHECK_OK(read1(PIPE_IN, buf, sizeof(buf), &n));
	CHECK_EQ(n, 4);
	CHECK_OK(read1(PIPE_IN, buf, sizeof(buf), &n));
	CHECK_EQ(n, 0);
	CHECK_OK(read1(PIPE_IN, buf, sizeof(buf), &n));
	CHECK_EQ(n, 0);
}

static void the_end_of_a_stream_is_the_end_of_the_file(void)
{
	char buf[8];
	size_t n;

	discard();
	CHECK_EQ(peer_writes(UNIX_STREAM, "last"), 4);
	CHECK_EQ(ask(HELPER_PEER_SHUTDOWN, UNIX_STREAM, 0, 0), 0);
	CHECK_OK(read1(UNIX_STREAM, buf, sizeof(buf), &n));
	CHECK_EQ(n, 4);
	CHECK_OK(read1(UNIX_STREAM, buf, sizeof(buf), &n));
	CHECK_EQ(n, 0);
	/* The other direction still works. */
	CHECK_OK(write1(UNIX_STREAM, "back", 4, &n));
	CHECK(peer_reads(UNIX_STREAM, "back"));
}

static void the_end_of_a_stream_ends_a_wait(void)
{
	char byte;
	size_t n;

	CHECK_EQ(ask(HELPER_DISTURB, TCP, HELPER_SHUTDOWN, 0), 0);
	CHECK_OK(read1(TCP, &byte, 1, &n));
	CHECK_EQ(n, 0);
	CHECK_OK(write1(TCP, "back", 4, &n));
	CHECK(peer_reads(TCP, "back"));
}

/* That the tests go on is the proof that there was no signal. */
static void a_write_that_nobody_reads_is_epipe_without_a_signal(void)
{
	cloudabi_fd_t a, b, w;
	size_t n;

	CHECK_EQ(ask(HELPER_PEER_CLOSE, PIPE_OUT, 0, 0), 0);
	CHECK_REFUSED(write1(PIPE_OUT, "x", 1, &n), CLOUDABI_EPIPE);
	w = dup_without(PIPE_OUT, CLOUDABI_RIGHT_FD_STAT_PUT_FLAGS);
	CHECK_REFUSED(write1(w, "x", 1, &n), CLOUDABI_EPIPE);
	CHECK_OK(cloudabi_sys_fd_close(w));
	CHECK_OK(cloudabi_sys_fd_close(FIFO_READ));
	CHECK_REFUSED(write1(FIFO_WRITE, "x", 1, &n), CLOUDABI_EPIPE);
	CHECK_OK(cloudabi_sys_fd_create2(STREAM, &a, &b));
	CHECK_OK(cloudabi_sys_fd_close(a));
	CHECK_REFUSED(write1(b, "x", 1, &n), CLOUDABI_EPIPE);
	w = dup_without(b, CLOUDABI_RIGHT_FD_READ);
	CHECK_REFUSED(write1(w, "x", 1, &n), CLOUDABI_EPIPE);
	CHECK_OK(cloudabi_sys_fd_close(w));
	CHECK_OK(cloudabi_sys_fd_close(b));
	CHECK_EQ(ask(HELPER_PEER_CLOSE, UNIX_STREAM, 0, 0), 0);
	CHECK_REFUSED(write1(UNIX_STREAM, "x", 1, &n), CLOUDABI_EPIPE);
}

static void devices(void)
{
	char buf[8] = "........";
	size_t n;

	CHECK_OK(read1(DEV_NULL, buf, sizeof(buf), &n));
	CHECK_EQ(n, 0);
	CHECK_OK(write1(DEV_NULL, "x", 1, &n));
	CHECK_EQ(n, 1);
	CHECK_OK(read1(DEV_ZERO, buf, sizeof(buf), &n));
	CHECK(n == 8 && !memcmp(buf, "\0\0\0\0\0\0\0\0", 8));
	CHECK_OK(write1(DEV_ZERO, "x", 1, &n));
	CHECK_EQ(n, 1);
	CHECK_REFUSED(write1(DEV_FULL, "x", 1, &n), CLOUDABI_ENOSPC);
}

/* --- Descriptors attached to a message ----------------------------------- */

/*
 * A read has no place for them: they are gone, from the table and for the
 * sender's pipe, which has no writer any more.
 */
static void attached_descriptors_are_let_go(void)
{
	static const cloudabi_fd_t fds[] = { UNIX_STREAM, UNIX_DGRAM };
	int64_t count = ask(HELPER_COUNT_FDS, 0, 0, 0);
	char buf[8];
	size_t n;

	discard();
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		cloudabi_fd_t narrow = dup_without(fds[i],
						   ~CLOUDABI_RIGHT_FD_READ);

		for (unsigned int j = 0; j < 2; j++) {
			CHECK_EQ(ask_with(HELPER_PEER_SENDFD, fds[i], 0, "fd",
					  2), 2);
			CHECK_EQ(ask(HELPER_SENT_IS_OPEN, 0, 0, 0), 1);
			CHECK_OK(read1(j ? narrow : fds[i], buf, sizeof(buf),
				       &n));
			CHECK(n == 2 && !memcmp(buf, "fd", 2));
			CHECK_EQ(ask(HELPER_SENT_IS_OPEN, 0, 0, 0), 0);
		}
		CHECK_OK(cloudabi_sys_fd_close(narrow));
	}
	CHECK_EQ(ask(HELPER_COUNT_FDS, 0, 0, 0), count);
}

/* --- Limits -------------------------------------------------------------- */

/* Up to the limit, then EFBIG; that the tests go on shows there is no signal */
static void the_file_size_limit_is_efbig_without_a_signal(void)
{
	static char buf[100];
	uint64_t old;
	size_t n;

	file_set("");
	old = set_limit(HELPER_RLIMIT_FSIZE, 150);
	CHECK_OK(write1(FILE_RW, buf, 100, &n));
	CHECK_EQ(n, 100);
	CHECK_OK(write1(FILE_RW, buf, 100, &n));
	CHECK_EQ(n, 50);
	CHECK_REFUSED(write1(FILE_RW, buf, 100, &n), CLOUDABI_EFBIG);
	CHECK_REFUSED(pwrite1(FILE_RW, buf, 1, 150, &n), CLOUDABI_EFBIG);
	CHECK_REFUSED(pwrite1(FILE_RW, buf, 1, 1ull << 40, &n),
		      CLOUDABI_EFBIG);
	CHECK_OK(pwrite1(FILE_RW, buf, 2, 149, &n));
	CHECK_EQ(n, 1);
	CHECK_EQ(file_size(FILE_RW), 150);
	set_limit(HELPER_RLIMIT_FSIZE, old);
	CHECK_OK(write1(FILE_RW, buf, 100, &n));
	CHECK_EQ(n, 100);
}

/* A file that ends behind INT64_MAX cannot be; natives say either. */
static void no_file_is_larger_than_int64(void)
{
	cloudabi_errno_t error;
	size_t n;

	file_set("");
	error = pwrite1(FILE_RW, "x", 1, INT64_MAX, &n);
	CHECK(error == CLOUDABI_EFBIG || error == CLOUDABI_EINVAL);
	CHECK_EQ(file_size(FILE_RW), 0);
}

/* --- Capabilities in the hands of natives -------------------------------- */

/*
 * The helper takes a narrowed descriptor out of this process: what it can do
 * with it is what the rights allow.
 */
static bool taken_by_helper(cloudabi_fd_t fd)
{
	if (ask(HELPER_TAKE, fd, 0, 0) >= 0)
		return true;
	check_skipped = "the helper cannot get at descriptors";
	return false;
}

static void a_native_can_do_what_the_rights_allow(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_DATASYNC);

	file_set("0123456789");
	if (taken_by_helper(fd)) {
		CHECK_EQ(ask(HELPER_TAKEN_READ, 0, 4, 0), 4);
		CHECK(!memcmp(ask_answer.data, "0123", 4));
		CHECK_EQ(tell(FILE_RW), 4);
		CHECK_EQ(ask_with(HELPER_TAKEN_WRITE, 0, 0, "ab", 2), 2);
		CHECK(file_holds(FILE_RO, 0, "0123ab6789", 10));
		CHECK_EQ(ask(HELPER_TAKEN_SEEK, 0, 1, 0), 1);
		CHECK_EQ(tell(FILE_RW), 1);
		CHECK_EQ(ask(HELPER_TAKEN_FSYNC, 0, 0, 0), 0);
		ask(HELPER_TAKEN_CLOSE, 0, 0, 0);
	}
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void a_native_cannot_do_what_the_rights_forbid(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, ~CLOUDABI_RIGHT_FD_READ);

	file_set("0123456789");
	if (taken_by_helper(fd)) {
		CHECK_EQ(ask_with(HELPER_TAKEN_WRITE, 0, 0, "ab", 2),
			 -LINUX_EBADF);
		CHECK(ask(HELPER_TAKEN_SEEK, 0, 1, 0) < 0);
		CHECK(ask(HELPER_TAKEN_FSYNC, 0, 0, 0) < 0);
		CHECK(ask(HELPER_TAKEN_TRUNCATE, 0, 0, 0) < 0);
		CHECK(ask(HELPER_TAKEN_MMAP, 0, 1, 0) < 0);
		CHECK(ask(HELPER_TAKEN_MMAP, 0, 3, 0) < 0);
		CHECK(ask(HELPER_TAKEN_IOCTL, 0, 0, 0) < 0);
		CHECK(ask(HELPER_TAKEN_REOPEN, 0, 0, 0) < 0);
		CHECK_EQ(ask(HELPER_TAKEN_READ, 0, 4, 0), 4);
		CHECK(file_holds(FILE_RO, 0, "0123456789", 10));
		ask(HELPER_TAKEN_CLOSE, 0, 0, 0);
	}
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void a_native_can_do_nothing_without_rights(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, ~0ull);

	file_set("0123456789");
	if (taken_by_helper(fd)) {
		CHECK(ask(HELPER_TAKEN_READ, 0, 4, 0) < 0);
		CHECK(ask_with(HELPER_TAKEN_WRITE, 0, 0, "ab", 2) < 0);
		CHECK(ask(HELPER_TAKEN_SEEK, 0, 0, 1) < 0);
		CHECK(ask(HELPER_TAKEN_REOPEN, 0, 0, 0) < 0);
		CHECK(file_holds(FILE_RO, 0, "0123456789", 10));
		CHECK_EQ(tell(FILE_RW), 0);
		ask(HELPER_TAKEN_CLOSE, 0, 0, 0);
	}
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

#define LINUX_POLLIN 1
#define LINUX_POLLOUT 4

static void a_native_can_poll_a_narrowed_socket(void)
{
	cloudabi_fd_t a, b, fd;
	size_t n;

	CHECK_OK(cloudabi_sys_fd_create2(STREAM, &a, &b));
	fd = dup_without(a, CLOUDABI_RIGHT_FD_WRITE);
	if (taken_by_helper(fd)) {
		CHECK_EQ(ask(HELPER_TAKEN_POLL, 0, 0, 0), 0);
		CHECK_OK(write1(b, "x", 1, &n));
		CHECK_EQ(ask(HELPER_TAKEN_POLL, 0, 0, 0), LINUX_POLLIN);
		CHECK_EQ(ask(HELPER_TAKEN_RECV, 0, 1, 0), -LINUX_ENOTSOCK);
		CHECK_EQ(ask(HELPER_TAKEN_READ, 0, 1, 0), 1);
		CHECK_EQ(ask(HELPER_TAKEN_POLL, 0, 0, 0), 0);
		ask(HELPER_TAKEN_CLOSE, 0, 0, 0);
	}
	CHECK_OK(cloudabi_sys_fd_close(fd));
	fd = dup_without(a, CLOUDABI_RIGHT_FD_READ);
	CHECK_OK(write1(b, "x", 1, &n));
	if (taken_by_helper(fd)) {
		CHECK_EQ(ask(HELPER_TAKEN_POLL, 0, 0, 0), LINUX_POLLOUT);
		ask(HELPER_TAKEN_CLOSE, 0, 0, 0);
	}
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK_OK(cloudabi_sys_fd_close(a));
	CHECK_OK(cloudabi_sys_fd_close(b));
}

/* Looks for a string in what the helper answered. */
static bool answer_has(const char *string)
{
	size_t len = strlen(string);

	for (size_t i = 0; i + len <= HELPER_DATA; i++) {
		if (!memcmp(ask_answer.data + i, string, len))
			return true;
	}
	return false;
}

static void a_native_can_learn_the_rights(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, ~(CLOUDABI_RIGHT_FD_READ |
						  CLOUDABI_RIGHT_MEM_MAP));

	CHECK(ask(HELPER_FDINFO, fd, 0, 0) > 0);
	CHECK(answer_has("FD_READ"));
	CHECK(answer_has("MEM_MAP"));
	CHECK(!answer_has("FD_WRITE"));
	CHECK(!answer_has("MEM_MAP_EXEC"));
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* The tests at the end close what others need. */
static const struct test tests[] = {
	TEST(read_moves_the_offset),
	TEST(read_at_the_end_is_short_then_zero),
	TEST(write_moves_the_offset_and_is_seen_outside),
	TEST(pread_and_pwrite_leave_the_offset_alone),
	TEST(pread_at_the_end_is_zero),
	TEST(pwrite_beyond_the_end_leaves_a_hole_of_zeros),
	TEST(positions_beyond_int64_are_einval),
	TEST(append_writes_at_the_end),
	TEST(append_as_a_flag_that_is_put),
	TEST(sync_flags_do_not_hinder),
	TEST(the_open_mode_is_a_matter_of_rights),
	TEST(large_transfers_are_complete),
	TEST(vectors_are_gathered_and_scattered),
	TEST(no_vectors_transfer_nothing),
	TEST(no_vectors_still_need_descriptor_and_right),
	TEST(vectors_up_to_1024_are_taken),
	TEST(vectors_beyond_1024_are_einval),
	TEST(lengths_that_add_up_beyond_ssize_are_einval),
	TEST(empty_buffers_may_be_anywhere),
	TEST(vectors_at_a_bad_address_are_efault),
	TEST(vectors_are_read_as_far_as_needed),
	TEST(buffers_at_a_bad_address_are_efault),
	TEST(reads_into_read_only_memory_are_efault),
	TEST(a_bad_address_after_good_ones_makes_it_short),
	TEST(an_unmapped_page_after_good_ones_makes_it_short),
	TEST(arguments_beyond_their_width_are_ignored),
	TEST(what_is_not_open_is_ebadf),
	TEST(what_has_no_data_is_enotcapable),
	TEST(what_has_no_positions_is_enotcapable),
	TEST(a_right_that_is_gone_is_enotcapable),
	TEST(data_from_and_to_a_native),
	TEST(a_narrowed_socket_works_as_before),
	TEST(a_datagram_is_read_at_once_or_lost),
	TEST(a_datagram_that_is_too_large_is_emsgsize),
	TEST(a_bad_address_takes_nothing_out_of_a_pipe),
	TEST(nonblocking_reads_of_nothing_are_eagain),
	TEST(nonblocking_writes_fill_up_to_eagain),
	TEST(a_large_write_is_complete_if_it_may_wait),
	TEST(read_waits_for_data),
	TEST(a_wait_survives_stop_and_signals),
	TEST(a_wait_survives_ignored_signals),
	TEST(a_wait_survives_a_tracer),
	TEST(a_wait_survives_the_freezer),
	TEST(a_write_survives_stop_and_signals),
	TEST(devices),
	TEST(attached_descriptors_are_let_go),
	TEST(the_file_size_limit_is_efbig_without_a_signal),
	TEST(no_file_is_larger_than_int64),
	TEST(a_native_can_do_what_the_rights_allow),
	TEST(a_native_cannot_do_what_the_rights_forbid),
	TEST(a_native_can_do_nothing_without_rights),
	TEST(a_native_can_poll_a_narrowed_socket),
	TEST(a_native_can_learn_the_rights),
	TEST(the_end_of_a_pipe_is_the_end_of_the_file),
	TEST(the_end_of_a_stream_is_the_end_of_the_file),
	TEST(the_end_of_a_stream_ends_a_wait),
	TEST(a_write_that_nobody_reads_is_epipe_without_a_signal),
};

int program_main(const struct argdata *ad)
{
	(void)ad;
	return check_run(tests, ARRAY_SIZE(tests));
}
