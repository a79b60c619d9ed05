/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "cli/commands.h"

#include <stdlib.h>
#include <string.h>

#define COMMANDS_MAX 64

/* How many words `name` has if argv begins with them, else 0. */
static int words_matched(const char *name, int argc, char *const *argv)
{
	for (int i = 0; i < argc; i++) {
		size_t length = strcspn(name, " ");
		if (strlen(argv[i]) != length || strncmp(name, argv[i], length) != 0)
			return 0;
		if (name[length] == '\0')
			return i + 1;
		name += length + 1;
	}
	return 0;
}

const struct command *command_find(int argc, char *const *argv, int *ret_words)
{
	for (size_t i = 0; commands[i]; i++) {
		int words = words_matched(commands[i]->name, argc, argv);
		if (words == 0)
			continue;
		*ret_words = words;
		return commands[i];
	}
	return NULL;
}

const char *command_nearest(const char *word)
{
	const char *names[COMMANDS_MAX];
	size_t count = 0;

	for (; commands[count]; count++) {
		if (count == COMMANDS_MAX)
			abort();
		names[count] = commands[count]->name;
	}
	return text_nearest(word, names, count);
}
