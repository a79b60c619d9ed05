/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet file: what its keys become, and what is refused where. */
#include "base/cleanup.h"
#include "unit/fleet_files.h"
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#define NO_FLAGS ((struct fleet_flags){0})

/* A file with one environment, to which keys can be added: they start in line 5. */
#define HEAD                                                                                       \
	"version: 1\n"                                                                             \
	"environments:\n"                                                                          \
	"  - id: env_1\n"                                                                          \
	"    key: { file: key }\n"

static void a_short_file_means_the_documented_defaults(void **state)
{
	struct fleet *fleet = loaded(HEAD, NO_FLAGS);
	const struct environment *environment = fleet->environments;
	(void)state;

	assert_string_equal(fleet->file, "fleet.yaml");
	assert_string_equal(fleet->instance, "default");
	assert_int_equal(fleet->engines[0].launches, 4);
	assert_int_equal(fleet->engines[0].pull_timeout_ms, 900000);
	assert_null(fleet->engines[0].registry_config);
	assert_int_equal(fleet->host.sessions, 32);
	assert_int_equal(fleet->host.min_free_disk_bytes, INT64_C(2) << 30);
	assert_int_equal(fleet->host.min_free_memory_bytes, INT64_C(1) << 30);
	assert_int_equal(fleet->host.requests_per_minute, 600);
	assert_string_equal(fleet->base_url, "https://api.anthropic.com");
	assert_null(fleet->session_base_url);
	assert_null(fleet->ca_file);
	assert_false(fleet->allow_http);
	assert_int_equal(fleet->on_shutdown, SHUTDOWN_LEAVE);
	assert_string_equal(fleet->policy_dir, "policies");
	assert_int_equal(fleet->environment_count, 1);
	assert_string_equal(environment->id, "env_1");
	assert_string_equal(environment->name, "env_1");
	assert_string_equal(environment->key.file, "key");
	assert_int_equal(environment->sessions, 8);
	assert_string_equal(environment->image, "localhost/berth-session:1");
	assert_int_equal(environment->pull, PULL_MISSING);
	assert_string_equal(environment->policy_name, "hardened");
	assert_string_equal(environment->policy->name, "hardened");
	assert_int_equal(environment->credential, CREDENTIAL_AUTO);
	assert_int_equal(environment->poll.block_ms, 999);
	assert_int_equal(environment->poll.reclaim_older_than_ms, 0);
	assert_int_equal(environment->poll.idle_min_ms, 150);
	assert_int_equal(environment->poll.idle_max_ms, 3000);
	assert_int_equal(environment->poll.ack_within_ms, 3000);
	assert_int_equal(environment->timeouts.start_ms, 60000);
	assert_int_equal(environment->timeouts.first_heartbeat_ms, 120000);
	assert_int_equal(environment->timeouts.session_ms, 6 * 3600000);
	assert_int_equal(environment->timeouts.stop_grace_ms, 30000);
	assert_null(environment->command);
	assert_null(environment->network);
	assert_int_equal(
		environment->env_count + environment->label_count + environment->mount_count, 0);
	fleet_free(fleet);
}

static void every_key_reaches_its_place(void **state)
{
	write_file("ca.pem", 0644, "certificates\n");
	write_file("config.json", 0600, "{}\n");
	write_file("own/tight.yaml", 0600, "user: \"10001:10001\"\nmounts: { roots: [/srv] }\n");
	struct fleet *fleet = loaded("version: 1\n"
				     "instance: blue\n"
				     "state_dir: /srv/state\n"
				     "policy_dir: own\n"
				     "engine:\n"
				     "  socket: unix:///run/engine.sock\n"
				     "  launches: 2\n"
				     "  pull_timeout: 5m\n"
				     "  registry_config: config.json\n"
				     "host: { sessions: 3, min_free_disk: 1GiB,\n"
				     "        min_free_memory: 64MiB, requests_per_minute: 90 }\n"
				     "base_url: https://one.example/\n"
				     "session_base_url: http://two.example:8080\n"
				     "ca_file: ca.pem\n"
				     "allow_http: true\n"
				     "on_shutdown: stop\n"
				     "environments:\n"
				     "  - id: env_2\n"
				     "    name: build\n"
				     "    key: { file: key }\n"
				     "    sessions: 16\n"
				     "    image: registry.example/team/image:2\n"
				     "    pull: always\n"
				     "    policy: tight\n"
				     "    credential: secret\n"
				     "    poll: { block_ms: null, reclaim_older_than_ms: 5000,\n"
				     "            idle_min: 2s, idle_max: 4s, ack_within: 1s }\n"
				     "    timeouts: { start: 10s, first_heartbeat: 1m,\n"
				     "                session: 1h, stop_grace: 45s }\n"
				     "    command: [/bin/worker, --now]\n"
				     "    env: { LANG: C.UTF-8 }\n"
				     "    labels: { team: build, of: \"{session_id}\" }\n"
				     "    mounts: [{ source: /srv/data, target: /data }]\n"
				     "    network: none\n",
				     NO_FLAGS);
	const struct environment *environment = fleet->environments;
	(void)state;

	assert_string_equal(fleet->instance, "blue");
	assert_string_equal(fleet->state_dir, "/srv/state");
	assert_string_equal(fleet->policy_dir, "own");
	assert_string_equal(fleet->engines[0].socket, "/run/engine.sock");
	assert_string_equal(fleet->engines[0].socket_reason, "fleet.yaml");
	assert_int_equal(fleet->engines[0].launches, 2);
	assert_int_equal(fleet->engines[0].pull_timeout_ms, 300000);
	assert_string_equal(fleet->engines[0].registry_config, "config.json");
	assert_int_equal(fleet->host.sessions, 3);
	assert_int_equal(fleet->host.min_free_disk_bytes, 1 << 30);
	assert_int_equal(fleet->host.min_free_memory_bytes, 64 << 20);
	assert_int_equal(fleet->host.requests_per_minute, 90);
	assert_string_equal(fleet->base_url, "https://one.example");
	assert_string_equal(fleet->session_base_url, "http://two.example:8080");
	assert_string_equal(fleet->ca_file, "ca.pem");
	assert_true(fleet->allow_http);
	assert_int_equal(fleet->on_shutdown, SHUTDOWN_STOP);
	assert_string_equal(environment->name, "build");
	assert_int_equal(environment->sessions, 16);
	assert_string_equal(environment->image, "registry.example/team/image:2");
	assert_int_equal(environment->pull, PULL_ALWAYS);
	assert_string_equal(environment->policy->name, "tight");
	assert_int_equal(environment->credential, CREDENTIAL_SECRET);
	assert_int_equal(environment->poll.block_ms, 0);
	assert_int_equal(environment->poll.reclaim_older_than_ms, 5000);
	assert_int_equal(environment->poll.idle_min_ms, 2000);
	assert_int_equal(environment->poll.idle_max_ms, 4000);
	assert_int_equal(environment->poll.ack_within_ms, 1000);
	assert_int_equal(environment->timeouts.start_ms, 10000);
	assert_int_equal(environment->timeouts.first_heartbeat_ms, 60000);
	assert_int_equal(environment->timeouts.session_ms, 3600000);
	assert_int_equal(environment->timeouts.stop_grace_ms, 45000);
	assert_string_equal(environment->command[1], "--now");
	assert_null(environment->command[2]);
	assert_string_equal(environment->env[0].value, "C.UTF-8");
	assert_int_equal(environment->label_count, 2);
	assert_string_equal(environment->mounts[0].source, "/srv/data");
	assert_string_equal(environment->mounts[0].target, "/data");
	assert_true(environment->mounts[0].read_only);
	assert_string_equal(environment->network, "none");
	fleet_free(fleet);
}

static void all_problems_are_told_at_once_with_their_places(void **state)
{
	(void)state;
	assert_problems(
		"version: 2\n"
		"instance: not a name\n"
		"stat_dir: /srv\n"
		"engine: { socket: tcp://10.0.0.1:2375, launches: 0 }\n"
		"host: { sessions: many, min_free_disk: 2 gigabytes }\n"
		"base_url: ftp://example.com\n"
		"on_shutdown: panic\n"
		"environments:\n"
		"  - id: env/1\n"
		"    key: { fil: key }\n"
		"    image: 'a b'\n"
		"    pull: sometimes\n"
		"    poll: { block_ms: 1000, idle_min: 1 }\n"
		"    mounts: [{ source: data, target: /x/../y }]\n"
		"    network: host\n",
		NO_FLAGS,
		"fleet.yaml:1:10: version: must be 1, not '2'\n"
		"fleet.yaml:2:11: instance: must be 1 to 128 of the characters A-Z a-z 0-9 _ -, "
		"not 'not a name'\n"
		"fleet.yaml:3:1: unknown key 'stat_dir': did you mean 'state_dir'?\n"
		"fleet.yaml:4:19: socket: 'tcp://10.0.0.1:2375' is no socket of this machine: "
		"berth runs beside its engine and speaks to unix sockets only, such as "
		"unix:///run/docker.sock\n"
		"fleet.yaml:4:50: launches: must be from 1 to 64, not '0'\n"
		"fleet.yaml:5:19: sessions: must be a whole number, not 'many'\n"
		"fleet.yaml:5:40: min_free_disk: must be a size such as 512MiB, not '2 gigabytes'\n"
		"fleet.yaml:6:11: base_url: must be a URL such as https://api.anthropic.com, not "
		"'ftp://example.com'\n"
		"fleet.yaml:7:14: on_shutdown: must be one of leave, stop, not 'panic'\n"
		"fleet.yaml:9:9: id: must be 1 to 128 of the characters A-Z a-z 0-9 _ -, not "
		"'env/1'\n"
		"fleet.yaml:10:10: key: none is given: say --environment-key-file FILE, "
		"ANTHROPIC_ENVIRONMENT_KEY_FILE, or key: { file: FILE } in a fleet file\n"
		"fleet.yaml:10:12: unknown key 'fil': did you mean 'file'?\n"
		"fleet.yaml:11:12: image: image 'a b': a name is made of a-z, 0-9, and . _ - / "
		"between them\n"
		"fleet.yaml:12:11: pull: must be one of missing, never, always, not 'sometimes'\n"
		"fleet.yaml:13:23: block_ms: must be a number from 1 to 999, or null to leave it "
		"out, not '1000'\n"
		"fleet.yaml:13:39: idle_min: must be a duration such as 30s or 1h30m, not '1'\n"
		"fleet.yaml:14:24: source: must be a path that starts with / and has no '.', '..' "
		"or '//' in it, not 'data'\n"
		"fleet.yaml:14:38: target: must be a path that starts with / and has no '.', '..' "
		"or '//' in it, not '/x/../y'\n"
		"fleet.yaml:15:14: network: must be none, unrestricted or engine:NAME of a network "
		"of the operator's (never the host's), not 'host'\n");
}

static void values_that_do_not_fit_together_are_refused(void **state)
{
	(void)state;
	assert_problems(HEAD "    poll:\n"
			     "      idle_min: 5s\n"
			     "      reclaim_older_than_ms: 2000\n",
			NO_FLAGS,
			"fleet.yaml:6:7: ack_within: must be less than reclaim_older_than_ms, or "
			"items are offered again while they are being prepared\n"
			"fleet.yaml:6:17: idle_min: must not be more than idle_max\n");
}

static void variables_and_labels_of_berth_cannot_be_set(void **state)
{
	(void)state;
	assert_problems(HEAD "    env:\n"
			     "      ANTHROPIC_BASE_URL: https://elsewhere.example\n"
			     "      1ST: x\n"
			     "    labels:\n"
			     "      berth.work: mine\n"
			     "      \"\": x\n",
			NO_FLAGS,
			"fleet.yaml:6:7: env: 'ANTHROPIC_BASE_URL': ANTHROPIC_* is set by berth "
			"alone\n"
			"fleet.yaml:7:7: env: '1ST' is no name of a variable\n"
			"fleet.yaml:9:7: labels: 'berth.work': berth.* is set by berth alone\n"
			"fleet.yaml:10:7: labels: a label needs a name\n");
}

static void an_id_or_name_given_twice_is_refused_where_it_is_repeated(void **state)
{
	(void)state;
	assert_problems("version: 1\n"
			"defaults: { key: { file: key } }\n"
			"environments:\n"
			"  - { id: env_1, name: a }\n"
			"  - { id: env_1, name: a }\n",
			NO_FLAGS,
			"fleet.yaml:5:11: id: 'env_1' is the id of another environment too\n"
			"fleet.yaml:5:24: name: 'a' is the name of another environment too\n");
}

static void an_environment_without_an_id_is_refused(void **state)
{
	(void)state;
	assert_problems("version: 1\nenvironments:\n  - { key: { file: key } }\n", NO_FLAGS,
			"fleet.yaml:3:5: 'id' is missing\n");
	assert_problems("version: 1\nenvironments: [null]\n", NO_FLAGS,
			"fleet.yaml:2:16: 'id' is missing\n"
			"fleet.yaml:2:16: key: none is given: say --environment-key-file FILE, "
			"ANTHROPIC_ENVIRONMENT_KEY_FILE, or key: { file: FILE } in a fleet file\n");
	assert_problems("version: 1\nenvironments: &a [*a]\n", NO_FLAGS,
			"fleet.yaml:2:15: environments: a section of KEY: value is expected here, "
			"such as { id: env_... }\n"
			"fleet.yaml:2:15: key: none is given: say --environment-key-file FILE, "
			"ANTHROPIC_ENVIRONMENT_KEY_FILE, or key: { file: FILE } in a fleet file\n");
}

static void the_names_of_instances_are_short(void **state)
{
	(void)state;
	assert_problems("instance: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n" HEAD, NO_FLAGS,
			"fleet.yaml:1:11: instance: must have at most 40 characters, not 41\n");
}

static void environments_of_another_type_are_refused_once(void **state)
{
	(void)state;
	assert_problems("version: 1\nenvironments: none\n",
			(struct fleet_flags){.environment_id = "env_1"},
			"fleet.yaml:2:15: environments: must be a list of sections\n");
	assert_problems("version: 1\nenvironments: [env_1]\n", NO_FLAGS,
			"fleet.yaml:2:16: environments: a section of KEY: value is expected here, "
			"such as { id: env_... }\n"
			"fleet.yaml:2:16: key: none is given: say --environment-key-file FILE, "
			"ANTHROPIC_ENVIRONMENT_KEY_FILE, or key: { file: FILE } in a fleet file\n");
}

static void environments_take_over_what_defaults_say(void **state)
{
	write_file("policies/loose.yaml", 0600, "user: \"10001:10001\"\n");
	struct fleet *fleet = loaded("version: 1\n"
				     "defaults:\n"
				     "  image: example/default:1\n"
				     "  policy: loose\n"
				     "  sessions: 3\n"
				     "  key: { file: key }\n"
				     "  poll: { idle_min: 2s, reclaim_older_than_ms: 4000 }\n"
				     "  env: { A: default, B: default }\n"
				     "environments:\n"
				     "  - id: env_1\n"
				     "  - id: env_2\n"
				     "    image: example/own:1\n"
				     "    policy: null\n"
				     "    poll: { reclaim_older_than_ms: null }\n"
				     "    env: { B: own }\n",
				     NO_FLAGS);
	const struct environment *first = &fleet->environments[0], *second = first + 1;
	(void)state;

	assert_string_equal(first->image, "example/default:1");
	assert_string_equal(first->policy_name, "loose");
	assert_int_equal(first->poll.reclaim_older_than_ms, 4000);
	assert_int_equal(first->env_count, 2);
	assert_string_equal(second->image, "example/own:1");
	assert_string_equal(second->policy_name, "hardened");
	assert_int_equal(second->sessions, 3);
	assert_string_equal(second->key.file, "key");
	assert_int_equal(second->poll.idle_min_ms, 2000);
	assert_int_equal(second->poll.reclaim_older_than_ms, 0);
	assert_string_equal(second->env[0].value, "own");
	assert_string_equal(second->env[1].name, "A");
	fleet_free(fleet);
}

static void problems_of_defaults_are_told_once(void **state)
{
	(void)state;
	assert_problems("version: 1\n"
			"defaults: { id: env_9, sessions: 0, imag: x, name: y }\n"
			"environments:\n"
			"  - { id: env_1, key: { file: key } }\n"
			"  - { id: env_2, key: { file: key } }\n",
			NO_FLAGS,
			"fleet.yaml:2:13: 'id' belongs to one environment and has no default\n"
			"fleet.yaml:2:34: sessions: must be from 1 to 10000, not '0'\n"
			"fleet.yaml:2:37: unknown key 'imag': did you mean 'image'?\n"
			"fleet.yaml:2:46: 'name' belongs to one environment and has no default\n");
	assert_problems("version: 1\ndefaults: [1]\n"
			"environments: [{ id: env_1, key: { file: key } }]\n",
			NO_FLAGS,
			"fleet.yaml:2:11: defaults: a section of KEY: value is expected here\n");
}

static void a_policy_that_is_not_there_is_named_at_its_key(void **state)
{
	(void)state;
	assert_problems(HEAD "    policy: hardend\n", NO_FLAGS,
			"fleet.yaml:5:13: policy 'hardend': not found in policies: did you mean "
			"'hardened'? (there: hardened)\n");
}

static void a_broken_policy_is_told_once_for_all_its_environments(void **state)
{
	write_file("policies/broken.yaml", 0600, "pid: 5\n");
	(void)state;
	assert_problems("version: 1\n"
			"defaults: { policy: broken, key: { file: key } }\n"
			"environments: [{ id: env_1 }, { id: env_2 }]\n",
			NO_FLAGS,
			"policies/broken.yaml:1:1: unknown key 'pid': did you mean 'pids'?\n");
}

static void a_policy_directory_must_be_there(void **state)
{
	(void)state;
	assert_problems("policy_dir: elsewhere\n" HEAD, NO_FLAGS,
			"fleet.yaml:1:13: policy_dir: 'elsewhere' is no directory\n"
			"fleet.yaml:4:5: policy 'hardened': not found in elsewhere (there: "
			"none)\n");
}

static void what_no_container_may_have_is_refused_at_its_key(void **state)
{
	(void)state;
	assert_problems(
		HEAD "    network: engine:other\n", NO_FLAGS,
		"fleet.yaml:5:14: network: 'engine:other' is wider than policy 'hardened' allows; "
		"an environment can repeat the policy's network or close it with 'none': change "
		"the policy, or name another one\n");
}

static void plain_http_is_for_this_machine_only(void **state)
{
	(void)state;
	assert_problems("base_url: http://localhost.example\n"
			"session_base_url: http://10.0.0.1\n" HEAD,
			NO_FLAGS,
			"fleet.yaml:1:11: base_url: it would carry keys in the clear: must be "
			"https:// beyond this machine (allow_http: true in a fleet file is for "
			"tests)\n"
			"fleet.yaml:2:19: session_base_url: it would carry keys in the clear: must "
			"be https:// beyond this machine (allow_http: true in a fleet file is for "
			"tests)\n");

	static const char *const local[] = {"http://127.0.0.1:8080", "http://localhost",
					    "http://[::1]:1/path"};
	for (size_t i = 0; i < 3; i++) {
		char yaml[512];
		(void)snprintf(yaml, sizeof(yaml), "base_url: '%s'\n%s", local[i], HEAD);
		struct fleet *fleet = loaded(yaml, NO_FLAGS);
		assert_string_equal(fleet->base_url, local[i]);
		/* Containers are told as well. */
		assert_string_equal(fleet->session_base_url, local[i]);
		fleet_free(fleet);
	}
}

static void urls_have_nothing_but_scheme_host_and_path(void **state)
{
	static const struct {
		const char *url, *why;
	} wrong[] = {
		{"https://", "must be a URL such as https://api.anthropic.com, not 'https://'"},
		{"https://a@b", "must not contain a user or password"},
		{"https://a?b", "must not contain '?' or '#'"},
		{"https://a b", "must be a URL: it contains a space or control character"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char yaml[512], line[512];
		(void)snprintf(yaml, sizeof(yaml), "base_url: '%s'\n%s", wrong[i].url, HEAD);
		(void)snprintf(line, sizeof(line), "fleet.yaml:1:11: base_url: %s\n", wrong[i].why);
		assert_problems(yaml, NO_FLAGS, line);
	}
}

static void files_that_are_named_must_be_readable(void **state)
{
	(void)state;
	assert_problems("ca_file: no.pem\nengine: { registry_config: no.json }\n" HEAD, NO_FLAGS,
			"fleet.yaml:1:10: ca_file: cannot read 'no.pem': No such file or "
			"directory\n"
			"fleet.yaml:2:28: registry_config: cannot read 'no.json': No such file or "
			"directory\n");
}

static void paths_are_relative_to_the_folder_of_the_file(void **state)
{
	const char *folder = *state;
	char file[256], expected[300];

	write_file("etc/policies.yaml", 0600, "");
	write_file("etc/key", 0600, "other-key\n");
	write_file("etc/own.yaml", 0600, "user: \"10001:10001\"\n");
	(void)snprintf(file, sizeof(file), "%s/etc/fleet.yaml", folder);
	write_file(file, 0644, "state_dir: state\npolicy_dir: .\n" HEAD "    policy: own\n");
	struct fleet *fleet = loaded(NULL, (struct fleet_flags){.config = file});
	(void)snprintf(expected, sizeof(expected), "%s/etc/state", folder);
	assert_string_equal(fleet->state_dir, expected);
	(void)snprintf(expected, sizeof(expected), "%s/etc/key", folder);
	assert_string_equal(fleet->environments[0].key.file, expected);
	fleet_free(fleet);
}

static void a_file_that_cannot_be_read_or_parsed_is_the_only_problem(void **state)
{
	(void)state;
	assert_problems(NULL, (struct fleet_flags){.config = "absent.yaml"},
			"absent.yaml: cannot read 'absent.yaml': No such file or directory\n");
	assert_problems("version: [1\n", NO_FLAGS,
			"fleet.yaml:2:1: not valid YAML: did not find expected ',' or ']' while "
			"parsing a flow sequence\n");
}

static void a_file_needs_its_version(void **state)
{
	(void)state;
	assert_problems("environments: [{ id: env_1, key: { file: key } }]\n", NO_FLAGS,
			"fleet.yaml:1:1: 'version' is missing\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fleet_files_setup, fleet_files_teardown)
	static const struct CMUnitTest tests[] = {
		TEST(a_short_file_means_the_documented_defaults),
		TEST(every_key_reaches_its_place),
		TEST(all_problems_are_told_at_once_with_their_places),
		TEST(values_that_do_not_fit_together_are_refused),
		TEST(variables_and_labels_of_berth_cannot_be_set),
		TEST(an_id_or_name_given_twice_is_refused_where_it_is_repeated),
		TEST(an_environment_without_an_id_is_refused),
		TEST(the_names_of_instances_are_short),
		TEST(environments_of_another_type_are_refused_once),
		TEST(environments_take_over_what_defaults_say),
		TEST(problems_of_defaults_are_told_once),
		TEST(a_policy_that_is_not_there_is_named_at_its_key),
		TEST(a_broken_policy_is_told_once_for_all_its_environments),
		TEST(a_policy_directory_must_be_there),
		TEST(what_no_container_may_have_is_refused_at_its_key),
		TEST(plain_http_is_for_this_machine_only),
		TEST(urls_have_nothing_but_scheme_host_and_path),
		TEST(files_that_are_named_must_be_readable),
		TEST(paths_are_relative_to_the_folder_of_the_file),
		TEST(a_file_that_cannot_be_read_or_parsed_is_the_only_problem),
		TEST(a_file_needs_its_version),
	};

	return cmocka_run_group_tests_name("fleet", tests, NULL, NULL);
}
