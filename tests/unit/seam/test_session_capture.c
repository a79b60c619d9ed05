/* SPDX-License-Identifier: Apache-2.0 */
/* The output of a session's container is kept before it is removed, and never at its cost. */
#include "base/cleanup.h"
#include "session/captures.h"
#include "session_world.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

static char state_dir[] = "/tmp/berth-capture-XXXXXX";

static int make_state_dir(void **state)
{
	(void)state;
	return mkdtemp(state_dir) ? 0 : -1;
}

static void delete_in(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(directory), entry->d_name, 0);
	if (directory)
		(void)closedir(directory);
}

static int clear(void **state)
{
	_cleanup_free_ char *logs = xasprintf("%s/logs", state_dir);

	(void)state;
	delete_in(logs);
	(void)rmdir(logs);
	return 0;
}

static int remove_state_dir(void **state)
{
	(void)state;
	return rmdir(state_dir);
}

static void init(struct session_world *world)
{
	world_init(world);
	world->fleet.state_dir = state_dir;
	world->fleet.logs = (struct log_settings){.size_bytes = 4096, .keep = 10};
	world->last_words = "\1\0\0\0\0\0\0\0";
}

static void run(struct session_world *world)
{
	world_launch(world);
	fake_run(world->loop, 120000);
	assert_int_equal(world->ended, 1);
	assert_int_equal(world->slots_freed, 1);
	assert_int_equal(world_count(world, "remove"), 1);
}

static size_t captured(void)
{
	struct capture_about *list;
	struct err err;
	size_t count;

	assert_int_equal(captures_list(state_dir, &list, &count, &err), 0);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(list[i].work, "work_1");
		if (list[i].session) /* the model's list of containers has no label for it */
			assert_string_equal(list[i].session, "sesn_1");
		assert_string_equal(list[i].container, WORLD_ID);
		capture_about_done(&list[i]);
	}
	free(list);
	return count;
}

static void is_kept_between_its_end_and_its_removal(void **state)
{
	struct session_world world;

	(void)state;
	init(&world);
	run(&world);
	assert_string_equal(world.calls,
			    "create inspect ack start inspect list inspect logs remove");
	assert_int_equal(captured(), 1);
	world_done(&world);
}

static void of_an_adopted_session_is_kept_too(void **state)
{
	struct session_world world;

	(void)state;
	init(&world);
	world.item.state = WORK_STOPPED;
	world_leave_container(&world, CONTAINER_EXITED);
	world_adopt(&world);
	fake_run(world.loop, 120000);
	assert_int_equal(world.ended, 1);
	assert_int_equal(captured(), 1);
	world_done(&world);
}

static void that_does_not_come_is_not_waited_for(void **state)
{
	struct session_world world;

	(void)state;
	init(&world);
	world_fault(&world, (struct fault){.op = "logs", .status = 200, .after_ms = 3600000});
	world_launch(&world);
	/* It ends after ten seconds. */
	fake_run(world.loop, 16000);
	assert_int_equal(world.ended + world.slots_freed, 2);
	assert_int_equal(world_count(&world, "remove"), 1);
	world_done(&world);
}

static void that_cannot_be_had_is_not_asked_for_again(void **state)
{
	static const struct fault faults[] = {
		{.op = "logs", .status = 500, .body = "{\"message\":\"no\"}"},
		{.op = "logs", .status = 404},
		{.op = "logs", .outcome = HTTP_NOT_SENT},
		{.op = "logs", .outcome = HTTP_NO_REPLY},
		{.op = "logs", .status = 200, .body = "no frames"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct session_world world;
		init(&world);
		world_fault(&world, faults[i]);
		run(&world);
		assert_int_equal(world_count(&world, "logs"), 1);
		world_done(&world);
	}
}

static void is_not_asked_for_where_nothing_ran_or_nothing_is_kept(void **state)
{
	struct session_world world;

	(void)state;
	init(&world);
	world_fault(&world, (struct fault){.op = "start", .status = 500});
	world_launch(&world);
	fake_run(world.loop, 300000);
	assert_false(world_has(&world, "logs"));
	world_done(&world);

	init(&world);
	world.fleet.logs.size_bytes = 0;
	run(&world);
	assert_false(world_has(&world, "logs"));
	world_done(&world);
	assert_int_equal(captured(), 0);
}

static void of_a_session_killed_at_its_limit_is_kept_before_its_item_is_judged(void **state)
{
	struct session_world world;

	(void)state;
	init(&world);
	world.exits_after_ms = 0;
	world.ignores_term = world.may_stop_what_is_held = true;
	world_launch(&world);
	fake_run(world.loop, UINT64_C(6) * 3600000 + 120000);
	assert_int_equal(world.force_stopped, 1);
	assert_int_equal(captured(), 1);
	const char *logs = strstr(world.calls, "logs");
	assert_non_null(logs);
	assert_non_null(strstr(logs, "stop"));
	world_done(&world);
}

#define TEST(name) cmocka_unit_test_teardown(name, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(is_kept_between_its_end_and_its_removal),
		TEST(of_an_adopted_session_is_kept_too),
		TEST(that_does_not_come_is_not_waited_for),
		TEST(that_cannot_be_had_is_not_asked_for_again),
		TEST(is_not_asked_for_where_nothing_ran_or_nothing_is_kept),
		TEST(of_a_session_killed_at_its_limit_is_kept_before_its_item_is_judged),
	};
	return cmocka_run_group_tests_name("the output of a session", tests, make_state_dir,
					   remove_state_dir);
}
