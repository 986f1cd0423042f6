// SPDX-License-Identifier: GPL-2.0
/*
 * Takes the function that cloudabi.ko hooks, as a live patch of it would.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/string.h>

static char function[] = "__secure_computing";

static void notrace leave_alone(unsigned long ip, unsigned long parent_ip,
				struct ftrace_ops *ops,
				struct ftrace_regs *fregs)
{
}

static struct ftrace_ops ops = {
	.func = leave_alone,
	.flags = FTRACE_OPS_FL_IPMODIFY,
};

static int __init ipmodify_init(void)
{
	int error;

	error = ftrace_set_filter(&ops, function, strlen(function), 1);
	if (!error)
		error = register_ftrace_function(&ops);
	if (error)
		ftrace_free_filter(&ops);
	return error;
}

static void __exit ipmodify_exit(void)
{
	unregister_ftrace_function(&ops);
	ftrace_free_filter(&ops);
}

module_init(ipmodify_init);
module_exit(ipmodify_exit);

MODULE_DESCRIPTION("Takes a function that cloudabi.ko hooks, for a test");
MODULE_AUTHOR("The cloudabi.ko authors");
MODULE_LICENSE("GPL");
