// SPDX-License-Identifier: GPL-2.0
/*
 * puppet: makes calls for a native process; see puppet.h.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "crt.h"
#include "io.h"
#include "puppet.h"
#include "raw.h"

static void check(cloudabi_errno_t error, const char *what)
{
	if (error)
		crt_die(99, "# puppet: %s: %s", what, crt_strerror(error));
}

/* The memory, with the pages that nobody may touch behind the cages. */
static struct puppet_script *map_memory(void)
{
	uint8_t *base;
	void *mem;

	check(cloudabi_sys_mem_map(NULL, PUPPET_SIZE,
				   CLOUDABI_PROT_READ | CLOUDABI_PROT_WRITE,
				   CLOUDABI_MAP_SHARED, PUPPET_MEMORY, 0, &mem),
	      "mem_map");
	base = mem;
	for (unsigned int i = 0; i < PUPPET_CAGES; i++)
		check(cloudabi_sys_mem_protect(base + puppet_cage(i) +
						       puppet_cage_size(i),
					       PUPPET_PAGE, 0),
		      "mem_protect");
	return mem;
}

static void make(struct puppet_call *call)
{
	struct raw_result result;
	uint64_t args[6];

	memcpy(args, call->args, sizeof(args));
	raw_call(call->nr, args, &result);
	call->first = result.rax;
	call->second = result.rdx;
	call->failed = result.carry;
	call->changed = result.changed;
}

static bool is_child(const struct puppet_call *call)
{
	return call->nr == CLOUDABI_NR_proc_fork && !call->failed &&
	       call->first == CLOUDABI_PROCESS_CHILD;
}

/* The arguments, of which the call itself takes none, are numbers of its own. */
static struct puppet_script *be_child(const struct puppet_call *call)
{
	cloudabi_tid_t tid = call->second;
	struct puppet_script *script;

	check(cloudabi_sys_fd_replace(call->args[0], PUPPET_SOCKET), "socket");
	check(cloudabi_sys_fd_replace(call->args[1], PUPPET_MEMORY), "memory");
	script = map_memory();
	script->base = (uintptr_t)script;
	script->tid = tid;
	return script;
}

/* A child has a result of its own, and must not tell its parent's. */
static struct puppet_script *obey(struct puppet_script *script)
{
	struct puppet_call call;

	for (uint64_t i = 0; i < script->n; i++) {
		call = script->calls[i];
		make(&call);
		if (is_child(&call))
			return be_child(&call);
		script->calls[i] = call;
	}
	return script;
}

int program_main(const struct argdata *ad)
{
	struct puppet_script *script = map_memory();
	char byte = 0;
	size_t n;

	(void)ad;
	script->base = (uintptr_t)script;
	script->tid = crt_auxv.tid;
	for (;;) {
		check(crt_write_all(PUPPET_SOCKET, &byte, 1), "write");
		check(crt_read(PUPPET_SOCKET, &byte, 1, &n), "read");
		if (!n || !script->n)
			return 0;
		script = obey(script);
	}
}
