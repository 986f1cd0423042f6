/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of the 64-bit ELF format that a program needs to start itself and
 * to read a vDSO.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CRT_ELF_H
#define _CRT_ELF_H

#include <stdint.h>

#define ELFMAG		"\177ELF"
#define SELFMAG		4
#define EI_OSABI	7
#define ELFOSABI_CLOUDABI 17

#define ET_EXEC		2
#define ET_DYN		3

#define PT_LOAD		1
#define PT_DYNAMIC	2
#define PT_TLS		7
#define PT_GNU_RELRO	0x6474e552

#define DT_NULL		0
#define DT_HASH		4
#define DT_STRTAB	5
#define DT_SYMTAB	6
#define DT_RELA		7
#define DT_RELASZ	8
#define DT_RELAENT	9
#define DT_REL		17
#define DT_JMPREL	23
#define DT_RELR		36

#define R_X86_64_RELATIVE 8

#define STB_GLOBAL	1
#define STT_FUNC	2
#define SHN_UNDEF	0

struct elf_ehdr {
	unsigned char e_ident[16];
	uint16_t e_type;
	uint16_t e_machine;
	uint32_t e_version;
	uint64_t e_entry;
	uint64_t e_phoff;
	uint64_t e_shoff;
	uint32_t e_flags;
	uint16_t e_ehsize;
	uint16_t e_phentsize;
	uint16_t e_phnum;
	uint16_t e_shentsize;
	uint16_t e_shnum;
	uint16_t e_shstrndx;
};

struct elf_phdr {
	uint32_t p_type;
	uint32_t p_flags;
	uint64_t p_offset;
	uint64_t p_vaddr;
	uint64_t p_paddr;
	uint64_t p_filesz;
	uint64_t p_memsz;
	uint64_t p_align;
};

struct elf_dyn {
	uint64_t d_tag;
	uint64_t d_val;
};

struct elf_rela {
	uint64_t r_offset;
	uint64_t r_info;
	uint64_t r_addend;
};

struct elf_sym {
	uint32_t st_name;
	unsigned char st_info;
	unsigned char st_other;
	uint16_t st_shndx;
	uint64_t st_value;
	uint64_t st_size;
};

_Static_assert(sizeof(struct elf_ehdr) == 64, "layout of ELF");
_Static_assert(sizeof(struct elf_phdr) == 56, "layout of ELF");
_Static_assert(sizeof(struct elf_dyn) == 16, "layout of ELF");
_Static_assert(sizeof(struct elf_rela) == 24, "layout of ELF");
_Static_assert(sizeof(struct elf_sym) == 24, "layout of ELF");

#endif /* _CRT_ELF_H */
