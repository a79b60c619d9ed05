#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* What is logged while a test runs: it goes to a file in memory, as JSON, at level debug. */
#include "base/json.h"

#include <stddef.h>

struct captured_log {
	int fd, stderr_fd;
};

void captured_log_begin(struct captured_log *log);
void captured_log_end(struct captured_log *log);

/* How many lines have this event and level, and name this environment; NULL: any or none. */
unsigned captured_log_count(const struct captured_log *log, const char *event, const char *level,
			    const char *environment);

/* The last line with this event, for the caller to put; the test fails if there is none. */
struct json_object *captured_log_last(const struct captured_log *log, const char *event);
