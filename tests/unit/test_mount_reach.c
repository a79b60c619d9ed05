/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts that would give a session a part of berth itself, by whatever name. */
#include "base/cleanup.h"
#include "config/mount_reach.h"
#include "unit/fleet_files.h"
#include "unit/unit.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static char *here(const char *name)
{
	_cleanup_free_ char *folder = realpath(".", NULL);

	return xasprintf("%s/%s", folder, name);
}

static void assert_refused(const struct fleet *fleet, const char *name, const char *what)
{
	_cleanup_free_ char *source = here(name);
	_cleanup_free_ char *start =
		xasprintf("source '%s' would give the session %s", source, what);
	struct err err = {.text = ""};

	int r = mount_check_reach(fleet, source, &err);
	if (!what) {
		assert_string_equal(err.text, "");
		assert_int_equal(r, 0);
		return;
	}
	assert_int_equal(r, -EPERM);
	assert_memory_equal(err.text, start, strlen(start));
	assert_non_null(strstr(err.text, "mount a directory made for sessions"));
}

static void the_engines_socket_is_not_reached(void **state)
{
	static const char what[] = "the engine's socket, and with it the host";
	_cleanup_free_ char *socket = here("engines/own.sock");
	struct engine_settings engines[] = {{.socket = NULL}, {.socket = socket}};
	const struct fleet fleet = {.engines = engines, .engine_count = 2};
	(void)state;

	assert_refused(&fleet, "engines/own.sock", what);
	assert_refused(&fleet, "engines", what);
	assert_refused(&fleet, "engines/other", NULL);
	write_file("engines/own.sock", 0600, "");
	assert_int_equal(link("engines/own.sock", "engines/harmless"), 0);
	assert_refused(&fleet, "engines/harmless", what);
	/* The folder under another name: where the socket's path leads to counts. */
	assert_int_equal(rename("engines", "real"), 0);
	assert_int_equal(symlink("real", "engines"), 0);
	assert_refused(&fleet, "real", what);
}

static void keys_and_what_berth_writes_and_reads_are_not_reached(void **state)
{
	_cleanup_free_ char *records = here("state"), *key = here("keys/own"),
			    *file = here("etc/fleet.yaml"), *policies = here("etc/policies"),
			    *registries = here("auth/config.json");
	struct environment environments[] = {{.key = {.variable = key}}, {.key = {.file = key}}};
	struct engine_settings engine = {.registry_config = registries};
	const struct fleet fleet = {.state_dir = records,
				    .file = file,
				    .policy_dir = policies,
				    .engines = &engine,
				    .engine_count = 1,
				    .environments = environments,
				    .environment_count = 2};
	(void)state;

	assert_refused(&fleet, "state", "berth's records and locks");
	assert_refused(&fleet, "state/below", "berth's records and locks");
	assert_refused(&fleet, "keys", "an environment key");
	assert_refused(&fleet, "etc", "berth's configuration");
	assert_refused(&fleet, "etc/policies", "berth's policies");
	assert_refused(&fleet, "auth", "the credentials of registries");
	assert_refused(&fleet, "cache", NULL);
}

/* A directory under a second name, in mounts of this process alone. */
static void mount_at(const char *directory, const char *name)
{
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL), 0);
	assert_int_equal(mkdir(name, 0755), 0);
	assert_int_equal(mount(directory, name, "none", MS_BIND, NULL), 0);
}

static void nothing_is_reached_by_a_mount(void **state)
{
	static const char what[] = "the engine's socket, and with it the host";
	_cleanup_free_ char *socket = here("engines/own.sock");
	struct engine_settings engine = {.socket = socket};
	const struct fleet fleet = {.engines = &engine, .engine_count = 1};
	(void)state;

	if (geteuid() != 0)
		skip();
	write_file("engines/own.sock", 0600, "");
	assert_int_equal(mkdir("shared", 0755), 0);
	mount_at("engines", "shared/elsewhere");
	assert_refused(&fleet, "shared/elsewhere", what);
	assert_refused(&fleet, "shared/elsewhere/own.sock", what);
	/* It comes along. */
	assert_refused(&fleet, "shared", what);
	assert_refused(&fleet, "shared/other", NULL);
	assert_int_equal(umount("shared/elsewhere"), 0);
	assert_refused(&fleet, "shared", NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fleet_files_setup, fleet_files_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_engines_socket_is_not_reached),
		TEST(nothing_is_reached_by_a_mount),
		TEST(keys_and_what_berth_writes_and_reads_are_not_reached),
	};

	return cmocka_run_group_tests_name("mount_reach", tests, NULL, NULL);
}
