/* SPDX-License-Identifier: Apache-2.0 */
/* What a doctor shows of a policy. */
#include "base/cleanup.h"
#include "doctor/policy_value.h"
#include "engine/evidence.h"
#include "policy/problem.h"
#include "unit/unit.h"

#include <string.h>

static struct policy *parsed(const char *text)
{
	struct policy *policy = NULL;
	struct problems problems;

	problems_init(&problems);
	assert_int_equal(policy_parse("p", "p.yaml", text, strlen(text), &problems, &policy), 0);
	problems_done(&problems);
	return policy;
}

static void assert_shown(const struct policy *policy, const char *field, const char *expected)
{
	_cleanup_free_ char *value = policy_value(policy, field);

	assert_string_equal(value, expected);
}

static void the_defaults_are_shown(void **state)
{
	struct policy *policy = parsed("{}\n");
	(void)state;

	assert_shown(policy, "user", "10001:10001");
	assert_shown(policy, "read_only_root", "yes");
	assert_shown(policy, "capabilities", "none");
	assert_shown(policy, "memory", "2GiB");
	assert_shown(policy, "pids", "512");
	assert_shown(policy, "cpus", "2");
	assert_shown(policy, "mounts", "none");
	assert_shown(policy, "network", "unrestricted");
	assert_shown(policy, "runtime", "the engine's choice");
	assert_shown(policy, "apparmor", "the engine's choice");
	assert_shown(policy, "selinux", "the engine's choice");
	assert_shown(policy, "user_namespace", "the engine's choice");
	assert_shown(policy, "disk", "no limit");
	assert_shown(policy, "require_secret", "no");
	policy_free(policy);
}

static void what_differs_is_shown(void **state)
{
	struct policy *policy =
		parsed("capabilities: [CHOWN, KILL]\ncpus: 1.5\nruntime: runsc\n"
		       "network: engine:lan\nmounts: { roots: [/srv/a, /srv/b] }\n"
		       "tmpfs: [{ path: /tmp, size: 1MiB }]\nlog: { size: 1MiB }\n"
		       "apparmor: own-profile\nselinux: own_t\nuser_namespace: required\n"
		       "read_only_root: false\ndisk: 1GiB\nrequire_secret: true\n");
	(void)state;

	assert_shown(policy, "capabilities", "CAP_CHOWN, CAP_KILL");
	assert_shown(policy, "cpus", "1.500");
	assert_shown(policy, "runtime", "runsc");
	assert_shown(policy, "network", "engine:lan");
	assert_shown(policy, "mounts", "from 2 directories");
	assert_shown(policy, "tmpfs", "1 place");
	assert_shown(policy, "log", "1MiB");
	assert_shown(policy, "apparmor", "own-profile");
	assert_shown(policy, "selinux", "own_t");
	assert_shown(policy, "user_namespace", "required");
	assert_shown(policy, "disk", "1GiB");
	assert_shown(policy, "require_secret", "yes");
	policy_free(policy);
}

static void every_promise_has_a_value(void **state)
{
	struct policy *policy = parsed("{}\n");
	(void)state;

	for (const struct promise *promise = promises; promise->field; promise++) {
		_cleanup_free_ char *value = policy_value(policy, promise->field);
		assert_string_not_equal(value, "?");
	}
	policy_free(policy);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_defaults_are_shown),
		cmocka_unit_test(what_differs_is_shown),
		cmocka_unit_test(every_promise_has_a_value),
	};

	return cmocka_run_group_tests_name("policy_value", tests, NULL, NULL);
}
