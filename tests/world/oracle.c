/* SPDX-License-Identifier: Apache-2.0 */
/* The queue's side: who claims, acks and stops what. */
#include "world/oracle.h"

#include "base/cleanup.h"
#include "daemon/strikes.h"
#include "world/oracle_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A ping every ten seconds, its deadline, a poll that was under way. */
#define UNFIT_MS       45000u
#define DATE_MS	       1000u  /* a Date header tells whole seconds */
#define LOOK_MS	       15000u /* a list on its way back, and a stop on its way there */
#define CLOCK_SLACK_MS 2000u  /* of clocks that are compared */

void oracle_fail(struct oracle *oracle, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list arguments;

	if (oracle->violation)
		return;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		abort();
	va_end(arguments);
	oracle->violation = xasprintf("at %" PRIu64 " ms: %s", sim_now_ms(oracle->sim), text);
}

const char *oracle_violation(const struct oracle *oracle)
{
	return oracle->violation;
}

/* --- who is who ------------------------------------------------------------------------------- */

void oracle_work_is_forgotten(struct plane_work *work)
{
	free(TAKE(work->oracle));
}

struct witness *witness_of(struct plane_work *work)
{
	if (!work->oracle)
		work->oracle = xcalloc(1, sizeof(struct witness));
	return work->oracle;
}

struct oracle_host *oracle_host_of(struct oracle *oracle, const struct host *host)
{
	for (size_t i = 0; i < oracle->host_count; i++)
		if (oracle->hosts[i].host == host)
			return &oracle->hosts[i];
	abort(); /* every host was added */
}

unsigned oracle_bit_of(struct oracle *oracle, const struct host *host)
{
	return host ? 1u << (oracle_host_of(oracle, host) - oracle->hosts) : 1u << HOSTS_MAX;
}

struct oracle_host *oracle_host_by_instance(struct oracle *oracle, const char *instance)
{
	for (size_t i = 0; i < oracle->host_count; i++)
		if (strcmp(oracle->hosts[i].instance, instance) == 0)
			return &oracle->hosts[i];
	return NULL;
}

/* Environments are called env_0, env_1 ... */
size_t environment_index(const struct plane_environment *environment)
{
	return (size_t)(environment->id[strlen("env_")] - '0');
}

const struct environment_scenario *environment_of(const struct oracle *oracle,
						  const struct plane_work *work)
{
	return &oracle->scenario->environments[environment_index(work->environment)];
}

struct history *history_of(struct oracle *oracle, const char *session_id)
{
	struct history *history;

	HASH_FIND_STR(oracle->histories, session_id, history);
	if (history)
		return history;
	history = xcalloc(1, sizeof(*history));
	history->session_id = xstrdup(session_id);
	HASH_ADD_KEYPTR(hh, oracle->histories, history->session_id, strlen(session_id), history);
	return history;
}

/* Acked without a container, to be force-stopped: for what it is. */
static bool is_refused(struct oracle *oracle, const struct plane_work *work)
{
	bool lacks_secret =
		!work->token && strcmp(environment_of(oracle, work)->credential, "secret") == 0;

	return strcmp(work->type, "session") != 0 || lacks_secret ||
	       history_of(oracle, work->session_id)->deaths >= STRIKES_OUT;
}

/* --- what the control plane does -------------------------------------------------------------- */

static void on_offered(struct plane_work *work, struct host *by, void *arg)
{
	struct oracle *oracle = arg;
	struct witness *witness = witness_of(work);

	witness->was_handed_out_twice |= work->state == WORK_STARTING;
	/* It may be offered again to who has long begun with it. */
	uint64_t incarnation = by ? by->incarnation : 0;
	if (by && witness->offered_to == by && witness->offered_incarnation == incarnation)
		return;
	witness->offered_to = by;
	witness->offered_incarnation = incarnation;
	witness->offered_ms = sim_now_ms(oracle->sim);
}

/* A container of that berth is there for the item. */
static bool has_container(struct oracle *oracle, const struct plane_work *work,
			  const struct host *by)
{
	const struct oracle_host *host = oracle_host_of(oracle, by);
	_cleanup_free_ char *name = xasprintf("berth-%s", work->id);

	for (size_t i = 0; i < by->machine_count; i++) {
		struct machine_container *container = machine_find(by->machines[i], name);
		const char *instance =
			container ? machine_label(container, "berth.instance") : NULL;
		if (instance && strcmp(instance, host->instance) == 0)
			return true;
	}
	return false;
}

/* It learns that it is not to start what it has made: somebody has begun, or has ended it. */
static void note_lost(struct oracle *oracle, const struct plane_work *work, const struct host *by)
{
	_cleanup_free_ char *name = xasprintf("berth-%s", work->id);

	for (size_t i = 0; i < by->machine_count; i++) {
		const struct machine_container *container = machine_find(by->machines[i], name);
		struct trace *trace = container ? trace_find(oracle, container->id) : NULL;
		if (trace && trace->made_by == by && container->status == CONTAINER_CREATED) {
			trace->is_lost = true;
			trace->lost_lease = work->lease;
		}
	}
}

static void on_acked(struct plane_work *work, struct host *by, bool is_first, void *arg)
{
	struct oracle *oracle = arg;
	struct witness *witness = witness_of(work);
	uint64_t now = sim_now_ms(oracle->sim);

	if (!is_first && by && work->state == WORK_ACTIVE)
		note_lost(oracle, work, by);
	if (!is_first) {
		witness->acked_again |= oracle_bit_of(oracle, by);
		return;
	}
	witness->acked_by = by;
	witness->was_acked_by_foreign = !by;
	witness->was_acked_late = oracle->nobody_waits;
	if (!by)
		return;
	witness->is_traceless = !has_container(oracle, work, by);
	witness->kills = oracle_host_of(oracle, by)->kills;
	witness->incarnation = by->incarnation;
	if (oracle->nobody_waits || is_refused(oracle, work))
		return;
	uint64_t ack_within_ms = (uint64_t)environment_of(oracle, work)->ack_within_ms;
	/* The offer travelled, and was perhaps made to somebody else since. */
	bool is_slow = now >= witness->offered_ms + ack_within_ms || witness->offered_to != by;
	if (!is_slow && witness->is_traceless)
		oracle_fail(oracle, "%s acks %s before it has a container for it", by->name,
			    work->id);
}

/* At its limit, or told to end with its berth. */
static bool has_had_its_time(struct oracle *oracle, const struct plane_work *work,
			     const struct witness *witness, const struct oracle_host *host)
{
	const struct trace *trace = trace_find(oracle, witness->holder->id);
	uint64_t end_ms = trace->ended_ms != 0 ? trace->ended_ms : sim_now_ms(oracle->sim);
	int64_t limit_ms = environment_of(oracle, work)->session_ms;

	/* Who finds it at start has only the time of its start. */
	return end_ms + 1500 >= trace->started_ms + (uint64_t)limit_ms ||
	       (trace->was_adopted && host->jumped_ms >= trace->started_ms);
}

/* `by` has acked it as well, after another, who had not before it was offered to `by`: to `by` that
 * looks like an ack of its own whose answer was lost. */
static bool may_be_taken_for_its_own(struct oracle *oracle, struct plane_work *work,
				     const struct host *by)
{
	const struct witness *witness = witness_of(work);
	bool was_acked_before = witness->offered_to == by &&
				work->acked_ms + CLOCK_SLACK_MS + DATE_MS < witness->offered_ms;

	return (witness->acked_again & oracle_bit_of(oracle, by)) && !was_acked_before;
}

/* Handed out or acked once more, an item shows nothing of a second holder before its first
 * heartbeat. */
static bool began_after_the_look(struct oracle *oracle, struct plane_work *work,
				 const struct host *by)
{
	const struct witness *witness = witness_of(work);
	bool may_be_its_own = (witness->was_handed_out_twice && witness->acked_by == by) ||
			      may_be_taken_for_its_own(oracle, work, by);

	return may_be_its_own && sim_now_ms(oracle->sim) < witness->held_ms + LOOK_MS;
}

static void check_stop_of_held(struct oracle *oracle, struct plane_work *work,
			       const struct witness *witness, const struct host *by)
{
	const struct oracle_host *host = oracle_host_of(oracle, by);

	if (began_after_the_look(oracle, work, by))
		return;
	if (witness->was_held_by_foreign) {
		oracle_fail(oracle, "%s force-stops %s, which a foreign worker holds", by->name,
			    work->id);
	} else if (strcmp(witness->holder_instance, host->instance) != 0) {
		oracle_fail(oracle, "%s force-stops %s, which a container of %s holds", by->name,
			    work->id, witness->holder_instance);
	} else if (witness->holder && machine_is_alive(witness->holder)) {
		oracle_fail(oracle, "%s force-stops %s while its container holds it and runs",
			    by->name, work->id);
	} else if (!witness->holder_was_told ||
		   (witness->holder && !has_had_its_time(oracle, work, witness, host))) {
		oracle_fail(oracle,
			    "%s force-stops %s, whose container was never told to end: its lease "
			    "would have lapsed",
			    by->name, work->id);
	}
}

/* It was set while the container that was found was there. */
static bool is_misled_by_clock(struct oracle *oracle, const char *name, const struct host *by)
{
	const struct oracle_host *host = oracle_host_of(oracle, by);

	for (size_t i = 0; host->jumped_ms != 0 && i < by->machine_count; i++) {
		const struct machine_container *container = machine_find(by->machines[i], name);
		const struct trace *trace = container ? trace_find(oracle, container->id) : NULL;
		if (trace && trace->was_adopted && host->jumped_ms >= trace->made_ms)
			return true;
	}
	return false;
}

static void check_stop_of_unheld(struct oracle *oracle, struct plane_work *work,
				 const struct witness *witness, const struct host *by)
{
	bool is_exclusive = environment_of(oracle, work)->is_exclusive;
	_cleanup_free_ char *name = xasprintf("berth-%s", work->id);

	/* After a restart only times tell whose ack it was, and a clock that was set misleads. */
	bool may_be_misled = is_misled_by_clock(oracle, name, by);
	if (witness->acked_by != by && !is_exclusive && !may_be_misled &&
	    !may_be_taken_for_its_own(oracle, work, by)) {
		oracle_fail(oracle, "%s force-stops %s, which %s has acked", by->name, work->id,
			    witness->acked_by ? witness->acked_by->name : "a foreign poller");
		return;
	}
	for (size_t i = 0; i < by->machine_count; i++) {
		const struct machine_container *container = machine_find(by->machines[i], name);
		const char *instance =
			container ? machine_label(container, "berth.instance") : NULL;
		if (!instance || !machine_is_alive(container) ||
		    strcmp(instance, oracle_host_of(oracle, by)->instance) != 0)
			continue;
		/* (A start that was given up long ago may let it run again when its end was seen.)
		 */
		if (!trace_find(oracle, container->id)->was_started_late)
			oracle_fail(oracle, "%s force-stops %s while its container runs", by->name,
				    work->id);
	}
}

static void on_stopping(struct plane_work *work, struct host *by, bool force, void *arg)
{
	struct oracle *oracle = arg;
	struct witness *witness = witness_of(work);

	/* Whoever stops it hides what has happened to it. */
	bool is_in_hand = by && by == witness->acked_by && by->incarnation == witness->incarnation;
	if ((!by || (witness->is_called_stuck && !is_in_hand)) &&
	    oracle_is_stranded(oracle, work) && !is_refused(oracle, work))
		oracle_fail(oracle, "%s was left starting by %s, and is stopped by %s", work->id,
			    witness->acked_by->name, by ? by->name : "somebody");
	if (!by)
		return;
	if (work->state == WORK_STOPPED)
		return;
	oracle->report->force_stops++;
	if (!force)
		oracle_fail(oracle, "%s stops %s without force", by->name, work->id);
	if (work->state == WORK_ACTIVE || work->state == WORK_STOPPING)
		check_stop_of_held(oracle, work, witness, by);
	else if (work->state == WORK_STARTING)
		check_stop_of_unheld(oracle, work, witness, by);
	else if (work->state == WORK_QUEUED && !witness->holder_was_told)
		oracle_fail(oracle, "%s force-stops %s, which is queued", by->name, work->id);
}

static void on_beaten(struct plane_work *work, bool is_first, void *arg)
{
	struct witness *witness = witness_of(work);

	if (!is_first)
		return;
	if (work->beats > 1)
		oracle_fail(arg, "%s: two first heartbeats in one lease", work->id);
	/* If it is a container's it says so right after (oracle_heartbeat). */
	witness->held_ms = sim_now_ms(((struct oracle *)arg)->sim);
	witness->was_held_by_foreign = true;
	witness->holder = NULL;
	witness->holder_instance[0] = '\0';
	witness->holder_was_told = false;
}

static void on_lapsed(struct plane_work *work, void *arg)
{
	struct witness *witness = witness_of(work);

	(void)arg;
	witness->acked_by = witness->offered_to = NULL;
	witness->acked_again = 0;
	witness->was_acked_by_foreign = witness->was_held_by_foreign = false;
	witness->holder = NULL;
	witness->starts = 0;
	witness->is_trace_taken = witness->was_handed_out_twice = witness->is_given_up = false;
}

struct plane_observer oracle_plane_observer(struct oracle *oracle)
{
	return (struct plane_observer){
		.offered = on_offered,
		.acked = on_acked,
		.stopping = on_stopping,
		.beaten = on_beaten,
		.lapsed = on_lapsed,
		.arg = oracle,
	};
}

/* What an engine that was away brings with it is above the cap: it was here before. */
bool oracle_knows_all_engines(const struct oracle *oracle, const struct oracle_host *host)
{
	const struct wire_weather *weather = &oracle->scenario->engine_weather;
	unsigned rates = 0;

	for (unsigned fault = 0; fault < WIRE_FAULTS; fault++)
		rates += weather->rates[fault];
	return host->host->machine_count == 1 ||
	       (rates == 0 && oracle->scenario->trouble.engine_outages == 0 &&
		oracle->scenario->machine_trouble.slow_ms == 0);
}

void oracle_call_arrives(struct oracle *oracle, const struct wire_call *call)
{
	oracle->nobody_waits = !wire_is_awaited(call);
	if (has_secret(call->path))
		oracle_fail(oracle, "a secret in the address %s", call->path);
	if (strcmp(call->name, "poll") != 0 || oracle->nobody_waits)
		return;
	const struct oracle_host *host = oracle_host_of(oracle, call->client);
	const char *id = strstr(call->path, "/env_");
	size_t index = id ? (size_t)(id[strlen("/env_")] - '0') : ENVIRONMENTS_MAX;
	if (index >= ENVIRONMENTS_MAX)
		return;
	uint64_t now = sim_now_ms(oracle->sim);
	if (host->unfit_since_ms != 0 && now > host->unfit_since_ms + UNFIT_MS)
		oracle_fail(oracle, "%s polls although its engine is gone, or its disk full",
			    call->client->name);
	if (host->runs[index] >= host->caps[index] ||
	    (host->running >= host->cap && oracle_knows_all_engines(oracle, host)))
		oracle_fail(oracle, "%s polls env_%zu without a free slot", call->client->name,
			    index);
}

void oracle_session_is_poisoned(struct oracle *oracle, const char *session_id)
{
	history_of(oracle, session_id)->is_poisoned = true;
}

bool oracle_is_poisoned(struct oracle *oracle, const char *session_id)
{
	return history_of(oracle, session_id)->is_poisoned;
}

/* --- life ------------------------------------------------------------------------------------- */

struct oracle *oracle_new(struct sim *sim, const struct scenario *scenario,
			  struct oracle_report *report)
{
	struct oracle *oracle = xcalloc(1, sizeof(*oracle));

	oracle->sim = sim;
	oracle->scenario = scenario;
	oracle->report = report;
	return oracle;
}

void oracle_set_plane(struct oracle *oracle, struct plane *plane)
{
	oracle->plane = plane;
}

void oracle_add_host(struct oracle *oracle, struct host *host, const char *instance,
		     const char *state_dir, int64_t cap, const int64_t *environment_caps)
{
	struct oracle_host *row = &oracle->hosts[oracle->host_count++];

	*row = (struct oracle_host){
		.host = host, .instance = instance, .state_dir = state_dir, .cap = cap};
	memcpy(row->caps, environment_caps, sizeof(row->caps));
}

void oracle_host_was_killed(struct oracle *oracle, const struct host *host)
{
	oracle_host_of(oracle, host)->kills++;
}

void oracle_host_is_unfit(struct oracle *oracle, const struct host *host, uint64_t since_ms)
{
	oracle_host_of(oracle, host)->unfit_since_ms = since_ms;
}

static void set_spell(struct oracle *oracle, struct spell *spell, bool goes_on)
{
	if (goes_on)
		spell->goes_on++;
	else if (spell->goes_on > 0)
		spell->goes_on--;
	spell->until_ms = sim_now_ms(oracle->sim);
}

void oracle_environment_may_list(struct oracle *oracle, size_t environment, bool may,
				 bool is_barred)
{
	set_spell(oracle, &oracle->unlisted[environment], !may);
	if (is_barred)
		set_spell(oracle, &oracle->barred[environment], !may);
}

void oracle_host_is_cut_off(struct oracle *oracle, const struct host *host, bool is_cut_off)
{
	set_spell(oracle, &oracle_host_of(oracle, host)->cut_off, is_cut_off);
}

void oracle_clock_jumps(struct oracle *oracle, const struct host *host)
{
	oracle_host_of(oracle, host)->jumped_ms = sim_now_ms(oracle->sim);
}

void oracle_host_is_able(struct oracle *oracle, const struct host *host, uint64_t since_ms)
{
	oracle_host_of(oracle, host)->able_since_ms = since_ms;
}

struct oracle *oracle_free(struct oracle *oracle)
{
	struct trace *trace, *next_trace;
	struct history *history, *next_history;

	if (!oracle)
		return NULL;
	HASH_ITER (hh, oracle->traces, trace, next_trace) {
		HASH_DEL(oracle->traces, trace);
		free(trace->work_id);
		free(trace);
	}
	HASH_ITER (hh, oracle->histories, history, next_history) {
		HASH_DEL(oracle->histories, history);
		free(history->session_id);
		free(history);
	}
	free(oracle->violation);
	free(oracle);
	return NULL;
}
