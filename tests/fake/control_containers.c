/* SPDX-License-Identifier: Apache-2.0 */
#include "control_containers.h"

#include "create.h"
#include "events.h"
#include "podman.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct json_object *container_row(const struct container *container)
{
	struct json_object *row = json_object_new_object();
	struct json_object *config = json_tokener_parse(container->config_text);

	json_put(row, "id", container->id);
	json_put(row, "name", container->name);
	json_put(row, "image", container->image);
	json_put(row, "state", container_state_name(container));
	json_object_object_add(row, "pid", json_object_new_int(container->pid));
	json_object_object_add(row, "exit_code", json_object_new_int(container->exit_code));
	json_object_object_add(row, "oom_killed", json_object_new_boolean(container->oom_killed));
	json_object_object_add(row, "labels", json_object_get(container->labels));
	json_object_object_add(row, "env", json_object_get(container->env));
	json_object_object_add(row, "config", config);
	json_object_object_add(row, "host_config", json_tokener_parse(container->host_config_text));
	json_object_object_add(row, "mounts", json_tokener_parse(container->mounts_text));
	json_object_object_add(row, "created", json_seconds(timespec_seconds(container->created)));
	json_object_object_add(row, "started", json_seconds(timespec_seconds(container->started)));
	json_object_object_add(row, "finished",
			       json_seconds(timespec_seconds(container->finished)));
	return row;
}

void control_list(struct request *request)
{
	struct json_object *list = json_object_new_array();
	struct container *container, *next;

	HASH_ITER (by_id, request->engine->containers, container, next) {
		json_object_array_add(list, container_row(container));
	}
	reply_json(request, 200, list);
}

static void set_state(struct container *container, struct json_object *body)
{
	const char *state = json_text(body, "state", "created");
	const char *started = json_text(body, "started_at", NULL);
	const char *finished = json_text(body, "finished_at", NULL);

	if (strcmp(state, "created") == 0)
		return;
	if (strcmp(state, "initialized") == 0) {
		(void)container_init(container);
		return;
	}
	container_adopt(container, started ? time_parse(started) : now(),
			(pid_t)json_number(body, "pid", 0));
	if (strcmp(state, "running") == 0)
		return;
	container_exited(container, (int)json_number(body, "exit_code", 0));
	if (finished)
		container->finished = time_parse(finished);
	if (strcmp(state, "dead") == 0)
		container->state = CONTAINER_DEAD;
}

static void fill(struct container *container, struct json_object *create)
{
	struct image nameless = {.id = "sha256:"};

	if (container->engine->options.podman) {
		nameless.config = json_tokener_parse("{\"Cmd\":[\"/foreign\"]}");
		(void)podman_merge(container, create, &nameless);
		json_object_put(nameless.config);
		return;
	}
	create_merge(container, create, &nameless);
	if (!container->entry)
		container->entry = xstrdup("/foreign");
}

/* A container that nobody created through the API; its image need not exist. */
void control_add(struct request *request)
{
	const char *error = "not an object";
	struct json_object *body = request_json(request, &error);
	struct json_object *create = json_member(body, "create");
	const char *name = json_text(body, "name", NULL);
	const char *created = json_text(body, "created_at", NULL);
	struct container *container;
	struct json_object *json;

	if (!json_object_is_type(body, json_type_object)) {
		reply_error(request, 400, "%s", error);
	} else if (name && container_by_name(request->engine, name)) {
		reply_error(request, 409, "the name is taken");
	} else {
		const char *key = request->engine->options.podman ? "image" : "Image";

		container = container_new(request->engine, name,
					  json_text(create, key, "localhost/foreign:1"));
		fill(container, create);
		if (created)
			container->created = time_parse(created);
		container_seal(container);
		set_state(container, body);
		json = json_object_new_object();
		json_put(json, "Id", container->id);
		reply_json(request, 201, json);
	}
	json_object_put(body);
}

void control_exit(struct request *request)
{
	struct container *container = container_find(request->engine, request->target);
	const char *code = request_arg(request, "code");

	if (container)
		container_end(container, code ? atoi(code) : 0, request_flag(request, "oom"));
	reply_empty(request, container ? 204 : 404);
}

void control_removing(struct request *request)
{
	struct container *container = container_find(request->engine, request->target);
	const char *requests = request_arg(request, "requests");

	if (container)
		container->removing = requests ? atoll(requests) : 1;
	reply_empty(request, container ? 204 : 404);
}

/* From now on nobody sees what becomes of its process, which may be ended right away. */
void control_lose_conmon(struct request *request)
{
	struct container *container = container_find(request->engine, request->target);

	if (container)
		container->lost_conmon = true;
	if (container && container->pid && request_flag(request, "worker"))
		(void)kill(container->pid, SIGKILL);
	reply_empty(request, container ? 204 : 404);
}
