// SPDX-License-Identifier: GPL-2.0
/*
 * Locks and condition variables in user memory.
 *
 * CloudABI: a lock is a word. User space takes and releases it alone as long as
 * nobody waits; whoever must wait comes here. The word then carries the bit KM
 * (CLOUDABI_LOCK_KERNEL_MANAGED), which makes the last holder come here, too.
 *
 *	0		free
 *	n		n readers hold it
 *	W(t)		thread t holds it for writing
 *	... | KM	held so, and somebody waits
 *
 * A condition variable is a word that is 0 while nobody waits on it.
 *
 * Objects. There is no object for a lock, only its waiters: struct waiter, on
 * the stack of the thread that waits, in the bucket that the key of the word
 * leads to. Who holds the lock is in the word. A lock that has waiters is
 * *managed*: nobody takes it past them.
 *
 * States of a waiter:
 *
 *   ON_CONDVAR		waits on a condition variable.
 *   FOR_WRITING,	waits for a lock. The writers of a lock go first, in the
 *   FOR_READING	order of their arrival, then all readers together.
 *
 *   WAITING		sleeps until one of the next two.
 *   CONTENDING		must see about the lock itself: KM may not be set yet.
 *			At most one waiter of a lock. It was the first in order
 *			when it became so; if it is not any more, because a
 *			writer came, it hands that on.
 *   GRANTED		owns the lock, the word says so; not queued any more.
 *
 * Transitions:
 *
 *   lock	free: taken. Held and not managed: KM is set, the thread queues.
 *		Managed: the thread queues.
 *   unlock	the word is made to say who is next, with KM if others are left,
 *		and they are GRANTED it. Nobody: the word becomes 0.
 *   wait	as unlock, and the thread queues ON_CONDVAR, in one step.
 *   signal	the first n waiters ON_CONDVAR become FOR_WRITING, in the same
 *		order, behind those of the lock. If the lock was not managed the
 *		first one becomes CONTENDING: it takes the lock or sets KM, then
 *		the rule holds again. The signaller does so for it if it is sure
 *		to have the word at the same address, that is for a private key;
 *		else it wakes that one, and nobody else.
 *   leave	a waiter that has timed out or got a signal goes. If it was
 *		CONTENDING, the next one becomes so. If it was the last one of a
 *		lock, KM is cleared; the last one ON_CONDVAR clears that word.
 *
 * Invariant, under the bucket's lock: the lock is managed if and only if KM is
 * set in the word, or one of its waiters is CONTENDING. A program can break the
 * word: it is told by EPERM or EINVAL, or waits for ever, and nobody else does.
 * If it takes KM away, by a plain store, the next one that comes for the lock
 * makes the first in order see about it.
 *
 * A waiter that is being killed cannot bring in a page that is not there, and
 * then has to leave KM behind. The bucket counts that, so that whoever finds KM
 * without waiters does not take it for a fault of the program. Which word it was
 * is not kept, so a fault of another program may use that up.
 *
 * Locking: the bucket's spinlock protects its waiters, all their members, and
 * the words of their locks as far as the kernel changes them. Two buckets are
 * locked in the order of their addresses. A waiter that is moved changes its
 * bucket under both locks, so the pointer is read, the bucket locked and the
 * pointer read again. Waiters are woken under the lock, and take it before they
 * go, so that none goes while it is being woken.
 *
 * Words are touched with page faults disabled, under the lock; a page that is
 * not there is brought in without the lock and the step is made anew. After the
 * store that releases a lock the word is not touched again: it may be gone.
 * User space may change a word at any time, so it is changed by compare and
 * exchange only. A word that keeps changing under our hands does not hold the
 * bucket: the lock is dropped after some attempts. A condition variable is no
 * word of that kind: the kernel alone writes to it, and only while somebody
 * waits, since it may be gone otherwise.
 *
 * Spins. A lock that nobody waits for, held by a thread that can run, may well be
 * free before a waiter is asleep, and a waiter's turn may come before its
 * processor is. So both are looked at for a moment, if nothing else is to run
 * here. That only reads, and decides nothing.
 *
 * Signals. No handler exists, so only stops, tracers, the freezer and death
 * interrupt a wait. The thread leaves the queue, and the call is made again
 * afterwards with the deadline that it had; see restart.h. A wait on a
 * condition variable has released the lock by then and could have missed a
 * signal: it ends as if it had got one, as soon as it has the lock again.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "futex.h"

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/hrtimer.h>
#include <linux/jhash.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/futex.h>

#include "trace.h"

#define KM CLOUDABI_LOCK_KERNEL_MANAGED
#define WRLOCKED CLOUDABI_LOCK_WRLOCKED
#define COUNT_MAX (WRLOCKED - 1)
#define HAS_WAITERS U32_MAX

#define BUCKETS_PER_CPU 256

/* Attempts to change a word before the bucket is let go of for a moment. */
#define ATTEMPTS 64

/* Looks at a word, or a state, before a thread sleeps: some ten microseconds. */
#define SPINS 300

/* What the steps below return, beside 0 and errors. */
enum { MUST_SLEEP = 1 };

/**
 * struct bucket - Waiters whose keys have the same hash.
 * @lock: protects the rest.
 * @orphans: how many waiters have died here and left KM behind.
 * @waiters: all of them, in the order of their arrival.
 */
struct bucket {
	spinlock_t lock; /* of words, too; see above */
	unsigned int orphans;
	struct list_head waiters;
} ____cacheline_aligned_in_smp;

/**
 * struct identity - What identifies a word.
 * @object: address space, or inode for a word in a shared mapping.
 * @offset: address in it.
 * @file: what is mapped, counted, if @object is an inode. It keeps the inode
 *	from being another one's address meanwhile, even if it is unmapped.
 */
struct identity {
	const void *object;
	u64 offset;
	struct file *file;
};

enum wait_kind { ON_CONDVAR, FOR_WRITING, FOR_READING };
enum wait_state { WAITING, CONTENDING, GRANTED };

/**
 * struct waiter - A thread that waits; on its stack.
 * @node: its place in @bucket.
 * @bucket: where it is queued.
 * @key: key of the word that it is queued for.
 * @lock_key: key of the lock that it wants in the end.
 * @task: the thread; current, for whom the waiter lives.
 * @tid: its id, as it stands in words.
 * @kind: what it waits for.
 * @state: how it stands.
 */
struct waiter {
	struct list_head node;
	struct bucket *bucket;
	const struct identity *key;
	const struct identity *lock_key;
	struct task_struct *task;
	u32 tid;
	enum wait_kind kind;
	enum wait_state state;
};

static struct bucket *buckets;
static unsigned int bucket_mask;
static u32 bucket_seed;

static u32 own_tid(void)
{
	return task_pid_nr(current);
}

static u32 write_locked_by(u32 tid)
{
	return WRLOCKED | tid;
}

/* Keys */

/*
 * The inode and offset of a word in a shared mapping, which are what native
 * futexes go by, too: the inode of the mapping, which is another one than the
 * file's for devices. A shared mapping of no file is one of a file in memory,
 * which fork hands on.
 */
static int shared_identity(unsigned long address, struct identity *key)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int error = 0;

	if (mmap_read_lock_killable(mm))
		return -ERESTARTNOINTR;
	vma = vma_lookup(mm, address);
	if (!vma) {
		error = -EFAULT;
	} else if (vma->vm_flags & VM_MAYSHARE && vma->vm_file) {
		key->file = get_file(vma->vm_file);
		key->object = key->file->f_mapping->host;
		key->offset = ((u64)vma->vm_pgoff << PAGE_SHIFT) + address -
			      vma->vm_start;
	}
	mmap_read_unlock(mm);
	return error;
}

static int identity_get(u32 __user *word, cloudabi_scope_t scope,
			struct identity *key)
{
	unsigned long address = (unsigned long)word;

	if (address % sizeof(*word) ||
	    (scope != CLOUDABI_SCOPE_PRIVATE && scope != CLOUDABI_SCOPE_SHARED))
		return -EINVAL;
	if (!access_ok(word, sizeof(*word)))
		return -EFAULT;
	*key = (struct identity){ .object = current->mm, .offset = address };
	return scope == CLOUDABI_SCOPE_SHARED ? shared_identity(address, key) :
						0;
}

static void identity_put(struct identity *key)
{
	if (key->file)
		fput(key->file);
}

static bool identity_equal(const struct identity *a, const struct identity *b)
{
	return a->object == b->object && a->offset == b->offset;
}

static struct bucket *bucket_of(const struct identity *key)
{
	u32 hash = jhash_3words(key->offset, key->offset >> 32,
				hash_ptr(key->object, 32), bucket_seed);

	return &buckets[hash & bucket_mask];
}

static void lock_two(struct bucket *a, struct bucket *b) __acquires(&a->lock)
	__acquires(&b->lock)
{
	if (a > b)
		swap(a, b);
	spin_lock(&a->lock);
	if (a != b)
		spin_lock_nested(&b->lock, SINGLE_DEPTH_NESTING);
	else
		__acquire(&b->lock);
}

static void unlock_two(struct bucket *a, struct bucket *b) __releases(&a->lock)
	__releases(&b->lock)
{
	spin_unlock(&a->lock);
	if (a != b)
		spin_unlock(&b->lock);
	else
		__release(&b->lock);
}

/* Locks the bucket that a waiter is in; others may move it. */
static struct bucket *lock_bucket_of(struct waiter *waiter)
	__acquires(&waiter->bucket->lock)
{
	struct bucket *bucket;

	for (;;) {
		bucket = READ_ONCE(waiter->bucket);
		spin_lock(&bucket->lock);
		if (likely(bucket == waiter->bucket))
			return bucket;
		spin_unlock(&bucket->lock);
	}
}

/* Words; all of these with a bucket's lock held, but for a spin's look */

static int word_read(u32 __user *word, u32 *value)
{
	int error;

	pagefault_disable();
	error = __get_user(*value, word);
	pagefault_enable();
	return error;
}

static int word_write(u32 __user *word, u32 value)
{
	int error;

	pagefault_disable();
	error = __put_user(value, word);
	pagefault_enable();
	return error;
}

/* Changes a word from @old. Returns -EAGAIN if it was not @old any more. */
static int word_change(u32 __user *word, u32 old, u32 new)
{
	u32 found;
	int error;

	if (old == new)
		return 0;
	pagefault_disable();
	error = futex_atomic_cmpxchg_inatomic(&found, word, old, new);
	pagefault_enable();
	if (error)
		return error;
	return found == old ? 0 : -EAGAIN;
}

static bool bring_in(u32 __user *word)
{
	return !fault_in_safe_writeable((const char __user *)word,
					sizeof(*word));
}

/*
 * What to do about an error of a step that touches one or two words: make it
 * anew, with the pages there, or report it. Called without locks.
 */
static bool must_try_again(int error, u32 __user *a, u32 __user *b)
{
	cond_resched();
	if (error == -EAGAIN)
		return !fatal_signal_pending(current);
	if (error != -EFAULT)
		return false;
	return bring_in(a) && (a == b || bring_in(b));
}

/* Queues */

static bool is_queued_for(const struct waiter *waiter,
			  const struct identity *key, enum wait_kind kind)
{
	return waiter->kind == kind && identity_equal(waiter->key, key);
}

static struct waiter *first_of_kind(struct bucket *bucket,
				    const struct identity *key,
				    enum wait_kind kind)
{
	struct waiter *waiter;

	lockdep_assert_held(&bucket->lock);
	list_for_each_entry(waiter, &bucket->waiters, node) {
		if (is_queued_for(waiter, key, kind))
			return waiter;
	}
	return NULL;
}

static bool is_waiter_of(const struct waiter *waiter,
			 const struct identity *lock)
{
	return waiter->kind != ON_CONDVAR && identity_equal(waiter->key, lock);
}

/* The waiter of a lock whose turn is next, or NULL if it is not managed. */
static struct waiter *first_for_lock(struct bucket *bucket,
				     const struct identity *key)
{
	return first_of_kind(bucket, key, FOR_WRITING) ?:
		       first_of_kind(bucket, key, FOR_READING);
}

static u32 count_of_kind(struct bucket *bucket, const struct identity *key,
			 enum wait_kind kind)
{
	struct waiter *waiter;
	u32 count = 0;

	lockdep_assert_held(&bucket->lock);
	list_for_each_entry(waiter, &bucket->waiters, node)
		count += is_queued_for(waiter, key, kind);
	return count;
}

/* KM if a lock will still have waiters when @except does not wait any more. */
static u32 managed_without(struct bucket *bucket, const struct waiter *except)
{
	struct waiter *waiter;

	lockdep_assert_held(&bucket->lock);
	list_for_each_entry(waiter, &bucket->waiters, node) {
		if (waiter != except && is_waiter_of(waiter, except->key))
			return KM;
	}
	return 0;
}

static bool has_contender(struct bucket *bucket, const struct identity *key)
{
	struct waiter *waiter;

	lockdep_assert_held(&bucket->lock);
	list_for_each_entry(waiter, &bucket->waiters, node) {
		if (waiter->state == CONTENDING && is_waiter_of(waiter, key))
			return true;
	}
	return false;
}

static void enqueue(struct bucket *bucket, struct waiter *waiter,
		    const struct identity *key, enum wait_kind kind)
{
	waiter->key = key;
	waiter->kind = kind;
	WRITE_ONCE(waiter->state, WAITING);
	WRITE_ONCE(waiter->bucket, bucket);
	list_add_tail(&waiter->node, &bucket->waiters);
}

static void grant(struct waiter *waiter)
{
	list_del_init(&waiter->node);
	WRITE_ONCE(waiter->state, GRANTED);
	if (waiter->task != current)
		wake_up_process(waiter->task);
}

static void grant_readers(struct bucket *bucket, const struct identity *key)
{
	struct waiter *waiter, *next;

	list_for_each_entry_safe(waiter, next, &bucket->waiters, node) {
		if (is_queued_for(waiter, key, FOR_READING))
			grant(waiter);
	}
}

static void make_contending(struct waiter *waiter)
{
	WRITE_ONCE(waiter->state, CONTENDING);
	wake_up_process(waiter->task);
}

/* Taking a lock */

/* What the word becomes if @waiter takes the lock that has value @word. */
static bool can_take(u32 word, const struct waiter *waiter, enum wait_kind kind,
		     u32 *taken)
{
	if (kind == FOR_WRITING) {
		*taken = write_locked_by(waiter->tid);
		return !word;
	}
	*taken = word + 1;
	return !(word & WRLOCKED) && word < COUNT_MAX;
}

/*
 * CloudABI: KM without waiters is an error of the program, and mended; unless it
 * was left behind.
 */
static int mend(struct bucket *bucket, u32 __user *word, u32 value)
{
	int error = word_change(word, value, value & ~KM);

	if (error)
		return error;
	if (!bucket->orphans)
		return -EINVAL;
	bucket->orphans--;
	return -EAGAIN;
}

/* A lock that nobody waits for: takes it, or sets KM for the first waiter. */
static int take_unmanaged(struct bucket *bucket, struct waiter *waiter,
			  const struct identity *key, enum wait_kind kind,
			  u32 __user *word)
{
	u32 value, taken;
	int error;

	error = word_read(word, &value);
	if (error)
		return error;
	if (value & KM)
		return mend(bucket, word, value);
	if (kind == FOR_WRITING && value == write_locked_by(waiter->tid))
		return -EDEADLK;
	if (can_take(value, waiter, kind, &taken))
		return word_change(word, value, taken);
	error = word_change(word, value, value | KM);
	if (error)
		return error;
	enqueue(bucket, waiter, key, kind);
	return MUST_SLEEP;
}

static int take_managed(struct bucket *bucket, struct waiter *waiter,
			const struct identity *key, enum wait_kind kind,
			u32 __user *word)
{
	u32 value;
	int error;

	error = word_read(word, &value);
	if (error)
		return error;
	if (kind == FOR_WRITING &&
	    (value & ~KM) == write_locked_by(waiter->tid))
		return -EDEADLK;
	enqueue(bucket, waiter, key, kind);
	if (unlikely(!(value & KM)) && !has_contender(bucket, key))
		make_contending(first_for_lock(bucket, key));
	return MUST_SLEEP;
}

static int take(struct waiter *waiter, const struct identity *key,
		enum wait_kind kind, u32 __user *word)
{
	struct bucket *bucket = bucket_of(key);
	unsigned int attempts = ATTEMPTS;
	int result;

	spin_lock(&bucket->lock);
	do {
		if (first_for_lock(bucket, key))
			result = take_managed(bucket, waiter, key, kind, word);
		else
			result =
				take_unmanaged(bucket, waiter, key, kind, word);
	} while (result == -EAGAIN && --attempts);
	spin_unlock(&bucket->lock);
	return result;
}

static int hand_on(struct bucket *bucket, struct waiter *waiter)
{
	WRITE_ONCE(waiter->state, WAITING);
	make_contending(first_for_lock(bucket, waiter->key));
	return MUST_SLEEP;
}

/*
 * Sees about the lock for a CONTENDING waiter, which may be another thread's.
 * It takes it, a reader together with all other readers, or makes sure that its
 * holder will come here.
 */
static int contend_once(struct bucket *bucket, struct waiter *waiter,
			u32 __user *word)
{
	bool write = waiter->kind == FOR_WRITING;
	u32 value, new;
	int error;

	if (waiter != first_for_lock(bucket, waiter->key))
		return hand_on(bucket, waiter);
	error = word_read(word, &value);
	if (error)
		return error;
	if (write && !(value & ~KM)) {
		new = write_locked_by(waiter->tid) |
		      managed_without(bucket, waiter);
	} else if (!write && !(value & WRLOCKED)) {
		new = (value & ~KM) +
		      count_of_kind(bucket, waiter->key, FOR_READING);
	} else {
		error = word_change(word, value, value | KM);
		if (!error)
			WRITE_ONCE(waiter->state, WAITING);
		return error ?: MUST_SLEEP;
	}
	error = word_change(word, value, new);
	if (error)
		return error;
	if (write)
		grant(waiter);
	else
		grant_readers(bucket, waiter->key);
	return 0;
}

static int contend(struct bucket *bucket, struct waiter *waiter,
		   u32 __user *word)
{
	unsigned int attempts = ATTEMPTS;
	int result;

	do {
		result = contend_once(bucket, waiter, word);
	} while (result == -EAGAIN && --attempts);
	return result;
}

/* Releasing a lock */

/* What the word of a lock becomes when it is handed to @writer or all readers. */
static u32 word_for_next(struct bucket *bucket, const struct identity *key,
			 const struct waiter *writer)
{
	if (writer)
		return write_locked_by(writer->tid) |
		       managed_without(bucket, writer);
	return count_of_kind(bucket, key, FOR_READING);
}

/* Hands a lock that the calling thread holds for writing to whoever is next. */
static int hand_over(struct bucket *bucket, const struct identity *key,
		     u32 __user *word)
{
	struct waiter *writer = first_of_kind(bucket, key, FOR_WRITING);
	u32 value;
	int error;

	error = word_read(word, &value);
	if (error)
		return error;
	if ((value & ~KM) != write_locked_by(own_tid()))
		return -EPERM;
	error = word_change(word, value, word_for_next(bucket, key, writer));
	if (error)
		return error;
	if (writer)
		grant(writer);
	else
		grant_readers(bucket, key);
	return 0;
}

/**
 * cloudabi_futex_unlock() - Release a lock that is held for writing.
 * @lock: the lock.
 * @scope: who shares it.
 *
 * Context: Process context, may sleep for a page fault.
 * Return: 0; -EPERM if the calling thread does not hold it; -EINVAL for an
 * unknown scope or a word that is not aligned; -EFAULT.
 */
int cloudabi_futex_unlock(cloudabi_lock_t __user *lock, cloudabi_scope_t scope)
{
	struct bucket *bucket;
	struct identity key;
	int error;

	error = identity_get(lock, scope, &key);
	if (error)
		return error;
	bucket = bucket_of(&key);
	do {
		spin_lock(&bucket->lock);
		error = hand_over(bucket, &key, lock);
		spin_unlock(&bucket->lock);
	} while (error && must_try_again(error, lock, lock));
	identity_put(&key);
	return error;
}

/* Waiting */

static ktime_t expires_at(const struct cloudabi_timeout *timeout)
{
	return timeout ? timeout->expires : KTIME_MAX;
}

/*
 * Gives the others some time before a processor with nothing else to do goes to
 * sleep, too: to be woken from that takes longer than what they may be about to
 * do. No memory of the program is looked at.
 */
static void spin_for_change(const struct waiter *waiter)
{
	unsigned int rounds = SPINS;

	while (rounds-- && single_task_running() &&
	       READ_ONCE(waiter->state) == WAITING)
		cpu_relax();
}

/* The timer may be wrong about the time for a moment, and would be again at once. */
static int after_timer(const struct waiter *waiter,
		       const struct cloudabi_timeout *timeout)
{
	if (cloudabi_timeout_is_over(timeout))
		return -ETIMEDOUT;
	set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
	if (READ_ONCE(waiter->state) == WAITING)
		schedule_timeout(1);
	return 0;
}

/* Sleeps until the waiter's state changes. 0, -ETIMEDOUT or -ERESTARTSYS. */
static int sleep(struct waiter *waiter, const struct cloudabi_timeout *timeout)
{
	ktime_t expires = expires_at(timeout);
	int error = 0;

	if (expires == KTIME_MAX)
		spin_for_change(waiter);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		if (READ_ONCE(waiter->state) != WAITING)
			break;
		if (error)
			break;
		if (signal_pending(current))
			error = -ERESTARTSYS;
		else if (expires == KTIME_MAX)
			schedule();
		else if (!schedule_hrtimeout_range_clock(
				 &expires, timeout->slack, HRTIMER_MODE_ABS,
				 timeout->clock))
			error = after_timer(waiter, timeout);
	}
	__set_current_state(TASK_RUNNING);
	return READ_ONCE(waiter->state) == WAITING ? error : 0;
}

/* Clears KM in the word of a lock that nobody waits for any more. */
static int clear_managed(u32 __user *word)
{
	unsigned int attempts = ATTEMPTS;
	u32 value;
	int error;

	do {
		error = word_read(word, &value);
		if (!error)
			error = word_change(word, value, value & ~KM);
	} while (error == -EAGAIN && --attempts);
	return error;
}

static void dequeue(struct bucket *bucket, struct waiter *waiter)
{
	struct waiter *next;

	list_del_init(&waiter->node);
	if (waiter->state != CONTENDING)
		return;
	WRITE_ONCE(waiter->state, WAITING);
	next = first_for_lock(bucket, waiter->key);
	if (next)
		make_contending(next);
}

/*
 * Takes a waiter for a lock out of its queue. If that leaves the lock without
 * waiters the word has to say so first; a page fault on the way is for the
 * caller, and the waiter is still there meanwhile.
 */
static int leave_lock(struct bucket *bucket, struct waiter *waiter,
		      u32 __user *word)
{
	int error;

	if (waiter->state == GRANTED)
		return 0;
	if (!managed_without(bucket, waiter)) {
		error = clear_managed(word);
		if (error)
			return error;
	}
	dequeue(bucket, waiter);
	return 0;
}

/* The same if the word is out of reach. */
static void abandon_lock(struct waiter *waiter)
{
	struct bucket *bucket = lock_bucket_of(waiter);

	if (waiter->state != GRANTED) {
		if (!managed_without(bucket, waiter))
			bucket->orphans++;
		dequeue(bucket, waiter);
	}
	spin_unlock(&bucket->lock);
}

static void leave(struct waiter *waiter, u32 __user *word)
{
	struct bucket *bucket;
	int error;

	do {
		bucket = lock_bucket_of(waiter);
		error = leave_lock(bucket, waiter, word);
		spin_unlock(&bucket->lock);
	} while (error && must_try_again(error, word, word));
	if (error)
		abandon_lock(waiter);
}

/* Looks at a waiter for a lock after it has slept. */
static int look_after_sleep(struct waiter *waiter, u32 __user *word)
{
	struct bucket *bucket = lock_bucket_of(waiter);
	int result = MUST_SLEEP;

	if (waiter->state == GRANTED)
		result = 0;
	else if (waiter->state == CONTENDING)
		result = contend(bucket, waiter, word);
	spin_unlock(&bucket->lock);
	return result;
}

/* Waits until a queued waiter owns its lock. */
static int wait_for_lock(struct waiter *waiter, u32 __user *word,
			 const struct cloudabi_timeout *timeout)
{
	int slept, result;

	for (;;) {
		slept = sleep(waiter, timeout);
		result = look_after_sleep(waiter, word);
		if (!result)
			return 0;
		if (result == MUST_SLEEP && !slept)
			continue;
		if (result < 0 && must_try_again(result, word, word))
			continue;
		leave(waiter, word);
		/* It may have been given the lock at the last moment. */
		if (waiter->state == GRANTED)
			return 0;
		return result < 0 ? result : slept;
	}
}

static void waiter_init(struct waiter *waiter, const struct identity *lock_key)
{
	*waiter = (struct waiter){
		.node = LIST_HEAD_INIT(waiter->node),
		.lock_key = lock_key,
		.task = current,
		.tid = own_tid(),
	};
}

/* The same, for whoever traces it; the tracepoints cost nothing while off. */
static int wait_for_lock_traced(struct waiter *waiter, enum wait_kind kind,
				u32 __user *word,
				const struct cloudabi_timeout *timeout)
{
	u8 type = kind == FOR_WRITING ? CLOUDABI_EVENTTYPE_LOCK_WRLOCK :
					CLOUDABI_EVENTTYPE_LOCK_RDLOCK;
	int error;

	trace_cloudabi_wait(type, word, word, expires_at(timeout));
	error = wait_for_lock(waiter, word, timeout);
	trace_cloudabi_wake(type, word, error);
	return error;
}

/*
 * Whether a thread of this address space, @mm, runs on another processor, or is
 * queued there to run, as one to which the lock has just been handed. A program may
 * put any number into a word, and is not told by it what others do.
 */
static bool runs_elsewhere(u32 tid, const struct mm_struct *mm)
{
	struct task_struct *task;
	unsigned int state;
	bool runs = false;

	rcu_read_lock();
	task = pid_task(find_pid_ns(tid, &init_pid_ns), PIDTYPE_PID);
	if (task && READ_ONCE(task->mm) == mm) {
		state = READ_ONCE(task->__state);
		runs = (state == TASK_RUNNING || state == TASK_WAKING) &&
		       task_cpu(task) != raw_smp_processor_id();
	}
	rcu_read_unlock();
	return runs;
}

static bool is_worth_a_spin(u32 word)
{
	return word & WRLOCKED && !(word & KM) &&
	       runs_elsewhere(word & ~WRLOCKED, current->mm);
}

/*
 * Gives the thread that holds a lock for writing some time to release it. While
 * it runs that is likely to take less than to sleep and be woken would; and as
 * long as nobody waits it need not come here for it, and the lock passes from
 * one thread to the other without the scheduler. Nobody else must want to run
 * here meanwhile.
 */
static void spin_on_owner(u32 __user *word)
{
	unsigned int rounds = SPINS;
	u32 value;

	while (rounds-- && single_task_running() && !word_read(word, &value) &&
	       is_worth_a_spin(value))
		cpu_relax();
}

static int lock_by_key(const struct identity *key, enum wait_kind kind,
		       u32 __user *word, const struct cloudabi_timeout *timeout)
{
	struct waiter waiter;
	int result;

	/* A time that may be over already is not to be spent so. */
	if (expires_at(timeout) == KTIME_MAX)
		spin_on_owner(word);
	waiter_init(&waiter, key);
	do {
		result = take(&waiter, key, kind, word);
	} while (result < 0 && must_try_again(result, word, word));
	if (result != MUST_SLEEP)
		return result;
	return wait_for_lock_traced(&waiter, kind, word, timeout);
}

/**
 * cloudabi_futex_lock() - Take a lock, waiting for it if it must.
 * @lock: the lock.
 * @scope: who shares it.
 * @write: whether for writing; else for reading.
 * @timeout: when to give up, or NULL for never. One attempt is made even if that
 *	is over.
 *
 * Context: Process context, may sleep.
 * Return: 0; -ETIMEDOUT; -ERESTARTSYS if a signal came, -EDEADLK if the thread
 * holds it for writing and wants to do so; -EINVAL for an unknown scope, a word
 * that is not aligned, or one that has KM set although nobody waits; -EFAULT.
 */
int cloudabi_futex_lock(cloudabi_lock_t __user *lock, cloudabi_scope_t scope,
			bool write, const struct cloudabi_timeout *timeout)
{
	struct identity key;
	int error;

	error = identity_get(lock, scope, &key);
	if (error)
		return error;
	error = lock_by_key(&key, write ? FOR_WRITING : FOR_READING, lock,
			    timeout);
	identity_put(&key);
	return error;
}

/* Condition variables */

/* All waiters of a condition variable want the same lock in the end. */
static bool has_other_lock(struct bucket *bucket,
			   const struct identity *condvar,
			   const struct identity *lock)
{
	struct waiter *waiter = first_of_kind(bucket, condvar, ON_CONDVAR);

	return waiter && !identity_equal(waiter->lock_key, lock);
}

/* Releases the lock and queues on the condition variable, in one step. */
static int release_and_enqueue(struct waiter *waiter,
			       const struct identity *condvar,
			       u32 __user *condvar_word, u32 __user *lock_word)
{
	struct bucket *to = bucket_of(condvar);
	struct bucket *from = bucket_of(waiter->lock_key);
	int error = -EINVAL;

	lock_two(to, from);
	if (!has_other_lock(to, condvar, waiter->lock_key))
		error = word_write(condvar_word, HAS_WAITERS);
	if (!error) {
		error = hand_over(from, waiter->lock_key, lock_word);
		if (!error)
			enqueue(to, waiter, condvar, ON_CONDVAR);
		else if (!first_of_kind(to, condvar, ON_CONDVAR))
			word_write(condvar_word, 0);
	}
	unlock_two(to, from);
	return error;
}

/*
 * Takes a waiter off its condition variable, whose word has to say first that
 * nobody else is there. Nothing to do if it has been moved to the lock.
 */
static int try_leave_condvar(struct bucket *bucket, struct waiter *waiter,
			     u32 __user *word)
{
	int error;

	if (waiter->kind != ON_CONDVAR)
		return 0;
	if (count_of_kind(bucket, waiter->key, ON_CONDVAR) == 1) {
		error = word_write(word, 0);
		if (error)
			return error;
	}
	list_del_init(&waiter->node);
	return 0;
}

/* True if the waiter has been moved to the lock before it could leave. */
static bool leave_condvar(struct waiter *waiter, u32 __user *word)
{
	struct bucket *bucket;
	bool moved, again;
	int error;

	do {
		bucket = lock_bucket_of(waiter);
		error = try_leave_condvar(bucket, waiter, word);
		spin_unlock(&bucket->lock);
		again = error && must_try_again(error, word, word);
	} while (again);

	/* A word that is out of reach goes on saying that somebody waits. */
	bucket = lock_bucket_of(waiter);
	moved = waiter->kind != ON_CONDVAR;
	if (!moved)
		list_del_init(&waiter->node);
	spin_unlock(&bucket->lock);
	return moved;
}

/*
 * Waits on a condition variable until the waiter owns its lock again, or has
 * left without it: then the result is an error.
 */
static int wait_on_condvar(struct waiter *waiter, u32 __user *condvar_word,
			   u32 __user *lock_word,
			   const struct cloudabi_timeout *timeout)
{
	int slept = sleep(waiter, timeout);

	/* Signalled: what is left is to wait for the lock, however long. */
	if (!slept || leave_condvar(waiter, condvar_word))
		return wait_for_lock(waiter, lock_word, NULL);
	return slept;
}

/**
 * cloudabi_futex_wait() - Wait on a condition variable.
 * @condvar: the condition variable.
 * @condvar_scope: who shares it.
 * @lock: a lock that the thread holds for writing: released while it waits and
 *	held again afterwards.
 * @lock_scope: who shares it.
 * @timeout: when to give up, or NULL for never.
 * @released: set if this fails after it has released the lock, which the caller
 *	must take again.
 *
 * Context: Process context, may sleep.
 * Return: 0; -ETIMEDOUT or -ERESTARTSYS with @released set; -EPERM if the thread
 * does not hold the lock; -EINVAL for an unknown scope, a word that is not
 * aligned, or if others wait on it with another lock; -EFAULT.
 */
int cloudabi_futex_wait(cloudabi_condvar_t __user *condvar,
			cloudabi_scope_t condvar_scope,
			cloudabi_lock_t __user *lock,
			cloudabi_scope_t lock_scope,
			const struct cloudabi_timeout *timeout, bool *released)
{
	struct identity condvar_key, lock_key;
	struct waiter waiter;
	int error;

	*released = false;
	error = identity_get(condvar, condvar_scope, &condvar_key);
	if (error)
		return error;
	error = identity_get(lock, lock_scope, &lock_key);
	if (error)
		goto put_condvar;

	waiter_init(&waiter, &lock_key);
	do {
		error = release_and_enqueue(&waiter, &condvar_key, condvar,
					    lock);
	} while (error && must_try_again(error, condvar, lock));
	if (!error) {
		trace_cloudabi_wait(CLOUDABI_EVENTTYPE_CONDVAR, condvar, lock,
				    expires_at(timeout));
		error = wait_on_condvar(&waiter, condvar, lock, timeout);
		trace_cloudabi_wake(CLOUDABI_EVENTTYPE_CONDVAR, condvar, error);
		*released = error;
	}
	identity_put(&lock_key);
put_condvar:
	identity_put(&condvar_key);
	return error;
}

/*
 * Locks the bucket of a condition variable together with the one of the lock
 * that its waiters want, if it has any.
 */
static struct bucket *lock_both(struct bucket *condvar_bucket,
				const struct identity *condvar)
	__acquires(&condvar_bucket->lock) __acquires(lock_bucket->lock)
{
	struct bucket *wanted, *lock_bucket = condvar_bucket;
	struct waiter *waiter;

	for (;;) {
		lock_two(condvar_bucket, lock_bucket);
		waiter = first_of_kind(condvar_bucket, condvar, ON_CONDVAR);
		if (!waiter)
			return lock_bucket;
		wanted = bucket_of(waiter->lock_key);
		if (wanted == lock_bucket)
			return lock_bucket;
		unlock_two(condvar_bucket, lock_bucket);
		lock_bucket = wanted;
	}
}

/* Has the first waiter of a lock that was not managed see about it. */
static void start_managing(struct bucket *bucket, struct waiter *waiter)
{
	const struct identity *key = waiter->key;

	if (!key->file && key->object == current->mm) {
		WRITE_ONCE(waiter->state, CONTENDING);
		if (contend(bucket, waiter,
			    (u32 __user *)(unsigned long)key->offset) >= 0)
			return;
	}
	make_contending(waiter);
}

/* Moves waiters of a condition variable to the lock that they want. */
static void requeue(struct bucket *from, struct bucket *to,
		    const struct identity *condvar, cloudabi_nthreads_t count)
{
	struct waiter *first = first_of_kind(from, condvar, ON_CONDVAR);
	bool managed = first_for_lock(to, first->lock_key);
	struct waiter *waiter, *next;

	/* One pass: those that were moved within a bucket do not match again. */
	list_for_each_entry_safe(waiter, next, &from->waiters, node) {
		if (!is_queued_for(waiter, condvar, ON_CONDVAR))
			continue;
		if (!count--)
			break;
		list_del(&waiter->node);
		enqueue(to, waiter, waiter->lock_key, FOR_WRITING);
	}
	if (!managed)
		start_managing(to, first);
}

static int signal_condvar(const struct identity *condvar, u32 __user *word,
			  cloudabi_nthreads_t count)
{
	struct bucket *from = bucket_of(condvar);
	struct bucket *to = lock_both(from, condvar);
	u32 waiting = count_of_kind(from, condvar, ON_CONDVAR);
	int error = 0;

	/* Without waiters the word is nobody's business, and may be gone. */
	if (waiting && count >= waiting)
		error = word_write(word, 0);
	if (waiting && !error)
		requeue(from, to, condvar, count);
	unlock_two(from, to);
	return error;
}

/**
 * cloudabi_call_lock_unlock() - Release a lock that is held for writing.
 * @lock: the lock.
 * @scope: who shares it.
 *
 * Context: Process context, may sleep for a page fault.
 * Return: what cloudabi_futex_unlock() returns.
 */
int cloudabi_call_lock_unlock(cloudabi_lock_t __user *lock,
			      cloudabi_scope_t scope)
{
	return cloudabi_futex_unlock(lock, scope);
}

/**
 * cloudabi_call_condvar_signal() - Let threads that wait on a condition
 * variable go on.
 * @condvar: the condition variable.
 * @scope: who shares it.
 * @nwaiters: how many, at the most; in the order in which they came.
 *
 * They go on one after the other, each with the lock that it has released.
 *
 * Context: Process context, may sleep for a page fault.
 * Return: 0, also if nobody waits; -EINVAL for an unknown scope or a word that
 * is not aligned; -EFAULT.
 */
int cloudabi_call_condvar_signal(cloudabi_condvar_t __user *condvar,
				 cloudabi_scope_t scope,
				 cloudabi_nthreads_t nwaiters)
{
	struct identity key;
	int error;

	if (!nwaiters)
		return 0;
	error = identity_get(condvar, scope, &key);
	if (error)
		return error;
	do {
		error = signal_condvar(&key, condvar, nwaiters);
	} while (error && must_try_again(error, condvar, condvar));
	identity_put(&key);
	return error;
}

/**
 * cloudabi_futex_init() - Make the buckets.
 *
 * Return: 0, -ENOMEM.
 */
int cloudabi_futex_init(void)
{
	unsigned int count =
		roundup_pow_of_two(BUCKETS_PER_CPU * num_possible_cpus());
	unsigned int i;

	buckets = kvcalloc(count, sizeof(*buckets), GFP_KERNEL);
	if (!buckets)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		spin_lock_init(&buckets[i].lock);
		INIT_LIST_HEAD(&buckets[i].waiters);
	}
	bucket_mask = count - 1;
	bucket_seed = get_random_u32();
	return 0;
}

/**
 * cloudabi_futex_exit() - Free the buckets. Nobody can be waiting.
 */
void cloudabi_futex_exit(void)
{
	kvfree(buckets);
}

#ifdef CONFIG_CLOUDABI_KUNIT_TEST

#include <kunit/test.h>
#include <linux/kthread.h>

#define A_LOCK 0
#define ANOTHER_LOCK 1

/* Queues without words: a bucket, two locks, and waiters of the testing thread. */
struct queue {
	struct bucket bucket;
	struct identity locks[2];
	struct waiter waiters[6];
	unsigned int used;
};

static struct queue *new_queue(struct kunit *test)
{
	struct queue *queue = kunit_kzalloc(test, sizeof(*queue), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, queue);
	spin_lock_init(&queue->bucket.lock);
	INIT_LIST_HEAD(&queue->bucket.waiters);
	queue->locks[A_LOCK] = (struct identity){ .object = queue };
	queue->locks[ANOTHER_LOCK] =
		(struct identity){ .object = queue, .offset = 4 };
	return queue;
}

/* Ids are 100, 101 and so on. */
static struct waiter *add(struct queue *queue, unsigned int lock,
			  enum wait_kind kind)
{
	struct waiter *waiter = &queue->waiters[queue->used];

	waiter_init(waiter, &queue->locks[lock]);
	waiter->tid = 100 + queue->used++;
	enqueue(&queue->bucket, waiter, &queue->locks[lock], kind);
	return waiter;
}

static u32 next_word(struct queue *queue)
{
	const struct identity *key = &queue->locks[A_LOCK];

	return word_for_next(&queue->bucket, key,
			     first_of_kind(&queue->bucket, key, FOR_WRITING));
}

static void identities_are_told_apart(struct kunit *test)
{
	struct identity a = { .object = test, .offset = 8 };
	struct identity b = a;

	KUNIT_EXPECT_TRUE(test, identity_equal(&a, &b));
	b.offset = 12;
	KUNIT_EXPECT_FALSE(test, identity_equal(&a, &b));
	b.offset = 8 | 1ULL << 32;
	KUNIT_EXPECT_FALSE(test, identity_equal(&a, &b));
	b = a;
	b.object = &a;
	KUNIT_EXPECT_FALSE(test, identity_equal(&a, &b));
}

static void free_locks_can_be_taken(struct kunit *test)
{
	static const struct {
		u32 word;
		bool write;
		bool read;
	} rows[] = {
		{ 0, true, true },
		{ 1, false, true },
		{ COUNT_MAX - 1, false, true },
		{ COUNT_MAX, false, false },
		{ WRLOCKED | 7, false, false },
		{ WRLOCKED, false, false },
	};
	struct waiter waiter = { .tid = 7 };
	size_t i;
	u32 taken;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		KUNIT_EXPECT_EQ(test, rows[i].write,
				can_take(rows[i].word, &waiter, FOR_WRITING,
					 &taken));
		KUNIT_EXPECT_EQ(test, taken, WRLOCKED | 7);
		KUNIT_EXPECT_EQ(test, rows[i].read,
				can_take(rows[i].word, &waiter, FOR_READING,
					 &taken));
		KUNIT_EXPECT_EQ(test, taken, rows[i].word + 1);
	}
}

static void writers_go_first_in_order(struct kunit *test)
{
	struct queue *queue = new_queue(test);
	struct bucket *bucket = &queue->bucket;
	const struct identity *key = &queue->locks[A_LOCK];
	struct waiter *reader, *first, *second;

	spin_lock(&bucket->lock);
	KUNIT_EXPECT_NULL(test, first_for_lock(bucket, key));
	add(queue, ANOTHER_LOCK, FOR_WRITING);
	add(queue, A_LOCK, ON_CONDVAR);
	KUNIT_EXPECT_NULL(test, first_for_lock(bucket, key));
	reader = add(queue, A_LOCK, FOR_READING);
	KUNIT_EXPECT_PTR_EQ(test, first_for_lock(bucket, key), reader);
	first = add(queue, A_LOCK, FOR_WRITING);
	second = add(queue, A_LOCK, FOR_WRITING);
	KUNIT_EXPECT_PTR_EQ(test, first_for_lock(bucket, key), first);
	grant(first);
	KUNIT_EXPECT_EQ(test, first->state, GRANTED);
	KUNIT_EXPECT_PTR_EQ(test, first_for_lock(bucket, key), second);
	grant(second);
	KUNIT_EXPECT_PTR_EQ(test, first_for_lock(bucket, key), reader);
	spin_unlock(&bucket->lock);
}

static void words_tell_who_is_next(struct kunit *test)
{
	struct queue *queue = new_queue(test);
	struct bucket *bucket = &queue->bucket;
	struct waiter *writer;

	spin_lock(&bucket->lock);
	KUNIT_EXPECT_EQ(test, next_word(queue), 0U);
	add(queue, ANOTHER_LOCK, FOR_READING);
	add(queue, ANOTHER_LOCK, FOR_WRITING);
	KUNIT_EXPECT_EQ(test, next_word(queue), 0U);
	writer = add(queue, A_LOCK, FOR_WRITING);
	KUNIT_EXPECT_EQ(test, next_word(queue), WRLOCKED | 102);
	add(queue, A_LOCK, FOR_READING);
	KUNIT_EXPECT_EQ(test, next_word(queue), KM | WRLOCKED | 102);
	grant(writer);
	KUNIT_EXPECT_EQ(test, next_word(queue), 1U);
	add(queue, A_LOCK, FOR_READING);
	KUNIT_EXPECT_EQ(test, next_word(queue), 2U);
	spin_unlock(&bucket->lock);
}

static void readers_are_granted_together(struct kunit *test)
{
	struct queue *queue = new_queue(test);
	struct bucket *bucket = &queue->bucket;
	struct waiter *first, *other, *second;

	spin_lock(&bucket->lock);
	first = add(queue, A_LOCK, FOR_READING);
	other = add(queue, ANOTHER_LOCK, FOR_READING);
	second = add(queue, A_LOCK, FOR_READING);
	grant_readers(bucket, &queue->locks[A_LOCK]);
	KUNIT_EXPECT_EQ(test, first->state, GRANTED);
	KUNIT_EXPECT_EQ(test, second->state, GRANTED);
	KUNIT_EXPECT_EQ(test, other->state, WAITING);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&bucket->waiters));
	spin_unlock(&bucket->lock);
}

static void contending_is_handed_on(struct kunit *test)
{
	struct queue *queue = new_queue(test);
	struct bucket *bucket = &queue->bucket;
	const struct identity *key = &queue->locks[A_LOCK];
	struct waiter *first, *second, *writer;

	spin_lock(&bucket->lock);
	first = add(queue, A_LOCK, FOR_READING);
	second = add(queue, A_LOCK, FOR_READING);
	first->state = CONTENDING;
	KUNIT_EXPECT_TRUE(test, has_contender(bucket, key));
	KUNIT_EXPECT_EQ(test, managed_without(bucket, first), KM);
	dequeue(bucket, first);
	KUNIT_EXPECT_EQ(test, first->state, WAITING);
	KUNIT_EXPECT_EQ(test, second->state, CONTENDING);
	KUNIT_EXPECT_EQ(test, managed_without(bucket, second), 0U);

	/* A writer that comes goes first; no word is looked at for that. */
	writer = add(queue, A_LOCK, FOR_WRITING);
	KUNIT_EXPECT_EQ(test, contend(bucket, second, NULL), MUST_SLEEP);
	KUNIT_EXPECT_EQ(test, second->state, WAITING);
	KUNIT_EXPECT_EQ(test, writer->state, CONTENDING);
	dequeue(bucket, second);
	dequeue(bucket, writer);
	KUNIT_EXPECT_FALSE(test, has_contender(bucket, key));
	KUNIT_EXPECT_TRUE(test, list_empty(&bucket->waiters));
	spin_unlock(&bucket->lock);
}

/* Runs all the time, but for who else wants to. */
static int run_until_stopped(void *unused)
{
	while (!kthread_should_stop())
		cond_resched();
	return 0;
}

/* Neither this thread nor the other one has an address space. */
static void runners_elsewhere_are_seen(struct kunit *test)
{
	const struct mm_struct *foreign = (const void *)test;
	unsigned int here = cpumask_first(cpu_online_mask);
	unsigned int there = cpumask_next(here, cpu_online_mask);
	struct task_struct *runner;
	u32 tid;

	if (there >= nr_cpu_ids)
		kunit_skip(test, "this takes two processors");
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(here)),
			0);
	runner = kthread_create(run_until_stopped, NULL, "cloudabi_runner");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, runner);
	kthread_bind(runner, there);
	wake_up_process(runner);
	tid = task_pid_nr(runner);
	KUNIT_EXPECT_TRUE(test, runs_elsewhere(tid, NULL));
	KUNIT_EXPECT_FALSE(test, runs_elsewhere(tid, foreign));
	KUNIT_EXPECT_FALSE(test, runs_elsewhere(0, NULL));
	KUNIT_EXPECT_FALSE(test, runs_elsewhere(task_pid_nr(current), NULL));
	KUNIT_EXPECT_TRUE(test, is_worth_a_spin(WRLOCKED | tid));
	KUNIT_EXPECT_FALSE(test, is_worth_a_spin(KM | WRLOCKED | tid));
	KUNIT_EXPECT_FALSE(test, is_worth_a_spin(tid));
	kthread_stop(runner);
}

static struct kunit_case futex_cases[] = {
	KUNIT_CASE(identities_are_told_apart),
	KUNIT_CASE(free_locks_can_be_taken),
	KUNIT_CASE(writers_go_first_in_order),
	KUNIT_CASE(words_tell_who_is_next),
	KUNIT_CASE(readers_are_granted_together),
	KUNIT_CASE(contending_is_handed_on),
	KUNIT_CASE(runners_elsewhere_are_seen),
	{},
};

static struct kunit_suite futex_suite = {
	.name = "cloudabi_futex",
	.test_cases = futex_cases,
};

kunit_test_suite(futex_suite);

#endif /* CONFIG_CLOUDABI_KUNIT_TEST */
