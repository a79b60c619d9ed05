/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that end the polls: a key that is rejected, and requests that are refused. */
#include "base/cleanup.h"
#include "poller_owner.h"
#include "unit/unit.h"

#include <string.h>

static void assert_rejection_stops(struct owner *owner, long status)
{
	owner_reply_status(owner, status);
	owner_start(owner);
	fake_run(owner->loop, 3600000);
	assert_int_equal(owner->rejected, 1);
	assert_int_equal(owner->why.kind, ERR_REFUSED);
	assert_int_equal(owner_polls(owner), 1);
	assert_slots_are_back(owner);
	assert_true(poller_is_idle(owner->poller));
	poller_wake(owner->poller);
	fake_run(owner->loop, 3600000);
	assert_int_equal(owner_polls(owner), 1);
}

static void status_401_with_the_same_key_stops(void **state)
{
	assert_rejection_stops(*state, 401);
}

static void status_403_with_the_same_key_stops(void **state)
{
	assert_rejection_stops(*state, 403);
}

static void status_404_with_the_same_key_stops(void **state)
{
	assert_rejection_stops(*state, 404);
}

static void a_rotated_key_is_used_at_once(void **state)
{
	struct owner *owner = *state;

	owner->keys_left = 1;
	owner_reply_status(owner, 401);
	owner_reply_body(owner, ITEM("work_1"));
	owner_start(owner);
	assert_int_equal(owner->rejected, 1);
	assert_int_equal(owner->claimed, 1);
	assert_string_equal(fake_sent(owner->loop, 0)->bearer, "old-key");
	assert_string_equal(fake_sent(owner->loop, 1)->bearer, "new-key");
}

static void a_rotated_key_that_is_rejected_too_stops(void **state)
{
	struct owner *owner = *state;

	owner->keys_left = 1;
	owner_reply_status(owner, 401);
	owner_reply_status(owner, 401);
	owner_start(owner);
	fake_run(owner->loop, 3600000);
	assert_int_equal(owner->rejected, 2);
	assert_int_equal(owner_polls(owner), 2);
	assert_slots_are_back(owner);
}

static void a_key_that_changes_all_the_time_makes_no_hot_loop(void **state)
{
	struct owner *owner = *state;

	fake_chance(owner->loop, FAKE_HIGHEST);
	owner->keys_left = 4;
	for (int i = 0; i < 5; i++)
		owner_reply_status(owner, 401);
	owner_start(owner);
	fake_run(owner->loop, 3600000);
	assert_int_equal(owner_polls(owner), 5);
	assert_int_equal(owner_pause_before(owner, 1), 0);
	assert_int_equal(owner_pause_before(owner, 2), 1000);
	assert_int_equal(owner_pause_before(owner, 3), 2000);
	assert_int_equal(owner_pause_before(owner, 4), 4000);
}

static void after_a_success_a_key_may_be_rotated_again(void **state)
{
	struct owner *owner = *state;

	owner->keys_left = 2;
	owner_reply_status(owner, 401);
	owner_reply_body(owner, ITEM("work_1"));
	owner_reply_status(owner, 401);
	owner_reply_body(owner, ITEM("work_2"));
	owner_start(owner);
	assert_int_equal(owner->claimed, 2);
}

static void assert_failure_stops(struct owner *owner, struct fake_reply reply)
{
	fake_reply(owner->loop, reply);
	owner_start(owner);
	fake_run(owner->loop, 3600000);
	assert_int_equal(owner->failed, 1);
	assert_true(strlen(owner->why.text) > 0);
	assert_int_equal(owner_polls(owner), 1);
	assert_slots_are_back(owner);
	poller_wake(owner->poller);
	fake_run(owner->loop, 3600000);
	assert_int_equal(owner_polls(owner), 1);
}

static void status_400_stops(void **state)
{
	assert_failure_stops(*state, (struct fake_reply){.status = 400});
}

static void status_402_stops(void **state)
{
	assert_failure_stops(*state, (struct fake_reply){.status = 402});
}

static void status_412_stops(void **state)
{
	assert_failure_stops(*state, (struct fake_reply){.status = 412});
}

static void status_422_stops(void **state)
{
	assert_failure_stops(*state, (struct fake_reply){.status = 422});
}

static void a_url_that_is_not_allowed_stops(void **state)
{
	assert_failure_stops(*state, (struct fake_reply){.outcome = HTTP_FORBIDDEN});
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, owner_set_up, owner_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(status_401_with_the_same_key_stops),
		TEST(status_403_with_the_same_key_stops),
		TEST(status_404_with_the_same_key_stops),
		TEST(a_rotated_key_is_used_at_once),
		TEST(a_rotated_key_that_is_rejected_too_stops),
		TEST(a_key_that_changes_all_the_time_makes_no_hot_loop),
		TEST(after_a_success_a_key_may_be_rotated_again),
		TEST(status_400_stops),
		TEST(status_402_stops),
		TEST(status_412_stops),
		TEST(status_422_stops),
		TEST(a_url_that_is_not_allowed_stops),
	};

	return cmocka_run_group_tests_name("poller refused", tests, NULL, NULL);
}
