/* SPDX-License-Identifier: Apache-2.0 */
/* Environments and items, and how they are found. */
#include "world/plane.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "world/plane_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

#define DEFAULT_TTL_MS UINT64_C(300000)

struct plane *plane_new(struct sim *sim, const struct plane_observer *observer)
{
	struct plane *plane = xcalloc(1, sizeof(*plane));

	plane->sim = sim;
	if (observer)
		plane->observer = *observer;
	return plane;
}

struct plane_item *plane_item_of(struct plane_work *work)
{
	return (struct plane_item *)work;
}

struct plane_queue *plane_queue_of(struct plane_environment *environment)
{
	return (struct plane_queue *)environment;
}

/* --- texts ------------------------------------------------------------------------------------ */

int64_t plane_wall_us(const struct plane *plane)
{
	return sim_wall_ms(plane->sim) * 1000;
}

void plane_format_time(char into[32], int64_t us)
{
	time_t seconds = us / 1000000;
	struct tm parts;

	(void)gmtime_r(&seconds, &parts);
	size_t len = strftime(into, 32, "%Y-%m-%dT%H:%M:%S", &parts);
	(void)snprintf(into + len, 32 - len, ".%06dZ", (int)(us % 1000000));
}

static char *new_id(struct plane *plane, const char *prefix)
{
	return xasprintf("%s_%024" PRIx64, prefix, ++plane->numbers);
}

/* Never twice the same, as the factor is odd. */
static char *new_credential(struct plane *plane, const char *prefix)
{
	uint64_t number = ++plane->numbers;

	return xasprintf("%s%016" PRIx64 "%016" PRIx64, prefix,
			 number * UINT64_C(0x9e3779b97f4a7c15), number);
}

/* --- environments ----------------------------------------------------------------------------- */

struct plane_environment *plane_add_environment(struct plane *plane, const char *id,
						const char *key,
						const struct plane_options *options)
{
	struct plane_queue *queue = xcalloc(1, sizeof(*queue));
	struct plane_environment *environment = &queue->environment;

	queue->plane = plane;
	environment->id = id ? xstrdup(id) : new_id(plane, "env");
	environment->key = key ? xstrdup(key) : new_credential(plane, "sk-ant-oat01-");
	if (options)
		environment->options = *options;
	if (environment->options.ttl_ms == 0)
		environment->options.ttl_ms = DEFAULT_TTL_MS;
	if (environment->options.stopped_again == 0)
		environment->options.stopped_again = 200;
	if (environment->options.acked_again == 0)
		environment->options.acked_again = 200;
	HASH_ADD_KEYPTR(hh, plane->environments, environment->id, strlen(environment->id),
			environment);
	return environment;
}

void plane_change_key(struct plane *plane, struct plane_environment *environment)
{
	free(environment->key);
	environment->key = new_credential(plane, "sk-ant-oat01-");
}

static void free_environment(struct plane *plane, struct plane_environment *environment)
{
	struct plane_queue *queue = plane_queue_of(environment);
	struct plane_redelivery *redelivery, *next;
	struct plane_worker *worker, *next_worker;

	plane_end_waits(queue);
	DL_FOREACH_SAFE(queue->redeliveries, redelivery, next)
	{
		free(redelivery->work_id);
		free(redelivery);
	}
	HASH_ITER (hh, queue->workers, worker, next_worker) {
		HASH_DEL(queue->workers, worker);
		free(worker->id);
		free(worker);
	}
	HASH_DEL(plane->environments, environment);
	free(environment->id);
	free(environment->key);
	free(queue);
}

/* --- items ------------------------------------------------------------------------------------ */

static struct plane_item *latest_of_session(struct plane *plane, const char *session_id)
{
	struct plane_item *item;

	HASH_FIND(by_session, plane->of_sessions, session_id, strlen(session_id), item);
	return item;
}

void plane_issue_token(struct plane_item *item)
{
	struct plane_token *token = xcalloc(1, sizeof(*token));

	token->text = new_credential(item->plane, "sk-ant-req-");
	token->item = item;
	LL_PREPEND(item->tokens, token);
	HASH_ADD_KEYPTR(hh, item->plane->tokens, token->text, strlen(token->text), token);
	item->work.token = token->text;
}

struct plane_item *plane_token_owner(struct plane *plane, const char *token)
{
	struct plane_token *found;

	HASH_FIND_STR(plane->tokens, token, found);
	return found ? found->item : NULL;
}

struct plane_work *plane_add_work(struct plane *plane, struct plane_environment *environment,
				  const char *session_id, const char *type, bool has_secret)
{
	struct plane_item *before = session_id ? latest_of_session(plane, session_id) : NULL;

	if (before && before->work.state != WORK_STOPPED)
		return NULL;
	if (before)
		HASH_DELETE(by_session, plane->of_sessions, before);
	struct plane_item *item = xcalloc(1, sizeof(*item));
	struct plane_work *work = &item->work;
	item->plane = plane;
	item->number = ++plane->numbers;
	item->created_us = plane_wall_us(plane);
	work->id = new_id(plane, "work");
	work->session_id = session_id ? xstrdup(session_id) : new_id(plane, "sesn");
	work->environment = environment;
	work->type = type;
	if (has_secret)
		plane_issue_token(item);
	HASH_ADD_KEYPTR(hh, plane->works, work->id, strlen(work->id), work);
	HASH_ADD_KEYPTR(by_session, plane->of_sessions, work->session_id, strlen(work->session_id),
			item);
	DL_APPEND(plane_queue_of(environment)->items, item);
	plane->open_count++;
	plane_enqueue(item);
	plane_wake(plane_queue_of(environment));
	return work;
}

void plane_redeliver(struct plane *plane, struct plane_work *work)
{
	struct plane_queue *queue = plane_queue_of(work->environment);
	struct plane_redelivery *redelivery = xcalloc(1, sizeof(*redelivery));

	(void)plane;
	redelivery->work_id = xstrdup(work->id);
	DL_APPEND(queue->redeliveries, redelivery);
	plane_wake(queue);
}

struct plane_work *plane_find(struct plane *plane, const char *work_id)
{
	struct plane_work *work;

	HASH_FIND_STR(plane->works, work_id, work);
	return work;
}

struct plane_item *plane_look(struct plane *plane, const char *work_id)
{
	struct plane_work *work = plane_find(plane, work_id);

	if (!work)
		return NULL;
	if (work->state == WORK_ACTIVE && work->lease_until_ms <= sim_now_ms(plane->sim))
		plane_lapse(plane_item_of(work));
	return plane_item_of(work);
}

void plane_each(struct plane *plane, void (*fn)(struct plane_work *work, void *arg), void *arg)
{
	for (struct plane_work *work = plane->works; work; work = work->hh.next)
		fn(work, arg);
}

size_t plane_open_count(struct plane *plane)
{
	return plane->open_count;
}

/* Of an item that is stopped, or of all. */
static void free_item(struct plane_item *item)
{
	struct plane *plane = item->plane;
	struct plane_work *work = &item->work;
	struct plane_token *token, *next;

	sim_cancel(plane->sim, &item->lapse);
	LL_FOREACH_SAFE(item->tokens, token, next)
	{
		HASH_DEL(plane->tokens, token);
		free(token->text);
		free(token);
	}
	if (latest_of_session(plane, work->session_id) == item)
		HASH_DELETE(by_session, plane->of_sessions, item);
	HASH_DEL(plane->works, work);
	DL_DELETE(plane_queue_of(work->environment)->items, item);
	free(work->id);
	free(work->session_id);
	free(item);
}

void plane_forget_stopped(struct plane *plane, uint64_t for_ms,
			  void (*fn)(struct plane_work *work, void *arg), void *arg)
{
	uint64_t now = sim_now_ms(plane->sim);

	while (plane->stopped && now - plane->stopped->work.stopped_ms >= for_ms) {
		struct plane_item *item = plane->stopped;
		if (fn)
			fn(&item->work, arg);
		DL_DELETE2(plane->stopped, item, stopped_prev, stopped_next);
		free_item(item);
	}
}

struct plane *plane_free(struct plane *plane)
{
	struct plane_environment *environment, *next_environment;
	struct plane_work *work, *next_work;

	if (!plane)
		return NULL;
	HASH_ITER (hh, plane->environments, environment, next_environment)
		plane_end_waits(plane_queue_of(environment));
	HASH_ITER (hh, plane->works, work, next_work)
		free_item(plane_item_of(work));
	HASH_ITER (hh, plane->environments, environment, next_environment)
		free_environment(plane, environment);
	free(plane);
	return NULL;
}
