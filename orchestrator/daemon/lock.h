#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* One berth per state_dir: an flock(2) on state_dir/lock, which holds the owner's pid. */
#include "base/err.h"

/* Returns the open file that holds the lock until it is closed. ERR_TEMPORARY, -EWOULDBLOCK and the
 * owner's pid in the text when another process has it; ERR_INPUT when the folder cannot be used. */
int lock_state_dir(const char *state_dir, struct err *err);
