/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong in the world at large: each trouble comes back now and then, until it is calm. */
#include "base/cleanup.h"
#include "world/world.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#define GIB	       (INT64_C(1) << 30)
#define SLOW_QUEUE_MS  UINT64_C(4000)
#define STUCK_AFTER_MS UINT64_C(10000)

const char *trouble_name(enum trouble trouble)
{
	static const char *const names[TROUBLES] = {
		[TROUBLE_KILL] = "berth killed",
		[TROUBLE_TERM] = "berth told to leave",
		[TROUBLE_QUIT] = "berth told to finish",
		[TROUBLE_RELOAD] = "configuration reloaded",
		[TROUBLE_ENGINE] = "engine gone",
		[TROUBLE_IMAGE] = "image gone",
		[TROUBLE_COMMAND] = "command broken",
		[TROUBLE_DISK] = "disk or memory full",
		[TROUBLE_CLOCK] = "clock jumps",
		[TROUBLE_KEY] = "key rejected",
		[TROUBLE_LIST] = "list not permitted",
		[TROUBLE_QUEUE] = "queue gone",
		[TROUBLE_REDELIVERY] = "item handed out twice",
		[TROUBLE_OPERATOR_STOP] = "item stopped by somebody",
		[TROUBLE_MONITOR] = "monitor killed",
	};
	return names[trouble];
}

static struct host_life *any_host(struct world *world)
{
	return &world->hosts[sim_random(world->sim, 0, world->scenario.host_count)];
}

static struct machine *machine_of(const struct outage *outage)
{
	return outage->world->machines[outage->which];
}

/* --- of one moment ---------------------------------------------------------------------------- */

static void kill_a_host(struct world *world)
{
	struct host *host = &any_host(world)->host;

	if (host->daemon)
		host->dies_at = host->steps + sim_random_scale(world->sim, 1, 200);
}

static void tell_a_host(struct world *world, int signo)
{
	struct host_life *life = any_host(world);

	/* A second one would end it by the signal itself. */
	if (!life->host.daemon || life->is_leaving)
		return;
	life->is_leaving = true;
	host_signal(&life->host, signo);
}

static void reload_a_host(struct world *world)
{
	struct host_life *life = any_host(world);
	bool is_spoilt = sim_chance(world->sim, 3000);

	if (!life->host.daemon)
		return;
	place_spoil(life, is_spoilt);
	host_signal(&life->host, SIGHUP);
	if (is_spoilt)
		place_spoil(life, false);
}

static void set_clock(struct host_life *life, int64_t jump_ms)
{
	life->host.wall_offset_ms += jump_ms;
	oracle_clock_jumps(life->world->oracle, &life->host);
}

static void let_clocks_jump(struct world *world)
{
	struct host_life *life = any_host(world);
	int64_t jump_ms = (int64_t)sim_random_scale(world->sim, 100, 7200000);

	if (sim_chance(world->sim, 5000))
		jump_ms = -jump_ms;
	world_trace(world, "the clock of %s jumps by %" PRId64 " ms", life->host.name, jump_ms);
	/* One machine, one clock. */
	for (size_t i = 0; i < world->scenario.host_count; i++)
		if (world->hosts[i].scenario->machines[0] == life->scenario->machines[0])
			set_clock(&world->hosts[i], jump_ms);
	for (size_t i = 0; i < life->host.machine_count; i++) {
		machine_jump_clock(life->host.machines[i], jump_ms);
		if (jump_ms < 0)
			oracle_clock_is_set_back(world->oracle, life->host.machines[i],
						 (uint64_t)-jump_ms);
	}
}

struct choice {
	struct sim *sim;
	uint64_t seen;
	void *chosen;
};

/* Each of them as likely as any other, without knowing how many there are. */
static void choose(struct choice *choice, void *candidate)
{
	if (sim_random(choice->sim, 0, ++choice->seen) == 0)
		choice->chosen = candidate;
}

static void consider_work(struct plane_work *work, void *arg)
{
	if (work->state != WORK_STOPPED)
		choose(arg, work);
}

/* Nobody has begun with it, long after somebody took it. */
static void consider_stuck(struct plane_work *work, void *arg)
{
	const struct choice *choice = arg;

	if (work->state == WORK_STARTING &&
	    work->acked_ms + STUCK_AFTER_MS < sim_now_ms(choice->sim))
		choose(arg, work);
}

static struct plane_work *any_work(struct world *world)
{
	struct choice choice = {.sim = world->sim};

	if (sim_chance(world->sim, 5000))
		plane_each(world->plane, consider_stuck, &choice);
	if (!choice.chosen)
		plane_each(world->plane, consider_work, &choice);
	return choice.chosen;
}

static void consider_container(struct machine_container *container, void *arg)
{
	if (machine_is_alive(container) && container->worker)
		choose(arg, container);
}

static void kill_a_monitor(struct world *world)
{
	struct machine *machine =
		world->machines[sim_random(world->sim, 0, world->scenario.machine_count)];
	struct choice choice = {.sim = world->sim};

	if (machine_kind(machine) == MACHINE_DOCKER)
		return;
	machine_each(machine, consider_container, &choice);
	if (choice.chosen)
		machine_kill_monitor(choice.chosen);
}

static void happen(struct world *world, enum trouble trouble)
{
	struct plane_work *work;

	if (trouble == TROUBLE_KILL)
		kill_a_host(world);
	else if (trouble == TROUBLE_TERM)
		tell_a_host(world, SIGTERM);
	else if (trouble == TROUBLE_QUIT)
		tell_a_host(world, SIGQUIT);
	else if (trouble == TROUBLE_RELOAD)
		reload_a_host(world);
	else if (trouble == TROUBLE_CLOCK)
		let_clocks_jump(world);
	else if (trouble == TROUBLE_MONITOR)
		kill_a_monitor(world);
	else if (trouble == TROUBLE_REDELIVERY && (work = any_work(world)))
		plane_redeliver(world->plane, work);
	else if (trouble == TROUBLE_OPERATOR_STOP && (work = any_work(world)))
		(void)plane_stop(world->plane, work->id, true);
}

/* --- of some time ----------------------------------------------------------------------------- */

static bool lasts(enum trouble trouble)
{
	return trouble == TROUBLE_ENGINE || trouble == TROUBLE_IMAGE ||
	       trouble == TROUBLE_COMMAND || trouble == TROUBLE_DISK || trouble == TROUBLE_KEY ||
	       trouble == TROUBLE_LIST || trouble == TROUBLE_QUEUE;
}

/* Nothing or hardly anything of what one berth asks of its queue is answered, in one way; or only
 * one kind of call is not, or only polls are. */
static void cut_off_from_queue(struct host_life *life, bool is_bad)
{
	static const enum wire_fault ways[] = {WIRE_NOT_SENT,	WIRE_LOST,  WIRE_SILENT,
					       WIRE_REPLY_LOST, WIRE_ERROR, WIRE_ERROR_AFTER};
	static const char *const only[] = {NULL, NULL, "list", "stop", "stop", NULL, NULL};
	static const char *const but[] = {NULL, NULL, NULL, NULL, NULL, "poll", "poll"};
	struct sim *sim = life->world->sim;

	oracle_host_is_cut_off(life->world->oracle, &life->host, is_bad);
	life->host.plane_peer.outage = (struct wire_outage){.rate = 0};
	if (!is_bad)
		return;
	size_t what = sim_random(sim, 0, ARRAY_SIZE(only));
	life->host.plane_peer.outage = (struct wire_outage){
		.only = only[what],
		.but = but[what],
		.fault = ways[sim_random(sim, 0, ARRAY_SIZE(ways))],
		.rate = sim_chance(sim, 5000) ? 10000 : 4000,
	};
}

/* Whoever replaces an image may use up the network with it: polls come back long after their time.
 */
static void slow_queues_down(struct world *world, bool is_bad)
{
	bool is_slow = is_bad && sim_chance(world->sim, 2500);

	for (size_t i = 0; i < world->scenario.host_count; i++) {
		struct wire_weather *weather = &world->hosts[i].host.plane_peer.weather;
		weather->fastest_ms = is_slow ? SLOW_QUEUE_MS / 4 : 0;
		weather->slowest_ms =
			is_slow ? SLOW_QUEUE_MS : world->scenario.queue_weather.slowest_ms;
	}
}

static void set(struct outage *outage, bool is_bad)
{
	struct world *world = outage->world;

	world_trace(world, "%s: %s", trouble_name(outage->trouble), is_bad ? "begins" : "ends");
	if (outage->trouble == TROUBLE_ENGINE && is_bad)
		machine_engine_kill(machine_of(outage), sim_chance(world->sim, 5000));
	else if (outage->trouble == TROUBLE_ENGINE)
		machine_engine_start(machine_of(outage), sim_chance(world->sim, 2500));
	else if (outage->trouble == TROUBLE_IMAGE)
		machine_set_image(machine_of(outage), !is_bad ? IMAGE_IS_GOOD
						      : sim_chance(world->sim, 5000)
							      ? IMAGE_IS_GONE
							      : IMAGE_IS_UNFIT);
	else if (outage->trouble == TROUBLE_COMMAND)
		machine_set_command_is_broken(machine_of(outage), is_bad);
	else if (outage->trouble == TROUBLE_DISK)
		machine_set_room(machine_of(outage), is_bad ? GIB : 100 * GIB, 100 * GIB);
	else if (outage->trouble == TROUBLE_KEY)
		world->environments[outage->which]->is_key_rejected = is_bad;
	else if (outage->trouble == TROUBLE_LIST)
		world->environments[outage->which]->options.list_is_not_permitted = is_bad;
	else if (outage->trouble == TROUBLE_QUEUE)
		cut_off_from_queue(&world->hosts[outage->which], is_bad);
	if (outage->trouble == TROUBLE_IMAGE)
		slow_queues_down(world, is_bad);
	if (outage->trouble == TROUBLE_KEY || outage->trouble == TROUBLE_LIST)
		oracle_environment_may_list(world->oracle, outage->which, !is_bad,
					    outage->trouble == TROUBLE_LIST);
	world_note_who_is_unfit(world);
	if (!is_bad && (outage->trouble == TROUBLE_KEY || outage->trouble == TROUBLE_LIST))
		world_change_keys(world);
}

static void on_begin(void *arg);

static void wait_for_next(struct outage *outage)
{
	struct sim *sim = outage->world->sim;

	sim_at(sim, &outage->begin, sim_random(sim, 1, 2 * outage->mean_ms), on_begin, outage);
}

static void on_end(void *arg);

static bool is_partly_cut_off(const struct outage *outage)
{
	if (outage->trouble != TROUBLE_QUEUE)
		return false;
	const struct wire_outage *cut = &outage->world->hosts[outage->which].host.plane_peer.outage;
	return cut->only || cut->but;
}

static void last(struct outage *outage)
{
	struct world *world = outage->world;

	/* Nobody changes a key within a moment, or mends a part of a queue. */
	uint64_t least_ms =
		outage->trouble == TROUBLE_KEY || is_partly_cut_off(outage) ? 10000 : 100;
	sim_at(world->sim, &outage->end,
	       sim_random_scale(world->sim, least_ms, world->scenario.trouble.longest_outage_ms),
	       on_end, outage);
}

/* Somebody has built an image to replace the one that was gone, and built it wrong. */
static bool is_rebuilt_wrong(const struct outage *outage)
{
	return outage->trouble == TROUBLE_IMAGE &&
	       machine_image(machine_of(outage)) == IMAGE_IS_GONE &&
	       sim_chance(outage->world->sim, 5000);
}

/* Whoever works on an engine may work on its images, too. */
static void spoil_image_of(const struct outage *engine)
{
	struct outage *image = &engine->world->outages[TROUBLE_IMAGE];

	if (image->mean_ms == 0 || image->end.place || !sim_chance(engine->world->sim, 2500))
		return;
	sim_cancel(engine->world->sim, &image->begin);
	image->which = engine->which;
	machine_set_image(machine_of(image), IMAGE_IS_UNFIT);
	last(image);
}

static void hand_out_again(struct plane_work *work, void *arg)
{
	struct world *world = arg;
	struct choice choice = {.sim = world->sim};

	consider_stuck(work, &choice);
	if (choice.chosen)
		plane_redeliver(world->plane, work);
}

/* Whoever mends a queue may hand out anew what got stuck in it. */
static void mend_queue(struct outage *outage)
{
	if (is_partly_cut_off(outage) && sim_chance(outage->world->sim, 5000))
		plane_each(outage->world->plane, hand_out_again, outage->world);
}

static void on_end(void *arg)
{
	struct outage *outage = arg;

	if (outage->trouble == TROUBLE_ENGINE)
		spoil_image_of(outage);
	mend_queue(outage);
	if (is_rebuilt_wrong(outage)) {
		machine_set_image(machine_of(outage), IMAGE_IS_UNFIT);
		last(outage);
		return;
	}
	set(outage, false);
	wait_for_next(outage);
}

static size_t how_many(const struct outage *outage)
{
	const struct scenario *scenario = &outage->world->scenario;

	if (outage->trouble == TROUBLE_KEY || outage->trouble == TROUBLE_LIST)
		return scenario->environment_count;
	return outage->trouble == TROUBLE_QUEUE ? scenario->host_count : scenario->machine_count;
}

static void on_begin(void *arg)
{
	struct outage *outage = arg;
	struct world *world = outage->world;

	world->totals->troubles[outage->trouble]++;
	if (!lasts(outage->trouble)) {
		wait_for_next(outage);
		happen(world, outage->trouble);
		return;
	}
	outage->which = sim_random(world->sim, 0, how_many(outage));
	set(outage, true);
	last(outage);
}

void troubles_begin(struct world *world)
{
	const struct trouble_scenario *trouble = &world->scenario.trouble;
	const uint64_t means[TROUBLES] = {
		[TROUBLE_KILL] = trouble->kills,
		[TROUBLE_TERM] = trouble->terms,
		[TROUBLE_QUIT] = trouble->quits,
		[TROUBLE_RELOAD] = trouble->reloads,
		[TROUBLE_ENGINE] = trouble->engine_outages,
		[TROUBLE_IMAGE] = trouble->image_outages,
		[TROUBLE_COMMAND] = trouble->command_outages,
		[TROUBLE_DISK] = trouble->disk_outages,
		[TROUBLE_CLOCK] = trouble->clock_jumps,
		[TROUBLE_KEY] = trouble->key_outages,
		[TROUBLE_LIST] = trouble->list_outages,
		[TROUBLE_QUEUE] = trouble->queue_outages,
		[TROUBLE_REDELIVERY] = trouble->redeliveries,
		[TROUBLE_OPERATOR_STOP] = trouble->operator_stops,
		[TROUBLE_MONITOR] = trouble->monitor_kills,
	};

	for (unsigned i = 0; i < TROUBLES; i++) {
		struct outage *outage = &world->outages[i];
		*outage = (struct outage){.world = world, .trouble = i, .mean_ms = means[i]};
		if (outage->mean_ms > 0)
			wait_for_next(outage);
	}
}

void troubles_end(struct world *world)
{
	for (unsigned i = 0; i < TROUBLES; i++) {
		struct outage *outage = &world->outages[i];
		sim_cancel(world->sim, &outage->begin);
		if (outage->end.place) {
			sim_cancel(world->sim, &outage->end);
			set(outage, false);
		}
	}
}
