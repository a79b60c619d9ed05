/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /containers/create: Docker's checks in Docker's order (settings, image, command, name), with
 * the texts of 20.10.24.
 */
#include "create.h"

#include "events.h"
#include "handlers.h"
#include "request.h"
#include "system.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool content_type_refused(struct request *request)
{
	const char *type = request_header(request, "Content-Type");

	if (type && strncmp(type, "application/json", 16) == 0)
		return false;
	reply_error(request, 400, "Content-Type specified (%s) must be 'application/json'",
		    type ? type : "");
	return true;
}

/* Up to API 1.41 a body that is no JSON is answered with 500 (measured), later with 400. */
static struct json_object *read_body(struct request *request)
{
	const char *error = "cannot unmarshal into a container configuration";
	struct json_object *body = request_json(request, &error);

	if (json_object_is_type(body, json_type_object))
		return body;
	json_object_put(body);
	if (strcmp(request->engine->options.api_max, "1.41") == 0)
		reply_error(request, 500, "%s", error);
	else
		reply_error(request, 400, "invalid JSON: %s", error);
	return NULL;
}

static bool name_refused(struct request *request, const char *name)
{
	bool valid = isalnum((unsigned char)*name) && name[1] != '\0';

	for (const char *p = name; *p; p++)
		valid = valid && (isalnum((unsigned char)*p) || strchr("_.-", *p));
	if (valid)
		return false;
	reply_error(request, 400,
		    "Invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
		    name);
	return true;
}

static bool settings_refused(struct request *request, struct json_object *host_config)
{
	const char *restart = json_text(json_member(host_config, "RestartPolicy"), "Name", "");
	const char *runtime = json_text(host_config, "Runtime", "");
	int64_t memory = json_number(host_config, "Memory", 0);
	int64_t nano_cpus = json_number(host_config, "NanoCpus", 0);
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (json_flag(host_config, "AutoRemove") && *restart && strcmp(restart, "no") != 0)
		reply_error(request, 400,
			    "can't create 'AutoRemove' container with restart policy");
	else if (memory && memory < 6 * 1024 * 1024)
		reply_error(request, 400, "Minimum memory limit allowed is 6MB");
	else if (nano_cpus < 0 || nano_cpus > cpus * INT64_C(1000000000))
		reply_error(request, 400,
			    "Range of CPUs is from 0.01 to %ld.00, as there are only %ld CPUs "
			    "available",
			    cpus, cpus);
	else if (*runtime && !system_has_runtime(request->engine, runtime))
		reply_error(request, 400, "Unknown runtime specified %s", runtime);
	else
		return false;
	return true;
}

static bool name_taken(struct request *request, const char *name)
{
	struct container *holder = container_by_name(request->engine, name);

	if (!holder)
		return false;
	reply_error(request, 409,
		    "Conflict. The container name \"/%s\" is already in use by container \"%s\". "
		    "You have to remove (or rename) that container to be able to reuse that name.",
		    name, holder->id);
	(void)container_still_removing(holder);
	return true;
}

static void create(struct request *request, struct json_object *body, const char *name)
{
	const char *image_name = json_text(body, "Image", "");
	const struct image *image = image_find(request->engine, image_name);
	struct container *container;
	struct json_object *json;

	if (!image) {
		bool tagged = strchr(image_name, ':') != NULL;

		reply_error(request, 404, "No such image: %s%s", image_name,
			    tagged ? "" : ":latest");
		return;
	}
	if (name && name_taken(request, name))
		return;
	container = container_new(request->engine, name, image_name);
	create_merge(container, body, image);
	if (!container->entry) {
		container_discard(container);
		reply_error(request, 400, "No command specified");
		return;
	}
	container_seal(container);
	event_emit(container, "create", NULL, NULL);
	json = json_object_new_object();
	json_put(json, "Id", container->id);
	json_object_object_add(json, "Warnings", json_object_new_array());
	reply_json(request, 201, json);
}

void handle_create(struct request *request)
{
	const char *name = request_arg(request, "name");
	struct json_object *body;

	if (name && *name == '/')
		name++;
	if (name && !*name)
		name = NULL;
	if (content_type_refused(request))
		return;
	body = read_body(request);
	if (!body)
		return;
	if (!(name && name_refused(request, name)) &&
	    !settings_refused(request, json_member(body, "HostConfig")))
		create(request, body, name);
	json_object_put(body);
}
