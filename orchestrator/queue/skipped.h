#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Remembers for a while which unusable items were seen, so that each is reported once and not at
 * every offer. Bounded: the oldest is forgotten when it is full.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SKIPPED_MAX	    1024
#define SKIPPED_REMEMBER_MS ((uint64_t)10 * 60 * 1000)

/* A ring in the order of arrival, which is the order of expiry too. Zeroed means empty. Most queues
 * never hold an unusable item, so there is no room for them before the first. */
struct skipped {
	struct skipped_entry *entries; /* SKIPPED_MAX, or NULL */
	size_t first, count;
};

/* True if `fingerprint` was not known at `now_ms`; it is from then on. False with *ret_seen_ms set
 * to when it was seen before. */
bool skipped_add(struct skipped *skipped, const char fingerprint[17], uint64_t now_ms,
		 uint64_t *ret_seen_ms);

/* Forgets all. */
void skipped_done(struct skipped *skipped);
