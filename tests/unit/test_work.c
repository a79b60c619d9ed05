/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/text.h"
#include "queue/work.h"
#include "unit/unit.h"

#include <string.h>

#define GOOD_ID	  "\"id\":\"work_1\""
#define GOOD_DATA "\"data\":{\"type\":\"session\",\"id\":\"sesn_1\"}"
#define GOOD	  GOOD_ID "," GOOD_DATA

/* An item as a text, what must become of it, and a word that the reason must contain. */
struct offer {
	const char *sentence;
	const char *json;
	enum work_verdict verdict;
	const char *reason;
};

#define ID_OF(id) "{\"id\":\"" id "\"," GOOD_DATA "}"

static struct offer offers[] = {
	{"an item with id and session is run", "{" GOOD "}", WORK_RUN, ""},
	{"an item of our environment is run", "{" GOOD ",\"environment_id\":\"env_1\"}", WORK_RUN,
	 ""},
	{"an item of type work is run", "{" GOOD ",\"type\":\"work\"}", WORK_RUN, ""},
	{"a null type counts as absent", "{" GOOD ",\"type\":null}", WORK_RUN, ""},
	{"a null environment_id counts as absent", "{" GOOD ",\"environment_id\":null}", WORK_RUN,
	 ""},
	{"unknown members do not matter", "{" GOOD ",\"x\":[{\"y\":1}],\"\":null}", WORK_RUN, ""},
	{"an unknown state does not matter", "{" GOOD ",\"state\":\"resting\"}", WORK_RUN, ""},
	{"metadata of any kind does not matter", "{" GOOD ",\"metadata\":[1,\"\\n\"]}", WORK_RUN,
	 ""},
	{"a session id needs no prefix",
	 "{" GOOD_ID ",\"data\":{\"type\":\"session\",\"id\":\"-\"}}", WORK_RUN, ""},

	{"a null is skipped", "null", WORK_SKIP, "no JSON object"},
	{"a list is skipped", "[{" GOOD "}]", WORK_SKIP, "no JSON object"},
	{"a text is skipped", "\"work_1\"", WORK_SKIP, "no JSON object"},
	{"a number is skipped", "17", WORK_SKIP, "no JSON object"},
	{"a truth value is skipped", "true", WORK_SKIP, "no JSON object"},
	{"an empty object is skipped", "{}", WORK_SKIP, "id is missing"},
	{"an item without id is skipped", "{" GOOD_DATA "}", WORK_SKIP, "id is missing"},
	{"an item with the id in other letters is skipped", "{\"ID\":\"work_1\"," GOOD_DATA "}",
	 WORK_SKIP, "id is missing"},
	{"an item whose id is null is skipped", "{\"id\":null," GOOD_DATA "}", WORK_SKIP,
	 "id is missing"},
	{"an item whose id is a number is skipped", "{\"id\":1," GOOD_DATA "}", WORK_SKIP,
	 "id is missing or no text"},
	{"an item whose id is a list is skipped", "{\"id\":[\"work_1\"]," GOOD_DATA "}", WORK_SKIP,
	 "id is missing or no text"},
	{"an item whose id is an object is skipped", "{\"id\":{\"id\":\"work_1\"}," GOOD_DATA "}",
	 WORK_SKIP, "id is missing or no text"},
	{"an empty id is skipped", ID_OF(""), WORK_SKIP, "id is not 1 to 128"},
	{"an id that climbs is skipped", ID_OF("../../v1/sessions"), WORK_SKIP, "id is not"},
	{"an id that is a dot is skipped", ID_OF("."), WORK_SKIP, "id is not"},
	{"an id with a slash is skipped", ID_OF("work/1"), WORK_SKIP, "id is not"},
	{"an id with an escaped slash is skipped", ID_OF("work\\/1"), WORK_SKIP, "id is not"},
	{"an id with percent-encoding is skipped", ID_OF("work%2f1"), WORK_SKIP, "id is not"},
	{"an id with a question mark is skipped", ID_OF("work_1?x=y"), WORK_SKIP, "id is not"},
	{"an id with a newline is skipped", ID_OF("work_1\\nevent=started"), WORK_SKIP,
	 "id is not"},
	{"an id that ends in a newline is skipped", ID_OF("work_1\\n"), WORK_SKIP, "id is not"},
	{"an id with a carriage return is skipped", ID_OF("work_1\\r"), WORK_SKIP, "id is not"},
	{"an id with a NUL is skipped", ID_OF("work_1\\u0000"), WORK_SKIP, "no text"},
	{"an id with a blank is skipped", ID_OF("work 1"), WORK_SKIP, "id is not"},
	{"an id with a terminal sequence is skipped", ID_OF("\\u001b[2Jwork"), WORK_SKIP,
	 "id is not"},
	{"an id with quotes is skipped", ID_OF("\\\"work\\\""), WORK_SKIP, "id is not"},
	{"an id with a dollar sign is skipped", ID_OF("$(reboot)"), WORK_SKIP, "id is not"},
	{"an id with letters beyond ASCII is skipped", ID_OF("w\\u00f6rk"), WORK_SKIP, "id is not"},
	{"an id with look-alike letters is skipped", ID_OF("w\\u043erk"), WORK_SKIP, "id is not"},
	{"the later of two ids counts", "{\"id\":\"work_1\",\"id\":\"../x\"," GOOD_DATA "}",
	 WORK_SKIP, "id is not"},

	{"an item without data is refused", "{" GOOD_ID "}", WORK_REFUSE, "data is missing"},
	{"an item whose data is null is refused", "{" GOOD_ID ",\"data\":null}", WORK_REFUSE,
	 "data is missing"},
	{"an item whose data is a list is refused",
	 "{" GOOD_ID ",\"data\":[\"session\",\"sesn_1\"]}", WORK_REFUSE, "data is not"},
	{"an item whose data is a text is refused", "{" GOOD_ID ",\"data\":\"session\"}",
	 WORK_REFUSE, "data is"},
	{"an item whose data is a number is refused", "{" GOOD_ID ",\"data\":0}", WORK_REFUSE,
	 "data is not"},
	{"an item whose data is empty is refused", "{" GOOD_ID ",\"data\":{}}", WORK_REFUSE,
	 "data.type is missing"},
	{"a healthcheck is refused by name",
	 "{" GOOD_ID ",\"data\":{\"type\":\"healthcheck\",\"id\":\"h_1\"}}", WORK_REFUSE,
	 "data.type is \"healthcheck\""},
	{"a healthcheck without type is refused", "{" GOOD_ID ",\"data\":{\"id\":\"h_1\"}}",
	 WORK_REFUSE, "data.type is missing"},
	{"a data.type of null is refused",
	 "{" GOOD_ID ",\"data\":{\"type\":null,\"id\":\"sesn_1\"}}", WORK_REFUSE,
	 "data.type is missing"},
	{"a data.type that is a list is refused",
	 "{" GOOD_ID ",\"data\":{\"type\":[\"session\"],\"id\":\"sesn_1\"}}", WORK_REFUSE,
	 "data.type is not"},
	{"a data.type in other letters is refused",
	 "{" GOOD_ID ",\"data\":{\"type\":\"Session\",\"id\":\"sesn_1\"}}", WORK_REFUSE,
	 "data.type is not"},
	{"a data.type with a blank is refused",
	 "{" GOOD_ID ",\"data\":{\"type\":\"session \",\"id\":\"sesn_1\"}}", WORK_REFUSE,
	 "data.type is not"},
	{"a data.type with a NUL is refused",
	 "{" GOOD_ID ",\"data\":{\"type\":\"session\\u0000\",\"id\":\"sesn_1\"}}", WORK_REFUSE,
	 "data.type is not"},
	{"a data.type with a newline is refused without repeating it",
	 "{" GOOD_ID ",\"data\":{\"type\":\"x\\nevent=started\",\"id\":\"sesn_1\"}}", WORK_REFUSE,
	 "data.type is not \"session\""},
	{"a data.type that is a token is refused without repeating it",
	 "{" GOOD_ID ",\"data\":{\"type\":\"sk-ant-req-EXAMPLE\",\"id\":\"sesn_1\"}}", WORK_REFUSE,
	 "data.type is not \"session\""},
	{"the later of two data.types counts",
	 "{" GOOD_ID ",\"data\":{\"type\":\"session\",\"type\":\"healthcheck\",\"id\":\"s\"}}",
	 WORK_REFUSE, "healthcheck"},
	{"the later of two data counts", "{" GOOD ",\"data\":7}", WORK_REFUSE, "data is not"},
	{"a session without id is refused", "{" GOOD_ID ",\"data\":{\"type\":\"session\"}}",
	 WORK_REFUSE, "data.id is missing"},
	{"a session id that is null is refused",
	 "{" GOOD_ID ",\"data\":{\"type\":\"session\",\"id\":null}}", WORK_REFUSE,
	 "data.id is missing"},
	{"a session id that is a number is refused",
	 "{" GOOD_ID ",\"data\":{\"type\":\"session\",\"id\":5}}", WORK_REFUSE, "data.id is not"},
	{"an empty session id is refused",
	 "{" GOOD_ID ",\"data\":{\"type\":\"session\",\"id\":\"\"}}", WORK_REFUSE,
	 "data.id is not"},
	{"a session id that climbs is refused",
	 "{" GOOD_ID ",\"data\":{\"type\":\"session\",\"id\":\"../x\"}}", WORK_REFUSE,
	 "data.id is not"},
	{"a session id with a newline is refused",
	 "{" GOOD_ID ",\"data\":{\"type\":\"session\",\"id\":\"sesn_1\\n\"}}", WORK_REFUSE,
	 "data.id is not"},
	{"a session id with a NUL is refused",
	 "{" GOOD_ID ",\"data\":{\"type\":\"session\",\"id\":\"sesn_1\\u0000x\"}}", WORK_REFUSE,
	 "data.id is not"},
	{"an item of another type is refused by name", "{" GOOD ",\"type\":\"job\"}", WORK_REFUSE,
	 "type is \"job\""},
	{"a long type is refused without repeating it",
	 "{" GOOD ",\"type\":\"aaaaaaaaaabbbbbbbbbbccccccccccddd\"}", WORK_REFUSE,
	 "type is not \"work\""},
	{"an item whose type is a number is refused", "{" GOOD ",\"type\":1}", WORK_REFUSE,
	 "type is not"},
	{"an item whose type is empty is refused", "{" GOOD ",\"type\":\"\"}", WORK_REFUSE,
	 "type is not"},
	{"an item of another environment is refused by name",
	 "{" GOOD ",\"environment_id\":\"env_2\"}", WORK_REFUSE, "environment_id is \"env_2\""},
	{"an environment id that only begins like ours is refused",
	 "{" GOOD ",\"environment_id\":\"env_11\"}", WORK_REFUSE, "env_11"},
	{"an environment id that ends in a newline is refused without repeating it",
	 "{" GOOD ",\"environment_id\":\"env_1\\n\"}", WORK_REFUSE, "environment_id is not"},
	{"an environment id that ends in a NUL is refused",
	 "{" GOOD ",\"environment_id\":\"env_1\\u0000\"}", WORK_REFUSE, "environment_id is not"},
	{"an environment id that is a list is refused", "{" GOOD ",\"environment_id\":[\"env_1\"]}",
	 WORK_REFUSE, "environment_id is not"},
	{"an environment id that is a token is refused without repeating it",
	 "{" GOOD ",\"environment_id\":\"sk-ant-oat01-EXAMPLE\"}", WORK_REFUSE,
	 "environment_id is not"},
};

static struct json_object *parsed(const char *text)
{
	struct json_object *json = NULL;

	assert_int_equal(json_parse(text, strlen(text), &json), 0);
	return json;
}

/* The verdict on `text`, with *item and *why for the asking. */
static enum work_verdict judge(const char *text, struct work_item *item, struct err *why)
{
	_cleanup_(json_putp) struct json_object *json = parsed(text);

	return work_parse(json, "env_1", item, why);
}

static void assert_printable(const char *text)
{
	for (; *text != '\0'; text++)
		assert_in_range(*text, ' ', '~');
}

static void the_offer_is_judged(void **state)
{
	const struct offer *offer = *state;
	struct work_item item;
	struct err why = {0};

	assert_int_equal(judge(offer->json, &item, &why), offer->verdict);
	assert_string_equal(item.id, offer->verdict == WORK_SKIP ? "" : "work_1");
	if (offer->verdict == WORK_RUN) {
		assert_true(text_is_id(item.session_id));
	} else {
		assert_int_equal(why.kind, ERR_INPUT);
		assert_non_null(strstr(why.text, offer->reason));
		assert_null(strstr(why.text, "sk-ant"));
		assert_printable(why.text);
	}
	assert_null(item.secret);
	assert_null(item.sessions_token);
	work_item_done(&item);
}

/* An item whose id, session id, type or environment is `size` letters long. */
static char *long_item(const char *format, size_t size)
{
	_cleanup_free_ char *filler = xmalloc(size + 1);
	struct buf buf;

	memset(filler, 'a', size);
	filler[size] = '\0';
	const char *place = strchr(format, '@');
	buf_init(&buf, (size_t)1 << 20);
	assert_int_equal(buf_add(&buf, format, (size_t)(place - format)), 0);
	assert_int_equal(buf_adds(&buf, filler), 0);
	assert_int_equal(buf_adds(&buf, place + 1), 0);
	return buf_take(&buf);
}

static void assert_long(const char *format, size_t size, enum work_verdict verdict)
{
	_cleanup_free_ char *text = long_item(format, size);
	struct work_item item;
	struct err why = {0};

	assert_int_equal(judge(text, &item, &why), verdict);
	assert_true(strlen(why.text) < 200);
	work_item_done(&item);
}

static void ids_have_at_most_128_characters(void **state)
{
	static const char id[] = "{\"id\":\"@\"," GOOD_DATA "}";
	static const char session[] = "{" GOOD_ID ",\"data\":{\"type\":\"session\",\"id\":\"@\"}}";
	(void)state;

	assert_long(id, 128, WORK_RUN);
	assert_long(id, 129, WORK_SKIP);
	assert_long(id, (size_t)256 << 10, WORK_SKIP);
	assert_long(session, 128, WORK_RUN);
	assert_long(session, 129, WORK_REFUSE);
	assert_long(session, (size_t)256 << 10, WORK_REFUSE);
}

static void long_members_make_no_long_messages(void **state)
{
	static const size_t size = (size_t)256 << 10;
	(void)state;

	assert_long("{" GOOD ",\"type\":\"@\"}", size, WORK_REFUSE);
	assert_long("{" GOOD ",\"environment_id\":\"@\"}", size, WORK_REFUSE);
	assert_long("{" GOOD ",\"environment_id\":\"env_@\"}", size, WORK_REFUSE);
	assert_long("{" GOOD_ID ",\"data\":{\"type\":\"@\"}}", size, WORK_REFUSE);
	assert_long("{" GOOD ",\"created_at\":\"@\"}", size, WORK_RUN);
	assert_long("{" GOOD ",\"secret\":\"@\"}", size, WORK_RUN);
}

static void deep_nesting_beside_what_counts_does_not_matter(void **state)
{
	static const char text[] = "{" GOOD ",\"metadata\":[[[[[[[[[[[[[[[[[[[[[[[[[[[1"
				   "]]]]]]]]]]]]]]]]]]]]]]]]]]]}";
	struct work_item item;
	struct err why = {0};
	(void)state;

	assert_int_equal(judge(text, &item, &why), WORK_RUN);
	work_item_done(&item);
}

static void the_time_of_creation_is_read(void **state)
{
	struct work_item item;
	struct err why = {0};
	(void)state;

	assert_int_equal(judge("{" GOOD ",\"created_at\":\"2026-11-22T10:00:00.5Z\"}", &item, &why),
			 WORK_RUN);
	assert_int_equal(item.created_at_ms, 1795341600500);
}

static void a_time_of_creation_that_is_none_is_unknown(void **state)
{
	static const char *const times[] = {"null",
					    "7",
					    "\"\"",
					    "\"yesterday\"",
					    "{}",
					    "\"2026-11-22\"",
					    "\"0001-01-01T00:00:00Z\""};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		_cleanup_free_ char *text = xasprintf("{" GOOD ",\"created_at\":%s}", times[i]);
		struct work_item item;
		struct err why = {0};
		assert_int_equal(judge(text, &item, &why), WORK_RUN);
		assert_int_equal(item.created_at_ms, 0);
	}
}

static void assert_fingerprints(const char *a, const char *b, bool are_equal)
{
	_cleanup_(json_putp) struct json_object *json_a = parsed(a);
	_cleanup_(json_putp) struct json_object *json_b = parsed(b);
	char of_a[17], of_b[17];

	work_fingerprint(of_a, json_a);
	work_fingerprint(of_b, json_b);
	assert_int_equal(strspn(of_a, "0123456789abcdef"), 16);
	assert_int_equal(strlen(of_a), 16);
	if (are_equal)
		assert_string_equal(of_a, of_b);
	else
		assert_string_not_equal(of_a, of_b);
}

static void fingerprints_tell_items_from_each_other(void **state)
{
	(void)state;
	assert_fingerprints("{\"id\":\"../a\"}", "{\"id\":\"../a\"}", true);
	assert_fingerprints("{\"id\":\"../a\"}", "{\"id\":\"../b\"}", false);
	assert_fingerprints("{\"id\":null}", "{\"id\":false}", false);
	assert_fingerprints("null", "[]", false);
	assert_fingerprints("7", "\"7\"", false);
}

static void the_secret_is_no_part_of_the_fingerprint(void **state)
{
	(void)state;
	assert_fingerprints("{\"id\":1,\"secret\":\"a\"}", "{\"id\":1,\"secret\":\"b\"}", true);
	assert_fingerprints("{\"id\":1,\"secret\":\"a\"}", "{\"id\":1}", true);
}

static const struct CMUnitTest further_tests[] = {
	cmocka_unit_test(ids_have_at_most_128_characters),
	cmocka_unit_test(long_members_make_no_long_messages),
	cmocka_unit_test(deep_nesting_beside_what_counts_does_not_matter),
	cmocka_unit_test(the_time_of_creation_is_read),
	cmocka_unit_test(a_time_of_creation_that_is_none_is_unknown),
	cmocka_unit_test(fingerprints_tell_items_from_each_other),
	cmocka_unit_test(the_secret_is_no_part_of_the_fingerprint),
};

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(offers) + ARRAY_SIZE(further_tests)] = {0};
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(offers); i++) {
		tests[count].name = offers[i].sentence;
		tests[count].test_func = the_offer_is_judged;
		tests[count++].initial_state = &offers[i];
	}
	memcpy(tests + count, further_tests, sizeof(further_tests));
	return cmocka_run_group_tests_name("work", tests, NULL, NULL);
}
