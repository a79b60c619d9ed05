/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/serve.h"
#include "cli/shared_flags.h"

#include <stddef.h>
#include <stdio.h>

struct drain_flags {
	bool wait, detach, quiet_if_locked;
	int64_t max_sessions, max_time_ms;
	struct fleet_flags fleet;
	struct log_flags log;
};

#define AT(member) offsetof(struct drain_flags, member)

static const struct flag drain_flag_rows[] = {
	{.name = "wait",
	 .type = FLAG_ON,
	 .offset = AT(wait),
	 .help = "leave when all sessions have ended"},
	{.name = "detach",
	 .type = FLAG_ON,
	 .offset = AT(detach),
	 .help = "leave as soon as the launched sessions run, and when all slots are taken"},
	{.name = "max-sessions",
	 .type = FLAG_INT,
	 .offset = AT(max_sessions),
	 .argument = "N",
	 .minimum = 1,
	 .maximum = 1000000,
	 .help = "claim N sessions at most"},
	{.name = "max-time",
	 .type = FLAG_DURATION,
	 .offset = AT(max_time_ms),
	 .argument = "DURATION",
	 .minimum = 1,
	 .maximum = INT64_C(30) * 86400000,
	 .help = "claim for so long at most, then leave; sessions run on, "
		 "unless their own time is over"},
	{.name = "quiet-if-locked",
	 .type = FLAG_ON,
	 .offset = AT(quiet_if_locked),
	 .help = "exit 0 instead of 75, without a warning, when another berth is at work"},
	{NULL},
};

static int run_drain(int argc, char **argv)
{
	struct drain_flags flags = {.wait = false};
	int exit_code;

	if (!flags_parse(&command_drain, &flags, argc, argv, &exit_code))
		return exit_code;
	if (flags.wait && flags.detach) {
		(void)fputs("berth drain: --wait and --detach exclude each other\n", stderr);
		return EXIT_USAGE;
	}
	log_flags_apply(&flags.log);
	return serve(&flags.fleet,
		     &(struct daemon_options){
			     .drain = true,
			     .wait = flags.wait,
			     .detach = flags.detach,
			     .expects_lock = flags.quiet_if_locked,
			     .max_sessions = flags.max_sessions,
			     .max_time_ms = flags.max_time_ms,
		     },
		     flags.quiet_if_locked ? EXIT_DONE : EXIT_TEMPORARY);
}

static const struct flag_group drain_groups[] = {
	{drain_flag_rows, 0},
	{engine_flags, AT(fleet)},
	{environment_flags, AT(fleet)},
	{log_flag_rows, AT(log)},
	{NULL},
};

const struct command command_drain = {
	.name = "drain",
	.summary = "run what is queued, then leave",
	.description = "Claims work until the queue is empty, then leaves: for cron and timers.\n"
		       "Without --wait or --detach it leaves when each launched session has "
		       "heartbeated or ended.",
	.groups = drain_groups,
	.run = run_drain,
};
