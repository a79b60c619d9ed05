/* SPDX-License-Identifier: Apache-2.0 */
/* What a lane says about replies and connections that do not come about: was the peer asked? */
#include "base/cleanup.h"
#include "lane_fixture.h"
#include "unit.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static void peer_that_closes_without_a_reply_may_have_acted(void **state)
{
	call_expect_failure(*state, "POST", "/cut", HTTP_NO_REPLY);
	call_expect_failure(*state, "GET", "/cut", HTTP_NO_REPLY);
}

static void truncated_and_garbled_replies_are_no_replies(void **state)
{
	call_expect_failure(*state, "GET", "/short", HTTP_NO_REPLY);
	call_expect_failure(*state, "GET", "/short-chunk", HTTP_NO_REPLY);
	call_expect_failure(*state, "GET", "/garbage", HTTP_NO_REPLY);
}

static void post_on_a_connection_that_dies_is_not_sent_a_second_time(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call call;

	call_make(&call, fixture, "POST", "/cut-if-reused");
	assert_int_equal(call.request.outcome, HTTP_REPLIED);
	call_done(&call);
	call_expect_failure(fixture, "POST", "/cut-if-reused", HTTP_NO_REPLY);
	assert_int_equal(peer_requests(fixture->peer), 2);
}

static void get_on_a_connection_that_dies_is_repeated_on_a_new_one(void **state)
{
	struct lane_fixture *fixture = *state;

	for (unsigned i = 0; i < 2; i++) {
		struct call call;
		call_make(&call, fixture, "GET", "/cut-if-reused");
		assert_int_equal(call.request.outcome, HTTP_REPLIED);
		call_done(&call);
	}
	assert_int_equal(peer_requests(fixture->peer), 3);
	assert_int_equal(peer_connections(fixture->peer), 2);
}

static void post_after_the_peer_closed_an_idle_connection_uses_a_new_one(void **state)
{
	struct lane_fixture *fixture = *state;

	for (unsigned i = 0; i < 3; i++) {
		struct call call;
		call_make(&call, fixture, "POST", "/close");
		assert_int_equal(call.request.outcome, HTTP_REPLIED);
		call_done(&call);
		fixture_run_for(fixture, 50);
	}
	assert_int_equal(peer_connections(fixture->peer), 3);
}

static void expect_timeout(struct lane_fixture *fixture, const char *path)
{
	struct call call;

	call_init(&call, fixture, "POST", path);
	call.request.timeout_ms = 150;
	call_submit(&call);
	fixture_run(fixture);
	assert_int_equal(call.request.outcome, HTTP_NO_REPLY);
	assert_non_null(strstr(call.request.problem, "timed out"));
	assert_in_range(call.request.duration_ms, 140, 5000);
	call_done(&call);
}

static void silent_peer_and_one_that_drips_are_given_up_at_the_timeout(void **state)
{
	expect_timeout(*state, "/silent");
	expect_timeout(*state, "/drip/20");
}

static void time_in_the_queue_does_not_count_towards_the_timeout(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call calls[12];

	fixture_connect_unix(fixture, 1, 16, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		call_init(&calls[i], fixture, "GET", "/delay/100");
		calls[i].request.timeout_ms = 1000;
		call_submit(&calls[i]);
	}
	fixture_run(fixture);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		assert_int_equal(calls[i].request.outcome, HTTP_REPLIED);
		assert_in_range(calls[i].request.duration_ms, 99, 999);
		call_done(&calls[i]);
	}
}

static void peer_that_is_not_there_has_seen_nothing(void **state)
{
	struct lane_fixture *fixture = *state;

	call_expect_failure(fixture, "POST", "http://127.0.0.1:1/", HTTP_NOT_SENT);
	call_expect_failure(fixture, "POST", "https://no-such-host.invalid/", HTTP_NOT_SENT);
}

static void peer_that_does_not_speak_tls_has_seen_nothing(void **state)
{
	struct lane_fixture *fixture = *state;
	_cleanup_free_ char *url = xasprintf("https://127.0.0.1:%d/", peer_port(fixture->peer));
	struct call call;

	call_init(&call, fixture, "POST", url);
	call.request.connect_timeout_ms = 300;
	call_submit(&call);
	fixture_run(fixture);
	assert_int_equal(call.request.outcome, HTTP_NOT_SENT);
	call_done(&call);
}

/* A listener whose queue is full lets the kernel drop further attempts to connect. */
static void connecting_is_given_up_at_its_own_timeout(void **state)
{
	struct lane_fixture *fixture = *state;
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fds[4];
	struct call call;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fds[0], (const struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fds[0], (struct sockaddr *)&address, &size), 0);
	assert_int_equal(listen(fds[0], 0), 0);
	for (size_t i = 1; i < ARRAY_SIZE(fds); i++)
		(void)connect(fds[i], (const struct sockaddr *)&address, size);

	_cleanup_free_ char *url = xasprintf("http://127.0.0.1:%d/", ntohs(address.sin_port));
	call_init(&call, fixture, "POST", url);
	call.request.connect_timeout_ms = 200;
	call_submit(&call);
	fixture_run(fixture);
	assert_int_equal(call.request.outcome, HTTP_NOT_SENT);
	assert_in_range(call.request.duration_ms, 190, 5000);
	call_done(&call);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		(void)close(fds[i]);
}

static void missing_or_dead_unix_socket_fails_at_once_and_names_its_path(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call call;

	fixture_connect_unix(fixture, 4, 16, 0);
	fixture->peer = peer_free(fixture->peer); /* leaves the socket's file behind */
	for (unsigned i = 0; i < 2; i++) {
		call_make(&call, fixture, "POST", "/status/200");
		assert_int_equal(call.request.outcome, HTTP_NOT_SENT);
		assert_non_null(strstr(call.request.problem, fixture->socket));
		assert_non_null(strstr(call.request.problem,
				       i == 0 ? "Connection refused" : "No such file"));
		assert_in_range(call.request.duration_ms, 0, 500);
		call_done(&call);
		(void)unlink(fixture->socket);
	}
}

static void expect_full_queue(struct lane_fixture *fixture, uint64_t timeout_ms, uint64_t least_ms,
			      uint64_t most_ms)
{
	struct call call;

	call_init(&call, fixture, "POST", "/status/200");
	call.request.timeout_ms = timeout_ms;
	call_submit(&call);
	fixture_run(fixture);
	assert_int_equal(call.request.outcome, HTTP_NOT_SENT);
	assert_non_null(strstr(call.request.problem, "accept queue"));
	assert_in_range(call.request.duration_ms, least_ms, most_ms);
	call_done(&call);
}

static void accept_queue_that_stays_full_is_given_up_in_bounded_time(void **state)
{
	struct lane_fixture *fixture = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct lane_options options = {.name = "engine", .unix_socket = fixture->socket};
	int fds[3];

	fixture->is_unix = true;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", fixture->socket);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fds[0], (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fds[0], 0), 0);
	for (size_t i = 1; i < ARRAY_SIZE(fds); i++)
		(void)connect(fds[i], (const struct sockaddr *)&address, sizeof(address));
	assert_int_equal(lane_new(fixture->loop, &options, &fixture->lane, NULL), 0);
	expect_full_queue(fixture, 300, 150, 1000);
	expect_full_queue(fixture, 20000, 1800, 4000);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		(void)close(fds[i]);
}

/* The peer takes one connection every 200 ms, and only two wait for it. */
static void tries_to_connect_count_towards_the_timeout(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call calls[6];
	unsigned late = 0;

	fixture_connect_unix(fixture, 0, 1, 200);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		call_init(&calls[i], fixture, "POST", "/silent");
		calls[i].request.timeout_ms = 700;
		call_submit(&calls[i]);
	}
	fixture_run(fixture);
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		assert_true(calls[i].request.outcome == HTTP_NO_REPLY ||
			    calls[i].request.outcome == HTTP_NOT_SENT);
		late += calls[i].request.duration_ms > 1000;
		call_done(&calls[i]);
	}
	assert_int_equal(late, 0);
}

#define TEST(function)                                                                             \
	cmocka_unit_test_setup_teardown(function, fixture_set_up_tcp, fixture_tear_down)
#define TEST_BARE(function)                                                                        \
	cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(peer_that_closes_without_a_reply_may_have_acted),
		TEST(truncated_and_garbled_replies_are_no_replies),
		TEST(post_on_a_connection_that_dies_is_not_sent_a_second_time),
		TEST(get_on_a_connection_that_dies_is_repeated_on_a_new_one),
		TEST(post_after_the_peer_closed_an_idle_connection_uses_a_new_one),
		TEST(silent_peer_and_one_that_drips_are_given_up_at_the_timeout),
		TEST_BARE(time_in_the_queue_does_not_count_towards_the_timeout),
		TEST(peer_that_is_not_there_has_seen_nothing),
		TEST(peer_that_does_not_speak_tls_has_seen_nothing),
		TEST(connecting_is_given_up_at_its_own_timeout),
		TEST_BARE(missing_or_dead_unix_socket_fails_at_once_and_names_its_path),
		TEST_BARE(tries_to_connect_count_towards_the_timeout),
		TEST_BARE(accept_queue_that_stays_full_is_given_up_in_bounded_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
