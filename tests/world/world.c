/* SPDX-License-Identifier: Apache-2.0 */
#include "world/world.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "world/seam.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define SECOND		UINT64_C(1000)
#define MINUTE		(60 * SECOND)
#define HOUR		(60 * MINUTE)
#define DAY		(24 * HOUR)
#define GIB		(INT64_C(1) << 30)
#define STUCK_MS	(2 * HOUR)   /* more than any limit of a session or a lease */
#define CALM_MS		(5 * MINUTE) /* at least, for what was half open to be noticed */
#define LONGEST_CALM_MS (3 * DAY)    /* whatever goes on then will never end */

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
	world_note_progress(world);
	for (size_t i = 0; i < world->scenario.host_count; i++) {
		struct host_life *life = &world->hosts[i];
		sim_cancel(world->sim, &life->start);
		if (life->host.daemon && !life->is_leaving) {
			life->is_leaving = true;
			host_signal(&life->host, SIGTERM);
		}
	}
}

static uint64_t longest_between_drains_ms(const struct world *world)
{
	uint64_t longest_ms = 0;

	for (size_t i = 0; i < world->scenario.host_count; i++)
		if (world->scenario.hosts[i].cron_every_ms > longest_ms)
			longest_ms = world->scenario.hosts[i].cron_every_ms;
	return longest_ms;
}

static uint64_t time_to_progress_ms(const struct world *world)
{
	return STUCK_MS + 3 * longest_between_drains_ms(world);
}

/* A drain may take one session at a time. */
static uint64_t longest_calm_ms(const struct world *world)
{
	return LONGEST_CALM_MS + 2 * world->scenario.sessions * longest_between_drains_ms(world);
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
	if (now > world->calm_since_ms + longest_calm_ms(world)) {
		oracle_fail_final(world->oracle, "not over long after everything is calm");
		return;
	}
	_cleanup_free_ char *why =
		oracle_unsettled(world->oracle, world->machines, world->scenario.machine_count);
	if (!world->is_ending && !why && people_are_done(world->people) &&
	    now > world->calm_since_ms + CALM_MS && cron_has_come_round(world))
		begin_ending(world);
}

/* One engine's trouble is no reason for the environments of another one. They share a disk. */
void world_note_who_is_unfit(struct world *world)
{
	for (size_t i = 0; i < world->scenario.host_count; i++) {
		struct host_life *life = &world->hosts[i];
		bool is_unfit = true;
		for (size_t j = 0; j < life->host.machine_count; j++)
			is_unfit = is_unfit && !machine_engine_is_up(life->host.machines[j]);
		is_unfit |= machine_disk(life->host.machines[0]) < 2 * GIB;
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
		/* It may have died and come back since the last look. */
		if (!is_able || life->able_incarnation != life->host.incarnation)
			life->able_since_ms = 0;
		life->able_incarnation = life->host.incarnation;
		if (is_able && life->able_since_ms == 0)
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
	oracle_check_beliefs(world->oracle);
	oracle_look_for_stranded(world->oracle);
	if (world->is_calm)
		look_for_the_end(world);
}

static void calm_down(struct wire_weather *weather)
{
	memset(weather->rates, 0, sizeof(weather->rates));
	weather->crawls = 0;
}

static void be_calm(void *arg)
{
	struct world *world = arg;
	const struct machine_trouble none = {0};

	world_trace(world, "from here on nothing goes wrong");
	world->is_calm = true;
	world->calm_since_ms = sim_now_ms(world->sim);
	world_note_progress(world);
	troubles_end(world);
	people_are_calm(world->people);
	for (size_t i = 0; i < world->scenario.machine_count; i++)
		machine_set_trouble(world->machines[i], &none);
	for (size_t i = 0; i < world->scenario.host_count; i++) {
		struct host_life *life = &world->hosts[i];
		life->host.plane_peer.outage = (struct wire_outage){.rate = 0};
		calm_down(&life->host.plane_peer.weather);
		for (size_t j = 0; j < life->host.machine_count; j++)
			calm_down(&life->host.engine_peers[j].weather);
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
	const struct machine_owner owner = told_of_machine(world);
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
	const struct plane_observer observer = told_of_plane(world);

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
	world->wire = (struct wire){.sim = world->sim};
	world->oracle = oracle_new(world->sim, &world->scenario, &world->totals->report);
	told_begin(world);
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
	plane_each(world->plane, on_forgotten, NULL);
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
