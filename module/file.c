// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that change directories: create, link, rename, symlink, unlink, and
 * readlink. How names are brought to the native functions is told at the top of
 * lookup.c.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/fs.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "capability.h"
#include "compat/ksym.h"
#include "compat/namei.h"
#include "lookup.h"

/**
 * struct place - Where a name is: the directory that holds it.
 * @name: the path that the program gave.
 * @dir: the descriptor that the path starts at, in use while @parent is needed.
 * @parent: the directory; counted.
 */
struct place {
	struct cloudabi_name name;
	struct cloudabi_handle dir;
	struct path parent;
};

/*
 * Finds the place of a name. The path is copied before, so that what is wrong
 * with it is told before what is wrong with the descriptor.
 */
static int find_place(struct place *place, cloudabi_fd_t fd,
		      cloudabi_rights_t need)
{
	int error = cloudabi_fget(fd, need, &place->dir);

	if (error)
		return error;
	error = cloudabi_lookup_parent(&place->dir, &place->name,
				       &place->parent);
	if (error)
		cloudabi_fput(&place->dir);
	return error;
}

static void leave_place(struct place *place)
{
	path_put(&place->parent);
	cloudabi_fput(&place->dir);
}

static int make_directory(struct place *place, cloudabi_fd_t fd)
{
	int error;

	error = find_place(place, fd, CLOUDABI_NEED_file_create_directory);
	if (error)
		return error;
	cloudabi_registers_swap(&place->parent, NULL);
	/* CloudABI: there is no chmod, so all that the umask leaves. */
	error = compat_mkdir(cloudabi_name_last(&place->name), 0777);
	cloudabi_registers_swap(&place->parent, NULL);
	leave_place(place);
	return error;
}

/**
 * cloudabi_call_file_create() - Make a directory.
 * @fd: directory to start at. It needs FILE_CREATE_DIRECTORY.
 * @path: path of the new one.
 * @path_len: its length.
 * @type: CLOUDABI_FILETYPE_DIRECTORY.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EINVAL for another type or a path with a NUL; -EEXIST; -EBADF;
 * -ENOTCAPABLE if the right is missing or the path leads out; or an error of
 * the path (see cloudabi_name_get(), cloudabi_lookup()) or of mkdirat().
 */
int cloudabi_call_file_create(cloudabi_fd_t fd, const char __user *path,
			      size_t path_len, cloudabi_filetype_t type)
{
	struct place place;
	int error;

	if (type != CLOUDABI_FILETYPE_DIRECTORY)
		return -EINVAL;
	error = cloudabi_name_get(&place.name, fd, path, path_len);
	if (error)
		return error;
	error = make_directory(&place, fd);
	cloudabi_name_put(&place.name);
	return error;
}

/* A name that can only mean a directory. */
static bool names_directory(const struct cloudabi_name *name)
{
	return cloudabi_name_has_slash(name) || cloudabi_name_is_dots(name);
}

/* Acts on a name in one directory and a name in another one. */
static int act_on_two(struct path *from_parent, const char *from,
		      struct place *to,
		      int (*act)(const char *from, const char *to))
{
	int error;

	cloudabi_registers_swap(from_parent, &to->parent);
	error = act(from, cloudabi_name_absolute(&to->name));
	cloudabi_registers_swap(from_parent, &to->parent);
	return error;
}

/*
 * Directories cannot be linked, so a name that can only mean one is looked up
 * for the sake of the error: linkat() would follow a link that has a slash
 * behind it, wherever that leads.
 */
static int refuse_directory(const struct cloudabi_handle *dir,
			    const struct cloudabi_name *name)
{
	struct path found;
	int error;

	error = cloudabi_lookup(dir, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY,
				&found);
	if (error)
		return error;
	path_put(&found);
	return -EPERM;
}

static int link_followed(struct place *from, struct place *to)
{
	struct path parent;
	char *last;
	int error;

	error = cloudabi_lookup_owner(&from->dir, &from->name, &parent, &last);
	/* Both of these are said of directories only. */
	if (error == -EINVAL || error == -EBUSY)
		return -EPERM;
	if (error)
		return error;
	error = act_on_two(&parent, last, to, compat_link);
	kfree(last);
	path_put(&parent);
	return error;
}

static int link_places(struct place *from, struct place *to, bool follow)
{
	if (names_directory(&from->name))
		return refuse_directory(&from->dir, &from->name);
	if (follow)
		return link_followed(from, to);
	return act_on_two(&from->parent, cloudabi_name_last(&from->name), to,
			  compat_link);
}

/* What link and rename have in common: two places, each with its right. */
static int find_places(struct place *from, cloudabi_fd_t fd1,
		       cloudabi_rights_t need1, struct place *to,
		       cloudabi_fd_t fd2, cloudabi_rights_t need2)
{
	int error;

	error = find_place(from, fd1, need1);
	if (error)
		return error;
	error = find_place(to, fd2, need2);
	if (error)
		leave_place(from);
	return error;
}

static int get_two_names(struct place *from, cloudabi_fd_t fd1,
			 const char __user *path1, size_t path1_len,
			 struct place *to, cloudabi_fd_t fd2,
			 const char __user *path2, size_t path2_len)
{
	int error;

	error = cloudabi_name_get(&from->name, fd1, path1, path1_len);
	if (error)
		return error;
	error = cloudabi_name_get(&to->name, fd2, path2, path2_len);
	if (error)
		cloudabi_name_put(&from->name);
	return error;
}

static void put_two_names(struct place *from, struct place *to)
{
	cloudabi_name_put(&from->name);
	cloudabi_name_put(&to->name);
}

/**
 * cloudabi_call_file_link() - Give a file another name.
 * @fd1: directory that the path of the file starts at, which needs
 *	FILE_LINK_SOURCE, and whether to follow a symbolic link at its end.
 * @path1: path of the file.
 * @path1_len: its length.
 * @fd2: directory that the new path starts at. It needs FILE_LINK_TARGET.
 * @path2: the new path.
 * @path2_len: its length.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EPERM for a directory; -EEXIST; -EXDEV between file systems;
 * -EBADF; -ENOTCAPABLE if a right is missing or a path leads out; or an error
 * of a path (see cloudabi_name_get(), cloudabi_lookup()) or of linkat().
 */
int cloudabi_call_file_link(cloudabi_lookup_t fd1, const char __user *path1,
			    size_t path1_len, cloudabi_fd_t fd2,
			    const char __user *path2, size_t path2_len)
{
	bool follow = fd1.flags & CLOUDABI_LOOKUP_SYMLINK_FOLLOW;
	struct place from, to;
	int error;

	error = get_two_names(&from, fd1.fd, path1, path1_len, &to, fd2, path2,
			      path2_len);
	if (error)
		return error;
	error = find_places(&from, fd1.fd, CLOUDABI_NEED_file_link_source, &to,
			    fd2, CLOUDABI_NEED_file_link_target);
	if (!error) {
		error = link_places(&from, &to, follow);
		leave_place(&to);
		leave_place(&from);
	}
	put_two_names(&from, &to);
	return error;
}

/* The native call has EBUSY for "." and "..", which CloudABI has not. */
static int rename_places(struct place *from, struct place *to)
{
	if (cloudabi_name_is_dots(&from->name) ||
	    cloudabi_name_is_dots(&to->name))
		return -EINVAL;
	return act_on_two(&from->parent, cloudabi_name_last(&from->name), to,
			  compat_rename);
}

/**
 * cloudabi_call_file_rename() - Give a file another name in place of its own.
 * @fd1: directory that the old path starts at. It needs FILE_RENAME_SOURCE.
 * @path1: the old path.
 * @path1_len: its length.
 * @fd2: directory that the new path starts at. It needs FILE_RENAME_TARGET.
 * @path2: the new path.
 * @path2_len: its length.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EINVAL for "." and ".." and for moving a directory into itself;
 * -EXDEV between file systems; -EBADF; -ENOTCAPABLE if a right is missing or a
 * path leads out; or an error of a path (see cloudabi_name_get(),
 * cloudabi_lookup()) or of renameat().
 */
int cloudabi_call_file_rename(cloudabi_fd_t fd1, const char __user *path1,
			      size_t path1_len, cloudabi_fd_t fd2,
			      const char __user *path2, size_t path2_len)
{
	struct place from, to;
	int error;

	error = get_two_names(&from, fd1, path1, path1_len, &to, fd2, path2,
			      path2_len);
	if (error)
		return error;
	error = find_places(&from, fd1, CLOUDABI_NEED_file_rename_source, &to,
			    fd2, CLOUDABI_NEED_file_rename_target);
	if (!error) {
		error = rename_places(&from, &to);
		leave_place(&to);
		leave_place(&from);
	}
	put_two_names(&from, &to);
	return error;
}

static int make_symlink(const char *contents, struct place *place,
			cloudabi_fd_t fd)
{
	int error;

	error = find_place(place, fd, CLOUDABI_NEED_file_symlink);
	if (error)
		return error;
	cloudabi_registers_swap(&place->parent, NULL);
	error = *contents ? compat_symlink(contents,
					   cloudabi_name_last(&place->name)) :
			    -ENOENT;
	cloudabi_registers_swap(&place->parent, NULL);
	leave_place(place);
	return error;
}

/**
 * cloudabi_call_file_symlink() - Make a symbolic link.
 * @path1: what it contains. Where that leads matters when it is followed.
 * @path1_len: its length.
 * @fd: directory to start at. It needs FILE_SYMLINK.
 * @path2: path of the link.
 * @path2_len: its length.
 *
 * Context: Process context, may sleep.
 * Return: 0; -ENOENT if @path1 or @path2 is empty; -EEXIST; -EBADF;
 * -ENOTCAPABLE if the right is missing or @path2 leads out; or an error of a
 * path (see cloudabi_name_get(), cloudabi_lookup()) or of symlinkat().
 */
int cloudabi_call_file_symlink(const char __user *path1, size_t path1_len,
			       cloudabi_fd_t fd, const char __user *path2,
			       size_t path2_len)
{
	struct cloudabi_name contents;
	struct place place;
	int error;

	error = cloudabi_name_get(&contents, fd, path1, path1_len);
	if (error)
		return error;
	error = cloudabi_name_get(&place.name, fd, path2, path2_len);
	if (!error) {
		error = make_symlink(contents.text, &place, fd);
		cloudabi_name_put(&place.name);
	}
	cloudabi_name_put(&contents);
	return error;
}

static int remove_last(struct path *parent, const char *last, bool directory)
{
	int error;

	cloudabi_registers_swap(parent, NULL);
	error = directory ? compat_rmdir(last) : compat_unlink(last);
	cloudabi_registers_swap(parent, NULL);
	/* CloudABI: unlinking a directory is not permitted, as POSIX has it. */
	return error == -EISDIR ? -EPERM : error;
}

/*
 * CloudABI: a slash behind a symbolic link makes the path mean the directory
 * that the link leads to, and that directory is what gets removed. Where it is
 * the one that the path starts at the error is that of removing ".".
 */
static int remove_followed(struct place *place, bool directory)
{
	struct path parent;
	char *last;
	int error;

	if (!directory)
		return refuse_directory(&place->dir, &place->name);
	error = cloudabi_lookup_owner(&place->dir, &place->name, &parent,
				      &last);
	if (error)
		return error;
	error = remove_last(&parent, last, true);
	kfree(last);
	path_put(&parent);
	return error;
}

static int remove_place(struct place *place, cloudabi_fd_t fd, bool directory)
{
	int error;

	error = find_place(place, fd, CLOUDABI_NEED_file_unlink);
	if (error)
		return error;
	if (cloudabi_name_has_slash(&place->name) &&
	    !cloudabi_name_is_dots(&place->name))
		error = remove_followed(place, directory);
	else
		error = remove_last(&place->parent,
				    cloudabi_name_last(&place->name),
				    directory);
	leave_place(place);
	return error;
}

/**
 * cloudabi_call_file_unlink() - Remove a name.
 * @fd: directory to start at. It needs FILE_UNLINK.
 * @path: the path.
 * @path_len: its length.
 * @flags: CLOUDABI_UNLINK_REMOVEDIR to remove a directory, and nothing else;
 *	without it anything but a directory. Others are ignored.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EPERM for a directory; -ENOTDIR for something else with
 * REMOVEDIR; -ENOTEMPTY; -EBADF; -ENOTCAPABLE if the right is missing or the
 * path leads out; or an error of the path (see cloudabi_name_get(),
 * cloudabi_lookup()) or of unlinkat().
 */
int cloudabi_call_file_unlink(cloudabi_fd_t fd, const char __user *path,
			      size_t path_len, cloudabi_ulflags_t flags)
{
	struct place place;
	int error;

	error = cloudabi_name_get(&place.name, fd, path, path_len);
	if (error)
		return error;
	error = remove_place(&place, fd, flags & CLOUDABI_UNLINK_REMOVEDIR);
	cloudabi_name_put(&place.name);
	return error;
}

static int read_link(const struct path *link, char __user *buf, size_t buf_len,
		     size_t *bufused)
{
	struct inode *inode = d_backing_inode(link->dentry);
	int length;
	int error;

	if (!d_is_symlink(link->dentry) && !inode->i_op->readlink)
		return -EINVAL;
	error = ksym_security_inode_readlink(link->dentry);
	if (error)
		return error;
	touch_atime(link);
	length = vfs_readlink(link->dentry, buf,
			      min_t(size_t, buf_len, INT_MAX));
	if (length < 0)
		return length;
	*bufused = length;
	return 0;
}

/**
 * cloudabi_call_file_readlink() - Read a symbolic link.
 * @fd: directory to start at. It needs FILE_READLINK.
 * @path: path of the link.
 * @path_len: its length.
 * @buf: where to.
 * @buf_len: how much, in bytes; the contents are cut to that. It may be 0.
 * @bufused: set to the bytes written. There is no NUL behind them.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EINVAL if it is not a symbolic link; -EBADF; -EFAULT;
 * -ENOTCAPABLE if the right is missing or the path leads out; or an error of
 * the path (see cloudabi_name_get(), cloudabi_lookup()) or of the file system.
 */
int cloudabi_call_file_readlink(cloudabi_fd_t fd, const char __user *path,
				size_t path_len, char __user *buf,
				size_t buf_len, size_t *bufused)
{
	struct cloudabi_handle dir;
	struct cloudabi_name name;
	struct path link;
	int error;

	error = cloudabi_name_get(&name, fd, path, path_len);
	if (error)
		return error;
	error = cloudabi_fget(fd, CLOUDABI_NEED_file_readlink, &dir);
	if (!error) {
		error = cloudabi_lookup(&dir, &name, 0, &link);
		cloudabi_fput(&dir);
	}
	cloudabi_name_put(&name);
	if (error)
		return error;
	error = read_link(&link, buf, buf_len, bufused);
	path_put(&link);
	return error;
}
