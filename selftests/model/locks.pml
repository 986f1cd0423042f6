/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A model of locks and condition variables: of what module/futex.c does to a
 * word and its waiters, and of what programs do to the word on their own
 * meanwhile. See Documentation/locks.rst; ./run has spin search all states.
 *
 * One lock, one condition variable, THREADS threads. What the threads do is said
 * by one of
 *
 *	-DSCENARIO_LOCK		take the lock for writing or reading, also twice
 *	-DSCENARIO_CONDVAR	consumers of what a producer makes, and a writer
 *	-DSCENARIO_ONCE		wait for a holder, then store 0
 *	-DSCENARIO_JOIN		wait for a holder, then free the lock
 *
 * and each may time out, be stopped and go on, or be killed wherever it sleeps,
 * as often as INTERRUPTS says for all together. -DBREAK_... makes one mistake;
 * the list is in ./run.
 *
 * What is atomic. The kernel works under the lock of a bucket, so that its steps
 * do not mix with each other; and programs see nothing of a step but the stores
 * to their words. So a step with one store is atomic, one with two is two, with
 * `bucket` held in between. A compare and exchange that fails is made anew with
 * the new value and has had no effect: the step happens where it succeeds.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef THREADS
#define THREADS 3
#endif
#ifndef INTERRUPTS
#define INTERRUPTS 1
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif

/* Kinds and states of a waiter, as in futex.c. */
#define NOT_QUEUED 0
#define ON_CONDVAR 1
#define FOR_WRITING 2
#define FOR_READING 3

#define WAITING 0
#define CONTENDING 1
#define GRANTED 2

/* Why a sleep ended, if not by a change of the state. */
#define NOT_INTERRUPTED 0
#define TIMED_OUT 1
#define STOPPED 2
#define KILLED 3

/* --- What there is -------------------------------------------------------- */

/* The word of the lock: a writer's id or the number of readers, and KM. */
byte owner;
byte readers;
bool km;

/* The word of the condition variable. */
bool condvar;

/* The bucket: its spinlock, held between two stores, and all waiters in order. */
bool bucket;
byte queue[THREADS];
byte queued;
byte orphans;

/* By thread; 0 is none. */
byte kind[THREADS + 1];
byte state[THREADS + 1];

/* Bounds and bookkeeping of the model, which nobody's decisions depend on. */
byte interrupts = INTERRUPTS;
byte items;
byte writing, reading;
byte finished;
bool gone;

/* For calculations within a step. */
hidden byte i, first, count, target, budget;
hidden byte managed;

/* --- Queues --------------------------------------------------------------- */

inline enqueue(who, what)
{
	queue[queued] = who;
	queued++;
	kind[who] = what;
	state[who] = WAITING
}

inline dequeue(who)
{
	i = 0;
	do
	:: i < queued && queue[i] != who -> i++
	:: else -> break
	od;
	assert(i < queued);
	queued--;
	do
	:: i < queued -> queue[i] = queue[i + 1]; i++
	:: else -> break
	od;
	queue[queued] = 0;
	kind[who] = NOT_QUEUED
}

/* Leaves the first waiter of a kind in `first`, and their number in `count`. */
inline find(what)
{
	first = 0;
	count = 0;
	i = queued;
	do
	:: i > 0 ->
		i--;
		if
		:: kind[queue[i]] == what -> first = queue[i]; count++
		:: else
		fi
	:: else -> break
	od
}

/* Whose turn is next, in `first`. */
inline find_next()
{
	find(FOR_WRITING);
	if
	:: !first -> find(FOR_READING)
	:: else
	fi
}

/* The number of waiters for the lock but one, in `count`. */
inline count_others(who)
{
	count = 0;
	i = 0;
	do
	:: i < queued ->
		if
		:: queue[i] != who && kind[queue[i]] >= FOR_WRITING -> count++
		:: else
		fi;
		i++
	:: else -> break
	od
}

/* The number of contending waiters, in `count`. */
inline count_contending()
{
	count = 0;
	i = 0;
	do
	:: i < queued ->
		if
		:: state[queue[i]] == CONTENDING -> count++
		:: else
		fi;
		i++
	:: else -> break
	od
}

inline grant(who)
{
	dequeue(who);
	state[who] = GRANTED
}

inline grant_readers()
{
	find(FOR_READING);
	do
	:: first -> grant(first); find(FOR_READING)
	:: else -> break
	od
}

/* What holds whenever the bucket is free. */
inline check_invariant()
{
	count_contending();
	assert(count <= 1);
	first = count;
	count_others(0);
	assert(count == 0 || km || first);
	assert(!km || count > 0 || orphans > 0);
	find(ON_CONDVAR);
	assert(condvar == (count > 0));
	first = 0;
	count = 0;
	i = 0
}

/* --- The kernel: taking and releasing ------------------------------------- */

#define WORD_IS_THERE	assert(!gone)

/* take() of futex.c. Afterwards kind[] tells whether the thread must sleep. */
inline take(me, what)
{
	WORD_IS_THERE;
	find_next();
	if
	:: first ->
		enqueue(me, what);
		count_contending();
		if
		:: !km && count == 0 ->
			find_next();
			state[first] = CONTENDING
		:: else
		fi
	:: else ->
		if
		:: km ->
			/* An error only for who has made it. */
			assert(orphans > 0);
			orphans--;
			km = false
		:: else
		fi;
		if
		:: what == FOR_WRITING && !owner && !readers -> owner = me
		:: what == FOR_READING && !owner -> readers++
		:: else ->
			km = true;
			enqueue(me, what)
		fi
	fi
}

/* contend_once(): also on behalf of another thread. */
inline contend(who)
{
	WORD_IS_THERE;
	find_next();
	state[who] = WAITING;
	if
	:: first != who ->
		state[first] = CONTENDING
	:: first == who && kind[who] == FOR_WRITING && !owner && !readers ->
		count_others(who);
		owner = who;
		km = count > 0;
		grant(who)
	:: first == who && kind[who] == FOR_READING && !owner ->
		find(FOR_READING);
		readers = readers + count;
		km = false;
		grant_readers()
	:: else ->
		km = true
	fi
}

/* The store of hand_over(), without which nobody is granted anything. */
inline store_next()
{
	WORD_IS_THERE;
	find(FOR_WRITING);
	if
	:: first ->
		count_others(first);
		owner = first;
#ifdef BREAK_KM_LOST
		km = false
#else
		km = count > 0
#endif
	:: else ->
		find(FOR_READING);
		owner = 0;
		readers = count;
		km = false
	fi
}

inline grant_next()
{
	find(FOR_WRITING);
	if
	:: first ->
		grant(first);
#ifdef BREAK_WAKE_TWO
		find(FOR_WRITING);
		if
		:: first -> grant(first)
		:: else
		fi
#endif
	:: else ->
		grant_readers()
	fi
}

/* After BREAK_ORDER the store comes when the next owner runs already. */
inline kernel_unlock(me)
{
#ifdef BREAK_ORDER
	atomic {
		!bucket ->
		find(FOR_WRITING);
		next = first;
		if
		:: next -> grant(next)
		:: else -> store_next(); grant_next()
		fi
	};
	atomic {
		!bucket ->
		if
		:: next -> owner = next; count_others(0); km = count > 0
		:: else
		fi
	}
#else
	atomic {
		!bucket ->
		/* No EPERM for a program without faults. */
		assert(owner == me && !readers);
		store_next();
		grant_next();
		check_invariant()
	}
#endif
#ifdef BREAK_TOUCH
	;
	atomic {
		!bucket ->
		WORD_IS_THERE;
		count_others(0);
		if
		:: !count -> km = false
		:: else
		fi
	}
#endif
}

/* --- The kernel: sleeping for a lock -------------------------------------- */

/* A signal stays pending: once stopped or killed, no sleep is a long one. */
inline sleep(me, may_time_out)
{
	if
	:: atomic { state[me] != WAITING -> skip }
	:: atomic { why >= STOPPED -> skip }
	:: atomic {
			interrupts && may_time_out && !why ->
			interrupts--;
			why = TIMED_OUT
		}
	:: atomic { interrupts && !why -> interrupts--; why = STOPPED }
	:: atomic { interrupts && !why && mortal -> interrupts--; why = KILLED }
	fi
}

/* dequeue() of futex.c: somebody else has to see about the lock then. */
inline leave_queue(me)
{
	dequeue(me);
	if
	:: state[me] == CONTENDING ->
		state[me] = WAITING;
#ifndef BREAK_HAND_ON
		find_next();
		if
		:: first -> state[first] = CONTENDING
		:: else
		fi
#endif
	:: else
	fi
}

/* leave(); it may have been given the lock at the last moment. */
inline leave(me)
{
	atomic {
		!bucket ->
		if
		:: state[me] == GRANTED ->
#ifdef BREAK_LAST_MOMENT
			skip
#else
			why = NOT_INTERRUPTED
#endif
		:: else ->
			count_others(me);
			if
			:: count -> leave_queue(me)
			:: !count ->
				WORD_IS_THERE;
#ifndef BREAK_KM_KEPT
				km = false;
#endif
				leave_queue(me)
			/* The page of the word cannot be brought in. */
			:: !count && why == KILLED ->
				orphans++;
				leave_queue(me)
			fi
		fi;
		check_invariant()
	}
}

/* Ends with the lock, or with `why` not. */
inline wait_for_lock(me, may_time_out)
{
	do
	::	sleep(me, may_time_out);
		atomic {
			!bucket ->
			if
			:: state[me] == CONTENDING -> contend(me)
			/* The page of the word cannot be brought in. */
			:: state[me] == CONTENDING && why == KILLED -> skip
			:: else
			fi;
			check_invariant();
			if
			:: state[me] == GRANTED -> why = NOT_INTERRUPTED; break
			:: else
			fi
		};
		if
		:: why -> leave(me); break
		:: else
		fi
	od
}

/* The call. A thread that was stopped makes it again. */
inline kernel_lock(me, what, may_time_out)
{
	do
	::	why = NOT_INTERRUPTED;
		atomic {
			!bucket ->
			state[me] = WAITING;
			take(me, what);
			check_invariant();
			if
			:: kind[me] == NOT_QUEUED -> break
			:: else
			fi
		};
		wait_for_lock(me, may_time_out);
		if
		:: why != STOPPED -> break
		:: else
		fi
	od
}

/* --- The kernel: condition variables -------------------------------------- */

/* release_and_enqueue() */
inline release_and_enqueue(me)
{
#ifdef BREAK_CONDVAR_LATE
	atomic { !bucket -> store_next(); grant_next() };
	atomic { !bucket -> condvar = true; enqueue(me, ON_CONDVAR) }
#else
	atomic {
		!bucket ->
		assert(owner == me && !readers);
		bucket = true;
		condvar = true
	};
	atomic {
		store_next();
		grant_next();
		enqueue(me, ON_CONDVAR);
		bucket = false;
		check_invariant()
	}
#endif
}

/* leave_condvar(): `moved` if the waiter waits for the lock by now. */
inline leave_condvar(me)
{
	atomic {
		!bucket ->
		moved = kind[me] != ON_CONDVAR;
		if
		:: !moved ->
			find(ON_CONDVAR);
			if
			:: count == 1 -> condvar = false
			:: else
			fi;
			dequeue(me)
		:: else
		fi;
		check_invariant()
	}
}

/* The call, which always ends with the lock, but for a thread that is killed. */
inline kernel_wait(me)
{
	why = NOT_INTERRUPTED;
	release_and_enqueue(me);
	sleep(me, true);
	moved = true;
	if
	:: why -> leave_condvar(me)
	:: else
	fi;
	timed_out = why == TIMED_OUT && !moved;
	if
	:: moved ->
		if
		:: why == TIMED_OUT -> why = NOT_INTERRUPTED
		:: else
		fi;
		wait_for_lock(me, false)
	:: else
	fi;
	if
	:: why == TIMED_OUT || why == STOPPED ->
		kernel_lock(me, FOR_WRITING, false)
	:: else
	fi
}

/* requeue(): the first one contends, or the signaller does it in its place. */
inline requeue(limit)
{
	find_next();
	managed = first > 0;
	find(ON_CONDVAR);
	target = first;
	budget = limit;
	do
	:: budget && first ->
		dequeue(first);
		enqueue(first, FOR_WRITING);
		budget--;
		find(ON_CONDVAR)
	:: else -> break
	od;
	if
	:: managed -> skip
#ifndef BREAK_CONTEND
	:: !managed -> contend(target)
	:: !managed -> state[target] = CONTENDING
#else
	:: !managed -> skip
#endif
	fi;
	managed = 0;
	target = 0;
	budget = 0
}

inline kernel_signal(limit)
{
	atomic {
		!bucket ->
		find(ON_CONDVAR);
		waited_for = count > 0;
		bucket = waited_for;
		if
#ifdef BREAK_CONDVAR_CLEARED
		:: waited_for -> condvar = false
#else
		:: waited_for && limit >= count -> condvar = false
#endif
		:: else
		fi
	};
	if
	:: waited_for ->
		atomic {
			requeue(limit);
			bucket = false;
			check_invariant()
		}
	:: else
	fi
}

/* --- Programs, between the calls ------------------------------------------ */

/* They may also make the call where they need not: they have looked too early. */
inline lock_for_writing(me, may_time_out)
{
	why = NOT_INTERRUPTED;
	if
	:: atomic { !owner && !readers && !km -> WORD_IS_THERE; owner = me }
	:: kernel_lock(me, FOR_WRITING, may_time_out)
	fi
}

inline lock_for_reading(me, may_time_out)
{
	why = NOT_INTERRUPTED;
	if
	:: atomic { !owner && !km -> WORD_IS_THERE; readers++ }
	:: kernel_lock(me, FOR_READING, may_time_out)
	fi
}

/* Who reads already may go on counting behind the kernel's back. */
inline lock_for_reading_again(me)
{
	atomic { assert(!owner && readers); readers++ }
}

inline unlock_for_writing(me)
{
	if
	:: atomic { owner == me && !km -> WORD_IS_THERE; owner = 0 }
	:: kernel_unlock(me)
	fi
}

/* The last reader of a managed lock becomes its writer, to release it. */
inline unlock_for_reading(me)
{
	if
	:: atomic { readers == 1 && km -> WORD_IS_THERE; readers = 0; owner = me };
		kernel_unlock(me)
	:: atomic { !(readers == 1 && km) -> WORD_IS_THERE; readers-- }
	fi
}

inline write(me)
{
	atomic {
		assert(owner == me && !readers && !writing && !reading);
		writing++
	};
	atomic { assert(owner == me && !readers && !reading); writing-- }
}

inline start_reading(me)
{
	atomic { assert(!owner && readers && !writing); reading++ }
}

inline stop_reading(me)
{
	atomic { assert(!owner && readers && !writing); reading-- }
}

inline signal(limit)
{
	if
	:: condvar -> kernel_signal(limit)
	:: else
	fi
}

/* --- Scenarios ------------------------------------------------------------ */

inline take_turns(me)
{
	do
	:: round < ROUNDS ->
		round++;
		if
		::	lock_for_writing(me, true);
			if
			:: !why -> write(me); unlock_for_writing(me)
			:: else
			fi
		::	lock_for_reading(me, true);
			if
			:: !why ->
				start_reading(me);
				if
				:: skip
				::	lock_for_reading_again(me);
					unlock_for_reading(me)
				fi;
				stop_reading(me);
				unlock_for_reading(me)
			:: else
			fi
		fi;
		if
		:: why == KILLED -> break
		:: else
		fi
	:: else -> break
	od
}

/* Takes one item, unless it is late. */
inline consume(me)
{
	lock_for_writing(me, false);
	do
	:: why == KILLED -> break
	:: why != KILLED && !items && !timed_out -> kernel_wait(me)
	:: why != KILLED && (items || timed_out) ->
		write(me);
		if
		:: items -> items--
		:: else
		fi;
		unlock_for_writing(me);
		break
	od
}

/* Two items at once or one after the other, told with the lock or without it. */
inline produce(me)
{
	mortal = false;
	if
	:: batch = 1
	:: batch = 2
	fi;
	do
	:: round < 2 ->
		round = round + batch;
		lock_for_writing(me, false);
		write(me);
		items = items + batch;
		if
		:: signal(batch); unlock_for_writing(me)
		:: unlock_for_writing(me); signal(batch)
		fi
	:: else -> break
	od
}

inline write_once(me)
{
	lock_for_writing(me, false);
	if
	:: !why -> write(me); unlock_for_writing(me)
	:: else
	fi
}

/* What the waiters of pthread_once() do, and the only one of pthread_join(). */
inline await_holder(me)
{
	if
	:: owner -> kernel_lock(me, FOR_READING, false)
	:: else -> why = NOT_INTERRUPTED
	fi;
	if
	:: why -> skip
	:: else ->
#ifdef SCENARIO_JOIN
		gone = true
#else
		atomic {
			assert(!owner && !km);
			readers = 0
		}
#endif
	fi
}

proctype thread(byte me)
{
	byte why = NOT_INTERRUPTED;
	byte round = 0;
	byte batch = 0;
	byte next = 0;
	bool moved = false;
	bool timed_out = false;
	bool waited_for = false;
	bool mortal = true;

#if defined(SCENARIO_LOCK)
	take_turns(me);
#elif defined(SCENARIO_CONDVAR)
	if
	:: me <= 2 -> consume(me)
	:: me == 3 -> produce(me)
	:: else -> write_once(me)
	fi;
#else
	if
	:: me == 1 -> unlock_for_writing(me)
	:: else -> await_holder(me)
	fi;
#endif
	finished++
}

init {
	atomic {
#if defined(SCENARIO_ONCE) || defined(SCENARIO_JOIN)
		owner = 1;
#endif
		i = 1;
		do
		:: i <= THREADS -> run thread(i); i++
		:: else -> break
		od;
		i = 0
	};
	/* Else this is where it hangs: somebody waits who should not. */
	finished == THREADS;
#ifndef SCENARIO_JOIN
	assert(!owner && !readers && !km && !condvar && !queued && !bucket)
#endif
}
