// SPDX-License-Identifier: GPL-2.0
/*
 * The head of an HTTP/1.1 request.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "http_head.h"

/**
 * struct fields - what was met among the fields
 * @minor: the client's version is 1.@minor
 * @hosts: how many times it told the host
 * @lengths: how often it told a length of the body
 * @coded: it told an encoding of the body
 * @close: it wants the connection closed
 * @keep: it wants it kept
 * @conditional: it wants the range only of a file that it knows
 * @bad: a field is no good
 */
struct fields {
	unsigned int minor;
	unsigned int hosts;
	unsigned int lengths;
	bool coded;
	bool close;
	bool keep;
	bool conditional;
	bool bad;
};

unsigned int http_head_end(const char *text, size_t len, size_t *seen,
			   size_t *end)
{
	bool lines = *seen && memchr(text, '\n', *seen);

	for (size_t i = *seen; i < len; i++) {
		if (text[i] != '\n')
			continue;
		if (!i || text[i - 1] != '\r')
			return 400;
		if (i > 2 && text[i - 2] == '\n') {
			*end = i + 1;
			return 0;
		}
		lines = true;
	}
	*seen = len;
	if (len < HTTP_HEAD_MAX)
		return 0;
	return lines ? 431 : 414;
}

/* --- Texts ---------------------------------------------------------------- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The characters of methods and of names of fields. */
static bool is_token(struct word word)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < word.len; i++) {
		char c = lower(word.chars[i]);

		if (!is_digit(c) && !(c >= 'a' && c <= 'z') &&
		    !memchr(others, c, sizeof(others) - 1))
			return false;
	}
	return word.len;
}

static bool is(struct word word, const char *text)
{
	return word.len == strlen(text) && !memcmp(word.chars, text, word.len);
}

/* Whatever the case; @text is in lower case. */
static bool is_like(struct word word, const char *text)
{
	if (word.len != strlen(text))
		return false;
	for (size_t i = 0; i < word.len; i++) {
		if (lower(word.chars[i]) != text[i])
			return false;
	}
	return true;
}

/* Takes what is before @mark, and @mark, off the front; false if it is not there. */
static bool cut(struct word *rest, char mark, struct word *front)
{
	const char *at = memchr(rest->chars, mark, rest->len);

	if (!at)
		return false;
	front->chars = rest->chars;
	front->len = at - rest->chars;
	rest->chars = at + 1;
	rest->len -= front->len + 1;
	return true;
}

/* Without blanks at both ends. */
static struct word trim(struct word word)
{
	while (word.len && (*word.chars == ' ' || *word.chars == '\t')) {
		word.chars++;
		word.len--;
	}
	while (word.len && (word.chars[word.len - 1] == ' ' ||
			    word.chars[word.len - 1] == '\t'))
		word.len--;
	return word;
}

/* Takes digits off the front; what is too large becomes the largest number. */
static bool take_number(struct word *word, uint64_t *number)
{
	size_t before = word->len;

	for (*number = 0; word->len && is_digit(*word->chars); word->len--) {
		uint64_t digit = *word->chars++ - '0';

		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, digit, number))
			*number = UINT64_MAX;
	}
	return word->len != before;
}

/* --- The first line ------------------------------------------------------- */

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes one character at the front; false if it cannot be one of a path. */
static bool take_char(struct word *word, char *c)
{
	size_t used = 1;
	int high, low;

	*c = *word->chars;
	if (*c <= ' ' || *c > '~' || *c == '#')
		return false;
	if (*c == '%') {
		if (word->len < 3)
			return false;
		high = hex_digit(word->chars[1]);
		low = hex_digit(word->chars[2]);
		if (high < 0 || low < 0)
			return false;
		*c = high << 4 | low;
		used = 3;
	}
	word->chars += used;
	word->len -= used;
	return true;
}

/* The form for proxies, which servers have to know, too: http://HOST/PATH. */
static bool skip_host(struct word *target)
{
	static const char scheme[] = "http://";
	const size_t len = sizeof(scheme) - 1;
	struct word rest = *target, word;

	if (rest.len <= len || !is_like((struct word){ rest.chars, len }, scheme))
		return false;
	rest.chars += len;
	rest.len -= len;
	if (!cut(&rest, '/', &word)) {
		*target = (struct word){ "/", 1 };
		return true;
	}
	target->chars = word.chars + word.len;
	target->len = rest.len + 1;
	return word.len;
}

static unsigned int parse_target(struct word target,
				 struct http_request *request)
{
	struct word path;

	if (target.len > HTTP_TARGET_MAX)
		return 414;
	if ((!target.len || *target.chars != '/') && !skip_host(&target))
		return 400;
	if (!cut(&target, '?', &path)) {
		path = target;
		target.len = 0;
	}
	path.chars++;
	path.len--;
	while (path.len) {
		if (!take_char(&path, &request->path[request->path_len++]))
			return 400;
	}
	/* What is asked of it does not matter, but must be well-formed. */
	while (target.len) {
		char c;

		if (!take_char(&target, &c))
			return 400;
	}
	if (!request->path_len)
		request->path[request->path_len++] = '.';
	return 0;
}

static unsigned int parse_version(struct word word, unsigned int *minor)
{
	if (word.len != 8 || memcmp(word.chars, "HTTP/", 5) ||
	    !is_digit(word.chars[5]) || word.chars[6] != '.' ||
	    !is_digit(word.chars[7]))
		return 400;
	*minor = word.chars[7] - '0';
	return word.chars[5] == '1' ? 0 : 505;
}

static unsigned int parse_first(struct word line, struct fields *fields,
				struct http_request *request)
{
	struct word method, target;
	unsigned int status;

	if (!cut(&line, ' ', &method) || !is_token(method))
		return 400;
	if (is(method, "GET"))
		request->method = HTTP_GET;
	else if (is(method, "HEAD"))
		request->method = HTTP_HEAD;
	if (!cut(&line, ' ', &target))
		return 400;
	status = parse_version(line, &fields->minor);
	/* Others may have other targets: "OPTIONS *". */
	if (status || request->method == HTTP_OTHER)
		return status;
	return parse_target(target, request);
}

/* --- The fields ----------------------------------------------------------- */

static bool is_value(struct word value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = value.chars[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static void parse_connection(struct word value, struct fields *fields)
{
	struct word rest = value, option;

	while (rest.len) {
		if (!cut(&rest, ',', &option)) {
			option = rest;
			rest.len = 0;
		}
		option = trim(option);
		fields->close |= is_like(option, "close");
		fields->keep |= is_like(option, "keep-alive");
	}
}

static void parse_length(struct word value, struct fields *fields,
			 struct http_request *request)
{
	uint64_t length;

	if (!take_number(&value, &length) || value.len)
		fields->bad = true;
	fields->lengths++;
	request->body |= length != 0;
}

/* Of more than one range, or of anything else, all of it may be sent. */
static void parse_range(struct word value, struct http_range *range)
{
	struct word unit;

	*range = (struct http_range){ 0 };
	if (!cut(&value, '=', &unit) || !is_like(unit, "bytes"))
		return;
	range->has_first = take_number(&value, &range->first);
	if (!value.len || *value.chars != '-')
		return;
	value.chars++;
	value.len--;
	range->has_last = take_number(&value, &range->last);
	range->given = !value.len && (range->has_first || range->has_last) &&
		       (!range->has_first || !range->has_last ||
			range->first <= range->last);
}

static void parse_field(struct word line, struct fields *fields,
			struct http_request *request)
{
	struct word name, value;

	if (!cut(&line, ':', &name) || !is_token(name) || !is_value(line)) {
		fields->bad = true;
		return;
	}
	value = trim(line);
	if (is_like(name, "host"))
		fields->hosts++;
	else if (is_like(name, "connection"))
		parse_connection(value, fields);
	else if (is_like(name, "content-length"))
		parse_length(value, fields, request);
	else if (is_like(name, "transfer-encoding"))
		fields->coded = true;
	else if (is_like(name, "range"))
		parse_range(value, &request->range);
	else if (is_like(name, "if-range"))
		fields->conditional = true;
}

/* Where the end of a body is not clear, the next request may be part of it. */
static bool are_good(const struct fields *fields)
{
	if (fields->lengths > 1 ||
	    (fields->coded && (fields->lengths || !fields->minor)))
		return false;
	if (fields->hosts > 1 || (fields->minor && !fields->hosts))
		return false;
	return !fields->bad;
}

static unsigned int judge(const struct fields *fields,
			  struct http_request *request)
{
	if (!are_good(fields))
		return 400;
	request->body |= fields->coded;
	request->keep = !fields->close && (fields->minor || fields->keep);
	if (fields->conditional)
		request->range.given = false;
	return request->method == HTTP_OTHER ? 405 : 0;
}

/* There is a line: the head ends with an empty one. */
static struct word take_line(struct word *rest)
{
	struct word line = { rest->chars, 0 };

	cut(rest, '\n', &line);
	if (line.len)
		line.len--;
	return line;
}

unsigned int http_head_parse(const char *text, size_t len,
			     struct http_request *request)
{
	struct word rest = { text, len }, line;
	struct fields fields = { 0 };
	unsigned int status;

	request->method = HTTP_OTHER;
	request->path_len = 0;
	request->keep = false;
	request->body = false;
	request->range = (struct http_range){ 0 };
	status = parse_first(take_line(&rest), &fields, request);
	if (status)
		return status;
	for (line = take_line(&rest); line.len; line = take_line(&rest))
		parse_field(line, &fields, request);
	return judge(&fields, request);
}

/* --- Ranges --------------------------------------------------------------- */

unsigned int http_range_of(const struct http_range *range, uint64_t size,
			   uint64_t *first, uint64_t *len)
{
	*first = 0;
	*len = size;
	if (!range->given)
		return 200;
	if (!range->has_first) {
		if (!size || !range->last)
			return 416;
		*len = range->last < size ? range->last : size;
		*first = size - *len;
		return 206;
	}
	if (range->first >= size)
		return 416;
	*first = range->first;
	*len = size - *first;
	if (range->has_last && range->last - *first < *len)
		*len = range->last - *first + 1;
	return 206;
}
