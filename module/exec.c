// SPDX-License-Identifier: GPL-2.0
/*
 * The binary format: recognises CloudABI executables and starts them.
 *
 *   before the point of no return: the file is judged in full and so is the
 *	task. Errors go back to the caller of exec, nothing has changed.
 *   begin_new_exec(): the old program is gone.
 *   straight after it: the task becomes CloudABI (personality.c). From here on
 *	it cannot make a native call, whatever happens.
 *   then: stack, segments, vDSO, registers. Whatever fails here, for want of
 *	memory or by a limit, ends the process by SIGSEGV: that is what the
 *	kernel does when a format returns an error so late.
 *
 * A file that names CloudABI as its ABI and is no good must not be offered to
 * the other formats: binfmt_elf looks at neither EI_OSABI nor much else, and
 * would run it as a native program.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/binfmts.h>
#include <linux/err.h>
#include <linux/fs_struct.h>
#include <linux/module.h>
#include <linux/string.h>

#include "arch/arch.h"
#include "deny.h"
#include "exec.h"
#include "personality.h"
#include "proc_exec.h"
#include "process.h"
#include "trace.h"
#include "vdso.h"

/* A refused executable is not known by a number. */
#define NO_DESCRIPTOR U32_MAX

/*
 * Ends the search for a format with ENOEXEC. The kernel ends it on any other
 * error, and on this one when no format knows the first bytes; bytes that are
 * text also keep it from asking for a module.
 */
static int refuse(struct linux_binprm *bprm)
{
	cloudabi_deny(CLOUDABI_CTL_DENY_EXEC, NO_DESCRIPTOR, bprm->file, 0, 0);
	memset(bprm->buf, '\n', sizeof(bprm->buf));
	return -ENOEXEC;
}

static int start_program(struct linux_binprm *bprm,
			 struct cloudabi_handover *handover,
			 struct cloudabi_image *image)
{
	struct cloudabi_start start;
	unsigned long vdso;
	int error;

	cloudabi_personality_enter();
	cloudabi_process_drop_code();
	setup_new_exec(bprm);
	/* Threads use the working directory as a register; see lookup.c. */
	error = unshare_fs_struct();
	if (error)
		return error;
	if (handover)
		error = cloudabi_handover_descriptors(handover);
	if (error)
		return error;
	error = cloudabi_stack_place(bprm, handover);
	if (error)
		return error;
	error = cloudabi_image_map(image);
	if (error)
		return error;
	vdso = cloudabi_vdso_map(bprm->vma->vm_end);
	if (IS_ERR_VALUE(vdso))
		return vdso;
	error = cloudabi_stack_make(bprm, handover, image, vdso, &start);
	if (error)
		return error;

	finalize_exec(bprm);
	arch_exec_start(image->bias + image->header.e_entry, start.stack,
			start.tls, start.auxv);
	trace_cloudabi_exec(bprm->file, image->bias);
	return 0;
}

static int load_image(struct linux_binprm *bprm,
		      struct cloudabi_handover *handover)
{
	struct cloudabi_image image;
	int error;

	error = cloudabi_image_read(&image, bprm->file, bprm->buf);
	if (!error)
		error = cloudabi_personality_may_enter();
	if (!error)
		error = cloudabi_personality_begin(bprm);
	if (!error)
		error = start_program(bprm, handover, &image);
	cloudabi_image_release(&image);
	return error;
}

/* A CloudABI process starts CloudABI programs only. */
static int load(struct linux_binprm *bprm)
{
	struct cloudabi_handover *handover = cloudabi_handover_claim(bprm);
	int error;

	if (!handover && !cloudabi_image_is_ours(bprm->buf))
		return -ENOEXEC;
	error = PTR_ERR_OR_ZERO(handover);
	if (!error && !cloudabi_image_is_ours(bprm->buf))
		error = -ENOEXEC;
	if (!error)
		error = load_image(bprm, handover);
	return error == -ENOEXEC && !bprm->point_of_no_return ? refuse(bprm) :
								error;
}

struct linux_binfmt cloudabi_format = {
	.module = THIS_MODULE,
	.load_binary = load,
	/* No .core_dump: memory of a confined process goes nowhere. */
};

/**
 * cloudabi_exec_init() - Let CloudABI programs start.
 *
 * Must come after all that can fail: programs may start before it returns. The
 * format goes to the head of the list, before binfmt_elf.
 */
void cloudabi_exec_init(void)
{
	insert_binfmt(&cloudabi_format);
}

/**
 * cloudabi_exec_exit() - Let no more CloudABI programs start.
 */
void cloudabi_exec_exit(void)
{
	unregister_binfmt(&cloudabi_format);
}
