// SPDX-License-Identifier: GPL-2.0
/*
 * Vectors of buffers, as programs hand them over.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "vectors.h"

#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

/* Vectors are handed to the kernel as they are. */
#define SAME_LAYOUT(type)                                                  \
	static_assert(                                                     \
		sizeof(type) == sizeof(struct iovec) &&                    \
		offsetof(type, buf) == offsetof(struct iovec, iov_base) && \
		offsetof(type, buf_len) == offsetof(struct iovec, iov_len))

SAME_LAYOUT(cloudabi64_iovec_t);
SAME_LAYOUT(cloudabi64_ciovec_t);

static int check_lengths(const struct cloudabi_vectors *vectors)
{
	size_t total = 0;
	size_t i;

	for (i = 0; i < vectors->count; i++) {
		struct iovec *vector = &vectors->iov[i];

		if (cloudabi_vector_check(vector) ||
		    vector->iov_len > SSIZE_MAX - total)
			return -EINVAL;
		total += vector->iov_len;
	}
	return 0;
}

/*
 * What import_iovec() does, but in the order of this ABI: lengths that make no
 * sense come before buffers that cannot be accessed.
 */
static int check(struct cloudabi_vectors *vectors)
{
	int error = check_lengths(vectors);
	size_t i;

	if (error)
		return error;
	vectors->total = 0;
	for (i = 0; i < vectors->count; i++) {
		struct iovec *vector = &vectors->iov[i];

		if (!access_ok(vector->iov_base, vector->iov_len))
			return -EFAULT;
		vector->iov_len = min_t(size_t, vector->iov_len,
					MAX_RW_COUNT - vectors->total);
		vectors->total += vector->iov_len;
	}
	return 0;
}

/**
 * cloudabi_vectors_get() - Copy and check the vectors of a call.
 * @user: where the program has them, an array of cloudabi64_iovec_t or of
 *	cloudabi64_ciovec_t.
 * @count: how many; @user means nothing if it is 0.
 * @vectors: filled in on success; give back with cloudabi_vectors_put().
 *
 * Context: May sleep.
 * Return: 0; -EINVAL for more than 1024 of them, or a length or a sum above
 * SSIZE_MAX; -EFAULT; -ENOMEM.
 */
int cloudabi_vectors_get(const void __user *user, size_t count,
			 struct cloudabi_vectors *vectors)
{
	int error = -EFAULT;

	if (count > UIO_MAXIOV)
		return -EINVAL;
	vectors->iov = vectors->fast;
	vectors->count = count;
	if (count > ARRAY_SIZE(vectors->fast)) {
		vectors->iov = kmalloc_array(count, sizeof(*vectors->iov),
					     GFP_KERNEL_ACCOUNT);
		if (!vectors->iov)
			return -ENOMEM;
	}
	if (!copy_from_user(vectors->iov, user, count * sizeof(*vectors->iov)))
		error = check(vectors);
	if (error)
		cloudabi_vectors_put(vectors);
	return error;
}

/**
 * cloudabi_vectors_put() - Undo cloudabi_vectors_get().
 * @vectors: what it filled in.
 */
void cloudabi_vectors_put(struct cloudabi_vectors *vectors)
{
	if (vectors->iov != vectors->fast)
		kfree(vectors->iov);
}
