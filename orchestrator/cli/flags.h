#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flags as rows of data: parsing, checking and --help follow from them. A command puts together
 * groups of rows, each with the struct that takes its values:
 *
 *	struct fleet_flags fleet = {0};
 *	struct ps_flags own = {.output = "table"};
 *	const struct flag_group groups[] = {{ps_flags, &own}, {engine_flags, &fleet}, {NULL}};
 *	const struct usage usage = {.command = "ps", .summary = "...", .groups = groups};
 *	int exit_code;
 *
 *	if (!flags_parse(&usage, argc, argv, &exit_code))
 *		return exit_code;
 */
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
	const char *argument;	  /* its name in --help; of a choice the words */
	int64_t minimum, maximum; /* both included, for INT and DURATION */
	const char *help;
};

struct flag_group {
	const struct flag *rows; /* NULL ends the groups */
	void *target;
};

struct usage {
	const char *command;
	const char *summary; /* what it does, one or more lines */
	/* Where a name is in two groups, the earlier one counts. */
	const struct flag_group *groups;
	const char *operands;		/* their name in --help, NULL: the command takes none */
	struct flag_list *operand_list; /* where they go */
};

/* Values that were not given stay as they are. False when there is nothing left to do: --help was
 * answered, or the command line is wrong and stderr says why; then *ret_exit is set. */
bool flags_parse(const struct usage *usage, int argc, char **argv, int *ret_exit);
