// SPDX-License-Identifier: GPL-2.0
/*
 * mem: mappings, their protection, and what they leave of the files mapped.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "ask.h"
#include "raw.h"

#define PAGE 4096ul

#define P_READ CLOUDABI_PROT_READ
#define P_WRITE CLOUDABI_PROT_WRITE
#define P_EXEC CLOUDABI_PROT_EXEC
#define P_RW (P_READ | P_WRITE)

#define M_ANON CLOUDABI_MAP_ANON
#define M_FIXED CLOUDABI_MAP_FIXED
#define M_PRIVATE CLOUDABI_MAP_PRIVATE
#define M_SHARED CLOUDABI_MAP_SHARED

#define NO_FD CLOUDABI_MAP_ANON_FD

/* `mov $42, %eax; ret`: a function without a place of its own. */
static const uint8_t function_code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };

static cloudabi_errno_t map(size_t len, cloudabi_mprot_t prot,
			    cloudabi_mflags_t flags, cloudabi_fd_t fd,
			    void **mem)
{
	*mem = NULL;
	return cloudabi_sys_mem_map(NULL, len, prot, flags, fd, 0, mem);
}

/* Pages that cannot fail, or the test has. */
static uint8_t *anon(size_t len, cloudabi_mprot_t prot)
{
	void *mem;

	if (CHECK_OK(map(len, prot, M_ANON | M_PRIVATE, NO_FD, &mem)))
		return mem;
	return NULL;
}

static void unmap(void *mem, size_t len)
{
	CHECK_OK(cloudabi_sys_mem_unmap(mem, len));
}

/*
 * Whether memory can be read or written, told by the kernel: a program that
 * tries dies. There is nothing in the sockets before and after.
 */
static bool readable(const void *mem)
{
	cloudabi_fd_t a, b;
	cloudabi_errno_t error;
	size_t n;

	CHECK_OK(cloudabi_sys_fd_create2(STREAM, &a, &b));
	error = write1(a, mem, 1, &n);
	CHECK_OK(cloudabi_sys_fd_close(a));
	CHECK_OK(cloudabi_sys_fd_close(b));
	return !error;
}

static bool writable(void *mem)
{
	size_t n;

	return !read1(DEV_ZERO, mem, 1, &n);
}

static bool mapped(const void *mem)
{
	return ask(HELPER_MAPS, 0, (uintptr_t)mem, 0) >= 0;
}

static unsigned int call_function(const void *mem)
{
	unsigned int (*function)(void) = (unsigned int (*)(void))mem;

	return function();
}

/* --- mem_map, the arguments ---------------------------------------------- */

static void anonymous_memory_is_zero_and_can_be_written(void)
{
	uint8_t *mem = anon(4 * PAGE, P_RW), bits = 0;

	if (!mem)
		return;
	CHECK_EQ((uintptr_t)mem % PAGE, 0);
	for (size_t i = 0; i < 4 * PAGE; i++)
		bits |= mem[i];
	CHECK_EQ(bits, 0);
	memset(mem, 0xaa, 4 * PAGE);
	CHECK_EQ(mem[4 * PAGE - 1], 0xaa);
	CHECK(has_perms(mem, "rw-p"));
	unmap(mem, 4 * PAGE);
	CHECK(!mapped(mem));
}

static void lengths_are_rounded_up(void)
{
	uint8_t *mem = anon(PAGE + 1, P_RW);

	if (!mem)
		return;
	mem[2 * PAGE - 1] = 1;
	unmap(mem, PAGE + 1);
	CHECK(!mapped(mem + PAGE));
}

static void length_zero_is_einval(void)
{
	void *mem;

	CHECK_REFUSED(map(0, P_RW, M_ANON | M_PRIVATE, NO_FD, &mem),
		      CLOUDABI_EINVAL);
	CHECK_REFUSED(map(0, P_READ, M_SHARED, FILE_RW, &mem),
		      CLOUDABI_EINVAL);
}

static void lengths_that_cannot_be_are_enomem(void)
{
	static const size_t lengths[] = {
		1ull << 47, 1ull << 56, 1ull << 63, ~0ull, -PAGE, -PAGE + 1,
	};
	void *mem;

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
		CHECK_ERRNO(map(lengths[i], P_READ, M_ANON | M_PRIVATE, NO_FD,
				&mem), CLOUDABI_ENOMEM);
}

static void prot_has_three_bits(void)
{
	void *mem;

	for (unsigned int prot = 0; prot < 256; prot++) {
		bool bad = prot & ~7u ||
			   (prot & (P_WRITE | P_EXEC)) == (P_WRITE | P_EXEC);
		cloudabi_errno_t want = bad ? CLOUDABI_ENOTSUP : 0;

		if (!CHECK_ERRNO(map(PAGE, prot, M_ANON | M_PRIVATE, NO_FD,
				     &mem), want))
			ktap_diag("prot 0x%x", prot);
		if (!want && mem)
			unmap(mem, PAGE);
	}
}

static void write_and_exec_together_are_enotsup_everywhere(void)
{
	static const cloudabi_mflags_t flags[] = { M_PRIVATE, M_SHARED };
	void *mem;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		CHECK_REFUSED(map(PAGE, P_WRITE | P_EXEC, flags[i], FILE_RW,
				  &mem), CLOUDABI_ENOTSUP);
		CHECK_REFUSED(map(PAGE, P_RW | P_EXEC, flags[i], FILE_RW,
				  &mem), CLOUDABI_ENOTSUP);
		CHECK_REFUSED(map(PAGE, P_RW | P_EXEC, flags[i] | M_ANON,
				  NO_FD, &mem), CLOUDABI_ENOTSUP);
	}
}

static void private_or_shared_but_one_of_them(void)
{
	static const struct {
		cloudabi_mflags_t flags;
		cloudabi_fd_t fd;
	} bad[] = {
		{ 0, FILE_RW },
		{ M_PRIVATE | M_SHARED, FILE_RW },
		{ M_ANON, NO_FD },
		{ M_ANON | M_PRIVATE | M_SHARED, NO_FD },
		{ M_FIXED, FILE_RW },
		{ M_FIXED | M_ANON, NO_FD },
	};
	void *mem;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_REFUSED(map(PAGE, P_READ, bad[i].flags, bad[i].fd, &mem),
			      CLOUDABI_EINVAL);
}

static void flags_that_do_not_exist_are_einval(void)
{
	void *mem;

	for (unsigned int flags = 0x10; flags < 0x100; flags <<= 1) {
		CHECK_REFUSED(map(PAGE, P_READ, M_PRIVATE | flags, FILE_RW,
				  &mem), CLOUDABI_EINVAL);
		CHECK_REFUSED(map(PAGE, P_READ, M_ANON | M_PRIVATE | flags,
				  NO_FD, &mem), CLOUDABI_EINVAL);
	}
}

static void anonymous_with_file_or_offset_is_einval(void)
{
	void *mem;

	CHECK_REFUSED(map(PAGE, P_READ, M_ANON | M_PRIVATE, FILE_RW, &mem),
		      CLOUDABI_EINVAL);
	CHECK_REFUSED(map(PAGE, P_READ, M_ANON | M_PRIVATE, CLOSED_FD, &mem),
		      CLOUDABI_EINVAL);
	CHECK_REFUSED(map(PAGE, P_READ, M_ANON | M_SHARED, 0, &mem),
		      CLOUDABI_EINVAL);
	CHECK_REFUSED(cloudabi_sys_mem_map(NULL, PAGE, P_READ,
					   M_ANON | M_PRIVATE, NO_FD, PAGE,
					   &mem), CLOUDABI_EINVAL);
	CHECK_REFUSED(cloudabi_sys_mem_map(NULL, PAGE, P_READ,
					   M_ANON | M_PRIVATE, NO_FD, 1, &mem),
		      CLOUDABI_EINVAL);
}

static void what_is_not_open_is_ebadf(void)
{
	static const cloudabi_fd_t fds[] = {
		CLOSED_FD, 0x7fffffff, 0x80000000 | FILE_RW, NO_FD,
	};
	void *mem;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		CHECK_REFUSED(map(PAGE, P_READ, M_PRIVATE, fds[i], &mem),
			      CLOUDABI_EBADF);
		CHECK_REFUSED(map(PAGE, 0, M_SHARED, fds[i], &mem),
			      CLOUDABI_EBADF);
	}
}

/* prot, then flags, then the descriptor, then its rights. */
static void the_order_of_checks(void)
{
	void *mem;

	CHECK_REFUSED(map(0, 0xff, 0, CLOSED_FD, &mem), CLOUDABI_ENOTSUP);
	CHECK_REFUSED(map(0, P_WRITE | P_EXEC, M_PRIVATE | M_SHARED, CLOSED_FD,
			  &mem), CLOUDABI_ENOTSUP);
	CHECK_REFUSED(map(PAGE, P_READ, M_PRIVATE | M_SHARED, CLOSED_FD, &mem),
		      CLOUDABI_EINVAL);
	CHECK_REFUSED(map(PAGE, P_READ, 0, DIRECTORY, &mem), CLOUDABI_EINVAL);
	CHECK_REFUSED(map(PAGE, P_READ, M_PRIVATE, DIRECTORY, &mem),
		      CLOUDABI_ENOTCAPABLE);
}

static void offsets_of_files(void)
{
	uint8_t *mem;
	void *p;

	CHECK_OK(cloudabi_sys_mem_map(NULL, PAGE, P_READ, M_PRIVATE, PATTERN,
				      3 * PAGE, &p));
	mem = p;
	CHECK_EQ(mem[0], PATTERN_BYTE(3 * PAGE));
	CHECK_EQ(mem[PAGE - 1], PATTERN_BYTE(4 * PAGE - 1));
	unmap(p, PAGE);
	CHECK_REFUSED(cloudabi_sys_mem_map(NULL, PAGE, P_READ, M_PRIVATE,
					   PATTERN, 1, &p), CLOUDABI_EINVAL);
	CHECK_REFUSED(cloudabi_sys_mem_map(NULL, PAGE, P_READ, M_PRIVATE,
					   PATTERN, PAGE - 1, &p),
		      CLOUDABI_EINVAL);
}

static void offsets_that_cannot_be_are_refused(void)
{
	static const uint64_t offsets[] = {
		1ull << 63, -PAGE, INT64_MAX & -PAGE,
	};
	void *mem;

	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		cloudabi_errno_t error;

		error = cloudabi_sys_mem_map(NULL, 2 * PAGE, P_READ, M_PRIVATE,
					     PATTERN, offsets[i], &mem);
		if (!CHECK(error == CLOUDABI_EINVAL ||
			   error == CLOUDABI_EOVERFLOW))
			ktap_diag("error %s", crt_strerror(error));
	}
}

static void a_hint_is_only_a_hint(void)
{
	uint8_t *taken = anon(PAGE, P_RW);
	void *mem = NULL;

	if (!taken)
		return;
	taken[0] = 77;
	CHECK_OK(cloudabi_sys_mem_map(taken, PAGE, P_RW, M_ANON | M_PRIVATE,
				      NO_FD, 0, &mem));
	CHECK(mem && mem != taken);
	CHECK_EQ(taken[0], 77);
	unmap(mem, PAGE);
	CHECK_OK(cloudabi_sys_mem_map((void *)12345, PAGE, P_RW,
				      M_ANON | M_PRIVATE, NO_FD, 0, &mem));
	unmap(mem, PAGE);
	CHECK_OK(cloudabi_sys_mem_map(BAD_ADDRESS, PAGE, P_RW,
				      M_ANON | M_PRIVATE, NO_FD, 0, &mem));
	unmap(mem, PAGE);
	unmap(taken, PAGE);
}

static void fixed_replaces_what_is_there(void)
{
	uint8_t *mem = anon(3 * PAGE, P_RW);
	void *got = NULL;

	if (!mem)
		return;
	memset(mem, 7, 3 * PAGE);
	CHECK_OK(cloudabi_sys_mem_map(mem + PAGE, PAGE, P_RW, M_ANON |
				      M_PRIVATE | M_FIXED, NO_FD, 0, &got));
	CHECK(got == mem + PAGE);
	CHECK_EQ(mem[PAGE - 1], 7);
	CHECK_EQ(mem[PAGE], 0);
	CHECK_EQ(mem[2 * PAGE - 1], 0);
	CHECK_EQ(mem[2 * PAGE], 7);
	unmap(mem, 3 * PAGE);
}

static void fixed_must_be_possible(void)
{
	uint8_t *mem = anon(2 * PAGE, P_RW);
	cloudabi_errno_t error;
	void *got;

	if (!mem)
		return;
	mem[0] = 3;
	CHECK_REFUSED(cloudabi_sys_mem_map(mem + 1, PAGE, P_RW, M_ANON |
					   M_PRIVATE | M_FIXED, NO_FD, 0,
					   &got), CLOUDABI_EINVAL);
	error = cloudabi_sys_mem_map(BAD_ADDRESS, PAGE, P_RW, M_ANON |
				     M_PRIVATE | M_FIXED, NO_FD, 0, &got);
	CHECK(error == CLOUDABI_EINVAL || error == CLOUDABI_ENOMEM);
	error = cloudabi_sys_mem_map((void *)-PAGE, PAGE, P_RW, M_ANON |
				     M_PRIVATE | M_FIXED, NO_FD, 0, &got);
	CHECK(error == CLOUDABI_EINVAL || error == CLOUDABI_ENOMEM);
	/* Failing leaves there what was there. */
	CHECK_ERRNO(cloudabi_sys_mem_map(mem, PAGE, P_READ, M_PRIVATE |
					 M_FIXED, DIRECTORY, 0, &got),
		    CLOUDABI_ENOTCAPABLE);
	CHECK_EQ(mem[0], 3);
	unmap(mem, 2 * PAGE);
}

/* Nothing may be mapped where a null pointer leads to. */
static void fixed_at_null_is_refused_or_harmless(void)
{
	void *got = (void *)1;
	cloudabi_errno_t error;

	error = cloudabi_sys_mem_map(NULL, PAGE, 0, M_ANON | M_PRIVATE |
				     M_FIXED, NO_FD, 0, &got);
	if (!error) {
		CHECK(!got);
		unmap(NULL, PAGE);
	}
	CHECK(!error || error == CLOUDABI_EPERM || error == CLOUDABI_EACCES ||
	      error == CLOUDABI_EINVAL);
}

static void narrow_arguments_ignore_the_rest_of_the_register(void)
{
	uint64_t args[6] = {
		0, PAGE, 0xdeadc0dedeadc000ull | P_RW,
		0xdeadc0dedeadc000ull | M_ANON | M_PRIVATE,
		0xdeadc0de00000000ull | NO_FD, 0,
	};
	struct raw_result r;

	raw_call(CLOUDABI_NR_mem_map, args, &r);
	if (!CHECK(!r.carry))
		return;
	CHECK_EQ(r.changed, 0);
	*(volatile char *)r.rax = 1;
	args[0] = r.rax;
	args[2] = 0xdeadc0dedeadc000ull | P_READ;
	raw_call(CLOUDABI_NR_mem_protect, args, &r);
	CHECK(!r.carry);
	CHECK_EQ(r.rax, 0);
	CHECK(!writable((void *)args[0]));
	raw_call(CLOUDABI_NR_mem_unmap, args, &r);
	CHECK(!r.carry);
	CHECK_EQ(r.rax, 0);
}

/* --- mem_map of files ---------------------------------------------------- */

static void a_private_mapping_keeps_its_changes(void)
{
	void *p;
	char *mem;

	file_set("0123456789");
	CHECK_OK(map(PAGE, P_RW, M_PRIVATE, FILE_RW, &p));
	mem = p;
	CHECK(!memcmp(mem, "0123456789\0", 11));
	mem[0] = 'x';
	CHECK_OK(cloudabi_sys_mem_sync(mem, PAGE, CLOUDABI_MS_SYNC));
	CHECK(file_holds(FILE_RO, 0, "0123456789", 10));
	unmap(mem, PAGE);
}

static void a_shared_mapping_is_the_file(void)
{
	size_t n;
	void *p;
	char *mem;

	file_set("0123456789");
	CHECK_OK(map(PAGE, P_RW, M_SHARED, FILE_RW, &p));
	mem = p;
	mem[0] = 'x';
	CHECK(file_holds(FILE_RO, 0, "x123456789", 10));
	CHECK_OK(pwrite1(FILE_WO, "y", 1, 1, &n));
	CHECK_EQ(((volatile char *)mem)[1], 'y');
	CHECK_EQ(ask_with(HELPER_PWRITE, FILE_RW, 2, "z", 1), 1);
	CHECK_EQ(((volatile char *)mem)[2], 'z');
	CHECK(has_perms(mem, "rw-s"));
	unmap(mem, PAGE);
}

static void a_mapping_outlives_its_descriptor(void)
{
	cloudabi_fd_t fd = dup_without(PATTERN, CLOUDABI_RIGHT_FD_SYNC);
	void *p;

	CHECK_OK(map(PAGE, P_READ, M_SHARED, fd, &p));
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK_EQ(((uint8_t *)p)[1000], PATTERN_BYTE(1000));
	unmap(p, PAGE);
}

static void shared_anonymous_memory_can_be_had(void)
{
	void *p;

	CHECK_OK(map(PAGE, P_RW, M_ANON | M_SHARED, NO_FD, &p));
	*(volatile char *)p = 1;
	CHECK(has_perms(p, "rw-s"));
	unmap(p, PAGE);
}

/* Each row: what is missing, and whether a mapping can be made all the same. */
static void the_rights_for_a_mapping(void)
{
	static const struct {
		const char *name;
		cloudabi_rights_t without;
		cloudabi_mprot_t prot;
		cloudabi_mflags_t flags;
		cloudabi_errno_t want;
	} rows[] = {
#define MAP CLOUDABI_RIGHT_MEM_MAP
#define EXEC CLOUDABI_RIGHT_MEM_MAP_EXEC
#define READ CLOUDABI_RIGHT_FD_READ
#define WRITE CLOUDABI_RIGHT_FD_WRITE
#define NO CLOUDABI_ENOTCAPABLE
/* What is written or executed can be read; no processor can do without. */
#define UNREADABLE CLOUDABI_EACCES
		{ "nothing, no access", MAP, 0, M_PRIVATE, NO },
		{ "nothing, shared", MAP, 0, M_SHARED, NO },
		{ "no access", READ | WRITE | EXEC, 0, M_PRIVATE, 0 },
		{ "no access, shared", READ | WRITE | EXEC, 0, M_SHARED, 0 },
		{ "read", WRITE | EXEC, P_READ, M_PRIVATE, 0 },
		{ "read, shared", WRITE | EXEC, P_READ, M_SHARED, 0 },
		{ "read without right", READ, P_READ, M_PRIVATE, NO },
		{ "read without right, shared", READ, P_READ, M_SHARED, NO },
		{ "write a copy", WRITE | EXEC, P_RW, M_PRIVATE, 0 },
		{ "write", EXEC, P_RW, M_SHARED, 0 },
		{ "write without right", WRITE, P_RW, M_SHARED, NO },
		{ "only write without right", WRITE, P_WRITE, M_SHARED, NO },
		{ "only write", 0, P_WRITE, M_SHARED, 0 },
		{ "only write without reading", READ, P_WRITE, M_SHARED,
		  UNREADABLE },
		{ "only write a copy without reading", READ, P_WRITE,
		  M_PRIVATE, UNREADABLE },
		{ "both without reading", READ, P_RW, M_SHARED, NO },
		{ "execute", WRITE, P_EXEC, M_PRIVATE, 0 },
		{ "execute without reading", READ, P_EXEC, M_PRIVATE,
		  UNREADABLE },
		{ "execute without right", EXEC, P_EXEC, M_PRIVATE, NO },
		{ "execute without right, shared", EXEC, P_EXEC, M_SHARED,
		  NO },
		{ "read and execute", WRITE, P_READ | P_EXEC, M_PRIVATE, 0 },
		{ "read and execute without reading", READ, P_READ | P_EXEC,
		  M_PRIVATE, NO },
		{ "read and execute without executing", EXEC, P_READ | P_EXEC,
		  M_SHARED, NO },
#undef MAP
#undef EXEC
#undef READ
#undef WRITE
#undef NO
#undef UNREADABLE
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cloudabi_fd_t fd = dup_without(FILE_RW, rows[i].without);
		void *mem;

		if (!CHECK_REFUSED(map(PAGE, rows[i].prot, rows[i].flags, fd,
				       &mem), rows[i].want))
			ktap_diag("%s", rows[i].name);
		if (mem)
			unmap(mem, PAGE);
		CHECK_OK(cloudabi_sys_fd_close(fd));
	}
}

static void the_open_mode_limits_a_mapping(void)
{
	void *mem;

	CHECK_REFUSED(map(PAGE, P_READ, M_PRIVATE, FILE_WO, &mem),
		      CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(map(PAGE, 0, M_PRIVATE, FILE_WO, &mem),
		      CLOUDABI_EACCES);
	CHECK_REFUSED(map(PAGE, P_WRITE, M_SHARED, FILE_WO, &mem),
		      CLOUDABI_EACCES);
	CHECK_REFUSED(map(PAGE, P_RW, M_SHARED, FILE_RO, &mem),
		      CLOUDABI_ENOTCAPABLE);
	CHECK_OK(map(PAGE, P_RW, M_PRIVATE, FILE_RO, &mem));
	unmap(mem, PAGE);
}

static void what_cannot_be_mapped_is_enotcapable(void)
{
	static const cloudabi_fd_t fds[] = {
		DIRECTORY, PIPE_IN, PIPE_OUT, UNIX_STREAM, UNIX_DGRAM, TCP,
		UDP, TERMINAL, EVENT, PATH_ONLY,
	};
	void *mem;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		for (cloudabi_mprot_t prot = 0; prot < 8; prot++) {
			if ((prot & 3) == 3)
				continue;
			CHECK_ERRNO(map(PAGE, prot, M_PRIVATE, fds[i], &mem),
				    CLOUDABI_ENOTCAPABLE);
			CHECK_ERRNO(map(PAGE, prot, M_SHARED, fds[i], &mem),
				    CLOUDABI_ENOTCAPABLE);
		}
	}
}

static void devices_can_be_mapped_if_they_can(void)
{
	void *mem;

	CHECK_OK(map(PAGE, P_RW, M_PRIVATE, DEV_ZERO, &mem));
	CHECK_EQ(*(uint8_t *)mem, 0);
	unmap(mem, PAGE);
	CHECK_REFUSED(map(PAGE, P_READ, M_PRIVATE, DEV_NULL, &mem),
		      CLOUDABI_ENODEV);
}

/* --- The most that a mapping can become ---------------------------------- */

/* What a mapping of a file may not become later, row by row. */
static void a_mapping_never_gets_more_than_the_rights_allow(void)
{
	static const struct {
		const char *name;
		cloudabi_rights_t without;
		cloudabi_mprot_t prot;
		cloudabi_mflags_t flags;
		cloudabi_mprot_t later;
		cloudabi_errno_t want;
	} rows[] = {
#define EXEC CLOUDABI_RIGHT_MEM_MAP_EXEC
#define READ CLOUDABI_RIGHT_FD_READ
#define WRITE CLOUDABI_RIGHT_FD_WRITE
#define NO CLOUDABI_EACCES
		{ "shared write", WRITE, P_READ, M_SHARED, P_RW, NO },
		{ "shared only write", WRITE, P_READ, M_SHARED, P_WRITE, NO },
		{ "reserved, shared write", WRITE, 0, M_SHARED, P_RW, NO },
		{ "private write", WRITE, P_READ, M_PRIVATE, P_RW, 0 },
		{ "exec", EXEC, P_READ, M_PRIVATE, P_READ | P_EXEC, NO },
		{ "only exec", EXEC, P_READ, M_PRIVATE, P_EXEC, NO },
		{ "shared exec", EXEC, P_READ, M_SHARED, P_READ | P_EXEC, NO },
		{ "reserved, exec", EXEC, 0, M_PRIVATE, P_EXEC, NO },
		{ "written copy, exec", EXEC, P_RW, M_PRIVATE,
		  P_READ | P_EXEC, NO },
		{ "reserved, read", READ, 0, M_PRIVATE, P_READ, NO },
		{ "reserved, shared read", READ, 0, M_SHARED, P_READ, NO },
		{ "reserved, exec without reading", READ, 0, M_PRIVATE, P_EXEC,
		  NO },
		{ "reserved, write without reading", READ, 0, M_SHARED,
		  P_WRITE, NO },
		{ "shared write by right", 0, P_READ, M_SHARED, P_RW, 0 },
		{ "exec by right", 0, P_READ, M_PRIVATE, P_READ | P_EXEC, 0 },
		{ "shared exec by right", 0, P_RW, M_SHARED, P_READ | P_EXEC,
		  0 },
		{ "read by right", 0, 0, M_SHARED, P_READ, 0 },
		{ "less", WRITE | EXEC, P_READ, M_SHARED, 0, 0 },
		{ "the same", WRITE | EXEC, P_READ, M_SHARED, P_READ, 0 },
#undef EXEC
#undef READ
#undef WRITE
#undef NO
	};

	file_set("0123456789");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cloudabi_fd_t fd = dup_without(FILE_RW, rows[i].without);
		cloudabi_errno_t error;
		void *mem;

		if (!CHECK_OK(map(PAGE, rows[i].prot, rows[i].flags, fd, &mem)))
			continue;
		check_begin();
		error = cloudabi_sys_mem_protect(mem, PAGE, rows[i].later);
		if (!check_refused(error, rows[i].want, "later", __LINE__))
			ktap_diag("%s", rows[i].name);
		/* A reservation does not become readable on the way. */
		if (rows[i].want && !rows[i].prot)
			CHECK(!readable(mem));
		if (rows[i].want && rows[i].flags == M_SHARED)
			CHECK(!writable(mem));
		unmap(mem, PAGE);
		CHECK_OK(cloudabi_sys_fd_close(fd));
	}
	CHECK(file_holds(FILE_RO, 0, "0123456789", 10));
}

/* The kernel's own notes say the same: mr, mw, me: may read, write, execute */
static void the_limits_stand_in_the_mapping(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_WRITE |
				       CLOUDABI_RIGHT_MEM_MAP_EXEC);
	void *mem;

	if (!has_vmflag((void *)program_main, "mr")) {
		CHECK_OK(cloudabi_sys_fd_close(fd));
		SKIP(return, "this kernel does not tell them");
	}

	CHECK_OK(map(PAGE, P_READ, M_SHARED, fd, &mem));
	CHECK(has_vmflag(mem, "mr"));
	CHECK(!has_vmflag(mem, "mw"));
	CHECK(!has_vmflag(mem, "me"));
	unmap(mem, PAGE);
	CHECK_OK(map(PAGE, P_READ, M_SHARED, FILE_RW, &mem));
	CHECK(has_vmflag(mem, "mr"));
	CHECK(has_vmflag(mem, "mw"));
	CHECK(has_vmflag(mem, "me"));
	unmap(mem, PAGE);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* A neighbour of the same file that may become more does not help. */
static void limits_hold_beside_a_mapping_with_more(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_WRITE);
	uint8_t *mem = anon(3 * PAGE, 0);
	void *got;

	CHECK_EQ(ask(HELPER_TRUNCATE, FILE_RW, 3 * PAGE, 0), 0);
	CHECK_OK(cloudabi_sys_mem_map(mem, PAGE, P_READ, M_SHARED | M_FIXED,
				      FILE_RW, 0, &got));
	CHECK_OK(cloudabi_sys_mem_map(mem + PAGE, PAGE, P_READ,
				      M_SHARED | M_FIXED, fd, PAGE, &got));
	CHECK_OK(cloudabi_sys_mem_map(mem + 2 * PAGE, PAGE, P_READ,
				      M_SHARED | M_FIXED, FILE_RW, 2 * PAGE,
				      &got));
	CHECK_ERRNO(cloudabi_sys_mem_protect(mem + PAGE, PAGE, P_RW),
		    CLOUDABI_EACCES);
	/* The neighbours may lose by it, but not what they are used for. */
	CHECK(readable(mem) && readable(mem + 2 * PAGE));
	unmap(mem, 3 * PAGE);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* A range that reaches into such a mapping stops there. */
static void a_range_stops_at_the_first_refusal(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_WRITE);
	uint8_t *mem = anon(2 * PAGE, P_READ);
	void *got;

	CHECK_OK(cloudabi_sys_mem_map(mem + PAGE, PAGE, P_READ,
				      M_SHARED | M_FIXED, fd, 0, &got));
	CHECK_ERRNO(cloudabi_sys_mem_protect(mem, 2 * PAGE, P_RW),
		    CLOUDABI_EACCES);
	CHECK(!writable(mem + PAGE));
	unmap(mem, 2 * PAGE);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* The right counts that there is when the mapping is made. */
static void narrowing_later_takes_nothing_from_a_mapping(void)
{
	cloudabi_fd_t fd = dup_without(FILE_RW, 0);
	void *mem;

	file_set("0123456789");
	CHECK_OK(map(PAGE, P_READ, M_SHARED, fd, &mem));
	CHECK_OK(put_rights(fd, 0, 0));
	CHECK_OK(cloudabi_sys_mem_protect(mem, PAGE, P_RW));
	*(volatile char *)mem = 'x';
	CHECK(file_holds(FILE_RO, 0, "x123456789", 10));
	unmap(mem, PAGE);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* --- mem_protect --------------------------------------------------------- */

static void protect_takes_and_gives_access(void)
{
	uint8_t *mem = anon(3 * PAGE, P_RW);

	if (!mem)
		return;
	memset(mem, 9, 3 * PAGE);
	CHECK_OK(cloudabi_sys_mem_protect(mem + PAGE, PAGE, P_READ));
	CHECK(writable(mem) && !writable(mem + PAGE) &&
	      writable(mem + 2 * PAGE));
	CHECK(readable(mem + PAGE));
	CHECK_EQ(mem[PAGE], 9);
	CHECK_OK(cloudabi_sys_mem_protect(mem + PAGE, PAGE, 0));
	CHECK(!readable(mem + PAGE) && !writable(mem + PAGE));
	CHECK(has_perms(mem + PAGE, "---p"));
	CHECK_OK(cloudabi_sys_mem_protect(mem + PAGE, PAGE, P_RW));
	CHECK_EQ(mem[2 * PAGE - 1], 9);
	unmap(mem, 3 * PAGE);
}

static void protect_wants_no_write_with_exec(void)
{
	uint8_t *mem = anon(PAGE, P_READ);

	for (unsigned int prot = 0; prot < 256; prot++) {
		if (!(prot & ~7u) && (prot & 3) != 3)
			continue;
		if (!CHECK_ERRNO(cloudabi_sys_mem_protect(mem, PAGE, prot),
				 CLOUDABI_ENOTSUP))
			ktap_diag("prot 0x%x", prot);
	}
	/* First of all checks. */
	CHECK_ERRNO(cloudabi_sys_mem_protect((void *)1, ~0ul, 0xff),
		    CLOUDABI_ENOTSUP);
	CHECK(has_perms(mem, "r--p"));
	unmap(mem, PAGE);
}

static void protect_toggles_between_write_and_exec(void)
{
	uint8_t *mem = anon(PAGE, P_RW);

	if (!mem)
		return;
	for (unsigned int i = 0; i < 10; i++) {
		memcpy(mem, function_code, sizeof(function_code));
		mem[1] = i;
		CHECK_OK(cloudabi_sys_mem_protect(mem, PAGE, P_READ | P_EXEC));
		CHECK_EQ(call_function(mem), i);
		CHECK(!writable(mem));
		CHECK_OK(cloudabi_sys_mem_protect(mem, PAGE, P_RW));
		CHECK(has_perms(mem, "rw-p"));
	}
	unmap(mem, PAGE);
}

/* Two views of one object, each with a half of the access. */
static void write_and_exec_in_two_mappings(void)
{
	cloudabi_fd_t fd = CLOSED_FD;
	void *w, *x;
	size_t n;

	CHECK_OK(cloudabi_sys_fd_create1(SHARED_MEMORY, &fd));
	CHECK_OK(write1(fd, function_code, sizeof(function_code), &n));
	CHECK_OK(map(PAGE, P_RW, M_SHARED, fd, &w));
	CHECK_OK(map(PAGE, P_READ | P_EXEC, M_SHARED, fd, &x));
	if (w && x) {
		CHECK_EQ(call_function(x), 42);
		((volatile uint8_t *)w)[1] = 43;
		CHECK_EQ(call_function(x), 43);
	}
	unmap(w, PAGE);
	unmap(x, PAGE);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void protect_rounds_the_length_up(void)
{
	uint8_t *mem = anon(3 * PAGE, P_RW);

	CHECK_OK(cloudabi_sys_mem_protect(mem, 123, P_READ));
	CHECK(!writable(mem) && writable(mem + PAGE));
	CHECK_OK(cloudabi_sys_mem_protect(mem, PAGE + 1, P_READ));
	CHECK(!writable(mem + PAGE) && writable(mem + 2 * PAGE));
	CHECK_OK(cloudabi_sys_mem_protect(mem, 0, P_RW));
	CHECK(!writable(mem));
	unmap(mem, 3 * PAGE);
}

static void protect_of_unaligned_addresses(void)
{
	uint8_t *mem = anon(PAGE, P_RW);
	cloudabi_errno_t error;

	error = cloudabi_sys_mem_protect(mem + 100, 10, P_READ);
	CHECK(error == CLOUDABI_EINVAL || !error);
	CHECK_EQ(writable(mem), !!error);
	unmap(mem, PAGE);
}

static void protect_of_a_hole_is_enomem(void)
{
	uint8_t *mem = anon(3 * PAGE, P_RW);

	unmap(mem + PAGE, PAGE);
	CHECK_REFUSED(cloudabi_sys_mem_protect(mem, 3 * PAGE, P_READ),
		      CLOUDABI_ENOMEM);
	CHECK_REFUSED(cloudabi_sys_mem_protect(mem + PAGE, PAGE, P_READ),
		      CLOUDABI_ENOMEM);
	CHECK_REFUSED(cloudabi_sys_mem_protect(BAD_ADDRESS, PAGE, P_READ),
		      CLOUDABI_ENOMEM);
	unmap(mem, 3 * PAGE);
}

/* As the start code does it: a part of the data becomes read-only for good. */
static void protect_of_a_part_of_the_data(void)
{
	static uint8_t data[3 * PAGE] __attribute__((aligned(4096)));

	data[PAGE] = 5;
	CHECK_OK(cloudabi_sys_mem_protect(data + PAGE, PAGE, P_READ));
	CHECK_EQ(data[PAGE], 5);
	CHECK(!writable(data + PAGE));
	data[0] = 6;
	data[2 * PAGE] = 6;
	CHECK_EQ(data[0] + data[2 * PAGE], 12);
	CHECK_OK(cloudabi_sys_mem_protect(data + PAGE, PAGE, P_RW));
	data[PAGE] = 7;
	CHECK_EQ(data[PAGE], 7);
}

static void memory_is_not_executable_unless_it_is_said(void)
{
	uint8_t *mem = anon(PAGE, P_RW);
	char on_stack;

	CHECK(has_perms(mem, "rw-p"));
	unmap(mem, PAGE);
	mem = anon(PAGE, P_READ);
	CHECK(has_perms(mem, "r--p"));
	unmap(mem, PAGE);
	CHECK(has_perms(&on_stack, "rw-p"));
	CHECK(has_perms((void *)program_main, "r-xp"));
	CHECK(has_perms(crt_auxv.vdso, "r-xp") ||
	      has_perms(crt_auxv.vdso, "r-xs"));
}

/* --- mem_unmap ----------------------------------------------------------- */

static void unmap_leaves_the_neighbours(void)
{
	uint8_t *mem = anon(3 * PAGE, P_RW);

	unmap(mem + PAGE, 1);
	CHECK(mapped(mem) && !mapped(mem + PAGE) && mapped(mem + 2 * PAGE));
	mem[PAGE - 1] = 1;
	mem[2 * PAGE] = 1;
	/* A hole is no reason to fail. */
	unmap(mem, 3 * PAGE);
	unmap(mem, 3 * PAGE);
	CHECK(!mapped(mem) && !mapped(mem + 2 * PAGE));
}

static void unmap_of_nothing_is_einval(void)
{
	uint8_t *mem = anon(PAGE, P_RW);

	CHECK_REFUSED(cloudabi_sys_mem_unmap(mem, 0), CLOUDABI_EINVAL);
	CHECK_REFUSED(cloudabi_sys_mem_unmap(NULL, 0), CLOUDABI_EINVAL);
	CHECK(mapped(mem));
	unmap(mem, PAGE);
}

static void unmap_of_what_cannot_be_is_einval(void)
{
	CHECK_REFUSED(cloudabi_sys_mem_unmap(BAD_ADDRESS, PAGE),
		      CLOUDABI_EINVAL);
	CHECK_REFUSED(cloudabi_sys_mem_unmap((void *)PAGE, -PAGE),
		      CLOUDABI_EINVAL);
	CHECK_REFUSED(cloudabi_sys_mem_unmap((void *)PAGE, ~0ul),
		      CLOUDABI_EINVAL);
	CHECK_REFUSED(cloudabi_sys_mem_unmap((void *)-PAGE, PAGE),
		      CLOUDABI_EINVAL);
}

static void unmap_of_unaligned_addresses(void)
{
	uint8_t *mem = anon(2 * PAGE, P_RW);
	cloudabi_errno_t error;

	error = cloudabi_sys_mem_unmap(mem + 100, 10);
	CHECK(error == CLOUDABI_EINVAL || !error);
	CHECK_EQ(mapped(mem), !!error);
	CHECK(mapped(mem + PAGE));
	unmap(mem, 2 * PAGE);
}

/* --- mem_advise ---------------------------------------------------------- */

static void advice_is_taken_and_data_stays(void)
{
	static const cloudabi_advice_t advice[] = {
		CLOUDABI_ADVICE_DONTNEED, CLOUDABI_ADVICE_NORMAL,
		CLOUDABI_ADVICE_RANDOM, CLOUDABI_ADVICE_SEQUENTIAL,
		CLOUDABI_ADVICE_WILLNEED, CLOUDABI_ADVICE_NORMAL,
	};
	uint8_t *mem = anon(4 * PAGE, P_RW);
	void *shared, *copy;

	file_set("0123456789");
	CHECK_OK(map(PAGE, P_RW, M_SHARED, FILE_RW, &shared));
	CHECK_OK(map(PAGE, P_RW, M_PRIVATE, FILE_RW, &copy));
	if (!mem || !shared || !copy)
		return;
	memset(mem, 0x77, 4 * PAGE);
	*(char *)shared = 's';
	*(char *)copy = 'c';
	for (size_t i = 0; i < ARRAY_SIZE(advice); i++) {
		CHECK_OK(cloudabi_sys_mem_advise(mem, 4 * PAGE, advice[i]));
		CHECK_OK(cloudabi_sys_mem_advise(mem, 123, advice[i]));
		CHECK_OK(cloudabi_sys_mem_advise(shared, PAGE, advice[i]));
		CHECK_OK(cloudabi_sys_mem_advise(copy, PAGE, advice[i]));
		CHECK_EQ(mem[0], 0x77);
		CHECK_EQ(mem[4 * PAGE - 1], 0x77);
		CHECK_EQ(*(char *)shared, 's');
		CHECK_EQ(*(char *)copy, 'c');
	}
	unmap(mem, 4 * PAGE);
	unmap(shared, PAGE);
	unmap(copy, PAGE);
}

static void advice_is_one_of_five(void)
{
	uint8_t *mem = anon(PAGE, P_RW);

	for (unsigned int advice = 0; advice < 256; advice++) {
		if (advice == 1 || (advice >= 3 && advice <= 6))
			continue;
		if (!CHECK_ERRNO(cloudabi_sys_mem_advise(mem, PAGE, advice),
				 CLOUDABI_EINVAL))
			ktap_diag("advice %u", advice);
	}
	/* Also where the range is wrong. */
	CHECK_REFUSED(cloudabi_sys_mem_advise(BAD_ADDRESS, PAGE, 2),
		      CLOUDABI_EINVAL);
	unmap(mem, PAGE);
}

static void advice_for_a_hole_is_enomem(void)
{
	static const cloudabi_advice_t advice[] = { 1, 3, 4, 5, 6 };
	uint8_t *mem = anon(3 * PAGE, P_RW);

	unmap(mem + PAGE, PAGE);
	for (size_t i = 0; i < ARRAY_SIZE(advice); i++) {
		CHECK_REFUSED(cloudabi_sys_mem_advise(mem + PAGE, PAGE,
						      advice[i]),
			      CLOUDABI_ENOMEM);
		CHECK_REFUSED(cloudabi_sys_mem_advise(mem, 3 * PAGE,
						      advice[i]),
			      CLOUDABI_ENOMEM);
	}
	unmap(mem, 3 * PAGE);
}

/* --- mem_sync ------------------------------------------------------------ */

static void sync_wants_exactly_one_of_sync_and_async(void)
{
	uint8_t *mem = anon(PAGE, P_RW);

	for (unsigned int flags = 0; flags < 256; flags++) {
		bool one = !(flags & CLOUDABI_MS_ASYNC) !=
			   !(flags & CLOUDABI_MS_SYNC);
		cloudabi_errno_t error, want = 0;

		if (!one || flags & ~7u)
			want = CLOUDABI_EINVAL;
		error = cloudabi_sys_mem_sync(mem, PAGE, flags);
		/* Some systems do not want these two together. */
		if (flags == (CLOUDABI_MS_ASYNC | CLOUDABI_MS_INVALIDATE))
			CHECK(!error || error == CLOUDABI_EINVAL);
		else if (!CHECK_ERRNO(error, want))
			ktap_diag("flags 0x%x", flags);
	}
	/* Before the range is looked at. */
	CHECK_REFUSED(cloudabi_sys_mem_sync(BAD_ADDRESS, PAGE, 0),
		      CLOUDABI_EINVAL);
	CHECK_REFUSED(cloudabi_sys_mem_sync(&mem, PAGE, CLOUDABI_MS_ASYNC |
					    CLOUDABI_MS_SYNC),
		      CLOUDABI_EINVAL);
	unmap(mem, PAGE);
}

static void sync_of_file_mappings(void)
{
	void *mem;

	file_set("0123456789");
	CHECK_OK(map(PAGE, P_RW, M_SHARED, FILE_RW, &mem));
	*(char *)mem = 'x';
	CHECK_OK(cloudabi_sys_mem_sync(mem, PAGE, CLOUDABI_MS_SYNC));
	CHECK_OK(cloudabi_sys_mem_sync(mem, PAGE, CLOUDABI_MS_ASYNC));
	CHECK_OK(cloudabi_sys_mem_sync(mem, 123, CLOUDABI_MS_SYNC |
				       CLOUDABI_MS_INVALIDATE));
	CHECK_OK(cloudabi_sys_mem_sync(mem, 0, CLOUDABI_MS_SYNC));
	CHECK(file_holds(FILE_RO, 0, "x123456789", 10));
	unmap(mem, PAGE);
}

static void sync_of_a_hole_is_enomem(void)
{
	uint8_t *mem = anon(3 * PAGE, P_RW);

	unmap(mem + PAGE, PAGE);
	CHECK_REFUSED(cloudabi_sys_mem_sync(mem + PAGE, PAGE,
					    CLOUDABI_MS_SYNC),
		      CLOUDABI_ENOMEM);
	CHECK_REFUSED(cloudabi_sys_mem_sync(mem, 3 * PAGE, CLOUDABI_MS_ASYNC),
		      CLOUDABI_ENOMEM);
	unmap(mem, 3 * PAGE);
}

/* --- Limits -------------------------------------------------------------- */

static void the_address_space_limit_is_enomem(void)
{
	uint64_t old = set_limit(HELPER_RLIMIT_AS, 1);
	void *mem;

	CHECK_REFUSED(map(PAGE, P_RW, M_ANON | M_PRIVATE, NO_FD, &mem),
		      CLOUDABI_ENOMEM);
	CHECK_REFUSED(map(PAGE, P_READ, M_PRIVATE, PATTERN, &mem),
		      CLOUDABI_ENOMEM);
	set_limit(HELPER_RLIMIT_AS, old);
	CHECK_OK(map(PAGE, P_READ, M_PRIVATE, PATTERN, &mem));
	unmap(mem, PAGE);
}

/* What a large program does: map and unmap without end. */
static void many_mappings_come_and_go(void)
{
	static void *mem[64];
	int64_t fds = ask(HELPER_COUNT_FDS, 0, 0, 0);

	for (unsigned int round = 0; round < 20; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(mem); i++) {
			CHECK_OK(map((i % 5 + 1) * PAGE, P_RW, i & 1 ?
				     M_PRIVATE : M_ANON | M_PRIVATE,
				     i & 1 ? (unsigned int)PATTERN : NO_FD,
				     &mem[i]));
			*(volatile char *)mem[i] = i;
		}
		for (size_t i = 0; i < ARRAY_SIZE(mem); i++) {
			CHECK_EQ(*(char *)mem[i], i);
			unmap(mem[i], (i % 5 + 1) * PAGE);
		}
	}
	CHECK_EQ(ask(HELPER_COUNT_FDS, 0, 0, 0), fds);
}

static const struct test tests[] = {
	TEST(anonymous_memory_is_zero_and_can_be_written),
	TEST(lengths_are_rounded_up),
	TEST(length_zero_is_einval),
	TEST(lengths_that_cannot_be_are_enomem),
	TEST(prot_has_three_bits),
	TEST(write_and_exec_together_are_enotsup_everywhere),
	TEST(private_or_shared_but_one_of_them),
	TEST(flags_that_do_not_exist_are_einval),
	TEST(anonymous_with_file_or_offset_is_einval),
	TEST(what_is_not_open_is_ebadf),
	TEST(the_order_of_checks),
	TEST(offsets_of_files),
	TEST(offsets_that_cannot_be_are_refused),
	TEST(a_hint_is_only_a_hint),
	TEST(fixed_replaces_what_is_there),
	TEST(fixed_must_be_possible),
	TEST(fixed_at_null_is_refused_or_harmless),
	TEST(narrow_arguments_ignore_the_rest_of_the_register),
	TEST(a_private_mapping_keeps_its_changes),
	TEST(a_shared_mapping_is_the_file),
	TEST(a_mapping_outlives_its_descriptor),
	TEST(shared_anonymous_memory_can_be_had),
	TEST(the_rights_for_a_mapping),
	TEST(the_open_mode_limits_a_mapping),
	TEST(what_cannot_be_mapped_is_enotcapable),
	TEST(devices_can_be_mapped_if_they_can),
	TEST(a_mapping_never_gets_more_than_the_rights_allow),
	TEST(the_limits_stand_in_the_mapping),
	TEST(limits_hold_beside_a_mapping_with_more),
	TEST(a_range_stops_at_the_first_refusal),
	TEST(narrowing_later_takes_nothing_from_a_mapping),
	TEST(protect_takes_and_gives_access),
	TEST(protect_wants_no_write_with_exec),
	TEST(protect_toggles_between_write_and_exec),
	TEST(write_and_exec_in_two_mappings),
	TEST(protect_rounds_the_length_up),
	TEST(protect_of_unaligned_addresses),
	TEST(protect_of_a_hole_is_enomem),
	TEST(protect_of_a_part_of_the_data),
	TEST(memory_is_not_executable_unless_it_is_said),
	TEST(unmap_leaves_the_neighbours),
	TEST(unmap_of_nothing_is_einval),
	TEST(unmap_of_what_cannot_be_is_einval),
	TEST(unmap_of_unaligned_addresses),
	TEST(advice_is_taken_and_data_stays),
	TEST(advice_is_one_of_five),
	TEST(advice_for_a_hole_is_enomem),
	TEST(sync_wants_exactly_one_of_sync_and_async),
	TEST(sync_of_file_mappings),
	TEST(sync_of_a_hole_is_enomem),
	TEST(the_address_space_limit_is_enomem),
	TEST(many_mappings_come_and_go),
};

int program_main(const struct argdata *ad)
{
	(void)ad;
	return check_run(tests, ARRAY_SIZE(tests));
}
