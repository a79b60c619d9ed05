/* SPDX-License-Identifier: Apache-2.0 */
#include "queue/waiters.h"

#include "base/cleanup.h"

#include <stdbool.h>

static bool is_before(const struct budget_turn *a, const struct budget_turn *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->number < b->number;
}

static void put(struct waiters *waiters, size_t place, struct budget_turn *turn)
{
	waiters->heap[place] = turn;
	turn->place = place;
}

/* Puts `turn` at `place`, or nearer to the top: those above that come later move down. */
static void sift_up(struct waiters *waiters, size_t place, struct budget_turn *turn)
{
	while (place > 0) {
		size_t parent = (place - 1) / 2;
		if (!is_before(turn, waiters->heap[parent]))
			break;
		put(waiters, place, waiters->heap[parent]);
		place = parent;
	}
	put(waiters, place, turn);
}

/* Puts `turn` at `place`, or further down: the earlier of each two children moves up. */
static void sift_down(struct waiters *waiters, size_t place, struct budget_turn *turn)
{
	for (;;) {
		size_t child = 2 * place + 1;
		if (child + 1 < waiters->count &&
		    is_before(waiters->heap[child + 1], waiters->heap[child]))
			child++;
		if (child >= waiters->count || !is_before(waiters->heap[child], turn))
			break;
		put(waiters, place, waiters->heap[child]);
		place = child;
	}
	put(waiters, place, turn);
}

void waiters_add(struct waiters *waiters, struct budget_turn *turn)
{
	if (waiters->count == waiters->capacity) {
		waiters->capacity = waiters->capacity > 0 ? 2 * waiters->capacity : 16;
		waiters->heap = xreallocarray(waiters->heap, waiters->capacity,
					      sizeof(struct budget_turn *));
	}
	turn->number = waiters->asked++;
	sift_up(waiters, waiters->count++, turn);
}

void waiters_remove(struct waiters *waiters, struct budget_turn *turn)
{
	size_t place = turn->place;
	struct budget_turn *last = waiters->heap[--waiters->count];

	if (last == turn)
		return;
	if (is_before(last, turn))
		sift_up(waiters, place, last);
	else
		sift_down(waiters, place, last);
}

struct budget_turn *waiters_first(const struct waiters *waiters)
{
	return waiters->count > 0 ? waiters->heap[0] : NULL;
}

void waiters_done(struct waiters *waiters)
{
	free(waiters->heap);
	*waiters = (struct waiters){0};
}
