#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue of the benchmarks: environments and work items in memory, and nothing else. It answers
 * as the simulator of tests/controlplane does, from C, because Python would be what is measured.
 *
 * Nobody's worker heartbeats here. An item is taken for one whose worker did at once, and stopped
 * it a given time after the ack, or never.
 */
#include "fake/loop.h"
#include "fake/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct item {
	size_t number; /* "work_N" */
	size_t environment;
	double queued, polled, acked, stopped; /* seconds since the epoch; 0: has not happened */
	struct item *next;		       /* in its environment's queue */
};

/* Who waits for work; embedded by the HTTP side. */
struct poll_wait {
	bool is_waiting;
	void (*wake)(struct poll_wait *wait);
	struct poll_wait *prev, *next;
};

struct environment {
	struct item *first, **last;
	struct poll_wait *waits;
};

struct plane {
	struct environment *environments;
	size_t environment_count;
	struct item **items; /* by number */
	size_t item_count, item_capacity;
	size_t first_live;	/* all items before it are long over */
	double session_seconds; /* from the ack to the worker's stop; < 0: it runs on */
	uint64_t polls, empty_polls, acks, lists, stops;
};

void plane_init(struct plane *plane, size_t environments, double session_seconds);
void plane_done(struct plane *plane);

/* Queues as many, and wakes as many who wait. */
void plane_queue(struct plane *plane, size_t environment, size_t count);

/* The environment's next item, which is claimed now; NULL if there is none. */
struct item *plane_poll(struct plane *plane, size_t environment);

/* The item of that id, NULL if there is none. */
struct item *plane_find(struct plane *plane, const char *id);
void plane_ack(struct plane *plane, struct item *item);
void plane_stop(struct plane *plane, struct item *item);

/* The work object, as poll (`with_secret`) and ack show it. */
void plane_show(const struct plane *plane, const struct item *item, bool with_secret,
		struct text *into);

/* The reply of a list: acked items of the environment that are not long over, `limit` of them from
 * number `from` on. */
void plane_list(struct plane *plane, size_t environment, size_t from, size_t limit,
		struct text *into);

/* A JSON list of every item's number and times. */
void plane_tell(const struct plane *plane, struct text *into);
