/* SPDX-License-Identifier: Apache-2.0 */
/* One thread accepts, one per connection serves it; all that they share is below `lock`. */
#include "http_peer.h"

#include "base/buf.h"
#include "base/cleanup.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#define MAX_CONNECTIONS 1024
#define MAX_REQUEST	((size_t)64 << 20)

struct connection {
	struct peer *peer;
	pthread_t thread;
	int fd;
	unsigned requests;
	bool is_head; /* no body in this reply */
};

struct peer {
	int fd;
	unsigned accept_pause_ms;
	pthread_t thread;
	pthread_mutex_t lock;
	bool is_stopping;
	unsigned connection_count;
	unsigned request_count;
	unsigned at_once;
	unsigned most_at_once;
	struct buf paths;
	struct connection connections[MAX_CONNECTIONS];
};

static void must(bool is_fine, const char *what)
{
	if (is_fine)
		return;
	perror(what);
	abort();
}

static void sleep_ms(unsigned ms)
{
	const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	(void)nanosleep(&time, NULL);
}

static bool is_stopping(struct peer *peer)
{
	(void)pthread_mutex_lock(&peer->lock);
	bool is_stopping = peer->is_stopping;
	(void)pthread_mutex_unlock(&peer->lock);
	return is_stopping;
}

static bool put(const struct connection *connection, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(connection->fd, data, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static bool puts_to(const struct connection *connection, const char *text)
{
	return put(connection, text, strlen(text));
}

static bool reply(const struct connection *connection, const char *status, const char *header,
		  const char *body, size_t len)
{
	_cleanup_free_ char *head =
		xasprintf("HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, header, len);

	return puts_to(connection, head) && put(connection, body, connection->is_head ? 0 : len);
}

static bool reply_ok(const struct connection *connection)
{
	return reply(connection, "200 OK", "", "fine", 4);
}

static bool reply_status(const struct connection *connection, const char *number)
{
	_cleanup_free_ char *status = xasprintf("%s Some Text", number);
	_cleanup_free_ char *body = xasprintf("status %s", number);

	if (strcmp(number, "204") == 0 || strcmp(number, "304") == 0) {
		_cleanup_free_ char *head = xasprintf("HTTP/1.1 %s\r\n\r\n", status);
		return puts_to(connection, head);
	}
	return reply(connection, status, "", body, strlen(body));
}

static bool reply_header(const struct connection *connection, const char *header)
{
	const char *slash = strchrnul(header, '/');
	_cleanup_free_ char *line = xasprintf("%.*s: %s\r\n", (int)(slash - header), header,
					      *slash == '/' ? slash + 1 : "");

	for (char *p = line; *p != '\0'; p++)
		if (*p == '_')
			*p = ' ';
	return reply(connection, "200 OK", line, "fine", 4);
}

static bool reply_body(const struct connection *connection, size_t len)
{
	_cleanup_free_ char *body = xmalloc(len);

	memset(body, 'x', len);
	return reply(connection, "200 OK", "", body, len);
}

static bool reply_head(const struct connection *connection, size_t len)
{
	static const char line[] = "X-Filler: 0123456789012345678901234567890123456789\r\n";

	if (!puts_to(connection, "HTTP/1.1 200 OK\r\n"))
		return false;
	for (size_t sent = 0; sent < len; sent += strlen(line))
		if (!puts_to(connection, line))
			return false;
	return puts_to(connection, "Content-Length: 0\r\n\r\n");
}

static bool drip(const struct connection *connection, unsigned pause_ms)
{
	if (!puts_to(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"))
		return false;
	while (!is_stopping(connection->peer) && puts_to(connection, "x"))
		sleep_ms(pause_ms);
	return false;
}

static bool reply_lines(const struct connection *connection, unsigned count)
{
	if (!puts_to(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
		return false;
	for (unsigned i = 1; i <= count; i++) {
		_cleanup_free_ char *line = xasprintf("line %u\n", i);
		_cleanup_free_ char *chunk = xasprintf("%zx\r\n%s\r\n", strlen(line), line);
		if (!puts_to(connection, chunk))
			return false;
		sleep_ms(2);
	}
	return puts_to(connection, "0\r\n\r\n");
}

static bool stay_silent(const struct connection *connection)
{
	char byte;

	while (recv(connection->fd, &byte, 1, 0) > 0)
		continue;
	return false;
}

static bool cut_after(const struct connection *connection, const char *text)
{
	(void)puts_to(connection, text);
	return false;
}

static bool has_prefix(const char *path, const char *prefix, const char **ret_rest)
{
	size_t len = strlen(prefix);

	*ret_rest = path + len;
	return strncmp(path, prefix, len) == 0;
}

/* False ends the connection. */
static bool answer_number(const struct connection *connection, const char *path)
{
	const char *rest;

	if (has_prefix(path, "/delay/", &rest)) {
		sleep_ms((unsigned)strtoul(rest, NULL, 10));
		return reply_ok(connection);
	}
	if (has_prefix(path, "/status/", &rest))
		return reply_status(connection, rest);
	if (has_prefix(path, "/header/", &rest))
		return reply_header(connection, rest);
	if (has_prefix(path, "/body/", &rest))
		return reply_body(connection, strtoul(rest, NULL, 10));
	if (has_prefix(path, "/head/", &rest))
		return reply_head(connection, strtoul(rest, NULL, 10));
	if (has_prefix(path, "/drip/", &rest))
		return drip(connection, (unsigned)strtoul(rest, NULL, 10));
	if (has_prefix(path, "/lines/", &rest))
		return reply_lines(connection, (unsigned)strtoul(rest, NULL, 10));
	return reply(connection, "404 Not Found", "", "no such path", 12);
}

static bool answer(const struct connection *connection, const char *path, const struct buf *request)
{
	if (strcmp(path, "/echo") == 0)
		return reply(connection, "200 OK", "", request->data, request->len);
	if (strcmp(path, "/redirect") == 0)
		return reply(connection, "302 Found", "Location: /status/200\r\n", "", 0);
	if (strcmp(path, "/silent") == 0)
		return stay_silent(connection);
	if (strcmp(path, "/cut") == 0)
		return false;
	if (strcmp(path, "/cut-if-reused") == 0)
		return connection->requests == 1 && reply_ok(connection);
	if (strcmp(path, "/close") == 0)
		return reply_ok(connection) && false;
	if (strcmp(path, "/short") == 0)
		return cut_after(connection,
				 "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
	if (strcmp(path, "/short-chunk") == 0)
		return cut_after(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
					     "64\r\n0123456789");
	if (strcmp(path, "/garbage") == 0)
		return cut_after(connection, "220 mail.example ESMTP\r\n");
	return answer_number(connection, path);
}

static size_t body_length(const char *head)
{
	const char *line = strcasestr(head, "\r\nContent-Length:");

	return line ? strtoul(line + strlen("\r\nContent-Length:"), NULL, 10) : 0;
}

/* Reads one request, head and body; false at the end of the connection. */
static bool read_request(const struct connection *connection, struct buf *request)
{
	char data[16384];
	size_t want = 0;

	while (want == 0 || request->len < want) {
		ssize_t n = recv(connection->fd, data, sizeof(data), 0);
		if (n <= 0)
			return false;
		must(buf_add(request, data, (size_t)n) == 0, "request");
		const char *end = strstr(request->data, "\r\n\r\n");
		if (want == 0 && end)
			want = (size_t)(end + 4 - request->data) + body_length(request->data);
	}
	return true;
}

static void count_start(struct peer *peer, const char *path)
{
	(void)pthread_mutex_lock(&peer->lock);
	peer->request_count++;
	if (++peer->at_once > peer->most_at_once)
		peer->most_at_once = peer->at_once;
	must(buf_addf(&peer->paths, "%s ", path) == 0, "paths");
	(void)pthread_mutex_unlock(&peer->lock);
}

static void count_end(struct peer *peer)
{
	(void)pthread_mutex_lock(&peer->lock);
	peer->at_once--;
	(void)pthread_mutex_unlock(&peer->lock);
}

static bool serve_one(struct connection *connection, struct buf *request)
{
	buf_reset(request);
	if (!read_request(connection, request))
		return false;

	const char *start = strchrnul(request->data, ' ');
	start += *start == ' ';
	_cleanup_free_ char *path = xstrndup(start, strcspn(start, " ?"));
	connection->requests++;
	connection->is_head = strncmp(request->data, "HEAD ", 5) == 0;
	count_start(connection->peer, path);
	bool goes_on = answer(connection, path, request);
	count_end(connection->peer);
	return goes_on;
}

static void *serve(void *arg)
{
	struct connection *connection = arg;
	struct buf request;

	buf_init(&request, MAX_REQUEST);
	while (serve_one(connection, &request))
		continue;
	buf_done(&request);
	/* Closed by peer_free(), so that its number is not used for another before. */
	(void)shutdown(connection->fd, SHUT_RDWR);
	return NULL;
}

static bool take_connection(struct peer *peer, int fd)
{
	(void)pthread_mutex_lock(&peer->lock);
	bool is_taken = !peer->is_stopping && peer->connection_count < MAX_CONNECTIONS;
	if (is_taken) {
		struct connection *connection = &peer->connections[peer->connection_count++];
		connection->peer = peer;
		connection->fd = fd;
		must(pthread_create(&connection->thread, NULL, serve, connection) == 0, "thread");
	}
	(void)pthread_mutex_unlock(&peer->lock);
	return is_taken;
}

static void *accept_all(void *arg)
{
	struct peer *peer = arg;

	while (!is_stopping(peer)) {
		int fd = accept4(peer->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0 && !take_connection(peer, fd))
			(void)close(fd);
		if (peer->accept_pause_ms > 0)
			sleep_ms(peer->accept_pause_ms);
	}
	return NULL;
}

static struct peer *start(int fd, const struct sockaddr *address, socklen_t len, int backlog,
			  unsigned accept_pause_ms)
{
	struct peer *peer = xcalloc(1, sizeof(*peer));

	must(fd >= 0 && bind(fd, address, len) == 0, "bind");
	must(listen(fd, backlog) == 0, "listen");
	peer->fd = fd;
	peer->accept_pause_ms = accept_pause_ms;
	buf_init(&peer->paths, MAX_REQUEST);
	must(pthread_mutex_init(&peer->lock, NULL) == 0, "mutex");
	must(pthread_create(&peer->thread, NULL, accept_all, peer) == 0, "thread");
	return peer;
}

struct peer *peer_new_tcp(void)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return start(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
		     (const struct sockaddr *)&address, sizeof(address), 128, 0);
}

struct peer *peer_new_unix(const char *path, int backlog, unsigned accept_pause_ms)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	must(strlen(path) < sizeof(address.sun_path), path);
	memcpy(address.sun_path, path, strlen(path));
	return start(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
		     (const struct sockaddr *)&address, sizeof(address), backlog, accept_pause_ms);
}

struct peer *peer_free(struct peer *peer)
{
	if (!peer)
		return NULL;
	(void)pthread_mutex_lock(&peer->lock);
	peer->is_stopping = true;
	(void)pthread_mutex_unlock(&peer->lock);
	(void)shutdown(peer->fd, SHUT_RDWR); /* wakes accept() */
	(void)pthread_join(peer->thread, NULL);
	for (unsigned i = 0; i < peer->connection_count; i++) {
		(void)shutdown(peer->connections[i].fd, SHUT_RDWR);
		(void)pthread_join(peer->connections[i].thread, NULL);
		(void)close(peer->connections[i].fd);
	}
	(void)close(peer->fd);
	buf_done(&peer->paths);
	(void)pthread_mutex_destroy(&peer->lock);
	free(peer);
	return NULL;
}

int peer_port(const struct peer *peer)
{
	struct sockaddr_in address = {0};
	socklen_t len = sizeof(address);

	must(getsockname(peer->fd, (struct sockaddr *)&address, &len) == 0, "getsockname");
	return ntohs(address.sin_port);
}

static unsigned read_count(struct peer *peer, const unsigned *count)
{
	(void)pthread_mutex_lock(&peer->lock);
	unsigned value = *count;
	(void)pthread_mutex_unlock(&peer->lock);
	return value;
}

unsigned peer_connections(struct peer *peer)
{
	return read_count(peer, &peer->connection_count);
}

unsigned peer_requests(struct peer *peer)
{
	return read_count(peer, &peer->request_count);
}

unsigned peer_most_at_once(struct peer *peer)
{
	return read_count(peer, &peer->most_at_once);
}

bool peer_was_asked(struct peer *peer, const char *paths)
{
	(void)pthread_mutex_lock(&peer->lock);
	bool is_equal = strcmp(peer->paths.data, paths) == 0;
	(void)pthread_mutex_unlock(&peer->lock);
	return is_equal;
}
