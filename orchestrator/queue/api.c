/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row of `struct queue_operation` per call; all replies arrive in on_reply(), which sorts them
 * by status and lets the operation read the body of a success. done() is always the last thing
 * that happens to a call, so it may start the next one in the same storage.
 *
 * Paths, headers and statuses: Anthropic API, beta managed-agents-2026-04-01.
 */
#include "queue/api.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "io/loop.h"
#include "queue/budget.h"
#include "queue/reply_error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CONNECT_TIMEOUT_MS 5000
#define MAX_RETRY_AFTER_MS 300000

struct queue_operation {
	const char *name;
	uint64_t timeout_ms;
	size_t max_reply;
	bool urgent;
	bool conflict_is_success;
	/* Reads the body of a 2xx reply: 0, or -EBADMSG with call->err saying what is wrong. */
	int (*read)(struct queue_call *call);
};

/* The body as JSON in call->json; NULL for none and for a JSON null. */
static int read_json(struct queue_call *call)
{
	const struct buf *reply = &call->request.reply;

	if (call->request.status == 204 || strspn(reply->data, " \t\r\n") == reply->len)
		return 0;
	if (json_parse(reply->data, reply->len, &call->json) < 0)
		return err_set(&call->err, ERR_TEMPORARY, -EBADMSG,
			       "HTTP %ld, but the reply is not JSON", call->request.status);
	if (call->json && !json_object_is_type(call->json, json_type_object))
		return err_set(&call->err, ERR_TEMPORARY, -EBADMSG,
			       "HTTP %ld, but the reply is no JSON object", call->request.status);
	return 0;
}

static int read_item(struct queue_call *call)
{
	int r = read_json(call);
	if (r < 0)
		return r;
	/* With `data` it is an item, unusable as it is: others may stand behind it. */
	if (!json_object_object_get_ex(call->json, "id", NULL) && !json_get(call->json, "data"))
		call->outcome = QUEUE_EMPTY;
	return 0;
}

/* The call lives as long as its session: it keeps what the reply says, not the reply. */
static int read_acked(struct queue_call *call)
{
	int r = read_json(call);
	if (r < 0)
		return r;
	_cleanup_(json_putp) struct json_object *reply = TAKE(call->json);
	if (!json_object_object_get_ex(reply, "id", NULL))
		return 0;
	if (work_status_parse(reply, &call->status) < 0 ||
	    strcmp(call->status.id, call->work_id) != 0) {
		return err_set(&call->err, ERR_TEMPORARY, -EBADMSG,
			       "HTTP %ld, but the reply is about another item",
			       call->request.status);
	}
	call->has_status = true;
	return 0;
}

static int read_nothing(struct queue_call *call)
{
	(void)call;
	return 0;
}

static int read_object(struct queue_call *call)
{
	int r = read_json(call);
	if (r < 0 || call->json)
		return r;
	return err_set(&call->err, ERR_TEMPORARY, -EBADMSG, "HTTP %ld, but the reply is empty",
		       call->request.status);
}

static int read_page(struct queue_call *call)
{
	int r = read_object(call);
	if (r < 0 || json_get_array(call->json, "data"))
		return r;
	return err_set(&call->err, ERR_TEMPORARY, -EBADMSG,
		       "HTTP %ld, but the reply has no list `data`", call->request.status);
}

/* On top of the poll's timeout comes the time that the server is asked to wait. */
static const struct queue_operation operation_poll = {.name = "poll",
						      .timeout_ms = 15000,
						      .max_reply = BUF_MAX_POLL_REPLY,
						      .read = read_item},
				    operation_ack = {.name = "ack",
						     .timeout_ms = 10000,
						     .max_reply = BUF_MAX_POLL_REPLY,
						     .urgent = true,
						     .read = read_acked},
				    operation_stop = {.name = "stop",
						      .timeout_ms = 10000,
						      .max_reply = BUF_MAX_POLL_REPLY,
						      .urgent = true,
						      .conflict_is_success = true,
						      .read = read_nothing},
				    operation_list = {.name = "list",
						      .timeout_ms = 30000,
						      .max_reply = BUF_MAX_LIST_REPLY,
						      .read = read_page},
				    operation_stats = {.name = "stats",
						       .timeout_ms = 10000,
						       .max_reply = BUF_MAX_POLL_REPLY,
						       .read = read_object};

static enum queue_outcome judge_status(long status)
{
	if (status >= 200 && status <= 299)
		return QUEUE_OK;
	if (status == 401 || status == 403 || status == 404)
		return QUEUE_REJECTED;
	if (status == 409)
		return QUEUE_CONFLICT;
	if (status == 412)
		return QUEUE_LOST;
	if (status == 408 || status == 429)
		return QUEUE_TEMPORARY;
	if (status >= 400 && status <= 499)
		return QUEUE_INVALID;
	/* A redirect is the mark of a wrong base URL or of a captive network. It is not followed,
	 * because the key would go along; the peer has done nothing, and it may pass. */
	return status >= 300 && status <= 599 ? QUEUE_TEMPORARY : QUEUE_UNKNOWN;
}

static enum queue_outcome judge(const struct http_request *request)
{
	switch (request->outcome) {
	case HTTP_REPLIED:
		return judge_status(request->status);
	case HTTP_NOT_SENT:
		return QUEUE_TEMPORARY;
	case HTTP_FORBIDDEN:
		return QUEUE_INVALID;
	case HTTP_NO_REPLY:
	case HTTP_TOO_LARGE:
		break;
	}
	return QUEUE_UNKNOWN;
}

static void explain(struct queue_call *call)
{
	static const struct {
		enum err_kind kind;
		int code;
	} rows[] = {
		[QUEUE_REJECTED] = {ERR_REFUSED, -EACCES},
		[QUEUE_CONFLICT] = {ERR_TEMPORARY, -EBUSY},
		[QUEUE_LOST] = {ERR_LOST, -ESTALE},
		[QUEUE_INVALID] = {ERR_REFUSED, -EINVAL},
		[QUEUE_TEMPORARY] = {ERR_TEMPORARY, -EAGAIN},
		[QUEUE_UNKNOWN] = {ERR_TEMPORARY, -EIO},
	};

	reply_error(&call->request, call->key, rows[call->outcome].kind, rows[call->outcome].code,
		    &call->err);
}

static uint64_t retry_after_ms(const struct queue_call *call)
{
	uint64_t ms = http_retry_after_ms(&call->request, call->peer->loop);

	return ms < MAX_RETRY_AFTER_MS ? ms : MAX_RETRY_AFTER_MS;
}

/* What asks for fewer requests asks all of us: one environment's 429 slows down the others. */
static void note_slow_down(const struct queue_call *call)
{
	if (call->http_status == 429 || (call->http_status == 503 && call->retry_after_ms > 0))
		budget_slow(call->peer->budget, call->peer->name, call->sent_ms,
			    call->retry_after_ms);
}

/* Frees what is only needed while a request is under way. */
static void forget_request(struct queue_call *call)
{
	http_request_done(&call->request);
	call->key = secret_free(call->key);
	free(TAKE(call->worker_header));
}

/* A Date header tells whole seconds, and was written half the time of the call ago. */
static int64_t server_time_ms(const struct http_request *request)
{
	int64_t date_ms = http_date_ms(request);

	return date_ms > 0 ? date_ms + 500 + (int64_t)request->duration_ms / 2 : 0;
}

static void on_reply(struct http_request *request, void *arg)
{
	struct queue_call *call = arg;
	const struct queue_operation *operation = call->operation;

	call->outcome = judge(request);
	call->duration_ms = request->duration_ms;
	if (call->outcome == QUEUE_REJECTED && !secret_equal(call->key, call->peer->key))
		call->outcome = QUEUE_TEMPORARY; /* the key was replaced meanwhile */
	if (request->outcome == HTTP_REPLIED) {
		call->http_status = request->status;
		call->server_time_ms = server_time_ms(request);
	}
	if (call->outcome == QUEUE_OK) {
		if (operation->read(call) < 0) {
			call->outcome = QUEUE_UNKNOWN;
			json_putp(&call->json);
		}
	} else if (call->outcome == QUEUE_CONFLICT && operation->conflict_is_success) {
		call->outcome = QUEUE_OK;
	} else {
		explain(call);
		if (request->outcome == HTTP_REPLIED)
			call->retry_after_ms = retry_after_ms(call);
	}
	/* libcurl names the peer only now and then. */
	if (request->outcome == HTTP_NOT_SENT || request->outcome == HTTP_NO_REPLY)
		(void)err_prefix(&call->err, "%s", call->peer->base_url);
	if (call->outcome != QUEUE_OK && call->outcome != QUEUE_EMPTY)
		(void)err_prefix(&call->err, "%s", operation->name);
	note_slow_down(call);
	forget_request(call);
	call->done(call, call->arg);
}

void queue_call_init(struct queue_call *call, void (*done)(struct queue_call *, void *), void *arg)
{
	*call = (struct queue_call){.done = done, .arg = arg};
}

void queue_call_done(struct queue_call *call)
{
	forget_request(call);
	json_putp(&call->json);
	queue_call_init(call, call->done, call->arg);
}

static char *url_encoded(const char *text)
{
	struct buf buf;

	buf_init(&buf, strlen(text) * 3);
	(void)!text_add_url_component(&buf, text);
	return buf_take(&buf);
}

/* "{base}/v1/environments/{e}/work{path}?beta=true{query}". */
static char *make_url(const struct queue_peer *peer, const char *path, const char *query)
{
	_cleanup_free_ char *environment = url_encoded(peer->environment_id);

	return xasprintf("%s/v1/environments/%s/work%s?beta=true%s", peer->base_url, environment,
			 path, query);
}

static void submit(struct queue_peer *peer, struct queue_call *call,
		   const struct queue_operation *operation, uint64_t extra_ms)
{
	struct http_request *request = &call->request;

	call->peer = peer;
	call->operation = operation;
	call->key = secret_copy(peer->key);
	request->bearer = call->key;
	request->as_api_key = peer->key_is_api_key;
	request->headers[0] = "anthropic-version: 2023-06-01";
	request->headers[1] = "anthropic-beta: managed-agents-2026-04-01";
	request->headers[2] = "accept: application/json";
	if (call->worker_header)
		request->headers[3] = call->worker_header;
	else if (request->has_body)
		request->headers[3] = "content-type: application/json";
	request->timeout_ms = operation->timeout_ms + extra_ms;
	request->connect_timeout_ms = CONNECT_TIMEOUT_MS;
	request->max_reply = operation->max_reply;
	request->urgent = operation->urgent;
	request->done = on_reply;
	request->arg = call;
	call->sent_ms = loop_now_ms(peer->loop);
	budget_charge(peer->budget);
	lane_submit(peer->lane, request);
}

void queue_poll(struct queue_peer *peer, struct queue_call *call, unsigned block_ms,
		int64_t reclaim_ms)
{
	char block[32] = "", reclaim[64] = "", query[96];

	queue_call_done(call);
	if (block_ms > 0)
		(void)snprintf(block, sizeof(block), "&block_ms=%u", block_ms);
	if (reclaim_ms > 0)
		(void)snprintf(reclaim, sizeof(reclaim), "&reclaim_older_than_ms=%" PRId64,
			       reclaim_ms);
	(void)snprintf(query, sizeof(query), "%s%s", block, reclaim);
	call->worker_header = xasprintf("Anthropic-Worker-ID: %s", peer->worker_id);
	http_request_init(&call->request, "GET", make_url(peer, "/poll", query));
	submit(peer, call, &operation_poll, block_ms);
}

/* Makes POST work/{id}/{verb} of the call. `work_id` may belong to the call's last result. */
static void prepare_post(struct queue_peer *peer, struct queue_call *call, const char *work_id,
			 const char *verb)
{
	_cleanup_free_ char *id = url_encoded(work_id);
	_cleanup_free_ char *path = xasprintf("/%s/%s", id, verb);
	_cleanup_free_ char *kept = xstrdup(work_id);

	queue_call_done(call);
	(void)snprintf(call->work_id, sizeof(call->work_id), "%s", kept);
	http_request_init(&call->request, "POST", make_url(peer, path, ""));
}

void queue_ack(struct queue_peer *peer, struct queue_call *call, const char *work_id)
{
	prepare_post(peer, call, work_id, "ack");
	submit(peer, call, &operation_ack, 0);
}

static void post_stop(struct queue_peer *peer, struct queue_call *call, const char *work_id,
		      const char *body)
{
	prepare_post(peer, call, work_id, "stop");
	buf_init(&call->request.body, strlen(body));
	(void)!buf_adds(&call->request.body, body);
	call->request.has_body = true;
	submit(peer, call, &operation_stop, 0);
}

void queue_stop(struct queue_peer *peer, struct queue_call *call, const char *work_id)
{
	post_stop(peer, call, work_id, "{}");
}

void queue_force_stop(struct queue_peer *peer, struct queue_call *call, const char *work_id)
{
	post_stop(peer, call, work_id, "{\"force\":true}");
}

void queue_list(struct queue_peer *peer, struct queue_call *call, const char *page)
{
	_cleanup_free_ char *encoded = page ? url_encoded(page) : NULL;
	_cleanup_free_ char *query =
		xasprintf("&limit=1000%s%s", encoded ? "&page=" : "", encoded ? encoded : "");

	queue_call_done(call);
	http_request_init(&call->request, "GET", make_url(peer, "", query));
	submit(peer, call, &operation_list, 0);
}

void queue_stats(struct queue_peer *peer, struct queue_call *call)
{
	queue_call_done(call);
	http_request_init(&call->request, "GET", make_url(peer, "/stats", ""));
	submit(peer, call, &operation_stats, 0);
}
