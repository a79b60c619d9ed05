/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions are queued one by one. One whose item was force-stopped gets another item when somebody
 * writes to it again, a few times. Foreign pollers claim as the vendor's webhook samples do (they
 * ack at once), and some of what they claim never heartbeats.
 */
#include "base/cleanup.h"
#include "base/hash.h"
#include "world/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#define FOREIGN_RECLAIM_MS 2000u
#define REVIVALS	   4u

struct revival {
	struct people *people;
	struct plane_environment *environment;
	char *session_id;
	struct sim_event event;
	struct revival *prev, *next;
};

/* An item that a foreign poller has, with a worker of its own. */
struct foreigner {
	struct people *people;
	char *work_id;
	char last_heartbeat[32];
	unsigned beats_left;
	struct sim_event event;
	struct foreigner *prev, *next;
};

struct person {
	char *session_id;
	unsigned revivals;
	UT_hash_handle hh;
};

struct people {
	struct world *world;
	unsigned queued;
	bool is_calm;
	struct sim_event arrival, foreign_poll, litter;
	struct revival *revivals;
	struct foreigner *foreigners;
	struct person *persons;
	unsigned strangers;
};

/* --- sessions --------------------------------------------------------------------------------- */

static const char *draw_type(struct world *world)
{
	return sim_chance(world->sim, world->scenario.healthcheck_rate) ? "healthcheck" : "session";
}

static struct plane_work *
queue_session(struct people *people, struct plane_environment *environment, const char *session_id)
{
	struct world *world = people->world;
	bool has_secret = !sim_chance(world->sim, world->scenario.no_secret_rate);

	return plane_add_work(world->plane, environment, session_id,
			      session_id ? "session" : draw_type(world), has_secret);
}

static void on_arrival(void *arg)
{
	struct people *people = arg;
	struct world *world = people->world;
	struct sim *sim = world->sim;
	const struct scenario *scenario = &world->scenario;
	size_t environment = sim_random(sim, 0, scenario->environment_count);

	struct plane_work *work = queue_session(people, world->environments[environment], NULL);
	world->totals->report.items++;
	if (sim_chance(sim, scenario->poison_rate) && strcmp(work->type, "session") == 0)
		oracle_session_is_poisoned(world->oracle, work->session_id);
	world_trace(world, "queued %s %s %s%s", work->id, work->session_id, work->type,
		    work->token ? "" : " without a secret");
	if (++people->queued < scenario->sessions)
		sim_at(sim, &people->arrival,
		       sim_random(sim, 0, 2 * scenario->arrivals_ms / scenario->sessions + 1),
		       on_arrival, people);
}

static void revival_free(struct revival *revival)
{
	sim_cancel(revival->people->world->sim, &revival->event);
	DL_DELETE(revival->people->revivals, revival);
	free(revival->session_id);
	free(revival);
}

static void on_revival(void *arg)
{
	struct revival *revival = arg;
	struct world *world = revival->people->world;

	struct plane_work *work =
		queue_session(revival->people, revival->environment, revival->session_id);
	if (work) {
		world->totals->report.items++;
		world_trace(world, "revived %s %s", work->id, work->session_id);
	}
	revival_free(revival);
}

void people_lost(struct people *people, struct plane_work *work)
{
	struct person *person;
	struct sim *sim = people->world->sim;

	if (!people || !work->session_id || strcmp(work->type, "session") != 0)
		return;
	HASH_FIND_STR(people->persons, work->session_id, person);
	if (!person) {
		person = xcalloc(1, sizeof(*person));
		person->session_id = xstrdup(work->session_id);
		HASH_ADD_KEYPTR(hh, people->persons, person->session_id, strlen(person->session_id),
				person);
	}
	if (++person->revivals > REVIVALS)
		return;
	struct revival *revival = xcalloc(1, sizeof(*revival));
	revival->people = people;
	revival->environment = work->environment;
	revival->session_id = xstrdup(work->session_id);
	DL_APPEND(people->revivals, revival);
	sim_at(sim, &revival->event, sim_random_scale(sim, 1000, 300000), on_revival, revival);
}

/* --- pollers that are no berth ---------------------------------------------------------------- */

static void foreigner_free(struct foreigner *foreigner)
{
	sim_cancel(foreigner->people->world->sim, &foreigner->event);
	DL_DELETE(foreigner->people->foreigners, foreigner);
	free(foreigner->work_id);
	free(foreigner);
}

static void on_foreign_beat(void *arg)
{
	struct foreigner *foreigner = arg;
	struct world *world = foreigner->people->world;
	bool is_first = foreigner->last_heartbeat[0] == '\0';
	const char *expected = is_first ? "NO_HEARTBEAT" : foreigner->last_heartbeat;

	if (plane_heartbeat(world->plane, foreigner->work_id, expected,
			    foreigner->last_heartbeat) != PLANE_OK) {
		foreigner_free(foreigner);
		return;
	}
	if (foreigner->beats_left-- == 0) {
		(void)plane_stop(world->plane, foreigner->work_id, true);
		foreigner_free(foreigner);
		return;
	}
	sim_at(world->sim, &foreigner->event, 20000, on_foreign_beat, foreigner);
}

static void on_foreign_poll(void *arg)
{
	struct people *people = arg;
	struct world *world = people->world;
	struct sim *sim = world->sim;
	size_t environment = sim_random(sim, 0, world->scenario.environment_count);

	if (people->is_calm)
		return;
	sim_at(sim, &people->foreign_poll, sim_random_scale(sim, 2000, 180000), on_foreign_poll,
	       people);
	struct plane_work *work =
		plane_poll(world->plane, world->environments[environment], FOREIGN_RECLAIM_MS);
	if (!work)
		return;
	world_trace(world, "a foreign poller takes %s", work->id);
	(void)plane_ack(world->plane, work->id);
	if (sim_chance(sim, 1500)) /* and then its host dies */
		return;
	struct foreigner *foreigner = xcalloc(1, sizeof(*foreigner));
	foreigner->people = people;
	foreigner->work_id = xstrdup(work->id);
	foreigner->beats_left = (unsigned)sim_random(sim, 0, 8);
	DL_APPEND(people->foreigners, foreigner);
	sim_at(sim, &foreigner->event, sim_random_scale(sim, 100, 5000), on_foreign_beat,
	       foreigner);
}

/* --- strangers' containers -------------------------------------------------------------------- */

/* With labels like ours: of an image, of a test, of another tool. */
static void on_litter(void *arg)
{
	struct people *people = arg;
	struct world *world = people->world;
	struct sim *sim = world->sim;
	struct json_object *labels = json_new_object();
	struct machine *machine =
		world->machines[sim_random(sim, 0, world->scenario.machine_count)];
	_cleanup_free_ char *name = xasprintf("stranger_%u", people->strangers++);
	_cleanup_free_ char *work = xasprintf("work_of_stranger_%u", people->strangers);

	json_add_string(labels, "berth.schema", "1");
	json_add_string(labels, "berth.instance", world->hosts[0].instance);
	json_add_string(labels, "berth.environment", "env_0");
	json_add_string(labels, "berth.session", "sesn_of_stranger");
	json_add_string(labels, "berth.work", work);
	(void)machine_add_stranger(machine, name, labels, sim_chance(sim, 5000));
	json_object_put(labels);
	if (people->strangers < 4)
		sim_at(sim, &people->litter, world->scenario.troubled_ms / 4, on_litter, people);
}

/* --- life ------------------------------------------------------------------------------------- */

struct people *people_new(struct world *world)
{
	struct people *people = xcalloc(1, sizeof(*people));

	people->world = world;
	sim_at(world->sim, &people->arrival, 1, on_arrival, people);
	if (world->scenario.has_foreign_pollers)
		sim_at(world->sim, &people->foreign_poll, 5000, on_foreign_poll, people);
	if (world->scenario.has_strangers)
		sim_at(world->sim, &people->litter, 1000, on_litter, people);
	return people;
}

bool people_are_done(const struct people *people)
{
	return people->queued >= people->world->scenario.sessions && !people->revivals &&
	       !people->foreigners;
}

void people_are_calm(struct people *people)
{
	people->is_calm = true;
	sim_cancel(people->world->sim, &people->foreign_poll);
}

struct people *people_free(struct people *people)
{
	struct sim *sim = people->world->sim;
	struct person *person, *next;

	sim_cancel(sim, &people->arrival);
	sim_cancel(sim, &people->foreign_poll);
	sim_cancel(sim, &people->litter);
	while (people->revivals)
		revival_free(people->revivals);
	while (people->foreigners)
		foreigner_free(people->foreigners);
	HASH_ITER (hh, people->persons, person, next) {
		HASH_DEL(people->persons, person);
		free(person->session_id);
		free(person);
	}
	free(people);
	return NULL;
}
