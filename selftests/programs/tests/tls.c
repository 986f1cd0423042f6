// SPDX-License-Identifier: GPL-2.0
/*
 * tls: thread-local variables of the main thread.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "ktap.h"

#define ALIGNMENT 64

static _Thread_local uint32_t number = 0x12345678;
static _Thread_local char text[] = "initialised";
static _Thread_local unsigned char zeros[3000];
static _Thread_local _Alignas(ALIGNMENT) uint64_t aligned = 1;

/* What the word at the FS base points at must not change under a thread. */
static _Thread_local cloudabi_tcb_t *tcb;

static size_t count_zeros(void)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof(zeros); i++)
		n += !zeros[i];
	return n;
}

/* Below the pointer, and in the order of the segment. */
static bool in_block(const void *variable, size_t size)
{
	uintptr_t end = (uintptr_t)crt_tcb_get();
	uintptr_t start = end - crt_tls_size();

	return (uintptr_t)variable >= start &&
	       (uintptr_t)variable + size <= end;
}

int program_main(const struct argdata *ad)
{
	(void)ad;
	tcb = crt_tcb_get();

	ktap_start();
	ktap_plan(15);

	EXPECT_EQ(number, 0x12345678);
	EXPECT_EQ(strcmp(text, "initialised"), 0);
	EXPECT_EQ(count_zeros(), sizeof(zeros));
	EXPECT_EQ(aligned, 1);
	EXPECT_EQ((uintptr_t)&aligned % ALIGNMENT, 0);
	EXPECT_EQ((uintptr_t)crt_tcb_get() % ALIGNMENT, 0);

	EXPECT_TRUE(in_block(&number, sizeof(number)));
	EXPECT_TRUE(in_block(text, sizeof(text)));
	EXPECT_TRUE(in_block(zeros, sizeof(zeros)));
	EXPECT_TRUE(in_block(&aligned, sizeof(aligned)));

	number++;
	memset(zeros, 1, sizeof(zeros));
	EXPECT_EQ(number, 0x12345679);
	EXPECT_EQ(count_zeros(), 0);
	EXPECT_EQ(aligned, 1);

	cloudabi_sys_thread_yield();
	EXPECT_EQ(crt_tcb_get(), tcb);
	EXPECT_EQ(number, 0x12345679);

	return ktap_finish();
}
