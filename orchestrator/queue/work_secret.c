/* SPDX-License-Identifier: Apache-2.0 */
#include "queue/work_secret.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"

#include <string.h>

/* What can stand in an HTTP header and an environment variable without changing its meaning. */
static bool is_token(const char *text)
{
	size_t len = 0;

	for (; text[len] != '\0'; len++)
		if (text[len] <= ' ' || text[len] > '~')
			return false;
	return len >= 1 && len <= WORK_TOKEN_MAX;
}

bool work_secret_decode(const char *text, struct secret **ret_secret, struct secret **ret_token)
{
	struct json_object *json = NULL;
	struct buf decoded;
	bool usable = false;

	if (!text || strlen(text) > WORK_SECRET_MAX)
		return false;
	buf_init(&decoded, WORK_SECRET_MAX);
	if (text_add_base64_decoded(&decoded, text, strlen(text)) == 0 &&
	    json_parse(decoded.data, decoded.len, &json) == 0) {
		const char *token = json_get_string(json, "sessions_token");
		usable = token && is_token(token);
		if (usable) {
			*ret_secret = secret_new(text, strlen(text));
			*ret_token = secret_new(token, strlen(token));
		}
	}
	json_object_put(json);
	buf_done_wipe(&decoded);
	return usable;
}
