// SPDX-License-Identifier: GPL-2.0
/*
 * Makes the files of the corpus.
 *
 * Each case takes one of a few good executables, the bases, and changes it by
 * statements that see the file as e, its ELF header as h and its program
 * headers as p.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "corpus.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 0x1000ULL
#define page_up(x) (((x) + PAGE - 1) & -PAGE)

#define KB (1ULL << 10)
#define MB (1ULL << 20)
#define GB (1ULL << 30)
#define TB (1ULL << 40)
#define EB (1ULL << 60)

/* --- What bases are made of ---------------------------------------------- */

/* The layout of most bases: headers and code, then data and zeros. */
#define HEADERS		sizeof(Elf64_Ehdr)
#define CODE		0x400ULL
#define TEXT_SIZE	0x2000ULL
#define DATA		0x2000ULL
#define DATA_SIZE	0x800ULL
#define DATA_MEMORY	0x3000ULL
#define FILE_SIZE	0x3000ULL
#define FIXED		0x400000ULL
/* Where a fixed program and the stack must not come near each other. */
#define HIGHEST		0x3ffffffff000ULL
#define USER_END	0x7ffffffff000ULL

#define R PF_R
#define W PF_W
#define X PF_X

static void begin(struct corpus_file *e, uint16_t type, uint64_t size)
{
	size_t i;

	/* int3, so that whoever gets lost stops at once. */
	memset(e->data, 0xcc, size);
	memset(e->data, 0, CODE < size ? CODE : size);
	for (i = DATA; i < size; i++)
		e->data[i] = 1 + i % 251;
	e->used = size;
	e->length = size;
	e->header = (Elf64_Ehdr *)e->data;
	e->segments = (Elf64_Phdr *)(e->data + HEADERS);
	*e->header = (Elf64_Ehdr){
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			     ELFDATA2LSB, EV_CURRENT, ELFOSABI_CLOUDABI },
		.e_type = type,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = HEADERS,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
	};
}

/* Sets a program header; there are as many as the highest one set. */
static void segment(struct corpus_file *e, unsigned int i, uint32_t type,
		    uint32_t flags, uint64_t offset, uint64_t address,
		    uint64_t file_size, uint64_t size)
{
	e->segments[i] = (Elf64_Phdr){
		.p_type = type,
		.p_flags = flags,
		.p_offset = offset,
		.p_vaddr = address,
		.p_paddr = address,
		.p_filesz = file_size,
		.p_memsz = size,
		.p_align = PAGE,
	};
	if (e->header->e_phnum <= i)
		e->header->e_phnum = i + 1;
}

static void load(struct corpus_file *e, unsigned int i, uint32_t flags,
		 uint64_t offset, uint64_t address, uint64_t file_size,
		 uint64_t size)
{
	segment(e, i, PT_LOAD, flags, offset, address, file_size, size);
}

static void code(struct corpus_file *e, const unsigned char *start,
		 const unsigned char *end, uint64_t offset)
{
	assert(offset + (end - start) <= e->used);
	memcpy(e->data + offset, start, end - start);
	e->params = NULL;
}

static void probe(struct corpus_file *e, uint64_t offset)
{
	code(e, corpus_probe, corpus_probe_end, offset);
	e->params = (struct probe_params *)(e->data + offset + PROBE_PARAMS);
}

/* --- Bases --------------------------------------------------------------- */

/* Position-independent, a text and a data segment, aligned to pages. */
static void dyn(struct corpus_file *e)
{
	begin(e, ET_DYN, FILE_SIZE);
	load(e, 0, R | X, 0, 0, TEXT_SIZE, TEXT_SIZE);
	load(e, 1, R | W, DATA, DATA, DATA_SIZE, DATA_MEMORY);
	e->header->e_entry = CODE;
	probe(e, CODE);
}

/* Moves all of it by so much. */
static void move(struct corpus_file *e, uint64_t distance)
{
	unsigned int i;

	for (i = 0; i < e->header->e_phnum; i++) {
		e->segments[i].p_vaddr += distance;
		e->segments[i].p_paddr += distance;
	}
	e->header->e_entry += distance;
}

/* The same at a fixed address. */
static void fixed(struct corpus_file *e)
{
	dyn(e);
	e->header->e_type = ET_EXEC;
	move(e, FIXED);
}

static void fixed_at(struct corpus_file *e, uint64_t address)
{
	move(e, address - FIXED);
}

/* As linkers pack it: neighbours share pages of the file, not of memory. */
static void packed(struct corpus_file *e)
{
	begin(e, ET_DYN, FILE_SIZE);
	load(e, 0, R, 0, 0, 0x380, 0x380);
	load(e, 1, R | X, 0x400, 0x1400, 0x1a80, 0x1a80);
	load(e, 2, R | W, 0x1e80, 0x3e80, 0x100, 0x100);
	load(e, 3, R | W, 0x1f80, 0x4f80, 0x880, 0x2000);
	e->header->e_entry = 0x1400;
	probe(e, 0x400);
}

/* One segment with all in it, and no field that is not needed. */
static void tiny(struct corpus_file *e)
{
	uint64_t size = 0x80 + (corpus_exit_end - corpus_exit);

	begin(e, ET_DYN, size);
	load(e, 0, R | X, 0, 0, size, size);
	e->segments[0].p_align = 2 * MB;
	e->segments[0].p_paddr = 0;
	e->header->e_entry = 0x80;
	e->header->e_ehsize = 0;
	code(e, corpus_exit, corpus_exit_end, 0x80);
}

/* The same with the probe in it. */
static void single(struct corpus_file *e)
{
	dyn(e);
	e->header->e_phnum = 1;
	e->length = TEXT_SIZE;
}

/* A 32-bit executable as Linux runs them; it exits with EXIT_NATIVE. */
static void elf32(struct corpus_file *e)
{
	static const unsigned char exit32[] = {
		0xbb, EXIT_NATIVE, 0, 0, 0,	/* mov $EXIT_NATIVE, %ebx */
		0xb8, 1, 0, 0, 0,		/* mov $1, %eax */
		0xcd, 0x80,			/* int $0x80 */
	};
	Elf32_Ehdr *header = (Elf32_Ehdr *)e->data;
	Elf32_Phdr *program = (Elf32_Phdr *)(header + 1);

	begin(e, ET_EXEC, TEXT_SIZE);
	memset(e->data, 0, CODE);
	*header = (Elf32_Ehdr){
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32,
			     ELFDATA2LSB, EV_CURRENT, ELFOSABI_CLOUDABI },
		.e_type = ET_EXEC,
		.e_machine = EM_386,
		.e_version = EV_CURRENT,
		.e_entry = FIXED + CODE,
		.e_phoff = sizeof(*header),
		.e_ehsize = sizeof(*header),
		.e_phentsize = sizeof(*program),
		.e_phnum = 1,
	};
	*program = (Elf32_Phdr){
		.p_type = PT_LOAD,
		.p_flags = R | X,
		.p_vaddr = FIXED,
		.p_filesz = TEXT_SIZE,
		.p_memsz = TEXT_SIZE,
		.p_align = PAGE,
	};
	code(e, exit32, exit32 + sizeof(exit32), CODE);
}

/* --- What cases do to them ----------------------------------------------- */

/* Code that does nothing but tell which ABI it runs under. */
static void plain(struct corpus_file *e)
{
	code(e, corpus_exit, corpus_exit_end, CODE);
}

static void align_all(struct corpus_file *e, uint64_t align)
{
	unsigned int i;

	for (i = 0; i < e->header->e_phnum; i++)
		e->segments[i].p_align = align;
}

static void both_sizes(Elf64_Phdr *p, uint64_t size)
{
	p->p_filesz = size;
	p->p_memsz = size;
}

static void grow(struct corpus_file *e, uint64_t size)
{
	assert(size <= CORPUS_ROOM);
	e->used = size;
	e->length = size;
}

/* Puts the program headers elsewhere; where they were there are zeros. */
static void headers_to(struct corpus_file *e, uint64_t offset)
{
	size_t size = e->header->e_phnum * sizeof(Elf64_Phdr);
	unsigned char *to = e->data + offset;

	e->header->e_phoff = offset;
	if (offset + size > CORPUS_ROOM) {
		to = e->far[e->far_count].bytes;
		e->far[e->far_count].offset = offset;
		e->far[e->far_count].size = size;
		e->far_count++;
		e->length = offset + size;
	} else if (offset + size > e->used) {
		grow(e, offset + size);
	}
	memcpy(to, e->segments, size);
	memset(e->segments, 0, size);
	e->segments = (Elf64_Phdr *)to;
}

/* Has so many program headers; those behind the good ones are PT_NULL. */
static void headers_many(struct corpus_file *e, unsigned int count)
{
	uint64_t size = count * sizeof(Elf64_Phdr);

	headers_to(e, FILE_SIZE);
	grow(e, FILE_SIZE + size);
	e->header->e_phnum = count;
}

/* A page of data so far into the file. */
static void data_far(struct corpus_file *e, uint64_t offset, uint64_t size)
{
	unsigned int i = e->far_count++;

	memset(e->far[i].bytes, 0x77, sizeof(e->far[i].bytes));
	e->far[i].offset = offset;
	e->far[i].size = size;
	e->length = offset + size;
	e->segments[1].p_offset = offset;
	e->segments[1].p_filesz = size;
}

/* One-page segments, so many, each some pages from the next. */
static void loads_many(struct corpus_file *e, unsigned int count)
{
	unsigned int i;

	headers_many(e, count);
	for (i = 2; i < count; i++)
		load(e, i, R, 0, DATA + DATA_MEMORY + i * 3 * PAGE, PAGE, PAGE);
}

static void swap_segments(struct corpus_file *e)
{
	Elf64_Phdr first = e->segments[0];

	e->segments[0] = e->segments[1];
	e->segments[1] = first;
}

static void interpreter(struct corpus_file *e, unsigned int i,
			const char *name)
{
	memcpy(e->data + 0x380, name, strlen(name) + 1);
	segment(e, i, PT_INTERP, R, 0x380, 0x380, strlen(name) + 1,
		strlen(name) + 1);
}

/* All fields in the order of bytes of other machines. */
static void big_endian(struct corpus_file *e)
{
	Elf64_Ehdr *h = e->header;
	unsigned int i;

	for (i = 0; i < h->e_phnum; i++) {
		Elf64_Phdr *p = &e->segments[i];

		p->p_type = htobe32(p->p_type);
		p->p_flags = htobe32(p->p_flags);
		p->p_offset = htobe64(p->p_offset);
		p->p_vaddr = htobe64(p->p_vaddr);
		p->p_filesz = htobe64(p->p_filesz);
		p->p_memsz = htobe64(p->p_memsz);
		p->p_align = htobe64(p->p_align);
	}
	h->e_ident[EI_DATA] = ELFDATA2MSB;
	h->e_type = htobe16(h->e_type);
	h->e_machine = htobe16(h->e_machine);
	h->e_version = htobe32(h->e_version);
	h->e_entry = htobe64(h->e_entry);
	h->e_phoff = htobe64(h->e_phoff);
	h->e_phentsize = htobe16(h->e_phentsize);
	h->e_phnum = htobe16(h->e_phnum);
}

/* ELF's way to tell more than 65534 program headers: in section 0. */
static void count_in_section(struct corpus_file *e, uint32_t count)
{
	Elf64_Shdr *section = (Elf64_Shdr *)(e->data + 0x300);

	section->sh_info = count;
	e->header->e_shoff = 0x300;
	e->header->e_shnum = 1;
	e->header->e_shentsize = sizeof(*section);
	e->header->e_phnum = PN_XNUM;
}

/* --- The cases ----------------------------------------------------------- */

#define CASE(verdict, signal, name, base, ...)				\
	static void make_##name(struct corpus_file *e)			\
	{								\
		Elf64_Ehdr *h __attribute__((unused));			\
		Elf64_Phdr *p __attribute__((unused));			\
									\
		base(e);						\
		h = e->header;						\
		p = e->segments;					\
		__VA_ARGS__;						\
	}
#include "cases.h"
#undef CASE

#define CASE(verdict, signal, name, ...)				\
	{ #name, verdict, signal, make_##name },

const struct corpus_case corpus_cases[] = {
#include "cases.h"
};

const unsigned int corpus_size = sizeof(corpus_cases) / sizeof(*corpus_cases);

const struct corpus_case *corpus_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < corpus_size; i++) {
		if (!strcmp(corpus_cases[i].name, name))
			return &corpus_cases[i];
	}
	return NULL;
}

/* --- What the probe has to find ------------------------------------------ */

/* Bytes of the file as they will be read, at most 64 KiB of them. */
static void file_bytes(const struct corpus_file *e, uint64_t offset,
		       unsigned char *to, size_t size)
{
	unsigned int i;
	size_t n;

	for (n = 0; n < size; n++)
		to[n] = offset + n < e->used ? e->data[offset + n] : 0;
	for (i = 0; i < e->far_count; i++) {
		for (n = 0; n < size; n++) {
			uint64_t at = offset + n - e->far[i].offset;

			if (at < e->far[i].size)
				to[n] = e->far[i].bytes[at];
		}
	}
}

#define MOST (64 << 10)

static uint64_t file_hash(const struct corpus_file *e, uint64_t offset,
			  size_t size)
{
	static unsigned char bytes[MOST];

	file_bytes(e, offset, bytes, size);
	return probe_hash(bytes, size);
}

static void add_range(struct corpus_file *e, uint64_t start, uint64_t size,
		      uint64_t what, uint64_t hash)
{
	struct probe_params *params = e->params;

	if (!size || params->range_count == PROBE_RANGES)
		return;
	params->ranges[params->range_count++] = (struct probe_range){
		.start = start,
		.size = size,
		.hash = hash,
		.what = what,
	};
}

/* Zeros: both ends of them if they are many. */
static void test_zeros(struct corpus_file *e, uint64_t start, uint64_t end,
		       uint64_t what)
{
	if (end - start <= 2 * MOST) {
		add_range(e, start, end - start, what, 0);
		return;
	}
	add_range(e, start, MOST, what, 0);
	add_range(e, end - MOST, MOST, what, 0);
}

static void test_segment(struct corpus_file *e, const Elf64_Phdr *p)
{
	size_t size = p->p_filesz < MOST ? p->p_filesz : MOST;
	uint64_t params = (unsigned char *)e->params - e->data;
	uint64_t end = p->p_vaddr + p->p_memsz;

	if (!(p->p_flags & (R | W)))
		return;
	/* The orders to the probe are not known yet: no hash of them. */
	if (size && (params < p->p_offset || params >= p->p_offset + size))
		add_range(e, p->p_vaddr, size, RANGE_HASH,
			  file_hash(e, p->p_offset, size));
	if (p->p_flags & W)
		test_zeros(e, p->p_vaddr + p->p_filesz, page_up(end),
			   RANGE_ZERO | RANGE_WRITE);
	else if (!p->p_filesz)
		test_zeros(e, p->p_vaddr, page_up(end), RANGE_ZERO);
}

static void test_headers(struct corpus_file *e, const Elf64_Phdr *p)
{
	const Elf64_Ehdr *h = e->header;
	size_t size = h->e_phnum * sizeof(Elf64_Phdr);

	if (e->params->headers_count || h->e_phoff < p->p_offset ||
	    h->e_phoff + size > p->p_offset + p->p_filesz)
		return;
	e->params->headers = p->p_vaddr + h->e_phoff - p->p_offset;
	e->params->headers_count = h->e_phnum;
	e->params->headers_hash = file_hash(e, h->e_phoff, size);
}

void corpus_set_tests(struct corpus_file *e)
{
	unsigned int i;

	if (!e->params)
		return;
	memset(e->params, 0, sizeof(*e->params));
	for (i = 0; i < e->header->e_phnum; i++) {
		const Elf64_Phdr *p = &e->segments[i];

		if (p->p_type != PT_LOAD || !p->p_memsz)
			continue;
		test_segment(e, p);
		test_headers(e, p);
		if (e->header->e_type == ET_DYN &&
		    e->params->align < p->p_align)
			e->params->align = p->p_align;
	}
	if (e->header->e_type == ET_EXEC)
		e->params->flags = PROBE_FIXED;
}

/* --- Making and writing -------------------------------------------------- */

bool corpus_make(const struct corpus_case *c, struct corpus_file *file)
{
	memset(file, 0, sizeof(*file));
	file->data = calloc(1, CORPUS_ROOM);
	if (!file->data)
		return false;
	c->make(file);
	if (c->verdict == CORPUS_RUNS)
		corpus_set_tests(file);
	return true;
}

void corpus_free(struct corpus_file *file)
{
	free(file->data);
	file->data = NULL;
}

bool corpus_is_cloudabi(const struct corpus_file *file)
{
	return file->length > EI_OSABI && !memcmp(file->data, ELFMAG, SELFMAG) &&
	       file->data[EI_OSABI] == ELFOSABI_CLOUDABI;
}

static int write_at(int fd, const unsigned char *bytes, size_t size,
		    off_t offset)
{
	while (size) {
		ssize_t n = pwrite(fd, bytes, size, offset);

		if (n < 0)
			return -1;
		bytes += n;
		size -= n;
		offset += n;
	}
	return 0;
}

int corpus_write(const struct corpus_file *file, int fd)
{
	size_t size = file->used < file->length ? file->used : file->length;
	unsigned int i;

	if (write_at(fd, file->data, size, 0))
		return -1;
	for (i = 0; i < file->far_count; i++) {
		if (write_at(fd, file->far[i].bytes, file->far[i].size,
			     file->far[i].offset))
			return -1;
	}
	return ftruncate(fd, file->length);
}
