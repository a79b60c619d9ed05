#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of everything that is wrong with a file, so that an operator sees all of it at once: in
 * the order of the places, whoever found it when. What has no place comes first.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdbool.h>

struct problem {
	unsigned file; /* an index */
	unsigned line, column;
	char *text; /* "file:line:column: message", one line */
};

struct problems {
	unsigned count; /* of all that were added, repetitions too */
	struct problem *items;
	size_t item_count;
	size_t length; /* of all texts */
	char **files;  /* in the order in which they were read */
	size_t file_count;
	struct buf text;
};

void problems_init(struct problems *problems);
void problems_done(struct problems *problems);

/* Says that `file` is read now: what is wrong with it comes after what is wrong with those before.
 * A file that nobody announced is read when its first problem is added. */
void problems_begin_file(struct problems *problems, const char *file);

/* Line and column count from 1; a line of 0 leaves both out ("file: message"), a column of 0 the
 * column ("file:line: message"). What is there already, word for word, is not listed again. */
void problems_add(struct problems *problems, const char *file, unsigned line, unsigned column,
		  const char *format, ...) __attribute__((format(printf, 5, 6)));
void problems_addv(struct problems *problems, const char *file, unsigned line, unsigned column,
		   const char *format, va_list arguments) __attribute__((format(printf, 5, 0)));

/* Adds the problems of another list. */
void problems_append(struct problems *problems, const struct problems *more);

/* True if there is a problem at exactly this place. */
bool problems_are_at(const struct problems *problems, const char *file, unsigned line,
		     unsigned column);

/* Calls each(line, arg) for every problem, without a newline. */
void problems_each(const struct problems *problems, void (*each)(const char *line, void *arg),
		   void *arg);

/* All of them, each with its newline. Valid until the list changes. */
const char *problems_text(struct problems *problems);
