// SPDX-License-Identifier: GPL-2.0
/*
 * sort: prints the lines of its input in order, byte by byte; a pool of threads
 * sorts parts of them and merges these.
 *
 *	sort [-jTHREADS] <FILE
 *
 * There are as many threads as processors if nothing else is said.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "filter.h"
#include "pool.h"

/* Parts per thread, so that all have something to do until the end. */
#define PARTS 4

/**
 * struct line - a line
 * @text: its first byte
 * @len: how many, without the end of line
 */
struct line {
	const char *text;
	size_t len;
};

static struct line *lines, *spare;
static size_t nlines, nparts, width;

static int compare(const struct line *a, const struct line *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->text, b->text, len);

	if (order)
		return order;
	return a->len < b->len ? -1 : a->len > b->len;
}

/* Merges [from, middle) and [middle, to) of @in into @out. */
static void merge(const struct line *in, struct line *out, size_t from,
		  size_t middle, size_t to)
{
	size_t a = from, b = middle;

	for (size_t i = from; i < to; i++) {
		if (b == to || (a < middle && compare(&in[a], &in[b]) <= 0))
			out[i] = in[a++];
		else
			out[i] = in[b++];
	}
}

static size_t border(size_t part)
{
	return part >= nparts ? nlines : nlines / nparts * part;
}

/* Sorts one part, by merging runs that get longer. */
static void sort_part(size_t part)
{
	size_t start = border(part), end = border(part + 1);

	for (size_t run = 1; run < end - start; run *= 2) {
		for (size_t from = start; from < end; from += 2 * run) {
			size_t middle = from + run < end ? from + run : end;
			size_t to = from + 2 * run < end ? from + 2 * run : end;

			merge(lines, spare, from, middle, to);
			memcpy(&lines[from], &spare[from],
			       (to - from) * sizeof(*lines));
		}
	}
}

/* Merges two neighbours that are @width parts wide. */
static void merge_parts(size_t pair)
{
	size_t first = pair * 2 * width;

	merge(lines, spare, border(first), border(first + width),
	      border(first + 2 * width));
}

static void sort(struct pool *pool)
{
	nparts = 1;
	while (nparts < pool->nthreads * PARTS && nparts < nlines)
		nparts *= 2;
	pool_do(pool, sort_part, nparts);
	for (width = 1; width < nparts; width *= 2) {
		struct line *merged = spare;

		pool_do(pool, merge_parts, nparts / (2 * width));
		spare = lines;
		lines = merged;
	}
}

/* --- Input and output ----------------------------------------------------- */

/* All of the input; its size is not known before. */
static char *read_all(const struct filter *f, size_t *len)
{
	size_t size = FILTER_BUFFER, n;
	char *buf = filter_buffer(f, size);

	*len = 0;
	while ((n = filter_read(f, buf + *len, size - *len))) {
		char *larger;

		*len += n;
		if (*len < size)
			continue;
		larger = filter_buffer(f, 2 * size);
		memcpy(larger, buf, size);
		crt_pages_free(buf, size);
		buf = larger;
		size *= 2;
	}
	return buf;
}

static size_t count_lines(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n + (len && text[len - 1] != '\n');
}

static void find_lines(const char *text, size_t len)
{
	const char *end = text + len;
	size_t n = 0;

	while (text < end) {
		const char *start = text;

		while (text < end && *text != '\n')
			text++;
		lines[n++] = (struct line){ start, text - start };
		text++;
	}
}

static void print(const struct filter *f)
{
	struct crt_output out = {
		.fd = f->output,
		.buf = filter_buffer(f, FILTER_BUFFER),
		.size = FILTER_BUFFER,
	};

	for (size_t i = 0; i < nlines; i++) {
		crt_output_put(&out, lines[i].text, lines[i].len);
		crt_output_put(&out, "\n", 1);
	}
	if (crt_output_flush(&out))
		filter_fail(f, "write", out.error);
}

static unsigned int parse(struct filter *f)
{
	unsigned int n = crt_auxv.ncpus;
	struct word word;

	while (args_next(&f->args, &word)) {
		if (word.len < 3 || memcmp(word.chars, "-j", 2))
			filter_usage(f, "[-jTHREADS] <FILE");
		n = 0;
		for (size_t i = 2; i < word.len && n < 1000; i++)
			n = n * 10 + (word.chars[i] - '0');
	}
	if (f->args.bad || !n)
		filter_usage(f, "[-jTHREADS] <FILE");
	return n < POOL_THREADS ? n : POOL_THREADS;
}

int program_main(const struct argdata *ad)
{
	struct filter f = { .name = "sort", .failure = 2 };
	static struct pool pool;
	unsigned int nthreads;
	size_t len;
	char *text;

	filter_open(&f, ad);
	nthreads = parse(&f);
	text = read_all(&f, &len);
	nlines = count_lines(text, len);
	lines = (void *)filter_buffer(&f, (nlines + 1) * sizeof(*lines));
	spare = (void *)filter_buffer(&f, (nlines + 1) * sizeof(*spare));
	find_lines(text, len);
	if (!pool_open(&pool, nthreads))
		crt_die(f.failure, "sort: no threads");
	sort(&pool);
	pool_close(&pool);
	print(&f);
	return 0;
}
