/* SPDX-License-Identifier: Apache-2.0 */
#include "control.h"

#include "control_containers.h"
#include "engine.h"
#include "events.h"
#include "http.h"
#include "images.h"
#include "journal.h"
#include "route.h"
#include "rules.h"
#include "volumes.h"

#include <stdlib.h>
#include <string.h>

/* The body as an object to be put by the caller; NULL after a 400 was sent. */
static struct json_object *read_object(struct request *request)
{
	const char *error = "not an object";
	struct json_object *body = request_json(request, &error);

	if (json_object_is_type(body, json_type_object))
		return body;
	json_object_put(body);
	reply_error(request, 400, "%s", error);
	return NULL;
}

static void get_requests(struct request *request)
{
	const char *after = request_arg(request, "after");

	reply_json(request, 200,
		   journal_list(request->engine->journal, request_arg(request, "op"),
				after ? atoll(after) : 0));
}

static void get_stats(struct request *request)
{
	struct engine *engine = request->engine;
	struct json_object *json = json_object_new_object();
	const struct {
		const char *name;
		int64_t value;
	} rows[] = {
		{"requests", journal_seq(engine->journal)},
		{"containers", HASH_CNT(by_id, engine->containers)},
		{"running", engine->running},
		{"peak_running", engine->peak_running},
		{"created", engine->created},
		{"event_streams", events_followers(engine)},
		{"anonymous_volumes", volumes_anonymous(engine)},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		json_object_object_add(json, rows[i].name, json_object_new_int64(rows[i].value));
	server_stats(engine->server, json);
	reply_json(request, 200, json);
}

static void get_rules(struct request *request)
{
	reply_json(request, 200, rules_list(request->engine));
}

static void post_rule(struct request *request)
{
	struct json_object *body = read_object(request);
	struct json_object *json;

	if (!body)
		return;
	json = json_object_new_object();
	json_object_object_add(json, "id", json_object_new_int64(rules_add(request->engine, body)));
	json_object_put(body);
	reply_json(request, 201, json);
}

static void delete_rules(struct request *request)
{
	const char *id = request_arg(request, "id");

	reply_empty(request, rules_remove(request->engine, id ? atoll(id) : 0) ? 204 : 404);
}

static void post_event(struct request *request)
{
	struct json_object *body = read_object(request);

	if (!body)
		return;
	events_send_raw(request->engine, json_text(body, "line", ""));
	json_object_put(body);
	reply_empty(request, 204);
}

static void close_events(struct request *request)
{
	events_close(request->engine, request_flag(request, "cut"));
	reply_empty(request, 204);
}

static void post_image(struct request *request)
{
	struct json_object *body = read_object(request);
	struct json_object *json;

	if (!body)
		return;
	json = json_object_new_object();
	json_put(json, "Id",
		 image_add(request->engine, json_text(body, "name", "unnamed"),
			   json_member(body, "config"))
			 ->id);
	json_object_put(body);
	reply_json(request, 201, json);
}

static void delete_image(struct request *request)
{
	const char *name = request_arg(request, "name");

	reply_empty(request, name && image_remove(request->engine, name) ? 204 : 404);
}

static void post_listener(struct request *request)
{
	struct server *server = request->engine->server;

	if (server_listen(server, request_flag(request, "up"), request_flag(request, "cut")))
		reply_empty(request, 204);
	else
		reply_error(request, 500, "cannot listen");
}

static void post_accept(struct request *request)
{
	server_accept(request->engine->server, request_flag(request, "on"));
	reply_empty(request, 204);
}

static void post_reset(struct request *request)
{
	engine_reset(request->engine);
	reply_empty(request, 204);
}

static const struct route routes[] = {
	{"requests", "GET", "/requests", get_requests},
	{"stats", "GET", "/stats", get_stats},
	{"rules", "GET", "/rules", get_rules},
	{"add rule", "POST", "/rules", post_rule},
	{"remove rules", "DELETE", "/rules", delete_rules},
	{"send event", "POST", "/events", post_event},
	{"close events", "POST", "/events/close", close_events},
	{"containers", "GET", "/containers", control_list},
	{"add container", "POST", "/containers", control_add},
	{"end container", "POST", "/containers/{id}/exit", control_exit},
	{"hold removal", "POST", "/containers/{id}/removing", control_removing},
	{"say", "POST", "/containers/{id}/say", control_say},
	{"lose conmon", "POST", "/containers/{id}/conmon", control_lose_conmon},
	{"add image", "POST", "/images", post_image},
	{"remove image", "DELETE", "/images", delete_image},
	{"listener", "POST", "/listener", post_listener},
	{"accept", "POST", "/listener/accept", post_accept},
	{"reset", "POST", "/reset", post_reset},
};

void control_handle(struct request *request)
{
	request->route = route_lookup(request, routes, sizeof(routes) / sizeof(routes[0]));
	if (request->route)
		request->route->handle(request);
	else
		reply_error(request, 404, "no such control call");
}
