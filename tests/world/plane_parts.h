#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* What the two sides of the control plane share. Private to plane*.c. */
#include "world/plane.h"

/* A poll that waits for work. */
struct plane_poll {
	struct plane *plane;
	struct plane_environment *environment;
	struct wire_call *call;
	uint64_t reclaim_ms, until_ms;
	struct sim_event event;
	struct plane_poll *prev, *next;
};

struct plane_again {
	struct plane_work *work;
	struct plane_again *prev, *next;
};

struct plane {
	struct sim *sim;
	struct plane_observer observer;
	struct plane_environment *environments;
	struct plane_work *works;
	uint64_t ids, replies;
	int64_t last_stamp_us;
	size_t open;
};

/* The item that a poll gets now, claimed by `by`; NULL: there is none. */
struct plane_work *plane_claim(struct plane *plane, struct plane_environment *environment,
			       uint64_t reclaim_ms, struct host *by);
/* When time alone may bring that poll an item, at the latest `latest_ms`. */
uint64_t plane_next_change_ms(const struct plane_environment *environment, uint64_t reclaim_ms,
			      uint64_t latest_ms);
/* 0, or the HTTP status of the refusal. */
int plane_do_ack(struct plane *plane, struct plane_work *work, struct host *by);
int plane_do_stop(struct plane *plane, struct plane_work *work, bool force, struct host *by);
/* There may be something for the polls that wait (plane_http.c). */
void plane_wake(struct plane_environment *environment);
void plane_poll_free(struct plane_poll *poll);
