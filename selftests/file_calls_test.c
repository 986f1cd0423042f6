// SPDX-License-Identifier: GPL-2.0
/*
 * What calls with paths do, and how they fail: calls by kinds of files by shapes
 * of paths.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "paths.h"

#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <termios.h>

#include "kselftest_harness.h"

#define LIMIT 600

#define WORLD "/tmp/world"
#define HERE WORLD "/here/"

/* Descriptors of the puppet. */
#define DIR_FD 3
#define WORK_FD 4

/**
 * struct calls - a directory with one of everything, and who works in it
 * @puppet: the program
 * @here: the directory
 * @work: another one
 */
struct calls {
	struct puppet puppet;
	int here;
	int work;
};

FIXTURE(calls) {
	struct calls calls;
};

static void make_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	must(!bind(fd, (struct sockaddr *)&address, sizeof(address)), "bind",
	     path);
	close(fd);
}

static void make_everything(void)
{
	make_file(HERE "reg", "content");
	make_directory(HERE "dir");
	make_directory(HERE "full");
	make_file(HERE "full/x", "content");
	make_directory(HERE "closed");
	make_file(HERE "closed/x", "content");
	must(!chmod(HERE "closed", 0700), "chmod", HERE "closed");
	make_directory(HERE "fixed");
	make_file(HERE "fixed/x", "content");
	must(!chmod(HERE "fixed/x", 0644), "chmod", HERE "fixed/x");
	must(!chmod(HERE "fixed", 0755), "chmod", HERE "fixed");
	make_link("reg", HERE "link");
	make_link("dir", HERE "ldir");
	make_link("absent", HERE "dangling");
	make_link("loop2", HERE "loop");
	make_link("loop", HERE "loop2");
	must(!mkfifo(HERE "fifo", 0666), "mkfifo", HERE "fifo");
	make_socket(HERE "socket");
	must(!mknod(HERE "null", S_IFCHR | 0666, makedev(1, 3)), "mknod",
	     HERE "null");
	must(!mknod(HERE "block", S_IFBLK | 0666, makedev(240, 0)), "mknod",
	     HERE "block");
	make_directory(HERE "mnt");
	make_file(HERE "mfile", "");
	make_file(WORLD "/work/" WORK_SOURCE, "source");
	mount_on(HERE "mnt", "tmpfs", "mode=777,size=1m");
	make_file(HERE "mnt/f", "content");
	must(!mount(HERE "mnt/f", HERE "mfile", NULL, MS_BIND, NULL), "mount",
	     HERE "mfile");
}

static void renew(const struct calls *c)
{
	umount2(HERE "mfile", MNT_DETACH);
	umount2(HERE "mnt", MNT_DETACH);
	empty_directory(c->here);
	empty_directory(c->work);
	make_everything();
}

static int start(struct calls *c, int (*prepare)(void *), void *data)
{
	return puppet_start(&c->puppet, (int[]){ c->here, c->work }, 2, prepare,
			    data);
}

FIXTURE_SETUP(calls)
{
	struct calls *c = &self->calls;

	ASSERT_LE(0, puppet_program());
	new_world(WORLD);
	make_directory(WORLD "/here");
	make_directory(WORLD "/work");
	c->here = open_directory(WORLD "/here");
	c->work = open_directory(WORLD "/work");
	make_everything();
	ASSERT_EQ(0, start(c, NULL, NULL));
}

FIXTURE_TEARDOWN(calls)
{
	puppet_stop(&self->calls.puppet);
}

static int become_nobody(void *data)
{
	return setgid(65534) || setuid(65534);
}

/* --- Calls by kinds of files by shapes of paths ---------------------------- */

/**
 * struct row - what all ways do with a path
 * @path: the path
 * @all: what they answer
 * @but: what some of them answer instead, the last word on a way counts
 */
struct row {
	const char *path;
	const char *all;
	const char *but;
};

/* What is the same for everything that exists. */
#define EXISTS								\
	" CREATE=EEXIST LINK_TO=EEXIST OPEN_EXCLUSIVE=EEXIST SYMLINK=EEXIST"
/* Files cannot be created under names that mean directories. */
#define CREATES_SLASH							\
	" OPEN_CREATE=EISDIR OPEN_CREATE_FOLLOW=EISDIR OPEN_EXCLUSIVE=EISDIR"
#define EXISTS_SLASH EXISTS CREATES_SLASH
#define NO_DIRECTORY " OPEN_DIRECTORY=ENOTDIR RMDIR=ENOTDIR"
#define NO_LINK " READLINK=EINVAL"
/* A link that is not followed. */
#define A_LINK								\
	" OPEN=ELOOP OPEN_DIRECTORY=ELOOP OPEN_CREATE=ELOOP RMDIR=ENOTDIR"
#define A_DIRECTORY							\
	" LINK_FROM=EPERM LINK_FROM_FOLLOW=EPERM UNLINK=EPERM"		\
	" OPEN_WRITE=EISDIR OPEN_TRUNCATE=EISDIR OPEN_CREATE=EISDIR"	\
	" OPEN_CREATE_FOLLOW=EISDIR"
#define OPENS_ARE(error)						\
	" OPEN=" error " OPEN_FOLLOW=" error " OPEN_WRITE=" error	\
	" OPEN_TRUNCATE=" error " OPEN_CREATE=" error			\
	" OPEN_CREATE_FOLLOW=" error

static const struct row rows[] = {
	{ "reg", "success",
	  EXISTS NO_DIRECTORY NO_LINK },
	{ "reg/", "ENOTDIR",
	  EXISTS_SLASH },
	{ "reg//", "ENOTDIR",
	  EXISTS_SLASH },
	{ "reg/x", "ENOTDIR", "" },
	{ "reg/.", "ENOTDIR", "" },
	{ "reg/..", "ENOTDIR", "" },
	{ "dir", "success",
	  EXISTS A_DIRECTORY NO_LINK " RENAME_TO=EISDIR" },
	{ "dir/", "success",
	  EXISTS A_DIRECTORY NO_LINK CREATES_SLASH " RENAME_TO=ENOTDIR" },
	{ "dir///", "success",
	  EXISTS A_DIRECTORY NO_LINK CREATES_SLASH " RENAME_TO=ENOTDIR" },
	{ "dir/.", "success",
	  EXISTS A_DIRECTORY NO_LINK
	  " RENAME_FROM=EINVAL RENAME_TO=EINVAL RMDIR=EINVAL" },
	{ "dir/./", "success",
	  EXISTS A_DIRECTORY NO_LINK
	  " RENAME_FROM=EINVAL RENAME_TO=EINVAL RMDIR=EINVAL" },
	{ ".", "success",
	  EXISTS A_DIRECTORY NO_LINK
	  " RENAME_FROM=EINVAL RENAME_TO=EINVAL RMDIR=EINVAL" },
	{ "./", "success",
	  EXISTS A_DIRECTORY NO_LINK
	  " RENAME_FROM=EINVAL RENAME_TO=EINVAL RMDIR=EINVAL" },
	{ "dir/..", "success",
	  EXISTS A_DIRECTORY NO_LINK
	  " RENAME_FROM=EINVAL RENAME_TO=EINVAL RMDIR=ENOTEMPTY" },
	{ "dir/../", "success",
	  EXISTS A_DIRECTORY NO_LINK
	  " RENAME_FROM=EINVAL RENAME_TO=EINVAL RMDIR=ENOTEMPTY" },
	{ "full", "success",
	  EXISTS A_DIRECTORY NO_LINK " RENAME_TO=EISDIR RMDIR=ENOTEMPTY" },
	{ "full/", "success",
	  EXISTS A_DIRECTORY NO_LINK CREATES_SLASH
	  " RENAME_TO=ENOTDIR RMDIR=ENOTEMPTY" },
	{ "link", "success",
	  EXISTS A_LINK },
	{ "link/", "ENOTDIR",
	  EXISTS_SLASH },
	{ "ldir", "success",
	  EXISTS A_LINK " LINK_FROM_FOLLOW=EPERM OPEN_WRITE=EISDIR"
	  " OPEN_TRUNCATE=EISDIR OPEN_CREATE_FOLLOW=EISDIR" },
	{ "ldir/", "success",
	  EXISTS A_DIRECTORY NO_LINK CREATES_SLASH
	  " RENAME_FROM=ENOTDIR RENAME_TO=ENOTDIR" },
	{ "ldir//", "success",
	  EXISTS A_DIRECTORY NO_LINK CREATES_SLASH
	  " RENAME_FROM=ENOTDIR RENAME_TO=ENOTDIR" },
	{ "ldir/.", "success",
	  EXISTS A_DIRECTORY NO_LINK
	  " RENAME_FROM=EINVAL RENAME_TO=EINVAL RMDIR=EINVAL" },
	{ "dangling", "success",
	  EXISTS A_LINK " LINK_FROM_FOLLOW=ENOENT OPEN_FOLLOW=ENOENT"
	  " OPEN_WRITE=ENOENT OPEN_TRUNCATE=ENOENT STAT_FOLLOW=ENOENT"
	  " TIMES_FOLLOW=ENOENT" },
	{ "dangling/", "ENOENT",
	  EXISTS_SLASH " RENAME_FROM=ENOTDIR RENAME_TO=ENOTDIR" },
	{ "dangling/x", "ENOENT", "" },
	{ "loop", "success",
	  EXISTS A_LINK
	  " LINK_FROM_FOLLOW=ELOOP OPEN_FOLLOW=ELOOP OPEN_WRITE=ELOOP"
	  " OPEN_TRUNCATE=ELOOP OPEN_CREATE_FOLLOW=ELOOP"
	  " STAT_FOLLOW=ELOOP TIMES_FOLLOW=ELOOP" },
	{ "loop/", "ELOOP",
	  EXISTS_SLASH " RENAME_FROM=ENOTDIR RENAME_TO=ENOTDIR" },
	{ "loop/x", "ELOOP", "" },
	{ "absent", "ENOENT",
	  "CREATE=success LINK_TO=success OPEN_CREATE=success"
	  " OPEN_CREATE_FOLLOW=success OPEN_EXCLUSIVE=success"
	  " RENAME_TO=success SYMLINK=success" },
	{ "absent/", "ENOENT",
	  "CREATE=success" CREATES_SLASH " RENAME_TO=ENOTDIR" },
	{ "absent/x", "ENOENT", "" },
	{ "absent/.", "ENOENT", "" },
	{ "absent/..", "ENOENT", "" },
	{ "absent/../reg", "ENOENT", "" },
	{ "", "ENOENT", "" },
	{ "fifo", "success",
	  EXISTS NO_DIRECTORY NO_LINK },
	{ "fifo/", "ENOTDIR",
	  EXISTS_SLASH },
	{ "socket", "success",
	  EXISTS NO_DIRECTORY NO_LINK OPENS_ARE("ENOTSUP") },
	{ "null", "success",
	  EXISTS NO_DIRECTORY NO_LINK },
	{ "block", "success",
	  EXISTS NO_DIRECTORY NO_LINK OPENS_ARE("ENXIO") },
	{ "mnt", "success",
	  EXISTS A_DIRECTORY NO_LINK
	  " LINK_FROM=EXDEV RENAME_FROM=EBUSY RENAME_TO=EISDIR"
	  " RMDIR=EBUSY" },
	{ "mnt/", "success",
	  EXISTS A_DIRECTORY NO_LINK CREATES_SLASH
	  " RENAME_FROM=EBUSY RENAME_TO=ENOTDIR RMDIR=EBUSY" },
	{ "mfile", "success",
	  EXISTS NO_DIRECTORY NO_LINK
	  " RENAME_FROM=EBUSY RENAME_TO=EBUSY LINK_FROM=EXDEV"
	  " LINK_FROM_FOLLOW=EXDEV UNLINK=EBUSY" },
	{ "mnt/f", "success",
	  EXISTS NO_DIRECTORY NO_LINK
	  " RENAME_FROM=EXDEV RENAME_TO=EXDEV LINK_FROM=EXDEV"
	  " LINK_FROM_FOLLOW=EXDEV" },
	{ "mnt/absent", "ENOENT",
	  "CREATE=success LINK_TO=EXDEV OPEN_CREATE=success"
	  " OPEN_CREATE_FOLLOW=success OPEN_EXCLUSIVE=success"
	  " RENAME_FROM=EXDEV RENAME_TO=EXDEV SYMLINK=success" },
	{ "mnt/../reg", "success",
	  EXISTS NO_DIRECTORY NO_LINK },
};

/* For who may not do everything. */
static const struct row rows_nobody[] = {
	{ "closed/x", "EACCES", "" },
	{ "closed/absent", "EACCES", "" },
	{ "closed/./x", "EACCES", "" },
	{ "fixed/x", "success",
	  EXISTS NO_DIRECTORY NO_LINK
	  " RENAME_FROM=EACCES RENAME_TO=EACCES OPEN_WRITE=EACCES"
	  " OPEN_TRUNCATE=EACCES TIMES=EPERM TIMES_FOLLOW=EPERM"
	  " UNLINK=EACCES RMDIR=EACCES" },
	{ "fixed/absent", "ENOENT",
	  "CREATE=EACCES LINK_TO=EACCES OPEN_CREATE=EACCES"
	  " OPEN_CREATE_FOLLOW=EACCES OPEN_EXCLUSIVE=EACCES"
	  " RENAME_TO=EACCES SYMLINK=EACCES" },
	{ "reg", "success",
	  EXISTS NO_DIRECTORY NO_LINK " TIMES=EPERM TIMES_FOLLOW=EPERM" },
};

static int number_of(const char *name, size_t length)
{
	char copy[32];

	snprintf(copy, sizeof(copy), "%.*s", (int)length, name);
	return strcmp(copy, "success") ? cloudabi_errno_number(copy) : 0;
}

static int wanted(const struct row *row, enum way way)
{
	size_t length = strlen(ways[way].name);
	int error = number_of(row->all, strlen(row->all));
	const char *word;

	for (word = row->but; *word; word += strcspn(word, " ")) {
		word += strspn(word, " ");
		if (!strncmp(word, ways[way].name, length) &&
		    word[length] == '=')
			error = number_of(word + length + 1,
					  strcspn(word + length + 1, " "));
	}
	must(error >= 0, "no error in the row of", row->path);
	return error;
}

static unsigned int try_row(struct calls *c, const struct row *row)
{
	unsigned int wrong = 0;

	for (enum way way = 0; way < NR_WAYS; way++) {
		struct answer a = try_way(&c->puppet, way, DIR_FD, P(row->path),
					  WORK_FD);

		if (a.error != wanted(row, way)) {
			printf("# %s \"%s\": %s, not %s\n", ways[way].name,
			       row->path, answer_name(a.error),
			       answer_name(wanted(row, way)));
			wrong++;
		}
		if (a.error)
			continue;
		if (ways[way].flags & OPENS)
			call_fd_close(&c->puppet, a.value);
		renew(c);
	}
	return wrong;
}

TEST_F_TIMEOUT(calls, rows, LIMIT)
{
	unsigned int wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		wrong += try_row(&self->calls, &rows[i]);
	printf("# %zu rows\n", ARRAY_SIZE(rows) * NR_WAYS);
	EXPECT_EQ(0, wrong);
}

/* Sets a switch of the whole system; returns what it was. */
static int set_hardlinks(int number)
{
	static const char path[] = "/proc/sys/fs/protected_hardlinks";
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char text[16] = "";

	must(fd >= 0 && pread(fd, text, sizeof(text) - 1, 0) > 0 &&
	     dprintf(fd, "%d\n", number) > 0, "write", path);
	close(fd);
	return atoi(text);
}

TEST_F_TIMEOUT(calls, rows_of_nobody, LIMIT)
{
	struct calls *c = &self->calls;
	unsigned int wrong = 0;
	int before;

	puppet_stop(&c->puppet);
	ASSERT_EQ(0, start(c, become_nobody, NULL));
	before = set_hardlinks(0);
	for (size_t i = 0; i < ARRAY_SIZE(rows_nobody); i++)
		wrong += try_row(c, &rows_nobody[i]);
	set_hardlinks(before);
	EXPECT_EQ(0, wrong);
}

/* --- What comes before the path is walked ---------------------------------- */

/* Descriptors that no path starts at. */
TEST_F_TIMEOUT(calls, starts, LIMIT)
{
	struct calls *c = &self->calls;
	struct puppet other;
	int pipes[2], sockets[2], fds[10], n = 0;
	uint32_t open;

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				sockets));
	fds[n++] = c->here;
	fds[n++] = c->work;
	fds[n++] = openat(c->here, "reg", O_RDWR | O_CLOEXEC);
	fds[n++] = pipes[0];
	fds[n++] = pipes[1];
	fds[n++] = sockets[0];
	fds[n++] = openat(c->here, "null", O_RDWR | O_CLOEXEC);
	fds[n++] = memfd_create("calls", MFD_CLOEXEC);
	fds[n++] = openat(c->here, "dir", O_PATH | O_CLOEXEC);
	fds[n++] = open_directory("/proc/self/ns");
	ASSERT_EQ(0, puppet_start(&other, fds, n, NULL, NULL));
	for (enum way way = 0; way < NR_WAYS; way++) {
		static const uint32_t closed[] = {
			CLOSED_FD, 0x7fffffff, 0x80000003, 0xffffffff,
		};

		for (open = 5; open < 3 + n - 2; open++) {
			EXPECT_ERRNO(CLOUDABI_ENOTCAPABLE,
				     try_way(&other, way, open, P("reg"), 4));
			EXPECT_ERRNO(CLOUDABI_ENOTCAPABLE,
				     try_way(&other, way, open, P(""), 4));
		}
		for (size_t i = 0; i < ARRAY_SIZE(closed); i++) {
			EXPECT_ERRNO(CLOUDABI_EBADF,
				     try_way(&other, way, closed[i], P("reg"),
					     4));
			EXPECT_ERRNO(CLOUDABI_EBADF,
				     try_way(&other, way, closed[i], P(""), 4));
			EXPECT_ERRNO(CLOUDABI_EBADF,
				     try_way(&other, way, closed[i], P("/"),
					     4));
		}
	}
	puppet_stop(&other);
}

/* What is wrong with a path is told before what is wrong with a descriptor. */
TEST_F_TIMEOUT(calls, broken_paths, LIMIT)
{
	struct calls *c = &self->calls;
	static const struct {
		struct path_arg path;
		int error;
	} broken[] = {
		{ { "reg\0", 4 }, CLOUDABI_EINVAL },
		{ { "\0", 1 }, CLOUDABI_EINVAL },
		{ { "\0reg", 4 }, CLOUDABI_EINVAL },
		{ { "dir\0/x", 6 }, CLOUDABI_EINVAL },
		{ { "/\0", 2 }, CLOUDABI_EINVAL },
	};
	static const uint32_t fds[] = { DIR_FD, CLOSED_FD, PUPPET_SOCKET };

	for (enum way way = 0; way < NR_WAYS; way++) {
		for (size_t i = 0; i < ARRAY_SIZE(broken); i++)
			for (size_t j = 0; j < ARRAY_SIZE(fds); j++)
				EXPECT_ERRNO(broken[i].error,
					     try_way(&c->puppet, way, fds[j],
						     broken[i].path, WORK_FD));
	}
}

/* A path of so many bytes that leads to @last: not one more than it has. */
static struct path_arg padded(const char *last, size_t length)
{
	static char text[2 * 4096];
	size_t n = strlen(last);

	memset(text, '/', length);
	text[0] = '.';
	memcpy(text + length - n, last, n);
	return (struct path_arg){ text, length };
}

TEST_F_TIMEOUT(calls, lengths, LIMIT)
{
	struct calls *c = &self->calls;
	static const size_t good[] = {
		3, 5, 6, 117, 118, 119, 120, 121, 122, 123, 254, 255, 256, 1022,
		1023, 1024, 2048, 4093, 4094, 4095,
	};
	static const size_t bad[] = { 4096, 4097, 5000, 8191 };
	cloudabi_filestat_t stat;
	char name[257];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		EXPECT_OK(call_file_stat_get(&c->puppet, DIR_FD, 0,
					     padded("reg", good[i]), &stat));
	for (enum way way = 0; way < NR_WAYS; way++) {
		for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
			EXPECT_ERRNO(CLOUDABI_ENAMETOOLONG,
				     try_way(&c->puppet, way, CLOSED_FD,
					     padded("reg", bad[i]), WORK_FD));
	}
	/* One component. */
	memset(name, 'n', sizeof(name));
	name[255] = 0;
	EXPECT_OK(call_file_create(&c->puppet, DIR_FD, P(name),
				   CLOUDABI_FILETYPE_DIRECTORY));
	EXPECT_OK(call_file_stat_get(&c->puppet, DIR_FD, 0, P(name), &stat));
	EXPECT_OK(call_file_unlink(&c->puppet, DIR_FD, P(name), REMOVEDIR));
	name[255] = 'n';
	name[256] = 0;
	for (enum way way = 0; way < NR_WAYS; way++)
		EXPECT_ERRNO(CLOUDABI_ENAMETOOLONG,
			     try_way(&c->puppet, way, DIR_FD, P(name),
				     WORK_FD));
}

/* Lengths that nobody can have, and memory that nobody can read. */
TEST_F(calls, unreadable_paths)
{
	struct puppet *p = &self->calls.puppet;
	uint64_t nowhere = puppet_nowhere(p);
	uint64_t kernel = 0xffff800000001000ull;

	EXPECT_ERRNO(CLOUDABI_EFAULT,
		     puppet_call(p, file_unlink, DIR_FD, nowhere, 1, 0));
	EXPECT_ERRNO(CLOUDABI_EFAULT,
		     puppet_call(p, file_unlink, DIR_FD, nowhere - 2, 3, 0));
	EXPECT_ERRNO(CLOUDABI_EFAULT,
		     puppet_call(p, file_unlink, DIR_FD, nowhere - 2, 4095, 0));
	EXPECT_ERRNO(CLOUDABI_EFAULT,
		     puppet_call(p, file_unlink, CLOSED_FD, 0, 1, 0));
	EXPECT_ERRNO(CLOUDABI_EFAULT,
		     puppet_call(p, file_unlink, CLOSED_FD, kernel, 1, 0));
	EXPECT_ERRNO(CLOUDABI_ENAMETOOLONG,
		     puppet_call(p, file_unlink, CLOSED_FD, nowhere, 4096, 0));
	EXPECT_ERRNO(CLOUDABI_ENAMETOOLONG,
		     puppet_call(p, file_unlink, CLOSED_FD, kernel, ~0ull, 0));
	EXPECT_ERRNO(CLOUDABI_ENAMETOOLONG,
		     puppet_call(p, file_unlink, CLOSED_FD, 0, 1ull << 63, 0));
	/* No byte is no reason to look. */
	EXPECT_ERRNO(CLOUDABI_ENOENT,
		     puppet_call(p, file_unlink, DIR_FD, kernel, 0, 0));
	EXPECT_ERRNO(CLOUDABI_EBADF,
		     puppet_call(p, file_unlink, CLOSED_FD, kernel, 0, 0));
	EXPECT_ERRNO(CLOUDABI_EFAULT,
		     puppet_call(p, file_link, DIR_FD, 0, 1, WORK_FD, 0, 0));
	EXPECT_ERRNO(CLOUDABI_EFAULT,
		     puppet_call(p, file_symlink, kernel, 3, DIR_FD, kernel,
				 3));
	EXPECT_ERRNO(CLOUDABI_EFAULT,
		     puppet_call(p, file_stat_get, DIR_FD,
				 puppet_put(p, FIRST, "reg", 3), 3, nowhere));
	EXPECT_ERRNO(CLOUDABI_EFAULT,
		     puppet_call(p, file_stat_get, DIR_FD,
				 puppet_put(p, FIRST, "reg", 3), 3,
				 puppet_there(p, SECOND, 55)));
	EXPECT_ERRNO(CLOUDABI_EFAULT,
		     puppet_call(p, file_open, DIR_FD,
				 puppet_put(p, FIRST, "new", 3), 3,
				 CLOUDABI_O_CREAT, puppet_there(p, SECOND, 23)));
	EXPECT_EQ(-1, access(HERE "new", F_OK));
	EXPECT_ERRNO(CLOUDABI_EFAULT,
		     puppet_call(p, file_readlink, DIR_FD,
				 puppet_put(p, FIRST, "link", 4), 4,
				 puppet_there(p, BUFFER, 2), 3));
}

/* Links in a row: 40 are followed, as everywhere in Linux. */
TEST_F(calls, many_links)
{
	struct puppet *p = &self->calls.puppet;
	cloudabi_filestat_t stat;

	make_link("reg", HERE "l0");
	for (int i = 1; i < 42; i++)
		make_link(form("l%d", i - 1), form(HERE "l%d", i));
	EXPECT_OK(call_file_stat_get(p, DIR_FD, FOLLOW, P("l39"), &stat));
	EXPECT_ERRNO(CLOUDABI_ELOOP,
		     call_file_stat_get(p, DIR_FD, FOLLOW, P("l40"), &stat));
	EXPECT_OK(call_file_stat_get(p, DIR_FD, 0, P("l40"), &stat));
	EXPECT_EQ(CLOUDABI_FILETYPE_SYMBOLIC_LINK, stat.st_filetype);
}

/* --- Each call, for itself ------------------------------------------------- */

TEST_F(calls, create)
{
	struct puppet *p = &self->calls.puppet;
	struct stat native;

	for (unsigned int type = 0; type < 256; type++) {
		if (type == CLOUDABI_FILETYPE_DIRECTORY)
			continue;
		EXPECT_ERRNO(CLOUDABI_EINVAL,
			     call_file_create(p, CLOSED_FD, P("new"), type));
		EXPECT_ERRNO(CLOUDABI_EINVAL,
			     call_file_create(p, DIR_FD, P("new"), type));
	}
	EXPECT_EQ(-1, access(HERE "new", F_OK));
	/* What is above the type in the register does not count. */
	EXPECT_OK(call_file_create(p, DIR_FD, P("new"),
				   CLOUDABI_FILETYPE_DIRECTORY | 0xdead00ull));
	ASSERT_EQ(0, stat(HERE "new", &native));
	EXPECT_EQ(S_IFDIR | 0777, native.st_mode);
}

static int set_umask(void *data)
{
	umask(*(mode_t *)data);
	return 0;
}

TEST_F(calls, umask)
{
	static const mode_t masks[] = { 0, 022, 027, 077, 0777 };
	struct calls *c = &self->calls;
	struct opening how = { .oflags = CLOUDABI_O_CREAT,
			       .base = RIGHTS_WRITE };
	struct stat native;

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		puppet_stop(&c->puppet);
		ASSERT_EQ(0, start(c, set_umask, (void *)&masks[i]));
		EXPECT_OK(call_file_create(&c->puppet, DIR_FD, P("newdir"),
					   CLOUDABI_FILETYPE_DIRECTORY));
		ASSERT_EQ(0, stat(HERE "newdir", &native));
		EXPECT_EQ(S_IFDIR | (0777 & ~masks[i]), native.st_mode);
		EXPECT_OK(call_file_open(&c->puppet, DIR_FD, P("new"), &how));
		ASSERT_EQ(0, stat(HERE "new", &native));
		EXPECT_EQ(S_IFREG | (0777 & ~masks[i]), native.st_mode);
		rmdir(HERE "newdir");
		unlink(HERE "new");
	}
}

static ino_t inode_of(const char *path)
{
	struct stat native = { 0 };

	lstat(path, &native);
	return native.st_ino;
}

TEST_F(calls, link)
{
	struct puppet *p = &self->calls.puppet;

	EXPECT_OK(call_file_link(p, DIR_FD, 0, P("reg"), WORK_FD, P("a")));
	EXPECT_EQ(inode_of(HERE "reg"), inode_of(WORLD "/work/a"));
	EXPECT_OK(call_file_link(p, DIR_FD, 0, P("link"), WORK_FD, P("b")));
	EXPECT_EQ(inode_of(HERE "link"), inode_of(WORLD "/work/b"));
	EXPECT_OK(call_file_link(p, DIR_FD, FOLLOW, P("link"), WORK_FD,
				 P("c")));
	EXPECT_EQ(inode_of(HERE "reg"), inode_of(WORLD "/work/c"));
	/* Bits that mean nothing yet are ignored. */
	EXPECT_OK(call_file_link(p, DIR_FD, ~FOLLOW, P("link"), WORK_FD,
				 P("d")));
	EXPECT_EQ(inode_of(HERE "link"), inode_of(WORLD "/work/d"));
	EXPECT_OK(call_file_link(p, DIR_FD, FOLLOW, P("dir/../full/../link"),
				 DIR_FD, P("dir/e")));
	EXPECT_EQ(inode_of(HERE "reg"), inode_of(HERE "dir/e"));
	/* To a name that a link stands for: never. */
	EXPECT_ERRNO(CLOUDABI_EEXIST,
		     call_file_link(p, DIR_FD, FOLLOW, P("reg"), DIR_FD,
				    P("dangling")));
	EXPECT_EQ(-1, access(HERE "absent", F_OK));
	EXPECT_EQ(0, access(HERE "reg", F_OK));
}

TEST_F(calls, protected_hardlinks)
{
	struct calls *c = &self->calls;
	int before;

	puppet_stop(&c->puppet);
	ASSERT_EQ(0, start(c, become_nobody, NULL));
	before = set_hardlinks(1);
	EXPECT_ERRNO(CLOUDABI_EPERM,
		     call_file_link(&c->puppet, DIR_FD, 0, P("fixed/x"),
				    WORK_FD, P("a")));
	EXPECT_ERRNO(CLOUDABI_EPERM,
		     call_file_link(&c->puppet, DIR_FD, FOLLOW, P("fixed/x"),
				    WORK_FD, P("a")));
	set_hardlinks(0);
	EXPECT_OK(call_file_link(&c->puppet, DIR_FD, FOLLOW, P("fixed/x"),
				 WORK_FD, P("a")));
	set_hardlinks(before);
}

TEST_F(calls, rename)
{
	struct puppet *p = &self->calls.puppet;
	ino_t reg = inode_of(HERE "reg"), dir = inode_of(HERE "dir");

	EXPECT_OK(call_file_rename(p, DIR_FD, P("reg"), WORK_FD,
				   P(WORK_SOURCE)));
	EXPECT_EQ(reg, inode_of(WORLD "/work/source"));
	EXPECT_EQ(0, inode_of(HERE "reg"));
	EXPECT_OK(call_file_rename(p, WORK_FD, P(WORK_SOURCE), DIR_FD,
				   P("dangling")));
	EXPECT_EQ(reg, inode_of(HERE "dangling"));
	EXPECT_EQ(0, inode_of(HERE "absent"));
	/* Directories. */
	EXPECT_ERRNO(CLOUDABI_EINVAL,
		     call_file_rename(p, DIR_FD, P("full"), DIR_FD,
				      P("full/y")));
	EXPECT_ERRNO(CLOUDABI_ENOTDIR,
		     call_file_rename(p, DIR_FD, P("dir"), DIR_FD,
				      P("full/x")));
	EXPECT_ERRNO(CLOUDABI_EISDIR,
		     call_file_rename(p, DIR_FD, P("full/x"), DIR_FD,
				      P("dir")));
	EXPECT_ERRNO(CLOUDABI_ENOTEMPTY,
		     call_file_rename(p, DIR_FD, P("dir"), DIR_FD, P("full")));
	EXPECT_ERRNO(CLOUDABI_ENOTEMPTY,
		     call_file_rename(p, DIR_FD, P("full/x"), DIR_FD,
				      P("full")));
	EXPECT_OK(call_file_rename(p, DIR_FD, P("dir/"), DIR_FD, P("moved/")));
	EXPECT_EQ(dir, inode_of(HERE "moved"));
	EXPECT_OK(call_file_rename(p, DIR_FD, P("full"), DIR_FD, P("moved")));
	EXPECT_EQ(0, access(HERE "moved/x", F_OK));
	/* Two names of one file both stay. */
	ASSERT_EQ(0, link(HERE "moved/x", HERE "two"));
	EXPECT_OK(call_file_rename(p, DIR_FD, P("two"), DIR_FD, P("moved/x")));
	EXPECT_EQ(0, access(HERE "two", F_OK));
	EXPECT_OK(call_file_rename(p, DIR_FD, P("link"), DIR_FD, P("link2")));
	EXPECT_EQ(0, inode_of(HERE "link"));
}

TEST_F(calls, readlink)
{
	struct puppet *p = &self->calls.puppet;
	uint8_t *end = puppet_seen(p, BUFFER, 0);
	struct answer a;

	for (size_t size = 0; size < 8; size++) {
		size_t used = size < 3 ? size : 3;

		memset(end - 16, '#', 16);
		a = call_file_readlink(p, DIR_FD, P("link"), size);
		EXPECT_OK(a);
		EXPECT_EQ(used, a.value);
		EXPECT_EQ(0, memcmp(end - size, "reg", used));
		for (size_t i = used; i < size; i++)
			EXPECT_EQ('#', end[i - size]);
		EXPECT_EQ('#', end[-1 - (int)size]);
	}
	/* Nowhere to write is no error as long as nothing is written. */
	a = puppet_call(p, file_readlink, DIR_FD,
			puppet_put(p, FIRST, "link", 4), 4, 0, 0);
	EXPECT_OK(a);
	EXPECT_EQ(0, a.value);
	EXPECT_ERRNO(CLOUDABI_EINVAL,
		     call_file_readlink(p, DIR_FD, P("reg"), 0));
	EXPECT_ERRNO(CLOUDABI_EINVAL,
		     call_file_readlink(p, DIR_FD, P("dir"), 0));
	EXPECT_ERRNO(CLOUDABI_EINVAL, call_file_readlink(p, DIR_FD, P("."), 0));
	EXPECT_ERRNO(CLOUDABI_ENOENT,
		     call_file_readlink(p, DIR_FD, P("absent"), 0));
	EXPECT_ERRNO(CLOUDABI_EFAULT,
		     puppet_call(p, file_readlink, DIR_FD,
				 puppet_put(p, FIRST, "link", 4), 4, 0, 1));
}

TEST_F(calls, symlink)
{
	static const char *const contents[] = {
		"/", "..", "reg", "/etc/passwd", "../../../x", ".", "a/./b//",
		" ", "\xff\x01",
	};
	struct puppet *p = &self->calls.puppet;
	char text[4097], read[4097];

	for (size_t i = 0; i < ARRAY_SIZE(contents); i++) {
		EXPECT_OK(call_file_symlink(p, P(contents[i]), DIR_FD,
					    P("new")));
		memset(read, 0, sizeof(read));
		EXPECT_EQ(strlen(contents[i]),
			  readlink(HERE "new", read, sizeof(read)));
		EXPECT_STREQ(contents[i], read);
		EXPECT_OK(call_file_unlink(p, DIR_FD, P("new"), 0));
	}
	memset(text, 'x', sizeof(text));
	EXPECT_OK(call_file_symlink(p, (struct path_arg){ text, 4095 }, DIR_FD,
				    P("new")));
	EXPECT_EQ(4095, readlink(HERE "new", read, sizeof(read)));
	EXPECT_EQ(4095, call_file_readlink(p, DIR_FD, P("new"), 5000).value);
	EXPECT_ERRNO(CLOUDABI_ENAMETOOLONG,
		     call_file_symlink(p, (struct path_arg){ text, 4096 },
				       CLOSED_FD, P("other")));
	EXPECT_ERRNO(CLOUDABI_ENOENT,
		     call_file_symlink(p, P(""), DIR_FD, P("other")));
	EXPECT_ERRNO(CLOUDABI_EBADF,
		     call_file_symlink(p, P(""), CLOSED_FD, P("other")));
	EXPECT_ERRNO(CLOUDABI_EINVAL,
		     call_file_symlink(p, (struct path_arg){ "a\0b", 3 }, DIR_FD,
				       P("other")));
	EXPECT_ERRNO(CLOUDABI_ENOTCAPABLE,
		     call_file_symlink(p, P("x"), DIR_FD, P("../other")));
}

/* As the C library's own tests have it. */
TEST_F(calls, unlink_with_slash)
{
	struct puppet *p = &self->calls.puppet;

	EXPECT_ERRNO(CLOUDABI_EPERM,
		     call_file_unlink(p, DIR_FD, P("ldir/"), 0));
	EXPECT_ERRNO(CLOUDABI_ENOTDIR,
		     call_file_unlink(p, DIR_FD, P("ldir"), REMOVEDIR));
	EXPECT_OK(call_file_unlink(p, DIR_FD, P("ldir/"), REMOVEDIR));
	EXPECT_EQ(-1, access(HERE "dir", F_OK));
	EXPECT_NE(0, inode_of(HERE "ldir"));
	EXPECT_ERRNO(CLOUDABI_ENOTDIR,
		     call_file_unlink(p, DIR_FD, P("link/"), 0));
	EXPECT_ERRNO(CLOUDABI_ENOTDIR,
		     call_file_unlink(p, DIR_FD, P("link/"), REMOVEDIR));
	/* The directory that the path starts at, by another name. */
	make_link("full/..", HERE "top");
	EXPECT_ERRNO(CLOUDABI_EINVAL,
		     call_file_unlink(p, DIR_FD, P("top/"), REMOVEDIR));
	/* Bits that mean nothing yet are ignored. */
	EXPECT_ERRNO(CLOUDABI_EPERM,
		     call_file_unlink(p, DIR_FD, P("full"), 0xfe & ~REMOVEDIR));
	EXPECT_OK(call_file_unlink(p, DIR_FD, P("reg"), 0xfe & ~REMOVEDIR));
}

TEST_F(calls, advise)
{
	struct puppet *p = &self->calls.puppet;
	struct opening how = { .base = CLOUDABI_RIGHT_FILE_ADVISE };
	uint32_t fd;
	uint64_t max = INT64_MAX;

	fd = call_file_open(p, DIR_FD, P("reg"), &how).value;
	for (unsigned int advice = 0; advice < 256; advice++) {
		bool known = advice >= 1 && advice <= 6;

		EXPECT_ERRNO(known ? CLOUDABI_EBADF : CLOUDABI_EINVAL,
			     call_file_advise(p, CLOSED_FD, 0, 0, advice));
		EXPECT_ERRNO(known ? 0 : CLOUDABI_EINVAL,
			     call_file_advise(p, fd, 0, 10, advice));
		EXPECT_ERRNO(known ? 0 : CLOUDABI_EINVAL,
			     call_file_advise(p, DIR_FD, 0, 0, advice));
	}
	EXPECT_OK(call_file_advise(p, fd, max, max, 1));
	EXPECT_OK(call_file_advise(p, fd, 0, max, 4));
	EXPECT_ERRNO(CLOUDABI_EINVAL, call_file_advise(p, fd, max + 1, 0, 1));
	EXPECT_ERRNO(CLOUDABI_EINVAL, call_file_advise(p, fd, 0, max + 1, 1));
	EXPECT_ERRNO(CLOUDABI_EINVAL, call_file_advise(p, fd, ~0ull, ~0ull, 1));
	EXPECT_ERRNO(CLOUDABI_ENOTCAPABLE,
		     call_file_advise(p, PUPPET_SOCKET, ~0ull, 0, 1));
}

static off_t size_of(const char *path)
{
	struct stat native = { .st_size = -1 };

	stat(path, &native);
	return native.st_size;
}

TEST_F(calls, allocate)
{
	struct puppet *p = &self->calls.puppet;
	struct opening how = { .base = CLOUDABI_RIGHT_FILE_ALLOCATE };
	struct opening reading = { .base = CLOUDABI_RIGHT_FD_READ };
	uint64_t max = INT64_MAX;
	char bytes[23] = "";
	uint32_t fd;
	int native;

	fd = call_file_open(p, DIR_FD, P("reg"), &how).value;
	EXPECT_OK(call_file_allocate(p, fd, 10, 12));
	EXPECT_EQ(22, size_of(HERE "reg"));
	EXPECT_OK(call_file_allocate(p, fd, 0, 5));
	EXPECT_EQ(22, size_of(HERE "reg"));
	native = open(HERE "reg", O_RDONLY | O_CLOEXEC);
	EXPECT_EQ(22, read(native, bytes, sizeof(bytes)));
	EXPECT_EQ(0, memcmp(bytes, "content\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
			    22));
	close(native);
	EXPECT_ERRNO(CLOUDABI_EINVAL, call_file_allocate(p, fd, 0, 0));
	EXPECT_ERRNO(CLOUDABI_EINVAL, call_file_allocate(p, fd, max + 1, 1));
	EXPECT_ERRNO(CLOUDABI_EINVAL, call_file_allocate(p, fd, 0, max + 1));
	EXPECT_ERRNO(CLOUDABI_EINVAL, call_file_allocate(p, fd, ~0ull, ~0ull));
	EXPECT_ERRNO(CLOUDABI_EFBIG, call_file_allocate(p, fd, max, 1));
	EXPECT_ERRNO(CLOUDABI_EFBIG, call_file_allocate(p, fd, max, max));
	EXPECT_EQ(22, size_of(HERE "reg"));
	fd = call_file_open(p, DIR_FD, P("reg"), &reading).value;
	EXPECT_ERRNO(CLOUDABI_ENOTCAPABLE, call_file_allocate(p, fd, 0, 1));
	EXPECT_ERRNO(CLOUDABI_ENOTCAPABLE, call_file_allocate(p, DIR_FD, 0, 1));
	/* No room, and nobody who can make any. */
	fd = call_file_open(p, DIR_FD, P("mnt/f"), &how).value;
	EXPECT_ERRNO(CLOUDABI_ENOSPC, call_file_allocate(p, fd, 0, 8 << 20));
	mount_on(HERE "mnt", "ramfs", NULL);
	make_file(HERE "mnt/f", "");
	fd = call_file_open(p, DIR_FD, P("mnt/f"), &how).value;
	EXPECT_ERRNO(CLOUDABI_ENOTSUP, call_file_allocate(p, fd, 0, 10));
}

/* --- Opening --------------------------------------------------------------- */

static struct opening reading = { .base = CLOUDABI_RIGHT_FD_READ };
static struct opening writing = { .base = CLOUDABI_RIGHT_FD_WRITE };

static uint8_t type_of(struct puppet *p, uint32_t fd)
{
	cloudabi_fdstat_t stat = { 0 };

	call_fd_stat_get(p, fd, &stat);
	return stat.fs_filetype;
}

/* Long enough that who does not wait would be back. */
#define A_WHILE 200

TEST_F_TIMEOUT(calls, fifo_waits, LIMIT)
{
	struct calls *c = &self->calls;
	static const struct {
		struct opening *how;
		int native;
	} ends[] = { { &reading, O_WRONLY }, { &writing, O_RDONLY } };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct answer a;
		int fd;

		begin_file_open(&c->puppet, DIR_FD, P("fifo"), ends[i].how);
		EXPECT_EQ(-1, puppet_end(&c->puppet, A_WHILE).error);
		/* Being stopped does not end the wait. */
		kill(c->puppet.pid, SIGSTOP);
		EXPECT_EQ(-1, puppet_end(&c->puppet, A_WHILE).error);
		kill(c->puppet.pid, SIGCONT);
		kill(c->puppet.pid, SIGWINCH);
		EXPECT_EQ(-1, puppet_end(&c->puppet, A_WHILE).error);
		fd = open(HERE "fifo", ends[i].native | O_CLOEXEC);
		a = puppet_end(&c->puppet, PUPPET_PATIENCE);
		EXPECT_OK(a);
		EXPECT_EQ(CLOUDABI_FILETYPE_SOCKET_STREAM,
			  type_of(&c->puppet, a.value));
		call_fd_close(&c->puppet, a.value);
		close(fd);
	}
	/* Nor does waiting keep anybody from being killed. */
	begin_file_open(&c->puppet, DIR_FD, P("fifo"), &reading);
	EXPECT_EQ(-1, puppet_end(&c->puppet, A_WHILE).error);
	EXPECT_EQ(0, kill(c->puppet.pid, SIGKILL));
	EXPECT_EQ(c->puppet.pid, waitpid(c->puppet.pid, NULL, 0));
	c->puppet.pid = -1;
}

TEST_F(calls, fifo_does_not_wait)
{
	struct puppet *p = &self->calls.puppet;
	struct opening how = writing;
	struct answer a;
	int fd;

	how.fdflags = CLOUDABI_FDFLAG_NONBLOCK;
	EXPECT_ERRNO(CLOUDABI_ENXIO, call_file_open(p, DIR_FD, P("fifo"), &how));
	fd = open(HERE "fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	a = call_file_open(p, DIR_FD, P("fifo"), &how);
	EXPECT_OK(a);
	EXPECT_OK(call_fd_write(p, a.value, "x", 1));
	close(fd);
	how = reading;
	how.fdflags = CLOUDABI_FDFLAG_NONBLOCK;
	EXPECT_OK(call_file_open(p, DIR_FD, P("fifo"), &how));
}

/* The number of the controlling terminal of a process, 0 for none. */
static int terminal_of(pid_t pid)
{
	char text[512] = "", *at;
	int fd = open(form("/proc/%d/stat", pid), O_RDONLY | O_CLOEXEC);
	int terminal = -1;

	if (read(fd, text, sizeof(text) - 1) > 0) {
		at = strrchr(text, ')');
		sscanf(at, ") %*c %*d %*d %*d %d", &terminal);
	}
	close(fd);
	return terminal;
}

static int new_session(void *data)
{
	return setsid() < 0;
}

TEST_F(calls, devices)
{
	struct calls *c = &self->calls;
	struct opening all = { .base = 0x11c3801ffull };
	int master, number = -1, unlock = 0;
	struct answer a;

	puppet_stop(&c->puppet);
	ASSERT_EQ(0, start(c, new_session, NULL));
	ASSERT_EQ(0, mount("devpts", HERE "dir", "devpts", 0,
			   "ptmxmode=666,mode=666"));
	master = open(HERE "dir/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	ASSERT_LE(0, master);
	ASSERT_EQ(0, ioctl(master, TIOCSPTLCK, &unlock));
	ASSERT_EQ(0, ioctl(master, TIOCGPTN, &number));
	a = call_file_open(&c->puppet, DIR_FD, P(form("dir/%d", number)), &all);
	ASSERT_OK(a);
	EXPECT_EQ(CLOUDABI_FILETYPE_CHARACTER_DEVICE,
		  type_of(&c->puppet, a.value));
	/* A session without a terminal has not got one now. */
	EXPECT_EQ(0, terminal_of(c->puppet.pid));
	a = call_file_open(&c->puppet, DIR_FD, P("null"), &all);
	ASSERT_OK(a);
	EXPECT_EQ(CLOUDABI_FILETYPE_CHARACTER_DEVICE,
		  type_of(&c->puppet, a.value));
	EXPECT_OK(call_fd_write(&c->puppet, a.value, "x", 1));
	close(master);
}

static bool wants_number(uint64_t number)
{
	return number < 1000;
}

TEST_F(calls, open_flags)
{
	struct puppet *p = &self->calls.puppet;
	struct opening how = writing;
	char flags[64];
	struct answer a;
	struct stat native;
	int fd;

	/* CREAT and DIRECTORY do not go together, whatever else is wrong. */
	how.oflags = CLOUDABI_O_CREAT | CLOUDABI_O_DIRECTORY;
	EXPECT_ERRNO(CLOUDABI_EINVAL,
		     call_file_open(p, CLOSED_FD, P("dir"), &how));
	/* A right to write, and no other, opens for writing only. */
	how.oflags = 0;
	a = call_file_open(p, DIR_FD, P("reg"), &how);
	ASSERT_OK(a);
	EXPECT_TRUE(wants_number(a.value));
	snprintf(flags, sizeof(flags), "/proc/%d/fd/%d", p->pid,
		 (int)a.value);
	ASSERT_EQ(0, lstat(flags, &native));
	/* Opened as a capability: the modes of the link tell nothing of it. */
	EXPECT_OK(call_fd_write(p, a.value, "C", 1));
	EXPECT_ERRNO(CLOUDABI_ENOTCAPABLE, call_fd_read(p, a.value, 1));
	/* APPEND is there from the start. */
	how.fdflags = CLOUDABI_FDFLAG_APPEND;
	a = call_file_open(p, DIR_FD, P("reg"), &how);
	ASSERT_OK(a);
	EXPECT_OK(call_fd_write(p, a.value, "!", 1));
	EXPECT_EQ(8, size_of(HERE "reg"));
	/* TRUNC takes what was there. */
	how.oflags = CLOUDABI_O_TRUNC;
	ASSERT_OK(call_file_open(p, DIR_FD, P("reg"), &how));
	EXPECT_EQ(0, size_of(HERE "reg"));
	/* Bits that mean nothing yet are ignored. */
	how.oflags = 0xfff0;
	how.fdflags = 0xffe0;
	ASSERT_OK(call_file_open(p, DIR_FD, P("reg"), &how));
	/* A dangling link, followed, is where the file is created. */
	how.oflags = CLOUDABI_O_CREAT;
	how.flags = FOLLOW;
	ASSERT_OK(call_file_open(p, DIR_FD, P("dangling"), &how));
	EXPECT_EQ(0, access(HERE "absent", F_OK));
	fd = open(HERE "absent", O_RDONLY | O_CLOEXEC);
	EXPECT_LE(0, fd);
	close(fd);
}

TEST_F(calls, busy_program)
{
	struct puppet *p = &self->calls.puppet;
	pid_t pid;

	ASSERT_EQ(0, system("cp /bin/busybox " HERE "sleep"));
	pid = fork();
	if (!pid) {
		execl(HERE "sleep", "sleep", "1000", NULL);
		_exit(1);
	}
	usleep(A_WHILE * 1000);
	EXPECT_ERRNO(CLOUDABI_ETXTBSY,
		     call_file_open(p, DIR_FD, P("sleep"), &writing));
	EXPECT_OK(call_file_open(p, DIR_FD, P("sleep"), &reading));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int few_descriptors(void *data)
{
	struct rlimit limit = { 6, 6 };

	return setrlimit(RLIMIT_NOFILE, &limit);
}

/* Want of a number must not leave a file behind, nor truncate one. */
TEST_F(calls, no_descriptor_left)
{
	struct calls *c = &self->calls;
	struct opening how = writing;

	puppet_stop(&c->puppet);
	ASSERT_EQ(0, start(c, few_descriptors, NULL));
	EXPECT_OK(call_file_open(&c->puppet, DIR_FD, P("reg"), &how));
	how.oflags = CLOUDABI_O_CREAT | CLOUDABI_O_TRUNC;
	EXPECT_ERRNO(CLOUDABI_EMFILE,
		     call_file_open(&c->puppet, DIR_FD, P("absent"), &how));
	EXPECT_EQ(-1, access(HERE "absent", F_OK));
	EXPECT_ERRNO(CLOUDABI_EMFILE,
		     call_file_open(&c->puppet, DIR_FD, P("reg"), &how));
	EXPECT_EQ(7, size_of(HERE "reg"));
}

/* --- Refusals can be explained --------------------------------------------- */

#define TRACING "/sys/kernel/tracing/"

static bool trace(bool on)
{
	int fd = open(TRACING "events/cloudabi/cloudabi_deny/enable",
		      O_WRONLY | O_CLOEXEC);
	bool done = write(fd, on ? "1" : "0", 1) == 1;

	close(fd);
	return done;
}

/* The last line of the trace. */
static const char *traced(void)
{
	static char text[65536];
	int fd = open(TRACING "trace", O_RDONLY | O_CLOEXEC);
	ssize_t n, length = 0;
	char *line;

	while ((n = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += n;
	close(fd);
	text[length] = 0;
	if (length)
		text[length - 1] = 0;
	line = strrchr(text, '\n');
	close(open(TRACING "trace", O_WRONLY | O_TRUNC | O_CLOEXEC));
	return line ? line + 1 : text;
}

TEST_F(calls, refusals_are_traced)
{
	static const struct {
		const char *path;
		const char *component;
	} refused[] = {
		{ "/etc/passwd", "component \"/\"" },
		{ "..", "component \"..\"" },
		{ "dir/../../x", "component \"..\"" },
		{ "dir/up/x", "component \"up\"" },
		{ "./away//x/y", "component \"away\"" },
	};
	struct puppet *p = &self->calls.puppet;
	cloudabi_filestat_t stat;
	const char *line;

	if (access(TRACING "events/cloudabi", F_OK)) {
		mount("tracefs", TRACING, "tracefs", 0, NULL);
		ASSERT_EQ(0, access(TRACING "events/cloudabi", F_OK));
	}
	make_link("../..", HERE "dir/up");
	make_link("/", HERE "away");
	ASSERT_TRUE(trace(true));
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		const char *path = refused[i].path;

		traced();
		EXPECT_ERRNO(CLOUDABI_ENOTCAPABLE,
			     call_file_stat_get(p, DIR_FD, FOLLOW, P(path),
						&stat));
		line = traced();
		EXPECT_TRUE(strstr(line, "file_stat_get (27)") &&
			    strstr(line, "reason PATH fd 3 type 0x20") &&
			    strstr(line, refused[i].component))
			printf("# %s: %s\n", path, line);
		EXPECT_ERRNO(CLOUDABI_ENOTCAPABLE,
			     call_file_open(p, DIR_FD, P(path), &reading));
		line = traced();
		EXPECT_TRUE(strstr(line, "file_open (21)") &&
			    strstr(line, refused[i].component))
			printf("# %s: %s\n", path, line);
		EXPECT_ERRNO(CLOUDABI_ENOTCAPABLE,
			     call_file_unlink(p, DIR_FD, P(form("%s/x", path)),
					      0));
		line = traced();
		EXPECT_TRUE(strstr(line, "file_unlink (30)") &&
			    strstr(line, refused[i].component))
			printf("# %s: %s\n", path, line);
	}
	EXPECT_TRUE(trace(false));
}

TEST_HARNESS_MAIN
