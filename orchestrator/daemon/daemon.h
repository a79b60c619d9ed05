#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process: owns the loop, the engines, one claimant per environment and all sessions; starts,
 * settles what an earlier run left, serves, follows its configuration, and ends.
 */
#include "base/err.h"
#include "config/fleet.h"

#include <stdbool.h>
#include <stdint.h>

struct daemon_options {
	const struct fleet_flags *flags; /* what the configuration was loaded with */
	bool drain;			 /* claim until the queue is empty, then leave */
	bool wait;			 /* drain: until all sessions have ended */
	bool detach;			 /* drain: as soon as the launched sessions run */
	bool expects_lock;    /* another berth in this state_dir is no cause for concern */
	int64_t max_sessions; /* drain: claim so many at most; 0: no limit */
	int64_t max_time_ms;  /* drain: claim for so long at most, then leave; 0: no limit */
};

/* What went wrong on the way, as bits; 0: nothing. */
enum daemon_verdict {
	VERDICT_PARTIAL = 1 << 0,      /* part of the work could not be launched or cleared away */
	VERDICT_NO_ENGINE = 1 << 1,    /* the engine is not available, or not fit */
	VERDICT_KEY_REJECTED = 1 << 2, /* every key, or in a drain one, was rejected */
	VERDICT_CONFIG_REFUSED = 1 << 3, /* a policy or the configuration cannot be kept */
	VERDICT_LOCKED = 1 << 4,	 /* another berth has this state_dir */
	VERDICT_BUG = 1 << 5,
};

struct daemon;
struct loop;

/* Serves until a signal or, draining, until done. Takes references of `fleet`; SIGHUP replaces it
 * by what options->flags lead to then. Everything worth saying is logged; the result is a set of
 * enum daemon_verdict. */
unsigned daemon_serve(struct fleet *fleet, const struct daemon_options *options);

/* The parts of it, for who runs the loop himself. NULL if it could not start; the verdict says why.
 * `options` are borrowed. */
struct daemon *daemon_new(struct fleet *fleet, const struct daemon_options *options,
			  unsigned *ret_verdict);
struct loop *daemon_loop(struct daemon *daemon);
/* Cancels everything, tells nobody: what was under way is found in the engine by the next start.
 * Returns the verdict. */
unsigned daemon_free(struct daemon *daemon);
