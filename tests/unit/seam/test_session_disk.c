/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions that may write to disk, and how much. */
#include "session_world.h"

#define MIB ((int64_t)1 << 20)

/* A session that runs for an hour. */
static void begin(struct session_world *world, int64_t disk_bytes)
{
	world_init(world);
	world->plan.policy->read_only_root = false;
	world->plan.policy->disk_bytes = disk_bytes;
	world->exits_after_ms = 3600000;
	world_launch(world);
}

static void is_measured_every_half_minute_and_left_alone_below_its_limit(void **state)
{
	struct session_world world;
	(void)state;

	begin(&world, 8 * MIB);
	world.written_bytes = 8 * MIB;
	fake_run(world.loop, 29000);
	assert_int_equal(world_count(&world, "measure"), 0);
	fake_run(world.loop, 600000 - 29000 + 5000);
	assert_in_range(world_count(&world, "measure"), 19, 20);
	assert_int_equal(world_count(&world, "kill"), 0);
	assert_int_equal(world.ended, 0);
	fake_run(world.loop, 3600000);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

static void that_has_written_too_much_is_told_to_end(void **state)
{
	struct session_world world;
	(void)state;

	begin(&world, 8 * MIB);
	fake_run(world.loop, 40000);
	assert_int_equal(world_count(&world, "measure"), 1);
	world.written_bytes = 8 * MIB + 1;
	fake_run(world.loop, 25000);
	assert_int_equal(world_count(&world, "kill"), 1);
	fake_run(world.loop, 60000);
	assert_int_equal(world.ended, 1);
	assert_int_equal(world.item.state, WORK_STOPPED);
	assert_int_equal(world_count(&world, "measure"), 2);
	world_done(&world);
}

static void that_has_written_too_much_and_ignores_it_is_killed_and_force_stopped(void **state)
{
	struct session_world world;
	(void)state;

	begin(&world, 8 * MIB);
	world.written_bytes = 9 * MIB;
	world.ignores_term = true;
	world.stops_its_item = false;
	world.may_stop_what_is_held = true;
	fake_run(world.loop, 180000);
	assert_int_equal(world_count(&world, "kill"), 2);
	assert_int_equal(world.force_stopped, 1);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

static void is_not_ended_for_an_engine_that_does_not_answer(void **state)
{
	struct session_world world;
	(void)state;

	begin(&world, 8 * MIB);
	world_fault(&world, (struct fault){.op = "measure", .times = 8, .status = 500});
	fake_run(world.loop, 400000);
	assert_true(world_count(&world, "measure") > 8);
	assert_int_equal(world_count(&world, "kill"), 0);
	assert_int_equal(world.ended, 0);
	fake_run(world.loop, 3600000);
	world_done(&world);
}

static void is_ended_when_the_engine_answers_and_never_tells_how_much(void **state)
{
	struct session_world world;
	(void)state;

	begin(&world, 8 * MIB);
	world.written_bytes = -1;
	fake_run(world.loop, 75000);
	assert_int_equal(world_count(&world, "kill"), 0);
	fake_run(world.loop, 60000);
	assert_int_equal(world_count(&world, "measure"), 3);
	assert_int_equal(world_count(&world, "kill"), 1);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

static void is_not_measured_where_nothing_limits_it(void **state)
{
	struct session_world world;
	(void)state;

	begin(&world, OPTION_NOT_SET);
	world.written_bytes = INT64_MAX;
	fake_run(world.loop, 600000);
	assert_int_equal(world_count(&world, "measure"), 0);
	assert_int_equal(world.ended, 0);
	fake_run(world.loop, 3600000);
	world_done(&world);
}

static void that_was_adopted_is_measured_too(void **state)
{
	struct session_world world;
	(void)state;

	world_init(&world);
	world.plan.policy->read_only_root = false;
	world.plan.policy->disk_bytes = 8 * MIB;
	world.written_bytes = 9 * MIB;
	world_leave_container(&world, CONTAINER_RUNNING);
	world_adopt(&world);
	fake_run(world.loop, 35000);
	assert_int_equal(world_count(&world, "kill"), 1);
	fake_run(world.loop, 60000);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_measured_every_half_minute_and_left_alone_below_its_limit),
		cmocka_unit_test(that_has_written_too_much_is_told_to_end),
		cmocka_unit_test(
			that_has_written_too_much_and_ignores_it_is_killed_and_force_stopped),
		cmocka_unit_test(is_not_ended_for_an_engine_that_does_not_answer),
		cmocka_unit_test(is_ended_when_the_engine_answers_and_never_tells_how_much),
		cmocka_unit_test(is_not_measured_where_nothing_limits_it),
		cmocka_unit_test(that_was_adopted_is_measured_too),
	};

	return cmocka_run_group_tests_name("a session on disk", tests, NULL, NULL);
}
