/* SPDX-License-Identifier: Apache-2.0 */
/* System call filters of the operator's own: what is one, and which file a policy means. */
#include "base/cleanup.h"
#include "base/file.h"
#include "policy/policy.h"
#include "policy/seccomp.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER	"/tmp/berth-seccomp-test"
#define PROFILE "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[]}"

static void assert_profile(const char *text, const char *line)
{
	struct err err = {.text = ""};
	char *profile = NULL;

	(void)seccomp_parse(text, strlen(text), &profile, &err);
	assert_string_equal(err.text, "");
	assert_string_equal(profile, line);
	free(profile);
}

static void assert_no_profile(const char *text, const char *reason)
{
	char *profile = NULL;
	struct err err;

	assert_true(seccomp_parse(text, strlen(text), &profile, &err) < 0);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_string_equal(err.text, reason);
	assert_null(profile);
}

static void a_profile_becomes_one_line(void **state)
{
	(void)state;
	assert_profile("{\n  \"defaultAction\": \"SCMP_ACT_ERRNO\",\n  \"syscalls\": []\n}\n",
		       PROFILE);
	assert_profile("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"bpf\"],"
		       "\"action\":\"SCMP_ACT_KILL\"}]}",
		       "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"bpf\"],"
		       "\"action\":\"SCMP_ACT_KILL\"}]}");
}

static void what_is_no_profile_says_what_one_has(void **state)
{
	static const char no_object[] = "is not a JSON object: a profile has 'defaultAction' and "
					"'syscalls'";
	(void)state;

	assert_no_profile("", no_object);
	assert_no_profile("[]", no_object);
	assert_no_profile("{\"defaultAction\":", no_object);
	assert_no_profile("{}", "'defaultAction' must be SCMP_ACT_ERRNO, SCMP_ACT_ALLOW or another "
				"of libseccomp's actions, not ''");
	assert_no_profile("{\"defaultAction\":\"DENY\"}",
			  "'defaultAction' must be SCMP_ACT_ERRNO, SCMP_ACT_ALLOW or another of "
			  "libseccomp's actions, not 'DENY'");
	assert_no_profile("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":{}}",
			  "'syscalls' must be a list");
	assert_no_profile("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"action\":"
			  "\"SCMP_ACT_ALLOW\"}]}",
			  "an entry of 'syscalls' has no 'names' (a list)");
	assert_no_profile("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[],"
			  "\"action\":\"allow\"}]}",
			  "an entry of 'syscalls' has the action 'allow': SCMP_ACT_ALLOW, "
			  "SCMP_ACT_ERRNO or another of libseccomp's is expected");
}

static void a_profile_that_keeps_nothing_from_happening_is_none(void **state)
{
	static const char reason[] = "lets every system call pass: a session never runs without a "
				     "filter";
	(void)state;

	assert_no_profile("{\"defaultAction\":\"SCMP_ACT_ALLOW\"}", reason);
	assert_no_profile("{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[{\"names\":[\"bpf\"],"
			  "\"action\":\"SCMP_ACT_ALLOW\"}]}",
			  reason);
}

/* Engines read JSON's names in any case of letters (Go's encoding/json), and of two the last. */
static void a_name_that_an_engine_would_read_in_another_way_is_refused(void **state)
{
	static const struct {
		const char *profile, *name;
	} cases[] = {
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"DefaultAction\":\"SCMP_ACT_ALLOW\"}",
		 "DefaultAction"},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"Syscalls\":[{\"names\":[\"bpf\"],"
		 "\"action\":\"SCMP_ACT_ALLOW\"}]}",
		 "Syscalls"},
		/* U+017F is a letter s to them. */
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"\xc5\xbfyscalls\":[]}",
		 "\xc5\xbfyscalls"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"bpf\"],"
		 "\"action\":\"SCMP_ACT_ERRNO\",\"ACTION\":\"SCMP_ACT_ALLOW\"}]}",
		 "ACTION"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"bpf\"],"
		 "\"action\":\"SCMP_ACT_ERRNO\",\"Includes\":{\"arches\":[\"s390\"]}}]}",
		 "Includes"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *reason =
			xasprintf("'%s' is no name of a profile's as it is written: an engine may "
				  "take it for one; take it out",
				  cases[i].name);
		assert_no_profile(cases[i].profile, reason);
	}
	assert_profile("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"comment\":\"ours\"}",
		       "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"comment\":\"ours\"}");
}

static void an_entry_that_need_not_apply_is_no_filter(void **state)
{
	static const char *const entries[] = {
		"\"names\":[]",
		"\"names\":[\"bpf\"],\"includes\":{\"arches\":[\"s390\"]}",
		"\"names\":[\"bpf\"],\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		_cleanup_free_ char *profile =
			xasprintf("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{%s,"
				  "\"action\":\"SCMP_ACT_ERRNO\"}]}",
				  entries[i]);
		assert_no_profile(profile, "lets every system call pass: a session never runs "
					   "without a filter");
	}
}

static void a_policy_names_a_file_beside_it_or_an_absolute_path(void **state)
{
	static const char *const names[] = {"engine", "strict-seccomp.json", "/etc/berth/a.json",
					    NULL};
	static const char *const wrong[] = {"",	      "engin",	      "a/b.json", "../a.json",
					    ".json",  ".hidden.json", "/",	  "/a/../b.json",
					    "a.yaml", "unconfined",   NULL};
	struct err err;
	(void)state;

	for (const char *const *name = names; *name; name++)
		assert_int_equal(seccomp_check_name(*name, &err), 0);
	for (const char *const *name = wrong; *name; name++)
		assert_int_equal(seccomp_check_name(*name, &err), -EINVAL);
}

/* --- files --- */

static void write_file(const char *name, const char *text, mode_t mode)
{
	_cleanup_free_ char *path = xasprintf(FOLDER "/%s", name);

	(void)mkdir(FOLDER, 0700);
	(void)mkdir(FOLDER "/below", 0700);
	(void)unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	(void)close(fd);
}

static int remove_files(void **state)
{
	static const char *const names[] = {"own.yaml", "below/base.yaml", "below/own.json",
					    "own.json", "below"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xasprintf(FOLDER "/%s", names[i]);
		(void)remove(path);
	}
	(void)rmdir(FOLDER);
	return 0;
}

static struct policy *load(const char *expected_problems)
{
	static const char *const directories[] = {FOLDER, FOLDER "/below", NULL};
	struct policy *policy = NULL;
	struct problems problems;

	problems_init(&problems);
	(void)policy_load("own", directories, &problems, &policy);
	assert_string_equal(problems_text(&problems), expected_problems);
	assert_int_equal(policy == NULL, problems.count > 0);
	problems_done(&problems);
	return policy;
}

static void the_engines_own_profile_needs_no_file(void **state)
{
	(void)state;
	write_file("own.yaml", "seccomp: engine\n", 0600);
	struct policy *policy = load("");
	assert_null(policy->seccomp_file);
	assert_null(policy->seccomp_profile);
	policy_free(policy);
}

static void a_profile_lies_beside_the_policy_that_names_it(void **state)
{
	(void)state;
	write_file("own.yaml", "extends: base\n", 0600);
	write_file("below/base.yaml", "seccomp: own.json\n", 0600);
	write_file("below/own.json", PROFILE, 0644);
	write_file("own.json", "not this one", 0644);
	struct policy *policy = load("");
	assert_string_equal(policy->seccomp_file, FOLDER "/below/own.json");
	assert_string_equal(policy->seccomp_profile, PROFILE);
	policy_free(policy);

	write_file("own.yaml", "seccomp: " FOLDER "/below/own.json\n", 0600);
	policy = load("");
	assert_string_equal(policy->seccomp_profile, PROFILE);
	policy_free(policy);
}

static void the_digest_depends_on_the_profile(void **state)
{
	char first[65];
	(void)state;
	write_file("own.yaml", "seccomp: own.json\n", 0600);
	write_file("own.json", PROFILE, 0644);
	struct policy *policy = load("");
	(void)snprintf(first, sizeof(first), "%s", policy->digest);
	policy_free(policy);
	write_file("own.json", "{\"defaultAction\":\"SCMP_ACT_KILL\"}", 0644);
	policy = load("");
	assert_string_not_equal(policy->digest, first);
	policy_free(policy);
}

static void a_profile_that_cannot_be_used_is_named_where_the_policy_names_it(void **state)
{
	(void)state;
	write_file("own.yaml", "pids: 99\nseccomp: own.json\n", 0600);
	(void)load(FOLDER "/own.yaml:2:10: seccomp: cannot read 'own.json' beside the policy: No "
			  "such file or directory\n");
	write_file("own.json", "{}", 0644);
	(void)load(FOLDER "/own.yaml:2:10: seccomp: " FOLDER
			  "/own.json: 'defaultAction' must be SCMP_ACT_ERRNO, SCMP_ACT_ALLOW or "
			  "another of libseccomp's actions, not ''\n");
	write_file("own.json", PROFILE, 0666);
	(void)load(FOLDER "/own.yaml:2:10: seccomp: '" FOLDER
			  "/own.json' can be written by others than its owner (mode 0666): chmod "
			  "go-w '" FOLDER "/own.json'\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_profile_becomes_one_line),
		cmocka_unit_test(what_is_no_profile_says_what_one_has),
		cmocka_unit_test(a_profile_that_keeps_nothing_from_happening_is_none),
		cmocka_unit_test(a_name_that_an_engine_would_read_in_another_way_is_refused),
		cmocka_unit_test(an_entry_that_need_not_apply_is_no_filter),
		cmocka_unit_test(a_policy_names_a_file_beside_it_or_an_absolute_path),
		cmocka_unit_test_teardown(the_engines_own_profile_needs_no_file, remove_files),
		cmocka_unit_test_teardown(a_profile_lies_beside_the_policy_that_names_it,
					  remove_files),
		cmocka_unit_test_teardown(the_digest_depends_on_the_profile, remove_files),
		cmocka_unit_test_teardown(
			a_profile_that_cannot_be_used_is_named_where_the_policy_names_it,
			remove_files),
	};

	return cmocka_run_group_tests_name("seccomp profiles", tests, NULL, NULL);
}
