/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Doors to the kernel, and tries of them.
 *
 * Each test runs the same program, byte for byte, twice: as a native process,
 * where the call must show its effect, so that the test can fail, and as a
 * CloudABI process, where nothing at all may change (world.h).
 *
 * Some doors exist on some machines only: SYSENTER in 64-bit kernels on Intel's
 * processors, SYSCALL of 32-bit code on AMD's, x32 and the vsyscall page as the
 * kernel's command line says. Where one is shut, it is shut for the native
 * program in the same way, and that is tested.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SELFTESTS_PROBE_H
#define _SELFTESTS_PROBE_H

#include <cpuid.h>
#include <sched.h>
#include <sys/resource.h>

#include "world.h"

#include "kselftest_harness.h"

/* --- The machine ---------------------------------------------------------- */

static bool cpu_is_intel(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid(0, &a, &b, &c, &d) && b == signature_INTEL_ebx;
}

/* Whether a file of words has this one; they end with one of @ends or NUL. */
static bool file_has_word(const char *path, const char *word, const char *ends)
{
	char text[4096], *at, *save;
	FILE *file = fopen(path, "re");
	size_t length, i;

	if (!file)
		return false;
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	for (i = 0; i < length; i++) {
		if (!text[i])
			text[i] = ends[0];
	}
	text[length] = 0;
	for (at = strtok_r(text, ends, &save); at;
	     at = strtok_r(NULL, ends, &save)) {
		if (!strcmp(at, word))
			return true;
	}
	return false;
}

/*
 * Whether the kernel was started with this word and knows it: what means nothing
 * to it becomes a variable of init's environment.
 */
static bool booted_with(const char *word)
{
	return file_has_word("/proc/cmdline", word, " \n") &&
	       !file_has_word("/proc/1/environ", word, "\n");
}

/* --- Doors ---------------------------------------------------------------- */

#define X32_BIT 0x40000000

/**
 * struct entry - a way into the kernel, as the tests know it
 * @door: DOOR_*
 * @narrow: numbers and layouts are those of i386
 * @x32: numbers carry the x32 bit
 * @loses: the kernel goes back to where no code is: the process gets a SIGSEGV,
 *	for native processes too, after the call
 */
struct entry {
	uint32_t door;
	bool narrow;
	bool x32;
	bool loses;
};

static const struct entry entry_syscall = { DOOR_SYSCALL };
static const struct entry entry_x32 = { DOOR_SYSCALL, .x32 = true };
static const struct entry entry_int80 = { DOOR_INT80, .narrow = true };
static const struct entry entry_int80_32 = { DOOR_INT80_32, .narrow = true };

static const struct entry entry_sysenter = {
	DOOR_SYSENTER, .narrow = true, .loses = true,
};

static const struct entry entry_sysenter_32 = {
	DOOR_SYSENTER_32, .narrow = true, .loses = true,
};

static const struct entry entry_syscall_32 = {
	DOOR_SYSCALL_32, .narrow = true, .loses = true,
};

/**
 * struct shut - how a door is shut on this machine
 * @signal: what a process gets, or 0
 * @nosys: native calls answer ENOSYS
 * @maybe_invalid: the instruction is there or is not: a native process tells
 * @unsafe: it cannot be tried
 */
struct shut {
	int signal;
	bool nosys;
	bool maybe_invalid;
	bool unsafe;
};

static inline struct shut shut_of(const struct entry *entry)
{
	bool ia32 = !booted_with("ia32_emulation=0");

	switch (entry->door) {
	case DOOR_SYSENTER:
		if (!cpu_is_intel())
			return (struct shut){ .signal = SIGILL };
		return (struct shut){ .signal = ia32 ? 0 : SIGSEGV };
	case DOOR_SYSENTER_32:
		/* Not on AMD's processors, but QEMU lets its own do it. */
		return (struct shut){
			.signal = ia32 ? 0 : SIGSEGV,
			.maybe_invalid = !cpu_is_intel(),
		};
	case DOOR_SYSCALL_32:
		/* Intel has none, and QEMU runs into the void. */
		return (struct shut){ .unsafe = cpu_is_intel(),
				      .nosys = !ia32 };
	case DOOR_INT80:
	case DOOR_INT80_32:
		return (struct shut){ .signal = ia32 ? 0 : SIGSEGV };
	default:
		return (struct shut){
			.nosys = entry->x32 && !booted_with("syscall.x32=y"),
		};
	}
}

/* --- What calls are tried with -------------------------------------------- */

/* Places in DOOR_SPACE. */
enum {
	TEXT = DOOR_SPACE,
	NEW = DOOR_SPACE + 0x40,
	OLD = DOOR_SPACE + 0x60,
	DIR_ = DOOR_SPACE + 0x80,
	OTHER = DOOR_SPACE + 0xa0,
	TMPFS = DOOR_SPACE + 0xc0,
	LINK = DOOR_SPACE + 0xe0,
	NAME = DOOR_SPACE + 0x100,
	CLONE = DOOR_SPACE + 0x140,	/* struct clone_args: a child */
	IOV = DOOR_SPACE + 0x200,	/* of TEXT */
	IOV_IN = DOOR_SPACE + 0x220,	/* of BUFFER */
	IOV_FAR = DOOR_SPACE + 0x240,	/* of the victim's word */
	ARGV = DOOR_SPACE + 0x260,	/* OTHER */
	ACTION = DOOR_SPACE + 0x280,	/* SIG_IGN */
	SET = DOOR_SPACE + 0x2c0,	/* SIGTERM */
	LIMIT = DOOR_SPACE + 0x2e0,	/* 7, 7, by the width of the door */
	LIMIT64 = DOOR_SPACE + 0x300,
	ZEROS = DOOR_SPACE + 0x400,
	ARRAY_MAP = DOOR_SPACE + 0x500,	/* union bpf_attr */
	SOFTWARE = DOOR_SPACE + 0x600,	/* struct perf_event_attr */
	HOW = DOOR_SPACE + 0x700,	/* struct open_how: create */
	CAPABILITIES = DOOR_SPACE + 0x740, /* header */
	DESCRIPTOR = DOOR_SPACE + 0x780, /* struct user_desc */
	RSEQ = DOOR_SPACE + 0x7c0,
	BUFFER = DOOR_SPACE + 0x1000,
	PAGE = DOOR_SPACE + DOOR_SPACE_SIZE,
	FREE_ADDRESS = 0x30000000,
};

static const char text[] = "marker\n";

/* Arguments that only the test knows when it runs. */
#define VICTIM	(-1000LL)
#define AT_CWD	(-100LL)

/* Signs of success besides changes of the world. */
#define OWN_PID		(1u << 20)	/* the answer is the process's id */
#define PARENT_PID	(1u << 21)
#define EXIT_42		(1u << 22)	/* the process exited with 42 */
#define SLEEPS		(1u << 23)	/* the call does not return */
#define BECOMES		(1u << 24)	/* another program */

#define OUTPUT	WORLD_BIT(OUTPUT)
#define INPUT	WORLD_BIT(INPUT)
#define FILES	WORLD_BIT(FILES)
#define VICTIM_	WORLD_BIT(VICTIM)
#define HOST	WORLD_BIT(HOST)
#define FAMILY	WORLD_BIT(FAMILY)
#define STATUS	WORLD_BIT(STATUS)
#define FDS	WORLD_BIT(FDS)
#define LIMITS	WORLD_BIT(LIMITS)
#define MAPS	WORLD_BIT(MAPS)
#define PLACE	WORLD_BIT(PLACE)
#define SCHED	WORLD_BIT(SCHED)
#define SPACE	WORLD_BIT(SPACE)

static void put(unsigned char *space, unsigned int place, const void *bytes,
		size_t size)
{
	memcpy(space + place - DOOR_SPACE, bytes, size);
}

static void put_u64(unsigned char *space, unsigned int place, uint64_t value)
{
	put(space, place, &value, sizeof(value));
}

/* Puts words of the width that a door's structures have. */
static void put_words(unsigned char *space, unsigned int place, bool narrow,
		      uint64_t first, uint64_t second)
{
	size_t size = narrow ? 4 : 8;

	put(space, place, &first, size);
	put(space, place + size, &second, size);
}

static void put_string(unsigned char *space, unsigned int place,
		       const char *string)
{
	put(space, place, string, strlen(string) + 1);
}

static void fill_space(unsigned char *space, bool narrow)
{
	memset(space, 0, DOOR_SPACE_SIZE);
	memset(space + BUFFER - DOOR_SPACE, 0xa5, 0x1000);
	put_string(space, TEXT, text);
	put_string(space, NEW, "new");
	put_string(space, OLD, "old");
	put_string(space, DIR_, "dir");
	put_string(space, OTHER, "other");
	put_string(space, TMPFS, "tmpfs");
	put_string(space, LINK, "link");
	put_string(space, NAME, "renamed");
	put_u64(space, CLONE + 32, SIGCHLD);
	put_words(space, IOV, narrow, TEXT, 7);
	put_words(space, IOV_IN, narrow, BUFFER, 3);
	put_words(space, IOV_FAR, narrow, (unsigned long)&scene_word, 4);
	put_words(space, ARGV, narrow, OTHER, 0);
	put_words(space, ACTION, narrow, 1, 0);
	put_u64(space, SET, 1 << (SIGTERM - 1));
	put_words(space, LIMIT, narrow, 7, 7);
	put_words(space, LIMIT64, false, 7, 7);
	/* Type array, key and value of 4 bytes, 1 entry. */
	put_u64(space, ARRAY_MAP, 2 | 4ULL << 32);
	put_u64(space, ARRAY_MAP + 8, 4 | 1ULL << 32);
	/* Type software, size, event 0: the CPU clock. */
	put_u64(space, SOFTWARE, 1 | 112ULL << 32);
	put_u64(space, HOW, O_CREAT | O_RDWR);
	put_u64(space, HOW + 8, 0600);
	put_u64(space, CAPABILITIES, 0x20080522);
	/* Any entry, base 0, limit 1, 32-bit. */
	put_u64(space, DESCRIPTOR, 0xffffffff);
	put_u64(space, DESCRIPTOR + 8, 1 | 1ULL << 32);
	/* On no CPU yet. */
	put_u64(space, RSEQ, ~0ULL);
}

/* --- One try -------------------------------------------------------------- */

/**
 * struct tried - what became of a request
 * @outcome: of the batch
 * @request: with the answer
 * @changes: sections of the world that changed
 * @shown: the same and the other signs of struct probe
 * @pid: the process
 * @signal: what it was killed by, or would be
 */
struct tried {
	enum door_outcome outcome;
	struct door_request request;
	unsigned int changes;
	unsigned int shown;
	pid_t pid;
	int signal;
};

static struct world before, after;

static unsigned int signs(const struct tried *tried, const struct door *door)
{
	unsigned int shown = tried->changes;
	bool answered = tried->outcome == DOOR_ANSWERED ||
			tried->outcome == DOOR_FAULTED;

	if (answered && tried->request.rax == (uint64_t)door->pid)
		shown |= OWN_PID;
	if (answered && tried->request.rax == (uint64_t)getpid())
		shown |= PARENT_PID;
	if (tried->outcome == DOOR_ENDED && WIFEXITED(door->status) &&
	    WEXITSTATUS(door->status) == 42)
		shown |= EXIT_42;
	if (tried->outcome == DOOR_ASLEEP)
		shown |= SLEEPS;
	if (tried->outcome == DOOR_RESTARTED)
		shown |= BECOMES;
	return shown;
}

/* Takes the answer from the registers where the program could not. */
static void take_registers(struct tried *tried, const struct door *door)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, door->pid, 0, &regs))
		return;
	tried->request.rax = regs.rax;
	tried->request.carry = regs.eflags & 1;
}

/* Does tried->request in a scene that is fresh. */
static inline void run_request(struct __test_metadata *_metadata,
			       struct scene *scene, const char *program,
			       bool narrow, bool seize, struct tried *tried)
{
	static unsigned char space[DOOR_SPACE_SIZE];
	struct door door;

	ASSERT_EQ(0, door_start(&door, program, NULL, NULL));
	ASSERT_EQ(6, write(door.input, "input\n", 6));
	if (seize)
		ASSERT_EQ(0, door_seize(&door));
	fill_space(space, narrow);
	ASSERT_TRUE(door_write(&door, DOOR_SPACE, space, sizeof(space)));

	world_look(&before, &door, scene);
	tried->pid = door.pid;
	tried->outcome = door_ask(&door, &tried->request, 1);
	if (tried->outcome == DOOR_FAULTED)
		take_registers(tried, &door);
	world_look(&after, &door, scene);
	tried->changes = world_changes(&before, &after);
	tried->shown = signs(tried, &door);
	tried->signal = door.signal;
	if (door.ended && WIFSIGNALED(door.status))
		tried->signal = WTERMSIG(door.status);
	door_stop(&door);
	/* What it would have died of it died of. */
	if (tried->outcome == DOOR_FAULTED && !WIFSIGNALED(door.status))
		tried->outcome = DOOR_LOST;
}

/* Says what changed although it should not have. */
static inline void tell_changes(struct __test_metadata *_metadata,
				unsigned int changes)
{
	unsigned int i;

	for (i = 0; i < WORLD_COUNT; i++) {
		if (changes & 1u << i)
			TH_LOG("%s: %s", world_section_name(i),
			       world_difference(&before, &after, i));
	}
}

/* A fixture that has a scene. */
#define SCENE_FIXTURE(name)						\
	FIXTURE(name)							\
	{								\
		struct scene scene;					\
	};								\
	FIXTURE_SETUP(name)						\
	{								\
		ASSERT_EQ(0, scene_open(&self->scene));			\
	}								\
	FIXTURE_TEARDOWN(name)						\
	{								\
		scene_close(&self->scene);				\
	}

#endif /* _SELFTESTS_PROBE_H */
