#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts an endless reply that arrives in pieces into its lines (events, the progress of a pull).
 * Pure. A line longer than the maximum is dropped as a whole, so no peer decides about our memory.
 */
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct lines {
	struct buf partial; /* the line whose end has not come yet */
	bool is_dropping;   /* it is too long: nothing of it is kept */
};

/* `line` is NUL-terminated, without its line end, and only valid during the call. */
typedef void (*lines_fn)(const char *line, size_t len, void *arg);

void lines_init(struct lines *lines, size_t max_line);
/* Safe on a zeroed struct. */
void lines_done(struct lines *lines);

/* Calls fn(line, len, arg) for each line that is complete now, empty ones left out. Returns how
 * many were dropped for their length. */
unsigned lines_feed(struct lines *lines, const char *data, size_t len, lines_fn fn, void *arg);
