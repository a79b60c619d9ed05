/* SPDX-License-Identifier: Apache-2.0 */
/* How the whole process is doing, counted anew each time it is asked. */
#include "daemon/state.h"

static void count_running(struct session *session, void *arg)
{
	size_t *running = arg;

	if (session_is_running(session))
		++*running;
}

void daemon_facts(struct service_facts *ret, void *arg)
{
	struct daemon *daemon = arg;

	table_each(&daemon->table, count_running, &ret->sessions);
	ret->slots = daemon->room.slots;
	ret->slots_at_most = daemon->fleet->host.sessions;
	for (size_t i = 0; i < daemon->backend_count; i++) {
		ret->engines++;
		ret->engines_away += !engine_is_healthy(daemon->backends[i]->engine);
	}
	for (size_t i = 0; i < daemon->claimant_count; i++) {
		const struct claimant *claimant = daemon->claimants[i];
		enum poller_pulse pulse = claimant_pulse(claimant);
		/* It has a slot in case it brings something; as a rule it does not. */
		ret->slots -= !poller_is_idle(claimant->poller);
		if (claimant->is_retired)
			continue;
		ret->environments[claimant_standing(claimant)]++;
		ret->polling += pulse != POLLER_RESTS;
		ret->unheard += pulse == POLLER_UNHEARD;
	}
}
