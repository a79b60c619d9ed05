/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of states, the one function that goes from one to the next, and the ways in. What each
 * state does is in launch.c, verifying.c, adopting.c, ack.c, ending.c, capturing.c and
 * judging.c.
 */
#include "session/session.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "session/steps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TO(state) (1u << SESSION_##state)

static void step_done(struct session *session);

static const struct {
	const char *name;
	unsigned edges; /* where the session may go from here */
	void (*step)(struct session *session);
} states[SESSION_STATES] = {
	[SESSION_NEW] = {"NEW", TO(STAGING) | TO(ADOPTING) | TO(REFUSING), NULL},
	[SESSION_STAGING] = {"STAGING", TO(CREATING) | TO(REMOVING), step_staging},
	[SESSION_CREATING] = {"CREATING", TO(VERIFYING) | TO(REPLACING) | TO(REMOVING) | TO(ACKING),
			      step_creating},
	[SESSION_REPLACING] = {"REPLACING", TO(CREATING) | TO(REMOVING) | TO(ACKING),
			       step_replacing},
	[SESSION_VERIFYING] = {"VERIFYING", TO(ACKING) | TO(REMOVING), step_verifying},
	[SESSION_ACKING] = {"ACKING",
			    TO(STARTING) | TO(CONFIRMING) | TO(JUDGING) | TO(ADOPTING) |
				    TO(REMOVING) | TO(DONE),
			    step_acking},
	[SESSION_CONFIRMING] = {"CONFIRMING",
				TO(STARTING) | TO(JUDGING) | TO(ADOPTING) | TO(REMOVING) | TO(DONE),
				step_confirming},
	[SESSION_STARTING] = {"STARTING", TO(RUNNING) | TO(EXITED) | TO(JUDGING), step_starting},
	[SESSION_ADOPTING] = {"ADOPTING",
			      TO(RUNNING) | TO(EXITED) | TO(ACKING) | TO(CONFIRMING) |
				      TO(REMOVING) | TO(DONE),
			      step_adopting},
	[SESSION_RUNNING] = {"RUNNING", TO(STOPPING) | TO(KILLING) | TO(EXITED), step_running},
	[SESSION_STOPPING] = {"STOPPING", TO(KILLING) | TO(EXITED), step_stopping},
	[SESSION_KILLING] = {"KILLING", TO(EXITED), step_killing},
	[SESSION_EXITED] = {"EXITED",
			    TO(CAPTURING) | TO(JUDGING) | TO(REMOVING) | TO(RUNNING) | TO(KILLING),
			    step_exited},
	[SESSION_CAPTURING] = {"CAPTURING", TO(JUDGING) | TO(REMOVING), step_capturing},
	[SESSION_JUDGING] = {"JUDGING", TO(FORCE_STOPPING) | TO(ADOPTING) | TO(REMOVING),
			     step_judging},
	[SESSION_FORCE_STOPPING] = {"FORCE_STOPPING", TO(JUDGING) | TO(REMOVING),
				    step_force_stopping},
	[SESSION_REMOVING] = {"REMOVING", TO(DONE), step_removing},
	[SESSION_REFUSING] = {"REFUSING", TO(FORCE_STOPPING) | TO(DONE), step_refusing},
	[SESSION_DONE] = {"DONE", 0, step_done},
};

const char *session_state_name(enum session_state state)
{
	return states[state].name;
}

unsigned session_edges(enum session_state state)
{
	return states[state].edges;
}

const char *session_end_name(enum session_end end)
{
	static const char *const names[] = {
		[END_ITSELF] = "itself",
		[END_NO_HEARTBEAT] = "no_heartbeat",
		[END_TIME_LIMIT] = "time_limit",
		[END_LEASE_LAPSED] = "lease_lapsed",
		[END_START_FAILED] = "start_failed",
		[END_SHUTDOWN] = "shutdown",
		[END_DISK] = "disk",
		[END_PROMISE] = "promise",
	};
	return names[end];
}

struct log_ids session_ids(const struct session *session)
{
	return (struct log_ids){
		.environment = session->site->config->name,
		.session = session->item.session_id[0] ? session->item.session_id : NULL,
		.work = session->item.id,
		.container = session->container_id[0] ? session->container_id : NULL,
	};
}

static struct session *session_alloc(struct site *site)
{
	struct session *session = xcalloc(1, sizeof(*session));

	session->site = site;
	session->exit_code = -1;
	return session;
}

struct session *session_new(struct site *site, struct work_item *item)
{
	struct session *session = session_alloc(site);

	work_item_move(&session->item, item);
	session->has_slot = session->counts_as_launching = true;
	session->times.queued = session->item.created_at_ms;
	session->times.claimed = loop_wall_ms(site->loop);
	session->claimed_mono_ms = loop_now_ms(site->loop);
	return session;
}

struct session *session_new_adopted(struct site *site, const struct container *container)
{
	struct session *session = session_alloc(site);
	const char *session_id = container_label(container, "berth.session");

	session->is_adopted = true;
	session->claimed_mono_ms = loop_now_ms(site->loop);
	(void)snprintf(session->item.id, sizeof(session->item.id), "%s",
		       container_label(container, "berth.work"));
	(void)snprintf(session->item.session_id, sizeof(session->item.session_id), "%s",
		       session_id && text_is_id(session_id) ? session_id : "");
	(void)snprintf(session->container_id, sizeof(session->container_id), "%s", container->id);
	return session;
}

struct session *session_free(struct session *session)
{
	if (!session)
		return NULL;
	engine_call_done(&session->call);
	queue_call_done(&session->queue_call);
	timer_cancel(&session->timer);
	timer_cancel(&session->ack_timer);
	timer_cancel(&session->disk_timer);
	timer_cancel(&session->proof_timer);
	timer_cancel(&session->slow_timer);
	lookup_cancel(&session->lookup);
	session->capture = capture_free(session->capture);
	session->redactor = redactor_free(session->redactor);
	session->plan = plan_free(session->plan);
	work_item_done(&session->item);
	free(session);
	return NULL;
}

void session_enter(struct session *session, enum session_state next)
{
	enum session_state from = session->state;
	struct log_ids ids = session_ids(session);
	char edge[48];

	if (log_is_enabled(LOG_DEBUG) || !(states[from].edges & (1u << next))) {
		(void)snprintf(edge, sizeof(edge), "%s->%s", states[from].name, states[next].name);
		log_event(LOG_DEBUG, "state", &ids, (struct log_field[]){{"state", edge}, {NULL}},
			  NULL);
	}
	if (!(states[from].edges & (1u << next))) {
		log_event(LOG_ERROR, "bug", &ids, (struct log_field[]){{"state", edge}, {NULL}},
			  "a session must not take this edge; the next start finds its container");
		abort();
	}
	engine_call_done(&session->call);
	timer_cancel(&session->timer);
	timer_cancel(&session->disk_timer);
	timer_cancel(&session->proof_timer);
	session->is_measured = false;
	lookup_cancel(&session->lookup);
	session->capture = capture_free(session->capture);
	session->attempts = 0;
	session->state = next;
	states[next].step(session);
}

static void step_done(struct session *session)
{
	bool was_ours = session->ack == ACK_OURS || session->was_force_stopped;

	session_free_slot(session);
	/* One that was not seen to run has ended, too, where its item was ours. */
	if (session->ran || (was_ours && session->container_id[0]))
		session->site->record(session, session->site->arg);
	session->site->ended(session, session->site->arg);
}

void session_free_slot(struct session *session)
{
	if (!session->has_slot)
		return;
	session->has_slot = false;
	session->site->slot_free(session, session->site->arg);
}

void session_fail(struct session *session, enum session_blame blame, const struct err *err)
{
	(void)snprintf(session->reason, sizeof(session->reason), "%.150s", err->text);
	session->site->launch_failed(session, blame, err, session->site->arg);
	session->end = END_START_FAILED;
	if (session->ack == ACK_NOT_SENT) {
		timer_cancel(&session->ack_timer);
		session_enter(session, SESSION_REMOVING);
	} else {
		session->site->incomplete(session, session->site->arg);
		session_enter(session, session->state == SESSION_STARTING ? SESSION_JUDGING
									  : SESSION_ACKING);
	}
}

bool session_give_up_traceless(struct session *session)
{
	bool is_making = session->state == SESSION_CREATING || session->state == SESSION_REPLACING;
	struct err err;

	if (session->state == SESSION_REFUSING)
		return refuse_at_last(session);
	if (!is_making || session->ack == ACK_NOT_SENT)
		return false;
	(void)err_set(&err, ERR_TEMPORARY, -ETIMEDOUT,
		      "berth leaves, and the engine has not made the container yet");
	session_fail(session, BLAME_NOBODY, &err);
	return true;
}

bool session_is_traceless(const struct session *session)
{
	bool may_be_acked = session->ack == ACK_PENDING || session->ack == ACK_OURS ||
			    session->ack == ACK_IN_DOUBT || session->state == SESSION_REFUSING ||
			    session->state == SESSION_FORCE_STOPPING;

	return may_be_acked && !session->container_id[0];
}

void session_inspect(struct session *session, void (*done)(struct engine_call *, void *))
{
	engine_call_done(&session->call);
	engine_call_init(&session->call, done, session);
	engine_inspect(session->site->engine, &session->call, session->container_id);
}

void session_prepare(struct session *session, void (*done)(struct engine_call *, void *))
{
	engine_call_done(&session->call);
	engine_call_init(&session->call, done, session);
	engine_prepare(session->site->engine, &session->call, session->container_id);
}

void session_follow(struct session *session, const struct container *container)
{
	struct process process;

	engine_find_process(container, &process);
	if (process.pid > 0 || container->pid != session->process.pid)
		session->process = process;
}

int64_t session_wall_ms_of(const struct session *session, uint64_t mono_ms)
{
	struct loop *loop = session->site->loop;

	return loop_wall_ms(loop) - (int64_t)(loop_now_ms(loop) - mono_ms);
}

static void on_retry(void *arg)
{
	struct session *session = arg;

	states[session->state].step(session);
}

void session_again_in(struct session *session, uint64_t ms)
{
	timer_arm(&session->timer, session->site->loop, ms, on_retry, session);
}

void session_pause(struct session *session, unsigned attempts)
{
	uint64_t pause_ms = 200u << (attempts < 7 ? attempts : 7); /* 0.2 s, 0.4 s ... 25.6 s */

	session_again_in(session, loop_random(session->site->loop, pause_ms / 2, pause_ms + 1));
}

void session_retry(struct session *session)
{
	session_pause(session, session->attempts);
	if (session->attempts < UINT8_MAX)
		session->attempts++;
}

void session_launch(struct session *session)
{
	session_enter(session, SESSION_STAGING);
}

void session_adopt(struct session *session)
{
	session_enter(session, SESSION_ADOPTING);
}

bool session_is_launching(const struct session *session)
{
	return session->state < SESSION_RUNNING;
}

bool session_is_running(const struct session *session)
{
	return session->state == SESSION_RUNNING || session->state == SESSION_STOPPING ||
	       session->state == SESSION_KILLING;
}
