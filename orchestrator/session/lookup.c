/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run reads the list page by page. Waiters that join while a run is under way wait for the next
 * one: the pages already read may have shown their item in an older state.
 */
#include "session/lookup.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "io/loop.h"
#include "queue/budget.h"

#include <string.h>
#include <utlist.h>

#define SWEEP_EVERY_MS	30000u /* lists made for heartbeats alone */
#define SWEEP_OFTEN_MS	2000u  /* the same, while somebody waits for them */
#define FIRST_SWEEP_MS	2000u  /* a worker needs about half a second to its first heartbeat */
#define BETWEEN_RUNS_MS 1000u
#define PATIENT_MAX	4  /* waiters, before they are served like others */
#define PAGES_MAX	10 /* of 1,000 items */
#define ATTEMPTS_MAX	3
#define RETRY_AFTER_MS	1000u

struct lookup {
	struct queue_peer *peer;
	struct lookup_owner owner;
	struct queue_call call;
	struct timer timer;
	struct lookup_wait *waiting; /* for the next run */
	struct lookup_wait *served;  /* by the run under way */
	bool is_running, is_scheduled, not_permitted, has_listed;
	bool sweeps_often, wants_sweep, is_sweep;
	unsigned hurried; /* of those waiting */
	unsigned pages, attempts;
	uint64_t last_run_ms, refused_ms;
	bool ran_before;
	int64_t clock_offset_ms;
};

static void schedule(struct lookup *lookup);

struct lookup *lookup_new(struct queue_peer *peer, const struct lookup_owner *owner)
{
	struct lookup *lookup = xcalloc(1, sizeof(*lookup));

	lookup->peer = peer;
	lookup->owner = *owner;
	return lookup;
}

struct lookup *lookup_free(struct lookup *lookup)
{
	if (!lookup)
		return NULL;
	queue_call_done(&lookup->call);
	timer_cancel(&lookup->timer);
	free(lookup);
	return NULL;
}

/* Tells everybody on `list`. A callback may start another lookup or cancel a neighbour's. */
static void finish_list(struct lookup *lookup, struct lookup_wait **list,
			enum lookup_result missing)
{
	while (*list) {
		struct lookup_wait *wait = *list;

		DL_DELETE(*list, wait);
		wait->lookup = NULL;
		wait->result = wait->found ? LOOKUP_FOUND : missing;
		wait->clock_offset_ms = lookup->clock_offset_ms;
		wait->done(wait, wait->arg);
	}
}

static void finish_run(struct lookup *lookup, enum lookup_result missing)
{
	lookup->is_running = lookup->is_sweep = false;
	lookup->ran_before = true;
	lookup->last_run_ms = loop_now_ms(lookup->peer->loop);
	if (missing == LOOKUP_NOT_PERMITTED && !lookup->not_permitted) {
		lookup->not_permitted = true;
		log_event(LOG_WARNING, "list_not_permitted",
			  &(struct log_ids){.environment = lookup->peer->name}, NULL,
			  "this key may not list work items: first heartbeats are not seen and "
			  "force-stops that need a look are left out (%s)",
			  lookup->call.err.text);
	}
	finish_list(lookup, &lookup->served, missing);
	schedule(lookup);
}

static void read_rows(struct lookup *lookup, struct json_object *rows)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct lookup_wait *wait;
		struct work_status status;

		if (work_status_parse(json_object_array_get_idx(rows, i), &status) < 0)
			continue;
		DL_FOREACH(lookup->served, wait)
		{
			if (strcmp(wait->work_id, status.id) == 0) {
				wait->found = true;
				wait->status = status;
			}
		}
		lookup->owner.seen(&status, lookup->clock_offset_ms, lookup->owner.arg);
	}
}

static bool everybody_found(const struct lookup *lookup)
{
	const struct lookup_wait *wait;

	DL_FOREACH(lookup->served, wait)
	if (!wait->found)
		return false;
	return lookup->served && !lookup->is_sweep &&
	       !lookup->owner.wants_heartbeats(lookup->owner.arg);
}

static void on_retry(void *arg)
{
	struct lookup *lookup = arg;

	lookup->pages = 0;
	queue_list(lookup->peer, &lookup->call, NULL);
}

static void on_page(struct queue_call *call, void *arg)
{
	struct lookup *lookup = arg;

	if (call->outcome == QUEUE_REJECTED) {
		if (lookup->owner.key_was_replaced(lookup->owner.arg)) {
			on_retry(lookup);
			return;
		}
		lookup->refused_ms = loop_now_ms(lookup->peer->loop);
		finish_run(lookup, LOOKUP_NOT_PERMITTED);
		return;
	}
	if (call->outcome != QUEUE_OK) {
		if (++lookup->attempts >= ATTEMPTS_MAX || call->outcome == QUEUE_INVALID)
			finish_run(lookup, LOOKUP_FAILED);
		else
			timer_arm(&lookup->timer, lookup->peer->loop,
				  RETRY_AFTER_MS << lookup->attempts, on_retry, lookup);
		return;
	}
	lookup->has_listed = true;
	if (call->server_time_ms > 0)
		lookup->clock_offset_ms = call->server_time_ms - loop_wall_ms(lookup->peer->loop);

	struct json_object *rows = json_get_array(call->json, "data");
	if (rows)
		read_rows(lookup, rows);
	const char *next = json_get_string(call->json, "next_page");
	if (!next || everybody_found(lookup)) {
		finish_run(lookup, LOOKUP_NOT_FOUND);
		return;
	}
	/* What is further on was not looked at. */
	if (++lookup->pages >= PAGES_MAX) {
		finish_run(lookup, LOOKUP_FAILED);
		return;
	}
	_cleanup_free_ char *page = xstrdup(next);
	queue_list(lookup->peer, &lookup->call, page);
}

static void arm(struct lookup *lookup, uint64_t delay_ms, loop_fn fn)
{
	lookup->is_scheduled = true;
	timer_arm(&lookup->timer, lookup->peer->loop, delay_ms, fn, lookup);
}

static void run(void *arg)
{
	struct lookup *lookup = arg;

	if (lookup->hurried == 0 && !lookup->wants_sweep &&
	    budget_is_in_debt(lookup->peer->budget)) {
		arm(lookup, BETWEEN_RUNS_MS, run);
		return;
	}
	lookup->is_scheduled = false;
	lookup->is_running = true;
	lookup->pages = lookup->attempts = 0;
	lookup->served = TAKE(lookup->waiting);
	lookup->is_sweep = lookup->wants_sweep;
	lookup->wants_sweep = false;
	lookup->hurried = 0;
	queue_call_done(&lookup->call);
	queue_call_init(&lookup->call, on_page, lookup);
	queue_list(lookup->peer, &lookup->call, NULL);
}

static void refuse(void *arg)
{
	struct lookup *lookup = arg;

	lookup->is_scheduled = false;
	finish_list(lookup, &lookup->waiting, LOOKUP_NOT_PERMITTED);
	lookup->hurried = 0;
}

/* How long until a run that leaves `gap_ms` to the one before; at least `least_ms`. */
static uint64_t delay_after_last(const struct lookup *lookup, uint64_t gap_ms, uint64_t least_ms)
{
	uint64_t now = loop_now_ms(lookup->peer->loop), due = lookup->last_run_ms + gap_ms;

	return lookup->ran_before && due > now + least_ms ? due - now : least_ms;
}

/* Arms the timer for the next run, if there is a reason for one. */
static void schedule(struct lookup *lookup)
{
	if (lookup->is_running)
		return;
	if (lookup->waiting && lookup->not_permitted)
		arm(lookup, 0, refuse);
	else if (lookup->hurried > 0 || (lookup->wants_sweep && !lookup->not_permitted))
		arm(lookup, delay_after_last(lookup, BETWEEN_RUNS_MS, 0), run);
	else if (!lookup->is_scheduled && !lookup->not_permitted &&
		 (lookup->waiting || lookup->owner.wants_heartbeats(lookup->owner.arg)))
		arm(lookup,
		    delay_after_last(lookup, lookup->sweeps_often ? SWEEP_OFTEN_MS : SWEEP_EVERY_MS,
				     FIRST_SWEEP_MS),
		    run);
}

static unsigned count_waiting(const struct lookup *lookup)
{
	const struct lookup_wait *wait;
	unsigned count = 0;

	DL_COUNT(lookup->waiting, wait, count);
	return count;
}

static void join(struct lookup *lookup, struct lookup_wait *wait, const struct lookup_wait *content)
{
	*wait = *content;
	wait->lookup = lookup;
	lookup->hurried += wait->is_patient ? 0 : 1;
	DL_APPEND(lookup->waiting, wait);
	if (count_waiting(lookup) > PATIENT_MAX)
		lookup_hurry(lookup);
	else
		schedule(lookup);
}

void lookup_item(struct lookup *lookup, struct lookup_wait *wait, const char *work_id,
		 void (*done)(struct lookup_wait *, void *), void *arg)
{
	join(lookup, wait, &(struct lookup_wait){.work_id = work_id, .done = done, .arg = arg});
}

void lookup_item_patiently(struct lookup *lookup, struct lookup_wait *wait, const char *work_id,
			   void (*done)(struct lookup_wait *, void *), void *arg)
{
	join(lookup, wait,
	     &(struct lookup_wait){
		     .work_id = work_id, .is_patient = true, .done = done, .arg = arg});
}

void lookup_hurry(struct lookup *lookup)
{
	struct lookup_wait *wait;

	DL_FOREACH(lookup->waiting, wait)
	{
		lookup->hurried += wait->is_patient ? 1 : 0;
		wait->is_patient = false;
	}
	schedule(lookup);
}

void lookup_cancel(struct lookup_wait *wait)
{
	struct lookup *lookup = wait->lookup;
	struct lookup_wait *other;

	if (!lookup)
		return;
	DL_FOREACH(lookup->waiting, other)
	if (other == wait)
		break;
	if (other) {
		lookup->hurried -= wait->is_patient ? 0 : 1;
		DL_DELETE(lookup->waiting, wait);
	} else {
		DL_DELETE(lookup->served, wait);
	}
	wait->lookup = NULL;
}

void lookup_sweep(struct lookup *lookup)
{
	lookup->wants_sweep = true;
	schedule(lookup);
}

bool lookup_is_sweeping(const struct lookup *lookup)
{
	return lookup->is_sweep || (lookup->wants_sweep && !lookup->not_permitted);
}

void lookup_poke(struct lookup *lookup)
{
	schedule(lookup);
}

void lookup_sweep_often(struct lookup *lookup)
{
	if (lookup->sweeps_often)
		return;
	lookup->sweeps_often = true;
	if (lookup->is_scheduled && lookup->hurried == 0)
		lookup->is_scheduled = false;
	schedule(lookup);
}

void lookup_key_replaced(struct lookup *lookup)
{
	lookup->not_permitted = lookup->has_listed = false;
	schedule(lookup);
}

bool lookup_has_listed(const struct lookup *lookup)
{
	return lookup->has_listed;
}

uint64_t lookup_refused_ms(const struct lookup *lookup)
{
	return lookup->refused_ms;
}

bool lookup_is_permitted(const struct lookup *lookup)
{
	return !lookup->not_permitted;
}
