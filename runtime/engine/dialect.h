#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What differs from one kind of engine to another, as data and pure functions: the paths of its
 * API, what each of its answers means, the names of its events, and how a plan is put to it.
 * Everything else in this folder is the same for every engine.
 */
#include "base/err.h"
#include "base/json.h"
#include "engine/engine.h"

#include <stdbool.h>

struct api_version {
	int major, minor;
};

/* "1.41" and nothing else. */
bool api_version_parse(const char *text, struct api_version *ret);
/* Negative, zero or positive like strcmp(). */
int api_version_compare(struct api_version a, struct api_version b);

enum engine_operation {
	OPERATION_CREATE,	  /* argument: name */
	OPERATION_START,	  /* id */
	OPERATION_INSPECT,	  /* id */
	OPERATION_KILL,		  /* id, signal */
	OPERATION_REMOVE,	  /* id */
	OPERATION_LIST,		  /* filters */
	OPERATION_EVENTS,	  /* since, filters */
	OPERATION_INFO,		  /* none */
	OPERATION_LOOK_AT_IMAGE,  /* reference */
	OPERATION_PULL,		  /* name, tag or digest */
	OPERATION_LOOK_AT_BRIDGE, /* name */
	OPERATION_MAKE_BRIDGE,	  /* none */
	OPERATION_REMOVE_BRIDGE,  /* name */
	OPERATION_COUNT,
};

struct route {
	const char *method;
	/* Below the version prefix; each {} stands for an argument. */
	const char *path;
	const char *what; /* for messages: "create" */
};

struct dialect {
	const char *name;
	struct api_version oldest; /* that has every field berth asks for */
	struct api_version newest; /* that berth knows */
	const char *upgrade_hint;  /* what an operator with an older engine can do */
	const struct route *routes;

	/* What a complete reply means. `message` is the engine's, "" if it gave none. */
	enum engine_outcome (*classify)(enum engine_operation operation, long status,
					const char *message);
	/* What an error inside the stream of a pull (whose status was 200) means. */
	enum engine_outcome (*classify_pull_error)(const char *message);
	/* The name berth gives to an event of a container (a literal), or NULL for one that does
	 * not matter here. */
	const char *(*event_action)(const char *action);
	/* The body that creates berth's own network. */
	struct json_object *(*render_bridge)(const char *name, const char *instance);
	/* ERR_REFUSED if a network of that name is not as berth makes it. */
	int (*verify_bridge)(struct json_object *network, const char *name, const char *instance,
			     struct err *err);
	struct json_object *(*render)(const struct plan *plan, bool masked);
	int (*verify)(const struct plan *plan, struct json_object *inspect, struct err *err);
};

extern const struct dialect dialect_docker;

/* The URL of an operation, percent-encoded; a slash in an argument of the path stays. `arguments`
 * are as many as the route has {}. The result is the caller's. */
char *dialect_url(const struct dialect *dialect, struct api_version api,
		  enum engine_operation operation, const char *const *arguments);

/* {"label":["berth.instance=INSTANCE"]}, with "type":["container"] if asked for. The caller's. */
char *dialect_filters(const char *instance, bool containers_only);
