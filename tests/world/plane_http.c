/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP side of the control plane: credentials, routes, bodies. */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "world/plane_parts.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

#define DEFAULT_RECLAIM_MS 5000u

/* --- bodies ----------------------------------------------------------------------------------- */

static void add_time(struct json_object *object, const char *name, int64_t at_ms)
{
	char seconds[24], text[32];
	struct tm tm;
	const time_t whole = (time_t)(at_ms / 1000);

	if (at_ms == 0) {
		json_add(object, name, NULL);
		return;
	}
	(void)gmtime_r(&whole, &tm);
	(void)strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(text, sizeof(text), "%.19s.%03u000Z", seconds, (unsigned)(at_ms % 1000));
	json_add_string(object, name, text);
}

/* Base64url of {"sessions_token": ...}, without padding. */
static char *secret_text(const char *token)
{
	_cleanup_free_ char *payload = xasprintf("{\"sessions_token\": \"%s\"}", token);
	size_t len = strlen(payload);
	char *text = xcalloc(1, 4 * len / 3 + 5);

	(void)EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)payload, (int)len);
	for (char *p = text; *p; p++)
		*p = (char)(*p == '+' ? '-' : *p == '/' ? '_' : *p == '=' ? '\0' : *p);
	return text;
}

static struct json_object *work_object(const struct plane_work *work, bool with_secret)
{
	struct json_object *object = json_new_object(), *data = json_new_object();

	json_add_string(object, "id", work->id);
	json_add_string(object, "type", "work");
	json_add_string(object, "state", work_state_name(work->state));
	json_add_string(object, "environment_id", work->environment->id);
	json_add_string(data, "type", work->type);
	json_add_string(data, "id", work->session_id);
	json_add(object, "data", data);
	add_time(object, "created_at", work->created_at_ms);
	add_time(object, "acknowledged_at", work->acked_at_ms);
	add_time(object, "started_at", work->started_at_ms);
	add_time(object, "latest_heartbeat_at", work->beaten_at_ms);
	add_time(object, "stop_requested_at", work->stop_requested_at_ms);
	add_time(object, "stopped_at", work->stopped_at_ms);
	json_add(object, "metadata", json_new_object());
	if (with_secret && work->token) {
		_cleanup_free_ char *secret = secret_text(work->token);
		json_add_string(object, "secret", secret);
	} else {
		json_add(object, "secret", NULL);
	}
	return object;
}

/* --- replies ---------------------------------------------------------------------------------- */

static void reply(struct plane *plane, struct wire_call *call, long status, const char *body)
{
	char headers[160], date[40];
	struct tm tm;
	const time_t now = (time_t)(sim_wall_ms(plane->sim) / 1000);

	(void)gmtime_r(&now, &tm);
	(void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	(void)snprintf(headers, sizeof(headers),
		       "date: %s\nrequest-id: req_%" PRIu64 "\ncontent-type: application/json\n",
		       date, ++plane->replies);
	wire_reply(call, status, headers, body);
}

static void reply_json(struct plane *plane, struct wire_call *call, struct json_object *object)
{
	reply(plane, call, 200, json_line(object));
	json_object_put(object);
}

static void refuse(struct plane *plane, struct wire_call *call, long status)
{
	static const struct {
		long status;
		const char *type;
	} types[] = {
		{400, "invalid_request_error"}, {401, "authentication_error"},
		{403, "permission_error"},	{404, "not_found_error"},
		{409, "conflict_error"},
	};
	const char *type = "api_error";

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].status == status)
			type = types[i].type;
	_cleanup_free_ char *body = xasprintf("{\"type\":\"error\",\"error\":{\"type\":\"%s\","
					      "\"message\":\"refused\"}}",
					      type);
	reply(plane, call, status, body);
}

/* --- polls ------------------------------------------------------------------------------------ */

void plane_poll_free(struct plane_poll *poll)
{
	sim_cancel(poll->plane->sim, &poll->event);
	DL_DELETE(poll->environment->polls, poll);
	free(poll);
}

static void on_poller_gone(struct wire_call *call)
{
	plane_poll_free(call->peer_state);
}

static void on_look(void *arg);

/* True if it has its answer, and is gone. */
static bool try_poll(struct plane_poll *poll)
{
	struct plane *plane = poll->plane;
	struct plane_work *work =
		plane_claim(plane, poll->environment, poll->reclaim_ms, poll->call->client);
	uint64_t now = sim_now_ms(plane->sim);
	struct wire_call *call = poll->call;

	if (!work && now < poll->until_ms) {
		uint64_t at =
			plane_next_change_ms(poll->environment, poll->reclaim_ms, poll->until_ms);
		sim_at(plane->sim, &poll->event, at > now ? at - now : 1, on_look, poll);
		return false;
	}
	plane_poll_free(poll);
	if (work)
		reply_json(plane, call, work_object(work, true));
	else
		reply(plane, call, 200, "null");
	return true;
}

static void on_look(void *arg)
{
	(void)try_poll(arg);
}

void plane_wake(struct plane_environment *environment)
{
	struct plane_poll *poll, *next;

	DL_FOREACH_SAFE(environment->polls, poll, next)
	sim_at(poll->plane->sim, &poll->event, 0, on_look, poll);
}

static uint64_t query_number(const char *path, const char *name, uint64_t otherwise)
{
	const char *at = strstr(path, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : otherwise;
}

static void serve_poll(struct plane *plane, struct plane_environment *environment,
		       struct wire_call *call)
{
	struct plane_poll *poll = xcalloc(1, sizeof(*poll));

	poll->plane = plane;
	poll->environment = environment;
	poll->call = call;
	poll->reclaim_ms = query_number(call->path, "reclaim_older_than_ms=", DEFAULT_RECLAIM_MS);
	poll->until_ms = sim_now_ms(plane->sim) + query_number(call->path, "block_ms=", 0);
	DL_APPEND(environment->polls, poll);
	call->peer_state = poll;
	call->gone = on_poller_gone;
	(void)try_poll(poll);
}

/* --- the other calls -------------------------------------------------------------------------- */

static void serve_list(struct plane *plane, struct plane_environment *environment,
		       struct wire_call *call)
{
	uint64_t limit = query_number(call->path, "limit=", 20);
	uint64_t from = query_number(call->path, "page=page_", 0), index = 0;
	struct json_object *object = json_new_object(), *rows = json_new_array();
	struct plane_work *work, *next;
	bool has_more = false;

	HASH_ITER (hh, plane->works, work, next) {
		if (work->environment != environment)
			continue;
		if (index >= from && index < from + limit)
			json_append(rows, work_object(work, false));
		has_more |= index >= from + limit;
		index++;
	}
	json_add(object, "data", rows);
	_cleanup_free_ char *page = xasprintf("page_%" PRIu64, from + limit);
	json_add(object, "next_page", has_more ? json_object_new_string(page) : NULL);
	reply_json(plane, call, object);
}

static void serve_stats(struct plane *plane, struct plane_environment *environment,
			struct wire_call *call)
{
	struct json_object *object = json_new_object();
	const struct plane_work *work;
	int64_t depth = 0, pending = 0;

	DL_FOREACH(environment->open, work)
	if (work->state == WORK_QUEUED) {
		depth += work->claimed_ms == 0;
		pending += work->claimed_ms != 0;
	}
	json_add_string(object, "type", "work_queue_stats");
	json_add_int(object, "depth", depth);
	json_add_int(object, "pending", pending);
	json_add(object, "oldest_queued_at", NULL);
	json_add_int(object, "workers_polling", 1);
	reply_json(plane, call, object);
}

static void serve_item(struct plane *plane, struct plane_environment *environment,
		       struct wire_call *call, const char *id, const char *verb)
{
	struct plane_work *work = plane_find(plane, id);
	int status = 404;

	if (work && work->environment == environment && strcmp(verb, "ack") == 0)
		status = plane_do_ack(plane, work, call->client);
	else if (work && work->environment == environment && strcmp(verb, "stop") == 0)
		status = plane_do_stop(plane, work, strstr(call->body, "true"), call->client);
	if (status != 0)
		refuse(plane, call, status);
	else if (strcmp(verb, "stop") == 0)
		reply(plane, call, 204, "");
	else
		reply_json(plane, call, work_object(work, false));
}

void plane_serve(void *arg, struct wire_call *call)
{
	struct plane *plane = arg;
	struct plane_environment *environment;
	char id[160] = "", work[160] = "", verb[32] = "";

	(void)sscanf(call->path, "/v1/environments/%159[^/]/work/%159[^/?]/%31[a-z]", id, work,
		     verb);
	if (id[0] == '\0')
		(void)sscanf(call->path, "/v1/environments/%159[^/]/work", id);
	HASH_FIND_STR(plane->environments, id, environment);
	if (!environment) {
		refuse(plane, call, 404);
	} else if (environment->is_key_rejected || strcmp(call->bearer, environment->key) != 0) {
		refuse(plane, call, 401);
	} else if (strcmp(work, "poll") == 0) {
		serve_poll(plane, environment, call);
	} else if (verb[0] != '\0') {
		serve_item(plane, environment, call, work, verb);
	} else if (environment->options.list_is_not_permitted) {
		refuse(plane, call, 403);
	} else if (strcmp(work, "stats") == 0) {
		serve_stats(plane, environment, call);
	} else {
		serve_list(plane, environment, call);
	}
}
