#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* The list of everything that is wrong with a file, so that an operator sees all of it at once. */
#include "base/buf.h"

#include <stdarg.h>

struct problems {
	struct buf text; /* one "file:line:column: message" line per problem */
	unsigned count;
};

void problems_init(struct problems *problems);
void problems_done(struct problems *problems);

/* Line and column count from 1; a line of 0 leaves both out ("file: message"), a column of 0 the
 * column ("file:line: message"). */
void problems_add(struct problems *problems, const char *file, unsigned line, unsigned column,
		  const char *format, ...) __attribute__((format(printf, 5, 6)));
void problems_addv(struct problems *problems, const char *file, unsigned line, unsigned column,
		   const char *format, va_list arguments) __attribute__((format(printf, 5, 0)));

/* Calls each(line, arg) for every line of `problems`, without its newline. */
void problems_each(const struct problems *problems, void (*each)(const char *line, void *arg),
		   void *arg);
