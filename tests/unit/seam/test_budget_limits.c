/* SPDX-License-Identifier: Apache-2.0 */
/* The promise that no minute exceeds the limit, and what becomes of it when the control plane asks
 * for less. With 600 a minute a full bucket holds 150 requests and gets 450 a minute. */
#include "base/cleanup.h"
#include "budget_fixture.h"
#include "io/loop.h"
#include "unit/unit.h"

#include <string.h>

#define ASKERS	  200
#define MINUTE_MS ((uint64_t)60000)

/* --- any minute --------------------------------------------------------------------------------
 */

/* Askers of all classes that come back sooner or later, and a quarter of an hour's lull now and
 * then for the bucket to fill. One ack at a time for each eighth-of-a-bucket's worth of work. */
static void assert_limit_is_kept(struct budget_fixture *f, int64_t limit)
{
	struct asker *askers = xcalloc(ASKERS, sizeof(*askers));
	uint64_t step_ms = limit >= 60 ? 20 : 500, lull_until_ms = 0;
	unsigned acks = 0;

	budget_of(f, limit);
	for (size_t i = 0; i < ASKERS; i++)
		asker_init(&askers[i], f);
	for (uint64_t ms = 0; ms < 60 * MINUTE_MS; ms += step_ms) {
		if (loop_random(f->loop, 0, 5 * MINUTE_MS / step_ms) == 0)
			lull_until_ms = ms + loop_random(f->loop, 0, 2 * MINUTE_MS);
		struct asker *asker = &askers[loop_random(f->loop, 0, ASKERS)];
		if (ms >= lull_until_ms && !asker->turn.budget)
			ask(asker, (enum budget_class)loop_random(f->loop, 0, 3));
		else if (loop_random(f->loop, 0, 50) == 0)
			budget_cancel(&asker->turn);
		if ((int64_t)acks < limit / 32 && loop_random(f->loop, 0, 20) == 0) {
			request_now(f);
			acks++;
		}
		if (ms % 10000 == 0)
			acks = 0;
		fake_run(f->loop, step_ms);
	}
	assert_true(f->start_count > (size_t)limit * 20); /* there was demand */
	assert_no_minute_exceeds(f, (size_t)limit);
	for (size_t i = 0; i < ASKERS; i++)
		budget_cancel(&askers[i].turn);
	free(askers);
}

static void in_no_minute_more_requests_than_the_limit_start(void **state)
{
	static const int64_t limits[] = {1, 2, 3, 4, 7, 10, 32, 60, 100, 600, 1000};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		assert_limit_is_kept(*state, limits[i]);
}

static void asks_without_end_get_three_quarters_of_the_limit_for_good(void **state)
{
	struct budget_fixture *f = *state;
	struct asker askers[10];

	budget_of(f, 600);
	for (size_t i = 0; i < ARRAY_SIZE(askers); i++)
		asker_init(&askers[i], f);
	for (unsigned ms = 0; ms < 10 * MINUTE_MS; ms += 10) {
		for (size_t i = 0; i < ARRAY_SIZE(askers); i++)
			if (!askers[i].turn.budget)
				ask(&askers[i], BUDGET_WORK);
		fake_run(f->loop, 10);
	}
	assert_no_minute_exceeds(f, 600);
	assert_in_range(f->start_count, 10 * 450 + 132 - 1, 10 * 450 + 132);
}

/* --- less, when asked to -----------------------------------------------------------------------
 */

/* The control plane refuses a request that is sent now. */
static void refuse_request(struct budget_fixture *f, uint64_t retry_after_ms)
{
	budget_slow(f->budget, "env_1", loop_now_ms(f->loop), retry_after_ms);
}

static uint64_t until_next_poll(struct budget_fixture *f, enum budget_class class)
{
	struct asker asker;
	uint64_t asked_ms = loop_now_ms(f->loop);

	asker_init(&asker, f);
	ask(&asker, class);
	while (asker.turns == 0)
		fake_run(f->loop, 1);
	return asker.at_ms - asked_ms;
}

static void a_refusal_holds_up_all_polls_for_as_long_as_it_says(void **state)
{
	for (enum budget_class class = BUDGET_WORK; class <= BUDGET_IDLE; class ++) {
		budget_of(*state, 600);
		refuse_request(*state, 7000);
		assert_int_equal(until_next_poll(*state, class), 7000);
	}
}

static void a_refusal_that_does_not_say_holds_them_up_for_a_second(void **state)
{
	budget_of(*state, 600);
	refuse_request(*state, 0);
	assert_int_equal(until_next_poll(*state, BUDGET_WORK), 1000);
}

static void a_shorter_refusal_takes_nothing_from_a_longer_one(void **state)
{
	budget_of(*state, 600);
	refuse_request(*state, 7000);
	refuse_request(*state, 2000);
	assert_int_equal(until_next_poll(*state, BUDGET_WORK), 7000);
}

/* Polls in `ms` of askers that all have work. */
static size_t polls_in(struct budget_fixture *f, uint64_t ms)
{
	struct asker askers[10];
	size_t before = f->start_count;

	for (size_t i = 0; i < ARRAY_SIZE(askers); i++)
		asker_init(&askers[i], f);
	for (uint64_t end_ms = loop_now_ms(f->loop) + ms; loop_now_ms(f->loop) < end_ms;) {
		for (size_t i = 0; i < ARRAY_SIZE(askers); i++)
			if (!askers[i].turn.budget)
				ask(&askers[i], BUDGET_WORK);
		fake_run(f->loop, 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(askers); i++)
		budget_cancel(&askers[i].turn);
	return f->start_count - before;
}

static void afterwards_even_a_full_bucket_goes_half_as_fast(void **state)
{
	struct budget_fixture *f = *state;

	budget_of(f, 600);
	refuse_request(f, 1000);
	fake_run(f->loop, 1000);
	assert_in_range(polls_in(f, 10000), 50, 51);
}

static void what_there_is_then_goes_to_work_before_idle_polls(void **state)
{
	struct budget_fixture *f = *state;
	struct asker idle, worker;

	budget_of(f, 600);
	refuse_request(f, 1000);
	asker_init(&idle, f);
	asker_init(&worker, f);
	ask(&idle, BUDGET_IDLE);
	ask(&worker, BUDGET_WORK);
	fake_run(f->loop, 1000);
	assert_int_equal(worker.turns, 1);
	assert_int_equal(idle.turns, 0);
	fake_run(f->loop, 200);
	assert_int_equal(idle.turns, 1);
}

static void a_bucket_in_use_is_filled_half_as_fast(void **state)
{
	struct budget_fixture *f = *state;

	budget_of(f, 600);
	use_up(f, 132);
	refuse_request(f, 0);
	fake_run(f->loop, 0);
	assert_in_range(polls_in(f, 20000), 74, 75);
}

static void every_further_refusal_halves_the_rate_down_to_a_sixteenth(void **state)
{
	static const size_t polls[] = {50, 25, 12, 6, 6, 6};
	struct budget_fixture *f = *state;

	budget_of(f, 600);
	for (size_t i = 0; i < ARRAY_SIZE(polls); i++) {
		refuse_request(f, 1000);
		fake_run(f->loop, 1000);
		assert_in_range(polls_in(f, 10000), polls[i], polls[i] + 1);
	}
}

static void a_burst_of_refusals_is_one(void **state)
{
	struct budget_fixture *f = *state;
	uint64_t sent_ms = loop_now_ms(f->loop);

	budget_of(f, 600);
	for (int i = 0; i < 100; i++) {
		budget_slow(f->budget, "env_1", sent_ms, 1000);
		fake_run(f->loop, 10);
	}
	fake_run(f->loop, 990);
	assert_in_range(polls_in(f, 10000), 50, 51);
	assert_int_equal(captured_log_count(&f->log, "slowed", "warning", "env_1"), 1);
	assert_int_equal(captured_log_count(&f->log, "slowed", NULL, NULL), 1);
}

static void every_quiet_minute_doubles_the_rate_until_it_is_what_it_was(void **state)
{
	struct budget_fixture *f = *state;

	budget_of(f, 600);
	for (int i = 0; i < 4; i++) {
		refuse_request(f, 1000);
		fake_run(f->loop, 1000);
	}
	fake_run(f->loop, 59000);
	assert_in_range(polls_in(f, 1000), 0, 1);
	fake_run(f->loop, 0);
	assert_in_range(polls_in(f, 10000), 12, 13);
	fake_run(f->loop, 50000);
	assert_in_range(polls_in(f, 10000), 25, 26);
	fake_run(f->loop, 50000);
	assert_in_range(polls_in(f, 10000), 50, 51);
	assert_int_equal(captured_log_count(&f->log, "recovered", NULL, NULL), 0);
	fake_run(f->loop, 50000);
	assert_int_equal(captured_log_count(&f->log, "recovered", "info", NULL), 1);
	assert_in_range(polls_in(f, 0) + polls_in(f, 1000), 100, 140);
	fake_run(f->loop, 60 * MINUTE_MS);
	assert_int_equal(captured_log_count(&f->log, "recovered", NULL, NULL), 1);
}

static void the_minute_is_quiet_only_after_the_last_refusal(void **state)
{
	struct budget_fixture *f = *state;

	budget_of(f, 600);
	refuse_request(f, 1000);
	fake_run(f->loop, 60000);
	refuse_request(f, 1000);
	fake_run(f->loop, 60999);
	assert_int_equal(captured_log_count(&f->log, "recovered", NULL, NULL), 0);
	fake_run(f->loop, 60001);
	assert_int_equal(captured_log_count(&f->log, "recovered", NULL, NULL), 1);
}

static void a_refusal_that_comes_very_late_begins_anew(void **state)
{
	struct budget_fixture *f = *state;
	uint64_t sent_ms = loop_now_ms(f->loop);

	budget_of(f, 600);
	refuse_request(f, 1000);
	fake_run(f->loop, 10 * MINUTE_MS);
	budget_slow(f->budget, "env_1", sent_ms, 1000);
	fake_run(f->loop, 10 * MINUTE_MS);
	assert_int_equal(captured_log_count(&f->log, "slowed", "warning", NULL), 2);
	assert_int_equal(captured_log_count(&f->log, "recovered", NULL, NULL), 2);
}

static void without_a_limit_the_slower_rate_is_over(void **state)
{
	struct budget_fixture *f = *state;

	budget_of(f, 600);
	refuse_request(f, 60000);
	budget_set_limit(f->budget, 0);
	assert_int_equal(until_next_poll(f, BUDGET_IDLE), 0);
	budget_set_limit(f->budget, 600);
	assert_int_equal(until_next_poll(f, BUDGET_IDLE), 0);
	assert_in_range(until_next_poll(f, BUDGET_IDLE), 99, 100); /* not 200 */
	fake_run(f->loop, 10 * MINUTE_MS);
	assert_int_equal(captured_log_count(&f->log, "recovered", NULL, NULL), 0);
}

static void another_limit_is_slowed_as_the_one_before(void **state)
{
	struct budget_fixture *f = *state;

	budget_of(f, 600);
	refuse_request(f, 1000);
	budget_set_limit(f->budget, 300);
	fake_run(f->loop, 1000);
	assert_in_range(polls_in(f, 10000), 25, 26);
}

static void acks_go_while_polls_are_held_up_and_are_counted(void **state)
{
	struct budget_fixture *f = *state;

	budget_of(f, 60);
	refuse_request(f, 1000);
	for (int i = 0; i < 15; i++)
		request_now(f);
	assert_true(until_next_poll(f, BUDGET_WORK) > 1000);
}

static void the_log_says_until_when_and_at_what_rate(void **state)
{
	struct budget_fixture *f = *state;

	budget_of(f, 600);
	refuse_request(f, 7000);
	_cleanup_(json_putp) struct json_object *slowed = captured_log_last(&f->log, "slowed");
	assert_string_equal(json_get_string(slowed, "until"), "2026-11-22T10:00:07.000Z");
	assert_string_equal(json_get_string(slowed, "rate"), "300/min");
	fake_run(f->loop, 10 * MINUTE_MS);
	_cleanup_(json_putp) struct json_object *recovered =
		captured_log_last(&f->log, "recovered");
	assert_string_equal(json_get_string(recovered, "rate"), "600/min");
	assert_null(json_get_string(recovered, "until"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, budget_set_up, budget_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(in_no_minute_more_requests_than_the_limit_start),
		TEST(asks_without_end_get_three_quarters_of_the_limit_for_good),
		TEST(a_refusal_holds_up_all_polls_for_as_long_as_it_says),
		TEST(a_refusal_that_does_not_say_holds_them_up_for_a_second),
		TEST(a_shorter_refusal_takes_nothing_from_a_longer_one),
		TEST(afterwards_even_a_full_bucket_goes_half_as_fast),
		TEST(what_there_is_then_goes_to_work_before_idle_polls),
		TEST(a_bucket_in_use_is_filled_half_as_fast),
		TEST(every_further_refusal_halves_the_rate_down_to_a_sixteenth),
		TEST(a_burst_of_refusals_is_one),
		TEST(every_quiet_minute_doubles_the_rate_until_it_is_what_it_was),
		TEST(the_minute_is_quiet_only_after_the_last_refusal),
		TEST(a_refusal_that_comes_very_late_begins_anew),
		TEST(without_a_limit_the_slower_rate_is_over),
		TEST(another_limit_is_slowed_as_the_one_before),
		TEST(acks_go_while_polls_are_held_up_and_are_counted),
		TEST(the_log_says_until_when_and_at_what_rate),
	};

	return cmocka_run_group_tests_name("budget limits", tests, NULL, NULL);
}
