/* SPDX-License-Identifier: Apache-2.0 */
/* What a host gives a user for rootless engines, read from files below a directory of the test's.
 */
#include "base/cleanup.h"
#include "base/file.h"
#include "doctor/rootless_host.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/berth-rootless-XXXXXX";

static void write_host_file(const char *path, const char *text)
{
	_cleanup_free_ char *full = xasprintf("%s%s", root, path);
	_cleanup_free_ char *folder = xstrndup(full, (size_t)(strrchr(full, '/') - full));

	assert_int_equal(file_make_directories(folder, 0700, NULL), 0);
	_cleanup_close_ int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
}

static int make_root(void **state)
{
	(void)state;
	return mkdtemp(root) ? 0 : -1;
}

static int drop(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static int remove_root(void **state)
{
	(void)state;
	return nftw(root, drop, 16, FTW_DEPTH | FTW_PHYS);
}

static void free_ids_are_behind_those_of_everybody(void **state)
{
	(void)state;

	assert_int_equal(rootless_free_ids(root, "subgid-of-nobody"), 100000);
	write_host_file("/etc/subuid", "a:100000:65536\nb:300000:65536\n4242:165536:65536\n"
				       "bad:line\nc:4294967296:1\nd:1:5000000000\n");
	assert_int_equal(rootless_free_ids(root, "subuid"), 365536);
}

static void a_user_is_found_by_id(void **state)
{
	(void)state;

	write_host_file("/etc/passwd", "root:x:0:0::/root:/bin/sh\nbad line\n"
				       "agent:x:4242:4242::/home/agent:/bin/sh\n");
	_cleanup_free_ char *name = rootless_user(root, 4242);
	assert_string_equal(name, "agent");
	assert_null(rootless_user(root, 4243));
	assert_null(rootless_user("/there is none", 4242));
}

static void a_user_of_this_machine_is_found_by_id(void **state)
{
	const struct passwd *entry = getpwuid(getuid());
	_cleanup_free_ char *name = rootless_user("", getuid());
	(void)state;

	assert_non_null(entry);
	assert_string_equal(name, entry->pw_name);
}

static void ids_of_all_ranges_count_by_name_or_number(void **state)
{
	(void)state;

	write_host_file("/etc/subuid", "agents:1:1\nagent:100000:65536\n\nagent:nonsense\n"
				       "4242:200000:1000\n42:1:1\nagent:300000\n");
	assert_int_equal(rootless_ids(root, "subuid", "agent", 4242), 66536);
	assert_int_equal(rootless_ids(root, "subuid", "nobody", 1), 0);
	assert_int_equal(rootless_ids(root, "subgid", "agent", 4242), -ENOENT);
	write_host_file("/etc/subuid", "agent:1:18446744073709551615\nagent:9:1\n");
	assert_int_equal(rootless_ids(root, "subuid", "agent", 4242), INT64_C(4294967296));
	write_host_file("/etc/subgid/file", "");
	assert_int_equal(rootless_ids(root, "subgid", "agent", 4242), -EISDIR);
}

static void a_session_that_lasts_is_a_file_of_logind(void **state)
{
	(void)state;

	assert_false(rootless_lingers(root, "agent"));
	write_host_file("/var/lib/systemd/linger/agent", "");
	assert_true(rootless_lingers(root, "agent"));
	assert_false(rootless_lingers(root, "agen"));
}

static void controllers_are_those_of_the_users_session(void **state)
{
	(void)state;

	assert_null(rootless_controllers(root, 4242));
	write_host_file("/sys/fs/cgroup/user.slice/user-4242.slice/user@4242.service/"
			"cgroup.controllers",
			"cpuset memory pids\n");
	_cleanup_free_ char *list = rootless_controllers(root, 4242);
	assert_string_equal(list, "cpuset memory pids");
	assert_true(rootless_has_word(list, "cpuset"));
	assert_true(rootless_has_word(list, "pids"));
	assert_false(rootless_has_word(list, "cpu"));
	assert_false(rootless_has_word("", "cpu"));
}

static void programs_are_looked_for_in_the_usual_folders(void **state)
{
	(void)state;

	assert_null(rootless_find_program(root, "newuidmap"));
	write_host_file("/usr/local/bin/newuidmap", "");
	_cleanup_free_ char *path = rootless_find_program(root, "newuidmap");
	assert_string_equal(path, "/usr/local/bin/newuidmap");
}

static void a_host_has_systemd_if_that_started_it(void **state)
{
	(void)state;

	assert_false(rootless_has_systemd(root));
	write_host_file("/run/systemd/system/file", "");
	assert_true(rootless_has_systemd(root));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_ids_are_behind_those_of_everybody),
		cmocka_unit_test(a_user_is_found_by_id),
		cmocka_unit_test(a_user_of_this_machine_is_found_by_id),
		cmocka_unit_test(ids_of_all_ranges_count_by_name_or_number),
		cmocka_unit_test(a_session_that_lasts_is_a_file_of_logind),
		cmocka_unit_test(controllers_are_those_of_the_users_session),
		cmocka_unit_test(programs_are_looked_for_in_the_usual_folders),
		cmocka_unit_test(a_host_has_systemd_if_that_started_it),
	};

	return cmocka_run_group_tests_name("rootless_host", tests, make_root, remove_root);
}
