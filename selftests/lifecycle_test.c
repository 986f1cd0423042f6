// SPDX-License-Identifier: GPL-2.0
/*
 * Loading and unloading the module: when it can be, when it cannot, and that it
 * gets along with others who trace the function that it hooks.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#define _GNU_SOURCE
#include "probe.h"
#include "modules.h"

#define TRACING "/sys/kernel/tracing/"
#define FUNCTION "__secure_computing"

/* A program that runs as it should exits with 7. */
static const struct door_request exit_7 = {
	DOOR_SYSCALL, .number = CLOUDABI_NR_proc_exit, .args = { 7 },
};

FIXTURE(module)
{
	struct scene scene;
	int log;
};

FIXTURE_SETUP(module)
{
	ASSERT_EQ(0, scene_open(&self->scene));
	/* Only after a failure is there anything to undo. */
	unload_module("ipmodify");
	unload_module("cloudabi");
	ASSERT_EQ(0, tell_kernel(FTRACE_ENABLED, "1"));
	ASSERT_EQ(-1, module_users("cloudabi"));
	self->log = log_open();
	ASSERT_LE(0, self->log);
}

FIXTURE_TEARDOWN(module)
{
	close(self->log);
	scene_close(&self->scene);
	unload_module("cloudabi");
	unload_module("ipmodify");
}

static void expect_runs(struct __test_metadata *_metadata)
{
	struct door_request requests[] = {
		{ DOOR_SYSCALL, .number = SYS_uname, .args = { DOOR_SPACE } },
		{ DOOR_INT80, .number = 122, .args = { DOOR_SPACE } },
		{ DOOR_SYSCALL, .number = CLOUDABI_NR_thread_yield },
	};
	struct door_request exit = exit_7;
	struct door door;

	ASSERT_EQ(0, door_start(&door, "./cloudabi", NULL, NULL));
	EXPECT_EQ(DOOR_ANSWERED, door_ask(&door, requests, 3));
	EXPECT_EQ(CLOUDABI_ENOSYS, requests[0].rax);
	EXPECT_EQ(1, requests[0].carry);
	EXPECT_EQ(CLOUDABI_ENOSYS, requests[1].rax);
	EXPECT_EQ(0, requests[2].rax);
	EXPECT_EQ(DOOR_ENDED, door_ask(&door, &exit, 1));
	EXPECT_TRUE(WIFEXITED(door.status));
	EXPECT_EQ(7, WEXITSTATUS(door.status));
	door_stop(&door);
}

TEST_F(module, loads_and_unloads)
{
	ASSERT_EQ(0, load_module("cloudabi", ""));
	EXPECT_EQ(0, module_users("cloudabi"));
	expect_runs(_metadata);
	EXPECT_EQ(0, unload_module("cloudabi"));
	EXPECT_EQ(-1, module_users("cloudabi"));
}

TEST_F(module, loads_again_and_again)
{
	int i;

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, load_module("cloudabi", ""));
		expect_runs(_metadata);
		ASSERT_EQ(0, unload_module("cloudabi"));
	}
}

TEST_F(module, loads_once_only)
{
	ASSERT_EQ(0, load_module("cloudabi", ""));
	EXPECT_EQ(EEXIST, load_module("cloudabi", ""));
	expect_runs(_metadata);
	EXPECT_EQ(0, unload_module("cloudabi"));
}

/*
 * What launchers have to know: nobody but the module looks at EI_OSABI. Without
 * it the file is a native program, and not confined.
 */
TEST_F(module, absent_makes_programs_native)
{
	struct door_request request = { DOOR_SYSCALL, .number = SYS_getpid };
	struct door door;

	ASSERT_EQ(0, door_start(&door, "./cloudabi", NULL, NULL));
	EXPECT_EQ(DOOR_ANSWERED, door_ask(&door, &request, 1));
	EXPECT_EQ(door.pid, request.rax);
	door_stop(&door);
}

/* --- Unloading ------------------------------------------------------------ */

TEST_F(module, stays_while_a_process_lives)
{
	struct door_request exit = exit_7;
	struct door doors[3];
	int i;

	ASSERT_EQ(0, load_module("cloudabi", ""));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, door_start(&doors[i], "./cloudabi", NULL, NULL));
		EXPECT_EQ(i + 1, module_users("cloudabi"));
		EXPECT_EQ(EWOULDBLOCK, unload_module("cloudabi"));
	}
	/* By its own doing, by a signal and by a fault. */
	EXPECT_EQ(DOOR_ENDED, door_ask(&doors[0], &exit, 1));
	EXPECT_EQ(7, WEXITSTATUS(doors[0].status));
	EXPECT_EQ(2, module_users("cloudabi"));
	door_stop(&doors[1]);
	EXPECT_EQ(1, module_users("cloudabi"));
	EXPECT_EQ(EWOULDBLOCK, unload_module("cloudabi"));
	exit = (struct door_request){ DOOR_UD2 };
	EXPECT_EQ(DOOR_ENDED, door_ask(&doors[2], &exit, 1));
	EXPECT_EQ(0, module_users("cloudabi"));
	EXPECT_EQ(0, unload_module("cloudabi"));
	door_stop(&doors[0]);
	door_stop(&doors[2]);
}

TEST_F(module, stays_while_a_process_is_stopped)
{
	struct door door;
	int status;

	ASSERT_EQ(0, load_module("cloudabi", ""));
	ASSERT_EQ(0, door_start(&door, "./cloudabi", NULL, NULL));
	ASSERT_EQ(0, kill(door.pid, SIGSTOP));
	ASSERT_EQ(door.pid, waitpid(door.pid, &status, WUNTRACED));
	EXPECT_EQ(EWOULDBLOCK, unload_module("cloudabi"));
	door_stop(&door);
	EXPECT_EQ(0, unload_module("cloudabi"));
}

/* A process that nobody has waited for has no memory, and needs no module. */
TEST_F(module, goes_while_a_process_is_a_zombie)
{
	struct door door;
	siginfo_t info;

	ASSERT_EQ(0, load_module("cloudabi", ""));
	ASSERT_EQ(0, door_start(&door, "./cloudabi", NULL, NULL));
	ASSERT_EQ(0, kill(door.pid, SIGKILL));
	ASSERT_EQ(0, waitid(P_PID, door.pid, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(0, unload_module("cloudabi"));
	door_stop(&door);
}

TEST_F(module, counts_no_failed_exec)
{
	Elf64_Addr entry = DOOR_DATA;
	struct door door;
	int fd;

	ASSERT_EQ(0, load_module("cloudabi", ""));
	fd = open("cloudabi", O_WRONLY | O_CLOEXEC);
	ASSERT_EQ(sizeof(entry), pwrite(fd, &entry, sizeof(entry),
					offsetof(Elf64_Ehdr, e_entry)));
	close(fd);
	EXPECT_EQ(ENOEXEC, door_start(&door, "./cloudabi", NULL, NULL));
	door_stop(&door);
	EXPECT_EQ(0, module_users("cloudabi"));
	EXPECT_EQ(0, unload_module("cloudabi"));
}

/* --- kernel.ftrace_enabled ------------------------------------------------ */

/* Whether the kernel's function tracer sees its functions. */
static bool function_tracer_works(void)
{
	char line[256];
	bool seen = false;
	FILE *file;

	clear(TRACING "trace");
	if (tell_kernel(TRACING "set_ftrace_filter", "do_sys_openat2") ||
	    tell_kernel(TRACING "current_tracer", "function"))
		return false;
	close(open("/proc/self/stat", O_RDONLY));
	file = fopen(TRACING "trace", "re");
	while (file && fgets(line, sizeof(line), file))
		seen |= !!strstr(line, ": do_sys_openat2");
	if (file)
		fclose(file);
	tell_kernel(TRACING "current_tracer", "nop");
	clear(TRACING "set_ftrace_filter");
	return seen;
}

TEST_F(module, does_not_load_without_ftrace)
{
	ASSERT_EQ(0, tell_kernel(FTRACE_ENABLED, "0"));
	EXPECT_EQ(EBUSY, load_module("cloudabi", ""));
	EXPECT_TRUE(log_has(self->log, "cloudabi: cannot hook " FUNCTION,
			    "kernel.ftrace_enabled"));
	EXPECT_EQ(-1, module_users("cloudabi"));
	EXPECT_EQ(EBUSY, load_module("cloudabi", ""));
	ASSERT_EQ(0, tell_kernel(FTRACE_ENABLED, "1"));
	EXPECT_TRUE(function_tracer_works());
	ASSERT_EQ(0, load_module("cloudabi", ""));
	expect_runs(_metadata);
	EXPECT_TRUE(function_tracer_works());
	EXPECT_EQ(0, unload_module("cloudabi"));
	EXPECT_TRUE(function_tracer_works());
}

TEST_F(module, keeps_ftrace_enabled)
{
	struct door door;
	char value[8] = "";
	int fd;

	ASSERT_EQ(0, load_module("cloudabi", ""));
	ASSERT_EQ(0, door_start(&door, "./cloudabi", NULL, NULL));
	EXPECT_EQ(EBUSY, tell_kernel(FTRACE_ENABLED, "0"));
	fd = open(FTRACE_ENABLED, O_RDONLY | O_CLOEXEC);
	EXPECT_LT(0, read(fd, value, sizeof(value) - 1));
	close(fd);
	EXPECT_STREQ("1\n", value);
	expect_runs(_metadata);
	door_stop(&door);
	EXPECT_EQ(0, unload_module("cloudabi"));
	EXPECT_EQ(0, tell_kernel(FTRACE_ENABLED, "0"));
	EXPECT_EQ(0, tell_kernel(FTRACE_ENABLED, "1"));
}

/* --- Others who want the function ----------------------------------------- */

TEST_F(module, does_not_load_after_another_that_modifies)
{
	ASSERT_EQ(0, load_module("ipmodify", ""));
	EXPECT_EQ(EBUSY, load_module("cloudabi", ""));
	EXPECT_TRUE(log_has(self->log, "cloudabi: cannot hook " FUNCTION,
			    "another"));
	ASSERT_EQ(0, unload_module("ipmodify"));
	ASSERT_EQ(0, load_module("cloudabi", ""));
	expect_runs(_metadata);
	EXPECT_EQ(0, unload_module("cloudabi"));
}

TEST_F(module, lets_nobody_else_modify)
{
	ASSERT_EQ(0, load_module("cloudabi", ""));
	EXPECT_EQ(EBUSY, load_module("ipmodify", ""));
	expect_runs(_metadata);
	EXPECT_EQ(0, unload_module("cloudabi"));
	EXPECT_EQ(0, load_module("ipmodify", ""));
	EXPECT_EQ(0, unload_module("ipmodify"));
}

static void trace_nothing(void)
{
	tell_kernel(TRACING "current_tracer", "nop");
	clear(TRACING "set_ftrace_filter");
	tell_kernel(TRACING "instances/functions/current_tracer", "nop");
	clear(TRACING "instances/functions/set_ftrace_filter");
	rmdir(TRACING "instances/functions");
	tell_kernel(TRACING "events/kprobes/enable", "0");
	clear(TRACING "kprobe_events");
	clear(TRACING "trace");
}

/* The function tracer, the graph tracer, a kprobe and a kretprobe, at once. */
static void trace_everything(struct __test_metadata *_metadata)
{
	trace_nothing();
	ASSERT_EQ(0, tell_kernel(TRACING "kprobe_events",
				 "p:hooked_entry " FUNCTION "\n"
				 "r:hooked_return " FUNCTION "\n"));
	ASSERT_EQ(0, tell_kernel(TRACING "events/kprobes/enable", "1"));
	if (mkdir(TRACING "instances/functions", 0755))
		ASSERT_EQ(EEXIST, errno);
	ASSERT_EQ(0, tell_kernel(TRACING
				 "instances/functions/set_ftrace_filter",
				 FUNCTION));
	ASSERT_EQ(0, tell_kernel(TRACING "instances/functions/current_tracer",
				 "function"));
	ASSERT_EQ(0, tell_kernel(TRACING "set_ftrace_filter", FUNCTION));
	ASSERT_EQ(0, tell_kernel(TRACING "current_tracer", "function_graph"));
}

/* Whether a trace has a line with this text. */
static bool traced(const char *path, const char *text)
{
	FILE *file = fopen(path, "re");
	bool found = false;
	char line[512];

	while (file && !found && fgets(line, sizeof(line), file))
		found = !!strstr(line, text);
	if (file)
		fclose(file);
	return found;
}

static void expect_all_traced(struct __test_metadata *_metadata)
{
	EXPECT_TRUE(traced(TRACING "trace", "hooked_entry:"));
	EXPECT_TRUE(traced(TRACING "trace", "hooked_return:"));
	/* The graph tracer prints functions as C calls. */
	EXPECT_TRUE(traced(TRACING "trace", FUNCTION "()"));
	EXPECT_TRUE(traced(TRACING "instances/functions/trace", FUNCTION));
}

TEST_F(module, runs_programs_under_all_tracers)
{
	ASSERT_EQ(0, load_module("cloudabi", ""));
	trace_everything(_metadata);
	expect_runs(_metadata);
	expect_all_traced(_metadata);
	trace_nothing();
	expect_runs(_metadata);
	EXPECT_EQ(0, unload_module("cloudabi"));
}

TEST_F(module, loads_and_unloads_under_all_tracers)
{
	trace_everything(_metadata);
	ASSERT_EQ(0, load_module("cloudabi", ""));
	expect_runs(_metadata);
	expect_all_traced(_metadata);
	EXPECT_EQ(0, unload_module("cloudabi"));
	ASSERT_EQ(0, load_module("cloudabi", ""));
	expect_runs(_metadata);
	trace_nothing();
	expect_runs(_metadata);
	EXPECT_EQ(0, unload_module("cloudabi"));
}

TEST_HARNESS_MAIN
