// SPDX-License-Identifier: GPL-2.0
/*
 * Calls every stub of the vDSO without the module. A seccomp filter turns each
 * system call from inside of the image into a signal; its handler sees what the
 * kernel would see, and answers by changing the registers.
 *
 * The clocks are told from a page before the image, which is ours to fill here.
 *
 * Usage: vdso_test IMAGE. Prints KTAP.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/types.h>

#include "abi_names.h"
#include "clock_data.h"

#define CARRY 1
#define ERROR 28
#define GUARD 0xa5
#define FIRST_RESULT 0x8122334455667788
#define SECOND_RESULT 0x99aabbccddeeff00
#define PAGE 4096

/* What the handler saw at the trap, and what it answers. */
static struct {
	greg_t seen[NGREG];
	unsigned int traps;
	bool fail;
	bool escape;
	sigjmp_buf back;
} trap;

static const int input_register[] = {
	REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9,
};

struct image {
	struct cloudabi_clock_data *clocks;
	const unsigned char *base;
	size_t size;
	const Elf64_Sym *symbols;
	const char *strings;
	size_t count;
	bool relocated;
};

static void on_trap(int signal, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal;
	(void)info;
	trap.traps++;
	memcpy(trap.seen, regs, sizeof(trap.seen));
	if (trap.escape)
		siglongjmp(trap.back, 1);
	/* The trap destroys these two. */
	regs[REG_RCX] = 0x5a5a5a5a;
	regs[REG_R11] = 0x5a5a5a5a;
	if (trap.fail) {
		regs[REG_EFL] |= CARRY;
		regs[REG_RAX] = ERROR;
	} else {
		regs[REG_EFL] &= ~CARRY;
		regs[REG_RAX] = FIRST_RESULT;
		regs[REG_RDX] = SECOND_RESULT;
	}
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void map_image(struct image *image, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		die(path);
	image->size = st.st_size;
	image->clocks = mmap(NULL, PAGE + image->size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (image->clocks == MAP_FAILED)
		die("mmap");
	image->base = mmap((unsigned char *)image->clocks + PAGE, image->size,
			   PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd,
			   0);
	if (image->base == MAP_FAILED)
		die("mmap");
	close(fd);
}

static void read_dynamic(struct image *image, const Elf64_Dyn *dyn)
{
	for (; dyn->d_tag != DT_NULL; dyn++) {
		const unsigned char *address = image->base + dyn->d_un.d_ptr;

		switch (dyn->d_tag) {
		case DT_HASH:
			image->count = ((const uint32_t *)address)[1];
			break;
		case DT_SYMTAB:
			image->symbols = (const Elf64_Sym *)address;
			break;
		case DT_STRTAB:
			image->strings = (const char *)address;
			break;
		case DT_REL:
		case DT_RELA:
		case DT_JMPREL:
		case DT_RELR:
			image->relocated = true;
			break;
		}
	}
}

static void read_image(struct image *image)
{
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)image->base;
	const Elf64_Phdr *phdr =
		(const Elf64_Phdr *)(image->base + ehdr->e_phoff);

	for (int i = 0; i < ehdr->e_phnum; i++) {
		if (phdr[i].p_type == PT_DYNAMIC)
			read_dynamic(image, (const Elf64_Dyn *)(image->base +
								phdr[i].p_vaddr));
	}
}

static bool is_entry(const Elf64_Sym *sym)
{
	return ELF64_ST_TYPE(sym->st_info) == STT_FUNC &&
	       ELF64_ST_BIND(sym->st_info) == STB_GLOBAL &&
	       ELF64_ST_VISIBILITY(sym->st_other) == STV_DEFAULT &&
	       sym->st_shndx != SHN_UNDEF && sym->st_size;
}

static const void *find_call(const struct image *image, const char *call)
{
	char name[64];

	snprintf(name, sizeof(name), "cloudabi_sys_%s", call);
	for (size_t i = 0; i < image->count; i++) {
		const Elf64_Sym *sym = &image->symbols[i];

		if (is_entry(sym) &&
		    !strcmp(image->strings + sym->st_name, name))
			return image->base + sym->st_value;
	}
	return NULL;
}

static void filter_calls(const struct image *image)
{
	uint64_t start = (uintptr_t)image->base;
	uint64_t end = start + image->size;
	const uint32_t ip = offsetof(struct seccomp_data, instruction_pointer);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ip + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, start >> 32, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ip),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)start, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)end, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof(code) / sizeof(code[0]),
		.filter = code,
	};
	struct sigaction action = {
		.sa_sigaction = on_trap,
		.sa_flags = SA_SIGINFO,
	};

	if (start >> 32 != end >> 32)
		die("image across a multiple of 4 GB");
	if (sigaction(SIGSYS, &action, NULL))
		die("sigaction");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		die("seccomp");
}

/* More than any stub takes: those that need fewer do not look at the rest. */
typedef uint64_t stub_t(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
			uint64_t, uint64_t);

static uint64_t input_value(unsigned int i)
{
	return 0xf0f1f2f3e0e1e2e0 + i;
}

struct outputs {
	unsigned char bytes[2][16];
};

static uint64_t call_stub(const void *stub, unsigned int inputs,
			  struct outputs *outputs)
{
	stub_t *function = (stub_t *)(uintptr_t)stub;
	uint64_t a[8];

	memset(outputs, GUARD, sizeof(*outputs));
	for (unsigned int i = 0; i < inputs; i++)
		a[i] = input_value(i);
	for (unsigned int i = inputs; i < 7; i++)
		a[i] = i - inputs < 2 ?
		       (uintptr_t)outputs->bytes[i - inputs] : 0;
	trap.traps = 0;
	return function(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
}

/* Whether the kernel was called once, with the number and the inputs. */
static bool saw_call(const struct cloudabi_names_call *call, unsigned int nr)
{
	if (trap.traps != 1 || (uint64_t)trap.seen[REG_RAX] != nr)
		return false;
	for (unsigned int i = 0; i < call->inputs; i++) {
		if ((uint64_t)trap.seen[input_register[i]] != input_value(i))
			return false;
	}
	return true;
}

/* Whether exactly the bytes of a value were stored. */
static bool stored(const unsigned char *bytes, uint64_t value, size_t size)
{
	for (size_t i = 0; i < 16; i++) {
		unsigned char want = i < size ? value >> 8 * i : GUARD;

		if (bytes[i] != want)
			return false;
	}
	return true;
}

static size_t result_size(const struct cloudabi_names_call *call, unsigned int i)
{
	return i < call->results ? call->result[i].type->bytes : 0;
}

static bool test_success(const struct cloudabi_names_call *call,
			 unsigned int nr, const void *stub)
{
	struct outputs outputs;
	uint64_t value;

	trap.fail = false;
	value = call_stub(stub, call->inputs, &outputs);
	if (!saw_call(call, nr))
		return false;
	/* Without results, what the kernel has in %rax is the return value. */
	if ((uint32_t)value != (call->results ? 0 : (uint32_t)FIRST_RESULT))
		return false;
	return stored(outputs.bytes[0], FIRST_RESULT, result_size(call, 0)) &&
	       stored(outputs.bytes[1], SECOND_RESULT, result_size(call, 1));
}

static bool test_failure(const struct cloudabi_names_call *call,
			 unsigned int nr, const void *stub)
{
	struct outputs outputs;
	uint64_t value;

	trap.fail = true;
	value = call_stub(stub, call->inputs, &outputs);
	return saw_call(call, nr) && (uint32_t)value == ERROR &&
	       stored(outputs.bytes[0], 0, 0) && stored(outputs.bytes[1], 0, 0);
}

static bool test_noreturn(const struct cloudabi_names_call *call,
			  unsigned int nr, const void *stub)
{
	struct outputs outputs;
	const unsigned char *next;

	trap.escape = true;
	if (!sigsetjmp(trap.back, 1))
		call_stub(stub, call->inputs, &outputs);
	trap.escape = false;
	/* Nothing but ud2 after the trap. */
	next = (const unsigned char *)(uintptr_t)trap.seen[REG_RIP];
	return saw_call(call, nr) && next[0] == 0x0f && next[1] == 0x0b;
}

static bool test_call(const struct image *image, unsigned int nr)
{
	const struct cloudabi_names_call *call = &cloudabi_names_calls[nr];
	const void *stub = find_call(image, call->name);

	if (!stub)
		return false;
	if (call->noreturn)
		return test_noreturn(call, nr, stub);
	return test_success(call, nr, stub) && test_failure(call, nr, stub);
}

static bool test_image(const struct image *image)
{
	size_t entries = 0;

	for (size_t i = 0; i < image->count; i++)
		entries += is_entry(&image->symbols[i]);
	return entries == CLOUDABI_NAMES_CALLS && !image->relocated;
}

/* --- Clocks --------------------------------------------------------------- */

#define MONOTONIC 1
#define CPU 2
#define REALTIME 3
#define JUNK 0xdeadc0de00000000

typedef uint32_t time_get_t(uint64_t, uint64_t, uint64_t *);
typedef uint32_t res_get_t(uint64_t, uint64_t *);

static const struct cloudabi_clock_data some_time = {
	.clocks = CLOCK_DATA_TIMED,
	.mult = 0x9fffffff,
	.nsec = 0x123456789,
	.shift = 24,
	.resolution = 7,
	.base = { 1111111111111, 0, 1700000000000000000 },
};

/* Whether a time is told without a trap; which one is it? */
static bool get_time(const struct image *image, uint64_t clock, uint64_t *time)
{
	time_get_t *get =
		(time_get_t *)(uintptr_t)find_call(image, "clock_time_get");

	trap.traps = 0;
	trap.fail = false;
	return !get(clock, input_value(1), time) && !trap.traps;
}

/* Whether the call is made instead, with the arguments as they came. */
static bool traps(const struct image *image, uint64_t clock)
{
	uint64_t time = 0;

	return !get_time(image, clock, &time) && trap.traps == 1 &&
	       trap.seen[REG_RAX] == 1 &&
	       (uint32_t)trap.seen[REG_RDI] == (uint32_t)clock &&
	       (uint64_t)trap.seen[REG_RSI] == input_value(1) &&
	       time == FIRST_RESULT;
}

static uint64_t expect(const struct cloudabi_clock_data *data, uint64_t clock,
		       uint64_t counter)
{
	uint64_t cycles = counter < data->cycle_last ?
				  0 :
				  counter - data->cycle_last;
	unsigned __int128 product = (unsigned __int128)cycles * data->mult;

	return data->base[clock - 1] +
	       (uint64_t)((product + data->nsec) >> data->shift);
}

static bool tells(const struct image *image, uint64_t clock)
{
	uint64_t time = 0, before, after;

	before = expect(image->clocks, clock, __builtin_ia32_rdtsc());
	if (!get_time(image, clock | JUNK, &time))
		return false;
	after = expect(image->clocks, clock, __builtin_ia32_rdtsc());
	return time >= before && time <= after;
}

static bool test_formula(const struct image *image)
{
	static const struct {
		uint32_t mult;
		uint32_t shift;
		uint64_t nsec;
	} rows[] = {
		{ 1, 0, 0 },		    { 0x9fffffff, 24, 0x123456789 },
		{ 0xffffffff, 32, ~0ull },  { 0xffffffff, 31, ~0ull },
		{ 0, 32, ~0ull },	    { 0, 24, 5ull << 24 },
	};
	bool good = true;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		*image->clocks = some_time;
		image->clocks->mult = rows[i].mult;
		image->clocks->shift = rows[i].shift;
		image->clocks->nsec = rows[i].nsec;
		good = tells(image, MONOTONIC) && tells(image, REALTIME) &&
		       good;
		image->clocks->cycle_last = __builtin_ia32_rdtsc();
		good = tells(image, MONOTONIC) && tells(image, REALTIME) &&
		       good;
	}
	return good;
}

/* Another processor's counter was ahead: the time is that of the bases. */
static bool test_counter_behind(const struct image *image)
{
	uint64_t time;

	*image->clocks = some_time;
	image->clocks->cycle_last = __builtin_ia32_rdtsc() + (1ull << 40);
	return get_time(image, MONOTONIC, &time) &&
	       time == expect(&some_time, MONOTONIC, 0) &&
	       get_time(image, REALTIME, &time) &&
	       time == expect(&some_time, REALTIME, 0);
}

static bool test_clocks_that_trap(const struct image *image)
{
	bool good;

	*image->clocks = some_time;
	good = traps(image, CPU) && traps(image, CPU | JUNK) &&
	       traps(image, 0) && traps(image, 4) && traps(image, 32 + 1) &&
	       traps(image, 0x80000001);
	image->clocks->base[REALTIME - 1] = -1ull << 62;
	good = good && traps(image, REALTIME) && tells(image, MONOTONIC);
	image->clocks->clocks = 1 << MONOTONIC;
	good = good && traps(image, REALTIME) && tells(image, MONOTONIC);
	memset(image->clocks, 0, PAGE);
	return good && traps(image, REALTIME) && traps(image, MONOTONIC);
}

/* Until the writer is done, which this signal is. */
static struct cloudabi_clock_data *unfinished;

static void finish(int signal)
{
	(void)signal;
	unfinished->base[MONOTONIC - 1]++;
	unfinished->sequence++;
}

static bool test_writer_at_work(const struct image *image)
{
	const struct itimerval soon = { .it_value.tv_usec = 20000 };
	uint64_t time;

	unfinished = image->clocks;
	*image->clocks = some_time;
	image->clocks->mult = 0;
	image->clocks->sequence = 1;
	signal(SIGALRM, finish);
	setitimer(ITIMER_REAL, &soon, NULL);
	return get_time(image, MONOTONIC, &time) &&
	       time == 1 + image->clocks->nsec / (1 << image->clocks->shift) +
			       some_time.base[MONOTONIC - 1];
}

#define READS 1000000

static volatile bool enough;

/* Writes times whose halves are equal: one part from the base, one from nsec. */
static void *write_times(void *data)
{
	volatile struct cloudabi_clock_data *to = data;

	for (uint32_t i = 1; !enough; i++) {
		to->sequence++;
		to->base[MONOTONIC - 1] = (uint64_t)i << 32;
		to->nsec = (uint64_t)i << to->shift;
		to->sequence++;
	}
	return NULL;
}

static bool test_sequence(const struct image *image)
{
	uint64_t time = 0, last = 0;
	pthread_t writer;
	bool good = true;

	*image->clocks = some_time;
	image->clocks->mult = 0;
	image->clocks->nsec = 0;
	image->clocks->base[MONOTONIC - 1] = 0;
	if (pthread_create(&writer, NULL, write_times, image->clocks))
		return false;
	/* There must have been something to read. */
	for (unsigned int i = 0; good && (i < READS || !last); i++) {
		good = get_time(image, MONOTONIC, &time) && time >= last &&
		       time >> 32 == (uint32_t)time;
		last = time;
	}
	enough = true;
	pthread_join(writer, NULL);
	return good;
}

static bool test_resolution(const struct image *image)
{
	res_get_t *get =
		(res_get_t *)(uintptr_t)find_call(image, "clock_res_get");
	uint64_t resolution = 0;
	bool good = true;

	*image->clocks = some_time;
	trap.traps = 0;
	trap.fail = false;
	for (uint64_t clock = 0; clock < 70; clock++) {
		unsigned int want = clock == MONOTONIC || clock == REALTIME ?
					    0 : 1;

		trap.traps = 0;
		good = !get(clock | JUNK, &resolution) && trap.traps == want &&
		       resolution == (want ? FIRST_RESULT :
					     some_time.resolution) && good;
	}
	image->clocks->resolution = 0;
	trap.traps = 0;
	return good && !get(MONOTONIC, &resolution) && trap.traps == 1 &&
	       resolution == FIRST_RESULT;
}

static const struct {
	const char *name;
	bool (*run)(const struct image *image);
} clock_tests[] = {
	{ "times by the formula", test_formula },
	{ "counter behind", test_counter_behind },
	{ "clocks that trap", test_clocks_that_trap },
	{ "writer at work", test_writer_at_work },
	{ "times from one sequence", test_sequence },
	{ "resolutions", test_resolution },
};

#define CLOCK_TESTS (sizeof(clock_tests) / sizeof(clock_tests[0]))

static int number, failures;

static void tell(bool good, const char *what)
{
	failures += !good;
	printf("%s %d %s\n", good ? "ok" : "not ok", ++number, what);
}

int main(int argc, char **argv)
{
	struct image image = { 0 };

	if (argc != 2) {
		fprintf(stderr, "usage: %s IMAGE\n", argv[0]);
		return 2;
	}
	map_image(&image, argv[1]);
	read_image(&image);
	filter_calls(&image);
	printf("KTAP version 1\n1..%d\n",
	       (int)(1 + CLOUDABI_NAMES_CALLS + CLOCK_TESTS));
	tell(test_image(&image), "symbols and no relocations");
	for (unsigned int nr = 0; nr < CLOUDABI_NAMES_CALLS; nr++)
		tell(test_call(&image, nr), cloudabi_call_name(nr));
	for (size_t i = 0; i < CLOCK_TESTS; i++)
		tell(clock_tests[i].run(&image), clock_tests[i].name);
	return failures ? 1 : 0;
}
