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

static const struct flag version_flags[] = {
	{.name = "output",
	 .letter = 'o',
	 .type = FLAG_CHOICE,
	 .offset = offsetof(struct version_flags, output),
	 .argument = "text|json",
	 .help = "how to print it"},
	{.name = NULL},
};

int cmd_version(int argc, char **argv)
{
	struct version_flags flags = {.output = "text"};
	const struct flag_group groups[] = {{version_flags, &flags}, {NULL}};
	const struct usage usage = {
		.command = "version",
		.summary = "Prints the version of berth and of the libraries it runs with.",
		.groups = groups,
	};
	const struct {
		const char *name, *version;
	} parts[] = {
		{"berth", BERTH_VERSION},
		{"json-c", json_c_version()},
		{"libyaml", yaml_get_version_string()},
		{"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
	};
	int exit_code;

	if (!flags_parse(&usage, argc, argv, &exit_code))
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
