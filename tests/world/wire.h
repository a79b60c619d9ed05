#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network between a simulated berth and its peers. A call travels to its peer, takes effect
 * there, and the reply travels back; on either way it may be lost, late, doubled or spoilt, which
 * neither side can see: the peer answers as if nothing could go wrong, and whoever asked may be
 * gone by then.
 */
#include "world/sim.h"

#include <stdbool.h>
#include <stddef.h>

struct host;

/* A request as it arrives at its peer. Texts are the call's; "" where there is nothing. */
struct wire_call {
	struct host *client; /* who asks: for the oracle alone, a peer cannot know it */
	const char *name;    /* "poll", "create", ...: a literal */
	char *method;
	char *path;   /* with the query */
	char *bearer; /* of the Authorization header */
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
