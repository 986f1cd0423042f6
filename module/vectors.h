/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Vectors of buffers, as programs hand them over.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_VECTORS_H
#define _CLOUDABI_VECTORS_H

#include <linux/uaccess.h>
#include <linux/uio.h>

#include "module.h"

/**
 * struct cloudabi_vectors - The buffers of one call.
 * @iov: the vectors; in @fast if there are few.
 * @count: how many.
 * @total: how many bytes, no more than one call may transfer.
 * @fast: room for few.
 */
struct cloudabi_vectors {
	struct iovec *iov;
	size_t count;
	size_t total;
	struct iovec fast[UIO_FASTIOV];
};

/**
 * cloudabi_vector_check() - Check one vector on its own.
 * @vector: a copy of it.
 *
 * CloudABI: where nothing is to be transferred the pointer means nothing, while
 * the kernel would look at it.
 *
 * Return: 0, or -EINVAL for a length above SSIZE_MAX.
 */
static __always_inline int cloudabi_vector_check(struct iovec *vector)
{
	if (!vector->iov_len)
		vector->iov_base = NULL;
	return (ssize_t)vector->iov_len < 0 ? -EINVAL : 0;
}

/**
 * cloudabi_vector_get() - Copy and check the only vector of a call.
 * @user: where the program has it.
 * @vector: filled in on success. Nothing was asked about the buffer yet.
 *
 * Return: 0; -EFAULT; -EINVAL for a length above SSIZE_MAX.
 */
static __always_inline int cloudabi_vector_get(const struct iovec __user *user,
					       struct iovec *vector)
{
	if (!user_read_access_begin(user, sizeof(*user)))
		return -EFAULT;
	unsafe_get_user(vector->iov_base, &user->iov_base, fault);
	unsafe_get_user(vector->iov_len, &user->iov_len, fault);
	user_read_access_end();
	return cloudabi_vector_check(vector);
fault:
	user_read_access_end();
	return -EFAULT;
}

int cloudabi_vectors_get(const void __user *user, size_t count,
			 struct cloudabi_vectors *vectors);
void cloudabi_vectors_put(struct cloudabi_vectors *vectors);

#endif /* _CLOUDABI_VECTORS_H */
