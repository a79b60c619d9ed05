/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a call on its way is drawn here: how long it takes, and what goes wrong. */
#include "world/wire.h"

#include <string.h>

const char *wire_fault_name(enum wire_fault fault)
{
	static const char *const names[WIRE_FAULTS] = {
		[WIRE_NOT_SENT] = "no connection",
		[WIRE_LOST] = "request lost",
		[WIRE_SILENT] = "request lost, half open",
		[WIRE_REPLY_LOST] = "reply lost",
		[WIRE_REPLY_SILENT] = "reply lost, half open",
		[WIRE_LATE] = "late",
		[WIRE_TWICE] = "twice",
		[WIRE_CUT] = "reply cut",
		[WIRE_SPOILT] = "reply malformed",
		[WIRE_ERROR] = "error without effect",
		[WIRE_ERROR_AFTER] = "error after the effect",
	};
	return names[fault];
}

uint64_t wire_draw_way_ms(struct sim *sim, const struct wire_weather *weather)
{
	if (sim_chance(sim, weather->crawls))
		return sim_random_scale(sim, 1000, weather->crawl_ms) / 2;
	return sim_random_scale(sim, 2 + weather->fastest_ms, weather->slowest_ms) / 2;
}

static bool meets_outage(struct sim *sim, const struct wire_outage *outage, const char *name)
{
	return (!outage->only || strcmp(outage->only, name) == 0) &&
	       (!outage->but || strcmp(outage->but, name) != 0) && sim_chance(sim, outage->rate);
}

enum wire_fault wire_draw_fault(struct sim *sim, const struct wire_peer *peer, const char *name)
{
	uint64_t draw;

	if (meets_outage(sim, &peer->outage, name))
		return peer->outage.fault;
	draw = sim_random(sim, 0, 10000);
	for (unsigned fault = 0; fault < WIRE_FAULTS; fault++) {
		unsigned rate = peer->weather.rates[fault];
		if (draw < rate)
			return fault;
		draw -= rate;
	}
	return WIRE_FAULTS;
}
