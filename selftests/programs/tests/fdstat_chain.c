// SPDX-License-Identifier: GPL-2.0
/*
 * fdstat_chain: one of several programs that hand a descriptor on.
 *
 *	fdstat_chain BASE INHERITING
 *
 * Tells the rights of descriptor 3, tries to have more, narrows it to the two
 * sets (hexadecimal numbers), and waits until its standard input ends. One line
 * is written, when the descriptor can be taken over:
 *
 *	TYPE BASE INHERITING ERROR
 *
 * with the rights that there were first, and what came of wanting more.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "args.h"
#include "check.h"

static uint64_t take_hex(struct args *args)
{
	struct word word;
	uint64_t value = 0;

	if (!args_next(args, &word))
		crt_exit(2);
	for (size_t i = 0; i < word.len; i++) {
		char c = word.chars[i];

		value = value << 4 | (c >= 'a' ? c - 'a' + 10 : c - '0');
	}
	return value;
}

/* Each right that is missing, by itself; the first answer that is odd. */
static cloudabi_errno_t want_more(const cloudabi_fdstat_t *stat)
{
	for (unsigned int bit = 0; bit < 64; bit++) {
		cloudabi_rights_t base = stat->fs_rights_base | 1ull << bit;
		cloudabi_rights_t inheriting =
			stat->fs_rights_inheriting | 1ull << bit;
		cloudabi_errno_t error = CLOUDABI_ENOTCAPABLE;

		if (base != stat->fs_rights_base)
			error = put_rights(3, base, stat->fs_rights_inheriting);
		if (error == CLOUDABI_ENOTCAPABLE &&
		    inheriting != stat->fs_rights_inheriting)
			error = put_rights(3, stat->fs_rights_base, inheriting);
		if (error != CLOUDABI_ENOTCAPABLE)
			return error;
	}
	return CLOUDABI_ENOTCAPABLE;
}

int program_main(const struct argdata *ad)
{
	cloudabi_rights_t base, inheriting;
	cloudabi_errno_t error;
	cloudabi_fdstat_t stat;
	struct args args;
	char byte;
	size_t n;

	args_open(&args, ad);
	base = take_hex(&args);
	inheriting = take_hex(&args);
	if (cloudabi_sys_fd_stat_get(3, &stat))
		return 3;
	error = want_more(&stat);
	if (put_rights(3, base, inheriting))
		return 4;
	crt_printf(1, "%u %lx %lx %s\n", stat.fs_filetype,
		   stat.fs_rights_base, stat.fs_rights_inheriting,
		   crt_strerror(error));
	return read1(0, &byte, 1, &n) || n;
}
