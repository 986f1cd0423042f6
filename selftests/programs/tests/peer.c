// SPDX-License-Identifier: GPL-2.0
/*
 * peer: takes and releases locks as a native process says; see peer.h.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "peer.h"

#include "io.h"
#include "sync.h"

#define SCOPE CLOUDABI_SCOPE_SHARED

static uint32_t *words;

static uint8_t wait(const struct peer_order *order, cloudabi_subscription_t *in)
{
	cloudabi_event_t event = { 0 };
	cloudabi_errno_t error;
	size_t n;

	in[1] = (cloudabi_subscription_t){
		.type = CLOUDABI_EVENTTYPE_CLOCK,
		.clock.clock_id = CLOUDABI_CLOCK_MONOTONIC,
		.clock.timeout = order->timeout * 1000000,
	};
	error = cloudabi_sys_poll(in, &event, order->timeout ? 2 : 1, &n);
	if (error || event.error)
		return error ?: event.error;
	return event.type == CLOUDABI_EVENTTYPE_CLOCK ? PEER_TIMEOUT : 0;
}

static uint8_t take(const struct peer_order *order, cloudabi_eventtype_t type)
{
	cloudabi_subscription_t in[2] = {
		{
			.type = type,
			.lock.lock = &words[order->word],
			.lock.lock_scope = SCOPE,
		},
	};

	return wait(order, in);
}

static uint8_t wait_for_signal(const struct peer_order *order)
{
	cloudabi_subscription_t in[2] = {
		{
			.type = CLOUDABI_EVENTTYPE_CONDVAR,
			.condvar.condvar = &words[order->word],
			.condvar.condvar_scope = SCOPE,
			.condvar.lock = &words[order->lock],
			.condvar.lock_scope = SCOPE,
		},
	};

	return wait(order, in);
}

static uint8_t obey(const struct peer_order *order)
{
	switch (order->what) {
	case 'w':
		return take(order, CLOUDABI_EVENTTYPE_LOCK_WRLOCK);
	case 'r':
		return take(order, CLOUDABI_EVENTTYPE_LOCK_RDLOCK);
	case 'u':
		return cloudabi_sys_lock_unlock(&words[order->word], SCOPE);
	case 'c':
		return wait_for_signal(order);
	case 's':
		return cloudabi_sys_condvar_signal(&words[order->word], SCOPE,
						   order->n);
	default:
		return CLOUDABI_EINVAL;
	}
}

static void answer(const void *bytes, size_t len)
{
	if (crt_write_all(1, bytes, len))
		crt_exit(98);
}

int program_main(const struct argdata *ad)
{
	struct peer_order order;
	cloudabi_tid_t tid = crt_tid();
	uint8_t error;
	void *mem;
	size_t n;

	(void)ad;
	if (cloudabi_sys_mem_map(NULL, PEER_SIZE,
				 CLOUDABI_PROT_READ | CLOUDABI_PROT_WRITE,
				 CLOUDABI_MAP_SHARED, PEER_MEMORY, 0, &mem))
		return 97;
	words = mem;
	for (;;) {
		if (crt_read(0, &order, sizeof(order), &n) || !n)
			return 0;
		if (n != sizeof(order))
			return 96;
		if (order.what == 't') {
			answer(&tid, sizeof(tid));
			continue;
		}
		error = obey(&order);
		answer(&error, 1);
	}
}
