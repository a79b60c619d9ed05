/* SPDX-License-Identifier: Apache-2.0 */
/* The policies that come with berth, against each other. */
#include "base/cleanup.h"
#include "policy/policy.h"
#include "shipped_policy.h"
#include "unit.h"

static void every_policy_keeps_what_a_session_must_never_have(void **state)
{
	static const char *const names[] = {"hardened", "strict", "gvisor", "trusted"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct policy *policy = loaded(names[i]);

		assert_true(policy->uid != 0 && policy->gid != 0);
		assert_true(policy->read_only_root);
		assert_true(policy->no_new_privileges);
		assert_true(policy->capabilities == 0);
		assert_null(policy->mount_roots);
		assert_int_equal(policy->swap_bytes, 0);
		assert_int_equal(policy->core_bytes, 0);
		assert_int_equal(policy->unenforced, 0);
		policy_free(policy);
	}
}

static void the_strict_policy_is_narrower_than_hardened(void **state)
{
	struct policy *hardened = loaded("hardened"), *strict = loaded("strict");
	(void)state;

	assert_non_null(strict->seccomp_profile);
	assert_true(strict->require_secret);
	assert_true(strict->pids < hardened->pids);
	assert_true(strict->memory_bytes < hardened->memory_bytes);
	assert_true(strict->cpu_millis < hardened->cpu_millis);
	assert_true(strict->nofile < hardened->nofile);
	assert_int_equal(strict->tmpfs_count, hardened->tmpfs_count);
	for (size_t i = 0; i < strict->tmpfs_count; i++) {
		assert_string_equal(strict->tmpfs[i].path, hardened->tmpfs[i].path);
		assert_true(strict->tmpfs[i].size_bytes < hardened->tmpfs[i].size_bytes);
		assert_true(!strict->tmpfs[i].exec || hardened->tmpfs[i].exec);
	}
	policy_free(strict);
	policy_free(hardened);
}

static void the_trusted_policy_is_wider_and_gvisor_has_its_runtime(void **state)
{
	struct policy *hardened = loaded("hardened"), *trusted = loaded("trusted"),
		      *gvisor = loaded("gvisor");
	(void)state;

	assert_true(trusted->pids > hardened->pids);
	assert_true(trusted->memory_bytes > hardened->memory_bytes);
	assert_true(trusted->cpu_millis > hardened->cpu_millis);
	assert_string_equal(gvisor->runtime, "runsc");
	policy_free(gvisor);
	policy_free(trusted);
	policy_free(hardened);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_policy_keeps_what_a_session_must_never_have),
		cmocka_unit_test(the_strict_policy_is_narrower_than_hardened),
		cmocka_unit_test(the_trusted_policy_is_wider_and_gvisor_has_its_runtime),
	};

	return cmocka_run_group_tests_name("shipped policies", tests, NULL, NULL);
}
