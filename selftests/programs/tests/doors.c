// SPDX-License-Identifier: GPL-2.0
/*
 * doors: a number that CloudABI does not have does nothing, not even to a
 * register. What natives do at the same numbers is for doors_test to show.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "ktap.h"
#include "raw.h"

/* More than any native table has. */
#define NUMBERS 65536

/**
 * struct count - what calls came to
 * @calls: how many were made
 * @answers: how many did not answer ENOSYS with carry set
 * @registers: how many changed a register that they must not
 */
struct count {
	unsigned int calls;
	unsigned int answers;
	unsigned int registers;
};

static void try_number(struct count *count, uint64_t number)
{
	static const uint64_t args[6] = { 1, 2, 3, 4, 5, 6 };
	struct raw_result r;

	raw_call(number, args, &r);
	count->calls++;
	if (!r.carry || r.rax != CLOUDABI_ENOSYS)
		count->answers++;
	if (r.changed)
		count->registers++;
}

static void expect(const struct count *count, unsigned int calls)
{
	EXPECT_EQ_NAMED("all numbers were tried", count->calls, calls);
	EXPECT_EQ_NAMED("all answered ENOSYS", count->answers, 0);
	EXPECT_EQ_NAMED("no register was changed", count->registers, 0);
}

static void test_numbers(void)
{
	struct count count = { 0 };

	ktap_diag("numbers below %u", NUMBERS);
	for (uint64_t nr = CLOUDABI_NR_CALLS; nr < NUMBERS; nr++)
		try_number(&count, nr);
	expect(&count, NUMBERS - CLOUDABI_NR_CALLS);
}

/* The upper half of rax means nothing: calls are those of the lower. */
static void test_garbage(void)
{
	static const uint32_t garbage[] = {
		1, 0x7fffffff, 0x80000000, 0xffffffff, 0x40000000,
	};
	static const uint64_t no_args[6];
	struct count count = { 0 };
	struct raw_result r;

	ktap_diag("garbage in the upper half of rax");
	for (size_t i = 0; i < ARRAY_SIZE(garbage); i++) {
		uint64_t upper = (uint64_t)garbage[i] << 32;

		for (uint64_t nr = CLOUDABI_NR_CALLS; nr < 1024; nr++)
			try_number(&count, upper | nr);
		raw_call(upper | CLOUDABI_NR_thread_yield, no_args, &r);
		EXPECT_TRUE_NAMED("a call with garbage above its number",
				  !r.rax && !r.carry);
	}
	expect(&count, ARRAY_SIZE(garbage) * (1024 - CLOUDABI_NR_CALLS));
}

int program_main(const struct argdata *ad)
{
	(void)ad;
	ktap_start();
	ktap_plan(3 + 5 + 3);
	test_numbers();
	test_garbage();
	return ktap_finish();
}
