/* SPDX-License-Identifier: Apache-2.0 */
/* What a berth takes for running runs: it learns of an end, though nobody may tell it. */
#include "world/oracle_parts.h"

#include <inttypes.h>
#include <utlist.h>

/* A list each minute, from an engine that may be slow and fail now and then; one that is away is
 * asked five things before it is listed, each of which may take half a minute and fail. */
#define LEARNS_WITHIN_MS UINT64_C(720000)

void oracle_believe(struct oracle *oracle, struct trace *trace, enum session_state state)
{
	bool is_running = state == SESSION_RUNNING;

	if (trace->is_believed)
		DL_DELETE(oracle->believed, trace);
	trace->is_believed = is_running;
	if (!is_running)
		return;
	DL_APPEND(oracle->believed, trace);
	trace->believed_ms = sim_now_ms(oracle->sim);
	trace->believed_by = oracle_host_by_instance(oracle, trace->instance)->host->incarnation;
}

static void check(struct oracle *oracle, struct trace *trace)
{
	const struct oracle_host *host = oracle_host_by_instance(oracle, trace->instance);
	uint64_t now = sim_now_ms(oracle->sim), since = trace->ended_ms;

	/* One that was killed believes nothing any more. */
	if (!host->host->daemon || host->host->incarnation != trace->believed_by) {
		oracle_believe(oracle, trace, SESSION_DONE);
		return;
	}
	if (trace->believed_ms > since)
		since = trace->believed_ms;
	if (host->able_since_ms > since)
		since = host->able_since_ms;
	if (trace->ended_ms != 0 && host->able_since_ms != 0 && now > since + LEARNS_WITHIN_MS)
		oracle_fail(oracle,
			    "%s takes the container of %s for running, %" PRIu64 " s after its end",
			    trace->instance, trace->work_id, (now - trace->ended_ms) / 1000);
}

void oracle_check_beliefs(struct oracle *oracle)
{
	struct trace *trace, *next;

	DL_FOREACH_SAFE(oracle->believed, trace, next)
	check(oracle, trace);
}
