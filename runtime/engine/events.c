/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one event stream of an engine. Bytes arrive inside the network's callback, where nothing may
 * be submitted; so events wait in a short list and are told from a timer. What is lost (a line too
 * long, a list too full) costs a resync, not an event: events are only hints.
 *
 * A stream without traffic is normal and has no time limit. That its peer still lives is what the
 * periodic ping and resync find out.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "engine/answer.h"
#include "engine/connection.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_WAITING    1024
#define REPLAY_SECONDS 2 /* before the subscription; the engine's clock is this machine's */

static void deliver(void *arg)
{
	struct engine *engine = arg;
	struct event_stream *stream = &engine->events;
	_cleanup_free_ struct engine_event *events = TAKE(stream->waiting);
	size_t count = stream->waiting_count;
	bool has_lost_some = stream->has_lost_some;

	stream->waiting_count = 0;
	stream->has_lost_some = false;
	for (size_t i = 0; i < count; i++)
		engine->owner.event(engine, events[i].container_id, events[i].action,
				    engine->owner.arg);
	if (has_lost_some)
		engine->owner.resync(engine, engine->owner.arg);
}

static void on_line(const char *line, size_t len, void *arg)
{
	struct engine *engine = arg;
	struct event_stream *stream = &engine->events;
	struct engine_event event;

	int r = event_parse(engine->probe.dialect, line, len, &event);
	if (r < 0) {
		log_event(LOG_DEBUG, "engine", NULL, NULL,
			  "%zu bytes in the event stream are no event, ignoring", len);
	}
	if (r <= 0)
		return;
	if (stream->waiting_count == MAX_WAITING) {
		stream->has_lost_some = true;
		return;
	}
	/* As a rule one event waits: room for MAX_WAITING would be 80 KB. */
	stream->waiting =
		xreallocarray(stream->waiting, stream->waiting_count + 1, sizeof(*stream->waiting));
	stream->waiting[stream->waiting_count++] = event;
}

static bool on_data(const char *data, size_t len, void *arg)
{
	struct engine *engine = arg;
	struct event_stream *stream = &engine->events;

	if (lines_feed(&stream->lines, data, len, on_line, engine) > 0)
		stream->has_lost_some = true;
	if (stream->waiting_count > 0 || stream->has_lost_some)
		timer_arm(&stream->deliver, engine->loop, 0, deliver, engine);
	return true;
}

static void on_accepted(void *arg)
{
	connection_stream_accepted(arg);
}

static void on_end(struct http_request *request, void *arg)
{
	struct engine *engine = arg;
	struct err err = {0};

	if (answer_judge(engine->probe.dialect, OPERATION_EVENTS, request, NULL, NULL, &err) ==
	    ENGINE_OK)
		(void)err_set(&err, ERR_TEMPORARY, -ECONNRESET, "events: the engine ended them");
	(void)log_err(LOG_DEBUG, "engine", NULL, &err);
	http_request_done(request);
	lines_done(&engine->events.lines);
	engine->events.is_open = false;
	connection_stream_ended(engine, &err);
}

void events_start(struct engine *engine)
{
	struct event_stream *stream = &engine->events;
	struct http_request *request = &stream->request;
	_cleanup_free_ char *filters = dialect_filters(engine->instance, true);
	char since[32];

	if (stream->is_open)
		return;
	(void)snprintf(since, sizeof(since), "%lld",
		       (long long)(loop_wall_ms(engine->loop) / 1000 - REPLAY_SECONDS));
	http_request_init(request, engine->probe.dialect->routes[OPERATION_EVENTS].method,
			  engine_url(engine, OPERATION_EVENTS, since, filters));
	request->max_reply = BUF_MAX_ENGINE_REPLY; /* of a refusal */
	request->is_fresh = engine_uses_fresh_connections(engine);
	request->done = on_end;
	request->on_data = on_data;
	request->on_accepted = on_accepted;
	request->arg = engine;
	lines_init(&stream->lines, BUF_MAX_EVENT_LINE);
	stream->is_open = true;
	lane_submit(engine->streams, request);
}

void events_stop(struct engine *engine)
{
	struct event_stream *stream = &engine->events;

	http_request_done(&stream->request);
	lines_done(&stream->lines);
	timer_cancel(&stream->deliver);
	free(TAKE(stream->waiting));
	stream->waiting_count = 0;
	stream->has_lost_some = false;
	stream->is_open = false;
}
