/* SPDX-License-Identifier: Apache-2.0 */
/* Which engine socket is found where nobody named one. */
#include "base/cleanup.h"
#include "config/discover.h"
#include "unit/fleet_files.h"
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define SOMEBODY 4711

/* A socket at a path below the test's folder. */
static void put_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		_cleanup_free_ char *folder = xstrndup(path, (size_t)(slash - path));
		(void)mkdir(folder, 0755);
	}
	assert_true(fd >= 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)),
			 0);
}

static void assert_found(uid_t uid, const char *expected)
{
	_cleanup_free_ char *reason = NULL, *socket = discover_socket("root", uid, &reason);

	assert_non_null(socket);
	assert_string_equal(socket, expected);
	assert_string_equal(reason, "usual socket");
}

static void assert_none(uid_t uid, const char *why)
{
	_cleanup_free_ char *reason = NULL, *socket = discover_socket("root", uid, &reason);

	assert_null(socket);
	assert_string_equal(reason, why);
}

static void root_looks_for_docker_then_podman(void **state)
{
	(void)state;
	put_socket("root/run/user/0/docker.sock");
	assert_none(0, "no engine socket found: root/run/docker.sock (No such file or directory), "
		       "root/var/run/docker.sock (No such file or directory), "
		       "root/run/podman/podman.sock (No such file or directory)");
	put_socket("root/run/podman/podman.sock");
	assert_found(0, "root/run/podman/podman.sock");
	put_socket("root/var/run/docker.sock");
	assert_found(0, "root/var/run/docker.sock");
	put_socket("root/run/docker.sock");
	assert_found(0, "root/run/docker.sock");
}

static void others_find_their_own_by_uid(void **state)
{
	(void)state;
	put_socket("root/run/user/4712/docker.sock");
	assert_none(SOMEBODY,
		    "no engine socket found: root/run/docker.sock (No such file or directory), "
		    "root/run/podman/podman.sock (No such file or directory), "
		    "root/run/user/4711/docker.sock (No such file or directory), "
		    "root/run/user/4711/podman/podman.sock (No such file or directory)");
	put_socket("root/run/user/4711/podman/podman.sock");
	assert_found(SOMEBODY, "root/run/user/4711/podman/podman.sock");
	put_socket("root/run/user/4711/docker.sock");
	assert_found(SOMEBODY, "root/run/user/4711/docker.sock");
	put_socket("root/run/docker.sock");
	assert_found(SOMEBODY, "root/run/docker.sock");
}

static void what_is_no_socket_or_not_allowed_is_passed_over(void **state)
{
	(void)state;
	put_socket("root/run/user/4711/docker.sock");
	write_file("root/run/docker.sock", 0666, "");
	assert_found(SOMEBODY, "root/run/user/4711/docker.sock");
	write_file("root/run/user/4711/docker.sock", 0666, "");
	assert_none(SOMEBODY,
		    "no engine socket found: root/run/docker.sock (Socket operation on "
		    "non-socket), root/run/podman/podman.sock (No such file or directory), "
		    "root/run/user/4711/docker.sock (Socket operation on non-socket), "
		    "root/run/user/4711/podman/podman.sock (No such file or directory)");
}

static void a_socket_of_others_is_passed_over(void **state)
{
	uid_t uid = geteuid();
	(void)state;

	put_socket("root/run/docker.sock");
	put_socket("root/run/user/4711/docker.sock");
	assert_int_equal(chmod(".", 0755), 0);
	assert_int_equal(chmod("root/run/docker.sock", 0000), 0);
	assert_int_equal(chmod("root/run/user/4711/docker.sock", 0666), 0);
	/* Root may use every socket, so somebody else has to look. */
	if (uid == 0)
		assert_int_equal(seteuid(SOMEBODY), 0);
	assert_found(SOMEBODY, "root/run/user/4711/docker.sock");
	assert_int_equal(seteuid(uid), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fleet_files_setup, fleet_files_teardown)
	static const struct CMUnitTest tests[] = {
		TEST(root_looks_for_docker_then_podman),
		TEST(others_find_their_own_by_uid),
		TEST(what_is_no_socket_or_not_allowed_is_passed_over),
		TEST(a_socket_of_others_is_passed_over),
	};

	return cmocka_run_group_tests_name("discovery", tests, NULL, NULL);
}
