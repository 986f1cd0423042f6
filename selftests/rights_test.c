// SPDX-License-Identifier: GPL-2.0
/*
 * Rights of what natives hand to programs: every kind of descriptor that can be
 * had, each with programs/tests/rights_matrix.c.
 *
 * A row tells which maximum of the ABI table must apply, and how the descriptor
 * is open. Things that must not be used through descriptors at all (queues,
 * namespaces, programs for the kernel, mere paths) have the mode "none".
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "helped.h"

#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <mqueue.h>
#include <sys/epoll.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#include "kselftest_harness.h"

#define LIMIT 900

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif
#ifndef SYS_fsopen
#define SYS_fsopen 430
#define SYS_fsmount 432
#define SYS_open_tree 428
#endif

/* --- Kinds of descriptors ------------------------------------------------- */

/*
 * Each opens fds[0], and fds[1] if there is another end that the program must
 * have. A descriptor on which reading would wait for ever is non-blocking.
 */

/* A file of some size that tells where it was written to. */
static int open_file(int fds[2], int flags)
{
	static const char dots[8192] = "......................";
	int fd = open_empty_file();

	if (fd < 0 || write(fd, dots, sizeof(dots)) != sizeof(dots))
		return -1;
	fds[0] = reopen(fd, flags);
	return fds[0];
}

static int regular_rw(int fds[2])
{
	return open_file(fds, O_RDWR);
}

static int regular_r(int fds[2])
{
	return open_file(fds, O_RDONLY);
}

static int regular_w(int fds[2])
{
	return open_file(fds, O_WRONLY);
}

static int regular_append(int fds[2])
{
	return open_file(fds, O_RDWR | O_APPEND);
}

static int regular_path(int fds[2])
{
	return open_file(fds, O_PATH);
}

static int just_open(int fds[2], const char *path, int flags)
{
	fds[0] = open(path, flags | O_CLOEXEC);
	return fds[0];
}

static int regular_proc(int fds[2])
{
	return just_open(fds, "/proc/version", O_RDONLY);
}

static int regular_sys(int fds[2])
{
	return just_open(fds, "/sys/kernel/uevent_seqnum", O_RDONLY);
}

static int regular_shm(int fds[2])
{
	return just_open(fds, "/dev/shm/rights", O_RDWR | O_CREAT);
}

static int directory(int fds[2])
{
	return just_open(fds, "/tmp", O_RDONLY | O_DIRECTORY);
}

static int directory_path(int fds[2])
{
	return just_open(fds, "/tmp", O_PATH);
}

static int symlink_path(int fds[2])
{
	if (symlink("nowhere", "/tmp/rights.link") && errno != EEXIST)
		return -1;
	return just_open(fds, "/tmp/rights.link", O_PATH | O_NOFOLLOW);
}

static int pipe_read(int fds[2])
{
	return pipe2(fds, O_CLOEXEC);
}

static int pipe_write(int fds[2])
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	fds[0] = ends[1];
	fds[1] = ends[0];
	return 0;
}

static int open_fifo(int fds[2], int flags)
{
	if (mkfifo("/tmp/rights.fifo", 0600) && errno != EEXIST)
		return -1;
	return just_open(fds, "/tmp/rights.fifo", flags | O_NONBLOCK);
}

static int fifo_rw(int fds[2])
{
	return open_fifo(fds, O_RDWR);
}

static int fifo_path(int fds[2])
{
	return open_fifo(fds, O_PATH);
}

static int unix_stream(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
}

static int unix_dgram(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds);
}

static int unix_seqpacket(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds);
}

static int unix_listening(int fds[2])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	fds[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);
	if (bind(fds[0], (struct sockaddr *)&address, sizeof(sa_family_t)))
		return -1;
	return listen(fds[0], 1);
}

static int socket_path(int fds[2])
{
	struct sockaddr_un address = {
		.sun_family = AF_UNIX,
		.sun_path = "/tmp/rights.socket",
	};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	unlink(address.sun_path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return -1;
	return just_open(fds, address.sun_path, O_PATH);
}

static int tcp(int fds[2])
{
	open_tcp(fds);
	return fds[1];
}

static int tcp_listening(int fds[2])
{
	fds[0] = bound_socket(SOCK_STREAM | SOCK_NONBLOCK);
	return listen(fds[0], 1);
}

static int udp(int fds[2])
{
	open_udp(fds);
	return fds[1];
}

static int tcp6(int fds[2])
{
	fds[0] = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);
	return fds[0];
}

static int raw_socket(int fds[2])
{
	fds[0] = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 1);
	return fds[0];
}

static int netlink_raw(int fds[2])
{
	fds[0] = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_ROUTE);
	return fds[0];
}

static int packet_socket(int fds[2])
{
	fds[0] = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return fds[0];
}

static int terminal(int fds[2])
{
	open_terminal(fds);
	return fds[0];
}

static int terminal_master(int fds[2])
{
	int ends[2];

	open_terminal(ends);
	fds[0] = ends[1];
	fds[1] = ends[0];
	return fds[0];
}

static int terminal_r(int fds[2])
{
	int ends[2];

	open_terminal(ends);
	fds[0] = reopen(ends[0], O_RDONLY | O_NOCTTY);
	fds[1] = ends[1];
	return fds[0];
}

static int dev_null(int fds[2])
{
	return just_open(fds, "/dev/null", O_RDWR);
}

static int dev_null_r(int fds[2])
{
	return just_open(fds, "/dev/null", O_RDONLY);
}

static int dev_null_w(int fds[2])
{
	return just_open(fds, "/dev/null", O_WRONLY);
}

static int dev_zero(int fds[2])
{
	return just_open(fds, "/dev/zero", O_RDWR);
}

static int dev_full(int fds[2])
{
	return just_open(fds, "/dev/full", O_RDWR);
}

static int dev_urandom(int fds[2])
{
	return just_open(fds, "/dev/urandom", O_RDONLY);
}

static int dev_mem(int fds[2])
{
	return just_open(fds, "/dev/mem", O_RDONLY);
}

static int dev_fuse(int fds[2])
{
	return just_open(fds, "/dev/fuse", O_RDWR | O_NONBLOCK);
}

static int memory(int fds[2])
{
	fds[0] = memfd_create("rights", MFD_CLOEXEC);
	return ftruncate(fds[0], 1 << 20);
}

static int memory_r(int fds[2])
{
	int all[2];

	if (memory(all) || write(all[0], "memory", 6) != 6)
		return -1;
	fds[0] = reopen(all[0], O_RDONLY);
	return fds[0];
}

static int memory_sealed(int fds[2])
{
	fds[0] = memfd_create("rights", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (ftruncate(fds[0], 1 << 20))
		return -1;
	return fcntl(fds[0], F_ADD_SEALS, F_SEAL_WRITE);
}

static int memory_secret(int fds[2])
{
	fds[0] = syscall(SYS_memfd_secret, O_CLOEXEC);
	return fds[0];
}

static int epoll(int fds[2])
{
	fds[0] = epoll_create1(EPOLL_CLOEXEC);
	return fds[0];
}

static int event(int fds[2])
{
	fds[0] = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	return fds[0];
}

static int timer(int fds[2])
{
	fds[0] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return fds[0];
}

static int signals(int fds[2])
{
	sigset_t set;

	sigemptyset(&set);
	fds[0] = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fds[0];
}

static int inotify(int fds[2])
{
	fds[0] = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return fds[0];
}

static int fanotify(int fds[2])
{
	fds[0] = fanotify_init(FAN_CLOEXEC | FAN_NONBLOCK, O_RDONLY);
	return fds[0];
}

static int io_uring(int fds[2])
{
	struct io_uring_params params = { 0 };

	fds[0] = syscall(SYS_io_uring_setup, 8, &params);
	return fds[0];
}

static int io_uring_polled(int fds[2])
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQPOLL };

	fds[0] = syscall(SYS_io_uring_setup, 8, &params);
	return fds[0];
}

static int bpf_map(int fds[2])
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4, .value_size = 8, .max_entries = 1024,
		.map_flags = 1 << 10 /* BPF_F_MMAPABLE */,
	};

	fds[0] = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
	return fds[0];
}

static int bpf_program(int fds[2])
{
	struct bpf_insn instructions[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (uintptr_t)instructions, .insn_cnt = 2,
		.license = (uintptr_t)"GPL",
	};

	fds[0] = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	return fds[0];
}

static int perf_event(int fds[2])
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.size = sizeof(attr),
	};

	/* Of a processor: events of tasks make the kernel patch its scheduler. */
	fds[0] = syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0);
	return fds[0];
}

static int user_fault(int fds[2])
{
	fds[0] = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	return fds[0];
}

static int process(int fds[2])
{
	fds[0] = syscall(SYS_pidfd_open, getpid(), 0);
	return fds[0];
}

static int net_namespace(int fds[2])
{
	return just_open(fds, "/proc/self/ns/net", O_RDONLY);
}

static int mnt_namespace(int fds[2])
{
	return just_open(fds, "/proc/self/ns/mnt", O_RDONLY);
}

/* A namespace that looks like a file of a file system. */
static int bound_namespace(int fds[2])
{
	static const char path[] = "/tmp/rights.namespace";

	close(open(path, O_RDONLY | O_CREAT, 0600));
	if (mount("/proc/self/ns/uts", path, NULL, MS_BIND, NULL))
		return -1;
	just_open(fds, path, O_RDONLY);
	umount2(path, MNT_DETACH);
	return fds[0];
}

static int message_queue(int fds[2])
{
	fds[0] = mq_open("/rights", O_RDWR | O_CREAT | O_NONBLOCK, 0600, NULL);
	return fds[0];
}

static int landlock_ruleset(int fds[2])
{
	uint64_t handled = 1;

	fds[0] = syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled),
			 0);
	return fds[0];
}

static int fs_context(int fds[2])
{
	fds[0] = syscall(SYS_fsopen, "tmpfs", 1);
	return fds[0];
}

static int mount_tree(int fds[2])
{
	fds[0] = syscall(SYS_open_tree, AT_FDCWD, "/tmp", 1 | O_CLOEXEC);
	return fds[0];
}

static int block_device(int fds[2])
{
	return just_open(fds, "/dev/loop0", O_RDWR);
}

static int trace_file(int fds[2])
{
	return just_open(fds, "/sys/kernel/tracing/trace", O_RDONLY);
}

/* --- The table ------------------------------------------------------------ */

FIXTURE(rights) {
	struct helped helped;
};

FIXTURE_VARIANT(rights) {
	int (*open)(int fds[2]);
	const char *maximum;
	const char *mode;
	bool optional;
};

FIXTURE_SETUP(rights)
{
	helped_init(&self->helped);
}

FIXTURE_TEARDOWN(rights)
{
}

#define KIND(name, row, how)			\
	FIXTURE_VARIANT_ADD(rights, name) {	\
		.open = name,			\
		.maximum = #row,		\
		.mode = how,			\
	}

/* Not every kernel has it. */
#define MAYBE(name, row, how)			\
	FIXTURE_VARIANT_ADD(rights, name) {	\
		.open = name,			\
		.maximum = #row,		\
		.mode = how,			\
		.optional = true,		\
	}

KIND(regular_rw, REGULAR_FILE, "rw");
KIND(regular_r, REGULAR_FILE, "r");
KIND(regular_w, REGULAR_FILE, "w");
KIND(regular_append, REGULAR_FILE, "rw");
KIND(regular_path, REGULAR_FILE, "none");
KIND(regular_proc, REGULAR_FILE, "r");
KIND(regular_sys, REGULAR_FILE, "r");
KIND(regular_shm, REGULAR_FILE, "rw");
KIND(directory, DIRECTORY, "r");
KIND(directory_path, DIRECTORY, "none");
KIND(symlink_path, SYMBOLIC_LINK, "none");
KIND(pipe_read, SOCKET_STREAM, "r");
KIND(pipe_write, SOCKET_STREAM, "w");
KIND(fifo_rw, SOCKET_STREAM, "rw");
KIND(fifo_path, SOCKET_STREAM, "none");
KIND(unix_stream, SOCKET_STREAM, "rw");
KIND(unix_dgram, SOCKET_DGRAM, "rw");
KIND(unix_seqpacket, UNKNOWN, "none");
KIND(unix_listening, SOCKET_STREAM, "rw");
KIND(socket_path, SOCKET_STREAM, "none");
KIND(tcp, SOCKET_STREAM, "rw");
KIND(tcp_listening, SOCKET_STREAM, "rw");
MAYBE(tcp6, SOCKET_STREAM, "rw");
KIND(udp, SOCKET_DGRAM, "rw");
KIND(raw_socket, UNKNOWN, "none");
KIND(netlink_raw, UNKNOWN, "none");
MAYBE(packet_socket, UNKNOWN, "none");
KIND(terminal, CHARACTER_DEVICE, "rw");
KIND(terminal_master, CHARACTER_DEVICE, "rw");
KIND(terminal_r, CHARACTER_DEVICE, "r");
KIND(dev_null, CHARACTER_DEVICE_OTHER, "rw");
KIND(dev_null_r, CHARACTER_DEVICE_OTHER, "r");
KIND(dev_null_w, CHARACTER_DEVICE_OTHER, "w");
KIND(dev_zero, CHARACTER_DEVICE_OTHER, "rw");
KIND(dev_full, CHARACTER_DEVICE_OTHER, "rw");
KIND(dev_urandom, CHARACTER_DEVICE_OTHER, "r");
MAYBE(dev_mem, CHARACTER_DEVICE_OTHER, "r");
MAYBE(dev_fuse, CHARACTER_DEVICE_OTHER, "rw");
KIND(memory, SHARED_MEMORY, "rw");
KIND(memory_r, SHARED_MEMORY, "r");
KIND(memory_sealed, SHARED_MEMORY, "rw");
MAYBE(memory_secret, UNKNOWN, "none");
KIND(epoll, UNKNOWN, "none");
KIND(event, UNKNOWN, "none");
KIND(timer, UNKNOWN, "none");
KIND(signals, UNKNOWN, "none");
KIND(inotify, UNKNOWN, "none");
MAYBE(fanotify, UNKNOWN, "none");
MAYBE(io_uring, UNKNOWN, "none");
MAYBE(io_uring_polled, UNKNOWN, "none");
MAYBE(bpf_map, UNKNOWN, "none");
MAYBE(bpf_program, UNKNOWN, "none");
MAYBE(perf_event, UNKNOWN, "none");
MAYBE(user_fault, UNKNOWN, "none");
KIND(process, UNKNOWN, "none");
KIND(net_namespace, UNKNOWN, "none");
KIND(mnt_namespace, UNKNOWN, "none");
KIND(bound_namespace, UNKNOWN, "none");
MAYBE(message_queue, UNKNOWN, "none");
MAYBE(landlock_ruleset, UNKNOWN, "none");
MAYBE(fs_context, UNKNOWN, "none");
MAYBE(mount_tree, DIRECTORY, "none");
MAYBE(block_device, BLOCK_DEVICE, "none");
MAYBE(trace_file, UNKNOWN, "none");

/* Nothing that was refused may have reached a file. */
static bool has_refused_write(int fd)
{
	char bytes[4096];
	ssize_t n;

	for (off_t at = 0; (n = pread(fd, bytes, sizeof(bytes), at)) > 0;
	     at += n) {
		if (memchr(bytes, 'R', n))
			return true;
	}
	return false;
}

TEST_F_TIMEOUT(rights, matrix, LIMIT)
{
	const char *words[] = { variant->maximum, variant->mode, NULL };
	struct helped *h = &self->helped;
	int fds[2] = { -1, -1 };

	if (variant->open(fds) < 0 || fds[0] < 0) {
		if (variant->optional)
			SKIP(return, "cannot be had here");
		ASSERT_EQ(0, errno);
	}
	h->given[DEV_NULL] = open("/dev/null", O_RDWR | O_CLOEXEC);
	ASSERT_EQ(0, helped_start_on(h, "rights_matrix", words, fds));
	helped_serve(h);
	EXPECT_TRUE(helped_passed(h));
	if (!strcmp(variant->maximum, "REGULAR_FILE") &&
	    strcmp(variant->mode, "r") && strcmp(variant->mode, "none"))
		EXPECT_FALSE(has_refused_write(reopen(fds[0], O_RDONLY)));
}

TEST_HARNESS_MAIN
