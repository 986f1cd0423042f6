/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Levels <linux/mm.h>.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_COMPAT_MM_H
#define _CLOUDABI_COMPAT_MM_H

#include <linux/fs.h>
#include <linux/mm.h>

#include "compat.h"

/*
 * A file counts the mappings through which it can be written. Up to 6.6 these
 * were the shared ones; since then they are those that are shared and may
 * become writable, and 6.1.149 took that over.
 */
static inline bool compat_vma_is_counted(const struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0) ||        \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 149) && \
	 LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0))
	return (vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) ==
	       (VM_SHARED | VM_MAYWRITE);
#else
	return vma->vm_flags & VM_SHARED;
#endif
}

/* Since 6.3 the flags are changed through functions, which lock the mapping. */
static inline void compat_vm_flags_clear(struct vm_area_struct *vma,
					 unsigned long flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_clear(vma, flags);
#else
	vma->vm_flags &= ~flags;
#endif
}

#endif /* _CLOUDABI_COMPAT_MM_H */
