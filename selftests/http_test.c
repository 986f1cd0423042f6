// SPDX-License-Identifier: GPL-2.0
/*
 * The example program httpd, as clients see it: what it serves, what it refuses,
 * and how it takes those that do not behave. It is confined by the kernel alone,
 * so the module must have counted each refusal of a path.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "http/client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <linux/cloudabi_ctl.h>

#include "kselftest_harness.h"
#include "slow.h"

#define LIMIT 600
#define WORLD "/tmp/http"
#define ROOT WORLD "/root"
#define SECRET "not for everybody\n"

#define REQUESTS 10000
#define CLIENTS 8
#define AT_ONCE 8
#define ESCAPES 1000

/* --- The world ------------------------------------------------------------ */

/* Files of these sizes are in the directory: around those of buffers. */
static const size_t sizes[] = {
	0, 1, 100, 1000, 4095, 4096, 4097, 10000, 300, 65535, 20, 65536, 7,
	65537, 8191, 200000,
};

static char content(size_t file, size_t at)
{
	return at * 31 + at / 251 + file * 7;
}

static void make_file(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, data, len) != len)
		perror(path);
	close(fd);
}

static void make_files(void)
{
	char *data = malloc(200000), path[64];

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (size_t at = 0; at < sizes[i]; at++)
			data[at] = content(i, at);
		snprintf(path, sizeof(path), ROOT "/file-%zu", i);
		make_file(path, data, sizes[i]);
	}
	free(data);
}

static void make_text(const char *path, const char *text)
{
	make_file(path, text, strlen(text));
}

static void make_world(void)
{
	if (system("rm -rf " WORLD))
		perror(WORLD);
	mkdir(WORLD, 0755);
	mkdir(ROOT, 0755);
	make_files();
	make_text(WORLD "/secret", SECRET);
	make_text(ROOT "/index.html", "<p>root\n");
	make_text(ROOT "/a name?", "blank\n");
	make_text(ROOT "/style.css", "p {}\n");
	mkdir(ROOT "/dir", 0755);
	make_text(ROOT "/dir/index.html", "<p>dir\n");
	make_text(ROOT "/dir/page.txt", "page\n");
	mkdir(ROOT "/bare", 0755);
	mkdir(ROOT "/leak", 0755);
	mkfifo(ROOT "/fifo", 0644);
	if (symlink("dir/page.txt", ROOT "/link") ||
	    symlink("../dir/../dir/page.txt", ROOT "/dir/round") ||
	    symlink("../secret", ROOT "/out") || symlink("..", ROOT "/up") ||
	    symlink("/etc/passwd", ROOT "/absolute") ||
	    symlink("../../secret", ROOT "/leak/index.html") ||
	    symlink("loop", ROOT "/loop"))
		perror("symlink");
}

/* --- The server ----------------------------------------------------------- */

/**
 * struct server - the acceptor, and the program that it started
 * @pid: process of the acceptor
 * @output: what both write
 * @port: where it listens
 * @connections: how many the clients of a test made
 * @requests: how many answers these got
 */
struct server {
	pid_t pid;
	FILE *output;
	unsigned int port;
	unsigned long connections;
	unsigned long requests;
};

static void be_acceptor(const int *output, const char *threads)
{
	dup2(output[1], 1);
	dup2(output[1], 2);
	execl("./acceptor", "acceptor", ROOT, "programs/httpd", threads, NULL);
	_exit(127);
}

static bool start_server(struct server *s, const char *threads)
{
	int output[2];
	char line[128];

	memset(s, 0, sizeof(*s));
	if (pipe2(output, O_CLOEXEC))
		return false;
	s->pid = fork();
	if (!s->pid)
		be_acceptor(output, threads);
	close(output[1]);
	s->output = fdopen(output[0], "re");
	return fgets(line, sizeof(line), s->output) &&
	       sscanf(line, "listening on port %u", &s->port) == 1;
}

/* Returns the exit status of the program, and what it says at its end. */
static int stop_server(struct server *s, unsigned long *connections,
		       unsigned long *requests)
{
	char line[128] = "";
	int status;

	kill(s->pid, SIGTERM);
	if (!fgets(line, sizeof(line), s->output) ||
	    sscanf(line, "httpd: %lu connections, %lu requests", connections,
		   requests) != 2)
		printf("# at its end it says '%s'\n", line);
	fclose(s->output);
	if (waitpid(s->pid, &status, 0) != s->pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

FIXTURE(httpd)
{
	struct server server;
	struct response *r;
};

FIXTURE_SETUP(httpd)
{
	make_world();
	self->r = malloc(sizeof(*self->r));
	ASSERT_TRUE(start_server(&self->server, "-j8"));
}

/* It ends well, and has counted what the clients have. */
FIXTURE_TEARDOWN(httpd)
{
	unsigned long connections = 0, requests = 0;

	EXPECT_EQ(0, stop_server(&self->server, &connections, &requests));
	if (self->server.connections) {
		EXPECT_EQ(self->server.connections, connections);
		EXPECT_EQ(self->server.requests, requests);
	}
	free(self->r);
}

static unsigned int ask(struct server *s, const char *text, bool bare,
			struct response *r)
{
	return client_ask(s->port, text, strlen(text), bare, r);
}

#define FIELDS "HTTP/1.1\r\nHost: here\r\n"
#define END FIELDS "\r\n"

/* Whether a request is answered by such a status and such a text. */
#define EXPECT_ANSWER(want, text, request) do {				\
	EXPECT_EQ(want, ask(&self->server, request, false, self->r)) {	\
		TH_LOG("%s", request);					\
	}								\
	self->r->body[self->r->body_len] = 0;				\
	EXPECT_STREQ(text, self->r->body);				\
} while (0)

#define EXPECT_STATUS(want, request)					\
	EXPECT_EQ(want, ask(&self->server, request, false, self->r)) {	\
		TH_LOG("%s", request);					\
	}

/* --- What it serves ------------------------------------------------------- */

TEST_F_TIMEOUT(httpd, serves_files, LIMIT)
{
	EXPECT_ANSWER(200, "page\n", "GET /dir/page.txt " END);
	EXPECT_TRUE(response_has(self->r, "Content-Type: text/plain"));
	EXPECT_ANSWER(200, "p {}\n", "GET /style.css?v=2%20 " END);
	EXPECT_TRUE(response_has(self->r, "Content-Type: text/css"));
	EXPECT_ANSWER(200, "blank\n", "GET /a%20name%3f " END);
	EXPECT_ANSWER(200, "page\n", "GET /d%69r%2Fpage%2etxt " END);
	EXPECT_ANSWER(200, "page\n", "GET http://here/dir/page.txt " END);
	EXPECT_ANSWER(200, "page\n", "GET /dir/../dir/./page.txt " END);
	EXPECT_ANSWER(200, "page\n", "GET /link " END);
	EXPECT_ANSWER(200, "page\n", "GET /dir/round " END);
	EXPECT_ANSWER(200, "<p>root\n", "GET / " END);
	EXPECT_ANSWER(200, "<p>root\n", "GET HTTP://here:80 " END);
	EXPECT_ANSWER(200, "<p>dir\n", "GET /dir/ " END);
	EXPECT_ANSWER(200, "<p>dir\n", "GET /dir " END);
	EXPECT_TRUE(response_has(self->r, "Content-Type: text/html"));
	EXPECT_ANSWER(200, "page\n", "\r\n\r\nGET /link " END);
}

TEST_F_TIMEOUT(httpd, does_not_serve, LIMIT)
{
	EXPECT_ANSWER(404, "404 Not Found\n", "GET /nothing " END);
	EXPECT_STATUS(404, "GET /dir/nothing " END);
	EXPECT_STATUS(404, "GET /nothing/page " END);
	EXPECT_STATUS(404, "GET /link/ " END);
	EXPECT_STATUS(404, "GET /link/page " END);
	EXPECT_STATUS(404, "GET /loop " END);
	EXPECT_STATUS(403, "GET /bare " END);
	EXPECT_STATUS(403, "GET /bare/ " END);
	EXPECT_STATUS(403, "GET /fifo " END);
	EXPECT_STATUS(400, "GET /link%00 " END);
	EXPECT_STATUS(200, "GET /link " END);
}

TEST_F_TIMEOUT(httpd, head, LIMIT)
{
	struct client *c = malloc(sizeof(*c));

	ASSERT_TRUE(client_open(c, self->server.port));
	client_say(c, "HEAD /file-15 " END "HEAD /nothing " END
		      "HEAD /bare " END "GET /dir/page.txt " END);
	EXPECT_TRUE(client_hear(c, true, self->r));
	EXPECT_EQ(200, self->r->status);
	EXPECT_EQ(sizes[15], self->r->length);
	EXPECT_TRUE(client_hear(c, true, self->r));
	EXPECT_EQ(404, self->r->status);
	EXPECT_EQ(strlen("404 Not Found\n"), self->r->length);
	EXPECT_TRUE(client_hear(c, true, self->r));
	EXPECT_EQ(403, self->r->status);
	EXPECT_TRUE(client_hear(c, false, self->r));
	EXPECT_EQ(200, self->r->status);
	EXPECT_EQ(5, self->r->body_len);
	client_close(c);
	free(c);
}

#define RANGE(range) "GET /file-2 " FIELDS "Range: " range "\r\n\r\n"

/* Of a file of 100 bytes. */
TEST_F_TIMEOUT(httpd, ranges, LIMIT)
{
	static const struct {
		const char *request;
		unsigned int status;
		unsigned int first;
		unsigned int len;
	} cases[] = {
		{ RANGE("bytes=0-0"), 206, 0, 1 },
		{ RANGE("bytes=10-19"), 206, 10, 10 },
		{ RANGE("bytes=90-"), 206, 90, 10 },
		{ RANGE("bytes=99-1000000"), 206, 99, 1 },
		{ RANGE("bytes=0-99999999999999999999999"), 206, 0, 100 },
		{ RANGE("bytes=-7"), 206, 93, 7 },
		{ RANGE("bytes=-1000"), 206, 0, 100 },
		{ RANGE("bytes=5-4"), 200, 0, 100 },
		{ RANGE("bytes=-"), 200, 0, 100 },
		{ RANGE("bytes=1-2,4-5"), 200, 0, 100 },
		{ RANGE("lines=1-2"), 200, 0, 100 },
		{ RANGE("bytes=1-2\r\nIf-Range: \"x\""), 200, 0, 100 },
	};
	char line[64];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_STATUS(cases[i].status, cases[i].request);
		EXPECT_EQ(cases[i].len, self->r->body_len);
		for (size_t at = 0; at < self->r->body_len; at++)
			EXPECT_EQ(content(2, cases[i].first + at),
				  self->r->body[at]);
		snprintf(line, sizeof(line), "Content-Range: bytes %u-%u/100",
			 cases[i].first, cases[i].first + cases[i].len - 1);
		EXPECT_EQ(cases[i].status == 206, response_has(self->r, line));
	}
	EXPECT_STATUS(416, RANGE("bytes=100-"));
	EXPECT_TRUE(response_has(self->r, "Content-Range: bytes */100"));
	EXPECT_STATUS(416, RANGE("bytes=-0"));
}

/* --- Requests as they should not be --------------------------------------- */

static const struct {
	unsigned int status;
	const char *request;
} bad[] = {
	{ 400, "GET\r\n\r\n" },
	{ 400, "GET /link\r\n\r\n" },
	{ 400, "GET  /link " END },
	{ 400, " GET /link " END },
	{ 400, "GET /link  " END },
	{ 400, "GET /link HTTP/1.1 \r\nHost: h\r\n\r\n" },
	{ 400, "GET /link HTTP/11\r\nHost: h\r\n\r\n" },
	{ 400, "GET /link http/1.1\r\nHost: h\r\n\r\n" },
	{ 400, "G@T /link " END },
	{ 400, "GET link " END },
	{ 400, "GET * " END },
	{ 400, "GET http:///link " END },
	{ 400, "GET ftp://here/link " END },
	{ 400, "GET /link#part " END },
	{ 400, "GET /li%6 " END },
	{ 400, "GET /link% " END },
	{ 400, "GET /li%6xk " END },
	{ 400, "GET /link?%zz " END },
	{ 400, "GET /l\x01nk " END },
	{ 400, "GET /l\xffnk " END },
	{ 400, "GET /link HTTP/1.1\n\n" },
	{ 400, "GET /link HTTP/1.1\r\nHost: h\n\r\n" },
	{ 400, "GET /link HTTP/1.1\r\n\r\n" },
	{ 400, "GET /link " FIELDS "Host: there\r\n\r\n" },
	{ 400, "GET /link " FIELDS "Field : x\r\n\r\n" },
	{ 400, "GET /link " FIELDS "Field\r\n\r\n" },
	{ 400, "GET /link " FIELDS ": x\r\n\r\n" },
	{ 400, "GET /link " FIELDS "Field: x\r\n folded\r\n\r\n" },
	{ 400, "GET /link " FIELDS "Field: \x01\r\n\r\n" },
	{ 400, "GET /link " FIELDS "Field: a\rb\r\n\r\n" },
	{ 400, "GET /link " FIELDS "Content-Length: -1\r\n\r\n" },
	{ 400, "GET /link " FIELDS "Content-Length: 1x\r\n\r\n" },
	{ 400, "GET /link " FIELDS "Content-Length:\r\n\r\n" },
	{ 400, "GET /link " FIELDS
	       "Content-Length: 0\r\nContent-Length: 5\r\n\r\n" },
	{ 400, "GET /link " FIELDS
	       "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" },
	{ 400, "GET /link HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" },
	{ 505, "GET /link HTTP/2.0\r\nHost: h\r\n\r\n" },
	{ 505, "GET /link HTTP/0.9\r\nHost: h\r\n\r\n" },
};

/* Each is the last of its connection: a good one behind it gets no answer. */
TEST_F_TIMEOUT(httpd, bad_requests, LIMIT)
{
	struct client *c = malloc(sizeof(*c));

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ASSERT_TRUE(client_open(c, self->server.port));
		client_say(c, "%s", bad[i].request);
		EXPECT_TRUE(client_hear(c, false, self->r));
		EXPECT_EQ(bad[i].status, self->r->status) {
			TH_LOG("%s", bad[i].request);
		}
		EXPECT_FALSE(self->r->keep);
		client_say(c, "GET /link " END);
		EXPECT_TRUE(client_ended(c));
		client_close(c);
	}
	free(c);
	EXPECT_STATUS(200, "GET /link " END);
}

TEST_F_TIMEOUT(httpd, other_methods, LIMIT)
{
	struct client *c = malloc(sizeof(*c));

	ASSERT_TRUE(client_open(c, self->server.port));
	client_say(c, "OPTIONS * " END "DELETE /link " END "get /link " END
		      "CONNECT here:80 " END "PUT /link " FIELDS
		      "Content-Length: 0\r\n\r\nGET /link " END);
	for (int i = 0; i < 5; i++) {
		ASSERT_TRUE(client_hear(c, false, self->r));
		EXPECT_EQ(405, self->r->status);
		EXPECT_TRUE(response_has(self->r, "Allow: GET, HEAD"));
		EXPECT_TRUE(self->r->keep);
	}
	EXPECT_TRUE(client_hear(c, false, self->r));
	EXPECT_EQ(200, self->r->status);
	client_close(c);
	free(c);
}

/* What follows a head that promises a body is not taken for a request. */
TEST_F_TIMEOUT(httpd, bodies, LIMIT)
{
	static const char *const heads[] = {
		"POST /link " FIELDS "Content-Length: 20\r\n\r\n",
		"GET /link " FIELDS "Content-Length: 20\r\n\r\n",
		"GET /link " FIELDS "Transfer-Encoding: chunked\r\n\r\n",
	};
	struct client *c = malloc(sizeof(*c));

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		ASSERT_TRUE(client_open(c, self->server.port));
		client_say(c, "%sGET /dir/page.txt " END, heads[i]);
		EXPECT_TRUE(client_hear(c, false, self->r));
		EXPECT_EQ(i ? 200 : 405, self->r->status);
		EXPECT_FALSE(self->r->keep);
		EXPECT_TRUE(client_ended(c));
		client_close(c);
	}
	free(c);
}

/* So many bytes of a letter, between two texts. */
static unsigned int ask_long(struct server *s, const char *before, size_t len,
			     const char *after, struct response *r)
{
	char *text = malloc(len + 200);
	unsigned int status;
	size_t used;

	used = sprintf(text, "%s", before);
	memset(text + used, 'x', len);
	used += len;
	used += sprintf(text + used, "%s", after);
	status = client_ask(s->port, text, used, false, r);
	free(text);
	return status;
}

TEST_F_TIMEOUT(httpd, long_requests, LIMIT)
{
	struct server *s = &self->server;

	EXPECT_EQ(404, ask_long(s, "GET /", 200, " " END, self->r));
	EXPECT_EQ(404, ask_long(s, "GET /", 4095, " " END, self->r));
	EXPECT_EQ(414, ask_long(s, "GET /", 4096, " " END, self->r));
	EXPECT_EQ(414, ask_long(s, "GET /", 100000, " " END, self->r));
	EXPECT_EQ(200, ask_long(s, "GET /link?", 4000, " " END, self->r));
	EXPECT_EQ(200, ask_long(s, "GET /link " FIELDS "F: ", 8000, "\r\n\r\n",
				self->r));
	EXPECT_EQ(431, ask_long(s, "GET /link " FIELDS "F: ", 8192, "\r\n\r\n",
				self->r));
	EXPECT_EQ(431, ask_long(s, "GET /link " FIELDS "F: ", 300000,
				"\r\n\r\n", self->r));
}

/* A head ends where its empty line does, however it comes. */
TEST_F_TIMEOUT(httpd, split_requests, LIMIT)
{
	static const char text[] = "GET /dir/page.txt " FIELDS "F: x\r\n\r\n";
	const size_t len = sizeof(text) - 1;
	struct client *c = malloc(sizeof(*c));

	ASSERT_TRUE(client_open(c, self->server.port));
	for (size_t cut = 1; cut < len; cut++) {
		client_send(c, text, cut);
		usleep(2000);
		client_send(c, text + cut, len - cut);
		ASSERT_TRUE(client_hear(c, false, self->r));
		EXPECT_EQ(200, self->r->status);
		EXPECT_EQ(5, self->r->body_len);
	}
	for (size_t at = 0; at < len; at++) {
		client_send(c, text + at, 1);
		usleep(2000);
	}
	EXPECT_TRUE(client_hear(c, false, self->r));
	EXPECT_EQ(200, self->r->status);
	client_close(c);
	free(c);
}

TEST_F_TIMEOUT(httpd, keeps_connections, LIMIT)
{
	static const struct {
		const char *request;
		bool keep;
	} cases[] = {
		{ "GET /link " END, true },
		{ "GET /link HTTP/1.9\r\nHost: h\r\n\r\n", true },
		{ "GET /nothing " END, true },
		{ "GET /link " FIELDS "connection: x, CLOSE\r\n\r\n", false },
		{ "GET /link HTTP/1.0\r\n\r\n", false },
		{ "GET /link HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true },
		{ "GET /link HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
		  false },
	};
	struct client *c = malloc(sizeof(*c));

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_TRUE(client_open(c, self->server.port));
		client_say(c, "%s", cases[i].request);
		EXPECT_TRUE(client_hear(c, false, self->r));
		EXPECT_EQ(cases[i].keep, self->r->keep) {
			TH_LOG("%s", cases[i].request);
		}
		if (!self->r->keep)
			EXPECT_TRUE(client_ended(c));
		client_close(c);
	}
	free(c);
}

/* --- Many ----------------------------------------------------------------- */

/**
 * struct crowd - one of several clients at once
 * @thread: its thread
 * @port: the server
 * @number: which it is
 * @todo: how many requests it makes
 * @good: how many had the right answer
 * @connections: how many connections it needed
 * @r: the answer at hand
 * @client: its connection
 */
struct crowd {
	pthread_t thread;
	unsigned int port;
	unsigned int number;
	unsigned int todo;
	unsigned int good;
	unsigned int connections;
	struct response r;
	struct client client;
};

static bool connect_crowd(struct crowd *crowd)
{
	crowd->connections++;
	return client_open(&crowd->client, crowd->port);
}

/* Reads an answer; where it is the last of its connection, makes another one. */
static bool hear_crowd(struct crowd *crowd)
{
	if (!client_hear(&crowd->client, false, &crowd->r))
		return false;
	if (!crowd->r.keep) {
		client_close(&crowd->client);
		return connect_crowd(crowd);
	}
	return true;
}

static bool is_file(const struct response *r, size_t file)
{
	if (r->status != 200 || r->body_len != sizes[file])
		return false;
	for (size_t at = 0; at < r->body_len; at++) {
		if (r->body[at] != content(file, at))
			return false;
	}
	return true;
}

/* Each of them in turn, and between two of these small ones. */
static size_t file_of(const struct crowd *crowd, unsigned int i)
{
	if (i % 16)
		return (i + crowd->number) % 9;
	return (i / 16 + crowd->number) % ARRAY_SIZE(sizes);
}

/* From one request at a time up to AT_ONCE before the first answer. */
static void *fetch_files(void *arg)
{
	struct crowd *crowd = arg;
	struct client *c = &crowd->client;
	unsigned int i, k, end;
	bool good = connect_crowd(crowd);

	for (i = 0; good && i < crowd->todo; i = k) {
		end = i + i / AT_ONCE % AT_ONCE + 1;
		if (end > crowd->todo)
			end = crowd->todo;
		for (k = i; k < end; k++)
			client_say(c, "GET /file-%zu " END, file_of(crowd, k));
		k = i;
		do {
			good = hear_crowd(crowd) &&
			       is_file(&crowd->r, file_of(crowd, k++));
			crowd->good += good;
		} while (good && crowd->r.keep && k < end);
	}
	client_close(c);
	return NULL;
}

/* Returns how many of @todo requests had the right answer. */
static unsigned int let_crowd(struct server *s, unsigned int todo,
			      void *(*run)(void *arg))
{
	struct crowd *crowds = calloc(CLIENTS, sizeof(*crowds));
	unsigned int good = 0;

	s->connections = 0;
	for (unsigned int i = 0; i < CLIENTS; i++) {
		crowds[i].port = s->port;
		crowds[i].number = i;
		crowds[i].todo = todo / CLIENTS;
		pthread_create(&crowds[i].thread, NULL, run, &crowds[i]);
	}
	for (unsigned int i = 0; i < CLIENTS; i++) {
		pthread_join(crowds[i].thread, NULL);
		good += crowds[i].good;
		s->connections += crowds[i].connections;
	}
	free(crowds);
	s->requests = todo;
	return good;
}

/* There is a thread for each: all connections are kept to the end. */
TEST_F_TIMEOUT(httpd, many_requests, LIMIT)
{
	const unsigned int todo = REQUESTS / slow();
	struct timespec start, end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	EXPECT_EQ(todo, let_crowd(&self->server, todo, fetch_files));
	clock_gettime(CLOCK_MONOTONIC, &end);
	EXPECT_EQ(CLIENTS, self->server.connections);
	TH_LOG("%u requests of %u clients at once in %ld ms", todo, CLIENTS,
	       (end.tv_sec - start.tv_sec) * 1000 +
		       (end.tv_nsec - start.tv_nsec) / 1000000);
}

/* Whoever hangs up in the midst of an answer harms nobody else. */
TEST_F_TIMEOUT(httpd, clients_that_leave, LIMIT)
{
	struct client *c = malloc(sizeof(*c));

	for (int i = 0; i < 30; i++) {
		ASSERT_TRUE(client_open(c, self->server.port));
		for (int k = 0; k < 30; k++)
			client_say(c, "GET /file-15 " END);
		if (i % 3 == 1)
			EXPECT_TRUE(client_fill(c));
		if (i % 3 == 2)
			shutdown(c->fd, SHUT_WR);
		client_close(c);
		EXPECT_STATUS(200, "GET /link " END);
	}
	free(c);
}

/* Connections that nobody uses make room where there are fewer threads. */
TEST_F_TIMEOUT(httpd, more_clients_than_threads, LIMIT)
{
	const unsigned int n = 40;
	struct client *clients = calloc(n, sizeof(*clients));

	for (unsigned int i = 0; i < n; i++) {
		ASSERT_TRUE(client_open(&clients[i], self->server.port));
		client_say(&clients[i], "GET /dir/page.txt " END);
	}
	for (unsigned int i = 0; i < n; i++) {
		EXPECT_TRUE(client_hear(&clients[i], false, self->r));
		EXPECT_EQ(200, self->r->status);
		EXPECT_EQ(5, self->r->body_len);
	}
	for (unsigned int i = 0; i < n; i++)
		client_close(&clients[i]);
	free(clients);
	self->server.connections = n;
	self->server.requests = n;
}

/* --- Confinement ---------------------------------------------------------- */

/* All of them lead out, for one reason or another. */
static const char *const escapes[] = {
	"/../secret",
	"/..",
	"/../nothing",
	"/../root/file-1",
	"/dir/../../secret",
	"/%2e%2e/secret",
	"/..%2fsecret",
	"/%2E%2e%2F%2e./secret",
	"//etc/passwd",
	"/%2fetc%2fpasswd",
	"http://here/../secret",
	"/out",
	"/up",
	"/up/secret",
	"/up/root/file-1",
	"/absolute",
	"/leak/",
	"/leak/index.html",
};

static bool read_denials(struct cloudabi_ctl_counters *counters)
{
	int fd = open("/dev/cloudabi", O_RDONLY | O_CLOEXEC);
	bool done = !ioctl(fd, CLOUDABI_CTL_COUNTERS, counters);

	close(fd);
	return done;
}

static void *try_escapes(void *arg)
{
	struct crowd *crowd = arg;
	struct response *r = &crowd->r;
	bool good = connect_crowd(crowd);

	for (unsigned int i = 0; good && i < crowd->todo; i++) {
		client_say(&crowd->client, "GET %s " END,
			   escapes[(i + crowd->number) % ARRAY_SIZE(escapes)]);
		good = hear_crowd(crowd) && r->status == 403 &&
		       r->body_len == strlen("403 Forbidden\n") &&
		       !memcmp(r->body, "403 Forbidden\n", r->body_len);
		crowd->good += good;
	}
	client_close(&crowd->client);
	return NULL;
}

/* By the kernel, each of them, and nothing else was refused. */
TEST_F_TIMEOUT(httpd, stays_in_its_directory, LIMIT)
{
	const unsigned int todo = ESCAPES / slow() / CLIENTS * CLIENTS;
	struct cloudabi_ctl_counters before, after;

	ASSERT_TRUE(read_denials(&before));
	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++) {
		struct client *c = malloc(sizeof(*c));

		ASSERT_TRUE(client_open(c, self->server.port));
		client_say(c, "GET %s " END, escapes[i]);
		EXPECT_TRUE(client_hear(c, false, self->r));
		EXPECT_EQ(403, self->r->status) {
			TH_LOG("%s", escapes[i]);
		}
		client_close(c);
		free(c);
	}
	EXPECT_EQ(todo, let_crowd(&self->server, todo, try_escapes));
	EXPECT_STATUS(200, "GET /dir/../link " END);
	self->server.connections += ARRAY_SIZE(escapes) + 1;
	self->server.requests += ARRAY_SIZE(escapes) + 1;
	ASSERT_TRUE(read_denials(&after));
	before.denied[CLOUDABI_CTL_DENY_PATH] += todo + ARRAY_SIZE(escapes);
	for (size_t i = 0; i < CLOUDABI_CTL_NR_DENY; i++)
		EXPECT_EQ(before.denied[i], after.denied[i]);
}

/* The first process that has this one for a parent. */
static pid_t child_of(pid_t parent)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	char path[300];
	pid_t found = -1;

	while (found < 0 && dir && (entry = readdir(dir))) {
		int pid = 0, ppid = 0;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		file = atoi(entry->d_name) ? fopen(path, "re") : NULL;
		if (!file)
			continue;
		if (fscanf(file, "%d (%*[^)]) %*c %d", &pid, &ppid) == 2 &&
		    ppid == parent)
			found = pid;
		fclose(file);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Whether descriptor @fd of a process tells just these rights. */
static bool has_rights(pid_t pid, int fd, const char *base,
		       const char *inheriting)
{
	char path[64], text[1024], want[300];
	size_t len = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
	snprintf(want, sizeof(want), "\ncloudabi-rights-base:\t%s\n"
		 "cloudabi-rights-inheriting:\t%s\n", base, inheriting);
	file = fopen(path, "re");
	if (file) {
		len = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
	}
	text[len] = 0;
	if (strstr(text, want))
		return true;
	printf("# %s: %s\n", path, text);
	return false;
}

/* It closes the file of a reply that has been heard already. */
static bool is_closed_soon(pid_t pid, int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	for (int i = 0; i < 10000 && !access(path, F_OK); i++)
		usleep(1000);
	return access(path, F_OK) && errno == ENOENT;
}

/* What is left of its rights when it serves its first client. */
TEST_F_TIMEOUT(httpd, has_few_rights, LIMIT)
{
	pid_t pid = child_of(self->server.pid);
	struct client *c = malloc(sizeof(*c));

	ASSERT_TRUE(client_open(c, self->server.port));
	client_say(c, "GET /link " END);
	ASSERT_TRUE(client_hear(c, false, self->r));
	EXPECT_TRUE(has_rights(pid, 2, "FD_WRITE", ""));
	EXPECT_TRUE(has_rights(pid, 3, "FILE_OPEN",
			       "FD_READ FD_SEEK FILE_STAT_FGET"));
	EXPECT_TRUE(has_rights(pid, 4, "FD_READ", ""));
	EXPECT_TRUE(has_rights(pid, 0, "FD_READ FD_WRITE POLL_FD_READWRITE SOCK_SHUTDOWN", ""));
	EXPECT_TRUE(is_closed_soon(pid, 1));
	EXPECT_TRUE(is_closed_soon(pid, 5));
	client_close(c);
	free(c);
}

TEST_HARNESS_MAIN
