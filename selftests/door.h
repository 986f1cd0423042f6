/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program that goes into the kernel by whatever way it is told to, and says
 * what came back: door.S. launch.h starts it, and asks it.
 *
 * It has no system calls of its own. It waits, spinning, for requests that the
 * test writes into its memory, and leaves the answers there. So it is the same
 * program, byte for byte, as a native process and as a CloudABI one: only
 * EI_OSABI of the file differs.
 *
 * All of it lies below 4 GB, for the sake of the 32-bit entries.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SELFTESTS_DOOR_H
#define _SELFTESTS_DOOR_H

/* Ways into the kernel, and what is none. */
#define DOOR_SYSCALL		0	/* number in rax */
#define DOOR_INT80		1	/* int $0x80 */
#define DOOR_SYSENTER		2
#define DOOR_VSYSCALL		3	/* call of the address in `number` */
#define DOOR_INT80_32		4	/* the same in compatibility mode */
#define DOOR_SYSENTER_32	5
#define DOOR_SYSENTER_32_NOSTACK 6	/* with an ebp that points nowhere */
#define DOOR_SYSCALL_32		7
#define DOOR_INT81		8
#define DOOR_INT3		9
#define DOOR_INT4		10
#define DOOR_HLT		11
#define DOOR_OUT		12
#define DOOR_CLI		13
#define DOOR_UD2		14
#define DOOR_LCALL		15	/* lcall $7, of old the gate of iBCS */
#define DOOR_TOUCH		16	/* writes to the address in `number` */
#define DOOR_COUNT		17

/* Where the program lies. */
#define DOOR_TEXT		0x10000000
#define DOOR_DATA		0x10100000
#define DOOR_DATA_SIZE		0x100000
#define DOOR_STACK		(DOOR_DATA + DOOR_DATA_SIZE)

/* What it and the test tell each other: struct door_control. */
#define DOOR_READY		(DOOR_DATA + 0)
#define DOOR_GO			(DOOR_DATA + 4)
#define DOOR_DONE		(DOOR_DATA + 8)
#define DOOR_CURRENT		(DOOR_DATA + 16)
#define DOOR_END		(DOOR_DATA + 24)
#define DOOR_RAX		(DOOR_DATA + 32)
#define DOOR_RDX		(DOOR_DATA + 40)
#define DOOR_CARRY		(DOOR_DATA + 48)

/* struct door_request[]. */
#define DOOR_REQUESTS		(DOOR_DATA + 0x1000)
#define DOOR_MAX_REQUESTS	4096
#define DOOR_REQUEST_SIZE	88
#define DOOR_REQUEST_DOOR	0
#define DOOR_REQUEST_ANSWERED	4
#define DOOR_REQUEST_NUMBER	8
#define DOOR_REQUEST_ARG(n)	(16 + 8 * (n))
#define DOOR_REQUEST_RAX	64
#define DOOR_REQUEST_RDX	72
#define DOOR_REQUEST_CARRY	80

/* Memory for what the arguments of calls point to. */
#define DOOR_SPACE		(DOOR_DATA + 0x80000)
#define DOOR_SPACE_SIZE		0x4000

#ifndef __ASSEMBLER__

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct door_control - what lies at DOOR_DATA
 * @ready: the program has started
 * @go: number of the last batch that it was told to do
 * @done: number of the last batch that it did
 * @current: address of the request that it is at
 * @end: address behind the last request
 * @rax: result of the current one, while it is being noted
 * @rdx: as @rax
 * @carry: as @rax
 */
struct door_control {
	uint32_t ready;
	uint32_t go;
	uint32_t done;
	uint32_t unused;
	uint64_t current;
	uint64_t end;
	uint64_t rax;
	uint64_t rdx;
	uint64_t carry;
};

/**
 * struct door_request - one try
 * @door: DOOR_*
 * @answered: set to 1 when the program went on
 * @number: number of the call; all 64 bits go into rax where that is possible
 * @args: arguments, in the registers of the entry
 * @rax: what came back
 * @rdx: what came back
 * @carry: the carry flag, which was clear before
 */
struct door_request {
	uint32_t door;
	uint32_t answered;
	uint64_t number;
	uint64_t args[6];
	uint64_t rax;
	uint64_t rdx;
	uint64_t carry;
};

#define DOOR_LAYOUT(member, constant)					\
	static_assert(offsetof(struct door_control, member) + DOOR_DATA	\
		      == constant, "layout of door.S")
DOOR_LAYOUT(ready, DOOR_READY);
DOOR_LAYOUT(go, DOOR_GO);
DOOR_LAYOUT(done, DOOR_DONE);
DOOR_LAYOUT(current, DOOR_CURRENT);
DOOR_LAYOUT(end, DOOR_END);
DOOR_LAYOUT(rax, DOOR_RAX);
DOOR_LAYOUT(rdx, DOOR_RDX);
DOOR_LAYOUT(carry, DOOR_CARRY);
#undef DOOR_LAYOUT

#define DOOR_LAYOUT(member, constant)					\
	static_assert(offsetof(struct door_request, member) == constant,\
		      "layout of door.S")
DOOR_LAYOUT(door, DOOR_REQUEST_DOOR);
DOOR_LAYOUT(answered, DOOR_REQUEST_ANSWERED);
DOOR_LAYOUT(number, DOOR_REQUEST_NUMBER);
DOOR_LAYOUT(args[5], DOOR_REQUEST_ARG(5));
DOOR_LAYOUT(rax, DOOR_REQUEST_RAX);
DOOR_LAYOUT(rdx, DOOR_REQUEST_RDX);
DOOR_LAYOUT(carry, DOOR_REQUEST_CARRY);
#undef DOOR_LAYOUT

static_assert(sizeof(struct door_request) == DOOR_REQUEST_SIZE,
	      "layout of door.S");
static_assert(DOOR_REQUESTS + DOOR_MAX_REQUESTS * DOOR_REQUEST_SIZE <=
	      DOOR_SPACE, "requests overlap what they point to");

/* The machine code, to be mapped at DOOR_TEXT, where it starts. */
extern const unsigned char door_text[], door_text_end[];

/* Where it goes on after an answer, as an offset. */
extern const uint32_t door_answered_offset;

#endif /* __ASSEMBLER__ */

#endif /* _SELFTESTS_DOOR_H */
