/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"

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

static bool percent_encoded_appears(const struct secret *secret, const char *text)
{
	struct buf encoded;

	buf_init(&encoded, secret->len * 3);
	bool found = text_add_url_component(&encoded, secret->text) == 0 &&
		     strcasestr(text, encoded.data);
	buf_done_wipe(&encoded);
	return found;
}

/* The escaping of JSON that leaves a token recognisable: a backslash before '/' and '"'. */
static bool json_escaped_appears(const struct secret *secret, const char *text)
{
	struct buf unescaped;
	bool found = false;

	if (!strchr(text, '\\'))
		return false;
	buf_init(&unescaped, strlen(text));
	for (const char *p = text; *p != '\0'; p++)
		if (*p != '\\' && buf_add(&unescaped, p, 1) < 0)
			break;
	found = strstr(unescaped.data, secret->text);
	buf_done_wipe(&unescaped);
	return found;
}

bool secret_appears_in(const struct secret *secret, const char *text)
{
	if (!secret || secret->len == 0)
		return false;
	return strstr(text, secret->text) || percent_encoded_appears(secret, text) ||
	       json_escaped_appears(secret, text) || base64_appears(secret, text, false) ||
	       base64_appears(secret, text, true);
}
