// SPDX-License-Identifier: GPL-2.0
/*
 * random: random_get.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "ask.h"

#define PAGE 4096ul

/* A native call gives 32 MiB at most. */
#define LARGE (40ul << 20)

/* How many of the bits are set. */
static size_t count_bits(const uint8_t *bytes, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		for (uint8_t byte = bytes[i]; byte; byte &= byte - 1)
			n++;
	}
	return n;
}

/* Half of them, give or take what chance does in no lifetime. */
static bool looks_random(const uint8_t *bytes, size_t len)
{
	size_t bits = count_bits(bytes, len), expected = len * 4;
	size_t off = bits > expected ? bits - expected : expected - bits;

	/* Ten standard deviations, of which one is sqrt(8 * len) / 2. */
	return off * off <= 100 * 2 * len;
}

static void all_sizes_are_filled_and_no_more(void)
{
	static const size_t sizes[] = {
		1, 2, 3, 7, 8, 9, 31, 32, 33, 63, 64, 65, 255, 256, 257, 511,
		512, 4095, 4096, 4097, 8191, 10000,
	};
	static uint8_t buf[10000 + 2];

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t len = sizes[i];
		bool touched = false;

		/* A byte that stays 0 by chance will not do so 40 times. */
		for (unsigned int try = 0; try < 40 && !touched; try++) {
			memset(buf, 0, sizeof(buf));
			buf[0] = 0xa5;
			buf[len + 1] = 0xa5;
			CHECK_OK(cloudabi_sys_random_get(buf + 1, len));
			touched = buf[1] && buf[len];
			CHECK_EQ(buf[0], 0xa5);
			CHECK_EQ(buf[len + 1], 0xa5);
		}
		if (!CHECK(touched))
			ktap_diag("size %lu", len);
		if (len >= 255)
			CHECK(looks_random(buf + 1, len));
	}
}

static void nothing_is_success(void)
{
	uint8_t byte = 0x5a;

	CHECK_OK(cloudabi_sys_random_get(&byte, 0));
	CHECK_OK(cloudabi_sys_random_get(NULL, 0));
	CHECK_OK(cloudabi_sys_random_get(BAD_ADDRESS, 0));
	CHECK_EQ(byte, 0x5a);
}

static void no_two_times_the_same(void)
{
	uint8_t a[32], b[32];

	CHECK_OK(cloudabi_sys_random_get(a, sizeof(a)));
	CHECK_OK(cloudabi_sys_random_get(b, sizeof(b)));
	CHECK(memcmp(a, b, sizeof(a)));
	/* Nor the two halves of one. */
	CHECK(memcmp(a, a + 16, 16));
}

/* Page by page, as a part that is left out would be at least that. */
static void a_large_size_is_filled_to_its_end(void)
{
	uint8_t *buf = crt_pages_alloc(LARGE);
	bool filled = true;

	if (!buf)
		SKIP(return, "there is not enough memory");
	CHECK_OK(cloudabi_sys_random_get(buf, LARGE));
	for (size_t i = 0; i < LARGE && filled; i += 64) {
		uint64_t bits = 0;

		for (size_t j = 0; j < 64; j += 8)
			bits |= *(uint64_t *)(buf + i + j);
		filled = bits;
		if (!filled)
			ktap_diag("nothing at %lu", i);
	}
	CHECK(filled);
	CHECK(looks_random(buf, PAGE));
	CHECK(looks_random(buf + LARGE - PAGE, PAGE));
	CHECK(memcmp(buf, buf + (32ul << 20), PAGE));
	crt_pages_free(buf, LARGE);
}

static void a_bad_address_is_efault(void)
{
	uint8_t *pages = crt_pages_alloc(2 * PAGE);

	CHECK_REFUSED(cloudabi_sys_random_get(NULL, 1), CLOUDABI_EFAULT);
	CHECK_REFUSED(cloudabi_sys_random_get(BAD_ADDRESS, 1),
		      CLOUDABI_EFAULT);
	CHECK_REFUSED(cloudabi_sys_random_get((void *)program_main, 16),
		      CLOUDABI_EFAULT);
	CHECK_REFUSED(cloudabi_sys_random_get(NULL, LARGE), CLOUDABI_EFAULT);
	if (!CHECK(pages))
		return;
	CHECK_OK(cloudabi_sys_mem_unmap(pages + PAGE, PAGE));
	/* The end is missing, and then all but a byte of it. */
	CHECK_REFUSED(cloudabi_sys_random_get(pages, 2 * PAGE),
		      CLOUDABI_EFAULT);
	CHECK_REFUSED(cloudabi_sys_random_get(pages + PAGE - 1, 2),
		      CLOUDABI_EFAULT);
	CHECK_OK(cloudabi_sys_random_get(pages, PAGE));
	crt_pages_free(pages, PAGE);
}

static void sizes_that_cannot_be_are_efault(void)
{
	uint8_t *pages = crt_pages_alloc(2 * PAGE);

	if (!CHECK(pages))
		return;
	CHECK_OK(cloudabi_sys_mem_unmap(pages + PAGE, PAGE));
	CHECK_REFUSED(cloudabi_sys_random_get(pages, 1ull << 47),
		      CLOUDABI_EFAULT);
	CHECK_REFUSED(cloudabi_sys_random_get(pages, ~0ul), CLOUDABI_EFAULT);
	crt_pages_free(pages, PAGE);
}

/* A signal in the midst of it does not make it short, nor fail. */
static void being_stopped_does_not_show(void)
{
	size_t len = LARGE;
	uint8_t *buf = crt_pages_alloc(len);
	uint64_t bits = 0;

	if (!buf)
		SKIP(return, "there is not enough memory");
	CHECK_EQ(ask(HELPER_DISTURB, 0, HELPER_STOP | HELPER_WINCH |
		     HELPER_AWAKE, 0), 0);
	CHECK_OK(cloudabi_sys_random_get(buf, len));
	for (size_t i = len - 64; i < len; i++)
		bits |= buf[i];
	CHECK(bits != 0);
	crt_pages_free(buf, len);
}

static const struct test tests[] = {
	TEST(all_sizes_are_filled_and_no_more),
	TEST(nothing_is_success),
	TEST(no_two_times_the_same),
	TEST(a_large_size_is_filled_to_its_end),
	TEST(a_bad_address_is_efault),
	TEST(sizes_that_cannot_be_are_efault),
	TEST(being_stopped_does_not_show),
};

int program_main(const struct argdata *ad)
{
	(void)ad;
	return check_run(tests, ARRAY_SIZE(tests));
}
