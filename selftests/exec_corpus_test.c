// SPDX-License-Identifier: GPL-2.0
/*
 * Executes each file of the corpus: elf_corpus/cases.h has one row for each,
 * and each is a test here.
 *
 * A file that is refused must leave the process that tried it as it was: same
 * memory, descriptors, signals, privileges. Code that is run natively ends with
 * a status of its own, whatever else happens: that no hostile file gets there
 * is what most of this is about.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "kselftest_harness.h"

#include "elf_corpus/launch.h"

/* Emulated machines and kernels with checkers are slow. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 600

/* --- One attempt --------------------------------------------------------- */

#define PATTERN_SIZE (3 * 4096)

/* What must not change in a process whose exec failed. */
struct life {
	char maps[16384];
	char attributes[2048];
	unsigned char pattern[PATTERN_SIZE];
	void (*handler)(int sig);
	stack_t stack;
	int files;
};

static const char *const attributes[] = {
	"Name", "Umask", "Tgid", "Pid", "PPid", "TracerPid", "Uid", "Gid",
	"Threads", "SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff",
	"CapBnd", "CapAmb", "NoNewPrivs", "Seccomp",
};

/* Shared with the child, which is where exec fails. */
struct outcome {
	int error;
	char changed[100];
	struct life before, after;
};

static struct outcome *outcome;

static void handler(int sig)
{
}

static int count_files(void)
{
	int fd, count = 0;

	for (fd = 0; fd < 64; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void take_life(struct life *life, const unsigned char *pattern)
{
	char *status = read_text(0, "/proc/self/status");
	struct sigaction action;
	size_t i;

	memset(life, 0, sizeof(*life));
	snprintf(life->maps, sizeof(life->maps), "%s",
		 read_text(1, "/proc/self/maps"));
	for (i = 0; i < ARRAY_SIZE(attributes); i++) {
		strcat(life->attributes, text_value(status, attributes[i]));
		strcat(life->attributes, "\n");
	}
	memcpy(life->pattern, pattern, PATTERN_SIZE);
	sigaction(SIGUSR1, NULL, &action);
	life->handler = action.sa_handler;
	sigaltstack(NULL, &life->stack);
	life->files = count_files();
}

/* The child: something to lose, then exec, then see what is left. */
static void try_exec(const char *path, bool no_new_privs)
{
	char *argv[] = { (char *)path, "argument", NULL };
	char *envp[] = { "VARIABLE=value", NULL };
	static unsigned char stack[65536];
	struct life *before = &outcome->before, *after = &outcome->after;
	unsigned char *pattern;
	int i, keep, cloexec;
	sigset_t set;

	alarm(60);
	if (no_new_privs)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	pattern = mmap(NULL, PATTERN_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < PATTERN_SIZE; i++)
		pattern[i] = i * 7 + i / 256;
	keep = open("/dev/null", O_RDONLY);
	cloexec = open("/dev/null", O_RDONLY | O_CLOEXEC);
	signal(SIGUSR1, handler);
	sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof(stack) },
		    NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);

	take_life(before, pattern);
	take_life(before, pattern);
	execve(path, argv, envp);
	outcome->error = errno;
	take_life(after, pattern);

	if (strcmp(before->maps, after->maps))
		strcpy(outcome->changed, "its memory map");
	else if (strcmp(before->attributes, after->attributes))
		strcpy(outcome->changed, "its attributes");
	else if (memcmp(before->pattern, after->pattern, PATTERN_SIZE))
		strcpy(outcome->changed, "its memory");
	else if (before->handler != after->handler)
		strcpy(outcome->changed, "its signal handler");
	else if (memcmp(&before->stack, &after->stack, sizeof(before->stack)))
		strcpy(outcome->changed, "its signal stack");
	else if (before->files != after->files ||
		 fcntl(keep, F_GETFD) != 0 ||
		 fcntl(cloexec, F_GETFD) != FD_CLOEXEC)
		strcpy(outcome->changed, "its descriptors");
	_exit(0);
}

/* Executes a file; the result in l and in *outcome. */
static bool attempt(struct launch *l, const char *path, bool no_new_privs)
{
	if (!outcome)
		outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	outcome->error = 0;
	outcome->changed[0] = 0;
	l->pid = fork();
	if (!l->pid)
		try_exec(path, no_new_privs);
	if (l->pid < 0 || waitpid(l->pid, &l->status, 0) != l->pid)
		return false;
	l->error = outcome->error;
	return true;
}

static bool as_it_should(const struct corpus_case *c, const struct launch *l)
{
	switch (c->verdict) {
	case CORPUS_REFUSED:
		return l->error == ENOEXEC && WIFEXITED(l->status) &&
		       !outcome->changed[0];
	case CORPUS_RUNS:
		return launch_exited(l, EXIT_GOOD);
	case CORPUS_DIES:
		return launch_killed(l, c->signal);
	default:
		return launch_exited(l, EXIT_NATIVE);
	}
}

/* --- Each file ----------------------------------------------------------- */

static void test_case(struct __test_metadata *_metadata, const char *name)
{
	const struct corpus_case *c = corpus_find(name);
	struct corpus_file file;
	struct launch l = {};
	const char *path;

	ASSERT_TRUE(corpus_make(c, &file));
	path = put_file(name, &file);
	corpus_free(&file);
	if (!path && errno == EFBIG)
		SKIP(return, "no file of this size on this file system");
	ASSERT_NE(NULL, path);
	ASSERT_TRUE(attempt(&l, path, false));
	EXPECT_TRUE(as_it_should(c, &l)) {
		TH_LOG("%s; changed: %s", launch_story(&l), outcome->changed);
	}
	if (c->verdict == CORPUS_REFUSED) {
		ASSERT_TRUE(attempt(&l, path, true));
		EXPECT_TRUE(as_it_should(c, &l)) {
			TH_LOG("with no_new_privs: %s; changed: %s",
			       launch_story(&l), outcome->changed);
		}
	}
	unlink(path);
}

#define CASE(verdict, signal, name, ...)				\
	TEST(name) { test_case(_metadata, #name); }
#include "elf_corpus/cases.h"
#undef CASE

/* --- All files together -------------------------------------------------- */

/* Executes all files of a kind, changed by @change; how many went as told. */
static unsigned int attempt_all(enum corpus_verdict verdict,
				bool (*change)(struct corpus_file *file),
				bool (*is)(const struct launch *l))
{
	struct corpus_file file;
	struct launch l = {};
	unsigned int i, count = 0;
	const char *path;

	for (i = 0; i < corpus_size; i++) {
		if (corpus_cases[i].verdict != verdict ||
		    !corpus_make(&corpus_cases[i], &file))
			continue;
		if (change(&file)) {
			path = put_file("one_of_all", &file);
			if (path && attempt(&l, path, false) && is(&l))
				count++;
		}
		corpus_free(&file);
	}
	return count;
}

static bool only_cloudabi(struct corpus_file *file)
{
	return corpus_is_cloudabi(file);
}

static bool make_native(struct corpus_file *file)
{
	if (!corpus_is_cloudabi(file))
		return false;
	file->data[EI_OSABI] = ELFOSABI_NONE;
	return true;
}

static bool is_refused(const struct launch *l)
{
	return l->error == ENOEXEC;
}

static bool is_native(const struct launch *l)
{
	return launch_exited(l, EXIT_NATIVE);
}

static bool is_good(const struct launch *l)
{
	return launch_exited(l, EXIT_GOOD);
}

TEST(control_good_files_run_natively_under_another_osabi)
{
	unsigned int native = attempt_all(CORPUS_RUNS, make_native, is_native);

	TH_LOG("%u of the files that run", native);
	EXPECT_LE(60, native);
}

TEST(control_refused_files_run_natively_under_another_osabi)
{
	unsigned int native = attempt_all(CORPUS_REFUSED, make_native,
					  is_native);

	TH_LOG("%u of the files that are refused", native);
	EXPECT_LE(50, native);
	EXPECT_EQ(0, attempt_all(CORPUS_REFUSED, make_native, is_good));
}

TEST(control_the_corpus_has_what_it_claims)
{
	unsigned int i, count[4] = {};

	for (i = 0; i < corpus_size; i++)
		count[corpus_cases[i].verdict]++;
	EXPECT_LE(260, count[CORPUS_REFUSED]);
	EXPECT_LE(60, count[CORPUS_RUNS]);
}

TEST(every_other_osabi_is_left_to_the_native_loader)
{
	struct corpus_file file;
	struct launch l = {};
	unsigned int osabi;

	ASSERT_TRUE(corpus_make(corpus_find("position_independent"), &file));
	for (osabi = 0; osabi < 256; osabi++) {
		file.data[EI_OSABI] = osabi;
		ASSERT_TRUE(attempt(&l, put_file("osabi", &file), false));
		EXPECT_TRUE(launch_exited(&l, osabi == ELFOSABI_CLOUDABI ?
					  EXIT_GOOD : EXIT_NATIVE)) {
			TH_LOG("OSABI %u: %s", osabi, launch_story(&l));
		}
	}
	corpus_free(&file);
}

/* --- What must not come of refusing a file ------------------------------- */

#define MODPROBE "/proc/sys/kernel/modprobe"

/* A program that notes what it is called with, in place of modprobe. */
static const char *record_modprobe(void)
{
	static char log[200];
	const char *script = scratch_path("modprobe");
	FILE *f = fopen(script, "w");

	if (!f)
		return NULL;
	strcpy(log, scratch_path("modprobe.log"));
	fprintf(f, "#!/bin/sh\necho \"$@\" >>%s\nexit 1\n", log);
	fclose(f);
	chmod(script, 0755);
	unlink(log);
	return write_text(MODPROBE, script) ? log : NULL;
}

/* A file of no format at all, whose first bytes are no text. */
static const char *put_garbage(void)
{
	struct corpus_file file;
	const char *path;

	if (!corpus_make(corpus_find("smallest"), &file))
		return NULL;
	memcpy(file.data, "\001\002\003\004", 4);
	path = put_file("garbage", &file);
	corpus_free(&file);
	return path;
}

static bool kernel_asks_for_formats(void)
{
	struct utsname name;
	int major = 0, minor = 0;

	uname(&name);
	sscanf(name.release, "%d.%d", &major, &minor);
	return major < 6 || (major == 6 && minor < 14);
}

TEST(refused_files_ask_for_no_module)
{
	struct launch l = {};
	const char *log;
	char old[256];

	snprintf(old, sizeof(old), "%s", read_text(2, MODPROBE));
	if (access(MODPROBE, W_OK))
		SKIP(return, "needs root");
	log = record_modprobe();
	ASSERT_NE(NULL, log);
	EXPECT_NE(0, attempt_all(CORPUS_REFUSED, only_cloudabi, is_refused));
	EXPECT_STREQ("", read_text(2, "%s", log));
	if (kernel_asks_for_formats()) {
		/* The control: other bytes do make it ask. */
		EXPECT_TRUE(attempt(&l, put_garbage(), false));
		EXPECT_EQ(ENOEXEC, l.error);
		EXPECT_NE(NULL, strstr(read_text(2, "%s", log), "binfmt-0403"));
	}
	write_text(MODPROBE, old);
}

/* What comes of other things than exec, at any time. */
static bool is_noise(const char *line)
{
	static const char *const noise[] = {
		"clocksource", "hrtimer", "perf:", "random:", "TSC", "tsc:",
		"sched: RT", "rcu:", "input:", "systemd", "audit:",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(noise); i++) {
		if (strstr(line, noise[i]))
			return true;
	}
	return false;
}

TEST(refused_files_leave_no_line_in_the_kernel_log)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char line[8192];
	ssize_t n;

	if (log < 0)
		SKIP(return, "cannot read the kernel's log");
	lseek(log, 0, SEEK_END);
	EXPECT_NE(0, attempt_all(CORPUS_REFUSED, only_cloudabi, is_refused));
	while ((n = read(log, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		line[n > 0 ? n : 0] = 0;
		EXPECT_TRUE(n > 0 && is_noise(line)) {
			TH_LOG("%s", line);
		}
	}
	close(log);
}

/* Memory of the kernel that nothing takes back, in KiB. */
static long slab(void)
{
	return atol(text_value(read_text(2, "/proc/meminfo"), "SUnreclaim"));
}

#define MANY_HEADERS_KIB 64
#define LEAK_ROUNDS 400

TEST(refused_files_leave_no_memory_behind)
{
	struct corpus_file file;
	struct launch l = {};
	const char *path;
	long before;
	int i;

	ASSERT_TRUE(corpus_make(corpus_find("interpreter_behind_a_thousand"),
				&file));
	path = put_file("leak", &file);
	corpus_free(&file);
	for (i = 0; i < 10; i++)
		attempt(&l, path, false);
	before = slab();
	for (i = 0; i < LEAK_ROUNDS; i++) {
		attempt(&l, path, false);
		ASSERT_EQ(ENOEXEC, l.error);
	}
	EXPECT_GT(before + LEAK_ROUNDS * MANY_HEADERS_KIB / 2, slab());
}

TEST(good_files_leave_no_memory_behind)
{
	const char *path = put_program("leak", "phnum_1170", 0, 0);
	struct launch l = {};
	long before;
	int i;

	ASSERT_NE(NULL, path);
	for (i = 0; i < 10; i++)
		attempt(&l, path, false);
	before = slab();
	for (i = 0; i < LEAK_ROUNDS; i++) {
		attempt(&l, path, false);
		ASSERT_TRUE(launch_exited(&l, EXIT_GOOD));
	}
	EXPECT_GT(before + LEAK_ROUNDS * MANY_HEADERS_KIB / 2, slab());
}

TEST(in_the_end_nothing_holds_the_module)
{
	int tries;

	if (module_references() < 0)
		SKIP(return, "the module is built in");
	/* The last address spaces go a moment after their processes. */
	for (tries = 0; tries < 100 && module_references(); tries++)
		usleep(50000);
	EXPECT_EQ(0, module_references());
}

TEST_HARNESS_MAIN
