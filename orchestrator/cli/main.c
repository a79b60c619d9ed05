/* SPDX-License-Identifier: Apache-2.0 */
/* berth: one container per agent session. Finds the command and hands over to it. */
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit.h"

#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"run", "serve the queue until told to stop", cmd_run},
	{"drain", "run what is queued, then leave", cmd_drain},
	{"check", "say what is wrong with the configuration", cmd_check},
	{"plan", "print the container that a work item would get", cmd_plan},
	{"ps", "list the session containers", cmd_ps},
	{"logs", "print what a session's container writes, or wrote", cmd_logs},
	{"stop", "end a session", cmd_stop},
	{"queue", "look at the queue, or stop an item of it", cmd_queue},
	{"version", "print the version of berth and its libraries", cmd_version},
};

static void print_usage(FILE *stream)
{
	(void)fprintf(stream, "Usage: berth COMMAND [FLAGS]\n\n"
			      "Runs every agent session in a container of its own.\n\nCommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		(void)fprintf(stream, "  %-9s %s\n", commands[i].name, commands[i].summary);
	(void)fprintf(stream, "\n'berth COMMAND --help' lists a command's flags.\n");
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int complain_unknown(const char *name)
{
	const char *names[ARRAY_SIZE(commands)];

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		names[i] = commands[i].name;
	const char *meant = text_nearest(name, names, ARRAY_SIZE(names));
	(void)fprintf(stderr, "berth: unknown command '%s'%s%s%s\n", name,
		      meant ? ": did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
	(void)fprintf(stderr, "Try 'berth --help'.\n");
	return EXIT_USAGE;
}

/* "berth help", "berth help COMMAND". */
static int help(const char *name)
{
	char flag[] = "--help";

	if (!name) {
		print_usage(stdout);
		return EXIT_DONE;
	}
	const struct command *command = find(name);
	if (!command)
		return complain_unknown(name);
	char own_name[32];
	(void)snprintf(own_name, sizeof(own_name), "%s", name);
	char *arguments[] = {own_name, flag, NULL};
	return command->run(2, arguments);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (argc < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		return help(argc > 2 ? argv[2] : NULL);
	if (strcmp(name, "--version") == 0)
		name = "version";
	const struct command *command = find(name);
	if (!command)
		return complain_unknown(name);
	return command->run(argc - 1, argv + 1);
}
