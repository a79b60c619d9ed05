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

#define NO_SESSION                                                                                 \
	"user 4711 has no session, so nothing of its own runs: loginctl enable-linger 4711 keeps " \
	"one, with podman.socket as a unit of that user"

static int listeners[16], listener_count;

/* A socket at a path below the test's folder, and somebody who listens there. */
static void put_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		_cleanup_free_ char *folder = xstrndup(path, (size_t)(slash - path));
		(void)mkdir(folder, 0755);
	}
	assert_true(fd >= 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)),
			 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_in_range(listener_count, 0, ARRAY_SIZE(listeners) - 1);
	listeners[listener_count++] = fd;
}

static void stop_listening(void)
{
	while (listener_count > 0)
		(void)close(listeners[--listener_count]);
}

static int teardown(void **state)
{
	stop_listening();
	return fleet_files_teardown(state);
}

static void assert_found_because(uid_t uid, const char *expected, const char *why)
{
	_cleanup_free_ char *reason = NULL, *socket = discover_socket("root", uid, &reason);

	assert_non_null(socket);
	assert_string_equal(socket, expected);
	assert_string_equal(reason, why);
}

static void assert_found(uid_t uid, const char *expected)
{
	assert_found_because(uid, expected, "usual socket");
}

/* It is the first of several. */
static void assert_chosen(uid_t uid, const char *expected, const char *others)
{
	_cleanup_free_ char *why = xasprintf(
		"usual socket; %s too, choose with --engine unix:///PATH, BERTH_ENGINE or "
		"engine: in the file",
		others);

	assert_found_because(uid, expected, why);
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
	assert_chosen(0, "root/var/run/docker.sock", "root/run/podman/podman.sock answers");
	put_socket("root/run/docker.sock");
	assert_chosen(0, "root/run/docker.sock",
		      "root/var/run/docker.sock answers, root/run/podman/podman.sock answers");
}

static void a_socket_under_two_names_is_one_engine(void **state)
{
	(void)state;
	put_socket("root/run/docker.sock");
	(void)mkdir("root/var", 0755);
	assert_int_equal(symlink("../run", "root/var/run"), 0);
	assert_found(0, "root/run/docker.sock");
}

static void a_socket_that_nobody_listens_at_any_more_is_passed_over(void **state)
{
	(void)state;
	put_socket("root/run/docker.sock");
	stop_listening();
	put_socket("root/run/podman/podman.sock");
	assert_found_because(0, "root/run/podman/podman.sock",
			     "usual socket; nobody listens at root/run/docker.sock, choose with "
			     "--engine unix:///PATH, BERTH_ENGINE or engine: in the file");
	stop_listening();
	assert_none(0, "no engine socket found: root/run/docker.sock (Connection refused), "
		       "root/var/run/docker.sock (No such file or directory), "
		       "root/run/podman/podman.sock (Connection refused)");
}

static void a_user_without_a_session_is_told_how_to_keep_one(void **state)
{
	(void)state;
	_cleanup_free_ char *hint =
		discover_session_hint("root", "root/run/user/4711/podman/podman.sock");
	assert_string_equal(hint, NO_SESSION);
	put_socket("root/run/user/4711/x");
	assert_null(discover_session_hint("root", "root/run/user/4711/podman/podman.sock"));
	assert_null(discover_session_hint("root", "root/run/podman/podman.sock"));
}

static void others_find_their_own_by_uid(void **state)
{
	(void)state;
	put_socket("root/run/user/4712/docker.sock");
	assert_none(
		SOMEBODY,
		"no engine socket found: root/run/docker.sock (No such file or directory), "
		"root/run/podman/podman.sock (No such file or directory), "
		"root/run/user/4711/docker.sock (No such file or directory), "
		"root/run/user/4711/podman/podman.sock (No such file or directory); " NO_SESSION);
	put_socket("root/run/user/4711/podman/podman.sock");
	assert_found(SOMEBODY, "root/run/user/4711/podman/podman.sock");
	put_socket("root/run/user/4711/docker.sock");
	assert_chosen(SOMEBODY, "root/run/user/4711/docker.sock",
		      "root/run/user/4711/podman/podman.sock answers");
	put_socket("root/run/docker.sock");
	assert_chosen(SOMEBODY, "root/run/docker.sock",
		      "root/run/user/4711/docker.sock answers, "
		      "root/run/user/4711/podman/podman.sock answers");
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, fleet_files_setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(root_looks_for_docker_then_podman),
		TEST(others_find_their_own_by_uid),
		TEST(what_is_no_socket_or_not_allowed_is_passed_over),
		TEST(a_socket_of_others_is_passed_over),
		TEST(a_socket_under_two_names_is_one_engine),
		TEST(a_socket_that_nobody_listens_at_any_more_is_passed_over),
		TEST(a_user_without_a_session_is_told_how_to_keep_one),
	};

	return cmocka_run_group_tests_name("discovery", tests, NULL, NULL);
}
