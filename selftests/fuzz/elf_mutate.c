// SPDX-License-Identifier: GPL-2.0
/*
 * Changes good executables at random and executes them:
 *
 *	elf_mutate_test [-n COUNT] [-s SEED] [-t SECONDS] [-o NUMBER]
 *
 *	-n	so many of them (2000)
 *	-s	other ones (1)
 *	-t	stop after this time, with what has been done (120 s, more where
 *		the environment has SLOW=N)
 *	-o	only the one of this number; its file is kept
 *
 * Number and seed alone determine a file. It names CloudABI as its ABI always,
 * so each must end in one of three ways: refused with ENOEXEC, killed by a
 * signal, or exited. None may run natively: a tracer looks at the memory map
 * after exec, before the first instruction.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"

#include "../elf_corpus/launch.h"
#include "../slow.h"

/* How long a program may run that has got into a loop, in microseconds. */
#define PATIENCE 500000

/* --- Random numbers --- */

static uint64_t state;

static uint64_t any(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static uint64_t below(uint64_t limit)
{
	return any() % limit;
}

/* --- Mutations --- */

/* Values on which comparisons turn. */
static uint64_t interesting(const struct corpus_file *file)
{
	static const uint64_t values[] = {
		0, 1, 2, 3, 0xff, 0xfff, 0x1000, 0x1001, 0x2000, 0x7fff,
		0x8000, 0xffff, 0x10000, 0x10001, 0x200000, 0x400000,
		0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
		0x3ffffffff000, 0x3ffffffff800, 0x400000000000, 0x7fffffffe000,
		0x7ffffffff000, 0x7fffffffffff, 0x800000000000,
		0x7fffffffffffffff, 0x8000000000000000, 0xffff800000000000,
		0xffffffff81000000, 0xffffffffff600000, 0xfffffffffffff000,
		0xfffffffffffff001, 0xffffffffffffff00, 0xffffffffffffffff,
	};
	const size_t count = sizeof(values) / sizeof(*values);
	size_t choice = below(count + 6);
	size_t segment = below(file->header->e_phnum ?: 1);

	if (choice < count)
		return values[choice];
	switch (choice - count) {
	case 0:
		return file->length + below(5) - 2;
	case 1:
		return file->segments[segment].p_vaddr;
	case 2:
		return file->segments[segment].p_memsz;
	case 3:
		return -file->segments[segment].p_vaddr;
	case 4:
		return 1ULL << below(64);
	default:
		return any() >> below(64);
	}
}

/* The fields of the headers, by offset and size. */
struct field {
	unsigned char offset;
	unsigned char size;
};

#define FIELD(type, name)						\
	{ offsetof(type, name), sizeof(((type *)0)->name) }

static const struct field header_fields[] = {
	FIELD(Elf64_Ehdr, e_type), FIELD(Elf64_Ehdr, e_machine),
	FIELD(Elf64_Ehdr, e_version), FIELD(Elf64_Ehdr, e_entry),
	FIELD(Elf64_Ehdr, e_phoff), FIELD(Elf64_Ehdr, e_shoff),
	FIELD(Elf64_Ehdr, e_flags), FIELD(Elf64_Ehdr, e_ehsize),
	FIELD(Elf64_Ehdr, e_phentsize), FIELD(Elf64_Ehdr, e_phnum),
	FIELD(Elf64_Ehdr, e_shentsize), FIELD(Elf64_Ehdr, e_shnum),
};

static const struct field segment_fields[] = {
	FIELD(Elf64_Phdr, p_type), FIELD(Elf64_Phdr, p_flags),
	FIELD(Elf64_Phdr, p_offset), FIELD(Elf64_Phdr, p_vaddr),
	FIELD(Elf64_Phdr, p_paddr), FIELD(Elf64_Phdr, p_filesz),
	FIELD(Elf64_Phdr, p_memsz), FIELD(Elf64_Phdr, p_align),
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void set_field(void *at, const struct field *field, uint64_t value)
{
	memcpy((char *)at + field->offset, &value, field->size);
}

static void change_field(void *at, const struct field *field)
{
	uint64_t value = 0;

	memcpy(&value, (char *)at + field->offset, field->size);
	switch (below(4)) {
	case 0:
		value ^= 1ULL << below(8 * field->size);
		break;
	case 1:
		value += below(33) - 16;
		break;
	case 2:
		value += (below(9) - 4) * 0x1000;
		break;
	default:
		value *= 2;
	}
	set_field(at, field, value);
}

/* The table of program headers as it was made: e_phoff may be wrong already. */
static unsigned int table_size(const struct corpus_file *file)
{
	const unsigned char *table = (const unsigned char *)file->segments;

	if (table < file->data || table >= file->data + file->used)
		return 1;
	return 1 + below((file->data + file->used - table) / 56 < 8 ? 1 : 8);
}

static void mutate(struct corpus_file *file)
{
	static const uint32_t types[] = {
		PT_LOAD, PT_LOAD, PT_NULL, PT_INTERP, PT_PHDR, PT_TLS,
		PT_DYNAMIC, PT_GNU_STACK, PT_GNU_RELRO,
	};
	Elf64_Phdr *p = &file->segments[table_size(file) - 1];
	Elf64_Phdr *q = &file->segments[table_size(file) - 1];
	const struct field *hf = &header_fields[below(COUNT(header_fields))];
	const struct field *pf = &segment_fields[below(COUNT(segment_fields))];
	Elf64_Phdr old = *p;

	switch (below(13)) {
	case 0:
		file->data[below(64)] ^= 1 << below(8);
		break;
	case 1:
		set_field(file->header, hf, interesting(file));
		break;
	case 2:
		change_field(file->header, hf);
		break;
	case 3:
		((unsigned char *)p)[below(56)] ^= 1 << below(8);
		break;
	case 4:
	case 5:
		set_field(p, pf, interesting(file));
		break;
	case 6:
	case 7:
		change_field(p, pf);
		break;
	case 8:
		*p = *q;
		*q = old;
		break;
	case 9:
		*p = *q;
		p->p_vaddr += 0x1000 * below(8);
		break;
	case 10:
		p->p_type = types[below(COUNT(types))];
		p->p_flags = below(8);
		break;
	case 11:
		file->length = below(2) ? below(file->length + 1) :
					  interesting(file) & INT64_MAX;
		break;
	default:
		file->data[below(file->used)] = any();
	}
}

/* Makes the file of this number: which one it comes from. */
static const struct corpus_case *make(uint64_t seed, unsigned int number,
				      struct corpus_file *file)
{
	const struct corpus_case *c;
	unsigned int changes;

	state = seed * 0x2545f4914f6cdd1dULL + number;
	do {
		c = &corpus_cases[any() % corpus_size];
	} while (c->verdict != CORPUS_RUNS);
	if (!corpus_make(c, file))
		return NULL;
	for (changes = 1 + below(below(2) ? 2 : 6); changes; changes--)
		mutate(file);
	memcpy(file->data, ELFMAG, SELFMAG);
	file->data[EI_OSABI] = ELFOSABI_CLOUDABI;
	if (file->length <= EI_OSABI)
		file->length = EI_OSABI + 1;
	return c;
}

/* --- Running them --- */

enum end {
	REFUSED,	/* ENOEXEC */
	STILLBORN,	/* killed by exec itself */
	KILLED,
	EXITED,
	SKIPPED,	/* no such file on this file system */
	NATIVE,		/* must not be */
	STRANGE,	/* must not be, either */
};

static const char *const end_names[] = {
	"refused", "killed by exec", "killed", "exited", "not tried",
	"RAN NATIVELY", "STRANGE",
};

static volatile int exec_error;

static void be_child(const char *path)
{
	struct itimerval timer = { .it_value = { .tv_usec = PATIENCE } };
	struct rlimit none = { 0, 0 };
	char *argv[] = { "mutant", NULL }, *envp[] = { NULL };
	int null = open("/dev/null", O_RDWR);

	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	setrlimit(RLIMIT_CORE, &none);
	setitimer(ITIMER_REAL, &timer, NULL);
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	execve(path, argv, envp);
	exec_error = errno;
	_exit(0);
}

static bool map_is_native(pid_t pid)
{
	const char *maps = read_text(0, "/proc/%d/maps", pid);

	return !strstr(maps, "cloudabi-vdso") || strstr(maps, "[vdso]") ||
	       strstr(maps, "[heap]");
}

/* Passes on what happens to a traced child until it ends: how that was. */
static enum end follow(pid_t pid)
{
	bool started = false, native = false;
	int status, sig;

	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		sig = WSTOPSIG(status);
		if (!started && sig == SIGTRAP) {
			started = true;
			native = map_is_native(pid);
			sig = 0;
		}
		ptrace(PTRACE_CONT, pid, NULL, (void *)(long)sig);
	}
	if (native || (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NATIVE))
		return NATIVE;
	if (!started && WIFEXITED(status))
		return exec_error == ENOEXEC ? REFUSED : STRANGE;
	if (WIFSIGNALED(status))
		return started ? KILLED : STILLBORN;
	return started ? EXITED : STRANGE;
}

static enum end run(const struct corpus_file *file)
{
	const char *path = put_file("mutant", file);
	enum end end = SKIPPED;
	pid_t pid;

	if (path) {
		exec_error = 0;
		/* The child writes to nothing of ours but the error. */
		pid = vfork();
		if (!pid)
			be_child(path);
		end = pid > 0 ? follow(pid) : STRANGE;
	}
	return end;
}

/* --- The kernel's log --- */

static int log_fd = -1;

static void open_log(void)
{
	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (log_fd >= 0)
		lseek(log_fd, 0, SEEK_END);
}

static bool is_splat(const char *line)
{
	static const char *const marks[] = {
		"WARNING:", "BUG:", "BUG at", "Oops", "KASAN", "UBSAN",
		"Call Trace", "INFO: ", "general protection fault,",
		"unable to handle", "cloudabi:",
	};
	size_t i;

	for (i = 0; i < COUNT(marks); i++) {
		if (strstr(line, marks[i]))
			return true;
	}
	return false;
}

/* Prints what is new and alarming: how many lines. */
static unsigned int read_log(void)
{
	unsigned int count = 0;
	char line[8192];
	ssize_t n;

	for (;;) {
		n = read(log_fd, line, sizeof(line) - 1);
		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			return count;
		line[n] = 0;
		if (is_splat(line)) {
			ksft_print_msg("%s", line);
			count++;
		}
	}
}

/* --- Main --- */

struct options {
	unsigned int count;
	uint64_t seed;
	int seconds;
	long only;
};

static void read_options(int argc, char **argv, struct options *o)
{
	int opt;

	o->seconds *= slow();
	while ((opt = getopt(argc, argv, "n:s:t:o:")) != -1) {
		switch (opt) {
		case 'n':
			o->count = atoi(optarg);
			break;
		case 's':
			o->seed = strtoull(optarg, NULL, 0);
			break;
		case 't':
			o->seconds = atoi(optarg);
			break;
		case 'o':
			o->only = atol(optarg);
			break;
		default:
			ksft_exit_fail_msg("usage: see the source\n");
		}
	}
}

static enum end try(const struct options *o, unsigned int number)
{
	const struct corpus_case *c;
	struct corpus_file file;
	enum end end;

	c = make(o->seed, number, &file);
	if (!c)
		return SKIPPED;
	end = run(&file);
	if (end >= NATIVE || o->only >= 0)
		ksft_print_msg("%s: -s %llu -o %u, made from %s\n",
			       end_names[end], (unsigned long long)o->seed,
			       number, c->name);
	if (o->only >= 0) {
		int fd = open("mutant", O_WRONLY | O_CREAT | O_TRUNC, 0755);

		if (fd < 0 || corpus_write(&file, fd))
			ksft_print_msg("mutant: %s\n", strerror(errno));
	}
	corpus_free(&file);
	return end;
}

static bool module_is_free(void)
{
	int tries;

	for (tries = 0; tries < 100 && module_references() > 0; tries++)
		usleep(50000);
	return module_references() <= 0;
}

int main(int argc, char **argv)
{
	struct options o = { .count = 2000, .seed = 1, .seconds = 120,
			     .only = -1 };
	unsigned int ends[COUNT(end_names)] = {}, splats = 0, i;
	time_t start = time(NULL);

	read_options(argc, argv, &o);
	ksft_print_header();
	ksft_set_plan(5);
	open_log();
	if (o.only >= 0)
		ends[try(&o, o.only)]++;
	for (i = 0; o.only < 0 && i < o.count; i++) {
		if (time(NULL) - start >= o.seconds) {
			ksft_print_msg("stopped after %u of %u\n", i, o.count);
			break;
		}
		ends[try(&o, i)]++;
		if (i % 32 == 0)
			splats += read_log();
	}
	splats += read_log();
	for (i = 0; i < COUNT(end_names); i++)
		ksft_print_msg("%5u %s\n", ends[i], end_names[i]);

	ksft_test_result(!ends[NATIVE], "no mutant runs natively\n");
	ksft_test_result(!ends[STRANGE],
			 "mutants are refused, are killed or exit\n");
	ksft_test_result(o.only >= 0 ||
			 (ends[REFUSED] && ends[STILLBORN] && ends[KILLED] &&
			  ends[EXITED]),
			 "each of these happens\n");
	ksft_test_result(!splats, "the kernel has nothing to warn of\n");
	ksft_test_result(module_is_free(), "nothing holds the module\n");
	ksft_exit(!ksft_get_fail_cnt());
}
