#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One session: one value that walks one line, from a claimed work item to a removed container. Its
 * state says what it waits for; session_enter() is the only way from one state to the next.
 *
 *   NEW -> STAGING -> CREATING -> VERIFYING -> ACKING -> STARTING -> RUNNING
 *                       |  ^                     |          |           |
 *                   REPLACING (our name)    CONFIRMING      |      STOPPING -> KILLING (limits)
 *                                                           v           v
 *                                                 EXITED <--+-----------+
 *                                                    v
 *                                      JUDGING <- CAPTURING (its output, where that is kept)
 *                                         |          |
 *                                   FORCE_STOPPING   |
 *                                         |          v
 *                                         +-----> REMOVING -> DONE
 *
 * Failures before the ack go to REMOVING: nothing was promised, the item is offered again. A
 * container found at start enters at ADOPTING; an item refused for what it is at REFUSING. Once a
 * session runs the kernel is asked what it may do, and one that may do more than its policy says is
 * killed (proving.c). An
 * ended container gives its slot back at once, and stays until its item is known to be settled.
 * The table in session.c has every edge.
 */
#include "base/hash.h"
#include "base/log.h"
#include "base/redact.h"
#include "config/fleet.h"
#include "engine/engine.h"
#include "io/loop.h"
#include "plan/plan.h"
#include "queue/api.h"
#include "session/lookup.h"

#include <stdbool.h>
#include <stdint.h>

enum session_state {
	SESSION_NEW,	    /* claimed; holds a slot */
	SESSION_STAGING,    /* files for the session; nothing is staged yet */
	SESSION_CREATING,   /* the engine makes the container */
	SESSION_REPLACING,  /* the name is taken: looking at who has it, clearing it away */
	SESSION_VERIFYING,  /* comparing what the engine made with the plan */
	SESSION_ACKING,	    /* taking the item off the queue */
	SESSION_CONFIRMING, /* the ack stayed in doubt: looking the item up */
	SESSION_STARTING,   /* the engine starts the container */
	SESSION_ADOPTING,   /* looking at a container found at start */
	SESSION_RUNNING,    /* the worker has it */
	SESSION_STOPPING,   /* SIGTERM sent: the worker stops its own work */
	SESSION_KILLING,    /* SIGKILL sent */
	SESSION_EXITED,	    /* reading how it ended */
	SESSION_CAPTURING,  /* keeping the end of its output */
	SESSION_JUDGING,    /* looking the item up before a force-stop */
	SESSION_FORCE_STOPPING,
	SESSION_REMOVING,
	SESSION_REFUSING, /* acking an item that is no session, to force-stop it */
	SESSION_DONE,	  /* about to be freed */
	SESSION_STATES
};

/* Why berth ended a container; END_ITSELF where it did not. */
enum session_end {
	END_ITSELF,
	END_NO_HEARTBEAT, /* timeouts.first_heartbeat */
	END_TIME_LIMIT,	  /* timeouts.session */
	END_LEASE_LAPSED, /* its item was offered again */
	END_START_FAILED, /* acked, and could not be started */
	END_SHUTDOWN,	  /* on_shutdown: stop */
	END_DISK,	  /* the policy's disk */
	END_PROMISE,	  /* the kernel shows that its policy is not kept */
};

/* Milliseconds since the epoch; 0: has not happened, or was not seen. */
struct session_times {
	int64_t queued, claimed, created, acked, started, first_heartbeat, exited, removed;
};

enum ack_state {
	ACK_NOT_SENT,
	ACK_PENDING,
	ACK_OURS,     /* starting, without a heartbeat: the container may be started */
	ACK_NOT_OURS, /* stopped, active, rejected: whoever has it, we do not */
	ACK_IN_DOUBT, /* no usable answer after several attempts */
};

struct session;

/* What a launch failure was due to: it decides who pays for it. */
enum session_blame {
	BLAME_ITEM,	   /* counts against the item */
	BLAME_ENVIRONMENT, /* engine, image, policy, disk: opens the environment's breaker */
	BLAME_NOBODY,	   /* lost to another host, given up at shutdown */
};

/* Workers heartbeat every 30 s at the latest (SDK of 2026-11). What was ended at its limit is
 * judged when another holder would have done so. */
#define SESSION_BEAT_MS 32000

/* What all sessions of one environment share; owned by the daemon, outlives them. */
struct site {
	struct loop *loop;
	struct engine *engine;
	struct queue_peer *peer;
	struct lookup *lookup;
	const struct fleet *fleet;
	const struct environment *config;
	const struct image_facts *image;

	/* The container is gone or will not run: its slot is free. Once per session with a slot. */
	void (*slot_free)(struct session *session, void *arg);
	/* It could not be launched. At most once per session, before ended(). */
	void (*launch_failed)(struct session *session, enum session_blame blame,
			      const struct err *err, void *arg);
	/* It has a container: session->container_id is set. */
	void (*container_known)(struct session *session, void *arg);
	/* The container runs: a launch went well. */
	void (*launched)(struct session *session, void *arg);
	/* 401 or 403 on an ack. True: the key was replaced, try again. */
	bool (*key_rejected)(const struct err *err, void *arg);
	/* The key was rejected, or refused by the list and not accepted by anything since: it may
	 * be that it is no good any more, and not that it may not list. */
	bool (*key_is_doubtful)(void *arg);
	/* It has ended, and once more when all is known of it: write the record. */
	void (*record)(struct session *session, void *arg);
	/* Its first heartbeat became known, which may be after it has ended. */
	void (*heartbeat)(struct session *session, void *arg);
	/* Its item was force-stopped. */
	void (*force_stopped)(struct session *session, void *arg);
	/* Something about it could not be brought to its end: acked and not started, not removed,
	 * or its item left in doubt. */
	void (*incomplete)(struct session *session, void *arg);
	/* The last call about this session, which the callee frees with session_free(). */
	void (*ended)(struct session *session, void *arg);
	void *arg;
};

struct session {
	enum session_state state;
	struct site *site;
	struct work_item item;
	char container_id[65]; /* empty until created */
	struct plan *plan;     /* until started */
	struct engine_call call;
	struct queue_call queue_call; /* ack, force-stop */
	struct timer timer;	      /* the state's own */
	struct timer ack_timer;	      /* early ack, and the pause before an ack is repeated */
	struct timer disk_timer;      /* while RUNNING, for the next look at what it has written */
	struct timer proof_timer;     /* while RUNNING, for the next look at its process */
	struct timer slow_timer;      /* the daemon's: its launch takes long */
	struct lookup_wait lookup;
	struct redactor *redactor; /* of its output; NULL: not known, or nothing is kept of it */
	struct capture *capture;   /* while CAPTURING */
	struct session_times times;
	struct process process;	      /* of its container, where it can be told */
	struct process proof_process; /* the one that is looked at, while RUNNING */
	uint64_t start_sent_mono_ms;  /* the first one by this process; 0: none */
	uint64_t started_mono_ms;     /* deadlines count from here */
	uint64_t grace_until_ms;      /* of the one that was told to end; 0: it was not */
	uint64_t claimed_mono_ms;     /* or found */
	uint64_t acks_ended_mono_ms;  /* the last one, until now */
	/* Of a container that it had before: when its item was claimed, and when it was made. 0:
	 * none. */
	int64_t earlier_claimed_ms, earlier_made_ms;
	int64_t acknowledged_at_ms; /* by the server's clock; 0: unknown */
	int exit_code;		    /* -1: unknown */
	enum ack_state ack;
	enum session_end end;
	enum session_end stop_wanted; /* asked for before the container ran */
	uint8_t attempts;	      /* of the call that the state repeats */
	uint8_t proof_looks;	      /* that found a promise broken */
	uint8_t unmeasured;	      /* looks in a row that did not tell what it has written */
	unsigned unanswered;	      /* looks and force-stops, in all */
	uint8_t ack_attempts;
	bool ack_may_have_happened; /* one of them was not answered, or with an error */
	bool ack_may_come;	    /* one of them was not answered, and may still arrive */
	uint8_t replacements;	    /* how often our name was found taken */
	bool has_slot;
	bool counts_as_launching; /* the daemon's: limits how many launches overlap */
	bool is_slow;		  /* the daemon's: it keeps no other launch waiting any more */
	bool counts_as_failed;	  /* the daemon's: it has been counted */
	bool is_adopted;	  /* found at start: the item's secret and claim time are unknown */
	bool keeps_container;	  /* it ends without having settled it: to be looked for again */
	bool ran;		  /* its container was started, by us or before us */
	bool oom_killed;
	bool exposes_environment_key;
	bool was_force_stopped;
	bool was_judged;
	bool stop_may_have_happened; /* a force-stop got no answer */
	bool was_signalled;	     /* by us, and the engine has said so */
	bool is_shared;	      /* its ack was not the first: another host may be about to begin */
	bool must_not_start;  /* its container is removed, unless it runs all the same */
	bool is_last_refusal; /* berth is about to leave */
	uint64_t
		held_seen_ms; /* when its item first seemed to be held by it to the end; 0: never */
	bool is_quick_exit;   /* its worker left at once, and said nothing */
	bool is_removed;
	bool is_measured;	   /* what it writes to disk is looked at */
	bool is_proven;		   /* its process was looked at, or is */
	bool is_of_another_policy; /* found at start, and made by another one than there is now */
	bool has_exit_news;	   /* an exit event overtook the start's answer */
	bool is_prepared;	   /* engine_prepare() has made its process */
	bool cannot_run;	   /* its command could not be run at all */
	bool kill_found_nothing;   /* SIGKILL had nobody to go to, whatever inspect says */
	char reason[160];	   /* of a failed launch or an early end; one line, no secret */
	UT_hash_handle by_work;
	UT_hash_handle by_container;
};

/* A claimed item. Takes the item's content, and the slot that its poll took. */
struct session *session_new(struct site *site, struct work_item *item);

/* A container of ours that the engine showed. */
struct session *session_new_adopted(struct site *site, const struct container *container);

/* Cancels what is under way; decides nothing, tells nobody. Returns NULL. */
struct session *session_free(struct session *session);

/* The way in, once each. session_refuse(): ack and force-stop the item, no container. */
void session_launch(struct session *session);
void session_adopt(struct session *session);
void session_refuse(struct session *session, const struct err *why);

/* Goes to `next`: checks the edge, logs it, drops the old state's request and timer, starts the
 * new state's step. */
void session_enter(struct session *session, enum session_state next);

/* News from outside. */
void session_container_changed(struct session *session); /* an event, or a list that disagrees */
/* False if its container's process is gone, whatever the engine says: one whose monitor has died is
 * reported as running for ever (Podman 4.3). */
bool session_may_run(const struct session *session);
void session_heartbeat_seen(struct session *session, int64_t at_ms);
void session_stop(struct session *session, enum session_end why);
/* True if its item is acked, or may be, and there is no container: it is given up, and its item
 * settled now, which takes some seconds. */
bool session_give_up_traceless(struct session *session);
/* Its item is acked, or may be, and the next start will find nothing of it. */
bool session_is_traceless(const struct session *session);
/* A poll sent while it ran has brought its item once more: either its lease has lapsed, then its
 * container is ended and the next offer taken, or the item was handed out twice. */
void session_offered_again(struct session *session);

/* It runs, and its item is being looked up to decide whether it may go on. */
bool session_is_in_question(const struct session *session);

/* It has ended, and whether its item must be stopped cannot be told for want of an answer: the next
 * start, which finds its container, may find out, too. */
bool session_is_unanswered(const struct session *session);

/* Its container has failed, and whether that was before a first heartbeat is being looked up. */
bool session_is_suspect(const struct session *session);

/* True while the container is running or about to: it counts against the caps. */
bool session_is_launching(const struct session *session);
bool session_is_running(const struct session *session);

const char *session_state_name(enum session_state state);
/* Where a session in `state` may go, as bits 1 << state. */
unsigned session_edges(enum session_state state);
const char *session_end_name(enum session_end end);
struct log_ids session_ids(const struct session *session);
