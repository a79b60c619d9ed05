/* SPDX-License-Identifier: Apache-2.0 */
/* A launch that fails, before and after the ack, and items that are refused. */
#include "session_world.h"

static void run(struct session_world *world, uint64_t ms)
{
	world_launch(world);
	fake_run(world->loop, ms);
}

static void assert_left_in_the_queue(const struct session_world *world)
{
	assert_int_equal(world->ended, 1);
	assert_int_equal(world->slots_freed, 1);
	assert_int_equal(world->item.state, WORK_QUEUED);
	assert_false(world_has(world, "start"));
	assert_false(world_has(world, "stop"));
	assert_null(world->container.request);
}

static void whose_create_fails_leaves_the_item_in_the_queue(void **state)
{
	static const long statuses[] = {500, 404, 400, 429};

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct session_world world;
		world_init(&world);
		world_fault(&world, (struct fault){.op = "create", .status = statuses[i]});
		run(&world, 60000);
		assert_left_in_the_queue(&world);
		assert_false(world_has(&world, "ack"));
		assert_int_equal(world.blame, BLAME_ENVIRONMENT);
		world_done(&world);
	}
}

static void whose_created_container_nobody_told_of_leaves_none_behind(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world_fault(&world,
		    (struct fault){.op = "create", .outcome = HTTP_NO_REPLY, .takes_effect = true});
	run(&world, 60000);
	assert_left_in_the_queue(&world);
	world_done(&world);
}

static void that_takes_too_long_is_acked_early_and_carried_on(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world_fault(&world, (struct fault){.op = "create",
					   .status = 201,
					   .body = "{\"Id\":\"" WORLD_ID "\"}",
					   .takes_effect = true,
					   .after_ms = 10000});
	world_launch(&world);
	fake_run(world.loop, 3500);
	assert_int_equal(world.item.state, WORK_STARTING);
	assert_string_equal(world.calls, "create ack");
	fake_run(world.loop, 60000);
	assert_string_equal(world.calls, "create ack inspect start inspect list inspect remove");
	world_done(&world);
}

static void that_fails_after_an_early_ack_is_force_stopped_and_leaves_no_container(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world_fault(&world, (struct fault){.op = "create",
					   .outcome = HTTP_NO_REPLY,
					   .takes_effect = true,
					   .after_ms = 10000});
	world_fault(&world, (struct fault){.op = "inspect", .times = 8, .status = 500});
	run(&world, 300000);
	assert_int_equal(world.ended, 1);
	assert_int_equal(world.force_stopped, 1);
	assert_int_equal(world.incomplete, 1);
	assert_null(world.container.request);
	world_done(&world);
}

static void whose_name_is_taken_by_an_old_container_replaces_it(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world_leave_container(&world, CONTAINER_CREATED);
	run(&world, 60000);
	assert_string_equal(
		world.calls,
		"create inspect remove create inspect ack start inspect list inspect remove");
	world_done(&world);
}

static void whose_name_is_taken_and_nobodys_waits_in_between_and_leaves_the_offer(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world_fault(&world, (struct fault){.op = "create",
					   .status = 409,
					   .body = "{\"message\":\"the name is in use\"}"});
	run(&world, 60000);
	assert_left_in_the_queue(&world);
	assert_false(world_has(&world, "ack"));
	assert_true(world_count(&world, "create") < 10);
	assert_int_equal(world.blame, BLAME_NOBODY);
	world_done(&world);
}

static void whose_ack_is_not_answered_is_looked_up(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world_fault(&world,
		    (struct fault){.op = "ack", .outcome = HTTP_NO_REPLY, .takes_effect = true});
	run(&world, 60000);
	assert_string_equal(world.calls,
			    "create inspect ack ack ack list start inspect inspect list remove");
	world_done(&world);
}

static void whose_ack_is_refused_counts_as_not_launched(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world_fault(&world, (struct fault){.op = "ack", .status = 400});
	run(&world, 60000);
	assert_left_in_the_queue(&world);
	assert_int_equal(world.incomplete, 1);
	world_done(&world);
}

static void whose_item_is_gone_says_nothing_of_the_key(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world.keys_left = 1;
	world_fault(&world, (struct fault){.op = "ack", .status = 404});
	run(&world, 60000);
	assert_int_equal(world.ended, 1);
	assert_int_equal(world.keys_left, 1);
	assert_int_equal(world_count(&world, "ack"), 1);
	world_done(&world);
}

static void that_another_host_has_is_not_started(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world.item = (struct world_item){.state = WORK_ACTIVE,
					 .acknowledged_at_ms = 1795341600000,
					 .latest_heartbeat_at_ms = 1795341600500};
	run(&world, 60000);
	assert_string_equal(world.calls, "create inspect ack remove");
	assert_int_equal(world.item.state, WORK_ACTIVE);
	world_done(&world);
}

static void whose_start_fails_for_good_is_force_stopped(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world_fault(&world, (struct fault){.op = "start", .status = 400});
	run(&world, 60000);
	assert_string_equal(world.calls, "create inspect ack start inspect list stop remove");
	assert_int_equal(world.incomplete, 1);
	world_done(&world);
}

static void whose_start_is_never_answered_is_given_up_and_force_stopped(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world_fault(&world,
		    (struct fault){.op = "start", .outcome = HTTP_NO_REPLY, .after_ms = 60000});
	run(&world, 600000);
	assert_int_equal(world.ended, 1);
	assert_int_equal(world.force_stopped, 1);
	assert_int_equal(world.slots_freed, 1);
	world_done(&world);
}

static void whose_started_container_nobody_told_of_goes_on(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world_fault(&world,
		    (struct fault){.op = "start", .outcome = HTTP_NO_REPLY, .takes_effect = true});
	run(&world, 60000);
	assert_int_equal(world.launched, 1);
	assert_int_equal(world.ended, 1);
	assert_false(world_has(&world, "stop"));
	world_done(&world);
}

/* A start of it would run it once more. */
static void whose_start_fails_and_which_has_ended_by_then_is_not_started_again(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world.beats_after_ms = 1;
	world.exits_after_ms = 5;
	world_fault(&world,
		    (struct fault){
			    .op = "start", .status = 502, .takes_effect = true, .after_ms = 100});
	run(&world, 60000);
	assert_int_equal(world_count(&world, "start"), 1);
	assert_int_equal(world.records > 0, 1);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

/* It may have run meanwhile: its line is all that is left of it. */
static void whose_start_is_not_answered_and_which_is_gone_then_is_recorded(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world.beats_after_ms = 1;
	world.exits_after_ms = 5;
	world_fault(&world, (struct fault){.op = "start",
					   .outcome = HTTP_NO_REPLY,
					   .takes_effect = true,
					   .after_ms = 100});
	world_fault(&world, (struct fault){.op = "inspect", .after = 1, .status = 404});
	run(&world, 60000);
	assert_int_equal(world.records, 1);
	assert_int_equal(world.recorded_exit_code, -1);
	assert_int_equal(world.force_stopped, 0);
	world_done(&world);
}

static void that_is_refused_is_acked_and_force_stopped(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world_refuse(&world);
	fake_run(world.loop, 60000);
	assert_string_equal(world.calls, "ack stop");
	assert_int_equal(world.slots_freed, 1);
	world_done(&world);
}

static void that_is_refused_here_and_runs_elsewhere_is_left_alone(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world.item = (struct world_item){.state = WORK_ACTIVE,
					 .acknowledged_at_ms = 1795341600000,
					 .latest_heartbeat_at_ms = 1795341600500};
	world_refuse(&world);
	fake_run(world.loop, 60000);
	assert_string_equal(world.calls, "ack");
	assert_int_equal(world.item.state, WORK_ACTIVE);
	world_done(&world);
}

static void that_is_refused_is_force_stopped_although_the_clock_is_set_back_meanwhile(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world_fault(&world, (struct fault){.op = "ack", .times = 1, .outcome = HTTP_NO_REPLY});
	world_refuse(&world);
	fake_run(world.loop, 1);
	fake_set_wall(world.loop, loop_wall_ms(world.loop) - 3600000);
	fake_run(world.loop, 60000);
	assert_string_equal(world.calls, "ack ack stop");
	world_done(&world);
}

static void world_that_loses_an_ack(struct session_world *world)
{
	world_init(world);
	world_fault(world, (struct fault){.op = "ack",
					  .times = 1,
					  .outcome = HTTP_NO_REPLY,
					  .takes_effect = true});
}

static void that_is_refused_and_whose_ack_is_lost_is_acked_again(void **state)
{
	struct session_world world;

	(void)state;
	world_that_loses_an_ack(&world);
	world_refuse(&world);
	fake_run(world.loop, 60000);
	assert_string_equal(world.calls, "ack ack stop");
	world_done(&world);
}

static void that_is_refused_is_acked_until_the_queue_can_be_reached_again(void **state)
{
	struct session_world world;

	(void)state;
	world_that_loses_an_ack(&world);
	world_fault(&world, (struct fault){.op = "ack", .times = 1, .outcome = HTTP_NOT_SENT});
	world_refuse(&world);
	fake_run(world.loop, 60000);
	assert_string_equal(world.calls, "ack ack ack stop");
	world_done(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whose_create_fails_leaves_the_item_in_the_queue),
		cmocka_unit_test(whose_created_container_nobody_told_of_leaves_none_behind),
		cmocka_unit_test(that_takes_too_long_is_acked_early_and_carried_on),
		cmocka_unit_test(
			that_fails_after_an_early_ack_is_force_stopped_and_leaves_no_container),
		cmocka_unit_test(whose_name_is_taken_by_an_old_container_replaces_it),
		cmocka_unit_test(
			whose_name_is_taken_and_nobodys_waits_in_between_and_leaves_the_offer),
		cmocka_unit_test(whose_ack_is_not_answered_is_looked_up),
		cmocka_unit_test(whose_ack_is_refused_counts_as_not_launched),
		cmocka_unit_test(whose_item_is_gone_says_nothing_of_the_key),
		cmocka_unit_test(that_another_host_has_is_not_started),
		cmocka_unit_test(whose_start_fails_for_good_is_force_stopped),
		cmocka_unit_test(whose_start_is_never_answered_is_given_up_and_force_stopped),
		cmocka_unit_test(whose_started_container_nobody_told_of_goes_on),
		cmocka_unit_test(
			whose_start_fails_and_which_has_ended_by_then_is_not_started_again),
		cmocka_unit_test(whose_start_is_not_answered_and_which_is_gone_then_is_recorded),
		cmocka_unit_test(that_is_refused_is_acked_and_force_stopped),
		cmocka_unit_test(that_is_refused_here_and_runs_elsewhere_is_left_alone),
		cmocka_unit_test(
			that_is_refused_is_force_stopped_although_the_clock_is_set_back_meanwhile),
		cmocka_unit_test(that_is_refused_and_whose_ack_is_lost_is_acked_again),
		cmocka_unit_test(that_is_refused_is_acked_until_the_queue_can_be_reached_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
