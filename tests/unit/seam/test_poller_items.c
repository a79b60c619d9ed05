/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
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

static void an_unusable_item_is_skipped_with_a_short_pause(void **state)
{
	struct owner *owner = *state;

	owner_reply_body(owner, BAD_ITEM("x"));
	owner_reply_body(owner, ITEM("work_1"));
	owner_start(owner);
	assert_int_equal(owner_polls(owner), 1);
	assert_int_equal(owner->released, 1);
	fake_run(owner->loop, 3000);
	assert_int_equal(owner_pause_before(owner, 1), 100);
	assert_int_equal(owner->claimed, 1);
	assert_int_equal(owner->empty, 0);
	assert_int_equal(owner_logged(owner, "skipped", "warning"), 1);
}

static void an_unusable_item_that_comes_again_soon_is_paused_on(void **state)
{
	struct owner *owner = *state;

	owner->settings.idle_min_ms = owner->settings.idle_max_ms = 0;
	for (int i = 0; i < 10; i++)
		owner_reply_body(owner, BAD_ITEM("x"));
	owner_start(owner);
	fake_run(owner->loop, 10000);
	assert_int_equal(owner_pause_before(owner, 1), 100);
	for (size_t i = 2; i <= 10; i++)
		assert_int_equal(owner_pause_before(owner, i), 1000);
}

static void many_unusable_items_are_passed_before_the_first_comes_again(void **state)
{
	static const char *const round[] = {BAD_ITEM("a"), BAD_ITEM("b"), BAD_ITEM("c"),
					    BAD_ITEM("d"), BAD_ITEM("e"), BAD_ITEM("f")};
	struct owner *owner = *state;

	owner->settings.idle_min_ms = owner->settings.idle_max_ms = 5000;
	for (size_t i = 0; i < ARRAY_SIZE(round); i++)
		owner_reply_body(owner, round[i]);
	owner_reply_body(owner, ITEM("work_1"));
	owner_reply_body(owner, "null");
	for (size_t i = 0; i < ARRAY_SIZE(round); i++)
		owner_reply_body(owner, round[i]);
	owner_reply_body(owner, ITEM("work_2"));
	owner_start(owner);
	fake_run(owner->loop, 600);
	assert_int_equal(owner->claimed, 1);
	fake_run(owner->loop, 5000 + 599);
	assert_int_equal(owner->claimed, 1);
	fake_run(owner->loop, 1);
	assert_int_equal(owner->claimed, 2);
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
	fake_run(owner->loop, 101);
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

static void unusable_items_do_not_make_a_queue_empty_while_others_come_with_them(void **state)
{
	struct owner *owner = *state;

	owner_reply_body(owner, BAD_ITEM("x"));
	owner_reply_body(owner, BAD_ITEM("y"));
	owner_reply_body(owner, ITEM("work_1"));
	owner_reply_body(owner, BAD_ITEM("x"));
	owner_reply_body(owner, BAD_ITEM("y"));
	owner_reply_body(owner, ITEM("work_2"));
	owner_start(owner);
	fake_run(owner->loop, 10000);
	assert_int_equal(owner->claimed, 2);
	assert_int_equal(owner->empty, 0);
}

static void a_queue_is_empty_when_unusable_items_come_round_again_alone(void **state)
{
	struct owner *owner = *state;

	owner_reply_body(owner, ITEM("work_1"));
	owner_reply_body(owner, BAD_ITEM("x"));
	owner_reply_body(owner, BAD_ITEM("y"));
	owner_reply_body(owner, BAD_ITEM("x"));
	owner_start(owner);
	fake_run(owner->loop, 150);
	assert_int_equal(owner->empty, 0);
	fake_run(owner->loop, 100);
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
		TEST(an_unusable_item_is_skipped_with_a_short_pause),
		TEST(an_unusable_item_that_comes_again_soon_is_paused_on),
		TEST(many_unusable_items_are_passed_before_the_first_comes_again),
		TEST(an_unusable_item_is_reported_once_in_ten_minutes),
		TEST(different_unusable_items_are_each_reported),
		TEST(unusable_items_do_not_make_a_queue_empty_while_others_come_with_them),
		TEST(a_queue_is_empty_when_unusable_items_come_round_again_alone),
		TEST(idle_is_told_once_and_then_every_five_minutes),
		TEST(idle_is_told_again_after_work),
		TEST(a_long_outage_is_told_now_and_then_and_its_end_once),
	};

	return cmocka_run_group_tests_name("poller items", tests, NULL, NULL);
}
