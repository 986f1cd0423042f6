/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Starts executables and looks at what became of them: for the tests of exec.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _ELF_CORPUS_LAUNCH_H
#define _ELF_CORPUS_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "corpus.h"

/* Exit status of a child that could not be prepared. */
#define EXIT_PREPARE 71

/**
 * struct launch - a program to start, and how it goes
 * @dirfd: as for execveat(); 0 counts as AT_FDCWD
 * @path: as for execveat()
 * @flags: as for execveat()
 * @argv: its arguments; NULL for the path alone
 * @envp: its environment; NULL for none
 * @clone: more flags of clone() for the child, such as CLONE_NEWPID
 * @prepare: called in the child before exec; if it fails, so does the start
 * @arg: for @prepare
 * @pid: the child
 * @input: writes to the child's descriptor 0
 * @output: reads from the child's descriptor 1
 * @error: errno of exec, 0 if it succeeded or killed the child
 * @status: as waitpid() tells it
 * @tell: the child's way to tell the error
 */
struct launch {
	int dirfd;
	const char *path;
	int flags;
	const char *const *argv;
	const char *const *envp;
	unsigned long clone;
	bool (*prepare)(struct launch *l);
	void *arg;

	pid_t pid;
	int input;
	int output;
	int error;
	int status;
	int tell;
};

/* Starts it and returns when exec is done with, for better or worse. */
bool launch_start(struct launch *l);
/* In the child: exec, or tell @error and exit. prepare() may call them. */
void launch_exec(struct launch *l);
void launch_fail(struct launch *l, int error);
/* Reads all of that many bytes from the child. */
bool launch_read(struct launch *l, void *to, size_t size);
/* Closes the child's input and waits for its end. */
bool launch_end(struct launch *l);

/* All of it: start, end. */
bool launch_run(struct launch *l);

/* Ended by exit with this status, or by this signal? */
bool launch_exited(const struct launch *l, int status);
bool launch_killed(const struct launch *l, int signal);
/* What happened, in words, until the next call. */
const char *launch_story(const struct launch *l);

/* The directory that the tests of this process and its children write to. */
const char *scratch(void);
/* The path of a file there, until the eighth next call. */
const char *scratch_path(const char *name);

/*
 * Writes an executable, by its own bytes or by its name in the corpus with
 * these PROBE_* flags; its path, or NULL and errno.
 */
const char *put_file(const char *name, const struct corpus_file *file);
const char *put_program(const char *name, const char *corpus_name,
			uint64_t flags, uint64_t depth);

/* A file as text, until the next call for the same slot (0 to 3). */
char *read_text(int slot, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool write_text(const char *path, const char *text);
/* The value of a line "KEY: value" in a text, until the fourth next call. */
const char *text_value(const char *text, const char *key);

/* The number of references to the module; -1 if it is not loaded. */
int module_references(void);

#endif /* _ELF_CORPUS_LAUNCH_H */
