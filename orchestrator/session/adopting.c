/* SPDX-License-Identifier: Apache-2.0 */
/* ADOPTING: a container that an earlier run left, or one whose start was given up. */
#include "base/cleanup.h"
#include "session/steps.h"

#include <stdio.h>
#include <string.h>

#define ASK_ATTEMPTS  5
#define LOOK_TWICE_MS 2000u /* between two looks at a container whose start may be under way */

static void log_adopted(struct session *session, const struct container *container)
{
	static const char *const words[] = {
		[CONTAINER_CREATED] = "created",
		[CONTAINER_RUNNING] = "running",
		[CONTAINER_EXITED] = "exited",
		[CONTAINER_DEAD] = "dead",
	};
	struct log_ids ids = session_ids(session);

	session->times.claimed = session->earlier_claimed_ms = container_claimed_ms(container);
	session->times.created = session->earlier_made_ms = container->created_at_ms;
	session->times.started = container->started_at_ms;
	/* The second look: it was said at the first. */
	if (session->is_prepared || session->must_not_start)
		return;
	log_event(LOG_INFO, "adopted", &ids,
		  (struct log_field[]){{"status", words[container->status]}, {NULL}}, NULL);
}

/* The item may have been acked, and then nobody else is offered it: it is looked up, not left. */
static void give_up(struct session *session, const struct err *err)
{
	(void)snprintf(session->reason, sizeof(session->reason), "%.150s", err->text);
	session->site->launch_failed(session, BLAME_ENVIRONMENT, err, session->site->arg);
	session->end = END_START_FAILED;
	session_enter(session, SESSION_CONFIRMING);
}

static void on_look_again(void *arg)
{
	step_adopting(arg);
}

static void on_adopted_prepared(struct engine_call *call, void *arg)
{
	struct session *session = arg;
	struct err err = call->err;

	if (call->outcome == ENGINE_OK || call->outcome == ENGINE_ALREADY) {
		session->is_prepared = true;
		timer_arm(&session->timer, session->site->loop, LOOK_TWICE_MS, on_look_again,
			  session);
	} else if (call->outcome == ENGINE_UNREACHABLE || call->outcome == ENGINE_UNKNOWN) {
		session_retry(session);
	} else {
		give_up(session, &err);
	}
}

/* A start of the earlier run may still be under way, and whether its limits hold was perhaps not
 * looked at any more: both is done before the item is taken (once more). */
static void adopt_created(struct session *session, struct engine_call *call)
{
	struct engine *engine = session->site->engine;
	struct err err;

	if (engine_prepares(engine) && !session->is_prepared) {
		session_prepare(session, on_adopted_prepared);
		return;
	}
	if (engine_prove(engine, session->site->config->policy, &call->container, &err) < 0) {
		give_up(session, &err);
		return;
	}
	engine_find_process(&call->container, &session->process);
	/* Its start may have failed before us: then the engine will say so again. */
	session_enter(session, SESSION_ACKING);
}

static void ask_whether_it_runs(void *arg);

static void on_asked_whether_it_runs(struct engine_call *call, void *arg)
{
	struct session *session = arg;

	bool no_answer = call->outcome == ENGINE_UNREACHABLE || call->outcome == ENGINE_UNKNOWN ||
			 call->outcome == ENGINE_TROUBLE;
	if (no_answer && session->attempts < ASK_ATTEMPTS) {
		session->attempts++;
		timer_arm(&session->timer, session->site->loop, LOOK_TWICE_MS, ask_whether_it_runs,
			  session);
		return;
	}
	session->kill_found_nothing = call->outcome == ENGINE_ALREADY;
	session_enter(session, session->kill_found_nothing ? SESSION_EXITED : SESSION_RUNNING);
}

/* Its process is not seen here: it has its number elsewhere, or is gone together with its monitor
 * while nobody looked, and then the engine says "running" for ever. A signal that does nothing to
 * what runs tells which. */
static void ask_whether_it_runs(void *arg)
{
	struct session *session = arg;

	engine_call_done(&session->call);
	engine_call_init(&session->call, on_asked_whether_it_runs, session);
	engine_kill(session->site->engine, &session->call, session->container_id, "CONT");
}

/* It runs, or did, by a start that was given up: its item is its own. */
static void take_back(struct session *session)
{
	session->must_not_start = session->was_judged = false;
	if (session->ack == ACK_NOT_OURS)
		session->ack = ACK_NOT_SENT;
	session->end = END_ITSELF;
}

/* What has no process here was looked at by whoever started it, or cannot be. */
static bool is_of_policy(const struct session *session, const struct container *container)
{
	_cleanup_free_ char *policy = plan_policy_label(session->site->config->policy);
	const char *own = container_label(container, "berth.policy");

	return session->process.pid > 0 && own && strcmp(own, policy) == 0;
}

static void on_adopted(struct engine_call *call, void *arg)
{
	struct session *session = arg;

	if (call->outcome == ENGINE_NOT_FOUND) {
		session_enter(session, SESSION_DONE);
		return;
	}
	if (call->outcome != ENGINE_OK) {
		session_retry(session);
		return;
	}
	log_adopted(session, &call->container);
	if (call->container.status == CONTAINER_CREATED) {
		if (session->must_not_start)
			session_enter(session, SESSION_REMOVING);
		else
			adopt_created(session, call);
		return;
	}
	if (session->must_not_start)
		take_back(session);
	engine_find_process(&call->container, &session->process);
	session->is_of_another_policy = !is_of_policy(session, &call->container);
	session->ran = true;
	if (call->container.status != CONTAINER_RUNNING)
		session_enter(session, SESSION_EXITED);
	else if (engine_starts_may_linger(session->site->engine) && session->process.pid == 0)
		ask_whether_it_runs(session);
	else
		session_enter(session, SESSION_RUNNING);
}

void step_adopting(struct session *session)
{
	session_inspect(session, on_adopted);
}
