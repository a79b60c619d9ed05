/* SPDX-License-Identifier: Apache-2.0 */
/* Whose turn it is. With 600 a minute the bucket holds 150 requests, gets 7.5 a second, keeps 18
 * of them from polls and 75 from idle polls, and spreads what is spread by 100 ms. */
#include "base/cleanup.h"
#include "budget_fixture.h"
#include "io/loop.h"
#include "unit/unit.h"

#define FOR_POLLS 132 /* requests of a full bucket, 18 left */

static void a_lone_poll_goes_at_once_whatever_it_is_for(void **state)
{
	static const enum budget_class classes[] = {BUDGET_IDLE, BUDGET_SOON, BUDGET_WORK};

	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		struct asker asker;
		budget_of(*state, 600);
		asker_init(&asker, *state);
		ask(&asker, classes[i]);
		assert_int_equal(asker.turns, 0);
		fake_run(asker.f->loop, 0);
		assert_int_equal(asker.turns, 1);
	}
}

static void polls_after_work_go_at_once_until_the_bucket_is_empty_but_for_the_acks(void **state)
{
	struct budget_fixture *f = *state;
	struct asker asker;

	budget_of(f, 600);
	use_up(f, FOR_POLLS);
	asker_init(&asker, f);
	ask(&asker, BUDGET_WORK);
	fake_run(f->loop, 133);
	assert_int_equal(asker.turns, 0);
	fake_run(f->loop, 1);
	assert_int_equal(asker.turns, 1);
}

static void acks_are_never_held_up_and_polls_wait_until_their_debt_is_paid(void **state)
{
	struct budget_fixture *f = *state;
	struct asker asker;

	budget_of(f, 600);
	for (int i = 0; i < 165; i++)
		request_now(f);
	asker_init(&asker, f);
	ask(&asker, BUDGET_WORK);
	fake_run(f->loop, 34 * 1000 * 10 / 75); /* 15 in debt, 18 kept, and its own */
	assert_int_equal(asker.turns, 0);
	fake_run(f->loop, 1);
	assert_int_equal(asker.turns, 1);
}

static void idle_polls_leave_half_of_the_bucket_to_work(void **state)
{
	struct budget_fixture *f = *state;
	struct asker idle, worker;

	budget_of(f, 600);
	use_up(f, 75);
	asker_init(&idle, f);
	asker_init(&worker, f);
	ask(&idle, BUDGET_IDLE);
	fake_run(f->loop, 133);
	assert_int_equal(idle.turns, 0);
	ask(&worker, BUDGET_WORK);
	fake_run(f->loop, 1);
	assert_int_equal(worker.turns, 1);
	assert_int_equal(idle.turns, 0);
	fake_run(f->loop, 133);
	assert_int_equal(idle.turns, 1);
}

/* Whoever waits for nothing asks again, for what they ask for. */
static void keep_asking(struct asker *askers, size_t count, enum budget_class class)
{
	for (size_t i = 0; i < count; i++)
		if (!askers[i].turn.budget)
			ask(&askers[i], class);
}

static void an_idle_poll_is_due_after_27_seconds_whatever_work_there_is(void **state)
{
	struct budget_fixture *f = *state;
	struct asker idle, workers[50];

	budget_of(f, 600);
	use_up(f, FOR_POLLS);
	asker_init(&idle, f);
	for (size_t i = 0; i < ARRAY_SIZE(workers); i++)
		asker_init(&workers[i], f);
	uint64_t asked_ms = loop_now_ms(f->loop);
	ask(&idle, BUDGET_IDLE);
	for (unsigned ms = 0; ms < 40000; ms += 10) {
		keep_asking(workers, ARRAY_SIZE(workers), BUDGET_WORK);
		fake_run(f->loop, 10);
	}
	assert_int_equal(idle.turns, 1);
	assert_in_range(idle.at_ms - asked_ms, 27000, 27000 + 134);
}

static void where_the_limit_is_too_low_for_all_they_take_turns_work_or_not(void **state)
{
	struct budget_fixture *f = *state;
	struct asker idle[300], worker;
	unsigned least = 1000, most = 0;

	budget_of(f, 60); /* 45 a minute for good: a round takes 400 s */
	asker_init(&worker, f);
	for (size_t i = 0; i < ARRAY_SIZE(idle); i++)
		asker_init(&idle[i], f);
	for (unsigned second = 0; second < 4200; second++) {
		if (second == 600) /* the bucket and the first 27 s are behind them */
			worker.turns = 0;
		keep_asking(idle, ARRAY_SIZE(idle), BUDGET_IDLE);
		keep_asking(&worker, 1, BUDGET_WORK);
		fake_run(f->loop, 1000);
	}
	for (size_t i = 0; i < ARRAY_SIZE(idle); i++) {
		least = idle[i].turns < least ? idle[i].turns : least;
		most = idle[i].turns > most ? idle[i].turns : most;
	}
	assert_in_range(least, 10, 11);
	assert_in_range(most, 10, 11);
	assert_in_range(worker.turns, 8, 10);
}

static void who_is_due_goes_before_work_and_other_idle_polls_after_it(void **state)
{
	static const enum budget_class classes[] = {BUDGET_IDLE, BUDGET_WORK, BUDGET_SOON,
						    BUDGET_IDLE, BUDGET_WORK};
	static const size_t places[] = {3, 1, 0, 4, 2};
	struct budget_fixture *f = *state;
	struct asker askers[ARRAY_SIZE(classes)];

	budget_of(f, 600);
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		asker_init(&askers[i], f);
		ask(&askers[i], classes[i]);
	}
	fake_run(f->loop, 1000);
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		assert_int_equal(askers[i].place, places[i]);
}

static void first_polls_are_spread_evenly(void **state)
{
	struct budget_fixture *f = *state;
	struct asker askers[100];

	budget_of(f, 600);
	uint64_t begin_ms = loop_now_ms(f->loop);
	for (size_t i = 0; i < ARRAY_SIZE(askers); i++) {
		asker_init(&askers[i], f);
		ask(&askers[i], BUDGET_IDLE);
	}
	fake_run(f->loop, 30000);
	for (size_t i = 0; i < ARRAY_SIZE(askers); i++)
		assert_int_equal(askers[i].at_ms - begin_ms, 100 * i);
}

static void polls_that_became_due_together_are_spread_too(void **state)
{
	struct budget_fixture *f = *state;
	struct asker askers[20];

	budget_of(f, 600);
	use_up(f, FOR_POLLS);
	for (int i = 0; i < 75 + FOR_POLLS; i++)
		budget_charge(f->budget); /* so that none goes early, and all at once could */
	for (size_t i = 0; i < ARRAY_SIZE(askers); i++) {
		asker_init(&askers[i], f);
		ask(&askers[i], BUDGET_IDLE);
	}
	fake_run(f->loop, 60000);
	for (size_t i = 1; i < ARRAY_SIZE(askers); i++)
		assert_true(askers[i].at_ms - askers[i - 1].at_ms >= 100);
}

static void polls_after_work_are_not_spread(void **state)
{
	struct budget_fixture *f = *state;
	struct asker askers[100];

	budget_of(f, 600);
	for (size_t i = 0; i < ARRAY_SIZE(askers); i++) {
		asker_init(&askers[i], f);
		ask(&askers[i], BUDGET_WORK);
	}
	fake_run(f->loop, 0);
	assert_int_equal(f->start_count, 100);
}

static void a_turn_that_nobody_has_use_for_is_the_next_ones(void **state)
{
	struct budget_fixture *f = *state;
	struct asker askers[3];

	budget_of(f, 60);
	for (size_t i = 0; i < ARRAY_SIZE(askers); i++) {
		asker_init(&askers[i], f);
		askers[i].declines = i < 2;
		ask(&askers[i], BUDGET_IDLE);
	}
	fake_run(f->loop, 0); /* and it costs no pause either */
	for (size_t i = 0; i < ARRAY_SIZE(askers); i++)
		assert_int_equal(askers[i].turns, 1);
	assert_int_equal(f->start_count, 1);
}

static void what_is_spread_holds_up_no_work(void **state)
{
	struct budget_fixture *f = *state;
	struct asker askers[3], worker;

	budget_of(f, 60); /* 1 s apart */
	for (size_t i = 0; i < ARRAY_SIZE(askers); i++) {
		asker_init(&askers[i], f);
		ask(&askers[i], BUDGET_SOON);
	}
	fake_run(f->loop, 500);
	asker_init(&worker, f);
	ask(&worker, BUDGET_WORK);
	fake_run(f->loop, 0);
	assert_int_equal(worker.turns, 1);
	assert_int_equal(askers[1].turns, 0);
	fake_run(f->loop, 500);
	assert_int_equal(askers[1].turns, 1);
}

static void who_cancels_gets_no_turn_and_the_next_has_it(void **state)
{
	struct budget_fixture *f = *state;
	struct asker askers[4];

	budget_of(f, 60); /* 1 s apart */
	for (size_t i = 0; i < ARRAY_SIZE(askers); i++) {
		asker_init(&askers[i], f);
		ask(&askers[i], BUDGET_SOON);
	}
	fake_run(f->loop, 500);
	budget_cancel(&askers[1].turn);
	budget_cancel(&askers[2].turn);
	budget_cancel(&askers[2].turn);
	fake_run(f->loop, 500);
	assert_int_equal(askers[3].turns, 1);
	fake_run(f->loop, 60000);
	assert_int_equal(askers[1].turns + askers[2].turns, 0);
}

static void ask_again(void *arg)
{
	struct asker *asker = arg;

	if (asker->turns < 10)
		ask(asker, BUDGET_WORK);
}

static void who_has_a_turn_may_ask_for_the_next(void **state)
{
	struct budget_fixture *f = *state;
	struct asker asker;

	budget_of(f, 600);
	asker_init(&asker, f);
	asker.then = ask_again;
	ask(&asker, BUDGET_WORK);
	fake_run(f->loop, 0);
	assert_int_equal(asker.turns, 10);
}

static struct asker *gone[3];

static void clear_away(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(gone); i++) {
		budget_cancel(&gone[i]->turn);
		free(TAKE(gone[i]));
	}
}

static void who_has_a_turn_may_free_itself_and_others(void **state)
{
	struct budget_fixture *f = *state;

	budget_of(f, 600);
	for (size_t i = 0; i < ARRAY_SIZE(gone); i++) {
		gone[i] = xcalloc(1, sizeof(*gone[i]));
		asker_init(gone[i], f);
		gone[i]->then = clear_away;
		ask(gone[i], BUDGET_WORK);
	}
	fake_run(f->loop, 60000);
	assert_int_equal(f->start_count, 1);
}

static uint64_t last_due_ms;

static void note_due(void *arg)
{
	struct asker *asker = arg;

	assert_true(asker->turn.due_ms >= last_due_ms);
	last_due_ms = asker->turn.due_ms;
}

static void many_who_come_and_go_have_their_turns_in_order(void **state)
{
	struct budget_fixture *f = *state;
	struct asker *askers = xcalloc(1000, sizeof(*askers));
	unsigned waiting = 0, turns = 0;

	budget_of(f, 1);
	use_up(f, 1); /* nobody goes before all are there */
	last_due_ms = 0;
	for (size_t i = 0; i < 1000; i++) {
		asker_init(&askers[i], f);
		askers[i].declines = true;
		askers[i].then = note_due;
		budget_wait(f->budget, &askers[i].turn, BUDGET_SOON,
			    loop_now_ms(f->loop) - loop_random(f->loop, 0, 500));
		if (i % 3 == 2)
			budget_cancel(&askers[loop_random(f->loop, 0, i + 1)].turn);
	}
	for (size_t i = 0; i < 1000; i++)
		waiting += askers[i].turn.budget ? 1 : 0;
	fake_run(f->loop, 60000);
	for (size_t i = 0; i < 1000; i++)
		turns += askers[i].turns;
	assert_in_range(waiting, 667, 900);
	assert_int_equal(turns, waiting);
	free(askers);
}

static void without_a_limit_everybody_goes_at_once_told_to_slow_down_or_not(void **state)
{
	struct budget_fixture *f = *state;
	struct asker askers[100];

	budget_of(f, 0);
	budget_slow(f->budget, "env_1", loop_now_ms(f->loop), 60000);
	for (unsigned round = 1; round <= 100; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(askers); i++) {
			if (round == 1)
				asker_init(&askers[i], f);
			ask(&askers[i], (enum budget_class)(i % 3));
		}
		fake_run(f->loop, 0);
		assert_int_equal(f->start_count, 100 * round);
	}
	assert_int_equal(captured_log_count(&f->log, "slowed", NULL, NULL), 0);
}

static void a_higher_limit_is_used_at_once_by_those_who_wait(void **state)
{
	struct budget_fixture *f = *state;
	struct asker asker;

	budget_of(f, 4);
	use_up(f, 1);
	asker_init(&asker, f);
	ask(&asker, BUDGET_WORK); /* in 20 s */
	budget_set_limit(f->budget, 80);
	fake_run(f->loop, 2999); /* two kept and its own, at one a second */
	assert_int_equal(asker.turns, 0);
	fake_run(f->loop, 1);
	assert_int_equal(asker.turns, 1);
	ask(&asker, BUDGET_WORK);
	budget_set_limit(f->budget, 0);
	fake_run(f->loop, 0);
	assert_int_equal(asker.turns, 2);
}

static void a_lower_limit_leaves_no_more_in_the_bucket_than_it_holds(void **state)
{
	struct budget_fixture *f = *state;
	struct asker asker;

	budget_of(f, 600);
	budget_set_limit(f->budget, 8);
	use_up(f, 2);
	asker_init(&asker, f);
	ask(&asker, BUDGET_WORK);
	fake_run(f->loop, 9999);
	assert_int_equal(asker.turns, 0);
	fake_run(f->loop, 1);
	assert_int_equal(asker.turns, 1);
}

static void a_limit_where_there_was_none_begins_with_a_full_bucket(void **state)
{
	struct budget_fixture *f = *state;

	budget_of(f, 0);
	use_up(f, 1000);
	budget_set_limit(f->budget, 600);
	use_up(f, FOR_POLLS);
}

static void the_more_share_it_the_longer_each_may_wait_for_work(void **state)
{
	struct budget_fixture *f = *state;

	budget_of(f, 600);
	budget_join(f->budget);
	assert_int_equal(budget_idle_ms(f->budget), 200); /* 300 a minute */
	for (int i = 1; i < 10; i++)
		budget_join(f->budget);
	assert_int_equal(budget_idle_ms(f->budget), 2000);
	budget_leave(f->budget);
	assert_int_equal(budget_idle_ms(f->budget), 1800);
}

static void without_a_limit_idle_polls_have_a_pace_all_the_same(void **state)
{
	struct budget_fixture *f = *state;

	budget_of(f, 0);
	for (int i = 0; i < 100; i++)
		budget_join(f->budget);
	assert_int_equal(budget_idle_ms(f->budget), 2000); /* 3,000 a minute */
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, budget_set_up, budget_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_lone_poll_goes_at_once_whatever_it_is_for),
		TEST(polls_after_work_go_at_once_until_the_bucket_is_empty_but_for_the_acks),
		TEST(acks_are_never_held_up_and_polls_wait_until_their_debt_is_paid),
		TEST(idle_polls_leave_half_of_the_bucket_to_work),
		TEST(the_more_share_it_the_longer_each_may_wait_for_work),
		TEST(without_a_limit_idle_polls_have_a_pace_all_the_same),
		TEST(an_idle_poll_is_due_after_27_seconds_whatever_work_there_is),
		TEST(where_the_limit_is_too_low_for_all_they_take_turns_work_or_not),
		TEST(who_is_due_goes_before_work_and_other_idle_polls_after_it),
		TEST(first_polls_are_spread_evenly),
		TEST(polls_that_became_due_together_are_spread_too),
		TEST(polls_after_work_are_not_spread),
		TEST(a_turn_that_nobody_has_use_for_is_the_next_ones),
		TEST(what_is_spread_holds_up_no_work),
		TEST(who_cancels_gets_no_turn_and_the_next_has_it),
		TEST(who_has_a_turn_may_ask_for_the_next),
		TEST(who_has_a_turn_may_free_itself_and_others),
		TEST(many_who_come_and_go_have_their_turns_in_order),
		TEST(without_a_limit_everybody_goes_at_once_told_to_slow_down_or_not),
		TEST(a_higher_limit_is_used_at_once_by_those_who_wait),
		TEST(a_lower_limit_leaves_no_more_in_the_bucket_than_it_holds),
		TEST(a_limit_where_there_was_none_begins_with_a_full_bucket),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
