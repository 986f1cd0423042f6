// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the headers of an executable and judges them, before exec has changed
 * anything. Every number of the file is hostile: it is checked once, here, on a
 * copy, and what is computed from it cannot overflow afterwards.
 *
 * CloudABI: executables are ELF with EI_OSABI 17, static, ET_DYN or ET_EXEC.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/elf.h>
#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "arch/arch.h"
#include "exec.h"

#define ELFOSABI_CLOUDABI 17

/* As many program headers as Linux takes in a native executable. */
#define MAX_SEGMENTS (65536 / sizeof(struct elf64_phdr))

/* An executable at fixed addresses keeps clear of page 0 and of the stack. */
#define EXEC_LOWEST SZ_64K
#define EXEC_HIGHEST (ARCH_USER_END / 2)

/* The address space that a position-independent one may span. */
#define DYN_LARGEST (ARCH_USER_END / 2)

/**
 * cloudabi_image_is_ours() - Tell a CloudABI executable by its first bytes.
 * @head: at least EI_NIDENT bytes.
 *
 * Says nothing about whether it is a good one.
 *
 * Return: true for any ELF file that names CloudABI as its ABI.
 */
bool cloudabi_image_is_ours(const void *head)
{
	const u8 *ident = head;

	return !memcmp(ident, ELFMAG, SELFMAG) &&
	       ident[EI_OSABI] == ELFOSABI_CLOUDABI;
}

static bool header_is_good(const struct elf64_hdr *header)
{
	const u8 *ident = header->e_ident;

	return ident[EI_CLASS] == ELFCLASS64 && ident[EI_DATA] == ELFDATA2LSB &&
	       ident[EI_VERSION] == EV_CURRENT &&
	       header->e_version == EV_CURRENT &&
	       header->e_machine == ARCH_ELF_MACHINE &&
	       (header->e_type == ET_EXEC || header->e_type == ET_DYN) &&
	       header->e_phentsize == sizeof(struct elf64_phdr) &&
	       header->e_phnum >= 1 && header->e_phnum <= MAX_SEGMENTS;
}

/* True if [start, start + length) lies within [0, limit). */
static bool range_within(u64 start, u64 length, u64 limit)
{
	u64 end;

	return !check_add_overflow(start, length, &end) && end <= limit;
}

static bool alignment_is_good(const struct elf64_phdr *segment)
{
	if (segment->p_align > 1 && !is_power_of_2(segment->p_align))
		return false;
	/* What is read from the file must lie in it as it lies in memory. */
	return !segment->p_filesz || offset_in_page(segment->p_vaddr) ==
					     offset_in_page(segment->p_offset);
}

static bool protection_is_good(const struct elf64_phdr *segment)
{
	if ((segment->p_flags & (PF_W | PF_X)) == (PF_W | PF_X))
		return false;
	/* Memory beyond the file's part is cleared, which takes writing to it. */
	return segment->p_flags & PF_W || !segment->p_filesz ||
	       segment->p_filesz == segment->p_memsz;
}

/* An empty segment is nowhere, whatever its offset and address say. */
static bool is_empty(const struct elf64_phdr *segment)
{
	return !segment->p_memsz && !segment->p_filesz;
}

static bool segment_is_good(const struct elf64_phdr *segment, u64 file_size)
{
	return segment->p_filesz <= segment->p_memsz &&
	       range_within(segment->p_offset, segment->p_filesz, file_size) &&
	       range_within(segment->p_vaddr, segment->p_memsz,
			    ARCH_USER_END) &&
	       alignment_is_good(segment) && protection_is_good(segment);
}

/* True if the program headers lie in the part of the file that @segment maps. */
static bool holds_headers(const struct elf64_phdr *segment,
			  const struct elf64_hdr *header)
{
	u64 size = header->e_phnum * sizeof(struct elf64_phdr);

	return header->e_phoff >= segment->p_offset &&
	       range_within(header->e_phoff - segment->p_offset, size,
			    segment->p_filesz);
}

static bool holds_entry(const struct elf64_phdr *segment, u64 entry)
{
	return segment->p_flags & PF_X && entry >= segment->p_vaddr &&
	       entry - segment->p_vaddr < segment->p_memsz;
}

/*
 * Segments come in ascending order (ELF) and share no page: two mappings of one
 * page would leave the later one's rights on the earlier one's bytes.
 */
static int add_segment(struct cloudabi_image *image,
		       const struct elf64_phdr *segment)
{
	u64 start = segment->p_vaddr & PAGE_MASK;

	if (!segment_is_good(segment, image->file_size))
		return -ENOEXEC;
	if (image->end && start < image->end)
		return -ENOEXEC;
	if (!image->end)
		image->start = start;
	image->end = PAGE_ALIGN(segment->p_vaddr + segment->p_memsz);
	image->align = max(image->align, segment->p_align);
	if (!image->headers_mapped && holds_headers(segment, &image->header)) {
		image->headers_mapped = true;
		image->headers = segment->p_vaddr + image->header.e_phoff -
				 segment->p_offset;
	}
	return 0;
}

static int add_segments(struct cloudabi_image *image)
{
	bool has_entry = false;
	unsigned int i;
	int error;

	image->align = PAGE_SIZE;
	for (i = 0; i < image->header.e_phnum; i++) {
		const struct elf64_phdr *segment = &image->segments[i];

		if (segment->p_type == PT_INTERP)
			return -ENOEXEC;
		if (segment->p_type != PT_LOAD || is_empty(segment))
			continue;
		error = add_segment(image, segment);
		if (error)
			return error;
		has_entry |= holds_entry(segment, image->header.e_entry);
	}
	return has_entry ? 0 : -ENOEXEC;
}

static bool span_is_good(const struct cloudabi_image *image)
{
	if (image->header.e_type == ET_EXEC)
		return image->start >= EXEC_LOWEST &&
		       image->end <= EXEC_HIGHEST;
	return range_within(image->end - image->start, image->align,
			    DYN_LARGEST);
}

static int read_segments(struct cloudabi_image *image)
{
	const struct elf64_hdr *header = &image->header;
	size_t size = header->e_phnum * sizeof(struct elf64_phdr);
	loff_t position = header->e_phoff;
	ssize_t count;

	if (!range_within(header->e_phoff, size, image->file_size))
		return -ENOEXEC;
	image->segments = kmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!image->segments)
		return -ENOMEM;
	count = kernel_read(image->file, image->segments, size, &position);
	if (count < 0)
		return count;
	return count == size ? 0 : -ENOEXEC;
}

/**
 * cloudabi_image_read() - Read and judge the headers of an executable.
 * @image: filled in; to be given to cloudabi_image_release() in any case.
 * @file: the executable.
 * @head: its first bytes, at least an ELF header, zero where the file ends.
 *
 * Context: Process context, may sleep.
 * Return: 0; -ENOEXEC if the file is not a good CloudABI executable; -ENOMEM;
 * -EINTR or another error of reading the file.
 */
int cloudabi_image_read(struct cloudabi_image *image, struct file *file,
			const void *head)
{
	int error;

	memset(image, 0, sizeof(*image));
	image->file = file;
	image->file_size = i_size_read(file_inode(file));
	memcpy(&image->header, head, sizeof(image->header));

	if (image->file_size < (loff_t)sizeof(image->header) ||
	    !header_is_good(&image->header))
		return -ENOEXEC;
	error = read_segments(image);
	if (!error)
		error = add_segments(image);
	if (!error && !span_is_good(image))
		error = -ENOEXEC;
	return error;
}

/**
 * cloudabi_image_release() - Free what cloudabi_image_read() allocated.
 * @image: the image, whether reading it succeeded or not.
 */
void cloudabi_image_release(struct cloudabi_image *image)
{
	kfree(image->segments);
	image->segments = NULL;
}

#ifdef CONFIG_CLOUDABI_KUNIT_TEST

#include <kunit/test.h>

#define TEST_FILE_SIZE 0x3000

/* A small good executable: text at 0x1000, data and bss at 0x3000. */
static void make_good(struct cloudabi_image *image, struct elf64_phdr *segments)
{
	*image = (struct cloudabi_image){
		.file_size = TEST_FILE_SIZE,
		.header = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64,
				     ELFDATA2LSB, EV_CURRENT,
				     ELFOSABI_CLOUDABI },
			.e_type = ET_DYN,
			.e_machine = ARCH_ELF_MACHINE,
			.e_version = EV_CURRENT,
			.e_entry = 0x1100,
			.e_phoff = 64,
			.e_phentsize = sizeof(struct elf64_phdr),
			.e_phnum = 2,
		},
		.segments = segments,
	};
	segments[0] = (struct elf64_phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_X,
		.p_offset = 0,
		.p_vaddr = 0x1000,
		.p_filesz = 0x1800,
		.p_memsz = 0x1800,
		.p_align = 0x1000,
	};
	segments[1] = (struct elf64_phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_W,
		.p_offset = 0x1800,
		.p_vaddr = 0x3800,
		.p_filesz = 0x800,
		.p_memsz = 0x2000,
		.p_align = 0x1000,
	};
}

static int judge(struct cloudabi_image *image)
{
	int error;

	if (!header_is_good(&image->header))
		return -ENOEXEC;
	error = add_segments(image);
	if (!error && !span_is_good(image))
		error = -ENOEXEC;
	return error;
}

static void good_image_is_taken(struct kunit *test)
{
	struct elf64_phdr segments[2];
	struct cloudabi_image image;

	make_good(&image, segments);
	KUNIT_EXPECT_EQ(test, judge(&image), 0);
	KUNIT_EXPECT_EQ(test, image.start, 0x1000);
	KUNIT_EXPECT_EQ(test, image.end, 0x6000);
	KUNIT_EXPECT_EQ(test, image.align, 0x1000);
	KUNIT_EXPECT_TRUE(test, image.headers_mapped);
	KUNIT_EXPECT_EQ(test, image.headers, 0x1000 + 64);
}

static void only_cloudabi_is_ours(struct kunit *test)
{
	struct elf64_phdr segments[2];
	struct cloudabi_image image;
	unsigned int osabi;

	make_good(&image, segments);
	for (osabi = 0; osabi < 256; osabi++) {
		image.header.e_ident[EI_OSABI] = osabi;
		KUNIT_EXPECT_EQ(test, cloudabi_image_is_ours(&image.header),
				osabi == ELFOSABI_CLOUDABI);
	}
}

/* Each row spoils one field of the good executable. */
/* clang-format off */
#define SPOIL(what, statement)						\
	do {								\
		make_good(&image, segments);				\
		statement;						\
		KUNIT_EXPECT_EQ_MSG(test, judge(&image), -ENOEXEC,	\
				    "%s", what);			\
	} while (0)
/* clang-format on */

static void bad_headers_are_refused(struct kunit *test)
{
	struct elf64_phdr segments[2];
	struct cloudabi_image image;
	struct elf64_hdr *header = &image.header;

	SPOIL("32-bit class", header->e_ident[EI_CLASS] = ELFCLASS32);
	SPOIL("big endian", header->e_ident[EI_DATA] = ELFDATA2MSB);
	SPOIL("ident version", header->e_ident[EI_VERSION] = 2);
	SPOIL("version", header->e_version = 0);
	SPOIL("machine", header->e_machine = EM_386);
	SPOIL("relocatable", header->e_type = ET_REL);
	SPOIL("core", header->e_type = ET_CORE);
	SPOIL("entry size", header->e_phentsize = 32);
	SPOIL("no segments", header->e_phnum = 0);
	SPOIL("too many segments", header->e_phnum = MAX_SEGMENTS + 1);
	SPOIL("entry below", header->e_entry = 0xfff);
	SPOIL("entry in data", header->e_entry = 0x3900);
	SPOIL("entry behind the text", header->e_entry = 0x2800);
	SPOIL("entry overflows", header->e_entry = U64_MAX);
	/* clang-format off */
	SPOIL("fixed at page 0",
	      header->e_type = ET_EXEC; segments[0].p_vaddr = 0;
	      header->e_entry = 0x100);
	SPOIL("fixed near the stack",
	      header->e_type = ET_EXEC;
	      segments[1].p_vaddr = EXEC_HIGHEST - 0x800);
	/* clang-format on */
}

static void bad_segments_are_refused(struct kunit *test)
{
	struct elf64_phdr segments[2];
	struct cloudabi_image image;

	SPOIL("interpreter", segments[1].p_type = PT_INTERP);
	SPOIL("writable text", segments[0].p_flags |= PF_W);
	SPOIL("executable data", segments[1].p_flags |= PF_X);
	SPOIL("bss in read-only memory", segments[1].p_flags = PF_R);
	SPOIL("more file than memory", segments[0].p_filesz = 0x1801);
	SPOIL("file without memory", segments[1].p_memsz = 0);
	SPOIL("file ends early", segments[1].p_offset = 0x2801;
	      segments[1].p_vaddr = 0x3801);
	SPOIL("offset overflows", segments[1].p_offset = U64_MAX - 0x7ff);
	SPOIL("size overflows", segments[1].p_memsz = U64_MAX);
	SPOIL("address overflows", segments[1].p_vaddr = U64_MAX - 0x7ff);
	SPOIL("kernel address", segments[1].p_vaddr = 0xffff800000000800);
	SPOIL("beyond user space", segments[1].p_vaddr = ARCH_USER_END - 0x800);
	SPOIL("odd alignment", segments[1].p_align = 0x1800);
	SPOIL("giant alignment", segments[1].p_align = 1ULL << 63);
	SPOIL("not congruent", segments[1].p_vaddr = 0x3801);
	SPOIL("descending", segments[1].p_vaddr = 0x800);
	SPOIL("same address", segments[1].p_vaddr = 0x1800);
	SPOIL("shared page", segments[1].p_vaddr = 0x2800);
}

static void unmapped_headers_are_told(struct kunit *test)
{
	struct elf64_phdr segments[2];
	struct cloudabi_image image;

	make_good(&image, segments);
	image.header.e_phoff = 0x2900;
	KUNIT_EXPECT_EQ(test, judge(&image), 0);
	KUNIT_EXPECT_FALSE(test, image.headers_mapped);
}

static struct kunit_case image_cases[] = {
	KUNIT_CASE(good_image_is_taken),
	KUNIT_CASE(only_cloudabi_is_ours),
	KUNIT_CASE(bad_headers_are_refused),
	KUNIT_CASE(bad_segments_are_refused),
	KUNIT_CASE(unmapped_headers_are_told),
	{},
};

static struct kunit_suite image_suite = {
	.name = "cloudabi_image",
	.test_cases = image_cases,
};

kunit_test_suite(image_suite);

#endif /* CONFIG_CLOUDABI_KUNIT_TEST */
