/* SPDX-License-Identifier: Apache-2.0 */
/* The secret of a work item: any text, and the text that any bytes are inside. */
#include "base/json.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "queue/work_secret.h"

#include <string.h>

static bool is_token(const char *text)
{
	for (const char *at = text; *at; at++)
		if (*at <= ' ' || *at > '~')
			return false;
	return *text != '\0' && strlen(text) <= WORK_TOKEN_MAX;
}

/* What it says is usable can be given to a worker. `wanted`: the token that is in it, if any. */
static bool decode(const char *text, const char *wanted)
{
	struct secret *secret = NULL, *token = NULL;

	bool is_usable = work_secret_decode(text, &secret, &token);
	must(is_usable == (secret != NULL) && is_usable == (token != NULL));
	if (is_usable) {
		must(strcmp(secret_reveal(secret), text) == 0);
		must(is_token(secret_reveal(token)));
		must(!wanted || strcmp(secret_reveal(token), wanted) == 0);
	}
	(void)secret_free(secret);
	(void)secret_free(token);
	return is_usable;
}

static void decode_encoded(const uint8_t *data, size_t size)
{
	struct json_object *json = NULL;
	struct buf encoded;

	buf_init(&encoded, WORK_SECRET_MAX);
	if (text_add_base64(&encoded, data, size, true) == 0) {
		(void)json_parse((const char *)data, size, &json);
		const char *token = json_get_string(json, "sessions_token");
		must(decode(encoded.data, token) == (token && is_token(token)));
		json_object_put(json);
	}
	buf_done(&encoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	(void)decode(text, NULL);
	decode_encoded((const uint8_t *)text, size);
	free(text);
	return 0;
}
