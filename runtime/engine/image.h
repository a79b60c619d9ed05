#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes sure an image is there before a container is made of it: looked up, pulled when the policy
 * says so, one pull per image however many sessions wait for it (single-flight), with a time limit
 * of its own.
 */
#include "engine/engine.h"

enum pull_policy { PULL_MISSING, PULL_NEVER, PULL_ALWAYS };

/* One waiter; embedded by the caller. */
struct image_wait {
	void (*done)(struct image_wait *wait, void *arg);
	void *arg;
	void *pull;			/* private */
	struct image_wait *next, *prev; /* private */

	/* ENGINE_OK, ENGINE_NOT_FOUND (no such image; with `never`: not here), ENGINE_INVALID,
	 * ENGINE_TROUBLE, ENGINE_UNREACHABLE, ENGINE_UNKNOWN (timed out). */
	enum engine_outcome outcome;
	struct err err;
	struct image_facts facts; /* the waiter's own copy, with ENGINE_OK */
};

void image_wait_init(struct image_wait *wait, void (*done)(struct image_wait *, void *), void *arg);

/* done(wait, arg) follows exactly once, later. `reference` as configured: NAME[:TAG][@DIGEST]. */
void image_ensure(struct engine *engine, struct image_wait *wait, const char *reference,
		  enum pull_policy policy);

/* Afterwards done is not called; a pull that others wait for goes on. Frees the facts. Safe on a
 * zeroed struct, and twice. */
void image_wait_done(struct image_wait *wait);
