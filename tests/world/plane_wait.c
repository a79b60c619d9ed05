/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Polls that wait. Each has one event: the end of its time, or before that the first moment at
 * which a claim of somebody else is old enough for it. What else brings an item, a new one or a
 * lapsed lease, wakes all of them in the order in which they came.
 */
#include "base/cleanup.h"
#include "world/plane_internal.h"

#include <string.h>
#include <utlist.h>

void plane_worker_polls(struct plane_queue *queue, const char *worker)
{
	struct plane_worker *found;

	if (worker[0] == '\0')
		return;
	HASH_FIND_STR(queue->workers, worker, found);
	if (!found) {
		found = xcalloc(1, sizeof(*found));
		found->id = xstrdup(worker);
		HASH_ADD_KEYPTR(hh, queue->workers, found->id, strlen(worker), found);
	}
	found->seen_ms = sim_now_ms(queue->plane->sim);
}

size_t plane_workers_polling(const struct plane_queue *queue)
{
	uint64_t now = sim_now_ms(queue->plane->sim);
	size_t count = 0;

	for (const struct plane_worker *worker = queue->workers; worker; worker = worker->hh.next)
		count += now - worker->seen_ms <= PLANE_WORKERS_WINDOW_MS;
	return count;
}

static void forget(struct plane_waiter *waiter)
{
	sim_cancel(waiter->queue->plane->sim, &waiter->event);
	DL_DELETE(waiter->queue->waiters, waiter);
	free(waiter->worker);
	free(waiter);
}

static void on_gone(struct wire_call *call)
{
	forget(call->peer_state);
}

static void answer(struct plane_waiter *waiter, const struct plane_item *item)
{
	struct plane *plane = waiter->queue->plane;
	struct wire_call *call = waiter->call;
	uint64_t request_number = waiter->request_number;

	call->peer_state = NULL;
	call->gone = NULL;
	forget(waiter);
	plane_reply_offer(plane, call, request_number, item);
}

/* When time alone brings it an item, or ends its wait: nothing is on offer, so all that is queued
 * is claimed. */
static uint64_t next_change_ms(const struct plane_waiter *waiter)
{
	uint64_t next_ms = waiter->deadline_ms;

	for (const struct plane_item *item = waiter->queue->queued; item;
	     item = item->queued_next) {
		uint64_t ripe_ms = item->work.claimed_ms + waiter->reclaim_ms;
		if (ripe_ms < next_ms)
			next_ms = ripe_ms;
	}
	return next_ms;
}

static void look(void *arg)
{
	struct plane_waiter *waiter = arg;
	struct sim *sim = waiter->queue->plane->sim;
	uint64_t now = sim_now_ms(sim);

	plane_worker_polls(waiter->queue, waiter->worker);
	struct plane_item *item =
		plane_claim(waiter->queue, waiter->reclaim_ms, waiter->call->client);
	if (item || now >= waiter->deadline_ms)
		answer(waiter, item);
	else
		sim_at(sim, &waiter->event, next_change_ms(waiter) - now, look, waiter);
}

void plane_wait(struct plane_queue *queue, struct wire_call *call, uint64_t request_number,
		uint64_t reclaim_ms, uint64_t block_ms, const char *worker)
{
	struct plane_waiter *waiter = xcalloc(1, sizeof(*waiter));
	struct sim *sim = queue->plane->sim;

	*waiter = (struct plane_waiter){
		.queue = queue,
		.call = call,
		.request_number = request_number,
		.reclaim_ms = reclaim_ms,
		.deadline_ms = sim_now_ms(sim) + block_ms,
		.worker = xstrdup(worker),
	};
	call->peer_state = waiter;
	call->gone = on_gone;
	DL_APPEND(queue->waiters, waiter);
	sim_at(sim, &waiter->event, next_change_ms(waiter) - sim_now_ms(sim), look, waiter);
}

void plane_wake(struct plane_queue *queue)
{
	struct plane_waiter *waiter, *next;

	DL_FOREACH_SAFE(queue->waiters, waiter, next)
	{
		look(waiter);
	}
}

void plane_end_waits(struct plane_queue *queue)
{
	while (queue->waiters)
		answer(queue->waiters, NULL);
}
