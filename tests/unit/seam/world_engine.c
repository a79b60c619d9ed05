/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine as far as one container is concerned: Docker (Engine API 1.46, statuses as 20.10 gives
 * them), or Podman, whose own answers are in world_podman.c.
 */
#include "world_engine.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "engine/verify.h"

#include <stdio.h>

struct fake_reply world_connection_answer(const struct session_world *world,
					  const struct fake_sent *sent)
{
	struct fake_reply reply = {.after_ms = 1, .status = 200};

	if (world->is_podman && !strstr(sent->url, "/events"))
		return world_podman_connection_answer(sent);
	if (strstr(sent->url, "/_ping"))
		reply.body = "OK";
	else if (strstr(sent->url, "/version"))
		reply.body = "{\"Version\":\"27.1.0\",\"ApiVersion\":\"1.46\","
			     "\"MinAPIVersion\":\"1.24\"}";
	else if (strstr(sent->url, "/info"))
		reply.body = "{\"OSType\":\"linux\",\"DockerRootDir\":\"/var/lib/"
			     "docker\",\"DefaultRuntime\":\"runc\",\"SecurityOptions\":[\"name="
			     "seccomp,profile=default\"]}";
	else if (strstr(sent->url, "/events"))
		reply = (struct fake_reply){.after_ms = UINT64_C(30) * 86400000,
					    .outcome = HTTP_NO_REPLY};
	else
		fail_msg("nobody answers %s %s", sent->method, sent->url);
	return reply;
}

void world_add_time(struct json_object *object, const char *key, int64_t at_ms)
{
	char text[32] = "0001-01-01T00:00:00Z";

	if (at_ms != 0)
		text_format_time(text, at_ms);
	json_add_string(object, key, text);
}

static struct json_object *texts(const char *const *texts)
{
	struct json_object *array = json_new_array();

	for (; texts && *texts; texts++)
		json_append_string(array, *texts);
	return array;
}

/* The request with what Docker adds to it. */
static char *render_inspect(const struct session_world *world, bool is_measured)
{
	static const char *const states[] = {"created", "running", "exited", "dead"};
	const struct world_container *container = &world->container;
	_cleanup_(json_putp) struct json_object *root = json_new_object();
	struct json_object *state = json_new_object();
	struct json_object *host = json_get_object(container->request, "HostConfig");

	json_add_string(root, "Id", WORLD_ID);
	json_add_string(root, "Name", "/berth-work_1");
	json_add_string(root, "Image", world->plan.facts.id);
	world_add_time(root, "Created", container->created_at_ms);
	json_add_string(state, "Status", states[container->status]);
	world_add_time(state, "StartedAt", container->started_at_ms);
	world_add_time(state, "FinishedAt", container->finished_at_ms);
	json_add_int(state, "ExitCode", container->exit_code);
	if (container->status == CONTAINER_RUNNING)
		json_add_int(state, "Pid", fake_process()->pid);
	json_add(root, "State", state);
	if (is_measured && world->written_bytes >= 0)
		json_add_int(root, "SizeRw", world->written_bytes);
	json_add_string(host, "Runtime", "runc");
	if (!json_get(container->request, "Entrypoint"))
		json_add(container->request, "Entrypoint",
			 texts((const char *const *)world->plan.facts.entrypoint));
	json_add(root, "Config", json_object_get(container->request));
	json_add(host, "MaskedPaths", texts(masked_paths));
	json_add(host, "ReadonlyPaths", texts(read_only_paths));
	json_add(root, "HostConfig", json_object_get(host));
	return xstrdup(json_line(root));
}

static void on_event(void *arg)
{
	struct session_world *world = arg;

	if (world->session && world->session->container_id[0])
		session_container_changed(world->session);
}

static void worker_exits(struct session_world *world, int exit_code)
{
	world->container.status = CONTAINER_EXITED;
	world->container.exit_code = exit_code;
	world->container.finished_at_ms = loop_wall_ms(world->loop);
	timer_cancel(&world->beat_timer);
	timer_cancel(&world->exit_timer);
	fake_process_end();
	if (!world->is_silent)
		timer_arm(&world->event_timer, world->loop, 1, on_event, world);
}

static void on_beat(void *arg)
{
	struct session_world *world = arg;

	if (world->item.state != WORK_STARTING && world->item.state != WORK_ACTIVE)
		return;
	world->item.state = WORK_ACTIVE;
	world->item.latest_heartbeat_at_ms = loop_wall_ms(world->loop);
	if (world->item.started_at_ms == 0)
		world->item.started_at_ms = world->item.latest_heartbeat_at_ms;
	timer_arm(&world->beat_timer, world->loop, 30000, on_beat, world);
}

static void on_worker_exit(void *arg)
{
	struct session_world *world = arg;

	if (world->stops_its_item)
		world->item.state = WORK_STOPPED;
	worker_exits(world, world->exit_code);
}

void world_begin_process(struct session_world *world)
{
	*fake_process() = (struct fake_process){
		.pid = 4711, .start_ticks = 100, .owner = WORLD_ID, .limits = world->limits};
}

static long start(struct session_world *world)
{
	struct world_container *container = &world->container;

	if (container->status == CONTAINER_RUNNING)
		return container->start_was_cut_off ? 500 : 304;
	assert_int_not_equal(world->item.state, WORK_QUEUED);
	world->starts++;
	container->start_was_cut_off = world->cuts_off_start;
	container->status = CONTAINER_RUNNING;
	container->started_at_ms = loop_wall_ms(world->loop);
	if (world->is_podman && !container->is_prepared)
		world_begin_process(world);
	if (world->is_podman)
		fake_process()->program = WORLD_PODMAN_INIT;
	if (world->beats_after_ms > 0)
		timer_arm(&world->beat_timer, world->loop, world->beats_after_ms, on_beat, world);
	if (world->exits_after_ms > 0)
		timer_arm(&world->exit_timer, world->loop, world->exits_after_ms, on_worker_exit,
			  world);
	return 204;
}

static long kill_it(struct session_world *world, const struct fake_sent *sent)
{
	bool is_term = strstr(sent->url, "signal=TERM");

	if (world->container.status != CONTAINER_RUNNING)
		return 409;
	if (!is_term || !world->ignores_term) {
		if (is_term && world->stops_its_item)
			world->item.state = WORK_STOPPED;
		worker_exits(world, is_term ? 0 : 137);
	}
	return 204;
}

static long create(struct session_world *world, const struct fake_sent *sent)
{
	struct world_container *container = &world->container;

	if (container->request || world->name_is_left)
		return world->is_podman ? 500 : 409;
	*container = (struct world_container){.status = CONTAINER_CREATED,
					      .created_at_ms = loop_wall_ms(world->loop)};
	assert_int_equal(json_parse(sent->body, strlen(sent->body), &container->request), 0);
	return 201;
}

#define IN_USE	    "{\"message\":\"that name is already in use\"}"
#define NOT_RUNNING "{\"message\":\"can only kill running containers: container state improper\"}"

struct fake_reply world_engine_answer(struct session_world *world, const char *call,
				      const struct fake_sent *sent)
{
	struct world_container *container = &world->container;
	long status = 404;

	if (strcmp(call, "create") == 0) {
		status = create(world, sent);
		return world_reply(world, status,
				   xstrdup(status == 201 ? "{\"Id\":\"" WORLD_ID
							   "\",\"Warnings\":[]}"
							 : IN_USE));
	}
	if (world->name_is_left && strcmp(call, "remove") == 0) {
		assert_string_equal(sent->url, "http://localhost/v1.41/containers/berth-work_1");
		world->name_is_left = false;
		return world_reply(world, 204, xstrdup(""));
	}
	if (!container->request)
		return world_reply(world, 404, xstrdup("{\"message\":\"no such container\"}"));
	if (strcmp(call, "inspect") == 0 || strcmp(call, "measure") == 0)
		return world_reply(world, 200,
				   world->is_podman
					   ? world_podman_inspect(world)
					   : render_inspect(world, strcmp(call, "measure") == 0));
	if (strcmp(call, "logs") == 0)
		return world_reply(world, 200, xstrdup(world->last_words ? world->last_words : ""));
	if (strcmp(call, "prepare") == 0)
		return world_reply(world, world_prepare(world), xstrdup(""));
	if (strcmp(call, "start") == 0) {
		status = start(world);
	} else if (strcmp(call, "kill") == 0) {
		status = kill_it(world, sent);
		if (status == 409 && world->is_podman)
			return world_reply(world, 500, xstrdup(NOT_RUNNING));
	} else if (strcmp(call, "remove") == 0) {
		timer_cancel(&world->beat_timer);
		timer_cancel(&world->exit_timer);
		fake_process_end();
		json_putp(&container->request);
		status = 204;
	}
	return world_reply(world, status, xstrdup(""));
}
