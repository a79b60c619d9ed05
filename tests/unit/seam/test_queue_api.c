/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "queue_fixture.h"
#include "unit/unit.h"

#include <string.h>

static void poll_asks_for_the_configured_environment(void **state)
{
	struct queue_fixture *f = *state;

	queue_poll(&f->peer, &f->call, 999, 2500);
	assert_string_equal(call_sent(f)->method, "GET");
	assert_string_equal(call_sent(f)->url,
			    "https://queue.example/v1/environments/env_1/work/poll"
			    "?beta=true&block_ms=999&reclaim_older_than_ms=2500");
	assert_string_equal(call_sent(f)->headers, "anthropic-version: 2023-06-01\n"
						   "anthropic-beta: managed-agents-2026-04-01\n"
						   "accept: application/json\n"
						   "Anthropic-Worker-ID: host-1\n");
	assert_string_equal(call_sent(f)->bearer, KEY);
	assert_false(call_sent(f)->has_body);
	assert_int_equal(call_sent(f)->timeout_ms, 15999);
	assert_int_equal(call_sent(f)->connect_timeout_ms, 5000);
	assert_int_equal(call_sent(f)->max_reply, 1 << 20);
}

static void poll_leaves_out_what_is_zero(void **state)
{
	struct queue_fixture *f = *state;

	queue_poll(&f->peer, &f->call, 0, 0);
	assert_string_equal(call_sent(f)->url,
			    "https://queue.example/v1/environments/env_1/work/poll?beta=true");
	assert_int_equal(call_sent(f)->timeout_ms, 15000);
	queue_poll(&f->peer, &f->call, 0, 1);
	assert_string_equal(call_sent(f)->url,
			    "https://queue.example/v1/environments/env_1/work/poll"
			    "?beta=true&reclaim_older_than_ms=1");
}

static void ack_posts_without_body(void **state)
{
	struct queue_fixture *f = *state;

	call_start(f, ACK);
	assert_string_equal(call_sent(f)->method, "POST");
	assert_string_equal(
		call_sent(f)->url,
		"https://queue.example/v1/environments/env_1/work/work_1/ack?beta=true");
	assert_string_equal(call_sent(f)->headers, "anthropic-version: 2023-06-01\n"
						   "anthropic-beta: managed-agents-2026-04-01\n"
						   "accept: application/json\n");
	assert_string_equal(call_sent(f)->bearer, KEY);
	assert_false(call_sent(f)->has_body);
	assert_true(call_sent(f)->urgent);
	assert_int_equal(call_sent(f)->timeout_ms, 10000);
}

static void stop_posts_force(void **state)
{
	struct queue_fixture *f = *state;

	call_start(f, STOP);
	assert_string_equal(call_sent(f)->method, "POST");
	assert_string_equal(
		call_sent(f)->url,
		"https://queue.example/v1/environments/env_1/work/work_1/stop?beta=true");
	assert_string_equal(call_sent(f)->headers, "anthropic-version: 2023-06-01\n"
						   "anthropic-beta: managed-agents-2026-04-01\n"
						   "accept: application/json\n"
						   "content-type: application/json\n");
	assert_string_equal(call_sent(f)->body, "{\"force\":true}");
	assert_true(call_sent(f)->has_body);
	assert_true(call_sent(f)->urgent);
	assert_int_equal(call_sent(f)->timeout_ms, 10000);
}

static void list_asks_for_the_largest_page(void **state)
{
	struct queue_fixture *f = *state;

	call_start(f, LIST);
	assert_string_equal(call_sent(f)->method, "GET");
	assert_string_equal(
		call_sent(f)->url,
		"https://queue.example/v1/environments/env_1/work?beta=true&limit=1000");
	assert_int_equal(call_sent(f)->timeout_ms, 30000);
	assert_int_equal(call_sent(f)->max_reply, 16 << 20);
}

static void list_follows_the_page_of_its_last_result(void **state)
{
	struct queue_fixture *f = *state;

	assert_int_equal(call_outcome_of_body(f, LIST, "{\"data\":[],\"next_page\":\"a b&c=/d\"}"),
			 QUEUE_OK);
	queue_list(&f->peer, &f->call, json_get_string(f->call.json, "next_page"));
	assert_contains(call_sent(f)->url, "?beta=true&limit=1000&page=a%20b%26c%3D%2Fd");
}

static void stats_is_a_plain_get(void **state)
{
	struct queue_fixture *f = *state;

	call_start(f, STATS);
	assert_string_equal(call_sent(f)->url,
			    "https://queue.example/v1/environments/env_1/work/stats?beta=true");
	assert_int_equal(call_sent(f)->timeout_ms, 10000);
}

static void ids_cannot_leave_their_place_in_the_path(void **state)
{
	struct queue_fixture *f = *state;

	f->peer.environment_id = "../e?x";
	queue_ack(&f->peer, &f->call, "../../w#1");
	assert_string_equal(call_sent(f)->url,
			    "https://queue.example/v1/environments/..%2Fe%3Fx/work/"
			    "..%2F..%2Fw%231/ack?beta=true");
}

static void the_id_may_stand_in_the_result_of_the_call(void **state)
{
	struct queue_fixture *f = *state;

	assert_int_equal(call_outcome_of_body(f, ACK, "{\"id\":\"work_1\",\"state\":\"starting\"}"),
			 QUEUE_OK);
	queue_force_stop(&f->peer, &f->call, f->call.status.id);
	assert_contains(call_sent(f)->url, "/work/work_1/stop");
}

static void an_ack_keeps_what_its_reply_says_and_not_the_reply(void **state)
{
	struct queue_fixture *f = *state;

	assert_int_equal(call_outcome_of_body(f, ACK, "{\"id\":\"work_1\",\"state\":\"starting\"}"),
			 QUEUE_OK);
	assert_true(f->call.has_status);
	assert_string_equal(f->call.status.id, "work_1");
	assert_null(f->call.json);
}

static void the_key_may_be_replaced_while_a_call_is_under_way(void **state)
{
	struct queue_fixture *f = *state;

	fake_reply(f->loop,
		   (struct fake_reply){.after_ms = 10, .status = 403, .body = "the key is " KEY});
	call_start(f, ACK);
	f->key = secret_free(f->key);
	f->key = secret_new("another", 7);
	f->peer.key = f->key;
	fake_run(f->loop, 100);
	/* What the last key may not do says nothing about this one. */
	assert_int_equal(f->call.outcome, QUEUE_TEMPORARY);
	assert_null(strstr(f->call.err.text, KEY));
	call_start(f, ACK);
	assert_string_equal(call_sent(f)->bearer, "another");
}

static void a_reply_of_64_mib_is_unknown(void **state)
{
	struct queue_fixture *f = *state;
	size_t size = (size_t)64 << 20;
	_cleanup_free_ char *body = xmalloc(size);

	memset(body, ' ', size);
	assert_int_equal(call_outcome(f, POLL,
				      (struct fake_reply){.status = 200,
							  .body = body,
							  .body_len = size,
							  .problem = "more than 1 MiB"}),
			 QUEUE_UNKNOWN);
	assert_string_equal(f->call.err.text, "poll: more than 1 MiB");
}

static void a_poll_without_answer_ends_fifteen_seconds_after_its_block(void **state)
{
	struct queue_fixture *f = *state;

	call_start(f, POLL);
	fake_run(f->loop, 15998);
	assert_int_equal(f->done_count, 0);
	fake_run(f->loop, 1);
	assert_int_equal(f->done_count, 1);
	assert_int_equal(f->call.outcome, QUEUE_UNKNOWN);
	assert_string_equal(f->call.err.text, "poll: https://queue.example: timed out");
}

static void the_item_of_a_poll_is_the_calls(void **state)
{
	struct queue_fixture *f = *state;

	assert_int_equal(call_outcome_of_body(f, POLL, "{\"id\":\"work_7\"}"), QUEUE_OK);
	assert_string_equal(json_get_string(f->call.json, "id"), "work_7");
	assert_int_equal(call_outcome_of_body(f, POLL, "null"), QUEUE_EMPTY);
	assert_null(f->call.json);
}

static void an_ack_tells_what_became_of_the_item(void **state)
{
	struct queue_fixture *f = *state;

	assert_int_equal(call_outcome_of_body(f, ACK,
					      "{\"id\":\"work_1\",\"state\":\"starting\","
					      "\"latest_heartbeat_at\":null}"),
			 QUEUE_OK);
	assert_true(f->call.has_status);
	assert_int_equal(f->call.status.state, WORK_STARTING);
	assert_int_equal(f->call.status.latest_heartbeat_at_ms, 0);
	assert_int_equal(call_outcome_of_body(f, ACK, NULL), QUEUE_OK);
	assert_false(f->call.has_status);
}

/* The middle of the second that the header names, and of the time that the call took. */
static void the_servers_time_is_kept(void **state)
{
	struct queue_fixture *f = *state;
	int64_t half_ms;

	assert_int_equal(call_outcome(f, ACK,
				      (struct fake_reply){
					      .status = 200,
					      .headers = "date: Sun, 22 Nov 2026 10:00:00 GMT\n"}),
			 QUEUE_OK);
	half_ms = (int64_t)f->call.duration_ms / 2;
	assert_int_equal(f->call.server_time_ms, 1795341600500 + half_ms);
	assert_int_equal(call_outcome_of_body(f, ACK, NULL), QUEUE_OK);
	assert_int_equal(f->call.server_time_ms, 0);
}

static void retry_after_is_kept_up_to_five_minutes(void **state)
{
	struct queue_fixture *f = *state;
	struct fake_reply reply = {.status = 429, .headers = "retry-after: 7\n"};

	assert_int_equal(call_outcome(f, POLL, reply), QUEUE_TEMPORARY);
	assert_int_equal(f->call.retry_after_ms, 7000);
	reply.headers = "retry-after: 86400\n";
	assert_int_equal(call_outcome(f, POLL, reply), QUEUE_TEMPORARY);
	assert_int_equal(f->call.retry_after_ms, 300000);
	reply.headers = "retry-after: -1\n";
	assert_int_equal(call_outcome(f, POLL, reply), QUEUE_TEMPORARY);
	assert_int_equal(f->call.retry_after_ms, 0);
}

static void a_call_that_is_ended_is_cancelled(void **state)
{
	struct queue_fixture *f = *state;

	call_start(f, POLL);
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
	struct queue_fixture *f = arg;

	if (++f->done_count < 3)
		queue_poll(&f->peer, call, 0, 0);
}

static void a_call_can_be_used_again_in_its_callback(void **state)
{
	struct queue_fixture *f = *state;

	queue_call_init(&f->call, poll_once_more, f);
	for (int i = 0; i < 3; i++)
		fake_reply(f->loop, (struct fake_reply){.status = 200, .body = "{\"id\":1}"});
	queue_poll(&f->peer, &f->call, 0, 0);
	fake_run(f->loop, 0);
	assert_int_equal(f->done_count, 3);
}

static void free_it(struct queue_call *call, void *arg)
{
	struct queue_fixture *f = arg;

	f->done_count++;
	queue_call_done(call);
	free(call);
}

static void a_call_can_be_freed_in_its_callback(void **state)
{
	struct queue_fixture *f = *state;
	struct queue_call *call = xcalloc(1, sizeof(*call));

	queue_call_init(call, free_it, f);
	fake_reply(f->loop, (struct fake_reply){.status = 200, .body = "{\"id\":1}"});
	queue_poll(&f->peer, call, 0, 0);
	fake_run(f->loop, 0);
	assert_int_equal(f->done_count, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, queue_set_up, queue_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(poll_asks_for_the_configured_environment),
		TEST(poll_leaves_out_what_is_zero),
		TEST(ack_posts_without_body),
		TEST(stop_posts_force),
		TEST(list_asks_for_the_largest_page),
		TEST(list_follows_the_page_of_its_last_result),
		TEST(stats_is_a_plain_get),
		TEST(ids_cannot_leave_their_place_in_the_path),
		TEST(the_id_may_stand_in_the_result_of_the_call),
		TEST(an_ack_keeps_what_its_reply_says_and_not_the_reply),
		TEST(the_key_may_be_replaced_while_a_call_is_under_way),
		TEST(a_reply_of_64_mib_is_unknown),
		TEST(a_poll_without_answer_ends_fifteen_seconds_after_its_block),
		TEST(the_item_of_a_poll_is_the_calls),
		TEST(an_ack_tells_what_became_of_the_item),
		TEST(the_servers_time_is_kept),
		TEST(retry_after_is_kept_up_to_five_minutes),
		TEST(a_call_that_is_ended_is_cancelled),
		TEST(a_zeroed_call_can_be_ended),
		TEST(a_call_can_be_used_again_in_its_callback),
		TEST(a_call_can_be_freed_in_its_callback),
	};

	return cmocka_run_group_tests_name("queue api", tests, NULL, NULL);
}
