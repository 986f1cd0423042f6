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

static __always_inline void event_for(cloudabi_userdata_t userdata,
				      cloudabi_eventtype_t type, int error,
				      cloudabi_event_t *event)
{
	memset(event, 0, sizeof(*event));
	event->userdata = userdata;
	event->type = type;
	event->error = error ? cloudabi_errno_from_linux(error) :
			       CLOUDABI_ESUCCESS;
}

/*
 * The structures of a call are too small for copy_to_user() and its like: it
 * would take longer to call them than what they do.
 */
static __always_inline int copy_event(cloudabi_event_t __user *to,
				      const cloudabi_event_t *event)
{
	const u64 *word = (const u64 *)event;
	u64 __user *out = (u64 __user *)to;
	size_t words = sizeof(*to) / sizeof(u64);

	if (!user_write_access_begin(to, sizeof(*to)))
		return -EFAULT;
	for (; words; words--)
		unsafe_put_user(*word++, out++, fault);
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
}

static int copy_subscriptions(cloudabi64_subscription_t *to,
			      const cloudabi64_subscription_t __user *from,
			      size_t count)
{
	const u64 __user *in = (const u64 __user *)from;
	size_t words = count * sizeof(*to) / sizeof(u64);
	u64 *word = (u64 *)to;

	if (!user_read_access_begin(from, count * sizeof(*to)))
		return -EFAULT;
	for (; words; words--)
		unsafe_get_user(*word++, in++, fault);
	user_read_access_end();
	return 0;
fault:
	user_read_access_end();
	return -EFAULT;
}

/* Clocks */

static ktime_t clamp_time(u64 nanoseconds)
{
	return min_t(u64, nanoseconds, KTIME_MAX);
}

/* A time of a clock that is @offset ahead. Both ends are far, but not beyond. */
static ktime_t without_offset(ktime_t time, ktime_t offset)
{
	if (offset < 0 && time > KTIME_MAX - 1 + offset)
		return KTIME_MAX - 1;
	return clamp_t(s64, time - offset, 0, KTIME_MAX - 1);
}

/* A time of the time namespace's monotonic clock, as the kernel knows it. */
static ktime_t monotonic_to_host(ktime_t time)
{
	struct timespec64 offset = {};

	if (time == KTIME_MAX)
		return time;
	timens_add_monotonic(&offset);
	return without_offset(time, timespec64_to_ktime(offset));
}

/* When the call was made first: nobody asks the clock if that does not matter. */
static u64 start_of(struct cloudabi_restart *restart)
{
	if (!restart->start)
		restart->start = ktime_get_ns();
	return restart->start;
}

static u64 relative_deadline(u64 time, struct cloudabi_restart *restart)
{
	u64 due;

	if (!time)
		return 0;
	return check_add_overflow(start_of(restart), time, &due) ? U64_MAX :
								   due;
}

/*
 * The time at which a subscription to a clock is due, 0 for at once. A relative
 * one goes by the clock that nobody sets, whichever clock it names.
 */
static int clock_deadline(const cloudabi64_subscription_t *subscription,
			  struct cloudabi_restart *restart,
			  struct cloudabi_timeout *timeout)
{
	bool absolute = subscription->clock.flags &
			CLOUDABI_SUBSCRIPTION_CLOCK_ABSTIME;
	u64 time = subscription->clock.timeout;

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
	if (!absolute)
		time = relative_deadline(time, restart);
	timeout->expires = clamp_time(time);
	if (absolute && timeout->clock == CLOCK_MONOTONIC)
		timeout->expires = monotonic_to_host(timeout->expires);
	timeout->slack = min_t(u64, subscription->clock.precision, MAX_SLACK);
	return 0;
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
		error = clock_deadline(&subscriptions[1], restart, &timeout);
	if (error) {
		event_for(subscriptions[1].userdata, CLOUDABI_EVENTTYPE_CLOCK,
			  error, event);
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
		event_for(subscriptions[1].userdata, CLOUDABI_EVENTTYPE_CLOCK,
			  0, event);
	else
		event_for(subject->userdata, subject->type, error, event);
	return 0;
}

/* Descriptors and clocks: what is kept of the subscriptions */

/**
 * struct interest - What is kept of a subscription.
 * @userdata: for its event.
 * @fd: the descriptor, if it is to one.
 * @error: what is wrong with it, if it is to a clock; 0 for nothing.
 * @type: CLOUDABI_EVENTTYPE_*.
 */
struct interest {
	cloudabi_userdata_t userdata;
	union {
		cloudabi_fd_t fd;
		int error;
	};
	cloudabi_eventtype_t type;
};

/* The interest in a clock has its deadline in the slot behind it. */
union slot {
	struct interest interest;
	struct {
		ktime_t expires;
		u32 slack;
		clockid_t clock;
	} deadline;
};

static_assert(sizeof(union slot) == 16);
static_assert(MAX_SLACK <= U32_MAX);

/**
 * struct chunk - Some interests, in the order of their subscriptions.
 * @next: more of them, or NULL.
 * @end: behind the last of @slots that is used.
 * @slots: the interests.
 */
struct chunk {
	struct chunk *next;
	union slot *end;
	union slot slots[];
};

static_assert(sizeof(struct chunk) % sizeof(union slot) == 0);

/* Those of a usual call, which are on the stack, and those of a page. */
#define FEW_SLOTS 14
#define CHUNK_SLOTS ((PAGE_SIZE - sizeof(struct chunk)) / sizeof(union slot))

/**
 * struct poller - A wait for the first of many things.
 * @restart: when the call was made first.
 * @is_immediate: the call only asks, so no file need know whom to wake.
 * @out: the program's array of events.
 * @used: how many events there are in it.
 * @error: why the call fails, or 0.
 * @wait: what descriptors are asked for, and where they put their wait queues.
 * @earliest: the next time that the clock nobody sets is due.
 * @earliest_real: the next time that the clock of the day is due.
 * @first: what is waited for.
 * @few: the slots of @first.
 */
struct poller {
	struct cloudabi_restart *restart;
	bool is_immediate;
	cloudabi_event_t __user *out;
	size_t used;
	int error;
	poll_table *wait;
	struct cloudabi_timeout earliest;
	struct cloudabi_timeout earliest_real;
	struct chunk first;
	union slot few[FEW_SLOTS];
};

static bool is_fd_type(cloudabi_eventtype_t type)
{
	return type == CLOUDABI_EVENTTYPE_FD_READ ||
	       type == CLOUDABI_EVENTTYPE_FD_WRITE ||
	       type == CLOUDABI_EVENTTYPE_PROC_TERMINATE;
}

#define FD_OFFSET(member) offsetof(cloudabi64_subscription_t, member.fd)

static_assert(FD_OFFSET(fd_readwrite) == FD_OFFSET(proc_terminate));

/*
 * Reads subscriptions to descriptors, up to and with one to something else, of
 * which only the type counts then. Returns how many.
 */
static ssize_t read_descriptors(const cloudabi64_subscription_t __user *in,
				size_t count, union slot *slot)
{
	const union slot *end = slot + count;
	const union slot *start = slot;
	cloudabi_eventtype_t type;

	if (!user_read_access_begin(in, count * sizeof(*in)))
		return -EFAULT;
	for (; slot < end; slot++, in++) {
		unsafe_get_user(slot->interest.userdata, &in->userdata, fault);
		unsafe_get_user(slot->interest.fd, &in->fd_readwrite.fd, fault);
		unsafe_get_user(type, &in->type, fault);
		slot->interest.type = type;
		if (unlikely(!is_fd_type(type))) {
			slot++;
			break;
		}
	}
	user_read_access_end();
	return slot - start;
fault:
	user_read_access_end();
	return -EFAULT;
}

static int copy_clock(cloudabi64_subscription_t *to,
		      const cloudabi64_subscription_t __user *from)
{
	if (!user_read_access_begin(from, sizeof(*from)))
		return -EFAULT;
	unsafe_get_user(to->clock.clock_id, &from->clock.clock_id, fault);
	unsafe_get_user(to->clock.timeout, &from->clock.timeout, fault);
	unsafe_get_user(to->clock.precision, &from->clock.precision, fault);
	unsafe_get_user(to->clock.flags, &from->clock.flags, fault);
	user_read_access_end();
	return 0;
fault:
	user_read_access_end();
	return -EFAULT;
}

/* Fills in the deadline of the clock whose interest comes before @slot. */
static int read_clock(struct poller *poller,
		      const cloudabi64_subscription_t __user *in,
		      union slot *slot)
{
	struct interest *interest = &slot[-1].interest;
	struct cloudabi_timeout timeout = {};
	cloudabi64_subscription_t subscription;

	if (copy_clock(&subscription, in))
		return -EFAULT;
	interest->error =
		clock_deadline(&subscription, poller->restart, &timeout);
	slot->deadline.expires = timeout.expires;
	slot->deadline.slack = timeout.slack;
	slot->deadline.clock = timeout.clock;
	/* That goes for one that is wrong, too. */
	poller->is_immediate |= !timeout.expires;
	return 0;
}

/* Fills a chunk. Returns how many subscriptions it took. */
static ssize_t fill_chunk(struct poller *poller, struct chunk *chunk,
			  size_t slots,
			  const cloudabi64_subscription_t __user *in,
			  size_t count)
{
	/* One is left for the deadline of a clock. */
	const union slot *last = &chunk->slots[slots - 1];
	union slot *slot = chunk->slots;
	size_t done = 0;
	ssize_t some;

	chunk->next = NULL;
	while (done < count && slot < last) {
		some = read_descriptors(
			in + done, min_t(size_t, count - done, last - slot),
			slot);
		if (some < 0)
			return some;
		slot += some;
		done += some;
		if (slot[-1].interest.type != CLOUDABI_EVENTTYPE_CLOCK)
			continue;
		if (read_clock(poller, in + done - 1, slot++))
			return -EFAULT;
	}
	chunk->end = slot;
	return done;
}

static int read_all(struct poller *poller,
		    const cloudabi64_subscription_t __user *in, size_t count)
{
	struct chunk *chunk = &poller->first;
	ssize_t done;

	done = fill_chunk(poller, chunk, FEW_SLOTS, in, count);
	while (done >= 0 && done < count) {
		in += done;
		count -= done;
		chunk->next = kmalloc(PAGE_SIZE, GFP_KERNEL_ACCOUNT);
		if (!chunk->next)
			return -ENOMEM;
		chunk = chunk->next;
		done = fill_chunk(poller, chunk, CHUNK_SLOTS, in, count);
	}
	return done < 0 ? done : 0;
}

static void forget_all(struct poller *poller)
{
	struct chunk *chunk, *next;

	for (chunk = poller->first.next; chunk; chunk = next) {
		next = chunk->next;
		kfree(chunk);
	}
}

/* Descriptors and clocks: whether they have something */

/* Who has an event need not be woken any more. */
static __always_inline void put_event(struct poller *poller,
				      const cloudabi_event_t *event)
{
	poller->wait->_qproc = NULL;
	if (!poller->error)
		poller->error = copy_event(&poller->out[poller->used++], event);
}

static noinline void put_plain(struct poller *poller,
			       const struct interest *interest, int error)
{
	cloudabi_event_t event;

	event_for(interest->userdata, interest->type, error, &event);
	put_event(poller, &event);
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

static void poll_clock(struct poller *poller, const union slot *slot)
{
	struct cloudabi_timeout timeout = {
		.expires = slot[1].deadline.expires,
		.slack = slot[1].deadline.slack,
		.clock = slot[1].deadline.clock,
	};

	if (slot->interest.error || cloudabi_timeout_is_over(&timeout))
		put_plain(poller, &slot->interest, slot->interest.error);
	else if (poller->is_immediate)
		return;
	else if (timeout.clock == CLOCK_REALTIME)
		take_earlier(&poller->earliest_real, &timeout);
	else
		take_earlier(&poller->earliest, &timeout);
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
static noinline void put_ready(struct poller *poller,
			       const struct interest *interest,
			       struct file *file, __poll_t mask)
{
	cloudabi_event_t __user *place = &poller->out[poller->used];
	bool read = interest->type == CLOUDABI_EVENTTYPE_FD_READ;
	__poll_t hangup = EPOLLHUP | EPOLLERR | (read ? EPOLLRDHUP : 0);
	cloudabi_event_t event;

	event_for(interest->userdata, interest->type, 0, &event);
	if (read)
		event.fd_readwrite.nbytes = readable_bytes(
			file, (int __user *)&place->fd_readwrite.nbytes);
	if (mask & hangup)
		event.fd_readwrite.flags = CLOUDABI_EVENT_FD_READWRITE_HANGUP;
	put_event(poller, &event);
}

/* In line, for the rights and the events to be constants. */
static __always_inline void poll_fd(struct poller *poller,
				    const struct interest *interest,
				    poll_table *wait, cloudabi_rights_t need,
				    __poll_t events)
{
	struct cloudabi_ref ref;
	__poll_t mask;
	int error;

	error = cloudabi_fget_file(interest->fd, need, &ref);
	if (unlikely(error)) {
		put_plain(poller, interest, error);
		return;
	}
	wait->_key = events;
	mask = ready_events(ref.file, wait) & events;
	if (mask)
		put_ready(poller, interest, ref.file, mask);
	cloudabi_fput_file(ref);
}

static void put_end(struct poller *poller, const struct interest *interest,
		    struct file *file)
{
	struct cloudabi_end end;
	cloudabi_event_t event;

	cloudabi_process_get_end(file, &end);
	event_for(interest->userdata, interest->type, 0, &event);
	event.proc_terminate.signal = end.signal;
	event.proc_terminate.exitcode = end.code;
	put_event(poller, &event);
}

/* No other file than the descriptor of a process has the right. */
static void poll_process(struct poller *poller, const struct interest *interest)
{
	struct cloudabi_handle handle;
	int error;

	error = cloudabi_fget(interest->fd, CLOUDABI_NEED_poll_proc_terminate,
			      &handle);
	if (error) {
		put_plain(poller, interest, error);
		return;
	}
	poller->wait->_key = EPOLLIN;
	if (cloudabi_process_poll(handle.file, poller->wait))
		put_end(poller, interest, handle.file);
	cloudabi_fput(&handle);
}

static noinline void poll_rare(struct poller *poller, const union slot *slot)
{
	const struct interest *interest = &slot->interest;

	switch (interest->type) {
	case CLOUDABI_EVENTTYPE_CLOCK:
		poll_clock(poller, slot);
		break;
	case CLOUDABI_EVENTTYPE_PROC_TERMINATE:
		poll_process(poller, interest);
		break;
	default:
		put_plain(poller, interest, -EINVAL);
	}
}

static void poll_chunk(struct poller *poller, const struct chunk *chunk)
{
	const union slot *slot, *end = chunk->end;
	poll_table *wait = poller->wait;
	const struct interest *interest;

	for (slot = chunk->slots; slot < end; slot++) {
		interest = &slot->interest;
		if (likely(interest->type == CLOUDABI_EVENTTYPE_FD_READ)) {
			poll_fd(poller, interest, wait,
				CLOUDABI_NEED_poll_fd_read, READ_EVENTS);
		} else if (interest->type == CLOUDABI_EVENTTYPE_FD_WRITE) {
			poll_fd(poller, interest, wait,
				CLOUDABI_NEED_poll_fd_write, WRITE_EVENTS);
		} else {
			poll_rare(poller, slot);
			slot += interest->type == CLOUDABI_EVENTTYPE_CLOCK;
		}
	}
}

/* Looks at all, and tells what it finds. */
static void poll_all(struct poller *poller)
{
	const struct chunk *chunk;

	for (chunk = &poller->first; chunk; chunk = chunk->next) {
		poll_chunk(poller, chunk);
		cond_resched();
	}
}

/* Sleeps until a descriptor or a clock may have something. */
static void sleep(struct poller *poller, struct poll_wqueues *table)
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
	if (!READ_ONCE(table->triggered) &&
	    (!has_real || READ_ONCE(timer.task)))
		schedule_hrtimeout_range(expires == KTIME_MAX ? NULL : &expires,
					 poller->earliest.slack,
					 HRTIMER_MODE_ABS);
	__set_current_state(TASK_RUNNING);
	/* A wake-up from here on must be seen by the next look. */
	smp_store_mb(table->triggered, 0);
	if (has_real) {
		hrtimer_cancel(&timer.timer);
		destroy_hrtimer_on_stack(&timer.timer);
	}
}

/* Looks once, so no file need know whom to wake, nor matters what is earliest. */
static void poll_once(struct poller *poller)
{
	poll_table nobody;

	init_poll_funcptr(&nobody, NULL);
	poller->wait = &nobody;
	poll_all(poller);
}

static noinline void poll_until(struct poller *poller)
{
	struct poll_wqueues table;

	poll_initwait(&table);
	poller->wait = &table.pt;
	for (;;) {
		poller->earliest =
			(struct cloudabi_timeout){ .expires = KTIME_MAX };
		poller->earliest_real = poller->earliest;
		poll_all(poller);
		if (poller->error || poller->used)
			break;
		/* All files have been told; they need not be again. */
		table.pt._qproc = NULL;
		poller->error = table.error;
		if (!poller->error && signal_pending(current))
			poller->error = cloudabi_restart_later(poller->restart);
		if (poller->error)
			break;
		sleep(poller, &table);
	}
	poll_freewait(&table);
}

static noinline int poll_general(const cloudabi64_subscription_t __user *in,
				 size_t count, struct cloudabi_restart *restart,
				 cloudabi_event_t __user *out, size_t *nevents)
{
	struct poller poller;

	poller.restart = restart;
	poller.is_immediate = false;
	poller.out = out;
	poller.used = 0;
	poller.error = read_all(&poller, in, count);
	if (!poller.error && poller.is_immediate)
		poll_once(&poller);
	else if (!poller.error)
		poll_until(&poller);
	forget_all(&poller);
	*nevents = poller.used;
	return poller.error;
}

/*
 * One or two subscriptions of which the first is to a lock or a condition
 * variable. The second may turn out not to be to a clock.
 */
static noinline int poll_few(const cloudabi64_subscription_t __user *in,
			     size_t count, cloudabi_eventtype_t type,
			     struct cloudabi_restart *restart,
			     cloudabi_event_t __user *out, size_t *nevents)
{
	cloudabi64_subscription_t few[2];
	cloudabi_event_t event;
	int error;

	if (copy_subscriptions(few, in, count))
		return -EFAULT;
	few[0].type = type;
	if (count == 2 && few[1].type != CLOUDABI_EVENTTYPE_CLOCK)
		return poll_general(in, count, restart, out, nevents);
	error = poll_lock(few, count == 2, restart, &event);
	if (error)
		return error;
	*nevents = 1;
	return copy_event(out, &event);
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
	struct cloudabi_restart restart;
	cloudabi_eventtype_t type;

	*nevents = 0;
	/* First of all: what was left is for this call or for none. */
	cloudabi_restart_get(&restart);
	if (!nsubscriptions)
		return 0;
	if (nsubscriptions > MAX_SUBSCRIPTIONS)
		return -EINVAL;
	if (nsubscriptions <= 2) {
		if (get_user(type, &in->type))
			return -EFAULT;
		if (is_lock_type(type))
			return poll_few(in, nsubscriptions, type, &restart, out,
					nevents);
	}
	return poll_general(in, nsubscriptions, &restart, out, nevents);
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
	struct cloudabi_restart restart = { .start = 1000 };

	return clock_deadline(&subscription, &restart, timeout);
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
		KUNIT_EXPECT_FALSE(test, cloudabi_timeout_is_over(&t));
	}
	KUNIT_EXPECT_EQ(test,
			deadline(CLOUDABI_CLOCK_PROCESS_CPUTIME_ID, 1, 0, &t),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test,
			deadline(CLOUDABI_CLOCK_THREAD_CPUTIME_ID, 1, 0, &t),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, without_offset(15, 10), 5);
	KUNIT_EXPECT_EQ(test, without_offset(5, 10), 0);
	KUNIT_EXPECT_EQ(test, without_offset(5, -10), 15);
	KUNIT_EXPECT_EQ(test, without_offset(KTIME_MAX - 1, -10),
			KTIME_MAX - 1);
	KUNIT_EXPECT_EQ(test, without_offset(KTIME_MAX - 11, -10),
			KTIME_MAX - 1);
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
