/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker Engine API 1.41 (Docker 20.10) to 1.47 (27.3). Statuses and wording as observed on
 * 20.10.24 and as documented in the API reference of each version.
 */
#include "base/cleanup.h"
#include "engine/container.h"
#include "engine/dialect.h"
#include "engine/docker.h"
#include "engine/message.h"
#include "engine/probe.h"

#include <errno.h>
#include <string.h>

static const struct route routes[OPERATION_COUNT] = {
	[OPERATION_CREATE] = {"POST", "/containers/create?name={}", "create"},
	[OPERATION_START] = {"POST", "/containers/{}/start", "start"},
	[OPERATION_INSPECT] = {"GET", "/containers/{}/json", "inspect"},
	[OPERATION_MEASURE] = {"GET", "/containers/{}/json?size=1", "measure"},
	[OPERATION_KILL] = {"POST", "/containers/{}/kill?signal={}", "kill"},
	[OPERATION_REMOVE] = {"DELETE", "/containers/{}?force=true&v=true", "remove"},
	[OPERATION_LIST] = {"GET", "/containers/json?all=true&filters={}", "list containers"},
	[OPERATION_LOGS] = {"GET", "/containers/{}/logs?stdout=true&stderr=true&follow={}&tail={}",
			    "logs"},
	[OPERATION_EVENTS] = {"GET", "/events?since={}&filters={}", "events"},
	[OPERATION_INFO] = {"GET", "/info", "info"},
	[OPERATION_LOOK_AT_IMAGE] = {"GET", "/images/{}/json", "look up image"},
	[OPERATION_PULL] = {"POST", "/images/create?fromImage={}&tag={}", "pull"},
	[OPERATION_LOOK_AT_BRIDGE] = {"GET", "/networks/{}", "look up network"},
	[OPERATION_MAKE_BRIDGE] = {"POST", "/networks/create", "create network"},
	[OPERATION_REMOVE_BRIDGE] = {"DELETE", "/networks/{}", "remove network"},
};

static bool is_being_removed(const char *message)
{
	return message_says(message, "marked for removal") ||
	       (message_says(message, "removal of container") &&
		message_says(message, "in progress"));
}

/* "network berth-x not found": 404 of a start, where create had not looked (20.10), and of a
 * create in versions that look. */
static bool is_network_gone(const char *message)
{
	return message_says(message, "network") && message_says(message, "not found");
}

static enum engine_outcome classify_conflict(enum engine_operation operation, const char *message)
{
	if (is_being_removed(message))
		return ENGINE_REMOVING;
	switch (operation) {
	case OPERATION_CREATE:
	case OPERATION_MAKE_BRIDGE:
		return ENGINE_NAME_IN_USE;
	case OPERATION_START:
		return ENGINE_REMOVING;
	case OPERATION_KILL:	      /* "is not running" */
	case OPERATION_REMOVE_BRIDGE: /* still in use */
		return ENGINE_ALREADY;
	case OPERATION_PREPARE:
	case OPERATION_FREE_NAME:
	case OPERATION_INSPECT:
	case OPERATION_MEASURE:
	case OPERATION_REMOVE:
	case OPERATION_LIST:
	case OPERATION_LAST_WORDS:
	case OPERATION_LOGS:
	case OPERATION_EVENTS:
	case OPERATION_INFO:
	case OPERATION_LOOK_AT_IMAGE:
	case OPERATION_PULL:
	case OPERATION_LOOK_AT_BRIDGE:
	case OPERATION_COUNT:
		break;
	}
	return ENGINE_TROUBLE;
}

static enum engine_outcome classify_missing(enum engine_operation operation, const char *message)
{
	switch (operation) {
	case OPERATION_REMOVE:
	case OPERATION_REMOVE_BRIDGE:
		return ENGINE_OK; /* the aim is reached */
	case OPERATION_CREATE:
	case OPERATION_START:
		return is_network_gone(message) ? ENGINE_TROUBLE : ENGINE_NOT_FOUND;
	case OPERATION_PREPARE:
	case OPERATION_FREE_NAME:
	case OPERATION_INSPECT:
	case OPERATION_MEASURE:
	case OPERATION_KILL:
	case OPERATION_LIST:
	case OPERATION_LAST_WORDS:
	case OPERATION_LOGS:
	case OPERATION_EVENTS:
	case OPERATION_INFO:
	case OPERATION_LOOK_AT_IMAGE:
	case OPERATION_PULL:
	case OPERATION_LOOK_AT_BRIDGE:
	case OPERATION_MAKE_BRIDGE:
	case OPERATION_COUNT:
		break;
	}
	return ENGINE_NOT_FOUND;
}

static enum engine_outcome classify(enum engine_operation operation, long status,
				    const char *message)
{
	if (status >= 200 && status <= 299)
		return dialect_classify_success(operation, status);
	if (status == 304 && operation == OPERATION_START)
		return ENGINE_ALREADY;
	if (status == 404)
		return classify_missing(operation, message);
	if (status == 409)
		return classify_conflict(operation, message);
	/* 403 "has active endpoints" (20.10; 409 in later versions, see above). */
	if (status == 403 && operation == OPERATION_REMOVE_BRIDGE)
		return ENGINE_ALREADY;
	/* A registry's refusal arrives as 500 before the stream begins. */
	if (status >= 500 && operation == OPERATION_PULL)
		return dialect_classify_pull_error(message);
	if (status == 408 || status == 429 || status < 400 || status >= 500)
		return ENGINE_TROUBLE;
	return ENGINE_INVALID;
}

static const char *event_action(const char *action)
{
	static const char *const known[] = {"die", "oom", "destroy", "start", "kill"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(action, known[i]) == 0)
			return known[i];
	return NULL;
}

/* Containers on this bridge cannot talk to each other: inter-container communication is off. */
#define OPTION_ICC "com.docker.network.bridge.enable_icc"

static struct json_object *render_bridge(const char *name, const char *instance)
{
	struct json_object *network = json_new_object();
	struct json_object *options = json_new_object();
	struct json_object *labels = json_new_object();

	json_add_string(options, OPTION_ICC, "false");
	json_add_string(labels, LABEL_INSTANCE, instance);
	json_add_string(labels, LABEL_SCHEMA, LABEL_SCHEMA_VALUE);
	json_add_string(network, "Name", name);
	json_add_bool(network, "CheckDuplicate", true); /* always so from 1.44 on */
	json_add_string(network, "Driver", "bridge");
	json_add(network, "Options", options);
	json_add(network, "Labels", labels);
	return network;
}

static bool is_member(struct json_object *object, const char *key, const char *value)
{
	const char *text = json_get_string(object, key);

	return text && strcmp(text, value) == 0;
}

static int verify_bridge(struct json_object *network, const char *name, const char *instance,
			 struct err *err)
{
	if (!is_member(network, "Name", name))
		return err_set(err, ERR_ENGINE, -EBADMSG,
			       "look up network '%s': the engine's reply makes no sense", name);
	if (!is_member(json_get_object(network, "Labels"), LABEL_INSTANCE, instance)) {
		return err_set(
			err, ERR_REFUSED, -EPERM,
			"a network '%s' exists there that berth did not make: choose another "
			"instance name, or remove the network",
			name);
	}
	if (!is_member(network, "Driver", "bridge") ||
	    !is_member(json_get_object(network, "Options"), OPTION_ICC, "false")) {
		return err_set(
			err, ERR_REFUSED, -EPERM,
			"network '%s' does not keep sessions apart (driver bridge with " OPTION_ICC
			"=false): remove it, and berth makes it anew",
			name);
	}
	return 0;
}

const struct dialect dialect_docker = {
	.name = "Docker",
	.oldest = {1, 41}, /* HostConfig.CgroupnsMode */
	.newest = {1, 47},
	.upgrade_hint = "upgrade Docker to 20.10 or newer",
	.routes = routes,
	.classify = classify,
	.event_action = event_action,
	.read_info = docker_read_info,
	.check_host = docker_check_host,
	.render_bridge = render_bridge,
	.verify_bridge = verify_bridge,
	.render = docker_render,
	.verify = docker_verify,
	.runtime_path = "HostConfig.Runtime",
};
