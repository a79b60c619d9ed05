/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RUNNING, under a policy that lets a session write to the engine's disk and says how much: the
 * engine is asked now and then, because none of them limits it by itself (on ext4, or without
 * quotas). What is written between two looks may pass the limit.
 */
#include "session/steps.h"

#include <inttypes.h>
#include <stdio.h>

#define MEASURE_MS	 30000u
#define UNMEASURED_LOOKS 3 /* answers that do not tell it, before it counts as too much */

static void measure(void *arg);

static void measure_again(struct session *session)
{
	timer_arm(&session->disk_timer, session->site->loop, MEASURE_MS, measure, session);
}

static void end_it(struct session *session, int64_t written)
{
	char allowed[32], found[48] = "an amount that the engine does not tell";

	option_format_number(allowed, OPTION_SIZE, session->site->config->policy->disk_bytes);
	if (written >= 0)
		(void)snprintf(found, sizeof(found), "%" PRId64 " bytes", written);
	(void)snprintf(session->reason, sizeof(session->reason),
		       "it has written %s to disk, its policy allows %s", found, allowed);
	session_stop(session, END_DISK);
}

/* An engine that does not answer says nothing about what was written. */
static void on_measured(struct engine_call *call, void *arg)
{
	struct session *session = arg;
	int64_t written = call->container.written_bytes;
	bool is_running = call->outcome == ENGINE_OK && call->container.status == CONTAINER_RUNNING;

	engine_call_done(call); /* half a minute passes until the next one */
	if (!is_running) {
		measure_again(session);
		return;
	}
	session->unmeasured = written < 0 ? session->unmeasured + 1 : 0;
	if (written > session->site->config->policy->disk_bytes ||
	    session->unmeasured >= UNMEASURED_LOOKS)
		end_it(session, written);
	else
		measure_again(session);
}

static void measure(void *arg)
{
	struct session *session = arg;

	engine_call_done(&session->call);
	engine_call_init(&session->call, on_measured, session);
	engine_measure(session->site->engine, &session->call, session->container_id);
}

void session_measure(struct session *session)
{
	const struct policy *policy = session->site->config->policy;

	if (session->is_measured || policy->read_only_root || policy->disk_bytes == OPTION_NOT_SET)
		return;
	session->is_measured = true;
	session->unmeasured = 0;
	measure_again(session);
}
