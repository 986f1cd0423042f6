// SPDX-License-Identifier: GPL-2.0
/*
 * Calls about memory.
 *
 * What a descriptor allows bounds what a mapping made with it can ever be, not
 * only what it is at first: mem_protect must not turn a mapping writable that
 * was made with a descriptor without FD_WRITE. Linux keeps this bound in each
 * mapping (VM_MAYREAD, VM_MAYWRITE, VM_MAYEXEC), but derives it from the mode
 * in which the file is open. For a capability of a file that is open for more,
 * the bound is lowered once the mapping is there.
 *
 *  - Between the two steps a sibling thread must not get at the mapping. Both
 *    happen with signal->exec_update_lock held for writing, and what raises or
 *    copies protections holds it for reading; see cloudabi_mem_settle(). It is
 *    the one sleeping lock that is there for the threads of a process together
 *    and is about who may touch its memory: exec and /proc/PID/mem use it so.
 *  - mmap_lock nests in it.
 *  - The kernel may have merged the new mapping with an adjacent one of the
 *    same open file. Then that one is bounded, too: it loses, nobody gains.
 *  - Processors can hardly let a program write or execute what it cannot read.
 *    So a mapping made without FD_READ can be PROT_NONE only, and stays so.
 *
 * Pages are never writable and executable at once (ENOTSUP).
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "mem.h"

#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/ptrace.h>

#include "capability.h"
#include "compat/ksym.h"
#include "compat/mm.h"
#include "module.h"

#define PROT_ALL (CLOUDABI_PROT_READ | CLOUDABI_PROT_WRITE | CLOUDABI_PROT_EXEC)
#define MAP_ALL                                                          \
	(CLOUDABI_MAP_ANON | CLOUDABI_MAP_FIXED | CLOUDABI_MAP_PRIVATE | \
	 CLOUDABI_MAP_SHARED)
#define MAY_ALL (VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC)

static_assert((VM_ACCESS_FLAGS << 4) == MAY_ALL);

static int check_protection(cloudabi_mprot_t prot)
{
	const cloudabi_mprot_t both = CLOUDABI_PROT_WRITE | CLOUDABI_PROT_EXEC;

	if (prot & ~PROT_ALL || (prot & both) == both)
		return -EOPNOTSUPP;
	return 0;
}

static unsigned long native_protection(cloudabi_mprot_t prot)
{
	unsigned long native = PROT_NONE;

	if (prot & CLOUDABI_PROT_READ)
		native |= PROT_READ;
	if (prot & CLOUDABI_PROT_WRITE)
		native |= PROT_WRITE;
	if (prot & CLOUDABI_PROT_EXEC)
		native |= PROT_EXEC;
	return native;
}

static unsigned long native_flags(cloudabi_mflags_t flags)
{
	unsigned long native = 0;

	if (flags & CLOUDABI_MAP_ANON)
		native |= MAP_ANONYMOUS;
	if (flags & CLOUDABI_MAP_FIXED)
		native |= MAP_FIXED;
	if (flags & CLOUDABI_MAP_PRIVATE)
		native |= MAP_PRIVATE;
	if (flags & CLOUDABI_MAP_SHARED)
		native |= MAP_SHARED;
	return native;
}

static bool in_user_space(unsigned long addr, size_t len)
{
	return len <= TASK_SIZE && addr <= TASK_SIZE - len;
}

static int check_flags(unsigned long addr, size_t len, cloudabi_mflags_t flags,
		       cloudabi_fd_t fd, cloudabi_filesize_t off)
{
	bool private = flags & CLOUDABI_MAP_PRIVATE;
	bool shared = flags & CLOUDABI_MAP_SHARED;

	if (flags & ~MAP_ALL || private == shared)
		return -EINVAL;
	if (flags & CLOUDABI_MAP_ANON && (fd != CLOUDABI_MAP_ANON_FD || off))
		return -EINVAL;
	if (flags & CLOUDABI_MAP_FIXED &&
	    (offset_in_page(addr) || !in_user_space(addr, len)))
		return -EINVAL;
	if (off > S64_MAX)
		return -EINVAL;
	return 0;
}

static cloudabi_rights_t needed_rights(cloudabi_mprot_t prot, bool shared)
{
	cloudabi_rights_t need = CLOUDABI_NEED_mem_map;

	if (prot & CLOUDABI_PROT_READ)
		need |= CLOUDABI_NEED_mem_map_read;
	if (prot & CLOUDABI_PROT_WRITE && shared)
		need |= CLOUDABI_NEED_mem_map_write;
	if (prot & CLOUDABI_PROT_EXEC)
		need |= CLOUDABI_NEED_mem_map_exec;
	return need;
}

/* What the kernel would allow for the open file and the rights do not. */
static unsigned long excess(const struct cloudabi_handle *handle, bool shared)
{
	cloudabi_rights_t base = handle->rights.base;
	unsigned long flags = 0;

	if (!(base & CLOUDABI_RIGHT_FD_READ))
		return MAY_ALL;
	if (shared && !(base & CLOUDABI_RIGHT_FD_WRITE) &&
	    handle->file->f_mode & FMODE_WRITE)
		flags |= VM_MAYWRITE;
	if (!(base & CLOUDABI_RIGHT_MEM_MAP_EXEC))
		flags |= VM_MAYEXEC;
	return flags;
}

/*
 * What a mapping is in use for is never taken from it: the new mapping is used
 * for nothing that is forbidden, so this one would be another, which a sibling
 * thread has put in its place meanwhile.
 */
static unsigned long unused(const struct vm_area_struct *vma,
			    unsigned long flags)
{
	return flags & ~((vma->vm_flags & VM_ACCESS_FLAGS) << 4);
}

static void bound_one(struct vm_area_struct *vma, unsigned long flags)
{
	bool counted = vma->vm_file && compat_vma_is_counted(vma);

	compat_vm_flags_clear(vma, unused(vma, flags));
	if (counted && !compat_vma_is_counted(vma))
		mapping_unmap_writable(vma->vm_file->f_mapping);
}

static void bound(unsigned long start, size_t len, unsigned long flags)
{
	struct mm_struct *mm = current->mm;
	unsigned long end = start + PAGE_ALIGN(len);
	struct vm_area_struct *vma;

	mmap_write_lock(mm);
	for (vma = find_vma(mm, start); vma && vma->vm_start < end;
	     vma = find_vma(mm, vma->vm_end))
		bound_one(vma, flags);
	mmap_write_unlock(mm);
}

static unsigned long map_bounded(struct file *file, unsigned long addr,
				 size_t len, unsigned long prot,
				 unsigned long flags, unsigned long off,
				 unsigned long forbidden)
{
	struct rw_semaphore *lock = &current->signal->exec_update_lock;
	unsigned long mem;

	if (down_write_killable(lock))
		return -ERESTARTNOINTR;
	mem = vm_mmap(file, addr, len, prot, flags, off);
	if (!IS_ERR_VALUE(mem))
		bound(mem, len, forbidden);
	up_write(lock);
	return mem;
}

static unsigned long map_file(const struct cloudabi_handle *handle,
			      unsigned long addr, size_t len,
			      cloudabi_mprot_t prot, cloudabi_mflags_t flags,
			      cloudabi_filesize_t off)
{
	unsigned long forbidden = excess(handle, flags & CLOUDABI_MAP_SHARED);
	unsigned long native_prot = native_protection(prot);

	if (forbidden == MAY_ALL && prot)
		return -EACCES;
	if (forbidden)
		return map_bounded(handle->file, addr, len, native_prot,
				   native_flags(flags), off, forbidden);
	return vm_mmap(handle->file, addr, len, native_prot,
		       native_flags(flags), off);
}

static int finish_map(unsigned long mem, unsigned long *result)
{
	if (IS_ERR_VALUE(mem))
		return mem;
	*result = mem;
	return 0;
}

/**
 * cloudabi_call_mem_map() - Map a file, or memory that is all zero.
 * @addr: where, with CLOUDABI_MAP_FIXED, replacing what is there; else a hint.
 * @len: how many bytes, rounded up to whole pages.
 * @prot: CLOUDABI_PROT_*.
 * @flags: CLOUDABI_MAP_*; one of PRIVATE and SHARED.
 * @fd: descriptor with MEM_MAP, and FD_READ for PROT_READ, FD_WRITE for
 *	PROT_WRITE if shared, MEM_MAP_EXEC for PROT_EXEC. CLOUDABI_MAP_ANON_FD
 *	for memory that is all zero.
 * @off: where in the file.
 * @mem: set to the address.
 *
 * Return: 0; -EOPNOTSUPP if @prot is not of this ABI or both writable and
 * executable; -EINVAL if @flags make no sense, @len is 0, @off is too large or
 * something is not aligned; -EBADF; -ENOTCAPABLE; -EACCES if the file is not
 * open for reading, or @fd lacks FD_READ and @prot is not 0; -ENODEV if the
 * file cannot be mapped; -EPERM if it must not be executed; -ENOMEM.
 */
int cloudabi_call_mem_map(unsigned long addr, size_t len, cloudabi_mprot_t prot,
			  cloudabi_mflags_t flags, cloudabi_fd_t fd,
			  cloudabi_filesize_t off, unsigned long *mem)
{
	bool shared = flags & CLOUDABI_MAP_SHARED;
	struct cloudabi_handle handle;
	int error;

	error = check_protection(prot);
	if (!error)
		error = check_flags(addr, len, flags, fd, off);
	if (error)
		return error;
	if (flags & CLOUDABI_MAP_ANON)
		return finish_map(vm_mmap(NULL, addr, len,
					  native_protection(prot),
					  native_flags(flags), 0),
				  mem);

	error = cloudabi_fget(fd, needed_rights(prot, shared), &handle);
	if (error)
		return error;
	error = finish_map(map_file(&handle, addr, len, prot, flags, off), mem);
	cloudabi_fput(&handle);
	return error;
}

/**
 * cloudabi_call_mem_protect() - Change what can be done with mapped memory.
 * @mapping: where.
 * @mapping_len: how many bytes, rounded up to whole pages.
 * @prot: CLOUDABI_PROT_*.
 *
 * Return: 0; -EOPNOTSUPP if @prot is not of this ABI or both writable and
 * executable; -EINVAL if @mapping is not aligned; -ENOMEM if something is not
 * mapped; -EACCES if the memory was mapped with a descriptor that does not
 * allow it.
 */
int cloudabi_call_mem_protect(unsigned long mapping, size_t mapping_len,
			      cloudabi_mprot_t prot)
{
	struct pt_regs regs = {
		.di = mapping,
		.si = mapping_len,
		.dx = native_protection(prot),
	};
	long error;

	error = check_protection(prot);
	if (!error)
		error = cloudabi_mem_settle();
	if (error)
		return error;
	error = ksym___x64_sys_mprotect(&regs);
	cloudabi_mem_settled();
	return error;
}

/**
 * cloudabi_call_mem_sync() - Write mapped memory to the files that it is of.
 * @mapping: where.
 * @mapping_len: how many bytes, rounded up to whole pages.
 * @flags: CLOUDABI_MS_ASYNC or CLOUDABI_MS_SYNC, and CLOUDABI_MS_INVALIDATE.
 *
 * Return: 0; -EINVAL if @flags are anything else, or @mapping is not aligned;
 * -ENOMEM if something is not mapped; -EBUSY if locked memory was to be
 * invalidated; -EIO, -ENOSPC and others of the file system.
 */
int cloudabi_call_mem_sync(unsigned long mapping, size_t mapping_len,
			   cloudabi_msflags_t flags)
{
	struct pt_regs regs = {
		.di = mapping,
		.si = mapping_len,
	};

	switch (flags & ~CLOUDABI_MS_INVALIDATE) {
	case CLOUDABI_MS_ASYNC:
		regs.dx = MS_ASYNC;
		break;
	case CLOUDABI_MS_SYNC:
		regs.dx = MS_SYNC;
		break;
	default:
		return -EINVAL;
	}
	if (flags & CLOUDABI_MS_INVALIDATE)
		regs.dx |= MS_INVALIDATE;
	return ksym___x64_sys_msync(&regs);
}

/**
 * cloudabi_call_mem_unmap() - Remove mappings.
 * @mapping: where. Nothing need be mapped there.
 * @mapping_len: how many bytes, rounded up to whole pages.
 *
 * Return: 0, -EINVAL if @mapping_len is 0 or @mapping is not aligned or not of
 * user space, -ENOMEM if the kernel cannot split a mapping.
 */
int cloudabi_call_mem_unmap(unsigned long mapping, size_t mapping_len)
{
	return vm_munmap(mapping, mapping_len);
}

/*
 * MADV_DONTNEED throws the contents away, which the advice of this ABI must not
 * do. MADV_COLD is what it says: it makes the pages first to be reclaimed.
 */
static int native_advice(cloudabi_advice_t advice)
{
	switch (advice) {
	case CLOUDABI_ADVICE_DONTNEED:
		return MADV_COLD;
	case CLOUDABI_ADVICE_NORMAL:
		return MADV_NORMAL;
	case CLOUDABI_ADVICE_RANDOM:
		return MADV_RANDOM;
	case CLOUDABI_ADVICE_SEQUENTIAL:
		return MADV_SEQUENTIAL;
	case CLOUDABI_ADVICE_WILLNEED:
		return MADV_WILLNEED;
	default:
		return -EINVAL;
	}
}

/*
 * Memory that an advice means nothing to makes the kernel stop there. Whether
 * there are holes is then asked of msync(), which otherwise has nothing to do.
 */
static int check_mapped(unsigned long mapping, size_t mapping_len)
{
	struct pt_regs regs = {
		.di = mapping,
		.si = mapping_len,
		.dx = MS_ASYNC,
	};

	return ksym___x64_sys_msync(&regs);
}

/**
 * cloudabi_call_mem_advise() - Tell how memory is going to be used.
 * @mapping: where.
 * @mapping_len: how many bytes, rounded up to whole pages.
 * @advice: CLOUDABI_ADVICE_*, other than NOREUSE.
 *
 * Memory that the advice means nothing to (locked, of a device, of a kernel
 * without swap) has taken it.
 *
 * Return: 0, -EINVAL if @advice is anything else or @mapping is not aligned,
 * -ENOMEM if something is not mapped.
 */
int cloudabi_call_mem_advise(unsigned long mapping, size_t mapping_len,
			     cloudabi_advice_t advice)
{
	int native = native_advice(advice);
	int error;

	if (native < 0 || offset_in_page(mapping))
		return -EINVAL;
	if (!in_user_space(mapping, mapping_len))
		return -ENOMEM;
	error = ksym_do_madvise(current->mm, mapping, mapping_len, native);
	if (error == -EINVAL || error == -EBADF)
		error = check_mapped(mapping, mapping_len);
	return error;
}

#ifdef CONFIG_CLOUDABI_KUNIT_TEST

#include <kunit/test.h>

static void protections_are_checked(struct kunit *test)
{
	unsigned int prot;
	int expected;

	for (prot = 0; prot < 256; prot++) {
		expected = prot > 7 || (prot & 3) == 3 ? -EOPNOTSUPP : 0;
		KUNIT_EXPECT_EQ_MSG(test, check_protection(prot), expected,
				    "%#x", prot);
	}
	KUNIT_EXPECT_EQ(test, native_protection(CLOUDABI_PROT_READ),
			(unsigned long)PROT_READ);
	KUNIT_EXPECT_EQ(test, native_protection(CLOUDABI_PROT_WRITE),
			(unsigned long)PROT_WRITE);
	KUNIT_EXPECT_EQ(test, native_protection(CLOUDABI_PROT_EXEC),
			(unsigned long)PROT_EXEC);
}

static void flags_of_mappings_are_checked(struct kunit *test)
{
	const cloudabi_fd_t none = CLOUDABI_MAP_ANON_FD;
	unsigned int flags;
	int expected;

	for (flags = 0; flags < 256; flags++) {
		expected = flags & ~0xfU || !(flags & 4) == !(flags & 8) ?
				   -EINVAL :
				   0;
		KUNIT_EXPECT_EQ_MSG(test, check_flags(0, 1, flags, none, 0),
				    expected, "%#x", flags);
	}
	KUNIT_EXPECT_EQ(test, check_flags(0, 1, 0x5, 3, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, check_flags(0, 1, 0x5, none, 4096), -EINVAL);
	KUNIT_EXPECT_EQ(test, check_flags(0, 1, 0x4, 3, 1ULL << 63), -EINVAL);
	KUNIT_EXPECT_EQ(test, check_flags(1, 1, 0x6, 3, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, check_flags(-4096UL, 8192, 0x6, 3, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, check_flags(4096, -1UL, 0x6, 3, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, check_flags(1, 1, 0x4, 3, 0), 0);
}

static void rights_for_mappings_are_those_of_the_abi(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, needed_rights(0, true), 0x4000000ULL);
	KUNIT_EXPECT_EQ(test, needed_rights(4, false), 0x4000002ULL);
	KUNIT_EXPECT_EQ(test, needed_rights(2, false), 0x4000000ULL);
	KUNIT_EXPECT_EQ(test, needed_rights(6, true), 0x4000042ULL);
	KUNIT_EXPECT_EQ(test, needed_rights(1, false), 0xc000000ULL);
	KUNIT_EXPECT_EQ(test, needed_rights(5, true), 0xc000002ULL);
}

static void mappings_are_bounded_by_rights(struct kunit *test)
{
	struct file *file = kunit_kzalloc(test, sizeof(*file), GFP_KERNEL);
	struct cloudabi_handle handle = { .file = file };

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	file->f_mode = FMODE_READ | FMODE_WRITE;
	handle.rights.base = CLOUDABI_MAX_BASE_SHARED_MEMORY;
	KUNIT_EXPECT_EQ(test, excess(&handle, true), 0UL);
	handle.rights.base &= ~CLOUDABI_RIGHT_FD_WRITE;
	KUNIT_EXPECT_EQ(test, excess(&handle, true),
			(unsigned long)VM_MAYWRITE);
	KUNIT_EXPECT_EQ(test, excess(&handle, false), 0UL);
	handle.rights.base &= ~CLOUDABI_RIGHT_MEM_MAP_EXEC;
	KUNIT_EXPECT_EQ(test, excess(&handle, false),
			(unsigned long)VM_MAYEXEC);
	handle.rights.base &= ~CLOUDABI_RIGHT_FD_READ;
	KUNIT_EXPECT_EQ(test, excess(&handle, false), (unsigned long)MAY_ALL);
	/* The kernel itself bounds what is mapped of a read-only file. */
	file->f_mode = FMODE_READ;
	handle.rights = rights_native(FILEKIND_REGULAR_FILE, FMODE_READ);
	KUNIT_EXPECT_EQ(test, excess(&handle, true), 0UL);
}

static void advice_never_destroys(struct kunit *test)
{
	unsigned int advice;
	int native;

	for (advice = 0; advice < 256; advice++) {
		native = native_advice(advice);
		KUNIT_EXPECT_NE(test, native, MADV_DONTNEED);
		KUNIT_EXPECT_EQ(test, native < 0,
				advice < CLOUDABI_ADVICE_DONTNEED ||
					advice == CLOUDABI_ADVICE_NOREUSE ||
					advice > CLOUDABI_ADVICE_WILLNEED);
	}
}

static struct kunit_case mem_cases[] = {
	KUNIT_CASE(protections_are_checked),
	KUNIT_CASE(flags_of_mappings_are_checked),
	KUNIT_CASE(rights_for_mappings_are_those_of_the_abi),
	KUNIT_CASE(mappings_are_bounded_by_rights),
	KUNIT_CASE(advice_never_destroys),
	{},
};

static struct kunit_suite mem_suite = {
	.name = "cloudabi_mem",
	.test_cases = mem_cases,
};

kunit_test_suite(mem_suite);

#endif /* CONFIG_CLOUDABI_KUNIT_TEST */
