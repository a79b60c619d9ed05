/* SPDX-License-Identifier: Apache-2.0 */
#include "world/plane_request.h"

#include "base/cleanup.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static int hex_digit(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* Percent-decoded, and in a query '+' for a blank; the caller's. A NUL stays encoded. */
static char *decoded(const char *text, size_t len, bool is_query)
{
	char *result = xcalloc(1, len + 1), *into = result;

	for (size_t i = 0; i < len; i++) {
		int high = text[i] == '%' && i + 2 < len ? hex_digit(text[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
		if (low >= 0 && (high > 0 || low > 0)) {
			*into++ = (char)(high * 16 + low);
			i += 2;
		} else {
			*into++ = (char)(is_query && text[i] == '+' ? ' ' : text[i]);
		}
	}
	return result;
}

char *request_query(const struct request *request, const char *name)
{
	for (const char *at = request->query; *at != '\0';) {
		size_t len = strcspn(at, "&");
		const char *equals = memchr(at, '=', len);
		size_t name_len = equals ? (size_t)(equals - at) : len;
		_cleanup_free_ char *key = decoded(at, name_len, true);
		if (len > 0 && strcmp(key, name) == 0)
			return decoded(at + name_len + (equals ? 1 : 0),
				       len - name_len - (equals ? 1 : 0), true);
		at += len + (at[len] == '&' ? 1 : 0);
	}
	return NULL;
}

char *request_header(const struct wire_call *call, const char *name)
{
	size_t name_len = strlen(name);
	char *value = NULL;

	for (const char *line = call->headers; *line != '\0';) {
		size_t len = strcspn(line, "\n");
		if (len > name_len && line[name_len] == ':' &&
		    strncasecmp(line, name, name_len) == 0) {
			const char *begin = line + name_len + 1, *end = line + len;
			while (begin < end && isblank((unsigned char)*begin))
				begin++;
			free(value);
			value = xstrndup(begin, (size_t)(end - begin));
		}
		line += len + (line[len] == '\n' ? 1 : 0);
	}
	return value;
}

void request_read(struct request *request, struct plane *plane, struct wire_call *call)
{
	const char *path = call->path, *at = path;
	size_t end = strcspn(path, "?");

	*request = (struct request){.plane = plane, .call = call, .number = ++plane->requests};
	request->query = path[end] == '?' ? path + end + 1 : "";
	while (at < path + end && request->segment_count < ARRAY_SIZE(request->segments)) {
		at++;
		size_t len = strcspn(at, "/?");
		request->segments[request->segment_count++] = decoded(at, len, false);
		at += len;
	}
}

void request_done(struct request *request)
{
	for (size_t i = 0; i < request->segment_count; i++)
		free(request->segments[i]);
}
