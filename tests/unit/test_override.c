/* SPDX-License-Identifier: Apache-2.0 */
/* Flags over environment variables over the fleet file over defaults. */
#include "base/cleanup.h"
#include "unit/fleet_files.h"
#include "unit/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NO_FLAGS ((struct fleet_flags){0})

#define ONE                                                                                        \
	"version: 1\n"                                                                             \
	"environments:\n"                                                                          \
	"  - { id: env_1, key: { file: key }, image: example/file:1, sessions: 5 }\n"

#define TWO                                                                                        \
	"version: 1\n"                                                                             \
	"defaults: { key: { file: key } }\n"                                                       \
	"environments: [{ id: env_1, sessions: 1 }, { id: env_2, sessions: 2 }]\n"

static void set_variable(const char *name, const char *value)
{
	assert_int_equal(setenv(name, value, 1), 0);
}

static void flags_alone_describe_an_environment(void **state)
{
	struct fleet *fleet = loaded(NULL, (struct fleet_flags){
						   .environment_id = "env_7",
						   .environment_key_file = "key",
						   .image = "example/flag:1",
						   .engine = "unix:///run/flag.sock",
						   .policy = "hardened",
						   .policy_dir = "policies",
						   .sessions = "9",
						   .credential = "key",
						   .instance = "flag",
						   .state_dir = "state",
						   .on_shutdown = "stop",
					   });
	const struct environment *environment = fleet->environments;
	(void)state;

	assert_null(fleet->file);
	assert_int_equal(fleet->environment_count, 1);
	assert_string_equal(environment->id, "env_7");
	assert_string_equal(environment->name, "env_7");
	assert_string_equal(environment->key.file, "key");
	assert_string_equal(environment->image, "example/flag:1");
	assert_int_equal(environment->sessions, 9);
	assert_int_equal(environment->credential, CREDENTIAL_KEY);
	assert_string_equal(fleet->engines[0].socket, "/run/flag.sock");
	assert_string_equal(fleet->engines[0].socket_reason, "--engine");
	assert_string_equal(fleet->instance, "flag");
	assert_string_equal(fleet->state_dir, "state");
	assert_int_equal(fleet->on_shutdown, SHUTDOWN_STOP);
	fleet_free(fleet);
}

static void variables_alone_describe_an_environment(void **state)
{
	(void)state;
	set_variable("ANTHROPIC_ENVIRONMENT_ID", "env_8");
	set_variable("ANTHROPIC_ENVIRONMENT_KEY_FILE", "key");
	set_variable("ANTHROPIC_BASE_URL", "https://variable.example/");
	set_variable("ANTHROPIC_WORKER_ID", "worker-1");
	set_variable("BERTH_ENGINE", "unix:///run/variable.sock");
	struct fleet *fleet = loaded(NULL, (struct fleet_flags){.policy_dir = "policies"});
	assert_string_equal(fleet->environments[0].id, "env_8");
	assert_string_equal(fleet->environments[0].key.file, "key");
	assert_string_equal(fleet->base_url, "https://variable.example");
	assert_string_equal(fleet->session_base_url, "https://variable.example");
	assert_string_equal(fleet->worker_id, "worker-1");
	assert_string_equal(fleet->engines[0].socket, "/run/variable.sock");
	assert_string_equal(fleet->engines[0].socket_reason, "BERTH_ENGINE");
	fleet_free(fleet);
}

static void a_flag_comes_before_the_variable_and_the_variable_before_the_file(void **state)
{
	(void)state;
	set_variable("ANTHROPIC_ENVIRONMENT_ID", "env_variable");
	set_variable("BERTH_ENGINE", "unix:///run/variable.sock");
	struct fleet *fleet = loaded("engine: { socket: unix:///run/file.sock }\n" ONE, NO_FLAGS);
	assert_string_equal(fleet->environments[0].id, "env_variable");
	assert_string_equal(fleet->environments[0].image, "example/file:1");
	assert_string_equal(fleet->engines[0].socket, "/run/variable.sock");
	fleet_free(fleet);

	fleet = loaded("engine: { socket: unix:///run/file.sock }\ninstance: file\n" ONE,
		       (struct fleet_flags){.environment_id = "env_flag",
					    .engine = "unix:///run/flag.sock",
					    .instance = "flag",
					    .sessions = "6"});
	assert_string_equal(fleet->environments[0].id, "env_flag");
	assert_int_equal(fleet->environments[0].sessions, 6);
	assert_string_equal(fleet->engines[0].socket, "/run/flag.sock");
	assert_string_equal(fleet->instance, "flag");
	fleet_free(fleet);
}

static void a_variable_that_a_flag_replaces_is_not_looked_at(void **state)
{
	(void)state;
	set_variable("BERTH_ENGINE", "tcp://10.0.0.1:2375");
	set_variable("DOCKER_HOST", "ssh://elsewhere");
	struct fleet *fleet = loaded(ONE, (struct fleet_flags){.engine = "unix:///run/e.sock"});
	assert_string_equal(fleet->engines[0].socket, "/run/e.sock");
	fleet_free(fleet);
}

static void empty_variables_count_as_not_set(void **state)
{
	(void)state;
	set_variable("ANTHROPIC_ENVIRONMENT_ID", "");
	set_variable("ANTHROPIC_API_KEY", "");
	set_variable("BERTH_CONFIG", "");
	struct fleet *fleet = loaded(ONE, NO_FLAGS);
	assert_string_equal(fleet->environments[0].id, "env_1");
	fleet_free(fleet);
}

static void berth_config_names_the_file(void **state)
{
	(void)state;
	write_file("other.yaml", 0644, ONE);
	set_variable("BERTH_CONFIG", "other.yaml");
	struct fleet *fleet = loaded(NULL, NO_FLAGS);
	assert_string_equal(fleet->file, "other.yaml");
	fleet_free(fleet);

	fleet = loaded(TWO, NO_FLAGS);
	assert_string_equal(fleet->file, "fleet.yaml");
	fleet_free(fleet);
}

static void docker_host_and_container_host_come_after_the_file(void **state)
{
	(void)state;
	set_variable("CONTAINER_HOST", "unix:///run/podman.sock");
	struct fleet *fleet = loaded(ONE, NO_FLAGS);
	assert_string_equal(fleet->engines[0].socket, "/run/podman.sock");
	assert_string_equal(fleet->engines[0].socket_reason, "CONTAINER_HOST");
	fleet_free(fleet);

	set_variable("DOCKER_HOST", "unix:///run/docker-host.sock");
	fleet = loaded(ONE, NO_FLAGS);
	assert_string_equal(fleet->engines[0].socket, "/run/docker-host.sock");
	assert_string_equal(fleet->engines[0].socket_reason, "DOCKER_HOST");
	fleet_free(fleet);

	fleet = loaded("engine: { socket: unix:///run/file.sock }\n" ONE, NO_FLAGS);
	assert_string_equal(fleet->engines[0].socket, "/run/file.sock");
	fleet_free(fleet);
}

static void an_engine_elsewhere_is_refused_with_what_to_say_instead(void **state)
{
	(void)state;
	set_variable("DOCKER_HOST", "ssh://me@elsewhere");
	assert_problems(ONE, NO_FLAGS,
			"DOCKER_HOST: 'ssh://**@elsewhere' is no socket of this machine: berth "
			"runs beside its engine and speaks to unix sockets only, such as "
			"unix:///run/docker.sock; or say --engine unix:///PATH\n");
	assert_problems(ONE, (struct fleet_flags){.engine = "/run/docker.sock"},
			"--engine: must be written unix:///run/docker.sock\n"
			"DOCKER_HOST: 'ssh://**@elsewhere' is no socket of this machine: berth "
			"runs beside its engine and speaks to unix sockets only, such as "
			"unix:///run/docker.sock; or say --engine unix:///PATH\n");
	assert_int_equal(unsetenv("DOCKER_HOST"), 0);
	assert_problems(ONE, (struct fleet_flags){.engine = "unix://relative"},
			"--engine: must be a path that starts with / and has no '.', '..' or '//' "
			"in it, not 'relative'\n");
	char longest[200] = "unix:///";
	memset(longest + strlen(longest), 'a', 120);
	assert_problems(ONE, (struct fleet_flags){.engine = longest},
			"--engine: must have a path of at most 107 characters, not 121\n");
}

static void problems_name_the_flag_or_variable(void **state)
{
	(void)state;
	set_variable("ANTHROPIC_BASE_URL", "http://10.1.2.3");
	set_variable("ANTHROPIC_WORKER_ID", "two words");
	assert_problems(ONE,
			(struct fleet_flags){.environment_id = "../etc",
					     .image = "a b",
					     .sessions = "many",
					     .credential = "none",
					     .policy = "absent",
					     .instance = "a/b",
					     .on_shutdown = "explode"},
			"--instance: must be 1 to 128 of the characters A-Z a-z 0-9 _ -, not "
			"'a/b'\n"
			"--on-shutdown: must be one of leave, stop, not 'explode'\n"
			"ANTHROPIC_WORKER_ID: must not contain spaces or other characters than "
			"ASCII\n"
			"--environment-id: must be 1 to 128 of the characters A-Z a-z 0-9 _ -, not "
			"'../etc'\n"
			"--image: image 'a b': a name is made of a-z, 0-9, and . _ - / between "
			"them\n"
			"--credential: must be one of auto, secret, key, not 'none'\n"
			"--sessions: must be a whole number, not 'many'\n"
			"ANTHROPIC_BASE_URL: it would carry keys in the clear: must be https:// "
			"beyond this machine (allow_http: true in a fleet file is for tests)\n"
			"--policy: policy 'absent': not found in policies (there: hardened)\n");
}

static void a_worker_id_is_short(void **state)
{
	char id[200] = "";
	(void)state;

	memset(id, 'w', 129);
	set_variable("ANTHROPIC_WORKER_ID", id);
	assert_problems(ONE, NO_FLAGS, "ANTHROPIC_WORKER_ID: must have at most 128 characters\n");
}

static void without_one_a_worker_id_stays_the_same_for_this_process(void **state)
{
	struct fleet *first = loaded(ONE, NO_FLAGS), *second = loaded(ONE, NO_FLAGS);
	_cleanup_free_ char *pid = xasprintf("-%d", (int)getpid());
	(void)state;

	assert_string_equal(first->worker_id, second->worker_id);
	assert_non_null(strstr(first->worker_id, pid));
	fleet_free(first);
	fleet_free(second);
}

static void nothing_at_all_is_told_with_the_three_ways_to_say_it(void **state)
{
	(void)state;
	assert_problems(NULL, NO_FLAGS,
			"berth: no environment is given: say --environment-id, "
			"ANTHROPIC_ENVIRONMENT_ID, or environments: in a fleet file\n");
	assert_problems("version: 1\n", NO_FLAGS,
			"fleet.yaml: no environment is given: say --environment-id, "
			"ANTHROPIC_ENVIRONMENT_ID, or environments: in a fleet file\n");
	assert_problems(NULL,
			(struct fleet_flags){.environment_id = "env_1", .policy_dir = "policies"},
			"key: none is given: say --environment-key-file FILE, "
			"ANTHROPIC_ENVIRONMENT_KEY_FILE, or key: { file: FILE } in a fleet file\n");
}

static void a_file_of_defaults_is_completed_by_flags(void **state)
{
	write_file("etc/key", 0600, "other\n");
	write_file("etc/fleet.yaml", 0644,
		   "version: 1\npolicy_dir: ../policies\n"
		   "defaults: { sessions: 2, key: { file: key }, env: { A: b } }\n");
	struct fleet *fleet = loaded(
		NULL, (struct fleet_flags){.config = "etc/fleet.yaml", .environment_id = "env_5"});
	(void)state;

	assert_string_equal(fleet->environments[0].id, "env_5");
	assert_int_equal(fleet->environments[0].sessions, 2);
	assert_string_equal(fleet->environments[0].key.file, "etc/key");
	assert_string_equal(fleet->environments[0].env[0].name, "A");
	fleet_free(fleet);
}

static void one_of_several_environments_can_be_picked(void **state)
{
	struct fleet *fleet = loaded(TWO, NO_FLAGS);
	(void)state;

	assert_int_equal(fleet->environment_count, 2);
	fleet_free(fleet);
	fleet = loaded(TWO, (struct fleet_flags){.environment_id = "env_2", .image = "x:1"});
	assert_int_equal(fleet->environment_count, 1);
	assert_string_equal(fleet->environments[0].id, "env_2");
	assert_int_equal(fleet->environments[0].sessions, 2);
	assert_string_equal(fleet->environments[0].image, "x:1");
	fleet_free(fleet);
}

static void flags_of_one_environment_need_to_know_which(void **state)
{
	(void)state;
	assert_problems(TWO, (struct fleet_flags){.image = "x:1", .environment_key_file = "key"},
			"--image: there are several environments: say which with "
			"--environment-id\n"
			"--environment-key-file: there are several environments: say which with "
			"--environment-id\n");
	set_variable("ANTHROPIC_ENVIRONMENT_ID", "env_3");
	assert_problems(TWO, NO_FLAGS,
			"ANTHROPIC_ENVIRONMENT_ID: 'env_3' is not in 'fleet.yaml', which has "
			"env_1, env_2\n");
}

static void an_organization_key_is_refused_where_berth_serves(void **state)
{
	(void)state;
	set_variable("ANTHROPIC_API_KEY", "sk-ant-something");
	assert_problems(ONE, NO_FLAGS,
			"ANTHROPIC_API_KEY: is set: an organization's key has no place on a worker "
			"host; unset it (in a systemd unit: "
			"UnsetEnvironment=ANTHROPIC_API_KEY)\n");
	fleet_free(loaded(ONE, (struct fleet_flags){.need = FLEET_NO_KEYS}));
}

static void the_state_directory_is_where_the_system_wants_it(void **state)
{
	uid_t uid = geteuid();
	struct fleet *fleet;
	(void)state;

	if (uid == 0) {
		fleet = loaded(ONE, NO_FLAGS);
		assert_string_equal(fleet->state_dir, "/var/lib/berth");
		fleet_free(fleet);
		/* The rest of the test is somebody else, who may read this folder. */
		assert_int_equal(chmod(".", 0755), 0);
		assert_int_equal(chmod("policies", 0755), 0);
		assert_int_equal(chmod("policies/hardened.yaml", 0644), 0);
		write_file("fleet.yaml", 0644, ONE);
		assert_int_equal(seteuid(65534), 0);
	}
	const struct fleet_flags flags = {.config = "fleet.yaml", .need = FLEET_NO_KEYS};
	set_variable("HOME", "/home/somebody");
	fleet = loaded(NULL, flags);
	assert_string_equal(fleet->state_dir, "/home/somebody/.local/state/berth");
	fleet_free(fleet);
	set_variable("XDG_STATE_HOME", "/xdg");
	fleet = loaded(NULL, flags);
	assert_string_equal(fleet->state_dir, "/xdg/berth");
	fleet_free(fleet);
	set_variable("STATE_DIRECTORY", "/var/lib/one:/var/lib/two");
	fleet = loaded(NULL, flags);
	assert_string_equal(fleet->state_dir, "/var/lib/one");
	fleet_free(fleet);
	assert_int_equal(unsetenv("STATE_DIRECTORY"), 0);
	assert_int_equal(unsetenv("XDG_STATE_HOME"), 0);
	assert_int_equal(unsetenv("HOME"), 0);
	assert_problems(NULL, flags,
			"state_dir: HOME is not set: say --state-dir DIRECTORY, or state_dir: in "
			"the file\n");
	assert_int_equal(seteuid(uid), 0);
}

static void looking_at_containers_needs_neither_environment_nor_policy(void **state)
{
	struct fleet_flags flags = {.engine = "unix:///run/e.sock", .need = FLEET_ENGINE_ONLY};
	struct fleet *fleet = loaded(NULL, flags);
	(void)state;

	assert_int_equal(fleet->environment_count, 0);
	assert_string_equal(fleet->instance, "default");
	fleet_free(fleet);
	fleet = loaded("version: 1\nenvironments: [{ id: env_1, policy: absent }]\n", flags);
	assert_null(fleet->environments[0].policy);
	fleet_free(fleet);
}

static void a_sample_plan_needs_no_secret_and_no_engine(void **state)
{
	struct fleet *fleet = loaded("base_url: https://plan.example\n" ONE, NO_FLAGS);
	struct plan *plan = NULL;
	struct err err;
	(void)state;

	assert_int_equal(
		fleet_sample_plan(fleet, fleet->environments, "work_1", "sesn_1", &plan, &err), 0);
	assert_string_equal(plan->name, "berth-work_1");
	assert_string_equal(plan->image, "example/file:1");
	assert_string_equal(plan->network, "berth-default");
	assert_int_equal(plan->stop_grace_ms, 30000);
	bool has_base_url = false;
	for (size_t i = 0; i < plan->variable_count; i++)
		if (strcmp(plan->variables[i].name, "ANTHROPIC_BASE_URL") == 0)
			has_base_url = strcmp(secret_reveal(plan->variables[i].value),
					      "https://plan.example") == 0;
	assert_true(has_base_url);
	plan_free(plan);
	assert_int_equal(
		fleet_sample_plan(fleet, fleet->environments, "../work", "sesn_1", &plan, &err),
		-EINVAL);
	fleet_free(fleet);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fleet_files_setup, fleet_files_teardown)
	static const struct CMUnitTest tests[] = {
		TEST(flags_alone_describe_an_environment),
		TEST(variables_alone_describe_an_environment),
		TEST(a_flag_comes_before_the_variable_and_the_variable_before_the_file),
		TEST(a_variable_that_a_flag_replaces_is_not_looked_at),
		TEST(empty_variables_count_as_not_set),
		TEST(berth_config_names_the_file),
		TEST(docker_host_and_container_host_come_after_the_file),
		TEST(an_engine_elsewhere_is_refused_with_what_to_say_instead),
		TEST(problems_name_the_flag_or_variable),
		TEST(a_worker_id_is_short),
		TEST(without_one_a_worker_id_stays_the_same_for_this_process),
		TEST(nothing_at_all_is_told_with_the_three_ways_to_say_it),
		TEST(a_file_of_defaults_is_completed_by_flags),
		TEST(one_of_several_environments_can_be_picked),
		TEST(flags_of_one_environment_need_to_know_which),
		TEST(an_organization_key_is_refused_where_berth_serves),
		TEST(the_state_directory_is_where_the_system_wants_it),
		TEST(looking_at_containers_needs_neither_environment_nor_policy),
		TEST(a_sample_plan_needs_no_secret_and_no_engine),
	};

	return cmocka_run_group_tests_name("override", tests, NULL, NULL);
}
