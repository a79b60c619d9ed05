#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON from peers we do not trust, as json-c's objects: the syntax of RFC 8259 and no more, UTF-8,
 * bounded depth, and getters that say NULL for whatever has another type than expected. Objects
 * made here abort on OOM.
 */
#include "base/buf.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_MAX_DEPTH 32

/* Parses exactly one JSON text of `len` bytes with white space around it. -EBADMSG if it is not
 * one; JSON `null` succeeds with *ret NULL. Release *ret with json_object_put(). */
int json_parse(const char *text, size_t len, struct json_object **ret);

/* A member of an object by its name: as it is, or, where `members` are given and it is an object
 * itself, only those of it. A list of them ends with {NULL}. */
struct json_wanted {
	const char *name;
	const struct json_wanted *members;
};

/* The same, but an object has only the members that are wanted (NULL: all); of the others, only
 * their syntax is looked at. For texts of which little is used: what is left out costs a tenth. */
int json_parse_wanted(const char *text, size_t len, const struct json_wanted *wanted,
		      struct json_object **ret);

/* Releases *object: for _cleanup_(json_putp). */
void json_putp(struct json_object **object);

/* The member `key` of `object` if both are what is asked for, else NULL. `object` may be NULL. The
 * results belong to `object`. json_get_string() also says NULL for a text with a NUL inside. */
struct json_object *json_get(struct json_object *object, const char *key);
struct json_object *json_get_object(struct json_object *object, const char *key);
struct json_object *json_get_array(struct json_object *object, const char *key);
const char *json_get_string(struct json_object *object, const char *key);

/* The same for numbers and truth values; `fallback` where there is none. */
int64_t json_get_int(struct json_object *object, const char *key, int64_t fallback);
bool json_get_bool(struct json_object *object, const char *key, bool fallback);

/* A string itself (not a member), NULL if `value` is none or has a NUL inside. */
const char *json_string(struct json_object *value);

/* Builders. json_add*() take ownership of the value; json_add_string() with NULL adds nothing. */
struct json_object *json_new_object(void);
struct json_object *json_new_array(void);
void json_add(struct json_object *object, const char *key, struct json_object *value);
void json_add_string(struct json_object *object, const char *key, const char *value);
void json_add_int(struct json_object *object, const char *key, int64_t value);
void json_add_bool(struct json_object *object, const char *key, bool value);
void json_append(struct json_object *array, struct json_object *value);
void json_append_string(struct json_object *array, const char *value);

/* One line without spaces, valid while `object` lives and is not printed again. */
const char *json_line(struct json_object *object);
