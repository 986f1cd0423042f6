// SPDX-License-Identifier: GPL-2.0
/*
 * start: the state in which a program starts.
 *
 * The program takes the first instruction for itself, to see the registers as
 * they were. It looks for what must not be left in memory, and finds it if
 * the launcher has put the marker into both places that leaks come from:
 *
 *	CLOUDABI_START_MARKER=x /tmp/CLOUDABI_START_MARKER/start
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "ktap.h"

/* What the first instructions store. The assembler below knows the order. */
struct first_state {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rflags;
	uint64_t fs_word;
	uint32_t mxcsr;
	uint16_t x87_control;
	uint16_t ds, es, fs, gs;
	uint64_t xmm[16][2];
} first_state;

_Static_assert(offsetof(struct first_state, r8) == 64, "layout");
_Static_assert(offsetof(struct first_state, rflags) == 128, "layout");
_Static_assert(offsetof(struct first_state, fs_word) == 136, "layout");
_Static_assert(offsetof(struct first_state, mxcsr) == 144, "layout");
_Static_assert(offsetof(struct first_state, x87_control) == 148, "layout");
_Static_assert(offsetof(struct first_state, ds) == 150, "layout");
_Static_assert(offsetof(struct first_state, xmm) == 160, "layout");

__asm__ ("\n"
"	.text\n"
"	.globl	_start\n"
"	.hidden	_start\n"
"	.type	_start, @function\n"
"_start:\n"
"	mov	%rax, first_state(%rip)\n"
"	lea	first_state(%rip), %rax\n"
"	mov	%rbx, 8(%rax)\n"
"	mov	%rcx, 16(%rax)\n"
"	mov	%rdx, 24(%rax)\n"
"	mov	%rsi, 32(%rax)\n"
"	mov	%rdi, 40(%rax)\n"
"	mov	%rbp, 48(%rax)\n"
"	mov	%rsp, 56(%rax)\n"
"	mov	%r8, 64(%rax)\n"
"	mov	%r9, 72(%rax)\n"
"	mov	%r10, 80(%rax)\n"
"	mov	%r11, 88(%rax)\n"
"	mov	%r12, 96(%rax)\n"
"	mov	%r13, 104(%rax)\n"
"	mov	%r14, 112(%rax)\n"
"	mov	%r15, 120(%rax)\n"
"	pushfq\n"
"	popq	128(%rax)\n"
"	mov	%fs:0, %rcx\n"
"	mov	%rcx, 136(%rax)\n"
"	stmxcsr	144(%rax)\n"
"	fnstcw	148(%rax)\n"
"	mov	%ds, 150(%rax)\n"
"	mov	%es, 152(%rax)\n"
"	mov	%fs, 154(%rax)\n"
"	mov	%gs, 156(%rax)\n"
"	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
"	movups	%xmm\\n, 160 + 16 * \\n(%rax)\n"
"	.endr\n"
"	jmp	crt_start\n"
"	.size	_start, . - _start\n"
);

/* Put there by the linker. */
extern const struct elf_ehdr __ehdr_start;

static uint64_t xmm_bits(void)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < 16; i++)
		bits |= first_state.xmm[i][0] | first_state.xmm[i][1];
	return bits;
}

static void test_registers(void)
{
	const struct first_state *s = &first_state;

	EXPECT_EQ(s->rax, 0);
	EXPECT_EQ(s->rbx, 0);
	EXPECT_EQ(s->rcx, 0);
	EXPECT_EQ(s->rdx, 0);
	EXPECT_EQ(s->rsi, 0);
	EXPECT_EQ(s->rdi, crt_auxv.vector);
	EXPECT_EQ(s->rbp, 0);
	EXPECT_EQ(s->rsp % 16, 8);
	EXPECT_EQ(s->r8, 0);
	EXPECT_EQ(s->r9, 0);
	EXPECT_EQ(s->r10, 0);
	EXPECT_EQ(s->r11, 0);
	EXPECT_EQ(s->r12, 0);
	EXPECT_EQ(s->r13, 0);
	EXPECT_EQ(s->r14, 0);
	EXPECT_EQ(s->r15, 0);
	/* Interrupts on, and the bit that is always set. */
	EXPECT_EQ(s->rflags, 0x202);
	EXPECT_EQ(s->mxcsr, 0x1f80);
	EXPECT_EQ(s->x87_control, 0x37f);
	EXPECT_EQ(xmm_bits(), 0);
	EXPECT_EQ(s->ds | s->es | s->fs | s->gs, 0);
}

/* Tells, without touching it, whether the program has 24 bytes at @address. */
static bool is_mapped(const void *address)
{
	return cloudabi_sys_fd_stat_put(0xfffffff0u, address,
					CLOUDABI_FDSTAT_RIGHTS) !=
	       CLOUDABI_EFAULT;
}

static bool on_stack(const void *address)
{
	uintptr_t page = -crt_auxv.pagesz & (uintptr_t)address;
	uintptr_t at = -crt_auxv.pagesz & (uintptr_t)&page;

	for (; at < page; at += crt_auxv.pagesz) {
		if (!is_mapped((void *)at))
			return false;
	}
	return at == page && is_mapped((void *)page);
}

static void test_tcb(void)
{
	cloudabi_tcb_t *tcb = (cloudabi_tcb_t *)first_state.fs_word;
	cloudabi_tcb_t old;

	if (!EXPECT_NE(tcb, NULL)) {
		ktap_skip(3, "TCB", "there is none");
		return;
	}
	EXPECT_EQ((uintptr_t)tcb % _Alignof(cloudabi_tcb_t), 0);
	EXPECT_TRUE(on_stack(tcb));
	old = *tcb;
	*(volatile uint64_t *)tcb = 0x5555aaaa5555aaaa;
	EXPECT_EQ(*(volatile uint64_t *)tcb, 0x5555aaaa5555aaaa);
	*tcb = old;
}

static unsigned int count_entries(cloudabi_auxtype_t type)
{
	unsigned int n = 0;

	for (const cloudabi_auxv_t *a = crt_auxv.vector; a->a_type; a++)
		n += a->a_type == type;
	return n;
}

/* Everything is there once, and nothing else is. */
static void test_auxv(void)
{
	static const struct {
		const char *name;
		cloudabi_auxtype_t type;
	} rows[] = {
		{ "one AT_ARGDATA", CLOUDABI_AT_ARGDATA },
		{ "one AT_ARGDATALEN", CLOUDABI_AT_ARGDATALEN },
		{ "one AT_BASE", CLOUDABI_AT_BASE },
		{ "one AT_CANARY", CLOUDABI_AT_CANARY },
		{ "one AT_CANARYLEN", CLOUDABI_AT_CANARYLEN },
		{ "one AT_NCPUS", CLOUDABI_AT_NCPUS },
		{ "one AT_PAGESZ", CLOUDABI_AT_PAGESZ },
		{ "one AT_PHDR", CLOUDABI_AT_PHDR },
		{ "one AT_PHNUM", CLOUDABI_AT_PHNUM },
		{ "one AT_PID", CLOUDABI_AT_PID },
		{ "one AT_SYSINFO_EHDR", CLOUDABI_AT_SYSINFO_EHDR },
		{ "one AT_TID", CLOUDABI_AT_TID },
	};
	const cloudabi_auxv_t *a = crt_auxv.vector;
	uint32_t padding = 0;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_EQ_NAMED(rows[i].name, count_entries(rows[i].type), 1);
	for (n = 0; a[n].a_type; n++)
		padding |= ((const uint32_t *)&a[n])[1];
	padding |= ((const uint32_t *)&a[n])[1];
	EXPECT_EQ(n, ARRAY_SIZE(rows));
	EXPECT_EQ(padding, 0);
	EXPECT_EQ((uintptr_t)a % _Alignof(cloudabi_auxv_t), 0);
}

static void test_image(void)
{
	const struct elf_ehdr *ehdr = &__ehdr_start;
	uintptr_t bias = (uintptr_t)ehdr;

	if (ehdr->e_type == ET_EXEC)
		bias = 0;
	EXPECT_EQ(crt_auxv.base, bias);
	EXPECT_EQ(crt_auxv.phdr, (uintptr_t)ehdr + ehdr->e_phoff);
	EXPECT_EQ(crt_auxv.phnum, ehdr->e_phnum);
	EXPECT_EQ(crt_auxv.pagesz, 4096);
	EXPECT_OK(crt_relro_error);
}

static uint64_t bits_of(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint64_t bits = 0;

	for (size_t i = 0; i < len; i++)
		bits |= p[i];
	return bits;
}

static void test_random(void)
{
	const uint8_t *canary = crt_auxv.canary, *uuid = crt_auxv.pid;

	EXPECT_EQ(crt_auxv.canarylen, 64);
	EXPECT_NE(bits_of(canary, 64), 0);
	EXPECT_NE(memcmp(canary, canary + 32, 32), 0);
	EXPECT_NE(bits_of(uuid, 16), 0);
	EXPECT_NE(memcmp(canary, uuid, 16), 0);
	EXPECT_EQ(uuid[6] >> 4, 4);
	EXPECT_EQ(uuid[8] >> 6, 2);
	EXPECT_TRUE(on_stack(canary));
	EXPECT_TRUE(on_stack(uuid));
}

static void test_machine(void)
{
	const struct elf_ehdr *vdso = crt_auxv.vdso;

	EXPECT_TRUE(crt_auxv.ncpus >= 1);
	EXPECT_NE(crt_auxv.tid, 0);
	EXPECT_TRUE(crt_auxv.tid < 1u << 30);
	EXPECT_NE(vdso, NULL);
	EXPECT_EQ((uintptr_t)vdso % crt_auxv.pagesz, 0);
	EXPECT_EQ(memcmp(vdso->e_ident, ELFMAG, SELFMAG), 0);
}

/* Looks for a string in [from, to). */
static bool find(const char *from, const char *to, const char *string)
{
	size_t len = strlen(string);

	while (from < to && (from = memchr(from, *string, to - from))) {
		if ((size_t)(to - from) >= len && !memcmp(from, string, len))
			return true;
		from++;
	}
	return false;
}

/*
 * From the first stack pointer to the end of the stack there is nothing of
 * the launcher's but the argument data.
 */
static void test_leaks(void)
{
	static const char marker[] = "CLOUDABI_START_MARKER";
	const char *from = (const char *)first_state.rsp;
	const char *data = crt_auxv.argdata;
	const char *data_end = data + crt_auxv.argdatalen;
	const char *end = (const char *)(-crt_auxv.pagesz & (uintptr_t)from);

	while (is_mapped(end))
		end += crt_auxv.pagesz;
	if (!EXPECT_TRUE(from < data && data_end <= end)) {
		ktap_skip(2, "leaks", "the argument data is elsewhere");
		return;
	}
	EXPECT_FALSE(find(from, data, marker));
	EXPECT_FALSE(find(data_end, end, marker));
}

static void test_memory(void)
{
	volatile char below[64 << 10];

	for (size_t i = 0; i < sizeof(below); i += 1024)
		below[i] = i >> 10;
	EXPECT_EQ(below[sizeof(below) - 1024], 63);
	EXPECT_TRUE(on_stack((const void *)first_state.rsp));
	EXPECT_TRUE(on_stack(crt_auxv.vector));
	/* Even if there is none of it. */
	EXPECT_NE(crt_auxv.argdata, NULL);
}

int program_main(const struct argdata *ad)
{
	(void)ad;
	ktap_start();
	ktap_plan(21 + 4 + 15 + 5 + 9 + 6 + 3 + 4);
	test_registers();
	test_tcb();
	test_auxv();
	test_image();
	test_random();
	test_machine();
	test_leaks();
	test_memory();
	return ktap_finish();
}
