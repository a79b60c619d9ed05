/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a map against a table of rows. How deep a file is followed is decided by how deep the
 * tables nest, never by the file.
 */
#include "policy/option.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void *field_of(const struct option *row, void *target)
{
	return (char *)target + row->offset;
}

static size_t *count_of(const struct option *row, void *target)
{
	return (size_t *)(void *)((char *)target + row->count_offset);
}

const struct option *option_find(const struct option *rows, const char *key)
{
	for (; rows->key; rows++)
		if (strcmp(rows->key, key) == 0)
			return rows;
	return NULL;
}

static void set_default(const struct option *row, void *target)
{
	struct err err;

	if (row->fallback) {
		/* A default that its own row refuses is a mistake in the table. */
		if (option_set(row, target, row->fallback, &err) < 0)
			abort();
		return;
	}
	if (row->type == OPTION_INT || row->type == OPTION_DURATION || row->type == OPTION_SIZE)
		*(int64_t *)field_of(row, target) = OPTION_NOT_SET;
	else if (row->type == OPTION_ENUM)
		*(int *)field_of(row, target) = -1;
	else if (row->type == OPTION_SECTION)
		for (const struct option *sub = row->rows; sub->key; sub++)
			set_default(sub, field_of(row, target));
}

static void wrong_kind(struct problems *problems, const struct option *row,
		       const struct yaml_node *node, const char *expected)
{
	problems_at(problems, node, "%s: must be %s", row->key, expected);
}

static bool takes_plain_words_only(const struct option *row)
{
	return row->type == OPTION_INT || row->type == OPTION_BOOL;
}

static void read_scalar(struct problems *problems, const struct option *row,
			const struct yaml_node *node, void *target)
{
	struct err err;

	if (node->kind != YAML_SCALAR)
		wrong_kind(problems, row, node, "a single value");
	else if (node->quoted && takes_plain_words_only(row))
		wrong_kind(problems, row, node,
			   row->type == OPTION_INT ? "a number, without quotes"
						   : "true or false, without quotes");
	else if (option_set(row, target, node->text, &err) < 0)
		problems_at(problems, node, "%s: %s", row->key, err.text);
}

/* Whether a list or map has as many members as the row allows. */
static void check_count(struct problems *problems, const struct option *row,
			const struct yaml_node *node)
{
	int64_t count = (int64_t)node->count;

	if ((row->minimum != 0 || row->maximum != 0) &&
	    (count < row->minimum || count > row->maximum))
		problems_at(problems, node,
			    "%s: must have from %" PRId64 " to %" PRId64 " entries, not %" PRId64,
			    row->key, row->minimum, row->maximum, count);
}

static bool is_text(struct problems *problems, const struct option *row,
		    const struct yaml_node *node)
{
	if (node->kind == YAML_SCALAR && !yaml_is_null(node))
		return true;
	wrong_kind(problems, row, node, "made of texts; this entry is none");
	return false;
}

static void read_strings(struct problems *problems, const struct option *row,
			 const struct yaml_node *node, void *target)
{
	char ***field = field_of(row, target);
	size_t count = 0;

	if (node->kind != YAML_LIST) {
		wrong_kind(problems, row, node, "a list");
		return;
	}
	check_count(problems, row, node);
	*field = xcalloc(node->count + 1, sizeof(char *));
	for (size_t i = 0; i < node->count; i++)
		if (is_text(problems, row, node->items[i]))
			(*field)[count++] = xstrdup(node->items[i]->text);
}

static void read_parsed_list(struct problems *problems, const struct option *row,
			     const struct yaml_node *node, void *target)
{
	if (node->kind != YAML_LIST) {
		wrong_kind(problems, row, node, "a list");
		return;
	}
	check_count(problems, row, node);
	for (size_t i = 0; i < node->count; i++)
		if (is_text(problems, row, node->items[i]))
			read_scalar(problems, row, node->items[i], target);
}

static void read_map(struct problems *problems, const struct option *row,
		     const struct yaml_node *node, void *target)
{
	struct name_value **field = field_of(row, target);

	if (node->kind != YAML_MAP) {
		wrong_kind(problems, row, node, "a map of NAME: value");
		return;
	}
	check_count(problems, row, node);
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_pair *pair = &node->pairs[i];
		if (is_text(problems, row, pair->value))
			name_values_add(field, count_of(row, target), pair->key->text,
					pair->value->text);
	}
}

static void read_rows(struct problems *problems, const struct option *rows, const char *name,
		      const struct yaml_node *node, void *target);

/* Appends a zeroed struct to the array of a row, and returns it. */
static void *add_item(const struct option *row, void *target)
{
	void **array = field_of(row, target);
	size_t *count = count_of(row, target);

	*array = xreallocarray(*array, *count + 1, row->item_size);
	void *item = (char *)*array + *count * row->item_size;
	memset(item, 0, row->item_size);
	(*count)++;
	return item;
}

static void read_sections(struct problems *problems, const struct option *row,
			  const struct yaml_node *node, void *target)
{
	if (node->kind != YAML_LIST) {
		wrong_kind(problems, row, node, "a list of sections");
		return;
	}
	check_count(problems, row, node);
	for (size_t i = 0; i < node->count; i++)
		read_rows(problems, row->rows, row->key, node->items[i], add_item(row, target));
}

static void read_named(struct problems *problems, const struct option *row,
		       const struct yaml_node *node, void *target)
{
	if (node->kind != YAML_MAP) {
		wrong_kind(problems, row, node, "a map of NAME: section");
		return;
	}
	check_count(problems, row, node);
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_pair *pair = &node->pairs[i];
		char *item = add_item(row, target);
		*(char **)(void *)(item + row->item_name) = xstrdup(pair->key->text);
		if (!text_is_id(pair->key->text))
			problems_at(problems, pair->key,
				    "%s: a name must be 1 to 128 of the characters A-Z a-z 0-9 _ -",
				    row->key);
		read_rows(problems, row->rows, pair->key->text, pair->value, item);
	}
}

static void read_value(struct problems *problems, const struct option *row,
		       const struct yaml_node *node, void *target)
{
	switch (row->type) {
	case OPTION_STRING:
	case OPTION_BOOL:
	case OPTION_INT:
	case OPTION_DURATION:
	case OPTION_SIZE:
	case OPTION_ENUM:
	case OPTION_PARSED:
		read_scalar(problems, row, node, target);
		return;
	case OPTION_STRINGS:
		read_strings(problems, row, node, target);
		return;
	case OPTION_PARSED_LIST:
		read_parsed_list(problems, row, node, target);
		return;
	case OPTION_MAP:
		read_map(problems, row, node, target);
		return;
	case OPTION_SECTION:
		read_rows(problems, row->rows, row->key, node, field_of(row, target));
		return;
	case OPTION_SECTIONS:
		read_sections(problems, row, node, target);
		return;
	case OPTION_NAMED:
		read_named(problems, row, node, target);
		return;
	case OPTION_CUSTOM:
		row->read(row, node, target, problems);
		return;
	}
}

static void report_unknown_key(struct problems *problems, const struct option *rows,
			       const struct yaml_node *key)
{
	const char *words[64];
	size_t count = 0;

	if (strcmp(key->text, "<<") == 0) {
		problems_at(problems, key,
			    "unknown key '<<': YAML's merge keys are not supported: write the keys "
			    "out, or say what environments share in defaults:");
		return;
	}
	for (; rows->key && count < ARRAY_SIZE(words); rows++)
		words[count++] = rows->key;
	const char *meant = text_nearest(key->text, words, count);
	problems_at(problems, key, "unknown key '%s'%s%s%s", key->text,
		    meant ? ": did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
}

/* With the first row as an example. */
static void report_no_section(struct problems *problems, const struct option *rows,
			      const char *name, const struct yaml_node *node)
{
	const char *value = rows->fallback ? rows->fallback : rows->form;

	if (name)
		problems_at(problems, node,
			    "%s: a section of KEY: value is expected here, such as { %s: %s }",
			    name, rows->key, value ? value : "...");
	else
		problems_at(problems, node, "a section of KEY: value is expected here");
}

/* A map, or null, whose target has not been filled in yet. `name`: of the key that it is the value
 * of, or an entry of; NULL: it is the file. */
static void read_rows(struct problems *problems, const struct option *rows, const char *name,
		      const struct yaml_node *node, void *target)
{
	for (const struct option *row = rows; row->key; row++)
		set_default(row, target);
	if (node->kind != YAML_MAP && !yaml_is_null(node)) {
		report_no_section(problems, rows, name, node);
		return;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_pair *pair = &node->pairs[i];
		const struct option *row = option_find(rows, pair->key->text);
		if (!row)
			report_unknown_key(problems, rows, pair->key);
		else if (!yaml_is_null(pair->value))
			read_value(problems, row, pair->value, target);
	}
	for (const struct option *row = rows; row->key; row++) {
		bool needed = row->required && !row->singular;
		const struct yaml_node *value = needed ? yaml_get(node, row->key) : NULL;
		if (needed && (!value || yaml_is_null(value)))
			problems_at(problems, node, "'%s' is missing", row->key);
	}
}

int option_read(const struct option *rows, const struct yaml_node *node, void *target,
		struct problems *problems)
{
	unsigned before = problems->count;

	if (node)
		read_rows(problems, rows, NULL, node, target);
	else
		for (const struct option *row = rows; row->key; row++)
			set_default(row, target);
	return problems->count > before ? -EINVAL : 0;
}
