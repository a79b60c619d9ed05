/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/claimant.h"

#include "base/cleanup.h"
#include "daemon/claimant_parts.h"
#include "daemon/daemon.h"

struct log_ids claimant_ids(const struct claimant *claimant)
{
	return (struct log_ids){.environment = claimant_config(claimant)->name};
}

void claimant_count_slot(struct claimant *claimant, int change)
{
	claimant->slots += change;
	claimant->host->room->slots += change;
	if (change < 0)
		claimant->host->changed(claimant->host->arg);
}

void claimant_count_launching(struct claimant *claimant, int change)
{
	claimant->launching += change;
	claimant->host->room->launching += change;
	if (change < 0)
		claimant->host->changed(claimant->host->arg);
}

static void make_poller(struct claimant *claimant)
{
	const struct poller_owner owner = claimant_poller_owner(claimant);

	claimant->poller = poller_new(&claimant->peer, &claimant->poll, &owner);
}

void claimant_begin_again(struct claimant *claimant)
{
	timer_cancel(&claimant->timer);
	image_wait_done(&claimant->image_wait);
	claimant->is_checking_image = claimant->is_paused = claimant->has_image = false;
	claimant->has_reported_waivers = false;
	claimant->failures = claimant->deaths = 0;
	/* One that waits would wait as long as it was told before. */
	if (claimant->state == CLAIMANT_FINISHED || poller_is_idle(claimant->poller)) {
		claimant->poller = poller_free(claimant->poller);
		make_poller(claimant);
	}
	claimant->is_rejected = claimant->may_resume = false;
	claimant->state = CLAIMANT_PREPARING;
}

/* The queue's side of a configuration. */
static void use_edition(struct claimant *claimant, struct edition *edition)
{
	const struct environment *config = edition->site.config;

	claimant->newest = edition;
	claimant->peer.base_url = edition->fleet->base_url;
	claimant->peer.environment_id = config->id;
	claimant->peer.name = config->name;
	claimant->peer.worker_id = edition->fleet->worker_id;
	/* A drain does not wait for work that is not there. */
	claimant->poll = config->poll;
	if (claimant->host->is_drain)
		claimant->poll.block_ms = 0;
	turns_leave(claimant->host->turns, &claimant->turn);
	claimant->turn.weight = config->weight;
	claimant->turn.group = edition->backend;
}

static void on_turn(void *arg)
{
	struct claimant *claimant = arg;

	claimant_wake(claimant);
}

int claimant_new(const struct claimant_host *host, struct backend *backend, struct fleet *fleet,
		 const struct environment *config, struct claimant **ret, struct err *err)
{
	struct secret *key;

	int r = key_read(&config->key, &key, err);
	if (r < 0)
		return err_prefix(err, "environment %s", config->name);
	struct claimant *claimant = xcalloc(1, sizeof(*claimant));
	claimant->host = host;
	claimant->key = key;
	claimant->key_stamp = key_look(&config->key);
	claimant->peer = (struct queue_peer){
		.loop = host->loop,
		.lane = host->queue_lane,
		.budget = host->budget,
		.key = key,
	};
	claimant->turn.wake = on_turn;
	claimant->turn.arg = claimant;
	turns_add(host->turns, &claimant->turn);
	const struct lookup_owner lookup_owner = claimant_lookup_owner(claimant);
	claimant->lookup = lookup_new(&claimant->peer, &lookup_owner);
	use_edition(claimant, claimant_add_edition(claimant, backend, fleet, config));
	make_poller(claimant);
	claimant->strikes = strikes_new();
	claimant->stuck = stuck_new(claimant);
	*ret = claimant;
	return 0;
}

void claimant_reconfigure(struct claimant *claimant, struct backend *backend, struct fleet *fleet,
			  const struct environment *config)
{
	claimant->is_retired = false;
	use_edition(claimant, claimant_add_edition(claimant, backend, fleet, config));
	claimant_begin_again(claimant);
	(void)claimant_reread_key(claimant);
	if (backend_is_ready(backend))
		claimant_start(claimant);
}

void claimant_retire(struct claimant *claimant)
{
	claimant->is_retired = true;
	claimant_stop(claimant);
}

struct claimant *claimant_free(struct claimant *claimant)
{
	if (!claimant)
		return NULL;
	timer_cancel(&claimant->timer);
	image_wait_done(&claimant->image_wait);
	queue_call_done(&claimant->stats_call);
	claimant->stuck = stuck_free(claimant->stuck);
	claimant->poller = poller_free(claimant->poller);
	claimant->lookup = lookup_free(claimant->lookup);
	turns_remove(claimant->host->turns, &claimant->turn);
	claimant->strikes = strikes_free(claimant->strikes);
	claimant->key = secret_free(claimant->key);
	claimant_free_editions(claimant);
	free(claimant);
	return NULL;
}

void claimant_start(struct claimant *claimant)
{
	/* An engine that is back may be another one, with less to keep promises with. */
	claimant->has_image = false;
	stuck_look(claimant->stuck);
	if (claimant->state == CLAIMANT_PREPARING && !claimant->is_paused)
		claimant_check_image(claimant);
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
	claimant->may_resume = false;
	if (claimant->state == CLAIMANT_FINISHED)
		return;
	claimant->state = CLAIMANT_FINISHED;
	timer_cancel(&claimant->timer);
	image_wait_done(&claimant->image_wait);
	claimant->is_checking_image = false;
	poller_stop(claimant->poller);
	turns_leave(claimant->host->turns, &claimant->turn);
	claimant->host->changed(claimant->host->arg);
}

bool claimant_is_finished(const struct claimant *claimant)
{
	return claimant->state == CLAIMANT_FINISHED && poller_is_idle(claimant->poller);
}
