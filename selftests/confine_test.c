// SPDX-License-Identifier: GPL-2.0
/*
 * What a launcher is cannot be a way out of it, nor a way to more, and what it
 * had set up for itself does not live on in a CloudABI program. Native programs
 * next to it have what they had before.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#define _GNU_SOURCE
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/io.h>
#include <sys/xattr.h>

#include "probe.h"

/* Somebody else, twice. */
#define USER 4321
#define OWNER 1234

#define PARAMETER "/sys/module/cloudabi/parameters/allow_seccomp"
#define CORE_PATTERN "/proc/sys/kernel/core_pattern"

static const struct door_request nothing = { DOOR_SYSCALL, .number = 1000 };

static void read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");

	line[0] = 0;
	if (file) {
		if (!fgets(line, size, file))
			line[0] = 0;
		fclose(file);
	}
	line[strcspn(line, "\n")] = 0;
}

/* The value of a field of /proc/PID/status, without the space before it. */
static const char *status_of(pid_t pid, const char *field)
{
	static char line[256];
	char path[64];
	FILE *file;
	size_t len = strlen(field);

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, field, len) && line[len] == ':') {
			fclose(file);
			line[strcspn(line, "\n")] = 0;
			return line + len + 1 + strspn(line + len + 1, "\t ");
		}
	}
	if (file)
		fclose(file);
	return "";
}

static unsigned long long mask_of(pid_t pid, const char *field)
{
	return strtoull(status_of(pid, field), NULL, 16);
}

/* The answer of a program to a call, and whether it is CloudABI's. */
static bool is_confined(struct door *door)
{
	struct door_request request = nothing;

	return door_ask(door, &request, 1) == DOOR_ANSWERED &&
	       request.rax == CLOUDABI_ENOSYS && request.carry;
}

/* --- Filters of seccomp --------------------------------------------------- */

/* Calls of these numbers get @action, all others are allowed. */
static int filter_numbers(int first, int second, uint32_t action)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, second, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { ARRAY_SIZE(filter), filter };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}

/* getppid() of x86-64 and of i386. */
static int forbid_getppid(void *action)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    filter_numbers(SYS_getppid, 64, *(uint32_t *)action))
		return errno;
	return 0;
}

/* The same by privilege, without the promise to gain none. */
static int filter_as_root(void *data)
{
	return filter_numbers(SYS_getppid, 64, SECCOMP_RET_ERRNO) ? errno : 0;
}

SCENE_FIXTURE(seccomp)

TEST_F(seccomp, is_not_left_by_exec)
{
	uint32_t action = SECCOMP_RET_ERRNO;
	struct door door;

	EXPECT_EQ(EPERM, door_start(&door, "./cloudabi", forbid_getppid,
				    &action));
	door_stop(&door);
	EXPECT_EQ(EPERM, door_start(&door, "./cloudabi", filter_as_root,
				    NULL));
	door_stop(&door);
	/* Native programs may start as ever. */
	EXPECT_EQ(0, door_start(&door, "./native", forbid_getppid, &action));
	EXPECT_STREQ("2", status_of(door.pid, "Seccomp"));
	door_stop(&door);
}

TEST_F(seccomp, of_the_program_is_shown_as_dead)
{
	struct door door;

	ASSERT_EQ(0, door_start(&door, "./cloudabi", NULL, NULL));
	EXPECT_STREQ("3", status_of(door.pid, "Seccomp"));
	EXPECT_STREQ("0", status_of(door.pid, "Seccomp_filters"));
	EXPECT_STREQ("1", status_of(door.pid, "NoNewPrivs"));
	door_stop(&door);
	ASSERT_EQ(0, door_start(&door, "./native", NULL, NULL));
	EXPECT_STREQ("0", status_of(door.pid, "Seccomp"));
	EXPECT_STREQ("0", status_of(door.pid, "NoNewPrivs"));
	door_stop(&door);
}

/* Tells NoNewPrivs after an attempt to start a file, by exit status. */
static int no_new_privs_after(const char *path, bool before,
			      int (*prepare)(void *), int *error)
{
	int status, told[2];
	pid_t pid;

	*error = 0;
	if (pipe2(told, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		char *argv[] = { (char *)path, NULL };

		if (before)
			prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (prepare && prepare(NULL))
			_exit(99);
		execv(path, argv);
		if (write(told[1], &errno, sizeof(errno)) < 0)
			_exit(98);
		_exit(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	}
	close(told[1]);
	if (read(told[0], error, sizeof(*error)) < 0)
		*error = errno;
	close(told[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A CloudABI executable, and no good one: its entry is not in its text. */
static int install_bad(const char *path)
{
	Elf64_Addr entry = DOOR_DATA;
	int fd, error;

	if (door_install(path, OSABI_CLOUDABI, 0755))
		return -1;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	error = pwrite(fd, &entry, sizeof(entry),
		       offsetof(Elf64_Ehdr, e_entry)) != sizeof(entry);
	close(fd);
	return -error;
}

/* Takes away what the capabilities of a file then cannot give. */
static int lower_bounds(void *data)
{
	return prctl(PR_CAPBSET_DROP, CAP_NET_ADMIN, 0, 0, 0) ? errno : 0;
}

static const struct vfs_cap_data net_admin = {
	.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
	.data[0].permitted = 1 << CAP_NET_ADMIN,
};

TEST_F(seccomp, failed_exec_leaves_no_new_privs_alone)
{
	int error;

	ASSERT_EQ(0, install_bad("new"));
	EXPECT_EQ(0, no_new_privs_after("./new", false, NULL, &error));
	EXPECT_EQ(ENOEXEC, error);
	EXPECT_EQ(1, no_new_privs_after("./new", true, NULL, &error));
	EXPECT_EQ(ENOEXEC, error);
	EXPECT_EQ(0, no_new_privs_after("./cloudabi", false, filter_as_root,
					&error));
	EXPECT_EQ(EPERM, error);
	EXPECT_EQ(1, no_new_privs_after("./cloudabi", true, filter_as_root,
					&error));
	EXPECT_EQ(EPERM, error);
}

/* The last chance to fail: the kernel finds no way to the new credentials. */
TEST_F(seccomp, late_failure_of_exec_leaves_no_new_privs_alone)
{
	int error;

	if (setxattr("cloudabi", "security.capability", &net_admin,
		     sizeof(net_admin), 0))
		SKIP(return, "the file system has no capabilities");
	EXPECT_EQ(0, no_new_privs_after("./cloudabi", false, lower_bounds,
					&error));
	EXPECT_EQ(EPERM, error);
	EXPECT_EQ(1, no_new_privs_after("./cloudabi", true, lower_bounds,
					&error));
	EXPECT_EQ(EPERM, error);
}

static void native_under_filter(struct __test_metadata *_metadata,
				uint32_t action, struct door *door,
				struct door_request *requests,
				enum door_outcome *outcome)
{
	ASSERT_EQ(0, door_start(door, "./native", forbid_getppid, &action));
	*outcome = door_ask(door, requests, 3);
	door_stop(door);
}

/* The hook is in the very function that evaluates filters. */
TEST_F(seccomp, of_native_programs_works)
{
	struct door_request requests[] = {
		{ DOOR_SYSCALL, .number = SYS_getpid },
		{ DOOR_SYSCALL, .number = SYS_getppid },
		{ DOOR_SYSCALL, .number = SYS_getuid },
	};
	enum door_outcome outcome;
	struct door door;

	native_under_filter(_metadata, SECCOMP_RET_ERRNO | EACCES, &door,
			    requests, &outcome);
	EXPECT_EQ(DOOR_ANSWERED, outcome);
	EXPECT_EQ(door.pid, requests[0].rax);
	EXPECT_EQ(-EACCES, (long)requests[1].rax);
	EXPECT_EQ(0, requests[2].rax);
	native_under_filter(_metadata, SECCOMP_RET_TRAP, &door, requests,
			    &outcome);
	EXPECT_EQ(DOOR_ENDED, outcome);
	EXPECT_EQ(SIGSYS, WTERMSIG(door.status));
	native_under_filter(_metadata, SECCOMP_RET_KILL_PROCESS, &door,
			    requests, &outcome);
	EXPECT_EQ(DOOR_ENDED, outcome);
	EXPECT_EQ(SIGSYS, WTERMSIG(door.status));
}

TEST_F(seccomp, of_native_programs_works_for_32_bit_calls)
{
	struct door_request requests[] = {
		{ DOOR_INT80, .number = 20 },
		{ DOOR_INT80, .number = 64 },
		{ DOOR_INT80_32, .number = 64 },
	};
	enum door_outcome outcome;
	struct door door;

	native_under_filter(_metadata, SECCOMP_RET_ERRNO | EACCES, &door,
			    requests, &outcome);
	EXPECT_EQ(DOOR_ANSWERED, outcome);
	EXPECT_EQ(door.pid, requests[0].rax);
	EXPECT_EQ(-EACCES, (int)requests[1].rax);
	EXPECT_EQ(-EACCES, (int)requests[2].rax);
}

/* The oldest mode: read, write and exit are all there is. */
TEST_F(seccomp, strict_mode_of_native_programs_works)
{
	struct door_request requests[] = {
		{ DOOR_SYSCALL, .number = SYS_seccomp },
		{ DOOR_SYSCALL, .number = SYS_write, .args = { 1, TEXT, 7 } },
		{ DOOR_SYSCALL, .number = SYS_getpid },
	};
	char written[16] = "";
	struct door door;

	ASSERT_EQ(0, door_start(&door, "./native", NULL, NULL));
	ASSERT_TRUE(door_write(&door, TEXT, text, sizeof(text)));
	EXPECT_EQ(DOOR_ENDED, door_ask(&door, requests, 3));
	EXPECT_EQ(SIGKILL, WTERMSIG(door.status));
	EXPECT_EQ(7, read(door.output, written, sizeof(written)));
	EXPECT_STREQ(text, written);
	door_stop(&door);
}

/* --- The parameter allow_seccomp ------------------------------------------ */

FIXTURE(allow_seccomp)
{
	struct scene scene;
};

FIXTURE_SETUP(allow_seccomp)
{
	char value[8];

	ASSERT_EQ(0, scene_open(&self->scene));
	read_line(PARAMETER, value, sizeof(value));
	ASSERT_STREQ("N", value);
	ASSERT_EQ(0, make_file(PARAMETER, "Y"));
}

FIXTURE_TEARDOWN(allow_seccomp)
{
	make_file(PARAMETER, "N");
	scene_close(&self->scene);
}

TEST_F(allow_seccomp, lets_programs_start)
{
	uint32_t action = SECCOMP_RET_ERRNO | EACCES;
	struct door_request exit_7 = {
		DOOR_SYSCALL, .number = CLOUDABI_NR_proc_exit, .args = { 7 },
	};
	struct door door;

	ASSERT_EQ(0, door_start(&door, "./cloudabi", forbid_getppid, &action));
	EXPECT_STREQ("3", status_of(door.pid, "Seccomp"));
	EXPECT_STREQ("1", status_of(door.pid, "Seccomp_filters"));
	EXPECT_STREQ("1", status_of(door.pid, "NoNewPrivs"));
	EXPECT_TRUE(is_confined(&door));
	EXPECT_EQ(DOOR_ENDED, door_ask(&door, &exit_7, 1));
	EXPECT_EQ(7, WEXITSTATUS(door.status));
	door_stop(&door);
	ASSERT_EQ(0, door_start(&door, "./cloudabi", filter_as_root, NULL));
	EXPECT_STREQ("1", status_of(door.pid, "NoNewPrivs"));
	EXPECT_TRUE(is_confined(&door));
	door_stop(&door);
}

/* What is lost: the filter does not see CloudABI calls. */
TEST_F(allow_seccomp, filters_do_not_see_its_calls)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;
	struct door_request requests[] = {
		{ DOOR_SYSCALL, .number = SYS_getppid },
		{ DOOR_INT80, .number = 64 },
	};
	struct door door;

	ASSERT_EQ(0, door_start(&door, "./cloudabi", forbid_getppid, &action));
	EXPECT_EQ(DOOR_ANSWERED, door_ask(&door, requests, 2));
	EXPECT_EQ(CLOUDABI_ENOSYS, requests[0].rax);
	EXPECT_EQ(CLOUDABI_ENOSYS, requests[1].rax);
	door_stop(&door);
}

/* --- Access to ports ------------------------------------------------------ */

static int take_port(void *data)
{
	return ioperm(0x80, 1, 1) ? errno : 0;
}

static int take_all_ports(void *data)
{
	return iopl(3) ? errno : 0;
}

static int take_and_give_back(void *data)
{
	return ioperm(0x80, 1, 1) || ioperm(0x80, 1, 0) ? errno : 0;
}

SCENE_FIXTURE(ports)

static void try_ports(struct __test_metadata *_metadata,
		      int (*prepare)(void *))
{
	struct door_request out = { DOOR_OUT };
	struct door door;

	ASSERT_EQ(0, door_start(&door, "./native", prepare, NULL));
	EXPECT_EQ(DOOR_ANSWERED, door_ask(&door, &out, 1));
	door_stop(&door);
	EXPECT_EQ(EPERM, door_start(&door, "./cloudabi", prepare, NULL));
	door_stop(&door);
}

TEST_F(ports, by_ioperm_keep_it_from_starting)
{
	try_ports(_metadata, take_port);
}

TEST_F(ports, by_iopl_keep_it_from_starting)
{
	try_ports(_metadata, take_all_ports);
}

TEST_F(ports, given_back_leave_none)
{
	struct door_request out = { DOOR_OUT };
	struct door door;

	ASSERT_EQ(0, door_start(&door, "./cloudabi", take_and_give_back,
				NULL));
	EXPECT_EQ(DOOR_ENDED, door_ask(&door, &out, 1));
	EXPECT_EQ(SIGSEGV, WTERMSIG(door.status));
	door_stop(&door);
}

/* --- Set-id executables --------------------------------------------------- */

static int be_user(void *data)
{
	return setgid(USER) || setuid(USER) ? errno : 0;
}

SCENE_FIXTURE(set_id)

static void start_as_user(struct __test_metadata *_metadata,
			  const char *path, struct door *door)
{
	ASSERT_EQ(0, door_start(door, path, be_user, NULL));
}

TEST_F(set_id, bits_give_nothing)
{
	struct door door;

	ASSERT_EQ(0, chown("native", OWNER, OWNER));
	ASSERT_EQ(0, chmod("native", 06755));
	ASSERT_EQ(0, chown("cloudabi", OWNER, OWNER));
	ASSERT_EQ(0, chmod("cloudabi", 06755));
	start_as_user(_metadata, "./native", &door);
	EXPECT_STREQ("4321\t1234\t1234\t1234", status_of(door.pid, "Uid"));
	EXPECT_STREQ("4321\t1234\t1234\t1234", status_of(door.pid, "Gid"));
	door_stop(&door);
	start_as_user(_metadata, "./cloudabi", &door);
	EXPECT_STREQ("4321\t4321\t4321\t4321", status_of(door.pid, "Uid"));
	EXPECT_STREQ("4321\t4321\t4321\t4321", status_of(door.pid, "Gid"));
	EXPECT_STREQ("1", status_of(door.pid, "NoNewPrivs"));
	EXPECT_TRUE(is_confined(&door));
	door_stop(&door);
}

TEST_F(set_id, root_gives_nothing)
{
	struct door door;

	ASSERT_EQ(0, chmod("native", 04755));
	ASSERT_EQ(0, chmod("cloudabi", 04755));
	start_as_user(_metadata, "./native", &door);
	EXPECT_NE(0, mask_of(door.pid, "CapEff"));
	door_stop(&door);
	start_as_user(_metadata, "./cloudabi", &door);
	EXPECT_STREQ("4321\t4321\t4321\t4321", status_of(door.pid, "Uid"));
	EXPECT_EQ(0, mask_of(door.pid, "CapEff"));
	EXPECT_EQ(0, mask_of(door.pid, "CapPrm"));
	door_stop(&door);
}

TEST_F(set_id, capabilities_of_the_file_give_nothing)
{
	struct door door;

	if (setxattr("native", "security.capability", &net_admin,
		     sizeof(net_admin), 0))
		SKIP(return, "the file system has no capabilities");
	ASSERT_EQ(0, setxattr("cloudabi", "security.capability", &net_admin,
			      sizeof(net_admin), 0));
	start_as_user(_metadata, "./native", &door);
	EXPECT_EQ(1 << CAP_NET_ADMIN, mask_of(door.pid, "CapEff"));
	door_stop(&door);
	start_as_user(_metadata, "./cloudabi", &door);
	EXPECT_EQ(0, mask_of(door.pid, "CapEff"));
	EXPECT_EQ(0, mask_of(door.pid, "CapPrm"));
	door_stop(&door);
}

/* --- Signals -------------------------------------------------------------- */

#define MASK(sig) (1ULL << ((sig) - 1))

static int ignore_and_block(void *data)
{
	sigset_t all;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	return 0;
}

static int ignore_all(void *data)
{
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_IGN);
	return 0;
}

SCENE_FIXTURE(signals)

TEST_F(signals, are_as_the_abi_has_them)
{
	struct door door;

	ASSERT_EQ(0, door_start(&door, "./cloudabi", ignore_and_block, NULL));
	EXPECT_EQ(0, mask_of(door.pid, "SigBlk"));
	EXPECT_EQ(0, mask_of(door.pid, "SigCgt"));
	EXPECT_EQ(MASK(SIGPIPE) | MASK(SIGCHLD) | MASK(SIGXFSZ),
		  mask_of(door.pid, "SigIgn"));
	door_stop(&door);
}

/* Gives a program the time to die of a signal that it has been sent. */
static void wait_for_end(struct door *door, long long ms)
{
	long long limit = now_ms() + ms;

	while (!door->ended && now_ms() < limit) {
		if (!door_waited(door))
			nap_us(1000);
	}
}

/* Whether a signal, which the launcher ignored, ends the program. */
static bool ends(struct __test_metadata *_metadata, const char *program,
		 int sig)
{
	struct door_request request = nothing;
	struct door door;
	bool ended;

	ASSERT_EQ(0, door_start(&door, program, ignore_all, NULL));
	/* An answer says that it is the program and not the launcher still. */
	ASSERT_EQ(DOOR_ANSWERED, door_ask(&door, &request, 1));
	ASSERT_EQ(0, kill(door.pid, sig));
	wait_for_end(&door, 300);
	ended = door.ended || door_ask(&door, &request, 1) == DOOR_ENDED;
	if (ended)
		EXPECT_EQ(sig, WTERMSIG(door.status));
	door_stop(&door);
	return ended;
}

TEST_F(signals, end_it_whatever_the_launcher_did)
{
	const int fatal[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS,
		SIGFPE, SIGUSR1, SIGSEGV, SIGUSR2, SIGALRM, SIGTERM, SIGSTKFLT,
		SIGXCPU, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSYS, SIGRTMIN,
		SIGRTMAX,
	};
	size_t i;

	EXPECT_FALSE(ends(_metadata, "./native", SIGTERM));
	for (i = 0; i < ARRAY_SIZE(fatal); i++) {
		EXPECT_TRUE(ends(_metadata, "./cloudabi", fatal[i])) {
			TH_LOG("signal %d", fatal[i]);
		}
	}
}

TEST_F(signals, that_are_harmless_do_nothing)
{
	static const int harmless[] = {
		SIGPIPE, SIGCHLD, SIGXFSZ, SIGWINCH, SIGURG, SIGCONT,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(harmless); i++) {
		EXPECT_FALSE(ends(_metadata, "./cloudabi", harmless[i])) {
			TH_LOG("signal %d", harmless[i]);
		}
	}
}

/* --- Core dumps ----------------------------------------------------------- */

FIXTURE(core)
{
	struct scene scene;
	char pattern[256];
};

FIXTURE_SETUP(core)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	ASSERT_EQ(0, scene_open(&self->scene));
	read_line(CORE_PATTERN, self->pattern, sizeof(self->pattern));
	/* A shell ignores it for what it runs in the background. */
	signal(SIGQUIT, SIG_DFL);
	ASSERT_EQ(0, make_file(CORE_PATTERN, "new"));
	ASSERT_EQ(0, setrlimit(RLIMIT_CORE, &unlimited));
}

FIXTURE_TEARDOWN(core)
{
	make_file(CORE_PATTERN, self->pattern);
	scene_close(&self->scene);
}

/* Whether a program that dies dumps core, by its status or by a file. */
static bool dumps(struct __test_metadata *_metadata, const char *program,
		  const struct door_request *cause, int sig)
{
	struct door_request request = *cause;
	struct door door;
	bool dumped;

	unlink("new");
	ASSERT_EQ(0, door_start(&door, program, NULL, NULL));
	if (sig) {
		/* An answer says that it is the program already. */
		ASSERT_EQ(DOOR_ANSWERED, door_ask(&door, &request, 1));
		ASSERT_EQ(0, kill(door.pid, sig));
	} else {
		/* Asleep is what it seems to be while it writes to a pipe. */
		EXPECT_NE(DOOR_ANSWERED, door_ask(&door, &request, 1));
	}
	wait_for_end(&door, DOOR_PATIENCE);
	EXPECT_TRUE(door.ended);
	EXPECT_TRUE(WIFSIGNALED(door.status));
	dumped = WCOREDUMP(door.status) || !access("new", F_OK);
	door_stop(&door);
	return dumped;
}

static void try_dumps(struct __test_metadata *_metadata, const char *program,
		      bool expected)
{
	static const struct door_request faults[] = {
		{ DOOR_TOUCH, .number = 16 }, { DOOR_UD2 }, { DOOR_INT3 },
		{ DOOR_HLT },
	};
	static const int signals[] = {
		SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGSYS, SIGXCPU,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(faults); i++)
		EXPECT_EQ(expected, dumps(_metadata, program, &faults[i], 0));
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		EXPECT_EQ(expected,
			  dumps(_metadata, program, &nothing, signals[i]));
}

TEST_F(core, is_not_dumped)
{
	try_dumps(_metadata, "./native", true);
	try_dumps(_metadata, "./cloudabi", false);
}

/* A program that takes dumps on its standard input is not even started. */
TEST_F(core, is_not_given_to_a_program)
{
	static const struct door_request fault = { DOOR_UD2 };
	char line[128];

	ASSERT_EQ(0, make_file("old", "#!/bin/sh\ncat >/dev/null\n"));
	ASSERT_EQ(0, chmod("old", 0755));
	snprintf(line, sizeof(line), "|%s/old", self->scene.path);
	ASSERT_EQ(0, make_file(CORE_PATTERN, line));
	EXPECT_TRUE(dumps(_metadata, "./native", &fault, 0));
	EXPECT_FALSE(dumps(_metadata, "./cloudabi", &fault, 0));
}

/* --- What else a launcher may have set up for itself ---------------------- */

SCENE_FIXTURE(launcher)

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

static char selector;

static int dispatch_to_user_space(void *data)
{
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 0, 0, &selector))
		return errno;
	return 0;
}

TEST_F(launcher, may_dispatch_its_calls_to_user_space)
{
	struct door door;

	ASSERT_EQ(0, door_start(&door, "./cloudabi", dispatch_to_user_space,
				NULL));
	EXPECT_TRUE(is_confined(&door));
	door_stop(&door);
}

static int read_implies_exec(void *data)
{
	return syscall(SYS_personality, 0x0440000) < 0 ? errno : 0;
}

TEST_F(launcher, may_have_another_personality)
{
	char path[64], line[64];
	struct door door;

	ASSERT_EQ(0, door_start(&door, "./cloudabi", read_implies_exec, NULL));
	snprintf(path, sizeof(path), "/proc/%d/personality", door.pid);
	read_line(path, line, sizeof(line));
	EXPECT_STREQ("00000000", line);
	door_stop(&door);
	ASSERT_EQ(0, door_start(&door, "./native", read_implies_exec, NULL));
	snprintf(path, sizeof(path), "/proc/%d/personality", door.pid);
	read_line(path, line, sizeof(line));
	/* The executable asks for no executable stack. */
	EXPECT_STREQ("00040000", line);
	door_stop(&door);
}

TEST_HARNESS_MAIN
