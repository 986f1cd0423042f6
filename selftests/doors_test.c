// SPDX-License-Identifier: GPL-2.0
/*
 * No door of 64-bit code leads a CloudABI process to a native system call.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#define _GNU_SOURCE
#include "effect.h"
#include "sweep.h"

EFFECT_TEST(syscall, &entry_syscall)
EFFECT_TEST(x32, &entry_x32)

SCENE_FIXTURE(number)

TEST_F_TIMEOUT(number, syscall, 120)
{
	try_numbers(_metadata, &self->scene, &entry_syscall,
		    CLOUDABI_NR_CALLS);
}

TEST_F_TIMEOUT(number, x32, 120)
{
	try_numbers(_metadata, &self->scene, &entry_x32, 0);
}

/* What may lie in the upper half of rax, of which Linux looks at nothing. */
static const uint64_t garbage[] = {
	0, 1ULL << 32, 0x7fffffffULL << 32, 0x80000000ULL << 32,
	0xffffffffULL << 32, 0x5a5a5a5aULL << 32,
};

static void try_with_garbage(struct __test_metadata *_metadata,
			     const uint64_t args[6], uint32_t number)
{
	size_t i;

	if (number < CLOUDABI_NR_CALLS)
		return;
	for (i = 0; i < ARRAY_SIZE(garbage); i++) {
		sweep_add(_metadata, DOOR_SYSCALL, garbage[i] | number, args);
		sweep_add(_metadata, DOOR_INT80, garbage[i] | number, args);
	}
}

TEST_F_TIMEOUT(number, boundaries_and_garbage, 120)
{
	uint64_t args[6];
	int bit, near;

	sweep_args(&self->scene, 1, args);
	sweep_start(_metadata, &self->scene, false, false);
	for (bit = 0; bit <= 32; bit++) {
		for (near = -2; near <= 2; near++)
			try_with_garbage(_metadata, args,
					 (1ULL << bit) + near);
	}
	for (near = 0; near < NUMBERS; near++)
		try_with_garbage(_metadata, args, near);
	sweep_end(_metadata, &self->scene);
}

/* xorshift64: anything will do that SEED can repeat. */
static uint64_t random_state;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static uint64_t random_arg(const struct scene *scene)
{
	uint64_t args[6];

	if (next_random() & 1)
		return next_random() >> (next_random() & 63);
	sweep_args(scene, next_random() % SWEEP_ARGS, args);
	return args[next_random() % 6];
}

TEST_F_TIMEOUT(number, random, 300)
{
	static const uint32_t doors[] = {
		DOOR_SYSCALL, DOOR_INT80, DOOR_INT80_32,
	};
	const char *seed = getenv("SEED");
	unsigned int tries, i;

	if (shut_of(&entry_int80).signal)
		SKIP(return, "int $0x80 is shut");
	random_state = seed ? strtoull(seed, NULL, 0) : 0x1234567;
	random_state |= 1;
	TH_LOG("SEED=%#llx", (unsigned long long)random_state);
	sweep_start(_metadata, &self->scene, false, false);
	for (tries = 0; tries < 100000; tries++) {
		uint64_t number = next_random() >> (next_random() & 63);
		uint64_t args[6];

		if ((uint32_t)number < CLOUDABI_NR_CALLS)
			number += CLOUDABI_NR_CALLS;
		for (i = 0; i < 6; i++)
			args[i] = random_arg(&self->scene);
		sweep_add(_metadata, doors[next_random() % 3], number, args);
	}
	sweep_end(_metadata, &self->scene);
}

/* Sections that no CloudABI call at all may change. */
#define NEVER (HOST | PLACE | SCHED | LIMITS | STATUS | VICTIM_ | FILES)

/*
 * Numbers that are calls of CloudABI too: whatever these make of arguments that
 * were meant for the native call, it is not the native call's doing.
 */
TEST_F_TIMEOUT(number, shared_with_cloudabi, 300)
{
	unsigned int number, set;
	struct tried tried;

	for (number = 0; number < CLOUDABI_NR_CALLS; number++) {
		for (set = 0; set < SWEEP_ARGS; set++) {
			tried = (struct tried){
				.request.door = DOOR_SYSCALL,
				.request.number = number,
			};
			scene_renew(&self->scene);
			sweep_args(&self->scene, set, tried.request.args);
			run_request(_metadata, &self->scene, "./cloudabi",
				    false, false, &tried);
			EXPECT_EQ(0, tried.changes & NEVER) {
				TH_LOG("number %u, arguments %u", number, set);
				tell_changes(_metadata, tried.changes & NEVER);
			}
			EXPECT_EQ(0, tried.shown & (OWN_PID | BECOMES));
		}
	}
}

/* Memory of a native mmap() can be written to, memory of none cannot. */
TEST_F(number, mmap_then_touch)
{
	struct door_request requests[] = {
		{ DOOR_SYSCALL, .number = 9,
		  .args = { FREE_ADDRESS, 4096, 3, 0x32, -1, 0 } },
		{ DOOR_INT80, .number = 192,
		  .args = { FREE_ADDRESS, 4096, 3, 0x32, -1, 0 } },
		{ DOOR_TOUCH, .number = FREE_ADDRESS },
	};
	struct door door;

	ASSERT_EQ(0, door_start(&door, "./native", NULL, NULL));
	EXPECT_EQ(DOOR_ANSWERED, door_ask(&door, requests, 3));
	door_stop(&door);
	ASSERT_EQ(0, door_start(&door, "./cloudabi", NULL, NULL));
	EXPECT_EQ(DOOR_ENDED, door_ask(&door, requests, 3));
	EXPECT_TRUE(WIFSIGNALED(door.status));
	EXPECT_EQ(SIGSEGV, WTERMSIG(door.status));
	door_stop(&door);
}

/* The program is what the tests take it for: its calls are CloudABI's. */
TEST_F(number, proc_exit_is_cloudabi)
{
	struct door_request request = {
		DOOR_SYSCALL, .number = CLOUDABI_NR_proc_exit, .args = { 7 },
	};
	struct door door;

	ASSERT_EQ(0, door_start(&door, "./cloudabi", NULL, NULL));
	EXPECT_EQ(DOOR_ENDED, door_ask(&door, &request, 1));
	EXPECT_TRUE(WIFEXITED(door.status));
	EXPECT_EQ(7, WEXITSTATUS(door.status));
	door_stop(&door);
}

/* --- What is no door ------------------------------------------------------ */

FIXTURE_VARIANT(fault)
{
	uint32_t door;
	int signal;
};

SCENE_FIXTURE(fault)

#define FAULT(name, way, sig)						\
	FIXTURE_VARIANT_ADD(fault, name)				\
	{								\
		.door = way,						\
		.signal = sig,						\
	}

FAULT(int81, DOOR_INT81, SIGSEGV);
FAULT(int3, DOOR_INT3, SIGTRAP);
FAULT(int4, DOOR_INT4, SIGSEGV);
FAULT(hlt, DOOR_HLT, SIGSEGV);
FAULT(out, DOOR_OUT, SIGSEGV);
FAULT(cli, DOOR_CLI, SIGSEGV);
FAULT(ud2, DOOR_UD2, SIGILL);
FAULT(lcall, DOOR_LCALL, SIGSEGV);
FAULT(unmapped_memory, DOOR_TOUCH, SIGSEGV);
FAULT(sysenter_without_stack, DOOR_SYSENTER_32_NOSTACK, 0);

TEST_F(fault, kills)
{
	static const char *const programs[] = { "./native", "./cloudabi" };
	int expected = variant->signal;
	struct tried tried;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		tried = (struct tried){
			.request = {
				.door = variant->door,
				.number = variant->door == DOOR_TOUCH ?
					FREE_ADDRESS : 4,
				.args = { 1, TEXT, 7 },
			},
		};
		scene_renew(&self->scene);
		run_request(_metadata, &self->scene, programs[i], true, false,
			    &tried);
		/* Where the instruction may be invalid, native tells. */
		if (!expected && tried.signal == SIGILL)
			expected = SIGILL;
		else if (!expected)
			expected = SIGSEGV;
		EXPECT_EQ(DOOR_ENDED, tried.outcome);
		EXPECT_EQ(expected, tried.signal);
		EXPECT_EQ(0, tried.changes) {
			tell_changes(_metadata, tried.changes);
		}
	}
}

TEST_HARNESS_MAIN
