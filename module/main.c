// SPDX-License-Identifier: GPL-2.0
/*
 * Loading and unloading.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/module.h>

#include "clone.h"
#include "compat/ksym.h"
#include "ctl.h"
#include "exec.h"
#include "filetype.h"
#include "futex.h"
#include "lookup.h"
#include "personality.h"
#include "vdso.h"

/*
 * In this order: what confines programs is there before they can start, nothing
 * fails after that, and the device is there only while they can.
 */
static int __init cloudabi_init(void)
{
	int error;

	error = cloudabi_hook_init();
	if (error)
		return error;
	error = cloudabi_ksym_init();
	if (error)
		goto err_hook;
	cloudabi_filetype_init();
	error = cloudabi_lookup_init();
	if (error)
		goto err_hook;
	error = cloudabi_vdso_init();
	if (error)
		goto err_lookup;
	error = cloudabi_futex_init();
	if (error)
		goto err_vdso;
	error = cloudabi_clone_init();
	if (error)
		goto err_futex;
	error = cloudabi_ctl_init();
	if (error)
		goto err_clone;
	cloudabi_exec_init();
	cloudabi_ctl_ready();
	return 0;

err_clone:
	cloudabi_clone_exit();
err_futex:
	cloudabi_futex_exit();
err_vdso:
	cloudabi_vdso_exit();
err_lookup:
	cloudabi_lookup_exit();
err_hook:
	cloudabi_hook_exit();
	return error;
}

static void __exit cloudabi_exit(void)
{
	cloudabi_ctl_exit();
	cloudabi_exec_exit();
	cloudabi_clone_exit();
	cloudabi_futex_exit();
	cloudabi_vdso_exit();
	cloudabi_lookup_exit();
	cloudabi_hook_exit();
}

module_init(cloudabi_init);
module_exit(cloudabi_exit);

MODULE_DESCRIPTION("Runs CloudABI programs");
MODULE_AUTHOR("The cloudabi.ko authors");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1");
