/* SPDX-License-Identifier: Apache-2.0 */
/* Acks that may have taken effect, whatever was answered: nobody else is offered the item then. */
#include "session_world.h"

static void run(struct session_world *world, uint64_t ms)
{
	world_launch(world);
	fake_run(world->loop, ms);
}

static void lose_acks(struct session_world *world, unsigned times)
{
	world_fault(world, (struct fault){.op = "ack",
					  .times = times,
					  .outcome = HTTP_NO_REPLY,
					  .takes_effect = true});
}

static void fail_lists(struct session_world *world, unsigned times)
{
	world_fault(world, (struct fault){.op = "list", .times = times, .status = 503});
}

/* --- one ack takes effect, its answer is lost, the next is refused ------------------------------
 */

static void is_looked_up_when_the_next_one_is_refused(void **state)
{
	static const long statuses[] = {400, 401, 403, 404, 409, 410, 412, 422};

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct session_world world;
		world_init(&world);
		lose_acks(&world, 1);
		world_fault(&world, (struct fault){.op = "ack", .after = 0, .status = statuses[i]});
		run(&world, 60000);
		assert_string_equal(
			world.calls,
			"create inspect ack ack list start inspect inspect list remove");
		world_done(&world);
	}
}

static void is_not_given_up_for_one_list_that_fails(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world_fault(&world, (struct fault){.op = "ack",
					   .times = 1,
					   .status = 200,
					   .body = "{}",
					   .takes_effect = true});
	fail_lists(&world, 3);
	run(&world, 60000);
	assert_int_equal(world.ended, 1);
	assert_int_equal(world.incomplete, 1);
	assert_non_null(world.container.request);
	world_done(&world);
}

/* It may take effect later. */
static void keeps_its_container_while_its_item_is_still_queued(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world_fault(&world, (struct fault){.op = "ack", .outcome = HTTP_NO_REPLY});
	run(&world, 60000);
	assert_int_equal(world.ended, 1);
	assert_int_equal(world.item.state, WORK_QUEUED);
	assert_non_null(world.container.request);
	world_done(&world);
}

static void without_a_container_is_asked_about_until_the_list_answers(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world_fault(&world, (struct fault){.op = "create", .status = 500, .after_ms = 10000});
	lose_acks(&world, 0);
	fail_lists(&world, 9);
	run(&world, 600000);
	assert_int_equal(world.force_stopped, 1);
	assert_int_equal(world.item.state, WORK_STOPPED);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

/* --- of an item that is refused ----------------------------------------------------------------
 */

/* The first copy took effect. */
static void of_a_refusal_that_arrived_twice_is_looked_up(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world_fault(&world,
		    (struct fault){.op = "ack", .times = 1, .status = 409, .takes_effect = true});
	world_refuse(&world);
	fake_run(world.loop, 60000);
	assert_string_equal(world.calls, "ack list stop");
	world_done(&world);
}

static void of_a_refusal_is_asked_about_once_more_before_berth_leaves(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	lose_acks(&world, 0);
	world_refuse(&world);
	fake_run(world.loop, 20000);
	assert_int_equal(world.item.state, WORK_STARTING);
	world.faults[0].times = world.calls_made[0]; /* from here on they are answered */
	assert_true(session_give_up_traceless(world.session));
	fake_run(world.loop, 1000);
	assert_int_equal(world.item.state, WORK_STOPPED);
	world_done(&world);
}

static void of_a_refusal_that_stays_unknown_is_left_at_last(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	lose_acks(&world, 0);
	world_refuse(&world);
	fake_run(world.loop, 20000);
	assert_true(session_give_up_traceless(world.session));
	fake_run(world.loop, 5000);
	assert_false(session_give_up_traceless(world.session));
	assert_int_equal(world.incomplete, 1);
	world_done(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_looked_up_when_the_next_one_is_refused),
		cmocka_unit_test(is_not_given_up_for_one_list_that_fails),
		cmocka_unit_test(keeps_its_container_while_its_item_is_still_queued),
		cmocka_unit_test(without_a_container_is_asked_about_until_the_list_answers),
		cmocka_unit_test(of_a_refusal_that_arrived_twice_is_looked_up),
		cmocka_unit_test(of_a_refusal_is_asked_about_once_more_before_berth_leaves),
		cmocka_unit_test(of_a_refusal_that_stays_unknown_is_left_at_last),
	};

	return cmocka_run_group_tests_name("an ack in doubt", tests, NULL, NULL);
}
