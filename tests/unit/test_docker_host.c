/* SPDX-License-Identifier: Apache-2.0 */
/* What Docker says of its host (GET /info, as 20.10.24 words it), and what that is enough for. */
#include "base/cleanup.h"
#include "engine/docker.h"
#include "unit/unit.h"

#include <errno.h>
#include <string.h>

static struct engine_host read_host(const char *text)
{
	_cleanup_(json_putp) struct json_object *info = NULL;
	struct engine_host host;

	assert_int_equal(json_parse(text, strlen(text), &info), 0);
	docker_read_host(&host, info);
	return host;
}

static void a_host_with_every_limit_is_understood(void **state)
{
	struct engine_host host = read_host(
		"{\"CgroupVersion\":\"2\",\"CgroupDriver\":\"systemd\",\"MemoryLimit\":true,"
		"\"SwapLimit\":true,\"PidsLimit\":true,\"CpuCfsQuota\":true,\"SecurityOptions\":"
		"[\"name=apparmor\",\"name=seccomp,profile=default\",\"name=rootless\"]}");
	(void)state;

	assert_true(host.is_rootless);
	assert_true(host.has_cgroup_v2);
	assert_true(host.has_seccomp);
	assert_false(host.lacks_swap_limit);
	assert_string_equal(host.cgroup_manager, "systemd");
	assert_int_equal(host.controllers, CONTROLLER_MEMORY | CONTROLLER_PIDS | CONTROLLER_CPU);
}

static void a_host_without_limits_is_understood(void **state)
{
	struct engine_host host = read_host(
		"{\"CgroupVersion\":\"1\",\"CgroupDriver\":\"cgroupfs\",\"MemoryLimit\":true,"
		"\"SwapLimit\":false,\"PidsLimit\":false,\"SecurityOptions\":[\"name=seccompx\"]}");
	(void)state;

	assert_false(host.is_rootless);
	assert_false(host.has_cgroup_v2);
	assert_false(host.has_seccomp);
	assert_true(host.lacks_swap_limit);
	assert_int_equal(host.controllers, CONTROLLER_MEMORY);
}

static void what_is_not_said_is_no_reason_to_refuse(void **state)
{
	const struct policy policy = {.unenforced = 0};
	struct probe probe = {.host = read_host("{}")};
	(void)state;

	assert_int_equal(docker_check_host(&probe, &policy, NULL), 0);
	assert_string_equal(probe.host.cgroup_manager, "");
}

static void a_docker_without_seccomp_is_refused_unless_that_is_waived(void **state)
{
	static const char *const infos[] = {
		"{\"SecurityOptions\":[]}",
		"{\"SecurityOptions\":[\"name=seccomp,profile=unconfined\"]}",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(infos); i++) {
		struct probe probe = {.host = read_host(infos[i])};
		struct policy policy = {.unenforced = ~(unsigned)WAIVE_SECCOMP};
		struct err err = {0};
		assert_int_equal(docker_check_host(&probe, &policy, &err), -EPERM);
		assert_int_equal(err.kind, ERR_REFUSED);
		assert_string_equal(err.text, "seccomp: this Docker filters no system calls; take "
					      "`seccomp-profile` out of its daemon.json, or list "
					      "it under `unenforced` of the policy");
		policy.unenforced = WAIVE_SECCOMP;
		assert_int_equal(docker_check_host(&probe, &policy, NULL), 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_with_every_limit_is_understood),
		cmocka_unit_test(a_host_without_limits_is_understood),
		cmocka_unit_test(what_is_not_said_is_no_reason_to_refuse),
		cmocka_unit_test(a_docker_without_seccomp_is_refused_unless_that_is_waived),
	};

	return cmocka_run_group_tests_name("docker_host", tests, NULL, NULL);
}
