#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* Everything the process is made of. Private to daemon/. */
#include "daemon/backend.h"
#include "daemon/claimant.h"
#include "daemon/daemon.h"
#include "daemon/record.h"
#include "daemon/service.h"
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
	struct fleet *fleet; /* what is served now; a reference */
	const struct daemon_options *options;
	int lock; /* of the state_dir */
	struct loop *loop;
	struct service service;
	struct lane *queue_lane;
	struct budget *budget;
	struct records *records;
	struct backend **backends; /* in the order of the fleet; retired ones among them */
	size_t backend_count;
	bool had_engine;	   /* one has answered, and was fit */
	struct claimant_host host; /* shared by all claimants */
	struct claimant **claimants;
	size_t claimant_count;
	struct table table;
	struct room room;
	struct turns turns;
	struct tally tally;
	uint64_t began_ms;
	char **reported; /* ids of containers that are not ours, in the order they were seen */
	size_t reported_count;
	enum leaving leaving;
	enum leave_mode leave_mode;
	size_t clearing;    /* engines whose network is being removed */
	bool is_signalled;  /* SIGTERM or SIGINT arrived */
	bool is_settling;   /* no engine is left; see leaving_settles() */
	bool is_hurried;    /* told to go: running sessions are left as they are */
	bool ends_sessions; /* and on_shutdown is: stop */
	struct timer review_timer, places_timer, room_timer, keys_timer, time_timer, pending_timer,
		leave_timer;
	unsigned verdict;
};

/* Have everything looked at again, soon: claimants woken, leaving decided. */
void daemon_changed(struct daemon *daemon);
void daemon_add_verdict(struct daemon *daemon, unsigned bits);

/* The environment of that id, retired ones included; NULL if there is none. */
struct claimant *daemon_find_claimant(const struct daemon *daemon, const char *environment_id);

/* reconcile.c */
void daemon_forget_reported(struct daemon *daemon);

/* reload.c: reads the configuration again; all of it takes effect, or none. */
void daemon_reload(struct daemon *daemon);
/* Frees environments and engines that are in no configuration any more and have nothing left to do.
 * Not to be called from a callback of either. */
void daemon_tidy(struct daemon *daemon);

/* facts.c: what there is to tell of a daemon, `arg`. */
void daemon_facts(struct service_facts *ret, void *arg);

/* leaving.c */
int leaving_init(struct daemon *daemon, struct err *err);
void leaving_review(struct daemon *daemon);
/* No engine is left. True: there are items without a container to settle first, for some seconds;
 * the daemon is looked at again. */
bool leaving_settles(struct daemon *daemon);
/* No more claims; leaves when `mode` allows it. A second call can only make it leave sooner. */
void leaving_begin(struct daemon *daemon, enum leave_mode mode);
void leaving_done(struct daemon *daemon);
