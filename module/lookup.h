/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Paths beneath a directory.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_LOOKUP_H
#define _CLOUDABI_LOOKUP_H

#include <linux/path.h>

#include "module.h"

struct cloudabi_handle;

/* Paths that take no more than this need no memory of their own. */
#define CLOUDABI_PATH_INLINE 120

/**
 * struct cloudabi_name - A path as a program gave it, copied.
 * @fd: the descriptor that it starts at, to be told where it is refused.
 * @memory: a slash and the path, NUL terminated; @buffer or memory of its own.
 * @text: the path, behind that slash.
 * @length: its length without the NUL.
 * @last: where its last component begins; @length if it has none.
 * @buffer: room for a short path.
 */
struct cloudabi_name {
	cloudabi_fd_t fd;
	char *memory;
	char *text;
	size_t length;
	size_t last;
	char buffer[CLOUDABI_PATH_INLINE];
};

int cloudabi_name_get(struct cloudabi_name *name, cloudabi_fd_t fd,
		      const char __user *path, size_t length);
void cloudabi_name_put(struct cloudabi_name *name);

/**
 * cloudabi_name_last() - The last component of a path.
 * @name: the path.
 *
 * Return: the component with whatever slashes follow it.
 */
static inline const char *cloudabi_name_last(const struct cloudabi_name *name)
{
	return name->text + name->last;
}

/**
 * cloudabi_name_absolute() - The last component of a path, as an absolute one.
 * @name: the path.
 *
 * What is before the component is the slash that ends the rest of the path, or
 * the one that every path has before it.
 *
 * Return: cloudabi_name_last() with a slash before it.
 */
static inline const char *
cloudabi_name_absolute(const struct cloudabi_name *name)
{
	return name->text + name->last - 1;
}

bool cloudabi_name_has_slash(const struct cloudabi_name *name);
bool cloudabi_name_is_dots(const struct cloudabi_name *name);

int cloudabi_lookup_denied(const struct cloudabi_handle *dir,
			   const struct cloudabi_name *name);
int cloudabi_lookup_check(const struct cloudabi_handle *dir,
			  const struct cloudabi_name *name);
int cloudabi_lookup(const struct cloudabi_handle *dir,
		    const struct cloudabi_name *name, unsigned int flags,
		    struct path *found);
int cloudabi_lookup_parent(const struct cloudabi_handle *dir,
			   struct cloudabi_name *name, struct path *parent);
int cloudabi_lookup_owner(const struct cloudabi_handle *dir,
			  const struct cloudabi_name *name, struct path *parent,
			  char **last);

/**
 * struct cloudabi_race - A walk that may race with renames and mounts.
 * @renames: the kernel's count of renames before the walk.
 * @quiet: how many walks in a row failed without a rename meanwhile.
 * @tries: how many walks failed.
 */
struct cloudabi_race {
	unsigned int renames;
	unsigned int quiet;
	unsigned int tries;
};

void cloudabi_race_begin(struct cloudabi_race *race);
bool cloudabi_race_lost(struct cloudabi_race *race, int error);

void cloudabi_registers_swap(struct path *pwd, struct path *root);
void cloudabi_registers_nowhere(struct path *pwd, struct path *root);

int cloudabi_lookup_init(void);
void cloudabi_lookup_exit(void);

#endif /* _CLOUDABI_LOOKUP_H */
