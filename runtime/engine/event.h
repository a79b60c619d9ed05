#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* One line of an engine's event stream as a value. Pure. */
#include "engine/dialect.h"

#include <stddef.h>

struct engine_event {
	char container_id[65];
	const char *action; /* a literal of the dialect: "die", "oom", "destroy", "start", "kill" */
};

/* 1: *ret is an event that matters here. 0: one that does not. -EBADMSG: no event at all. */
int event_parse(const struct dialect *dialect, const char *line, size_t len,
		struct engine_event *ret);
