/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Very many calls of one CloudABI process, none of which may do anything.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SELFTESTS_SWEEP_H
#define _SELFTESTS_SWEEP_H

#include "probe.h"

/* Numbers that native kernels may have or get. */
#define NUMBERS 1024

#define SWEEP_ARGS 8

/* Arguments by which one call or another would do something that shows. */
static void sweep_args(const struct scene *scene, unsigned int which,
		       uint64_t args[6])
{
	const long long sets[SWEEP_ARGS][6] = {
		{ 0 },
		{ 1, TEXT, 7 },
		{ NEW, O_CREAT | O_RDWR, 0600, OLD, DIR_ },
		{ AT_CWD, NEW, O_CREAT | O_RDWR, 0600 },
		{ scene->victim, SIGKILL, SIGKILL },
		{ FREE_ADDRESS, 4096, 3, 0x32, -1 },
		{ BUFFER, BUFFER + 64, BUFFER + 128, BUFFER + 192,
		  BUFFER + 256, BUFFER + 320 },
		{ SIGCHLD, 42, 42, 42, 42, 42 },
	};
	unsigned int i;

	for (i = 0; i < 6; i++)
		args[i] = sets[which][i];
}

/**
 * struct sweep - many requests to one CloudABI process
 * @door: the process
 * @requests: the batch that is being filled
 * @count: how many these are
 * @total: how many were done
 * @wrong: how many of those had a wrong answer
 * @loses: each ends in SIGSEGV, after which the process is put back on its feet
 */
struct sweep {
	struct door door;
	struct door_request requests[DOOR_MAX_REQUESTS];
	unsigned int count;
	unsigned int total;
	unsigned int wrong;
	bool loses;
};

static struct sweep sweep;

static void sweep_start(struct __test_metadata *_metadata,
			struct scene *scene, bool narrow, bool loses)
{
	static unsigned char space[DOOR_SPACE_SIZE];

	scene_renew(scene);
	sweep = (struct sweep){ .loses = loses };
	ASSERT_EQ(0, door_start(&sweep.door, "./cloudabi", NULL, NULL));
	ASSERT_EQ(6, write(sweep.door.input, "input\n", 6));
	if (loses)
		ASSERT_EQ(0, door_seize(&sweep.door));
	fill_space(space, narrow);
	ASSERT_TRUE(door_write(&sweep.door, DOOR_SPACE, space, sizeof(space)));
	world_look(&before, &sweep.door, scene);
}

/* Has the program note the answer as if it had come back by itself. */
static bool put_on_feet(const struct door *door)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, door->pid, 0, &regs))
		return false;
	regs.cs = 0x33;
	regs.rip = DOOR_TEXT + door_answered_offset;
	return !ptrace(PTRACE_SETREGS, door->pid, 0, &regs) &&
	       !ptrace(PTRACE_CONT, door->pid, 0, 0);
}

static void sweep_judge(struct __test_metadata *_metadata,
			const struct door_request *request)
{
	if (request->answered && request->rax == CLOUDABI_ENOSYS &&
	    request->carry)
		return;
	if (sweep.wrong++ < 5)
		TH_LOG("number %#llx (%#llx, %#llx ...): %s %#llx carry %llu",
		       (unsigned long long)request->number,
		       (unsigned long long)request->args[0],
		       (unsigned long long)request->args[1],
		       request->answered ? "answer" : "no answer",
		       (unsigned long long)request->rax,
		       (unsigned long long)request->carry);
}

static void sweep_flush(struct __test_metadata *_metadata)
{
	enum door_outcome outcome;
	unsigned int i;

	outcome = door_ask(&sweep.door, sweep.requests, sweep.count);
	while (sweep.loses && outcome == DOOR_FAULTED &&
	       sweep.door.signal == SIGSEGV) {
		if (!put_on_feet(&sweep.door))
			break;
		outcome = door_wait(&sweep.door);
	}
	if (sweep.loses)
		door_fetch(&sweep.door, sweep.requests, sweep.count);
	ASSERT_EQ(DOOR_ANSWERED, outcome) {
		TH_LOG("%s, signal %d, status %#x",
		       door_outcome_name(outcome), sweep.door.signal,
		       sweep.door.status);
	}
	for (i = 0; i < sweep.count; i++)
		sweep_judge(_metadata, &sweep.requests[i]);
	sweep.total += sweep.count;
	sweep.count = 0;
}

static void sweep_add(struct __test_metadata *_metadata, uint32_t door,
		      uint64_t number, const uint64_t args[6])
{
	struct door_request *request = &sweep.requests[sweep.count++];

	*request = (struct door_request){ .door = door, .number = number };
	memcpy(request->args, args, sizeof(request->args));
	if (sweep.count == DOOR_MAX_REQUESTS)
		sweep_flush(_metadata);
}

static void sweep_end(struct __test_metadata *_metadata, struct scene *scene)
{
	unsigned int changes;

	if (sweep.count)
		sweep_flush(_metadata);
	world_look(&after, &sweep.door, scene);
	changes = world_changes(&before, &after);
	EXPECT_EQ(0, sweep.wrong);
	EXPECT_EQ(0, changes) {
		tell_changes(_metadata, changes);
	}
	EXPECT_LT(0, sweep.total);
	TH_LOG("%u calls", sweep.total);
	door_stop(&sweep.door);
}

/* All numbers from @first on, with all sets of arguments. */
static void try_numbers(struct __test_metadata *_metadata,
			struct scene *scene, const struct entry *entry,
			uint64_t first)
{
	struct shut shut = shut_of(entry);
	uint64_t number, args[6];
	unsigned int set;

	if (shut.unsafe || shut.signal)
		SKIP(return, "this machine has no such door");
	sweep_start(_metadata, scene, entry->narrow, entry->loses);
	for (number = first; number < NUMBERS; number++) {
		for (set = 0; set < SWEEP_ARGS; set++) {
			sweep_args(scene, set, args);
			sweep_add(_metadata, entry->door,
				  number | (entry->x32 ? X32_BIT : 0), args);
		}
	}
	sweep_end(_metadata, scene);
}

#endif /* _SELFTESTS_SWEEP_H */
