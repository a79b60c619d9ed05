#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control plane: environments, sessions, work items, and who claims, holds and stops them. It
 * answers as the simulator for tests of the real program does (tests/controlplane), byte by byte
 * where a byte matters; a recorded script is run through both. What the documents leave open is
 * answered in the way that is hardest on an orchestrator: an item that is acked and never
 * heartbeats stays `starting` for good.
 *
 * Times named *_ms are sim_now_ms(); what goes over the wire is sim_wall_ms().
 */
#include "base/hash.h"
#include "queue/work.h"
#include "world/sim.h"
#include "world/wire.h"

#include <stdbool.h>
#include <stdint.h>

struct plane;

/* Answers on which the documents of the real control plane are silent. Zeros are what
 * plane_add_environment() takes for 300 s and 200. */
struct plane_options {
	uint64_t ttl_ms;	    /* the lease that a heartbeat grants */
	int stopped_again;	    /* status for stopping what is stopped: 200 or 409 */
	int acked_again;	    /* status for repeating an ack: 200 or 409 */
	bool fresh_secrets;	    /* every offer carries a new secret */
	bool list_is_not_permitted; /* 403 on list and stats */
};

struct plane_environment {
	char *id, *key;
	struct plane_options options; /* may be changed at any time */
	bool is_key_rejected;	      /* 401 on everything, as while a key is rotated */
	UT_hash_handle hh;
};

/* One work item. Read by who checks the world, written by the model alone, but for the last part.
 */
struct plane_work {
	char *id, *session_id;
	struct plane_environment *environment;
	const char *type; /* "session", "healthcheck", or another that berth must not launch */
	char *token;	  /* what its latest secret holds; NULL: it has no secret */
	enum work_state state;
	uint64_t queued_ms, claimed_ms, acked_ms, beaten_ms, stopped_ms; /* 0: not in this lease */
	uint64_t lease_until_ms;					 /* 0: none */
	char last_heartbeat[32];					 /* "" until beaten */
	unsigned lease; /* how often it has been queued anew: counts from 0 */
	/* In this lease, lost ones too, and those of the lease before that its holder did not need:
	 * whoever got them may ack in this one. */
	unsigned offers;
	unsigned beats; /* first heartbeats accepted in this lease */
	UT_hash_handle hh;

	void *oracle; /* of who checks */
};

/* What happens, as it happens: after the model has done it. `by` is NULL for what no berth did (a
 * worker, a foreign poller, time). */
struct plane_observer {
	void (*offered)(struct plane_work *work, struct host *by, void *arg);
	/* `is_first`: it went from queued to starting; otherwise it may be refused. */
	void (*acked)(struct plane_work *work, struct host *by, bool is_first, void *arg);
	/* Before the state changes, so that what it was is seen; also of what is stopped already.
	 */
	void (*stopping)(struct plane_work *work, struct host *by, bool force, void *arg);
	/* That holds the lease: not of what is stopping. */
	void (*beaten)(struct plane_work *work, bool is_first, void *arg);
	void (*lapsed)(struct plane_work *work, void *arg);
	void *arg;
};

struct plane *plane_new(struct sim *sim, const struct plane_observer *observer);
/* Polls that wait are answered that there is nothing. NULL is fine; returns NULL. */
struct plane *plane_free(struct plane *plane);

/* Ids and tokens are made from a counter, so that a run is repeatable; id and key may be given
 * (copied) or NULL. */
struct plane_environment *plane_add_environment(struct plane *plane, const char *id,
						const char *key,
						const struct plane_options *options);

/* From here on the environment has another key. */
void plane_change_key(struct plane *plane, struct plane_environment *environment);

/* Queues an item. `session_id` (copied) NULL: a new one. NULL if that session has a live one. */
struct plane_work *plane_add_work(struct plane *plane, struct plane_environment *environment,
				  const char *session_id, const char *type, bool has_secret);
/* Hands the item out once more at the next poll, whatever its state is. */
void plane_redeliver(struct plane *plane, struct plane_work *work);

struct plane_work *plane_find(struct plane *plane, const char *work_id);
/* In the order in which they were queued first. */
void plane_each(struct plane *plane, void (*fn)(struct plane_work *work, void *arg), void *arg);
/* How many are not stopped. */
size_t plane_open_count(struct plane *plane);
/* Forgets items that have been stopped for that long, as nobody may ask for them any more; `fn` is
 * told before. */
void plane_forget_stopped(struct plane *plane, uint64_t for_ms,
			  void (*fn)(struct plane_work *work, void *arg), void *arg);

/* The HTTP side: a wire_peer_fn. Polls with block_ms wait. */
void plane_serve(void *plane, struct wire_call *call);

/* --- what a worker in a container, or a poller that is no berth, asks: without the wire --------
 */

enum plane_verdict {
	PLANE_OK,
	PLANE_LOST,   /* 412: the lease is not held by this caller */
	PLANE_ENDING, /* the item is stopping (the answer says that the lease goes on) or stopped */
	PLANE_CONFLICT,	 /* 409 */
	PLANE_NOT_FOUND, /* 404 */
};

/* `expected` is "NO_HEARTBEAT" first, then what `ret_last` was filled with the time before. */
enum plane_verdict plane_heartbeat(struct plane *plane, const char *work_id, const char *expected,
				   char ret_last[32]);
enum plane_verdict plane_stop(struct plane *plane, const char *work_id, bool force);
/* What a poll without block_ms would be offered, claimed; NULL: nothing. */
struct plane_work *plane_poll(struct plane *plane, struct plane_environment *environment,
			      uint64_t reclaim_older_than_ms);
enum plane_verdict plane_ack(struct plane *plane, const char *work_id);
