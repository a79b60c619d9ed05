/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/completion.h"

#include "base/buf.h"
#include "base/cleanup.h"

#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 4096

enum completion completion_of(const char *argument)
{
	if (!argument)
		return COMPLETE_NOTHING;
	if (strchr(argument, '|'))
		return COMPLETE_WORDS;
	if (strstr(argument, "FILE"))
		return COMPLETE_FILES;
	if (strstr(argument, "DIRECTORY"))
		return COMPLETE_DIRECTORIES;
	if (strstr(argument, "SESSION"))
		return COMPLETE_SESSIONS;
	return COMPLETE_NOTHING;
}

char *completion_words(const char *argument, const char *separator)
{
	struct buf words;

	buf_init(&words, LINE_MAX_BYTES);
	for (const char *p = argument; *p != '\0'; p++) {
		if (strchr("[]", *p))
			continue;
		if ((*p == '|' ? buf_adds(&words, separator) : buf_add(&words, p, 1)) < 0)
			abort();
	}
	return buf_take(&words);
}

const char *completion_split(const struct command *command, char into[32])
{
	const char *name = command->name;
	size_t length = strcspn(name, " ");

	(void)snprintf(into, 32, "%.*s", (int)length, name);
	return name[length] == ' ' ? name + length + 1 : "";
}

bool completion_is_known(size_t index)
{
	char own[32], other[32];

	(void)completion_split(commands[index], own);
	for (size_t i = 0; i < index; i++) {
		(void)completion_split(commands[i], other);
		if (strcmp(own, other) == 0)
			return true;
	}
	return false;
}

char *completion_quoted(const char *text)
{
	struct buf quoted;

	buf_init(&quoted, LINE_MAX_BYTES);
	int r = buf_adds(&quoted, "'");
	for (; r >= 0 && *text != '\0'; text++)
		r = *text == '\'' ? buf_adds(&quoted, "'\\''") : buf_add(&quoted, text, 1);
	if (r < 0 || buf_adds(&quoted, "'") < 0)
		abort();
	return buf_take(&quoted);
}
