/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as values: making, reading and releasing them. Sends nothing, and is linked with the
 * simulation's lanes too. */
#include "base/cleanup.h"
#include "base/text.h"
#include "io/lane.h"
#include "io/loop.h"

#include <curl/curl.h>
#include <string.h>

/* Longer waits are no use to anybody; also keeps seconds from overflowing as milliseconds. */
#define LONGEST_RETRY_AFTER_S (INT64_C(366) * 24 * 3600)

void http_request_init(struct http_request *request, const char *method, char *url)
{
	*request = (struct http_request){
		.method = method,
		.max_reply = BUF_MAX_POLL_REPLY,
	};
	request->url = url;
	buf_init(&request->body, BUF_MAX_LIST_REPLY);
	buf_init(&request->reply, request->max_reply);
	buf_init(&request->reply_headers, BUF_MAX_HEADERS);
}

void http_request_done(struct http_request *request)
{
	lane_cancel(request);
	free(TAKE(request->url));
	request->bearer = NULL;
	buf_done_wipe(&request->body);
	buf_done_wipe(&request->reply);
	buf_done_wipe(&request->reply_headers);
}

static const char *find_header(const struct http_request *request, const char *name,
			       size_t *ret_len)
{
	size_t name_len = strlen(name);
	const char *line = request->reply_headers.data;

	while (line && *line != '\0') {
		const char *end = strchrnul(line, '\n');
		if (strncmp(line, name, name_len) == 0 && strncmp(line + name_len, ": ", 2) == 0) {
			*ret_len = (size_t)(end - line) - name_len - 2;
			return line + name_len + 2;
		}
		line = *end == '\0' ? end : end + 1;
	}
	return NULL;
}

bool http_header(const struct http_request *request, const char *name, char *into, size_t size)
{
	size_t len;
	const char *value = find_header(request, name, &len);

	if (!value || len >= size)
		return false;
	memcpy(into, value, len);
	into[len] = '\0';
	return true;
}

/* An HTTP date in milliseconds since the epoch, or 0. */
static int64_t parse_date_ms(const char *text)
{
	time_t seconds = curl_getdate(text, NULL);

	return seconds > 0 ? (int64_t)seconds * 1000 : 0;
}

uint64_t http_retry_after_ms(const struct http_request *request, struct loop *loop)
{
	char value[64];
	int64_t seconds;

	if (!http_header(request, "retry-after", value, sizeof(value)))
		return 0;
	if (text_parse_int(value, &seconds) == 0) {
		if (seconds > LONGEST_RETRY_AFTER_S)
			seconds = LONGEST_RETRY_AFTER_S;
		return seconds > 0 ? (uint64_t)seconds * 1000 : 0;
	}
	int64_t at_ms = parse_date_ms(value), now_ms = loop_wall_ms(loop);
	return at_ms > now_ms ? (uint64_t)(at_ms - now_ms) : 0;
}

int64_t http_date_ms(const struct http_request *request)
{
	char value[64];

	return http_header(request, "date", value, sizeof(value)) ? parse_date_ms(value) : 0;
}
