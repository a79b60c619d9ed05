/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RUNNING, once: does the kernel say of the container's process what its policy promises? The
 * engine's word was compared before the work item was taken; this is what it did. A session that
 * has more is ended at once, as nobody knows what it can reach.
 */
#include "session/steps.h"

#include <errno.h>
#include <stdio.h>

/* A process becomes what it shall be step by step: until its program runs, its runtime does, and
 * has not given up everything yet. So a promise is broken when it is at each of these looks. */
#define LOOKS	 6
#define FIRST_MS 20u

static void look(void *arg);

static void end_it(struct session *session, const struct err *err)
{
	(void)snprintf(session->reason, sizeof(session->reason), "%.150s", err->text);
	session->site->launch_failed(session, BLAME_ENVIRONMENT, err, session->site->arg);
	session_stop(session, END_PROMISE);
}

static void say_unseen(struct session *session, const struct err *err)
{
	struct log_ids ids = session_ids(session);

	if (engine_notes_unseen(session->site->engine))
		log_event(LOG_INFO, "unseen", &ids, NULL,
			  "what holds for the sessions' processes cannot be read here, and the "
			  "engine's own account of them is all there is: %s",
			  err->text);
}

/* 20 ms, 40 ms ... 320 ms */
static void look_again(struct session *session)
{
	uint64_t pause_ms = FIRST_MS << (session->proof_looks - 1);

	timer_arm(&session->proof_timer, session->site->loop, pause_ms, look, session);
}

static void look(void *arg)
{
	struct session *session = arg;
	struct err err;

	int r = engine_prove_running(session->site->engine, session->site->config->policy,
				     session->container_id, &session->proof_process, &err);
	if (r == 0 || r == -ESRCH)
		return; /* kept, or over */
	if (r != -EPERM)
		say_unseen(session, &err);
	else if (++session->proof_looks < LOOKS)
		look_again(session);
	else
		end_it(session, &err);
}

static void on_process_known(struct engine_call *call, void *arg)
{
	struct session *session = arg;
	struct err err;

	bool is_running = call->outcome == ENGINE_OK && call->container.status == CONTAINER_RUNNING;
	if (is_running)
		engine_find_process(&call->container, &session->proof_process);
	engine_call_done(call); /* a long time may pass until the next one */
	if (!is_running)
		return; /* its exit tells more, or the engine is away: see the next start */
	if (session->proof_process.pid > 0) {
		look(session);
		return;
	}
	(void)err_set(&err, ERR_ENGINE, -ENOENT,
		      "the engine numbers its processes elsewhere (another host, or another name "
		      "space of processes)");
	say_unseen(session, &err);
}

void session_prove(struct session *session)
{
	if (session->is_proven || session->is_of_another_policy)
		return;
	session->is_proven = true;
	session->proof_looks = 0;
	session->proof_process = session->process;
	if (session->proof_process.pid > 0)
		look(session);
	else
		session_inspect(session, on_process_known);
}
