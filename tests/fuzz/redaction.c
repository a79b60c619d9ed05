/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token in the output of a session, in every way that redact.h says is found, between bytes of
 * any kind, in pieces of any length. What comes out has a mark for each time it was there, is the
 * same wherever it was cut, and has the token no more.
 */
#include "base/cleanup.h"
#include "base/redact.h"
#include "base/text.h"
#include "fuzz/fuzz.h"

#include <string.h>

#define TOKEN	   "sk-ant-Zm9vYmFy~+/=1234"
#define MARK	   "[redacted: sessions token]"
#define OUTPUT_MAX ((size_t)1 << 20)

/* The bytes that decide; 0 when there are no more. */
struct choices {
	const uint8_t *data;
	size_t left;
};

static uint8_t choose(struct choices *choices)
{
	if (choices->left == 0)
		return 0;
	choices->left--;
	return *choices->data++;
}

static void add(struct buf *into, const void *data, size_t len)
{
	must(buf_add(into, data, len) == 0);
}

static void add_neighbours(struct buf *into, struct choices *choices, size_t count)
{
	for (; count > 0; count--) {
		char c = (char)choose(choices);
		add(into, &c, 1);
	}
}

/* Each character in a way of its own. */
static void add_escaped(struct buf *into, struct choices *choices)
{
	for (const char *at = TOKEN; *at; at++) {
		uint8_t how = choose(choices);
		const char *backslash = how & 4 ? "\\" : "";
		int r = -1;
		switch (how & 3) {
		case 0:
			r = buf_addf(into, "%s%%%02x", backslash, (unsigned char)*at);
			break;
		case 1:
			r = buf_addf(into, "%s%%%02X", backslash, (unsigned char)*at);
			break;
		default:
			r = buf_addf(into, "%s%c", backslash, *at);
		}
		must(r == 0);
	}
}

/* Between up to seven other bytes on each side, in lines of four characters or more. */
static void add_base64(struct buf *into, struct choices *choices)
{
	static const char *const breaks[] = {"\n", "\r\n", "\\n", "\\r\\n"};
	struct buf plain, encoded;
	uint8_t how = choose(choices);
	const char *line_break = breaks[how % ARRAY_SIZE(breaks)];
	size_t width = (size_t)choose(choices) + 4;

	buf_init(&plain, 64);
	buf_init(&encoded, 128);
	add_neighbours(&plain, choices, how >> 2 & 7);
	add(&plain, TOKEN, strlen(TOKEN));
	add_neighbours(&plain, choices, how >> 5);
	must(text_add_base64(&encoded, plain.data, plain.len, choose(choices) & 1) == 0);
	for (size_t at = 0; at < encoded.len; at += width) {
		size_t rest = encoded.len - at;
		if (at > 0)
			add(into, line_break, strlen(line_break));
		add(into, encoded.data + at, rest < width ? rest : width);
	}
	buf_done(&plain);
	buf_done(&encoded);
}

/* Returns how often the token is in it. */
static size_t write_output(struct buf *into, struct choices *choices)
{
	size_t tokens = 0;

	while (choices->left > 0) {
		uint8_t what = choose(choices);
		switch (what & 3) {
		case 0:
			add_neighbours(into, choices, what >> 2);
			break;
		case 1:
			add(into, TOKEN, strlen(TOKEN));
			break;
		case 2:
			add_escaped(into, choices);
			break;
		default:
			add_base64(into, choices);
		}
		tokens += (what & 3) != 0;
	}
	return tokens;
}

static void collect(const char *data, size_t len, void *arg)
{
	add(arg, data, len);
}

/* `cuts` as fuzz_piece() has them; NULL: all at once. */
static void redact(struct buf *shown, const struct redactor *redactor, const struct buf *output,
		   const uint8_t *cuts)
{
	struct redaction redaction;

	buf_init(shown, OUTPUT_MAX);
	redaction_init(&redaction, redactor, collect, shown);
	for (size_t at = 0, i = 0, piece; at < output->len; at += piece, i++) {
		piece = cuts ? fuzz_piece(cuts, i, output->len - at) : output->len;
		redaction_feed(&redaction, output->data + at, piece);
	}
	redaction_finish(&redaction);
	redaction_done(&redaction);
}

static size_t count(const struct buf *shown, const char *what)
{
	const char *at = shown->data, *end = shown->data + shown->len;
	size_t found = 0;

	while ((at = memmem(at, (size_t)(end - at), what, strlen(what)))) {
		at += strlen(what);
		found++;
	}
	return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct redactor *redactor = redactor_new();
	struct secret *secret = secret_new(TOKEN, strlen(TOKEN));
	struct buf output, whole, cut;

	if (size >= FUZZ_CUTS) {
		struct choices choices = {data + FUZZ_CUTS, size - FUZZ_CUTS};
		redactor_add(redactor, secret, "sessions token");
		buf_init(&output, OUTPUT_MAX);
		size_t tokens = write_output(&output, &choices);
		redact(&whole, redactor, &output, NULL);
		redact(&cut, redactor, &output, data);
		must(whole.len == cut.len && memcmp(whole.data, cut.data, cut.len) == 0);
		must(count(&whole, MARK) >= tokens);
		must(count(&whole, TOKEN) == 0);
		buf_done(&output);
		buf_done(&whole);
		buf_done(&cut);
	}
	(void)secret_free(secret);
	(void)redactor_free(redactor);
	return 0;
}
