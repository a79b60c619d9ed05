/* SPDX-License-Identifier: Apache-2.0 */
#include "world/scenario.h"

#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static bool one_in(struct sim *sim, uint64_t n)
{
	return sim_random(sim, 0, n) == 0;
}

const char *scenario_kind_name(enum scenario_kind kind)
{
	static const char *const names[SCENARIO_KINDS] = {
		[SCENARIO_ONE_HOST] = "one host",	 [SCENARIO_TWO_ENGINES] = "two engines",
		[SCENARIO_TWO_HOSTS] = "two hosts",	 [SCENARIO_NEIGHBOURS] = "neighbours",
		[SCENARIO_CRON] = "thirty days of cron", [SCENARIO_MIXED] = "service and cron",
	};
	return names[kind];
}

/* --- who is there ----------------------------------------------------------------------------- */

static enum scenario_kind draw_kind(struct sim *sim)
{
	static const enum scenario_kind kinds[] = {
		SCENARIO_ONE_HOST,  SCENARIO_ONE_HOST,	 SCENARIO_TWO_ENGINES, SCENARIO_TWO_HOSTS,
		SCENARIO_TWO_HOSTS, SCENARIO_NEIGHBOURS, SCENARIO_MIXED,
	};

	if (one_in(sim, 100))
		return SCENARIO_CRON;
	return kinds[sim_random(sim, 0, sizeof(kinds) / sizeof(kinds[0]))];
}

static void draw_cron(struct host_scenario *host, struct sim *sim, bool is_rare)
{
	host->is_cron = true;
	host->cron_every_ms = is_rare ? sim_random_scale(sim, 15 * MINUTE, 2 * HOUR)
				      : sim_random_scale(sim, MINUTE, 10 * MINUTE);
	host->drains_wait = one_in(sim, 3);
	host->drains_detach = !host->drains_wait && one_in(sim, 3);
	host->drains_max_sessions = one_in(sim, 4) ? (int64_t)sim_random(sim, 1, 20) : 0;
	host->drains_max_time_ms =
		one_in(sim, 4) ? (int64_t)sim_random_scale(sim, 10 * SECOND, 10 * MINUTE) : 0;
}

static void draw_hosts(struct scenario *scenario, struct sim *sim)
{
	bool is_pair = scenario->kind == SCENARIO_TWO_HOSTS ||
		       scenario->kind == SCENARIO_NEIGHBOURS || scenario->kind == SCENARIO_MIXED;

	scenario->host_count = is_pair ? 2 : 1;
	scenario->machine_count =
		scenario->kind == SCENARIO_TWO_ENGINES || scenario->kind == SCENARIO_TWO_HOSTS ||
				(scenario->kind == SCENARIO_MIXED && one_in(sim, 2))
			? 2
			: 1;
	for (size_t i = 0; i < scenario->machine_count; i++)
		scenario->machine_kinds[i] = (enum machine_kind)sim_random(sim, 0, 3);
	for (size_t i = 0; i < scenario->host_count; i++) {
		struct host_scenario *host = &scenario->hosts[i];
		host->machines[0] = i < scenario->machine_count ? i : 0;
		host->machine_count = 1;
		if (scenario->kind == SCENARIO_TWO_ENGINES) {
			host->machines[1] = 1;
			host->machine_count = 2;
		}
		host->sessions = (int64_t)sim_random_scale(sim, 1, 64);
		host->launches = (int64_t)sim_random(sim, 1, 9);
		host->captures_output = one_in(sim, 8);
		host->stops_on_shutdown = one_in(sim, 4);
		if (scenario->kind == SCENARIO_CRON || (scenario->kind == SCENARIO_MIXED && i == 1))
			draw_cron(host, sim, scenario->kind == SCENARIO_CRON);
	}
}

static void draw_environments(struct scenario *scenario, struct sim *sim)
{
	scenario->environment_count = sim_random(sim, 1, ENVIRONMENTS_MAX + 1);
	for (size_t i = 0; i < scenario->environment_count; i++) {
		scenario->environments[i] = (struct environment_scenario){
			.sessions = (int64_t)sim_random_scale(sim, 1, 32),
			.first_heartbeat_ms =
				(int64_t)sim_random_scale(sim, 10 * SECOND, 3 * MINUTE),
			.session_ms = (int64_t)sim_random_scale(sim, 5 * MINUTE, 30 * MINUTE),
			.stop_grace_ms = (int64_t)sim_random(sim, 30 * SECOND, 90 * SECOND),
			.ack_within_ms = (int64_t)sim_random(sim, 500, 4000),
			.weight = (int64_t)sim_random(sim, 1, 10),
			.idle_max_ms = sim_random_scale(sim, 3 * SECOND, 30 * SECOND),
			.pull = one_in(sim, 2) ? "never" : "missing",
			.credential = one_in(sim, 4)   ? "secret"
				      : one_in(sim, 4) ? "key"
						       : "auto",
			.plane =
				{
					.ttl_ms = sim_random_scale(sim, 60 * SECOND, 5 * MINUTE),
					.stopped_again = one_in(sim, 2) ? 200 : 409,
					.acked_again = one_in(sim, 2) ? 200 : 409,
					.fresh_secrets = one_in(sim, 2),
				},
			.engine = sim_random(sim, 0, scenario->hosts[0].machine_count),
		};
	}
}

/* --- what goes wrong -------------------------------------------------------------------------- */

static uint64_t sometimes(struct sim *sim, uint64_t from, uint64_t to)
{
	return one_in(sim, 2) ? sim_random_scale(sim, from, to) : 0;
}

static void draw_trouble(struct scenario *scenario, struct sim *sim)
{
	struct trouble_scenario *trouble = &scenario->trouble;
	uint64_t least = scenario->kind == SCENARIO_CRON ? 2 * HOUR : MINUTE;
	uint64_t most = scenario->kind == SCENARIO_CRON ? 3 * DAY : 30 * MINUTE;

	trouble->kills = sometimes(sim, least, most);
	trouble->terms = sometimes(sim, least, most);
	trouble->quits = sometimes(sim, 5 * least, most);
	trouble->reloads = sometimes(sim, least, most);
	trouble->engine_outages = sometimes(sim, 3 * least, most);
	trouble->image_outages = sometimes(sim, 3 * least, most);
	trouble->command_outages = one_in(sim, 3) ? sometimes(sim, 10 * least, most) : 0;
	trouble->disk_outages = sometimes(sim, 3 * least, most);
	trouble->clock_jumps = sometimes(sim, least, most);
	trouble->key_outages = one_in(sim, 3) ? sometimes(sim, 2 * least, most) : 0;
	trouble->list_outages = one_in(sim, 3) ? sometimes(sim, 5 * least, most) : 0;
	trouble->queue_outages = sometimes(sim, 3 * least, most);
	trouble->redeliveries = sometimes(sim, least, most);
	trouble->operator_stops = sometimes(sim, least, most);
	trouble->monitor_kills = sometimes(sim, 2 * least, most);
	trouble->longest_outage_ms = one_in(sim, 4) ? HOUR : 5 * MINUTE;
}

/* Most worlds have most faults, rarely; a few have one of them all the time. */
static void draw_weather(struct wire_weather *weather, struct sim *sim)
{
	uint64_t worst = one_in(sim, 8) ? 1500 : one_in(sim, 4) ? 1 : 150;

	for (unsigned fault = 0; fault < WIRE_FAULTS; fault++)
		if (one_in(sim, 2))
			weather->rates[fault] = (unsigned)sim_random_scale(sim, 1, worst + 1);
	weather->crawls = one_in(sim, 4) ? (unsigned)sim_random_scale(sim, 1, 500) : 0;
	weather->crawl_ms = sim_random_scale(sim, 2 * SECOND, 2 * MINUTE);
}

static unsigned rate(struct sim *sim, unsigned most)
{
	return one_in(sim, 2) ? (unsigned)sim_random_scale(sim, 1, most) : 0;
}

static void draw_machine_trouble(struct machine_trouble *trouble, struct sim *sim)
{
	*trouble = (struct machine_trouble){
		.event_lost = rate(sim, 3000),
		.event_late = rate(sim, 3000),
		.event_twice = rate(sim, 3000),
		.event_false = rate(sim, 3000),
		.create_fails = rate(sim, 300),
		.start_fails = rate(sim, 300),
		.start_struggles = rate(sim, 300),
		.start_cannot_run = one_in(sim, 4) ? rate(sim, 100) : 0,
		.remove_fails = rate(sim, 1000),
		.remove_takes_long = rate(sim, 1000),
		.kill_fails = rate(sim, 1000),
		.prepare_fails = rate(sim, 300),
		.start_is_cut_off = rate(sim, 100),
		.name_is_left = rate(sim, 100),
		.vanishes = rate(sim, 1000),
		.slow_ms = one_in(sim, 3) ? sim_random_scale(sim, 100, 20000) : 0,
	};
}

static void draw_workers(struct scenario *scenario, struct sim *sim)
{
	scenario->dies_unbeaten = rate(sim, 2000);
	scenario->hangs_unbeaten = rate(sim, 1500);
	scenario->dies_beaten = rate(sim, 1000);
	scenario->hangs_beaten = rate(sim, 500);
	scenario->loses_lease = rate(sim, 500);
	scenario->leaves_early = rate(sim, 300);
	scenario->is_killed_for_memory = rate(sim, 300);
	scenario->poison_rate = rate(sim, 300);
	scenario->healthcheck_rate = rate(sim, 2000);
	scenario->no_secret_rate = rate(sim, 5000);
	scenario->longest_work_ms = sim_random_scale(sim, 5 * SECOND, 8 * MINUTE);
}

void scenario_draw(struct scenario *ret, struct sim *sim)
{
	*ret = (struct scenario){.kind = draw_kind(sim)};
	bool is_cron = ret->kind == SCENARIO_CRON;

	draw_hosts(ret, sim);
	draw_environments(ret, sim);
	draw_workers(ret, sim);
	ret->has_foreign_pollers = one_in(sim, 4);
	/* Nobody else serves the queues. */
	if (!ret->has_foreign_pollers && ret->host_count == 1 && one_in(sim, 3))
		for (size_t i = 0; i < ret->environment_count; i++)
			ret->environments[i].is_exclusive = true;
	ret->has_strangers = one_in(sim, 2);
	ret->sessions = (unsigned)(is_cron ? sim_random(sim, 300, 1500) : sim_random(sim, 20, 200));
	ret->troubled_ms = is_cron ? 30 * DAY : sim_random_scale(sim, 10 * MINUTE, HOUR);
	ret->arrivals_ms = is_cron	    ? 29 * DAY
			   : one_in(sim, 4) ? SECOND
					    : ret->troubled_ms * sim_random(sim, 20, 100) / 100;
	ret->queue_weather.slowest_ms = sim_random_scale(sim, 10, 1500);
	ret->engine_weather.slowest_ms = sim_random_scale(sim, 4, 400);
	if (one_in(sim, 10)) /* nothing goes wrong but what workers do */
		return;
	draw_trouble(ret, sim);
	draw_weather(&ret->queue_weather, sim);
	draw_weather(&ret->engine_weather, sim);
	draw_machine_trouble(&ret->machine_trouble, sim);
}
