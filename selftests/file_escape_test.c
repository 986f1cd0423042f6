// SPDX-License-Identifier: GPL-2.0
/*
 * Paths that lead out of the directory they start at.
 *
 * There is an inside, which a CloudABI process has a descriptor of, and an
 * outside, which it has not. Every way in which a path gets into a call is tried
 * with every shape of path that leads out. The answer must be the same whatever
 * is out there, and nothing out there may change, not even a time of access.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "paths.h"

#include "kselftest_harness.h"

#define LIMIT 600

#define WORLD "/tmp/world"
#define IN WORLD "/inside/"
#define OUT WORLD "/outside/"

/* Descriptors of the puppet. */
#define INSIDE 3
#define WORK 4

/* What may be the target outside: a file, a directory ... and nothing. */
static const char *const targets[] = {
	"nothing", "secret", "dir", "fifo", "hidden/x", "link", "dir/nothing",
};

static void make_outside(void)
{
	make_directory(WORLD "/outside");
	make_file(OUT "secret", "secret");
	make_directory(OUT "dir");
	make_file(OUT "dir/file", "secret");
	must(!mkfifo(OUT "fifo", 0666), "mkfifo", OUT);
	make_directory(OUT "hidden");
	make_file(OUT "hidden/x", "secret");
	must(!chmod(OUT "hidden", 0), "chmod", OUT "hidden");
	make_link("secret", OUT "link");
	make_directory(WORLD "/shared");
	make_file(WORLD "/shared/file", "shared");
	make_link("../../outside", WORLD "/shared/up");
	must(!chmod(WORLD, 0755), "chmod", WORLD);
}

static void make_inside(void)
{
	make_file(IN "file", "inside");
	make_directory(IN "dir");
	make_directory(IN "dir/sub");
	make_file(IN "dir/file", "inside");
	make_file(IN "dir/sub/file", "inside");
	make_directory(IN "empty");
	make_link("file", IN "link");
	make_link("dir", IN "ldir");
	make_link("dir/..", IN "lup");
	make_directory(IN "mnt");
	make_directory(IN "bind");
	make_directory(IN "proc");
	make_file(WORLD "/work/source", "source");
}

static void make_mounts(void)
{
	mount_on(IN "mnt", "tmpfs", "mode=777,size=1m");
	make_file(IN "mnt/file", "mounted");
	make_link("../../outside", IN "mnt/up");
	must(!mount(WORLD "/shared", IN "bind", NULL, MS_BIND, NULL), "mount",
	     IN "bind");
	mount_on(IN "proc", "proc", NULL);
}

/**
 * struct escape - the world and who is confined in it
 * @puppet: the program
 * @inside: the directory that it may use
 * @outside: one beside it
 * @work: another one that it may use
 * @before: fingerprint of the outside
 * @complaints: how much went wrong
 */
struct escape {
	struct puppet puppet;
	int inside;
	int outside;
	int work;
	uint64_t before;
	unsigned int complaints;
};

FIXTURE(escape) {
	struct escape escape;
};

/* Links that lead out are made by the program itself: that is no secret. */
static const struct {
	const char *name;
	const char *contents;
} climbing[] = {
	{ "updir", ".." },
	{ "updir-", "../" },
	{ "updirs", "../../../.." },
	{ "absolute", "/" },
	{ "absdir", WORLD "/outside" },
	{ "reldir", "../outside" },
	{ "again", "updir/inside/.." },
	{ "chain1", "chain2" },
	{ "chain2", "./chain3/." },
	{ "chain3", "dir/sub/../../.." },
	{ "dir/climb", "../.." },
	{ "dir/sub/climb", "../climb" },
	{ "here", "../inside" },
	{ "abshere", WORLD "/inside" },
};

static bool prepare_links(struct puppet *puppet)
{
	bool done = true;

	for (size_t i = 0; i < ARRAY_SIZE(climbing); i++)
		done &= !call_file_symlink(puppet, P(climbing[i].contents),
					   INSIDE, P(climbing[i].name)).error;
	/* Those that are the whole way to a target. */
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		char target[32], *slash;

		strcpy(target, targets[i]);
		slash = strchr(target, '/');
		if (slash)
			*slash = '-';
		done &= !call_file_symlink(puppet,
					   P(form(OUT "%s", targets[i])),
					   INSIDE, P(form("abs-%s", target)))
				 .error;
		done &= !call_file_symlink(puppet,
					   P(form("../outside/%s", targets[i])),
					   INSIDE, P(form("rel-%s", target)))
				 .error;
		done &= !call_file_symlink(puppet,
					   P(form("reldir/%s", targets[i])),
					   INSIDE, P(form("via-%s", target)))
				 .error;
		done &= !call_file_symlink(puppet, P(form("rel-%s", target)),
					   INSIDE, P(form("to-%s", target)))
				 .error;
	}
	return done;
}

static void open_world(struct escape *e)
{
	new_world(WORLD);
	make_directory(WORLD "/inside");
	make_directory(WORLD "/work");
	make_outside();
	e->inside = open_directory(WORLD "/inside");
	e->outside = open_directory(WORLD "/outside");
	e->work = open_directory(WORLD "/work");
}

/* Everything inside as it was at the beginning. */
static bool renew(struct escape *e)
{
	umount2(IN "mnt", MNT_DETACH);
	umount2(IN "bind", MNT_DETACH);
	umount2(IN "proc", MNT_DETACH);
	empty_directory(e->inside);
	empty_directory(e->work);
	make_inside();
	make_mounts();
	return prepare_links(&e->puppet);
}

static int become_nobody(void *data)
{
	return setgid(65534) || setuid(65534);
}

FIXTURE_VARIANT(escape) {
	int (*prepare)(void *data);
};

FIXTURE_VARIANT_ADD(escape, root) {
	.prepare = NULL,
};

/* Who may not look at a part of the outside could tell that it is there. */
FIXTURE_VARIANT_ADD(escape, nobody) {
	.prepare = become_nobody,
};

FIXTURE_SETUP(escape)
{
	struct escape *e = &self->escape;

	memset(e, 0, sizeof(*e));
	ASSERT_LE(0, puppet_program());
	open_world(e);
	ASSERT_EQ(0, fchmod(e->inside, 0777));
	ASSERT_EQ(0, fchmod(e->work, 0777));
	ASSERT_EQ(0, puppet_start(&e->puppet,
				  (int[]){ e->inside, e->work }, 2,
				  variant->prepare, NULL));
	ASSERT_TRUE(renew(e));
	e->before = fingerprint(e->outside);
}

FIXTURE_TEARDOWN(escape)
{
	struct escape *e = &self->escape;

	puppet_stop(&e->puppet);
}

/* The same call again and again must not fill the table of descriptors. */
static void forget(struct escape *e, enum way way,
		   const struct answer *a)
{
	if (!a->error && ways[way].flags & OPENS)
		call_fd_close(&e->puppet, a->value);
}

/* Tells what is wrong, a few times at most. */
static bool is_right(struct escape *e, bool right, enum way way,
		     const char *path, const struct answer *a, const char *want)
{
	if (!right && e->complaints++ < 20)
		printf("# %s \"%s\": %s, not %s\n", ways[way].name, path,
		       answer_name(a->error), want);
	return right;
}

static bool outside_is_untouched(struct escape *e, const char *path)
{
	if (fingerprint(e->outside) == e->before)
		return true;
	printf("# \"%s\": something happened outside\n", path);
	e->before = fingerprint(e->outside);
	return false;
}

/* Whether a path is refused, whatever is done with it. */
static bool confined(struct escape *e, uint32_t fd, const char *path)
{
	struct answer answers[NR_WAYS];
	bool right = true;

	puppet_record(&e->puppet);
	for (enum way way = 0; way < NR_WAYS; way++)
		try_way(&e->puppet, way, fd, P(path), WORK);
	puppet_play(&e->puppet, answers);
	for (enum way way = 0; way < NR_WAYS; way++) {
		right &= is_right(e,
				  answers[way].error == CLOUDABI_ENOTCAPABLE,
				  way, path, &answers[way], "ENOTCAPABLE");
		forget(e, way, &answers[way]);
	}
	return right;
}

static bool refused(struct escape *e, const char *path)
{
	bool right = confined(e, INSIDE, path);

	if (!right)
		renew(e);
	return outside_is_untouched(e, path) && right;
}

/* A shape has one %s in it, for the target, or none. */
static bool shape_is_refused(struct escape *e, const char *shape)
{
	bool right = true;

	if (!strstr(shape, "%s"))
		return refused(e, shape);
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		char path[512];

		/* The one place where a path is made from a variable. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(path, sizeof(path), shape, targets[i]);
#pragma GCC diagnostic pop
		right &= refused(e, path);
	}
	return right;
}

/* --- Shapes --------------------------------------------------------------- */

/* Ways to where one was before. */
static const char *const detours[] = {
	"", "./", ".//./", "dir/../", "dir/sub/../../", "dir/./..//", "ldir/../",
	"lup/", "empty/../dir/../", "mnt/../", "bind/../", "proc/self/../../",
};

/* What is behind them. */
static const char *const climbs[] = {
	"..", "../", "../.", "..//", "../..", "../../../..", "../inside",
	"../inside/..", "../outside", "../outside/%s", "../outside/%s/",
	"../outside/%s/..", "../outside/./%s", "..//outside//%s",
	"../outside/dir/../%s", "../inside/../outside/%s",
};

TEST_F_TIMEOUT(escape, climbing, LIMIT)
{
	struct escape *e = &self->escape;
	unsigned int shapes = 0;
	char shape[256];

	for (size_t i = 0; i < ARRAY_SIZE(detours); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(climbs); j++) {
			/* Not all targets behind all detours. */
			if (strchr(climbs[j], '%') && (i + j) % 3)
				continue;
			strcpy(shape, detours[i]);
			strcat(shape, climbs[j]);
			EXPECT_TRUE(shape_is_refused(e, shape));
			shapes++;
		}
	}
	printf("# %u shapes\n", shapes);
	EXPECT_LE(120, shapes);
}

/* Behind a link that leads out, whatever follows. */
TEST_F_TIMEOUT(escape, through_links, LIMIT)
{
	struct escape *e = &self->escape;
	static const char *const links[] = {
		"updir", "updir-", "updirs", "absolute", "absdir", "reldir",
		"again", "chain1", "chain2", "chain3", "dir/climb",
		"dir/sub/climb", "here", "abshere", "mnt/up", "bind/up",
		"dir/../updir", "ldir/climb", "lup/reldir", "link/../updir",
	};
	static const char *const rests[] = {
		"/.", "/..", "//./", "/%s", "/outside/%s", "/outside/%s/",
		"/inside/file",
	};
	unsigned int shapes = 0;
	char shape[256];

	for (size_t i = 0; i + 1 < ARRAY_SIZE(links); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(rests); j++) {
			if (strchr(rests[j], '%') && (i + j) % 2)
				continue;
			strcpy(shape, links[i]);
			strcat(shape, rests[j]);
			EXPECT_TRUE(shape_is_refused(e, shape));
			shapes++;
		}
	}
	printf("# %u shapes\n", shapes);
	EXPECT_LE(90, shapes);
}

TEST_F_TIMEOUT(escape, absolute, LIMIT)
{
	struct escape *e = &self->escape;
	static const char *const shapes[] = {
		"/", "//", "/.", "/..", "///tmp", WORLD, IN, IN "file",
		IN "dir/..", OUT "%s", OUT "%s/", "/" OUT "%s", "/%s",
		"/proc/self/cwd", "/dev/null",
	};

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		EXPECT_TRUE(shape_is_refused(e, shapes[i]));
}

/* --- Links at the end of a path ------------------------------------------- */

/*
 * A link that leads out is an object inside. What a call does that does not
 * follow it, it does to the link.
 */
static int at_the_end(enum way way, bool slash)
{
	switch (way) {
	case CREATE:
	case LINK_TO:
	case OPEN_EXCLUSIVE:
	case SYMLINK:
		if (way == OPEN_EXCLUSIVE && slash)
			return CLOUDABI_EISDIR;
		return CLOUDABI_EEXIST;
	case OPEN:
	case OPEN_DIRECTORY:
		return slash ? CLOUDABI_ENOTCAPABLE : CLOUDABI_ELOOP;
	case OPEN_CREATE:
		return slash ? CLOUDABI_EISDIR : CLOUDABI_ELOOP;
	case OPEN_CREATE_FOLLOW:
		return slash ? CLOUDABI_EISDIR : CLOUDABI_ENOTCAPABLE;
	case RENAME_FROM:
	case RENAME_TO:
		return slash ? CLOUDABI_ENOTDIR : 0;
	case RMDIR:
		return slash ? CLOUDABI_ENOTCAPABLE : CLOUDABI_ENOTDIR;
	case LINK_FROM:
	case READLINK:
	case STAT:
	case TIMES:
	case UNLINK:
		return slash ? CLOUDABI_ENOTCAPABLE : 0;
	default:
		return CLOUDABI_ENOTCAPABLE;
	}
}

/* Puts a link back, and what it was linked or renamed to. */
static bool renew_link(struct escape *e, const char *path,
		       const char *contents)
{
	unlinkat(e->work, WORK_MADE, 0);
	make_file(WORLD "/work/" WORK_SOURCE, "source");
	unlinkat(e->inside, path, 0);
	return !call_file_symlink(&e->puppet, P(contents), INSIDE, P(path))
			.error;
}

/* Tries a link with some slashes behind it. */
static bool link_is_an_object(struct escape *e, const char *link,
			      const char *slashes)
{
	const char *path = form("%s%s", link, slashes);
	char contents[256] = "";
	bool right = true;

	must(readlinkat(e->inside, link, contents, sizeof(contents)) > 0,
	     "readlink", link);
	for (enum way way = 0; way < NR_WAYS; way++) {
		int want = at_the_end(way, *slashes);
		struct answer a = try_way(&e->puppet, way, INSIDE, P(path),
					  WORK);

		right &= is_right(e, a.error == want, way, path, &a,
				  answer_name(want));
		forget(e, way, &a);
		if (!a.error)
			right &= renew_link(e, link, contents);
	}
	return outside_is_untouched(e, path) && right;
}

TEST_F_TIMEOUT(escape, links_at_the_end, LIMIT)
{
	struct escape *e = &self->escape;
	static const char *const kinds[] = { "abs", "rel", "via", "to" };
	static const char *const others[] = {
		"updir", "absolute", "absdir", "reldir", "again", "chain1",
		"dir/climb", "here", "abshere", "mnt/../dir/../updirs",
	};

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		const char *target = targets[i], *link;

		if (strchr(target, '/'))
			target = strcmp(target, "hidden/x") ? "dir-nothing" :
							      "hidden-x";
		for (size_t j = 0; j < ARRAY_SIZE(kinds); j++) {
			link = form("%s-%s", kinds[j], target);
			EXPECT_TRUE(link_is_an_object(e, link, ""));
			EXPECT_TRUE(link_is_an_object(e, link, "/"));
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		EXPECT_TRUE(link_is_an_object(e, others[i], ""));
		EXPECT_TRUE(link_is_an_object(e, others[i], "/"));
		EXPECT_TRUE(link_is_an_object(e, others[i], "//"));
	}
}

/* --- What stays inside ---------------------------------------------------- */

TEST_F(escape, staying_inside_is_fine)
{
	struct escape *e = &self->escape;
	static const char *const fine[] = {
		"file", "./file", "dir/../file", "dir/sub/../../file",
		"lup/file", "lup/dir/sub/../../file", "ldir/../file", "link",
		"mnt/../file", "mnt/file", "bind/file", "bind/../file",
		"empty/..//./dir/..//file", "proc/self/../../file",
	};
	static const char *const start[] = {
		".", "./", "dir/..", "dir/../", "lup", "lup/", "lup/.",
		"mnt/..", "bind/..",
	};
	cloudabi_filestat_t stat;
	struct stat native;

	for (size_t i = 0; i < ARRAY_SIZE(fine); i++) {
		EXPECT_OK(call_file_stat_get(&e->puppet, INSIDE, FOLLOW,
					     P(fine[i]), &stat));
		EXPECT_EQ(0, fstatat(e->inside, fine[i], &native, 0));
		EXPECT_EQ(native.st_ino, stat.st_ino);
		EXPECT_EQ(native.st_dev, stat.st_dev);
	}
	EXPECT_EQ(0, fstat(e->inside, &native));
	for (size_t i = 0; i < ARRAY_SIZE(start); i++) {
		EXPECT_OK(call_file_stat_get(&e->puppet, INSIDE, FOLLOW,
					     P(start[i]), &stat));
		EXPECT_EQ(native.st_ino, stat.st_ino);
	}
}

/* --- Magic links ---------------------------------------------------------- */

/* Links in /proc that are no text but an object: they lead anywhere. */
TEST_F_TIMEOUT(escape, magic_links, LIMIT)
{
	struct escape *e = &self->escape;
	static const char *const shapes[] = {
		"proc/self/root", "proc/self/cwd", "proc/self/exe",
		"proc/self/fd/0", "proc/self/fd/2", "proc/self/fd/3",
		"proc/self/fd/4", "proc/self/ns/mnt", "proc/self/ns/net",
		"proc/thread-self/root", "proc/thread-self/fd/3",
	};
	static const char *const rests[] = { "/.", "/..", "/tmp", "/%s" };
	static const enum way following[] = {
		OPEN_FOLLOW, OPEN_WRITE, OPEN_TRUNCATE, OPEN_CREATE_FOLLOW,
		STAT_FOLLOW, TIMES_FOLLOW, LINK_FROM_FOLLOW,
	};
	char shape[256];

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(following);
		     j++) {
			struct answer a = try_way(&e->puppet, following[j],
						  INSIDE, P(shapes[i]), WORK);

			EXPECT_TRUE(is_right(e,
					     a.error == CLOUDABI_ENOTCAPABLE,
					     following[j], shapes[i], &a,
					     "ENOTCAPABLE"));
			forget(e, following[j], &a);
		}
		for (size_t j = 0; j < ARRAY_SIZE(rests); j++) {
			strcpy(shape, shapes[i]);
			strcat(shape, rests[j]);
			EXPECT_TRUE(shape_is_refused(e, shape));
		}
	}
}

/* /proc/self is who opens it. */
static int open_own(void *data)
{
	int fd = open(data, O_RDONLY | O_DIRECTORY);

	return fd < 0 || dup2(fd, INSIDE) < 0 ? -1 : 0;
}

/* The same, by descriptors of the directories that they are in. */
TEST_F_TIMEOUT(escape, magic_links_handed_in, LIMIT)
{
	struct escape *e = &self->escape;
	static const struct {
		const char *dir;
		const char *name;
	} links[] = {
		{ "/proc/self", "root" }, { "/proc/self", "cwd" },
		{ "/proc/self", "exe" }, { "/proc/self", "fd/0" },
		{ "/proc/self", "fd/3" }, { "/proc/self", "ns/mnt" },
		{ "/proc/self/fd", "0" }, { "/proc/self/fd", "3" },
		{ "/proc/self/fd", "4" }, { "/proc/self/ns", "mnt" },
		{ "/proc/self/ns", "user" }, { "/proc/self/ns", "pid" },
		{ "/proc/thread-self", "root" }, { "/proc", "self/root" },
		{ "/proc", "1/root" }, { "/proc", "1/cwd" },
		{ "/proc", "thread-self/cwd" },
	};
	struct puppet puppet;

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		const char *name = links[i].name;
		const char *path = form("%s/..", name);
		struct answer a;

		ASSERT_EQ(0, puppet_start(&puppet,
					  (int[]){ e->inside, e->work },
					  2, open_own, (void *)links[i].dir));
		for (enum way way = 0; way < NR_WAYS; way++) {
			a = try_way(&puppet, way, INSIDE, P(path), WORK);
			EXPECT_TRUE(is_right(e,
					     a.error == CLOUDABI_ENOTCAPABLE,
					     way, path, &a, "ENOTCAPABLE"));
			if (!(ways[way].flags & FOLLOWS))
				continue;
			a = try_way(&puppet, way, INSIDE, P(name), WORK);
			EXPECT_TRUE(is_right(e,
					     a.error == CLOUDABI_ENOTCAPABLE,
					     way, name, &a, "ENOTCAPABLE"));
		}
		/* That they are there is no secret, nor what they say. */
		EXPECT_OK(try_way(&puppet, READLINK, INSIDE, P(name), WORK));
		puppet_stop(&puppet);
	}
}

/* --- When directories move ------------------------------------------------ */

static uint32_t open_below(struct escape *e, const char *path)
{
	struct opening how = {
		.base = RIGHTS_DIRECTORY,
		.inheriting = RIGHTS_BELOW,
		.oflags = CLOUDABI_O_DIRECTORY,
	};
	struct answer a = call_file_open(&e->puppet, INSIDE, P(path), &how);

	return a.error ? CLOSED_FD : a.value;
}

TEST_F_TIMEOUT(escape, moved_directories, LIMIT)
{
	struct escape *e = &self->escape;
	cloudabi_filestat_t stat;
	uint32_t fd = open_below(e, "dir");

	ASSERT_NE(CLOSED_FD, fd);
	EXPECT_TRUE(confined(e, fd, ".."));
	/* A directory that moves takes its descriptors along, no more. */
	ASSERT_EQ(0, rename(IN "dir", OUT "moved"));
	e->before = fingerprint(e->outside);
	EXPECT_TRUE(confined(e, fd, ".."));
	EXPECT_TRUE(confined(e, fd, "sub/../.."));
	EXPECT_TRUE(confined(e, fd, "../secret"));
	EXPECT_TRUE(confined(e, fd, "climb/."));
	EXPECT_OK(call_file_stat_get(&e->puppet, fd, 0, P("file"), &stat));
	EXPECT_ERRNO(CLOUDABI_ENOENT,
		     call_file_stat_get(&e->puppet, INSIDE, 0,
					P("dir/file"), &stat));
	/* The start itself moves, within what it was in and out of it. */
	ASSERT_EQ(0, rename(WORLD "/inside", WORLD "/shared/inside"));
	EXPECT_TRUE(confined(e, INSIDE, ".."));
	EXPECT_TRUE(confined(e, INSIDE, "empty/../.."));
	EXPECT_TRUE(confined(e, INSIDE, "updir/inside"));
	EXPECT_OK(call_file_stat_get(&e->puppet, INSIDE, 0, P("file"),
				     &stat));
}

TEST_F_TIMEOUT(escape, removed_directory, LIMIT)
{
	struct escape *e = &self->escape;
	uint32_t fd = open_below(e, "empty");

	ASSERT_NE(CLOSED_FD, fd);
	ASSERT_EQ(0, rmdir(IN "empty"));
	EXPECT_TRUE(confined(e, fd, ".."));
	EXPECT_TRUE(confined(e, fd, "../file"));
	for (enum way way = 0; way < NR_WAYS; way++) {
		struct answer a = try_way(&e->puppet, way, fd, P("new"),
					  WORK);

		EXPECT_TRUE(is_right(e, a.error == CLOUDABI_ENOENT, way,
				     "new", &a, "ENOENT"));
	}
}

/* What is mounted over the start is beneath it; above is as far as ever. */
TEST_F_TIMEOUT(escape, mounted_over, LIMIT)
{
	struct escape *e = &self->escape;

	mount_on(WORLD "/inside", "tmpfs", "mode=777,size=1m");
	make_link("..", IN "top");
	EXPECT_TRUE(confined(e, INSIDE, ".."));
	EXPECT_TRUE(confined(e, INSIDE, "dir/../.."));
	EXPECT_TRUE(confined(e, INSIDE, "dir/../../outside/secret"));
	EXPECT_TRUE(confined(e, INSIDE, "dir/../top/."));
	EXPECT_TRUE(outside_is_untouched(e, "mounted over"));
}

/* Where the start is in a mount that was taken away, or moved out of its root. */
TEST_F_TIMEOUT(escape, lost_mounts, LIMIT)
{
	struct escape *e = &self->escape;
	uint32_t mnt = open_below(e, "mnt"), bind = open_below(e, "bind");
	struct stat native;
	cloudabi_filestat_t stat;

	ASSERT_NE(CLOSED_FD, mnt);
	ASSERT_NE(CLOSED_FD, bind);
	EXPECT_TRUE(confined(e, mnt, ".."));
	EXPECT_TRUE(confined(e, mnt, "up/secret"));
	EXPECT_TRUE(confined(e, bind, ".."));
	ASSERT_EQ(0, umount2(IN "mnt", MNT_DETACH));
	EXPECT_TRUE(confined(e, mnt, ".."));
	EXPECT_TRUE(confined(e, mnt, "up/secret"));
	EXPECT_OK(call_file_stat_get(&e->puppet, mnt, 0, P("file"), &stat));
	/* The mount shows a directory that has moved to the outside. */
	ASSERT_EQ(0, rename(WORLD "/shared", OUT "shared"));
	EXPECT_TRUE(confined(e, bind, ".."));
	EXPECT_TRUE(confined(e, bind, "../secret"));
	EXPECT_TRUE(confined(e, INSIDE, "bind/../.."));
	EXPECT_OK(call_file_stat_get(&e->puppet, INSIDE, 0, P("bind/.."),
				     &stat));
	ASSERT_EQ(0, fstat(e->inside, &native));
	EXPECT_EQ(native.st_ino, stat.st_ino);
}

TEST_HARNESS_MAIN
