/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a container that an earlier run left. */
#include "session_world.h"

/* A container in `status` of an item that was acked half a second before its start. */
static void begin(struct session_world *world, enum container_status status)
{
	world_init(world);
	world_leave_container(world, status);
	world->item = (struct world_item){.state = WORK_STARTING,
					  .acknowledged_at_ms = loop_wall_ms(world->loop) - 2500};
}

static void adopt(struct session_world *world, uint64_t ms)
{
	world_adopt(world);
	fake_run(world->loop, ms);
}

static void that_was_not_acked_is_acked_and_started(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_CREATED);
	world.item = (struct world_item){.state = WORK_QUEUED};
	adopt(&world, 60000);
	assert_string_equal(world.calls, "inspect ack start inspect list inspect remove");
	assert_int_equal(world.slots_freed, 0);
	world_done(&world);
}

static void that_was_acked_is_acked_again_and_started(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_CREATED);
	adopt(&world, 60000);
	assert_string_equal(world.calls, "inspect ack start inspect list inspect remove");
	world_done(&world);
}

static void whose_item_is_over_is_removed_without_a_stop(void **state)
{
	static const struct {
		enum work_state state;
		const char *calls; /* a 409 does not say what the item is */
	} rows[] = {
		{WORK_ACTIVE, "inspect ack inspect remove"},
		{WORK_STOPPING, "inspect ack list inspect remove"},
		{WORK_STOPPED, "inspect ack list inspect remove"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session_world world;
		begin(&world, CONTAINER_CREATED);
		world.item.state = rows[i].state;
		adopt(&world, 60000);
		assert_string_equal(world.calls, rows[i].calls);
		world_done(&world);
	}
}

/* By a start that the run before had sent: the heartbeat is its own. */
static void that_was_started_while_its_item_was_acked_again_keeps_it(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_CREATED);
	world.item.state = WORK_ACTIVE;
	world_fault(&world,
		    (struct fault){.op = "ack", .times = 1, .status = 409, .after_ms = 1000});
	world_adopt(&world);
	fake_run(world.loop, 500);
	world.container.status = CONTAINER_RUNNING;
	world.container.started_at_ms = loop_wall_ms(world.loop);
	fake_run(world.loop, 10000);
	assert_int_equal(world.session->state, SESSION_RUNNING);
	assert_false(world_has(&world, "remove"));
	world_done(&world);
}

static void whose_item_is_gone_is_removed_without_a_stop(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_CREATED);
	world_fault(&world, (struct fault){.op = "ack", .status = 404});
	adopt(&world, 60000);
	assert_string_equal(world.calls, "inspect ack inspect remove");
	world_done(&world);
}

static void whose_item_cannot_be_acked_is_kept(void **state)
{
	static const long statuses[] = {400, 401, 500};

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct session_world world;
		begin(&world, CONTAINER_CREATED);
		world_fault(&world, (struct fault){.op = "ack", .status = statuses[i]});
		world_fault(&world, (struct fault){.op = "list", .status = statuses[i]});
		adopt(&world, 600000);
		assert_int_equal(world.ended, 1);
		assert_int_equal(world.incomplete, 1);
		assert_non_null(world.container.request);
		assert_false(world_has(&world, "start"));
		world_done(&world);
	}
}

static void that_runs_is_left_running(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_RUNNING);
	world.item.state = WORK_ACTIVE;
	world.item.latest_heartbeat_at_ms = loop_wall_ms(world.loop) - 100;
	adopt(&world, 3600000);
	assert_int_equal(world.session->state, SESSION_RUNNING);
	assert_true(world.session->times.first_heartbeat != 0);
	assert_false(world_has(&world, "ack"));
	world_done(&world);
}

static void that_runs_has_its_limit_counted_from_its_start(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_RUNNING);
	world.item.state = WORK_ACTIVE;
	world.item.latest_heartbeat_at_ms = loop_wall_ms(world.loop) - 100;
	world.container.started_at_ms -= 300000;
	world.item.acknowledged_at_ms -= 300000;
	world.config.timeouts.session_ms = 600000;
	adopt(&world, 280000);
	assert_false(world_has(&world, "kill"));
	fake_run(world.loop, 30000);
	assert_int_equal(world_count(&world, "kill"), 1);
	world_done(&world);
}

static void that_runs_since_nobody_knows_when_has_its_whole_time(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_RUNNING);
	world.item.state = WORK_ACTIVE;
	world.item.latest_heartbeat_at_ms = loop_wall_ms(world.loop) - 100;
	world.container.started_at_ms = 0;
	world.config.timeouts.session_ms = 600000;
	adopt(&world, 300000);
	assert_int_equal(world.session->state, SESSION_RUNNING);
	fake_run(world.loop, 400000);
	assert_int_equal(world_count(&world, "kill"), 1);
	world_done(&world);
}

static void that_never_heartbeated_is_ended_after_a_look(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_RUNNING);
	world_say_claimed(&world, world.container.created_at_ms - 601000);
	world.container.created_at_ms -= 600000;
	world.container.started_at_ms -= 600000;
	world.item.acknowledged_at_ms -= 600000;
	world.stops_its_item = false;
	adopt(&world, 60000);
	assert_int_equal(world.force_stopped, 1);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

static void that_ended_without_a_heartbeat_has_its_item_force_stopped(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_EXITED);
	world.container.exit_code = 1;
	adopt(&world, 60000);
	assert_string_equal(world.calls, "inspect inspect list stop remove");
	world_done(&world);
}

static void that_ended_and_whose_item_another_host_acked_since_is_left_alone(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_EXITED);
	world.container.exit_code = 1;
	world.container.started_at_ms -= 60000;
	world.container.finished_at_ms -= 60000;
	adopt(&world, 60000);
	assert_string_equal(world.calls, "inspect inspect list remove");
	assert_int_equal(world.item.state, WORK_STARTING);
	world_done(&world);
}

static void that_is_gone_by_then_is_forgotten(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_EXITED);
	json_putp(&world.container.request);
	adopt(&world, 60000);
	assert_string_equal(world.calls, "inspect");
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

static void is_asked_about_until_the_engine_answers(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_CREATED);
	world_fault(&world, (struct fault){.op = "inspect", .times = 5, .outcome = HTTP_NOT_SENT});
	adopt(&world, 120000);
	assert_int_equal(world.ended, 1);
	assert_int_equal(world.starts, 1);
	world_done(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(that_was_not_acked_is_acked_and_started),
		cmocka_unit_test(that_was_acked_is_acked_again_and_started),
		cmocka_unit_test(whose_item_is_over_is_removed_without_a_stop),
		cmocka_unit_test(that_was_started_while_its_item_was_acked_again_keeps_it),
		cmocka_unit_test(whose_item_is_gone_is_removed_without_a_stop),
		cmocka_unit_test(whose_item_cannot_be_acked_is_kept),
		cmocka_unit_test(that_runs_is_left_running),
		cmocka_unit_test(that_runs_has_its_limit_counted_from_its_start),
		cmocka_unit_test(that_runs_since_nobody_knows_when_has_its_whole_time),
		cmocka_unit_test(that_never_heartbeated_is_ended_after_a_look),
		cmocka_unit_test(that_ended_without_a_heartbeat_has_its_item_force_stopped),
		cmocka_unit_test(that_ended_and_whose_item_another_host_acked_since_is_left_alone),
		cmocka_unit_test(that_is_gone_by_then_is_forgotten),
		cmocka_unit_test(is_asked_about_until_the_engine_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
