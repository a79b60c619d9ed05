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
struct fake_reply world_connection_answer(const struct fake_sent *sent);

/* A reply whose body lives as long as the world. */
struct fake_reply world_reply(struct session_world *world, long status, char *body);
