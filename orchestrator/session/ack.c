/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking the item off the queue. The ack has a track of its own beside the states, because it may
 * be sent while the container is still being made; ACKING waits for its result and acts on it.
 */
#include "session/holding.h"
#include "session/steps.h"

#include <stdio.h>

#define ACK_ATTEMPTS	   3  /* before the item is looked up */
#define ACK_ATTEMPTS_MAX   12 /* of a container found at start, or when the list is no help */
#define RETRY_AFTER_MAX_MS 10000u
#define CLOCK_SLACK_MS	   2000 /* the server's Date header tells whole seconds */

#define ACKED_AFTER_MS                                                                             \
	35000 /* its container was made by an earlier run: ACK_ATTEMPTS, 10 s each                 \
	       */

static void settle(struct session *session);

static void conclude(struct session *session, enum ack_state ack)
{
	session->ack = ack;
	timer_cancel(&session->ack_timer);
	if (session->state == SESSION_ACKING)
		settle(session);
}

static void conclude_lost(struct session *session, const char *why)
{
	struct log_ids ids = session_ids(session);

	(void)snprintf(session->reason, sizeof(session->reason), "%.150s", why);
	log_event(LOG_WARNING, "lost", &ids, NULL, "not ours to run: %s", why);
	conclude(session, ACK_NOT_OURS);
}

static bool is_fresh(const struct work_status *status)
{
	return status->state == WORK_STARTING && status->latest_heartbeat_at_ms == 0;
}

/* By whoever of us has made the container that was found, as far as can be told. */
static bool is_earlier_attempt(const struct session *session, int64_t acked_ms)
{
	int64_t made_ms = session->earlier_made_ms;
	int64_t latest_ms = made_ms + session->site->config->poll.ack_within_ms + ACKED_AFTER_MS;

	return session->earlier_claimed_ms != 0 &&
	       acked_ms + CLOCK_SLACK_MS >= session->earlier_claimed_ms && acked_ms <= latest_ms;
}

/* Acked by one of our attempts, as far as can be told: after it was offered to us, before the last
 * attempt was answered or given up, and by nobody who has begun. An ack may also succeed for an
 * item that another host has just acked. `offset_ms`: the server's clock minus ours. */
static bool is_our_attempt(const struct session *session, const struct work_status *status,
			   int64_t offset_ms)
{
	int64_t acked_ms = status->acknowledged_at_ms - offset_ms;
	int64_t claimed_ms = session_wall_ms_of(session, session->claimed_mono_ms);
	int64_t ended_ms = session_wall_ms_of(session, session->acks_ended_mono_ms);
	bool is_of_this_run =
		acked_ms + CLOCK_SLACK_MS >= claimed_ms && acked_ms <= ended_ms + CLOCK_SLACK_MS;

	return is_fresh(status) && (is_of_this_run || is_earlier_attempt(session, acked_ms));
}

static int64_t offset_of(const struct session *session, const struct queue_call *call)
{
	int64_t server_ms = call->server_time_ms;

	return server_ms > 0 ? server_ms - loop_wall_ms(session->site->loop) : 0;
}

static void on_repeat(void *arg)
{
	struct session *session = arg;

	session->ack = ACK_NOT_SENT;
	ack_send(session);
}

/* Sends the ack again after a pause: what the server asks for, or one that grows. */
static void repeat(struct session *session, uint64_t least_ms)
{
	struct loop *loop = session->site->loop;
	unsigned shift = session->ack_attempts < 6 ? session->ack_attempts : 6;
	uint64_t pause_ms = 125u << shift;

	if (least_ms > RETRY_AFTER_MAX_MS)
		least_ms = RETRY_AFTER_MAX_MS;
	pause_ms = least_ms + loop_random(loop, pause_ms / 2, pause_ms + 1);
	timer_arm(&session->ack_timer, loop, pause_ms, on_repeat, session);
}

/* A container may be the only trace of an item that is acked: it stays, and a later look at the
 * engine finds it as after a start. */
static void keep(struct session *session, const char *why)
{
	struct log_ids ids = session_ids(session);

	log_event(LOG_WARNING, "undecided", &ids, NULL, "its container is kept, not started: %s",
		  why);
	session->keeps_container = true;
	session->site->incomplete(session, session->site->arg);
	session_enter(session, SESSION_DONE);
}

/* What says no to one attempt says nothing of the one before, which may have taken effect. */
static void conclude_refused(struct session *session, const char *why)
{
	if (session->ack_may_have_happened && !session->is_adopted) {
		(void)snprintf(session->reason, sizeof(session->reason), "%.150s", why);
		conclude(session, ACK_IN_DOUBT);
	} else {
		conclude_lost(session, why);
	}
}

static void on_trouble(struct session *session, const struct queue_call *call)
{
	bool lists = lookup_is_permitted(session->site->lookup) && !session->is_adopted;

	if (session->ack_attempts < (lists ? ACK_ATTEMPTS : ACK_ATTEMPTS_MAX)) {
		repeat(session, call->retry_after_ms);
		return;
	}
	(void)snprintf(session->reason, sizeof(session->reason), "%.150s", call->err.text);
	conclude(session, ACK_IN_DOUBT);
}

static void on_acked(struct queue_call *call, void *arg)
{
	struct session *session = arg;

	session->acks_ended_mono_ms = loop_now_ms(session->site->loop);
	switch (call->outcome) {
	case QUEUE_OK:
		if (!call->has_status) {
			session->ack_may_have_happened = true;
			conclude(session, ACK_IN_DOUBT);
		} else if (!is_fresh(&call->status)) {
			conclude_lost(session, work_state_name(call->status.state));
		} else {
			session->acknowledged_at_ms = call->status.acknowledged_at_ms;
			session->is_shared =
				call->status.acknowledged_at_ms != 0 &&
				!is_our_attempt(session, &call->status, offset_of(session, call));
			conclude(session, ACK_OURS);
		}
		break;
	case QUEUE_REJECTED:
		if (call->http_status != 404 &&
		    session->site->key_rejected(&call->err, session->site->arg) &&
		    session->ack_attempts < ACK_ATTEMPTS)
			repeat(session, 0);
		else if (call->http_status != 404 && session->is_adopted)
			keep(session, call->err.text);
		else
			conclude_refused(session, call->err.text);
		break;
	case QUEUE_CONFLICT:
		/* It may be what we acked before: only the list tells that from what has ended. */
		if (!session->is_adopted || lookup_is_permitted(session->site->lookup))
			conclude(session, ACK_IN_DOUBT);
		else if (session->site->key_is_doubtful(session->site->arg))
			keep(session, call->err.text);
		else
			conclude_lost(session, call->err.text);
		break;
	case QUEUE_UNKNOWN:
		session->ack_may_have_happened = session->ack_may_come = true;
		on_trouble(session, call);
		break;
	case QUEUE_TEMPORARY:
		session->ack_may_have_happened |= call->http_status >= 500;
		on_trouble(session, call);
		break;
	case QUEUE_INVALID:
		/* Nobody has it as far as we know: work that was not launched. */
		if (session->is_adopted) {
			keep(session, call->err.text);
			break;
		}
		session->site->incomplete(session, session->site->arg);
		conclude_refused(session, call->err.text);
		break;
	case QUEUE_EMPTY:
	case QUEUE_LOST:
	default:
		conclude_refused(session, call->err.text);
		break;
	}
}

void ack_send(struct session *session)
{
	if (session->ack != ACK_NOT_SENT)
		return;
	session->ack = ACK_PENDING;
	session->ack_attempts++;
	timer_cancel(&session->ack_timer);
	queue_call_done(&session->queue_call);
	queue_call_init(&session->queue_call, on_acked, session);
	queue_ack(session->site->peer, &session->queue_call, session->item.id);
}

/* Its container is not to be started by us. One that was found may have been since, by what the
 * run before had under way: then it is its own item that it has begun with. */
static void leave(struct session *session)
{
	session->ack = ACK_NOT_OURS;
	session->must_not_start = true;
	session_enter(session, session->is_adopted ? SESSION_ADOPTING : SESSION_REMOVING);
}

/* The ack has its result and the container is as ready as it will be. */
static void settle(struct session *session)
{
	struct log_ids ids = session_ids(session);

	switch (session->ack) {
	case ACK_OURS:
		if (session->times.acked == 0)
			session->times.acked = loop_wall_ms(session->site->loop);
		log_event(LOG_INFO, "acked", &ids, NULL, NULL);
		session_enter(session, session->end == END_START_FAILED ? SESSION_JUDGING
									: SESSION_STARTING);
		break;
	case ACK_IN_DOUBT:
		session_enter(session, SESSION_CONFIRMING);
		break;
	case ACK_NOT_OURS:
		leave(session);
		break;
	case ACK_NOT_SENT:
	case ACK_PENDING:
	default:
		break;
	}
}

void step_acking(struct session *session)
{
	if (session->ack == ACK_NOT_SENT)
		ack_send(session);
	else
		settle(session);
}

/* --- CONFIRMING: no usable answer to the ack -------------------------------------------------- */

/* Nobody has acked it, and its container is of no use: the next offer makes another one. */
static bool is_offered_again(const struct session *session, const struct lookup_wait *wait)
{
	return session->end == END_START_FAILED && wait->result == LOOKUP_FOUND &&
	       wait->status.state == WORK_QUEUED;
}

/* Of a container found at start nobody knows whether its item was acked by us: another host may
 * have done it just now, and its worker has not had the time to beat. Only later is it nobody's. */
static bool may_be_somebody_elses(const struct session *session, const struct lookup_wait *wait)
{
	int64_t acked_ms = wait->status.acknowledged_at_ms - wait->clock_offset_ms;
	int64_t ago_ms = loop_wall_ms(session->site->loop) - acked_ms;

	return session->is_adopted && session->end == END_START_FAILED &&
	       ago_ms < session->site->config->timeouts.first_heartbeat_ms;
}

/* Acked, as the list shows; even if by another host: only one first heartbeat gets through. */
static void take(struct session *session, const struct lookup_wait *wait)
{
	struct log_ids ids = session_ids(session);

	session->acknowledged_at_ms = wait->status.acknowledged_at_ms;
	session->is_shared = !is_our_attempt(session, &wait->status, wait->clock_offset_ms);
	session->times.acked = loop_wall_ms(session->site->loop);
	log_event(LOG_INFO, "acked", &ids, NULL, "as the list shows");
	session->ack = ACK_OURS;
	session_enter(session,
		      session->end == END_START_FAILED ? SESSION_JUDGING : SESSION_STARTING);
}

/* The ack may have taken effect, or still do so, and nobody is offered the item then: its container
 * is its only trace, and is kept. Without a use for it, it is asked again until there is an answer.
 */
static bool stays_in_doubt(struct session *session, const struct lookup_wait *wait)
{
	bool is_found = wait->result == LOOKUP_FOUND;
	bool is_open = is_found ? wait->status.state == WORK_QUEUED && session->ack_may_come
				: session->ack_may_have_happened;

	if (session->is_adopted
		    ? !is_offered_again(session, wait)
		    : is_open && session->container_id[0] && session->end != END_START_FAILED) {
		keep(session, session->reason);
		return true;
	}
	if (!is_open || wait->result != LOOKUP_FAILED)
		return false;
	session_count_unanswered(session, "the list could not be read");
	session_pause(session, session->unanswered);
	return true;
}

static void on_confirmed(struct lookup_wait *wait, void *arg)
{
	struct session *session = arg;
	struct log_ids ids = session_ids(session);
	bool is_found = wait->result == LOOKUP_FOUND;

	if (is_found && is_fresh(&wait->status)) {
		if (may_be_somebody_elses(session, wait))
			keep(session, session->reason);
		else
			take(session, wait);
		return;
	}
	if (is_found && wait->status.state != WORK_QUEUED) {
		log_event(LOG_WARNING, "lost", &ids, NULL, "not ours to run: %s",
			  work_state_name(wait->status.state));
		leave(session);
		return;
	}
	if (stays_in_doubt(session, wait))
		return;
	/* As far as we know nobody runs it: work that was not launched. */
	log_event(LOG_WARNING, "undecided", &ids, NULL,
		  "no usable answer to the ack, and the item %s: not started (%s)",
		  is_found ? "is still queued" : "cannot be looked up", session->reason);
	session->site->incomplete(session, session->site->arg);
	session_enter(session, SESSION_REMOVING);
}

void step_confirming(struct session *session)
{
	lookup_item(session->site->lookup, &session->lookup, session->item.id, on_confirmed,
		    session);
}

/* --- REFUSING: an item that is no session of ours --------------------------------------------- */

/* It may be acked, and then nobody is offered it again: it is asked about until there is an answer,
 * by this process as long as it stays. */
static void refuse_again(struct session *session, const char *why)
{
	session_count_unanswered(session, why);
	session_retry(session);
}

static void on_refusal_looked_up(struct lookup_wait *wait, void *arg)
{
	struct session *session = arg;
	struct log_ids ids = session_ids(session);

	if (wait->result == LOOKUP_FOUND &&
	    is_our_attempt(session, &wait->status, wait->clock_offset_ms)) {
		session_enter(session, SESSION_FORCE_STOPPING);
	} else if (wait->result == LOOKUP_FAILED) {
		refuse_again(session, "the list could not be read");
	} else {
		log_event(LOG_WARNING, "lost", &ids, NULL, "not ours to stop");
		session_enter(session, SESSION_DONE);
	}
}

static void on_refusal_acked(struct queue_call *call, void *arg)
{
	struct session *session = arg;
	struct log_ids ids = session_ids(session);
	/* What says nothing of this attempt says nothing of the one before either. */
	bool is_unknown = call->outcome == QUEUE_UNKNOWN ||
			  (call->outcome == QUEUE_TEMPORARY &&
			   (call->http_status >= 500 || session->ack_may_have_happened));

	session->acks_ended_mono_ms = loop_now_ms(session->site->loop);
	/* Of a reply without the item nothing is known but that the ack was taken. */
	if (call->outcome == QUEUE_OK &&
	    (!call->has_status ||
	     is_our_attempt(session, &call->status, offset_of(session, call)))) {
		session_enter(session, SESSION_FORCE_STOPPING);
		return;
	}
	if (is_unknown) {
		session->ack_may_have_happened = true;
		refuse_again(session, call->err.text);
		return;
	}
	/* It may have arrived twice, and this be the answer to the second one. */
	if (call->outcome == QUEUE_CONFLICT) {
		lookup_item(session->site->lookup, &session->lookup, session->item.id,
			    on_refusal_looked_up, session);
		return;
	}
	if (call->outcome == QUEUE_OK)
		log_event(LOG_WARNING, "lost", &ids, NULL, "not ours to stop: %s",
			  work_state_name(call->status.state));
	else /* Not acked: it is offered again, and refused again. */
		log_event(LOG_WARNING, "undecided", &ids, NULL, "%s", call->err.text);
	session_enter(session, SESSION_DONE);
}

void step_refusing(struct session *session)
{
	queue_call_done(&session->queue_call);
	queue_call_init(&session->queue_call, on_refusal_acked, session);
	queue_ack(session->site->peer, &session->queue_call, session->item.id);
}

bool refuse_at_last(struct session *session)
{
	if (session->is_last_refusal)
		return false;
	session->is_last_refusal = true;
	lookup_cancel(&session->lookup);
	step_refusing(session);
	return true;
}

void session_refuse(struct session *session, const struct err *why)
{
	struct log_ids ids = session_ids(session);

	(void)snprintf(session->reason, sizeof(session->reason), "%.150s", why->text);
	log_event(LOG_WARNING, "refused", &ids, NULL, "%s", why->text);
	session_enter(session, SESSION_REFUSING);
}
