/* SPDX-License-Identifier: Apache-2.0 */
/* What is left behind: containers whose session is over, and items that nobody runs or ends. */
#include "base/cleanup.h"
#include "base/text.h"
#include "world/oracle_parts.h"

/* Since its ack: by then its berth has made up its mind, or has it still in hand. */
#define LONG_AGO_MS UINT64_C(290000)
/* What a berth may take to settle what it has acked, if some of its calls fail. */
#define SETTLES_WITHIN_MS UINT64_C(600000)

struct leftovers {
	struct oracle *oracle;
	char *first; /* NULL: nothing is left */
};

static void look_for_container(struct machine_container *container, void *arg)
{
	struct leftovers *leftovers = arg;
	const struct trace *trace = trace_find(leftovers->oracle, container->id);

	if (trace && trace->work_id && !leftovers->first)
		leftovers->first = xasprintf("left behind: %s of %s, status %d", container->name,
					     trace->instance, (int)container->status);
}

/* A foreign poller's affair; or acked by a call that was given up long before; or its container was
 * taken away by a stranger; or it was handed out once more and acked once more, and whose ack it
 * was cannot be told. The first list that shows such an item reports it. */
bool oracle_is_beyond_telling(const struct witness *witness)
{
	if (witness->was_acked_by_foreign || witness->was_acked_late)
		return true;
	/* The berth that runs then learns of what is taken away, unless it ends soon after. */
	return witness->acked_by && ((witness->was_handed_out_twice && witness->acked_again != 0) ||
				     (witness->is_trace_taken &&
				      witness->trace_taken_from != witness->acked_by->incarnation));
}

/* That; or acked, and given up where nobody could look whether it may be stopped; or acked in haste
 * by a berth that was killed before it had a container for it. */
static bool is_excused(struct oracle *oracle, struct plane_work *work)
{
	const struct witness *witness = witness_of(work);

	if (oracle_is_beyond_telling(witness) ||
	    oracle_may_not_list(oracle, environment_index(work->environment), work->acked_ms))
		return true;
	if (!witness->acked_by)
		return false;
	/* After a restart only times tell whose ack it was. */
	const struct oracle_host *host = oracle_host_of(oracle, witness->acked_by);
	if (host->jumped_ms >= work->queued_ms &&
	    witness->acked_by->incarnation != witness->incarnation)
		return true;
	/* Its berth was told to leave, got no answer in the seconds that it had, and says so. */
	if (witness->is_given_up)
		return true;
	return witness->is_traceless && host->kills > witness->kills;
}

static bool has_container(struct oracle *oracle, const struct plane_work *work)
{
	_cleanup_free_ char *name = xasprintf("berth-%s", work->id);

	for (size_t i = 0; i < oracle->host_count; i++)
		for (size_t j = 0; j < oracle->hosts[i].host->machine_count; j++)
			if (machine_find(oracle->hosts[i].host->machines[j], name))
				return true;
	return false;
}

/* Where nobody else serves the queue, what is stuck is stopped. */
static bool may_be_left(struct oracle *oracle, struct plane_work *work)
{
	return work->state == WORK_STARTING && !environment_of(oracle, work)->is_exclusive &&
	       is_excused(oracle, work);
}

bool oracle_is_stranded(struct oracle *oracle, struct plane_work *work)
{
	return work->state == WORK_STARTING && witness_of(work)->acked_by &&
	       sim_now_ms(oracle->sim) >= work->acked_ms + LONG_AGO_MS &&
	       !is_excused(oracle, work) && !has_container(oracle, work);
}

static void put_off(uint64_t *since_ms, const struct spell *spell)
{
	if (spell->until_ms != 0 && spell->until_ms + AFTERMATH_MS > *since_ms)
		*since_ms = spell->until_ms + AFTERMATH_MS;
}

/* What comes later excuses nothing: whoever acked it has been there since, with its engines, its
 * queue and its list, long enough. */
static void look_for_stranded(struct plane_work *work, void *arg)
{
	struct oracle *oracle = arg;
	const struct witness *witness = witness_of(work);

	if (work->state != WORK_STARTING || !witness->acked_by ||
	    oracle_is_beyond_telling(witness) ||
	    witness->acked_by->incarnation != witness->incarnation)
		return;
	size_t environment = environment_index(work->environment);
	const struct oracle_host *host = oracle_host_of(oracle, witness->acked_by);
	const struct spell *unlisted = &oracle->unlisted[environment];
	uint64_t within_ms = SETTLES_WITHIN_MS, since_ms = work->acked_ms;

	/* (With a key that may not list it is given up at once.) */
	if (host->able_since_ms == 0 || host->cut_off.goes_on || unlisted->goes_on ||
	    spell_reaches(&oracle->barred[environment], work->acked_ms))
		return;
	if (host->able_since_ms > since_ms)
		since_ms = host->able_since_ms;
	put_off(&since_ms, &host->cut_off);
	put_off(&since_ms, unlisted);
	if (oracle->scenario->queue_weather.crawls > 0)
		within_ms *= 3;
	if (sim_now_ms(oracle->sim) > since_ms + within_ms && !has_container(oracle, work))
		oracle_fail(oracle, "%s is left starting by %s, which can see it", work->id,
			    witness->acked_by->name);
}

void oracle_look_for_stranded(struct oracle *oracle)
{
	plane_each(oracle->plane, look_for_stranded, oracle);
}

static void look_for_work(struct plane_work *work, void *arg)
{
	struct leftovers *leftovers = arg;
	const struct witness *witness = witness_of(work);

	if (leftovers->first || work->state == WORK_STOPPED || may_be_left(leftovers->oracle, work))
		return;
	leftovers->first = xasprintf("%s of %s is left %s (acked by %s)", work->id,
				     work->environment->id, work_state_name(work->state),
				     witness->acked_by ? witness->acked_by->name : "nobody");
}

char *oracle_unsettled(struct oracle *oracle, struct machine *const *machines, size_t count)
{
	struct leftovers leftovers = {.oracle = oracle};

	for (size_t i = 0; i < count; i++)
		machine_each(machines[i], look_for_container, &leftovers);
	plane_each(oracle->plane, look_for_work, &leftovers);
	return leftovers.first;
}

void oracle_fail_final(struct oracle *oracle, const char *why)
{
	oracle_fail(oracle, "%s", why);
}

void oracle_final(struct oracle *oracle, struct machine *const *machines, size_t count)
{
	_cleanup_free_ char *why = oracle_unsettled(oracle, machines, count);

	if (why)
		oracle_fail(oracle, "%s", why);
	for (size_t i = 0; i < count; i++)
		if (machine_networks_left(machines[i]) > 0)
			oracle_fail(oracle, "left behind: a network");
	oracle_check_records(oracle);
}
