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
	OPERATION_PREPARE,	  /* id */
	OPERATION_START,	  /* id */
	OPERATION_INSPECT,	  /* id */
	OPERATION_MEASURE,	  /* id */
	OPERATION_KILL,		  /* id, signal */
	OPERATION_REMOVE,	  /* id */
	OPERATION_FREE_NAME,	  /* name */
	OPERATION_LIST,		  /* filters */
	OPERATION_LAST_WORDS,	  /* id */
	OPERATION_LOGS,		  /* id, follow, tail */
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
	const char *method; /* NULL: this kind of engine has no such operation */
	/* Below `base`; each {} stands for an argument. */
	const char *path;
	const char *what; /* for messages: "create" */
	const char *base; /* NULL: the version that was negotiated, "/v1.41" */
};

struct probe;

struct dialect {
	const char *name;
	struct api_version oldest; /* that has every field berth asks for */
	struct api_version newest; /* that berth knows */
	const char *upgrade_hint;  /* what an operator with an older engine can do */
	const struct route *routes;
	/* The service may end between two calls (socket activation), and what is sent on an old
	 * connection then may or may not have arrived: each call makes a connection of its own. */
	bool makes_fresh_connections;
	/* What inspect says of limits proves nothing: they are read from the kernel, where
	 * OPERATION_PREPARE has made everything that a start needs. */
	bool must_prove_limits;
	/* Two starts at once may both say that they did it, and one may still be under way when
	 * whoever asked for it is gone. */
	bool starts_may_linger;

	/* What a complete reply means. `message` is the engine's, "" if it gave none. */
	enum engine_outcome (*classify)(enum engine_operation operation, long status,
					const char *message);
	/* The name berth gives to an event of a container (a literal), or NULL for one that does
	 * not matter here. */
	const char *(*event_action)(const char *action);
	/* GET of OPERATION_INFO into the probe. ERR_ENGINE (-EBADMSG), ERR_REFUSED. */
	int (*read_info)(struct probe *probe, struct json_object *info, struct err *err);
	/* ERR_REFUSED, with field, reason and remedy, if that engine on its host cannot keep the
	 * policy's promises. NULL: that only shows when a container is made. */
	int (*check_host)(const struct probe *probe, const struct policy *policy, struct err *err);
	/* True if the last output of a container that exited with `exit_code` says that its command
	 * could not be run. NULL: the exit code says so. */
	bool (*cannot_run)(int exit_code, const char *output, size_t len);
	/* The body that creates berth's own network. NULL: none is needed on this kind of engine.
	 */
	struct json_object *(*render_bridge)(const char *name, const char *instance);
	/* ERR_REFUSED if a network of that name is not as berth makes it; ERR_ENGINE if this is
	 * none of that name. */
	int (*verify_bridge)(struct json_object *network, const char *name, const char *instance,
			     struct err *err);
	struct json_object *(*render)(const struct plan *plan, bool masked);
	int (*verify)(const struct plan *plan, struct json_object *inspect, struct err *err);
	/* Where inspect names a container's runtime. */
	const char *runtime_path;
	/* ERR_REFUSED unless the runtime of a container that is prepared was told what the plan
	 * asks for. Reads what the engine has written for it. NULL: `verify` sees enough. */
	int (*prove_config)(const struct probe *probe, const struct plan *plan,
			    const struct container *container, struct json_object *inspect,
			    struct err *err);
};

extern const struct dialect dialect_docker;
extern const struct dialect dialect_podman;

/* The URL of an operation, percent-encoded; a slash in an argument of the path stays. `arguments`
 * are as many as the route has {}. The result is the caller's. */
char *dialect_url(const struct dialect *dialect, struct api_version api,
		  enum engine_operation operation, const char *const *arguments);

/* What a 2xx means. Engines answer a start, its preparation, and a signal, with 204: any other is
 * from somebody else, and the container itself must show what happened. */
enum engine_outcome dialect_classify_success(enum engine_operation operation, long status);

/* What an error of a registry means, inside the stream of a pull (whose status was 200) or before
 * it. */
enum engine_outcome dialect_classify_pull_error(const char *message);

/* {"label":["berth.instance=INSTANCE"]}, with "type":["container"] if asked for. The caller's. */
char *dialect_filters(const char *instance, bool containers_only);
