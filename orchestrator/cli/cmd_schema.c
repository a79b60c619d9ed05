/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "config/rows.h"
#include "policy/policy.h"
#include "policy/schema.h"

#include <stdio.h>
#include <string.h>

struct schema_flags {
	struct flag_list kinds;
};

/* The kinds of files there are; the first is meant where none is named. */
static const struct {
	const char *name;
	const struct option *rows;
	const char *title, *description;
} kinds[] = {
	{"fleet", fleet_rows, "berth.yaml",
	 "A fleet: the environments that berth serves, and with what. See berth.yaml(5)."},
	{"include", include_rows, "berth.yaml, included",
	 "Environments of a fleet, in a file of their own. See berth.yaml(5)."},
	{"policy", policy_options, "berth policy",
	 "What session containers are allowed. See berth-policy(5)."},
};

static void print_schema(size_t kind)
{
	struct json_object *schema =
		schema_new(kinds[kind].rows, kinds[kind].title, kinds[kind].description);

	printf("%s\n", json_object_to_json_string_ext(
			       schema, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
					       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(schema);
}

/* Words that are none have not got this far. */
static size_t find_kind(const char *name)
{
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(kinds) && strcmp(name, kinds[i].name) != 0)
		i++;
	return i;
}

static int run_schema(int argc, char **argv)
{
	struct schema_flags flags = {.kinds.count = 0};
	int exit_code;

	if (flags_parse(&command_schema, &flags, argc, argv, &exit_code)) {
		if (flags.kinds.count > 1) {
			(void)fputs("berth schema: one kind of file at a time\n", stderr);
			exit_code = EXIT_USAGE;
		} else {
			print_schema(flags.kinds.count > 0 ? find_kind(flags.kinds.values[0]) : 0);
			exit_code = EXIT_DONE;
		}
	}
	free(flags.kinds.values);
	return exit_code;
}

static const struct flag_group schema_groups[] = {{NULL}};

const struct command command_schema = {
	.name = "schema",
	.summary = "print the JSON Schema of a configuration file",
	.description =
		"Prints the JSON Schema (2020-12) of a fleet file, of the files it includes, "
		"or of a policy,\nfor editors. What berth reads is valid; `berth check` finds "
		"more that is wrong.",
	.groups = schema_groups,
	.operands = "fleet|include|policy",
	.operands_offset = offsetof(struct schema_flags, kinds),
	.run = run_schema,
};
