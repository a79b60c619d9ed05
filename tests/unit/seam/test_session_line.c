/* SPDX-License-Identifier: Apache-2.0 */
/* The main line of a session, and the ways in which a running one ends. */
#include "session_world.h"

static void run(struct session_world *world, uint64_t ms)
{
	world_launch(world);
	fake_run(world->loop, ms);
}

static void is_created_before_its_ack_and_started_after_it(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	run(&world, 60000);
	assert_string_equal(world.calls, "create inspect ack start inspect list inspect remove");
	assert_int_equal(world.ended, 1);
	assert_int_equal(world.launched, 1);
	assert_int_equal(world.slots_freed, 1);
	assert_int_equal(world.incomplete, 0);
	assert_true(world.records >= 1);
	world_done(&world);
}

static void is_seen_to_end_without_an_event_when_a_list_disagrees(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world.is_silent = true;
	run(&world, 20000);
	assert_int_equal(world.ended, 0);
	session_container_changed(world.session);
	fake_run(world.loop, 60000);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

static void that_exits_before_its_start_is_answered_is_looked_at(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world.exits_after_ms = 100;
	world_fault(&world, (struct fault){.op = "start",
					   .times = 1,
					   .status = 204,
					   .takes_effect = true,
					   .after_ms = 1000});
	run(&world, 60000);
	assert_int_equal(world.ended, 1);
	assert_int_equal(world.launched, 1);
	assert_int_equal(world_count(&world, "start"), 1);
	world_done(&world);
}

static void at_its_time_limit_is_told_to_end_and_stops_its_own_item(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world.exits_after_ms = 0;
	run(&world, UINT64_C(6) * 3600000 + 60000);
	assert_int_equal(world_count(&world, "kill"), 1);
	assert_false(world_has(&world, "stop"));
	assert_int_equal(world.ended, 1);
	assert_int_equal(world.item.state, WORK_STOPPED);
	world_done(&world);
}

static void world_that_ignores_its_time_limit(struct session_world *world)
{
	world_init(world);
	world->exits_after_ms = 0;
	world->ignores_term = true;
	world->stops_its_item = false;
}

#define LIMIT_AND_GRACE_MS (UINT64_C(6) * 3600000 + 30000)

static void at_its_time_limit_that_ignores_it_is_killed_and_force_stopped(void **state)
{
	struct session_world world;

	(void)state;
	world_that_ignores_its_time_limit(&world);
	world.may_stop_what_is_held = true;
	run(&world, LIMIT_AND_GRACE_MS + 60000);
	assert_int_equal(world_count(&world, "kill"), 2);
	assert_int_equal(world.force_stopped, 1);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

static void told_to_end_has_its_whole_grace_when_an_event_says_too_early_that_it_ended(void **state)
{
	struct session_world world;

	(void)state;
	world_that_ignores_its_time_limit(&world);
	world.may_stop_what_is_held = true;
	world.config.timeouts.stop_grace_ms = 600000;
	run(&world, UINT64_C(6) * 3600000 + 5000);
	assert_int_equal(world_count(&world, "kill"), 1);
	session_container_changed(world.session);
	fake_run(world.loop, 500000);
	assert_int_equal(world_count(&world, "kill"), 1);
	fake_run(world.loop, 200000);
	assert_int_equal(world_count(&world, "kill"), 2);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

/* Its item was handed out twice, which does not show: its heartbeats are another container's. */
static void at_its_time_limit_whose_item_goes_on_without_it_is_only_removed(void **state)
{
	struct session_world world;

	(void)state;
	world_that_ignores_its_time_limit(&world);
	run(&world, LIMIT_AND_GRACE_MS + 5000);
	world.item.latest_heartbeat_at_ms = loop_wall_ms(world.loop) + 10000;
	fake_run(world.loop, 60000);
	assert_int_equal(world.force_stopped, 0);
	assert_int_equal(world.item.state, WORK_ACTIVE);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

/* Nobody has seen it end, and what it should have been told was not heard. */
static void that_died_just_before_its_time_limit_is_left_to_its_lease(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world.exits_after_ms = UINT64_C(6) * 3600000 - 10000;
	world.exit_code = 1;
	world.is_silent = true;
	world.stops_its_item = false;
	world.may_stop_what_is_held = true;
	world_fault(&world, (struct fault){.op = "kill", .times = 1, .status = 500});
	run(&world, LIMIT_AND_GRACE_MS + 60000);
	assert_int_equal(world_count(&world, "kill"), 2);
	assert_int_equal(world.item.state, WORK_ACTIVE);
	assert_int_equal(world.force_stopped, 0);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

static void without_a_heartbeat_is_ended_and_its_item_force_stopped(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world.beats_after_ms = world.exits_after_ms = 0;
	world.stops_its_item = false;
	run(&world, 180000);
	assert_int_equal(world.force_stopped, 1);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

static void is_not_ended_for_heartbeats_that_nobody_could_look_for(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world.exits_after_ms = 0;
	world_fault(&world, (struct fault){.op = "list", .status = 500});
	run(&world, 3600000);
	assert_int_equal(world.session->state, SESSION_RUNNING);
	assert_false(world_has(&world, "kill"));
	world_done(&world);
}

static void world_with_early_death(struct session_world *world)
{
	world_init(world);
	world->beats_after_ms = 0;
	world->exits_after_ms = 100;
	world->exit_code = 1;
	world->stops_its_item = false;
}

static void that_died_before_a_heartbeat_has_its_item_force_stopped(void **state)
{
	struct session_world world;

	(void)state;
	world_with_early_death(&world);
	run(&world, 60000);
	assert_string_equal(world.calls,
			    "create inspect ack start inspect inspect list stop remove");
	assert_int_equal(world.force_stopped, 1);
	world_done(&world);
}

static void that_died_before_a_heartbeat_is_looked_up_until_the_list_answers(void **state)
{
	struct session_world world;

	(void)state;
	world_with_early_death(&world);
	world_fault(&world, (struct fault){.op = "list", .times = 5, .status = 500});
	run(&world, 180000);
	assert_int_equal(world.force_stopped, 1);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

static void
that_died_before_a_heartbeat_is_looked_up_with_the_key_that_replaced_another(void **state)
{
	struct session_world world;

	(void)state;
	world_with_early_death(&world);
	world.list_keys_left = 1;
	world_fault(&world, (struct fault){.op = "list", .times = 1, .status = 401});
	run(&world, 60000);
	assert_string_equal(world.calls,
			    "create inspect ack start inspect inspect list list stop remove");
	assert_int_equal(world.force_stopped, 1);
	world_done(&world);
}

/* Its worker may have left without a word: then the container is the only trace of the item. */
static void that_ended_well_unseen_stays_until_its_item_is_known_to_be_settled(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world.beats_after_ms = 0;
	world.exits_after_ms = 100;
	world.stops_its_item = false;
	run(&world, 60000);
	assert_string_equal(world.calls,
			    "create inspect ack start inspect inspect list stop remove");
	assert_int_equal(world.force_stopped, 1);
	world_done(&world);
}

/* Without an answer there was time for its lease to lapse and for another host to take it. */
static void whose_force_stop_is_not_answered_is_looked_at_before_the_next_one(void **state)
{
	struct session_world world;

	(void)state;
	world_with_early_death(&world);
	world_fault(&world, (struct fault){.op = "stop", .times = 2, .status = 503});
	run(&world, 60000);
	assert_string_equal(world.calls,
			    "create inspect ack start inspect inspect list stop list stop "
			    "list stop remove");
	world_done(&world);
}

static void that_died_after_a_heartbeat_is_left_to_its_lease(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world.exit_code = 1;
	world.stops_its_item = false;
	run(&world, 60000);
	assert_int_equal(world.item.state, WORK_ACTIVE);
	assert_false(world_has(&world, "stop"));
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

static void whose_lease_has_lapsed_is_killed_and_nothing_is_stopped(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world.exits_after_ms = 0;
	run(&world, 30000);
	world.item = (struct world_item){.state = WORK_QUEUED};
	session_offered_again(world.session);
	fake_run(world.loop, 60000);
	assert_int_equal(world_count(&world, "kill"), 1);
	assert_false(world_has(&world, "stop"));
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

static void that_vanishes_is_not_removed_and_frees_its_slot(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	run(&world, 5000);
	json_putp(&world.container.request);
	session_container_changed(world.session);
	fake_run(world.loop, 60000);
	assert_false(world_has(&world, "remove"));
	assert_int_equal(world.slots_freed, 1);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

static void to_be_stopped_while_it_is_launched_is_stopped_when_it_runs(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world_launch(&world);
	session_stop(world.session, END_SHUTDOWN);
	fake_run(world.loop, 60000);
	assert_int_equal(world_count(&world, "kill"), 1);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_created_before_its_ack_and_started_after_it),
		cmocka_unit_test(is_seen_to_end_without_an_event_when_a_list_disagrees),
		cmocka_unit_test(that_exits_before_its_start_is_answered_is_looked_at),
		cmocka_unit_test(at_its_time_limit_is_told_to_end_and_stops_its_own_item),
		cmocka_unit_test(at_its_time_limit_that_ignores_it_is_killed_and_force_stopped),
		cmocka_unit_test(
			told_to_end_has_its_whole_grace_when_an_event_says_too_early_that_it_ended),
		cmocka_unit_test(at_its_time_limit_whose_item_goes_on_without_it_is_only_removed),
		cmocka_unit_test(that_died_just_before_its_time_limit_is_left_to_its_lease),
		cmocka_unit_test(without_a_heartbeat_is_ended_and_its_item_force_stopped),
		cmocka_unit_test(is_not_ended_for_heartbeats_that_nobody_could_look_for),
		cmocka_unit_test(that_died_before_a_heartbeat_has_its_item_force_stopped),
		cmocka_unit_test(that_died_before_a_heartbeat_is_looked_up_until_the_list_answers),
		cmocka_unit_test(
			that_died_before_a_heartbeat_is_looked_up_with_the_key_that_replaced_another),
		cmocka_unit_test(
			that_ended_well_unseen_stays_until_its_item_is_known_to_be_settled),
		cmocka_unit_test(whose_force_stop_is_not_answered_is_looked_at_before_the_next_one),
		cmocka_unit_test(that_died_after_a_heartbeat_is_left_to_its_lease),
		cmocka_unit_test(whose_lease_has_lapsed_is_killed_and_nothing_is_stopped),
		cmocka_unit_test(that_vanishes_is_not_removed_and_frees_its_slot),
		cmocka_unit_test(to_be_stopped_while_it_is_launched_is_stopped_when_it_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
