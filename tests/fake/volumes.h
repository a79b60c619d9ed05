/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Volumes: named ones made by the API or by a container's mounts, and the anonymous ones that an
 * image's VOLUMEs leave behind, so that a test can see when nobody removed them.
 */

#include "engine.h"

struct container;

struct volume {
	char *name;
	bool anonymous;
	char owner[65]; /* the container an anonymous volume was made for */
	struct json_object *labels;
	struct timespec created;
	struct volume *prev;
	struct volume *next;
};

/* The volume of that name, made if need be; `name` NULL makes an anonymous one for `container`. */
struct volume *volume_ensure(struct engine *engine, const char *name,
			     const struct container *container);

/* Adds the mount table of inspect for the request's mounts and the image's VOLUMEs. */
void volumes_mount(struct container *container, struct json_object *image_volumes);
void volumes_drop_anonymous(const struct container *container);
void volumes_clear(struct engine *engine);

/* How many anonymous volumes there are. */
int64_t volumes_anonymous(const struct engine *engine);
