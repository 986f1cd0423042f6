// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that make, copy and close descriptors.
 *
 * None of them needs a right. They move the files that slots hold, native files
 * and capabilities alike, and with them the rights.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/fdtable.h>
#include <linux/net.h>
#include <linux/security.h>
#include <linux/shmem_fs.h>

#include "capability.h"
#include "compat/shmem_fs.h"

/* Native ancestors aside, nobody could want a descriptor to survive an exec. */
#define FD_FLAGS O_CLOEXEC

/**
 * cloudabi_call_fd_close() - Close a descriptor.
 * @fd: descriptor.
 *
 * The descriptor is gone even if closing the file reports an error. Making the
 * call again could then only hit another file that got the number meanwhile, so
 * a flush that was interrupted counts as done.
 *
 * Return: 0, -EBADF if the descriptor is not open, or what the file system
 * reports of data that it could not store (-EIO, -ENOSPC, -EDQUOT).
 */
int cloudabi_call_fd_close(cloudabi_fd_t fd)
{
	int error = close_fd(fd);

	if (error == -EINTR || cloudabi_must_restart(error))
		return 0;
	return error;
}

/**
 * cloudabi_call_fd_dup() - Make another descriptor for the same open file.
 * @from: descriptor.
 * @fd: set to the new descriptor, which has the same rights.
 *
 * Return: 0, -EBADF if @from is not open, -EMFILE if the table is full, -ENOMEM.
 */
int cloudabi_call_fd_dup(cloudabi_fd_t from, cloudabi_fd_t *fd)
{
	struct file *slot = fget_raw(from);
	int number;

	if (!slot)
		return -EBADF;
	number = get_unused_fd_flags(FD_FLAGS);
	if (number < 0) {
		fput(slot);
		return number;
	}
	fd_install(number, slot);
	*fd = number;
	return 0;
}

/**
 * cloudabi_call_fd_replace() - Make a descriptor stand for what another does.
 * @from: descriptor that is copied, with its rights.
 * @to: descriptor that is closed and replaced in one step. It must be open:
 *	programs cannot choose the numbers of their descriptors.
 *
 * Errors of closing what @to stood for are lost, as with dup2().
 *
 * Return: 0, -EBADF if one of the two is not open.
 */
int cloudabi_call_fd_replace(cloudabi_fd_t from, cloudabi_fd_t to)
{
	struct file *slot = fget_raw(from);
	struct file *old;

	if (!slot)
		return -EBADF;
	if (from == to) {
		fput(slot);
		return 0;
	}
	old = cloudabi_slot_exchange(to, NULL, slot);
	fput(slot);
	if (IS_ERR(old))
		return PTR_ERR(old);
	filp_close(old, current->files);
	return 0;
}

/**
 * cloudabi_call_fd_create1() - Make an object that has one descriptor.
 * @type: CLOUDABI_FILETYPE_SHARED_MEMORY: memory of size 0 that can be mapped.
 * @fd: set to the descriptor, which has all rights of its type.
 *
 * Return: 0, -EINVAL if @type is anything else, -EMFILE if the table is full,
 * -ENFILE, -ENOMEM.
 */
int cloudabi_call_fd_create1(cloudabi_filetype_t type, cloudabi_fd_t *fd)
{
	struct file *file;
	int number;

	if (type != CLOUDABI_FILETYPE_SHARED_MEMORY)
		return -EINVAL;
	number = get_unused_fd_flags(FD_FLAGS);
	if (number < 0)
		return number;
	file = compat_shmem_file_setup("cloudabi", 0);
	if (IS_ERR(file)) {
		put_unused_fd(number);
		return PTR_ERR(file);
	}
	/* What opening a regular file for reading and writing sets. */
	file->f_mode |= FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE |
			FMODE_ATOMIC_POS;
	file->f_flags |= O_LARGEFILE;
	fd_install(number, file);
	*fd = number;
	return 0;
}

/* Both or none; sock_alloc_file() disposes of the socket when it fails. */
static int sockets_to_files(struct socket *first, struct socket *second,
			    struct file *files[2])
{
	files[0] = sock_alloc_file(first, 0, NULL);
	if (IS_ERR(files[0])) {
		sock_release(second);
		return PTR_ERR(files[0]);
	}
	files[1] = sock_alloc_file(second, 0, NULL);
	if (IS_ERR(files[1])) {
		fput(files[0]);
		return PTR_ERR(files[1]);
	}
	return 0;
}

static int connect_sockets(struct socket *first, struct socket *second)
{
	int error = security_socket_socketpair(first, second);

	if (error)
		return error;
	return first->ops->socketpair(first, second);
}

static int make_socketpair(int type, struct file *files[2])
{
	struct socket *first, *second;
	int error;

	error = sock_create(AF_UNIX, type, 0, &first);
	if (error)
		return error;
	error = sock_create(AF_UNIX, type, 0, &second);
	if (error) {
		sock_release(first);
		return error;
	}
	error = connect_sockets(first, second);
	if (error) {
		sock_release(first);
		sock_release(second);
		return error;
	}
	return sockets_to_files(first, second, files);
}

static int install_pair(int first, int type, cloudabi_fd_t *fd1,
			cloudabi_fd_t *fd2)
{
	struct file *files[2];
	int second;
	int error;

	second = get_unused_fd_flags(FD_FLAGS);
	if (second < 0)
		return second;
	error = make_socketpair(type, files);
	if (error) {
		put_unused_fd(second);
		return error;
	}
	fd_install(first, files[0]);
	fd_install(second, files[1]);
	*fd1 = first;
	*fd2 = second;
	return 0;
}

/**
 * cloudabi_call_fd_create2() - Make an object that has two descriptors.
 * @type: CLOUDABI_FILETYPE_SOCKET_STREAM or CLOUDABI_FILETYPE_SOCKET_DGRAM: two
 *	sockets that are connected to each other. The former serves as pipe.
 * @fd1: set to the descriptor of one of them.
 * @fd2: set to that of the other. Both have all rights of their type.
 *
 * Return: 0, -EINVAL if @type is anything else, -EMFILE if the table is full,
 * -ENFILE, -ENOMEM, or what a security module says. Nothing is left behind by a
 * failure.
 */
int cloudabi_call_fd_create2(cloudabi_filetype_t type, cloudabi_fd_t *fd1,
			     cloudabi_fd_t *fd2)
{
	int sock_type;
	int first;
	int error;

	switch (type) {
	case CLOUDABI_FILETYPE_SOCKET_STREAM:
		sock_type = SOCK_STREAM;
		break;
	case CLOUDABI_FILETYPE_SOCKET_DGRAM:
		sock_type = SOCK_DGRAM;
		break;
	default:
		return -EINVAL;
	}
	first = get_unused_fd_flags(FD_FLAGS);
	if (first < 0)
		return first;
	error = install_pair(first, sock_type, fd1, fd2);
	if (error)
		put_unused_fd(first);
	return error;
}
