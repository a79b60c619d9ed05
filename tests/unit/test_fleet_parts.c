/* SPDX-License-Identifier: Apache-2.0 */
/* A fleet in several files, on several engines. */
#include "base/cleanup.h"
#include "unit/fleet_files.h"
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#define NO_FLAGS ((struct fleet_flags){NULL})

/* A file of two engines and one environment with these further keys. */
static const char *two_engines(const char *keys)
{
	static char text[1024];

	(void)snprintf(text, sizeof(text),
		       "version: 1\n"
		       "engines:\n"
		       "  docker: { socket: unix:///run/docker.sock, launches: 8 }\n"
		       "  podman: { socket: unix:///run/podman/podman.sock }\n"
		       "environments:\n"
		       "  - { id: env_1, key: { file: key }%s }\n",
		       keys);
	return text;
}

static void an_environment_is_bound_to_an_engine_by_name(void **state)
{
	struct fleet *fleet = loaded(two_engines(", engine: podman"), NO_FLAGS);
	(void)state;

	assert_int_equal(fleet->engine_count, 2);
	assert_string_equal(fleet->engines[0].name, "docker");
	assert_int_equal(fleet->engines[0].launches, 8);
	assert_int_equal(fleet->engines[1].launches, 4);
	assert_string_equal(fleet->engines[1].socket_reason, "fleet.yaml");
	assert_ptr_equal(fleet->environments[0].engine, &fleet->engines[1]);
	fleet_free(fleet);
}

static void with_several_engines_each_environment_says_which(void **state)
{
	(void)state;
	assert_problems(two_engines(""), NO_FLAGS,
			"fleet.yaml:6:5: engine: say which of docker, podman\n");
	assert_problems(two_engines(", engine: podmann"), NO_FLAGS,
			"fleet.yaml:6:46: engine: 'podmann' is not one of docker, podman: did you "
			"mean 'podman'?\n");
}

static void the_only_engine_needs_no_name(void **state)
{
	struct fleet *fleet = loaded("version: 1\n"
				     "engine: { socket: unix:///run/a.sock }\n"
				     "environments: [{ id: env_1, key: { file: key } }]\n",
				     NO_FLAGS);
	(void)state;

	assert_int_equal(fleet->engine_count, 1);
	assert_null(fleet->engines[0].name);
	assert_ptr_equal(fleet->environments[0].engine, &fleet->engines[0]);
	fleet_free(fleet);
	assert_problems("version: 1\n"
			"environments: [{ id: env_1, key: { file: key }, engine: podman }]\n",
			NO_FLAGS,
			"fleet.yaml:2:57: engine: 'podman' is not known: there is no engines:\n");
}

static void engines_that_cannot_be_told_apart_are_refused(void **state)
{
	(void)state;
	assert_problems(
		"version: 1\n"
		"engine: { launches: 2 }\n"
		"engines:\n"
		"  a: { socket: unix:///run/a.sock }\n"
		"  b: { socket: unix:///run/a.sock }\n"
		"  c: { launches: 3 }\n"
		"  \"d e\": { socket: unix:///run/d.sock }\n"
		"environments: [{ id: env_1, engine: a, key: { file: key } }]\n",
		NO_FLAGS,
		"fleet.yaml:2:9: engine: and engines: exclude each other: make it one of engines\n"
		"fleet.yaml:5:16: socket: '/run/a.sock' is the socket of engine 'a' too\n"
		"fleet.yaml:6:6: 'socket' is missing: several engines need one each\n"
		"fleet.yaml:7:3: engines: a name must be 1 to 128 of the characters A-Z a-z 0-9 _ "
		"-\n");
}

static void a_flag_cannot_say_which_of_several_engines_it_means(void **state)
{
	(void)state;
	assert_problems(two_engines(", engine: podman"),
			(struct fleet_flags){.engine = "unix:///run/other.sock"},
			"--engine: 'fleet.yaml' has several engines: which one is meant cannot be "
			"told\n");
}

static void included_environments_follow_in_the_order_of_their_files(void **state)
{
	write_file("conf.d/b.yaml", 0644, "environments: [{ id: env_b, weight: 10 }]\n");
	write_file("conf.d/a.yaml", 0644,
		   "environments:\n"
		   "  - { id: env_a1, key: { file: a.key } }\n"
		   "  - { id: env_a2 }\n");
	write_file("conf.d/a.key", 0600, "key-of-a\n");
	struct fleet *fleet = loaded("version: 1\n"
				     "include: conf.d/*.yaml\n"
				     "defaults: { sessions: 3, key: { file: key } }\n"
				     "environments: [{ id: env_0 }]\n",
				     NO_FLAGS);
	static const char *const ids[] = {"env_0", "env_a1", "env_a2", "env_b"};
	(void)state;

	assert_int_equal(fleet->environment_count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(fleet->environments[i].id, ids[i]);
		assert_int_equal(fleet->environments[i].sessions, 3);
	}
	/* A path belongs to the file it was written in. */
	assert_string_equal(fleet->environments[1].key.file, "conf.d/a.key");
	assert_string_equal(fleet->environments[2].key.file, "key");
	assert_int_equal(fleet->environments[2].weight, 1);
	assert_int_equal(fleet->environments[3].weight, 10);
	fleet_free(fleet);
}

static void a_file_may_hold_nothing_but_what_it_includes(void **state)
{
	write_file("conf.d/a.yaml", 0644, "environments: [{ id: env_a, key: { file: ../key } }]\n");
	struct fleet *fleet = loaded("version: 1\ninclude: conf.d/*.yaml\n", NO_FLAGS);
	(void)state;

	assert_int_equal(fleet->environment_count, 1);
	fleet_free(fleet);
}

static void problems_name_the_included_file(void **state)
{
	write_file("conf.d/a.yaml", 0644,
		   "environments:\n"
		   "  - { id: env_1, key: { file: ../key }, sesions: 2 }\n"
		   "  - { id: env_2, key: { file: ../key }, weight: 101 }\n");
	write_file("conf.d/b.yaml", 0644, "host: { sessions: 2 }\nenvironments: []\n");
	write_file("conf.d/c.yaml", 0644, "environments: [\n");
	(void)state;
	assert_problems("version: 1\n"
			"include: conf.d/*.yaml\n"
			"environments: [{ id: env_1, key: { file: key } }]\n",
			NO_FLAGS,
			"conf.d/a.yaml:2:11: id: 'env_1' is the id of another environment too\n"
			"conf.d/a.yaml:2:41: unknown key 'sesions': did you mean 'sessions'?\n"
			"conf.d/a.yaml:3:49: weight: must be from 1 to 100, not '101'\n"
			"conf.d/b.yaml:1:1: 'host' does not belong here: an included file holds "
			"environments: and nothing else\n"
			"conf.d/c.yaml:2:1: not valid YAML: did not find expected node content "
			"while parsing a flow node\n");
}

static void a_pattern_that_matches_nothing_is_warned_of(void **state)
{
	static const char *const patterns[] = {"conf.d/*.yaml", "*.yml", "conf.d/*/[ab].yaml"};
	(void)state;

	write_file("conf.d/README", 0644, "Environments of the teams.\n");
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		_cleanup_free_ char *yaml =
			xasprintf("version: 1\n"
				  "include: '%s'\n"
				  "environments: [{ id: env_1, key: { file: key } }]\n",
				  patterns[i]);
		_cleanup_free_ char *line =
			xasprintf("fleet.yaml:2:10: include: no file matches '%s': nothing is "
				  "included\n",
				  patterns[i]);
		struct fleet *fleet = loaded(yaml, NO_FLAGS);
		assert_int_equal(fleet->environment_count, 1);
		assert_string_equal(problems_text(&fleet->warnings), line);
		fleet_free(fleet);
	}
}

static void a_file_or_folder_that_is_included_must_be_there(void **state)
{
	(void)state;
	assert_problems("version: 1\ninclude: more.yaml\n", NO_FLAGS,
			"fleet.yaml:2:10: include: cannot read 'more.yaml': No such file or "
			"directory\n");
	assert_problems("version: 1\n"
			"include: confd/*.yaml\n"
			"environments: [{ id: env_1, key: { file: key } }]\n",
			NO_FLAGS,
			"fleet.yaml:2:10: include: cannot search 'confd/': No such file or "
			"directory\n");
	assert_problems("version: 1\ninclude: key/*.yaml\n", NO_FLAGS,
			"fleet.yaml:2:10: include: cannot search 'key/': Not a directory\n");
}

static void what_defaults_mount_is_refused_once_for_all_environments(void **state)
{
	(void)state;
	assert_problems("version: 1\n"
			"defaults:\n"
			"  key: { file: key }\n"
			"  mounts: [{ source: /etc, target: /a }, { source: /run, target: /b }]\n"
			"environments: [{ id: env_1 }, { id: env_2, labels: { berth.x: a } }]\n",
			NO_FLAGS,
			"fleet.yaml:4:12: mounts: source '/etc' would give the session /etc of the "
			"host; mount a directory made for sessions\n"
			"fleet.yaml:4:42: mounts: source '/run' would give the session /run of the "
			"host; mount a directory made for sessions\n"
			"fleet.yaml:5:54: labels: 'berth.x': berth.* is set by berth alone\n");
}

static void assert_warned(const char *timeouts, const char *lines)
{
	_cleanup_free_ char *yaml = xasprintf("version: 1\n"
					      "environments:\n"
					      "  - id: env_1\n"
					      "    key: { file: key }\n"
					      "    timeouts: { %s }\n",
					      timeouts);
	struct fleet *fleet = loaded(yaml, NO_FLAGS);

	assert_string_equal(problems_text(&fleet->warnings), lines);
	fleet_free(fleet);
}

static void a_first_heartbeat_after_the_end_of_the_session_is_warned_of(void **state)
{
	(void)state;
	assert_warned("session: 1m, first_heartbeat: 5m",
		      "fleet.yaml:5:47: first_heartbeat: 5m never comes to bear, since session: 1m "
		      "ends the session before: say a shorter first_heartbeat, or a longer "
		      "session\n");
}

static void one_that_is_reached_or_that_nobody_gave_is_not(void **state)
{
	(void)state;
	assert_warned("session: 5m, first_heartbeat: 5m", "");
	assert_warned("session: 1m", "");
	assert_warned("first_heartbeat: 1h", "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fleet_files_setup, fleet_files_teardown)
	static const struct CMUnitTest tests[] = {
		TEST(an_environment_is_bound_to_an_engine_by_name),
		TEST(with_several_engines_each_environment_says_which),
		TEST(the_only_engine_needs_no_name),
		TEST(engines_that_cannot_be_told_apart_are_refused),
		TEST(a_flag_cannot_say_which_of_several_engines_it_means),
		TEST(included_environments_follow_in_the_order_of_their_files),
		TEST(a_file_may_hold_nothing_but_what_it_includes),
		TEST(problems_name_the_included_file),
		TEST(a_pattern_that_matches_nothing_is_warned_of),
		TEST(a_file_or_folder_that_is_included_must_be_there),
		TEST(what_defaults_mount_is_refused_once_for_all_environments),
		TEST(a_first_heartbeat_after_the_end_of_the_session_is_warned_of),
		TEST(one_that_is_reached_or_that_nobody_gave_is_not),
	};

	return cmocka_run_group_tests_name("fleet parts", tests, NULL, NULL);
}
