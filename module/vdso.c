// SPDX-License-Identifier: GPL-2.0
/*
 * The vDSO: the only code that the kernel gives to a program, and where it gets
 * all its calls from. One memory file holds it; every program maps that file:
 *
 *	CLOCK_PAGE	what the clocks are told by, see vdso_clock.c
 *	IMAGE_PAGE	the image
 *	after it	zeroes, which tell that there is no time here
 *
 * A program has the image, and one of the other two pages right before it.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pagemap.h>
#include <linux/pgtable.h>
#include <linux/random.h>

#include "arch/arch.h"
#include "compat/shmem_fs.h"
#include "vdso.h"

extern const char cloudabi_vdso_image[];
extern const size_t cloudabi_vdso_image_size;

/* Offsets in the file, in pages. */
enum { CLOCK_PAGE, IMAGE_PAGE };

static struct file *vdso_file;
static struct page *clock_page;

static unsigned long image_size(void)
{
	return PAGE_ALIGN(cloudabi_vdso_image_size);
}

static unsigned long no_clock_offset(void)
{
	return IMAGE_PAGE * PAGE_SIZE + image_size();
}

static int write_image(struct file *file)
{
	loff_t position = IMAGE_PAGE * PAGE_SIZE;
	ssize_t written;

	written = kernel_write(file, cloudabi_vdso_image,
			       cloudabi_vdso_image_size, &position);
	if (written == cloudabi_vdso_image_size)
		return 0;
	return written < 0 ? written : -ENOMEM;
}

/*
 * The clock page is written to at any time and from interrupts: it must be
 * neither swapped out nor moved, and our reference to it sees to that.
 */
static int fill(struct file *file)
{
	mapping_set_unevictable(file->f_mapping);
	/* Kept for good, so not where the kernel wants to move pages. */
	mapping_set_gfp_mask(file->f_mapping, GFP_HIGHUSER);
	clock_page = shmem_read_mapping_page(file->f_mapping, CLOCK_PAGE);
	if (IS_ERR(clock_page))
		return PTR_ERR(clock_page);
	return write_image(file);
}

/**
 * cloudabi_vdso_init() - Make the memory file that programs map.
 *
 * Context: Process context, may sleep.
 * Return: 0, -ENOMEM, or another error of making and filling a memory file.
 */
int cloudabi_vdso_init(void)
{
	struct file *file;
	int error;

	file = compat_shmem_file_setup("cloudabi-vdso",
				       no_clock_offset() + PAGE_SIZE);
	if (IS_ERR(file))
		return PTR_ERR(file);
	error = fill(file);
	if (error) {
		if (!IS_ERR(clock_page))
			put_page(clock_page);
		fput(file);
		return error;
	}
	/*
	 * All programs run these very pages. Who may look into a process can
	 * open what it maps, so nobody at all may open them for writing.
	 */
	file_inode(file)->i_mode &= ~0222;
	file_inode(file)->i_flags |= S_IMMUTABLE;
	vdso_file = file;
	cloudabi_vdso_clock_init(page_address(clock_page));
	return 0;
}

/**
 * cloudabi_vdso_exit() - Drop the memory file. Mappings keep it while they last.
 *
 * Context: Process context.
 */
void cloudabi_vdso_exit(void)
{
	cloudabi_vdso_clock_exit();
	put_page(clock_page);
	fput(vdso_file);
}

static unsigned long map_clock(unsigned long address, unsigned long fixed)
{
	unsigned long offset = cloudabi_vdso_clock_serves() ?
				       CLOCK_PAGE * PAGE_SIZE :
				       no_clock_offset();

	return vm_mmap(vdso_file, address, PAGE_SIZE, PROT_READ,
		       MAP_PRIVATE | fixed, offset);
}

/* Where there is room for all, then the clock's part of it anew. */
static unsigned long map_together(void)
{
	unsigned long start, clock;

	start = vm_mmap(vdso_file, 0, PAGE_SIZE + image_size(),
			PROT_READ | PROT_EXEC, MAP_PRIVATE, 0);
	if (IS_ERR_VALUE(start))
		return start;
	clock = map_clock(start, MAP_FIXED);
	return IS_ERR_VALUE(clock) ? clock : start + PAGE_SIZE;
}

/*
 * Somewhere above the stack, in the piece of address space that has one page
 * table with its top: no other is needed then, nor need one be made for a child,
 * which has the stack's from the beginning. 0 if there is no room.
 */
static unsigned long place_above(unsigned long stack)
{
	unsigned long start = stack + PAGE_SIZE; /* the clock's page */
	unsigned long end = min(ALIGN(start, PMD_SIZE), ARCH_USER_END);
	unsigned long size = PAGE_ALIGN(image_size());

	if (end < start + size)
		return 0;
	end -= size;
	return start +
	       PAGE_SIZE * (get_random_u32() % ((end - start) / PAGE_SIZE + 1));
}

/**
 * cloudabi_vdso_map() - Map the vDSO into the calling task's address space.
 * @stack: where the stack ends. The vDSO gets a place above it, or any other if
 *	there is none.
 *
 * The mappings are private and not writable, so that no program changes another
 * one's copy. What is not code cannot be executed.
 *
 * The page before the image is free, as a rule, and it costs least to take it. If
 * it is not, all moves.
 *
 * Context: Process context, may sleep.
 * Return: the address of the image, or an error of mmap as an address.
 */
unsigned long cloudabi_vdso_map(unsigned long stack)
{
	unsigned long image, clock;
	int error;

	image = vm_mmap(vdso_file, place_above(stack), image_size(),
			PROT_READ | PROT_EXEC, MAP_PRIVATE,
			IMAGE_PAGE * PAGE_SIZE);
	if (IS_ERR_VALUE(image))
		return image;
	clock = map_clock(image - PAGE_SIZE, MAP_FIXED_NOREPLACE);
	if (!IS_ERR_VALUE(clock))
		return image;
	if (clock != -EEXIST)
		return clock;
	error = vm_munmap(image, image_size());
	return error ? error : map_together();
}
