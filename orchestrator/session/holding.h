#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a work item is, or was, held by one container of ours: what must be known before it is
 * force-stopped, because stopping what another host holds would lose a session. Pure.
 */
#include "queue/work.h"

#include <stdbool.h>
#include <stdint.h>

/* What is known of the container, in milliseconds since the epoch; 0: nothing. */
struct holding {
	int64_t acknowledged_at_ms; /* by the control plane's clock, from the ack's reply */
	int64_t claimed_ms;	    /* its item; looked at where the reply is not known any more */
	int64_t started_ms, exited_ms;
	int64_t clock_offset_ms; /* the control plane's clock minus ours */
};

/* No other host has acked the item since the container was started. */
bool holding_is_ours(const struct holding *holding, const struct work_status *status);

/* Nobody has ever held it, and it was acked for the container: without one it would stay
 * `starting` for good. */
bool holding_never_began(const struct holding *holding, const struct work_status *status);

/* The container held it until it ended: the last heartbeat lies in the container's life. */
bool holding_was_ended(const struct holding *holding, const struct work_status *status);
