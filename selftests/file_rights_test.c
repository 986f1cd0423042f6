// SPDX-License-Identifier: GPL-2.0
/*
 * Rights: which ones calls on files need, and which ones a descriptor gets that
 * is made from another one.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "paths.h"
#include "rights_gen.h"

#include <time.h>

#include "kselftest_harness.h"

#define LIMIT 600

#define WORLD "/tmp/world"
#define HERE WORLD "/here/"

/* Descriptors of the puppet. */
#define DIR_FD 3
#define WORK_FD 4

#define REGULAR 0x11c3801ffull
#define DEVICE 0x1c2800ffull
#define STREAM 0x801008004aull
#define ALL CLOUDABI_RIGHTS_ALL

#define RIGHT(name) CLOUDABI_RIGHT_##name

/* Which rights open a file in which mode. */
#define READING (RIGHT(FD_READ) | RIGHT(FILE_READDIR) | RIGHT(MEM_MAP_EXEC))
#define WRITING (RIGHT(FD_DATASYNC) | RIGHT(FD_WRITE) |			\
		 RIGHT(FILE_ALLOCATE) | RIGHT(FILE_STAT_FPUT_SIZE))

FIXTURE(rights) {
	struct puppet puppet;
	int here;
	int work;
};

static void make_files(void)
{
	make_file(HERE "reg", "content");
	make_directory(HERE "dir");
	make_directory(HERE "dir/sub");
	make_file(HERE "dir/reg", "content");
	make_link("reg", HERE "link");
	make_file(WORLD "/work/" WORK_SOURCE, "source");
	must(!mkfifo(HERE "fifo", 0600), "mkfifo", HERE "fifo");
}

FIXTURE_SETUP(rights)
{
	ASSERT_LE(0, puppet_program());
	new_world(WORLD);
	make_directory(WORLD "/here");
	make_directory(WORLD "/work");
	make_files();
	self->here = open_directory(WORLD "/here");
	self->work = open_directory(WORLD "/work");
	ASSERT_EQ(0, puppet_start(&self->puppet,
				  (int[]){ self->here, self->work }, 2, NULL,
				  NULL));
}

FIXTURE_TEARDOWN(rights)
{
	puppet_stop(&self->puppet);
}

static void rights_of(struct puppet *p, uint32_t fd, uint64_t *base,
		      uint64_t *inheriting)
{
	cloudabi_fdstat_t stat = { 0 };

	call_fd_stat_get(p, fd, &stat);
	*base = stat.fs_rights_base;
	*inheriting = stat.fs_rights_inheriting;
}

/* A duplicate with these rights. */
static uint32_t narrowed(struct puppet *p, uint32_t fd, uint64_t base,
			 uint64_t inheriting)
{
	uint32_t copy = call_fd_dup(p, fd).value;

	must(!put_rights(p, copy, base, inheriting).error, "narrow", "");
	return copy;
}

/* --- The matrix ------------------------------------------------------------ */

/* The call of a row of the table, with @fd where the row is about. */
static struct answer make_call(struct puppet *p, const struct rights_need *need,
			       uint32_t fd)
{
	struct opening how = { .base = RIGHT(FILE_STAT_FGET) };
	cloudabi_filestat_t stat = { .st_size = 7 };

	switch (need->nr) {
	case NR_file_advise:
		return call_file_advise(p, fd, 0, 0, 1);
	case NR_file_allocate:
		return call_file_allocate(p, fd, 0, 1);
	case NR_file_create:
		return try_way(p, CREATE, fd, P("absent"), WORK_FD);
	case NR_file_link:
		return try_way(p, need->index ? LINK_TO : LINK_FROM, fd,
			       need->index ? P("absent") : P("reg"), WORK_FD);
	case NR_file_readdir:
		return call_file_readdir(p, fd, 100, 0);
	case NR_file_readlink:
		return try_way(p, READLINK, fd, P("link"), WORK_FD);
	case NR_file_rename:
		return try_way(p, need->index ? RENAME_TO : RENAME_FROM, fd,
			       need->index ? P("absent") : P("reg"), WORK_FD);
	case NR_file_stat_fget:
		return call_file_stat_fget(p, fd, &stat);
	case NR_file_stat_fput:
		return call_file_stat_fput(p, fd, &stat,
					   strcmp(need->variant, "size") ?
						   CLOUDABI_FILESTAT_MTIM :
						   CLOUDABI_FILESTAT_SIZE);
	case NR_file_stat_get:
		return try_way(p, STAT, fd, P("reg"), WORK_FD);
	case NR_file_stat_put:
		return try_way(p, TIMES, fd, P("reg"), WORK_FD);
	case NR_file_symlink:
		return try_way(p, SYMLINK, fd, P("absent"), WORK_FD);
	case NR_file_unlink:
		return try_way(p, UNLINK, fd, P("reg"), WORK_FD);
	}
	if (!strcmp(need->variant, "creat"))
		how.oflags = CLOUDABI_O_CREAT;
	if (!strcmp(need->variant, "trunc"))
		how.oflags = CLOUDABI_O_TRUNC;
	if (!strcmp(need->variant, "dsync"))
		how.fdflags = CLOUDABI_FDFLAG_DSYNC;
	if (!strcmp(need->variant, "sync"))
		how.fdflags = CLOUDABI_FDFLAG_SYNC;
	if (!strcmp(need->variant, "write"))
		how.base |= RIGHT(FD_WRITE);
	return call_file_open(p, fd, P("reg"), &how);
}

/* What the call itself asks for on top of what the row says. */
static uint64_t also_inheriting(const struct rights_need *need)
{
	if (need->nr != NR_file_open)
		return 0;
	return RIGHT(FILE_STAT_FGET) |
	       (strcmp(need->variant, "write") ? 0 : RIGHT(FD_WRITE));
}

static bool is_about_file(const struct rights_need *need)
{
	return need->nr == NR_file_advise || need->nr == NR_file_allocate ||
	       need->nr == NR_file_stat_fget || need->nr == NR_file_stat_fput;
}

/**
 * struct field - a field of the matrix
 * @need: the row
 * @subject: a descriptor with all rights
 * @base: base rights to try it with
 * @inheriting: inheriting rights to try it with
 */
struct field {
	const struct rights_need *need;
	uint32_t subject;
	uint64_t base;
	uint64_t inheriting;
};

static bool is_allowed(const struct field *f)
{
	uint64_t more = f->need->inheriting | also_inheriting(f->need);

	return !(f->need->base & ~f->base) && !(more & ~f->inheriting);
}

static bool field_is_right(struct puppet *p, const struct field *f)
{
	uint32_t fd = narrowed(p, f->subject, f->base, f->inheriting);
	struct answer a = make_call(p, f->need, fd);
	int want = is_allowed(f) ? 0 : CLOUDABI_ENOTCAPABLE;

	if (a.error != want)
		printf("# %s/%s with %#llx, %#llx: %s, not %s\n", f->need->call,
		       f->need->variant, (long long)f->base,
		       (long long)f->inheriting, answer_name(a.error),
		       answer_name(want));
	call_fd_close(p, fd);
	if (!a.error && f->need->nr == NR_file_open)
		call_fd_close(p, a.value);
	return a.error == want;
}

/* All files as they were. What was opened before is not among them. */
static void renew(int here, int work)
{
	empty_directory(here);
	empty_directory(work);
	make_files();
}

static bool row_is_right(FIXTURE_DATA(rights) * self, struct field *f)
{
	struct puppet *p = &self->puppet;
	uint64_t base, inheriting;
	bool right = true;

	rights_of(p, f->subject, &base, &inheriting);
	for (int bit = 0; bit < 64 + 4; bit++) {
		uint64_t one = bit < 64 ? 1ull << bit : 0;

		if (bit < 64 && !(ALL & one))
			continue;
		f->base = base & ~one;
		f->inheriting = inheriting;
		if (bit == 64)
			f->base = base & f->need->base;
		if (bit == 65)
			f->base = base & ~f->need->base;
		if (bit == 66)
			f->base = 0;
		renew(self->here, self->work);
		right &= field_is_right(p, f);
		f->base = base;
		f->inheriting = bit == 67 ? 0 : inheriting & ~one;
		renew(self->here, self->work);
		right &= field_is_right(p, f);
	}
	return right;
}

TEST_F_TIMEOUT(rights, matrix, LIMIT)
{
	struct opening everything = { .base = REGULAR };
	struct puppet *p = &self->puppet;
	unsigned int rows = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rights_needs); i++) {
		struct field f = { &rights_needs[i], DIR_FD };

		if (strncmp(f.need->call, "file_", 5))
			continue;
		if (is_about_file(f.need))
			f.subject = call_file_open(p, DIR_FD, P("reg"),
						   &everything).value;
		EXPECT_TRUE(row_is_right(self, &f));
		rows++;
	}
	printf("# %u rows\n", rows);
	EXPECT_EQ(22, rows);
}

/* --- What file_open makes of a request ------------------------------------- */

static uint64_t lost(uint64_t request)
{
	uint64_t gone = 0;

	if (!(request & WRITING))
		return WRITING;
	if (!(request & READING))
		gone = READING;
	return gone;
}

static int become_nobody(void *data)
{
	return setgid(65534) || setuid(65534);
}

/* What may be done to the file tells how it was opened. */
TEST_F(rights, modes)
{
	struct puppet *p = &self->puppet;

	make_file(HERE "ro", "");
	make_file(HERE "wo", "");
	must(!chmod(HERE "ro", 0444) && !chmod(HERE "wo", 0222), "chmod", HERE);
	puppet_stop(p);
	ASSERT_EQ(0, puppet_start(p, (int[]){ self->here, self->work }, 2,
				  become_nobody, NULL));
	for (int bit = 0; bit < 64; bit++) {
		struct opening how = { .base = 1ull << bit };
		bool writes = how.base & WRITING;
		struct answer a;

		if (!(REGULAR & how.base))
			continue;
		a = call_file_open(p, DIR_FD, P("ro"), &how);
		EXPECT_ERRNO(writes ? CLOUDABI_EACCES : 0, a);
		a = call_file_open(p, DIR_FD, P("wo"), &how);
		EXPECT_ERRNO(writes ? 0 : CLOUDABI_EACCES, a);
		how.base |= RIGHT(FD_READ);
		a = call_file_open(p, DIR_FD, P("wo"), &how);
		EXPECT_ERRNO(CLOUDABI_EACCES, a);
	}
}

TEST_F(rights, clipped_to_the_type)
{
	static const struct {
		const char *path;
		uint64_t request;
		uint64_t base;
		uint64_t inheriting;
	} rows[] = {
		{ "reg", RIGHTS_BELOW, REGULAR, 0 },
		{ "dir", RIGHTS_BELOW & ~WRITING, RIGHTS_DIRECTORY,
		  RIGHTS_BELOW },
		{ "fifo", RIGHTS_BELOW, RIGHTS_BELOW & STREAM, RIGHTS_BELOW },
		{ "null", RIGHTS_BELOW, DEVICE, 0 },
		{ "reg", RIGHTS_BELOW & ~WRITING, REGULAR & ~WRITING, 0 },
		{ "reg", RIGHTS_BELOW & ~READING, REGULAR & ~READING, 0 },
		{ "reg", 0, 0, 0 },
		{ "dir", 0, 0, RIGHTS_BELOW },
	};
	struct puppet *p = &self->puppet;
	uint64_t base, inheriting;
	struct answer a;

	must(!mknod(HERE "null", S_IFCHR | 0666, 0x103), "mknod", HERE "null");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct opening how = { .base = rows[i].request,
				       .inheriting = RIGHTS_BELOW };

		a = call_file_open(p, DIR_FD, P(rows[i].path), &how);
		ASSERT_OK(a);
		rights_of(p, a.value, &base, &inheriting);
		EXPECT_EQ(rows[i].base, base);
		EXPECT_EQ(rows[i].inheriting, inheriting);
	}
	/* Writing to a directory is what this would be. */
	EXPECT_ERRNO(CLOUDABI_EISDIR,
		     call_file_open(p, DIR_FD, P("dir"),
				    &(struct opening){ .base = RIGHTS_BELOW }));
}

/* Whether a descriptor is a native file and no capability. */
static bool is_native(const struct puppet *p, uint32_t fd)
{
	char text[1024] = "";
	int info = open(form("/proc/%d/fdinfo/%u", p->pid, fd),
			O_RDONLY | O_CLOEXEC);
	ssize_t n = read(info, text, sizeof(text) - 1);

	close(info);
	return n > 0 && !strstr(text, "cloudabi-");
}

TEST_F(rights, native_where_nothing_is_missing)
{
	static const struct {
		const char *path;
		uint64_t base;
		uint64_t inheriting;
		bool native;
	} rows[] = {
		{ "reg", RIGHTS_BELOW, 0, true },
		{ "reg", REGULAR, RIGHTS_BELOW, true },
		{ "reg", RIGHTS_BELOW & ~WRITING, 0, true },
		{ "reg", RIGHTS_BELOW & ~READING, 0, true },
		{ "reg", REGULAR & ~RIGHT(FD_SEEK), 0, false },
		{ "dir", RIGHTS_DIRECTORY, RIGHTS_BELOW, true },
		{ "dir", RIGHTS_DIRECTORY, RIGHTS_DIRECTORY, false },
		{ "dir", RIGHT(FILE_OPEN), RIGHTS_BELOW, false },
	};
	struct puppet *p = &self->puppet;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct opening how = { .base = rows[i].base,
				       .inheriting = rows[i].inheriting };
		struct answer a = call_file_open(p, DIR_FD, P(rows[i].path),
						 &how);

		ASSERT_OK(a);
		EXPECT_EQ(rows[i].native, is_native(p, a.value));
	}
}

/* --- Whatever a program does ----------------------------------------------- */

#define DESCRIPTORS 24
#define STEPS 1500

/**
 * struct known - a descriptor, and what is known of it
 * @fd: its number
 * @base: its rights
 * @inheriting: those that it can give
 * @is_directory: whether paths can start at it
 */
struct known {
	uint32_t fd;
	uint64_t base;
	uint64_t inheriting;
	bool is_directory;
};

static uint64_t random_state;

static uint64_t random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Some of @most, or now and then anything. */
static uint64_t random_rights(uint64_t most)
{
	switch (random_number() % 8) {
	case 0:
		return random_number() & ALL;
	case 1:
		return most;
	case 2:
		return random_number() % 64 ? most & random_number() :
					      random_number();
	default:
		return most & (random_number() | random_number());
	}
}

static uint64_t needed_inheriting(const struct opening *how)
{
	uint64_t need = how->base | how->inheriting;

	if (how->oflags & CLOUDABI_O_TRUNC)
		need |= RIGHT(FILE_STAT_FPUT_SIZE);
	if (how->fdflags & CLOUDABI_FDFLAG_DSYNC)
		need |= RIGHT(FD_DATASYNC);
	if (how->fdflags & (CLOUDABI_FDFLAG_SYNC | CLOUDABI_FDFLAG_RSYNC))
		need |= RIGHT(FD_SYNC);
	if (how->base & WRITING && !(how->oflags & CLOUDABI_O_TRUNC) &&
	    !(how->fdflags & CLOUDABI_FDFLAG_APPEND))
		need |= RIGHT(FD_SEEK);
	return need;
}

/* Opens something at random; returns whether all was as it must be. */
static bool open_at_random(struct puppet *p, const struct known *from,
			   struct known *to)
{
	static const char *const paths[] = { "reg", "dir/reg", ".", "dir",
					     "dir/sub" };
	unsigned int which = random_number() % ARRAY_SIZE(paths);
	struct opening how = {
		.base = random_rights(from->inheriting),
		.inheriting = random_rights(from->inheriting),
		.fdflags = random_number() & 0x1f,
	};
	bool directory = which >= 2, capable;
	uint64_t max = directory ? RIGHTS_DIRECTORY : REGULAR, need;
	struct answer a;

	if (!directory && random_number() % 4 == 0)
		how.oflags = CLOUDABI_O_CREAT;
	if (!directory && random_number() % 4 == 0)
		how.oflags |= CLOUDABI_O_TRUNC;
	/* Directories are not opened for writing. */
	if (directory)
		how.base &= ~WRITING;
	need = RIGHT(FILE_OPEN);
	if (how.oflags & CLOUDABI_O_CREAT)
		need |= RIGHT(FILE_CREATE_FILE);
	capable = !(need & ~from->base) &&
		  !(needed_inheriting(&how) & ~from->inheriting);
	a = call_file_open(p, from->fd, P(paths[which]), &how);
	if (!capable)
		return a.error == CLOUDABI_ENOTCAPABLE;
	/* Not every path is there at every start. */
	if (a.error == CLOUDABI_ENOENT)
		return true;
	if (a.error)
		return false;
	to->fd = a.value;
	to->is_directory = directory;
	rights_of(p, to->fd, &to->base, &to->inheriting);
	max &= ~lost(how.base);
	return to->base == (how.base & max) &&
	       to->inheriting == (how.inheriting &
				  (directory ? RIGHTS_BELOW : 0)) &&
	       !((to->base | to->inheriting) & ~from->inheriting);
}

static bool narrow_at_random(struct puppet *p, struct known *k)
{
	uint64_t base = random_rights(k->base);
	uint64_t inheriting = random_rights(k->inheriting), now_base, now_inh;
	bool less = !(base & ~k->base) && !(inheriting & ~k->inheriting);
	struct answer a = put_rights(p, k->fd, base, inheriting);

	if (a.error != (less ? 0 : CLOUDABI_ENOTCAPABLE))
		return false;
	if (less) {
		k->base = base;
		k->inheriting = inheriting;
	}
	rights_of(p, k->fd, &now_base, &now_inh);
	return now_base == k->base && now_inh == k->inheriting;
}

/* Rights go down from parents to children, and never up. */
TEST_F_TIMEOUT(rights, at_random, LIMIT)
{
	struct known known[DESCRIPTORS] = {
		{ DIR_FD, RIGHTS_DIRECTORY, RIGHTS_BELOW, true },
	};
	const char *seed = getenv("SEED");
	struct puppet *p = &self->puppet;
	unsigned int n = 1;

	random_state = seed ? strtoull(seed, NULL, 0) : time(NULL);
	printf("# SEED=%llu\n", (long long)random_state);
	for (unsigned int step = 0; step < STEPS; step++) {
		struct known *from = &known[random_number() % n], to = {};
		uint64_t what = random_number() % 8;
		bool right;

		if (what < 5 && from->is_directory) {
			right = open_at_random(p, from, &to);
		} else if (what == 5) {
			to = *from;
			to.fd = call_fd_dup(p, from->fd).value;
			right = to.fd;
		} else {
			/* The first one stays what it is. */
			if (from == known)
				continue;
			right = narrow_at_random(p, from);
		}
		if (!right)
			printf("# step %u from %#llx, %#llx to %#llx, %#llx\n",
			       step, (long long)from->base,
			       (long long)from->inheriting, (long long)to.base,
			       (long long)to.inheriting);
		ASSERT_TRUE(right);
		if (!to.fd)
			continue;
		if (n < DESCRIPTORS) {
			known[n++] = to;
			continue;
		}
		from = &known[1 + random_number() % (n - 1)];
		call_fd_close(p, from->fd);
		*from = to;
	}
}

TEST_HARNESS_MAIN
