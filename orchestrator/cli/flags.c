/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/flags.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/explain.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAME_WIDTH 28 /* of a flag and its argument in --help */

/* The flags of a command as one list, and in getopt's form. */
struct flag_table {
	const struct command *command;
	void *values;
	const struct flag *flags[FLAGS_MAX];
	size_t offsets[FLAGS_MAX];
	size_t count;
	struct option long_forms[FLAGS_MAX + 1];
	char short_forms[3 + 2 * FLAGS_MAX];
};

static const struct flag help_flag = {
	.name = "help",
	.letter = 'h',
	.type = FLAG_ON,
	.help = "show this text",
};

static bool is_listed(const struct flag *const *flags, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(flags[i]->name, name) == 0)
			return true;
	return false;
}

size_t flags_list(const struct command *command, const struct flag *flags[FLAGS_MAX],
		  size_t offsets[FLAGS_MAX])
{
	size_t count = 0;

	for (const struct flag_group *group = command->groups; group->rows; group++) {
		for (const struct flag *flag = group->rows; flag->name; flag++) {
			if (is_listed(flags, count, flag->name))
				continue;
			if (count == FLAGS_MAX - 1)
				abort();
			if (offsets)
				offsets[count] = group->offset;
			flags[count++] = flag;
		}
	}
	flags[count++] = &help_flag;
	return count;
}

static void fill_table(struct flag_table *table, const struct command *command, void *values)
{
	char *next;

	*table = (struct flag_table){.command = command, .values = values};
	next = table->short_forms;
	table->count = flags_list(command, table->flags, table->offsets);
	/* "-": operands are reported where they stand; ":": a missing value is told apart. */
	*next++ = '-';
	*next++ = ':';
	for (size_t i = 0; i < table->count; i++) {
		const struct flag *flag = table->flags[i];
		bool takes_value = flag->type != FLAG_ON;
		table->long_forms[i] = (struct option){
			.name = flag->name,
			.has_arg = takes_value ? required_argument : no_argument,
		};
		if (!flag->letter)
			continue;
		*next++ = flag->letter;
		if (takes_value)
			*next++ = ':';
	}
}

static void print_flag(const struct flag *flag)
{
	_cleanup_free_ char *name = xasprintf("--%s%s%s", flag->name, flag->argument ? " " : "",
					      flag->argument ? flag->argument : "");
	char letter[5] = "    ";

	if (flag->letter)
		(void)snprintf(letter, sizeof(letter), "-%c, ", flag->letter);
	/* A name too wide for its column has a line of its own. */
	if (strlen(name) > NAME_WIDTH)
		printf("  %s%s\n%*s %s\n", letter, name, 6 + NAME_WIDTH, "", flag->help);
	else
		printf("  %s%-*s %s\n", letter, NAME_WIDTH, name, flag->help);
}

static void print_help(const struct flag_table *table)
{
	const struct command *command = table->command;

	printf("Usage: berth %s [FLAGS]%s%s\n\n%s\n\nFlags:\n", command->name,
	       command->operands ? " " : "", command->operands ? command->operands : "",
	       command->description);
	for (size_t i = 0; i < table->count; i++)
		print_flag(table->flags[i]);
}

static int complain(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int complain(const struct command *command, const char *format, ...)
{
	_cleanup_free_ char *message = NULL;
	va_list arguments;

	va_start(arguments, format);
	int r = vasprintf(&message, format, arguments);
	va_end(arguments);
	if (r < 0)
		abort();
	explain("berth %s: %s\nTry 'berth %s --help'.\n", command->name, message, command->name);
	return EXIT_USAGE;
}

static int complain_unknown(const struct flag_table *table, const char *word)
{
	const char *names[FLAGS_MAX], *meant = NULL;

	for (size_t i = 0; i < table->count; i++)
		names[i] = table->flags[i]->name;
	if (text_starts_with(word, "--")) {
		_cleanup_free_ char *name = xstrndup(word + 2, strcspn(word + 2, "="));
		for (size_t i = 0; *name != '\0' && !meant && i < table->count; i++)
			meant = text_starts_with(names[i], name) ? names[i] : NULL;
		if (!meant)
			meant = text_nearest(name, names, table->count);
		return complain(table->command, "unknown flag '--%s'%s%s%s", name,
				meant ? ": did you mean '--" : "", meant ? meant : "",
				meant ? "'?" : "");
	}
	return complain(table->command, "unknown flag '%s'", word);
}

char **flags_choices(const char *argument)
{
	char **words = xcalloc(strlen(argument) + 2, sizeof(*words));
	size_t count = 0;

	for (const char *p = argument;; p++) {
		size_t length = strcspn(p, "|");
		words[count++] = xstrndup(p, length);
		p += length;
		if (*p == '\0')
			return words;
	}
}

char **flags_choices_free(char **words)
{
	for (size_t i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
	return NULL;
}

/* An exit code unless `text` is one of the words "a|b|c"; `what` is what it was given as. */
static int check_choice(const struct command *command, const char *what, const char *choices,
			const char *text)
{
	char **words = flags_choices(choices);
	bool is_one = false;
	size_t count = 0;

	for (; words[count]; count++)
		is_one |= strcmp(words[count], text) == 0;
	const char *meant = text_nearest(text, (const char *const *)words, count);
	if (!is_one)
		(void)complain(command, "%smust be one of %s, not '%s'%s%s%s", what, choices, text,
			       meant ? ": did you mean '" : "", meant ? meant : "",
			       meant ? "'?" : "");
	(void)flags_choices_free(words);
	return is_one ? EXIT_DONE : EXIT_USAGE;
}

static int set_choice(const struct command *command, const struct flag *flag, const char **field,
		      const char *text)
{
	_cleanup_free_ char *what = xasprintf("--%s: ", flag->name);

	int exit_code = check_choice(command, what, flag->argument, text);
	if (exit_code == EXIT_DONE)
		*field = text;
	return exit_code;
}

static int set_text(const struct command *command, const struct flag *flag, const char **field,
		    const char *text)
{
	struct err err;

	if (*text == '\0')
		return complain(command, "--%s: must not be empty", flag->name);
	if (flag->check && flag->check(text, &err) < 0)
		return complain(command, "--%s: %s", flag->name, err.text);
	*field = text;
	return EXIT_DONE;
}

static int set_number(const struct command *command, const struct flag *flag, int64_t *field,
		      const char *text)
{
	bool is_duration = flag->type == FLAG_DURATION;
	char from[32], to[32];
	int64_t value;

	int r = is_duration ? text_parse_duration(text, &value) : text_parse_int(text, &value);
	if (r < 0)
		return complain(command, "--%s: must be %s, not '%s'", flag->name,
				is_duration ? "a duration such as 30s or 1h30m" : "a whole number",
				text);
	if (value >= flag->minimum && value <= flag->maximum) {
		*field = value;
		return 0;
	}
	if (is_duration) {
		text_format_duration(from, flag->minimum);
		text_format_duration(to, flag->maximum);
	} else {
		(void)snprintf(from, sizeof(from), "%" PRId64, flag->minimum);
		(void)snprintf(to, sizeof(to), "%" PRId64, flag->maximum);
	}
	return complain(command, "--%s: must be from %s to %s, not '%s'", flag->name, from, to,
			text);
}

static void add_to_list(struct flag_list *list, const char *text)
{
	list->values = xreallocarray(list->values, list->count + 1, sizeof(*list->values));
	list->values[list->count++] = text;
}

/* Stores the value of one flag; an exit code if it is not allowed. */
static int set_flag(const struct command *command, const struct flag *flag, void *target,
		    const char *text)
{
	void *field = (char *)target + flag->offset;

	switch (flag->type) {
	case FLAG_ON:
		*(bool *)field = true;
		return 0;
	case FLAG_CHOICE:
		return set_choice(command, flag, field, text);
	case FLAG_TEXT:
		return set_text(command, flag, field, text);
	case FLAG_INT:
	case FLAG_DURATION:
		return set_number(command, flag, field, text);
	case FLAG_LIST:
		add_to_list(field, text);
		return 0;
	}
	return 0;
}

static const struct flag *find_letter(const struct flag_table *table, int letter, size_t *ret_index)
{
	for (size_t i = 0; i < table->count; i++) {
		if (table->flags[i]->letter != letter)
			continue;
		*ret_index = i;
		return table->flags[i];
	}
	return NULL;
}

/* The flag that getopt has found; NULL if `word` only abbreviates it. Scripts that abbreviate would
 * break with the next flag that begins alike. */
static const struct flag *found_flag(const struct flag_table *table, int result, int index,
				     const char *word, size_t *ret_index)
{
	if (index < 0)
		return find_letter(table, result, ret_index);
	*ret_index = (size_t)index;
	size_t length = strlen(table->flags[index]->name);
	return strcspn(word + 2, "=") == length ? table->flags[index] : NULL;
}

static int take_operand(const struct flag_table *table, const char *text)
{
	const struct command *command = table->command;

	if (!command->operands)
		return complain(command, "does not know what to do with '%s'", text);
	if (*text == '\0')
		return complain(command, "%s: must not be empty", command->operands);
	if (strchr(command->operands, '|') &&
	    check_choice(command, "", command->operands, text) != EXIT_DONE)
		return EXIT_USAGE;
	add_to_list((void *)((char *)table->values + command->operands_offset), text);
	return 0;
}

/* The flag of "--flag=value" that takes none. */
static const struct flag *find_needless_value(const struct flag_table *table, const char *word)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct flag *flag = table->flags[i];
		size_t length = strlen(flag->name);
		if (flag->type == FLAG_ON && text_starts_with(word, "--") &&
		    text_starts_with(word + 2, flag->name) && word[2 + length] == '=')
			return flag;
	}
	return NULL;
}

/* One result of getopt; an exit code if that is the end, 0 to go on. */
static int take_result(const struct flag_table *table, int result, int index, const char *word,
		       bool *ret_help)
{
	size_t at = 0;

	if (result == 1)
		return take_operand(table, optarg);
	if (result == ':')
		return complain(table->command, "'%s' needs a value", word);
	const struct flag *needless = result == '?' ? find_needless_value(table, word) : NULL;
	if (needless)
		return complain(table->command, "--%s takes no value", needless->name);
	const struct flag *flag =
		result == '?' ? NULL : found_flag(table, result, index, word, &at);
	if (!flag)
		return complain_unknown(table, word);
	if (flag == &help_flag) {
		*ret_help = true;
		return 0;
	}
	return set_flag(table->command, flag, (char *)table->values + table->offsets[at], optarg);
}

bool flags_parse(const struct command *command, void *values, int argc, char **argv, int *ret_exit)
{
	struct flag_table table;
	bool help = false;
	int index = -1, result;

	fill_table(&table, command, values);
	opterr = 0;
	optind = 0; /* GNU: start anew */
	for (;; index = -1) {
		int at = optind > 0 ? optind : 1;
		/* One thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
		result = getopt_long(argc, argv, table.short_forms, table.long_forms, &index);
		if (result == -1)
			break;
		*ret_exit = take_result(&table, result, index, argv[at], &help);
		if (*ret_exit != EXIT_DONE)
			return false;
	}
	if (help) {
		print_help(&table);
		*ret_exit = EXIT_DONE;
		return false;
	}
	for (; optind < argc; optind++) {
		*ret_exit = take_operand(&table, argv[optind]);
		if (*ret_exit != EXIT_DONE)
			return false;
	}
	return true;
}
