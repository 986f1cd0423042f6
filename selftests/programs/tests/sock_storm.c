// SPDX-License-Identifier: GPL-2.0
/*
 * sock_storm: puts sockets, files and capabilities into messages, takes them out and
 * closes them, at random.
 *
 * What it starts with (sock_storm.h) it shares with others that do the same, so that
 * sockets end up in their own queues, in those of each other, and in those of
 * other processes. It ends in the midst of it, after some time or by being
 * killed: exit code 0, or 1 if a call answered what it must not.
 *
 * A socket that it made has one descriptor, which moves with a message. So there
 * is one queue at most that a socket is in, which is all that the collector of
 * some kernels can be trusted with: see Documentation/limitations.rst.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "sock.h"
#include "sock_storm.h"

#define SLOTS 32
#define EMPTY (~0u)

/* Rounds of one life are up to this. */
#define LIFE 2000

static cloudabi_fd_t slots[SLOTS];
static uint64_t state;

static uint32_t below(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % n;
}

/* These can happen to whoever sends and receives beside others. */
static void expect(cloudabi_errno_t error, const char *call)
{
	switch (error) {
	case 0:
	case CLOUDABI_EAGAIN:
	case CLOUDABI_ECONNREFUSED:
	case CLOUDABI_ECONNRESET:
	case CLOUDABI_EISDIR:
	case CLOUDABI_ENOBUFS:
	case CLOUDABI_ENOTCAPABLE:
	case CLOUDABI_ENOTCONN:
	case CLOUDABI_ENOTSOCK:
	case CLOUDABI_EPIPE:
		return;
	default:
		crt_die(1, "# sock_storm: %s: %s", call, crt_strerror(error));
	}
}

static void put(uint32_t slot, cloudabi_fd_t fd)
{
	if (slots[slot] != EMPTY && cloudabi_sys_fd_close(slots[slot]))
		crt_die(1, "# sock_storm: %u is not open", slots[slot]);
	slots[slot] = fd;
}

/* One that is full, or SLOTS if none was found. */
static uint32_t full_slot(void)
{
	for (uint32_t tries = 0; tries < 8; tries++) {
		uint32_t slot = below(SLOTS);

		if (slots[slot] != EMPTY)
			return slot;
	}
	return SLOTS;
}

/* Something to send through, mostly what it made or received. */
static cloudabi_fd_t any(void)
{
	uint32_t slot = full_slot();

	if (slot == SLOTS || !below(4))
		return STORM_SOCKETS + below(STORM_NR_SOCKETS);
	return slots[slot];
}

static cloudabi_fd_t any_file(void)
{
	return STORM_FILES + below(STORM_NR_FILES);
}

static void make(void)
{
	cloudabi_filetype_t type = below(2) ? STREAM : DGRAM;
	cloudabi_fd_t a, b;

	if (cloudabi_sys_fd_create2(type, &a, &b) ||
	    put_flags(a, CLOUDABI_FDFLAG_NONBLOCK) ||
	    put_flags(b, CLOUDABI_FDFLAG_NONBLOCK))
		crt_die(1, "# sock_storm: no sockets");
	put(below(SLOTS), a);
	put(below(SLOTS), b);
}

/* Reading and writing are taken seldom. */
static void lessen(cloudabi_fd_t fd)
{
	cloudabi_rights_t keep = (uint64_t)below(1u << 31) |
				 CLOUDABI_RIGHT_FD_READ |
				 CLOUDABI_RIGHT_FD_WRITE;
	cloudabi_fdstat_t stat;

	if (cloudabi_sys_fd_stat_get(fd, &stat))
		crt_die(1, "# sock_storm: %u is not open", fd);
	if (!below(16))
		keep = 0;
	if (put_rights(fd, stat.fs_rights_base & keep,
		       stat.fs_rights_inheriting & keep))
		crt_die(1, "# sock_storm: cannot be narrowed");
}

static void narrow(void)
{
	uint32_t slot = full_slot();

	if (slot < SLOTS)
		lessen(slots[slot]);
}

static void copy(void)
{
	cloudabi_fd_t fd;

	if (cloudabi_sys_fd_dup(any_file(), &fd))
		crt_die(1, "# sock_storm: cannot be copied");
	lessen(fd);
	put(below(SLOTS), fd);
}

/**
 * struct parcel - what goes with a message
 * @fds: the descriptors; the same one may be there more than once
 * @count: how many
 * @slots: bits of the slots that they are from
 */
struct parcel {
	cloudabi_fd_t fds[MAX_FDS];
	size_t count;
	uint32_t slots;
};

static void pack(struct parcel *parcel)
{
	size_t want = below(8) ? below(5) : below(MAX_FDS + 1);

	parcel->slots = 0;
	for (parcel->count = 0; parcel->count < want; parcel->count++) {
		uint32_t slot = below(6) ? full_slot() : SLOTS;

		if (slot < SLOTS)
			parcel->slots |= 1u << slot;
		parcel->fds[parcel->count] = slot < SLOTS ? slots[slot] :
							    any_file();
	}
}

static void send(void)
{
	static const char bytes[512];
	struct parcel parcel;
	cloudabi_errno_t error;
	size_t n;

	pack(&parcel);
	error = sock_send(any(), bytes, below(sizeof(bytes)), parcel.fds,
			  parcel.count, &n);
	expect(error, "sock_send");
	for (uint32_t slot = 0; !error && slot < SLOTS; slot++) {
		if (parcel.slots & 1u << slot)
			put(slot, EMPTY);
	}
}

static void receive(void)
{
	size_t room = below(4) ? below(4) : below(MAX_FDS + 1);
	cloudabi_riflags_t flags = below(8) ? 0 : PEEK;
	cloudabi_fd_t fds[MAX_FDS];
	cloudabi_errno_t error;
	cloudabi_recv_out_t out;
	char bytes[512];

	error = sock_recv(any(), bytes, below(sizeof(bytes)), fds, room, flags,
			  &out);
	expect(error, "sock_recv");
	if (error)
		return;
	if (out.ro_fdslen > room)
		crt_die(1, "# sock_storm: too many descriptors");
	for (size_t i = 0; i < out.ro_fdslen; i++)
		put(below(SLOTS), fds[i]);
}

/* What comes with the data is lost. */
static void read(void)
{
	cloudabi_fd_t fd = any();
	char bytes[64];
	size_t n;

	expect(read1(fd, bytes, sizeof(bytes), &n), "fd_read");
}

static void shut(void)
{
	expect(cloudabi_sys_sock_shutdown(any(), 1 + below(3)),
	       "sock_shutdown");
}

static void drop(void)
{
	put(below(SLOTS), EMPTY);
}

static void (*const actions[])(void) = {
	make, make, make, copy, narrow, narrow, send, send, send, send, send, receive,
	receive, receive, receive, read, drop, drop, drop, drop,
};

int program_main(const struct argdata *ad)
{
	(void)ad;
	cloudabi_sys_random_get(&state, sizeof(state));
	state |= 1;
	for (size_t i = 0; i < SLOTS; i++)
		slots[i] = EMPTY;
	for (uint32_t i = below(LIFE); i; i--) {
		if (!below(500))
			shut();
		actions[below(ARRAY_SIZE(actions))]();
	}
	return 0;
}
