/* SPDX-License-Identifier: Apache-2.0 */
/* Commands and flags. A group of flags that several commands have is described once. */
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/shared_flags.h"
#include "share/manual.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Groups that several commands have; a new one needs its title here. */
static const struct {
	const struct flag *rows;
	const char *title;
} shared[] = {
	{engine_flags, "Configuration and engine"},
	{environment_flags, "Environment"},
	{log_flag_rows, "Log"},
};

static const char *title_of(const struct flag *rows)
{
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		if (shared[i].rows == rows)
			return shared[i].title;
	return NULL;
}

/* "From 1 to 10.", where a flag has limits. */
static void print_limits(const struct flag *flag)
{
	char from[32], to[32];

	if (flag->type == FLAG_INT) {
		printf("From %" PRId64 " to %" PRId64 ".\n", flag->minimum, flag->maximum);
	} else if (flag->type == FLAG_DURATION) {
		text_format_duration(from, flag->minimum);
		text_format_duration(to, flag->maximum);
		printf("From %s to %s.\n", from, to);
	}
}

/* "a|b" as "a | b", as macros want their arguments. */
static void print_argument(const char *argument)
{
	for (; *argument != '\0'; argument++)
		if (*argument == '|')
			(void)fputs(" | ", stdout);
		else
			(void)putchar(*argument);
}

/* "list the containers" as a sentence; one that ends in [VARIABLE] keeps that at its end. */
static void print_help(const char *help)
{
	_cleanup_free_ char *text =
		xasprintf("%s%s", help, help[strlen(help) - 1] == ']' ? "" : ".");

	text[0] = (char)toupper((unsigned char)text[0]);
	manual_sentences(text);
}

static void print_flag(const struct flag *flag)
{
	printf(".It ");
	if (flag->letter)
		printf("Fl %c , ", flag->letter);
	printf("Fl \\-");
	manual_text(flag->name);
	if (flag->argument) {
		printf(" Ar ");
		print_argument(flag->argument);
	}
	(void)putchar('\n');
	print_help(flag->help);
	print_limits(flag);
}

static void print_flags(const struct flag *rows)
{
	printf(".Bl -tag -width Ds\n");
	for (; rows->name; rows++)
		print_flag(rows);
	printf(".El\n");
}

static void print_shared_titles(const struct command *command)
{
	const char *before = "It also takes the flags of\n.Sx ", *end = "";

	for (const struct flag_group *group = command->groups; group->rows; group++) {
		const char *title = title_of(group->rows);
		if (!title)
			continue;
		printf("%s%s", before, title);
		before = " ,\n.Sx ";
		end = " .\n";
	}
	(void)fputs(end, stdout);
}

/* Operands as in --help, "[FILE ...]". */
static void print_operands(const char *operands)
{
	size_t length = strlen(operands);

	if (operands[0] == '[' && operands[length - 1] == ']') {
		_cleanup_free_ char *inner = xstrndup(operands + 1, length - 2);
		printf(".Op Ar ");
		print_argument(inner);
	} else {
		printf(".Ar ");
		print_argument(operands);
	}
	(void)putchar('\n');
}

static void print_command(const struct command *command)
{
	printf(".Ss berth %s\n.Nm Cm %s Op Ar flags\n", command->name, command->name);
	if (command->operands)
		print_operands(command->operands);
	printf(".Pp\n");
	manual_sentences(command->description);
	print_shared_titles(command);
	for (const struct flag_group *group = command->groups; group->rows; group++)
		if (!title_of(group->rows))
			print_flags(group->rows);
}

void manual_commands(void)
{
	for (size_t i = 0; commands[i]; i++)
		print_command(commands[i]);
}

void manual_flags(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++) {
		printf(".Ss %s\n", shared[i].title);
		print_flags(shared[i].rows);
	}
}
