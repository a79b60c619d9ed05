/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/schema.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#define DURATION_PATTERN "^(0|([0-9]+(ms|s|m|h|d))+)$"
#define SIZE_PATTERN	 "^[0-9]+(B|KiB|MiB|GiB|TiB|KB|MB|GB|TB)?$"

static bool is_bounded(const struct option *row)
{
	return row->minimum != 0 || row->maximum != 0;
}

static struct json_object *object_of(const struct option *rows, bool without_singular);

static void add_types(struct json_object *schema, const char *const *types, size_t count)
{
	struct json_object *list = json_new_array();

	for (size_t i = 0; i < count; i++)
		json_append_string(list, types[i]);
	json_add(schema, "type", list);
}

/* A type of JSON, or null where the row need not be there. */
static void add_type(struct json_object *schema, const struct option *row, const char *type)
{
	const char *const types[] = {type, "null"};

	add_types(schema, types, row->required ? 1 : 2);
}

/* Whether one of the words, up to a NULL, matches. Without a pattern all do. */
static bool matches_any(const char *pattern, const char *const *words)
{
	bool matches = !pattern;
	regex_t expression;

	if (matches)
		return true;
	if (regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		abort();
	for (; !matches && *words; words++)
		matches = regexec(&expression, *words, 0, NULL, 0) == 0;
	regfree(&expression);
	return matches;
}

/* A text. Where YAML makes a number or a truth value of one that matches, that is valid, too. */
static void add_text(struct json_object *schema, const char *pattern, bool may_be_null)
{
	static const char *const numbers[] = {"1", "10", "100", "1000", NULL};
	static const char *const truths[] = {"true", "false", NULL};
	const char *types[4] = {"string"};
	size_t count = 1;

	if (matches_any(pattern, numbers))
		types[count++] = "number";
	if (matches_any(pattern, truths))
		types[count++] = "boolean";
	if (may_be_null)
		types[count++] = "null";
	add_types(schema, types, count);
	json_add_string(schema, "pattern", pattern);
}

static void add_bounds(struct json_object *schema, const struct option *row, const char *minimum,
		       const char *maximum)
{
	if (!is_bounded(row))
		return;
	json_add_int(schema, minimum, row->minimum);
	json_add_int(schema, maximum, row->maximum);
}

static void add_choices(struct json_object *schema, const struct option *row, bool may_be_null)
{
	struct json_object *list = json_new_array();

	for (const struct option_choice *choice = row->choices; choice->text; choice++)
		json_append_string(list, choice->text);
	if (may_be_null)
		json_append(list, NULL);
	json_add(schema, "enum", list);
}

/* A duration is a number to YAML only as the 0 that needs no unit. */
static void add_duration(struct json_object *schema, const struct option *row)
{
	bool takes_zero = !is_bounded(row) || row->minimum <= 0;

	add_text(schema, takes_zero ? DURATION_PATTERN : "^([0-9]+(ms|s|m|h|d))+$", !row->required);
	if (!takes_zero)
		return;
	const char *const types[] = {"string", "number", "null"};
	json_object_object_del(schema, "type");
	add_types(schema, types, row->required ? 2 : 3);
	json_add_int(schema, "maximum", 0);
	json_add_int(schema, "minimum", 0);
}

static void add_list(struct json_object *schema, const struct option *row,
		     struct json_object *items)
{
	add_type(schema, row, "array");
	json_add(schema, "items", items);
	add_bounds(schema, row, "minItems", "maxItems");
}

static struct json_object *text_of(const char *pattern)
{
	struct json_object *schema = json_new_object();

	add_text(schema, pattern, false);
	return schema;
}

static struct json_object *parsed_item_of(const struct option *row)
{
	if (!row->choices)
		return text_of(row->pattern);
	struct json_object *schema = json_new_object();
	add_choices(schema, row, false);
	return schema;
}

static bool needs_a_key(const struct option *rows)
{
	for (; rows->key; rows++)
		if (rows->required)
			return true;
	return false;
}

/* A section in a list or map; an empty one is null to YAML. */
static struct json_object *section_item_of(const struct option *rows)
{
	static const char *const types[] = {"object", "null"};
	struct json_object *schema = object_of(rows, false);

	add_types(schema, types, needs_a_key(rows) ? 1 : 2);
	return schema;
}

/* Moves the members of `from`, which ends, to `schema`. */
static void take_members(struct json_object *schema, struct json_object *from)
{
	json_object_object_foreach (from, key, value) {
		json_add(schema, key, json_object_get(value));
	}
	json_object_put(from);
}

/* What text_is_id() says of the names of a NAMED row. */
static struct json_object *names_schema(void)
{
	struct json_object *schema = json_new_object();

	json_add_string(schema, "pattern", "^[A-Za-z0-9_-]{1,128}$");
	return schema;
}

static void add_map(struct json_object *schema, const struct option *row,
		    struct json_object *values)
{
	add_type(schema, row, "object");
	json_add(schema, "additionalProperties", values);
	add_bounds(schema, row, "minProperties", "maxProperties");
}

static void add_value(struct json_object *schema, const struct option *row)
{
	switch (row->type) {
	case OPTION_STRING:
		add_text(schema, NULL, !row->required);
		add_bounds(schema, row, "minLength", "maxLength");
		return;
	case OPTION_BOOL:
		add_type(schema, row, "boolean");
		return;
	case OPTION_INT:
		add_type(schema, row, "integer");
		add_bounds(schema, row, "minimum", "maximum");
		return;
	case OPTION_DURATION:
		add_duration(schema, row);
		return;
	case OPTION_SIZE:
		add_text(schema, SIZE_PATTERN, !row->required);
		add_bounds(schema, row, "minimum", "maximum");
		return;
	case OPTION_ENUM:
		add_choices(schema, row, !row->required);
		return;
	case OPTION_PARSED:
		add_text(schema, row->pattern, !row->required);
		add_bounds(schema, row, "minimum", "maximum");
		return;
	case OPTION_STRINGS:
		add_list(schema, row, text_of(NULL));
		return;
	case OPTION_PARSED_LIST:
		add_list(schema, row, parsed_item_of(row));
		return;
	case OPTION_MAP:
		add_map(schema, row, text_of(NULL));
		return;
	case OPTION_SECTION:
		add_type(schema, row, "object");
		take_members(schema, object_of(row->rows, false));
		return;
	case OPTION_SECTIONS:
		add_list(schema, row, section_item_of(row->rows));
		return;
	case OPTION_NAMED:
		add_map(schema, row, section_item_of(row->rows));
		json_add(schema, "propertyNames", names_schema());
		return;
	case OPTION_CUSTOM:
		if (!row->rows)
			return;
		add_type(schema, row, "object");
		take_members(schema, object_of(row->rows, true));
		return;
	}
}

/* The default in the type it would be written in. */
static struct json_object *default_of(const struct option *row)
{
	int64_t number;

	if (row->type == OPTION_BOOL)
		return json_object_new_boolean(strcmp(row->fallback, "true") == 0);
	if ((row->type == OPTION_INT || (row->type == OPTION_PARSED && is_bounded(row))) &&
	    row->fallback[0] != '0' && text_parse_int(row->fallback, &number) == 0)
		return json_object_new_int64(number);
	return json_object_new_string(row->fallback);
}

static const char *unit_of(enum option_type type)
{
	switch (type) {
	case OPTION_STRING:
		return " characters";
	case OPTION_STRINGS:
	case OPTION_PARSED_LIST:
	case OPTION_MAP:
	case OPTION_SECTIONS:
	case OPTION_NAMED:
		return " entries";
	case OPTION_BOOL:
	case OPTION_INT:
	case OPTION_DURATION:
	case OPTION_SIZE:
	case OPTION_ENUM:
	case OPTION_PARSED:
	case OPTION_SECTION:
	case OPTION_CUSTOM:
		break;
	}
	return "";
}

void schema_limits(const struct option *row, char into[96])
{
	const char *unit = unit_of(row->type);
	char from[32], to[32];

	into[0] = '\0';
	/* The form of a PARSED value says more than what YAML makes a number of. */
	if (!is_bounded(row) || row->type == OPTION_PARSED)
		return;
	option_format_number(from, row->type, row->minimum);
	option_format_number(to, row->type, row->maximum);
	if (row->minimum <= 1 && *unit != '\0')
		(void)snprintf(into, 96, "at most %s%s", to, unit);
	else
		(void)snprintf(into, 96, "from %s to %s%s", from, to, unit);
}

static void add_description(struct json_object *schema, const struct option *row)
{
	_cleanup_free_ char *text = NULL;
	char limits[96];

	schema_limits(row, limits);
	if (row->form)
		text = xasprintf("%s Written as %s.", row->help, row->form);
	else if (limits[0] != '\0')
		text = xasprintf("%s %c%s.", row->help, limits[0] == 'a' ? 'A' : 'F', limits + 1);
	json_add_string(schema, "description", text ? text : row->help);
}

static struct json_object *schema_of(const struct option *row)
{
	struct json_object *schema = json_new_object();

	add_description(schema, row);
	add_value(schema, row);
	if (row->fallback)
		json_add(schema, "default", default_of(row));
	return schema;
}

/* Properties, which of them are required, and that there are no others; without "type". */
static struct json_object *object_of(const struct option *rows, bool without_singular)
{
	struct json_object *schema = json_new_object(), *properties = json_new_object(),
			   *required = json_new_array();

	for (const struct option *row = rows; row->key; row++) {
		if (row->singular && without_singular)
			continue;
		json_add(properties, row->key, schema_of(row));
		if (row->required)
			json_append_string(required, row->key);
	}
	json_add(schema, "properties", properties);
	if (json_object_array_length(required) > 0)
		json_add(schema, "required", required);
	else
		json_object_put(required);
	json_add_bool(schema, "additionalProperties", false);
	return schema;
}

struct json_object *schema_new(const struct option *rows, const char *title,
			       const char *description)
{
	struct json_object *schema = json_new_object();

	json_add_string(schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
	json_add_string(schema, "title", title);
	json_add_string(schema, "description", description);
	take_members(schema, section_item_of(rows));
	return schema;
}
