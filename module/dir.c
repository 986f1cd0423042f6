// SPDX-License-Identifier: GPL-2.0
/*
 * Reading directories.
 *
 * CloudABI: file_readdir fills the buffer as long as there are entries, cutting
 * the last one wherever the buffer ends: a count below the buffer's length
 * means the end of the directory and nothing else. A cookie is the position
 * before an entry; the position behind it is in the entry. Cookies stay good
 * and may be used in any order, by any number of users of one descriptor.
 *
 * The kernel reads directories at the offset of an open file. That offset is
 * shared with everyone who has the file, natives among them, so where there may
 * be anyone else the directory is opened once more for the call. Where the
 * descriptor is the only one its own offset is used: nobody could see it, and
 * the next call usually goes on where this one ended. Then the file system also
 * remembers what was there when reading began, and does not tell for ever of
 * entries that the program makes meanwhile.
 *
 * Who opened the directory may have been allowed to do what the caller is not,
 * by a security module that asks at open and not at reading. Then the offset of
 * the shared file is used, and put back before others can take it.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "capability.h"
#include "filetype.h"

/**
 * struct listing - A buffer that is being filled.
 * @context: what the file system calls for each entry.
 * @buf: the program's buffer.
 * @length: its length.
 * @used: how much of it is filled.
 * @last: where the entry filled in last begins.
 * @has_last: whether there is one, so that its d_next is still to be written.
 * @progress: whether the file system had an entry since this was cleared.
 * @error: -EFAULT if the buffer could not be written.
 */
struct listing {
	struct dir_context context;
	char __user *buf;
	size_t length;
	size_t used;
	size_t last;
	bool has_last;
	bool progress;
	int error;
};

/* Writes as much as fits at @position of the buffer. */
static void put(struct listing *listing, size_t position, const void *data,
		size_t size)
{
	size = min(size, listing->length - position);
	if (copy_to_user(listing->buf + position, data, size))
		listing->error = -EFAULT;
}

/* The position behind an entry is known when the next one, or none, comes. */
static void finish_last(struct listing *listing, cloudabi_dircookie_t next)
{
	if (!listing->has_last)
		return;
	put(listing, listing->last, &next, sizeof(next));
	listing->has_last = false;
}

static cloudabi_filetype_t type_from_dirent(unsigned int type)
{
	return cloudabi_filetype_of_mode(type << 12);
}

/* As much of an entry as there is room for, which ends the buffer. */
static void add_cut(struct listing *listing, const cloudabi_dirent_t *entry,
		    const char *name)
{
	listing->last = listing->used;
	listing->has_last = true;
	put(listing, listing->used, entry, sizeof(*entry));
	listing->used = min(listing->used + sizeof(*entry), listing->length);
	put(listing, listing->used, name, entry->d_namlen);
	listing->used = listing->length;
}

/* Does finish_last() and adds an entry, opening the program's memory once. */
static void add_whole(struct listing *listing, const cloudabi_dirent_t *entry,
		      const char *name, cloudabi_dircookie_t position)
{
	size_t begin = listing->has_last ? listing->last : listing->used;
	size_t end = listing->used + sizeof(*entry) + entry->d_namlen;
	char __user *last = listing->buf + begin;
	char __user *to = listing->buf + listing->used;

	listing->error = -EFAULT;
	if (!user_write_access_begin(last, end - begin))
		return;
	/* What is written here for the first entry, the entry covers. */
	unsafe_put_user(position, (cloudabi_dircookie_t __user *)last, out);
	unsafe_copy_to_user(to, (const char *)entry, sizeof(*entry), out);
	unsafe_copy_to_user(to + sizeof(*entry), name, entry->d_namlen, out);
	listing->last = listing->used;
	listing->has_last = true;
	listing->used = end;
	listing->error = 0;
out:
	user_write_access_end();
}

static bool take_entry(struct dir_context *context, const char *name,
		       int length, loff_t position, u64 inode,
		       unsigned int type)
{
	struct listing *listing =
		container_of(context, struct listing, context);
	size_t room = listing->length - listing->used;
	cloudabi_dirent_t entry;

	listing->progress = true;
	if (listing->error || fatal_signal_pending(current))
		return false;
	memset(&entry, 0, sizeof(entry));
	entry.d_ino = inode;
	entry.d_namlen = length;
	entry.d_type = type_from_dirent(type);
	if (room >= sizeof(entry) + entry.d_namlen) {
		add_whole(listing, &entry, name, position);
		return !listing->error;
	}
	finish_last(listing, position);
	if (room)
		add_cut(listing, &entry, name);
	return room && !listing->error;
}

static int fill(struct file *dir, struct listing *listing)
{
	int error;

	while (listing->used < listing->length) {
		listing->progress = false;
		error = iterate_dir(dir, &listing->context);
		if (error)
			return error;
		if (listing->error)
			return listing->error;
		if (fatal_signal_pending(current))
			return -ERESTARTNOINTR;
		if (!listing->progress)
			break;
	}
	finish_last(listing, dir->f_pos);
	return listing->error;
}

/* The beginning is gone to in any case: file systems look anew there. */
static int list(struct file *dir, cloudabi_dircookie_t cookie,
		struct listing *listing)
{
	loff_t position;

	if (!cookie || dir->f_pos != cookie) {
		position = vfs_llseek(dir, cookie, SEEK_SET);
		if (position < 0)
			return position;
	}
	return fill(dir, listing);
}

static int list_alone(struct file *dir, cloudabi_dircookie_t cookie,
		      struct listing *listing)
{
	int error;

	mutex_lock(&dir->f_pos_lock);
	error = list(dir, cookie, listing);
	mutex_unlock(&dir->f_pos_lock);
	return error;
}

static int list_in_place(struct file *dir, cloudabi_dircookie_t cookie,
			 struct listing *listing)
{
	loff_t before;
	int error;

	mutex_lock(&dir->f_pos_lock);
	before = dir->f_pos;
	error = list(dir, cookie, listing);
	vfs_llseek(dir, before, SEEK_SET);
	mutex_unlock(&dir->f_pos_lock);
	return error;
}

static int list_shared(struct file *dir, cloudabi_dircookie_t cookie,
		       struct listing *listing)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_LARGEFILE;
	struct file *own;
	int error;

	own = dentry_open(&dir->f_path, flags | (dir->f_flags & O_NOATIME),
			  dir->f_cred);
	if (IS_ERR(own))
		return list_in_place(dir, cookie, listing);
	error = list(own, cookie, listing);
	fput(own);
	return error;
}

/*
 * Whether nobody but this call can use the file: one slot has it, by itself or
 * through a capability. What threads share counts as used by others.
 */
static bool is_alone(const struct cloudabi_handle *handle)
{
	return file_count(handle->slot) == 1 && file_count(handle->file) == 1;
}

/**
 * cloudabi_call_file_readdir() - Read entries of a directory.
 * @fd: descriptor of the directory. It needs FILE_READDIR.
 * @buf: where to: entries back to back, each followed by its name.
 * @buf_len: how much, in bytes.
 * @cookie: 0, or what an entry said about the position behind it.
 * @bufused: set to the bytes filled in; less than @buf_len at the end of the
 *	directory only.
 *
 * Where the file system fails half-way the call fails: a short count would pass
 * for the end.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EBADF; -ENOTCAPABLE; -EINVAL for a cookie that cannot be one;
 * -ENOENT if the directory has been removed; -EFAULT; or an error of the file
 * system.
 */
int cloudabi_call_file_readdir(cloudabi_fd_t fd, void __user *buf,
			       size_t buf_len, cloudabi_dircookie_t cookie,
			       size_t *bufused)
{
	struct listing listing = {
		.context.actor = take_entry,
		.buf = buf,
		.length = buf_len,
	};
	struct cloudabi_handle handle;
	int error;

	error = cloudabi_fget(fd, CLOUDABI_NEED_file_readdir, &handle);
	if (error)
		return error;
	if (cookie > S64_MAX)
		error = -EINVAL;
	else if (is_alone(&handle))
		error = list_alone(handle.file, cookie, &listing);
	else
		error = list_shared(handle.file, cookie, &listing);
	cloudabi_fput(&handle);
	*bufused = listing.used;
	return error;
}
