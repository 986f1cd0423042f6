/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rights of descriptors: what they contain and where they begin.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_RIGHTS_H
#define _CLOUDABI_RIGHTS_H

#include <linux/compiler.h>
#include <linux/fs.h>

#include "filetype.h"
#include "module.h"

struct seq_file;

/**
 * struct cloudabi_rights - The two sets of rights of a descriptor.
 * @base: what may be done with the descriptor itself.
 * @inheriting: the most that descriptors made from it by file_open may have in
 *	either set.
 */
struct cloudabi_rights {
	cloudabi_rights_t base;
	cloudabi_rights_t inheriting;
};

#define CLOUDABI_RIGHTS_MAXIMUM(kind, type)                   \
	[FILEKIND_##kind] = {                                 \
		.base = CLOUDABI_MAX_BASE_##kind,             \
		.inheriting = CLOUDABI_MAX_INHERITING_##kind, \
	},

/* The most that a file of a kind can have. Here, where compilers see it. */
static const struct cloudabi_rights cloudabi_rights_max[NR_FILEKINDS] = {
	FOR_EACH_FILEKIND(CLOUDABI_RIGHTS_MAXIMUM)
};

/**
 * rights_cover() - Tell whether a set of rights is enough.
 * @have: rights of a descriptor, one of the two sets.
 * @need: rights that an operation needs.
 *
 * The right to move the offset, FD_SEEK, contains the right to learn it,
 * FD_TELL. Nothing else contains anything else.
 *
 * Return: true if @have contains all of @need.
 */
static __always_inline bool rights_cover(cloudabi_rights_t have,
					 cloudabi_rights_t need)
{
	if (likely(!(need & ~have)))
		return true;
	if (have & CLOUDABI_RIGHT_FD_SEEK)
		have |= CLOUDABI_RIGHT_FD_TELL;
	return !(need & ~have);
}

/**
 * rights_subset() - Tell whether a pair of sets is no more than another.
 * @small: the pair that should be the smaller one.
 * @large: the pair that should be the larger one.
 *
 * Unlike rights_cover() this knows bits only: a descriptor with FD_SEEK alone
 * cannot be given FD_TELL. Undefined bits are in no @large, so they fail too.
 *
 * Return: true if neither set of @small has a bit that @large has not.
 */
static inline bool rights_subset(const struct cloudabi_rights *small,
				 const struct cloudabi_rights *large)
{
	return !(small->base & ~large->base) &&
	       !(small->inheriting & ~large->inheriting);
}

/**
 * rights_equal() - Compare two pairs of sets.
 * @a: one pair.
 * @b: the other pair.
 *
 * Return: true if they are the same.
 */
static inline bool rights_equal(const struct cloudabi_rights *a,
				const struct cloudabi_rights *b)
{
	return a->base == b->base && a->inheriting == b->inheriting;
}

/**
 * rights_common() - What two pairs of sets have in common.
 * @a: one pair.
 * @b: the other pair.
 *
 * Return: the pair of what is in both.
 */
static inline struct cloudabi_rights
rights_common(const struct cloudabi_rights *a, const struct cloudabi_rights *b)
{
	return (struct cloudabi_rights){
		.base = a->base & b->base,
		.inheriting = a->inheriting & b->inheriting,
	};
}

/**
 * rights_inheritable() - Tell whether a directory can pass rights on.
 * @dir: rights of the directory.
 * @need: the rights that something beneath it is to have, in either set.
 *
 * As with rights_subset(), bits only.
 *
 * Return: true if all of @need can be passed on.
 */
static inline bool rights_inheritable(const struct cloudabi_rights *dir,
				      cloudabi_rights_t need)
{
	return !(need & ~dir->inheriting);
}

/**
 * rights_native() - The rights that a native file stands for.
 * @kind: kind of the file.
 * @mode: how it is open.
 *
 * See the top of rights.c.
 *
 * Return: the most that a file of this kind that is open this way can have.
 */
static __always_inline struct cloudabi_rights rights_native(enum filekind kind,
							    fmode_t mode)
{
	struct cloudabi_rights rights = cloudabi_rights_max[kind];

	if (!(mode & FMODE_READ))
		rights.base &= ~CLOUDABI_RIGHTS_OPEN_READ;
	if (!(mode & FMODE_WRITE))
		rights.base &= ~CLOUDABI_RIGHTS_OPEN_WRITE;
	return rights;
}

/**
 * rights_native_cover() - Tell whether what a native file stands for is enough.
 * @kind: kind of the file.
 * @mode: how it is open.
 * @need: base rights that an operation needs; a constant.
 *
 * The same as rights_cover() of the base set of rights_native(). Where the
 * compiler knows the kind, hardly more than a look at the mode is left of it.
 *
 * Return: true if the file stands for all of @need.
 */
static __always_inline bool
rights_native_cover(enum filekind kind, fmode_t mode, cloudabi_rights_t need)
{
	if (need & CLOUDABI_RIGHTS_OPEN_READ && !(mode & FMODE_READ))
		return false;
	if (need & CLOUDABI_RIGHTS_OPEN_WRITE && !(mode & FMODE_WRITE))
		return false;
	return rights_cover(cloudabi_rights_max[kind].base, need);
}

void cloudabi_rights_show(struct seq_file *seq, cloudabi_rights_t rights);

#endif /* _CLOUDABI_RIGHTS_H */
