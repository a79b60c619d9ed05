/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/docker.h"
#include "golden.h"
#include "plan_fixture.h"

static void a_session_of_each_policy_asks_for_exactly_this(void **state)
{
	static const char *const names[] = {"hardened", "strict", "gvisor", "trusted"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *golden = xasprintf("docker_%s", names[i]);
		struct fixture f;

		fixture_init(&f, NULL);
		struct policy *policy = fixture_shipped_policy(names[i]);
		f.input.policy = policy;
		struct plan *plan = fixture_plan(&f);
		assert_golden(docker_render(plan, false), golden);
		plan_free(plan);
		policy_free(policy);
		fixture_done(&f);
	}
}

static void everything_that_can_be_configured_is_asked_for(void **state)
{
	struct fixture f;
	struct plan *plan = fixture_full_plan(&f);
	(void)state;

	assert_golden(docker_render(plan, false), "docker_everything");
	plan_free(plan);
	fixture_done(&f);
}

static void a_masked_request_holds_no_secret_and_is_otherwise_the_same(void **state)
{
	struct fixture f;
	struct plan *plan = fixture_full_plan(&f);
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
	struct plan *plan = fixture_full_plan(&f);
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
		cmocka_unit_test(a_session_of_each_policy_asks_for_exactly_this),
		cmocka_unit_test(everything_that_can_be_configured_is_asked_for),
		cmocka_unit_test(a_masked_request_holds_no_secret_and_is_otherwise_the_same),
		cmocka_unit_test(secrets_are_sent_in_the_environment_and_nowhere_else),
	};

	return cmocka_run_group_tests_name("docker_render", tests, NULL, NULL);
}
