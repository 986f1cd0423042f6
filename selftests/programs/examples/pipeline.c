// SPDX-License-Identifier: GPL-2.0
/*
 * pipeline: runs programs one behind the other, the output of each being the
 * input of the next.
 *
 *	pipeline PROGRAM [WORD...] '|' PROGRAM [WORD...] ... <FILE 3<DIRECTORY
 *
 * Programs are found by their paths beneath the directory. Each gets its input,
 * its output and the descriptor for messages as 0, 1 and 2, and nothing else;
 * it gets the words as a shell would hand them over, its own path first.
 *
 * The exit code is that of the last program, 126 if it was killed, and 127 if one
 * could not be started.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "filter.h"
#include "sync.h"

#define MAX_STAGES 16
#define MAX_WORDS 65536
#define NOT_STARTED 127
#define KILLED 126

/* What programs are opened for. */
#define EXECUTE CLOUDABI_RIGHT_PROC_EXEC

/**
 * struct stage - a program of the pipeline
 * @text: its words, with a NUL between each two
 * @len: length of @text
 * @program: it, open
 * @process: its descriptor, once it runs
 */
struct stage {
	const char *text;
	size_t len;
	cloudabi_fd_t program;
	cloudabi_fd_t process;
};

/**
 * struct pipeline - all of them
 * @f: input, output and options
 * @programs: where the programs are
 * @stages: the programs
 * @count: how many
 * @words: all their words, a NUL behind each
 * @used: how much of @words is in use
 */
struct pipeline {
	struct filter f;
	cloudabi_fd_t programs;
	struct stage stages[MAX_STAGES];
	size_t count;
	char words[MAX_WORDS];
	size_t used;
};

static void add_word(struct pipeline *p, const struct word *word, bool first)
{
	char *place = p->words + p->used;
	struct stage *stage;

	if ((first && p->count == MAX_STAGES) ||
	    word->len >= sizeof(p->words) - p->used)
		crt_die(NOT_STARTED, "pipeline: too many words");
	if (first)
		p->stages[p->count++] = (struct stage){ .text = place };
	memcpy(place, word->chars, word->len);
	place[word->len] = '\0';
	p->used += word->len + 1;
	stage = &p->stages[p->count - 1];
	stage->len = place + word->len - stage->text;
}

static void parse(struct pipeline *p)
{
	bool first = true;
	struct word word;

	while (args_next(&p->f.args, &word)) {
		bool bar = word.len == 1 && *word.chars == '|';

		if (bar && first)
			break;
		if (!bar)
			add_word(p, &word, first);
		first = bar;
	}
	if (first || !args_fd(&p->f.args, "programs", &p->programs))
		filter_usage(&p->f, "PROGRAM [WORD...] ['|' ...] <FILE 3<DIRECTORY");
}

/* All of them before the first one runs. */
static void open_programs(struct pipeline *p)
{
	cloudabi_fdstat_t want = { .fs_rights_base = EXECUTE };
	cloudabi_lookup_t at = {
		.fd = p->programs,
		.flags = CLOUDABI_LOOKUP_SYMLINK_FOLLOW,
	};
	cloudabi_errno_t error;

	for (size_t i = 0; i < p->count; i++) {
		struct stage *stage = &p->stages[i];

		error = cloudabi_sys_file_open(at, stage->text,
					       strlen(stage->text),
					       0, &want, &stage->program);
		if (error)
			filter_fail(&p->f, stage->text, error);
	}
}

static _Noreturn void become(const struct pipeline *p,
			     const struct stage *stage, cloudabi_fd_t in,
			     cloudabi_fd_t out)
{
	const cloudabi_fd_t fds[] = { in, out, crt_messages };
	cloudabi_errno_t error;

	error = cloudabi_sys_proc_exec(stage->program, stage->text, stage->len,
				       fds, ARRAY_SIZE(fds));
	filter_fail(&p->f, stage->text, error);
}

static void start(const struct pipeline *p, struct stage *stage,
		  cloudabi_fd_t in, cloudabi_fd_t out)
{
	cloudabi_errno_t error = crt_fork(&stage->process);

	if (error)
		filter_fail(&p->f, "fork", error);
	if (stage->process == CLOUDABI_PROCESS_CHILD)
		become(p, stage, in, out);
}

static void start_all(struct pipeline *p)
{
	cloudabi_fd_t in = p->f.input, pair[2];
	cloudabi_errno_t error;

	for (size_t i = 0; i + 1 < p->count; i++) {
		error = cloudabi_sys_fd_create2(CLOUDABI_FILETYPE_SOCKET_STREAM,
						&pair[0], &pair[1]);
		if (error)
			filter_fail(&p->f, "create2", error);
		start(p, &p->stages[i], in, pair[1]);
		/* Who reads must see the end when who writes is gone. */
		cloudabi_sys_fd_close(pair[1]);
		cloudabi_sys_fd_close(in);
		in = pair[0];
	}
	start(p, &p->stages[p->count - 1], in, p->f.output);
	cloudabi_sys_fd_close(in);
}

static cloudabi_exitcode_t wait_for(const struct pipeline *p,
				    const struct stage *stage)
{
	cloudabi_subscription_t in = {
		.type = CLOUDABI_EVENTTYPE_PROC_TERMINATE,
		.proc_terminate.fd = stage->process,
	};
	cloudabi_event_t event;
	cloudabi_errno_t error;
	size_t n;

	error = cloudabi_sys_poll(&in, &event, 1, &n);
	if (error || event.error)
		filter_fail(&p->f, "poll", error ?: event.error);
	if (!event.proc_terminate.signal)
		return event.proc_terminate.exitcode;
	crt_printf(crt_messages, "pipeline: %s: killed by signal %u\n",
		   stage->text, event.proc_terminate.signal);
	return KILLED;
}

int program_main(const struct argdata *ad)
{
	static struct pipeline p = {
		.f = { .name = "pipeline", .failure = NOT_STARTED },
		.programs = 3,
	};
	cloudabi_exitcode_t code = 0;

	filter_open(&p.f, ad);
	parse(&p);
	open_programs(&p);
	start_all(&p);
	for (size_t i = 0; i < p.count; i++)
		code = wait_for(&p, &p.stages[i]);
	return code;
}
