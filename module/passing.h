/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Descriptors in messages.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_PASSING_H
#define _CLOUDABI_PASSING_H

#include <linux/socket.h>
#include <net/scm.h>

#include "module.h"

struct socket;
struct cloudabi_parcel;

struct cloudabi_parcel *cloudabi_parcel_pack(const cloudabi_fd_t __user *fds,
					     size_t count);
void cloudabi_parcel_free(struct cloudabi_parcel *parcel);
int cloudabi_parcel_send(struct cloudabi_parcel *parcel, struct socket *sock,
			 struct msghdr *msg);

/* As many as fit what sock_recv is to fill in anyway, behind a header. */
#define CLOUDABI_MAILBOX_FEW                                        \
	((sizeof(cloudabi64_recv_out_t) - sizeof(struct cmsghdr)) / \
	 sizeof(cloudabi_fd_t))

/**
 * struct cloudabi_mailbox - Where the descriptors of a message arrive.
 * @area: memory of the program that the kernel writes their numbers to.
 * @size: its size.
 * @mapped: it was mapped for this, by us.
 * @room: how many descriptors the program wants at most.
 * @count: how many there are in @fds.
 * @truncated: there were more.
 * @fds: the numbers; in @few if there is room for few.
 * @few: room for few.
 */
struct cloudabi_mailbox {
	void __user *area;
	size_t size;
	bool mapped;
	unsigned int room;
	unsigned int count;
	bool truncated;
	cloudabi_fd_t *fds;
	cloudabi_fd_t few[CLOUDABI_MAILBOX_FEW];
};

int cloudabi_mailbox_open(struct cloudabi_mailbox *mailbox,
			  const struct socket *sock,
			  cloudabi64_recv_out_t __user *out, size_t room);
void cloudabi_mailbox_attach(const struct cloudabi_mailbox *mailbox,
			     struct msghdr *msg);
void cloudabi_mailbox_collect(struct cloudabi_mailbox *mailbox,
			      const struct msghdr *msg);
void cloudabi_mailbox_drop(struct cloudabi_mailbox *mailbox);
void cloudabi_mailbox_close(struct cloudabi_mailbox *mailbox);
int cloudabi_mailbox_await(struct socket *sock, size_t room, bool nowait);

#endif /* _CLOUDABI_PASSING_H */
