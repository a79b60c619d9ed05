/* SPDX-License-Identifier: Apache-2.0 */
/* How words find a command. The table is this test's own, in place of the product's. */
#include "base/cleanup.h"
#include "cli/completion.h"
#include "unit/unit.h"

#include <stdio.h>

static const struct command show = {.name = "show"}, list = {.name = "queue list"},
			    stop_item = {.name = "queue stop"}, stop = {.name = "stop"};

const struct command *const commands[] = {&show, &list, &stop_item, &stop, NULL};

static const struct command *find(const char *first, const char *second, int *ret_words)
{
	char words[2][16];
	char *argv[] = {words[0], words[1], NULL};

	(void)snprintf(words[0], sizeof(words[0]), "%s", first);
	(void)snprintf(words[1], sizeof(words[1]), "%s", second ? second : "");
	*ret_words = 0;
	return command_find(second ? 2 : 1, argv, ret_words);
}

static void one_word_or_two_make_a_command(void **state)
{
	int words;
	(void)state;

	assert_ptr_equal(find("show", NULL, &words), &show);
	assert_int_equal(words, 1);
	assert_ptr_equal(find("queue", "stop", &words), &stop_item);
	assert_int_equal(words, 2);
	assert_ptr_equal(find("stop", "queue", &words), &stop);
	assert_int_equal(words, 1);
}

static void half_a_command_is_none(void **state)
{
	int words;
	(void)state;

	assert_null(find("queue", NULL, &words));
	assert_null(find("queue", "sto", &words));
	assert_null(find("queue", "stops", &words));
	assert_null(find("sho", NULL, &words));
	assert_null(find("queue list", NULL, &words));
	assert_null(find("", NULL, &words));
	assert_int_equal(words, 0);
}

static void a_command_that_was_meant_is_named(void **state)
{
	(void)state;
	assert_string_equal(command_nearest("shovv"), "show");
	assert_null(command_nearest("completely"));
}

static void a_name_is_split_into_its_words(void **state)
{
	char first[32];
	(void)state;

	assert_string_equal(completion_split(&list, first), "list");
	assert_string_equal(first, "queue");
	assert_string_equal(completion_split(&show, first), "");
	assert_string_equal(first, "show");
	assert_false(completion_is_known(1));
	assert_true(completion_is_known(2));
	assert_false(completion_is_known(3));
}

static void an_argument_says_how_it_is_completed(void **state)
{
	_cleanup_free_ char *words = completion_words("[a|b]", ", ");
	_cleanup_free_ char *quoted = completion_quoted("it's");
	(void)state;

	assert_int_equal(completion_of("FILE"), COMPLETE_FILES);
	assert_int_equal(completion_of("[FILE ...]"), COMPLETE_FILES);
	assert_int_equal(completion_of("DIRECTORY"), COMPLETE_DIRECTORIES);
	assert_int_equal(completion_of("SESSION"), COMPLETE_SESSIONS);
	assert_int_equal(completion_of("a|b"), COMPLETE_WORDS);
	assert_int_equal(completion_of("N"), COMPLETE_NOTHING);
	assert_int_equal(completion_of(NULL), COMPLETE_NOTHING);
	assert_string_equal(words, "a, b");
	assert_string_equal(quoted, "'it'\\''s'");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_word_or_two_make_a_command),
		cmocka_unit_test(half_a_command_is_none),
		cmocka_unit_test(a_command_that_was_meant_is_named),
		cmocka_unit_test(a_name_is_split_into_its_words),
		cmocka_unit_test(an_argument_says_how_it_is_completed),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
