/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Levels <linux/file.h>.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_COMPAT_FILE_H
#define _CLOUDABI_COMPAT_FILE_H

#include <linux/file.h>

#include "compat.h"

/* struct fd became one word, with functions to look at it, in 6.12. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#define fd_file(f) ((f).file)

static inline bool fd_empty(struct fd f)
{
	return unlikely(!f.file);
}

/* clang-format off */
static inline struct fd CLONED_FD(struct file *file)
{
	return (struct fd){ .file = file, .flags = FDPUT_FPUT };
}

/* What fdget() returns, and fdput() takes, as one word. */
static __always_inline unsigned long compat_fdget_word(unsigned int fd)
{
	return __fdget(fd);
}

/* clang-format on */

static __always_inline struct fd compat_word_fd(unsigned long word)
{
	return __to_fd(word);
}

static __always_inline unsigned long compat_fd_word(struct fd f)
{
	return (unsigned long)f.file | f.flags;
}
#else
static __always_inline unsigned long compat_fdget_word(unsigned int fd)
{
	return fdget(fd).word;
}

static __always_inline struct fd compat_word_fd(unsigned long word)
{
	return (struct fd){ word };
}

static __always_inline unsigned long compat_fd_word(struct fd f)
{
	return f.word;
}
#endif

#endif /* _CLOUDABI_COMPAT_FILE_H */
