#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who waits for a request of the budget, in the order of when each is due: a binary heap, so that a
 * thousand environments may come and go at little cost. Private to budget.c.
 */
#include "queue/budget.h"

#include <stddef.h>
#include <stdint.h>

/* Zeroed means empty. Holds pointers only: the turns belong to those who wait. */
struct waiters {
	struct budget_turn **heap; /* each is due no later than its children, at 2n+1 and 2n+2 */
	size_t count, capacity;
	uint64_t asked; /* ever */
};

/* Of those that are due at the same time, who asked first comes first. */
void waiters_add(struct waiters *waiters, struct budget_turn *turn);

/* `turn` is in `waiters`. */
void waiters_remove(struct waiters *waiters, struct budget_turn *turn);

/* NULL if nobody waits. */
struct budget_turn *waiters_first(const struct waiters *waiters);

void waiters_done(struct waiters *waiters);
