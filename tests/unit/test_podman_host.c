/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Podman says of its host (GET /libpod/info: recorded answers of 4.3.1, rootful on cgroup v1
 * and rootless on cgroup v2, without what only names the machine), and which policies it can keep
 * there.
 */
#include "engine/podman.h"
#include "golden.h"

#include <errno.h>

#define ALL_CONTROLLERS (CONTROLLER_MEMORY | CONTROLLER_PIDS | CONTROLLER_CPU)
#define WAIVE_OR	", or list them under `unenforced` of the policy"

static int read_text(struct probe *probe, const char *text, struct err *err)
{
	_cleanup_(json_putp) struct json_object *info = NULL;

	assert_int_equal(json_parse(text, strlen(text), &info), 0);
	return podman_read_info(probe, info, err);
}

static void read_golden(struct probe *probe, const char *name)
{
	_cleanup_free_ char *text = golden_read(name);

	assert_int_equal(read_text(probe, text, NULL), 0);
}

/* --- info ------------------------------------------------------------------------------------- */

static void a_rootful_service_on_cgroup_v1_is_understood(void **state)
{
	_cleanup_(probe_done) struct probe probe = {0};
	(void)state;

	read_golden(&probe, "podman_info_rootful");
	assert_false(probe.host.is_rootless);
	assert_false(probe.host.has_cgroup_v2);
	assert_true(probe.host.has_seccomp && probe.host.takes_seccomp);
	assert_true(!probe.host.has_apparmor && !probe.host.has_selinux);
	assert_false(probe.host.has_user_namespaces);
	assert_string_equal(probe.host.cgroup_manager, "cgroupfs");
	assert_int_equal(probe.host.controllers, ALL_CONTROLLERS);
	assert_string_equal(probe.host.runtime, "runc");
	assert_string_equal(probe.data_root, "/var/lib/containers/storage");
}

static void a_rootless_service_on_cgroup_v2_is_understood(void **state)
{
	_cleanup_(probe_done) struct probe probe = {0};
	(void)state;

	read_golden(&probe, "podman_info_rootless");
	assert_true(probe.host.is_rootless);
	assert_true(probe.host.has_cgroup_v2);
	assert_true(probe.host.has_seccomp && probe.host.takes_seccomp);
	assert_true(probe.host.has_user_namespaces);
	assert_string_equal(probe.host.cgroup_manager, "systemd");
	assert_int_equal(probe.host.controllers, ALL_CONTROLLERS);
	assert_string_equal(probe.host.runtime, "crun");
	assert_string_equal(probe.data_root, "/home/op/.local/share/containers/storage");
}

/* "host" with these fields. */
#define INFO(fields)	   "{\"host\":{" fields "}}"
#define CGROUPS(v, m)	   "\"cgroupVersion\":\"" v "\",\"cgroupManager\":\"" m "\""
#define SECURITY(rootless) "\"security\":{\"rootless\":" rootless "}"

static void each_controller_counts_alone_and_unknown_ones_do_not(void **state)
{
	static const struct {
		const char *list;
		unsigned bits;
	} cases[] = {
		{"[]", 0},
		{"null", 0},
		{"\"memory\"", 0},
		{"[\"memory\"]", CONTROLLER_MEMORY},
		{"[\"pids\"]", CONTROLLER_PIDS},
		{"[\"cpu\"]", CONTROLLER_CPU},
		{"[\"cpuset\",\"cpuacct\",\"io\",7,null]", 0},
		{"[\"io\",\"pids\",\"memory\"]", CONTROLLER_PIDS | CONTROLLER_MEMORY},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(probe_done) struct probe probe = {0};
		_cleanup_free_ char *text = xasprintf(INFO(CGROUPS("v2", "systemd") "," SECURITY(
							      "true") ","
								      "\"cgroupControllers\":%s"),
						      cases[i].list);

		assert_int_equal(read_text(&probe, text, NULL), 0);
		assert_int_equal(probe.host.controllers, cases[i].bits);
	}
}

static void seccomp_without_a_profile_is_none(void **state)
{
	static const struct {
		const char *profile;
		bool filters;
	} cases[] = {
		{"\"/usr/share/containers/seccomp.json\"", true},
		{"\"/etc/containers/own.json\"", true},
		{"\"\"", true},
		{"\"unconfined\"", false},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(probe_done) struct probe probe = {0};
		_cleanup_free_ char *text = xasprintf(
			"{\"host\":{" CGROUPS(
				"v2", "systemd") ",\"security\":{"
						 "\"rootless\":false,\"seccompEnabled\":true,"
						 "\"seccompProfilePath\":%s}}}",
			cases[i].profile);

		assert_int_equal(read_text(&probe, text, NULL), 0);
		assert_int_equal(probe.host.has_seccomp, cases[i].filters);
	}
}

static void what_is_not_said_counts_as_not_there(void **state)
{
	_cleanup_(probe_done) struct probe probe = {0};
	(void)state;

	probe.data_root = xstrdup("/before");
	assert_int_equal(
		read_text(&probe, INFO(CGROUPS("v2", "systemd") "," SECURITY("false")), NULL), 0);
	assert_false(probe.host.has_seccomp);
	assert_int_equal(probe.host.controllers, 0);
	assert_string_equal(probe.host.runtime, "");
	assert_null(probe.data_root);
}

static void who_runs_it_is_rootless_when_the_answer_is_no_truth_value(void **state)
{
	_cleanup_(probe_done) struct probe probe = {0};
	(void)state;

	assert_int_equal(
		read_text(&probe, INFO(CGROUPS("v2", "systemd") "," SECURITY("\"no\"")), NULL), 0);
	assert_true(probe.host.is_rootless);
}

static void names_in_the_answer_are_cut_and_cleaned(void **state)
{
	_cleanup_(probe_done) struct probe probe = {0};
	(void)state;

	assert_int_equal(
		read_text(
			&probe,
			INFO(CGROUPS("v2", "0123456789012345678901234567890123456789") "," SECURITY(
				"false") ",\"ociRuntime\":{\"name\":\"a\\nb\"}"),
			NULL),
		0);
	assert_string_equal(probe.host.cgroup_manager, "0123456789012345678901234567890");
	assert_string_equal(probe.host.runtime, "a b");
}

static void an_answer_that_makes_no_sense_is_no_refusal(void **state)
{
	static const char *const replies[] = {
		"null",
		"[]",
		"{}",
		"{\"host\":[]}",
		INFO(CGROUPS("v2", "systemd")),
		INFO(CGROUPS("v2", "systemd") ",\"security\":[]"),
		INFO(CGROUPS("v2", "systemd") ",\"security\":{}"),
		INFO("\"cgroupVersion\":\"v2\"," SECURITY("false")),
		INFO("\"cgroupManager\":\"systemd\"," SECURITY("false")),
		INFO("\"cgroupVersion\":2,\"cgroupManager\":\"systemd\"," SECURITY("false")),
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
		_cleanup_(probe_done) struct probe probe = {0};
		struct err err;

		assert_int_equal(read_text(&probe, replies[i], &err), -EBADMSG);
		assert_int_equal(err.kind, ERR_ENGINE);
		assert_string_equal(probe.host.cgroup_manager, "");
	}
}

static void a_description_says_who_runs_it_and_on_what(void **state)
{
	static const struct {
		bool is_rootless, has_cgroup_v2;
		const char *text;
	} cases[] = {
		{false, false, "Podman 4.3.1, API 1.41, cgroup v1"},
		{false, true, "Podman 4.3.1, API 1.41, cgroup v2"},
		{true, false, "Podman 4.3.1, API 1.41, rootless, cgroup v1"},
		{true, true, "Podman 4.3.1, API 1.41, rootless, cgroup v2"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct probe probe = {.dialect = &dialect_podman,
				      .engine_version = "4.3.1",
				      .api = {1, 41},
				      .host = {.is_rootless = cases[i].is_rootless,
					       .has_cgroup_v2 = cases[i].has_cgroup_v2,
					       .cgroup_manager = "systemd"}};
		char text[128];

		probe_describe(&probe, text);
		assert_string_equal(text, cases[i].text);
	}
}

/* --- which policies can be kept there --------------------------------------------------------- */

#define ROOTLESS .is_rootless = true
#define V2	 .has_cgroup_v2 = true
#define HOST(manager, list, ...)                                                                   \
	{                                                                                          \
		.cgroup_manager = (manager), .controllers = (list), .has_seccomp = true,           \
		.takes_seccomp = true, .runtime = "crun", ##__VA_ARGS__                            \
	}

#define NO_LIMITS                                                                                  \
	"rootless Podman limits nothing on cgroup v1; boot the host with cgroup v2, which "        \
	"delegates controllers to a user's session (loginctl enable-linger USER keeps "            \
	"one)" WAIVE_OR
#define NO_SESSION                                                                                 \
	"its cgroup manager is not systemd, and rootless Podman then reports limits that it does " \
	"not set: it has no user session; loginctl enable-linger USER, and run podman.socket as "  \
	"a unit of that user" WAIVE_OR
#define NOT_DELEGATED                                                                              \
	"their cgroup controllers are not delegated to the user; set Delegate=cpu memory pids "    \
	"for user@.service" WAIVE_OR
#define NOT_THERE "their cgroup controllers are not there; enable them on the host" WAIVE_OR

#define WAIVE_LIMITS (WAIVE_MEMORY | WAIVE_SWAP | WAIVE_PIDS | WAIVE_CPUS)

static const struct host_case {
	const char *sentence;
	struct engine_host host;
	unsigned waived;
	const char *refusal; /* NULL: it can be kept */
} cases[] = {
	{"rootful on cgroup v1 with cgroupfs keeps every limit", HOST("cgroupfs", ALL_CONTROLLERS),
	 0, NULL},
	{"rootful on cgroup v1 with systemd keeps every limit", HOST("systemd", ALL_CONTROLLERS), 0,
	 NULL},
	{"rootful on cgroup v2 with cgroupfs keeps every limit",
	 HOST("cgroupfs", ALL_CONTROLLERS, V2), 0, NULL},
	{"rootful on cgroup v2 with systemd keeps every limit",
	 HOST("systemd", ALL_CONTROLLERS, V2), 0, NULL},
	{"rootless on cgroup v2 with systemd keeps every limit",
	 HOST("systemd", ALL_CONTROLLERS, V2, ROOTLESS), 0, NULL},

	{"rootless on cgroup v1 keeps none", HOST("cgroupfs", 0, ROOTLESS), 0,
	 "memory,swap,pids,cpus: " NO_LIMITS},
	{"rootless on cgroup v1 keeps none, whatever it lists",
	 HOST("systemd", ALL_CONTROLLERS, ROOTLESS), 0, "memory,swap,pids,cpus: " NO_LIMITS},
	{"rootless on cgroup v1 breaks what is promised, and only that is named",
	 HOST("cgroupfs", 0, ROOTLESS), WAIVE_PIDS | WAIVE_SWAP, "memory,cpus: " NO_LIMITS},
	{"swap is no promise where memory is waived", HOST("cgroupfs", 0, ROOTLESS), WAIVE_MEMORY,
	 "pids,cpus: " NO_LIMITS},
	{"rootless on cgroup v1 is fit for a policy that waives all of it",
	 HOST("cgroupfs", 0, ROOTLESS), WAIVE_LIMITS, NULL},
	{"the ulimits may be promised there", HOST("cgroupfs", 0, ROOTLESS),
	 WAIVE_LIMITS & ~(unsigned)WAIVE_SWAP, NULL},

	{"rootless on cgroup v2 without a user session lies about limits",
	 HOST("cgroupfs", ALL_CONTROLLERS, V2, ROOTLESS), 0, "memory,swap,pids,cpus: " NO_SESSION},
	{"rootless on cgroup v2 without a user session breaks what is promised",
	 HOST("cgroupfs", ALL_CONTROLLERS, V2, ROOTLESS), WAIVE_MEMORY | WAIVE_CPUS,
	 "pids: " NO_SESSION},
	{"rootless on cgroup v2 without a user session is fit for a policy that waives all of it",
	 HOST("cgroupfs", 0, V2, ROOTLESS), WAIVE_LIMITS, NULL},

	{"a rootless service that does not list cpu may have it all the same",
	 HOST("systemd", CONTROLLER_MEMORY | CONTROLLER_PIDS, V2, ROOTLESS), 0, NULL},
	{"a rootless service without memory has it not delegated",
	 HOST("systemd", CONTROLLER_PIDS | CONTROLLER_CPU, V2, ROOTLESS), 0,
	 "memory,swap: " NOT_DELEGATED},
	{"a rootless service without pids has it not delegated",
	 HOST("systemd", CONTROLLER_MEMORY, V2, ROOTLESS), 0, "pids: " NOT_DELEGATED},
	{"a rootless service without controllers is fit for a policy that waives them",
	 HOST("systemd", 0, V2, ROOTLESS), WAIVE_MEMORY | WAIVE_PIDS, NULL},

	{"a rootful service without pids breaks that promise",
	 HOST("cgroupfs", CONTROLLER_MEMORY | CONTROLLER_CPU), 0, "pids: " NOT_THERE},
	{"a rootful service without memory breaks two promises",
	 HOST("systemd", CONTROLLER_PIDS | CONTROLLER_CPU, V2), 0, "memory,swap: " NOT_THERE},
	{"a rootful service without cpu breaks that promise",
	 HOST("systemd", CONTROLLER_MEMORY | CONTROLLER_PIDS, V2), 0, "cpus: " NOT_THERE},
	{"a rootful service without controllers breaks all four", HOST("systemd", 0, V2), 0,
	 "memory,swap,pids,cpus: " NOT_THERE},
	{"a promise that is waived needs no controller", HOST("systemd", CONTROLLER_MEMORY, V2),
	 WAIVE_PIDS | WAIVE_CPUS, NULL},
};

static void the_host_is_judged(void **state)
{
	const struct host_case *c = *state;
	const struct probe probe = {.host = c->host};
	const struct policy policy = {.unenforced = c->waived};
	struct err err = {.text = ""};

	int r = podman_check_host(&probe, &policy, &err);
	assert_string_equal(err.text, c->refusal ? c->refusal : "");
	assert_int_equal(r, c->refusal ? -EPERM : 0);
	if (c->refusal)
		assert_int_equal(err.kind, ERR_REFUSED);
	assert_int_equal(podman_check_host(&probe, &policy, NULL), r);
}

static void a_podman_without_seccomp_is_refused_unless_that_is_waived(void **state)
{
	const struct probe probe = {
		.host = {.controllers = ALL_CONTROLLERS, .cgroup_manager = "systemd"}};
	struct policy policy = {.unenforced = WAIVE_LIMITS | WAIVE_ULIMITS};
	struct err err;
	(void)state;

	assert_int_equal(podman_check_host(&probe, &policy, &err), -EPERM);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_string_equal(
		err.text,
		"seccomp: this Podman filters no system calls; use one that has seccomp, and "
		"take `seccomp_profile` out of containers.conf" WAIVE_OR);
	policy.unenforced = WAIVE_SECCOMP;
	assert_int_equal(podman_check_host(&probe, &policy, &err), 0);
}

static void a_service_with_another_runtime_is_refused_whatever_is_waived(void **state)
{
	static char gvisor[] = "runsc", crun[] = "crun";
	const struct probe probe = {.host = HOST("systemd", ALL_CONTROLLERS)};
	struct policy policy = {.runtime = gvisor, .unenforced = WAIVE_LIMITS | WAIVE_SECCOMP};
	struct err err;
	(void)state;

	assert_int_equal(podman_check_host(&probe, &policy, &err), -EPERM);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_string_equal(err.text, "runtime: the policy asks for runsc, this service runs "
				      "crun; " PODMAN_REMEDY_RUNTIME);
	policy.runtime = crun;
	assert_int_equal(podman_check_host(&probe, &policy, &err), 0);
}

static void what_podman_would_leave_out_without_a_word_is_refused(void **state)
{
	static char own[] = "own";
	struct probe probe = {.host = HOST("systemd", ALL_CONTROLLERS)};
	const struct policy policies[] = {
		{.apparmor = own},
		{.selinux = own},
		{.user_namespace = USER_NAMESPACE_REQUIRED},
	};
	static const char *const reasons[] = {
		"apparmor: its host has no AppArmor, so that the engine would leave this out; "
		"enable AppArmor on the host and restart the engine, or take `apparmor` out of "
		"the policy",
		"selinux: its host has no SELinux, so that the engine would leave this out; enable "
		"SELinux on the host and restart the engine, or take `selinux` out of the policy",
		"user_namespace: root in its containers is the host's root, and it leaves out what "
		"a container asks for; use rootless Podman, or say `user_namespace: engine`",
	};
	struct err err;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		assert_int_equal(podman_check_host(&probe, &policies[i], &err), -EPERM);
		assert_int_equal(err.kind, ERR_REFUSED);
		assert_string_equal(err.text, reasons[i]);
	}
	probe.host.has_apparmor = probe.host.has_selinux = true;
	probe.host.has_user_namespaces = true;
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++)
		assert_int_equal(podman_check_host(&probe, &policies[i], &err), 0);
}

static void a_profile_of_ones_own_needs_none_of_the_services(void **state)
{
	static char profile[] = "{}";
	struct probe probe = {.host = HOST("systemd", ALL_CONTROLLERS)};
	const struct policy policy = {.seccomp_profile = profile}, engines = {.pids = 1};
	(void)state;

	probe.host.has_seccomp = false;
	assert_int_equal(podman_check_host(&probe, &policy, NULL), 0);
	assert_int_equal(podman_check_host(&probe, &engines, NULL), -EPERM);
	probe.host.takes_seccomp = false;
	assert_int_equal(podman_check_host(&probe, &policy, NULL), -EPERM);
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(a_rootful_service_on_cgroup_v1_is_understood),
		cmocka_unit_test(a_rootless_service_on_cgroup_v2_is_understood),
		cmocka_unit_test(each_controller_counts_alone_and_unknown_ones_do_not),
		cmocka_unit_test(seccomp_without_a_profile_is_none),
		cmocka_unit_test(what_is_not_said_counts_as_not_there),
		cmocka_unit_test(who_runs_it_is_rootless_when_the_answer_is_no_truth_value),
		cmocka_unit_test(names_in_the_answer_are_cut_and_cleaned),
		cmocka_unit_test(an_answer_that_makes_no_sense_is_no_refusal),
		cmocka_unit_test(a_description_says_who_runs_it_and_on_what),
		cmocka_unit_test(what_podman_would_leave_out_without_a_word_is_refused),
		cmocka_unit_test(a_profile_of_ones_own_needs_none_of_the_services),
		cmocka_unit_test(a_podman_without_seccomp_is_refused_unless_that_is_waived),
		cmocka_unit_test(a_service_with_another_runtime_is_refused_whatever_is_waived),
	};
	struct CMUnitTest tests[ARRAY_SIZE(cases) + ARRAY_SIZE(others)];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){.name = cases[i].sentence,
					       .test_func = the_host_is_judged,
					       .initial_state = (void *)(uintptr_t)&cases[i]};
	memcpy(tests + ARRAY_SIZE(cases), others, sizeof(others));
	return cmocka_run_group_tests_name("podman_host", tests, NULL, NULL);
}
