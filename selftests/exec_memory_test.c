// SPDX-License-Identifier: GPL-2.0
/*
 * The address space that a CloudABI program starts with: what is in it and what
 * is not, where things are, the stack, the vDSO; and what happens where memory
 * or the file itself gives out after exec cannot fail any more.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "kselftest_harness.h"

#include "../tools/lib/abi_names.h"
#include "elf_corpus/launch.h"
#include "slow.h"

/* Emulated machines and kernels with checkers are slow. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 600

#define GOOD "position_independent"
#define FIXED_ADDRESS 0x400000
#define PAGE 4096

/* --- Memory maps --- */

struct area {
	unsigned long start;
	unsigned long end;
	char rights[5];
	unsigned long offset;
	char name[120];
};

/* The memory map of a process; how many areas. */
static unsigned int read_areas(pid_t pid, struct area *areas, unsigned int most)
{
	char *line = read_text(0, "/proc/%d/maps", pid);
	unsigned int n = 0;

	while (line && *line && n < most) {
		struct area *a = &areas[n];

		a->name[0] = 0;
		if (sscanf(line, "%lx-%lx %4s %lx %*x:%*x %*u%*[ ]%119[^\n]",
			   &a->start, &a->end, a->rights, &a->offset,
			   a->name) < 4)
			break;
		n++;
		line = strchr(line, '\n');
		line += line && *line == '\n';
	}
	return n;
}

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

static bool is_area(const struct area *a, unsigned long start,
		    unsigned long end, const char *rights, const char *name)
{
	return a->start == start && a->end == end &&
	       !strcmp(a->rights, rights) && strstr(a->name, name) &&
	       !a->name[0] == !name[0];
}

#define VDSO "cloudabi-vdso"

/* A map of a program of one text and one data segment, where base is. */
static void test_map(struct __test_metadata *_metadata, pid_t pid,
		     const struct probe_record *record, unsigned long base)
{
	unsigned int i, n, known = 0;
	struct area areas[20];

	n = read_areas(pid, areas, 20);
	for (i = 0; i < n; i++) {
		const struct area *a = &areas[i];
		bool is_known =
			is_area(a, base, base + 0x2000, "r-xp", "/program") ||
			is_area(a, base + 0x2000, base + 0x3000, "rw-p",
				"/program") ||
			is_area(a, base + 0x3000, base + 0x5000, "rw-p", "") ||
			is_area(a, record->vdso, a->end, "r-xp", VDSO) ||
			is_area(a, record->vdso - PAGE, record->vdso, "r--p",
				VDSO) ||
			(record->stack >= a->start && record->stack < a->end &&
			 is_area(a, a->start, a->end, "rw-p", "[stack]"));

		known += is_known;
		EXPECT_TRUE(is_known) {
			TH_LOG("%lx-%lx %s %s", a->start, a->end, a->rights,
			       a->name);
		}
	}
	EXPECT_EQ(6, known);
}

TEST(the_map_has_program_stack_and_vdso_and_nothing_else)
{
	struct probe_record record;
	struct launch l = {};

	start(_metadata, &l, &record);
	test_map(_metadata, l.pid, &record, record.base);
	end(_metadata, &l);
}

TEST(the_map_of_a_fixed_program_has_the_same)
{
	struct probe_record record;
	struct launch l = {};

	l.path = put_program("program", "at_a_fixed_address",
			     PROBE_REPORT | PROBE_WAIT, 0);
	start(_metadata, &l, &record);
	EXPECT_EQ(0, record.base);
	test_map(_metadata, l.pid, &record, FIXED_ADDRESS);
	end(_metadata, &l);
}

static const char *const absent[] = {
	"[vdso]", "[vvar]", "[vvar_vclock]", "[vsyscall]", "[heap]",
	"[uprobes]", "[sigpage]", "ld-linux",
};

/* A thousand segments and what lies between them. */
#define MOST_AREAS 3000

/* True if no area is writable and executable, none is Linux's. */
static bool map_is_clean(struct __test_metadata *_metadata, pid_t pid,
			 struct area *areas)
{
	unsigned int i, j, n, stacks = 0, vdsos = 0;
	bool clean = true;

	n = read_areas(pid, areas, MOST_AREAS);
	for (i = 0; i < n; i++) {
		const struct area *a = &areas[i];

		clean &= a->rights[1] != 'w' || a->rights[2] != 'x';
		clean &= a->rights[3] == 'p';
		for (j = 0; j < ARRAY_SIZE(absent); j++)
			clean &= !strstr(a->name, absent[j]);
		if (!strcmp(a->name, "[stack]"))
			stacks += !strcmp(a->rights, "rw-p");
		if (strstr(a->name, VDSO))
			vdsos += !strcmp(a->rights, "r-xp");
	}
	return clean && stacks == 1 && vdsos == 1;
}

TEST(no_map_of_the_corpus_is_writable_and_executable)
{
	static struct area areas[MOST_AREAS];
	struct probe_record record;
	unsigned int i, count = 0;
	struct launch l = {};

	for (i = 0; i < corpus_size; i++) {
		const struct corpus_case *c = &corpus_cases[i];

		if (c->verdict != CORPUS_RUNS)
			continue;
		l.path = put_program("program", c->name,
				     PROBE_REPORT | PROBE_WAIT, 0);
		if (!l.path)
			continue;
		start(_metadata, &l, &record);
		EXPECT_TRUE(map_is_clean(_metadata, l.pid, areas)) {
			TH_LOG("%s: %.2000s", c->name,
			       read_text(0, "/proc/%d/maps", l.pid));
		}
		end(_metadata, &l);
		count++;
	}
	EXPECT_LE(60, count);
}

static bool set_personality(struct launch *l)
{
	return personality((unsigned long)l->arg) != -1;
}

static const struct {
	unsigned long persona;
	const char *name;
} personalities[] = {
	{ ADDR_NO_RANDOMIZE, "ADDR_NO_RANDOMIZE" },
	{ READ_IMPLIES_EXEC, "READ_IMPLIES_EXEC" },
	{ MMAP_PAGE_ZERO, "MMAP_PAGE_ZERO" },
	{ ADDR_COMPAT_LAYOUT, "ADDR_COMPAT_LAYOUT" },
	{ ADDR_LIMIT_32BIT, "ADDR_LIMIT_32BIT" },
	{ ADDR_LIMIT_3GB, "ADDR_LIMIT_3GB" },
	{ STICKY_TIMEOUTS | WHOLE_SECONDS | SHORT_INODE, "SHORT_INODE" },
	{ UNAME26, "UNAME26" },
	{ PER_LINUX32, "PER_LINUX32" },
	{ PER_LINUX32_3GB, "PER_LINUX32_3GB" },
	{ PER_SVR4, "PER_SVR4" },
	{ 0x7fff0000, "everything" },
};

TEST(no_personality_of_the_launcher_changes_the_map)
{
	struct launch l = { .prepare = set_personality };
	struct probe_record record;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(personalities); i++) {
		l.arg = (void *)personalities[i].persona;
		start(_metadata, &l, &record);
		EXPECT_STREQ("00000000\n",
			     read_text(0, "/proc/%d/personality", l.pid)) {
			TH_LOG("%s", personalities[i].name);
		}
		test_map(_metadata, l.pid, &record, record.base);
		EXPECT_LT(1ULL << 32, record.base);
		EXPECT_LT(1ULL << 32, record.vdso);
		EXPECT_LT(1ULL << 32, record.stack);
		end(_metadata, &l);
	}
}

static bool lock_memory(struct launch *l)
{
	return !mlockall(MCL_CURRENT | MCL_FUTURE);
}

TEST(a_lock_on_all_memory_ends_with_exec)
{
	struct launch l = { .prepare = lock_memory };
	struct probe_record record;

	start(_metadata, &l, &record);
	EXPECT_STREQ("0 kB", text_value(read_text(0, "/proc/%d/status", l.pid),
					"VmLck"));
	test_map(_metadata, l.pid, &record, record.base);
	end(_metadata, &l);
}

static const char *const sysctls[] = {
	"/proc/sys/vm/legacy_va_layout",
	"/proc/sys/vm/overcommit_memory",
	"/proc/sys/kernel/randomize_va_space",
	"/proc/sys/kernel/printk",
};

/* Tests that change the system put it back, however they end. */
FIXTURE(system)
{
	char old[ARRAY_SIZE(sysctls)][64];
};

FIXTURE_SETUP(system)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sysctls); i++)
		snprintf(self->old[i], sizeof(self->old[i]), "%s",
			 read_text(0, "%s", sysctls[i]));
}

FIXTURE_TEARDOWN(system)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sysctls); i++)
		write_text(sysctls[i], self->old[i]);
}

#define SYSTEM_TIMEOUT 600

static void test_both_kinds(struct __test_metadata *_metadata)
{
	static const char *const names[] = {
		GOOD, "at_a_fixed_address", "packed_segments",
		"zeros_of_many_pages", "align_2mib", "align_32tib",
		"data_32tib_away", "fixed_data_32tib_away",
	};
	struct launch l = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		l.path = put_program("program", names[i], 0, 0);
		ASSERT_NE(NULL, l.path);
		ASSERT_TRUE(launch_run(&l));
		EXPECT_TRUE(launch_exited(&l, EXIT_GOOD)) {
			TH_LOG("%s: %s", names[i], launch_story(&l));
		}
	}
}

TEST_F_TIMEOUT(system, programs_run_in_the_legacy_layout, SYSTEM_TIMEOUT)
{
	if (!write_text("/proc/sys/vm/legacy_va_layout", "1"))
		SKIP(return, "needs root");
	test_both_kinds(_metadata);
}

TEST_F_TIMEOUT(system, programs_run_without_overcommit, SYSTEM_TIMEOUT)
{
	if (!write_text("/proc/sys/vm/overcommit_memory", "2"))
		SKIP(return, "needs root");
	test_both_kinds(_metadata);
}

static bool unlimited_stack(struct launch *l)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	return !setrlimit(RLIMIT_STACK, &limit);
}

TEST(programs_run_with_an_unlimited_stack)
{
	struct launch l = { .prepare = unlimited_stack };
	struct probe_record record;

	start(_metadata, &l, &record);
	test_map(_metadata, l.pid, &record, record.base);
	end(_metadata, &l);
	l.path = put_program("program", "fixed_at_the_highest", 0, 0);
	ASSERT_TRUE(launch_run(&l));
	EXPECT_TRUE(launch_exited(&l, EXIT_GOOD)) {
		TH_LOG("%s", launch_story(&l));
	}
}

/* --- Where things are --- */

#define RUNS 64

static int compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static unsigned int distinct(uint64_t *numbers)
{
	unsigned int i, count = 1;

	qsort(numbers, RUNS, sizeof(*numbers), compare_numbers);
	for (i = 1; i < RUNS; i++)
		count += numbers[i] != numbers[i - 1];
	return count;
}

/* The bits that differ in any of these. */
static unsigned int varying_bits(const uint64_t *numbers)
{
	uint64_t bits = 0;
	unsigned int i;

	for (i = 1; i < RUNS; i++)
		bits |= numbers[i] ^ numbers[0];
	return __builtin_popcountll(bits);
}

/* Far fewer than Linux's 28 bits for mappings and 22 for the stack. */
#define LEAST_BITS 16
#define LEAST_DISTINCT 60

static void test_random(struct __test_metadata *_metadata, struct launch *l,
			bool fixed)
{
	uint64_t base[RUNS], stack[RUNS], vdso[RUNS], auxv[RUNS];
	uint64_t uuid[RUNS], canary[RUNS];
	struct probe_record record;
	unsigned int i;

	for (i = 0; i < RUNS; i++) {
		start(_metadata, l, &record);
		end(_metadata, l);
		base[i] = record.base;
		stack[i] = record.stack >> 12;
		vdso[i] = record.vdso;
		auxv[i] = record.auxv & 0xfff;
		memcpy(&uuid[i], record.uuid, 8);
		memcpy(&canary[i], record.canary, 8);
	}
	if (!fixed) {
		EXPECT_LE(LEAST_BITS, varying_bits(base));
		EXPECT_LE(LEAST_DISTINCT, distinct(base));
	}
	EXPECT_LE(LEAST_BITS, varying_bits(stack));
	EXPECT_LE(LEAST_BITS, varying_bits(vdso));
	EXPECT_LE(LEAST_DISTINCT, distinct(stack));
	EXPECT_LE(LEAST_DISTINCT, distinct(vdso));
	/* Only 256 of these, in steps of 16. */
	EXPECT_LE(32, distinct(auxv));
	EXPECT_EQ(RUNS, distinct(uuid));
	EXPECT_EQ(RUNS, distinct(canary));
}

TEST(addresses_are_random)
{
	struct launch l = {};

	test_random(_metadata, &l, false);
}

TEST(addresses_are_random_with_setarch_r)
{
	struct launch l = { .prepare = set_personality,
			    .arg = (void *)ADDR_NO_RANDOMIZE };

	test_random(_metadata, &l, false);
}

TEST_F_TIMEOUT(system, addresses_are_random_where_native_ones_are_not,
	       SYSTEM_TIMEOUT)
{
	struct launch l = {};

	if (!write_text("/proc/sys/kernel/randomize_va_space", "0"))
		SKIP(return, "needs root");
	test_random(_metadata, &l, false);
}

TEST(addresses_of_a_fixed_program_are_random_but_its_own)
{
	struct launch l = {};

	l.path = put_program("program", "at_a_fixed_address",
			     PROBE_REPORT | PROBE_WAIT, 0);
	test_random(_metadata, &l, true);
}

TEST(addresses_of_an_aligned_program_are_random)
{
	struct launch l = {};

	l.path = put_program("program", "align_2mib",
			     PROBE_REPORT | PROBE_WAIT, 0);
	test_random(_metadata, &l, false);
}

TEST(the_uuid_is_one_of_version_4)
{
	struct probe_record record;
	struct launch l = {};

	start(_metadata, &l, &record);
	EXPECT_EQ(0x40, record.uuid[6] & 0xf0);
	EXPECT_EQ(0x80, record.uuid[8] & 0xc0);
	end(_metadata, &l);
}

TEST(the_vector_tells_the_facts)
{
	struct probe_record record;
	struct launch l = {};

	start(_metadata, &l, &record);
	EXPECT_EQ(sysconf(_SC_NPROCESSORS_ONLN), record.ncpus);
	EXPECT_EQ(PAGE, record.pagesz);
	EXPECT_EQ(64, record.canarylen);
	EXPECT_EQ(record.base + sizeof(Elf64_Ehdr), record.phdr);
	EXPECT_EQ(2, record.phnum);
	EXPECT_EQ(record.base + 0x400, record.entry);
	end(_metadata, &l);
}

TEST(the_vector_has_no_program_headers_where_they_are_not_mapped)
{
	struct probe_record with, without;
	struct launch l = {};

	start(_metadata, &l, &with);
	end(_metadata, &l);
	l.path = put_program("program", "headers_not_mapped",
			     PROBE_REPORT | PROBE_WAIT, 0);
	start(_metadata, &l, &without);
	end(_metadata, &l);
	EXPECT_EQ(with.auxv_count - 2, without.auxv_count);
	EXPECT_EQ(0, without.phdr);
	EXPECT_EQ(0, without.phnum);
}

/* --- The stack --- */

TEST(code_on_the_stack_does_not_run)
{
	struct launch l = {};

	l.path = put_program("program", GOOD, PROBE_JUMP, 0);
	ASSERT_TRUE(launch_run(&l));
	EXPECT_TRUE(launch_killed(&l, SIGSEGV)) {
		TH_LOG("%s", launch_story(&l));
	}
}

TEST(code_on_the_stack_does_not_run_where_reading_implies_it)
{
	struct launch l = { .prepare = set_personality,
			    .arg = (void *)READ_IMPLIES_EXEC };

	l.path = put_program("program", GOOD, PROBE_JUMP, 0);
	ASSERT_TRUE(launch_run(&l));
	EXPECT_TRUE(launch_killed(&l, SIGSEGV)) {
		TH_LOG("%s", launch_story(&l));
	}
}

TEST(code_on_the_stack_does_not_run_where_the_file_asks_for_it)
{
	struct launch l = {};

	l.path = put_program("program", "stack_flags_are_ignored", PROBE_JUMP,
			     0);
	ASSERT_TRUE(launch_run(&l));
	EXPECT_TRUE(launch_killed(&l, SIGSEGV)) {
		TH_LOG("%s", launch_story(&l));
	}
}

static bool limit_stack(struct launch *l)
{
	struct rlimit limit = { (rlim_t)l->arg, RLIM_INFINITY };

	return !setrlimit(RLIMIT_STACK, &limit);
}

#define KIB 1024UL
#define MIB (1024 * KIB)

/* Touches so much stack under this limit. */
static void test_stack(struct __test_metadata *_metadata, unsigned long limit,
		       unsigned long depth, bool good)
{
	struct launch l = { .prepare = limit_stack, .arg = (void *)limit };

	l.path = put_program("program", GOOD, PROBE_STACK, depth);
	ASSERT_TRUE(launch_run(&l));
	EXPECT_TRUE(good ? launch_exited(&l, EXIT_GOOD) :
			   launch_killed(&l, SIGSEGV)) {
		TH_LOG("%lu KiB of %lu: %s", depth / KIB, limit / KIB,
		       launch_story(&l));
	}
}

TEST(the_stack_grows_to_its_limit_and_no_further)
{
	test_stack(_metadata, 256 * KIB, 200 * KIB, true);
	test_stack(_metadata, 256 * KIB, 300 * KIB, false);
	test_stack(_metadata, 1 * MIB, 900 * KIB, true);
	test_stack(_metadata, 1 * MIB, 1100 * KIB, false);
	test_stack(_metadata, 8 * MIB, 7900 * KIB, true);
	test_stack(_metadata, 8 * MIB, 8500 * KIB, false);
	test_stack(_metadata, 64 * MIB, 63 * MIB, true);
	test_stack(_metadata, 64 * MIB, 65 * MIB, false);
	test_stack(_metadata, RLIM_INFINITY, 200 * MIB, true);
}

TEST(programs_run_with_almost_no_stack)
{
	unsigned long limit;

	for (limit = 0; limit <= 256 * KIB; limit += 16 * KIB) {
		struct launch l = { .prepare = limit_stack,
				    .arg = (void *)limit };

		l.path = put_program("program", GOOD, 0, 0);
		ASSERT_TRUE(launch_run(&l));
		EXPECT_TRUE(launch_exited(&l, EXIT_GOOD) ||
			    launch_killed(&l, SIGSEGV) || l.error) {
			TH_LOG("%lu KiB: %s", limit / KIB, launch_story(&l));
		}
		EXPECT_TRUE(limit < 64 * KIB || launch_exited(&l, EXIT_GOOD)) {
			TH_LOG("%lu KiB: %s", limit / KIB, launch_story(&l));
		}
	}
}

/* --- The vDSO --- */

#define MOST_VDSO (64 * KIB)

/* A copy of the vDSO of a running program, and its size. */
static size_t copy_vdso(struct __test_metadata *_metadata, unsigned char *to)
{
	struct probe_record record;
	struct launch l = {};
	struct area areas[20];
	unsigned int i, n;
	size_t size = 0;
	char path[64];
	int fd;

	start(_metadata, &l, &record);
	n = read_areas(l.pid, areas, 20);
	for (i = 0; i < n; i++) {
		if (areas[i].start == record.vdso)
			size = areas[i].end - areas[i].start;
	}
	snprintf(path, sizeof(path), "/proc/%d/mem", l.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (size > MOST_VDSO || pread(fd, to, size, record.vdso) != size)
		size = 0;
	close(fd);
	end(_metadata, &l);
	return size;
}

/* Finds an entry of the dynamic section of an image linked at 0. */
static uint64_t dynamic(const unsigned char *image, int64_t tag)
{
	const Elf64_Ehdr *header = (void *)image;
	const Elf64_Phdr *p = (void *)(image + header->e_phoff);
	const Elf64_Dyn *d = NULL;
	unsigned int i;

	for (i = 0; i < header->e_phnum; i++) {
		if (p[i].p_type == PT_DYNAMIC)
			d = (void *)(image + p[i].p_vaddr);
	}
	for (; d && d->d_tag != DT_NULL; d++) {
		if (d->d_tag == tag)
			return d->d_un.d_val;
	}
	return 0;
}

static unsigned int count_symbols(const unsigned char *image)
{
	return ((uint32_t *)(image + dynamic(image, DT_HASH)))[1];
}

static const Elf64_Sym *find_symbol(const unsigned char *image,
				    const char *name)
{
	const Elf64_Sym *symbol = (void *)(image + dynamic(image, DT_SYMTAB));
	const char *names = (char *)image + dynamic(image, DT_STRTAB);
	unsigned int i, n = count_symbols(image);

	for (i = 0; i < n; i++) {
		if (!strcmp(names + symbol[i].st_name, name))
			return &symbol[i];
	}
	return NULL;
}

TEST(the_vdso_has_what_start_code_looks_for)
{
	static unsigned char vdso[MOST_VDSO];
	const Elf64_Ehdr *header = (void *)vdso;
	const Elf64_Phdr *p;
	size_t size = copy_vdso(_metadata, vdso);

	ASSERT_LT(0, size);
	EXPECT_EQ(0, memcmp(header->e_ident, ELFMAG, SELFMAG));
	EXPECT_EQ(ET_DYN, header->e_type);
	EXPECT_EQ(EM_X86_64, header->e_machine);
	p = (void *)(vdso + header->e_phoff);
	EXPECT_EQ(PT_LOAD, p->p_type);
	EXPECT_EQ(0, p->p_vaddr);
	EXPECT_EQ(PF_R | PF_X, p->p_flags);
	EXPECT_NE(0, dynamic(vdso, DT_HASH));
	EXPECT_NE(0, dynamic(vdso, DT_SYMTAB));
	EXPECT_NE(0, dynamic(vdso, DT_STRTAB));
	EXPECT_EQ(0, dynamic(vdso, DT_RELA));
	EXPECT_EQ(0, dynamic(vdso, DT_NEEDED));
}

TEST(the_vdso_has_every_call_and_nothing_else)
{
	static unsigned char vdso[MOST_VDSO];
	size_t size = copy_vdso(_metadata, vdso);
	unsigned int i;
	char name[100];

	ASSERT_LT(0, size);
	/* With the first one, which is empty. */
	EXPECT_EQ(1 + CLOUDABI_NAMES_CALLS, count_symbols(vdso));
	EXPECT_EQ(49, CLOUDABI_NAMES_CALLS);
	for (i = 0; i < CLOUDABI_NAMES_CALLS; i++) {
		const Elf64_Sym *symbol;

		snprintf(name, sizeof(name), "cloudabi_sys_%s",
			 cloudabi_names_calls[i].name);
		symbol = find_symbol(vdso, name);
		ASSERT_NE(NULL, symbol) {
			TH_LOG("%s", name);
		}
		EXPECT_EQ(STB_GLOBAL, ELF64_ST_BIND(symbol->st_info));
		EXPECT_EQ(STT_FUNC, ELF64_ST_TYPE(symbol->st_info));
		EXPECT_EQ(STV_DEFAULT, symbol->st_other);
		EXPECT_NE(SHN_UNDEF, symbol->st_shndx);
		EXPECT_LT(0, symbol->st_size);
		EXPECT_GT(size, symbol->st_value + symbol->st_size);
	}
}

/* The module as it was built; see vm/check. */
#define MODULE "cloudabi.ko"

/* Where the module has its image of the vDSO; NULL if it tells no more. */
static const unsigned char *image_in_module(const unsigned char *module,
					    size_t *size)
{
	const Elf64_Ehdr *h = (void *)module;
	const Elf64_Shdr *s = (void *)(module + h->e_shoff);
	unsigned int i, j;

	for (i = 0; i < h->e_shnum; i++) {
		const Elf64_Sym *symbols = (void *)(module + s[i].sh_offset);
		const char *names = (char *)module +
				    s[s[i].sh_link % h->e_shnum].sh_offset;

		if (s[i].sh_type != SHT_SYMTAB)
			continue;
		for (j = 0; j < s[i].sh_size / sizeof(*symbols); j++) {
			const Elf64_Sym *symbol = &symbols[j];

			if (strcmp(names + symbol->st_name,
				   "cloudabi_vdso_image"))
				continue;
			*size = symbol->st_size;
			return module + s[symbol->st_shndx].sh_offset +
			       symbol->st_value;
		}
	}
	return NULL;
}

TEST(the_vdso_is_the_one_that_was_built)
{
	static unsigned char vdso[MOST_VDSO];
	const unsigned char *module, *image;
	size_t size, i;
	struct stat st;
	int fd;

	fd = open(MODULE, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		SKIP(return, "there is no " MODULE " here");
	ASSERT_EQ(0, fstat(fd, &st));
	module = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, module);
	image = image_in_module(module, &size);
	ASSERT_NE(NULL, image);
	ASSERT_LE(size, copy_vdso(_metadata, vdso));
	EXPECT_EQ(0, memcmp(vdso, image, size));
	for (i = size; i % PAGE; i++)
		EXPECT_EQ(0, vdso[i]);
}

/* Writes there as debuggers do, which makes a copy of a page that is read-only. */
static bool poke(pid_t pid, uint64_t address, unsigned char byte)
{
	bool done;
	long word;

	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) ||
	    waitpid(pid, NULL, 0) != pid)
		return false;
	word = ptrace(PTRACE_PEEKDATA, pid, (void *)address, NULL);
	word = (word & ~0xffL) | byte;
	done = !ptrace(PTRACE_POKEDATA, pid, (void *)address, (void *)word);
	return !ptrace(PTRACE_DETACH, pid, NULL, NULL) && done;
}

/* Nobody's writing to one program's copy may reach another's. */
TEST(the_vdso_of_one_program_is_not_that_of_another)
{
	struct probe_record one, other;
	struct launch l = {}, m = {};
	unsigned char byte;
	char path[64];
	int fd;

	start(_metadata, &l, &one);
	ASSERT_TRUE(poke(l.pid, one.vdso, 0));
	snprintf(path, sizeof(path), "/proc/%d/mem", l.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(1, pread(fd, &byte, 1, one.vdso));
	EXPECT_EQ(0, byte);
	close(fd);
	start(_metadata, &m, &other);
	snprintf(path, sizeof(path), "/proc/%d/mem", m.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(1, pread(fd, &byte, 1, other.vdso));
	EXPECT_EQ(ELFMAG0, byte);
	close(fd);
	end(_metadata, &l);
	end(_metadata, &m);
}

/* --- Where exec fails too late to return --- */

/* Not by native code, nor with memory that is not as the file has it. */
static bool ended_cleanly(const struct launch *l)
{
	return l->error || launch_exited(l, EXIT_GOOD) ||
	       launch_killed(l, SIGSEGV) || launch_killed(l, SIGKILL);
}

static bool limit_memory(struct launch *l)
{
	struct rlimit limit = { (rlim_t)l->arg, RLIM_INFINITY };

	return !setrlimit(RLIMIT_AS, &limit);
}

static bool limit_data(struct launch *l)
{
	struct rlimit limit = { (rlim_t)l->arg, RLIM_INFINITY };

	return !setrlimit(RLIMIT_DATA, &limit);
}

/* From nothing at all to enough; what was seen on the way. */
static void test_limits(struct __test_metadata *_metadata, const char *name,
			bool (*prepare)(struct launch *l),
			unsigned long enough, unsigned int steps)
{
	unsigned int good = 0, died = 0, refused = 0;
	struct launch l = { .prepare = prepare };
	unsigned long limit;

	l.path = put_program("program", name, 0, 0);
	for (limit = 0; limit < enough; limit += enough * slow() / steps) {
		l.arg = (void *)(limit & -PAGE);
		ASSERT_TRUE(launch_run(&l));
		EXPECT_TRUE(ended_cleanly(&l)) {
			TH_LOG("%lu KiB: %s", limit / KIB, launch_story(&l));
		}
		good += launch_exited(&l, EXIT_GOOD);
		died += !l.error && WIFSIGNALED(l.status);
		refused += !!l.error;
	}
	TH_LOG("%u refused, %u died, %u good", refused, died, good);
	EXPECT_LT(0, died);
	EXPECT_LT(0, good);
}

TEST(too_little_address_space_is_death)
{
	test_limits(_metadata, GOOD, limit_memory, 512 * KIB, 128);
}

TEST(too_little_address_space_is_death_for_a_fixed_program)
{
	test_limits(_metadata, "at_a_fixed_address", limit_memory, 512 * KIB,
		    128);
}

TEST(too_little_address_space_is_death_for_many_segments)
{
	test_limits(_metadata, "segments_1170", limit_memory, 20 * MIB, 40);
}

/*
 * Not tried with a position-independent program: what is mapped in place of its
 * reservation is not held against this limit, by the way Linux counts.
 */
TEST(too_little_data_is_death)
{
	test_limits(_metadata, "zeros_of_many_pages_fixed", limit_data,
		    128 * MIB, 64);
}

/* The tests run one after the other: no other directory is needed. */
static char group[200];

static bool enter_group(struct launch *l)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	return write_text(path, "0");
}

static bool make_group(void)
{
	const char *at = scratch_path("cgroup");
	char path[300];

	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mkdir(at, 0755) || mount("none", at, "cgroup2", 0, NULL))
		return false;
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", at);
	if (!write_text(path, "+memory"))
		return false;
	snprintf(group, sizeof(group), "%s/cloudabi-test", at);
	return !mkdir(group, 0755);
}

TEST_F_TIMEOUT(system, too_little_memory_is_death, SYSTEM_TIMEOUT)
{
	unsigned int good = 0, killed = 0, refused = 0;
	struct launch l = { .prepare = enter_group };
	unsigned long limit;
	char path[300], text[30];

	if (!make_group())
		SKIP(return, "no memory control groups");
	l.path = put_program("program", "zeros_of_many_pages", PROBE_STACK,
			     1 * MIB);
	snprintf(path, sizeof(path), "%s/memory.max", group);
	/* What the kernel has to say to each of these deaths is many lines. */
	write_text("/proc/sys/kernel/printk", "1");
	for (limit = 4 * MIB; limit; limit -= 64 * KIB) {
		snprintf(text, sizeof(text), "%lu", limit);
		write_text(path, text);
		ASSERT_TRUE(launch_run(&l));
		/* Below some size, not even the launcher's child lives. */
		EXPECT_TRUE(ended_cleanly(&l) ||
			    launch_exited(&l, EXIT_PREPARE)) {
			TH_LOG("%lu KiB: %s", limit / KIB, launch_story(&l));
		}
		good += launch_exited(&l, EXIT_GOOD);
		killed += launch_killed(&l, SIGKILL);
		refused += !!l.error;
	}
	rmdir(group);
	TH_LOG("%u refused, %u killed, %u good", refused, killed, good);
	EXPECT_LT(0, killed);
	EXPECT_LT(0, good);
}

/* --- A file that changes while it starts --- */

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1000000000.0;
}

/* Cuts a file off anywhere and makes it whole again, until killed. */
static pid_t start_writer(const char *path, const char *name)
{
	struct corpus_file file;
	unsigned int round;
	pid_t pid;
	int fd;

	pid = fork();
	if (pid)
		return pid;
	corpus_make(corpus_find(name), &file);
	for (round = 0;; round++) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (ftruncate(fd, round * 509 % file.length) == 0)
			corpus_write(&file, fd);
		close(fd);
	}
}

static bool make_whole(const char *path, const char *name)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	struct corpus_file file;
	bool written;

	if (fd < 0 || !corpus_make(corpus_find(name), &file))
		return false;
	written = !corpus_write(&file, fd);
	corpus_free(&file);
	close(fd);
	return written;
}

/* How often each end was seen. */
struct tally {
	unsigned int good, refused, busy, died, surprised;
};

/* Counts an end; false if it must not be. */
static bool count_end(struct tally *tally, const struct launch *l)
{
	if (l->error == ENOEXEC)
		tally->refused++;
	else if (l->error == ETXTBSY)
		tally->busy++;
	else if (launch_exited(l, EXIT_GOOD))
		tally->good++;
	else if (launch_killed(l, SIGSEGV) || launch_killed(l, SIGBUS))
		tally->died++;
	/*
	 * What the probe finds is not what it was told to find.  So is the
	 * base, if the alignment was read while the file had zeros there, and
	 * the probe errs if its code is run while it is being written.
	 */
	else if (launch_exited(l, EXIT_NOT_THE_FILE) ||
		 launch_exited(l, EXIT_NOT_ZERO) ||
		 launch_exited(l, EXIT_BASE) ||
		 launch_exited(l, EXIT_HEADERS) ||
		 launch_exited(l, EXIT_REGISTERS) ||
		 launch_killed(l, SIGILL) || launch_killed(l, SIGTRAP))
		tally->surprised++;
	else
		return false;
	return true;
}

/* Starts a program again and again while its file changes. */
static void test_race(struct __test_metadata *_metadata, const char *path,
		      const char *written, const char *name)
{
	struct launch l = { .path = path };
	struct tally tally = {};
	double until = now() + 5;
	struct stat st;
	pid_t writer;

	/* An overlay remembers the size that it has seen. */
	ASSERT_EQ(0, stat(path, &st));
	writer = start_writer(written, name);
	while (now() < until) {
		ASSERT_TRUE(launch_run(&l));
		EXPECT_TRUE(count_end(&tally, &l)) {
			TH_LOG("%s", launch_story(&l));
		}
	}
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	TH_LOG("%u good, %u refused, %u busy, %u died, %u surprised",
	       tally.good, tally.refused, tally.busy, tally.died,
	       tally.surprised);
	EXPECT_LT(0, tally.refused + tally.busy + tally.died);
	/* And when it is whole again, it runs. */
	ASSERT_TRUE(make_whole(written, name));
	ASSERT_TRUE(launch_run(&l));
	EXPECT_TRUE(launch_exited(&l, EXIT_GOOD)) {
		TH_LOG("%s", launch_story(&l));
	}
}

TEST(a_file_that_is_cut_off_while_it_starts)
{
	const char *path = put_program("program", GOOD, 0, 0);

	test_race(_metadata, path, path, GOOD);
}

/* Below an overlay a file changes with nobody told. */
static bool make_overlay(const char **path, const char **below,
			 const char *name)
{
	const char *const directories[] = { "lower", "upper", "work", "over" };
	char options[800];
	size_t i;

	if (system("modprobe -q overlay 2>/dev/null") < 0 ||
	    unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return false;
	mkdir(scratch_path("space"), 0755);
	if (mount("none", scratch_path("space"), "tmpfs", 0, NULL))
		return false;
	for (i = 0; i < ARRAY_SIZE(directories); i++) {
		snprintf(options, sizeof(options), "space/%s", directories[i]);
		mkdir(scratch_path(options), 0755);
	}
	*below = put_program("space/upper/program", name, 0, 0);
	snprintf(options, sizeof(options),
		 "lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work",
		 scratch_path("space"), scratch_path("space"),
		 scratch_path("space"));
	*path = scratch_path("space/over/program");
	return !mount("none", scratch_path("space/over"), "overlay", 0,
		      options);
}

TEST(a_file_that_is_cut_off_below_an_overlay)
{
	const char *path, *below;

	if (!make_overlay(&path, &below, GOOD))
		SKIP(return, "no overlays");
	test_race(_metadata, path, below, GOOD);
}

TEST(a_file_of_many_segments_that_is_cut_off_below_an_overlay)
{
	const char *path, *below;

	if (!make_overlay(&path, &below, "segments_1170"))
		SKIP(return, "no overlays");
	test_race(_metadata, path, below, "segments_1170");
}

TEST_HARNESS_MAIN
