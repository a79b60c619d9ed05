/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's API: statuses and messages as they were measured (Docker 20.10, Podman 4.3.1). */
#include "base/buf.h"
#include "base/cleanup.h"
#include "engine/verify.h"
#include "world/machine_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define REMOVAL_MS 8000u /* at most, where it takes long */

/* --- answers ---------------------------------------------------------------------------------- */

static void on_parked_over(void *arg)
{
	struct parked *parked = arg;

	DL_DELETE(parked->machine->parked, parked);
	wire_reply(parked->call, parked->status, NULL, parked->body);
	free(parked->body);
	free(parked);
}

static void on_parked_gone(struct wire_call *call)
{
	struct parked *parked = call->peer_state;

	sim_cancel(parked->machine->sim, &parked->event);
	DL_DELETE(parked->machine->parked, parked);
	free(parked->body);
	free(parked);
}

static void answer_later(struct machine *machine, struct wire_call *call, long status,
			 const char *body, uint64_t delay_ms)
{
	struct parked *parked = xcalloc(1, sizeof(*parked));

	parked->machine = machine;
	parked->call = call;
	parked->status = status;
	parked->body = xstrdup(body);
	call->peer_state = parked;
	call->gone = on_parked_gone;
	DL_APPEND(machine->parked, parked);
	sim_at(machine->sim, &parked->event, delay_ms, on_parked_over, parked);
}

static void answer(struct machine *machine, struct wire_call *call, long status, const char *body)
{
	if (machine->trouble.slow_ms > 0 && sim_chance(machine->sim, 1000))
		answer_later(machine, call, status, body,
			     sim_random(machine->sim, 1, machine->trouble.slow_ms));
	else
		wire_reply(call, status, NULL, body);
}

static void refuse(struct machine *machine, struct wire_call *call, long status,
		   const char *message)
{
	_cleanup_free_ char *body =
		xasprintf("{\"message\":\"%s\",\"cause\":\"%s\"}", message, message);

	answer(machine, call, status, body);
}

static bool fails(struct machine *machine, struct wire_call *call, unsigned rate)
{
	if (!sim_chance(machine->sim, rate))
		return false;
	refuse(machine, call, 500, "something went wrong in there");
	return true;
}

static const char *signal_of(const struct wire_call *call)
{
	const char *at = strstr(call->path, "signal=");

	return at ? at + strlen("signal=") : "KILL";
}

static bool is_sigkill(const struct wire_call *call)
{
	return strncmp(signal_of(call), "KILL", 4) == 0;
}

static void touch(struct machine_container *container, const struct wire_call *call)
{
	const struct machine_owner *owner = &container->machine->owner;
	bool is_kill = strcmp(call->name, "kill") == 0;

	owner->touched(container, is_kill && !is_sigkill(call) ? "tell" : call->name, call->client,
		       owner->arg);
}

/* --- names ------------------------------------------------------------------------------------ */

static struct left_name *find_left_name(const struct machine *machine, const char *name)
{
	struct left_name *left;

	DL_FOREACH(machine->left_names, left)
	if (strcmp(left->name, name) == 0)
		return left;
	return NULL;
}

static struct network *find_network(const struct machine *machine, const char *name)
{
	struct network *network;

	DL_FOREACH(machine->networks, network)
	if (strcmp(network->name, name) == 0)
		return network;
	return NULL;
}

/* --- calls ------------------------------------------------------------------------------------ */

static char *name_of_create(const struct wire_call *call, struct json_object *request)
{
	const char *at = strstr(call->path, "?name=");

	return xstrdup(at ? at + strlen("?name=") : json_get_string(request, "name"));
}

static void add_what_docker_adds(struct json_object *request)
{
	struct json_object *host = json_get_object(request, "HostConfig");
	struct json_object *masked = json_new_array(), *readonly = json_new_array();

	for (const char *const *path = masked_paths; *path; path++)
		json_append_string(masked, *path);
	for (const char *const *path = read_only_paths; *path; path++)
		json_append_string(readonly, *path);
	if (!json_get(request, "Entrypoint")) {
		struct json_object *command = json_new_array();
		json_append_string(command, IMAGE_COMMAND);
		json_add(request, "Cmd", command);
	}
	json_add(host, "MaskedPaths", masked);
	json_add(host, "ReadonlyPaths", readonly);
}

static void create(struct machine *machine, struct wire_call *call)
{
	struct json_object *request = NULL;
	bool is_podman = machine_is_podman(machine);

	if (fails(machine, call, machine->trouble.create_fails))
		return;
	if (json_parse(call->body, call->body_len, &request) < 0) {
		refuse(machine, call, 400, "no JSON");
		return;
	}
	_cleanup_free_ char *name = name_of_create(call, request);
	const struct machine_container *other = machine_find(machine, name);
	if (other || find_left_name(machine, name)) {
		_cleanup_free_ char *message =
			xasprintf("Conflict. The container name %s is already in use by container "
				  "%s. You have to remove (or rename) that container",
				  name, other ? other->id : "nobody");
		json_object_put(request);
		refuse(machine, call, is_podman ? 500 : 409, message);
		return;
	}
	if (machine->image == IMAGE_IS_GONE) {
		json_object_put(request);
		refuse(machine, call, is_podman ? 500 : 404,
		       is_podman ? "localhost/berth-session:1: image not known"
				 : "No such image: localhost/berth-session:1");
		return;
	}
	if (is_podman && sim_chance(machine->sim, machine->trouble.name_is_left)) {
		struct left_name *left = xcalloc(1, sizeof(*left));
		left->name = xstrdup(name);
		DL_APPEND(machine->left_names, left);
		json_object_put(request);
		wire_cut(call);
		return;
	}
	if (!is_podman)
		add_what_docker_adds(request);
	struct machine_container *container = container_make(machine, name, request);
	machine->owner.created(container, call->client, machine->owner.arg);
	_cleanup_free_ char *body = xasprintf("{\"Id\":\"%s\",\"Warnings\":[]}", container->id);
	answer(machine, call, 201, body);
}

static bool network_is_missing(const struct machine_container *container)
{
	const char *mode =
		json_get_string(json_get_object(container->request, "HostConfig"), "NetworkMode");

	return mode && strncmp(mode, "berth-", 6) == 0 && !find_network(container->machine, mode);
}

static void start(struct machine *machine, struct wire_call *call,
		  struct machine_container *container)
{
	bool is_podman = machine_is_podman(machine);

	if (container->was_cut_off) {
		refuse(machine, call, 500, "container state improper");
		return;
	}
	if (container->status == CONTAINER_RUNNING) {
		answer(machine, call, 304, "");
		return;
	}
	touch(container, call);
	if (fails(machine, call, machine->trouble.start_fails))
		return;
	if (network_is_missing(container)) {
		refuse(machine, call, 404, "network berth not found");
		return;
	}
	if (sim_chance(machine->sim, machine->trouble.start_cannot_run)) {
		refuse(machine, call, is_podman ? 500 : 400,
		       "runc: exec failed: no such file or directory");
		return;
	}
	if (container->failing_starts > 0) {
		if (--container->failing_starts == 0)
			container_run(container);
		refuse(machine, call, 500, "context deadline exceeded");
		return;
	}
	container_run(container);
	if (is_podman && machine_is_alive(container) &&
	    sim_chance(machine->sim, machine->trouble.start_is_cut_off)) {
		container->was_cut_off = true;
		wire_cut(call);
		return;
	}
	answer(machine, call, 204, "");
}

static void prepare(struct machine *machine, struct wire_call *call,
		    struct machine_container *container)
{
	if (container->status == CONTAINER_RUNNING || container->is_prepared) {
		answer(machine, call, 304, "");
		return;
	}
	touch(container, call);
	if (fails(machine, call, machine->trouble.prepare_fails))
		return;
	container_prepare(container);
	answer(machine, call, 204, "");
}

static void kill_it(struct machine *machine, struct wire_call *call,
		    struct machine_container *container)
{
	const char *signal = signal_of(call);

	if (!machine_is_alive(container)) {
		refuse(machine, call, machine_is_podman(machine) ? 500 : 409,
		       machine_is_podman(machine)
			       ? "can only kill running containers: container state improper"
			       : "Cannot kill container: is not running");
		return;
	}
	if (strncmp(signal, "CONT", 4) != 0)
		touch(container, call);
	if (fails(machine, call, machine->trouble.kill_fails))
		return;
	if (is_sigkill(call)) {
		container_end(container, 137, false);
	} else {
		container_rumour(container, 60000);
		machine->owner.signalled(container, signal, machine->owner.arg);
	}
	answer(machine, call, 204, "");
}

static void on_removed_at_last(void *arg)
{
	container_remove(arg);
}

static void remove_it(struct machine *machine, struct wire_call *call,
		      struct machine_container *container)
{
	struct sim *sim = machine->sim;

	if (container->is_removing) {
		refuse(machine, call, 409, "removal of container is already in progress");
		return;
	}
	if (container->status == CONTAINER_RUNNING && !strstr(call->path, "force=true")) {
		refuse(machine, call, machine_is_podman(machine) ? 500 : 409,
		       "cannot remove container as it is running: container state improper");
		return;
	}
	touch(container, call);
	if (fails(machine, call, machine->trouble.remove_fails))
		return;
	if (container->status == CONTAINER_RUNNING)
		container_end(container, 137, false);
	if (sim_chance(sim, machine->trouble.remove_takes_long)) {
		uint64_t delay_ms = sim_random(sim, 500, REMOVAL_MS);
		container->is_removing = true;
		sim_at(sim, &container->event, delay_ms, on_removed_at_last, container);
		answer_later(machine, call, 204, "", delay_ms);
		return;
	}
	container_remove(container);
	answer(machine, call, 204, "");
}

/* In the frames of the engine's log streams: what Podman's init says before it gives up. */
static void logs(struct wire_call *call, const struct machine_container *container)
{
	static const char words[] = "catatonit: failed to exec pid1: No such file or directory\n";
	char frame[8 + sizeof(words)] = {2, 0, 0, 0, 0, 0, 0, (char)(sizeof(words) - 1)};

	memcpy(frame + 8, words, sizeof(words) - 1);
	bool has_words = container->is_command_broken && machine_is_podman(container->machine);
	wire_reply_bytes(call, 200, NULL, frame, has_words ? 8 + sizeof(words) - 1 : 0);
}

static void free_name(struct machine *machine, struct wire_call *call, const char *name)
{
	struct left_name *left = find_left_name(machine, name);

	if (!left) {
		refuse(machine, call, 404, "no such container");
		return;
	}
	DL_DELETE(machine->left_names, left);
	free(left->name);
	free(left);
	answer(machine, call, 204, "");
}

static void serve_container(struct machine *machine, struct wire_call *call, const char *subject)
{
	struct machine_container *container = machine_find(machine, subject);

	if (!container && strcmp(call->method, "DELETE") == 0)
		free_name(machine, call, subject);
	else if (!container)
		refuse(machine, call, 404, "no such container");
	else if (strcmp(call->name, "inspect") == 0) {
		_cleanup_free_ char *body = inspect_body(container);
		answer(machine, call, 200, body);
	} else if (strcmp(call->name, "logs") == 0)
		logs(call, container);
	else if (strcmp(call->name, "remove") == 0)
		remove_it(machine, call, container);
	else if (container->is_removing)
		refuse(machine, call, 409, "removal of container is already in progress");
	else if (strcmp(call->name, "start") == 0)
		start(machine, call, container);
	else if (strcmp(call->name, "prepare") == 0)
		prepare(machine, call, container);
	else if (strcmp(call->name, "kill") == 0)
		kill_it(machine, call, container);
	else
		refuse(machine, call, 404, "page not found");
}

static bool is_on_network(const struct machine *machine, const char *name)
{
	const struct machine_container *container;

	for (container = machine->by_id; container; container = container->by_id.next) {
		const char *mode = json_get_string(
			json_get_object(container->request, "HostConfig"), "NetworkMode");
		if (container->status == CONTAINER_RUNNING && mode && strcmp(mode, name) == 0)
			return true;
	}
	return false;
}

static void serve_network(struct machine *machine, struct wire_call *call)
{
	const char *name = strrchr(call->path, '/') + 1;
	struct network *network = find_network(machine, name);

	if (strcmp(call->method, "POST") == 0) {
		struct json_object *request = NULL;
		if (json_parse(call->body, call->body_len, &request) < 0)
			abort();
		name = json_get_string(request, "Name");
		if (!find_network(machine, name)) {
			network = xcalloc(1, sizeof(*network));
			network->name = xstrdup(name);
			DL_APPEND(machine->networks, network);
		}
		json_object_put(request);
		answer(machine, call, 201, "{\"Id\":\"n\",\"Warning\":\"\"}");
	} else if (!network) {
		refuse(machine, call, 404, "network not found");
	} else if (strcmp(call->method, "DELETE") != 0) {
		_cleanup_free_ char *body =
			xasprintf("{\"Name\":\"%s\",\"Driver\":\"bridge\",\"Options\":{"
				  "\"com.docker.network.bridge.enable_icc\":\"false\"},"
				  "\"Labels\":{\"berth.instance\":\"%s\",\"berth.schema\":\"1\"}}",
				  name, name + strlen("berth-"));
		answer(machine, call, 200, body);
	} else if (is_on_network(machine, name)) {
		refuse(machine, call, 403, "network has active endpoints");
	} else {
		DL_DELETE(machine->networks, network);
		free(network->name);
		free(network);
		answer(machine, call, 204, "");
	}
}

static void serve_list(struct machine *machine, struct wire_call *call)
{
	_cleanup_free_ char *instance = filtered_instance(call->path);
	_cleanup_free_ char *body = list_body(machine, instance);

	answer(machine, call, 200, body);
}

static void serve_body(struct machine *machine, struct wire_call *call, char *body)
{
	answer(machine, call, 200, body);
	free(body);
}

void machine_serve(void *arg, struct wire_call *call)
{
	struct machine *machine = arg;
	char subject[160] = "";
	const char *at = strstr(call->path, "/containers/");
	const char *version = machine_is_podman(machine)
				      ? "{\"Version\":\"4.3.1\",\"ApiVersion\":\"1.41\","
					"\"MinAPIVersion\":\"1.24\"}"
				      : "{\"Version\":\"20.10.24\",\"ApiVersion\":\"1.41\","
					"\"MinAPIVersion\":\"1.12\"}";

	if (at)
		(void)snprintf(subject, sizeof(subject), "%.*s",
			       (int)strcspn(at + strlen("/containers/"), "/?"),
			       at + strlen("/containers/"));
	if (strcmp(call->name, "ping") == 0)
		wire_reply(call, 200,
			   machine_is_podman(machine) ? "libpod-api-version: 4.3.1\n" : NULL, "OK");
	else if (strcmp(call->name, "version") == 0)
		answer(machine, call, 200, version);
	else if (strcmp(call->name, "info") == 0)
		serve_body(machine, call, info_body(machine));
	else if (strcmp(call->name, "events") == 0)
		events_open(machine, call);
	else if (strcmp(call->name, "image") == 0 && strcmp(call->method, "POST") == 0)
		refuse(machine, call, 404, "pull access denied, repository does not exist");
	else if (strcmp(call->name, "image") == 0 && machine->image == IMAGE_IS_GONE)
		refuse(machine, call, 404, "No such image");
	else if (strcmp(call->name, "image") == 0)
		serve_body(machine, call, image_body(machine));
	else if (strcmp(call->name, "network") == 0)
		serve_network(machine, call);
	else if (strcmp(call->name, "create") == 0)
		create(machine, call);
	else if (strcmp(call->name, "list") == 0)
		serve_list(machine, call);
	else
		serve_container(machine, call, subject);
}
