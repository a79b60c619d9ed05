/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan that uses everything, against what Docker 20.10.24 (API v1.41) answered about the
 * container it made of it (tests/golden/docker_inspect.json, recorded; the image's id and what
 * names a machine are replaced or left out), whole and with one thing changed at a time.
 */
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

static void a_container_as_docker_makes_it_keeps_every_promise(void **state)
{
	struct case_state c;
	(void)state;

	begin(&c);
	assert_verified(&c);
	case_end(&c);
}

static void every_promise_that_an_engine_drops_is_found(void **state)
{
	static const struct {
		const char *path, *json, *start;
	} cases[] = {
		{"HostConfig.ReadonlyRootfs", "true",
		 "HostConfig.ReadonlyRootfs: asked for false, the engine made it true"},
		{"HostConfig.CapDrop", "null",
		 "HostConfig.CapDrop: asked for [\"ALL\"], the engine made it nothing"},
		{"HostConfig.CapAdd", "[\"CAP_CHOWN\"]",
		 "HostConfig.CapAdd: asked for [\"CAP_CHOWN\",\"CAP_NET_BIND_SERVICE\"], the "
		 "engine "
		 "made it [\"CAP_CHOWN\"]"},
		{"HostConfig.CapAdd", "\"ALL\"",
		 "HostConfig.CapAdd: asked for [\"CAP_CHOWN\",\"CAP_NET_BIND_SERVICE\"], the "
		 "engine "
		 "made it \"ALL\""},
		{"HostConfig.SecurityOpt", "[\"seccomp=unconfined\"]",
		 "HostConfig.SecurityOpt: asked for nothing, the engine made it "
		 "[\"seccomp=unconfined\"]"},
		{"HostConfig.PidsLimit", "null",
		 "HostConfig.PidsLimit: asked for 512, the engine made it nothing"},
		{"HostConfig.Memory", "0",
		 "HostConfig.Memory: asked for 2147483648, the engine made it 0"},
		{"HostConfig.MemorySwap", "-1",
		 "HostConfig.MemorySwap: asked for 3221225472, the engine made it -1"},
		{"HostConfig.NanoCpus", "0",
		 "HostConfig.NanoCpus: asked for 125000000, the engine made it 0"},
		{"HostConfig.OomScoreAdj", NULL,
		 "HostConfig.OomScoreAdj: asked for 500, the engine made it nothing"},
		{"HostConfig.ShmSize", "1",
		 "HostConfig.ShmSize: asked for 67108864, the engine made it 1"},
		{"HostConfig.Init", "null",
		 "HostConfig.Init: asked for true, the engine made it nothing"},
		{"HostConfig.IpcMode", "\"shareable\"",
		 "HostConfig.IpcMode: asked for \"private\", the engine made it \"shareable\""},
		{"HostConfig.CgroupnsMode", "\"host\"",
		 "HostConfig.CgroupnsMode: asked for \"private\", the engine made it \"host\""},
		{"HostConfig.NetworkMode", "\"host\"",
		 "HostConfig.NetworkMode: asked for \"none\", the engine made it \"host\""},
		{"HostConfig.RestartPolicy.Name", "\"always\"",
		 "HostConfig.RestartPolicy.Name: asked for \"no\", the engine made it \"always\""},
		{"HostConfig.LogConfig.Type", "\"local\"",
		 "HostConfig.LogConfig[Type]: asked for \"json-file\", the engine made it "
		 "\"local\""},
		{"HostConfig.LogConfig.Config", "{}",
		 "HostConfig.LogConfig[Config]: asked for "
		 "{\"max-size\":\"524288\",\"max-file\":\"2\"}, the engine made it nothing"},
		{"HostConfig.Tmpfs./tmp", NULL,
		 "HostConfig.Tmpfs[/tmp]: asked for "
		 "\"rw,nosuid,nodev,noexec,size=4096,mode=1777,uid=4000,gid=4001\", the engine "
		 "made "
		 "it nothing"},
		{"HostConfig.Tmpfs./etc", "\"size=1\"",
		 "HostConfig.Tmpfs[/etc]: asked for nothing, the engine made it \"size=1\""},
		{"HostConfig.Ulimits", "[{\"Name\":\"nofile\",\"Soft\":1048576,\"Hard\":1048576}]",
		 "HostConfig.Ulimits: asked for [{\"Name\":\"nofile\",\"Soft\":4096,\"Hard\":4096},"
		 "{\"Name\":\"nproc\",\"Soft\":16384,\"Hard\":16384},{\"Name\":\"core\", the "
		 "engine "
		 "made it [{\"Name\":\"nofile\",\"Soft\":1048576,\"Hard\":1048576}]"},
		{"Config.User", "\"\"",
		 "Config.User: asked for \"4000:4001\", the engine made it nothing"},
		{"Config.StopTimeout", "10",
		 "Config.StopTimeout: asked for 2, the engine made it 10"},
		{"Config.Healthcheck", NULL,
		 "Config.Healthcheck.Test: asked for [\"NONE\"], the engine made it nothing"},
		{"Config.OpenStdin", "true",
		 "Config.OpenStdin: asked for false, the engine made it true"},
		{"Config.Entrypoint", "[\"/usr/bin/other\"]",
		 "Config.Entrypoint: asked for [\"/usr/bin/run\",\"--once\"], the engine made it "
		 "[\"/usr/bin/other\"]"},
		{"Config.Cmd", "[\"sh\"]",
		 "Config.Cmd: asked for nothing, the engine made it [\"sh\"]"},
		{"Name", "\"/other\"", "Name: asked for berth-work_01, the engine made it /other"},
		{"Name", NULL, "Name: asked for berth-work_01, the engine made it none"},
		{"Image", "\"sha256:9\"",
		 "Image: asked for sha256:0123, the engine made it sha256:9"},
		{"Image", NULL, "Image: asked for sha256:0123, the engine made it none"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_change_is_found(cases[i].path, cases[i].json, cases[i].start);
}

static void whatever_opens_the_host_is_found(void **state)
{
	static const struct {
		const char *field, *json;
	} cases[] = {
		{"Privileged", "true"},
		{"PidMode", "\"host\""},
		{"UTSMode", "\"host\""},
		{"UsernsMode", "\"host\""},
		{"Devices", "[{\"PathOnHost\":\"/dev/kvm\"}]"},
		{"DeviceRequests", "[{\"Count\":-1}]"},
		{"DeviceCgroupRules", "[\"a *:* rwm\"]"},
		{"Binds", "[\"/:/host\"]"},
		{"VolumesFrom", "[\"other\"]"},
		{"GroupAdd", "[\"docker\"]"},
		{"Sysctls", "{\"net.ipv4.ip_forward\":\"1\"}"},
		{"PortBindings", "{\"80/tcp\":[{\"HostPort\":\"80\"}]}"},
		{"PublishAllPorts", "true"},
		{"Links", "[\"db:db\"]"},
		{"ExtraHosts", "[\"a:192.0.2.1\"]"},
		{"AutoRemove", "true"},
		{"OomKillDisable", "true"},
		{"CgroupParent", "\"/other\""},
		{"Cgroup", "\"container:other\""},
		{"Annotations", "{\"a\":\"b\"}"},
		{"Dns", "[\"192.0.2.1\"]"},
		{"DnsOptions", "[\"debug\"]"},
		{"DnsSearch", "[\"example.com\"]"},
		{"StorageOpt", "{\"size\":\"1G\"}"},
		{"CpuRealtimePeriod", "1000"},
		{"CpuRealtimeRuntime", "1000"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char path[64], start[256];

		(void)snprintf(path, sizeof(path), "HostConfig.%s", cases[i].field);
		(void)snprintf(start, sizeof(start), "%s: asked for nothing, the engine made it %s",
			       path, cases[i].json);
		assert_change_is_found(path, cases[i].json, start);
	}
}

static void open_kernel_files_are_found(void **state)
{
	(void)state;
	assert_change_is_found("HostConfig.MaskedPaths", "[]",
			       "HostConfig.MaskedPaths: asked for /proc/acpi, the engine made it "
			       "nothing");
	assert_change_is_found("HostConfig.MaskedPaths", "[\"/proc/acpi\",\"/proc/kcore\"]",
			       "HostConfig.MaskedPaths: asked for /proc/keys, the engine made it "
			       "nothing");
	assert_change_is_found("HostConfig.ReadonlyPaths", "null",
			       "HostConfig.ReadonlyPaths: asked for /proc/bus, the engine made it "
			       "nothing");
}

static void a_remedy_says_what_to_do(void **state)
{
	struct case_state c;
	struct err err;
	(void)state;

	begin(&c);
	change(c.inspect, "HostConfig.Memory", "0");
	assert_int_equal(docker_verify(c.plan, c.inspect, &err), -EPERM);
	assert_string_equal(err.text,
			    "HostConfig.Memory: asked for 2147483648, the engine made it 0; give "
			    "the engine the means (cgroup controllers, see its `info`), or list "
			    "'memory' under `unenforced` of the policy");
	case_end(&c);
}

static void a_promise_that_is_waived_is_not_looked_at(void **state)
{
	static const struct {
		const char *path, *json;
		unsigned waiver;
	} cases[] = {
		{"HostConfig.Memory", "0", WAIVE_MEMORY},
		{"HostConfig.MemorySwap", "-1", WAIVE_SWAP},
		{"HostConfig.MemorySwap", "0", WAIVE_MEMORY},
		{"HostConfig.PidsLimit", "null", WAIVE_PIDS},
		{"HostConfig.NanoCpus", "0", WAIVE_CPUS},
		{"HostConfig.Ulimits", "[]", WAIVE_ULIMITS},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct case_state c;

		begin(&c);
		change(c.inspect, cases[i].path, cases[i].json);
		assert_int_equal(docker_verify(c.plan, c.inspect, NULL), -EPERM);
		c.fixture.policy->unenforced = cases[i].waiver;
		assert_verified(&c);
		change(c.inspect, "HostConfig.Privileged", "true");
		assert_int_equal(docker_verify(c.plan, c.inspect, NULL), -EPERM);
		case_end(&c);
	}
}

static void order_and_ways_to_say_nothing_do_not_matter(void **state)
{
	struct case_state c;
	(void)state;

	begin(&c);
	change(c.inspect, "HostConfig.CapAdd", "[\"CAP_NET_BIND_SERVICE\",\"CAP_CHOWN\"]");
	change(c.inspect, "HostConfig.SecurityOpt", "[]");
	change(c.inspect, "HostConfig.Devices", "[]");
	change(c.inspect, "HostConfig.PortBindings", "{}");
	change(c.inspect, "HostConfig.Privileged", NULL);
	change(c.inspect, "HostConfig.OomKillDisable", "null");
	change(c.inspect, "Config.Cmd", "null");
	change(c.inspect, "HostConfig.Ulimits",
	       "[{\"Name\":\"core\",\"Hard\":1048576,\"Soft\":1048576},"
	       "{\"Name\":\"nproc\",\"Hard\":16384,\"Soft\":16384},"
	       "{\"Name\":\"memlock\",\"Hard\":1,\"Soft\":1},"
	       "{\"Name\":\"nofile\",\"Hard\":4096,\"Soft\":4096}]");
	assert_verified(&c);
	case_end(&c);
}

static void the_runtime_is_the_policys_or_else_the_engines_own(void **state)
{
	static const char path[] = "HostConfig.Runtime";
	struct case_state c;
	struct err err;
	(void)state;

	begin(&c);
	assert_int_equal(verify_runtime(c.plan, path, "crun", c.inspect, &err), 0);
	change(c.inspect, path, "\"runsc\"");
	assert_int_equal(verify_runtime(c.plan, path, "crun", c.inspect, &err), -EPERM);
	assert_string_equal(err.text, "HostConfig.Runtime: asked for runc, the engine made it "
				      "runsc; install the runtime on the engine's host and name it "
				      "in the engine's configuration");
	free(TAKE(c.fixture.policy->runtime));
	assert_int_equal(verify_runtime(c.plan, path, "runsc", c.inspect, &err), 0);
	assert_int_equal(verify_runtime(c.plan, path, "crun", c.inspect, &err), -EPERM);
	/* An engine that does not name its own has nothing to compare with. */
	assert_int_equal(verify_runtime(c.plan, path, "", c.inspect, &err), 0);
	case_end(&c);
}

static void a_limit_that_is_there_twice_is_found(void **state)
{
	struct case_state c;
	(void)state;

	begin(&c);
	change(c.inspect, "HostConfig.Ulimits",
	       "[{\"Name\":\"core\",\"Hard\":1048576,\"Soft\":1048576},"
	       "{\"Name\":\"nproc\",\"Hard\":16384,\"Soft\":16384},"
	       "{\"Name\":\"nofile\",\"Hard\":4096,\"Soft\":4096},"
	       "{\"Name\":\"nofile\",\"Hard\":9999,\"Soft\":9999}]");
	assert_int_equal(docker_verify(c.plan, c.inspect, NULL), -EPERM);
	case_end(&c);
}

static void another_command_than_the_images_is_found(void **state)
{
	struct case_state c;
	(void)state;

	begin(&c);
	for (char **word = c.plan->command; *word; word++)
		free(*word);
	free(TAKE(c.plan->command));
	assert_broken(&c, "Config.Entrypoint: asked for [\"/usr/bin/worker\"], the engine made it "
			  "[\"/usr/bin/run\",\"--once\"]");
	change(c.inspect, "Config.Entrypoint", "[\"/usr/bin/worker\"]");
	assert_verified(&c);
	change(c.inspect, "Config.Cmd", "[\"sh\"]");
	assert_broken(&c, "Config.Cmd: asked for nothing, the engine made it [\"sh\"]");
	case_end(&c);
}

static void another_network_or_a_link_is_found(void **state)
{
	struct case_state c;
	(void)state;

	begin(&c);
	change(c.inspect, "NetworkSettings", "{\"Networks\":{\"none\":{\"Links\":null}}}");
	assert_verified(&c);
	change(c.inspect, "NetworkSettings", "{\"Networks\":{\"none\":{},\"other\":{}}}");
	assert_broken(&c, "NetworkSettings.Networks: asked for none, the engine made it "
			  "{\"none\":{},\"other\":{}}");
	change(c.inspect, "NetworkSettings", "{\"Networks\":{\"none\":{\"Links\":[\"a:b\"]}}}");
	assert_int_equal(docker_verify(c.plan, c.inspect, NULL), -EPERM);
	case_end(&c);
}

static void variables_are_compared_and_their_values_never_told(void **state)
{
	struct case_state c;
	(void)state;

	begin(&c);
	change_variable(&c, "ANTHROPIC_ENVIRONMENT_KEY=", "ANTHROPIC_ENVIRONMENT_KEY=another");
	assert_broken(&c, "Config.Env: the variable ANTHROPIC_ENVIRONMENT_KEY is not the one we "
			  "sent");
	change_variable(&c, "ANTHROPIC_ENVIRONMENT_KEY=", NULL);
	assert_broken(&c, "Config.Env: the variable ANTHROPIC_ENVIRONMENT_KEY is missing");
	case_end(&c);

	begin(&c);
	change_variable(&c, "ANTHROPIC_API_KEY=", "ANTHROPIC_API_KEY=" FIXTURE_TOKEN);
	assert_broken(&c,
		      "Config.Env: the variable ANTHROPIC_API_KEY is neither ours nor the image's");
	case_end(&c);

	begin(&c);
	change(c.inspect, "Config.Env", NULL);
	assert_broken(&c, "Config.Env: the variable LANG is missing");
	case_end(&c);

	begin(&c);
	json_append(json_get_array(json_get_object(c.inspect, "Config"), "Env"), NULL);
	assert_broken(&c, "Config.Env: the variable ? is not a text");
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
	json_add_string(labels, "berth.work", "work_01");
	json_add_string(labels, "maintainer", "of the image");
	assert_verified(&c);
	case_end(&c);
}

#define WITHHELD "(the engine's message is withheld: it repeats a secret)"

static void what_the_engine_says_is_told_on_one_line_and_without_secrets(void **state)
{
	static char long_text[] = "\"..........................................................."
				  ".............................." FIXTURE_TOKEN "\"";
	struct case_state c;
	(void)state;

	assert_change_is_found("Name", "\"/berth\\n\\u001b[2Jx\"",
			       "Name: asked for berth-work_01, the engine made it /berth [2Jx");
	assert_change_is_found("Name", "\"" FIXTURE_TOKEN "\"",
			       "Name: asked for berth-work_01, the engine made it " WITHHELD);
	/* Half of it would not fit. */
	assert_change_is_found("Name", long_text,
			       "Name: asked for berth-work_01, the engine made it " WITHHELD);
	assert_change_is_found(
		"HostConfig.Devices", "[\"session-token%2Fwith%2Bsigns\"]",
		"HostConfig.Devices: asked for nothing, the engine made it " WITHHELD);

	begin(&c);
	json_add_string(json_at(c.inspect, "HostConfig.Tmpfs"), FIXTURE_TOKEN, "\n");
	assert_broken(&c, WITHHELD ": asked for nothing, the engine made it \"\\n\"");
	case_end(&c);

	begin(&c);
	change_variable(&c, "ANTHROPIC_X", "ANTHROPIC_X" FIXTURE_TOKEN);
	assert_broken(&c, "Config.Env: the variable " WITHHELD " is neither ours nor the image's");
	case_end(&c);

	begin(&c);
	change_mount(&c, 0, "Type", "\"" FIXTURE_TOKEN "\"");
	change_mount(&c, 0, "Destination", "\"/a\\nb\"");
	assert_broken(&c, "Mounts: the engine mounts a " WITHHELD " at '/a "
			  "b' that nobody asked for");
	case_end(&c);
}

static void an_answer_without_the_fields_keeps_no_promise(void **state)
{
	struct case_state c;
	(void)state;

	begin(&c);
	change(c.inspect, "HostConfig", "[]");
	assert_int_equal(docker_verify(c.plan, c.inspect, NULL), -EPERM);
	json_object_put(c.inspect);
	c.inspect = NULL;
	assert_int_equal(docker_verify(c.plan, c.inspect, NULL), -EPERM);
	case_end(&c);
}

static void a_seccomp_profile_that_is_dropped_or_changed_is_found(void **state)
{
	static char profile[] = "{\"defaultAction\":\"SCMP_ACT_KILL\"}";
	struct case_state c;
	(void)state;

	begin(&c);
	c.fixture.policy->seccomp_profile = profile;
	assert_broken(&c, "HostConfig.SecurityOpt: asked for [\"seccomp={\\\"defaultAction\\\":"
			  "\\\"SCMP_ACT_KILL\\\"}\"], the engine made it nothing");
	change(c.inspect, "HostConfig.SecurityOpt", "[\"seccomp={}\"]");
	assert_broken(&c, "HostConfig.SecurityOpt: asked for [\"seccomp={\\\"defaultAction\\\":"
			  "\\\"SCMP_ACT_KILL\\\"}\"], the engine made it [\"seccomp={}\"]");
	change(c.inspect, "HostConfig.SecurityOpt",
	       "[\"seccomp={\\\"defaultAction\\\":\\\"SCMP_ACT_KILL\\\"}\"]");
	assert_verified(&c);
	c.fixture.policy->seccomp_profile = NULL;
	case_end(&c);
}

static void confinement_that_is_dropped_or_changed_is_found(void **state)
{
	static char profile[] = "own-profile", type[] = "own_t";
	struct case_state c;
	(void)state;

	begin(&c);
	c.fixture.policy->apparmor = profile;
	assert_broken(&c, "HostConfig.SecurityOpt: asked for [\"apparmor=own-profile\"], the "
			  "engine made it nothing");
	change(c.inspect, "HostConfig.SecurityOpt", "[\"apparmor=own-profile\"]");
	assert_broken(&c, "AppArmorProfile: asked for own-profile, the engine made it nothing");
	change(c.inspect, "AppArmorProfile", "\"docker-default\"");
	assert_broken(&c, "AppArmorProfile: asked for own-profile, the engine made it "
			  "docker-default");
	change(c.inspect, "AppArmorProfile", "\"own-profile\"");
	assert_verified(&c);

	c.fixture.policy->selinux = type;
	change(c.inspect, "HostConfig.SecurityOpt",
	       "[\"label=type:own_t\",\"apparmor=own-profile\"]");
	assert_broken(&c, "ProcessLabel: asked for own_t, the engine made it nothing");
	change(c.inspect, "ProcessLabel", "\"system_u:system_r:own_t2:s0:c1,c2\"");
	assert_broken(&c, "ProcessLabel: asked for own_t, the engine made it "
			  "system_u:system_r:own_t2:s0:c1,c2");
	change(c.inspect, "ProcessLabel", "\"own_t:own_t\"");
	assert_broken(&c, "ProcessLabel: asked for own_t, the engine made it own_t:own_t");
	change(c.inspect, "ProcessLabel", "\"system_u:system_r:own_t:s0:c1,c2\"");
	assert_verified(&c);
	c.fixture.policy->apparmor = c.fixture.policy->selinux = NULL;
	case_end(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_container_as_docker_makes_it_keeps_every_promise),
		cmocka_unit_test(every_promise_that_an_engine_drops_is_found),
		cmocka_unit_test(whatever_opens_the_host_is_found),
		cmocka_unit_test(open_kernel_files_are_found),
		cmocka_unit_test(a_remedy_says_what_to_do),
		cmocka_unit_test(a_promise_that_is_waived_is_not_looked_at),
		cmocka_unit_test(order_and_ways_to_say_nothing_do_not_matter),
		cmocka_unit_test(the_runtime_is_the_policys_or_else_the_engines_own),
		cmocka_unit_test(a_limit_that_is_there_twice_is_found),
		cmocka_unit_test(another_command_than_the_images_is_found),
		cmocka_unit_test(another_network_or_a_link_is_found),
		cmocka_unit_test(variables_are_compared_and_their_values_never_told),
		cmocka_unit_test(a_label_that_is_lost_or_changed_is_found),
		cmocka_unit_test(what_the_engine_says_is_told_on_one_line_and_without_secrets),
		cmocka_unit_test(an_answer_without_the_fields_keeps_no_promise),
		cmocka_unit_test(a_seccomp_profile_that_is_dropped_or_changed_is_found),
		cmocka_unit_test(confinement_that_is_dropped_or_changed_is_found),
	};

	return cmocka_run_group_tests_name("docker_verify", tests, NULL, NULL);
}
