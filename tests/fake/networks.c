/* SPDX-License-Identifier: Apache-2.0 */
#include "networks.h"

#include "filters.h"
#include "handlers.h"
#include "podman.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static struct network *network_add(struct engine *engine, const char *name, const char *driver)
{
	struct network *network = xcalloc(1, sizeof(*network));

	network->name = xstrdup(name);
	network->driver = xstrdup(driver);
	network->created = now();
	random_hex(network->id, 64);
	DL_APPEND(engine->networks, network);
	return network;
}

void networks_init(struct engine *engine)
{
	if (!engine->options.podman)
		network_add(engine, "host", "host")->predefined = true;
	network_add(engine, "bridge", "bridge")->predefined = true;
	if (!engine->options.podman)
		network_add(engine, "none", "null")->predefined = true;
}

static void network_free(struct engine *engine, struct network *network)
{
	DL_DELETE(engine->networks, network);
	json_object_put(network->labels);
	json_object_put(network->options);
	free(network->name);
	free(network->driver);
	free(network);
}

void networks_clear(struct engine *engine)
{
	while (engine->networks)
		network_free(engine, engine->networks);
}

struct network *network_find(struct engine *engine, const char *reference)
{
	struct network *network;

	DL_FOREACH(engine->networks, network)
	{
		if (strcmp(network->name, reference) == 0 || strcmp(network->id, reference) == 0)
			break;
	}
	return network;
}

static struct json_object *or_empty(struct json_object *object)
{
	return object ? json_object_get(object) : json_object_new_object();
}

static struct json_object *network_json(const struct network *network)
{
	struct json_object *json = json_object_new_object();
	char created[40];

	time_text(network->created, created);
	json_put(json, "Name", network->name);
	json_put(json, "Id", network->id);
	json_put(json, "Created", created);
	json_put(json, "Scope", "local");
	json_put(json, "Driver", network->driver);
	json_object_object_add(json, "EnableIPv6", json_object_new_boolean(false));
	json_object_object_add(json, "Internal", json_object_new_boolean(network->internal));
	json_object_object_add(json, "Attachable", json_object_new_boolean(false));
	json_object_object_add(json, "Containers", json_object_new_object());
	json_object_object_add(json, "Options", or_empty(network->options));
	json_object_object_add(json, "Labels", or_empty(network->labels));
	return json;
}

static void reply_missing(struct request *request)
{
	if (request->engine->options.podman)
		podman_error(request, 404, "network not found",
			     "unable to find network with name or ID %s", request->target);
	else
		reply_error(request, 404, "network %s not found", request->target);
}

void handle_network_list(struct request *request)
{
	struct json_object *list, *filters;
	const struct network *network;

	if (!filters_parse(request, &filters))
		return;
	list = json_object_new_array();
	DL_FOREACH(request->engine->networks, network)
	{
		if (filters_match_name(filters, network->name, true) &&
		    filters_match(filters, "driver", network->driver) &&
		    filters_match_labels(filters, network->labels))
			json_object_array_add(list, network_json(network));
	}
	json_object_put(filters);
	reply_json(request, 200, list);
}

void handle_network_inspect(struct request *request)
{
	const struct network *network = network_find(request->engine, request->target);

	if (network)
		reply_json(request, 200, network_json(network));
	else
		reply_missing(request);
}

/* Without CheckDuplicate Docker 20.10 makes a second network of the same name; we refuse. */
void handle_network_create(struct request *request)
{
	const char *error = "not an object";
	struct json_object *body = request_json(request, &error);
	const char *name = json_text(body, "Name", "");
	const struct network *twin = network_find(request->engine, name);
	struct json_object *json;
	struct network *network;

	if (!json_object_is_type(body, json_type_object) || !*name) {
		reply_error(request, 400, "%s", *name ? error : "name is empty");
	} else if (twin && twin->predefined) {
		reply_error(request, 403, "operation is not permitted on predefined %s network ",
			    name);
	} else if (twin) {
		reply_error(request, 409, "network with name %s already exists", name);
	} else {
		network = network_add(request->engine, name, json_text(body, "Driver", "bridge"));
		network->internal = json_flag(body, "Internal");
		network->labels = json_object_get(json_member(body, "Labels"));
		network->options = json_object_get(json_member(body, "Options"));
		json = json_object_new_object();
		json_put(json, "Id", network->id);
		json_put(json, "Warning", "");
		reply_json(request, 201, json);
	}
	json_object_put(body);
}

void handle_network_remove(struct request *request)
{
	struct network *network = network_find(request->engine, request->target);

	if (!network) {
		reply_missing(request);
	} else if (network->predefined) {
		reply_error(request, 403, "%s is a pre-defined network and cannot be removed",
			    network->name);
	} else {
		network_free(request->engine, network);
		reply_empty(request, 204);
	}
}
