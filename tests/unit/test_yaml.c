/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/yaml.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

/* Parses a literal that must be fine. */
static struct yaml_tree *parsed(const char *text)
{
	struct problems problems;
	struct yaml_tree *yaml = NULL;

	problems_init(&problems);
	int r = yaml_tree_parse("f.yaml", text, strlen(text), &problems, &yaml);
	assert_string_equal(problems_text(&problems), "");
	assert_int_equal(r, 0);
	problems_done(&problems);
	return yaml;
}

/* Parses bytes that must be refused with exactly these lines. */
static void assert_refused_bytes(const char *text, size_t len, const char *lines)
{
	struct problems problems;
	struct yaml_tree *yaml = NULL;

	problems_init(&problems);
	assert_int_equal(yaml_tree_parse("f.yaml", text, len, &problems, &yaml), -EINVAL);
	assert_string_equal(problems_text(&problems), lines);
	assert_null(yaml);
	problems_done(&problems);
}

static void assert_refused(const char *text, const char *lines)
{
	assert_refused_bytes(text, strlen(text), lines);
}

static void every_node_knows_its_line_and_column(void **state)
{
	struct yaml_tree *yaml = parsed("a: 1\nb:\n  - x\n  - {c: y}\n");
	const struct yaml_node *list = yaml_get(yaml_tree_root(yaml), "b");
	(void)state;

	assert_int_equal(yaml_tree_root(yaml)->kind, YAML_MAP);
	assert_string_equal(yaml_get(yaml_tree_root(yaml), "a")->text, "1");
	assert_int_equal(list->kind, YAML_LIST);
	assert_int_equal(list->count, 2);
	assert_int_equal(list->line, 3);
	assert_int_equal(list->column, 3);
	assert_int_equal(yaml_get(list->items[1], "c")->line, 4);
	assert_int_equal(yaml_get(list->items[1], "c")->column, 9);
	yaml_tree_free(yaml);
}

static void a_missing_key_and_a_node_that_is_no_map_give_nothing(void **state)
{
	struct yaml_tree *yaml = parsed("a: [1]\n");
	(void)state;

	assert_null(yaml_get(yaml_tree_root(yaml), "b"));
	assert_null(yaml_get(yaml_get(yaml_tree_root(yaml), "a"), "b"));
	assert_null(yaml_get(NULL, "b"));
	yaml_tree_free(yaml);
}

static void quotes_make_a_text_of_what_would_be_null(void **state)
{
	struct yaml_tree *yaml = parsed("- null\n- ~\n- Null\n-\n- 'null'\n- \"\"\n- x\n");
	static const bool expected[] = {true, true, true, true, false, false, false};
	const struct yaml_node *root = yaml_tree_root(yaml);
	(void)state;

	assert_int_equal(root->count, 7);
	for (size_t i = 0; i < root->count; i++)
		assert_int_equal(yaml_is_null(root->items[i]), expected[i]);
	assert_true(root->items[4]->quoted);
	assert_false(root->items[6]->quoted);
	assert_false(yaml_is_null(root));
	yaml_tree_free(yaml);
}

static void an_alias_is_the_node_it_names(void **state)
{
	struct yaml_tree *yaml = parsed("a: &x {k: v}\nb: *x\n");
	(void)state;

	assert_ptr_equal(yaml_get(yaml_tree_root(yaml), "a"), yaml_get(yaml_tree_root(yaml), "b"));
	yaml_tree_free(yaml);
}

static void a_tree_that_contains_itself_is_harmless(void **state)
{
	struct yaml_tree *yaml = parsed("&x\na: *x\nl: &l [*l]\n");
	const struct yaml_node *list = yaml_get(yaml_tree_root(yaml), "l");
	(void)state;

	assert_ptr_equal(yaml_get(yaml_tree_root(yaml), "a"), yaml_tree_root(yaml));
	assert_ptr_equal(list->items[0], list);
	yaml_tree_free(yaml);
}

static void a_key_that_is_there_twice_is_refused_where_it_is_repeated(void **state)
{
	(void)state;
	assert_refused("a: 1\nb: 2\nc: {x: 1}\na: 3\n",
		       "f.yaml:4:1: key 'a' is here twice: first in line 1\n");
	assert_refused("z: {b: 1, a: 2, b: 3}\n",
		       "f.yaml:1:17: key 'b' is here twice: first in line 1\n");
}

static void several_problems_are_told_at_once(void **state)
{
	(void)state;
	assert_refused("a: !!int 1\na: 2\n[1]: x\n",
		       "f.yaml:1:4: tags are not supported: leave 'tag:yaml.org,2002:int' out\n"
		       "f.yaml:2:1: key 'a' is here twice: first in line 1\n"
		       "f.yaml:3:1: a key must be a plain text\n");
}

static void tags_are_refused(void **state)
{
	(void)state;
	assert_refused("!custom {a: 1}\n",
		       "f.yaml:1:1: tags are not supported: leave '!custom' out\n");
	assert_refused("- !!binary aGk=\n", "f.yaml:1:3: tags are not supported: leave "
					    "'tag:yaml.org,2002:binary' out\n");
}

static void a_second_document_is_refused(void **state)
{
	(void)state;
	assert_refused("a: 1\n---\nb: 2\n",
		       "f.yaml:3:1: a second document starts here: one file holds one\n");
	assert_refused("a: 1\n--- [\n",
		       "f.yaml:3:1: not valid YAML: did not find expected node content while "
		       "parsing a flow node\n");
	yaml_tree_free(parsed("---\na: 1\n...\n"));
}

static void bad_syntax_is_refused_with_its_place(void **state)
{
	(void)state;
	assert_refused("a: [1\nb: 2\n", "f.yaml:2:2: not valid YAML: did not find expected ',' or "
					"']' while parsing a flow sequence\n");
	assert_refused("a: *nobody\n", "f.yaml:1:4: not valid YAML: found undefined alias\n");
	assert_refused("a:\n\t- 1\n", "f.yaml:2:1: not valid YAML: found character that cannot "
				      "start any token while scanning for the next token\n");
}

static void an_empty_file_is_refused(void **state)
{
	(void)state;
	assert_refused("", "f.yaml:1:1: the file says nothing\n");
	assert_refused("# only a comment\n", "f.yaml:1:1: the file says nothing\n");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
	(void)state;
	assert_refused("a: \"\\0\"\n", "f.yaml:1:4: a text cannot contain a NUL character\n");
	assert_refused_bytes("a: \0\n", 5,
			     "f.yaml:1:4: not valid text: control characters are not allowed\n");
	assert_refused("a: \xff\n", "f.yaml:1:4: not valid text: invalid leading UTF-8 octet\n");
}

static void deep_nesting_is_refused_without_harm(void **state)
{
	char text[20001];
	struct problems problems;
	struct yaml_tree *yaml = NULL;
	(void)state;

	memset(text, '[', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	problems_init(&problems);
	assert_int_equal(yaml_tree_parse("f.yaml", text, strlen(text), &problems, &yaml), -EINVAL);
	assert_int_equal(problems.count, 1);
	problems_done(&problems);
}

static void keep_lines(const char *line, void *kept)
{
	(void)!buf_addf(kept, "[%s]", line);
}

static void a_problem_is_told_with_as_much_of_its_place_as_is_known(void **state)
{
	struct problems problems;
	(void)state;

	problems_init(&problems);
	problems_add(&problems, "f.yaml", 0, 0, "broken by '%s'", "a\nline");
	problems_add(&problems, "f.yaml", 7, 0, "low");
	problems_add(&problems, "f.yaml", 7, 2, "high");
	assert_string_equal(problems_text(&problems),
			    "f.yaml: broken by 'a?line'\nf.yaml:7: low\nf.yaml:7:2: high\n");

	struct buf kept;
	buf_init(&kept, 200);
	problems_each(&problems, keep_lines, &kept);
	assert_string_equal(kept.data,
			    "[f.yaml: broken by 'a?line'][f.yaml:7: low][f.yaml:7:2: high]");
	buf_done(&kept);
	problems_done(&problems);
}

static void a_file_name_of_several_lines_stays_on_one(void **state)
{
	struct problems problems;
	(void)state;

	problems_init(&problems);
	problems_add(&problems, "a\n\033[2J.yaml", 7, 2, "low");
	assert_string_equal(problems_text(&problems), "a??[2J.yaml:7:2: low\n");
	problems_done(&problems);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_node_knows_its_line_and_column),
		cmocka_unit_test(a_missing_key_and_a_node_that_is_no_map_give_nothing),
		cmocka_unit_test(quotes_make_a_text_of_what_would_be_null),
		cmocka_unit_test(an_alias_is_the_node_it_names),
		cmocka_unit_test(a_tree_that_contains_itself_is_harmless),
		cmocka_unit_test(a_key_that_is_there_twice_is_refused_where_it_is_repeated),
		cmocka_unit_test(several_problems_are_told_at_once),
		cmocka_unit_test(tags_are_refused),
		cmocka_unit_test(a_second_document_is_refused),
		cmocka_unit_test(bad_syntax_is_refused_with_its_place),
		cmocka_unit_test(an_empty_file_is_refused),
		cmocka_unit_test(bytes_that_are_no_text_are_refused),
		cmocka_unit_test(deep_nesting_is_refused_without_harm),
		cmocka_unit_test(a_problem_is_told_with_as_much_of_its_place_as_is_known),
		cmocka_unit_test(a_file_name_of_several_lines_stays_on_one),
	};

	return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
