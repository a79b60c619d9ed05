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
		/* That one says which of the others are no promise. */
		if (strcmp(option->key, "unenforced") == 0)
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

static void limits_are_read_from_the_kernel_where_inspect_proves_nothing(void **state)
{
	const struct promise *memory = promises;
	(void)state;

	while (strcmp(memory->field, "memory") != 0)
		memory++;
	assert_int_equal(evidence_of(memory, &dialect_docker), EVIDENCE_INSPECT);
	assert_int_equal(evidence_of(memory, &dialect_podman), EVIDENCE_PROCESS);
	assert_true(dialect_podman.must_prove_limits);
	assert_false(dialect_docker.must_prove_limits);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_of_a_policy_has_one_proof),
		cmocka_unit_test(every_waiver_waives_something),
		cmocka_unit_test(limits_are_read_from_the_kernel_where_inspect_proves_nothing),
	};

	return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
