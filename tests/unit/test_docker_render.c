/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/docker.h"
#include "golden.h"
#include "plan_fixture.h"

/* The plan of an input that uses everything a policy and a configuration can say. */
static struct plan *full_plan(struct fixture *f)
{
	static char run[] = "/usr/bin/run", once[] = "--once", lang[] = "LANG", utf[] = "C.UTF-8";
	static char team[] = "team", build[] = "build {work_id}", data[] = "/data";
	static char source[] = "/srv/berth/cache", target[] = "/cache", rw[] = "/out";
	static char *command[] = {run, once, NULL}, *volumes[] = {data, NULL};
	static const struct name_value env = {lang, utf}, labels = {team, build};
	static const struct plan_mount mounts[] = {{source, target, true}, {source, rw, false}};

	fixture_init(f, "user: 4000:4001\n"
			"read_only_root: false\n"
			"capabilities: [chown, net_bind_service]\n"
			"no_new_privileges: false\n"
			"swap: 1GiB\n"
			"cpus: 0.125\n"
			"core: 1MiB\n"
			"tmpfs: [{path: /tmp, size: 4KiB, mode: '1777'}]\n"
			"volumes: {size: 1MiB}\n"
			"mounts: {roots: [/srv/berth]}\n"
			"network: none\n"
			"runtime: runsc\n"
			"log: {size: 1MiB}\n");
	f->facts.volumes = volumes;
	f->input.command = command;
	f->input.env = &env;
	f->input.env_count = 1;
	f->input.labels = &labels;
	f->input.label_count = 1;
	f->input.mounts = mounts;
	f->input.mount_count = ARRAY_SIZE(mounts);
	f->input.base_url = "https://api.example";
	f->input.stop_grace_ms = 1001;
	return fixture_plan(f);
}

static struct policy *hardened(void)
{
	static const char *const directories[] = {"policies", NULL};
	struct policy *policy = NULL;
	struct problems problems;

	problems_init(&problems);
	assert_int_equal(policy_load("hardened", directories, &problems, &policy), 0);
	problems_done(&problems);
	return policy;
}

static void a_hardened_session_asks_for_exactly_this(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	struct policy *policy = hardened();
	f.input.policy = policy;
	struct plan *plan = fixture_plan(&f);
	assert_golden(docker_render(plan, false), "docker_hardened");
	plan_free(plan);
	policy_free(policy);
	fixture_done(&f);
}

static void everything_that_can_be_configured_is_asked_for(void **state)
{
	struct fixture f;
	struct plan *plan = full_plan(&f);
	(void)state;

	assert_golden(docker_render(plan, false), "docker_everything");
	plan_free(plan);
	fixture_done(&f);
}

static void a_masked_request_holds_no_secret_and_is_otherwise_the_same(void **state)
{
	struct fixture f;
	struct plan *plan = full_plan(&f);
	_cleanup_(json_putp) struct json_object *masked = docker_render(plan, true);
	_cleanup_(json_putp) struct json_object *sent = docker_render(plan, false);
	(void)state;

	assert_false(plan_secret_appears_in(plan, json_line(masked)));
	assert_true(plan_secret_appears_in(plan, json_line(sent)));
	assert_non_null(strstr(json_line(masked), "\"ANTHROPIC_ENVIRONMENT_KEY=***\""));
	assert_non_null(strstr(json_line(masked), "\"ANTHROPIC_WORK_SECRET=***\""));
	json_object_object_del(masked, "Env");
	json_object_object_del(sent, "Env");
	assert_true(json_object_equal(masked, sent));
	plan_free(plan);
	fixture_done(&f);
}

static void secrets_are_sent_in_the_environment_and_nowhere_else(void **state)
{
	struct fixture f;
	struct plan *plan = full_plan(&f);
	_cleanup_(json_putp) struct json_object *sent = docker_render(plan, false);
	(void)state;

	json_object_object_del(sent, "Env");
	assert_false(plan_secret_appears_in(plan, json_line(sent)));
	plan_free(plan);
	fixture_done(&f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hardened_session_asks_for_exactly_this),
		cmocka_unit_test(everything_that_can_be_configured_is_asked_for),
		cmocka_unit_test(a_masked_request_holds_no_secret_and_is_otherwise_the_same),
		cmocka_unit_test(secrets_are_sent_in_the_environment_and_nowhere_else),
	};

	return cmocka_run_group_tests_name("docker_render", tests, NULL, NULL);
}
