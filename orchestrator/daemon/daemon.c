/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start: lock, loop, lanes, engine, claimants. When the engine answers, what an earlier run left is
 * listed and adopted (reconcile.c), and only then is anything claimed. From then on everything is a
 * reaction: whatever changes, on_review() wakes the claimants and asks leaving.c whether to go.
 */
#include "daemon/daemon.h"

#include "base/cleanup.h"
#include "config/discover.h"
#include "daemon/lock.h"
#include "daemon/state.h"

#include <string.h>

#define ROOM_LOOK_MS	   5000u
#define ENGINE_PATIENCE_MS 60000u /* of a drain whose engine went away */

/* --- reviews: one per turn of the loop, however much has changed ------------------------------ */

static void on_review(void *arg)
{
	struct daemon *daemon = arg;
	const struct daemon_options *options = daemon->options;
	bool claimed_all =
		options->max_sessions > 0 && daemon->room.claims >= options->max_sessions;

	/* At the cap `drain` waits for a slot; with --detach, or enough claimed, it is done. */
	if (daemon->leaving == STAYING && daemon->is_settled && options->drain &&
	    daemon->room.launching == 0 &&
	    (claimed_all ||
	     (options->detach && daemon->room.slots >= daemon->fleet->host.sessions)))
		for (size_t i = 0; i < daemon->claimant_count; i++)
			claimant_stop(daemon->claimants[i]);
	for (size_t i = 0; i < daemon->claimant_count; i++) {
		struct claimant *claimant = daemon->claimants[i];
		if (options->detach && claimant->launching == 0 &&
		    claimant->slots >= claimant->config->sessions)
			claimant_stop(claimant);
		claimant_wake(claimant);
	}
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

static bool has_room(struct daemon *daemon)
{
	bool has = admission_has_room(&daemon->admission, &daemon->fleet->host,
				      engine_data_root(daemon->engine), loop_now_ms(daemon->loop));

	if (!has) {
		timer_arm(&daemon->room_timer, daemon->loop, ROOM_LOOK_MS, on_look_for_room,
			  daemon);
		if (!daemon->lacked_room)
			log_event(LOG_WARNING, "paused", NULL, NULL, "no claims: %s",
				  daemon->admission.refusal);
		/* The end of a session may make room; --detach waits for none. */
		if (daemon->options->detach ||
		    (daemon->options->drain && daemon->room.slots == 0)) {
			daemon_add_verdict(daemon, VERDICT_PARTIAL);
			leaving_begin(daemon, daemon->leave_mode);
		}
	}
	daemon->lacked_room = !has;
	return has;
}

static bool may_claim(void *arg)
{
	struct daemon *daemon = arg;
	const struct fleet *fleet = daemon->fleet;
	const struct daemon_options *options = daemon->options;

	return daemon->leaving == STAYING && daemon->is_settled &&
	       engine_is_healthy(daemon->engine) && daemon->room.slots < fleet->host.sessions &&
	       /* What is claimed is created at once: no longer queue than can start soon. */
	       daemon->room.launching < 2 * fleet->engines[0].launches &&
	       (options->max_sessions == 0 || daemon->room.claims < options->max_sessions) &&
	       has_room(daemon);
}

static void on_changed(void *arg)
{
	daemon_changed(arg);
}

static void on_record(struct session *session, void *arg)
{
	struct daemon *daemon = arg;

	records_append(daemon->records, session);
}

static void on_verdict(unsigned bits, void *arg)
{
	daemon_add_verdict(arg, bits);
}

/* --- what the engine tells -------------------------------------------------------------------- */

static void on_engine_patience_over(void *arg)
{
	struct daemon *daemon = arg;

	if (engine_is_healthy(daemon->engine))
		return;
	daemon_add_verdict(daemon, VERDICT_NO_ENGINE);
	loop_stop(daemon->loop);
}

static void on_engine_health(struct engine *engine, bool healthy, const struct err *err, void *arg)
{
	struct daemon *daemon = arg;

	if (healthy) {
		daemon->was_healthy = true;
		timer_cancel(&daemon->engine_timer);
		log_event(
			LOG_INFO, "engine", NULL,
			(struct log_field[]){{"socket", daemon->fleet->engines[0].socket},
					     {"chosen_by", daemon->fleet->engines[0].socket_reason},
					     {"engine", engine_description(engine)},
					     {NULL}},
			NULL);
		for (size_t i = 0; daemon->is_settled && i < daemon->claimant_count; i++)
			claimant_start(daemon->claimants[i]);
		daemon_changed(daemon);
		return;
	}
	_cleanup_free_ char *hint = discover_session_hint("", daemon->fleet->engines[0].socket);
	log_event(LOG_ERROR, "engine", NULL,
		  (struct log_field[]){{"socket", daemon->fleet->engines[0].socket},
				       {"chosen_by", daemon->fleet->engines[0].socket_reason},
				       {NULL}},
		  "%s%s%s", err->text, hint ? "; " : "", hint ? hint : "");
	if (!daemon->was_healthy || err->kind == ERR_REFUSED) {
		daemon_add_verdict(daemon, VERDICT_NO_ENGINE);
		loop_stop(daemon->loop);
	} else if (daemon->options->drain) {
		timer_arm(&daemon->engine_timer, daemon->loop, ENGINE_PATIENCE_MS,
			  on_engine_patience_over, daemon);
	}
}

static void on_engine_event(struct engine *engine, const char *container_id, const char *action,
			    void *arg)
{
	struct daemon *daemon = arg;
	struct session *session = table_find_container(&daemon->table, container_id);

	(void)engine;
	if (session && (strcmp(action, "die") == 0 || strcmp(action, "destroy") == 0))
		session_container_changed(session);
}

static void on_engine_resync(struct engine *engine, void *arg)
{
	(void)engine;
	daemon_reconcile(arg);
}

/* --- life ------------------------------------------------------------------------------------- */

static bool needs_bridge(const struct fleet *fleet)
{
	for (size_t i = 0; i < fleet->environment_count; i++)
		if (fleet->environments[i].policy->network == NETWORK_UNRESTRICTED)
			return true;
	return false;
}

static int start_lanes(struct daemon *daemon, struct err *err)
{
	const struct fleet *fleet = daemon->fleet;
	int64_t start_ms = 0;

	for (size_t i = 0; i < fleet->environment_count; i++)
		if (fleet->environments[i].timeouts.start_ms > start_ms)
			start_ms = fleet->environments[i].timeouts.start_ms;
	int r = lane_new(daemon->loop,
			 &(struct lane_options){
				 .name = "queue",
				 .ca_file = fleet->ca_file,
				 .allow_http = fleet->allow_http,
				 .use_proxy_environment = true,
			 },
			 &daemon->queue_lane, err);
	if (r < 0)
		return r;
	return engine_new(daemon->loop,
			  &(struct engine_options){
				  .socket = fleet->engines[0].socket,
				  .instance = fleet->instance,
				  .launches = (unsigned)fleet->engines[0].launches,
				  .start_timeout_ms = start_ms,
				  .pull_timeout_ms = fleet->engines[0].pull_timeout_ms,
				  .registry_config = fleet->engines[0].registry_config,
				  .needs_bridge = needs_bridge(fleet),
			  },
			  &(struct engine_owner){
				  .health = on_engine_health,
				  .event = on_engine_event,
				  .resync = on_engine_resync,
				  .arg = daemon,
			  },
			  &daemon->engine, err);
}

static int start_claimants(struct daemon *daemon, struct err *err)
{
	const struct fleet *fleet = daemon->fleet;

	daemon->host = (struct claimant_host){
		.loop = daemon->loop,
		.engine = daemon->engine,
		.queue_lane = daemon->queue_lane,
		.fleet = fleet,
		.table = &daemon->table,
		.room = &daemon->room,
		.tally = &daemon->tally,
		.is_drain = daemon->options->drain,
		.may_claim = may_claim,
		.changed = on_changed,
		.record = on_record,
		.verdict = on_verdict,
		.arg = daemon,
	};
	daemon->claimants = xcalloc(fleet->environment_count, sizeof(struct claimant *));
	for (size_t i = 0; i < fleet->environment_count; i++) {
		int r = claimant_new(&daemon->host, &fleet->environments[i], &daemon->claimants[i],
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
	if (r == 0) {
		daemon->began_ms = loop_now_ms(daemon->loop);
		r = lane_global_init(err);
	}
	if (r == 0)
		r = records_open(daemon->fleet->state_dir, &daemon->records, err);
	if (r == 0)
		r = leaving_init(daemon, err);
	if (r == 0)
		r = start_lanes(daemon, err);
	if (r == 0)
		r = start_claimants(daemon, err);
	return r;
}

/* Cancels everything; what was under way is found in the engine by the next start. */
static void stop(struct daemon *daemon)
{
	timer_cancel(&daemon->room_timer);
	timer_cancel(&daemon->engine_timer);
	leaving_done(daemon);
	daemon_reconcile_done(daemon);
	table_clear(&daemon->table);
	for (size_t i = 0; i < daemon->claimant_count; i++)
		(void)claimant_free(daemon->claimants[i]);
	timer_cancel(&daemon->review_timer); /* a poll given up is a change, too */
	free(daemon->claimants);
	(void)engine_free(daemon->engine);
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

unsigned daemon_serve(const struct fleet *fleet, const struct daemon_options *options)
{
	struct daemon daemon = {.fleet = fleet, .options = options};
	struct err err;

	_cleanup_close_ int lock = lock_state_dir(fleet->state_dir, &err);
	if (lock < 0) {
		if (err.kind == ERR_TEMPORARY)
			(void)log_err(options->expects_lock ? LOG_INFO : LOG_WARNING, "locked",
				      NULL, &err);
		else
			(void)log_err(LOG_ERROR, "failed", NULL, &err);
		return verdict_of_start(&err);
	}
	if (!fleet->engines[0].socket) {
		log_event(LOG_ERROR, "engine", NULL, NULL,
			  "%s; start one, or say --engine unix:///PATH",
			  fleet->engines[0].socket_reason);
		return VERDICT_NO_ENGINE;
	}
	int r = start(&daemon, &err);
	if (r == 0)
		r = loop_run(daemon.loop, &err);
	if (r < 0) {
		(void)log_err(LOG_ERROR, "failed", NULL, &err);
		daemon.verdict |= verdict_of_start(&err);
	}
	if (options->drain && daemon.loop)
		tally_report(&daemon);
	stop(&daemon);
	return daemon.verdict;
}
