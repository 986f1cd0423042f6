// SPDX-License-Identifier: GPL-2.0
/*
 * strings: a thread calls proc_exec, while another one writes to whatever memory
 * the kernel may read a path from meanwhile.
 *
 *	strings refused|good	3<PROGRAM 4<>FILE
 *
 * PROGRAM is no CloudABI program, or this one. Memory of the kernel's own making
 * appears where memory of the program's would; a read of a FILE to there fails if
 * there is none, and writes a path to it if there is.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "args.h"
#include "child.h"

#define PROGRAM 3
#define PATHS 4

#define PAGE 4096

/* Where a path is, behind two pointers, which are written to, too. */
#define PLACE 16

#define ROOM 64

#define CODE 0x5712

static const char *const paths[] = {
	"/etc/passwd", "/tmp/outside/prey/native", "/tmp/outside/prey/ours",
	"/tmp/outside/prey/script", "/bin/busybox", "/proc/self/exe",
	"/dev/fd/0", "/dev/fd/4", "/", "..", "../..", ".", "./x", "x",
	"../prey/native", "native", "etc/passwd", "0", "4",
};

static void write_paths(void)
{
	char text[ROOM];
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		memset(text, 0, sizeof(text));
		memcpy(text, paths[i], strlen(paths[i]));
		CHECK_OK(pwrite1(PATHS, text, sizeof(text), i * ROOM, &n));
		CHECK_EQ(n, sizeof(text));
	}
}

static uint8_t *place;
static uint64_t hits;

/* Where the next mapping will be. */
static void find_place(void)
{
	place = crt_pages_alloc(PAGE);
	CHECK(place);
	crt_pages_free(place, PAGE);
}

static void scribble_once(size_t i)
{
	size_t n;

	if (!pread1(PATHS, place + i % 2 * PLACE, ROOM,
		    i % ARRAY_SIZE(paths) * ROOM, &n))
		__atomic_add_fetch(&hits, 1, __ATOMIC_RELAXED);
}

static void scribble(void *unused)
{
	(void)unused;
	for (size_t i = 0;; i++)
		scribble_once(i);
}

/* Another one in each child. */
static uint32_t seed;

static uint32_t power_of_two(uint32_t bits)
{
	seed = seed * 1664525 + 1013904223;
	return 1u << (seed >> 16) % bits;
}

/* With pauses: if somebody writes all the time, hardly any exec gets anywhere. */
static void scribble_at_times(void *unused)
{
	(void)unused;
	for (size_t i = 0;;) {
		for (uint32_t n = power_of_two(10); n; n--)
			scribble_once(i++);
		for (uint32_t n = power_of_two(20); n; n--)
			__builtin_ia32_pause();
	}
}

/* What paths that lead nowhere and bad pointers may come to. */
static bool is_expected(cloudabi_errno_t error)
{
	static const cloudabi_errno_t errors[] = {
		CLOUDABI_ENOEXEC, CLOUDABI_ENOENT, CLOUDABI_ENOTDIR,
		CLOUDABI_EACCES, CLOUDABI_EFAULT,
	};

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		if (error == errors[i])
			return true;
	}
	ktap_diag("proc_exec: %s", crt_strerror(error));
	return false;
}

static void start_scribbling(void (*how)(void *))
{
	static struct crt_thread thread;

	CHECK_OK(crt_thread_start(&thread, how, NULL));
	find_place();
}

static cloudabi_errno_t replace(void)
{
	return cloudabi_sys_proc_exec(PROGRAM, "strings\0done", 12, NULL, 0);
}

/* As often as it takes until paths have been taken for the real one. */
#define ENOUGH 50
#define ROUNDS 1000
#define TOO_MANY 1000000

static void refusals_are_as_ever(void)
{
	unsigned int misled = 0, rounds = 0;

	write_paths();
	start_scribbling(scribble);
	for (; (misled < ENOUGH || rounds < ROUNDS) && rounds < TOO_MANY &&
	     !check_failed; rounds++) {
		cloudabi_errno_t error = replace();

		CHECK(is_expected(error));
		misled += error != CLOUDABI_ENOEXEC;
	}
	ktap_diag("%u execs, %u misled, %lu writes", rounds, misled,
		  (unsigned long)hits);
	CHECK(hits);
	CHECK(misled);
}

/* How often it was another program, in all children. */
static uint32_t *others;

#define CHILDREN 100

static void replace_at_last(void *unused)
{
	cloudabi_errno_t error;

	(void)unused;
	start_scribbling(scribble_at_times);
	for (;;) {
		error = replace();
		if (!is_expected(error))
			crt_exit(error);
		++*others;
	}
}

static void it_is_the_program_that_starts(void)
{
	void *shared = NULL;

	CHECK_OK(cloudabi_sys_mem_map(NULL, PAGE,
				      CLOUDABI_PROT_READ | CLOUDABI_PROT_WRITE,
				      CLOUDABI_MAP_ANON | CLOUDABI_MAP_SHARED,
				      CLOUDABI_MAP_ANON_FD, 0, &shared));
	others = shared;
	write_paths();
	for (int i = 0; i < CHILDREN && !check_failed; i++) {
		cloudabi_fd_t fd;

		seed = i;
		fd = child_start(replace_at_last, NULL);
		CHECK_EXITED(fd, CODE);
		CHECK_OK(cloudabi_sys_fd_close(fd));
	}
	ktap_diag("%d execs, and %u misled", CHILDREN, *others);
	CHECK(*others);
}

static const struct test refused[] = {
	TEST(refusals_are_as_ever),
};

static const struct test good[] = {
	TEST(it_is_the_program_that_starts),
};

int program_main(const struct argdata *ad)
{
	struct args args;
	struct word word = { "", 0 };

	args_open(&args, ad);
	args_next(&args, &word);
	if (word.len == 4 && !memcmp(word.chars, "done", 4))
		return CODE;
	if (word.len == 4)
		return check_run(good, ARRAY_SIZE(good));
	return check_run(refused, ARRAY_SIZE(refused));
}
