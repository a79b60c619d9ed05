/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The event stream: a history of events, and everybody who follows.
 */

#include "containers.h"

struct events;

struct events *events_new(void);
void events_free(struct events *events);

/* Forgets the history and what is held back. */
void events_forget(struct engine *engine);

/* Tells of a container's `action`, with one more attribute where `key` is given. Asks the rules. */
void event_emit(struct container *container, const char *action, const char *key,
		const char *value);

/* Sends a line, whatever it is, to every follower. */
void events_send_raw(struct engine *engine, const char *line);

/* Ends all streams; `cut`: without the end that HTTP wants. */
void events_close(struct engine *engine, bool cut);

int64_t events_followers(const struct engine *engine);
