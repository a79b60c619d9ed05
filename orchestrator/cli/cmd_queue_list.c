/* SPDX-License-Identifier: Apache-2.0 */
/* The items of each queue, as the control plane describes them. */
#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/columns.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/queue_each.h"
#include "cli/shared_flags.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct list_flags {
	const char *output, *state;
	struct fleet_flags fleet;
};

static const struct flag list_flag_rows[] = {
	{.name = "output",
	 .letter = 'o',
	 .type = FLAG_CHOICE,
	 .offset = offsetof(struct list_flags, output),
	 .argument = "table|json",
	 .help = "how to print it"},
	{.name = "state",
	 .type = FLAG_CHOICE,
	 .offset = offsetof(struct list_flags, state),
	 .argument = "queued|starting|active|stopping|stopped",
	 .help = "only items in this state"},
	{.name = NULL},
};

struct list {
	const struct list_flags *flags;
	struct columns table;
	struct json_object *items;
};

/* What a peer says, without what a terminal would take for more than text. The caller's. */
static char *printable(const char *text)
{
	char *copy = xstrdup_or_null(text);

	for (char *p = copy; p && *p; p++)
		if (!isgraph((unsigned char)*p))
			*p = '?';
	return copy;
}

/* How long ago that was by the control plane's clock; NULL: never, or not known. */
static char *age(const struct enquiry *enquiry, struct json_object *item, const char *key)
{
	const char *when = json_get_string(item, key);
	int64_t now_ms = enquiry->call.server_time_ms, at_ms;
	char text[32];

	if (!when || text_parse_time(when, &at_ms) < 0)
		return NULL;
	if (now_ms == 0)
		now_ms = loop_wall_ms(enquiry->loop);
	text_format_duration(text, now_ms > at_ms ? (now_ms - at_ms) / 1000 * 1000 : 0);
	return xstrdup(text);
}

/* The session of an item that is one; of another its type. */
static const char *session_of(struct json_object *item)
{
	struct json_object *data = json_get_object(item, "data");
	const char *type = json_get_string(data, "type");

	return type && strcmp(type, "session") != 0 ? NULL : json_get_string(data, "id");
}

static void add_row(struct list *list, const struct enquiry *enquiry, struct json_object *item)
{
	_cleanup_free_ char *id = printable(json_get_string(item, "id"));
	_cleanup_free_ char *state = printable(json_get_string(item, "state"));
	_cleanup_free_ char *session = printable(session_of(item));
	_cleanup_free_ char *created = age(enquiry, item, "created_at");
	_cleanup_free_ char *acked = age(enquiry, item, "acknowledged_at");
	_cleanup_free_ char *beat = age(enquiry, item, "latest_heartbeat_at");
	const char *const cells[] = {enquiry->peer.name, id, session, state, created, acked, beat};

	columns_add(&list->table, cells);
}

static void add_object(struct list *list, const struct enquiry *enquiry, struct json_object *item)
{
	static const struct {
		const char *ours, *theirs;
	} times[] = {
		{"created", "created_at"},
		{"acknowledged", "acknowledged_at"},
		{"started", "started_at"},
		{"latest_heartbeat", "latest_heartbeat_at"},
		{"stop_requested", "stop_requested_at"},
		{"stopped", "stopped_at"},
	};
	struct json_object *object = json_new_object(), *data = json_get_object(item, "data");

	json_add_string(object, "environment", enquiry->peer.environment_id);
	json_add_string(object, "work", json_get_string(item, "id"));
	json_add_string(object, "state", json_get_string(item, "state"));
	json_add_string(object, "type", json_get_string(data, "type"));
	json_add_string(object, "session", session_of(item));
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		json_add_string(object, times[i].ours, json_get_string(item, times[i].theirs));
	json_append(list->items, object);
}

static void add_page(struct list *list, const struct enquiry *enquiry)
{
	struct json_object *rows = json_get_array(enquiry->call.json, "data");

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *item = json_object_array_get_idx(rows, i);
		const char *state = json_get_string(item, "state");
		if (list->flags->state && (!state || strcmp(state, list->flags->state) != 0))
			continue;
		add_row(list, enquiry, item);
		add_object(list, enquiry, item);
	}
}

static int ask(struct enquiry *enquiry, const struct environment *environment, void *arg)
{
	_cleanup_free_ char *page = NULL;

	(void)environment;
	do {
		if (!enquiry_list(enquiry, page))
			return queue_complain("queue list", enquiry);
		add_page(arg, enquiry);
	} while (!enquiry_is_last_page(enquiry, &page));
	return EXIT_DONE;
}

static int run_list(int argc, char **argv)
{
	static const char *const titles[] = {"ENVIRONMENT", "WORK",  "SESSION",	 "STATE",
					     "AGE",	    "ACKED", "HEARTBEAT"};
	struct list_flags flags = {.output = "table"};
	struct list list = {.flags = &flags};
	int exit_code;

	if (!flags_parse(&command_queue_list, &flags, argc, argv, &exit_code))
		return exit_code;
	columns_init(&list.table, titles, ARRAY_SIZE(titles));
	list.items = json_new_array();
	exit_code = queue_each(&(struct queue_command){
		.name = "queue list", .flags = &flags.fleet, .ask = ask, .arg = &list});
	if (exit_code == EXIT_DONE || list.table.cell_count > 0) {
		if (strcmp(flags.output, "json") == 0)
			printf("%s\n", json_line(list.items));
		else
			columns_print(&list.table);
	}
	columns_done(&list.table);
	json_object_put(list.items);
	return exit_code;
}

static const struct flag_group list_groups[] = {
	{list_flag_rows, 0},
	{config_flags, offsetof(struct list_flags, fleet)},
	{key_flags, offsetof(struct list_flags, fleet)},
	{NULL},
};

const struct command command_queue_list = {
	.name = "queue list",
	.summary = "list the items of the queues",
	.description =
		"Lists the work items of each environment, also those that are stopped, with "
		"how long ago each was\nqueued, acked, and last held by a worker. Takes the "
		"environment's key alone.",
	.groups = list_groups,
	.run = run_list,
};
