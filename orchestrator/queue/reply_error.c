/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every text from outside passes fit(): a peer, or a proxy on the way, may send terminal control
 * sequences, a megabyte of them, or the request it got, Authorization header included.
 */
#include "queue/reply_error.h"

#include "base/cleanup.h"
#include "base/json.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct words {
	char type[41];
	char message[241];
	char request_id[81];
};

static bool is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

/* Also finds a key that has unprintable bytes in between. */
static bool repeats_key(const char *text, const struct secret *key)
{
	_cleanup_free_ char *printable = xmalloc(strlen(text) + 1);
	size_t len = 0;

	for (; *text != '\0'; text++)
		if (is_printable(*text))
			printable[len++] = *text;
	printable[len] = '\0';
	return secret_appears_in(key, printable);
}

/* Copies `text` as printable ASCII on one line; cut texts end in "...". */
static void fit(char *into, size_t size, const char *text, const struct secret *key)
{
	static const char withheld[] = "(withheld: it repeats the key)";
	static const char dots[] = "...";
	size_t used = 0;

	if (repeats_key(text, key)) {
		(void)snprintf(into, size, "%s", withheld);
		return;
	}
	for (; *text != '\0' && used < size - 1; text++) {
		if (is_printable(*text))
			into[used++] = *text;
		else if (used > 0 && into[used - 1] != ' ')
			into[used++] = ' ';
	}
	into[used] = '\0';
	if (*text != '\0')
		memcpy(into + size - sizeof(dots), dots, sizeof(dots));
}

/* The members of {"type":"error","error":{"type","message"},"request_id"}. */
static void read_words(struct words *words, const struct http_request *request,
		       const struct secret *key)
{
	_cleanup_(json_putp) struct json_object *json = NULL;
	char header[sizeof(words->request_id)];

	*words = (struct words){0};
	if (json_parse(request->reply.data, request->reply.len, &json) < 0)
		json = NULL;
	struct json_object *error = json_get_object(json, "error");
	const char *type = json_get_string(error, "type");
	const char *message = json_get_string(error, "message");
	const char *id = json_get_string(json, "request_id");
	if (!id && http_header(request, "request-id", header, sizeof(header)))
		id = header;
	fit(words->type, sizeof(words->type), type ? type : "", key);
	fit(words->message, sizeof(words->message), message ? message : "", key);
	fit(words->request_id, sizeof(words->request_id), id ? id : "", key);
}

/* The host that a redirect points to: the rest of a Location may hold anything. */
static void read_redirect(char *into, size_t size, const struct http_request *request,
			  const struct secret *key)
{
	char location[1024];

	const char *host = http_header(request, "location", location, sizeof(location))
				   ? strstr(location, "://")
				   : NULL;
	if (!host || repeats_key(location, key)) {
		(void)snprintf(into, size, "another address");
		return;
	}
	location[(size_t)(host - location) + 3 + strcspn(host + 3, "/?#\\")] = '\0';
	const char *user = strrchr(host, '@');
	fit(into, size, user ? user + 1 : host + 3, key);
}

/* A proxy's page is worth showing: its beginning tells whose. JSON that is no error object is not:
 * it may be a work item, which holds a secret. */
static bool is_json(const char *text)
{
	text += strspn(text, " \t\r\n");
	return *text != '\0' && strchr("{[\"", *text);
}

static void describe_refusal(const struct http_request *request, const struct secret *key,
			     enum err_kind kind, int code, struct err *err)
{
	struct words words;

	read_words(&words, request, key);
	bool has_words = words.type[0] != '\0' || words.message[0] != '\0';
	if (!has_words && !is_json(request->reply.data))
		fit(words.message, 101, request->reply.data, key);
	(void)err_set(err, kind, code, "HTTP %ld%s%s%s%s%s%s%s", request->status,
		      words.type[0] ? " " : "", words.type, words.message[0] ? ": " : "",
		      !has_words && words.message[0] ? "no error object, but " : "", words.message,
		      words.request_id[0] ? ", request id " : "", words.request_id);
}

void reply_error(const struct http_request *request, const struct secret *key, enum err_kind kind,
		 int code, struct err *err)
{
	char text[sizeof(request->problem)];

	if (request->outcome != HTTP_REPLIED) {
		fit(text, sizeof(text), request->problem, key);
		(void)err_set(err, kind, code, "%s", text);
	} else if (request->status >= 300 && request->status <= 399) {
		read_redirect(text, sizeof(text), request, key);
		(void)err_set(err, kind, code,
			      "HTTP %ld redirects to %s; the key is not sent there: "
			      "set base_url to the address that answers",
			      request->status, text);
	} else {
		describe_refusal(request, key, kind, code, err);
	}
}
