// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that transfer the contents of files, and those about their offset.
 *
 * An interrupted transfer that moved something reports what it moved. One that
 * moved nothing is made again: no program has a signal handler, so the only
 * interruptions are those that a program must not notice (being stopped, traced
 * or frozen) and its death. Some files report the former by EINTR, which was
 * meant for programs with handlers; it is treated like the restart codes.
 *
 * One vector is what almost every program passes. It goes to what read() and
 * write() call themselves, on a path of its own, so that a call with it costs
 * little more than these.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/nospec.h>
#include <linux/sched/xacct.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "capability.h"
#include "compat/fs.h"
#include "compat/ksym.h"
#include "vectors.h"

static int finish(ssize_t done, size_t *result)
{
	if (unlikely(done < 0))
		return cloudabi_restart_code(done);
	*result = done;
	return 0;
}

static __always_inline ssize_t transfer_buffer(int direction, struct file *file,
					       const struct iovec *vector,
					       loff_t *pos)
{
	if (direction == ITER_DEST)
		return ksym_vfs_read(file, vector->iov_base, vector->iov_len,
				     pos);
	return ksym_vfs_write(file, vector->iov_base, vector->iov_len, pos);
}

static __always_inline ssize_t transfer_one(int direction, struct file *file,
					    const struct iovec __user *user,
					    loff_t *pos)
{
	struct iovec vector;
	int error = cloudabi_vector_get(user, &vector);

	if (unlikely(error))
		return error;
	return transfer_buffer(direction, file, &vector, pos);
}

/* For files that take one buffer at a time. */
static ssize_t transfer_each(int direction, struct file *file,
			     const struct iovec *vectors, unsigned int count,
			     loff_t *pos)
{
	ssize_t total = 0;
	ssize_t done;

	for (; count; count--, vectors++) {
		done = transfer_buffer(direction, file, vectors, pos);
		if (done < 0)
			return total ?: done;
		total += done;
		if (done != vectors->iov_len)
			break;
	}
	return total;
}

static ssize_t transfer_iter(int direction, struct file *file,
			     struct iov_iter *iter, loff_t *pos)
{
	struct kiocb iocb;
	ssize_t done;

	init_sync_kiocb(&iocb, file);
	iocb.ki_pos = pos ? *pos : 0;
	if (direction == ITER_DEST) {
		done = vfs_iocb_iter_read(file, &iocb, iter);
		if (done > 0)
			add_rchar(current, done);
		inc_syscr(current);
	} else {
		done = compat_vfs_iocb_iter_write(file, &iocb, iter);
		if (done > 0)
			add_wchar(current, done);
		inc_syscw(current);
	}
	if (pos)
		*pos = iocb.ki_pos;
	return done;
}

static bool has_iter(int direction, const struct file *file)
{
	return direction == ITER_DEST ? file->f_op->read_iter :
					file->f_op->write_iter;
}

static ssize_t transfer_vectors(int direction, struct file *file,
				const struct cloudabi_vectors *vectors,
				loff_t *pos)
{
	struct iov_iter iter;

	if (!vectors->total)
		return 0;
	if (!has_iter(direction, file))
		return transfer_each(direction, file, vectors->iov,
				     vectors->count, pos);
	iov_iter_init(&iter, direction, vectors->iov, vectors->count,
		      vectors->total);
	return transfer_iter(direction, file, &iter, pos);
}

static noinline ssize_t transfer_many(int direction, struct file *file,
				      const struct iovec __user *user,
				      size_t count, loff_t *pos)
{
	struct cloudabi_vectors vectors;
	ssize_t done;

	done = cloudabi_vectors_get(user, count, &vectors);
	if (done)
		return done;
	done = transfer_vectors(direction, file, &vectors, pos);
	cloudabi_vectors_put(&vectors);
	return done;
}

static __always_inline ssize_t transfer(int direction, struct file *file,
					const void __user *vectors,
					size_t count, loff_t *pos)
{
	if (count == 1)
		return transfer_one(direction, file, vectors, pos);
	return transfer_many(direction, file, vectors, count, pos);
}

static __always_inline int transfer_here(int direction, cloudabi_fd_t fd,
					 cloudabi_rights_t need,
					 const void __user *vectors,
					 size_t count, size_t *result)
{
	struct cloudabi_ref ref;
	loff_t position;
	loff_t *pos;
	ssize_t done;
	int error;

	error = cloudabi_fget_file(fd, need, &ref);
	if (unlikely(error))
		return error;
	pos = cloudabi_position_begin(ref.file, &position);
	done = transfer(direction, ref.file, vectors, count, pos);
	cloudabi_position_end(ref.file, pos, done);
	cloudabi_fput_file(ref);
	return finish(done, result);
}

static __always_inline int transfer_at(int direction, cloudabi_fd_t fd,
				       cloudabi_rights_t need,
				       const void __user *vectors, size_t count,
				       cloudabi_filesize_t offset,
				       size_t *result)
{
	fmode_t mode = direction == ITER_DEST ? FMODE_PREAD : FMODE_PWRITE;
	struct cloudabi_ref ref;
	ssize_t done = -ESPIPE;
	loff_t pos = offset;
	int error;

	if (offset > S64_MAX)
		return -EINVAL;
	error = cloudabi_fget_file(fd, need, &ref);
	if (unlikely(error))
		return error;
	if (ref.file->f_mode & mode)
		done = transfer(direction, ref.file, vectors, count, &pos);
	cloudabi_fput_file(ref);
	return finish(done, result);
}

static noinline int read_many(cloudabi_fd_t fd, const void __user *vectors,
			      size_t count, size_t *result)
{
	return transfer_here(ITER_DEST, fd, CLOUDABI_NEED_fd_read, vectors,
			     count, result);
}

static noinline int write_many(cloudabi_fd_t fd, const void __user *vectors,
			       size_t count, size_t *result)
{
	return transfer_here(ITER_SOURCE, fd, CLOUDABI_NEED_fd_write, vectors,
			     count, result);
}

/**
 * cloudabi_call_fd_read() - Read at the offset of the file, or what comes next.
 * @fd: descriptor with FD_READ.
 * @iovs: where to, in this order.
 * @iovs_len: how many of these.
 * @nread: set to the number of bytes; 0 at the end of the file.
 *
 * Sockets are read as by recv() without flags: descriptors that come along are
 * closed, and what does not fit of a datagram is lost.
 *
 * Return: 0; -EBADF if @fd is not open, or not for reading; -ENOTCAPABLE;
 * -EINVAL for more than 1024 vectors or a length above SSIZE_MAX; -EFAULT;
 * -EAGAIN if the file is non-blocking and nothing is there; what the file
 * reports.
 */
int cloudabi_call_fd_read(cloudabi_fd_t fd,
			  const cloudabi64_iovec_t __user *iovs,
			  size_t iovs_len, size_t *nread)
{
	if (unlikely(iovs_len != 1))
		return read_many(fd, iovs, iovs_len, nread);
	return transfer_here(ITER_DEST, fd, CLOUDABI_NEED_fd_read, iovs, 1,
			     nread);
}

/**
 * cloudabi_call_fd_write() - Write at the offset of the file, or at its end.
 * @fd: descriptor with FD_WRITE.
 * @iovs: what, in this order.
 * @iovs_len: how many of these.
 * @nwritten: set to the number of bytes.
 *
 * Return: 0; -EBADF if @fd is not open, or not for writing; -ENOTCAPABLE;
 * -EINVAL for more than 1024 vectors or a length above SSIZE_MAX; -EFAULT;
 * -EAGAIN if the file is non-blocking and takes nothing; -EPIPE if nobody can
 * read it any more; -EFBIG above a limit on the size; what the file reports.
 */
int cloudabi_call_fd_write(cloudabi_fd_t fd,
			   const cloudabi64_ciovec_t __user *iovs,
			   size_t iovs_len, size_t *nwritten)
{
	if (unlikely(iovs_len != 1))
		return write_many(fd, iovs, iovs_len, nwritten);
	return transfer_here(ITER_SOURCE, fd, CLOUDABI_NEED_fd_write, iovs, 1,
			     nwritten);
}

/**
 * cloudabi_call_fd_pread() - Read at an offset of the caller's choice.
 * @fd: descriptor with FD_READ and FD_SEEK.
 * @iovs: where to, in this order.
 * @iovs_len: how many of these.
 * @offset: where in the file; that of the file itself stays where it is.
 * @nread: set to the number of bytes; 0 at the end of the file.
 *
 * Return: as cloudabi_call_fd_read(); also -EINVAL for an @offset above
 * INT64_MAX, and -ESPIPE for a device that has no offset.
 */
int cloudabi_call_fd_pread(cloudabi_fd_t fd,
			   const cloudabi64_iovec_t __user *iovs,
			   size_t iovs_len, cloudabi_filesize_t offset,
			   size_t *nread)
{
	return transfer_at(ITER_DEST, fd, CLOUDABI_NEED_fd_pread, iovs,
			   iovs_len, offset, nread);
}

/**
 * cloudabi_call_fd_pwrite() - Write at an offset of the caller's choice.
 * @fd: descriptor with FD_WRITE and FD_SEEK.
 * @iovs: what, in this order.
 * @iovs_len: how many of these.
 * @offset: where in the file; that of the file itself stays where it is. A file
 *	that is open for appending is written at its end all the same.
 * @nwritten: set to the number of bytes.
 *
 * Return: as cloudabi_call_fd_write(); also -EINVAL for an @offset above
 * INT64_MAX, and -ESPIPE for a device that has no offset.
 */
int cloudabi_call_fd_pwrite(cloudabi_fd_t fd,
			    const cloudabi64_ciovec_t __user *iovs,
			    size_t iovs_len, cloudabi_filesize_t offset,
			    size_t *nwritten)
{
	return transfer_at(ITER_SOURCE, fd, CLOUDABI_NEED_fd_pwrite, iovs,
			   iovs_len, offset, nwritten);
}

/*
 * The kernel calls any offset that it will not have EINVAL. An offset that
 * cannot even be written down is EOVERFLOW; one below 0 stays EINVAL.
 */
static int seek_error(const struct file *file, loff_t offset, int whence,
		      int error)
{
	loff_t start = whence == SEEK_END ? i_size_read(file_inode(file)) :
		       whence == SEEK_CUR ? file->f_pos :
					    0;
	loff_t sum;

	if (error == -EINVAL && offset > 0 &&
	    check_add_overflow(start, offset, &sum))
		return -EOVERFLOW;
	return error;
}

enum { NO_WHENCE = U8_MAX };

static const u8 native_whence[] = {
	[0] = NO_WHENCE,
	[CLOUDABI_WHENCE_CUR] = SEEK_CUR,
	[CLOUDABI_WHENCE_END] = SEEK_END,
	[CLOUDABI_WHENCE_SET] = SEEK_SET,
};

static int seek(struct file *file, loff_t offset, int whence,
		cloudabi_filesize_t *newoffset)
{
	loff_t result;
	int error = 0;

	cloudabi_position_lock(file);
	result = vfs_llseek(file, offset, whence);
	if (unlikely(result < 0))
		error = seek_error(file, offset, whence, result);
	else
		*newoffset = result;
	cloudabi_position_unlock(file);
	return error;
}

/**
 * cloudabi_call_fd_seek() - Move or learn the offset of a file.
 * @fd: descriptor with FD_SEEK; FD_TELL is enough to move it by nothing.
 * @offset: by how much.
 * @whence: CLOUDABI_WHENCE_CUR, _END or _SET: from where.
 * @newoffset: set to the offset from the start of the file.
 *
 * Return: 0; -EINVAL if @whence is anything else, before the descriptor is
 * looked at, or if the offset would be below 0 or above what the file can have;
 * -EOVERFLOW if it would be above INT64_MAX; -EBADF; -ENOTCAPABLE; -ESPIPE for
 * a device that has no offset.
 */
int cloudabi_call_fd_seek(cloudabi_fd_t fd, cloudabi_filedelta_t offset,
			  cloudabi_whence_t whence,
			  cloudabi_filesize_t *newoffset)
{
	struct cloudabi_ref ref;
	int error;

	if (unlikely(whence >= ARRAY_SIZE(native_whence) ||
		     native_whence[whence] == NO_WHENCE))
		return -EINVAL;
	if (whence == CLOUDABI_WHENCE_CUR && !offset)
		error = cloudabi_fget_file(fd, CLOUDABI_NEED_fd_seek_tell,
					   &ref);
	else
		error = cloudabi_fget_file(fd, CLOUDABI_NEED_fd_seek, &ref);
	if (unlikely(error))
		return error;
	whence = array_index_nospec(whence, ARRAY_SIZE(native_whence));
	error = seek(ref.file, offset, native_whence[whence], newoffset);
	cloudabi_fput_file(ref);
	return error;
}

static int sync_file(cloudabi_fd_t fd, cloudabi_rights_t need, int datasync)
{
	struct cloudabi_handle handle;
	int error;

	error = cloudabi_fget(fd, need, &handle);
	if (error)
		return error;
	error = vfs_fsync(handle.file, datasync);
	cloudabi_fput(&handle);
	return cloudabi_restart_code(error);
}

/**
 * cloudabi_call_fd_datasync() - Write the contents of a file to its medium.
 * @fd: descriptor with FD_DATASYNC.
 *
 * Return: 0, -EBADF, -ENOTCAPABLE, -EINVAL if the file has no medium, or what
 * the file system could not store (-EIO, -ENOSPC, -EDQUOT).
 */
int cloudabi_call_fd_datasync(cloudabi_fd_t fd)
{
	return sync_file(fd, CLOUDABI_NEED_fd_datasync, 1);
}

/**
 * cloudabi_call_fd_sync() - Write all of a file or directory to its medium.
 * @fd: descriptor with FD_SYNC.
 *
 * Return: 0, -EBADF, -ENOTCAPABLE, -EINVAL if the file has no medium, or what
 * the file system could not store (-EIO, -ENOSPC, -EDQUOT).
 */
int cloudabi_call_fd_sync(cloudabi_fd_t fd)
{
	return sync_file(fd, CLOUDABI_NEED_fd_sync, 0);
}
