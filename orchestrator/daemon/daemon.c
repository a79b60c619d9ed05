/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start: lock, loop, lane, engines, claimants. When an engine answers, what an earlier run left
 * there is listed and adopted (reconcile.c), and only then is anything claimed for it. From then on
 * everything is a reaction: whatever changes, on_review() wakes the claimants and asks leaving.c
 * whether to go.
 */
#include "daemon/daemon.h"

#include "base/cleanup.h"
#include "daemon/lock.h"
#include "daemon/state.h"
#include "queue/budget.h"

#include <unistd.h>

#define ROOM_LOOK_MS 5000u
#define KEYS_LOOK_MS 5000u

/* --- reviews: one per turn of the loop, however much has changed ------------------------------ */

/* At the cap `drain` waits for a slot; with --detach, or enough claimed, it is done. */
static bool has_claimed_enough(const struct daemon *daemon)
{
	const struct daemon_options *options = daemon->options;

	if (!options->drain || daemon->leaving != STAYING || daemon->room.launching > 0)
		return false;
	return (options->max_sessions > 0 && daemon->room.claims >= options->max_sessions) ||
	       (options->detach && daemon->room.slots >= daemon->fleet->host.sessions);
}

static void on_places(void *arg)
{
	struct daemon *daemon = arg;

	turns_wake(&daemon->turns, daemon->fleet->host.sessions - daemon->room.slots);
}

static void on_review(void *arg)
{
	struct daemon *daemon = arg;
	bool is_done = has_claimed_enough(daemon);

	daemon_tidy(daemon);
	if (!backends_review(daemon))
		return;
	for (size_t i = 0; i < daemon->claimant_count; i++) {
		struct claimant *claimant = daemon->claimants[i];
		bool is_full = daemon->options->detach && claimant->launching == 0 &&
			       claimant->slots >= claimant_config(claimant)->sessions;
		if (is_done || is_full)
			claimant_stop(claimant);
		else if (!claimant->turn.is_waiting)
			claimant_wake(claimant);
	}
	on_places(daemon);
	service_changed(&daemon->service);
	leaving_review(daemon);
}

void daemon_changed(struct daemon *daemon)
{
	timer_arm(&daemon->review_timer, daemon->loop, 0, on_review, daemon);
}

void daemon_add_verdict(struct daemon *daemon, unsigned bits)
{
	daemon->verdict |= bits;
}

/* --- what the claimants ask ------------------------------------------------------------------- */

static void on_look_for_room(void *arg)
{
	daemon_changed(arg);
}

static bool has_room(struct daemon *daemon, struct backend *backend)
{
	bool has = admission_has_room(&backend->admission, &daemon->fleet->host,
				      engine_data_root(backend->engine), loop_now_ms(daemon->loop));

	if (!has) {
		timer_arm(&daemon->room_timer, daemon->loop, ROOM_LOOK_MS, on_look_for_room,
			  daemon);
		if (!backend->lacked_room)
			log_event(LOG_WARNING, "paused", NULL, NULL, "no claims: %s",
				  backend->admission.refusal);
		/* The end of a session may make room; --detach waits for none. */
		if (daemon->options->detach ||
		    (daemon->options->drain && daemon->room.slots == 0)) {
			daemon_add_verdict(daemon, VERDICT_PARTIAL);
			backend_stop_claims(backend);
		}
	}
	backend->lacked_room = !has;
	return has;
}

static bool may_claim(struct claimant *claimant, bool *ret_no_block, void *arg)
{
	struct daemon *daemon = arg;
	struct backend *backend = claimant_backend(claimant);
	const struct daemon_options *options = daemon->options;
	/* What is claimed is created at once: no longer queue than can start soon. */
	int64_t launches = 2 * backend->launches;

	if (daemon->leaving != STAYING || !backend_is_ready(backend) ||
	    backends_are_being_counted(daemon) ||
	    (options->max_sessions > 0 && daemon->room.claims >= options->max_sessions) ||
	    claimant->launching >= launches || !has_room(daemon, backend)) {
		claimant_leave_turn(claimant);
		return false;
	}
	int64_t free_places = daemon->fleet->host.sessions - daemon->room.slots;
	if (!turns_may_go(&daemon->turns, &claimant->turn, free_places,
			  launches - backend->launching))
		return false;
	*ret_no_block = free_places == 1 && daemon->claimant_count > 1;
	return true;
}

/* A file that is watched by looking at it may be replaced in any way there is. */
static void on_look_at_keys(void *arg)
{
	struct daemon *daemon = arg;

	timer_arm(&daemon->keys_timer, daemon->loop, KEYS_LOOK_MS, on_look_at_keys, daemon);
	for (size_t i = 0; i < daemon->claimant_count; i++)
		claimant_look_at_key(daemon->claimants[i]);
}

static void on_changed(void *arg)
{
	daemon_changed(arg);
}

static void on_place_free(void *arg)
{
	struct daemon *daemon = arg;

	timer_arm(&daemon->places_timer, daemon->loop, 0, on_places, daemon);
}

static void on_record(struct session *session, void *arg)
{
	struct daemon *daemon = arg;

	if (records_append(daemon->records, session) < 0)
		daemon_add_verdict(daemon, VERDICT_PARTIAL);
}

static void on_verdict(unsigned bits, void *arg)
{
	daemon_add_verdict(arg, bits);
}

/* --- life ------------------------------------------------------------------------------------- */

static int start_lane(struct daemon *daemon, struct err *err)
{
	const struct fleet *fleet = daemon->fleet;

	return lane_new(daemon->loop,
			&(struct lane_options){
				.name = "queue",
				.ca_file = fleet->ca_file,
				.allow_http = fleet->allow_http,
				.use_proxy_environment = true,
				.has_short_replies = true,
			},
			&daemon->queue_lane, err);
}

static int start_backends(struct daemon *daemon, struct err *err)
{
	const struct fleet *fleet = daemon->fleet;

	daemon->backends = xcalloc(fleet->engine_count, sizeof(struct backend *));
	for (size_t i = 0; i < fleet->engine_count; i++) {
		int r = backend_new(daemon, fleet, &fleet->engines[i], &daemon->backends[i], err);
		if (r < 0)
			return r;
		daemon->backend_count++;
	}
	return 0;
}

static int start_claimants(struct daemon *daemon, struct err *err)
{
	struct fleet *fleet = daemon->fleet;

	daemon->host = (struct claimant_host){
		.loop = daemon->loop,
		.queue_lane = daemon->queue_lane,
		.budget = daemon->budget,
		.table = &daemon->table,
		.room = &daemon->room,
		.turns = &daemon->turns,
		.tally = &daemon->tally,
		.is_drain = daemon->options->drain,
		.may_claim = may_claim,
		.changed = on_changed,
		.place_free = on_place_free,
		.record = on_record,
		.verdict = on_verdict,
		.arg = daemon,
	};
	daemon->claimants = xcalloc(fleet->environment_count, sizeof(struct claimant *));
	for (size_t i = 0; i < fleet->environment_count; i++) {
		const struct environment *config = &fleet->environments[i];
		struct backend *backend = daemon->backends[config->engine - fleet->engines];
		int r = claimant_new(&daemon->host, backend, fleet, config, &daemon->claimants[i],
				     err);
		if (r < 0)
			return r;
		daemon->claimant_count++;
	}
	return 0;
}

static int start(struct daemon *daemon, struct err *err)
{
	int r = loop_new(&daemon->loop, err);
	if (r < 0)
		return r;
	daemon->began_ms = loop_now_ms(daemon->loop);
	service_init(&daemon->service, daemon->loop, daemon_facts, daemon);
	r = lane_global_init(err);
	if (r == 0)
		r = records_open(daemon->fleet->state_dir, &daemon->records, err);
	if (r == 0)
		r = leaving_init(daemon, err);
	if (r == 0)
		r = start_lane(daemon, err);
	if (r == 0)
		r = start_backends(daemon, err);
	if (r == 0)
		daemon->budget = budget_new(daemon->loop, daemon->fleet->host.requests_per_minute);
	if (r == 0)
		r = start_claimants(daemon, err);
	if (r == 0)
		timer_arm(&daemon->keys_timer, daemon->loop, KEYS_LOOK_MS, on_look_at_keys, daemon);
	return r;
}

/* Cancels everything; what was under way is found in the engine by the next start. */
static void stop(struct daemon *daemon)
{
	timer_cancel(&daemon->room_timer);
	timer_cancel(&daemon->keys_timer);
	leaving_done(daemon);
	daemon_forget_reported(daemon);
	table_clear(&daemon->table);
	for (size_t i = 0; i < daemon->claimant_count; i++)
		(void)claimant_free(daemon->claimants[i]);
	service_done(&daemon->service);
	timer_cancel(&daemon->places_timer);
	timer_cancel(&daemon->review_timer); /* a poll given up is a change, too */
	free(daemon->claimants);
	for (size_t i = 0; i < daemon->backend_count; i++)
		(void)backend_free(daemon->backends[i]);
	free(daemon->backends);
	(void)budget_free(daemon->budget);
	(void)lane_free(daemon->queue_lane);
	(void)records_close(daemon->records);
	(void)loop_free(daemon->loop);
}

static unsigned verdict_of_start(const struct err *err)
{
	if (err->kind == ERR_BUG)
		return VERDICT_BUG;
	return err->kind == ERR_TEMPORARY ? VERDICT_LOCKED : VERDICT_CONFIG_REFUSED;
}

/* The first engine that has no socket; NULL: each has one. */
static const struct engine_settings *without_socket(const struct fleet *fleet)
{
	for (size_t i = 0; i < fleet->engine_count; i++)
		if (!fleet->engines[i].socket)
			return &fleet->engines[i];
	return NULL;
}

static struct daemon *could_not_start(struct daemon *daemon, unsigned verdict, unsigned *ret)
{
	*ret = daemon_free(daemon) | verdict;
	return NULL;
}

struct daemon *daemon_new(struct fleet *fleet, const struct daemon_options *options,
			  unsigned *ret_verdict)
{
	struct daemon *daemon = xcalloc(1, sizeof(*daemon));
	const struct engine_settings *missing = without_socket(fleet);
	struct err err;

	daemon->options = options;
	daemon->fleet = fleet_ref(fleet);
	daemon->lock = lock_state_dir(fleet->state_dir, &err);
	if (daemon->lock < 0) {
		bool is_expected = err.kind == ERR_TEMPORARY && options->expects_lock;
		bool is_temporary = err.kind == ERR_TEMPORARY;
		(void)log_err(is_expected    ? LOG_INFO
			      : is_temporary ? LOG_WARNING
					     : LOG_ERROR,
			      is_temporary ? "locked" : "failed", NULL, &err);
		return could_not_start(daemon, verdict_of_start(&err), ret_verdict);
	}
	if (missing) {
		log_event(LOG_ERROR, "engine", NULL, NULL,
			  "%s; start one, or say --engine unix:///PATH", missing->socket_reason);
		daemon_add_verdict(daemon, VERDICT_NO_ENGINE);
		if (options->drain)
			tally_report(daemon);
		return could_not_start(daemon, VERDICT_NO_ENGINE, ret_verdict);
	}
	if (start(daemon, &err) < 0) {
		(void)log_err(LOG_ERROR, "failed", NULL, &err);
		return could_not_start(daemon, verdict_of_start(&err), ret_verdict);
	}
	return daemon;
}

struct loop *daemon_loop(struct daemon *daemon)
{
	return daemon->loop;
}

unsigned daemon_free(struct daemon *daemon)
{
	unsigned verdict = daemon->verdict;

	if (daemon->loop)
		stop(daemon);
	(void)fleet_free(daemon->fleet);
	if (daemon->lock >= 0)
		(void)close(daemon->lock);
	free(daemon);
	return verdict;
}

unsigned daemon_serve(struct fleet *fleet, const struct daemon_options *options)
{
	unsigned verdict;
	struct daemon *daemon = daemon_new(fleet, options, &verdict);
	struct err err;

	if (!daemon)
		return verdict;
	if (loop_run(daemon->loop, &err) < 0) {
		(void)log_err(LOG_ERROR, "failed", NULL, &err);
		daemon_add_verdict(daemon, verdict_of_start(&err));
	}
	if (options->drain)
		tally_report(daemon);
	return daemon_free(daemon);
}
