#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands and flags as rows of data: parsing, checking, --help, completion and the manual page
 * follow from them. Everything about a command is static; a call brings one struct for the values,
 * and each group of rows says where in it its own target is:
 *
 *	struct ps_flags { const char *output; struct fleet_flags fleet; };
 *	static const struct flag_group ps_groups[] = {
 *		{ps_flag_rows, 0}, {engine_flags, offsetof(struct ps_flags, fleet)}, {NULL}};
 *	const struct command command_ps = {.name = "ps", .groups = ps_groups, .run = run_ps, ...};
 *
 *	static int run_ps(int argc, char **argv)
 *	{
 *		struct ps_flags flags = {.output = "table"};
 *		int exit_code;
 *
 *		if (!flags_parse(&command_ps, &flags, argc, argv, &exit_code))
 *			return exit_code;
 */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum flag_type {
	FLAG_ON,       /* bool, takes no value */
	FLAG_TEXT,     /* const char *; borrowed from argv */
	FLAG_CHOICE,   /* const char *; one of the words in `argument`, "text|json" */
	FLAG_INT,      /* int64_t */
	FLAG_DURATION, /* int64_t, milliseconds; "30s" */
	FLAG_LIST,     /* struct flag_list; may be given several times */
};

struct flag_list {
	const char **values; /* the texts are borrowed; free the array */
	size_t count;
};

struct flag {
	const char *name; /* without "--"; NULL ends the table */
	char letter;	  /* short form, 0: none */
	enum flag_type type;
	size_t offset;		  /* of the value in the group's target */
	const char *argument;	  /* its name in --help: FILE and DIRECTORY are completed as
				   * such; of a choice the words */
	int64_t minimum, maximum; /* both included, for INT and DURATION */
	/* TEXT: says what is wrong with the value by itself (ERR_INPUT); NULL: nothing can be. */
	int (*check)(const char *text, struct err *err);
	const char *help;
};

struct flag_group {
	const struct flag *rows; /* NULL ends the groups */
	size_t offset;		 /* of the rows' target in the command's values */
};

struct command {
	const char *name;	 /* one word, or two: "queue list" */
	const char *summary;	 /* what it does, as a line of a list: "list the containers" */
	const char *description; /* the same in sentences, one or more lines */
	/* Where a name is in two groups, the earlier one counts. */
	const struct flag_group *groups;
	/* Their name in --help, "[FILE ...]"; "a|b" takes these words only. NULL: the command takes
	 * none. */
	const char *operands;
	size_t operands_offset; /* of their struct flag_list in the command's values */
	/* argv[0] is the last word of the name; the result is an exit code. */
	int (*run)(int argc, char **argv);
};

#define FLAGS_MAX 64 /* of one command */

/* The flags of a command in order, each once; the last is --help, which every command has and
 * flags_parse() answers. `offsets`, unless NULL, gets where in the command's values the target of
 * each is. Returns how many there are. */
size_t flags_list(const struct command *command, const struct flag *flags[FLAGS_MAX],
		  size_t offsets[FLAGS_MAX]);

/* The words of "a|b|c", as a NULL-ended list for flags_choices_free(), which takes NULL, too, and
 * returns it. */
char **flags_choices(const char *argument);
char **flags_choices_free(char **words);

/* Fills in `values`; what was not given stays as it is. False when there is nothing left to do:
 * --help was answered, or the command line is wrong and stderr says why; then *ret_exit is set. */
bool flags_parse(const struct command *command, void *values, int argc, char **argv, int *ret_exit);
