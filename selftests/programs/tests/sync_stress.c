// SPDX-License-Identifier: GPL-2.0
/*
 * sync_stress: many threads, few locks and condition variables, anything at
 * random, with someone who keeps the books.
 *
 *	sync_stress PROCESS THREADS SEED [mortal|private]	3<>ARENA
 *
 * The arena is in shared memory that somebody else has made and sets `stop` in;
 * see arena.h. Process 0 buries the dead: it takes the locks that they have had,
 * for nobody else would ever get them. Others may be killed at any time if they
 * are all `mortal`: such a process takes no lock for reading, since a count does
 * not tell whose it is; and nobody relies on a signal then, since whoever was to
 * pass it on may be dead.
 *
 * Exits with 0 if it saw nothing wrong.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "arena.h"
#include "args.h"
#include "check.h"
#include "sync.h"

#define W(tid) (CLOUDABI_LOCK_WRLOCKED | (tid))
#define TID(word) ((word) & ~(CLOUDABI_LOCK_WRLOCKED | \
			      CLOUDABI_LOCK_KERNEL_MANAGED))

static struct arena *arena;
static unsigned int process;
static bool mortal;
static cloudabi_scope_t scope = CLOUDABI_SCOPE_SHARED;

/**
 * struct fighter - a thread
 * @thread: it
 * @book: what it writes down
 * @random: state of its random numbers
 */
struct fighter {
	struct crt_thread thread;
	struct arena_thread *book;
	uint64_t random;
};

static struct fighter fighters[ARENA_THREADS];

static unsigned int random_below(struct fighter *f, unsigned int limit)
{
	f->random ^= f->random << 13;
	f->random ^= f->random >> 7;
	f->random ^= f->random << 17;
	return (f->random >> 20) % limit;
}

static void violation(int line, uint32_t value)
{
	if (__atomic_fetch_add(&arena->violations, 1, __ATOMIC_SEQ_CST))
		return;
	arena->line = line;
	arena->value = value;
}

#define MUST(condition, value)				\
	do {						\
		if (!(condition))			\
			violation(__LINE__, value);	\
	} while (0)

static void note(struct fighter *f, char doing, unsigned int with)
{
	f->book->doing = doing;
	f->book->with = with;
	__atomic_store_n(&f->book->steps, f->book->steps + 1,
			 __ATOMIC_RELAXED);
}

/* --- Having a lock -------------------------------------------------------- */

static void got_for_writing(struct arena_lock *l)
{
	uint32_t nobody = 0, word;

	word = __atomic_load_n(&l->lock, __ATOMIC_SEQ_CST);
	MUST((word & ~CLOUDABI_LOCK_KERNEL_MANAGED) == W(crt_tid()), word);
	MUST(__atomic_compare_exchange_n(&l->owner, &nobody, crt_tid(), false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST),
	     nobody);
	MUST(!__atomic_load_n(&l->readers, __ATOMIC_SEQ_CST), l->readers);
}

static void gives_up_writing(struct arena_lock *l)
{
	uint32_t self = crt_tid();

	MUST(__atomic_compare_exchange_n(&l->owner, &self, 0, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST),
	     self);
}

static void linger(struct fighter *f)
{
	unsigned int what = random_below(f, 16);

	if (what < 3)
		cloudabi_sys_thread_yield();
	else if (what == 3)
		crt_sleep_ms(1);
}

/* Two words that are the same, but for as long as a writer has the lock. */
static void write_guarded(struct fighter *f, struct arena_lock *l)
{
	if (mortal) {
		linger(f);
		return;
	}
	l->guarded[0]++;
	linger(f);
	l->guarded[1]++;
	MUST(l->guarded[0] == l->guarded[1], l->guarded[0] - l->guarded[1]);
}

static void read_guarded(struct fighter *f, struct arena_lock *l)
{
	uint64_t before = l->guarded[0];

	__atomic_fetch_add(&l->readers, 1, __ATOMIC_SEQ_CST);
	MUST(!__atomic_load_n(&l->owner, __ATOMIC_SEQ_CST), l->owner);
	linger(f);
	MUST(l->guarded[0] == before && l->guarded[1] == before, before);
	MUST(!__atomic_load_n(&l->owner, __ATOMIC_SEQ_CST), l->owner);
	__atomic_fetch_sub(&l->readers, 1, __ATOMIC_SEQ_CST);
}

/* --- What a thread does --------------------------------------------------- */

static bool poll_for(cloudabi_subscription_t first, uint64_t timeout)
{
	cloudabi_subscription_t in[2] = {
		first,
		{
			.type = CLOUDABI_EVENTTYPE_CLOCK,
			.clock.clock_id = CLOUDABI_CLOCK_MONOTONIC,
			.clock.timeout = timeout,
		},
	};
	cloudabi_event_t event = { 0 };
	cloudabi_errno_t error;
	size_t n = 0;

	error = cloudabi_sys_poll(in, &event, timeout == ~0ull ? 1 : 2, &n);
	MUST(!error && n == 1 && !event.error, error << 16 | event.error);
	return event.type != CLOUDABI_EVENTTYPE_CLOCK;
}

/* No time at all, some, or for ever. */
static uint64_t some_time(struct fighter *f)
{
	switch (random_below(f, 8)) {
	case 0:
		return 0;
	case 1:
		return random_below(f, 100000);
	case 2:
		return random_below(f, 5000000);
	default:
		return ~0ull;
	}
}

static bool take_write(struct arena_lock *l, uint64_t timeout)
{
	uint32_t free_word = 0;

	if (!__atomic_compare_exchange_n(&l->lock, &free_word, W(crt_tid()),
					 false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST)) {
		cloudabi_subscription_t in = {
			.type = CLOUDABI_EVENTTYPE_LOCK_WRLOCK,
			.lock.lock = &l->lock,
			.lock.lock_scope = scope,
		};

		if (!poll_for(in, timeout))
			return false;
	}
	got_for_writing(l);
	return true;
}

static void release_write(struct arena_lock *l)
{
	uint32_t word = W(crt_tid());
	cloudabi_errno_t error;

	gives_up_writing(l);
	if (__atomic_compare_exchange_n(&l->lock, &word, 0, false,
					__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return;
	error = cloudabi_sys_lock_unlock(&l->lock, scope);
	MUST(!error, error);
}

static bool take_read(struct arena_lock *l, uint64_t timeout)
{
	uint32_t word = __atomic_load_n(&l->lock, __ATOMIC_SEQ_CST);
	cloudabi_subscription_t in = {
		.type = CLOUDABI_EVENTTYPE_LOCK_RDLOCK,
		.lock.lock = &l->lock,
		.lock.lock_scope = scope,
	};

	while (!(word & (CLOUDABI_LOCK_WRLOCKED |
			 CLOUDABI_LOCK_KERNEL_MANAGED))) {
		if (__atomic_compare_exchange_n(&l->lock, &word, word + 1,
						false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return true;
	}
	return poll_for(in, timeout);
}

/* A reader may take it once more, whoever waits, behind the kernel's back. */
static void bump(struct arena_lock *l, int by)
{
	uint32_t word = __atomic_load_n(&l->lock, __ATOMIC_SEQ_CST);

	while (!__atomic_compare_exchange_n(&l->lock, &word, word + by, false,
					    __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST))
		continue;
	MUST(!(word & CLOUDABI_LOCK_WRLOCKED), word);
}

static void release_read(struct arena_lock *l)
{
	const uint32_t last = CLOUDABI_LOCK_KERNEL_MANAGED | 1;
	uint32_t word = __atomic_load_n(&l->lock, __ATOMIC_SEQ_CST), new;
	cloudabi_errno_t error;

	do {
		MUST(!(word & CLOUDABI_LOCK_WRLOCKED), word);
		new = word == last ?
			CLOUDABI_LOCK_KERNEL_MANAGED | W(crt_tid()) : word - 1;
	} while (!__atomic_compare_exchange_n(&l->lock, &word, new, false,
					      __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	if (word != last)
		return;
	error = cloudabi_sys_lock_unlock(&l->lock, scope);
	MUST(!error, error);
}

static bool wait(struct arena_lock *l, uint64_t timeout)
{
	cloudabi_subscription_t in = {
		.type = CLOUDABI_EVENTTYPE_CONDVAR,
		.condvar.condvar = &l->condvar,
		.condvar.lock = &l->lock,
		.condvar.condvar_scope = scope,
		.condvar.lock_scope = scope,
	};
	bool in_time;

	gives_up_writing(l);
	in_time = poll_for(in, timeout);
	got_for_writing(l);
	return in_time;
}

static void signal(struct arena_lock *l, cloudabi_nthreads_t n)
{
	cloudabi_errno_t error;

	if (!__atomic_load_n(&l->condvar, __ATOMIC_SEQ_CST))
		return;
	error = cloudabi_sys_condvar_signal(&l->condvar, scope,
					    n);
	MUST(!error, error);
}

/* Puts a token there and takes one, if need be one that comes later. */
static void post_and_take(struct fighter *f, struct arena_lock *l)
{
	bool outside = random_below(f, 2);

	if (!take_write(l, ~0ull))
		return;
	l->tokens++;
	if (!outside)
		signal(l, 1);
	release_write(l);
	if (outside)
		signal(l, 1);
	linger(f);
	if (!take_write(l, ~0ull))
		return;
	while (!l->tokens && !arena->stop)
		wait(l, mortal ? 20000000 : ~0ull);
	if (l->tokens)
		l->tokens--;
	write_guarded(f, l);
	release_write(l);
}

static void wait_a_while(struct fighter *f, struct arena_lock *l)
{
	if (!take_write(l, some_time(f)))
		return;
	if (!wait(l, random_below(f, 3000000)) && random_below(f, 2))
		linger(f);
	/* It may have been meant for somebody else. */
	if (l->tokens)
		signal(l, 1);
	release_write(l);
}

static void write_a_while(struct fighter *f, struct arena_lock *l)
{
	if (!take_write(l, some_time(f)))
		return;
	write_guarded(f, l);
	release_write(l);
}

static void read_a_while(struct fighter *f, struct arena_lock *l)
{
	if (mortal || !take_read(l, some_time(f)))
		return;
	if (!random_below(f, 4)) {
		bump(l, 1);
		read_guarded(f, l);
		bump(l, -1);
	}
	read_guarded(f, l);
	release_read(l);
}

static void fight(void *argument)
{
	struct fighter *f = argument;

	__atomic_store_n(&f->book->tid, crt_tid(), __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&arena->stop, __ATOMIC_RELAXED)) {
		unsigned int with = random_below(f, ARENA_LOCKS);
		struct arena_lock *l = &arena->locks[with];

		switch (random_below(f, 8)) {
		case 0:
			note(f, 'a', with);
			wait_a_while(f, l);
			break;
		case 1:
			note(f, 'b', with);
			signal(l, random_below(f, 2) ? 1 : ~0u);
			break;
		case 2:
		case 3:
			note(f, 'p', with);
			post_and_take(f, l);
			break;
		case 4:
		case 5:
			note(f, 'r', with);
			read_a_while(f, l);
			break;
		default:
			note(f, 'w', with);
			write_a_while(f, l);
		}
	}
	note(f, 'e', 0);
}

/* --- The dead ------------------------------------------------------------- */

static bool is_dead(uint32_t dead, uint32_t tid)
{
	for (unsigned int i = 0; tid && i < ARENA_THREADS; i++) {
		if (arena->threads[dead][i].tid == tid)
			return true;
	}
	return false;
}

/* Makes itself the owner of what a dead thread has had, and releases it. */
static void bury_one(struct arena_lock *l, uint32_t dead)
{
	uint32_t word = __atomic_load_n(&l->lock, __ATOMIC_SEQ_CST), owner;
	cloudabi_errno_t error;

	do {
		if (!(word & CLOUDABI_LOCK_WRLOCKED) ||
		    !is_dead(dead, TID(word)))
			return;
	} while (!__atomic_compare_exchange_n(
		&l->lock, &word,
		(word & CLOUDABI_LOCK_KERNEL_MANAGED) | W(crt_tid()), false,
		__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	owner = __atomic_exchange_n(&l->owner, 0, __ATOMIC_SEQ_CST);
	MUST(!owner || owner == TID(word), owner);
	arena->buried++;
	error = cloudabi_sys_lock_unlock(&l->lock, scope);
	MUST(!error, error);
}

static void bury(uint32_t dead)
{
	for (unsigned int i = 0; i < ARENA_LOCKS; i++)
		bury_one(&arena->locks[i], dead);
	for (unsigned int i = 0; i < ARENA_THREADS; i++)
		arena->threads[dead][i].tid = 0;
	__atomic_store_n(&arena->dead, 0, __ATOMIC_SEQ_CST);
}

/*
 * Until everybody is done. Those that wait for tokens have to be told; it is no
 * matter who tells.
 */
static void oversee(void)
{
	uint32_t dead;

	do {
		crt_sleep_ms(2);
		dead = __atomic_load_n(&arena->dead, __ATOMIC_SEQ_CST);
		if (dead && !process)
			bury(dead - 1);
	} while (!__atomic_load_n(&arena->stop, __ATOMIC_SEQ_CST));
}

static void tell_all(void *argument)
{
	bool *done = argument;

	while (!__atomic_load_n(done, __ATOMIC_SEQ_CST)) {
		for (unsigned int i = 0; i < ARENA_LOCKS; i++)
			signal(&arena->locks[i], ~0u);
		crt_sleep_ms(1);
	}
}

/* --- */

static uint64_t next_number(struct args *args)
{
	struct word word;
	const char *text;

	if (!args_next(args, &word))
		crt_die(2, "usage: sync_stress PROCESS THREADS SEED [HOW]");
	text = word.chars;
	return parse_number(&text, word.chars + word.len);
}

static void map_arena(void)
{
	void *mem;

	if (cloudabi_sys_mem_map(NULL, sizeof(*arena),
				 CLOUDABI_PROT_READ | CLOUDABI_PROT_WRITE,
				 CLOUDABI_MAP_SHARED, ARENA_FD, 0, &mem))
		crt_die(3, "# sync_stress: no arena");
	arena = mem;
}

static void run(unsigned int n, uint64_t seed)
{
	struct crt_thread teller;
	bool done = false;

	for (unsigned int i = 0; i < n; i++) {
		fighters[i].book = &arena->threads[process][i];
		fighters[i].random = (seed * ARENA_THREADS + i + 1) *
				     0x9e3779b97f4a7c15;
		if (crt_thread_start(&fighters[i].thread, fight, &fighters[i]))
			crt_die(4, "# sync_stress: no thread");
	}
	oversee();
	if (crt_thread_start(&teller, tell_all, &done))
		crt_die(4, "# sync_stress: no thread");
	for (unsigned int i = 0; i < n; i++)
		crt_thread_join(&fighters[i].thread);
	__atomic_store_n(&done, true, __ATOMIC_SEQ_CST);
	crt_thread_join(&teller);
}

int program_main(const struct argdata *ad)
{
	unsigned int n;
	struct args args;
	struct word word;
	uint64_t seed;

	args_open(&args, ad);
	process = next_number(&args);
	n = next_number(&args);
	seed = next_number(&args);
	if (args_next(&args, &word)) {
		mortal = word.chars[0] == 'm';
		if (!mortal)
			scope = CLOUDABI_SCOPE_PRIVATE;
	}
	if (process >= ARENA_PROCESSES || n > ARENA_THREADS)
		crt_die(2, "# sync_stress: too many");
	map_arena();
	run(n, seed);
	return !!arena->violations;
}
