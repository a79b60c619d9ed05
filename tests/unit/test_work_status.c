/* SPDX-License-Identifier: Apache-2.0 */
/* What the control plane says about an item in the replies of ack and list. */
#include "base/cleanup.h"
#include "queue/work.h"
#include "unit/unit.h"

#include <errno.h>
#include <string.h>

static struct json_object *parsed(const char *text)
{
	struct json_object *json = NULL;

	assert_int_equal(json_parse(text, strlen(text), &json), 0);
	return json;
}

static struct work_status status_of(const char *text)
{
	_cleanup_(json_putp) struct json_object *json = parsed(text);
	struct work_status status;

	assert_int_equal(work_status_parse(json, &status), 0);
	return status;
}

static void a_status_has_state_and_times(void **state)
{
	struct work_status status = status_of("{\"id\":\"work_1\",\"state\":\"active\","
					      "\"acknowledged_at\":\"2026-11-22T10:00:00Z\","
					      "\"started_at\":\"2026-11-22T10:00:01Z\","
					      "\"latest_heartbeat_at\":\"2026-11-22T10:00:02.25Z\","
					      "\"stop_requested_at\":\"2026-11-22T10:00:03Z\"}");
	(void)state;

	assert_string_equal(status.id, "work_1");
	assert_int_equal(status.state, WORK_ACTIVE);
	assert_int_equal(status.acknowledged_at_ms, 1795341600000);
	assert_int_equal(status.started_at_ms, 1795341601000);
	assert_int_equal(status.latest_heartbeat_at_ms, 1795341602250);
	assert_int_equal(status.stop_requested_at_ms, 1795341603000);
}

static void a_status_names_its_session_if_it_has_one(void **state)
{
	static const char *const others[] = {
		"{\"id\":\"w\",\"data\":{\"type\":\"healthcheck\",\"id\":\"sesn_1\"}}",
		"{\"id\":\"w\",\"data\":{\"type\":\"session\",\"id\":\"se sn\"}}",
		"{\"id\":\"w\",\"data\":{\"type\":\"session\"}}",
		"{\"id\":\"w\",\"data\":\"sesn_1\"}",
		"{\"id\":\"w\",\"data\":null}",
		"{\"id\":\"w\"}",
	};
	(void)state;

	assert_string_equal(status_of("{\"id\":\"w\",\"data\":{\"type\":\"session\","
				      "\"id\":\"sesn_1\"}}")
				    .session_id,
			    "sesn_1");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_string_equal(status_of(others[i]).session_id, "");
}

static void every_state_has_its_name(void **state)
{
	static const enum work_state states[] = {WORK_QUEUED, WORK_STARTING, WORK_ACTIVE,
						 WORK_STOPPING, WORK_STOPPED};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		_cleanup_free_ char *text =
			xasprintf("{\"id\":\"w\",\"state\":\"%s\"}", work_state_name(states[i]));
		assert_int_equal(status_of(text).state, states[i]);
	}
	assert_string_equal(work_state_name(WORK_UNKNOWN), "unknown");
}

static void states_that_are_no_word_of_ours_are_unknown(void **state)
{
	static const char *const states[] = {
		"\"unknown\"", "\"\"",	       "\"Active\"",	   "null",
		"3",	       "[\"active\"]", "\"active\\u0000\""};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		_cleanup_free_ char *text = xasprintf("{\"id\":\"w\",\"state\":%s}", states[i]);
		assert_int_equal(status_of(text).state, WORK_UNKNOWN);
	}
}

static void null_and_the_zero_time_of_go_mean_never(void **state)
{
	static const char *const values[] = {"null", "\"0001-01-01T00:00:00Z\""};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		_cleanup_free_ char *text = xasprintf("{\"id\":\"w\",\"state\":\"starting\","
						      "\"latest_heartbeat_at\":%s}",
						      values[i]);
		assert_int_equal(status_of(text).state, WORK_STARTING);
		assert_int_equal(status_of(text).latest_heartbeat_at_ms, 0);
	}
}

static void a_heartbeat_that_cannot_be_read_decides_nothing(void **state)
{
	static const char *const times[] = {"\"\"", "\"just now\"", "1795341600", "{}", "true"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		_cleanup_free_ char *text = xasprintf("{\"id\":\"w\",\"state\":\"starting\","
						      "\"latest_heartbeat_at\":%s}",
						      times[i]);
		assert_int_equal(status_of(text).state, WORK_UNKNOWN);
	}
}

static void a_status_without_usable_id_is_none(void **state)
{
	static const char *const texts[] = {"null",
					    "[]",
					    "\"work_1\"",
					    "{}",
					    "{\"id\":null}",
					    "{\"id\":\"../x\"}",
					    "{\"id\":\"a\\u0000\"}"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(json_putp) struct json_object *json = parsed(texts[i]);
		struct work_status status = {.state = WORK_STOPPED};
		assert_int_equal(work_status_parse(json, &status), -EBADMSG);
		assert_int_equal(status.state, WORK_STOPPED);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_has_state_and_times),
		cmocka_unit_test(a_status_names_its_session_if_it_has_one),
		cmocka_unit_test(every_state_has_its_name),
		cmocka_unit_test(states_that_are_no_word_of_ours_are_unknown),
		cmocka_unit_test(null_and_the_zero_time_of_go_mean_never),
		cmocka_unit_test(a_heartbeat_that_cannot_be_read_decides_nothing),
		cmocka_unit_test(a_status_without_usable_id_is_none),
	};

	return cmocka_run_group_tests_name("work status", tests, NULL, NULL);
}
