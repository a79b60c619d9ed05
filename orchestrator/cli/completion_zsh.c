/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A function for `_arguments`: the first word says which command's specifications are given to it.
 * A specification is "NAME[help]:argument:action".
 */
#include "base/buf.h"
#include "base/cleanup.h"
#include "cli/completion.h"

#include <stdio.h>
#include <string.h>

static const char head[] =
	"#compdef berth\n"
	"# zsh completion for berth, written by `berth completion zsh`\n"
	"\n"
	"_berth_sessions()\n"
	"{\n"
	"\tlocal -a sessions=(${(f)\"$(berth ps 2>/dev/null | awk '" COMPLETION_SESSION_COLUMN
	"')\"})\n"
	"\tcompadd -a sessions\n"
	"}\n"
	"\n"
	"_berth()\n"
	"{\n"
	"\tlocal command=$words[2]\n"
	"\tlocal -a names\n"
	"\n";

static const char tail[] = "\tesac\n"
			   "}\n"
			   "\n"
			   "# Read with `source`, or found in $fpath and called.\n"
			   "if [ \"$funcstack[1]\" = _berth ]; then\n"
			   "\t_berth \"$@\"\n"
			   "else\n"
			   "\tcompdef _berth berth\n"
			   "fi\n";

/* Help without the characters that mean something in a specification. */
static char *plain(const char *help)
{
	struct buf text;

	buf_init(&text, BUF_MAX_LOG_LINE);
	for (; *help != '\0'; help++)
		if ((strchr("[]:\\", *help) && buf_adds(&text, "\\") < 0) ||
		    buf_add(&text, help, 1) < 0)
			abort();
	return buf_take(&text);
}

static char *action_of(const char *argument)
{
	switch (completion_of(argument)) {
	case COMPLETE_FILES:
		return xstrdup("_files");
	case COMPLETE_DIRECTORIES:
		return xstrdup("_files -/");
	case COMPLETE_SESSIONS:
		return xstrdup("_berth_sessions");
	case COMPLETE_WORDS: {
		_cleanup_free_ char *words = completion_words(argument, " ");
		return xasprintf("(%s)", words);
	}
	case COMPLETE_NOTHING:
		break;
	}
	return xstrdup(" ");
}

static void print_specification(const char *name, const struct flag *flag, const char *mark)
{
	_cleanup_free_ char *help = plain(flag->help), *action = action_of(flag->argument);
	_cleanup_free_ char *text = flag->type == FLAG_ON ? xasprintf("%s[%s]", name, help)
							  : xasprintf("%s%s[%s]:%s:%s", name, mark,
								      help, flag->name, action);
	_cleanup_free_ char *many = xasprintf("%s%s", flag->type == FLAG_LIST ? "*" : "", text);
	_cleanup_free_ char *quoted = completion_quoted(many);

	printf(" \\\n\t\t\t%s", quoted);
}

static void print_flag(const struct flag *flag)
{
	_cleanup_free_ char *name = xasprintf("--%s", flag->name);
	const char letter[] = {'-', flag->letter, '\0'};

	print_specification(name, flag, "=");
	if (flag->letter)
		print_specification(letter, flag, "+");
}

static void print_command(const struct command *command)
{
	const struct flag *flags[FLAGS_MAX];
	size_t count = flags_list(command, flags, NULL);

	printf("\t'%s')\n\t\t_arguments -S", command->name);
	for (size_t i = 0; i < count; i++)
		print_flag(flags[i]);
	if (command->operands) {
		_cleanup_free_ char *action = action_of(command->operands);
		_cleanup_free_ char *text = xasprintf("*:operand:%s", action);
		_cleanup_free_ char *quoted = completion_quoted(text);
		printf(" \\\n\t\t\t%s", quoted);
	}
	printf("\n\t\t;;\n");
}

static void print_name(const char *name, const char *summary)
{
	_cleanup_free_ char *help = plain(summary);
	_cleanup_free_ char *text = xasprintf("%s:%s", name, help);
	_cleanup_free_ char *quoted = completion_quoted(text);

	printf("\t\t\t%s\n", quoted);
}

/* The names that can stand first, or second after `first`. */
static void print_names(const char *first)
{
	char own[32];

	printf("\t\tnames=(\n");
	for (size_t i = 0; commands[i]; i++) {
		const char *second = completion_split(commands[i], own);
		if (first && strcmp(own, first) == 0)
			print_name(second, commands[i]->summary);
		else if (!first && !completion_is_known(i))
			print_name(own, *second == '\0' ? commands[i]->summary : "");
	}
	if (!first)
		print_name("help", "show the flags of a command");
	printf("\t\t)\n\t\t_describe command names\n\t\treturn\n");
}

void completion_zsh(void)
{
	char first[32];

	(void)fputs(head, stdout);
	printf("\tif ((CURRENT == 2)) || [ \"$command\" = help ]; then\n");
	print_names(NULL);
	printf("\tfi\n");
	for (size_t i = 0; commands[i]; i++) {
		if (*completion_split(commands[i], first) == '\0' || completion_is_known(i))
			continue;
		printf("\tif ((CURRENT == 3)) && [ \"$command\" = %s ]; then\n", first);
		print_names(first);
		printf("\tfi\n\tif [ \"$command\" = %s ]; then\n", first);
		printf("\t\tcommand=\"$command $words[3]\"\n\t\tshift words\n"
		       "\t\t((CURRENT--))\n\tfi\n");
	}
	printf("\tshift words\n\t((CURRENT--))\n\tcase $command in\n");
	for (size_t i = 0; commands[i]; i++)
		print_command(commands[i]);
	(void)fputs(tail, stdout);
}
