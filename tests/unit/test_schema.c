/* SPDX-License-Identifier: Apache-2.0 */
/* The schemas of our own files; tests/cli/test_schema.py asks what they say of good and bad ones.
 */
#include "config/rows.h"
#include "policy/policy.h"
#include "policy/schema.h"
#include "unit/golden.h"
#include "unit/unit.h"

static void the_schema_of_a_fleet_is_made_of_its_rows(void **state)
{
	(void)state;
	assert_golden(schema_new(fleet_rows, "fleet", "A fleet."), "schema_fleet");
}

static void the_schema_of_a_policy_is_made_of_its_rows(void **state)
{
	(void)state;
	assert_golden(schema_new(policy_options, "policy", "A policy."), "schema_policy");
}

static void a_duration_may_be_zero_only_where_its_row_allows_that(void **state)
{
	static const struct option rows[] = {
		{.key = "any", .type = OPTION_DURATION, .help = "Any."},
		{.key = "some",
		 .type = OPTION_DURATION,
		 .minimum = 1,
		 .maximum = 5,
		 .required = true,
		 .help = "Some."},
		{.key = NULL},
	};
	struct json_object *schema = schema_new(rows, "t", "d");
	struct json_object *properties = json_get_object(schema, "properties");
	(void)state;

	assert_string_equal(
		json_line(json_get_object(properties, "any")),
		"{\"description\":\"Any.\",\"pattern\":\"^(0|([0-9]+(ms|s|m|h|d))+)$\","
		"\"type\":[\"string\",\"number\",\"null\"],\"maximum\":0,\"minimum\":0}");
	assert_string_equal(json_line(json_get_object(properties, "some")),
			    "{\"description\":\"Some. From 1ms to 5ms.\",\"type\":[\"string\"],"
			    "\"pattern\":\"^([0-9]+(ms|s|m|h|d))+$\"}");
	assert_string_equal(json_line(json_get_array(schema, "required")), "[\"some\"]");
	json_object_put(schema);
}

static void limits_are_said_in_the_unit_they_are_written_in(void **state)
{
	static const struct {
		struct option row;
		const char *limits;
	} cases[] = {
		{{.type = OPTION_INT, .minimum = 1, .maximum = 64}, "from 1 to 64"},
		{{.type = OPTION_DURATION, .minimum = 1000, .maximum = 3600000}, "from 1s to 1h"},
		{{.type = OPTION_SIZE, .minimum = 0, .maximum = 1 << 20}, "from 0 to 1MiB"},
		{{.type = OPTION_STRING, .minimum = 1, .maximum = 128}, "at most 128 characters"},
		{{.type = OPTION_STRINGS, .minimum = 2, .maximum = 3}, "from 2 to 3 entries"},
		{{.type = OPTION_INT}, ""},
		{{.type = OPTION_BOOL}, ""},
		{{.type = OPTION_PARSED, .minimum = 1, .maximum = 999}, ""},
	};
	char limits[96];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		schema_limits(&cases[i].row, limits);
		assert_string_equal(limits, cases[i].limits);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_schema_of_a_fleet_is_made_of_its_rows),
		cmocka_unit_test(the_schema_of_a_policy_is_made_of_its_rows),
		cmocka_unit_test(a_duration_may_be_zero_only_where_its_row_allows_that),
		cmocka_unit_test(limits_are_said_in_the_unit_they_are_written_in),
	};

	return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
