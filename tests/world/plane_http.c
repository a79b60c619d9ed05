/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which path means what, who may call it, and in which order that is checked. Credentials: E is the
 * environment key, T the sessions token in a work item's secret, which reaches its own item only.
 * Nobody here has the organization's key (A).
 */
#include "base/cleanup.h"
#include "world/plane_internal.h"
#include "world/plane_request.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define BETA "managed-agents-2026-04-01"
struct route {
	const char *method;
	const char *after_work; /* what follows .../work: "*" is an item */
	const char *allowed;
	void (*serve)(struct request *request);
};

/* --- replies ---------------------------------------------------------------------------------- */

static void reply(const struct plane *plane, struct wire_call *call, uint64_t request_number,
		  long status, const char *body)
{
	time_t seconds = (time_t)(sim_wall_ms(plane->sim) / 1000);
	char headers[160], date[48];
	struct tm parts;

	(void)gmtime_r(&seconds, &parts);
	(void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &parts);
	(void)snprintf(headers, sizeof(headers), "date: %s\nrequest-id: req_%08" PRIu64 "\n%s",
		       date, request_number, body ? "content-type: application/json\n" : "");
	wire_reply(call, status, headers, body ? body : "");
}

/* Takes ownership of the body. */
static void reply_json(const struct request *request, long status, struct json_object *body)
{
	reply(request->plane, request->call, request->number, status, json_line(body));
	json_object_put(body);
}

static void reply_error(const struct request *request, long status, const char *message)
{
	reply_json(request, status, plane_error_json(status, message, request->number, NULL));
}

static void reply_conflict(const struct request *request)
{
	char message[64];

	(void)snprintf(message, sizeof(message), "the work item is %s",
		       work_state_name(request->item->work.state));
	reply_error(request, 409, message);
}

void plane_reply_offer(struct plane *plane, struct wire_call *call, uint64_t request_number,
		       const struct plane_item *item)
{
	_cleanup_(json_putp) struct json_object *body = item ? plane_work_json(item, true) : NULL;

	reply(plane, call, request_number, 200, body ? json_line(body) : "null");
}

/* --- what a call carries ---------------------------------------------------------------------- */

/* Its value in *ret, 0 if it is not there; false after the reply that it is none. `most` 0: any. */
static bool read_number(const struct request *request, const char *name, uint64_t most,
			uint64_t *ret)
{
	_cleanup_free_ char *text = request_query(request, name);
	char range[16] = "any number", message[96];
	size_t len = text ? strlen(text) : 0;

	*ret = 0;
	if (!text)
		return true;
	bool is_number = len > 0 && len < 16 && strspn(text, "0123456789") == len;
	uint64_t value = is_number ? strtoull(text, NULL, 10) : 0;
	if (value >= 1 && (most == 0 || value <= most)) {
		*ret = value;
		return true;
	}
	if (most > 0)
		(void)snprintf(range, sizeof(range), "%" PRIu64, most);
	(void)snprintf(message, sizeof(message), "%s: must be between 1 and %s", name, range);
	reply_error(request, 400, message);
	return false;
}

/* --- the calls -------------------------------------------------------------------------------- */

static void serve_poll(struct request *request)
{
	_cleanup_free_ char *worker = request_header(request->call, "anthropic-worker-id");
	uint64_t block_ms, reclaim_ms;

	if (!read_number(request, "block_ms", 999, &block_ms) ||
	    !read_number(request, "reclaim_older_than_ms", 0, &reclaim_ms))
		return;
	if (reclaim_ms == 0)
		reclaim_ms = PLANE_DEFAULT_RECLAIM_MS;
	plane_worker_polls(request->queue, worker ? worker : "");
	struct plane_item *item = plane_claim(request->queue, reclaim_ms, request->call->client);
	if (item || block_ms == 0)
		plane_reply_offer(request->plane, request->call, request->number, item);
	else
		plane_wait(request->queue, request->call, request->number, reclaim_ms, block_ms,
			   worker ? worker : "");
}

static void serve_stats(struct request *request)
{
	reply_json(request, 200, plane_stats_json(request->queue));
}

static void serve_list(struct request *request)
{
	_cleanup_free_ char *page = request_query(request, "page");
	uint64_t limit;

	if (!read_number(request, "limit", 1000, &limit))
		return;
	const char *start = "0";
	if (page && page[0] != '\0')
		start = strncmp(page, "page_", 5) == 0 ? page + 5 : "";
	size_t len = strlen(start);
	if (len == 0 || len >= 10 || strspn(start, "0123456789") != len) {
		reply_error(request, 400, "page: not a cursor of this list");
		return;
	}
	reply_json(
		request, 200,
		plane_page_json(request->queue, strtoul(start, NULL, 10), limit > 0 ? limit : 20));
}

static void serve_ack(struct request *request)
{
	if (plane_ack_item(request->item, request->call->client) == PLANE_OK)
		reply_json(request, 200, plane_work_json(request->item, false));
	else
		reply_conflict(request);
}

static void serve_heartbeat(struct request *request)
{
	_cleanup_free_ char *expected = request_query(request, "expected_last_heartbeat");

	if (plane_beat_item(request->item, expected) != PLANE_LOST)
		reply_json(request, 200, plane_heartbeat_json(request->item));
	else
		reply_json(request, 412,
			   plane_error_json(412, "the lease is not held by this caller",
					    request->number, plane_lost_json(request->item)));
}

/* False after the reply that the body is not what it should be. */
static bool read_force(const struct request *request, bool *ret)
{
	_cleanup_(json_putp) struct json_object *body = NULL;
	const struct wire_call *call = request->call;
	struct json_object *force = NULL;
	const char *problem = NULL;

	*ret = false;
	if (call->body_len > 0 && json_parse(call->body, call->body_len, &body) != 0)
		problem = "the body is not valid JSON";
	else if (body && !json_object_is_type(body, json_type_object))
		problem = "the body must be an object";
	else if (body && json_object_object_get_ex(body, "force", &force) &&
		 !json_object_is_type(force, json_type_boolean))
		problem = "force: must be a boolean";
	if (problem)
		reply_error(request, 400, problem);
	else
		*ret = json_object_get_boolean(force);
	return !problem;
}

static void serve_stop(struct request *request)
{
	bool force;

	if (!read_force(request, &force))
		return;
	if (plane_stop_item(request->item, force, request->call->client) == PLANE_OK)
		reply(request->plane, request->call, request->number, 204, NULL);
	else
		reply_conflict(request);
}

/* --- who may -----------------------------------------------------------------------------------*/

static const struct route routes[] = {
	{"GET", "/poll", "E", serve_poll},
	{"GET", "/stats", "EA", serve_stats},
	{"GET", "", "E", serve_list},
	{"POST", "/*/ack", "ET", serve_ack},
	{"POST", "/*/heartbeat", "ET", serve_heartbeat},
	{"POST", "/*/stop", "ETA", serve_stop},
	{"GET", "/*", "A", NULL},
	{"POST", "/*", "A", NULL},
};

/* Whose credential it is: a queue's, or an item's; neither: nobody's. */
static void find_caller(const struct request *request, struct plane_queue **ret_queue,
			struct plane_item **ret_item)
{
	const char *bearer = request->call->bearer;
	struct plane_environment *environment;
	_cleanup_free_ char *api_key = request_header(request->call, "x-api-key");

	*ret_queue = NULL;
	*ret_item = NULL;
	if (api_key || bearer[0] == '\0')
		return;
	for (environment = request->plane->environments; environment;
	     environment = environment->hh.next) {
		if (!environment->is_key_rejected && strcmp(environment->key, bearer) == 0) {
			*ret_queue = plane_queue_of(environment);
			return;
		}
	}
	*ret_item = plane_token_owner(request->plane, bearer);
}

static const char *missing_header(const struct wire_call *call)
{
	_cleanup_free_ char *version = request_header(call, "anthropic-version");
	_cleanup_free_ char *beta = request_header(call, "anthropic-beta");

	if (!version)
		return "anthropic-version: header is required";
	if (!beta || !strstr(beta, BETA))
		return "anthropic-beta: " BETA " is required";
	return NULL;
}

/* Fills in queue and item; false after the reply that the call may not be made. */
static bool admit(struct request *request, const struct route *route)
{
	struct plane_queue *queue;
	struct plane_item *item;
	struct plane_environment *environment;
	const char *problem;
	bool is_look = route->serve == serve_list || route->serve == serve_stats;

	find_caller(request, &queue, &item);
	HASH_FIND_STR(request->plane->environments, request->segments[2], environment);
	if (strchr(route->after_work, '*'))
		request->item = plane_look(request->plane, request->segments[4]);
	if (!queue && !item) {
		_cleanup_free_ char *api_key = request_header(request->call, "x-api-key");
		bool is_both = api_key && request->call->bearer[0] != '\0';
		reply_error(request, 401,
			    is_both ? "send either authorization or x-api-key"
				    : "invalid or missing credential");
	} else if (!strchr(route->allowed, queue ? 'E' : 'T') ||
		   (queue && is_look && queue->environment.options.list_is_not_permitted)) {
		reply_error(request, 403, "this credential may not make this call");
	} else if ((problem = missing_header(request->call))) {
		reply_error(request, 400, problem);
	} else if (!environment) {
		reply_error(request, 404, "no such environment");
	} else if (strchr(route->after_work, '*') &&
		   (!request->item || request->item->work.environment != environment)) {
		reply_error(request, 404, "no such work item");
	} else if (item && item != request->item) {
		reply_error(request, 403, "this token belongs to another work item");
	} else if (queue && &queue->environment != environment) {
		reply_error(request, 403, "this key belongs to another environment");
	} else {
		request->queue = plane_queue_of(environment);
		return true;
	}
	return false;
}

/* --- which call it is ------------------------------------------------------------------------- */

static bool is_route(const struct request *request, const struct route *route)
{
	const char *const begin[] = {"v1", "environments", "*", "work"};
	const char *after = route->after_work;
	size_t i;

	if (strcmp(request->call->method, route->method) != 0)
		return false;
	for (i = 0; i < request->segment_count; i++) {
		const char *part = i < ARRAY_SIZE(begin) ? begin[i] : after;
		size_t len = strcspn(part, "/");
		if (i >= ARRAY_SIZE(begin)) {
			if (after[0] == '\0')
				return false;
			part = ++after;
			len = strcspn(part, "/");
			after += len;
		}
		bool is_any = len == 1 && part[0] == '*';
		if (!is_any && (strlen(request->segments[i]) != len ||
				strncmp(request->segments[i], part, len) != 0))
			return false;
	}
	return i >= ARRAY_SIZE(begin) && after[0] == '\0';
}

void plane_serve(void *arg, struct wire_call *call)
{
	struct plane *plane = arg;
	struct request request;
	const struct route *route = NULL;

	request_read(&request, plane, call);
	for (size_t i = 0; i < ARRAY_SIZE(routes) && !route; i++)
		if (is_route(&request, &routes[i]))
			route = &routes[i];
	if (!route)
		reply_error(&request, 404, "no such endpoint");
	else if (admit(&request, route))
		route->serve(&request);
	request_done(&request);
}
