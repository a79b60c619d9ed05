/* SPDX-License-Identifier: Apache-2.0 */
#include "poller_owner.h"
#include "unit/unit.h"

#include <string.h>

/* --- items that are not run ---------------------------------------------------------------------
 */

static void a_healthcheck_is_handed_over_to_be_refused(void **state)
{
	struct owner *owner = *state;

	owner_reply_body(owner, REFUSE("work_9"));
	owner_reply_body(owner, ITEM("work_1"));
	owner_start(owner);
	assert_int_equal(owner->refused, 1);
	assert_non_null(strstr(owner->why.text, "healthcheck"));
	assert_int_equal(owner->claimed, 1);
	assert_int_equal(owner->released, 0);
}

static void an_unusable_item_is_skipped_with_a_pause(void **state)
{
	struct owner *owner = *state;

	owner_reply_body(owner, BAD_ITEM("x"));
	owner_reply_body(owner, ITEM("work_1"));
	owner_start(owner);
	assert_int_equal(owner_polls(owner), 1);
	assert_int_equal(owner->released, 1);
	fake_run(owner->loop, 3000);
	assert_in_range(owner_pause_before(owner, 1), 1000, 3000);
	assert_int_equal(owner->claimed, 1);
	assert_int_equal(owner->empty, 0);
	assert_int_equal(owner_logged(owner, "skipped", "warning"), 1);
}

static void a_skip_pauses_even_without_idle_wait(void **state)
{
	struct owner *owner = *state;

	owner->settings.idle_min_ms = owner->settings.idle_max_ms = 0;
	for (int i = 0; i < 10; i++)
		owner_reply_body(owner, BAD_ITEM("x"));
	owner_start(owner);
	fake_run(owner->loop, 9999);
	assert_int_equal(owner_polls(owner), 10);
}

static void an_unusable_item_is_reported_once_in_ten_minutes(void **state)
{
	struct owner *owner = *state;

	owner->settings.idle_min_ms = owner->settings.idle_max_ms = 1000;
	for (int i = 0; i < 700; i++)
		owner_reply_body(owner, BAD_ITEM("x"));
	owner_start(owner);
	fake_run(owner->loop, 599999);
	assert_int_equal(owner_logged(owner, "skipped", "warning"), 1);
	fake_run(owner->loop, 1);
	assert_int_equal(owner_logged(owner, "skipped", "warning"), 2);
	fake_run(owner->loop, 90000);
	assert_int_equal(owner_logged(owner, "skipped", "warning"), 2);
}

static void different_unusable_items_are_each_reported(void **state)
{
	struct owner *owner = *state;

	owner_reply_body(owner, BAD_ITEM("x"));
	owner_reply_body(owner, BAD_ITEM("y"));
	owner_reply_body(owner, BAD_ITEM("x"));
	owner_reply_body(owner, "{\"id\":null,\"secret\":\"a\"}");
	owner_reply_body(owner, "{\"id\":null,\"secret\":\"b\"}");
	owner_start(owner);
	fake_run(owner->loop, 20000);
	assert_int_equal(owner_logged(owner, "skipped", "warning"), 3);
}

static void unusable_items_in_turn_do_not_make_a_queue_empty(void **state)
{
	struct owner *owner = *state;

	owner_reply_body(owner, BAD_ITEM("x"));
	owner_reply_body(owner, BAD_ITEM("y"));
	owner_reply_body(owner, BAD_ITEM("x"));
	owner_reply_body(owner, ITEM("work_1"));
	owner_reply_body(owner, BAD_ITEM("x"));
	owner_reply_body(owner, "null");
	owner_reply_body(owner, BAD_ITEM("x"));
	owner_start(owner);
	fake_run(owner->loop, 18000);
	assert_int_equal(owner_polls(owner), 8);
	assert_int_equal(owner->empty, 1);
}

static void a_queue_with_only_an_unusable_item_is_empty(void **state)
{
	struct owner *owner = *state;

	owner_reply_body(owner, BAD_ITEM("x"));
	owner_reply_body(owner, BAD_ITEM("x"));
	owner_start(owner);
	assert_int_equal(owner->empty, 0);
	fake_run(owner->loop, 3000);
	assert_int_equal(owner->empty, 1);
}

/* --- log ----------------------------------------------------------------------------------------
 */

static void idle_is_told_once_and_then_every_five_minutes(void **state)
{
	struct owner *owner = *state;

	owner->settings.idle_min_ms = owner->settings.idle_max_ms = 1000;
	owner_reply_empty(owner, 1000);
	owner_start(owner);
	fake_run(owner->loop, 299999);
	assert_int_equal(owner_logged(owner, "idle", "info"), 1);
	assert_int_equal(owner_logged(owner, "idle", "debug"), 299);
	fake_run(owner->loop, 1);
	assert_int_equal(owner_logged(owner, "idle", "info"), 2);
}

static void idle_is_told_again_after_work(void **state)
{
	struct owner *owner = *state;

	owner_reply_body(owner, "null");
	owner_reply_body(owner, ITEM("work_1"));
	owner_reply_body(owner, "null");
	owner_start(owner);
	fake_run(owner->loop, 3000);
	assert_int_equal(owner_logged(owner, "idle", "info"), 2);
}

static void a_long_outage_is_told_now_and_then_and_its_end_once(void **state)
{
	struct owner *owner = *state;

	fake_chance(owner->loop, FAKE_HIGHEST);
	for (int i = 0; i < 26; i++)
		owner_reply_status(owner, 503);
	owner_reply_empty(owner, 2);
	owner_start(owner);
	fake_run(owner->loop, 1263000 + 3000);
	assert_int_equal(owner_polls(owner), 28);
	assert_in_range(owner_logged(owner, "paused", "warning"), 3, 5);
	assert_int_equal(owner_logged(owner, "paused", "warning") +
				 owner_logged(owner, "paused", "debug"),
			 26);
	assert_int_equal(owner_logged(owner, "resumed", "info"), 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, owner_set_up, owner_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_healthcheck_is_handed_over_to_be_refused),
		TEST(an_unusable_item_is_skipped_with_a_pause),
		TEST(a_skip_pauses_even_without_idle_wait),
		TEST(an_unusable_item_is_reported_once_in_ten_minutes),
		TEST(different_unusable_items_are_each_reported),
		TEST(unusable_items_in_turn_do_not_make_a_queue_empty),
		TEST(a_queue_with_only_an_unusable_item_is_empty),
		TEST(idle_is_told_once_and_then_every_five_minutes),
		TEST(idle_is_told_again_after_work),
		TEST(a_long_outage_is_told_now_and_then_and_its_end_once),
	};

	return cmocka_run_group_tests_name("poller items", tests, NULL, NULL);
}
