/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/plane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* What has stopped is listed for so long: whoever wants to know has asked by then. */
#define REMEMBERED_SECONDS 10

/* {"sessions_token":"sk-ant-req-bench"} */
#define SECRET "eyJzZXNzaW9uc190b2tlbiI6InNrLWFudC1yZXEtYmVuY2gifQ"

void plane_init(struct plane *plane, size_t environments, double session_seconds)
{
	*plane = (struct plane){
		.environments = xcalloc(environments, sizeof(*plane->environments)),
		.environment_count = environments,
		.session_seconds = session_seconds,
	};
	for (size_t i = 0; i < environments; i++)
		plane->environments[i].last = &plane->environments[i].first;
}

void plane_done(struct plane *plane)
{
	for (size_t i = 0; i < plane->item_count; i++)
		free(plane->items[i]);
	free(plane->items);
	free(plane->environments);
}

static double now_seconds(void)
{
	return timespec_seconds(now());
}

static struct item *add_item(struct plane *plane)
{
	if (plane->item_count == plane->item_capacity) {
		plane->item_capacity = plane->item_capacity ? plane->item_capacity * 2 : 1024;
		plane->items =
			reallocarray(plane->items, plane->item_capacity, sizeof(struct item *));
		if (!plane->items)
			abort();
	}
	struct item *item = xcalloc(1, sizeof(*item));
	item->number = plane->item_count;
	plane->items[plane->item_count++] = item;
	return item;
}

void plane_queue(struct plane *plane, size_t number, size_t count)
{
	struct environment *environment = &plane->environments[number];
	double queued = now_seconds();

	for (size_t i = 0; i < count; i++) {
		struct item *item = add_item(plane);
		item->environment = number;
		item->queued = queued;
		*environment->last = item;
		environment->last = &item->next;
		struct poll_wait *wait = environment->waits;
		if (wait) {
			DL_DELETE(environment->waits, wait);
			wait->is_waiting = false;
			wait->wake(wait);
		}
	}
}

struct item *plane_poll(struct plane *plane, size_t number)
{
	struct environment *environment = &plane->environments[number];
	struct item *item = environment->first;

	if (!item) {
		plane->empty_polls++;
		return NULL;
	}
	environment->first = item->next;
	if (!environment->first)
		environment->last = &environment->first;
	item->next = NULL;
	item->polled = now_seconds();
	return item;
}

struct item *plane_find(struct plane *plane, const char *id)
{
	char *end;

	if (strncmp(id, "work_", 5) != 0)
		return NULL;
	unsigned long number = strtoul(id + 5, &end, 10);
	return *end == '\0' && number < plane->item_count ? plane->items[number] : NULL;
}

void plane_ack(struct plane *plane, struct item *item)
{
	plane->acks++;
	item->acked = now_seconds();
	if (plane->session_seconds >= 0)
		item->stopped = item->acked + plane->session_seconds;
}

void plane_stop(struct plane *plane, struct item *item)
{
	plane->stops++;
	item->stopped = now_seconds();
}

/* Adds `,"key":"2026-..."`, or null for a time that has not come. */
static void add_time(struct text *into, const char *key, double seconds, double until)
{
	struct timespec time = {.tv_sec = (time_t)seconds};
	char text[40];

	time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
	time_text(time, text);
	if (seconds > 0 && seconds <= until)
		text_addf(into, ",\"%s\":\"%s\"", key, text);
	else
		text_addf(into, ",\"%s\":null", key);
}

/* As of the moment `when`: its worker's first heartbeat comes with the next look at it. */
static void show(const struct item *item, const char *secret, double when, bool beats,
		 struct text *into)
{
	bool is_over = item->stopped > 0 && item->stopped <= when;
	const char *state = item->acked == 0 ? "queued"
			    : !beats	     ? "starting"
			    : is_over	     ? "stopped"
					     : "active";

	text_addf(into,
		  "{\"id\":\"work_%zu\",\"type\":\"work\",\"state\":\"%s\","
		  "\"environment_id\":\"env_%zu\","
		  "\"data\":{\"type\":\"session\",\"id\":\"sesn_%zu\"},\"metadata\":{}",
		  item->number, state, item->environment, item->number);
	add_time(into, "created_at", item->queued, when);
	add_time(into, "acknowledged_at", item->acked, when);
	add_time(into, "latest_heartbeat_at", beats ? item->acked : 0, when);
	add_time(into, "stopped_at", beats ? item->stopped : 0, when);
	if (secret)
		text_addf(into, ",\"secret\":\"%s\"}", secret);
	else
		text_adds(into, ",\"secret\":null}");
}

void plane_show(const struct plane *plane, const struct item *item, bool with_secret,
		struct text *into)
{
	(void)plane;
	show(item, with_secret ? SECRET : NULL, now_seconds(), false, into);
}

static bool is_long_over(const struct item *item, double when)
{
	return item->stopped > 0 && item->stopped + REMEMBERED_SECONDS < when;
}

void plane_list(struct plane *plane, size_t environment, size_t from, size_t limit,
		struct text *into)
{
	double when = now_seconds();
	size_t shown = 0, at;

	plane->lists++;
	while (plane->first_live < plane->item_count &&
	       is_long_over(plane->items[plane->first_live], when))
		plane->first_live++;
	text_adds(into, "{\"data\":[");
	for (at = from > plane->first_live ? from : plane->first_live;
	     at < plane->item_count && shown < limit; at++) {
		const struct item *item = plane->items[at];
		if (item->environment != environment || is_long_over(item, when))
			continue;
		text_adds(into, shown++ > 0 ? "," : "");
		show(item, NULL, when, item->acked > 0, into);
	}
	if (at < plane->item_count)
		text_addf(into, "],\"next_page\":\"%zu\"}", at);
	else
		text_adds(into, "],\"next_page\":null}");
}

void plane_tell(const struct plane *plane, struct text *into)
{
	text_adds(into, "[");
	for (size_t i = 0; i < plane->item_count; i++) {
		const struct item *item = plane->items[i];
		text_addf(into, "%s[%zu,%.6f,%.6f,%.6f]", i > 0 ? "," : "", i, item->queued,
			  item->polled, item->acked);
	}
	text_adds(into, "]");
}
