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
	assert_string_equal(world.calls, "create inspect ack start inspect list inspect remove");
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
	};

	return cmocka_run_group_tests_name("a launch on podman", tests, NULL, NULL);
}
