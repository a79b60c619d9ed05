/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Podman 4.3.1 wrote for its runtime about a container of the policy `hardened`
 * (tests/golden/podman_oci_config.json, recorded; what names a machine is replaced), whole and with
 * one thing changed at a time.
 */
#include "engine/oci_config.h"
#include "engine/verify.h"
#include "verify_fixture.h"

#define ID "1b49b80f874bf22b366e54a6b64b9d4bd4c9b051566000f7f99008220dc28c8a"

static int verify(const struct plan *plan, struct json_object *config, struct err *err)
{
	return oci_config_verify(plan, ID, config, err);
}

static void begin(struct case_state *c)
{
	_cleanup_free_ char *text = golden_read("podman_oci_config");

	fixture_init(&c->fixture, NULL);
	policy_free(c->fixture.policy);
	c->fixture.input.policy = c->fixture.policy = fixture_shipped_policy("hardened");
	c->plan = fixture_plan(&c->fixture);
	c->verify = verify;
	assert_int_equal(json_parse(text, strlen(text), &c->inspect), 0);
}

static void assert_change_is_found(const char *path, const char *json, const char *start)
{
	struct case_state c;

	begin(&c);
	change(c.inspect, path, json);
	assert_broken(&c, start);
	case_end(&c);
}

/* One more of what is a list. */
static void assert_addition_is_found(const char *path, const char *json, const char *start)
{
	struct json_object *entry = NULL;
	struct case_state c;

	begin(&c);
	assert_int_equal(json_parse(json, strlen(json), &entry), 0);
	json_append(json_at(c.inspect, path), entry);
	assert_broken(&c, start);
	case_end(&c);
}

static void what_podman_writes_by_itself_is_as_asked(void **state)
{
	struct case_state c;
	(void)state;

	begin(&c);
	assert_verified(&c);
	change(c.inspect, "linux.sysctl", "{\"net.ipv4.ping_group_range\":\"0 0\"}");
	assert_verified(&c);
	case_end(&c);
}

static void another_process_is_found(void **state)
{
	static const struct {
		const char *path, *json, *start;
	} cases[] = {
		{"process.user.uid", "0",
		 "process.user: asked for 10001:10001, the engine made it 0:10001"},
		{"process.user", NULL,
		 "process.user: asked for 10001:10001, the engine made it 0:0"},
		{"process.user.additionalGids", "[10001,7]",
		 "process.user.additionalGids: asked for no further group, the engine made it "
		 "[10001,7]"},
		{"process.capabilities", "{\"bounding\":[\"CAP_SYS_ADMIN\"]}",
		 "process.capabilities.bounding: asked for nothing, the engine made it "
		 "[\"CAP_SYS_ADMIN\"]"},
		{"process.noNewPrivileges", NULL,
		 "process.noNewPrivileges: asked for true, the engine made it nothing"},
		{"process.oomScoreAdj", "0",
		 "process.oomScoreAdj: asked for 500, the engine made it 0"},
		{"root.readonly", "false",
		 "root.readonly: asked for true, the engine made it nothing"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_change_is_found(cases[i].path, cases[i].json, cases[i].start);
}

static void a_read_only_mount_that_brings_others_along_is_found(void **state)
{
	static const char *const mounts[][2] = {
		{"{\"destination\":\"/data\",\"type\":\"bind\",\"source\":\"/srv/x\","
		 "\"options\":[\"bind\",\"ro\"]}",
		 NULL},
		{"{\"destination\":\"/data\",\"type\":\"bind\",\"source\":\"/srv/x\","
		 "\"options\":[\"rbind\",\"ro\"]}",
		 "mounts[/data]: asked for bind, the engine made it [\"rbind\",\"ro\"]"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		struct json_object *entry = NULL;
		struct case_state c;

		begin(&c);
		c.plan->mounts = xcalloc(1, sizeof(*c.plan->mounts));
		c.plan->mounts[0] = (struct plan_mount){xstrdup("/srv/x"), xstrdup("/data"), true};
		c.plan->mount_count = 1;
		assert_int_equal(json_parse(mounts[i][0], strlen(mounts[i][0]), &entry), 0);
		json_append(json_at(c.inspect, "mounts"), entry);
		if (mounts[i][1])
			assert_broken(&c, mounts[i][1]);
		else
			assert_verified(&c);
		case_end(&c);
	}
}

static void one_more_mount_is_found(void **state)
{
	(void)state;
	assert_addition_is_found(
		"mounts", "{\"destination\":\"/mnt/x\",\"type\":\"bind\",\"source\":\"/etc\"}",
		"mounts[/mnt/x]: asked for nothing, the engine made it /etc");
	assert_addition_is_found(
		"mounts",
		"{\"destination\":\"/mnt/x\",\"type\":\"overlay\",\"source\":\"/a/" ID "/b\"}",
		"mounts[/mnt/x]: asked for nothing, the engine made it /a/" ID "/b");
	assert_addition_is_found(
		"mounts", "{\"destination\":\"/proc\",\"type\":\"bind\",\"source\":\"/proc\"}",
		"mounts[/proc]: asked for nothing, the engine made it /proc");
	assert_addition_is_found("mounts", "{\"destination\":\"/proc\"}",
				 "mounts: asked for a mount, the engine made it "
				 "{\"destination\":\"/proc\"}");
}

static void a_tmpfs_with_less_than_its_options_is_found(void **state)
{
	static const char *const options[] = {
		"[\"nodev\",\"noexec\",\"size=67108864\"]",
		"[\"nosuid\",\"noexec\",\"size=67108864\"]",
		"[\"nosuid\",\"nodev\",\"size=67108864\"]",
		"[\"nosuid\",\"nodev\",\"noexec\",\"size=8g\"]",
	};
	static const char *const asked[] = {"nosuid", "nodev", "noexec", "size=67108864"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		_cleanup_free_ char *mount = xasprintf("{\"destination\":\"/var/tmp\",\"type\":"
						       "\"tmpfs\",\"source\":\"tmpfs\","
						       "\"options\":%s}",
						       options[i]);
		_cleanup_free_ char *start =
			xasprintf("mounts[/var/tmp]: asked for %s, the engine made it %s", asked[i],
				  options[i]);
		assert_addition_is_found("mounts", mount, start);
	}
}

static void a_name_space_of_anothers_is_found(void **state)
{
	static const char *const types[] = {"pid", "network", "ipc", "uts", "mount", "cgroup"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct json_object *others = json_new_array();
		_cleanup_free_ char *start = xasprintf("linux.namespaces[%s]: asked for one of its "
						       "own, the engine made it another's",
						       types[i]);
		struct case_state c;

		begin(&c);
		struct json_object *list = json_at(c.inspect, "linux.namespaces");
		for (size_t j = 0; j < json_object_array_length(list); j++) {
			struct json_object *entry = json_object_array_get_idx(list, j);
			if (strcmp(json_get_string(entry, "type"), types[i]) != 0)
				json_append(others, json_object_get(entry));
		}
		json_add(json_get_object(c.inspect, "linux"), "namespaces", others);
		assert_broken(&c, start);
		case_end(&c);
	}
	assert_change_is_found(
		"linux.namespaces", "[{\"type\":\"pid\",\"path\":\"/proc/1/ns/pid\"}]",
		"linux.namespaces[pid]: asked for one of its own, the engine made it "
		"another's");
}

static void whatever_opens_the_kernel_is_found(void **state)
{
	(void)state;
	assert_change_is_found(
		"linux.maskedPaths", NULL,
		"linux.maskedPaths: asked for /proc/acpi, the engine made it nothing");
	assert_change_is_found(
		"linux.readonlyPaths", "[\"/proc/bus\"]",
		"linux.readonlyPaths: asked for /proc/fs, the engine made it nothing");
	assert_change_is_found("linux.sysctl", "{\"kernel.msgmax\":\"1\"}",
			       "linux.sysctl[kernel.msgmax]: asked for nothing, the engine made it "
			       "\"1\"");
	assert_change_is_found("linux.devices", "[{\"path\":\"/dev/kvm\"}]",
			       "linux.devices: asked for nothing, the engine made it "
			       "[{\"path\":\"/dev/kvm\"}]");
	assert_change_is_found("linux.resources.devices", "[{\"allow\":false},{\"allow\":true}]",
			       "linux.resources.devices: asked for nothing, the engine made it "
			       "{\"allow\":true}");
}

static void what_is_nothing_at_all_is_refused(void **state)
{
	struct case_state c;
	(void)state;

	begin(&c);
	assert_int_equal(oci_config_verify(c.plan, ID, NULL, NULL), -EPERM);
	case_end(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_podman_writes_by_itself_is_as_asked),
		cmocka_unit_test(another_process_is_found),
		cmocka_unit_test(a_read_only_mount_that_brings_others_along_is_found),
		cmocka_unit_test(one_more_mount_is_found),
		cmocka_unit_test(a_tmpfs_with_less_than_its_options_is_found),
		cmocka_unit_test(a_name_space_of_anothers_is_found),
		cmocka_unit_test(whatever_opens_the_kernel_is_found),
		cmocka_unit_test(what_is_nothing_at_all_is_refused),
	};

	return cmocka_run_group_tests_name("oci_config", tests, NULL, NULL);
}
