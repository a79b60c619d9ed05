/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The fake engine as a whole: what it was told on the command line, and all it holds in memory.
 * Every module keeps its own part here and touches the others' only through their functions.
 */

#include "loop.h"

#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>

struct container;
struct events;
struct image;
struct journal;
struct network;
struct rule;
struct server;
struct volume;

struct options {
	bool podman; /* speaks Podman's API instead of Docker's */
	const char *socket;
	const char *control;
	int backlog;
	const char *api_min;
	const char *api_max;
	const char *server_version;
	struct json_object *headers; /* further response headers, name -> value */
	struct json_object *images;  /* names present from the start */
	struct json_object *info;    /* members that replace those of /info; Podman: laid over it */
	char *worker;		     /* path of the worker program, or NULL: containers only idle */
	int64_t run_ms;		     /* idle containers exit 0 after so long; 0: never */
	int64_t cleanup_ms;	     /* Podman takes so long from a container's end to "exited" */
	FILE *log;
	bool log_bodies;
	size_t keep_log;
};

struct engine {
	struct options options;
	struct loop *loop;
	struct server *server;
	struct journal *journal;
	struct events *events;
	struct rule *rules;
	int64_t last_rule_id;
	struct container *containers; /* by id, oldest first */
	struct container *names;      /* the same by name */
	struct container *processes;  /* those with a worker, by pid */
	int64_t running;
	int64_t peak_running;
	int64_t created;
	struct image *images;
	struct volume *volumes;
	struct network *networks;
};

/* Brings up the initial images and networks, an empty journal and no rules. */
void engine_init(struct engine *engine);

/* Back to that state: kills all workers, ends all event streams. */
void engine_reset(struct engine *engine);
void engine_done(struct engine *engine);
