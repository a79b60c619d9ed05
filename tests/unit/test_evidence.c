/* SPDX-License-Identifier: Apache-2.0 */
/* Whether every promise of a policy has its proof. */
#include "base/cleanup.h"
#include "engine/evidence.h"
#include "policy/option.h"
#include "policy/policy.h"
#include "policy/waivers.h"
#include "unit/unit.h"

#include <string.h>

static unsigned rows_of(const char *field)
{
	unsigned count = 0;

	for (const struct promise *promise = promises; promise->field; promise++)
		count += strcmp(promise->field, field) == 0;
	return count;
}

static void every_field_of_a_policy_has_one_proof(void **state)
{
	unsigned fields = 0, rows = 0;
	(void)state;

	for (const struct option *option = policy_options; option->key; option++) {
		/* They say where the others come from, and which of them are no promise. */
		if (strcmp(option->key, "extends") == 0 || strcmp(option->key, "unenforced") == 0)
			continue;
		fields++;
		if (rows_of(option->key) != 1)
			fail_msg("%s has %u rows", option->key, rows_of(option->key));
	}
	for (const struct promise *promise = promises; promise->field; promise++)
		rows++;
	assert_int_equal(rows, fields);
}

static void every_waiver_waives_something(void **state)
{
	unsigned waivable = 0;
	(void)state;

	for (const struct promise *promise = promises; promise->field; promise++)
		waivable |= promise->waivers;
	for (const struct option_choice *choice = waiver_choices; choice->text; choice++)
		assert_true(waivable & (unsigned)choice->value);
}

static enum evidence proof_on(const struct dialect *dialect, const char *field,
			      const struct policy *policy)
{
	const struct promise *promise = promises;

	while (strcmp(promise->field, field) != 0)
		promise++;
	return evidence_of(promise, policy, dialect);
}

static void assert_proofs(const char *field, const struct policy *policy, enum evidence docker,
			  enum evidence podman)
{
	assert_int_equal(proof_on(&dialect_docker, field, policy), docker);
	assert_int_equal(proof_on(&dialect_podman, field, policy), podman);
}

static void limits_are_read_from_the_kernel_where_inspect_proves_nothing(void **state)
{
	const struct policy policy = {.name = NULL};
	(void)state;

	assert_proofs("memory", &policy, EVIDENCE_RUNNING, EVIDENCE_PROCESS);
	assert_true(dialect_podman.must_prove_limits);
	assert_false(dialect_docker.must_prove_limits);
}

static void what_a_sandbox_has_of_its_own_shows_in_no_process_of_this_kernel(void **state)
{
	static char runc[] = "runc", runsc[] = "runsc";
	struct policy policy = {.runtime = runc};
	(void)state;

	assert_proofs("user", &policy, EVIDENCE_RUNNING, EVIDENCE_RUNNING);
	policy.runtime = runsc;
	assert_proofs("user", &policy, EVIDENCE_INSPECT, EVIDENCE_INSPECT);
	assert_proofs("memory", &policy, EVIDENCE_INSPECT, EVIDENCE_PROCESS);
}

static void a_seccomp_profile_of_ones_own_is_looked_for_in_each_container(void **state)
{
	static char profile[] = "{}";
	struct policy policy = {.name = NULL};
	(void)state;

	assert_proofs("seccomp", &policy, EVIDENCE_INFO, EVIDENCE_INFO);
	policy.seccomp_profile = profile;
	assert_proofs("seccomp", &policy, EVIDENCE_INSPECT, EVIDENCE_RUNTIME);
	assert_non_null(dialect_podman.prove_config);
}

static void what_a_policy_does_not_ask_for_needs_no_proof(void **state)
{
	static char own[] = "own";
	const struct policy nothing = {.disk_bytes = OPTION_NOT_SET};
	const struct policy all = {.disk_bytes = 1,
				   .apparmor = own,
				   .selinux = own,
				   .user_namespace = USER_NAMESPACE_REQUIRED,
				   .runtime = own,
				   .require_secret = true};
	static const struct promise expected[] = {
		{"apparmor", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT},
		{"selinux", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT},
		{"user_namespace", 0, EVIDENCE_INFO, EVIDENCE_PROCESS},
		{"disk", 0, EVIDENCE_MEASURE, EVIDENCE_MEASURE},
		{"runtime", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT},
		{"require_secret", 0, EVIDENCE_BERTH, EVIDENCE_BERTH},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct promise *row = &expected[i];
		assert_proofs(row->field, &nothing, EVIDENCE_NONE, EVIDENCE_NONE);
		assert_proofs(row->field, &all, row->docker, row->podman);
	}
}

static void every_proof_has_a_name_and_says_what_it_is(void **state)
{
	(void)state;

	for (int evidence = EVIDENCE_NONE; evidence <= EVIDENCE_BERTH; evidence++) {
		assert_non_null(evidence_name((enum evidence)evidence));
		assert_non_null(evidence_text((enum evidence)evidence));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_of_a_policy_has_one_proof),
		cmocka_unit_test(every_waiver_waives_something),
		cmocka_unit_test(limits_are_read_from_the_kernel_where_inspect_proves_nothing),
		cmocka_unit_test(what_a_sandbox_has_of_its_own_shows_in_no_process_of_this_kernel),
		cmocka_unit_test(a_seccomp_profile_of_ones_own_is_looked_for_in_each_container),
		cmocka_unit_test(what_a_policy_does_not_ask_for_needs_no_proof),
		cmocka_unit_test(every_proof_has_a_name_and_says_what_it_is),
	};

	return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
