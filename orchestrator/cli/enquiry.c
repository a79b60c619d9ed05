/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/enquiry.h"

#include "base/cleanup.h"
#include "cli/exit.h"
#include "io/loop.h"

#include <string.h>

#define ATTEMPTS_MAX   3
#define RETRY_AFTER_MS 1000u  /* doubles */
#define PATIENCE_MS    10000u /* of the person who asks */

static void on_done(struct queue_call *call, void *arg)
{
	struct enquiry *enquiry = arg;

	(void)call;
	enquiry->is_answered = true;
	loop_stop(enquiry->loop);
}

int enquiry_open(struct enquiry *enquiry, const struct fleet *fleet,
		 const struct environment *environment, struct loop *loop, const int *exit_code,
		 struct secret *key, struct err *err)
{
	const struct lane_options options = {
		.name = "queue",
		.ca_file = fleet->ca_file,
		.allow_http = fleet->allow_http,
		.use_proxy_environment = true,
	};

	*enquiry = (struct enquiry){.loop = loop, .exit_code = exit_code, .key = key};
	queue_call_init(&enquiry->call, on_done, enquiry);
	int r = lane_global_init(err);
	if (r == 0)
		r = lane_new(loop, &options, &enquiry->lane, err);
	enquiry->peer = (struct queue_peer){
		.loop = loop,
		.lane = enquiry->lane,
		.base_url = fleet->base_url,
		.environment_id = environment->id,
		.name = environment->name,
		.worker_id = fleet->worker_id,
		.key = key,
	};
	return r;
}

void enquiry_close(struct enquiry *enquiry)
{
	queue_call_done(&enquiry->call);
	enquiry->lane = lane_free(enquiry->lane);
	enquiry->key = secret_free(enquiry->key);
}

/* --- one call --------------------------------------------------------------------------------- */

static bool await(struct enquiry *enquiry)
{
	while (!enquiry->is_answered && *enquiry->exit_code == EXIT_DONE)
		if (loop_run(enquiry->loop, &enquiry->call.err) < 0)
			return false;
	return enquiry->is_answered && enquiry->call.outcome == QUEUE_OK;
}

static void on_pause_over(void *arg)
{
	struct enquiry *enquiry = arg;

	enquiry->is_answered = true;
	loop_stop(enquiry->loop);
}

static void pause_for(struct enquiry *enquiry, uint64_t ms)
{
	struct timer timer = {.loop = NULL};

	enquiry->is_answered = false;
	timer_arm(&timer, enquiry->loop, ms, on_pause_over, enquiry);
	(void)await(enquiry);
	timer_cancel(&timer);
}

/* True if the call that failed for the n-th time is worth another one, after a pause. */
static bool may_retry(struct enquiry *enquiry, unsigned attempt)
{
	enum queue_outcome outcome = enquiry->call.outcome;
	uint64_t pause_ms = (uint64_t)RETRY_AFTER_MS << attempt;

	if (*enquiry->exit_code != EXIT_DONE || attempt + 1 >= ATTEMPTS_MAX ||
	    (outcome != QUEUE_TEMPORARY && outcome != QUEUE_UNKNOWN && outcome != QUEUE_CONFLICT))
		return false;
	if (enquiry->call.retry_after_ms > pause_ms)
		pause_ms = enquiry->call.retry_after_ms;
	if (pause_ms > PATIENCE_MS)
		return false;
	pause_for(enquiry, pause_ms);
	return *enquiry->exit_code == EXIT_DONE;
}

bool enquiry_stats(struct enquiry *enquiry)
{
	for (unsigned attempt = 0;; attempt++) {
		enquiry->is_answered = false;
		queue_stats(&enquiry->peer, &enquiry->call);
		if (await(enquiry))
			return true;
		if (!may_retry(enquiry, attempt))
			return false;
	}
}

bool enquiry_list(struct enquiry *enquiry, const char *page)
{
	_cleanup_free_ char *kept = xstrdup_or_null(page);

	for (unsigned attempt = 0;; attempt++) {
		enquiry->is_answered = false;
		queue_list(&enquiry->peer, &enquiry->call, kept);
		if (await(enquiry))
			return true;
		if (!may_retry(enquiry, attempt))
			return false;
	}
}

bool enquiry_stop(struct enquiry *enquiry, const char *work_id, bool force)
{
	for (unsigned attempt = 0;; attempt++) {
		enquiry->is_answered = false;
		(force ? queue_force_stop : queue_stop)(&enquiry->peer, &enquiry->call, work_id);
		if (await(enquiry))
			return true;
		if (!may_retry(enquiry, attempt))
			return false;
	}
}

/* --- pages ------------------------------------------------------------------------------------ */

bool enquiry_is_last_page(const struct enquiry *enquiry, char **page)
{
	const char *next = json_get_string(enquiry->call.json, "next_page");

	/* One that leads to itself would never end. */
	if (next && *page && strcmp(next, *page) == 0)
		next = NULL;
	free(*page);
	*page = xstrdup_or_null(next);
	return !next;
}

static bool find_on_page(const struct enquiry *enquiry, const char *work_id,
			 struct work_status *ret)
{
	struct json_object *rows = json_get_array(enquiry->call.json, "data");

	for (size_t i = 0; i < json_object_array_length(rows); i++)
		if (work_status_parse(json_object_array_get_idx(rows, i), ret) == 0 &&
		    strcmp(ret->id, work_id) == 0)
			return true;
	return false;
}

enum find_item enquiry_find(struct enquiry *enquiry, const char *work_id, struct work_status *ret,
			    int64_t *ret_offset_ms)
{
	_cleanup_free_ char *page = NULL;

	do {
		if (!enquiry_list(enquiry, page))
			return ITEM_UNKNOWN;
		*ret_offset_ms =
			enquiry->call.server_time_ms > 0
				? enquiry->call.server_time_ms - loop_wall_ms(enquiry->loop)
				: 0;
		if (find_on_page(enquiry, work_id, ret))
			return ITEM_FOUND;
	} while (!enquiry_is_last_page(enquiry, &page));
	return ITEM_NOT_FOUND;
}
