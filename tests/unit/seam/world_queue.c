/* SPDX-License-Identifier: Apache-2.0 */
/* The work queue as far as one item is concerned. */
#include "base/cleanup.h"
#include "base/text.h"
#include "world_engine.h"

#include <stdio.h>

static void add_time(struct json_object *object, const char *key, int64_t at_ms)
{
	char text[32];

	text_format_time(text, at_ms);
	json_add(object, key, at_ms != 0 ? json_object_new_string(text) : NULL);
}

static struct json_object *render_item(const struct world_item *item)
{
	struct json_object *object = json_new_object();

	json_add_string(object, "id", "work_1");
	json_add_string(object, "state", work_state_name(item->state));
	add_time(object, "acknowledged_at", item->acknowledged_at_ms);
	add_time(object, "started_at", item->started_at_ms);
	add_time(object, "latest_heartbeat_at", item->latest_heartbeat_at_ms);
	return object;
}

struct fake_reply world_queue_answer(struct session_world *world, const char *call)
{
	_cleanup_(json_putp) struct json_object *reply = json_new_object();
	struct world_item *item = &world->item;

	if (strcmp(call, "ack") == 0) {
		if (item->state == WORK_STOPPED || item->state == WORK_STOPPING)
			return world_reply(world, 409, xstrdup(""));
		if (item->state == WORK_QUEUED) {
			item->state = WORK_STARTING;
			item->acknowledged_at_ms = loop_wall_ms(world->loop);
		}
		json_putp(&reply);
		reply = render_item(item);
	} else if (strcmp(call, "stop") == 0) {
		assert_true(item->latest_heartbeat_at_ms == 0 || world->may_stop_what_is_held);
		item->state = WORK_STOPPED;
		return world_reply(world, 204, xstrdup(""));
	} else {
		struct json_object *rows = json_new_array();
		json_append(rows, render_item(item));
		json_add(reply, "data", rows);
	}
	return world_reply(world, 200, xstrdup(json_line(reply)));
}
