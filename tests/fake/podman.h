/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What makes the fake engine a Podman: the libpod API for creating, preparing, starting and looking
 * at containers, and the places where Podman's compatible API is not what Docker's is. Facts were
 * measured on Podman 4.3.1 with runc 1.1.5, rootful and rootless, on cgroup v1.
 */

#include "containers.h"
#include "images.h"
#include "request.h"

/* {"cause": ..., "message": "MESSAGE: CAUSE", "response": STATUS} */
void podman_error(struct request *request, int status, const char *cause, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same with a message that does not end with the cause. */
void podman_error_as(struct request *request, int status, const char *cause, const char *message);

/* podman_system.c: a new object, the `host` of /info as it is told to be. */
struct json_object *podman_host(const struct engine *engine);

/* Rootless on cgroup v1: limits of memory, pids and CPU are warned about and then not there. */
bool podman_ignores_limits(const struct engine *engine);

/*
 * podman_spec.c: the container's spec, with what the image and the engine add to the request, and
 * its command, env, labels and mounts. False, with nothing to run, where neither has a command.
 */
bool podman_merge(struct container *container, struct json_object *body, const struct image *image);

/*
 * podman_caps.c: the capabilities that its processes may ever have, and those they have at once;
 * NULL for none.
 */
struct json_object *podman_bounding_caps(const struct container *container);
struct json_object *podman_effective_caps(const struct container *container);

/* What is kept unless it is dropped; ends with NULL. */
extern const char *const podman_default_caps[];
bool podman_cap_is_default(const char *name);

/* "net_raw" as CAP_NET_RAW, to be freed; and whether there is such a one. */
char *podman_cap_name(const char *word);
bool podman_cap_is_known(const char *name);

/* New objects: parts of an inspect, and a row of the list without braces, State and Status. */
struct json_object *podman_config(const struct container *container);
struct json_object *podman_host_config(const struct container *container);
char *podman_list_row(const struct container *container);
