/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads that wait, each for one thing, and are looked at meanwhile.
 *
 * The words are where the first argument of the program says:
 *
 *	private		memory of its own, private scope
 *	shared		a shared memory object, mapped a second time for the actors
 *	anonymous	a shared mapping of no file
 *	fallback	memory of its own, shared scope
 *
 * The second one is `forever`, or `timed` for waits that have a timeout which is
 * never reached; the third one is how many threads there are where it does not
 * matter.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _TESTS_ACTOR_H
#define _TESTS_ACTOR_H

#include "args.h"
#include "ask.h"
#include "sync.h"

#define KM CLOUDABI_LOCK_KERNEL_MANAGED
#define W(tid) (CLOUDABI_LOCK_WRLOCKED | (tid))

#define WRLOCK CLOUDABI_EVENTTYPE_LOCK_WRLOCK
#define RDLOCK CLOUDABI_EVENTTYPE_LOCK_RDLOCK
#define CONDVAR CLOUDABI_EVENTTYPE_CONDVAR
#define CLOCK CLOUDABI_EVENTTYPE_CLOCK

/* No thread has this id. */
#define NOBODY 0x3ffffffe

#define ACTORS_MAX 64
#define WORDS_SIZE 4096

#define HOUR (3600ull * 1000000000)

static cloudabi_scope_t scope;
static bool timed;
static unsigned int actors_wanted;

/* The words, as this thread and as the actors see them. */
static uint32_t *words, *words_there;

/* Index of a word. They are neighbours, so that one may be taken for another. */
enum { LOCK, OTHER_LOCK, CONDVAR_WORD, OTHER_CONDVAR, NR_WORDS };

static inline uint32_t word(unsigned int i)
{
	return __atomic_load_n(&words[i], __ATOMIC_SEQ_CST);
}

static inline void set_word(unsigned int i, uint32_t value)
{
	__atomic_store_n(&words[i], value, __ATOMIC_SEQ_CST);
}

static inline bool word_is(const struct word *word, const char *text)
{
	return word->len == strlen(text) &&
	       !memcmp(word->chars, text, word->len);
}

static inline uint32_t *map_words(cloudabi_mflags_t flags, cloudabi_fd_t fd)
{
	void *mem = NULL;

	if (cloudabi_sys_mem_map(NULL, WORDS_SIZE,
				 CLOUDABI_PROT_READ | CLOUDABI_PROT_WRITE,
				 flags, fd, 0, &mem))
		crt_die(97, "# no memory for words");
	return mem;
}

static inline cloudabi_fd_t memory_object(void)
{
	cloudabi_filestat_t stat = { .st_size = WORDS_SIZE };
	cloudabi_fd_t fd;

	if (cloudabi_sys_fd_create1(SHARED_MEMORY, &fd) ||
	    cloudabi_sys_file_stat_fput(fd, &stat, CLOUDABI_FILESTAT_SIZE))
		crt_die(97, "# no shared memory");
	return fd;
}

static inline void make_words(const struct word *kind)
{
	cloudabi_mflags_t flags = CLOUDABI_MAP_ANON | CLOUDABI_MAP_PRIVATE;
	cloudabi_fd_t fd = CLOUDABI_MAP_ANON_FD;

	scope = CLOUDABI_SCOPE_SHARED;
	if (word_is(kind, "private"))
		scope = CLOUDABI_SCOPE_PRIVATE;
	else if (word_is(kind, "anonymous"))
		flags = CLOUDABI_MAP_ANON | CLOUDABI_MAP_SHARED;
	else if (word_is(kind, "shared"))
		flags = CLOUDABI_MAP_SHARED;
	else if (!word_is(kind, "fallback"))
		crt_die(97, "# private, shared, anonymous or fallback");
	if (flags == CLOUDABI_MAP_SHARED)
		fd = memory_object();
	words = map_words(flags, fd);
	words_there = flags == CLOUDABI_MAP_SHARED ? map_words(flags, fd) :
						     words;
}

static inline void actors_setup(const struct argdata *ad)
{
	struct args args;
	struct word kind, time, n;
	const char *text;

	args_open(&args, ad);
	if (!args_next(&args, &kind) || !args_next(&args, &time) ||
	    !args_next(&args, &n))
		crt_die(97, "# KIND forever|timed THREADS");
	make_words(&kind);
	timed = word_is(&time, "timed");
	text = n.chars;
	actors_wanted = parse_number(&text, n.chars + n.len);
	if (!actors_wanted || actors_wanted > ACTORS_MAX)
		crt_die(97, "# 1 to 64 threads");
}

/**
 * struct actor - a thread that waits for something
 * @thread: it
 * @in: what for
 * @nin: how many subscriptions that is
 * @error: what the call returned
 * @n: how many events it told
 * @event: the first one
 * @seen: the lock's word when the call returned, if it is one of @words
 * @rank: how many actors were done before
 * @done: the call has returned
 * @keep: keep the lock until @go
 * @go: see @keep
 */
struct actor {
	struct crt_thread thread;
	cloudabi_subscription_t in[2];
	size_t nin;
	cloudabi_errno_t error;
	size_t n;
	cloudabi_event_t event;
	uint32_t seen;
	unsigned int rank;
	bool done;
	bool keep;
	bool go;
};

static struct actor actors[ACTORS_MAX] __attribute__((__unused__));
static unsigned int ranks;

/* Subscriptions */

static inline cloudabi_subscription_t for_lock(cloudabi_eventtype_t type,
					       uint32_t *lock)
{
	return (cloudabi_subscription_t){
		.userdata = 0x1111111111111111,
		.type = type,
		.lock.lock = lock,
		.lock.lock_scope = scope,
	};
}

static inline cloudabi_subscription_t for_condvar(uint32_t *condvar,
						  uint32_t *lock)
{
	return (cloudabi_subscription_t){
		.userdata = 0x1111111111111111,
		.type = CONDVAR,
		.condvar.condvar = condvar,
		.condvar.condvar_scope = scope,
		.condvar.lock = lock,
		.condvar.lock_scope = scope,
	};
}

static inline cloudabi_subscription_t for_clock(uint64_t timeout)
{
	return (cloudabi_subscription_t){
		.userdata = 0x2222222222222222,
		.type = CLOCK,
		.clock.clock_id = CLOUDABI_CLOCK_MONOTONIC,
		.clock.timeout = timeout,
	};
}

/* What an actor does */

static inline bool holds(const struct actor *actor)
{
	return !actor->error && !actor->event.error &&
	       (actor->event.type != CLOCK || actor->in[0].type == CONDVAR);
}

static inline bool word_change(uint32_t *at, uint32_t old, uint32_t new)
{
	return __atomic_compare_exchange_n(at, &old, new, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline void release_write(uint32_t *lock, cloudabi_tid_t tid)
{
	if (!word_change(lock, W(tid), 0) &&
	    cloudabi_sys_lock_unlock(lock, scope))
		crt_die(97, "# an actor cannot unlock");
}

static inline void release_read(uint32_t *lock, cloudabi_tid_t tid)
{
	for (;;) {
		uint32_t old = __atomic_load_n(lock, __ATOMIC_SEQ_CST);

		if (old == (KM | 1) &&
		    word_change(lock, old, KM | W(tid))) {
			release_write(lock, tid);
			return;
		}
		if (old != (KM | 1) && word_change(lock, old, old - 1))
			return;
	}
}

static inline uint32_t *lock_of(const struct actor *actor)
{
	return actor->in[0].type == CONDVAR ? actor->in[0].condvar.lock :
					      actor->in[0].lock.lock;
}

static inline void act(void *argument)
{
	struct actor *actor = argument;
	uint32_t *lock = lock_of(actor);

	actor->error = cloudabi_sys_poll(actor->in, &actor->event, actor->nin,
					 &actor->n);
	if (lock >= words_there && lock < words_there + NR_WORDS)
		actor->seen = __atomic_load_n(lock, __ATOMIC_SEQ_CST);
	actor->rank = __atomic_fetch_add(&ranks, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&actor->done, true, __ATOMIC_SEQ_CST);
	while (actor->keep && !__atomic_load_n(&actor->go, __ATOMIC_SEQ_CST))
		crt_sleep_ms(1);
	if (!holds(actor))
		return;
	if (actor->in[0].type == RDLOCK)
		release_read(lock, crt_tid());
	else
		release_write(lock, crt_tid());
}

/* Condition variables are waited on with the lock, which it takes first. */
static inline void take_and_act(void *argument)
{
	struct actor *actor = argument;

	while (!word_change(lock_of(actor), 0, W(crt_tid())))
		crt_sleep_ms(1);
	act(argument);
}

static inline bool is_done(const struct actor *actor)
{
	return __atomic_load_n(&actor->done, __ATOMIC_SEQ_CST);
}

/* Starts it, and waits until it sleeps, with @timeout or as the program is. */
static inline void start_actor(struct actor *actor, cloudabi_subscription_t in,
			       uint64_t timeout, bool keep)
{
	bool takes = in.type == CONDVAR;

	memset(actor, 0, sizeof(*actor));
	actor->keep = keep;
	actor->in[0] = in;
	actor->nin = 1;
	if (timeout || timed) {
		actor->in[1] = for_clock(timeout ?: HOUR);
		actor->nin = 2;
	}
	CHECK_OK(crt_thread_start(&actor->thread, takes ? take_and_act : act,
				  actor));
	if (!timeout)
		CHECK_EQ(ask(HELPER_ASLEEP, 0, actor->thread.tid, 0), 0);
}

static inline void start_locker(struct actor *actor, cloudabi_eventtype_t type)
{
	start_actor(actor, for_lock(type, &words_there[LOCK]), 0, true);
	CHECK(!is_done(actor));
}

/* It has released LOCK when this returns: that is free or this thread's. */
static inline void start_waiter(struct actor *actor, bool keep)
{
	start_actor(actor, for_condvar(&words_there[CONDVAR_WORD],
				       &words_there[LOCK]), 0, keep);
	CHECK(!is_done(actor));
}

static inline bool wait_done(const struct actor *actor)
{
	for (int i = 0; i < 30000 && !is_done(actor); i++)
		crt_sleep_ms(1);
	return CHECK(is_done(actor));
}

static inline void let_go(struct actor *actor)
{
	__atomic_store_n(&actor->go, true, __ATOMIC_SEQ_CST);
	if (!wait_done(actor))
		crt_die(97, "# an actor hangs");
	crt_thread_join(&actor->thread);
}

/* It has what it waited for. */
static inline void check_success(const struct actor *actor)
{
	CHECK_OK(actor->error);
	CHECK_EQ(actor->n, 1);
	CHECK_OK(actor->event.error);
	CHECK_EQ(actor->event.type, actor->in[0].type);
	CHECK_EQ(actor->event.userdata, 0x1111111111111111);
}

static inline void check_timeout(const struct actor *actor)
{
	CHECK_OK(actor->error);
	CHECK_EQ(actor->n, 1);
	CHECK_OK(actor->event.error);
	CHECK_EQ(actor->event.type, CLOCK);
	CHECK_EQ(actor->event.userdata, 0x2222222222222222);
}

/* The same in this thread, which shall not have to wait */

static inline cloudabi_errno_t poll_now(cloudabi_subscription_t in,
					cloudabi_event_t *event)
{
	cloudabi_errno_t error;
	size_t n = 0;

	memset(event, 0xa5, sizeof(*event));
	error = cloudabi_sys_poll(&in, event, 1, &n);
	if (error)
		return error;
	CHECK_EQ(n, 1);
	CHECK_EQ(event->type, in.type);
	CHECK_EQ(event->userdata, in.userdata);
	return event->error;
}

static inline cloudabi_errno_t take(cloudabi_eventtype_t type, uint32_t *lock)
{
	cloudabi_event_t event;

	return poll_now(for_lock(type, lock), &event);
}

static inline cloudabi_errno_t unlock(unsigned int i)
{
	return cloudabi_sys_lock_unlock(&words[i], scope);
}

static inline cloudabi_errno_t signal(cloudabi_nthreads_t n)
{
	return cloudabi_sys_condvar_signal(&words[CONDVAR_WORD], scope, n);
}

#endif /* _TESTS_ACTOR_H */
