/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/docker_compare.h"

#include <errno.h>

bool json_is_empty(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return true;
	case json_type_boolean:
		return !json_object_get_boolean(value);
	case json_type_int:
		return json_object_get_int64(value) == 0;
	case json_type_string:
		return json_object_get_string_len(value) == 0;
	case json_type_array:
		return json_object_array_length(value) == 0;
	case json_type_object:
		return json_object_object_length(value) == 0;
	case json_type_double:
		break;
	}
	return false;
}

bool json_same(struct json_object *asked, struct json_object *got)
{
	return (json_is_empty(asked) && json_is_empty(got)) || json_object_equal(asked, got);
}

static bool has_member(struct json_object *array, struct json_object *value)
{
	for (size_t i = 0; i < json_object_array_length(array); i++)
		if (json_object_equal(json_object_array_get_idx(array, i), value))
			return true;
	return false;
}

bool json_contains(struct json_object *asked, struct json_object *got)
{
	if (json_is_empty(asked))
		return true;
	if (!json_object_is_type(asked, json_type_array) ||
	    !json_object_is_type(got, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(asked); i++)
		if (!has_member(got, json_object_array_get_idx(asked, i)))
			return false;
	return true;
}

bool json_same_set(struct json_object *asked, struct json_object *got)
{
	return json_contains(asked, got) && json_contains(got, asked);
}

const char *json_text(struct json_object *value)
{
	return json_is_empty(value) && !json_object_is_type(value, json_type_boolean) &&
			       !json_object_is_type(value, json_type_int)
		       ? "nothing"
		       : json_line(value);
}

int docker_refuse(struct err *err, const char *field, const char *asked, const char *got,
		  const char *remedy)
{
	return err_set(err, ERR_REFUSED, -EPERM,
		       "%s: asked for %.100s, the engine made it %.100s; %s", field, asked, got,
		       remedy);
}
