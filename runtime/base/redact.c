/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each secret gives four patterns: itself, and its base64 behind 0, 1 and 2 other bytes, without
 * the characters that depend on its neighbours. At each place of the stream every pattern is tried;
 * the longest match counts. A pattern that matches up to the end of what is there holds everything
 * from its beginning back.
 */
#include "base/redact.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SLICE	     ((size_t)16 << 10) /* looked through at once */
#define SET_APART    4 /* fewer characters of base64 before a line break are not looked at */
#define LONGEST_CHAR 8 /* bytes that may stand for one of the pattern: "\\r\\n" and "\%2B" */

struct pattern {
	char *text;
	size_t len;
	bool is_base64;
	const char *name;
	struct pattern *next;
};

struct redactor {
	struct pattern *patterns;
	size_t longest;
	bool may_begin[256]; /* a match may begin with this byte */
};

enum match { MATCH_NOT, MATCH_FULL, MATCH_CUT };

struct redactor *redactor_new(void)
{
	return xcalloc(1, sizeof(struct redactor));
}

struct redactor *redactor_free(struct redactor *redactor)
{
	if (!redactor)
		return NULL;
	while (redactor->patterns) {
		struct pattern *pattern = redactor->patterns;
		redactor->patterns = pattern->next;
		explicit_bzero(pattern->text, pattern->len);
		free(pattern->text);
		free(pattern);
	}
	explicit_bzero(redactor->may_begin, sizeof(redactor->may_begin));
	free(redactor);
	return NULL;
}

void redactor_freep(struct redactor **redactor)
{
	*redactor = redactor_free(*redactor);
}

/* --- patterns --------------------------------------------------------------------------------- */

static char other_alphabet(char c)
{
	switch (c) {
	case '+':
		return '-';
	case '-':
		return '+';
	case '/':
		return '_';
	case '_':
		return '/';
	default:
		return c;
	}
}

static void allow_beginning(struct redactor *redactor, const struct pattern *pattern)
{
	size_t count = pattern->is_base64 ? SET_APART : 1;

	redactor->may_begin['%'] = redactor->may_begin['\\'] = true;
	for (size_t i = 0; i < count && i < pattern->len; i++) {
		char c = pattern->text[i];
		redactor->may_begin[(unsigned char)c] = true;
		if (pattern->is_base64)
			redactor->may_begin[(unsigned char)other_alphabet(c)] = true;
	}
}

static void add_pattern(struct redactor *redactor, const char *text, size_t len, bool is_base64,
			const char *name)
{
	struct pattern *pattern = xcalloc(1, sizeof(*pattern));

	pattern->text = xstrndup(text, len);
	pattern->len = len;
	pattern->is_base64 = is_base64;
	pattern->name = name;
	pattern->next = redactor->patterns;
	redactor->patterns = pattern;
	if (len > redactor->longest)
		redactor->longest = len;
	allow_beginning(redactor, pattern);
}

static void add_base64(struct redactor *redactor, const char *text, size_t len, size_t shift,
		       const char *name)
{
	_cleanup_(buf_done_wipe) struct buf plain = {0}, encoded = {0};

	buf_init(&plain, len + 2);
	buf_init(&encoded, len * 2 + 16);
	if (buf_add(&plain, "\0\0", shift) < 0 || buf_add(&plain, text, len) < 0 ||
	    text_add_base64(&encoded, plain.data, plain.len, false) < 0)
		abort(); /* both are large enough */
	size_t from = shift > 0 ? shift + 1 : 0;
	size_t to = plain.len * 8 / 6;
	add_pattern(redactor, encoded.data + from, to - from, true, name);
}

void redactor_add(struct redactor *redactor, const struct secret *secret, const char *name)
{
	const char *text = secret ? secret_reveal(secret) : "";
	size_t len = strlen(text);

	if (len < REDACT_SHORTEST)
		return;
	for (const struct pattern *known = redactor->patterns; known; known = known->next)
		if (strcmp(known->text, text) == 0)
			return;
	add_pattern(redactor, text, len, false, name);
	for (size_t shift = 0; shift < 3; shift++)
		add_base64(redactor, text, len, shift, name);
}

/* --- matching --------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* What is being matched: one pattern, from one of its characters on, at one place. */
struct attempt {
	const struct pattern *pattern;
	const char *data, *end;
	size_t done; /* characters of the pattern */
};

static bool is_same(const struct pattern *pattern, char wanted, char c)
{
	return c == wanted || (pattern->is_base64 && c == other_alphabet(wanted));
}

/* One character of the pattern, which may stand there encoded. */
static enum match match_char(struct attempt *attempt, char wanted)
{
	const struct pattern *pattern = attempt->pattern;
	size_t left = (size_t)(attempt->end - attempt->data);

	if (left > 0 && *attempt->data == '\\' && wanted != '\\') {
		attempt->data++;
		left--;
	}
	if (left == 0)
		return MATCH_CUT;
	if (*attempt->data == '%') {
		int high = left > 1 ? hex_digit(attempt->data[1]) : 0;
		int low = left > 2 ? hex_digit(attempt->data[2]) : 0;
		if (left < 3 && high >= 0)
			return MATCH_CUT;
		if (high >= 0 && low >= 0 && is_same(pattern, wanted, (char)(high << 4 | low))) {
			attempt->data += 3;
			return MATCH_FULL;
		}
	}
	if (!is_same(pattern, wanted, *attempt->data))
		return MATCH_NOT;
	attempt->data++;
	return MATCH_FULL;
}

/* One as it is, or as JSON and others write it in a string. */
static void skip_char(struct attempt *attempt, char c, const char *escaped)
{
	if (attempt->data < attempt->end && *attempt->data == c)
		attempt->data++;
	else if (attempt->end - attempt->data >= 2 && memcmp(attempt->data, escaped, 2) == 0)
		attempt->data += 2;
}

static void skip_line_break(struct attempt *attempt)
{
	skip_char(attempt, '\r', "\\r");
	skip_char(attempt, '\n', "\\n");
}

static enum match match(struct attempt *attempt, size_t from)
{
	const struct pattern *pattern = attempt->pattern;

	for (size_t i = from; i < pattern->len; i++) {
		if (pattern->is_base64 && attempt->done >= SET_APART)
			skip_line_break(attempt);
		enum match result = match_char(attempt, pattern->text[i]);
		if (result != MATCH_FULL)
			return result;
		attempt->done++;
	}
	return MATCH_FULL;
}

/* The best of all patterns at one place. */
struct finding {
	size_t len; /* of the longest match; 0: none */
	const char *name;
	bool is_cut;			  /* what comes next may make one, or a longer one */
	size_t cut_len, cut_done, cut_of; /* the longest of those */
	const char *cut_name;
};

static void try_pattern(const struct pattern *pattern, size_t from, const char *data,
			const char *end, struct finding *finding)
{
	struct attempt attempt = {.pattern = pattern, .data = data, .end = end};
	enum match result = match(&attempt, from);
	size_t len = (size_t)(attempt.data - data);

	if (result == MATCH_FULL && len > finding->len) {
		finding->len = len;
		finding->name = pattern->name;
	} else if (result == MATCH_CUT) {
		finding->is_cut = true;
		if (attempt.done >= finding->cut_done) {
			finding->cut_done = attempt.done;
			finding->cut_of = pattern->len;
			finding->cut_name = pattern->name;
		}
	}
}

static struct finding look_at(const struct redactor *redactor, const char *data, const char *end)
{
	struct finding finding = {0};

	if (!redactor->may_begin[(unsigned char)*data])
		return finding;
	for (const struct pattern *pattern = redactor->patterns; pattern; pattern = pattern->next) {
		size_t count = pattern->is_base64 ? SET_APART : 1;
		for (size_t from = 0; from < count; from++)
			try_pattern(pattern, from, data, end, &finding);
	}
	return finding;
}

/* --- streams ---------------------------------------------------------------------------------- */

void redaction_init(struct redaction *redaction, const struct redactor *redactor, redact_fn fn,
		    void *arg)
{
	*redaction = (struct redaction){.redactor = redactor, .fn = fn, .arg = arg};
	buf_init(&redaction->held, SLICE + redactor->longest * LONGEST_CHAR);
}

static void show(const struct redaction *redaction, const char *from, const char *to)
{
	if (to > from)
		redaction->fn(from, (size_t)(to - from), redaction->arg);
}

static void mark(const struct redaction *redaction, const char *name)
{
	char text[64];

	int len = snprintf(text, sizeof(text), "[redacted: %s]", name);
	redaction->fn(text, (size_t)len, redaction->arg);
}

/* Shows what can be shown of what is held; the rest stays, unless the stream `has_ended`. */
static void look_through(struct redaction *redaction, bool has_ended)
{
	struct buf *held = &redaction->held;
	const char *end = held->data + held->len, *shown = held->data, *at = held->data;

	while (at < end) {
		struct finding finding = look_at(redaction->redactor, at, end);
		if (finding.is_cut && !has_ended)
			break;
		if (finding.len == 0 && finding.is_cut && finding.cut_done * 2 >= finding.cut_of) {
			finding.len = (size_t)(end - at);
			finding.name = finding.cut_name;
		}
		if (finding.len == 0) {
			at++;
			continue;
		}
		show(redaction, shown, at);
		mark(redaction, finding.name);
		at += finding.len;
		shown = at;
	}
	show(redaction, shown, at);
	held->len = (size_t)(end - at);
	memmove(held->data, at, held->len);
	held->data[held->len] = '\0';
}

void redaction_feed(struct redaction *redaction, const char *data, size_t len)
{
	while (len > 0) {
		size_t piece = len < SLICE ? len : SLICE;
		if (buf_add(&redaction->held, data, piece) < 0)
			abort(); /* no match is longer than what was left room for */
		look_through(redaction, false);
		data += piece;
		len -= piece;
	}
}

void redaction_finish(struct redaction *redaction)
{
	look_through(redaction, true);
}

void redaction_done(struct redaction *redaction)
{
	buf_done_wipe(&redaction->held);
}
