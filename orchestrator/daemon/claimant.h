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
#include "daemon/backend.h"
#include "daemon/strikes.h"
#include "daemon/tally.h"
#include "daemon/turns.h"
#include "engine/image.h"
#include "queue/poller.h"
#include "session/table.h"

#include <stdbool.h>
#include <stdint.h>

/* What the host's caps are counted against, shared by all claimants. */
struct room {
	int64_t slots;	   /* containers that run or are about to, and polls that may bring one */
	int64_t launching; /* of those, not started yet, polls included */
	int64_t claims;	   /* items claimed since the start, and polls that may bring one */
};

/*
 * One configuration of an environment, for as long as there are sessions that were started with it.
 * A reload gives the environment another one, and leaves its sessions theirs.
 */
struct edition {
	struct claimant *claimant;
	struct backend *backend;
	struct fleet *fleet; /* a reference */
	struct site site;
	struct image_facts image;
	size_t sessions;
	struct edition *next;
};

/* What a claimant needs of the daemon. */
struct claimant_host {
	struct loop *loop;
	struct lane *queue_lane;
	struct budget *budget; /* of requests */
	struct table *table;
	struct room *room;
	struct turns *turns;
	struct tally *tally;
	bool is_drain;

	/* May this one claim another item? The daemon wakes it when that changes. *ret_no_block: a
	 * poll for it must not take long, because others need the place that it has meanwhile. */
	bool (*may_claim)(struct claimant *claimant, bool *ret_no_block, void *arg);
	/* Something happened that the daemon may have waited for. */
	void (*changed)(void *arg);
	/* No more than that a place is free, which others wait for. */
	void (*place_free)(void *arg);
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

/* How an environment is doing. */
enum claimant_standing {
	CLAIMANT_IS_PREPARING,
	CLAIMANT_IS_SERVING,
	CLAIMANT_IS_PAUSED, /* its breaker is open, or its queue fails to answer a poll */
	CLAIMANT_IS_REJECTED,
	CLAIMANT_IS_FINISHED,
	CLAIMANT_STANDINGS, /* how many there are */
};

struct claimant {
	const struct claimant_host *host;
	struct edition *editions; /* all, newest first; owned */
	struct edition *newest;	  /* what is configured */
	struct edition *serving;  /* what items are launched with: its image is there; or NULL */
	enum claimant_state state;
	bool is_retired; /* not in the configuration any more */
	struct queue_peer peer;
	struct secret *key;
	struct key_stamp key_stamp; /* of its file when it was read */
	uint64_t key_proved_ms;	    /* when a poll was last answered */
	struct poll_settings poll;
	struct poller *poller;
	struct lookup *lookup;
	struct strikes *strikes;
	struct turn turn;
	uint64_t asked_ms;	      /* when the last poll was sent */
	bool is_in_trouble;	      /* the last poll that ended had no answer, or a bad one */
	struct queue_call stats_call; /* claimant_report.c */
	struct stuck *stuck;	      /* claimant_stuck.c */
	struct image_wait image_wait;
	bool has_image, is_checking_image;
	bool has_reported_waivers;
	uint64_t image_checked_ms;
	struct timer timer; /* the breaker's, or until the image is looked for again */
	unsigned failures;  /* of launches in a row: above 0 the breaker is open or half open */
	bool is_paused;	    /* the breaker is open */
	unsigned deaths;    /* of different sessions before a first heartbeat, in a row */
	int64_t slots;	    /* taken, polls included */
	int64_t launching;  /* of those, not started yet, polls included */
	bool is_rejected;   /* its key was, and no other one is there yet */
	bool may_resume;    /* once there is: nothing else has stopped it */
};

/* Reads the key. ERR_INPUT, ERR_REFUSED. `host` and `backend` outlive the claimant; `config` is of
 * `fleet`, of which it takes references. */
int claimant_new(const struct claimant_host *host, struct backend *backend, struct fleet *fleet,
		 const struct environment *config, struct claimant **ret, struct err *err);
/* Its sessions are gone. NULL is fine; returns NULL. */
struct claimant *claimant_free(struct claimant *claimant);

/* The engine is there and what it held is adopted: look for the image, then poll. */
void claimant_start(struct claimant *claimant);
/* Room may have appeared. */
void claimant_wake(struct claimant *claimant);
/* No more claims. The poll under way is let finish. */
void claimant_stop(struct claimant *claimant);
/* It wants no place of the host for now: whoever it went before is asked again. */
void claimant_leave_turn(struct claimant *claimant);
/* Neither polling nor about to. */
bool claimant_is_finished(const struct claimant *claimant);
/* Takes over a container of this environment that was found on `backend`. */
void claimant_adopt(struct claimant *claimant, struct backend *backend,
		    const struct container *container);
enum claimant_standing claimant_standing(const struct claimant *claimant);
const char *claimant_standing_name(enum claimant_standing standing);
/* As poller_pulse(); an environment whose breaker is open rests. */
enum poller_pulse claimant_pulse(const struct claimant *claimant);
/* Items that nobody runs are being looked for, or one of them is being stopped. */
bool claimant_looks_for_stuck(const struct claimant *claimant);
/* Logs event=status: its slots now, and, when the control plane has answered, its queue. */
void claimant_report(struct claimant *claimant);
/* Reads the key again. True if it is another one now. */
bool claimant_reread_key(struct claimant *claimant);
/* Does so if its file has changed. */
void claimant_look_at_key(struct claimant *claimant);

/* What it is configured with now, and where. */
const struct environment *claimant_config(const struct claimant *claimant);
struct backend *claimant_backend(const struct claimant *claimant);

/* Another configuration from here on; running sessions keep theirs. What stopped it is tried again.
 * Reads the key. */
void claimant_reconfigure(struct claimant *claimant, struct backend *backend, struct fleet *fleet,
			  const struct environment *config);
/* No more claims; to be freed when claimant_is_idle(). */
void claimant_retire(struct claimant *claimant);
/* No poll under way, and no sessions. */
bool claimant_is_idle(const struct claimant *claimant);
/* Frees what sessions that have ended leave of old configurations. */
void claimant_tidy(struct claimant *claimant);
/* Something of it runs on, or is to be run on, `backend`. */
bool claimant_uses(const struct claimant *claimant, const struct backend *backend);
