/* SPDX-License-Identifier: Apache-2.0 */
/* Policies that are laid over another one. */
#include "base/cleanup.h"
#include "base/file.h"
#include "policy/policy.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/tmp/berth-extends-test"

static const char *const directories[] = {FOLDER, NULL};

static void write_policy(const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf(FOLDER "/%s.yaml", name);

	(void)mkdir(FOLDER, 0700);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
	(void)close(fd);
}

static int remove_policies(void **state)
{
	static const char *const names[] = {"own", "team", "base", "c1", "c2", "c3", "c4",
					    "c5",  "c6",   "c7",   "c8", "c9", NULL};
	(void)state;

	for (const char *const *name = names; *name; name++) {
		_cleanup_free_ char *path = xasprintf(FOLDER "/%s.yaml", *name);
		(void)unlink(path);
	}
	(void)rmdir(FOLDER);
	return 0;
}

static struct policy *loaded(const char *name)
{
	struct policy *policy = NULL;
	struct problems problems;

	problems_init(&problems);
	(void)policy_load(name, directories, &problems, &policy);
	assert_string_equal(problems_text(&problems), "");
	assert_non_null(policy);
	problems_done(&problems);
	return policy;
}

static void assert_problems(const char *name, const char *text)
{
	struct policy *policy = NULL;
	struct problems problems;

	problems_init(&problems);
	assert_int_equal(policy_load(name, directories, &problems, &policy), -EINVAL);
	assert_string_equal(problems_text(&problems), text);
	assert_null(policy);
	problems_done(&problems);
}

static void what_is_not_said_is_as_in_the_policy_below(void **state)
{
	(void)state;
	write_policy("base", "pids: 99\nmemory: 1GiB\nruntime: runsc\n");
	write_policy("team", "extends: base\nmemory: 3GiB\n");
	write_policy("own", "extends: team\ncpus: 1.5\nruntime: null\n");

	struct policy *policy = loaded("own");
	assert_string_equal(policy->name, "own");
	assert_string_equal(policy->extends, "team");
	assert_int_equal(policy->pids, 99);
	assert_int_equal(policy->memory_bytes, INT64_C(3) << 30);
	assert_int_equal(policy->cpu_millis, 1500);
	/* null is the default, not what is below. */
	assert_null(policy->runtime);
	/* What nobody says has the default. */
	assert_int_equal(policy->nofile, 4096);
	policy_free(policy);
}

static void a_key_with_nothing_behind_it_takes_nothing_back(void **state)
{
	(void)state;
	write_policy("base", "pids: 99\nrequire_secret: true\nlog: {size: 1MiB}\nruntime:\n");
	write_policy("own", "extends: base\npids:\nrequire_secret: # not yet\n"
			    "log: {size: }\nruntime:\nmemory:\n");

#define EMPTY "is empty: leave it out to keep what is said below it, or say `null` for the default"
	assert_problems("own", FOLDER "/own.yaml:2:1: pids: " EMPTY "\n" FOLDER
				      "/own.yaml:3:1: require_secret: " EMPTY "\n" FOLDER
				      "/own.yaml:4:7: size: " EMPTY "\n");
}

static void a_list_replaces_the_one_below_it(void **state)
{
	(void)state;
	write_policy("base", "tmpfs: [{path: /a, size: 1MiB}, {path: /b, size: 1MiB}]\n"
			     "capabilities: [chown, fowner]\n");
	write_policy("own", "extends: base\ntmpfs: [{path: /c, size: 1MiB}]\n"
			    "capabilities: [chown]\n");

	struct policy *policy = loaded("own");
	assert_int_equal(policy->tmpfs_count, 1);
	assert_string_equal(policy->tmpfs[0].path, "/c");
	assert_int_equal(policy->capabilities, 1);
	policy_free(policy);
}

static void a_section_is_laid_over_key_by_key(void **state)
{
	(void)state;
	write_policy("base", "log: {size: 1MiB}\nvolumes: {size: 2MiB}\n");
	write_policy("own", "extends: base\nlog: {}\nvolumes: {size: 3MiB}\n");

	struct policy *policy = loaded("own");
	assert_int_equal(policy->log_bytes, 1 << 20);
	assert_int_equal(policy->volume_bytes, 3 << 20);
	policy_free(policy);
}

static void the_digest_depends_on_the_whole_chain(void **state)
{
	char first[65], second[65];
	(void)state;
	write_policy("base", "pids: 99\n");
	write_policy("team", "extends: base\n");
	write_policy("own", "extends: team\n");

	struct policy *policy = loaded("own");
	(void)snprintf(first, sizeof(first), "%s", policy->digest);
	policy_free(policy);
	write_policy("base", "pids: 98\n");
	policy = loaded("own");
	(void)snprintf(second, sizeof(second), "%s", policy->digest);
	policy_free(policy);
	assert_int_equal(strlen(first), 64);
	assert_string_not_equal(first, second);
}

static void what_is_wrong_below_is_named_there(void **state)
{
	(void)state;
	write_policy("base", "pids: many\nsize: 3\n");
	write_policy("own", "extends: base\ncpus: none\n");
	assert_problems("own",
			FOLDER "/own.yaml:2:7: cpus: must be a number of CPUs such as 2 or 1.5, "
			       "not 'none'\n" FOLDER
			       "/base.yaml:1:7: pids: must be a whole number, not 'many'\n" FOLDER
			       "/base.yaml:2:1: unknown key 'size'\n");
	write_policy("base", "pids\n");
	assert_problems("own", FOLDER "/base.yaml:1:1: a section of KEY: value is expected here\n");
	write_policy("base", "null\n");
	assert_problems("own", FOLDER
			"/own.yaml:2:7: cpus: must be a number of CPUs such as 2 or 1.5, not "
			"'none'\n");
	write_policy("own", "extends: [base]\n");
	assert_problems("own", FOLDER "/own.yaml:1:10: extends: must be a single value\n");
}

static void a_policy_that_is_missing_below_is_one_error(void **state)
{
	(void)state;
	write_policy("team", "pids: 99\n");
	write_policy("own", "pids: 98\nextends: taem\n");
	assert_problems("own", FOLDER "/own.yaml:2:10: extends: policy 'taem' not found in " FOLDER
				      ": did you mean 'team'? (there: own, team)\n");
	write_policy("own", "extends: ../team\n");
	assert_problems("own",
			FOLDER "/own.yaml:1:10: extends: policy '../team' not found in " FOLDER
			       ": did you mean 'team'? (there: own, team)\n");
}

static void a_circle_is_one_error_at_the_line_that_closes_it(void **state)
{
	(void)state;
	write_policy("base", "pids: 99\nextends: team\n");
	write_policy("team", "extends: base\n");
	write_policy("own", "extends: team\n");
	assert_problems("own", FOLDER "/base.yaml:2:10: extends: a policy cannot extend itself: "
				      "team -> base -> team\n");
	write_policy("own", "extends: own\n");
	assert_problems("own", FOLDER "/own.yaml:1:10: extends: a policy cannot extend itself: "
				      "own -> own\n");
}

static void a_chain_has_an_end(void **state)
{
	(void)state;
	for (int i = 1; i < 9; i++) {
		_cleanup_free_ char *name = xasprintf("c%d", i);
		_cleanup_free_ char *text = xasprintf("extends: c%d\n", i + 1);
		write_policy(name, text);
	}
	write_policy("c9", "pids: 99\n");
	struct policy *policy = loaded("c2");
	assert_int_equal(policy->pids, 99);
	policy_free(policy);
	assert_problems("c1", FOLDER "/c8.yaml:1:10: extends: there are 8 policies in this chain "
				     "already\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_is_not_said_is_as_in_the_policy_below,
					  remove_policies),
		cmocka_unit_test_teardown(a_key_with_nothing_behind_it_takes_nothing_back,
					  remove_policies),
		cmocka_unit_test_teardown(a_list_replaces_the_one_below_it, remove_policies),
		cmocka_unit_test_teardown(a_section_is_laid_over_key_by_key, remove_policies),
		cmocka_unit_test_teardown(the_digest_depends_on_the_whole_chain, remove_policies),
		cmocka_unit_test_teardown(what_is_wrong_below_is_named_there, remove_policies),
		cmocka_unit_test_teardown(a_policy_that_is_missing_below_is_one_error,
					  remove_policies),
		cmocka_unit_test_teardown(a_circle_is_one_error_at_the_line_that_closes_it,
					  remove_policies),
		cmocka_unit_test_teardown(a_chain_has_an_end, remove_policies),
	};

	return cmocka_run_group_tests_name("policies that extend others", tests, NULL, NULL);
}
