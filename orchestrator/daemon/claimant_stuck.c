/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items that somebody acked and nobody runs: their host has died between ack and start, or their
 * container before a heartbeat, and nobody is offered them again. To another poller's item nothing
 * is done, as its worker may be about to begin; in a queue of our own it is our own, lost.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "daemon/claimant_parts.h"

#include <string.h>

#define STUCK_MS      300000 /* since the ack, at least; or twice as long as a worker may take */
#define LOOK_EVERY_MS 300000u
#define REPORTED_MAX  256u /* beyond that the oldest is forgotten, and reported again */

struct stuck {
	struct claimant *claimant;
	struct timer timer;
	char (*reported)[129]; /* REPORTED_MAX; NULL before the first, as there is hardly ever one
				*/
	size_t report_count;
	struct work_status item; /* that is being stopped; id "" while none is */
	struct lookup_wait wait;
	struct queue_call call;
};

struct stuck *stuck_new(struct claimant *claimant)
{
	struct stuck *stuck = xcalloc(1, sizeof(*stuck));

	stuck->claimant = claimant;
	return stuck;
}

struct stuck *stuck_free(struct stuck *stuck)
{
	if (!stuck)
		return NULL;
	timer_cancel(&stuck->timer);
	lookup_cancel(&stuck->wait);
	queue_call_done(&stuck->call);
	free(stuck->reported);
	free(stuck);
	return NULL;
}

static bool is_exclusive(const struct stuck *stuck)
{
	return claimant_config(stuck->claimant)->exclusive;
}

/* Where its container would be is known as long as the engine answers. */
static bool may_stop(const struct stuck *stuck)
{
	return is_exclusive(stuck) && backend_is_ready(claimant_backend(stuck->claimant));
}

static struct log_ids ids_of(const struct stuck *stuck, const struct work_status *status)
{
	struct log_ids ids = claimant_ids(stuck->claimant);

	ids.work = status->id;
	ids.session = status->session_id[0] ? status->session_id : NULL;
	return ids;
}

static int64_t age_ms(const struct stuck *stuck, const struct work_status *status,
		      int64_t clock_offset_ms)
{
	int64_t now_ms = loop_wall_ms(stuck->claimant->host->loop) + clock_offset_ms;

	return now_ms - status->acknowledged_at_ms;
}

static bool is_stuck(const struct stuck *stuck, const struct work_status *status,
		     int64_t clock_offset_ms)
{
	int64_t patience_ms = 2 * claimant_config(stuck->claimant)->timeouts.first_heartbeat_ms;

	if (patience_ms < STUCK_MS)
		patience_ms = STUCK_MS;
	return status->state == WORK_STARTING && status->latest_heartbeat_at_ms == 0 &&
	       status->acknowledged_at_ms != 0 &&
	       age_ms(stuck, status, clock_offset_ms) > patience_ms;
}

static bool has_reported(const struct stuck *stuck, const char *id)
{
	size_t count = stuck->report_count < REPORTED_MAX ? stuck->report_count : REPORTED_MAX;

	for (size_t i = 0; i < count; i++)
		if (strcmp(stuck->reported[i], id) == 0)
			return true;
	return false;
}

static void report(struct stuck *stuck, const struct work_status *status, int64_t clock_offset_ms)
{
	struct log_ids ids = ids_of(stuck, status);
	char age[32];

	if (!stuck->reported)
		stuck->reported = xcalloc(REPORTED_MAX, sizeof(*stuck->reported));
	memcpy(stuck->reported[stuck->report_count++ % REPORTED_MAX], status->id,
	       sizeof(status->id));
	text_format_duration(age, age_ms(stuck, status, clock_offset_ms) / 1000 * 1000);
	if (is_exclusive(stuck)) {
		log_event(LOG_WARNING, "stuck", &ids, NULL,
			  "acked %s ago and never begun: it is looked at once more, and stopped",
			  age);
		return;
	}
	log_event(LOG_WARNING, "stuck", &ids, NULL,
		  "acked %s ago and never begun, and no container here has it: 'berth queue stop "
		  "%s' ends it; where no other poller serves this queue, `exclusive: true` does",
		  age, status->id);
}

/* --- in a queue of our own -------------------------------------------------------------------- */

/* It is tried again when it is seen again. */
static void finish(struct stuck *stuck)
{
	stuck->reported[(stuck->report_count - 1) % REPORTED_MAX][0] = '\0';
	stuck->item.id[0] = '\0';
	stuck->claimant->host->changed(stuck->claimant->host->arg);
}

static void on_stopped(struct queue_call *call, void *arg)
{
	struct stuck *stuck = arg;
	struct log_ids ids = ids_of(stuck, &stuck->item);

	if (call->outcome != QUEUE_OK) {
		log_event(LOG_WARNING, "undecided", &ids, NULL, "not force-stopped: %s",
			  call->err.text);
		finish(stuck);
		return;
	}
	log_event(LOG_WARNING, "force_stopped", &ids,
		  (struct log_field[]){{"reason", "stuck"}, {NULL}}, NULL);
	stuck->claimant->host->tally->failed++;
	stuck->item.id[0] = '\0';
	lookup_sweep(stuck->claimant->lookup); /* there may be more */
}

static void on_looked_up(struct lookup_wait *wait, void *arg)
{
	struct stuck *stuck = arg;
	struct claimant *claimant = stuck->claimant;

	if (wait->result != LOOKUP_FOUND || !may_stop(stuck) ||
	    !is_stuck(stuck, &wait->status, wait->clock_offset_ms) ||
	    wait->status.acknowledged_at_ms != stuck->item.acknowledged_at_ms ||
	    table_find(claimant->host->table, stuck->item.id)) {
		finish(stuck);
		return;
	}
	queue_call_done(&stuck->call);
	queue_call_init(&stuck->call, on_stopped, stuck);
	queue_force_stop(&claimant->peer, &stuck->call, stuck->item.id);
}

void stuck_seen(struct stuck *stuck, const struct work_status *status, int64_t clock_offset_ms)
{
	/* One at a time: the others are there at the next look. */
	bool is_busy = stuck->item.id[0] || (is_exclusive(stuck) && !may_stop(stuck));

	if (is_busy || !is_stuck(stuck, status, clock_offset_ms) || has_reported(stuck, status->id))
		return;
	report(stuck, status, clock_offset_ms);
	if (!is_exclusive(stuck))
		return;
	stuck->item = *status;
	lookup_item(stuck->claimant->lookup, &stuck->wait, stuck->item.id, on_looked_up, stuck);
}

static void on_time(void *arg)
{
	stuck_look(arg);
}

/* What it shows as ours is known by then: the engines' containers have been adopted. */
void stuck_look(struct stuck *stuck)
{
	struct claimant *claimant = stuck->claimant;

	if (!is_exclusive(stuck) || claimant->is_retired)
		return;
	timer_arm(&stuck->timer, claimant->host->loop, LOOK_EVERY_MS, on_time, stuck);
	lookup_sweep(claimant->lookup);
}

bool claimant_looks_for_stuck(const struct claimant *claimant)
{
	return claimant->stuck->item.id[0] ||
	       (is_exclusive(claimant->stuck) && lookup_is_sweeping(claimant->lookup));
}
