/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VERIFYING: is the container what the plan asks for? Where the engine can, it is prepared first:
 * everything that a start needs is made, so that what would fail there fails here, and the kernel
 * is asked what will hold for its process. Nothing has been promised to anybody yet.
 */
#include "session/steps.h"

#define VERIFY_ATTEMPTS 5

static bool may_try_again(const struct engine_call *call, const struct session *session)
{
	bool may_pass = call->outcome == ENGINE_UNREACHABLE || call->outcome == ENGINE_UNKNOWN ||
			call->outcome == ENGINE_TROUBLE;

	return may_pass && session->attempts < VERIFY_ATTEMPTS;
}

static void on_verified(struct engine_call *call, void *arg)
{
	struct session *session = arg;
	struct engine *engine = session->site->engine;
	struct err err = call->err;

	if (call->outcome == ENGINE_OK && engine_verify(engine, session->plan, call, &err) == 0) {
		engine_find_process(&call->container, &session->process);
		session_enter(session, SESSION_ACKING);
	} else if (may_try_again(call, session)) {
		session_retry(session);
	} else {
		session_fail(session, BLAME_ENVIRONMENT, &err);
	}
}

static void inspect_whole(struct session *session)
{
	engine_call_done(&session->call);
	engine_call_init(&session->call, on_verified, session);
	engine_inspect_whole(session->site->engine, &session->call, session->container_id);
}

/* What a start would fail on: it costs nothing here. */
static void on_prepared(struct engine_call *call, void *arg)
{
	struct session *session = arg;
	struct err err = call->err;

	if (call->outcome == ENGINE_OK || call->outcome == ENGINE_ALREADY) {
		session->is_prepared = true;
		inspect_whole(session);
	} else if (may_try_again(call, session) &&
		   (call->outcome != ENGINE_TROUBLE || session->ack != ACK_NOT_SENT)) {
		/* An item that is acked already is worth more than one try. */
		session_retry(session);
	} else {
		session_fail(session, BLAME_ENVIRONMENT, &err);
	}
}

void step_verifying(struct session *session)
{
	if (engine_prepares(session->site->engine) && !session->is_prepared)
		session_prepare(session, on_prepared);
	else
		inspect_whole(session);
}
