// SPDX-License-Identifier: GPL-2.0
/*
 * Maps the segments of an executable whose headers have been judged.
 *
 * Runs past the point of no return: an error here (out of memory, a limit, a
 * security module) means that the process dies by SIGSEGV, by the kernel's own
 * rule for an exec that fails so late.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/elf.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/uaccess.h>

#include "exec.h"

static unsigned long protection_of(const struct elf64_phdr *segment)
{
	unsigned long protection = PROT_NONE;

	if (segment->p_flags & PF_R)
		protection |= PROT_READ;
	if (segment->p_flags & PF_W)
		protection |= PROT_WRITE;
	if (segment->p_flags & PF_X)
		protection |= PROT_EXEC;
	return protection;
}

static int map_at(struct file *file, unsigned long start, unsigned long end,
		  unsigned long protection, unsigned long flags,
		  unsigned long offset)
{
	unsigned long address;

	if (start >= end)
		return 0;
	address = vm_mmap(file, start, end - start, protection,
			  flags | MAP_PRIVATE, offset);
	if (IS_ERR_VALUE(address))
		return address;
	return address == start ? 0 : -ENOMEM;
}

/* The rest of the last page that comes from the file is not the program's. */
static int clear_tail(const struct elf64_phdr *segment, unsigned long end)
{
	unsigned long tail = PAGE_ALIGN(end) - end;

	if (!(segment->p_flags & PF_W) || !segment->p_filesz || !tail)
		return 0;
	return clear_user((void __user *)end, tail) ? -EFAULT : 0;
}

static int map_segment(const struct cloudabi_image *image,
		       const struct elf64_phdr *segment, unsigned long fixed)
{
	unsigned long protection = protection_of(segment);
	unsigned long start = image->bias + segment->p_vaddr;
	unsigned long file_end = start + segment->p_filesz;
	unsigned long anon = start & PAGE_MASK;
	int error;

	if (segment->p_filesz) {
		error = map_at(image->file, start & PAGE_MASK,
			       PAGE_ALIGN(file_end), protection, fixed,
			       segment->p_offset & PAGE_MASK);
		if (error)
			return error;
		error = clear_tail(segment, file_end);
		if (error)
			return error;
		anon = PAGE_ALIGN(file_end);
	}
	return map_at(NULL, anon, PAGE_ALIGN(start + segment->p_memsz),
		      protection, fixed | MAP_ANONYMOUS, 0);
}

/*
 * Finds room for a position-independent executable, at random as for any
 * mapping, and reserves it: segments then go to fixed places inside, and what
 * lies between them stays inaccessible.
 */
static int reserve(struct cloudabi_image *image)
{
	unsigned long size = image->end - image->start;
	unsigned long slack = image->align - PAGE_SIZE;
	unsigned long room, base, end;
	int error;

	room = vm_mmap(NULL, 0, size + slack, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, 0);
	if (IS_ERR_VALUE(room))
		return room;

	/* Addresses keep their remainder modulo the alignment. */
	base = room + ((image->start - room) & (image->align - 1));
	end = base + size;
	if (base > room) {
		error = vm_munmap(room, base - room);
		if (error)
			return error;
	}
	if (room + size + slack > end) {
		error = vm_munmap(end, room + slack + size - end);
		if (error)
			return error;
	}
	image->bias = base - image->start;
	return 0;
}

/**
 * cloudabi_image_map() - Map an executable into the calling task's new address
 * space.
 * @image: the image, judged good; its bias is set.
 *
 * Context: Process context, may sleep, past the point of no return.
 * Return: 0, -ENOMEM if there is no room or it is taken, -EFAULT if a page of
 * the file cannot be read, or another error of mmap.
 */
int cloudabi_image_map(struct cloudabi_image *image)
{
	unsigned long fixed = MAP_FIXED_NOREPLACE;
	unsigned int i;
	int error;

	if (image->header.e_type == ET_DYN) {
		error = reserve(image);
		if (error)
			return error;
		fixed = MAP_FIXED;
	}
	for (i = 0; i < image->header.e_phnum; i++) {
		const struct elf64_phdr *segment = &image->segments[i];

		if (segment->p_type != PT_LOAD || !segment->p_memsz)
			continue;
		error = map_segment(image, segment, fixed);
		if (error)
			return error;
	}
	return 0;
}
