/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Options of programs that are started in either of two ways.
 *
 * A launcher hands over argument data: a map, or a sequence of words. A shell
 * hands over what it would have given any program: the words, argv[0] first,
 * with a NUL between each two. Data that is a map or a sequence from its
 * first to its last byte is taken for one; a command's name does not start
 * with the control characters that the tags of those types are.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CRT_ARGS_H
#define _CRT_ARGS_H

#include "argdata.h"

/**
 * struct args - the options of the program
 * @map: the data is a map, with the options by name
 * @bad: something that is no word was met in a sequence
 * @ad: the data
 * @it: what is left of a sequence
 * @text: what is left of words that are separated by NULs, NULL if nothing
 * @text_len: length of @text
 */
struct args {
	bool map;
	bool bad;
	struct argdata ad;
	struct argdata_iter it;
	const char *text;
	size_t text_len;
};

/**
 * struct word - a string that need not end with a NUL
 * @chars: the characters
 * @len: how many
 */
struct word {
	const char *chars;
	size_t len;
};

void args_open(struct args *args, const struct argdata *ad);

/* The next word of a sequence or text; argv[0] is not among them. */
bool args_next(struct args *args, struct word *word);

/*
 * Options of a map by their names. They leave the result alone and return
 * true if there is no such option (and always, if the data is no map), and
 * return false if it is of the wrong type.
 */
bool args_bool(const struct args *args, const char *key, bool *value);
bool args_fd(const struct args *args, const char *key, uint32_t *fd);
bool args_word(const struct args *args, const char *key, struct word *word);

#endif /* _CRT_ARGS_H */
