// SPDX-License-Identifier: GPL-2.0
/*
 * A native tracer cannot have a CloudABI process make a native system call. It
 * may do whatever ptrace(2) can to the registers: the hook comes after it, and
 * sees what it left there.
 *
 * As everywhere, the same is done to a native process first, where it works.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "effect.h"

/* Newer than some libc. */
#ifndef PTRACE_SYSEMU
#define PTRACE_SYSEMU 31
#endif
#ifndef PTRACE_O_SUSPEND_SECCOMP
#define PTRACE_O_SUSPEND_SECCOMP (1 << 21)
#endif
#ifndef PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG
#define PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG 0x4210
#endif

/* A number that neither ABI has. */
#define NO_CALL 1000

/* How a stop at a system call is told from SIGTRAP. */
#define SYSCALL_STOP (SIGTRAP | 0x80)

/**
 * struct tracer - how a process is traced
 * @request: PTRACE_SYSCALL or PTRACE_SYSEMU
 * @at_entry: called at the entry into a call, may be NULL
 * @at_exit: called at the next exit of a call, once, may be NULL
 * @data: for these
 * @stops: how often the process stopped at a call
 */
struct tracer {
	int request;
	void (*at_entry)(struct door *door, const void *data);
	void (*at_exit)(struct door *door, const void *data);
	const void *data;
	unsigned int stops;
};

/* Stops the program, so that it can be told how to go on. */
static void interrupt(struct __test_metadata *_metadata, struct door *door)
{
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, door->pid, 0, 0));
	while (!door_waited(door))
		nap_us(100);
	ASSERT_FALSE(door->ended);
}

static void seize(struct __test_metadata *_metadata, struct door *door,
		  unsigned long options)
{
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, door->pid, 0,
			    PTRACE_O_TRACESYSGOOD | options));
	interrupt(_metadata, door);
}

static enum door_outcome trace(struct door *door, struct tracer *tracer)
{
	enum door_outcome outcome = DOOR_FAULTED;

	ptrace(tracer->request, door->pid, 0, 0);
	while ((outcome = door_wait(door)) == DOOR_FAULTED) {
		int signal = door->signal;

		if (signal == SYSCALL_STOP) {
			bool entry = ++tracer->stops & 1 ||
				     tracer->request == PTRACE_SYSEMU;

			signal = 0;
			if (entry && tracer->at_entry)
				tracer->at_entry(door, tracer->data);
			if (!entry && tracer->at_exit) {
				tracer->at_exit(door, tracer->data);
				tracer->at_exit = NULL;
			}
		} else if (signal != SIGWINCH) {
			break;
		}
		ptrace(tracer->request, door->pid, 0, signal);
	}
	return outcome;
}

/* Has a batch done while the program is traced. */
static enum door_outcome ask_traced(struct door *door,
				    struct door_request *requests,
				    unsigned int count, struct tracer *tracer)
{
	enum door_outcome outcome;

	if (!door_write(door, DOOR_REQUESTS, requests,
			count * sizeof(*requests)) || !door_go(door, count))
		return DOOR_LOST;
	outcome = trace(door, tracer);
	if (outcome != DOOR_ENDED)
		door_fetch(door, requests, count);
	return outcome;
}

/* Puts the number and the arguments of a struct door_request in place. */
static void rewrite(struct door *door, const void *data)
{
	const struct door_request *want = data;
	bool narrow = want->door != DOOR_SYSCALL;
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, door->pid, 0, &regs))
		return;
	regs.orig_rax = want->number;
	if (narrow) {
		regs.rbx = want->args[0];
		regs.rcx = want->args[1];
		regs.rdx = want->args[2];
		regs.rsi = want->args[3];
		regs.rdi = want->args[4];
		regs.rbp = want->args[5];
	} else {
		regs.rdi = want->args[0];
		regs.rsi = want->args[1];
		regs.rdx = want->args[2];
		regs.r10 = want->args[3];
		regs.r8 = want->args[4];
		regs.r9 = want->args[5];
	}
	ptrace(PTRACE_SETREGS, door->pid, 0, &regs);
}

/*
 * Makes the answer of a call that never was look as if it had been interrupted,
 * so that the kernel makes the native one again.
 */
static void fake_restart(struct door *door, const void *data)
{
	const struct door_request *want = data;
	struct user_regs_struct regs;

	rewrite(door, data);
	if (ptrace(PTRACE_GETREGS, door->pid, 0, &regs))
		return;
	regs.orig_rax = want->number;
	regs.rax = -512; /* ERESTARTSYS */
	ptrace(PTRACE_SETREGS, door->pid, 0, &regs);
	/* The kernel looks at that when there is a signal. */
	kill(door->pid, SIGWINCH);
}

/* The program asks for no call, and the tracer makes it the probe's. */
static void run_rewritten(struct __test_metadata *_metadata,
			  struct scene *scene, const char *program,
			  const struct probe *probe,
			  const struct entry *entry, struct tracer *tracer,
			  struct tried *tried)
{
	static unsigned char space[DOOR_SPACE_SIZE];
	struct door_request want;
	struct door door;

	scene_renew(scene);
	want = probe_request(probe, entry, scene);
	*tried = (struct tried){
		.request = { entry->door, .number = NO_CALL },
	};
	tracer->data = &want;
	tracer->stops = 0;
	ASSERT_EQ(0, door_start(&door, program, NULL, NULL));
	ASSERT_EQ(6, write(door.input, "input\n", 6));
	fill_space(space, probe_is_narrow(probe, entry));
	ASSERT_TRUE(door_write(&door, DOOR_SPACE, space, sizeof(space)));
	seize(_metadata, &door, 0);

	world_look(&before, &door, scene);
	tried->pid = door.pid;
	tried->outcome = ask_traced(&door, &tried->request, 1, tracer);
	world_look(&after, &door, scene);
	tried->changes = world_changes(&before, &after);
	tried->shown = signs(tried, &door);
	tried->signal = door.signal;
	tried->request.number = want.number;
	door_stop(&door);
}

static void try_rewritten(struct __test_metadata *_metadata,
			  struct scene *scene, const struct probe *probe,
			  const struct entry *entry, struct tracer *tracer)
{
	struct shut shut = shut_of(entry);
	struct tried tried;

	if (entry->narrow ? probe->n32 < 0 : probe->n64 < 0)
		SKIP(return, "there is no such call at this door");
	run_rewritten(_metadata, scene, "./native", probe, entry, tracer,
		      &tried);
	judge_native(_metadata, &tried, probe, &shut);
	EXPECT_LT(0, tracer->stops);
	run_rewritten(_metadata, scene, "./cloudabi", probe, entry, tracer,
		      &tried);
	judge_cloudabi(_metadata, &tried, probe, entry, &shut);
	EXPECT_LT(0, tracer->stops);
}

TEST_F(effect, number_and_arguments_rewritten)
{
	struct tracer tracer = { PTRACE_SYSCALL, .at_entry = rewrite };

	try_rewritten(_metadata, &self->scene, &variant->probe,
		      &entry_syscall, &tracer);
}

/* --- Tests with a few calls only ------------------------------------------ */

static const struct probe probe_write = {
	1, 4, OUTPUT, { 1, TEXT, 7 },
};

static const struct probe probe_getpid = { 39, 20, OWN_PID };

static const struct probe probe_mkdir = { 83, 39, FILES, { NEW, 0700 } };

static const struct probe probe_exit_group = { 231, 252, EXIT_42, { 42 } };

FIXTURE(tracer)
{
	struct scene scene;
};

FIXTURE_VARIANT(tracer)
{
	uid_t uid;
};

FIXTURE_VARIANT_ADD(tracer, root)
{
	.uid = 0,
};

FIXTURE_VARIANT_ADD(tracer, same_user)
{
	.uid = 65534,
};

FIXTURE_SETUP(tracer)
{
	ASSERT_EQ(0, setresuid(variant->uid, variant->uid, variant->uid));
	ASSERT_EQ(0, scene_open(&self->scene));
}

FIXTURE_TEARDOWN(tracer)
{
	scene_close(&self->scene);
}

/* A call of CloudABI becomes one of Linux on the way in. */
TEST_F(tracer, rewrites_the_number)
{
	struct tracer tracer = { PTRACE_SYSCALL, .at_entry = rewrite };

	try_rewritten(_metadata, &self->scene, &probe_write, &entry_syscall,
		      &tracer);
	try_rewritten(_metadata, &self->scene, &probe_mkdir, &entry_syscall,
		      &tracer);
	try_rewritten(_metadata, &self->scene, &probe_exit_group,
		      &entry_syscall, &tracer);
}

TEST_F(tracer, rewrites_getpid)
{
	struct tracer tracer = { PTRACE_SYSCALL, .at_entry = rewrite };

	try_rewritten(_metadata, &self->scene, &probe_getpid, &entry_syscall,
		      &tracer);
}

TEST_F(tracer, rewrites_the_number_at_int80)
{
	struct tracer tracer = { PTRACE_SYSCALL, .at_entry = rewrite };

	try_rewritten(_metadata, &self->scene, &probe_write, &entry_int80,
		      &tracer);
	try_rewritten(_metadata, &self->scene, &probe_getpid, &entry_int80,
		      &tracer);
	try_rewritten(_metadata, &self->scene, &probe_mkdir, &entry_int80_32,
		      &tracer);
	try_rewritten(_metadata, &self->scene, &probe_exit_group,
		      &entry_int80_32, &tracer);
}

TEST_F(tracer, fakes_an_interrupted_call)
{
	struct tracer tracer = { PTRACE_SYSCALL, .at_exit = fake_restart };
	struct tried tried;

	run_rewritten(_metadata, &self->scene, "./native", &probe_write,
		      &entry_syscall, &tracer, &tried);
	EXPECT_NE(0, tried.shown & OUTPUT);
	EXPECT_LE(3, tracer.stops);
	tracer.at_exit = fake_restart;
	run_rewritten(_metadata, &self->scene, "./cloudabi", &probe_write,
		      &entry_syscall, &tracer, &tried);
	EXPECT_EQ(0, tried.changes);
	EXPECT_LE(3, tracer.stops);
}

/* Nothing at all is done, be it native or CloudABI. */
TEST_F(tracer, emulates_calls)
{
	struct tracer tracer = { PTRACE_SYSEMU, .at_entry = rewrite };
	struct tried tried;

	run_rewritten(_metadata, &self->scene, "./cloudabi", &probe_write,
		      &entry_syscall, &tracer, &tried);
	EXPECT_EQ(0, tried.changes);
	EXPECT_EQ(DOOR_ANSWERED, tried.outcome);
	EXPECT_EQ(1, tracer.stops);
	run_rewritten(_metadata, &self->scene, "./cloudabi", &probe_exit_group,
		      &entry_syscall, &tracer, &tried);
	EXPECT_EQ(0, tried.changes);
	EXPECT_EQ(DOOR_ANSWERED, tried.outcome);
}

TEST_F(tracer, keeps_proc_exit_from_happening_by_emulation)
{
	struct door_request request = {
		DOOR_SYSCALL, .number = CLOUDABI_NR_proc_exit, .args = { 7 },
	};
	struct tracer emulate = { PTRACE_SYSEMU };
	struct tracer watch = { PTRACE_SYSCALL };
	struct door door;

	ASSERT_EQ(0, door_start(&door, "./cloudabi", NULL, NULL));
	seize(_metadata, &door, 0);
	EXPECT_EQ(DOOR_ANSWERED, ask_traced(&door, &request, 1, &emulate));
	EXPECT_EQ(1, emulate.stops);
	interrupt(_metadata, &door);
	EXPECT_EQ(DOOR_ENDED, ask_traced(&door, &request, 1, &watch));
	EXPECT_EQ(1, watch.stops);
	EXPECT_TRUE(WIFEXITED(door.status));
	EXPECT_EQ(7, WEXITSTATUS(door.status));
	door_stop(&door);
}

/* As strace does: two stops for each call, and the calls are what they were. */
TEST_F(tracer, counts_stops)
{
	enum { CALLS = 9 };
	struct door_request requests[CALLS];
	struct tracer watch = { PTRACE_SYSCALL };
	struct door door;
	unsigned int i;

	for (i = 0; i < CALLS; i++)
		requests[i] = (struct door_request){
			DOOR_SYSCALL, .number = CLOUDABI_NR_thread_yield,
		};
	ASSERT_EQ(0, door_start(&door, "./cloudabi", NULL, NULL));
	seize(_metadata, &door, 0);
	EXPECT_EQ(DOOR_ANSWERED, ask_traced(&door, requests, CALLS, &watch));
	EXPECT_EQ(2 * CALLS, watch.stops);
	for (i = 0; i < CALLS; i++) {
		EXPECT_EQ(0, requests[i].rax);
		EXPECT_EQ(0, requests[i].carry);
	}
	door_stop(&door);
}

static void note_entry(struct door *door, const void *data)
{
	struct __ptrace_syscall_info *info = (void *)data;

	ptrace(PTRACE_GET_SYSCALL_INFO, door->pid, sizeof(*info), info);
}

TEST_F(tracer, sees_the_number)
{
	struct door_request request = {
		DOOR_SYSCALL, .number = CLOUDABI_NR_thread_yield,
		.args = { 11, 12, 13, 14, 15, 16 },
	};
	struct __ptrace_syscall_info info = { 0 };
	struct tracer watch = {
		PTRACE_SYSCALL, .at_entry = note_entry, .data = &info,
	};
	struct door door;

	ASSERT_EQ(0, door_start(&door, "./cloudabi", NULL, NULL));
	seize(_metadata, &door, 0);
	EXPECT_EQ(DOOR_ANSWERED, ask_traced(&door, &request, 1, &watch));
	EXPECT_EQ(1, info.op);
	EXPECT_EQ(CLOUDABI_NR_thread_yield, info.entry.nr);
	EXPECT_EQ(16, info.entry.args[5]);
	door_stop(&door);
}

/*
 * System calls sent to the program's own handler by PTRACE_SET_SYSCALL_USER_
 * DISPATCH_CONFIG: there is no handler, and no call either.
 */
TEST_F(tracer, dispatches_calls_to_user_space)
{
	const uint64_t on[4] = { 1, BUFFER, 0, 0 };
	const uint64_t off[4] = { 0 };
	const unsigned char block = 1;
	struct door_request request = {
		DOOR_SYSCALL, .number = 1, .args = { 1, TEXT, 7 },
	};
	struct door_request yield = {
		DOOR_SYSCALL, .number = CLOUDABI_NR_thread_yield,
	};
	struct tracer watch = { PTRACE_CONT };
	struct door door;

	ASSERT_EQ(0, door_start(&door, "./cloudabi", NULL, NULL));
	seize(_metadata, &door, 0);
	ASSERT_TRUE(door_write(&door, on[1], &block, 1));
	if (ptrace(PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG, door.pid,
		   sizeof(on), on)) {
		door_stop(&door);
		SKIP(return, "the kernel does not have it");
	}
	world_look(&before, &door, &self->scene);
	EXPECT_EQ(DOOR_FAULTED, ask_traced(&door, &request, 1, &watch));
	EXPECT_EQ(SIGSYS, door.signal);
	world_look(&after, &door, &self->scene);
	EXPECT_EQ(0, world_changes(&before, &after));
	ASSERT_EQ(0, ptrace(PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG, door.pid,
			    sizeof(off), off));
	/* It goes on behind the call, and is itself again. */
	EXPECT_EQ(DOOR_ANSWERED, trace(&door, &watch));
	interrupt(_metadata, &door);
	EXPECT_EQ(DOOR_ANSWERED, ask_traced(&door, &yield, 1, &watch));
	EXPECT_EQ(0, yield.rax);
	door_stop(&door);
}

/* --- PTRACE_O_SUSPEND_SECCOMP --------------------------------------------- */

SCENE_FIXTURE(suspend)

static int forbid_write(void *data)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { ARRAY_SIZE(filter), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
		return errno;
	return 0;
}

static void write_suspended(struct __test_metadata *_metadata,
			    struct scene *scene, const char *program,
			    int (*prepare)(void *), unsigned long options,
			    struct tried *tried)
{
	struct door_request requests[] = {
		{ DOOR_SYSCALL, .number = 1, .args = { 1, TEXT, 7 } },
		{ DOOR_SYSCALL, .number = 20, .args = { 1, IOV, 1 } },
		{ DOOR_SYSCALL, .number = 83, .args = { NEW, 0700 } },
		{ DOOR_INT80, .number = 4, .args = { 1, TEXT, 7 } },
	};
	struct tracer run = { PTRACE_CONT };
	static unsigned char space[DOOR_SPACE_SIZE];
	struct door door;

	scene_renew(scene);
	*tried = (struct tried){ .pid = -1 };
	ASSERT_EQ(0, door_start(&door, program, prepare, NULL));
	seize(_metadata, &door, options);
	fill_space(space, false);
	ASSERT_TRUE(door_write(&door, DOOR_SPACE, space, sizeof(space)));
	world_look(&before, &door, scene);
	tried->outcome = ask_traced(&door, requests, 4, &run);
	world_look(&after, &door, scene);
	tried->changes = world_changes(&before, &after);
	tried->request = requests[0];
	door_stop(&door);
}

TEST_F(suspend, changes_nothing)
{
	struct tried tried;

	write_suspended(_metadata, &self->scene, "./native", forbid_write, 0,
			&tried);
	EXPECT_EQ(-EACCES, (long)tried.request.rax);
	write_suspended(_metadata, &self->scene, "./native", forbid_write,
			PTRACE_O_SUSPEND_SECCOMP, &tried);
	EXPECT_EQ(7, tried.request.rax);
	EXPECT_EQ(OUTPUT | FILES, tried.changes);
	write_suspended(_metadata, &self->scene, "./cloudabi", NULL,
			PTRACE_O_SUSPEND_SECCOMP, &tried);
	EXPECT_EQ(DOOR_ANSWERED, tried.outcome);
	EXPECT_EQ(0, tried.changes);
}

TEST_F(suspend, filters_cannot_be_read)
{
	struct door door;

	ASSERT_EQ(0, door_start(&door, "./cloudabi", NULL, NULL));
	seize(_metadata, &door, 0);
	EXPECT_EQ(-1, ptrace(PTRACE_SECCOMP_GET_FILTER, door.pid, 0, NULL));
	EXPECT_EQ(EINVAL, errno);
	door_stop(&door);
}

TEST_HARNESS_MAIN
