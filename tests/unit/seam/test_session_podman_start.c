/* SPDX-License-Identifier: Apache-2.0 */
/* A start on Podman that fails, ends at once, or is cut off: never twice, never without its limits.
 */
#include "base/text.h"
#include "engine/engine.h"
#include "session_world.h"

static void run(struct session_world *world, uint64_t ms)
{
	world_launch(world);
	fake_run(world->loop, ms);
}

static void whose_start_fails_is_looked_at_and_prepared_anew_before_another(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world_fault(&world, (struct fault){.op = "start", .times = 1, .status = 500});
	run(&world, 60000);
	assert_string_equal(world.calls, "create prepare inspect ack start inspect inspect prepare "
					 "inspect start list inspect remove");
	assert_int_equal(world.starts, 1);
	world_done(&world);
}

static void whose_start_and_second_preparation_fail_once_each_is_started_all_the_same(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world_fault(&world, (struct fault){.op = "start", .times = 1, .status = 500});
	world_fault(&world, (struct fault){.op = "prepare", .after = 1, .times = 1, .status = 500});
	run(&world, 60000);
	assert_int_equal(world.starts, 1);
	assert_int_equal(world.force_stopped, 0);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

static void whose_start_works_and_nobody_heard_of_it_is_not_made_ready_again(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world.exit_code = 7;
	world_fault(&world, (struct fault){.op = "start",
					   .times = 1,
					   .outcome = HTTP_NO_REPLY,
					   .takes_effect = true});
	world_fault(
		&world,
		(struct fault){.op = "inspect", .after = 1, .times = 3, .outcome = HTTP_NOT_SENT});
	run(&world, 120000);
	assert_int_equal(world_count(&world, "prepare"), 1);
	assert_int_equal(world.starts, 1);
	assert_int_equal(world.recorded_exit_code, 7);
	world_done(&world);
}

static void that_ends_at_once_was_started_all_the_same(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world.exits_after_ms = 1;
	world.exit_code = 3;
	world.stops_its_item = true;
	world_launch(&world);
	fake_run(world.loop, 60000);
	assert_int_equal(world.failed, 0);
	assert_int_equal(world.starts, 1);
	assert_int_equal(world.recorded_exit_code, 3);
	world_done(&world);
}

static void whose_start_fails_and_works_all_the_same_is_not_started_again(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world_fault(&world, (struct fault){.op = "start", .status = 500, .takes_effect = true});
	run(&world, 60000);
	assert_string_equal(world.calls,
			    "create prepare inspect ack start inspect list inspect remove");
	assert_int_equal(world.launched, 1);
	world_done(&world);
}

/* A start of it would run it once more. */
static void whose_start_fails_and_which_has_ended_by_then_is_not_started_again(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world.beats_after_ms = 1;
	world.exits_after_ms = 5;
	world_fault(&world,
		    (struct fault){
			    .op = "start", .status = 500, .takes_effect = true, .after_ms = 100});
	run(&world, 60000);
	assert_int_equal(world_count(&world, "start"), 1);
	assert_int_equal(world_count(&world, "prepare"), 1);
	assert_int_equal(world.records > 0, 1);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

/* The start that failed was not the only one under way. */
static void that_runs_by_the_time_it_is_prepared_anew_is_not_started_again(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world_fault(&world, (struct fault){.op = "start", .times = 1, .status = 500});
	world_launch(&world);
	fake_run(world.loop, 20);
	assert_string_equal(world.calls, "create prepare inspect ack start inspect");
	world.container.status = CONTAINER_RUNNING;
	world.container.started_at_ms = loop_wall_ms(world.loop);
	fake_run(world.loop, 10000);
	assert_int_equal(world_count(&world, "start"), 1);
	assert_int_equal(world.launched, 1);
	assert_int_equal(world.session->state, SESSION_RUNNING);
	world_done(&world);
}

static void that_lost_its_limits_before_a_second_start_is_not_started(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world_fault(&world, (struct fault){.op = "start", .times = 1, .status = 500});
	world_launch(&world);
	fake_run(world.loop, 10);
	assert_true(world_has(&world, "start"));
	fake_process()->limits.memory_bytes = PROCESS_UNLIMITED;
	fake_run(world.loop, 60000);
	assert_string_equal(world.calls, "create prepare inspect ack start inspect inspect prepare "
					 "inspect list stop remove");
	assert_int_equal(world.force_stopped, 1);
	assert_int_equal(world.starts, 0);
	world_done(&world);
}

/* It is acked, slowly, and what waited for its start ends meanwhile. */
static void lose_what_was_prepared(struct session_world *world)
{
	world_init_podman(world);
	world->exits_after_ms = 0;
	world_fault(world,
		    (struct fault){.op = "ack", .status = 500, .times = 1, .takes_effect = true});
	world_launch(world);
	fake_run(world->loop, 20);
	assert_string_equal(world->calls, "create prepare inspect ack");
	fake_process_end();
	world->container.is_prepared = false;
}

static void whose_process_ended_before_its_start_is_prepared_and_followed_anew(void **state)
{
	struct session_world world;

	(void)state;
	lose_what_was_prepared(&world);
	fake_run(world.loop, 60000);
	assert_true(text_starts_with(world.calls,
				     "create prepare inspect ack ack inspect prepare inspect "
				     "start "));
	assert_int_equal(world.starts, 1);
	assert_int_equal(world.session->state, SESSION_RUNNING);
	assert_int_equal(world.session->process.pid, fake_process()->pid);
	assert_true(session_may_run(world.session));
	world_done(&world);
}

static void whose_process_ended_before_its_start_is_not_started_without_its_limits(void **state)
{
	struct session_world world;

	(void)state;
	lose_what_was_prepared(&world);
	world.limits.memory_bytes = PROCESS_UNLIMITED;
	fake_run(world.loop, 60000);
	assert_int_equal(world.starts, 0);
	assert_int_equal(world.force_stopped, 1);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

/* It runs, and the service that came after says that it waits for its start, and refuses one. */
static void begin_with_a_start_that_is_cut_off(struct session_world *world)
{
	world_init_podman(world);
	world->cuts_off_start = true;
	world_fault(world, (struct fault){.op = "start",
					  .times = 1,
					  .outcome = HTTP_NO_REPLY,
					  .takes_effect = true});
}

static void whose_start_was_cut_off_with_the_service_is_left_running(void **state)
{
	struct session_world world;

	(void)state;
	begin_with_a_start_that_is_cut_off(&world);
	world.exits_after_ms = 0;
	run(&world, 300000);
	assert_string_equal(world.calls, "create prepare inspect ack start inspect list");
	assert_int_equal(world.session->state, SESSION_RUNNING);
	assert_true(session_may_run(world.session));
	world_done(&world);
}

static void whose_start_was_cut_off_ends_with_an_unknown_code(void **state)
{
	struct session_world world;

	(void)state;
	begin_with_a_start_that_is_cut_off(&world);
	run(&world, 60000);
	assert_int_equal(world.starts, 1);
	assert_int_equal(world.ended, 1);
	assert_int_equal(world.recorded_exit_code, -1);
	world_done(&world);
}

static void whose_start_never_works_is_given_up_and_force_stopped(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world_fault(&world, (struct fault){.op = "start", .status = 500});
	run(&world, 300000);
	assert_int_equal(world_count(&world, "start"), 5);
	assert_int_equal(world.force_stopped, 1);
	assert_int_equal(world.ended, 1);
	assert_null(world.container.request);
	world_done(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whose_start_fails_is_looked_at_and_prepared_anew_before_another),
		cmocka_unit_test(
			whose_start_and_second_preparation_fail_once_each_is_started_all_the_same),
		cmocka_unit_test(whose_start_works_and_nobody_heard_of_it_is_not_made_ready_again),
		cmocka_unit_test(that_ends_at_once_was_started_all_the_same),
		cmocka_unit_test(whose_start_fails_and_works_all_the_same_is_not_started_again),
		cmocka_unit_test(
			whose_start_fails_and_which_has_ended_by_then_is_not_started_again),
		cmocka_unit_test(that_runs_by_the_time_it_is_prepared_anew_is_not_started_again),
		cmocka_unit_test(that_lost_its_limits_before_a_second_start_is_not_started),
		cmocka_unit_test(
			whose_process_ended_before_its_start_is_prepared_and_followed_anew),
		cmocka_unit_test(
			whose_process_ended_before_its_start_is_not_started_without_its_limits),
		cmocka_unit_test(whose_start_was_cut_off_with_the_service_is_left_running),
		cmocka_unit_test(whose_start_was_cut_off_ends_with_an_unknown_code),
		cmocka_unit_test(whose_start_never_works_is_given_up_and_force_stopped),
	};

	return cmocka_run_group_tests_name("a start on podman", tests, NULL, NULL);
}
