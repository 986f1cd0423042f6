// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors in messages.
 *
 * The kernel takes descriptors for a message by their numbers, from the table of
 * the task that sends it, and puts those of a message that is received in the
 * table of the task that receives it, telling the numbers to user memory. Rights
 * travel by themselves: what moves is the file in the slot, a native one or a
 * capability.
 *
 * Out: each descriptor is looked up once, and what shall travel of it put in a
 * table of our own (a parcel), which the kernel is shown while it sends; see
 * table.c. So no sibling thread can exchange a descriptor between the look-up
 * and the sending, and no capability that is sent needs a number of the process.
 * The kernel is shown that table only while it sends without waiting; whatever
 * waits for room in the socket has the task's own.
 *
 * In: what sock_recv must fill in anyway has room for the header of a control
 * message and twelve numbers. For more of them, or if the socket was set up by a
 * native process to tell more than descriptors, a page is mapped for the time of
 * the call. What is read back from either is no more than numbers of the
 * process: a thread that changes them meanwhile loses its own descriptors. They
 * must not be closed as long as a struct cloudabi_handle is in use.
 *
 * Whoever dies meanwhile leaves nothing: files are in the table of the process,
 * in the parcel, which is freed on the way out of the kernel, or in the message.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "passing.h"

#include <linux/file.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <net/af_unix.h>

#include "capability.h"
#include "compat/ksym.h"
#include "compat/net.h"
#include "table.h"

/**
 * struct cloudabi_parcel - Descriptors on their way out.
 * @count: how many.
 * @table: what the kernel is shown.
 * @control: the control message, which names all of them; behind @slots.
 * @slots: what is in the table, a reference each.
 */
struct cloudabi_parcel {
	unsigned int count;
	struct cloudabi_table table;
	struct cmsghdr *control;
	struct file *slots[];
};

static_assert(__alignof__(struct cmsghdr) <= __alignof__(struct file *));
static_assert(SCM_MAX_FD <= CLOUDABI_TABLE_MAX);

static void make_control(struct cloudabi_parcel *parcel)
{
	int *numbers = CMSG_DATA(parcel->control);
	unsigned int i;

	*parcel->control = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(parcel->count * sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	};
	for (i = 0; i < parcel->count; i++)
		numbers[i] = i;
}

static int fill(struct cloudabi_parcel *parcel, const cloudabi_fd_t __user *fds,
		size_t count)
{
	struct file *file;
	cloudabi_fd_t fd;

	for (; parcel->count < count; parcel->count++) {
		if (get_user(fd, &fds[parcel->count]))
			return -EFAULT;
		file = cloudabi_capability_pass(fd);
		if (IS_ERR(file))
			return PTR_ERR(file);
		parcel->slots[parcel->count] = file;
	}
	return 0;
}

/**
 * cloudabi_parcel_pack() - Get descriptors ready for being sent.
 * @fds: the descriptors, in user memory. They need no right, and may repeat.
 * @count: how many, at least one.
 *
 * Context: May sleep.
 * Return: the parcel, or an error pointer: -EINVAL for more than 253, -EFAULT,
 * -EBADF if one is not open, -ENOMEM, -ENFILE.
 */
struct cloudabi_parcel *cloudabi_parcel_pack(const cloudabi_fd_t __user *fds,
					     size_t count)
{
	struct cloudabi_parcel *parcel;
	int error;

	if (count > SCM_MAX_FD)
		return ERR_PTR(-EINVAL);
	/* No larger than it must be: kernels clear what they allocate. */
	parcel = kmalloc(struct_size(parcel, slots, count) +
				 CMSG_SPACE(count * sizeof(int)),
			 GFP_KERNEL_ACCOUNT);
	if (!parcel)
		return ERR_PTR(-ENOMEM);
	parcel->count = 0;
	parcel->control = (struct cmsghdr *)&parcel->slots[count];
	error = fill(parcel, fds, count);
	if (error) {
		cloudabi_parcel_free(parcel);
		return ERR_PTR(error);
	}
	cloudabi_table_make(&parcel->table, parcel->slots, count);
	make_control(parcel);
	return parcel;
}

/**
 * cloudabi_parcel_free() - Let go of a parcel.
 * @parcel: what cloudabi_parcel_pack() returned. What was sent of it has
 *	references of its own.
 */
void cloudabi_parcel_free(struct cloudabi_parcel *parcel)
{
	while (parcel->count)
		fput(parcel->slots[--parcel->count]);
	kfree(parcel);
}

/*
 * Leaves in the message what was not sent. Where copying fails half-way through a
 * part of a stream the kernel has used up more of it than it sends.
 */
static int send_now(struct cloudabi_parcel *parcel, struct socket *sock,
		    struct msghdr *msg)
{
	struct iov_iter start = msg->msg_iter;
	unsigned int flags = msg->msg_flags;
	struct files_struct *own;
	int done;

	msg->msg_control = parcel->control;
	msg->msg_controllen = CMSG_SPACE(parcel->count * sizeof(int));
	msg->msg_flags |= MSG_DONTWAIT;
	own = cloudabi_table_show(&parcel->table.files);
	done = sock_sendmsg(sock, msg);
	cloudabi_table_show(own);
	msg->msg_control = NULL;
	msg->msg_controllen = 0;
	msg->msg_flags = flags;
	msg->msg_iter = start;
	if (done > 0)
		iov_iter_advance(&msg->msg_iter, done);
	return done;
}

/*
 * What poll() does for one file. The time that is left is lost if the call is
 * made again; only a native process can have set one.
 */
static noinline int wait_for(struct socket *sock, __poll_t events, long timeout)
{
	struct poll_wqueues wait;
	int error = 0;

	events |= EPOLLERR | EPOLLHUP;
	poll_initwait(&wait);
	wait.pt._key = events;
	while (!(vfs_poll(sock->file, &wait.pt) & events)) {
		wait.pt._qproc = NULL;
		error = wait.error;
		if (!error && signal_pending(current))
			error = -ERESTARTSYS;
		if (!error && !timeout)
			error = -EAGAIN;
		if (error)
			break;
		set_current_state(TASK_INTERRUPTIBLE);
		if (!wait.triggered)
			timeout = schedule_timeout(timeout);
		__set_current_state(TASK_RUNNING);
		/* Whatever triggers from here on is seen by the next look. */
		smp_store_mb(wait.triggered, 0);
	}
	poll_freewait(&wait);
	return error;
}

/**
 * cloudabi_parcel_send() - Send a message with descriptors.
 * @parcel: the descriptors.
 * @sock: an AF_UNIX socket.
 * @msg: data and flags. Whether to wait is told by MSG_DONTWAIT.
 *
 * Descriptors go with the first byte of a stream; what did not fit the socket
 * together with them is left in @msg, and is to be sent without.
 *
 * Context: May sleep, and wait for room in the socket.
 * Return: how many bytes were sent, or an error: what the socket reports;
 * -ETOOMANYREFS if too many descriptors of the user are in messages;
 * -ERESTARTSYS.
 */
int cloudabi_parcel_send(struct cloudabi_parcel *parcel, struct socket *sock,
			 struct msghdr *msg)
{
	long timeout = sock_sndtimeo(sock->sk, msg->msg_flags & MSG_DONTWAIT);
	int error;
	int done;

	for (;;) {
		done = send_now(parcel, sock, msg);
		if (done != -EAGAIN || !timeout)
			return done;
		/* Whatever poll() thinks of it, this loop can be left. */
		if (signal_pending(current))
			return -ERESTARTSYS;
		error = wait_for(sock, EPOLLOUT, timeout);
		if (error)
			return error;
	}
}

/* Nothing of it shall turn up in a child that is forked meanwhile. */
static int map_page(struct cloudabi_mailbox *mailbox)
{
	unsigned long page;

	page = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(page))
		return page;
	ksym_do_madvise(current->mm, page, PAGE_SIZE, MADV_DONTFORK);
	mailbox->area = (void __user *)page;
	mailbox->size = PAGE_SIZE;
	mailbox->mapped = true;
	return 0;
}

/**
 * cloudabi_mailbox_open() - Make room for the descriptors of a message.
 * @mailbox: filled in; cloudabi_mailbox_close() must follow in any case.
 * @sock: an AF_UNIX socket.
 * @out: memory of the program that is filled in later.
 * @room: how many descriptors are wanted at most, at least one.
 *
 * Context: May sleep.
 * Return: 0, -ENOMEM, or -ERESTARTNOINTR if the process is dying.
 */
int cloudabi_mailbox_open(struct cloudabi_mailbox *mailbox,
			  const struct socket *sock,
			  cloudabi64_recv_out_t __user *out, size_t room)
{
	mailbox->room = min_t(size_t, room, SCM_MAX_FD);
	mailbox->count = 0;
	mailbox->truncated = false;
	mailbox->mapped = false;
	mailbox->fds = mailbox->few;
	if (room <= CLOUDABI_MAILBOX_FEW && !compat_sock_tells_more(sock)) {
		mailbox->area = out;
		mailbox->size = CMSG_LEN(room * sizeof(cloudabi_fd_t));
		return 0;
	}
	if (mailbox->room > CLOUDABI_MAILBOX_FEW) {
		mailbox->fds = kmalloc_array(mailbox->room,
					     sizeof(*mailbox->fds),
					     GFP_KERNEL_ACCOUNT);
		if (!mailbox->fds)
			return -ENOMEM;
	}
	return map_page(mailbox);
}

/**
 * cloudabi_mailbox_attach() - Have a message deliver its descriptors.
 * @mailbox: where to.
 * @msg: what is about to be received.
 */
void cloudabi_mailbox_attach(const struct cloudabi_mailbox *mailbox,
			     struct msghdr *msg)
{
	msg->msg_control_user = mailbox->area;
	msg->msg_control_is_user = true;
	msg->msg_controllen = mailbox->size;
	msg->msg_flags |= MSG_CMSG_CLOEXEC;
}

static void collect_one(struct cloudabi_mailbox *mailbox, cloudabi_fd_t fd)
{
	if (mailbox->count < mailbox->room) {
		mailbox->fds[mailbox->count++] = fd;
	} else {
		mailbox->truncated = true;
		close_fd(fd);
	}
}

/* A process descriptor of Linux, which nobody asked for, is not kept. */
static void collect_from(struct cloudabi_mailbox *mailbox,
			 const struct cmsghdr *header, const int __user *data)
{
	size_t count = (header->cmsg_len - sizeof(*header)) / sizeof(int);
	int fd;

	if (header->cmsg_level != SOL_SOCKET)
		return;
	for (; count; count--, data++) {
		if (get_user(fd, data)) {
			mailbox->truncated = true;
			return;
		}
		if (header->cmsg_type == SCM_RIGHTS)
			collect_one(mailbox, fd);
		else if (header->cmsg_type == SCM_PIDFD)
			close_fd(fd);
	}
}

/* It has just been written there: only a sibling thread can be in the way. */
static int read_header(struct cmsghdr *header,
		       const struct cmsghdr __user *from)
{
	if (get_user(header->cmsg_len, &from->cmsg_len) ||
	    get_user(header->cmsg_level, &from->cmsg_level) ||
	    get_user(header->cmsg_type, &from->cmsg_type))
		return -EFAULT;
	return 0;
}

/**
 * cloudabi_mailbox_collect() - Take out what has arrived.
 * @mailbox: where; its @fds, @count and @truncated are set.
 * @msg: what has been received.
 *
 * What is more than the program wants is closed. What cannot be read counts as
 * truncated.
 *
 * Context: No struct cloudabi_handle of the process may be in use.
 */
void cloudabi_mailbox_collect(struct cloudabi_mailbox *mailbox,
			      const struct msghdr *msg)
{
	size_t used = mailbox->size - msg->msg_controllen;
	struct cmsghdr header;
	size_t at;

	mailbox->truncated = msg->msg_flags & MSG_CTRUNC;
	for (at = 0; at + sizeof(header) <= used;
	     at += CMSG_ALIGN(header.cmsg_len)) {
		if (read_header(&header, mailbox->area + at) ||
		    header.cmsg_len < sizeof(header) ||
		    header.cmsg_len > used - at) {
			mailbox->truncated = true;
			break;
		}
		collect_from(mailbox, &header,
			     mailbox->area + at + sizeof(header));
	}
}

/**
 * cloudabi_mailbox_drop() - Close what was collected.
 * @mailbox: where it is.
 *
 * Context: No struct cloudabi_handle of the process may be in use.
 */
void cloudabi_mailbox_drop(struct cloudabi_mailbox *mailbox)
{
	while (mailbox->count)
		close_fd(mailbox->fds[--mailbox->count]);
}

/**
 * cloudabi_mailbox_close() - Undo cloudabi_mailbox_open().
 * @mailbox: what it was called with; what was collected stays open.
 */
void cloudabi_mailbox_close(struct cloudabi_mailbox *mailbox)
{
	if (mailbox->mapped)
		vm_munmap((unsigned long)mailbox->area, mailbox->size);
	if (mailbox->fds != mailbox->few)
		kfree(mailbox->fds);
}

/* Whether the table of the process has room for some more descriptors. */
static bool table_has_room(unsigned long count)
{
	unsigned long limit = rlimit(RLIMIT_NOFILE);
	struct fdtable *fdt;
	unsigned long used;

	rcu_read_lock();
	fdt = files_fdtable(current->files);
	used = min_t(unsigned long, limit, fdt->max_fds);
	/* Looks at the bits only if the rest of the table is not enough. */
	if (limit - used < count)
		used = bitmap_weight(fdt->open_fds, used);
	rcu_read_unlock();
	return limit - used >= count;
}

/**
 * cloudabi_mailbox_await() - Keep a message from losing its descriptors.
 * @sock: an AF_UNIX socket.
 * @room: how many descriptors the program wants at most.
 * @nowait: it does not want to wait for a message.
 *
 * The kernel drops descriptors for which the table of the process has no room.
 * They stay where they are if it is not asked to receive them. That is so if
 * there is less room than descriptors in the messages that wait in the socket,
 * of which no more than @room need any. Where the table may be too small, a
 * message is waited for here. Siblings that receive or open something in the
 * next instant can still take the room away.
 *
 * Context: May sleep, and wait for a message.
 * Return: 0; -EMFILE if there is no room; -EAGAIN if a time that a native
 * process has set for the socket is over; -ERESTARTSYS; -ENOMEM.
 */
int cloudabi_mailbox_await(struct socket *sock, size_t room, bool nowait)
{
	unsigned int queued;
	int error;

	room = min_t(size_t, room, SCM_MAX_FD);
	if (likely(table_has_room(room)))
		return 0;
	if (!nowait) {
		error = wait_for(sock, EPOLLIN, sock_rcvtimeo(sock->sk, false));
		if (error)
			return error;
	}
	queued = atomic_read(&unix_sk(sock->sk)->scm_stat.nr_fds);
	return table_has_room(min_t(size_t, room, queued)) ? 0 : -EMFILE;
}
