/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/logs.h"

#include "base/cleanup.h"
#include "engine/answer.h"
#include "engine/connection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static bool on_data(const char *data, size_t len, void *arg)
{
	struct engine_logs *logs = arg;

	logs->is_broken = !frames_feed(&logs->frames, data, len, logs->output, logs->arg);
	return !logs->is_broken;
}

static void on_end(struct http_request *request, void *arg)
{
	struct engine_logs *logs = arg;
	const struct dialect *dialect = logs->engine->probe.dialect;

	if (logs->is_broken)
		logs->outcome =
			answer_is_malformed(dialect, OPERATION_LOGS, logs->subject, &logs->err);
	else
		logs->outcome = answer_judge(dialect, OPERATION_LOGS, request, logs->subject, NULL,
					     &logs->err);
	http_request_done(request);
	logs->done(logs, logs->arg);
}

static void be_unreachable(void *arg)
{
	struct engine_logs *logs = arg;

	logs->outcome = ENGINE_UNREACHABLE;
	(void)err_set(&logs->err, ERR_TEMPORARY, -ENOTCONN, "the engine has not answered yet");
	logs->done(logs, logs->arg);
}

void engine_logs(struct engine *engine, struct engine_logs *logs, const char *id,
		 const struct logs_options *options)
{
	const struct probe *probe = &engine->probe;
	struct http_request *request = &logs->request;
	char tail[24] = "all";

	engine_logs_done(logs);
	logs->engine = engine;
	logs->frames = (struct frames){0};
	logs->is_broken = false;
	logs->err = (struct err){0};
	(void)snprintf(logs->subject, sizeof(logs->subject), "%.12s", id);
	if (!probe->dialect) {
		timer_arm(&logs->later, engine->loop, 0, be_unreachable, logs);
		return;
	}
	if (options->tail >= 0)
		(void)snprintf(tail, sizeof(tail), "%" PRId64, options->tail);
	const char *const arguments[] = {id, options->follow ? "true" : "false", tail};
	http_request_init(request, probe->dialect->routes[OPERATION_LOGS].method,
			  dialect_url(probe->dialect, probe->api, OPERATION_LOGS, arguments));
	request->max_reply = BUF_MAX_ENGINE_REPLY; /* of a refusal */
	request->is_fresh = engine_uses_fresh_connections(engine);
	request->on_data = on_data;
	request->done = on_end;
	request->arg = logs;
	lane_submit(engine->outputs, request);
}

void engine_logs_done(struct engine_logs *logs)
{
	timer_cancel(&logs->later);
	http_request_done(&logs->request);
}
