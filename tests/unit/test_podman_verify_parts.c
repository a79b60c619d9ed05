/* SPDX-License-Identifier: Apache-2.0 */
/* What is no single field of Podman's answer: the command, the runtime, networks, and lists of
 * names. The recorded answer is the one of test_podman_verify.c. */
#include "engine/podman.h"
#include "verify_fixture.h"

static void begin(struct case_state *c)
{
	case_begin(c, "podman_inspect");
	c->verify = podman_verify;
}

static void assert_change_is_found(const char *path, const char *json, const char *start)
{
	struct case_state c;

	begin(&c);
	change(c.inspect, path, json);
	assert_broken(&c, start);
	case_end(&c);
}

/* --- command, runtime, network ---------------------------------------------------------------- */

static void the_command_is_what_stands_behind_the_init(void **state)
{
	static const struct {
		const char *json, *got;
	} cases[] = {
		{"[\"--\",\"/usr/bin/run\"]", "[\"--\",\"/usr/bin/run\"]"},
		{"[\"--\",\"/usr/bin/run\",\"--once\",\"sh\"]",
		 "[\"--\",\"/usr/bin/run\",\"--once\",\"sh\"]"},
		{"[\"/usr/bin/run\",\"--once\"]", "[\"/usr/bin/run\",\"--once\"]"},
		{NULL, "nothing"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *start =
			xasprintf("Args: asked for [\"--\",\"/usr/bin/run\",\"--once\"], the "
				  "engine made it %s",
				  cases[i].got);

		assert_change_is_found("Args", cases[i].json, start);
	}
}

static void another_command_than_the_images_is_found(void **state)
{
	struct case_state c;
	(void)state;

	begin(&c);
	for (char **word = c.plan->command; *word; word++)
		free(*word);
	free(TAKE(c.plan->command));
	assert_broken(&c, "Args: asked for [\"--\",\"/usr/bin/worker\"], the engine made it "
			  "[\"--\",\"/usr/bin/run\",\"--once\"]");
	change(c.inspect, "Args", "[\"--\",\"/usr/bin/worker\"]");
	assert_verified(&c);
	case_end(&c);
}

static void a_file_of_the_containers_own_that_is_elsewhere_is_found(void **state)
{
	static const char *const paths[] = {"ConmonPidFile", "PidFile",
					    "HostConfig.LogConfig.Path"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_free_ char *start = xasprintf(
			"%s: asked for the engine's own file, the engine made it /etc/cron.d/x",
			paths[i]);
		assert_change_is_found(paths[i], "\"/etc/cron.d/x\"", start);
	}
}

static void what_tells_the_runtime_to_do_otherwise_is_found(void **state)
{
	struct case_state c;
	(void)state;

	begin(&c);
	change(c.inspect, "Config.Annotations", "{\"vendor\":\"x\"}");
	assert_verified(&c);
	change(c.inspect, "Config.Annotations", "{\"run.oci.keep_original_groups\":\"1\"}");
	assert_broken(&c,
		      "Config.Annotations[run.oci.keep_original_groups]: asked for nothing, the "
		      "engine made it \"1\"");
	case_end(&c);
}

#define NETWORKS "NetworkSettings.Networks"

static void a_network_that_nobody_asked_for_is_found(void **state)
{
	(void)state;
	assert_change_is_found(NETWORKS, "{\"podman\":{}}",
			       NETWORKS ": asked for nothing, the engine made it {\"podman\":{}}");
}

static void a_session_with_a_stack_of_its_own_is_on_no_network(void **state)
{
	struct case_state c;
	(void)state;

	begin(&c);
	c.plan->network_kind = NETWORK_UNRESTRICTED;
	assert_broken(&c, "HostConfig.NetworkMode: asked for \"slirp4netns\", the engine made it "
			  "\"none\"");
	change(c.inspect, "HostConfig.NetworkMode", "\"slirp4netns\"");
	assert_verified(&c);
	change(c.inspect, NETWORKS, "{\"podman\":{}}");
	assert_broken(&c, NETWORKS ": asked for nothing, the engine made it {\"podman\":{}}");
	case_end(&c);
}

static void a_session_on_a_network_of_the_engine_is_on_that_one_alone(void **state)
{
	struct case_state c;
	(void)state;

	begin(&c);
	free(c.plan->network);
	c.plan->network = xstrdup("build-net");
	c.plan->network_kind = NETWORK_ENGINE;
	change(c.inspect, "HostConfig.NetworkMode", "\"bridge\"");
	assert_broken(&c, NETWORKS ": asked for build-net, the engine made it nothing");
	change(c.inspect, NETWORKS, "{\"podman\":{}}");
	assert_broken(&c, NETWORKS ": asked for build-net, the engine made it {\"podman\":{}}");
	change(c.inspect, NETWORKS, "{\"build-net\":{},\"podman\":{}}");
	assert_broken(&c, NETWORKS ": asked for build-net, the engine made it "
				   "{\"build-net\":{},\"podman\":{}}");
	change(c.inspect, NETWORKS, "{\"build-net\":{\"NetworkID\":\"build-net\"}}");
	assert_verified(&c);
	case_end(&c);
}

/* --- variables, labels, mounts ---------------------------------------------------------------- */

static void variables_are_compared_and_their_values_never_told(void **state)
{
	struct case_state c;
	(void)state;

	begin(&c);
	change_variable(&c, "ANTHROPIC_WORK_SECRET=", "ANTHROPIC_WORK_SECRET=another");
	assert_broken(&c, "Config.Env: the variable ANTHROPIC_WORK_SECRET is not the one we sent");
	change_variable(&c, "ANTHROPIC_WORK_SECRET=", NULL);
	assert_broken(&c, "Config.Env: the variable ANTHROPIC_WORK_SECRET is missing");
	case_end(&c);

	begin(&c);
	change_variable(&c, "ANTHROPIC_API_KEY=", "ANTHROPIC_API_KEY=" FIXTURE_TOKEN);
	assert_broken(&c,
		      "Config.Env: the variable ANTHROPIC_API_KEY is neither ours nor the image's");
	case_end(&c);
}

static void a_label_that_is_lost_or_changed_is_found(void **state)
{
	struct json_object *labels;
	struct case_state c;
	(void)state;

	begin(&c);
	labels = json_get_object(json_get_object(c.inspect, "Config"), "Labels");
	json_add_string(labels, "berth.work", "work_02");
	assert_broken(&c,
		      "Config.Labels[berth.work]: asked for work_01, the engine made it work_02");
	json_object_object_del(labels, "berth.work");
	assert_broken(&c,
		      "Config.Labels[berth.work]: asked for work_01, the engine made it nothing");
	case_end(&c);
}

static void what_is_mounted_is_what_was_asked_for(void **state)
{
	static const struct {
		size_t index;
		const char *key, *json, *start;
	} cases[] = {
		{0, "RW", "true", "Mounts: asked for read-only, the engine made it writable"},
		{0, "Options", "[\"rbind\"]", "Mounts: asked for bind, the engine made it rbind"},
		{1, "RW", "false", "Mounts: asked for writable, the engine made it read-only"},
		{0, "Source", "\"/etc\"",
		 "Mounts: asked for /srv/berth/cache, the engine made it /etc"},
		{0, "Type", "\"volume\"",
		 "Mounts: asked for /srv/berth/cache, the engine made it /srv/berth/cache"},
		{0, "Destination", "\"/etc\"",
		 "Mounts: the engine mounts a bind at '/etc' that nobody asked for"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct case_state c;

		begin(&c);
		change_mount(&c, cases[i].index, cases[i].key, cases[i].json);
		assert_broken(&c, cases[i].start);
		case_end(&c);
	}
	assert_change_is_found("Mounts", "[]",
			       "Mounts: asked for /cache, the engine made it nothing");
}

static void an_anonymous_volume_is_found(void **state)
{
	struct json_object *volume = json_new_object();
	struct case_state c;
	(void)state;

	begin(&c);
	json_add_string(volume, "Type", "volume");
	json_add_string(volume, "Destination", "/data");
	json_append(json_get_array(c.inspect, "Mounts"), volume);
	assert_broken(&c, "Mounts: the engine mounts a volume at '/data' that nobody asked for");
	case_end(&c);
}

static void an_answer_without_the_fields_keeps_no_promise(void **state)
{
	struct case_state c;
	(void)state;

	begin(&c);
	change(c.inspect, "HostConfig", "[]");
	assert_int_equal(podman_verify(c.plan, c.inspect, NULL), -EPERM);
	json_object_put(c.inspect);
	c.inspect = NULL;
	assert_int_equal(podman_verify(c.plan, c.inspect, NULL), -EPERM);
	case_end(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_command_is_what_stands_behind_the_init),
		cmocka_unit_test(another_command_than_the_images_is_found),
		cmocka_unit_test(a_file_of_the_containers_own_that_is_elsewhere_is_found),
		cmocka_unit_test(what_tells_the_runtime_to_do_otherwise_is_found),
		cmocka_unit_test(a_network_that_nobody_asked_for_is_found),
		cmocka_unit_test(a_session_with_a_stack_of_its_own_is_on_no_network),
		cmocka_unit_test(a_session_on_a_network_of_the_engine_is_on_that_one_alone),
		cmocka_unit_test(variables_are_compared_and_their_values_never_told),
		cmocka_unit_test(a_label_that_is_lost_or_changed_is_found),
		cmocka_unit_test(what_is_mounted_is_what_was_asked_for),
		cmocka_unit_test(an_anonymous_volume_is_found),
		cmocka_unit_test(an_answer_without_the_fields_keeps_no_promise),
	};

	return cmocka_run_group_tests_name("podman_verify_parts", tests, NULL, NULL);
}
