/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/secret.h"
#include "base/text.h"
#include "unit.h"

#include <string.h>

/* With characters that every encoding treats differently. */
#define TOKEN "sk/ant+01\"key"

static struct secret *token(void)
{
	return secret_new(TOKEN, strlen(TOKEN));
}

static void a_secret_is_a_copy_of_its_text(void **state)
{
	char text[] = "abcdef";
	struct secret *secret = secret_new(text, 3), *copy = secret_copy(secret);
	(void)state;

	text[0] = 'x';
	assert_string_equal(secret_reveal(secret), "abc");
	assert_string_equal(secret_reveal(copy), "abc");
	assert_ptr_not_equal(secret, copy);
	assert_null(secret_free(secret));
	assert_string_equal(secret_reveal(copy), "abc");
	secret_freep(&copy);
	assert_null(copy);
	assert_null(secret_copy(NULL));
	assert_null(secret_free(NULL));
}

static void secrets_are_equal_by_their_text(void **state)
{
	struct secret *a = token(), *b = token(), *c = secret_new("other", 5);
	(void)state;

	assert_true(secret_equal(a, b));
	assert_false(secret_equal(a, c));
	assert_false(secret_equal(a, NULL));
	assert_true(secret_equal(NULL, NULL));
	secret_free(a);
	secret_free(b);
	secret_free(c);
}

static void a_secret_is_found_raw_in_hex_and_escaped_as_in_urls_and_json(void **state)
{
	struct secret *secret = token();
	(void)state;

	assert_true(secret_appears_in(secret, "before " TOKEN " after"));
	assert_true(secret_appears_in(secret, "?key=sk%2Fant%2B01%22key&x"));
	assert_true(secret_appears_in(secret, "?key=sk%2fant%2b01%22key&x"));
	assert_true(secret_appears_in(secret, "{\"key\":\"sk\\/ant+01\\\"key\"}"));
	assert_true(secret_appears_in(secret, "{\"key\":\"\\u0073k\\/ant\\u002b01\\\"key\"}"));
	assert_true(secret_appears_in(secret, "%73%6B%2F%61%6e%74%2B%30%31%22%6B%65%79%"));
	assert_true(secret_appears_in(secret, "0x736b2f616e742b3031226B6579"));
	assert_false(secret_appears_in(secret, "736b2f616e742b3031226b65"));
	assert_false(secret_appears_in(secret, "%73%6B%2F%61%6e%74%2B%30%31%22%6B%65%7"));
	assert_false(secret_appears_in(secret, "\\u0073k/ant+01\"ke\\u007"));
	assert_false(secret_appears_in(secret, "sk/ant+01"));
	assert_false(secret_appears_in(secret, "{\"key\":\"sk\\/ant\"}"));
	assert_false(secret_appears_in(secret, ""));
	secret_free(secret);
}

static void a_secret_is_found_in_base64_whatever_stands_around_it(void **state)
{
	static const char *const before[] = {"", "a", "ab", "abc", "{\"token\":\""};
	static const char *const after[] = {"", "z", "\"}", "xyz"};
	struct secret *secret = token();
	struct buf plain, encoded;
	(void)state;

	buf_init(&plain, 256);
	buf_init(&encoded, 256);
	for (size_t i = 0; i < (size_t)5 * 4 * 2; i++) {
		buf_reset(&plain);
		buf_reset(&encoded);
		assert_int_equal(buf_addf(&plain, "%s%s%s", before[i % 5], TOKEN, after[i / 5 % 4]),
				 0);
		assert_int_equal(text_add_base64(&encoded, plain.data, plain.len, i / 20), 0);
		assert_true(secret_appears_in(secret, encoded.data));
	}
	buf_reset(&encoded);
	assert_int_equal(text_add_base64(&encoded, "sk/ant+01 else", 14, false), 0);
	assert_false(secret_appears_in(secret, encoded.data));
	buf_done(&plain);
	buf_done(&encoded);
	secret_free(secret);
}

static void nothing_appears_nowhere(void **state)
{
	struct secret *empty = secret_new("", 0);
	(void)state;

	assert_false(secret_appears_in(NULL, "text"));
	assert_false(secret_appears_in(empty, "text"));
	secret_free(empty);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_is_a_copy_of_its_text),
		cmocka_unit_test(secrets_are_equal_by_their_text),
		cmocka_unit_test(a_secret_is_found_raw_in_hex_and_escaped_as_in_urls_and_json),
		cmocka_unit_test(a_secret_is_found_in_base64_whatever_stands_around_it),
		cmocka_unit_test(nothing_appears_nowhere),
	};

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
