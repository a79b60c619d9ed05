/* SPDX-License-Identifier: Apache-2.0 */
#include "world/plane.h"

#include "base/cleanup.h"
#include "world/plane_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

/* --- what there is ---------------------------------------------------------------------------- */

struct plane *plane_new(struct sim *sim, const struct plane_observer *observer)
{
	struct plane *plane = xcalloc(1, sizeof(*plane));

	plane->sim = sim;
	if (observer)
		plane->observer = *observer;
	return plane;
}

struct plane_environment *plane_add_environment(struct plane *plane, const char *id,
						const char *key,
						const struct plane_options *options)
{
	struct plane_environment *environment = xcalloc(1, sizeof(*environment));
	uint64_t number = ++plane->ids;

	environment->id = id ? xstrdup(id) : xasprintf("env_%020" PRIu64, number);
	environment->key =
		key ? xstrdup(key) : xasprintf("sk-ant-oat01-of-an-environment-%08" PRIu64, number);
	environment->options = *options;
	HASH_ADD_KEYPTR(hh, plane->environments, environment->id, strlen(environment->id),
			environment);
	return environment;
}

void plane_change_key(struct plane *plane, struct plane_environment *environment)
{
	free(environment->key);
	environment->key = xasprintf("sk-ant-oat01-of-an-environment-%08" PRIu64, ++plane->ids);
}

static void new_token(struct plane_work *work)
{
	free(work->token);
	work->token = xasprintf("sk-ant-req-of-a-work-item-%012" PRIu64, ++work->plane->ids);
}

static bool has_live_item(const struct plane_environment *environment, const char *session_id)
{
	const struct plane_work *work;

	DL_FOREACH(environment->open, work)
	if (work->session_id && strcmp(work->session_id, session_id) == 0)
		return true;
	return false;
}

struct plane_work *plane_add_work(struct plane *plane, struct plane_environment *environment,
				  const char *session_id, const char *type, bool has_secret)
{
	struct plane_work *work;

	if (session_id && has_live_item(environment, session_id))
		return NULL;
	work = xcalloc(1, sizeof(*work));
	work->plane = plane;
	work->id = xasprintf("work_%08" PRIu64, ++plane->ids);
	work->session_id =
		session_id ? xstrdup(session_id) : xasprintf("sesn_%08" PRIu64, plane->ids);
	work->environment = environment;
	work->type = type;
	work->state = WORK_QUEUED;
	work->created_at_ms = sim_wall_ms(plane->sim);
	if (has_secret)
		new_token(work);
	HASH_ADD_KEYPTR(hh, plane->works, work->id, strlen(work->id), work);
	DL_APPEND(environment->open, work);
	plane->open++;
	plane_wake(environment);
	return work;
}

void plane_redeliver(struct plane *plane, struct plane_work *work)
{
	struct plane_again *again = xcalloc(1, sizeof(*again));

	(void)plane;
	again->work = work;
	DL_APPEND(work->environment->again, again);
	plane_wake(work->environment);
}

struct plane_work *plane_find(struct plane *plane, const char *work_id)
{
	struct plane_work *work;

	HASH_FIND_STR(plane->works, work_id, work);
	return work;
}

void plane_each(struct plane *plane, void (*fn)(struct plane_work *work, void *arg), void *arg)
{
	struct plane_work *work, *next;

	HASH_ITER (hh, plane->works, work, next)
		fn(work, arg);
}

size_t plane_open_count(struct plane *plane)
{
	return plane->open;
}

static void work_free(struct plane *plane, struct plane_work *work)
{
	struct plane_again *again, *next;

	DL_FOREACH_SAFE(work->environment->again, again, next)
	if (again->work == work) {
		DL_DELETE(work->environment->again, again);
		free(again);
	}
	if (work->state != WORK_STOPPED)
		DL_DELETE(work->environment->open, work);
	sim_cancel(plane->sim, &work->lapse);
	HASH_DEL(plane->works, work);
	free(work->id);
	free(work->session_id);
	free(work->token);
	free(work);
}

void plane_forget_stopped(struct plane *plane, uint64_t for_ms,
			  void (*fn)(struct plane_work *work, void *arg), void *arg)
{
	struct plane_work *work, *next;
	int64_t before_ms = sim_wall_ms(plane->sim) - (int64_t)for_ms;

	HASH_ITER (hh, plane->works, work, next) {
		if (work->state != WORK_STOPPED || work->stopped_at_ms > before_ms)
			continue;
		fn(work, arg);
		work_free(plane, work);
	}
}

struct plane *plane_free(struct plane *plane)
{
	struct plane_work *work, *next_work;
	struct plane_environment *environment, *next;

	if (!plane)
		return NULL;
	HASH_ITER (hh, plane->works, work, next_work)
		work_free(plane, work);
	HASH_ITER (hh, plane->environments, environment, next) {
		while (environment->polls)
			plane_poll_free(environment->polls);
		HASH_DEL(plane->environments, environment);
		free(environment->id);
		free(environment->key);
		free(environment);
	}
	free(plane);
	return NULL;
}

/* --- claims ----------------------------------------------------------------------------------- */

static struct plane_work *next_on_offer(struct plane *plane, struct plane_environment *environment,
					uint64_t reclaim_ms)
{
	struct plane_again *again = environment->again;
	struct plane_work *work = NULL;
	uint64_t now = sim_now_ms(plane->sim);

	if (again) {
		work = again->work;
		DL_DELETE(environment->again, again);
		free(again);
		return work;
	}
	DL_FOREACH(environment->open, work)
	if (work->state == WORK_QUEUED &&
	    (work->claimed_ms == 0 || now - work->claimed_ms >= reclaim_ms))
		return work;
	return NULL;
}

struct plane_work *plane_claim(struct plane *plane, struct plane_environment *environment,
			       uint64_t reclaim_ms, struct host *by)
{
	struct plane_work *work = next_on_offer(plane, environment, reclaim_ms);

	if (!work)
		return NULL;
	if (environment->options.fresh_secrets && work->offers > 0 && work->token)
		new_token(work);
	if (work->state == WORK_QUEUED)
		work->claimed_ms = sim_now_ms(plane->sim);
	work->offers++;
	if (plane->observer.offered)
		plane->observer.offered(work, by, plane->observer.arg);
	return work;
}

uint64_t plane_next_change_ms(const struct plane_environment *environment, uint64_t reclaim_ms,
			      uint64_t latest_ms)
{
	const struct plane_work *work;

	DL_FOREACH(environment->open, work)
	if (work->state == WORK_QUEUED && work->claimed_ms != 0 &&
	    work->claimed_ms + reclaim_ms < latest_ms)
		latest_ms = work->claimed_ms + reclaim_ms;
	return latest_ms;
}

int plane_do_ack(struct plane *plane, struct plane_work *work, struct host *by)
{
	bool is_first = work->state == WORK_QUEUED;

	if (work->state == WORK_STOPPING || work->state == WORK_STOPPED)
		return 409;
	if (!is_first && work->environment->options.acked_again == 409)
		return 409;
	if (is_first) {
		work->state = WORK_STARTING;
		work->acked_at_ms = sim_wall_ms(plane->sim);
		work->claimed_ms = 0;
	}
	if (plane->observer.acked)
		plane->observer.acked(work, by, is_first, plane->observer.arg);
	return 0;
}

int plane_do_stop(struct plane *plane, struct plane_work *work, bool force, struct host *by)
{
	int64_t now_ms = sim_wall_ms(plane->sim);

	if (work->state == WORK_STOPPED)
		return work->environment->options.stopped_again == 409 ? 409 : 0;
	if (plane->observer.stopping)
		plane->observer.stopping(work, by, force, plane->observer.arg);
	if (work->stop_requested_at_ms == 0)
		work->stop_requested_at_ms = now_ms;
	work->state = WORK_STOPPING;
	sim_cancel(plane->sim, &work->lapse);
	if (force) {
		work->state = WORK_STOPPED;
		work->stopped_at_ms = now_ms;
		DL_DELETE(work->environment->open, work);
		plane->open--;
	}
	return 0;
}

/* --- leases ----------------------------------------------------------------------------------- */

static void on_lapse(void *arg)
{
	struct plane_work *work = arg;
	struct plane *plane = work->plane;

	work->state = WORK_QUEUED;
	work->acked_at_ms = work->started_at_ms = work->beaten_at_ms = 0;
	work->last_heartbeat[0] = '\0';
	work->lease_until_ms = work->claimed_ms = 0;
	work->lease++;
	work->offers = work->beats = 0;
	if (plane->observer.lapsed)
		plane->observer.lapsed(work, plane->observer.arg);
	plane_wake(work->environment);
}

/* No two heartbeats are told the same time. */
static void stamp(struct plane *plane, char text[32])
{
	int64_t us = sim_wall_ms(plane->sim) * 1000;
	struct tm tm;
	char seconds[24];

	if (us <= plane->last_stamp_us)
		us = plane->last_stamp_us + 1;
	plane->last_stamp_us = us;
	const time_t whole = (time_t)(us / 1000000);
	(void)gmtime_r(&whole, &tm);
	(void)strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(text, 32, "%.19s.%06uZ", seconds, (unsigned)(us % 1000000));
}

enum plane_verdict plane_heartbeat(struct plane *plane, const char *work_id, const char *expected,
				   char ret_last[32])
{
	struct plane_work *work = plane_find(plane, work_id);
	char held[32] = "NO_HEARTBEAT", last[32];

	if (!work)
		return PLANE_NOT_FOUND;
	if (work->state == WORK_STOPPED || work->state == WORK_STOPPING)
		return PLANE_ENDING;
	if (work->last_heartbeat[0])
		(void)snprintf(held, sizeof(held), "%s", work->last_heartbeat);
	if (work->state == WORK_QUEUED || strcmp(expected, held) != 0)
		return PLANE_LOST;
	bool is_first = work->state == WORK_STARTING;
	stamp(plane, last);
	work->beaten_at_ms = sim_wall_ms(plane->sim);
	if (is_first) {
		work->state = WORK_ACTIVE;
		work->started_at_ms = work->beaten_at_ms;
		work->beats++;
	}
	(void)snprintf(work->last_heartbeat, sizeof(work->last_heartbeat), "%s", last);
	(void)snprintf(ret_last, 32, "%s", last);
	uint64_t ttl_ms = work->environment->options.ttl_ms;
	work->lease_until_ms = sim_now_ms(plane->sim) + ttl_ms;
	sim_at(plane->sim, &work->lapse, ttl_ms, on_lapse, work);
	if (plane->observer.beaten)
		plane->observer.beaten(work, is_first, plane->observer.arg);
	return PLANE_OK;
}

static enum plane_verdict verdict_of(int status)
{
	return status == 0 ? PLANE_OK : PLANE_CONFLICT;
}

enum plane_verdict plane_stop(struct plane *plane, const char *work_id, bool force)
{
	struct plane_work *work = plane_find(plane, work_id);

	return work ? verdict_of(plane_do_stop(plane, work, force, NULL)) : PLANE_NOT_FOUND;
}

struct plane_work *plane_poll(struct plane *plane, struct plane_environment *environment,
			      uint64_t reclaim_older_than_ms)
{
	return plane_claim(plane, environment, reclaim_older_than_ms, NULL);
}

enum plane_verdict plane_ack(struct plane *plane, const char *work_id)
{
	struct plane_work *work = plane_find(plane, work_id);

	return work ? verdict_of(plane_do_ack(plane, work, NULL)) : PLANE_NOT_FOUND;
}
