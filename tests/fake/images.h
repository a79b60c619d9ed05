/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The images the engine "has": a name, an id and a configuration. Names are compared as Docker
 * does, without the default registry and with the default tag.
 */

#include "engine.h"

struct image {
	char *name; /* normal form: "busybox:latest", "localhost/x:1", "x@sha256:..." */
	char id[72];
	struct json_object *config; /* as under Config in an inspect */
	struct timespec created;
	struct image *prev;
	struct image *next;
};

/* Adds or replaces; `config` NULL is one with an entry point and nothing else. Keeps references. */
struct image *image_add(struct engine *engine, const char *name, struct json_object *config);
bool image_remove(struct engine *engine, const char *name);

/* By name, "sha256:..." id, or bare id. */
struct image *image_find(struct engine *engine, const char *reference);
void images_clear(struct engine *engine);
