/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/serve.h"
#include "cli/shared_flags.h"

struct run_flags {
	struct fleet_flags fleet;
	struct log_flags log;
};

static int run_run(int argc, char **argv)
{
	struct run_flags flags = {.fleet.config = NULL};
	int exit_code;

	if (!flags_parse(&command_run, &flags, argc, argv, &exit_code))
		return exit_code;
	log_flags_apply(&flags.log);
	return serve(&flags.fleet, &(struct daemon_options){.drain = false}, EXIT_TEMPORARY);
}

static const struct flag_group run_groups[] = {
	{engine_flags, offsetof(struct run_flags, fleet)},
	{environment_flags, offsetof(struct run_flags, fleet)},
	{log_flag_rows, offsetof(struct run_flags, log)},
	{NULL},
};

const struct command command_run = {
	.name = "run",
	.summary = "serve the queue until told to stop",
	.description = "Claims work and launches a container for each session, until a signal.\n"
		       "SIGTERM leaves running sessions to the next start, SIGQUIT waits for them.",
	.groups = run_groups,
	.run = run_run,
};
