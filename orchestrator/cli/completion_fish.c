/* SPDX-License-Identifier: Apache-2.0 */
/* One `complete` line per word, with the condition under which it may stand. */
#include "base/cleanup.h"
#include "cli/completion.h"

#include <stdio.h>
#include <string.h>

static const char head[] = "# fish completion for berth, written by `berth completion fish`\n"
			   "\n"
			   "# True behind `berth` and these words.\n"
			   "function __berth_after\n"
			   "    set -l words (commandline -opc)\n"
			   "    test \"$words[2..]\" = \"$argv\"\n"
			   "end\n"
			   "\n"
			   "# True where the command is the one of these words.\n"
			   "function __berth_in\n"
			   "    set -l words (commandline -opc)\n"
			   "    set -l last (math 1 + (count $argv))\n"
			   "    test \"$words[2..$last]\" = \"$argv\"\n"
			   "end\n"
			   "\n"
			   "function __berth_sessions\n"
			   "    berth ps 2>/dev/null | awk '" COMPLETION_SESSION_COLUMN "'\n"
			   "end\n"
			   "\n"
			   "complete -c berth -f\n";

/* What a flag's value or an operand can be, as options of `complete`. */
static void print_values(const char *argument)
{
	switch (completion_of(argument)) {
	case COMPLETE_FILES:
		printf(" -F");
		return;
	case COMPLETE_DIRECTORIES:
		printf(" -a '(__fish_complete_directories)'");
		return;
	case COMPLETE_SESSIONS:
		printf(" -a '(__berth_sessions)'");
		return;
	case COMPLETE_WORDS: {
		_cleanup_free_ char *words = completion_words(argument, " ");
		printf(" -a '%s'", words);
		return;
	}
	case COMPLETE_NOTHING:
		return;
	}
}

static void print_flag(const struct command *command, const struct flag *flag)
{
	_cleanup_free_ char *help = completion_quoted(flag->help);

	printf("complete -c berth -n '__berth_in %s' -l %s", command->name, flag->name);
	if (flag->letter)
		printf(" -s %c", flag->letter);
	if (flag->type != FLAG_ON) {
		printf(completion_of(flag->argument) == COMPLETE_FILES ? " -r" : " -x");
		print_values(flag->argument);
	}
	printf(" -d %s\n", help);
}

static void print_command(const struct command *command)
{
	const struct flag *flags[FLAGS_MAX];
	size_t count = flags_list(command, flags, NULL);

	printf("\n");
	for (size_t i = 0; i < count; i++)
		print_flag(command, flags[i]);
	if (completion_of(command->operands) == COMPLETE_NOTHING)
		return;
	printf("complete -c berth -n '__berth_in %s'", command->name);
	print_values(command->operands);
	printf("\n");
}

/* A word that can stand behind `before`. */
static void print_word(const char *before, const char *word, const char *summary)
{
	_cleanup_free_ char *help = completion_quoted(summary);

	printf("complete -c berth -n '__berth_after%s%s' -a %s -d %s\n", *before ? " " : "", before,
	       word, help);
}

void completion_fish(void)
{
	char first[32];

	(void)fputs(head, stdout);
	for (size_t i = 0; commands[i]; i++) {
		const char *second = completion_split(commands[i], first);
		if (!completion_is_known(i)) {
			print_word("", first, *second == '\0' ? commands[i]->summary : "");
			print_word("help", first, *second == '\0' ? commands[i]->summary : "");
		}
		if (*second != '\0')
			print_word(first, second, commands[i]->summary);
	}
	print_word("", "help", "show the flags of a command");
	for (size_t i = 0; commands[i]; i++)
		print_command(commands[i]);
}
