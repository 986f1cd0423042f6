/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The loader, in four steps: exec_image.c reads and judges the headers,
 * exec_map.c maps the segments, exec_stack.c makes the first stack, exec.c puts
 * them in order around the point of no return.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_EXEC_H
#define _CLOUDABI_EXEC_H

#include <linux/elf.h>
#include <linux/types.h>

struct cloudabi_handover;
struct file;
struct linux_binprm;

/**
 * struct cloudabi_image - What the headers of an executable say.
 * @file: the executable; not counted, the exec in progress holds it.
 * @file_size: its size in bytes when the headers were read.
 * @header: its ELF header, a copy.
 * @segments: its program headers, a copy; owned, freed by
 *	cloudabi_image_release().
 * @start: lowest address of a segment as linked, rounded down to a page.
 * @end: end of the highest one, rounded up to a page.
 * @align: strictest alignment that a segment asks for, at least a page.
 * @headers: address of the program headers as linked.
 * @headers_mapped: whether a segment holds all of the program headers.
 * @bias: what to add to linked addresses; 0 for ET_EXEC, set by mapping.
 */
struct cloudabi_image {
	struct file *file;
	loff_t file_size;
	struct elf64_hdr header;
	struct elf64_phdr *segments;
	u64 start;
	u64 end;
	u64 align;
	u64 headers;
	bool headers_mapped;
	unsigned long bias;
};

bool cloudabi_image_is_ours(const void *head);
int cloudabi_image_read(struct cloudabi_image *image, struct file *file,
			const void *head);
void cloudabi_image_release(struct cloudabi_image *image);

int cloudabi_image_map(struct cloudabi_image *image);

/**
 * struct cloudabi_start - Where a program starts.
 * @stack: its stack pointer.
 * @tls: the word that holds the address of the TCB.
 * @auxv: its auxiliary vector.
 */
struct cloudabi_start {
	unsigned long stack;
	unsigned long tls;
	unsigned long auxv;
};

int cloudabi_stack_place(struct linux_binprm *bprm,
			 const struct cloudabi_handover *handover);
int cloudabi_stack_make(struct linux_binprm *bprm,
			const struct cloudabi_handover *handover,
			const struct cloudabi_image *image, unsigned long vdso,
			struct cloudabi_start *start);

void cloudabi_exec_init(void);
void cloudabi_exec_exit(void);

#endif /* _CLOUDABI_EXEC_H */
