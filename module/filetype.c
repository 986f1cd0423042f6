// SPDX-License-Identifier: GPL-2.0
/*
 * What a file is: the allow-list of things that descriptors may stand for.
 *
 * Rights mean something for files whose operations are known: regular files,
 * directories, pipes, sockets, character devices, shared memory and our own
 * process descriptors. Everything else has no rights at all, because what it
 * does for a read or a mapping may have nothing to do with reading or mapping:
 * an io_uring queue, an event queue, a BPF map, a namespace.
 *
 * Most of those things are inodes of pseudo file systems that only the kernel
 * mounts. Newer kernels give such inodes the mode of a regular file, and some
 * always had it (nsfs), so a regular file counts as one only on a file system
 * that was not mounted by the kernel for itself. Shared memory is the one kind
 * that lives on such a file system. The rule looks at the superblock and not at
 * the mount: a namespace that is bind-mounted stays a namespace. It is too
 * strict for the control files of file systems that the kernel mounts before
 * users do (debugfs, tracefs, configfs, mqueue): they have no rights either.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "filetype.h"

#include <linux/magic.h>
#include <linux/net.h>
#include <linux/tty.h>

#include "compat/ksym.h"
#include "process.h"

#define FILETYPE(kind, type) [FILEKIND_##kind] = CLOUDABI_FILETYPE_##type,

/* The file type that a program sees, indexed by enum filekind. */
const cloudabi_filetype_t cloudabi_filetypes[NR_FILEKINDS] = {
	FOR_EACH_FILEKIND(FILETYPE)
};

#define FILETYPE_NAME(kind, type) [FILEKIND_##kind] = #type,

static const char *const names[] = { FOR_EACH_FILEKIND(FILETYPE_NAME) };

/**
 * cloudabi_filetype_name() - The name of the CloudABI file type of a file.
 * @file: a native file, not a capability.
 *
 * Return: the name, as in uapi/linux/cloudabi.h but without the prefix.
 */
const char *cloudabi_filetype_name(const struct file *file)
{
	return names[cloudabi_filekind(file)];
}

/* What all terminals have in common. Written once, before it is used. */
static ssize_t (*terminal_read_iter)(struct kiocb *, struct iov_iter *);

/**
 * cloudabi_filetype_init() - Learn to recognise terminals.
 *
 * Must follow cloudabi_ksym_init() and precede the first program.
 */
void cloudabi_filetype_init(void)
{
	struct file_operations terminal = {};

	ksym_tty_default_fops(&terminal);
	terminal_read_iter = terminal.read_iter;
}

static enum filekind character_device(const struct file *file)
{
	if (file->f_op->read_iter == terminal_read_iter ||
	    tty_hung_up_p((struct file *)file))
		return FILEKIND_CHARACTER_DEVICE;
	return FILEKIND_CHARACTER_DEVICE_OTHER;
}

/* Inodes of the kernel's own without a mode, or with that of a regular file. */
static enum filekind kernel_mounted_file(const struct file *file)
{
	if (cloudabi_is_process(file))
		return FILEKIND_PROCESS;
	if (S_ISREG(file_inode(file)->i_mode) &&
	    file_inode(file)->i_sb->s_magic == TMPFS_MAGIC)
		return FILEKIND_SHARED_MEMORY;
	return FILEKIND_UNKNOWN;
}

/* A path to a socket (O_PATH) is no socket, and does not tell which type. */
static enum filekind socket(const struct file *file)
{
	const struct socket *sock = sock_from_file((struct file *)file);

	if (!sock)
		return file->f_mode & FMODE_PATH ? FILEKIND_SOCKET_STREAM :
						   FILEKIND_UNKNOWN;
	switch (sock->type) {
	case SOCK_STREAM:
		return FILEKIND_SOCKET_STREAM;
	case SOCK_DGRAM:
		return FILEKIND_SOCKET_DGRAM;
	default:
		return FILEKIND_UNKNOWN;
	}
}

/**
 * cloudabi_filekind_special() - Tell what kind of file a file is.
 * @file: a native file, not a capability.
 *
 * For all that cloudabi_filekind() does not recognise in line.
 *
 * Return: the kind; FILEKIND_UNKNOWN for all that is not on the allow-list.
 */
enum filekind cloudabi_filekind_special(const struct file *file)
{
	const struct inode *inode = file_inode(file);

	switch (inode->i_mode & S_IFMT) {
	case S_IFREG:
		if (inode->i_sb->s_flags & SB_KERNMOUNT)
			return kernel_mounted_file(file);
		return FILEKIND_REGULAR_FILE;
	case S_IFDIR:
		return FILEKIND_DIRECTORY;
	case S_IFIFO:
		return FILEKIND_SOCKET_STREAM;
	case S_IFSOCK:
		return socket(file);
	case S_IFCHR:
		return character_device(file);
	case S_IFBLK:
		return FILEKIND_BLOCK_DEVICE;
	case S_IFLNK:
		return FILEKIND_SYMBOLIC_LINK;
	default:
		return kernel_mounted_file(file);
	}
}

/**
 * cloudabi_filetype_of_mode() - The CloudABI file type of a name.
 * @mode: type bits of the mode of what is found under it.
 *
 * A socket does not tell its type before it is open; programs know sockets and
 * pipes that they find as streams.
 *
 * Return: CLOUDABI_FILETYPE_*.
 */
cloudabi_filetype_t cloudabi_filetype_of_mode(umode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return CLOUDABI_FILETYPE_REGULAR_FILE;
	case S_IFDIR:
		return CLOUDABI_FILETYPE_DIRECTORY;
	case S_IFIFO:
	case S_IFSOCK:
		return CLOUDABI_FILETYPE_SOCKET_STREAM;
	case S_IFCHR:
		return CLOUDABI_FILETYPE_CHARACTER_DEVICE;
	case S_IFBLK:
		return CLOUDABI_FILETYPE_BLOCK_DEVICE;
	case S_IFLNK:
		return CLOUDABI_FILETYPE_SYMBOLIC_LINK;
	default:
		return CLOUDABI_FILETYPE_UNKNOWN;
	}
}

#ifdef CONFIG_CLOUDABI_KUNIT_TEST

#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/file.h>

#include "compat/shmem_fs.h"

/**
 * cloudabi_suite_init() - Prepare what tests use of the kernel.
 * @suite: not used.
 *
 * Some kernels run the tests of a module before the module's own init function.
 *
 * Return: 0, or what cloudabi_ksym_init() returns.
 */
int cloudabi_suite_init(struct kunit_suite *suite)
{
	int error = cloudabi_ksym_init();

	if (!error)
		cloudabi_filetype_init();
	return error;
}

static void expect_kind(struct kunit *test, struct file *file,
			enum filekind kind)
{
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	KUNIT_EXPECT_EQ(test, cloudabi_filekind(file), kind);
	fput(file);
}

static void shared_memory_is_recognised(struct kunit *test)
{
	expect_kind(test, compat_shmem_file_setup("cloudabi-kunit", 0),
		    FILEKIND_SHARED_MEMORY);
}

static void anonymous_inodes_are_nothing(struct kunit *test)
{
	static const struct file_operations fops = {};

	expect_kind(test, anon_inode_getfile("[kunit]", &fops, NULL, O_RDWR),
		    FILEKIND_UNKNOWN);
}

static struct file *make_socket(struct kunit *test, int type)
{
	struct socket *sock;

	KUNIT_ASSERT_EQ(test, sock_create(AF_UNIX, type, 0, &sock), 0);
	return sock_alloc_file(sock, 0, NULL);
}

static void sockets_are_told_apart(struct kunit *test)
{
	expect_kind(test, make_socket(test, SOCK_STREAM),
		    FILEKIND_SOCKET_STREAM);
	expect_kind(test, make_socket(test, SOCK_DGRAM), FILEKIND_SOCKET_DGRAM);
	expect_kind(test, make_socket(test, SOCK_SEQPACKET), FILEKIND_UNKNOWN);
}

/* What can be found in the file system depends on where the tests run. */
static const struct {
	const char *path;
	int flags;
	enum filekind kind;
} found[] = {
	{ "/", O_RDONLY | O_DIRECTORY, FILEKIND_DIRECTORY },
	{ "/dev/null", O_RDWR, FILEKIND_CHARACTER_DEVICE_OTHER },
	{ "/dev/tty0", O_RDONLY | O_NOCTTY, FILEKIND_CHARACTER_DEVICE },
	{ "/dev/ttyS0", O_RDONLY | O_NOCTTY | O_NONBLOCK,
	  FILEKIND_CHARACTER_DEVICE },
	{ "/dev/null", O_PATH, FILEKIND_CHARACTER_DEVICE_OTHER },
	{ "/proc/self/status", O_RDONLY, FILEKIND_REGULAR_FILE },
	{ "/proc/self/ns/net", O_RDONLY, FILEKIND_UNKNOWN },
	{ "/init", O_RDONLY, FILEKIND_REGULAR_FILE },
};

static void files_are_told_apart(struct kunit *test)
{
	struct file *file;
	unsigned int tried = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(found); i++) {
		file = filp_open(found[i].path, found[i].flags, 0);
		if (IS_ERR(file))
			continue;
		KUNIT_EXPECT_EQ_MSG(test, cloudabi_filekind(file),
				    found[i].kind, "%s", found[i].path);
		fput(file);
		tried++;
	}
	if (!tried)
		kunit_skip(test, "no file could be opened");
}

static void types_are_those_of_the_abi(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, cloudabi_filetypes[FILEKIND_UNKNOWN], 0x00);
	KUNIT_EXPECT_EQ(test, cloudabi_filetypes[FILEKIND_BLOCK_DEVICE], 0x10);
	KUNIT_EXPECT_EQ(test, cloudabi_filetypes[FILEKIND_CHARACTER_DEVICE],
			0x11);
	KUNIT_EXPECT_EQ(test,
			cloudabi_filetypes[FILEKIND_CHARACTER_DEVICE_OTHER],
			0x11);
	KUNIT_EXPECT_EQ(test, cloudabi_filetypes[FILEKIND_DIRECTORY], 0x20);
	KUNIT_EXPECT_EQ(test, cloudabi_filetypes[FILEKIND_PROCESS], 0x50);
	KUNIT_EXPECT_EQ(test, cloudabi_filetypes[FILEKIND_REGULAR_FILE], 0x60);
	KUNIT_EXPECT_EQ(test, cloudabi_filetypes[FILEKIND_SHARED_MEMORY], 0x70);
	KUNIT_EXPECT_EQ(test, cloudabi_filetypes[FILEKIND_SOCKET_DGRAM], 0x80);
	KUNIT_EXPECT_EQ(test, cloudabi_filetypes[FILEKIND_SOCKET_STREAM], 0x82);
	KUNIT_EXPECT_EQ(test, cloudabi_filetypes[FILEKIND_SYMBOLIC_LINK], 0x90);
}

static struct kunit_case filetype_cases[] = {
	KUNIT_CASE(shared_memory_is_recognised),
	KUNIT_CASE(anonymous_inodes_are_nothing),
	KUNIT_CASE(sockets_are_told_apart),
	KUNIT_CASE(files_are_told_apart),
	KUNIT_CASE(types_are_those_of_the_abi),
	{},
};

static struct kunit_suite filetype_suite = {
	.name = "cloudabi_filetype",
	.suite_init = cloudabi_suite_init,
	.test_cases = filetype_cases,
};

kunit_test_suite(filetype_suite);

#endif /* CONFIG_CLOUDABI_KUNIT_TEST */
