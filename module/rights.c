// SPDX-License-Identifier: GPL-2.0
/*
 * Rights of descriptors: the most that each kind of file can have.
 *
 * A native file in a slot of the descriptor table stands for the maximum of its
 * kind, narrowed by the mode in which it is open. The narrowing mirrors
 * file_open: that call opens for writing when one of the rights
 * CLOUDABI_RIGHTS_OPEN_WRITE is asked for and for reading when one of
 * CLOUDABI_RIGHTS_OPEN_READ is. So a file that is not open for writing has none
 * of the former and one that is not open for reading none of the latter.
 *
 *  - What file_open makes of a request for everything that goes with a mode is
 *    then exactly what the native file stands for, and needs no capability.
 *  - FD_SYNC stays without the write mode: only FD_DATASYNC opens for writing.
 *  - MEM_MAP stays without the read mode: PROT_NONE is a mapping too, and
 *    mapping a file that is not open for reading is EACCES, as everywhere.
 *  - PROC_EXEC stays without the read mode: programs know that executing a file
 *    that is open for writing is EBADF although the right is there.
 *  - Directories are always open for reading and have none of the rights that
 *    open for writing, so nothing of theirs is narrowed; the inheriting set,
 *    which speaks of other files, never is.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "rights.h"

#include <linux/seq_file.h>

#define NAME(right) { CLOUDABI_RIGHT_##right, #right },

/* clang-format off */
static const struct {
	cloudabi_rights_t right;
	const char *name;
} names[] = {
	CLOUDABI_FOR_EACH_RIGHT(NAME)
};

/* clang-format on */

/**
 * cloudabi_rights_show() - Print a set of rights by their names.
 * @seq: where to.
 * @rights: the set. Bits without a name are not printed.
 */
void cloudabi_rights_show(struct seq_file *seq, cloudabi_rights_t rights)
{
	const char *space = "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!(rights & names[i].right))
			continue;
		seq_printf(seq, "%s%s", space, names[i].name);
		space = " ";
	}
}

#ifdef CONFIG_CLOUDABI_KUNIT_TEST

#include <kunit/test.h>

#define RIGHT(name) CLOUDABI_RIGHT_##name
#define RDWR (FMODE_READ | FMODE_WRITE)

/* Spelled out once more, from the description of the ABI. */
static const struct {
	enum filekind kind;
	u64 base;
	u64 inheriting;
} abi_maxima[] = {
	{ FILEKIND_UNKNOWN, 0, 0 },
	{ FILEKIND_BLOCK_DEVICE, 0, 0 },
	{ FILEKIND_CHARACTER_DEVICE, 0x1008004a, 0 },
	{ FILEKIND_CHARACTER_DEVICE_OTHER, 0x1c2800ff, 0 },
	{ FILEKIND_DIRECTORY, 0x13eff698, 0x11ffff7ff },
	{ FILEKIND_PROCESS, 0x40080000, 0 },
	{ FILEKIND_REGULAR_FILE, 0x11c3801ff, 0 },
	{ FILEKIND_SHARED_MEMORY, 0xc180042, 0 },
	{ FILEKIND_SOCKET_DGRAM, 0x801008004a, 0x815ffff7ff },
	{ FILEKIND_SOCKET_STREAM, 0x801008004a, 0x815ffff7ff },
	{ FILEKIND_SYMBOLIC_LINK, 0, 0 },
};

static void maxima_are_those_of_the_abi(struct kunit *test)
{
	struct cloudabi_rights rights;
	size_t i;

	KUNIT_EXPECT_EQ(test, CLOUDABI_RIGHTS_ALL, 0x815ffff7ffULL);
	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(abi_maxima), (size_t)NR_FILEKINDS);
	for (i = 0; i < ARRAY_SIZE(abi_maxima); i++) {
		rights = rights_native(abi_maxima[i].kind, RDWR);
		KUNIT_EXPECT_EQ_MSG(test, rights.base, abi_maxima[i].base,
				    "kind %d", abi_maxima[i].kind);
		KUNIT_EXPECT_EQ_MSG(test, rights.inheriting,
				    abi_maxima[i].inheriting, "kind %d",
				    abi_maxima[i].kind);
	}
}

/* Two rights where one contains the other, two others, and an undefined bit. */
/* clang-format off */
static const u64 universe[] = {
	RIGHT(FD_SEEK), RIGHT(FD_TELL), RIGHT(FD_READ), RIGHT(SOCK_SHUTDOWN),
	1ULL << 63,
};

/* clang-format on */

enum { UNIVERSE = 1 << ARRAY_SIZE(universe) };

static u64 pick(unsigned int members)
{
	u64 set = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(universe); i++)
		if (members & 1 << i)
			set |= universe[i];
	return set;
}

static bool covers_each(u64 have, u64 need)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(universe); i++) {
		if (!(need & universe[i]) || have & universe[i])
			continue;
		if (universe[i] == RIGHT(FD_TELL) && have & RIGHT(FD_SEEK))
			continue;
		return false;
	}
	return true;
}

static void cover_is_bits_and_seek_contains_tell(struct kunit *test)
{
	unsigned int have, need;

	for (have = 0; have < UNIVERSE; have++)
		for (need = 0; need < UNIVERSE; need++)
			KUNIT_EXPECT_EQ_MSG(
				test, rights_cover(pick(have), pick(need)),
				covers_each(pick(have), pick(need)),
				"have %#x need %#x", have, need);
}

static void each_right_covers_itself_only(struct kunit *test)
{
	bool contained;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		for (j = 0; j < ARRAY_SIZE(names); j++) {
			contained = i == j ||
				    (names[i].right == RIGHT(FD_SEEK) &&
				     names[j].right == RIGHT(FD_TELL));
			KUNIT_EXPECT_EQ_MSG(test,
					    rights_cover(names[i].right,
							 names[j].right),
					    contained, "%s %s", names[i].name,
					    names[j].name);
		}
	}
}

static void subset_looks_at_both_sets(struct kunit *test)
{
	struct cloudabi_rights small, large;
	unsigned int a, b, c, d, i;
	bool expected;

	for (i = 0; i < 1 << 12; i++) {
		a = i & 7;
		b = i >> 3 & 7;
		c = i >> 6 & 7;
		d = i >> 9;
		small = (struct cloudabi_rights){ pick(a), pick(b) };
		large = (struct cloudabi_rights){ pick(c), pick(d) };
		expected = (a & c) == a && (b & d) == b;
		KUNIT_EXPECT_EQ(test, rights_subset(&small, &large), expected);
		KUNIT_EXPECT_EQ(test, rights_equal(&small, &large),
				a == c && b == d);
	}
}

static void undefined_rights_are_never_gained(struct kunit *test)
{
	struct cloudabi_rights all = { CLOUDABI_RIGHTS_ALL,
				       CLOUDABI_RIGHTS_ALL };
	struct cloudabi_rights more;
	unsigned int bit;

	for (bit = 0; bit < 64; bit++) {
		more = (struct cloudabi_rights){ BIT_ULL(bit), 0 };
		KUNIT_EXPECT_EQ(test, rights_subset(&more, &all),
				!!(CLOUDABI_RIGHTS_ALL & BIT_ULL(bit)));
		more = (struct cloudabi_rights){ 0, BIT_ULL(bit) };
		KUNIT_EXPECT_EQ(test, rights_subset(&more, &all),
				!!(CLOUDABI_RIGHTS_ALL & BIT_ULL(bit)));
	}
}

static void modes_narrow_base_alone(struct kunit *test)
{
	struct cloudabi_rights full, reading, writing, neither;
	int kind;

	for (kind = 0; kind < NR_FILEKINDS; kind++) {
		full = rights_native(kind, RDWR);
		reading = rights_native(kind, FMODE_READ);
		writing = rights_native(kind, FMODE_WRITE | FMODE_LSEEK);
		neither = rights_native(kind, 0);
		KUNIT_EXPECT_TRUE(test, rights_subset(&reading, &full));
		KUNIT_EXPECT_TRUE(test, rights_subset(&writing, &full));
		KUNIT_EXPECT_EQ(test, full.base & ~reading.base,
				full.base & CLOUDABI_RIGHTS_OPEN_WRITE);
		KUNIT_EXPECT_EQ(test, full.base & ~writing.base,
				full.base & CLOUDABI_RIGHTS_OPEN_READ);
		KUNIT_EXPECT_EQ(test, neither.base,
				reading.base & writing.base);
		KUNIT_EXPECT_EQ(test, neither.inheriting, full.inheriting);
	}
}

static void covering_needs_no_detour(struct kunit *test)
{
	const u64 all = CLOUDABI_RIGHTS_ALL;
	fmode_t modes[] = { 0, FMODE_READ, FMODE_WRITE, RDWR };
	struct cloudabi_rights rights;
	const size_t pairs = ARRAY_SIZE(names) * ARRAY_SIZE(names);
	size_t i;
	int kind;
	fmode_t mode;
	u64 need;

	for (i = 0; i < pairs * NR_FILEKINDS * ARRAY_SIZE(modes); i++) {
		need = names[i % ARRAY_SIZE(names)].right |
		       names[i % pairs / ARRAY_SIZE(names)].right;
		kind = i / pairs % NR_FILEKINDS;
		mode = modes[i / pairs / NR_FILEKINDS];
		rights = rights_native(kind, mode);
		KUNIT_EXPECT_EQ(test, rights_cover(rights.base, need),
				rights_native_cover(kind, mode, need));
		KUNIT_EXPECT_EQ(test, rights_cover(rights.base, all & ~need),
				rights_native_cover(kind, mode, all & ~need));
	}
}

static void modes_leave_what_programs_expect(struct kunit *test)
{
	struct cloudabi_rights rights;

	rights = rights_native(FILEKIND_REGULAR_FILE, FMODE_READ);
	KUNIT_EXPECT_EQ(test, rights.base, 0x11c2800beULL);
	rights = rights_native(FILEKIND_REGULAR_FILE, FMODE_WRITE);
	KUNIT_EXPECT_TRUE(test, rights_cover(rights.base, RIGHT(PROC_EXEC)));
	KUNIT_EXPECT_TRUE(test, rights_cover(rights.base, RIGHT(MEM_MAP)));
	KUNIT_EXPECT_FALSE(test, rights_cover(rights.base, RIGHT(FD_READ)));
	rights = rights_native(FILEKIND_DIRECTORY, FMODE_READ);
	KUNIT_EXPECT_EQ(test, rights.base, (u64)CLOUDABI_MAX_BASE_DIRECTORY);
}

static void all_rights_have_names(struct kunit *test)
{
	cloudabi_rights_t named = 0;
	size_t i;

	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(names), (size_t)31);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		KUNIT_EXPECT_EQ(test, hweight64(names[i].right), 1);
		KUNIT_EXPECT_FALSE(test, named & names[i].right);
		named |= names[i].right;
	}
	KUNIT_EXPECT_EQ(test, named, (u64)CLOUDABI_RIGHTS_ALL);
}

static struct kunit_case rights_cases[] = {
	KUNIT_CASE(maxima_are_those_of_the_abi),
	KUNIT_CASE(cover_is_bits_and_seek_contains_tell),
	KUNIT_CASE(each_right_covers_itself_only),
	KUNIT_CASE(subset_looks_at_both_sets),
	KUNIT_CASE(undefined_rights_are_never_gained),
	KUNIT_CASE(modes_narrow_base_alone),
	KUNIT_CASE(covering_needs_no_detour),
	KUNIT_CASE(modes_leave_what_programs_expect),
	KUNIT_CASE(all_rights_have_names),
	{},
};

static struct kunit_suite rights_suite = {
	.name = "cloudabi_rights",
	.test_cases = rights_cases,
};

kunit_test_suite(rights_suite);

#endif /* CONFIG_CLOUDABI_KUNIT_TEST */
