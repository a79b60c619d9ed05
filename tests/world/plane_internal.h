#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the control plane share. plane.c keeps the items, plane_lease.c is the protocol
 * that moves them (claims, acks, leases, stops), plane_http.c the calls over the wire,
 * plane_json.c what they answer, and plane_wait.c the polls among them that wait.
 *
 * Of an environment's items all are in one list, in the order in which they were queued first, and
 * those that are queued in another, in the same order; nothing walks over all items but `list`.
 */
#include "base/json.h"
#include "world/plane.h"

#define PLANE_DEFAULT_RECLAIM_MS UINT64_C(5000)
#define PLANE_WORKERS_WINDOW_MS	 UINT64_C(30000)

struct plane_token {
	char *text;
	struct plane_item *item;
	struct plane_token *next; /* of the same item */
	UT_hash_handle hh;
};

struct plane_item {
	struct plane_work work; /* first: what others see of it */
	struct plane *plane;
	uint64_t number; /* the order in which items were queued first */
	/* Microseconds since the epoch, 0 for null: what goes over the wire. */
	int64_t created_us, acked_us, started_us, beaten_us, stop_requested_us, stopped_us;
	unsigned all_offers;	    /* in all leases */
	unsigned redelivered;	    /* in this one, when it was held already */
	struct plane_token *tokens; /* the latest first */
	struct sim_event lapse;
	struct plane_item *prev, *next;		      /* of its environment */
	struct plane_item *queued_prev, *queued_next; /* of those that are queued */
	struct plane_item *stopped_prev, *stopped_next;
	UT_hash_handle by_session; /* the session's latest */
};

struct plane_worker {
	char *id;
	uint64_t seen_ms;
	UT_hash_handle hh;
};

struct plane_redelivery {
	char *work_id;
	struct plane_redelivery *prev, *next;
};

/* A poll that waits. */
struct plane_waiter {
	struct plane_queue *queue;
	struct wire_call *call;
	uint64_t request_number, reclaim_ms, deadline_ms;
	char *worker; /* "": none was named */
	struct sim_event event;
	struct plane_waiter *prev, *next;
};

/* An environment and what is in it. */
struct plane_queue {
	struct plane_environment environment; /* first: what others see of it */
	struct plane *plane;
	struct plane_item *items, *queued;
	struct plane_redelivery *redeliveries;
	struct plane_waiter *waiters; /* in the order of their arrival */
	struct plane_worker *workers;
};

struct plane {
	struct sim *sim;
	struct plane_observer observer;
	struct plane_environment *environments;
	struct plane_work *works;	/* all, by id */
	struct plane_item *of_sessions; /* the latest of each session */
	struct plane_item *stopped;	/* in the order in which they were */
	struct plane_token *tokens;
	size_t open_count;
	uint64_t numbers, requests;
	int64_t last_stamp_us;
};

/* --- plane.c ---------------------------------------------------------------------------------- */

struct plane_item *plane_item_of(struct plane_work *work);
struct plane_queue *plane_queue_of(struct plane_environment *environment);
/* The item as it is now: a lease that ends at this moment has ended. NULL: there is none. */
struct plane_item *plane_look(struct plane *plane, const char *work_id);
/* The item that the token was made for, NULL: nobody's. */
struct plane_item *plane_token_owner(struct plane *plane, const char *token);
void plane_issue_token(struct plane_item *item);
/* Microseconds since the epoch. */
int64_t plane_wall_us(const struct plane *plane);
/* "2026-11-22T10:00:00.000000Z" */
void plane_format_time(char into[32], int64_t us);

/* --- plane_lease.c ---------------------------------------------------------------------------- */

/* Puts it among those that are queued, in its place. */
void plane_enqueue(struct plane_item *item);
void plane_lapse(struct plane_item *item);
/* The oldest item on offer, claimed; NULL: there is none. */
struct plane_item *plane_claim(struct plane_queue *queue, uint64_t reclaim_ms, struct host *by);
/* OK, or CONFLICT. */
enum plane_verdict plane_ack_item(struct plane_item *item, struct host *by);
enum plane_verdict plane_stop_item(struct plane_item *item, bool force, struct host *by);
/* OK, LOST or ENDING. `expected` NULL, which the documents leave open: it is not compared. */
enum plane_verdict plane_beat_item(struct plane_item *item, const char *expected);

/* --- plane_wait.c ----------------------------------------------------------------------------- */

void plane_worker_polls(struct plane_queue *queue, const char *worker);
size_t plane_workers_polling(const struct plane_queue *queue);
/* Keeps the call, for which nothing is on offer now, until there is or `block_ms` are over. */
void plane_wait(struct plane_queue *queue, struct wire_call *call, uint64_t request_number,
		uint64_t reclaim_ms, uint64_t block_ms, const char *worker);
/* There may be something on offer that was not. */
void plane_wake(struct plane_queue *queue);
/* Answers all of them. */
void plane_end_waits(struct plane_queue *queue);

/* --- plane_http.c ----------------------------------------------------------------------------- */

/* Answers a poll; `item` NULL: there is nothing. */
void plane_reply_offer(struct plane *plane, struct wire_call *call, uint64_t request_number,
		       const struct plane_item *item);

/* --- plane_json.c: the caller's to put -------------------------------------------------------- */

/* The work object; `has_secret` as in a poll's reply, elsewhere it is null. */
struct json_object *plane_work_json(const struct plane_item *item, bool has_secret);
struct json_object *plane_heartbeat_json(const struct plane_item *item);
/* `details` of a 412. */
struct json_object *plane_lost_json(const struct plane_item *item);
struct json_object *plane_stats_json(const struct plane_queue *queue);
/* `limit` items from the one with index `start` on. */
struct json_object *plane_page_json(const struct plane_queue *queue, size_t start, size_t limit);
/* Takes ownership of `details`, which may be NULL. */
struct json_object *plane_error_json(long status, const char *message, uint64_t request_number,
				     struct json_object *details);
