/* SPDX-License-Identifier: Apache-2.0 */
/* What the calls to the queue tell the budget. */
#include "base/cleanup.h"
#include "captured_log.h"
#include "io/loop.h"
#include "queue/budget.h"
#include "queue_fixture.h"
#include "unit/unit.h"

#define RETRY_AFTER_10 "retry-after: 10\n"

static bool note_time(void *arg)
{
	struct queue_fixture *f = arg;

	f->turn_ms = loop_now_ms(f->loop);
	return true;
}

/* How long a poll has to wait for its turn from now on. */
static uint64_t wait_for_turn(struct queue_fixture *f)
{
	struct budget_turn turn;
	uint64_t now = loop_now_ms(f->loop);

	budget_turn_init(&turn, note_time, f);
	budget_wait(f->peer.budget, &turn, BUDGET_WORK, now);
	fake_run(f->loop, 600000);
	assert_null(turn.budget);
	return f->turn_ms - now;
}

/* Makes the call on a budget of its own, which has one request and gets another every 20 s if
 * `limit` is 4. */
static uint64_t wait_after_call(void **state, int64_t limit, enum which which,
				struct fake_reply reply)
{
	struct captured_log log;
	struct queue_fixture *f;

	captured_log_begin(&log);
	(void)queue_set_up(state);
	f = *state;
	f->peer.budget = budget_new(f->loop, limit);
	fake_reply(f->loop, reply);
	call_start(f, which);
	fake_run(f->loop, 0);
	assert_int_equal(f->done_count, 1);
	uint64_t wait_ms = wait_for_turn(f);
	f->peer.budget = budget_free(f->peer.budget);
	(void)queue_tear_down(state);
	captured_log_end(&log);
	return wait_ms;
}

static void every_call_takes_a_request_of_the_budget(void **state)
{
	for (enum which which = POLL; which <= STATS; which++)
		assert_int_equal(
			wait_after_call(state, 4, which, (struct fake_reply){.status = 200}),
			20000);
}

static void status_429_on_any_call_slows_the_fleet(void **state)
{
	for (enum which which = POLL; which <= STATS; which++)
		assert_int_equal(wait_after_call(state, 600, which,
						 (struct fake_reply){.status = 429,
								     .headers = RETRY_AFTER_10}),
				 10000);
}

static void status_429_that_does_not_say_for_how_long_slows_it_for_a_second(void **state)
{
	assert_int_equal(wait_after_call(state, 600, ACK, (struct fake_reply){.status = 429}),
			 1000);
}

static void status_503_slows_the_fleet_if_it_says_for_how_long(void **state)
{
	assert_int_equal(
		wait_after_call(state, 600, LIST,
				(struct fake_reply){.status = 503, .headers = RETRY_AFTER_10}),
		10000);
	assert_int_equal(wait_after_call(state, 600, LIST, (struct fake_reply){.status = 503}), 0);
}

static void other_trouble_is_its_environments_own(void **state)
{
	static const struct fake_reply replies[] = {
		{.status = 408, .headers = RETRY_AFTER_10},
		{.status = 500, .headers = RETRY_AFTER_10},
		{.status = 401, .headers = RETRY_AFTER_10},
		{.status = 301, .headers = RETRY_AFTER_10},
		{.status = 200, .body = "{"},
		{.outcome = HTTP_NO_REPLY},
		{.outcome = HTTP_NOT_SENT},
	};

	for (size_t i = 0; i < ARRAY_SIZE(replies); i++)
		assert_int_equal(wait_after_call(state, 600, POLL, replies[i]), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_takes_a_request_of_the_budget),
		cmocka_unit_test(status_429_on_any_call_slows_the_fleet),
		cmocka_unit_test(status_429_that_does_not_say_for_how_long_slows_it_for_a_second),
		cmocka_unit_test(status_503_slows_the_fleet_if_it_says_for_how_long),
		cmocka_unit_test(other_trouble_is_its_environments_own),
	};

	return cmocka_run_group_tests_name("budget calls", tests, NULL, NULL);
}
