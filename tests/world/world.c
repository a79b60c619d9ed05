/* SPDX-License-Identifier: Apache-2.0 */
#include "world/world.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "world/seam.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SECOND	 UINT64_C(1000)
#define MINUTE	 (60 * SECOND)
#define HOUR	 (60 * MINUTE)
#define DAY	 (24 * HOUR)
#define GIB	 (INT64_C(1) << 30)
#define STUCK_MS (2 * HOUR)   /* more than any limit of a session or a lease */
#define CALM_MS	 (5 * MINUTE) /* at least, for what was half open to be noticed */

void world_trace(struct world *world, const char *format, ...)
{
	va_list arguments;

	if (!world->options->is_traced)
		return;
	va_start(arguments, format);
	(void)printf("%10" PRIu64 " ", sim_now_ms(world->sim));
	(void)vprintf(format, arguments);
	(void)printf("\n");
	va_end(arguments);
}

/* --- what is told ----------------------------------------------------------------------------- */

static void on_call(const struct wire_call *call, const char *what, void *arg)
{
	struct world *world = arg;

	if (strcmp(what, "arrives") == 0)
		oracle_call_arrives(world->oracle, call);
	world_trace(world, "%s: %s %s %s%s", call->client->name, call->method, call->path, what,
		    wire_is_awaited(call) ? "" : " for nobody");
}

static void on_log_line(const struct host_log_line *line, void *arg)
{
	struct world *world = arg;

	oracle_log_line(world->oracle, line);
	if (!world->options->is_traced)
		return;
	(void)printf("%10" PRIu64 " %s: event=%s", sim_now_ms(world->sim),
		     line->host ? line->host->name : "-", line->event);
	if (line->environment)
		(void)printf(" environment=%s", line->environment);
	if (line->work)
		(void)printf(" work=%s", line->work);
	if (line->container)
		(void)printf(" container=%.12s", line->container);
	for (const struct log_field *field = line->fields; field && field->name; field++)
		if (field->value)
			(void)printf(" %s=%s", field->name, field->value);
	(void)printf("%s%s\n", line->message ? " msg=" : "", line->message ? line->message : "");
}

static void note_progress(struct world *world)
{
	world->progress_ms = sim_now_ms(world->sim);
}

static void on_offered(struct plane_work *work, struct host *by, void *arg)
{
	struct world *world = arg;

	world->oracle_observer.offered(work, by, world->oracle);
}

static void on_acked(struct plane_work *work, struct host *by, bool is_first, void *arg)
{
	struct world *world = arg;

	world->oracle_observer.acked(work, by, is_first, world->oracle);
	note_progress(world);
}

static void on_stopping(struct plane_work *work, struct host *by, bool force, void *arg)
{
	struct world *world = arg;

	world_trace(world, "%s stops %s, which is %s", by ? by->name : "somebody", work->id,
		    work_state_name(work->state));
	world->oracle_observer.stopping(work, by, force, world->oracle);
	note_progress(world);
	if (by && work->state != WORK_STOPPED)
		people_lost(world->people, work);
}

static void on_beaten(struct plane_work *work, bool is_first, void *arg)
{
	struct world *world = arg;

	world->oracle_observer.beaten(work, is_first, world->oracle);
	if (!is_first)
		return;
	note_progress(world);
	world_trace(world, "%s: first heartbeat", work->id);
}

static void on_lapsed(struct plane_work *work, void *arg)
{
	struct world *world = arg;

	world->oracle_observer.lapsed(work, world->oracle);
	note_progress(world);
	world_trace(world, "%s: its lease lapses", work->id);
}

/* --- containers and what runs in them --------------------------------------------------------- */

static void on_worker_beaten(struct worker *worker, void *arg)
{
	oracle_heartbeat(((struct world *)arg)->oracle, worker);
}

static void on_worker_done(struct worker *worker, void *arg)
{
	(void)worker;
	((struct world *)arg)->totals->report.sessions_done++;
}

static void on_started(struct machine_container *container, void *arg)
{
	struct world *world = arg;
	const char *session = machine_label(container, "berth.session");

	if (!machine_label(container, "berth.work") || !trace_is_known(world->oracle, container))
		return;
	struct worker *worker = worker_new(world->sim, world->plane, &world->scenario, container,
					   session && oracle_is_poisoned(world->oracle, session),
					   &world->worker_owner);
	container->worker = worker;
	world->totals->fates[worker->fate]++;
	world_trace(world, "%s runs: fate %d", container->name, (int)worker->fate);
	oracle_container_started(world->oracle, container);
}

static void on_signalled(struct machine_container *container, const char *signal_name, void *arg)
{
	(void)arg;
	if (container->worker)
		worker_signal(container->worker, signal_name);
}

static void on_container_ended(struct machine_container *container, void *arg)
{
	struct world *world = arg;

	note_progress(world);
	world_trace(world, "%s ends: %d%s", container->name, container->exit_code,
		    container->oom_killed ? ", out of memory" : "");
	if (container->worker)
		oracle_container_ended(world->oracle, container);
	container->worker = worker_free(container->worker);
}

static void on_removed(struct machine_container *container, void *arg)
{
	struct world *world = arg;

	if (container->worker)
		oracle_container_ended(world->oracle, container);
	container->worker = worker_free(container->worker);
	oracle_container_removed(world->oracle, container);
	note_progress(world);
}

static void on_touched(struct machine_container *container, const char *what, struct host *by,
		       void *arg)
{
	oracle_container_touched(((struct world *)arg)->oracle, container, what, by);
}

static void on_created(struct machine_container *container, struct host *by, void *arg)
{
	oracle_container_created(((struct world *)arg)->oracle, container, by);
}

/* --- berths come and go ----------------------------------------------------------------------- */

static void on_start(void *arg)
{
	struct host_life *life = arg;
	struct world *world = life->world;

	if (life->scenario->is_cron)
		life_start_later(life, life->scenario->cron_every_ms);
	if (life->host.daemon) /* the lock of its state_dir would say so */
		return;
	life->is_leaving = false;
	life->up_since_ms = sim_now_ms(world->sim);
	world->totals->report.restarts++;
	world_trace(world, "%s starts", life->host.name);
	(void)host_start(&life->host);
}

void life_start_later(struct host_life *life, uint64_t delay_ms)
{
	sim_at(life->world->sim, &life->start, delay_ms, on_start, life);
}

static void restart(struct host_life *life)
{
	struct world *world = life->world;

	if (!life->scenario->is_cron && !world->is_ending)
		life_start_later(life,
				 world->is_calm ? 1000 : sim_random_scale(world->sim, 100, 120000));
}

static void on_host_ended(struct host *host, unsigned verdict, void *arg)
{
	struct host_life *life = arg;

	struct world *world = life->world;

	world_trace(world, "%s has ended: verdict %u", host->name, verdict);
	life->has_lived_calmly |= world->is_calm && life->up_since_ms >= world->calm_since_ms;
	restart(life);
}

static void on_stepped(struct host *host, void *arg)
{
	struct host_life *life = arg;

	if (host->daemon)
		return;
	world_trace(life->world, "%s was killed", host->name);
	oracle_host_was_killed(life->world->oracle, host);
	restart(life);
}

void world_change_keys(struct world *world)
{
	for (size_t i = 0; i < world->scenario.environment_count; i++)
		plane_change_key(world->plane, world->environments[i]);
	place_write_keys(world);
}

/* --- the end ---------------------------------------------------------------------------------- */

static bool hosts_are_down(const struct world *world)
{
	for (size_t i = 0; i < world->scenario.host_count; i++)
		if (world->hosts[i].host.daemon)
			return false;
	return true;
}

/* What was left behind at the last moment of trouble is for the next drain to clear away. */
static bool cron_has_come_round(const struct world *world)
{
	for (size_t i = 0; i < world->scenario.host_count; i++)
		if (world->hosts[i].scenario->is_cron && !world->hosts[i].has_lived_calmly)
			return false;
	return true;
}

static void begin_ending(struct world *world)
{
	world->is_ending = true;
	note_progress(world);
	for (size_t i = 0; i < world->scenario.host_count; i++) {
		struct host_life *life = &world->hosts[i];
		sim_cancel(world->sim, &life->start);
		if (life->host.daemon && !life->is_leaving) {
			life->is_leaving = true;
			host_signal(&life->host, SIGTERM);
		}
	}
}

static uint64_t time_to_progress_ms(const struct world *world)
{
	uint64_t longest_ms = 0;

	for (size_t i = 0; i < world->scenario.host_count; i++)
		if (world->scenario.hosts[i].cron_every_ms > longest_ms)
			longest_ms = world->scenario.hosts[i].cron_every_ms;
	return STUCK_MS + 3 * longest_ms;
}

static void look_for_the_end(struct world *world)
{
	uint64_t now = sim_now_ms(world->sim);

	if (world->is_ending && hosts_are_down(world)) {
		world->is_over = true;
		return;
	}
	if (now > world->progress_ms + time_to_progress_ms(world)) {
		_cleanup_free_ char *why = oracle_unsettled(world->oracle, world->machines,
							    world->scenario.machine_count);
		oracle_fail_final(world->oracle, world->is_ending ? "a berth does not leave"
						 : why		  ? why
								  : "people are not done");
		return;
	}
	_cleanup_free_ char *why =
		oracle_unsettled(world->oracle, world->machines, world->scenario.machine_count);
	if (!world->is_ending && !why && people_are_done(world->people) &&
	    now > world->calm_since_ms + CALM_MS && cron_has_come_round(world))
		begin_ending(world);
}

/* One machine's trouble is no reason for the environments of another one. */
void world_note_who_is_unfit(struct world *world)
{
	for (size_t i = 0; i < world->scenario.host_count; i++) {
		struct host_life *life = &world->hosts[i];
		bool is_unfit = true;
		for (size_t j = 0; j < life->host.machine_count; j++)
			is_unfit = is_unfit && (!machine_engine_is_up(life->host.machines[j]) ||
						machine_disk(life->host.machines[j]) < 2 * GIB);
		if (!is_unfit)
			life->unfit_since_ms = 0;
		else if (life->unfit_since_ms == 0)
			life->unfit_since_ms = sim_now_ms(world->sim);
		oracle_host_is_unfit(world->oracle, &life->host, life->unfit_since_ms);
	}
}

static void note_who_is_able(struct world *world)
{
	for (size_t i = 0; i < world->scenario.host_count; i++) {
		struct host_life *life = &world->hosts[i];
		bool is_able = life->host.daemon && !life->scenario->is_cron;
		for (size_t j = 0; j < life->host.machine_count; j++)
			is_able = is_able && machine_engine_is_up(life->host.machines[j]);
		if (!is_able)
			life->able_since_ms = 0;
		else if (life->able_since_ms == 0)
			life->able_since_ms = sim_now_ms(world->sim);
		oracle_host_is_able(world->oracle, &life->host, life->able_since_ms);
	}
}

/* Every list would show them. */
static void on_forgotten(struct plane_work *work, void *arg)
{
	(void)arg;
	oracle_work_is_forgotten(work);
}

static void on_minute(void *arg)
{
	struct world *world = arg;

	sim_at(world->sim, &world->minute, MINUTE, on_minute, world);
	note_who_is_able(world);
	world_note_who_is_unfit(world);
	plane_forget_stopped(world->plane, DAY, on_forgotten, NULL);
	for (size_t i = 0; i < world->scenario.machine_count; i++)
		oracle_look_around(world->oracle, world->machines[i]);
	if (world->is_calm)
		look_for_the_end(world);
}

static void be_calm(void *arg)
{
	struct world *world = arg;
	const struct machine_trouble none = {0};

	world_trace(world, "from here on nothing goes wrong");
	world->is_calm = true;
	world->calm_since_ms = sim_now_ms(world->sim);
	note_progress(world);
	troubles_end(world);
	people_are_calm(world->people);
	for (size_t i = 0; i < world->scenario.machine_count; i++)
		machine_set_trouble(world->machines[i], &none);
	for (size_t i = 0; i < world->scenario.host_count; i++) {
		struct host_life *life = &world->hosts[i];
		memset(life->host.plane_peer.weather.rates, 0,
		       sizeof(life->host.plane_peer.weather.rates));
		for (size_t j = 0; j < life->host.machine_count; j++)
			memset(life->host.engine_peers[j].weather.rates, 0,
			       sizeof(life->host.engine_peers[j].weather.rates));
		life->host.dies_at = 0;
		if (!life->host.daemon && !life->scenario->is_cron)
			life_start_later(life, 1000);
	}
	world_change_keys(world);
}

/* --- making it -------------------------------------------------------------------------------- */

static const char *plane_call_name(const struct http_request *request)
{
	static const struct {
		const char *part, *name;
	} rows[] = {
		{"/work/poll", "poll"}, {"/work/stats", "stats"}, {"/heartbeat", "heartbeat"},
		{"/ack?", "ack"},	{"/stop?", "stop"},	  {"/work?", "list"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strstr(request->url, rows[i].part))
			return rows[i].name;
	return "other";
}

static const char *engine_call_name(const struct http_request *request)
{
	static const struct {
		const char *part, *name;
	} rows[] = {
		{"/_ping", "ping"},
		{"/version", "version"},
		{"/info", "info"},
		{"/events", "events"},
		{"/images/", "image"},
		{"/networks", "network"},
		{"/containers/create", "create"},
		{"/containers/json", "list"},
		{"/json", "inspect"},
		{"/start", "start"},
		{"/init", "prepare"},
		{"/kill", "kill"},
		{"/logs", "logs"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strstr(request->url, rows[i].part))
			return rows[i].name;
	return strcmp(request->method, "DELETE") == 0 ? "remove" : "other";
}

static bool engine_is_up(void *arg)
{
	return machine_engine_is_up(arg);
}

static void make_machines(struct world *world)
{
	const struct machine_owner owner = {
		.started = on_started,
		.signalled = on_signalled,
		.ended = on_container_ended,
		.removed = on_removed,
		.touched = on_touched,
		.created = on_created,
		.arg = world,
	};
	static const char *const names[MACHINES_MAX] = {"m0", "m1", "m2"};

	for (size_t i = 0; i < world->scenario.machine_count; i++) {
		world->machines[i] =
			machine_new(world->sim, names[i], world->scenario.machine_kinds[i], &owner);
		machine_set_image(world->machines[i], IMAGE_IS_GOOD);
		machine_set_room(world->machines[i], 100 * GIB, 100 * GIB);
		machine_set_trouble(world->machines[i], &world->scenario.machine_trouble);
	}
}

static void make_plane(struct world *world)
{
	const struct plane_observer observer = {
		.offered = on_offered,
		.acked = on_acked,
		.stopping = on_stopping,
		.beaten = on_beaten,
		.lapsed = on_lapsed,
		.arg = world,
	};

	world->plane = plane_new(world->sim, &observer);
	oracle_set_plane(world->oracle, world->plane);
	for (size_t i = 0; i < world->scenario.environment_count; i++) {
		_cleanup_free_ char *id = xasprintf("env_%zu", i);
		world->environments[i] = plane_add_environment(
			world->plane, id, NULL, &world->scenario.environments[i].plane);
	}
	place_write_keys(world);
}

static void make_host(struct world *world, size_t index)
{
	static const char *const names[HOSTS_MAX] = {"h0", "h1", "h2"};
	struct host_life *life = &world->hosts[index];
	const struct host_scenario *scenario = &world->scenario.hosts[index];
	struct host *host = &life->host;
	int64_t caps[ENVIRONMENTS_MAX] = {0};

	life->world = world;
	life->scenario = scenario;
	(void)snprintf(life->instance, sizeof(life->instance), "instance-%zu", index);
	host->sim = world->sim;
	host->wire = &world->wire;
	host->name = names[index];
	host->owner =
		(struct host_owner){.ended = on_host_ended, .stepped = on_stepped, .arg = life};
	host->plane_peer = (struct wire_peer){.serve = plane_serve,
					      .arg = world->plane,
					      .name = plane_call_name,
					      .weather = world->scenario.queue_weather};
	host->machine_count = scenario->machine_count;
	for (size_t i = 0; i < host->machine_count; i++) {
		host->machines[i] = world->machines[scenario->machines[i]];
		host->engine_peers[i] =
			(struct wire_peer){.serve = machine_serve,
					   .arg = host->machines[i],
					   .is_up = engine_is_up,
					   .name = engine_call_name,
					   .weather = world->scenario.engine_weather};
	}
	host->options = (struct daemon_options){
		.drain = scenario->is_cron,
		.wait = scenario->drains_wait,
		.detach = scenario->drains_detach,
		.max_sessions = scenario->drains_max_sessions,
		.max_time_ms = scenario->drains_max_time_ms,
	};
	place_make(life);
	for (size_t i = 0; i < world->scenario.environment_count; i++)
		caps[i] = world->scenario.environments[i].sessions;
	oracle_add_host(world->oracle, host, life->instance, life->state_dir, scenario->sessions,
			caps);
	life_start_later(life, sim_random(world->sim, 1, 2000));
}

static void make(struct world *world)
{
	world->sim = sim_new(world->options->seed);
	scenario_draw(&world->scenario, world->sim);
	world->wire = (struct wire){.sim = world->sim, .trace = on_call, .trace_arg = world};
	world->oracle = oracle_new(world->sim, &world->scenario, &world->totals->report);
	world->oracle_observer = oracle_plane_observer(world->oracle);
	world->worker_owner = (struct worker_owner){
		.beaten = on_worker_beaten, .done = on_worker_done, .arg = world};
	host_log_to(on_log_line, world);
	make_machines(world);
	make_plane(world);
	for (size_t i = 0; i < world->scenario.host_count; i++)
		make_host(world, i);
	world->people = people_new(world);
	troubles_begin(world);
	sim_at(world->sim, &world->minute, MINUTE, on_minute, world);
	sim_at(world->sim, &world->calm, world->scenario.troubled_ms, be_calm, world);
	world_trace(world, "seed %" PRIu64 ": %s, %zu environments, %u sessions",
		    world->options->seed, scenario_kind_name(world->scenario.kind),
		    world->scenario.environment_count, world->scenario.sessions);
}

static void free_witness(struct plane_work *work, void *arg)
{
	(void)arg;
	free(work->oracle);
	work->oracle = NULL;
}

static void unmake(struct world *world)
{
	for (size_t i = 0; i < world->scenario.host_count; i++) {
		host_kill(&world->hosts[i].host);
		sim_cancel(world->sim, &world->hosts[i].start);
		place_free(&world->hosts[i]);
	}
	host_log_to(NULL, NULL);
	for (unsigned i = 0; i < TROUBLES; i++) {
		sim_cancel(world->sim, &world->outages[i].begin);
		sim_cancel(world->sim, &world->outages[i].end);
	}
	sim_cancel(world->sim, &world->minute);
	sim_cancel(world->sim, &world->calm);
	world->people = people_free(world->people);
	wire_settle(&world->wire);
	for (size_t i = 0; i < world->scenario.machine_count; i++)
		world->machines[i] = machine_free(world->machines[i]);
	plane_each(world->plane, free_witness, NULL);
	world->plane = plane_free(world->plane);
	world->oracle = oracle_free(world->oracle);
	world->sim = sim_free(world->sim);
}

static void add_up(struct world *world)
{
	struct world_totals *totals = world->totals;

	totals->seeds++;
	totals->kinds[world->scenario.kind]++;
	totals->simulated_ms += sim_now_ms(world->sim) - 1000000;
	totals->calls += world->wire.calls;
	for (unsigned i = 0; i < WIRE_FAULTS; i++)
		totals->wire_faults[i] += world->wire.faults[i];
}

char *world_run(const struct world_options *options, struct world_totals *totals)
{
	struct world *world = xcalloc(1, sizeof(*world));

	world->options = options;
	world->totals = totals;
	make(world);
	while (!world->is_over && !oracle_violation(world->oracle) &&
	       sim_step(world->sim, UINT64_MAX))
		continue;
	if (!oracle_violation(world->oracle))
		oracle_final(world->oracle, world->machines, world->scenario.machine_count);
	const char *violation = oracle_violation(world->oracle);
	char *result = violation ? xasprintf("%s (%s)", violation,
					     scenario_kind_name(world->scenario.kind))
				 : NULL;
	add_up(world);
	unmake(world);
	free(world);
	return result;
}
