// SPDX-License-Identifier: GPL-2.0
/*
 * Looks up functions in the vDSO, in the way the ABI's C library does it:
 * through PT_DYNAMIC and the symbol count of the old hash table.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "crt.h"

struct symbols {
	uintptr_t base;
	const struct elf_sym *table;
	const char *names;
	uint32_t count;
};

static const struct elf_dyn *find_dynamic(const struct elf_ehdr *ehdr)
{
	uintptr_t base = (uintptr_t)ehdr;
	const struct elf_phdr *phdr =
		(const struct elf_phdr *)(base + ehdr->e_phoff);

	for (size_t i = 0; i < ehdr->e_phnum; i++) {
		if (phdr[i].p_type == PT_DYNAMIC)
			return (const struct elf_dyn *)(base + phdr[i].p_vaddr);
	}
	return NULL;
}

static void read_dynamic(struct symbols *s, const struct elf_dyn *dyn)
{
	for (; dyn->d_tag != DT_NULL; dyn++) {
		uintptr_t address = s->base + dyn->d_val;

		switch (dyn->d_tag) {
		case DT_HASH:
			s->count = ((const uint32_t *)address)[1];
			break;
		case DT_STRTAB:
			s->names = (const char *)address;
			break;
		case DT_SYMTAB:
			s->table = (const struct elf_sym *)address;
			break;
		}
	}
}

static bool is_function(const struct elf_sym *sym)
{
	return sym->st_shndx != SHN_UNDEF &&
	       sym->st_info == (STB_GLOBAL << 4 | STT_FUNC);
}

void *crt_vdso_symbol(const char *name)
{
	struct symbols s = { .base = (uintptr_t)crt_auxv.vdso };
	const struct elf_dyn *dyn;

	if (!s.base)
		return NULL;
	dyn = find_dynamic(crt_auxv.vdso);
	if (!dyn)
		return NULL;
	read_dynamic(&s, dyn);
	if (!s.table || !s.names)
		return NULL;
	for (uint32_t i = 0; i < s.count; i++) {
		const struct elf_sym *sym = &s.table[i];

		if (is_function(sym) && !strcmp(s.names + sym->st_name, name))
			return (void *)(s.base + sym->st_value);
	}
	return NULL;
}
