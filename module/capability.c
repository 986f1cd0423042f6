// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors: the only way to a file, and to its rights.
 *
 * A slot of the descriptor table holds one of two things.
 *
 *  - A native file. It stands for the maximum rights of its kind and open mode;
 *    see rights.c. Most slots hold one.
 *  - A capability: a file of our own, whose private data names a native file
 *    and the rights that the descriptor has of it. It exists only where these
 *    are less than the native file stands for.
 *
 * A capability never changes once made: a descriptor is narrowed by putting
 * another capability in its slot. Rights and file can thus be learnt from one
 * look at the slot, and whoever holds a reference to the slot's file holds
 * rights that stay as they are. Duplicating a descriptor, forking, passing a
 * descriptor on: all of this copies the reference and takes the rights along.
 * The file behind a capability is always native, never another capability.
 *
 * References: the capability holds one to the native file and gives it up when
 * it is released, which is when its last slot, message and user are gone.
 *
 * Locks: slots are exchanged under files->file_lock. f_pos_lock of the native
 * file is taken by whoever uses its offset, below nothing of ours.
 *
 * Natives: a native process that gets hold of a capability can do with it what
 * the rights allow of reading, writing, seeking, polling and syncing, always at
 * the native file's own offset, and nothing else. The inode is that of all
 * anonymous files, so neither /proc/self/fd nor openat() leads to the native
 * file. The capability of a socket lives on the inode of that socket, because
 * the collector of AF_UNIX sockets that are in flight goes by inodes; socket
 * calls refuse it all the same, for they go by the operations.
 * Where the collector is the old one, which a native process could make take that
 * for a bug, it does not: a cycle of sockets that contains one then stays, up to
 * the limit on descriptors in flight.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "capability.h"

#include <linux/anon_inodes.h>
#include <linux/fdtable.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/net.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <net/sock.h>

#include "compat/fs.h"
#include "compat/ksym.h"
#include "deny.h"

/**
 * struct capability - Private data of a capability.
 * @file: the native file; counted.
 * @rights: what the descriptor may be used for.
 * @sk: of a socket, else NULL. AppArmor takes the private data of any file on the
 *	inode of a socket for the struct socket, and asks it for this.
 */
struct capability {
	struct file *file;
	struct cloudabi_rights rights;
	struct sock *sk;
};

static_assert(offsetof(struct capability, sk) == offsetof(struct socket, sk));

static bool may(const struct capability *capability, cloudabi_rights_t need)
{
	return rights_cover(capability->rights.base, need);
}

/*
 * Whether a native holder asked not to wait. The native file has a flag of its
 * own for that, which holds as well. Files that always wait for their medium
 * and nothing else do so.
 */
static int nowait(const struct kiocb *iocb, const struct file *real)
{
	bool asked = (iocb->ki_filp->f_flags & O_NONBLOCK) ||
		     (iocb->ki_flags & IOCB_NOWAIT);
	umode_t mode = file_inode(real)->i_mode;

	if (!asked)
		return 0;
	if (S_ISSOCK(mode) || S_ISFIFO(mode) || (real->f_mode & FMODE_NOWAIT))
		return IOCB_NOWAIT;
	return 0;
}

static ssize_t forward_iter(struct kiocb *iocb, struct iov_iter *iter,
			    ssize_t (*transfer)(struct file *file,
						struct kiocb *iocb,
						struct iov_iter *iter))
{
	const struct capability *capability = iocb->ki_filp->private_data;
	struct file *real = capability->file;
	struct kiocb real_iocb;
	loff_t position = 0;
	loff_t *pos;
	ssize_t done;

	pos = cloudabi_position_begin(real, &position);
	init_sync_kiocb(&real_iocb, real);
	real_iocb.ki_pos = position;
	real_iocb.ki_flags |= nowait(iocb, real);
	done = transfer(real, &real_iocb, iter);
	position = real_iocb.ki_pos;
	cloudabi_position_end(real, pos, done);
	return done;
}

static ssize_t capability_read_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	return forward_iter(iocb, iter, vfs_iocb_iter_read);
}

static ssize_t capability_write_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	return forward_iter(iocb, iter, compat_vfs_iocb_iter_write);
}

static ssize_t capability_read(struct file *file, char __user *buf, size_t len,
			       loff_t *unused)
{
	struct capability *capability = file->private_data;
	struct file *real = capability->file;
	loff_t position;
	loff_t *pos;
	ssize_t done;

	pos = cloudabi_position_begin(real, &position);
	done = ksym_vfs_read(real, buf, len, pos);
	cloudabi_position_end(real, pos, done);
	return done;
}

static ssize_t capability_write(struct file *file, const char __user *buf,
				size_t len, loff_t *unused)
{
	struct capability *capability = file->private_data;
	struct file *real = capability->file;
	loff_t position;
	loff_t *pos;
	ssize_t done;

	pos = cloudabi_position_begin(real, &position);
	done = ksym_vfs_write(real, buf, len, pos);
	cloudabi_position_end(real, pos, done);
	return done;
}

static loff_t capability_llseek(struct file *file, loff_t offset, int whence)
{
	const struct capability *capability = file->private_data;
	bool tell = whence == SEEK_CUR && !offset;
	struct file *real = capability->file;
	loff_t result;

	if (!may(capability,
		 tell ? CLOUDABI_NEED_fd_seek_tell : CLOUDABI_NEED_fd_seek))
		return -EPERM;
	cloudabi_position_lock(real);
	result = vfs_llseek(real, offset, whence);
	cloudabi_position_unlock(real);
	return result;
}

static __poll_t capability_poll(struct file *file,
				struct poll_table_struct *wait)
{
	const struct capability *capability = file->private_data;
	__poll_t mask;

	if (may(capability, CLOUDABI_RIGHT_POLL_PROC_TERMINATE))
		return vfs_poll(capability->file, wait);
	if (!may(capability, CLOUDABI_RIGHT_POLL_FD_READWRITE))
		return EPOLLERR;
	mask = vfs_poll(capability->file, wait);
	if (!may(capability, CLOUDABI_RIGHT_FD_READ))
		mask &= ~(EPOLLIN | EPOLLRDNORM | EPOLLPRI | EPOLLRDBAND);
	if (!may(capability, CLOUDABI_RIGHT_FD_WRITE))
		mask &= ~(EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	return mask;
}

static int capability_fsync(struct file *file, loff_t start, loff_t end,
			    int datasync)
{
	const struct capability *capability = file->private_data;

	if (may(capability, CLOUDABI_NEED_fd_sync) ||
	    (datasync && may(capability, CLOUDABI_NEED_fd_datasync)))
		return vfs_fsync_range(capability->file, start, end, datasync);
	return -EPERM;
}

/* What closing a native file does to its file system, and can fail to do. */
static int capability_flush(struct file *file, fl_owner_t owner)
{
	const struct capability *capability = file->private_data;
	struct file *real = capability->file;

	if (!real->f_op->flush)
		return 0;
	return real->f_op->flush(real, owner);
}

/*
 * Whoever may read this may look at the open files of the process anyway: the
 * kernel asks for that (PTRACE_MODE_READ). The path is as the reader sees it,
 * from its own root; a socket has its number, as in /proc/PID/fd.
 */
static void capability_show_fdinfo(struct seq_file *seq, struct file *file)
{
	const struct capability *capability = file->private_data;

	seq_printf(seq, "cloudabi-type:\t%s\n",
		   cloudabi_filetype_name(capability->file));
	seq_puts(seq, "cloudabi-rights-base:\t");
	cloudabi_rights_show(seq, capability->rights.base);
	seq_puts(seq, "\ncloudabi-rights-inheriting:\t");
	cloudabi_rights_show(seq, capability->rights.inheriting);
	seq_puts(seq, "\ncloudabi-path:\t");
	seq_file_path(seq, capability->file, "\n\\");
	seq_putc(seq, '\n');
}

static int capability_release(struct inode *inode, struct file *file)
{
	struct capability *capability = file->private_data;

	fput(capability->file);
	kfree(capability);
	return 0;
}

enum { BY_ITER, BY_BUFFER };

/*
 * What makes a file a capability. A native file without ->read_iter or
 * ->write_iter is served by ->read and ->write.
 */
const struct file_operations cloudabi_capability_fops[2] = {
	[BY_ITER] = {
		.owner		= THIS_MODULE,
		.llseek		= capability_llseek,
		.read_iter	= capability_read_iter,
		.write_iter	= capability_write_iter,
		.poll		= capability_poll,
		.flush		= capability_flush,
		.release	= capability_release,
		.fsync		= capability_fsync,
		.show_fdinfo	= capability_show_fdinfo,
	},
	[BY_BUFFER] = {
		.owner		= THIS_MODULE,
		.llseek		= capability_llseek,
		.read		= capability_read,
		.write		= capability_write,
		.poll		= capability_poll,
		.flush		= capability_flush,
		.release	= capability_release,
		.fsync		= capability_fsync,
		.show_fdinfo	= capability_show_fdinfo,
	},
};

static const struct file_operations *choose_fops(const struct file *real,
						 fmode_t mode)
{
	if ((mode & FMODE_READ && !real->f_op->read_iter) ||
	    (mode & FMODE_WRITE && !real->f_op->write_iter))
		return &cloudabi_capability_fops[BY_BUFFER];
	return &cloudabi_capability_fops[BY_ITER];
}

/* The part of the open mode that is left of the native file's by the rights. */
static fmode_t choose_mode(const struct file *real, cloudabi_rights_t base)
{
	fmode_t mode = 0;

	if (base & CLOUDABI_RIGHT_FD_READ)
		mode |= real->f_mode & FMODE_READ;
	if (base & CLOUDABI_RIGHT_FD_WRITE)
		mode |= real->f_mode & FMODE_WRITE;
	return mode;
}

static int access_flags(fmode_t mode)
{
	if (mode == (FMODE_READ | FMODE_WRITE))
		return O_RDWR;
	if (mode == FMODE_READ)
		return O_RDONLY;
	if (mode == FMODE_WRITE)
		return O_WRONLY;
	return O_ACCMODE; /* open for neither */
}

/* See "Natives" at the top of this file. */
static struct file *make_file(struct file *real,
			      const struct file_operations *fops, int flags,
			      struct capability *capability)
{
	struct file *file;

	if (!S_ISSOCK(file_inode(real)->i_mode) ||
	    !cloudabi_unix_gc_counts_edges)
		return anon_inode_getfile("[cloudabi]", fops, capability,
					  flags);

	/* Stays as long as the native file does, which the capability holds. */
	capability->sk = SOCKET_I(file_inode(real))->sk;
	__module_get(THIS_MODULE);
	file = ksym_alloc_file_clone(real, flags, fops);
	if (IS_ERR(file))
		module_put(THIS_MODULE);
	else
		file->private_data = capability;
	return file;
}

/*
 * A capability has no offset of its own: a native read() must not bring one.
 * That also takes pread() away from native holders, since read operations
 * cannot tell one from the other.
 */
static void adjust_mode(struct file *file, const struct capability *capability)
{
	bool seek = may(capability, CLOUDABI_RIGHT_FD_TELL) &&
		    (capability->file->f_mode & FMODE_LSEEK);

	if (!seek)
		file->f_mode &= ~FMODE_LSEEK;
	file->f_mode |= FMODE_STREAM;
	compat_file_set_nonotify(file);
}

/**
 * cloudabi_capability_new() - Make a capability.
 * @real: native file; the capability takes a reference of its own.
 * @rights: rights that the capability shall have. The caller has made sure that
 *	they do not exceed those that it has of @real itself.
 *
 * Context: May sleep.
 * Return: the file, or an error pointer: -ENOMEM, -ENFILE, -EINVAL if @real is
 * a capability.
 */
struct file *cloudabi_capability_new(struct file *real,
				     struct cloudabi_rights rights)
{
	fmode_t mode = choose_mode(real, rights.base);
	struct capability *capability;
	struct file *file;

	if (WARN_ON_ONCE(cloudabi_is_capability(real)))
		return ERR_PTR(-EINVAL);
	capability = kmalloc(sizeof(*capability), GFP_KERNEL_ACCOUNT);
	if (!capability)
		return ERR_PTR(-ENOMEM);
	capability->rights = rights;
	capability->file = real;
	capability->sk = NULL;
	file = make_file(real, choose_fops(real, mode), access_flags(mode),
			 capability);
	if (IS_ERR(file)) {
		kfree(capability);
		return file;
	}
	get_file(real);
	adjust_mode(file, capability);
	return file;
}

/* Fills in all but the reference. */
static __always_inline void look(struct file *slot,
				 struct cloudabi_handle *handle)
{
	const struct capability *capability;

	handle->slot = slot;
	if (unlikely(cloudabi_is_capability(slot))) {
		capability = slot->private_data;
		handle->file = capability->file;
		handle->rights = capability->rights;
	} else {
		handle->file = slot;
		handle->rights =
			rights_native(cloudabi_filekind(slot), slot->f_mode);
	}
}

/*
 * fdget() finds nothing in a slot that is empty and in one that holds a mere
 * path (O_PATH). The latter is a descriptor, one without any rights.
 */
static noinline int look_again(cloudabi_fd_t fd, struct cloudabi_handle *handle)
{
	struct file *slot = fget_raw(fd);

	if (!slot)
		return -EBADF;
	handle->fd = CLONED_FD(slot);
	look(slot, handle);
	if (slot->f_mode & FMODE_PATH)
		handle->rights = (struct cloudabi_rights){};
	return 0;
}

static noinline int refuse(cloudabi_fd_t fd, cloudabi_rights_t need,
			   struct cloudabi_handle *handle)
{
	bool typeless = handle->slot == handle->file && !handle->rights.base;
	int error;

	error = cloudabi_deny(typeless ? CLOUDABI_CTL_DENY_TYPE :
					 CLOUDABI_CTL_DENY_RIGHT,
			      fd, handle->file, need, handle->rights.base);
	cloudabi_fput(handle);
	return error;
}

static __always_inline int use_slot(cloudabi_fd_t fd, cloudabi_rights_t need,
				    struct fd slot,
				    struct cloudabi_handle *handle)
{
	if (likely(!fd_empty(slot))) {
		handle->fd = slot;
		look(fd_file(slot), handle);
	} else if (look_again(fd, handle)) {
		return -EBADF;
	}
	if (unlikely(!rights_cover(handle->rights.base, need)))
		return refuse(fd, need, handle);
	return 0;
}

/**
 * cloudabi_fget() - Get at what a descriptor stands for.
 * @fd: descriptor of the calling process.
 * @need: base rights that it must have, 0 if any descriptor will do.
 * @handle: filled in on success; give back with cloudabi_fput().
 *
 * No file may be reached in another way: this is where rights are enforced.
 *
 * Return: 0, -EBADF if the descriptor is not open, -ENOTCAPABLE if it lacks one
 * of the rights.
 */
int cloudabi_fget(cloudabi_fd_t fd, cloudabi_rights_t need,
		  struct cloudabi_handle *handle)
{
	return use_slot(fd, need, fdget(fd), handle);
}

/**
 * cloudabi_fget_other() - Get at the file behind a descriptor, the long way.
 * @fd: descriptor of the calling process.
 * @need: base rights that it must have.
 * @slot: what fdget() returned for it, as one word.
 *
 * Return: see cloudabi_fget_file(), which calls this.
 */
struct cloudabi_ref cloudabi_fget_other(cloudabi_fd_t fd,
					cloudabi_rights_t need,
					unsigned long slot)
{
	struct cloudabi_handle handle;
	int error = use_slot(fd, need, compat_word_fd(slot), &handle);

	if (error)
		return (struct cloudabi_ref){ 0, ERR_PTR(error) };
	return (struct cloudabi_ref){ compat_fd_word(handle.fd), handle.file };
}

/**
 * cloudabi_slot_exchange() - Put another file in a slot that is in use.
 * @fd: descriptor of the calling process.
 * @expected: what the slot must hold, NULL if anything will do.
 * @file: what it shall hold; the slot takes a reference of its own.
 *
 * All bits that belong to the slot stay as they are.
 *
 * Return: what the slot held, together with the reference that the slot had, or
 * an error pointer: -EBADF if it was empty, -EAGAIN if it held something else
 * than was expected.
 */
struct file *cloudabi_slot_exchange(cloudabi_fd_t fd, struct file *expected,
				    struct file *file)
{
	struct files_struct *files = current->files;
	struct fdtable *fdt;
	struct file *old;

	spin_lock(&files->file_lock);
	old = files_lookup_fd_locked(files, fd);
	if (!old)
		old = ERR_PTR(-EBADF);
	else if (expected && old != expected)
		old = ERR_PTR(-EAGAIN);
	if (!IS_ERR(old)) {
		fdt = files_fdtable(files);
		fd = array_index_nospec(fd, fdt->max_fds);
		get_file(file);
		rcu_assign_pointer(fdt->fd[fd], file);
	}
	spin_unlock(&files->file_lock);
	return old;
}

/*
 * Closing what the slot held drops the record locks that a native ancestor may
 * have left on the file: nobody would when the capability is closed.
 */
static int replace_slot(cloudabi_fd_t fd, struct file *slot, struct file *real,
			struct cloudabi_rights rights)
{
	struct file *capability = cloudabi_capability_new(real, rights);
	struct file *old;

	if (IS_ERR(capability))
		return PTR_ERR(capability);
	old = cloudabi_slot_exchange(fd, slot, capability);
	fput(capability);
	if (IS_ERR(old))
		return PTR_ERR(old);
	filp_close(old, current->files);
	return 0;
}

static int deny_growth(cloudabi_fd_t fd, const struct cloudabi_handle *handle,
		       const struct cloudabi_rights *rights)
{
	if (rights->base & ~handle->rights.base)
		return cloudabi_deny(CLOUDABI_CTL_DENY_GROW, fd, handle->file,
				     rights->base, handle->rights.base);
	return cloudabi_deny(CLOUDABI_CTL_DENY_GROW, fd, handle->file,
			     rights->inheriting, handle->rights.inheriting);
}

static int narrow_once(cloudabi_fd_t fd, struct cloudabi_rights rights)
{
	struct cloudabi_handle handle;
	int error;

	error = look_again(fd, &handle);
	if (error)
		return error;
	if (!rights_subset(&rights, &handle.rights))
		error = deny_growth(fd, &handle, &rights);
	else if (!rights_equal(&rights, &handle.rights))
		error = replace_slot(fd, handle.slot, handle.file, rights);
	cloudabi_fput(&handle);
	return error;
}

/**
 * cloudabi_capability_narrow() - Take rights away from a descriptor.
 * @fd: descriptor of the calling process.
 * @rights: what it shall be left with.
 *
 * Other descriptors of the same file keep theirs. A sibling thread that changes
 * the slot meanwhile wins: its file is then looked at anew.
 *
 * Context: May sleep.
 * Return: 0, -EBADF if the descriptor is not open, -ENOTCAPABLE if it lacks
 * some of @rights, -ENOMEM or -ENFILE if there is no room for a capability.
 */
int cloudabi_capability_narrow(cloudabi_fd_t fd, struct cloudabi_rights rights)
{
	int error;

	do {
		error = narrow_once(fd, rights);
	} while (error == -EAGAIN);
	return error;
}

/**
 * cloudabi_capability_pass() - Get what a message shall hold of a descriptor.
 * @fd: descriptor of the calling process; no right is needed.
 *
 * That is the native file, or a capability made for the message alone. The
 * collector of AF_UNIX sockets compares how often a socket is in flight with how
 * many references there are to it. A capability that was in flight and in the
 * table would have but one for both, and the collector would take a socket for
 * garbage that a process still has.
 *
 * Context: May sleep.
 * Return: the file, a reference, or an error pointer: -EBADF if the descriptor
 * is not open, -ENOMEM or -ENFILE if there is no room for a capability.
 */
struct file *cloudabi_capability_pass(cloudabi_fd_t fd)
{
	struct cloudabi_handle handle;
	struct file *file;
	int error;

	error = look_again(fd, &handle);
	if (error)
		return ERR_PTR(error);
	if (handle.slot == handle.file)
		return handle.slot;
	file = cloudabi_capability_new(handle.file, handle.rights);
	cloudabi_fput(&handle);
	return file;
}

#ifdef CONFIG_CLOUDABI_KUNIT_TEST

#include <kunit/test.h>
#include <linux/delay.h>

#include "compat/shmem_fs.h"

#define RIGHT(name) CLOUDABI_RIGHT_##name
#define SHM_BASE ((u64)CLOUDABI_MAX_BASE_SHARED_MEMORY)

static struct file *make_shm(struct kunit *test)
{
	struct file *file = compat_shmem_file_setup("cloudabi-kunit", 4096);

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	return file;
}

/* In a slot of the table that the tests share with other kernel threads. */
static int install(struct kunit *test, struct file *file)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);

	KUNIT_ASSERT_GE(test, fd, 0);
	fd_install(fd, file);
	return fd;
}

/* Kernel threads leave the last reference to a worker. */
static bool becomes_alone(struct file *file)
{
	unsigned int tries;

	for (tries = 0; tries < 100; tries++) {
		flush_delayed_fput();
		if (file_count(file) == 1)
			return true;
		msleep(20);
	}
	return false;
}

static struct file *make_capability(struct kunit *test, struct file *real,
				    u64 base)
{
	struct cloudabi_rights rights = { .base = base };
	struct file *file = cloudabi_capability_new(real, rights);

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	return file;
}

static void capabilities_hold_one_reference(struct kunit *test)
{
	struct file *real = make_shm(test);
	struct file *capability;

	KUNIT_EXPECT_FALSE(test, cloudabi_is_capability(real));
	capability = make_capability(test, real, RIGHT(FD_READ));
	KUNIT_EXPECT_TRUE(test, cloudabi_is_capability(capability));
	KUNIT_EXPECT_EQ(test, file_count(capability), 1L);
	KUNIT_EXPECT_EQ(test, file_count(real), 2L);
	fput(capability);
	KUNIT_EXPECT_TRUE(test, becomes_alone(real));
	fput(real);
}

static void modes_follow_rights(struct kunit *test)
{
	const fmode_t both = FMODE_READ | FMODE_WRITE;
	struct file *real = make_shm(test);
	struct file *file;

	file = make_capability(test, real, RIGHT(FD_READ));
	KUNIT_EXPECT_TRUE(test, (file->f_mode & both) == FMODE_READ);
	KUNIT_EXPECT_FALSE(test, file->f_mode & FMODE_LSEEK);
	KUNIT_EXPECT_TRUE(test, file->f_mode & FMODE_STREAM);
	fput(file);
	file = make_capability(test, real, RIGHT(FD_WRITE) | RIGHT(FD_SEEK));
	KUNIT_EXPECT_TRUE(test, (file->f_mode & both) == FMODE_WRITE);
	KUNIT_EXPECT_TRUE(test, file->f_mode & FMODE_LSEEK);
	fput(file);
	file = make_capability(test, real, 0);
	KUNIT_EXPECT_FALSE(test, file->f_mode & both);
	fput(file);
	file = make_capability(test, real, SHM_BASE);
	KUNIT_EXPECT_TRUE(test, (file->f_mode & both) == both);
	fput(file);
	KUNIT_EXPECT_TRUE(test, becomes_alone(real));
	fput(real);
}

static void transfers_use_the_native_offset(struct kunit *test)
{
	struct file *real = make_shm(test);
	struct file *file;
	char buf[8] = "";
	loff_t ignored = 1000;

	file = make_capability(test, real, SHM_BASE | RIGHT(FD_SEEK));
	KUNIT_EXPECT_EQ(test, kernel_write(file, "abcdef", 6, &ignored), 6);
	KUNIT_EXPECT_EQ(test, real->f_pos, 6);
	KUNIT_EXPECT_EQ(test, vfs_llseek(file, 2, SEEK_SET), 2);
	KUNIT_EXPECT_EQ(test, real->f_pos, 2);
	ignored = 0;
	KUNIT_EXPECT_EQ(test, kernel_read(file, buf, 3, &ignored), 3);
	KUNIT_EXPECT_STREQ(test, buf, "cde");
	KUNIT_EXPECT_EQ(test, real->f_pos, 5);
	fput(file);
	file = make_capability(test, real, RIGHT(FD_TELL));
	KUNIT_EXPECT_EQ(test, vfs_llseek(file, 0, SEEK_CUR), 5);
	KUNIT_EXPECT_EQ(test, vfs_llseek(file, 1, SEEK_CUR), -EPERM);
	KUNIT_EXPECT_EQ(test, vfs_llseek(file, 0, SEEK_SET), -EPERM);
	fput(file);
	KUNIT_EXPECT_TRUE(test, becomes_alone(real));
	fput(real);
}

static void native_holders_are_bound_by_rights(struct kunit *test)
{
	struct file *real = make_shm(test);
	struct file *file;

	file = make_capability(test, real, 0);
	KUNIT_EXPECT_EQ(test, vfs_fsync(file, 0), -EPERM);
	KUNIT_EXPECT_TRUE(test, vfs_poll(file, NULL) == EPOLLERR);
	fput(file);
	file = make_capability(test, real,
			       RIGHT(FD_DATASYNC) | RIGHT(POLL_FD_READWRITE) |
				       RIGHT(FD_READ));
	KUNIT_EXPECT_EQ(test, vfs_fsync(file, 0), -EPERM);
	KUNIT_EXPECT_EQ(test, vfs_fsync(file, 1), 0);
	KUNIT_EXPECT_TRUE(test, vfs_poll(file, NULL) & EPOLLIN);
	KUNIT_EXPECT_FALSE(test, vfs_poll(file, NULL) & EPOLLOUT);
	KUNIT_EXPECT_PTR_EQ(test, (void *)file->f_op->mmap, NULL);
	KUNIT_EXPECT_PTR_EQ(test, (void *)file->f_op->unlocked_ioctl, NULL);
	fput(file);
	KUNIT_EXPECT_TRUE(test, becomes_alone(real));
	fput(real);
}

static void sockets_keep_their_inode(struct kunit *test)
{
	struct socket *sock;
	struct file *real, *file;

	KUNIT_ASSERT_EQ(test, sock_create(AF_UNIX, SOCK_STREAM, 0, &sock), 0);
	real = sock_alloc_file(sock, 0, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(real));
	file = make_capability(test, real, RIGHT(FD_READ));
	KUNIT_EXPECT_TRUE(test, cloudabi_is_capability(file));
	KUNIT_EXPECT_PTR_EQ(test, file_inode(file), file_inode(real));
	KUNIT_EXPECT_PTR_EQ(test, sock_from_file(file), (struct socket *)NULL);
	/* As a security module takes it that goes by the inode. */
	if (cloudabi_unix_gc_counts_edges)
		KUNIT_EXPECT_PTR_EQ(test,
				    ((struct socket *)file->private_data)->sk,
				    sock->sk);
	fput(file);
	KUNIT_EXPECT_TRUE(test, becomes_alone(real));
	fput(real);
}

static void descriptors_are_looked_up(struct kunit *test)
{
	struct file *file = make_shm(test);
	struct cloudabi_handle handle;
	u64 denied;
	int fd = install(test, file);

	KUNIT_ASSERT_EQ(test, cloudabi_fget(fd, RIGHT(MEM_MAP), &handle), 0);
	KUNIT_EXPECT_PTR_EQ(test, handle.slot, file);
	KUNIT_EXPECT_PTR_EQ(test, handle.file, file);
	KUNIT_EXPECT_EQ(test, handle.rights.base, SHM_BASE);
	KUNIT_EXPECT_EQ(test, handle.rights.inheriting, 0ULL);
	cloudabi_fput(&handle);

	denied = cloudabi_deny_count(CLOUDABI_CTL_DENY_RIGHT);
	KUNIT_EXPECT_EQ(test, cloudabi_fget(fd, RIGHT(FD_SEEK), &handle),
			-ENOTCAPABLE);
	KUNIT_EXPECT_EQ(test, cloudabi_deny_count(CLOUDABI_CTL_DENY_RIGHT),
			denied + 1);
	KUNIT_EXPECT_EQ(test, close_fd(fd), 0);
	KUNIT_EXPECT_EQ(test, cloudabi_fget(fd, 0, &handle), -EBADF);
	KUNIT_EXPECT_EQ(test, cloudabi_fget(fd, RIGHT(FD_READ), &handle),
			-EBADF);
	KUNIT_EXPECT_EQ(test, cloudabi_fget(INT_MAX, 0, &handle), -EBADF);
	KUNIT_EXPECT_EQ(test, cloudabi_fget(1U << 31, 0, &handle), -EBADF);
	KUNIT_EXPECT_EQ(test, cloudabi_fget(U32_MAX, 0, &handle), -EBADF);
}

static void things_without_a_type_have_no_rights(struct kunit *test)
{
	static const struct file_operations fops = {};
	struct cloudabi_handle handle;
	struct file *file;
	u64 denied;
	int fd;

	file = anon_inode_getfile("[kunit]", &fops, NULL, O_RDWR);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	fd = install(test, file);
	denied = cloudabi_deny_count(CLOUDABI_CTL_DENY_TYPE);
	KUNIT_EXPECT_EQ(test, cloudabi_fget(fd, RIGHT(FD_READ), &handle),
			-ENOTCAPABLE);
	KUNIT_EXPECT_EQ(test, cloudabi_deny_count(CLOUDABI_CTL_DENY_TYPE),
			denied + 1);
	KUNIT_ASSERT_EQ(test, cloudabi_fget(fd, 0, &handle), 0);
	KUNIT_EXPECT_EQ(test, handle.rights.base, 0ULL);
	cloudabi_fput(&handle);
	KUNIT_EXPECT_EQ(test, close_fd(fd), 0);
}

static void expect_rights(struct kunit *test, int fd, struct file *real,
			  u64 base)
{
	struct cloudabi_handle handle;

	KUNIT_ASSERT_EQ(test, cloudabi_fget(fd, 0, &handle), 0);
	KUNIT_EXPECT_TRUE(test, cloudabi_is_capability(handle.slot));
	KUNIT_EXPECT_PTR_EQ(test, handle.file, real);
	KUNIT_EXPECT_EQ(test, handle.rights.base, base);
	cloudabi_fput(&handle);
}

static int narrow(int fd, u64 base, u64 inheriting)
{
	struct cloudabi_rights rights = {
		.base = base,
		.inheriting = inheriting,
	};

	return cloudabi_capability_narrow(fd, rights);
}

static void rights_only_shrink(struct kunit *test)
{
	const u64 some = RIGHT(FD_READ) | RIGHT(MEM_MAP);
	struct file *real = make_shm(test);
	struct cloudabi_handle handle;
	int fd = install(test, real);

	get_file(real);
	KUNIT_EXPECT_EQ(test, narrow(fd, SHM_BASE, 0), 0);
	KUNIT_ASSERT_EQ(test, cloudabi_fget(fd, 0, &handle), 0);
	KUNIT_EXPECT_PTR_EQ(test, handle.slot, real);
	cloudabi_fput(&handle);

	KUNIT_EXPECT_EQ(test, narrow(fd, some, 0), 0);
	expect_rights(test, fd, real, some);
	KUNIT_EXPECT_EQ(test, narrow(fd, some | RIGHT(FD_WRITE), 0),
			-ENOTCAPABLE);
	KUNIT_EXPECT_EQ(test, narrow(fd, some, RIGHT(FD_READ)), -ENOTCAPABLE);
	KUNIT_EXPECT_EQ(test, narrow(fd, 1ULL << 63, 0), -ENOTCAPABLE);
	expect_rights(test, fd, real, some);
	KUNIT_EXPECT_EQ(test, narrow(fd, RIGHT(MEM_MAP), 0), 0);
	expect_rights(test, fd, real, RIGHT(MEM_MAP));
	KUNIT_EXPECT_EQ(test, narrow(fd, 0, 0), 0);
	expect_rights(test, fd, real, 0);
	KUNIT_EXPECT_EQ(test, narrow(fd, RIGHT(MEM_MAP), 0), -ENOTCAPABLE);

	KUNIT_EXPECT_EQ(test, close_fd(fd), 0);
	KUNIT_EXPECT_EQ(test, narrow(fd, 0, 0), -EBADF);
	KUNIT_EXPECT_TRUE(test, becomes_alone(real));
	fput(real);
}

static void slots_are_compared_and_swapped(struct kunit *test)
{
	struct file *first = make_shm(test);
	struct file *second = make_shm(test);
	int fd = install(test, first);
	struct file *old;

	old = cloudabi_slot_exchange(fd, second, second);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(old), -EAGAIN);
	KUNIT_EXPECT_EQ(test, file_count(second), 1L);
	old = cloudabi_slot_exchange(fd, first, second);
	KUNIT_EXPECT_PTR_EQ(test, old, first);
	KUNIT_EXPECT_EQ(test, file_count(first), 1L);
	KUNIT_EXPECT_EQ(test, file_count(second), 2L);
	old = cloudabi_slot_exchange(fd, NULL, first);
	KUNIT_EXPECT_PTR_EQ(test, old, second);
	fput(old);
	KUNIT_EXPECT_EQ(test, close_fd(fd), 0);
	old = cloudabi_slot_exchange(fd, NULL, second);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(old), -EBADF);
	old = cloudabi_slot_exchange(U32_MAX, NULL, second);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(old), -EBADF);
	KUNIT_EXPECT_TRUE(test, becomes_alone(first));
	KUNIT_EXPECT_TRUE(test, becomes_alone(second));
	fput(first);
	fput(second);
}

/* Native files as they are, capabilities never themselves. */
static void what_is_passed_is_made_for_it(struct kunit *test)
{
	struct file *real = make_shm(test);
	struct file *slot = make_capability(test, real, RIGHT(FD_READ));
	int fd = install(test, slot);
	int native = install(test, get_file(real));
	struct cloudabi_handle handle = {};
	struct file *file;

	file = cloudabi_capability_pass(native);
	KUNIT_EXPECT_PTR_EQ(test, file, real);
	fput(file);
	file = cloudabi_capability_pass(fd);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	KUNIT_EXPECT_PTR_NE(test, file, slot);
	KUNIT_EXPECT_EQ(test, file_count(file), 1L);
	look(file, &handle);
	KUNIT_EXPECT_PTR_EQ(test, handle.file, real);
	KUNIT_EXPECT_EQ(test, handle.rights.base, (u64)RIGHT(FD_READ));
	fput(file);
	KUNIT_EXPECT_EQ(test, close_fd(fd), 0);
	KUNIT_EXPECT_EQ(test, close_fd(native), 0);
	KUNIT_EXPECT_PTR_EQ(test, cloudabi_capability_pass(fd),
			    (struct file *)ERR_PTR(-EBADF));
	KUNIT_EXPECT_TRUE(test, becomes_alone(real));
	fput(real);
}

static struct kunit_case capability_cases[] = {
	KUNIT_CASE(capabilities_hold_one_reference),
	KUNIT_CASE(modes_follow_rights),
	KUNIT_CASE(transfers_use_the_native_offset),
	KUNIT_CASE(native_holders_are_bound_by_rights),
	KUNIT_CASE(sockets_keep_their_inode),
	KUNIT_CASE(descriptors_are_looked_up),
	KUNIT_CASE(things_without_a_type_have_no_rights),
	KUNIT_CASE(rights_only_shrink),
	KUNIT_CASE(slots_are_compared_and_swapped),
	KUNIT_CASE(what_is_passed_is_made_for_it),
	{},
};

static struct kunit_suite capability_suite = {
	.name = "cloudabi_capability",
	.suite_init = cloudabi_suite_init,
	.test_cases = capability_cases,
};

kunit_test_suite(capability_suite);

#endif /* CONFIG_CLOUDABI_KUNIT_TEST */
