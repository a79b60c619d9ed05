#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network between a simulated berth and its peers. A call travels to its peer, takes effect
 * there, and the reply travels back; on either way it may be lost, late, doubled or spoilt, which
 * neither side can see: the peer answers as if nothing could go wrong, and whoever asked may be
 * gone by then. io/lane.h is implemented on top of it (seam_lane.c).
 */
#include "io/lane.h"
#include "world/sim.h"

#include <stdbool.h>
#include <stddef.h>

struct host;
struct trip;

/* A request as it arrives at its peer. Texts are the call's; "" where there is nothing. */
struct wire_call {
	struct host *client; /* who asks: for the oracle alone, a peer cannot know it */
	const char *name;    /* "poll", "create", ...: a literal */
	char *method;
	char *path;    /* with the query */
	char *bearer;  /* of the Authorization header */
	char *headers; /* further "Name: value\n" lines */
	char *body;
	size_t body_len;

	/* Of the peer, for as long as it has not answered. */
	void *peer_state;
	/* Nobody waits for the answer any more: forget the call, do not answer it. NULL: the peer
	 * keeps nothing. */
	void (*gone)(struct wire_call *call);
};

/* A peer: answers now, or keeps the call and answers later. */
typedef void (*wire_peer_fn)(void *peer, struct wire_call *call);

/* The whole answer; the call is gone afterwards. `headers` are "name: value\n" lines with names in
 * lower case, or NULL; content is copied. */
void wire_reply(struct wire_call *call, long status, const char *headers, const char *body);
/* The same with a body that may hold any bytes. */
void wire_reply_bytes(struct wire_call *call, long status, const char *headers, const void *body,
		      size_t len);
/* A piece of an answer with status 200 that goes on (an event stream). */
void wire_push(struct wire_call *call, const char *data, size_t len);
/* The connection ends without (the rest of) an answer; the call is gone afterwards. */
void wire_cut(struct wire_call *call);

/* --- the way there and back ------------------------------------------------------------------- */

/* What can happen to a call. The client sees no more of it than a real one would. */
enum wire_fault {
	WIRE_NOT_SENT,	   /* no connection */
	WIRE_LOST,	   /* reset before it arrives */
	WIRE_SILENT,	   /* never arrives, and nobody says so: half open */
	WIRE_REPLY_LOST,   /* takes effect, reset */
	WIRE_REPLY_SILENT, /* takes effect, and nobody says so */
	WIRE_LATE,	   /* arrives when the client has long given up */
	WIRE_TWICE,	   /* arrives twice; the client gets the answer to one of them */
	WIRE_CUT,	   /* takes effect, the reply ends in the middle */
	WIRE_SPOILT,	   /* takes effect, the reply is no longer what it was */
	WIRE_ERROR,	   /* 500, 502, 503 or 429 without effect */
	WIRE_ERROR_AFTER,  /* the same, with effect */
	WIRE_FAULTS
};

const char *wire_fault_name(enum wire_fault fault);

struct wire_weather {
	unsigned rates[WIRE_FAULTS]; /* in 10,000 */
	/* The way there and back together: 2 ms and more than the fastest, at least. */
	uint64_t fastest_ms, slowest_ms;
	unsigned crawls;   /* in 10,000, of calls that are under way for up to: */
	uint64_t crawl_ms; /* a second, at least */
};

/* Some kinds of calls hardly work for a while, or not at all. */
struct wire_outage {
	const char *only, *but; /* names of calls; both NULL: of any call */
	enum wire_fault fault;
	unsigned rate; /* in 10,000; 0: no outage */
};

struct wire_peer {
	wire_peer_fn serve;
	void *arg;
	/* False: no connection. NULL: always. */
	bool (*is_up)(void *arg);
	/* What a call is called. */
	const char *(*name)(const struct http_request *request);
	struct wire_weather weather;
	struct wire_outage outage;
};

/* wire_weather.c: how long one way takes, and what goes wrong with a call of that name on it
 * (WIRE_FAULTS: nothing). */
uint64_t wire_draw_way_ms(struct sim *sim, const struct wire_weather *weather);
enum wire_fault wire_draw_fault(struct sim *sim, const struct wire_peer *peer, const char *name);

/* Everything about the ways of one world. */
struct wire {
	struct sim *sim;
	/* Counted for the report. */
	uint64_t calls, faults[WIRE_FAULTS];
	/* NULL, or told of each call that arrives and of each fault. */
	void (*trace)(const struct wire_call *call, const char *what, void *arg);
	void *trace_arg;
	struct trip *trips; /* under way */
};

/* Sends the request on its way: its result is filled in and `finish(trip, arg)` called once, later,
 * unless cancelled. */
struct trip *wire_send(struct wire *wire, const struct wire_peer *peer, struct host *client,
		       struct http_request *request, void (*finish)(struct trip *trip, void *arg),
		       void *arg);
struct http_request *wire_request(const struct trip *trip);
/* False of a call for whose answer nobody waits: a copy, or one that was given up. */
bool wire_is_awaited(const struct wire_call *call);
/* The client gives up, or is no more. What was sent may still arrive. */
void wire_abandon(struct trip *trip);
/* Ends everything that is still on its way for nobody. */
void wire_settle(struct wire *wire);
