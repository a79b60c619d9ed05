/* SPDX-License-Identifier: Apache-2.0 */
/* What Docker says of its daemon and its host, and which policies that can keep. */
#include "base/cleanup.h"
#include "engine/docker.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

#define RUNTIMES "\"Runtimes\":{\"runc\":{\"path\":\"runc\"},\"runsc-kvm\":{}}"

static char runsc[] = "runsc", runsc_kvm[] = "runsc-kvm", shim[] = "io.containerd.runsc.v1",
	    name[] = "own", profile[] = "{}";

/* An info that has `members`, too. */
static void read_with(struct probe *probe, const char *members)
{
	_cleanup_free_ char *text =
		xasprintf("{\"DockerRootDir\":\"/d\",\"NCPU\":2," RUNTIMES ",%s}", members);
	_cleanup_(json_putp) struct json_object *info = NULL;
	struct err err = {.text = ""};

	assert_int_equal(json_parse(text, strlen(text), &info), 0);
	(void)docker_read_info(probe, info, &err);
	assert_string_equal(err.text, "");
}

static void read_text(struct probe *probe, const char *options)
{
	_cleanup_free_ char *members = xasprintf("\"SecurityOptions\":[%s]", options);

	read_with(probe, members);
}

static void assert_refused(const struct probe *probe, const struct policy *policy,
			   const char *reason)
{
	struct err err = {.text = ""};

	int r = docker_check_host(probe, policy, &err);
	assert_string_equal(err.text, reason ? reason : "");
	assert_int_equal(r, reason ? -EPERM : 0);
	if (reason)
		assert_int_equal(err.kind, ERR_REFUSED);
	assert_int_equal(docker_check_host(probe, policy, NULL), r);
}

static void info_says_what_the_daemon_can_keep(void **state)
{
	_cleanup_(probe_done) struct probe probe = {0};
	(void)state;

	read_text(&probe, "\"name=apparmor\",\"name=seccomp,profile=default\",\"name=selinux\","
			  "\"name=userns\"");
	assert_true(probe.host.has_seccomp && probe.host.takes_seccomp);
	assert_true(probe.host.has_apparmor && probe.host.has_selinux);
	assert_true(probe.host.has_user_namespaces);
	assert_int_equal(probe.host.cpus, 2);
	assert_string_equal(probe.host.runtimes, "runc, runsc-kvm");

	read_text(&probe, "\"name=rootless\",\"name=seccomp,profile=unconfined\"");
	assert_true(probe.host.takes_seccomp && !probe.host.has_seccomp);
	assert_true(!probe.host.has_apparmor && !probe.host.has_selinux);
	assert_true(probe.host.has_user_namespaces);

	read_text(&probe, "\"name=seccompish\",\"seccomp\",5,\"name=cgroupns\"");
	assert_true(!probe.host.takes_seccomp && !probe.host.has_seccomp);
	assert_false(probe.host.has_user_namespaces);
}

static void info_says_which_limits_the_host_can_set(void **state)
{
	_cleanup_(probe_done) struct probe probe = {0};
	(void)state;

	read_with(&probe,
		  "\"CgroupVersion\":\"2\",\"CgroupDriver\":\"systemd\",\"MemoryLimit\":true,"
		  "\"SwapLimit\":true,\"PidsLimit\":true,\"CpuCfsQuota\":true,"
		  "\"SecurityOptions\":[\"name=rootless\"]");
	assert_true(probe.host.is_rootless && probe.host.has_cgroup_v2);
	assert_false(probe.host.lacks_swap_limit);
	assert_string_equal(probe.host.cgroup_manager, "systemd");
	assert_int_equal(probe.host.controllers,
			 CONTROLLER_MEMORY | CONTROLLER_PIDS | CONTROLLER_CPU);

	read_with(&probe,
		  "\"CgroupVersion\":\"1\",\"CgroupDriver\":\"cgroupfs\",\"MemoryLimit\":true,"
		  "\"SwapLimit\":false,\"PidsLimit\":false");
	assert_false(probe.host.is_rootless || probe.host.has_cgroup_v2);
	assert_true(probe.host.lacks_swap_limit);
	assert_string_equal(probe.host.cgroup_manager, "cgroupfs");
	assert_int_equal(probe.host.controllers, CONTROLLER_MEMORY);
}

static void a_daemon_that_names_no_security_options_has_none(void **state)
{
	_cleanup_(probe_done) struct probe probe = {0};
	struct policy policy = {.name = name};
	(void)state;

	read_with(&probe, "\"SecurityOptions\":null");
	assert_false(probe.host.has_seccomp || probe.host.takes_seccomp);
	assert_int_equal(docker_check_host(&probe, &policy, NULL), -EPERM);
	assert_string_equal(probe.host.cgroup_manager, "");
}

static void a_daemon_without_a_filter_is_refused_unless_that_is_waived(void **state)
{
	static const char reason[] =
		"seccomp: this Docker filters no system calls; use one that has seccomp and no "
		"\"seccomp-profile\": \"unconfined\" in its daemon.json, or list it under "
		"`unenforced` of the policy";
	_cleanup_(probe_done) struct probe probe = {0};
	struct policy policy = {.name = name};
	(void)state;

	read_text(&probe, "");
	assert_refused(&probe, &policy, reason);
	policy.seccomp_profile = profile;
	assert_refused(&probe, &policy, reason);
	policy.unenforced = WAIVE_SECCOMP;
	assert_refused(&probe, &policy, NULL);
}

static void a_profile_of_ones_own_needs_no_profile_of_the_daemons(void **state)
{
	_cleanup_(probe_done) struct probe probe = {0};
	struct policy policy = {.name = name, .seccomp_profile = profile};
	(void)state;

	read_text(&probe, "\"name=seccomp,profile=unconfined\"");
	assert_refused(&probe, &policy, NULL);
	policy.seccomp_profile = NULL;
	assert_int_equal(docker_check_host(&probe, &policy, NULL), -EPERM);
}

static void a_runtime_must_be_known_to_the_daemon_or_to_containerd(void **state)
{
	_cleanup_(probe_done) struct probe probe = {0};
	struct policy policy = {.name = name, .runtime = runsc};
	(void)state;

	read_text(&probe, "\"name=seccomp\"");
	assert_refused(&probe, &policy,
		       "runtime: the policy asks for runsc, the engine knows runc, runsc-kvm; "
		       "install it on the host and name it under \"runtimes\" of the engine's "
		       "daemon.json, or leave `runtime` out of the policy");
	policy.runtime = runsc_kvm;
	assert_refused(&probe, &policy, NULL);
	policy.runtime = shim;
	assert_refused(&probe, &policy, NULL);
}

static void more_cpus_than_the_host_has_are_refused(void **state)
{
	_cleanup_(probe_done) struct probe probe = {0};
	struct policy policy = {.name = name, .cpu_millis = 2001};
	(void)state;

	read_text(&probe, "\"name=seccomp\"");
	assert_refused(&probe, &policy,
		       "cpus: the policy gives a session more than the 2 that the host has, and "
		       "Docker refuses that; lower it in a policy of your own (extends: own)");
	policy.cpu_millis = 2000;
	assert_refused(&probe, &policy, NULL);
}

static void what_docker_would_leave_out_without_a_word_is_refused(void **state)
{
	_cleanup_(probe_done) struct probe probe = {0};
	struct policy apparmor = {.name = name, .apparmor = name},
		      selinux = {.name = name, .selinux = name},
		      user = {.name = name, .user_namespace = USER_NAMESPACE_REQUIRED};
	(void)state;

	read_text(&probe, "\"name=seccomp\"");
	assert_refused(&probe, &apparmor,
		       "apparmor: its host has no AppArmor, so that the engine would leave this "
		       "out; enable AppArmor on the host and restart the engine, or take "
		       "`apparmor` out of the policy");
	assert_refused(&probe, &selinux,
		       "selinux: its host has no SELinux, so that the engine would leave this out; "
		       "enable SELinux on the host and restart the engine, or take `selinux` out "
		       "of the policy");
	assert_refused(&probe, &user,
		       "user_namespace: root in its containers is the host's root, and it leaves "
		       "out what a container asks for; start the daemon with \"userns-remap\" in "
		       "its daemon.json, use a rootless engine, or say `user_namespace: engine`");
	read_text(&probe, "\"name=seccomp\",\"name=apparmor\",\"name=selinux\",\"name=userns\"");
	assert_refused(&probe, &apparmor, NULL);
	assert_refused(&probe, &selinux, NULL);
	assert_refused(&probe, &user, NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(info_says_what_the_daemon_can_keep),
		cmocka_unit_test(info_says_which_limits_the_host_can_set),
		cmocka_unit_test(a_daemon_that_names_no_security_options_has_none),
		cmocka_unit_test(a_daemon_without_a_filter_is_refused_unless_that_is_waived),
		cmocka_unit_test(a_profile_of_ones_own_needs_no_profile_of_the_daemons),
		cmocka_unit_test(a_runtime_must_be_known_to_the_daemon_or_to_containerd),
		cmocka_unit_test(more_cpus_than_the_host_has_are_refused),
		cmocka_unit_test(what_docker_would_leave_out_without_a_word_is_refused),
	};

	return cmocka_run_group_tests_name("docker_host", tests, NULL, NULL);
}
