// SPDX-License-Identifier: GPL-2.0
/*
 * The twins: one source, built once as a native program and once as a CloudABI
 * program. Measures operations and prints, for each, a line
 *
 *	NAME UNITS
 *
 * with thousandths of an instruction or nanosecond for one operation. What it
 * needs comes by descriptors, so that neither side has to open anything:
 *
 *	0	settings: 'i' or 'w', for counted instructions or nanoseconds, and
 *		the number of batches, as in "i 30"
 *	1	results
 *	3	a regular file, as large as a batch reads
 *	4	/dev/zero
 *	5	a FIFO, for reading and writing (SYS_POLL_FD)
 *	6	a directory with a file 'file' and a symbolic link 'link'
 *	7	a directory with entries to list, less than a page of them
 *	8	a local stream socket; whoever is at its other end sends back what
 *		comes
 *	9, 10	a pair of local stream sockets, in blocking mode
 *	11	a program that ends at once
 *	12	a FIFO with one byte in it (SYS_READY_FD)
 *
 * A row runs as so many batches; the one that took least counts, as anything
 * that disturbs (interrupts, caches) only adds. The same number of empty
 * iterations, measured in the same way, is subtracted.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "sys.h"
#include "ticks.h"

enum {
	SETTINGS, RESULTS, FILE_FD = 3, ZERO_FD, FIFO_FD, DIR_FD, LIST_FD,
	ECHO_FD, HERE_FD, THERE_FD, PROGRAM_FD,
};

struct row {
	const char *name;
	unsigned int loops;	/* of a batch */
	bool (*once)(void);
	void (*loop)(unsigned int loops);
	bool (*prepare)(void);	/* or NULL */
};

static char buffer[SYS_PAGE] __attribute__((aligned(SYS_PAGE)));

/* Small enough for a socket to hold all of it. */
static char stream[65536] __attribute__((aligned(SYS_PAGE)));

#define BARRIER() __asm__ volatile ("" : : : "memory")

#define LOOP(name, ...)							\
	__attribute__((__noinline__))					\
	static void loop_##name(unsigned int loops)			\
	{								\
		for (; loops; loops--) {				\
			BARRIER();					\
			(void)(__VA_ARGS__);				\
		}							\
	}

/* An operation, checked once, and without a check in a loop. */
#define ROW(name, ...)							\
	static bool once_##name(void)					\
	{								\
		return __VA_ARGS__;					\
	}								\
	LOOP(name, __VA_ARGS__)

static inline bool map_unmap(bool touch)
{
	volatile char *page = sys_map(true);

	if (!page)
		return false;
	if (touch)
		*page = 1;
	return sys_unmap((void *)page);
}

LOOP(empty, true)
ROW(null, sys_null())
ROW(clock, sys_clock())
ROW(resolution, sys_resolution())
ROW(read_1, sys_read(FILE_FD, buffer, 1))
ROW(read_4k, sys_read(FILE_FD, buffer, SYS_PAGE))
ROW(write_1, sys_write(FILE_FD, buffer, 1))
ROW(write_4k, sys_write(FILE_FD, buffer, SYS_PAGE))
ROW(zero_read_1, sys_read(ZERO_FD, buffer, 1))
ROW(zero_read_4k, sys_read(ZERO_FD, buffer, SYS_PAGE))
ROW(zero_write_4k, sys_write(ZERO_FD, buffer, SYS_PAGE))
ROW(fifo_1, sys_write(FIFO_FD, buffer, 1) & sys_read(FIFO_FD, buffer, 1))
ROW(seek, sys_seek(FILE_FD, 0))
ROW(dup_close, sys_dup_close(FILE_FD))
ROW(open_close, sys_open_close(DIR_FD, "file"))
ROW(open_close_few, sys_open_close_few(DIR_FD, "file"))
ROW(create_unlink, sys_create_unlink(DIR_FD, "new"))
ROW(stat, sys_stat(DIR_FD, "file"))
ROW(readlink, sys_readlink(DIR_FD, "link", buffer, SYS_PAGE))
ROW(rename, sys_rename(DIR_FD, "file", "other") &
	    sys_rename(DIR_FD, "other", "file"))
ROW(list, sys_list(LIST_FD, buffer, SYS_PAGE))
ROW(poll_1, sys_poll(1))
ROW(poll_10, sys_poll(10))
ROW(poll_1000, sys_poll(1000))
ROW(sock_1, sys_send(HERE_FD, buffer, 1) & sys_recv(THERE_FD, buffer, 1))
ROW(sock_64k, sys_send(HERE_FD, stream, sizeof(stream)) &
	      sys_recv(THERE_FD, stream, sizeof(stream)))
ROW(ping, sys_send(ECHO_FD, buffer, 1) & sys_recv(ECHO_FD, buffer, 1))
ROW(pass_close, sys_pass_close(HERE_FD, THERE_FD, ZERO_FD))
ROW(fork, sys_fork(-1))
ROW(fork_exec, sys_fork(PROGRAM_FD))
ROW(ready_1, sys_poll_ready(1, false))
ROW(ready_10, sys_poll_ready(10, false))
ROW(bytes_1, sys_poll_ready(1, true))
ROW(bytes_10, sys_poll_ready(10, true))
ROW(map_unmap, map_unmap(false))
ROW(map_touch_unmap, map_unmap(true))

#define PREPARED(name, loops, prepare) \
	{ #name, loops, once_##name, loop_##name, prepare }
#define ENTRY(name, loops) PREPARED(name, loops, NULL)

/*
 * Loops: few enough for batches without a clock tick, at 4 million instructions
 * from one to the next; those of 4k go with the size of the file.
 */
static const struct row rows[] = {
	/* First, while both sides have written to the same memory. */
	ENTRY(fork, 5),
	ENTRY(fork_exec, 5),
	ENTRY(null, 1000),
	ENTRY(clock, 1000),
	ENTRY(resolution, 1000),
	ENTRY(read_1, 500),
	ENTRY(read_4k, 250),
	ENTRY(write_1, 500),
	ENTRY(write_4k, 250),
	ENTRY(zero_read_1, 500),
	ENTRY(zero_read_4k, 500),
	ENTRY(zero_write_4k, 500),
	ENTRY(fifo_1, 250),
	ENTRY(seek, 1000),
	ENTRY(dup_close, 500),
	ENTRY(open_close, 250),
	ENTRY(open_close_few, 250),
	ENTRY(create_unlink, 100),
	ENTRY(stat, 500),
	ENTRY(readlink, 500),
	ENTRY(rename, 100),
	ENTRY(list, 100),
	PREPARED(poll_1, 500, sys_poll_init),
	ENTRY(poll_10, 250),
	ENTRY(poll_1000, 5),
	ENTRY(sock_1, 250),
	ENTRY(sock_64k, 10),
	ENTRY(ping, 100),
	ENTRY(pass_close, 100),
	ENTRY(ready_1, 500),
	ENTRY(ready_10, 100),
	ENTRY(bytes_1, 500),
	ENTRY(bytes_10, 100),
	ENTRY(map_unmap, 100),
	ENTRY(map_touch_unmap, 100),
};

static uint64_t batch(void (*loop)(unsigned int loops), unsigned int loops)
{
	uint64_t start;

	sys_seek(FILE_FD, 0);
	start = ticks_now();
	loop(loops);
	return ticks_now() - start;
}

static uint64_t best(const struct row *row, bool empty, unsigned int batches)
{
	uint64_t least = UINT64_MAX;

	while (batches--) {
		uint64_t time = batch(empty ? loop_empty : row->loop,
				      row->loops);

		if (time < least)
			least = time;
	}
	return least;
}

/* Are ticks instructions? An empty iteration is two. */
static bool counts(void)
{
	const struct row some = { .loops = 1000 }, more = { .loops = 2000 };

	return best(&more, true, 3) - best(&some, true, 3) == 2 * 1000;
}

/* Thousandths of a tick for one operation. */
static bool measure(const struct row *row, unsigned int batches,
		    uint64_t *result)
{
	uint64_t gross, net;

	sys_seek(FILE_FD, 0);
	if ((row->prepare && !row->prepare()) || !row->once())
		return false;
	gross = best(row, false, batches);
	net = best(row, true, batches);
	if (gross <= net)
		return false;
	*result = (gross - net) * 1000 / row->loops;
	return true;
}

static char *put_text(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	return to;
}

static char *put_number(char *to, uint64_t number)
{
	if (number >= 10)
		to = put_number(to, number / 10);
	*to++ = '0' + number % 10;
	return to;
}

static bool tell(const struct row *row, uint64_t result)
{
	char line[64], *end;

	end = put_text(line, row->name);
	*end++ = ' ';
	end = put_number(end, result);
	*end++ = '\n';
	return sys_write(RESULTS, line, end - line);
}

/*
 * A page near to those that rows map, so that neither side has to make page
 * tables each time: the vDSO of one is there, that of the other is not. Of
 * another kind, or else they would be joined.
 */
static bool map_neighbour(void)
{
	volatile char *page = sys_map(false);

	return page && !*page;
}

/* Returns the number of batches. */
static unsigned int read_settings(bool *counting)
{
	unsigned int batches = 0;
	char c;

	while (sys_read(SETTINGS, &c, 1)) {
		if (c == 'i')
			*counting = true;
		else if (c >= '0' && c <= '9')
			batches = batches * 10 + c - '0';
	}
	return batches;
}

int bench_main(void);

/*
 * Returns 0, 1 + the number of the row that does not work, 100 if nothing does,
 * or 101 if instructions are wanted and not counted.
 */
int bench_main(void)
{
	uint64_t result, speed = 1000000;
	unsigned int batches, i;
	bool counting = false;

	if (!sys_init() || !map_neighbour())
		return 100;
	batches = read_settings(&counting);
	if (counting && !counts())
		return 101;
	if (!counting)
		speed = ticks_per_ms(sys_time);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!measure(&rows[i], batches, &result) ||
		    !tell(&rows[i], result * 1000000 / speed))
			return i + 1;
	}
	return 0;
}

#ifdef __CloudABI__
int program_main(const struct argdata *ad)
{
	(void)ad;
	return bench_main();
}
#endif
