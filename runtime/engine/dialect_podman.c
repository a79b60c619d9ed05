/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Podman 4 and 5, rootful and rootless. Statuses and wording as observed on 4.3.1.
 *
 * Containers are created, prepared, started and inspected in Podman's own API: the compatible one
 * drops ulimits, cgroup namespaces, runtimes and, rootless, every limit, without a word. The rest
 * speaks the compatible API, whose answers are those of Docker, except that Podman says 500 to
 * nearly everything: what it means is in the message.
 */
#include "engine/dialect.h"
#include "engine/message.h"
#include "engine/podman.h"

#include <string.h>

#define LIBPOD "/v4.0.0/libpod"

static const struct route routes[OPERATION_COUNT] = {
	[OPERATION_CREATE] = {"POST", "/containers/create", "create", LIBPOD},
	/* A container is then "initialized": its process exists, with its cgroups, and waits. */
	[OPERATION_PREPARE] = {"POST", "/containers/{}/init", "prepare", LIBPOD},
	[OPERATION_START] = {"POST", "/containers/{}/start", "start", LIBPOD},
	[OPERATION_INSPECT] = {"GET", "/containers/{}/json", "inspect", LIBPOD},
	[OPERATION_MEASURE] = {"GET", "/containers/{}/json?size=true", "measure", LIBPOD},
	[OPERATION_KILL] = {"POST", "/containers/{}/kill?signal={}", "kill", NULL},
	/* Without a timeout of 0 it would be asked to end, and be given its grace, first. */
	[OPERATION_REMOVE] = {"DELETE", "/containers/{}?force=true&v=true&timeout=0", "remove",
			      NULL},
	/* A service that is killed while it creates leaves a name that no container has, and that
	 * only a removal frees. Not by force: that spares whatever may run under it. */
	[OPERATION_FREE_NAME] = {"DELETE", "/containers/{}", "free the name", NULL},
	[OPERATION_LIST] = {"GET", "/containers/json?all=true&filters={}", "list containers", NULL},
	[OPERATION_LAST_WORDS] = {"GET", "/containers/{}/logs?stderr=true&tail=3", "logs", NULL},
	[OPERATION_LOGS] = {"GET", "/containers/{}/logs?stdout=true&stderr=true&follow={}&tail={}",
			    "logs", NULL},
	[OPERATION_EVENTS] = {"GET", "/events?since={}&filters={}", "events", NULL},
	[OPERATION_INFO] = {"GET", "/info", "info", LIBPOD},
	[OPERATION_LOOK_AT_IMAGE] = {"GET", "/images/{}/json", "look up image", NULL},
	[OPERATION_PULL] = {"POST", "/images/create?fromImage={}&tag={}", "pull", NULL},
};

/* A call that found its container a moment before it went is told so with 500: "container ... does
 * not exist in database: no such container". A list says it as well, of one among many. */
static bool is_container_gone(enum engine_operation operation, const char *message)
{
	return operation != OPERATION_LIST && message_says(message, "no such container");
}

static enum engine_outcome classify_absence(enum engine_operation operation)
{
	bool is_the_aim = operation == OPERATION_REMOVE || operation == OPERATION_FREE_NAME;

	return is_the_aim ? ENGINE_OK : ENGINE_NOT_FOUND;
}

/* For statuses of 400 and more other than 404. */
static enum engine_outcome classify_error(enum engine_operation operation, const char *message)
{
	if (message_says(message, "is being removed") || message_says(message, "state removing"))
		return ENGINE_REMOVING;
	if (is_container_gone(operation, message))
		return classify_absence(operation);
	switch (operation) {
	case OPERATION_CREATE:
		if (message_says(message, "already in use"))
			return ENGINE_NAME_IN_USE;
		if (message_says(message, "image not known") ||
		    message_says(message, "no such image"))
			return ENGINE_NOT_FOUND;
		if (message_says(message, "network not found") ||
		    message_says(message, "invalid config provided"))
			return ENGINE_INVALID;
		break;
	case OPERATION_KILL: /* "can only kill running containers. ... is in state exited" */
		if (message_says(message, "container state improper") ||
		    message_says(message, "can only kill running containers"))
			return ENGINE_ALREADY;
		break;
	case OPERATION_PULL:
		return dialect_classify_pull_error(message);
	case OPERATION_PREPARE:
	case OPERATION_START:
	case OPERATION_INSPECT:
	case OPERATION_MEASURE:
	case OPERATION_REMOVE:
	case OPERATION_FREE_NAME:
	case OPERATION_LIST:
	case OPERATION_LAST_WORDS:
	case OPERATION_LOGS:
	case OPERATION_EVENTS:
	case OPERATION_INFO:
	case OPERATION_LOOK_AT_IMAGE:
	case OPERATION_LOOK_AT_BRIDGE:
	case OPERATION_MAKE_BRIDGE:
	case OPERATION_REMOVE_BRIDGE:
	case OPERATION_COUNT:
		break;
	}
	return ENGINE_TROUBLE;
}

static enum engine_outcome classify(enum engine_operation operation, long status,
				    const char *message)
{
	if (status >= 200 && status <= 299)
		return dialect_classify_success(operation, status);
	if (status == 304 && (operation == OPERATION_START || operation == OPERATION_PREPARE))
		return ENGINE_ALREADY;
	if (status == 404)
		return classify_absence(operation);
	if (status < 400)
		return ENGINE_TROUBLE;
	enum engine_outcome outcome = classify_error(operation, message);
	bool is_refused = status < 500 && status != 408 && status != 409 && status != 429;
	return outcome == ENGINE_TROUBLE && is_refused ? ENGINE_INVALID : outcome;
}

/* As the event logger "file" and as journald has them: both were seen. */
static const char *event_action(const char *action)
{
	static const struct {
		const char *theirs, *ours;
	} known[] = {
		{"died", "die"},    {"die", "die"},   {"remove", "destroy"}, {"destroy", "destroy"},
		{"start", "start"}, {"kill", "kill"}, {"oom", "oom"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(action, known[i].theirs) == 0)
			return known[i].ours;
	return NULL;
}

/* Podman's init (catatonit 0.1.7) exits with 1, as any command may, and says why. */
static bool cannot_run(int exit_code, const char *output, size_t len)
{
	static const char words[] = "failed to exec pid1";

	return exit_code == 1 && memmem(output, len, words, strlen(words));
}

const struct dialect dialect_podman = {
	.name = "Podman",
	.oldest = {1, 40},
	.newest = {1, 41},
	.upgrade_hint = "upgrade Podman to 4.0 or newer",
	.routes = routes,
	.makes_fresh_connections = true,
	.must_prove_limits = true,
	.starts_may_linger = true,
	.classify = classify,
	.event_action = event_action,
	.read_info = podman_read_info,
	.check_host = podman_check_host,
	.cannot_run = cannot_run,
	.render = podman_render,
	.verify = podman_verify,
	.runtime_path = "OCIRuntime",
	.prove_config = podman_prove_config,
};
