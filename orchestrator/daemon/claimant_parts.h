#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a claimant ask of each other. Private to claimant*.c. */
#include "daemon/claimant.h"

struct log_ids claimant_ids(const struct claimant *claimant);

/* Adds `change` to the claimant's own count and to the host's. */
void claimant_count_slot(struct claimant *claimant, int change);
void claimant_count_launching(struct claimant *claimant, int change);

/* 401, 403 or 404: reads the key again. True if it is another one; else the claimant has stopped.
 */
bool claimant_key_rejected(const struct err *why, void *claimant);

/* As it is before it has an image, whatever has stopped it. */
void claimant_begin_again(struct claimant *claimant);

/* claimant_gate.c */
bool claimant_gate_is_open(struct claimant *claimant);
/* Makes sure that the image is on the engine; the gate opens when it is. */
void claimant_check_image(struct claimant *claimant);
/* Stops claiming for a while, longer each time in a row. A drain does not wait for better days. */
void claimant_pause(struct claimant *claimant, const struct err *why);
/* What a failure adds to the verdict. */
unsigned claimant_verdict_of(const struct err *err);

/* claimant_edition.c */
struct edition *claimant_add_edition(struct claimant *claimant, struct backend *backend,
				     struct fleet *fleet, const struct environment *config);
/* One for sessions on `backend`: the newest, if that is there, else one that is like it. */
struct edition *claimant_edition_on(struct claimant *claimant, struct backend *backend);
void claimant_free_editions(struct claimant *claimant);

/* claimant_stuck.c: items that were acked and never begun. What is seen of the queue is reported,
 * once each; where the environment is exclusive they are force-stopped, after one more look. */
struct stuck *stuck_new(struct claimant *claimant);
struct stuck *stuck_free(struct stuck *stuck);
void stuck_seen(struct stuck *stuck, const struct work_status *status, int64_t clock_offset_ms);
/* Looks for them, where the environment is exclusive. */
void stuck_look(struct stuck *stuck);

/* claimant_poll.c, claimant_site.c: the functions that poller, lookup and sessions call */
struct poller_owner claimant_poller_owner(struct claimant *claimant);
struct lookup_owner claimant_lookup_owner(struct claimant *claimant);
/* The part of a site that is not configuration. */
struct site claimant_site(struct edition *edition);
/* True while so many containers have failed that the image is to blame if none had a heartbeat. */
bool claimant_awaits_verdict(struct claimant *claimant);
/* A session for an item that was claimed. */
struct session *claimant_add_session(struct claimant *claimant, struct work_item *item);
