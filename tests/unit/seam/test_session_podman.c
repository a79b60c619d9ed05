/* SPDX-License-Identifier: Apache-2.0 */
/* A launch on Podman: prepared and proven before the item is taken off the queue. */
#include "base/text.h"
#include "engine/engine.h"
#include "session_world.h"

static void run(struct session_world *world, uint64_t ms)
{
	world_launch(world);
	fake_run(world->loop, ms);
}

/* A Podman on which the kernel lets a container have as many processes as it likes. */
static void begin_without_pids(struct session_world *world)
{
	world_init_podman(world);
	world->limits.pids = PROCESS_UNLIMITED;
}

static void assert_left_in_the_queue(const struct session_world *world)
{
	assert_int_equal(world->ended, 1);
	assert_int_equal(world->slots_freed, 1);
	assert_int_equal(world->item.state, WORK_QUEUED);
	assert_int_equal(world->failed, 1);
	assert_int_equal(world->blame, BLAME_ENVIRONMENT);
	assert_int_equal(world->starts, 0);
	assert_null(world->container.request);
}

static void assert_left_in_the_queue_to_others(const struct session_world *world)
{
	assert_int_equal(world->ended, 1);
	assert_int_equal(world->item.state, WORK_QUEUED);
	assert_int_equal(world->blame, BLAME_NOBODY);
	assert_int_equal(world->starts, 0);
}

/* --- before the ack --------------------------------------------------------------------------- */

static void is_prepared_and_looked_at_before_the_item_is_taken(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	run(&world, 60000);
	assert_string_equal(world.calls, "create prepare inspect ack start list inspect remove");
	assert_int_equal(world.launched, 1);
	assert_int_equal(world.failed, 0);
	assert_int_equal(world.ended, 1);
	assert_int_equal(world.recorded_exit_code, 0);
	world_done(&world);
}

static void on_docker_is_never_prepared(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	run(&world, 60000);
	assert_string_equal(world.calls, "create inspect ack start list inspect remove");
	world_done(&world);
}

static void whose_limits_the_kernel_does_not_show_leaves_the_item_in_the_queue(void **state)
{
	struct session_world world;

	(void)state;
	begin_without_pids(&world);
	run(&world, 60000);
	assert_string_equal(world.calls, "create prepare inspect remove");
	assert_left_in_the_queue(&world);
	assert_int_equal(world.err.kind, ERR_REFUSED);
	assert_non_null(strstr(world.err.text, "pids: asked for 512, but there is no limit in "
					       "cgroup /libpod-"));
	world_done(&world);
}

static void whose_process_cannot_be_looked_at_leaves_the_item_in_the_queue(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world_fault(&world, (struct fault){.op = "prepare", .status = 204});
	run(&world, 60000);
	assert_string_equal(world.calls, "create prepare inspect remove");
	assert_left_in_the_queue(&world);
	assert_int_equal(world.err.kind, ERR_REFUSED);
	assert_non_null(strstr(world.err.text, "what holds cannot be read"));
	world_done(&world);
}

static void whose_policy_waives_a_limit_goes_without_it(void **state)
{
	struct session_world world;

	(void)state;
	begin_without_pids(&world);
	world.plan.policy->unenforced = WAIVE_PIDS;
	run(&world, 60000);
	assert_int_equal(world.launched, 1);
	world_done(&world);
}

static void that_cannot_be_prepared_leaves_the_item_in_the_queue(void **state)
{
	static const long statuses[] = {500, 404, 400};

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct session_world world;
		world_init_podman(&world);
		world_fault(&world,
			    (struct fault){.op = "prepare",
					   .status = statuses[i],
					   .body = "{\"message\":\"runc: no such device\"}"});
		run(&world, 60000);
		assert_string_equal(world.calls, "create prepare remove");
		assert_left_in_the_queue(&world);
		assert_non_null(strstr(world.err.text, "runc: no such device"));
		world_done(&world);
	}
}

static void whose_preparation_nobody_heard_of_is_prepared_again(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world_fault(&world, (struct fault){.op = "prepare", .times = 1, .outcome = HTTP_NOT_SENT});
	world_fault(&world, (struct fault){.op = "prepare",
					   .times = 1,
					   .outcome = HTTP_NO_REPLY,
					   .takes_effect = true});
	run(&world, 60000);
	assert_string_equal(world.calls,
			    "create prepare prepare prepare inspect ack start list inspect remove");
	world_done(&world);
}

static void that_cannot_be_looked_at_for_a_moment_is_not_prepared_again(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world_fault(&world, (struct fault){.op = "inspect", .times = 2, .status = 500});
	run(&world, 60000);
	assert_string_equal(world.calls, "create prepare inspect inspect inspect ack start list "
					 "inspect remove");
	world_done(&world);
}

/* --- an ack that could not wait --------------------------------------------------------------- */

static void whose_preparation_takes_too_long_is_acked_early_and_carried_on(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world_fault(&world, (struct fault){.op = "prepare",
					   .status = 204,
					   .takes_effect = true,
					   .after_ms = 10000});
	world_launch(&world);
	fake_run(world.loop, 3500);
	assert_string_equal(world.calls, "create prepare ack");
	assert_int_equal(world.item.state, WORK_STARTING);
	fake_run(world.loop, 60000);
	assert_string_equal(world.calls, "create prepare ack inspect start list inspect remove");
	world_done(&world);
}

static void whose_limits_do_not_hold_after_an_early_ack_is_force_stopped(void **state)
{
	struct session_world world;

	(void)state;
	begin_without_pids(&world);
	world_fault(&world, (struct fault){.op = "prepare",
					   .status = 204,
					   .takes_effect = true,
					   .after_ms = 10000});
	run(&world, 60000);
	assert_string_equal(world.calls, "create prepare ack inspect list stop remove");
	assert_int_equal(world.incomplete, 1);
	assert_int_equal(world.force_stopped, 1);
	assert_int_equal(world.starts, 0);
	world_done(&world);
}

/* --- a name that is taken --------------------------------------------------------------------- */

static void whose_name_is_taken_by_an_old_container_replaces_it(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world_leave_container(&world, CONTAINER_CREATED);
	run(&world, 60000);
	assert_string_equal(world.calls, "create inspect remove create prepare inspect ack start "
					 "list inspect remove");
	world_done(&world);
}

/* Podman was killed while it created: the name is in use, and no container has it. */
static void whose_name_was_left_behind_frees_it_when_nobody_is_creating(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world.name_is_left = true;
	run(&world, 60000);
	assert_string_equal(world.calls,
			    "create inspect create inspect create inspect create inspect create "
			    "inspect remove create prepare inspect ack start list inspect remove");
	assert_int_equal(world.launched, 1);
	assert_int_equal(world.failed, 0);
	world_done(&world);
}

static void whose_name_cannot_be_freed_leaves_the_offer(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world.name_is_left = true;
	world_fault(&world, (struct fault){.op = "remove", .status = 500});
	run(&world, 300000);
	assert_left_in_the_queue_to_others(&world);
	assert_string_equal(world.err.text,
			    "container name berth-work_1 is taken: it cannot be removed");
	world_done(&world);
}

/* --- the start -------------------------------------------------------------------------------- */

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
		cmocka_unit_test(is_prepared_and_looked_at_before_the_item_is_taken),
		cmocka_unit_test(on_docker_is_never_prepared),
		cmocka_unit_test(
			whose_limits_the_kernel_does_not_show_leaves_the_item_in_the_queue),
		cmocka_unit_test(whose_process_cannot_be_looked_at_leaves_the_item_in_the_queue),
		cmocka_unit_test(whose_policy_waives_a_limit_goes_without_it),
		cmocka_unit_test(that_cannot_be_prepared_leaves_the_item_in_the_queue),
		cmocka_unit_test(whose_preparation_nobody_heard_of_is_prepared_again),
		cmocka_unit_test(that_cannot_be_looked_at_for_a_moment_is_not_prepared_again),
		cmocka_unit_test(whose_preparation_takes_too_long_is_acked_early_and_carried_on),
		cmocka_unit_test(whose_limits_do_not_hold_after_an_early_ack_is_force_stopped),
		cmocka_unit_test(whose_name_is_taken_by_an_old_container_replaces_it),
		cmocka_unit_test(whose_name_was_left_behind_frees_it_when_nobody_is_creating),
		cmocka_unit_test(whose_name_cannot_be_freed_leaves_the_offer),
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

	return cmocka_run_group_tests_name("a launch on podman", tests, NULL, NULL);
}
