// SPDX-License-Identifier: GPL-2.0
/*
 * From the first instruction to program_main().
 *
 * Nothing but the auxiliary vector is known at the start, and nothing that
 * holds an address is right before relocate() has run: up to there, only
 * code and variables of the program's own, reached relative to the program
 * counter, may be touched (-fvisibility=hidden sees to that).
 *
 * Where something is so wrong that no call can be made or trusted, the
 * program ends by an invalid instruction.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "crt.h"

struct crt_auxv crt_auxv;
cloudabi_errno_t crt_relro_error;

uintptr_t __stack_chk_guard;

_Noreturn void __stack_chk_fail(void)
{
	cloudabi_sys_proc_raise(CLOUDABI_SIGABRT);
	__builtin_trap();
}

static void read_auxv(const cloudabi_auxv_t *auxv, struct crt_auxv *a)
{
	a->vector = auxv;
	for (; auxv->a_type != CLOUDABI_AT_NULL; auxv++) {
		switch (auxv->a_type) {
		case CLOUDABI_AT_ARGDATA:
			a->argdata = auxv->a_ptr;
			break;
		case CLOUDABI_AT_ARGDATALEN:
			a->argdatalen = auxv->a_val;
			break;
		case CLOUDABI_AT_BASE:
			a->base = (uintptr_t)auxv->a_ptr;
			break;
		case CLOUDABI_AT_PHDR:
			a->phdr = auxv->a_ptr;
			break;
		case CLOUDABI_AT_PHNUM:
			a->phnum = auxv->a_val;
			break;
		case CLOUDABI_AT_PAGESZ:
			a->pagesz = auxv->a_val;
			break;
		case CLOUDABI_AT_NCPUS:
			a->ncpus = auxv->a_val;
			break;
		case CLOUDABI_AT_TID:
			a->tid = auxv->a_val;
			break;
		case CLOUDABI_AT_CANARY:
			a->canary = auxv->a_ptr;
			break;
		case CLOUDABI_AT_CANARYLEN:
			a->canarylen = auxv->a_val;
			break;
		case CLOUDABI_AT_PID:
			a->pid = auxv->a_ptr;
			break;
		case CLOUDABI_AT_SYSINFO_EHDR:
			a->vdso = auxv->a_ptr;
			break;
		}
	}
}

static const struct elf_phdr *find_phdr(const struct crt_auxv *a,
					uint32_t type)
{
	for (size_t i = 0; i < a->phnum; i++) {
		if (a->phdr[i].p_type == type)
			return &a->phdr[i];
	}
	return NULL;
}

static void relocate_table(uintptr_t base, const struct elf_rela *rela,
			   size_t size)
{
	const struct elf_rela *end = rela + size / sizeof(*rela);

	for (; rela < end; rela++) {
		if ((uint32_t)rela->r_info != R_X86_64_RELATIVE)
			__builtin_trap();
		*(uintptr_t *)(base + rela->r_offset) = base + rela->r_addend;
	}
}

/* A program at a fixed address has no PT_DYNAMIC, and nothing to relocate. */
static void relocate(const struct crt_auxv *a)
{
	const struct elf_phdr *phdr = find_phdr(a, PT_DYNAMIC);
	const struct elf_dyn *dyn;
	uint64_t rela = 0, relasz = 0;

	if (!phdr)
		return;
	dyn = (const struct elf_dyn *)(a->base + phdr->p_vaddr);
	for (; dyn->d_tag != DT_NULL; dyn++) {
		switch (dyn->d_tag) {
		case DT_RELA:
			rela = dyn->d_val;
			break;
		case DT_RELASZ:
			relasz = dyn->d_val;
			break;
		case DT_REL:
		case DT_JMPREL:
		case DT_RELR:
			__builtin_trap();
		}
	}
	relocate_table(a->base, (const struct elf_rela *)(a->base + rela),
		       relasz);
}

static void set_guard(const struct crt_auxv *a)
{
	if (a->canarylen >= sizeof(__stack_chk_guard))
		memcpy(&__stack_chk_guard, a->canary,
		       sizeof(__stack_chk_guard));
}

/*
 * Only whole pages can be protected. Linkers let the segment end with a page;
 * what would stick out is left writable.
 */
static cloudabi_errno_t protect_relro(const struct crt_auxv *a)
{
	const struct elf_phdr *phdr = find_phdr(a, PT_GNU_RELRO);
	uintptr_t start, end;

	if (!phdr || !a->pagesz)
		return 0;
	start = (a->base + phdr->p_vaddr) & -a->pagesz;
	end = (a->base + phdr->p_vaddr + phdr->p_memsz) & -a->pagesz;
	if (start == end)
		return 0;
	return cloudabi_sys_mem_protect((void *)start, end - start,
					CLOUDABI_PROT_READ);
}

/* The main thread's TLS lives on the stack, below everything else. */
static noinline _Noreturn void run(void)
{
	struct argdata ad = {
		.data = crt_auxv.argdata,
		.len = crt_auxv.argdatalen,
	};

	crt_tls_install(__builtin_alloca(crt_tls_size()));
	crt_exit(program_main(&ad));
}

_Noreturn void crt_start(const cloudabi_auxv_t *auxv)
{
	struct crt_auxv a = { 0 };

	read_auxv(auxv, &a);
	relocate(&a);
	set_guard(&a);
	crt_auxv = a;
	crt_calls_resolve();
	crt_relro_error = protect_relro(&a);
	run();
}

__weak _Noreturn void _start(const cloudabi_auxv_t *auxv)
{
	crt_start(auxv);
}

_Noreturn void crt_exit(cloudabi_exitcode_t code)
{
	cloudabi_sys_proc_exit(code);
	__builtin_trap();
}

static const struct elf_phdr *tls_phdr(void)
{
	return find_phdr(&crt_auxv, PT_TLS);
}

static size_t tls_align(const struct elf_phdr *phdr)
{
	if (phdr && phdr->p_align > _Alignof(cloudabi_tcb_t))
		return phdr->p_align;
	return _Alignof(cloudabi_tcb_t);
}

/*
 * How far below the TCB the variables start; see crt_tls_install(). This is for
 * the linker to say, which knows nothing of the alignment of the TCB.
 */
static size_t tls_offset(const struct elf_phdr *phdr)
{
	size_t align = phdr && phdr->p_align ? phdr->p_align : 1;

	if (!phdr)
		return 0;
	return phdr->p_memsz +
	       (-(phdr->p_vaddr + phdr->p_memsz) & (align - 1));
}

size_t crt_tls_size(void)
{
	const struct elf_phdr *phdr = tls_phdr();

	return tls_offset(phdr) + sizeof(cloudabi_tcb_t) + tls_align(phdr) - 1;
}

/*
 * The TCB has the alignment of the segment and the variables end below it, so
 * that each lies at a constant offset from it (variant II of ELF's TLS). The
 * FS base is not ours to change: the word it points at holds the address of
 * the TCB, and that is what code loads before it adds the offset. The word
 * that the system keeps in its TCB moves into ours.
 */
void crt_tls_install(void *area)
{
	const struct elf_phdr *phdr = tls_phdr();
	size_t align = tls_align(phdr), offset = tls_offset(phdr);
	uintptr_t address = ((uintptr_t)area + offset + align - 1) & -align;
	cloudabi_tcb_t *tcb = (cloudabi_tcb_t *)address;
	unsigned char *block = (unsigned char *)(address - offset);

	if (phdr) {
		memcpy(block, (const void *)(crt_auxv.base + phdr->p_vaddr),
		       phdr->p_filesz);
		memset(block + phdr->p_filesz, 0,
		       phdr->p_memsz - phdr->p_filesz);
	}
	*tcb = *crt_tcb_get();
	crt_tcb_set(tcb);
}
