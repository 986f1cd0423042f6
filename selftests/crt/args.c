// SPDX-License-Identifier: GPL-2.0
/*
 * Options of programs that are started in either of two ways.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include <string.h>

#include "args.h"

/* Takes a word off the front of a text that is not used up yet. */
static void take_word(struct args *args, struct word *word)
{
	const char *nul = memchr(args->text, 0, args->text_len);

	word->chars = args->text;
	word->len = nul ? (size_t)(nul - args->text) : args->text_len;
	if (nul) {
		args->text = nul + 1;
		args->text_len -= word->len + 1;
	} else {
		args->text = NULL;
	}
}

void args_open(struct args *args, const struct argdata *ad)
{
	enum argdata_type type = argdata_type(ad);
	bool valid = argdata_valid(ad);
	struct word name;

	*args = (struct args){ .ad = *ad };
	if (!ad->len)
		return;
	if (valid && type == ARGDATA_MAP) {
		args->map = true;
	} else if (valid && type == ARGDATA_SEQ) {
		argdata_seq(ad, &args->it);
	} else {
		args->text = (const char *)ad->data;
		args->text_len = ad->len;
		take_word(args, &name);
	}
}

bool args_next(struct args *args, struct word *word)
{
	struct argdata value;

	if (args->text) {
		take_word(args, word);
		return true;
	}
	if (!argdata_seq_next(&args->it, &value))
		return false;
	if (!argdata_get_string(&value, &word->chars, &word->len))
		args->bad = true;
	return !args->bad;
}

/* Whether there is an option of that name. */
static bool find(const struct args *args, const char *key,
		 struct argdata *value)
{
	return args->map && argdata_map_find(&args->ad, key, value);
}

bool args_bool(const struct args *args, const char *key, bool *value)
{
	struct argdata v;

	return !find(args, key, &v) || argdata_get_bool(&v, value);
}

bool args_fd(const struct args *args, const char *key, uint32_t *fd)
{
	struct argdata v;

	return !find(args, key, &v) || argdata_get_fd(&v, fd);
}

bool args_word(const struct args *args, const char *key, struct word *word)
{
	struct argdata v;

	return !find(args, key, &v) ||
	       argdata_get_string(&v, &word->chars, &word->len);
}
