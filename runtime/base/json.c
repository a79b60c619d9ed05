/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/cleanup.h"

#include <string.h>

static struct json_object *checked(struct json_object *object)
{
	if (!object)
		abort();
	return object;
}

void json_putp(struct json_object **object)
{
	json_object_put(*object);
	*object = NULL;
}

struct json_object *json_get(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &value))
		return NULL;
	return value;
}

static struct json_object *get_typed(struct json_object *object, const char *key,
				     enum json_type type)
{
	struct json_object *value = json_get(object, key);

	return value && json_object_is_type(value, type) ? value : NULL;
}

struct json_object *json_get_object(struct json_object *object, const char *key)
{
	return get_typed(object, key, json_type_object);
}

struct json_object *json_get_array(struct json_object *object, const char *key)
{
	return get_typed(object, key, json_type_array);
}

const char *json_string(struct json_object *value)
{
	if (!value || !json_object_is_type(value, json_type_string))
		return NULL;
	const char *text = json_object_get_string(value);
	return strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

const char *json_get_string(struct json_object *object, const char *key)
{
	return json_string(json_get(object, key));
}

int64_t json_get_int(struct json_object *object, const char *key, int64_t fallback)
{
	struct json_object *value = get_typed(object, key, json_type_int);

	return value ? json_object_get_int64(value) : fallback;
}

bool json_get_bool(struct json_object *object, const char *key, bool fallback)
{
	struct json_object *value = get_typed(object, key, json_type_boolean);

	return value ? json_object_get_boolean(value) : fallback;
}

struct json_object *json_new_object(void)
{
	return checked(json_object_new_object());
}

struct json_object *json_new_array(void)
{
	return checked(json_object_new_array());
}

void json_add(struct json_object *object, const char *key, struct json_object *value)
{
	if (json_object_object_add(object, key, value) < 0)
		abort();
}

void json_add_string(struct json_object *object, const char *key, const char *value)
{
	if (value)
		json_add(object, key, checked(json_object_new_string(value)));
}

void json_add_int(struct json_object *object, const char *key, int64_t value)
{
	json_add(object, key, checked(json_object_new_int64(value)));
}

void json_add_bool(struct json_object *object, const char *key, bool value)
{
	json_add(object, key, checked(json_object_new_boolean(value)));
}

void json_append(struct json_object *array, struct json_object *value)
{
	if (json_object_array_add(array, value) < 0)
		abort();
}

void json_append_string(struct json_object *array, const char *value)
{
	json_append(array, checked(json_object_new_string(value)));
}

const char *json_line(struct json_object *object)
{
	return json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							      JSON_C_TO_STRING_NOSLASHESCAPE);
}
