/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Native system calls whose effect shows, tried at a door: the fixture `effect`
 * has a variant for each of them.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SELFTESTS_EFFECT_H
#define _SELFTESTS_EFFECT_H

#include "probe.h"

/**
 * struct probe - a native call whose effect shows
 * @n64: its number on x86-64, -1 if there is none or it means the same in
 *	CloudABI
 * @n32: its number on i386, -1 if there is none
 * @shows: what must be seen when it works, any of it
 * @args: its arguments
 */
struct probe {
	int n64;
	int n32;
	unsigned int shows;
	long long args[6];
};

#define CLONE_A_THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | \
			CLONE_THREAD | CLONE_SYSVSEM)

/* X(name, number on x86-64, number on i386, effect, arguments...) */
#define PROBES(X)							\
	/* What it has. */						\
	X(write, 1, 4, OUTPUT, 1, TEXT, 7)				\
	X(writev, 20, 146, OUTPUT, 1, IOV, 1)				\
	X(vmsplice, 278, 316, OUTPUT, 1, IOV, 1, 0)			\
	X(read, 0, 3, INPUT, 0, BUFFER, 3)				\
	X(readv, 19, 145, INPUT, 0, IOV_IN, 1)				\
	X(close, -1, 6, FDS, 2)						\
	X(close_range, 436, 436, FDS, 0, 100, 0)			\
	X(dup, 32, 41, FDS, 1)						\
	X(dup2, 33, 63, FDS, 1, 77)					\
	X(dup3, 292, 330, FDS, 1, 77, 0)				\
	X(fcntl, 72, 55, FDS, 1, F_DUPFD, 77)				\
	/* Files by name. */						\
	X(open, 2, 5, FILES, NEW, O_CREAT | O_RDWR, 0600)		\
	X(openat, 257, 295, FILES, AT_CWD, NEW, O_CREAT | O_RDWR, 0600) \
	X(openat2, 437, 437, FILES, AT_CWD, NEW, HOW, 24)		\
	X(creat, 85, 8, FILES, NEW, 0600)				\
	X(mkdir, 83, 39, FILES, NEW, 0700)				\
	X(mkdirat, 258, 296, FILES, AT_CWD, NEW, 0700)			\
	X(mknod, 133, 14, FILES, NEW, S_IFREG | 0600, 0)		\
	X(symlink, 88, 83, FILES, OLD, NEW)				\
	X(link, 86, 9, FILES, OLD, NEW)					\
	X(rename, 82, 38, FILES, OLD, NEW)				\
	X(unlink, 87, 10, FILES, OLD)					\
	X(unlinkat, 263, 301, FILES, AT_CWD, OLD, 0)			\
	X(rmdir, 84, 40, FILES, DIR_)					\
	X(truncate, 76, 92, FILES, OLD, 3)				\
	X(chmod, 90, 15, FILES, OLD, 0400)				\
	X(chown, 92, 212, FILES, OLD, 4321, 4321)			\
	X(readlink, 89, 85, SPACE, LINK, BUFFER, 16)			\
	X(stat, 4, 195, SPACE, OLD, BUFFER)				\
	X(newfstatat, 262, 300, SPACE, AT_CWD, OLD, BUFFER, 0)		\
	X(statx, 332, 383, SPACE, AT_CWD, OLD, 0, 0x7ff, BUFFER)	\
	X(statfs, 137, 99, SPACE, OLD, BUFFER)				\
	X(getcwd, 79, 183, SPACE, BUFFER, 200)				\
	X(chdir, 80, 12, PLACE, DIR_)					\
	X(chroot, 161, 61, PLACE, DIR_)					\
	X(mount, 165, 21, HOST, TMPFS, DIR_, TMPFS, 0, 0)		\
	/* New descriptors. */						\
	X(pipe, 22, 42, FDS, BUFFER)					\
	X(pipe2, 293, 331, FDS, BUFFER, 0)				\
	X(socket, 41, 359, FDS, 1, 1, 0)				\
	X(socketpair, 53, 360, FDS, 1, 1, 0, BUFFER)			\
	X(epoll_create1, 291, 329, FDS, 0)				\
	X(eventfd2, 290, 328, FDS, 0, 0)				\
	X(timerfd_create, 283, 322, FDS, 1, 0)				\
	X(signalfd4, 289, 327, FDS, -1, SET, 8, 0)			\
	X(inotify_init1, 294, 332, FDS, 0)				\
	X(fanotify_init, 300, 338, FDS, 0, 0)				\
	X(memfd_create, 319, 356, FDS, TEXT, 0)				\
	X(userfaultfd, 323, 374, FDS, 0)				\
	X(io_uring_setup, 425, 425, FDS, 4, ZEROS)			\
	X(pidfd_open, 434, 434, FDS, VICTIM, 0)				\
	X(perf_event_open, 298, 336, FDS, SOFTWARE, -1, 0, -1, 0)	\
	X(bpf, 321, 357, FDS, 0, ARRAY_MAP, 72)				\
	X(fsopen, 430, 430, FDS, TMPFS, 0)				\
	X(open_tree, 428, 428, FDS, AT_CWD, OLD, 0)			\
	X(mq_open, 240, 277, FDS, NAME, O_CREAT | O_RDWR, 0600, 0)	\
	/* Memory. */							\
	X(mmap, 9, 192, MAPS, FREE_ADDRESS, 4096, 3, 0x32, -1, 0)	\
	X(munmap, 11, 91, MAPS, PAGE, 4096)				\
	X(mprotect, 10, 125, MAPS, PAGE, 4096, 1)			\
	X(mremap, 25, 163, MAPS, PAGE, 4096, 4096, 3, FREE_ADDRESS)	\
	X(process_vm_writev, 311, 348, VICTIM_, VICTIM, IOV, 1, IOV_FAR, \
	  1, 0)								\
	/* Processes. */						\
	X(fork, 57, 2, FAMILY, 0)					\
	X(vfork, 58, 190, FAMILY, 0)					\
	X(clone, 56, 120, FAMILY, SIGCHLD)				\
	X(clone_thread, 56, 120, FAMILY, CLONE_A_THREAD)		\
	X(clone3, 435, 435, FAMILY, CLONE, 64)				\
	X(execve, 59, 11, BECOMES, OTHER, ARGV, 0)			\
	X(execveat, 322, 358, BECOMES, AT_CWD, OTHER, ARGV, 0, 0)	\
	X(exit, 60, 1, EXIT_42, 42)					\
	X(exit_group, 231, 252, EXIT_42, 42)				\
	X(kill, 62, 37, VICTIM_, VICTIM, SIGKILL)			\
	X(tkill, 200, 238, VICTIM_, VICTIM, SIGKILL)			\
	X(tgkill, 234, 270, VICTIM_, VICTIM, VICTIM, SIGKILL)		\
	X(ptrace, 101, 26, VICTIM_, 16, VICTIM, 0, 0)			\
	X(prlimit64, 302, 340, VICTIM_, VICTIM, 7, LIMIT64, 0)		\
	X(getpid, 39, 20, OWN_PID, 0)					\
	X(gettid, 186, 224, OWN_PID, 0)					\
	X(getppid, 110, 64, PARENT_PID, 0)				\
	X(set_tid_address, 218, 258, OWN_PID, 0)			\
	X(setpgid, 109, 57, SCHED, 0, 0)				\
	X(setsid, 112, 66, SCHED, 0)					\
	/* Its own state. */						\
	X(setuid, 105, 213, STATUS, 4321)				\
	X(setgid, 106, 214, STATUS, 4321)				\
	X(setresuid, 117, 208, STATUS, 4321, 4321, 4321)		\
	X(setgroups, 116, 206, STATUS, 1, SET)				\
	X(capset, 126, 185, STATUS, CAPABILITIES, ZEROS)		\
	X(prctl_name, 157, 172, STATUS, 15, NAME)			\
	X(prctl_no_new_privs, 157, 172, STATUS, 38, 1, 0, 0, 0)		\
	X(arch_prctl, 158, -1, SPACE, 0x1003, BUFFER)			\
	X(set_thread_area, -1, 243, SPACE, DESCRIPTOR)			\
	X(seccomp, 317, 354, STATUS, 0, 0, 0)				\
	X(umask, 95, 60, STATUS, 0777)					\
	X(unshare, 272, 310, PLACE, CLONE_NEWUTS)			\
	X(setpriority, 141, 97, SCHED, 0, 0, 5)				\
	X(sched_setscheduler, 144, 156, SCHED, 0, SCHED_BATCH, ZEROS)	\
	X(personality, 135, 136, SCHED, 0x40000)			\
	X(setrlimit, 160, 75, LIMITS, 7, LIMIT)				\
	X(rt_sigaction, 13, 174, STATUS, SIGTERM, ACTION, 0, 8)		\
	X(rt_sigprocmask, 14, 175, STATUS, 0, SET, 0, 8)		\
	X(rt_sigpending, 127, 176, SPACE, BUFFER, 8)			\
	X(timer_create, 222, 259, SCHED, 1, 0, BUFFER)			\
	X(rseq, 334, 386, SPACE, RSEQ, 32, 0, 0x53053053)		\
	X(get_robust_list, 274, 312, SPACE, 0, BUFFER, BUFFER + 64)	\
	/* The system's. */						\
	X(sethostname, 170, 74, HOST, NAME, 4)				\
	X(uname, 63, 122, SPACE, BUFFER)				\
	X(sysinfo, 99, 116, SPACE, BUFFER)				\
	X(syslog, 103, 103, SPACE, 3, BUFFER, 4000)			\
	X(getrandom, 318, 355, SPACE, BUFFER, 16, 0)			\
	X(gettimeofday, 96, 78, SPACE, BUFFER, 0)			\
	X(time, 201, 13, SPACE, BUFFER)					\
	X(clock_gettime, 228, 265, SPACE, 1, BUFFER)			\
	X(times, 100, 43, SPACE, BUFFER)				\
	X(getrusage, 98, 77, SPACE, 0, BUFFER)				\
	X(getcpu, 309, 318, SPACE, BUFFER, 0, 0)			\
	X(sched_getaffinity, 204, 242, SPACE, 0, 64, BUFFER)		\
	X(getresuid, 118, 209, SPACE, BUFFER, BUFFER + 8, BUFFER + 16)	\
	X(capget, 125, 184, SPACE, CAPABILITIES, BUFFER)		\
	/* Calls that do not return. */					\
	X(pause, 34, 29, SLEEPS, 0)					\
	X(poll, 7, 168, SLEEPS, 0, 0, -1)				\
	X(futex, 202, 240, SLEEPS, ZEROS, 0, 0, 0)			\
	X(select, 23, 142, SLEEPS, 0, 0, 0, 0, 0)			\
	X(rt_sigsuspend, 130, 179, SLEEPS, ZEROS, 8)

/* x32 has numbers of its own for calls whose structures are narrow there. */
static int x32_number(int n64)
{
	static const short own[][2] = {
		{ 13, 512 },  { 19, 515 },  { 20, 516 },  { 59, 520 },
		{ 101, 521 }, { 127, 522 }, { 222, 526 }, { 274, 531 },
		{ 278, 532 }, { 311, 540 }, { 322, 545 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(own); i++) {
		if (own[i][0] == n64)
			return own[i][1];
	}
	return n64;
}

/* Whether a call's structures are those of 32-bit programs. */
static bool probe_is_narrow(const struct probe *probe,
			    const struct entry *entry)
{
	return entry->narrow ||
	       (entry->x32 && x32_number(probe->n64) != probe->n64);
}

static struct door_request probe_request(const struct probe *probe,
					 const struct entry *entry,
					 const struct scene *scene)
{
	struct door_request request = { .door = entry->door };
	unsigned int i;

	if (entry->narrow)
		request.number = probe->n32;
	else if (entry->x32)
		request.number = x32_number(probe->n64) | X32_BIT;
	else
		request.number = probe->n64;
	for (i = 0; i < 6; i++)
		request.args[i] = probe->args[i] == VICTIM ?
			scene->victim : probe->args[i];
	return request;
}

static void run_probe(struct __test_metadata *_metadata, struct scene *scene,
		      const char *program, const struct probe *probe,
		      const struct entry *entry, struct tried *tried)
{
	scene_renew(scene);
	*tried = (struct tried){
		.request = probe_request(probe, entry, scene),
	};
	run_request(_metadata, scene, program, probe_is_narrow(probe, entry),
		    entry->loses, tried);
}

/* The native program: the call works, or the door is shut. */
static void judge_native(struct __test_metadata *_metadata,
			 const struct tried *tried, const struct probe *probe,
			 const struct shut *shut)
{
	if (shut->signal) {
		EXPECT_EQ(shut->signal, tried->signal);
		EXPECT_EQ(0, tried->changes);
	} else if (shut->nosys) {
		EXPECT_EQ(-ENOSYS, (int)tried->request.rax);
	} else {
		EXPECT_NE(0, tried->shown & probe->shows) {
			TH_LOG("native: %s, rax %ld, signal %d: no effect",
			       door_outcome_name(tried->outcome),
			       (long)tried->request.rax, tried->signal);
		}
	}
}

/* The CloudABI program: nothing but the documented answer. */
static void judge_cloudabi(struct __test_metadata *_metadata,
			   const struct tried *tried,
			   const struct probe *probe,
			   const struct entry *entry, const struct shut *shut)
{
	if (!entry->narrow && !entry->x32 &&
	    tried->request.number < CLOUDABI_NR_CALLS) {
		/* A call of CloudABI, whatever that makes of the arguments. */
		EXPECT_EQ(0, tried->shown & probe->shows);
		return;
	}
	EXPECT_EQ(0, tried->changes) {
		tell_changes(_metadata, tried->changes);
	}
	if (shut->signal) {
		EXPECT_EQ(shut->signal, tried->signal);
		return;
	}
	if (shut->nosys && entry->loses) {
		/* The instruction's own handler, which knows no tasks. */
		EXPECT_EQ(DOOR_ANSWERED, tried->outcome);
		EXPECT_EQ(-ENOSYS, (int)tried->request.rax);
		return;
	}
	if (entry->loses) {
		EXPECT_EQ(DOOR_FAULTED, tried->outcome);
		EXPECT_EQ(SIGSEGV, tried->signal);
	} else {
		EXPECT_EQ(DOOR_ANSWERED, tried->outcome);
	}
	EXPECT_EQ(CLOUDABI_ENOSYS, tried->request.rax);
	EXPECT_EQ(1, tried->request.carry);
}

static inline void try_probe(struct __test_metadata *_metadata,
			     struct scene *scene, const struct probe *probe,
			     const struct entry *entry)
{
	struct shut shut = shut_of(entry);
	struct tried tried;

	if ((entry->narrow ? probe->n32 : probe->n64) < 0)
		SKIP(return, "there is no such call at this door");
	if (shut.unsafe)
		SKIP(return, "this processor has no such door");
	run_probe(_metadata, scene, "./native", probe, entry, &tried);
	if (shut.maybe_invalid && tried.signal == SIGILL)
		shut.signal = SIGILL;
	judge_native(_metadata, &tried, probe, &shut);
	run_probe(_metadata, scene, "./cloudabi", probe, entry, &tried);
	judge_cloudabi(_metadata, &tried, probe, entry, &shut);
}

/* --- The fixture ---------------------------------------------------------- */

FIXTURE_VARIANT(effect)
{
	struct probe probe;
};

SCENE_FIXTURE(effect)

#define X(name, number64, number32, sign, ...)				\
	FIXTURE_VARIANT_ADD(effect, name)				\
	{								\
		.probe = {						\
			.n64 = number64,				\
			.n32 = number32,				\
			.shows = sign,					\
			.args = { __VA_ARGS__ },			\
		},							\
	};
PROBES(X)
#undef X

#define EFFECT_TEST(name, entry)					\
	TEST_F(effect, name)						\
	{								\
		try_probe(_metadata, &self->scene, &variant->probe,	\
			  entry);					\
	}

#endif /* _SELFTESTS_EFFECT_H */
