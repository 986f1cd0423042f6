// SPDX-License-Identifier: GPL-2.0
/*
 * Opening files beneath a directory.
 *
 * CloudABI: file_open. A program says which rights the new descriptor is to
 * have; the directory must be able to give all of them, and which mode the file
 * is opened in follows from them. What does not apply to the type that the file
 * turns out to have is left out.
 *
 * Where the rights that remain are all that a native file of that kind and mode
 * stands for, the native file goes into the table as it is; where they are
 * less, a capability does.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/namei.h>
#include <linux/uaccess.h>

#include "capability.h"
#include "compat/ksym.h"
#include "compat/open.h"
#include "deny.h"
#include "fdstat.h"
#include "filetype.h"
#include "lookup.h"

/* Files may be large, terminals do not become the controlling one. */
#define ALWAYS (O_LARGEFILE | O_NOCTTY)

/**
 * struct request - What a program wants opened.
 * @name: the path.
 * @follow: whether to follow a symbolic link at its end.
 * @oflags: how to treat what is there.
 * @fdflags: initial flags of the descriptor.
 * @rights: rights it is to have.
 */
struct request {
	struct cloudabi_name name;
	bool follow;
	cloudabi_oflags_t oflags;
	cloudabi_fdflags_t fdflags;
	struct cloudabi_rights rights;
};

static bool wants_reading(const struct request *request)
{
	return request->rights.base & CLOUDABI_RIGHTS_OPEN_READ;
}

static bool wants_writing(const struct request *request)
{
	return request->rights.base & CLOUDABI_RIGHTS_OPEN_WRITE;
}

static cloudabi_rights_t needed_base(const struct request *request)
{
	if (request->oflags & CLOUDABI_O_CREAT)
		return CLOUDABI_NEED_file_open_creat;
	return CLOUDABI_NEED_file_open;
}

/*
 * What the directory must be able to pass on: what is asked for, and what the
 * flags do on behalf of the new descriptor. Without the right to seek it must
 * not be possible to overwrite a file from its beginning either.
 */
static cloudabi_rights_t needed_inheriting(const struct request *request)
{
	cloudabi_rights_t need = request->rights.base |
				 request->rights.inheriting;

	if (request->oflags & CLOUDABI_O_TRUNC)
		need |= CLOUDABI_NEED_INHERITING_file_open_trunc;
	if (request->fdflags & CLOUDABI_FDFLAG_DSYNC)
		need |= CLOUDABI_NEED_INHERITING_file_open_dsync;
	if (request->fdflags & (CLOUDABI_FDFLAG_RSYNC | CLOUDABI_FDFLAG_SYNC))
		need |= CLOUDABI_NEED_INHERITING_file_open_sync;
	if (wants_writing(request) &&
	    !(request->fdflags & CLOUDABI_FDFLAG_APPEND) &&
	    !(request->oflags & CLOUDABI_O_TRUNC))
		need |= CLOUDABI_NEED_INHERITING_file_open_write;
	return need;
}

static int access_mode(const struct request *request)
{
	if (!wants_writing(request))
		return O_RDONLY;
	return wants_reading(request) ? O_RDWR : O_WRONLY;
}

static int native_flags(const struct request *request)
{
	int flags = access_mode(request) | ALWAYS;

	flags |= cloudabi_fdflags_to_native(request->fdflags);
	if (request->oflags & CLOUDABI_O_CREAT)
		flags |= O_CREAT;
	if (request->oflags & CLOUDABI_O_DIRECTORY)
		flags |= O_DIRECTORY;
	if (request->oflags & CLOUDABI_O_EXCL)
		flags |= O_EXCL;
	if (request->oflags & CLOUDABI_O_TRUNC)
		flags |= O_TRUNC;
	if (!request->follow)
		flags |= O_NOFOLLOW;
	return flags;
}

/* What the kernel makes of open flags before it opens a file. */
static struct open_flags build_open_flags(int flags)
{
	struct open_flags open = {
		.open_flag = flags,
		.acc_mode = ACC_MODE(flags),
		.intent = LOOKUP_OPEN,
		.lookup_flags = LOOKUP_BENEATH,
	};

	if (flags & O_TRUNC)
		open.acc_mode |= MAY_WRITE;
	if (flags & O_APPEND)
		open.acc_mode |= MAY_APPEND;
	if (flags & O_CREAT) {
		/* CloudABI: there is no chmod, so all that the umask leaves. */
		open.mode = S_IFREG | 0777;
		open.intent |= LOOKUP_CREATE;
		if (flags & O_EXCL)
			open.intent |= LOOKUP_EXCL;
	}
	if (flags & O_DIRECTORY)
		open.lookup_flags |= LOOKUP_DIRECTORY;
	if (!(flags & O_NOFOLLOW) && !(flags & O_CREAT && flags & O_EXCL))
		open.lookup_flags |= LOOKUP_FOLLOW;
	return open;
}

static umode_t type_beneath(const struct cloudabi_handle *dir,
			    const struct request *request, unsigned int flags)
{
	umode_t mode = 0;
	struct path found;

	if (!cloudabi_lookup(dir, &request->name, flags, &found)) {
		mode = d_backing_inode(found.dentry)->i_mode & S_IFMT;
		path_put(&found);
	}
	return mode;
}

/*
 * CloudABI tells sockets, and links that were not to be followed, by errors of
 * their own, where Linux has one for several things.
 */
static int open_error(const struct cloudabi_handle *dir,
		      const struct request *request, int error)
{
	unsigned int follow = request->follow ? LOOKUP_FOLLOW : 0;

	if (error == -EXDEV)
		return cloudabi_lookup_denied(dir, &request->name);
	if (error == -ENXIO && S_ISSOCK(type_beneath(dir, request, follow)))
		return -EOPNOTSUPP;
	if (error == -ENOTDIR && !request->follow &&
	    request->oflags & CLOUDABI_O_DIRECTORY &&
	    !cloudabi_name_has_slash(&request->name) &&
	    S_ISLNK(type_beneath(dir, request, 0)))
		return -ELOOP;
	return error;
}

static struct file *open_native(const struct cloudabi_handle *dir,
				const struct request *request)
{
	struct open_flags flags = build_open_flags(native_flags(request));
	struct cloudabi_race race = {};
	struct file *file;
	int error;

	do {
		cloudabi_race_begin(&race);
		file = ksym_do_file_open_root(&dir->file->f_path,
					      request->name.text, &flags);
		error = PTR_ERR_OR_ZERO(file);
	} while (cloudabi_race_lost(&race, error));
	if (!error) {
		compat_fsnotify_open(file);
		return file;
	}
	if (error == -EAGAIN && signal_pending(current))
		error = -ERESTARTNOINTR;
	return ERR_PTR(open_error(dir, request, error));
}

/*
 * Gives the file the rights that were asked for, as far as they apply to it.
 * Consumes @file.
 */
static struct file *restrict_file(struct file *file,
				  const struct request *request)
{
	struct cloudabi_rights most =
		rights_native(cloudabi_filekind(file), file->f_mode);
	struct cloudabi_rights rights = rights_common(&request->rights, &most);
	struct file *capability;

	if (rights_equal(&rights, &most))
		return file;
	capability = cloudabi_capability_new(file, rights);
	fput(file);
	return capability;
}

static int may_open(const struct cloudabi_handle *dir, cloudabi_fd_t dirfd,
		    const struct request *request)
{
	cloudabi_rights_t need = needed_inheriting(request);

	if (!rights_inheritable(&dir->rights, need))
		return cloudabi_deny(CLOUDABI_CTL_DENY_INHERITING, dirfd,
				     dir->file, need, dir->rights.inheriting);
	return cloudabi_lookup_check(dir, &request->name);
}

/*
 * The number comes first: want of one must not create or truncate a file. Want
 * of memory for the capability may have done so, as it may natively.
 */
static int open_beneath(const struct cloudabi_handle *dir,
			const struct request *request, cloudabi_fd_t *fd)
{
	int number = get_unused_fd_flags(O_CLOEXEC);
	struct file *file;

	if (number < 0)
		return number;
	file = open_native(dir, request);
	if (!IS_ERR(file))
		file = restrict_file(file, request);
	if (IS_ERR(file)) {
		put_unused_fd(number);
		return PTR_ERR(file);
	}
	fd_install(number, file);
	*fd = number;
	return 0;
}

static int get_request(struct request *request, cloudabi_lookup_t dirfd,
		       const char __user *path, size_t path_len,
		       cloudabi_oflags_t oflags,
		       const cloudabi_fdstat_t __user *fds)
{
	cloudabi_fdstat_t stat;

	if (copy_from_user(&stat, fds, sizeof(stat)))
		return -EFAULT;
	request->follow = dirfd.flags & CLOUDABI_LOOKUP_SYMLINK_FOLLOW;
	request->oflags = oflags;
	request->fdflags = stat.fs_flags;
	request->rights.base = stat.fs_rights_base;
	request->rights.inheriting = stat.fs_rights_inheriting;
	return cloudabi_name_get(&request->name, dirfd.fd, path, path_len);
}

/**
 * cloudabi_call_file_open() - Open a file beneath a directory.
 * @dirfd: directory to start at, and whether to follow a symbolic link at the
 *	end of the path. It needs FILE_OPEN, with O_CREAT also FILE_CREATE_FILE,
 *	and the inheriting rights that needed_inheriting() tells.
 * @path: path of the file.
 * @path_len: its length.
 * @oflags: CLOUDABI_O_*. Others are ignored.
 * @fds: rights and flags of the new descriptor.
 * @fd: set to the new descriptor.
 *
 * Context: Process context, may sleep; opening a FIFO waits for its other end.
 * Return: 0; -EFAULT; -EBADF; -ENOTCAPABLE if a right is missing or the path
 * leads out; -ELOOP for a symbolic link that is not to be followed; -EOPNOTSUPP
 * for a socket; -EINVAL for O_CREAT with O_DIRECTORY; -EMFILE; or an error of
 * the path (see cloudabi_name_get(), cloudabi_lookup()) or of openat().
 */
int cloudabi_call_file_open(cloudabi_lookup_t dirfd, const char __user *path,
			    size_t path_len, cloudabi_oflags_t oflags,
			    const cloudabi_fdstat_t __user *fds,
			    cloudabi_fd_t *fd)
{
	const cloudabi_oflags_t clash = CLOUDABI_O_CREAT | CLOUDABI_O_DIRECTORY;
	struct cloudabi_handle dir;
	struct request request;
	int error;

	if ((oflags & clash) == clash)
		return -EINVAL;
	error = get_request(&request, dirfd, path, path_len, oflags, fds);
	if (error)
		return error;
	error = cloudabi_fget(dirfd.fd, needed_base(&request), &dir);
	if (!error) {
		error = may_open(&dir, dirfd.fd, &request);
		if (!error)
			error = open_beneath(&dir, &request, fd);
		cloudabi_fput(&dir);
	}
	cloudabi_name_put(&request.name);
	return error;
}

#ifdef CONFIG_CLOUDABI_KUNIT_TEST

#include <kunit/test.h>
#include <linux/prandom.h>

/**
 * struct descriptor - What the walk below keeps of a descriptor.
 * @kind: kind of the file.
 * @mode: how it is open.
 * @rights: its rights.
 * @bound: the inheriting rights of all directories that it came from.
 */
struct descriptor {
	enum filekind kind;
	fmode_t mode;
	struct cloudabi_rights rights;
	cloudabi_rights_t bound;
};

#define DESCRIPTORS 16
#define STEPS 200000

/* Few of all rights, most of them, or all; undefined ones now and then. */
static cloudabi_rights_t random_rights(struct rnd_state *state)
{
	u64 bits = (u64)prandom_u32_state(state) << 32 |
		   prandom_u32_state(state);
	u64 other = (u64)prandom_u32_state(state) << 32 |
		    prandom_u32_state(state);

	switch (prandom_u32_state(state) % 5) {
	case 0:
		return bits & other & CLOUDABI_RIGHTS_ALL;
	case 1:
		return (bits | other) & CLOUDABI_RIGHTS_ALL;
	case 2:
		return CLOUDABI_RIGHTS_ALL;
	case 3:
		return 0;
	default:
		return bits & other;
	}
}

/* Often something that can be had, or nothing would ever be opened. */
static struct cloudabi_rights random_pair(struct rnd_state *state,
					  struct cloudabi_rights limit)
{
	struct cloudabi_rights pair = {
		.base = random_rights(state),
		.inheriting = random_rights(state),
	};

	if (prandom_u32_state(state) % 4)
		pair = rights_common(&pair, &limit);
	return pair;
}

static fmode_t opened_mode(const struct request *request)
{
	switch (access_mode(request)) {
	case O_RDWR:
		return FMODE_READ | FMODE_WRITE;
	case O_WRONLY:
		return FMODE_WRITE;
	default:
		return FMODE_READ;
	}
}

/* What a look-up finds in the slot that restrict_file() would fill. */
static bool try_open(struct rnd_state *state, struct descriptor dir,
		     struct descriptor *opened)
{
	struct cloudabi_rights limit = { dir.rights.inheriting,
					 dir.rights.inheriting };
	struct request request = {
		.oflags = prandom_u32_state(state),
		.fdflags = prandom_u32_state(state),
		.rights = random_pair(state, limit),
	};
	struct cloudabi_rights most;

	if (!rights_cover(dir.rights.base, needed_base(&request)) ||
	    !rights_inheritable(&dir.rights, needed_inheriting(&request)))
		return false;
	opened->kind = prandom_u32_state(state) % NR_FILEKINDS;
	if (prandom_u32_state(state) % 2)
		opened->kind = FILEKIND_DIRECTORY;
	opened->mode = opened_mode(&request);
	most = rights_native(opened->kind, opened->mode);
	opened->rights = rights_common(&request.rights, &most);
	opened->bound = dir.bound & dir.rights.inheriting;
	return true;
}

static void expect_bounded(struct kunit *test,
			   const struct descriptor *descriptor)
{
	struct cloudabi_rights bound = { descriptor->bound, descriptor->bound };
	struct cloudabi_rights most =
		rights_native(descriptor->kind, descriptor->mode);

	KUNIT_EXPECT_TRUE(test, rights_subset(&descriptor->rights, &bound));
	KUNIT_EXPECT_TRUE(test, rights_subset(&descriptor->rights, &most));
}

/* One step of a program that does anything: it opens, copies or narrows. */
static bool step(struct rnd_state *state, struct descriptor *all)
{
	struct descriptor *from = &all[prandom_u32_state(state) % DESCRIPTORS];
	struct descriptor *to = &all[prandom_u32_state(state) % DESCRIPTORS];
	struct cloudabi_rights less;

	switch (prandom_u32_state(state) % 3) {
	case 0:
		return try_open(state, *from, to);
	case 1:
		*to = *from;
		return true;
	default:
		less = random_pair(state, from->rights);
		if (!rights_subset(&less, &from->rights))
			return false;
		from->rights = less;
		return true;
	}
}

/* A directory that a native process handed in. */
static struct descriptor handed_in(void)
{
	return (struct descriptor){
		.kind = FILEKIND_DIRECTORY,
		.mode = FMODE_READ,
		.rights = rights_native(FILEKIND_DIRECTORY, FMODE_READ),
		.bound = CLOUDABI_RIGHTS_ALL,
	};
}

static void no_sequence_gains_rights(struct kunit *test)
{
	struct descriptor all[DESCRIPTORS];
	unsigned int i, done = 0;
	struct rnd_state state;

	prandom_seed_state(&state, 1);
	for (i = 0; i < STEPS; i++) {
		/* All of them end up with nothing, so begin anew. */
		if (i % 100 < DESCRIPTORS) {
			all[i % 100] = handed_in();
			continue;
		}
		done += step(&state, all);
		expect_bounded(test, &all[i % DESCRIPTORS]);
	}
	KUNIT_EXPECT_GT(test, done, (unsigned int)STEPS / 4);
}

static void flags_need_rights_of_their_own(struct kunit *test)
{
	const cloudabi_rights_t write = CLOUDABI_RIGHT_FD_WRITE;
	struct request request = { .rights.base = write };

	KUNIT_EXPECT_EQ(test, needed_inheriting(&request),
			write | CLOUDABI_NEED_INHERITING_file_open_write);
	request.fdflags = CLOUDABI_FDFLAG_APPEND;
	KUNIT_EXPECT_EQ(test, needed_inheriting(&request), write);
	request.fdflags |= CLOUDABI_FDFLAG_DSYNC;
	KUNIT_EXPECT_EQ(test, needed_inheriting(&request),
			write | CLOUDABI_NEED_INHERITING_file_open_dsync);
	request.fdflags = CLOUDABI_FDFLAG_RSYNC;
	request.oflags = CLOUDABI_O_TRUNC;
	KUNIT_EXPECT_EQ(test, needed_inheriting(&request),
			write | CLOUDABI_NEED_INHERITING_file_open_sync |
				CLOUDABI_NEED_INHERITING_file_open_trunc);
}

static struct kunit_case open_cases[] = {
	KUNIT_CASE(no_sequence_gains_rights),
	KUNIT_CASE(flags_need_rights_of_their_own),
	{},
};

static struct kunit_suite open_suite = {
	.name = "cloudabi_open",
	.suite_init = cloudabi_suite_init,
	.test_cases = open_cases,
};

kunit_test_suite(open_suite);

#endif /* CONFIG_CLOUDABI_KUNIT_TEST */
