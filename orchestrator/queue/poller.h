#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims work for one environment: asks the fleet's budget for its turn and its owner for a slot,
 * polls, hands the item over, and polls again at once; waits with jitter when there is none or the
 * same one as before, backs off when there is trouble. The wait for work moves between idle_min and
 * idle_max with how many share the budget (budget_idle_ms()); where idle_min is 0 there is none.
 *
 *   NEW --wake--> WAITING --timer--> WANTS_TURN --turn--> (slot?) --yes--> POLLING --item--+
 *                   ^ ^                                      | no             |            |
 *                   | +----------------wake------------- WANTS_SLOT           | nothing,   | handed
 *                   +---------------------------------------------------------+ error -----+ over
 *
 * No slot is held while a poll waits for its turn, and a turn without a slot is the next one's.
 * Any owner function may call poller_wake(), poller_stop() and poller_free().
 */
#include "config/poll_settings.h"
#include "io/loop.h"
#include "queue/api.h"

#include <stdbool.h>
#include <stdint.h>

/* What the owner does for the poller; called from the loop, each with `arg`. */
struct poller_owner {
	/* Takes a slot for the item that the coming poll may bring. False: not now; the owner calls
	 * poller_wake() when that changes. Sets *ret_no_block, false before, where others want the
	 * slot: the poll then does not wait for work to come (block_ms). */
	bool (*take_slot)(bool *ret_no_block, void *arg);
	/* Gives it back: nothing was claimed. */
	void (*release_slot)(void *arg);
	/* An item to run; the slot goes with it. Takes ownership of *item's content. */
	void (*claimed)(struct work_item *item, void *arg);
	/* An item to ack and force-stop (rule 4a); the slot goes with it, as do the contents. */
	void (*refused)(struct work_item *item, const struct err *why, void *arg);
	/* The last poll found nothing (every empty poll; also when an unusable item came round
	 * again and nothing usable with it). `drain` ends on it. */
	void (*empty)(void *arg);
	/* A poll has failed for the `in_a_row`-th time in a way that may pass; the poller backs off
	 * and goes on. May be NULL. */
	void (*trouble)(const struct err *why, unsigned in_a_row, void *arg);
	/* The key was rejected (401, 403, 404). The owner re-reads its key file; true: it changed
	 * (the peer's `key` points to the new one), poll again: at once the first time, then with
	 * back-off. False: the poller has stopped for good. */
	bool (*rejected)(const struct err *why, void *arg);
	/* A reply that no retry will mend (another 4xx): the poller has stopped for good. */
	void (*failed)(const struct err *why, void *arg);
	void *arg;
};

/* An unanswered poll is one that ends without an HTTP status, this long after the time that the
 * control plane was asked to hold it. Failures to connect come sooner, so they are none. */
#define POLLER_MARGIN_MS     10000
#define POLLER_UNHEARD_POLLS 3 /* unanswered, in a row */

enum poller_pulse {
	POLLER_RESTS,	/* does not poll: not woken yet, waits for a slot, or has stopped */
	POLLER_HEARD,	/* polls, or waits until the next one is due */
	POLLER_UNHEARD, /* likewise, but its last POLLER_UNHEARD_POLLS were unanswered */
};

struct poller;

/* `peer` and `settings` are borrowed and outlive the poller. Does not poll yet. */
struct poller *poller_new(struct queue_peer *peer, const struct poll_settings *settings,
			  const struct poller_owner *owner);

/* Cancels the poll under way; its slot is given back. NULL is fine; returns NULL. */
struct poller *poller_free(struct poller *poller);

/* Starts polling, or looks for a slot again if the poller waits for one. Harmless otherwise: it
 * shortens no wait, and brings no turn forward. */
void poller_wake(struct poller *poller);

/* No further polls. The one under way is let finish and its item handed over: it is claimed on the
 * server already. poller_is_idle() tells when it has: true while no poll is under way. */
void poller_stop(struct poller *poller);
bool poller_is_idle(const struct poller *poller);

enum poller_pulse poller_pulse(const struct poller *poller);
/* Something is wrong with the queue: the last poll failed, and the next one waits for better days.
 */
bool poller_is_backing_off(const struct poller *poller);
