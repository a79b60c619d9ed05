/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/claimant.h"

#include "base/cleanup.h"
#include "daemon/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BREAKER_MIN_MS	  1000u
#define BREAKER_MAX_MS	  60000u
#define IMAGE_FRESH_MS	  600000u /* `pull: always` asks the registry again after this long */
#define DRAIN_POLL_ERRORS 6	  /* in a row, before a drain gives up: about 30 s */

static struct log_ids claimant_ids(const struct claimant *claimant)
{
	return (struct log_ids){.environment = claimant->config->name};
}

static void finish(struct claimant *claimant)
{
	if (claimant->state == CLAIMANT_FINISHED)
		return;
	claimant->state = CLAIMANT_FINISHED;
	timer_cancel(&claimant->timer);
	image_wait_done(&claimant->image_wait);
	claimant->is_checking_image = false;
	poller_stop(claimant->poller);
	claimant->host->changed(claimant->host->arg);
}

/* --- the image gate --------------------------------------------------------------------------- */

static void on_timer(void *arg);

static unsigned verdict_of(const struct err *err)
{
	return err->kind == ERR_REFUSED ? VERDICT_CONFIG_REFUSED : VERDICT_PARTIAL;
}

/* Stops claiming for a while, longer each time in a row. A drain does not wait for better days. */
static void pause_claims(struct claimant *claimant, const struct err *why)
{
	struct loop *loop = claimant->host->loop;
	unsigned shift = claimant->failures < 6 ? claimant->failures : 6;
	uint64_t pause_ms = (uint64_t)BREAKER_MIN_MS << shift;
	struct log_ids ids = claimant_ids(claimant);

	claimant->failures++;
	claimant->host->verdict(verdict_of(why), claimant->host->arg);
	if (claimant->host->is_drain) {
		log_event(LOG_ERROR, "paused", &ids, NULL,
			  "no more claims, the items stay queued: %s", why->text);
		finish(claimant);
		return;
	}
	if (pause_ms > BREAKER_MAX_MS)
		pause_ms = BREAKER_MAX_MS;
	pause_ms = loop_random(loop, pause_ms / 2, pause_ms + 1);
	claimant->is_paused = true;
	log_event(LOG_ERROR, "paused", &ids, NULL, "no claims for %u s: %s",
		  (unsigned)((pause_ms + 999) / 1000), why->text);
	timer_arm(&claimant->timer, loop, pause_ms, on_timer, claimant);
}

static int try_plan(struct claimant *claimant, struct err *err)
{
	_cleanup_(secret_freep) struct secret *token = secret_new("token", 5);
	struct plan_input input = {0};
	struct plan *plan = NULL;

	fleet_plan_input(claimant->host->fleet, claimant->config, &input);
	input.session_id = input.work_id = "check";
	input.work_secret = input.sessions_token = token;
	input.environment_key = claimant->key;
	input.image_facts = &claimant->image;
	input.bridge = engine_bridge(claimant->host->engine);
	int r = plan_build(&input, &plan, err);
	(void)plan_free(plan);
	return r;
}

static void on_image(struct image_wait *wait, void *arg)
{
	struct claimant *claimant = arg;
	struct log_ids ids = claimant_ids(claimant);
	struct err err = wait->err;

	claimant->is_checking_image = false;
	claimant->image_checked_ms = loop_now_ms(claimant->host->loop);
	if (wait->outcome != ENGINE_OK) {
		if (wait->outcome != ENGINE_UNREACHABLE)
			pause_claims(claimant, &err);
		return;
	}
	image_facts_done(&claimant->image);
	claimant->image = wait->facts;
	wait->facts = (struct image_facts){0};
	if (try_plan(claimant, &err) < 0) {
		pause_claims(claimant, &err);
		return;
	}
	claimant->has_image = true;
	claimant->state = CLAIMANT_SERVING;
	log_event(LOG_INFO, "image", &ids,
		  (struct log_field[]){
			  {"image", claimant->config->image}, {"id", claimant->image.id}, {NULL}},
		  NULL);
	poller_wake(claimant->poller);
}

static void check_image(struct claimant *claimant)
{
	if (claimant->is_checking_image || claimant->state == CLAIMANT_FINISHED ||
	    !engine_is_healthy(claimant->host->engine))
		return;
	claimant->is_checking_image = true;
	claimant->has_image = false;
	image_wait_done(&claimant->image_wait);
	image_wait_init(&claimant->image_wait, on_image, claimant);
	image_ensure(claimant->host->engine, &claimant->image_wait, claimant->config->image,
		     claimant->config->pull);
}

static void on_timer(void *arg)
{
	struct claimant *claimant = arg;

	claimant->is_paused = false;
	check_image(claimant);
}

/* --- what the poller asks --------------------------------------------------------------------- */

static bool image_is_stale(const struct claimant *claimant)
{
	return claimant->config->pull == PULL_ALWAYS &&
	       loop_now_ms(claimant->host->loop) - claimant->image_checked_ms > IMAGE_FRESH_MS;
}

static void count_slot(struct claimant *claimant, int change)
{
	claimant->slots += change;
	claimant->host->room->slots += change;
	if (change < 0)
		claimant->host->changed(claimant->host->arg);
}

static void count_launching(struct claimant *claimant, int change)
{
	claimant->launching += change;
	claimant->host->room->launching += change;
	if (change < 0)
		claimant->host->changed(claimant->host->arg);
}

static bool take_slot(void *arg)
{
	struct claimant *claimant = arg;

	if (claimant->state != CLAIMANT_SERVING || claimant->is_paused || claimant->is_rejected)
		return false;
	if (!claimant->has_image || image_is_stale(claimant)) {
		check_image(claimant);
		return false;
	}
	if (claimant->slots >= claimant->config->sessions)
		return false;
	/* Half open: after a failure one launch at a time, until one goes well. */
	if (claimant->failures > 0 && claimant->launching > 0)
		return false;
	if (!claimant->host->may_claim(claimant->host->arg))
		return false;
	count_slot(claimant, 1);
	count_launching(claimant, 1);
	claimant->host->room->claims++;
	return true;
}

/* The poll brought nothing that runs. */
static void release_slot(void *arg)
{
	struct claimant *claimant = arg;

	count_slot(claimant, -1);
	count_launching(claimant, -1);
	claimant->host->room->claims--;
}

/* An item whose session is here already. */
static void offered_again(struct claimant *claimant, struct session *session)
{
	struct log_ids ids = session_ids(session);

	if (session->state == SESSION_RUNNING) {
		log_event(LOG_WARNING, "offered_again", &ids, NULL,
			  "its lease has lapsed: the container is ended, the next offer is taken");
		session_stop(session, END_LEASE_LAPSED);
	} else {
		log_event(
			LOG_INFO, "offered_again", &ids,
			(struct log_field[]){{"state", session_state_name(session->state)}, {NULL}},
			"left to the session that has it");
	}
	release_slot(claimant);
}

/* Items that are refused although they are well formed. */
static int refusal(struct claimant *claimant, const struct work_item *item, struct err *err)
{
	if (strikes_are_out(claimant->strikes, item->session_id, loop_now_ms(claimant->host->loop)))
		return err_set(err, ERR_REFUSED, -ELOOP,
			       "%d containers of this session died before a heartbeat",
			       STRIKES_OUT);
	if (claimant->config->credential == CREDENTIAL_SECRET && !item->sessions_token)
		return err_set(err, ERR_REFUSED, -EINVAL,
			       "no usable secret, and credential: secret gives out nothing else");
	return 0;
}

static void on_refused(struct work_item *item, const struct err *why, void *arg)
{
	struct claimant *claimant = arg;
	struct session *session = table_find(claimant->host->table, item->id);

	if (session) {
		work_item_done(item);
		offered_again(claimant, session);
		return;
	}
	session = session_new(&claimant->site, item);
	table_add(claimant->host->table, session);
	session_refuse(session, why);
}

static void on_claimed(struct work_item *item, void *arg)
{
	struct claimant *claimant = arg;
	struct session *session = table_find(claimant->host->table, item->id);
	struct err err;

	if (session) {
		work_item_done(item);
		offered_again(claimant, session);
		return;
	}
	if (refusal(claimant, item, &err) < 0) {
		on_refused(item, &err, claimant);
		return;
	}
	session = session_new(&claimant->site, item);
	struct log_ids ids = session_ids(session);
	log_event(LOG_INFO, "claimed", &ids, NULL, NULL);
	table_add(claimant->host->table, session);
	session_launch(session);
}

static void on_empty(void *arg)
{
	struct claimant *claimant = arg;

	if (claimant->host->is_drain)
		finish(claimant);
}

static void on_trouble(const struct err *why, unsigned in_a_row, void *arg)
{
	struct claimant *claimant = arg;
	struct log_ids ids = claimant_ids(claimant);

	if (!claimant->host->is_drain || in_a_row < DRAIN_POLL_ERRORS)
		return;
	log_event(LOG_ERROR, "given_up", &ids, NULL, "the queue cannot be polled: %s", why->text);
	claimant->host->verdict(VERDICT_PARTIAL, claimant->host->arg);
	finish(claimant);
}

bool claimant_reread_key(struct claimant *claimant)
{
	_cleanup_(secret_freep) struct secret *key = NULL;
	struct log_ids ids = claimant_ids(claimant);
	struct err err;

	if (key_read(&claimant->config->key, &key, &err) < 0) {
		(void)log_err(LOG_WARNING, "key_unreadable", &ids, &err);
		return false;
	}
	if (secret_equal(key, claimant->key))
		return false;
	claimant->retired_keys = xreallocarray(claimant->retired_keys, claimant->retired_count + 1,
					       sizeof(struct secret *));
	claimant->retired_keys[claimant->retired_count++] = claimant->key;
	claimant->key = TAKE(key);
	claimant->peer.key = claimant->key;
	log_event(LOG_INFO, "key_replaced", &ids, NULL, "another key is used from here on");
	if (claimant->is_rejected) {
		claimant->is_rejected = false;
		poller_wake(claimant->poller);
	}
	return true;
}

static bool on_key_rejected(const struct err *why, void *arg)
{
	struct claimant *claimant = arg;
	struct log_ids ids = claimant_ids(claimant);

	if (claimant->is_rejected)
		return false;
	if (claimant_reread_key(claimant))
		return true;
	claimant->is_rejected = true;
	log_event(LOG_ERROR, "key_rejected", &ids, NULL,
		  "%s; put a valid key into its key file and reload (SIGHUP) or start again",
		  why->text);
	claimant->host->verdict(VERDICT_KEY_REJECTED, claimant->host->arg);
	finish(claimant);
	return false;
}

static void on_poll_failed(const struct err *why, void *arg)
{
	struct claimant *claimant = arg;
	struct log_ids ids = claimant_ids(claimant);

	log_event(LOG_ERROR, "given_up", &ids, NULL, "the queue refuses to be polled: %s",
		  why->text);
	claimant->host->verdict(VERDICT_CONFIG_REFUSED, claimant->host->arg);
	finish(claimant);
}

/* --- what the sessions tell ------------------------------------------------------------------- */

static void end_launching(struct claimant *claimant, struct session *session)
{
	if (!session->counts_as_launching)
		return;
	session->counts_as_launching = false;
	count_launching(claimant, -1);
}

static void on_slot_free(struct session *session, void *arg)
{
	struct claimant *claimant = arg;

	end_launching(claimant, session);
	count_slot(claimant, -1);
}

static void on_launch_failed(struct session *session, enum session_blame blame,
			     const struct err *err, void *arg)
{
	struct claimant *claimant = arg;
	struct log_ids ids = session_ids(session);

	(void)log_err(LOG_WARNING, "launch_failed", &ids, err);
	end_launching(claimant, session);
	if (blame == BLAME_ENVIRONMENT) {
		claimant->host->verdict(verdict_of(err), claimant->host->arg);
		claimant->has_image = false;
		if (!claimant->is_paused && claimant->state != CLAIMANT_FINISHED)
			pause_claims(claimant, err);
	}
}

static void on_launched(struct session *session, void *arg)
{
	struct claimant *claimant = arg;

	end_launching(claimant, session);
	claimant->failures = 0;
}

static void on_container_known(struct session *session, void *arg)
{
	struct claimant *claimant = arg;

	table_add_container(claimant->host->table, session);
}

static void on_record(struct session *session, void *arg)
{
	struct claimant *claimant = arg;

	claimant->host->record(session, claimant->host->arg);
}

static void on_force_stopped(struct session *session, void *arg)
{
	struct claimant *claimant = arg;
	struct log_ids ids = session_ids(session);

	if (!session->ran || session->times.first_heartbeat != 0)
		return;
	unsigned count = strikes_add(claimant->strikes, session->item.session_id,
				     loop_now_ms(claimant->host->loop));
	log_event(LOG_WARNING, "died_unbeaten", &ids, NULL,
		  "its container died before a first heartbeat, for the %u. time", count);
}

static void on_incomplete(struct session *session, void *arg)
{
	struct claimant *claimant = arg;

	(void)session;
	claimant->host->verdict(VERDICT_PARTIAL, claimant->host->arg);
}

static void on_ended(struct session *session, void *arg)
{
	struct claimant *claimant = arg;

	table_remove(claimant->host->table, session);
	(void)session_free(session);
	claimant->host->changed(claimant->host->arg);
}

static void on_item_seen(const struct work_status *status, void *arg)
{
	struct claimant *claimant = arg;
	struct session *session = table_find(claimant->host->table, status->id);

	if (!session || status->latest_heartbeat_at_ms == 0 ||
	    session->times.first_heartbeat != 0 || !session->ran)
		return;
	session_heartbeat_seen(session, status->started_at_ms != 0
						? status->started_at_ms
						: status->latest_heartbeat_at_ms);
	claimant->host->changed(claimant->host->arg);
}

struct heartbeat_search {
	const struct claimant *claimant;
	bool found;
};

static void look_for_unbeaten(struct session *session, void *arg)
{
	struct heartbeat_search *search = arg;

	if (session->site == &search->claimant->site && session->state == SESSION_RUNNING &&
	    session->times.first_heartbeat == 0)
		search->found = true;
}

static bool wants_heartbeats(void *arg)
{
	struct heartbeat_search search = {.claimant = arg};

	table_each(search.claimant->host->table, look_for_unbeaten, &search);
	return search.found;
}

/* --- life ------------------------------------------------------------------------------------- */

static void init_site(struct claimant *claimant)
{
	const struct claimant_host *host = claimant->host;

	claimant->site = (struct site){
		.loop = host->loop,
		.engine = host->engine,
		.peer = &claimant->peer,
		.lookup = claimant->lookup,
		.fleet = host->fleet,
		.config = claimant->config,
		.image = &claimant->image,
		.slot_free = on_slot_free,
		.launch_failed = on_launch_failed,
		.launched = on_launched,
		.container_known = on_container_known,
		.key_rejected = on_key_rejected,
		.record = on_record,
		.force_stopped = on_force_stopped,
		.incomplete = on_incomplete,
		.ended = on_ended,
		.arg = claimant,
	};
}

int claimant_new(const struct claimant_host *host, const struct environment *config,
		 struct claimant **ret, struct err *err)
{
	struct secret *key;

	int r = key_read(&config->key, &key, err);
	if (r < 0)
		return err_prefix(err, "environment %s", config->name);
	struct claimant *claimant = xcalloc(1, sizeof(*claimant));
	claimant->host = host;
	claimant->config = config;
	claimant->key = key;
	claimant->peer = (struct queue_peer){
		.loop = host->loop,
		.lane = host->queue_lane,
		.base_url = host->fleet->base_url,
		.environment_id = config->id,
		.worker_id = host->fleet->worker_id,
		.key = key,
	};
	claimant->lookup = lookup_new(&claimant->peer, &(struct lookup_owner){
							       .seen = on_item_seen,
							       .wants_heartbeats = wants_heartbeats,
							       .arg = claimant,
						       });
	/* A drain does not wait for work that is not there. */
	claimant->poll = config->poll;
	if (host->is_drain)
		claimant->poll.block_ms = 0;
	claimant->poller = poller_new(&claimant->peer, &claimant->poll,
				      &(struct poller_owner){
					      .take_slot = take_slot,
					      .release_slot = release_slot,
					      .claimed = on_claimed,
					      .refused = on_refused,
					      .empty = on_empty,
					      .trouble = on_trouble,
					      .rejected = on_key_rejected,
					      .failed = on_poll_failed,
					      .arg = claimant,
				      });
	claimant->strikes = strikes_new();
	init_site(claimant);
	*ret = claimant;
	return 0;
}

struct claimant *claimant_free(struct claimant *claimant)
{
	if (!claimant)
		return NULL;
	timer_cancel(&claimant->timer);
	image_wait_done(&claimant->image_wait);
	image_facts_done(&claimant->image);
	claimant->poller = poller_free(claimant->poller);
	claimant->lookup = lookup_free(claimant->lookup);
	claimant->strikes = strikes_free(claimant->strikes);
	claimant->key = secret_free(claimant->key);
	for (size_t i = 0; i < claimant->retired_count; i++)
		(void)secret_free(claimant->retired_keys[i]);
	free(claimant->retired_keys);
	free(claimant);
	return NULL;
}

void claimant_start(struct claimant *claimant)
{
	if (claimant->state == CLAIMANT_PREPARING && !claimant->is_paused)
		check_image(claimant);
	else
		claimant_wake(claimant);
}

void claimant_wake(struct claimant *claimant)
{
	if (claimant->state == CLAIMANT_SERVING)
		poller_wake(claimant->poller);
}

void claimant_stop(struct claimant *claimant)
{
	finish(claimant);
}

bool claimant_is_finished(const struct claimant *claimant)
{
	return claimant->state == CLAIMANT_FINISHED && poller_is_idle(claimant->poller);
}

void claimant_adopt(struct claimant *claimant, const struct container *container)
{
	struct session *session = session_new_adopted(&claimant->site, container);

	if (container->status == CONTAINER_RUNNING || container->status == CONTAINER_CREATED) {
		/* It takes a slot even above the caps: it is here already. */
		session->has_slot = true;
		count_slot(claimant, 1);
	}
	table_add(claimant->host->table, session);
	session_adopt(session);
}
