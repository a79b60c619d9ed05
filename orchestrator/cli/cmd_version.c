/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/flags.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

struct version_flags {
	const char *output;
};

static const struct flag version_flag_rows[] = {
	{.name = "output",
	 .letter = 'o',
	 .type = FLAG_CHOICE,
	 .offset = offsetof(struct version_flags, output),
	 .argument = "text|json",
	 .help = "how to print it"},
	{.name = NULL},
};

static int run_version(int argc, char **argv)
{
	struct version_flags flags = {.output = "text"};
	const struct {
		const char *name, *version;
	} parts[] = {
		{"berth", BERTH_VERSION},
		{"json-c", json_c_version()},
		{"libyaml", yaml_get_version_string()},
		{"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
	};
	int exit_code;

	if (!flags_parse(&command_version, &flags, argc, argv, &exit_code))
		return exit_code;
	if (strcmp(flags.output, "json") == 0) {
		struct json_object *object = json_new_object();
		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
			json_add_string(object, parts[i].name, parts[i].version);
		printf("%s\n", json_line(object));
		json_object_put(object);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		printf("%s %s\n", parts[i].name, parts[i].version);
	return EXIT_DONE;
}

static const struct flag_group version_groups[] = {{version_flag_rows, 0}, {NULL}};

const struct command command_version = {
	.name = "version",
	.summary = "print the version of berth and its libraries",
	.description = "Prints the version of berth and of the libraries it runs with.",
	.groups = version_groups,
	.run = run_version,
};
