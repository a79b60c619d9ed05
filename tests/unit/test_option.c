/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "policy/option.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

enum colour { RED, GREEN };

struct inner {
	char *name;
	int64_t depth;
};

struct thing {
	char *text;
	bool flag;
	int64_t number, pause_ms, bytes, optional;
	enum colour colour, optional_colour;
	char **words;
	struct name_value *pairs;
	size_t pair_count;
	struct inner one;
	struct inner *many;
	size_t many_count;
	int even;
	unsigned letters;
	char *custom;
};

static int parse_even(const char *text, void *target, struct err *err)
{
	struct thing *thing = target;
	int digit = text[0] - '0';

	if (digit % 2 != 0 || text[1] != '\0')
		return err_set(err, ERR_INPUT, -EINVAL, "must be an even digit, not '%s'", text);
	thing->even = digit;
	return 0;
}

static int parse_letter(const char *text, void *target, struct err *err)
{
	struct thing *thing = target;

	if (text[0] < 'a' || text[0] > 'z' || text[1] != '\0')
		return err_set(err, ERR_INPUT, -EINVAL, "must hold letters, not '%s'", text);
	thing->letters |= 1U << (unsigned)(text[0] - 'a');
	return 0;
}

static void read_custom(const struct option *row, const struct yaml_node *node, void *target,
			struct problems *problems)
{
	struct thing *thing = target;

	if (node->kind == YAML_SCALAR)
		thing->custom = xstrdup(node->text);
	else
		problems_at(problems, node, "%s: is odd", row->key);
}

static void release_custom(void *target)
{
	struct thing *thing = target;

	free(thing->custom);
	thing->custom = NULL;
}

static const struct option_choice colours[] = {{"red", RED}, {"green", GREEN}, {NULL, 0}};

static const struct option inner_rows[] = {
	{.key = "name", .type = OPTION_STRING, .offset = offsetof(struct inner, name)},
	{.key = "depth",
	 .type = OPTION_INT,
	 .offset = offsetof(struct inner, depth),
	 .fallback = "3",
	 .required = true},
	{.key = NULL},
};

static const struct option rows[] = {
	{.key = "text",
	 .type = OPTION_STRING,
	 .offset = offsetof(struct thing, text),
	 .minimum = 1,
	 .maximum = 8,
	 .fallback = "hello"},
	{.key = "flag",
	 .type = OPTION_BOOL,
	 .offset = offsetof(struct thing, flag),
	 .fallback = "true"},
	{.key = "number",
	 .type = OPTION_INT,
	 .offset = offsetof(struct thing, number),
	 .minimum = -5,
	 .maximum = 100,
	 .fallback = "7"},
	{.key = "pause",
	 .type = OPTION_DURATION,
	 .offset = offsetof(struct thing, pause_ms),
	 .minimum = 1000,
	 .maximum = 5400000,
	 .fallback = "30s"},
	{.key = "bytes",
	 .type = OPTION_SIZE,
	 .offset = offsetof(struct thing, bytes),
	 .minimum = 6 << 20,
	 .maximum = 1 << 30,
	 .fallback = "8MiB"},
	{.key = "optional", .type = OPTION_INT, .offset = offsetof(struct thing, optional)},
	{.key = "colour",
	 .type = OPTION_ENUM,
	 .offset = offsetof(struct thing, colour),
	 .choices = colours,
	 .fallback = "green"},
	{.key = "optional_colour",
	 .type = OPTION_ENUM,
	 .offset = offsetof(struct thing, optional_colour),
	 .choices = colours},
	{.key = "words", .type = OPTION_STRINGS, .offset = offsetof(struct thing, words)},
	{.key = "pairs",
	 .type = OPTION_MAP,
	 .offset = offsetof(struct thing, pairs),
	 .count_offset = offsetof(struct thing, pair_count)},
	{.key = "one",
	 .type = OPTION_SECTION,
	 .offset = offsetof(struct thing, one),
	 .rows = inner_rows},
	{.key = "many",
	 .type = OPTION_SECTIONS,
	 .offset = offsetof(struct thing, many),
	 .count_offset = offsetof(struct thing, many_count),
	 .item_size = sizeof(struct inner),
	 .rows = inner_rows,
	 .minimum = 1,
	 .maximum = 3},
	{.key = "even", .type = OPTION_PARSED, .parse = parse_even, .fallback = "4"},
	{.key = "letters", .type = OPTION_PARSED_LIST, .parse = parse_letter},
	{.key = "custom", .type = OPTION_CUSTOM, .read = read_custom, .release = release_custom},
	{.key = NULL},
};

/* Reads `text` into `thing`; the problems must be exactly `lines`. */
static void read_into(struct thing *thing, const char *text, const char *lines)
{
	struct problems problems;
	struct yaml_tree *yaml = NULL;

	*thing = (struct thing){.number = 0};
	problems_init(&problems);
	assert_int_equal(yaml_tree_parse("f.yaml", text, strlen(text), &problems, &yaml), 0);
	int r = option_read(rows, yaml_tree_root(yaml), thing, &problems);
	assert_string_equal(problems_text(&problems), lines);
	assert_int_equal(r, lines[0] == '\0' ? 0 : -EINVAL);
	yaml_tree_free(yaml);
	problems_done(&problems);
}

static void assert_problems(const char *text, const char *lines)
{
	struct thing thing;

	read_into(&thing, text, lines);
	option_free(rows, &thing);
}

static void assert_defaults(const struct thing *thing)
{
	assert_string_equal(thing->text, "hello");
	assert_true(thing->flag);
	assert_int_equal(thing->number, 7);
	assert_int_equal(thing->pause_ms, 30000);
	assert_int_equal(thing->bytes, 8 << 20);
	assert_true(thing->optional == OPTION_NOT_SET);
	assert_int_equal(thing->colour, GREEN);
	assert_true((int)thing->optional_colour == -1);
	assert_null(thing->words);
	assert_null(thing->pairs);
	assert_int_equal(thing->pair_count, 0);
	assert_null(thing->one.name);
	assert_int_equal(thing->one.depth, 3);
	assert_null(thing->many);
	assert_int_equal(thing->even, 4);
	assert_int_equal(thing->letters, 0);
	assert_null(thing->custom);
}

static void without_a_file_everything_is_its_default(void **state)
{
	struct thing thing = {.number = 0};
	struct problems problems;
	(void)state;

	problems_init(&problems);
	assert_int_equal(option_read(rows, NULL, &thing, &problems), 0);
	assert_defaults(&thing);
	option_free(rows, &thing);
	problems_done(&problems);
}

static void null_means_the_default(void **state)
{
	struct thing thing;
	(void)state;

	read_into(&thing,
		  "text: null\nflag: ~\nnumber:\npause: null\noptional: null\ncolour: null\n"
		  "words: null\npairs: null\none: null\nmany: null\neven: null\ncustom: null\n",
		  "");
	assert_defaults(&thing);
	option_free(rows, &thing);
	read_into(&thing, "~\n", "");
	assert_defaults(&thing);
	option_free(rows, &thing);
}

static void every_type_is_read(void **state)
{
	struct thing thing;
	(void)state;

	read_into(&thing,
		  "text: \"5\"\nflag: false\nnumber: -5\npause: 1h30m\nbytes: 1GiB\noptional: 1\n"
		  "colour: red\noptional_colour: green\nwords: [a, 'b c', 3]\n"
		  "pairs: {X: 1, Y: ''}\none: {name: n, depth: 9}\n"
		  "many: [{depth: 1}, {name: m, depth: 2}]\n"
		  "even: 8\nletters: [a, c]\ncustom: yes\n",
		  "");
	assert_string_equal(thing.text, "5");
	assert_false(thing.flag);
	assert_int_equal(thing.number, -5);
	assert_int_equal(thing.pause_ms, 5400000);
	assert_int_equal(thing.bytes, 1 << 30);
	assert_int_equal(thing.optional, 1);
	assert_int_equal(thing.colour, RED);
	assert_int_equal(thing.optional_colour, GREEN);
	assert_string_equal(thing.words[1], "b c");
	assert_string_equal(thing.words[2], "3");
	assert_null(thing.words[3]);
	assert_int_equal(thing.pair_count, 2);
	assert_string_equal(thing.pairs[0].name, "X");
	assert_string_equal(thing.pairs[0].value, "1");
	assert_string_equal(thing.pairs[1].value, "");
	assert_string_equal(thing.one.name, "n");
	assert_int_equal(thing.one.depth, 9);
	assert_int_equal(thing.many_count, 2);
	assert_null(thing.many[0].name);
	assert_string_equal(thing.many[1].name, "m");
	assert_int_equal(thing.even, 8);
	assert_int_equal(thing.letters, 5);
	assert_string_equal(thing.custom, "yes");

	option_free(rows, &thing);
	assert_null(thing.text);
	assert_null(thing.words);
	assert_null(thing.pairs);
	assert_int_equal(thing.pair_count, 0);
	assert_null(thing.many);
	assert_null(thing.custom);
}

static void an_unknown_key_is_answered_with_the_one_that_was_meant(void **state)
{
	(void)state;
	assert_problems("numbr: 5\n", "f.yaml:1:1: unknown key 'numbr': did you mean 'number'?\n");
	assert_problems("entirely_else: 5\n", "f.yaml:1:1: unknown key 'entirely_else'\n");
	assert_problems("one: {nam: x, depth: 1}\n",
			"f.yaml:1:7: unknown key 'nam': did you mean 'name'?\n");
}

static void all_problems_of_a_file_are_told_in_one_go(void **state)
{
	(void)state;
	assert_problems("numbr: 5\n"
			"flag: yes\n"
			"pause: 30\n"
			"bytes: 1MiB\n"
			"one:\n"
			"  depth: deep\n"
			"colour: blue\n",
			"f.yaml:1:1: unknown key 'numbr': did you mean 'number'?\n"
			"f.yaml:2:7: flag: must be true or false, not 'yes'\n"
			"f.yaml:3:8: pause: must be a duration such as 30s or 1h30m, not '30'\n"
			"f.yaml:4:8: bytes: must be from 6MiB to 1GiB, not '1MiB'\n"
			"f.yaml:6:10: depth: must be a whole number, not 'deep'\n"
			"f.yaml:7:9: colour: must be one of red, green, not 'blue'\n");
}

static void a_value_out_of_range_names_the_range_in_its_own_unit(void **state)
{
	(void)state;
	assert_problems("number: 101\n", "f.yaml:1:9: number: must be from -5 to 100, not '101'\n");
	assert_problems("number: -6\n", "f.yaml:1:9: number: must be from -5 to 100, not '-6'\n");
	assert_problems("pause: 2h\n", "f.yaml:1:8: pause: must be from 1s to 1h30m, not '2h'\n");
	assert_problems("bytes: 2GiB\n", "f.yaml:1:8: bytes: must be from 6MiB to 1GiB, not "
					 "'2GiB'\n");
	assert_problems("text: ''\n", "f.yaml:1:7: text: must not be empty\n");
	assert_problems("text: much too long\n",
			"f.yaml:1:7: text: must have from 1 to 8 characters, not 13\n");
	assert_problems("number: 99999999999999999999\n",
			"f.yaml:1:9: number: must be a whole number that fits into 63 bits, not "
			"'99999999999999999999'\n");
}

static void a_wrong_kind_of_node_is_refused_by_every_type(void **state)
{
	(void)state;
	assert_problems("text: [a]\n", "f.yaml:1:7: text: must be a single value\n");
	assert_problems("number: '5'\n", "f.yaml:1:9: number: must be a number, without quotes\n");
	assert_problems("flag: 'true'\n",
			"f.yaml:1:7: flag: must be true or false, without quotes\n");
	assert_problems("words: a\n", "f.yaml:1:8: words: must be a list\n");
	assert_problems("words: [a, [b], ~]\n",
			"f.yaml:1:12: words: must be made of texts; this entry is none\n"
			"f.yaml:1:17: words: must be made of texts; this entry is none\n");
	assert_problems("letters: a\n", "f.yaml:1:10: letters: must be a list\n");
	assert_problems("letters: [{a: b}]\n",
			"f.yaml:1:11: letters: must be made of texts; this entry is none\n");
	assert_problems("pairs: [a]\n", "f.yaml:1:8: pairs: must be a map of NAME: value\n");
	assert_problems("pairs: {a: [b]}\n",
			"f.yaml:1:12: pairs: must be made of texts; this entry is none\n");
	assert_problems("one: text\n", "f.yaml:1:6: one: a section of KEY: value is expected here, "
				       "such as { name: ... }\n");
	assert_problems("many: {depth: 1}\n", "f.yaml:1:7: many: must be a list of sections\n");
	assert_problems("many: [x]\n", "f.yaml:1:8: many: a section of KEY: value is expected "
				       "here, such as { name: ... }\n");
	assert_problems("custom: [x]\n", "f.yaml:1:9: custom: is odd\n");
	assert_problems("- text\n", "f.yaml:1:1: a section of KEY: value is expected here\n");
}

static void parsed_values_say_why_they_are_refused(void **state)
{
	(void)state;
	assert_problems("even: 3\n", "f.yaml:1:7: even: must be an even digit, not '3'\n");
	assert_problems("letters: [a, 7, b]\n",
			"f.yaml:1:14: letters: must hold letters, not '7'\n");
}

static void a_required_key_is_missed_only_where_its_section_is_present(void **state)
{
	(void)state;
	assert_problems("text: x\n", "");
	assert_problems("one: {name: x}\n", "f.yaml:1:6: 'depth' is missing\n");
	assert_problems("many: [{depth: 1}, {depth: ~}]\n", "f.yaml:1:20: 'depth' is missing\n");
	assert_problems("many: [~]\n", "f.yaml:1:8: 'depth' is missing\n");
}

static void lists_have_limits_too(void **state)
{
	(void)state;
	assert_problems("many: []\n", "f.yaml:1:7: many: must have from 1 to 3 entries, not 0\n");
	assert_problems("many: [{depth: 1}, {depth: 1}, {depth: 1}, {depth: 1}]\n",
			"f.yaml:1:7: many: must have from 1 to 3 entries, not 4\n");
}

static void aliases_are_read_like_what_they_name(void **state)
{
	struct thing thing;
	(void)state;

	read_into(&thing, "many: [&d {name: x, depth: 4}, *d]\n", "");
	assert_string_equal(thing.many[1].name, "x");
	assert_ptr_not_equal(thing.many[0].name, thing.many[1].name);
	option_free(rows, &thing);
}

static void a_file_that_contains_itself_ends_in_problems_not_in_a_loop(void **state)
{
	(void)state;
	assert_problems("&x\none: *x\n", "f.yaml:1:1: 'depth' is missing\n"
					 "f.yaml:2:1: unknown key 'one'\n");
}

static void a_flag_goes_through_the_checks_of_its_row(void **state)
{
	struct thing thing = {.number = 0};
	struct err err;
	(void)state;

	assert_int_equal(option_set(option_find(rows, "number"), &thing, "12", &err), 0);
	assert_int_equal(thing.number, 12);
	assert_int_equal(option_set(option_find(rows, "number"), &thing, "101", &err), -ERANGE);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_string_equal(err.text, "must be from -5 to 100, not '101'");
	assert_int_equal(thing.number, 12);

	assert_int_equal(option_set(option_find(rows, "text"), &thing, "one", &err), 0);
	assert_int_equal(option_set(option_find(rows, "text"), &thing, "two", &err), 0);
	assert_string_equal(thing.text, "two");
	assert_int_equal(option_set(option_find(rows, "even"), &thing, "6", &err), 0);
	assert_int_equal(thing.even, 6);
	option_free(rows, &thing);
}

static void a_list_cannot_be_given_as_one_value(void **state)
{
	struct thing thing = {.number = 0};
	struct err err;
	(void)state;

	assert_int_equal(option_set(option_find(rows, "words"), &thing, "a", &err), -EINVAL);
	assert_int_equal(err.kind, ERR_BUG);
	assert_null(option_find(rows, "nothing"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_file_everything_is_its_default),
		cmocka_unit_test(null_means_the_default),
		cmocka_unit_test(every_type_is_read),
		cmocka_unit_test(an_unknown_key_is_answered_with_the_one_that_was_meant),
		cmocka_unit_test(all_problems_of_a_file_are_told_in_one_go),
		cmocka_unit_test(a_value_out_of_range_names_the_range_in_its_own_unit),
		cmocka_unit_test(a_wrong_kind_of_node_is_refused_by_every_type),
		cmocka_unit_test(parsed_values_say_why_they_are_refused),
		cmocka_unit_test(a_required_key_is_missed_only_where_its_section_is_present),
		cmocka_unit_test(lists_have_limits_too),
		cmocka_unit_test(aliases_are_read_like_what_they_name),
		cmocka_unit_test(a_file_that_contains_itself_ends_in_problems_not_in_a_loop),
		cmocka_unit_test(a_flag_goes_through_the_checks_of_its_row),
		cmocka_unit_test(a_list_cannot_be_given_as_one_value),
	};

	return cmocka_run_group_tests_name("option", tests, NULL, NULL);
}
