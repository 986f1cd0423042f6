// SPDX-License-Identifier: GPL-2.0
/*
 * Writes the corpus, for those who want to look at it:
 *
 *	elf_corpus		lists the files and what must come of them
 *	elf_corpus DIR [NAME...]	writes them, or those of these names
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "corpus.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const verdicts[] = {
	[CORPUS_REFUSED] = "refused",
	[CORPUS_RUNS] = "runs",
	[CORPUS_DIES] = "dies",
	[CORPUS_NATIVE] = "native",
};

static void write_case(int dir, const struct corpus_case *c)
{
	struct corpus_file file;
	int fd;

	if (!corpus_make(c, &file))
		err(1, "%s", c->name);
	fd = openat(dir, c->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		    0755);
	if (fd < 0)
		err(1, "%s", c->name);
	if (corpus_write(&file, fd)) {
		if (errno != EFBIG && errno != EINVAL)
			err(1, "%s", c->name);
		warnx("%s: too large for this file system", c->name);
		unlinkat(dir, c->name, 0);
	}
	close(fd);
	corpus_free(&file);
}

static void list(void)
{
	unsigned int count[4] = {};
	unsigned int i;

	for (i = 0; i < corpus_size; i++) {
		printf("%s %s\n", verdicts[corpus_cases[i].verdict],
		       corpus_cases[i].name);
		count[corpus_cases[i].verdict]++;
	}
	for (i = 0; i < 4; i++)
		fprintf(stderr, "%s: %u\n", verdicts[i], count[i]);
}

int main(int argc, char **argv)
{
	unsigned int i;
	int dir, n;

	if (argc < 2) {
		list();
		return 0;
	}
	if (mkdir(argv[1], 0755) && errno != EEXIST)
		err(1, "%s", argv[1]);
	dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		err(1, "%s", argv[1]);
	for (i = 0; argc == 2 && i < corpus_size; i++)
		write_case(dir, &corpus_cases[i]);
	for (n = 2; n < argc; n++) {
		if (!corpus_find(argv[n]))
			errx(1, "%s: no such file in the corpus", argv[n]);
		write_case(dir, corpus_find(argv[n]));
	}
	return 0;
}
