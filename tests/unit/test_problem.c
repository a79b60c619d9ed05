/* SPDX-License-Identifier: Apache-2.0 */
/* The list of what is wrong with files. */
#include "policy/problem.h"
#include "unit.h"

static void problems_stand_in_the_order_of_their_places(void **state)
{
	struct problems problems;
	(void)state;

	problems_init(&problems);
	problems_begin_file(&problems, "z.yaml");
	problems_add(&problems, "a.yaml", 1, 1, "in the second file");
	problems_add(&problems, "z.yaml", 10, 2, "low");
	problems_add(&problems, "z.yaml", 9, 12, "right");
	problems_add(&problems, "z.yaml", 9, 3, "left");
	problems_add(&problems, "z.yaml", 9, 3, "left, too");
	problems_add(&problems, "--flag", 0, 0, "without a place");
	assert_string_equal(problems_text(&problems), "--flag: without a place\n"
						      "z.yaml:9:3: left\n"
						      "z.yaml:9:3: left, too\n"
						      "z.yaml:9:12: right\n"
						      "z.yaml:10:2: low\n"
						      "a.yaml:1:1: in the second file\n");
	problems_done(&problems);
}

static void a_problem_is_listed_once(void **state)
{
	struct problems problems;
	(void)state;

	problems_init(&problems);
	for (int i = 0; i < 3; i++)
		problems_add(&problems, "f.yaml", 1, 2, "the same");
	problems_add(&problems, "f.yaml", 1, 2, "another");
	problems_add(&problems, "f.yaml", 1, 2, "the same");
	assert_string_equal(problems_text(&problems),
			    "f.yaml:1:2: the same\nf.yaml:1:2: another\n");
	assert_int_equal(problems.count, 5);
	problems_done(&problems);
}

static void what_another_list_has_comes_in_the_order_of_the_files(void **state)
{
	struct problems problems, more;
	(void)state;

	problems_init(&problems);
	problems_init(&more);
	problems_add(&more, "policy.yaml", 2, 1, "second");
	problems_add(&more, "policy.yaml", 1, 1, "first");
	problems_add(&problems, "f.yaml", 9, 9, "of the file");
	problems_append(&problems, &more);
	problems_done(&more);
	assert_string_equal(
		problems_text(&problems),
		"f.yaml:9:9: of the file\npolicy.yaml:1:1: first\npolicy.yaml:2:1: second\n");
	assert_int_equal(problems.count, 3);
	problems_done(&problems);
}

static void a_place_with_a_problem_is_known(void **state)
{
	struct problems problems;
	(void)state;

	problems_init(&problems);
	problems_add(&problems, "f.yaml", 3, 4, "here");
	assert_true(problems_are_at(&problems, "f.yaml", 3, 4));
	assert_false(problems_are_at(&problems, "f.yaml", 3, 5));
	assert_false(problems_are_at(&problems, "f.yaml", 4, 4));
	assert_false(problems_are_at(&problems, "g.yaml", 3, 4));
	problems_done(&problems);
}

static void a_key_in_a_message_or_a_file_name_is_masked(void **state)
{
	struct problems problems;
	(void)state;

	problems_init(&problems);
	problems_add(&problems, "sk-ant-api03-1", 1, 1, "not '%s'", "sk-ant-api03-2");
	assert_string_equal(problems_text(&problems), "sk-ant-***:1:1: not 'sk-ant-***'\n");
	problems_done(&problems);
}

static void a_list_that_is_too_long_is_cut(void **state)
{
	struct problems problems;
	(void)state;

	problems_init(&problems);
	for (unsigned line = 1; line < 70000; line++)
		problems_add(&problems, "f.yaml", line, 1, "wrong");
	assert_int_equal(problems.count, 69999);
	assert_true(problems.length <= BUF_MAX_PROBLEMS);
	assert_true(problems.length > BUF_MAX_PROBLEMS - 100);
	problems_done(&problems);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(problems_stand_in_the_order_of_their_places),
		cmocka_unit_test(a_problem_is_listed_once),
		cmocka_unit_test(what_another_list_has_comes_in_the_order_of_the_files),
		cmocka_unit_test(a_place_with_a_problem_is_known),
		cmocka_unit_test(a_key_in_a_message_or_a_file_name_is_masked),
		cmocka_unit_test(a_list_that_is_too_long_is_cut),
	};

	return cmocka_run_group_tests_name("problem", tests, NULL, NULL);
}
