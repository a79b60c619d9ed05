/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the handlers of Docker's and of Podman's calls share: the container that a path names, the
 * signal that a query names, and replies that wait for a container's end.
 */

#include "containers.h"
#include "request.h"

/* The container in the request's path; NULL after the engine's 404. */
struct container *target_container(struct request *request);

/* "KILL", "SIGKILL" or "9"; 0 when it is none. */
int signal_number(const char *name);

/* Tells of the signal and sends it. */
void send_signal(struct container *container, int signal);

/*
 * Replies when the container exits or, `removal`, is removed: with `json` (takes ownership), or
 * 204 without. Call it before anything can end the container, so that the end is not missed.
 */
void reply_after(struct request *request, struct container *container, bool removal,
		 struct json_object *json);
