// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors of processes.
 *
 * A process that another one makes by proc_fork is known to it by a descriptor:
 * a file of our own, which can be polled for the end of the process, and whose
 * last reference keeps the process alive. When that is gone, by whatever way it
 * went (a close, the exec or the end of its holder, a message that nobody
 * received), the process is killed.
 *
 * Objects: struct process stands for the child. It is referred to by the file
 * and by those who wait for the end of the child, who must not refer to the file:
 * that would keep alive what somebody closes in order to end it. They have a file
 * to refer to that does no more than keep struct process. The child is
 * known by its struct pid, which stays the same when a thread that is not the
 * first one calls exec, and by the task that was its first, whose
 * signal_struct, shared by all threads of the child ever, has how it ended.
 *
 * States: no child yet (between cloudabi_process_new() and the probe of clone.c,
 * when nobody else has the file), running, ended. The child is reaped without
 * anybody waiting for it, because its parent ignores SIGCHLD, as all CloudABI
 * processes do; an heir of the parent may take its time, and may be native.
 *
 * Exit codes: Linux keeps 8 bits. proc_exit leaves all 32 in the struct process,
 * which it finds in a table by its pid. They are believed if the 8 bits that
 * Linux has are the same; threads that call proc_exit at the same time race for
 * which code it is to be. An exec, which ends the other threads, forgets what one
 * of them may have left.
 *
 * Locks: processes_lock, for the table and the exit codes, nests in anything and
 * has nothing nested in it. It is raw because a probe takes it.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "process.h"

#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/proc_fs.h>
#include <linux/refcount.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

/**
 * struct process - A child.
 * @users: how many files refer to this: the descriptor and @watch.
 * @watch: what those who wait refer to; held by the descriptor.
 * @node: in the table, by @pid.
 * @pid: the child; counted. NULL if there is none yet.
 * @task: its first thread; counted.
 * @has_code: whether it called proc_exit.
 * @code: with what.
 */
struct process {
	refcount_t users;
	struct file *watch;
	struct hlist_node node;
	struct pid *pid;
	struct task_struct *task;
	bool has_code;
	cloudabi_exitcode_t code;
};

static DEFINE_RAW_SPINLOCK(processes_lock);
static DEFINE_HASHTABLE(processes, 8);

static void put_process(struct process *process)
{
	if (!refcount_dec_and_test(&process->users))
		return;
	if (process->pid) {
		raw_spin_lock(&processes_lock);
		hash_del(&process->node);
		raw_spin_unlock(&processes_lock);
		put_task_struct(process->task);
		put_pid(process->pid);
	}
	kfree(process);
}

/*
 * As the kernel sees it for its own process descriptors, but for an exec of a
 * thread that is not the first one: while the two change places, the first can
 * look as if it had been the last.
 */
static bool has_ended(const struct process *process)
{
	const struct task_struct *task;
	bool ended;

	rcu_read_lock();
	task = pid_task(process->pid, PIDTYPE_PID);
	ended = !task || (READ_ONCE(task->exit_state) &&
			  thread_group_empty((struct task_struct *)task));
	rcu_read_unlock();
	return ended &&
	       READ_ONCE(process->task->signal->flags) & SIGNAL_GROUP_EXIT;
}

static __poll_t process_poll(struct file *file, poll_table *wait)
{
	struct process *process = file->private_data;

	poll_wait(file, &process->pid->wait_pidfd, wait);
	return has_ended(process) ? EPOLLIN | EPOLLRDNORM : 0;
}

static int process_release(struct inode *inode, struct file *file)
{
	struct process *process = file->private_data;

	if (process->pid)
		kill_pid(process->pid, SIGKILL, 1);
	fput(process->watch);
	put_process(process);
	return 0;
}

static void process_show_fdinfo(struct seq_file *seq, struct file *file)
{
	struct process *process = file->private_data;
	struct pid_namespace *ns = proc_pid_ns(file_inode(seq->file)->i_sb);

	seq_printf(seq, "Pid:\t%d\n",
		   has_ended(process) ? -1 : pid_nr_ns(process->pid, ns));
}

/* What makes a file the descriptor of a process. */
const struct file_operations cloudabi_process_fops = {
	.owner = THIS_MODULE,
	.poll = process_poll,
	.release = process_release,
	.show_fdinfo = process_show_fdinfo,
	.llseek = noop_llseek,
};

static int watch_release(struct inode *inode, struct file *file)
{
	put_process(file->private_data);
	return 0;
}

static const struct file_operations watch_fops = {
	.owner = THIS_MODULE,
	.release = watch_release,
};

/* A file that is open for neither reading nor writing. */
static struct file *make_file(const struct file_operations *fops,
			      struct process *process)
{
	return anon_inode_getfile("[cloudabi-process]", fops, process,
				  O_ACCMODE);
}

/**
 * cloudabi_process_new() - Make a descriptor for a process that is to be made.
 *
 * Context: Process context, may sleep.
 * Return: the file, which no process must get at before
 * cloudabi_process_attach(), or an error pointer: -ENOMEM, -ENFILE.
 */
struct file *cloudabi_process_new(void)
{
	struct process *process;
	struct file *file;

	process = kzalloc(sizeof(*process), GFP_KERNEL_ACCOUNT);
	if (!process)
		return ERR_PTR(-ENOMEM);
	refcount_set(&process->users, 1);
	process->watch = make_file(&watch_fops, process);
	if (IS_ERR(process->watch)) {
		file = process->watch;
		kfree(process);
		return file;
	}
	refcount_inc(&process->users);
	file = make_file(&cloudabi_process_fops, process);
	if (IS_ERR(file)) {
		fput(process->watch);
		put_process(process);
	}
	return file;
}

/**
 * cloudabi_process_attach() - Say which process a descriptor is of.
 * @file: what cloudabi_process_new() returned.
 * @child: the first thread of the process, which has not run yet.
 *
 * Context: Any but interrupts.
 */
void cloudabi_process_attach(struct file *file, struct task_struct *child)
{
	struct process *process = file->private_data;

	process->task = get_task_struct(child);
	process->pid = get_pid(task_pid(child));
	raw_spin_lock(&processes_lock);
	hash_add(processes, &process->node, (unsigned long)process->pid);
	raw_spin_unlock(&processes_lock);
}

/**
 * cloudabi_process_poll() - Tell whether a process has ended.
 * @file: its descriptor.
 * @wait: who is to be woken when it does, if it has not.
 *
 * Unlike the file's own ->poll, which serves native holders, this keeps no
 * reference to the file for the time of the wait.
 *
 * Context: Process context, may sleep.
 * Return: whether it has ended.
 */
bool cloudabi_process_poll(struct file *file, poll_table *wait)
{
	struct process *process = file->private_data;

	poll_wait(process->watch, &process->pid->wait_pidfd, wait);
	return has_ended(process);
}

/* The exit code of which Linux has @low. */
static cloudabi_exitcode_t whole_code(struct process *process, u8 low)
{
	cloudabi_exitcode_t code = low;

	raw_spin_lock(&processes_lock);
	if (process->has_code && (u8)process->code == low)
		code = process->code;
	raw_spin_unlock(&processes_lock);
	return code;
}

/**
 * cloudabi_process_get_end() - Learn how a process ended.
 * @file: its descriptor. It has ended.
 * @end: filled in.
 */
void cloudabi_process_get_end(struct file *file, struct cloudabi_end *end)
{
	struct process *process = file->private_data;
	int status = READ_ONCE(process->task->signal->group_exit_code);

	*end = (struct cloudabi_end){};
	if (status & 0x7f)
		end->signal = cloudabi_signal_from_linux(status & 0x7f);
	else
		end->code = whole_code(process, status >> 8);
}

static void set_code(bool has_code, cloudabi_exitcode_t code)
{
	struct pid *pid = task_tgid(current);
	struct process *process;

	raw_spin_lock(&processes_lock);
	hash_for_each_possible(processes, process, node, (unsigned long)pid) {
		if (process->pid != pid)
			continue;
		process->has_code = has_code;
		process->code = code;
		break;
	}
	raw_spin_unlock(&processes_lock);
}

/**
 * cloudabi_process_keep_code() - Keep the exit code of the calling process.
 * @code: the code with which it is about to end.
 */
void cloudabi_process_keep_code(cloudabi_exitcode_t code)
{
	set_code(true, code);
}

/**
 * cloudabi_process_drop_code() - Forget the exit code of the calling process.
 *
 * For an exec, which has ended all threads that could have left one.
 */
void cloudabi_process_drop_code(void)
{
	set_code(false, 0);
}
