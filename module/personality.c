// SPDX-License-Identifier: GPL-2.0
/*
 * Which tasks are ours, how they become so, and how they stay confined.
 *
 * The hook. Every way into the kernel that can start a native system call
 * (SYSCALL, SYSENTER, int $0x80 and their compatibility forms, FRED events, the
 * vsyscall page) looks at the task's SYSCALL_WORK_SECCOMP and, where it is set,
 * asks __secure_computing() first; an answer of -1 means that no call is made.
 * ftrace leads that function, for tasks of ours, to cloudabi_entry(), which
 * does what the program wants and always answers -1. Tasks that are not ours
 * keep the original; those without a seccomp filter do not even come there.
 *
 * States of a task:
 *
 *   native    mm->binfmt is not ours.
 *   entering  between begin_new_exec() and the end of
 *	       cloudabi_personality_enter(): in the kernel, no user code of the
 *	       new program has run, no other thread exists.
 *   CloudABI  mm->binfmt is ours, SYSCALL_WORK_SECCOMP set, seccomp.mode DEAD.
 *
 * There is no way back: the only exec that a CloudABI process can make is of
 * another CloudABI program. fork copies all three marks.
 *
 * Failing closed. SECCOMP_MODE_DEAD is what the original function gives to
 * tasks that it has condemned: whenever it runs for such a task (the hook is
 * gone, or ftrace skips it), the task dies by SIGKILL before any call. Nobody
 * in the kernel ever clears the work flag. The hook is permanent in the sense
 * of ftrace: kernel.ftrace_enabled cannot be set to 0 while it is there.
 *
 * Lifetime. mm->binfmt pins the module, so the hook outlives every CloudABI
 * address space. Between the last mmput() and the end of cloudabi_entry() no
 * user of the module is counted: cloudabi_hook_exit() waits for all tasks to
 * have left its text.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/binfmts.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/personality.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/seccomp.h>
#include <linux/security.h>
#include <linux/signal.h>

#include "arch/arch.h"
#include "compat/ftrace.h"
#include "entry.h"
#include "personality.h"

/* SECCOMP_MODE_DEAD of kernel/seccomp.c, which no header has. */
#define SECCOMP_DEAD (SECCOMP_MODE_FILTER + 1)

static bool allow_seccomp;
module_param(allow_seccomp, bool, 0644);
MODULE_PARM_DESC(
	allow_seccomp,
	"let tasks under a seccomp filter start CloudABI programs, which the filter then no longer sees (default: N)");

static void notrace redirect(unsigned long ip, unsigned long parent_ip,
			     struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	if (cloudabi_current())
		compat_ftrace_regs_set_ip(fregs, (unsigned long)cloudabi_entry);
}

static struct ftrace_ops hook = {
	.func = redirect,
	.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT,
};

static char hooked_function[] = "__secure_computing";

/**
 * cloudabi_hook_init() - Place the hook.
 *
 * Must come before anything that could let a CloudABI program start.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EBUSY if kernel.ftrace_enabled is 0 or something else, such as a
 * live patch, has taken the function; -EINVAL if the kernel does not have it or
 * cannot trace it; or another error of ftrace.
 */
int cloudabi_hook_init(void)
{
	int error;

	error = ftrace_set_filter(&hook, hooked_function,
				  strlen(hooked_function), 1);
	if (!error)
		error = register_ftrace_function(&hook);
	if (error) {
		pr_err("cannot hook %s (%d): %s\n", hooked_function, error,
		       error == -EBUSY ?
			       "kernel.ftrace_enabled is 0 or another module has it" :
			       "the kernel needs CONFIG_SECCOMP and CONFIG_DYNAMIC_FTRACE");
		ftrace_free_filter(&hook);
	}
	return error;
}

/**
 * cloudabi_hook_exit() - Take the hook away.
 *
 * No CloudABI address space may exist. Waits until every task has left the
 * module's text.
 *
 * Context: Process context, may sleep.
 */
void cloudabi_hook_exit(void)
{
	unregister_ftrace_function(&hook);
	ftrace_free_filter(&hook);
	synchronize_rcu_tasks();
}

/**
 * cloudabi_personality_may_enter() - Tell whether a task may become CloudABI.
 *
 * A filter of seccomp is not evaluated for CloudABI calls, so exec would be a
 * way out of it: refused, unless the administrator allows it.
 *
 * Context: Process context, before the point of no return of exec.
 * Return: 0, or -EPERM if a seccomp filter or access to I/O ports would have to
 * be dropped or kept unchecked.
 */
int cloudabi_personality_may_enter(void)
{
	/* In this order: the kernel starts programs from tasks without an mm. */
	if (current->seccomp.mode != SECCOMP_MODE_DISABLED &&
	    !cloudabi_current() && !allow_seccomp)
		return -EPERM;
	return arch_exec_may_enter();
}

/**
 * cloudabi_personality_begin() - begin_new_exec() for a CloudABI program.
 * @bprm: the exec in progress.
 *
 * Set-id bits and file capabilities give nothing to a CloudABI program: the
 * process gets no_new_privs before the kernel computes the new credentials, and
 * loses it again where exec fails while it can still fail.
 *
 * Context: Process context, may sleep. Afterwards, unless it failed early, the
 * task is at the point of no return.
 * Return: 0, or an error of begin_new_exec().
 */
int cloudabi_personality_begin(struct linux_binprm *bprm)
{
	bool had_no_new_privs = task_no_new_privs(current);
	int error;

	task_set_no_new_privs(current);
	bprm->unsafe |= LSM_UNSAFE_NO_NEW_PRIVS;
	error = begin_new_exec(bprm);
	if (error && !bprm->point_of_no_return && !had_no_new_privs)
		clear_bit(PFA_NO_NEW_PRIVS, &current->atomic_flags);
	return error;
}

static void reset_signals(void)
{
	sigset_t none;
	int sig;

	for (sig = 1; sig <= _NSIG; sig++) {
		if (!sig_kernel_only(sig))
			kernel_sigaction(sig, SIG_DFL);
	}
	/* CloudABI: writing to a broken pipe never kills, nor does a child. */
	kernel_sigaction(SIGCHLD, SIG_IGN);
	kernel_sigaction(SIGPIPE, SIG_IGN);
	kernel_sigaction(SIGXFSZ, SIG_IGN);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/**
 * cloudabi_personality_enter() - Turn the calling task into a CloudABI task.
 *
 * Called straight after begin_new_exec(): the address space is new and empty
 * but for the argument pages, and the task is its only user. Cannot fail:
 * begin_new_exec() leaves locks to setup_new_exec(), which comes next.
 *
 * Context: Process context, may sleep, past the point of no return.
 */
void cloudabi_personality_enter(void)
{
	set_binfmt(&cloudabi_format);
	current->seccomp.mode = SECCOMP_DEAD;
	set_task_syscall_work(current, SECCOMP);

	arch_exec_enter();
	set_personality(PER_LINUX);
	current->flags |= PF_RANDOMIZE;
	reset_signals();
}
