/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: what flags store, and what is refused with which words. */
#include "base/cleanup.h"
#include "cli/exit.h"
#include "cli/shared_flags.h"
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

struct values {
	bool loud;
	const char *name, *format;
	int64_t count, time_ms;
	struct flag_list files;
	struct flag_list operands;
};

static const struct flag rows[] = {
	{.name = "loud",
	 .letter = 'l',
	 .type = FLAG_ON,
	 .offset = offsetof(struct values, loud),
	 .help = "be heard"},
	{.name = "name",
	 .type = FLAG_TEXT,
	 .offset = offsetof(struct values, name),
	 .argument = "NAME",
	 .help = "who it is"},
	{.name = "format",
	 .letter = 'f',
	 .type = FLAG_CHOICE,
	 .offset = offsetof(struct values, format),
	 .argument = "text|json",
	 .help = "the form"},
	{.name = "count",
	 .type = FLAG_INT,
	 .offset = offsetof(struct values, count),
	 .argument = "N",
	 .minimum = 1,
	 .maximum = 10,
	 .help = "how many"},
	{.name = "time",
	 .type = FLAG_DURATION,
	 .offset = offsetof(struct values, time_ms),
	 .argument = "D",
	 .minimum = 1000,
	 .maximum = 60000,
	 .help = "how long"},
	{.name = "file",
	 .type = FLAG_LIST,
	 .offset = offsetof(struct values, files),
	 .argument = "FILE",
	 .help = "what to read"},
	{.name = NULL},
};

/* Both streams while a command line is parsed, in files. */
struct capture {
	FILE *out, *err;
	int saved_out, saved_err;
};

static void begin(struct capture *capture)
{
	(void)fflush(stdout);
	(void)fflush(stderr);
	capture->out = tmpfile();
	capture->err = tmpfile();
	assert_non_null(capture->out);
	assert_non_null(capture->err);
	capture->saved_out = dup(STDOUT_FILENO);
	capture->saved_err = dup(STDERR_FILENO);
	assert_int_equal(dup2(fileno(capture->out), STDOUT_FILENO), STDOUT_FILENO);
	assert_int_equal(dup2(fileno(capture->err), STDERR_FILENO), STDERR_FILENO);
}

static void read_back(FILE *file, char into[4096])
{
	(void)fseek(file, 0, SEEK_SET);
	size_t length = fread(into, 1, 4095, file);
	into[length] = '\0';
	(void)fclose(file);
}

static void end(struct capture *capture, char out[4096], char err[4096])
{
	(void)fflush(stdout);
	(void)fflush(stderr);
	(void)dup2(capture->saved_out, STDOUT_FILENO);
	(void)dup2(capture->saved_err, STDERR_FILENO);
	(void)close(capture->saved_out);
	(void)close(capture->saved_err);
	read_back(capture->out, out);
	read_back(capture->err, err);
}

struct result {
	bool go_on;
	int exit_code;
	char out[4096], err[4096];
};

/* Parses words separated by spaces. */
static struct result parse(const char *line, struct values *values, const char *operands)
{
	static char words[512];
	char *argv[32] = {NULL}, *rest = NULL;
	static const struct flag_group groups[] = {{rows, 0}, {NULL}};
	const struct command command = {
		.name = "test",
		.description = "It does nothing.",
		.groups = groups,
		.operands = operands,
		.operands_offset = offsetof(struct values, operands),
	};
	struct result result = {.exit_code = -1};
	struct capture capture;
	int argc = 0;

	(void)snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	begin(&capture);
	result.go_on = flags_parse(&command, values, argc, argv, &result.exit_code);
	end(&capture, result.out, result.err);
	return result;
}

static void assert_refused(const char *line, const char *why)
{
	struct values values = {0};
	struct result result = parse(line, &values, NULL);
	_cleanup_free_ char *expected =
		xasprintf("berth test: %s\nTry 'berth test --help'.\n", why);

	assert_false(result.go_on);
	assert_int_equal(result.exit_code, EXIT_USAGE);
	assert_string_equal(result.err, expected);
	assert_string_equal(result.out, "");
	free(values.files.values);
}

static void values_reach_their_places(void **state)
{
	struct values values = {0};
	struct result result = parse("test --loud --name me --format=json --count 10 --time=1m "
				     "--file a --file=b",
				     &values, NULL);
	(void)state;

	assert_string_equal(result.err, "");
	assert_true(result.go_on);
	assert_true(values.loud);
	assert_string_equal(values.name, "me");
	assert_string_equal(values.format, "json");
	assert_int_equal(values.count, 10);
	assert_int_equal(values.time_ms, 60000);
	assert_int_equal(values.files.count, 2);
	assert_string_equal(values.files.values[1], "b");
	free(values.files.values);
}

static void short_forms_work_alone_and_together(void **state)
{
	struct values values = {0};
	(void)state;

	assert_true(parse("test -l -f text", &values, NULL).go_on);
	assert_true(values.loud);
	assert_string_equal(values.format, "text");
	values = (struct values){0};
	assert_true(parse("test -lfjson", &values, NULL).go_on);
	assert_true(values.loud);
	assert_string_equal(values.format, "json");
}

static void what_is_not_given_stays_as_it_was(void **state)
{
	struct values values = {.name = "before", .count = 5};
	(void)state;

	assert_true(parse("test", &values, NULL).go_on);
	assert_string_equal(values.name, "before");
	assert_int_equal(values.count, 5);
}

static void an_unknown_flag_is_refused_with_what_was_probably_meant(void **state)
{
	(void)state;
	assert_refused("test --nmae me", "unknown flag '--nmae': did you mean '--name'?");
	assert_refused("test --coutn=3", "unknown flag '--coutn': did you mean '--count'?");
	assert_refused("test --something-else", "unknown flag '--something-else'");
	assert_refused("test -x", "unknown flag '-x'");
}

static void abbreviations_are_refused(void **state)
{
	(void)state;
	assert_refused("test --form json", "unknown flag '--form': did you mean '--format'?");
	assert_refused("test --ti 5s", "unknown flag '--ti': did you mean '--time'?");
	assert_refused("test --nam=me", "unknown flag '--nam': did you mean '--name'?");
}

static void values_are_checked(void **state)
{
	(void)state;
	assert_refused("test --format xml", "--format: must be one of text|json, not 'xml'");
	assert_refused("test --format tex", "--format: must be one of text|json, not 'tex': "
					    "did you mean 'text'?");
	assert_refused("test --count many", "--count: must be a whole number, not 'many'");
	assert_refused("test --count 11", "--count: must be from 1 to 10, not '11'");
	assert_refused("test --time 5", "--time: must be a duration such as 30s or 1h30m, not '5'");
	assert_refused("test --time 2m", "--time: must be from 1s to 1m, not '2m'");
	assert_refused("test --name=", "--name: must not be empty");
}

static void a_missing_or_needless_value_is_refused(void **state)
{
	(void)state;
	assert_refused("test --name", "'--name' needs a value");
	assert_refused("test -f", "'-f' needs a value");
	assert_refused("test --loud=yes", "--loud takes no value");
}

static void operands_are_taken_only_where_there_are_any(void **state)
{
	struct values values = {0};
	(void)state;

	assert_refused("test stray", "does not know what to do with 'stray'");
	assert_refused("test -- stray", "does not know what to do with 'stray'");
	assert_true(parse("test a --loud b -- --name", &values, "[FILE ...]").go_on);
	assert_true(values.loud);
	assert_int_equal(values.operands.count, 3);
	assert_string_equal(values.operands.values[0], "a");
	assert_string_equal(values.operands.values[2], "--name");
	free(values.operands.values);
}

static void help_is_made_of_the_rows(void **state)
{
	struct values values = {0};
	struct result result = parse("test --help", &values, NULL);
	(void)state;

	assert_false(result.go_on);
	assert_int_equal(result.exit_code, EXIT_DONE);
	assert_string_equal(result.err, "");
	assert_string_equal(result.out, "Usage: berth test [FLAGS]\n\nIt does nothing.\n\nFlags:\n"
					"  -l, --loud                       be heard\n"
					"      --name NAME                  who it is\n"
					"  -f, --format text|json           the form\n"
					"      --count N                    how many\n"
					"      --time D                     how long\n"
					"      --file FILE                  what to read\n"
					"  -h, --help                       show this text\n");
}

static void an_earlier_group_hides_a_later_flag_of_the_same_name(void **state)
{
	static const struct flag_group groups[] = {
		{rows, 0}, {rows, sizeof(struct values)}, {NULL}};
	const struct command command = {.name = "test", .description = "", .groups = groups};
	struct values values[2] = {{0}};
	char word[] = "test", flag[] = "--name=me", *argv[] = {word, flag, NULL};
	int exit_code;
	(void)state;

	assert_true(flags_parse(&command, values, 2, argv, &exit_code));
	assert_string_equal(values[0].name, "me");
	assert_null(values[1].name);
}

static void the_shared_flags_are_those_of_run_and_drain(void **state)
{
	static const char *const expected[] = {
		"config",    "engine",	    "instance",	  "environment-id", "environment-key-file",
		"image",     "policy",	    "policy-dir", "sessions",	    "credential",
		"state-dir", "on-shutdown", "log-format", "log-level",
	};
	const struct flag *const tables[] = {engine_flags, environment_flags, log_flag_rows};
	size_t count = 0;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct flag *flag = tables[i]; flag->name; flag++)
			assert_string_equal(flag->name, expected[count++]);
	assert_int_equal(count, ARRAY_SIZE(expected));
}

static void shared_flags_fill_what_the_configuration_is_made_of(void **state)
{
	struct fleet_flags fleet = {0};
	static const struct flag_group groups[] = {
		{engine_flags, 0}, {environment_flags, 0}, {NULL}};
	const struct command command = {.name = "test", .description = "", .groups = groups};
	char words[] = "test\0--config=c\0--engine=unix:///e\0--instance=i\0--environment-id=id\0"
		       "--environment-key-file=k\0--image=im\0--policy=p\0--policy-dir=pd\0"
		       "--sessions=7\0--credential=key\0--state-dir=sd\0--on-shutdown=stop";
	char *argv[16] = {NULL}, *word = words;
	int argc = 0, exit_code;
	(void)state;

	for (; word < words + sizeof(words); word += strlen(word) + 1)
		argv[argc++] = word;
	assert_true(flags_parse(&command, &fleet, argc, argv, &exit_code));
	assert_string_equal(fleet.config, "c");
	assert_string_equal(fleet.engine, "unix:///e");
	assert_string_equal(fleet.instance, "i");
	assert_string_equal(fleet.environment_id, "id");
	assert_string_equal(fleet.environment_key_file, "k");
	assert_string_equal(fleet.image, "im");
	assert_string_equal(fleet.policy, "p");
	assert_string_equal(fleet.policy_dir, "pd");
	assert_string_equal(fleet.sessions, "7");
	assert_string_equal(fleet.credential, "key");
	assert_string_equal(fleet.state_dir, "sd");
	assert_string_equal(fleet.on_shutdown, "stop");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_reach_their_places),
		cmocka_unit_test(short_forms_work_alone_and_together),
		cmocka_unit_test(what_is_not_given_stays_as_it_was),
		cmocka_unit_test(an_unknown_flag_is_refused_with_what_was_probably_meant),
		cmocka_unit_test(abbreviations_are_refused),
		cmocka_unit_test(values_are_checked),
		cmocka_unit_test(a_missing_or_needless_value_is_refused),
		cmocka_unit_test(operands_are_taken_only_where_there_are_any),
		cmocka_unit_test(help_is_made_of_the_rows),
		cmocka_unit_test(an_earlier_group_hides_a_later_flag_of_the_same_name),
		cmocka_unit_test(the_shared_flags_are_those_of_run_and_drain),
		cmocka_unit_test(shared_flags_fill_what_the_configuration_is_made_of),
	};

	return cmocka_run_group_tests_name("flags", tests, NULL, NULL);
}
