/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the items that the poller brings, and when it may bring the next one. */
#include "daemon/claimant_parts.h"
#include "daemon/daemon.h"

#include <errno.h>

#define DRAIN_POLL_ERRORS 6 /* in a row, before a drain gives up: about 30 s */

/* What it wants for itself, before others are asked. */
static bool wants_slot(struct claimant *claimant)
{
	return !claimant->is_rejected && claimant_gate_is_open(claimant) &&
	       claimant->slots < claimant_config(claimant)->sessions;
}

void claimant_leave_turn(struct claimant *claimant)
{
	if (claimant->turn.is_waiting)
		claimant->host->changed(claimant->host->arg);
	turns_leave(claimant->host->turns, &claimant->turn);
}

static bool take_slot(bool *ret_no_block, void *arg)
{
	struct claimant *claimant = arg;

	if (!wants_slot(claimant)) {
		claimant_leave_turn(claimant);
		return false;
	}
	if (!claimant->host->may_claim(claimant, ret_no_block, claimant->host->arg))
		return false;
	claimant_count_slot(claimant, 1);
	claimant_count_launching(claimant, 1);
	claimant->host->room->claims++;
	claimant->asked_ms = loop_now_ms(claimant->host->loop);
	return true;
}

/* As after most polls, of a thousand environments all the time: it is no reason to look at all of
 * them again, unless the queue answers this one for the first time after a while. */
static void give_slot_back(struct claimant *claimant)
{
	const struct claimant_host *host = claimant->host;
	bool is_news = claimant->is_in_trouble && !poller_is_backing_off(claimant->poller);

	claimant->slots--;
	claimant->launching--;
	host->room->slots--;
	host->room->launching--;
	host->room->claims--;
	claimant->is_in_trouble &= !is_news;
	if (is_news || host->is_drain || claimant->state == CLAIMANT_FINISHED)
		host->changed(host->arg);
	else if (turns_are_wanted(host->turns))
		host->place_free(host->arg);
}

/* The poll brought nothing that runs. */
static void release_slot(void *arg)
{
	struct claimant *claimant = arg;

	turns_waste(claimant->host->turns, &claimant->turn);
	give_slot_back(claimant);
}

/*
 * An item whose session is here already. An offer that was asked for before the container ran may
 * be older than the ack, and says nothing about the lease.
 */
static void offered_again(struct claimant *claimant, struct session *session)
{
	struct log_ids ids = session_ids(session);

	if (((const struct edition *)session->site->arg)->claimant != claimant) {
		log_event(LOG_WARNING, "offered_again", &ids, NULL,
			  "left: environment %s offers an item with the id of this one",
			  claimant_config(claimant)->name);
		give_slot_back(claimant);
		return;
	}
	log_event(LOG_INFO, "offered_again", &ids,
		  (struct log_field[]){{"state", session_state_name(session->state)}, {NULL}},
		  NULL);
	if (session->ran && claimant->asked_ms > session->started_mono_ms) {
		if (session->state == SESSION_RUNNING)
			session_offered_again(session);
		else
			/* It is queued, and not taken before its old container is gone. */
			claimant->host->verdict(VERDICT_PARTIAL, claimant->host->arg);
	}
	give_slot_back(claimant);
}

/* Items that are refused although they are well formed. */
static int refusal(struct claimant *claimant, const struct work_item *item, struct err *err)
{
	const struct environment *config = claimant->serving->site.config;

	if (strikes_are_out(claimant->strikes, item->session_id, loop_now_ms(claimant->host->loop)))
		return err_set(err, ERR_REFUSED, -ELOOP,
			       "%d containers of this session died before a heartbeat",
			       STRIKES_OUT);
	if (config->credential == CREDENTIAL_SECRET && !item->sessions_token)
		return err_set(err, ERR_REFUSED, -EINVAL,
			       "no usable secret, and credential: secret gives out nothing else");
	if (config->policy->require_secret && !item->sessions_token)
		return err_set(err, ERR_REFUSED, -EINVAL,
			       "no usable secret, and policy '%s' requires one (require_secret)",
			       config->policy->name);
	return 0;
}

static void on_refused(struct work_item *item, const struct err *why, void *arg)
{
	struct claimant *claimant = arg;
	struct session *session = table_find(claimant->host->table, item->id);

	claimant->key_proved_ms = loop_now_ms(claimant->host->loop);
	if (session) {
		work_item_done(item);
		offered_again(claimant, session);
		return;
	}
	session = claimant_add_session(claimant, item);
	claimant->host->tally->refused++;
	session_refuse(session, why);
}

static void on_claimed(struct work_item *item, void *arg)
{
	struct claimant *claimant = arg;
	struct session *session = table_find(claimant->host->table, item->id);
	struct err err;

	claimant->key_proved_ms = loop_now_ms(claimant->host->loop);
	if (session) {
		work_item_done(item);
		offered_again(claimant, session);
		return;
	}
	if (refusal(claimant, item, &err) < 0) {
		on_refused(item, &err, claimant);
		return;
	}
	session = claimant_add_session(claimant, item);
	struct log_ids ids = session_ids(session);
	log_event(LOG_INFO, "claimed", &ids, NULL, NULL);
	claimant->host->tally->claimed++;
	session_launch(session);
}

static void on_empty(void *arg)
{
	struct claimant *claimant = arg;

	claimant->key_proved_ms = loop_now_ms(claimant->host->loop);
	if (claimant->host->is_drain)
		claimant_stop(claimant);
}

static void on_trouble(const struct err *why, unsigned in_a_row, void *arg)
{
	struct claimant *claimant = arg;
	struct log_ids ids = claimant_ids(claimant);

	claimant->is_in_trouble = true;
	claimant->host->changed(claimant->host->arg);
	if (!claimant->host->is_drain || in_a_row < DRAIN_POLL_ERRORS)
		return;
	log_event(LOG_ERROR, "given_up", &ids, NULL, "the queue cannot be polled: %s", why->text);
	claimant->host->verdict(VERDICT_PARTIAL, claimant->host->arg);
	claimant_stop(claimant);
}

static void on_poll_failed(const struct err *why, void *arg)
{
	struct claimant *claimant = arg;
	struct log_ids ids = claimant_ids(claimant);

	log_event(LOG_ERROR, "given_up", &ids, NULL, "the queue refuses to be polled: %s",
		  why->text);
	claimant->host->verdict(VERDICT_CONFIG_REFUSED, claimant->host->arg);
	claimant_stop(claimant);
}

struct poller_owner claimant_poller_owner(struct claimant *claimant)
{
	return (struct poller_owner){
		.take_slot = take_slot,
		.release_slot = release_slot,
		.claimed = on_claimed,
		.refused = on_refused,
		.empty = on_empty,
		.trouble = on_trouble,
		.rejected = claimant_key_rejected,
		.failed = on_poll_failed,
		.arg = claimant,
	};
}
