// SPDX-License-Identifier: GPL-2.0
/*
 * Calls every stub of the vDSO without the module. A seccomp filter turns each
 * system call from inside of the image into a signal; its handler sees what the
 * kernel would see, and answers by changing the registers.
 *
 * Usage: vdso_test IMAGE. Prints KTAP.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
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
#include <ucontext.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "abi_names.h"

#define CARRY 1
#define ERROR 28
#define GUARD 0xa5
#define FIRST_RESULT 0x8122334455667788
#define SECOND_RESULT 0x99aabbccddeeff00

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
	image->base = mmap(NULL, image->size, PROT_READ | PROT_EXEC,
			   MAP_PRIVATE, fd, 0);
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

int main(int argc, char **argv)
{
	struct image image = { 0 };
	int failures = 0;
	bool good;

	if (argc != 2) {
		fprintf(stderr, "usage: %s IMAGE\n", argv[0]);
		return 2;
	}
	map_image(&image, argv[1]);
	read_image(&image);
	filter_calls(&image);
	printf("KTAP version 1\n1..%d\n", CLOUDABI_NAMES_CALLS + 1);
	good = test_image(&image);
	failures += !good;
	printf("%s 1 symbols and no relocations\n", good ? "ok" : "not ok");
	for (unsigned int nr = 0; nr < CLOUDABI_NAMES_CALLS; nr++) {
		good = test_call(&image, nr);
		failures += !good;
		printf("%s %u %s\n", good ? "ok" : "not ok", nr + 2,
		       cloudabi_call_name(nr));
	}
	return failures ? 1 : 0;
}
