/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/path.h"
#include "unit.h"

#include <stdlib.h>

static void paths_are_compared_by_component(void **state)
{
	(void)state;
	assert_true(path_is_within("/srv", "/srv"));
	assert_true(path_is_within("/srv/a", "/srv"));
	assert_true(path_is_within("/srv", "/"));
	assert_false(path_is_within("/srvx", "/srv"));
	assert_false(path_is_within("/", "/srv"));
	assert_true(path_is_normal("/"));
	assert_true(path_is_normal("/.../..a"));
	assert_false(path_is_normal(""));
	assert_false(path_is_normal("/a\n"));
	assert_true(path_is_normal("/\303\251 a"));
	/* What a terminal would obey, or write in another order; no UTF-8. */
	assert_false(path_is_normal("/a\302\233b"));
	assert_false(path_is_normal("/a\342\200\256b"));
	assert_false(path_is_normal("/a\233b"));
}

static void assert_cleaned(const char *path, const char *expected)
{
	char *clean = path_clean(path);

	assert_string_equal(clean, expected);
	free(clean);
}

static void a_path_is_cleaned_the_way_engines_do(void **state)
{
	(void)state;
	assert_cleaned("/data", "/data");
	assert_cleaned("/data/", "/data");
	assert_cleaned("//a/./b//c/..", "/a/b");
	assert_cleaned("/", "/");
	assert_cleaned("/..", "/");
	assert_cleaned("/a/../../b", "/b");
	assert_cleaned("/a/..", "/");
	assert_cleaned("/...", "/...");
	assert_null(path_clean("data"));
	assert_null(path_clean(""));
	assert_null(path_clean("/a\tb"));
	assert_null(path_clean("/a\342\200\256b"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_compared_by_component),
		cmocka_unit_test(a_path_is_cleaned_the_way_engines_do),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
