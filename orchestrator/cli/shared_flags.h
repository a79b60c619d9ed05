#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flags that several commands have, and what each of them does with those first. A serving
 * command's beginning:
 *
 *	static const struct flag_group groups[] = {{own_rows, 0},
 *		{engine_flags, offsetof(struct own_flags, fleet)},
 *		{environment_flags, offsetof(struct own_flags, fleet)},
 *		{log_flag_rows, offsetof(struct own_flags, log)}, {NULL}};
 *	...
 *	if (!flags_parse(&command_own, &flags, argc, argv, &exit_code))
 *		return exit_code;
 *	log_flags_apply(&flags.log);
 *	fleet = load_or_explain(&flags.fleet);
 *	if (!fleet)
 *		return EXIT_CONFIG;
 */
#include "cli/flags.h"
#include "config/fleet.h"

/* --config --engine --instance; target: struct fleet_flags. */
extern const struct flag engine_flags[];

/* --environment-id --environment-key-file --image --policy --policy-dir --sessions --credential
 * --state-dir --on-shutdown; target: struct fleet_flags. */
extern const struct flag environment_flags[];

/* --state-dir; target: struct fleet_flags. For commands without environment_flags. */
extern const struct flag state_flags[];

/* --config alone; likewise, and for commands without engine_flags. */
extern const struct flag config_flags[];

/* --environment-id --environment-key-file; likewise. */
extern const struct flag key_flags[];

struct log_flags {
	const char *format, *level; /* NULL: as it is */
};

/* --log-format --log-level; target: struct log_flags. */
extern const struct flag log_flag_rows[];

void log_flags_apply(const struct log_flags *flags);

/* fleet_load(); NULL after all problems were printed on stderr. */
struct fleet *load_or_explain(const struct fleet_flags *flags);
