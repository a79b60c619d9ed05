/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a poller is heard: what a watchdog goes by. */
#include "poller_owner.h"
#include "unit/unit.h"

/* A poll that is held for 999 ms, its 15 s, and at most 4 s of back-off before the next one. */
#define HANG_MS 16000u

static void assert_pulse(const struct owner *owner, enum poller_pulse pulse)
{
	assert_int_equal(poller_pulse(owner->poller), pulse);
}

static void one_that_was_never_woken_rests(void **state)
{
	assert_pulse(*state, POLLER_RESTS);
}

static void one_that_waits_for_a_slot_rests(void **state)
{
	struct owner *owner = *state;

	owner->slots = 0;
	owner_start(owner);
	fake_run(owner->loop, 600000);
	assert_pulse(owner, POLLER_RESTS);
}

static void one_that_finds_nothing_for_hours_is_heard(void **state)
{
	struct owner *owner = *state;

	owner_reply_empty(owner, 900);
	owner_start(owner);
	for (unsigned i = 0; i < 100; i++) {
		fake_run(owner->loop, 9000);
		assert_pulse(owner, POLLER_HEARD);
	}
}

static void one_whose_polls_hang_goes_unheard_with_the_third(void **state)
{
	struct owner *owner = *state;

	owner_start(owner); /* without replies each poll ends at its timeout */
	while (owner_polls(owner) < 3) {
		assert_pulse(owner, POLLER_HEARD);
		fake_run(owner->loop, 500);
	}
	fake_run(owner->loop, HANG_MS - 1000);
	assert_pulse(owner, POLLER_HEARD);
	fake_run(owner->loop, 1000);
	assert_pulse(owner, POLLER_UNHEARD);
	fake_run(owner->loop, 3600000);
	assert_pulse(owner, POLLER_UNHEARD);
}

/* How it is heard when each poll, from the first on, is answered like this. */
static void assert_heard_by(struct owner *owner, struct fake_reply reply)
{
	for (unsigned i = 0; i < 100; i++)
		fake_reply(owner->loop, reply);
	owner_start(owner);
	fake_run(owner->loop, 300000);
	assert_in_range(owner_polls(owner), POLLER_UNHEARD_POLLS + 1, 100);
	assert_pulse(owner, POLLER_HEARD);
}

static void an_answer_of_any_status_is_one(void **state)
{
	assert_heard_by(*state, (struct fake_reply){.status = 503, .after_ms = 15000});
}

static void an_answer_that_is_no_json_is_one(void **state)
{
	assert_heard_by(*state,
			(struct fake_reply){.status = 200, .body = "<html>", .after_ms = 15000});
}

static void a_long_retry_after_is_an_answer(void **state)
{
	struct owner *owner = *state;

	fake_reply(owner->loop,
		   (struct fake_reply){.status = 429, .headers = "retry-after: 300\n"});
	owner_start(owner);
	fake_run(owner->loop, 299000);
	assert_int_equal(owner_polls(owner), 1);
	assert_pulse(owner, POLLER_HEARD);
	assert_true(poller_is_backing_off(owner->poller));
}

static void a_network_that_is_down_is_no_news_of_the_poller(void **state)
{
	assert_heard_by(*state, (struct fake_reply){.outcome = HTTP_NOT_SENT, .after_ms = 5000});
}

static void a_connection_that_is_cut_at_once_is_none_either(void **state)
{
	assert_heard_by(*state, (struct fake_reply){.outcome = HTTP_NO_REPLY, .after_ms = 100});
}

static void the_first_answer_ends_it(void **state)
{
	struct owner *owner = *state;

	owner_start(owner);
	fake_run(owner->loop, 120000);
	assert_pulse(owner, POLLER_UNHEARD);
	owner_reply_status(owner, 500);
	size_t polls = owner_polls(owner);
	while (owner_polls(owner) <= polls)
		fake_run(owner->loop, 500);
	assert_pulse(owner, POLLER_HEARD);
	fake_run(owner->loop, 240000);
	assert_pulse(owner, POLLER_UNHEARD);
}

static void the_count_is_of_polls_in_a_row(void **state)
{
	struct owner *owner = *state;
	static const struct fake_reply hang = {.outcome = HTTP_NO_REPLY, .after_ms = 16000},
				       empty = {.status = 200, .body = "null"};

	for (unsigned i = 0; i < 20; i++)
		fake_reply(owner->loop, i % POLLER_UNHEARD_POLLS == 0 ? empty : hang);
	owner_start(owner);
	while (owner_polls(owner) < 20) {
		fake_run(owner->loop, 500);
		assert_pulse(owner, POLLER_HEARD);
	}
}

static void one_that_has_stopped_rests(void **state)
{
	struct owner *owner = *state;

	owner_start(owner);
	fake_run(owner->loop, 120000);
	assert_pulse(owner, POLLER_UNHEARD);
	poller_stop(owner->poller);
	fake_run(owner->loop, 60000);
	assert_pulse(owner, POLLER_RESTS);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, owner_set_up, owner_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(one_that_was_never_woken_rests),
		TEST(one_that_waits_for_a_slot_rests),
		TEST(one_that_finds_nothing_for_hours_is_heard),
		TEST(one_whose_polls_hang_goes_unheard_with_the_third),
		TEST(an_answer_of_any_status_is_one),
		TEST(an_answer_that_is_no_json_is_one),
		TEST(a_long_retry_after_is_an_answer),
		TEST(a_network_that_is_down_is_no_news_of_the_poller),
		TEST(a_connection_that_is_cut_at_once_is_none_either),
		TEST(the_first_answer_ends_it),
		TEST(the_count_is_of_polls_in_a_row),
		TEST(one_that_has_stopped_rests),
	};

	return cmocka_run_group_tests_name("poller pulse", tests, NULL, NULL);
}
