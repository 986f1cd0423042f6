// SPDX-License-Identifier: GPL-2.0
/*
 * Calls on sockets.
 *
 * Programs make no connections of their own: their sockets are pairs of AF_UNIX
 * sockets that they made, or were handed in, of whatever family. How descriptors
 * travel is told in passing.c.
 *
 * An interrupted transfer that moved nothing is made again, as in rw.c. One that
 * moved something and is to be complete (CloudABI: sock_recv with WAITALL, and
 * sock_send on a stream that may wait) is made again for what is left, so that
 * only death and the socket itself can make it short. What it has moved goes
 * through struct cloudabi_restart; whatever then keeps it from going on ends it
 * with that much. Its descriptors went with the first byte.
 *
 * One buffer and no descriptors is what almost every message is. It goes by a
 * path of its own, which costs little more than the native calls that have just
 * that for arguments.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "module.h"

#include <linux/uaccess.h>

#include "capability.h"
#include "compat/ksym.h"
#include "compat/net.h"
#include "passing.h"
#include "restart.h"
#include "vectors.h"

/*
 * A pipe has the type and the rights of a stream socket, and a regular file may
 * be read: what tells them from sockets is this.
 */
static __always_inline int get_socket(cloudabi_fd_t fd, cloudabi_rights_t need,
				      struct cloudabi_ref *ref,
				      struct socket **sock)
{
	int error = cloudabi_fget_file(fd, need, ref);

	if (unlikely(error))
		return error;
	*sock = sock_from_file(ref->file);
	if (unlikely(!*sock)) {
		cloudabi_fput_file(*ref);
		return -ENOTSOCK;
	}
	return 0;
}

/* The buffer of a message that has one. */
static __always_inline int get_buffer(int direction, u64 user,
				      struct iov_iter *iter)
{
	struct iovec vector;
	int error;

	error = cloudabi_vector_get(u64_to_user_ptr(user), &vector);
	if (unlikely(error))
		return error;
	if (!access_ok(vector.iov_base, vector.iov_len))
		return -EFAULT;
	iov_iter_ubuf(iter, direction, vector.iov_base,
		      min_t(size_t, vector.iov_len, MAX_RW_COUNT));
	return 0;
}

static bool is_local(const struct socket *sock)
{
	return sock->sk->sk_family == AF_UNIX;
}

static unsigned int wait_flag(const struct socket *sock)
{
	return sock->file->f_flags & O_NONBLOCK ? MSG_DONTWAIT : 0;
}

static unsigned int recv_flags(const struct socket *sock,
			       cloudabi_riflags_t flags)
{
	unsigned int native = wait_flag(sock);

	if (flags & CLOUDABI_SOCK_RECV_PEEK)
		native |= MSG_PEEK;
	if (flags & CLOUDABI_SOCK_RECV_WAITALL)
		native |= MSG_WAITALL;
	return native;
}

/*
 * Which socket it is, for a transfer that goes on. Numbers of inodes of sockets
 * have 32 bits, and come again when all others have been used.
 */
static u32 identity(const struct socket *sock)
{
	return SOCK_INODE((struct socket *)sock)->i_ino;
}

/*
 * Leaves out what a transfer has moved before. Nothing is left if the descriptor
 * leads elsewhere, or the buffers are shorter by now.
 */
static bool go_on(struct msghdr *msg, const struct socket *sock,
		  const struct cloudabi_restart *before)
{
	if (likely(!before->phase))
		return true;
	if (before->object != identity(sock) ||
	    before->phase >= msg_data_left(msg))
		return false;
	iov_iter_advance(&msg->msg_iter, before->phase);
	return true;
}

/**
 * conclude() - Tell what a transfer comes to.
 * @before: what it has moved before; brought up to date.
 * @sock: through which socket.
 * @done: what it has moved now, or an error.
 * @whole: it is to move @left, and nothing but a signal or an error kept it from.
 * @left: how much it was to move now.
 *
 * Return: how much it has moved, -ERESTARTNOINTR to have it go on, or @done.
 */
static noinline int conclude(struct cloudabi_restart *before,
			     const struct socket *sock, int done, bool whole,
			     size_t left)
{
	int error = cloudabi_restart_code(done);

	if (done > 0)
		before->phase += done;
	if (whole && before->phase && signal_pending(current) &&
	    (done < 0 ? error == -ERESTARTSYS : done && done < left)) {
		before->object = identity(sock);
		return cloudabi_restart_later(before);
	}
	return before->phase ?: error;
}

/* What was moved before an interruption outdoes any error behind it. */
static int moved_so_far(const struct cloudabi_restart *before, int done)
{
	if (!before->phase || done == -ERESTARTNOINTR || done > 0)
		return done;
	return before->phase;
}

/* Whether all is to be received, however long that takes. */
static bool wants_all(const struct socket *sock, cloudabi_riflags_t flags)
{
	return flags & CLOUDABI_SOCK_RECV_WAITALL &&
	       !(flags & CLOUDABI_SOCK_RECV_PEEK) &&
	       sock->type == SOCK_STREAM && !wait_flag(sock);
}

static __always_inline int get_request(const cloudabi64_recv_in_t __user *user,
				       cloudabi64_recv_in_t *in)
{
	if (!user_read_access_begin(user, sizeof(*user)))
		return -EFAULT;
	unsafe_get_user(in->ri_data, &user->ri_data, fault);
	unsafe_get_user(in->ri_data_len, &user->ri_data_len, fault);
	unsafe_get_user(in->ri_fds, &user->ri_fds, fault);
	unsafe_get_user(in->ri_fds_len, &user->ri_fds_len, fault);
	unsafe_get_user(in->ri_flags, &user->ri_flags, fault);
	user_read_access_end();
	return 0;
fault:
	user_read_access_end();
	return -EFAULT;
}

static __always_inline int tell(cloudabi64_recv_out_t __user *user,
				const cloudabi64_recv_out_t *out)
{
	if (!user_write_access_begin(user, sizeof(*user)))
		return -EFAULT;
	unsafe_copy_to_user((char __user *)user, (const char *)out,
			    sizeof(*out), fault);
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
}

static __always_inline cloudabi_roflags_t told_flags(const struct msghdr *msg)
{
	return msg->msg_flags & MSG_TRUNC ? CLOUDABI_SOCK_RECV_DATA_TRUNCATED :
					    0;
}

static __always_inline int recv_plain(struct socket *sock,
				      const cloudabi64_recv_in_t *in,
				      cloudabi64_recv_out_t *out)
{
	struct cloudabi_restart before = {};
	struct msghdr msg = {};
	size_t left;
	bool whole;
	int done;

	done = get_buffer(ITER_DEST, in->ri_data, &msg.msg_iter);
	if (unlikely(done))
		return done;
	left = msg_data_left(&msg);
	done = sock_recvmsg(sock, &msg, recv_flags(sock, in->ri_flags));
	if (unlikely(in->ri_flags & CLOUDABI_SOCK_RECV_WAITALL)) {
		whole = wants_all(sock, in->ri_flags) &&
			!(msg.msg_flags & MSG_CTRUNC);
		done = conclude(&before, sock, done, whole, left);
	}
	if (unlikely(done < 0))
		return cloudabi_restart_code(done);
	*out = (cloudabi64_recv_out_t){
		.ro_datalen = done,
		.ro_flags = told_flags(&msg),
	};
	return 0;
}

/*
 * Descriptors are asked for only where they can come. Looking at a message
 * leaves them in it: one that was in the message and in the table would be what
 * cloudabi_capability_pass() avoids.
 */
static bool wants_fds(const struct socket *sock, const cloudabi64_recv_in_t *in)
{
	return in->ri_fds_len && is_local(sock) &&
	       !(in->ri_flags & CLOUDABI_SOCK_RECV_PEEK);
}

/**
 * struct receipt - What is being received.
 * @in: what the program asked for.
 * @out: where it wants to be told; user memory.
 * @before: what was received before the call was interrupted.
 * @msg: what the kernel fills in.
 * @mailbox: where descriptors arrive.
 * @has_mailbox: that is in use.
 */
struct receipt {
	cloudabi64_recv_in_t in;
	cloudabi64_recv_out_t __user *out;
	struct cloudabi_restart before;
	struct msghdr msg;
	struct cloudabi_mailbox mailbox;
	bool has_mailbox;
};

/*
 * Whether all was to be received, and nothing was that ends a receipt: a message
 * with descriptors does, whether the program wants them or not.
 */
static bool is_whole(const struct receipt *receipt, const struct socket *sock)
{
	const struct msghdr *msg = &receipt->msg;

	return wants_all(sock, receipt->in.ri_flags) &&
	       !(msg->msg_flags & MSG_CTRUNC) &&
	       !(receipt->has_mailbox &&
		 msg->msg_controllen != receipt->mailbox.size);
}

static int recv_from(struct receipt *receipt, struct socket *sock)
{
	unsigned int flags = recv_flags(sock, receipt->in.ri_flags);
	size_t room = receipt->in.ri_fds_len;
	int error;

	if (wants_fds(sock, &receipt->in)) {
		error = cloudabi_mailbox_await(sock, room,
					       flags & MSG_DONTWAIT);
		if (error)
			return error;
		receipt->has_mailbox = true;
		error = cloudabi_mailbox_open(&receipt->mailbox, sock,
					      receipt->out, room);
		if (error)
			return error;
		cloudabi_mailbox_attach(&receipt->mailbox, &receipt->msg);
	}
	return sock_recvmsg(sock, &receipt->msg, flags);
}

static int recv_vectors(struct receipt *receipt, struct socket *sock)
{
	struct cloudabi_vectors vectors;
	size_t left;
	int done;

	done = cloudabi_vectors_get(u64_to_user_ptr(receipt->in.ri_data),
				    receipt->in.ri_data_len, &vectors);
	if (done)
		return done;
	iov_iter_init(&receipt->msg.msg_iter, ITER_DEST, vectors.iov,
		      vectors.count, vectors.total);
	if (go_on(&receipt->msg, sock, &receipt->before)) {
		left = msg_data_left(&receipt->msg);
		done = recv_from(receipt, sock);
		done = conclude(&receipt->before, sock, done,
				is_whole(receipt, sock), left);
	}
	cloudabi_vectors_put(&vectors);
	return done;
}

static int tell_receipt(const struct receipt *receipt, size_t done)
{
	const struct cloudabi_mailbox *mailbox = &receipt->mailbox;
	cloudabi64_recv_out_t out = {
		.ro_datalen = done,
		.ro_flags = told_flags(&receipt->msg),
	};

	if (receipt->has_mailbox) {
		out.ro_fdslen = mailbox->count;
		if (mailbox->truncated)
			out.ro_flags |= CLOUDABI_SOCK_RECV_FDS_TRUNCATED;
		if (copy_to_user(u64_to_user_ptr(receipt->in.ri_fds),
				 mailbox->fds,
				 mailbox->count * sizeof(*mailbox->fds)))
			return -EFAULT;
	}
	return tell(receipt->out, &out);
}

/* A call that fails leaves no descriptor that the program does not know of. */
static int finish_receipt(struct receipt *receipt, int done)
{
	int error = done;

	if (receipt->has_mailbox && receipt->msg.msg_control_user)
		cloudabi_mailbox_collect(&receipt->mailbox, &receipt->msg);
	if (done >= 0)
		error = tell_receipt(receipt, done);
	if (receipt->has_mailbox) {
		if (error)
			cloudabi_mailbox_drop(&receipt->mailbox);
		cloudabi_mailbox_close(&receipt->mailbox);
	}
	return error;
}

static noinline int recv_any(struct socket *sock, struct cloudabi_ref ref,
			     const cloudabi64_recv_in_t *in,
			     cloudabi64_recv_out_t __user *out)
{
	struct receipt receipt = { .in = *in, .out = out };
	int done = recv_vectors(&receipt, sock);

	/* Before anything is closed: see struct cloudabi_handle. */
	cloudabi_fput_file(ref);
	return finish_receipt(&receipt, done);
}

static noinline int recv_again(cloudabi_fd_t sock,
			       const cloudabi64_recv_in_t __user *in,
			       cloudabi64_recv_out_t __user *out)
{
	struct receipt receipt = { .out = out };
	struct cloudabi_ref ref;
	struct socket *socket;
	int done;

	cloudabi_restart_get(&receipt.before);
	done = get_request(in, &receipt.in);
	if (!done)
		done = get_socket(sock, CLOUDABI_NEED_sock_recv, &ref, &socket);
	if (!done) {
		done = recv_vectors(&receipt, socket);
		cloudabi_fput_file(ref);
	}
	return finish_receipt(&receipt, moved_so_far(&receipt.before, done));
}

/**
 * cloudabi_call_sock_recv() - Receive data and descriptors.
 * @sock: descriptor with FD_READ.
 * @in: buffers, an array for descriptors, and flags; unknown flags are ignored.
 * @out: told on success how much there was, and what was lost.
 *
 * Return: 0; -EFAULT; -EBADF; -ENOTCAPABLE; -ENOTSOCK if @sock is a pipe or a
 * file that can be read; -EINVAL for more than 1024 buffers or a length above
 * SSIZE_MAX; -EMFILE if the table has no room for the descriptors that came,
 * which then stay where they are; -EAGAIN if the socket is non-blocking and
 * there is nothing; -ENOMEM; what the socket reports.
 */
int cloudabi_call_sock_recv(cloudabi_fd_t sock,
			    const cloudabi64_recv_in_t __user *in,
			    cloudabi64_recv_out_t __user *out)
{
	cloudabi64_recv_in_t request;
	cloudabi64_recv_out_t told;
	struct cloudabi_ref ref;
	struct socket *socket;
	int error;

	if (unlikely(cloudabi_restart_pending()))
		return recv_again(sock, in, out);
	if (unlikely(get_request(in, &request)))
		return -EFAULT;
	error = get_socket(sock, CLOUDABI_NEED_sock_recv, &ref, &socket);
	if (unlikely(error))
		return error;
	if (unlikely(request.ri_data_len != 1 || request.ri_fds_len))
		return recv_any(socket, ref, &request, out);
	error = recv_plain(socket, &request, &told);
	cloudabi_fput_file(ref);
	if (unlikely(error))
		return error;
	return tell(out, &told);
}

/* What is left of a stream behind the part that descriptors went with. */
static int send_rest(struct socket *sock, struct msghdr *msg, int sent)
{
	int done;

	if (sent < 0 || !msg_data_left(msg) || msg->msg_flags & MSG_DONTWAIT)
		return sent;
	done = sock_sendmsg(sock, msg);
	return done < 0 ? sent : sent + done;
}

static int send_with_fds(struct socket *sock, struct msghdr *msg,
			 const cloudabi64_send_in_t *in)
{
	struct cloudabi_parcel *parcel;
	int done = -EINVAL;

	parcel = cloudabi_parcel_pack(u64_to_user_ptr(in->si_fds),
				      in->si_fds_len);
	if (IS_ERR(parcel))
		return PTR_ERR(parcel);
	/* Others would not even look at the control message. */
	if (is_local(sock))
		done = cloudabi_parcel_send(parcel, sock, msg);
	cloudabi_parcel_free(parcel);
	return send_rest(sock, msg, done);
}

static bool sends_all(const struct socket *sock)
{
	return sock->type == SOCK_STREAM && !wait_flag(sock);
}

static int send_message(struct socket *sock, struct msghdr *msg,
			const cloudabi64_send_in_t *in,
			struct cloudabi_restart *before)
{
	size_t left = msg_data_left(msg);
	int done;

	if (in->si_fds_len && !before->phase)
		done = send_with_fds(sock, msg, in);
	else
		done = sock_sendmsg(sock, msg);
	return conclude(before, sock, done, sends_all(sock), left);
}

static noinline int send_any(struct socket *sock,
			     const cloudabi64_send_in_t *in,
			     struct cloudabi_restart *before)
{
	struct msghdr msg = { .msg_flags = MSG_NOSIGNAL | wait_flag(sock) };
	struct cloudabi_vectors vectors;
	int done;

	done = cloudabi_vectors_get(u64_to_user_ptr(in->si_data),
				    in->si_data_len, &vectors);
	if (done)
		return done;
	iov_iter_init(&msg.msg_iter, ITER_SOURCE, vectors.iov, vectors.count,
		      vectors.total);
	if (go_on(&msg, sock, before))
		done = send_message(sock, &msg, in, before);
	cloudabi_vectors_put(&vectors);
	return done;
}

static __always_inline int send_plain(struct socket *sock,
				      const cloudabi64_send_in_t *in)
{
	struct msghdr msg = { .msg_flags = MSG_NOSIGNAL | wait_flag(sock) };
	struct cloudabi_restart before = {};
	size_t left;
	int done;

	done = get_buffer(ITER_SOURCE, in->si_data, &msg.msg_iter);
	if (unlikely(done))
		return done;
	left = msg_data_left(&msg);
	done = sock_sendmsg(sock, &msg);
	if (likely(done == left))
		return done;
	return conclude(&before, sock, done, sends_all(sock), left);
}

static __always_inline int get_message(const cloudabi64_send_in_t __user *user,
				       cloudabi64_send_in_t *in)
{
	if (!user_read_access_begin(user, sizeof(*user)))
		return -EFAULT;
	unsafe_get_user(in->si_data, &user->si_data, fault);
	unsafe_get_user(in->si_data_len, &user->si_data_len, fault);
	unsafe_get_user(in->si_fds, &user->si_fds, fault);
	unsafe_get_user(in->si_fds_len, &user->si_fds_len, fault);
	user_read_access_end();
	return 0;
fault:
	user_read_access_end();
	return -EFAULT;
}

static noinline int send_again(cloudabi_fd_t sock,
			       const cloudabi64_send_in_t __user *in,
			       cloudabi64_send_out_t __user *out)
{
	struct cloudabi_restart before;
	cloudabi64_send_in_t request;
	struct cloudabi_ref ref;
	struct socket *socket;
	int done;

	cloudabi_restart_get(&before);
	done = get_message(in, &request);
	if (!done)
		done = get_socket(sock, CLOUDABI_NEED_sock_send, &ref, &socket);
	if (!done) {
		done = send_any(socket, &request, &before);
		cloudabi_fput_file(ref);
	}
	done = moved_so_far(&before, done);
	if (done < 0)
		return done;
	return put_user((u64)done, &out->so_datalen);
}

/**
 * cloudabi_call_sock_send() - Send data and descriptors.
 * @sock: descriptor with FD_WRITE.
 * @in: buffers and descriptors. Those need no right and travel with the rights
 *	that they have. There are no flags; what is there is ignored.
 * @out: told on success how much was sent.
 *
 * Return: 0; -EFAULT; -EBADF if @sock or one of the descriptors is not open;
 * -ENOTCAPABLE; -ENOTSOCK if @sock is a pipe or a file that can be written;
 * -EINVAL for more than 1024 buffers, a length above SSIZE_MAX, more than 253
 * descriptors, or descriptors for a socket that is not AF_UNIX; -EPIPE without a
 * signal; -EMSGSIZE; -EAGAIN if the socket is non-blocking and has no room;
 * -ETOOMANYREFS if more descriptors of the user than it may have open are in
 * messages; -ENOMEM, -ENFILE; what the socket reports.
 */
int cloudabi_call_sock_send(cloudabi_fd_t sock,
			    const cloudabi64_send_in_t __user *in,
			    cloudabi64_send_out_t __user *out)
{
	struct cloudabi_restart before = {};
	cloudabi64_send_in_t request;
	struct cloudabi_ref ref;
	struct socket *socket;
	int done;

	if (unlikely(cloudabi_restart_pending()))
		return send_again(sock, in, out);
	if (unlikely(get_message(in, &request)))
		return -EFAULT;
	done = get_socket(sock, CLOUDABI_NEED_sock_send, &ref, &socket);
	if (unlikely(done))
		return done;
	if (likely(request.si_data_len == 1 && !request.si_fds_len))
		done = send_plain(socket, &request);
	else
		done = send_any(socket, &request, &before);
	cloudabi_fput_file(ref);
	if (unlikely(done < 0))
		return done;
	return put_user((u64)done, &out->so_datalen);
}

/**
 * cloudabi_call_sock_shutdown() - End receiving, sending or both.
 * @sock: descriptor with SOCK_SHUTDOWN.
 * @how: CLOUDABI_SHUT_RD, _WR or both.
 *
 * Return: 0; -EINVAL if @how is anything else, before the descriptor is looked
 * at; -EBADF; -ENOTCAPABLE; -ENOTSOCK for a pipe; -ENOTCONN if the socket is not
 * connected; what the socket reports.
 */
int cloudabi_call_sock_shutdown(cloudabi_fd_t sock, cloudabi_sdflags_t how)
{
	struct cloudabi_ref ref;
	struct socket *socket;
	int error;

	if (!how || how & ~(CLOUDABI_SHUT_RD | CLOUDABI_SHUT_WR))
		return -EINVAL;
	error = get_socket(sock, CLOUDABI_NEED_sock_shutdown, &ref, &socket);
	if (error)
		return error;
	/* The native values are the bits less one. */
	error = ksym___sys_shutdown_sock(socket, how - 1);
	cloudabi_fput_file(ref);
	return error;
}
