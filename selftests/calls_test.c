// SPDX-License-Identifier: GPL-2.0
/*
 * The calls on descriptors, memory, clocks and the process itself, as CloudABI
 * programs and their native parents see them.
 *
 * Most tests are in the programs, which tell their own results; see
 * programs/tests/{fd,fdstat,rw,mem,clock,random,proc}.c. Here is what one
 * program alone cannot show.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "helped.h"

#include "kselftest_harness.h"

/* No test takes that long; those that hang are ended by helped_serve(). */
#define LIMIT 900

FIXTURE(calls) {
	struct helped helped;
};

FIXTURE_SETUP(calls)
{
}

FIXTURE_TEARDOWN(calls)
{
}

TEST_F_TIMEOUT(calls, fd, LIMIT)
{
	EXPECT_TRUE(helped_run("fd", NULL));
}

TEST_F_TIMEOUT(calls, fdstat, LIMIT)
{
	EXPECT_TRUE(helped_run("fdstat", NULL));
}

/* Another seed each time; the one that fails is told. */
TEST_F_TIMEOUT(calls, fdstat_at_random, LIMIT)
{
	char seed[32];
	const char *words[] = { seed, NULL };

	snprintf(seed, sizeof(seed), "%ld", (long)time(NULL));
	EXPECT_TRUE(helped_run("fdstat", words));
}

TEST_F_TIMEOUT(calls, rw, LIMIT)
{
	EXPECT_TRUE(helped_run("rw", NULL));
}

TEST_F_TIMEOUT(calls, mem, LIMIT)
{
	EXPECT_TRUE(helped_run("mem", NULL));
}

TEST_F_TIMEOUT(calls, clock, LIMIT)
{
	EXPECT_TRUE(helped_run("clock", NULL));
}

TEST_F_TIMEOUT(calls, random, LIMIT)
{
	EXPECT_TRUE(helped_run("random", NULL));
}

TEST_F_TIMEOUT(calls, proc, LIMIT)
{
	EXPECT_TRUE(helped_run("proc", NULL));
}

/* --- Clocks in a time namespace ------------------------------------------- */

TEST_F_TIMEOUT(calls, clock_in_a_time_namespace, LIMIT)
{
	const char *words[] = { "86400", NULL };
	struct helped *h = &self->helped;

	ASSERT_TRUE(helped_open(h));
	h->time_namespace = open_time_namespace(86400);
	if (h->time_namespace < 0)
		SKIP(return, "no time namespaces here");
	ASSERT_EQ(0, helped_start(h, "clock", words));
	helped_serve(h);
	EXPECT_TRUE(helped_passed(h));
}

/* --- The end of a process ------------------------------------------------- */

/* Runs a program whose output is not KTAP; returns its wait status. */
static int run_quietly(struct helped *h, const char *program,
		       const char *const *words)
{
	h->pid = fork();
	if (!h->pid)
		run_with(program, h->given, HELPER_FD + 1, words);
	if (waitpid(h->pid, &h->status, 0) != h->pid)
		return -1;
	return h->status;
}

static void give_nothing(struct helped *h)
{
	helped_init(h);
	h->given[0] = open_empty_file();
	h->given[1] = open("/dev/null", O_RDWR | O_CLOEXEC);
	h->given[2] = h->given[1];
}

/* A native parent sees the lower eight bits. */
TEST_F_TIMEOUT(calls, exit_codes, LIMIT)
{
	static const unsigned int codes[] = {
		0, 1, 2, 127, 128, 254, 255, 256, 257, 0x1234, 0x7fffffff,
		0x80000000, 0xffffff00, 0xffffffff,
	};

	give_nothing(&self->helped);
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		char code[32];
		const char *words[] = { "exit", code, NULL };

		snprintf(code, sizeof(code), "%u", codes[i]);
		EXPECT_EQ((codes[i] & 0xff) << 8,
			  run_quietly(&self->helped, "proc", words)) {
			TH_LOG("code %s", code);
		}
		words[0] = "return";
		EXPECT_EQ((codes[i] & 0xff) << 8,
			  run_quietly(&self->helped, "proc", words));
	}
}

enum effect { DIES, STOPS, NOTHING };

/* Number of the ABI, number of Linux, and what it does. */
static const struct {
	int number;
	int native;
	enum effect effect;
} signals[] = {
	{ 1, SIGABRT, DIES },	{ 2, SIGALRM, DIES },	{ 3, SIGBUS, DIES },
	{ 4, SIGCHLD, NOTHING }, { 5, SIGCONT, NOTHING }, { 6, SIGFPE, DIES },
	{ 7, SIGHUP, DIES },	{ 8, SIGILL, DIES },	{ 9, SIGINT, DIES },
	{ 10, SIGKILL, DIES },	{ 11, SIGPIPE, NOTHING }, { 12, SIGQUIT, DIES },
	{ 13, SIGSEGV, DIES },	{ 14, SIGSTOP, STOPS },	{ 15, SIGSYS, DIES },
	{ 16, SIGTERM, DIES },	{ 17, SIGTRAP, DIES },	{ 18, SIGTSTP, STOPS },
	{ 19, SIGTTIN, STOPS },	{ 20, SIGTTOU, STOPS },	{ 21, SIGURG, NOTHING },
	{ 22, SIGUSR1, DIES },	{ 23, SIGUSR2, DIES },	{ 24, SIGVTALRM, DIES },
	{ 25, SIGXCPU, DIES },	{ 26, SIGXFSZ, DIES },
};

/* Starts `proc raise` with its output in a pipe. */
static void start_raise(struct helped *h, int number)
{
	char text[16];
	const char *words[] = { "raise", text, NULL };
	int fds[2];

	snprintf(text, sizeof(text), "%d", number);
	if (pipe2(fds, O_CLOEXEC))
		return;
	h->output = fds[0];
	h->given[1] = fds[1];
	h->pid = fork();
	if (!h->pid)
		run_with("proc", h->given, HELPER_FD + 1, words);
	close(fds[1]);
}

/* What it has written, up to its end. */
static const char *output_of(struct helped *h)
{
	static char text[256];
	size_t len = 0;
	ssize_t n;

	while ((n = read(h->output, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	text[len] = 0;
	close(h->output);
	return text;
}

FIXTURE(raised) {
	struct helped helped;
};

FIXTURE_SETUP(raised)
{
	give_nothing(&self->helped);
}

FIXTURE_TEARDOWN(raised)
{
}

/* Fatal signals: that very status, no core, and not another word. */
TEST_F_TIMEOUT(raised, deaths, LIMIT)
{
	struct helped *h = &self->helped;

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		if (signals[i].effect != DIES)
			continue;
		start_raise(h, signals[i].number);
		EXPECT_STREQ("", output_of(h));
		EXPECT_EQ(h->pid, waitpid(h->pid, &h->status, WUNTRACED));
		EXPECT_EQ(signals[i].native, h->status) {
			TH_LOG("signal %d", signals[i].number);
		}
	}
}

TEST_F_TIMEOUT(raised, survivals, LIMIT)
{
	struct helped *h = &self->helped;

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		if (signals[i].effect != NOTHING)
			continue;
		start_raise(h, signals[i].number);
		EXPECT_STREQ("ESUCCESS\ngoes on\n", output_of(h));
		EXPECT_EQ(h->pid, waitpid(h->pid, &h->status, WUNTRACED));
		EXPECT_EQ(0, h->status) {
			TH_LOG("signal %d", signals[i].number);
		}
	}
}

/* It stops by that signal, tells nothing meanwhile, and goes on. */
TEST_F_TIMEOUT(raised, stops, LIMIT)
{
	struct helped *h = &self->helped;

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		struct pollfd poll_fd = { .events = POLLIN };

		if (signals[i].effect != STOPS)
			continue;
		start_raise(h, signals[i].number);
		poll_fd.fd = h->output;
		EXPECT_EQ(h->pid, waitpid(h->pid, &h->status, WUNTRACED));
		EXPECT_TRUE(WIFSTOPPED(h->status)) {
			TH_LOG("signal %d", signals[i].number);
		}
		EXPECT_EQ(signals[i].native, WSTOPSIG(h->status));
		EXPECT_EQ(0, poll(&poll_fd, 1, 100));
		EXPECT_EQ(0, kill(h->pid, SIGCONT));
		EXPECT_STREQ("ESUCCESS\ngoes on\n", output_of(h));
		EXPECT_EQ(h->pid, waitpid(h->pid, &h->status, 0));
		EXPECT_EQ(0, h->status);
	}
}

TEST_F_TIMEOUT(raised, unknown_ones, LIMIT)
{
	static const int numbers[] = { 27, 28, 31, 32, 63, 64, 65, 127, 128,
				       255 };
	struct helped *h = &self->helped;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		start_raise(h, numbers[i]);
		EXPECT_STREQ("EINVAL\ngoes on\n", output_of(h));
		EXPECT_EQ(h->pid, waitpid(h->pid, &h->status, 0));
		EXPECT_EQ(0, h->status);
	}
}

/* What the launcher ignored or blocked is not ignored or blocked any more. */
TEST_F_TIMEOUT(raised, deaths_whatever_the_launcher_did, LIMIT)
{
	struct helped *h = &self->helped;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int i = 1; i < 32; i++)
		signal(i, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		if (signals[i].effect != DIES)
			continue;
		start_raise(h, signals[i].number);
		EXPECT_STREQ("", output_of(h));
		EXPECT_EQ(h->pid, waitpid(h->pid, &h->status, WUNTRACED));
		EXPECT_EQ(signals[i].native, h->status) {
			TH_LOG("signal %d", signals[i].number);
		}
	}
}

/* --- Memory: what programs die of ----------------------------------------- */

TEST_F_TIMEOUT(calls, memory_faults, LIMIT)
{
	static const struct {
		const char *what;
		int signal;
	} rows[] = {
		{ "read_nothing", SIGSEGV },
		{ "write_read_only", SIGSEGV },
		{ "write_executable", SIGSEGV },
		{ "write_text", SIGSEGV },
		{ "write_vdso", SIGSEGV },
		{ "write_null", SIGSEGV },
		{ "call_data", SIGSEGV },
		{ "call_heap", SIGSEGV },
		{ "call_stack", SIGSEGV },
		{ "call_protected", SIGSEGV },
		{ "use_unmapped", SIGSEGV },
		{ "unmap_vdso", SIGSEGV },
		{ "protect_vdso", SIGSEGV },
		{ "unmap_stack", SIGSEGV },
		{ "unmap_all", SIGSEGV },
		{ "read_behind_the_end", SIGBUS },
	};

	give_nothing(&self->helped);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *words[] = { rows[i].what, NULL };

		EXPECT_EQ(rows[i].signal,
			  run_quietly(&self->helped, "mem_fatal", words)) {
			TH_LOG("%s", rows[i].what);
		}
	}
}

/* --- Rights on their way through natives ---------------------------------- */

/* A program that has narrowed its descriptor and waits. */
static void start_link(struct helped *h, int fd, uint64_t base,
		       uint64_t inheriting)
{
	char base_text[32], inheriting_text[32];
	const char *words[] = { base_text, inheriting_text, NULL };
	int input[2], output[2];

	snprintf(base_text, sizeof(base_text), "%llx",
		 (unsigned long long)base);
	snprintf(inheriting_text, sizeof(inheriting_text), "%llx",
		 (unsigned long long)inheriting);
	if (pipe2(input, O_CLOEXEC) || pipe2(output, O_CLOEXEC))
		return;
	h->output = output[0];
	h->control = input[1];
	h->pid = fork();
	if (!h->pid)
		run_with("fdstat_chain", (int[]){ input[0], output[1], 2, fd },
			 4, words);
	close(input[0]);
	close(output[1]);
	h->pidfd = syscall(SYS_pidfd_open, h->pid, 0);
}

/* What it has told; then its descriptor is as it shall be. */
static const char *line_of(struct helped *h)
{
	static char line[256];
	size_t len = 0;

	while (len < sizeof(line) - 1 && read(h->output, line + len, 1) == 1 &&
	       line[len] != '\n')
		len++;
	line[len] = 0;
	return line;
}

static int end_link(struct helped *h)
{
	close(h->control);
	close(h->output);
	close(h->pidfd);
	waitpid(h->pid, &h->status, 0);
	return h->status;
}

/* From hand to hand among natives, as messages. */
static int send_to_myself(int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int ends[2], got = -1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -1;
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	if (sendmsg(ends[0], &msg, 0) == 1 &&
	    recvmsg(ends[1], &msg, MSG_CMSG_CLOEXEC) == 1)
		memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	close(ends[0]);
	close(ends[1]);
	return got;
}

FIXTURE(chain) {
	struct helped helped;
	int fd;
};

FIXTURE_VARIANT(chain) {
	int (*open)(void);
	unsigned int type;
	/* What there is first, and what is left after each program. */
	struct {
		unsigned long long base;
		unsigned long long inheriting;
	} rights[4];
};

static int chain_directory(void)
{
	return open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int chain_socket(void)
{
	int fds[2];

	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) ? -1 :
	       fds[0];
}

FIXTURE_VARIANT_ADD(chain, directory) {
	.open = chain_directory,
	.type = 0x20,
	.rights = {
		{ 0x13eff698, 0x11ffff7ff },
		{ 0x13eff698, 0x11ffff77f },
		{ 0x00004408, 0x100000002 },
		{ 0, 0 },
	},
};

FIXTURE_VARIANT_ADD(chain, file) {
	.open = open_empty_file,
	.type = 0x60,
	.rights = {
		{ 0x11c3801ff, 0 },
		{ 0x11c3801df, 0 },
		{ 0x42, 0 },
		{ 0, 0 },
	},
};

FIXTURE_VARIANT_ADD(chain, socket) {
	.open = chain_socket,
	.type = 0x82,
	.rights = {
		{ 0x801008004a, 0x815ffff7ff },
		{ 0x801008004a, 0x815ffff7fe },
		{ 0x40, 0x40 },
		{ 0, 0 },
	},
};

FIXTURE_SETUP(chain)
{
	helped_init(&self->helped);
	self->fd = variant->open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(chain)
{
}

/*
 * Each program gets from the native process what that took from the one before
 * and passed around: neither of them gives a right back.
 */
TEST_F_TIMEOUT(chain, rights_do_not_come_back, LIMIT)
{
	struct helped *h = &self->helped;
	char expected[128];
	int fd = self->fd;

	for (int i = 0; i < 4; i++) {
		int next = i < 3 ? i + 1 : i;

		start_link(h, fd, variant->rights[next].base,
			   variant->rights[next].inheriting);
		snprintf(expected, sizeof(expected), "%u %llx %llx ENOTCAPABLE",
			 variant->type, variant->rights[i].base,
			 variant->rights[i].inheriting);
		EXPECT_STREQ(expected, line_of(h));
		fd = syscall(SYS_pidfd_getfd, h->pidfd, 3, 0);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, end_link(h));
		fd = send_to_myself(fd);
		ASSERT_LE(0, fd);
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 50);
		ASSERT_LE(0, fd);
	}
}

/* --- Signals in a wait ---------------------------------------------------- */

/* Those that end a process also end its calls, at once. */
TEST_F_TIMEOUT(calls, waits_end_by_fatal_signals, LIMIT)
{
	static const int fatal[] = {
		SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGQUIT, SIGALRM,
		SIGIO, SIGPWR, SIGSTKFLT, SIGPROF, 34, 64,
	};
	struct helped *h = &self->helped;

	helped_init(h);
	for (size_t i = 0; i < ARRAY_SIZE(fatal); i++) {
		int fd = open_empty_file();

		start_link(h, fd, 0, 0);
		line_of(h);
		wait_for_state(h, 'S');
		EXPECT_EQ(0, kill(h->pid, fatal[i]));
		EXPECT_EQ(h->pid, waitpid(h->pid, &h->status, 0));
		EXPECT_EQ(fatal[i], h->status);
		close(h->control);
		close(h->output);
		close(h->pidfd);
		close(fd);
	}
}

/* --- One open file, many processes ---------------------------------------- */

#define SHARERS 3
#define RECORDS 3000

struct record {
	uint32_t number;
	uint32_t count;
};

FIXTURE(shared) {
	int file;
	int copy;
	pid_t pids[2 * SHARERS];
	int started;
};

FIXTURE_VARIANT(shared) {
	const char *narrow;
};

FIXTURE_VARIANT_ADD(shared, native_files) {
	.narrow = NULL,
};

FIXTURE_VARIANT_ADD(shared, capabilities) {
	.narrow = "narrow",
};

FIXTURE_SETUP(shared)
{
	self->file = open_empty_file();
	self->copy = open_empty_file();
	fcntl(self->copy, F_SETFL, O_APPEND);
	self->started = 0;
	ASSERT_LE(0, self->file);
	ASSERT_LE(0, self->copy);
}

FIXTURE_TEARDOWN(shared)
{
}

static pid_t start_sharer(const char *what, int number, const char *narrow,
			  const int *fds)
{
	char text[16];
	const char *words[] = { what, text, "3000", narrow, NULL };
	pid_t pid = fork();

	if (pid)
		return pid;
	snprintf(text, sizeof(text), "%d", number);
	run_with("rw_shared", fds, 5, words);
	_exit(127);
}

/* Does natively what rw_shared does. */
static pid_t start_native(char what, int number, int file)
{
	struct record record = { .number = number };
	pid_t pid = fork();

	if (pid)
		return pid;
	for (uint32_t i = 0; i < RECORDS; i++) {
		record.count = i;
		if (what == 'w' && write(file, &record, sizeof(record)) !=
				   sizeof(record))
			_exit(1);
		if (what == 's' && lseek(file, sizeof(record), SEEK_CUR) < 0)
			_exit(1);
	}
	_exit(0);
}

/* How many of them failed. */
static int wait_for_all(const pid_t *pids, int n)
{
	int failed = 0, status;

	for (int i = 0; i < n; i++) {
		if (waitpid(pids[i], &status, 0) != pids[i] || status)
			failed++;
	}
	return failed;
}

/* How many records of each writer are there in their order, once each. */
static void count_records(int file, uint32_t *found)
{
	struct record record;

	for (off_t at = 0; pread(file, &record, sizeof(record), at) ==
			   sizeof(record); at += sizeof(record)) {
		if (record.number < 2 * SHARERS &&
		    record.count == found[record.number])
			found[record.number]++;
	}
}

TEST_F_TIMEOUT(shared, writes_do_not_overwrite_each_other, LIMIT)
{
	const int fds[] = { -1, -1, -1, self->file, self->copy };
	uint32_t found[2 * SHARERS] = { 0 };

	for (int i = 0; i < SHARERS; i++) {
		self->pids[2 * i] = start_sharer("write", 2 * i,
						 variant->narrow, fds);
		self->pids[2 * i + 1] = start_native('w', 2 * i + 1,
						     self->file);
	}
	EXPECT_EQ(0, wait_for_all(self->pids, 2 * SHARERS));
	EXPECT_EQ(2 * SHARERS * RECORDS * sizeof(struct record),
		  lseek(self->file, 0, SEEK_END));
	count_records(self->file, found);
	for (int i = 0; i < 2 * SHARERS; i++)
		EXPECT_EQ(RECORDS, found[i]);
}

/* A move of the offset is not lost between the read and the store of a write */
TEST_F_TIMEOUT(shared, moves_of_the_offset_are_not_lost, LIMIT)
{
	const int fds[] = { -1, -1, -1, self->file, self->copy };

	for (int i = 0; i < SHARERS; i++) {
		self->pids[2 * i] = start_sharer(i & 1 ? "write" : "seek", i,
						 variant->narrow, fds);
		self->pids[2 * i + 1] = start_native(i & 1 ? 's' : 'w', i,
						     self->file);
	}
	EXPECT_EQ(0, wait_for_all(self->pids, 2 * SHARERS));
	EXPECT_EQ(2 * SHARERS * RECORDS * sizeof(struct record),
		  lseek(self->file, 0, SEEK_CUR));
}

TEST_F_TIMEOUT(shared, reads_get_everything_once, LIMIT)
{
	const int fds[] = { -1, -1, -1, self->file, self->copy };
	static unsigned char seen[SHARERS * RECORDS];
	struct record record = { .number = 0 };

	for (record.count = 0; record.count < SHARERS * RECORDS; record.count++)
		ASSERT_EQ(sizeof(record), write(self->file, &record,
						sizeof(record)));
	lseek(self->file, 0, SEEK_SET);
	for (int i = 0; i < SHARERS; i++)
		self->pids[i] = start_sharer("read", i, variant->narrow, fds);
	EXPECT_EQ(0, wait_for_all(self->pids, SHARERS));
	EXPECT_EQ(SHARERS * RECORDS * sizeof(record),
		  lseek(self->copy, 0, SEEK_END));
	for (off_t at = 0; pread(self->copy, &record, sizeof(record), at) ==
			   sizeof(record); at += sizeof(record)) {
		if (record.count < SHARERS * RECORDS)
			seen[record.count]++;
	}
	for (int i = 0; i < SHARERS * RECORDS; i++)
		ASSERT_EQ(1, seen[i]);
}

TEST_HARNESS_MAIN
