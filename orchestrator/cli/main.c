/* SPDX-License-Identifier: Apache-2.0 */
/* berth: one container per agent session. Finds the command and hands over to it. */
#include "cli/commands.h"
#include "cli/exit.h"

#include <stdio.h>
#include <string.h>

static void print_usage(FILE *stream)
{
	(void)fprintf(stream, "Usage: berth COMMAND [FLAGS]\n\n"
			      "Runs every agent session in a container of its own.\n\nCommands:\n");
	for (size_t i = 0; commands[i]; i++)
		(void)fprintf(stream, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
	(void)fprintf(stream, "\n'berth COMMAND --help' lists a command's flags.\n");
}

/* Names the verbs of a command of two words whose second is missing or none of them. */
static int complain_incomplete(const char *first, const char *second)
{
	size_t length = strlen(first);
	const char *between = "say which: ";

	if (second)
		(void)fprintf(stderr, "berth: unknown command '%s %s'; ", first, second);
	else
		(void)fprintf(stderr, "berth %s: ", first);
	for (size_t i = 0; commands[i]; i++) {
		const char *name = commands[i]->name;
		if (strncmp(name, first, length) != 0 || name[length] != ' ')
			continue;
		(void)fprintf(stderr, "%s%s", between, name + length + 1);
		between = ", ";
	}
	(void)fprintf(stderr, "\nTry 'berth --help'.\n");
	return EXIT_USAGE;
}

/* True if `word` is the first of a command's two. */
static bool is_first_word(const char *word)
{
	size_t length = strlen(word);

	for (size_t i = 0; commands[i]; i++)
		if (length > 0 && strncmp(commands[i]->name, word, length) == 0 &&
		    commands[i]->name[length] == ' ')
			return true;
	return false;
}

static int complain_unknown(const char *name, const char *next)
{
	if (is_first_word(name))
		return complain_incomplete(name, next);
	const char *meant = command_nearest(name);
	(void)fprintf(stderr, "berth: unknown command '%s'%s%s%s\n", name,
		      meant ? ": did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
	(void)fprintf(stderr, "Try 'berth --help'.\n");
	return EXIT_USAGE;
}

/* "berth help", "berth help COMMAND". */
static int help(int argc, char **argv)
{
	char own_name[32], flag[] = "--help";
	char *arguments[] = {own_name, flag, NULL};
	int words;

	if (argc == 0) {
		print_usage(stdout);
		return EXIT_DONE;
	}
	const struct command *command = command_find(argc, argv, &words);
	if (!command)
		return complain_unknown(argv[0], argv[1]);
	(void)snprintf(own_name, sizeof(own_name), "%s", argv[words - 1]);
	return command->run(2, arguments);
}

int main(int argc, char **argv)
{
	static char version[] = "version";
	int words;

	if (argc < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0)
		return help(argc - 2, argv + 2);
	if (strcmp(argv[1], "--version") == 0)
		argv[1] = version;
	const struct command *command = command_find(argc - 1, argv + 1, &words);
	if (!command)
		return complain_unknown(argv[1], argv[2]);
	return command->run(argc - words, argv + words);
}
