/* SPDX-License-Identifier: Apache-2.0 */
/* The connection to a Podman, and what is asked of the kernel beside it. */
#include "engine_fixture.h"
#include "fake_process.h"

#include <errno.h>
#include <string.h>

#define API    "http://localhost/v1.41"
#define LIBPOD "http://localhost/v4.0.0/libpod"
#define EVENTS                                                                                     \
	API "/events?since=1795341598&filters=%7B%22type%22%3A%5B%22container%22%5D%2C%22label"    \
	    "%22%3A%5B%22berth.instance%3Ddefault%22%5D%7D"

static void ping(struct engine_fixture *f)
{
	fake_reply(f->loop, (struct fake_reply){.after_ms = 1,
						.status = 200,
						.headers = "libpod-api-version: 4.3.1\n",
						.body = "OK"});
}

/* The replies of a connection up to and without the event stream. */
static void replies(struct engine_fixture *f)
{
	ping(f);
	engine_fixture_reply(f, 200,
			     "{\"Version\":\"4.3.1\",\"ApiVersion\":\"1.41\","
			     "\"MinAPIVersion\":\"1.24\"}");
	engine_fixture_reply(f, 200,
			     "{\"host\":{\"cgroupManager\":\"cgroupfs\",\"cgroupVersion\":\"v1\","
			     "\"cgroupControllers\":[],\"ociRuntime\":{\"name\":\"runc\"},"
			     "\"security\":{\"rootless\":true,\"seccompEnabled\":true}},"
			     "\"store\":{\"graphRoot\":\"/home/op/containers\"}}");
}

static void connect_to(struct engine_fixture *f)
{
	replies(f);
	engine_fixture_stream(f, UINT64_C(24) * 3600 * 1000);
	fake_run(f->loop, 1000);
	assert_true(engine_is_healthy(f->engine));
}

/* Of an owner whose policy wants a network of berth's own, which no Podman needs. */
static int set_up(void **state)
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
	fake_process_end();
	return 0;
}

static void on_call(struct engine_call *call, void *arg)
{
	(void)call;
	++*(unsigned *)arg;
}

/* --- the connection --------------------------------------------------------------------------- */

static void a_podman_is_healthy_without_a_network_of_berths_own(void **state)
{
	struct engine_fixture *f = *state;

	connect_to(f);
	assert_int_equal(fake_sent_count(f->loop), 4);
	engine_fixture_sent(f, 0, "GET", "http://localhost/_ping");
	engine_fixture_sent(f, 1, "GET", "http://localhost/version");
	engine_fixture_sent(f, 2, "GET", LIBPOD "/info");
	engine_fixture_sent(f, 3, "GET", EVENTS);
	assert_int_equal(f->healthy, 1);
	assert_int_equal(f->unhealthy, 0);
	assert_string_equal(engine_description(f->engine),
			    "Podman 4.3.1, API 1.41, rootless, cgroup v1");
	assert_string_equal(engine_data_root(f->engine), "/home/op/containers");
}

static void every_request_makes_a_connection_of_its_own(void **state)
{
	struct engine_fixture *f = *state;
	struct engine_call call;
	unsigned done = 0;

	connect_to(f);
	engine_call_init(&call, on_call, &done);
	engine_fixture_reply(f, 404, "{\"message\":\"no such container\"}");
	engine_inspect(f->engine, &call, FIXTURE_ID);
	fake_run(f->loop, 10);
	engine_fixture_reply(f, 204, "");
	engine_kill(f->engine, &call, FIXTURE_ID, "TERM");
	ping(f);
	fake_run(f->loop, 10000);
	assert_int_equal(fake_sent_count(f->loop), 7);
	/* Before its answer nobody knows what it is; but that is the first connection of all. */
	for (size_t n = 1; n < 7; n++)
		assert_true(fake_sent(f->loop, n)->is_fresh);
	engine_call_done(&call);
}

static void a_docker_keeps_its_connections(void **state)
{
	struct engine_fixture fixture;
	struct engine_options options = engine_fixture_options();
	(void)state;

	engine_fixture_init(&fixture, &options);
	engine_fixture_connect(&fixture);
	for (size_t n = 0; n < fake_sent_count(fixture.loop); n++)
		assert_false(fake_sent(fixture.loop, n)->is_fresh);
	assert_false(engine_prepares(fixture.engine));
	assert_false(engine_starts_may_linger(fixture.engine));
	assert_false(engine_hides_what_cannot_run(fixture.engine));
	engine_fixture_done(&fixture);
}

static void an_answer_of_info_that_makes_no_sense_is_told_and_asked_for_again(void **state)
{
	struct engine_fixture *f = *state;

	ping(f);
	engine_fixture_reply(f, 200, "{\"Version\":\"4.3.1\",\"ApiVersion\":\"1.41\"}");
	engine_fixture_reply(f, 200, "{\"host\":{}}");
	fake_run(f->loop, 50);
	assert_int_equal(f->unhealthy, 1);
	assert_int_equal(f->err.kind, ERR_ENGINE);
	replies(f);
	engine_fixture_stream(f, 1000000);
	fake_run(f->loop, 2000);
	assert_int_equal(f->healthy, 1);
}

static void there_is_no_network_to_remove(void **state)
{
	struct engine_fixture *f = *state;
	struct engine_call call;
	unsigned done = 0;

	connect_to(f);
	engine_call_init(&call, on_call, &done);
	engine_remove_bridge(f->engine, &call);
	assert_int_equal(done, 0);
	fake_run(f->loop, 10);
	assert_int_equal(done, 1);
	assert_int_equal(call.outcome, ENGINE_OK);
	assert_int_equal(fake_sent_count(f->loop), 4);
	engine_call_done(&call);
}

static void a_start_that_fails_is_not_blamed_on_a_network(void **state)
{
	struct engine_fixture *f = *state;
	struct engine_call call;
	unsigned done = 0;

	connect_to(f);
	engine_call_init(&call, on_call, &done);
	engine_fixture_reply(f, 500, "{\"message\":\"OCI runtime error\"}");
	engine_start(f->engine, &call, FIXTURE_ID);
	fake_run(f->loop, 1000);
	assert_int_equal(call.outcome, ENGINE_TROUBLE);
	assert_int_equal(fake_sent_count(f->loop), 5);
	engine_call_done(&call);
}

/* --- what it can keep ------------------------------------------------------------------------- */

static void a_policy_it_cannot_keep_is_refused_with_both_names(void **state)
{
	static char name[] = "hardened";
	struct engine_fixture *f = *state;
	struct policy policy = {.name = name};
	struct err err;

	assert_int_equal(engine_check_policy(f->engine, &policy, &err), 0); /* nothing is known */
	connect_to(f);
	assert_int_equal(engine_check_policy(f->engine, &policy, &err), -EPERM);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.text, "policy 'hardened' cannot be kept by Podman 4.3.1, API "
					 "1.41, rootless, cgroup v1: memory,swap,pids,cpus: "));
	policy.unenforced = WAIVE_MEMORY | WAIVE_PIDS | WAIVE_CPUS;
	assert_int_equal(engine_check_policy(f->engine, &policy, &err), 0);
}

static struct container prepared(int pid, int monitor_pid)
{
	static char id[] = FIXTURE_ID;

	return (struct container){.id = id, .pid = pid, .monitor_pid = monitor_pid};
}

static void the_limits_of_the_containers_own_process_are_proven(void **state)
{
	const struct policy policy = {.pids = 64};
	struct container container = prepared(7, 0), other = prepared(8, 0);
	struct engine_fixture *f = *state;
	struct err err;

	connect_to(f);
	*fake_process() = (struct fake_process){
		.pid = 7, .owner = FIXTURE_ID, .limits = {.cgroup = "/x", .pids = 64}};
	assert_int_equal(engine_prove(f->engine, &policy, &container, &err), 0);
	fake_process()->limits.pids = 65;
	assert_int_equal(engine_prove(f->engine, &policy, &container, &err), -EPERM);
	assert_non_null(strstr(err.text, "pids: asked for 64, but the limit is 65 in cgroup /x"));
	assert_int_equal(engine_prove(f->engine, &policy, &other, &err), -EPERM);
	assert_non_null(strstr(err.text, "what holds cannot be read"));
}

static void a_process_is_known_by_the_containers_id(void **state)
{
	struct process process;
	(void)state;

	*fake_process() = (struct fake_process){.pid = 7, .start_ticks = 100, .owner = FIXTURE_ID};
	struct container container = prepared(7, 0), ended = prepared(0, 7);
	engine_find_process(&container, &process);
	assert_int_equal(process.pid, 7);
	assert_int_equal(process.start_ticks, 100);
	engine_find_process(&ended, &process);
	assert_int_equal(process.pid, 0);
	fake_process()->owner = "another";
	engine_find_process(&container, &process);
	assert_int_equal(process.pid, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_podman_is_healthy_without_a_network_of_berths_own),
		TEST(every_request_makes_a_connection_of_its_own),
		TEST(a_docker_keeps_its_connections),
		TEST(an_answer_of_info_that_makes_no_sense_is_told_and_asked_for_again),
		TEST(there_is_no_network_to_remove),
		TEST(a_start_that_fails_is_not_blamed_on_a_network),
		TEST(a_policy_it_cannot_keep_is_refused_with_both_names),
		TEST(the_limits_of_the_containers_own_process_are_proven),
		TEST(a_process_is_known_by_the_containers_id),
	};

	return cmocka_run_group_tests_name("engine podman", tests, NULL, NULL);
}
