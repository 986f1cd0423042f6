// SPDX-License-Identifier: GPL-2.0
/*
 * argdata: the decoder of argument data, fed with what is right and with what
 * is not, and the options of a program in all the forms they come in.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "args.h"
#include "ktap.h"

/* A literal without its final NUL. */
#define DATA(bytes) { (const uint8_t *)(bytes), sizeof(bytes) - 1 }

static void test_int(void)
{
	static const struct {
		const char *name;
		struct argdata ad;
		bool ok;
		int64_t value;
	} rows[] = {
		{ "int 0", DATA("\5"), true, 0 },
		{ "int 127", DATA("\5\x7f"), true, 127 },
		{ "int 255", DATA("\5\0\xff"), true, 255 },
		{ "int -1", DATA("\5\xff"), true, -1 },
		{ "int -129", DATA("\5\xff\x7f"), true, -129 },
		{ "int 2^32-1", DATA("\5\0\xff\xff\xff\xff"), true,
		  0xffffffff },
		{ "int -2^63", DATA("\5\x80\0\0\0\0\0\0\0"), true, INT64_MIN },
		{ "int 0 in a byte", DATA("\5\0"), false, 0 },
		{ "int -1 in two bytes", DATA("\5\xff\xff"), false, 0 },
		{ "int 2^63", DATA("\5\0\x80\0\0\0\0\0\0\0"), false, 0 },
		{ "int of another type", DATA("\2\1"), false, 0 },
		{ "int of nothing", DATA(""), false, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int64_t value = 0;
		bool ok = argdata_get_int(&rows[i].ad, &value);

		ok = ok == rows[i].ok && value == rows[i].value;
		EXPECT_TRUE_NAMED(rows[i].name, ok);
	}
}

static void test_uint(void)
{
	struct argdata large = DATA("\5\0\xff\xff\xff\xff\xff\xff\xff\xff");
	struct argdata larger = DATA("\5\1\xff\xff\xff\xff\xff\xff\xff\xff");
	struct argdata negative = DATA("\5\xff");
	uint64_t value = 1;

	EXPECT_FALSE(argdata_get_uint(&larger, &value));
	EXPECT_FALSE(argdata_get_uint(&negative, &value));
	EXPECT_EQ(value, 1);
	EXPECT_TRUE(argdata_get_uint(&large, &value));
	EXPECT_EQ(value, UINT64_MAX);
}

static void test_valid(void)
{
	static const struct {
		const char *name;
		struct argdata ad;
		bool valid;
	} rows[] = {
		{ "null", DATA(""), true },
		{ "no type", DATA("\12"), false },
		{ "binary", DATA("\1\0\1"), true },
		{ "false", DATA("\2"), true },
		{ "true", DATA("\2\1"), true },
		{ "false in a byte", DATA("\2\0"), false },
		{ "true in two", DATA("\2\1\1"), false },
		{ "fd", DATA("\3\0\0\0\7"), true },
		{ "short fd", DATA("\3\0\0\7"), false },
		{ "long fd", DATA("\3\0\0\0\0\7"), false },
		{ "float", DATA("\4\0\0\0\0\0\0\0\0"), true },
		{ "short float", DATA("\4\0\0\0\0\0\0\0"), false },
		{ "timestamp", DATA("\11\1\0\0\0\0\0\0\0\0\0\0\0"), true },
		{ "long timestamp", DATA("\11\1\0\0\0\0\0\0\0\0\0\0\0\0"),
		  false },
		{ "empty map", DATA("\6"), true },
		{ "map", DATA("\6\202\10\0\200"), true },
		{ "map without a value", DATA("\6\202\10\0"), false },
		{ "empty sequence", DATA("\7"), true },
		{ "sequence of nulls", DATA("\7\200\200"), true },
		{ "sequences in each other", DATA("\7\203\7\201\7"), true },
		{ "overlong length", DATA("\7\0\200"), false },
		{ "unfinished length", DATA("\7\1"), false },
		{ "length of more than there is", DATA("\7\202\7"), false },
		{ "length of 2^70", DATA("\7\1\0\0\0\0\0\0\0\0\0\200"),
		  false },
		{ "malformed inside", DATA("\7\203\7\201\12"), false },
		{ "empty string", DATA("\10\0"), true },
		{ "string with a NUL", DATA("\10a\0b\0"), true },
		{ "string without an end", DATA("\10a"), false },
		{ "nothing for a string", DATA("\10"), false },
		{ "two bytes", DATA("\10\xc2\x80\0"), true },
		{ "overlong two bytes", DATA("\10\xc1\xbf\0"), false },
		{ "cut two bytes", DATA("\10\xc2\0"), false },
		{ "three bytes", DATA("\10\xe0\xa0\x80\0"), true },
		{ "overlong three bytes", DATA("\10\xe0\x9f\xbf\0"), false },
		{ "before the surrogates", DATA("\10\xed\x9f\xbf\0"), true },
		{ "a surrogate", DATA("\10\xed\xa0\x80\0"), false },
		{ "four bytes", DATA("\10\xf0\x90\x80\x80\0"), true },
		{ "overlong four bytes", DATA("\10\xf0\x8f\xbf\xbf\0"),
		  false },
		{ "U+10FFFF", DATA("\10\xf4\x8f\xbf\xbf\0"), true },
		{ "beyond U+10FFFF", DATA("\10\xf4\x90\x80\x80\0"), false },
		{ "a byte that starts nothing", DATA("\10\x80\0"), false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_EQ_NAMED(rows[i].name, argdata_valid(&rows[i].ad),
				rows[i].valid);
}

/* A sequence in a sequence in a sequence: the innermost is empty. */
static bool nested_is_valid(size_t depth)
{
	uint8_t data[4 * ARGDATA_DEPTH];
	struct argdata ad = { data + sizeof(data), 0 };
	uint8_t *p = data + sizeof(data);

	while (depth--) {
		if (ad.len) {
			*--p = 0x80 | (ad.len & 0x7f);
			if (ad.len >> 7)
				*--p = ad.len >> 7;
		}
		*--p = ARGDATA_SEQ;
		ad.len = data + sizeof(data) - p;
	}
	ad.data = p;
	return argdata_valid(&ad);
}

static void test_nesting(void)
{
	EXPECT_TRUE(nested_is_valid(1));
	EXPECT_TRUE(nested_is_valid(ARGDATA_DEPTH));
	EXPECT_FALSE(nested_is_valid(ARGDATA_DEPTH + 1));
}

static void test_map(void)
{
	/* {a: 1, b: true, a: 2} */
	struct argdata map = DATA("\6"
				  "\203\10a\0\202\5\1"
				  "\203\10b\0\202\2\1"
				  "\203\10a\0\202\5\2");
	struct argdata value;
	struct args args;
	int64_t number = 0;
	bool truth = false;
	struct word word = { 0 };

	EXPECT_TRUE(argdata_map_find(&map, "a", &value));
	EXPECT_TRUE(argdata_get_int(&value, &number));
	EXPECT_EQ(number, 1);
	EXPECT_FALSE(argdata_map_find(&map, "c", &value));
	EXPECT_FALSE(argdata_map_find(&value, "a", &value));

	args_open(&args, &map);
	EXPECT_FALSE(args_next(&args, &word));
	EXPECT_TRUE(args_bool(&args, "b", &truth));
	EXPECT_TRUE(truth);
	EXPECT_TRUE(args_word(&args, "c", &word));
	EXPECT_FALSE(args_word(&args, "b", &word));
	EXPECT_EQ(word.chars, NULL);
}

static bool next_is(struct args *args, const char *want)
{
	struct word word;

	return args_next(args, &word) && word.len == strlen(want) &&
	       !memcmp(word.chars, want, word.len);
}

static void test_words(void)
{
	struct argdata text = DATA("./program\0one\0\0three");
	struct argdata empty_last = DATA("./program\0");
	struct argdata name = DATA("./program");
	struct argdata none = DATA("");
	struct argdata seq = DATA("\7\205\10one\0\202\10\0\202\5\1");
	struct args args;
	struct word word;

	args_open(&args, &text);
	EXPECT_TRUE(next_is(&args, "one"));
	EXPECT_TRUE(next_is(&args, ""));
	EXPECT_TRUE(next_is(&args, "three"));
	EXPECT_FALSE(args_next(&args, &word));

	args_open(&args, &empty_last);
	EXPECT_TRUE(next_is(&args, ""));
	EXPECT_FALSE(args_next(&args, &word));
	args_open(&args, &name);
	EXPECT_FALSE(args_next(&args, &word));
	args_open(&args, &none);
	EXPECT_FALSE(args_next(&args, &word));

	args_open(&args, &seq);
	EXPECT_TRUE(next_is(&args, "one"));
	EXPECT_TRUE(next_is(&args, ""));
	EXPECT_FALSE(args.bad);
	EXPECT_FALSE(args_next(&args, &word));
	EXPECT_TRUE(args.bad);
}

int program_main(const struct argdata *ad)
{
	(void)ad;
	ktap_start();
	ktap_plan(12 + 5 + 41 + 3 + 11 + 13);
	test_int();
	test_uint();
	test_valid();
	test_nesting();
	test_map();
	test_words();
	return ktap_finish();
}
