#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of `struct engine`, for the files of this folder alone: engine.c owns it, connection.c
 * keeps the connection, events.c the event stream, calls.c makes the calls, image.c the pulls.
 */
#include "engine/engine.h"
#include "engine/event.h"
#include "engine/lines.h"
#include "engine/probe.h"

/* The way to a healthy connection, in this order. */
enum connect_step {
	STEP_NONE, /* nothing under way: `timer` says when the next ping is due */
	STEP_PING,
	STEP_VERSION,
	STEP_INFO,
	STEP_LOOK_AT_BRIDGE,
	STEP_MAKE_BRIDGE,
	STEP_EVENTS, /* subscribed; it counts when it has not been refused for a moment */
};

struct event_stream {
	struct http_request request;
	bool is_open;
	struct lines lines;
	struct timer deliver; /* events are told from the loop, never from inside the network */
	struct engine_event *waiting;
	size_t waiting_count;
	bool has_lost_some; /* a resync makes up for it */
};

struct engine {
	struct loop *loop;
	struct engine_owner owner;
	char *instance;
	char *bridge;
	char *registry_config;
	bool needs_bridge;
	unsigned launches;
	int64_t start_timeout_ms;
	int64_t pull_timeout_ms;

	struct lane *calls;   /* short calls, capped */
	struct lane *streams; /* what may take long: events, pulls, launches (calls.c caps these) */
	struct lane *outputs; /* of containers, capped: each may fill memory to its limit */

	/* What the last sequence found; `dialect` is NULL before the first. */
	struct probe probe;
	char description[128];

	bool is_healthy;
	bool was_told;	       /* the owner knows about is_healthy */
	bool was_refused;      /* and that nothing but an operator can change it */
	bool was_unseen;       /* said that its processes cannot be looked at */
	bool goes_all_the_way; /* the ping begins the whole sequence, not only a look */
	bool must_renew;       /* something broke behind a sequence that is under way */
	unsigned failures;     /* in a row; for the back-off */
	enum connect_step step;
	struct http_request request; /* of the step */
	struct probe found;	     /* by the steps so far */
	struct timer timer;	     /* the next ping, or the end of STEP_EVENTS' moment */
	struct timer resync;

	struct event_stream events;

	/* Of berth's network, when that has been made; NULL: not asked for. */
	struct engine_call *removal;

	/* Creates and starts that wait for a place, first to last. */
	struct engine_call *launch_queue;
	unsigned launching;

	struct pull *pulls;
};

/* --- connection.c --- */
void connection_start(struct engine *engine);
void connection_stop(struct engine *engine);
/* A call met no connection or no reply: have a look at once, unless one is due anyway. */
void connection_look(struct engine *engine);
/* berth's network is gone, or the stream ended: go through the whole sequence again. */
void connection_renew(struct engine *engine);
/* From events.c: the engine has accepted the subscription. */
void connection_stream_accepted(struct engine *engine);
/* From events.c: the stream ended, or never began. */
void connection_stream_ended(struct engine *engine, const struct err *err);

/* --- events.c --- */
/* Subscribes, unless that has been done. */
void events_start(struct engine *engine);
void events_stop(struct engine *engine);

/* --- engine.c --- */
/* The URL of an operation on this engine, which has been probed. Arguments may be NULL where the
 * route has fewer. The caller's. */
char *engine_url(const struct engine *engine, enum engine_operation operation, const char *first,
		 const char *second);

/* Whether each call makes a connection of its own; false while it is not known what engine it is.
 */
bool engine_uses_fresh_connections(const struct engine *engine);

/* A policy uses berth's own network, and on this kind of engine that is a bridge. */
bool engine_needs_bridge(const struct engine *engine);
