// SPDX-License-Identifier: GPL-2.0
/*
 * Locks and condition variables among threads: one source, built once as a
 * native program and once as a CloudABI program. Settings, results and batches
 * are those of twin.c; what is measured lasts from when all threads are there to
 * when the last one is done.
 *
 * On one processor, where instructions are counted, threads would hardly ever
 * meet at a lock. Where they are to, who holds it yields.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "threads.h"
#include "ticks.h"

enum { SETTINGS, RESULTS, WAITERS = 64, THREADS = WAITERS + 1, LOCKS = 64 };

/**
 * struct row - what is measured
 * @name: its name
 * @threads: how many threads
 * @loops: how often each one does it
 * @operations: how many operations these are, all threads taken together
 * @run: what they do
 */
struct row {
	const char *name;
	unsigned int threads;
	unsigned int loops;
	unsigned int operations;
	void (*run)(unsigned int self, unsigned int loops);
};

static th_lock_t lock = TH_LOCK_INIT;
static th_lock_t locks[LOCKS] = { [0 ... LOCKS - 1] = TH_LOCK_INIT };
static th_condvar_t turns[2] = { TH_CONDVAR_INIT, TH_CONDVAR_INIT };
static th_condvar_t all = TH_CONDVAR_INIT, go = TH_CONDVAR_INIT;

/* Under the lock. */
static unsigned int turn, waiting, generation;
static volatile unsigned int counter;

static void uncontended(unsigned int self, unsigned int loops)
{
	(void)self;
	for (; loops; loops--) {
		th_lock(&lock);
		counter++;
		th_unlock(&lock);
	}
}

static void contended(unsigned int self, unsigned int loops)
{
	(void)self;
	for (; loops; loops--) {
		th_lock(&lock);
		counter++;
		th_yield();
		th_unlock(&lock);
	}
}

/* Four locks of its own each, one after the other. */
static void unrelated(unsigned int self, unsigned int loops)
{
	for (; loops; loops--) {
		th_lock_t *own = &locks[(self * 4 + loops % 4) % LOCKS];

		th_lock(own);
		th_yield();
		th_unlock(own);
	}
}

static void ping_pong(unsigned int self, unsigned int loops)
{
	th_lock(&lock);
	for (; loops; loops--) {
		while (turn != self)
			th_wait(&turns[self], &lock);
		turn = !self;
		th_signal(&turns[!self]);
	}
	th_unlock(&lock);
}

static void wait_for_all(void)
{
	while (waiting < WAITERS)
		th_wait(&all, &lock);
	waiting = 0;
	generation++;
	th_broadcast(&go);
}

static void wait_to_go(void)
{
	unsigned int mine = generation;

	if (++waiting == WAITERS)
		th_signal(&all);
	while (generation == mine)
		th_wait(&go, &lock);
}

/* The last thread tells all others. */
static void broadcast(unsigned int self, unsigned int loops)
{
	th_lock(&lock);
	for (; loops; loops--) {
		if (self == WAITERS)
			wait_for_all();
		else
			wait_to_go();
	}
	th_unlock(&lock);
}

static const struct row rows[] = {
	{ "lock", 1, 1000, 1000, uncontended },
	{ "contended_2", 2, 400, 800, contended },
	{ "contended_4", 4, 200, 800, contended },
	{ "contended_8", 8, 100, 800, contended },
	{ "contended_16", 16, 50, 800, contended },
	{ "unrelated", 16, 50, 800, unrelated },
	{ "ping_pong", 2, 200, 400, ping_pong },
	{ "broadcast", THREADS, 10, 10, broadcast },
};

/* How a batch goes on: who is there, who is not done, and the ticks. */
static const struct row *current;
static unsigned int there, left;
static uint64_t first, last;

static void run(void *argument)
{
	unsigned int self = __atomic_fetch_add(&there, 1, __ATOMIC_SEQ_CST);

	(void)argument;
	while (!__atomic_load_n(&left, __ATOMIC_SEQ_CST))
		th_yield();
	current->run(self, current->loops);
	if (!__atomic_sub_fetch(&left, 1, __ATOMIC_SEQ_CST))
		last = ticks_now();
}

static uint64_t batch(const struct row *row)
{
	static struct th_thread threads[THREADS];

	current = row;
	there = 0;
	for (unsigned int i = 0; i < row->threads; i++)
		th_start(&threads[i], run, NULL);
	while (__atomic_load_n(&there, __ATOMIC_SEQ_CST) < row->threads)
		th_yield();
	first = ticks_now();
	__atomic_store_n(&left, row->threads, __ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < row->threads; i++)
		th_join(&threads[i]);
	return last - first;
}

static uint64_t best(const struct row *row, unsigned int batches)
{
	uint64_t least = UINT64_MAX, time;

	while (batches--) {
		time = batch(row);
		if (time < least)
			least = time;
	}
	return least;
}

static char *put_number(char *to, uint64_t number)
{
	if (number >= 10)
		to = put_number(to, number / 10);
	*to++ = '0' + number % 10;
	return to;
}

/* Thousandths of an instruction or nanosecond for one operation. */
static void tell(const struct row *row, uint64_t result)
{
	char line[64], *end = line;
	const char *name = row->name;

	while (*name)
		*end++ = *name++;
	*end++ = ' ';
	end = put_number(end, result);
	*end++ = '\n';
	th_write(RESULTS, line, end - line);
}

static unsigned int read_settings(bool *counting)
{
	unsigned int batches = 0;
	char c;

	while (th_read(SETTINGS, &c, 1)) {
		if (c == 'i')
			*counting = true;
		else if (c >= '0' && c <= '9')
			batches = batches * 10 + c - '0';
	}
	return batches;
}

static int measure(void)
{
	bool counting = false;
	unsigned int batches = read_settings(&counting);
	uint64_t speed = counting ? 1000000 : ticks_per_ms(th_time);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t ticks = best(&rows[i], batches);

		tell(&rows[i],
		     ticks * 1000 / rows[i].operations * 1000000 / speed);
	}
	return 0;
}

#ifdef __CloudABI__
int program_main(const struct argdata *ad)
{
	(void)ad;
	return measure();
}
#else
int main(void)
{
	return measure();
}
#endif
