// SPDX-License-Identifier: GPL-2.0
/*
 * fd: making, copying, replacing, closing and positioning descriptors.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "ask.h"
#include "raw.h"

#define SOCKET_BASE 0x801008004aull
#define SOCKET_INHERITING 0x815ffff7ffull
#define SHARED_MEMORY_BASE 0xc180042ull

/* Numbers that are not open because there can be no such number. */
static const cloudabi_fd_t never_open[] = {
	CLOSED_FD, 4096, 0x7fffffff, 0x80000000, 0x80000000 | FILE_RW,
	0xfffffffe, 0xffffffff,
};

static cloudabi_fd_t dup_of(cloudabi_fd_t from)
{
	cloudabi_fd_t fd = CLOSED_FD;

	CHECK_OK(cloudabi_sys_fd_dup(from, &fd));
	return fd;
}

static void make_pair(cloudabi_filetype_t type, cloudabi_fd_t *fds)
{
	fds[0] = CLOSED_FD;
	fds[1] = CLOSED_FD;
	CHECK_OK(cloudabi_sys_fd_create2(type, &fds[0], &fds[1]));
}

static void close_pair(const cloudabi_fd_t *fds)
{
	CHECK_OK(cloudabi_sys_fd_close(fds[0]));
	CHECK_OK(cloudabi_sys_fd_close(fds[1]));
}

/* Reads one byte; 0 at the end of the file. */
static size_t read_byte(cloudabi_fd_t fd, char *byte)
{
	size_t n = ~0ul;

	CHECK_OK(read1(fd, byte, 1, &n));
	return n;
}

/* --- fd_close ------------------------------------------------------------ */

static void close_frees_the_number(void)
{
	cloudabi_fd_t fd = dup_of(FILE_RW);

	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK(!is_open(fd));
	CHECK_REFUSED(cloudabi_sys_fd_close(fd), CLOUDABI_EBADF);
}

static void close_of_what_is_not_open_is_ebadf(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(never_open); i++)
		CHECK_REFUSED(cloudabi_sys_fd_close(never_open[i]),
			      CLOUDABI_EBADF);
}

static void close_needs_no_right(void)
{
	cloudabi_fd_t fd = dup_of(FILE_RW);

	CHECK_OK(put_rights(fd, 0, 0));
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK(!is_open(fd));
	CHECK(is_open(FILE_RW));
}

static void close_leaves_duplicates_alone(void)
{
	cloudabi_fd_t fds[2], fd;
	char byte;
	size_t n;

	make_pair(STREAM, fds);
	fd = dup_of(fds[0]);
	CHECK_OK(cloudabi_sys_fd_close(fds[0]));
	CHECK_OK(write1(fd, "x", 1, &n));
	CHECK_EQ(read_byte(fds[1], &byte), 1);
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK_OK(cloudabi_sys_fd_close(fds[1]));
}

static void close_of_the_last_is_seen_at_the_other_end(void)
{
	cloudabi_fd_t fds[2];
	char byte;

	make_pair(STREAM, fds);
	CHECK_OK(cloudabi_sys_fd_close(fds[0]));
	CHECK_EQ(read_byte(fds[1], &byte), 0);
	CHECK_OK(cloudabi_sys_fd_close(fds[1]));
}

/* The file behind a capability goes with it. */
static void close_of_a_narrowed_one_is_seen_at_the_other_end(void)
{
	cloudabi_fd_t fds[2];
	char byte;

	make_pair(STREAM, fds);
	CHECK_OK(put_rights(fds[0], CLOUDABI_RIGHT_FD_WRITE, 0));
	CHECK_OK(cloudabi_sys_fd_close(fds[0]));
	CHECK_EQ(read_byte(fds[1], &byte), 0);
	CHECK_OK(cloudabi_sys_fd_close(fds[1]));
}

static void close_ignores_the_upper_half_of_the_register(void)
{
	cloudabi_fd_t fd = dup_of(FILE_RW);
	uint64_t args[6] = { 0xdeadc0de00000000ull | fd };
	struct raw_result r;

	raw_call(CLOUDABI_NR_fd_close, args, &r);
	CHECK(!r.carry);
	CHECK_EQ(r.rax, 0);
	CHECK(!is_open(fd));
}

/* --- fd_dup -------------------------------------------------------------- */

static void dup_shares_the_offset(void)
{
	cloudabi_fd_t fd;

	file_set("0123456789");
	fd = dup_of(FILE_RW);
	CHECK_OK(seek_to(fd, 7));
	CHECK_EQ(tell(FILE_RW), 7);
	CHECK_EQ(tell(FILE_RO), 0);
	CHECK_OK(seek_to(FILE_RW, 3));
	CHECK_EQ(tell(fd), 3);
	CHECK_EQ(ask(HELPER_OFFSET, FILE_RW, 0, 0), 3);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void dup_shares_the_flags(void)
{
	cloudabi_fd_t fds[2], fd;

	make_pair(STREAM, fds);
	fd = dup_of(fds[0]);
	CHECK_OK(put_flags(fd, CLOUDABI_FDFLAG_NONBLOCK));
	CHECK_EQ(fdstat(fds[0]).fs_flags, CLOUDABI_FDFLAG_NONBLOCK);
	CHECK_EQ(fdstat(fds[1]).fs_flags, 0);
	CHECK_OK(put_flags(fds[0], 0));
	CHECK_EQ(fdstat(fd).fs_flags, 0);
	CHECK_OK(cloudabi_sys_fd_close(fd));
	close_pair(fds);
}

static void dup_copies_both_sets_of_rights(void)
{
	cloudabi_fd_t from = dup_of(DIRECTORY), fd;

	CHECK_OK(put_rights(from, CLOUDABI_RIGHT_FILE_OPEN,
			    CLOUDABI_RIGHT_FD_READ));
	fd = dup_of(from);
	CHECK_EQ(base_of(fd), CLOUDABI_RIGHT_FILE_OPEN);
	CHECK_EQ(fdstat(fd).fs_rights_inheriting, CLOUDABI_RIGHT_FD_READ);
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK_OK(cloudabi_sys_fd_close(from));
}

static void dup_of_what_is_not_open_is_ebadf(void)
{
	cloudabi_fd_t fd;

	for (size_t i = 0; i < ARRAY_SIZE(never_open); i++)
		CHECK_REFUSED(cloudabi_sys_fd_dup(never_open[i], &fd),
			      CLOUDABI_EBADF);
}

/* Up to the limit, and not one more. */
static void dup_at_the_limit_is_emfile(void)
{
	uint64_t old = set_limit(HELPER_RLIMIT_NOFILE, GIVEN_END + 3);
	cloudabi_fd_t fds[3], fd;

	for (unsigned int i = 0; i < 3; i++)
		fds[i] = dup_of(FILE_RW);
	CHECK_REFUSED(cloudabi_sys_fd_dup(FILE_RW, &fd), CLOUDABI_EMFILE);
	for (unsigned int i = 0; i < 3; i++)
		CHECK_OK(cloudabi_sys_fd_close(fds[i]));
	set_limit(HELPER_RLIMIT_NOFILE, old);
	fd = dup_of(FILE_RW);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* --- fd_replace ---------------------------------------------------------- */

static void replace_needs_both_to_be_open(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(never_open); i++) {
		cloudabi_fd_t bad = never_open[i];

		CHECK_REFUSED(cloudabi_sys_fd_replace(FILE_RW, bad),
			      CLOUDABI_EBADF);
		CHECK_REFUSED(cloudabi_sys_fd_replace(bad, FILE_RW),
			      CLOUDABI_EBADF);
		CHECK_REFUSED(cloudabi_sys_fd_replace(bad, bad),
			      CLOUDABI_EBADF);
	}
}

static void replace_by_itself_changes_nothing(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_SYNC);

	check_begin();
	CHECK_OK(cloudabi_sys_fd_replace(fd, fd));
	CHECK_OK(cloudabi_sys_fd_replace(FILE_RW, FILE_RW));
	check_refused(0, 0, "fd_replace(fd, fd)", __LINE__);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* The result of a call without one is 0, not the number of a descriptor. */
static void replace_returns_zero(void)
{
	cloudabi_fd_t fd = dup_of(FILE_RW);
	uint64_t args[6] = { 0xffffffff00000000ull | FILE_RO,
			     0xdeadc0de00000000ull | fd };
	struct raw_result r;

	raw_call(CLOUDABI_NR_fd_replace, args, &r);
	CHECK(!r.carry);
	CHECK_EQ(r.rax, 0);
	CHECK_EQ(base_of(fd), base_of(FILE_RO));
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void replace_makes_both_the_same_file(void)
{
	cloudabi_fd_t fd = dup_of(DEV_NULL);

	file_set("0123456789");
	CHECK_OK(cloudabi_sys_fd_replace(FILE_RW, fd));
	CHECK_OK(seek_to(fd, 4));
	CHECK_EQ(tell(FILE_RW), 4);
	CHECK_EQ(fdstat(fd).fs_filetype, CLOUDABI_FILETYPE_REGULAR_FILE);
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK_EQ(tell(FILE_RW), 4);
}

static void replace_copies_the_rights_of_the_source(void)
{
	cloudabi_fd_t from = dup_of(DIRECTORY), to = dup_of(DIRECTORY);

	CHECK_OK(put_rights(from, CLOUDABI_RIGHT_FILE_OPEN,
			    CLOUDABI_RIGHT_FD_READ));
	CHECK_OK(cloudabi_sys_fd_replace(from, to));
	CHECK_EQ(base_of(to), CLOUDABI_RIGHT_FILE_OPEN);
	CHECK_EQ(fdstat(to).fs_rights_inheriting, CLOUDABI_RIGHT_FD_READ);
	/* The old one's rights are gone, be they fewer or more. */
	CHECK_OK(cloudabi_sys_fd_replace(DIRECTORY, to));
	CHECK_EQ(base_of(to), base_of(DIRECTORY));
	CHECK_EQ(base_of(from), CLOUDABI_RIGHT_FILE_OPEN);
	CHECK_OK(cloudabi_sys_fd_close(from));
	CHECK_OK(cloudabi_sys_fd_close(to));
}

static void replace_needs_no_rights(void)
{
	cloudabi_fd_t from = dup_of(FILE_RW), to = dup_of(FILE_RW);

	CHECK_OK(put_rights(from, 0, 0));
	CHECK_OK(put_rights(to, 0, 0));
	CHECK_OK(cloudabi_sys_fd_replace(from, to));
	CHECK_EQ(base_of(to), 0);
	CHECK_OK(cloudabi_sys_fd_replace(FILE_RW, from));
	CHECK_EQ(base_of(from), base_of(FILE_RW));
	CHECK_OK(cloudabi_sys_fd_close(from));
	CHECK_OK(cloudabi_sys_fd_close(to));
}

static void replace_closes_what_was_there(void)
{
	cloudabi_fd_t fds[2];
	char byte;

	make_pair(STREAM, fds);
	CHECK_OK(cloudabi_sys_fd_replace(FILE_RW, fds[0]));
	CHECK_EQ(read_byte(fds[1], &byte), 0);
	close_pair(fds);
}

static void replace_keeps_the_number_of_descriptors(void)
{
	cloudabi_fd_t fd = dup_of(DEV_NULL);
	int64_t count = ask(HELPER_COUNT_FDS, 0, 0, 0);

	CHECK_OK(cloudabi_sys_fd_replace(FILE_RW, fd));
	CHECK_EQ(ask(HELPER_COUNT_FDS, 0, 0, 0), count);
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK_EQ(ask(HELPER_COUNT_FDS, 0, 0, 0), count - 1);
}

/*
 * There is no moment at which the number is not open, or is something else:
 * the helper looks while the number changes hands between two files.
 */
static void replace_is_atomic(void)
{
	cloudabi_fd_t fd = dup_of(FILE_RW);
	uint64_t changes = 0;

	/* It takes two processors that really run at the same time. */
	for (unsigned int try = 0; try < 40 && changes < 200; try++) {
		if (ask(HELPER_WATCH, fd, 0, 0) < 0)
			SKIP(break, "the helper cannot look into the table");
		for (unsigned int i = 0; i < 5000; i++) {
			cloudabi_sys_fd_replace(DEV_NULL, fd);
			cloudabi_sys_fd_replace(FILE_RW, fd);
		}
		CHECK(ask(HELPER_UNWATCH, fd, 0, 0) >= 0);
		CHECK_EQ(ask_answer.value[0], 0);
		changes += ask_answer.value[1];
	}
	ktap_diag("the helper saw %lu changes", changes);
	CHECK_OK(cloudabi_sys_fd_close(fd));
	if (!changes)
		SKIP(return, "the helper never looked in the right moment");
}

/* --- fd_create1 ---------------------------------------------------------- */

static cloudabi_fd_t make_memory(void)
{
	cloudabi_fd_t fd = CLOSED_FD;

	CHECK_OK(cloudabi_sys_fd_create1(SHARED_MEMORY, &fd));
	return fd;
}

static void create1_makes_empty_shared_memory(void)
{
	cloudabi_fd_t fd = make_memory();
	cloudabi_fdstat_t stat = fdstat(fd);

	CHECK_EQ(stat.fs_filetype, SHARED_MEMORY);
	CHECK_EQ(stat.fs_rights_base, SHARED_MEMORY_BASE);
	CHECK_EQ(stat.fs_rights_inheriting, 0);
	CHECK_EQ(stat.fs_flags, 0);
	CHECK(ask(HELPER_TAKE, fd, 0, 0) >= 0);
	/* Nothing to read, and no size. */
	CHECK_EQ(ask(HELPER_TAKEN_READ, 0, 1, 0), 0);
	CHECK_EQ(ask(HELPER_TAKEN_SEEK, 0, 0, 2), 0);
	ask(HELPER_TAKEN_CLOSE, 0, 0, 0);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* It can be read and written at its offset, which cannot be moved. */
static void create1_memory_is_a_file_without_seek(void)
{
	cloudabi_fd_t fd = make_memory();
	cloudabi_filesize_t offset;
	char buf[8];
	size_t n;

	CHECK_OK(write1(fd, "hello", 5, &n));
	CHECK_EQ(n, 5);
	CHECK_OK(read1(fd, buf, sizeof(buf), &n));
	CHECK_EQ(n, 0);
	CHECK_REFUSED(pread1(fd, buf, 1, 0, &n), CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(pwrite1(fd, buf, 1, 0, &n), CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(cloudabi_sys_fd_seek(fd, 0, CLOUDABI_WHENCE_CUR,
					   &offset), CLOUDABI_ENOTCAPABLE);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void create1_memory_is_shared_through_mappings(void)
{
	cloudabi_fd_t fd = make_memory(), copy = dup_of(fd);
	void *a = NULL, *b = NULL;
	size_t n;

	CHECK_OK(write1(fd, "shared", 6, &n));
	CHECK_OK(cloudabi_sys_mem_map(NULL, 4096, CLOUDABI_PROT_READ |
				      CLOUDABI_PROT_WRITE, CLOUDABI_MAP_SHARED,
				      fd, 0, &a));
	CHECK_OK(cloudabi_sys_mem_map(NULL, 4096, CLOUDABI_PROT_READ,
				      CLOUDABI_MAP_SHARED, copy, 0, &b));
	if (a && b) {
		CHECK(a != b);
		CHECK(!memcmp(b, "shared", 6));
		*(volatile char *)a = 'S';
		CHECK_EQ(*(volatile char *)b, 'S');
	}
	CHECK_OK(cloudabi_sys_mem_unmap(a, 4096));
	CHECK_OK(cloudabi_sys_mem_unmap(b, 4096));
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK_OK(cloudabi_sys_fd_close(copy));
}

static void create1_memory_is_no_two_times_the_same(void)
{
	cloudabi_fd_t a = make_memory(), b = make_memory();
	char byte;
	size_t n;

	CHECK_OK(write1(a, "x", 1, &n));
	CHECK_EQ(read_byte(b, &byte), 0);
	CHECK_OK(cloudabi_sys_fd_close(a));
	CHECK_OK(cloudabi_sys_fd_close(b));
}

static void create1_of_other_types_is_einval(void)
{
	for (unsigned int type = 0; type < 256; type++) {
		cloudabi_fd_t fd;

		if (type != SHARED_MEMORY &&
		    !CHECK_ERRNO(cloudabi_sys_fd_create1(type, &fd),
				 CLOUDABI_EINVAL))
			ktap_diag("type %u", type);
	}
	CHECK_EQ(lowest_closed(), GIVEN_END);
}

static void create1_at_the_limit_is_emfile(void)
{
	uint64_t old = set_limit(HELPER_RLIMIT_NOFILE, GIVEN_END);
	cloudabi_fd_t fd;

	CHECK_REFUSED(cloudabi_sys_fd_create1(SHARED_MEMORY, &fd),
		      CLOUDABI_EMFILE);
	set_limit(HELPER_RLIMIT_NOFILE, old);
	fd = make_memory();
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void create1_ignores_the_upper_bits_of_the_type(void)
{
	uint64_t args[6] = { 0xdeadc0de00ff0000ull | SHARED_MEMORY };
	struct raw_result r;

	raw_call(CLOUDABI_NR_fd_create1, args, &r);
	if (CHECK(!r.carry))
		CHECK_OK(cloudabi_sys_fd_close(r.rax));
}

/* --- fd_create2 ---------------------------------------------------------- */

static void check_pair(cloudabi_filetype_t type)
{
	cloudabi_fd_t fds[2];

	make_pair(type, fds);
	CHECK(fds[0] != fds[1]);
	for (unsigned int i = 0; i < 2; i++) {
		cloudabi_fdstat_t stat = fdstat(fds[i]);

		CHECK_EQ(stat.fs_filetype, type);
		CHECK_EQ(stat.fs_flags, 0);
		CHECK_EQ(stat.fs_rights_base, SOCKET_BASE);
		CHECK_EQ(stat.fs_rights_inheriting, SOCKET_INHERITING);
	}
	for (unsigned int i = 0; i < 2; i++) {
		char byte = 0;
		size_t n;

		CHECK_OK(write1(fds[i], &"<>"[i], 1, &n));
		CHECK_EQ(read_byte(fds[1 - i], &byte), 1);
		CHECK_EQ(byte, "<>"[i]);
	}
	close_pair(fds);
}

static void create2_makes_connected_streams(void)
{
	check_pair(STREAM);
}

static void create2_makes_connected_datagram_sockets(void)
{
	check_pair(DGRAM);
}

static void create2_streams_have_no_boundaries(void)
{
	cloudabi_fd_t fds[2];
	char buf[8];
	size_t n;

	make_pair(STREAM, fds);
	CHECK_OK(write1(fds[0], "abc", 3, &n));
	CHECK_OK(write1(fds[0], "de", 2, &n));
	CHECK_OK(read1(fds[1], buf, sizeof(buf), &n));
	CHECK_EQ(n, 5);
	close_pair(fds);
}

static void create2_datagrams_have_boundaries(void)
{
	cloudabi_fd_t fds[2];
	char buf[8];
	size_t n;

	make_pair(DGRAM, fds);
	CHECK_OK(write1(fds[0], "abc", 3, &n));
	CHECK_OK(write1(fds[0], "de", 2, &n));
	CHECK_OK(read1(fds[1], buf, 2, &n));
	CHECK_EQ(n, 2);
	CHECK_OK(read1(fds[1], buf, sizeof(buf), &n));
	CHECK_EQ(n, 2);
	close_pair(fds);
}

static void create2_of_other_types_is_einval(void)
{
	for (unsigned int type = 0; type < 256; type++) {
		cloudabi_fd_t a, b;

		if (type != STREAM && type != DGRAM &&
		    !CHECK_ERRNO(cloudabi_sys_fd_create2(type, &a, &b),
				 CLOUDABI_EINVAL))
			ktap_diag("type %u", type);
	}
	CHECK_EQ(lowest_closed(), GIVEN_END);
}

/* With room for none and for one of the two; nothing is left behind. */
static void create2_at_the_limit_is_emfile_and_leaks_nothing(void)
{
	int64_t sockets = ask(HELPER_COUNT_SOCKETS, 0, 0, 0);
	int64_t fds = ask(HELPER_COUNT_FDS, 0, 0, 0);
	cloudabi_fd_t a, b;
	uint64_t old;

	for (unsigned int room = 0; room < 2; room++) {
		old = set_limit(HELPER_RLIMIT_NOFILE, GIVEN_END + room);
		for (unsigned int i = 0; i < 20; i++) {
			CHECK_REFUSED(cloudabi_sys_fd_create2(STREAM, &a, &b),
				      CLOUDABI_EMFILE);
			CHECK_REFUSED(cloudabi_sys_fd_create2(DGRAM, &a, &b),
				      CLOUDABI_EMFILE);
		}
		CHECK_EQ(ask(HELPER_COUNT_FDS, 0, 0, 0), fds);
		CHECK_EQ(ask(HELPER_COUNT_SOCKETS, 0, 0, 0), sockets);
		set_limit(HELPER_RLIMIT_NOFILE, old);
	}
	check_pair(STREAM);
	CHECK_EQ(ask(HELPER_COUNT_FDS, 0, 0, 0), fds);
	CHECK_EQ(ask(HELPER_COUNT_SOCKETS, 0, 0, 0), sockets);
}

/* --- fd_seek ------------------------------------------------------------- */

static cloudabi_errno_t seek(cloudabi_fd_t fd, int64_t offset,
			     cloudabi_whence_t whence)
{
	cloudabi_filesize_t new_offset;

	return cloudabi_sys_fd_seek(fd, offset, whence, &new_offset);
}

static void seek_from_start_end_and_here(void)
{
	cloudabi_filesize_t offset = 0;

	file_set("0123456789");
	CHECK_OK(cloudabi_sys_fd_seek(FILE_RW, 4, CLOUDABI_WHENCE_SET,
				      &offset));
	CHECK_EQ(offset, 4);
	CHECK_OK(cloudabi_sys_fd_seek(FILE_RW, 3, CLOUDABI_WHENCE_CUR,
				      &offset));
	CHECK_EQ(offset, 7);
	CHECK_OK(cloudabi_sys_fd_seek(FILE_RW, -2, CLOUDABI_WHENCE_CUR,
				      &offset));
	CHECK_EQ(offset, 5);
	CHECK_OK(cloudabi_sys_fd_seek(FILE_RW, -10, CLOUDABI_WHENCE_END,
				      &offset));
	CHECK_EQ(offset, 0);
	CHECK_OK(cloudabi_sys_fd_seek(FILE_RW, 0, CLOUDABI_WHENCE_END,
				      &offset));
	CHECK_EQ(offset, 10);
	CHECK_EQ(ask(HELPER_OFFSET, FILE_RW, 0, 0), 10);
}

static void seek_beyond_the_end_is_allowed(void)
{
	file_set("0123456789");
	CHECK_OK(seek(FILE_RW, 5, CLOUDABI_WHENCE_END));
	CHECK_EQ(tell(FILE_RW), 15);
	CHECK_EQ(file_size(FILE_RW), 10);
	CHECK_OK(seek(FILE_RW, 1ll << 40, CLOUDABI_WHENCE_SET));
	CHECK_EQ(tell(FILE_RW), 1ull << 40);
}

static void seek_to_the_largest_offset(void)
{
	file_set("0123456789");
	CHECK_OK(seek(FILE_RW, INT64_MAX, CLOUDABI_WHENCE_SET));
	CHECK_EQ(tell(FILE_RW), INT64_MAX);
	CHECK_OK(seek(FILE_RW, -INT64_MAX, CLOUDABI_WHENCE_CUR));
	CHECK_EQ(tell(FILE_RW), 0);
}

static void seek_before_the_start_is_einval(void)
{
	file_set("0123456789");
	CHECK_OK(seek_to(FILE_RW, 4));
	CHECK_REFUSED(seek(FILE_RW, -1, CLOUDABI_WHENCE_SET), CLOUDABI_EINVAL);
	CHECK_REFUSED(seek(FILE_RW, -5, CLOUDABI_WHENCE_CUR), CLOUDABI_EINVAL);
	CHECK_REFUSED(seek(FILE_RW, -11, CLOUDABI_WHENCE_END),
		      CLOUDABI_EINVAL);
	CHECK_REFUSED(seek(FILE_RW, INT64_MIN, CLOUDABI_WHENCE_SET),
		      CLOUDABI_EINVAL);
	CHECK_REFUSED(seek(FILE_RW, INT64_MIN, CLOUDABI_WHENCE_CUR),
		      CLOUDABI_EINVAL);
}

static void seek_that_overflows_is_eoverflow(void)
{
	file_set("0123456789");
	CHECK_OK(seek_to(FILE_RW, 4));
	CHECK_REFUSED(seek(FILE_RW, INT64_MAX, CLOUDABI_WHENCE_CUR),
		      CLOUDABI_EOVERFLOW);
	CHECK_REFUSED(seek(FILE_RW, INT64_MAX - 3, CLOUDABI_WHENCE_CUR),
		      CLOUDABI_EOVERFLOW);
	CHECK_REFUSED(seek(FILE_RW, INT64_MAX, CLOUDABI_WHENCE_END),
		      CLOUDABI_EOVERFLOW);
}

static void seek_whence_is_one_of_three(void)
{
	for (unsigned int whence = 0; whence < 256; whence++) {
		if (whence >= 1 && whence <= 3)
			continue;
		if (!CHECK_ERRNO(seek(FILE_RW, 0, whence), CLOUDABI_EINVAL))
			ktap_diag("whence %u", whence);
	}
	CHECK_REFUSED(seek(FILE_RW, 2, 0), CLOUDABI_EINVAL);
	CHECK_REFUSED(seek(FILE_RW, 2, 4), CLOUDABI_EINVAL);
}

/* A wrong whence is told even where the descriptor is wrong too. */
static void seek_whence_comes_before_descriptor_and_rights(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, ~0ull);

	CHECK_REFUSED(seek(CLOSED_FD, 0, 0), CLOUDABI_EINVAL);
	CHECK_REFUSED(seek(CLOSED_FD, 0, 4), CLOUDABI_EINVAL);
	CHECK_REFUSED(seek(fd, 0, 0xde), CLOUDABI_EINVAL);
	CHECK_REFUSED(seek(CLOSED_FD, 0, CLOUDABI_WHENCE_SET), CLOUDABI_EBADF);
	CHECK_REFUSED(seek(fd, 0, CLOUDABI_WHENCE_SET), CLOUDABI_ENOTCAPABLE);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static struct raw_result raw_seek(uint64_t fd, uint64_t offset,
				  uint64_t whence)
{
	uint64_t args[6] = { fd, offset, whence };
	struct raw_result r;

	raw_call(CLOUDABI_NR_fd_seek, args, &r);
	return r;
}

static void seek_looks_at_the_low_byte_of_whence_only(void)
{
	struct raw_result r;

	file_set("0123456789");
	r = raw_seek(FILE_RW, 2, 0xdeadc0de);
	CHECK(r.carry);
	CHECK_EQ(r.rax, CLOUDABI_EINVAL);
	r = raw_seek(0xabcdef0000000000ull | FILE_RW, 2,
		     0xdeadc0dedeadc000ull | CLOUDABI_WHENCE_SET);
	CHECK(!r.carry);
	CHECK_EQ(r.rax, 2);
	CHECK_EQ(r.changed, 0);
}

static void seek_of_what_is_not_open_is_ebadf(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(never_open); i++)
		CHECK_REFUSED(seek(never_open[i], 0, CLOUDABI_WHENCE_SET),
			      CLOUDABI_EBADF);
}

/* Nothing that has no offset has the right to move one. */
static void seek_of_what_cannot_seek_is_enotcapable(void)
{
	static const cloudabi_fd_t fds[] = {
		DIRECTORY, PIPE_IN, PIPE_OUT, UNIX_STREAM, UNIX_DGRAM, TCP,
		UDP, TERMINAL, FIFO_READ, FIFO_WRITE, MEMORY, EVENT, PATH_ONLY,
	};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		bool ok = CHECK_REFUSED(seek(fds[i], 1, CLOUDABI_WHENCE_SET),
					CLOUDABI_ENOTCAPABLE);

		ok &= CHECK_REFUSED(seek(fds[i], 0, CLOUDABI_WHENCE_CUR),
				    CLOUDABI_ENOTCAPABLE);
		if (!ok)
			ktap_diag("descriptor %u", fds[i]);
	}
}

static void tell_needs_less_than_seek(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_SEEK);

	file_set("0123456789");
	CHECK_OK(seek_to(FILE_RW, 6));
	CHECK_EQ(tell(fd), 6);
	CHECK_REFUSED(seek(fd, 1, CLOUDABI_WHENCE_CUR), CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(seek(fd, 6, CLOUDABI_WHENCE_SET), CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(seek(fd, 0, CLOUDABI_WHENCE_SET), CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(seek(fd, 0, CLOUDABI_WHENCE_END), CLOUDABI_ENOTCAPABLE);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void seek_right_is_enough_to_tell(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_TELL);

	file_set("0123456789");
	CHECK_OK(seek_to(fd, 6));
	CHECK_EQ(tell(fd), 6);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* --- fd_sync, fd_datasync ------------------------------------------------ */

static void sync_and_datasync_of_a_file(void)
{
	size_t n;

	file_set("");
	CHECK_OK(write1(FILE_RW, "data", 4, &n));
	CHECK_OK(cloudabi_sys_fd_datasync(FILE_RW));
	CHECK_OK(cloudabi_sys_fd_sync(FILE_RW));
	CHECK_OK(cloudabi_sys_fd_sync(FILE_RO));
	CHECK_OK(cloudabi_sys_fd_sync(FILE_WO));
}

static void sync_of_a_directory(void)
{
	CHECK_OK(cloudabi_sys_fd_sync(DIRECTORY));
	CHECK_REFUSED(cloudabi_sys_fd_datasync(DIRECTORY),
		      CLOUDABI_ENOTCAPABLE);
}

static void sync_of_what_is_not_stored_is_enotcapable(void)
{
	static const cloudabi_fd_t fds[] = {
		PIPE_IN, PIPE_OUT, UNIX_STREAM, UNIX_DGRAM, TCP, UDP, TERMINAL,
		MEMORY, EVENT, PATH_ONLY,
	};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		CHECK_REFUSED(cloudabi_sys_fd_sync(fds[i]),
			      CLOUDABI_ENOTCAPABLE);
		CHECK_REFUSED(cloudabi_sys_fd_datasync(fds[i]),
			      CLOUDABI_ENOTCAPABLE);
	}
}

static void sync_of_what_is_not_open_is_ebadf(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(never_open); i++) {
		CHECK_REFUSED(cloudabi_sys_fd_sync(never_open[i]),
			      CLOUDABI_EBADF);
		CHECK_REFUSED(cloudabi_sys_fd_datasync(never_open[i]),
			      CLOUDABI_EBADF);
	}
}

static const struct test tests[] = {
	TEST(close_frees_the_number),
	TEST(close_of_what_is_not_open_is_ebadf),
	TEST(close_needs_no_right),
	TEST(close_leaves_duplicates_alone),
	TEST(close_of_the_last_is_seen_at_the_other_end),
	TEST(close_of_a_narrowed_one_is_seen_at_the_other_end),
	TEST(close_ignores_the_upper_half_of_the_register),
	TEST(dup_shares_the_offset),
	TEST(dup_shares_the_flags),
	TEST(dup_copies_both_sets_of_rights),
	TEST(dup_of_what_is_not_open_is_ebadf),
	TEST(dup_at_the_limit_is_emfile),
	TEST(replace_needs_both_to_be_open),
	TEST(replace_by_itself_changes_nothing),
	TEST(replace_returns_zero),
	TEST(replace_makes_both_the_same_file),
	TEST(replace_copies_the_rights_of_the_source),
	TEST(replace_needs_no_rights),
	TEST(replace_closes_what_was_there),
	TEST(replace_keeps_the_number_of_descriptors),
	TEST(replace_is_atomic),
	TEST(create1_makes_empty_shared_memory),
	TEST(create1_memory_is_a_file_without_seek),
	TEST(create1_memory_is_shared_through_mappings),
	TEST(create1_memory_is_no_two_times_the_same),
	TEST(create1_of_other_types_is_einval),
	TEST(create1_at_the_limit_is_emfile),
	TEST(create1_ignores_the_upper_bits_of_the_type),
	TEST(create2_makes_connected_streams),
	TEST(create2_makes_connected_datagram_sockets),
	TEST(create2_streams_have_no_boundaries),
	TEST(create2_datagrams_have_boundaries),
	TEST(create2_of_other_types_is_einval),
	TEST(create2_at_the_limit_is_emfile_and_leaks_nothing),
	TEST(seek_from_start_end_and_here),
	TEST(seek_beyond_the_end_is_allowed),
	TEST(seek_to_the_largest_offset),
	TEST(seek_before_the_start_is_einval),
	TEST(seek_that_overflows_is_eoverflow),
	TEST(seek_whence_is_one_of_three),
	TEST(seek_whence_comes_before_descriptor_and_rights),
	TEST(seek_looks_at_the_low_byte_of_whence_only),
	TEST(seek_of_what_is_not_open_is_ebadf),
	TEST(seek_of_what_cannot_seek_is_enotcapable),
	TEST(tell_needs_less_than_seek),
	TEST(seek_right_is_enough_to_tell),
	TEST(sync_and_datasync_of_a_file),
	TEST(sync_of_a_directory),
	TEST(sync_of_what_is_not_stored_is_enotcapable),
	TEST(sync_of_what_is_not_open_is_ebadf),
};

int program_main(const struct argdata *ad)
{
	(void)ad;
	return check_run(tests, ARRAY_SIZE(tests));
}
