/* SPDX-License-Identifier: Apache-2.0 */
/* Stops a work item, whoever has it: for what `berth stop` has no container of. */
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/queue_each.h"
#include "cli/shared_flags.h"

#include <stdio.h>

struct queue_stop_flags {
	bool force;
	struct flag_list items;
	struct fleet_flags fleet;
};

static const struct flag queue_stop_flag_rows[] = {
	{.name = "force",
	 .type = FLAG_ON,
	 .offset = offsetof(struct queue_stop_flags, force),
	 .help = "also an item that no worker holds; one that does is not asked"},
	{.name = NULL},
};

static int ask(struct enquiry *enquiry, const struct environment *environment, void *arg)
{
	const struct queue_stop_flags *flags = arg;
	const char *item = flags->items.values[0];

	if (!enquiry_stop(enquiry, item, flags->force)) {
		int exit_code = queue_complain("queue stop", enquiry);
		return enquiry->call.http_status == 404 ? EXIT_NO_INPUT : exit_code;
	}
	if (enquiry->call.http_status == 409)
		printf("work item %s of %s is stopped already\n", item, environment->name);
	else if (flags->force)
		printf("work item %s of %s is stopped\n", item, environment->name);
	else
		printf("work item %s of %s is to stop: its worker is told at its next heartbeat; "
		       "where none holds it, say --force\n",
		       item, environment->name);
	return EXIT_DONE;
}

static int stop_item(struct queue_stop_flags *flags)
{
	if (flags->items.count != 1 || !text_is_id(flags->items.values[0])) {
		(void)fprintf(stderr,
			      "berth queue stop: say which work item, one of them by its id "
			      "('berth queue list' shows it)\nTry 'berth queue stop "
			      "--help'.\n");
		return EXIT_USAGE;
	}
	return queue_each(&(struct queue_command){.name = "queue stop",
						  .takes_api_key = true,
						  .is_about_one = true,
						  .flags = &flags->fleet,
						  .ask = ask,
						  .arg = flags});
}

static int run_queue_stop(int argc, char **argv)
{
	struct queue_stop_flags flags = {.force = false};
	int exit_code;

	if (flags_parse(&command_queue_stop, &flags, argc, argv, &exit_code))
		exit_code = stop_item(&flags);
	free(flags.items.values);
	return exit_code;
}

static const struct flag_group queue_stop_groups[] = {
	{queue_stop_flag_rows, 0},
	{config_flags, offsetof(struct queue_stop_flags, fleet)},
	{key_flags, offsetof(struct queue_stop_flags, fleet)},
	{NULL},
};

const struct command command_queue_stop = {
	.name = "queue stop",
	.summary = "stop a work item, whoever has it",
	.description = "Stops a work item at the control plane: the worker that holds it is told, "
		       "and with --force nobody\nneeds to. Touches no container; 'berth stop' ends "
		       "a session that runs here.",
	.groups = queue_stop_groups,
	.operands = "ITEM",
	.operands_offset = offsetof(struct queue_stop_flags, items),
	.run = run_queue_stop,
};
