/* SPDX-License-Identifier: Apache-2.0 */
#include "session/redacting.h"

#include "base/text.h"
#include "queue/work_secret.h"

#include <string.h>

/* The value of a variable of the container, NULL if it has none. */
static const char *variable_of(struct json_object *inspect, const char *name)
{
	struct json_object *list = json_get_array(json_get_object(inspect, "Config"), "Env");
	size_t length = strlen(name);

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		const char *text = json_string(json_object_array_get_idx(list, i));
		if (text && text_starts_with(text, name) && text[length] == '=')
			return text + length + 1;
	}
	return NULL;
}

static void add_text(struct redactor *redactor, const char *text, const char *name)
{
	struct secret *secret = secret_new(text, strlen(text));

	redactor_add(redactor, secret, name);
	secret_free(secret);
}

struct redactor *redactor_of_container(struct json_object *inspect,
				       const struct secret *environment_key)
{
	struct redactor *redactor = redactor_new();
	const char *work_secret = variable_of(inspect, "ANTHROPIC_WORK_SECRET");
	const char *key = variable_of(inspect, "ANTHROPIC_ENVIRONMENT_KEY");
	struct secret *secret = NULL, *token = NULL;

	redactor_add(redactor, environment_key, "environment key");
	if (work_secret_decode(work_secret, &secret, &token)) {
		redactor_add(redactor, token, "sessions token");
		secret_free(secret);
		secret_free(token);
	}
	if (work_secret)
		add_text(redactor, work_secret, "work secret");
	/* Where it is the sessions token, that is known by now. */
	if (key)
		add_text(redactor, key, "environment key");
	return redactor;
}
