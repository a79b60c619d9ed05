/* SPDX-License-Identifier: Apache-2.0 */
/* Directories of the host that a policy opens, as they are on the machine. */
#include "base/cleanup.h"
#include "base/file.h"
#include "policy/host_path.h"
#include "policy/policy.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/tmp/berth-roots-test"

static int make_folder(void **state)
{
	(void)state;
	return mkdir(FOLDER, 0755) < 0 || mkdir(FOLDER "/shared", 0755) < 0 ||
			       mkdir(FOLDER "/shared/cache", 0755) < 0
		       ? -1
		       : 0;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {"shared/cache", "shared/file", "shared", "link",
					    "own.yaml"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xasprintf(FOLDER "/%s", names[i]);
		(void)remove(path);
	}
	return rmdir(FOLDER);
}

static void assert_root_refused(const char *root, const char *reason)
{
	struct err err;

	assert_true(host_path_check_root(root, &err) < 0);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_string_equal(err.text, reason);
}

static void a_directory_that_only_root_can_change_is_fine(void **state)
{
	struct err err;
	(void)state;

	assert_int_equal(host_path_check_root(FOLDER "/shared", &err), 0);
	/* What sessions may write in lies below it. */
	assert_int_equal(chmod(FOLDER "/shared/cache", 0777), 0);
	assert_int_equal(host_path_check_root(FOLDER "/shared", &err), 0);
}

static void a_directory_that_others_can_change_is_refused(void **state)
{
	(void)state;
	assert_int_equal(chmod(FOLDER "/shared", 0775), 0);
	assert_root_refused(FOLDER "/shared",
			    "'" FOLDER "/shared' can be written by others than its owner (mode "
			    "0775): chmod go-w '" FOLDER "/shared', and let sessions write in "
			    "directories below it");
	assert_int_equal(chmod(FOLDER "/shared", 01777), 0);
	assert_true(host_path_check_root(FOLDER "/shared", NULL) < 0);
}

static void a_directory_that_others_can_put_another_one_in_place_of_is_refused(void **state)
{
	struct err err;
	(void)state;

	assert_int_equal(chmod(FOLDER "/shared", 0757), 0);
	assert_root_refused(FOLDER "/shared/cache",
			    "'" FOLDER "/shared' can be written by others than its owner (mode "
			    "0757): chmod go-w '" FOLDER "/shared', and let sessions write in "
			    "directories below it");
	/* As /tmp is: nobody can rename what belongs to somebody else there. */
	assert_int_equal(chmod(FOLDER "/shared", 01757), 0);
	assert_int_equal(host_path_check_root(FOLDER "/shared/cache", &err), 0);
}

static void a_directory_of_somebody_elses_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(FOLDER "/shared", 4000, 0), 0);
	assert_root_refused(FOLDER "/shared", "'" FOLDER "/shared' belongs to user 4000, who could "
					      "put anything there: chown root '" FOLDER "/shared'");
	assert_root_refused(FOLDER "/shared/cache",
			    "'" FOLDER "/shared' belongs to user 4000, who could put anything "
			    "there: chown root '" FOLDER "/shared'");
}

static void a_symbolic_link_is_refused_wherever_it_leads(void **state)
{
	(void)state;
	assert_int_equal(symlink("/etc", FOLDER "/link"), 0);
	assert_root_refused(FOLDER "/link", "'" FOLDER "/link' leads to '/etc' by a symbolic link: "
					    "name the one that is meant");
	assert_int_equal(unlink(FOLDER "/link"), 0);
	assert_int_equal(symlink("shared", FOLDER "/link"), 0);
	assert_root_refused(FOLDER "/link/cache",
			    "'" FOLDER "/link/cache' leads to '" FOLDER "/shared/cache' by a "
			    "symbolic link: name the one that is meant");
}

static void what_is_no_directory_or_not_there_is_refused(void **state)
{
	(void)state;
	assert_root_refused(FOLDER "/missing", "'" FOLDER "/missing' is not there: make it (mkdir "
					       "'" FOLDER "/missing'), or take it out");
	int fd = open(FOLDER "/shared/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_root_refused(FOLDER "/shared/file", "'" FOLDER "/shared/file' is no directory");
}

static void what_belongs_to_the_machine_is_refused(void **state)
{
	static const char *const roots[] = {
		"/etc",	     "/etc/ssl", "/proc",	    "/sys/kernel",
		"/run/user", "/dev/shm", "/var/lib/docker", "/boot"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		struct err err;

		assert_int_equal(host_path_check_root(roots[i], &err), -EPERM);
		assert_non_null(strstr(err.text, "name a directory made for sessions"));
	}
}

static void a_policy_names_the_root_that_cannot_be_one(void **state)
{
	static const char *const directories[] = {FOLDER, NULL};
	static const char text[] =
		"mounts:\n  roots:\n    - " FOLDER "/shared\n    - " FOLDER "/link\n";
	struct policy *policy = NULL;
	struct problems problems;
	(void)state;

	assert_int_equal(symlink("/etc", FOLDER "/link"), 0);
	_cleanup_close_ int fd = open(FOLDER "/own.yaml", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
	problems_init(&problems);
	assert_int_equal(policy_load("own", directories, &problems, &policy), -EINVAL);
	assert_string_equal(problems_text(&problems),
			    FOLDER "/own.yaml:4:7: roots: '" FOLDER "/link' leads to '/etc' by a "
				   "symbolic link: name the one that is meant\n");
	assert_null(policy);
	problems_done(&problems);
}

static void a_source_that_others_can_put_another_one_in_place_of_is_refused(void **state)
{
	struct err err;
	(void)state;

	/* The source itself may be written to by anybody, and need not be there. */
	assert_int_equal(chmod(FOLDER "/shared/cache", 0777), 0);
	assert_int_equal(host_path_check_source(FOLDER "/shared", FOLDER "/shared/cache", &err), 0);
	assert_int_equal(host_path_check_source(FOLDER, FOLDER "/shared/none/at/all", &err), 0);
	assert_int_equal(host_path_check_source(FOLDER "/shared", FOLDER "/shared", &err), 0);
	/* What lies below it is made by whoever writes there: a link to anywhere, next time. */
	assert_int_equal(host_path_check_source(FOLDER "/shared", FOLDER "/shared/cache/sub", &err),
			 -EPERM);
	assert_string_equal(err.text,
			    "'" FOLDER "/shared/cache' can be written by others than its owner "
			    "(mode 0777): chmod go-w '" FOLDER "/shared/cache', and let sessions "
			    "write in directories below it");
	assert_int_equal(chmod(FOLDER "/shared/cache", 0755), 0);
	assert_int_equal(chown(FOLDER "/shared/cache", 10001, 10001), 0);
	assert_int_equal(host_path_check_source(FOLDER "/shared", FOLDER "/shared/cache/sub", &err),
			 -EPERM);
	assert_int_equal(chown(FOLDER "/shared/cache", 0, 0), 0);
	assert_int_equal(host_path_check_source(FOLDER "/shared", FOLDER "/shared/cache/sub", &err),
			 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
	static const struct CMUnitTest tests[] = {
		TEST(a_directory_that_only_root_can_change_is_fine),
		TEST(a_directory_that_others_can_change_is_refused),
		TEST(a_directory_that_others_can_put_another_one_in_place_of_is_refused),
		TEST(a_directory_of_somebody_elses_is_refused),
		TEST(a_symbolic_link_is_refused_wherever_it_leads),
		TEST(what_is_no_directory_or_not_there_is_refused),
		TEST(what_belongs_to_the_machine_is_refused),
		TEST(a_policy_names_the_root_that_cannot_be_one),
		TEST(a_source_that_others_can_put_another_one_in_place_of_is_refused),
	};

	return cmocka_run_group_tests_name("host paths", tests, NULL, NULL);
}
