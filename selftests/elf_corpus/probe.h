/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the probe and those who start it know of each other.
 *
 * The probe is the code of the corpus's good executables. It first makes a
 * native call which no CloudABI process can make: run natively by accident, it
 * ends at once with EXIT_NATIVE. Then it tests its memory, tells what it found
 * and ends with EXIT_GOOD.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _ELF_CORPUS_PROBE_H
#define _ELF_CORPUS_PROBE_H

/* Exit statuses: of CloudABI programs, of native runs, of failed tests. */
#define EXIT_GOOD		42
#define EXIT_NATIVE		99
#define EXIT_NOT_ZERO		51
#define EXIT_NOT_THE_FILE	52
#define EXIT_NOT_WRITTEN	53
#define EXIT_BASE		54
#define EXIT_HEADERS		55
#define EXIT_REGISTERS		56
#define EXIT_REPORT		57

/* Where probe_params lies in the probe. */
#define PROBE_PARAMS	16
#define PROBE_PARAMS_SIZE 504

#ifndef __ASSEMBLER__

#include <stdint.h>

#define PROBE_MAGIC	0x45424f5250424143ULL

#define PROBE_RANGES	14

/* What to test of a range of memory. */
#define RANGE_ZERO	1	/* is zero */
#define RANGE_HASH	2	/* has this hash */
#define RANGE_WRITE	4	/* can be written to, afterwards */

/**
 * struct probe_range - memory that the probe tests
 * @start: address as linked
 * @size: number of bytes
 * @hash: probe_hash() of them
 * @what: RANGE_*
 */
struct probe_range {
	uint64_t start;
	uint64_t size;
	uint64_t hash;
	uint64_t what;
};

#define PROBE_FIXED	1	/* AT_BASE must be 0 */
#define PROBE_REPORT	2	/* write a struct probe_record to descriptor 1 */
#define PROBE_ECHO	4	/* write the argument data there, too */
#define PROBE_WAIT	8	/* then read a byte from descriptor 0 */
#define PROBE_STACK	16	/* then touch @depth bytes of stack */
#define PROBE_JUMP	32	/* then run code on the stack */
#define PROBE_CRASH	64	/* then die by an invalid instruction */
#define PROBE_FILES	128	/* then write the number of each of @depth files */

/**
 * struct probe_params - orders to the probe, written into the executable
 * @flags: PROBE_*
 * @depth: see PROBE_STACK and PROBE_FILES
 * @align: AT_BASE must be a multiple of this
 * @headers: address of the program headers as linked, if they are mapped
 * @headers_hash: probe_hash() of them
 * @headers_count: number of them; 0 if they are not mapped
 * @ranges: what to test, the first @range_count of them
 * @range_count: number of ranges
 */
struct probe_params {
	uint64_t flags;
	uint64_t depth;
	uint64_t align;
	uint64_t headers;
	uint64_t headers_hash;
	uint64_t headers_count;
	uint64_t range_count;
	struct probe_range ranges[PROBE_RANGES];
};

/**
 * struct probe_record - what the probe tells
 * @magic: PROBE_MAGIC
 * @registers: all general registers at the start, or-ed, without those that
 *	have a value by the ABI
 * @stack: stack pointer at the start
 * @tls: the word that FS base points at
 * @entry: address of the probe's first instruction
 * @auxv: address of the auxiliary vector
 * @auxv_count: number of its entries, with the last one
 * @argdata: AT_ARGDATA
 * @argdatalen: AT_ARGDATALEN
 * @argdata_hash: probe_hash() of the argument data
 * @base: AT_BASE
 * @phdr: AT_PHDR
 * @phnum: AT_PHNUM
 * @tid: AT_TID
 * @ncpus: AT_NCPUS
 * @pagesz: AT_PAGESZ
 * @vdso: AT_SYSINFO_EHDR
 * @canarylen: AT_CANARYLEN
 * @uuid: what AT_PID points at
 * @canary: what AT_CANARY points at
 */
struct probe_record {
	uint64_t magic;
	uint64_t registers;
	uint64_t stack;
	uint64_t tls;
	uint64_t entry;
	uint64_t auxv;
	uint64_t auxv_count;
	uint64_t argdata;
	uint64_t argdatalen;
	uint64_t argdata_hash;
	uint64_t base;
	uint64_t phdr;
	uint64_t phnum;
	uint64_t tid;
	uint64_t ncpus;
	uint64_t pagesz;
	uint64_t vdso;
	uint64_t canarylen;
	uint8_t uuid[16];
	uint8_t canary[64];
};

/* FNV-1a, 64 bits. */
static inline uint64_t probe_hash(const void *data, uint64_t size)
{
	const unsigned char *byte = data;
	uint64_t hash = 0xcbf29ce484222325ULL;

	while (size--)
		hash = (hash ^ *byte++) * 0x100000001b3ULL;
	return hash;
}

#endif /* __ASSEMBLER__ */
#endif /* _ELF_CORPUS_PROBE_H */
