// SPDX-License-Identifier: GPL-2.0
/*
 * httpd: serves the files of a directory by HTTP/1.1.
 *
 *	httpd [-jTHREADS] 3<DIRECTORY 4<>SOCKET
 *
 * In a map: {directory: FD, connections: FD, messages: FD, threads: INT}. A
 * program cannot make connections of its own: somebody else listens, and sends
 * each connection as a descriptor, with a byte of data, through the local stream
 * socket; selftests/http/acceptor.c does. When that socket ends httpd serves the
 * connections it has got, and ends, too.
 *
 * It has no idea of its own of which paths are good. What a client asks for goes
 * to file_open beneath the directory, and the kernel refuses whatever leads out:
 * `..`, absolute paths, symbolic links. Before the first connection it gives up
 * all rights that it does not need: the directory can be used to open files for
 * reading, and for nothing else.
 *
 * Threads take connections from a queue, and keep one for as long as its client
 * goes on asking, or until there are others to be served.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "http_head.h"
#include "http_reply.h"
#include "io.h"
#include "queue.h"
#include "stream.h"

#define THREADS 64
#define DEFAULT_THREADS 8
#define BUFFER 65536

/* Descriptors taken from one message. */
#define AT_ONCE 8

/* Milliseconds: a client may be silent, take for a request, for reading. */
#define IDLE 10000
#define REQUEST 10000
#define ANSWER 10000
#define FAREWELL 1000

/* How often an idle one is asked whether it should make room for others. */
#define IDLE_STEP 100

/* What is needed of a file: its contents, at any place, its size and type. */
#define FILE_RIGHTS (CLOUDABI_RIGHT_FD_READ | CLOUDABI_RIGHT_FD_SEEK | \
		     CLOUDABI_RIGHT_FILE_STAT_FGET)
#define CONNECTION_RIGHTS (CLOUDABI_RIGHT_FD_READ | CLOUDABI_RIGHT_FD_WRITE | \
			   CLOUDABI_RIGHT_POLL_FD_READWRITE | \
			   CLOUDABI_RIGHT_SOCK_SHUTDOWN)

static const char index_name[] = "/index.html";

/**
 * struct worker - a thread, and the connection that it serves
 * @thread: the thread
 * @stream: the connection
 * @in: what was read of it and not used yet
 * @used: how much that is
 * @seen: how much of that has been searched for the end of a head
 * @request: the request at hand
 * @head: the head of the answer to it
 * @data: the part of the file that is being sent
 * @requests: how many it has answered
 */
struct worker {
	struct crt_thread thread;
	struct stream stream;
	char in[HTTP_HEAD_MAX];
	size_t used;
	size_t seen;
	struct http_request request;
	char head[HTTP_REPLY_MAX];
	char data[BUFFER];
	unsigned long requests;
};

static struct {
	cloudabi_fd_t directory;
	cloudabi_fd_t connections;
	unsigned int nthreads;
	unsigned long accepted;
} httpd = { .directory = 3, .connections = 4, .nthreads = DEFAULT_THREADS };

static struct queue queue;
static struct worker workers[THREADS];

/* --- Answers -------------------------------------------------------------- */

/* Returns whether the connection can go on. */
static bool answer_status(struct worker *w, unsigned int status, bool keep,
			  uint64_t size)
{
	struct http_reply reply = {
		.status = status,
		.keep = keep,
		.type = "text/plain",
		.size = size,
	};
	struct crt_output out = { .buf = w->data, .size = sizeof(w->data) };
	size_t len;

	crt_output_printf(&out, "%u %s\n", status, http_reason(status));
	reply.len = out.used;
	len = http_reply_head(&reply, w->head);
	if (w->request.method == HTTP_HEAD)
		out.used = 0;
	w->requests++;
	stream_give(&w->stream, ANSWER);
	return stream_write(&w->stream, w->head, len, w->data, out.used) ==
	       STREAM_READY && keep;
}

/*
 * Sends @len bytes of a file from an offset on, behind @head_len bytes of head.
 * The length was told: if the file got shorter, all that is left is to stop.
 */
static bool send_file(struct worker *w, cloudabi_fd_t file, uint64_t offset,
		      uint64_t len, size_t head_len)
{
	cloudabi_iovec_t iov = { .buf = w->data };
	size_t n = 0;

	do {
		iov.buf_len = len < BUFFER ? len : BUFFER;
		if (len && (cloudabi_sys_fd_pread(file, &iov, 1, offset, &n) ||
			    !n))
			return false;
		stream_give(&w->stream, ANSWER);
		if (stream_write(&w->stream, w->head, head_len, w->data, n) !=
		    STREAM_READY)
			return false;
		head_len = 0;
		offset += n;
		len -= n;
	} while (len);
	return true;
}

static bool answer_file(struct worker *w, cloudabi_fd_t file, uint64_t size,
			bool keep)
{
	const struct http_request *request = &w->request;
	struct http_range all = { 0 };
	const bool head = request->method == HTTP_HEAD;
	struct http_reply reply = {
		.keep = keep,
		.type = http_type_of(request->path, request->path_len),
		.size = size,
	};
	size_t head_len;

	reply.status = http_range_of(head ? &all : &request->range, size,
				     &reply.first, &reply.len);
	if (reply.status == 416)
		return answer_status(w, 416, keep, size);
	head_len = http_reply_head(&reply, w->head);
	w->requests++;
	return send_file(w, file, reply.first, head ? 0 : reply.len,
			 head_len) && keep;
}

/* --- Files ---------------------------------------------------------------- */

/* Without waiting, should it be a FIFO. */
static cloudabi_errno_t open_path(const char *path, size_t len,
				  cloudabi_fd_t *file,
				  cloudabi_filestat_t *stat)
{
	cloudabi_lookup_t lookup = {
		.fd = httpd.directory,
		.flags = CLOUDABI_LOOKUP_SYMLINK_FOLLOW,
	};
	cloudabi_fdstat_t how = {
		.fs_flags = CLOUDABI_FDFLAG_NONBLOCK,
		.fs_rights_base = FILE_RIGHTS,
	};
	cloudabi_errno_t error;

	error = cloudabi_sys_file_open(lookup, path, len, 0, &how, file);
	if (error)
		return error;
	error = cloudabi_sys_file_stat_fget(*file, stat);
	if (error)
		cloudabi_sys_fd_close(*file);
	return error;
}

/* Makes the path that of the file which stands for a directory. */
static bool add_index(struct http_request *request)
{
	const size_t len = sizeof(index_name) - 1;

	if (len > sizeof(request->path) - request->path_len)
		return false;
	memcpy(request->path + request->path_len, index_name, len);
	request->path_len += len;
	return true;
}

/*
 * Opens what is asked for, a regular file in the end. Directories are not
 * listed: without an index there is nothing to see.
 */
static unsigned int open_file(struct http_request *request,
			      cloudabi_fd_t *file, uint64_t *size)
{
	cloudabi_filestat_t stat;
	cloudabi_errno_t error;

	error = open_path(request->path, request->path_len, file, &stat);
	if (error)
		return http_status_of(error);
	if (stat.st_filetype == CLOUDABI_FILETYPE_DIRECTORY) {
		cloudabi_sys_fd_close(*file);
		if (!add_index(request))
			return 404;
		error = open_path(request->path, request->path_len, file,
				  &stat);
		if (error)
			return error == CLOUDABI_ENOENT ? 403 :
							  http_status_of(error);
	}
	if (stat.st_filetype != CLOUDABI_FILETYPE_REGULAR_FILE) {
		cloudabi_sys_fd_close(*file);
		return 403;
	}
	*size = stat.st_size;
	return 0;
}

/* --- Requests ------------------------------------------------------------- */

/* Whether to go on with the client, as far as it depends on others. */
static bool keeps(const struct worker *w)
{
	return w->request.keep && !w->request.body && !queue_waits(&queue);
}

/* Of a body nothing is wanted: with one, this request is the last. */
static bool answer(struct worker *w, size_t len)
{
	unsigned int status = http_head_parse(w->in, len, &w->request);
	bool keep = keeps(w);
	uint64_t size = 0;
	cloudabi_fd_t file;
	bool goes_on;

	if (!status)
		status = open_file(&w->request, &file, &size);
	if (status)
		return answer_status(w, status, keep, 0);
	goes_on = answer_file(w, file, size, keep);
	cloudabi_sys_fd_close(file);
	return goes_on;
}

static enum stream_state fill(struct worker *w)
{
	enum stream_state state;
	size_t n;

	state = stream_read(&w->stream, w->in + w->used,
			    sizeof(w->in) - w->used, &n);
	if (state == STREAM_READY)
		w->used += n;
	return state;
}

/* Waits for a request to begin. */
static bool await(struct worker *w)
{
	unsigned int idle = 0;
	enum stream_state state;

	while (!w->used) {
		stream_give(&w->stream, IDLE_STEP);
		state = fill(w);
		idle += IDLE_STEP;
		if (state != STREAM_READY &&
		    (state != STREAM_LATE || idle >= IDLE ||
		     queue_waits(&queue)))
			return false;
	}
	return true;
}

static void drop(struct worker *w, size_t len)
{
	memmove(w->in, w->in + len, w->used - len);
	w->used -= len;
	w->seen = 0;
}

/* Clients that are not careful end a body by an empty line too many. */
static void drop_empty_lines(struct worker *w)
{
	while (w->used >= 2 && !memcmp(w->in, "\r\n", 2))
		drop(w, 2);
}

/* Reads the head of a request; 0 and its length, or the status to answer. */
static unsigned int read_head(struct worker *w, size_t *len)
{
	unsigned int status;

	*len = 0;
	stream_give(&w->stream, REQUEST);
	for (;;) {
		drop_empty_lines(w);
		status = http_head_end(w->in, w->used, &w->seen, len);
		if (status || *len)
			return status;
		switch (fill(w)) {
		case STREAM_READY:
			break;
		case STREAM_LATE:
			return 408;
		default:
			return 400;
		}
	}
}

static void serve(struct worker *w)
{
	unsigned int status;
	bool more = true;
	size_t len;

	w->used = 0;
	w->seen = 0;
	while (more && await(w)) {
		status = read_head(w, &len);
		if (status) {
			w->request.method = HTTP_OTHER;
			more = answer_status(w, status, false, 0);
		} else {
			more = answer(w, len);
			drop(w, len);
		}
	}
	stream_give(&w->stream, FAREWELL);
	stream_close(&w->stream);
}

static void work(void *argument)
{
	struct worker *w = argument;

	while (queue_take(&queue, &w->stream.fd)) {
		serve(w);
		queue_done(&queue);
	}
}

/* --- Connections ---------------------------------------------------------- */

static cloudabi_errno_t narrow(cloudabi_fd_t fd, cloudabi_rights_t base,
			       cloudabi_rights_t inheriting)
{
	cloudabi_fdstat_t stat = {
		.fs_rights_base = base,
		.fs_rights_inheriting = inheriting,
	};

	return cloudabi_sys_fd_stat_put(fd, &stat, CLOUDABI_FDSTAT_RIGHTS);
}

/* What is no connection is closed. */
static void admit(cloudabi_fd_t fd)
{
	cloudabi_fdstat_t stat = { .fs_flags = CLOUDABI_FDFLAG_NONBLOCK };

	if (cloudabi_sys_fd_stat_put(fd, &stat, CLOUDABI_FDSTAT_FLAGS) ||
	    narrow(fd, CONNECTION_RIGHTS, 0)) {
		cloudabi_sys_fd_close(fd);
		return;
	}
	httpd.accepted++;
	queue_put(&queue, fd);
}

/* Receives connections until no more will come. */
static cloudabi_errno_t receive(void)
{
	cloudabi_fd_t fds[AT_ONCE];
	char bytes[AT_ONCE];
	cloudabi_iovec_t iov = { .buf = bytes, .buf_len = sizeof(bytes) };
	cloudabi_recv_in_t in = {
		.ri_data = &iov,
		.ri_data_len = 1,
		.ri_fds = fds,
		.ri_fds_len = AT_ONCE,
	};
	cloudabi_recv_out_t out;
	cloudabi_errno_t error;

	do {
		error = cloudabi_sys_sock_recv(httpd.connections, &in, &out);
		/* Connections wait where they are until others end. */
		if (error == CLOUDABI_EMFILE) {
			crt_sleep_ms(IDLE_STEP);
			continue;
		}
		for (size_t i = 0; !error && i < out.ro_fdslen; i++)
			admit(fds[i]);
	} while (error == CLOUDABI_EMFILE || (!error && out.ro_datalen));
	return error;
}

/* --- Start and end -------------------------------------------------------- */

static _Noreturn void explain(void)
{
	crt_die(2, "usage: httpd [-jTHREADS] 3<DIRECTORY 4<>SOCKET");
}

static bool parse_threads(const struct word *word)
{
	httpd.nthreads = 0;
	for (size_t i = 2; i < word->len && httpd.nthreads <= THREADS; i++) {
		if (word->chars[i] < '0' || word->chars[i] > '9')
			return false;
		httpd.nthreads = httpd.nthreads * 10 + (word->chars[i] - '0');
	}
	return word->len > 2 && !memcmp(word->chars, "-j", 2);
}

static bool get_threads(const struct argdata *ad)
{
	struct argdata value;
	uint64_t n;

	if (!argdata_map_find(ad, "threads", &value))
		return true;
	if (!argdata_get_uint(&value, &n))
		return false;
	httpd.nthreads = n < THREADS ? n : THREADS;
	return true;
}

static void parse(const struct argdata *ad)
{
	struct args args;
	struct word word;

	args_open(&args, ad);
	if (!args_fd(&args, "messages", &crt_messages) ||
	    !args_fd(&args, "directory", &httpd.directory) ||
	    !args_fd(&args, "connections", &httpd.connections) ||
	    (args.map && !get_threads(&args.ad)))
		explain();
	while (args_next(&args, &word)) {
		if (!parse_threads(&word))
			explain();
	}
	if (args.bad || !httpd.nthreads || httpd.nthreads > THREADS)
		explain();
}

/* Whoever takes the program over later finds no more than this. */
static void give_up_rights(void)
{
	cloudabi_errno_t error;

	error = narrow(httpd.directory, CLOUDABI_RIGHT_FILE_OPEN, FILE_RIGHTS);
	if (error)
		crt_die(1, "httpd: directory: %s", crt_strerror(error));
	error = narrow(httpd.connections, CLOUDABI_RIGHT_FD_READ, 0);
	if (error)
		crt_die(1, "httpd: connections: %s", crt_strerror(error));
	/* Without messages it can live. */
	narrow(crt_messages, CLOUDABI_RIGHT_FD_WRITE, 0);
}

static void start_threads(void)
{
	unsigned int n = 0;

	queue_open(&queue, httpd.nthreads);
	while (n < httpd.nthreads &&
	       !crt_thread_start(&workers[n].thread, work, &workers[n]))
		n++;
	if (!n)
		crt_die(1, "httpd: no threads");
	httpd.nthreads = n;
}

static unsigned long end_threads(void)
{
	unsigned long requests = 0;

	queue_close(&queue);
	for (unsigned int i = 0; i < httpd.nthreads; i++) {
		crt_thread_join(&workers[i].thread);
		requests += workers[i].requests;
	}
	return requests;
}

int program_main(const struct argdata *ad)
{
	cloudabi_errno_t error;
	unsigned long requests;

	parse(ad);
	give_up_rights();
	start_threads();
	error = receive();
	requests = end_threads();
	if (error)
		crt_die(1, "httpd: connections: %s", crt_strerror(error));
	crt_printf(crt_messages, "httpd: %lu connections, %lu requests\n",
		   httpd.accepted, requests);
	return 0;
}
