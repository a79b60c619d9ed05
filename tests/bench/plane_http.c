/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-plane: the queue of plane.h on a port of loopback, plain or over TLS.
 *
 *   bench-plane --environments N [--session-seconds S] [--cert FILE --key FILE]
 *
 * prints its port, and serves until its standard input ends. Beside the API of the control plane
 * (poll, ack, stop, list; whoever asks is taken for who they say they are) there are
 *
 *   POST /bench/queue/ENVIRONMENT/COUNT    queue items
 *   GET  /bench/items                      [[number, queued, polled, acked], ...]
 *   GET  /bench/stats                      {"polls", "empty_polls", "acks", "lists", "stops"}
 */
#include "bench/plane.h"
#include "fake/park.h"

#include <getopt.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>
#include <utlist.h>

struct server {
	struct plane plane;
	struct loop *loop;
	struct MHD_Daemon *daemon;
	struct watch daemon_watch, input_watch;
	bool stop;
};

struct request {
	struct poll_wait wait;
	struct park park;
	struct environment *environment; /* while it waits */
	bool has_begun, has_waited;
	char target[256]; /* the path */
};

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, struct text *body)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_COPY);

	(void)MHD_add_response_header(response, "Content-Type", "application/json");
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	text_done(body);
	return result;
}

static enum MHD_Result reply_text(struct MHD_Connection *connection, unsigned status,
				  const char *text)
{
	struct text body = {0};

	text_adds(&body, text);
	return reply(connection, status, &body);
}

static long argument(struct MHD_Connection *connection, const char *name)
{
	const char *text = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);

	return text ? atol(text) : 0;
}

static void on_work(struct poll_wait *wait)
{
	struct request *request = (struct request *)wait;

	park_wake(&request->park);
}

static void leave_queue(struct request *request)
{
	if (request->wait.is_waiting)
		DL_DELETE(request->environment->waits, &request->wait);
	request->wait.is_waiting = false;
}

static enum MHD_Result poll_work(struct server *server, struct MHD_Connection *connection,
				 struct request *request, size_t number)
{
	struct plane *plane = &server->plane;
	struct environment *environment = &plane->environments[number];
	long block_ms = argument(connection, "block_ms");
	struct text body = {0};

	leave_queue(request);
	if (request->park.gone)
		return MHD_NO;
	if (!environment->first && block_ms > 0 && !request->has_waited) {
		request->has_waited = true;
		request->environment = environment;
		request->wait.wake = on_work;
		request->wait.is_waiting = true;
		DL_APPEND(environment->waits, &request->wait);
		park_wait(&request->park, server->loop, connection, block_ms);
		return MHD_YES;
	}
	plane->polls++;
	const struct item *item = plane_poll(plane, number);
	if (!item)
		return reply_text(connection, 200, "null");
	plane_show(plane, item, true, &body);
	return reply(connection, 200, &body);
}

/* POST {work}/ack or {work}/stop. */
static enum MHD_Result act(struct server *server, struct MHD_Connection *connection,
			   const char *id_and_verb)
{
	struct text body = {0};
	char id[64], verb[16];

	if (sscanf(id_and_verb, "%63[^/]/%15s", id, verb) != 2)
		return reply_text(connection, 404, "{}");
	struct item *item = plane_find(&server->plane, id);
	if (!item)
		return reply_text(connection, 404, "{}");
	if (strcmp(verb, "ack") == 0)
		plane_ack(&server->plane, item);
	else
		plane_stop(&server->plane, item);
	plane_show(&server->plane, item, false, &body);
	return reply(connection, 200, &body);
}

static enum MHD_Result bench(struct server *server, struct MHD_Connection *connection,
			     const char *what)
{
	struct plane *plane = &server->plane;
	size_t environment, count;
	struct text body = {0};

	if (sscanf(what, "queue/%zu/%zu", &environment, &count) == 2 &&
	    environment < plane->environment_count) {
		plane_queue(plane, environment, count);
		text_adds(&body, "{}");
	} else if (strcmp(what, "items") == 0) {
		plane_tell(plane, &body);
	} else {
		text_addf(&body,
			  "{\"polls\":%" PRIu64 ",\"empty_polls\":%" PRIu64 ",\"acks\":%" PRIu64
			  ",\"lists\":%" PRIu64 ",\"stops\":%" PRIu64 "}",
			  plane->polls, plane->empty_polls, plane->acks, plane->lists,
			  plane->stops);
	}
	return reply(connection, 200, &body);
}

static enum MHD_Result answer(struct server *server, struct MHD_Connection *connection,
			      struct request *request)
{
	struct plane *plane = &server->plane;
	struct text body = {0};
	size_t number;
	int at = 0;

	if (strncmp(request->target, "/bench/", 7) == 0)
		return bench(server, connection, request->target + 7);
	if (sscanf(request->target, "/v1/environments/env_%zu/work%n", &number, &at) != 1 ||
	    number >= plane->environment_count)
		return reply_text(connection, 404, "{}");
	const char *rest = request->target + at;
	if (strcmp(rest, "/poll") == 0)
		return poll_work(server, connection, request, number);
	if (*rest == '/')
		return act(server, connection, rest + 1);
	plane_list(plane, number, (size_t)argument(connection, "page"),
		   (size_t)argument(connection, "limit"), &body);
	return reply(connection, 200, &body);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_len, void **slot)
{
	struct request *request = *slot;

	(void)method;
	(void)version;
	(void)upload;
	if (!request) {
		*slot = request = xcalloc(1, sizeof(*request));
		(void)snprintf(request->target, sizeof(request->target), "%s", url);
		return MHD_YES;
	}
	if (*upload_len) {
		*upload_len = 0;
		return MHD_YES;
	}
	return answer(cls, connection, request);
}

static void on_request_end(void *cls, struct MHD_Connection *connection, void **slot,
			   enum MHD_RequestTerminationCode why)
{
	struct request *request = *slot;

	(void)cls;
	(void)connection;
	(void)why;
	if (!request)
		return;
	leave_queue(request);
	free(request);
}

static void on_daemon(void *arg)
{
	(void)arg; /* serve() runs the daemon after every wake-up */
}

static void on_input(void *arg)
{
	struct server *server = arg;
	char unused[64];

	if (read(STDIN_FILENO, unused, sizeof(unused)) <= 0)
		server->stop = true;
}

static char *file_text(const char *path)
{
	struct text text = {0};
	char block[4096];
	size_t len;
	FILE *file = fopen(path, "re");

	while (file && (len = fread(block, 1, sizeof(block), file)) > 0)
		text_add(&text, block, len);
	if (!file || fclose(file) != 0 || !text.data) {
		perror(path);
		exit(1);
	}
	return text.data;
}

static struct MHD_Daemon *listen_on_loopback(struct server *server, char *cert, char *key)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, cert},
					     {MHD_OPTION_HTTPS_MEM_KEY, 0, key},
					     {MHD_OPTION_END, 0, NULL}};
	const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};

	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (cert ? MHD_USE_TLS : 0),
				0, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, &address,
				MHD_OPTION_LISTEN_BACKLOG_SIZE, 4096u, MHD_OPTION_NOTIFY_COMPLETED,
				on_request_end, server, MHD_OPTION_CONNECTION_LIMIT, 20000u,
				MHD_OPTION_ARRAY, cert ? tls : none, MHD_OPTION_END);
}

static void serve(struct server *server)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	watch_start(server->loop, &server->daemon_watch, info->listen_fd, EPOLLIN, on_daemon,
		    server);
	watch_start(server->loop, &server->input_watch, STDIN_FILENO, EPOLLIN, on_input, server);
	while (!server->stop) {
		MHD_UNSIGNED_LONG_LONG limit_ms = 0;
		bool is_limited = MHD_get_timeout(server->daemon, &limit_ms) == MHD_YES;
		loop_turn(server->loop, is_limited ? (int64_t)limit_ms : -1);
		(void)MHD_run(server->daemon);
	}
	park_expel_all();
	(void)MHD_run(server->daemon);
	MHD_stop_daemon(server->daemon);
}

static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"environments", required_argument, NULL, 'e'},
						{"session-seconds", required_argument, NULL, 's'},
						{"cert", required_argument, NULL, 'c'},
						{"key", required_argument, NULL, 'k'},
						{0}};
	char *cert = NULL, *key = NULL;
	struct server server = {0};
	double session_seconds = -1;
	size_t environments = 1;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'e')
			environments = strtoul(optarg, NULL, 10);
		else if (option == 's')
			session_seconds = strtod(optarg, NULL);
		else if (option == 'c')
			cert = file_text(optarg);
		else if (option == 'k')
			key = file_text(optarg);
		else
			return 64;
	}
	raise_file_limit();
	(void)signal(SIGPIPE, SIG_IGN);
	plane_init(&server.plane, environments, session_seconds);
	server.loop = loop_new();
	server.daemon = listen_on_loopback(&server, cert, key);
	if (!server.daemon) {
		fputs("bench-plane: cannot listen on loopback\n", stderr);
		return 1;
	}
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server.daemon, MHD_DAEMON_INFO_BIND_PORT);
	printf("%u\n", (unsigned)info->port);
	(void)fflush(stdout);
	serve(&server);
	loop_free(server.loop);
	plane_done(&server.plane);
	free(cert);
	free(key);
	return 0;
}
