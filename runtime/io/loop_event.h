#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the production loop is made of, for the few that watch file descriptors themselves: the rest
 * of io/ and the daemon. Nothing else includes this header, so that everything else can be linked
 * with the simulation's loop.
 */
#include "io/loop.h"

#include <systemd/sd-event.h>

/* The sd-event loop behind `loop`, borrowed. */
sd_event *loop_event(struct loop *loop);

/* CLOCK_MONOTONIC in sd-event's unit. */
uint64_t loop_now_usec(void);

/* Ends the process if `result` is negative: for calls that fail only when memory or the process's
 * file descriptors are used up, or on a bug. `what` names the call. */
void loop_must(int result, const char *what);
