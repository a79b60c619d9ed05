#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* One call to the work queue with a scripted reply. */
#include "fake_io.h"
#include "queue/api.h"

#define KEY "sk-ant-oat01-EXAMPLE/KEY+1"

enum which { POLL, ACK, STOP, LIST, STATS };

struct queue_fixture {
	struct loop *loop;
	struct queue_peer peer;
	struct secret *key;
	struct queue_call call;
	unsigned done_count;
	uint64_t turn_ms; /* when a poll had its turn (test_budget_calls.c) */
};

/* Fixtures of cmocka; *state is the struct queue_fixture. */
int queue_set_up(void **state);
int queue_tear_down(void **state);

void call_start(struct queue_fixture *f, enum which which);

/* Makes the call, lets the reply come, and returns the outcome. */
enum queue_outcome call_outcome(struct queue_fixture *f, enum which which, struct fake_reply reply);
enum queue_outcome call_outcome_of_body(struct queue_fixture *f, enum which which,
					const char *body);

/* The request sent last. */
const struct fake_sent *call_sent(struct queue_fixture *f);

void assert_contains(const char *text, const char *part);
