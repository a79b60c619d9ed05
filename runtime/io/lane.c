/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a request goes through its lane:
 *
 *     submit -> waiting -> running -> finished -> done()
 *                            |  ^
 *                          paused   (unix socket with a full accept queue)
 *
 * Submitting only wakes on_work(), which does the rest from the loop: take what libcurl has
 * completed, call done() for it, start what waits. So neither libcurl nor done() ever runs below a
 * caller's own function.
 *
 * done() may free anything, the lane included. So no list is walked while it runs: each round takes
 * the first entry anew, and a lane that is freed meanwhile leaves its struct to on_work().
 */
#include "io/lane.h"

#include "base/cleanup.h"
#include "io/exchange.h"
#include "io/loop_event.h"
#include "io/multi.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <utlist.h>

#define MAX_IDLE_EXCHANGES 32
#define MAX_CONNECTIONS	   4096L /* kept open for re-use in a lane without a cap */

enum { NORMAL, URGENT, PRIORITIES };

struct lane {
	struct loop *loop;
	struct easy_settings settings;
	unsigned max_in_flight;
	struct multi multi;
	sd_event_source *work;
	struct http_request *waiting[PRIORITIES];
	struct exchange *running;
	struct exchange *paused;
	struct exchange *finished;
	struct exchange *idle;
	unsigned waiting_count;
	unsigned in_flight; /* running or paused */
	unsigned idle_count;
	bool is_calling; /* on_work() calls done() */
	bool is_freed;	 /* by done(): only the struct is left, and on_work() frees it */
};

int lane_global_init(struct err *err)
{
	CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);

	if (code != CURLE_OK)
		return err_set(err, ERR_BUG, -EIO, "cannot set libcurl up: %s",
			       curl_easy_strerror(code));
	return 0;
}

static void wake(void *arg)
{
	struct lane *lane = arg;

	loop_must(sd_event_source_set_enabled(lane->work, SD_EVENT_ONESHOT),
		  "sd_event_source_set_enabled");
}

static void to_running(struct lane *lane, struct exchange *exchange)
{
	exchange->state = EXCHANGE_RUNNING;
	DL_APPEND(lane->running, exchange);
	multi_add(&lane->multi, exchange->easy);
}

static void to_finished(struct lane *lane, struct exchange *exchange)
{
	exchange->state = EXCHANGE_FINISHED;
	DL_APPEND(lane->finished, exchange);
	lane->in_flight--;
}

static void to_idle(struct lane *lane, struct exchange *exchange)
{
	exchange_end(exchange);
	if (lane->idle_count >= MAX_IDLE_EXCHANGES) {
		exchange_free(exchange);
		return;
	}
	exchange->state = EXCHANGE_IDLE;
	DL_PREPEND(lane->idle, exchange);
	lane->idle_count++;
}

static struct exchange *take_idle(struct lane *lane)
{
	struct exchange *exchange = lane->idle;

	if (!exchange) {
		exchange = exchange_new(lane, &lane->settings);
		loop_must(exchange ? 0 : -ENOMEM, "curl_easy_init");
		return exchange;
	}
	DL_DELETE(lane->idle, exchange);
	lane->idle_count--;
	return exchange;
}

static void on_retry(void *arg)
{
	struct exchange *exchange = arg;
	struct lane *lane = exchange->lane;

	DL_DELETE(lane->paused, exchange);
	to_running(lane, exchange);
}

static void to_paused(struct lane *lane, struct exchange *exchange, uint64_t delay_ms)
{
	exchange->state = EXCHANGE_PAUSED;
	DL_APPEND(lane->paused, exchange);
	timer_arm(&exchange->retry, lane->loop, delay_ms, on_retry, exchange);
}

static void reap(struct lane *lane)
{
	CURLcode code;
	CURL *easy;

	while ((easy = multi_completed(&lane->multi, &code))) {
		struct exchange *exchange = NULL;
		uint64_t delay_ms;

		(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &exchange);
		multi_remove(&lane->multi, easy);
		DL_DELETE(lane->running, exchange);
		if (exchange_may_retry(exchange, code, lane->loop, &delay_ms)) {
			to_paused(lane, exchange, delay_ms);
			continue;
		}
		exchange_finish(exchange, code, loop_now_ms(lane->loop));
		to_finished(lane, exchange);
	}
}

/* Takes the request out of the lane. */
static struct http_request *let_go(struct lane *lane, struct exchange *exchange)
{
	struct http_request *request = exchange->request;

	request->lane = NULL;
	request->exchange = NULL;
	to_idle(lane, exchange);
	return request;
}

/* False if the lane has been freed. */
static bool call_done(struct lane *lane)
{
	lane->is_calling = true;
	while (lane->finished) {
		struct exchange *exchange = lane->finished;
		DL_DELETE(lane->finished, exchange);
		struct http_request *request = let_go(lane, exchange);
		request->done(request, request->arg);
	}
	lane->is_calling = false;
	if (!lane->is_freed)
		return true;
	free(lane);
	return false;
}

static struct http_request *take_waiting(struct lane *lane)
{
	int priority = lane->waiting[URGENT] ? URGENT : NORMAL;
	struct http_request *request = lane->waiting[priority];

	if (!request)
		return NULL;
	DL_DELETE(lane->waiting[priority], request);
	lane->waiting_count--;
	return request;
}

static void start(struct lane *lane, struct http_request *request)
{
	struct exchange *exchange = take_idle(lane);

	request->exchange = exchange;
	lane->in_flight++;
	if (exchange_begin(exchange, request, loop_now_ms(lane->loop))) {
		to_running(lane, exchange);
		return;
	}
	to_finished(lane, exchange);
	wake(lane);
}

static int on_work(sd_event_source *source, void *arg)
{
	struct lane *lane = arg;

	(void)source;
	reap(lane);
	if (!call_done(lane))
		return 0;
	while (lane->max_in_flight == 0 || lane->in_flight < lane->max_in_flight) {
		struct http_request *request = take_waiting(lane);
		if (!request)
			break;
		start(lane, request);
	}
	multi_drive(&lane->multi);
	return 0;
}

static int build(struct lane *lane, const struct lane_options *options, struct err *err)
{
	long connections = lane->max_in_flight > 0 ? (long)lane->max_in_flight : MAX_CONNECTIONS;
	int r;

	if (options->ca_file) {
		r = easy_read_ca(options->ca_file, &lane->settings.ca, err);
		if (r < 0)
			return r;
	}
	r = multi_init(&lane->multi, lane->loop, connections, wake, lane, err);
	if (r < 0)
		return r;
	r = sd_event_add_defer(loop_event(lane->loop), &lane->work, on_work, lane);
	if (r < 0)
		return err_set(err, ERR_BUG, r, "no event source: %s", strerror(-r));
	/* The first exchange shows whether libcurl has all that we need. */
	struct exchange *exchange = exchange_new(lane, &lane->settings);
	if (!exchange) {
		return err_set(err, ERR_BUG, -ENOTSUP,
			       "libcurl %s cannot be used: 7.87 or newer with TLS is needed",
			       curl_version_info(CURLVERSION_NOW)->version);
	}
	to_idle(lane, exchange);
	return 0;
}

int lane_new(struct loop *loop, const struct lane_options *options, struct lane **ret,
	     struct err *err)
{
	struct lane *lane = xcalloc(1, sizeof(*lane));

	lane->loop = loop;
	lane->max_in_flight = options->max_in_flight;
	lane->settings.unix_socket = xstrdup_or_null(options->unix_socket);
	lane->settings.allow_http = options->allow_http;
	lane->settings.use_proxy_environment = options->use_proxy_environment;
	lane->settings.has_short_replies = options->has_short_replies;
	buf_init(&lane->settings.ca, BUF_MAX_CONFIG_FILE);
	int r = build(lane, options, err);
	if (r < 0) {
		lane_free(lane);
		(void)err_prefix(err, "%s", options->name);
		return r;
	}
	*ret = lane;
	return 0;
}

static void cancel_all(struct exchange **list)
{
	while (*list)
		lane_cancel((*list)->request);
}

struct lane *lane_free(struct lane *lane)
{
	if (!lane)
		return NULL;
	for (int priority = 0; priority < PRIORITIES; priority++)
		while (lane->waiting[priority])
			lane_cancel(lane->waiting[priority]);
	cancel_all(&lane->running);
	cancel_all(&lane->paused);
	cancel_all(&lane->finished);
	while (lane->idle) {
		struct exchange *exchange = lane->idle;
		DL_DELETE(lane->idle, exchange);
		exchange_free(exchange);
	}
	multi_done(&lane->multi);
	sd_event_source_disable_unref(lane->work);
	free(lane->settings.unix_socket);
	buf_done(&lane->settings.ca);
	lane->is_freed = true;
	if (!lane->is_calling)
		free(lane);
	return NULL;
}

static void forget_result(struct http_request *request)
{
	buf_done_wipe(&request->reply);
	buf_init(&request->reply, request->max_reply);
	buf_done_wipe(&request->reply_headers);
	buf_init(&request->reply_headers, BUF_MAX_HEADERS);
	request->outcome = HTTP_NOT_SENT;
	request->status = 0;
	request->problem[0] = '\0';
	request->duration_ms = 0;
}

void lane_submit(struct lane *lane, struct http_request *request)
{
	int priority = request->urgent ? URGENT : NORMAL;

	assert(!request->lane);
	forget_result(request);
	request->lane = lane;
	request->exchange = NULL;
	DL_APPEND(lane->waiting[priority], request);
	lane->waiting_count++;
	wake(lane);
}

static void cancel_waiting(struct lane *lane, struct http_request *request)
{
	int priority = request->urgent ? URGENT : NORMAL;

	DL_DELETE(lane->waiting[priority], request);
	lane->waiting_count--;
	request->lane = NULL;
}

static void cancel_exchange(struct lane *lane, struct exchange *exchange)
{
	switch (exchange->state) {
	case EXCHANGE_RUNNING:
		multi_remove(&lane->multi, exchange->easy);
		DL_DELETE(lane->running, exchange);
		lane->in_flight--;
		break;
	case EXCHANGE_PAUSED:
		DL_DELETE(lane->paused, exchange);
		lane->in_flight--;
		break;
	case EXCHANGE_FINISHED:
		DL_DELETE(lane->finished, exchange);
		break;
	case EXCHANGE_IDLE:
		break;
	}
	(void)let_go(lane, exchange);
	wake(lane); /* there may be a place for another one */
}

void lane_cancel(struct http_request *request)
{
	struct lane *lane = request->lane;

	if (!lane)
		return;
	if (request->exchange)
		cancel_exchange(lane, request->exchange);
	else
		cancel_waiting(lane, request);
}

unsigned lane_in_flight(const struct lane *lane)
{
	return lane->in_flight;
}

unsigned lane_waiting(const struct lane *lane)
{
	return lane->waiting_count;
}
