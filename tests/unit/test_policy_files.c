/* SPDX-License-Identifier: Apache-2.0 */
/* Which file a policy is read from. */
#include "base/file.h"
#include "policy/policy.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_file(const char *directory, const char *name, const char *text)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
	(void)close(fd);
}

static void remove_file(const char *directory, const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	(void)unlink(path);
}

static void the_first_directory_that_has_a_policy_wins(void **state)
{
	char mine[] = "/tmp/berth-policy-XXXXXX";
	const char *directories[] = {"/nonexistent", NULL, "policies", NULL};
	struct problems problems;
	struct policy *policy = NULL;
	(void)state;

	assert_non_null(mkdtemp(mine));
	directories[1] = mine;
	write_file(mine, "hardened.yaml", "pids: 99\n");
	problems_init(&problems);
	assert_int_equal(policy_load("hardened", directories, &problems, &policy), 0);
	assert_int_equal(policy->pids, 99);
	policy_free(policy);

	/* One that is there but broken does not fall through to the next. */
	write_file(mine, "hardened.yaml", "pids: 9x\n");
	policy = NULL;
	assert_int_equal(policy_load("hardened", directories, &problems, &policy), -EINVAL);
	assert_null(policy);
	assert_int_equal(problems.count, 1);
	problems_done(&problems);
	remove_file(mine, "hardened.yaml");
	assert_int_equal(rmdir(mine), 0);
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
	char mine[] = "/tmp/berth-policy-XXXXXX", path[256];
	const char *directories[] = {mine, "policies", NULL};
	struct problems problems;
	struct policy *policy = NULL;
	(void)state;

	assert_non_null(mkdtemp(mine));
	(void)snprintf(path, sizeof(path), "%s/hardened.yaml", mine);
	assert_int_equal(mkdir(path, 0700), 0);
	problems_init(&problems);
	assert_int_equal(policy_load("hardened", directories, &problems, &policy), -EINVAL);
	assert_non_null(strstr(problems_text(&problems), path));
	problems_done(&problems);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(mine), 0);
}

static void a_file_that_others_can_change_is_refused(void **state)
{
	char mine[] = "/tmp/berth-policy-XXXXXX", path[256];
	const char *directories[] = {mine, "policies", NULL};
	struct problems problems;
	struct policy *policy = NULL;
	(void)state;

	assert_non_null(mkdtemp(mine));
	write_file(mine, "open.yaml", "pids: 512\n");
	(void)snprintf(path, sizeof(path), "%s/open.yaml", mine);
	assert_int_equal(chmod(path, 0666), 0);
	problems_init(&problems);
	assert_int_equal(policy_load("open", directories, &problems, &policy), -EPERM);
	assert_non_null(
		strstr(problems_text(&problems), "can be written by others than its owner"));
	problems_done(&problems);
	remove_file(mine, "open.yaml");
	assert_int_equal(rmdir(mine), 0);
}

static void assert_missing(const char *name, const char *const *directories, const char *line)
{
	struct problems problems;
	struct policy *policy = NULL;

	problems_init(&problems);
	assert_int_equal(policy_load(name, directories, &problems, &policy), -ENOENT);
	assert_string_equal(problems_text(&problems), line);
	assert_null(policy);
	problems_done(&problems);
}

static void a_policy_that_is_not_there_is_answered_with_those_that_are(void **state)
{
	static const char *const directories[] = {"policies", "/nonexistent", NULL};
	static const char *const nowhere[] = {NULL};
	static const char *const twice[] = {"policies", "policies", NULL};
	(void)state;

	assert_missing("x", twice,
		       "policy 'x': not found in policies, policies (there: gvisor, hardened, "
		       "strict, trusted)\n");
	assert_missing("hardend", directories,
		       "policy 'hardend': not found in policies, /nonexistent: did you mean "
		       "'hardened'? (there: gvisor, hardened, strict, trusted)\n");
	assert_missing("../etc/passwd", directories,
		       "policy '../etc/passwd': not found in policies, /nonexistent (there: "
		       "gvisor, hardened, strict, trusted)\n");
	assert_missing("x", nowhere,
		       "policy 'x': not found: there is no directory of policies; install "
		       "berth's, or say --policy-dir DIRECTORY, or policy_dir: in a fleet file\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_directory_that_has_a_policy_wins),
		cmocka_unit_test(a_file_that_cannot_be_read_is_named),
		cmocka_unit_test(a_file_that_others_can_change_is_refused),
		cmocka_unit_test(a_policy_that_is_not_there_is_answered_with_those_that_are),
	};

	return cmocka_run_group_tests_name("policy files", tests, NULL, NULL);
}
