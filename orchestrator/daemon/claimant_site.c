/* SPDX-License-Identifier: Apache-2.0 */
/* What the sessions of one environment tell, and what follows from it. */
#include "daemon/backend.h"
#include "daemon/claimant_parts.h"
#include "daemon/daemon.h"

#include <errno.h>

#define DEATHS_IN_A_ROW 3
#define SLOW_MS		1000u /* a launch takes 0.1 to 0.5 s */
#define KEY_FRESH_MS	60000u

static struct claimant *owner_of(void *arg)
{
	return ((struct edition *)arg)->claimant;
}

/* What happens to those that were started with an older configuration says nothing of this one. */
static bool has_newest_configuration(const struct session *session)
{
	const struct edition *edition = session->site->arg;

	return edition == edition->claimant->newest;
}

/* From here on it keeps no other environment's launches waiting; its own it does. */
static void on_slow(void *arg)
{
	struct session *session = arg;
	struct edition *edition = session->site->arg;
	struct claimant *claimant = edition->claimant;

	session->is_slow = true;
	edition->backend->launching--;
	claimant->host->changed(claimant->host->arg);
}

struct session *claimant_add_session(struct claimant *claimant, struct work_item *item)
{
	struct edition *edition = claimant->serving;
	struct session *session = session_new(&edition->site, item);

	edition->sessions++;
	edition->backend->launching++;
	turns_charge(&claimant->turn);
	timer_arm(&session->slow_timer, claimant->host->loop, SLOW_MS, on_slow, session);
	table_add(claimant->host->table, session);
	return session;
}

static void end_launching(struct claimant *claimant, struct session *session)
{
	struct edition *edition = session->site->arg;

	if (!session->counts_as_launching)
		return;
	session->counts_as_launching = false;
	timer_cancel(&session->slow_timer);
	if (!session->is_slow)
		edition->backend->launching--;
	claimant_count_launching(claimant, -1);
}

static void count_failed(struct claimant *claimant, struct session *session)
{
	if (session->counts_as_failed)
		return;
	session->counts_as_failed = true;
	claimant->host->tally->failed++;
}

static void on_slot_free(struct session *session, void *arg)
{
	struct claimant *claimant = owner_of(arg);

	end_launching(claimant, session);
	claimant_count_slot(claimant, -1);
}

static void doubt_image(struct claimant *claimant, const struct err *why)
{
	claimant->has_image = false;
	if (!claimant->is_paused && claimant->state != CLAIMANT_FINISHED)
		claimant_pause(claimant, why);
}

static void on_launch_failed(struct session *session, enum session_blame blame,
			     const struct err *err, void *arg)
{
	struct claimant *claimant = owner_of(arg);
	struct log_ids ids = session_ids(session);

	(void)log_err(LOG_WARNING, "launch_failed", &ids, err);
	end_launching(claimant, session);
	if (blame != BLAME_NOBODY)
		count_failed(claimant, session);
	if (blame == BLAME_ENVIRONMENT) {
		claimant->host->verdict(claimant_verdict_of(err), claimant->host->arg);
		if (has_newest_configuration(session))
			doubt_image(claimant, err);
	}
}

static void on_launched(struct session *session, void *arg)
{
	struct claimant *claimant = owner_of(arg);

	end_launching(claimant, session);
	claimant->host->tally->started++;
	if (has_newest_configuration(session))
		claimant->failures = 0;
}

static void on_container_known(struct session *session, void *arg)
{
	struct claimant *claimant = owner_of(arg);

	table_add_container(claimant->host->table, session);
}

static void on_record(struct session *session, void *arg)
{
	struct claimant *claimant = owner_of(arg);

	claimant->host->record(session, claimant->host->arg);
}

/* One such death may be the item's fault. Those of several sessions in a row are not: the worker in
 * the image does not start, and each further claim would cost a session. */
static void suspect_image(struct claimant *claimant)
{
	struct err err;

	if (++claimant->deaths < DEATHS_IN_A_ROW || claimant->is_paused ||
	    claimant->state == CLAIMANT_FINISHED)
		return;
	(void)err_set(&err, ERR_ENGINE, -ENOEXEC,
		      "%u containers in a row died before a first heartbeat: does the worker in "
		      "image %.100s start?",
		      claimant->deaths, claimant_config(claimant)->image);
	claimant_pause(claimant, &err);
}

struct suspects {
	const struct claimant *claimant;
	unsigned count;
};

/* A command that cannot be run is enough alone. */
static void count_suspect(struct session *session, void *arg)
{
	struct suspects *suspects = arg;

	if (owner_of(session->site->arg) == suspects->claimant &&
	    has_newest_configuration(session) && session_is_suspect(session))
		suspects->count += session->cannot_run ? DEATHS_IN_A_ROW : 1;
}

bool claimant_awaits_verdict(struct claimant *claimant)
{
	struct suspects suspects = {.claimant = claimant};

	table_each(claimant->host->table, count_suspect, &suspects);
	return suspects.count > 0 && claimant->deaths + suspects.count >= DEATHS_IN_A_ROW;
}

static void on_heartbeat(struct session *session, void *arg)
{
	struct claimant *claimant = owner_of(arg);

	if (has_newest_configuration(session))
		claimant->deaths = 0;
}

static void on_force_stopped(struct session *session, void *arg)
{
	struct claimant *claimant = owner_of(arg);
	struct log_ids ids = session_ids(session);

	if (!session->ran || session->times.first_heartbeat != 0 ||
	    session->end == END_START_FAILED)
		return;
	count_failed(claimant, session);
	unsigned count = strikes_add(claimant->strikes, session->item.session_id,
				     loop_now_ms(claimant->host->loop));
	log_event(LOG_WARNING, "died_unbeaten", &ids, NULL,
		  "its container died before a first heartbeat, for the %u. time", count);
	if (count != 1)
		return;
	claimant->host->verdict(VERDICT_PARTIAL, claimant->host->arg);
	if (has_newest_configuration(session))
		suspect_image(claimant);
}

static void on_incomplete(struct session *session, void *arg)
{
	struct claimant *claimant = owner_of(arg);

	count_failed(claimant, session);
	claimant->host->verdict(VERDICT_PARTIAL, claimant->host->arg);
}

static void on_ended(struct session *session, void *arg)
{
	struct claimant *claimant = owner_of(arg);

	((struct edition *)arg)->sessions--;
	if (session->keeps_container)
		backend_reconcile_later(((struct edition *)arg)->backend);
	if (session->times.exited != 0)
		claimant->host->tally->ended++;
	table_remove(claimant->host->table, session);
	(void)session_free(session);
	claimant->host->changed(claimant->host->arg);
}

static void on_item_seen(const struct work_status *status, int64_t clock_offset_ms, void *arg)
{
	struct claimant *claimant = arg;
	struct session *session = table_find(claimant->host->table, status->id);

	if (!session)
		stuck_seen(claimant->stuck, status, clock_offset_ms);
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

	if (owner_of(session->site->arg) == search->claimant && session->state == SESSION_RUNNING &&
	    session->times.first_heartbeat == 0)
		search->found = true;
}

static bool wants_heartbeats(void *arg)
{
	struct heartbeat_search search = {.claimant = arg};

	table_each(search.claimant->host->table, look_for_unbeaten, &search);
	return search.found;
}

static bool key_was_replaced(void *arg)
{
	return claimant_reread_key(arg);
}

struct lookup_owner claimant_lookup_owner(struct claimant *claimant)
{
	return (struct lookup_owner){
		.seen = on_item_seen,
		.wants_heartbeats = wants_heartbeats,
		.key_was_replaced = key_was_replaced,
		.arg = claimant,
	};
}

static bool on_key_rejected(const struct err *why, void *arg)
{
	return claimant_key_rejected(why, owner_of(arg));
}

static bool key_is_doubtful(void *arg)
{
	const struct claimant *claimant = owner_of(arg);
	uint64_t proved_ms = claimant->key_proved_ms;

	/* One that polls no more hears no more of its key. A key that never could list is not to
	 * blame then. */
	if (proved_ms != 0 && claimant->state == CLAIMANT_FINISHED &&
	    !lookup_has_listed(claimant->lookup))
		proved_ms += KEY_FRESH_MS;
	return claimant->is_rejected || proved_ms < lookup_refused_ms(claimant->lookup);
}

struct site claimant_site(struct edition *edition)
{
	struct claimant *claimant = edition->claimant;

	return (struct site){
		.loop = claimant->host->loop,
		.engine = edition->backend->engine,
		.peer = &claimant->peer,
		.lookup = claimant->lookup,
		.fleet = edition->fleet,
		.image = &edition->image,
		.slot_free = on_slot_free,
		.launch_failed = on_launch_failed,
		.launched = on_launched,
		.container_known = on_container_known,
		.key_rejected = on_key_rejected,
		.key_is_doubtful = key_is_doubtful,
		.record = on_record,
		.heartbeat = on_heartbeat,
		.force_stopped = on_force_stopped,
		.incomplete = on_incomplete,
		.ended = on_ended,
		.arg = edition,
	};
}

void claimant_adopt(struct claimant *claimant, struct backend *backend,
		    const struct container *container)
{
	struct edition *edition = claimant_edition_on(claimant, backend);
	struct session *session = session_new_adopted(&edition->site, container);

	edition->sessions++;
	if (container->status == CONTAINER_RUNNING || container->status == CONTAINER_CREATED) {
		/* It takes a slot even above the caps: it is here already. */
		session->has_slot = true;
		claimant_count_slot(claimant, 1);
	}
	table_add(claimant->host->table, session);
	session_adopt(session);
}
