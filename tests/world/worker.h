#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs in a session's container: heartbeats, works, stops its item and leaves, as the official
 * workers do; or dies, hangs, is killed for its memory, or loses its lease.
 */
#include "world/machine.h"
#include "world/plane.h"
#include "world/scenario.h"

#include <stdbool.h>
#include <stdint.h>

enum worker_fate {
	WORKER_WORKS,
	WORKER_DIES_UNBEATEN,
	WORKER_HANGS_UNBEATEN,
	WORKER_DIES_BEATEN,
	WORKER_HANGS_BEATEN,  /* beats, and never ends */
	WORKER_LOSES_LEASE,   /* beats no more for a while, and works on */
	WORKER_LEAVES_EARLY,  /* exit 0 within seconds, without a heartbeat */
	WORKER_IS_OOM_KILLED, /* after a heartbeat, or before */
	WORKER_FATES
};

struct worker;

struct worker_owner {
	/* Its first heartbeat got through. */
	void (*beaten)(struct worker *worker, void *arg);
	/* Its work is done, and its item stopped. */
	void (*done)(struct worker *worker, void *arg);
	void *arg;
};

struct worker {
	struct sim *sim;
	struct plane *plane;
	struct machine_container *container;
	struct plane_work *work; /* NULL: its environment names none that there is */
	enum worker_fate fate;
	unsigned lease;	 /* of its item when it was started */
	bool is_deaf;	 /* to SIGTERM */
	bool was_told;	 /* SIGTERM arrived */
	bool has_beaten; /* its first heartbeat got through */
	bool is_leaving;
	uint64_t started_ms, works_until_ms, beats_again_ms;
	uint64_t beat_every_ms;
	char last_heartbeat[32];
	struct sim_event beat, end;
	const struct worker_owner *owner;
};

/* Begins, as what runs in `container` from now on. `owner` is borrowed. */
struct worker *worker_new(struct sim *sim, struct plane *plane, const struct scenario *scenario,
			  struct machine_container *container, bool is_poisoned,
			  const struct worker_owner *owner);
/* Its process has ended. NULL is fine; returns NULL. */
struct worker *worker_free(struct worker *worker);

void worker_signal(struct worker *worker, const char *signal);
