#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seam to time, chance and signals. Everything above this folder reaches the world only through
 * this header and io/lane.h; a build for simulation links another implementation of both. One
 * thread. No callback is ever called from inside the function that arms it.
 */
#include "base/err.h"

#include <stdint.h>

struct loop;

typedef void (*loop_fn)(void *arg);

/* A one-shot timer, embedded in whatever owns it. Zero-initialised means not armed. */
struct timer {
	struct loop *loop;
	void *source; /* of the implementation; NULL while not armed */
	loop_fn fn;
	void *arg;
};

/* Builds the loop. Signals registered later are blocked from here on. ERR_BUG. */
int loop_new(struct loop **ret, struct err *err);

/* Every timer is cancelled and every lane freed before. NULL is fine; returns NULL. */
struct loop *loop_free(struct loop *loop);

/* Runs until loop_stop(). Returns 0, or -errno when the loop itself fails (ERR_BUG). */
int loop_run(struct loop *loop, struct err *err);

/* Ends loop_run() after the current callback. */
void loop_stop(struct loop *loop);

/* Milliseconds of a clock that never jumps; starts anywhere. */
uint64_t loop_now_ms(struct loop *loop);

/* Milliseconds since the epoch: for records and for comparing with a peer's times only. */
int64_t loop_wall_ms(struct loop *loop);

/* Evenly distributed in [from, to), or `from` if that is empty. For jitter and names, not keys. */
uint64_t loop_random(struct loop *loop, uint64_t from, uint64_t to);

/* Arms (or re-arms) `timer`: fn(arg) once, in about `delay_ms`; 0 means "soon". The timer is
 * disarmed before fn runs, so fn may arm it again or free its owner. */
void timer_arm(struct timer *timer, struct loop *loop, uint64_t delay_ms, loop_fn fn, void *arg);

/* Afterwards fn will not run. Harmless on a timer that is not armed. */
void timer_cancel(struct timer *timer);

/* Calls fn(arg) in the loop each time `signo` arrives. Call before any other thread exists. */
int loop_on_signal(struct loop *loop, int signo, loop_fn fn, void *arg, struct err *err);
