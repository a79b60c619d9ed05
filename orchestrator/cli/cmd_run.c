/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/serve.h"
#include "cli/shared_flags.h"

int cmd_run(int argc, char **argv)
{
	struct fleet_flags fleet_flags = {0};
	struct log_flags log_flags = {0};
	const struct flag_group groups[] = {
		{engine_flags, &fleet_flags},
		{environment_flags, &fleet_flags},
		{log_flag_rows, &log_flags},
		{NULL},
	};
	const struct usage usage = {
		.command = "run",
		.summary =
			"Claims work and launches a container for each session, until a signal.\n"
			"SIGTERM leaves running sessions to the next start, SIGQUIT waits for "
			"them.",
		.groups = groups,
	};
	int exit_code;

	if (!flags_parse(&usage, argc, argv, &exit_code))
		return exit_code;
	log_flags_apply(&log_flags);
	return serve(&fleet_flags, &(struct daemon_options){.drain = false}, EXIT_TEMPORARY);
}
