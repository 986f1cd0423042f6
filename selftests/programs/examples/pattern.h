/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Patterns: strings, and simple expressions.
 *
 * An expression knows characters, `.` for any, `[abc]`, `[a-z]` and `[^abc]`
 * for one of a set, `*` for any number of what stands before it, `^` and `$`
 * for the ends of the line, and `\` to take what follows as it is. Any
 * pattern and any line go together in time proportional to their lengths.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _EXAMPLES_PATTERN_H
#define _EXAMPLES_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest pattern, in characters or sets of them. */
#define PATTERN_MAX 1023
#define PATTERN_WORDS ((PATTERN_MAX + 1) / 64)

typedef uint64_t pattern_set_t[PATTERN_WORDS];

/**
 * struct pattern - a compiled pattern
 * @len: number of atoms: what matches one character, or many with a star
 * @words: how much of the sets is in use
 * @at_start: the match must start where the line does
 * @at_end: the match must end where the line does
 * @any_star: there is an atom with a star
 * @star: the atoms with a star
 * @takes: for each character, the atoms that match it
 *
 * The pattern is run as a set of states. State N is: the first N atoms
 * have been matched by the characters just before here.
 */
struct pattern {
	size_t len;
	size_t words;
	bool at_start;
	bool at_end;
	bool any_star;
	pattern_set_t star;
	pattern_set_t takes[256];
};

/* NULL, or what is wrong with the pattern. */
const char *pattern_compile(struct pattern *p, const char *chars, size_t len,
			    bool fixed, bool ignore_case);

bool pattern_match(const struct pattern *p, const char *line, size_t len);

#endif /* _EXAMPLES_PATTERN_H */
