/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd calls on_request() for the request line, for every piece of the body, when the
 * request is complete, and again after each resume of a suspended connection. run_request() is the
 * life of a complete request: each phase either falls into the next one or parks the connection,
 * and continues there when it is resumed.
 */
#include "http.h"

#include "control.h"
#include "engine.h"
#include "fault.h"
#include "journal.h"
#include "listener.h"
#include "reply.h"
#include "route.h"
#include "rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <utlist.h>

/* Bodies beyond this are read and not kept: archives need not be. */
#define BODY_KEPT (64u << 20)

struct connection {
	int fd;
	bool control;
	struct connection *prev;
	struct connection *next;
};

struct server {
	struct engine *engine;
	struct MHD_Daemon *daemon;
	struct watch daemon_watch;
	struct listener engine_listener;
	struct listener control_listener;
	struct timer away;	/* until the engine's socket is there again */
	bool accepting_control; /* which listener the connection now being added came from */
	struct connection *connections;
};

static enum MHD_Result send_reply(struct request *request)
{
	unsigned int status = (unsigned int)request->reply.status;
	struct MHD_Response *response = reply_response(request);
	enum MHD_Result result = MHD_queue_response(request->connection, status, response);

	journal_close(request->engine, request, request->reply.status);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result close_unanswered(struct request *request)
{
	journal_close(request->engine, request, 0);
	return MHD_NO;
}

static enum MHD_Result park_request(struct request *request, enum request_phase resume_in,
				    int64_t limit_ms)
{
	request->phase = resume_in;
	park_wait(&request->park, request->engine->loop, request->connection, limit_ms);
	return MHD_YES;
}

static enum MHD_Result arrive(struct request *request)
{
	route_find(request);
	journal_open(request->engine, request);
	request->fault = rules_for_request(request);
	if (fault_is(request, "kill", "before")) {
		fault_kill(request);
		return close_unanswered(request);
	}
	request->phase = REQUEST_ADMITTED;
	if (fault_number(request, "delay_ms"))
		return park_request(request, REQUEST_ADMITTED, fault_number(request, "delay_ms"));
	return MHD_YES;
}

static enum MHD_Result process(struct request *request)
{
	if (fault_is(request, "cut", "before"))
		return close_unanswered(request);
	if (fault_is(request, "hang", "before"))
		return park_request(request, REQUEST_HANGING, -1);
	request->phase = REQUEST_ANSWERED;
	if (fault_replaces(request))
		return MHD_YES;
	fault_misread(request);
	route_handle(request);
	if (request->reply.status == 0)
		return park_request(request, REQUEST_ANSWERED, -1);
	return MHD_YES;
}

static enum MHD_Result answer(struct request *request)
{
	if (fault_is(request, "kill", "after")) {
		fault_kill(request);
		return close_unanswered(request);
	}
	if (fault_is(request, "cut", "after"))
		return close_unanswered(request);
	if (fault_is(request, "hang", "after"))
		return park_request(request, REQUEST_HANGING, -1);
	fault_rewrite(request);
	request->phase = REQUEST_SENDING;
	if (fault_number(request, "reply_delay_ms"))
		return park_request(request, REQUEST_SENDING,
				    fault_number(request, "reply_delay_ms"));
	return MHD_YES;
}

static enum MHD_Result run_request(struct request *request)
{
	enum MHD_Result result = MHD_YES;

	while (result == MHD_YES && !request->park.parked) {
		if (request->park.gone)
			return close_unanswered(request);
		switch (request->phase) {
		case REQUEST_ARRIVED:
			result = arrive(request);
			break;
		case REQUEST_ADMITTED:
			result = process(request);
			break;
		case REQUEST_ANSWERED:
			result = answer(request);
			break;
		case REQUEST_SENDING:
			return fault_raw(request) ? close_unanswered(request) : send_reply(request);
		case REQUEST_NEW:
		case REQUEST_READING:
		case REQUEST_HANGING:
			return close_unanswered(request);
		}
	}
	return result;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_len, void **request_slot)
{
	struct request *request = *request_slot;

	(void)cls;
	(void)version;
	if (request->phase == REQUEST_NEW) {
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
		const struct connection *peer = info->socket_context;

		request->control = peer->control;
		request->method = xstrdup(method);
		request->path = xstrdup(url);
		request->phase = REQUEST_READING;
		return MHD_YES;
	}
	if (*upload_len) {
		if (request->body.len + *upload_len <= BODY_KEPT)
			text_add(&request->body, upload, *upload_len);
		*upload_len = 0;
		return MHD_YES;
	}
	if (request->control) {
		control_handle(request);
		return send_reply(request);
	}
	if (request->phase == REQUEST_READING)
		request->phase = REQUEST_ARRIVED;
	return run_request(request);
}

static void *on_request_line(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct server *server = cls;
	struct request *request = xcalloc(1, sizeof(*request));

	request->engine = server->engine;
	request->connection = connection;
	request->uri = xstrdup(uri);
	return request;
}

static void on_request_end(void *cls, struct MHD_Connection *connection, void **request_slot,
			   enum MHD_RequestTerminationCode why)
{
	struct request *request = *request_slot;

	(void)connection;
	(void)why;
	if (!request)
		return;
	if (request->abandoned)
		request->abandoned(request, request->arg);
	journal_close(request->engine, request, 0);
	if (fault_number(request, "away_ms"))
		server_leave(cls, fault_number(request, "away_ms"));
	reply_clear(&request->reply);
	json_object_put(request->fault);
	text_done(&request->body);
	free(request->method);
	free(request->uri);
	free(request->path);
	free(request->version);
	free(request->target);
	free(request);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct server *server = cls;
	struct connection *peer = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

		peer = xcalloc(1, sizeof(*peer));
		peer->fd = info->connect_fd;
		peer->control = server->accepting_control;
		DL_APPEND(server->connections, peer);
		*context = peer;
	} else {
		DL_DELETE(server->connections, peer);
		free(peer);
	}
}

static void add_connection(struct server *server, struct listener *listener, bool control)
{
	struct sockaddr_storage address = {.ss_family = AF_UNIX};
	int fd;

	while ((fd = listener_accept(listener)) >= 0) {
		server->accepting_control = control;
		(void)MHD_add_connection(server->daemon, fd, (struct sockaddr *)&address,
					 sizeof(address.ss_family));
	}
}

static void on_engine_listener(void *arg)
{
	struct server *server = arg;

	add_connection(server, &server->engine_listener, false);
}

static void on_control_listener(void *arg)
{
	struct server *server = arg;

	add_connection(server, &server->control_listener, true);
}

/* server_turn() runs the daemon after every wake-up; its descriptor only has to end the wait. */
static void on_daemon(void *arg)
{
	(void)arg;
}

static bool start_daemon(struct server *server)
{
	const union MHD_DaemonInfo *info;

	/*
	 * No MHD_USE_ERROR_LOG: libmicrohttpd 0.9.75 takes connections that were added to it for
	 * TCP ones, and complains of each that TCP_NODELAY does not apply.
	 */
	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		on_request, server, MHD_OPTION_URI_LOG_CALLBACK, on_request_line, server,
		MHD_OPTION_NOTIFY_COMPLETED, on_request_end, server, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, server, MHD_OPTION_CONNECTION_LIMIT, 60000u, MHD_OPTION_END);
	if (!server->daemon)
		return false;
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	watch_start(server->engine->loop, &server->daemon_watch, info->listen_fd, EPOLLIN,
		    on_daemon, NULL);
	return server->daemon_watch.active;
}

struct server *server_new(struct engine *engine)
{
	struct server *server = xcalloc(1, sizeof(*server));
	const struct options *options = &engine->options;

	server->engine = engine;
	server->engine_listener.fd = server->control_listener.fd = -1;
	if (start_daemon(server) &&
	    listener_open(&server->control_listener, engine->loop, options->control, 64,
			  on_control_listener, server) &&
	    server_listen(server, true, false))
		return server;
	server_free(server);
	return NULL;
}

void server_free(struct server *server)
{
	struct loop *loop = server->engine->loop;

	timer_stop(loop, &server->away);
	listener_close(&server->engine_listener, loop);
	listener_close(&server->control_listener, loop);
	park_expel_all();
	if (server->daemon) {
		(void)MHD_run(server->daemon);
		watch_stop(loop, &server->daemon_watch);
		MHD_stop_daemon(server->daemon);
	}
	free(server);
}

void server_turn(struct server *server)
{
	MHD_UNSIGNED_LONG_LONG limit_ms = 0;
	bool limited = MHD_get_timeout(server->daemon, &limit_ms) == MHD_YES;

	loop_turn(server->engine->loop, limited ? (int64_t)limit_ms : -1);
	(void)MHD_run(server->daemon);
}

bool server_listen(struct server *server, bool up, bool cut)
{
	const struct options *options = &server->engine->options;
	const struct connection *peer;

	timer_stop(server->engine->loop, &server->away);
	if (!up)
		listener_close(&server->engine_listener, server->engine->loop);
	if (cut) {
		DL_FOREACH(server->connections, peer)
		{
			if (!peer->control)
				(void)shutdown(peer->fd, SHUT_RDWR);
		}
	}
	return !up || server->engine_listener.fd >= 0 ||
	       listener_open(&server->engine_listener, server->engine->loop, options->socket,
			     options->backlog, on_engine_listener, server);
}

static void on_return(void *arg)
{
	(void)server_listen(arg, true, false);
}

void server_leave(struct server *server, int64_t away_ms)
{
	(void)server_listen(server, false, true);
	timer_start(server->engine->loop, &server->away, away_ms, on_return, server);
}

void server_accept(struct server *server, bool on)
{
	listener_accepting(&server->engine_listener, server->engine->loop, on);
}

void server_stats(const struct server *server, struct json_object *stats)
{
	const struct connection *peer;
	int64_t open = 0;

	DL_FOREACH(server->connections, peer)
	open += !peer->control;
	json_object_object_add(stats, "connections", json_object_new_int64(open));
	json_object_object_add(stats, "listening",
			       json_object_new_boolean(server->engine_listener.fd >= 0));
}
