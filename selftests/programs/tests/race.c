// SPDX-License-Identifier: GPL-2.0
/*
 * race: walks paths beneath a directory, in two threads, while natives move things
 * about in it.
 *
 *	race SECONDS SEED 3<DIRECTORY
 *
 * What there is inside is named in-*, or is a file that says "inside". Whatever
 * is reached must be that: a file that says something else, or a directory with
 * a name in it that begins with out-, is outside. The errors that a path may have
 * while things move are listed below; any other one is wrong.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "args.h"
#include "check.h"
#include "sync.h"

#define DIR 3
#define THREADS 2

static _Thread_local uint64_t state;

static uint64_t random_number(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* The names that move, links that are exchanged for directories, and ups. */
static const char *const paths[] = {
	"a/b/c/file", "a/b/../b/c/file", "a/b/c/../../../top", "swap/file",
	"swap/../top", "swap/deep/../../top", "a/b/c/../../../swap/file",
	"a/../a/b/../../swap/deep/file", "up/top", "up/a/b/c/up/file",
	"a/b/c/up/c/file", "swap/deep/../deep/../file",
};

static bool may_fail_with(cloudabi_errno_t error)
{
	return error == CLOUDABI_ENOENT || error == CLOUDABI_ENOTDIR ||
	       error == CLOUDABI_ENOTCAPABLE || error == CLOUDABI_ELOOP;
}

static uint64_t reached, refused, failed;

static void add(uint64_t *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static void count(const char *what, const char *path, cloudabi_errno_t error)
{
	if (!error)
		add(&reached);
	else if (error == CLOUDABI_ENOTCAPABLE)
		add(&refused);
	else
		add(&failed);
	if (error && !may_fail_with(error)) {
		ktap_diag("%s %s: %s", what, path, crt_strerror(error));
		check_failed = true;
	}
}

static void try_open(const char *path)
{
	cloudabi_lookup_t lookup = {
		.fd = DIR, .flags = CLOUDABI_LOOKUP_SYMLINK_FOLLOW,
	};
	cloudabi_fdstat_t stat = {
		.fs_rights_base = CLOUDABI_RIGHT_FD_READ,
	};
	cloudabi_errno_t error;
	cloudabi_fd_t fd;
	char text[8] = "";
	size_t n = 0;

	error = cloudabi_sys_file_open(lookup, path, strlen(path), 0, &stat,
				       &fd);
	count("open", path, error);
	if (error)
		return;
	CHECK_OK(read1(fd, text, sizeof(text), &n));
	if (n != 6 || memcmp(text, "inside", 6)) {
		ktap_diag("%s: is outside", path);
		check_failed = true;
	}
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* Files outside are larger. */
static void try_stat(const char *path)
{
	cloudabi_lookup_t lookup = {
		.fd = DIR, .flags = CLOUDABI_LOOKUP_SYMLINK_FOLLOW,
	};
	cloudabi_filestat_t stat;
	cloudabi_errno_t error;

	error = cloudabi_sys_file_stat_get(lookup, path, strlen(path), &stat);
	count("stat", path, error);
	if (!error && stat.st_size != 6) {
		ktap_diag("%s: is outside", path);
		check_failed = true;
	}
}

/* Nothing of that name is inside; what is removed would be outside. */
static void try_unlink(const char *path)
{
	char name[64];
	struct crt_output out = { .fd = 1, .buf = name, .size = sizeof(name) };
	const char *end = path + strlen(path);
	cloudabi_errno_t error;

	while (end > path && end[-1] != '/')
		end--;
	crt_output_printf(&out, "%.*s%s", (int)(end - path), path, "prey");
	error = cloudabi_sys_file_unlink(DIR, name, out.used, 0);
	count("unlink", path, error);
	if (!error) {
		ktap_diag("%s: removed something outside", path);
		check_failed = true;
	}
}

static uint64_t limit, seed;

static uint64_t now(void)
{
	cloudabi_timestamp_t time = 0;

	CHECK_OK(cloudabi_sys_clock_time_get(CLOUDABI_CLOCK_MONOTONIC, 0,
					     &time));
	return time;
}

static void race(void *own_seed)
{
	uint64_t end = now() + limit * 1000000000ull;

	state = *(const uint64_t *)own_seed;
	while (!check_failed && now() < end) {
		for (int i = 0; i < 64; i++) {
			uint64_t random = random_number();
			const char *path = paths[random % ARRAY_SIZE(paths)];

			switch (random >> 32 & 3) {
			case 0:
				try_unlink(path);
				break;
			case 1:
				try_stat(path);
				break;
			default:
				try_open(path);
			}
		}
	}
}

static void racing(void)
{
	struct crt_thread threads[THREADS];
	uint64_t seeds[THREADS];

	for (unsigned int i = 0; i < THREADS; i++) {
		seeds[i] = seed + 2 * 977 * i;
		CHECK_OK(crt_thread_start(&threads[i], race, &seeds[i]));
	}
	for (unsigned int i = 0; i < THREADS; i++)
		crt_thread_join(&threads[i]);
	ktap_diag("%lu reached, %lu led out, %lu failed otherwise",
		  (unsigned long)reached, (unsigned long)refused,
		  (unsigned long)failed);
	CHECK(reached);
	CHECK(refused + failed);
}

static const struct test tests[] = {
	TEST(racing),
};

static uint64_t number(struct args *args)
{
	struct word word;
	const char *text;

	if (!args_next(args, &word))
		crt_die(2, "usage: race SECONDS SEED 3<DIRECTORY");
	text = word.chars;
	return parse_number(&text, word.chars + word.len);
}

int program_main(const struct argdata *ad)
{
	struct args args;

	args_open(&args, ad);
	limit = number(&args);
	seed = number(&args) * 2 + 1;
	return check_run(tests, ARRAY_SIZE(tests));
}
