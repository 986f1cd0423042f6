// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that CloudABI processes make, as native ones see them: by /proc, as
 * holders of their descriptors, as parents and heirs, as tracers. And what is
 * outside of the processes and must not get in: set-id bits, interpreters, other
 * formats, paths.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "helped.h"
#include "puppet.h"

#include <linux/capability.h>
#include <sys/inotify.h>
#include <sys/xattr.h>

#include "kselftest_harness.h"

#define LIMIT 900

#define NOBODY 65534

#define SCRATCH "/tmp/outside"

/* Numbers that the parent starts with; the first that is free is the child's. */
enum { CHILD_SOCKET = PUPPET_GIVEN, CHILD_MEMORY, PROGRAM, WAY, CHILD };

FIXTURE(outside) {
	struct puppet parent;
	struct puppet child;
	int way;
};

static bool copy_file(const char *from, const char *to, mode_t mode)
{
	static char bytes[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	bool ok = in >= 0 && out >= 0;
	ssize_t n;

	while (ok && (n = read(in, bytes, sizeof(bytes))) > 0)
		ok = write(out, bytes, n) == n;
	ok = ok && !fchmod(out, mode);
	close(in);
	close(out);
	return ok;
}

/* A copy of the program, in a new directory. */
static const char *copy_program(const char *name, mode_t mode)
{
	static char path[128];

	mkdir(SCRATCH, 0755);
	snprintf(path, sizeof(path), SCRATCH "/%s", name);
	return copy_file("programs/puppet", path, mode) ? path : "";
}

/* Makes a family of one, which can exec what @program is. */
static bool start_parent(struct puppet *parent, struct puppet *child, int *way,
			 const char *program, int (*prepare)(void *))
{
	int child_fds[2], pair[2], given[4];
	bool ok;

	if (puppet_make(child, child_fds) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return false;
	given[0] = child_fds[0];
	given[1] = child_fds[1];
	given[2] = open(program, O_RDONLY | O_CLOEXEC);
	given[3] = pair[1];
	*way = pair[0];
	ok = given[2] >= 0 && !puppet_start(parent, given, 4, prepare, NULL);
	for (int i = 0; i < 4; i++)
		close(given[i]);
	return ok;
}

#define START(program, prepare)						\
	ASSERT_TRUE(start_parent(&self->parent, &self->child,		\
				 &self->way, program, prepare))

/* The child's alone has what its native part talks through. */
static bool bear(struct puppet *parent, struct puppet *child)
{
	struct answer a = call_proc_fork(parent, CHILD_SOCKET, CHILD_MEMORY);

	return !a.error && a.value == CHILD && puppet_is_born(child) &&
	       !call_fd_close(parent, CHILD_SOCKET).error &&
	       !call_fd_close(parent, CHILD_MEMORY).error;
}

#define BEAR() ASSERT_TRUE(bear(&self->parent, &self->child))

static struct answer replace(struct puppet *p, const char *data, size_t size)
{
	static const uint32_t fds[] = {
		PUPPET_SOCKET, PUPPET_MEMORY, PUPPET_MESSAGES,
	};

	return call_proc_exec(p, PROGRAM, data, size, fds, ARRAY_SIZE(fds));
}

/* The process is gone, and nobody else has its end. */
static bool has_gone(const struct puppet *p)
{
	struct pollfd pollfd = { .fd = p->control };

	return poll(&pollfd, 1, PUPPET_PATIENCE) == 1 &&
	       pollfd.revents & POLLHUP;
}

/* The process makes calls. */
static bool is_alive(struct puppet *p)
{
	return call_fd_close(p, CLOSED_FD).error == CLOUDABI_EBADF;
}

FIXTURE_SETUP(outside)
{
	self->parent = (struct puppet){ .pid = -1, .control = -1 };
	self->child = self->parent;
	signal(SIGPIPE, SIG_IGN);
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
}

FIXTURE_TEARDOWN(outside)
{
	puppet_stop(&self->child);
	puppet_stop(&self->parent);
}

/* --- /proc ---------------------------------------------------------------- */

static ssize_t read_proc(pid_t pid, const char *name, char *text, size_t size)
{
	char path[96];
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		n = read(fd, text, size - 1);
	text[n > 0 ? n : 0] = 0;
	close(fd);
	return n;
}

/* The number behind a name in a file of lines. */
static long proc_number(pid_t pid, const char *file, const char *name)
{
	char text[8192], *at;

	read_proc(pid, file, text, sizeof(text));
	at = strstr(text, name);
	return at ? strtol(at + strlen(name), NULL, 0) : -1000;
}

TEST_F_TIMEOUT(outside, name_and_arguments_are_those_of_the_program, LIMIT)
{
	static const char data[] = "first\0second word\0\xff\0third";
	char text[4096];

	START(copy_program("a-very-long-name-of-a-program", 0755), NULL);
	BEAR();
	ASSERT_OK(replace(&self->child, data, sizeof(data) - 1));
	read_proc(self->child.pid, "comm", text, sizeof(text));
	EXPECT_STREQ("a-very-long-nam\n", text);
	/* With a NUL behind them. */
	EXPECT_EQ(sizeof(data), read_proc(self->child.pid, "cmdline", text,
					  sizeof(text)));
	EXPECT_EQ(0, memcmp(data, text, sizeof(data)));
	EXPECT_EQ(0, read_proc(self->child.pid, "environ", text,
			       sizeof(text)));
}

#define FDINFO "fdinfo/7"

TEST_F_TIMEOUT(outside, fdinfo_tells_the_pid, LIMIT)
{
	ASSERT_EQ(7, CHILD);
	START("programs/puppet", NULL);
	BEAR();
	EXPECT_EQ(self->child.pid,
		  proc_number(self->parent.pid, FDINFO, "Pid:\t"));
	puppet_begin(&self->child, NR_proc_exit, PUPPET_ARGS(5));
	EXPECT_TRUE(has_gone(&self->child));
	for (int i = 0; i < 1000 &&
	     proc_number(self->parent.pid, FDINFO, "Pid:\t") > 0; i++)
		nap_ms(3);
	EXPECT_EQ(-1, proc_number(self->parent.pid, FDINFO, "Pid:\t"));
}

/* Runs in the namespace, as its second process; what fdinfo has is its end. */
static void read_inside(void)
{
	char text[4096], *at;
	int fd;

	mkdir(SCRATCH, 0755);
	mkdir(SCRATCH "/proc", 0755);
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", SCRATCH "/proc", "proc", 0, NULL))
		_exit(99);
	fd = open(SCRATCH "/proc/1/" FDINFO, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text)) < 0)
		_exit(98);
	at = strstr(text, "Pid:\t");
	_exit(at ? atoi(at + 5) : 97);
}

/* Threads are known by the ids that all of the system has for them. */
TEST_F_TIMEOUT(outside, namespaces_of_pids, LIMIT)
{
	struct answer a;
	char text[8192];
	long inside;
	int status;
	pid_t pid;

	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	START("programs/puppet", NULL);
	EXPECT_EQ(self->parent.pid, puppet_script(&self->parent)->tid);
	a = call_proc_fork(&self->parent, CHILD_SOCKET, CHILD_MEMORY);
	ASSERT_OK(a);
	ASSERT_TRUE(puppet_is_born(&self->child));
	EXPECT_EQ(self->child.pid,
		  proc_number(self->parent.pid, FDINFO, "Pid:\t"));
	read_proc(self->child.pid, "status", text, sizeof(text));
	ASSERT_NE(NULL, strstr(text, "NSpid:"));
	ASSERT_EQ(2, sscanf(strstr(text, "NSpid:"), "NSpid:\t%d\t%ld", &pid,
			    &inside));
	EXPECT_EQ(self->child.pid, pid);
	EXPECT_NE(pid, inside);
	pid = fork();
	if (!pid)
		read_inside();
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(inside << 8, status);
}

/* --- Holders -------------------------------------------------------------- */

/* What the parent sends. */
static int receive(int way)
{
	static struct message m;
	struct pollfd pollfd = { .fd = way, .events = POLLIN };

	if (poll(&pollfd, 1, PUPPET_PATIENCE) != 1 || message_recv(way, &m) < 0)
		return -1;
	return m.count == 1 ? m.fds[0] : -1;
}

static short events_of(int fd, int timeout)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&pollfd, 1, timeout) < 0 ? -1 : pollfd.revents;
}

#define EXPECT_FAILS(call)						\
	do {								\
		errno = 0;						\
		EXPECT_EQ(-1, (call));					\
		EXPECT_NE(0, errno);					\
	} while (0)

TEST_F_TIMEOUT(outside, a_native_holds_a_process, LIMIT)
{
	char byte = 0;
	int fd, n;

	START("programs/puppet", NULL);
	BEAR();
	ASSERT_OK(call_sock_send(&self->parent, WAY, CHILD));
	fd = receive(self->way);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, events_of(fd, 0));
	EXPECT_FAILS(read(fd, &byte, 1));
	EXPECT_FAILS(write(fd, &byte, 1));
	EXPECT_FAILS(pread(fd, &byte, 1, 0));
	EXPECT_FAILS(ioctl(fd, FIONREAD, &n));
	EXPECT_FAILS(ftruncate(fd, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT_FAILS(reopen(fd, O_RDONLY));
	/* Nobody else holds it now; then it ends by itself. */
	ASSERT_OK(call_fd_close(&self->parent, CHILD));
	EXPECT_TRUE(is_alive(&self->child));
	EXPECT_EQ(0, events_of(fd, 0));
	puppet_begin(&self->child, NR_proc_exit, PUPPET_ARGS(5));
	EXPECT_EQ(POLLIN, events_of(fd, PUPPET_PATIENCE));
	EXPECT_EQ(POLLIN, events_of(fd, 0));
	EXPECT_FAILS(read(fd, &byte, 1));
	close(fd);
}

TEST_F_TIMEOUT(outside, the_last_close_of_a_native_kills, LIMIT)
{
	int fd, copy;

	START("programs/puppet", NULL);
	BEAR();
	ASSERT_OK(call_sock_send(&self->parent, WAY, CHILD));
	ASSERT_OK(call_fd_close(&self->parent, CHILD));
	fd = receive(self->way);
	ASSERT_LE(0, fd);
	copy = dup(fd);
	close(fd);
	EXPECT_TRUE(is_alive(&self->child));
	close(copy);
	EXPECT_TRUE(has_gone(&self->child));
	EXPECT_TRUE(is_alive(&self->parent));
}

/* --- Parents and heirs ---------------------------------------------------- */

static int end_of(struct puppet *p)
{
	int status = -1;

	waitpid(p->pid, &status, 0);
	p->pid = -1;
	return status;
}

static const struct {
	uint64_t nr;
	uint64_t argument;
	int status;
} ends[] = {
	{ NR_proc_exit, 0, 0 },
	{ NR_proc_exit, 5, 5 << 8 },
	{ NR_proc_exit, 0x1234, 0x34 << 8 },
	{ NR_proc_exit, 0xffffff00, 0 },
	{ NR_proc_raise, CLOUDABI_SIGSEGV, SIGSEGV },
	{ NR_proc_raise, CLOUDABI_SIGKILL, SIGKILL },
};

TEST_F_TIMEOUT(outside, a_native_parent_sees_the_usual_status, LIMIT)
{
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		START("programs/puppet", NULL);
		ASSERT_OK(replace(&self->parent, "x", 1));
		puppet_begin(&self->parent, ends[i].nr,
			     PUPPET_ARGS(ends[i].argument));
		EXPECT_EQ(ends[i].status, end_of(&self->parent));
		puppet_stop(&self->parent);
		puppet_stop(&self->child);
		close(self->way);
	}
}

/* The parent is dead, and somebody keeps the child alive. */
TEST_F_TIMEOUT(outside, an_heir_sees_the_usual_status, LIMIT)
{
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		int fd;

		START("programs/puppet", NULL);
		BEAR();
		ASSERT_OK(call_sock_send(&self->parent, WAY, CHILD));
		fd = receive(self->way);
		ASSERT_LE(0, fd);
		puppet_stop(&self->parent);
		EXPECT_TRUE(is_alive(&self->child));
		puppet_begin(&self->child, ends[i].nr,
			     PUPPET_ARGS(ends[i].argument));
		EXPECT_EQ(POLLIN, events_of(fd, PUPPET_PATIENCE));
		EXPECT_EQ(ends[i].status, end_of(&self->child));
		EXPECT_EQ(POLLIN, events_of(fd, 0));
		puppet_stop(&self->child);
		close(fd);
		close(self->way);
	}
}

/* A child is nobody's to bury if it was faster than the end of its parent. */
static bool was_killed(struct puppet *child)
{
	int status;

	errno = 0;
	status = end_of(child);
	return status == SIGKILL || (status == -1 && errno == ECHILD);
}

TEST_F_TIMEOUT(outside, children_of_the_dead_are_killed, LIMIT)
{
	static const struct {
		uint64_t nr;
		uint64_t argument;
	} deaths[] = {
		{ NR_proc_exit, 0 },
		{ NR_proc_raise, CLOUDABI_SIGSEGV },
		{ NR_proc_raise, CLOUDABI_SIGKILL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(deaths); i++) {
		START("programs/puppet", NULL);
		BEAR();
		puppet_begin(&self->parent, deaths[i].nr,
			     PUPPET_ARGS(deaths[i].argument));
		EXPECT_TRUE(has_gone(&self->child));
		end_of(&self->parent);
		EXPECT_TRUE(was_killed(&self->child));
		puppet_stop(&self->parent);
		puppet_stop(&self->child);
		close(self->way);
	}
}

/* Nobody of a group is left; those whom we inherit we have to bury. */
static bool group_has_gone(pid_t group)
{
	for (int i = 0; i < 10000; i++) {
		while (waitpid(-group, NULL, WNOHANG) > 0)
			continue;
		if (kill(-group, 0) && errno == ESRCH)
			return true;
		nap_ms(3);
	}
	return false;
}

TEST_F_TIMEOUT(outside, a_parent_that_is_killed_leaves_no_child, LIMIT)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int64_t users = module_users();

	for (int i = 0; i < 40; i++) {
		pid_t pid = fork();

		if (!pid)
			run_with("brood", (int[]){ null, null, 2 }, 3, NULL);
		nap_ms(20 + i * 7 % 40);
		EXPECT_EQ(0, kill(pid, SIGKILL));
		EXPECT_TRUE(group_has_gone(pid));
	}
	for (int i = 0; i < 1000 && module_users() != users; i++)
		nap_ms(3);
	EXPECT_EQ(users, module_users());
	close(null);
}

/* --- What a file gives ---------------------------------------------------- */

static int be_nobody(void *unused)
{
	return setgid(NOBODY) || setuid(NOBODY);
}

TEST_F_TIMEOUT(outside, set_id_bits_give_nothing, LIMIT)
{
	char text[8192];

	START(copy_program("setid", 06755), be_nobody);
	ASSERT_OK(replace(&self->parent, "x", 1));
	read_proc(self->parent.pid, "status", text, sizeof(text));
	EXPECT_NE(NULL, strstr(text, "Uid:\t65534\t65534\t65534\t65534\n"));
	EXPECT_NE(NULL, strstr(text, "Gid:\t65534\t65534\t65534\t65534\n"));
	EXPECT_NE(NULL, strstr(text, "NoNewPrivs:\t1\n"));
}

TEST_F_TIMEOUT(outside, capabilities_of_a_file_give_nothing, LIMIT)
{
	struct vfs_cap_data caps = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data[0] = { .permitted = UINT32_MAX },
	};
	const char *path = copy_program("capable", 0755);
	char text[8192];

	if (setxattr(path, "security.capability", &caps, sizeof(caps), 0))
		SKIP(return, "no capabilities on this file system");
	START(path, be_nobody);
	ASSERT_OK(replace(&self->parent, "x", 1));
	read_proc(self->parent.pid, "status", text, sizeof(text));
	EXPECT_NE(NULL, strstr(text, "CapPrm:\t0000000000000000\n"));
	EXPECT_NE(NULL, strstr(text, "CapEff:\t0000000000000000\n"));
}

TEST_F_TIMEOUT(outside, a_mount_may_forbid_it, LIMIT)
{
	mkdir(SCRATCH, 0755);
	mkdir(SCRATCH "/noexec", 0755);
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("none", SCRATCH "/noexec", "tmpfs", MS_NOEXEC,
			   NULL));
	START(copy_program("noexec/program", 0755), NULL);
	EXPECT_ERRNO(CLOUDABI_EACCES, replace(&self->parent, "x", 1));
	EXPECT_TRUE(is_alive(&self->parent));
}

/* A program needs no name. */
TEST_F_TIMEOUT(outside, a_file_that_is_gone_is_executed, LIMIT)
{
	const char *path = copy_program("gone", 0755);
	char text[64];

	START(path, NULL);
	ASSERT_EQ(0, unlink(path));
	ASSERT_OK(replace(&self->parent, "x", 1));
	read_proc(self->parent.pid, "comm", text, sizeof(text));
	EXPECT_STREQ("gone\n", text);
	EXPECT_TRUE(is_alive(&self->parent));
}

/* --- What is not started -------------------------------------------------- */

#define MARK SCRATCH "/mark"

static bool write_text(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) ==
			     (ssize_t)strlen(text);

	close(fd);
	return ok;
}

/* It makes a mark if it is ever run. */
static bool make_script(const char *path, const char *head)
{
	char text[256];

	mkdir(SCRATCH, 0755);
	unlink(MARK);
	snprintf(text, sizeof(text), "%s\n: >" MARK "\n", head);
	return write_text(path, text, 0755);
}

static bool runs_natively(const char *path)
{
	pid_t pid = fork();

	if (!pid) {
		execl(path, path, NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	return !unlink(MARK);
}

TEST_F_TIMEOUT(outside, a_script_is_not_run, LIMIT)
{
	ASSERT_TRUE(make_script(SCRATCH "/script", "#!/bin/sh"));
	ASSERT_TRUE(runs_natively(SCRATCH "/script"));
	START(SCRATCH "/script", NULL);
	EXPECT_ERRNO(CLOUDABI_ENOEXEC, replace(&self->parent, "x", 1));
	EXPECT_TRUE(is_alive(&self->parent));
	EXPECT_NE(0, access(MARK, F_OK));
}

#define FORMATS SCRATCH "/formats"

static bool mount_formats(void)
{
	/* The kernel may know no modprobe to load the file system by. */
	if (system("modprobe -q binfmt_misc 2>/dev/null") < 0)
		return false;
	mkdir(SCRATCH, 0755);
	mkdir(FORMATS, 0755);
	return !unshare(CLONE_NEWNS) &&
	       !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("none", FORMATS, "binfmt_misc", 0, NULL);
}

/* What starts with a mark is for an interpreter, which is native or ours. */
static void test_format(struct __test_metadata *_metadata,
			FIXTURE_DATA(outside) * self, const char *interpreter,
			const char *flags)
{
	char text[512];

	ASSERT_TRUE(write_text(SCRATCH "/file", "CLOUDABITEST and more", 0755));
	snprintf(text, sizeof(text), ":cloudabi-test:M::CLOUDABITEST::%s:%s",
		 interpreter, flags);
	ASSERT_EQ(0, write_file(FORMATS "/register", text));
	START(SCRATCH "/file", NULL);
	EXPECT_ERRNO(CLOUDABI_ENOEXEC, replace(&self->parent, "x", 1)) {
		TH_LOG("%s %s", interpreter, flags);
	}
	EXPECT_TRUE(is_alive(&self->parent));
	EXPECT_NE(0, access(MARK, F_OK));
	puppet_stop(&self->parent);
	puppet_stop(&self->child);
	close(self->way);
	EXPECT_EQ(0, write_file(FORMATS "/cloudabi-test", "-1"));
}

TEST_F_TIMEOUT(outside, a_registered_format_is_not_used, LIMIT)
{
	static const char *const flags[] = { "", "F", "C", "O", "FC", "P" };
	const char *program;
	char text[256];

	if (!mount_formats())
		SKIP(return, "no binfmt_misc");
	ASSERT_TRUE(make_script(SCRATCH "/interpreter", "#!/bin/sh"));
	program = copy_program("program", 0755);
	/* It would work. */
	ASSERT_TRUE(write_text(SCRATCH "/file", "CLOUDABITEST and more", 0755));
	snprintf(text, sizeof(text), ":cloudabi-test:M::CLOUDABITEST::%s:",
		 SCRATCH "/interpreter");
	ASSERT_EQ(0, write_file(FORMATS "/register", text));
	ASSERT_TRUE(runs_natively(SCRATCH "/file"));
	ASSERT_EQ(0, write_file(FORMATS "/cloudabi-test", "-1"));
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		test_format(_metadata, self, SCRATCH "/interpreter", flags[i]);
		test_format(_metadata, self, "/bin/busybox", flags[i]);
		test_format(_metadata, self, program, flags[i]);
	}
}

/* --- Tracers -------------------------------------------------------------- */

/* Lets tasks go on until there is such a stop; what it is about. */
static long wait_for_event(struct puppet *p, int event)
{
	unsigned long message = 0;
	int status;

	for (int i = 0; i < 100; i++) {
		if (waitpid(p->pid, &status, __WALL) != p->pid ||
		    !WIFSTOPPED(status))
			return -1;
		if (status >> 16 == event)
			break;
		ptrace(PTRACE_CONT, p->pid, 0, 0);
	}
	ptrace(PTRACE_GETEVENTMSG, p->pid, 0, &message);
	return message;
}

TEST_F_TIMEOUT(outside, a_tracer_follows, LIMIT)
{
	static const uint32_t fds[] = {
		PUPPET_SOCKET, PUPPET_MEMORY, PUPPET_MESSAGES,
	};
	struct puppet *parent = &self->parent, *child = &self->child;
	pid_t pid;
	int status;

	START("programs/puppet", NULL);
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, parent->pid, 0,
			    PTRACE_O_TRACEFORK | PTRACE_O_TRACEEXEC |
			    PTRACE_O_TRACEEXIT));
	puppet_begin(parent, NR_proc_fork,
		     PUPPET_ARGS(CHILD_SOCKET, CHILD_MEMORY));
	pid = wait_for_event(parent, PTRACE_EVENT_FORK);
	ASSERT_LT(0, pid);
	/* The child has not run; the parent stands in the midst of the call. */
	ASSERT_EQ(pid, waitpid(pid, &status, __WALL));
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_FALSE(puppet_returned(child, 50));
	EXPECT_FALSE(puppet_returned(parent, 50));
	ASSERT_EQ(0, ptrace(PTRACE_CONT, parent->pid, 0, 0));
	ASSERT_OK(puppet_end(parent, PUPPET_PATIENCE));
	ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
	ASSERT_TRUE(puppet_is_born(child));
	EXPECT_EQ(pid, child->pid);

	begin_proc_exec(child, PROGRAM, "x", 1, fds, ARRAY_SIZE(fds));
	EXPECT_EQ(pid, wait_for_event(child, PTRACE_EVENT_EXEC));
	EXPECT_FALSE(puppet_returned(child, 50));
	ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
	ASSERT_OK(puppet_end(child, PUPPET_PATIENCE));
	EXPECT_TRUE(is_alive(child));

	puppet_begin(child, NR_proc_exit, PUPPET_ARGS(0x1207));
	EXPECT_EQ(7 << 8, wait_for_event(child, PTRACE_EVENT_EXIT));
	ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
	ASSERT_EQ(pid, waitpid(pid, &status, __WALL));
	EXPECT_EQ(7 << 8, status);
	EXPECT_EQ(-1, kill(pid, 0));
	EXPECT_TRUE(is_alive(parent));
}

/* Killed in the stop at the fork: the child has a parent that is dying. */
TEST_F_TIMEOUT(outside, a_parent_killed_in_the_midst_leaves_no_child, LIMIT)
{
	struct puppet *parent = &self->parent;
	int status;
	pid_t pid;

	START("programs/puppet", NULL);
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, parent->pid, 0, PTRACE_O_TRACEFORK));
	puppet_begin(parent, NR_proc_fork,
		     PUPPET_ARGS(CHILD_SOCKET, CHILD_MEMORY));
	pid = wait_for_event(parent, PTRACE_EVENT_FORK);
	ASSERT_LT(0, pid);
	ASSERT_EQ(pid, waitpid(pid, &status, __WALL));
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, pid, 0, 0));
	ASSERT_EQ(0, kill(parent->pid, SIGKILL));
	EXPECT_TRUE(has_gone(&self->child));
	EXPECT_EQ(SIGKILL, end_of(parent));
	self->child.pid = pid;
	EXPECT_TRUE(was_killed(&self->child));
}

/* --- Paths ---------------------------------------------------------------- */

#define PREY SCRATCH "/prey"

/* Everything that happens to what paths of programs/tests/strings.c lead to. */
static int watch_prey(void)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	mkdir(SCRATCH, 0755);
	mkdir(PREY, 0755);
	if (!copy_file("programs/puppet", PREY "/ours", 0755) ||
	    !make_script(PREY "/script", "#!/bin/sh") ||
	    !copy_file("process_outside_test", PREY "/native", 0755) ||
	    inotify_add_watch(fd, PREY, IN_ALL_EVENTS) < 0 ||
	    inotify_add_watch(fd, "/etc", IN_ALL_EVENTS) < 0 ||
	    inotify_add_watch(fd, "/bin/busybox", IN_OPEN) < 0)
		perror("# prey");
	return fd;
}

static bool has_events(int fd)
{
	char events[4096];

	return read(fd, events, sizeof(events)) > 0;
}

static void test_strings(struct __test_metadata *_metadata, const char *program,
			 const char *way)
{
	const char *words[] = { way, NULL };
	struct stat before, after;
	struct helped h;
	int fds[2], watch = watch_prey();

	helped_init(&h);
	h.given[DEV_NULL] = open("/dev/null", O_RDWR | O_CLOEXEC);
	fds[0] = open(program, O_RDONLY | O_CLOEXEC);
	fds[1] = open_empty_file();
	ASSERT_LE(0, fds[0]);
	ASSERT_EQ(0, stat(PREY "/native", &before));
	/* The watch works. */
	close(open(PREY "/ours", O_RDONLY | O_CLOEXEC));
	ASSERT_TRUE(has_events(watch));
	ASSERT_EQ(0, helped_start_on(&h, "strings", words, fds));
	helped_serve(&h);
	EXPECT_TRUE(helped_passed(&h));
	EXPECT_FALSE(has_events(watch));
	ASSERT_EQ(0, stat(PREY "/native", &after));
	EXPECT_EQ(0, memcmp(&before.st_atim, &after.st_atim,
			    sizeof(after.st_atim)));
	EXPECT_NE(0, access(MARK, F_OK));
	close(watch);
	close(fds[0]);
	close(fds[1]);
}

/* What the kernel reads from memory is written to meanwhile. */
TEST_F_TIMEOUT(outside, no_path_leads_out_of_a_refused_exec, LIMIT)
{
	ASSERT_TRUE(make_script(SCRATCH "/script", "#!/bin/sh"));
	test_strings(_metadata, SCRATCH "/script", "refused");
}

TEST_F_TIMEOUT(outside, no_path_leads_out_of_an_exec, LIMIT)
{
	test_strings(_metadata, "programs/strings", "good");
}

/**
 * struct looks - what somebody sees who looks at path registers during an exec
 * @hits: how often it was not the root directory of all
 * @wrong: how often something could be made there
 */
struct looks {
	unsigned int hits;
	unsigned int wrong;
};

static void look_at(const char *path, dev_t usual, struct looks *looks)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && st.st_dev != usual) {
		looks->hits++;
		looks->wrong += !mkdirat(fd, "x", 0777) || errno != EROFS;
	}
	close(fd);
}

static void look_for_ever(pid_t pid, struct looks *looks)
{
	char path[64];
	struct stat st;

	stat("/", &st);
	for (;;) {
		snprintf(path, sizeof(path), "/proc/%d/root", pid);
		look_at(path, st.st_dev, looks);
		snprintf(path, sizeof(path), "/proc/%d/cwd", pid);
		look_at(path, st.st_dev, looks);
	}
}

/* Nobody has a use for the empty directory that paths start at meanwhile. */
TEST_F_TIMEOUT(outside, nobody_makes_anything_where_paths_lead, LIMIT)
{
	const char *words[] = { "refused", NULL };
	struct looks *looks;
	struct helped h;
	int fds[2];
	pid_t pid;

	ASSERT_TRUE(make_script(SCRATCH "/script", "#!/bin/sh"));
	looks = mmap(NULL, sizeof(*looks), PROT_READ | PROT_WRITE,
		     MAP_ANONYMOUS | MAP_SHARED, -1, 0);
	helped_init(&h);
	h.given[DEV_NULL] = open("/dev/null", O_RDWR | O_CLOEXEC);
	fds[0] = open(SCRATCH "/script", O_RDONLY | O_CLOEXEC);
	fds[1] = open_empty_file();
	ASSERT_LE(0, fds[0]);
	ASSERT_EQ(0, helped_start_on(&h, "strings", words, fds));
	pid = fork();
	if (!pid)
		look_for_ever(h.pid, looks);
	helped_serve(&h);
	EXPECT_TRUE(helped_passed(&h));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	EXPECT_LT(0, looks->hits);
	EXPECT_EQ(0, looks->wrong);
	close(fds[0]);
	close(fds[1]);
}

TEST_HARNESS_MAIN
