#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what is mounted into a session would give it a part of berth itself. */
#include "config/fleet.h"

/* ERR_REFUSED (-EPERM) if `source`, a normal path without symbolic links, is, contains or lies in
 * an engine's socket, a key, the state_dir, the policies, or the fleet file, whatever it is called
 * there. Looks at the file system. */
int mount_check_reach(const struct fleet *fleet, const char *source, struct err *err);
