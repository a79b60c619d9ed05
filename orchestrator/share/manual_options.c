/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of the files, as nested lists. A table that several keys share is printed below the first.
 */
#include "base/cleanup.h"
#include "config/rows.h"
#include "policy/policy.h"
#include "policy/schema.h"
#include "share/manual.h"

#include <stdio.h>
#include <string.h>

#define TABLES_MAX 16

/* Tables that were printed, with the key they stand below. */
static struct {
	const struct option *rows;
	const char *key;
} printed[TABLES_MAX];

/* The key below which the rows stand already; NULL: nowhere, and from now on below `key`. */
static const char *printed_below(const struct option *rows, const char *key)
{
	size_t i = 0;

	for (; i < TABLES_MAX && printed[i].rows; i++)
		if (printed[i].rows == rows)
			return printed[i].key;
	if (i == TABLES_MAX)
		abort();
	printed[i].rows = rows;
	printed[i].key = key;
	return NULL;
}

static void print_choices(const struct option_choice *choices)
{
	for (const struct option_choice *choice = choices; choice->text; choice++)
		printf("%s%s", choice > choices ? " | " : "", choice->text);
}

/* How the value is written. */
static void print_form(const struct option *row)
{
	switch (row->type) {
	case OPTION_STRING:
		printf("Ar text");
		return;
	case OPTION_BOOL:
		printf("Ar true | false");
		return;
	case OPTION_INT:
		printf("Ar number");
		return;
	case OPTION_DURATION:
		printf("Ar duration");
		return;
	case OPTION_SIZE:
		printf("Ar size");
		return;
	case OPTION_ENUM:
		printf("Ar ");
		print_choices(row->choices);
		return;
	case OPTION_PARSED:
	case OPTION_CUSTOM:
		printf("Ar %s", row->form);
		return;
	case OPTION_STRINGS:
		printf("No list of Ar texts");
		return;
	case OPTION_PARSED_LIST:
		printf("No list of Ar %s", row->form);
		return;
	case OPTION_MAP:
		printf("No map of Ar NAME : text");
		return;
	case OPTION_SECTION:
		printf("No section");
		return;
	case OPTION_SECTIONS:
		printf("No list of sections");
		return;
	case OPTION_NAMED:
		printf("No map of Ar NAME : section");
		return;
	}
}

static void print_facts(const struct option *row)
{
	char limits[96];

	schema_limits(row, limits);
	if (limits[0] != '\0')
		printf("%c%s.\n", limits[0] == 'a' ? 'A' : 'F', limits + 1);
	if (row->required)
		printf("Required.\n");
	if (row->fallback) {
		printf("Default: ");
		manual_text(row->fallback);
		printf(".\n");
	}
}

/* True for a section, a list or a map of them: what its `rows` describe. */
static bool holds_sections(const struct option *row)
{
	return row->type == OPTION_SECTION || row->type == OPTION_SECTIONS ||
	       row->type == OPTION_NAMED;
}

/* mdoc's lists nest; the tables decide how deep. */
static void print_rows(const struct option *rows)
{
	printf(".Bl -tag -width Ds\n");
	for (const struct option *row = rows; row->key; row++) {
		printf(".It Cm %s : ", row->key);
		print_form(row);
		(void)putchar('\n');
		manual_sentences(row->help);
		print_facts(row);
		if (!holds_sections(row))
			continue;
		const char *above = printed_below(row->rows, row->key);
		if (above)
			printf("Its keys are those of\n.Cm %s .\n", above);
		else
			print_rows(row->rows);
	}
	printf(".El\n");
}

void manual_fleet(void)
{
	print_rows(fleet_rows);
}

void manual_policy(void)
{
	print_rows(policy_options);
}
