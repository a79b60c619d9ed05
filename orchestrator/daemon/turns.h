#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose turn is it when not everybody can go? Environments that want a place of a full host take
 * turns by weight: each place taken moves its environment back by 1/weight, and who stands furthest
 * ahead goes next (start-time fair queueing, Goyal, Vin and Cheng 1996). Who has had nothing to run
 * joins where the others are, or where it was if that is further back: it neither saves up turns,
 * nor starves, nor gains by leaving for a moment. Who took a turn and had nothing to run goes
 * behind the next one, so that however many only look, who has something to run has its turn after
 * them. Of those who stand together, who waits longest goes first.
 *
 * Places are limited twice: of the host, and of each engine for launches under way. Who waits for
 * its engine keeps nobody from a place of the host.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct turns;

/* Embedded by who takes turns. Zeroed but for weight, group and the two of the owner's. */
struct turn {
	int64_t weight;	   /* >= 1 */
	const void *group; /* who has the same shares the second limit */
	/* A place may be free: try again, later. */
	void (*wake)(void *arg);
	void *arg;

	double pass; /* private, as what follows */
	bool is_active, is_waiting, waits_for_host;
	uint64_t number; /* of those who stand together the least goes first; 0: has none */
	struct turn *next;
};

/* Zeroed means nobody takes turns. */
struct turns {
	struct turn *first;
	size_t waiting, waiting_for_host; /* the latter are of the former */
	uint64_t numbers;		  /* given out so far */
};

void turns_add(struct turns *turns, struct turn *turn);
void turns_remove(struct turns *turns, struct turn *turn);

/* May it take a place now, with so many free on the host and in its group? If not it waits, and is
 * woken by turns_wake(). */
bool turns_may_go(struct turns *turns, struct turn *turn, int64_t free_places,
		  int64_t free_in_group);

/* It took a place and kept it. */
void turns_charge(struct turn *turn);

/* It took a place and gives it back: there was nothing to run. It wants none for now. */
void turns_waste(struct turns *turns, struct turn *turn);

/* It wants no place for now, and waits no longer. */
void turns_leave(struct turns *turns, struct turn *turn);

/* Wakes those who may go with so many places free on the host, and all that wait for their group.
 */
void turns_wake(struct turns *turns, int64_t free_places);

/* Somebody waits: for a place of the host, or of its group. */
bool turns_are_wanted(const struct turns *turns);
