/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/flags.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/exit.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FLAGS_MAX  64
#define NAME_WIDTH 28 /* of a flag and its argument in --help */

/* The flags of a command as one list, and in getopt's form. */
struct flag_table {
	const struct command *command;
	void *values;
	const struct flag *flags[FLAGS_MAX];
	void *targets[FLAGS_MAX];
	size_t count;
	struct option long_forms[FLAGS_MAX + 1];
	char short_forms[3 + 2 * FLAGS_MAX];
};

const struct flag flag_help = {
	.name = "help",
	.letter = 'h',
	.type = FLAG_ON,
	.help = "show this text",
};

static void add_flag(struct flag_table *table, const struct flag *flag, void *target)
{
	bool takes_value = flag->type != FLAG_ON;
	size_t used = strlen(table->short_forms);

	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->flags[i]->name, flag->name) == 0)
			return;
	if (table->count == FLAGS_MAX)
		abort();
	table->long_forms[table->count] = (struct option){
		.name = flag->name,
		.has_arg = takes_value ? required_argument : no_argument,
	};
	if (flag->letter)
		(void)snprintf(table->short_forms + used, sizeof(table->short_forms) - used, "%c%s",
			       flag->letter, takes_value ? ":" : "");
	table->flags[table->count] = flag;
	table->targets[table->count++] = target;
}

static void fill_table(struct flag_table *table, const struct command *command, void *values)
{
	/* "-": operands are reported where they stand; ":": a missing value is told apart. */
	*table = (struct flag_table){.command = command, .values = values, .short_forms = "-:"};
	for (const struct flag_group *group = command->groups; group->rows; group++)
		for (const struct flag *flag = group->rows; flag->name; flag++)
			add_flag(table, flag, (char *)values + group->offset);
	add_flag(table, &flag_help, NULL);
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
	va_list arguments;

	(void)fprintf(stderr, "berth %s: ", command->name);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fprintf(stderr, "\nTry 'berth %s --help'.\n", command->name);
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

/* True if `word` is among the words of "a|b|c". */
static bool is_choice(const char *choices, const char *word)
{
	size_t length = strlen(word);

	for (const char *p = choices;; p++) {
		if (strncmp(p, word, length) == 0 && (p[length] == '|' || p[length] == '\0'))
			return true;
		p = strchr(p, '|');
		if (!p)
			return false;
	}
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
		if (!is_choice(flag->argument, text))
			return complain(command, "--%s: must be one of %s, not '%s'", flag->name,
					flag->argument, text);
		*(const char **)field = text;
		return 0;
	case FLAG_TEXT:
		if (*text == '\0')
			return complain(command, "--%s: must not be empty", flag->name);
		*(const char **)field = text;
		return 0;
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
	if (flag == &flag_help) {
		*ret_help = true;
		return 0;
	}
	return set_flag(table->command, flag, table->targets[at], optarg);
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
