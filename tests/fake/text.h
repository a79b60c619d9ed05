/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Small tools every file of the fake engine uses: memory that cannot fail, growing text, hex ids,
 * times in Docker's notation, and short ways to read a JSON object.
 */

#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

void *xcalloc(size_t count, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Bytes that grow; NUL-terminated once something was added. A zeroed struct is an empty text. */
struct text {
	char *data;
	size_t len;
	size_t cap;
};

void text_add(struct text *t, const void *bytes, size_t len);
void text_adds(struct text *t, const char *s);
void text_addf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_addv(struct text *t, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* Adds `s` as a JSON string, quotes included. */
void text_add_json(struct text *t, const char *s);
/* Frees the bytes; the text is empty then. */
void text_done(struct text *t);

/* Fills `out` with `digits` random hex digits and a NUL. */
void random_hex(char *out, size_t digits);

/* FNV-1a of a string, 16 hex digits and a NUL: tells values apart without showing them. */
void fingerprint(const char *s, char out[static 17]);

int64_t monotonic_ms(void);
struct timespec now(void);
double timespec_seconds(struct timespec t);

/* "2026-11-22T17:07:20.496652848Z"; the zero time is Docker's "0001-01-01T00:00:00Z". */
void time_text(struct timespec t, char out[static 40]);

/* Reads that notation, UTC only; the zero time when it does not parse. */
struct timespec time_parse(const char *s);

/* The member `key` of an object, or NULL / the fallback when it is absent or of another type. */
struct json_object *json_member(struct json_object *object, const char *key);
const char *json_text(struct json_object *object, const char *key, const char *fallback);
int64_t json_number(struct json_object *object, const char *key, int64_t fallback);
bool json_flag(struct json_object *object, const char *key);
bool json_has(struct json_object *object, const char *key);

/* Add a member. */
void json_put(struct json_object *object, const char *key, const char *value);
void json_put_number(struct json_object *object, const char *key, int64_t value);
void json_put_flag(struct json_object *object, const char *key, bool value);

/* Adds all of `from` to a list; nothing when `from` is no list. */
void json_append(struct json_object *list, struct json_object *from);

/* Lays `patch` over `object`, member by member down to the innermost objects. */
void json_overlay(struct json_object *object, struct json_object *patch);

/* Seconds with microseconds, printed without an exponent. */
struct json_object *json_seconds(double seconds);

/* The compact text of `object`, valid while the object lives and is not printed again. */
const char *json_line(struct json_object *object);
