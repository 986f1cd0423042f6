// SPDX-License-Identifier: GPL-2.0
/*
 * The probe, as flat code which works at any address; see probe.h. Linked by
 * probe.lds, it becomes a part of the corpus.
 *
 * It makes its calls by itself, not through the vDSO: it must work, or fail in
 * a way that tells something, whatever the loader got wrong.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "probe.h"

#include <stddef.h>

#include <linux/cloudabi.h>

#define NR_FD_READ	10
#define NR_FD_WRITE	16
#define NR_PROC_EXIT	39

#define STRINGIFY(x) #x
#define STRING(x) STRINGIFY(x)

_Static_assert(sizeof(struct probe_params) == PROBE_PARAMS_SIZE, "in probe.h");

struct start {
	uint64_t registers;
	uint64_t stack;
	uint64_t entry;
	const cloudabi64_auxv_t *auxv;
};

_Noreturn void probe_main(struct probe_params *params, struct start *start);

/*
 * 231 is exit_group() natively; CloudABI has no call of this number. rax, rcx
 * and r11 are free from then on.
 */
__asm__(
	"	.section .text.start, \"ax\"\n"
	"	.globl	probe_start\n"
	"probe_start:\n"
	"	jmp	1f\n"
	"	.balign	" STRING(PROBE_PARAMS) ", 0\n"
	"probe_params:\n"
	"	.skip	" STRING(PROBE_PARAMS_SIZE) "\n"
	"1:	or	%rcx, %rax\n"
	"	or	%r11, %rax\n"
	"	or	%rbx, %rax\n"
	"	or	%rdx, %rax\n"
	"	or	%rsi, %rax\n"
	"	or	%rbp, %rax\n"
	"	or	%r8, %rax\n"
	"	or	%r9, %rax\n"
	"	or	%r10, %rax\n"
	"	or	%r12, %rax\n"
	"	or	%r13, %rax\n"
	"	or	%r14, %rax\n"
	"	or	%r15, %rax\n"
	"	mov	%rax, %rbx\n"
	"	mov	%rdi, %rbp\n"
	"	mov	$" STRING(EXIT_NATIVE) ", %edi\n"
	"	mov	$231, %eax\n"
	"	syscall\n"
	"	mov	%rsp, %rdx\n"
	"	lea	probe_start(%rip), %rcx\n"
	"	and	$-16, %rsp\n"
	"	push	%rbp\n"		/* auxv */
	"	push	%rcx\n"		/* entry */
	"	push	%rdx\n"		/* stack */
	"	push	%rbx\n"		/* registers */
	"	lea	probe_params(%rip), %rdi\n"
	"	mov	%rsp, %rsi\n"
	"	xor	%ebp, %ebp\n"
	"	call	probe_main\n"
	"	ud2\n"
	"	.previous\n");

/* Calls have their number in rax and set carry where they fail. */
static long call(long number, long a, long b, long c)
{
	_Bool failed;

	__asm__ volatile ("syscall"
			  : "+a" (number), "=@ccc" (failed), "+d" (c)
			  : "D" (a), "S" (b)
			  : "rcx", "r11", "memory");
	return failed ? -number : number;
}

static _Noreturn void end(int status)
{
	call(NR_PROC_EXIT, status, 0, 0);
	__builtin_trap();
}

static void put(const void *data, size_t size)
{
	while (size) {
		cloudabi64_ciovec_t part = {
			.buf = (uintptr_t)data,
			.buf_len = size,
		};
		long n = call(NR_FD_WRITE, 1, (long)&part, 1);

		if (n <= 0)
			end(EXIT_REPORT);
		data = (const char *)data + n;
		size -= n;
	}
}

static void wait(void)
{
	char byte;
	cloudabi64_iovec_t part = {
		.buf = (uintptr_t)&byte,
		.buf_len = 1,
	};

	call(NR_FD_READ, 0, (long)&part, 1);
}

/* Explicit stores: a compiler may make memset() and memcpy() of loops. */
static void copy(void *to, const void *from, size_t size)
{
	volatile unsigned char *t = to;
	const volatile unsigned char *f = from;

	while (size--)
		*t++ = *f++;
}

static void read_auxv(struct probe_record *record,
		      const cloudabi64_auxv_t *auxv)
{
	record->auxv = (uintptr_t)auxv;
	do {
		record->auxv_count++;
		if (auxv->a_type == CLOUDABI_AT_ARGDATA)
			record->argdata = auxv->a_val;
		if (auxv->a_type == CLOUDABI_AT_ARGDATALEN)
			record->argdatalen = auxv->a_val;
		if (auxv->a_type == CLOUDABI_AT_BASE)
			record->base = auxv->a_val;
		if (auxv->a_type == CLOUDABI_AT_PHDR)
			record->phdr = auxv->a_val;
		if (auxv->a_type == CLOUDABI_AT_PHNUM)
			record->phnum = auxv->a_val;
		if (auxv->a_type == CLOUDABI_AT_TID)
			record->tid = auxv->a_val;
		if (auxv->a_type == CLOUDABI_AT_NCPUS)
			record->ncpus = auxv->a_val;
		if (auxv->a_type == CLOUDABI_AT_PAGESZ)
			record->pagesz = auxv->a_val;
		if (auxv->a_type == CLOUDABI_AT_SYSINFO_EHDR)
			record->vdso = auxv->a_val;
		if (auxv->a_type == CLOUDABI_AT_CANARYLEN)
			record->canarylen = auxv->a_val;
		if (auxv->a_type == CLOUDABI_AT_PID)
			copy(record->uuid, (void *)auxv->a_val,
			     sizeof(record->uuid));
		if (auxv->a_type == CLOUDABI_AT_CANARY)
			copy(record->canary, (void *)auxv->a_val,
			     sizeof(record->canary));
	} while (auxv++->a_type != CLOUDABI_AT_NULL);
}

static void test_range(const struct probe_range *range, uint64_t base)
{
	volatile unsigned char *byte = (void *)(base + range->start);
	uint64_t i;

	for (i = 0; range->what & RANGE_ZERO && i < range->size; i++) {
		if (byte[i])
			end(EXIT_NOT_ZERO);
	}
	if (range->what & RANGE_HASH &&
	    probe_hash((void *)byte, range->size) != range->hash)
		end(EXIT_NOT_THE_FILE);
	for (i = 0; range->what & RANGE_WRITE && i < range->size; i++) {
		byte[i] = 0x5a;
		if (byte[i] != 0x5a)
			end(EXIT_NOT_WRITTEN);
	}
}

static void test_memory(const struct probe_params *params,
			const struct probe_record *record)
{
	uint64_t i;

	if (params->flags & PROBE_FIXED && record->base)
		end(EXIT_BASE);
	if (params->align && record->base & (params->align - 1))
		end(EXIT_BASE);
	if (record->phnum != params->headers_count)
		end(EXIT_HEADERS);
	if (params->headers_count &&
	    (record->phdr != record->base + params->headers ||
	     probe_hash((void *)record->phdr, 56 * record->phnum) !=
		     params->headers_hash))
		end(EXIT_HEADERS);
	if (!params->headers_count && record->phdr)
		end(EXIT_HEADERS);
	for (i = 0; i < params->range_count; i++)
		test_range(&params->ranges[i], record->base);
}

static void touch_stack(uint64_t stack, uint64_t depth)
{
	uint64_t i;

	for (i = 0; i < depth; i += 4096)
		*(volatile char *)(stack - i) = 1;
}

static void write_numbers(uint32_t count)
{
	uint32_t fd;

	for (fd = 0; fd < count; fd++) {
		cloudabi64_ciovec_t part = {
			.buf = (uintptr_t)&fd,
			.buf_len = sizeof(fd),
		};

		call(NR_FD_WRITE, fd, (long)&part, 1);
	}
}

static void jump_to_stack(void)
{
	volatile unsigned char code[] = { 0xc3 };

	((void (*)(void))code)();
}

_Noreturn void probe_main(struct probe_params *params, struct start *start)
{
	uint64_t flags = params->flags;
	struct probe_record record;
	unsigned int i;

	for (i = 0; i < sizeof(record); i++)
		((volatile char *)&record)[i] = 0;
	record.magic = PROBE_MAGIC;
	record.registers = start->registers;
	record.stack = start->stack;
	record.entry = start->entry;
	__asm__ volatile ("mov %%fs:0, %0" : "=r" (record.tls));
	if (record.registers || record.stack % 16 != 8)
		end(EXIT_REGISTERS);
	read_auxv(&record, start->auxv);
	test_memory(params, &record);
	record.argdata_hash = probe_hash((void *)record.argdata,
					 record.argdatalen);
	if (flags & PROBE_REPORT)
		put(&record, sizeof(record));
	if (flags & PROBE_ECHO)
		put((void *)record.argdata, record.argdatalen);
	if (flags & PROBE_WAIT)
		wait();
	if (flags & PROBE_STACK)
		touch_stack(start->stack, params->depth);
	if (flags & PROBE_FILES)
		write_numbers(params->depth);
	if (flags & PROBE_JUMP)
		jump_to_stack();
	if (flags & PROBE_CRASH)
		__builtin_trap();
	end(EXIT_GOOD);
}
