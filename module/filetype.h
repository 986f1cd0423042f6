/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a file is: the allow-list of things that descriptors may stand for.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_FILETYPE_H
#define _CLOUDABI_FILETYPE_H

#include <linux/fs.h>

#include "module.h"

/*
 * X(kind, file type): kinds of files that differ in their rights. One file type
 * of the ABI has two: a character device is a terminal or it is not.
 */
/* clang-format off */
#define FOR_EACH_FILEKIND(X)						\
	X(UNKNOWN, UNKNOWN)						\
	X(BLOCK_DEVICE, BLOCK_DEVICE)					\
	X(CHARACTER_DEVICE, CHARACTER_DEVICE)				\
	X(CHARACTER_DEVICE_OTHER, CHARACTER_DEVICE)			\
	X(DIRECTORY, DIRECTORY)						\
	X(PROCESS, PROCESS)						\
	X(REGULAR_FILE, REGULAR_FILE)					\
	X(SHARED_MEMORY, SHARED_MEMORY)					\
	X(SOCKET_DGRAM, SOCKET_DGRAM)					\
	X(SOCKET_STREAM, SOCKET_STREAM)					\
	X(SYMBOLIC_LINK, SYMBOLIC_LINK)

#define FILEKIND_ENUM(kind, type) FILEKIND_##kind,

enum filekind {
	FOR_EACH_FILEKIND(FILEKIND_ENUM)
	NR_FILEKINDS
};

/* clang-format on */

extern const cloudabi_filetype_t cloudabi_filetypes[NR_FILEKINDS];

void cloudabi_filetype_init(void);
enum filekind cloudabi_filekind_special(const struct file *file);

/**
 * cloudabi_is_regular() - Tell whether a file is a regular file.
 * @file: a native file, not a capability.
 *
 * Return: true for a regular file of a file system that users see.
 */
static __always_inline bool cloudabi_is_regular(const struct file *file)
{
	const struct inode *inode = file_inode(file);

	return S_ISREG(inode->i_mode) &&
	       likely(!(inode->i_sb->s_flags & SB_KERNMOUNT));
}

/**
 * cloudabi_filekind() - Tell what kind of file a file is.
 * @file: a native file, not a capability.
 *
 * Regular files are recognised in line: almost every call begins here.
 *
 * Return: the kind; FILEKIND_UNKNOWN for all that is not on the allow-list.
 */
static __always_inline enum filekind cloudabi_filekind(const struct file *file)
{
	if (cloudabi_is_regular(file))
		return FILEKIND_REGULAR_FILE;
	return cloudabi_filekind_special(file);
}

/**
 * cloudabi_filetype() - The CloudABI file type of a file.
 * @file: a native file, not a capability.
 *
 * Return: CLOUDABI_FILETYPE_*.
 */
static inline cloudabi_filetype_t cloudabi_filetype(const struct file *file)
{
	return cloudabi_filetypes[cloudabi_filekind(file)];
}

const char *cloudabi_filetype_name(const struct file *file);
cloudabi_filetype_t cloudabi_filetype_of_mode(umode_t mode);

#ifdef CONFIG_CLOUDABI_KUNIT_TEST
struct kunit_suite;

int cloudabi_suite_init(struct kunit_suite *suite);
#endif

#endif /* _CLOUDABI_FILETYPE_H */
