/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/json.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

static struct json_object *parsed(const char *text)
{
	struct json_object *object = NULL;

	assert_int_equal(json_parse(text, strlen(text), &object), 0);
	return object;
}

static void one_text_with_white_space_around_it_is_read(void **state)
{
	static const char *const good[] = {"{}", " [1] \n", "\"a\"", "12", "-1.5e3", "true"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct json_object *object = parsed(good[i]);
		assert_non_null(object);
		json_object_put(object);
	}
	assert_null(parsed("null"));
}

static void anything_else_is_refused(void **state)
{
	static const char *const bad[] = {
		"",    "   ", "{",	  "[1,]", "{\"a\":1,}", "{} {}", "{}x",
		"nul", "01",  "\"\xff\"", "[1",	  "\"a",	"{a:1}", "/* */ 1",
		"tru", "1 2", "[,1]",	  ".5",	  "+1",		"1e",
	};
	struct json_object *object = NULL;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(json_parse(bad[i], strlen(bad[i]), &object), -EBADMSG);
	assert_int_equal(json_parse("{}\0x", 4, &object), -EBADMSG);
	assert_int_equal(json_parse("{}", SIZE_MAX, &object), -EBADMSG);
	assert_null(object);
}

static void nesting_is_bounded(void **state)
{
	char text[2 * 40 + 1];
	struct json_object *object = NULL;
	(void)state;

	memset(text, '[', 40);
	memset(text + 40, ']', 40);
	text[80] = '\0';
	assert_int_equal(json_parse(text, 80, &object), -EBADMSG);
	assert_int_equal(json_parse(text + 20, 40, &object), 0);
	json_object_put(object);
}

static void getters_say_null_for_another_type(void **state)
{
	struct json_object *object =
		parsed("{\"s\":\"x\",\"n\":5,\"b\":true,\"o\":{},\"a\":[],\"z\":\"a\\u0000b\"}");
	(void)state;

	assert_string_equal(json_get_string(object, "s"), "x");
	assert_null(json_get_string(object, "n"));
	assert_null(json_get_string(object, "z"));
	assert_null(json_get_string(object, "missing"));
	assert_null(json_get_string(NULL, "s"));
	assert_non_null(json_get_object(object, "o"));
	assert_null(json_get_object(object, "a"));
	assert_non_null(json_get_array(object, "a"));
	assert_null(json_get_array(object, "s"));
	assert_null(json_get(json_get(object, "s"), "s"));
	assert_int_equal(json_get_int(object, "n", -1), 5);
	assert_int_equal(json_get_int(object, "s", -1), -1);
	assert_true(json_get_bool(object, "b", false));
	assert_true(json_get_bool(object, "n", true));
	assert_false(json_get_bool(NULL, "b", false));
	assert_null(json_string(NULL));
	json_putp(&object);
	assert_null(object);
}

static void what_is_built_is_one_line(void **state)
{
	struct json_object *object = json_new_object(), *array = json_new_array();
	(void)state;

	json_add_string(object, "s", "a/b\n");
	json_add_string(object, "nothing", NULL);
	json_add_int(object, "n", INT64_MIN);
	json_add_bool(object, "b", false);
	json_append_string(array, "x");
	json_append(array, json_new_object());
	json_add(object, "a", array);
	assert_string_equal(json_line(object),
			    "{\"s\":\"a/b\\n\",\"n\":-9223372036854775808,\"b\":false,"
			    "\"a\":[\"x\",{}]}");
	json_object_put(object);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_text_with_white_space_around_it_is_read),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(getters_say_null_for_another_type),
		cmocka_unit_test(what_is_built_is_one_line),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
