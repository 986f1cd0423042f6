/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Descriptors: the only way to a file, and to its rights.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_CAPABILITY_H
#define _CLOUDABI_CAPABILITY_H

#include "compat/file.h"
#include "rights.h"

/**
 * struct cloudabi_handle - A descriptor that is in use by a call.
 * @fd: what fdget() returned; keeps @slot, and through it @file, alive until
 *	cloudabi_fput().
 * @slot: what the table holds: a native file or a capability.
 * @file: the native file, the one behind the capability if @slot is one.
 * @rights: what the descriptor may be used for.
 *
 * The table may lend @slot without a reference, so a handle must be put before
 * its owner closes or replaces a descriptor, forks, or makes a thread.
 */
struct cloudabi_handle {
	struct fd fd;
	struct file *slot;
	struct file *file;
	struct cloudabi_rights rights;
};

int cloudabi_fget(cloudabi_fd_t fd, cloudabi_rights_t need,
		  struct cloudabi_handle *handle);

/**
 * cloudabi_fput() - Let go of a descriptor.
 * @handle: what cloudabi_fget() filled in.
 */
static __always_inline void cloudabi_fput(struct cloudabi_handle *handle)
{
	fdput(handle->fd);
}

/**
 * struct cloudabi_ref - What is left of a handle for calls that are in a hurry.
 * @slot: the table's answer, as one word.
 * @file: the native file, or an error pointer.
 *
 * Two registers; see &struct cloudabi_handle for the rest.
 */
struct cloudabi_ref {
	unsigned long slot;
	struct file *file;
};

extern const struct file_operations cloudabi_capability_fops[2];

struct cloudabi_ref cloudabi_fget_other(cloudabi_fd_t fd,
					cloudabi_rights_t need,
					unsigned long slot);

/**
 * cloudabi_is_capability() - Tell capabilities from native files.
 * @file: what a slot or a message holds.
 *
 * Return: true for a capability.
 */
static __always_inline bool cloudabi_is_capability(const struct file *file)
{
	return (unsigned long)file->f_op -
		       (unsigned long)cloudabi_capability_fops <
	       sizeof(cloudabi_capability_fops);
}

/* By kinds, so that the compiler knows the kind where it matters. */
static __always_inline bool cloudabi_file_covers(const struct file *file,
						 cloudabi_rights_t need)
{
	if (cloudabi_is_regular(file))
		return rights_native_cover(FILEKIND_REGULAR_FILE, file->f_mode,
					   need);
	if (S_ISFIFO(file_inode(file)->i_mode))
		return rights_native_cover(FILEKIND_SOCKET_STREAM, file->f_mode,
					   need);
	return rights_native_cover(cloudabi_filekind_special(file),
				   file->f_mode, need);
}

/**
 * cloudabi_fget_file() - Get at the file behind a descriptor, and no more.
 * @fd: descriptor of the calling process.
 * @need: base rights that it must have; a constant.
 * @ref: filled in on success; give back with cloudabi_fput_file().
 *
 * Does what cloudabi_fget() does, in line for a native file. For calls whose
 * native twins take hardly longer than cloudabi_fget().
 *
 * Return: 0, -EBADF if the descriptor is not open, -ENOTCAPABLE if it lacks one
 * of the rights.
 */
static __always_inline int cloudabi_fget_file(cloudabi_fd_t fd,
					      cloudabi_rights_t need,
					      struct cloudabi_ref *ref)
{
	unsigned long slot = compat_fdget_word(fd);
	struct file *file = fd_file(compat_word_fd(slot));

	if (likely(slot) && likely(!cloudabi_is_capability(file)) &&
	    likely(cloudabi_file_covers(file, need))) {
		ref->slot = slot;
		ref->file = file;
		return 0;
	}
	*ref = cloudabi_fget_other(fd, need, slot);
	return PTR_ERR_OR_ZERO(ref->file);
}

/**
 * cloudabi_fput_file() - Let go of a file.
 * @ref: what cloudabi_fget_file() returned.
 */
static __always_inline void cloudabi_fput_file(struct cloudabi_ref ref)
{
	fdput(compat_word_fd(ref.slot));
}

struct file *cloudabi_capability_new(struct file *real,
				     struct cloudabi_rights rights);
struct file *cloudabi_capability_pass(cloudabi_fd_t fd);
int cloudabi_capability_narrow(cloudabi_fd_t fd, struct cloudabi_rights rights);
struct file *cloudabi_slot_exchange(cloudabi_fd_t fd, struct file *expected,
				    struct file *file);

/**
 * cloudabi_position_lock() - Keep the offset of a file from moving.
 * @file: a native file.
 *
 * The offset of a regular file is locked even where a native process would know
 * itself to be alone: the file behind a capability has one reference however
 * many descriptors and threads use it.
 *
 * Context: Returns with f_pos_lock held if the file has one.
 */
static __always_inline void cloudabi_position_lock(struct file *file)
{
	if (file->f_mode & FMODE_ATOMIC_POS)
		mutex_lock(&file->f_pos_lock);
}

/**
 * cloudabi_position_unlock() - Undo cloudabi_position_lock().
 * @file: a native file.
 */
static __always_inline void cloudabi_position_unlock(struct file *file)
{
	if (file->f_mode & FMODE_ATOMIC_POS)
		mutex_unlock(&file->f_pos_lock);
}

/**
 * cloudabi_position_begin() - Take the offset of a file for a transfer.
 * @file: a native file.
 * @position: where the call keeps the offset meanwhile.
 *
 * Context: Locks the offset; see cloudabi_position_lock().
 * Return: @position, or NULL for a file that has no offset.
 */
static __always_inline loff_t *cloudabi_position_begin(struct file *file,
						       loff_t *position)
{
	cloudabi_position_lock(file);
	if (file->f_mode & FMODE_STREAM)
		return NULL;
	*position = file->f_pos;
	return position;
}

/**
 * cloudabi_position_end() - Put the offset of a file back.
 * @file: a native file.
 * @position: what cloudabi_position_begin() returned.
 * @done: what the transfer returned; the offset stays if that is an error.
 */
static __always_inline void
cloudabi_position_end(struct file *file, const loff_t *position, ssize_t done)
{
	if (position && done >= 0)
		file->f_pos = *position;
	cloudabi_position_unlock(file);
}

#endif /* _CLOUDABI_CAPABILITY_H */
