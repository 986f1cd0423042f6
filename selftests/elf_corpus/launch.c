// SPDX-License-Identifier: GPL-2.0
/*
 * Starts executables; see launch.h.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#define _GNU_SOURCE
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- Starting ------------------------------------------------------------ */

void launch_fail(struct launch *l, int error)
{
	if (write(l->tell, &error, sizeof(error)) < 0)
		_exit(EXIT_PREPARE);
	_exit(127);
}

void launch_exec(struct launch *l)
{
	static const char *const nothing[] = { NULL };
	const char *const alone[] = { l->path, NULL };

	syscall(SYS_execveat, l->dirfd ? l->dirfd : AT_FDCWD, l->path,
		l->argv ? l->argv : alone, l->envp ? l->envp : nothing,
		l->flags);
	launch_fail(l, errno);
}

/* exec closes @tell, the sign that it succeeded. */
static void be_child(struct launch *l, int input, int output)
{
	if (dup2(input, 0) < 0 || dup2(output, 1) < 0)
		_exit(EXIT_PREPARE);
	if (l->prepare && !l->prepare(l))
		_exit(EXIT_PREPARE);
	launch_exec(l);
}

bool launch_start(struct launch *l)
{
	int in[2], out[2], tell[2];

	l->error = 0;
	l->status = 0;
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) ||
	    pipe2(tell, O_CLOEXEC))
		return false;
	fflush(NULL);
	l->tell = tell[1];
	l->pid = syscall(SYS_clone, l->clone | SIGCHLD, NULL, NULL, NULL, 0);
	if (!l->pid)
		be_child(l, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	close(tell[1]);
	l->input = in[1];
	l->output = out[0];
	if (l->pid > 0 && read(tell[0], &l->error, sizeof(l->error)) < 0)
		l->error = errno;
	close(tell[0]);
	return l->pid > 0;
}

bool launch_run(struct launch *l)
{
	return launch_start(l) && launch_end(l);
}

bool launch_read(struct launch *l, void *to, size_t size)
{
	while (size) {
		ssize_t n = read(l->output, to, size);

		if (n <= 0)
			return false;
		to = (char *)to + n;
		size -= n;
	}
	return true;
}

bool launch_end(struct launch *l)
{
	pid_t pid;

	close(l->input);
	do {
		pid = waitpid(l->pid, &l->status, 0);
	} while (pid < 0 && errno == EINTR);
	close(l->output);
	return pid == l->pid;
}

bool launch_exited(const struct launch *l, int status)
{
	return !l->error && WIFEXITED(l->status) &&
	       WEXITSTATUS(l->status) == status;
}

bool launch_killed(const struct launch *l, int signal)
{
	return !l->error && WIFSIGNALED(l->status) &&
	       WTERMSIG(l->status) == signal;
}

const char *launch_story(const struct launch *l)
{
	static const char *const meanings[256] = {
		[EXIT_GOOD] = " (good)",
		[EXIT_NATIVE] = " (RAN NATIVELY)",
		[EXIT_NOT_ZERO] = " (memory is not zero)",
		[EXIT_NOT_THE_FILE] = " (memory is not what the file has)",
		[EXIT_NOT_WRITTEN] = " (memory does not keep what is written)",
		[EXIT_BASE] = " (AT_BASE is wrong)",
		[EXIT_HEADERS] = " (AT_PHDR or AT_PHNUM is wrong)",
		[EXIT_REGISTERS] = " (registers are wrong)",
		[EXIT_REPORT] = " (could not report)",
		[EXIT_PREPARE] = " (could not prepare)",
	};
	static char story[100];
	const char *meaning;

	if (l->error) {
		snprintf(story, sizeof(story), "exec: %s", strerror(l->error));
	} else if (WIFEXITED(l->status)) {
		meaning = meanings[WEXITSTATUS(l->status)];
		snprintf(story, sizeof(story), "exit status %d%s",
			 WEXITSTATUS(l->status), meaning ? meaning : "");
	} else {
		snprintf(story, sizeof(story), "signal %d (%s)",
			 WTERMSIG(l->status), strsignal(WTERMSIG(l->status)));
	}
	return story;
}

/* --- Files --------------------------------------------------------------- */

static char scratch_dir[] = "/tmp/cloudabi-exec.XXXXXX";
static pid_t scratch_owner;

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *where)
{
	return remove(path);
}

static void remove_scratch(void)
{
	if (getpid() == scratch_owner)
		nftw(scratch_dir, remove_one, 8, FTW_DEPTH | FTW_PHYS |
		     FTW_MOUNT);
}

static void __attribute__((constructor)) make_scratch(void)
{
	if (!mkdtemp(scratch_dir) || chmod(scratch_dir, 0755)) {
		perror("/tmp");
		exit(1);
	}
	scratch_owner = getpid();
	atexit(remove_scratch);
}

const char *scratch(void)
{
	return scratch_dir;
}

const char *scratch_path(const char *name)
{
	static char paths[8][200];
	static unsigned int next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", scratch_dir, name);
	return path;
}

const char *put_file(const char *name, const struct corpus_file *file)
{
	const char *path = scratch_path(name);
	int fd, error;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	if (fd < 0)
		return NULL;
	error = corpus_write(file, fd);
	close(fd);
	return error ? NULL : path;
}

const char *put_program(const char *name, const char *corpus_name,
			uint64_t flags, uint64_t depth)
{
	const struct corpus_case *c = corpus_find(corpus_name);
	struct corpus_file file;
	const char *path = NULL;

	errno = ENOENT;
	if (!c || !corpus_make(c, &file))
		return NULL;
	if (file.params || !flags) {
		if (flags) {
			file.params->flags |= flags;
			file.params->depth = depth;
		}
		path = put_file(name, &file);
	}
	corpus_free(&file);
	return path;
}

/* --- What the kernel tells in files -------------------------------------- */

char *read_text(int slot, const char *format, ...)
{
	static char texts[4][512 << 10];
	char *text = texts[slot];
	size_t size = 0;
	char path[300];
	va_list args;
	ssize_t n;
	int fd;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && size < sizeof(texts[0]) - 1) {
		n = read(fd, text + size, sizeof(texts[0]) - 1 - size);
		if (n <= 0)
			break;
		size += n;
	}
	if (fd >= 0)
		close(fd);
	text[size] = 0;
	return text;
}

bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written;

	if (fd < 0)
		return false;
	written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return written;
}

const char *text_value(const char *text, const char *key)
{
	static char values[4][200];
	static unsigned int next;
	char *value = values[next++ % 4];
	size_t size = strlen(key);
	const char *line;

	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, size) || line[size] != ':')
			continue;
		line += size + 1;
		line += strspn(line, " \t");
		snprintf(value, sizeof(values[0]), "%.*s",
			 (int)strcspn(line, "\n"), line);
		return value;
	}
	return "(none)";
}

int module_references(void)
{
	char *text = read_text(3, "/sys/module/cloudabi/refcnt");

	return *text ? atoi(text) : -1;
}
