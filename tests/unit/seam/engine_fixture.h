#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine on the scripted network, and what its owner was told. Replies are handed out in the
 * order of the requests; engine_fixture_replies() gives those of a whole connection.
 */
#include "engine/engine.h"
#include "fake_io.h"
#include "unit/unit.h"

#define FIXTURE_ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct engine_fixture {
	struct loop *loop;
	struct engine *engine;
	unsigned healthy, unhealthy, resyncs; /* how often each was told */
	struct err err;			      /* with the last unhealthy */
};

/* Not connected yet: the first ping leaves with the next fake_run(). */
void engine_fixture_init(struct engine_fixture *fixture, const struct engine_options *options);
void engine_fixture_done(struct engine_fixture *fixture);

/* Two launches at once, pulls of at most ten minutes. */
struct engine_options engine_fixture_options(void);

/* The reply to the next request. */
void engine_fixture_reply(struct engine_fixture *fixture, long status, const char *body);
/* An event stream that stays open for `ms`. */
void engine_fixture_stream(struct engine_fixture *fixture, uint64_t ms);
/* No connection for the next request. */
void engine_fixture_no_connection(struct engine_fixture *fixture);
/* The replies of a connection to a Docker 27.1 up to and without the event stream. */
void engine_fixture_replies(struct engine_fixture *fixture);
/* Connects: four requests, the last one a stream that stays open for a day. */
void engine_fixture_connect(struct engine_fixture *fixture);

/* Asserts that the n-th request (0: the first one ever) was METHOD and URL. */
void engine_fixture_sent(struct engine_fixture *fixture, size_t n, const char *method,
			 const char *url);
