/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every call of every kind of session fails in every way, once or for good, for twenty minutes. The
 * models check what must never be done (session_world.h); here is what must hold afterwards.
 */
#include "base/cleanup.h"
#include "session_world.h"

static const char *const calls[] = {"create", "inspect", "ack",	   "start",
				    "list",   "kill",	 "remove", "stop"};

static const struct fault kinds[] = {
	{.status = 500},
	{.status = 404},
	{.status = 409},
	{.status = 400},
	{.status = 200, .body = "[}"},
	{.outcome = HTTP_NOT_SENT},
	{.outcome = HTTP_NO_REPLY, .takes_effect = true},
	{.outcome = HTTP_NO_REPLY, .after_ms = 3600000},
};

static void have_the_worker_die(struct session_world *world)
{
	world->beats_after_ms = 0;
	world->exits_after_ms = 100;
	world->exit_code = 1;
	world->stops_its_item = false;
}

static void have_the_worker_hang(struct session_world *world)
{
	world->beats_after_ms = world->exits_after_ms = 0;
	world->stops_its_item = false;
	world->ignores_term = true;
}

static void leave(struct session_world *world, enum container_status status)
{
	world_leave_container(world, status);
	world->container.exit_code = status == CONTAINER_EXITED ? 1 : 0;
	world->item = (struct world_item){.state = WORK_STARTING,
					  .acknowledged_at_ms = loop_wall_ms(world->loop) - 2500};
	world_adopt(world);
}

/* An answer that denies the container, or the key, is believed: there the item may stay behind. */
static bool may_leave_the_item(const struct fault *fault)
{
	return strcmp(fault->op, "list") == 0 || strcmp(fault->op, "stop") == 0 ||
	       strcmp(fault->op, "ack") == 0 || fault->status == 404;
}

static void check(const struct session_world *world, const struct fault *fault)
{
	/* A ping every ten seconds, a list every thirty, and what the fault costs. */
	assert_true(fake_sent_count(world->loop) < 1000);
	if (!world->ended) {
		/* A key that may not list, once said, leaves a silent session to its time limit. */
		assert_true(fault->times == 0 || strcmp(fault->op, "list") == 0);
		return;
	}
	if (world->item.state == WORK_STARTING && !world->container.request &&
	    world->incomplete == 0)
		assert_true(may_leave_the_item(fault));
}

static void sweep(void (*begin)(struct session_world *world))
{
	for (size_t call = 0; call < ARRAY_SIZE(calls); call++) {
		for (size_t kind = 0; kind < 2 * ARRAY_SIZE(kinds); kind++) {
			struct fault fault = kinds[kind / 2];
			struct session_world world;
			fault.op = calls[call];
			fault.times = kind % 2;
			world_init(&world);
			world_fault(&world, fault);
			begin(&world);
			fake_run(world.loop, 1200000);
			check(&world, &fault);
			world_done(&world);
		}
	}
}

static void launch_and_die(struct session_world *world)
{
	have_the_worker_die(world);
	world_launch(world);
}

static void launch_and_hang(struct session_world *world)
{
	have_the_worker_hang(world);
	world_launch(world);
}

static void leave_created(struct session_world *world)
{
	leave(world, CONTAINER_CREATED);
}

static void leave_running(struct session_world *world)
{
	leave(world, CONTAINER_RUNNING);
}

static void leave_exited(struct session_world *world)
{
	leave(world, CONTAINER_EXITED);
}

static void a_session_comes_to_its_end(void **state)
{
	(void)state;
	sweep(world_launch);
}

static void a_session_that_dies_comes_to_its_end(void **state)
{
	(void)state;
	sweep(launch_and_die);
}

static void a_session_that_hangs_comes_to_its_end(void **state)
{
	(void)state;
	sweep(launch_and_hang);
}

static void a_created_container_found_at_start_comes_to_its_end(void **state)
{
	(void)state;
	sweep(leave_created);
}

static void a_running_container_found_at_start_comes_to_its_end(void **state)
{
	(void)state;
	sweep(leave_running);
}

static void an_exited_container_found_at_start_comes_to_its_end(void **state)
{
	(void)state;
	sweep(leave_exited);
}

static void a_refused_item_comes_to_its_end(void **state)
{
	(void)state;
	sweep(world_refuse);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_comes_to_its_end),
		cmocka_unit_test(a_session_that_dies_comes_to_its_end),
		cmocka_unit_test(a_session_that_hangs_comes_to_its_end),
		cmocka_unit_test(a_created_container_found_at_start_comes_to_its_end),
		cmocka_unit_test(a_running_container_found_at_start_comes_to_its_end),
		cmocka_unit_test(an_exited_container_found_at_start_comes_to_its_end),
		cmocka_unit_test(a_refused_item_comes_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
