/* SPDX-License-Identifier: Apache-2.0 */
/* Where environment keys come from, and which are refused. */
#include "unit/fleet_files.h"
#include "unit/unit.h"

#include <string.h>

#define NO_FLAGS ((struct fleet_flags){0})

static char file_name[] = "key", variable_name[] = "THE_KEY", credential_name[] = "cred";

static void set_variable(const char *name, const char *value)
{
	assert_int_equal(setenv(name, value, 1), 0);
}

static void assert_key(struct key_source source, const char *expected)
{
	struct secret *secret = NULL;
	struct err err = {0};

	int r = key_read(&source, &secret, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(r, 0);
	assert_string_equal(secret_reveal(secret), expected);
	secret_free(secret);
}

static void assert_no_key(struct key_source source, enum err_kind kind, const char *why)
{
	struct secret *secret = NULL;
	struct err err = {0};

	assert_true(key_read(&source, &secret, &err) < 0);
	assert_int_equal(err.kind, kind);
	assert_string_equal(err.text, why);
	assert_null(secret);
}

static void white_space_around_a_key_does_not_belong_to_it(void **state)
{
	(void)state;
	assert_key((struct key_source){.file = file_name}, "the-key");
	set_variable(variable_name, " \tvariable-key\n");
	assert_key((struct key_source){.variable = variable_name}, "variable-key");
	write_file("credentials/cred", 0440, "\ncredential-key\n");
	set_variable("CREDENTIALS_DIRECTORY", "credentials");
	assert_key((struct key_source){.credential = credential_name}, "credential-key");
}

static void a_key_that_others_can_read_is_refused(void **state)
{
	(void)state;
	write_file("key", 0640, "the-key\n");
	assert_no_key((struct key_source){.file = file_name}, ERR_REFUSED,
		      "key file 'key' can be read or written by others than its owner (mode "
		      "0640): chmod 600 'key'");
	write_file("credentials/cred", 0444, "key\n");
	set_variable("CREDENTIALS_DIRECTORY", "credentials");
	assert_no_key((struct key_source){.credential = credential_name}, ERR_REFUSED,
		      "credential 'cred' can be read or written by every user: chmod 600 "
		      "'credentials/cred'");
}

static void what_is_no_key_is_refused(void **state)
{
	static char hidden[] = "../key", dots[] = "..";
	(void)state;

	assert_int_equal(unsetenv(variable_name), 0);
	assert_no_key((struct key_source){.variable = variable_name}, ERR_INPUT,
		      "environment variable THE_KEY is not set");
	set_variable(variable_name, " \n");
	assert_no_key((struct key_source){.variable = variable_name}, ERR_INPUT,
		      "environment variable THE_KEY is empty");
	set_variable(variable_name, "two words");
	assert_no_key((struct key_source){.variable = variable_name}, ERR_INPUT,
		      "environment variable THE_KEY holds a space or control character inside the "
		      "key");
	assert_no_key((struct key_source){.credential = credential_name}, ERR_INPUT,
		      "credential 'cred': CREDENTIALS_DIRECTORY is not set; systemd sets it for a "
		      "unit with LoadCredential=cred:/PATH");
	set_variable("CREDENTIALS_DIRECTORY", "credentials");
	assert_no_key((struct key_source){.credential = credential_name}, ERR_INPUT,
		      "cannot read 'credentials/cred': No such file or directory");
	assert_no_key((struct key_source){.credential = hidden}, ERR_INPUT,
		      "'../key' is no name of a credential");
	assert_no_key((struct key_source){.credential = dots}, ERR_INPUT,
		      "'..' is no name of a credential");
	assert_no_key((struct key_source){0}, ERR_INPUT, "no key is configured");
}

static void a_fleet_file_names_one_source(void **state)
{
	(void)state;
	set_variable("THE_KEY", "key");
	struct fleet *fleet = loaded("version: 1\n"
				     "environments: [{ id: env_1, key: { env: THE_KEY } }]\n",
				     NO_FLAGS);
	assert_string_equal(fleet->environments[0].key.variable, "THE_KEY");
	fleet_free(fleet);
	assert_problems("version: 1\n"
			"environments: [{ id: env_1, key: { env: THE_KEY, file: key } }]\n",
			NO_FLAGS, "fleet.yaml:2:34: key: say one of file, env, credential\n");
}

static void a_bad_key_is_told_where_it_is_configured(void **state)
{
	(void)state;
	write_file("open", 0644, "key\n");
	assert_problems("version: 1\n"
			"environments: [{ id: env_1, key: { file: open } }]\n",
			NO_FLAGS,
			"fleet.yaml:2:34: key file 'open' can be read or written by others than "
			"its owner (mode 0644): chmod 600 'open'\n");
	assert_problems("version: 1\nenvironments: [{ id: env_1, key: { file: key } }]\n",
			(struct fleet_flags){.environment_key_file = "absent"},
			"--environment-key-file: cannot read key file 'absent': No such file or "
			"directory\n");
	set_variable("ANTHROPIC_ENVIRONMENT_KEY_FILE", "open");
	assert_problems("version: 1\nenvironments: [{ id: env_1, key: { file: key } }]\n", NO_FLAGS,
			"ANTHROPIC_ENVIRONMENT_KEY_FILE: key file 'open' can be read or written by "
			"others than its owner (mode 0644): chmod 600 'open'\n");
}

static void a_flag_comes_before_variables_and_they_before_the_file(void **state)
{
	static const char yaml[] =
		"version: 1\nenvironments: [{ id: env_1, key: { file: key } }]\n";
	struct fleet *fleet;
	(void)state;

	set_variable("ANTHROPIC_ENVIRONMENT_KEY", "variable-key");
	fleet = loaded(yaml, NO_FLAGS);
	assert_string_equal(fleet->environments[0].key.variable, "ANTHROPIC_ENVIRONMENT_KEY");
	assert_null(fleet->environments[0].key.file);
	fleet_free(fleet);

	write_file("flag-key", 0600, "flag-key\n");
	fleet = loaded(yaml, (struct fleet_flags){.environment_key_file = "flag-key"});
	assert_string_equal(fleet->environments[0].key.file, "flag-key");
	assert_null(fleet->environments[0].key.variable);
	fleet_free(fleet);

	set_variable("ANTHROPIC_ENVIRONMENT_KEY_FILE", "key");
	assert_problems(yaml, NO_FLAGS,
			"ANTHROPIC_ENVIRONMENT_KEY: is set, and so is "
			"ANTHROPIC_ENVIRONMENT_KEY_FILE: set one of them\n");
}

static void without_any_of_them_a_systemd_credential_is_looked_for(void **state)
{
	const struct fleet_flags flags = {.environment_id = "env_1", .policy_dir = "policies"};
	(void)state;

	set_variable("CREDENTIALS_DIRECTORY", "credentials");
	assert_problems(NULL, flags,
			"key: none is given: say --environment-key-file FILE, "
			"ANTHROPIC_ENVIRONMENT_KEY_FILE, or key: { file: FILE } in a fleet file\n");
	write_file("credentials/ANTHROPIC_ENVIRONMENT_KEY", 0400, "credential-key\n");
	struct fleet *fleet = loaded(NULL, flags);
	assert_string_equal(fleet->environments[0].key.credential, "ANTHROPIC_ENVIRONMENT_KEY");
	fleet_free(fleet);
	write_file("credentials/ANTHROPIC_ENVIRONMENT_KEY", 0400, "");
	assert_problems(NULL, flags,
			"CREDENTIALS_DIRECTORY: credentials/ANTHROPIC_ENVIRONMENT_KEY is empty\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fleet_files_setup, fleet_files_teardown)
	static const struct CMUnitTest tests[] = {
		TEST(white_space_around_a_key_does_not_belong_to_it),
		TEST(a_key_that_others_can_read_is_refused),
		TEST(what_is_no_key_is_refused),
		TEST(a_fleet_file_names_one_source),
		TEST(a_bad_key_is_told_where_it_is_configured),
		TEST(a_flag_comes_before_variables_and_they_before_the_file),
		TEST(without_any_of_them_a_systemd_credential_is_looked_for),
	};

	return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
