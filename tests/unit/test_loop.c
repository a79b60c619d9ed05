/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "io/loop.h"
#include "unit.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MANY 10000

/* What the timers of a test write their letters into. */
struct trace {
	struct loop *loop;
	char letters[64];
	unsigned count;
};

struct lettered {
	struct timer timer;
	struct trace *trace;
	char letter;
	struct lettered *victim; /* cancelled when this one fires */
};

static int set_up(void **state)
{
	struct trace *trace = xcalloc(1, sizeof(*trace));

	*state = trace;
	return loop_new(&trace->loop, NULL);
}

static int tear_down(void **state)
{
	struct trace *trace = *state;

	loop_free(trace->loop);
	free(trace);
	return 0;
}

static void write_letter(void *arg)
{
	struct lettered *lettered = arg;
	struct trace *trace = lettered->trace;

	if (trace->count < sizeof(trace->letters) - 1)
		trace->letters[trace->count] = lettered->letter;
	trace->count++;
	if (lettered->victim)
		timer_cancel(&lettered->victim->timer);
}

static void stop(void *arg)
{
	loop_stop(arg);
}

static void arm(struct lettered *lettered, struct trace *trace, uint64_t delay_ms, char letter)
{
	lettered->trace = trace;
	lettered->letter = letter;
	timer_arm(&lettered->timer, trace->loop, delay_ms, write_letter, lettered);
}

static void run_for(struct trace *trace, uint64_t ms)
{
	struct timer end = {0};

	timer_arm(&end, trace->loop, ms, stop, trace->loop);
	assert_int_equal(loop_run(trace->loop, NULL), 0);
}

static void timer_fires_once_and_not_before_its_time(void **state)
{
	struct trace *trace = *state;
	struct lettered a = {0};
	struct timer end = {0};

	arm(&a, trace, 10, 'a');
	run_for(trace, 150);
	assert_string_equal(trace->letters, "a");
	assert_null(a.timer.source);

	uint64_t start_ms = loop_now_ms(trace->loop);
	timer_arm(&end, trace->loop, 30, stop, trace->loop);
	assert_int_equal(loop_run(trace->loop, NULL), 0);
	assert_in_range(loop_now_ms(trace->loop) - start_ms, 29, 2000);
}

static void timers_fire_in_the_order_of_their_deadlines(void **state)
{
	struct trace *trace = *state;
	struct lettered a = {0}, b = {0}, c = {0};

	arm(&c, trace, 200, 'c');
	arm(&a, trace, 10, 'a');
	arm(&b, trace, 100, 'b');
	run_for(trace, 350);
	assert_string_equal(trace->letters, "abc");
}

static void timer_without_delay_fires_soon_but_not_while_it_is_armed(void **state)
{
	struct trace *trace = *state;
	struct lettered a = {0};

	arm(&a, trace, 0, 'a');
	assert_string_equal(trace->letters, "");
	run_for(trace, 100);
	assert_string_equal(trace->letters, "a");
}

static void cancelled_timer_never_fires(void **state)
{
	struct trace *trace = *state;
	struct lettered a = {0}, b = {0};

	arm(&a, trace, 5, 'a');
	arm(&b, trace, 10, 'b');
	timer_cancel(&a.timer);
	timer_cancel(&a.timer);
	run_for(trace, 150);
	assert_string_equal(trace->letters, "b");
}

static void cancelling_a_timer_that_was_never_armed_is_harmless(void **state)
{
	struct timer timer = {0};

	(void)state;
	timer_cancel(&timer);
	assert_null(timer.source);
}

static void arming_again_moves_the_deadline_and_the_function_runs_once(void **state)
{
	struct trace *trace = *state;
	struct lettered a = {0}, b = {0};

	arm(&a, trace, 5, 'a');
	arm(&b, trace, 60, 'b');
	arm(&a, trace, 150, 'A');
	run_for(trace, 300);
	assert_string_equal(trace->letters, "bA");
}

static void due_timer_can_be_cancelled_by_one_that_fires_first(void **state)
{
	struct trace *trace = *state;
	struct lettered a = {0}, b = {.victim = &a};
	const struct timespec pause = {.tv_nsec = 5000000};

	arm(&b, trace, 0, 'b');
	arm(&a, trace, 1, 'a');
	(void)nanosleep(&pause, NULL); /* both are due now */
	run_for(trace, 100);
	assert_string_equal(trace->letters, "b");
}

static void arm_again(void *arg)
{
	struct lettered *lettered = arg;

	write_letter(lettered);
	assert_null(lettered->timer.source);
	if (lettered->trace->count < 3)
		timer_arm(&lettered->timer, lettered->trace->loop, 0, arm_again, lettered);
}

static void function_may_arm_its_own_timer_again(void **state)
{
	struct trace *trace = *state;
	struct lettered a = {.trace = trace, .letter = 'a'};

	timer_arm(&a.timer, trace->loop, 0, arm_again, &a);
	run_for(trace, 100);
	assert_string_equal(trace->letters, "aaa");
}

static void free_owner(void *arg)
{
	struct lettered *lettered = arg;

	write_letter(lettered);
	free(lettered);
}

static void function_may_free_the_owner_of_its_timer(void **state)
{
	struct trace *trace = *state;
	struct lettered *a = xcalloc(1, sizeof(*a));

	*a = (struct lettered){.trace = trace, .letter = 'a'};
	timer_arm(&a->timer, trace->loop, 0, free_owner, a);
	run_for(trace, 100);
	assert_string_equal(trace->letters, "a");
}

static void work_then_arm(void *arg)
{
	struct lettered *lettered = arg;
	const struct timespec work = {.tv_nsec = 60000000};

	(void)nanosleep(&work, NULL);
	timer_arm(&lettered->timer, lettered->trace->loop, 30, stop, lettered->trace->loop);
}

static void delay_counts_from_arming_even_at_the_end_of_a_long_function(void **state)
{
	struct trace *trace = *state;
	struct lettered a = {.trace = trace};
	uint64_t start_ms = loop_now_ms(trace->loop);

	timer_arm(&a.timer, trace->loop, 0, work_then_arm, &a);
	assert_int_equal(loop_run(trace->loop, NULL), 0);
	assert_in_range(loop_now_ms(trace->loop) - start_ms, 89, 3000);
}

static void delay_beyond_the_clock_never_ends(void **state)
{
	struct trace *trace = *state;
	struct lettered a = {0}, b = {0};

	arm(&a, trace, UINT64_MAX, 'a');
	arm(&b, trace, UINT64_MAX / 1000 + 1, 'b');
	run_for(trace, 20);
	assert_string_equal(trace->letters, "");
	timer_cancel(&a.timer);
	timer_cancel(&b.timer);
}

static void ten_thousand_timers_are_cheap(void **state)
{
	struct trace *trace = *state;
	struct lettered *many = xcalloc(MANY, sizeof(*many));
	uint64_t start_ms = loop_now_ms(trace->loop);

	for (unsigned i = 0; i < MANY; i++)
		arm(&many[i], trace, 3600000 + i % 97, 'x');
	for (unsigned round = 0; round < 5; round++)
		for (unsigned i = 0; i < MANY; i++)
			arm(&many[i], trace, 3600000 + i % 89, 'x');
	for (unsigned i = 0; i < MANY; i += 2)
		timer_cancel(&many[i].timer);
	for (unsigned i = 1; i < MANY; i += 2)
		arm(&many[i], trace, i % 20, 'x');
	run_for(trace, 300);
	assert_int_equal(trace->count, MANY / 2);
	assert_in_range(loop_now_ms(trace->loop) - start_ms, 0, 5000);
	free(many);
}

static void stopping_before_running_ends_the_run_at_once_and_only_that_one(void **state)
{
	struct trace *trace = *state;
	struct lettered a = {0};

	arm(&a, trace, 0, 'a');
	loop_stop(trace->loop);
	assert_int_equal(loop_run(trace->loop, NULL), 0);
	assert_string_equal(trace->letters, "");
	run_for(trace, 100);
	assert_string_equal(trace->letters, "a");
}

static void clocks_tell_the_time_in_milliseconds(void **state)
{
	struct trace *trace = *state;
	const struct timespec pause = {.tv_nsec = 20000000};
	uint64_t before_ms = loop_now_ms(trace->loop);
	int64_t wall_ms = loop_wall_ms(trace->loop);

	(void)nanosleep(&pause, NULL);
	assert_in_range(loop_now_ms(trace->loop) - before_ms, 19, 2000);
	assert_in_range((uint64_t)(loop_wall_ms(trace->loop) - wall_ms), 15, 2000);
	assert_in_range(wall_ms / 1000, time(NULL) - 2, time(NULL) + 1);
}

static void random_numbers_stay_in_their_range_and_reach_all_of_it(void **state)
{
	struct trace *trace = *state;
	unsigned seen[10] = {0};

	for (unsigned i = 0; i < 10000; i++) {
		uint64_t value = loop_random(trace->loop, 5, 15);
		assert_in_range(value, 5, 14);
		seen[value - 5]++;
	}
	for (unsigned i = 0; i < 10; i++)
		assert_in_range(seen[i], 800, 1200);
}

static void random_number_from_an_empty_range_is_its_start(void **state)
{
	struct trace *trace = *state;

	assert_int_equal(loop_random(trace->loop, 7, 7), 7);
	assert_int_equal(loop_random(trace->loop, 7, 3), 7);
	assert_int_equal(loop_random(trace->loop, 7, 8), 7);
}

static void two_loops_draw_different_numbers(void **state)
{
	struct trace *trace = *state;
	struct loop *other = NULL;

	assert_int_equal(loop_new(&other, NULL), 0);
	assert_true(loop_random(trace->loop, 0, UINT64_MAX) != loop_random(other, 0, UINT64_MAX));
	loop_free(other);
}

static void count_signal(void *arg)
{
	struct trace *trace = arg;

	trace->count++;
	loop_stop(trace->loop);
}

static void signal_calls_its_function_in_the_loop(void **state)
{
	struct trace *trace = *state;

	assert_int_equal(loop_on_signal(trace->loop, SIGHUP, count_signal, trace, NULL), 0);
	assert_int_equal(raise(SIGHUP), 0);
	assert_int_equal(trace->count, 0);
	assert_int_equal(loop_run(trace->loop, NULL), 0);
	assert_int_equal(trace->count, 1);
	assert_int_equal(raise(SIGHUP), 0);
	assert_int_equal(loop_run(trace->loop, NULL), 0);
	assert_int_equal(trace->count, 2);
}

static void signals_of_the_loop_are_blocked_from_the_start_and_sigpipe_is_ignored(void **state)
{
	static const int blocked[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1};
	struct sigaction action;
	sigset_t set;

	(void)state;
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &set), 0);
	for (size_t i = 0; i < ARRAY_SIZE(blocked); i++)
		assert_true(sigismember(&set, blocked[i]));
	assert_int_equal(sigaction(SIGPIPE, NULL, &action), 0);
	assert_true(action.sa_handler == SIG_IGN);
}

static void watching_a_signal_twice_or_none_is_a_bug_of_the_caller(void **state)
{
	struct trace *trace = *state;
	struct err err = {0};

	assert_int_equal(loop_on_signal(trace->loop, SIGUSR1, count_signal, trace, &err), 0);
	assert_true(loop_on_signal(trace->loop, SIGUSR1, count_signal, trace, &err) < 0);
	assert_int_equal(err.kind, ERR_BUG);
	err = (struct err){0};
	assert_true(loop_on_signal(trace->loop, 4711, count_signal, trace, &err) < 0);
	assert_int_equal(err.kind, ERR_BUG);
	assert_non_null(strstr(err.text, "4711"));
}

static void freeing_no_loop_is_harmless(void **state)
{
	(void)state;
	assert_null(loop_free(NULL));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(timer_fires_once_and_not_before_its_time),
		TEST(timers_fire_in_the_order_of_their_deadlines),
		TEST(timer_without_delay_fires_soon_but_not_while_it_is_armed),
		TEST(cancelled_timer_never_fires),
		TEST(cancelling_a_timer_that_was_never_armed_is_harmless),
		TEST(arming_again_moves_the_deadline_and_the_function_runs_once),
		TEST(due_timer_can_be_cancelled_by_one_that_fires_first),
		TEST(function_may_arm_its_own_timer_again),
		TEST(function_may_free_the_owner_of_its_timer),
		TEST(delay_counts_from_arming_even_at_the_end_of_a_long_function),
		TEST(delay_beyond_the_clock_never_ends),
		TEST(ten_thousand_timers_are_cheap),
		TEST(stopping_before_running_ends_the_run_at_once_and_only_that_one),
		TEST(clocks_tell_the_time_in_milliseconds),
		TEST(random_numbers_stay_in_their_range_and_reach_all_of_it),
		TEST(random_number_from_an_empty_range_is_its_start),
		TEST(two_loops_draw_different_numbers),
		TEST(signal_calls_its_function_in_the_loop),
		TEST(signals_of_the_loop_are_blocked_from_the_start_and_sigpipe_is_ignored),
		TEST(watching_a_signal_twice_or_none_is_a_bug_of_the_caller),
		TEST(freeing_no_loop_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
