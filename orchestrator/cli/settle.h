#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the work item of a container that was ended on demand. */
#include "cli/visit.h"
#include "session/holding.h"

/* Looks the item up. It is stopped already, or force-stopped because it is provably that
 * container's, or left `undecided`; stdout is told which. `environment` NULL: it is not configured
 * here. EXIT_DONE; EXIT_TEMPORARY where it is undecided, or the visit's exit code. */
int settle_item(struct visit *visit, const struct environment *environment, const char *work,
		struct holding *holding);
