#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One environment being served: claims its items and turns them into sessions, as long as
 * everything a launch needs is there. It does not claim while
 *
 *   - the engine's host cannot keep its policy (claimant_check_image)
 *   - its image is not known to be on the engine, or its plan is refused (claimant_check_image)
 *   - its breaker is open: a launch failed for a reason that the next one would share
 *   - its key is rejected
 *   - the daemon has no room: slots, launches, engine, disk, memory (claimant_host.may_claim)
 */
#include "daemon/strikes.h"
#include "engine/image.h"
#include "queue/poller.h"
#include "session/table.h"

#include <stdbool.h>
#include <stdint.h>

/* What the host's caps are counted against, shared by all claimants. */
struct room {
	int64_t slots;	   /* containers that run or are about to, and polls that may bring one */
	int64_t launching; /* of those, not started yet */
	int64_t claims;	   /* items claimed since the start, and polls that may bring one */
};

/* What a claimant needs of the daemon. */
struct claimant_host {
	struct loop *loop;
	struct engine *engine;
	struct lane *queue_lane;
	struct budget *budget; /* of requests; NULL: no limit */
	const struct fleet *fleet;
	struct table *table;
	struct room *room;
	bool is_drain;

	/* May another item be claimed? The daemon wakes all claimants when that changes. */
	bool (*may_claim)(void *arg);
	/* Something happened that the daemon may have waited for. */
	void (*changed)(void *arg);
	void (*record)(struct session *session, void *arg);
	/* Adds to the verdict: bits of enum daemon_verdict. */
	void (*verdict)(unsigned bits, void *arg);
	void *arg;
};

enum claimant_state {
	CLAIMANT_PREPARING, /* waiting for the image */
	CLAIMANT_SERVING,
	CLAIMANT_FINISHED, /* claims no more: queue drained, told to stop, or for a bad reason */
};

struct claimant {
	const struct claimant_host *host;
	const struct environment *config;
	enum claimant_state state;
	struct queue_peer peer;
	struct secret *key;
	struct poll_settings poll;
	struct poller *poller;
	struct lookup *lookup;
	struct site site;
	struct strikes *strikes;
	uint64_t asked_ms;	      /* when the last poll was sent */
	struct queue_call stats_call; /* claimant_report.c */
	struct image_wait image_wait;
	struct image_facts image;
	bool has_image, is_checking_image;
	bool has_reported_waivers;
	uint64_t image_checked_ms;
	struct timer timer; /* the breaker's, or until the image is looked for again */
	unsigned failures;  /* of launches in a row: above 0 the breaker is open or half open */
	bool is_paused;	    /* the breaker is open */
	unsigned deaths;    /* of different sessions before a first heartbeat, in a row */
	int64_t slots;	    /* taken, polls included */
	int64_t launching;  /* of those, not started yet */
	bool is_rejected;   /* its key was, and no other one is there yet */
	bool may_resume;    /* once there is: nothing else has stopped it */
};

/* Reads the key. ERR_INPUT, ERR_REFUSED. `host` and `config` outlive the claimant. */
int claimant_new(const struct claimant_host *host, const struct environment *config,
		 struct claimant **ret, struct err *err);
struct claimant *claimant_free(struct claimant *claimant);

/* The engine is there and what it held is adopted: look for the image, then poll. */
void claimant_start(struct claimant *claimant);
/* Room may have appeared. */
void claimant_wake(struct claimant *claimant);
/* No more claims. The poll under way is let finish. */
void claimant_stop(struct claimant *claimant);
/* Neither polling nor about to. */
bool claimant_is_finished(const struct claimant *claimant);
/* Takes over a container of this environment. */
void claimant_adopt(struct claimant *claimant, const struct container *container);
/* Logs event=status: its slots now, and, when the control plane has answered, its queue. */
void claimant_report(struct claimant *claimant);
/* Reads the key again (reload). True if it is another one now. */
bool claimant_reread_key(struct claimant *claimant);
