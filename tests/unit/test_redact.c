/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/redact.h"
#include "base/text.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

/* With characters that the encodings treat differently; longer than a line of base64. */
#define TOKEN                                                                                      \
	"sk-ant-req01-EXAMPLE~+/=0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_" \
	"?>?>?>"
#define MARK "[redacted: sessions token]"

static void collect(const char *data, size_t len, void *arg)
{
	assert_int_equal(buf_add(arg, data, len), 0);
}

static struct redactor *redactor_of(const char *text)
{
	struct redactor *redactor = redactor_new();
	struct secret *secret = secret_new(text, strlen(text));

	redactor_add(redactor, secret, "sessions token");
	secret_free(secret);
	return redactor;
}

/* What is shown of `text` when it comes in pieces of `piece` bytes. The caller's. */
static char *shown_in_pieces(const struct redactor *redactor, const char *text, size_t piece)
{
	struct redaction redaction;
	struct buf shown;

	buf_init(&shown, 1 << 20);
	redaction_init(&redaction, redactor, collect, &shown);
	for (size_t at = 0, len = strlen(text); at < len; at += piece)
		redaction_feed(&redaction, text + at, len - at < piece ? len - at : piece);
	redaction_finish(&redaction);
	redaction_done(&redaction);
	return buf_take(&shown);
}

static void assert_shown(const char *text, const char *expected)
{
	struct redactor *redactor = redactor_of(TOKEN);

	for (size_t piece = 1; piece < 200; piece += piece < 8 ? 1 : 37) {
		char *shown = shown_in_pieces(redactor, text, piece);
		assert_string_equal(shown, expected);
		free(shown);
	}
	redactor_free(redactor);
}

static void a_secret_is_replaced_by_a_mark_wherever_the_pieces_begin(void **state)
{
	(void)state;

	assert_shown("before " TOKEN " after\n", "before " MARK " after\n");
	assert_shown(TOKEN, MARK);
	assert_shown(TOKEN TOKEN "\n", MARK MARK "\n");
	assert_shown("sk-ant-req01-EXAMPLE" TOKEN, "sk-ant-req01-EXAMPLE" MARK);
}

static void other_output_stays_as_it_is(void **state)
{
	static const char text[] = "100% sure \\o/ sk-ant-req01-EXAMPLE c2st\nc2st%\n%4\\";
	(void)state;

	assert_shown(text, text);
	assert_shown("", "");
}

static void a_secret_is_found_percent_encoded_in_part_or_whole(void **state)
{
	char whole[3 * sizeof(TOKEN)] = "", lower[3 * sizeof(TOKEN)] = "";
	struct buf url;
	(void)state;

	for (const char *p = TOKEN; *p; p++) {
		(void)sprintf(whole + strlen(whole), "%%%02X", (unsigned char)*p);
		(void)sprintf(lower + strlen(lower), "%%%02x", (unsigned char)*p);
	}
	assert_shown(whole, MARK);
	assert_shown(lower, MARK);
	buf_init(&url, 1024);
	assert_int_equal(buf_adds(&url, "?token="), 0);
	assert_int_equal(text_add_url_component(&url, TOKEN), 0);
	assert_shown(url.data, "?token=" MARK);
	buf_done(&url);
}

static void a_secret_is_found_behind_backslashes(void **state)
{
	char escaped[2 * sizeof(TOKEN)] = "";
	(void)state;

	for (const char *p = TOKEN; *p; p++)
		(void)sprintf(escaped + strlen(escaped), "%s%c", *p == '/' ? "\\" : "", *p);
	assert_shown(escaped, MARK);
}

/* The characters that a text's base64 has of the secret alone. */
static void assert_base64_gone(const char *before, const char *after, bool url_safe, size_t width,
			       const char *line_break)
{
	struct redactor *redactor = redactor_of(TOKEN);
	char plain[512], *shown;
	struct buf encoded, wrapped;

	(void)snprintf(plain, sizeof(plain), "%s%s%s", before, TOKEN, after);
	buf_init(&encoded, 2048);
	buf_init(&wrapped, 4096);
	assert_int_equal(text_add_base64(&encoded, plain, strlen(plain), url_safe), 0);
	for (size_t i = 0; i < encoded.len; i += width)
		assert_int_equal(buf_addf(&wrapped, "%s%.*s", i > 0 ? line_break : "", (int)width,
					  encoded.data + i),
				 0);
	shown = shown_in_pieces(redactor, wrapped.data, 5);
	/* All that is left is what encodes the neighbours, and up to three characters on each side.
	 */
	const char *mark = strstr(shown, MARK);
	assert_non_null(mark);
	size_t left = strlen(shown) - strlen(MARK);
	for (const char *p = shown; (p = strstr(p, line_break)); p += strlen(line_break))
		left -= strlen(line_break);
	assert_true(left <= (strlen(before) + strlen(after)) * 4 / 3 + 10);
	free(shown);
	buf_done(&encoded);
	buf_done(&wrapped);
	redactor_free(redactor);
}

static void a_secret_is_found_in_base64_whatever_stands_around_it(void **state)
{
	(void)state;

	for (int url_safe = 0; url_safe < 2; url_safe++) {
		assert_base64_gone("", "", url_safe, 4096, "\n");
		assert_base64_gone("x", "\n", url_safe, 4096, "\n");
		assert_base64_gone("xy", "and more", url_safe, 4096, "\n");
		assert_base64_gone("{\"sessions_token\":\"", "\"}", url_safe, 4096, "\n");
	}
}

static void base64_is_found_with_its_lines_broken(void **state)
{
	char before[80] = "";
	(void)state;

	/* So that the secret begins at every place of a line. */
	for (size_t i = 0; i < 60; i++) {
		before[i] = '.';
		assert_base64_gone(before, "....", false, 76, "\n");
		assert_base64_gone(before, "....", false, 76, "\r\n");
		/* As JSON has them in a string. */
		assert_base64_gone(before, "....", false, 76, "\\n");
		assert_base64_gone(before, "....", false, 76, "\\r\\n");
	}
}

static void several_secrets_have_their_names(void **state)
{
	struct redactor *redactor = redactor_new();
	struct secret *key = secret_new("sk-ant-oat01-key", 16);
	struct secret *token = secret_new("sk-ant-req01-token", 18);
	(void)state;

	redactor_add(redactor, key, "environment key");
	redactor_add(redactor, token, "sessions token");
	redactor_add(redactor, token, "another name");
	char *shown = shown_in_pieces(
		redactor, "KEY=sk-ant-oat01-key TOKEN=sk-ant-req01-token sk-ant-oat01-tok", 3);
	assert_string_equal(shown, "KEY=[redacted: environment key] TOKEN=[redacted: sessions "
				   "token] sk-ant-oat01-tok");
	free(shown);
	redactor_free(redactor);
	secret_free(key);
	secret_free(token);
}

static void the_longer_of_two_matches_counts(void **state)
{
	struct redactor *redactor = redactor_new();
	struct secret *inner = secret_new("sk-ant-abc", 10);
	struct secret *outer = secret_new("sk-ant-abcdef", 13);
	(void)state;

	redactor_add(redactor, inner, "inner");
	redactor_add(redactor, outer, "outer");
	char *shown = shown_in_pieces(redactor, "sk-ant-abcdef sk-ant-abc", 1);
	assert_string_equal(shown, "[redacted: outer] [redacted: inner]");
	free(shown);
	redactor_free(redactor);
	secret_free(inner);
	secret_free(outer);
}

static void most_of_a_secret_at_the_end_of_the_stream_is_marked(void **state)
{
	char cut[] = TOKEN;
	(void)state;

	cut[sizeof(cut) - 4] = '\0';
	assert_shown(cut, MARK);
	assert_shown("sk-ant-req", "sk-ant-req");
}

static void what_is_no_secret_hides_nothing(void **state)
{
	struct redactor *redactor = redactor_of("short");
	(void)state;

	redactor_add(redactor, NULL, "nothing");
	char *shown = shown_in_pieces(redactor, "short and % \\ other", 2);
	assert_string_equal(shown, "short and % \\ other");
	free(shown);
	redactor_freep(&redactor);
	assert_null(redactor);
	assert_null(redactor_free(NULL));
}

static void a_stream_of_any_length_passes(void **state)
{
	struct redactor *redactor = redactor_of(TOKEN);
	struct redaction redaction;
	struct buf shown, text;
	(void)state;

	buf_init(&text, 1 << 20);
	buf_init(&shown, 1 << 20);
	for (size_t i = 0; i < 2000; i++)
		assert_int_equal(buf_addf(&text, "line %zu of %s\n", i, i % 2 ? TOKEN : "text"), 0);
	redaction_init(&redaction, redactor, collect, &shown);
	redaction_feed(&redaction, text.data, text.len);
	redaction_finish(&redaction);
	assert_null(strstr(shown.data, "EXAMPLE"));
	assert_non_null(strstr(shown.data, "line 1999 of " MARK "\n"));
	redaction_done(&redaction);
	buf_done(&text);
	buf_done(&shown);
	redactor_free(redactor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_is_replaced_by_a_mark_wherever_the_pieces_begin),
		cmocka_unit_test(other_output_stays_as_it_is),
		cmocka_unit_test(a_secret_is_found_percent_encoded_in_part_or_whole),
		cmocka_unit_test(a_secret_is_found_behind_backslashes),
		cmocka_unit_test(a_secret_is_found_in_base64_whatever_stands_around_it),
		cmocka_unit_test(base64_is_found_with_its_lines_broken),
		cmocka_unit_test(several_secrets_have_their_names),
		cmocka_unit_test(the_longer_of_two_matches_counts),
		cmocka_unit_test(most_of_a_secret_at_the_end_of_the_stream_is_marked),
		cmocka_unit_test(what_is_no_secret_hides_nothing),
		cmocka_unit_test(a_stream_of_any_length_passes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
