// SPDX-License-Identifier: GPL-2.0
/*
 * rw_shared: one of several processes that use the same open file.
 *
 *	rw_shared WHAT NUMBER COUNT [narrow]
 *
 * Descriptor 3 is the file. COUNT times, this one
 *
 *	write	writes a record, 8 bytes: its NUMBER and how many it wrote before
 *	seek	moves the offset ahead by a record
 *	read	reads a record and writes it to descriptor 4, until the end of the
 *		file is reached
 *
 * With "narrow", the descriptor is narrowed first, so that the file is used
 * through a capability. Exits with 0 if all went well.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "args.h"
#include "check.h"

struct record {
	uint32_t number;
	uint32_t count;
};

static uint64_t take_number(struct args *args)
{
	struct word word;

	if (!args_next(args, &word))
		crt_exit(2);
	return parse_number(&word.chars, word.chars + word.len);
}

static int write_records(uint32_t number, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct record record = { number, i };
		size_t n;

		if (write1(3, &record, sizeof(record), &n) ||
		    n != sizeof(record))
			return 1;
	}
	return 0;
}

static int move_offset(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		cloudabi_filesize_t offset;

		if (cloudabi_sys_fd_seek(3, sizeof(struct record),
					 CLOUDABI_WHENCE_CUR, &offset))
			return 1;
	}
	return 0;
}

static int read_records(void)
{
	struct record record;
	size_t n;

	for (;;) {
		if (read1(3, &record, sizeof(record), &n))
			return 1;
		if (!n)
			return 0;
		if (n != sizeof(record) ||
		    write1(4, &record, sizeof(record), &n))
			return 1;
	}
}

int program_main(const struct argdata *ad)
{
	struct word what, narrow;
	uint32_t number, count;
	struct args args;

	args_open(&args, ad);
	if (!args_next(&args, &what))
		return 2;
	number = take_number(&args);
	count = take_number(&args);
	if (args_next(&args, &narrow) &&
	    put_rights(3, CLOUDABI_RIGHT_FD_READ | CLOUDABI_RIGHT_FD_WRITE |
		       CLOUDABI_RIGHT_FD_SEEK, 0))
		return 3;
	switch (what.chars[0]) {
	case 'w':
		return write_records(number, count);
	case 's':
		return move_offset(count);
	case 'r':
		return read_records();
	}
	return 2;
}
