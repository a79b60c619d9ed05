#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* check --unit: compares systemd units with a configuration. */
#include "base/json.h"
#include "cli/flags.h"
#include "config/fleet.h"

/*
 * Adds what does not fit to the fleet's warnings, and to `report` one object per unit: `files`,
 * `compared` (false: an installed unit that serves another file). Without `units` the installed
 * berth.service is looked at, if there is one. -EINVAL after a problem: a unit that was named
 * cannot be read.
 */
int check_units(const struct flag_list *units, struct fleet *fleet, struct problems *problems,
		struct json_object *report);

/* The same report for people. */
void check_units_print(const struct json_object *report);
