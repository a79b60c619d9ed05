/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted into a container, and which network it gets. */
#include "base/cleanup.h"
#include "plan_fixture.h"

#include <stdio.h>

static char word[256]; /* one text that a test puts where the input wants char * */

static char *text(const char *value)
{
	(void)snprintf(word, sizeof(word), "%s", value);
	return word;
}

static void a_mount_from_a_root_of_the_policy_is_allowed(void **state)
{
	char source[] = "/srv/berth/cache", target[] = "/cache", below[] = "/workspace/shared";
	struct plan_mount mounts[2] = {{source, target, true}, {source, below, false}};
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	f.input.mounts = mounts;
	f.input.mount_count = 2;
	struct plan *plan = fixture_plan(&f);
	assert_int_equal(plan->mount_count, 2);
	assert_string_equal(plan->mounts[0].source, "/srv/berth/cache");
	assert_string_equal(plan->mounts[0].target, "/cache");
	assert_true(plan->mounts[0].read_only);
	assert_false(plan->mounts[1].read_only);
	plan_free(plan);

	mounts[1].target = target;
	assert_forbidden(&f.input, "mounts: '/cache' is the target of two mounts");
	fixture_done(&f);
}

static void a_mount_from_elsewhere_is_refused_with_the_remedy(void **state)
{
	static const struct {
		const char *source, *reason;
	} wrong[] = {
		{"/home/me", "mounts: source '/home/me' is in no directory that policy 'tight' "
			     "opens; list one under `mounts: {roots: [...]}` of a policy of your "
			     "own"},
		{"/srv/berthx",
		 "mounts: source '/srv/berthx' is in no directory that policy "
		 "'tight' opens; list one under `mounts: {roots: [...]}` of a policy "
		 "of your own"},
		{"srv", "mounts: source 'srv' must be an absolute path without '.', '..' or a "
			"trailing '/'"},
		{"/srv/berth/../x", "mounts: source '/srv/berth/../x' must be an absolute path "
				    "without '.', '..' or a trailing '/'"},
		{"/srv/berth/docker.sock", "mounts: source '/srv/berth/docker.sock' is an engine's "
					   "socket: whoever reaches it "
					   "owns the host, read-only or not; remove the mount"},
		{"/run/podman/podman.sock",
		 "mounts: source '/run/podman/podman.sock' is an engine's socket: whoever reaches "
		 "it owns the host, read-only or not; remove the mount"},
	};
	char target[] = "/x";
	struct plan_mount mount = {word, target, true};
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	f.input.mounts = &mount;
	f.input.mount_count = 1;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		(void)text(wrong[i].source);
		assert_forbidden(&f.input, wrong[i].reason);
	}
	fixture_done(&f);
}

static void no_policy_opens_the_host_itself(void **state)
{
	static const char *const sources[] = {"/",
					      "/etc",
					      "/etc/berth",
					      "/proc",
					      "/sys",
					      "/dev/shm",
					      "/run",
					      "/var/run/x",
					      "/var",
					      "/var/lib/docker/volumes",
					      "/var/lib/containers",
					      "/var/lib",
					      "/boot"};
	char target[] = "/x";
	struct plan_mount mount = {word, target, true};
	struct fixture f;
	(void)state;

	fixture_init(&f, "mounts: {roots: [/etc, /proc, /sys, /dev, /run, /var, /boot]}\n");
	f.input.mounts = &mount;
	f.input.mount_count = 1;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		struct plan *plan = NULL;
		struct err err;

		(void)text(sources[i]);
		assert_int_equal(plan_build(&f.input, &plan, &err), -EPERM);
		assert_non_null(strstr(err.text, "mount a directory made for sessions"));
	}
	(void)text("/var/srv");
	plan_free(fixture_plan(&f));
	fixture_done(&f);
}

static void a_mount_never_covers_what_others_put_there(void **state)
{
	static const char *const taken[] = {"/", "/proc",      "/sys/x",	  "/dev",   "/run",
					    "x", "/run/berth", "/run/berth/init", "/a/../b"};
	char source[] = "/srv/berth/x";
	struct plan_mount mount = {source, word, true};
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	f.input.mounts = &mount;
	f.input.mount_count = 1;
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		struct plan *plan = NULL;
		struct err err;

		(void)text(taken[i]);
		assert_int_equal(plan_build(&f.input, &plan, &err), -EPERM);
		assert_non_null(strstr(err.text, "must be an absolute path without"));
	}
	(void)text("/workspace");
	assert_forbidden(&f.input,
			 "mounts: target '/workspace' covers the tmpfs '/workspace' of policy "
			 "'tight'; choose a directory below it, or another one");
	fixture_done(&f);
}

static void assert_network(struct fixture *f, const char *override, const char *expected)
{
	f->input.network = override;
	struct plan *plan = fixture_plan(f);
	assert_string_equal(plan->network, expected);
	plan_free(plan);
}

static void an_environment_can_close_the_network_or_keep_it(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, "network: unrestricted\n");
	assert_network(&f, NULL, "berth");
	assert_network(&f, "unrestricted", "berth");
	assert_network(&f, "none", "none");
	fixture_done(&f);
	fixture_init(&f, "network: engine:mine\n");
	assert_network(&f, NULL, "mine");
	assert_network(&f, "engine:mine", "mine");
	assert_network(&f, "none", "none");
	fixture_done(&f);
	fixture_init(&f, "network: none\n");
	assert_network(&f, NULL, "none");
	assert_network(&f, "none", "none");
	fixture_done(&f);
}

static void assert_too_wide(const char *policy, const char *override)
{
	struct plan *plan = NULL;
	struct fixture f;
	struct err err;

	fixture_init(&f, policy);
	f.input.network = override;
	assert_int_equal(plan_build(&f.input, &plan, &err), -EPERM);
	assert_non_null(strstr(err.text, "is wider than policy 'tight' allows"));
	fixture_done(&f);
}

static void an_environment_never_gets_a_wider_network_than_its_policy(void **state)
{
	struct fixture f;
	(void)state;

	assert_too_wide("network: none\n", "unrestricted");
	assert_too_wide("network: none\n", "engine:mine");
	assert_too_wide("network: unrestricted\n", "engine:mine");
	assert_too_wide("network: engine:mine\n", "unrestricted");
	assert_too_wide("network: engine:mine\n", "engine:other");
	fixture_init(&f, NULL);
	f.input.network = "engine:host";
	assert_forbidden(&f.input, "network: must be none, unrestricted or engine:NAME, not "
				   "'engine:host'");
	fixture_done(&f);
}

static void volumes_of_the_image_become_tmpfs_unless_covered(void **state)
{
	char data[] = "/data/", workspace[] = "/workspace", cache[] = "/cache", inner[] = "/tmp/x";
	char *volumes[] = {data, workspace, cache, inner, data, NULL};
	char source[] = "/srv/berth/cache";
	const struct plan_mount mount = {source, cache, false};
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	f.facts.volumes = volumes;
	f.input.mounts = &mount;
	f.input.mount_count = 1;
	struct plan *plan = fixture_plan(&f);
	assert_int_equal(plan->tmpfs_count, 4);
	assert_string_equal(plan->tmpfs[0].path, "/workspace");
	assert_true(plan->tmpfs[0].size_bytes == (int64_t)1 << 30);
	assert_string_equal(plan->tmpfs[1].path, "/tmp");
	assert_string_equal(plan->tmpfs[2].path, "/data");
	assert_int_equal(plan->tmpfs[2].size_bytes, 256 << 20);
	assert_int_equal(plan->tmpfs[2].mode, 0700);
	assert_string_equal(plan->tmpfs[3].path, "/tmp/x");
	plan_free(plan);
	fixture_done(&f);
}

static void a_volume_where_nothing_can_be_mounted_is_refused(void **state)
{
	char *volumes[] = {text("/proc/x"), NULL};
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	f.facts.volumes = volumes;
	assert_forbidden(&f.input, "image: 'localhost/session:1' declares the VOLUME '/proc/x', "
				   "where nothing can be mounted; build it without");
	(void)text("relative");
	assert_forbidden(&f.input, "image: 'localhost/session:1' declares the VOLUME 'relative', "
				   "where nothing can be mounted; build it without");
	(void)text("/a/..");
	assert_forbidden(&f.input, "image: 'localhost/session:1' declares the VOLUME '/a/..', "
				   "where nothing can be mounted; build it without");
	fixture_done(&f);
}

static const char *variable(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->variable_count; i++)
		if (strcmp(plan->variables[i].name, name) == 0)
			return secret_reveal(plan->variables[i].value);
	return NULL;
}

static void a_private_ca_is_mounted_and_made_known_to_node(void **state)
{
	char name[] = "NODE_EXTRA_CA_CERTS", own[] = "/workspace/own.pem";
	const struct name_value env = {name, own};
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL);
	f.input.ca_file = "/etc/ssl/private-ca.pem";
	struct plan *plan = fixture_plan(&f);
	assert_int_equal(plan->mount_count, 1);
	assert_string_equal(plan->mounts[0].source, "/etc/ssl/private-ca.pem");
	assert_string_equal(plan->mounts[0].target, "/run/berth/ca.pem");
	assert_true(plan->mounts[0].read_only);
	assert_string_equal(variable(plan, "NODE_EXTRA_CA_CERTS"), "/run/berth/ca.pem");
	plan_free(plan);

	f.input.env = &env;
	f.input.env_count = 1;
	plan = fixture_plan(&f);
	assert_string_equal(variable(plan, "NODE_EXTRA_CA_CERTS"), "/workspace/own.pem");
	plan_free(plan);
	fixture_done(&f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mount_from_a_root_of_the_policy_is_allowed),
		cmocka_unit_test(a_mount_from_elsewhere_is_refused_with_the_remedy),
		cmocka_unit_test(no_policy_opens_the_host_itself),
		cmocka_unit_test(a_mount_never_covers_what_others_put_there),
		cmocka_unit_test(an_environment_can_close_the_network_or_keep_it),
		cmocka_unit_test(an_environment_never_gets_a_wider_network_than_its_policy),
		cmocka_unit_test(volumes_of_the_image_become_tmpfs_unless_covered),
		cmocka_unit_test(a_volume_where_nothing_can_be_mounted_is_refused),
		cmocka_unit_test(a_private_ca_is_mounted_and_made_known_to_node),
	};

	return cmocka_run_group_tests_name("plan_mounts", tests, NULL, NULL);
}
