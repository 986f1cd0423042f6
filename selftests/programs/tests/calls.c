// SPDX-License-Identifier: GPL-2.0
/*
 * calls: the vDSO has every call, and the trap behind it keeps the
 * convention: number in eax, carry flag and errno, registers left alone.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "abi_names.h"
#include "ktap.h"
#include "raw.h"

/* No descriptor has this number. */
#define NO_FD 0xfffffff0u

static const uint64_t no_args[6];

static bool has_call(const char *name)
{
	static const char prefix[] = "cloudabi_sys_";
	char symbol[64];

	if (strlen(name) >= sizeof(symbol) - sizeof(prefix))
		return false;
	memcpy(symbol, prefix, sizeof(prefix) - 1);
	memcpy(symbol + sizeof(prefix) - 1, name, strlen(name) + 1);
	return crt_vdso_symbol(symbol);
}

static void test_vdso(void)
{
	for (unsigned int nr = 0; nr < CLOUDABI_NR_CALLS; nr++)
		EXPECT_TRUE_NAMED(cloudabi_call_name(nr),
				  has_call(cloudabi_call_name(nr)));
	EXPECT_EQ(crt_vdso_symbol("cloudabi_sys_no_such_call"), NULL);
	EXPECT_EQ(crt_vdso_symbol(""), NULL);
}

/* Numbers around the table, and such as mean something to other ABIs. */
static void test_unknown(void)
{
	static const struct {
		const char *name;
		uint32_t nr;
	} rows[] = {
		{ "first number behind the table", CLOUDABI_NR_CALLS },
		{ "second number behind the table", CLOUDABI_NR_CALLS + 1 },
		{ "a number of the native ABI", 60 },
		{ "a byte's worth", 256 + 48 },
		{ "a 16-bit word's worth", 65536 + 48 },
		{ "x32 bit", 0x40000000 + 48 },
		{ "largest positive number", 0x7fffffff },
		{ "smallest negative number", 0x80000000 },
		{ "minus one", 0xffffffff },
	};
	struct raw_result r;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ktap_diag("%s", rows[i].name);
		raw_call(rows[i].nr, no_args, &r);
		EXPECT_TRUE(r.carry);
		EXPECT_EQ(r.rax, CLOUDABI_ENOSYS);
		EXPECT_EQ(r.changed, 0);
	}
}

static void test_success(void)
{
	uint64_t args[6] = { 0 };
	cloudabi_fd_t fds[2];
	struct raw_result r;

	raw_call(CLOUDABI_NR_thread_yield, no_args, &r);
	EXPECT_FALSE(r.carry);
	EXPECT_EQ(r.rax, 0);
	EXPECT_EQ(r.changed, 0);

	args[0] = CLOUDABI_FILETYPE_SOCKET_STREAM;
	raw_call(CLOUDABI_NR_fd_create2, args, &r);
	EXPECT_FALSE(r.carry);
	EXPECT_NE(r.rax, r.rdx);
	EXPECT_EQ(r.changed, RAW_CHANGED_RDX);
	fds[0] = r.rax;
	fds[1] = r.rdx;

	args[0] = fds[0];
	raw_call(CLOUDABI_NR_fd_dup, args, &r);
	EXPECT_FALSE(r.carry);
	EXPECT_EQ(r.changed, 0);
	EXPECT_OK(cloudabi_sys_fd_close(r.rax));
	EXPECT_OK(cloudabi_sys_fd_close(fds[0]));
	EXPECT_OK(cloudabi_sys_fd_close(fds[1]));
}

/* Above a narrow argument, a register may hold anything. */
static void test_failure(void)
{
	uint64_t args[6] = { NO_FD };
	struct raw_result r;

	raw_call(CLOUDABI_NR_fd_close, args, &r);
	EXPECT_TRUE(r.carry);
	EXPECT_EQ(r.rax, CLOUDABI_EBADF);
	EXPECT_EQ(r.changed, 0);

	args[0] |= 0xdeadbeefull << 32;
	raw_call(CLOUDABI_NR_fd_close, args, &r);
	EXPECT_TRUE(r.carry);
	EXPECT_EQ(r.rax, CLOUDABI_EBADF);
	EXPECT_EQ(r.changed, 0);

	EXPECT_ERRNO(cloudabi_sys_fd_close(NO_FD), CLOUDABI_EBADF);
}

/* The flags that go into a call are the caller's: none may stop it. */
static void test_flags(void)
{
	struct raw_regs in = { .rax = CLOUDABI_NR_thread_yield }, out;

	in.rflags = 0x202 | RAW_CARRY;
	raw_trap(&in, &out);
	EXPECT_EQ(out.rflags, 0x202);
	EXPECT_EQ(out.rax, 0);

	in.rflags = 0x202 | RAW_DIRECTION;
	raw_trap(&in, &out);
	EXPECT_EQ(out.rflags, 0x202 | RAW_DIRECTION);
	EXPECT_EQ(out.rax, 0);
}

int program_main(const struct argdata *ad)
{
	(void)ad;
	ktap_start();
	ktap_plan(CLOUDABI_NR_CALLS + 2 + 9 * 3 + 11 + 7 + 4);
	test_vdso();
	test_unknown();
	test_success();
	test_failure();
	test_flags();
	return ktap_finish();
}
