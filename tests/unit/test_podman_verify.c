/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan that uses everything, against what Podman 4.3.1 (libpod API 4.0.0, rootful, runc)
 * answered about the container it made of it and prepared (tests/golden/podman_inspect.json,
 * recorded; the image's id and what names a machine are replaced or left out), whole and with one
 * thing changed at a time.
 */
#include "engine/podman.h"
#include "engine/podman_value.h"
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

static void a_container_as_podman_makes_it_keeps_every_promise(void **state)
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
		{"Config.User", "\"\"", "asked for \"4000:4001\", the engine made it nothing"},
		{"HostConfig.ReadonlyRootfs", "true", "asked for false, the engine made it true"},
		{"BoundingCaps", "[\"CAP_CHOWN\",\"CAP_NET_BIND_SERVICE\",\"CAP_SYS_ADMIN\"]",
		 "asked for [\"CAP_CHOWN\",\"CAP_NET_BIND_SERVICE\"], the engine made it "
		 "[\"CAP_CHOWN\",\"CAP_NET_BIND_SERVICE\",\"CAP_SYS_ADMIN\"]"},
		{"BoundingCaps", "null",
		 "asked for [\"CAP_CHOWN\",\"CAP_NET_BIND_SERVICE\"], the engine made it nothing"},
		{"HostConfig.SecurityOpt", "[\"seccomp=unconfined\"]",
		 "asked for nothing, the engine made it [\"seccomp=unconfined\"]"},
		{"HostConfig.Privileged", "true", "asked for nothing, the engine made it true"},
		{"HostConfig.PidsLimit", "0", "asked for 512, the engine made it 0"},
		{"HostConfig.Memory", "0", "asked for 2147483648, the engine made it 0"},
		{"HostConfig.MemorySwap", "-1", "asked for 3221225472, the engine made it -1"},
		{"HostConfig.NanoCpus", "0", "asked for 125000000, the engine made it 0"},
		{"HostConfig.Ulimits", "[]",
		 "asked for [{\"Name\":\"RLIMIT_NOFILE\",\"Soft\":4096,\"Hard\":4096},"
		 "{\"Name\":\"RLIMIT_NPROC\",\"Soft\":16384,\"Hard\":16384},"
		 ", the engine made it nothing"},
		{"HostConfig.OomScoreAdj", NULL, "asked for 500, the engine made it nothing"},
		{"HostConfig.ShmSize", "1", "asked for 67108864, the engine made it 1"},
		{"HostConfig.Init", "false", "asked for true, the engine made it false"},
		{"HostConfig.IpcMode", "\"host\"",
		 "asked for nothing, the engine made it \"host\""},
		{"HostConfig.PidMode", "\"host\"",
		 "asked for \"private\", the engine made it \"host\""},
		{"HostConfig.UTSMode", "\"host\"",
		 "asked for \"private\", the engine made it \"host\""},
		{"HostConfig.CgroupMode", "\"host\"",
		 "asked for \"private\", the engine made it \"host\""},
		{"HostConfig.Cgroups", "\"disabled\"",
		 "asked for \"default\", the engine made it \"disabled\""},
		{"HostConfig.NetworkMode", "\"host\"",
		 "asked for \"none\", the engine made it \"host\""},
		{"HostConfig.LogConfig.Type", "\"journald\"",
		 "asked for \"k8s-file\", the engine made it \"journald\""},
		{"HostConfig.LogConfig.Size", "\"0B\"",
		 "asked for \"1.049MB\", the engine made it \"0B\""},
		{"HostConfig.RestartPolicy.Name", "\"always\"",
		 "asked for \"no\", the engine made it \"always\""},
		{"Config.StopTimeout", "10", "asked for 2, the engine made it 10"},
		{"Config.Timeout", "60", "asked for nothing, the engine made it 60"},
		{"Config.Healthcheck.Test", "[\"CMD\",\"true\"]",
		 "asked for [\"NONE\"], the engine made it [\"CMD\",\"true\"]"},
		{"Config.AttachStdin", "true", "asked for nothing, the engine made it true"},
		{"Config.OpenStdin", "true", "asked for nothing, the engine made it true"},
		{"Config.Tty", "true", "asked for nothing, the engine made it true"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *start = xasprintf("%s: %s", cases[i].path, cases[i].start);

		assert_change_is_found(cases[i].path, cases[i].json, start);
	}
}

static void of_what_lies_in_memory_the_first_difference_is_told(void **state)
{
	static const struct {
		const char *path, *json, *start;
	} cases[] = {
		{"HostConfig.Tmpfs./tmp", NULL,
		 "HostConfig.Tmpfs[/tmp]: asked for "
		 "\"rw,nosuid,nodev,noexec,size=4096,mode=1777,uid=4000,gid=4001,rprivate\", "
		 "the engine made it nothing"},
		{"HostConfig.Tmpfs./data",
		 "\"rw,nosuid,nodev,exec,mode=0700,uid=4000,gid=4001,rprivate\"",
		 "HostConfig.Tmpfs[/data]: asked for "
		 "\"rw,nosuid,nodev,exec,size=1048576,mode=0700,uid=4000,gid=4001,rprivate\", "
		 "the engine made it "
		 "\"rw,nosuid,nodev,exec,mode=0700,uid=4000,gid=4001,rprivate\""},
		{"HostConfig.Tmpfs./etc", "\"rw\"",
		 "HostConfig.Tmpfs[/etc]: asked for nothing, the engine made it \"rw\""},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_change_is_found(cases[i].path, cases[i].json, cases[i].start);
}

static void whatever_opens_the_host_is_found(void **state)
{
	static const struct {
		const char *path, *json;
	} cases[] = {
		{"HostConfig.UsernsMode", "\"host\""},
		{"HostConfig.Devices", "[{\"PathOnHost\":\"/dev/kvm\"}]"},
		{"HostConfig.VolumesFrom", "[\"other\"]"},
		{"HostConfig.GroupAdd", "[\"disk\"]"},
		{"HostConfig.PortBindings", "{\"80/tcp\":[{\"HostPort\":\"80\"}]}"},
		{"HostConfig.PublishAllPorts", "true"},
		{"HostConfig.Links", "[\"db:db\"]"},
		{"HostConfig.ExtraHosts", "[\"a:192.0.2.1\"]"},
		{"HostConfig.AutoRemove", "true"},
		{"HostConfig.OomKillDisable", "true"},
		{"HostConfig.CgroupParent", "\"/other\""},
		{"Config.Secrets", "[{\"Name\":\"registry\",\"ID\":\"0a\"}]"},
		{"Config.ChrootDirs", "[\"/workspace\"]"},
		{"HostConfig.CgroupConf", "{\"memory.max\":\"max\"}"},
		{"Pod", "\"0a\""},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *start =
			xasprintf("%s: asked for nothing, the engine made it %s", cases[i].path,
				  cases[i].json);

		assert_change_is_found(cases[i].path, cases[i].json, start);
	}
}

static void the_slices_in_which_podman_puts_containers_by_itself_are_fine(void **state)
{
	static const char *const parents[] = {"\"\"", "\"user.slice\"", "\"machine.slice\"",
					      "null"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(parents); i++) {
		struct case_state c;
		begin(&c);
		change(c.inspect, "HostConfig.CgroupParent", parents[i]);
		assert_verified(&c);
		case_end(&c);
	}
}

static void a_container_of_another_name_or_image_is_found(void **state)
{
	(void)state;
	assert_change_is_found("Name", "\"other\"",
			       "Name: asked for berth-work_01, the engine made it other");
	assert_change_is_found("Name", NULL,
			       "Name: asked for berth-work_01, the engine made it none");
	assert_change_is_found("Image", "\"9\"",
			       "Image: asked for sha256:0123, the engine made it 9");
	assert_change_is_found("Image", NULL,
			       "Image: asked for sha256:0123, the engine made it none");
}

static void the_kind_of_an_images_digest_may_be_left_out_or_not(void **state)
{
	struct case_state c;
	(void)state;

	begin(&c);
	change(c.inspect, "Image", "\"sha256:0123\"");
	assert_verified(&c);
	case_end(&c);
}

static void a_remedy_says_what_to_do(void **state)
{
	struct case_state c;
	struct err err;
	(void)state;

	begin(&c);
	change(c.inspect, "HostConfig.Cgroups", "\"disabled\"");
	assert_int_equal(podman_verify(c.plan, c.inspect, &err), -EPERM);
	assert_string_equal(err.text,
			    "HostConfig.Cgroups: asked for \"default\", the engine made it "
			    "\"disabled\"; the container would have no cgroup, and no limit: take "
			    "`cgroups_mode` out of what changes the request, and `cgroups` out of "
			    "containers.conf");
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
		{"HostConfig.PidsLimit", "0", WAIVE_PIDS},
		{"HostConfig.NanoCpus", "0", WAIVE_CPUS},
		{"HostConfig.Ulimits", "[]", WAIVE_ULIMITS},
		{"HostConfig.Cgroups", "\"disabled\"", WAIVE_MEMORY},
		{"HostConfig.Cgroups", "\"disabled\"", WAIVE_SWAP},
		{"HostConfig.Cgroups", "\"disabled\"", WAIVE_PIDS},
		{"HostConfig.Cgroups", "\"disabled\"", WAIVE_CPUS},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct case_state c;

		begin(&c);
		change(c.inspect, cases[i].path, cases[i].json);
		assert_int_equal(podman_verify(c.plan, c.inspect, NULL), -EPERM);
		c.fixture.policy->unenforced = cases[i].waiver;
		assert_verified(&c);
		change(c.inspect, "HostConfig.Privileged", "true");
		assert_int_equal(podman_verify(c.plan, c.inspect, NULL), -EPERM);
		case_end(&c);
	}
}

static void order_and_ways_to_say_nothing_do_not_matter(void **state)
{
	struct case_state c;
	(void)state;

	begin(&c);
	change(c.inspect, "BoundingCaps", "[\"CAP_NET_BIND_SERVICE\",\"CAP_CHOWN\"]");
	change(c.inspect, "HostConfig.IpcMode", "\"private\"");
	change(c.inspect, "HostConfig.SecurityOpt", "null");
	change(c.inspect, "HostConfig.Devices", "null");
	change(c.inspect, "HostConfig.PortBindings", NULL);
	change(c.inspect, "HostConfig.CgroupConf", "{}");
	change(c.inspect, "Config.Timeout", NULL);
	change(c.inspect, "Pod", NULL);
	change(c.inspect, "HostConfig.Ulimits",
	       "[{\"Name\":\"RLIMIT_CORE\",\"Hard\":1048576,\"Soft\":1048576},"
	       "{\"Name\":\"RLIMIT_MEMLOCK\",\"Hard\":1,\"Soft\":1},"
	       "{\"Name\":\"RLIMIT_NPROC\",\"Hard\":16384,\"Soft\":16384},"
	       "{\"Name\":\"RLIMIT_NOFILE\",\"Hard\":4096,\"Soft\":4096}]");
	assert_verified(&c);
	case_end(&c);
}

static void a_policy_without_capabilities_and_new_privileges_is_compared_too(void **state)
{
	struct case_state c;
	(void)state;

	begin(&c);
	c.fixture.policy->capabilities = 0;
	assert_broken(&c, "BoundingCaps: asked for nothing, the engine made it "
			  "[\"CAP_CHOWN\",\"CAP_NET_BIND_SERVICE\"]");
	change(c.inspect, "BoundingCaps", "null");
	assert_verified(&c);
	c.fixture.policy->no_new_privileges = true;
	assert_broken(&c, "HostConfig.SecurityOpt: asked for [\"no-new-privileges\"], the engine "
			  "made it nothing");
	change(c.inspect, "HostConfig.SecurityOpt", "[\"no-new-privileges\"]");
	assert_verified(&c);
	change(c.inspect, "HostConfig.SecurityOpt",
	       "[\"no-new-privileges\",\"seccomp=unconfined\"]");
	assert_broken(&c, "HostConfig.SecurityOpt: asked for [\"no-new-privileges\"], the engine "
			  "made it [\"no-new-privileges\",\"seccomp=unconfined\"]");
	case_end(&c);
}

static void the_size_of_a_log_is_compared_in_podmans_words(void **state)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} cases[] = {
		{999, "999B"},	      {1000, "1kB"},	     {65536, "65.54kB"},
		{1 << 20, "1.049MB"}, {10 << 20, "10.49MB"}, {100 << 20, "104.9MB"},
		{1 << 30, "1.074GB"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct policy policy = {.log_bytes = cases[i].bytes};
		_cleanup_free_ char *text = podman_log_size(&policy);

		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_container_as_podman_makes_it_keeps_every_promise),
		cmocka_unit_test(every_promise_that_an_engine_drops_is_found),
		cmocka_unit_test(of_what_lies_in_memory_the_first_difference_is_told),
		cmocka_unit_test(whatever_opens_the_host_is_found),
		cmocka_unit_test(the_slices_in_which_podman_puts_containers_by_itself_are_fine),
		cmocka_unit_test(a_container_of_another_name_or_image_is_found),
		cmocka_unit_test(the_kind_of_an_images_digest_may_be_left_out_or_not),
		cmocka_unit_test(a_remedy_says_what_to_do),
		cmocka_unit_test(a_promise_that_is_waived_is_not_looked_at),
		cmocka_unit_test(order_and_ways_to_say_nothing_do_not_matter),
		cmocka_unit_test(a_policy_without_capabilities_and_new_privileges_is_compared_too),
		cmocka_unit_test(the_size_of_a_log_is_compared_in_podmans_words),
	};

	return cmocka_run_group_tests_name("podman_verify", tests, NULL, NULL);
}
