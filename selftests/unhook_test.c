// SPDX-License-Identifier: GPL-2.0
/*
 * A CloudABI process whose hook is gone dies at its next call, before that does
 * anything. This has a boot of its own: unhook.ko takes the hook away for good,
 * and the kernel warns, once, that a dead task makes calls.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "probe.h"
#include "modules.h"

/* Native calls that write, at each door that does not lose its way. */
static const struct door_request calls[] = {
	{ DOOR_SYSCALL, .number = 1, .args = { 1, TEXT, 7 } },
	{ DOOR_SYSCALL, .number = 83, .args = { NEW, 0700 } },
	{ DOOR_SYSCALL, .number = 57 },
	{ DOOR_SYSCALL, .number = 231, .args = { 42 } },
	{ DOOR_SYSCALL, .number = CLOUDABI_NR_thread_yield },
	{ DOOR_SYSCALL, .number = CLOUDABI_NR_proc_exit, .args = { 7 } },
	/* What strict mode would let through: read, exit and rt_sigreturn. */
	{ DOOR_SYSCALL, .number = 0, .args = { 0, BUFFER, 3 } },
	{ DOOR_SYSCALL, .number = 60, .args = { 42 } },
	{ DOOR_SYSCALL, .number = 15 },
	{ DOOR_SYSCALL, .number = -1ULL },
	{ DOOR_SYSCALL, .number = X32_BIT | 1, .args = { 1, TEXT, 7 } },
	{ DOOR_INT80, .number = 4, .args = { 1, TEXT, 7 } },
	{ DOOR_INT80, .number = 39, .args = { NEW, 0700 } },
	{ DOOR_INT80_32, .number = 4, .args = { 1, TEXT, 7 } },
	{ DOOR_SYSCALL_32, .number = 4, .args = { 1, TEXT, 7 } },
	{ DOOR_SYSENTER_32, .number = 4, .args = { 1, TEXT, 7 } },
	{ DOOR_SYSENTER, .number = 4, .args = { 1, TEXT, 7 } },
	{ DOOR_VSYSCALL, .number = 0xffffffffff600000, .args = { BUFFER } },
};

SCENE_FIXTURE(unhooked)

static bool can_be_tried(const struct door_request *call)
{
	return call->door != DOOR_SYSCALL_32 || !cpu_is_intel();
}

static void start(struct __test_metadata *_metadata, struct scene *scene,
		  struct door *door)
{
	static unsigned char space[DOOR_SPACE_SIZE];

	ASSERT_EQ(0, door_start(door, "./cloudabi", NULL, NULL));
	ASSERT_EQ(6, write(door->input, "input\n", 6));
	fill_space(space, false);
	ASSERT_TRUE(door_write(door, DOOR_SPACE, space, sizeof(space)));
}

/* The signal that a call ends in, now that there is no hook. */
static int expected_signal(const struct door_request *call, int got)
{
	if (call->door == DOOR_SYSENTER && !cpu_is_intel())
		return SIGILL;
	if (call->door == DOOR_SYSENTER_32 && got == SIGILL)
		return SIGILL;
	return SIGKILL;
}

static void expect_death(struct __test_metadata *_metadata,
			 struct scene *scene, struct door *door,
			 const struct door_request *call)
{
	struct door_request request = *call;
	int sig;

	world_look(&before, door, scene);
	EXPECT_EQ(DOOR_ENDED, door_ask(door, &request, 1));
	world_look(&after, door, scene);
	sig = WIFSIGNALED(door->status) ? WTERMSIG(door->status) : 0;
	EXPECT_EQ(expected_signal(call, sig), sig) {
		TH_LOG("door %u number %#llx", call->door,
		       (unsigned long long)call->number);
	}
	EXPECT_EQ(0, world_changes(&before, &after)) {
		TH_LOG("door %u number %#llx", call->door,
		       (unsigned long long)call->number);
		tell_changes(_metadata, world_changes(&before, &after));
	}
}

/* The control: with the hook, processes live and calls are answered. */
TEST_F(unhooked, not_yet)
{
	struct door_request request = calls[1];
	struct door door;

	ASSERT_EQ(0, load_module("cloudabi", ""));
	start(_metadata, &self->scene, &door);
	EXPECT_EQ(DOOR_ANSWERED, door_ask(&door, &request, 1));
	EXPECT_EQ(CLOUDABI_ENOSYS, request.rax);
	door_stop(&door);
}

/* Has a process wait in a call of CloudABI, with a native one to come. */
static void start_waiting(struct __test_metadata *_metadata,
			  struct door *door)
{
	struct door_request requests[] = {
		{ DOOR_SYSCALL, .number = CLOUDABI_NR_fd_read,
		  .args = { 0, IOV_IN, 1 } },
		calls[0],
	};
	static unsigned char space[DOOR_SPACE_SIZE];

	ASSERT_EQ(0, door_start(door, "./cloudabi", NULL, NULL));
	fill_space(space, false);
	ASSERT_TRUE(door_write(door, DOOR_SPACE, space, sizeof(space)));
	ASSERT_EQ(DOOR_ASLEEP, door_ask(door, requests, 2));
}

TEST_F_TIMEOUT(unhooked, living_processes_die_at_their_next_call, 120)
{
	static struct door doors[ARRAY_SIZE(calls)];
	struct door waiting;
	char written[16];
	size_t i;

	ASSERT_LE(0, module_users("cloudabi"));
	start_waiting(_metadata, &waiting);
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		start(_metadata, &self->scene, &doors[i]);
	ASSERT_EQ(0, load_module("unhook", ""));
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		/* Spinning takes no calls: they are all still there. */
		EXPECT_FALSE(door_waited(&doors[i]));
		if (can_be_tried(&calls[i]))
			expect_death(_metadata, &self->scene, &doors[i],
				     &calls[i]);
		door_stop(&doors[i]);
		self->scene.written_len = 0;
	}
	/* The call that it is in comes to its end, the next one does not. */
	EXPECT_FALSE(door_waited(&waiting));
	ASSERT_EQ(6, write(waiting.input, "input\n", 6));
	EXPECT_EQ(DOOR_ENDED, door_wait(&waiting));
	EXPECT_EQ(SIGKILL, WTERMSIG(waiting.status));
	EXPECT_EQ(0, read(waiting.output, written, sizeof(written)));
	door_stop(&waiting);
}

TEST_F_TIMEOUT(unhooked, new_processes_die_at_their_first_call, 120)
{
	struct door door;
	size_t i;

	ASSERT_LE(0, module_users("unhook"));
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		if (!can_be_tried(&calls[i]))
			continue;
		start(_metadata, &self->scene, &door);
		expect_death(_metadata, &self->scene, &door, &calls[i]);
		door_stop(&door);
	}
}

TEST_F(unhooked, traced_processes_die_too)
{
	struct door_request request = calls[0];
	struct door door;
	int status;

	ASSERT_LE(0, module_users("unhook"));
	start(_metadata, &self->scene, &door);
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, door.pid, 0,
			    PTRACE_O_TRACESYSGOOD));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, door.pid, 0, 0));
	ASSERT_EQ(door.pid, waitpid(door.pid, &status, __WALL));
	ASSERT_TRUE(door_write(&door, DOOR_REQUESTS, &request,
			       sizeof(request)));
	ASSERT_TRUE(door_go(&door, 1));
	ASSERT_EQ(0, ptrace(PTRACE_SYSCALL, door.pid, 0, 0));
	ASSERT_EQ(door.pid, waitpid(door.pid, &status, __WALL));
	EXPECT_EQ(SIGTRAP | 0x80, WSTOPSIG(status));
	ASSERT_EQ(0, ptrace(PTRACE_SYSCALL, door.pid, 0, 0));
	EXPECT_EQ(DOOR_ENDED, door_wait(&door));
	EXPECT_EQ(SIGKILL, WTERMSIG(door.status));
	EXPECT_GE(0, read(door.output, &status, sizeof(status)));
	door_stop(&door);
}

static int forbid_getppid(void *data)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { ARRAY_SIZE(filter), filter };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) ?
		errno : 0;
}

/* Others never noticed that there was a hook. */
TEST_F(unhooked, native_processes_live_on)
{
	struct door_request requests[] = {
		{ DOOR_SYSCALL, .number = SYS_getpid },
		{ DOOR_SYSCALL, .number = SYS_getppid },
	};
	struct door door;

	ASSERT_LE(0, module_users("unhook"));
	ASSERT_EQ(0, door_start(&door, "./native", NULL, NULL));
	EXPECT_EQ(DOOR_ANSWERED, door_ask(&door, requests, 2));
	EXPECT_EQ(door.pid, requests[0].rax);
	EXPECT_EQ(getpid(), requests[1].rax);
	door_stop(&door);
	ASSERT_EQ(0, door_start(&door, "./native", forbid_getppid, NULL));
	EXPECT_EQ(DOOR_ANSWERED, door_ask(&door, requests, 2));
	EXPECT_EQ(door.pid, requests[0].rax);
	EXPECT_EQ(-EACCES, (long)requests[1].rax);
	door_stop(&door);
}

TEST_HARNESS_MAIN
