/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

static void setting_an_error_returns_its_code(void **state)
{
	struct err err;
	(void)state;

	assert_int_equal(err_set(&err, ERR_INPUT, -EINVAL, "'%s' is no %s", "x", "number"),
			 -EINVAL);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_int_equal(err.code, -EINVAL);
	assert_string_equal(err.text, "'x' is no number");
}

static void a_prefix_says_what_was_being_done(void **state)
{
	struct err err;
	(void)state;

	(void)err_set(&err, ERR_TEMPORARY, -EAGAIN, "no answer");
	assert_int_equal(err_prefix(&err, "session %s", "s1"), -EAGAIN);
	assert_int_equal(err_prefix(&err, "reload"), -EAGAIN);
	assert_string_equal(err.text, "reload: session s1: no answer");
	assert_int_equal(err.kind, ERR_TEMPORARY);
}

static void without_a_place_for_the_text_only_the_code_remains(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, ERR_BUG, -EPERM, "nobody reads this"), -EPERM);
	assert_int_equal(err_prefix(NULL, "nor this"), -EIO);
}

static void a_text_that_is_too_long_says_that_it_was_cut(void **state)
{
	char text[600];
	struct err err;
	(void)state;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)err_set(&err, ERR_ENGINE, -EIO, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_string_equal(err.text + sizeof(err.text) - 5, "x...");

	(void)err_set(&err, ERR_ENGINE, -EIO, "%.500s", text);
	(void)err_prefix(&err, "%.20s", "a prefix that is long");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_string_equal(err.text + sizeof(err.text) - 5, "x...");

	(void)err_set(&err, ERR_ENGINE, -EIO, "%.511s", text);
	assert_string_equal(err.text + sizeof(err.text) - 5, "xxxx");
	(void)err_prefix(&err, "%s", text);
	assert_string_equal(err.text + sizeof(err.text) - 5, "x...");
}

static void what_is_quoted_cannot_start_a_line_of_its_own(void **state)
{
	struct err err;
	(void)state;

	(void)err_set(&err, ERR_INPUT, -EINVAL, "'%s' is no name", "a\nb\033[2J\x7f");
	assert_string_equal(err.text, "'a?b?[2J?' is no name");
	(void)err_set(&err, ERR_INPUT, -EINVAL, "'%s'", "\2332J \302\233 \342\200\256gpj");
	assert_string_equal(err.text, "'?2J ?? ???gpj'");
	(void)err_set(&err, ERR_INPUT, -EINVAL, "'%s' is no name", "a\nb\033[2J\x7f");
	(void)err_prefix(&err, "reading '%s'", "c\nd");
	assert_string_equal(err.text, "reading 'c?d': 'a?b?[2J?' is no name");
}

static void a_key_that_is_quoted_is_masked(void **state)
{
	struct err err;
	(void)state;

	(void)err_set(&err, ERR_INPUT, -EINVAL, "'%s' is no name", "sk-ant-api03-1");
	(void)err_prefix(&err, "reading '%s'", "sk-ant-api03-2");
	assert_string_equal(err.text, "reading 'sk-ant-***': 'sk-ant-***' is no name");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(setting_an_error_returns_its_code),
		cmocka_unit_test(a_prefix_says_what_was_being_done),
		cmocka_unit_test(without_a_place_for_the_text_only_the_code_remains),
		cmocka_unit_test(a_text_that_is_too_long_says_that_it_was_cut),
		cmocka_unit_test(what_is_quoted_cannot_start_a_line_of_its_own),
		cmocka_unit_test(a_key_that_is_quoted_is_masked),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
