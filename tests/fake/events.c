/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event is one JSON object, printed once; whoever follows gets the line when its filters match
 * the object. A rule may swallow an event, repeat it or hold it back; held back, it keeps its own
 * time and comes out of order, as a late event would. Docker keeps the last 256 for who comes
 * late, Podman keeps them all, in a file.
 */
#include "events.h"

#include "filters.h"
#include "handlers.h"
#include "route.h"
#include "rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define HISTORY 256

struct event {
	struct engine *engine;
	struct json_object *object;
	char *line;	   /* since API 1.52 */
	char *legacy_line; /* before: with status, id and from beside Action and Actor */
	double time;
	struct timer timer;
	struct event *prev;
	struct event *next;
};

struct follower {
	struct engine *engine;
	struct stream *stream;
	struct json_object *filters;
	bool legacy;
	struct timer until;
	struct follower *prev;
	struct follower *next;
};

struct events {
	struct event *history;
	size_t kept;
	struct event *held_back;
	struct follower *followers;
	int64_t count;
};

struct events *events_new(void)
{
	return xcalloc(1, sizeof(struct events));
}

static void event_free(struct event *event)
{
	timer_stop(event->engine->loop, &event->timer);
	json_object_put(event->object);
	free(event->line);
	free(event->legacy_line);
	free(event);
}

static void free_list(struct event **list)
{
	struct event *event, *next;

	DL_FOREACH_SAFE(*list, event, next)
	{
		DL_DELETE(*list, event);
		event_free(event);
	}
}

void events_forget(struct engine *engine)
{
	free_list(&engine->events->history);
	free_list(&engine->events->held_back);
	engine->events->kept = 0;
}

void events_free(struct events *events)
{
	free_list(&events->history);
	free_list(&events->held_back);
	free(events);
}

static bool event_matches(const struct event *event, struct json_object *filters)
{
	struct json_object *actor = json_member(event->object, "Actor");
	struct json_object *attributes = json_member(actor, "Attributes");
	const char *id = json_text(actor, "ID", "");
	const char *action = json_text(event->object, "Action", "");

	/* Podman's filters call "died" what its events call "die" (4.3.1). */
	if (event->engine->options.podman && strcmp(action, "die") == 0)
		action = "died";

	return filters_match(filters, "type", json_text(event->object, "Type", "")) &&
	       filters_match(filters, "event", action) &&
	       filters_match(filters, "image", json_text(attributes, "image", "")) &&
	       filters_match_labels(filters, attributes) &&
	       (filters_match_prefix(filters, "container", id) ||
		filters_match(filters, "container", json_text(attributes, "name", "")));
}

static void send_line(struct stream *stream, const char *line)
{
	stream_add(stream, line, strlen(line));
	stream_add(stream, "\n", 1);
}

static void send_event(const struct follower *follower, const struct event *event)
{
	if (event_matches(event, follower->filters))
		send_line(follower->stream, follower->legacy ? event->legacy_line : event->line);
}

static void publish(struct event *event)
{
	struct events *events = event->engine->events;
	struct follower *follower;

	DL_APPEND(events->history, event);
	if (++events->kept > HISTORY && !event->engine->options.podman) {
		struct event *oldest = events->history;

		DL_DELETE(events->history, oldest);
		event_free(oldest);
		events->kept--;
	}
	DL_FOREACH(events->followers, follower)
	send_event(follower, event);
}

static void on_held_back(void *arg)
{
	struct event *event = arg;

	DL_DELETE(event->engine->events->held_back, event);
	publish(event);
}

/* The fields of the time before API 1.22, in front as Docker has them. */
static char *legacy_line(const struct container *container, const char *action, const char *line)
{
	struct text text = {0};

	text_addf(&text, "{\"status\":\"%s\",\"id\":\"%s\",\"from\":", action, container->id);
	text_add_json(&text, container->image);
	text_addf(&text, ",%s", line + 1);
	return text.data;
}

/* Podman tells of an exit code with every event; it is the real one only with "die". */
static void add_podman_attributes(struct json_object *attributes)
{
	json_put(attributes, "containerExitCode", json_text(attributes, "exitCode", "0"));
	json_put(attributes, "podId", "");
}

static struct event *event_new(struct container *container, const char *action, const char *key,
			       const char *value)
{
	struct event *event = xcalloc(1, sizeof(*event));
	struct json_object *object = json_object_new_object();
	struct json_object *actor = json_object_new_object();
	struct json_object *attributes = json_object_new_object();
	struct timespec t = now();

	json_object_object_foreach (container->labels, label, text)
		json_object_object_add(attributes, label, json_object_get(text));
	if (key)
		json_put(attributes, key, value);
	if (container->engine->options.podman)
		add_podman_attributes(attributes);
	json_put(attributes, "image", container->image);
	json_put(attributes, "name", container->name);
	json_put(actor, "ID", container->id);
	json_object_object_add(actor, "Attributes", attributes);
	json_put(object, "Type", "container");
	json_put(object, "Action", action);
	json_object_object_add(object, "Actor", actor);
	json_put(object, "scope", "local");
	json_object_object_add(object, "time", json_object_new_int64(t.tv_sec));
	json_object_object_add(object, "timeNano",
			       json_object_new_int64(t.tv_sec * INT64_C(1000000000) + t.tv_nsec));
	event->engine = container->engine;
	event->object = object;
	event->line = xstrdup(json_line(object));
	event->legacy_line = legacy_line(container, action, event->line);
	event->time = timespec_seconds(t);
	return event;
}

void event_emit(struct container *container, const char *action, const char *key, const char *value)
{
	struct engine *engine = container->engine;
	struct json_object *rule = rules_for_event(engine, container, action);
	int64_t copies = 1 + json_number(rule, "duplicate", 0);
	int64_t delay_ms = json_number(rule, "delay_ms", 0);

	if (json_flag(rule, "suppress"))
		copies = 0;
	for (int64_t i = 0; i < copies; i++) {
		struct event *event = event_new(container, action, key, value);

		if (delay_ms) {
			DL_APPEND(engine->events->held_back, event);
			timer_start(engine->loop, &event->timer, delay_ms, on_held_back, event);
		} else {
			publish(event);
		}
	}
	json_object_put(rule);
}

void events_send_raw(struct engine *engine, const char *line)
{
	struct follower *follower;

	DL_FOREACH(engine->events->followers, follower)
	send_line(follower->stream, line);
}

void events_close(struct engine *engine, bool cut)
{
	struct follower *follower;

	DL_FOREACH(engine->events->followers, follower)
	{
		if (cut)
			stream_break(follower->stream);
		else
			stream_end(follower->stream);
	}
}

int64_t events_followers(const struct engine *engine)
{
	return engine->events->count;
}

static void on_released(struct stream *stream, void *arg)
{
	struct follower *follower = arg;

	(void)stream;
	timer_stop(follower->engine->loop, &follower->until);
	DL_DELETE(follower->engine->events->followers, follower);
	follower->engine->events->count--;
	json_object_put(follower->filters);
	free(follower);
}

static void on_until(void *arg)
{
	struct follower *follower = arg;

	stream_end(follower->stream);
}

/* Sends the kept events of the time asked for; true when more may follow. */
static bool replay(struct follower *follower, double since, double until)
{
	const struct event *event;
	double left = until - timespec_seconds(now());

	if (since >= 0) {
		DL_FOREACH(follower->engine->events->history, event)
		{
			if (event->time >= since && (until < 0 || event->time <= until))
				send_event(follower, event);
		}
	}
	if (until >= 0 && left > 0)
		timer_start(follower->engine->loop, &follower->until, (int64_t)(left * 1000),
			    on_until, follower);
	return until < 0 || left > 0;
}

/* Seconds with a fraction, as in "1795367240.5"; -1 when absent. Replies when it is no number. */
static bool time_arg(struct request *request, const char *key, double *ret_time)
{
	const char *text = request_arg(request, key);
	char *end = NULL;

	*ret_time = -1;
	if (!text || !*text)
		return true;
	*ret_time = strtod(text, &end);
	if (*end == '\0')
		return true;
	reply_error(request, 500, "strconv.ParseInt: parsing \"%s\": invalid syntax", text);
	return false;
}

/*
 * Since API 1.52 (Docker 29) the old fields are left out and the type is application/x-ndjson:
 * changelog of the API, moby pull requests 50832 and 50953.
 */
void handle_events(struct request *request)
{
	struct engine *engine = request->engine;
	struct json_object *filters;
	struct follower *follower;
	double since, until;

	if (!time_arg(request, "since", &since) || !time_arg(request, "until", &until) ||
	    !filters_parse(request, &filters))
		return;
	follower = xcalloc(1, sizeof(*follower));
	follower->engine = engine;
	follower->filters = filters;
	follower->legacy = route_version_below(request, "1.52");
	follower->stream = stream_new(engine->loop, on_released, follower);
	DL_APPEND(engine->events->followers, follower);
	engine->events->count++;
	if (!replay(follower, since, until))
		stream_end(follower->stream);
	reply_stream(request, follower->legacy ? "application/json" : "application/x-ndjson",
		     follower->stream);
}
