/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets are looked for in the whole text before it is cut, and again after control characters
 * are gone, so that neither the cut nor a stray byte hides one.
 */
#include "engine/message.h"

#include "base/cleanup.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>

#define WITHHELD "(the engine's message is withheld: it repeats a secret)"

static bool holds_secret(const char *text, const struct plan *plan)
{
	static const char *const marks[] = {
		"sk-ant-",
		"ANTHROPIC_WORK_SECRET=",
		"ANTHROPIC_ENVIRONMENT_KEY=",
	};

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (strstr(text, marks[i]))
			return true;
	return plan && plan_secret_appears_in(plan, text);
}

/* Line breaks and tabs become spaces, other control characters go, runs of spaces shrink. */
static void flatten(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		bool is_space = *from == ' ' || *from == '\n' || *from == '\r' || *from == '\t';
		if (is_space && (to == text || to[-1] == ' '))
			continue;
		if (is_space)
			*to++ = ' ';
		else if ((unsigned char)*from >= 0x20 && *from != 0x7f)
			*to++ = *from;
	}
	while (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
}

/* Shortens to at most `max` bytes, dots included, without leaving half of a UTF-8 character. */
static void cut(char *text, size_t max)
{
	static const char dots[] = "...";
	size_t keep = max - strlen(dots);

	if (strlen(text) <= max)
		return;
	while (keep > 0 && ((unsigned char)text[keep] & 0xc0) == 0x80)
		keep--;
	memcpy(text + keep, dots, sizeof(dots));
}

void message_clean(char into[MESSAGE_MAX], const char *text, size_t len, const struct plan *plan)
{
	_cleanup_free_ char *copy = xstrndup(text, len);
	size_t size = strlen(copy);
	bool secret = holds_secret(copy, plan);

	flatten(copy);
	secret = secret || holds_secret(copy, plan);
	cut(copy, MESSAGE_MAX - 1);
	const char *shown = secret ? WITHHELD : copy;
	memcpy(into, shown, strlen(shown) + 1);
	explicit_bzero(copy, size);
}

void message_copy(char *into, size_t size, const char *text)
{
	char clean[MESSAGE_MAX];

	if (!text)
		return;
	message_clean(clean, text, strlen(text), NULL);
	(void)snprintf(into, size, "%.*s", (int)size - 1, clean);
}

void message_of_reply(char into[MESSAGE_MAX], const char *body, size_t len, const struct plan *plan)
{
	_cleanup_(json_putp) struct json_object *reply = NULL;
	const char *message = NULL;

	if (json_parse(body, len, &reply) == 0)
		message = json_get_string(reply, "message");
	if (message)
		message_clean(into, message, strlen(message), plan);
	else
		message_clean(into, body, len, plan);
}

bool message_says(const char *message, const char *words)
{
	return strcasestr(message, words);
}
