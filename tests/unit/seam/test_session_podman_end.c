/* SPDX-License-Identifier: Apache-2.0 */
/* How a session on Podman ends. */
#include "session_world.h"

/* --- ends that Podman does not tell, or hides ------------------------------------------------- */

/* A session whose worker runs and heartbeats, and whose container's monitor has just died with all
 * of its processes: Podman goes on saying that it runs. */
static void begin_with_dead_monitor(struct session_world *world)
{
	world_init_podman(world);
	world->exits_after_ms = 0;
	world_launch(world);
	fake_run(world->loop, 60000);
	assert_int_equal(world->session->state, SESSION_RUNNING);
	assert_true(session_may_run(world->session));
	timer_cancel(&world->beat_timer);
	fake_process_end();
	world->calls[0] = '\0';
	assert_false(session_may_run(world->session));
}

static void whose_process_is_gone_is_recorded_with_an_unknown_end_and_removed(void **state)
{
	struct session_world world;

	(void)state;
	begin_with_dead_monitor(&world);
	world_fault(&world, (struct fault){.op = "remove", .times = 1, .status = 500});
	session_container_changed(world.session);
	fake_run(world.loop, 60000);
	assert_string_equal(world.calls, "inspect inspect inspect inspect inspect remove remove");
	assert_int_equal(world.recorded_exit_code, -1);
	assert_int_equal(world.records, 2);
	assert_int_equal(world.slots_freed, 1);
	assert_int_equal(world.ended, 1);
	assert_null(world.container.request);
	world_done(&world);
}

static void whose_process_number_is_somebody_elses_is_gone_as_well(void **state)
{
	struct session_world world;

	(void)state;
	begin_with_dead_monitor(&world);
	*fake_process() = (struct fake_process){.pid = 4711, .start_ticks = 999};
	assert_false(session_may_run(world.session));
	session_container_changed(world.session);
	fake_run(world.loop, 60000);
	assert_int_equal(world.recorded_exit_code, -1);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

static void whose_process_is_there_is_believed_to_run(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world.exits_after_ms = 0;
	world_launch(&world);
	fake_run(world.loop, 60000);
	session_container_changed(world.session);
	fake_run(world.loop, 300000);
	assert_int_equal(world.session->state, SESSION_RUNNING);
	assert_false(world_has(&world, "remove"));
	world_done(&world);
}

/* Podman made it anew for the start: the one that was looked at before is gone. */
static void whose_process_is_another_one_of_its_own_is_believed_to_run(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world.exits_after_ms = 0;
	world_launch(&world);
	fake_run(world.loop, 60000);
	fake_process()->start_ticks = 999;
	assert_false(session_may_run(world.session));
	session_container_changed(world.session);
	fake_run(world.loop, 300000);
	assert_int_equal(world.session->state, SESSION_RUNNING);
	assert_true(session_may_run(world.session));
	assert_false(world_has(&world, "remove"));
	world_done(&world);
}

static void whose_process_cannot_be_told_is_believed_to_run(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world.exits_after_ms = 0;
	world.plan.policy->unenforced =
		WAIVE_MEMORY | WAIVE_SWAP | WAIVE_PIDS | WAIVE_CPUS | WAIVE_ULIMITS;
	world_fault(&world, (struct fault){.op = "prepare", .status = 204});
	world_launch(&world);
	fake_run(world.loop, 60000);
	fake_process_end();
	assert_true(session_may_run(world.session));
	session_container_changed(world.session);
	fake_run(world.loop, 300000);
	assert_int_equal(world.session->state, SESSION_RUNNING);
	world_done(&world);
}

/* Podman says that it runs, and that there is nobody to be killed. */
static void whose_process_cannot_be_told_and_that_nobody_can_kill_has_ended(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world.exits_after_ms = 0;
	world_launch(&world);
	fake_run(world.loop, 60000);
	world.session->process = (struct process){0};
	world_fault(&world, (struct fault){.op = "kill",
					   .status = 500,
					   .body = "{\"message\":\"container state improper\"}"});
	session_stop(world.session, END_TIME_LIMIT);
	fake_run(world.loop, 300000);
	assert_int_equal(world.ended, 1);
	assert_null(world.container.request);
	world_done(&world);
}

/* --- a command that cannot be run ------------------------------------------------------------- */

#define WORDS "ERROR (catatonit:6): failed to exec pid1: No such file or directory\n"

/* A worker that exits with `exit_code` before it has held its item. */
static void run_unbeaten(struct session_world *world, int exit_code, const char *words)
{
	world_init_podman(world);
	world->beats_after_ms = 0;
	world->exits_after_ms = 100;
	world->stops_its_item = false;
	world->exit_code = exit_code;
	world->last_words = words;
	world_launch(world);
	fake_run(world->loop, 60000);
	assert_int_equal(world->ended, 1);
	assert_int_equal(world->force_stopped, 1);
	assert_int_equal(world->recorded_exit_code, exit_code);
}

static void whose_command_could_not_be_run_is_the_environments_fault(void **state)
{
	struct session_world world;

	(void)state;
	run_unbeaten(&world, 1, WORDS);
	assert_int_equal(world_count(&world, "logs"), 1);
	assert_int_equal(world.failed, 1);
	assert_int_equal(world.blame, BLAME_ENVIRONMENT);
	assert_string_equal(world.err.text,
			    "the command of image localhost/session:1 cannot be run (exit code 1)");
	world_done(&world);
}

static void whose_command_ran_and_failed_is_nobodys_fault(void **state)
{
	struct session_world world;

	(void)state;
	run_unbeaten(&world, 1, "no token\n");
	assert_int_equal(world_count(&world, "logs"), 1);
	assert_int_equal(world.failed, 0);
	world_done(&world);
	run_unbeaten(&world, 2, WORDS);
	assert_int_equal(world.failed, 0);
	world_done(&world);
}

static void whose_last_words_come_late_is_asked_for_them_again(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world.beats_after_ms = 0;
	world.exits_after_ms = 100;
	world.stops_its_item = false;
	world.exit_code = 1;
	world.last_words = WORDS;
	world_fault(&world, (struct fault){.op = "logs", .times = 2, .status = 200});
	world_launch(&world);
	fake_run(world.loop, 60000);
	assert_int_equal(world_count(&world, "logs"), 3);
	assert_int_equal(world.failed, 1);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

static void whose_last_words_cannot_be_had_is_nobodys_fault(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world.beats_after_ms = 0;
	world.exits_after_ms = 100;
	world.stops_its_item = false;
	world.exit_code = 1;
	world.last_words = WORDS;
	world_fault(&world, (struct fault){.op = "logs", .status = 500, .body = WORDS});
	world_launch(&world);
	fake_run(world.loop, 60000);
	assert_int_equal(world.failed, 0);
	assert_int_equal(world.ended, 1);
	world_done(&world);
}

static void that_was_held_or_ended_well_is_not_asked_for_its_last_words(void **state)
{
	struct session_world world;

	(void)state;
	world_init_podman(&world);
	world.exit_code = 1;
	world_launch(&world);
	fake_run(world.loop, 60000);
	assert_int_equal(world.recorded_exit_code, 1);
	assert_false(world_has(&world, "logs"));
	world_done(&world);

	world_init_podman(&world);
	world.beats_after_ms = 0;
	world_launch(&world);
	fake_run(world.loop, 60000);
	assert_int_equal(world.recorded_exit_code, 0);
	assert_false(world_has(&world, "logs"));
	world_done(&world);
}

static void on_docker_has_no_last_words(void **state)
{
	struct session_world world;

	(void)state;
	world_init(&world);
	world.beats_after_ms = 0;
	world.exits_after_ms = 100;
	world.stops_its_item = false;
	world.exit_code = 1;
	world_launch(&world);
	fake_run(world.loop, 60000);
	assert_false(world_has(&world, "logs"));
	world_done(&world);
}

/* --- limits ----------------------------------------------------------------------------------- */

static void that_is_ended_at_its_limit_and_reported_running_for_ever_is_removed(void **state)
{
	struct session_world world;

	(void)state;
	begin_with_dead_monitor(&world);
	world_fault(&world, (struct fault){.op = "kill",
					   .status = 500,
					   .body = "{\"message\":\"container state improper\"}"});
	session_stop(world.session, END_TIME_LIMIT);
	world.may_stop_what_is_held = true;
	fake_run(world.loop, 300000);
	assert_int_equal(world.ended, 1);
	assert_null(world.container.request);
	world_done(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whose_process_is_gone_is_recorded_with_an_unknown_end_and_removed),
		cmocka_unit_test(whose_process_number_is_somebody_elses_is_gone_as_well),
		cmocka_unit_test(whose_process_is_there_is_believed_to_run),
		cmocka_unit_test(whose_process_is_another_one_of_its_own_is_believed_to_run),
		cmocka_unit_test(whose_process_cannot_be_told_is_believed_to_run),
		cmocka_unit_test(whose_process_cannot_be_told_and_that_nobody_can_kill_has_ended),
		cmocka_unit_test(whose_command_could_not_be_run_is_the_environments_fault),
		cmocka_unit_test(whose_command_ran_and_failed_is_nobodys_fault),
		cmocka_unit_test(whose_last_words_come_late_is_asked_for_them_again),
		cmocka_unit_test(whose_last_words_cannot_be_had_is_nobodys_fault),
		cmocka_unit_test(that_was_held_or_ended_well_is_not_asked_for_its_last_words),
		cmocka_unit_test(on_docker_has_no_last_words),
		cmocka_unit_test(
			that_is_ended_at_its_limit_and_reported_running_for_ever_is_removed),
	};

	return cmocka_run_group_tests_name("the end of a session on podman", tests, NULL, NULL);
}
