// SPDX-License-Identifier: GPL-2.0
/*
 * mem_fatal: does with memory what ends a program.
 *
 *	mem_fatal WHAT
 *
 * Who starts it looks at the signal. If the program lives on, it exits with 1,
 * with 2 if a call failed that should not.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "args.h"
#include "check.h"

#define PAGE 4096ul

#define P_READ CLOUDABI_PROT_READ
#define P_WRITE CLOUDABI_PROT_WRITE
#define P_EXEC CLOUDABI_PROT_EXEC

static const uint8_t function_code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };

static uint8_t *pages(cloudabi_mprot_t prot)
{
	void *mem;

	if (cloudabi_sys_mem_map(NULL, PAGE, prot, CLOUDABI_MAP_ANON |
				 CLOUDABI_MAP_PRIVATE, CLOUDABI_MAP_ANON_FD, 0,
				 &mem))
		crt_exit(2);
	return mem;
}

static void call(const void *mem)
{
	((void (*)(void))mem)();
}

static void read_nothing(void)
{
	(void)*(volatile uint8_t *)pages(0);
}

static void write_read_only(void)
{
	*(volatile uint8_t *)pages(P_READ) = 1;
}

static void write_executable(void)
{
	*(volatile uint8_t *)pages(P_READ | P_EXEC) = 1;
}

static void write_text(void)
{
	*(volatile uint8_t *)program_main = 1;
}

static void write_vdso(void)
{
	*(volatile uint8_t *)crt_auxv.vdso = 1;
}

static void write_null(void)
{
	*(volatile uint8_t *)NULL = 1;
}

static void call_data(void)
{
	static uint8_t code[sizeof(function_code)];

	memcpy(code, function_code, sizeof(code));
	call(code);
}

static void call_heap(void)
{
	uint8_t *mem = pages(P_READ | P_WRITE);

	memcpy(mem, function_code, sizeof(function_code));
	call(mem);
}

static void call_stack(void)
{
	volatile uint8_t code[sizeof(function_code)];

	for (size_t i = 0; i < sizeof(code); i++)
		code[i] = function_code[i];
	call((const void *)code);
}

/* Executable once, and not any more. */
static void call_protected(void)
{
	uint8_t *mem = pages(P_READ | P_WRITE);

	memcpy(mem, function_code, sizeof(function_code));
	if (cloudabi_sys_mem_protect(mem, PAGE, P_READ | P_EXEC))
		crt_exit(2);
	call(mem);
	if (cloudabi_sys_mem_protect(mem, PAGE, P_READ))
		crt_exit(2);
	call(mem);
}

static void use_unmapped(void)
{
	uint8_t *mem = pages(P_READ | P_WRITE);

	*(volatile uint8_t *)mem = 1;
	if (cloudabi_sys_mem_unmap(mem, PAGE))
		crt_exit(2);
	*(volatile uint8_t *)mem = 1;
}

static size_t vdso_size(void)
{
	uintptr_t ehdr = (uintptr_t)crt_auxv.vdso;
	const struct elf_phdr *phdr =
		(const struct elf_phdr *)(ehdr + crt_auxv.vdso->e_phoff);

	while (phdr->p_type != PT_LOAD)
		phdr++;
	return phdr->p_memsz;
}

/* The next call goes nowhere. */
static void unmap_vdso(void)
{
	cloudabi_sys_mem_unmap((void *)crt_auxv.vdso, vdso_size());
	cloudabi_sys_thread_yield();
}

static void protect_vdso(void)
{
	if (cloudabi_sys_mem_protect((void *)crt_auxv.vdso, vdso_size(),
				     P_READ))
		crt_exit(2);
	cloudabi_sys_thread_yield();
}

static void unmap_stack(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0) & -PAGE;

	cloudabi_sys_mem_unmap((void *)(here - 16 * PAGE), 32 * PAGE);
}

/* All there is, the program and the word at the FS base included. */
static void unmap_all(void)
{
	cloudabi_sys_mem_unmap((void *)PAGE, (1ul << 47) - 2 * PAGE);
}

/* The end of a file that was mapped. */
static void read_behind_the_end(void)
{
	void *mem;

	if (cloudabi_sys_mem_map(NULL, PAGE, P_READ, CLOUDABI_MAP_SHARED, 0, 0,
				 &mem))
		crt_exit(2);
	(void)*(volatile uint8_t *)mem;
}

static const struct test rows[] = {
	TEST(read_nothing),
	TEST(write_read_only),
	TEST(write_executable),
	TEST(write_text),
	TEST(write_vdso),
	TEST(write_null),
	TEST(call_data),
	TEST(call_heap),
	TEST(call_stack),
	TEST(call_protected),
	TEST(use_unmapped),
	TEST(unmap_vdso),
	TEST(protect_vdso),
	TEST(unmap_stack),
	TEST(unmap_all),
	TEST(read_behind_the_end),
};

int program_main(const struct argdata *ad)
{
	struct args args;
	struct word word;

	args_open(&args, ad);
	if (!args_next(&args, &word))
		return 2;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strlen(rows[i].name) == word.len &&
		    !memcmp(rows[i].name, word.chars, word.len)) {
			rows[i].run();
			return 1;
		}
	}
	return 2;
}
