/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "fake_io.h"
#include "queue/api.h"
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#define KEY "sk-ant-oat01-EXAMPLE/KEY+1"

enum which { POLL, ACK, STOP, LIST, STATS };
static const char *const names[] = {"poll", "ack", "stop", "list", "stats"};

struct fixture {
	struct loop *loop;
	struct queue_peer peer;
	struct secret *key;
	struct queue_call call;
	unsigned done_count;
};

static void on_done(struct queue_call *call, void *arg)
{
	struct fixture *f = arg;

	assert_ptr_equal(call, &f->call);
	f->done_count++;
}

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	assert_int_equal(loop_new(&f->loop, NULL), 0);
	f->key = secret_new(KEY, strlen(KEY));
	f->peer = (struct queue_peer){.loop = f->loop,
				      .lane = fake_lane(f->loop),
				      .base_url = "https://queue.example",
				      .environment_id = "env_1",
				      .worker_id = "host-1",
				      .key = f->key};
	queue_call_init(&f->call, on_done, f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	queue_call_done(&f->call);
	(void)lane_free(f->peer.lane);
	(void)loop_free(f->loop);
	(void)secret_free(f->key);
	free(f);
	return 0;
}

static void start(struct fixture *f, enum which which)
{
	switch (which) {
	case POLL:
		queue_poll(&f->peer, &f->call, 999, 0);
		break;
	case ACK:
		queue_ack(&f->peer, &f->call, "work_1");
		break;
	case STOP:
		queue_force_stop(&f->peer, &f->call, "work_1");
		break;
	case LIST:
		queue_list(&f->peer, &f->call, NULL);
		break;
	case STATS:
		queue_stats(&f->peer, &f->call);
		break;
	}
}

/* Makes the call, lets the reply come, and returns the outcome. */
static enum queue_outcome outcome_of(struct fixture *f, enum which which, struct fake_reply reply)
{
	unsigned before = f->done_count;

	fake_reply(f->loop, reply);
	start(f, which);
	assert_int_equal(f->done_count, before);
	fake_run(f->loop, 60000);
	assert_int_equal(f->done_count, before + 1);
	return f->call.outcome;
}

static enum queue_outcome outcome_of_body(struct fixture *f, enum which which, const char *body)
{
	return outcome_of(f, which, (struct fake_reply){.status = 200, .body = body});
}

static const struct fake_sent *last_sent(struct fixture *f)
{
	return fake_sent(f->loop, fake_sent_count(f->loop) - 1);
}

static void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}

/* --- requests --------------------------------------------------------------------------------- */

static void poll_asks_for_the_configured_environment(void **state)
{
	struct fixture *f = *state;

	queue_poll(&f->peer, &f->call, 999, 2500);
	assert_string_equal(last_sent(f)->method, "GET");
	assert_string_equal(last_sent(f)->url,
			    "https://queue.example/v1/environments/env_1/work/poll"
			    "?beta=true&block_ms=999&reclaim_older_than_ms=2500");
	assert_string_equal(last_sent(f)->headers, "anthropic-version: 2023-06-01\n"
						   "anthropic-beta: managed-agents-2026-04-01\n"
						   "accept: application/json\n"
						   "Anthropic-Worker-ID: host-1\n");
	assert_string_equal(last_sent(f)->bearer, KEY);
	assert_false(last_sent(f)->has_body);
	assert_int_equal(last_sent(f)->timeout_ms, 15999);
	assert_int_equal(last_sent(f)->connect_timeout_ms, 5000);
	assert_int_equal(last_sent(f)->max_reply, 1 << 20);
}

static void poll_leaves_out_what_is_zero(void **state)
{
	struct fixture *f = *state;

	queue_poll(&f->peer, &f->call, 0, 0);
	assert_string_equal(last_sent(f)->url,
			    "https://queue.example/v1/environments/env_1/work/poll?beta=true");
	assert_int_equal(last_sent(f)->timeout_ms, 15000);
	queue_poll(&f->peer, &f->call, 0, 1);
	assert_string_equal(last_sent(f)->url,
			    "https://queue.example/v1/environments/env_1/work/poll"
			    "?beta=true&reclaim_older_than_ms=1");
}

static void ack_posts_without_body(void **state)
{
	struct fixture *f = *state;

	start(f, ACK);
	assert_string_equal(last_sent(f)->method, "POST");
	assert_string_equal(
		last_sent(f)->url,
		"https://queue.example/v1/environments/env_1/work/work_1/ack?beta=true");
	assert_string_equal(last_sent(f)->headers, "anthropic-version: 2023-06-01\n"
						   "anthropic-beta: managed-agents-2026-04-01\n"
						   "accept: application/json\n");
	assert_string_equal(last_sent(f)->bearer, KEY);
	assert_false(last_sent(f)->has_body);
	assert_true(last_sent(f)->urgent);
	assert_int_equal(last_sent(f)->timeout_ms, 10000);
}

static void stop_posts_force(void **state)
{
	struct fixture *f = *state;

	start(f, STOP);
	assert_string_equal(last_sent(f)->method, "POST");
	assert_string_equal(
		last_sent(f)->url,
		"https://queue.example/v1/environments/env_1/work/work_1/stop?beta=true");
	assert_string_equal(last_sent(f)->headers, "anthropic-version: 2023-06-01\n"
						   "anthropic-beta: managed-agents-2026-04-01\n"
						   "accept: application/json\n"
						   "content-type: application/json\n");
	assert_string_equal(last_sent(f)->body, "{\"force\":true}");
	assert_true(last_sent(f)->has_body);
	assert_true(last_sent(f)->urgent);
	assert_int_equal(last_sent(f)->timeout_ms, 10000);
}

static void list_asks_for_the_largest_page(void **state)
{
	struct fixture *f = *state;

	start(f, LIST);
	assert_string_equal(last_sent(f)->method, "GET");
	assert_string_equal(
		last_sent(f)->url,
		"https://queue.example/v1/environments/env_1/work?beta=true&limit=1000");
	assert_int_equal(last_sent(f)->timeout_ms, 30000);
	assert_int_equal(last_sent(f)->max_reply, 16 << 20);
}

static void list_follows_the_page_of_its_last_result(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(outcome_of_body(f, LIST, "{\"data\":[],\"next_page\":\"a b&c=/d\"}"),
			 QUEUE_OK);
	queue_list(&f->peer, &f->call, json_get_string(f->call.json, "next_page"));
	assert_contains(last_sent(f)->url, "?beta=true&limit=1000&page=a%20b%26c%3D%2Fd");
}

static void stats_is_a_plain_get(void **state)
{
	struct fixture *f = *state;

	start(f, STATS);
	assert_string_equal(last_sent(f)->url,
			    "https://queue.example/v1/environments/env_1/work/stats?beta=true");
	assert_int_equal(last_sent(f)->timeout_ms, 10000);
}

static void ids_cannot_leave_their_place_in_the_path(void **state)
{
	struct fixture *f = *state;

	f->peer.environment_id = "../e?x";
	queue_ack(&f->peer, &f->call, "../../w#1");
	assert_string_equal(last_sent(f)->url,
			    "https://queue.example/v1/environments/..%2Fe%3Fx/work/"
			    "..%2F..%2Fw%231/ack?beta=true");
}

static void the_id_may_stand_in_the_result_of_the_call(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(outcome_of_body(f, ACK, "{\"id\":\"work_1\",\"state\":\"starting\"}"),
			 QUEUE_OK);
	queue_force_stop(&f->peer, &f->call, f->call.status.id);
	assert_contains(last_sent(f)->url, "/work/work_1/stop");
}

static void the_key_may_be_replaced_while_a_call_is_under_way(void **state)
{
	struct fixture *f = *state;

	fake_reply(f->loop,
		   (struct fake_reply){.after_ms = 10, .status = 403, .body = "the key is " KEY});
	start(f, ACK);
	f->key = secret_free(f->key);
	f->key = secret_new("another", 7);
	f->peer.key = f->key;
	fake_run(f->loop, 100);
	assert_int_equal(f->call.outcome, QUEUE_REJECTED);
	assert_null(strstr(f->call.err.text, KEY));
	start(f, ACK);
	assert_string_equal(last_sent(f)->bearer, "another");
}

/* --- outcomes --------------------------------------------------------------------------------- */

struct row {
	const char *sentence;
	enum which which;
	struct fake_reply reply;
	enum queue_outcome outcome;
};

#define STATUS(code)                                                                               \
	{                                                                                          \
		.status = (code)                                                                   \
	}
#define REPLY(code, text)                                                                          \
	{                                                                                          \
		.status = (code), .body = (text)                                                   \
	}
#define BROKEN(how)                                                                                \
	{                                                                                          \
		.outcome = (how)                                                                   \
	}
#define WITH_JSON(code, text)                                                                      \
	{                                                                                          \
		.status = (code), .body = (text), .headers = "content-type: application/json\n"    \
	}

static const struct row rows[] = {
	{"poll: 200 with null is empty", POLL, WITH_JSON(200, "null"), QUEUE_EMPTY},
	{"poll: 200 with null and blanks is empty", POLL, REPLY(200, " null\r\n"), QUEUE_EMPTY},
	{"poll: 200 without body is empty", POLL, STATUS(200), QUEUE_EMPTY},
	{"poll: 200 of type JSON without body is empty", POLL, WITH_JSON(200, ""), QUEUE_EMPTY},
	{"poll: 200 with only blanks is empty", POLL, REPLY(200, "\r\n \t"), QUEUE_EMPTY},
	{"poll: 204 is empty", POLL, STATUS(204), QUEUE_EMPTY},
	{"poll: 204 with a body is empty", POLL, REPLY(204, "<p>"), QUEUE_EMPTY},
	{"poll: an empty object is empty", POLL, REPLY(200, "{}"), QUEUE_EMPTY},
	{"poll: an object without id is empty", POLL, REPLY(200, "{\"data\":{}}"), QUEUE_EMPTY},
	{"poll: an object with an id is an item", POLL, REPLY(200, "{\"id\":\"w\"}"), QUEUE_OK},
	{"poll: an object with a null id is an item", POLL, REPLY(200, "{\"id\":null}"), QUEUE_OK},
	{"poll: any other 2xx counts as 200", POLL, REPLY(203, "{\"id\":\"w\"}"), QUEUE_OK},
	{"poll: a list is unknown", POLL, REPLY(200, "[{\"id\":\"w\"}]"), QUEUE_UNKNOWN},
	{"poll: a text is unknown", POLL, REPLY(200, "\"w\""), QUEUE_UNKNOWN},
	{"poll: a number is unknown", POLL, REPLY(200, "0"), QUEUE_UNKNOWN},
	{"poll: false is unknown", POLL, REPLY(200, "false"), QUEUE_UNKNOWN},
	{"poll: a web page is unknown", POLL, REPLY(200, "<html>log in</html>"), QUEUE_UNKNOWN},
	{"poll: a cut item is unknown", POLL, REPLY(200, "{\"id\":\"w\""), QUEUE_UNKNOWN},
	{"poll: two items are unknown", POLL, REPLY(200, "{\"id\":1}{\"id\":2}"), QUEUE_UNKNOWN},
	{"poll: a byte order mark is unknown", POLL, REPLY(200, "\xef\xbb\xbf{\"id\":\"w\"}"),
	 QUEUE_UNKNOWN},
	{"poll: bad UTF-8 is unknown", POLL, REPLY(200, "{\"id\":\"\xc3\x28\"}"), QUEUE_UNKNOWN},
	{"poll: nesting beyond 32 is unknown", POLL,
	 REPLY(200, "{\"id\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"),
	 QUEUE_UNKNOWN},
	{"poll: 300 is temporary", POLL, STATUS(300), QUEUE_TEMPORARY},
	{"poll: 301 is temporary", POLL, STATUS(301), QUEUE_TEMPORARY},
	{"poll: 304 is temporary", POLL, STATUS(304), QUEUE_TEMPORARY},
	{"poll: 308 is temporary", POLL, STATUS(308), QUEUE_TEMPORARY},
	{"poll: 400 is invalid", POLL, STATUS(400), QUEUE_INVALID},
	{"poll: 401 is a rejection", POLL, STATUS(401), QUEUE_REJECTED},
	{"poll: 402 is invalid", POLL, STATUS(402), QUEUE_INVALID},
	{"poll: 403 is a rejection", POLL, STATUS(403), QUEUE_REJECTED},
	{"poll: 404 is a rejection", POLL, STATUS(404), QUEUE_REJECTED},
	{"poll: 405 is invalid", POLL, STATUS(405), QUEUE_INVALID},
	{"poll: 407 is invalid", POLL, STATUS(407), QUEUE_INVALID},
	{"poll: 408 is temporary", POLL, STATUS(408), QUEUE_TEMPORARY},
	{"poll: 409 is a conflict", POLL, STATUS(409), QUEUE_CONFLICT},
	{"poll: 412 is lost", POLL, STATUS(412), QUEUE_LOST},
	{"poll: 422 is invalid", POLL, STATUS(422), QUEUE_INVALID},
	{"poll: 429 is temporary", POLL, STATUS(429), QUEUE_TEMPORARY},
	{"poll: 499 is invalid", POLL, STATUS(499), QUEUE_INVALID},
	{"poll: 500 is temporary", POLL, STATUS(500), QUEUE_TEMPORARY},
	{"poll: 502 is temporary", POLL, STATUS(502), QUEUE_TEMPORARY},
	{"poll: 503 is temporary", POLL, STATUS(503), QUEUE_TEMPORARY},
	{"poll: 504 is temporary", POLL, STATUS(504), QUEUE_TEMPORARY},
	{"poll: 529 is temporary", POLL, STATUS(529), QUEUE_TEMPORARY},
	{"poll: 599 is temporary", POLL, STATUS(599), QUEUE_TEMPORARY},
	{"poll: a status beyond 599 is unknown", POLL, STATUS(999), QUEUE_UNKNOWN},
	{"poll: a status below 200 is unknown", POLL, STATUS(101), QUEUE_UNKNOWN},
	{"poll: no connection is temporary", POLL, BROKEN(HTTP_NOT_SENT), QUEUE_TEMPORARY},
	{"poll: no reply is unknown", POLL, BROKEN(HTTP_NO_REPLY), QUEUE_UNKNOWN},
	{"poll: too large a reply is unknown", POLL, BROKEN(HTTP_TOO_LARGE), QUEUE_UNKNOWN},
	{"poll: a forbidden URL is invalid", POLL, BROKEN(HTTP_FORBIDDEN), QUEUE_INVALID},

	{"ack: 200 without body is success", ACK, STATUS(200), QUEUE_OK},
	{"ack: 200 with null is success", ACK, REPLY(200, "null"), QUEUE_OK},
	{"ack: 200 with an object without id is success", ACK, REPLY(200, "{}"), QUEUE_OK},
	{"ack: 204 is success", ACK, STATUS(204), QUEUE_OK},
	{"ack: 200 with the item is success", ACK, REPLY(200, "{\"id\":\"work_1\"}"), QUEUE_OK},
	{"ack: 200 with another item is unknown", ACK, REPLY(200, "{\"id\":\"work_2\"}"),
	 QUEUE_UNKNOWN},
	{"ack: 200 with an id that is none is unknown", ACK, REPLY(200, "{\"id\":7}"),
	 QUEUE_UNKNOWN},
	{"ack: 200 with a web page is unknown", ACK, REPLY(200, "<html>"), QUEUE_UNKNOWN},
	{"ack: 200 with a list is unknown", ACK, REPLY(200, "[]"), QUEUE_UNKNOWN},
	{"ack: 401 is a rejection", ACK, STATUS(401), QUEUE_REJECTED},
	{"ack: 403 is a rejection", ACK, STATUS(403), QUEUE_REJECTED},
	{"ack: 404 is a rejection", ACK, STATUS(404), QUEUE_REJECTED},
	{"ack: 409 is a conflict", ACK, STATUS(409), QUEUE_CONFLICT},
	{"ack: 412 is lost", ACK, STATUS(412), QUEUE_LOST},
	{"ack: 400 is invalid", ACK, STATUS(400), QUEUE_INVALID},
	{"ack: 500 is temporary", ACK, STATUS(500), QUEUE_TEMPORARY},
	{"ack: no reply is unknown", ACK, BROKEN(HTTP_NO_REPLY), QUEUE_UNKNOWN},
	{"ack: no connection is temporary", ACK, BROKEN(HTTP_NOT_SENT), QUEUE_TEMPORARY},

	{"stop: 204 is success", STOP, STATUS(204), QUEUE_OK},
	{"stop: 200 with the item is success", STOP, REPLY(200, "{\"id\":\"work_1\"}"), QUEUE_OK},
	{"stop: 200 with anything is success", STOP, REPLY(200, "<html>"), QUEUE_OK},
	{"stop: 409 means that it was stopped already", STOP, STATUS(409), QUEUE_OK},
	{"stop: 404 is a rejection", STOP, STATUS(404), QUEUE_REJECTED},
	{"stop: 412 is lost", STOP, STATUS(412), QUEUE_LOST},
	{"stop: 500 is temporary", STOP, STATUS(500), QUEUE_TEMPORARY},
	{"stop: no reply is unknown", STOP, BROKEN(HTTP_NO_REPLY), QUEUE_UNKNOWN},

	{"list: a page is success", LIST, REPLY(200, "{\"data\":[],\"next_page\":null}"), QUEUE_OK},
	{"list: a page without data is unknown", LIST, REPLY(200, "{}"), QUEUE_UNKNOWN},
	{"list: data that is no list is unknown", LIST, REPLY(200, "{\"data\":{}}"), QUEUE_UNKNOWN},
	{"list: an empty reply is unknown", LIST, STATUS(200), QUEUE_UNKNOWN},
	{"list: null is unknown", LIST, REPLY(200, "null"), QUEUE_UNKNOWN},
	{"list: 403 is a rejection", LIST, STATUS(403), QUEUE_REJECTED},
	{"stats: an object is success", STATS, REPLY(200, "{\"depth\":2}"), QUEUE_OK},
	{"stats: 204 is unknown", STATS, STATUS(204), QUEUE_UNKNOWN},
	{"stats: a number is unknown", STATS, REPLY(200, "2"), QUEUE_UNKNOWN},
	{"stats: 403 is a rejection", STATS, STATUS(403), QUEUE_REJECTED},
};

static void the_reply_is_judged(void **state)
{
	const struct row *row = *state;
	void *fixture;

	(void)set_up(&fixture);
	struct fixture *f = fixture;
	assert_int_equal(outcome_of(f, row->which, row->reply), row->outcome);
	if (row->outcome == QUEUE_OK || row->outcome == QUEUE_EMPTY) {
		assert_int_equal(f->call.err.kind, ERR_NONE);
	} else {
		_cleanup_free_ char *prefix = xasprintf("%s: ", names[row->which]);
		assert_memory_equal(f->call.err.text, prefix, strlen(prefix));
		assert_true(strlen(f->call.err.text) > strlen(prefix));
		assert_true(f->call.err.code < 0);
		assert_int_not_equal(f->call.err.kind, ERR_NONE);
		assert_null(f->call.json);
		assert_false(f->call.has_status);
	}
	(void)tear_down(&fixture);
}

static void a_reply_of_64_mib_is_unknown(void **state)
{
	struct fixture *f = *state;
	size_t size = (size_t)64 << 20;
	_cleanup_free_ char *body = xmalloc(size);

	memset(body, ' ', size);
	assert_int_equal(outcome_of(f, POLL,
				    (struct fake_reply){.status = 200,
							.body = body,
							.body_len = size,
							.problem = "more than 1 MiB"}),
			 QUEUE_UNKNOWN);
	assert_string_equal(f->call.err.text, "poll: more than 1 MiB");
}

static void a_poll_without_answer_ends_fifteen_seconds_after_its_block(void **state)
{
	struct fixture *f = *state;

	start(f, POLL);
	fake_run(f->loop, 15998);
	assert_int_equal(f->done_count, 0);
	fake_run(f->loop, 1);
	assert_int_equal(f->done_count, 1);
	assert_int_equal(f->call.outcome, QUEUE_UNKNOWN);
	assert_string_equal(f->call.err.text, "poll: timed out");
}

static void the_item_of_a_poll_is_the_calls(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(outcome_of_body(f, POLL, "{\"id\":\"work_7\"}"), QUEUE_OK);
	assert_string_equal(json_get_string(f->call.json, "id"), "work_7");
	assert_int_equal(outcome_of_body(f, POLL, "null"), QUEUE_EMPTY);
	assert_null(f->call.json);
}

static void an_ack_tells_what_became_of_the_item(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(outcome_of_body(f, ACK,
					 "{\"id\":\"work_1\",\"state\":\"starting\","
					 "\"latest_heartbeat_at\":null}"),
			 QUEUE_OK);
	assert_true(f->call.has_status);
	assert_int_equal(f->call.status.state, WORK_STARTING);
	assert_int_equal(f->call.status.latest_heartbeat_at_ms, 0);
	assert_int_equal(outcome_of_body(f, ACK, NULL), QUEUE_OK);
	assert_false(f->call.has_status);
}

static void the_servers_time_is_kept(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		outcome_of(f, ACK,
			   (struct fake_reply){.status = 200,
					       .headers = "date: Sun, 22 Nov 2026 10:00:00 GMT\n"}),
		QUEUE_OK);
	assert_int_equal(f->call.server_time_ms, 1795341600000);
	assert_int_equal(outcome_of_body(f, ACK, NULL), QUEUE_OK);
	assert_int_equal(f->call.server_time_ms, 0);
}

static void retry_after_is_kept_up_to_five_minutes(void **state)
{
	struct fixture *f = *state;
	struct fake_reply reply = {.status = 429, .headers = "retry-after: 7\n"};

	assert_int_equal(outcome_of(f, POLL, reply), QUEUE_TEMPORARY);
	assert_int_equal(f->call.retry_after_ms, 7000);
	reply.headers = "retry-after: 86400\n";
	assert_int_equal(outcome_of(f, POLL, reply), QUEUE_TEMPORARY);
	assert_int_equal(f->call.retry_after_ms, 300000);
	reply.headers = "retry-after: -1\n";
	assert_int_equal(outcome_of(f, POLL, reply), QUEUE_TEMPORARY);
	assert_int_equal(f->call.retry_after_ms, 0);
}

/* --- error texts ------------------------------------------------------------------------------ */

static void assert_error(struct fixture *f, long status, const char *body, const char *text)
{
	(void)outcome_of(f, POLL, (struct fake_reply){.status = status, .body = body});
	assert_string_equal(f->call.err.text, text);
}

static void the_servers_own_words_are_told(void **state)
{
	struct fixture *f = *state;

	assert_error(f, 429,
		     "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\","
		     "\"message\":\"Too many.\"},\"request_id\":\"req_1\"}",
		     "poll: HTTP 429 rate_limit_error: Too many., request id req_1");
	assert_error(f, 500, "{\"error\":{\"type\":\"api_error\"}}", "poll: HTTP 500 api_error");
	assert_error(f, 500, "{\"error\":{\"message\":\"Oh\"}}", "poll: HTTP 500: Oh");
	assert_error(f, 503, NULL, "poll: HTTP 503");
}

static void the_request_id_may_come_as_a_header(void **state)
{
	struct fixture *f = *state;

	(void)outcome_of(f, POLL,
			 (struct fake_reply){.status = 500, .headers = "request-id: req_2\n"});
	assert_string_equal(f->call.err.text, "poll: HTTP 500, request id req_2");
}

static void a_body_that_is_no_error_object_shows_its_beginning(void **state)
{
	struct fixture *f = *state;

	assert_error(f, 502, "<html>\n<title>Proxy</title>",
		     "poll: HTTP 502: no error object, but <html> <title>Proxy</title>");
	assert_error(f, 502, "upstream\tgone",
		     "poll: HTTP 502: no error object, but upstream gone");
}

static void json_that_is_no_error_object_is_not_shown(void **state)
{
	static const char *const bodies[] = {"{\"id\":\"work_1\",\"secret\":\"eyJz\"}",
					     " {\"secret\":\"eyJz",
					     "[\"eyJz\"]",
					     "\"eyJz\"",
					     "{\"error\":\"eyJz\"}",
					     "{\"error\":{\"type\":7,\"message\":[]}}"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
		assert_error(f, 500, bodies[i], "poll: HTTP 500");
}

static void control_characters_become_blanks(void **state)
{
	struct fixture *f = *state;

	assert_error(
		f, 400,
		"{\"error\":{\"type\":\"a\\nb\",\"message\":\"\\u001b[31mred\\r\\nline\\u009b2J"
		"\\u202e\"},\"request_id\":\"r\\tq\"}",
		"poll: HTTP 400 a b: [31mred line 2J , request id r q");
}

static void long_words_are_cut(void **state)
{
	struct fixture *f = *state;
	size_t size = (size_t)100 << 10;
	_cleanup_free_ char *filler = xmalloc(size + 1);

	memset(filler, 'm', size);
	filler[size] = '\0';
	_cleanup_free_ char *body =
		xasprintf("{\"error\":{\"type\":\"%s\",\"message\":\"%s\"},\"request_id\":\"%s\"}",
			  filler, filler, filler);
	(void)outcome_of_body(f, POLL, body);
	(void)outcome_of(f, POLL, (struct fake_reply){.status = 400, .body = body});
	assert_contains(f->call.err.text, "mmm...: mmm");
	assert_contains(f->call.err.text, "mmm..., request id mmm");
	assert_true(strlen(f->call.err.text) < 450);
}

static void the_key_is_never_repeated(void **state)
{
	static const char *const bodies[] = {
		"{\"error\":{\"type\":\"e\",\"message\":\"bad key " KEY "\"}}",
		"{\"error\":{\"type\":\"e\",\"message\":\"sk-ant-oat01-\\nEXAMPLE\\u0000/KEY+1\"}}",
		"{\"error\":{\"type\":\"e\",\"message\":\"sk-ant-oat01-\\u00e9EXAMPLE/KEY+1\"}}",
		"{\"error\":{\"type\":\"" KEY "\",\"message\":\"m\"}}",
		"{\"error\":{\"type\":\"e\",\"message\":\"m\"},\"request_id\":\"" KEY "\"}",
		"{\"error\":{\"type\":\"e\",\"message\":\"sk-ant-oat01-EXAMPLE%2FKEY%2B1\"}}",
		"{\"error\":{\"type\":\"e\",\"message\":"
		"\"QmVhcmVyIHNrLWFudC1vYXQwMS1FWEFNUExFL0tFWSsx\"}}",
		"authorization: Bearer " KEY,
		"{\"authorization\":\"Bearer sk-ant-oat01-EXAMPLE\\/KEY+1\"}",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		(void)outcome_of(f, POLL, (struct fake_reply){.status = 401, .body = bodies[i]});
		assert_null(strstr(f->call.err.text, "EXAMPLE"));
		assert_null(strstr(f->call.err.text, "L0tFWSsx"));
	}
}

static void the_key_is_not_repeated_up_to_where_a_message_is_cut(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *filler = xmalloc(231);

	memset(filler, 'm', 230);
	filler[230] = '\0';
	_cleanup_free_ char *body = xasprintf("{\"error\":{\"message\":\"%s%s\"}}", filler, KEY);
	assert_error(f, 401, body, "poll: HTTP 401: (withheld: it repeats the key)");
}

static void a_header_or_problem_with_the_key_is_withheld(void **state)
{
	struct fixture *f = *state;

	(void)outcome_of(f, POLL,
			 (struct fake_reply){.status = 500, .headers = "request-id: " KEY "\n"});
	assert_null(strstr(f->call.err.text, "EXAMPLE"));
	(void)outcome_of(
		f, POLL,
		(struct fake_reply){.outcome = HTTP_NO_REPLY, .problem = "cut after " KEY});
	assert_null(strstr(f->call.err.text, "EXAMPLE"));
}

static void a_redirect_names_the_host_and_the_remedy(void **state)
{
	static const struct {
		const char *location, *host;
	} cases[] = {
		{"location: https://other.example/v1/x?key=1\n", "other.example"},
		{"location: http://user:pw@other.example:8443\n", "other.example:8443"},
		{"location: https://" KEY "/\n", "another address"},
		{"location: /login\n", "another address"},
		{NULL, "another address"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text =
			xasprintf("poll: HTTP 302 redirects to %s; the key is not sent there: "
				  "set base_url to the address that answers",
				  cases[i].host);
		assert_int_equal(outcome_of(f, POLL,
					    (struct fake_reply){.status = 302,
								.headers = cases[i].location}),
				 QUEUE_TEMPORARY);
		assert_string_equal(f->call.err.text, text);
	}
}

/* --- life cycle ------------------------------------------------------------------------------- */

static void a_call_that_is_ended_is_cancelled(void **state)
{
	struct fixture *f = *state;

	start(f, POLL);
	queue_call_done(&f->call);
	queue_call_done(&f->call);
	fake_run(f->loop, 60000);
	assert_int_equal(f->done_count, 0);
	assert_true(fake_sent(f->loop, 0)->was_cancelled);
	assert_int_equal(lane_in_flight(f->peer.lane), 0);
}

static void a_zeroed_call_can_be_ended(void **state)
{
	struct queue_call call = {0};
	(void)state;

	queue_call_done(&call);
	queue_call_done(&call);
	assert_null(call.json);
}

static void poll_once_more(struct queue_call *call, void *arg)
{
	struct fixture *f = arg;

	if (++f->done_count < 3)
		queue_poll(&f->peer, call, 0, 0);
}

static void a_call_can_be_used_again_in_its_callback(void **state)
{
	struct fixture *f = *state;

	queue_call_init(&f->call, poll_once_more, f);
	for (int i = 0; i < 3; i++)
		fake_reply(f->loop, (struct fake_reply){.status = 200, .body = "{\"id\":1}"});
	queue_poll(&f->peer, &f->call, 0, 0);
	fake_run(f->loop, 0);
	assert_int_equal(f->done_count, 3);
}

static void free_it(struct queue_call *call, void *arg)
{
	struct fixture *f = arg;

	f->done_count++;
	queue_call_done(call);
	free(call);
}

static void a_call_can_be_freed_in_its_callback(void **state)
{
	struct fixture *f = *state;
	struct queue_call *call = xcalloc(1, sizeof(*call));

	queue_call_init(call, free_it, f);
	fake_reply(f->loop, (struct fake_reply){.status = 200, .body = "{\"id\":1}"});
	queue_poll(&f->peer, call, 0, 0);
	fake_run(f->loop, 0);
	assert_int_equal(f->done_count, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

static const struct CMUnitTest further_tests[] = {
	TEST(poll_asks_for_the_configured_environment),
	TEST(poll_leaves_out_what_is_zero),
	TEST(ack_posts_without_body),
	TEST(stop_posts_force),
	TEST(list_asks_for_the_largest_page),
	TEST(list_follows_the_page_of_its_last_result),
	TEST(stats_is_a_plain_get),
	TEST(ids_cannot_leave_their_place_in_the_path),
	TEST(the_id_may_stand_in_the_result_of_the_call),
	TEST(the_key_may_be_replaced_while_a_call_is_under_way),
	TEST(a_reply_of_64_mib_is_unknown),
	TEST(a_poll_without_answer_ends_fifteen_seconds_after_its_block),
	TEST(the_item_of_a_poll_is_the_calls),
	TEST(an_ack_tells_what_became_of_the_item),
	TEST(the_servers_time_is_kept),
	TEST(retry_after_is_kept_up_to_five_minutes),
	TEST(the_servers_own_words_are_told),
	TEST(the_request_id_may_come_as_a_header),
	TEST(a_body_that_is_no_error_object_shows_its_beginning),
	TEST(json_that_is_no_error_object_is_not_shown),
	TEST(control_characters_become_blanks),
	TEST(long_words_are_cut),
	TEST(the_key_is_never_repeated),
	TEST(the_key_is_not_repeated_up_to_where_a_message_is_cut),
	TEST(a_header_or_problem_with_the_key_is_withheld),
	TEST(a_redirect_names_the_host_and_the_remedy),
	TEST(a_call_that_is_ended_is_cancelled),
	TEST(a_zeroed_call_can_be_ended),
	TEST(a_call_can_be_used_again_in_its_callback),
	TEST(a_call_can_be_freed_in_its_callback),
};

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(rows) + ARRAY_SIZE(further_tests)] = {0};
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tests[count].name = rows[i].sentence;
		tests[count].test_func = the_reply_is_judged;
		tests[count++].initial_state = (void *)(uintptr_t)&rows[i];
	}
	memcpy(tests + count, further_tests, sizeof(further_tests));
	return cmocka_run_group_tests_name("queue api", tests, NULL, NULL);
}
