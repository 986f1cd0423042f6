// SPDX-License-Identifier: GPL-2.0
/*
 * What a native process can do with a capability: for each kind of file, each
 * set of rights and each operation, what the table says and nothing else.
 *
 * A row names the rights that an operation needs, or the error that it has
 * whatever the rights are. What succeeds must also succeed on the file itself;
 * what is refused must leave the file as it was. And what /proc tells of it.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "puppet.h"
#include "terminal.h"

#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <sched.h>
#include <termios.h>

#include "kselftest_harness.h"

#define LIMIT 600

#define PLACE "/tmp/capability"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

#define RIGHT(name) CLOUDABI_RIGHT_##name

/* --- Files ---------------------------------------------------------------- */

enum kind { REGULAR, DIRECTORY, STREAM, DGRAM, READER, WRITER, TERMINAL, ZERO,
	    MEMORY, NR_KINDS };

static const char *const kind_names[] = {
	"regular file", "directory", "stream socket", "datagram socket",
	"pipe, for reading", "pipe, for writing", "terminal", "/dev/zero",
	"memory",
};

/* The capability, the file that it is of, and the other end of that. */
struct subject {
	enum kind kind;
	int fd;
	int real;
	int peer;
};

static bool open_subject(struct subject *s, enum kind kind)
{
	int fds[2] = { -1, -1 }, ends[2], error = 0;

	switch (kind) {
	case REGULAR:
		fds[0] = open(PLACE "/file", O_RDWR | O_CREAT | O_CLOEXEC, 0700);
		break;
	case DIRECTORY:
		fds[0] = open(PLACE "/directory", O_RDONLY | O_CLOEXEC);
		break;
	case STREAM:
		error = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
		break;
	case DGRAM:
		error = socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds);
		break;
	case READER:
		error = pipe2(fds, O_CLOEXEC);
		break;
	case WRITER:
		error = pipe2(ends, O_CLOEXEC);
		fds[0] = ends[1];
		fds[1] = ends[0];
		break;
	case TERMINAL:
		error = open_terminal(fds);
		break;
	case ZERO:
		fds[0] = open("/dev/zero", O_RDWR | O_CLOEXEC);
		break;
	default:
		fds[0] = memfd_create("capability",
				      MFD_CLOEXEC | MFD_ALLOW_SEALING);
		break;
	}
	*s = (struct subject){ kind, -1, fds[0], fds[1] };
	/* Nothing here waits for anything. */
	return !error && fds[0] >= 0 && !fcntl(fds[0], F_SETFL, O_NONBLOCK);
}

static void close_subject(struct subject *s)
{
	close(s->real);
	if (s->peer >= 0)
		close(s->peer);
}

#define CONTENT "content"

/* Something to be read, and room for something to be written. */
static void make_ready(const struct subject *s)
{
	struct pollfd arrived = { .fd = s->real, .events = POLLIN };
	char bytes[4096];

	if (s->peer >= 0) {
		fcntl(s->peer, F_SETFL, O_NONBLOCK);
		while (s->kind != READER && read(s->peer, bytes,
						 sizeof(bytes)) > 0)
			continue;
		while (s->kind != WRITER && read(s->real, bytes,
						 sizeof(bytes)) > 0)
			continue;
		if (s->kind != WRITER && write(s->peer, "x", 1) != 1)
			perror("# write");
		/* A terminal takes its time. */
		if (s->kind == TERMINAL)
			poll(&arrived, 1, 5000);
		return;
	}
	if (s->kind != REGULAR && s->kind != MEMORY)
		return;
	if (pwrite(s->real, CONTENT, sizeof(CONTENT), 0) < 0 ||
	    ftruncate(s->real, sizeof(CONTENT)))
		perror("# pwrite");
	lseek(s->real, 1, SEEK_SET);
}

/**
 * struct state - what can be seen of a file
 * @st: attributes, less when it was last read
 * @content: what is in it
 * @offset: where it would be read
 * @flags: of the open file
 * @seals: of memory
 * @waiting: bytes to be read
 * @written: bytes that the other end can read; not of a terminal, where they
 *	take their time
 * @entries: of a directory
 */
struct state {
	struct stat st;
	char content[16];
	off_t offset;
	int flags;
	int seals;
	int waiting;
	int written;
	int entries;
};

static void look_at(const struct subject *s, struct state *state)
{
	memset(state, 0, sizeof(*state));
	fstat(s->real, &state->st);
	state->st.st_atim = (struct timespec){ 0 };
	state->offset = lseek(s->real, 0, SEEK_CUR);
	state->flags = fcntl(s->real, F_GETFL);
	state->seals = fcntl(s->real, F_GET_SEALS);
	if (s->kind == REGULAR || s->kind == MEMORY)
		state->entries = pread(s->real, state->content,
				       sizeof(state->content), 0);
	if (s->kind == DIRECTORY)
		state->entries = faccessat(s->real, "new", F_OK, 0);
	if (s->peer >= 0) {
		ioctl(s->real, FIONREAD, &state->waiting);
		if (s->kind != TERMINAL)
			ioctl(s->peer, FIONREAD, &state->written);
	}
}

/* --- Operations ----------------------------------------------------------- */

/* Each returns 0 or an error of Linux. */

static int outcome(int64_t result)
{
	return result < 0 ? errno : 0;
}

static char buffer[64];
static struct iovec vector = { buffer, 1 };

/* A file and a pipe of nobody else's. */
static int other_file, other_pipe[2];

static int do_read(int fd)
{
	return outcome(read(fd, buffer, 1));
}

static int do_readv(int fd)
{
	return outcome(readv(fd, &vector, 1));
}

static int do_write(int fd)
{
	return outcome(write(fd, "y", 1));
}

static int do_writev(int fd)
{
	return outcome(writev(fd, &vector, 1));
}

static int do_tell(int fd)
{
	return outcome(lseek(fd, 0, SEEK_CUR));
}

static int do_seek(int fd)
{
	return outcome(lseek(fd, 2, SEEK_SET));
}

static int do_seek_end(int fd)
{
	return outcome(lseek(fd, 0, SEEK_END));
}

static int do_fsync(int fd)
{
	return outcome(fsync(fd));
}

static int do_fdatasync(int fd)
{
	return outcome(fdatasync(fd));
}

static int poll_for(int fd, short events, short wanted)
{
	struct pollfd pollfd = { .fd = fd, .events = events };

	if (poll(&pollfd, 1, 0) < 0)
		return errno;
	if (pollfd.revents & (POLLERR | POLLNVAL))
		return EPERM;
	return wanted && !(pollfd.revents & wanted) ? EAGAIN : 0;
}

static int do_poll(int fd)
{
	return poll_for(fd, POLLIN | POLLOUT, 0);
}

static int do_poll_in(int fd)
{
	return poll_for(fd, POLLIN, POLLIN);
}

static int do_poll_out(int fd)
{
	return poll_for(fd, POLLOUT, POLLOUT);
}

/* Through the first ring that is made; -1 if there are none. */
static int ring_transfer(int fd, unsigned int op, uint64_t offset)
{
	struct io_uring_params p = { 0 };
	int ring = syscall(SYS_io_uring_setup, 1, &p), error = -1;
	uint8_t *sq, *cq;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;

	if (ring < 0)
		return -1;
	sq = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		  IORING_OFF_SQ_RING);
	cq = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		  IORING_OFF_CQ_RING);
	sqe = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		   IORING_OFF_SQES);
	*sqe = (struct io_uring_sqe){
		.opcode = op, .fd = fd, .addr = (uintptr_t)buffer, .len = 1,
		.off = offset,
	};
	*(uint32_t *)(sq + p.sq_off.array) = 0;
	__atomic_store_n((uint32_t *)(sq + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	cqe = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS,
		    NULL, 0) == 1)
		error = cqe->res < 0 ? -cqe->res : 0;
	munmap(sq, 4096);
	munmap(cq, 4096);
	munmap(sqe, 4096);
	close(ring);
	return error;
}

static int do_ring_read(int fd)
{
	return ring_transfer(fd, IORING_OP_READ, ~0ull);
}

static int do_ring_write(int fd)
{
	return ring_transfer(fd, IORING_OP_WRITE, ~0ull);
}

static int do_ring_fallocate(int fd)
{
	return ring_transfer(fd, IORING_OP_FALLOCATE, 0);
}

static int do_pread(int fd)
{
	return outcome(pread(fd, buffer, 1, 0));
}

static int do_pwrite(int fd)
{
	return outcome(pwrite(fd, "z", 1, 0));
}

static int do_preadv(int fd)
{
	return outcome(preadv(fd, &vector, 1, 0));
}

static int map(int fd, int prot, int flags)
{
	void *mem = mmap(NULL, 4096, prot, flags, fd, 0);

	if (mem == MAP_FAILED)
		return errno;
	munmap(mem, 4096);
	return 0;
}

static int do_map(int fd)
{
	return map(fd, PROT_READ, MAP_PRIVATE);
}

static int do_map_shared(int fd)
{
	return map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
}

static int do_map_code(int fd)
{
	return map(fd, PROT_READ | PROT_EXEC, MAP_PRIVATE);
}

static int do_truncate(int fd)
{
	return outcome(ftruncate(fd, 1));
}

static int do_fallocate(int fd)
{
	return outcome(fallocate(fd, 0, 0, 65536));
}

static int do_readahead(int fd)
{
	return outcome(readahead(fd, 0, 4096));
}

static int do_sync_range(int fd)
{
	return outcome(sync_file_range(fd, 0, 1, SYNC_FILE_RANGE_WRITE));
}

static int do_getdents(int fd)
{
	return outcome(syscall(SYS_getdents64, fd, buffer, sizeof(buffer)));
}

static int do_open_beneath(int fd)
{
	return outcome(openat(fd, "inner", O_RDONLY | O_CLOEXEC));
}

static int do_create_beneath(int fd)
{
	return outcome(mkdirat(fd, "new", 0700));
}

static int do_chdir(int fd)
{
	return outcome(fchdir(fd));
}

static int do_reopen(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return outcome(open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
}

static int do_link(int fd)
{
	return outcome(linkat(fd, "", AT_FDCWD, PLACE "/linked",
			      AT_EMPTY_PATH));
}

static int do_handle(int fd)
{
	struct {
		struct file_handle handle;
		char bytes[128];
	} file = { .handle.handle_bytes = 128 };
	int mount;

	return outcome(name_to_handle_at(fd, "", &file.handle, &mount,
					 AT_EMPTY_PATH));
}

/* In a process of its own, for what would happen if it succeeded. */
static int do_exec(int fd)
{
	char *argv[] = { "capability", NULL };
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		syscall(SYS_execveat, fd, "", argv, argv + 1, AT_EMPTY_PATH);
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static int do_waiting(int fd)
{
	int n;

	return outcome(ioctl(fd, FIONREAD, &n));
}

static int do_terminal(int fd)
{
	struct termios termios;

	return outcome(tcgetattr(fd, &termios));
}

static int do_get_flags(int fd)
{
	int flags;

	return outcome(ioctl(fd, FS_IOC_GETFLAGS, &flags));
}

static int do_recv(int fd)
{
	return outcome(recv(fd, buffer, 1, MSG_DONTWAIT | MSG_PEEK));
}

static int do_send(int fd)
{
	return outcome(send(fd, "s", 1, MSG_DONTWAIT | MSG_NOSIGNAL));
}

static int do_shutdown(int fd)
{
	return outcome(shutdown(fd, SHUT_RDWR));
}

static int do_sockopt(int fd)
{
	int value = 1;

	return outcome(setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &value,
				  sizeof(value)));
}

static int do_sendfile_from(int fd)
{
	return outcome(sendfile(other_pipe[1], fd, NULL, 1));
}

static int do_sendfile_to(int fd)
{
	return outcome(sendfile(fd, other_file, NULL, 1));
}

static int do_splice_from(int fd)
{
	return outcome(splice(fd, NULL, other_pipe[1], NULL, 1,
			      SPLICE_F_NONBLOCK));
}

static int do_splice_to(int fd)
{
	return outcome(splice(other_pipe[0], NULL, fd, NULL, 1,
			      SPLICE_F_NONBLOCK));
}

static int do_tee(int fd)
{
	return outcome(tee(fd, other_pipe[1], 1, SPLICE_F_NONBLOCK));
}

static int do_vmsplice(int fd)
{
	return outcome(vmsplice(fd, &vector, 1, SPLICE_F_NONBLOCK));
}

static int do_copy_from(int fd)
{
	return outcome(copy_file_range(fd, NULL, other_file, NULL, 1, 0));
}

static int do_copy_to(int fd)
{
	return outcome(copy_file_range(other_file, NULL, fd, NULL, 1, 0));
}

static int do_pipe_size(int fd)
{
	return outcome(fcntl(fd, F_SETPIPE_SZ, 65536));
}

static int do_seal(int fd)
{
	return outcome(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
}

static int do_lease(int fd)
{
	return outcome(fcntl(fd, F_SETLEASE, F_RDLCK));
}

static int do_setns(int fd)
{
	return outcome(setns(fd, 0));
}

static int do_xattr(int fd)
{
	return outcome(fsetxattr(fd, "user.capability", "1", 1, 0));
}

/* What is of the capability itself, or of the inode that all of them share. */

static int do_stat(int fd)
{
	struct stat st;

	return outcome(fstat(fd, &st));
}

static int do_chmod(int fd)
{
	int error = outcome(fchmod(fd, 0640));

	fchmod(fd, 0600);
	return error;
}

static int do_times(int fd)
{
	static const struct timespec times[2] = { { 1, 1 }, { 1, 1 } };

	return outcome(futimens(fd, times));
}

static int do_flock(int fd)
{
	int error = outcome(flock(fd, LOCK_EX | LOCK_NB));

	if (!error)
		flock(fd, LOCK_UN);
	return error;
}

static int do_set_flags(int fd)
{
	int flags = fcntl(fd, F_GETFL), error;

	error = outcome(fcntl(fd, F_SETFL, flags | O_APPEND));
	fcntl(fd, F_SETFL, flags);
	return error;
}

static int do_sync_all(int fd)
{
	return outcome(syncfs(fd));
}

enum { NEVER = 1, OWN };

#define ANY (-1)

static const struct operation {
	const char *name;
	int (*run)(int fd);
	uint64_t need;		/* what it needs; else: */
	int how;		/* NEVER, or OWN: of no concern to the file */
	int error;		/* if refused */
} operations[] = {
	{ "read", do_read, RIGHT(FD_READ), 0, EBADF },
	{ "readv", do_readv, RIGHT(FD_READ), 0, EBADF },
	{ "write", do_write, RIGHT(FD_WRITE), 0, EBADF },
	{ "writev", do_writev, RIGHT(FD_WRITE), 0, EBADF },
	{ "io_uring read", do_ring_read, RIGHT(FD_READ), 0, EBADF },
	{ "io_uring write", do_ring_write, RIGHT(FD_WRITE), 0, EBADF },
	{ "lseek by nothing", do_tell, RIGHT(FD_TELL), 0, ANY },
	{ "lseek", do_seek, RIGHT(FD_SEEK), 0, ANY },
	{ "lseek to the end", do_seek_end, RIGHT(FD_SEEK), 0, ANY },
	{ "fsync", do_fsync, RIGHT(FD_SYNC), 0, EPERM },
	{ "fdatasync", do_fdatasync, RIGHT(FD_DATASYNC), 0, EPERM },
	{ "poll", do_poll, RIGHT(POLL_FD_READWRITE), 0, EPERM },
	{ "poll for reading", do_poll_in,
	  RIGHT(POLL_FD_READWRITE) | RIGHT(FD_READ), 0, ANY },
	{ "poll for writing", do_poll_out,
	  RIGHT(POLL_FD_READWRITE) | RIGHT(FD_WRITE), 0, ANY },
	{ "pread", do_pread, 0, NEVER, ESPIPE },
	{ "pwrite", do_pwrite, 0, NEVER, ESPIPE },
	{ "preadv", do_preadv, 0, NEVER, ESPIPE },
	{ "mmap", do_map, 0, NEVER, ANY },
	{ "mmap, shared", do_map_shared, 0, NEVER, ANY },
	{ "mmap of code", do_map_code, 0, NEVER, ANY },
	{ "ftruncate", do_truncate, 0, NEVER, EINVAL },
	{ "fallocate", do_fallocate, 0, NEVER, ANY },
	{ "io_uring fallocate", do_ring_fallocate, 0, NEVER, ANY },
	{ "readahead", do_readahead, 0, NEVER, ANY },
	{ "sync_file_range", do_sync_range, 0, NEVER, ESPIPE },
	{ "getdents", do_getdents, 0, NEVER, ENOTDIR },
	{ "openat beneath", do_open_beneath, 0, NEVER, ENOTDIR },
	{ "mkdirat beneath", do_create_beneath, 0, NEVER, ENOTDIR },
	{ "fchdir", do_chdir, 0, NEVER, ENOTDIR },
	{ "open by /proc", do_reopen, 0, NEVER, ENXIO },
	{ "linkat", do_link, 0, NEVER, EXDEV },
	{ "name_to_handle_at", do_handle, 0, NEVER, EOPNOTSUPP },
	{ "execveat", do_exec, 0, NEVER, EACCES },
	{ "ioctl FIONREAD", do_waiting, 0, NEVER, ENOTTY },
	{ "ioctl TCGETS", do_terminal, 0, NEVER, ENOTTY },
	{ "ioctl GETFLAGS", do_get_flags, 0, NEVER, ENOTTY },
	{ "recv", do_recv, 0, NEVER, ENOTSOCK },
	{ "send", do_send, 0, NEVER, ENOTSOCK },
	{ "shutdown", do_shutdown, 0, NEVER, ENOTSOCK },
	{ "setsockopt", do_sockopt, 0, NEVER, ENOTSOCK },
	{ "sendfile from", do_sendfile_from, 0, NEVER, ANY },
	{ "sendfile to", do_sendfile_to, 0, NEVER, ANY },
	{ "splice from", do_splice_from, 0, NEVER, ANY },
	{ "splice to", do_splice_to, 0, NEVER, ANY },
	{ "tee", do_tee, 0, NEVER, ANY },
	{ "vmsplice", do_vmsplice, 0, NEVER, EBADF },
	{ "copy_file_range from", do_copy_from, 0, NEVER, ANY },
	{ "copy_file_range to", do_copy_to, 0, NEVER, ANY },
	{ "F_SETPIPE_SZ", do_pipe_size, 0, NEVER, EBADF },
	{ "F_ADD_SEALS", do_seal, 0, NEVER, ANY },
	{ "F_SETLEASE", do_lease, 0, NEVER, EINVAL },
	{ "setns", do_setns, 0, NEVER, EINVAL },
	{ "fsetxattr", do_xattr, 0, NEVER, ANY },
	{ "fstat", do_stat, 0, OWN, 0 },
	{ "fchmod", do_chmod, 0, OWN, ANY },
	{ "futimens", do_times, 0, OWN, ANY },
	{ "flock", do_flock, 0, OWN, ANY },
	{ "F_SETFL", do_set_flags, 0, OWN, 0 },
	{ "syncfs", do_sync_all, 0, OWN, ANY },
};

/* --- Tests ---------------------------------------------------------------- */

FIXTURE(capability) {
	struct puppet puppet;
	struct subject subject;
	int pidfd;
	uint64_t base;
	uint64_t inheriting;
};

FIXTURE_VARIANT(capability) {
	enum kind kind;
};

#define VARIANT(name)				\
	FIXTURE_VARIANT_ADD(capability, name) {	\
		.kind = name,			\
	}

VARIANT(REGULAR);
VARIANT(DIRECTORY);
VARIANT(STREAM);
VARIANT(DGRAM);
VARIANT(READER);
VARIANT(WRITER);
VARIANT(TERMINAL);
VARIANT(ZERO);
VARIANT(MEMORY);

FIXTURE_SETUP(capability)
{
	cloudabi_fdstat_t stat;

	mkdir(PLACE, 0700);
	mkdir(PLACE "/directory", 0700);
	close(open(PLACE "/directory/inner", O_CREAT | O_CLOEXEC, 0600));
	other_file = open(PLACE "/other", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_EQ(6, pwrite(other_file, "other\n", 6, 0));
	ASSERT_EQ(0, pipe2(other_pipe, O_CLOEXEC | O_NONBLOCK));
	ASSERT_EQ(1, write(other_pipe[1], "p", 1));
	ASSERT_TRUE(open_subject(&self->subject, variant->kind));
	ASSERT_EQ(0, puppet_start(&self->puppet, &self->subject.real, 1, NULL,
				  NULL));
	self->pidfd = syscall(SYS_pidfd_open, self->puppet.pid, 0);
	ASSERT_LE(0, self->pidfd);
	ASSERT_OK(call_fd_stat_get(&self->puppet, PUPPET_GIVEN, &stat));
	self->base = stat.fs_rights_base;
	self->inheriting = stat.fs_rights_inheriting;
	ASSERT_NE(0, self->base);
}

FIXTURE_TEARDOWN(capability)
{
	puppet_stop(&self->puppet);
	close_subject(&self->subject);
	close(self->pidfd);
	close(other_file);
	close(other_pipe[0]);
	close(other_pipe[1]);
}

/* The number that the puppet has for a duplicate with these rights. */
static int narrowed(struct puppet *p, uint64_t base, uint64_t inheriting)
{
	struct answer a = call_fd_dup(p, PUPPET_GIVEN);

	if (a.error || put_rights(p, a.value, base, inheriting).error)
		return -1;
	return a.value;
}

/* Two rights contain another one each, the latter for natives only. */
static bool covers(uint64_t base, uint64_t need)
{
	if (base & RIGHT(FD_SEEK))
		base |= RIGHT(FD_TELL);
	if (base & RIGHT(FD_SYNC))
		base |= RIGHT(FD_DATASYNC);
	return !(need & ~base);
}

/* What is wrong with it, or NULL. */
static const char *wrong_with(const struct subject *s,
			      const struct operation *o, uint64_t base)
{
	bool covered = !o->how && covers(base, o->need);
	struct state before, after;
	int natively = 0, error;

	if (covered) {
		make_ready(s);
		natively = o->run(s->real);
	}
	make_ready(s);
	look_at(s, &before);
	error = o->run(s->fd);
	look_at(s, &after);
	if (error < 0)
		return NULL;
	if (covered)
		return !error == !natively ? NULL : "not as natively";
	/* On newer kernels it is the inode of the socket, and that has attributes. */
	if ((s->kind == STREAM || s->kind == DGRAM) &&
	    (o->how == OWN || (o->run == do_xattr && !do_xattr(s->real))))
		return NULL;
	if (memcmp(&before, &after, sizeof(before)))
		return "it has changed the file";
	if (o->how == OWN)
		return o->error == ANY || error == o->error ? NULL : "fails";
	if (!error)
		return "not refused";
	return o->error == ANY || error == o->error ? NULL : "wrong error";
}

/*
 * A machine that is busy can make a transfer fail that goes by a worker thread, on
 * either side.  What is wrong with the capability is so each time.
 */
static const char *always_wrong_with(struct subject *s,
				     const struct operation *o, uint64_t base)
{
	const char *what = NULL;

	for (int i = 0; i < 3; i++) {
		what = wrong_with(s, o, base);
		if (!what)
			break;
	}
	return what;
}

/* How many rows do not hold for these rights. */
static unsigned int check_rows(struct __test_metadata *_metadata,
			       struct puppet *p, int pidfd, struct subject *s,
			       uint64_t base)
{
	unsigned int failed = 0;
	int number = narrowed(p, base, 0);

	s->fd = syscall(SYS_pidfd_getfd, pidfd, number, 0);
	if (s->fd < 0)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		const char *what =
			always_wrong_with(s, &operations[i], base);

		if (!what)
			continue;
		failed++;
		TH_LOG("%s of a %s with rights %#llx: %s", operations[i].name,
		       kind_names[s->kind], (unsigned long long)base, what);
	}
	close(s->fd);
	call_fd_close(p, number);
	return failed;
}

TEST_F_TIMEOUT(capability, does_what_its_rights_allow, LIMIT)
{
	struct subject *s = &self->subject;
	struct puppet *p = &self->puppet;
	unsigned int failed;

	failed = check_rows(_metadata, p, self->pidfd, s, 0);
	for (unsigned int bit = 0; bit < 64; bit++) {
		uint64_t right = 1ull << bit;

		if (!(self->base & right))
			continue;
		failed += check_rows(_metadata, p, self->pidfd, s, right);
		failed += check_rows(_metadata, p, self->pidfd, s,
				     self->base & ~right);
	}
	EXPECT_EQ(0, failed);
}

/* --- What /proc tells ------------------------------------------------------ */

#define INFO 2048

/* Of the @pid's descriptor @fd, by way of a descriptor of /proc; or "". */
static const char *read_info(int proc, pid_t pid, int fd, char text[INFO])
{
	char path[64];
	ssize_t n;
	int info;

	snprintf(path, sizeof(path), "%d/fdinfo/%d", pid, fd);
	info = openat(proc, path, O_RDONLY | O_CLOEXEC);
	n = read(info, text, INFO - 1);
	text[n < 0 ? 0 : n] = 0;
	close(info);
	return text;
}

/* What stands behind a name in a line of its own, or NULL; until the next one. */
static const char *value_of(const char *text, const char *name)
{
	static char value[INFO];
	size_t len = strlen(name);

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (strncmp(text, name, len) || strncmp(text + len, ":\t", 2))
			continue;
		snprintf(value, sizeof(value), "%.*s",
			 (int)strcspn(text + len + 2, "\n"), text + len + 2);
		return value;
	}
	return NULL;
}

/* All of a list of names are rights; 1 << 63 else. */
static uint64_t rights_in(const char *text, const char *name)
{
	const char *value = value_of(text, name);
	uint64_t rights = value ? 0 : 1ull << 63;
	char list[INFO];

	snprintf(list, sizeof(list), "%s", value ? value : "");
	for (char *at = strtok(list, " "); at; at = strtok(NULL, " "))
		rights |= 1ull << (cloudabi_right_bit(at) & 63);
	return rights;
}

static const char *link_of(int fd)
{
	static char target[INFO];
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = 0;
	return target;
}

/* Whoever sees the numbers of processes and descriptors sees no more numbers. */
static bool only_known_lines(const char *text)
{
	static const char *const names[] = {
		"pos", "flags", "mnt_id", "ino", "cloudabi-type",
		"cloudabi-rights-base", "cloudabi-rights-inheriting",
		"cloudabi-path",
	};
	unsigned int lines = 0, known = 0;

	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		known += !!value_of(text, names[i]);
	return lines == known && known >= 4;
}

TEST_F(capability, is_told_in_fdinfo)
{
	static const uint64_t masks[] = {
		0, ~0ull << 1, ~0ull << 2, 0x5555555555555555, 0xaaaaaaaaaaaaaaaa,
		~RIGHT(FD_STAT_PUT_FLAGS), ~RIGHT(FILE_OPEN),
	};
	char text[INFO], own[INFO];
	int proc = open("/proc", O_RDONLY | O_CLOEXEC);
	cloudabi_fdstat_t stat;

	ASSERT_OK(call_fd_stat_get(&self->puppet, PUPPET_GIVEN, &stat));
	read_info(proc, self->puppet.pid, PUPPET_GIVEN, text);
	EXPECT_EQ(NULL, strstr(text, "cloudabi"));
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		uint64_t base = self->base & masks[i];
		uint64_t inheriting = self->inheriting & masks[i];
		int number = narrowed(&self->puppet, base, inheriting);

		if (base == self->base && inheriting == self->inheriting)
			continue;
		ASSERT_LE(0, number);
		read_info(proc, self->puppet.pid, number, text);
		ASSERT_TRUE(only_known_lines(text));
		EXPECT_STREQ(cloudabi_filetype_name(stat.fs_filetype),
			     value_of(text, "cloudabi-type"));
		EXPECT_EQ(base, rights_in(text, "cloudabi-rights-base"));
		EXPECT_EQ(inheriting,
			  rights_in(text, "cloudabi-rights-inheriting"));
		EXPECT_STREQ(link_of(self->subject.real),
			     value_of(text, "cloudabi-path"));
		/* Natives that have it see the same. */
		self->subject.fd = syscall(SYS_pidfd_getfd, self->pidfd, number,
					   0);
		read_info(proc, getpid(), self->subject.fd, own);
		close(self->subject.fd);
		ASSERT_NE(NULL, strstr(own, "cloudabi-"));
		EXPECT_STREQ(strstr(text, "cloudabi-"),
			     strstr(own, "cloudabi-"));
	}
	close(proc);
}

/* The path that somebody else reads, with another root or as another user. */
static const char *path_seen(int proc, pid_t pid, int fd, const char *root,
			     uid_t user)
{
	static char path[INFO];
	char text[INFO];
	const char *seen;
	int ends[2];
	ssize_t n;

	if (pipe2(ends, O_CLOEXEC))
		return NULL;
	if (!fork()) {
		if ((root && chroot(root)) ||
		    (user && setresuid(user, user, user)))
			_exit(1);
		seen = value_of(read_info(proc, pid, fd, text),
				"cloudabi-path");
		if (!seen)
			seen = "nothing";
		_exit(write(ends[1], seen, strlen(seen)) < 0);
	}
	close(ends[1]);
	n = read(ends[0], path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = 0;
	close(ends[0]);
	wait(NULL);
	return path;
}

TEST(the_path_is_the_readers)
{
	static const char odd[] = PLACE "/odd\nname\\x";
	int proc = open("/proc", O_RDONLY | O_CLOEXEC), file, number;
	struct puppet puppet;

	mkdir(PLACE, 0700);
	file = open(odd, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_EQ(0, puppet_start(&puppet, &file, 1, NULL, NULL));
	number = narrowed(&puppet, RIGHT(FD_READ), 0);
	ASSERT_LE(0, number);
	EXPECT_STREQ(PLACE "/odd\\012name\\134x",
		     path_seen(proc, puppet.pid, number, NULL, 0));
	EXPECT_STREQ("/odd\\012name\\134x",
		     path_seen(proc, puppet.pid, number, PLACE, 0));
	EXPECT_STREQ("nothing",
		     path_seen(proc, puppet.pid, number, NULL, 65534));
	ASSERT_EQ(0, unlink(odd));
	EXPECT_STREQ(PLACE "/odd\\012name\\134x (deleted)",
		     path_seen(proc, puppet.pid, number, NULL, 0));
	puppet_stop(&puppet);
	close(file);
	close(proc);
}

TEST_HARNESS_MAIN
