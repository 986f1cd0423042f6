// SPDX-License-Identifier: GPL-2.0
/*
 * hostile: makes calls at random, with arguments at random.
 *
 *	hostile COUNT SEED
 *
 * All descriptors that it was given take part, and what it makes of them. Some
 * arguments mean something and most of them nearly do: descriptors that are
 * open, paths of what is there, lengths around those of buffers, addresses at
 * the edges of what is mapped. It is the kernel's checkers that are to find
 * something; here it is only seen to that each call answers by an error that
 * there is, or by none, that it leaves the registers alone that it must, and
 * that what was given keeps its type and gets no rights.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "args.h"
#include "check.h"
#include "raw.h"

/* Descriptors above are closed again, and those up to GIVEN never. */
#define MOST_FDS 32
#define GIVEN 9
#define DIRECTORIES 3

#define ARENA 0x200000000ull
#define ARENA_SIZE 0x40000ull

static uint64_t state;

static uint64_t random_number(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dull >> 8;
}

static uint64_t below(uint64_t limit)
{
	return random_number() % limit;
}

static bool once_in(uint64_t times)
{
	return !below(times);
}

/* What structures and vectors are made in, and results go to. */
static _Alignas(64) uint8_t scratch[65536];

static const char *const paths[] = {
	"a", "b", "c", "a/b", "a/../a", "a/./b", "..", ".", "../a", "a/../..",
	"a/", "b/", "a//b", "a/b/c", "/", "/a", "link", "link/", "link/a", "",
	"a/b/..", "up", "up/a", "loop", "b/../link/../a", "c/", "...", "a\0b",
};

/* Numbers that are the last good or the first bad one somewhere. */
static uint64_t some_number(void)
{
	static const uint64_t edges[] = {
		0, 1, 2, 3, 7, 8, 23, 24, 25, 255, 1023, 1024, 1025, 4095, 4096,
		4097, 65536, 0x7ffff000, 0x7fffffff, 0x80000000, 0xffffffff,
		0x100000000, 0x7fffffffffff, 0x800000000000,
		0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
	};

	if (once_in(3))
		return below(9000);
	return edges[below(ARRAY_SIZE(edges))] - once_in(16);
}

/* Not what the results are told through. */
static uint64_t some_fd(void)
{
	return once_in(40) ? some_number() | 64 :
			     (3 + below(MOST_FDS - 3)) |
				     (uint64_t)once_in(2) << 32;
}

/* The first that are given are directories. */
static uint64_t some_directory(void)
{
	return once_in(6) ? some_fd() : 3 + below(DIRECTORIES);
}

static uint64_t some_place(void)
{
	return ARENA + below(ARENA_SIZE / 4096) * 4096;
}

/* Never the program's own memory but for scratch. */
static uint64_t some_address(void)
{
	static const uint64_t edges[] = {
		0, 1, 4096, 0x7fffffffe000, 0x7ffffffff000, 0x7fffffffffff,
		0x800000000000, 0xffff800000000000, 0xffffffff81000000,
		0xffffffffff600000, 0xffffffffffffffff,
	};

	switch (below(16)) {
	case 0:
		return edges[below(ARRAY_SIZE(edges))];
	case 1 ... 4:
		return some_place() + below(3) * 2047;
	case 5:
		return some_place() - 8 + below(16);
	default:
		return (uint64_t)scratch + below(32);
	}
}

/* Half of scratch is left: nothing that is written goes over its end. */
static uint64_t some_length(void)
{
	return once_in(12) ? some_number() % 32768 : below(300);
}

static uint64_t some_path(uint64_t *length)
{
	const char *path = paths[below(ARRAY_SIZE(paths))];
	uint64_t address = once_in(40) ? some_address() : (uint64_t)path;

	*length = once_in(40) ? some_number() : strlen(path) + once_in(20);
	/* Never behind the end of the program's memory by accident. */
	if (address == (uint64_t)path && *length > 4200)
		*length = 4200;
	return address;
}

static uint64_t some_vectors(uint64_t *count)
{
	cloudabi_iovec_t *vector = (void *)(scratch + 49152);
	uint64_t address = (uint64_t)vector;

	*count = once_in(30) ? some_number() : below(12);
	for (unsigned int i = 0; i < 12; i++) {
		vector[i].buf = (void *)some_address();
		vector[i].buf_len = once_in(60) ? some_number() :
						  some_length();
		/* What is longer ends in memory that nothing is mapped to. */
		if ((uint64_t)vector[i].buf >= (uint64_t)scratch &&
		    (uint64_t)vector[i].buf < (uint64_t)scratch + 64 &&
		    vector[i].buf_len > 32768)
			vector[i].buf_len = 32768;
	}
	if (*count > 12)
		memset(vector + 12, 0, 12288);
	return once_in(60) ? ARENA + 4096 : address;
}

static cloudabi_rights_t some_rights(void)
{
	static const cloudabi_rights_t usual[] = {
		0x11c3801ff, 0x13eff698, 0x11ffff7ff, 0xc180042, 0x801008004a,
		0x815ffff7ff, 0x2, 0x42, 0x4000002, 0xc000042, 0,
	};
	cloudabi_rights_t rights = usual[below(ARRAY_SIZE(usual))];

	if (once_in(4))
		rights &= ~(1ull << below(40));
	if (once_in(30))
		rights |= 1ull << below(64);
	return rights;
}

/* Nothing must wait: pipes and sockets stay non-blocking. */
static uint64_t some_stat(void)
{
	cloudabi_fdstat_t *stat = (void *)(scratch + 40960);

	memset(stat, 0, sizeof(*stat));
	stat->fs_flags = (random_number() & 0x1f) | CLOUDABI_FDFLAG_NONBLOCK;
	stat->fs_rights_base = some_rights();
	stat->fs_rights_inheriting = some_rights();
	return (uint64_t)stat;
}

static uint64_t some_filestat(void)
{
	cloudabi_filestat_t *stat = (void *)(scratch + 40960);

	memset(stat, 0, sizeof(*stat));
	stat->st_size = once_in(8) ? some_number() : below(100000);
	stat->st_atim = random_number() * random_number();
	stat->st_mtim = random_number() * random_number();
	return once_in(20) ? some_address() : (uint64_t)stat;
}

/* Letters are kinds of arguments; see make_argument(). */
static const struct {
	unsigned int number;
	const char *arguments;
} calls[] = {
	{ CLOUDABI_NR_clock_res_get, "b" },
	{ CLOUDABI_NR_clock_time_get, "bn" },
	{ CLOUDABI_NR_fd_close, "c" },
	{ CLOUDABI_NR_fd_create1, "t" },
	{ CLOUDABI_NR_fd_datasync, "f" },
	{ CLOUDABI_NR_fd_dup, "f" },
	{ CLOUDABI_NR_fd_pread, "fVn" },
	{ CLOUDABI_NR_fd_pwrite, "fVo" },
	{ CLOUDABI_NR_fd_read, "fV" },
	{ CLOUDABI_NR_fd_replace, "fc" },
	{ CLOUDABI_NR_fd_seek, "fnb" },
	{ CLOUDABI_NR_fd_stat_get, "fa" },
	{ CLOUDABI_NR_fd_stat_put, "csb" },
	{ CLOUDABI_NR_fd_stat_put, "cs2" },
	{ CLOUDABI_NR_fd_stat_put, "fs1" },
	{ CLOUDABI_NR_fd_sync, "f" },
	{ CLOUDABI_NR_fd_write, "fV" },
	{ CLOUDABI_NR_file_advise, "fnnb" },
	{ CLOUDABI_NR_file_allocate, "fol" },
	{ CLOUDABI_NR_file_create, "dPt" },
	{ CLOUDABI_NR_file_link, "dPdP" },
	{ CLOUDABI_NR_file_open, "dPbs" },
	{ CLOUDABI_NR_file_open, "dPbs" },
	{ CLOUDABI_NR_file_readdir, "daln" },
	{ CLOUDABI_NR_file_readlink, "dPal" },
	{ CLOUDABI_NR_file_rename, "dPdP" },
	{ CLOUDABI_NR_file_stat_fget, "fa" },
	{ CLOUDABI_NR_file_stat_fput, "fSb" },
	{ CLOUDABI_NR_file_stat_get, "dPa" },
	{ CLOUDABI_NR_file_stat_put, "dPSb" },
	{ CLOUDABI_NR_file_symlink, "PdP" },
	{ CLOUDABI_NR_file_unlink, "dPb" },
	{ CLOUDABI_NR_mem_advise, "mMb" },
	{ CLOUDABI_NR_mem_map, "mMbbfp" },
	{ CLOUDABI_NR_mem_map, "mMbbfp" },
	{ CLOUDABI_NR_mem_protect, "mMb" },
	{ CLOUDABI_NR_mem_sync, "mMb" },
	{ CLOUDABI_NR_mem_unmap, "mM" },
	{ CLOUDABI_NR_random_get, "al" },
	{ CLOUDABI_NR_thread_yield, "" },
};

static uint64_t some_type(void)
{
	static const uint8_t types[] = { 0x10, 0x11, 0x20, 0x20, 0x50, 0x60,
					 0x70, 0x70, 0x80, 0x82, 0x90 };

	return types[below(ARRAY_SIZE(types))] | (uint64_t)once_in(9) << 8;
}

/* Returns how many registers it takes. */
static unsigned int make_argument(char kind, uint64_t *argument)
{
	switch (kind) {
	case 'f':
		*argument = some_fd();
		return 1;
	case 'd':
		*argument = some_directory();
		return 1;
	case 'c':
		*argument = GIVEN + 1 + below(MOST_FDS - GIVEN);
		return 1;
	case 't':
		*argument = some_type();
		return 1;
	case 'b':
		*argument = below(16) | (once_in(9) ? random_number() << 4 : 0);
		return 1;
	case '1':
	case '2':
		*argument = kind - '0';
		return 1;
	case 'n':
		*argument = some_number();
		return 1;
	case 'l':
		*argument = some_length();
		return 1;
	case 'o': /* what a file system in memory has room for */
		*argument = once_in(9) ? some_number() | 1ull << 63 :
					 below(100000);
		return 1;
	case 'p':
		*argument = below(4) * 4096 + once_in(9);
		return 1;
	case 'a':
		*argument = some_address();
		return 1;
	case 'm':
		*argument = some_place() + (once_in(20) ? 1 : 0);
		return 1;
	case 'M':
		*argument = 1 + below(3 * 4096);
		return 1;
	case 's':
		*argument = some_stat();
		return 1;
	case 'S':
		*argument = some_filestat();
		return 1;
	case 'P':
		argument[0] = some_path(&argument[1]);
		return 2;
	default:
		argument[0] = some_vectors(&argument[1]);
		return 2;
	}
}

static uint32_t succeeded[CLOUDABI_NR_CALLS];

static void call_at_random(void)
{
	unsigned int row = below(ARRAY_SIZE(calls)), used = 0;
	struct raw_result result;
	uint64_t args[8] = { 0 };

	for (const char *kind = calls[row].arguments; *kind; kind++)
		used += make_argument(*kind, &args[used]);
	while (used < 6)
		args[used++] = random_number();
	raw_call(calls[row].number, args, &result);
	succeeded[calls[row].number] += !result.carry;
	if (result.carry && !CHECK(result.rax && result.rax <= 76))
		ktap_diag("call %u", calls[row].number);
	if (result.changed & ~(RAW_CHANGED_RDX | RAW_CHANGED_RFLAGS)) {
		ktap_diag("call %u changed %lx", calls[row].number,
			  (unsigned long)result.changed);
		check_fail(__LINE__);
	}
	if (!result.carry && calls[row].number == CLOUDABI_NR_mem_map &&
	    result.rax - ARENA > ARENA_SIZE + 65536)
		cloudabi_sys_mem_unmap((void *)result.rax,
				       (args[1] + 4095) & ~4095ull);
}

static const cloudabi_fdstat_t nonblock = {
	.fs_flags = CLOUDABI_FDFLAG_NONBLOCK,
};

/* Those that were given stay, or there would soon be nothing to do. */
static void tidy_up(void)
{
	for (cloudabi_fd_t fd = MOST_FDS; fd < MOST_FDS + 64; fd++)
		cloudabi_sys_fd_close(fd);
	if (once_in(8))
		for (cloudabi_fd_t fd = GIVEN + 1; fd < MOST_FDS; fd++)
			cloudabi_sys_fd_close(fd);
	for (cloudabi_fd_t fd = 3; fd <= GIVEN; fd++) {
		cloudabi_fd_t copy;

		if (!cloudabi_sys_fd_dup(fd, &copy) && copy >= MOST_FDS)
			cloudabi_sys_fd_close(copy);
	}
	for (unsigned int i = 0; i < 2; i++) {
		cloudabi_fd_t a, b;

		if (cloudabi_sys_fd_create2(i ? DGRAM : STREAM, &a, &b))
			continue;
		cloudabi_sys_fd_stat_put(a, &nonblock, CLOUDABI_FDSTAT_FLAGS);
		cloudabi_sys_fd_stat_put(b, &nonblock, CLOUDABI_FDSTAT_FLAGS);
	}
}

/* Whatever happened to it and to others, it has no more rights than before. */
static void look_after(cloudabi_fd_t fd, cloudabi_fdstat_t *before)
{
	cloudabi_fdstat_t after = fdstat(fd);

	CHECK_EQ(after.fs_filetype, before->fs_filetype);
	CHECK_EQ(after.fs_rights_base & ~before->fs_rights_base, 0);
	CHECK_EQ(after.fs_rights_inheriting & ~before->fs_rights_inheriting, 0);
	*before = after;
}

static void tell_successes(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
		ktap_diag("%s %u", cloudabi_call_name(calls[i].number),
			  succeeded[calls[i].number]);
}

static uint64_t rounds;

static void calls_at_random(void)
{
	cloudabi_fdstat_t given[GIVEN + 1];

	for (cloudabi_fd_t fd = 3; fd <= GIVEN; fd++) {
		cloudabi_sys_fd_stat_put(fd, &nonblock, CLOUDABI_FDSTAT_FLAGS);
		given[fd] = fdstat(fd);
	}
	for (uint64_t i = 0; i < rounds && !check_failed; i++) {
		call_at_random();
		if (i % 256)
			continue;
		tidy_up();
		for (cloudabi_fd_t fd = 3; fd <= GIVEN; fd++)
			look_after(fd, &given[fd]);
	}
	tell_successes();
}

static const struct test tests[] = {
	TEST(calls_at_random),
};

static uint64_t number(struct args *args)
{
	struct word word;
	const char *text;

	if (!args_next(args, &word))
		crt_die(2, "usage: hostile COUNT SEED");
	text = word.chars;
	return parse_number(&text, word.chars + word.len);
}

int program_main(const struct argdata *ad)
{
	struct args args;

	args_open(&args, ad);
	rounds = number(&args);
	state = number(&args) * 2 + 1;
	ktap_diag("seed %lu", (unsigned long)state / 2);
	return check_run(tests, ARRAY_SIZE(tests));
}
