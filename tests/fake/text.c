/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void *xcalloc(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (!p)
		abort();
	return p;
}

char *xstrdup(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		abort();
	return copy;
}

static void text_reserve(struct text *t, size_t more)
{
	size_t need = t->len + more + 1;

	if (need <= t->cap)
		return;
	t->cap = need < 256 ? 256 : need + need / 2;
	t->data = realloc(t->data, t->cap);
	if (!t->data)
		abort();
}

void text_add(struct text *t, const void *bytes, size_t len)
{
	text_reserve(t, len);
	if (len)
		memcpy(t->data + t->len, bytes, len);
	t->len += len;
	t->data[t->len] = '\0';
}

void text_adds(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void text_addv(struct text *t, const char *format, va_list args)
{
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0)
		abort();
	text_reserve(t, (size_t)len);
	(void)vsnprintf(t->data + t->len, (size_t)len + 1, format, args);
	t->len += (size_t)len;
}

void text_addf(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_addv(t, format, args);
	va_end(args);
}

char *xasprintf(const char *format, ...)
{
	struct text t = {0};
	va_list args;

	va_start(args, format);
	text_addv(&t, format, args);
	va_end(args);
	return t.data;
}

void text_add_json(struct text *t, const char *s)
{
	struct json_object *string = json_object_new_string(s);

	text_adds(t, json_line(string));
	json_object_put(string);
}

void text_done(struct text *t)
{
	free(t->data);
	*t = (struct text){0};
}

void random_hex(char *out, size_t digits)
{
	for (size_t i = 0; i < digits; i++) {
		static unsigned char pool[256];
		static size_t left;

		if (left == 0) {
			if (getrandom(pool, sizeof(pool), 0) != (ssize_t)sizeof(pool))
				abort();
			left = sizeof(pool);
		}
		out[i] = "0123456789abcdef"[pool[--left] & 15];
	}
	out[digits] = '\0';
}

void fingerprint(const char *s, char out[static 17])
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *s; s++)
		hash = (hash ^ (unsigned char)*s) * 0x100000001b3u;
	snprintf(out, 17, "%016llx", (unsigned long long)hash);
}

int64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct timespec now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t;
}

double timespec_seconds(struct timespec t)
{
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void time_text(struct timespec t, char out[static 40])
{
	struct tm tm;
	char seconds[24];

	if (t.tv_sec == 0 && t.tv_nsec == 0) {
		snprintf(out, 40, "0001-01-01T00:00:00Z");
		return;
	}
	gmtime_r(&t.tv_sec, &tm);
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, 40, "%s.%09ldZ", seconds, t.tv_nsec);
}

struct timespec time_parse(const char *s)
{
	struct timespec t = {0};
	struct tm tm = {0};
	long scale = 100000000;
	int len = 0;

	if (sscanf(s, "%d-%d-%dT%d:%d:%d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
		   &tm.tm_min, &tm.tm_sec, &len) != 6 ||
	    tm.tm_year < 1970)
		return t;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	t.tv_sec = timegm(&tm);
	s += len;
	if (*s != '.')
		return t;
	for (s++; *s >= '0' && *s <= '9'; s++, scale /= 10)
		t.tv_nsec += (*s - '0') * scale;
	return t;
}

struct json_object *json_member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(object, json_type_object))
		return NULL;
	json_object_object_get_ex(object, key, &value);
	return value;
}

const char *json_text(struct json_object *object, const char *key, const char *fallback)
{
	struct json_object *value = json_member(object, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value)
							    : fallback;
}

int64_t json_number(struct json_object *object, const char *key, int64_t fallback)
{
	struct json_object *value = json_member(object, key);

	if (json_object_is_type(value, json_type_int) ||
	    json_object_is_type(value, json_type_double))
		return json_object_get_int64(value);
	return fallback;
}

bool json_flag(struct json_object *object, const char *key)
{
	return json_object_get_boolean(json_member(object, key));
}

bool json_has(struct json_object *object, const char *key)
{
	return json_object_is_type(object, json_type_object) &&
	       json_object_object_get_ex(object, key, NULL);
}

void json_put(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

void json_put_number(struct json_object *object, const char *key, int64_t value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

void json_put_flag(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

void json_append(struct json_object *list, struct json_object *from)
{
	if (!json_object_is_type(from, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(from); i++)
		json_object_array_add(list, json_object_get(json_object_array_get_idx(from, i)));
}

void json_overlay(struct json_object *object, struct json_object *patch)
{
	if (!json_object_is_type(patch, json_type_object))
		return;
	json_object_object_foreach (patch, key, value) {
		struct json_object *inner = json_member(object, key);

		if (json_object_is_type(inner, json_type_object) &&
		    json_object_is_type(value, json_type_object))
			json_overlay(inner, value);
		else
			json_object_object_add(object, key, json_object_get(value));
	}
}

struct json_object *json_seconds(double seconds)
{
	char s[40];

	snprintf(s, sizeof(s), "%.6f", seconds);
	return json_object_new_double_s(seconds, s);
}

const char *json_line(struct json_object *object)
{
	return json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							      JSON_C_TO_STRING_NOSLASHESCAPE);
}
