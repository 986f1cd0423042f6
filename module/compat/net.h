/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Levels <linux/net.h>, <linux/socket.h> and <net/sock.h>.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_COMPAT_NET_H
#define _CLOUDABI_COMPAT_NET_H

#include <linux/net.h>
#include <linux/socket.h>
#include <net/sock.h>

#include "compat.h"

/* Since 6.5. What has no name is not sent either. */
#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif

/*
 * Whether messages of an AF_UNIX socket may come with more than what was sent:
 * who sent it, when. A native process that had the socket before can have asked
 * for that. The flags moved to struct sock in 6.16.
 */
static inline bool compat_sock_tells_more(const struct socket *sock)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
	if (sock->sk->sk_scm_credentials || sock->sk->sk_scm_security ||
	    sock->sk->sk_scm_pidfd)
		return true;
#else
	if (test_bit(SOCK_PASSCRED, &sock->flags) ||
	    test_bit(SOCK_PASSSEC, &sock->flags))
		return true;
#ifdef SOCK_PASSPIDFD
	if (test_bit(SOCK_PASSPIDFD, &sock->flags))
		return true;
#endif
#endif
	return sock_flag(sock->sk, SOCK_RCVTSTAMP);
}

#endif /* _CLOUDABI_COMPAT_NET_H */
