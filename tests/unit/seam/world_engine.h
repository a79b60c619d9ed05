#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* The models behind struct session_world; private to it. Texts returned are the caller's. */
#include "session_world.h"

/* "create", "ack", ... or NULL for a call that is not about the session. */
const char *world_call_name(const struct fake_sent *sent);

/* What the model answers, having done it. */
struct fake_reply world_engine_answer(struct session_world *world, const char *call,
				      const struct fake_sent *sent);
struct fake_reply world_queue_answer(struct session_world *world, const char *call);
struct fake_reply world_connection_answer(const struct session_world *world,
					  const struct fake_sent *sent);

/* What Podman answers where that differs. */
struct fake_reply world_podman_connection_answer(const struct fake_sent *sent);
char *world_podman_inspect(const struct session_world *world);

/* The container's process: it waits, or runs. */
void world_begin_process(struct session_world *world);

/* "StartedAt" and the like, as engines write them. */
void world_add_time(struct json_object *object, const char *key, int64_t at_ms);

/* A reply whose body lives as long as the world. */
struct fake_reply world_reply(struct session_world *world, long status, char *body);
