/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/turns.h"

#include "base/cleanup.h"

void turns_add(struct turns *turns, struct turn *turn)
{
	turn->next = turns->first;
	turns->first = turn;
}

static void stop_waiting(struct turns *turns, struct turn *turn)
{
	turns->waiting -= turn->is_waiting;
	turns->waiting_for_host -= turn->is_waiting && turn->waits_for_host;
	turn->is_waiting = turn->waits_for_host = false;
}

void turns_remove(struct turns *turns, struct turn *turn)
{
	stop_waiting(turns, turn);
	for (struct turn **at = &turns->first; *at; at = &(*at)->next) {
		if (*at == turn) {
			*at = turn->next;
			return;
		}
	}
}

/* Where those who have something to run are: the one furthest ahead. */
static double front(const struct turns *turns)
{
	const struct turn *ahead = NULL;

	for (const struct turn *turn = turns->first; turn; turn = turn->next)
		if (turn->is_active && (!ahead || turn->pass < ahead->pass))
			ahead = turn;
	return ahead ? ahead->pass : 0;
}

static void join(struct turns *turns, struct turn *turn)
{
	if (turn->is_active)
		return;
	double now = front(turns);
	if (turn->pass < now)
		turn->pass = now;
	turn->is_active = true;
}

/* Nobody has anything to run: what comes begins anew. */
static void forget_all(struct turns *turns)
{
	for (struct turn *turn = turns->first; turn; turn = turn->next)
		if (turn->is_active)
			return;
	for (struct turn *turn = turns->first; turn; turn = turn->next)
		turn->pass = 0;
}

static bool is_before(const struct turn *a, const struct turn *b)
{
	return a->pass != b->pass ? a->pass < b->pass : a->number < b->number;
}

bool turns_may_go(struct turns *turns, struct turn *turn, int64_t free_places,
		  int64_t free_in_group)
{
	int64_t ahead = 0, ahead_in_group = 0;

	join(turns, turn);
	stop_waiting(turns, turn);
	if (turn->number == 0)
		turn->number = ++turns->numbers;
	/* As a rule nobody waits, however many there are. */
	for (const struct turn *other = turns->waiting ? turns->first : NULL; other;
	     other = other->next) {
		if (!other->is_waiting || !is_before(other, turn))
			continue;
		ahead += other->waits_for_host;
		ahead_in_group += other->group == turn->group;
	}
	bool has_place = ahead < free_places;
	if (has_place && ahead_in_group < free_in_group) {
		turn->number = 0;
		return true;
	}
	turn->is_waiting = true;
	turns->waiting++;
	turn->waits_for_host = !has_place;
	turns->waiting_for_host += !has_place;
	return false;
}

void turns_charge(struct turn *turn)
{
	turn->pass += 1.0 / (double)turn->weight;
}

void turns_waste(struct turns *turns, struct turn *turn)
{
	const struct turn *next = NULL;

	for (const struct turn *other = turns->waiting ? turns->first : NULL; other;
	     other = other->next)
		if (other->is_waiting && other->pass > turn->pass &&
		    (!next || other->pass < next->pass))
			next = other;
	if (next)
		turn->pass = next->pass;
	turns_leave(turns, turn);
}

void turns_leave(struct turns *turns, struct turn *turn)
{
	if (!turn->is_active)
		return;
	stop_waiting(turns, turn);
	turn->number = 0;
	turn->is_active = false;
	forget_all(turns);
}

static struct turn *first_for_host(const struct turns *turns)
{
	struct turn *first = NULL;

	for (struct turn *turn = turns->first; turn; turn = turn->next)
		if (turn->is_waiting && turn->waits_for_host && (!first || is_before(turn, first)))
			first = turn;
	return first;
}

static int compare_places(const void *a, const void *b)
{
	return is_before(*(struct turn *const *)b, *(struct turn *const *)a) ? 1 : -1;
}

void turns_wake(struct turns *turns, int64_t free_places)
{
	size_t count = 0;

	if (!turns_are_wanted(turns))
		return;
	for (struct turn *turn = turns->first; turn; turn = turn->next)
		if (turn->is_waiting && !turn->waits_for_host)
			turn->wake(turn->arg);
	if (free_places <= 0 || turns->waiting_for_host == 0)
		return;
	if (free_places == 1) { /* as nearly always on a full host */
		struct turn *first = first_for_host(turns);
		if (first)
			first->wake(first->arg);
		return;
	}
	_cleanup_free_ struct turn **waiting =
		xcalloc(turns->waiting_for_host, sizeof(struct turn *));
	for (struct turn *turn = turns->first; turn; turn = turn->next)
		if (turn->is_waiting && turn->waits_for_host)
			waiting[count++] = turn;
	qsort(waiting, count, sizeof(struct turn *), compare_places);
	for (size_t i = 0; i < count && (int64_t)i < free_places; i++)
		waiting[i]->wake(waiting[i]->arg);
}

bool turns_are_wanted(const struct turns *turns)
{
	return turns->waiting > 0;
}
