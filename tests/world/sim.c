/* SPDX-License-Identifier: Apache-2.0 */
/* Events are a binary heap, by time and then by number. */
#include "world/sim.h"

#include "base/cleanup.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define BEGINS_MS      UINT64_C(1000000)
#define BEGINS_WALL_MS INT64_C(1795341600000) /* 2026-11-22T10:00:00Z */

struct sim {
	uint64_t now_ms, numbers, random;
	struct sim_event **heap; /* [0] is place 1 */
	size_t count, room;
};

struct sim *sim_new(uint64_t seed)
{
	struct sim *sim = xcalloc(1, sizeof(*sim));

	sim->now_ms = BEGINS_MS;
	/* Neighbouring seeds begin far from each other. */
	sim->random = seed * UINT64_C(0x9e3779b97f4a7c15) + UINT64_C(0xd1342543de82ef95);
	return sim;
}

struct sim *sim_free(struct sim *sim)
{
	if (!sim)
		return NULL;
	if (sim->count > 0) {
		(void)fprintf(stderr, "sim_free() with %zu events left\n", sim->count);
		abort();
	}
	free(sim->heap);
	free(sim);
	return NULL;
}

uint64_t sim_now_ms(const struct sim *sim)
{
	return sim->now_ms;
}

int64_t sim_wall_ms(const struct sim *sim)
{
	return BEGINS_WALL_MS + (int64_t)(sim->now_ms - BEGINS_MS);
}

/* --- the heap --------------------------------------------------------------------------------- */

static bool is_before(const struct sim_event *a, const struct sim_event *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->number < b->number;
}

static void put(struct sim *sim, size_t place, struct sim_event *event)
{
	sim->heap[place - 1] = event;
	event->place = place;
}

static void rise(struct sim *sim, struct sim_event *event)
{
	size_t place = event->place;

	while (place > 1 && is_before(event, sim->heap[place / 2 - 1])) {
		put(sim, place, sim->heap[place / 2 - 1]);
		place /= 2;
	}
	put(sim, place, event);
}

static void sink(struct sim *sim, struct sim_event *event)
{
	size_t place = event->place;

	for (;;) {
		size_t child = 2 * place;
		if (child > sim->count)
			break;
		if (child < sim->count && is_before(sim->heap[child], sim->heap[child - 1]))
			child++;
		if (is_before(event, sim->heap[child - 1]))
			break;
		put(sim, place, sim->heap[child - 1]);
		place = child;
	}
	put(sim, place, event);
}

void sim_cancel(struct sim *sim, struct sim_event *event)
{
	size_t place = event->place;

	if (place == 0)
		return;
	event->place = 0;
	struct sim_event *last = sim->heap[--sim->count];
	if (last == event)
		return;
	put(sim, place, last);
	rise(sim, last);
	sink(sim, last);
}

void sim_at(struct sim *sim, struct sim_event *event, uint64_t delay_ms, void (*fn)(void *arg),
	    void *arg)
{
	sim_cancel(sim, event);
	if (sim->count == sim->room) {
		sim->room = sim->room > 0 ? 2 * sim->room : 64;
		sim->heap = xreallocarray(sim->heap, sim->room, sizeof(struct sim_event *));
	}
	*event = (struct sim_event){
		.due_ms = sim->now_ms + delay_ms, .number = sim->numbers++, .fn = fn, .arg = arg};
	sim->heap[sim->count++] = event;
	event->place = sim->count;
	rise(sim, event);
}

bool sim_step(struct sim *sim, uint64_t until_ms)
{
	if (sim->count == 0 || sim->heap[0]->due_ms > until_ms)
		return false;
	struct sim_event *event = sim->heap[0];
	sim->now_ms = event->due_ms;
	sim_cancel(sim, event);
	event->fn(event->arg);
	return true;
}

/* --- chance ----------------------------------------------------------------------------------- */

/* splitmix64 (Steele, Lea and Flood 2014). */
static uint64_t next_random(struct sim *sim)
{
	uint64_t z = sim->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t sim_random(struct sim *sim, uint64_t from, uint64_t to)
{
	return to > from ? from + next_random(sim) % (to - from) : from;
}

bool sim_chance(struct sim *sim, unsigned in_ten_thousand)
{
	return sim_random(sim, 0, 10000) < in_ten_thousand;
}

uint64_t sim_random_scale(struct sim *sim, uint64_t from, uint64_t to)
{
	double least = log((double)(from > 0 ? from : 1)), most = log((double)to);
	double share = (double)sim_random(sim, 0, 1000000) / 1000000.0;

	return (uint64_t)exp(least + share * (most - least));
}
