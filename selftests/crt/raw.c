// SPDX-License-Identifier: GPL-2.0
/*
 * Calls by number, with a look at every register.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include <stddef.h>

#include "raw.h"

#define WORDS (sizeof(struct raw_regs) / sizeof(uint64_t))
#define WORD(member) (offsetof(struct raw_regs, member) / sizeof(uint64_t))
#define BIT(member) (1ull << WORD(member))

/* What raw_trap() reads and writes from an assembler file. */
_Static_assert(offsetof(struct raw_regs, r8) == 64, "layout in raw_trap.S");
_Static_assert(offsetof(struct raw_regs, rflags) == 128, "layout in raw_trap.S");
_Static_assert(offsetof(struct raw_regs, xmm) == 136, "layout in raw_trap.S");
_Static_assert(WORDS <= 64, "a mask holds a bit for each word");

union words {
	struct raw_regs regs;
	uint64_t word[WORDS];
};

/* A value of its own for each register, in every byte of it. */
static void fill(union words *w)
{
	for (size_t i = 0; i < WORDS; i++)
		w->word[i] = 0x9e3779b97f4a7c15ull * (i + 1);
	/* Bit 1 is always set, interrupts are always on. */
	w->regs.rflags = 0x202;
}

static uint64_t differences(const union words *a, const union words *b)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < WORDS; i++) {
		if (a->word[i] != b->word[i])
			mask |= 1ull << i;
	}
	return mask & ~(BIT(rax) | BIT(rcx) | BIT(r11));
}

void raw_call(uint64_t nr, const uint64_t args[6], struct raw_result *result)
{
	union words in, out;

	fill(&in);
	in.regs.rax = nr;
	in.regs.rdi = args[0];
	in.regs.rsi = args[1];
	in.regs.rdx = args[2];
	in.regs.r10 = args[3];
	in.regs.r8 = args[4];
	in.regs.r9 = args[5];
	in.regs.rsp = 0;
	raw_trap(&in.regs, &out.regs);

	result->rax = out.regs.rax;
	result->rdx = out.regs.rdx;
	result->carry = out.regs.rflags & RAW_CARRY;
	out.regs.rflags &= ~RAW_CARRY;
	result->changed = differences(&in, &out);
}
