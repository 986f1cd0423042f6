// SPDX-License-Identifier: GPL-2.0
/*
 * wc: counts lines, words and bytes of its input.
 *
 *	wc [-clw] <FILE
 *
 * In a map: {lines: BOOL, words: BOOL, bytes: BOOL}. All three counts are
 * printed if none is asked for.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "filter.h"

struct counts {
	uint64_t lines;
	uint64_t words;
	uint64_t bytes;
	bool in_word;
};

struct columns {
	bool lines;
	bool words;
	bool bytes;
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void count(struct counts *counts, const char *buf, size_t len)
{
	counts->bytes += len;
	for (size_t i = 0; i < len; i++) {
		bool in_word = !is_space(buf[i]);

		counts->lines += buf[i] == '\n';
		counts->words += in_word && !counts->in_word;
		counts->in_word = in_word;
	}
}

/* -l, -w, -c, or several in one word. */
static bool parse_word(struct columns *columns, const struct word *word)
{
	if (word->len < 2 || word->chars[0] != '-')
		return false;
	for (size_t i = 1; i < word->len; i++) {
		switch (word->chars[i]) {
		case 'l':
			columns->lines = true;
			break;
		case 'w':
			columns->words = true;
			break;
		case 'c':
			columns->bytes = true;
			break;
		default:
			return false;
		}
	}
	return true;
}

static bool parse(struct columns *columns, struct args *args)
{
	struct word word;

	while (args_next(args, &word)) {
		if (!parse_word(columns, &word))
			return false;
	}
	return !args->bad && args_bool(args, "lines", &columns->lines) &&
	       args_bool(args, "words", &columns->words) &&
	       args_bool(args, "bytes", &columns->bytes);
}

static void print(const struct filter *f, const struct columns *columns,
		  const struct counts *counts)
{
	bool all = !columns->lines && !columns->words && !columns->bytes;
	const struct {
		bool wanted;
		uint64_t value;
	} table[] = {
		{ columns->lines, counts->lines },
		{ columns->words, counts->words },
		{ columns->bytes, counts->bytes },
	};
	cloudabi_errno_t error = 0;
	const char *space = "";

	for (size_t i = 0; i < ARRAY_SIZE(table) && !error; i++) {
		if (!all && !table[i].wanted)
			continue;
		error = crt_printf(f->output, "%s%lu", space,
				   (unsigned long)table[i].value);
		space = " ";
	}
	if (!error)
		error = crt_write_all(f->output, "\n", 1);
	if (error)
		filter_fail(f, "write", error);
}

int program_main(const struct argdata *ad)
{
	struct filter f = { .name = "wc", .failure = 1 };
	struct columns columns = { 0 };
	struct counts counts = { 0 };
	char *buf;
	size_t n;

	filter_open(&f, ad);
	if (!parse(&columns, &f.args))
		filter_usage(&f, "[-clw] <FILE");
	buf = filter_buffer(&f, FILTER_BUFFER);
	while ((n = filter_read(&f, buf, FILTER_BUFFER)))
		count(&counts, buf, n);
	print(&f, &columns, &counts);
	return 0;
}
