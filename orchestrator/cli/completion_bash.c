/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One shell function: a `case` says which flags and operands the command has and what the flag
 * before the cursor takes; the end offers that. It needs nothing of bash-completion but the folder.
 */
#include "base/cleanup.h"
#include "cli/completion.h"

#include <stdio.h>
#include <string.h>

static const char head[] =
	"# bash completion for berth, written by `berth completion bash`\n"
	"\n"
	"_berth()\n"
	"{\n"
	"\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
	"\tlocal command=${COMP_WORDS[1]} flags= kind= words= operands= operand_words=\n"
	"\n"
	"\t# bash takes --flag=value for three words.\n"
	"\tif [ \"$current\" = = ]; then\n"
	"\t\tcurrent=\n"
	"\telif [ \"$previous\" = = ]; then\n"
	"\t\tprevious=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\tfi\n";

static const char tail[] =
	"\tif [ -z \"$kind\" ]; then\n"
	"\t\tcase $current in\n"
	"\t\t-*) kind=words words=$flags ;;\n"
	"\t\t*) kind=$operands words=$operand_words ;;\n"
	"\t\tesac\n"
	"\tfi\n"
	"\tCOMPREPLY=()\n"
	"\tcase $kind in\n"
	"\tsessions) words=$(berth ps 2>/dev/null | awk '" COMPLETION_SESSION_COLUMN "') ;&\n"
	"\twords) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\") ;;\n"
	"\tfiles) mapfile -t COMPREPLY < <(compgen -f -- \"$current\") ;;\n"
	"\tdirectories) mapfile -t COMPREPLY < <(compgen -d -- \"$current\") ;;\n"
	"\tesac\n"
	"\tcase $kind in\n"
	"\tfiles | directories) compopt -o filenames 2>/dev/null ;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"complete -F _berth berth\n";

static const char *const kind_names[] = {
	[COMPLETE_NOTHING] = "nothing",
	[COMPLETE_FILES] = "files",
	[COMPLETE_DIRECTORIES] = "directories",
	[COMPLETE_SESSIONS] = "sessions",
	[COMPLETE_WORDS] = "words",
};

/* The words that can stand first; of a command of two words those that can stand second. */
static void print_first_words(void)
{
	char first[32], other[32];

	printf("\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\tkind=words words='");
	for (size_t i = 0; commands[i]; i++) {
		(void)completion_split(commands[i], first);
		if (!completion_is_known(i))
			printf("%s ", first);
	}
	printf("help'\n\tfi\n");
	for (size_t i = 0; commands[i]; i++) {
		if (*completion_split(commands[i], first) == '\0' || completion_is_known(i))
			continue;
		printf("\tif [ \"$command\" = %s ]; then\n", first);
		printf("\t\tcommand=\"$command ${COMP_WORDS[2]}\"\n");
		printf("\t\t[ \"$COMP_CWORD\" -ne 2 ] || kind=words words='");
		for (size_t j = i; commands[j]; j++) {
			const char *second = completion_split(commands[j], other);
			if (strcmp(first, other) == 0)
				printf("%s%s", j > i ? " " : "", second);
		}
		printf("'\n\tfi\n");
	}
}

static void print_value(const struct flag *flag)
{
	enum completion kind = completion_of(flag->argument);

	if (flag->type == FLAG_ON)
		return;
	printf("\t\t--%s", flag->name);
	if (flag->letter)
		printf(" | -%c", flag->letter);
	printf(") kind=%s", kind_names[kind]);
	if (kind == COMPLETE_WORDS) {
		_cleanup_free_ char *words = completion_words(flag->argument, " ");
		printf(" words='%s'", words);
	}
	printf(" ;;\n");
}

static void print_command(const struct command *command)
{
	const struct flag *flags[FLAGS_MAX];
	size_t count = flags_list(command, flags, NULL);

	printf("\t'%s')\n\t\tflags='", command->name);
	for (size_t i = 0; i < count; i++)
		printf("%s--%s", i > 0 ? " " : "", flags[i]->name);
	printf("'\n");
	if (command->operands) {
		enum completion kind = completion_of(command->operands);
		_cleanup_free_ char *words =
			completion_words(kind == COMPLETE_WORDS ? command->operands : "", " ");
		printf("\t\toperands=%s operand_words='%s'\n", kind_names[kind], words);
	}
	printf("\t\tcase $previous in\n");
	for (size_t i = 0; i < count; i++)
		print_value(flags[i]);
	printf("\t\tesac\n\t\t;;\n");
}

void completion_bash(void)
{
	(void)fputs(head, stdout);
	print_first_words();
	printf("\tcase $command in\n");
	printf("\thelp) operands=words operand_words='");
	for (size_t i = 0; commands[i]; i++) {
		char first[32];
		(void)completion_split(commands[i], first);
		if (!completion_is_known(i))
			printf("%s%s", i > 0 ? " " : "", first);
	}
	printf("' ;;\n");
	for (size_t i = 0; commands[i]; i++)
		print_command(commands[i]);
	printf("\tesac\n");
	(void)fputs(tail, stdout);
}
