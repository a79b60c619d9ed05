/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of the item of a container that did not stop it itself. Three cases allow a
 * force-stop, and each only after a look at the item, because stopping what another host holds
 * would lose a session:
 *
 *   never held    acked by us, the container could not be started or died before a heartbeat:
 *                 the item must still be `starting`, without one
 *   held by us    ended by us at a limit and not stopped by its worker in its grace: its last
 *                 heartbeat must lie in our container's life, and no other one may come in the time
 *                 of a heartbeat. An item that was handed out twice may be held by another host,
 *                 and does not say so
 *   no session    refused for what it is (not here: right after its ack)
 *
 * In doubt nothing is sent: a lease that was ever held lapses by itself, and the item comes back.
 * Without an answer nothing is concluded either: the container stays, as the only trace of its
 * item, and both are looked at again, by this process or the next.
 */
#include "session/holding.h"
#include "session/steps.h"

#include <errno.h>
#include <stdio.h>

#define BY_SIGNAL 128 /* exit codes above it are of a signal */
#define ATTEMPTS  3   /* without an answer, before that is said */
#define QUICK_MS  5000

bool session_needs_judging(const struct session *session)
{
	if (session->was_judged || session->ack == ACK_NOT_OURS)
		return false;
	switch (session->end) {
	case END_START_FAILED:
		return session->ack == ACK_OURS;
	case END_NO_HEARTBEAT:
	case END_TIME_LIMIT:
	case END_SHUTDOWN:
	case END_DISK:
	case END_PROMISE:
		return true;
	case END_ITSELF:
	case END_LEASE_LAPSED:
		return session->ran && session->times.first_heartbeat == 0;
	default:
		return false;
	}
}

static int64_t started_ms(const struct session *session)
{
	return session->started_mono_ms != 0 ? session_wall_ms_of(session, session->started_mono_ms)
					     : session->times.started;
}

static struct holding holding_of(const struct session *session, const struct lookup_wait *wait)
{
	return (struct holding){
		.acknowledged_at_ms = session->acknowledged_at_ms,
		.claimed_ms = session->times.claimed,
		.started_ms = started_ms(session),
		.exited_ms = session->times.exited,
		.clock_offset_ms = wait->clock_offset_ms,
	};
}

bool is_our_ack(const struct session *session, const struct lookup_wait *wait)
{
	struct holding holding = holding_of(session, wait);

	return holding_is_ours(&holding, &wait->status);
}

static bool was_never_held(const struct session *session, const struct lookup_wait *wait)
{
	struct holding holding = holding_of(session, wait);

	return !session->is_shared && holding_never_began(&holding, &wait->status);
}

static bool was_held_by_us(const struct session *session, const struct lookup_wait *wait)
{
	struct holding holding = holding_of(session, wait);
	/* One that died before it was told, or for another reason, is left to its lease. */
	bool was_ended_by_us = session->was_signalled || session->exit_code > BY_SIGNAL;
	bool was_at_limit = session->end == END_TIME_LIMIT || session->end == END_DISK ||
			    session->end == END_PROMISE;

	return was_at_limit && was_ended_by_us && holding_was_ended(&holding, &wait->status);
}

/* Every session of this image would end like that: claims are paused, the item is not to blame. */
static void blame_image(struct session *session)
{
	struct err err;

	(void)err_set(&err, ERR_ENGINE, -ENOEXEC,
		      "the command of image %.100s cannot be run (exit code %d)",
		      session->site->config->image, session->exit_code);
	(void)snprintf(session->reason, sizeof(session->reason), "%.150s", err.text);
	session->end = END_START_FAILED;
	session->site->launch_failed(session, BLAME_ENVIRONMENT, &err, session->site->arg);
}

static bool command_was_not_run(const struct session *session)
{
	return session->end == END_ITSELF && session->cannot_run;
}

/* One whose start failed may run all the same, by a call that was given up. */
static void forget(struct session *session)
{
	session->was_judged = true;
	session->must_not_start = session->end == END_START_FAILED && !session->ran &&
				  !session->was_force_stopped && session->container_id[0];
	session_enter(session, session->must_not_start ? SESSION_ADOPTING : SESSION_REMOVING);
}

static const char *result_name(const struct lookup_wait *wait)
{
	static const char *const names[] = {
		[LOOKUP_NOT_FOUND] = "the item is not in the list",
		[LOOKUP_NOT_PERMITTED] = "this key may not list work items",
		[LOOKUP_FAILED] = "the list could not be read",
	};
	return wait->result == LOOKUP_FOUND ? work_state_name(wait->status.state)
					    : names[wait->result];
}

/* That this key may not list was said once; it is no reason to doubt every clean exit. */
static bool leaves_doubt(const struct session *session, const struct lookup_wait *wait)
{
	if (wait->result == LOOKUP_FOUND)
		return wait->status.state != WORK_STOPPED && session->exit_code != 0;
	return wait->result != LOOKUP_NOT_PERMITTED || session->exit_code != 0;
}

void session_count_unanswered(struct session *session, const char *why)
{
	struct log_ids ids = session_ids(session);

	if (++session->unanswered != ATTEMPTS)
		return;
	log_event(LOG_WARNING, "undecided", &ids, NULL,
		  "not force-stopped yet, and asked for again until there is an answer: %s", why);
	session->site->incomplete(session, session->site->arg);
}

/* Later again. What was seen before may not hold any more then, so each force-stop has a look of
 * its own before it. */
static void no_answer(struct session *session, const char *why)
{
	session_count_unanswered(session, why);
	session->attempts = 1;
	session_pause(session, session->unanswered);
}

bool session_is_unanswered(const struct session *session)
{
	return session->container_id[0] && session->unanswered >= ATTEMPTS;
}

bool session_is_suspect(const struct session *session)
{
	bool has_ended = session->state == SESSION_EXITED || session->state == SESSION_CAPTURING ||
			 session->state == SESSION_JUDGING ||
			 session->state == SESSION_FORCE_STOPPING;

	return has_ended && session->ran && session->exit_code != 0 &&
	       session->times.first_heartbeat == 0 && !session_is_unanswered(session);
}

/* As one does that works in the background, or that found its item being stopped. */
static void note_quick_exit(struct session *session, enum work_state item)
{
	int64_t ran_ms = session->times.exited - session->times.started;
	struct log_ids ids = session_ids(session);

	if (session->exit_code != 0 || session->end != END_ITSELF || session->is_quick_exit ||
	    session->times.first_heartbeat != 0 || ran_ms < 0 || ran_ms > QUICK_MS)
		return;
	session->is_quick_exit = true;
	log_event(LOG_WARNING, "quick_exit", &ids, NULL,
		  "its worker left after %d ms with exit code 0 and without a heartbeat: %s",
		  (int)ran_ms,
		  item == WORK_STOPPING || item == WORK_STOPPED
			  ? "its item was stopped"
			  : "the image's command must stay in the foreground until its session "
			    "ends");
}

static void force_stopped(struct session *session)
{
	struct log_ids ids = session_ids(session);

	session->was_force_stopped = true;
	log_event(LOG_WARNING, "force_stopped", &ids,
		  (struct log_field[]){{"reason", session_end_name(session->end)}, {NULL}},
		  session->reason[0] ? "%s" : NULL, session->reason);
	session->site->force_stopped(session, session->site->arg);
	forget(session);
}

/* Looks again when whoever else holds the item has had to heartbeat. */
static bool awaits_next_beat(struct session *session)
{
	uint64_t now = loop_now_ms(session->site->loop);

	if (session->held_seen_ms == 0)
		session->held_seen_ms = now;
	if (now >= session->held_seen_ms + SESSION_BEAT_MS)
		return false;
	session_again_in(session, session->held_seen_ms + SESSION_BEAT_MS - now);
	return true;
}

static void on_judged(struct lookup_wait *wait, void *arg)
{
	struct session *session = arg;
	struct log_ids ids = session_ids(session);
	bool is_found = wait->result == LOOKUP_FOUND;

	if (is_found && wait->status.state == WORK_STOPPED && session->stop_may_have_happened) {
		force_stopped(session);
		return;
	}

	if (is_found && wait->status.latest_heartbeat_at_ms != 0 && session->ran &&
	    is_our_ack(session, wait))
		session_heartbeat_seen(session, wait->status.latest_heartbeat_at_ms);
	if (is_found && wait->status.latest_heartbeat_at_ms == 0)
		note_quick_exit(session, wait->status.state);
	bool never_held = is_found && was_never_held(session, wait);
	if (never_held && command_was_not_run(session))
		blame_image(session);
	if (is_found && was_held_by_us(session, wait) && awaits_next_beat(session))
		return;
	if (never_held || (is_found && was_held_by_us(session, wait))) {
		session_enter(session, SESSION_FORCE_STOPPING);
		return;
	}
	if (wait->result == LOOKUP_FAILED || (wait->result == LOOKUP_NOT_PERMITTED &&
					      session->site->key_is_doubtful(session->site->arg))) {
		no_answer(session, result_name(wait));
		return;
	}
	if (leaves_doubt(session, wait)) {
		log_event(LOG_WARNING, "undecided", &ids, NULL, "not force-stopped: %s",
			  result_name(wait));
		if (!is_found)
			session->site->incomplete(session, session->site->arg);
	}
	forget(session);
}

void step_judging(struct session *session)
{
	/* A clean exit is hardly ever in need of anything. */
	if (session->exit_code == 0 && session->end == END_ITSELF && session->unanswered == 0)
		lookup_item_patiently(session->site->lookup, &session->lookup, session->item.id,
				      on_judged, session);
	else
		lookup_item(session->site->lookup, &session->lookup, session->item.id, on_judged,
			    session);
}

/* --- FORCE_STOPPING --------------------------------------------------------------------------- */

static void on_stopped(struct queue_call *call, void *arg)
{
	struct session *session = arg;
	struct log_ids ids = session_ids(session);

	if (call->outcome == QUEUE_OK) {
		force_stopped(session);
	} else if (call->outcome == QUEUE_TEMPORARY || call->outcome == QUEUE_UNKNOWN ||
		   call->http_status == 401) {
		session->stop_may_have_happened |= call->outcome == QUEUE_UNKNOWN;
		no_answer(session, call->err.text);
	} else {
		log_event(LOG_ERROR, "undecided", &ids, NULL, "not force-stopped: %s",
			  call->err.text);
		session->site->incomplete(session, session->site->arg);
		session->was_judged = true;
		session_enter(session, SESSION_REMOVING);
	}
}

void step_force_stopping(struct session *session)
{
	if (session->attempts > 0 && session_needs_judging(session)) {
		session_enter(session, SESSION_JUDGING);
		return;
	}
	queue_call_done(&session->queue_call);
	queue_call_init(&session->queue_call, on_stopped, session);
	queue_force_stop(session->site->peer, &session->queue_call, session->item.id);
}
