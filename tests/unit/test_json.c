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
		"",	    "   ", "{",	  "[1,]",  "{\"a\":1,}", "{} {}",  "{}x", "nul",  "01",
		"\"\xff\"", "[1",  "\"a", "{a:1}", "/* */ 1",	 "tru",	   "1 2", "[,1]", ".5",
		"+1",	    "1e",  "'a'", "NaN",   "Infinity",	 "\"\n\"", "1.",  "-",
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

/* --- only what is wanted ---------------------------------------------------------------------- */

static const struct json_wanted inner_wanted[] = {{"in", NULL}, {NULL, NULL}};
static const struct json_wanted wanted[] = {
	{"a", NULL},
	{"part", inner_wanted},
	{NULL, NULL},
};

static int parse_wanted(const char *text, struct json_object **ret)
{
	return json_parse_wanted(text, strlen(text), wanted, ret);
}

static void only_what_is_wanted_is_made(void **state)
{
	static const struct {
		const char *text, *made;
	} cases[] = {
		{"{}", "{}"},
		{" { } ", "{}"},
		{"{\"a\":1}", "{\"a\":1}"},
		{"{\"x\":[1,{\"a\":2}],\"a\":{\"x\":[3]},\"y\":null}", "{\"a\":{\"x\":[3]}}"},
		{"{\"part\":{\"out\":1,\"in\":[2],\"a\":3},\"b\":4}", "{\"part\":{\"in\":[2]}}"},
		{"{\"part\" : { } , \"a\" : \"}\" }", "{\"part\":{},\"a\":\"}\"}"},
		/* Where something else is than an object with members, it is there as it is. */
		{"{\"part\":[{\"in\":1}]}", "{\"part\":[{\"in\":1}]}"},
		{"[{\"x\":1}]", "[{\"x\":1}]"},
		{"\"a\"", "\"a\""},
		/* As json_parse() has it. */
		{"{\"a\":1,\"a\":2}", "{\"a\":2}"},
		{"{\"\\u0061\":1}", "{\"a\":1}"},
		{"{\"ab\":1,\"\":2,\"a\":\"\\ud83d\\ude00\"}", "{\"a\":\"\xf0\x9f\x98\x80\"}"},
		/* Every kind of value is passed over. */
		{"{\"x\":-0.5e+3,\"x\":10E-1,\"x\":0,\"x\":true,\"x\":false,\"x\":[],\"x\":{},"
		 "\"x\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\uABcd "
		 "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"}",
		 "{}"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct json_object *object = NULL;
		assert_int_equal(parse_wanted(cases[i].text, &object), 0);
		assert_string_equal(json_line(object), cases[i].made);
		json_object_put(object);
	}
}

static void what_is_not_wanted_must_be_json_all_the_same(void **state)
{
	static const char *const bad[] = {
		"",
		"  ",
		"{\"x\":}",
		"{\"x\"}",
		"{\"x\":1,}",
		"{,\"x\":1}",
		"{\"x\":1 \"y\":2}",
		"{\"x\":1}}",
		"{\"x\":1} {}",
		"{x:1}",
		"{\"x\":[1,]}",
		"{\"x\":[,1]}",
		"{\"x\":[1 2]}",
		"{\"x\":[1}",
		"{\"x\":]}",
		"{\"x\":01}",
		"{\"x\":-}",
		"{\"x\":+1}",
		"{\"x\":.5}",
		"{\"x\":1.}",
		"{\"x\":1e}",
		"{\"x\":1e+}",
		"{\"x\":NaN}",
		"{\"x\":Infinity}",
		"{\"x\":nul}",
		"{\"x\":tru}",
		"{\"x\":trueish}",
		"{\"x\":'y'}",
		"{\"x\":/**/1}",
		"{\"x\":\"\n\"}",
		"{\"x\":\"\\x\"}",
		"{\"x\":\"\\u12g4\"}",
		"{\"x\":\"\\\"}",
		"{\"x\":\"\xff\"}",
		"{\"x\":\"\x80\"}",
		"{\"x\":\"\xc3\"}",
		"{\"x\":\"\xe2\x82\"}",
		"{\"\n\":1}",
		"{\"part\":{\"x\":1,}}",
	};
	struct json_object *object = NULL;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_wanted(bad[i], &object), -EBADMSG);
	assert_int_equal(json_parse_wanted("{}\0x", 4, wanted, &object), -EBADMSG);
	assert_int_equal(json_parse_wanted("{\"x\":\"\0\"}", 9, wanted, &object), -EBADMSG);
	assert_null(object);
}

static void a_text_that_is_cut_off_is_refused_wherever_it_is_cut(void **state)
{
	static const char text[] =
		"{\"x\":[{\"y\":\"\\u00e4\xc3\xa4\"},-1.5e3,null],\"part\":{\"o\":"
		"true,\"in\":{\"z\":[1]}},\"a\":\"b\"}";
	struct json_object *object = NULL;
	(void)state;

	/* In memory of its own, so that a byte too far is noticed. */
	for (size_t len = 0; len < strlen(text); len++) {
		char *cut = xmalloc(len > 0 ? len : 1);
		memcpy(cut, text, len);
		assert_int_equal(json_parse_wanted(cut, len, wanted, &object), -EBADMSG);
		free(cut);
	}
	assert_int_equal(parse_wanted(text, &object), 0);
	json_object_put(object);
}

static void nesting_is_bounded_alike_with_and_without_a_choice(void **state)
{
	static const char *const opens[] = {"[", "{\"x\":", "{\"a\":"};
	static const char *const closes[] = {"]", "}", "}"};
	(void)state;

	for (size_t kind = 0; kind < ARRAY_SIZE(opens); kind++) {
		for (size_t levels = 1; levels < JSON_MAX_DEPTH + 4; levels++) {
			struct json_object *whole = NULL, *part = NULL;
			struct buf text;
			buf_init(&text, 1024);
			for (size_t i = 0; i < levels; i++)
				assert_int_equal(buf_adds(&text, opens[kind]), 0);
			assert_int_equal(buf_adds(&text, "1"), 0);
			for (size_t i = 0; i < levels; i++)
				assert_int_equal(buf_adds(&text, closes[kind]), 0);
			assert_int_equal(json_parse_wanted(text.data, text.len, wanted, &part),
					 json_parse(text.data, text.len, &whole));
			assert_int_equal(whole == NULL, levels >= JSON_MAX_DEPTH);
			buf_done(&text);
			json_object_put(whole);
			json_object_put(part);
		}
	}
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
		cmocka_unit_test(only_what_is_wanted_is_made),
		cmocka_unit_test(what_is_not_wanted_must_be_json_all_the_same),
		cmocka_unit_test(a_text_that_is_cut_off_is_refused_wherever_it_is_cut),
		cmocka_unit_test(nesting_is_bounded_alike_with_and_without_a_choice),
		cmocka_unit_test(getters_say_null_for_another_type),
		cmocka_unit_test(what_is_built_is_one_line),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
