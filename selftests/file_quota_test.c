// SPDX-License-Identifier: GPL-2.0
/*
 * Quotas: a CloudABI program has as much of a disk as a native process of the
 * same user, and not a byte more.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "paths.h"

#include <sys/quota.h>

#include "disk.h"
#include "kselftest_harness.h"
#include "native_way.h"

#define WORLD "/tmp/world"
#define DISK WORLD "/disk"

/* Descriptors of the puppet. */
enum { DIR_FD = 3 };

#define SOMEBODY 1000
#define INODES 5
#define KILOBYTES 64

/* More than any quota here. */
#define MANY 1000

FIXTURE(quota) {
	struct puppet puppet;
	int here;
	bool able;
};

/* --- The disk --------------------------------------------------------------- */

/*
 * An empty quota file of the second format: a header, of which the fourth number
 * of the second part counts the blocks, and the root of a tree.
 */
static void make_quota_file(const char *path)
{
	uint32_t blocks[2][256] = { { 0xd9c01f11, 1, 604800, 604800, 0, 2 } };
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	must(write(fd, blocks, sizeof(blocks)) == sizeof(blocks), "write",
	     path);
	close(fd);
}

/* The device that is mounted there. */
static const char *device_of(const char *where)
{
	static char device[64];
	char line[512], at[256];
	FILE *file = fopen("/proc/mounts", "r");

	device[0] = 0;
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %255s", device, at) == 2 &&
		    !strcmp(at, where))
			break;
		device[0] = 0;
	}
	if (file)
		fclose(file);
	return device;
}

static void turn_quotas_on(void)
{
	struct dqblk limits = {
		.dqb_bhardlimit = KILOBYTES,
		.dqb_ihardlimit = INODES,
		.dqb_valid = QIF_LIMITS,
	};
	const char *device = device_of(DISK);

	make_quota_file(DISK "/aquota.user");
	must(!quotactl(QCMD(Q_QUOTAON, USRQUOTA), device, QFMT_VFS_V1,
		       DISK "/aquota.user"), "turn quotas on on", device);
	must(!quotactl(QCMD(Q_SETQUOTA, USRQUOTA), device, SOMEBODY,
		       (void *)&limits), "set quotas on", device);
}

static int become_somebody(void *unused)
{
	return setgid(SOMEBODY) || setuid(SOMEBODY);
}

FIXTURE_SETUP(quota)
{
	ASSERT_LE(0, puppet_program());
	new_world(WORLD);
	/* The one distributors have as a module. */
	run("modprobe -q quota_v2 2>/dev/null");
	self->able = has_file_system("ext4") && !access("/proc/sys/fs/quota",
							F_OK);
	if (!self->able)
		return;
	make_directory(DISK);
	ASSERT_TRUE(mount_disk(DISK, "usrquota"));
	turn_quotas_on();
	make_directory(DISK "/here");
	self->here = open_directory(DISK "/here");
	ASSERT_EQ(0, puppet_start(&self->puppet, (int[]){ self->here }, 1,
				  become_somebody, NULL));
}

FIXTURE_TEARDOWN(quota)
{
	if (!self->able)
		return;
	puppet_stop(&self->puppet);
	empty_directory(self->here);
	close(self->here);
	quotactl(QCMD(Q_QUOTAOFF, USRQUOTA), device_of(DISK), 0, NULL);
}

/* --- As far as it goes ------------------------------------------------------- */

/**
 * struct reach - how far one came
 * @n: so many times it went well
 * @error: what it was that did not, by its name
 */
struct reach {
	unsigned int n;
	const char *error;
};

/* What to do again and again. */
enum deed { MAKE_DIRECTORY, MAKE_FILE, MAKE_LINK, WRITE, ALLOCATE, NR_DEEDS };

static const enum way way_of[] = { CREATE, OPEN_CREATE, SYMLINK };

static const char *name_of(unsigned int n)
{
	return form("name%u", n);
}

static struct reach reach_of_puppet(struct puppet *p, enum deed deed)
{
	struct opening how = {
		.oflags = CLOUDABI_O_CREAT,
		.base = CLOUDABI_RIGHT_FD_WRITE | CLOUDABI_RIGHT_FILE_ALLOCATE,
	};
	static const char block[1024] = "block";
	struct reach reach = {};
	struct answer a = {};
	uint32_t fd = 0;

	if (deed >= WRITE)
		fd = call_file_open(p, DIR_FD, P("file"), &how).value;
	for (; !a.error && reach.n < MANY; reach.n++) {
		if (deed == WRITE)
			a = call_fd_write(p, fd, block, sizeof(block));
		else if (deed == ALLOCATE)
			a = call_file_allocate(p, fd, reach.n * 1024, 1024);
		else
			a = try_way(p, way_of[deed], DIR_FD,
				    P(name_of(reach.n)), DIR_FD);
		if (!a.error && deed == MAKE_FILE)
			call_fd_close(p, a.value);
	}
	if (deed >= WRITE)
		call_fd_close(p, fd);
	reach.n -= a.error != 0;
	reach.error = answer_name(a.error);
	return reach;
}

static int native_deed(enum deed deed, int here, int fd, unsigned int n)
{
	static const char block[1024] = "block";
	int made;

	if (deed == WRITE)
		return write(fd, block, sizeof(block));
	if (deed == ALLOCATE)
		return fallocate(fd, 0, n * 1024, 1024);
	made = native_way(way_of[deed], here, name_of(n), here);
	if (made > 0)
		close(made);
	return made;
}

static struct reach reach_natively(int here, enum deed deed)
{
	struct {
		unsigned int n;
		int error;
	} *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct reach reach;
	pid_t pid = fork();
	int fd;

	if (!pid) {
		must(!become_somebody(NULL), "become", "somebody");
		fd = deed >= WRITE ? openat(here, "file", O_WRONLY | O_CREAT,
					    0666) : -1;
		while (shared->n < MANY &&
		       native_deed(deed, here, fd, shared->n) >= 0)
			shared->n++;
		shared->error = shared->n < MANY ? errno : 0;
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	reach.n = shared->n;
	reach.error = native_name(OPEN_WRITE, "", shared->error);
	munmap(shared, 4096);
	return reach;
}

TEST_F(quota, same)
{
	struct reach ours, theirs;

	/* The harness cannot skip in a setup. */
	if (!self->able)
		SKIP(return, "the kernel has no quotas");
	for (enum deed deed = 0; deed < NR_DEEDS; deed++) {
		ours = reach_of_puppet(&self->puppet, deed);
		empty_directory(self->here);
		theirs = reach_natively(self->here, deed);
		empty_directory(self->here);
		printf("# deed %d: %u times, then %s\n", deed, ours.n,
		       ours.error);
		EXPECT_EQ(theirs.n, ours.n);
		EXPECT_STREQ(theirs.error, ours.error);
		/* Not every file system can reserve. */
		if (deed != ALLOCATE)
			EXPECT_STREQ("EDQUOT", ours.error);
		if (deed < WRITE)
			EXPECT_EQ(INODES, ours.n);
	}
}

TEST_HARNESS_MAIN
