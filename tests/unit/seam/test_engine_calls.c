/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_fixture.h"
#include "unit/plan_fixture.h"

#include <string.h>

#define API	   "http://localhost/v1.46"
#define MAX_CALLS  6
#define LISTED(id) "{\"Id\":\"" id "\",\"Names\":[\"/berth-w\"],\"State\":\"running\"}"

struct recorder {
	struct engine_fixture engine;
	struct fixture item;
	struct plan *plan;
	struct engine_call calls[MAX_CALLS];
	unsigned done;
};

static void on_done(struct engine_call *call, void *arg)
{
	struct recorder *r = arg;

	(void)call;
	r->done++;
}

static int set_up(void **state)
{
	static struct recorder recorder;
	struct engine_options options = engine_fixture_options();

	recorder = (struct recorder){0};
	engine_fixture_init(&recorder.engine, &options);
	fixture_init(&recorder.item, NULL);
	recorder.plan = fixture_plan(&recorder.item);
	for (size_t i = 0; i < MAX_CALLS; i++)
		engine_call_init(&recorder.calls[i], on_done, &recorder);
	*state = &recorder;
	return 0;
}

static int set_up_connected(void **state)
{
	set_up(state);
	struct recorder *r = *state;
	engine_fixture_connect(&r->engine);
	return 0;
}

static int tear_down(void **state)
{
	struct recorder *r = *state;

	for (size_t i = 0; i < MAX_CALLS; i++)
		engine_call_done(&r->calls[i]);
	engine_fixture_done(&r->engine);
	plan_free(r->plan);
	fixture_done(&r->item);
	return 0;
}

static void run(struct recorder *r, uint64_t ms)
{
	fake_run(r->engine.loop, ms);
}

static size_t sent_count(const struct recorder *r)
{
	return fake_sent_count(r->engine.loop) - 4;
}

/* The n-th request after the connection was made. */
static const struct fake_sent *sent(const struct recorder *r, size_t n)
{
	assert_true(sent_count(r) > n);
	return fake_sent(r->engine.loop, 4 + n);
}

/* --- each call -------------------------------------------------------------------------------- */

static void create_sends_the_plan_and_yields_an_id(void **state)
{
	struct recorder *r = *state;
	struct engine_call *call = &r->calls[0];

	engine_fixture_reply(&r->engine, 201,
			     "{\"Id\":\"" FIXTURE_ID "\",\"Warnings\":[\"no swap\"]}");
	engine_create(r->engine.engine, call, r->plan);
	assert_int_equal(r->done, 0);
	run(r, 10);
	assert_int_equal(r->done, 1);
	assert_int_equal(call->outcome, ENGINE_OK);
	assert_string_equal(call->container_id, FIXTURE_ID);
	assert_string_equal(call->warnings, "no swap");
	assert_string_equal(sent(r, 0)->method, "POST");
	assert_string_equal(sent(r, 0)->url, API "/containers/create?name=berth-work_01");
	assert_string_equal(sent(r, 0)->headers, "Content-Type: application/json\n");
	assert_non_null(strstr(sent(r, 0)->body, FIXTURE_TOKEN));
}

static void an_error_that_echoes_the_request_is_withheld(void **state)
{
	struct recorder *r = *state;
	struct engine_call *call = &r->calls[0];

	engine_fixture_reply(&r->engine, 400, "{\"message\":\"bad variable X=" FIXTURE_TOKEN "\"}");
	engine_create(r->engine.engine, call, r->plan);
	run(r, 10);
	assert_int_equal(call->outcome, ENGINE_INVALID);
	assert_null(strstr(call->err.text, FIXTURE_TOKEN));
	assert_string_equal(call->err.text,
			    "create 'berth-work_01': HTTP 400: (the engine's message is withheld: "
			    "it repeats a secret)");
}

static void list_yields_containers(void **state)
{
	struct recorder *r = *state;
	struct engine_call *call = &r->calls[0];

	engine_fixture_reply(&r->engine, 200, "[" LISTED(FIXTURE_ID) "," LISTED(FIXTURE_ID) "]");
	engine_list(r->engine.engine, call);
	run(r, 10);
	assert_int_equal(call->outcome, ENGINE_OK);
	assert_int_equal(call->list_count, 2);
	assert_string_equal(call->list[1].name, "berth-w");
	assert_string_equal(sent(r, 0)->url,
			    API "/containers/json?all=true&filters=%7B%22label%22%3A%5B%22"
				"berth.instance%3Ddefault%22%5D%7D");
}

static void inspect_yields_a_container_and_the_whole_reply_where_that_is_asked_for(void **state)
{
	struct recorder *r = *state;

	for (int i = 0; i < 3; i++)
		engine_fixture_reply(
			&r->engine, 200,
			"{\"Id\":\"" FIXTURE_ID "\",\"Name\":\"/berth-w\",\"State\":"
			"{\"Status\":\"exited\",\"ExitCode\":3},\"Further\":1,\"Config\":"
			"{\"Env\":[\"A=1\"],\"Labels\":{\"team\":\"build\"}}}");
	engine_inspect(r->engine.engine, &r->calls[0], "berth-w");
	engine_measure(r->engine.engine, &r->calls[1], "berth-w");
	engine_inspect_whole(r->engine.engine, &r->calls[2], "berth-w");
	run(r, 10);
	for (int i = 0; i < 3; i++) {
		const struct engine_call *call = &r->calls[i];
		struct json_object *config = json_get(call->json, "Config");
		assert_int_equal(call->outcome, ENGINE_OK);
		assert_int_equal(call->container.status, CONTAINER_EXITED);
		assert_int_equal(call->container.exit_code, 3);
		assert_string_equal(container_label(&call->container, "team"), "build");
		assert_int_equal(json_object_array_length(json_get_array(config, "Env")), 1);
		assert_int_equal(json_get_int(call->json, "Further", 0), i == 2);
	}
	/* The same call does not go on to ask for all of it. */
	engine_fixture_reply(&r->engine, 200,
			     "{\"Id\":\"" FIXTURE_ID "\",\"Name\":\"/berth-w\",\"State\":"
			     "{\"Status\":\"exited\"},\"Further\":1}");
	engine_inspect(r->engine.engine, &r->calls[2], "berth-w");
	run(r, 10);
	assert_non_null(r->calls[2].json);
	assert_null(json_get(r->calls[2].json, "Further"));
}

static void kill_remove_and_the_network_have_their_paths(void **state)
{
	struct recorder *r = *state;

	for (int i = 0; i < 3; i++)
		engine_fixture_reply(&r->engine, 204, "");
	engine_kill(r->engine.engine, &r->calls[0], FIXTURE_ID, "TERM");
	engine_remove(r->engine.engine, &r->calls[1], FIXTURE_ID);
	engine_remove_bridge(r->engine.engine, &r->calls[2]);
	run(r, 10);
	assert_int_equal(r->done, 3);
	assert_string_equal(sent(r, 0)->method, "POST");
	assert_string_equal(sent(r, 0)->url, API "/containers/" FIXTURE_ID "/kill?signal=TERM");
	assert_string_equal(sent(r, 1)->method, "DELETE");
	assert_string_equal(sent(r, 1)->url, API "/containers/" FIXTURE_ID "?force=true&v=true");
	assert_string_equal(sent(r, 2)->method, "DELETE");
	assert_string_equal(sent(r, 2)->url, API "/networks/berth-default");
	for (int i = 0; i < 3; i++)
		assert_int_equal(r->calls[i].outcome, ENGINE_OK);
}

static void a_success_that_makes_no_sense_is_unknown(void **state)
{
	struct recorder *r = *state;

	engine_fixture_reply(&r->engine, 201, "{\"Id\":\"latest\"}");
	engine_fixture_reply(&r->engine, 200, "{");
	engine_fixture_reply(&r->engine, 200, "{}");
	engine_create(r->engine.engine, &r->calls[0], r->plan);
	engine_inspect(r->engine.engine, &r->calls[1], FIXTURE_ID);
	engine_list(r->engine.engine, &r->calls[2]);
	run(r, 10);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(r->calls[i].outcome, ENGINE_UNKNOWN);
		assert_int_equal(r->calls[i].err.kind, ERR_TEMPORARY);
	}
	assert_string_equal(r->calls[0].container_id, "");
}

static void a_call_that_gets_no_reply_is_unknown(void **state)
{
	struct recorder *r = *state;

	engine_start(r->engine.engine, &r->calls[0], FIXTURE_ID);
	run(r, 70000);
	assert_int_equal(r->calls[0].outcome, ENGINE_UNKNOWN);
	assert_int_equal(sent(r, 0)->timeout_ms, 60000);
}

static void a_call_before_the_engine_ever_answered_is_unreachable(void **state)
{
	struct recorder *r = *state;

	engine_create(r->engine.engine, &r->calls[0], r->plan);
	engine_list(r->engine.engine, &r->calls[1]);
	assert_int_equal(r->done, 0);
	run(r, 1);
	assert_int_equal(r->done, 2);
	assert_int_equal(r->calls[0].outcome, ENGINE_UNREACHABLE);
	assert_int_equal(r->calls[1].outcome, ENGINE_UNREACHABLE);
	assert_int_equal(r->calls[1].err.kind, ERR_TEMPORARY);
}

static void a_call_that_is_given_up_before_the_engine_answered_is_not_told(void **state)
{
	struct recorder *r = *state;

	engine_list(r->engine.engine, &r->calls[0]);
	engine_call_done(&r->calls[0]);
	run(r, 10);
	assert_int_equal(r->done, 0);
}

/* --- places for launches ---------------------------------------------------------------------- */

static void at_most_so_many_launches_are_under_way(void **state)
{
	struct recorder *r = *state;

	for (int i = 0; i < 4; i++) {
		fake_reply(r->engine.loop,
			   (struct fake_reply){.after_ms = 100, .status = 204, .body = ""});
		engine_start(r->engine.engine, &r->calls[i], FIXTURE_ID);
	}
	run(r, 99);
	assert_int_equal(sent_count(r), 2);
	run(r, 1);
	assert_int_equal(r->done, 2);
	assert_int_equal(sent_count(r), 4);
	run(r, 100);
	assert_int_equal(r->done, 4);
}

static void starts_go_before_creates_in_the_order_they_came(void **state)
{
	struct recorder *r = *state;

	for (int i = 0; i < 6; i++)
		fake_reply(r->engine.loop,
			   (struct fake_reply){.after_ms = 100, .status = 500, .body = ""});
	engine_create(r->engine.engine, &r->calls[0], r->plan);
	engine_create(r->engine.engine, &r->calls[1], r->plan);
	engine_create(r->engine.engine, &r->calls[2], r->plan);
	engine_start(r->engine.engine, &r->calls[3], "berth-a");
	engine_create(r->engine.engine, &r->calls[4], r->plan);
	engine_start(r->engine.engine, &r->calls[5], "berth-b");
	run(r, 300);
	assert_int_equal(r->done, 6);
	assert_string_equal(sent(r, 2)->url, API "/containers/berth-a/start");
	assert_string_equal(sent(r, 3)->url, API "/containers/berth-b/start");
	assert_string_equal(sent(r, 4)->url, API "/containers/create?name=berth-work_01");
}

static void a_slow_launch_gives_its_place_to_the_next(void **state)
{
	struct recorder *r = *state;

	for (int i = 0; i < 3; i++) {
		fake_reply(r->engine.loop,
			   (struct fake_reply){.after_ms = 5000, .status = 204, .body = ""});
		engine_start(r->engine.engine, &r->calls[i], FIXTURE_ID);
	}
	run(r, 999);
	assert_int_equal(sent_count(r), 2);
	run(r, 1);
	assert_int_equal(sent_count(r), 3);
	run(r, 4000);
	assert_int_equal(r->done, 2);
	/* Their ends free no further places. */
	for (int i = 3; i < 6; i++) {
		fake_reply(r->engine.loop,
			   (struct fake_reply){.after_ms = 100, .status = 204, .body = ""});
		engine_start(r->engine.engine, &r->calls[i], FIXTURE_ID);
	}
	run(r, 99);
	assert_int_equal(sent_count(r), 5);
	run(r, 2000);
	assert_int_equal(r->done, 6);
}

static void other_calls_do_not_wait_for_launches(void **state)
{
	struct recorder *r = *state;

	for (int i = 0; i < 2; i++)
		fake_reply(r->engine.loop,
			   (struct fake_reply){.after_ms = 50000, .status = 204, .body = ""});
	engine_start(r->engine.engine, &r->calls[0], FIXTURE_ID);
	engine_start(r->engine.engine, &r->calls[1], FIXTURE_ID);
	for (int i = 0; i < 2; i++)
		engine_fixture_reply(&r->engine, 204, "");
	engine_kill(r->engine.engine, &r->calls[2], FIXTURE_ID, "KILL");
	engine_remove(r->engine.engine, &r->calls[3], FIXTURE_ID);
	run(r, 10);
	assert_int_equal(r->done, 2);
	assert_false(sent(r, 0)->urgent);
	assert_true(sent(r, 2)->urgent);
	assert_true(sent(r, 3)->urgent);
}

static void a_launch_that_is_given_up_leaves_its_place(void **state)
{
	struct recorder *r = *state;

	for (int i = 0; i < 4; i++) {
		fake_reply(r->engine.loop,
			   (struct fake_reply){.after_ms = 100, .status = 204, .body = ""});
	}
	for (int i = 0; i < 4; i++)
		engine_start(r->engine.engine, &r->calls[i], FIXTURE_ID);
	engine_call_done(&r->calls[2]);
	run(r, 10);
	assert_int_equal(sent_count(r), 2);
	engine_call_done(&r->calls[0]);
	assert_true(sent(r, 0)->was_cancelled);
	run(r, 10);
	assert_int_equal(sent_count(r), 3);
	run(r, 200);
	assert_int_equal(r->done, 2);
}

struct again {
	struct recorder *recorder;
	unsigned count;
};

static void start_again(struct engine_call *call, void *arg)
{
	struct again *again = arg;

	if (++again->count < 3)
		engine_start(again->recorder->engine.engine, call, FIXTURE_ID);
}

static void a_call_may_be_used_again_from_its_own_end(void **state)
{
	struct recorder *r = *state;
	struct again again = {.recorder = r};

	for (int i = 0; i < 3; i++)
		engine_fixture_reply(&r->engine, 500, "");
	engine_call_init(&r->calls[0], start_again, &again);
	engine_start(r->engine.engine, &r->calls[0], FIXTURE_ID);
	run(r, 10);
	assert_int_equal(again.count, 3);
	assert_int_equal(r->calls[0].outcome, ENGINE_TROUBLE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_connected, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(create_sends_the_plan_and_yields_an_id),
		TEST(an_error_that_echoes_the_request_is_withheld),
		TEST(list_yields_containers),
		TEST(inspect_yields_a_container_and_the_whole_reply_where_that_is_asked_for),
		TEST(kill_remove_and_the_network_have_their_paths),
		TEST(a_success_that_makes_no_sense_is_unknown),
		TEST(a_call_that_gets_no_reply_is_unknown),
		cmocka_unit_test_setup_teardown(
			a_call_before_the_engine_ever_answered_is_unreachable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_call_that_is_given_up_before_the_engine_answered_is_not_told, set_up,
			tear_down),
		TEST(at_most_so_many_launches_are_under_way),
		TEST(starts_go_before_creates_in_the_order_they_came),
		TEST(a_slow_launch_gives_its_place_to_the_next),
		TEST(other_calls_do_not_wait_for_launches),
		TEST(a_launch_that_is_given_up_leaves_its_place),
		TEST(a_call_may_be_used_again_from_its_own_end),
	};

	return cmocka_run_group_tests_name("engine calls", tests, NULL, NULL);
}
