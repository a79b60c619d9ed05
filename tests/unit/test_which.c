/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/which.h"
#include "unit.h"

#include <stdbool.h>

#define A "abcdef0000000000000000000000000000000000000000000000000000000000"
#define B "abcdef1111111111111111111111111111111111111111111111111111111111"
#define C "0123456789000000000000000000000000000000000000000000000000000000"

static const struct candidate candidates[] = {
	{"sesn_1", "work_1", A, "berth-work_1", 10},
	{"sesn_1", "work_2", B, "berth-work_2", 30},
	{"abcdef", "work_3", C, "berth-work_3", 20},
	{NULL, "work_4", NULL, "berth-work_4", 5},
};

static void assert_is(const char *text, size_t index)
{
	size_t at = 99;

	assert_int_equal(which_one(text, candidates, 4, &at), WHICH_ONE);
	assert_int_equal(at, index);
}

static void assert_which(const char *text, enum which expected)
{
	size_t at;

	assert_int_equal(which_one(text, candidates, 4, &at), expected);
}

static void every_name_of_a_session_finds_it(void **state)
{
	(void)state;

	assert_is("work_1", 0);
	assert_is(B, 1);
	assert_is("berth-work_3", 2);
	assert_is("work_4", 3);
	assert_which("work", WHICH_NONE);
	assert_which("", WHICH_NONE);
}

static void the_newest_of_a_sessions_containers_is_meant(void **state)
{
	(void)state;

	assert_is("sesn_1", 1);
}

static void six_digits_of_a_container_are_enough(void **state)
{
	(void)state;

	assert_is("012345", 2);
	assert_which("01234", WHICH_NONE);
}

static void digits_of_several_containers_are_no_answer(void **state)
{
	(void)state;

	assert_is("abcdef0", 0);
	/* A session's own id comes before what begins with it. */
	assert_is("abcdef", 2);
	size_t at;
	assert_int_equal(which_one("abcdef", candidates, 2, &at), WHICH_SEVERAL);
	assert_true(which_may_be("abcdef", &candidates[0]));
	assert_true(which_may_be("abcdef", &candidates[1]));
	assert_false(which_may_be("abcdef", &candidates[2]));
	assert_false(which_may_be("abcdef", &candidates[3]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_of_a_session_finds_it),
		cmocka_unit_test(the_newest_of_a_sessions_containers_is_meant),
		cmocka_unit_test(six_digits_of_a_container_are_enough),
		cmocka_unit_test(digits_of_several_containers_are_no_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
