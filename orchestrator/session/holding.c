/* SPDX-License-Identifier: Apache-2.0 */
#include "session/holding.h"

#define CLOCK_SLACK_MS 2000 /* between the engine's clock and the control plane's */

/* By our clock. */
static int64_t acked_ms(const struct holding *holding, const struct work_status *status)
{
	return status->acknowledged_at_ms - holding->clock_offset_ms;
}

bool holding_is_ours(const struct holding *holding, const struct work_status *status)
{
	int64_t acked = status->acknowledged_at_ms;

	if (holding->acknowledged_at_ms != 0)
		return acked == holding->acknowledged_at_ms;
	return holding->started_ms != 0 && acked != 0 &&
	       acked_ms(holding, status) <= holding->started_ms + CLOCK_SLACK_MS;
}

/* Not by another host before the item was offered to us. */
static bool was_acked_for_it(const struct holding *holding, const struct work_status *status)
{
	return holding->acknowledged_at_ms != 0 ||
	       (holding->claimed_ms != 0 &&
		acked_ms(holding, status) + CLOCK_SLACK_MS >= holding->claimed_ms);
}

bool holding_never_began(const struct holding *holding, const struct work_status *status)
{
	return status->state == WORK_STARTING && status->latest_heartbeat_at_ms == 0 &&
	       holding_is_ours(holding, status) && was_acked_for_it(holding, status);
}

bool holding_was_ended(const struct holding *holding, const struct work_status *status)
{
	int64_t beat = status->latest_heartbeat_at_ms - holding->clock_offset_ms;

	if (status->state != WORK_ACTIVE && status->state != WORK_STOPPING)
		return false;
	return status->latest_heartbeat_at_ms != 0 && holding_is_ours(holding, status) &&
	       beat >= holding->started_ms - CLOCK_SLACK_MS &&
	       beat <= holding->exited_ms + CLOCK_SLACK_MS;
}
