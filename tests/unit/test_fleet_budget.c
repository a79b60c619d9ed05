/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the request budget is enough for the environments. */
#include "base/cleanup.h"
#include "unit/fleet_files.h"
#include "unit/unit.h"

static void assert_warnings(const char *host, unsigned environments, const char *lines)
{
	struct buf yaml;

	buf_init(&yaml, (size_t)1 << 16);
	assert_int_equal(buf_addf(&yaml, "version: 1\n%senvironments:\n", host), 0);
	for (unsigned i = 1; i <= environments; i++)
		assert_int_equal(buf_addf(&yaml, "  - { id: env_%u, key: { file: key } }\n", i), 0);
	struct fleet *fleet = loaded(yaml.data, (struct fleet_flags){0});
	assert_string_equal(problems_text(&fleet->warnings), lines);
	(void)fleet_free(fleet);
	buf_done(&yaml);
}

static void a_budget_that_polls_each_environment_twice_a_minute_is_enough(void **state)
{
	(void)state;
	assert_warnings("host: { requests_per_minute: 8 }\n", 3, "");
	assert_warnings("", 225, "");
}

static void one_that_does_not_is_warned_of_with_the_number_needed(void **state)
{
	(void)state;
	assert_warnings("host: { requests_per_minute: 7 }\n", 3,
			"fleet.yaml:2:30: host: requests_per_minute: with 7 not each of 3 "
			"environments is polled every 30 s: say 8 or more, or 0 for no limit\n");
	assert_warnings("", 226,
			"fleet.yaml: host: requests_per_minute: with 600 not each of 226 "
			"environments is polled every 30 s: say 603 or more, or 0 for no limit\n");
}

static void no_limit_is_enough_for_all(void **state)
{
	(void)state;
	assert_warnings("host: { requests_per_minute: 0 }\n", 300, "");
}

#define TEST(function)                                                                             \
	cmocka_unit_test_setup_teardown(function, fleet_files_setup, fleet_files_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_budget_that_polls_each_environment_twice_a_minute_is_enough),
		TEST(one_that_does_not_is_warned_of_with_the_number_needed),
		TEST(no_limit_is_enough_for_all),
	};

	return cmocka_run_group_tests_name("fleet budget", tests, NULL, NULL);
}
