#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions whose containers keep dying before a first heartbeat. Three times, and the session's
 * next item is refused instead of run. Kept in memory for an hour, 1,024 sessions at most.
 */
#include <stdbool.h>
#include <stdint.h>

#define STRIKES_OUT 3

struct strikes;

struct strikes *strikes_new(void);
struct strikes *strikes_free(struct strikes *strikes);
/* Returns how many the session has now. */
unsigned strikes_add(struct strikes *strikes, const char *session_id, uint64_t now_ms);
bool strikes_are_out(const struct strikes *strikes, const char *session_id, uint64_t now_ms);
