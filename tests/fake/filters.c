/* SPDX-License-Identifier: Apache-2.0 */
#include "filters.h"

#include "podman.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

static struct json_object *as_list(struct json_object *values)
{
	struct json_object *list = json_object_new_array();

	if (json_object_is_type(values, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(values); i++)
			json_object_array_add(
				list, json_object_get(json_object_array_get_idx(values, i)));
	} else if (json_object_is_type(values, json_type_object)) {
		json_object_object_foreach (values, key, wanted) {
			if (json_object_get_boolean(wanted))
				json_object_array_add(list, json_object_new_string(key));
		}
	}
	return list;
}

static void refuse(struct request *request, char first)
{
	char *cause = xasprintf("invalid character '%c' looking for beginning of value", first);

	if (request->engine->options.podman)
		podman_error(request, 500, cause, "failed to decode filter parameters for %s",
			     request->uri);
	else
		reply_error(request, 500, "%s", cause);
	free(cause);
}

bool filters_parse(struct request *request, struct json_object **ret_filters)
{
	const char *text = request_arg(request, "filters");
	struct json_object *raw = NULL;
	struct json_object *filters;

	if (text && *text) {
		raw = json_tokener_parse(text);
		if (!json_object_is_type(raw, json_type_object)) {
			json_object_put(raw);
			refuse(request, *text);
			return false;
		}
	}
	filters = json_object_new_object();
	if (raw) {
		json_object_object_foreach (raw, key, values)
			json_object_object_add(filters, key, as_list(values));
	}
	json_object_put(raw);
	*ret_filters = filters;
	return true;
}

static size_t value_count(struct json_object *filters, const char *key)
{
	struct json_object *values = json_member(filters, key);

	return values ? json_object_array_length(values) : 0;
}

static const char *value_at(struct json_object *filters, const char *key, size_t i)
{
	struct json_object *value = json_object_array_get_idx(json_member(filters, key), i);

	return value ? json_object_get_string(value) : "";
}

static bool label_holds(struct json_object *labels, const char *wanted)
{
	const char *equals = strchr(wanted, '=');
	char *key = equals ? strndup(wanted, (size_t)(equals - wanted)) : xstrdup(wanted);
	const char *value = json_text(labels, key, NULL);
	bool holds = value && (!equals || strcmp(value, equals + 1) == 0);

	free(key);
	return holds;
}

bool filters_match_labels(struct json_object *filters, struct json_object *labels)
{
	for (size_t i = 0; i < value_count(filters, "label"); i++) {
		if (!label_holds(labels, value_at(filters, "label", i)))
			return false;
	}
	return true;
}

bool filters_match(struct json_object *filters, const char *key, const char *value)
{
	size_t count = value_count(filters, key);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(value_at(filters, key, i), value) == 0)
			return true;
	}
	return count == 0;
}

bool filters_match_prefix(struct json_object *filters, const char *key, const char *value)
{
	size_t count = value_count(filters, key);

	for (size_t i = 0; i < count; i++) {
		const char *prefix = value_at(filters, key, i);

		if (strncmp(prefix, value, strlen(prefix)) == 0)
			return true;
	}
	return count == 0;
}

static bool regex_finds(const char *pattern, const char *name, bool with_slash)
{
	char *slashed = xasprintf("/%s", name);
	regex_t regex;
	bool found = false;

	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) == 0) {
		found = regexec(&regex, name, 0, NULL, 0) == 0 ||
			(with_slash && regexec(&regex, slashed, 0, NULL, 0) == 0);
		regfree(&regex);
	}
	free(slashed);
	return found;
}

bool filters_match_name(struct json_object *filters, const char *name, bool with_slash)
{
	size_t count = value_count(filters, "name");

	for (size_t i = 0; i < count; i++) {
		if (regex_finds(value_at(filters, "name", i), name, with_slash))
			return true;
	}
	return count == 0;
}
