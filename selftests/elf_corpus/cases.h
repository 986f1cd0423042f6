/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The corpus: one row a file. Included where CASE(verdict, signal, name, base,
 * statements) means something; corpus.c tells what bases and statements are.
 * No include guard: each reader takes from it what it needs.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#define REFUSED(name, ...) CASE(CORPUS_REFUSED, 0, name, __VA_ARGS__)
#define RUNS_OK(name, ...) CASE(CORPUS_RUNS, 0, name, __VA_ARGS__)
#define CRASHES(name, signal, ...) CASE(CORPUS_DIES, signal, name, __VA_ARGS__)
#define FOREIGN(name, ...) CASE(CORPUS_NATIVE, 0, name, __VA_ARGS__)

/* --- Good ones ----------------------------------------------------------- */

RUNS_OK(position_independent, dyn)
RUNS_OK(at_a_fixed_address, fixed)
RUNS_OK(packed_segments, packed)
RUNS_OK(smallest, tiny)
RUNS_OK(smallest_at_a_fixed_address, tiny, h->e_type = ET_EXEC; move(e, 2 * MB))
RUNS_OK(single_segment, single)
RUNS_OK(single_segment_2mib_aligned, single, p[0].p_align = 2 * MB)
RUNS_OK(packed_2mib_aligned, packed, align_all(e, 2 * MB))
RUNS_OK(read_only_segments_around_the_text, packed,
	load(e, 4, R, 0x1000, 0x8000, 0x1000, 0x1000);
	load(e, 5, R, 0x2010, 0x9010, 0x10, 0x10))
RUNS_OK(two_texts, dyn,
	load(e, 2, R | X, 0, 0x8000, 0x2000, 0x2000); h->e_entry = 0x8000 + CODE)
RUNS_OK(relro_and_tls_and_dynamic, dyn,
	segment(e, 2, PT_GNU_RELRO, R, DATA, DATA, 0x800, 0x800);
	segment(e, 3, PT_TLS, R, DATA, DATA, 0x10, 0x40);
	segment(e, 4, PT_DYNAMIC, R | W, DATA, DATA, 0x100, 0x100);
	segment(e, 5, PT_NOTE, R, 0x390, 0x390, 0x20, 0x20);
	segment(e, 6, PT_PHDR, R, 0x40, 0x40, 8 * 56, 8 * 56);
	segment(e, 7, PT_GNU_EH_FRAME, R, 0x390, 0x390, 8, 8))
RUNS_OK(linked_above_0, dyn, move(e, 1 * GB))
RUNS_OK(linked_at_the_top, dyn, move(e, USER_END - 0x5000))
RUNS_OK(linked_beyond_where_fixed_may_be, dyn, move(e, HIGHEST))
RUNS_OK(fixed_at_64kib, fixed, fixed_at(e, 64 * KB))
RUNS_OK(fixed_at_the_highest, fixed, fixed_at(e, HIGHEST - 0x5000))

/* --- Truncated ----------------------------------------------------------- */

#define TRUNCATED(n) REFUSED(truncated_to_##n##_bytes, dyn, e->length = n)

TRUNCATED(0) TRUNCATED(1) TRUNCATED(2) TRUNCATED(3)
TRUNCATED(4) TRUNCATED(5) TRUNCATED(6) TRUNCATED(7)
TRUNCATED(8) TRUNCATED(9) TRUNCATED(10) TRUNCATED(11)
TRUNCATED(12) TRUNCATED(13) TRUNCATED(14) TRUNCATED(15)
TRUNCATED(16) TRUNCATED(17) TRUNCATED(18) TRUNCATED(19)
TRUNCATED(20) TRUNCATED(21) TRUNCATED(22) TRUNCATED(23)
TRUNCATED(24) TRUNCATED(25) TRUNCATED(26) TRUNCATED(27)
TRUNCATED(28) TRUNCATED(29) TRUNCATED(30) TRUNCATED(31)
TRUNCATED(32) TRUNCATED(33) TRUNCATED(34) TRUNCATED(35)
TRUNCATED(36) TRUNCATED(37) TRUNCATED(38) TRUNCATED(39)
TRUNCATED(40) TRUNCATED(41) TRUNCATED(42) TRUNCATED(43)
TRUNCATED(44) TRUNCATED(45) TRUNCATED(46) TRUNCATED(47)
TRUNCATED(48) TRUNCATED(49) TRUNCATED(50) TRUNCATED(51)
TRUNCATED(52) TRUNCATED(53) TRUNCATED(54) TRUNCATED(55)
TRUNCATED(56) TRUNCATED(57) TRUNCATED(58) TRUNCATED(59)
TRUNCATED(60) TRUNCATED(61) TRUNCATED(62) TRUNCATED(63)

REFUSED(truncated_after_the_header, dyn, e->length = 64)
REFUSED(truncated_in_the_first_program_header, dyn, e->length = 64 + 1)
REFUSED(truncated_before_its_last_byte, dyn, e->length = 64 + 55)
REFUSED(truncated_after_the_first_program_header, dyn, e->length = 64 + 56)
REFUSED(truncated_in_the_second_program_header, dyn, e->length = 64 + 57)
REFUSED(truncated_before_the_last_byte_of_both, dyn, e->length = 64 + 111)
REFUSED(truncated_after_the_program_headers, dyn, e->length = 64 + 112)
REFUSED(truncated_before_the_code, dyn, e->length = CODE)
REFUSED(truncated_in_the_code, dyn, e->length = CODE + 0x100)
REFUSED(truncated_before_the_last_byte_of_text, dyn, e->length = 0x1fff)
REFUSED(truncated_after_the_text, dyn, e->length = 0x2000)
REFUSED(truncated_in_the_data, dyn, e->length = 0x2400)
REFUSED(truncated_before_the_last_byte_of_data, dyn, e->length = 0x27ff)
REFUSED(fixed_truncated_in_the_data, fixed, e->length = 0x2400)
REFUSED(smallest_truncated_before_the_code, tiny, e->length = 0x80)
REFUSED(smallest_truncated_by_one_byte, tiny, e->length--)
RUNS_OK(nothing_behind_the_data, dyn, e->length = 0x2800)

/* --- Identification, version, machine, type ------------------------------ */

REFUSED(class_0, dyn, h->e_ident[EI_CLASS] = 0)
REFUSED(class_32, dyn, h->e_ident[EI_CLASS] = ELFCLASS32)
REFUSED(class_3, dyn, h->e_ident[EI_CLASS] = 3)
REFUSED(class_255, dyn, h->e_ident[EI_CLASS] = 255)
REFUSED(byte_order_0, dyn, h->e_ident[EI_DATA] = 0)
REFUSED(byte_order_big, dyn, h->e_ident[EI_DATA] = ELFDATA2MSB)
REFUSED(byte_order_3, dyn, h->e_ident[EI_DATA] = 3)
REFUSED(byte_order_255, dyn, h->e_ident[EI_DATA] = 255)
REFUSED(all_of_it_big_endian, dyn, big_endian(e))
REFUSED(ident_version_0, dyn, h->e_ident[EI_VERSION] = 0)
REFUSED(ident_version_2, dyn, h->e_ident[EI_VERSION] = 2)
REFUSED(ident_version_255, dyn, h->e_ident[EI_VERSION] = 255)
REFUSED(version_0, dyn, h->e_version = 0)
REFUSED(version_2, dyn, h->e_version = 2)
REFUSED(version_largest, dyn, h->e_version = UINT32_MAX)
RUNS_OK(abi_version_is_ignored, dyn, h->e_ident[EI_ABIVERSION] = 77)
RUNS_OK(padding_is_ignored, dyn, memset(h->e_ident + EI_PAD, 0xff, 7))

REFUSED(magic_first_byte_wrong, dyn, h->e_ident[EI_MAG0] = 0x7e)
REFUSED(magic_second_byte_wrong, dyn, h->e_ident[EI_MAG1] = 'e')
REFUSED(magic_third_byte_wrong, dyn, h->e_ident[EI_MAG2] = 'M')
REFUSED(magic_fourth_byte_wrong, dyn, h->e_ident[EI_MAG3] = 0)

REFUSED(elf32_of_i386, elf32)
REFUSED(elf32_of_x86_64, elf32, h->e_machine = EM_X86_64)

REFUSED(machine_none, dyn, h->e_machine = EM_NONE)
REFUSED(machine_i386, dyn, h->e_machine = EM_386)
REFUSED(machine_i486, dyn, h->e_machine = 6)
REFUSED(machine_mips, dyn, h->e_machine = EM_MIPS)
REFUSED(machine_ppc64, dyn, h->e_machine = EM_PPC64)
REFUSED(machine_s390, dyn, h->e_machine = EM_S390)
REFUSED(machine_arm, dyn, h->e_machine = EM_ARM)
REFUSED(machine_sparcv9, dyn, h->e_machine = EM_SPARCV9)
REFUSED(machine_ia_64, dyn, h->e_machine = EM_IA_64)
REFUSED(machine_one_below, dyn, h->e_machine = EM_X86_64 - 1)
REFUSED(machine_one_above, dyn, h->e_machine = EM_X86_64 + 1)
REFUSED(machine_aarch64, dyn, h->e_machine = EM_AARCH64)
REFUSED(machine_riscv, dyn, h->e_machine = EM_RISCV)
REFUSED(machine_bpf, dyn, h->e_machine = EM_BPF)
REFUSED(machine_with_bytes_swapped, dyn, h->e_machine = htobe16(EM_X86_64))
REFUSED(machine_largest, dyn, h->e_machine = UINT16_MAX)

REFUSED(type_none, dyn, h->e_type = ET_NONE)
REFUSED(type_relocatable, dyn, h->e_type = ET_REL)
REFUSED(type_core, dyn, h->e_type = ET_CORE)
REFUSED(type_5, dyn, h->e_type = 5)
REFUSED(type_of_an_os, dyn, h->e_type = ET_LOOS)
REFUSED(type_of_a_processor, dyn, h->e_type = ET_LOPROC)
REFUSED(type_with_bytes_swapped, dyn, h->e_type = htobe16(ET_DYN))
REFUSED(type_largest, dyn, h->e_type = UINT16_MAX)
REFUSED(fixed_type_relocatable, fixed, h->e_type = ET_REL)

RUNS_OK(header_size_is_ignored, dyn, h->e_ehsize = UINT16_MAX)
RUNS_OK(header_flags_are_ignored, dyn, h->e_flags = UINT32_MAX)
RUNS_OK(section_headers_are_ignored, dyn,
	h->e_shoff = UINT64_MAX; h->e_shnum = UINT16_MAX;
	h->e_shentsize = UINT16_MAX; h->e_shstrndx = UINT16_MAX)
RUNS_OK(physical_addresses_are_ignored, dyn,
	p[0].p_paddr = UINT64_MAX; p[1].p_paddr = 0xffff888000000000)

/* --- Not ours ------------------------------------------------------------ */

FOREIGN(osabi_sysv, dyn, h->e_ident[EI_OSABI] = ELFOSABI_NONE)
FOREIGN(osabi_hpux, dyn, h->e_ident[EI_OSABI] = ELFOSABI_HPUX)
FOREIGN(osabi_netbsd, dyn, h->e_ident[EI_OSABI] = ELFOSABI_NETBSD)
FOREIGN(osabi_linux, dyn, h->e_ident[EI_OSABI] = ELFOSABI_LINUX)
FOREIGN(osabi_solaris, dyn, h->e_ident[EI_OSABI] = ELFOSABI_SOLARIS)
FOREIGN(osabi_freebsd, dyn, h->e_ident[EI_OSABI] = ELFOSABI_FREEBSD)
FOREIGN(osabi_openbsd, dyn, h->e_ident[EI_OSABI] = ELFOSABI_OPENBSD)
FOREIGN(osabi_one_below, dyn, h->e_ident[EI_OSABI] = ELFOSABI_CLOUDABI - 1)
FOREIGN(osabi_one_above, dyn, h->e_ident[EI_OSABI] = ELFOSABI_CLOUDABI + 1)
FOREIGN(osabi_top_bit_set, dyn, h->e_ident[EI_OSABI] = 128 + ELFOSABI_CLOUDABI)
FOREIGN(osabi_standalone, dyn, h->e_ident[EI_OSABI] = ELFOSABI_STANDALONE)
FOREIGN(osabi_in_the_version_of_the_abi, dyn,
	h->e_ident[EI_OSABI] = 0; h->e_ident[EI_ABIVERSION] = ELFOSABI_CLOUDABI)
FOREIGN(osabi_sysv_fixed, fixed, h->e_ident[EI_OSABI] = ELFOSABI_NONE)
FOREIGN(osabi_sysv_packed, packed, h->e_ident[EI_OSABI] = ELFOSABI_NONE)
FOREIGN(osabi_sysv_smallest, tiny, h->e_ident[EI_OSABI] = ELFOSABI_NONE)

/* --- The table of program headers ---------------------------------------- */

REFUSED(phentsize_0, dyn, h->e_phentsize = 0)
REFUSED(phentsize_1, dyn, h->e_phentsize = 1)
REFUSED(phentsize_of_elf32, dyn, h->e_phentsize = sizeof(Elf32_Phdr))
REFUSED(phentsize_one_less, dyn, h->e_phentsize = 55)
REFUSED(phentsize_one_more, dyn, h->e_phentsize = 57)
REFUSED(phentsize_of_a_section, dyn, h->e_phentsize = sizeof(Elf64_Shdr))
REFUSED(phentsize_doubled, dyn, h->e_phentsize = 112)
REFUSED(phentsize_largest, dyn, h->e_phentsize = UINT16_MAX)

REFUSED(phnum_0, dyn, h->e_phnum = 0)
REFUSED(phnum_one_beyond_the_file, dyn,
	headers_to(e, 0x3000 - 112); h->e_phnum = 3)
REFUSED(phnum_1171, dyn, headers_many(e, 1171))
REFUSED(phnum_65534, dyn, headers_many(e, 65534))
REFUSED(phnum_65535, dyn, headers_many(e, 65535))
REFUSED(phnum_65535_in_a_short_file, dyn, h->e_phnum = 65535)
REFUSED(phnum_65535_and_2_in_a_section, dyn, count_in_section(e, 2))
REFUSED(phnum_65535_and_2_pow_32_in_a_section, dyn,
	count_in_section(e, UINT32_MAX))
RUNS_OK(phnum_1170, dyn, headers_many(e, 1170))
RUNS_OK(phnum_without_the_data, dyn, h->e_phnum = 1)
RUNS_OK(segments_of_unknown_types, dyn,
	segment(e, 2, 0x12345678, R | W | X, -1, -1, -1, -1);
	segment(e, 3, PT_LOPROC, R | W | X, -1, -1, -1, -1);
	segment(e, 4, PT_SHLIB, R | W | X, -1, -1, -1, -1);
	segment(e, 5, UINT32_MAX, R | W | X, -1, -1, -1, -1))
RUNS_OK(segments_1170, dyn, loads_many(e, 1170))

REFUSED(phoff_0, dyn, h->e_phoff = 0)
REFUSED(phoff_1, dyn, h->e_phoff = 1)
REFUSED(phoff_in_the_header, dyn, h->e_phoff = 56)
REFUSED(phoff_one_less, dyn, h->e_phoff = 63)
REFUSED(phoff_one_more, dyn, h->e_phoff = 65)
REFUSED(phoff_of_other_bytes, dyn, h->e_phoff = DATA)
REFUSED(phoff_at_the_end, dyn, h->e_phoff = FILE_SIZE)
REFUSED(phoff_one_before_the_end, dyn, h->e_phoff = FILE_SIZE - 1)
REFUSED(phoff_one_header_before_the_end, dyn, h->e_phoff = FILE_SIZE - 56)
REFUSED(phoff_one_byte_short_of_two, dyn, h->e_phoff = FILE_SIZE - 111)
REFUSED(phoff_behind_the_end, dyn, h->e_phoff = FILE_SIZE + 1)
REFUSED(phoff_4gib, dyn, h->e_phoff = 4 * GB)
REFUSED(phoff_largest_positive, dyn, h->e_phoff = INT64_MAX)
REFUSED(phoff_negative, dyn, h->e_phoff = 1ULL << 63)
REFUSED(phoff_minus_64, dyn, h->e_phoff = -64ULL)
REFUSED(phoff_minus_112, dyn, h->e_phoff = -112ULL)
REFUSED(phoff_minus_56, dyn, h->e_phoff = -56ULL)
REFUSED(phoff_minus_48, dyn, h->e_phoff = -48ULL)
REFUSED(phoff_largest, dyn, h->e_phoff = UINT64_MAX)
RUNS_OK(headers_in_the_data, dyn, headers_to(e, DATA + 0x100))
RUNS_OK(headers_at_an_odd_offset, dyn, headers_to(e, 0x1f01))
RUNS_OK(headers_not_mapped, dyn, headers_to(e, 0x2900))
RUNS_OK(headers_half_mapped, dyn, headers_to(e, DATA + DATA_SIZE - 57))
RUNS_OK(headers_at_the_end_of_the_file, dyn, headers_to(e, FILE_SIZE - 112))
RUNS_OK(headers_4gib_away, dyn, headers_to(e, 4 * GB))
RUNS_OK(headers_1eib_away, dyn, headers_to(e, 1 * EB))
RUNS_OK(headers_mapped_twice, dyn, load(e, 2, R, 0, 0x8000, 0x1000, 0x1000))

/* --- Offsets and sizes --------------------------------------------------- */

REFUSED(data_offset_at_the_end, dyn, p[1].p_offset = FILE_SIZE)
REFUSED(data_offset_behind_the_end, dyn, p[1].p_offset = 0x10000)
REFUSED(data_offset_4gib, dyn, p[1].p_offset = 4 * GB)
REFUSED(data_offset_largest_page, dyn, p[1].p_offset = INT64_MAX & -PAGE)
REFUSED(data_offset_negative, dyn, p[1].p_offset = 1ULL << 63)
REFUSED(data_offset_last_page, dyn, p[1].p_offset = -PAGE)
REFUSED(data_offset_wraps_to_0, dyn,
	p[1].p_offset = -PAGE; p[1].p_filesz = PAGE)
REFUSED(data_offset_wraps_into_the_file, dyn,
	p[1].p_offset = -PAGE; p[1].p_filesz = 0x1800)
REFUSED(text_offset_wraps_to_0, dyn, p[0].p_offset = -TEXT_SIZE)
REFUSED(text_offset_negative, dyn, p[0].p_offset = 1ULL << 63)
REFUSED(text_offset_one_page_more, dyn, p[0].p_offset = 0x2000)
REFUSED(fixed_data_offset_last_page, fixed, p[1].p_offset = -PAGE)
REFUSED(fixed_text_offset_wraps_to_0, fixed, p[0].p_offset = -TEXT_SIZE)

REFUSED(data_more_in_file_than_in_memory, dyn, p[1].p_memsz = 0x7ff)
REFUSED(data_beyond_the_file, dyn, p[1].p_filesz = 0x1001)
REFUSED(data_beyond_the_file_by_far, dyn,
	both_sizes(&p[1], 1 * GB))
REFUSED(data_file_size_4gib, dyn, both_sizes(&p[1], 4 * GB))
REFUSED(data_file_size_negative, dyn,
	both_sizes(&p[1], 1ULL << 63))
REFUSED(data_file_size_wraps_to_0, dyn,
	both_sizes(&p[1], -DATA))
REFUSED(data_file_size_wraps_into_the_file, dyn,
	both_sizes(&p[1], -PAGE))
REFUSED(data_file_size_largest, dyn,
	both_sizes(&p[1], UINT64_MAX))
REFUSED(data_only_file_size_largest, dyn, p[1].p_filesz = UINT64_MAX)
REFUSED(text_beyond_the_file, dyn,
	e->length = TEXT_SIZE; h->e_phnum = 1;
	both_sizes(&p[0], TEXT_SIZE + 1))
REFUSED(text_file_size_largest, dyn,
	both_sizes(&p[0], UINT64_MAX))
REFUSED(text_more_in_file_than_in_memory, dyn, p[0].p_memsz = 0x1fff)
REFUSED(nothing_in_memory_but_bytes_in_the_file, dyn, p[1].p_memsz = 0)

REFUSED(memory_beyond_user_space, dyn, p[1].p_memsz = USER_END)
REFUSED(memory_1_byte_beyond_user_space, dyn,
	move(e, USER_END - 0x5000); p[1].p_memsz++)
REFUSED(memory_64tib, dyn, p[1].p_memsz = 64 * TB)
REFUSED(memory_128tib, dyn, p[1].p_memsz = 128 * TB)
REFUSED(memory_256tib, dyn, p[1].p_memsz = 256 * TB)
REFUSED(memory_negative, dyn, p[1].p_memsz = 1ULL << 63)
REFUSED(memory_wraps_to_0, dyn, p[1].p_memsz = -DATA)
REFUSED(memory_wraps_by_rounding_up, dyn, p[1].p_memsz = -DATA - 1)
REFUSED(memory_wraps_into_the_text, dyn, p[1].p_memsz = -PAGE)
REFUSED(memory_largest, dyn, p[1].p_memsz = UINT64_MAX)
REFUSED(fixed_memory_wraps_to_0, fixed, p[1].p_memsz = -(FIXED + DATA))
REFUSED(fixed_memory_to_the_stack, fixed, p[1].p_memsz = USER_END - 8 * MB)
REFUSED(fixed_memory_one_byte_too_high, fixed,
	fixed_at(e, HIGHEST - 0x5000); p[1].p_memsz++)
REFUSED(text_memory_largest, dyn, p[0].p_memsz = UINT64_MAX)

/* --- Addresses ----------------------------------------------------------- */

#define NOT_AT(what, address)						\
	REFUSED(program_at_##what, dyn, move(e, address))		\
	REFUSED(data_at_##what, dyn, p[1].p_vaddr = address)		\
	REFUSED(fixed_program_at_##what, fixed, fixed_at(e, address))	\
	REFUSED(fixed_data_at_##what, fixed, p[1].p_vaddr = address)

NOT_AT(the_end_of_user_space, USER_END)
NOT_AT(the_end_of_user_space_and_across, USER_END - 0x2000)
NOT_AT(the_first_non_canonical, 0x0000800000000000)
NOT_AT(a_non_canonical, 0x1234567890000000)
NOT_AT(half_of_all, 0x8000000000000000)
NOT_AT(a_poisoned_pointer, 0xdead000000000000)
NOT_AT(the_last_non_canonical, 0xffff7ffffffff000)
NOT_AT(the_start_of_the_kernel, 0xffff800000000000)
NOT_AT(the_direct_map, 0xffff888000000000)
NOT_AT(the_text_of_the_kernel, 0xffffffff81000000)
NOT_AT(the_vsyscall_page, 0xffffffffff600000)
NOT_AT(the_last_page, 0xfffffffffffff000)

REFUSED(program_around_0, dyn, move(e, -PAGE))
REFUSED(fixed_at_0, fixed, fixed_at(e, 0))
REFUSED(fixed_at_4kib, fixed, fixed_at(e, 4 * KB))
REFUSED(fixed_at_32kib, fixed, fixed_at(e, 32 * KB))
REFUSED(fixed_at_60kib, fixed, fixed_at(e, 60 * KB))
REFUSED(fixed_one_byte_below_64kib, fixed,
	fixed_at(e, 64 * KB); p[2] = p[1]; p[1] = p[0];
	load(e, 0, R, 0xfff, 0xffff, 1, 1); h->e_phnum = 3)
REFUSED(fixed_one_page_too_high, fixed, fixed_at(e, HIGHEST - 0x4000))
REFUSED(fixed_at_the_upper_half, fixed, fixed_at(e, 0x400000000000))
REFUSED(fixed_where_native_programs_are, fixed, fixed_at(e, 0x555555554000))
REFUSED(fixed_where_mmap_starts, fixed, fixed_at(e, 0x7ffff7fc0000))
REFUSED(fixed_near_the_stack, fixed, fixed_at(e, 0x7ffffffde000))
REFUSED(fixed_data_near_the_stack, fixed, p[1].p_vaddr = 0x7ffffffde000)
RUNS_OK(data_32tib_away, dyn, p[1].p_vaddr = 32 * TB)
REFUSED(data_64tib_away, dyn, p[1].p_vaddr = 64 * TB)
RUNS_OK(fixed_data_32tib_away, fixed, p[1].p_vaddr = 32 * TB)

/* --- Overlaps ------------------------------------------------------------ */

REFUSED(two_at_the_same_address, dyn, p[1].p_vaddr = 0)
REFUSED(data_in_the_text, dyn, p[1].p_vaddr = 0x1000)
REFUSED(data_in_the_last_page_of_the_text, packed, p[2].p_vaddr = 0x2e80)
REFUSED(text_one_byte_into_the_data, dyn,
	both_sizes(&p[0], TEXT_SIZE + 1))
REFUSED(text_and_data_share_a_page, dyn,
	both_sizes(&p[0], 0x1800);
	p[1].p_offset = 0x1800; p[1].p_vaddr = 0x1800)
REFUSED(text_and_data_share_a_page_with_room_between, dyn,
	both_sizes(&p[0], 0x1100);
	p[1].p_offset = 0x1f00; p[1].p_vaddr = 0x1f00)
REFUSED(fixed_text_and_data_share_a_page, fixed,
	both_sizes(&p[0], 0x1800);
	p[1].p_offset = 0x1800; p[1].p_vaddr = FIXED + 0x1800)
REFUSED(writable_segments_share_a_page, packed, p[3].p_vaddr = 0x3f80)
REFUSED(descending, dyn, swap_segments(e))
REFUSED(descending_far_apart, dyn, move(e, 1 * GB); p[1].p_vaddr = DATA)
REFUSED(fixed_descending, fixed, swap_segments(e))
REFUSED(third_over_the_text, dyn, load(e, 2, R, 0, 0, 0x1000, 0x1000))
REFUSED(third_over_the_data, dyn, load(e, 2, R, 0, DATA, 0x1000, 0x1000))
REFUSED(third_over_the_zeros, dyn, load(e, 2, R, 0, 0x3000, 0x1000, 0x1000))
REFUSED(third_in_the_last_page_of_zeros, dyn,
	p[1].p_memsz = 0x2001; load(e, 2, R, 0xf00, 0x4f00, 0x10, 0x10))
REFUSED(third_over_both, dyn, load(e, 2, R | W, 0, 0, 0, 0x10000))
REFUSED(third_below, dyn, move(e, 1 * MB); load(e, 2, R, 0, 0, 0x1000, 0x1000))
REFUSED(the_data_twice, dyn, load(e, 2, R | W, DATA, DATA, 0x800, 0x3000))
REFUSED(zeros_over_the_next, dyn,
	load(e, 2, R, 0, 0x5000, 0x1000, 0x1000); p[1].p_memsz = 0x3001)
REFUSED(zeros_over_all_that_follow, dyn,
	load(e, 2, R, 0, 0x10000, 0x1000, 0x1000);
	load(e, 3, R, 0, 0x20000, 0x1000, 0x1000); p[1].p_memsz = 0x40000)
REFUSED(the_1170th_over_the_text, dyn,
	loads_many(e, 1170); e->segments[1169].p_vaddr = 0)
RUNS_OK(touching_at_a_page, dyn, load(e, 2, R, 0, 0x5000, 0x1000, 0x1000))
RUNS_OK(gaps_between, dyn, load(e, 2, R, 0, 0x7000, 0x1000, 0x1000);
	load(e, 3, R | W, 0, 0x100000, 0, 0x1000))
RUNS_OK(empty_segments_anywhere, dyn,
	load(e, 2, R, 0, 0, 0, 0); load(e, 3, R, 0, DATA, 0, 0);
	load(e, 4, R, 0, 0x800, 0, 0); load(e, 5, R, -1, -1, 0, 0))
RUNS_OK(empty_segment_first, dyn,
	p[2] = p[1]; p[1] = p[0]; load(e, 0, R, 0, 0x700000, 0, 0);
	h->e_phnum = 3)

/* --- Offset and address in step ------------------------------------------ */

REFUSED(data_offset_one_more, dyn, p[1].p_offset++)
REFUSED(data_offset_one_less, dyn, p[1].p_offset--)
REFUSED(data_offset_half_a_page_more, dyn, p[1].p_offset += 0x400)
REFUSED(data_address_one_more, dyn, p[1].p_vaddr++)
REFUSED(data_address_half_a_page_more, dyn, p[1].p_vaddr += 0x800)
REFUSED(data_address_one_less_than_a_page_more, dyn, p[1].p_vaddr += 0xfff)
REFUSED(text_address_one_more, dyn,
	p[0].p_vaddr = 1; both_sizes(&p[0], 0x1fff))
REFUSED(fixed_data_address_one_more, fixed, p[1].p_vaddr++)
REFUSED(offset_of_one_byte_not_in_step, dyn,
	p[1].p_filesz = 1; p[1].p_offset++)
RUNS_OK(offset_of_no_bytes_not_in_step, dyn,
	p[1].p_filesz = 0; p[1].p_offset += 0x123)
RUNS_OK(offset_in_step_with_the_page_only, dyn,
	p[1].p_align = 2 * MB; p[1].p_vaddr += 0x70000)

/* --- Alignment ----------------------------------------------------------- */

REFUSED(align_3, dyn, p[1].p_align = 3)
REFUSED(align_6, dyn, p[1].p_align = 6)
REFUSED(align_page_less_one, dyn, p[1].p_align = 0xfff)
REFUSED(align_page_and_one, dyn, p[1].p_align = 0x1001)
REFUSED(align_page_and_half, dyn, p[1].p_align = 0x1800)
REFUSED(align_of_text_3_pages, dyn, p[0].p_align = 0x3000)
REFUSED(align_64tib, dyn, p[1].p_align = 64 * TB)
REFUSED(align_128tib, dyn, p[1].p_align = 128 * TB)
REFUSED(align_2_pow_62, dyn, p[1].p_align = 1ULL << 62)
REFUSED(align_2_pow_63, dyn, p[1].p_align = 1ULL << 63)
REFUSED(align_2_pow_63_and_one, dyn, p[1].p_align = (1ULL << 63) + 1)
REFUSED(align_of_text_2_pow_63, dyn, p[0].p_align = 1ULL << 63)
REFUSED(align_largest, dyn, p[1].p_align = UINT64_MAX)
REFUSED(fixed_align_page_and_half, fixed, p[1].p_align = 0x1800)
REFUSED(fixed_align_largest, fixed, p[1].p_align = UINT64_MAX)
RUNS_OK(align_0, dyn, align_all(e, 0))
RUNS_OK(align_1, dyn, align_all(e, 1))
RUNS_OK(align_16, dyn, align_all(e, 16))
RUNS_OK(align_8kib, dyn, p[1].p_align = 8 * KB)
RUNS_OK(align_64kib, dyn, p[0].p_align = 64 * KB)
RUNS_OK(align_2mib, dyn, align_all(e, 2 * MB))
RUNS_OK(align_2mib_linked_between, dyn,
	align_all(e, 2 * MB); move(e, 3 * MB))
RUNS_OK(align_1gib, dyn, p[1].p_align = 1 * GB)
RUNS_OK(align_32tib, dyn, p[1].p_align = 32 * TB)
RUNS_OK(fixed_align_2_pow_63, fixed, p[1].p_align = 1ULL << 63)

/* --- Protection and entry ------------------------------------------------ */

REFUSED(text_writable, dyn, p[0].p_flags = R | W | X)
REFUSED(text_writable_unreadable, dyn, p[0].p_flags = W | X)
REFUSED(data_executable, dyn, p[1].p_flags = R | W | X)
REFUSED(data_executable_unreadable, dyn, p[1].p_flags = W | X)
REFUSED(all_writable_and_executable, dyn,
	p[0].p_flags |= W; p[1].p_flags |= X)
REFUSED(single_segment_writable, single, p[0].p_flags = R | W | X)
REFUSED(fixed_text_writable, fixed, p[0].p_flags = R | W | X)
REFUSED(third_writable_and_executable, dyn,
	load(e, 2, R | W | X, 0, 0x8000, 0, 0x1000))
REFUSED(all_flags_set, dyn, p[1].p_flags = UINT32_MAX)
REFUSED(text_not_executable, dyn, p[0].p_flags = R)
REFUSED(text_writable_not_executable, dyn, p[0].p_flags = R | W)
REFUSED(text_without_rights, dyn, p[0].p_flags = 0)
REFUSED(zeros_in_read_only_memory, dyn, p[1].p_flags = R)
REFUSED(zeros_in_memory_without_rights, dyn, p[1].p_flags = 0)
REFUSED(zeros_behind_the_text, single, p[0].p_memsz = 0x3000)
REFUSED(one_zero_behind_the_text, single, p[0].p_memsz++)

REFUSED(entry_below, dyn, move(e, 1 * MB); h->e_entry = 1 * MB - 1)
REFUSED(entry_0_in_no_segment, dyn, move(e, 1 * MB); h->e_entry = 0)
REFUSED(entry_in_the_data, dyn, h->e_entry = DATA)
REFUSED(entry_in_the_zeros, dyn, h->e_entry = 0x3000)
REFUSED(entry_behind_all, dyn, h->e_entry = 0x5000)
REFUSED(entry_in_a_gap, dyn, move(e, 1 * MB);
	p[1].p_vaddr += 1 * MB; h->e_entry = 1 * MB + TEXT_SIZE)
REFUSED(entry_in_the_kernel, dyn, h->e_entry = 0xffffffff81000000)
REFUSED(entry_not_canonical, dyn, h->e_entry = 0x0000800000000000)
REFUSED(entry_largest, dyn, h->e_entry = UINT64_MAX)
REFUSED(entry_relative_to_a_fixed_program, fixed, h->e_entry = CODE)
REFUSED(entry_in_a_note, dyn, move(e, 1 * MB); h->e_entry = 0x10;
	segment(e, 2, PT_NOTE, R | X, 0, 0, 0x1000, 0x1000))
REFUSED(entry_in_an_empty_segment, dyn, h->e_entry = 0x9000;
	load(e, 2, R | X, 0, 0x9000, 0, 0))
REFUSED(entry_behind_the_last_byte_of_text, packed, h->e_entry = 0x2e80)
CRASHES(entry_at_the_last_byte_of_text, SIGTRAP, dyn,
	h->e_entry = TEXT_SIZE - 1)
CRASHES(entry_in_executable_zeros, SIGSEGV, dyn,
	h->e_entry = 0x9000; load(e, 2, R | X, 0, 0x9000, 0, 0x1000))
CRASHES(entry_in_the_header, SIGSEGV, dyn, h->e_entry = 0x10)

RUNS_OK(text_only_executable, dyn, plain(e); p[0].p_flags = X)
RUNS_OK(data_without_rights, dyn, p[1].p_flags = 0; p[1].p_memsz = DATA_SIZE)
RUNS_OK(data_read_only, dyn, p[1].p_flags = R; p[1].p_memsz = DATA_SIZE)
RUNS_OK(data_write_only, dyn, p[1].p_flags = W)
RUNS_OK(flags_of_an_os_are_ignored, dyn, p[1].p_flags |= PF_MASKOS)
RUNS_OK(flags_of_a_processor_are_ignored, dyn, p[0].p_flags |= PF_MASKPROC)
RUNS_OK(stack_flags_are_ignored, dyn,
	segment(e, 2, PT_GNU_STACK, R | W | X, 0, 0, 0, 1ULL << 60))

/* --- Segments that a static program has not ------------------------------ */

REFUSED(interpreter_of_linux, dyn,
	interpreter(e, 2, "/lib64/ld-linux-x86-64.so.2"))
REFUSED(interpreter_first, dyn, p[2] = p[1]; p[1] = p[0];
	interpreter(e, 0, "/lib64/ld-linux-x86-64.so.2"); h->e_phnum = 3)
REFUSED(interpreter_without_a_name, dyn, interpreter(e, 2, ""))
REFUSED(interpreter_of_no_size, dyn, segment(e, 2, PT_INTERP, R, 0, 0, 0, 0))
REFUSED(interpreter_beyond_the_file, dyn,
	segment(e, 2, PT_INTERP, R, -1, -1, -1, -1))
REFUSED(interpreter_itself, dyn, interpreter(e, 2, "/proc/self/exe"))
REFUSED(interpreter_behind_a_thousand, dyn, headers_many(e, 1170);
	segment(e, 1169, PT_INTERP, R, 0x380, 0x380, 8, 8))
REFUSED(interpreter_of_a_fixed_program, fixed,
	interpreter(e, 2, "/lib64/ld-linux-x86-64.so.2"))
REFUSED(interpreter_for_want_of_anything_else, dyn,
	h->e_phnum = 0; interpreter(e, 0, "/bin/none"))

REFUSED(no_segment_to_load, dyn, p[0].p_type = PT_NULL; p[1].p_type = PT_NULL)
REFUSED(only_a_note, dyn, h->e_phnum = 1; p[0].p_type = PT_NOTE)
REFUSED(only_a_data_segment, dyn, p[0].p_type = PT_NULL)
REFUSED(only_empty_segments, dyn,
	load(e, 0, R | X, 0, 0, 0, 0); load(e, 1, R | W, 0, 0, 0, 0))
REFUSED(headers_all_zero, dyn, memset(p, 0, 112))
REFUSED(headers_all_ones, dyn, memset(p, 0xff, 112))
REFUSED(header_all_ones_but_its_marks, dyn,
	memset(e->data + 16, 0xff, 48))
REFUSED(header_all_zero_but_its_marks, dyn, memset(e->data + 16, 0, 48))

/* --- Zeros --------------------------------------------------------------- */

RUNS_OK(zeros_one_byte, dyn, p[1].p_memsz = DATA_SIZE + 1)
RUNS_OK(zeros_within_the_page, dyn, p[1].p_memsz = DATA_SIZE + 0x100)
RUNS_OK(zeros_to_the_end_of_the_page, dyn, p[1].p_memsz = 0x1000)
RUNS_OK(zeros_one_byte_into_the_next_page, dyn, p[1].p_memsz = 0x1001)
RUNS_OK(zeros_of_one_page, dyn, p[1].p_filesz = 0x1000; p[1].p_memsz = 0x2000)
RUNS_OK(zeros_of_one_byte_in_a_page, dyn,
	p[1].p_filesz = 0x1000; p[1].p_memsz = 0x1001)
RUNS_OK(zeros_of_many_pages, dyn, p[1].p_memsz = 64 * MB)
RUNS_OK(zeros_of_many_pages_fixed, fixed, p[1].p_memsz = 64 * MB)
RUNS_OK(zeros_256mib, dyn, p[1].p_memsz = 256 * MB)
RUNS_OK(zeros_none, dyn, p[1].p_memsz = DATA_SIZE)
RUNS_OK(zeros_none_data_of_a_page, dyn, both_sizes(&p[1], 0x1000))
RUNS_OK(zeros_only, dyn, p[1].p_filesz = 0)
RUNS_OK(zeros_only_one_byte, dyn, p[1].p_filesz = 0; p[1].p_memsz = 1)
RUNS_OK(zeros_only_between_pages, dyn,
	p[1].p_filesz = 0; p[1].p_vaddr += 0x10; p[1].p_memsz = 0x2345)
RUNS_OK(zeros_only_offset_beyond_the_file, dyn,
	p[1].p_filesz = 0; p[1].p_offset = FILE_SIZE)
REFUSED(zeros_only_offset_behind_the_file, dyn,
	p[1].p_filesz = 0; p[1].p_offset = FILE_SIZE + 1)
RUNS_OK(zeros_only_read_only, dyn, p[1].p_filesz = 0; p[1].p_flags = R)
RUNS_OK(zeros_in_two_segments, dyn, p[1].p_memsz = 0x1000;
	load(e, 2, R | W, 0, 0x3000, 0, 0x1800);
	load(e, 3, R | W, DATA, 0x5000, 1, 0x2000))
RUNS_OK(zeros_fixed_within_the_page, fixed, p[1].p_memsz = DATA_SIZE + 0x100)
RUNS_OK(zeros_fixed_only, fixed, p[1].p_filesz = 0)
RUNS_OK(data_of_one_byte, dyn, both_sizes(&p[1], 1))
CRASHES(zeros_larger_than_memory, SIGSEGV, dyn, p[1].p_memsz = 16 * TB)
CRASHES(zeros_larger_than_memory_fixed, SIGSEGV, fixed, p[1].p_memsz = 16 * TB)

/* --- Holes, and large files ---------------------------------------------- */

RUNS_OK(data_is_a_hole, dyn,
	e->length = 1 * MB; p[1].p_offset = 0x80000)
RUNS_OK(segment_of_holes, dyn, e->length = 8 * MB;
	load(e, 2, R, 1 * MB, 0x100000, 4 * MB, 4 * MB))
RUNS_OK(file_of_1tib, dyn, e->length = 1 * TB)
RUNS_OK(file_of_1eib, dyn, e->length = 1 * EB)
RUNS_OK(file_as_large_as_can_be, dyn, e->length = INT64_MAX)
RUNS_OK(data_4gib_into_the_file, dyn, data_far(e, 4 * GB, 0x800))
RUNS_OK(data_1eib_into_the_file, dyn, data_far(e, 1 * EB, 0x800))
REFUSED(data_1eib_into_the_file_one_byte_short, dyn,
	data_far(e, 1 * EB, 0x800); e->length--)
REFUSED(data_of_1eib, dyn,
	e->length = 2 * EB; both_sizes(&p[1], 1 * EB))
REFUSED(offset_wraps_in_the_largest_file, dyn,
	e->length = INT64_MAX; p[1].p_offset = -PAGE)
CRASHES(data_in_the_last_page_of_the_largest_file, SIGSEGV, dyn,
	e->length = INT64_MAX; p[1].p_offset = INT64_MAX & -PAGE)
REFUSED(headers_behind_the_largest_file, dyn,
	e->length = INT64_MAX; h->e_phoff = INT64_MAX - 111)

#undef REFUSED
#undef RUNS_OK
#undef CRASHES
#undef FOREIGN
#undef TRUNCATED
#undef NOT_AT
