#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* Everything the process is made of. Private to daemon/. */
#include "daemon/admission.h"
#include "daemon/claimant.h"
#include "daemon/daemon.h"
#include "daemon/record.h"
#include "daemon/tally.h"

/* From left to right, never back. */
enum leaving {
	STAYING,
	FINISHING, /* no more claims; waits for what the mode asks for (leaving.c) */
	CLEARING,  /* removing berth's network before the end */
};

/* What a leaving process waits for. */
enum leave_mode {
	LEAVE_SESSIONS_RUNNING, /* SIGTERM, --detach: launches and removals under way */
	LEAVE_SESSIONS_BEATEN,	/* plain drain: and a first heartbeat of each running session */
	LEAVE_NO_SESSION,	/* SIGQUIT, --wait, on_shutdown: stop: all sessions ended */
};

struct daemon {
	const struct fleet *fleet;
	const struct daemon_options *options;
	struct loop *loop;
	struct lane *queue_lane;
	struct engine *engine;
	struct records *records;
	struct claimant_host host; /* shared by all claimants */
	struct claimant **claimants;
	size_t claimant_count;
	struct table table;
	struct room room;
	struct tally tally;
	uint64_t began_ms;
	struct admission admission;
	bool lacked_room;
	struct engine_call list_call;  /* reconcile.c */
	struct engine_call clear_call; /* leaving.c */
	bool is_listing, list_again;
	unsigned list_failures; /* in a row */
	uint64_t listed_from_ms;
	char **reported; /* ids of containers that are not ours, in the order they were seen */
	size_t reported_count;
	bool is_settled; /* what an earlier run left has been adopted */
	bool was_healthy;
	enum leaving leaving;
	enum leave_mode leave_mode;
	bool is_signalled;  /* SIGTERM or SIGINT arrived */
	bool is_hurried;    /* told to go: running sessions are left as they are */
	bool ends_sessions; /* and on_shutdown is: stop */
	struct timer review_timer, room_timer, time_timer, pending_timer, patience_timer,
		engine_timer, list_timer;
	unsigned verdict;
};

/* Have everything looked at again, soon: claimants woken, leaving decided. */
void daemon_changed(struct daemon *daemon);
void daemon_add_verdict(struct daemon *daemon, unsigned bits);

/* reconcile.c: compares what the engine holds with the table: adopts what nobody has, and has ends
 * looked at that no event told. */
void daemon_reconcile(struct daemon *daemon);
void daemon_reconcile_done(struct daemon *daemon);

/* leaving.c */
int leaving_init(struct daemon *daemon, struct err *err);
void leaving_review(struct daemon *daemon);
/* No more claims; leaves when `mode` allows it. A second call can only make it leave sooner. */
void leaving_begin(struct daemon *daemon, enum leave_mode mode);
void leaving_done(struct daemon *daemon);
