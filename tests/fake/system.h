/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the engine says of itself: ping, version, info. */

#include "engine.h"

/* True when /info lists the runtime. */
bool system_has_runtime(const struct engine *engine, const char *name);

/* True when /info lists AppArmor. */
bool system_has_apparmor(const struct engine *engine);
