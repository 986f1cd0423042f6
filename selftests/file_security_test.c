// SPDX-License-Identifier: GPL-2.0
/*
 * What the system has to say about files it says to CloudABI programs as it does
 * to native ones: permissions, security modules, mounts, attributes of inodes.
 *
 * Each way in which a path gets into a call is tried twice in the same place, by
 * a program and by a native process with the call that does the same. Both must
 * get the same answer, and leave the same behind.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "paths.h"

#include <linux/fs.h>
#include <linux/landlock.h>

#include "apparmor.h"
#include "disk.h"
#include "kselftest_harness.h"
#include "native_way.h"

#define LIMIT 600

#define WORLD "/tmp/world"
/* What is there, and what the two are given of it. */
#define RAW WORLD "/raw/"
#define VIEW WORLD "/view/"

/* Where nothing is in the way, and where something may be. */
#define FREE "free"
#define BOUND "Bound"

/* Descriptors of the puppet. */
enum { DIR_FD = 3, WORK_FD };

/* Whom the disk's root is shown as where owners are mapped. */
#define SHIFT 10000
#define SOMEBODY 1000

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

/* --- Settings -------------------------------------------------------------- */

/**
 * struct setting - what is between the two and the files
 * @view: mounts the view on VIEW; NULL if it is what is there
 * @arm: called when the files are there; may be NULL
 * @disarm: called before they are removed; may be NULL
 * @prepare: what is done to the two before they begin; may be NULL
 * @disk: whether the files are on a disk
 * @owner: whom files belong to, on the disk, that the two make
 * @refused: what must be the answer: words " WAY:PATH=ERROR"
 */
struct setting {
	int (*view)(void);
	void (*arm)(void);
	void (*disarm)(void);
	int (*prepare)(void *unused);
	bool disk;
	uid_t owner;
	const char *refused;
};

static int become(uid_t uid)
{
	return setgid(uid) || setuid(uid);
}

static int become_somebody(void *unused)
{
	return become(SOMEBODY);
}

static int become_shifted(void *unused)
{
	return become(SHIFT);
}

static int view_read_only(void)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	return mount_copy(RAW, VIEW, &attr);
}

static int view_shifted(void)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	int error;

	attr.userns_fd = user_namespace(0, SHIFT, 1000);
	if ((int)attr.userns_fd < 0)
		return -1;
	error = mount_copy(RAW, VIEW, &attr);
	close(attr.userns_fd);
	return error;
}

static void set_attributes(const char *path, int attributes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	must(fd >= 0 && !ioctl(fd, FS_IOC_SETFLAGS, &attributes), "chattr",
	     path);
	close(fd);
}

static void set_bound_attributes(int attributes)
{
	set_attributes(RAW "here/" BOUND "/file", attributes);
	set_attributes(RAW "here/" BOUND "/dir", attributes);
	set_attributes(RAW "here/" BOUND, attributes);
}

static void arm_immutable(void)
{
	set_bound_attributes(FS_IMMUTABLE_FL);
}

static void arm_append(void)
{
	set_bound_attributes(FS_APPEND_FL);
}

/* The directory first: in there nothing can be opened for a change else. */
static void disarm_attributes(void)
{
	set_bound_attributes(0);
}

static bool may(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access };
	bool done;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	done = !syscall(SYS_landlock_add_rule, ruleset,
			LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
	return done;
}

/* All that this kernel knows, but for executing. */
static uint64_t landlock_all(void)
{
	int version = syscall(SYS_landlock_create_ruleset, NULL, 0,
			      LANDLOCK_CREATE_RULESET_VERSION);
	uint64_t all = (LANDLOCK_ACCESS_FS_REFER << 1) - 1;

	if (version >= 3)
		all |= LANDLOCK_ACCESS_FS_TRUNCATE;
	return version < 2 ? 0 : all & ~LANDLOCK_ACCESS_FS_EXECUTE;
}

static int restrict_to(uint64_t free, uint64_t bound)
{
	struct landlock_ruleset_attr attr = { landlock_all() };
	int ruleset = syscall(SYS_landlock_create_ruleset, &attr,
			      sizeof(attr.handled_access_fs), 0);

	/* Whoever executes a program reads it. */
	if (ruleset < 0 ||
	    !may(ruleset, "programs", LANDLOCK_ACCESS_FS_READ_FILE) ||
	    !may(ruleset, RAW "here/" FREE, free) ||
	    !may(ruleset, RAW "work", free) ||
	    !may(ruleset, RAW "here/" BOUND, bound) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0))
		return -1;
	close(ruleset);
	return 0;
}

static int landlock(void *unused)
{
	return restrict_to(landlock_all(), LANDLOCK_ACCESS_FS_READ_FILE |
						   LANDLOCK_ACCESS_FS_READ_DIR);
}

/* Files may change in all ways, but for the directory that they are in. */
static int landlock_in_place(void *unused)
{
	uint64_t all = landlock_all() & ~LANDLOCK_ACCESS_FS_REFER;

	return restrict_to(all, all);
}

static int landlock_no_truncate(void *unused)
{
	uint64_t all = landlock_all();

	return restrict_to(all, all & ~LANDLOCK_ACCESS_FS_TRUNCATE);
}

static int apparmor(void *unused)
{
	return apparmor_enter();
}

/* --- The files ------------------------------------------------------------- */

static void make_files(const char *dir)
{
	make_file(form("%s/file", dir), "content");
	make_directory(form("%s/dir", dir));
	make_directory(form("%s/full", dir));
	make_file(form("%s/full/x", dir), "content");
	make_link("file", form("%s/link", dir));
}

static const char *const paths[] = {
	FREE "/file", FREE "/dir", FREE "/full", FREE "/link", FREE "/new",
	BOUND "/file", BOUND "/dir", BOUND "/full", BOUND "/link", BOUND "/new",
	BOUND "/full/x", FREE, BOUND,
};

static void wipe(const char *path)
{
	int dir = open_directory(path);

	empty_directory(dir);
	close(dir);
}

/* What the tree is like, apart from times that nobody chose. */
static uint64_t effect(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fdopendir(copy);
	struct dirent *entry;
	uint64_t hash = 0, one;
	struct stat stat;
	int child;

	must(stream, "look at", "a directory");
	while ((entry = readdir(stream))) {
		if (!strcmp(entry->d_name, "..") ||
		    fstatat(dir, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW))
			continue;
		uint64_t seen[] = {
			stat.st_mode, stat.st_uid, stat.st_gid, stat.st_nlink,
			stat.st_size, stat.st_mtim.tv_sec == 0,
		};

		one = mix(mix(0xcbf29ce484222325ull, seen, sizeof(seen)),
			  entry->d_name, strlen(entry->d_name));
		if (S_ISDIR(stat.st_mode) && strcmp(entry->d_name, ".")) {
			child = openat(dir, entry->d_name,
				       O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			one ^= effect(child);
			close(child);
		}
		hash += one;
	}
	closedir(stream);
	return hash;
}

FIXTURE(twins) {
	struct puppet puppet;
	int here;
	int work;
	int raw;
	bool able;
};

FIXTURE_VARIANT(twins) {
	struct setting setting;
};

#define CHANGES_OF(path, error)						\
	" OPEN_WRITE:" path "=" error " OPEN_TRUNCATE:" path "=" error	\
	" RENAME_FROM:" path "=" error " RENAME_TO:" path "=" error	\
	" UNLINK:" path "=" error

#define MAKING_OF(path, error)						\
	" CREATE:" path "=" error " LINK_TO:" path "=" error		\
	" OPEN_CREATE:" path "=" error " OPEN_EXCLUSIVE:" path "=" error \
	" RENAME_TO:" path "=" error " SYMLINK:" path "=" error

/* Nothing but the two: who may do everything, and who may not. */
FIXTURE_VARIANT_ADD(twins, root) {};
FIXTURE_VARIANT_ADD(twins, somebody) { {
	.prepare = become_somebody,
	.owner = SOMEBODY,
	.refused = " TIMES:" FREE "/file=EPERM",
} };

FIXTURE_VARIANT_ADD(twins, read_only) { {
	.view = view_read_only,
	.refused = CHANGES_OF(BOUND "/file", "EROFS")
		MAKING_OF(BOUND "/new", "EROFS") " RMDIR:" BOUND "/dir=EROFS"
		" TIMES:" BOUND "/file=EROFS LINK_FROM:" BOUND "/file=EROFS",
} };
FIXTURE_VARIANT_ADD(twins, immutable) { {
	.arm = arm_immutable,
	.disarm = disarm_attributes,
	.refused = CHANGES_OF(BOUND "/file", "EPERM")
		MAKING_OF(BOUND "/new", "EPERM") " RMDIR:" BOUND "/dir=EPERM"
		" TIMES:" BOUND "/file=EPERM LINK_FROM:" BOUND "/file=EPERM",
} };
FIXTURE_VARIANT_ADD(twins, append_only) { {
	.arm = arm_append,
	.disarm = disarm_attributes,
	.refused = CHANGES_OF(BOUND "/file", "EPERM")
		" RMDIR:" BOUND "/dir=EPERM TIMES:" BOUND "/file=EPERM"
		" LINK_FROM:" BOUND "/file=EPERM",
} };
/* The disk's owner, and root, whom the disk does not know there. */
FIXTURE_VARIANT_ADD(twins, idmapped) { {
	.view = view_shifted,
	.prepare = become_shifted,
	.disk = true,
} };
FIXTURE_VARIANT_ADD(twins, idmapped_root) { {
	.view = view_shifted,
	.disk = true,
	.refused = " CREATE:" FREE "/new=EOVERFLOW"
		" OPEN_CREATE:" FREE "/new=EOVERFLOW"
		" SYMLINK:" FREE "/new=EOVERFLOW",
} };
FIXTURE_VARIANT_ADD(twins, landlock) { {
	.prepare = landlock,
	.refused = CHANGES_OF(BOUND "/file", "EACCES")
		MAKING_OF(BOUND "/new", "EACCES") " RMDIR:" BOUND "/dir=EACCES"
		" OPEN:" BOUND "/file=success",
} };
/* Since 6.2. */
FIXTURE_VARIANT_ADD(twins, landlock_no_truncate) { {
	.prepare = landlock_no_truncate,
	.refused = " OPEN_TRUNCATE:" BOUND "/file=EACCES"
		" OPEN_WRITE:" BOUND "/file=success",
} };
FIXTURE_VARIANT_ADD(twins, landlock_in_place) { {
	.prepare = landlock_in_place,
	.refused = " RENAME_FROM:" FREE "/file=EXDEV"
		" RENAME_TO:" FREE "/new=EXDEV LINK_TO:" FREE "/new=EXDEV"
		" LINK_FROM:" BOUND "/file=EXDEV",
} };
FIXTURE_VARIANT_ADD(twins, apparmor) { {
	.prepare = apparmor,
	.refused = CHANGES_OF(BOUND "/file", "EACCES")
		MAKING_OF(BOUND "/new", "EACCES") " RMDIR:" BOUND "/dir=EACCES"
		" OPEN:" BOUND "/file=EACCES LINK_FROM:" BOUND "/file=EACCES",
} };

static void make_world(const struct setting *setting)
{
	make_directory(RAW);
	make_directory(VIEW);
	if (setting->disk)
		must(mount_disk(RAW, "noatime"), "mount", "ext4");
	make_directory(RAW "here");
	make_directory(RAW "work");
	make_directory(RAW "here/" FREE);
	make_directory(RAW "here/" BOUND);
	if (setting->view)
		must(!setting->view(), "mount", VIEW);
	else
		must(!mount_copy(RAW, VIEW, NULL), "mount", VIEW);
}

static void fill(const struct setting *setting)
{
	make_files(RAW "here/" FREE);
	make_files(RAW "here/" BOUND);
	make_file(RAW "work/" WORK_SOURCE, "source");
	if (setting->arm)
		setting->arm();
}

/* The two directories stay: rules of security modules hang on them. */
static void renew(const struct setting *setting)
{
	if (access(RAW "here/" FREE, F_OK))
		rename(RAW "work/" WORK_MADE, RAW "here/" FREE);
	if (access(RAW "here/" BOUND, F_OK))
		rename(RAW "work/" WORK_MADE, RAW "here/" BOUND);
	if (setting->disarm)
		setting->disarm();
	wipe(RAW "here/" FREE);
	wipe(RAW "here/" BOUND);
	wipe(RAW "work");
	fill(setting);
}

/* Whether the kernel has what is to be tested. */
static bool is_able(const struct setting *setting)
{
	if (setting->disk && !has_file_system("ext4"))
		return false;
	if (setting->prepare == apparmor)
		return apparmor_is_there();
	if (setting->prepare == landlock_no_truncate)
		return landlock_all() & LANDLOCK_ACCESS_FS_TRUNCATE;
	if (setting->prepare == landlock ||
	    setting->prepare == landlock_in_place)
		return landlock_all();
	return true;
}

FIXTURE_SETUP(twins)
{
	const struct setting *setting = &variant->setting;

	/* The program, too, must have a path that AppArmor can tell. */
	new_world(WORLD);
	ASSERT_LE(0, puppet_program());
	self->able = is_able(setting);
	if (!self->able)
		return;
	make_world(setting);
	fill(setting);
	if (setting->prepare == apparmor)
		ASSERT_TRUE(apparmor_load(BOUND[0]));
	self->here = open_directory(VIEW "here");
	self->work = open_directory(VIEW "work");
	self->raw = open_directory(RAW);
	ASSERT_EQ(0, puppet_start(&self->puppet,
				  (int[]){ self->here, self->work }, 2,
				  setting->prepare, NULL));
}

FIXTURE_TEARDOWN(twins)
{
	if (!self->able)
		return;
	puppet_stop(&self->puppet);
	if (variant->setting.disarm)
		variant->setting.disarm();
	if (variant->setting.prepare == apparmor)
		apparmor_unload();
}

/* --- Both of them ----------------------------------------------------------- */

#define NOT_PREPARED 255

/* What became of it: the errno of a native process. */
static int try_natively(const struct setting *setting, enum way way, int here,
			const char *path, int work)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (setting->prepare && setting->prepare(NULL))
			_exit(NOT_PREPARED);
		_exit(native_way(way, here, path, work) < 0 ? errno : 0);
	}
	waitpid(pid, &status, 0);
	must(WIFEXITED(status) && WEXITSTATUS(status) != NOT_PREPARED,
	     "prepare for", path);
	return WEXITSTATUS(status);
}

/* What the setting must have refused, if it says so; NULL if not. */
static const char *must_be(const struct setting *setting, enum way way,
			   const char *path)
{
	const char *word = form(" %s:%s=", ways[way].name, path);
	const char *text = setting->refused ? setting->refused : "";
	const char *found = strstr(text, word);

	if (!found)
		return NULL;
	found += strlen(word);
	return form("%.*s", (int)strcspn(found, " "), found);
}

static bool agree(enum way way, const char *path, const char *what,
		  const char *ours, const char *theirs)
{
	if (!theirs || !strcmp(ours, theirs))
		return true;
	printf("# %s \"%s\": %s, %s %s\n", ways[way].name, path, ours, what,
	       theirs);
	return false;
}

TEST_F_TIMEOUT(twins, same, LIMIT)
{
	const struct setting *setting = &variant->setting;
	unsigned int wrong = 0, refused = 0;

	/* The harness cannot skip in a setup. */
	if (!self->able)
		SKIP(return, "the kernel does not have it");
	for (size_t i = 0; i < ARRAY_SIZE(paths) * NR_WAYS; i++) {
		enum way way = i % NR_WAYS;
		const char *path = paths[i / NR_WAYS];
		const char *name, *native;
		uint64_t ours, theirs;
		struct answer a;

		a = try_way(&self->puppet, way, DIR_FD, P(path), WORK_FD);
		if (!a.error && ways[way].flags & OPENS)
			call_fd_close(&self->puppet, a.value);
		ours = effect(self->raw);
		renew(setting);
		native = native_name(way, path,
				     try_natively(setting, way, self->here,
						  path, self->work));
		theirs = effect(self->raw);
		renew(setting);
		name = answer_name(a.error);
		wrong += !agree(way, path, "natively", name, native) ||
			 !agree(way, path, "but should be", name,
				must_be(setting, way, path)) ||
			 !agree(way, path, "with another effect", "",
				ours == theirs ? "" : "than a native call");
		refused += a.error && must_be(setting, way, path);
	}
	printf("# %zu calls, %u refused as they must be\n",
	       ARRAY_SIZE(paths) * NR_WAYS, refused);
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(!setting->refused, !refused);
}

/* --- What was made, and what was open before --------------------------------- */

TEST_F(twins, owner)
{
	const struct setting *setting = &variant->setting;
	struct stat stat;
	struct answer a;

	/* The harness cannot skip in a setup. */
	if (!self->able)
		SKIP(return, "the kernel does not have it");
	a = try_way(&self->puppet, OPEN_CREATE, DIR_FD, P(FREE "/new"), WORK_FD);
	if (a.error) {
		EXPECT_TRUE(must_be(setting, OPEN_CREATE, FREE "/new") ||
			    setting->view == view_read_only);
		return;
	}
	ASSERT_EQ(0, fstatat(self->raw, "here/" FREE "/new", &stat, 0));
	EXPECT_EQ(setting->owner, stat.st_uid);
	EXPECT_EQ(setting->owner, stat.st_gid);
}

/* All that can be done to a file that is open for appending. */
enum { RESIZE, ALLOCATE, SET_TIMES, APPEND, NR_DEEDS };

#define APPENDING (CLOUDABI_RIGHT_FD_WRITE | CLOUDABI_RIGHT_FILE_ALLOCATE | \
		   CLOUDABI_RIGHT_FILE_STAT_FPUT_SIZE |			     \
		   CLOUDABI_RIGHT_FILE_STAT_FPUT_TIMES)

static int deed(struct puppet *p, unsigned int which, uint32_t fd)
{
	cloudabi_filestat_t stat = { .st_size = 3, .st_mtim = 1 };

	switch (which) {
	case RESIZE:
		return call_file_stat_fput(p, fd, &stat,
					   CLOUDABI_FILESTAT_SIZE).error;
	case ALLOCATE:
		return call_file_allocate(p, fd, 0, 100).error;
	case SET_TIMES:
		return call_file_stat_fput(p, fd, &stat,
					   CLOUDABI_FILESTAT_MTIM).error;
	default:
		return call_fd_write(p, fd, "more", 4).error;
	}
}

static int native_deed(unsigned int which, int fd)
{
	const struct timespec times[2] = { { 0, UTIME_OMIT }, { 0, 1 } };

	switch (which) {
	case RESIZE:
		return ftruncate(fd, 3);
	case ALLOCATE:
		return fallocate(fd, 0, 0, 100);
	case SET_TIMES:
		return futimens(fd, times);
	default:
		return write(fd, "more", 4);
	}
}

/* In a process of its own: 0 or an errno; that of opening it comes first. */
static int deed_natively(const struct setting *setting, unsigned int which,
			 int here, const char *path)
{
	pid_t pid = fork();
	int status, fd;

	if (!pid) {
		if (setting->prepare && setting->prepare(NULL))
			_exit(NOT_PREPARED);
		fd = openat(here, path, O_WRONLY | O_APPEND | O_CLOEXEC);
		_exit(fd < 0 || native_deed(which, fd) < 0 ? errno : 0);
	}
	waitpid(pid, &status, 0);
	must(WIFEXITED(status) && WEXITSTATUS(status) != NOT_PREPARED,
	     "prepare for", path);
	return WEXITSTATUS(status);
}

static int deed_of_puppet(struct puppet *p, unsigned int which,
			  const char *path)
{
	struct opening how = {
		.fdflags = CLOUDABI_FDFLAG_APPEND,
		.base = APPENDING,
	};
	struct answer a = call_file_open(p, DIR_FD, P(path), &how);
	int error = a.error;

	if (error)
		return error;
	error = deed(p, which, a.value);
	call_fd_close(p, a.value);
	return error;
}

TEST_F(twins, open_files)
{
	static const char *const files[] = { FREE "/file", BOUND "/file" };
	const struct setting *setting = &variant->setting;
	uint64_t ours, theirs;
	int error, native;

	/* The harness cannot skip in a setup. */
	if (!self->able)
		SKIP(return, "the kernel does not have it");
	for (size_t i = 0; i < ARRAY_SIZE(files) * NR_DEEDS; i++) {
		const char *path = files[i / NR_DEEDS];

		error = deed_of_puppet(&self->puppet, i % NR_DEEDS, path);
		ours = effect(self->raw);
		renew(setting);
		native = deed_natively(setting, i % NR_DEEDS, self->here, path);
		theirs = effect(self->raw);
		renew(setting);
		EXPECT_STREQ(native_name(OPEN_WRITE, path, native),
			     answer_name(error));
		EXPECT_EQ(theirs, ours) {
			TH_LOG("%s, deed %zu", path, i % NR_DEEDS);
		}
	}
}

/* A directory that was handed in can be read, as natively. */
TEST_F(twins, directory_from_before)
{
	struct answer a;
	int i;

	/* The harness cannot skip in a setup. */
	if (!self->able)
		SKIP(return, "the kernel does not have it");
	for (i = 0; i < 2; i++) {
		a = call_file_readdir(&self->puppet, DIR_FD, 4096, 0);
		EXPECT_OK(a);
		/* ".", "..", and two directories. */
		EXPECT_EQ(4 * sizeof(cloudabi_dirent_t) + 1 + 2 +
				  strlen(FREE BOUND), a.value);
	}
}

TEST_HARNESS_MAIN
