/* SPDX-License-Identifier: Apache-2.0 */
/* Source of the order and pace of its calls: the official SDK's worker (TypeScript 1.12). */
#include "world/worker.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <string.h>

#define BEAT_MOST_MS 30000u /* between heartbeats */
#define NEVER_MS     (UINT64_C(400) * 86400000)

static void on_end(void *arg);
static void on_beat(void *arg);

static void leave(struct worker *worker, uint64_t after_ms)
{
	worker->is_leaving = true;
	sim_cancel(worker->sim, &worker->beat);
	sim_at(worker->sim, &worker->end, after_ms, on_end, worker);
}

/* Its own stop may be lost, too: then its item's lease lapses. */
static void stop_item(struct worker *worker)
{
	if (worker->work && !sim_chance(worker->sim, 50))
		(void)plane_stop(worker->plane, worker->work->id, true);
}

static int exit_code_of(const struct worker *worker)
{
	switch (worker->fate) {
	case WORKER_DIES_UNBEATEN:
	case WORKER_DIES_BEATEN:
		return worker->is_leaving ? 0 : 1;
	case WORKER_IS_OOM_KILLED:
		return worker->is_leaving ? 0 : 137;
	case WORKER_WORKS:
	case WORKER_HANGS_UNBEATEN:
	case WORKER_HANGS_BEATEN:
	case WORKER_LOSES_LEASE:
	case WORKER_LEAVES_EARLY:
	case WORKER_FATES:
	default:
		return 0;
	}
}

static void on_end(void *arg)
{
	struct worker *worker = arg;
	struct machine_container *container = worker->container;
	bool is_oom = worker->fate == WORKER_IS_OOM_KILLED && !worker->is_leaving;
	bool does_its_work = !worker->is_leaving && worker->has_beaten &&
			     (worker->fate == WORKER_WORKS || worker->fate == WORKER_LOSES_LEASE);

	if (does_its_work) {
		stop_item(worker);
		worker->owner->done(worker, worker->owner->arg);
	}
	/* Frees the worker. */
	machine_exit(container, exit_code_of(worker), is_oom);
}

static void on_ending_seen(struct worker *worker)
{
	stop_item(worker);
	leave(worker, sim_random(worker->sim, 10, 500));
}

static void on_beat(void *arg)
{
	struct worker *worker = arg;
	const char *expected = worker->has_beaten ? worker->last_heartbeat : "NO_HEARTBEAT";
	uint64_t now = sim_now_ms(worker->sim);

	if (!worker->work) {
		leave(worker, 10);
		return;
	}
	bool is_first = !worker->has_beaten;
	switch (plane_heartbeat(worker->plane, worker->work->id, expected,
				worker->last_heartbeat)) {
	case PLANE_OK:
		worker->has_beaten = true;
		if (is_first)
			worker->owner->beaten(worker, worker->owner->arg);
		break;
	case PLANE_ENDING:
		on_ending_seen(worker);
		return;
	case PLANE_LOST: /* somebody else has it: no stop */
	case PLANE_CONFLICT:
	case PLANE_NOT_FOUND:
	default:
		leave(worker, sim_random(worker->sim, 10, 500));
		return;
	}
	if (is_first && worker->fate == WORKER_LOSES_LEASE)
		sim_at(worker->sim, &worker->beat, worker->beats_again_ms, on_beat, worker);
	else
		sim_at(worker->sim, &worker->beat, worker->beat_every_ms, on_beat, worker);
	if (is_first && now < worker->works_until_ms)
		sim_at(worker->sim, &worker->end, worker->works_until_ms - now, on_end, worker);
}

static enum worker_fate draw_fate(struct sim *sim, const struct scenario *scenario,
				  bool is_poisoned)
{
	const struct {
		unsigned rate;
		enum worker_fate fate;
	} rows[] = {
		{scenario->dies_unbeaten, WORKER_DIES_UNBEATEN},
		{scenario->hangs_unbeaten, WORKER_HANGS_UNBEATEN},
		{scenario->dies_beaten, WORKER_DIES_BEATEN},
		{scenario->hangs_beaten, WORKER_HANGS_BEATEN},
		{scenario->loses_lease, WORKER_LOSES_LEASE},
		{scenario->leaves_early, WORKER_LEAVES_EARLY},
		{scenario->is_killed_for_memory, WORKER_IS_OOM_KILLED},
	};

	if (is_poisoned)
		return WORKER_DIES_UNBEATEN;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (sim_chance(sim, rows[i].rate))
			return rows[i].fate;
	return WORKER_WORKS;
}

static void begin(struct worker *worker, const struct scenario *scenario)
{
	struct sim *sim = worker->sim;
	uint64_t first_ms = sim_random_scale(sim, 200, 4000);
	uint64_t work_ms = sim_random_scale(sim, 500, scenario->longest_work_ms);
	bool dies = worker->fate == WORKER_DIES_UNBEATEN || worker->fate == WORKER_LEAVES_EARLY ||
		    (worker->fate == WORKER_IS_OOM_KILLED && sim_chance(sim, 3000));
	uint64_t ttl_ms = worker->work ? worker->work->environment->options.ttl_ms : 60000;

	worker->beat_every_ms = ttl_ms / 2 < BEAT_MOST_MS ? ttl_ms / 2 : BEAT_MOST_MS;
	worker->beats_again_ms = ttl_ms + sim_random(sim, 1, ttl_ms);
	worker->works_until_ms = sim_now_ms(sim) + first_ms + work_ms;
	if (worker->fate == WORKER_HANGS_BEATEN)
		worker->works_until_ms = 0;
	if (worker->fate == WORKER_LOSES_LEASE)
		worker->works_until_ms += worker->beats_again_ms;
	if (worker->fate == WORKER_HANGS_UNBEATEN)
		sim_at(sim, &worker->end, NEVER_MS, on_end, worker);
	else if (dies)
		sim_at(sim, &worker->end, sim_random_scale(sim, 5, 5000), on_end, worker);
	else
		sim_at(sim, &worker->beat, first_ms, on_beat, worker);
}

struct worker *worker_new(struct sim *sim, struct plane *plane, const struct scenario *scenario,
			  struct machine_container *container, bool is_poisoned,
			  const struct worker_owner *owner)
{
	struct worker *worker = xcalloc(1, sizeof(*worker));
	_cleanup_free_ char *work_id = machine_variable(container, "ANTHROPIC_WORK_ID");

	worker->sim = sim;
	worker->plane = plane;
	worker->container = container;
	worker->work = work_id ? plane_find(plane, work_id) : NULL;
	worker->lease = worker->work ? worker->work->lease : 0;
	worker->fate = draw_fate(sim, scenario, is_poisoned);
	worker->is_deaf = sim_chance(sim, 1000);
	worker->started_ms = sim_now_ms(sim);
	worker->owner = owner;
	begin(worker, scenario);
	return worker;
}

struct worker *worker_free(struct worker *worker)
{
	if (!worker)
		return NULL;
	sim_cancel(worker->sim, &worker->beat);
	sim_cancel(worker->sim, &worker->end);
	free(worker);
	return NULL;
}

void worker_signal(struct worker *worker, const char *signal)
{
	if (strcmp(signal, "TERM") != 0 || worker->was_told)
		return;
	worker->was_told = true;
	if (worker->is_deaf)
		return;
	if (worker->has_beaten)
		stop_item(worker);
	leave(worker, sim_random_scale(worker->sim, 20, 2000));
}
