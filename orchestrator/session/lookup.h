#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the control plane how items of one environment stand (GET work), for whoever must know
 * before it acts, and for the first heartbeats of running sessions. One list serves everybody who
 * waits; a list for heartbeats alone is made at most every 30 s, and not while the budget of
 * requests is in debt.
 */
#include "queue/api.h"

#include <stdbool.h>
#include <stdint.h>

struct lookup;

enum lookup_result {
	LOOKUP_FOUND,
	LOOKUP_NOT_FOUND,     /* the list was read to its end without it */
	LOOKUP_NOT_PERMITTED, /* this key may not list; remembered */
	LOOKUP_FAILED,	      /* no answer after several attempts, or not on the pages that
			       * are read at most */
};

/* One waiter; embedded by the caller. Zero-initialised means not waiting. */
struct lookup_wait {
	struct lookup *lookup; /* NULL while not waiting */
	struct lookup_wait *next, *prev;
	const char *work_id; /* borrowed while waiting */
	bool found, is_patient;
	void (*done)(struct lookup_wait *wait, void *arg);
	void *arg;

	/* Valid in done(). */
	enum lookup_result result;
	struct work_status status;
	int64_t clock_offset_ms; /* the server's clock minus ours; 0 if unknown */
};

struct lookup_owner {
	/* An item of the list, whoever it belongs to. `clock_offset_ms` as in a lookup_wait. */
	void (*seen)(const struct work_status *status, int64_t clock_offset_ms, void *arg);
	/* True while a session waits for its first heartbeat to be seen. */
	bool (*wants_heartbeats)(void *arg);
	/* The list was refused: true if there is another key, which the peer has from here on. */
	bool (*key_was_replaced)(void *arg);
	void *arg;
};

/* `peer` is borrowed and outlives the lookup. */
struct lookup *lookup_new(struct queue_peer *peer, const struct lookup_owner *owner);
/* Nobody is called any more. NULL is fine; returns NULL. */
struct lookup *lookup_free(struct lookup *lookup);

/* done(wait, arg) follows exactly once, later, unless cancelled. */
void lookup_item(struct lookup *lookup, struct lookup_wait *wait, const char *work_id,
		 void (*done)(struct lookup_wait *, void *), void *arg);
/* The same for a caller in no hurry: it is served by the next list that somebody else, or the
 * search for heartbeats, makes, or once a handful wait. */
void lookup_item_patiently(struct lookup *lookup, struct lookup_wait *wait, const char *work_id,
			   void (*done)(struct lookup_wait *, void *), void *arg);
void lookup_cancel(struct lookup_wait *wait);

/* Serves the patient now. */
void lookup_hurry(struct lookup *lookup);

/* Makes a list now, for owner->seen() alone. */
void lookup_sweep(struct lookup *lookup);
/* True until it is read. */
bool lookup_is_sweeping(const struct lookup *lookup);

/* Says that owner->wants_heartbeats() may have become true. */
void lookup_poke(struct lookup *lookup);

/* From here on somebody waits for the first heartbeats: a list for them every 2 s. */
void lookup_sweep_often(struct lookup *lookup);

/* Another key is used from here on: it may be allowed to list. */
void lookup_key_replaced(struct lookup *lookup);

/* This key has been allowed to list, however it is by now. */
bool lookup_has_listed(const struct lookup *lookup);
/* When it was refused last; 0: it was not. */
uint64_t lookup_refused_ms(const struct lookup *lookup);
/* False once the control plane has said that this key may not list. */
bool lookup_is_permitted(const struct lookup *lookup);
