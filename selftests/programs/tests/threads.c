// SPDX-License-Identifier: GPL-2.0
/*
 * threads: how threads start, what they share, and how they end.
 *
 *	threads [limit]
 *
 * With `limit`, only what happens at the limit on processes, of a user to whom
 * that applies.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "actor.h"
#include "raw.h"

static unsigned int count_tasks(void)
{
	return ask(HELPER_COUNT_TASKS, 0, 0, 0);
}

/* Threads end some time after they have released their lock. */
static void wait_for_tasks(unsigned int n)
{
	for (int i = 0; i < 30000 && count_tasks() != n; i++)
		crt_sleep_ms(1);
	CHECK_EQ(count_tasks(), n);
}

/* --- Start ---------------------------------------------------------------- */

/**
 * struct state - what a thread finds at its first instruction
 * @rdi: the register
 * @rsi: the register
 * @rsp: the register
 * @tcb: the word that the FS base points at
 * @rflags: the register
 * @ended: held as long as it lives
 *
 * The order is known to probe_entry().
 */
struct state {
	uint64_t rdi;
	uint64_t rsi;
	uint64_t rsp;
	uint64_t tcb;
	uint64_t rflags;
	cloudabi_lock_t ended;
};

#define MARK 0x5a5a5a5a5a5a5a5aull

void probe_entry(cloudabi_tid_t tid, void *argument);
_Noreturn void probe_end(cloudabi_tid_t tid, struct state *state);

__asm__ (
"	.pushsection .text.probe_entry, \"ax\", @progbits\n"
"	.globl probe_entry\n"
"	.hidden probe_entry\n"
"	.type probe_entry, @function\n"
"probe_entry:\n"
"	mov %rdi, 0(%rsi)\n"
"	mov %rsi, 8(%rsi)\n"
"	mov %rsp, 16(%rsi)\n"
"	mov %fs:0, %rax\n"
"	mov %rax, 24(%rsi)\n"
"	pushfq\n"
"	popq 32(%rsi)\n"
"	movabs $0x5a5a5a5a5a5a5a5a, %rax\n"
"	mov %rax, %fs:0\n"
"	jmp probe_end\n"
"	.size probe_entry, . - probe_entry\n"
"	.popsection\n"
);

_Noreturn void probe_end(cloudabi_tid_t tid, struct state *state)
{
	uint32_t *lock = &state->ended;

	word_change(lock, KM, W(tid));
	cloudabi_sys_thread_exit(lock, CLOUDABI_SCOPE_PRIVATE);
}

static void join(uint32_t *lock)
{
	if (__atomic_load_n(lock, __ATOMIC_SEQ_CST))
		CHECK_OK(take(RDLOCK, lock));
}

/* Starts a thread on [stack, stack + len), and looks at what it found. */
static void probe_stack(uint8_t *stack, size_t len)
{
	struct state state = { .ended = KM };
	cloudabi_threadattr_t attr = {
		.entry_point = probe_entry,
		.stack = stack,
		.stack_len = len,
		.argument = &state,
	};
	uintptr_t end = (uintptr_t)stack + len;
	cloudabi_tid_t tid = 0;
	cloudabi_tcb_t *tcb;

	CHECK_OK(cloudabi_sys_thread_create(&attr, &tid));
	word_change(&state.ended, KM, W(tid));
	join(&state.ended);

	CHECK_EQ(state.rdi, tid);
	CHECK_EQ(tid >> 30, 0);
	CHECK(tid);
	CHECK_EQ(state.rsi, (uintptr_t)&state);
	CHECK_EQ(state.rsp % 16, 8);
	CHECK(!(state.rflags & (RAW_CARRY | RAW_DIRECTION)));
	CHECK_EQ(state.tcb % _Alignof(cloudabi_tcb_t), 0);
	CHECK(state.tcb + sizeof(cloudabi_tcb_t) <= end);
	CHECK(state.tcb + 2 * sizeof(cloudabi_tcb_t) > end);
	tcb = (cloudabi_tcb_t *)state.tcb;
	CHECK_EQ((uintptr_t)tcb->parent, 0);
	/* The word is next to it, and the FS base leads there. */
	CHECK_EQ(((uint64_t *)tcb)[-1], MARK);
	CHECK(state.rsp < state.tcb - 8);
	CHECK(state.rsp > (uintptr_t)stack);
	CHECK(state.rsp + 64 > state.tcb);
}

static void start_state(void)
{
	uint8_t *stack = crt_pages_alloc(16384);

	scope = CLOUDABI_SCOPE_PRIVATE;
	for (unsigned int i = 0; i < 32; i++)
		probe_stack(stack + i, 16384 - 2 * i);
	for (unsigned int i = 0; i < 32; i++)
		probe_stack(stack, 16384 - i);
	crt_pages_free(stack, 16384);
}

static bool ran;

static void run_flag(void *argument)
{
	(void)argument;
	ran = true;
}

static void entry_flag(cloudabi_tid_t tid, void *argument)
{
	static cloudabi_lock_t lock;

	(void)tid;
	run_flag(argument);
	cloudabi_sys_thread_exit(&lock, CLOUDABI_SCOPE_PRIVATE);
}

/* No thread runs whose stack cannot be prepared. */
static void bad_stacks(void)
{
	uint8_t *page = (uint8_t *)map_words(CLOUDABI_MAP_ANON |
					     CLOUDABI_MAP_PRIVATE,
					     CLOUDABI_MAP_ANON_FD);
	uint8_t *stacks[] = {
		NULL, BAD_ADDRESS, page, (uint8_t *)-8192ul,
		(uint8_t *)0x7fffffffe000ul, (uint8_t *)0x800000000000ul,
	};
	cloudabi_threadattr_t attr = {
		.entry_point = entry_flag, .stack_len = WORDS_SIZE,
	};
	cloudabi_tid_t tid = 77;

	ran = false;
	CHECK_OK(cloudabi_sys_mem_protect(page, WORDS_SIZE,
					  CLOUDABI_PROT_READ));
	for (size_t i = 0; i < ARRAY_SIZE(stacks); i++) {
		attr.stack = stacks[i];
		CHECK_ERRNO(cloudabi_sys_thread_create(&attr, &tid),
			    CLOUDABI_EFAULT);
	}
	CHECK_OK(cloudabi_sys_mem_unmap(page, WORDS_SIZE));
	CHECK_ERRNO(cloudabi_sys_thread_create(NULL, &tid), CLOUDABI_EFAULT);
	CHECK_ERRNO(cloudabi_sys_thread_create(BAD_ADDRESS, &tid),
		    CLOUDABI_EFAULT);
	CHECK_EQ(tid, 77);
	CHECK(!ran);
	wait_for_tasks(1);
}

/* --- What threads have for themselves, and what not ------------------------ */

static _Thread_local uint64_t own;
static uint64_t sum;

static void use_own(void *argument)
{
	uint64_t id = (uintptr_t)argument;
	double part = 1.0 + id;

	for (int i = 0; i < 200; i++) {
		own += id;
		part *= 1.5;
		cloudabi_sys_thread_yield();
		part /= 1.5;
	}
	if (own == 200 * id && part == 1.0 + id)
		__atomic_fetch_add(&sum, 1, __ATOMIC_SEQ_CST);
}

static void variables_of_their_own(void)
{
	struct crt_thread threads[16];

	sum = 0;
	own = 42;
	for (uintptr_t i = 0; i < 16; i++)
		CHECK_OK(crt_thread_start(&threads[i], use_own, (void *)i));
	for (int i = 0; i < 16; i++)
		crt_thread_join(&threads[i]);
	CHECK_EQ(sum, 16);
	CHECK_EQ(own, 42);
}

static void make_descriptor(void *argument)
{
	cloudabi_sys_fd_create1(SHARED_MEMORY, argument);
}

static void descriptors_are_shared(void)
{
	struct crt_thread thread;
	cloudabi_fd_t fd = CLOSED_FD;

	CHECK_OK(crt_thread_start(&thread, make_descriptor, &fd));
	crt_thread_join(&thread);
	CHECK(is_open(fd));
	CHECK_OK(cloudabi_sys_fd_close(fd));
}

/*
 * The working directory is where calls on paths put their directory: two
 * threads that had one in common would get into each other's.
 */
static void work_in_directories(void *argument)
{
	uint64_t id = (uintptr_t)argument;
	char dir[] = "threads-a", file[] = "threads-a/file";
	cloudabi_errno_t error;

	dir[8] += id;
	file[8] += id;
	error = cloudabi_sys_file_create(DIRECTORY, dir, strlen(dir),
					 CLOUDABI_FILETYPE_DIRECTORY);
	for (int i = 0; i < 100 && !error; i++) {
		error = cloudabi_sys_file_create(DIRECTORY, file, strlen(file),
						 CLOUDABI_FILETYPE_DIRECTORY);
		if (!error)
			error = cloudabi_sys_file_unlink(DIRECTORY, file,
							 strlen(file),
							 CLOUDABI_UNLINK_REMOVEDIR);
	}
	if (!error)
		error = cloudabi_sys_file_unlink(DIRECTORY, dir, strlen(dir),
						 CLOUDABI_UNLINK_REMOVEDIR);
	if (!error)
		__atomic_fetch_add(&sum, 1, __ATOMIC_SEQ_CST);
}

static void directories_do_not_mix(void)
{
	struct crt_thread threads[4];

	sum = 0;
	for (uintptr_t i = 0; i < 4; i++)
		CHECK_OK(crt_thread_start(&threads[i], work_in_directories,
					  (void *)i));
	for (int i = 0; i < 4; i++)
		crt_thread_join(&threads[i]);
	CHECK_EQ(sum, 4);
}

/* --- End ------------------------------------------------------------------ */

static void nothing(void *argument)
{
	(void)argument;
}

/* The stack goes as soon as the lock is released: nothing may touch it. */
static void stacks_go_at_once(void)
{
	struct crt_thread thread;

	for (int i = 0; i < 500; i++) {
		CHECK_OK(crt_thread_start(&thread, nothing, NULL));
		crt_thread_join(&thread);
		CHECK_EQ(thread.joined & ~1u, 0);
	}
	wait_for_tasks(1);
}

static cloudabi_lock_t *exit_lock;
static cloudabi_scope_t exit_scope;

static void entry_exit(cloudabi_tid_t tid, void *argument)
{
	(void)tid;
	(void)argument;
	cloudabi_sys_thread_exit(exit_lock, exit_scope);
}

static void exit_with(cloudabi_lock_t *lock, cloudabi_scope_t with)
{
	uint8_t *stack = crt_pages_alloc(16384);
	cloudabi_threadattr_t attr = {
		.entry_point = entry_exit, .stack = stack, .stack_len = 16384,
	};
	cloudabi_tid_t tid;

	exit_lock = lock;
	exit_scope = with;
	CHECK_OK(cloudabi_sys_thread_create(&attr, &tid));
	wait_for_tasks(1);
	crt_pages_free(stack, 16384);
}

/* Whatever becomes of the lock, the thread ends. */
static void bad_locks_do_not_matter(void)
{
	cloudabi_lock_t lock = W(NOBODY);

	exit_with(NULL, CLOUDABI_SCOPE_PRIVATE);
	exit_with(BAD_ADDRESS, CLOUDABI_SCOPE_SHARED);
	exit_with((void *)((char *)words + 1), CLOUDABI_SCOPE_PRIVATE);
	exit_with(&lock, 0);
	exit_with(&lock, CLOUDABI_SCOPE_PRIVATE);
	CHECK_EQ(lock, W(NOBODY));
	lock = 0;
	exit_with(&lock, CLOUDABI_SCOPE_PRIVATE);
	CHECK_EQ(lock, 0);
	lock = 3;
	exit_with(&lock, CLOUDABI_SCOPE_SHARED);
	CHECK_EQ(lock, 3);
}

static void wait_for_it(void *argument)
{
	struct crt_lock *lock = argument;

	crt_lock_write(lock);
	crt_unlock(lock);
}

/* Many that wait for a thread's end. */
static void end_wakes_all(void)
{
	struct crt_lock lock = CRT_LOCK_INIT;
	struct crt_thread thread;
	uint32_t *joined = &thread.joined;

	lock.word = W(crt_tid());
	CHECK_OK(crt_thread_start(&thread, wait_for_it, &lock));
	scope = CLOUDABI_SCOPE_PRIVATE;
	for (int i = 0; i < 8; i++) {
		start_actor(&actors[i], for_lock(RDLOCK, joined), 0, true);
		CHECK_EQ(*joined, W(thread.tid) | KM);
	}
	crt_unlock(&lock);
	for (int i = 0; i < 8; i++) {
		if (wait_done(&actors[i]))
			check_success(&actors[i]);
	}
	CHECK_EQ(*joined, 8);
	for (int i = 0; i < 8; i++)
		let_go(&actors[i]);
	CHECK_EQ(*joined, 0);
	crt_thread_join(&thread);
}

/* --- Limits --------------------------------------------------------------- */

static bool end_now;

static void until_the_end(void *argument)
{
	(void)argument;
	while (!__atomic_load_n(&end_now, __ATOMIC_SEQ_CST))
		crt_sleep_ms(1);
}

static void limit_is_eagain(void)
{
	struct crt_thread threads[4];
	cloudabi_threadattr_t attr = {
		.entry_point = entry_flag, .stack_len = 16384,
	};
	cloudabi_tid_t tid = 77;

	set_limit(HELPER_RLIMIT_NPROC, 4);
	for (int i = 0; i < 3; i++)
		CHECK_OK(crt_thread_start(&threads[i], until_the_end, NULL));
	CHECK_ERRNO(crt_thread_start(&threads[3], nothing, NULL),
		    CLOUDABI_EAGAIN);
	ran = false;
	attr.stack = crt_pages_alloc(16384);
	CHECK_ERRNO(cloudabi_sys_thread_create(&attr, &tid), CLOUDABI_EAGAIN);
	CHECK_EQ(tid, 77);
	CHECK_EQ(count_tasks(), 4);
	CHECK(!ran);
	__atomic_store_n(&end_now, true, __ATOMIC_SEQ_CST);
	for (int i = 0; i < 3; i++)
		crt_thread_join(&threads[i]);
	wait_for_tasks(1);
	CHECK_OK(crt_thread_start(&threads[3], nothing, NULL));
	crt_thread_join(&threads[3]);
}

static const struct test tests[] = {
	TEST(start_state),
	TEST(bad_stacks),
	TEST(variables_of_their_own),
	TEST(descriptors_are_shared),
	TEST(directories_do_not_mix),
	TEST(stacks_go_at_once),
	TEST(bad_locks_do_not_matter),
	TEST(end_wakes_all),
};

static const struct test limit_tests[] = {
	TEST(limit_is_eagain),
};

int program_main(const struct argdata *ad)
{
	struct args args;
	struct word word;

	make_words(&(struct word){ "private", 7 });
	args_open(&args, ad);
	if (args_next(&args, &word))
		return check_run(limit_tests, ARRAY_SIZE(limit_tests));
	return check_run(tests, ARRAY_SIZE(tests));
}
