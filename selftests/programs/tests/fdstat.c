// SPDX-License-Identifier: GPL-2.0
/*
 * fdstat: attributes of descriptors, and rights that only become fewer.
 *
 * The last test makes random changes to a table of descriptors; another seed
 * than its own can be given as a number: fdstat 12345
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "args.h"
#include "ask.h"
#include "raw.h"

#define FLAGS CLOUDABI_FDSTAT_FLAGS
#define RIGHTS CLOUDABI_FDSTAT_RIGHTS
#define ALL_RIGHTS 0x815ffff7ffull

/* Flags of open files, as Linux has them. */
#define LINUX_O_APPEND 02000
#define LINUX_O_NONBLOCK 04000
#define LINUX_O_CHANGEABLE (LINUX_O_APPEND | LINUX_O_NONBLOCK)
#define LINUX_O_DSYNC 010000
#define LINUX_O_SYNC 04010000

/* --- fd_stat_get --------------------------------------------------------- */

static void get_writes_zeros_where_nothing_is(void)
{
	union {
		cloudabi_fdstat_t stat;
		uint8_t bytes[sizeof(cloudabi_fdstat_t) + 8];
	} u;

	memset(&u, 0xa5, sizeof(u));
	CHECK_OK(cloudabi_sys_fd_stat_get(FILE_RW, &u.stat));
	CHECK_EQ(u.bytes[1], 0);
	for (unsigned int i = 4; i < 8; i++)
		CHECK_EQ(u.bytes[i], 0);
	for (unsigned int i = 0; i < 8; i++)
		CHECK_EQ(u.bytes[sizeof(cloudabi_fdstat_t) + i], 0xa5);
}

static void get_to_any_address(void)
{
	uint8_t bytes[sizeof(cloudabi_fdstat_t) + 1];
	cloudabi_fdstat_t stat = fdstat(FILE_RW);
	uint64_t args[6] = { 0xdead000000000000ull | FILE_RW,
			     (uintptr_t)bytes + 1 };
	struct raw_result r;

	raw_call(CLOUDABI_NR_fd_stat_get, args, &r);
	CHECK(!r.carry);
	CHECK_EQ(r.rax, 0);
	CHECK_EQ(r.changed, 0);
	CHECK(!memcmp(bytes + 1, &stat, sizeof(stat)));
}

static void get_to_a_bad_address_is_efault(void)
{
	CHECK_REFUSED(cloudabi_sys_fd_stat_get(FILE_RW, NULL),
		      CLOUDABI_EFAULT);
	CHECK_REFUSED(cloudabi_sys_fd_stat_get(FILE_RW, BAD_ADDRESS),
		      CLOUDABI_EFAULT);
	/* Not even a byte of a program's text changes. */
	CHECK_REFUSED(cloudabi_sys_fd_stat_get(FILE_RW,
					       (void *)program_main),
		      CLOUDABI_EFAULT);
}

static void get_of_what_is_not_open_is_ebadf(void)
{
	cloudabi_fdstat_t stat, before;

	memset(&stat, 0x5a, sizeof(stat));
	before = stat;
	CHECK_REFUSED(cloudabi_sys_fd_stat_get(CLOSED_FD, &stat),
		      CLOUDABI_EBADF);
	CHECK_REFUSED(cloudabi_sys_fd_stat_get(0x80000000 | FILE_RW, &stat),
		      CLOUDABI_EBADF);
	CHECK_REFUSED(cloudabi_sys_fd_stat_get(0xffffffff, &stat),
		      CLOUDABI_EBADF);
	CHECK(!memcmp(&stat, &before, sizeof(stat)));
}

static void get_tells_the_flags_of_the_open(void)
{
	CHECK_EQ(fdstat(FILE_RW).fs_flags, 0);
	CHECK_EQ(fdstat(FILE_APPEND).fs_flags, CLOUDABI_FDFLAG_APPEND);
	CHECK_EQ(fdstat(FILE_NONBLOCK).fs_flags, CLOUDABI_FDFLAG_NONBLOCK);
	CHECK_EQ(fdstat(FILE_DSYNC).fs_flags, CLOUDABI_FDFLAG_DSYNC);
	CHECK(fdstat(FILE_SYNC).fs_flags & CLOUDABI_FDFLAG_SYNC);
	CHECK(!(fdstat(FILE_SYNC).fs_flags &
		(CLOUDABI_FDFLAG_APPEND | CLOUDABI_FDFLAG_NONBLOCK)));
}

static void get_needs_no_right_and_tells_type_and_flags(void)
{
	cloudabi_fd_t fd = dup_without(FILE_APPEND, ~0ull);

	CHECK_EQ(base_of(fd), 0);
	CHECK_EQ(fdstat(fd).fs_filetype, CLOUDABI_FILETYPE_REGULAR_FILE);
	CHECK_EQ(fdstat(fd).fs_flags, CLOUDABI_FDFLAG_APPEND);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* --- fd_stat_put of flags ------------------------------------------------ */

static void put_wants_exactly_one_of_flags_and_rights(void)
{
	static const cloudabi_fdsflags_t bad[] = {
		0, 3, 4, 5, 6, 7, 0x8000, 0x8001, 0x8002, 0xffff,
	};
	cloudabi_fdstat_t stat = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_REFUSED(cloudabi_sys_fd_stat_put(FILE_RW, &stat, bad[i]),
			      CLOUDABI_EINVAL);
}

static void put_checks_its_arguments_before_the_descriptor(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, ~0ull);
	cloudabi_fdstat_t stat = { 0 };

	CHECK_REFUSED(cloudabi_sys_fd_stat_put(CLOSED_FD, &stat, 0),
		      CLOUDABI_EINVAL);
	CHECK_REFUSED(cloudabi_sys_fd_stat_put(fd, &stat, 3), CLOUDABI_EINVAL);
	CHECK_REFUSED(cloudabi_sys_fd_stat_put(CLOSED_FD, NULL, FLAGS),
		      CLOUDABI_EFAULT);
	CHECK_REFUSED(cloudabi_sys_fd_stat_put(CLOSED_FD, NULL, RIGHTS),
		      CLOUDABI_EFAULT);
	CHECK_REFUSED(cloudabi_sys_fd_stat_put(fd, NULL, FLAGS),
		      CLOUDABI_EFAULT);
	CHECK_REFUSED(cloudabi_sys_fd_stat_put(CLOSED_FD, NULL, 0),
		      CLOUDABI_EINVAL);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void put_from_a_bad_address_is_efault(void)
{
	CHECK_REFUSED(cloudabi_sys_fd_stat_put(FILE_RW, NULL, FLAGS),
		      CLOUDABI_EFAULT);
	CHECK_REFUSED(cloudabi_sys_fd_stat_put(FILE_RW, NULL, RIGHTS),
		      CLOUDABI_EFAULT);
	CHECK_REFUSED(cloudabi_sys_fd_stat_put(FILE_RW, BAD_ADDRESS, RIGHTS),
		      CLOUDABI_EFAULT);
}

static void put_of_what_is_not_open_is_ebadf(void)
{
	static const cloudabi_fd_t fds[] = {
		CLOSED_FD, 0x80000000 | FILE_RW, 0xffffffff,
	};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		CHECK_REFUSED(put_flags(fds[i], 0), CLOUDABI_EBADF);
		CHECK_REFUSED(put_rights(fds[i], 0, 0), CLOUDABI_EBADF);
		CHECK_REFUSED(put_rights(fds[i], ~0ull, ~0ull),
			      CLOUDABI_EBADF);
	}
}

/* The same flags as natives see them. */
static void check_flags(cloudabi_fd_t fd, cloudabi_fdflags_t want)
{
	uint64_t linux_want = 0;

	if (want & CLOUDABI_FDFLAG_APPEND)
		linux_want |= LINUX_O_APPEND;
	if (want & CLOUDABI_FDFLAG_NONBLOCK)
		linux_want |= LINUX_O_NONBLOCK;
	CHECK_EQ(fdstat(fd).fs_flags, want);
	CHECK_EQ(ask(HELPER_GETFL, fd, 0, 0) & LINUX_O_CHANGEABLE, linux_want);
}

static void put_flags_replaces_them(void)
{
	static const cloudabi_fdflags_t rows[] = {
		CLOUDABI_FDFLAG_APPEND,
		CLOUDABI_FDFLAG_NONBLOCK,
		CLOUDABI_FDFLAG_APPEND | CLOUDABI_FDFLAG_NONBLOCK,
		0,
		CLOUDABI_FDFLAG_NONBLOCK,
		CLOUDABI_FDFLAG_APPEND,
		0,
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CHECK_OK(put_flags(FILE_RW, rows[i]));
		check_flags(FILE_RW, rows[i]);
	}
	/* Those of another open file of the same file are not the same. */
	check_flags(FILE_RO, 0);
}

static void put_flags_is_seen_by_natives_and_the_other_way_round(void)
{
	CHECK_OK(put_flags(UNIX_STREAM, CLOUDABI_FDFLAG_NONBLOCK));
	check_flags(UNIX_STREAM, CLOUDABI_FDFLAG_NONBLOCK);
	CHECK_OK(put_flags(UNIX_STREAM, 0));
	check_flags(UNIX_STREAM, 0);
	CHECK_EQ(ask(HELPER_SETFL, UNIX_STREAM, LINUX_O_NONBLOCK, 0), 0);
	check_flags(UNIX_STREAM, CLOUDABI_FDFLAG_NONBLOCK);
	CHECK_EQ(ask(HELPER_SETFL, UNIX_STREAM, 0, 0), 0);
	check_flags(UNIX_STREAM, 0);
}

static void put_flags_may_clear_append(void)
{
	CHECK_OK(put_flags(FILE_APPEND, 0));
	check_flags(FILE_APPEND, 0);
	CHECK_OK(put_flags(FILE_APPEND, CLOUDABI_FDFLAG_APPEND));
	check_flags(FILE_APPEND, CLOUDABI_FDFLAG_APPEND);
}

static void put_flags_ignores_unknown_ones(void)
{
	CHECK_OK(put_flags(FILE_RW, 0xffe0 | CLOUDABI_FDFLAG_NONBLOCK));
	check_flags(FILE_RW, CLOUDABI_FDFLAG_NONBLOCK);
	CHECK_OK(put_flags(FILE_RW, 0));
	check_flags(FILE_RW, 0);
}

/* They are flags like the others, which F_SETFL cannot do. */
static void put_flags_replaces_the_sync_flags(void)
{
	CHECK_OK(put_flags(FILE_RW, CLOUDABI_FDFLAG_DSYNC));
	CHECK_EQ(fdstat(FILE_RW).fs_flags, CLOUDABI_FDFLAG_DSYNC);
	CHECK_EQ(ask(HELPER_GETFL, FILE_RW, 0, 0) & LINUX_O_SYNC,
		 LINUX_O_DSYNC);
	CHECK_OK(put_flags(FILE_RW, CLOUDABI_FDFLAG_SYNC));
	CHECK(fdstat(FILE_RW).fs_flags & CLOUDABI_FDFLAG_SYNC);
	CHECK_EQ(ask(HELPER_GETFL, FILE_RW, 0, 0) & LINUX_O_SYNC,
		 LINUX_O_SYNC);
	CHECK_OK(put_flags(FILE_RW, CLOUDABI_FDFLAG_APPEND));
	CHECK_EQ(fdstat(FILE_RW).fs_flags, CLOUDABI_FDFLAG_APPEND);
	CHECK_EQ(ask(HELPER_GETFL, FILE_RW, 0, 0) & LINUX_O_SYNC, 0);
	CHECK_OK(put_flags(FILE_RW, 0));
}

/* Whoever reads them and puts them back changes nothing. */
static void put_flags_survives_a_round_trip(void)
{
	static const cloudabi_fd_t fds[] = {
		FILE_RW, FILE_RO, FILE_WO, FILE_APPEND, FILE_DSYNC, FILE_SYNC,
		FILE_NONBLOCK, DIRECTORY, PIPE_IN, PIPE_OUT, UNIX_STREAM, TCP,
		TERMINAL, DEV_NULL,
	};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		int64_t before = ask(HELPER_GETFL, fds[i], 0, 0);

		CHECK_OK(put_flags(fds[i], fdstat(fds[i]).fs_flags));
		if (!CHECK_EQ(ask(HELPER_GETFL, fds[i], 0, 0), before))
			ktap_diag("descriptor %u", fds[i]);
	}
}

/* Type and rights in the structure mean nothing then. */
static void put_flags_changes_nothing_else(void)
{
	cloudabi_fdstat_t stat = {
		.fs_filetype = CLOUDABI_FILETYPE_DIRECTORY,
	};

	check_begin();
	CHECK_OK(cloudabi_sys_fd_stat_put(FILE_RW, &stat, FLAGS));
	stat.fs_rights_base = ~0ull;
	stat.fs_rights_inheriting = ~0ull;
	CHECK_OK(cloudabi_sys_fd_stat_put(FILE_RW, &stat, FLAGS));
	check_refused(0, 0, "fd_stat_put(FLAGS)", __LINE__);
}

static void put_flags_acts_on_the_open_file(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_READ);

	CHECK_OK(put_flags(fd, CLOUDABI_FDFLAG_APPEND));
	check_flags(FILE_RW, CLOUDABI_FDFLAG_APPEND);
	CHECK_EQ(fdstat(fd).fs_flags, CLOUDABI_FDFLAG_APPEND);
	CHECK_OK(put_flags(FILE_RW, 0));
	CHECK_EQ(fdstat(fd).fs_flags, 0);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void put_flags_needs_its_right(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW,
				       CLOUDABI_RIGHT_FD_STAT_PUT_FLAGS);

	CHECK_REFUSED(put_flags(fd, CLOUDABI_FDFLAG_APPEND),
		      CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(put_flags(fd, 0), CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(put_flags(MEMORY, CLOUDABI_FDFLAG_NONBLOCK),
		      CLOUDABI_ENOTCAPABLE);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static struct raw_result raw_put(uint64_t fd, const cloudabi_fdstat_t *stat,
				 uint64_t flags)
{
	uint64_t args[6] = { fd, (uintptr_t)stat, flags };
	struct raw_result r;

	raw_call(CLOUDABI_NR_fd_stat_put, args, &r);
	return r;
}

static void put_ignores_the_upper_bits_of_its_arguments(void)
{
	cloudabi_fdstat_t stat = { .fs_flags = CLOUDABI_FDFLAG_APPEND };
	struct raw_result r;

	r = raw_put(0xdeadc0de00000000ull | FILE_RW, &stat,
		    0xdeadc0dedead0000ull | FLAGS);
	CHECK(!r.carry);
	CHECK_EQ(r.rax, 0);
	check_flags(FILE_RW, CLOUDABI_FDFLAG_APPEND);
	CHECK_OK(put_flags(FILE_RW, 0));
	r = raw_put(FILE_RW, &stat, 0xdead0000);
	CHECK(r.carry);
	CHECK_EQ(r.rax, CLOUDABI_EINVAL);
}

/* --- fd_stat_put of rights ----------------------------------------------- */

static void rights_become_exactly_what_is_asked_for(void)
{
	cloudabi_fd_t fd = dup_without(DIRECTORY, 0);

	CHECK_OK(put_rights(fd, CLOUDABI_RIGHT_FILE_OPEN |
			    CLOUDABI_RIGHT_FILE_READDIR,
			    CLOUDABI_RIGHT_FD_READ | CLOUDABI_RIGHT_FD_SEEK));
	CHECK_EQ(base_of(fd), CLOUDABI_RIGHT_FILE_OPEN |
		 CLOUDABI_RIGHT_FILE_READDIR);
	CHECK_EQ(fdstat(fd).fs_rights_inheriting,
		 CLOUDABI_RIGHT_FD_READ | CLOUDABI_RIGHT_FD_SEEK);
	CHECK_EQ(fdstat(fd).fs_filetype, CLOUDABI_FILETYPE_DIRECTORY);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void rights_can_become_fewer_again_and_again(void)
{
	cloudabi_fdstat_t stat = fdstat(DIRECTORY);
	cloudabi_fd_t fd = dup_without(DIRECTORY, 0);

	while (stat.fs_rights_base || stat.fs_rights_inheriting) {
		stat.fs_rights_base &= stat.fs_rights_base - 1;
		stat.fs_rights_inheriting &= stat.fs_rights_inheriting - 1;
		CHECK_OK(put_rights(fd, stat.fs_rights_base,
				    stat.fs_rights_inheriting));
		CHECK_EQ(base_of(fd), stat.fs_rights_base);
		CHECK_EQ(fdstat(fd).fs_rights_inheriting,
			 stat.fs_rights_inheriting);
	}
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void rights_can_stay_as_they_are(void)
{
	cloudabi_fdstat_t stat = fdstat(UNIX_STREAM);

	check_begin();
	CHECK_OK(put_rights(UNIX_STREAM, stat.fs_rights_base,
			    stat.fs_rights_inheriting));
	check_refused(0, 0, "fd_stat_put(RIGHTS)", __LINE__);
}

static void no_rights_leave_a_descriptor(void)
{
	cloudabi_fd_t fd = dup_without(UNIX_STREAM, 0), copy = CLOSED_FD;
	char byte;
	size_t n;

	CHECK_OK(put_rights(fd, 0, 0));
	CHECK_OK(put_rights(fd, 0, 0));
	CHECK_EQ(base_of(fd), 0);
	CHECK_EQ(fdstat(fd).fs_rights_inheriting, 0);
	CHECK_EQ(fdstat(fd).fs_filetype, STREAM);
	CHECK_REFUSED(read1(fd, &byte, 1, &n), CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(write1(fd, "x", 1, &n), CLOUDABI_ENOTCAPABLE);
	CHECK_OK(cloudabi_sys_fd_dup(fd, &copy));
	CHECK_EQ(base_of(copy), 0);
	CHECK_OK(cloudabi_sys_fd_close(copy));
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* Every right by itself, in either set, where it was and where it never was. */
static void rights_never_come_back(void)
{
	cloudabi_fdstat_t stat = fdstat(DIRECTORY);

	for (unsigned int bit = 0; bit < 64; bit++) {
		cloudabi_rights_t right = 1ull << bit;
		cloudabi_fd_t fd = dup_without(DIRECTORY, right);
		cloudabi_rights_t base = base_of(fd);
		cloudabi_rights_t inheriting =
			stat.fs_rights_inheriting & ~right;

		CHECK_OK(put_rights(fd, base, inheriting));
		CHECK_ERRNO(put_rights(fd, base | right, inheriting),
			    CLOUDABI_ENOTCAPABLE);
		CHECK_ERRNO(put_rights(fd, base, inheriting | right),
			    CLOUDABI_ENOTCAPABLE);
		CHECK_ERRNO(put_rights(fd, right, 0), CLOUDABI_ENOTCAPABLE);
		CHECK_ERRNO(put_rights(fd, 0, right), CLOUDABI_ENOTCAPABLE);
		if (!CHECK_EQ(base_of(fd), base) ||
		    !CHECK_EQ(fdstat(fd).fs_rights_inheriting, inheriting))
			ktap_diag("bit %u", bit);
		CHECK_OK(cloudabi_sys_fd_close(fd));
	}
}

/* Also of descriptors whose rights are those of their type. */
static void rights_beyond_the_maximum_are_refused(void)
{
	static const cloudabi_fd_t fds[] = {
		FILE_RW, FILE_RO, FILE_WO, DIRECTORY, UNIX_STREAM, DEV_NULL,
		TERMINAL, MEMORY, EVENT, PATH_ONLY,
	};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		cloudabi_fdstat_t stat = fdstat(fds[i]);

		for (unsigned int bit = 0; bit < 64; bit++) {
			cloudabi_rights_t right = 1ull << bit;

			if (!(stat.fs_rights_base & right))
				CHECK_ERRNO(put_rights(fds[i], right, 0),
					    CLOUDABI_ENOTCAPABLE);
			if (!(stat.fs_rights_inheriting & right))
				CHECK_ERRNO(put_rights(fds[i], 0, right),
					    CLOUDABI_ENOTCAPABLE);
		}
		CHECK_REFUSED(put_rights(fds[i], ~0ull, ~0ull),
			      CLOUDABI_ENOTCAPABLE);
	}
}

static void rights_that_do_not_exist_are_refused(void)
{
	cloudabi_fdstat_t stat = fdstat(UNIX_STREAM);

	for (unsigned int bit = 0; bit < 64; bit++) {
		if (ALL_RIGHTS & 1ull << bit)
			continue;
		CHECK_REFUSED(put_rights(UNIX_STREAM, stat.fs_rights_base |
					 1ull << bit,
					 stat.fs_rights_inheriting),
			      CLOUDABI_ENOTCAPABLE);
		CHECK_REFUSED(put_rights(UNIX_STREAM, stat.fs_rights_base,
					 stat.fs_rights_inheriting |
					 1ull << bit), CLOUDABI_ENOTCAPABLE);
	}
}

/* One set that grows spoils the other, which would become smaller. */
static void rights_are_changed_both_or_not_at_all(void)
{
	cloudabi_fd_t fd = dup_without(DIRECTORY, CLOUDABI_RIGHT_FILE_UNLINK);

	CHECK_REFUSED(put_rights(fd, CLOUDABI_RIGHT_FILE_UNLINK, 0),
		      CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(put_rights(fd, 0, CLOUDABI_RIGHT_SOCK_SHUTDOWN),
		      CLOUDABI_ENOTCAPABLE);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* One set does not make up for the other. */
static void base_and_inheriting_are_two_sets(void)
{
	cloudabi_fd_t fd = dup_without(DIRECTORY, 0);

	CHECK_OK(put_rights(fd, CLOUDABI_RIGHT_FILE_OPEN,
			    CLOUDABI_RIGHT_FD_READ));
	CHECK_REFUSED(put_rights(fd, CLOUDABI_RIGHT_FD_READ,
				 CLOUDABI_RIGHT_FILE_OPEN),
		      CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(put_rights(fd, CLOUDABI_RIGHT_FILE_OPEN,
				 CLOUDABI_RIGHT_FILE_OPEN),
		      CLOUDABI_ENOTCAPABLE);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* FD_SEEK serves for FD_TELL, but is not FD_TELL. */
static void seek_does_not_become_tell(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_TELL);

	CHECK_REFUSED(put_rights(fd, CLOUDABI_RIGHT_FD_TELL, 0),
		      CLOUDABI_ENOTCAPABLE);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void rights_are_those_of_one_descriptor(void)
{
	cloudabi_fd_t a = dup_without(FILE_RW, 0), b = dup_without(FILE_RW, 0);
	cloudabi_rights_t full = base_of(FILE_RW);
	size_t n;

	CHECK_OK(put_rights(a, CLOUDABI_RIGHT_FD_READ, 0));
	CHECK_EQ(base_of(b), full);
	CHECK_EQ(base_of(FILE_RW), full);
	CHECK_OK(put_rights(b, CLOUDABI_RIGHT_FD_WRITE, 0));
	CHECK_EQ(base_of(a), CLOUDABI_RIGHT_FD_READ);
	CHECK_REFUSED(write1(a, "x", 1, &n), CLOUDABI_ENOTCAPABLE);
	CHECK_OK(write1(b, "x", 1, &n));
	CHECK_OK(cloudabi_sys_fd_close(a));
	CHECK_OK(cloudabi_sys_fd_close(b));
}

/* A narrowed descriptor is one for the same open file as before. */
static void narrowing_keeps_offset_and_flags(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, 0);
	char buf[4];
	size_t n;

	file_set("0123456789");
	CHECK_OK(seek_to(fd, 3));
	CHECK_OK(put_flags(fd, CLOUDABI_FDFLAG_NONBLOCK));
	CHECK_OK(put_rights(fd, base_of(fd) & ~CLOUDABI_RIGHT_FD_SYNC, 0));
	CHECK_EQ(tell(fd), 3);
	CHECK_EQ(fdstat(fd).fs_flags, CLOUDABI_FDFLAG_NONBLOCK);
	CHECK_OK(read1(fd, buf, 4, &n));
	CHECK(n == 4 && !memcmp(buf, "3456", 4));
	CHECK_EQ(tell(FILE_RW), 7);
	CHECK_OK(seek_to(FILE_RW, 1));
	CHECK_EQ(tell(fd), 1);
	CHECK_OK(put_flags(FILE_RW, 0));
	CHECK_EQ(fdstat(fd).fs_flags, 0);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* Type and flags in the structure mean nothing then. */
static void put_rights_changes_nothing_else(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, 0);
	cloudabi_fdstat_t stat = fdstat(fd);

	stat.fs_filetype = CLOUDABI_FILETYPE_DIRECTORY;
	stat.fs_flags = 0xffff;
	check_begin();
	CHECK_OK(cloudabi_sys_fd_stat_put(fd, &stat, RIGHTS));
	check_refused(0, 0, "fd_stat_put(RIGHTS)", __LINE__);
	stat.fs_rights_base = 0;
	CHECK_OK(cloudabi_sys_fd_stat_put(fd, &stat, RIGHTS));
	CHECK_EQ(fdstat(fd).fs_flags, 0);
	CHECK_EQ(fdstat(fd).fs_filetype, CLOUDABI_FILETYPE_REGULAR_FILE);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* Narrowing takes no number: it works with a full table, too. */
static void narrowing_needs_no_free_number(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, 0);
	uint64_t old = set_limit(HELPER_RLIMIT_NOFILE, 0);

	CHECK_OK(put_rights(fd, CLOUDABI_RIGHT_FD_READ, 0));
	CHECK_EQ(base_of(fd), CLOUDABI_RIGHT_FD_READ);
	set_limit(HELPER_RLIMIT_NOFILE, old);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* --- Random chains ------------------------------------------------------- */

#define SLOTS 20
#define STEPS 3000

/* What a descriptor must have, and the most it may come from. */
static struct slot {
	bool open;
	cloudabi_fd_t fd;
	cloudabi_rights_t base;
	cloudabi_rights_t inheriting;
} slots[SLOTS];

static uint64_t seed = 20260921;

static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void check_slot(const struct slot *slot)
{
	cloudabi_fdstat_t stat = fdstat(slot->fd);

	CHECK_EQ(stat.fs_rights_base, slot->base);
	CHECK_EQ(stat.fs_rights_inheriting, slot->inheriting);
}

static void random_dup(struct slot *from, struct slot *to)
{
	if (to->open)
		CHECK_OK(cloudabi_sys_fd_close(to->fd));
	*to = *from;
	CHECK_OK(cloudabi_sys_fd_dup(from->fd, &to->fd));
}

static void random_replace(struct slot *from, struct slot *to)
{
	cloudabi_fd_t fd = to->fd;

	if (!to->open)
		return;
	CHECK_OK(cloudabi_sys_fd_replace(from->fd, to->fd));
	*to = *from;
	to->fd = fd;
}

/* Sometimes less, sometimes more, mostly the same but for a bit. */
static void random_put(struct slot *slot)
{
	cloudabi_rights_t base = slot->base, inheriting = slot->inheriting;
	cloudabi_rights_t bit = 1ull << next_random() % 64;
	cloudabi_errno_t want = 0;

	switch (next_random() % 4) {
	case 0:
		base &= ~bit;
		break;
	case 1:
		inheriting &= ~bit;
		break;
	case 2:
		base |= bit;
		break;
	default:
		base &= next_random() | next_random();
		inheriting &= next_random() | next_random();
		break;
	}
	if (base & ~slot->base || inheriting & ~slot->inheriting)
		want = CLOUDABI_ENOTCAPABLE;
	CHECK_ERRNO(put_rights(slot->fd, base, inheriting), want);
	if (want)
		return;
	slot->base = base;
	slot->inheriting = inheriting;
}

static void random_close(struct slot *slot)
{
	CHECK_OK(cloudabi_sys_fd_close(slot->fd));
	slot->open = false;
}

static void random_step(void)
{
	struct slot *from = &slots[next_random() % SLOTS];
	struct slot *to = &slots[next_random() % SLOTS];

	if (!from->open || from == to)
		return;
	switch (next_random() % 6) {
	case 0:
		random_dup(from, to);
		break;
	case 1:
		random_replace(from, to);
		break;
	case 2:
		if (next_random() % 4 == 0 && from >= &slots[4])
			random_close(from);
		break;
	default:
		random_put(from);
		break;
	}
	if (from->open)
		check_slot(from);
	if (to->open)
		check_slot(to);
}

/* The first few are never closed, so that there is always something left. */
static void fill_slots(void)
{
	static const cloudabi_fd_t from[] = {
		DIRECTORY, UNIX_STREAM, FILE_RW, MEMORY,
	};

	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		cloudabi_fdstat_t stat = fdstat(from[i]);

		slots[i].open = true;
		slots[i].base = stat.fs_rights_base;
		slots[i].inheriting = stat.fs_rights_inheriting;
		CHECK_OK(cloudabi_sys_fd_dup(from[i], &slots[i].fd));
	}
}

static void rights_never_grow_along_any_chain(void)
{
	int64_t fds = ask(HELPER_COUNT_FDS, 0, 0, 0);

	ktap_diag("seed %lu", seed);
	for (unsigned int i = 0; i < STEPS && !check_failed; i++) {
		/* Full rights again, or soon all of them have none. */
		if (i % 200 == 0) {
			for (size_t j = 0; j < SLOTS; j++) {
				if (slots[j].open)
					random_close(&slots[j]);
			}
			fill_slots();
		}
		random_step();
	}
	for (size_t i = 0; i < SLOTS; i++) {
		if (!slots[i].open)
			continue;
		check_slot(&slots[i]);
		random_close(&slots[i]);
	}
	CHECK_EQ(ask(HELPER_COUNT_FDS, 0, 0, 0), fds);
}

static const struct test tests[] = {
	TEST(get_writes_zeros_where_nothing_is),
	TEST(get_to_any_address),
	TEST(get_to_a_bad_address_is_efault),
	TEST(get_of_what_is_not_open_is_ebadf),
	TEST(get_tells_the_flags_of_the_open),
	TEST(get_needs_no_right_and_tells_type_and_flags),
	TEST(put_wants_exactly_one_of_flags_and_rights),
	TEST(put_checks_its_arguments_before_the_descriptor),
	TEST(put_from_a_bad_address_is_efault),
	TEST(put_of_what_is_not_open_is_ebadf),
	TEST(put_flags_replaces_them),
	TEST(put_flags_is_seen_by_natives_and_the_other_way_round),
	TEST(put_flags_may_clear_append),
	TEST(put_flags_ignores_unknown_ones),
	TEST(put_flags_replaces_the_sync_flags),
	TEST(put_flags_survives_a_round_trip),
	TEST(put_flags_changes_nothing_else),
	TEST(put_flags_acts_on_the_open_file),
	TEST(put_flags_needs_its_right),
	TEST(put_ignores_the_upper_bits_of_its_arguments),
	TEST(rights_become_exactly_what_is_asked_for),
	TEST(rights_can_become_fewer_again_and_again),
	TEST(rights_can_stay_as_they_are),
	TEST(no_rights_leave_a_descriptor),
	TEST(rights_never_come_back),
	TEST(rights_beyond_the_maximum_are_refused),
	TEST(rights_that_do_not_exist_are_refused),
	TEST(rights_are_changed_both_or_not_at_all),
	TEST(base_and_inheriting_are_two_sets),
	TEST(seek_does_not_become_tell),
	TEST(rights_are_those_of_one_descriptor),
	TEST(narrowing_keeps_offset_and_flags),
	TEST(put_rights_changes_nothing_else),
	TEST(narrowing_needs_no_free_number),
	TEST(rights_never_grow_along_any_chain),
};

int program_main(const struct argdata *ad)
{
	struct args args;
	struct word word;

	args_open(&args, ad);
	if (args_next(&args, &word))
		seed = parse_number(&word.chars, word.chars + word.len) | 1;
	return check_run(tests, ARRAY_SIZE(tests));
}
