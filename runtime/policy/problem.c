/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/problem.h"

#include "base/cleanup.h"

#include <stdio.h>

void problems_init(struct problems *problems)
{
	*problems = (struct problems){.count = 0};
	buf_init(&problems->text, BUF_MAX_PROBLEMS);
}

void problems_done(struct problems *problems)
{
	buf_done(&problems->text);
}

/* A value that is quoted in a message must not start a line of its own. */
static void keep_on_one_line(char *text)
{
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
	keep_on_one_line(message);
	where = line > 0 ? xasprintf("%s:%u:%u", file, line, column) : xstrdup(file);
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
