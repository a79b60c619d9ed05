/* SPDX-License-Identifier: Apache-2.0 */
#include "share/manual.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>

static void print_character(char c, bool *in_quotes)
{
	switch (c) {
	case '\\':
		(void)fputs("\\e", stdout);
		return;
	case '-': /* no hyphen: it may be part of something to type */
		(void)fputs("\\-", stdout);
		return;
	case '`':
		(void)fputs(*in_quotes ? "\\(cq" : "\\(oq", stdout);
		*in_quotes = !*in_quotes;
		return;
	case '\'':
		(void)fputs("\\(aq", stdout);
		return;
	case '"': /* would quote a macro's argument */
		(void)fputs("\\(dq", stdout);
		return;
	default:
		(void)putchar(c);
	}
}

void manual_text(const char *text)
{
	bool in_quotes = false;

	for (; *text != '\0'; text++)
		print_character(*text, &in_quotes);
}

/* True at the full stop behind a sentence. */
static bool ends_sentence(const char *text)
{
	return *text == '.' && text[1] == ' ' &&
	       (isupper((unsigned char)text[2]) || text[2] == '`');
}

void manual_sentences(const char *text)
{
	bool in_quotes = false, begins = true;

	for (; *text != '\0'; text++) {
		/* A line that begins with a dot would be a request to roff. */
		if (begins && *text == '.')
			(void)fputs("\\&", stdout);
		begins = *text == '\n' || ends_sentence(text);
		if (ends_sentence(text)) {
			(void)fputs(".\n", stdout);
			text++;
		} else {
			print_character(*text, &in_quotes);
		}
	}
	(void)putchar('\n');
}
