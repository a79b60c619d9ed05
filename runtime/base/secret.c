/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct secret {
	size_t len;
	char text[];
};

struct secret *secret_new(const char *text, size_t len)
{
	struct secret *secret = xmalloc(sizeof(*secret) + len + 1);

	secret->len = len;
	memcpy(secret->text, text, len);
	secret->text[len] = '\0';
	return secret;
}

struct secret *secret_copy(const struct secret *secret)
{
	return secret ? secret_new(secret->text, secret->len) : NULL;
}

struct secret *secret_free(struct secret *secret)
{
	if (secret)
		explicit_bzero(secret->text, secret->len);
	free(secret);
	return NULL;
}

void secret_freep(struct secret **secret)
{
	*secret = secret_free(*secret);
}

const char *secret_reveal(const struct secret *secret)
{
	return secret->text;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	return a && b ? strcmp(a->text, b->text) == 0 : a == b;
}

/*
 * base64 works on groups of three bytes, so a secret inside a longer text appears in one of three
 * forms. For each alignment, encode the secret behind 0, 1 or 2 bytes and leave out the characters
 * at both ends that depend on its neighbours.
 */
static bool base64_appears(const struct secret *secret, const char *text, bool url_safe)
{
	for (size_t shift = 0; shift < 3; shift++) {
		struct buf plain, encoded;
		bool found = false;

		buf_init(&plain, secret->len + 2);
		buf_init(&encoded, secret->len * 2 + 16);
		if (buf_add(&plain, "\0\0", shift) == 0 &&
		    buf_add(&plain, secret->text, secret->len) == 0 &&
		    text_add_base64(&encoded, plain.data, plain.len, url_safe) == 0) {
			size_t from = shift > 0 ? shift + 1 : 0;
			size_t to = plain.len * 8 / 6;
			encoded.data[to] = '\0';
			found = to > from && strstr(text, encoded.data + from);
		}
		buf_done_wipe(&plain);
		buf_done_wipe(&encoded);
		if (found)
			return true;
	}
	return false;
}

static bool hex_appears(const struct secret *secret, const char *text)
{
	struct buf encoded;
	bool found = false;

	buf_init(&encoded, secret->len * 2);
	for (size_t i = 0; i < secret->len; i++)
		if (buf_addf(&encoded, "%02x", (unsigned char)secret->text[i]) < 0)
			break;
	if (encoded.len == secret->len * 2)
		found = strcasestr(text, encoded.data);
	buf_done_wipe(&encoded);
	return found;
}

/* The byte that `digits` hex digits at `p` stand for; 0 where they are none, or no ASCII. */
static char hex_byte(const char *p, size_t digits)
{
	char copy[5] = "", *end;

	memcpy(copy, p, strnlen(p, digits));
	unsigned long value = strtoul(copy, &end, 16);
	return isxdigit((unsigned char)copy[0]) && end == copy + digits && value < 0x80
		       ? (char)value
		       : '\0';
}

/* Reads a byte that may be written as in URLs (%2f) or JSON (\u002f, \/): how long it is there. A
 * backslash by itself is none. */
static size_t read_escaped(const char *p, char *ret)
{
	if (p[0] == '%' && (*ret = hex_byte(p + 1, 2)) != '\0')
		return 3;
	if (p[0] == '\\' && p[1] == 'u' && (*ret = hex_byte(p + 2, 4)) != '\0')
		return 6;
	*ret = p[0];
	if (p[0] == '\\')
		*ret = '\0';
	return 1;
}

static bool escaped_appears(const struct secret *secret, const char *text)
{
	struct buf plain;
	char byte;

	if (!strpbrk(text, "%\\"))
		return false;
	buf_init(&plain, strlen(text));
	while (*text != '\0') {
		text += read_escaped(text, &byte);
		if (byte != '\0' && buf_add(&plain, &byte, 1) < 0)
			break;
	}
	bool found = strstr(plain.data, secret->text);
	buf_done_wipe(&plain);
	return found;
}

bool secret_appears_in(const struct secret *secret, const char *text)
{
	if (!secret || secret->len == 0)
		return false;
	return strstr(text, secret->text) || escaped_appears(secret, text) ||
	       hex_appears(secret, text) || base64_appears(secret, text, false) ||
	       base64_appears(secret, text, true);
}
