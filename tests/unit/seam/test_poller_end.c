/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "poller_owner.h"
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

/* --- ending -------------------------------------------------------------------------------------
 */

static void stopping_while_it_waits_ends_it_at_once(void **state)
{
	struct owner *owner = *state;

	owner_reply_body(owner, "null");
	owner_start(owner);
	poller_stop(owner->poller);
	assert_true(poller_is_idle(owner->poller));
	fake_run(owner->loop, 100000);
	poller_wake(owner->poller);
	fake_run(owner->loop, 100000);
	assert_int_equal(owner_polls(owner), 1);
}

static void stopping_before_the_first_wake_is_final(void **state)
{
	struct owner *owner = *state;

	poller_stop(owner->poller);
	poller_wake(owner->poller);
	fake_run(owner->loop, 100000);
	assert_int_equal(owner_polls(owner), 0);
}

static void stopping_while_it_wants_a_slot_is_final(void **state)
{
	struct owner *owner = *state;

	owner->slots = 0;
	owner_start(owner);
	poller_stop(owner->poller);
	owner->slots = 1;
	poller_wake(owner->poller);
	fake_run(owner->loop, 100000);
	assert_int_equal(owner->taken, 0);
}

/* Stops during a poll that is answered with `reply`. */
static void stop_under_way(struct owner *owner, struct fake_reply reply)
{
	reply.after_ms = 500;
	fake_reply(owner->loop, reply);
	owner_start(owner);
	poller_stop(owner->poller);
	assert_false(poller_is_idle(owner->poller));
	fake_run(owner->loop, 499);
	assert_false(poller_is_idle(owner->poller));
	fake_run(owner->loop, 100000);
	assert_true(poller_is_idle(owner->poller));
	assert_int_equal(owner_polls(owner), 1);
	assert_slots_are_back(owner);
}

static void the_item_of_a_poll_under_way_is_handed_over_after_stop(void **state)
{
	struct owner *owner = *state;

	stop_under_way(owner, (struct fake_reply){.status = 200, .body = ITEM("work_1")});
	assert_int_equal(owner->claimed, 1);
}

static void an_empty_poll_after_stop_is_the_last(void **state)
{
	struct owner *owner = *state;

	stop_under_way(owner, (struct fake_reply){.status = 204});
	assert_int_equal(owner->empty, 1);
}

static void trouble_after_stop_is_not_retried(void **state)
{
	struct owner *owner = *state;

	stop_under_way(owner, (struct fake_reply){.status = 500});
	assert_int_equal(owner_logged(owner, "paused", "warning"), 0);
}

static void a_rejection_after_stop_is_told_and_not_retried(void **state)
{
	struct owner *owner = *state;

	owner->keys_left = 1;
	stop_under_way(owner, (struct fake_reply){.status = 401});
	assert_int_equal(owner->rejected, 1);
}

static void an_unusable_item_after_stop_is_the_last(void **state)
{
	struct owner *owner = *state;

	stop_under_way(owner, (struct fake_reply){.status = 200, .body = BAD_ITEM("x")});
	assert_int_equal(owner_logged(owner, "skipped", "warning"), 1);
}

static void freeing_during_a_poll_cancels_it_and_gives_the_slot_back(void **state)
{
	struct owner *owner = *state;

	owner_start(owner);
	assert_int_equal(lane_in_flight(owner->peer.lane), 1);
	owner->poller = poller_free(owner->poller);
	assert_null(owner->poller);
	assert_int_equal(lane_in_flight(owner->peer.lane), 0);
	assert_int_equal(owner->released, 1);
	fake_run(owner->loop, 100000);
	assert_null(poller_free(NULL));
}

/* --- meddling from within the owner's functions -------------------------------------------------
 */

/* One case per callback: a poll that leads there. */
struct meddling {
	const char *name;
	enum callback callback;
	struct fake_reply reply;
};

static struct meddling meddlings[] = {
	{"take_slot", TAKE_SLOT, {.status = 204}},
	{"release_slot after an empty poll", RELEASE_SLOT, {.status = 204}},
	{"release_slot after trouble", RELEASE_SLOT, {.status = 500}},
	{"release_slot after a rejection", RELEASE_SLOT, {.status = 401}},
	{"release_slot after a failure", RELEASE_SLOT, {.status = 400}},
	{"release_slot after an unusable item",
	 RELEASE_SLOT,
	 {.status = 200, .body = BAD_ITEM("x")}},
	{"claimed", CLAIMED, {.status = 200, .body = ITEM("work_1")}},
	{"refused", REFUSED, {.status = 200, .body = REFUSE("work_1")}},
	{"empty", EMPTY, {.status = 204}},
	{"trouble", TROUBLE, {.status = 503}},
	{"rejected", REJECTED, {.status = 401}},
	{"failed", FAILED, {.status = 400}},
};

static struct owner *meddled(void **state, const struct meddling *meddling)
{
	struct owner *owner;

	(void)owner_set_up(state);
	owner = *state;
	owner->keys_left = 1;
	fake_reply(owner->loop, meddling->reply);
	return owner;
}

static void the_poller_may_be_freed_in(void **state)
{
	const struct meddling *meddling = *state;
	void *fixture;
	struct owner *owner = meddled(&fixture, meddling);

	owner->free_in = meddling->callback;
	owner_start(owner);
	fake_run(owner->loop, 100000);
	assert_null(owner->poller);
	assert_int_equal(owner_polls(owner), meddling->callback == TAKE_SLOT ? 0 : 1);
	assert_slots_are_back(owner);
	/* Freed is freed: whatever would have followed is not told any more. */
	if (meddling->callback == RELEASE_SLOT)
		assert_int_equal(owner->empty + owner->trouble + owner->rejected + owner->failed,
				 0);
	(void)owner_tear_down(&fixture);
}

static void the_poller_may_be_stopped_in(void **state)
{
	const struct meddling *meddling = *state;
	void *fixture;
	struct owner *owner = meddled(&fixture, meddling);

	owner->stop_in = meddling->callback;
	owner_start(owner);
	fake_run(owner->loop, 100000);
	assert_true(poller_is_idle(owner->poller));
	assert_int_equal(owner_polls(owner), meddling->callback == TAKE_SLOT ? 0 : 1);
	assert_slots_are_back(owner);
	(void)owner_tear_down(&fixture);
}

static void the_poller_may_be_woken_in(void **state)
{
	const struct meddling *meddling = *state;
	void *fixture;
	struct owner *owner = meddled(&fixture, meddling);

	fake_chance(owner->loop, FAKE_LOWEST);
	owner->wake_in = meddling->callback;
	owner_start(owner);
	/* A second poll may be under way; it is never more than that. */
	assert_in_range(lane_in_flight(owner->peer.lane), 0, 1);
	assert_in_range(owner_polls(owner), 1, 2);
	fake_run(owner->loop, 100);
	assert_in_range(owner_polls(owner), 1, 2);
	(void)owner_tear_down(&fixture);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, owner_set_up, owner_tear_down)

static const struct CMUnitTest plain_tests[] = {
	TEST(stopping_while_it_waits_ends_it_at_once),
	TEST(stopping_before_the_first_wake_is_final),
	TEST(stopping_while_it_wants_a_slot_is_final),
	TEST(the_item_of_a_poll_under_way_is_handed_over_after_stop),
	TEST(an_empty_poll_after_stop_is_the_last),
	TEST(trouble_after_stop_is_not_retried),
	TEST(a_rejection_after_stop_is_told_and_not_retried),
	TEST(an_unusable_item_after_stop_is_the_last),
	TEST(freeing_during_a_poll_cancels_it_and_gives_the_slot_back),
};

int main(void)
{
	static const struct {
		const char *sentence;
		CMUnitTestFunction function;
	} kinds[] = {
		{"the poller may be freed in", the_poller_may_be_freed_in},
		{"the poller may be stopped in", the_poller_may_be_stopped_in},
		{"the poller may be woken in", the_poller_may_be_woken_in},
	};
	struct CMUnitTest
		tests[ARRAY_SIZE(plain_tests) + ARRAY_SIZE(kinds) * ARRAY_SIZE(meddlings)] = {0};
	static char names[ARRAY_SIZE(kinds) * ARRAY_SIZE(meddlings)][80];
	size_t count = ARRAY_SIZE(plain_tests);

	memcpy(tests, plain_tests, sizeof(plain_tests));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++, count++) {
		struct meddling *meddling = &meddlings[i / ARRAY_SIZE(kinds)];
		(void)snprintf(names[i], sizeof(names[i]), "%s %s",
			       kinds[i % ARRAY_SIZE(kinds)].sentence, meddling->name);
		tests[count].name = names[i];
		tests[count].test_func = kinds[i % ARRAY_SIZE(kinds)].function;
		tests[count].initial_state = meddling;
	}
	return cmocka_run_group_tests_name("poller end", tests, NULL, NULL);
}
