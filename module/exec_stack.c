// SPDX-License-Identifier: GPL-2.0
/*
 * The first stack of a program. From high to low:
 *
 *	argument data	of proc_exec, or the strings that exec copied there
 *	canary		64 random bytes
 *	UUID		16 bytes, the process's name for itself
 *	auxv		the auxiliary vector
 *	TCB		one pointer, the system's
 *	TLS word	address of the TCB; FS base points here
 *	stack pointer	8 below, so that it looks as after a call
 *
 * CloudABI: section 6 of the ABI on process start. The order is ours.
 *
 * Argument data of proc_exec is copied there, and what exec put there is wiped.
 * Argument data of a native exec is the argv strings joined, each with its NUL
 * but the last. They lie one behind the other already. What exec put above
 * them, the environment and the file's name, is none of the program's business
 * and is wiped. So is what may lie below: argv[0] of a script, which made room
 * for the name of its interpreter.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/binfmts.h>
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/uuid.h>

#include "exec.h"
#include "proc_exec.h"

/* As far as native stacks are moved: by up to 2^22 pages, then 8 KiB. */
#define STACK_RANDOM_PAGES 0x3fffff
#define STACK_RANDOM_BYTES 8192

#define MAX_AUXV 13

/**
 * struct start_frame - What lies at the stack pointer + 8.
 * @tls_word: address of @tcb. The program stores its own pointer here later.
 * @tcb: the system's part of the thread control block.
 * @auxv: auxiliary vector, terminated by CLOUDABI_AT_NULL.
 * @uuid: random UUID of the process.
 * @canary: random bytes for the program's stack protector.
 */
struct start_frame {
	u64 tls_word;
	cloudabi64_tcb_t tcb;
	cloudabi64_auxv_t auxv[MAX_AUXV];
	u8 uuid[UUID_SIZE];
	u8 canary[64];
};

static_assert(sizeof(struct start_frame) % 16 == 0);

/**
 * struct argument_data - The argument data in the new address space.
 * @start: its address.
 * @size: its size in bytes.
 */
struct argument_data {
	unsigned long start;
	unsigned long size;
};

/* Finds the end of the argv strings. The bytes belong to this task alone. */
static int find_end(struct linux_binprm *bprm, unsigned long *end)
{
	unsigned long position = bprm->p;
	int i;

	for (i = 0; i < bprm->argc; i++) {
		long size =
			strnlen_user((void __user *)position, MAX_ARG_STRLEN);

		if (!size || size > MAX_ARG_STRLEN)
			return -EFAULT;
		position += size;
	}
	*end = position;
	return 0;
}

static int take_strings(struct linux_binprm *bprm,
			struct argument_data *arguments)
{
	unsigned long end;
	int error;

	error = find_end(bprm, &end);
	if (error)
		return error;
	arguments->start = bprm->p;
	arguments->size = end > bprm->p ? end - bprm->p - 1 : 0;
	return 0;
}

/* A NUL follows already: nothing else was here, or it has been wiped. */
static int copy_data(struct linux_binprm *bprm,
		     const struct cloudabi_handover *handover,
		     struct argument_data *arguments)
{
	arguments->start = round_down(bprm->p - handover->size - 1, 8);
	arguments->size = handover->size;
	if (copy_to_user((void __user *)arguments->start, handover->data,
			 handover->size))
		return -EFAULT;
	return 0;
}

static int take_arguments(struct linux_binprm *bprm,
			  const struct cloudabi_handover *handover,
			  struct argument_data *arguments)
{
	struct mm_struct *mm = current->mm;
	int error;

	if (handover)
		error = copy_data(bprm, handover, arguments);
	else
		error = take_strings(bprm, arguments);
	if (error)
		return error;
	mm->arg_start = arguments->start;
	mm->arg_end = arguments->start + arguments->size + 1;
	mm->env_start = mm->arg_end;
	mm->env_end = mm->arg_end;
	return 0;
}

static void add_auxv(struct start_frame *frame, unsigned int *count,
		     cloudabi_auxtype_t type, u64 value)
{
	if (WARN_ON_ONCE(*count >= MAX_AUXV))
		return;
	frame->auxv[*count] = (cloudabi64_auxv_t){
		.a_type = type,
		.a_val = value,
	};
	++*count;
}

static void fill_auxv(struct start_frame *frame, unsigned long address,
		      const struct cloudabi_image *image,
		      const struct argument_data *arguments, unsigned long vdso)
{
	unsigned int n = 0;

	add_auxv(frame, &n, CLOUDABI_AT_ARGDATA, arguments->start);
	add_auxv(frame, &n, CLOUDABI_AT_ARGDATALEN, arguments->size);
	add_auxv(frame, &n, CLOUDABI_AT_BASE, image->bias);
	add_auxv(frame, &n, CLOUDABI_AT_CANARY,
		 address + offsetof(struct start_frame, canary));
	add_auxv(frame, &n, CLOUDABI_AT_CANARYLEN, sizeof(frame->canary));
	add_auxv(frame, &n, CLOUDABI_AT_NCPUS, num_online_cpus());
	add_auxv(frame, &n, CLOUDABI_AT_PAGESZ, PAGE_SIZE);
	if (image->headers_mapped) {
		add_auxv(frame, &n, CLOUDABI_AT_PHDR,
			 image->bias + image->headers);
		add_auxv(frame, &n, CLOUDABI_AT_PHNUM, image->header.e_phnum);
	}
	add_auxv(frame, &n, CLOUDABI_AT_PID,
		 address + offsetof(struct start_frame, uuid));
	add_auxv(frame, &n, CLOUDABI_AT_SYSINFO_EHDR, vdso);
	/* CloudABI: thread ids meet in locks shared by any two processes. */
	add_auxv(frame, &n, CLOUDABI_AT_TID, task_pid_nr(current));
	add_auxv(frame, &n, CLOUDABI_AT_NULL, 0);
}

static unsigned long random_below(unsigned long limit)
{
	return get_random_u32() % limit;
}

static int wipe(unsigned long start, unsigned long end)
{
	return clear_user((void __user *)start, end - start) ? -EFAULT : 0;
}

/* Leaves nothing but the argv strings. */
static int wipe_around_strings(struct linux_binprm *bprm)
{
	unsigned long end;
	int error;

	error = find_end(bprm, &end);
	if (!error)
		error = wipe(bprm->vma->vm_start, bprm->p);
	if (!error)
		error = wipe(end, bprm->vma->vm_end);
	return error;
}

/**
 * cloudabi_stack_place() - Move the argument pages to where the stack will be.
 * @bprm: the exec in progress.
 * @handover: what its program gets; NULL for a native exec.
 *
 * The stack is readable and writable, never executable.
 *
 * Context: Process context, may sleep, past the point of no return, before
 * anything is mapped.
 * Return: 0, -EFAULT if the pages cannot be written to, -ENOMEM, or another
 * error of setup_arg_pages().
 */
int cloudabi_stack_place(struct linux_binprm *bprm,
			 const struct cloudabi_handover *handover)
{
	unsigned long shift = get_random_u32() & STACK_RANDOM_PAGES;
	int error;

	/*
	 * Now the stack is no more than the pages in use. Then it grows, and where
	 * memory runs out while it is moved, its end may be left behind.
	 */
	if (handover)
		error = wipe(bprm->vma->vm_start, bprm->vma->vm_end);
	else
		error = wipe_around_strings(bprm);
	if (error)
		return error;
	return setup_arg_pages(bprm,
			       PAGE_ALIGN(STACK_TOP) - (shift << PAGE_SHIFT),
			       EXSTACK_DISABLE_X);
}

/**
 * cloudabi_stack_make() - Make the first stack of a program.
 * @bprm: the exec in progress, whose argument pages become the stack.
 * @handover: what its program gets; NULL for a native exec.
 * @image: the executable, mapped.
 * @vdso: address of the vDSO.
 * @start: filled in.
 *
 * Context: Process context, may sleep, past the point of no return.
 * Return: 0, -EFAULT if the stack cannot be written to, -ENOMEM or another
 * error of moving the argument pages.
 */
int cloudabi_stack_make(struct linux_binprm *bprm,
			const struct cloudabi_handover *handover,
			const struct cloudabi_image *image, unsigned long vdso,
			struct cloudabi_start *start)
{
	struct argument_data arguments;
	struct start_frame frame = {};
	unsigned long address;
	int error;

	error = take_arguments(bprm, handover, &arguments);
	if (error)
		return error;

	address = arguments.start - random_below(STACK_RANDOM_BYTES);
	address = round_down(address - sizeof(frame), 16);
	frame.tls_word = address + offsetof(struct start_frame, tcb);
	fill_auxv(&frame, address, image, &arguments, vdso);
	generate_random_uuid(frame.uuid);
	get_random_bytes(frame.canary, sizeof(frame.canary));
	error = copy_to_user((void __user *)address, &frame, sizeof(frame));
	memzero_explicit(&frame, sizeof(frame));
	if (error)
		return -EFAULT;

	current->mm->start_stack = address;
	start->stack = address - sizeof(u64);
	start->tls = address + offsetof(struct start_frame, tls_word);
	start->auxv = address + offsetof(struct start_frame, auxv);
	return 0;
}
