#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time and chance of a simulated world: a clock that only moves from one event to the next, and one
 * seed from which every choice follows. Two runs of one seed are the same run.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim;

/* Something that happens once, later; embedded in whatever it happens to. Zeroed: not armed. */
struct sim_event {
	uint64_t due_ms, number; /* of two at one moment the one that was armed first comes first */
	size_t place;		 /* in the heap, from 1; 0: not armed */
	void (*fn)(void *arg);
	void *arg;
};

struct sim *sim_new(uint64_t seed);
/* Every event has happened or was cancelled. NULL is fine; returns NULL. */
struct sim *sim_free(struct sim *sim);

/* Milliseconds since the world began; begins at 1,000,000, so that no moment is 0. */
uint64_t sim_now_ms(const struct sim *sim);
/* The true time, which the clock of a machine may differ from: milliseconds since the epoch. */
int64_t sim_wall_ms(const struct sim *sim);

/* Arms, or arms anew; fn(arg) runs with the event disarmed, so it may arm it again. */
void sim_at(struct sim *sim, struct sim_event *event, uint64_t delay_ms, void (*fn)(void *arg),
	    void *arg);
/* Harmless if it is not armed. */
void sim_cancel(struct sim *sim, struct sim_event *event);

/* Lets the next event happen; false if there is none, or none before `until_ms`. */
bool sim_step(struct sim *sim, uint64_t until_ms);

/* Evenly in [from, to), or `from` if that is empty. */
uint64_t sim_random(struct sim *sim, uint64_t from, uint64_t to);
/* True so many times in 10,000. */
bool sim_chance(struct sim *sim, unsigned in_ten_thousand);
/* As likely between 1 and 10 as between 10 and 100: for times. */
uint64_t sim_random_scale(struct sim *sim, uint64_t from, uint64_t to);
