/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/podman.h"
#include "golden.h"
#include "plan_fixture.h"

/* As an installation has it, wherever the tests run. */
static void place_profile(struct policy *policy)
{
	if (!policy->seccomp_file)
		return;
	free(policy->seccomp_file);
	policy->seccomp_file = xstrdup("/usr/local/share/berth/policies/strict-seccomp.json");
}

static void a_session_of_each_policy_asks_for_exactly_this(void **state)
{
	static const char *const names[] = {"hardened", "strict", "gvisor", "trusted"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *golden = xasprintf("podman_%s", names[i]);
		struct fixture f;

		fixture_init(&f, NULL);
		struct policy *policy = fixture_shipped_policy(names[i]);
		place_profile(policy);
		f.input.policy = policy;
		struct plan *plan = fixture_plan(&f);
		assert_golden(podman_render(plan, false), golden);
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

	assert_golden(podman_render(plan, false), "podman_everything");
	plan_free(plan);
	fixture_done(&f);
}

static void a_masked_request_holds_no_secret_and_is_otherwise_the_same(void **state)
{
	struct fixture f;
	struct plan *plan = fixture_full_plan(&f);
	_cleanup_(json_putp) struct json_object *masked = podman_render(plan, true);
	_cleanup_(json_putp) struct json_object *sent = podman_render(plan, false);
	struct json_object *shown = json_get_object(masked, "env");
	(void)state;

	assert_false(plan_secret_appears_in(plan, json_line(masked)));
	assert_true(plan_secret_appears_in(plan, json_line(sent)));
	assert_string_equal(json_get_string(shown, "ANTHROPIC_ENVIRONMENT_KEY"), "***");
	assert_string_equal(json_get_string(shown, "ANTHROPIC_WORK_SECRET"), "***");
	assert_string_equal(json_get_string(shown, "LANG"), "C.UTF-8");
	json_object_object_del(masked, "env");
	json_object_object_del(sent, "env");
	assert_true(json_object_equal(masked, sent));
	plan_free(plan);
	fixture_done(&f);
}

static void secrets_are_sent_in_the_environment_and_nowhere_else(void **state)
{
	struct fixture f;
	struct plan *plan = fixture_full_plan(&f);
	_cleanup_(json_putp) struct json_object *sent = podman_render(plan, false);
	(void)state;

	json_object_object_del(sent, "env");
	assert_false(plan_secret_appears_in(plan, json_line(sent)));
	plan_free(plan);
	fixture_done(&f);
}

/* --- networks --------------------------------------------------------------------------------- */

/* The request under a policy with this network. The caller's. */
static struct json_object *render_on(const char *network)
{
	struct fixture f;

	fixture_init(&f, network);
	struct plan *plan = fixture_plan(&f);
	struct json_object *sent = podman_render(plan, false);
	plan_free(plan);
	fixture_done(&f);
	return sent;
}

static void assert_member(struct json_object *sent, const char *key, const char *expected)
{
	struct json_object *value = json_get(sent, key);

	if (!expected)
		assert_null(value);
	else
		assert_string_equal(json_line(value), expected);
}

static void no_network_is_a_namespace_with_nothing_in_it(void **state)
{
	_cleanup_(json_putp) struct json_object *sent = render_on("network: none\n");
	(void)state;

	assert_member(sent, "netns", "{\"nsmode\":\"none\"}");
	assert_member(sent, "network_options", NULL);
	assert_member(sent, "networks", NULL);
}

static void an_unrestricted_network_is_a_stack_of_its_own_without_the_hosts_loopback(void **state)
{
	_cleanup_(json_putp) struct json_object *sent = render_on("network: unrestricted\n");
	(void)state;

	assert_member(sent, "netns", "{\"nsmode\":\"slirp4netns\"}");
	assert_member(sent, "network_options", "{\"slirp4netns\":[\"allow_host_loopback=false\"]}");
	assert_member(sent, "networks", NULL);
}

static void a_network_of_the_engine_is_joined_by_its_name(void **state)
{
	_cleanup_(json_putp) struct json_object *sent = render_on("network: engine:build-net\n");
	(void)state;

	assert_member(sent, "netns", "{\"nsmode\":\"bridge\"}");
	assert_member(sent, "networks", "{\"build-net\":{}}");
	assert_member(sent, "network_options", NULL);
}

/* --- what is not asked for -------------------------------------------------------------------- */

static void volumes_of_the_image_are_left_to_the_tmpfs_of_the_plan(void **state)
{
	_cleanup_(json_putp) struct json_object *sent = render_on(NULL);
	(void)state;

	assert_string_equal(json_get_string(sent, "image_volume_mode"), "ignore");
}

static void what_podman_ignores_or_what_would_lift_a_limit_is_never_sent(void **state)
{
	static const char *const keys[] = {"runtime",	    "oci_runtime", "cgroups_mode",
					   "cgroup_parent", "unmask",	   "privileged",
					   "devices",	    "pod",	   "volumes"};
	struct fixture f;
	struct plan *plan = fixture_full_plan(&f);
	_cleanup_(json_putp) struct json_object *sent = podman_render(plan, false);
	(void)state;

	assert_string_equal(plan->policy->runtime, "runc");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_member(sent, keys[i], NULL);
	assert_null(json_get(json_get(json_get(sent, "resource_limits"), "memory"), "swappiness"));
	plan_free(plan);
	fixture_done(&f);
}

static void the_images_own_command_is_left_to_the_image(void **state)
{
	_cleanup_(json_putp) struct json_object *sent = render_on(NULL);
	(void)state;

	assert_member(sent, "entrypoint", NULL);
	assert_member(sent, "command", NULL);
}

static void what_confines_a_session_is_asked_for_in_podmans_words(void **state)
{
	static char profile[] = "own-profile", type[] = "own_t", file[] = "/etc/berth/own.json";
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	f.policy->apparmor = profile;
	f.policy->selinux = type;
	f.policy->seccomp_file = file;
	struct plan *plan = fixture_plan(&f);
	_cleanup_(json_putp) struct json_object *sent = podman_render(plan, false);
	assert_string_equal(json_get_string(sent, "apparmor_profile"), "own-profile");
	assert_string_equal(json_line(json_get_array(sent, "selinux_opts")), "[\"type:own_t\"]");
	assert_string_equal(json_get_string(sent, "seccomp_profile_path"), "/etc/berth/own.json");
	f.policy->apparmor = f.policy->selinux = f.policy->seccomp_file = NULL;
	plan_free(plan);
	fixture_done(&f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_of_each_policy_asks_for_exactly_this),
		cmocka_unit_test(what_confines_a_session_is_asked_for_in_podmans_words),
		cmocka_unit_test(everything_that_can_be_configured_is_asked_for),
		cmocka_unit_test(a_masked_request_holds_no_secret_and_is_otherwise_the_same),
		cmocka_unit_test(secrets_are_sent_in_the_environment_and_nowhere_else),
		cmocka_unit_test(no_network_is_a_namespace_with_nothing_in_it),
		cmocka_unit_test(
			an_unrestricted_network_is_a_stack_of_its_own_without_the_hosts_loopback),
		cmocka_unit_test(a_network_of_the_engine_is_joined_by_its_name),
		cmocka_unit_test(volumes_of_the_image_are_left_to_the_tmpfs_of_the_plan),
		cmocka_unit_test(what_podman_ignores_or_what_would_lift_a_limit_is_never_sent),
		cmocka_unit_test(the_images_own_command_is_left_to_the_image),
	};

	return cmocka_run_group_tests_name("podman_render", tests, NULL, NULL);
}
