/* SPDX-License-Identifier: Apache-2.0 */
/* The engines' side: what is made, started, touched and left. */
#include "base/cleanup.h"
#include "world/oracle_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MINUTE UINT64_C(60000)
/* What an end may take beyond its limit: SIGKILL repeated through an engine that fails now and
 * then, while the berth and the engine are there. */
#define OVERTIME_MS (5 * MINUTE)

struct trace *trace_find(struct oracle *oracle, const char *container_id)
{
	struct trace *trace;

	HASH_FIND_STR(oracle->traces, container_id, trace);
	return trace;
}

static bool is_ours(const struct machine_container *container, const char *instance)
{
	const char *label = machine_label(container, "berth.instance");
	const char *work = machine_label(container, "berth.work");

	return label && work && strcmp(label, instance) == 0 &&
	       strncmp(container->name, "berth-", 6) == 0 && strcmp(container->name + 6, work) == 0;
}

/* --- made ------------------------------------------------------------------------------------- */

static void check_labels(struct oracle *oracle, const struct machine_container *container)
{
	static const char *const parts[] = {"Labels",  "labels",     "Cmd",
					    "command", "Entrypoint", "entrypoint"};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		struct json_object *part = json_get(container->request, parts[i]);
		if (part && has_secret(json_object_to_json_string(part)))
			oracle_fail(oracle, "a secret in %s of %s", parts[i], container->name);
	}
}

static void check_credentials(struct oracle *oracle, const struct machine_container *container,
			      struct plane_work *work)
{
	_cleanup_free_ char *key = machine_variable(container, "ANTHROPIC_ENVIRONMENT_KEY");
	const char *credential = environment_of(oracle, work)->credential;
	bool may_have_key =
		strcmp(credential, "key") == 0 || (strcmp(credential, "auto") == 0 && !work->token);

	if (key && strcmp(key, work->environment->key) == 0 && !may_have_key)
		oracle_fail(oracle, "%s is given the environment's key", container->name);
}

void oracle_container_created(struct oracle *oracle, struct machine_container *container,
			      struct host *by)
{
	struct trace *trace = xcalloc(1, sizeof(*trace));
	const char *work_id = machine_label(container, "berth.work");
	const char *instance = machine_label(container, "berth.instance");
	struct plane_work *work = work_id ? plane_find(oracle->plane, work_id) : NULL;

	(void)snprintf(trace->id, sizeof(trace->id), "%s", container->id);
	trace->container = container;
	trace->made_by = by;
	trace->made_ms = sim_now_ms(oracle->sim);
	trace->was_late = oracle->nobody_waits;
	if (instance)
		(void)snprintf(trace->instance, sizeof(trace->instance), "%s", instance);
	HASH_ADD_STR(oracle->traces, id, trace);
	if (!by)
		return;
	oracle->report->containers++;
	if (!work || !instance || !is_ours(container, oracle_host_of(oracle, by)->instance)) {
		oracle_fail(oracle, "%s makes a container that nobody can know for its own: %s",
			    by->name, container->name);
		return;
	}
	trace->work_id = xstrdup(work_id);
	trace->environment = environment_index(work->environment);
	trace->lease = work->lease;
	if (!oracle->nobody_waits)
		witness_of(work)->is_traceless = false;
	check_labels(oracle, container);
	check_credentials(oracle, container, work);
}

/* --- started and ended ------------------------------------------------------------------------ */

static void count_start(struct oracle *oracle, struct trace *trace)
{
	struct oracle_host *host = oracle_host_by_instance(oracle, trace->instance);

	/* What a call does that was given up long ago cannot be planned for, and what an earlier
	 * run has acked must be started, whatever runs by now. */
	if (oracle->nobody_waits || trace->was_late || trace->was_adopted)
		return;
	trace->is_counted = true;
	if (++host->running > host->cap && oracle_knows_all_engines(oracle, host))
		oracle_fail(oracle, "%s runs %" PRId64 " sessions, its host's cap is %" PRId64,
			    trace->instance, host->running, host->cap);
	if (++host->runs[trace->environment] > host->caps[trace->environment])
		oracle_fail(oracle, "%s runs %" PRId64 " sessions of env_%zu, the cap is %" PRId64,
			    trace->instance, host->runs[trace->environment], trace->environment,
			    host->caps[trace->environment]);
}

void oracle_container_started(struct oracle *oracle, struct machine_container *container)
{
	struct trace *trace = trace_find(oracle, container->id);
	const struct worker *worker = container->worker;

	if (!trace || !trace->work_id)
		return;
	trace->started_ms = sim_now_ms(oracle->sim);
	trace->ended_ms = 0;
	trace->was_started_late |= oracle->nobody_waits;
	trace->was_started_going |= oracle->nobody_waits && trace->is_going;
	/* (A start that arrives when it was long given up, or once more, meets the fence: its
	 * heartbeat is the second one.) */
	if (container->runs > 1 && !trace->was_started_late)
		oracle_fail(oracle, "%s runs a second time", container->name);
	count_start(oracle, trace);
	if (!worker->work) {
		oracle_fail(oracle, "%s does not know its item", container->name);
		return;
	}
	if (trace->is_lost && trace->lost_lease == worker->work->lease && !oracle->nobody_waits)
		oracle_fail(oracle, "%s starts although somebody else holds its item",
			    container->name);
	struct witness *witness = witness_of(worker->work);
	bool is_of_this_lease = trace->lease == worker->work->lease;
	if (worker->work->state == WORK_QUEUED && is_of_this_lease && !oracle->nobody_waits)
		oracle_fail(oracle, "%s starts before its item is acked", container->name);
	if (worker->work->state != WORK_STARTING && worker->work->state != WORK_ACTIVE)
		return;
	/* (One that was made when nobody waited for it any more may be found later, and begin anew
	 * where the first one died.) */
	if (is_of_this_lease && !oracle->nobody_waits && !trace->was_late &&
	    ++witness->starts > worker->work->offers)
		oracle_fail(oracle, "%s: started %u times for %u offers", worker->work->id,
			    witness->starts, worker->work->offers);
}

void oracle_heartbeat(struct oracle *oracle, struct worker *worker)
{
	struct trace *trace = trace_find(oracle, worker->container->id);
	struct witness *witness = witness_of(worker->work);

	trace->has_beaten = true;
	witness->was_held_by_foreign = false;
	witness->holder = worker->container;
	witness->holder_was_told = trace->was_told;
	(void)snprintf(witness->holder_instance, sizeof(witness->holder_instance), "%s",
		       trace->instance);
}

void oracle_container_ended(struct oracle *oracle, struct machine_container *container)
{
	struct trace *trace = trace_find(oracle, container->id);

	if (!trace || !trace->work_id)
		return;
	trace->ended_ms = sim_now_ms(oracle->sim);
	if (trace->is_counted) {
		struct oracle_host *host = oracle_host_by_instance(oracle, trace->instance);
		trace->is_counted = false;
		host->running--;
		host->runs[trace->environment]--;
	}
	struct plane_work *work = plane_find(oracle->plane, trace->work_id);
	/* At its limit something else may be faster than its berth. */
	uint64_t ran_ms = sim_now_ms(oracle->sim) - trace->started_ms;
	if (work && witness_of(work)->holder == container &&
	    ran_ms >= (uint64_t)environment_of(oracle, work)->session_ms)
		witness_of(work)->holder_was_told = true;
	if (work && work->session_id && !trace->has_beaten)
		history_of(oracle, work->session_id)->deaths++;
}

void oracle_container_removed(struct oracle *oracle, struct machine_container *container)
{
	struct trace *trace = trace_find(oracle, container->id);
	struct plane_work *work;

	if (!trace)
		return;
	trace->container = NULL;
	if (trace->made_by && trace->made_by->daemon)
		trace->removed_incarnation = trace->made_by->incarnation;
	work = trace->work_id ? plane_find(oracle->plane, trace->work_id) : NULL;
	if (!work)
		return;
	if (witness_of(work)->holder == container)
		witness_of(work)->holder = NULL;
	if (trace->lease != work->lease)
		return;
	if (trace->was_removed_by_berth) {
		/* To be replaced, perhaps: until then there is none again. */
		witness_of(work)->is_traceless |= trace->started_ms == 0;
		return;
	}
	witness_of(work)->is_trace_taken = true;
	/* A berth that has not seen it yet does not miss it. */
	witness_of(work)->trace_taken_from =
		trace->known_by == trace->removed_incarnation ? trace->known_by : 0;
}

/* --- touched ---------------------------------------------------------------------------------- */

/* Its lease is its own, and its time is not over: why should it be ended? */
static bool ends_without_reason(struct oracle *oracle, const struct trace *trace,
				const struct plane_work *work, const struct witness *witness)
{
	const struct environment_scenario *environment = environment_of(oracle, work);
	uint64_t ran_ms = sim_now_ms(oracle->sim) - trace->started_ms;
	const struct oracle_host *host = oracle_host_by_instance(oracle, trace->instance);
	bool is_misled = trace->was_adopted && host->jumped_ms >= trace->made_ms;

	return work->state == WORK_ACTIVE && witness->holder == trace->container &&
	       machine_is_alive(trace->container) &&
	       /* (A start that arrived late has let one run again whose end was seen.) */
	       trace->container->runs == 1 && ran_ms + 1000 < (uint64_t)environment->session_ms &&
	       !is_misled && !oracle->scenario->hosts[host - oracle->hosts].stops_on_shutdown &&
	       /* Who may not look takes an item that is offered again for one that has lapsed. */
	       !oracle_may_not_list(oracle, trace->environment, trace->started_ms);
}

/* Every signal arrives, unless the wire loses it. */
static bool tells_in_vain(const struct oracle *oracle)
{
	const unsigned *rates = oracle->scenario->engine_weather.rates;

	return oracle->scenario->engine_weather.crawls > 0 ||
	       oracle->scenario->trouble.engine_outages > 0 ||
	       rates[WIRE_NOT_SENT] + rates[WIRE_LOST] + rates[WIRE_SILENT] + rates[WIRE_LATE] +
			       rates[WIRE_ERROR] >
		       0;
}

/* A holder is asked to end, and has time to. */
static bool is_killed_too_soon(const struct oracle *oracle, const struct trace *trace,
			       const struct plane_work *work, const struct witness *witness)
{
	const struct environment_scenario *environment = environment_of(oracle, work);
	uint64_t until_ms = trace->told_ms + (uint64_t)environment->stop_grace_ms;

	if (work->state != WORK_ACTIVE || witness->holder != trace->container ||
	    !machine_is_alive(trace->container) || oracle->nobody_waits ||
	    oracle_may_not_list(oracle, trace->environment, trace->started_ms))
		return false;
	if (trace->told_ms == 0)
		return !tells_in_vain(oracle);
	/* What it was told may have been long under way. */
	return oracle->scenario->engine_weather.crawls == 0 &&
	       sim_now_ms(oracle->sim) + 1000 < until_ms;
}

/* Its item is acked, and nobody has begun with it: without its container nobody knows of it. */
static bool is_forgotten(struct oracle *oracle, const struct trace *trace,
			 const struct plane_work *work, const struct witness *witness,
			 const struct host *by)
{
	return work->state == WORK_STARTING && witness->acked_by == by && trace->made_by == by &&
	       trace->lease == work->lease && trace->started_ms != 0 && !oracle->nobody_waits &&
	       !oracle_is_beyond_telling(witness) &&
	       oracle_host_of(oracle, by)->jumped_ms < trace->made_ms &&
	       !spell_reaches(&oracle->barred[trace->environment], work->acked_ms) &&
	       /* One that polls no more takes a key that is refused for one that may not list. */
	       !((by->options.drain || by->is_told_to_end) &&
		 oracle->unlisted[trace->environment].goes_on);
}

void oracle_container_touched(struct oracle *oracle, struct machine_container *container,
			      const char *what, struct host *by)
{
	struct trace *trace = trace_find(oracle, container->id);
	const char *instance = oracle_host_of(oracle, by)->instance;

	if (!is_ours(container, instance)) {
		oracle_fail(oracle, "%s does \"%s\" to %s, which is not its own", by->name, what,
			    container->name);
		return;
	}
	bool is_told = strcmp(what, "tell") == 0, is_killed = strcmp(what, "kill") == 0;
	if (!is_told && !is_killed && strcmp(what, "remove") != 0)
		return;
	struct plane_work *work = plane_find(oracle->plane, trace->work_id);
	struct witness *witness = work ? witness_of(work) : NULL;
	if (work && !oracle->nobody_waits && ends_without_reason(oracle, trace, work, witness))
		oracle_fail(oracle, "%s does \"%s\" to %s, which holds its lease and has time left",
			    by->name, what, container->name);
	if (work && is_killed && is_killed_too_soon(oracle, trace, work, witness))
		oracle_fail(oracle, "%s kills %s before its grace is over", by->name,
			    container->name);
	bool is_removed = !is_told && !is_killed;
	if (work && is_removed && is_forgotten(oracle, trace, work, witness, by))
		oracle_fail(oracle, "%s removes %s, whose item is left starting", by->name,
			    container->name);
	/* (What arrives when it was given up long ago was told in vain.) */
	if (is_told && !oracle->nobody_waits)
		trace->told_ms = sim_now_ms(oracle->sim);
	trace->was_told = true;
	trace->was_cut_off = container->was_cut_off;
	/* One that was given up long ago takes away what a later run has started. */
	trace->was_removed_by_berth |= is_removed && !oracle->nobody_waits;
	if (witness && witness->holder == container)
		witness->holder_was_told = true;
}

/* --- limits of time, and what is left --------------------------------------------------------- */

struct clock_set {
	struct oracle *oracle;
	uint64_t by_ms;
};

bool oracle_may_not_list(const struct oracle *oracle, size_t environment, uint64_t since_ms)
{
	return spell_reaches(&oracle->unlisted[environment], since_ms);
}

/* Its berth can look, and the item shows no heartbeat: not even one of a second container, where it
 * was handed out twice. */
static bool is_seen_to_be_unbeaten(struct oracle *oracle, const struct trace *trace,
				   const struct oracle_host *host)
{
	const struct plane_work *work = plane_find(oracle->plane, trace->work_id);

	return work && work->lease == trace->lease && work->beats == 0 &&
	       work->state != WORK_STOPPED && !spell_reaches(&host->cut_off, trace->started_ms) &&
	       !oracle_may_not_list(oracle, trace->environment, trace->started_ms);
}

static void look_at_one(struct machine_container *container, void *arg)
{
	struct oracle *oracle = arg;
	const struct trace *trace = trace_find(oracle, container->id);

	/* (Whose command cannot be run never starts.) */
	if (!trace || !trace->work_id || !machine_is_alive(container) || trace->started_ms == 0)
		return;
	const struct environment_scenario *environment =
		&oracle->scenario->environments[trace->environment];
	const struct oracle_host *host = oracle_host_by_instance(oracle, trace->instance);
	bool is_unbeaten = !trace->has_beaten && is_seen_to_be_unbeaten(oracle, trace, host);
	int64_t limit = is_unbeaten && environment->first_heartbeat_ms < environment->session_ms
				? environment->first_heartbeat_ms
				: environment->session_ms;
	uint64_t now = sim_now_ms(oracle->sim), limit_ms = (uint64_t)limit;
	uint64_t due_ms = trace->started_ms + limit_ms + (uint64_t)environment->stop_grace_ms;
	/* Who finds it at start has only the time of its start. */
	if (host->able_since_ms > trace->started_ms)
		due_ms += trace->set_back_ms;
	/* Of one whose start was cut off the engine does not say when that was. */
	if (container->was_cut_off && due_ms < host->able_since_ms + limit_ms)
		due_ms = host->able_since_ms + limit_ms + (uint64_t)environment->stop_grace_ms;
	uint64_t able_ms = host->able_since_ms > due_ms ? host->able_since_ms : due_ms;
	if (host->able_since_ms != 0 && now > able_ms + OVERTIME_MS)
		oracle_fail(oracle, "%s runs %" PRIu64 " s beyond its limit", container->name,
			    (now - due_ms) / 1000);
}

void oracle_look_around(struct oracle *oracle, struct machine *machine)
{
	machine_each(machine, look_at_one, oracle);
}

static void set_back(struct machine_container *container, void *arg)
{
	struct clock_set *set = arg;
	struct trace *trace = trace_find(set->oracle, container->id);

	if (trace)
		trace->set_back_ms += set->by_ms;
}

void oracle_clock_is_set_back(struct oracle *oracle, struct machine *machine, uint64_t by_ms)
{
	struct clock_set set = {oracle, by_ms};

	machine_each(machine, set_back, &set);
}

bool trace_is_known(struct oracle *oracle, const struct machine_container *container)
{
	const struct trace *trace = trace_find(oracle, container->id);

	return trace && trace->work_id;
}
