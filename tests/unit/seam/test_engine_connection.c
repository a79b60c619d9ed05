/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_fixture.h"

#include <string.h>

#define API    "http://localhost/v1.46"
#define BRIDGE API "/networks/berth-default"
#define EVENTS                                                                                     \
	API "/events?since=1795341598&filters=%7B%22type%22%3A%5B%22container%22%5D%2C%22label"    \
	    "%22%3A%5B%22berth.instance%3Ddefault%22%5D%7D"

#define OUR_BRIDGE                                                                                 \
	"{\"Name\":\"berth-default\",\"Driver\":\"bridge\","                                       \
	"\"Options\":{\"com.docker.network.bridge.enable_icc\":\"false\"},"                        \
	"\"Labels\":{\"berth.instance\":\"default\"}}"

static int set_up(void **state)
{
	static struct engine_fixture fixture;
	struct engine_options options = engine_fixture_options();

	engine_fixture_init(&fixture, &options);
	*state = &fixture;
	return 0;
}

static int set_up_with_bridge(void **state)
{
	static struct engine_fixture fixture;
	struct engine_options options = engine_fixture_options();

	options.needs_bridge = true;
	engine_fixture_init(&fixture, &options);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	engine_fixture_done(*state);
	return 0;
}

/* --- becoming healthy ------------------------------------------------------------------------- */

static void a_fit_engine_is_healthy_once_its_events_are_subscribed(void **state)
{
	struct engine_fixture *f = *state;

	engine_fixture_connect(f);
	engine_fixture_sent(f, 0, "GET", "http://localhost/_ping");
	engine_fixture_sent(f, 1, "GET", "http://localhost/version");
	engine_fixture_sent(f, 2, "GET", API "/info");
	engine_fixture_sent(f, 3, "GET", EVENTS);
	assert_int_equal(fake_sent(f->loop, 3)->timeout_ms, 0);
	assert_int_equal(f->healthy, 1);
	assert_int_equal(f->unhealthy, 0);
	assert_int_equal(f->resyncs, 1);
	assert_string_equal(engine_description(f->engine), "Docker 27.1.0, API 1.46");
	assert_string_equal(engine_data_root(f->engine), "/var/lib/docker");
}

static void a_missing_network_is_made(void **state)
{
	struct engine_fixture *f = *state;

	engine_fixture_replies(f);
	engine_fixture_reply(f, 404, "{\"message\":\"network berth-default not found\"}");
	engine_fixture_reply(f, 201, "{\"Id\":\"0a\"}");
	engine_fixture_stream(f, 1000000);
	fake_run(f->loop, 1000);
	engine_fixture_sent(f, 3, "GET", BRIDGE);
	engine_fixture_sent(f, 4, "POST", API "/networks/create");
	assert_non_null(strstr(fake_sent(f->loop, 4)->headers, "application/json"));
	assert_non_null(strstr(fake_sent(f->loop, 4)->body, "\"Name\":\"berth-default\""));
	assert_int_equal(f->healthy, 1);
}

static void a_network_of_ours_is_used_as_it_is(void **state)
{
	struct engine_fixture *f = *state;

	engine_fixture_replies(f);
	engine_fixture_reply(f, 200, OUR_BRIDGE);
	engine_fixture_stream(f, 1000000);
	fake_run(f->loop, 1000);
	assert_int_equal(fake_sent_count(f->loop), 5);
	assert_int_equal(f->healthy, 1);
}

static void a_network_of_somebody_else_makes_the_engine_unfit(void **state)
{
	struct engine_fixture *f = *state;

	engine_fixture_replies(f);
	engine_fixture_reply(f, 200, "{\"Name\":\"berth-default\",\"Driver\":\"bridge\"}");
	fake_run(f->loop, 50);
	assert_int_equal(f->unhealthy, 1);
	assert_int_equal(f->err.kind, ERR_REFUSED);
}

/* --- not becoming healthy --------------------------------------------------------------------- */

static void an_engine_that_is_not_there_is_told_once_and_tried_again(void **state)
{
	struct engine_fixture *f = *state;
	uint64_t last_gap_ms = 0;

	fake_chance(f->loop, FAKE_LOWEST);
	for (int i = 0; i < 8; i++)
		engine_fixture_no_connection(f);
	engine_fixture_replies(f);
	engine_fixture_stream(f, 1000000);
	fake_run(f->loop, 13000);
	assert_int_equal(f->unhealthy, 1);
	assert_string_equal(f->err.text, "ping: cannot connect");
	assert_int_equal(f->err.kind, ERR_TEMPORARY);
	assert_int_equal(f->healthy, 1);
	for (size_t n = 1; n < 8; n++) {
		uint64_t gap_ms = fake_sent(f->loop, n)->at_ms - fake_sent(f->loop, n - 1)->at_ms;
		assert_in_range(gap_ms, last_gap_ms, 2501);
		last_gap_ms = gap_ms;
	}
	assert_int_equal(last_gap_ms, 2501);
}

static void an_engine_that_is_too_old_is_refused_even_after_it_was_not_there(void **state)
{
	struct engine_fixture *f = *state;

	engine_fixture_no_connection(f);
	for (int i = 0; i < 3; i++) {
		engine_fixture_reply(f, 200, "OK");
		engine_fixture_reply(f, 200,
				     "{\"Version\":\"18.9\",\"ApiVersion\":\"1.39\","
				     "\"MinAPIVersion\":\"1.12\"}");
	}
	fake_run(f->loop, 1200);
	assert_int_equal(f->unhealthy, 2);
	assert_int_equal(f->err.kind, ERR_REFUSED);
	assert_string_equal(f->err.text, "Docker 18.9 speaks API 1.39 at most, berth "
					 "needs 1.41: upgrade Docker to 20.10 or newer");
	assert_int_equal(f->healthy, 0);
}

static void an_old_podman_engine_is_refused(void **state)
{
	struct engine_fixture *f = *state;

	fake_reply(f->loop, (struct fake_reply){.status = 200,
						.headers = "libpod-api-version: 3.4.4\n",
						.body = "OK"});
	fake_run(f->loop, 50);
	assert_int_equal(fake_sent_count(f->loop), 1);
	assert_int_equal(f->unhealthy, 1);
	assert_int_equal(f->err.kind, ERR_REFUSED);
	assert_non_null(strstr(f->err.text, "Podman 3.4.4"));
}

static void an_engine_that_refuses_the_events_is_not_healthy(void **state)
{
	struct engine_fixture *f = *state;

	engine_fixture_replies(f);
	engine_fixture_reply(f, 400, "{\"message\":\"no such filter\"}");
	fake_run(f->loop, 50);
	assert_int_equal(f->healthy, 0);
	assert_int_equal(f->unhealthy, 1);
	assert_string_equal(f->err.text, "events: HTTP 400: no such filter");
}

static void a_reply_that_makes_no_sense_is_temporary(void **state)
{
	struct engine_fixture *f = *state;

	engine_fixture_reply(f, 200, "OK");
	engine_fixture_reply(f, 200, "<html>");
	fake_run(f->loop, 50);
	assert_int_equal(f->unhealthy, 1);
	assert_int_equal(f->err.kind, ERR_TEMPORARY);
}

/* --- staying healthy -------------------------------------------------------------------------- */

static void a_healthy_engine_is_pinged_and_listed_now_and_then(void **state)
{
	struct engine_fixture *f = *state;

	engine_fixture_connect(f);
	for (int i = 0; i < 12; i++)
		engine_fixture_reply(f, 200, "OK");
	fake_run(f->loop, 121000);
	assert_int_equal(fake_sent_count(f->loop), 4 + 12);
	engine_fixture_sent(f, 15, "GET", "http://localhost/_ping");
	assert_true(fake_sent(f->loop, 15)->urgent);
	assert_int_equal(f->resyncs, 1 + 2);
	assert_int_equal(f->unhealthy, 0);
}

static void an_engine_that_hangs_becomes_unhealthy_and_comes_back(void **state)
{
	struct engine_fixture *f = *state;

	engine_fixture_connect(f);
	fake_reply(f->loop, (struct fake_reply){.after_ms = 20000, .status = 200});
	engine_fixture_replies(f);
	engine_fixture_stream(f, 1000000);
	fake_run(f->loop, 14000);
	assert_int_equal(f->unhealthy, 0);
	fake_run(f->loop, 3000);
	assert_int_equal(f->unhealthy, 1);
	assert_int_equal(f->err.kind, ERR_TEMPORARY);
	assert_true(fake_sent(f->loop, 3)->was_cancelled);
	assert_int_equal(f->healthy, 2);
	assert_int_equal(f->resyncs, 2);
}

static void a_stream_that_ends_is_renewed_while_the_engine_stays_healthy(void **state)
{
	struct engine_fixture *f = *state;

	engine_fixture_replies(f);
	engine_fixture_stream(f, 8000);
	engine_fixture_replies(f);
	engine_fixture_stream(f, 1000000);
	fake_run(f->loop, 9000);
	engine_fixture_sent(f, 4, "GET", "http://localhost/_ping");
	assert_int_equal(fake_sent_count(f->loop), 8);
	assert_int_equal(f->healthy, 1);
	assert_int_equal(f->unhealthy, 0);
	assert_int_equal(f->resyncs, 2);
}

static void an_engine_that_is_gone_when_its_stream_ends_is_unhealthy_at_once(void **state)
{
	struct engine_fixture *f = *state;

	engine_fixture_replies(f);
	engine_fixture_stream(f, 8000);
	engine_fixture_no_connection(f);
	fake_run(f->loop, 8050);
	assert_int_equal(f->unhealthy, 1);
	assert_false(engine_is_healthy(f->engine));
}

static void streams_that_end_quickly_are_not_renewed_in_a_rush(void **state)
{
	struct engine_fixture *f = *state;

	for (int i = 0; i < 100; i++) {
		engine_fixture_replies(f);
		engine_fixture_stream(f, 200);
	}
	fake_run(f->loop, 20000);
	assert_in_range(fake_sent_count(f->loop) / 4, 3, 16);
}

/* --- calls that meet no connection ------------------------------------------------------------ */

static void on_call(struct engine_call *call, void *arg)
{
	(void)call;
	++*(unsigned *)arg;
}

static void a_call_without_a_connection_has_the_engine_looked_at_at_once(void **state)
{
	struct engine_fixture *f = *state;
	struct engine_call call;
	unsigned done = 0;

	engine_fixture_connect(f);
	engine_call_init(&call, on_call, &done);
	engine_fixture_no_connection(f);
	engine_fixture_no_connection(f);
	engine_inspect(f->engine, &call, FIXTURE_ID);
	fake_run(f->loop, 10);
	assert_int_equal(done, 1);
	assert_int_equal(call.outcome, ENGINE_UNREACHABLE);
	engine_fixture_sent(f, 5, "GET", "http://localhost/_ping");
	assert_int_equal(f->unhealthy, 1);
	engine_call_done(&call);
}

static void a_start_without_its_network_has_the_network_made_again(void **state)
{
	struct engine_fixture *f = *state;
	struct engine_call call;
	unsigned done = 0;

	engine_fixture_replies(f);
	engine_fixture_reply(f, 200, OUR_BRIDGE);
	engine_fixture_stream(f, 1000000);
	fake_run(f->loop, 1000);
	engine_call_init(&call, on_call, &done);
	engine_fixture_reply(f, 404, "{\"message\":\"network berth-default not found\"}");
	engine_fixture_replies(f);
	engine_fixture_reply(f, 404, "{\"message\":\"network berth-default not found\"}");
	engine_fixture_reply(f, 201, "{\"Id\":\"0a\"}");
	engine_start(f->engine, &call, FIXTURE_ID);
	fake_run(f->loop, 500);
	assert_int_equal(call.outcome, ENGINE_TROUBLE);
	engine_fixture_sent(f, 9, "GET", BRIDGE);
	engine_fixture_sent(f, 10, "POST", API "/networks/create");
	assert_int_equal(f->unhealthy, 0);
	assert_int_equal(f->resyncs, 2);
	engine_call_done(&call);
}

static void a_network_that_goes_while_the_connection_is_renewed_is_made_as_well(void **state)
{
	struct engine_fixture *f = *state;
	struct engine_call call;
	unsigned done = 0;

	engine_fixture_replies(f);
	engine_fixture_reply(f, 200, OUR_BRIDGE);
	engine_fixture_stream(f, 1000000);
	fake_run(f->loop, 1000);
	engine_call_init(&call, on_call, &done);
	engine_fixture_reply(f, 500, "");
	engine_fixture_replies(f);
	engine_fixture_reply(f, 200, OUR_BRIDGE);
	engine_start(f->engine, &call, FIXTURE_ID);
	fake_run(f->loop, 50);
	assert_int_equal(fake_sent_count(f->loop), 10);
	engine_fixture_reply(f, 404, "{\"message\":\"network berth-default not found\"}");
	engine_fixture_replies(f);
	engine_fixture_reply(f, 404, "{\"message\":\"network berth-default not found\"}");
	engine_fixture_reply(f, 201, "{\"Id\":\"0a\"}");
	engine_start(f->engine, &call, FIXTURE_ID);
	fake_run(f->loop, 2000);
	engine_fixture_sent(f, 15, "POST", API "/networks/create");
	assert_int_equal(f->unhealthy, 0);
	engine_call_done(&call);
}

#define TEST(name)	       cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_WITH_BRIDGE(name) cmocka_unit_test_setup_teardown(name, set_up_with_bridge, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_fit_engine_is_healthy_once_its_events_are_subscribed),
		TEST_WITH_BRIDGE(a_missing_network_is_made),
		TEST_WITH_BRIDGE(a_network_of_ours_is_used_as_it_is),
		TEST_WITH_BRIDGE(a_network_of_somebody_else_makes_the_engine_unfit),
		TEST(an_engine_that_is_not_there_is_told_once_and_tried_again),
		TEST(an_engine_that_is_too_old_is_refused_even_after_it_was_not_there),
		TEST(an_old_podman_engine_is_refused),
		TEST(an_engine_that_refuses_the_events_is_not_healthy),
		TEST(a_reply_that_makes_no_sense_is_temporary),
		TEST(a_healthy_engine_is_pinged_and_listed_now_and_then),
		TEST(an_engine_that_hangs_becomes_unhealthy_and_comes_back),
		TEST(a_stream_that_ends_is_renewed_while_the_engine_stays_healthy),
		TEST(an_engine_that_is_gone_when_its_stream_ends_is_unhealthy_at_once),
		TEST(streams_that_end_quickly_are_not_renewed_in_a_rush),
		TEST(a_call_without_a_connection_has_the_engine_looked_at_at_once),
		TEST_WITH_BRIDGE(a_start_without_its_network_has_the_network_made_again),
		TEST_WITH_BRIDGE(
			a_network_that_goes_while_the_connection_is_renewed_is_made_as_well),
	};

	return cmocka_run_group_tests_name("engine connection", tests, NULL, NULL);
}
