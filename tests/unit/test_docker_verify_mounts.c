/* SPDX-License-Identifier: Apache-2.0 */
/* What Docker mounts, against what the plan asked for: see test_docker_verify.c. */
#include "engine/docker.h"
#include "engine/verify.h"
#include "verify_fixture.h"

static void begin(struct case_state *c)
{
	case_begin(c, "docker_inspect");
	set_image_environment(c, "PATH=/bin");
	c->verify = docker_verify;
}

static void assert_change_is_found(const char *path, const char *json, const char *start)
{
	struct case_state c;

	begin(&c);
	change(c.inspect, path, json);
	assert_broken(&c, start);
	case_end(&c);
}

static void what_is_mounted_is_what_was_asked_for(void **state)
{
	static const struct {
		size_t index;
		const char *key, *json, *start;
	} cases[] = {
		{1, "RW", "true", "Mounts: asked for read-only, the engine made it writable"},
		{0, "RW", "false", "Mounts: asked for writable, the engine made it read-only"},
		{0, "Source", "\"/etc\"",
		 "Mounts: asked for /srv/berth/cache, the engine made it /etc"},
		{0, "Type", "\"volume\"",
		 "Mounts: asked for /srv/berth/cache, the engine made it /srv/berth/cache"},
		{0, "Destination", "\"/etc\"",
		 "Mounts: the engine mounts a bind at '/etc' that nobody asked for"},
		{0, "Destination", NULL,
		 "Mounts: the engine mounts a bind at '?' that nobody asked for"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct case_state c;

		begin(&c);
		change_mount(&c, cases[i].index, cases[i].key, cases[i].json);
		assert_broken(&c, cases[i].start);
		case_end(&c);
	}
}

static void a_read_only_mount_that_brings_others_along_is_found(void **state)
{
	static const char start[] = "HostConfig.Mounts[/cache].BindOptions.NonRecursive: asked for "
				    "true, the engine made it nothing";
	struct case_state c;
	(void)state;

	begin(&c);
	change(json_object_array_get_idx(json_at(c.inspect, "HostConfig.Mounts"), 0),
	       "BindOptions.NonRecursive", NULL);
	assert_broken(&c, start);
	case_end(&c);
	assert_change_is_found("HostConfig.Mounts", NULL, start);
}

static void a_mount_that_is_not_there_is_found(void **state)
{
	(void)state;
	assert_change_is_found("Mounts", "[]",
			       "Mounts: asked for /cache, the engine made it "
			       "nothing");
	assert_change_is_found("Mounts", NULL,
			       "Mounts: asked for /cache, the engine made it "
			       "nothing");
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

static void a_mount_of_the_engines_own_directory_is_refused(void **state)
{
	static const char *const roots[] = {"/srv", "/srv/berth/cache", "/srv/berth/cache/docker"};
	struct case_state c;
	struct err err;
	(void)state;

	begin(&c);
	assert_int_equal(verify_sources(c.plan, "/var/lib/docker", &err), 0);
	assert_int_equal(verify_sources(c.plan, NULL, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		_cleanup_free_ char *text = xasprintf(
			"mounts: source '/srv/berth/cache' would give the session the engine's own "
			"directory '%s'; mount a directory made for sessions",
			roots[i]);
		assert_int_equal(verify_sources(c.plan, roots[i], &err), -EPERM);
		assert_string_equal(err.text, text);
	}
	case_end(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_mounted_is_what_was_asked_for),
		cmocka_unit_test(a_read_only_mount_that_brings_others_along_is_found),
		cmocka_unit_test(a_mount_that_is_not_there_is_found),
		cmocka_unit_test(an_anonymous_volume_is_found),
		cmocka_unit_test(a_mount_of_the_engines_own_directory_is_refused),
	};

	return cmocka_run_group_tests_name("docker_verify_mounts", tests, NULL, NULL);
}
