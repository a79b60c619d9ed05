/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/caps.h"
#include "unit.h"

#include <errno.h>
#include <sys/capability.h>

static void assert_bit(const char *text, int number)
{
	uint64_t bit = 0;

	assert_int_equal(caps_parse(text, &bit, NULL), 0);
	assert_true(bit == (uint64_t)1 << number);
}

static void assert_refused(const char *text, int code, const char *reason)
{
	uint64_t bit = 42;
	struct err err;

	assert_int_equal(caps_parse(text, &bit, &err), code);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_string_equal(err.text, reason);
	assert_int_equal(bit, 42);
}

static void a_name_is_known_with_and_without_its_prefix_in_any_case(void **state)
{
	(void)state;
	assert_bit("NET_BIND_SERVICE", CAP_NET_BIND_SERVICE);
	assert_bit("CAP_NET_BIND_SERVICE", CAP_NET_BIND_SERVICE);
	assert_bit("cap_chown", CAP_CHOWN);
	assert_bit("Sys_Ptrace", CAP_SYS_PTRACE);
	assert_bit("checkpoint_restore", CAP_LAST_CAP);
}

static void all_is_refused_with_the_reason(void **state)
{
	static const char reason[] = "must name each capability that is kept: 'ALL' would keep "
				     "every one of them, which undoes the policy";
	(void)state;

	assert_refused("ALL", -EPERM, reason);
	assert_refused("all", -EPERM, reason);
	assert_refused("CAP_ALL", -EPERM, reason);
}

static void a_typing_mistake_is_answered_with_the_name_that_was_meant(void **state)
{
	(void)state;
	assert_refused("NET_BIND_SERVCE", -EINVAL,
		       "must name capabilities; there is no 'NET_BIND_SERVCE': did you mean "
		       "'NET_BIND_SERVICE'?");
	assert_refused("cap_chwon", -EINVAL,
		       "must name capabilities; there is no 'cap_chwon': did you mean 'CHOWN'?");
	assert_refused("entirely_different_words", -EINVAL,
		       "must name capabilities; there is no 'entirely_different_words'");
}

static void a_number_is_no_name(void **state)
{
	(void)state;
	assert_int_equal(caps_parse("5", &(uint64_t){0}, NULL), -EINVAL);
	assert_int_equal(caps_parse("CAP_5", &(uint64_t){0}, NULL), -EINVAL);
	assert_int_equal(caps_parse("", &(uint64_t){0}, NULL), -EINVAL);
	assert_int_equal(caps_parse("CAP_", &(uint64_t){0}, NULL), -EINVAL);
}

static void names_are_printed_as_engines_want_them(void **state)
{
	char name[64];
	(void)state;

	caps_format(name, CAP_CHOWN);
	assert_string_equal(name, "CAP_CHOWN");
	caps_format(name, CAP_LAST_CAP);
	assert_string_equal(name, "CAP_CHECKPOINT_RESTORE");
}

static void a_set_is_walked_from_its_lowest_to_its_highest(void **state)
{
	uint64_t set =
		(uint64_t)1 << CAP_CHOWN | (uint64_t)1 << CAP_KILL | (uint64_t)1 << CAP_LAST_CAP;
	(void)state;

	assert_int_equal(caps_next(set, 0), CAP_CHOWN);
	assert_int_equal(caps_next(set, CAP_CHOWN + 1), CAP_KILL);
	assert_int_equal(caps_next(set, CAP_KILL + 1), CAP_LAST_CAP);
	assert_int_equal(caps_next(set, CAP_LAST_CAP + 1), -1);
	assert_int_equal(caps_next(0, 0), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_known_with_and_without_its_prefix_in_any_case),
		cmocka_unit_test(all_is_refused_with_the_reason),
		cmocka_unit_test(a_typing_mistake_is_answered_with_the_name_that_was_meant),
		cmocka_unit_test(a_number_is_no_name),
		cmocka_unit_test(names_are_printed_as_engines_want_them),
		cmocka_unit_test(a_set_is_walked_from_its_lowest_to_its_highest),
	};

	return cmocka_run_group_tests_name("caps", tests, NULL, NULL);
}
