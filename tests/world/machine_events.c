/* SPDX-License-Identifier: Apache-2.0 */
/* Event streams: each line may be late, come twice, or never. */
#include "base/cleanup.h"
#include "world/machine_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define KEPT	1024u /* events that can be asked for again */
#define LATE_MS 60000u

struct news {
	struct machine *machine;
	char *line, *instance;
	int64_t at_s;
	struct sim_event late;
	struct news *prev, *next;
};

static void push(struct machine *machine, const char *line, const char *instance)
{
	struct stream *stream;

	DL_FOREACH(machine->streams, stream)
	if (!stream->instance || (instance && strcmp(stream->instance, instance) == 0))
		wire_push(stream->call, line, strlen(line));
}

static void on_late(void *arg)
{
	struct news *news = arg;

	push(news->machine, news->line, news->instance);
}

static void forget_oldest(struct machine *machine)
{
	struct news *news = machine->news;

	sim_cancel(machine->sim, &news->late);
	DL_DELETE(machine->news, news);
	free(news->line);
	free(news->instance);
	free(news);
	machine->news_count--;
}

void events_tell(struct machine_container *container, const char *action)
{
	struct machine *machine = container->machine;
	const char *instance = machine_label(container, "berth.instance");
	const struct machine_trouble *trouble = &machine->trouble;

	if (machine->forgets_news)
		return;
	struct news *news = xcalloc(1, sizeof(*news));
	news->machine = machine;
	news->at_s = machine_wall_ms(machine) / 1000;
	news->instance = xstrdup_or_null(instance);
	news->line = xasprintf("{\"Type\":\"container\",\"Action\":\"%s\",\"Actor\":{\"ID\":\"%s\","
			       "\"Attributes\":{}},\"scope\":\"local\",\"time\":%" PRId64 "}\n",
			       action, container->id, news->at_s);
	DL_APPEND(machine->news, news);
	if (++machine->news_count > KEPT)
		forget_oldest(machine);
	if (sim_chance(machine->sim, trouble->event_lost))
		return;
	if (sim_chance(machine->sim, trouble->event_late)) {
		sim_at(machine->sim, &news->late, sim_random_scale(machine->sim, 100, LATE_MS),
		       on_late, news);
		return;
	}
	push(machine, news->line, instance);
	if (sim_chance(machine->sim, trouble->event_twice))
		sim_at(machine->sim, &news->late, sim_random_scale(machine->sim, 1, LATE_MS),
		       on_late, news);
}

static void stream_free(struct stream *stream)
{
	DL_DELETE(stream->machine->streams, stream);
	free(stream->instance);
	free(stream);
}

static void on_gone(struct wire_call *call)
{
	stream_free(call->peer_state);
}

void events_open(struct machine *machine, struct wire_call *call)
{
	struct stream *stream = xcalloc(1, sizeof(*stream));
	const char *since = strstr(call->path, "since=");
	int64_t since_s = since ? strtoll(since + strlen("since="), NULL, 10) : INT64_MAX;
	const struct news *news;

	stream->machine = machine;
	stream->call = call;
	stream->instance = filtered_instance(call->path);
	call->peer_state = stream;
	call->gone = on_gone;
	DL_APPEND(machine->streams, stream);
	DL_FOREACH(machine->news, news)
	if (news->at_s >= since_s && !news->late.place &&
	    (!stream->instance ||
	     (news->instance && strcmp(stream->instance, news->instance) == 0)))
		wire_push(call, news->line, strlen(news->line));
}

void events_cut(struct machine *machine)
{
	while (machine->streams) {
		struct wire_call *call = machine->streams->call;
		stream_free(machine->streams);
		wire_cut(call);
	}
}

void events_forget(struct machine *machine)
{
	while (machine->news)
		forget_oldest(machine);
}
