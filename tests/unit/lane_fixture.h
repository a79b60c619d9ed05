#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* A loop, a lane and a peer for it to talk to, and requests that know whether they are done. */
#include "http_peer.h"
#include "io/lane.h"
#include "io/loop.h"

#include <stdarg.h>

struct lane_fixture {
	struct loop *loop;
	struct peer *peer;
	struct lane *lane;
	char directory[64];
	char socket[96];
	bool is_unix;
	unsigned under_way; /* submitted with call_submit() and not done */
	struct timer guard;
	bool is_overdue;
};

struct call {
	struct http_request request;
	struct lane_fixture *fixture;
	unsigned times_done;
	void (*then)(struct call *call); /* called from done() */
	void *arg;
};

/* With a loop and an empty directory of its own. */
void fixture_init(struct lane_fixture *fixture);
void fixture_done(struct lane_fixture *fixture);

/* A lane to a new peer, on TCP or on a unix socket. */
void fixture_connect_tcp(struct lane_fixture *fixture, const struct lane_options *options);
void fixture_connect_unix(struct lane_fixture *fixture, unsigned max_in_flight, int backlog,
			  unsigned accept_pause_ms);

/* For cmocka: *state becomes a fixture, with a lane on TCP or without one. */
int fixture_set_up(void **state);
int fixture_set_up_tcp(void **state);
int fixture_tear_down(void **state);

/* Runs the loop until every call is done, and fails the test if that takes 30 s. */
void fixture_run(struct lane_fixture *fixture);

/* Runs the loop for a while. */
void fixture_run_for(struct lane_fixture *fixture, uint64_t ms);

/* A request to the peer, with a timeout of 20 s. `path` starts with '/', or is a whole URL. */
void call_init(struct call *call, struct lane_fixture *fixture, const char *method,
	       const char *path);
void call_done(struct call *call);
void call_submit(struct call *call);
void call_cancel(struct call *call);

/* call_init, call_submit, fixture_run. */
void call_make(struct call *call, struct lane_fixture *fixture, const char *method,
	       const char *path);

/* A request that gets no reply: `outcome` says why, and the problem is one line. */
void call_expect_failure(struct lane_fixture *fixture, const char *method, const char *path,
			 enum http_outcome outcome);
