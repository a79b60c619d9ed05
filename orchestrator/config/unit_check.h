#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A systemd unit against the configuration that it serves: what would bite only when berth is
 * stopped, reloaded or stuck. Source: systemd.service(5), systemd.kill(5), systemd.exec(5).
 */
#include "config/fleet.h"
#include "config/unit.h"

/* True unless the unit's command line names another file than the fleet's. */
bool unit_serves(const struct unit *unit, const struct fleet *fleet);

/* Adds a warning with file, line and remedy for each setting that does not fit. */
void unit_check(const struct unit *unit, const struct fleet *fleet, struct problems *warnings);
