/* SPDX-License-Identifier: Apache-2.0 */
/* The protocol without a word of HTTP: who claims, acks, holds and stops an item. */
#include "base/cleanup.h"
#include "world/plane_internal.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

/* --- queued ----------------------------------------------------------------------------------- */

void plane_enqueue(struct plane_item *item)
{
	struct plane_queue *queue = plane_queue_of(item->work.environment);
	struct plane_item *later;

	item->work.state = WORK_QUEUED;
	item->work.queued_ms = sim_now_ms(item->plane->sim);
	/* What was queued before is offered before, as often as it comes back: a new item goes to
	 * the end, and one whose lease has lapsed is older than most. */
	if (!queue->queued || queue->queued->queued_prev->number < item->number) {
		DL_APPEND2(queue->queued, item, queued_prev, queued_next);
	} else {
		for (later = queue->queued; later->number < item->number;)
			later = later->queued_next;
		DL_PREPEND_ELEM2(queue->queued, later, item, queued_prev, queued_next);
	}
}

static void leave_queue(struct plane_item *item)
{
	struct plane_queue *queue = plane_queue_of(item->work.environment);

	if (item->work.state == WORK_QUEUED)
		DL_DELETE2(queue->queued, item, queued_prev, queued_next);
}

void plane_lapse(struct plane_item *item)
{
	struct plane_work *work = &item->work;
	const struct plane_observer *observer = &item->plane->observer;

	sim_cancel(item->plane->sim, &item->lapse);
	item->acked_us = item->started_us = item->beaten_us = 0;
	work->claimed_ms = work->acked_ms = work->beaten_ms = work->lease_until_ms = 0;
	work->last_heartbeat[0] = '\0';
	work->lease++;
	work->offers = item->redelivered;
	item->redelivered = work->beats = 0;
	plane_enqueue(item);
	if (observer->lapsed)
		observer->lapsed(work, observer->arg);
	plane_wake(plane_queue_of(work->environment));
}

static void on_lapse(void *arg)
{
	plane_lapse(arg);
}

/* --- claims ----------------------------------------------------------------------------------- */

static struct plane_item *take_redelivery(struct plane_queue *queue)
{
	struct plane_work *work = NULL;

	while (!work && queue->redeliveries) {
		struct plane_redelivery *first = queue->redeliveries;
		DL_DELETE(queue->redeliveries, first);
		/* It may have been forgotten since. */
		work = plane_find(queue->plane, first->work_id);
		free(first->work_id);
		free(first);
	}
	return work ? plane_item_of(work) : NULL;
}

static struct plane_item *next_on_offer(struct plane_queue *queue, uint64_t reclaim_ms)
{
	uint64_t now = sim_now_ms(queue->plane->sim);
	struct plane_item *item = take_redelivery(queue);

	if (item)
		return item;
	DL_FOREACH2(queue->queued, item, queued_next)
	{
		if (item->work.claimed_ms == 0 || now - item->work.claimed_ms >= reclaim_ms)
			return item;
	}
	return NULL;
}

struct plane_item *plane_claim(struct plane_queue *queue, uint64_t reclaim_ms, struct host *by)
{
	struct plane_item *item = next_on_offer(queue, reclaim_ms);
	const struct plane_observer *observer = &queue->plane->observer;

	if (!item)
		return NULL;
	if (queue->environment.options.fresh_secrets && item->all_offers > 0 && item->work.token)
		plane_issue_token(item);
	if (item->work.state == WORK_QUEUED)
		item->work.claimed_ms = sim_now_ms(queue->plane->sim);
	else
		item->redelivered++;
	item->all_offers++;
	item->work.offers++;
	if (observer->offered)
		observer->offered(&item->work, by, observer->arg);
	return item;
}

struct plane_work *plane_poll(struct plane *plane, struct plane_environment *environment,
			      uint64_t reclaim_older_than_ms)
{
	uint64_t reclaim_ms =
		reclaim_older_than_ms > 0 ? reclaim_older_than_ms : PLANE_DEFAULT_RECLAIM_MS;
	struct plane_item *item = plane_claim(plane_queue_of(environment), reclaim_ms, NULL);

	(void)plane;
	return item ? &item->work : NULL;
}

/* --- acks ------------------------------------------------------------------------------------- */

enum plane_verdict plane_ack_item(struct plane_item *item, struct host *by)
{
	struct plane_work *work = &item->work;
	const struct plane_observer *observer = &item->plane->observer;
	bool is_first = work->state == WORK_QUEUED;

	if (work->state == WORK_STOPPING || work->state == WORK_STOPPED)
		return PLANE_CONFLICT;
	if (is_first) {
		leave_queue(item);
		work->state = WORK_STARTING;
		work->acked_ms = sim_now_ms(item->plane->sim);
		item->acked_us = plane_wall_us(item->plane);
	}
	if (observer->acked)
		observer->acked(work, by, is_first, observer->arg);
	return !is_first && work->environment->options.acked_again == 409 ? PLANE_CONFLICT
									  : PLANE_OK;
}

enum plane_verdict plane_ack(struct plane *plane, const char *work_id)
{
	struct plane_item *item = plane_look(plane, work_id);

	return item ? plane_ack_item(item, NULL) : PLANE_NOT_FOUND;
}

/* --- leases ----------------------------------------------------------------------------------- */

/* The time, always later than the last stamp, so that no two heartbeats look the same. */
static int64_t stamp(struct plane *plane)
{
	int64_t now = plane_wall_us(plane), least = plane->last_stamp_us + 2;

	plane->last_stamp_us = now > least ? now : least;
	return plane->last_stamp_us;
}

enum plane_verdict plane_beat_item(struct plane_item *item, const char *expected)
{
	struct plane *plane = item->plane;
	struct plane_work *work = &item->work;
	bool is_first = work->last_heartbeat[0] == '\0';
	const char *held = is_first ? "NO_HEARTBEAT" : work->last_heartbeat;

	if (work->state == WORK_STOPPED)
		return PLANE_ENDING;
	if (work->state != WORK_STOPPING &&
	    (work->state == WORK_QUEUED || (expected && strcmp(expected, held) != 0)))
		return PLANE_LOST;
	item->beaten_us = stamp(plane);
	if (work->state == WORK_STARTING) {
		work->state = WORK_ACTIVE;
		item->started_us = item->beaten_us;
	}
	plane_format_time(work->last_heartbeat, item->beaten_us);
	work->beaten_ms = sim_now_ms(plane->sim);
	if (work->state == WORK_STOPPING)
		return PLANE_ENDING;
	uint64_t ttl_ms = work->environment->options.ttl_ms;
	work->lease_until_ms = work->beaten_ms + ttl_ms;
	sim_at(plane->sim, &item->lapse, ttl_ms, on_lapse, item);
	work->beats += is_first;
	if (plane->observer.beaten)
		plane->observer.beaten(work, is_first, plane->observer.arg);
	return PLANE_OK;
}

enum plane_verdict plane_heartbeat(struct plane *plane, const char *work_id, const char *expected,
				   char ret_last[32])
{
	struct plane_item *item = plane_look(plane, work_id);

	if (!item)
		return PLANE_NOT_FOUND;
	enum plane_verdict verdict = plane_beat_item(item, expected);
	if (verdict != PLANE_LOST)
		memcpy(ret_last, item->work.last_heartbeat, sizeof(item->work.last_heartbeat));
	return verdict;
}

/* --- stops ------------------------------------------------------------------------------------ */

enum plane_verdict plane_stop_item(struct plane_item *item, bool force, struct host *by)
{
	struct plane *plane = item->plane;
	struct plane_work *work = &item->work;

	if (plane->observer.stopping)
		plane->observer.stopping(work, by, force, plane->observer.arg);
	if (work->state == WORK_STOPPED)
		return work->environment->options.stopped_again == 409 ? PLANE_CONFLICT : PLANE_OK;
	leave_queue(item);
	sim_cancel(plane->sim, &item->lapse);
	work->lease_until_ms = 0;
	if (item->stop_requested_us == 0)
		item->stop_requested_us = plane_wall_us(plane);
	work->state = WORK_STOPPING;
	if (force) {
		work->state = WORK_STOPPED;
		work->stopped_ms = sim_now_ms(plane->sim);
		item->stopped_us = plane_wall_us(plane);
		DL_APPEND2(plane->stopped, item, stopped_prev, stopped_next);
		plane->open_count--;
	}
	return PLANE_OK;
}

enum plane_verdict plane_stop(struct plane *plane, const char *work_id, bool force)
{
	struct plane_item *item = plane_look(plane, work_id);

	return item ? plane_stop_item(item, force, NULL) : PLANE_NOT_FOUND;
}
