// SPDX-License-Identifier: GPL-2.0
/*
 * grep: prints the lines of its input that match a pattern.
 *
 *	grep [-cFinqv] PATTERN <FILE
 *
 * In a map: {pattern: STRING} and, as they are needed, {count: BOOL,
 * fixed: BOOL, ignore_case: BOOL, line_numbers: BOOL, quiet: BOOL,
 * invert: BOOL}. See pattern.h for what a pattern is.
 *
 * Exits with 0 if a line was selected, with 1 if none, with 2 on errors.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "filter.h"
#include "pattern.h"

#define USAGE "[-cFinqv] PATTERN <FILE"

struct grep {
	struct filter f;
	struct crt_output out;
	uint64_t lines;
	uint64_t selected;
	bool count;
	bool fixed;
	bool ignore_case;
	bool line_numbers;
	bool quiet;
	bool invert;
};

/* In .bss: some ten pages. */
static struct pattern pattern;

static bool set_flag(struct grep *g, char flag)
{
	switch (flag) {
	case 'c':
		g->count = true;
		return true;
	case 'F':
		g->fixed = true;
		return true;
	case 'i':
		g->ignore_case = true;
		return true;
	case 'n':
		g->line_numbers = true;
		return true;
	case 'q':
		g->quiet = true;
		return true;
	case 'v':
		g->invert = true;
		return true;
	}
	return false;
}

static bool parse_words(struct grep *g, struct word *pattern)
{
	struct word word;

	while (args_next(&g->f.args, &word)) {
		if (word.len < 2 || word.chars[0] != '-') {
			*pattern = word;
			break;
		}
		if (word.len == 2 && word.chars[1] == '-') {
			args_next(&g->f.args, pattern);
			break;
		}
		for (size_t i = 1; i < word.len; i++) {
			if (!set_flag(g, word.chars[i]))
				return false;
		}
	}
	return !args_next(&g->f.args, &word) && !g->f.args.bad;
}

static bool parse_map(struct grep *g, struct word *pattern)
{
	const struct args *args = &g->f.args;

	return args_word(args, "pattern", pattern) &&
	       args_bool(args, "count", &g->count) &&
	       args_bool(args, "fixed", &g->fixed) &&
	       args_bool(args, "ignore_case", &g->ignore_case) &&
	       args_bool(args, "line_numbers", &g->line_numbers) &&
	       args_bool(args, "quiet", &g->quiet) &&
	       args_bool(args, "invert", &g->invert);
}

static void parse(struct grep *g)
{
	struct word word = { 0 };
	const char *error;

	if (!parse_words(g, &word) || !parse_map(g, &word) || !word.chars)
		filter_usage(&g->f, USAGE);
	error = pattern_compile(&pattern, word.chars, word.len, g->fixed,
				g->ignore_case);
	if (error)
		crt_die(g->f.failure, "%s: pattern: %s", g->f.name, error);
}

static void print_line(struct grep *g, const char *line, size_t len)
{
	if (g->line_numbers)
		crt_output_printf(&g->out, "%lu:", (unsigned long)g->lines);
	crt_output_put(&g->out, line, len);
	crt_output_put(&g->out, "\n", 1);
}

static void flush(struct grep *g)
{
	cloudabi_errno_t error = crt_output_flush(&g->out);

	if (error)
		filter_fail(&g->f, "write", error);
}

static void do_line(struct grep *g, const char *line, size_t len)
{
	g->lines++;
	if (pattern_match(&pattern, line, len) == g->invert)
		return;
	g->selected++;
	if (g->quiet)
		crt_exit(0);
	if (!g->count)
		print_line(g, line, len);
}

/* Handles all whole lines; returns where the last, unfinished one starts. */
static size_t do_lines(struct grep *g, const char *buf, size_t scanned,
		       size_t used)
{
	const char *newline;
	size_t start = 0;

	while ((newline = memchr(buf + scanned, '\n', used - scanned))) {
		do_line(g, buf + start, newline - buf - start);
		start = newline - buf + 1;
		scanned = start;
	}
	return start;
}

/* The buffer is as large as the longest line needs it. */
static char *grow(const struct grep *g, char *buf, size_t size)
{
	char *larger = filter_buffer(&g->f, 2 * size);

	memcpy(larger, buf, size);
	crt_pages_free(buf, size);
	return larger;
}

static void filter_lines(struct grep *g)
{
	size_t size = FILTER_BUFFER, used = 0, start, n;
	char *buf = filter_buffer(&g->f, size);

	while ((n = filter_read(&g->f, buf + used, size - used))) {
		start = do_lines(g, buf, used, used + n);
		used += n - start;
		memmove(buf, buf + start, used);
		if (used == size) {
			buf = grow(g, buf, size);
			size *= 2;
		}
		/* Whoever waits for the lines shall have them now. */
		flush(g);
	}
	if (used)
		do_line(g, buf, used);
}

int program_main(const struct argdata *ad)
{
	struct grep g = { .f = { .name = "grep", .failure = 2 } };

	filter_open(&g.f, ad);
	parse(&g);
	g.out.fd = g.f.output;
	g.out.size = FILTER_BUFFER;
	g.out.buf = filter_buffer(&g.f, FILTER_BUFFER);
	filter_lines(&g);
	if (g.count && !g.quiet)
		crt_output_printf(&g.out, "%lu\n", (unsigned long)g.selected);
	flush(&g);
	return g.selected ? 0 : 1;
}
