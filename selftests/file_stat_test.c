// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of files: what is told of all kinds of them, and times and sizes
 * that are set.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "paths.h"

#include <sys/sysmacros.h>
#include <time.h>

#include "kselftest_harness.h"

#define WORLD "/tmp/world"
#define HERE WORLD "/here/"

#define SECOND_NS 1000000000ull

#define ATIM CLOUDABI_FILESTAT_ATIM
#define ATIM_NOW CLOUDABI_FILESTAT_ATIM_NOW
#define MTIM CLOUDABI_FILESTAT_MTIM
#define MTIM_NOW CLOUDABI_FILESTAT_MTIM_NOW
#define SIZE CLOUDABI_FILESTAT_SIZE

/* Descriptors of the puppet. */
enum { DIR_FD = 3, FIFO_FD, SOCKET_FD, DGRAM_FD, NULL_FD, MEMORY_FD };

FIXTURE(stat) {
	struct puppet puppet;
	int fds[6];
};

FIXTURE_SETUP(stat)
{
	int sockets[2];

	ASSERT_LE(0, puppet_program());
	new_world(WORLD);
	make_directory(WORLD "/here");
	make_file(HERE "reg", "content");
	make_directory(HERE "dir");
	make_link("reg", HERE "link");
	make_link("absent", HERE "dangling");
	must(!mkfifo(HERE "fifo", 0600), "mkfifo", HERE);
	must(!mknod(HERE "socket", S_IFSOCK | 0600, 0), "mknod", "socket");
	must(!mknod(HERE "null", S_IFCHR | 0600, makedev(1, 3)), "mknod",
	     "null");
	must(!mknod(HERE "block", S_IFBLK | 0600, makedev(7, 7)), "mknod",
	     "block");
	self->fds[0] = open_directory(WORLD "/here");
	self->fds[1] = open(HERE "fifo", O_RDWR | O_CLOEXEC);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				sockets));
	self->fds[2] = sockets[0];
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0,
				sockets));
	self->fds[3] = sockets[0];
	self->fds[4] = open("/dev/null", O_RDWR | O_CLOEXEC);
	self->fds[5] = memfd_create("stat", MFD_CLOEXEC);
	ASSERT_EQ(0, ftruncate(self->fds[5], 12345));
	ASSERT_EQ(0, puppet_start(&self->puppet, self->fds, 6, NULL, NULL));
}

FIXTURE_TEARDOWN(stat)
{
	puppet_stop(&self->puppet);
}

static uint64_t nanoseconds(const struct timespec *time)
{
	return time->tv_sec * SECOND_NS + time->tv_nsec;
}

static bool same(const cloudabi_filestat_t *got, const struct stat *native,
		 uint8_t type)
{
	static const uint8_t zero[8];

	if (got->st_dev == native->st_dev && got->st_ino == native->st_ino &&
	    got->st_filetype == type && got->st_nlink == native->st_nlink &&
	    got->st_size == (uint64_t)native->st_size &&
	    got->st_atim == nanoseconds(&native->st_atim) &&
	    got->st_mtim == nanoseconds(&native->st_mtim) &&
	    got->st_ctim == nanoseconds(&native->st_ctim) &&
	    !memcmp((const uint8_t *)got + 17, zero, 3))
		return true;
	printf("# type %#x, not %#x; ino %llu, not %llu; size %llu, not %llu\n",
	       got->st_filetype, type, (long long)got->st_ino,
	       (long long)native->st_ino, (long long)got->st_size,
	       (long long)native->st_size);
	return false;
}

TEST_F(stat, by_path)
{
	static const struct {
		const char *path;
		uint32_t flags;
		uint8_t type;
	} rows[] = {
		{ "reg", 0, CLOUDABI_FILETYPE_REGULAR_FILE },
		{ "reg", FOLLOW, CLOUDABI_FILETYPE_REGULAR_FILE },
		{ "dir", 0, CLOUDABI_FILETYPE_DIRECTORY },
		{ ".", 0, CLOUDABI_FILETYPE_DIRECTORY },
		{ "link", 0, CLOUDABI_FILETYPE_SYMBOLIC_LINK },
		{ "link", FOLLOW, CLOUDABI_FILETYPE_REGULAR_FILE },
		{ "dangling", 0, CLOUDABI_FILETYPE_SYMBOLIC_LINK },
		{ "fifo", 0, CLOUDABI_FILETYPE_SOCKET_STREAM },
		{ "socket", 0, CLOUDABI_FILETYPE_SOCKET_STREAM },
		{ "null", 0, CLOUDABI_FILETYPE_CHARACTER_DEVICE },
		{ "block", 0, CLOUDABI_FILETYPE_BLOCK_DEVICE },
	};
	cloudabi_filestat_t got;
	struct stat native;

	ASSERT_EQ(0, link(HERE "reg", HERE "second"));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&got, 0xff, sizeof(got));
		EXPECT_OK(call_file_stat_get(&self->puppet, DIR_FD,
					     rows[i].flags, P(rows[i].path),
					     &got));
		ASSERT_EQ(0, fstatat(self->fds[0], rows[i].path, &native,
				     rows[i].flags ? 0 : AT_SYMLINK_NOFOLLOW));
		EXPECT_TRUE(same(&got, &native, rows[i].type));
	}
}

TEST_F(stat, by_descriptor)
{
	static const uint8_t types[] = {
		CLOUDABI_FILETYPE_DIRECTORY, CLOUDABI_FILETYPE_SOCKET_STREAM,
		CLOUDABI_FILETYPE_SOCKET_STREAM, CLOUDABI_FILETYPE_SOCKET_DGRAM,
		CLOUDABI_FILETYPE_CHARACTER_DEVICE,
		CLOUDABI_FILETYPE_SHARED_MEMORY,
	};
	cloudabi_filestat_t got;
	cloudabi_fdstat_t fdstat;
	struct stat native;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		memset(&got, 0xff, sizeof(got));
		EXPECT_OK(call_file_stat_fget(&self->puppet, DIR_FD + i, &got));
		ASSERT_EQ(0, fstat(self->fds[i], &native));
		EXPECT_TRUE(same(&got, &native, types[i]));
		EXPECT_OK(call_fd_stat_get(&self->puppet, DIR_FD + i,
					   &fdstat));
		EXPECT_EQ(fdstat.fs_filetype, got.st_filetype);
	}
	EXPECT_ERRNO(CLOUDABI_EFAULT,
		     puppet_call(&self->puppet, file_stat_fget, DIR_FD,
				 puppet_there(&self->puppet, BUFFER, 55)));
}

/* What a number of nanoseconds becomes: times that do not fit are cut. */
static const struct {
	struct timespec native;
	uint64_t told;
} times[] = {
	{ { 0, 0 }, 0 },
	{ { 0, 1 }, 1 },
	{ { 1, 999999999 }, 1999999999 },
	{ { -1, 0 }, 0 },
	{ { -1, 999999999 }, 0 },
	{ { -1000000000000, 5 }, 0 },
	{ { 4294967296, 7 }, 4294967296 * SECOND_NS + 7 },
	{ { 18446744072, 999999999 }, 18446744072 * SECOND_NS + 999999999 },
	{ { 18446744073, 709551615 }, UINT64_MAX },
	{ { 18446744074, 0 }, UINT64_MAX },
	{ { 1000000000000, 0 }, UINT64_MAX },
};

TEST_F(stat, times_told)
{
	struct timespec both[2];
	cloudabi_filestat_t got;

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		both[0] = times[i].native;
		both[1] = times[(i + 1) % ARRAY_SIZE(times)].native;
		ASSERT_EQ(0, utimensat(self->fds[0], "reg", both, 0));
		EXPECT_OK(call_file_stat_get(&self->puppet, DIR_FD, 0, P("reg"),
					     &got));
		EXPECT_EQ(times[i].told, got.st_atim);
		EXPECT_EQ(times[(i + 1) % ARRAY_SIZE(times)].told, got.st_mtim);
	}
}

static uint32_t open_with(struct puppet *p, uint64_t rights)
{
	struct opening how = { .base = rights };
	struct answer a = call_file_open(p, DIR_FD, P("reg"), &how);

	return a.error ? CLOSED_FD : a.value;
}

/* Exactly the number, as far as seconds go in the file system. */
TEST_F(stat, times_set)
{
	static const uint64_t numbers[] = {
		0, 1, 999999999, SECOND_NS, 1700000000123456789ull,
		4294967295ull * SECOND_NS + 999999999,
		4294967296ull * SECOND_NS, 9223372036854775807ull,
		9223372036854775808ull, UINT64_MAX - 1, UINT64_MAX,
	};
	struct puppet *p = &self->puppet;
	uint32_t fd = open_with(p, CLOUDABI_RIGHT_FILE_STAT_FPUT_TIMES |
					   CLOUDABI_RIGHT_FILE_STAT_FGET);
	cloudabi_filestat_t put = { 0 };
	struct stat native;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		put.st_atim = numbers[i];
		put.st_mtim = numbers[ARRAY_SIZE(numbers) - 1 - i];
		EXPECT_OK(call_file_stat_fput(p, fd, &put, ATIM | MTIM));
		ASSERT_EQ(0, stat(HERE "reg", &native));
		EXPECT_EQ(put.st_atim, nanoseconds(&native.st_atim));
		EXPECT_EQ(put.st_mtim, nanoseconds(&native.st_mtim));
		EXPECT_EQ(numbers[i] / SECOND_NS, native.st_atim.tv_sec);
	}
}

static bool is_named(const struct timespec *time_now,
		     const struct timespec *before, uint64_t put, bool set,
		     bool now)
{
	if (now)
		return time_now->tv_sec + 2 >= time(NULL);
	return nanoseconds(time_now) == (set ? put : nanoseconds(before));
}

/* NOW wins, what is not named stays; the flags of all 16 combinations. */
TEST_F(stat, times_named)
{
	const struct timespec old[2] = { { 1000, 1 }, { 2000, 2 } };
	struct puppet *p = &self->puppet;
	cloudabi_filestat_t put = { .st_atim = 5, .st_mtim = 6 };
	uint32_t fd = open_with(p, CLOUDABI_RIGHT_FILE_STAT_FPUT_TIMES);
	struct stat native;

	for (uint16_t flags = 0; flags < 16; flags++) {
		for (int by_path = 0; by_path < 2; by_path++) {
			struct answer a;

			ASSERT_EQ(0, utimensat(self->fds[0], "reg", old, 0));
			a = by_path ? call_file_stat_put(p, DIR_FD, 0, P("reg"),
							 &put, flags) :
				      call_file_stat_fput(p, fd, &put, flags);
			EXPECT_ERRNO(flags || by_path ? 0 : CLOUDABI_EINVAL, a);
			ASSERT_EQ(0, stat(HERE "reg", &native));
			EXPECT_TRUE(is_named(&native.st_atim, &old[0],
					     put.st_atim, flags & ATIM,
					     flags & ATIM_NOW));
			EXPECT_TRUE(is_named(&native.st_mtim, &old[1],
					     put.st_mtim, flags & MTIM,
					     flags & MTIM_NOW));
		}
	}
}

TEST_F(stat, flags)
{
	struct puppet *p = &self->puppet;
	cloudabi_filestat_t put = { 0 };

	for (unsigned int flags = 16; flags < 65536; flags = flags * 2 + 1) {
		if (flags != SIZE)
			EXPECT_ERRNO(CLOUDABI_EINVAL,
				     call_file_stat_fput(p, CLOSED_FD, &put,
							 flags));
		EXPECT_ERRNO(CLOUDABI_EINVAL,
			     call_file_stat_put(p, CLOSED_FD, 0, P("reg"), &put,
						flags));
	}
	EXPECT_ERRNO(CLOUDABI_EINVAL,
		     call_file_stat_fput(p, CLOSED_FD, &put, 0));
	EXPECT_ERRNO(CLOUDABI_EBADF,
		     call_file_stat_fput(p, CLOSED_FD, &put, SIZE));
	EXPECT_ERRNO(CLOUDABI_EBADF,
		     call_file_stat_put(p, CLOSED_FD, 0, P("reg"), &put, 0));
	EXPECT_ERRNO(CLOUDABI_ENOENT,
		     call_file_stat_put(p, DIR_FD, 0, P("absent"), &put, 0));
	EXPECT_ERRNO(CLOUDABI_EFAULT,
		     puppet_call(p, file_stat_fput, DIR_FD, puppet_nowhere(p),
				 SIZE));
}

/* Of a link itself, or of what it leads to. */
TEST_F(stat, links)
{
	cloudabi_filestat_t put = { .st_atim = 11, .st_mtim = 12 };
	struct puppet *p = &self->puppet;
	struct stat native;

	EXPECT_OK(call_file_stat_put(p, DIR_FD, 0, P("link"), &put, MTIM));
	ASSERT_EQ(0, lstat(HERE "link", &native));
	EXPECT_EQ(12, nanoseconds(&native.st_mtim));
	ASSERT_EQ(0, stat(HERE "reg", &native));
	EXPECT_NE(12, nanoseconds(&native.st_mtim));
	EXPECT_OK(call_file_stat_put(p, DIR_FD, FOLLOW, P("link"), &put, MTIM));
	ASSERT_EQ(0, stat(HERE "reg", &native));
	EXPECT_EQ(12, nanoseconds(&native.st_mtim));
}

TEST_F(stat, sizes)
{
	static const uint64_t sizes[] = { 0, 1, 7, 4096, 4097, 1 << 20, 3 };
	struct puppet *p = &self->puppet;
	uint32_t fd = open_with(p, CLOUDABI_RIGHT_FILE_STAT_FPUT_SIZE);
	uint32_t reading = open_with(p, CLOUDABI_RIGHT_FD_READ);
	cloudabi_filestat_t put = { 0 };
	struct stat native;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		put.st_size = sizes[i];
		EXPECT_OK(call_file_stat_fput(p, fd, &put, SIZE));
		ASSERT_EQ(0, stat(HERE "reg", &native));
		EXPECT_EQ(sizes[i], native.st_size);
		EXPECT_OK(call_file_stat_fput(p, MEMORY_FD, &put, SIZE));
		ASSERT_EQ(0, fstat(self->fds[5], &native));
		EXPECT_EQ(sizes[i], native.st_size);
	}
	put.st_size = 1ull << 63;
	EXPECT_ERRNO(CLOUDABI_EINVAL, call_file_stat_fput(p, fd, &put, SIZE));
	put.st_size = UINT64_MAX;
	EXPECT_ERRNO(CLOUDABI_EINVAL, call_file_stat_fput(p, fd, &put, SIZE));
	put.st_size = 0;
	EXPECT_ERRNO(CLOUDABI_ENOTCAPABLE,
		     call_file_stat_fput(p, reading, &put, SIZE));
	EXPECT_ERRNO(CLOUDABI_ENOTCAPABLE,
		     call_file_stat_fput(p, DIR_FD, &put, SIZE));
	EXPECT_ERRNO(CLOUDABI_ENOTCAPABLE,
		     call_file_stat_fput(p, FIFO_FD, &put, SIZE));
	ASSERT_EQ(0, stat(HERE "reg", &native));
	EXPECT_EQ(3, native.st_size);
}

TEST_HARNESS_MAIN
