// SPDX-License-Identifier: GPL-2.0
/*
 * walk: lists a tree, and sums it up.
 *
 *	walk [-q] 0<DIRECTORY
 *
 * In a map: {input: FD, output: FD, messages: FD, quiet: BOOL}. The directory is
 * the input: a shell gives it with 0<DIRECTORY.
 *
 * A line is written for each file below: its type as in find's -printf %y, its
 * size (0 for a directory), and its path from the start. The last line tells how
 * many files, directories and others there are, and the sum of the sizes; with
 * -q it is the only one.
 *
 * It asks for no more rights than it needs: to list, to look, to open.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "filter.h"

#define DEPTH 64
#define PATH 4096
#define BUFFER 32768

/**
 * struct walk - a walk
 * @f: input, output and options
 * @out: the lines
 * @path: where it is, from the start
 * @path_len: length of @path
 * @files: how many regular files it has seen
 * @directories: how many directories
 * @others: how much else
 * @bytes: sum of the sizes of the regular files
 * @quiet: do not tell of each
 */
struct walk {
	struct filter f;
	struct crt_output out;
	char path[PATH];
	size_t path_len;
	uint64_t files;
	uint64_t directories;
	uint64_t others;
	uint64_t bytes;
	bool quiet;
};

/* One for each level, in .bss. */
static uint8_t buffers[DEPTH][BUFFER];

static struct walk walk;

static _Noreturn void fail(const char *what, cloudabi_errno_t error)
{
	crt_die(1, "walk: %s %.*s: %s", what, (int)walk.path_len, walk.path,
		crt_strerror(error));
}

static char letter(cloudabi_filetype_t type)
{
	switch (type) {
	case CLOUDABI_FILETYPE_REGULAR_FILE:
		return 'f';
	case CLOUDABI_FILETYPE_DIRECTORY:
		return 'd';
	case CLOUDABI_FILETYPE_SYMBOLIC_LINK:
		return 'l';
	default:
		return '?';
	}
}

static void tell(const cloudabi_filestat_t *stat)
{
	uint64_t size = stat->st_size;

	if (stat->st_filetype == CLOUDABI_FILETYPE_DIRECTORY) {
		walk.directories++;
		size = 0;
	} else if (stat->st_filetype == CLOUDABI_FILETYPE_REGULAR_FILE) {
		walk.files++;
		walk.bytes += size;
	} else {
		walk.others++;
	}
	if (!walk.quiet)
		crt_output_printf(&walk.out, "%c %lu %.*s\n",
				  letter(stat->st_filetype),
				  (unsigned long)size, (int)walk.path_len,
				  walk.path);
}

static cloudabi_fd_t open_below(cloudabi_fd_t fd, const char *name, size_t len)
{
	const cloudabi_rights_t rights = CLOUDABI_RIGHT_FILE_READDIR |
					 CLOUDABI_RIGHT_FILE_STAT_GET |
					 CLOUDABI_RIGHT_FILE_OPEN;
	cloudabi_lookup_t lookup = { .fd = fd };
	cloudabi_fdstat_t stat = {
		.fs_rights_base = rights,
		.fs_rights_inheriting = rights,
	};
	cloudabi_errno_t error;
	cloudabi_fd_t child;

	error = cloudabi_sys_file_open(lookup, name, len,
				       CLOUDABI_O_DIRECTORY, &stat, &child);
	if (error)
		fail("open", error);
	return child;
}

static void list(cloudabi_fd_t fd, unsigned int depth);

static void enter(cloudabi_fd_t fd, const char *name, size_t len,
		  unsigned int depth)
{
	cloudabi_lookup_t lookup = { .fd = fd };
	size_t before = walk.path_len;
	cloudabi_filestat_t stat;
	cloudabi_errno_t error;
	cloudabi_fd_t child;

	if (before + len + 1 > PATH || depth == DEPTH)
		fail("enter", CLOUDABI_ENAMETOOLONG);
	if (before)
		walk.path[walk.path_len++] = '/';
	memcpy(walk.path + walk.path_len, name, len);
	walk.path_len += len;
	error = cloudabi_sys_file_stat_get(lookup, name, len, &stat);
	if (error)
		fail("look at", error);
	tell(&stat);
	if (stat.st_filetype == CLOUDABI_FILETYPE_DIRECTORY) {
		child = open_below(fd, name, len);
		list(child, depth);
		cloudabi_sys_fd_close(child);
	}
	walk.path_len = before;
}

static bool is_dots(const char *name, size_t len)
{
	return (len == 1 || len == 2) && name[0] == '.' && name[len - 1] == '.';
}

/* Enters all that is whole in the buffer; returns where to read on. */
static cloudabi_dircookie_t list_some(cloudabi_fd_t fd, const uint8_t *buf,
				      size_t used, cloudabi_dircookie_t cookie,
				      unsigned int depth)
{
	cloudabi_dirent_t entry;
	const char *name;

	while (used >= sizeof(entry)) {
		memcpy(&entry, buf, sizeof(entry));
		if (entry.d_namlen > used - sizeof(entry))
			break;
		name = (const char *)buf + sizeof(entry);
		cookie = entry.d_next;
		if (!is_dots(name, entry.d_namlen))
			enter(fd, name, entry.d_namlen, depth + 1);
		buf += sizeof(entry) + entry.d_namlen;
		used -= sizeof(entry) + entry.d_namlen;
	}
	return cookie;
}

static void list(cloudabi_fd_t fd, unsigned int depth)
{
	cloudabi_dircookie_t cookie = CLOUDABI_DIRCOOKIE_START;
	cloudabi_errno_t error;
	size_t used;

	do {
		error = cloudabi_sys_file_readdir(fd, buffers[depth], BUFFER,
						  cookie, &used);
		if (error)
			fail("list", error);
		cookie = list_some(fd, buffers[depth], used, cookie, depth);
	} while (used == BUFFER);
}

static void parse(const struct argdata *ad)
{
	struct word word;

	walk.f.name = "walk";
	walk.f.failure = 1;
	filter_open(&walk.f, ad);
	while (args_next(&walk.f.args, &word)) {
		if (word.len != 2 || memcmp(word.chars, "-q", 2))
			filter_usage(&walk.f, "[-q] 0<DIRECTORY");
		walk.quiet = true;
	}
	if (walk.f.args.bad || !args_bool(&walk.f.args, "quiet", &walk.quiet))
		filter_usage(&walk.f, "[-q] 0<DIRECTORY");
}

int program_main(const struct argdata *ad)
{
	cloudabi_errno_t error;

	parse(ad);
	walk.out.fd = walk.f.output;
	walk.out.size = FILTER_BUFFER;
	walk.out.buf = filter_buffer(&walk.f, FILTER_BUFFER);
	list(walk.f.input, 0);
	crt_output_printf(&walk.out,
			  "%lu files, %lu directories, %lu others, %lu bytes\n",
			  (unsigned long)walk.files,
			  (unsigned long)walk.directories,
			  (unsigned long)walk.others,
			  (unsigned long)walk.bytes);
	error = crt_output_flush(&walk.out);
	if (error)
		filter_fail(&walk.f, "write", error);
	return 0;
}
