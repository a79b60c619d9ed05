/* SPDX-License-Identifier: Apache-2.0 */
#include "queue/turns.h"

#include "base/cleanup.h"

#include <stdbool.h>

static bool is_before(const struct budget_turn *a, const struct budget_turn *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->number < b->number;
}

static void put(struct turns *turns, size_t place, struct budget_turn *turn)
{
	turns->heap[place] = turn;
	turn->place = place;
}

/* Puts `turn` at `place`, or nearer to the top: those above that come later move down. */
static void sift_up(struct turns *turns, size_t place, struct budget_turn *turn)
{
	while (place > 0) {
		size_t parent = (place - 1) / 2;
		if (!is_before(turn, turns->heap[parent]))
			break;
		put(turns, place, turns->heap[parent]);
		place = parent;
	}
	put(turns, place, turn);
}

/* Puts `turn` at `place`, or further down: the earlier of each two children moves up. */
static void sift_down(struct turns *turns, size_t place, struct budget_turn *turn)
{
	for (;;) {
		size_t child = 2 * place + 1;
		if (child + 1 < turns->count &&
		    is_before(turns->heap[child + 1], turns->heap[child]))
			child++;
		if (child >= turns->count || !is_before(turns->heap[child], turn))
			break;
		put(turns, place, turns->heap[child]);
		place = child;
	}
	put(turns, place, turn);
}

void turns_add(struct turns *turns, struct budget_turn *turn)
{
	if (turns->count == turns->capacity) {
		turns->capacity = turns->capacity > 0 ? 2 * turns->capacity : 16;
		turns->heap = xreallocarray(turns->heap, turns->capacity, sizeof(turn));
	}
	turn->number = turns->asked++;
	sift_up(turns, turns->count++, turn);
}

void turns_remove(struct turns *turns, struct budget_turn *turn)
{
	size_t place = turn->place;
	struct budget_turn *last = turns->heap[--turns->count];

	if (last == turn)
		return;
	if (is_before(last, turn))
		sift_up(turns, place, last);
	else
		sift_down(turns, place, last);
}

struct budget_turn *turns_first(const struct turns *turns)
{
	return turns->count > 0 ? turns->heap[0] : NULL;
}

void turns_done(struct turns *turns)
{
	free(turns->heap);
	*turns = (struct turns){0};
}
