/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/problem.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

void problems_init(struct problems *problems)
{
	*problems = (struct problems){.count = 0};
	buf_init(&problems->text, BUF_MAX_PROBLEMS);
}

void problems_done(struct problems *problems)
{
	buf_done(&problems->text);
}

/* A value that is quoted in a message, or a file's name, must not start a line of its own, nor
 * repeat a key that somebody wrote in its place. */
static void make_printable(char *text)
{
	(void)text_mask_keys(text);
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
}

void problems_addv(struct problems *problems, const char *file, unsigned line, unsigned column,
		   const char *format, va_list arguments)
{
	_cleanup_free_ char *message = NULL, *where = NULL;

	if (vasprintf(&message, format, arguments) < 0)
		abort();
	if (line == 0)
		where = xstrdup(file);
	else if (column == 0)
		where = xasprintf("%s:%u", file, line);
	else
		where = xasprintf("%s:%u:%u", file, line, column);
	make_printable(message);
	make_printable(where);
	/* A file with more problems than the buffer holds has made its point. */
	(void)!buf_addf(&problems->text, "%s: %s\n", where, message);
	problems->count++;
}

void problems_add(struct problems *problems, const char *file, unsigned line, unsigned column,
		  const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	problems_addv(problems, file, line, column, format, arguments);
	va_end(arguments);
}

void problems_each(const struct problems *problems, void (*each)(const char *line, void *arg),
		   void *arg)
{
	for (const char *line = problems->text.data; *line != '\0';) {
		size_t length = strcspn(line, "\n");
		_cleanup_free_ char *text = xstrndup(line, length);
		each(text, arg);
		line += length + (line[length] == '\n' ? 1 : 0);
	}
}
