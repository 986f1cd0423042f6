// SPDX-License-Identifier: GPL-2.0
/*
 * Paths beneath a directory. The kernel walks them (LOOKUP_BENEATH); there is
 * no path walk of our own.
 *
 * Two kinds of calls take paths.
 *
 *  - Those that need the object (open, stat, readlink) have the kernel walk the
 *    whole path beneath the directory of the descriptor.
 *  - Those that change a directory (create, link, rename, symlink, unlink) have
 *    it walk up to the directory that holds the last component, and then call
 *    the function of the native call with that one component. Such functions
 *    start at the working directory, so the thread's working directory is made
 *    that directory meanwhile, and where there are two, the root directory is
 *    the second one: the two are no more than registers for a CloudABI thread.
 *    All that hangs on the native functions, hooks of security modules, quotas,
 *    delegations, read-only and idmapped mounts, thereby acts as it always does.
 *
 * A single component cannot lead anywhere, as long as the function does not
 * follow it: slashes behind it would make some do that, so a caller that hands
 * such a component on must know that its function does not.
 *
 * Registers: every thread has an fs_struct of its own, from exec or the creation
 * of the thread on, so nobody else looks through it but /proc and pivot_root(),
 * which lock it and count references. What was in them is put back before the
 * call returns.
 *
 * Errors: EXDEV of a walk means that the path would have left the directory,
 * and becomes ENOTCAPABLE here; EXDEV of the native function is a real one. A
 * walk that raced with a rename returns EAGAIN and is made again.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "capability.h"
#include "compat/fs_struct.h"
#include "compat/namei.h"
#include "compat/shmem_fs.h"
#include "deny.h"
#include "lookup.h"

/* How often a walk is made again before others get to run a while. */
#define TRIES_IN_A_ROW 64

/* How often it is made again with nothing being renamed meanwhile, and at all. */
#define QUIET_TRIES 64
#define TRIES 4096

/* What a path takes beside its bytes: a slash before them, a NUL behind them. */
#define ROOM 2

static size_t find_last(const char *text, size_t length)
{
	while (length && text[length - 1] == '/')
		length--;
	while (length && text[length - 1] != '/')
		length--;
	return length;
}

/**
 * cloudabi_name_get() - Copy a path from a program.
 * @name: filled in; to be given to cloudabi_name_put() if this succeeds.
 * @fd: the descriptor that the path starts at; not looked at.
 * @path: the path, not NUL terminated.
 * @length: its length in bytes.
 *
 * CloudABI: paths have a length; what is behind it may not be readable.
 *
 * Context: Process context, may sleep.
 * Return: 0; -ENAMETOOLONG if it does not fit PATH_MAX with a NUL; -EFAULT if
 * it cannot be read; -EINVAL if it contains a NUL; -ENOMEM.
 */
int cloudabi_name_get(struct cloudabi_name *name, cloudabi_fd_t fd,
		      const char __user *path, size_t length)
{
	int error = 0;

	if (length >= PATH_MAX)
		return -ENAMETOOLONG;
	name->fd = fd;
	name->memory = name->buffer;
	if (length > sizeof(name->buffer) - ROOM) {
		name->memory = kmalloc(length + ROOM, GFP_KERNEL_ACCOUNT);
		if (!name->memory)
			return -ENOMEM;
	}
	name->memory[0] = '/';
	name->text = name->memory + 1;
	if (length && copy_from_user(name->text, path, length))
		error = -EFAULT;
	else if (memchr(name->text, '\0', length))
		error = -EINVAL;
	if (error) {
		cloudabi_name_put(name);
		return error;
	}
	name->text[length] = '\0';
	name->length = length;
	name->last = find_last(name->text, length);
	return 0;
}

/**
 * cloudabi_name_put() - Free a path.
 * @name: what cloudabi_name_get() filled in.
 */
void cloudabi_name_put(struct cloudabi_name *name)
{
	if (name->memory != name->buffer)
		kfree(name->memory);
}

/**
 * cloudabi_name_has_slash() - Tell whether slashes follow the last component.
 * @name: the path.
 *
 * CloudABI: such a path means a directory, even through a symbolic link.
 *
 * Return: true if they do.
 */
bool cloudabi_name_has_slash(const struct cloudabi_name *name)
{
	return name->length && name->text[name->length - 1] == '/';
}

static bool last_is(const struct cloudabi_name *name, const char *component)
{
	size_t length = strlen(component);
	const char *last = cloudabi_name_last(name);

	return *last == '.' && !strncmp(last, component, length) &&
	       (last[length] == '\0' || last[length] == '/');
}

/**
 * cloudabi_name_is_dots() - Tell whether the last component is "." or "..".
 * @name: the path.
 *
 * Return: true if it is, with or without slashes behind it.
 */
bool cloudabi_name_is_dots(const struct cloudabi_name *name)
{
	return last_is(name, ".") || last_is(name, "..");
}

/**
 * cloudabi_race_begin() - Note the state of things before a walk.
 * @race: what is noted; all zero before the first walk.
 */
void cloudabi_race_begin(struct cloudabi_race *race)
{
	race->renames = read_seqbegin(&rename_lock);
}

/**
 * cloudabi_race_lost() - Tell whether a walk is to be made again.
 * @race: what cloudabi_race_begin() noted.
 * @error: what the walk returned.
 *
 * Names that are being moved about all the time must not make a program fail,
 * nor hold a processor or keep a signal waiting. But not every EAGAIN is from a
 * race: files and file systems have others, which do not go away. Where nothing
 * is renamed meanwhile only a mount can have been in the way, and that does not
 * happen again and again.
 *
 * Context: Process context, may sleep.
 * Return: true if it raced with a rename or a mount and should be made again.
 */
bool cloudabi_race_lost(struct cloudabi_race *race, int error)
{
	if (likely(error != -EAGAIN) || signal_pending(current))
		return false;
	if (read_seqretry(&rename_lock, race->renames))
		race->quiet = 0;
	else
		race->quiet++;
	race->tries++;
	if (race->quiet >= QUIET_TRIES || race->tries >= TRIES)
		return false;
	if (race->tries % TRIES_IN_A_ROW == 0)
		schedule_timeout_interruptible(1);
	return true;
}

/* An interrupted call is made again. */
static int race_error(int error)
{
	if (error == -EAGAIN && signal_pending(current))
		return -ERESTARTNOINTR;
	return error;
}

/* The error of a walk, for a program. */
static int walk_error(int error)
{
	return error == -EXDEV ? -ENOTCAPABLE : race_error(error);
}

static int walk(const struct cloudabi_handle *dir, const char *text,
		unsigned int flags, struct path *found)
{
	const struct path *root = &dir->file->f_path;
	struct cloudabi_race race = {};
	int error;

	do {
		cloudabi_race_begin(&race);
		error = vfs_path_lookup(root->dentry, root->mnt, text,
					flags | LOOKUP_BENEATH, found);
	} while (cloudabi_race_lost(&race, error));
	return walk_error(error);
}

/* The first component that a walk does not come to the end of. */
static size_t find_refused(const struct cloudabi_handle *dir,
			   const struct cloudabi_name *name, size_t *length)
{
	char *text = name->text;
	size_t begin, end = 0;
	struct path found;
	int error;
	char next;

	if (text[0] == '/') {
		*length = 1;
		return 0;
	}
	do {
		begin = end + strspn(text + end, "/");
		end = begin + strcspn(text + begin, "/");
		next = text[end];
		text[end] = '\0';
		error = walk(dir, text, LOOKUP_FOLLOW, &found);
		text[end] = next;
		if (!error)
			path_put(&found);
		cond_resched();
	} while (!error && !fatal_signal_pending(current) &&
		 text[end + strspn(text + end, "/")]);
	*length = end - begin;
	return begin;
}

/**
 * cloudabi_lookup_denied() - Record that a path led out of its directory.
 * @dir: the directory.
 * @name: the path.
 *
 * Where somebody looks, the component at which it does is found by walking the
 * path once more, a component at a time.
 *
 * Context: Process context, may sleep.
 * Return: -ENOTCAPABLE.
 */
int cloudabi_lookup_denied(const struct cloudabi_handle *dir,
			   const struct cloudabi_name *name)
{
	size_t begin = 0, length = 0;

	if (cloudabi_deny_is_traced())
		begin = find_refused(dir, name, &length);
	return cloudabi_deny_path(name->fd, dir->file, name->text + begin,
				  length);
}

/**
 * cloudabi_lookup_check() - Judge a path by its first character.
 * @dir: the directory that it starts at.
 * @name: the path.
 *
 * Return: 0; -ENOENT if it is empty; -ENOTCAPABLE if it is absolute.
 */
int cloudabi_lookup_check(const struct cloudabi_handle *dir,
			  const struct cloudabi_name *name)
{
	if (!name->length)
		return -ENOENT;
	if (name->text[0] == '/')
		return cloudabi_lookup_denied(dir, name);
	return 0;
}

/**
 * cloudabi_lookup() - Find an object beneath a directory.
 * @dir: the directory.
 * @name: path of the object.
 * @flags: LOOKUP_FOLLOW to follow a symbolic link at its end, LOOKUP_DIRECTORY
 *	to find nothing but a directory, or 0.
 * @found: where it is; to be put by the caller if this succeeds.
 *
 * Context: Process context, may sleep.
 * Return: 0; -ENOTCAPABLE if the path is absolute or leads out of the
 * directory; -ERESTARTNOINTR if a signal came while names were being moved; or
 * an error of the kernel's path walk.
 */
int cloudabi_lookup(const struct cloudabi_handle *dir,
		    const struct cloudabi_name *name, unsigned int flags,
		    struct path *found)
{
	int error = cloudabi_lookup_check(dir, name);

	if (error)
		return error;
	error = walk(dir, name->text, flags, found);
	return error == -ENOTCAPABLE ? cloudabi_lookup_denied(dir, name) :
				       error;
}

/*
 * Whether ".." at the end leads out is for the kernel to say: it does not only
 * at the start, for something may have been mounted over that since.
 */
static int check_last(const struct cloudabi_handle *dir,
		      const struct cloudabi_name *name)
{
	struct path found;
	int error;

	if (!last_is(name, ".."))
		return 0;
	error = cloudabi_lookup(dir, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY,
				&found);
	if (!error)
		path_put(&found);
	return error == -ENOTCAPABLE || cloudabi_must_restart(error) ? error :
								       0;
}

/**
 * cloudabi_lookup_parent() - Find the directory that holds the last component.
 * @dir: the directory to start at.
 * @name: path of the object; unchanged when this returns.
 * @parent: the directory; to be put by the caller if this succeeds.
 *
 * The last component is not looked at, but that ".." must not lead out.
 *
 * Context: Process context, may sleep.
 * Return: as cloudabi_lookup().
 */
int cloudabi_lookup_parent(const struct cloudabi_handle *dir,
			   struct cloudabi_name *name, struct path *parent)
{
	char first = name->text[name->last];
	int error;

	error = cloudabi_lookup_check(dir, name) ?: check_last(dir, name);
	if (error)
		return error;
	if (!name->last) {
		*parent = dir->file->f_path;
		path_get(parent);
		return 0;
	}
	name->text[name->last] = '\0';
	error = walk(dir, name->text, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, parent);
	name->text[name->last] = first;
	return error == -ENOTCAPABLE ? cloudabi_lookup_denied(dir, name) :
				       error;
}

/*
 * The directory that holds an object and its name there, both of one moment.
 * Returns NULL if there is no memory, an empty name if it is being renamed.
 */
static char *parent_and_name(struct dentry *dentry, struct dentry **parent)
{
	unsigned int state = read_seqcount_begin(&dentry->d_seq);
	struct name_snapshot snapshot;
	char *name;

	*parent = dget_parent(dentry);
	take_dentry_name_snapshot(&snapshot, dentry);
	if (read_seqcount_retry(&dentry->d_seq, state))
		name = kstrdup("", GFP_KERNEL_ACCOUNT);
	else
		name = kstrdup(snapshot.name.name, GFP_KERNEL_ACCOUNT);
	release_dentry_name_snapshot(&snapshot);
	return name;
}

/*
 * Turns an object into the directory that holds it and its name there, as far
 * as that directory is beneath @root.
 */
static int find_owner(const struct path *root, const struct path *object,
		      struct path *parent, char **last)
{
	if (path_equal(object, root))
		return -EINVAL;
	if (object->dentry == object->mnt->mnt_root)
		return d_is_dir(object->dentry) ? -EBUSY : -EXDEV;

	parent->mnt = mntget(object->mnt);
	*last = parent_and_name(object->dentry, &parent->dentry);
	if (*last && **last && path_is_under(parent, root))
		return 0;

	path_put(parent);
	if (!*last)
		return -ENOMEM;
	kfree(*last);
	return -EAGAIN;
}

/**
 * cloudabi_lookup_owner() - Follow a path to its end and find what holds it.
 * @dir: the directory to start at.
 * @name: path of the object.
 * @parent: the directory that holds the object; to be put by the caller.
 * @last: the object's name there; to be freed by the caller.
 *
 * For calls that act on a name where the path is to be followed through a
 * symbolic link at its end. Only a rename in between makes the name mean
 * another object, and it does so within the directory that the walk came to.
 *
 * Context: Process context, may sleep.
 * Return: as cloudabi_lookup(), or -EINVAL if the object is the directory at
 * which the path starts, -EBUSY if it is another one that something is mounted
 * on, -EXDEV if it is a file that something is mounted on, -ENOMEM.
 */
int cloudabi_lookup_owner(const struct cloudabi_handle *dir,
			  const struct cloudabi_name *name, struct path *parent,
			  char **last)
{
	struct cloudabi_race race = {};
	struct path object;
	int error;

	do {
		cloudabi_race_begin(&race);
		error = cloudabi_lookup(dir, name, LOOKUP_FOLLOW, &object);
		if (error)
			return error;
		error = find_owner(&dir->file->f_path, &object, parent, last);
		path_put(&object);
	} while (cloudabi_race_lost(&race, error));
	return race_error(error);
}

/**
 * cloudabi_registers_swap() - Exchange what is in the path registers.
 * @pwd: where a relative path starts from now on; set to where it did before.
 * @root: the same for an absolute path, or NULL to leave it.
 *
 * Called twice, before and after, with the same arguments. References move with
 * the paths: pivot_root() may change the registers meanwhile, as it does for any
 * process, and what it put there is then what the caller lets go of.
 *
 * Context: Process context.
 */
void cloudabi_registers_swap(struct path *pwd, struct path *root)
{
	struct fs_struct *fs = current->fs;

	compat_fs_write_lock(fs);
	swap(fs->pwd, *pwd);
	if (root)
		swap(fs->root, *root);
	compat_fs_write_unlock(fs);
}

/*
 * A directory with nothing in it and nothing above it, which nobody can change:
 * who may look into a process can open what is in its path registers.
 */
static struct path nowhere;

/**
 * cloudabi_registers_nowhere() - Have no path lead anywhere.
 * @pwd: filled in: what was in the registers, for cloudabi_registers_swap().
 * @root: likewise.
 *
 * Context: Process context.
 */
void cloudabi_registers_nowhere(struct path *pwd, struct path *root)
{
	*pwd = nowhere;
	path_get(pwd);
	*root = nowhere;
	path_get(root);
	cloudabi_registers_swap(pwd, root);
}

/*
 * Of a type that the kernel always has, so that nothing of the module is in it:
 * who has opened the directory may keep it for longer than the module is there.
 */
static struct vfsmount *mount_nowhere(void)
{
	struct file *file = compat_shmem_file_setup("cloudabi", 0);
	struct vfsmount *mount;

	if (IS_ERR(file))
		return ERR_CAST(file);
	mount = kern_mount(file_inode(file)->i_sb->s_type);
	fput(file);
	return mount;
}

/**
 * cloudabi_lookup_init() - Make a directory that is empty for ever.
 *
 * It is the root of a file system that is mounted for this and is read-only.
 *
 * Context: Process context, may sleep.
 * Return: 0, -ENOMEM, or another error of making and mounting a file system.
 */
int cloudabi_lookup_init(void)
{
	struct vfsmount *mount = mount_nowhere();

	if (IS_ERR(mount))
		return PTR_ERR(mount);
	mount->mnt_sb->s_flags |= SB_RDONLY;
	d_inode(mount->mnt_root)->i_mode = S_IFDIR | 0555;
	nowhere = (struct path){ .mnt = mount, .dentry = mount->mnt_root };
	return 0;
}

/**
 * cloudabi_lookup_exit() - Let go of that directory.
 */
void cloudabi_lookup_exit(void)
{
	kern_unmount(nowhere.mnt);
}
