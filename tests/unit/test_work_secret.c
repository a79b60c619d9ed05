/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/text.h"
#include "queue/work.h"
#include "queue/work_secret.h"
#include "unit/unit.h"

#include <string.h>

/* What becomes of an item that is fine but for its secret, which is this JSON value. */
static void read_item(const char *secret, struct work_item *item)
{
	_cleanup_free_ char *text =
		xasprintf("{\"id\":\"work_1\",\"data\":{\"type\":\"session\",\"id\":\"sesn_1\"},"
			  "\"secret\":%s}",
			  secret);
	_cleanup_(json_putp) struct json_object *json = NULL;
	struct err why = {0};

	assert_int_equal(json_parse(text, strlen(text), &json), 0);
	assert_int_equal(work_parse(json, "env_1", item, &why), WORK_RUN);
}

static void assert_secret(const char *secret, const char *token)
{
	struct work_item item;

	read_item(secret, &item);
	if (token) {
		assert_string_equal(secret_reveal(item.sessions_token), token);
		assert_int_equal(strlen(secret_reveal(item.secret)), strlen(secret) - 2);
		assert_memory_equal(secret_reveal(item.secret), secret + 1, strlen(secret) - 2);
	} else {
		assert_null(item.secret);
		assert_null(item.sessions_token);
	}
	work_item_done(&item);
	assert_null(item.secret);
	assert_null(item.sessions_token);
}

static void assert_secret_of(const char *decoded, size_t len, bool url_safe, const char *token)
{
	struct buf buf;

	buf_init(&buf, (size_t)1 << 20);
	assert_int_equal(buf_adds(&buf, "\""), 0);
	assert_int_equal(text_add_base64(&buf, decoded, len, url_safe), 0);
	assert_int_equal(buf_adds(&buf, "\""), 0);
	assert_secret(buf.data, token);
	buf_done(&buf);
}

static void assert_secret_text(const char *decoded, const char *token)
{
	assert_secret_of(decoded, strlen(decoded), true, token);
}

static void a_secret_yields_its_sessions_token(void **state)
{
	(void)state;
	assert_secret("\"eyJzZXNzaW9uc190b2tlbiI6InNrLWFudC1yZXEtRVhBTVBMRSJ9\"",
		      "sk-ant-req-EXAMPLE");
	assert_secret_text("{\"api_base_url\":\"http://169.254.0.1\",\"sessions_token\":\"t\"}",
			   "t");
}

static void a_secret_may_be_padded_or_not_and_in_either_alphabet(void **state)
{
	(void)state;
	assert_secret("\"eyJzZXNzaW9uc190b2tlbiI6Ij8_In0\"", "??");
	assert_secret("\"eyJzZXNzaW9uc190b2tlbiI6Ij8_In0=\"", "??");
	assert_secret("\"eyJzZXNzaW9uc190b2tlbiI6Ij8/In0=\"", "??");
	assert_secret("\"eyJzZXNzaW9uc190b2tlbiI6Ij8/In0\"", "??");
}

static void a_secret_that_is_no_text_is_absent(void **state)
{
	static const char *const secrets[] = {"null", "7",    "{\"sessions_token\":\"t\"}",
					      "[]",   "true", "\"\""};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++)
		assert_secret(secrets[i], NULL);
}

static void a_secret_that_is_no_base64_is_absent(void **state)
{
	static const char *const secrets[] = {
		"\"!\"",
		"\"{\\\"sessions_token\\\":\\\"t\\\"}\"",
		"\"eyJzZXNzaW9uc190b2tlbiI6InQifQ\\n\"",
		"\"eyJzZXNzaW9uc190b2tlbiI6InQifQ\\u0000\"",
		"\" eyJzZXNzaW9uc190b2tlbiI6InQifQ\"",
		"\"eyJzZXNz=aW9uc190b2tlbiI6InQifQ\"",
		"\"eyJzZXNzaW9uc190b2tlbiI6InQif\"",
		"\"====\"",
		"\"eyJzZXNzaW9uc190b2tlbiI6InQifQ.sig\"",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++)
		assert_secret(secrets[i], NULL);
}

static void a_secret_that_holds_no_object_is_absent(void **state)
{
	(void)state;
	assert_secret_text("null", NULL);
	assert_secret_text("[\"sessions_token\",\"t\"]", NULL);
	assert_secret_text("\"sessions_token\"", NULL);
	assert_secret_text("sk-ant-req-EXAMPLE", NULL);
	assert_secret_text("{\"sessions_token\":\"t\"", NULL);
	assert_secret_text("{\"sessions_token\":\"t\"}{}", NULL);
	assert_secret_text("\xef\xbb\xbf{\"sessions_token\":\"t\"}", NULL);
	assert_secret_text("{\"sessions_token\":\"\xff\"}", NULL);
	assert_secret_of("\xff\xfe{\0", 4, true, NULL);
}

static void a_secret_without_usable_token_is_absent(void **state)
{
	(void)state;
	assert_secret_text("{}", NULL);
	assert_secret_text("{\"token\":\"t\"}", NULL);
	assert_secret_text("{\"sessions_token\":null}", NULL);
	assert_secret_text("{\"sessions_token\":7}", NULL);
	assert_secret_text("{\"sessions_token\":[\"t\"]}", NULL);
	assert_secret_text("{\"sessions_token\":{\"t\":\"t\"}}", NULL);
	assert_secret_text("{\"sessions_token\":\"\"}", NULL);
	assert_secret_text("{\"sessions_token\":\" \"}", NULL);
	assert_secret_text("{\"sessions_token\":\"a b\"}", NULL);
	assert_secret_text("{\"sessions_token\":\"a\\nX-Header: b\"}", NULL);
	assert_secret_text("{\"sessions_token\":\"a\\r\"}", NULL);
	assert_secret_text("{\"sessions_token\":\"a\\u0000b\"}", NULL);
	assert_secret_text("{\"sessions_token\":\"a\\u0007\"}", NULL);
	assert_secret_text("{\"sessions_token\":\"a\\u007f\"}", NULL);
	assert_secret_text("{\"sessions_token\":\"a\\u00e9\"}", NULL);
	assert_secret_text("{\"sessions_token\":\"t\",\"sessions_token\":\"\"}", NULL);
}

static char *letters(size_t count)
{
	char *text = xcalloc(count + 1, 1);

	memset(text, 'a', count);
	return text;
}

static void tokens_and_secrets_have_a_greatest_length(void **state)
{
	_cleanup_free_ char *token = letters(WORK_TOKEN_MAX);
	_cleanup_free_ char *some = letters(WORK_SECRET_MAX / 2);
	_cleanup_free_ char *more = letters(WORK_SECRET_MAX / 4 * 3);
	_cleanup_free_ char *longest = xasprintf("{\"sessions_token\":\"%s\"}", token);
	_cleanup_free_ char *longer = xasprintf("{\"sessions_token\":\"%sb\"}", token);
	_cleanup_free_ char *large = xasprintf("{\"x\":\"%s\",\"sessions_token\":\"t\"}", some);
	_cleanup_free_ char *larger = xasprintf("{\"x\":\"%s\",\"sessions_token\":\"t\"}", more);
	(void)state;

	assert_secret_text(longest, token);
	assert_secret_text(longer, NULL);
	assert_secret_text(large, "t");
	assert_secret_text(larger, NULL);
}

static void a_refused_item_holds_no_secret(void **state)
{
	static const char text[] =
		"{\"id\":\"work_1\",\"data\":{\"type\":\"healthcheck\",\"id\":\"h\"},"
		"\"secret\":\"eyJzZXNzaW9uc190b2tlbiI6InNrLWFudC1yZXEtRVhBTVBMRSJ9\"}";
	_cleanup_(json_putp) struct json_object *json = NULL;
	struct work_item item;
	struct err why = {0};
	(void)state;

	assert_int_equal(json_parse(text, strlen(text), &json), 0);
	assert_int_equal(work_parse(json, "env_1", &item, &why), WORK_REFUSE);
	assert_null(item.secret);
	assert_null(item.sessions_token);
}

static void moving_an_item_leaves_nothing_behind(void **state)
{
	struct work_item from = {.id = "work_1",
				 .session_id = "sesn_1",
				 .created_at_ms = 5,
				 .secret = secret_new("s", 1),
				 .sessions_token = secret_new("t", 1)};
	struct work_item into;
	(void)state;

	work_item_move(&into, &from);
	assert_string_equal(into.id, "work_1");
	assert_string_equal(into.session_id, "sesn_1");
	assert_int_equal(into.created_at_ms, 5);
	assert_string_equal(secret_reveal(into.secret), "s");
	assert_string_equal(secret_reveal(into.sessions_token), "t");
	assert_string_equal(from.id, "");
	assert_null(from.secret);
	assert_null(from.sessions_token);
	work_item_done(&from);
	work_item_done(&into);
	work_item_done(&into);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_yields_its_sessions_token),
		cmocka_unit_test(a_secret_may_be_padded_or_not_and_in_either_alphabet),
		cmocka_unit_test(a_secret_that_is_no_text_is_absent),
		cmocka_unit_test(a_secret_that_is_no_base64_is_absent),
		cmocka_unit_test(a_secret_that_holds_no_object_is_absent),
		cmocka_unit_test(a_secret_without_usable_token_is_absent),
		cmocka_unit_test(tokens_and_secrets_have_a_greatest_length),
		cmocka_unit_test(a_refused_item_holds_no_secret),
		cmocka_unit_test(moving_an_item_leaves_nothing_behind),
	};

	return cmocka_run_group_tests_name("work secret", tests, NULL, NULL);
}
