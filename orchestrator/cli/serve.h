#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* What `run` and `drain` share: from a configuration to an exit code. */
#include "config/fleet.h"
#include "daemon/daemon.h"

/* Loads the configuration, serves, and says how it went. `locked_exit` is what a lock held by
 * another berth means. Returns an exit code. */
int serve(const struct fleet_flags *flags, const struct daemon_options *options, int locked_exit);
