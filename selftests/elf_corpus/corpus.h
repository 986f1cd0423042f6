/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A corpus of good and hostile executables. cases.h describes each; corpus.c
 * makes them, the same bytes each time.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _ELF_CORPUS_H
#define _ELF_CORPUS_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe.h"

#define ELFOSABI_CLOUDABI 17

/**
 * enum corpus_verdict - what must come of executing a file
 * @CORPUS_REFUSED: exec fails with ENOEXEC, nothing has changed.
 * @CORPUS_RUNS: it runs as CloudABI and ends with EXIT_GOOD.
 * @CORPUS_DIES: it is accepted, and killed by a signal.
 * @CORPUS_NATIVE: not CloudABI, nor does it say so: it runs natively.
 */
enum corpus_verdict {
	CORPUS_REFUSED,
	CORPUS_RUNS,
	CORPUS_DIES,
	CORPUS_NATIVE,
};

/* Bytes that a file may have in one piece from its start. */
#define CORPUS_ROOM (5 << 20)

/**
 * struct corpus_file - a file in the making
 * @data: its first bytes, CORPUS_ROOM of them, zero beyond @used
 * @used: how many of them are written
 * @length: its length; what was not written is a hole
 * @far: pieces behind @data: where they go, what they are
 * @far_count: number of them
 * @header: the ELF header, in @data
 * @segments: the program headers, in @data or @far
 * @params: orders to the probe, in @data; NULL if its code is another
 */
struct corpus_file {
	unsigned char *data;
	size_t used;
	uint64_t length;
	struct {
		uint64_t offset;
		size_t size;
		unsigned char bytes[4096];
	} far[2];
	unsigned int far_count;
	Elf64_Ehdr *header;
	Elf64_Phdr *segments;
	struct probe_params *params;
};

/**
 * struct corpus_case - a file of the corpus
 * @name: its name
 * @verdict: what must come of it
 * @signal: for CORPUS_DIES: by which signal
 * @make: makes it
 */
struct corpus_case {
	const char *name;
	enum corpus_verdict verdict;
	int signal;
	void (*make)(struct corpus_file *file);
};

extern const struct corpus_case corpus_cases[];
extern const unsigned int corpus_size;

const struct corpus_case *corpus_find(const char *name);

/* Makes a file; false if there is no memory. */
bool corpus_make(const struct corpus_case *c, struct corpus_file *file);
void corpus_free(struct corpus_file *file);

/* Sets the tests of the probe by the headers; corpus_make() has done it. */
void corpus_set_tests(struct corpus_file *file);

/* Whether it is ELF that names CloudABI as its ABI. */
bool corpus_is_cloudabi(const struct corpus_file *file);

/* Writes a file; -1 and errno. EFBIG: the file system has none so large. */
int corpus_write(const struct corpus_file *file, int fd);

/* Code of code.S. */
extern const unsigned char corpus_probe[], corpus_probe_end[];
extern const unsigned char corpus_exit[], corpus_exit_end[];
extern const unsigned char corpus_exec32[], corpus_exec32_end[];

#endif /* _ELF_CORPUS_H */
