/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a claimed item to a running container. Everything that can fail stands before the ack; only
 * the start comes after it. When the preparation takes longer than `ack_within`, the ack is sent
 * while it goes on, and ACKING finds the answer there.
 */
#include "base/cleanup.h"
#include "engine/message.h"
#include "session/steps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REMOVAL_ATTEMPTS 6 /* about five seconds for "removal in progress" */
#define REPLACEMENTS	 6 /* of whatever has our name, until it is left to that */
#define LEFT_BEHIND	 5 /* of them, before a name that nobody has is no create under way */
#define CREATE_ATTEMPTS	 5 /* only of an item that is acked already */
#define START_ATTEMPTS	 4

/* --- STAGING: the plan ---------------------------------------------------------------------- */

static int build_plan(struct session *session, struct err *err)
{
	const struct site *site = session->site;
	struct plan_input input = {0};

	fleet_plan_input(site->fleet, site->config, &input);
	input.session_id = session->item.session_id;
	input.work_id = session->item.id;
	input.claimed_ms = session->times.claimed;
	input.work_secret = session->item.secret;
	input.sessions_token = session->item.sessions_token;
	input.environment_key = site->peer->key;
	input.image_facts = site->image;
	input.bridge = engine_bridge(site->engine);
	return plan_build(&input, &session->plan, err);
}

/* Until the name is free nothing is lost by leaving the offer to the next poll. */
static bool waits_for_name(const struct session *session)
{
	return session->state == SESSION_REPLACING ||
	       (session->state == SESSION_CREATING && session->attempts > 0);
}

static void on_ack_due(void *arg)
{
	struct session *session = arg;
	struct log_ids ids = session_ids(session);

	if (waits_for_name(session))
		return;
	log_event(LOG_DEBUG, "ack_due", &ids, NULL,
		  "preparing takes longer than ack_within: acking first");
	ack_send(session);
}

void step_staging(struct session *session)
{
	struct err err;

	timer_arm(&session->ack_timer, session->site->loop,
		  (uint64_t)session->site->config->poll.ack_within_ms, on_ack_due, session);
	int r = build_plan(session, &err);
	if (r < 0) {
		session_fail(session, r == -EINVAL ? BLAME_ITEM : BLAME_ENVIRONMENT, &err);
		return;
	}
	session->exposes_environment_key = session->plan->exposes_environment_key;
	if (session->exposes_environment_key) {
		struct log_ids ids = session_ids(session);
		log_event(LOG_WARNING, "environment_key_exposed", &ids, NULL,
			  session->site->config->credential == CREDENTIAL_KEY
				  ? "credential: key gives the container the environment key"
				  : "the item has no usable secret: its container gets the "
				    "environment key (credential: secret refuses such items)");
	}
	session_enter(session, SESSION_CREATING);
}

/* --- CREATING ------------------------------------------------------------------------------- */

static bool retries_create(const struct session *session)
{
	return session->ack != ACK_NOT_SENT && session->attempts < CREATE_ATTEMPTS;
}

static void created(struct session *session)
{
	struct engine_call *call = &session->call;
	struct log_ids ids;
	struct err err;

	memcpy(session->container_id, call->container_id, sizeof(session->container_id));
	session->times.created = loop_wall_ms(session->site->loop);
	session->site->container_known(session, session->site->arg);
	ids = session_ids(session);
	log_event(LOG_INFO, "created", &ids, NULL, NULL);
	if (call->warnings && session->plan->policy->unenforced == 0) {
		(void)err_set(
			&err, ERR_REFUSED, -EPERM,
			"the engine warns that a promise of policy '%s' is not kept: %s; mend "
			"the host, or name the field in the policy's `unenforced`",
			session->plan->policy->name, call->warnings);
		session_fail(session, BLAME_ENVIRONMENT, &err);
		return;
	}
	if (call->warnings)
		log_event(LOG_WARNING, "engine_warning", &ids, NULL, "%s", call->warnings);
	session_enter(session, SESSION_VERIFYING);
}

static void on_created(struct engine_call *call, void *arg)
{
	struct session *session = arg;
	struct err err = call->err;

	switch (call->outcome) {
	case ENGINE_OK:
		created(session);
		break;
	case ENGINE_NAME_IN_USE:
		if (session->replacements++ < REPLACEMENTS)
			session_enter(session, SESSION_REPLACING);
		else
			session_fail(session, BLAME_NOBODY, &err);
		break;
	case ENGINE_REMOVING:
		if (session->attempts < REMOVAL_ATTEMPTS)
			session_retry(session);
		else
			session_fail(session, BLAME_NOBODY, &err);
		break;
	case ENGINE_TROUBLE:
	case ENGINE_UNREACHABLE:
	case ENGINE_UNKNOWN:
		if (retries_create(session))
			session_retry(session);
		else
			session_fail(session, BLAME_ENVIRONMENT, &err);
		break;
	case ENGINE_ALREADY:
	case ENGINE_NOT_FOUND:
	case ENGINE_INVALID:
	default:
		session_fail(session, BLAME_ENVIRONMENT, &err);
		break;
	}
}

void step_creating(struct session *session)
{
	engine_call_done(&session->call);
	engine_call_init(&session->call, on_created, session);
	engine_create(session->site->engine, &session->call, session->plan);
}

/* --- REPLACING: our name is taken ------------------------------------------------------------ */

static void leave_offer(struct session *session, const char *why)
{
	struct err err;

	(void)err_set(&err, ERR_LOST, -EEXIST, "container name %s is taken: %s",
		      session->plan->name, why);
	session_fail(session, BLAME_NOBODY, &err);
}

static void on_name_is_free(void *arg)
{
	session_enter(arg, SESSION_CREATING);
}

/* Taken, and yet nobody has it: the engine is still making its owner, or removing it. */
static void wait_for_name(struct session *session)
{
	struct loop *loop = session->site->loop;
	uint64_t pause_ms = 100u << session->replacements; /* 0.2 s, 0.4 s ... 6.4 s */

	timer_arm(&session->timer, loop, loop_random(loop, pause_ms / 2, pause_ms + 1),
		  on_name_is_free, session);
}

static void on_cleared(struct engine_call *call, void *arg)
{
	struct session *session = arg;

	if (call->outcome == ENGINE_OK)
		session_enter(session, SESSION_CREATING);
	else if (session->attempts < REMOVAL_ATTEMPTS)
		session_retry(session);
	else
		leave_offer(session, "it cannot be removed");
}

static void on_killed_leftover(struct engine_call *call, void *arg)
{
	struct session *session = arg;

	(void)call;
	leave_offer(session, "its lease has lapsed; it was ended, and the next offer is taken");
}

static void on_name_holder(struct engine_call *call, void *arg)
{
	struct session *session = arg;
	struct engine *engine = session->site->engine;

	if (call->outcome == ENGINE_NOT_FOUND && session->replacements >= LEFT_BEHIND &&
	    engine_leaves_names(engine)) {
		engine_call_done(call);
		engine_call_init(call, on_cleared, session);
		engine_free_name(engine, call, session->plan->name);
		return;
	}
	if (call->outcome == ENGINE_NOT_FOUND) {
		wait_for_name(session);
		return;
	}
	if (call->outcome != ENGINE_OK) {
		if (session->attempts < REMOVAL_ATTEMPTS)
			session_retry(session);
		else
			leave_offer(session, call->err.text);
		return;
	}
	if (!container_is_ours(&call->container, session->site->fleet->instance)) {
		leave_offer(session, "by another instance, or by something that is not berth");
		return;
	}
	char id[65];
	(void)snprintf(id, sizeof(id), "%s", call->container.id);
	session->earlier_claimed_ms = container_claimed_ms(&call->container);
	session->earlier_made_ms = call->container.created_at_ms;
	bool is_running = call->container.status == CONTAINER_RUNNING;
	engine_call_done(call);
	engine_call_init(call, is_running ? on_killed_leftover : on_cleared, session);
	if (is_running)
		engine_kill(engine, call, id, "KILL");
	else
		engine_remove(engine, call, id);
}

void step_replacing(struct session *session)
{
	engine_call_done(&session->call);
	engine_call_init(&session->call, on_name_holder, session);
	engine_inspect(session->site->engine, &session->call, session->plan->name);
}

/* --- STARTING --------------------------------------------------------------------------------- */

static void started(struct session *session, int64_t at_ms)
{
	struct log_ids ids = session_ids(session);

	session->times.started = at_ms;
	session->ran = true;
	session->reason[0] = '\0';
	log_event(LOG_INFO, "started", &ids, NULL, NULL);
	session->site->launched(session, session->site->arg);
	session_enter(session, SESSION_RUNNING);
}

static void on_looked_after_start(struct engine_call *call, void *arg);

/* The start had to make its process anew, and nobody has looked at that one. */
static void on_started_anew(struct engine_call *call, void *arg)
{
	struct session *session = arg;
	struct err err;

	/* One that has ended at once is still shown for a moment. */
	bool is_another = call->container.pid != session->process.pid;
	if (call->outcome == ENGINE_OK && call->container.status == CONTAINER_RUNNING &&
	    is_another &&
	    engine_prove(session->site->engine, session->site->config->policy, &call->container,
			 &err) < 0)
		session_fail(session, BLAME_ENVIRONMENT, &err);
	else
		on_looked_after_start(call, session);
}

/* Docker takes any name of a profile, and its runtime's complaint does not repeat it (20.10). */
static void name_profile(const struct session *session, struct err *err)
{
	const char *profile = session->site->config->policy->apparmor;

	if (profile && message_says(err->text, "apparmor profile"))
		(void)err_set(err, ERR_ENGINE, -ENOENT,
			      "apparmor: the engine's host has no profile '%.50s'; load it there, "
			      "or take `apparmor` out of the policy",
			      profile);
}

/* An engine may do what it says it cannot: that it does not run is for the container to say. */
static void give_up_start(struct session *session, struct err *err)
{
	name_profile(session, err);
	(void)snprintf(session->reason, sizeof(session->reason), "%.150s", err->text);
	session->attempts = START_ATTEMPTS;
	session_inspect(session, on_looked_after_start);
}

static void on_started(struct engine_call *call, void *arg)
{
	struct session *session = arg;
	struct err err = call->err;

	switch (call->outcome) {
	case ENGINE_OK:
	case ENGINE_ALREADY:
		if (engine_prepares(session->site->engine) && !session_may_run(session))
			session_inspect(session, on_started_anew);
		else
			started(session, loop_wall_ms(session->site->loop));
		break;
	case ENGINE_UNREACHABLE:
		session_retry(session);
		break;
	case ENGINE_UNKNOWN:
		session_inspect(session, on_looked_after_start);
		break;
	case ENGINE_TROUBLE:
		if (session->attempts >= START_ATTEMPTS)
			give_up_start(session, &err);
		else
			/* It may have happened: a start of what has ended would run it again. */
			session_inspect(session, on_looked_after_start);
		break;
	case ENGINE_NOT_FOUND:
	case ENGINE_REMOVING:
		session_fail(session, BLAME_NOBODY, &err);
		break;
	case ENGINE_NAME_IN_USE:
	case ENGINE_INVALID:
	default:
		give_up_start(session, &err);
		break;
	}
}

/* The start's answer was lost, or an error: the container itself says whether it happened. */
static void on_looked_after_start(struct engine_call *call, void *arg)
{
	struct session *session = arg;
	struct err err = call->err;

	if (call->outcome == ENGINE_OK && call->container.status == CONTAINER_RUNNING) {
		session_follow(session, &call->container);
		started(session, call->container.started_at_ms);
	} else if (call->outcome == ENGINE_OK && call->container.status != CONTAINER_CREATED) {
		session->times.started = call->container.started_at_ms;
		session->ran = true;
		session_enter(session, SESSION_EXITED);
	} else if (call->outcome == ENGINE_NOT_FOUND) {
		session_fail(session, BLAME_NOBODY, &err);
	} else if (call->outcome == ENGINE_OK && session->attempts >= START_ATTEMPTS) {
		(void)err_set(&err, ERR_ENGINE, -ETIMEDOUT, "%s",
			      session->reason[0] ? session->reason
						 : "the engine answers to no start, and the "
						   "container does not run");
		session_fail(session, BLAME_ENVIRONMENT, &err);
	} else {
		session_retry(session);
	}
}

static void start_now(struct session *session)
{
	if (session->start_sent_mono_ms == 0)
		session->start_sent_mono_ms = loop_now_ms(session->site->loop);
	engine_call_done(&session->call);
	engine_call_init(&session->call, on_started, session);
	engine_start(session->site->engine, &session->call, session->container_id);
}

static void on_proven_again(struct engine_call *call, void *arg)
{
	struct session *session = arg;
	struct err err;

	if (call->outcome != ENGINE_OK || call->container.status != CONTAINER_CREATED) {
		on_looked_after_start(call, session);
		return;
	}
	if (engine_prove(session->site->engine, session->site->config->policy, &call->container,
			 &err) < 0) {
		session_fail(session, BLAME_ENVIRONMENT, &err);
		return;
	}
	engine_find_process(&call->container, &session->process);
	start_now(session);
}

static void on_prepared_again(struct engine_call *call, void *arg)
{
	struct session *session = arg;
	struct err err = call->err;
	bool may_pass = call->outcome == ENGINE_UNKNOWN || call->outcome == ENGINE_TROUBLE;

	if (call->outcome == ENGINE_OK || call->outcome == ENGINE_ALREADY)
		session_inspect(session, on_proven_again);
	else if (call->outcome == ENGINE_UNREACHABLE ||
		 (may_pass && session->attempts < START_ATTEMPTS))
		session_retry(session);
	else
		session_fail(session, BLAME_ENVIRONMENT, &err);
}

/* A start of what has run and ended would run it again. */
static void on_looked_before_start(struct engine_call *call, void *arg)
{
	struct session *session = arg;

	if (call->outcome != ENGINE_OK || call->container.status != CONTAINER_CREATED)
		on_looked_after_start(call, session);
	else if (engine_prepares(session->site->engine))
		session_prepare(session, on_prepared_again);
	else
		start_now(session);
}

/* An earlier start may have happened, whatever was heard of it. What was prepared may be lost, when
 * the engine was away or because its process was killed, and a start would then make it anew: that
 * is looked at as the first time. */
void step_starting(struct session *session)
{
	bool may_be_lost = engine_prepares(session->site->engine) && !session_may_run(session);

	if (session->attempts > 0 || may_be_lost)
		session_inspect(session, on_looked_before_start);
	else
		start_now(session);
}
