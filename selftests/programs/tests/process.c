// SPDX-License-Identifier: GPL-2.0
/*
 * process: proc_fork, and what a descriptor of a process is good for.
 *
 *	process [nproc|pids]
 *
 * With a word, only what happens at a limit on processes that holds for it; the
 * first one it sets itself.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "args.h"
#include "ask.h"
#include "child.h"
#include "raw.h"
#include "sock.h"

#define PAGE 4096

#define TERMINATE CLOUDABI_EVENTTYPE_PROC_TERMINATE
#define CLOCK CLOUDABI_EVENTTYPE_CLOCK
#define READ CLOUDABI_EVENTTYPE_FD_READ

#define PROCESS_RIGHTS \
	(CLOUDABI_RIGHT_FILE_STAT_FGET | CLOUDABI_RIGHT_POLL_PROC_TERMINATE)

static void end_with(void *code)
{
	cloudabi_sys_proc_exit(*(const cloudabi_exitcode_t *)code);
}

static cloudabi_fd_t start_exit(cloudabi_exitcode_t code)
{
	return child_start(end_with, &code);
}

static void *map_pages(cloudabi_mflags_t flags)
{
	void *mem = NULL;

	CHECK_OK(cloudabi_sys_mem_map(NULL, PAGE,
				      CLOUDABI_PROT_READ | CLOUDABI_PROT_WRITE,
				      CLOUDABI_MAP_ANON | flags,
				      CLOUDABI_MAP_ANON_FD, 0, &mem));
	return mem;
}

/* --- The child ------------------------------------------------------------ */

static void the_parent_gets_a_descriptor(void)
{
	cloudabi_fd_t want = lowest_closed(), fd = start_exit(0);
	cloudabi_fdstat_t stat = fdstat(fd);

	CHECK_EQ(fd, want);
	CHECK_EQ(stat.fs_filetype, CLOUDABI_FILETYPE_PROCESS);
	CHECK_EQ(stat.fs_flags, 0);
	CHECK_EQ(stat.fs_rights_base, PROCESS_RIGHTS);
	CHECK_EQ(stat.fs_rights_inheriting, 0);
	CHECK_EXITED(fd, 0);
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK(!is_open(fd));
}

/* What a child finds in the registers, as its exit code. */
static cloudabi_exitcode_t judge(const struct raw_result *r, uint32_t *tid)
{
	*tid = r->rdx;
	if (r->carry || r->rax != CLOUDABI_PROCESS_CHILD)
		return 1;
	if (r->changed & ~RAW_CHANGED_RDX)
		return 2;
	return 0;
}

static void the_child_has_all_registers(void)
{
	uint64_t args[6] = { 11, 22, 33, 44, 55, 66 };
	uint32_t *tid = map_pages(CLOUDABI_MAP_SHARED);
	struct raw_result r;

	raw_call(CLOUDABI_NR_proc_fork, args, &r);
	if (!r.carry && r.rax == CLOUDABI_PROCESS_CHILD)
		crt_exit(judge(&r, tid));
	CHECK(!r.carry);
	CHECK_EQ(r.changed & ~RAW_CHANGED_RDX, 0);
	CHECK_EXITED(r.rax, 0);
	CHECK(*tid && *tid != crt_tid() && !(*tid >> 30));
	CHECK_OK(cloudabi_sys_fd_close(r.rax));
	CHECK_OK(cloudabi_sys_mem_unmap(tid, PAGE));
}

static bool mxcsr_and_x87_are(uint32_t mxcsr, uint16_t control)
{
	uint32_t m;
	uint16_t c;

	__asm__ volatile ("stmxcsr %0" : "=m" (m));
	__asm__ volatile ("fnstcw %0" : "=m" (c));
	return m == mxcsr && c == control;
}

static void set_mxcsr_and_x87(uint32_t mxcsr, uint16_t control)
{
	__asm__ volatile ("ldmxcsr %0" : : "m" (mxcsr));
	__asm__ volatile ("fldcw %0" : : "m" (control));
}

static void look_at_modes(void *unused)
{
	(void)unused;
	crt_exit(mxcsr_and_x87_are(0x7f80, 0x0f7f) ? 0 : 1);
}

/* Rounding towards zero, which nobody has by default. */
static void the_child_has_the_modes_of_the_fpu(void)
{
	cloudabi_fd_t fd;

	set_mxcsr_and_x87(0x7f80, 0x0f7f);
	fd = child_start(look_at_modes, NULL);
	set_mxcsr_and_x87(0x1f80, 0x037f);
	CHECK_EXITED(fd, 0);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static _Thread_local uint64_t local = 1;

static void look_at_local(void *tcb)
{
	crt_exit(local == 2 && crt_tcb_get() == tcb ? 0 : 1);
}

static void the_child_has_the_thread_local_storage(void)
{
	cloudabi_fd_t fd;

	local = 2;
	fd = child_start(look_at_local, crt_tcb_get());
	local = 1;
	CHECK_EXITED(fd, 0);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void write_to(void *memory)
{
	*(volatile uint32_t *)memory = 2;
}

/* 1 before, 2 by the child. */
static uint32_t after_child_wrote(uint32_t *memory)
{
	cloudabi_fd_t fd;
	uint32_t value;

	*memory = 1;
	fd = child_start(write_to, memory);
	CHECK_EXITED(fd, 0);
	CHECK_OK(cloudabi_sys_fd_close(fd));
	value = *(volatile uint32_t *)memory;
	return value;
}

static void private_memory_is_copied_and_shared_is_not(void)
{
	uint32_t *private = map_pages(CLOUDABI_MAP_PRIVATE);
	uint32_t *shared = map_pages(CLOUDABI_MAP_SHARED);
	uint32_t stack;

	CHECK_EQ(after_child_wrote(private), 1);
	CHECK_EQ(after_child_wrote(&stack), 1);
	CHECK_EQ(after_child_wrote(shared), 2);
	CHECK_OK(cloudabi_sys_mem_unmap(private, PAGE));
	CHECK_OK(cloudabi_sys_mem_unmap(shared, PAGE));
}

/* Counts, so that one can see whether it runs. */
static volatile uint64_t ticks;
static volatile bool ticking;

static void tick(void *unused)
{
	(void)unused;
	while (ticking) {
		ticks++;
		cloudabi_sys_thread_yield();
	}
}

static void look_at_ticks(void *unused)
{
	uint64_t before = ticks;

	(void)unused;
	crt_sleep_ms(100);
	crt_exit(ticks == before ? 0 : 1);
}

static void only_the_calling_thread_is_copied(void)
{
	struct crt_thread thread;
	cloudabi_fd_t fd;

	ticking = true;
	CHECK_OK(crt_thread_start(&thread, tick, NULL));
	while (!ticks)
		cloudabi_sys_thread_yield();
	fd = child_start(look_at_ticks, NULL);
	CHECK_EXITED(fd, 0);
	ticking = false;
	crt_thread_join(&thread);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* Locks tell who has them by the id that the child was told. */
static void child_locks(void *memory)
{
	struct crt_lock *lock = memory;

	crt_lock_write(lock);
	crt_sleep_ms(50);
	crt_unlock(lock);
}

static void processes_share_locks(void)
{
	struct crt_lock *lock = map_pages(CLOUDABI_MAP_SHARED);
	cloudabi_fd_t fds[8];

	lock->scope = CLOUDABI_SCOPE_SHARED;
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = child_start(child_locks, lock);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		CHECK_EXITED(fds[i], 0);
		CHECK_OK(cloudabi_sys_fd_close(fds[i]));
	}
	CHECK_EQ(lock->word, 0);
	CHECK_OK(cloudabi_sys_mem_unmap(lock, PAGE));
}

/* --- Descriptors of the child --------------------------------------------- */

static struct snapshot before, there;

static void compare_descriptors(void *unused)
{
	(void)unused;
	snapshot_take(&there);
	crt_exit(memcmp(&before, &there, sizeof(before)) ? 1 : 0);
}

static void descriptors_are_copied_with_their_rights(void)
{
	cloudabi_fd_t narrow[] = {
		dup_without(FILE_RW, CLOUDABI_RIGHT_FD_WRITE),
		dup_without(UNIX_STREAM, CLOUDABI_RIGHT_FD_READ),
		dup_without(DIRECTORY, CLOUDABI_RIGHT_FILE_OPEN),
		dup_without(MEMORY, ~0ull),
	};
	cloudabi_fd_t fd;

	snapshot_take(&before);
	fd = child_start(compare_descriptors, NULL);
	CHECK_EXITED(fd, 0);
	CHECK_OK(cloudabi_sys_fd_close(fd));
	close_all(narrow, ARRAY_SIZE(narrow));
}

static void close_and_seek(void *unused)
{
	(void)unused;
	if (seek_to(FILE_RO, 3) || cloudabi_sys_fd_close(FILE_RW))
		crt_exit(1);
	crt_exit(is_open(FILE_RW) ? 2 : 0);
}

static void tables_are_separate_and_offsets_are_not(void)
{
	cloudabi_fd_t fd;

	file_set("abcdef");
	fd = child_start(close_and_seek, NULL);
	CHECK_EXITED(fd, 0);
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK(is_open(FILE_RW));
	CHECK_EQ(tell(FILE_RO), 3);
}

static void look_for_own(void *number)
{
	crt_exit(is_open(*(const cloudabi_fd_t *)number) ? 1 : 0);
}

static void the_child_has_no_descriptor_of_itself(void)
{
	cloudabi_fd_t number = lowest_closed(), fd;

	fd = child_start(look_for_own, &number);
	CHECK_EQ(fd, number);
	CHECK_EXITED(fd, 0);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* --- Ends ----------------------------------------------------------------- */

static void exit_codes_have_32_bits(void)
{
	static const cloudabi_exitcode_t codes[] = {
		0, 1, 127, 255, 256, 257, 0x1234, 0xff00, 0x7fffffff,
		0x80000000, 0xffffff00, 0xffffffff,
	};

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		cloudabi_fd_t fd = start_exit(codes[i]);

		CHECK_EXITED(fd, codes[i]);
		CHECK_OK(cloudabi_sys_fd_close(fd));
	}
}

static void end_thread(void *unused)
{
	cloudabi_lock_t lock = CLOUDABI_LOCK_WRLOCKED | crt_tid();

	(void)unused;
	cloudabi_sys_thread_exit(&lock, CLOUDABI_SCOPE_PRIVATE);
}

static void the_end_of_the_last_thread_is_code_0(void)
{
	cloudabi_fd_t fd = child_start(end_thread, NULL);

	CHECK_EXITED(fd, 0);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void exit_of_thread(void *unused)
{
	(void)unused;
	cloudabi_sys_proc_exit(0xabcd1234);
}

static void exit_by_another_thread(void *unused)
{
	struct crt_thread thread;

	crt_thread_start(&thread, exit_of_thread, NULL);
	child_pause(unused);
}

static void any_thread_ends_the_process(void)
{
	cloudabi_fd_t fd = child_start(exit_by_another_thread, NULL);

	CHECK_EXITED(fd, 0xabcd1234);
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void raise_signal(void *signal)
{
	cloudabi_sys_proc_raise(*(const cloudabi_signal_t *)signal);
	crt_exit(1);
}

static void signals_are_told_by_their_numbers(void)
{
	static const cloudabi_signal_t signals[] = {
		CLOUDABI_SIGABRT, CLOUDABI_SIGALRM, CLOUDABI_SIGBUS,
		CLOUDABI_SIGFPE, CLOUDABI_SIGHUP, CLOUDABI_SIGILL,
		CLOUDABI_SIGINT, CLOUDABI_SIGKILL, CLOUDABI_SIGQUIT,
		CLOUDABI_SIGSEGV, CLOUDABI_SIGSYS, CLOUDABI_SIGTERM,
		CLOUDABI_SIGTRAP, CLOUDABI_SIGUSR1, CLOUDABI_SIGUSR2,
		CLOUDABI_SIGVTALRM, CLOUDABI_SIGXCPU, CLOUDABI_SIGXFSZ,
	};

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		cloudabi_signal_t signal = signals[i];
		cloudabi_fd_t fd = child_start(raise_signal, &signal);

		CHECK_KILLED(fd, signals[i]);
		CHECK_OK(cloudabi_sys_fd_close(fd));
	}
}

static void write_to_nowhere(void *unused)
{
	(void)unused;
	__asm__ volatile ("movl $1, 8" : : : "memory");
}

static void run_no_instruction(void *unused)
{
	(void)unused;
	__asm__ volatile ("ud2");
}

static void divide_by_zero(void *unused)
{
	(void)unused;
	__asm__ volatile ("xor %%ecx, %%ecx\n\tdivl %%ecx"
			  : : : "eax", "ecx", "edx");
}

static void run_breakpoint(void *unused)
{
	(void)unused;
	__asm__ volatile ("int3");
}

static void read_behind_the_end(void *unused)
{
	cloudabi_fd_t fd;
	void *mem;

	(void)unused;
	if (cloudabi_sys_fd_create1(SHARED_MEMORY, &fd) ||
	    cloudabi_sys_mem_map(NULL, PAGE, CLOUDABI_PROT_READ,
				 CLOUDABI_MAP_SHARED, fd, 0, &mem))
		crt_exit(1);
	crt_exit(*(volatile char *)mem + 2);
}

static void faults_are_told_by_their_signals(void)
{
	static const struct {
		void (*run)(void *unused);
		cloudabi_signal_t signal;
	} rows[] = {
		{ write_to_nowhere, CLOUDABI_SIGSEGV },
		{ run_no_instruction, CLOUDABI_SIGILL },
		{ divide_by_zero, CLOUDABI_SIGFPE },
		{ run_breakpoint, CLOUDABI_SIGTRAP },
		{ read_behind_the_end, CLOUDABI_SIGBUS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cloudabi_fd_t fd = child_start(rows[i].run, NULL);

		CHECK_KILLED(fd, rows[i].signal);
		CHECK_OK(cloudabi_sys_fd_close(fd));
	}
}

static void an_end_is_told_as_often_as_asked(void)
{
	cloudabi_fd_t fd = start_exit(0x300), copy = CLOSED_FD;

	CHECK_OK(cloudabi_sys_fd_dup(fd, &copy));
	for (int i = 0; i < 3; i++) {
		CHECK_EXITED(fd, 0x300);
		CHECK_EXITED(copy, 0x300);
	}
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK_EXITED(copy, 0x300);
	CHECK_OK(cloudabi_sys_fd_close(copy));
}

/* Reaped by nobody, and yet gone: fork() leaves no zombies. */
static void nothing_is_left_of_the_dead(void)
{
	uint64_t tasks = ask(HELPER_COUNT_CHILDREN, 0, 0, 0);
	cloudabi_fd_t fds[16];

	CHECK_EQ(tasks, 0);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = start_exit(i);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		CHECK_EXITED(fds[i], i);
	for (int i = 0; i < 1000 && ask(HELPER_COUNT_CHILDREN, 0, 0, 0); i++)
		crt_sleep_ms(10);
	CHECK_EQ(ask(HELPER_COUNT_CHILDREN, 0, 0, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		CHECK_EXITED(fds[i], i);
	close_all(fds, ARRAY_SIZE(fds));
}

/* --- Waiting -------------------------------------------------------------- */

static void listen_and_end(void *end)
{
	crt_exit(hears(*(const cloudabi_fd_t *)end) ? 0x10007 : 1);
}

/* A child that ends when a byte is written to @talk. */
static cloudabi_fd_t start_listener(cloudabi_fd_t *talk)
{
	cloudabi_fd_t pair[2], fd;

	make_pair(STREAM, pair);
	fd = child_start(listen_and_end, &pair[1]);
	CHECK_OK(cloudabi_sys_fd_close(pair[1]));
	*talk = pair[0];
	return fd;
}

static void who_runs_has_no_event(void)
{
	cloudabi_event_t event;
	cloudabi_fd_t talk, fd = start_listener(&talk);

	CHECK(!child_has_ended(fd));
	CHECK(!child_ends_in_ms(fd, 50, &event));
	CHECK_EQ(event.type, CLOCK);
	CHECK_OK(crt_write_all(talk, "x", 1));
	CHECK_EXITED(fd, 0x10007);
	CHECK_OK(cloudabi_sys_fd_close(talk));
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

struct poke {
	cloudabi_fd_t fd;
};

static void poke_later(void *argument)
{
	const struct poke *poke = argument;

	crt_sleep_ms(100);
	crt_write_all(poke->fd, "x", 1);
}

/* How many files the system had open meanwhile. */
static int64_t counted;

static void poke_counted(void *argument)
{
	crt_sleep_ms(200);
	counted = ask(HELPER_COUNT_FILES, 0, 0, 0);
	poke_later(argument);
}

/* The wait has no other way to end. */
static void a_wait_ends_when_the_process_does(void)
{
	cloudabi_fd_t talk, fd = start_listener(&talk);
	cloudabi_subscription_t in = {
		.userdata = 42,
		.type = TERMINATE,
		.proc_terminate.fd = fd,
	};
	struct poke poke = { talk };
	struct crt_thread thread;
	cloudabi_event_t event;
	size_t n = 0;

	CHECK_OK(crt_thread_start(&thread, poke_later, &poke));
	memset(&event, 0xff, sizeof(event));
	CHECK_OK(cloudabi_sys_poll(&in, &event, 1, &n));
	CHECK_EQ(n, 1);
	CHECK_EQ(event.userdata, 42);
	CHECK_EQ(event.type, TERMINATE);
	CHECK_EQ(event.error, 0);
	CHECK_EQ(event.proc_terminate.signal, 0);
	CHECK_EQ(event.proc_terminate.exitcode, 0x10007);
	crt_thread_join(&thread);
	CHECK_OK(cloudabi_sys_fd_close(talk));
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

static void waits_are_for_many_things(void)
{
	cloudabi_fd_t talk, running = start_listener(&talk);
	cloudabi_fd_t dead = start_exit(5);
	cloudabi_subscription_t in[] = {
		{ .userdata = 1, .type = TERMINATE,
		  .proc_terminate.fd = running },
		{ .userdata = 2, .type = READ, .fd_readwrite.fd = DEV_ZERO },
		{ .userdata = 3, .type = TERMINATE, .proc_terminate.fd = dead },
		{ .userdata = 4, .type = TERMINATE,
		  .proc_terminate.fd = CLOSED_FD },
		{ .userdata = 5, .type = TERMINATE, .proc_terminate.fd = TCP },
		{ .userdata = 6, .type = READ, .fd_readwrite.fd = dead },
	};
	static const cloudabi_errno_t errors[] = {
		0, 0, CLOUDABI_EBADF, CLOUDABI_ENOTCAPABLE,
		CLOUDABI_ENOTCAPABLE,
	};
	cloudabi_event_t out[ARRAY_SIZE(in)];
	size_t n = 0;

	CHECK_EXITED(dead, 5);
	CHECK_OK(cloudabi_sys_poll(in, out, ARRAY_SIZE(in), &n));
	CHECK_EQ(n, ARRAY_SIZE(errors));
	for (size_t i = 0; i < n; i++) {
		CHECK_EQ(out[i].userdata, i + 2);
		CHECK_EQ(out[i].error, errors[i]);
	}
	CHECK_EQ(out[1].proc_terminate.exitcode, 5);
	CHECK_OK(cloudabi_sys_fd_close(talk));
	CHECK_OK(cloudabi_sys_fd_close(running));
	CHECK_OK(cloudabi_sys_fd_close(dead));
}

/* --- Killing -------------------------------------------------------------- */

/* Holds an end of a stream, which is how one sees that it lives. */
static cloudabi_fd_t start_pause(cloudabi_fd_t *end)
{
	cloudabi_fd_t pair[2], fd;

	make_pair(STREAM, pair);
	fd = child_start(child_pause, NULL);
	CHECK_OK(cloudabi_sys_fd_close(pair[1]));
	*end = pair[0];
	return fd;
}

static bool lives(cloudabi_fd_t end)
{
	cloudabi_subscription_t in[] = {
		{ .type = READ, .fd_readwrite.fd = end },
		{ .type = CLOCK, .clock.clock_id = CLOUDABI_CLOCK_MONOTONIC,
		  .clock.timeout = 30000000 },
	};
	cloudabi_event_t out[2];
	size_t n = 0;

	CHECK_OK(cloudabi_sys_poll(in, out, 2, &n));
	return n == 1 && out[0].type == CLOCK;
}

static void the_last_close_kills(void)
{
	cloudabi_fd_t end, copy = CLOSED_FD, fd = start_pause(&end);

	CHECK_OK(cloudabi_sys_fd_dup(fd, &copy));
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK(lives(end));
	CHECK_OK(cloudabi_sys_fd_close(copy));
	CHECK(hangs_up(end));
	CHECK_OK(cloudabi_sys_fd_close(end));
}

static void a_replace_kills(void)
{
	cloudabi_fd_t end, fd = start_pause(&end);

	CHECK(lives(end));
	CHECK_OK(cloudabi_sys_fd_replace(DEV_NULL, fd));
	CHECK(hangs_up(end));
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK_OK(cloudabi_sys_fd_close(end));
}

static void narrowing_does_not_kill(void)
{
	cloudabi_fd_t end, fd = start_pause(&end);
	cloudabi_event_t event;
	cloudabi_subscription_t in = {
		.type = TERMINATE, .proc_terminate.fd = fd,
	};
	size_t n;

	CHECK_OK(put_rights(fd, CLOUDABI_RIGHT_POLL_PROC_TERMINATE, 0));
	CHECK(lives(end));
	CHECK(!child_has_ended(fd));
	CHECK_OK(put_rights(fd, 0, 0));
	CHECK_EQ(fdstat(fd).fs_filetype, CLOUDABI_FILETYPE_PROCESS);
	CHECK(lives(end));
	CHECK_OK(cloudabi_sys_poll(&in, &event, 1, &n));
	CHECK_EQ(event.error, CLOUDABI_ENOTCAPABLE);
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK(hangs_up(end));
	CHECK_OK(cloudabi_sys_fd_close(end));
}

/* Has a child of its own, and ends when it is told to. */
static void have_child(void *talk)
{
	child_start(child_pause, NULL);
	crt_exit(hears(*(const cloudabi_fd_t *)talk) ? 0 : 1);
}

static void an_end_kills_all_below(void)
{
	cloudabi_fd_t talk[2], held[2], fd;

	make_pair(STREAM, talk);
	make_pair(STREAM, held);
	fd = child_start(have_child, &talk[1]);
	CHECK_OK(cloudabi_sys_fd_close(held[1]));
	CHECK(lives(held[0]));
	CHECK_OK(crt_write_all(talk[0], "x", 1));
	CHECK_EXITED(fd, 0);
	CHECK(hangs_up(held[0]));
	CHECK_OK(cloudabi_sys_fd_close(held[0]));
	CHECK_OK(cloudabi_sys_fd_close(fd));
	close_all(talk, 2);
}

static void a_message_that_nobody_gets_kills(void)
{
	cloudabi_fd_t end, pair[2], fd = start_pause(&end);

	make_pair(DGRAM, pair);
	send_text(pair[0], "x", &fd, 1);
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK(lives(end));
	CHECK_OK(cloudabi_sys_fd_close(pair[1]));
	CHECK(hangs_up(end));
	CHECK_OK(cloudabi_sys_fd_close(pair[0]));
	CHECK_OK(cloudabi_sys_fd_close(end));
}

static void a_message_carries_the_process(void)
{
	cloudabi_fd_t talk, got = CLOSED_FD, pair[2];
	cloudabi_fd_t fd = start_listener(&talk);

	make_pair(STREAM, pair);
	send_text(pair[0], "x", &fd, 1);
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK_RECV(pair[1], 1, &got, 1, 0, "x", 1, 0);
	CHECK_EQ(fdstat(got).fs_filetype, CLOUDABI_FILETYPE_PROCESS);
	CHECK_EQ(base_of(got), PROCESS_RIGHTS);
	CHECK(!child_has_ended(got));
	CHECK_OK(crt_write_all(talk, "x", 1));
	CHECK_EXITED(got, 0x10007);
	CHECK_OK(cloudabi_sys_fd_close(got));
	CHECK_OK(cloudabi_sys_fd_close(talk));
	close_all(pair, 2);
}

static void close_later(void *argument)
{
	crt_sleep_ms(100);
	cloudabi_sys_fd_close(((const struct poke *)argument)->fd);
}

/* A wait for the end of a process does not keep it alive. */
static void a_close_kills_while_somebody_waits(void)
{
	cloudabi_fd_t end, fd = start_pause(&end);
	struct poke poke = { fd };
	struct crt_thread thread;
	cloudabi_event_t event;

	CHECK_OK(crt_thread_start(&thread, close_later, &poke));
	memset(&event, 0, sizeof(event));
	{
		cloudabi_subscription_t in = {
			.type = TERMINATE, .proc_terminate.fd = fd,
		};
		size_t n = 0;

		CHECK_OK(cloudabi_sys_poll(&in, &event, 1, &n));
		CHECK_EQ(n, 1);
		CHECK_EQ(event.error, CLOUDABI_EBADF);
	}
	CHECK(hangs_up(end));
	crt_thread_join(&thread);
	CHECK_OK(cloudabi_sys_fd_close(end));
}

#define MANY 1000

/* To wait for a process takes no open files, which users share a number of. */
static void waits_take_no_files(void)
{
	static cloudabi_subscription_t in[MANY + 1];
	static cloudabi_event_t out[MANY + 1];
	cloudabi_fd_t talk, fd = start_listener(&talk);
	int64_t before = ask(HELPER_COUNT_FILES, 0, 0, 0);
	struct poke poke = { talk };
	struct crt_thread thread;
	size_t n = 0;

	for (size_t i = 0; i < MANY; i++)
		in[i] = (cloudabi_subscription_t){
			.type = TERMINATE, .proc_terminate.fd = fd,
		};
	CHECK_OK(crt_thread_start(&thread, poke_counted, &poke));
	CHECK_OK(cloudabi_sys_poll(in, out, MANY, &n));
	CHECK_EQ(n, MANY);
	crt_thread_join(&thread);
	CHECK(counted < before + MANY / 2);
	CHECK_OK(cloudabi_sys_fd_close(talk));
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/* --- What it is not good for ---------------------------------------------- */

static void nothing_else_can_be_done_with_it(void)
{
	cloudabi_fd_t talk, fd = start_listener(&talk);
	cloudabi_filesize_t offset;
	cloudabi_filestat_t stat;
	char byte = 0;
	void *mem;
	size_t n;

	CHECK_REFUSED(read1(fd, &byte, 1, &n), CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(write1(fd, &byte, 1, &n), CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(cloudabi_sys_fd_seek(fd, 0, CLOUDABI_WHENCE_CUR, &offset),
		      CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(cloudabi_sys_fd_sync(fd), CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(cloudabi_sys_sock_shutdown(fd, CLOUDABI_SHUT_RD),
		      CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(cloudabi_sys_proc_exec(fd, NULL, 0, NULL, 0),
		      CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(cloudabi_sys_mem_map(NULL, PAGE, CLOUDABI_PROT_READ,
					   CLOUDABI_MAP_SHARED, fd, 0, &mem),
		      CLOUDABI_ENOTCAPABLE);
	CHECK_REFUSED(put_flags(fd, CLOUDABI_FDFLAG_NONBLOCK),
		      CLOUDABI_ENOTCAPABLE);
	CHECK_OK(cloudabi_sys_file_stat_fget(fd, &stat));
	CHECK_EQ(stat.st_filetype, CLOUDABI_FILETYPE_PROCESS);
	CHECK(!child_has_ended(fd));
	CHECK_OK(cloudabi_sys_fd_close(fd));
	CHECK_OK(cloudabi_sys_fd_close(talk));
}

/* --- Limits --------------------------------------------------------------- */

static void a_full_table_is_emfile(void)
{
	uint64_t old = set_limit(HELPER_RLIMIT_NOFILE, lowest_closed());
	cloudabi_tid_t tid;
	cloudabi_fd_t fd;

	CHECK_REFUSED(cloudabi_sys_proc_fork(&fd, &tid), CLOUDABI_EMFILE);
	set_limit(HELPER_RLIMIT_NOFILE, old);
	CHECK_EQ(ask(HELPER_COUNT_CHILDREN, 0, 0, 0), 0);
}

/* Some are there before: this process, those of the same user. */
#define FEW 6

static uint64_t count_children(void)
{
	return ask(HELPER_COUNT_CHILDREN, 0, 0, 0);
}

/* The dead count until they have been reaped. */
static void wait_for_children(uint64_t n)
{
	for (int i = 0; i < 1000 && count_children() != n; i++)
		crt_sleep_ms(10);
	CHECK_EQ(count_children(), n);
}

static cloudabi_errno_t fork_pausing(cloudabi_fd_t *fd)
{
	cloudabi_errno_t error = crt_fork(fd);

	if (!error && *fd == CLOUDABI_PROCESS_CHILD)
		child_pause(NULL);
	return error;
}

static void a_limit_is_eagain(void)
{
	cloudabi_fd_t fds[2 * FEW];
	cloudabi_errno_t error = 0;
	size_t n = 0;

	while (n < ARRAY_SIZE(fds) && !(error = fork_pausing(&fds[n])))
		n++;
	CHECK(n && n < FEW);
	CHECK_ERRNO(error, CLOUDABI_EAGAIN);
	for (int i = 0; i < 20; i++)
		CHECK_REFUSED(fork_pausing(&fds[n]), CLOUDABI_EAGAIN);
	CHECK_EQ(count_children(), n);
	/* One less is room for one more. */
	CHECK_OK(cloudabi_sys_fd_close(fds[--n]));
	wait_for_children(n);
	CHECK_OK(fork_pausing(&fds[n++]));
	CHECK_REFUSED(fork_pausing(&fds[n]), CLOUDABI_EAGAIN);
	close_all(fds, n);
	wait_for_children(0);
}

/* --- Memory --------------------------------------------------------------- */

static void *narrow_place;
static cloudabi_fd_t narrow_file;

static cloudabi_errno_t map_narrow(void)
{
	void *mem = narrow_place;

	return cloudabi_sys_mem_map(mem, PAGE, CLOUDABI_PROT_READ,
				    CLOUDABI_MAP_SHARED | CLOUDABI_MAP_FIXED,
				    narrow_file, 0, &mem);
}

static void map_narrow_again_and_again(void *unused)
{
	(void)unused;
	while (ticking) {
		if (map_narrow())
			crt_exit(2);
	}
}

static void try_to_widen(void *unused)
{
	(void)unused;
	crt_exit(cloudabi_sys_mem_protect(narrow_place, PAGE,
					  CLOUDABI_PROT_READ |
						  CLOUDABI_PROT_WRITE) ?
			 0 : 1);
}

/* What is mapped cannot be written to, at no time, and so cannot a copy. */
static void a_copy_of_memory_has_no_more_rights(void)
{
	struct crt_thread thread;

	file_set("narrow");
	narrow_file = dup_without(FILE_RW, CLOUDABI_RIGHT_FD_WRITE);
	narrow_place = map_pages(CLOUDABI_MAP_PRIVATE);
	CHECK_OK(map_narrow());
	ticking = true;
	CHECK_OK(crt_thread_start(&thread, map_narrow_again_and_again, NULL));
	for (int i = 0; i < 500 && !check_failed; i++) {
		cloudabi_fd_t fd = child_start(try_to_widen, NULL);

		CHECK_EXITED(fd, 0);
		CHECK_OK(cloudabi_sys_fd_close(fd));
	}
	ticking = false;
	crt_thread_join(&thread);
	CHECK_OK(cloudabi_sys_mem_unmap(narrow_place, PAGE));
	CHECK_OK(cloudabi_sys_fd_close(narrow_file));
}

static const struct test tests[] = {
	TEST(the_parent_gets_a_descriptor),
	TEST(the_child_has_all_registers),
	TEST(the_child_has_the_modes_of_the_fpu),
	TEST(the_child_has_the_thread_local_storage),
	TEST(private_memory_is_copied_and_shared_is_not),
	TEST(only_the_calling_thread_is_copied),
	TEST(processes_share_locks),
	TEST(descriptors_are_copied_with_their_rights),
	TEST(tables_are_separate_and_offsets_are_not),
	TEST(the_child_has_no_descriptor_of_itself),
	TEST(exit_codes_have_32_bits),
	TEST(the_end_of_the_last_thread_is_code_0),
	TEST(any_thread_ends_the_process),
	TEST(signals_are_told_by_their_numbers),
	TEST(faults_are_told_by_their_signals),
	TEST(an_end_is_told_as_often_as_asked),
	TEST(nothing_is_left_of_the_dead),
	TEST(who_runs_has_no_event),
	TEST(a_wait_ends_when_the_process_does),
	TEST(waits_are_for_many_things),
	TEST(the_last_close_kills),
	TEST(a_replace_kills),
	TEST(narrowing_does_not_kill),
	TEST(an_end_kills_all_below),
	TEST(a_message_that_nobody_gets_kills),
	TEST(a_message_carries_the_process),
	TEST(a_close_kills_while_somebody_waits),
	TEST(waits_take_no_files),
	TEST(nothing_else_can_be_done_with_it),
	TEST(a_full_table_is_emfile),
	TEST(a_copy_of_memory_has_no_more_rights),
};

static const struct test limit_tests[] = {
	TEST(a_limit_is_eagain),
};

int program_main(const struct argdata *ad)
{
	struct args args;
	struct word word;

	args_open(&args, ad);
	if (!args_next(&args, &word))
		return check_run(tests, ARRAY_SIZE(tests));
	if (word.len == 5)
		set_limit(HELPER_RLIMIT_NPROC, FEW);
	return check_run(limit_tests, ARRAY_SIZE(limit_tests));
}
