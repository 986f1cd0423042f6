// SPDX-License-Identifier: GPL-2.0
/*
 * Patterns: strings, and simple expressions.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include <string.h>

#include "pattern.h"

static void set(uint64_t *words, size_t bit)
{
	words[bit / 64] |= (uint64_t)1 << bit % 64;
}

static bool has(const uint64_t *words, size_t bit)
{
	return words[bit / 64] >> bit % 64 & 1;
}

/* Lets an atom match a character. */
static void take(struct pattern *p, size_t atom, unsigned char c, bool fold)
{
	unsigned char lower = c | 0x20;

	set(p->takes[c], atom);
	if (fold && lower >= 'a' && lower <= 'z')
		set(p->takes[c ^ 0x20], atom);
}

static void take_all_but(struct pattern *p, size_t atom,
			 const uint64_t except[4])
{
	for (size_t c = 0; c < 256; c++) {
		if (!has(except, c))
			set(p->takes[c], atom);
	}
}

/* What stands between [ and ], into a set of characters. */
static const char *parse_set(const char **s, const char *end, bool fold,
			     uint64_t members[4], bool *inverted)
{
	const char *first;

	*inverted = *s < end && **s == '^';
	*s += *inverted;
	for (first = *s; *s < end && (**s != ']' || *s == first); (*s)++) {
		unsigned char from = **s, to = from;

		if (end - *s > 2 && (*s)[1] == '-' && (*s)[2] != ']') {
			*s += 2;
			to = **s;
		}
		for (size_t c = from; c <= to; c++) {
			unsigned char lower = c | 0x20;

			set(members, c);
			if (fold && lower >= 'a' && lower <= 'z')
				set(members, c ^ 0x20);
		}
	}
	if (*s == end)
		return "[ without ]";
	(*s)++;
	return NULL;
}

static const char *add_set(struct pattern *p, const char **s, const char *end,
			   bool fold)
{
	uint64_t members[4] = { 0 };
	const char *error;
	bool inverted;

	error = parse_set(s, end, fold, members, &inverted);
	if (error)
		return error;
	if (!inverted) {
		for (size_t i = 0; i < 4; i++)
			members[i] = ~members[i];
	}
	take_all_but(p, p->len, members);
	return NULL;
}

/* Compiles one atom, without the star that may follow. */
static const char *add_atom(struct pattern *p, const char **s,
			    const char *end, bool fold)
{
	static const uint64_t none[4];
	char c = *(*s)++;

	if (c == '.') {
		take_all_but(p, p->len, none);
		return NULL;
	}
	if (c == '[')
		return add_set(p, s, end, fold);
	if (c == '\\') {
		if (*s == end)
			return "\\ at the end";
		c = *(*s)++;
	}
	take(p, p->len, c, fold);
	return NULL;
}

static const char *compile_expression(struct pattern *p, const char *s,
				      const char *end, bool fold)
{
	const char *error;

	if (s < end && *s == '^') {
		p->at_start = true;
		s++;
	}
	while (s < end) {
		if (*s == '$' && s + 1 == end) {
			p->at_end = true;
			break;
		}
		if (p->len == PATTERN_MAX)
			return "too long";
		error = add_atom(p, &s, end, fold);
		if (error)
			return error;
		for (; s < end && *s == '*'; s++) {
			set(p->star, p->len);
			p->any_star = true;
		}
		p->len++;
	}
	return NULL;
}

static const char *compile_string(struct pattern *p, const char *s,
				  const char *end, bool fold)
{
	if (end - s > PATTERN_MAX)
		return "too long";
	while (s < end)
		take(p, p->len++, *s++, fold);
	return NULL;
}

const char *pattern_compile(struct pattern *p, const char *chars, size_t len,
			    bool fixed, bool ignore_case)
{
	const char *error;

	memset(p, 0, sizeof(*p));
	if (fixed)
		error = compile_string(p, chars, chars + len, ignore_case);
	else
		error = compile_expression(p, chars, chars + len, ignore_case);
	p->words = p->len / 64 + 1;
	return error;
}

/* An atom with a star may match nothing: past it without a character. */
static void skip_stars(const struct pattern *p, uint64_t *states)
{
	if (!p->any_star)
		return;
	for (size_t i = 0; i < p->len; i++) {
		if (has(states, i) && has(p->star, i))
			set(states, i + 1);
	}
}

static void step(const struct pattern *p, uint64_t *states, unsigned char c)
{
	uint64_t carry = 0;

	for (size_t i = 0; i < p->words; i++) {
		uint64_t matched = states[i] & p->takes[c][i];
		uint64_t onward = matched & ~p->star[i];

		states[i] = (matched & p->star[i]) | onward << 1 | carry;
		carry = onward >> 63;
	}
	if (!p->at_start)
		states[0] |= 1;
	skip_stars(p, states);
}

bool pattern_match(const struct pattern *p, const char *line, size_t len)
{
	pattern_set_t states = { 1 };

	skip_stars(p, states);
	for (size_t i = 0; i < len; i++) {
		if (!p->at_end && has(states, p->len))
			return true;
		step(p, states, line[i]);
	}
	return has(states, p->len);
}
