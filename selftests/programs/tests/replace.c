// SPDX-License-Identifier: GPL-2.0
/*
 * replace: proc_exec.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "replace.h"

#include "ask.h"
#include "child.h"
#include "raw.h"
#include "sock.h"

#define CODE 0x5a5a5a5a

/* As much as there may be with the usual stack of 8 MiB. */
#define MAX_DATA (2ul << 20)

#define EXECUTABLE \
	(CLOUDABI_RIGHT_PROC_EXEC | CLOUDABI_RIGHT_FD_READ | \
	 CLOUDABI_RIGHT_FILE_STAT_FGET)

static cloudabi_fd_t program = CLOSED_FD;

static cloudabi_errno_t open_file(cloudabi_fd_t dir, const char *path,
				  cloudabi_oflags_t oflags,
				  cloudabi_rights_t rights, cloudabi_fd_t *fd)
{
	cloudabi_fdstat_t want = { .fs_rights_base = rights };
	cloudabi_lookup_t at = { .fd = dir };

	return cloudabi_sys_file_open(at, path, strlen(path), oflags, &want,
				      fd);
}

static cloudabi_fd_t open_program(const char *path)
{
	cloudabi_fd_t fd = CLOSED_FD;

	CHECK_OK(open_file(EXECUTABLES, path, 0, EXECUTABLE, &fd));
	return fd;
}

/* --- What the new program gets -------------------------------------------- */

/**
 * struct plan - what a child is to hand over
 * @program: the program
 * @data: argument data
 * @size: length of @data
 * @fds: the descriptors; the first one is where the report goes
 * @count: how many
 */
struct plan {
	cloudabi_fd_t program;
	const void *data;
	size_t size;
	const cloudabi_fd_t *fds;
	size_t count;
};

static void carry_out(void *argument)
{
	const struct plan *plan = argument;

	crt_exit(cloudabi_sys_proc_exec(plan->program, plan->data, plan->size,
					plan->fds, plan->count));
}

/* All of it, which is more than one read gives at times. */
static bool read_report(cloudabi_fd_t fd, struct report *report)
{
	uint8_t *at = (uint8_t *)report;
	size_t left = sizeof(*report), n;

	for (; left; left -= n, at += n) {
		if (crt_read(fd, at, left, &n) || !n)
			return false;
	}
	return true;
}

static struct report report;

/*
 * Starts the program in a child, with @others behind the end of a socket; gives
 * the other end and the child.
 */
static cloudabi_fd_t start(const void *data, size_t size,
			   const cloudabi_fd_t *others, size_t count,
			   cloudabi_fd_t *end)
{
	cloudabi_fd_t pair[2], fds[REPORT_FDS], child;
	struct plan plan = {
		.program = program, .data = data, .size = size,
		.fds = fds, .count = count + 1,
	};

	make_pair(STREAM, pair);
	fds[0] = pair[1];
	memcpy(fds + 1, others, count * sizeof(*others));
	child = child_start(carry_out, &plan);
	CHECK_OK(cloudabi_sys_fd_close(pair[1]));
	CHECK(read_report(pair[0], &report));
	*end = pair[0];
	return child;
}

static void start_and_end(const void *data, size_t size,
			  const cloudabi_fd_t *others, size_t count)
{
	cloudabi_fd_t end, child = start(data, size, others, count, &end);

	CHECK_EXITED(child, CODE);
	CHECK_OK(cloudabi_sys_fd_close(child));
	CHECK_OK(cloudabi_sys_fd_close(end));
}

static void the_program_runs(void)
{
	start_and_end("hello", 5, NULL, 0);
	CHECK_EQ(report.size, 5);
	CHECK(report.terminated);
	CHECK(report.tid && report.tid != crt_tid());
	CHECK(memcmp(report.uuid, crt_auxv.pid, 16));
}

static void check_data(const uint8_t *data, size_t size)
{
	start_and_end(data, size, NULL, 0);
	CHECK_EQ(report.size, size);
	CHECK_EQ(report.hash, report_hash(data, size));
	CHECK(report.terminated);
}

static void argument_data_are_any_bytes(void)
{
	static const size_t sizes[] = {
		1, 2, 7, 8, 9, 4095, 4096, 4097, 131071, 131072, 131073,
		1000003, MAX_DATA - 1, MAX_DATA,
	};
	uint8_t *data = crt_pages_alloc(MAX_DATA);

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		/* No NULs; nothing but; some. */
		memset(data, 0xaa, sizes[i]);
		check_data(data, sizes[i]);
		memset(data, 0, sizes[i]);
		check_data(data, sizes[i]);
		for (size_t j = 0; j < sizes[i]; j++)
			data[j] = j * j >> 3 & 0x1f;
		check_data(data, sizes[i]);
	}
	crt_pages_free(data, MAX_DATA);
}

static void argument_data_may_be_none(void)
{
	start_and_end(NULL, 0, NULL, 0);
	CHECK_EQ(report.size, 0);
	CHECK(report.terminated);
}

static void check_same(cloudabi_fd_t there, cloudabi_fd_t here)
{
	cloudabi_fdstat_t stat = fdstat(here);

	if (!CHECK(!memcmp(&report.fds[there], &stat, sizeof(stat))))
		ktap_diag("number %u is not what %u is", there, here);
}

static void descriptors_are_those_that_are_listed(void)
{
	static const cloudabi_fd_t list[] = {
		DIRECTORY, FILE_RO, FILE_RO, TCP, HELPER_FD, DEV_NULL, 0,
		PATTERN, FILE_WO, FILE_RO, MEMORY, EVENT, PATH_ONLY,
	};

	CHECK_OK(seek_to(PATTERN, 77));
	start_and_end("x", 1, list, ARRAY_SIZE(list));
	CHECK_EQ(report.fds[0].fs_filetype, STREAM);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		check_same(i + 1, list[i]);
	CHECK_EQ(report.offsets[8], 77);
	for (size_t i = ARRAY_SIZE(list) + 1; i < REPORT_FDS; i++) {
		if (!CHECK_EQ(report.fds[i].fs_filetype |
			      report.fds[i].fs_rights_base, 0))
			ktap_diag("number %zu is open", i);
	}
}

static void rights_are_kept(void)
{
	cloudabi_fd_t narrow[] = {
		dup_without(FILE_RW, CLOUDABI_RIGHT_FD_WRITE),
		dup_without(UNIX_STREAM, CLOUDABI_RIGHT_FD_READ),
		dup_without(DIRECTORY, CLOUDABI_RIGHT_FILE_OPEN),
		dup_without(MEMORY, ~0ull),
	};

	start_and_end("x", 1, narrow, ARRAY_SIZE(narrow));
	for (size_t i = 0; i < ARRAY_SIZE(narrow); i++)
		check_same(i + 1, narrow[i]);
	close_all(narrow, ARRAY_SIZE(narrow));
}

static void no_descriptors_are_none(void)
{
	struct plan plan = { .program = program };
	cloudabi_fd_t child = child_start(carry_out, &plan);

	/* There is nowhere that the report could go. */
	CHECK_EXITED(child, 99);
	CHECK_OK(cloudabi_sys_fd_close(child));
}

/* What is not listed is closed when the program starts, not when it ends. */
static void the_others_are_closed_at_once(void)
{
	cloudabi_fd_t pair[2], end, child;

	make_pair(STREAM, pair);
	child = start("w", 1, NULL, 0, &end);
	CHECK_OK(cloudabi_sys_fd_close(pair[1]));
	CHECK(hangs_up(pair[0]));
	CHECK(!child_has_ended(child));
	CHECK_OK(cloudabi_sys_fd_close(pair[0]));
	CHECK_OK(cloudabi_sys_fd_close(end));
	CHECK_EXITED(child, CODE);
	CHECK_OK(cloudabi_sys_fd_close(child));
}

static void have_child_and_replace(void *argument)
{
	child_start(child_pause, NULL);
	carry_out(argument);
}

static void children_that_are_not_listed_are_killed(void)
{
	cloudabi_fd_t pair[2], held[2], child;
	struct plan plan = {
		.program = program, .data = "w", .size = 1,
		.fds = &pair[1], .count = 1,
	};

	make_pair(STREAM, pair);
	make_pair(STREAM, held);
	child = child_start(have_child_and_replace, &plan);
	CHECK_OK(cloudabi_sys_fd_close(pair[1]));
	CHECK_OK(cloudabi_sys_fd_close(held[1]));
	CHECK(read_report(pair[0], &report));
	CHECK(hangs_up(held[0]));
	CHECK(!child_has_ended(child));
	CHECK_OK(cloudabi_sys_fd_close(pair[0]));
	CHECK_EXITED(child, CODE);
	CHECK_OK(cloudabi_sys_fd_close(child));
	CHECK_OK(cloudabi_sys_fd_close(held[0]));
}

/* --- The process ---------------------------------------------------------- */

static void the_end_is_that_of_the_new_program(void)
{
	cloudabi_fd_t end, child = start("f", 1, NULL, 0, &end);

	CHECK_KILLED(child, CLOUDABI_SIGFPE);
	CHECK_OK(cloudabi_sys_fd_close(child));
	CHECK_OK(cloudabi_sys_fd_close(end));
	child = start("t", 1, NULL, 0, &end);
	CHECK_EXITED(child, 0);
	CHECK_OK(cloudabi_sys_fd_close(child));
	CHECK_OK(cloudabi_sys_fd_close(end));
}

static void spin(void *unused)
{
	(void)unused;
	for (;;)
		cloudabi_sys_thread_yield();
}

static cloudabi_lock_t never;

static void wait_for_lock(void *unused)
{
	cloudabi_subscription_t in = {
		.type = CLOUDABI_EVENTTYPE_LOCK_WRLOCK,
		.lock.lock = &never,
		.lock.lock_scope = CLOUDABI_SCOPE_PRIVATE,
	};
	cloudabi_event_t out;
	size_t n;

	(void)unused;
	cloudabi_sys_poll(&in, &out, 1, &n);
}

static void start_threads(void)
{
	static void (*const all[])(void *) = {
		spin, child_pause, wait_for_lock, spin,
	};
	static struct crt_thread threads[ARRAY_SIZE(all)];

	never = CLOUDABI_LOCK_WRLOCKED | crt_tid();
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		crt_thread_start(&threads[i], all[i], NULL);
	crt_sleep_ms(20);
}

static void replace_among_threads(void *argument)
{
	start_threads();
	carry_out(argument);
}

static void replace_from_thread(void *argument)
{
	struct crt_thread thread;

	start_threads();
	crt_thread_start(&thread, carry_out, argument);
	child_pause(NULL);
}

static void check_with_threads(void (*run)(void *argument))
{
	cloudabi_fd_t pair[2], child;
	struct plan plan = {
		.program = program, .data = "w", .size = 1,
		.fds = &pair[1], .count = 1,
	};

	make_pair(STREAM, pair);
	child = child_start(run, &plan);
	CHECK_OK(cloudabi_sys_fd_close(pair[1]));
	CHECK(read_report(pair[0], &report));
	CHECK(!child_has_ended(child));
	CHECK_OK(cloudabi_sys_fd_close(pair[0]));
	CHECK_EXITED(child, CODE);
	CHECK_OK(cloudabi_sys_fd_close(child));
}

static void other_threads_are_ended(void)
{
	for (int i = 0; i < 10; i++) {
		check_with_threads(replace_among_threads);
		check_with_threads(replace_from_thread);
	}
}

/* The kernel needs a little user memory of its own for this. */
static void unmap_vdso_and_replace(void *argument)
{
	const struct plan *plan = argument;
	uint64_t args[6] = {
		plan->program, (uintptr_t)plan->data, plan->size,
		(uintptr_t)plan->fds, plan->count,
	};
	struct raw_result r;

	cloudabi_sys_mem_unmap((void *)((uintptr_t)crt_auxv.vdso & ~4095ul),
			       4096);
	raw_call(CLOUDABI_NR_proc_exec, args, &r);
	crt_exit(r.rax);
}

static void the_vdso_is_not_needed(void)
{
	check_with_threads(unmap_vdso_and_replace);
}

/* --- Refusals ------------------------------------------------------------- */

/* All that can be asked for is there; nothing changes. */
#define CHECK_NOT_REPLACED(fd, data, size, fds, count, error)               \
	CHECK_REFUSED(cloudabi_sys_proc_exec((fd), (data), (size), (fds),   \
					     (count)),                      \
		      (error))

static void the_program_needs_the_right(void)
{
	cloudabi_fd_t fd = dup_without(program, CLOUDABI_RIGHT_PROC_EXEC);

	CHECK_NOT_REPLACED(fd, NULL, 0, NULL, 0, CLOUDABI_ENOTCAPABLE);
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK_NOT_REPLACED(CLOSED_FD, NULL, 0, NULL, 0, CLOUDABI_EBADF);
	CHECK_NOT_REPLACED(DIRECTORY, NULL, 0, NULL, 0, CLOUDABI_ENOTCAPABLE);
	CHECK_NOT_REPLACED(UNIX_STREAM, NULL, 0, NULL, 0,
			   CLOUDABI_ENOTCAPABLE);
	CHECK_NOT_REPLACED(MEMORY, NULL, 0, NULL, 0, CLOUDABI_ENOTCAPABLE);
	CHECK_NOT_REPLACED(DEV_NULL, NULL, 0, NULL, 0, CLOUDABI_ENOTCAPABLE);
	CHECK_NOT_REPLACED(PATH_ONLY, NULL, 0, NULL, 0, CLOUDABI_ENOTCAPABLE);
	CHECK_NOT_REPLACED(EVENT, NULL, 0, NULL, 0, CLOUDABI_ENOTCAPABLE);
}

static void a_program_that_is_open_for_writing_is_ebadf(void)
{
	CHECK(base_of(FILE_RW) & CLOUDABI_RIGHT_PROC_EXEC);
	CHECK(base_of(FILE_WO) & CLOUDABI_RIGHT_PROC_EXEC);
	CHECK_NOT_REPLACED(FILE_RW, NULL, 0, NULL, 0, CLOUDABI_EBADF);
	CHECK_NOT_REPLACED(FILE_WO, NULL, 0, NULL, 0, CLOUDABI_EBADF);
}

static cloudabi_fd_t make_file(const char *text)
{
	cloudabi_fd_t fd = CLOSED_FD, file = CLOSED_FD;
	size_t n;

	CHECK_OK(open_file(DIRECTORY, "replace.file",
			   CLOUDABI_O_CREAT | CLOUDABI_O_TRUNC,
			   CLOUDABI_RIGHT_FD_WRITE | CLOUDABI_RIGHT_FD_SEEK,
			   &fd));
	CHECK_OK(write1(fd, text, strlen(text), &n));
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK_OK(open_file(DIRECTORY, "replace.file", 0, EXECUTABLE, &file));
	return file;
}

static void remove_file(cloudabi_fd_t fd)
{
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK_OK(cloudabi_sys_file_unlink(DIRECTORY, "replace.file", 12, 0));
}

static void the_mode_must_allow_it(void)
{
	cloudabi_fd_t fd = make_file("");

	CHECK_EQ(ask(HELPER_CHMOD, 0, 0666, 0), 0);
	CHECK_NOT_REPLACED(fd, NULL, 0, NULL, 0, CLOUDABI_EACCES);
	CHECK_EQ(ask(HELPER_CHMOD, 0, 0100, 0), 0);
	CHECK_NOT_REPLACED(fd, NULL, 0, NULL, 0, CLOUDABI_ENOEXEC);
	remove_file(fd);
}

static void only_cloudabi_programs_are_executed(void)
{
	static const char *const texts[] = {
		"", "x", "#!/bin/sh\nexit 0\n", "#!/t/busybox sh\n",
		"\177ELF\2\1\1\21", "\n\n\n\n\n\n",
	};
	cloudabi_fd_t fd;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		fd = make_file(texts[i]);
		CHECK_NOT_REPLACED(fd, NULL, 0, NULL, 0, CLOUDABI_ENOEXEC);
		remove_file(fd);
	}
	/* The very test that has started this one. */
	fd = open_program("process_test");
	CHECK_NOT_REPLACED(fd, NULL, 0, NULL, 0, CLOUDABI_ENOEXEC);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void a_program_that_is_written_to_is_etxtbsy(void)
{
	cloudabi_fd_t fd = make_file(""), writer = CLOSED_FD;

	CHECK_OK(open_file(DIRECTORY, "replace.file", 0,
			   CLOUDABI_RIGHT_FD_WRITE | CLOUDABI_RIGHT_FD_SEEK,
			   &writer));
	CHECK_NOT_REPLACED(fd, NULL, 0, NULL, 0, CLOUDABI_ETXTBSY);
	CHECK_OK(cloudabi_sys_fd_close(writer));
	CHECK_NOT_REPLACED(fd, NULL, 0, NULL, 0, CLOUDABI_ENOEXEC);
	/* And it can be written to afterwards. */
	CHECK_OK(open_file(DIRECTORY, "replace.file", 0,
			   CLOUDABI_RIGHT_FD_WRITE | CLOUDABI_RIGHT_FD_SEEK,
			   &writer));
	CHECK_OK(cloudabi_sys_fd_close(writer));
	remove_file(fd);
}

static void descriptors_must_be_open(void)
{
	cloudabi_fd_t list[] = { 0, 1, CLOSED_FD, 2 };

	CHECK_NOT_REPLACED(program, NULL, 0, list, ARRAY_SIZE(list),
			   CLOUDABI_EBADF);
	list[2] = ~0u;
	CHECK_NOT_REPLACED(program, NULL, 0, list, ARRAY_SIZE(list),
			   CLOUDABI_EBADF);
	list[2] = 1u << 31;
	CHECK_NOT_REPLACED(program, NULL, 0, list, ARRAY_SIZE(list),
			   CLOUDABI_EBADF);
}

static void too_much_is_e2big(void)
{
	static cloudabi_fd_t list[70000];
	uint8_t *data = crt_pages_alloc(MAX_DATA + 4096);

	CHECK_NOT_REPLACED(program, data, MAX_DATA + 1, NULL, 0,
			   CLOUDABI_E2BIG);
	CHECK_NOT_REPLACED(program, data, ~0ull, NULL, 0, CLOUDABI_E2BIG);
	crt_pages_free(data, MAX_DATA + 4096);
	CHECK_NOT_REPLACED(program, NULL, 0, list, ARRAY_SIZE(list),
			   CLOUDABI_E2BIG);
	CHECK_NOT_REPLACED(program, NULL, 0, list, ~0ull, CLOUDABI_E2BIG);
	CHECK_NOT_REPLACED(program, NULL, 0, list, 1ull << 62, CLOUDABI_E2BIG);
}

static void bad_pointers_are_efault(void)
{
	cloudabi_fd_t list[] = { 0 };

	CHECK_NOT_REPLACED(program, BAD_ADDRESS, 1, list, 1, CLOUDABI_EFAULT);
	CHECK_NOT_REPLACED(program, NULL, 1, list, 1, CLOUDABI_EFAULT);
	CHECK_NOT_REPLACED(program, NULL, 0, BAD_ADDRESS, 1, CLOUDABI_EFAULT);
	CHECK_NOT_REPLACED(program, NULL, 0, NULL, 1, CLOUDABI_EFAULT);
}

/* The data must not leave the program without a stack. */
static void what_the_stack_has_no_room_for_is_e2big(void)
{
	uint8_t *data = crt_pages_alloc(120000);
	uint64_t old = set_limit(HELPER_RLIMIT_STACK, 65536);
	struct plan plan = { .program = program, .data = data, .size = 30000 };
	cloudabi_fd_t child;

	CHECK_NOT_REPLACED(program, data, 120000, NULL, 0, CLOUDABI_E2BIG);
	CHECK_NOT_REPLACED(program, data, 32769, NULL, 0, CLOUDABI_E2BIG);
	/* It starts, and finds nowhere that the report could go. */
	child = child_start(carry_out, &plan);
	CHECK_EXITED(child, 99);
	CHECK_OK(cloudabi_sys_fd_close(child));
	set_limit(HELPER_RLIMIT_STACK, old);
	crt_pages_free(data, 120000);
}

/* As many as there can be numbers, and then one more than is allowed. */
static void a_lowered_limit_is_emfile(void)
{
	static const cloudabi_fd_t list[40];
	uint64_t old = set_limit(HELPER_RLIMIT_NOFILE, 39);

	CHECK_NOT_REPLACED(program, NULL, 0, list, 40, CLOUDABI_EMFILE);
	set_limit(HELPER_RLIMIT_NOFILE, old);
}

static void no_refusal_leaves_memory_mapped(void)
{
	int64_t before = ask(HELPER_VM_PAGES, 0, 0, 0);
	cloudabi_fd_t fd = make_file("");

	for (int i = 0; i < 20; i++)
		CHECK_ERRNO(cloudabi_sys_proc_exec(fd, NULL, 0, NULL, 0),
			    CLOUDABI_ENOEXEC);
	CHECK_EQ(ask(HELPER_VM_PAGES, 0, 0, 0), before);
	remove_file(fd);
}

static const struct test tests[] = {
	TEST(the_program_runs),
	TEST(argument_data_are_any_bytes),
	TEST(argument_data_may_be_none),
	TEST(descriptors_are_those_that_are_listed),
	TEST(rights_are_kept),
	TEST(no_descriptors_are_none),
	TEST(the_others_are_closed_at_once),
	TEST(children_that_are_not_listed_are_killed),
	TEST(the_end_is_that_of_the_new_program),
	TEST(other_threads_are_ended),
	TEST(the_vdso_is_not_needed),
	TEST(the_program_needs_the_right),
	TEST(a_program_that_is_open_for_writing_is_ebadf),
	TEST(the_mode_must_allow_it),
	TEST(only_cloudabi_programs_are_executed),
	TEST(a_program_that_is_written_to_is_etxtbsy),
	TEST(descriptors_must_be_open),
	TEST(too_much_is_e2big),
	TEST(what_the_stack_has_no_room_for_is_e2big),
	TEST(bad_pointers_are_efault),
	TEST(a_lowered_limit_is_emfile),
	TEST(no_refusal_leaves_memory_mapped),
};

int program_main(const struct argdata *ad)
{
	(void)ad;
	program = open_program("programs/replaced");
	return check_run(tests, ARRAY_SIZE(tests));
}
