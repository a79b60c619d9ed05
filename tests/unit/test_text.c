/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/text.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

static void assert_duration(const char *text, int64_t ms)
{
	int64_t got = -7;

	assert_int_equal(text_parse_duration(text, &got), 0);
	assert_int_equal(got, ms);
}

static void durations_are_read_with_their_units(void **state)
{
	(void)state;
	assert_duration("0", 0);
	assert_duration("500ms", 500);
	assert_duration("30s", 30000);
	assert_duration("2m", 120000);
	assert_duration("6h", 21600000);
	assert_duration("1d", 86400000);
	assert_duration("1h30m", 5400000);
	assert_duration("1m500ms", 60500);
}

static void anything_else_is_no_duration(void **state)
{
	static const char *const wrong[] = {"",	  "30", "-1s", "1.5s", "s",    "1 s", "1s ",
					    "1y", "1S", "00",  "1sm",  "1h30", "+1s", "1m-2s"};
	int64_t got = -7;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(text_parse_duration(wrong[i], &got), -EINVAL);
	assert_int_equal(text_parse_duration("99999999999999999999s", &got), -ERANGE);
	assert_int_equal(text_parse_duration("999999999999999999d", &got), -ERANGE);
	assert_int_equal(text_parse_duration("106751991167d106751991167d", &got), -ERANGE);
	assert_int_equal(got, -7);
}

static void assert_size(const char *text, int64_t bytes)
{
	int64_t got = -7;

	assert_int_equal(text_parse_size(text, &got), 0);
	assert_true(got == bytes);
}

static void sizes_are_read_with_binary_and_decimal_units(void **state)
{
	(void)state;
	assert_size("0", 0);
	assert_size("100", 100);
	assert_size("100B", 100);
	assert_size("64KiB", 65536);
	assert_size("512MiB", 536870912);
	assert_size("2GiB", 2147483648);
	assert_size("1TiB", 1099511627776);
	assert_size("1KB", 1000);
	assert_size("3MB", 3000000);
	assert_size("2GB", 2000000000);
	assert_size("1TB", 1000000000000);
}

static void anything_else_is_no_size(void **state)
{
	static const char *const wrong[] = {"",	  "MiB",  "1.5GiB", "1M",   "1 MiB",
					    "-1", "1mib", "1MiBx",  "0x10", "1KiB1B"};
	int64_t got = -7;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(text_parse_size(wrong[i], &got), -EINVAL);
	assert_int_equal(text_parse_size("99999999999999999999", &got), -ERANGE);
	assert_int_equal(text_parse_size("8388608TiB", &got), -ERANGE);
	assert_int_equal(got, -7);
}

static void integers_are_decimal_and_alone(void **state)
{
	static const char *const wrong[] = {"", "-", "+1", " 1", "1 ", "0x1", "1.0", "--1", "one"};
	int64_t got = -7;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(text_parse_int(wrong[i], &got), -EINVAL);
	assert_int_equal(text_parse_int("9223372036854775808", &got), -ERANGE);
	assert_int_equal(got, -7);
	assert_int_equal(text_parse_int("9223372036854775807", &got), 0);
	assert_true(got == INT64_MAX);
	assert_int_equal(text_parse_int("-12", &got), 0);
	assert_int_equal(got, -12);
}

static void durations_are_written_so_that_they_are_read_back(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {{0, "0"},	       {250, "250ms"},
		     {30000, "30s"},   {5400000, "1h30m"},
		     {86400000, "1d"}, {INT64_MAX, "106751991167d7h12m55s807ms"}};
	char text[32];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		text_format_duration(text, cases[i].ms);
		assert_string_equal(text, cases[i].text);
		assert_duration(text, cases[i].ms);
	}
}

static void sizes_are_written_so_that_they_are_read_back(void **state)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} cases[] = {{0, "0"},
		     {100, "100"},
		     {65536, "64KiB"},
		     {(int64_t)1536 << 20, "1536MiB"},
		     {(int64_t)2 << 30, "2GiB"},
		     {(int64_t)2048 << 40, "2048TiB"},
		     {1000000, "1000000"}};
	char text[32];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		text_format_size(text, cases[i].bytes);
		assert_string_equal(text, cases[i].text);
		assert_size(text, cases[i].bytes);
	}
}

static void assert_time(const char *text, int64_t ms)
{
	int64_t got = -7;

	assert_int_equal(text_parse_time(text, &got), 0);
	assert_true(got == ms);
}

static void times_are_read_as_peers_write_them(void **state)
{
	(void)state;
	assert_time("1970-01-01T00:00:00Z", 0);
	assert_time("2026-11-22T10:00:00.123Z", 1795341600123);
	assert_time("2026-11-22T10:00:00.123456789z", 1795341600123);
	assert_time("2026-11-22T10:00:00.1Z", 1795341600100);
	assert_time("2026-11-22T12:30:00+02:30", 1795341600000);
	assert_time("2026-11-22T02:30:00-07:30", 1795341600000);
}

static void anything_else_is_no_time(void **state)
{
	static const char *const wrong[] = {
		"",
		"now",
		"2026-11-22",
		"2026-11-22T10:00:00",
		"2026-11-22T10:00:00X",
		"2026-11-22T10:00:00+0200",
		"2026-11-22T10:00:00+2:00",
		"2026-11-22T10:00:00+24:00",
		"2026-11-22T10:00:00+00:60",
		"2026-11-22T10:00:00+-1:00",
		"2026-11-22T10:00:00+02.00",
		"2026-11-22T10:00:00 02:00",
		"2026-11-22T10:00:00Zx",
		"2026-13-22T10:00:00Z",
		"0001-01-01T00:00:00Z", /* what Go writes for "never" */
	};
	int64_t got = -7;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(text_parse_time(wrong[i], &got), -EINVAL);
	assert_int_equal(got, -7);
}

static void times_are_written_with_milliseconds(void **state)
{
	char text[32];
	(void)state;

	text_format_time(text, 1795341600123);
	assert_string_equal(text, "2026-11-22T10:00:00.123Z");
	text_format_time(text, 0);
	assert_string_equal(text, "1970-01-01T00:00:00.000Z");
}

static void an_id_is_what_may_become_a_name(void **state)
{
	char longest[129], too_long[130];
	(void)state;

	memset(longest, 'a', 128);
	longest[128] = '\0';
	memset(too_long, 'a', 129);
	too_long[129] = '\0';
	assert_true(text_is_id("work_01-AZaz09"));
	assert_true(text_is_id("a"));
	assert_true(text_is_id(longest));
	assert_false(text_is_id(too_long));
	assert_false(text_is_id(""));
	assert_false(text_is_id("a/b"));
	assert_false(text_is_id(".."));
	assert_false(text_is_id("a b"));
	assert_false(text_is_id("a\n"));
	assert_false(text_is_id("\xc3\xa4"));
}

static void url_components_are_percent_encoded(void **state)
{
	struct buf buf;
	(void)state;

	buf_init(&buf, 64);
	assert_int_equal(text_add_url_component(&buf, "aZ09-._~"), 0);
	assert_string_equal(buf.data, "aZ09-._~");
	buf_reset(&buf);
	assert_int_equal(text_add_url_component(&buf, "a/b?c=d&e f%\n\xc3"), 0);
	assert_string_equal(buf.data, "a%2Fb%3Fc%3Dd%26e%20f%25%0A%C3");
	buf_done(&buf);
	buf_init(&buf, 2);
	assert_int_equal(text_add_url_component(&buf, "a/"), -E2BIG);
	buf_done(&buf);
}

static void assert_decoded(const char *text, const char *bytes, size_t len)
{
	struct buf buf;

	buf_init(&buf, 64);
	assert_int_equal(text_add_base64_decoded(&buf, text, strlen(text)), 0);
	assert_int_equal(buf.len, len);
	assert_memory_equal(buf.data, bytes, len);
	buf_done(&buf);
}

static void base64_is_read_in_both_alphabets_padded_or_not(void **state)
{
	(void)state;
	assert_decoded("", "", 0);
	assert_decoded("Zg==", "f", 1);
	assert_decoded("Zg", "f", 1);
	assert_decoded("Zm8=", "fo", 2);
	assert_decoded("Zm9v", "foo", 3);
	assert_decoded("Zm9vYg", "foob", 4);
	assert_decoded("++//", "\xfb\xef\xff", 3);
	assert_decoded("--__", "\xfb\xef\xff", 3);
	assert_decoded("AAA=", "\0\0", 2);
}

static void anything_else_is_no_base64(void **state)
{
	static const char *const wrong[] = {"Z", "Zm9vY", "Zm 9v", "Zm9v\n", "Z===v", "Zm9*", "."};
	struct buf buf;
	(void)state;

	buf_init(&buf, 2);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(text_add_base64_decoded(&buf, wrong[i], strlen(wrong[i])),
				 -EINVAL);
	assert_int_equal(text_add_base64_decoded(&buf, "Zm\0v", 4), -EINVAL);
	assert_int_equal(buf.len, 0);
	assert_int_equal(text_add_base64_decoded(&buf, "Zm9v", 4), -E2BIG);
	buf_done(&buf);
}

static void base64_is_written_in_the_alphabet_asked_for(void **state)
{
	struct buf buf;
	(void)state;

	buf_init(&buf, 64);
	assert_int_equal(text_add_base64(&buf, "\xfb\xef\xff", 3, false), 0);
	assert_int_equal(text_add_base64(&buf, "\xfb\xef\xff", 3, true), 0);
	assert_int_equal(text_add_base64(&buf, "f", 1, false), 0);
	assert_string_equal(buf.data, "++//--__Zg==");
	assert_int_equal(text_add_base64(&buf, NULL, ((size_t)1 << 24) + 1, false), -E2BIG);
	buf_done(&buf);
}

static void a_digest_is_sha_256_in_hexadecimal(void **state)
{
	char digest[65];
	(void)state;

	text_sha256(digest, "abc", 3);
	assert_string_equal(digest,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void the_word_that_was_meant_is_the_nearest_if_any_is_near(void **state)
{
	static const char too_long[] = "a-word-that-is-longer-than-any-option-could-"
				       "sensibly-ever-become-x";
	static const char *const words[] = {"memory", "mounts", "pids", too_long};
	char long_text[200];
	(void)state;

	assert_string_equal(text_nearest("memmory", words, ARRAY_SIZE(words)), "memory");
	assert_string_equal(text_nearest("MEMORY", words, ARRAY_SIZE(words)), "memory");
	assert_string_equal(text_nearest("pid", words, ARRAY_SIZE(words)), "pids");
	assert_string_equal(text_nearest("mem", words, ARRAY_SIZE(words)), "memory");
	assert_null(text_nearest("m", words, ARRAY_SIZE(words)));
	assert_null(text_nearest("entirely", words, ARRAY_SIZE(words)));
	assert_null(text_nearest("memory", NULL, 0));
	memset(long_text, 'm', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	assert_null(text_nearest(long_text, words, ARRAY_SIZE(words)));
}

static void a_prefix_is_the_start_of_a_text(void **state)
{
	(void)state;
	assert_true(text_starts_with("berth.work", "berth."));
	assert_true(text_starts_with("x", ""));
	assert_false(text_starts_with("berth", "berth."));
}

static void assert_masked(const char *text, const char *expected)
{
	_cleanup_free_ char *copy = xstrdup(text);

	assert_int_equal(text_mask_keys(copy), strlen(expected));
	assert_string_equal(copy, expected);
}

static void keys_are_masked_wherever_they_stand(void **state)
{
	(void)state;
	assert_masked("", "");
	assert_masked("no key", "no key");
	assert_masked("sk-ant-api03-A_b-9", "sk-ant-***");
	assert_masked("'/etc/sk-ant-1234.key'", "'/etc/sk-ant-***.key'");
	assert_masked("TOKEN=sk-ant-12345, xsk-ant-12345\n", "TOKEN=sk-ant-***, xsk-ant-***\n");
	assert_masked("sk-ant-sk-ant-12345 sk-an-12345", "sk-ant-*** sk-an-12345");
}

static void who_is_named_before_a_host_is_masked(void **state)
{
	(void)state;
	assert_masked("http://user:password@host:3128/", "http://***@host:3128/");
	assert_masked("A=postgres://u:p@h/d?x=y@z b://token@h",
		      "A=postgres://***@h/d?x=y@z b://***@h");
	assert_masked("{\"a\": \"x://me:a@\\\"b@h\", \"b\":\"y@z\"}",
		      "{\"a\": \"x://***@h\", \"b\":\"y@z\"}");
	/* A password is not always written as it should be. */
	assert_masked("http://user:pass/word#1@host", "http://***@host");
}

static void urls_that_name_nobody_stay_as_they_are(void **state)
{
	static const char *const urls[] = {
		"http://host:3128/a@b",
		"http://[::1]/",
		"http://[::1]:80",
		"https://host/@scope/x",
		"://",
		"a@b",
		"unix:///run/a@b.sock",
		"http://host?a@b",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(urls); i++)
		assert_masked(urls[i], urls[i]);
}

static void what_is_too_short_for_a_key_gets_no_longer(void **state)
{
	(void)state;
	assert_masked("sk-ant-", "sk-ant-");
	assert_masked("sk-ant- 1", "sk-ant- 1");
	assert_masked("sk-ant-12", "sk-ant-**");
	assert_masked("a://b@c ://@", "a://*@c ://@");
}

static void assert_shown(const char *text, const char *expected)
{
	_cleanup_free_ char *copy = xstrdup(text);

	text_show(copy);
	assert_string_equal(copy, expected);
}

static void text_is_shown_as_it_is(void **state)
{
	(void)state;
	assert_shown("", "");
	assert_shown("a ~\302\240\303\251\342\202\254\360\237\220\263",
		     "a ~\302\240\303\251\342\202\254\360\237\220\263");
	/* The last byte of these would be a control character if it stood alone. */
	assert_shown("\303\233 \342\200\233 \360\237\220\233",
		     "\303\233 \342\200\233 \360\237\220\233");
	/* Joiners and the marks around the directions are letters of some languages. */
	assert_shown("\342\200\215 \342\200\220 \342\200\257 \342\201\252",
		     "\342\200\215 \342\200\220 \342\200\257 \342\201\252");
}

static void what_a_terminal_obeys_is_not_shown(void **state)
{
	(void)state;
	assert_shown("a\n\033[2J\177", "a??[2J?");
	assert_shown("\2332J \302\2332J \302\205", "?2J ??2J ??");
}

static void what_turns_text_around_is_not_shown(void **state)
{
	(void)state;
	assert_shown("\342\200\256 \342\200\252 \342\201\246 \342\201\251", "??? ??? ??? ???");
	assert_shown("\330\234 \342\200\216 \342\200\217", "?? ??? ???");
	assert_shown("\342\200\250 \342\200\251", "??? ???");
}

static void bytes_that_are_no_utf_8_are_not_shown(void **state)
{
	(void)state;
	assert_shown("\303", "?");
	assert_shown("\342\200", "??");
	assert_shown("\303a\377", "?a?");
	assert_shown("\300\233 \340\202\233", "?? ???");	   /* controls that are too long */
	assert_shown("\355\240\200 \364\220\200\200", "??? ????"); /* half of a pair; too large */
	assert_shown("\303\303\251", "?\303\251");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_read_with_their_units),
		cmocka_unit_test(anything_else_is_no_duration),
		cmocka_unit_test(sizes_are_read_with_binary_and_decimal_units),
		cmocka_unit_test(anything_else_is_no_size),
		cmocka_unit_test(integers_are_decimal_and_alone),
		cmocka_unit_test(durations_are_written_so_that_they_are_read_back),
		cmocka_unit_test(sizes_are_written_so_that_they_are_read_back),
		cmocka_unit_test(times_are_read_as_peers_write_them),
		cmocka_unit_test(anything_else_is_no_time),
		cmocka_unit_test(times_are_written_with_milliseconds),
		cmocka_unit_test(an_id_is_what_may_become_a_name),
		cmocka_unit_test(url_components_are_percent_encoded),
		cmocka_unit_test(base64_is_read_in_both_alphabets_padded_or_not),
		cmocka_unit_test(anything_else_is_no_base64),
		cmocka_unit_test(base64_is_written_in_the_alphabet_asked_for),
		cmocka_unit_test(a_digest_is_sha_256_in_hexadecimal),
		cmocka_unit_test(the_word_that_was_meant_is_the_nearest_if_any_is_near),
		cmocka_unit_test(a_prefix_is_the_start_of_a_text),
		cmocka_unit_test(keys_are_masked_wherever_they_stand),
		cmocka_unit_test(who_is_named_before_a_host_is_masked),
		cmocka_unit_test(urls_that_name_nobody_stay_as_they_are),
		cmocka_unit_test(what_is_too_short_for_a_key_gets_no_longer),
		cmocka_unit_test(text_is_shown_as_it_is),
		cmocka_unit_test(what_a_terminal_obeys_is_not_shown),
		cmocka_unit_test(what_turns_text_around_is_not_shown),
		cmocka_unit_test(bytes_that_are_no_utf_8_are_not_shown),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
