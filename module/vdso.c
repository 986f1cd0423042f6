// SPDX-License-Identifier: GPL-2.0
/*
 * The vDSO: the only code that the kernel gives to a program, and where it gets
 * all its calls from. One memory file holds it; every program maps that file.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>

#include "compat/shmem_fs.h"
#include "vdso.h"

extern const char cloudabi_vdso_image[];
extern const size_t cloudabi_vdso_image_size;

static struct file *vdso_file;

/**
 * cloudabi_vdso_init() - Make the memory file that programs map.
 *
 * Context: Process context, may sleep.
 * Return: 0, -ENOMEM, or another error of making and filling a memory file.
 */
int cloudabi_vdso_init(void)
{
	struct file *file;
	loff_t position = 0;
	ssize_t written;

	file = compat_shmem_file_setup("cloudabi-vdso",
				       PAGE_ALIGN(cloudabi_vdso_image_size));
	if (IS_ERR(file))
		return PTR_ERR(file);
	written = kernel_write(file, cloudabi_vdso_image,
			       cloudabi_vdso_image_size, &position);
	if (written != cloudabi_vdso_image_size) {
		fput(file);
		return written < 0 ? written : -ENOMEM;
	}
	/*
	 * All programs run these very pages. Who may look into a process can
	 * open what it maps, so nobody at all may open them for writing.
	 */
	file_inode(file)->i_mode &= ~0222;
	file_inode(file)->i_flags |= S_IMMUTABLE;
	vdso_file = file;
	return 0;
}

/**
 * cloudabi_vdso_exit() - Drop the memory file. Mappings keep it while they last.
 *
 * Context: Process context.
 */
void cloudabi_vdso_exit(void)
{
	fput(vdso_file);
}

/**
 * cloudabi_vdso_map() - Map the vDSO into the calling task's address space.
 *
 * The mapping is private and not writable, so that no program changes another
 * one's copy.
 *
 * Context: Process context, may sleep.
 * Return: its address, or an error of mmap as an address.
 */
unsigned long cloudabi_vdso_map(void)
{
	return vm_mmap(vdso_file, 0, PAGE_ALIGN(cloudabi_vdso_image_size),
		       PROT_READ | PROT_EXEC, MAP_PRIVATE, 0);
}
