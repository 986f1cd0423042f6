// SPDX-License-Identifier: GPL-2.0
/*
 * storm: a tree of processes that make more of themselves, replace themselves,
 * pass around what they have, close it and end, all at random.
 *
 *	storm CODE DEPTH SEED RIGHTS COUNT [threads]	(descriptors: storm.h)
 *
 * CODE is what the process has to exit with, whatever it becomes meanwhile. DEPTH
 * says how many generations and programs may follow. RIGHTS are those that
 * STORM_FILE must have, 0 for the first process, and COUNT is how many
 * descriptors must be open, which then are the first ones.
 *
 * Any process may be killed, stopped or traced from outside at any time. Who kills
 * says so before in the arena; a child that its parent has a descriptor of is killed
 * by nobody else.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "args.h"
#include "check.h"
#include "sock.h"
#include "storm.h"
#include "sync.h"

/* Numbers of descriptors that are closed at random, and those looked at. */
#define FREE_END 40
#define LOOK_END 64

#define ACTIONS 16

static struct storm_arena *arena;

/**
 * struct node - what this process is to be
 * @code: what it exits with
 * @depth: how many generations may follow
 * @rights: base rights of STORM_FILE
 * @random: state of its random numbers
 */
struct node {
	uint32_t code;
	uint32_t depth;
	uint64_t rights;
	uint64_t random;
};

static struct node self;

static uint32_t random_of(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 20;
}

static uint32_t random_below(uint32_t limit)
{
	return random_of(&self.random) % limit;
}

static void count(enum storm_count what)
{
	__atomic_fetch_add(&arena->counts[what], 1, __ATOMIC_RELAXED);
}

static void violation(int line, uint64_t value)
{
	if (!__atomic_fetch_add(&arena->violations, 1, __ATOMIC_SEQ_CST)) {
		arena->line = line;
		arena->value = value;
	}
	__atomic_store_n(&arena->stop, 1, __ATOMIC_SEQ_CST);
	crt_exit(0xbad);
}

/* Ends the process if it does not hold; @value tells more. */
#define MUST(expr, value)				\
	do {						\
		if (!(expr))				\
			violation(__LINE__, (value));	\
	} while (0)

#define MUST_BE_OK(call)				\
	do {						\
		cloudabi_errno_t error_ = (call);	\
		if (error_)				\
			violation(__LINE__, error_);	\
	} while (0)

static bool stopped(void)
{
	return __atomic_load_n(&arena->stop, __ATOMIC_RELAXED);
}

/* --- Descriptors ---------------------------------------------------------- */

static uint64_t rights_of(cloudabi_fd_t fd)
{
	cloudabi_fdstat_t stat;

	MUST_BE_OK(cloudabi_sys_fd_stat_get(fd, &stat));
	return stat.fs_rights_base;
}

/* Just those rights, and no way to any that were lost. */
static void check_rights(void)
{
	cloudabi_fdstat_t stat = { .fs_rights_base = arena->rights };
	uint64_t rights = rights_of(STORM_FILE);

	MUST(rights == self.rights, rights);
	if (rights == arena->rights)
		return;
	MUST(cloudabi_sys_fd_stat_put(STORM_FILE, &stat,
				      CLOUDABI_FDSTAT_RIGHTS) ==
	     CLOUDABI_ENOTCAPABLE, rights_of(STORM_FILE));
	MUST(rights_of(STORM_FILE) == rights, rights);
}

static void narrow(void)
{
	cloudabi_fdstat_t stat = {
		.fs_rights_base = self.rights & ~(1ull << random_below(33)),
	};

	MUST_BE_OK(cloudabi_sys_fd_stat_put(STORM_FILE, &stat,
					    CLOUDABI_FDSTAT_RIGHTS));
	self.rights = stat.fs_rights_base;
	check_rights();
}

static void forget_all(void)
{
	for (cloudabi_fd_t fd = STORM_FREE; fd < LOOK_END; fd++)
		cloudabi_sys_fd_close(fd);
}

/* Numbers are the lowest ones, so there is room if this one is closed. */
static void make_room(void)
{
	if (is_open(FREE_END))
		forget_all();
}

static void close_one(void)
{
	cloudabi_sys_fd_close(STORM_FREE +
			      random_below(FREE_END - STORM_FREE));
}

static void copy_one(void)
{
	cloudabi_fd_t from = random_below(FREE_END), to;

	if (random_below(2)) {
		cloudabi_sys_fd_dup(from, &to);
		return;
	}
	to = STORM_FREE + random_below(FREE_END - STORM_FREE);
	cloudabi_sys_fd_replace(from, to);
}

/* --- Messages ------------------------------------------------------------- */

/* What the descriptor in a message must be. */
struct label {
	uint64_t rights;
	uint64_t type;
};

static void send(cloudabi_fd_t fd)
{
	cloudabi_fdstat_t stat;
	cloudabi_errno_t error;
	struct label label;
	size_t n;

	if (cloudabi_sys_fd_stat_get(fd, &stat))
		return;
	label.rights = stat.fs_rights_base;
	label.type = stat.fs_filetype;
	error = sock_send(STORM_HUB, &label, sizeof(label), &fd, 1, &n);
	/* The queue is full, or has too many sockets within sockets. */
	if (error == CLOUDABI_EAGAIN || error == CLOUDABI_ENOBUFS)
		return;
	MUST(!error && n == sizeof(label), error);
	count(STORM_sent);
}

static void toss(void)
{
	send(random_below(FREE_END));
}

static void look_at(cloudabi_fd_t fd, const struct label *label)
{
	cloudabi_subscription_t in[] = {
		{ .type = CLOUDABI_EVENTTYPE_PROC_TERMINATE,
		  .proc_terminate.fd = fd },
		{ .type = CLOUDABI_EVENTTYPE_CLOCK,
		  .clock.clock_id = CLOUDABI_CLOCK_MONOTONIC },
	};
	cloudabi_event_t out[ARRAY_SIZE(in)];
	size_t n;

	MUST(rights_of(fd) == label->rights, label->rights);
	MUST(fdstat(fd).fs_filetype == label->type, label->type);
	if (label->type == STREAM || label->type == DGRAM)
		count(STORM_received_sockets);
	if (label->type != CLOUDABI_FILETYPE_PROCESS)
		return;
	MUST_BE_OK(cloudabi_sys_poll(in, out, ARRAY_SIZE(in), &n));
	MUST(n && !out[0].error, out[0].error);
	count(STORM_received_processes);
}

static bool receive(cloudabi_fd_t *fd, struct label *label)
{
	cloudabi_recv_out_t out;
	cloudabi_errno_t error;

	error = sock_recv(STORM_HUB_END, label, sizeof(*label), fd, 1, 0, &out);
	if (error == CLOUDABI_EAGAIN)
		return false;
	MUST(!error && out.ro_datalen == sizeof(*label), error);
	MUST(out.ro_fdslen == 1 && !out.ro_flags, out.ro_flags);
	return true;
}

static void catch(void)
{
	struct label label;
	cloudabi_fd_t fd;

	if (!receive(&fd, &label))
		return;
	count(STORM_received);
	look_at(fd, &label);
	if (random_below(2))
		MUST_BE_OK(cloudabi_sys_fd_close(fd));
}

/* --- Children ------------------------------------------------------------- */

static void live(void);

static void pause(void)
{
	for (;;)
		crt_sleep_ms(3600000);
}

/* Is there for some time, for others to have its descriptor. */
static void linger(void)
{
	for (int i = 0; i < 100 && !stopped(); i++)
		crt_sleep_ms(20);
}

/* From now on it may be killed. */
static void be_known(void)
{
	__atomic_store_n(&arena->codes[crt_tid() % STORM_PROCESSES], self.code,
			 __ATOMIC_SEQ_CST);
}

/* In the child: all is as the parent had it, but for what it is to be. */
static void become(const struct node *node)
{
	self = *node;
	be_known();
	check_rights();
	if (random_below(2))
		forget_all();
}

static struct node offspring(void)
{
	return (struct node){
		.code = random_of(&self.random) | 1,
		.depth = self.depth - 1,
		.rights = self.rights,
		.random = random_of(&self.random) * 2ull + 1,
	};
}

static cloudabi_fd_t bear(const struct node *node, void (*run)(void))
{
	cloudabi_fd_t fd;

	make_room();
	MUST_BE_OK(crt_fork(&fd));
	if (fd != CLOUDABI_PROCESS_CHILD) {
		count(STORM_forks);
		return fd;
	}
	become(node);
	run();
	crt_exit(self.code);
}

static bool was_killed(uint32_t code)
{
	for (size_t i = 0; i < STORM_KILLS; i++) {
		if (__atomic_load_n(&arena->killed[i], __ATOMIC_SEQ_CST) ==
		    code)
			return true;
	}
	return false;
}

/* As it was told to, or from outside. */
static void await(cloudabi_fd_t fd, cloudabi_exitcode_t code)
{
	cloudabi_subscription_t in = {
		.type = CLOUDABI_EVENTTYPE_PROC_TERMINATE,
		.proc_terminate.fd = fd,
	};
	cloudabi_event_t out;
	size_t n;

	MUST_BE_OK(cloudabi_sys_poll(&in, &out, 1, &n));
	MUST(!out.error, out.error);
	count(STORM_ends);
	if (out.proc_terminate.signal) {
		MUST(out.proc_terminate.signal == CLOUDABI_SIGKILL,
		     out.proc_terminate.signal);
		MUST(!out.proc_terminate.exitcode, out.proc_terminate.exitcode);
		MUST(was_killed(code), code);
		count(STORM_kills_seen);
		return;
	}
	MUST(out.proc_terminate.exitcode == code, out.proc_terminate.exitcode);
	count(STORM_exit_codes);
}

/* Others may get the descriptor, and keep the child or end it. */
static void bear_and_leave(void)
{
	struct node node = offspring();
	cloudabi_fd_t fd = bear(&node, linger);

	for (uint32_t i = random_below(3); i; i--)
		send(fd);
	if (random_below(2))
		MUST_BE_OK(cloudabi_sys_fd_close(fd));
}

/* Copies of a descriptor come and go, and that is nothing to the child. */
static void scatter(cloudabi_fd_t fd)
{
	cloudabi_fd_t copy;

	/* Nothing may have to make room. */
	if (is_open(FREE_END))
		return;
	switch (random_below(4)) {
	case 0:
		MUST_BE_OK(cloudabi_sys_fd_dup(fd, &copy));
		MUST_BE_OK(cloudabi_sys_fd_close(copy));
		break;
	case 1:
		send(fd);
		break;
	case 2:
		bear_and_leave();
	}
}

static void bear_and_await(void (*run)(void))
{
	struct node node = offspring();
	cloudabi_fd_t fd = bear(&node, run);

	scatter(fd);
	await(fd, node.code);
	MUST_BE_OK(cloudabi_sys_fd_close(fd));
}

/* Nobody else has the descriptor: this process has one thread. */
static void kill_by_close(void)
{
	struct node node = offspring();
	cloudabi_fd_t pair[2], fd;
	char byte;
	size_t n;

	make_room();
	MUST_BE_OK(cloudabi_sys_fd_create2(STREAM, &pair[0], &pair[1]));
	MUST_BE_OK(crt_fork(&fd));
	if (fd == CLOUDABI_PROCESS_CHILD) {
		self = node;
		be_known();
		pause();
	}
	MUST_BE_OK(cloudabi_sys_fd_close(pair[1]));
	MUST_BE_OK(cloudabi_sys_fd_close(fd));
	MUST_BE_OK(crt_read(pair[0], &byte, 1, &n));
	MUST(!n, n);
	MUST_BE_OK(cloudabi_sys_fd_close(pair[0]));
	count(STORM_kills_by_close);
}

/* --- Programs ------------------------------------------------------------- */

/* Ends the process if it is no use trying again. */
static void check_exec_error(cloudabi_errno_t error, bool racing)
{
	MUST(racing && error == CLOUDABI_EBADF, error);
	count(STORM_lost_exec_races);
}

/* Words are separated by NULs. */
static size_t write_words(char *text, size_t size, size_t listed, bool threads)
{
	struct crt_output out = { .fd = STORM_NULL, .buf = text, .size = size };

	crt_output_printf(&out, "storm %u %u %lu %lu %zu%s", self.code,
			  self.depth - 1,
			  (unsigned long)(self.random >> 1),
			  (unsigned long)self.rights, listed,
			  threads ? " threads" : "");
	for (size_t i = 0; i < out.used; i++) {
		if (text[i] == ' ')
			text[i] = 0;
	}
	return out.used;
}

/* With @more descriptors at random besides those that everybody has. */
static cloudabi_errno_t replace_with(size_t more, uint64_t *random,
				     bool threads)
{
	cloudabi_fd_t list[STORM_FREE + 16];
	size_t listed = 0, size;
	char text[160];

	for (; listed < STORM_FREE; listed++)
		list[listed] = listed;
	for (; more; more--) {
		list[listed] = random_of(random) % FREE_END;
		if (is_open(list[listed]))
			listed++;
	}
	size = write_words(text, sizeof(text), listed, threads);
	return cloudabi_sys_proc_exec(STORM_PROGRAM, text, size, list, listed);
}

static void replace(void)
{
	cloudabi_errno_t error;

	error = replace_with(random_below(16), &self.random, false);
	check_exec_error(error, false);
}

/**
 * struct rival - a thread
 * @thread: it
 * @random: state of its random numbers
 */
struct rival {
	struct crt_thread thread;
	uint64_t random;
};

static void churn_once(struct rival *r)
{
	cloudabi_fd_t from = random_of(&r->random) % FREE_END;
	cloudabi_fd_t fd = STORM_FREE + random_of(&r->random) % FREE_END;
	cloudabi_fd_t pair[2];
	struct label label;

	switch (random_of(&r->random) % 8) {
	case 0:
		cloudabi_sys_fd_dup(from, &fd);
		break;
	case 1:
		cloudabi_sys_fd_create2(STREAM, &pair[0], &pair[1]);
		break;
	case 2:
		cloudabi_sys_fd_replace(from, fd);
		break;
	case 3:
		receive(&fd, &label);
		break;
	case 4:
		if (!crt_fork(&fd) && fd == CLOUDABI_PROCESS_CHILD)
			crt_exit(1);
		break;
	default:
		cloudabi_sys_fd_close(fd);
	}
}

static void churn(void *argument)
{
	for (;;)
		churn_once(argument);
}

static void try_to_replace(void *argument)
{
	struct rival *r = argument;

	for (uint32_t i = random_of(&r->random) % 8; i; i--)
		churn_once(r);
	for (;;)
		check_exec_error(replace_with(random_of(&r->random) % 8,
					      &r->random, true), true);
}

static struct rival rivals[3];

static void start_rival(struct rival *r, void (*run)(void *argument))
{
	r->random = random_of(&self.random) * 2ull + 1;
	MUST_BE_OK(crt_thread_start(&r->thread, run, r));
}

/* One of two threads or both want to, and another one is in the way. */
static void replace_among_threads(void)
{
	uint32_t who = random_below(3);

	start_rival(&rivals[0], churn);
	start_rival(&rivals[1], who ? try_to_replace : churn);
	rivals[2].random = random_of(&self.random) * 2ull + 1;
	if (who == 1)
		churn(&rivals[2]);
	try_to_replace(&rivals[2]);
}

/* --- Life ----------------------------------------------------------------- */

static void act(void)
{
	static void (*const alone[])(void) = {
		toss, catch, toss, catch, close_one, copy_one, narrow,
	};

	if (!self.depth || random_below(2)) {
		alone[random_below(ARRAY_SIZE(alone))]();
		make_room();
		return;
	}
	switch (random_below(6)) {
	case 0:
		bear_and_await(live);
		break;
	case 1:
		bear_and_leave();
		break;
	case 2:
		kill_by_close();
		break;
	case 3:
		replace();
		break;
	default:
		bear_and_await(replace_among_threads);
	}
}

static void live(void)
{
	for (int i = 0; i < ACTIONS && !stopped(); i++)
		act();
}

/* --- Start ---------------------------------------------------------------- */

static uint64_t number(struct args *args)
{
	struct word word;
	const char *text;

	if (!args_next(args, &word))
		crt_die(2, "usage: storm CODE DEPTH SEED RIGHTS COUNT");
	text = word.chars;
	return parse_number(&text, word.chars + word.len);
}

/* Those that were listed, and no others. */
static void check_listed(size_t listed)
{
	for (cloudabi_fd_t fd = 0; fd < LOOK_END; fd++)
		MUST(is_open(fd) == (fd < listed), fd);
}

static void make_hub(void)
{
	cloudabi_fdstat_t stat = { .fs_flags = CLOUDABI_FDFLAG_NONBLOCK };
	cloudabi_fd_t a, b;

	self.rights = rights_of(STORM_FILE);
	arena->rights = self.rights;
	MUST_BE_OK(cloudabi_sys_fd_create2(DGRAM, &a, &b));
	MUST(a == STORM_HUB && b == STORM_HUB_END, a);
	MUST_BE_OK(cloudabi_sys_fd_stat_put(a, &stat, CLOUDABI_FDSTAT_FLAGS));
	MUST_BE_OK(cloudabi_sys_fd_stat_put(b, &stat, CLOUDABI_FDSTAT_FLAGS));
}

int program_main(const struct argdata *ad)
{
	struct args args;
	struct word word;
	size_t listed;
	void *mem;

	args_open(&args, ad);
	self.code = number(&args);
	self.depth = number(&args);
	self.random = number(&args) * 2 + 1;
	self.rights = number(&args);
	listed = number(&args);
	if (cloudabi_sys_mem_map(NULL, sizeof(*arena),
				 CLOUDABI_PROT_READ | CLOUDABI_PROT_WRITE,
				 CLOUDABI_MAP_SHARED, STORM_ARENA, 0, &mem))
		crt_die(2, "storm: no arena");
	arena = mem;
	check_listed(listed);
	be_known();
	if (listed == STORM_GIVEN) {
		make_hub();
	} else {
		check_rights();
		count(args_next(&args, &word) ? STORM_programs_among_threads :
						STORM_programs);
	}
	live();
	return self.code;
}
