// SPDX-License-Identifier: GPL-2.0
/*
 * Loads and unloads the module very often, while processes start and end all
 * the time: CloudABI ones that exit, crash and are killed, at random points, and
 * native ones under a filter of seccomp.
 *
 *	stress_test [ROUNDS [SEED]]
 *
 * ROUNDS is 1000 if nothing else is said; a kernel that is SLOW times as slow
 * does so many fewer. Programs that start while the module is gone are native
 * ones, which is what the kernel makes of them, and tell so by how they exit.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "launch.h"
#include "modules.h"
#include "slow.h"

#define WORKERS 3

#define EXIT_CLOUDABI	7
#define EXIT_NATIVE	99

/**
 * struct tally - what happened so far, shared by all processes
 * @stop: the workers are to end
 * @confined: programs that ran as CloudABI and exited
 * @native: programs that ran natively, for the module was gone
 * @crashed: programs that crashed
 * @killed: programs that were killed
 * @filtered: native processes whose filter did what it should
 * @wrong: what should not have happened
 * @what: the first of these
 */
struct tally {
	volatile bool stop;
	unsigned int confined;
	unsigned int native;
	unsigned int crashed;
	unsigned int killed;
	unsigned int filtered;
	unsigned int wrong;
	char what[256];
};

static struct tally *tally;

__attribute__((format(printf, 1, 2)))
static void complain(const char *format, ...)
{
	va_list ap;

	if (__atomic_fetch_add(&tally->wrong, 1, __ATOMIC_RELAXED))
		return;
	va_start(ap, format);
	vsnprintf(tally->what, sizeof(tally->what), format, ap);
	va_end(ap);
}

static void count(unsigned int *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* --- Random numbers ------------------------------------------------------- */

static uint64_t random_state;

/* A number below @limit, by xorshift64. */
static unsigned int random_below(unsigned int limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 32) % limit;
}

/* --- Programs ------------------------------------------------------------- */

static struct door_request unknown(uint32_t door, uint64_t number)
{
	return (struct door_request){ .door = door, .number = number };
}

/* Calls that nobody has, and at the end one request more or two. */
static void install(const char *path, const struct door_request *last,
		    unsigned int number)
{
	struct door_request requests[DOOR_FILE_REQUESTS];
	unsigned int i;

	for (i = 0; i < 20; i++)
		requests[i] = unknown(i % 4 == 3 ? DOOR_INT80 : DOOR_SYSCALL,
				      1000 + i);
	for (i = 0; i < number; i++)
		requests[20 + i] = last[i];
	if (door_install_batch(path, OSABI_CLOUDABI, 0755, requests,
			       20 + number))
		complain("%s cannot be written: %s", path, strerror(errno));
}

static void install_all(void)
{
	/* The first is getpid() for a native program, which goes on. */
	static const struct door_request exit[] = {
		{ DOOR_SYSCALL, .number = CLOUDABI_NR_proc_exit,
		  .args = { EXIT_CLOUDABI } },
		{ DOOR_SYSCALL, .number = SYS_exit_group,
		  .args = { EXIT_NATIVE } },
	};
	static const struct door_request invalid = { DOOR_UD2 };
	static const struct door_request segv = { DOOR_TOUCH, .number = 16 };

	install("exit", exit, 2);
	install("invalid", &invalid, 1);
	install("segv", &segv, 1);
	install("endless", NULL, 0);
}

static pid_t start(const char *path)
{
	char *argv[] = { (char *)path, NULL };
	pid_t pid = fork();

	if (!pid) {
		execv(path, argv);
		_exit(126);
	}
	return pid;
}

static int wait_for(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void run_exit(void)
{
	int status = wait_for(start("./exit"));

	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_CLOUDABI)
		count(&tally->confined);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NATIVE)
		count(&tally->native);
	else
		complain("a program that exits: status %#x", status);
}

static void run_crash(const char *path, int sig)
{
	int status = wait_for(start(path));

	if (WIFSIGNALED(status) && WTERMSIG(status) == sig)
		count(&tally->crashed);
	else
		complain("a program that crashes: status %#x", status);
}

/* At whatever point of its start or its life. */
static void run_killed(void)
{
	int sig = random_below(2) ? SIGKILL : SIGTERM;
	pid_t pid = start("./endless");
	int status;

	nap_us(random_below(20000));
	if (!random_below(4))
		kill(pid, SIGSTOP);
	kill(pid, sig);
	kill(pid, SIGCONT);
	status = wait_for(pid);
	if (WIFSIGNALED(status) && WTERMSIG(status) == sig)
		count(&tally->killed);
	else
		complain("a program that is killed: status %#x", status);
}

/* The exit status of a native process that has a filter, and sees it work. */
static int be_filtered(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { 4, filter };
	int i;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
		return 1;
	for (i = 0; i < 500; i++) {
		if (syscall(SYS_getppid) != -1 || errno != EACCES)
			return 2;
		if (syscall(SYS_getpid) != getpid())
			return 3;
	}
	return 0;
}

static void run_filtered(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(be_filtered());
	status = wait_for(pid);
	if (!status)
		count(&tally->filtered);
	else
		complain("a native process under a filter: status %#x",
			 status);
}

static void work(void)
{
	while (!tally->stop) {
		switch (random_below(6)) {
		case 0:
		case 1:
			run_exit();
			break;
		case 2:
			run_crash("./invalid", SIGILL);
			break;
		case 3:
			run_crash("./segv", SIGSEGV);
			break;
		case 4:
			run_killed();
			break;
		default:
			run_filtered();
		}
		/* Now and then there must be no process at all. */
		nap_us(random_below(60000));
	}
	_exit(0);
}

/* --- Rounds --------------------------------------------------------------- */

/**
 * struct rounds - what the loading and unloading came to
 * @loaded: times that it was loaded
 * @ran: times that a program ran while it surely was
 * @unloaded: times that it was unloaded
 * @refused: times that it was not, for a process lived
 * @load_ms: how long loading took, in all
 * @unload_ms: how long unloading took, in all
 */
struct rounds {
	unsigned int loaded;
	unsigned int ran;
	unsigned int unloaded;
	unsigned int refused;
	long long load_ms;
	long long unload_ms;
};

static int unload_in_the_end(struct rounds *rounds)
{
	long long limit = now_ms() + 60000;
	int error;

	while ((error = unload_module("cloudabi")) == EWOULDBLOCK &&
	       now_ms() < limit) {
		rounds->refused++;
		nap_us(random_below(1000));
	}
	return error;
}

static bool do_round(struct rounds *rounds)
{
	long long since = now_ms();
	int error = load_module("cloudabi", ""), status;

	rounds->load_ms += now_ms() - since;
	if (error) {
		complain("loading: %s", strerror(error));
		return false;
	}
	rounds->loaded++;
	status = wait_for(start("./exit"));
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_CLOUDABI)
		rounds->ran++;
	else
		complain("with the module: status %#x", status);
	/* Mostly not at all, and sometimes for long enough to fill up. */
	nap_us(random_below(4) ? random_below(3000) : random_below(200000));
	since = now_ms();
	error = unload_in_the_end(rounds);
	rounds->unload_ms += now_ms() - since;
	if (error || module_users("cloudabi") != -1) {
		complain("unloading: %s", strerror(error));
		return false;
	}
	rounds->unloaded++;
	return true;
}

/* Memory of the kernel that it cannot reclaim, in KB. */
static long unreclaimable(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	long value = 0, sum = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "SUnreclaim: %ld", &value) == 1 ||
		    sscanf(line, "VmallocUsed: %ld", &value) == 1 ||
		    sscanf(line, "KernelStack: %ld", &value) == 1)
			sum += value;
	}
	if (file)
		fclose(file);
	return sum;
}

/* --- Results -------------------------------------------------------------- */

static unsigned int results, failures;

static void tell(bool ok, const char *name)
{
	results++;
	failures += !ok;
	printf("%sok %u %s\n", ok ? "" : "not ", results, name);
}

/* 1 KB a round would be a small leak. */
static void tell_memory(unsigned int wanted, long grown)
{
	printf("# memory of the kernel grew by %ld KB\n", grown);
	if (!access("/sys/kernel/debug/kmemleak", F_OK))
		printf("ok %u kernel_memory_does_not_grow # SKIP its checkers keep what is freed\n",
		       ++results);
	else
		tell(grown < 2048 + (long)wanted,
		     "kernel_memory_does_not_grow");
}

static void tell_all(unsigned int wanted, const struct rounds *rounds,
		     long grown)
{
	printf("# loaded %u, refused to unload %u times\n", rounds->loaded,
	       rounds->refused);
	printf("# one takes %lld ms to load and %lld to unload\n",
	       rounds->load_ms / wanted, rounds->unload_ms / wanted);
	printf("# confined %u, native %u, crashed %u, killed %u, filtered %u\n",
	       tally->confined, tally->native, tally->crashed, tally->killed,
	       tally->filtered);
	if (tally->wrong)
		printf("# %u times wrong, first: %s\n", tally->wrong,
		       tally->what);
	tell(rounds->loaded == wanted, "loads_every_time");
	tell(rounds->ran == wanted, "runs_programs_every_time");
	tell(rounds->unloaded == wanted, "unloads_every_time");
	tell(rounds->refused && tally->confined && tally->native &&
	     tally->crashed && tally->killed, "all_that_should_meet_met");
	tell(tally->filtered, "filters_of_native_processes_work");
	tell(!tally->wrong, "every_process_ends_as_it_should");
	tell_memory(wanted, grown);
}

int main(int argc, char **argv)
{
	unsigned int wanted = argc > 1 ? atoi(argv[1]) : 1000 / slow();
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 20260101;
	char directory[] = "/tmp/stress.XXXXXX";
	struct rounds rounds = { 0 };
	long memory = 0;
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..7\n# ROUNDS=%u SEED=%llu\n", wanted,
	       (unsigned long long)seed);
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED || !mkdtemp(directory) || chdir(directory))
		return 1;
	install_all();
	/* The kernel would have something to say about every crash. */
	tell_kernel("/proc/sys/debug/exception-trace", "0");
	for (i = 0; i < WORKERS; i++) {
		random_state = (seed + i + 1) * 0x9e3779b97f4a7c15;
		if (!fork())
			work();
	}
	random_state = (seed + 100) * 0x9e3779b97f4a7c15;
	for (i = 0; i < wanted && do_round(&rounds); i++) {
		if (i == wanted / 10)
			memory = unreclaimable();
	}
	tally->stop = true;
	while (wait(NULL) > 0)
		;
	tell_kernel("/proc/sys/debug/exception-trace", "1");
	tell_all(wanted, &rounds, unreclaimable() - memory);
	return failures != 0;
}
