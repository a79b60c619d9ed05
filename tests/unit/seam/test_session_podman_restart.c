/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a container that an earlier run left on a Podman. */
#include "base/text.h"
#include "session_world.h"

/* A container in `status` of an item that was acked half a second before its start. */
static void begin(struct session_world *world, enum container_status status)
{
	world_init_podman(world);
	world_leave_container(world, status);
	world->item = (struct world_item){.state = WORK_STARTING,
					  .acknowledged_at_ms = loop_wall_ms(world->loop) - 2500};
}

static void adopt(struct session_world *world, uint64_t ms)
{
	world_adopt(world);
	fake_run(world->loop, ms);
}

/* When the n-th request to a URL that ends like this was sent. */
static uint64_t sent_at(const struct session_world *world, const char *end, unsigned n)
{
	for (size_t i = 0; i < fake_sent_count(world->loop); i++) {
		const struct fake_sent *sent = fake_sent(world->loop, i);
		size_t len = strlen(sent->url), end_len = strlen(end);
		if (len > end_len && strcmp(sent->url + len - end_len, end) == 0 && n-- == 0)
			return sent->at_ms;
	}
	fail_msg("no %u. request to ...%s", n + 1, end);
	return 0;
}

static void that_was_not_started_is_prepared_and_looked_at_twice_before_its_ack(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_CREATED);
	world.item = (struct world_item){.state = WORK_QUEUED};
	adopt(&world, 60000);
	assert_string_equal(world.calls, "inspect prepare inspect ack start list inspect remove");
	assert_in_range(sent_at(&world, "/json", 1) - sent_at(&world, "/init", 0), 2000, 2100);
	assert_int_equal(world.launched, 1);
	assert_int_equal(world.slots_freed, 0);
	world_done(&world);
}

static void that_was_prepared_before_is_asked_for_it_once_more(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_CREATED);
	(void)world_prepare(&world);
	adopt(&world, 60000);
	assert_string_equal(world.calls, "inspect prepare inspect ack start list inspect remove");
	world_done(&world);
}

static void whose_start_was_still_under_way_is_not_started_again(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_CREATED);
	world.item.latest_heartbeat_at_ms = loop_wall_ms(world.loop);
	world.item.state = WORK_ACTIVE;
	adopt(&world, 1000);
	world.container.status = CONTAINER_RUNNING;
	world.container.started_at_ms = loop_wall_ms(world.loop);
	fake_run(world.loop, 60000);
	assert_int_equal(world.session->state, SESSION_RUNNING);
	assert_true(world.session->ran);
	assert_string_equal(world.calls, "inspect prepare inspect list");
	assert_true(session_may_run(world.session));
	world_done(&world);
}

static void whose_start_was_under_way_and_ended_since_is_not_started_again(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_CREATED);
	adopt(&world, 1000);
	world.container.status = CONTAINER_EXITED;
	world.container.started_at_ms = loop_wall_ms(world.loop) - 500;
	world.container.finished_at_ms = loop_wall_ms(world.loop);
	world.container.exit_code = 3;
	fake_run(world.loop, 60000);
	assert_false(world_has(&world, "start"));
	assert_int_equal(world.recorded_exit_code, 3);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

/* It is shown as created, with a time of its start: a start would run it once more. */
static void that_was_prepared_after_its_run_is_not_run_once_more(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_EXITED);
	(void)world_prepare(&world);
	adopt(&world, 60000);
	assert_false(world_has(&world, "start"));
	assert_false(world_has(&world, "ack"));
	assert_int_equal(world.recorded_exit_code, -1);
	assert_null(world.container.request);
	world_done(&world);
}

static void that_runs_is_left_running_and_known_by_its_process(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_RUNNING);
	world.item.state = WORK_ACTIVE;
	world.item.latest_heartbeat_at_ms = loop_wall_ms(world.loop) - 100;
	adopt(&world, 3600000);
	assert_int_equal(world.session->state, SESSION_RUNNING);
	assert_false(world_has(&world, "prepare"));
	assert_false(world_has(&world, "ack"));
	assert_true(session_may_run(world.session));
	fake_process_end();
	assert_false(session_may_run(world.session));
	world_done(&world);
}

/* Its monitor died with it while berth was away: Podman goes on saying that it runs. */
static void whose_process_is_gone_and_that_nobody_can_signal_has_ended(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_RUNNING);
	fake_process_end();
	world_fault(&world, (struct fault){.op = "kill",
					   .status = 500,
					   .body = "{\"message\":\"container state improper: "
						   "stopped\"}"});
	adopt(&world, 60000);
	assert_true(text_starts_with(world.calls, "inspect kill inspect inspect "));
	assert_int_equal(world_count(&world, "kill"), 1);
	assert_int_equal(world.recorded_exit_code, -1);
	assert_int_equal(world.ended, 1);
	assert_null(world.container.request);
	world_done(&world);
}

static void whose_process_is_not_seen_and_that_takes_a_signal_is_left_running(void **state)
{
	static const struct fault answers[] = {
		{.op = "kill", .status = 204},
		{.op = "kill", .status = 500, .body = "{\"message\":\"database is locked\"}"},
		{.op = "kill", .outcome = HTTP_NOT_SENT},
		{.op = "kill", .outcome = HTTP_NO_REPLY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct session_world world;
		begin(&world, CONTAINER_RUNNING);
		fake_process_end();
		world.item.state = WORK_ACTIVE;
		world.item.latest_heartbeat_at_ms = loop_wall_ms(world.loop) - 100;
		world_fault(&world, answers[i]);
		adopt(&world, 3600000);
		assert_int_equal(world.session->state, SESSION_RUNNING);
		assert_int_equal(world_count(&world, "kill"), i < 1 ? 1 : 6);
		assert_false(world_has(&world, "remove"));
		world_done(&world);
	}
}

/* --- limits that do not hold ------------------------------------------------------------------ */

static void begin_without_pids(struct session_world *world)
{
	begin(world, CONTAINER_CREATED);
	world->limits.pids = PROCESS_UNLIMITED;
}

static void assert_environment_is_told(const struct session_world *world)
{
	assert_int_equal(world->failed, 1);
	assert_int_equal(world->blame, BLAME_ENVIRONMENT);
	assert_int_equal(world->err.kind, ERR_REFUSED);
	assert_int_equal(world->starts, 0);
	assert_int_equal(world->ended, 1);
}

/* So long ago that a worker of any host would have had its first heartbeat. */
static void ack_long_ago(struct session_world *world)
{
	world->item.acknowledged_at_ms = loop_wall_ms(world->loop) - 121000;
	world->container.created_at_ms = world->item.acknowledged_at_ms - 1000;
	world_say_claimed(world, world->item.acknowledged_at_ms - 2000);
}

static void whose_limits_do_not_hold_has_its_waiting_item_force_stopped(void **state)
{
	struct session_world world;

	(void)state;
	begin_without_pids(&world);
	ack_long_ago(&world);
	adopt(&world, 60000);
	assert_string_equal(world.calls, "inspect prepare inspect list list stop remove");
	assert_int_equal(world.force_stopped, 1);
	assert_environment_is_told(&world);
	world_done(&world);
}

/* An earlier run of ours would have acked it right after the container was made. */
static void whose_item_was_acked_long_after_it_was_made_is_left_alone(void **state)
{
	struct session_world world;

	(void)state;
	begin_without_pids(&world);
	ack_long_ago(&world);
	world.container.created_at_ms -= 60000;
	adopt(&world, 60000);
	assert_string_equal(world.calls, "inspect prepare inspect list list inspect remove");
	assert_int_equal(world.item.state, WORK_STARTING);
	assert_int_equal(world.kept, 0);
	assert_environment_is_told(&world);
	world_done(&world);
}

/* Another host may have acked it a moment ago. */
static void whose_limits_do_not_hold_and_whose_item_may_be_anothers_is_kept(void **state)
{
	struct session_world world;

	(void)state;
	begin_without_pids(&world);
	adopt(&world, 60000);
	assert_string_equal(world.calls, "inspect prepare inspect list");
	assert_int_equal(world.item.state, WORK_STARTING);
	assert_int_equal(world.incomplete, 1);
	assert_int_equal(world.kept, 1);
	assert_environment_is_told(&world);
	world_done(&world);
}

static void whose_limits_do_not_hold_and_whose_item_is_over_is_only_removed(void **state)
{
	static const enum work_state states[] = {WORK_ACTIVE, WORK_STOPPING, WORK_STOPPED};

	(void)state;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct session_world world;
		begin_without_pids(&world);
		world.item.state = states[i];
		adopt(&world, 60000);
		assert_string_equal(world.calls, "inspect prepare inspect list inspect remove");
		assert_int_equal(world.item.state, states[i]);
		assert_environment_is_told(&world);
		world_done(&world);
	}
}

static void whose_limits_do_not_hold_and_whose_item_is_still_queued_is_only_removed(void **state)
{
	struct session_world world;

	(void)state;
	begin_without_pids(&world);
	world.item = (struct world_item){.state = WORK_QUEUED};
	adopt(&world, 60000);
	assert_string_equal(world.calls, "inspect prepare inspect list remove");
	assert_int_equal(world.item.state, WORK_QUEUED);
	assert_int_equal(world.incomplete, 1);
	assert_environment_is_told(&world);
	world_done(&world);
}

static void whose_limits_do_not_hold_and_whose_item_cannot_be_looked_up_is_kept(void **state)
{
	struct session_world world;

	(void)state;
	begin_without_pids(&world);
	world_fault(&world, (struct fault){.op = "list", .status = 500});
	adopt(&world, 600000);
	assert_false(world_has(&world, "stop"));
	assert_false(world_has(&world, "remove"));
	assert_int_equal(world.incomplete, 1);
	assert_int_equal(world.kept, 1);
	assert_environment_is_told(&world);
	world_done(&world);
}

static void that_cannot_be_prepared_has_its_waiting_item_force_stopped(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_CREATED);
	ack_long_ago(&world);
	world_fault(&world, (struct fault){.op = "prepare", .status = 500});
	adopt(&world, 60000);
	assert_string_equal(world.calls, "inspect prepare list list stop remove");
	assert_int_equal(world.blame, BLAME_ENVIRONMENT);
	world_done(&world);
}

static void is_asked_about_until_the_engine_answers(void **state)
{
	struct session_world world;

	(void)state;
	begin(&world, CONTAINER_CREATED);
	world_fault(&world, (struct fault){.op = "prepare", .times = 5, .outcome = HTTP_NOT_SENT});
	adopt(&world, 120000);
	assert_int_equal(world.failed, 0);
	assert_int_equal(world.starts, 1);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			that_was_not_started_is_prepared_and_looked_at_twice_before_its_ack),
		cmocka_unit_test(that_was_prepared_before_is_asked_for_it_once_more),
		cmocka_unit_test(whose_start_was_still_under_way_is_not_started_again),
		cmocka_unit_test(whose_start_was_under_way_and_ended_since_is_not_started_again),
		cmocka_unit_test(that_was_prepared_after_its_run_is_not_run_once_more),
		cmocka_unit_test(that_runs_is_left_running_and_known_by_its_process),
		cmocka_unit_test(whose_process_is_gone_and_that_nobody_can_signal_has_ended),
		cmocka_unit_test(whose_process_is_not_seen_and_that_takes_a_signal_is_left_running),
		cmocka_unit_test(whose_limits_do_not_hold_has_its_waiting_item_force_stopped),
		cmocka_unit_test(whose_item_was_acked_long_after_it_was_made_is_left_alone),
		cmocka_unit_test(whose_limits_do_not_hold_and_whose_item_may_be_anothers_is_kept),
		cmocka_unit_test(whose_limits_do_not_hold_and_whose_item_is_over_is_only_removed),
		cmocka_unit_test(
			whose_limits_do_not_hold_and_whose_item_is_still_queued_is_only_removed),
		cmocka_unit_test(
			whose_limits_do_not_hold_and_whose_item_cannot_be_looked_up_is_kept),
		cmocka_unit_test(that_cannot_be_prepared_has_its_waiting_item_force_stopped),
		cmocka_unit_test(is_asked_about_until_the_engine_answers),
	};

	return cmocka_run_group_tests_name("a container left on podman", tests, NULL, NULL);
}
