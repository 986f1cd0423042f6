// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting: for descriptors and clocks, for a lock, on a condition variable.
 *
 * CloudABI: poll. One subscription to a lock or a condition variable, alone or
 * with a clock behind it, is a wait of futex.c and gives one event. Anything
 * else waits for the first of many things, and then tells all that are ready,
 * in the order of the subscriptions. What is wrong with a subscription is told
 * by its event and makes the call return at once; the call itself fails for
 * want of memory and for bad pointers only.
 *
 * Relative times count from when the call was made first; see restart.h.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/hrtimer.h>
#include <linux/ioctl.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/time_namespace.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <asm/ioctls.h>

#include "capability.h"
#include "compat/hrtimer.h"
#include "futex.h"
#include "process.h"
#include "restart.h"

/* Documented in Documentation/limitations.rst. */
#define MAX_SUBSCRIPTIONS 32768

/* No clock is later than this, in nanoseconds, whatever the program permits. */
#define MAX_SLACK (100 * NSEC_PER_MSEC)

/* What a wait on a condition variable still has to do: take the lock again. */
enum phase { PHASE_START, PHASE_SIGNALLED, PHASE_TIMED_OUT };

static bool is_lock_type(cloudabi_eventtype_t type)
{
	return type == CLOUDABI_EVENTTYPE_CONDVAR ||
	       type == CLOUDABI_EVENTTYPE_LOCK_RDLOCK ||
	       type == CLOUDABI_EVENTTYPE_LOCK_WRLOCK;
}

static void event_for(const cloudabi64_subscription_t *subscription, int error,
		      cloudabi_event_t *event)
{
	memset(event, 0, sizeof(*event));
	event->userdata = subscription->userdata;
	event->type = subscription->type;
	event->error = error ? cloudabi_errno_from_linux(error) :
			       CLOUDABI_ESUCCESS;
}

/* Clocks */

static ktime_t clamp_time(u64 nanoseconds)
{
	return min_t(u64, nanoseconds, KTIME_MAX);
}

/* A time of the time namespace's monotonic clock, as the kernel knows it. */
static ktime_t monotonic_to_host(ktime_t time)
{
	struct timespec64 offset = {};

	if (time == KTIME_MAX)
		return time;
	timens_add_monotonic(&offset);
	return clamp_t(s64, ktime_sub(time, timespec64_to_ktime(offset)), 0,
		       KTIME_MAX - 1);
}

/*
 * The time at which a subscription to a clock is due. A relative one goes by
 * the clock that nobody sets, whichever clock it names.
 */
static int clock_deadline(const cloudabi64_subscription_t *subscription,
			  u64 start, struct cloudabi_timeout *timeout)
{
	bool absolute = subscription->clock.flags &
			CLOUDABI_SUBSCRIPTION_CLOCK_ABSTIME;
	u64 time = subscription->clock.timeout;
	u64 due;

	switch (subscription->clock.clock_id) {
	case CLOUDABI_CLOCK_MONOTONIC:
		timeout->clock = CLOCK_MONOTONIC;
		break;
	case CLOUDABI_CLOCK_REALTIME:
		timeout->clock = absolute ? CLOCK_REALTIME : CLOCK_MONOTONIC;
		break;
	case CLOUDABI_CLOCK_PROCESS_CPUTIME_ID:
	case CLOUDABI_CLOCK_THREAD_CPUTIME_ID:
		return -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
	if (!absolute && check_add_overflow(start, time, &due))
		due = U64_MAX;
	timeout->expires = clamp_time(absolute ? time : due);
	if (absolute && timeout->clock == CLOCK_MONOTONIC)
		timeout->expires = monotonic_to_host(timeout->expires);
	timeout->slack = min_t(u64, subscription->clock.precision, MAX_SLACK);
	return 0;
}

static bool is_due(const struct cloudabi_timeout *timeout)
{
	ktime_t now = timeout->clock == CLOCK_REALTIME ? ktime_get_real() :
							 ktime_get();

	return timeout->expires != KTIME_MAX && timeout->expires <= now;
}

/* Locks and condition variables */

/* Takes the lock of a condition variable again, which cannot time out. */
static int take_again(const cloudabi64_subscription_t *subscription,
		      struct cloudabi_restart *restart)
{
	int error;

	error = cloudabi_futex_lock(u64_to_user_ptr(subscription->condvar.lock),
				    subscription->condvar.lock_scope, true,
				    NULL);
	if (!error && restart->phase == PHASE_TIMED_OUT)
		return -ETIMEDOUT;
	return error;
}

static int wait_on_condvar(const cloudabi64_subscription_t *subscription,
			   const struct cloudabi_timeout *timeout,
			   struct cloudabi_restart *restart)
{
	bool released;
	int error;

	if (restart->phase == PHASE_START) {
		error = cloudabi_futex_wait(
			u64_to_user_ptr(subscription->condvar.condvar),
			subscription->condvar.condvar_scope,
			u64_to_user_ptr(subscription->condvar.lock),
			subscription->condvar.lock_scope, timeout, &released);
		if (!released)
			return error;
		restart->phase = error == -ETIMEDOUT ? PHASE_TIMED_OUT :
						       PHASE_SIGNALLED;
		/* Who is stopped or killed now must not have the lock then. */
		if (cloudabi_must_restart(error))
			return error;
	}
	return take_again(subscription, restart);
}

static int wait_for_lock(const cloudabi64_subscription_t *subscription,
			 const struct cloudabi_timeout *timeout)
{
	bool write = subscription->type == CLOUDABI_EVENTTYPE_LOCK_WRLOCK;

	return cloudabi_futex_lock(u64_to_user_ptr(subscription->lock.lock),
				   subscription->lock.lock_scope, write,
				   timeout);
}

/* One event: of the first subscription, or of the clock if that was faster. */
static int poll_lock(const cloudabi64_subscription_t *subscriptions,
		     bool has_clock, struct cloudabi_restart *restart,
		     cloudabi_event_t *event)
{
	const cloudabi64_subscription_t *subject = &subscriptions[0];
	struct cloudabi_timeout timeout = {};
	int error = 0;

	if (has_clock)
		error = clock_deadline(&subscriptions[1], restart->start,
				       &timeout);
	if (error) {
		event_for(&subscriptions[1], error, event);
		return 0;
	}
	if (subject->type == CLOUDABI_EVENTTYPE_CONDVAR)
		error = wait_on_condvar(subject, has_clock ? &timeout : NULL,
					restart);
	else
		error = wait_for_lock(subject, has_clock ? &timeout : NULL);
	if (cloudabi_must_restart(error))
		return cloudabi_restart_later(restart);
	/* A tracer can have taken the clock away since it was due. */
	if (error == -ETIMEDOUT && has_clock)
		event_for(&subscriptions[1], 0, event);
	else
		event_for(subject, error, event);
	return 0;
}

/* Descriptors and clocks */

/**
 * struct poller - A wait for the first of many things.
 * @subscriptions: copy of them.
 * @count: how many.
 * @start: when the call was made first.
 * @out: the program's array of events.
 * @used: how many events there are in it.
 * @table: where descriptors put their wait queues.
 * @earliest: the next time that the clock nobody sets is due.
 * @earliest_real: the next time that the clock of the day is due.
 */
struct poller {
	cloudabi64_subscription_t *subscriptions;
	size_t count;
	u64 start;
	cloudabi_event_t __user *out;
	size_t used;
	struct poll_wqueues table;
	struct cloudabi_timeout earliest;
	struct cloudabi_timeout earliest_real;
};

static int put_event(struct poller *poller, const cloudabi_event_t *event)
{
	if (copy_to_user(&poller->out[poller->used], event, sizeof(*event)))
		return -EFAULT;
	poller->used++;
	return 0;
}

static int put_plain(struct poller *poller,
		     const cloudabi64_subscription_t *subscription, int error)
{
	cloudabi_event_t event;

	event_for(subscription, error, &event);
	return put_event(poller, &event);
}

/* One timer for all: not before the first, and not later than any permits. */
static void take_earlier(struct cloudabi_timeout *earliest,
			 const struct cloudabi_timeout *timeout)
{
	ktime_t known = ktime_add_safe(earliest->expires, earliest->slack);
	ktime_t latest = ktime_add_safe(timeout->expires, timeout->slack);

	latest = min(latest, known);
	earliest->expires = min(earliest->expires, timeout->expires);
	earliest->slack = latest - earliest->expires;
}

static int poll_clock(struct poller *poller,
		      const cloudabi64_subscription_t *subscription)
{
	struct cloudabi_timeout timeout;
	int error;

	error = clock_deadline(subscription, poller->start, &timeout);
	if (error || is_due(&timeout))
		return put_plain(poller, subscription, error);
	take_earlier(timeout.clock == CLOCK_REALTIME ? &poller->earliest_real :
						       &poller->earliest,
		     &timeout);
	return 0;
}

/* Bytes that can be read without waiting, for files that know. */
static u64 readable_bytes(struct file *file, int __user *scratch)
{
	struct inode *inode = file_inode(file);
	int count = 0;
	loff_t rest;

	if (S_ISREG(inode->i_mode)) {
		rest = i_size_read(inode) - READ_ONCE(file->f_pos);
		return max_t(loff_t, rest, 0);
	}
	if (!S_ISSOCK(inode->i_mode) && !S_ISFIFO(inode->i_mode) &&
	    cloudabi_filekind(file) != FILEKIND_CHARACTER_DEVICE)
		return 0;
	/* The kernel has no other way to ask than to have it written there. */
	if (!file->f_op->unlocked_ioctl ||
	    file->f_op->unlocked_ioctl(file, FIONREAD,
				       (unsigned long)scratch) ||
	    get_user(count, scratch) || count < 0)
		return 0;
	return count;
}

/* CloudABI: a regular file is ready, even where the kernel can tell changes. */
static __poll_t ready_events(struct file *file, poll_table *wait)
{
	if (S_ISREG(file_inode(file)->i_mode))
		return EPOLLIN | EPOLLOUT;
	return vfs_poll(file, wait);
}

#define READ_EVENTS (EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | EPOLLHUP | EPOLLERR)
#define WRITE_EVENTS (EPOLLOUT | EPOLLWRNORM | EPOLLHUP | EPOLLERR)

/*
 * CloudABI: HANGUP tells that the other side is gone. A pipe says so to its
 * writers by an error, and a socket has errors of its own for the next call.
 */
static int put_ready(struct poller *poller,
		     const cloudabi64_subscription_t *subscription,
		     struct file *file, __poll_t mask)
{
	cloudabi_event_t __user *place = &poller->out[poller->used];
	bool read = subscription->type == CLOUDABI_EVENTTYPE_FD_READ;
	__poll_t hangup = EPOLLHUP | EPOLLERR | (read ? EPOLLRDHUP : 0);
	cloudabi_event_t event;

	event_for(subscription, 0, &event);
	if (read)
		event.fd_readwrite.nbytes = readable_bytes(
			file, (int __user *)&place->fd_readwrite.nbytes);
	if (mask & hangup)
		event.fd_readwrite.flags = CLOUDABI_EVENT_FD_READWRITE_HANGUP;
	return put_event(poller, &event);
}

static int poll_fd(struct poller *poller,
		   const cloudabi64_subscription_t *subscription)
{
	bool read = subscription->type == CLOUDABI_EVENTTYPE_FD_READ;
	__poll_t events = read ? READ_EVENTS : WRITE_EVENTS;
	poll_table *wait = &poller->table.pt;
	struct cloudabi_handle handle;
	__poll_t mask;
	int error;

	error = cloudabi_fget(subscription->fd_readwrite.fd,
			      read ? CLOUDABI_NEED_poll_fd_read :
				     CLOUDABI_NEED_poll_fd_write,
			      &handle);
	if (error)
		return put_plain(poller, subscription, error);
	if (poller->used)
		wait->_qproc = NULL;
	wait->_key = events;
	mask = ready_events(handle.file, wait) & events;
	error = mask ? put_ready(poller, subscription, handle.file, mask) : 0;
	cloudabi_fput(&handle);
	return error;
}

static int put_end(struct poller *poller,
		   const cloudabi64_subscription_t *subscription,
		   struct file *file)
{
	struct cloudabi_end end;
	cloudabi_event_t event;

	cloudabi_process_get_end(file, &end);
	event_for(subscription, 0, &event);
	event.proc_terminate.signal = end.signal;
	event.proc_terminate.exitcode = end.code;
	return put_event(poller, &event);
}

/* No other file than the descriptor of a process has the right. */
static int poll_process(struct poller *poller,
			const cloudabi64_subscription_t *subscription)
{
	poll_table *wait = &poller->table.pt;
	struct cloudabi_handle handle;
	int ended, error;

	error = cloudabi_fget(subscription->proc_terminate.fd,
			      CLOUDABI_NEED_poll_proc_terminate, &handle);
	if (error)
		return put_plain(poller, subscription, error);
	if (poller->used)
		wait->_qproc = NULL;
	wait->_key = EPOLLIN;
	ended = cloudabi_process_poll(handle.file, wait);
	if (ended > 0)
		error = put_end(poller, subscription, handle.file);
	else
		error = ended;
	cloudabi_fput(&handle);
	return error;
}

static int poll_one(struct poller *poller,
		    const cloudabi64_subscription_t *subscription)
{
	switch (subscription->type) {
	case CLOUDABI_EVENTTYPE_CLOCK:
		return poll_clock(poller, subscription);
	case CLOUDABI_EVENTTYPE_FD_READ:
	case CLOUDABI_EVENTTYPE_FD_WRITE:
		return poll_fd(poller, subscription);
	case CLOUDABI_EVENTTYPE_PROC_TERMINATE:
		return poll_process(poller, subscription);
	default:
		return put_plain(poller, subscription, -EINVAL);
	}
}

static int poll_all(struct poller *poller)
{
	size_t i;
	int error;

	poller->earliest = (struct cloudabi_timeout){ .expires = KTIME_MAX };
	poller->earliest_real = poller->earliest;
	for (i = 0; i < poller->count; i++) {
		error = poll_one(poller, &poller->subscriptions[i]);
		if (error)
			return error;
		cond_resched();
	}
	/* All files have been told whom to wake; they need not be again. */
	poller->table.pt._qproc = NULL;
	return poller->used ? 0 : poller->table.error;
}

/* Sleeps until a descriptor or a clock may have something. */
static void sleep(struct poller *poller)
{
	struct cloudabi_timeout *real = &poller->earliest_real;
	ktime_t expires = poller->earliest.expires;
	bool has_real = real->expires != KTIME_MAX;
	struct hrtimer_sleeper timer;

	if (has_real) {
		compat_hrtimer_setup_sleeper_on_stack(&timer, CLOCK_REALTIME,
						      HRTIMER_MODE_ABS);
		hrtimer_set_expires_range_ns(&timer.timer, real->expires,
					     real->slack);
		hrtimer_sleeper_start_expires(&timer, HRTIMER_MODE_ABS);
	}
	set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
	if (!READ_ONCE(poller->table.triggered) &&
	    (!has_real || READ_ONCE(timer.task)))
		schedule_hrtimeout_range(expires == KTIME_MAX ? NULL : &expires,
					 poller->earliest.slack,
					 HRTIMER_MODE_ABS);
	__set_current_state(TASK_RUNNING);
	/* A wake-up from here on must be seen by the next look. */
	smp_store_mb(poller->table.triggered, 0);
	if (has_real) {
		hrtimer_cancel(&timer.timer);
		destroy_hrtimer_on_stack(&timer.timer);
	}
}

/* Whether the call only asks: then no file need know whom to wake. */
static bool is_immediate(const struct poller *poller)
{
	const cloudabi64_subscription_t *subscription;
	size_t i;

	for (i = 0; i < poller->count; i++) {
		subscription = &poller->subscriptions[i];
		if (subscription->type == CLOUDABI_EVENTTYPE_CLOCK &&
		    !subscription->clock.timeout)
			return true;
	}
	return false;
}

static int poll_many(struct poller *poller)
{
	int error;

	poll_initwait(&poller->table);
	if (is_immediate(poller))
		poller->table.pt._qproc = NULL;
	for (;;) {
		error = poll_all(poller);
		if (error || poller->used)
			break;
		if (signal_pending(current)) {
			error = -ERESTARTSYS;
			break;
		}
		sleep(poller);
	}
	poll_freewait(&poller->table);
	return error;
}

static int poll_general(cloudabi64_subscription_t *subscriptions, size_t count,
			struct cloudabi_restart *restart,
			cloudabi_event_t __user *out, size_t *nevents)
{
	struct poller poller;
	int error;

	poller.subscriptions = subscriptions;
	poller.count = count;
	poller.start = restart->start;
	poller.out = out;
	poller.used = 0;
	error = poll_many(&poller);
	*nevents = poller.used;
	return error == -ERESTARTSYS ? cloudabi_restart_later(restart) : error;
}

static int poll_copied(cloudabi64_subscription_t *subscriptions, size_t count,
		       struct cloudabi_restart *restart,
		       cloudabi_event_t __user *out, size_t *nevents)
{
	cloudabi_event_t event;
	bool has_clock = count == 2 &&
			 subscriptions[1].type == CLOUDABI_EVENTTYPE_CLOCK;
	int error;

	if (!is_lock_type(subscriptions[0].type) || (count > 1 && !has_clock))
		return poll_general(subscriptions, count, restart, out,
				    nevents);
	error = poll_lock(subscriptions, has_clock, restart, &event);
	if (error)
		return error;
	*nevents = 1;
	return copy_to_user(out, &event, sizeof(event)) ? -EFAULT : 0;
}

/**
 * cloudabi_call_poll() - Wait for one of many things to happen.
 * @in: what for.
 * @out: what has happened; room for as many.
 * @nsubscriptions: how many.
 * @nevents: set to the number of events; 0 only if nothing was waited for.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EINVAL for more than MAX_SUBSCRIPTIONS; -EFAULT; -ENOMEM.
 */
int cloudabi_call_poll(const cloudabi64_subscription_t __user *in,
		       cloudabi_event_t __user *out, size_t nsubscriptions,
		       size_t *nevents)
{
	cloudabi64_subscription_t few[2];
	cloudabi64_subscription_t *subscriptions = few;
	struct cloudabi_restart restart;
	size_t size = nsubscriptions * sizeof(*in);
	int error;

	*nevents = 0;
	/* First of all: what was left is for this call or for none. */
	cloudabi_restart_get(&restart);
	if (!nsubscriptions)
		return 0;
	if (nsubscriptions > MAX_SUBSCRIPTIONS)
		return -EINVAL;
	if (nsubscriptions > ARRAY_SIZE(few)) {
		subscriptions = kvmalloc(size, GFP_KERNEL_ACCOUNT);
		if (!subscriptions)
			return -ENOMEM;
	}
	if (copy_from_user(subscriptions, in, size))
		error = -EFAULT;
	else
		error = poll_copied(subscriptions, nsubscriptions, &restart,
				    out, nevents);
	if (subscriptions != few)
		kvfree(subscriptions);
	return error;
}

#ifdef CONFIG_CLOUDABI_KUNIT_TEST

#include <kunit/test.h>

static int deadline(cloudabi_clockid_t clock_id, u64 time,
		    cloudabi_subclockflags_t flags,
		    struct cloudabi_timeout *timeout)
{
	cloudabi64_subscription_t subscription = {
		.type = CLOUDABI_EVENTTYPE_CLOCK,
		.clock.clock_id = clock_id,
		.clock.timeout = time,
		.clock.precision = 5,
		.clock.flags = flags,
	};

	return clock_deadline(&subscription, 1000, timeout);
}

static void deadlines_are_found(struct kunit *test)
{
	const u16 absolute = CLOUDABI_SUBSCRIPTION_CLOCK_ABSTIME;
	static const u64 never[] = {
		S64_MAX,
		(u64)S64_MAX + 1,
		U64_MAX - 1,
		U64_MAX,
	};
	struct cloudabi_timeout t;
	size_t i;

	KUNIT_EXPECT_EQ(test, deadline(CLOUDABI_CLOCK_MONOTONIC, 7, 0, &t), 0);
	KUNIT_EXPECT_EQ(test, t.expires, 1007LL);
	KUNIT_EXPECT_EQ(test, t.slack, 5ULL);
	KUNIT_EXPECT_EQ(test, t.clock, CLOCK_MONOTONIC);
	KUNIT_EXPECT_EQ(test, deadline(CLOUDABI_CLOCK_REALTIME, 7, 0, &t), 0);
	KUNIT_EXPECT_EQ(test, t.expires, 1007LL);
	KUNIT_EXPECT_EQ(test, t.clock, CLOCK_MONOTONIC);
	KUNIT_EXPECT_EQ(test,
			deadline(CLOUDABI_CLOCK_REALTIME, 7, absolute, &t), 0);
	KUNIT_EXPECT_EQ(test, t.expires, 7LL);
	KUNIT_EXPECT_EQ(test, t.clock, CLOCK_REALTIME);
	for (i = 0; i < ARRAY_SIZE(never); i++) {
		deadline(CLOUDABI_CLOCK_MONOTONIC, never[i], 0, &t);
		KUNIT_EXPECT_EQ(test, t.expires, KTIME_MAX);
		deadline(CLOUDABI_CLOCK_REALTIME, never[i], absolute, &t);
		KUNIT_EXPECT_EQ(test, t.expires, KTIME_MAX);
		KUNIT_EXPECT_FALSE(test, is_due(&t));
	}
	KUNIT_EXPECT_EQ(test,
			deadline(CLOUDABI_CLOCK_PROCESS_CPUTIME_ID, 1, 0, &t),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test,
			deadline(CLOUDABI_CLOCK_THREAD_CPUTIME_ID, 1, 0, &t),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, deadline(0, 1, 0, &t), -EINVAL);
	KUNIT_EXPECT_EQ(test, deadline(5, 1, 0, &t), -EINVAL);
}

/* A timer is set for all: not before the first, nor later than any permits. */
static void earliest_is_kept(struct kunit *test)
{
	struct cloudabi_timeout earliest = { .expires = KTIME_MAX };
	struct cloudabi_timeout t = { .expires = 1000, .slack = 500 };

	take_earlier(&earliest, &t);
	KUNIT_EXPECT_EQ(test, earliest.expires, 1000LL);
	KUNIT_EXPECT_EQ(test, earliest.slack, 500ULL);
	t = (struct cloudabi_timeout){ .expires = 1100, .slack = 100 };
	take_earlier(&earliest, &t);
	KUNIT_EXPECT_EQ(test, earliest.expires, 1000LL);
	KUNIT_EXPECT_EQ(test, earliest.slack, 200ULL);
	t = (struct cloudabi_timeout){ .expires = 900, .slack = 1000 };
	take_earlier(&earliest, &t);
	KUNIT_EXPECT_EQ(test, earliest.expires, 900LL);
	KUNIT_EXPECT_EQ(test, earliest.slack, 300ULL);
	t = (struct cloudabi_timeout){ .expires = 2000, .slack = 0 };
	take_earlier(&earliest, &t);
	KUNIT_EXPECT_EQ(test, earliest.expires, 900LL);
	KUNIT_EXPECT_EQ(test, earliest.slack, 300ULL);
}

static struct kunit_case poll_cases[] = {
	KUNIT_CASE(deadlines_are_found),
	KUNIT_CASE(earliest_is_kept),
	{},
};

static struct kunit_suite poll_suite = {
	.name = "cloudabi_poll",
	.test_cases = poll_cases,
};

kunit_test_suite(poll_suite);

#endif /* CONFIG_CLOUDABI_KUNIT_TEST */
