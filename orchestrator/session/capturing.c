/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CAPTURING: keeping the end of the output of a container before it is removed. Whatever goes wrong
 * with it costs a warning and at most CAPTURE_TIMEOUT_MS: what has come by then is kept.
 */
#include "base/cleanup.h"
#include "engine/logs.h"
#include "session/captures.h"
#include "session/redacting.h"
#include "session/steps.h"

#include <errno.h>

#define CAPTURE_TIMEOUT_MS 5000u
#define SHORTEST_LINE	   10 /* of a transcript */

struct capture {
	struct engine_logs logs;
	struct redaction streams[OUTPUT_STREAMS];
	struct transcript transcript;
};

struct capture *capture_free(struct capture *capture)
{
	if (!capture)
		return NULL;
	engine_logs_done(&capture->logs);
	for (size_t i = 0; i < OUTPUT_STREAMS; i++)
		redaction_done(&capture->streams[i]);
	transcript_done(&capture->transcript);
	free(capture);
	return NULL;
}

void session_know_secrets(struct session *session, struct json_object *inspect)
{
	if (session->site->fleet->logs.size_bytes == 0)
		return;
	session->redactor = redactor_free(session->redactor);
	session->redactor = redactor_of_container(inspect, session->site->peer->key);
}

bool session_is_captured(const struct session *session)
{
	return session->redactor && session->ran && !session->is_removed;
}

static void keep_stdout(const char *data, size_t len, void *arg)
{
	transcript_add(arg, OUTPUT_STDOUT, data, len);
}

static void keep_stderr(const char *data, size_t len, void *arg)
{
	transcript_add(arg, OUTPUT_STDERR, data, len);
}

static void on_output(enum output_stream stream, const char *data, size_t len, void *arg)
{
	struct session *session = arg;

	redaction_feed(&session->capture->streams[stream], data, len);
}

static int write_capture(struct session *session, struct err *err)
{
	const struct fleet *fleet = session->site->fleet;
	struct transcript *transcript = &session->capture->transcript;
	_cleanup_free_ char *name = xasprintf("berth-%s", session->item.id);

	for (size_t i = 0; i < OUTPUT_STREAMS; i++)
		redaction_finish(&session->capture->streams[i]);
	transcript_finish(transcript);
	const struct capture_about about = {
		.environment = session->site->config->id,
		.session = session->item.session_id[0] ? session->item.session_id : NULL,
		.work = session->item.id,
		.container = session->container_id,
		.name = name,
		.exited_ms = session->times.exited,
		.exit_code = session->exit_code,
		.is_cut = transcript->is_cut,
	};
	return captures_write(fleet->state_dir, &about, &transcript->text, fleet->logs.keep, err);
}

static void finish(struct session *session, const struct err *trouble)
{
	struct log_ids ids = session_ids(session);
	struct err err;

	int r = write_capture(session, &err);
	if (trouble || r < 0)
		log_event(LOG_WARNING, "not_captured", &ids, NULL,
			  "the container's output is not kept, or not all of it: %s",
			  r < 0 ? err.text : trouble->text);
	session->redactor = redactor_free(session->redactor);
	session_judge_or_remove(session);
}

static void on_captured(struct engine_logs *logs, void *arg)
{
	finish(arg, logs->outcome == ENGINE_OK ? NULL : &logs->err);
}

static void on_too_slow(void *arg)
{
	struct err err;

	(void)err_set(&err, ERR_TEMPORARY, -ETIMEDOUT, "the engine took longer than %u s for it",
		      CAPTURE_TIMEOUT_MS / 1000);
	finish(arg, &err);
}

void step_capturing(struct session *session)
{
	size_t size = (size_t)session->site->fleet->logs.size_bytes;
	const struct logs_options options = {.tail = (int64_t)(size / SHORTEST_LINE + 1)};
	struct capture *capture = xcalloc(1, sizeof(*capture));

	session->capture = capture;
	transcript_init(&capture->transcript, size);
	redaction_init(&capture->streams[OUTPUT_STDOUT], session->redactor, keep_stdout,
		       &capture->transcript);
	redaction_init(&capture->streams[OUTPUT_STDERR], session->redactor, keep_stderr,
		       &capture->transcript);
	capture->logs.output = on_output;
	capture->logs.done = on_captured;
	capture->logs.arg = session;
	timer_arm(&session->timer, session->site->loop, CAPTURE_TIMEOUT_MS, on_too_slow, session);
	engine_logs(session->site->engine, &capture->logs, session->container_id, &options);
}
