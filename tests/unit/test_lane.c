/* SPDX-License-Identifier: Apache-2.0 */
/* How requests go through a lane: order, cap, cancelling, and what done() may do. */
#include "base/cleanup.h"
#include "lane_fixture.h"
#include "unit.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define MANY 200

static void assert_fine(const struct call *call)
{
	assert_int_equal(call->times_done, 1);
	assert_string_equal(call->request.problem, "");
	assert_int_equal(call->request.outcome, HTTP_REPLIED);
	assert_int_equal(call->request.status, 200);
}

static void requests_are_made_in_the_order_they_were_submitted(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call calls[4];

	fixture_connect_unix(fixture, 1, 16, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		char path[32];
		(void)snprintf(path, sizeof(path), "/body/%u", i);
		call_init(&calls[i], fixture, "GET", path);
		call_submit(&calls[i]);
	}
	fixture_run(fixture);
	assert_true(peer_was_asked(fixture->peer, "/body/0 /body/1 /body/2 /body/3 "));
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		assert_fine(&calls[i]);
		assert_int_equal(calls[i].request.reply.len, i);
		call_done(&calls[i]);
	}
}

static void urgent_requests_overtake_those_that_wait(void **state)
{
	struct lane_fixture *fixture = *state;
	static const char *const paths[] = {"/body/1", "/body/2", "/body/3", "/body/4"};
	struct call calls[ARRAY_SIZE(paths)];

	fixture_connect_unix(fixture, 1, 16, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		call_init(&calls[i], fixture, "GET", paths[i]);
		calls[i].request.urgent = i >= 2;
		call_submit(&calls[i]);
	}
	fixture_run(fixture);
	assert_true(peer_was_asked(fixture->peer, "/body/3 /body/4 /body/1 /body/2 "));
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++)
		call_done(&calls[i]);
}

static void lane_never_has_more_in_flight_than_its_cap(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call calls[30];

	fixture_connect_unix(fixture, 3, 16, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		call_init(&calls[i], fixture, "GET", "/delay/5");
		call_submit(&calls[i]);
	}
	assert_int_equal(lane_waiting(fixture->lane), 30);
	assert_int_equal(lane_in_flight(fixture->lane), 0);
	fixture_run(fixture);
	assert_int_equal(peer_requests(fixture->peer), 30);
	assert_int_equal(peer_most_at_once(fixture->peer), 3);
	assert_int_equal(lane_waiting(fixture->lane), 0);
	assert_int_equal(lane_in_flight(fixture->lane), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		assert_fine(&calls[i]);
		call_done(&calls[i]);
	}
}

static void lane_without_a_cap_sends_all_at_once(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call calls[20];

	fixture_connect_tcp(fixture, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		call_init(&calls[i], fixture, "GET", "/silent");
		call_submit(&calls[i]);
	}
	while (peer_requests(fixture->peer) < ARRAY_SIZE(calls))
		fixture_run_for(fixture, 5);
	assert_int_equal(lane_in_flight(fixture->lane), ARRAY_SIZE(calls));
	assert_int_equal(lane_waiting(fixture->lane), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++)
		call_done(&calls[i]);
	assert_int_equal(lane_in_flight(fixture->lane), 0);
}

static void connections_are_kept_and_used_again(void **state)
{
	struct lane_fixture *fixture = *state;

	fixture_connect_tcp(fixture, NULL);
	for (unsigned i = 0; i < 10; i++) {
		struct call call;
		call_make(&call, fixture, i % 2 ? "GET" : "POST", "/status/200");
		assert_fine(&call);
		call_done(&call);
	}
	assert_int_equal(peer_requests(fixture->peer), 10);
	assert_int_equal(peer_connections(fixture->peer), 1);
}

static void accept_queue_of_one_serves_two_hundred_requests(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call *calls = xcalloc(MANY, sizeof(*calls));

	fixture_connect_unix(fixture, 32, 1, 1);
	for (unsigned i = 0; i < MANY; i++) {
		call_init(&calls[i], fixture, "POST", "/status/200");
		call_submit(&calls[i]);
	}
	fixture_run(fixture);
	for (unsigned i = 0; i < MANY; i++) {
		assert_fine(&calls[i]);
		call_done(&calls[i]);
	}
	assert_int_equal(peer_requests(fixture->peer), MANY);
	free(calls);
}

static void cancelled_request_in_flight_is_never_done_and_frees_its_place(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call silent, next;

	fixture_connect_unix(fixture, 1, 16, 0);
	call_init(&silent, fixture, "POST", "/silent");
	call_submit(&silent);
	while (peer_requests(fixture->peer) == 0)
		fixture_run_for(fixture, 5);
	call_init(&next, fixture, "GET", "/status/200");
	call_submit(&next);
	fixture_run_for(fixture, 20);
	assert_int_equal(lane_waiting(fixture->lane), 1);
	call_cancel(&silent);
	call_cancel(&silent);
	fixture_run(fixture);
	assert_fine(&next);
	assert_int_equal(silent.times_done, 0);
	call_done(&silent);
	call_done(&next);
}

static void cancelled_request_that_waits_is_never_sent(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call calls[4];

	fixture_connect_unix(fixture, 1, 16, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		call_init(&calls[i], fixture, "GET", i == 1 || i == 3 ? "/cut" : "/status/200");
		calls[i].request.urgent = i == 3;
		call_submit(&calls[i]);
	}
	call_cancel(&calls[1]);
	call_cancel(&calls[3]);
	fixture_run(fixture);
	assert_true(peer_was_asked(fixture->peer, "/status/200 /status/200 "));
	assert_int_equal(calls[1].times_done + calls[3].times_done, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++)
		call_done(&calls[i]);
}

static void request_may_be_submitted_again_after_it_was_cancelled(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call call;

	fixture_connect_tcp(fixture, NULL);
	call_init(&call, fixture, "GET", "/status/200");
	call_submit(&call);
	lane_cancel(&call.request);
	lane_submit(fixture->lane, &call.request);
	fixture_run(fixture);
	assert_fine(&call);
	call_done(&call);
}

static void cancelling_what_was_never_submitted_is_harmless(void **state)
{
	struct http_request request = {0};

	(void)state;
	lane_cancel(&request);
	http_request_done(&request);
	http_request_done(&request);
}

static void submit_again(struct call *call)
{
	unsigned *left = call->arg;

	if (--*left == 0)
		return;
	call->fixture->under_way++;
	lane_submit(call->fixture->lane, &call->request);
	assert_int_equal(call->request.reply.len, 0);
}

static void done_may_submit_the_same_request_again(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call call;
	unsigned left = 5;

	fixture_connect_unix(fixture, 1, 16, 0);
	call_init(&call, fixture, "GET", "/status/200");
	call.then = submit_again;
	call.arg = &left;
	call_submit(&call);
	fixture_run(fixture);
	assert_int_equal(call.times_done, 5);
	assert_int_equal(peer_requests(fixture->peer), 5);
	assert_string_equal(call.request.reply.data, "status 200");
	call_done(&call);
}

static void free_call(struct call *call)
{
	call_done(call);
	free(call);
}

static void done_may_free_its_own_request(void **state)
{
	struct lane_fixture *fixture = *state;

	fixture_connect_unix(fixture, 4, 16, 0);
	for (unsigned i = 0; i < 8; i++) {
		struct call *call = xcalloc(1, sizeof(*call));
		call_init(call, fixture, "GET", "/status/200");
		call->then = free_call;
		call_submit(call);
	}
	fixture_run(fixture);
	assert_int_equal(peer_requests(fixture->peer), 8);
}

/* The calls that are alive, so that the first one done can free the others. */
struct group {
	struct call *calls[8];
	unsigned times_done;
};

static void free_others(struct call *call)
{
	struct group *group = call->arg;

	group->times_done++;
	for (unsigned i = 0; i < ARRAY_SIZE(group->calls); i++) {
		if (group->calls[i] == call || !group->calls[i])
			continue;
		call_done(group->calls[i]);
		free(group->calls[i]);
		group->calls[i] = NULL;
	}
}

/* Refused URLs are all complete in the same round of the loop. */
static void submit_group(struct lane_fixture *fixture, struct group *group, const char *path)
{
	for (unsigned i = 0; i < ARRAY_SIZE(group->calls); i++) {
		group->calls[i] = xcalloc(1, sizeof(*group->calls[i]));
		call_init(group->calls[i], fixture, "GET", path);
		group->calls[i]->then = free_others;
		group->calls[i]->arg = group;
		call_submit(group->calls[i]);
	}
}

static void free_group(struct group *group)
{
	for (unsigned i = 0; i < ARRAY_SIZE(group->calls); i++) {
		if (group->calls[i])
			call_done(group->calls[i]);
		free(group->calls[i]);
	}
}

static void done_may_free_other_requests_that_are_complete_too(void **state)
{
	struct lane_fixture *fixture = *state;
	struct group group = {0};

	fixture_connect_tcp(fixture, NULL);
	submit_group(fixture, &group, "http://192.0.2.1/");
	fixture_run(fixture);
	assert_int_equal(group.times_done, 1);
	free_group(&group);
}

static void done_may_free_other_requests_that_are_in_flight_or_wait(void **state)
{
	struct lane_fixture *fixture = *state;
	struct group group = {0};

	fixture_connect_unix(fixture, 3, 16, 0);
	submit_group(fixture, &group, "/status/200");
	fixture_run(fixture);
	assert_int_equal(group.times_done, 1);
	free_group(&group);
}

static void free_lane(struct call *call)
{
	call->fixture->lane = lane_free(call->fixture->lane);
	call->fixture->under_way = 1; /* this call; the others ended with the lane */
}

static void done_may_free_the_lane_with_requests_in_every_state(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call calls[8];
	unsigned times_done = 0;

	fixture_connect_unix(fixture, 4, 16, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		static const char *const paths[] = {"/status/200", "http:///nonsense", "/silent"};
		call_init(&calls[i], fixture, "GET", paths[i % ARRAY_SIZE(paths)]);
		calls[i].then = free_lane;
		call_submit(&calls[i]);
	}
	fixture_run(fixture);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		times_done += calls[i].times_done;
		assert_null(calls[i].request.lane);
		call_done(&calls[i]);
	}
	assert_int_equal(times_done, 1);
	assert_null(fixture->lane);
}

static void freeing_a_lane_ends_its_requests_without_done(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call calls[3];

	fixture_connect_unix(fixture, 2, 16, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		call_init(&calls[i], fixture, "GET", "/silent");
		call_submit(&calls[i]);
	}
	while (peer_requests(fixture->peer) < 2)
		fixture_run_for(fixture, 5);
	fixture->lane = lane_free(fixture->lane);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		assert_int_equal(calls[i].times_done, 0);
		assert_null(calls[i].request.lane);
		call_done(&calls[i]);
	}
	assert_null(lane_free(NULL));
}

static void lane_may_be_freed_while_its_requests_wait_for_room_in_the_accept_queue(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call calls[8];

	fixture_connect_unix(fixture, 8, 0, 1000);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		call_init(&calls[i], fixture, "GET", "/silent");
		call_submit(&calls[i]);
	}
	fixture_run_for(fixture, 50);
	assert_int_equal(lane_in_flight(fixture->lane), 8);
	call_cancel(&calls[7]);
	assert_int_equal(lane_in_flight(fixture->lane), 7);
	fixture->lane = lane_free(fixture->lane);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		assert_int_equal(calls[i].times_done, 0);
		call_done(&calls[i]);
	}
}

static unsigned count_open_files(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	(void)closedir(directory);
	return count;
}

static void lane_closes_every_connection_it_kept(void **state)
{
	struct lane_fixture other;
	struct call calls[8];
	unsigned before = count_open_files();

	(void)state;
	fixture_init(&other);
	fixture_connect_unix(&other, 0, 16, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		call_init(&calls[i], &other, "GET", i % 4 == 3 ? "/cut" : "/status/200");
		call_submit(&calls[i]);
	}
	fixture_run(&other);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++)
		call_done(&calls[i]);
	assert_true(count_open_files() > before);
	fixture_done(&other);
	assert_int_equal(count_open_files(), before);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests_are_made_in_the_order_they_were_submitted),
		TEST(urgent_requests_overtake_those_that_wait),
		TEST(lane_never_has_more_in_flight_than_its_cap),
		TEST(lane_without_a_cap_sends_all_at_once),
		TEST(connections_are_kept_and_used_again),
		TEST(accept_queue_of_one_serves_two_hundred_requests),
		TEST(cancelled_request_in_flight_is_never_done_and_frees_its_place),
		TEST(cancelled_request_that_waits_is_never_sent),
		TEST(request_may_be_submitted_again_after_it_was_cancelled),
		TEST(cancelling_what_was_never_submitted_is_harmless),
		TEST(done_may_submit_the_same_request_again),
		TEST(done_may_free_its_own_request),
		TEST(done_may_free_other_requests_that_are_complete_too),
		TEST(done_may_free_other_requests_that_are_in_flight_or_wait),
		TEST(done_may_free_the_lane_with_requests_in_every_state),
		TEST(freeing_a_lane_ends_its_requests_without_done),
		TEST(lane_may_be_freed_while_its_requests_wait_for_room_in_the_accept_queue),
		TEST(lane_closes_every_connection_it_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
