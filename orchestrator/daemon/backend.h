#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One container engine of the fleet: its connection, what an earlier run left on it, and how much
 * it has to do. Environments claim once their own engine is settled, so that one that is slow, or
 * away, delays no other.
 */
#include "config/fleet.h"
#include "daemon/admission.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stdint.h>

struct daemon;

struct backend {
	struct daemon *daemon;
	char *name;	    /* as `engines:` calls it; NULL: the only one */
	char *socket;	    /* a backend is known by it */
	bool is_discovered; /* nobody named it */
	char *socket_reason;
	int64_t launches;
	struct engine *engine;
	struct admission admission;
	bool lacked_room;
	int64_t launching; /* containers that are made and started, but those that take long */
	bool was_healthy;
	bool is_missing;  /* it has not answered yet, or not been listed, and was tried */
	bool is_settled;  /* what an earlier run left has been adopted */
	bool is_given_up; /* not fit for use, or, in a drain, not waited for any more */
	bool is_retired;  /* not in the configuration any more */
	bool is_listing, list_again;
	unsigned list_failures; /* in a row */
	uint64_t listed_from_ms;
	struct engine_call list_call;
	struct timer list_timer, patience_timer;
	struct engine_call clear_call; /* leaving.c */
};

/* Connects. `settings` is of `fleet` and has a socket; nothing of either is kept. ERR_INPUT. */
int backend_new(struct daemon *daemon, const struct fleet *fleet,
		const struct engine_settings *settings, struct backend **ret, struct err *err);
/* Sessions on it and environments that wait for an image are gone. NULL is fine; returns NULL. */
struct backend *backend_free(struct backend *backend);

/* What another configuration says of the same engine. */
void backend_reconfigure(struct backend *backend, const struct fleet *fleet,
			 const struct engine_settings *settings);

/* Claims may be made for it. */
bool backend_is_ready(const struct backend *backend);

/* Its environments claim no more. */
void backend_stop_claims(struct backend *backend);

/* It is done without: its environments claim no more, and nobody waits for its containers. */
void backend_give_up(struct backend *backend);

/* Tells the service manager that berth is ready, once an engine is settled and nothing but engines
 * that are away is still to be. False, and the loop is stopped, where there is nothing to go on
 * with: each is given up, or none has ever answered and none is still expected to. */
bool backends_review(struct daemon *daemon);

/* What an earlier run left on engines that answer is still being counted: it may fill the host. */
bool backends_are_being_counted(const struct daemon *daemon);

/* What an earlier run left is adopted from all engines but those that are given up. */
bool backends_are_settled(const struct daemon *daemon);

/* reconcile.c: compares what the engine holds with the table: adopts what nobody has, and has ends
 * looked at that no event told. */
void backend_reconcile(struct backend *backend);
/* The same in a minute, unless it is done before. */
void backend_reconcile_later(struct backend *backend);
