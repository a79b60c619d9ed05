/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/problem.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

void problems_init(struct problems *problems)
{
	*problems = (struct problems){.count = 0};
}

void problems_done(struct problems *problems)
{
	for (size_t i = 0; i < problems->item_count; i++)
		free(problems->items[i].text);
	for (size_t i = 0; i < problems->file_count; i++)
		free(problems->files[i]);
	free(problems->items);
	free(problems->files);
	buf_done(&problems->text);
	problems_init(problems);
}

/* Where `file` is in the list; its length if it is not. */
static size_t find_file(const struct problems *problems, const char *file)
{
	size_t i = 0;

	while (i < problems->file_count && strcmp(problems->files[i], file) != 0)
		i++;
	return i;
}

void problems_begin_file(struct problems *problems, const char *file)
{
	if (find_file(problems, file) < problems->file_count)
		return;
	problems->files = xreallocarray(problems->files, problems->file_count + 1, sizeof(char *));
	problems->files[problems->file_count++] = xstrdup(file);
}

/* A value that is quoted in a message, or a file's name, must not start a line of its own, nor
 * repeat a key that somebody wrote in its place. */
static void make_printable(char *text)
{
	(void)text_mask_keys(text);
	text_show(text);
}

static int compare_numbers(unsigned a, unsigned b)
{
	return (a > b) - (a < b);
}

static int compare_places(const struct problem *a, const struct problem *b)
{
	if (a->line == 0 || b->line == 0)
		return compare_numbers(a->line > 0, b->line > 0);
	int r = compare_numbers(a->file, b->file);
	if (r == 0)
		r = compare_numbers(a->line, b->line);
	return r != 0 ? r : compare_numbers(a->column, b->column);
}

/* Where the problem belongs: behind all that are not after it. */
static size_t position_of(const struct problems *problems, const struct problem *problem)
{
	size_t end = problems->item_count;

	while (end > 0 && compare_places(&problems->items[end - 1], problem) > 0)
		end--;
	return end;
}

/* True if one of the same place, the last of which is before `end`, says the same. */
static bool is_repetition(const struct problems *problems, size_t end,
			  const struct problem *problem)
{
	for (; end > 0 && compare_places(&problems->items[end - 1], problem) == 0; end--)
		if (strcmp(problems->items[end - 1].text, problem->text) == 0)
			return true;
	return false;
}

/* Takes the text. A file with more problems than the list holds has made its point. */
static void insert(struct problems *problems, struct problem problem)
{
	size_t end = position_of(problems, &problem), length = strlen(problem.text) + 1;

	problems->count++;
	if (problems->length + length > BUF_MAX_PROBLEMS ||
	    is_repetition(problems, end, &problem)) {
		free(problem.text);
		return;
	}
	problems->items =
		xreallocarray(problems->items, problems->item_count + 1, sizeof(struct problem));
	memmove(problems->items + end + 1, problems->items + end,
		(problems->item_count - end) * sizeof(struct problem));
	problems->items[end] = problem;
	problems->item_count++;
	problems->length += length;
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
	problems_begin_file(problems, file);
	insert(problems, (struct problem){(unsigned)find_file(problems, file), line, column,
					  xasprintf("%s: %s", where, message)});
}

void problems_add(struct problems *problems, const char *file, unsigned line, unsigned column,
		  const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	problems_addv(problems, file, line, column, format, arguments);
	va_end(arguments);
}

void problems_append(struct problems *problems, const struct problems *more)
{
	for (size_t i = 0; i < more->file_count; i++)
		problems_begin_file(problems, more->files[i]);
	for (size_t i = 0; i < more->item_count; i++) {
		struct problem problem = more->items[i];
		problem.file = (unsigned)find_file(problems, more->files[problem.file]);
		problem.text = xstrdup(problem.text);
		insert(problems, problem);
	}
}

bool problems_are_at(const struct problems *problems, const char *file, unsigned line,
		     unsigned column)
{
	const struct problem place = {(unsigned)find_file(problems, file), line, column, NULL};

	for (size_t i = 0; i < problems->item_count; i++)
		if (compare_places(&problems->items[i], &place) == 0)
			return true;
	return false;
}

void problems_each(const struct problems *problems, void (*each)(const char *line, void *arg),
		   void *arg)
{
	for (size_t i = 0; i < problems->item_count; i++)
		each(problems->items[i].text, arg);
}

const char *problems_text(struct problems *problems)
{
	buf_done(&problems->text);
	buf_init(&problems->text, BUF_MAX_PROBLEMS);
	for (size_t i = 0; i < problems->item_count; i++)
		(void)!buf_addf(&problems->text, "%s\n", problems->items[i].text);
	return problems->text.data;
}
