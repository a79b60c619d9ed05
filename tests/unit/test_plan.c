/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "plan_fixture.h"

#include <errno.h>
#include <stdio.h>

static char word[256]; /* one text that a test puts where the input wants char * */

static char *text(const char *value)
{
	(void)snprintf(word, sizeof(word), "%s", value);
	return word;
}

static void assert_item_refused(const struct plan_input *input, const char *reason)
{
	assert_refused(input, -EINVAL, reason);
}

static const char *label(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->label_count; i++)
		if (strcmp(plan->labels[i].name, name) == 0)
			return plan->labels[i].value;
	return NULL;
}

static void a_plan_is_named_after_its_work_item(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	struct plan *plan = fixture_plan(&f);
	assert_string_equal(plan->name, "berth-work_01");
	assert_string_equal(plan->image, "localhost/session:1");
	assert_string_equal(plan->image_id, "sha256:0123");
	assert_null(plan->command);
	assert_int_equal(plan->stop_grace_ms, 30000);
	assert_ptr_equal(plan->policy, f.policy);
	plan_free(plan);
	fixture_done(&f);
}

static void labels_say_whose_and_what_for(void **state)
{
	struct fixture f;
	char policy[64];
	(void)state;

	fixture_init(&f, NULL);
	f.input.claimed_ms = 1795341600123;
	struct plan *plan = fixture_plan(&f);
	(void)snprintf(policy, sizeof(policy), "tight@%.12s", f.policy->digest);
	assert_int_equal(plan->label_count, 7);
	assert_string_equal(label(plan, "berth.instance"), "default");
	assert_string_equal(label(plan, "berth.environment"), "env_01");
	assert_string_equal(label(plan, "berth.session"), "sesn_01");
	assert_string_equal(label(plan, "berth.work"), "work_01");
	assert_string_equal(label(plan, "berth.policy"), policy);
	assert_string_equal(label(plan, "berth.schema"), "1");
	assert_string_equal(label(plan, "berth.claimed"), "2026-11-22T10:00:00.123Z");
	plan_free(plan);
	fixture_done(&f);
}

/* What a credential mode gives to the worker; NULL for what it does not. */
static void assert_credentials(struct fixture *f, enum credential_mode mode, const char *key,
			       const char *secret, bool exposes)
{
	f->input.credential = mode;
	struct plan *plan = fixture_plan(f);
	assert_string_equal(fixture_variable(plan, "ANTHROPIC_ENVIRONMENT_KEY"), key);
	if (secret)
		assert_string_equal(fixture_variable(plan, "ANTHROPIC_WORK_SECRET"), secret);
	else
		assert_null(fixture_variable(plan, "ANTHROPIC_WORK_SECRET"));
	assert_int_equal(plan->exposes_environment_key, exposes);
	plan_free(plan);
}

static void auto_gives_the_token_and_the_secret_of_the_item(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	assert_credentials(&f, CREDENTIAL_AUTO, FIXTURE_TOKEN, FIXTURE_WORK_SECRET, false);
	f.input.environment_key = NULL;
	assert_credentials(&f, CREDENTIAL_AUTO, FIXTURE_TOKEN, FIXTURE_WORK_SECRET, false);
	fixture_done(&f);
}

static void auto_falls_back_to_the_environment_key_and_says_so(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	f.input.work_secret = NULL;
	assert_credentials(&f, CREDENTIAL_AUTO, FIXTURE_KEY, NULL, true);
	f.input.work_secret = f.work_secret;
	f.input.sessions_token = NULL;
	assert_credentials(&f, CREDENTIAL_AUTO, FIXTURE_KEY, NULL, true);
	f.input.environment_key = NULL;
	assert_forbidden(&f.input, "credential: there is no environment key to give to the worker");
	fixture_done(&f);
}

static void secret_never_gives_the_environment_key(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	assert_credentials(&f, CREDENTIAL_SECRET, FIXTURE_TOKEN, FIXTURE_WORK_SECRET, false);
	f.input.sessions_token = NULL;
	assert_item_refused(&f.input,
			    "credential: the item brings no usable secret, and 'secret' allows "
			    "nothing else; 'auto' would fall back to the environment key");
	fixture_done(&f);
}

static void key_passes_the_environment_key_and_no_secret(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	assert_credentials(&f, CREDENTIAL_KEY, FIXTURE_KEY, NULL, true);
	f.input.environment_key = NULL;
	assert_forbidden(&f.input, "credential: there is no environment key to give to the worker");
	fixture_done(&f);
}

static void the_worker_is_told_who_it_is(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	struct plan *plan = fixture_plan(&f);
	assert_string_equal(fixture_variable(plan, "ANTHROPIC_SESSION_ID"), "sesn_01");
	assert_string_equal(fixture_variable(plan, "ANTHROPIC_WORK_ID"), "work_01");
	assert_string_equal(fixture_variable(plan, "ANTHROPIC_ENVIRONMENT_ID"), "env_01");
	assert_null(fixture_variable(plan, "ANTHROPIC_BASE_URL"));
	plan_free(plan);

	f.input.base_url = "https://api.example";
	plan = fixture_plan(&f);
	assert_string_equal(fixture_variable(plan, "ANTHROPIC_BASE_URL"), "https://api.example");
	plan_free(plan);
	fixture_done(&f);
}

static void only_credentials_are_secret(void **state)
{
	struct fixture f;
	size_t secrets = 0;
	(void)state;

	fixture_init(&f, NULL);
	struct plan *plan = fixture_plan(&f);
	for (size_t i = 0; i < plan->variable_count; i++)
		secrets += plan->variables[i].is_secret;
	assert_int_equal(secrets, 2);
	assert_true(plan_secret_appears_in(plan, "error: " FIXTURE_TOKEN " is wrong"));
	assert_true(plan_secret_appears_in(plan, "session-token%2Fwith%2Bsigns"));
	assert_true(plan_secret_appears_in(plan, FIXTURE_WORK_SECRET));
	assert_false(plan_secret_appears_in(plan, "work_01 sesn_01"));
	plan_free(plan);
	fixture_done(&f);
}

static void an_id_that_is_no_name_is_refused(void **state)
{
	char too_long[130];
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	memset(too_long, 'a', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	f.input.work_id = "../../etc";
	assert_item_refused(&f.input, "id: the work item's must be 1 to 128 characters of A-Z a-z "
				      "0-9 _ and -");
	f.input.work_id = too_long;
	assert_item_refused(&f.input, "id: the work item's must be 1 to 128 characters of A-Z a-z "
				      "0-9 _ and -");
	f.input.work_id = NULL;
	assert_item_refused(&f.input, "id: the work item's must be 1 to 128 characters of A-Z a-z "
				      "0-9 _ and -");
	f.input.work_id = "work_01";
	f.input.session_id = "";
	assert_item_refused(&f.input, "id: the session's must be 1 to 128 characters of A-Z a-z "
				      "0-9 _ and -");
	f.input.session_id = "sesn_01";
	f.input.environment_id = "a b";
	assert_forbidden(&f.input, "id: the environment's must be 1 to 128 characters of A-Z a-z "
				   "0-9 _ and -");
	fixture_done(&f);
}

static void a_policy_that_requires_a_secret_lets_no_session_have_the_key(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, "require_secret: true\n");
	struct plan *plan = fixture_plan(&f);
	assert_false(plan->exposes_environment_key);
	plan_free(plan);
	f.input.sessions_token = NULL;
	assert_refused(&f.input, -EINVAL,
		       "credential: the item brings no usable secret, and policy 'tight' requires "
		       "one (require_secret)");
	f.input.sessions_token = f.token;
	f.input.credential = CREDENTIAL_KEY;
	assert_forbidden(&f.input, "credential: 'key' gives the environment key to every session, "
				   "and policy 'tight' lets none have it (require_secret): use "
				   "'auto' or 'secret'");
	fixture_done(&f);
}

static void variables_of_the_operator_are_passed_on(void **state)
{
	char lang[] = "LANG", value[] = "C.UTF-8";
	const struct name_value env = {lang, value};
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	f.input.env = &env;
	f.input.env_count = 1;
	struct plan *plan = fixture_plan(&f);
	assert_string_equal(fixture_variable(plan, "LANG"), "C.UTF-8");
	assert_false(plan->variables[0].is_secret);
	plan_free(plan);
	fixture_done(&f);
}

static void the_operator_cannot_set_what_the_worker_is_told(void **state)
{
	static const char *const wrong[] = {"", "1A", "A B", "A=B", "A-B"};
	char value[] = "x";
	struct name_value env[2] = {{text("ANTHROPIC_API_KEY"), value}, {word, value}};
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	f.input.env = env;
	f.input.env_count = 1;
	assert_forbidden(&f.input, "env: 'ANTHROPIC_API_KEY' cannot be set here: ANTHROPIC_* is "
				   "how the worker is told who it is; remove it from `env`");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		char reason[128];

		(void)text(wrong[i]);
		(void)snprintf(reason, sizeof(reason),
			       "env: '%s' is no name of a variable: letters, digits and _, not "
			       "starting with a digit",
			       wrong[i]);
		assert_forbidden(&f.input, reason);
	}
	(void)text("TWICE");
	f.input.env_count = 2;
	assert_forbidden(&f.input, "env: 'TWICE' is set twice");
	fixture_done(&f);
}

static void an_image_that_carries_a_key_is_refused_without_repeating_it(void **state)
{
	char path[] = "PATH=/bin", key[] = "ANTHROPIC_API_KEY=very-secret";
	char *environment[] = {path, key, NULL};
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	f.facts.environment = environment;
	assert_forbidden(&f.input,
			 "image: 'localhost/session:1' sets the variable 'ANTHROPIC_API_KEY' "
			 "(ENV): ANTHROPIC_* is how the worker is told who it is, and an image "
			 "must carry no key; build it without");
	fixture_done(&f);
}

static void a_command_replaces_the_image_and_something_must_run(void **state)
{
	char run[] = "run", flag[] = "--once", nothing[] = "";
	char *command[] = {run, flag, NULL}, *empty[] = {NULL}, *blank[] = {nothing, NULL};
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	f.input.command = command;
	struct plan *plan = fixture_plan(&f);
	assert_string_equal(plan->command[0], "run");
	assert_string_equal(plan->command[1], "--once");
	assert_null(plan->command[2]);
	plan_free(plan);

	f.input.command = empty;
	assert_forbidden(&f.input,
			 "command: must not be empty: leave it out to run the image's own");
	f.input.command = blank;
	assert_forbidden(&f.input,
			 "command: must not be empty: leave it out to run the image's own");
	f.input.command = NULL;
	f.facts.entrypoint = NULL;
	assert_forbidden(&f.input, "command: image 'localhost/session:1' has neither ENTRYPOINT "
				   "nor CMD: set `command`");
	f.facts.command = command;
	plan_free(fixture_plan(&f));
	fixture_done(&f);
}

static void labels_of_the_operator_are_expanded(void **state)
{
	char name[] = "url", json[] = "{\"a\":{}} {work_id}/{session_id}{work_id}{ {x y}{A}";
	const struct name_value labels = {name, json};
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	f.input.labels = &labels;
	f.input.label_count = 1;
	struct plan *plan = fixture_plan(&f);
	assert_string_equal(label(plan, "url"), "{\"a\":{}} work_01/sesn_01work_01{ {x y}{A}");
	plan_free(plan);
	fixture_done(&f);
}

static void labels_that_pretend_or_mistype_are_refused(void **state)
{
	char own[] = "berth.work", typo[] = "{work_ids}", other[] = "{entirely_else}", empty[] = "";
	struct name_value labels[2] = {{own, own}, {own, own}};
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	f.input.labels = labels;
	f.input.label_count = 1;
	assert_forbidden(&f.input, "labels: 'berth.work' cannot be set here: berth.* is how berth "
				   "knows its own containers; choose another name");
	labels[0] = (struct name_value){empty, own};
	assert_forbidden(&f.input, "labels: a name is empty");
	labels[0] = (struct name_value){text("x"), typo};
	assert_forbidden(&f.input, "labels: 'x' holds {work_ids}, which stands for nothing; there "
				   "are {work_id} and {session_id}: did you mean {work_id}?");
	labels[0].value = other;
	assert_forbidden(&f.input, "labels: 'x' holds {entirely_else}, which stands for nothing; "
				   "there are {work_id} and {session_id}");
	labels[0].value = own;
	labels[1] = labels[0];
	f.input.label_count = 2;
	assert_forbidden(&f.input, "labels: 'x' is set twice");
	fixture_done(&f);
}

static char **two_strings(const char *a, const char *b)
{
	char **strings = xcalloc(3, sizeof(char *));

	strings[0] = xstrdup(a);
	strings[1] = xstrdup(b);
	return strings;
}

static void image_facts_give_back_everything(void **state)
{
	struct image_facts facts = {
		.id = xstrdup("sha256:0"),
		.volumes = two_strings("/a", "/b"),
		.environment = two_strings("A=1", "B=2"),
		.entrypoint = two_strings("a", "b"),
		.command = two_strings("c", "d"),
	};
	(void)state;

	image_facts_done(&facts);
	assert_null(facts.id);
	assert_null(facts.command);
	image_facts_done(&facts);
	assert_null(plan_free(NULL));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_is_named_after_its_work_item),
		cmocka_unit_test(labels_say_whose_and_what_for),
		cmocka_unit_test(auto_gives_the_token_and_the_secret_of_the_item),
		cmocka_unit_test(auto_falls_back_to_the_environment_key_and_says_so),
		cmocka_unit_test(secret_never_gives_the_environment_key),
		cmocka_unit_test(key_passes_the_environment_key_and_no_secret),
		cmocka_unit_test(the_worker_is_told_who_it_is),
		cmocka_unit_test(only_credentials_are_secret),
		cmocka_unit_test(an_id_that_is_no_name_is_refused),
		cmocka_unit_test(a_policy_that_requires_a_secret_lets_no_session_have_the_key),
		cmocka_unit_test(variables_of_the_operator_are_passed_on),
		cmocka_unit_test(the_operator_cannot_set_what_the_worker_is_told),
		cmocka_unit_test(an_image_that_carries_a_key_is_refused_without_repeating_it),
		cmocka_unit_test(a_command_replaces_the_image_and_something_must_run),
		cmocka_unit_test(labels_of_the_operator_are_expanded),
		cmocka_unit_test(labels_that_pretend_or_mistype_are_refused),
		cmocka_unit_test(image_facts_give_back_everything),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
