/* SPDX-License-Identifier: Apache-2.0 */
/* How much waits in each queue, and who asks for it. */
#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/columns.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/queue_each.h"
#include "cli/shared_flags.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct stats_flags {
	const char *output;
	struct fleet_flags fleet;
};

static const struct flag stats_flag_rows[] = {
	{.name = "output",
	 .letter = 'o',
	 .type = FLAG_CHOICE,
	 .offset = offsetof(struct stats_flags, output),
	 .argument = "table|json",
	 .help = "how to print it"},
	{.name = NULL},
};

struct stats {
	struct columns table;
	struct json_object *list;
};

/* A number as text, "-" for what the control plane does not say. */
static char *number(struct json_object *object, const char *key)
{
	int64_t value = json_get_int(object, key, -1);

	return value < 0 ? NULL : xasprintf("%" PRId64, value);
}

/* How long the oldest item waits, by the control plane's own clock. */
static char *oldest_age(const struct enquiry *enquiry, const char *oldest)
{
	int64_t now_ms = enquiry->call.server_time_ms, at_ms;
	char text[32];

	if (!oldest || text_parse_time(oldest, &at_ms) < 0)
		return NULL;
	if (now_ms == 0)
		now_ms = loop_wall_ms(enquiry->loop);
	text_format_duration(text, now_ms > at_ms ? (now_ms - at_ms) / 1000 * 1000 : 0);
	return xstrdup(text);
}

static void add_row(struct stats *stats, const struct enquiry *enquiry)
{
	struct json_object *json = enquiry->call.json;
	_cleanup_free_ char *depth = number(json, "depth"), *pending = number(json, "pending");
	_cleanup_free_ char *workers = number(json, "workers_polling");
	_cleanup_free_ char *oldest =
		oldest_age(enquiry, json_get_string(json, "oldest_queued_at"));
	const char *const cells[] = {enquiry->peer.name, depth, pending, oldest, workers};

	columns_add(&stats->table, cells);
}

static void add_number(struct json_object *into, const char *name, struct json_object *from,
		       const char *key)
{
	int64_t value = json_get_int(from, key, -1);

	if (value >= 0)
		json_add_int(into, name, value);
}

static void add_object(struct stats *stats, const struct enquiry *enquiry)
{
	struct json_object *json = enquiry->call.json, *object = json_new_object();

	json_add_string(object, "environment", enquiry->peer.environment_id);
	json_add_string(object, "name", enquiry->peer.name);
	add_number(object, "depth", json, "depth");
	add_number(object, "pending", json, "pending");
	json_add_string(object, "oldest_queued", json_get_string(json, "oldest_queued_at"));
	add_number(object, "workers_polling", json, "workers_polling");
	json_append(stats->list, object);
}

static int ask(struct enquiry *enquiry, const struct environment *environment, void *arg)
{
	struct stats *stats = arg;

	(void)environment;
	if (!enquiry_stats(enquiry))
		return queue_complain("queue stats", enquiry);
	add_row(stats, enquiry);
	add_object(stats, enquiry);
	return EXIT_DONE;
}

static int run_stats(int argc, char **argv)
{
	static const char *const titles[] = {"ENVIRONMENT", "DEPTH", "PENDING", "OLDEST",
					     "WORKERS"};
	struct stats_flags flags = {.output = "table"};
	struct stats stats = {.list = NULL};
	int exit_code;

	if (!flags_parse(&command_queue_stats, &flags, argc, argv, &exit_code))
		return exit_code;
	columns_init(&stats.table, titles, ARRAY_SIZE(titles));
	stats.list = json_new_array();
	exit_code = queue_each(&(struct queue_command){.name = "queue stats",
						       .takes_api_key = true,
						       .flags = &flags.fleet,
						       .ask = ask,
						       .arg = &stats});
	if (exit_code == EXIT_DONE || stats.table.cell_count > 0) {
		if (strcmp(flags.output, "json") == 0)
			printf("%s\n", json_line(stats.list));
		else
			columns_print(&stats.table);
	}
	columns_done(&stats.table);
	json_object_put(stats.list);
	return exit_code;
}

static const struct flag_group stats_groups[] = {
	{stats_flag_rows, 0},
	{config_flags, offsetof(struct stats_flags, fleet)},
	{key_flags, offsetof(struct stats_flags, fleet)},
	{NULL},
};

const struct command command_queue_stats = {
	.name = "queue stats",
	.summary = "say how much waits in the queues",
	.description =
		"Says of each environment how many items wait (DEPTH), how many a poller has "
		"taken and not yet\nacked (PENDING), how long the oldest waits, and how many "
		"workers have polled within 30 s.",
	.groups = stats_groups,
	.run = run_stats,
};
