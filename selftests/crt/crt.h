/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The start code of freestanding CloudABI programs.
 *
 * A program defines program_main() and is linked with the files of this
 * directory: no C library, no libgcc. The calls are the functions
 * cloudabi_sys_*() of calls_gen.h, which go through the vDSO.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CRT_H
#define _CRT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/cloudabi.h>

#include "argdata.h"
#include "calls_gen.h"
#include "elf.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define __printf(format, args) \
	__attribute__((__format__(printf, format, args)))
#define __weak __attribute__((__weak__))
#define noinline __attribute__((__noinline__))

/**
 * struct crt_auxv - what the system told the program at its start
 * @vector: the vector itself, ends with CLOUDABI_AT_NULL
 * @argdata: argument data, readable and writable
 * @argdatalen: length of @argdata
 * @base: what to add to an address of the file to get the one in memory
 * @phdr: the program headers, as mapped
 * @phnum: number of @phdr
 * @pagesz: page size
 * @ncpus: number of processors
 * @tid: id of the first thread
 * @canary: random bytes
 * @canarylen: length of @canary
 * @pid: UUID of the process, 16 bytes
 * @vdso: ELF header of the vDSO
 *
 * An entry that was not given is 0.
 */
struct crt_auxv {
	const cloudabi_auxv_t *vector;
	const void *argdata;
	size_t argdatalen;
	uintptr_t base;
	const struct elf_phdr *phdr;
	size_t phnum;
	size_t pagesz;
	uint32_t ncpus;
	cloudabi_tid_t tid;
	const void *canary;
	size_t canarylen;
	const uint8_t *pid;
	const struct elf_ehdr *vdso;
};

/* Filled in before program_main() and never changed after. */
extern struct crt_auxv crt_auxv;

/* How the protection of the relocated data (RELRO) went. */
extern cloudabi_errno_t crt_relro_error;

/**
 * program_main - the program
 * @ad: its argument data, not checked in any way
 *
 * Return: the exit code of the process.
 */
int program_main(const struct argdata *ad);

/* Where the system starts the program; a program may bring its own. */
_Noreturn void _start(const cloudabi_auxv_t *auxv);
/* What _start() has to go on to, with the same argument. */
_Noreturn void crt_start(const cloudabi_auxv_t *auxv);

/* What -mstack-protector-guard=global compares with and calls. */
extern uintptr_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);

/* Ends the process. */
_Noreturn void crt_exit(cloudabi_exitcode_t code);

/* The address of a function of the vDSO, NULL if it has none of that name. */
void *crt_vdso_symbol(const char *name);

/*
 * Thread-local storage. A thread that was made by thread_create() starts
 * without; it gives an area of crt_tls_size() bytes, which must live as long
 * as the thread does, to crt_tls_install() before it touches a variable of
 * class _Thread_local.
 */
size_t crt_tls_size(void);
void crt_tls_install(void *area);

/* The pointer to the TCB, in the word that the FS base points at. */
static inline cloudabi_tcb_t *crt_tcb_get(void)
{
	cloudabi_tcb_t *tcb;

	__asm__ volatile ("mov %%fs:0, %0" : "=r" (tcb) : : "memory");
	return tcb;
}

static inline void crt_tcb_set(cloudabi_tcb_t *tcb)
{
	__asm__ volatile ("mov %0, %%fs:0" : : "r" (tcb) : "memory");
}

#endif /* _CRT_H */
