/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Errors: negative Linux numbers inside the module, CloudABI numbers outside.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CLOUDABI_ERRNO_H
#define _CLOUDABI_ERRNO_H

#include <linux/errno.h>
#include <linux/sched/signal.h>

#include <linux/cloudabi.h>

/*
 * The one CloudABI error that Linux has no number for. The value is outside of
 * what Linux uses, below MAX_ERRNO so that ERR_PTR() carries it, and never
 * leaves the module: whatever a native caller could see of it is EPERM.
 */
#define ENOTCAPABLE 1100

cloudabi_errno_t cloudabi_errno_from_linux(int error);

/**
 * cloudabi_must_restart() - Tell whether a call was interrupted.
 * @error: what a handler returned.
 *
 * No CloudABI process has signal handlers, so an interrupted call is always
 * made again; see cloudabi_entry().
 *
 * Return: true for the kernel's restart codes.
 */
static inline bool cloudabi_must_restart(int error)
{
	return error == -ERESTARTSYS || error == -ERESTARTNOINTR ||
	       error == -ERESTARTNOHAND || error == -ERESTART_RESTARTBLOCK;
}

/**
 * cloudabi_restart_code() - Have a transfer made again that was interrupted.
 * @error: what the file or the socket returned.
 *
 * Some report an interruption by EINTR, which was meant for programs with signal
 * handlers.
 *
 * Return: @error, or for -EINTR what makes the kernel make the call again. A
 * file that says so without a signal is broken: -EIO.
 */
static inline int cloudabi_restart_code(int error)
{
	if (error == -EINTR)
		return signal_pending(current) ? -ERESTARTSYS : -EIO;
	return error;
}

#endif /* _CLOUDABI_ERRNO_H */
