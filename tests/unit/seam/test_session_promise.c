/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions whose process the kernel shows, with what their policy promises or without. */
#include "fake_process.h"
#include "session_world.h"
#include "world_engine.h"

/* What `policy` promises, down to its limits. */
static void keep(struct process_state *state, struct process_limits *limits,
		 const struct policy *policy)
{
	static char root[] = "/", ro[] = "ro", overlay[] = "overlay", none[] = "";
	static struct process_mount mounts[8];
	static char tmpfs[] = "tmpfs", flags[] = "rw,nosuid,nodev,noexec", size[] = "rw,size=4k";

	*state = (struct process_state){.no_new_privileges = true,
					.seccomp = 2,
					.oom_score_adj = policy->oom_score_adj,
					.mounts = mounts};
	for (size_t i = 0; i < 4; i++) {
		state->uids[i] = policy->uid;
		state->gids[i] = policy->gid;
	}
	mounts[state->mount_count++] = (struct process_mount){root, overlay, ro, none};
	for (size_t i = 0; i < policy->tmpfs_count; i++)
		mounts[state->mount_count++] =
			(struct process_mount){policy->tmpfs[i].path, tmpfs, flags, size};
	*limits = (struct process_limits){.is_whole = true, .root_uid = 100000};
}

struct shown {
	struct session_world world;
	struct process_state state;
};

/* A session on Docker whose process is seen from its start on. */
static void begin(struct shown *shown)
{
	struct session_world *world = &shown->world;

	world_init(world);
	world->exits_after_ms = 3600000;
	keep(&shown->state, &world->limits, world->plan.policy);
	world_begin_process(world);
	fake_process()->state = &shown->state;
}

static void end(struct shown *shown)
{
	world_done(&shown->world);
	fake_process_end();
}

static void that_has_what_its_policy_promises_goes_on(void **state)
{
	struct shown shown;
	(void)state;

	begin(&shown);
	world_launch(&shown.world);
	fake_run(shown.world.loop, 60000);
	assert_int_equal(fake_process()->looks, 1);
	assert_int_equal(world_count(&shown.world, "kill"), 0);
	assert_int_equal(shown.world.ended, 0);
	end(&shown);
}

static void that_has_more_is_killed_and_its_item_stopped_by_force(void **state)
{
	struct shown shown;
	(void)state;

	begin(&shown);
	shown.state.bounding = 1 << 21;
	world_launch(&shown.world);
	fake_run(shown.world.loop, 1000);
	assert_true(world_has(&shown.world, "kill"));
	shown.world.may_stop_what_is_held = true;
	fake_run(shown.world.loop, 60000);
	assert_true(world_has(&shown.world, "remove"));
	assert_int_equal(shown.world.ended, 1);
	assert_int_equal(shown.world.force_stopped, 1);
	assert_int_equal(shown.world.blame, BLAME_ENVIRONMENT);
	assert_int_equal(shown.world.err.kind, ERR_REFUSED);
	assert_string_equal(shown.world.err.text,
			    "capabilities: asked for none but those of the policy, but its process "
			    "has CAP_SYS_ADMIN; the engine did not do what it said, or something "
			    "between berth and the engine changed the request: remove it, or use "
			    "another engine (Docker 27.1.0)");
	end(&shown);
}

/* Its runtime has not given up all of it yet when the start is answered. */
static void that_has_more_for_a_moment_goes_on(void **state)
{
	struct shown shown;
	(void)state;

	begin(&shown);
	shown.state.seccomp = 0;
	world_launch(&shown.world);
	fake_run(shown.world.loop, 300);
	assert_true(fake_process()->looks > 1);
	shown.state.seccomp = 2;
	fake_run(shown.world.loop, 60000);
	assert_int_equal(world_count(&shown.world, "kill"), 0);
	end(&shown);
}

static void whose_process_number_is_somebody_elses_by_now_is_not_judged(void **state)
{
	struct shown shown;
	(void)state;

	begin(&shown);
	shown.state.bounding = 1 << 21;
	world_launch(&shown.world);
	fake_run(shown.world.loop, 30);
	fake_process()->start_ticks++;
	fake_run(shown.world.loop, 60000);
	assert_int_equal(world_count(&shown.world, "kill"), 0);
	end(&shown);
}

static void whose_process_cannot_be_looked_at_goes_on(void **state)
{
	struct shown shown;
	(void)state;

	begin(&shown);
	fake_process()->state = NULL;
	world_launch(&shown.world);
	fake_run(shown.world.loop, 60000);
	assert_int_equal(world_count(&shown.world, "kill"), 0);
	end(&shown);
}

/* The engine counts its processes elsewhere: this one is another container's. */
static void whose_process_is_another_ones_is_not_judged(void **state)
{
	struct shown shown;
	(void)state;

	begin(&shown);
	shown.state.bounding = 1 << 21;
	fake_process()->owner = "another";
	world_launch(&shown.world);
	fake_run(shown.world.loop, 60000);
	assert_int_equal(fake_process()->looks, 0);
	assert_int_equal(world_count(&shown.world, "kill"), 0);
	end(&shown);
}

/* A limit that only the engine's account shows ends nothing; one that the kernel shows does. */
static void whose_cgroups_cannot_be_seen_is_not_ended_for_them(void **state)
{
	struct shown shown;
	(void)state;

	begin(&shown);
	shown.world.limits.memory_bytes = PROCESS_UNLIMITED;
	shown.world.limits.is_whole = false;
	fake_process()->limits = shown.world.limits;
	world_launch(&shown.world);
	fake_run(shown.world.loop, 60000);
	assert_int_equal(world_count(&shown.world, "kill"), 0);
	end(&shown);

	begin(&shown);
	shown.world.limits.memory_bytes = PROCESS_UNLIMITED;
	fake_process()->limits = shown.world.limits;
	world_launch(&shown.world);
	fake_run(shown.world.loop, 10000);
	assert_int_equal(world_count(&shown.world, "kill"), 1);
	end(&shown);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(that_has_what_its_policy_promises_goes_on),
		cmocka_unit_test(that_has_more_is_killed_and_its_item_stopped_by_force),
		cmocka_unit_test(that_has_more_for_a_moment_goes_on),
		cmocka_unit_test(whose_process_number_is_somebody_elses_by_now_is_not_judged),
		cmocka_unit_test(whose_process_cannot_be_looked_at_goes_on),
		cmocka_unit_test(whose_process_is_another_ones_is_not_judged),
		cmocka_unit_test(whose_cgroups_cannot_be_seen_is_not_ended_for_them),
	};

	return cmocka_run_group_tests_name("session_promise", tests, NULL, NULL);
}
