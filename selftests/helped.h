/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Starts a CloudABI program, passes on what it tells, and does for it what only
 * a native process can do: the other side of programs/tests/helper.h.
 *
 *	struct helped helped;
 *
 *	helped_open(&helped);
 *	helped_start(&helped, "fd", NULL);
 *	helped_serve(&helped);
 *	EXPECT_TRUE(helped_passed(&helped));
 *
 * The program's results come as a subtest, indented.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SELFTESTS_HELPED_H
#define _SELFTESTS_HELPED_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "messages.h"
#include "programs/tests/helper.h"
#include "slow.h"
#include "terminal.h"

/* Where the programs are, seen from where the tests run. */
#define PROGRAMS "programs"

/* Seconds without a word after which a program has hung up. */
#define HELPED_PATIENCE 60

/* Numbers above all that a program is given. */
#define OUT_OF_THE_WAY 200

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

/**
 * struct helped - a program that runs
 * @pid: its process
 * @pidfd: the same as a descriptor
 * @status: what waitpid() told of its end
 * @output: what it writes
 * @control: where it asks
 * @given: what it is given, by number; -1 for nothing
 * @peer: the other ends of these
 * @planned: the number of results that it wants to tell
 * @results: the number that it told
 * @failures: how many of them were no good
 * @line: what it wrote last, not a whole line yet
 * @line_len: length of @line
 * @request: what it asked last
 * @disturber: thread that does HELPER_DISTURB
 * @disturbing: that thread is to be joined
 * @hindered: why it could not do what it should, -errno
 * @drained: what it read
 * @wrong: how much of that was not the pattern
 * @watcher: thread that does HELPER_WATCH, HELPER_PESTER or HELPER_UNSETTLE
 * @watching: it shall go on
 * @looks: how often it looked, found nothing, found something else
 * @time_namespace: where the program shall live, or -1
 * @user: who it shall be, if not us
 * @prepare: called by the process that becomes the program; false if it fails
 * @taken: descriptor taken from the program, or -1
 * @sent: reading end of the pipe whose writing end was sent, or -1
 */
struct helped {
	pid_t pid;
	int pidfd;
	int status;
	int output;
	int control;
	int given[OUT_OF_THE_WAY];
	int peer[OUT_OF_THE_WAY];
	unsigned int planned;
	unsigned int results;
	unsigned int failures;
	char line[1024];
	size_t line_len;
	struct helper_request request;
	pthread_t disturber;
	bool disturbing;
	int hindered;
	uint64_t drained;
	uint64_t wrong;
	pthread_t watcher;
	volatile bool watching;
	volatile uint64_t looks[3];
	int time_namespace;
	uid_t user;
	bool (*prepare)(void);
	int taken;
	int sent;
};

/* --- What the program is given -------------------------------------------- */

static inline void helped_init(struct helped *h)
{
	memset(h, 0, sizeof(*h));
	memset(h->given, -1, sizeof(h->given));
	memset(h->peer, -1, sizeof(h->peer));
	h->pidfd = -1;
	h->output = -1;
	h->control = -1;
	h->time_namespace = -1;
	h->taken = -1;
	h->sent = -1;
	signal(SIGPIPE, SIG_IGN);
}

static inline int reopen(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

static inline int open_empty_file(void)
{
	return open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0700);
}

static inline int open_pattern(void)
{
	static uint8_t bytes[PATTERN_SIZE];
	int fd = open_empty_file();

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = PATTERN_BYTE(i);
	if (pwrite(fd, bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -1;
	return reopen(fd, O_RDONLY);
}

static inline struct sockaddr_in any_port(void)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

/* The address that a socket has got. */
static inline struct sockaddr_in own_address(int fd)
{
	struct sockaddr_in address = any_port();
	socklen_t len = sizeof(address);

	getsockname(fd, (struct sockaddr *)&address, &len);
	return address;
}

static inline int bound_socket(int type)
{
	struct sockaddr_in address = any_port();
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return -1;
	return fd;
}

static inline int connect_to(int fd, int other)
{
	struct sockaddr_in address = own_address(other);

	return connect(fd, (struct sockaddr *)&address, sizeof(address));
}

static inline void open_tcp(int fds[2])
{
	int listener = bound_socket(SOCK_STREAM);

	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	fds[1] = -1;
	if (!listen(listener, 1) && !connect_to(fds[0], listener))
		fds[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
}

static inline void open_udp(int fds[2])
{
	fds[0] = bound_socket(SOCK_DGRAM);
	fds[1] = bound_socket(SOCK_DGRAM);
	connect_to(fds[0], fds[1]);
	connect_to(fds[1], fds[0]);
}

/* Number @fd of the program is one of @fds, the helper keeps the other. */
static inline void give(struct helped *h, int fd, const int fds[2])
{
	h->given[fd] = fds[0];
	h->peer[fd] = fds[1];
}

static inline void give_files(struct helped *h)
{
	int file = open_empty_file();

	h->given[FILE_RW] = file;
	h->given[FILE_RO] = reopen(file, O_RDONLY);
	h->given[FILE_WO] = reopen(file, O_WRONLY);
	h->given[FILE_APPEND] = reopen(file, O_RDWR | O_APPEND);
	h->given[FILE_DSYNC] = reopen(file, O_RDWR | O_DSYNC);
	h->given[FILE_SYNC] = reopen(file, O_RDWR | O_SYNC);
	h->given[FILE_NONBLOCK] = reopen(file, O_RDWR | O_NONBLOCK);
	h->given[DIRECTORY] = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	h->given[PATH_ONLY] = open("/tmp", O_PATH | O_CLOEXEC);
	h->given[PATTERN] = open_pattern();
	h->given[EXECUTABLES] = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static inline void give_devices(struct helped *h)
{
	h->given[DEV_NULL] = open("/dev/null", O_RDWR | O_CLOEXEC);
	h->given[DEV_ZERO] = open("/dev/zero", O_RDWR | O_CLOEXEC);
	h->given[DEV_FULL] = open("/dev/full", O_RDWR | O_CLOEXEC);
	h->given[MEMORY] = memfd_create("helped", MFD_CLOEXEC);
	h->given[EVENT] = eventfd(0, EFD_CLOEXEC);
}

static inline void give_streams(struct helped *h)
{
	int fds[2];

	if (!pipe2(fds, O_CLOEXEC))
		give(h, PIPE_IN, fds);
	if (!pipe2(fds, O_CLOEXEC))
		give(h, PIPE_OUT, (int[]){ fds[1], fds[0] });
	if (!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		give(h, UNIX_STREAM, fds);
	if (!socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds))
		give(h, UNIX_DGRAM, fds);
	open_tcp(fds);
	give(h, TCP, fds);
	open_udp(fds);
	give(h, UDP, fds);
	open_terminal(fds);
	give(h, TERMINAL, fds);
	if (!pipe2(fds, O_CLOEXEC)) {
		h->given[FIFO_READ] = fds[0];
		h->given[FIFO_WRITE] = fds[1];
	}
}

/**
 * helped_open() - open all that programs/tests/helper.h says is given
 * @h: filled in
 *
 * Return: whether everything could be opened; else errno tells why the last
 * could not, perhaps.
 */
static inline bool helped_open(struct helped *h)
{
	helped_init(h);
	give_files(h);
	give_devices(h);
	give_streams(h);
	for (int fd = HELPER_FD + 1; fd < GIVEN_END; fd++) {
		if (h->given[fd] < 0) {
			printf("# cannot open what should be number %d\n", fd);
			return false;
		}
	}
	return true;
}

/* --- Time namespaces ------------------------------------------------------ */

/* Offsets can be set as long as nobody lives there, only by who made it. */
static inline int new_time_namespace(long seconds)
{
	int fd;

	if (unshare(CLONE_NEWTIME))
		return -1;
	fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || dprintf(fd, "monotonic %ld 0\n", seconds) < 0)
		return -1;
	close(fd);
	return 0;
}

/* This process stays outside: it could not have threads else. */
static inline int open_time_namespace(long seconds)
{
	int made[2], fd, status = -1;
	char path[64];
	pid_t pid;

	if (pipe2(made, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		status = new_time_namespace(seconds);
		if (write(made[1], &status, sizeof(status)) > 0)
			pause();
		_exit(1);
	}
	snprintf(path, sizeof(path), "/proc/%d/ns/time_for_children", pid);
	if (read(made[0], &status, sizeof(status)) < 0)
		status = -1;
	fd = status ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return fd;
}

/* --- Start ---------------------------------------------------------------- */

/* Puts descriptors where they belong, and closes what does not belong. */
static inline void arrange(const int *fds, unsigned int n)
{
	int high[OUT_OF_THE_WAY];

	for (unsigned int i = 0; i < n; i++)
		high[i] = fds[i] < 0 ? -1 : fcntl(fds[i], F_DUPFD_CLOEXEC,
						  OUT_OF_THE_WAY);
	for (unsigned int i = 0; i < n; i++) {
		close(i);
		if (high[i] >= 0)
			dup2(high[i], i);
	}
	syscall(SYS_close_range, n, ~0U, 0);
}

/**
 * run_with() - become a program
 * @program: its name
 * @fds: its descriptors by number, -1 for none
 * @n: how many of them
 * @words: its arguments, the last one NULL; may be NULL itself
 *
 * It is the leader of a process group that is not orphaned, and ends when its
 * parent does. Does not return.
 */
static inline void run_with(const char *program, const int *fds, unsigned int n,
			    const char *const *words)
{
	char path[128], *argv[8] = { path };
	int errors = fcntl(2, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);

	snprintf(path, sizeof(path), PROGRAMS "/%s", program);
	for (int i = 0; words && words[i] && i < 6; i++)
		argv[i + 1] = (char *)words[i];
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	arrange(fds, n);
	execv(path, argv);
	dprintf(errors < 0 ? 2 : errors, "# %s: %s\n", path, strerror(errno));
	_exit(127);
}

/* Its output goes through us. */
static inline int start_with(struct helped *h, const char *program,
			     const char *const *words, int *fds, unsigned int n)
{
	int output[2];

	if (pipe2(output, O_CLOEXEC))
		return -1;
	printf("    # Subtest: %s\n", program);
	fflush(stdout);
	fds[0] = h->given[DEV_NULL];
	fds[1] = output[1];
	fds[2] = output[1];
	h->pid = fork();
	if (!h->pid) {
		if (h->time_namespace >= 0 && setns(h->time_namespace, 0))
			_exit(126);
		if (h->user && setresuid(h->user, h->user, h->user))
			_exit(125);
		if (h->prepare && !h->prepare())
			_exit(126);
		run_with(program, fds, n, words);
	}
	close(output[1]);
	memset(fds, -1, 3 * sizeof(*fds));
	h->output = output[0];
	h->pidfd = syscall(SYS_pidfd_open, h->pid, 0);
	return h->pid < 0 ? -1 : 0;
}

/**
 * helped_start() - start a program that asks for help
 * @h: what it is given
 * @program: its name
 * @words: its arguments, see run_with()
 *
 * Return: 0 or -1 with errno.
 */
static inline int helped_start(struct helped *h, const char *program,
			       const char *const *words)
{
	int control[2], error;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control))
		return -1;
	h->given[HELPER_FD] = control[1];
	error = start_with(h, program, words, h->given, GIVEN_END);
	h->given[HELPER_FD] = -1;
	close(control[1]);
	h->control = control[0];
	/* Who else had these would be one more reader and writer. */
	close(h->given[FIFO_READ]);
	close(h->given[FIFO_WRITE]);
	return error;
}

/**
 * helped_start_on() - start a program that looks at a descriptor
 * @h: only DEV_NULL of what may be given is used
 * @program: its name
 * @words: its arguments, see run_with()
 * @fds: what becomes 3 and 4, -1 for nothing
 *
 * Return: 0 or -1 with errno.
 */
static inline int helped_start_on(struct helped *h, const char *program,
				  const char *const *words, const int fds[2])
{
	int all[5] = { -1, -1, -1, fds[0], fds[1] };

	return start_with(h, program, words, all, 5);
}

/* --- What the program is seen doing --------------------------------------- */

static inline void nap_ms(long ms)
{
	struct timespec t = { .tv_sec = ms / 1000,
			      .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* The collector of sockets in messages starts when a socket is closed. */
static inline void collect_sockets(void)
{
	int fds[2];

	if (!socketpair(AF_UNIX, SOCK_STREAM, 0, fds)) {
		close(fds[0]);
		close(fds[1]);
	}
	nap_ms(20);
}

static inline FILE *open_proc(const struct helped *h, const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/%d/%s", h->pid, name);
	return fopen(path, "re");
}

static inline char task_state(const struct helped *h, const char *name)
{
	FILE *file = open_proc(h, name);
	char text[512] = "", *end;

	if (!file)
		return 0;
	if (!fgets(text, sizeof(text), file))
		text[0] = 0;
	fclose(file);
	end = strrchr(text, ')');
	return end ? end[2] : 0;
}

/* It is in this state, and stays in it for a while. */
static inline bool wait_for_task_state(const struct helped *h, const char *name,
				       char state)
{
	for (int i = 0, seen = 0; i < 10000; i++) {
		seen = task_state(h, name) == state ? seen + 1 : 0;
		if (seen == 4)
			return true;
		nap_ms(3);
	}
	return false;
}

static inline void wait_for_state(const struct helped *h, char state)
{
	wait_for_task_state(h, "stat", state);
}

static inline void stop_and_continue(const struct helped *h, bool awake)
{
	kill(h->pid, SIGSTOP);
	wait_for_state(h, 'T');
	kill(h->pid, SIGCONT);
	if (!awake)
		wait_for_state(h, 'S');
}

static inline int trace_and_let_go(const struct helped *h)
{
	int status;

	if (ptrace(PTRACE_SEIZE, h->pid, 0, 0) ||
	    ptrace(PTRACE_INTERRUPT, h->pid, 0, 0))
		return -errno;
	if (waitpid(h->pid, &status, __WALL) != h->pid || !WIFSTOPPED(status))
		return -ECHILD;
	if (ptrace(PTRACE_DETACH, h->pid, 0, 0))
		return -errno;
	wait_for_state(h, 'S');
	return 0;
}

static inline int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), error = 0;

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		error = -errno;
	close(fd);
	return error;
}

#define CGROUPS "/tmp/helped.cgroups"
#define CGROUP CGROUPS "/frozen"

static inline int freeze_and_thaw(const struct helped *h)
{
	char pid[16];
	int error;

	mkdir(CGROUPS, 0700);
	if (mount("none", CGROUPS, "cgroup2", 0, NULL) && errno != EBUSY)
		return -errno;
	mkdir(CGROUP, 0700);
	snprintf(pid, sizeof(pid), "%d", h->pid);
	error = write_file(CGROUP "/cgroup.procs", pid);
	if (!error)
		error = write_file(CGROUP "/cgroup.freeze", "1");
	nap_ms(100);
	if (!error)
		error = write_file(CGROUP "/cgroup.freeze", "0");
	nap_ms(100);
	write_file(CGROUPS "/cgroup.procs", pid);
	rmdir(CGROUP);
	umount2(CGROUPS, MNT_DETACH);
	return error;
}

static inline int64_t wait_asleep(const struct helped *h, uint64_t tid)
{
	char name[48];

	snprintf(name, sizeof(name), "task/%llu/stat", (unsigned long long)tid);
	return wait_for_task_state(h, name, 'S') ? 0 : -ETIMEDOUT;
}

static inline int64_t count_tasks(const struct helped *h)
{
	FILE *file = open_proc(h, "status");
	long long n = -1;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "Threads: %lld", &n);
	if (file)
		fclose(file);
	return n;
}

/* Of all processes, because few kernels tell the children of one. */
static inline int64_t count_children(const struct helped *h)
{
	int64_t n = 0;
	glob_t found;

	if (glob("/proc/[0-9]*/stat", 0, NULL, &found))
		return -ENOENT;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		FILE *file = fopen(found.gl_pathv[i], "r");
		int parent;

		if (!file)
			continue;
		if (fscanf(file, "%*d (%*[^)]) %*c %d", &parent) == 1)
			n += parent == h->pid;
		fclose(file);
	}
	globfree(&found);
	return n;
}

static inline int64_t count_files(void)
{
	FILE *file = fopen("/proc/sys/fs/file-nr", "r");
	long long n = -1;

	if (!file || fscanf(file, "%lld", &n) != 1)
		n = -1;
	if (file)
		fclose(file);
	return n;
}

static inline int step_clock(int64_t nanoseconds)
{
	struct timespec t;
	int64_t time;

	clock_gettime(CLOCK_REALTIME, &t);
	time = t.tv_sec * 1000000000ll + t.tv_nsec + nanoseconds;
	t.tv_sec = time / 1000000000;
	t.tv_nsec = time % 1000000000;
	return clock_settime(CLOCK_REALTIME, &t) ? -errno : 0;
}

static inline void send_ignored(const struct helped *h)
{
	static const int signals[] = { SIGPIPE, SIGCHLD, SIGURG, SIGCONT,
				       SIGWINCH, SIGXFSZ };

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		kill(h->pid, signals[i]);
		nap_ms(10);
	}
}

static inline void disturb_once(struct helped *h, uint64_t what)
{
	if (!(what & HELPER_AWAKE))
		wait_for_state(h, 'S');
	if (what & HELPER_STOP)
		stop_and_continue(h, what & HELPER_AWAKE);
	if (what & HELPER_TRACE)
		h->hindered = trace_and_let_go(h);
	if (what & HELPER_FREEZE)
		h->hindered = freeze_and_thaw(h);
	if (what & HELPER_IGNORED)
		send_ignored(h);
	if (what & HELPER_WINCH) {
		kill(h->pid, SIGWINCH);
		nap_ms(10);
	}
	if (what & HELPER_LATER)
		nap_ms(200);
}

/*
 * Reads so many bytes, and disturbs the one who writes now and then. Not one byte
 * more: what follows may be sent as soon as there is room, with descriptors.
 */
static inline void drain(struct helped *h, int fd, uint64_t what, uint64_t len)
{
	static uint8_t bytes[65536];
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	uint64_t left;
	ssize_t n;

	h->drained = 0;
	h->wrong = 0;
	while (h->drained < len && poll(&poll_fd, 1, 10000) > 0) {
		left = len - h->drained;
		n = read(fd, bytes, left < sizeof(bytes) ? left : sizeof(bytes));
		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			h->wrong += bytes[i] != PATTERN_BYTE(h->drained + i);
		h->drained += n;
		/* That much does not fit into anything: it waits again. */
		if (what & HELPER_STOP && h->drained + 300000 < len)
			disturb_once(h, what);
	}
}

static inline int64_t send_descriptor(struct helped *h, int peer,
				      const struct helper_request *r);

static inline void *disturb(void *arg)
{
	struct helped *h = arg;
	struct helper_request r = h->request;
	int peer = h->peer[r.fd];

	h->hindered = 0;
	disturb_once(h, r.a);
	if (r.a & HELPER_STEP)
		h->hindered = step_clock(r.b);
	if (r.a & HELPER_DRAIN)
		drain(h, peer, r.a, r.b);
	if (r.a & HELPER_SHUTDOWN)
		shutdown(peer, SHUT_WR);
	if (r.a & HELPER_SHUT_OWN)
		shutdown(h->given[r.fd], SHUT_RD);
	if (r.a & HELPER_WITH_FD)
		send_descriptor(h, peer, &r);
	else if (r.len && write(peer, r.data, r.len) < 0)
		perror("# helper: write");
	return NULL;
}

/* Does so again and again; asleep or not, it must not wait for that. */
static inline void *pester(void *arg)
{
	struct helped *h = arg;
	struct helper_request r = h->request;

	wait_for_state(h, 'S');
	for (h->looks[0] = 0; h->watching && h->looks[0] < r.b; h->looks[0]++) {
		disturb_once(h, r.a | HELPER_AWAKE);
		nap_ms(20);
	}
	return NULL;
}

/* Looks into the program's table as fast as it can. */
static inline void *watch(void *arg)
{
	struct helped *h = arg;
	int fd = h->request.fd;
	ino_t last = 0;
	struct stat st;

	while (h->watching) {
		int got = syscall(SYS_pidfd_getfd, h->pidfd, fd, 0);

		h->looks[0]++;
		if (got < 0 || fstat(got, &st)) {
			h->looks[1]++;
			continue;
		}
		close(got);
		h->looks[2] += last && st.st_ino != last;
		last = st.st_ino;
	}
	return NULL;
}

static inline int64_t count_fds(const struct helped *h)
{
	char path[64];
	int64_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", h->pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

static inline int64_t count_pages(const struct helped *h)
{
	FILE *file = open_proc(h, "statm");
	long pages = -1;

	if (!file)
		return -errno;
	if (fscanf(file, "%ld", &pages) != 1)
		pages = -1;
	fclose(file);
	return pages;
}

/* The line of the mapping, a NUL, and the line of its flags, if it has one. */
static inline int64_t find_mapping(struct helped *h, uint64_t address,
				   char *text)
{
	FILE *file = open_proc(h, "smaps");
	unsigned long start, end;
	bool found = false;
	char line[512];

	if (!file)
		file = open_proc(h, "maps");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2) {
			if (found)
				break;
			found = start <= address && address < end;
			if (found)
				text = stpcpy(text, line) + 1;
		} else if (found && !strncmp(line, "VmFlags:", 8)) {
			strcpy(text, line);
		}
	}
	fclose(file);
	return found ? 0 : -ENOMEM;
}

static inline int64_t read_fdinfo(struct helped *h, int fd, char *text)
{
	char name[32];
	FILE *file;
	size_t n;

	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	file = open_proc(h, name);
	if (!file)
		return -errno;
	n = fread(text, 1, HELPER_DATA, file);
	fclose(file);
	return n;
}

/* --- Requests ------------------------------------------------------------- */

static inline int64_t result(int64_t value)
{
	return value < 0 ? -errno : value;
}

static inline int64_t nanoseconds(int error, const struct timespec *t)
{
	return error ? -errno : t->tv_sec * 1000000000ll + t->tv_nsec;
}

static inline int64_t set_program_limit(struct helped *h,
					const struct helper_request *r,
					struct helper_answer *answer)
{
	struct rlimit limit;

	if (prlimit(h->pid, r->a, NULL, &limit))
		return -errno;
	answer->value[0] = limit.rlim_cur;
	limit.rlim_cur = r->b;
	return result(prlimit(h->pid, r->a, &limit, NULL));
}

static inline int64_t send_descriptor(struct helped *h, int peer,
				      const struct helper_request *r)
{
	char control[CMSG_SPACE(sizeof(int))] = "";
	struct iovec iov = { (void *)r->data, r->len };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int64_t n;
	int fds[2];

	close(h->sent);
	h->sent = -1;
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	h->sent = fds[0];
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fds[1], sizeof(int));
	n = result(sendmsg(peer, &msg, 0));
	close(fds[1]);
	return n;
}

/* A socket that the program has not got yet, or -1. */
static inline int open_socket_kind(uint64_t kind)
{
	int fd;

	switch (kind) {
	case HELPER_GIVE_UNCONNECTED:
		return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	case HELPER_GIVE_SEQPACKET:
		return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	case HELPER_GIVE_TCP:
		return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	case HELPER_GIVE_LISTENER:
		fd = bound_socket(SOCK_STREAM);
		listen(fd, 1);
		return fd;
	default:
		return -1;
	}
}

static inline int64_t send_descriptors(struct helped *h, int peer,
				       const struct helper_request *r)
{
	static struct message m;
	bool given = r->a < OUT_OF_THE_WAY;
	int fd = given ? h->given[r->a] : open_socket_kind(r->a);
	int64_t n;

	if (fd < 0 || r->b > MESSAGE_FDS)
		return -EINVAL;
	m.len = r->len;
	memcpy(m.data, r->data, r->len);
	m.count = r->b;
	for (unsigned int i = 0; i < m.count; i++)
		m.fds[i] = fd;
	n = message_send(peer, &m);
	if (!given)
		close(fd);
	return n;
}

static inline int64_t receive_descriptors(struct helped *h, int peer,
					  struct helper_answer *answer)
{
	static struct message m;
	int64_t n = message_recv(peer, &m);

	h->taken = -1;
	if (n < 0)
		return n;
	memcpy(answer->data, m.data, n < HELPER_DATA ? n : HELPER_DATA);
	answer->value[0] = m.count;
	answer->value[1] = m.flags;
	message_close(&m, 1);
	if (m.count)
		h->taken = m.fds[0];
	return n;
}

static inline int64_t relay_message(int peer)
{
	static struct message m;

	return message_relay(peer, &m);
}

/* No writer is left as soon as the reader is told so; give that some time. */
static inline int64_t sent_is_open(struct helped *h)
{
	struct pollfd poll_fd = { .fd = h->sent, .events = POLLIN };

	return poll(&poll_fd, 1, 200) == 0;
}

static inline int64_t serve_file(int fd, const struct helper_request *r,
				 struct helper_answer *answer)
{
	struct stat st;

	switch (r->op) {
	case HELPER_STAT_SIZE:
		return fstat(fd, &st) ? -errno : st.st_size;
	case HELPER_TRUNCATE:
		return result(ftruncate(fd, r->a));
	case HELPER_PREAD:
		return result(pread(fd, answer->data, r->len, r->a));
	case HELPER_PWRITE:
		return result(pwrite(fd, r->data, r->len, r->a));
	case HELPER_OFFSET:
		return result(lseek(fd, 0, SEEK_CUR));
	case HELPER_GETFL:
		return result(fcntl(fd, F_GETFL));
	default:
		return result(fcntl(fd, F_SETFL, r->a));
	}
}

static inline int64_t serve_peer(struct helped *h,
				 const struct helper_request *r,
				 struct helper_answer *answer)
{
	int peer = h->peer[r->fd];

	switch (r->op) {
	case HELPER_PEER_READ:
		return result(read(peer, answer->data, HELPER_DATA));
	case HELPER_PEER_WRITE:
		return result(write(peer, r->data, r->len));
	case HELPER_PEER_CLOSE:
		h->peer[r->fd] = -1;
		return result(close(peer));
	case HELPER_PEER_SHUTDOWN:
		return result(shutdown(peer, SHUT_WR));
	case HELPER_PEER_SENDFDS:
		return send_descriptors(h, peer, r);
	case HELPER_PEER_RECVFDS:
		return receive_descriptors(h, peer, answer);
	case HELPER_PEER_RELAY:
		return relay_message(peer);
	default:
		return send_descriptor(h, peer, r);
	}
}

static inline int64_t map_taken(struct helped *h, uint64_t prot)
{
	void *mem = mmap(NULL, 4096, prot, MAP_SHARED, h->taken, 0);

	if (mem == MAP_FAILED)
		return -errno;
	munmap(mem, 4096);
	return 0;
}

static inline int64_t reopen_taken(struct helped *h)
{
	int fd = reopen(h->taken, O_RDWR);

	if (fd < 0)
		fd = reopen(h->taken, O_RDONLY);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Its number is somebody else's from here on. */
static inline int64_t close_taken(struct helped *h)
{
	int taken = h->taken;

	h->taken = -1;
	return result(close(taken));
}

static inline int64_t serve_taken(struct helped *h,
				  const struct helper_request *r,
				  struct helper_answer *answer)
{
	struct pollfd poll_fd = { .fd = h->taken, .events = POLLIN | POLLOUT };
	int n;

	switch (r->op) {
	case HELPER_TAKEN_CLOSE:
		return close_taken(h);
	case HELPER_TAKEN_READ:
		return result(read(h->taken, answer->data, r->a));
	case HELPER_TAKEN_WRITE:
		return result(write(h->taken, r->data, r->len));
	case HELPER_TAKEN_SEEK:
		return result(lseek(h->taken, r->a, r->b));
	case HELPER_TAKEN_POLL:
		return poll(&poll_fd, 1, 0) < 0 ? -errno : poll_fd.revents;
	case HELPER_TAKEN_MMAP:
		return map_taken(h, r->a);
	case HELPER_TAKEN_FSYNC:
		return result(fsync(h->taken));
	case HELPER_TAKEN_TRUNCATE:
		return result(ftruncate(h->taken, r->a));
	case HELPER_TAKEN_GETFL:
		return result(fcntl(h->taken, F_GETFL));
	case HELPER_TAKEN_REOPEN:
		return reopen_taken(h);
	case HELPER_TAKEN_RECV:
		return result(recv(h->taken, answer->data, r->a,
				   MSG_DONTWAIT));
	default:
		return result(ioctl(h->taken, FIONREAD, &n));
	}
}

static inline int64_t serve_count(struct helped *h,
				  const struct helper_request *r)
{
	int value = r->b;

	switch (r->op) {
	case HELPER_COUNT_FDS:
		return count_fds(h);
	case HELPER_COUNT_SOCKETS:
		return count_sockets();
	case HELPER_MODULE_USERS:
		return module_users();
	case HELPER_VM_PAGES:
		return count_pages(h);
	case HELPER_NAP:
		nap_ms(r->a);
		return 0;
	default:
		return result(setsockopt(h->given[r->fd], SOL_SOCKET, r->a,
					 &value, sizeof(value)));
	}
}

static inline int64_t serve_clock(struct helped *h,
				  const struct helper_request *r)
{
	struct timespec t;
	clockid_t clock;

	switch (r->op) {
	case HELPER_CLOCK:
		return nanoseconds(clock_gettime(r->a, &t), &t);
	case HELPER_CLOCK_RES:
		return nanoseconds(clock_getres(r->a, &t), &t);
	default:
		clock_getcpuclockid(h->pid, &clock);
		return nanoseconds(clock_gettime(clock, &t), &t);
	}
}

static inline int64_t stop_watching(struct helped *h,
				    struct helper_answer *answer)
{
	h->watching = false;
	pthread_join(h->watcher, NULL);
	answer->value[0] = h->looks[1];
	answer->value[1] = h->looks[2];
	return h->looks[0];
}

#define CLOCK_SOURCES "/sys/devices/system/clocksource/clocksource0/"

/* A line of a file there, up to its first blank. */
static inline bool read_clock_source(const char *file, char name[32])
{
	char path[128];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), CLOCK_SOURCES "%s", file);
	f = fopen(path, "re");
	ok = f && fscanf(f, "%31s", name) == 1;
	if (f)
		fclose(f);
	return ok;
}

static inline bool set_clock_source(const char *name)
{
	int fd = open(CLOCK_SOURCES "current_clocksource", O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, name, strlen(name)) > 0;
	char now[32] = "";

	close(fd);
	return ok && read_clock_source("current_clocksource", now) &&
	       !strcmp(now, name);
}

/* The only one that is there in all machines. */
#define OTHER_SOURCE "refined-jiffies"

#define PM_TEST "/sys/power/pm_test"

/* As far as hibernation goes without saving anything: it is a test of that. */
static inline int suspend_machine(void)
{
	int done = write_file(PM_TEST, "core");

	if (!done)
		done = write_file("/sys/power/state", "disk");
	return write_file(PM_TEST, "none") ?: done;
}

#define HOUR_NS (3600 * 1000000000ll)

static inline void move_to(pid_t pid, int processor)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(processor, &cpus);
	sched_setaffinity(pid, sizeof(cpus), &cpus);
}

/* One round out of two: what changes in the first is as before in the second */
static inline void unsettle_once(struct helped *h, const char *source)
{
	int64_t what = h->request.a;
	bool first = h->looks[0]++ % 2 == 0;

	if (what & HELPER_MOVE)
		move_to(h->pid, first && sysconf(_SC_NPROCESSORS_ONLN) > 1);
	if (what & HELPER_STEP_HOUR)
		step_clock(first ? HOUR_NS : -HOUR_NS);
	if (what & HELPER_SOURCE)
		set_clock_source(first ? OTHER_SOURCE : source);
}

static inline void *unsettle(void *arg)
{
	struct helped *h = arg;
	char source[32] = "";

	read_clock_source("current_clocksource", source);
	while (h->watching || h->looks[0] % 2) {
		unsettle_once(h, source);
		usleep(1000);
	}
	return NULL;
}

static inline int64_t start_unsettling(struct helped *h)
{
	h->looks[0] = 0;
	h->watching = true;
	return -pthread_create(&h->watcher, NULL, unsettle, h);
}

static inline int64_t start_watching(struct helped *h)
{
	int fd = syscall(SYS_pidfd_getfd, h->pidfd, h->request.fd, 0);

	if (fd < 0)
		return -errno;
	close(fd);
	for (size_t i = 0; i < 3; i++)
		h->looks[i] = 0;
	h->watching = true;
	return -pthread_create(&h->watcher, NULL, watch, h);
}

static inline int64_t start_pestering(struct helped *h)
{
	h->watching = true;
	return -pthread_create(&h->watcher, NULL, pester, h);
}

static inline int64_t take_descriptor(struct helped *h, int fd)
{
	h->taken = syscall(SYS_pidfd_getfd, h->pidfd, fd, 0);
	return result(h->taken);
}

static inline int64_t serve_one(struct helped *h, struct helper_answer *answer)
{
	const struct helper_request *r = &h->request;

	switch (r->op) {
	case HELPER_STAT_SIZE ... HELPER_SETFL:
		return serve_file(h->given[r->fd], r, answer);
	case HELPER_PEER_READ ... HELPER_PEER_RELAY:
		return serve_peer(h, r, answer);
	case HELPER_SENT_IS_OPEN:
		return sent_is_open(h);
	case HELPER_DISTURB:
		h->disturbing = true;
		return -pthread_create(&h->disturber, NULL, disturb, h);
	case HELPER_DISTURBED:
		return h->hindered;
	case HELPER_DRAINED:
		answer->value[0] = h->drained;
		answer->value[1] = h->wrong;
		return 0;
	case HELPER_COUNT_FDS ... HELPER_SETSOCKOPT:
		return serve_count(h, r);
	case HELPER_RLIMIT:
		return set_program_limit(h, r, answer);
	case HELPER_MAPS:
		return find_mapping(h, r->a, (char *)answer->data);
	case HELPER_CLOCK ... HELPER_CPU_CLOCK:
		return serve_clock(h, r);
	case HELPER_TAKE:
		return take_descriptor(h, r->fd);
	case HELPER_TAKEN_CLOSE ... HELPER_TAKEN_IOCTL:
		return serve_taken(h, r, answer);
	case HELPER_FDINFO:
		return read_fdinfo(h, r->fd, (char *)answer->data);
	case HELPER_WATCH:
		return start_watching(h);
	case HELPER_UNWATCH:
	case HELPER_PESTERED:
	case HELPER_SETTLE:
		return stop_watching(h, answer);
	case HELPER_ASLEEP:
		return wait_asleep(h, r->a);
	case HELPER_PESTER:
		return start_pestering(h);
	case HELPER_UNSETTLE:
		return start_unsettling(h);
	case HELPER_STEP_CLOCK:
		return step_clock(r->a);
	case HELPER_SUSPEND:
		return suspend_machine();
	case HELPER_COUNT_TASKS:
		return count_tasks(h);
	case HELPER_COUNT_CHILDREN:
		return count_children(h);
	case HELPER_COUNT_FILES:
		return count_files();
	case HELPER_CHMOD:
		return result(chmod("/tmp/replace.file", r->a));
	}
	return -ENOSYS;
}

/* Whether there was something to serve. */
static inline bool serve_request(struct helped *h)
{
	struct helper_answer answer = { 0 };
	struct helper_request request;

	if (recv(h->control, &request, sizeof(request), MSG_WAITALL) !=
	    sizeof(request))
		return false;
	/* One after the other; what disturbs is done with by now. */
	if (h->disturbing)
		pthread_join(h->disturber, NULL);
	h->disturbing = false;
	h->request = request;
	if (request.fd < OUT_OF_THE_WAY && request.len <= HELPER_DATA)
		answer.result = serve_one(h, &answer);
	else
		answer.result = -EINVAL;
	return send(h->control, &answer, sizeof(answer), 0) == sizeof(answer);
}

/* --- Results -------------------------------------------------------------- */

static inline void count_result(struct helped *h)
{
	unsigned int n;

	if (!strncmp(h->line, "ok ", 3)) {
		h->results++;
	} else if (!strncmp(h->line, "not ok ", 7)) {
		h->results++;
		h->failures++;
	} else if (sscanf(h->line, "1..%u", &n) == 1) {
		h->planned = n;
	}
}

static inline void pass_on(struct helped *h, const char *bytes, size_t len)
{
	for (; len; len--, bytes++) {
		if (*bytes != '\n' && h->line_len + 1 < sizeof(h->line)) {
			h->line[h->line_len++] = *bytes;
			continue;
		}
		h->line[h->line_len] = 0;
		h->line_len = 0;
		count_result(h);
		printf("    %s\n", h->line);
	}
	fflush(stdout);
}

static inline bool read_output(struct helped *h)
{
	char bytes[4096];
	ssize_t n = read(h->output, bytes, sizeof(bytes));

	if (n > 0)
		pass_on(h, bytes, n);
	return n > 0;
}

/* Where a program is that has hung up. */
static inline void tell_where(struct helped *h)
{
	static const char *const names[] = { "syscall", "wchan", "stack" };
	char line[256];

	printf("    # no word for %u seconds; it is here:\n",
	       HELPED_PATIENCE * slow());
	for (size_t i = 0; i < 3; i++) {
		FILE *file = open_proc(h, names[i]);

		while (file && fgets(line, sizeof(line), file))
			printf("    # %s", line);
		printf("\n");
		if (file)
			fclose(file);
	}
	fflush(stdout);
}

/**
 * helped_serve() - do what the program asks for until it ends
 * @h: the program; its status is filled in
 */
static inline void helped_serve(struct helped *h)
{
	struct pollfd fds[2] = {
		{ .fd = h->output, .events = POLLIN },
		{ .fd = h->control, .events = POLLIN },
	};
	bool open = true;

	while (open) {
		if (poll(fds, 2, HELPED_PATIENCE * slow() * 1000) <= 0) {
			tell_where(h);
			kill(h->pid, SIGKILL);
			break;
		}
		if (fds[1].revents && !serve_request(h))
			fds[1].fd = -1;
		if (fds[0].revents)
			open = read_output(h);
	}
	while (waitpid(h->pid, &h->status, 0) < 0 && errno == EINTR)
		continue;
	if (h->disturbing)
		pthread_join(h->disturber, NULL);
}

/**
 * helped_passed() - judge a program that has ended
 * @h: the program
 *
 * Return: whether it told all the results that it planned, no bad ones among
 * them, and exited with 0.
 */
static inline bool helped_passed(const struct helped *h)
{
	if (!WIFEXITED(h->status) || WEXITSTATUS(h->status))
		printf("    # ended with wait status %#x\n", h->status);
	fflush(stdout);
	return h->planned && h->results == h->planned && !h->failures &&
	       WIFEXITED(h->status) && !WEXITSTATUS(h->status);
}

/* All of it, for tests that need nothing in between. */
static inline bool helped_run(const char *program, const char *const *words)
{
	struct helped h;

	if (!helped_open(&h) || helped_start(&h, program, words))
		return false;
	helped_serve(&h);
	return helped_passed(&h);
}

#endif /* _SELFTESTS_HELPED_H */
