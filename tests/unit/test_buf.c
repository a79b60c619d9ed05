/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/name_value.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

static void an_empty_buffer_is_an_empty_text(void **state)
{
	struct buf buf;
	(void)state;

	buf_init(&buf, 10);
	assert_string_equal(buf.data, "");
	buf_reset(&buf);
	assert_string_equal(buf.data, "");
	char *text = buf_take(&buf);
	assert_string_equal(text, "");
	free(text);
	buf_done(&buf);
	buf_done_wipe(&buf);
}

static void appending_keeps_a_terminated_text(void **state)
{
	struct buf buf;
	(void)state;

	buf_init(&buf, 1000);
	assert_int_equal(buf_add(&buf, "ab\0c", 4), 0);
	assert_int_equal(buf.len, 4);
	assert_memory_equal(buf.data, "ab\0c", 5);
	buf_reset(&buf);
	assert_string_equal(buf.data, "");
	for (int i = 0; i < 200; i++)
		assert_int_equal(buf_addf(&buf, "%d,", i % 10), 0);
	assert_int_equal(buf.len, 400);
	assert_int_equal(strlen(buf.data), 400);
	assert_int_equal(buf_add(&buf, NULL, 0), 0);
	buf_done(&buf);
}

static void a_buffer_never_passes_its_maximum_and_keeps_what_it_had(void **state)
{
	struct buf buf;
	(void)state;

	buf_init(&buf, 5);
	assert_int_equal(buf_adds(&buf, "abc"), 0);
	assert_int_equal(buf_adds(&buf, "def"), -E2BIG);
	assert_int_equal(buf_addf(&buf, "%s", "def"), -E2BIG);
	assert_int_equal(buf_add(&buf, "x", SIZE_MAX), -E2BIG);
	assert_string_equal(buf.data, "abc");
	assert_int_equal(buf_adds(&buf, "de"), 0);
	assert_string_equal(buf.data, "abcde");
	buf_done(&buf);
	assert_int_equal(buf_adds(&buf, "abcdef"), -E2BIG);
	buf_done(&buf);
}

static void taking_leaves_an_empty_buffer_that_can_be_used_again(void **state)
{
	struct buf buf;
	(void)state;

	buf_init(&buf, 64);
	assert_int_equal(buf_adds(&buf, "mine"), 0);
	char *text = buf_take(&buf);
	assert_string_equal(text, "mine");
	assert_string_equal(buf.data, "");
	assert_int_equal(buf_adds(&buf, "next"), 0);
	assert_string_equal(buf.data, "next");
	free(text);
	buf_done_wipe(&buf);
	assert_string_equal(buf.data, "");
}

static void a_zeroed_buffer_can_be_given_up(void **state)
{
	struct buf buf = {.len = 0};
	(void)state;

	buf_done(&buf);
	assert_string_equal(buf.data, "");
}

static void the_allocators_always_give_something(void **state)
{
	char *text = xstrndup("abcdef", 3), *other = xasprintf("%s-%d", text, 5);
	char *nothing = xmalloc(0);
	int *numbers = xcalloc(2, sizeof(int));
	(void)state;

	assert_string_equal(text, "abc");
	assert_string_equal(other, "abc-5");
	assert_non_null(nothing);
	assert_int_equal(numbers[1], 0);
	numbers = xreallocarray(numbers, 4, sizeof(int));
	assert_int_equal(numbers[1], 0);
	assert_null(xstrdup_or_null(NULL));
	free(numbers);
	free(nothing);
	free(other);
	free(text);
}

static void taking_a_pointer_leaves_null_behind(void **state)
{
	char *text = xstrdup_or_null("a"), *taken = TAKE(text);
	(void)state;

	assert_null(text);
	assert_string_equal(taken, "a");
	free(taken);
}

static void names_and_values_are_copied(void **state)
{
	struct name_value *values = NULL;
	char name[] = "A";
	size_t count = 0;
	(void)state;

	name_values_add(&values, &count, name, "1");
	name[0] = 'B';
	name_values_add(&values, &count, name, "");
	assert_int_equal(count, 2);
	assert_string_equal(values[0].name, "A");
	assert_string_equal(values[0].value, "1");
	assert_string_equal(values[1].name, "B");
	assert_null(name_values_free(values, count));
	assert_null(name_values_free(NULL, 0));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buffer_is_an_empty_text),
		cmocka_unit_test(appending_keeps_a_terminated_text),
		cmocka_unit_test(a_buffer_never_passes_its_maximum_and_keeps_what_it_had),
		cmocka_unit_test(taking_leaves_an_empty_buffer_that_can_be_used_again),
		cmocka_unit_test(a_zeroed_buffer_can_be_given_up),
		cmocka_unit_test(the_allocators_always_give_something),
		cmocka_unit_test(taking_a_pointer_leaves_null_behind),
		cmocka_unit_test(names_and_values_are_copied),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
