// SPDX-License-Identifier: GPL-2.0
/*
 * What a CloudABI program starts with: argument data, descriptors, attributes,
 * thread id; and from where it can be started. What its memory looks like is
 * tested by exec_memory_test.c, which files are accepted by exec_corpus_test.c.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "kselftest_harness.h"

#include "elf_corpus/launch.h"

/* Emulated machines and kernels with checkers are slow. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300

#define NOBODY 65534

/* Descriptors 0 and 1 are pipes to us. */
#define GOOD "position_independent"

/* Starts a probe that tells about itself and waits. */
static void start(struct __test_metadata *_metadata, struct launch *l,
		  struct probe_record *record)
{
	if (!l->path)
		l->path = put_program("program", GOOD,
				      PROBE_REPORT | PROBE_WAIT, 0);
	ASSERT_NE(NULL, l->path);
	ASSERT_TRUE(launch_start(l));
	ASSERT_TRUE(launch_read(l, record, sizeof(*record))) {
		launch_end(l);
		TH_LOG("%s", launch_story(l));
	}
	ASSERT_EQ(PROBE_MAGIC, record->magic);
}

static void end(struct __test_metadata *_metadata, struct launch *l)
{
	ASSERT_TRUE(launch_end(l));
	EXPECT_TRUE(launch_exited(l, EXIT_GOOD)) {
		TH_LOG("%s", launch_story(l));
	}
}

/* Runs it to its end. */
static void run(struct __test_metadata *_metadata, struct launch *l)
{
	if (!l->path)
		l->path = put_program("program", GOOD, 0, 0);
	ASSERT_NE(NULL, l->path);
	ASSERT_TRUE(launch_run(l));
	EXPECT_TRUE(launch_exited(l, EXIT_GOOD)) {
		TH_LOG("%s", launch_story(l));
	}
}

/* --- Argument data --- */

static size_t joined(unsigned char *to, const char *const *argv)
{
	size_t size = 0;

	for (; *argv; argv++) {
		memcpy(to + size, *argv, strlen(*argv) + 1);
		size += strlen(*argv) + 1;
	}
	return size ? size - 1 : 0;
}

#define MOST_ARGUMENTS (8 << 20)

/* Starts the program with these strings and compares what it gets. */
static void test_arguments(struct __test_metadata *_metadata, struct launch *l,
			   const char *const *argv)
{
	static unsigned char expected[MOST_ARGUMENTS], seen[MOST_ARGUMENTS];
	size_t size = joined(expected, argv);
	struct probe_record record;

	l->argv = argv;
	if (!l->path)
		l->path = put_program("program", GOOD,
				      PROBE_REPORT | PROBE_ECHO, 0);
	start(_metadata, l, &record);
	EXPECT_NE(0, record.argdata);
	ASSERT_EQ(size, record.argdatalen);
	EXPECT_EQ(probe_hash(expected, size), record.argdata_hash);
	ASSERT_TRUE(launch_read(l, seen, size));
	EXPECT_EQ(0, memcmp(expected, seen, size));
	end(_metadata, l);
}

#define ARGUMENTS(name, ...)						\
	TEST(name)							\
	{								\
		struct launch l = {};					\
		const char *argv[] = { __VA_ARGS__, NULL };			\
									\
		test_arguments(_metadata, &l, argv);			\
	}

ARGUMENTS(arguments_are_joined_by_nul, "a", "bc", "def")
ARGUMENTS(one_argument_loses_its_nul, "program")
ARGUMENTS(one_empty_argument_is_nothing, "")
ARGUMENTS(two_empty_arguments_are_one_nul, "", "")
ARGUMENTS(empty_arguments_are_kept, "", "", "x", "", "y", "", "")
ARGUMENTS(arguments_of_one_byte, "\001", "\177", "\200", "\377")
ARGUMENTS(argument_that_looks_like_an_option, "--help", "-c", "PATH=x", "\n")

TEST(no_argument_at_all_is_nothing)
{
	const char *argv[] = { NULL };
	struct launch l = {};

	test_arguments(_metadata, &l, argv);
}

/* Deterministic, so that a failure can be had again. */
static uint64_t seed = 1;

static uint32_t any(uint32_t limit)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 33) % limit;
}

/* So many strings of up to so many bytes, none of which is 0. */
static const char **any_arguments(unsigned int count, unsigned int longest)
{
	const char **argv = calloc(count + 1, sizeof(*argv));
	unsigned int i, j, size;
	char *string;

	for (i = 0; i < count; i++) {
		size = any(longest + 1);
		string = malloc(size + 1);
		for (j = 0; j < size; j++)
			string[j] = 1 + any(255);
		string[size] = 0;
		argv[i] = string;
	}
	return argv;
}

static char *filled(size_t size, char byte)
{
	char *string = malloc(size + 1);

	memset(string, byte, size);
	string[size] = 0;
	return string;
}

TEST(binary_arguments_arrive_byte_for_byte)
{
	struct launch l = {};
	int i;

	for (i = 0; i < 16; i++)
		test_arguments(_metadata, &l, any_arguments(1 + i * 7, 3000));
}

TEST(arguments_that_end_where_pages_end)
{
	const char *argv[] = { NULL, NULL };
	struct launch l = {};
	size_t size;

	for (size = 4000; size < 4200; size += 7) {
		argv[0] = filled(size, 'p');
		test_arguments(_metadata, &l, argv);
	}
	for (size = 8190; size < 8195; size++) {
		argv[0] = filled(size, 'q');
		test_arguments(_metadata, &l, argv);
	}
}

TEST(arguments_of_128_kib)
{
	/* As long as Linux allows: with the NUL, 32 pages. */
	const char *argv[] = { filled(131071, 'l'), filled(131071, 'm'), "", "n",
			 filled(131070, 'o'), NULL };
	struct launch l = {};

	test_arguments(_metadata, &l, argv);
}

TEST(an_argument_beyond_128_kib_is_refused)
{
	const char *argv[] = { "x", filled(131072, 'l'), NULL };
	struct launch l = { .argv = argv };

	l.path = put_program("program", GOOD, 0, 0);
	ASSERT_TRUE(launch_run(&l));
	EXPECT_EQ(E2BIG, l.error);
}

/* Linux allows arguments a quarter of the stack. */
static bool large_stack(struct launch *l)
{
	struct rlimit limit = { 64 << 20, RLIM_INFINITY };

	return !setrlimit(RLIMIT_STACK, &limit);
}

TEST(arguments_of_2_mib)
{
	struct launch l = { .prepare = large_stack };
	const char *argv[18] = {};
	int i;

	for (i = 0; i < 17; i++)
		argv[i] = filled(131000 - i, 'a' + i);
	test_arguments(_metadata, &l, argv);
}

TEST(many_arguments)
{
	struct launch l = { .prepare = large_stack };

	test_arguments(_metadata, &l, any_arguments(100000, 30));
}

TEST(many_empty_arguments)
{
	struct launch l = { .prepare = large_stack };

	test_arguments(_metadata, &l, any_arguments(100000, 0));
}

TEST(the_command_line_shows_the_arguments)
{
	const char *argv[] = { "one", "", "three", NULL };
	struct launch l = { .argv = argv };
	struct probe_record record;

	start(_metadata, &l, &record);
	EXPECT_EQ(0, memcmp(read_text(0, "/proc/%d/cmdline", l.pid),
			    "one\0\0three", 11));
	end(_metadata, &l);
}

/* --- What was told to exec and is none of the program's business --- */

/* Finds bytes anywhere in the memory of a process, but in what is a file. */
static bool in_memory(pid_t pid, const char *needle)
{
	char *maps = read_text(1, "/proc/%d/maps", pid);
	static char chunk[(64 << 10) + 256];
	size_t keep = strlen(needle);
	unsigned long start, end;
	bool found = false;
	char path[64];
	char *line;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	for (line = maps; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%lx-%lx r", &start, &end) != 2)
			break;
		for (; start < end && !found; start += 64 << 10) {
			ssize_t n = pread(fd, chunk, (64 << 10) + keep, start);

			found = n > 0 && memmem(chunk, n, needle, keep);
		}
	}
	close(fd);
	return found;
}

TEST(control_memory_is_searched)
{
	const char *argv[] = { "only-in-argument-data", NULL };
	struct launch l = { .argv = argv };
	struct probe_record record;

	start(_metadata, &l, &record);
	EXPECT_TRUE(in_memory(l.pid, "only-in-argument-data"));
	EXPECT_FALSE(in_memory(l.pid, "not-in-argument-data"));
	end(_metadata, &l);
}

TEST(the_environment_is_wiped)
{
	const char *argv[] = { "x", NULL };
	const char *envp[] = { "FIRST_VARIABLE=first-value", "", "=",
			 filled(70000, 'v'), "LAST_VARIABLE=last-value", NULL };
	struct launch l = { .argv = argv, .envp = envp };
	struct probe_record record;

	start(_metadata, &l, &record);
	EXPECT_EQ(1, record.argdatalen);
	EXPECT_FALSE(in_memory(l.pid, "FIRST_VARIABLE"));
	EXPECT_FALSE(in_memory(l.pid, "first-value"));
	EXPECT_FALSE(in_memory(l.pid, "LAST_VARIABLE"));
	EXPECT_FALSE(in_memory(l.pid, "last-value"));
	EXPECT_FALSE(in_memory(l.pid, "vvvvvvvv"));
	EXPECT_EQ(0, *read_text(0, "/proc/%d/environ", l.pid));
	end(_metadata, &l);
}

TEST(the_name_of_the_file_is_wiped)
{
	const char *argv[] = { "x", NULL };
	struct launch l = { .argv = argv };
	struct probe_record record;

	l.path = put_program("a-name-told-to-nobody", GOOD,
			     PROBE_REPORT | PROBE_WAIT, 0);
	start(_metadata, &l, &record);
	EXPECT_FALSE(in_memory(l.pid, "a-name-told-to-nobody"));
	EXPECT_FALSE(in_memory(l.pid, scratch()));
	end(_metadata, &l);
}

TEST(the_name_made_for_an_open_file_is_wiped)
{
	const char *path = put_program("program", GOOD,
				       PROBE_REPORT | PROBE_WAIT, 0);
	const char *argv[] = { "x", NULL };
	struct launch l = { .path = "", .argv = argv,
			    .flags = AT_EMPTY_PATH };
	struct probe_record record;

	l.dirfd = open(path, O_RDONLY);
	start(_metadata, &l, &record);
	EXPECT_FALSE(in_memory(l.pid, "/dev/fd"));
	end(_metadata, &l);
}

static bool change_directory(struct launch *l)
{
	const char *path = scratch_path("a-directory-of-the-launcher");

	mkdir(path, 0755);
	return !chdir(path);
}

TEST(the_working_directory_is_nowhere_in_memory)
{
	const char *argv[] = { "x", NULL };
	struct launch l = { .argv = argv, .prepare = change_directory };
	struct probe_record record;

	start(_metadata, &l, &record);
	EXPECT_FALSE(in_memory(l.pid, "a-directory-of-the-launcher"));
	end(_metadata, &l);
}

static const char *put_script(const char *name, const char *line)
{
	const char *path = scratch_path(name);
	FILE *f = fopen(path, "w");

	if (!f)
		return NULL;
	fprintf(f, "%s\n", line);
	fclose(f);
	chmod(path, 0755);
	return path;
}

/* What a script's interpreter gets replaces argument 0, however long it was. */
TEST(a_replaced_argument_0_is_wiped)
{
	static char old[100001];
	char line[300];
	const char *argv[] = { old, "last", NULL };
	const char *envp[] = { "VARIABLE=value-of-environment", NULL };
	struct launch l = { .argv = argv, .envp = envp };
	struct probe_record record;
	size_t i;

	for (i = 0; i + 20 < sizeof(old); i += 20)
		memcpy(old + i, "replaced-argument-0-", 20);
	l.path = put_program("program", GOOD, PROBE_REPORT | PROBE_WAIT, 0);
	snprintf(line, sizeof(line), "#!%s", l.path);
	l.path = put_script("script", line);
	start(_metadata, &l, &record);
	EXPECT_FALSE(in_memory(l.pid, "replaced-argument-0"));
	EXPECT_FALSE(in_memory(l.pid, "value-of-environment"));
	end(_metadata, &l);
}

/* --- Descriptors --- */

#define MOST_FILES 64

/* What the child's descriptors were before exec; shared with the child. */
struct files {
	char name[MOST_FILES][100];
	int flags[MOST_FILES];
};

static bool note_files(struct launch *l)
{
	struct files *files = l->arg;
	char path[64];
	ssize_t n;
	int fd;

	open("/dev/null", O_RDONLY);
	open("/dev/zero", O_RDWR);
	fcntl(0, F_DUPFD, 20);
	fcntl(1, F_DUPFD_CLOEXEC, 30);
	dup2(open("/proc/self/status", O_RDONLY), 40);
	dup2(open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC), 41);
	dup3(open("/tmp", O_PATH | O_DIRECTORY), 42, O_CLOEXEC);
	for (fd = 0; fd < MOST_FILES; fd++) {
		files->flags[fd] = fcntl(fd, F_GETFD);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, files->name[fd], sizeof(files->name[fd]));
		files->name[fd][n < 0 ? 0 : n] = 0;
	}
	return true;
}

TEST(descriptors_keep_their_numbers_and_those_to_close_are_closed)
{
	struct files *files = mmap(NULL, sizeof(*files),
				   PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct launch l = { .prepare = note_files, .arg = files };
	int fd, kept = 0, closed = 0;
	struct probe_record record;
	char path[64], name[100];
	ssize_t n;

	start(_metadata, &l, &record);
	for (fd = 0; fd < MOST_FILES; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", l.pid, fd);
		n = readlink(path, name, sizeof(name));
		name[n < 0 ? 0 : n] = 0;
		if (files->flags[fd] == FD_CLOEXEC) {
			EXPECT_STREQ("", name);
			closed++;
		} else {
			/* "" where nothing was open. */
			EXPECT_STREQ(files->name[fd], name);
			kept += !!name[0];
		}
	}
	EXPECT_LE(6, kept);
	EXPECT_LE(3, closed);
	end(_metadata, &l);
}

TEST(an_offset_stays_where_it_was)
{
	struct probe_record record;
	struct launch l = {};
	int fd;

	fd = open(put_program("file", GOOD, 0, 0), O_RDONLY);
	lseek(fd, 1234, SEEK_SET);
	start(_metadata, &l, &record);
	EXPECT_STREQ("1234", text_value(read_text(0, "/proc/%d/fdinfo/%d",
						  l.pid, fd), "pos"));
	end(_metadata, &l);
	EXPECT_EQ(1234, lseek(fd, 0, SEEK_CUR));
}

/* A child that shares its table of descriptors executes the program. */
TEST(a_shared_table_of_descriptors_is_split)
{
	const char *program = put_program("program", GOOD, PROBE_WAIT, 0);
	int in[2], keep, cloexec, status;
	char path[64];
	pid_t pid;

	ASSERT_EQ(0, pipe2(in, O_CLOEXEC));
	keep = open("/dev/null", O_RDONLY);
	cloexec = open("/dev/null", O_RDONLY | O_CLOEXEC);
	dup2(in[0], 0);
	pid = syscall(SYS_clone, CLONE_FILES | CLONE_VFORK | SIGCHLD, NULL,
		      NULL, NULL, 0);
	if (!pid) {
		execl(program, "x", NULL);
		_exit(127);
	}
	ASSERT_LT(0, pid);
	EXPECT_EQ(FD_CLOEXEC, fcntl(cloexec, F_GETFD));
	close(keep);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, keep);
	EXPECT_EQ(0, access(path, F_OK));
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, cloexec);
	EXPECT_NE(0, access(path, F_OK));
	close(in[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_GOOD);
}

/* --- Attributes of the process --- */

static const int resources[] = {
	RLIMIT_AS, RLIMIT_CORE, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE,
	RLIMIT_LOCKS, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_NICE,
	RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_RSS, RLIMIT_RTPRIO, RLIMIT_RTTIME,
	RLIMIT_SIGPENDING, RLIMIT_STACK,
};

static bool set_limits(struct launch *l)
{
	size_t i;

	umask(0135);
	for (i = 0; i < ARRAY_SIZE(resources); i++) {
		struct rlimit limit = { 1000 + i, 2000 + i };

		if (resources[i] == RLIMIT_AS || resources[i] == RLIMIT_DATA ||
		    resources[i] == RLIMIT_STACK)
			limit = (struct rlimit){ (64 << 20) + i, 65 << 20 };
		if (setrlimit(resources[i], &limit))
			return false;
	}
	return true;
}

TEST(limits_and_umask_are_kept)
{
	struct launch l = { .prepare = set_limits };
	struct probe_record record;
	struct rlimit limit;
	size_t i;

	start(_metadata, &l, &record);
	EXPECT_STREQ("0135", text_value(read_text(0, "/proc/%d/status", l.pid),
					"Umask"));
	for (i = 0; i < ARRAY_SIZE(resources); i++) {
		ASSERT_EQ(0, prlimit(l.pid, resources[i], NULL, &limit));
		EXPECT_EQ((resources[i] == RLIMIT_AS ||
			   resources[i] == RLIMIT_DATA ||
			   resources[i] == RLIMIT_STACK ? 64 << 20 : 1000) + i,
			  limit.rlim_cur);
	}
	end(_metadata, &l);
}

static void handler(int sig)
{
}

static bool spoil_signals(struct launch *l)
{
	sigset_t set;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		signal(sig, sig % 3 ? sig % 3 == 1 ? SIG_IGN : handler :
				      SIG_DFL);
	sigfillset(&set);
	return !sigprocmask(SIG_BLOCK, &set, NULL);
}

#define MASK(sig) (1ULL << ((sig) - 1))

TEST(signals_are_as_the_abi_has_them)
{
	struct launch l = { .prepare = spoil_signals };
	struct probe_record record;
	char *status;

	start(_metadata, &l, &record);
	status = read_text(0, "/proc/%d/status", l.pid);
	EXPECT_EQ(0, strtoull(text_value(status, "SigBlk"), NULL, 16));
	EXPECT_EQ(0, strtoull(text_value(status, "SigCgt"), NULL, 16));
	EXPECT_EQ(MASK(SIGPIPE) | MASK(SIGCHLD) | MASK(SIGXFSZ),
		  strtoull(text_value(status, "SigIgn"), NULL, 16));
	end(_metadata, &l);
}

TEST(a_program_has_no_new_privileges)
{
	struct probe_record record;
	struct launch l = {};

	start(_metadata, &l, &record);
	EXPECT_STREQ("1", text_value(read_text(0, "/proc/%d/status", l.pid),
				     "NoNewPrivs"));
	end(_metadata, &l);
}

static bool be_nobody(struct launch *l)
{
	return !setgid(NOBODY) && !setuid(NOBODY);
}

TEST(set_id_bits_give_nothing)
{
	struct launch l = { .prepare = be_nobody };
	struct probe_record record;
	char *status;

	if (getuid())
		SKIP(return, "needs root");
	l.path = put_program("program", GOOD, PROBE_REPORT | PROBE_WAIT, 0);
	ASSERT_EQ(0, chmod(l.path, 06755));
	start(_metadata, &l, &record);
	status = read_text(0, "/proc/%d/status", l.pid);
	EXPECT_STREQ("65534\t65534\t65534\t65534", text_value(status, "Uid"));
	EXPECT_STREQ("65534\t65534\t65534\t65534", text_value(status, "Gid"));
	end(_metadata, &l);
}

TEST(set_id_bits_take_nothing)
{
	struct probe_record record;
	struct launch l = {};
	char *status;

	if (getuid())
		SKIP(return, "needs root");
	l.path = put_program("program", GOOD, PROBE_REPORT | PROBE_WAIT, 0);
	ASSERT_EQ(0, chown(l.path, NOBODY, NOBODY));
	ASSERT_EQ(0, chmod(l.path, 06755));
	start(_metadata, &l, &record);
	status = read_text(0, "/proc/%d/status", l.pid);
	EXPECT_STREQ("0\t0\t0\t0", text_value(status, "Uid"));
	EXPECT_STREQ("0\t0\t0\t0", text_value(status, "Gid"));
	end(_metadata, &l);
}

TEST(capabilities_of_a_file_give_nothing)
{
	struct vfs_cap_data caps = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data[0] = { .permitted = UINT32_MAX },
	};
	struct launch l = { .prepare = be_nobody };
	struct probe_record record;
	char *status;

	if (getuid())
		SKIP(return, "needs root");
	l.path = put_program("program", GOOD, PROBE_REPORT | PROBE_WAIT, 0);
	if (setxattr(l.path, "security.capability", &caps, sizeof(caps), 0))
		SKIP(return, "no capabilities on this file system");
	start(_metadata, &l, &record);
	status = read_text(0, "/proc/%d/status", l.pid);
	EXPECT_EQ(0, strtoull(text_value(status, "CapPrm"), NULL, 16));
	EXPECT_EQ(0, strtoull(text_value(status, "CapEff"), NULL, 16));
	end(_metadata, &l);
}

/* The launcher lives on, and may still start native programs. */
static void test_no_entry(struct __test_metadata *_metadata,
			  bool (*prepare)(struct launch *l))
{
	struct launch l = { .prepare = prepare };

	l.path = put_program("program", GOOD, 0, 0);
	ASSERT_TRUE(launch_run(&l));
	EXPECT_EQ(EPERM, l.error) {
		TH_LOG("%s", launch_story(&l));
	}
	l.path = put_program("native", "osabi_sysv", 0, 0);
	ASSERT_TRUE(launch_run(&l));
	EXPECT_TRUE(launch_exited(&l, EXIT_NATIVE)) {
		TH_LOG("%s", launch_story(&l));
	}
}

static bool filter_calls(struct launch *l)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { 1, &allow };

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

TEST(a_filter_of_calls_is_not_a_way_in)
{
	test_no_entry(_metadata, filter_calls);
}

static bool open_port(struct launch *l)
{
	return !ioperm(0x80, 1, 1);
}

TEST(access_to_ports_is_not_a_way_in)
{
	if (ioperm(0x80, 1, 1))
		SKIP(return, "no access to ports");
	ioperm(0x80, 1, 0);
	test_no_entry(_metadata, open_port);
}

static bool allow_cores(struct launch *l)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	return !chdir(scratch()) && !setrlimit(RLIMIT_CORE, &limit);
}

static bool allow_cores_and_crash(struct launch *l)
{
	allow_cores(l);
	abort();
}

#define CORE_PATTERN "/proc/sys/kernel/core_pattern"

TEST(a_crash_leaves_no_core)
{
	struct launch l = { .prepare = allow_cores };
	struct launch native = { .prepare = allow_cores_and_crash };
	char old[256];

	snprintf(old, sizeof(old), "%s", read_text(0, CORE_PATTERN));
	if (!write_text(CORE_PATTERN, "core"))
		SKIP(return, "needs root");
	l.path = put_program("program", GOOD, PROBE_CRASH, 0);
	native.path = l.path;
	ASSERT_TRUE(launch_run(&l));
	EXPECT_TRUE(launch_killed(&l, SIGILL)) {
		TH_LOG("%s", launch_story(&l));
	}
	EXPECT_FALSE(WCOREDUMP(l.status));
	/* The control: a native crash does. */
	ASSERT_TRUE(launch_run(&native));
	EXPECT_TRUE(WCOREDUMP(native.status));
	write_text(CORE_PATTERN, old);
}

/* --- Thread ids --- */

TEST(the_thread_id_is_that_of_the_process)
{
	struct probe_record record;
	struct launch l = {};

	start(_metadata, &l, &record);
	EXPECT_EQ(l.pid, record.tid);
	end(_metadata, &l);
}

TEST(the_thread_id_is_that_outside_of_a_pid_namespace)
{
	struct launch l = { .clone = CLONE_NEWPID };
	struct probe_record record;

	if (getuid())
		SKIP(return, "needs root");
	start(_metadata, &l, &record);
	EXPECT_LT(1, l.pid);
	EXPECT_EQ(l.pid, record.tid);
	EXPECT_STREQ("1", strrchr(text_value(read_text(0, "/proc/%d/status",
						       l.pid), "NSpid"),
				  '\t') + 1);
	end(_metadata, &l);
}

static void *exec_in_thread(void *arg)
{
	launch_exec(arg);
	return NULL;
}

static void *wait_in_thread(void *arg)
{
	for (;;)
		pause();
	return NULL;
}

static bool other_thread_executes(struct launch *l)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 8; i++)
		pthread_create(&thread, NULL, wait_in_thread, NULL);
	pthread_create(&thread, NULL, exec_in_thread, l);
	for (;;)
		pause();
	return false;
}

TEST(a_thread_that_executes_becomes_the_process)
{
	struct launch l = { .prepare = other_thread_executes };
	struct probe_record record;

	start(_metadata, &l, &record);
	EXPECT_EQ(l.pid, record.tid);
	EXPECT_STREQ("1", text_value(read_text(0, "/proc/%d/status", l.pid),
				     "Threads"));
	end(_metadata, &l);
}

static bool first_thread_executes(struct launch *l)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 8; i++)
		pthread_create(&thread, NULL, wait_in_thread, NULL);
	return true;
}

TEST(the_other_threads_end_when_the_first_executes)
{
	struct launch l = { .prepare = first_thread_executes };
	struct probe_record record;

	start(_metadata, &l, &record);
	EXPECT_EQ(l.pid, record.tid);
	EXPECT_STREQ("1", text_value(read_text(0, "/proc/%d/status", l.pid),
				     "Threads"));
	end(_metadata, &l);
}

/* --- Ways to start --- */

TEST(by_a_relative_path)
{
	struct launch l = { .path = "program" };

	put_program("program", GOOD, 0, 0);
	ASSERT_EQ(0, chdir(scratch()));
	run(_metadata, &l);
}

TEST(by_a_path_relative_to_a_directory)
{
	struct launch l = { .path = "program" };

	put_program("program", GOOD, 0, 0);
	l.dirfd = open(scratch(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	run(_metadata, &l);
}

TEST(by_a_symbolic_link)
{
	struct launch l = { .path = scratch_path("link") };

	ASSERT_EQ(0, symlink(put_program("program", GOOD, 0, 0), l.path));
	run(_metadata, &l);
	l.flags = AT_SYMLINK_NOFOLLOW;
	ASSERT_TRUE(launch_run(&l));
	EXPECT_EQ(ELOOP, l.error);
}

static void test_open_file(struct __test_metadata *_metadata, int flags)
{
	struct launch l = { .path = "", .flags = AT_EMPTY_PATH };
	const char *path = put_program("program", GOOD, 0, 0);

	l.dirfd = open(path, flags);
	ASSERT_LE(0, l.dirfd);
	run(_metadata, &l);
	/* A file without a name. */
	ASSERT_EQ(0, unlink(path));
	run(_metadata, &l);
	close(l.dirfd);
}

TEST(by_a_descriptor)
{
	test_open_file(_metadata, O_RDONLY);
}

TEST(by_a_descriptor_that_exec_closes)
{
	test_open_file(_metadata, O_RDONLY | O_CLOEXEC);
}

TEST(by_a_descriptor_that_is_only_a_place)
{
	test_open_file(_metadata, O_PATH | O_CLOEXEC);
}

TEST(by_fexecve)
{
	int fd = open(put_program("program", GOOD, 0, 0), O_RDONLY | O_CLOEXEC);
	char *argv[] = { "x", NULL }, *envp[] = { NULL };
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		fexecve(fd, argv, envp);
		_exit(127);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_GOOD);
}

TEST(from_a_file_in_memory)
{
	struct launch l = { .path = "", .flags = AT_EMPTY_PATH };
	struct corpus_file file;

	l.dirfd = memfd_create("program", MFD_CLOEXEC);
	ASSERT_TRUE(corpus_make(corpus_find(GOOD), &file));
	ASSERT_EQ(0, corpus_write(&file, l.dirfd));
	corpus_free(&file);
	run(_metadata, &l);
}

TEST(by_vfork)
{
	const char *path = put_program("program", GOOD, 0, 0);
	int status;
	pid_t pid;

	pid = vfork();
	if (!pid) {
		execl(path, "x", NULL);
		_exit(127);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_GOOD);
}

TEST(by_posix_spawn)
{
	const char *path = put_program("program", GOOD, 0, 0);
	char *argv[] = { "x", NULL };
	int status;
	pid_t pid;

	ASSERT_EQ(0, posix_spawn(&pid, path, NULL, NULL, argv, environ));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_GOOD);
}

static bool be_traced(struct launch *l)
{
	return !ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

TEST(under_a_tracer)
{
	struct launch l = { .prepare = be_traced };
	int status;

	l.path = put_program("program", GOOD, 0, 0);
	ASSERT_TRUE(launch_start(&l));
	ASSERT_EQ(l.pid, waitpid(l.pid, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
	ASSERT_EQ(0, ptrace(PTRACE_CONT, l.pid, NULL, NULL));
	end(_metadata, &l);
}

/* Runs a script and compares the argument data. */
static void test_script(struct __test_metadata *_metadata, const char *text,
			unsigned int extra)
{
	const char *program = put_program("program", GOOD,
					  PROBE_REPORT | PROBE_ECHO, 0);
	const char *argv[] = { "replaced", "one", "two", NULL };
	unsigned char expected[1000], seen[1000];
	struct probe_record record;
	const char *made[6] = { program };
	struct launch l = { .argv = argv };
	unsigned int n = 1;
	char line[300];
	size_t size;

	snprintf(line, sizeof(line), text, program);
	l.path = put_script("script", line);
	if (extra)
		made[n++] = "an argument";
	made[n++] = l.path;
	made[n++] = "one";
	made[n++] = "two";
	size = joined(expected, made);
	start(_metadata, &l, &record);
	ASSERT_EQ(size, record.argdatalen);
	ASSERT_TRUE(launch_read(&l, seen, size));
	EXPECT_EQ(0, memcmp(expected, seen, size));
	end(_metadata, &l);
}

TEST(by_a_script)
{
	test_script(_metadata, "#!%s", 0);
}

TEST(by_a_script_with_an_argument)
{
	test_script(_metadata, "#! %s an argument", 1);
}

TEST(by_a_script_whose_interpreter_is_a_script)
{
	struct launch l = {};
	char line[300];

	snprintf(line, sizeof(line), "#!%s",
		 put_program("program", GOOD, 0, 0));
	snprintf(line, sizeof(line), "#!%s", put_script("inner", line));
	l.path = put_script("outer", line);
	run(_metadata, &l);
}

TEST(a_script_for_a_hostile_file_is_refused)
{
	struct launch l = {};
	char line[300];

	snprintf(line, sizeof(line), "#!%s",
		 put_program("program", "text_writable", 0, 0));
	l.path = put_script("script", line);
	ASSERT_TRUE(launch_run(&l));
	EXPECT_EQ(ENOEXEC, l.error) {
		TH_LOG("%s", launch_story(&l));
	}
}

/* A new place to mount something at; NULL if that is not possible. */
static const char *mount_at(const char *name, const char *type, int flags,
			    const char *data)
{
	const char *path = scratch_path(name);
	char command[100];

	/* The kernel may know no modprobe to load the file system by. */
	snprintf(command, sizeof(command), "modprobe -q %s 2>/dev/null", type);
	if (system(command) < 0 || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    (mkdir(path, 0755) && errno != EEXIST) ||
	    mount("none", path, type, flags, data))
		return NULL;
	return path;
}

TEST(by_a_registered_format)
{
	const char *at, *program;
	struct launch l = {};
	char text[400];

	program = put_program("program", GOOD, 0, 0);
	at = mount_at("formats", "binfmt_misc", 0, NULL);
	if (!at)
		SKIP(return, "no binfmt_misc");
	snprintf(text, sizeof(text), "%s/register", at);
	snprintf(text + 200, 200, ":cloudabi-test:M::CLOUDABITEST::%s:",
		 program);
	ASSERT_TRUE(write_text(text, text + 200));
	l.path = put_script("file", "CLOUDABITEST and more");
	run(_metadata, &l);
	snprintf(text, sizeof(text), "%s/cloudabi-test", at);
	EXPECT_TRUE(write_text(text, "-1"));
}

/* A native 32-bit program, which executes its arguments. */
TEST(by_a_32_bit_program)
{
	const char *argv[] = { "x", NULL, "argument", NULL };
	struct probe_record record;
	struct corpus_file file;
	struct launch l = { .argv = argv };

	argv[1] = put_program("program", GOOD, PROBE_REPORT | PROBE_WAIT, 0);
	ASSERT_TRUE(corpus_make(corpus_find("elf32_of_i386"), &file));
	file.data[EI_OSABI] = ELFOSABI_NONE;
	memcpy(file.data + ((Elf32_Ehdr *)file.data)->e_entry % 0x1000,
	       corpus_exec32, corpus_exec32_end - corpus_exec32);
	l.path = put_file("exec32", &file);
	corpus_free(&file);
	ASSERT_TRUE(launch_start(&l));
	if (l.error == ENOEXEC) {
		launch_end(&l);
		SKIP(return, "the kernel runs no 32-bit programs");
	}
	ASSERT_TRUE(launch_read(&l, &record, sizeof(record)));
	EXPECT_EQ(strlen(argv[1]) + 1 + strlen("argument"), record.argdatalen);
	/* Nothing of it is where 32-bit programs live. */
	EXPECT_LT(1ULL << 32, record.base);
	EXPECT_LT(1ULL << 32, record.vdso);
	EXPECT_LT(1ULL << 32, record.stack);
	end(_metadata, &l);
}

/* execve() by its 32-bit forms takes strings and vectors below 4 GiB. */
struct low {
	uint32_t argv[4];
	uint32_t envp[1];
	char path[200];
};

static struct low *make_low(const char *path)
{
	struct low *low = mmap(NULL, sizeof(*low), PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	strcpy(low->path, path);
	low->argv[0] = (uintptr_t)low->path;
	low->argv[1] = (uintptr_t)low->path;
	return low;
}

static bool exec_by_int80(struct launch *l)
{
	struct low *low = make_low(l->path);
	long result;

	__asm__ volatile ("int $0x80"
			  : "=a" (result)
			  : "a" (11), "b" (low->path), "c" (low->argv),
			    "d" (low->envp)
			  : "memory", "r8", "r9", "r10", "r11");
	launch_fail(l, -result);
	return false;
}

static bool exec_by_x32(struct launch *l)
{
	struct low *low = make_low(l->path);

	/* x32's own number; vectors are of 32-bit pointers. */
	syscall(0x40000000 | 520, low->path, low->argv, low->envp);
	launch_fail(l, errno);
	return false;
}

static void test_foreign_call(struct __test_metadata *_metadata,
			      bool (*prepare)(struct launch *l))
{
	struct launch l = { .prepare = prepare };
	struct probe_record record;

	l.path = put_program("program", GOOD, PROBE_REPORT | PROBE_WAIT, 0);
	ASSERT_TRUE(launch_start(&l));
	if (l.error == ENOSYS || launch_killed(&l, SIGSEGV)) {
		launch_end(&l);
		SKIP(return, "the kernel has no such call");
	}
	ASSERT_EQ(0, l.error);
	ASSERT_TRUE(launch_read(&l, &record, sizeof(record)));
	EXPECT_LT(1ULL << 32, record.base);
	EXPECT_LT(1ULL << 32, record.vdso);
	EXPECT_LT(1ULL << 32, record.stack);
	end(_metadata, &l);
}

TEST(by_the_32_bit_call_of_a_64_bit_program)
{
	test_foreign_call(_metadata, exec_by_int80);
}

TEST(by_the_call_of_x32)
{
	test_foreign_call(_metadata, exec_by_x32);
}

/* --- What the kernel refuses whatever the format --- */

static void test_error(struct __test_metadata *_metadata, const char *path,
		       int error)
{
	struct launch l = { .path = path };

	ASSERT_NE(NULL, path);
	ASSERT_TRUE(launch_run(&l));
	EXPECT_EQ(error, l.error) {
		TH_LOG("%s", launch_story(&l));
	}
}

TEST(not_without_the_right_to_execute)
{
	const char *path = put_program("program", GOOD, 0, 0);

	ASSERT_EQ(0, chmod(path, 0644));
	test_error(_metadata, path, EACCES);
}

TEST(not_from_a_file_system_without_execution)
{
	char name[] = "noexec/program";

	if (!mount_at("noexec", "tmpfs", MS_NOEXEC, NULL))
		SKIP(return, "needs root");
	test_error(_metadata, put_program(name, GOOD, 0, 0), EACCES);
}

TEST(not_while_it_is_open_for_writing)
{
	struct launch native = {};
	const char *path;
	int fd;

	native.path = put_program("native", "osabi_sysv", 0, 0);
	fd = open(native.path, O_WRONLY | O_CLOEXEC);
	ASSERT_TRUE(launch_run(&native));
	close(fd);
	if (native.error != ETXTBSY)
		SKIP(return, "the kernel allows it");
	path = put_program("program", GOOD, 0, 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	test_error(_metadata, path, ETXTBSY);
	close(fd);
}

TEST(not_written_to_while_it_runs)
{
	struct probe_record record;
	struct launch l = {};

	if (open("/proc/self/exe", O_WRONLY | O_CLOEXEC) >= 0 ||
	    errno != ETXTBSY)
		SKIP(return, "the kernel allows it");
	start(_metadata, &l, &record);
	EXPECT_GT(0, open(l.path, O_WRONLY | O_CLOEXEC));
	EXPECT_EQ(ETXTBSY, errno);
	EXPECT_NE(0, truncate(l.path, 0));
	end(_metadata, &l);
}

TEST(not_a_directory)
{
	test_error(_metadata, scratch(), EACCES);
}

TEST_HARNESS_MAIN
