/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A profile of AppArmor, in the form that the kernel takes: made here, because
 * it is as small as one can be and the compiler for real ones is not in the
 * guest. It allows everything with every file, but for those with a certain byte
 * anywhere in their paths.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SELFTESTS_APPARMOR_H
#define _SELFTESTS_APPARMOR_H

#include <endian.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define APPARMOR_DIR "/sys/kernel/security/apparmor/"
#define APPARMOR_PROFILE "cloudabi-selftest"

/* --- The machine that matches paths ---------------------------------------- */

/* Two states: all is lost, all is well so far. */
enum { APPARMOR_LOST, APPARMOR_WELL, APPARMOR_STATES };

/* Numbers of tables, and the sizes of their elements. */
enum {
	TABLE_ACCEPT = 1,
	TABLE_BASE = 2,
	TABLE_CHECK = 3,
	TABLE_DEFAULT = 4,
	TABLE_ACCEPT2 = 7,
	TABLE_NEXT = 8,
};

/*
 * What the state of bliss allows: to execute, write, read, append, link and map
 * for execution; what is executed stays in the profile. Once for files of one's
 * own, once for those of others.
 */
#define APPARMOR_ALL (0x5f | 0x200)
#define APPARMOR_ACCEPT (APPARMOR_ALL | APPARMOR_ALL << 14)

struct apparmor_buffer {
	uint8_t bytes[4096];
	size_t used;
};

static inline void apparmor_put(struct apparmor_buffer *b, const void *data,
				size_t size)
{
	memcpy(b->bytes + b->used, data, size);
	b->used += size;
}

static inline void apparmor_be32(struct apparmor_buffer *b, uint32_t number)
{
	number = htobe32(number);
	apparmor_put(b, &number, sizeof(number));
}

static inline void apparmor_be16(struct apparmor_buffer *b, uint16_t number)
{
	number = htobe16(number);
	apparmor_put(b, &number, sizeof(number));
}

static inline void apparmor_pad(struct apparmor_buffer *b)
{
	while (b->used % 8)
		b->bytes[b->used++] = 0;
}

static inline void apparmor_table(struct apparmor_buffer *b, uint16_t id,
				  uint16_t size, const uint32_t *data,
				  uint32_t n)
{
	apparmor_be16(b, id);
	apparmor_be16(b, size);
	apparmor_be32(b, 0);
	apparmor_be32(b, n);
	for (uint32_t i = 0; i < n; i++) {
		if (size == 2)
			apparmor_be16(b, data[i]);
		else
			apparmor_be32(b, data[i]);
	}
	apparmor_pad(b);
}

/*
 * A transition is taken where 'check' has the state that one comes from, the
 * default of that state elsewhere. Both states stay, but for the byte.
 */
static inline void apparmor_machine(struct apparmor_buffer *b, uint8_t byte)
{
	static const uint32_t accept[] = { 0, APPARMOR_ACCEPT };
	static const uint32_t zero[APPARMOR_STATES], next[256];
	static const uint32_t stay[] = { APPARMOR_LOST, APPARMOR_WELL };
	uint32_t check[256] = {};

	check[byte] = APPARMOR_WELL;
	apparmor_be32(b, 0x1b5e783d);
	apparmor_be32(b, 16);
	apparmor_be32(b, 0);
	apparmor_be16(b, 0);
	apparmor_pad(b);
	apparmor_table(b, TABLE_ACCEPT, 4, accept, APPARMOR_STATES);
	apparmor_table(b, TABLE_ACCEPT2, 4, zero, APPARMOR_STATES);
	apparmor_table(b, TABLE_BASE, 4, zero, APPARMOR_STATES);
	apparmor_table(b, TABLE_DEFAULT, 2, stay, APPARMOR_STATES);
	apparmor_table(b, TABLE_NEXT, 2, next, 256);
	apparmor_table(b, TABLE_CHECK, 2, check, 256);
}

/* --- The profile around it -------------------------------------------------- */

/* Codes of what comes next. */
enum {
	CODE_U32 = 2,
	CODE_NAME = 4,
	CODE_STRING = 5,
	CODE_BLOB = 6,
	CODE_STRUCT = 7,
	CODE_STRUCTEND = 8,
};

static inline void apparmor_code(struct apparmor_buffer *b, uint8_t code)
{
	apparmor_put(b, &code, 1);
}

static inline void apparmor_u32(struct apparmor_buffer *b, uint32_t number)
{
	apparmor_code(b, CODE_U32);
	number = htole32(number);
	apparmor_put(b, &number, sizeof(number));
}

static inline void apparmor_text(struct apparmor_buffer *b, uint8_t code,
				 const char *text)
{
	uint16_t size = htole16(strlen(text) + 1);

	apparmor_code(b, code);
	apparmor_put(b, &size, sizeof(size));
	apparmor_put(b, text, strlen(text) + 1);
}

static inline void apparmor_struct(struct apparmor_buffer *b, const char *name)
{
	apparmor_text(b, CODE_NAME, name);
	apparmor_code(b, CODE_STRUCT);
}

static inline void apparmor_profile(struct apparmor_buffer *b, uint8_t byte)
{
	struct apparmor_buffer machine = {};
	uint32_t size;

	apparmor_machine(&machine, byte);
	apparmor_text(b, CODE_NAME, "version");
	apparmor_u32(b, 5);
	apparmor_struct(b, "profile");
	apparmor_text(b, CODE_STRING, APPARMOR_PROFILE);
	/* No hat; enforced; only what is refused is told. */
	apparmor_struct(b, "flags");
	apparmor_u32(b, 0);
	apparmor_u32(b, 0);
	apparmor_u32(b, 0);
	apparmor_code(b, CODE_STRUCTEND);
	/* All capabilities: allowed, audited, silent, set. */
	apparmor_u32(b, ~0U);
	apparmor_u32(b, 0);
	apparmor_u32(b, 0);
	apparmor_u32(b, 0);
	apparmor_struct(b, "caps64");
	apparmor_u32(b, ~0U);
	apparmor_u32(b, 0);
	apparmor_u32(b, 0);
	apparmor_u32(b, 0);
	apparmor_code(b, CODE_STRUCTEND);
	apparmor_text(b, CODE_NAME, "aadfa");
	apparmor_code(b, CODE_BLOB);
	size = htole32(machine.used);
	apparmor_put(b, &size, sizeof(size));
	apparmor_put(b, machine.bytes, machine.used);
	apparmor_code(b, CODE_STRUCTEND);
}

/* --- Use -------------------------------------------------------------------- */

static inline bool apparmor_write(const char *path, const void *data,
				  size_t size)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, data, size) == (ssize_t)size;

	if (fd >= 0)
		close(fd);
	return done;
}

/* Whether the kernel has AppArmor, and it is on. */
static inline bool apparmor_is_there(void)
{
	return !access(APPARMOR_DIR ".replace", W_OK);
}

/* Loads the profile, in place of the one that there may be. */
static inline bool apparmor_load(uint8_t byte)
{
	struct apparmor_buffer b = {};

	apparmor_profile(&b, byte);
	return apparmor_write(APPARMOR_DIR ".replace", b.bytes, b.used);
}

/* Confines the calling process. Returns 0, or -1 with errno. */
static inline int apparmor_enter(void)
{
	static const char text[] = "changeprofile " APPARMOR_PROFILE;

	return apparmor_write("/proc/self/attr/current", text,
			      sizeof(text) - 1) ? 0 : -1;
}

static inline void apparmor_unload(void)
{
	apparmor_write(APPARMOR_DIR ".remove", APPARMOR_PROFILE,
		       sizeof(APPARMOR_PROFILE));
}

#endif /* _SELFTESTS_APPARMOR_H */
