// SPDX-License-Identifier: GPL-2.0
/*
 * Reading directories: what is told is what a native process reads, whatever the
 * buffer's length, from whatever cookie, on several file systems.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "paths.h"

#include "disk.h"
#include "kselftest_harness.h"
#include "slow.h"

#define LIMIT 600

#define WORLD "/tmp/world"
#define LIST WORLD "/list"

/* Descriptors of the puppet. */
#define LIST_FD 3
#define OTHER_FD 4
#define PARENT_FD 5

#define HEADER sizeof(cloudabi_dirent_t)

/* More than fit a block of any file system, with names of all lengths. */
#define ENTRIES 300

struct entry {
	uint64_t cookie;
	uint64_t ino;
	uint8_t type;
	uint32_t length;
	char name[256];
};

struct listing {
	struct entry entry[ENTRIES + 3];
	unsigned int n;
};

FIXTURE(readdir) {
	struct puppet puppet;
	int list;
	int parent;
	struct listing native;
};

FIXTURE_VARIANT(readdir) {
	const char *type;
};

FIXTURE_VARIANT_ADD(readdir, tmpfs) { .type = "tmpfs" };
FIXTURE_VARIANT_ADD(readdir, ramfs) { .type = "ramfs" };
FIXTURE_VARIANT_ADD(readdir, overlay) { .type = "overlay" };
/* Its cookies are hashes of names. */
FIXTURE_VARIANT_ADD(readdir, ext4) { .type = "ext4" };

/* --- File systems ---------------------------------------------------------- */

static int mount_overlay(const char *where)
{
	static const char *const dirs[] = { "/lower", "/upper", "/todo" };

	if (system("modprobe -q overlay; grep -qw overlay /proc/filesystems"))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		make_directory(form(WORLD "%s", dirs[i]));
	/* Some entries are below, some of them covered. */
	for (int i = 0; i < 20; i++)
		make_file(form(WORLD "/lower/low%d", i), "");
	make_file(WORLD "/upper/low3", "");
	must(!mknod(WORLD "/upper/low4", S_IFCHR, 0), "mknod", "whiteout");
	return mount("overlay", where, "overlay", 0,
		     "lowerdir=" WORLD "/lower,upperdir=" WORLD
		     "/upper,workdir=" WORLD "/todo");
}

static int mount_type(const char *type, const char *where)
{
	if (!strcmp(type, "overlay"))
		return mount_overlay(where);
	if (!strcmp(type, "ext4")) {
		if (!has_file_system(type))
			return -1;
		must(mount_disk(where, "noatime"), "mount", type);
		return 0;
	}
	return mount(type, where, type, 0,
		     !strcmp(type, "tmpfs") ? "size=64m" : NULL);
}

static void make_entries(void)
{
	char name[256];

	for (int i = 0; i < ENTRIES - 40; i++) {
		memset(name, 'a' + i % 26, sizeof(name));
		name[1 + i * 7 % 40] = 0;
		strcat(name, form("%d", i));
		switch (i % 5) {
		case 0:
			make_directory(form(LIST "/%s", name));
			break;
		case 1:
			make_link("x", form(LIST "/%s", name));
			break;
		case 2:
			must(!mkfifo(form(LIST "/%s", name), 0600), "mkfifo",
			     name);
			break;
		default:
			make_file(form(LIST "/%s", name), "");
		}
	}
	memset(name, 'z', sizeof(name));
	name[255] = 0;
	make_file(form(LIST "/%s", name), "");
	must(!mknod(LIST "/socket", S_IFSOCK, 0), "mknod", "socket");
	must(!mknod(LIST "/char", S_IFCHR, 0x103), "mknod", "char");
	must(!mknod(LIST "/block", S_IFBLK, 0x707), "mknod", "block");
}

/* --- What is there --------------------------------------------------------- */

struct linux_dirent64 {
	uint64_t d_ino;
	int64_t d_off;
	unsigned short d_reclen;
	unsigned char d_type;
	char d_name[];
};

static uint8_t type_of(unsigned char type)
{
	switch (type) {
	case DT_DIR:
		return CLOUDABI_FILETYPE_DIRECTORY;
	case DT_REG:
		return CLOUDABI_FILETYPE_REGULAR_FILE;
	case DT_LNK:
		return CLOUDABI_FILETYPE_SYMBOLIC_LINK;
	case DT_FIFO:
	case DT_SOCK:
		return CLOUDABI_FILETYPE_SOCKET_STREAM;
	case DT_CHR:
		return CLOUDABI_FILETYPE_CHARACTER_DEVICE;
	case DT_BLK:
		return CLOUDABI_FILETYPE_BLOCK_DEVICE;
	default:
		return CLOUDABI_FILETYPE_UNKNOWN;
	}
}

static void note(struct listing *list, const struct linux_dirent64 *entry)
{
	struct entry *e = &list->entry[list->n++];

	memset(e, 0, sizeof(*e));
	e->cookie = entry->d_off;
	e->ino = entry->d_ino;
	e->type = type_of(entry->d_type);
	e->length = strlen(entry->d_name);
	memcpy(e->name, entry->d_name, e->length);
}

/* By an open file of its own. */
static void list_natively(const char *path, struct listing *list)
{
	static char buffer[65536];
	int fd = open_directory(path);
	long n, at;

	memset(list, 0, sizeof(*list));
	while ((n = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0) {
		for (at = 0; at < n;) {
			struct linux_dirent64 *entry = (void *)(buffer + at);

			must(list->n < ARRAY_SIZE(list->entry), "list", path);
			note(list, entry);
			at += entry->d_reclen;
		}
	}
	close(fd);
}

/*
 * Takes the entries out of what was filled in: whole ones, all of which are to
 * follow each other without a gap. Returns how many bytes they have.
 */
static size_t take(const uint8_t *bytes, size_t used, struct listing *list)
{
	cloudabi_dirent_t header;
	size_t at = 0;

	while (used - at >= HEADER) {
		struct entry *e = &list->entry[list->n];

		memcpy(&header, bytes + at, HEADER);
		if (header.d_namlen > used - at - HEADER ||
		    header.d_namlen > 255 ||
		    list->n == ARRAY_SIZE(list->entry))
			break;
		memset(e, 0, sizeof(*e));
		e->cookie = header.d_next;
		e->ino = header.d_ino;
		e->type = header.d_type;
		e->length = header.d_namlen;
		memcpy(e->name, bytes + at + HEADER, e->length);
		at += HEADER + e->length;
		list->n++;
	}
	return at;
}

static bool same_entry(const struct entry *a, const struct entry *b)
{
	return a->cookie == b->cookie && a->ino == b->ino &&
	       a->type == b->type && a->length == b->length &&
	       !memcmp(a->name, b->name, sizeof(a->name));
}

static bool same(const struct listing *a, const struct listing *b)
{
	if (a->n != b->n) {
		printf("# %u entries, not %u\n", a->n, b->n);
		return false;
	}
	for (unsigned int i = 0; i < a->n; i++) {
		if (same_entry(&a->entry[i], &b->entry[i]))
			continue;
		printf("# entry %u: \"%s\" cookie %llx, not \"%s\" %llx\n", i,
		       a->entry[i].name, (long long)a->entry[i].cookie,
		       b->entry[i].name, (long long)b->entry[i].cookie);
		return false;
	}
	return true;
}

/* As the C library does it: from the cookie of the last whole entry on. */
static bool list_by(struct puppet *p, uint32_t fd, size_t size,
		    struct listing *list)
{
	uint64_t cookie = 0;
	struct answer a;
	unsigned int before;

	memset(list, 0, sizeof(*list));
	do {
		a = call_file_readdir(p, fd, size, cookie);
		if (a.error)
			return false;
		before = list->n;
		take(puppet_seen(p, BUFFER, size), a.value, list);
		if (list->n > before)
			cookie = list->entry[list->n - 1].cookie;
		else if (a.value == size)
			return false;
	} while (a.value == size);
	return true;
}

FIXTURE_SETUP(readdir)
{
	int other;

	ASSERT_LE(0, puppet_program());
	new_world(WORLD);
	make_directory(LIST);
	if (mount_type(variant->type, LIST))
		return;
	make_entries();
	self->list = open_directory(LIST);
	self->parent = open_directory(WORLD);
	other = open_directory(LIST);
	list_natively(LIST, &self->native);
	ASSERT_EQ(0, puppet_start(&self->puppet,
				  (int[]){ self->list, other, self->parent }, 3,
				  NULL, NULL));
	close(other);
}

FIXTURE_TEARDOWN(readdir)
{
	if (self->puppet.memory)
		puppet_stop(&self->puppet);
}

/* --- Tests ----------------------------------------------------------------- */

/* One descriptor is shared with the test, one belongs to the puppet alone. */
static const uint32_t both[] = { LIST_FD, OTHER_FD };

TEST_F_TIMEOUT(readdir, same_as_native, LIMIT)
{
	static const size_t sizes[] = {
		HEADER + 255, 300, 512, 1000, 4096, 65536, 1 << 20,
	};
	struct listing list;

	/* The harness cannot skip in a setup. */
	if (!self->puppet.memory)
		SKIP(return, "cannot be mounted here");
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(both); j++) {
			ASSERT_TRUE(list_by(&self->puppet, both[j], sizes[i],
					    &list));
			EXPECT_TRUE(same(&list, &self->native));
		}
	}
}

/*
 * Whatever the length, the buffer is full unless the directory ends, and what is
 * in it is the beginning of what a longer one has.
 */
TEST_F_TIMEOUT(readdir, every_length, LIMIT)
{
	static uint8_t whole[1 << 16];
	struct puppet *p = &self->puppet;
	size_t total, step = 1;
	struct answer a;

	/* The harness cannot skip in a setup. */
	if (!self->puppet.memory)
		SKIP(return, "cannot be mounted here");
	a = call_file_readdir(p, OTHER_FD, sizeof(whole), 0);
	ASSERT_OK(a);
	total = a.value;
	ASSERT_LT(total, sizeof(whole));
	memcpy(whole, puppet_seen(p, BUFFER, sizeof(whole)), total);
	for (size_t size = 0; size < total + 64; size += step) {
		for (size_t j = 0; j < ARRAY_SIZE(both); j++) {
			uint8_t *buffer = puppet_seen(p, BUFFER, size);

			memset(buffer - 8, '#', size + 8);
			a = call_file_readdir(p, both[j], size, 0);
			ASSERT_OK(a);
			ASSERT_EQ(size < total ? size : total, a.value);
			ASSERT_EQ(0, memcmp(buffer, whole, a.value));
			ASSERT_EQ(0, memcmp(buffer - 8, "########", 8));
			for (size_t k = a.value; k < size; k++)
				ASSERT_EQ('#', buffer[k]);
		}
		/* Each byte of some entries, and of the last ones. */
		step = size > 600 / slow() && size < total - 400 / slow() ?
			       37 : 1;
	}
}

static unsigned int next_random(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16 & 0x7fff;
}

/* From each cookie what follows it follows, in any order, by any descriptor. */
TEST_F_TIMEOUT(readdir, cookies, LIMIT)
{
	const struct listing *native = &self->native;
	struct puppet *p = &self->puppet, second = {};
	struct listing list;
	unsigned int seed = 1;
	struct answer a;
	struct puppet *who;

	/* The harness cannot skip in a setup. */
	if (!self->puppet.memory)
		SKIP(return, "cannot be mounted here");
	ASSERT_EQ(0, puppet_start(&second, (int[]){ self->list, self->list }, 2,
				  NULL, NULL));
	for (unsigned int i = 0; i < 3 * native->n; i++) {
		unsigned int at = next_random(&seed) % native->n;

		who = next_random(&seed) % 3 ? p : &second;
		a = call_file_readdir(who, both[next_random(&seed) % 2], 1000,
				      native->entry[at].cookie);
		ASSERT_OK(a);
		memset(&list, 0, sizeof(list));
		take(puppet_seen(who, BUFFER, 1000), a.value, &list);
		ASSERT_TRUE(at + list.n < native->n);
		if (at + list.n + 1 < native->n)
			ASSERT_EQ(1000, a.value);
		for (unsigned int k = 0; k < list.n; k++)
			ASSERT_TRUE(same_entry(&list.entry[k],
					       &native->entry[at + 1 + k]));
		/* No entry but the first one is at the beginning. */
		ASSERT_NE(0, native->entry[at].cookie);
	}
	puppet_stop(&second);
}

/* Several processes list the directory at once, by the same open file. */
TEST_F_TIMEOUT(readdir, at_once, LIMIT)
{
	struct puppet puppets[3] = {};
	struct listing list[3] = {}, native;
	uint64_t cookie[3] = {};
	unsigned int open = 3;
	bool done[3] = {};
	const size_t size = 400;

	/* The harness cannot skip in a setup. */
	if (!self->puppet.memory)
		SKIP(return, "cannot be mounted here");
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, puppet_start(&puppets[i], (int[]){ self->list }, 1,
					  NULL, NULL));
	lseek(self->list, 0, SEEK_SET);
	while (open) {
		for (int i = 0; i < 3; i++) {
			uint64_t to = puppet_there(&puppets[i], BUFFER, size);

			if (!done[i])
				puppet_begin(&puppets[i], NR_file_readdir,
					     PUPPET_ARGS(LIST_FD, to, size,
							 cookie[i]));
		}
		for (int i = 0; i < 3; i++) {
			struct answer a;

			if (done[i])
				continue;
			a = puppet_end(&puppets[i], PUPPET_PATIENCE);
			ASSERT_OK(a);
			take(puppet_seen(&puppets[i], BUFFER, size), a.value,
			     &list[i]);
			cookie[i] = list[i].entry[list[i].n - 1].cookie;
			done[i] = a.value < size;
			open -= done[i];
		}
		/* The offset that all of them share has not moved. */
		ASSERT_EQ(0, lseek(self->list, 0, SEEK_CUR));
	}
	list_natively(LIST, &native);
	for (int i = 0; i < 3; i++) {
		EXPECT_TRUE(same(&list[i], &native));
		puppet_stop(&puppets[i]);
	}
}

/* Native processes go on where they were. */
TEST_F_TIMEOUT(readdir, offset_of_others, LIMIT)
{
	static char buffer[65536];
	const struct listing *native = &self->native;
	struct linux_dirent64 *entry = (void *)buffer;
	struct listing list = {};
	struct answer a;
	long n;

	/* The harness cannot skip in a setup. */
	if (!self->puppet.memory)
		SKIP(return, "cannot be mounted here");
	lseek(self->list, 0, SEEK_SET);
	while ((n = syscall(SYS_getdents64, self->list, buffer, 300)) > 0) {
		for (long at = 0; at < n; at += entry->d_reclen) {
			entry = (void *)(buffer + at);
			note(&list, entry);
		}
		a = call_file_readdir(&self->puppet, LIST_FD, 700,
				      native->entry[list.n % native->n].cookie);
		ASSERT_OK(a);
	}
	EXPECT_EQ(0, n);
	EXPECT_TRUE(same(&list, native));
}

/* What was made since is there when reading begins anew. */
TEST_F_TIMEOUT(readdir, new_entries, LIMIT)
{
	struct listing list, native;

	/* The harness cannot skip in a setup. */
	if (!self->puppet.memory)
		SKIP(return, "cannot be mounted here");
	for (int i = 0; i < 5; i++) {
		for (size_t j = 0; j < ARRAY_SIZE(both); j++) {
			make_file(form(LIST "/new%d-%zu", i, j), "");
			list_natively(LIST, &native);
			ASSERT_TRUE(list_by(&self->puppet, both[j], 500, &list));
			EXPECT_TRUE(same(&list, &native));
		}
	}
}

TEST_F(readdir, errors)
{
	struct puppet *p = &self->puppet;
	struct opening how = {
		.base = CLOUDABI_RIGHT_FILE_READDIR,
		.oflags = CLOUDABI_O_DIRECTORY,
	};
	struct listing list;
	struct answer a;
	uint32_t fd;

	/* The harness cannot skip in a setup. */
	if (!self->puppet.memory)
		SKIP(return, "cannot be mounted here");
	for (size_t j = 0; j < ARRAY_SIZE(both); j++) {
		a = puppet_call(p, file_readdir, both[j], 0, 0, 0);
		EXPECT_OK(a);
		EXPECT_EQ(0, a.value);
		EXPECT_ERRNO(CLOUDABI_EINVAL,
			     call_file_readdir(p, both[j], 100, 1ull << 63));
		EXPECT_ERRNO(CLOUDABI_EINVAL,
			     call_file_readdir(p, both[j], 100, ~0ull));
		EXPECT_ERRNO(CLOUDABI_EFAULT,
			     puppet_call(p, file_readdir, both[j],
					 puppet_nowhere(p), 100, 0));
		EXPECT_ERRNO(CLOUDABI_EFAULT,
			     puppet_call(p, file_readdir, both[j],
					 puppet_there(p, BUFFER, 90), 91, 0));
		EXPECT_ERRNO(CLOUDABI_EFAULT,
			     puppet_call(p, file_readdir, both[j],
					 0xffff800000001000ull, 100, 0));
	}
	/* An empty directory has two entries, one with nothing at all none. */
	a = call_file_create(p, LIST_FD, P("void"),
			     CLOUDABI_FILETYPE_DIRECTORY);
	ASSERT_OK(a);
	a = call_file_open(p, LIST_FD, P("void"), &how);
	ASSERT_OK(a);
	fd = a.value;
	EXPECT_TRUE(list_by(p, fd, 300, &list));
	ASSERT_EQ(2, list.n);
	/* In any order, where that is one of hashes. */
	a.value = strlen(list.entry[0].name) == 2;
	EXPECT_STREQ(".", list.entry[a.value].name);
	EXPECT_STREQ("..", list.entry[!a.value].name);
	EXPECT_EQ(CLOUDABI_FILETYPE_DIRECTORY, list.entry[0].type);
	EXPECT_EQ(CLOUDABI_FILETYPE_DIRECTORY, list.entry[1].type);
	EXPECT_OK(call_file_unlink(p, LIST_FD, P("void"), REMOVEDIR));
	EXPECT_ERRNO(CLOUDABI_ENOENT, call_file_readdir(p, fd, 300, 0));
}

/*
 * A program that renames each entry that it reads comes to the end, where a
 * native process does.
 */
TEST_F_TIMEOUT(readdir, renaming_while_reading, LIMIT)
{
	struct puppet *p = &self->puppet;
	unsigned int renamed = 0;
	struct listing list;
	uint64_t cookie = 0;
	struct answer a;

	/* The harness cannot skip in a setup. */
	if (!self->puppet.memory)
		SKIP(return, "cannot be mounted here");
	do {
		a = call_file_readdir(p, OTHER_FD, 400, cookie);
		ASSERT_OK(a);
		memset(&list, 0, sizeof(list));
		take(puppet_seen(p, BUFFER, 400), a.value, &list);
		ASSERT_TRUE(list.n || a.value < 400);
		for (unsigned int i = 0; i < list.n; i++) {
			const char *name = list.entry[i].name;

			cookie = list.entry[i].cookie;
			if (name[0] == '.' || strlen(name) > 250)
				continue;
			EXPECT_OK(call_file_rename(p, LIST_FD, P(name), LIST_FD,
						   P(form("%s~", name))));
			renamed++;
		}
	} while (a.value == 400 && renamed < 3 * ENTRIES);
	EXPECT_LT(renamed, 3 * ENTRIES);
}

TEST_HARNESS_MAIN
