/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Parking: a connection that waits (for a delay, for a container's exit, for the next event) is
 * suspended in libmicrohttpd and resumed by whoever ends the wait. libmicrohttpd does not look at
 * suspended sockets, so the parking place watches for the client's hang-up itself.
 */

#include "loop.h"

#include <microhttpd.h>

/* Embedded in what waits; zeroed means it never parked. */
struct park {
	struct loop *loop;
	struct MHD_Connection *connection;
	struct timer timer;
	struct watch watch;
	bool parked;
	bool gone; /* the client hung up, or the fake engine wants the connection closed */
	struct park *prev;
	struct park *next;
};

/* Suspends the connection until park_wake(), a hang-up, or `limit_ms` (negative: no limit). */
void park_wait(struct park *park, struct loop *loop, struct MHD_Connection *connection,
	       int64_t limit_ms);

/* Resumes; does nothing when not parked. */
void park_wake(struct park *park);

/* Resumes with `gone` set. */
void park_expel(struct park *park);

/* Expels everything parked, as is needed before the daemon can stop. */
void park_expel_all(void);
