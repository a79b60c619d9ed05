#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A budget, and askers who want a turn now and then. A request is a charge and a time in `starts`.
 */
#include "captured_log.h"
#include "fake_io.h"
#include "queue/budget.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct budget_fixture {
	struct loop *loop;
	struct budget *budget;
	struct captured_log log;
	uint64_t *starts; /* of requests, as they come */
	size_t start_count;
};

struct asker {
	struct budget_fixture *f;
	struct budget_turn turn;
	bool declines;	/* its turn when it comes */
	unsigned turns; /* that came */
	uint64_t at_ms; /* when the last of them did */
	size_t place;	/* how many requests were before it */
	loop_fn then;	/* what its turn ends with, if set */
};

/* Fixtures of cmocka; *state is the struct budget_fixture, without a budget. */
int budget_set_up(void **state);
int budget_tear_down(void **state);

/* Gives it a budget of `limit` requests a minute, in place of any other. */
void budget_of(struct budget_fixture *f, int64_t limit);

/* Writes down that a request is being sent. */
void note_start(struct budget_fixture *f);

/* A request that waits for nobody. */
void request_now(struct budget_fixture *f);

void asker_init(struct asker *asker, struct budget_fixture *f);

/* Asks for a turn; a poll of class BUDGET_IDLE counts from now. */
void ask(struct asker *asker, enum budget_class class);

/* So many polls of class BUDGET_WORK that find nobody before them, in no time. */
void use_up(struct budget_fixture *f, unsigned requests);

/* No 60 s, wherever they begin, saw more than `limit` starts. */
void assert_no_minute_exceeds(const struct budget_fixture *f, size_t limit);
