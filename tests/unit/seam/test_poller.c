/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "poller_owner.h"
#include "unit/unit.h"

#include <string.h>

/* --- pacing -------------------------------------------------------------------------------------
 */

static void nothing_is_polled_before_the_first_wake(void **state)
{
	struct owner *owner = *state;

	fake_run(owner->loop, 100000);
	assert_int_equal(owner_polls(owner), 0);
	assert_int_equal(owner->taken, 0);
	assert_true(poller_is_idle(owner->poller));
}

static void a_slot_is_taken_before_each_poll(void **state)
{
	struct owner *owner = *state;

	owner->slots = 0;
	owner_start(owner);
	fake_run(owner->loop, 100000);
	assert_int_equal(owner_polls(owner), 0);
	owner->slots = 1;
	poller_wake(owner->poller);
	fake_run(owner->loop, 0);
	assert_int_equal(owner_polls(owner), 1);
	assert_int_equal(owner->slots, 0);
}

static void the_settings_reach_the_request(void **state)
{
	struct owner *owner = *state;

	owner->settings.block_ms = 500;
	owner->settings.reclaim_older_than_ms = 2000;
	owner_start(owner);
	assert_non_null(
		strstr(fake_sent(owner->loop, 0)->url, "&block_ms=500&reclaim_older_than_ms=2000"));
}

static void a_poll_does_not_wait_for_work_where_others_want_its_slot(void **state)
{
	struct owner *owner = *state;

	owner->others_wait = true;
	owner_reply_empty(owner, 1);
	owner_start(owner);
	assert_null(strstr(fake_sent(owner->loop, 0)->url, "block_ms"));
	owner->others_wait = false;
	fake_run(owner->loop, 3000);
	assert_non_null(strstr(fake_sent(owner->loop, 1)->url, "&block_ms=999"));
}

static void after_an_item_the_next_poll_follows_at_once(void **state)
{
	struct owner *owner = *state;

	owner_reply_body(owner, ITEM("work_1"));
	owner_reply_body(owner, ITEM("work_2"));
	owner_start(owner);
	assert_int_equal(owner_polls(owner), 3);
	assert_int_equal(owner->claimed, 2);
	assert_string_equal(owner->last_id, "work_2");
	assert_int_equal(owner->taken, 3);
	assert_int_equal(owner->released, 0);
}

static void an_item_offered_over_and_over_makes_no_hot_loop(void **state)
{
	struct owner *owner = *state;

	owner->settings.idle_min_ms = owner->settings.idle_max_ms = 0;
	owner_reply_body(owner, ITEM("work_1"));
	owner_reply_body(owner, ITEM("work_1"));
	owner_reply_body(owner, REFUSE("work_1"));
	owner_reply_body(owner, ITEM("work_2"));
	owner_start(owner);
	fake_run(owner->loop, 10000);
	assert_int_equal(owner->claimed + owner->refused, 4);
	assert_int_equal(owner_pause_before(owner, 1), 0);
	assert_int_equal(owner_pause_before(owner, 2), 1000);
	assert_int_equal(owner_pause_before(owner, 3), 1000);
	assert_int_equal(owner_pause_before(owner, 4), 0);
}

static void claims_end_with_the_slots_and_go_on_when_one_is_free(void **state)
{
	struct owner *owner = *state;

	owner->slots = 2;
	owner_reply_body(owner, ITEM("work_1"));
	owner_reply_body(owner, ITEM("work_2"));
	owner_reply_body(owner, ITEM("work_3"));
	owner_reply_body(owner, ITEM("work_4"));
	owner_start(owner);
	fake_run(owner->loop, 100000);
	assert_int_equal(owner->claimed, 2);
	assert_int_equal(owner_polls(owner), 2);
	owner->slots = 1;
	poller_wake(owner->poller);
	fake_run(owner->loop, 100000);
	assert_int_equal(owner->claimed, 3);
	assert_int_equal(owner_polls(owner), 3);
}

static void an_empty_poll_is_told_and_gives_the_slot_back(void **state)
{
	struct owner *owner = *state;

	owner_reply_empty(owner, 3);
	owner_start(owner);
	fake_run(owner->loop, 9500);
	assert_int_equal(owner->empty, 3);
	assert_int_equal(owner->released, 3);
}

static void idle_waits_are_spread_between_their_bounds(void **state)
{
	struct owner *owner = *state;
	uint64_t least = UINT64_MAX, most = 0;

	owner_reply_empty(owner, 400);
	owner_start(owner);
	fake_run(owner->loop, (uint64_t)400 * 3000);
	assert_int_equal(owner->empty, 400);
	for (size_t i = 1; i <= 400; i++) {
		uint64_t pause = owner_pause_before(owner, i);
		assert_in_range(pause, 1500, 3000);
		least = pause < least ? pause : least;
		most = pause > most ? pause : most;
	}
	assert_in_range(least, 1500, 1600);
	assert_in_range(most, 2900, 3000);
}

static void waking_does_not_shorten_a_wait(void **state)
{
	struct owner *owner = *state;

	fake_chance(owner->loop, FAKE_LOWEST);
	owner_reply_empty(owner, 2);
	owner_start(owner);
	for (int i = 0; i < 14; i++) {
		fake_run(owner->loop, 100);
		poller_wake(owner->poller);
		poller_wake(owner->poller);
	}
	assert_int_equal(owner_polls(owner), 1);
	fake_run(owner->loop, 100);
	assert_int_equal(owner_polls(owner), 2);
	poller_wake(owner->poller);
	fake_run(owner->loop, 1499);
	assert_int_equal(owner_polls(owner), 2);
}

static void without_idle_wait_a_poll_follows_at_once_on_one_that_was_held(void **state)
{
	struct owner *owner = *state;

	owner->settings.idle_min_ms = 0;
	for (int i = 0; i < 3; i++)
		fake_reply(owner->loop,
			   (struct fake_reply){.status = 200, .body = "null", .after_ms = 999});
	owner_start(owner);
	fake_run(owner->loop, 3 * 999);
	assert_int_equal(owner->empty, 3);
	assert_int_equal(owner_polls(owner), 4);
}

static void without_idle_wait_a_poll_that_is_not_held_makes_no_hot_loop(void **state)
{
	struct owner *owner = *state;

	owner->settings.idle_min_ms = 0;
	owner_reply_empty(owner, 3);
	owner_start(owner);
	fake_run(owner->loop, 1000);
	assert_int_equal(owner->empty, 3);
	for (size_t i = 1; i <= 3; i++)
		assert_int_equal(owner_pause_before(owner, i), 100);
}

/* --- trouble ------------------------------------------------------------------------------------
 */

static void assert_backoff(struct owner *owner, enum fake_chance chance, uint64_t numerator)
{
	static const uint64_t whole_ms[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};

	fake_chance(owner->loop, chance);
	for (size_t i = 0; i < ARRAY_SIZE(whole_ms); i++)
		owner_reply_status(owner, 500);
	owner_start(owner);
	fake_run(owner->loop, 400000);
	for (size_t i = 0; i < ARRAY_SIZE(whole_ms); i++)
		assert_int_equal(owner_pause_before(owner, i + 1),
				 numerator == 2 ? whole_ms[i] : whole_ms[i] / 2 + 1);
	assert_slots_are_back(owner);
}

static void backoff_doubles_up_to_a_minute_at_most(void **state)
{
	assert_backoff(*state, FAKE_HIGHEST, 2);
}

static void backoff_is_more_than_half_of_that_at_least(void **state)
{
	assert_backoff(*state, FAKE_LOWEST, 1);
}

static void every_kind_of_trouble_backs_off_and_never_ends(void **state)
{
	static const struct fake_reply troubles[] = {
		{.status = 301},
		{.status = 408},
		{.status = 409},
		{.status = 429},
		{.status = 500},
		{.status = 503},
		{.status = 529},
		{.status = 700},
		{.outcome = HTTP_NOT_SENT},
		{.outcome = HTTP_NO_REPLY},
		{.outcome = HTTP_TOO_LARGE},
		{.status = 200, .body = "{"},
		{.status = 200, .body = "[]"},
		{.status = 200, .body = "<html>"},
	};
	struct owner *owner = *state;

	fake_chance(owner->loop, FAKE_LOWEST);
	for (size_t i = 0; i < ARRAY_SIZE(troubles); i++)
		fake_reply(owner->loop, troubles[i]);
	owner_reply_body(owner, ITEM("work_1"));
	owner_start(owner);
	fake_run(owner->loop, 3600000);
	for (size_t i = 1; i <= ARRAY_SIZE(troubles); i++)
		assert_true(owner_pause_before(owner, i) > 500);
	assert_int_equal(owner->claimed, 1);
	assert_int_equal(owner->failed + owner->rejected, 0);
	assert_int_equal(owner->empty, 0);
}

static void trouble_for_years_still_backs_off_a_minute(void **state)
{
	struct owner *owner = *state;

	fake_chance(owner->loop, FAKE_HIGHEST);
	for (int i = 0; i < 5000; i++)
		owner_reply_status(owner, 503);
	owner_start(owner);
	fake_run(owner->loop, (uint64_t)5000 * 60000);
	assert_int_equal(owner_pause_before(owner, 64), 60000);
	assert_int_equal(owner_pause_before(owner, 4990), 60000);
}

static void trouble_is_told_with_its_number_in_a_row(void **state)
{
	struct owner *owner = *state;

	fake_chance(owner->loop, FAKE_HIGHEST);
	owner_reply_status(owner, 503);
	owner_reply_status(owner, 429);
	owner_reply_empty(owner, 1);
	owner_reply_status(owner, 500);
	owner_start(owner);
	assert_int_equal(owner->trouble, 1);
	assert_string_equal(owner->why.text, "poll: HTTP 503");
	fake_run(owner->loop, 1000);
	assert_int_equal(owner->trouble, 2);
	fake_run(owner->loop, 5000);
	assert_int_equal(owner->trouble, 1);
	assert_slots_are_back(owner);
}

static void any_success_ends_the_backoff(void **state)
{
	struct owner *owner = *state;

	fake_chance(owner->loop, FAKE_HIGHEST);
	owner_reply_status(owner, 500);
	owner_reply_status(owner, 500);
	owner_reply_body(owner, "null");
	owner_reply_status(owner, 500);
	owner_start(owner);
	fake_run(owner->loop, 20000);
	assert_int_equal(owner_pause_before(owner, 1), 1000);
	assert_int_equal(owner_pause_before(owner, 2), 2000);
	assert_int_equal(owner_pause_before(owner, 3), 3000);
	assert_int_equal(owner_pause_before(owner, 4), 1000);
}

static void assert_pause(struct owner *owner, const char *retry_after, uint64_t pause_ms)
{
	size_t before = owner_polls(owner);

	fake_reply(owner->loop, (struct fake_reply){.status = 429, .headers = retry_after});
	owner_reply_body(owner, "null");
	if (before == 0)
		owner_start(owner);
	fake_run(owner->loop, 3000 + pause_ms);
	assert_int_equal(owner_pause_before(owner, before == 0 ? 1 : before), pause_ms);
}

static void retry_after_is_waited_for(void **state)
{
	fake_chance(((struct owner *)*state)->loop, FAKE_HIGHEST);
	assert_pause(*state, "retry-after: 7\n", 7000);
}

static void retry_after_may_be_a_date(void **state)
{
	fake_chance(((struct owner *)*state)->loop, FAKE_HIGHEST);
	assert_pause(*state, "retry-after: Sun, 22 Nov 2026 10:00:30 GMT\n", 30000);
}

static void retry_after_is_waited_for_five_minutes_at_most(void **state)
{
	fake_chance(((struct owner *)*state)->loop, FAKE_HIGHEST);
	assert_pause(*state, "retry-after: 100000\n", 300000);
}

static void retry_after_never_shortens_the_backoff(void **state)
{
	struct owner *owner = *state;

	fake_chance(owner->loop, FAKE_HIGHEST);
	owner_reply_status(owner, 500);
	owner_reply_status(owner, 500);
	owner_reply_status(owner, 500);
	fake_reply(owner->loop, (struct fake_reply){.status = 429, .headers = "retry-after: 1\n"});
	owner_start(owner);
	fake_run(owner->loop, 60000);
	assert_int_equal(owner_pause_before(owner, 4), 8000);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, owner_set_up, owner_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(nothing_is_polled_before_the_first_wake),
		TEST(a_slot_is_taken_before_each_poll),
		TEST(the_settings_reach_the_request),
		TEST(a_poll_does_not_wait_for_work_where_others_want_its_slot),
		TEST(after_an_item_the_next_poll_follows_at_once),
		TEST(an_item_offered_over_and_over_makes_no_hot_loop),
		TEST(claims_end_with_the_slots_and_go_on_when_one_is_free),
		TEST(an_empty_poll_is_told_and_gives_the_slot_back),
		TEST(idle_waits_are_spread_between_their_bounds),
		TEST(waking_does_not_shorten_a_wait),
		TEST(without_idle_wait_a_poll_follows_at_once_on_one_that_was_held),
		TEST(without_idle_wait_a_poll_that_is_not_held_makes_no_hot_loop),
		TEST(backoff_doubles_up_to_a_minute_at_most),
		TEST(backoff_is_more_than_half_of_that_at_least),
		TEST(every_kind_of_trouble_backs_off_and_never_ends),
		TEST(trouble_for_years_still_backs_off_a_minute),
		TEST(trouble_is_told_with_its_number_in_a_row),
		TEST(any_success_ends_the_backoff),
		TEST(retry_after_is_waited_for),
		TEST(retry_after_may_be_a_date),
		TEST(retry_after_is_waited_for_five_minutes_at_most),
		TEST(retry_after_never_shortens_the_backoff),
	};

	return cmocka_run_group_tests_name("poller", tests, NULL, NULL);
}
