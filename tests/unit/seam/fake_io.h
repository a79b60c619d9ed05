#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other implementation of io/loop.h and io/lane.h for unit tests: a clock that only moves when
 * told to, chance that is chosen, and a network whose replies are written down beforehand. Linked
 * instead of runtime/io.
 *
 *   struct loop *loop;  loop_new(&loop, NULL);  struct lane *lane = fake_lane(loop);
 *   fake_reply(loop, (struct fake_reply){.status = 200, .body = "null"});
 *   ... the code under test submits a request ...
 *   fake_run(loop, 1000);                       everything due within a second has happened
 *   assert_string_equal(fake_sent(loop, 0)->method, "GET");
 *
 * Replies are handed out in the order in which requests are submitted. A request without one gets
 * none: it ends with HTTP_NO_REPLY at its timeout, as with a peer that hangs.
 */
#include "io/lane.h"
#include "io/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_reply {
	uint64_t after_ms;
	enum http_outcome outcome; /* HTTP_REPLIED unless said otherwise */
	long status;
	const char *headers; /* "name: value\n" lines, names in lower case; NULL: none */
	const char *body;    /* NULL: empty */
	size_t body_len;     /* 0: the length of `body` as a text */
	const char *problem; /* with other outcomes; NULL: a made-up one */
};

/* A request as it left; texts are copies, "" where there was nothing. */
struct fake_sent {
	char *method;
	char *url;
	char *headers; /* "Name: value\n" lines */
	char *bearer;
	char *body;
	bool has_body, urgent, is_fresh, was_cancelled;
	uint64_t timeout_ms, connect_timeout_ms, at_ms;
	size_t max_reply;
};

enum fake_chance { FAKE_LOWEST, FAKE_HIGHEST, FAKE_ANY };

/* A lane with default options. */
struct lane *fake_lane(struct loop *loop);

/* The reply to the next request that has none. The texts are borrowed. */
void fake_reply(struct loop *loop, struct fake_reply reply);

/* Who answers the requests that no fake_reply() is left for: a model of the peer instead of a
 * script. The texts of its replies are borrowed until they are delivered. */
typedef struct fake_reply (*fake_answer_fn)(const struct fake_sent *sent, void *arg);
void fake_answer_with(struct loop *loop, fake_answer_fn fn, void *arg);

/* Lets `ms` pass. Every timer and reply due by then is delivered, each at its own time; stops the
 * test when one moment does not come to an end. */
void fake_run(struct loop *loop, uint64_t ms);

/* What loop_random() says from now on: always the lowest or highest value, or any by a fixed seed
 * (the default). */
void fake_chance(struct loop *loop, enum fake_chance chance);

/* The wall clock, which otherwise starts at 2026-11-22T10:00:00Z. */
void fake_set_wall(struct loop *loop, int64_t epoch_ms);

/* As if the signal had come in. */
void fake_signal(struct loop *loop, int signo);

/* The n-th request ever submitted, from 0, and how many there are. */
const struct fake_sent *fake_sent(struct loop *loop, size_t n);
size_t fake_sent_count(struct loop *loop);
