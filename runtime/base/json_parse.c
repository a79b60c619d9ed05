/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text is read once, value by value (RFC 8259). Each skip_*() moves behind what it reads and
 * says false if it is not there; each read_*() also makes an object of it, unless `ret` is NULL.
 * What is rare (a text with escapes, a number that is no plain integer) is left to json-c, so that
 * it means what it means there.
 */
#include "base/cleanup.h"
#include "base/json.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct scan {
	const char *at, *end;
};

static struct json_object *checked(struct json_object *object)
{
	if (!object)
		abort();
	return object;
}

static void skip_space(struct scan *scan)
{
	while (scan->at < scan->end &&
	       (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r'))
		scan->at++;
}

static bool skip_char(struct scan *scan, char c)
{
	if (scan->at == scan->end || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

static bool skip_word(struct scan *scan, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(scan->end - scan->at) < len || memcmp(scan->at, word, len) != 0)
		return false;
	scan->at += len;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex_digit(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool skip_digits(struct scan *scan)
{
	const char *first = scan->at;

	while (scan->at < scan->end && is_digit(*scan->at))
		scan->at++;
	return scan->at > first;
}

static bool skip_number(struct scan *scan)
{
	(void)skip_char(scan, '-');
	if (!skip_char(scan, '0') && !skip_digits(scan))
		return false;
	if (skip_char(scan, '.') && !skip_digits(scan))
		return false;
	if (!skip_char(scan, 'e') && !skip_char(scan, 'E'))
		return true;
	if (!skip_char(scan, '+'))
		(void)skip_char(scan, '-');
	return skip_digits(scan);
}

/* What follows a backslash. */
static bool skip_escaped(struct scan *scan)
{
	if (scan->at == scan->end || *scan->at == '\0' || !strchr("\"\\/bfnrtu", *scan->at))
		return false;
	if (*scan->at++ != 'u')
		return true;
	for (int i = 0; i < 4; i++, scan->at++)
		if (scan->at == scan->end || !is_hex_digit(*scan->at))
			return false;
	return true;
}

/* A character of several bytes in UTF-8; what it stands for does not matter. */
static bool skip_wide(struct scan *scan)
{
	unsigned char first = scan->at < scan->end ? (unsigned char)*scan->at++ : 0;
	int more = (first & 0xe0) == 0xc0   ? 1
		   : (first & 0xf0) == 0xe0 ? 2
		   : (first & 0xf8) == 0xf0 ? 3
					    : -1;

	for (; more > 0; more--, scan->at++)
		if (scan->at == scan->end || ((unsigned char)*scan->at & 0xc0) != 0x80)
			return false;
	return more == 0;
}

static bool is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x80 && c != '"' && c != '\\';
}

/* Most of any text is this. */
static void skip_plain(struct scan *scan)
{
	const char *at = scan->at, *end = scan->end;

	while (at < end && is_plain((unsigned char)*at))
		at++;
	scan->at = at;
}

static bool skip_string(struct scan *scan)
{
	bool is_fine = skip_char(scan, '"');

	while (is_fine) {
		skip_plain(scan);
		if (skip_char(scan, '"'))
			return true;
		is_fine = skip_char(scan, '\\') ? skip_escaped(scan) : skip_wide(scan);
	}
	return false;
}

/* --- from values to objects ------------------------------------------------------------------- */

static bool read_value(struct scan *scan, const struct json_wanted *wanted, unsigned depth,
		       struct json_object **ret);

/* One text or number whose syntax is known to be fine, by json-c. */
static bool parse_leaf(const char *from, size_t len, struct json_object **ret)
{
	struct json_tokener *tokener = json_tokener_new();
	if (!tokener)
		abort();
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	/* The trailing NUL ends a number, which could otherwise go on. */
	*ret = json_tokener_parse_ex(tokener, from, (int)len);
	if (json_tokener_get_error(tokener) == json_tokener_continue)
		*ret = json_tokener_parse_ex(tokener, "", 1);
	json_tokener_free(tokener);
	return *ret;
}

static bool read_string(struct scan *scan, struct json_object **ret)
{
	const char *from = scan->at;
	if (!skip_string(scan))
		return false;
	size_t len = (size_t)(scan->at - from);
	if (!ret)
		return true;
	if (memchr(from, '\\', len))
		return parse_leaf(from, len, ret);
	*ret = checked(json_object_new_string_len(from + 1, (int)len - 2));
	return true;
}

static bool read_number(struct scan *scan, struct json_object **ret)
{
	const char *from = scan->at;
	char digits[19]; /* fewer than the largest 64-bit integer has */
	if (!skip_number(scan))
		return false;
	size_t len = (size_t)(scan->at - from);
	if (!ret)
		return true;
	if (len >= sizeof(digits) || memchr(from, '.', len) || memchr(from, 'e', len) ||
	    memchr(from, 'E', len))
		return parse_leaf(from, len, ret);
	memcpy(digits, from, len);
	digits[len] = '\0';
	*ret = checked(json_object_new_int64(strtoll(digits, NULL, 10)));
	return true;
}

static bool read_boolean(struct scan *scan, bool value, struct json_object **ret)
{
	if (!skip_word(scan, value ? "true" : "false"))
		return false;
	if (ret)
		*ret = checked(json_object_new_boolean(value));
	return true;
}

static bool read_element(struct scan *scan, unsigned depth, struct json_object *into)
{
	_cleanup_(json_putp) struct json_object *value = NULL;

	if (!read_value(scan, NULL, depth + 1, into ? &value : NULL))
		return false;
	if (into)
		json_append(into, TAKE(value));
	return true;
}

static bool read_array(struct scan *scan, unsigned depth, struct json_object **ret)
{
	struct json_object *array = ret ? *ret = json_new_array() : NULL;

	scan->at++;
	skip_space(scan);
	if (!skip_char(scan, ']')) {
		do {
			if (!read_element(scan, depth, array))
				return false;
		} while (skip_char(scan, ','));
		if (!skip_char(scan, ']'))
			return false;
	}
	/* json-c makes room for 32 elements: too much for a peer's many short lists. */
	if (array)
		(void)json_object_array_shrink(array, 0);
	return true;
}

/* The caller's; NULL if there is none. */
static char *read_name(struct scan *scan)
{
	_cleanup_(json_putp) struct json_object *text = NULL;
	const char *from = scan->at;

	if (!skip_string(scan))
		return NULL;
	if (!memchr(from, '\\', (size_t)(scan->at - from)))
		return xstrndup(from + 1, (size_t)(scan->at - from) - 2);
	if (!parse_leaf(from, (size_t)(scan->at - from), &text))
		return NULL;
	return xstrdup(json_object_get_string(text));
}

/* `wanted` NULL: all of them. */
static const struct json_wanted *find_wanted(const struct json_wanted *wanted, const char *name)
{
	static const struct json_wanted all = {NULL, NULL};

	if (!wanted)
		return &all;
	for (; wanted->name; wanted++)
		if (strcmp(wanted->name, name) == 0)
			return wanted;
	return NULL;
}

static bool read_member(struct scan *scan, const struct json_wanted *wanted, unsigned depth,
			struct json_object *into)
{
	_cleanup_(json_putp) struct json_object *value = NULL;
	const struct json_wanted *found = NULL;
	_cleanup_free_ char *name = NULL;

	skip_space(scan);
	if (into) {
		name = read_name(scan);
		found = name ? find_wanted(wanted, name) : NULL;
	}
	if (into ? !name : !skip_string(scan))
		return false;
	skip_space(scan);
	if (!skip_char(scan, ':') ||
	    !read_value(scan, found ? found->members : NULL, depth + 1, found ? &value : NULL))
		return false;
	if (found)
		json_add(into, name, TAKE(value));
	return true;
}

static bool read_object(struct scan *scan, const struct json_wanted *wanted, unsigned depth,
			struct json_object **ret)
{
	struct json_object *object = ret ? *ret = json_new_object() : NULL;

	scan->at++;
	skip_space(scan);
	if (skip_char(scan, '}'))
		return true;
	do {
		if (!read_member(scan, wanted, depth, object))
			return false;
	} while (skip_char(scan, ','));
	return skip_char(scan, '}');
}

/* With the white space around it. On failure *ret may hold a part. */
static bool read_value(struct scan *scan, const struct json_wanted *wanted, unsigned depth,
		       struct json_object **ret)
{
	bool is_fine = false;

	skip_space(scan);
	if (depth >= JSON_MAX_DEPTH || scan->at == scan->end)
		return false;
	switch (*scan->at) {
	case '{':
		is_fine = read_object(scan, wanted, depth, ret);
		break;
	case '[':
		is_fine = read_array(scan, depth, ret);
		break;
	case '"':
		is_fine = read_string(scan, ret);
		break;
	case 't':
		is_fine = read_boolean(scan, true, ret);
		break;
	case 'f':
		is_fine = read_boolean(scan, false, ret);
		break;
	case 'n':
		is_fine = skip_word(scan, "null");
		break;
	default:
		is_fine = read_number(scan, ret);
		break;
	}
	skip_space(scan);
	return is_fine;
}

int json_parse_wanted(const char *text, size_t len, const struct json_wanted *wanted,
		      struct json_object **ret)
{
	struct scan scan = {.at = text, .end = text + (len > INT_MAX ? 0 : len)};
	_cleanup_(json_putp) struct json_object *object = NULL;

	if (!read_value(&scan, wanted, 0, &object) || scan.at != scan.end)
		return -EBADMSG;
	*ret = TAKE(object);
	return 0;
}

int json_parse(const char *text, size_t len, struct json_object **ret)
{
	return json_parse_wanted(text, len, NULL, ret);
}
