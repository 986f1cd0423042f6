/* SPDX-License-Identifier: GPL-2.0 */
/*
 * File systems on disks that are files, and mounts that show them in other ways.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SELFTESTS_DISK_H
#define _SELFTESTS_DISK_H

#include "paths.h"

#include <sys/mount.h>

#define DISK_IMAGE "/tmp/disk.img"

/* Runs a command, silently. Returns true if it succeeded. */
__attribute__((format(printf, 1, 2)))
static inline bool run(const char *format, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(command, sizeof(command), format, ap);
	va_end(ap);
	return !system(command);
}

/* Whether the kernel has a file system, or a module that has it. */
static inline bool has_file_system(const char *type)
{
	run("modprobe -q -a crc32c_generic %s 2>/dev/null", type);
	return run("grep -qw %s /proc/filesystems", type);
}

/**
 * mount_disk() - make a file system of ext4 on a disk of its own
 * @where: where to mount it
 * @options: its options, more than none
 *
 * The tools of the guest make none with extents or a journal, which does not
 * matter to the kernel. The image is gone with the mount.
 *
 * Return: true, or false if it cannot be.
 */
static inline bool mount_disk(const char *where, const char *options)
{
	bool done = run("dd if=/dev/zero of=" DISK_IMAGE
			" bs=1024 count=0 seek=16384 2>/dev/null && "
			"mke2fs -F -I 256 " DISK_IMAGE " >/dev/null 2>&1 && "
			"mount -t ext4 -o loop,%s " DISK_IMAGE " %s",
			options, where);

	unlink(DISK_IMAGE);
	if (!done)
		return false;
	chmod(where, 0777);
	rmdir(form("%s/lost+found", where));
	return true;
}

/**
 * mount_copy() - show a directory once more, in another way
 * @from: the directory
 * @to: where to
 * @attr: in what way; NULL for none
 *
 * Return: 0, or -1 with errno.
 */
static inline int mount_copy(const char *from, const char *to,
			     struct mount_attr *attr)
{
	int tree = open_tree(AT_FDCWD, from, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	int error;

	if (tree < 0)
		return -1;
	error = attr ? mount_setattr(tree, "", AT_EMPTY_PATH, attr,
				     sizeof(*attr)) : 0;
	if (!error)
		error = move_mount(tree, "", AT_FDCWD, to,
				   MOVE_MOUNT_F_EMPTY_PATH);
	close(tree);
	return error;
}

static inline bool put_map(pid_t pid, const char *name, unsigned int first,
			   unsigned int shown, unsigned int count)
{
	int fd = open(form("/proc/%d/%s", pid, name), O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 &&
		    dprintf(fd, "%u %u %u\n", first, shown, count) > 0;

	close(fd);
	return done;
}

/**
 * user_namespace() - make a user namespace that maps owners
 * @first: the first user and group on the disk
 * @shown: what they are shown as
 * @count: how many
 *
 * Return: a descriptor, or -1.
 */
static inline int user_namespace(unsigned int first, unsigned int shown,
				 unsigned int count)
{
	int ready[2], fd = -1;
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		if (!unshare(CLONE_NEWUSER))
			pid = write(ready[1], "", 1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) == 1 &&
	    put_map(pid, "uid_map", first, shown, count) &&
	    put_map(pid, "gid_map", first, shown, count))
		fd = open(form("/proc/%d/ns/user", pid), O_RDONLY | O_CLOEXEC);
	close(ready[0]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return fd;
}

#endif /* _SELFTESTS_DISK_H */
