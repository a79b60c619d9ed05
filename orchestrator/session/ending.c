/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a running container to a removed one: its limits, how it ended, and its removal. An engine
 * that does not answer is asked again for as long as it takes; nothing is concluded from silence.
 */
#include "session/steps.h"

#include <stdio.h>

#define STILL_RUNNING_LOOKS 10 /* after an exit event, before it is believed to run on */
#define LAST_WORDS_LOOKS    3
#define NO_PROCESS_LOOKS    4 /* without a process, before the engine is not believed */
#define REMOVE_ATTEMPTS	    12
#define KILL_AGAIN_MS	    5000u

/* What a container's init exits with when it cannot run the command it was given; as the engine's
 * init starts well, the start does not show it (Docker's Init: tini 0.19). */
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND	    127

#define LOOK_AGAIN_MS 30000u /* for a first heartbeat, where the list was no help */

/* --- RUNNING: two deadlines ------------------------------------------------------------------- */

static int64_t ran_for_ms(const struct session *session)
{
	return loop_wall_ms(session->site->loop) - session->times.started;
}

static bool awaits_heartbeat(const struct session *session)
{
	return session->times.first_heartbeat == 0 && lookup_is_permitted(session->site->lookup);
}

static void on_deadline(void *arg);

static void look_up(struct session *session, void (*done)(struct lookup_wait *, void *))
{
	lookup_cancel(&session->lookup);
	lookup_item(session->site->lookup, &session->lookup, session->item.id, done, session);
}

/* What was seen so far may be older than the heartbeat: one look before a session is ended. */
static void on_looked_for_heartbeat(struct lookup_wait *wait, void *arg)
{
	struct session *session = arg;
	bool is_found = wait->result == LOOKUP_FOUND;

	if (is_found && wait->status.latest_heartbeat_at_ms != 0) {
		session_heartbeat_seen(session, wait->status.latest_heartbeat_at_ms);
		step_running(session);
	} else if (is_found &&
		   (wait->status.state == WORK_STARTING || wait->status.state == WORK_STOPPED)) {
		session_stop(session, END_NO_HEARTBEAT);
	} else if (awaits_heartbeat(session)) {
		timer_arm(&session->timer, session->site->loop, LOOK_AGAIN_MS, on_deadline,
			  session);
	} else {
		step_running(session);
	}
}

static void on_deadline(void *arg)
{
	struct session *session = arg;
	const struct timeouts *timeouts = &session->site->config->timeouts;
	int64_t ran_ms = (int64_t)(loop_now_ms(session->site->loop) - session->started_mono_ms);

	if (ran_ms >= timeouts->session_ms)
		session_stop(session, END_TIME_LIMIT);
	else if (ran_ms >= timeouts->first_heartbeat_ms && awaits_heartbeat(session))
		look_up(session, on_looked_for_heartbeat);
	else
		step_running(session);
}

void step_running(struct session *session)
{
	const struct timeouts *timeouts = &session->site->config->timeouts;
	uint64_t now = loop_now_ms(session->site->loop);

	session->plan = plan_free(session->plan);
	session->item.secret = secret_free(session->item.secret);
	session->item.sessions_token = secret_free(session->item.sessions_token);
	session->redactor = redactor_free(session->redactor);
	if (session->times.started == 0) /* the engine does not say: it has its whole time */
		session->times.started = loop_wall_ms(session->site->loop);
	if (session->started_mono_ms == 0) {
		int64_t ran_ms = ran_for_ms(session);
		uint64_t ago = ran_ms > 0 ? (uint64_t)ran_ms : 0;
		/* Clocks may have been set since. */
		if (session->start_sent_mono_ms != 0 && ago > now - session->start_sent_mono_ms)
			ago = now - session->start_sent_mono_ms;
		session->started_mono_ms = now > ago ? now - ago : 1;
	}
	if (session->has_exit_news) {
		session_enter(session, SESSION_EXITED);
		return;
	}
	if (session->stop_wanted != END_ITSELF) {
		session_stop(session, session->stop_wanted);
		return;
	}
	session_measure(session);
	session_prove(session);
	if (session->state != SESSION_RUNNING)
		return;
	uint64_t limit_ms = (uint64_t)timeouts->session_ms;
	if (awaits_heartbeat(session) && timeouts->first_heartbeat_ms < timeouts->session_ms)
		limit_ms = (uint64_t)timeouts->first_heartbeat_ms;
	lookup_poke(session->site->lookup);
	uint64_t due = session->started_mono_ms + limit_ms;
	if (due > now)
		timer_arm(&session->timer, session->site->loop, due - now, on_deadline, session);
	else
		on_deadline(session);
}

bool session_is_in_question(const struct session *session)
{
	return session->state == SESSION_RUNNING && session->lookup.lookup;
}

void session_heartbeat_seen(struct session *session, int64_t at_ms)
{
	struct log_ids ids = session_ids(session);

	if (session->times.first_heartbeat != 0)
		return;
	session->times.first_heartbeat = at_ms;
	log_event(LOG_INFO, "heartbeat", &ids, NULL, NULL);
	session->site->heartbeat(session, session->site->arg);
}

void session_stop(struct session *session, enum session_end why)
{
	struct log_ids ids = session_ids(session);

	if (session_is_launching(session))
		session->stop_wanted = why;
	if (session->state != SESSION_RUNNING)
		return;
	session->end = why;
	log_event(LOG_WARNING, "stopping", &ids,
		  (struct log_field[]){{"reason", session_end_name(why)}, {NULL}}, NULL);
	/* A worker that is told to end stops its item, which may be somebody else's by now; and one
	 * that can do more than it may is given no time for it. */
	bool is_ended_at_once = why == END_LEASE_LAPSED || why == END_PROMISE;
	session_enter(session, is_ended_at_once ? SESSION_KILLING : SESSION_STOPPING);
}

static void on_looked_after_offer(struct lookup_wait *wait, void *arg)
{
	struct session *session = arg;
	enum work_state state = wait->status.state;
	struct log_ids ids = session_ids(session);

	if (wait->result == LOOKUP_FOUND && is_our_ack(session, wait) &&
	    (state == WORK_STARTING || state == WORK_ACTIVE || state == WORK_STOPPING)) {
		log_event(LOG_INFO, "offered_again", &ids, NULL,
			  "handed out twice: its container keeps it");
		step_running(session);
	} else if (wait->result == LOOKUP_FAILED) {
		step_running(session); /* if it has lapsed, it is offered once more */
	} else {
		session_stop(session, END_LEASE_LAPSED);
	}
}

void session_offered_again(struct session *session)
{
	look_up(session, on_looked_after_offer);
}

bool session_may_run(const struct session *session)
{
	return process_may_run(&session->process);
}

void session_container_changed(struct session *session)
{
	if (session_is_running(session))
		session_enter(session, SESSION_EXITED);
	else
		session->has_exit_news = true;
}

/* --- STOPPING, KILLING ------------------------------------------------------------------------ */

static void on_grace_over(void *arg)
{
	session_enter(arg, SESSION_KILLING);
}

static void on_term_sent(struct engine_call *call, void *arg)
{
	struct session *session = arg;

	session->was_signalled |= call->outcome == ENGINE_OK;
	if (call->outcome != ENGINE_ALREADY && call->outcome != ENGINE_NOT_FOUND)
		return;
	session->kill_found_nothing = call->outcome == ENGINE_ALREADY;
	session->end = END_ITSELF; /* before it could be told: its lease lapses like any other */
	session_enter(session, SESSION_EXITED);
}

void step_stopping(struct session *session)
{
	uint64_t grace_ms = (uint64_t)session->site->config->timeouts.stop_grace_ms;

	session->grace_until_ms = loop_now_ms(session->site->loop) + grace_ms;
	/* A lost SIGTERM costs the worker its grace, not its life: SIGKILL follows either way. */
	timer_arm(&session->timer, session->site->loop, grace_ms, on_grace_over, session);
	engine_call_init(&session->call, on_term_sent, session);
	engine_kill(session->site->engine, &session->call, session->container_id, "TERM");
}

static void on_kill_again(void *arg)
{
	step_killing(arg);
}

static void on_kill_sent(struct engine_call *call, void *arg)
{
	struct session *session = arg;

	session->was_signalled |= call->outcome == ENGINE_OK;
	session->kill_found_nothing = call->outcome == ENGINE_ALREADY;
	if (call->outcome == ENGINE_ALREADY || call->outcome == ENGINE_NOT_FOUND)
		session_enter(session, SESSION_EXITED);
	else
		timer_arm(&session->timer, session->site->loop, KILL_AGAIN_MS, on_kill_again,
			  session);
}

void step_killing(struct session *session)
{
	engine_call_done(&session->call);
	engine_call_init(&session->call, on_kill_sent, session);
	engine_kill(session->site->engine, &session->call, session->container_id, "KILL");
}

/* --- EXITED: how did it end? ------------------------------------------------------------------ */

static void log_exit(const struct session *session)
{
	struct log_ids ids = session_ids(session);
	char code[16];

	(void)snprintf(code, sizeof(code), "%d", session->exit_code);
	log_event(session->exit_code == 0 ? LOG_INFO : LOG_WARNING, "exited", &ids,
		  (struct log_field[]){
			  {"exit_code", session->exit_code >= 0 ? code : NULL},
			  {"reason", session_end_name(session->end)},
			  {"oom_killed", session->oom_killed ? "true" : NULL},
			  {NULL},
		  },
		  session->exit_code >= 0 ? NULL
		  : session->is_removed
			  ? "the container has vanished"
			  : "its process is gone, and the engine does not know how it "
			    "ended");
}

static void after_exit(struct session *session)
{
	log_exit(session);
	session->site->record(session, session->site->arg);
	/* It runs no more: whatever is still to be done must not keep others waiting. */
	session_free_slot(session);
	if (session_is_captured(session))
		session_enter(session, SESSION_CAPTURING);
	else
		session_judge_or_remove(session);
}

void session_judge_or_remove(struct session *session)
{
	/* Until its item is known to be settled the container is the only trace of it. */
	session_enter(session, session_needs_judging(session) ? SESSION_JUDGING : SESSION_REMOVING);
}

static void on_last_words(struct engine_call *call, void *arg)
{
	struct session *session = arg;

	session->cannot_run |= call->outcome == ENGINE_OK && call->cannot_run;
	/* They may be written a moment after the end is known. */
	if (call->outcome == ENGINE_OK && call->is_silent && session->attempts < LAST_WORDS_LOOKS)
		session_retry(session);
	else
		after_exit(session);
}

/* The exit code tells whether the command could be run, or else its last output does. */
static void look_for_cause(struct session *session)
{
	struct engine *engine = session->site->engine;
	int code = session->exit_code;

	session->cannot_run = code == EXIT_NOT_EXECUTABLE || code == EXIT_NOT_FOUND;
	if (code <= 0 || session->times.first_heartbeat != 0 ||
	    !engine_hides_what_cannot_run(engine)) {
		after_exit(session);
		return;
	}
	engine_call_done(&session->call);
	engine_call_init(&session->call, on_last_words, session);
	engine_last_words(engine, &session->call, session->container_id, code);
}

static void on_still_running(struct session *session, const struct container *container)
{
	session_follow(session, container);
	bool is_gone = session->kill_found_nothing || !session_may_run(session);
	bool has_time_left = loop_now_ms(session->site->loop) < session->grace_until_ms;

	if (is_gone && session->attempts >= NO_PROCESS_LOOKS) {
		session->times.exited = loop_wall_ms(session->site->loop);
		after_exit(session);
	} else if (session->attempts < STILL_RUNNING_LOOKS || has_time_left) {
		session_retry(session);
	} else {
		session_enter(session,
			      session->end == END_ITSELF ? SESSION_RUNNING : SESSION_KILLING);
	}
}

static void on_exit_inspected(struct engine_call *call, void *arg)
{
	struct session *session = arg;
	const struct container *container = &call->container;

	if (call->outcome == ENGINE_NOT_FOUND) {
		session->is_removed = true;
		session->times.exited = loop_wall_ms(session->site->loop);
		after_exit(session);
		return;
	}
	if (call->outcome != ENGINE_OK) {
		session_retry(session);
		return;
	}
	session_know_secrets(session, call->json);
	if (container->status == CONTAINER_RUNNING) {
		on_still_running(session, container);
		return;
	}
	/* What the engine never saw started ended unseen, too. */
	session->exit_code = container->status == CONTAINER_CREATED ? -1 : container->exit_code;
	session->oom_killed = container->oom_killed;
	session->times.exited = container->finished_at_ms > 0 ? container->finished_at_ms
							      : loop_wall_ms(session->site->loop);
	look_for_cause(session);
}

void step_exited(struct session *session)
{
	session->has_exit_news = false;
	session_inspect(session, on_exit_inspected);
}

/* --- REMOVING --------------------------------------------------------------------------------- */

static void removed(struct session *session)
{
	struct log_ids ids = session_ids(session);

	session->is_removed = true;
	session->times.removed = loop_wall_ms(session->site->loop);
	log_event(LOG_INFO, "removed", &ids, NULL, NULL);
	session_enter(session, SESSION_DONE);
}

static void on_removed(struct engine_call *call, void *arg)
{
	struct session *session = arg;

	if (call->outcome == ENGINE_OK || call->outcome == ENGINE_NOT_FOUND) {
		removed(session);
		return;
	}
	session_free_slot(session);
	if (session->attempts < REMOVE_ATTEMPTS || call->outcome == ENGINE_UNREACHABLE) {
		session_retry(session);
		return;
	}
	struct log_ids ids = session_ids(session);
	log_event(LOG_ERROR, "not_removed", &ids, NULL, "given up until the next start: %s",
		  call->err.text);
	session->site->incomplete(session, session->site->arg);
	session_enter(session, SESSION_DONE);
}

/* A create without an answer: the name says whether it left something that is ours. */
static void on_name_looked_up(struct engine_call *call, void *arg)
{
	struct session *session = arg;

	if (call->outcome == ENGINE_NOT_FOUND ||
	    (call->outcome == ENGINE_OK &&
	     (!container_is_ours(&call->container, session->site->fleet->instance) ||
	      call->container.status == CONTAINER_RUNNING))) {
		session_enter(session, SESSION_DONE);
	} else if (call->outcome == ENGINE_OK) {
		(void)snprintf(session->container_id, sizeof(session->container_id), "%s",
			       call->container.id);
		step_removing(session);
	} else {
		session_free_slot(session);
		session_retry(session);
	}
}

void step_removing(struct session *session)
{
	engine_call_done(&session->call);
	if (session->is_removed) {
		removed(session);
	} else if (session->container_id[0]) {
		engine_call_init(&session->call, on_removed, session);
		engine_remove(session->site->engine, &session->call, session->container_id);
	} else if (session->plan) {
		engine_call_init(&session->call, on_name_looked_up, session);
		engine_inspect(session->site->engine, &session->call, session->plan->name);
	} else {
		session_enter(session, SESSION_DONE);
	}
}
