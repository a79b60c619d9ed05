#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The five calls of the work queue that an environment key may make: poll, ack, stop, list, stats.
 * One `struct queue_call` is one request under way; the caller embeds it and reads its result in
 * the callback. What an HTTP answer means is decided here and nowhere else.
 */
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "io/lane.h"
#include "queue/work.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct budget;
struct loop;
struct queue_operation;

/* Whose queue: borrowed pointers, owned by the environment. A call copies the `key`, so that it may
 * be replaced at any time. */
struct queue_peer {
	struct loop *loop;
	struct lane *lane;
	struct budget *budget; /* of the process, charged with every call; NULL: there is none */
	const char *base_url;  /* without trailing slash */
	const char *environment_id;
	const char *name;      /* of the environment, for logs */
	const char *worker_id; /* printable: it becomes a header */
	const struct secret *key;
	bool key_is_api_key; /* an organization's: for stop and stats alone */
};

enum queue_outcome {
	QUEUE_OK,    /* 2xx with a usable body where one is needed */
	QUEUE_EMPTY, /* poll: no work (200 null, 204, empty body, an object without id and data) */
	QUEUE_REJECTED,	 /* 401, 403, 404: this key may not do this, or the environment is gone */
	QUEUE_CONFLICT,	 /* 409 */
	QUEUE_LOST,	 /* 412 */
	QUEUE_INVALID,	 /* any other 4xx, or a forbidden URL: repeating it is no use */
	QUEUE_TEMPORARY, /* 3xx, 408, 429, 5xx, no connection: nothing happened, as far as we know
			  */
	QUEUE_UNKNOWN,	 /* no reply, cut or malformed: it may have happened */
};

struct queue_call {
	struct http_request request;		 /* private */
	const struct queue_peer *peer;		 /* private */
	const struct queue_operation *operation; /* private */
	struct secret *key;			 /* private; what was sent */
	char *worker_header;			 /* private */
	char work_id[129];			 /* private */
	uint64_t sent_ms;			 /* private */
	void (*done)(struct queue_call *call, void *arg);
	void *arg;

	/* The result, valid in done() and until the next use of the call. */
	enum queue_outcome outcome;
	long http_status;	  /* 0: there was no reply */
	uint64_t duration_ms;	  /* of the exchange; waiting for its turn does not count */
	uint64_t retry_after_ms;  /* what the server asks for, 0 if nothing; at most 300 s */
	int64_t server_time_ms;	  /* when it was answered, by the server's clock since the epoch,
				   * give or take half a second and half of duration_ms; 0: it did
				   * not say */
	struct json_object *json; /* poll: the item. list: the page. stats. The call's */
	bool has_status;	  /* ack: the reply described the item, as follows */
	struct work_status status;
	struct err err; /* unless QUEUE_OK or QUEUE_EMPTY: call, status, the server's own words */
};

/* Prepares `call` for use; done(call, arg) follows each of the calls below exactly once, later. It
 * may use the call again or free what embeds it. */
void queue_call_init(struct queue_call *call, void (*done)(struct queue_call *, void *), void *arg);

/* Cancels what is under way and frees the result. Safe on a zeroed struct, and twice. */
void queue_call_done(struct queue_call *call);

/* GET work/poll. `block_ms` 1..999, or 0 to leave it out; `reclaim_ms` >= 1, or 0 likewise. */
void queue_poll(struct queue_peer *peer, struct queue_call *call, unsigned block_ms,
		int64_t reclaim_ms);

/* POST work/{id}/ack, without a body. */
void queue_ack(struct queue_peer *peer, struct queue_call *call, const char *work_id);

/* POST work/{id}/stop: the worker that holds it is told at its next heartbeat. An item that nobody
 * holds stays `stopping`. Any 2xx, and 409 (already stopped), is QUEUE_OK. */
void queue_stop(struct queue_peer *peer, struct queue_call *call, const char *work_id);

/* POST work/{id}/stop with {"force":true}. Any 2xx, and 409 (already stopped), is QUEUE_OK. */
void queue_force_stop(struct queue_peer *peer, struct queue_call *call, const char *work_id);

/* GET work?limit=1000[&page=]. `page` may be NULL, or stand in the call's last result. */
void queue_list(struct queue_peer *peer, struct queue_call *call, const char *page);

/* GET work/stats. */
void queue_stats(struct queue_peer *peer, struct queue_call *call);
